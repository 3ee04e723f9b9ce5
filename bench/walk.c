/* SPDX-License-Identifier: Apache-2.0 */
/* The bare walk of the bench: what a sensor that erases must do to a capture if it looked at nothing. read(2) into one fixed buffer by blocks of 256 KiB as
   capture does, step from record to record, touch each frame's first bytes, overwrite every frame. No judgement, no table, no output.
     walk CAPTURE   (pcap, little endian: what bench/corpus writes)
   Prints packets, bytes, a sum of what it touched and CPU seconds as JSON. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "wire/wire.h"

enum { BUFFER_BYTES = 1 << 20, BLOCK_BYTES = 1 << 18, HEAD_BYTES = 24 };

static uint8_t buffer[BUFFER_BYTES];

struct walk {
	size_t start, fill; /* of the buffer: what is not walked yet */
	uint64_t packets, bytes, touched;
};

static _Noreturn void die(const char *what)
{
	(void)fprintf(stderr, "walk: %s\n", what);
	exit(1);
}

/* All whole records of the buffer, each touched; then all of them overwritten at once. */
static void walk_records(struct walk *w)
{
	size_t begin = w->start;
	struct sk_cur c = sk_cur_of(buffer + w->start, w->fill - w->start);
	for (;;) {
		sk_skip(&c, 8);
		uint32_t captured = sk_le32(&c), wire = sk_le32(&c);
		struct sk_cur frame = sk_carve(&c, captured);
		if (sk_alive(&c) != SK_OK)
			break;
		w->touched += sk_be16(&frame);
		w->packets++;
		w->bytes += wire;
		w->start = begin + sk_offset(&c);
	}
	sk_wipe(buffer + begin, w->start - begin);
}

/* A record that straddles two blocks is moved to the front and its old place overwritten. */
static bool fill(struct walk *w, int fd)
{
	size_t left = w->fill - w->start;
	memmove(buffer, buffer + w->start, left);
	size_t stale = w->start > left ? w->start : left;
	sk_wipe(buffer + stale, w->fill - stale);
	w->start = 0;
	w->fill = left;
	size_t room = BUFFER_BYTES - left;
	ssize_t got = room == 0 ? -1 : read(fd, buffer + left, room < BLOCK_BYTES ? room : BLOCK_BYTES);
	if (got < 0)
		die("cannot read, or a record larger than the buffer");
	w->fill += (size_t)got;
	return got > 0;
}

int main(int argc, char **argv)
{
	struct walk w = {0};
	clock_t begin = clock();
	int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
	if (fd < 0 || !fill(&w, fd) || w.fill < HEAD_BYTES)
		die("usage: walk CAPTURE");
	struct sk_cur head = sk_cur_of(buffer, HEAD_BYTES);
	if (sk_le32(&head) != 0xa1b2c3d4)
		die("expected a pcap file of bench/corpus");
	w.start = HEAD_BYTES;
	do
		walk_records(&w);
	while (fill(&w, fd));
	if (w.fill != 0)
		die("the capture ends inside a record");
	(void)printf("{\"packets\": %llu, \"bytes\": %llu, \"touched\": %llu, \"cpu_seconds\": %.4f}\n", (unsigned long long)w.packets, (unsigned long long)w.bytes,
		     (unsigned long long)w.touched, (double)(clock() - begin) / CLOCKS_PER_SEC);
	return close(fd) == 0 ? 0 : 1;
}
