/* SPDX-License-Identifier: Apache-2.0 */
/* Frames out of recipes. A letter is a header:
   E Ethernet   V 802.1Q tag   S 802.1ad tag   N 9100 tag   L MPLS label   P PPPoE and PPP   K LLC and SNAP   A ARP   B spanning tree   J another ethertype
   4 IPv4   o with options   f a later fragment   6 IPv6   h with extension headers   H with a long one   r a later fragment   each takes the next pair
   T TCP   U UDP   I ICMP echo   Q ICMP error   G GRE   C GRE with all fields   R GRE with ERSPAN II   X VXLAN   Y Geneve   Z with options   W GTP-U   w with extensions */
#include "live/selftest_priv.h"

enum { ETHERTYPE_NONE = 0, LONG_OPTIONS_BYTES = 256 };

static void put(struct live_frame *f, const void *bytes, size_t length)
{
	SK_INVARIANT(f->start >= length);
	f->start -= length;
	memcpy(f->room + f->start, bytes, length);
}

static void put16(struct live_frame *f, unsigned value)
{
	const uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};
	put(f, bytes, sizeof bytes);
}

static unsigned length_of(const struct live_frame *f)
{
	return (unsigned)(sizeof f->room - f->start);
}

/* What names a header to the one in front of it. */
static unsigned ethertype(char letter)
{
	switch (letter) {
	case '4': case 'o': case 'f': return 0x0800;
	case '6': case 'h': case 'H': case 'r': return 0x86dd;
	case 'V': return 0x8100;
	case 'S': return 0x88a8;
	case 'N': return 0x9100;
	case 'L': return 0x8847;
	case 'P': return 0x8864;
	case 'E': return 0x6558;
	case 'A': return 0x0806;
	case 'J': return 0x88cc;
	default: return ETHERTYPE_NONE; /* K and B: IEEE 802.3, a length */
	}
}

static unsigned protocol(char letter, unsigned family)
{
	switch (letter) {
	case '4': case 'o': case 'f': return 4;
	case '6': case 'h': case 'H': case 'r': return 41;
	case 'T': return 6;
	case 'I': case 'Q': return family == 4 ? 1 : 58;
	case 'G': case 'C': case 'R': return 47;
	case 'L': return 137;
	case '\0': return 59; /* nothing */
	default: return 17;
	}
}

static void put_type(struct live_frame *f, char next)
{
	unsigned type = ethertype(next);
	put16(f, type != ETHERTYPE_NONE ? type : length_of(f));
}

static void put_ipv4(struct live_frame *f, const struct live_pair *pair, unsigned proto, bool options, bool later)
{
	if (options)
		put(f, "\x94\x04\x00\x00\x01\x01\x01\x00", 8);
	put(f, pair->destination.bytes, 4);
	put(f, pair->source.bytes, 4);
	put16(f, 0); /* the checksum: nobody here looks at it */
	put16(f, 64u << 8 | proto);
	put16(f, later ? 0x0010 : 0);
	put16(f, 1);
	put16(f, length_of(f) + 4);
	put16(f, options ? 0x4700 : 0x4500);
}

static void put_ipv6(struct live_frame *f, const struct live_pair *pair, unsigned proto, bool extensions, bool later)
{
	if (extensions || later) { /* a fragment header, in the first case an atomic one */
		put(f, "\0\0\0\1", 4);
		put16(f, later ? 0x0080 : 0);
		put16(f, proto << 8);
		proto = 44;
	}
	if (extensions) { /* hop by hop, destination options of 16 bytes */
		put(f, "\x2c\x01\x01\x0c\0\0\0\0\0\0\0\0\0\0\0\0", 16);
		put(f, "\x3c\x00\x01\x04\0\0\0\0", 8);
		proto = 0;
	}
	unsigned payload = length_of(f);
	put(f, pair->destination.bytes, 16);
	put(f, pair->source.bytes, 16);
	put16(f, proto << 8 | 64);
	put16(f, payload);
	put(f, "\x60\0\0\0", 4);
}

static void put_udp(struct live_frame *f, unsigned port)
{
	put16(f, 0);
	put16(f, length_of(f) + 6);
	put16(f, port);
	put16(f, 50000);
}

static void put_geneve(struct live_frame *f, char next, bool options)
{
	if (options)
		put(f, "\x01\x02\x80\x01\xde\xad\xbe\xef\x01\x03\0\0", 12);
	put(f, "\x00\x12\x34\x00", 4);
	put16(f, ethertype(next));
	put16(f, options ? 0x0300 : 0);
	put_udp(f, 6081);
}

static void put_gtpu(struct live_frame *f, bool extensions)
{
	if (extensions) {
		put(f, "\x02\x01\x02\x03\x04\x05\x06\x00", 8);
		put(f, "\x01\x00\x01\x85", 4);
		put(f, "\x00\x01\x00\x85", 4);
	}
	unsigned length = length_of(f);
	put(f, "\0\0\xbe\xef", 4);
	put16(f, length);
	put16(f, extensions ? 0x36ff : 0x30ff);
	put_udp(f, 2152);
}

