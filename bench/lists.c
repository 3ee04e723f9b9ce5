/* SPDX-License-Identifier: Apache-2.0 */
/* Selector lists for a corpus of the bench, the same for the same arguments.
     lists CAPTURE COUNT ONE_IN FOLDER
   Writes FOLDER/ipv4.txt, ipv6.txt and domains.txt, COUNT lines each in random order. Of the distinct addresses and DNS question names of the capture, about one in ONE_IN is
   listed (0: none); every other line is a value that the capture does not hold. Prints the counts as JSON. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "wire/wire.h"

enum { HEAD_BYTES = 24, TEXT_MAX = 256, VALUE_MAX = 16, SET_BITS = 23, HITS_MAX = 1 << 22, DNS_HEAD_BYTES = 12, COUNT_MAX = 20000000 };
enum kind { IPV4, IPV6, DOMAIN_NAME, KINDS };

static const char *const file_names[KINDS] = {"ipv4.txt", "ipv6.txt", "domains.txt"};

/* 64-bit hashes of every value seen; 0 = free. Two values with one hash only cost a selector that is left out. */
struct seen {
	uint64_t *slots;
	size_t count;
};

struct lists {
	struct seen seen;
	uint64_t one_in;
	char *hits[KINDS]; /* texts, one after another, each TEXT_MAX long: few enough */
	size_t hit_count[KINDS], value_count[KINDS];
};

static _Noreturn void die(const char *what)
{
	(void)fprintf(stderr, "lists: %s\n", what);
	exit(1);
}

