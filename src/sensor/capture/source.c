/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/source_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd_errors.h>

#include "wire/wire.h"

enum { PAGE_BYTES = 4096, PAGES_AT_ONCE = 4096, ZST_START_BYTES = 5 };

enum sk_err area_init(struct area *area, size_t length, bool touch)
{
	*area = (struct area){0};
	void *bytes = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | (touch ? MAP_POPULATE : MAP_NORESERVE), -1, 0);
	if (bytes == MAP_FAILED)
		return SK_ENOMEM;
	*area = (struct area){.bytes = bytes, .length = length};
	/* Not possible on every kernel and no reason to stop: RLIMIT_CORE 0 stands behind it. */
	(void)madvise(bytes, length, MADV_DONTDUMP);
	return SK_OK;
}

/* Calls visit for every resident stretch. The zstd area is 128 MiB of which most is never touched; walking it all would cost more than the file. */
static void visit_touched(const struct area *area, void (*visit)(uint8_t *bytes, size_t length, size_t *sum), size_t *sum)
{
	unsigned char resident[PAGES_AT_ONCE];
	const size_t step = (size_t)PAGES_AT_ONCE * PAGE_BYTES;
	for (size_t at = 0; at < area->length; at += step) {
		size_t length = area->length - at < step ? area->length - at : step;
		if (mincore(area->bytes + at, length, resident) != 0) {
			visit(area->bytes + at, length, sum);
			continue;
		}
		for (size_t page = 0; page * PAGE_BYTES < length; page++) {
			size_t offset = page * PAGE_BYTES;
			if ((resident[page] & 1) != 0)
				visit(area->bytes + at + offset, length - offset < PAGE_BYTES ? length - offset : PAGE_BYTES, sum);
		}
	}
}

static void wipe_stretch(uint8_t *bytes, size_t length, size_t *sum)
{
	(void)sum;
	sk_wipe(bytes, length);
}

static void count_stretch(uint8_t *bytes, size_t length, size_t *sum)
{
	struct sk_cur cur = sk_cur_of(bytes, length);
	/* Mostly all of it is zero: then it equals itself moved by one. */
	if (sk_peek_u8(&cur, 0) == 0 && memcmp(bytes, bytes + 1, length - 1) == 0)
		return;
	while (sk_more(&cur))
		*sum += sk_u8(&cur) != 0;
}

void area_wipe(struct area *area)
{
	size_t unused = 0;
	visit_touched(area, wipe_stretch, &unused);
}

size_t area_residue(const struct area *area)
{
	size_t sum = 0;
	visit_touched(area, count_stretch, &sum);
	return sum;
}

void area_fini(struct area *area)
{
	if (area->bytes == NULL)
		return;
	area_wipe(area);
	(void)munmap(area->bytes, area->length);
	*area = (struct area){0};
}

/* Out of patience is told as a signal would be: nothing was taken. */
static ssize_t read_fd(const struct source *source, void *into, size_t room)
{
	if (source->may_wait && source->patience_ms >= 0) {
		struct pollfd wait = {.fd = source->fd, .events = POLLIN};
		int ready = poll(&wait, 1, source->patience_ms);
		if (ready == 0)
			errno = EINTR;
		if (ready <= 0)
			return -1;
	}
	for (;;) {
		ssize_t got = read(source->fd, into, room);
		if (got >= 0 || errno != EAGAIN)
			return got;
		/* Someone handed us a non-blocking pipe. */
		struct pollfd wait = {.fd = source->fd, .events = POLLIN};
		if (poll(&wait, 1, -1) < 0)
			return -1;
	}
}

enum sk_err source_open(struct source *source, const char *path, struct sk_fault *fault)
{
	bool standard_input = strcmp(path, "-") == 0;
	*source = (struct source){.read = read_fd, .fd = -1, .patience_ms = -1, .name = standard_input ? "standard input" : path};
	int fd = standard_input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 && errno == EINTR)
		return sk_fault_set(fault, SK_EINTR, "%s: interrupted while waiting for a writer", source->name);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return sk_fault_set(fault, SK_ENOENT, "%s: no such file; expected a capture (pcap or pcapng, plain, gz or zst), or - for standard input", path);
	if (fd < 0)
		return sk_fault_errno(fault, errno, "%s: cannot open", source->name);
	source->fd = fd;
	struct stat info;
	if (fstat(fd, &info) != 0)
		return sk_fault_errno(fault, errno, "%s: cannot look at", source->name);
	if (S_ISDIR(info.st_mode))
		return sk_fault_set(fault, SK_ENOTCAPTURE, "%s: is a directory; name the files in it: %s/*", source->name, source->name);
	if (isatty(fd) == 1)
		return sk_fault_set(fault, SK_ENOTCAPTURE, "%s: is a terminal; expected a capture from a file or a pipe", source->name);
	source->may_wait = !S_ISREG(info.st_mode);
	if (S_ISREG(info.st_mode)) {
		/* Standard input may stand in the middle of a file. */
		off_t at = lseek(fd, 0, SEEK_CUR);
		source->source_bytes = at >= 0 && at < info.st_size ? (uint64_t)(info.st_size - at) : 0;
	}
	return SK_OK;
}