/* One header in front. before is the header outside it: a bottom label is one behind which no label stands. */
static void put_header(struct live_frame *f, char letter, char next, const struct live_pair *pair)
{
	switch (letter) {
	case 'E':
		put_type(f, next);
		put(f, "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02", 12);
		break;
	case 'V': case 'S': case 'N':
		put_type(f, next);
		put16(f, 100);
		break;
	case 'L':
		put(f, next == 'L' ? "\x00\x01\x00\x40" : "\x00\x01\x01\x40", 4);
		break;
	case 'P':
		put16(f, ethertype(next) == 0x0800 ? 0x0021 : 0x0057);
		put16(f, length_of(f));
		put(f, "\x11\x00\x00\x01", 4);
		break;
	case 'K':
		put16(f, ethertype(next));
		put(f, "\xaa\xaa\x03\0\0\0", 6);
		break;
	case '4': case 'o': case 'f':
		put_ipv4(f, pair, protocol(next, 4), letter == 'o', letter == 'f');
		break;
	case 'H': {
		const uint8_t padding[LONG_OPTIONS_BYTES - 4] = {0};
		put(f, padding, sizeof padding);
		put16(f, 0x0100 | (sizeof padding & 0xff)); /* PadN */
		put16(f, protocol(next, 6) << 8 | (LONG_OPTIONS_BYTES / 8 - 1));
		put_ipv6(f, pair, 0, false, false);
		break;
	}
	case '6': case 'h': case 'r':
		put_ipv6(f, pair, protocol(next, 6), letter == 'h', letter == 'r');
		break;
	case 'T':
		put(f, "\x30\x39\x01\xbb\0\0\0\1\0\0\0\0\x50\x02\xff\xff\0\0\0\0", 20);
		break;
	case 'U':
		put_udp(f, 53);
		break;
	case 'A':
		put(f, "\x00\x01\x08\x00\x06\x04\x00\x01\x02\0\0\0\0\1\xc0\0\2\1\0\0\0\0\0\0\xc0\0\2\2", 28);
		break;
	case 'B':
		put(f, "\x42\x42\x03\0\0\0\0\0", 8);
		break;
	case 'G':
		put16(f, next != '\0' ? ethertype(next) : 0x0800);
		put16(f, 0);
		break;
	case 'C':
		put(f, "\xaa\xaa\0\0\xde\xad\xbe\xef\0\0\0\x09", 12);
		put16(f, ethertype(next));
		put16(f, 0xb000);
		break;
	case 'R':
		put(f, "\0\0\0\x4d\x10\x64\0\1\0\0\0\1", 12);
		put16(f, 0x88be);
		put16(f, 0x1000);
		break;
	case 'X':
		put(f, "\x08\0\0\0\x00\x12\x34\0", 8);
		put_udp(f, 4789);
		break;
	case 'Y': case 'Z':
		put_geneve(f, next, letter == 'Z');
		break;
	case 'W': case 'w':
		put_gtpu(f, letter == 'w');
		break;
	default:
		break; /* I and Q need the family: see put_icmp; J has nothing behind its type */
	}
}

/* ICMP and ICMPv6 differ in their types, so it takes the header in front. */
static void put_icmp(struct live_frame *f, bool error, char outside)
{
	bool six = ethertype(outside) == 0x86dd;
	put(f, "\0\0\0\0\0\0", 6);
	put16(f, (six ? (error ? 3u : 128u) : (error ? 11u : 8u)) << 8);
}

unsigned live_recipe_pairs(const char *recipe)
{
	unsigned count = 0;
	for (; *recipe != '\0'; recipe++)
		count += strchr("4of6hHr", *recipe) != NULL;
	return count;
}

unsigned live_recipe_family(const char *recipe, unsigned pair)
{
	for (; *recipe != '\0'; recipe++)
		if (strchr("4of6hHr", *recipe) != NULL && pair-- == 0)
			return strchr("4of", *recipe) != NULL ? 4 : 6;
	return 0;
}

void live_recipe_build(const char *recipe, size_t cut, const struct live_pair *pairs, struct live_frame *out)
{
	unsigned pair = live_recipe_pairs(recipe);
	memset(out->room, 0x5a, sizeof out->room);
	out->start = sizeof out->room - LIVE_FRAME_PAYLOAD_BYTES;
	if (cut != 0)
		out->start = sizeof out->room; /* no payload: the cut goes into the last header */
	for (size_t i = strlen(recipe); i-- > 0;) {
		if (recipe[i] == 'I' || recipe[i] == 'Q') {
			put_icmp(out, recipe[i] == 'Q', i > 0 ? recipe[i - 1] : '4');
			continue;
		}
		bool takes = strchr("4of6hHr", recipe[i]) != NULL;
		if (takes)
			pair--;
		put_header(out, recipe[i], recipe[i + 1], takes ? &pairs[pair] : NULL);
	}
	out->length = sizeof out->room - out->start - cut;
}