static uint64_t mix64(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static uint64_t random_u64(void)
{
	static uint64_t state = 0x5e1ec7025;
	return mix64(state += 0x9e3779b97f4a7c15);
}

static uint64_t hash_of(enum kind kind, const void *bytes, size_t length)
{
	uint64_t hash = mix64((uint64_t)kind + 1);
	for (size_t at = 0; at < length; at += 8) {
		uint64_t word = 0;
		memcpy(&word, (const uint8_t *)bytes + at, length - at < 8 ? length - at : 8);
		hash = mix64(hash ^ word);
	}
	return hash | 1;
}

/* Is it in the set? With add, it is afterwards. */
static bool seen(struct seen *set, uint64_t hash, bool add)
{
	const size_t mask = ((size_t)1 << SET_BITS) - 1;
	for (size_t at = hash >> 20;; at++) {
		uint64_t *slot = &set->slots[at & mask];
		if (*slot == hash)
			return true;
		if (*slot != 0)
			continue;
		if (add) {
			*slot = hash;
			if (++set->count > mask / 2)
				die("more distinct values in the capture than this program keeps");
		}
		return false;
	}
}

static void write_text(enum kind kind, const void *value, size_t length, char text[TEXT_MAX])
{
	if (kind == DOMAIN_NAME)
		(void)snprintf(text, TEXT_MAX, "%.*s", (int)length, (const char *)value);
	else if (inet_ntop(kind == IPV4 ? AF_INET : AF_INET6, value, text, TEXT_MAX) == NULL)
		die("an address that does not print");
}

static void take_value(struct lists *l, enum kind kind, const void *value, size_t length)
{
	uint64_t hash = hash_of(kind, value, length);
	if (seen(&l->seen, hash, true))
		return;
	/* The first value hits always, so that no kind is without a hit. */
	bool first = l->value_count[kind]++ == 0;
	if (l->one_in == 0 || (!first && mix64(hash) % l->one_in != 0))
		return;
	if (l->hit_count[kind] == HITS_MAX)
		die("more hits than this program keeps; give a larger ONE_IN");
	write_text(kind, value, length, l->hits[kind] + l->hit_count[kind]++ * TEXT_MAX);
}

/* The name of the first question, lower case with dots; only plain host names of two labels or more, which every list takes. */
static void take_question(struct lists *l, struct sk_cur c)
{
	char name[TEXT_MAX];
	size_t length = 0, labels = 0;
	sk_skip(&c, 4);
	if (sk_be16(&c) == 0)
		return;
	sk_skip(&c, DNS_HEAD_BYTES - 6);
	for (uint8_t label = sk_u8(&c); label != 0; label = sk_u8(&c), labels++) {
		if (label > 63 || length + label + 1 >= sizeof name)
			return;
		if (labels > 0)
			name[length++] = '.';
		while (label-- > 0) {
			uint8_t byte = sk_u8(&c);
			byte = byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + 32) : byte;
			if (!((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9')))
				return;
			name[length++] = (char)byte;
		}
	}
	if (labels >= 2 && sk_alive(&c) == SK_OK)
		take_value(l, DOMAIN_NAME, name, length);
}

static void take_frame(struct lists *l, struct sk_cur c)
{
	uint8_t addresses[2 * VALUE_MAX];
	sk_skip(&c, 12);
	uint16_t type = sk_be16(&c);
	uint8_t protocol = 0;
	enum kind kind = type == 0x0800 ? IPV4 : IPV6;
	size_t length = kind == IPV4 ? 4 : 16;
	if (type == 0x0800) {
		size_t head = (size_t)(sk_u8(&c) & 15) * 4;
		sk_skip(&c, 8);
		protocol = sk_u8(&c);
		sk_skip(&c, 2);
		sk_copy(&c, addresses, 8);
		sk_skip(&c, head > 20 ? head - 20 : 0);
	} else if (type == 0x86dd) {
		sk_skip(&c, 6);
		protocol = sk_u8(&c);
		sk_skip(&c, 1);
		sk_copy(&c, addresses, 32);
	} else {
		return;
	}
	if (sk_alive(&c) != SK_OK)
		return;
	take_value(l, kind, addresses, length);
	take_value(l, kind, addresses + length, length);
	uint16_t source = sk_be16(&c), destination = sk_be16(&c);
	sk_skip(&c, 4);
	if (protocol == 17 && (source == 53 || destination == 53) && sk_alive(&c) == SK_OK)
		take_question(l, c);
}

static void read_capture(struct lists *l, const char *path)
{
	int fd = open(path, O_RDONLY);
	struct stat info;
	if (fd < 0 || fstat(fd, &info) != 0 || info.st_size < HEAD_BYTES)
		die("cannot read the capture");
	void *file = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (file == MAP_FAILED)
		die("out of memory");
	struct sk_cur c = sk_cur_of(file, (size_t)info.st_size);
	if (sk_le32(&c) != 0xa1b2c3d4)
		die("expected a pcap file of bench/corpus");
	sk_skip(&c, HEAD_BYTES - 4);
	while (sk_more(&c)) {
		sk_skip(&c, 8);
		uint32_t captured = sk_le32(&c);
		sk_skip(&c, 4);
		take_frame(l, sk_carve(&c, captured));
	}
	if (sk_done(&c) != SK_OK)
		die("the capture ends inside a record");
}

/* A value as feeds have them: addresses all over the public ranges, names of three or four labels. */
static size_t make_value(enum kind kind, uint8_t value[TEXT_MAX])
{
	static const char *const tops[] = {"com", "net", "org", "info", "xyz", "top", "ru", "cn"};
	uint64_t a = random_u64(), b = random_u64();
	if (kind == DOMAIN_NAME) {
		int length = snprintf((char *)value, TEXT_MAX, "%s%x.%llx%s.%s", (b & 1) != 0 ? "www." : "", (unsigned)(b >> 48), (unsigned long long)(a >> 20),
				      (b & 2) != 0 ? "-login" : "", tops[b >> 8 & 7]);
		return (size_t)length;
	}
	memcpy(value, &a, 8);
	memcpy(value + 8, &b, 8);
	if (kind == IPV6)
		memcpy(value, (const uint8_t[]){0x2a, (uint8_t)(a & 15)}, 2);
	else /* unicast that no special range touches: 23.0.0.0 .. 86.255.255.255 */
		memcpy(value, (const uint8_t[]){(uint8_t)(23 + (a & 63))}, 1);
	return kind == IPV4 ? 4 : 16;
}

/* COUNT lines, the hits strewn in evenly. */
static void write_list(struct lists *l, enum kind kind, size_t count, const char *folder)
{
	char path[4096], text[TEXT_MAX];
	uint8_t value[TEXT_MAX] = {0};
	(void)snprintf(path, sizeof path, "%s/%s", folder, file_names[kind]);
	FILE *file = fopen(path, "wb");
	if (file == NULL)
		die("cannot write the lists");
	size_t hits = l->hit_count[kind] < count ? l->hit_count[kind] : count, written = 0;
	l->hit_count[kind] = hits;
	for (size_t line = 0; line < count; line++) {
		if (hits > 0 && (line + 1) * hits / count > written) {
			(void)fprintf(file, "%s\n", l->hits[kind] + written++ * TEXT_MAX);
			continue;
		}
		size_t length;
		uint64_t hash;
		do {
			length = make_value(kind, value);
			hash = hash_of(kind, value, length);
		} while (seen(&l->seen, hash, false));
		write_text(kind, value, length, text);
		(void)fprintf(file, "%s\n", text);
	}
	if (fclose(file) != 0)
		die("cannot write the lists");
}

int main(int argc, char **argv)
{
	struct lists l = {.one_in = argc == 5 ? strtoull(argv[3], NULL, 10) : 0};
	size_t count = argc == 5 ? strtoull(argv[2], NULL, 10) : 0;
	if (count == 0 || count > COUNT_MAX)
		die("usage: lists CAPTURE COUNT ONE_IN FOLDER");
	l.seen.slots = calloc((size_t)1 << SET_BITS, sizeof *l.seen.slots);
	/* Address space only: what is never written costs nothing. */
	for (int kind = 0; kind < KINDS; kind++)
		l.hits[kind] = mmap(NULL, (size_t)HITS_MAX * TEXT_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (l.seen.slots == NULL || l.hits[IPV4] == MAP_FAILED || l.hits[IPV6] == MAP_FAILED || l.hits[DOMAIN_NAME] == MAP_FAILED)
		die("out of memory");
	read_capture(&l, argv[1]);
	for (int kind = 0; kind < KINDS; kind++)
		write_list(&l, (enum kind)kind, count, argv[4]);
	(void)printf("{\"count\": %zu, \"ipv4_values\": %zu, \"ipv6_values\": %zu, \"domain_values\": %zu, \"ipv4_hits\": %zu, \"ipv6_hits\": %zu, \"domain_hits\": %zu}\n", count,
		     l.value_count[IPV4], l.value_count[IPV6], l.value_count[DOMAIN_NAME], l.hit_count[IPV4], l.hit_count[IPV6], l.hit_count[DOMAIN_NAME]);
	return 0;
}
