/* SPDX-License-Identifier: Apache-2.0 */
/* The floor of the bench: the least that a program which knows flows must do. mmap, prefetch ahead, parse the 5-tuple, hash it the same for
   both directions, count in a plain open-addressing table of 64-byte entries. No expiry, no export, no state, no erasure, no heads.
     floor CAPTURE [FLOWS]   (pcap, microseconds, little endian, Ethernet: what bench/corpus writes)
   The table has at least twice FLOWS entries; without FLOWS it is large, and its fresh memory is most of the time.
   Prints packets, bytes, flows and CPU seconds as JSON. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include "wire/wire.h"

enum { HEAD_BYTES = 24, PREFETCH_AHEAD_BYTES = 2048, TABLE_BITS_MIN = 16, TABLE_BITS_MAX = 25, KEY_WORDS = 5 };

struct entry {
	uint64_t key[KEY_WORDS]; /* the lower address, the higher one, ports and protocol */
	uint64_t packets;
	uint64_t bytes;
	uint64_t hash; /* 0 = free */
};
_Static_assert(sizeof(struct entry) == 64, "one cache line");

struct table {
	struct entry *entries;
	size_t mask;
	uint64_t flows;
};

static _Noreturn void die(const char *what)
{
	(void)fprintf(stderr, "floor: %s\n", what);
	exit(1);
}

static uint64_t mix64(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* Order the two ends so that both directions have one key. */
static void make_key(uint64_t key[KEY_WORDS], const uint64_t source[2], const uint64_t destination[2], uint16_t source_port, uint16_t destination_port,
		     uint8_t protocol)
{
	int order = memcmp(source, destination, 16);
	bool swap = order > 0 || (order == 0 && source_port > destination_port);
	memcpy(key, swap ? destination : source, 16);
	memcpy(key + 2, swap ? source : destination, 16);
	key[4] = (uint64_t)(swap ? destination_port : source_port) << 32 | (uint64_t)(swap ? source_port : destination_port) << 16 | protocol;
}

static bool parse(struct sk_cur c, uint64_t key[KEY_WORDS])
{
	uint64_t source[2] = {0}, destination[2] = {0};
	uint8_t protocol;
	sk_skip(&c, 12);
	uint16_t type = sk_be16(&c);
	if (type == 0x8100) {
		sk_skip(&c, 2);
		type = sk_be16(&c);
	}
	if (type == 0x0800) {
		size_t options = (size_t)(sk_u8(&c) & 15) * 4 - 20;
		sk_skip(&c, 8);
		protocol = sk_u8(&c);
		sk_skip(&c, 2);
		sk_copy(&c, source, 4);
		sk_copy(&c, destination, 4);
		sk_skip(&c, options);
	} else if (type == 0x86dd) {
		sk_skip(&c, 6);
		protocol = sk_u8(&c);
		sk_skip(&c, 1);
		sk_copy(&c, source, 16);
		sk_copy(&c, destination, 16);
	} else {
		return false;
	}
	if (sk_alive(&c) != SK_OK)
		return false;
	bool ports = protocol == 6 || protocol == 17 || protocol == 132;
	uint16_t source_port = ports ? sk_be16(&c) : 0, destination_port = ports ? sk_be16(&c) : 0;
	make_key(key, source, destination, source_port, destination_port, protocol);
	return true;
}

static void count(struct table *t, const uint64_t key[KEY_WORDS], uint32_t wire)
{
	uint64_t hash = mix64(key[0] ^ mix64(key[1] ^ mix64(key[2] ^ mix64(key[3] ^ mix64(key[4]))))) | 1;
	struct entry *entry;
	for (size_t at = hash >> 20;; at++) {
		entry = &t->entries[at & t->mask];
		if (entry->hash == 0) {
			memcpy(entry->key, key, sizeof entry->key);
			entry->hash = hash;
			t->flows++;
			if (t->flows > t->mask)
				die("table full");
			break;
		}
		if (entry->hash == hash && memcmp(entry->key, key, sizeof entry->key) == 0)
			break;
	}
	entry->packets++;
	entry->bytes += wire;
}

int main(int argc, char **argv)
{
	int fd = argc == 2 || argc == 3 ? open(argv[1], O_RDONLY) : -1;
	struct stat info;
	if (fd < 0 || fstat(fd, &info) != 0 || info.st_size < HEAD_BYTES)
		die("usage: floor CAPTURE [FLOWS]");
	size_t length = (size_t)info.st_size;
	void *file = mmap(NULL, length, PROT_READ, MAP_PRIVATE, fd, 0);
	size_t wanted = argc == 3 ? 2 * strtoull(argv[2], NULL, 10) : length / 64; /* no frame is shorter: room for a flow a packet */
	unsigned bits = TABLE_BITS_MIN;
	while (bits < TABLE_BITS_MAX && (size_t)1 << bits < wanted)
		bits++;
	struct table table = {.mask = ((size_t)1 << bits) - 1};
	table.entries = mmap(NULL, sizeof *table.entries << bits, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (file == MAP_FAILED || table.entries == MAP_FAILED)
		die("out of memory");
	struct sk_cur c = sk_cur_of(file, length);
	if (sk_le32(&c) != 0xa1b2c3d4)
		die("expected a pcap file of bench/corpus");
	sk_skip(&c, HEAD_BYTES - 4);
	uint64_t packets = 0, bytes = 0, key[KEY_WORDS];
	while (sk_more(&c)) {
		__builtin_prefetch(c.at + PREFETCH_AHEAD_BYTES);
		sk_skip(&c, 8);
		uint32_t captured = sk_le32(&c), wire = sk_le32(&c);
		if (parse(sk_carve(&c, captured), key))
			count(&table, key, wire);
		packets++;
		bytes += wire;
	}
	(void)printf("{\"packets\": %llu, \"bytes\": %llu, \"flows\": %llu, \"cpu_seconds\": %.4f}\n", (unsigned long long)packets, (unsigned long long)bytes,
		     (unsigned long long)table.flows, (double)clock() / CLOCKS_PER_SEC);
	return sk_done(&c) == SK_OK ? 0 : 1;
}
