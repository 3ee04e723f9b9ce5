/* SPDX-License-Identifier: Apache-2.0 */
/* source: a stream of bytes from a file descriptor (or any reader, for tests), unpacked when it is gz or zst. All memory is taken at open
   and lies in areas that are not dumped and are overwritten at the end; the decompressors get theirs from such an area too. */
#ifndef SK_CAPTURE_SOURCE_PRIV_H
#define SK_CAPTURE_SOURCE_PRIV_H

#define ZSTD_STATIC_LINKING_ONLY /* ZSTD_initStaticDStream: the state lies in memory that we own and can overwrite */
#define ZLIB_CONST
#include <sys/types.h>
#include <zlib.h>
#include <zstd.h>

#include "base/base.h"

enum {
	READ_BLOCK_BYTES = 1 << 18,   /* one read(2), or one round of a decompressor (SPIKES-fast.md 2: stays in the L2 cache) */
	MAGIC_MAX_BYTES = 8,
	PACKED_BLOCK_BYTES = READ_BLOCK_BYTES + MAGIC_MAX_BYTES, /* compressed bytes held at once: also what was read before the packing was known */
	GZ_STATE_BYTES = 1 << 16,     /* zlib: 7 KiB of state, 32 KiB of window, and room */
	ZST_WINDOW_LOG_MAX = 27       /* 128 MiB, as the zstd program's own default */
};

/* Memory of our own: anonymous pages, kept out of core dumps. */
struct area {
	uint8_t *bytes;
	size_t length;
};

/* Map an area; touch it now when asked. SK_ENOMEM. */
SK_MUST enum sk_err area_init(struct area *area, size_t length, bool touch);
/* Overwrite every page that was ever touched. */
void area_wipe(struct area *area);
/* Bytes that are not zero. */
size_t area_residue(const struct area *area);
/* Overwrite and unmap. */
void area_fini(struct area *area);

struct source;
/* As read(2): bytes read, 0 at the end, -1 with errno. */
typedef ssize_t read_function(const struct source *source, void *into, size_t room);

enum packing { PACKING_NONE, PACKING_GZ, PACKING_ZST };

struct source {
	read_function *read;
	void *context;         /* of a test's reader */
	int fd;                /* closed at the end when >= 0 */
	bool may_wait;         /* no regular file: a read may have to wait */
	int patience_ms;       /* ... at most so long; negative: without end */
	uint64_t source_bytes; /* size when opened; 0 = not known */
	uint64_t read_bytes;

	enum packing packing;
	struct area packed; /* compressed bytes */
	size_t packed_at, packed_fill;
	struct area state;  /* the decompressor's memory */
	size_t state_used;
	z_stream gz;
	ZSTD_DStream *zst;
	size_t zst_wanted;    /* the input step that zstd asks for */
	struct sk_fault late; /* a damage that waits until the bytes before it are taken */
	bool inside; /* a gz member or zst frame has begun and not ended */
	bool ended;
	const char *name; /* borrowed, for messages */
};

/* Open a path, or standard input for "-". SK_ENOENT, SK_EIO, SK_ENOTCAPTURE (directory, terminal), SK_EINTR. */
SK_MUST enum sk_err source_open(struct source *source, const char *path, struct sk_fault *fault);
/* Say that the stream is packed and hand back its first bytes, which were read already. SK_ENOMEM. */
SK_MUST enum sk_err source_unpack(struct source *source, enum packing packing, const uint8_t *head, size_t length);
/* Which packing do the first bytes show? */
enum packing source_packing(const uint8_t *head, size_t length);
/* Fill up to room bytes; *got 0 = end. SK_EDAMAGED (the fault names the place in the compressed file; stream_offset is where the unpacked
   bytes end), SK_EUNSUPPORTED, SK_EIO, SK_EINTR (nothing is lost, call again). */
SK_MUST enum sk_err source_read(struct source *source, uint8_t *into, size_t room, uint64_t stream_offset, size_t *got, struct sk_fault *fault);
/* Bytes of the compressed input that the decompressor has taken. */
uint64_t source_packed_offset(const struct source *source);
/* "gz", "zst" or "". */
const char *source_packing_name(const struct source *source);
/* Overwrite all memory; the source is at its end. */
void source_wipe(struct source *source);
/* Overwrite, unmap, close. */
void source_fini(struct source *source);

#endif
