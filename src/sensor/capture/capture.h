/* SPDX-License-Identifier: Apache-2.0 */
/* capture: frames out of pcap and pcapng files, plain or compressed, from a path, a FIFO or standard input, through one small ring that is
   overwritten as it goes. The same path for files, pipes and decompressors (SPIKES-fast.md 2).
   Promises: everything before a damage is delivered, then the damage is named with its offset; the user's file is never copied, mapped or altered.
   Never: looks into a frame. Thread rule: one capture per thread. */
#ifndef SK_CAPTURE_H
#define SK_CAPTURE_H

#include "base/base.h"

enum sk_link { SK_LINK_ETHERNET, SK_LINK_RAW_IP, SK_LINK_SLL, SK_LINK_SLL2, SK_LINK_NULL, SK_LINK_LOOP };
enum { SK_BATCH_MAX = 64, SK_FRAME_MAX_BYTES = 262144, SK_CAPTURE_RING_BYTES = 1 << 20, SK_INTERFACES_MAX = 256 };

/* One frame as delivered. bytes point into the ring and are valid until the next sk_capture_next; whoever erases a frame overwrites them and says so. */
struct sk_frame {
	uint8_t *bytes;
	uint32_t captured_bytes;
	uint32_t wire_bytes; /* original length; never below captured_bytes (incl_len > orig_len is counted as odd_length) */
	int64_t time_ns;     /* unix; as the file says, also backwards, 0 or 2106 */
	uint16_t interface;  /* index, 0 .. interface_count - 1 */
	uint8_t link;        /* enum sk_link */
	uint8_t no_time;     /* pcapng Simple Packet Block: time_ns repeats the last one */
	bool erased;         /* set by whoever has overwritten all of the bytes: the source need not do it again */
};

struct sk_capture_stats {
	uint64_t frames, captured_bytes, wire_bytes;
	uint64_t sliced;        /* captured < wire */
	uint64_t odd_length;    /* incl_len > orig_len */
	uint64_t time_backwards;
	uint64_t upstream_lost; /* drops that the file itself reports (pcapng ISB, isb_ifdrop and isb_osdrop); beside the equation, never in it */
	uint64_t read_bytes;    /* bytes of the source read so far (compressed size) */
	uint64_t source_bytes;  /* size of a regular file, 0 when not known: progress */
	unsigned interfaces;
	bool pcapng;
	bool nanoseconds;       /* some interface counts finer than microseconds */
};

struct sk_capture; /* opaque */

/* Open path, or standard input for "-". Reads the file head. SK_ENOENT, SK_EIO, SK_ENOTCAPTURE (directory, terminal, empty file, unknown magic:
   says what was expected), SK_EUNSUPPORTED (link type or version: names it), SK_EDAMAGED (before the first frame: a cut gz or zst, a lying
   section or interface header), SK_EINTR (a signal while waiting for a writer), SK_ENOMEM. Caller closes. Allocates the ring, touched and not
   dumped, and all else: nothing is allocated after it. */
SK_MUST enum sk_err sk_capture_open(const char *path, struct sk_capture **out, struct sk_fault *fault);
/* Overwrite the ring, close (NULL is fine). */
void sk_capture_close(struct sk_capture *capture);
/* Overwrite what the last batch left (all of it when frames is not the array of the last call), then fill up to SK_BATCH_MAX frames. SK_OK with *count 0 = end of input. SK_EDAMAGED: frames before the
   damage are in the batch (*count may be > 0), fault says file, offset, what was found and expected; the next call gives the end. SK_EIO,
   SK_EUNSUPPORTED (an interface of unknown link type appeared), SK_EINTR when a signal broke a blocking read: nothing is lost, call again. */
SK_MUST enum sk_err sk_capture_next(struct sk_capture *capture, struct sk_frame frames[SK_BATCH_MAX], size_t *count, struct sk_fault *fault);
/* Wait for bytes of a pipe at most so long (milliseconds; negative, as after open: without end). When none came sk_capture_next returns SK_EINTR: nothing is
   lost, call again. For whoever must look at something else now and then. */
void sk_capture_patience(struct sk_capture *capture, int patience_ms);
/* What it reads: for a filter of system calls. */
int sk_capture_descriptor(const struct sk_capture *capture);
/* Counters so far. */
void sk_capture_stats(const struct sk_capture *capture, struct sk_capture_stats *out);
/* Name of an interface ("if0", or what pcapng says, made printable). Borrowed. */
const char *sk_capture_interface_name(const struct sk_capture *capture, unsigned interface);
/* Bytes of the ring, of the compressed input and of the decompressor that are not zero: a test's canary count. Call after sk_capture_next
   said end. */
size_t sk_capture_residue(const struct sk_capture *capture);

#endif