enum packing source_packing(const uint8_t *head, size_t length)
{
	struct sk_cur cur = sk_cur_of(head, length);
	uint32_t magic = sk_le32(&cur);
	if ((magic & 0xffffff) == 0x088b1f) /* RFC 1952: magic and the only method there is */
		return PACKING_GZ;
	if (magic == 0xfd2fb528 || (magic & 0xfffffff0) == 0x184d2a50) /* RFC 8878: frame, skippable frame */
		return PACKING_ZST;
	return PACKING_NONE;
}

/* zlib asks for its state at once and for its window with the first bytes, and never gives back before the end: a bump allocator is enough. */
static void *gz_allocate(void *context, unsigned count, unsigned size)
{
	struct source *source = context;
	size_t wanted = ((size_t)count * size + 15) & ~(size_t)15;
	if (wanted > source->state.length - source->state_used)
		return NULL;
	void *place = source->state.bytes + source->state_used;
	source->state_used += wanted;
	return place;
}

static void gz_release(void *context, void *place)
{
	(void)context, (void)place;
}

enum sk_err source_unpack(struct source *source, enum packing packing, const uint8_t *head, size_t length)
{
	SK_INVARIANT(length <= PACKED_BLOCK_BYTES);
	SK_TRY(area_init(&source->packed, PACKED_BLOCK_BYTES, true));
	memcpy(source->packed.bytes, head, length);
	source->packed_fill = length;
	source->packing = packing;
	if (packing == PACKING_GZ) {
		SK_TRY(area_init(&source->state, GZ_STATE_BYTES, true));
		source->gz = (z_stream){.zalloc = gz_allocate, .zfree = gz_release, .opaque = source};
		return inflateInit2(&source->gz, 16 + MAX_WBITS) == Z_OK ? SK_OK : SK_ENOMEM;
	}
	SK_TRY(area_init(&source->state, ZSTD_estimateDStreamSize((size_t)1 << ZST_WINDOW_LOG_MAX), false));
	source->zst = ZSTD_initStaticDStream(source->state.bytes, source->state.length);
	source->zst_wanted = ZST_START_BYTES;
	if (source->zst == NULL || ZSTD_isError(ZSTD_DCtx_setParameter(source->zst, ZSTD_d_windowLogMax, ZST_WINDOW_LOG_MAX)))
		return SK_ENOMEM;
	return SK_OK;
}

uint64_t source_packed_offset(const struct source *source)
{
	return source->read_bytes - (source->packed_fill - source->packed_at);
}

const char *source_packing_name(const struct source *source)
{
	return source->packing == PACKING_GZ ? "gz" : source->packing == PACKING_ZST ? "zst" : "";
}

/* One read of the underlying stream. A regular file that ends before the size that it had at open shrank under us. */
static enum sk_err read_some(struct source *source, uint8_t *into, size_t room, uint64_t stream_offset, size_t *got, struct sk_fault *fault)
{
	*got = 0;
	ssize_t bytes = source->read(source, into, room);
	if (bytes < 0 && errno == EINTR)
		return sk_fault_set(fault, SK_EINTR, "%s: interrupted at offset %llu", source->name, (unsigned long long)source->read_bytes);
	if (bytes < 0)
		return sk_fault_errno(fault, errno, "%s: cannot read at offset %llu", source->name, (unsigned long long)source->read_bytes);
	*got = (size_t)bytes;
	source->read_bytes += (uint64_t)bytes;
	if (bytes == 0 && source->read_bytes < source->source_bytes)
		return sk_fault_set(fault, SK_EDAMAGED, "%s: damaged at offset %llu: the file shrank while it was read (it had %llu bytes); everything before it was processed",
				    source->name, (unsigned long long)(source->packing == PACKING_NONE ? stream_offset : source->read_bytes),
				    (unsigned long long)source->source_bytes);
	return SK_OK;
}

static enum sk_err packed_damaged(const struct source *source, uint64_t stream_offset, struct sk_fault *fault, const char *found)
{
	return sk_fault_set(fault, SK_EDAMAGED, "%s: damaged at offset %llu of the %s data (offset %llu of what it unpacks to): %s; everything before it was processed",
			    source->name, (unsigned long long)source_packed_offset(source), source_packing_name(source), (unsigned long long)stream_offset, found);
}

/* Between two gz members zero padding is allowed (tapes have it); what is left is the head of the next member. */
static void gz_skip_padding(struct source *source)
{
	struct sk_cur cur = sk_cur_of(source->packed.bytes + source->packed_at, source->packed_fill - source->packed_at);
	while (sk_more(&cur) && sk_peek_u8(&cur, 0) == 0)
		sk_skip(&cur, 1);
	source->packed_at += sk_offset(&cur);
}

static enum sk_err gz_unpack(struct source *source, uint8_t *into, size_t room, uint64_t stream_offset, size_t *got, struct sk_fault *fault)
{
	if (!source->inside)
		gz_skip_padding(source);
	source->gz.next_in = source->packed.bytes + source->packed_at;
	source->gz.avail_in = (unsigned)(source->packed_fill - source->packed_at);
	if (source->gz.avail_in == 0)
		return SK_EMORE;
	source->gz.next_out = into;
	source->gz.avail_out = (unsigned)room;
	source->inside = true;
	int result = inflate(&source->gz, Z_NO_FLUSH);
	*got = room - source->gz.avail_out;
	source->packed_at = source->packed_fill - source->gz.avail_in;
	if (result == Z_STREAM_END) {
		source->inside = false;
		return inflateReset(&source->gz) == Z_OK ? SK_OK : SK_EBUG;
	}
	if (result == Z_OK || result == Z_BUF_ERROR)
		return SK_OK;
	if (result == Z_MEM_ERROR)
		return sk_fault_set(fault, SK_ENOMEM, "%s: gz data wants more memory than the format allows", source->name);
	return packed_damaged(source, stream_offset + *got, fault, source->gz.msg != NULL ? source->gz.msg : "not gz data");
}

static enum sk_err zst_unpack(struct source *source, uint8_t *into, size_t room, uint64_t stream_offset, size_t *got, struct sk_fault *fault)
{
	/* Never more than the step that zstd asks for: of a call that fails, zstd forgets the output, and what came before the damage is owed. */
	size_t left = source->packed_fill - source->packed_at;
	size_t step = left < source->zst_wanted ? left : source->zst_wanted;
	ZSTD_inBuffer in = {.src = source->packed.bytes, .size = source->packed_at + step, .pos = source->packed_at};
	ZSTD_outBuffer out = {.dst = into, .size = room, .pos = 0};
	if (in.pos == in.size && !source->inside)
		return SK_EMORE;
	/* Without new input there may still be output held back by a full ring. */
	size_t result = ZSTD_decompressStream(source->zst, &out, &in);
	bool moved = in.pos != source->packed_at || out.pos != 0;
	source->packed_at = in.pos;
	*got = out.pos;
	/* zstd may leave bytes behind the end of what it gives, above all when it fails: the ring there must stay zero. */
	sk_wipe(into + out.pos, room - out.pos);
	if (!ZSTD_isError(result)) {
		source->inside = result != 0;
		source->zst_wanted = result != 0 ? result : ZST_START_BYTES;
		return moved ? SK_OK : SK_EMORE;
	}
	switch (ZSTD_getErrorCode(result)) {
	case ZSTD_error_frameParameter_windowTooLarge:
	case ZSTD_error_memory_allocation:
		return sk_fault_set(fault, SK_EUNSUPPORTED, "%s: zst data wants a window above %d MiB; unpack it: zstd -dc --long=31 IN | sekisho watch -", source->name,
				    1 << (ZST_WINDOW_LOG_MAX - 20));
	case ZSTD_error_dictionary_wrong:
		return sk_fault_set(fault, SK_EUNSUPPORTED, "%s: zst data wants a dictionary; unpack it: zstd -dc -D DICTIONARY IN | sekisho watch -", source->name);
	default:
		return packed_damaged(source, stream_offset + *got, fault, ZSTD_getErrorName(result));
	}
}

enum sk_err source_read(struct source *source, uint8_t *into, size_t room, uint64_t stream_offset, size_t *got, struct sk_fault *fault)
{
	*got = 0;
	if (source->ended)
		return SK_OK;
	if (source->packing == PACKING_NONE)
		return read_some(source, into, room, stream_offset, got, fault);
	if (source->late.err != SK_OK) {
		if (fault != NULL)
			*fault = source->late;
		return source->late.err;
	}
	while (*got == 0) {
		enum sk_err err = source->packing == PACKING_GZ ? gz_unpack(source, into, room, stream_offset, got, fault)
								: zst_unpack(source, into, room, stream_offset, got, fault);
		if (err == SK_OK)
			continue;
		if (err != SK_EMORE && *got != 0) {
			/* What came out before the damage goes to the reader first, the damage with the next call. */
			source->late = *fault;
			return SK_OK;
		}
		if (err != SK_EMORE)
			return err;
		size_t packed = 0;
		source->packed_at = source->packed_fill = 0;
		SK_TRY(read_some(source, source->packed.bytes, PACKED_BLOCK_BYTES, stream_offset, &packed, fault));
		source->packed_fill = packed;
		if (packed == 0 && source->inside)
			return packed_damaged(source, stream_offset, fault, source->packing == PACKING_GZ ? "ends inside a gz member" : "ends inside a zst frame");
		if (packed == 0) {
			source->ended = true;
			return SK_OK;
		}
	}
	return SK_OK;
}

void source_wipe(struct source *source)
{
	source->ended = true;
	if (source->packed.bytes != NULL)
		area_wipe(&source->packed);
	if (source->state.bytes != NULL)
		area_wipe(&source->state);
}

void source_fini(struct source *source)
{
	area_fini(&source->packed);
	area_fini(&source->state);
	if (source->fd >= 0)
		(void)close(source->fd);
	source->fd = -1;
}
