/* SPDX-License-Identifier: Apache-2.0 */
/* journal: the log, what a service says of itself, one line an event. Events are rows (event.def): level, words, typed fields.
   Promises (rule: JOURNAL-1): no byte of a frame can be logged: fields are numbers, durations, names that were registered before the first frame (sk_journal_seal), and faults of ours; a line
   is one line, whatever a file is called; an event that comes too often is counted and told once. Never: reads a clock, waits for a slow reader longer than a write.
   Thread rule: one thread writes (the collector); workers count, and the collector says it. */
#ifndef SK_JOURNAL_H
#define SK_JOURNAL_H

#include "base/base.h"
#include "base/clock.h"

enum sk_journal_level { SK_JOURNAL_DEBUG, SK_JOURNAL_INFO, SK_JOURNAL_NOTICE, SK_JOURNAL_WARNING, SK_JOURNAL_ERROR, SK_JOURNAL_LEVELS };
enum sk_journal_target { SK_JOURNAL_TO_STDERR /* a time in front */, SK_JOURNAL_TO_MANAGER /* "<6>" in front, sd-daemon(3) */, SK_JOURNAL_TO_FILE };
enum { SK_JOURNAL_NAMES_MAX = 512, SK_JOURNAL_NAME_BYTES = 256, SK_JOURNAL_LINE_MAX = 4096, SK_JOURNAL_FIELDS_MAX = 4 };

enum sk_journal_event {
#define SK_EVENT(symbol, level, words, help, fields) SK_EVENT_##symbol,
#include "journal/event.def"
	SK_EVENT_COUNT
};

struct sk_journal_options {
	enum sk_journal_level level;
	enum sk_journal_target target;
	bool json;
	const char *path;       /* FILE alone */
	uint64_t rotate_bytes;  /* FILE alone; 0: never */
	unsigned keep;
	uint64_t rate_count;    /* lines of one event in rate_per_ns; 0: no limit */
	int64_t rate_per_ns;
	struct sk_clock clock;
	int fd;                 /* of standard error, for STDERR and JOURNAL; borrowed */
};

/* A registered name. Only sk_journal_name makes one; the zeroed one is "-". */
struct sk_journal_name {
	uint16_t number;
};

struct sk_journal; /* opaque */

/* Is standard error what the service manager made the journal's (JOURNAL_STREAM of systemd.exec(5))? environment: its value, NULL when it is not set. */
bool sk_journal_is_managed(const char *environment, int fd);
/* Open. SK_EIO, SK_ENOSPC (the file), SK_ENOMEM. Caller closes. Nothing is allocated after it. */
SK_MUST enum sk_err sk_journal_open(const struct sk_journal_options *options, struct sk_journal **out, struct sk_fault *fault);
/* Close (NULL is fine). SK_EIO, SK_ENOSPC when lines were lost. */
SK_MUST enum sk_err sk_journal_close(struct sk_journal *journal, struct sk_fault *fault);
/* Register a name (copied, cut at SK_JOURNAL_NAME_BYTES) before sk_journal_seal; the same text gives the same name. A call behind the seal, or one too many, is a bug. */
struct sk_journal_name sk_journal_name(struct sk_journal *journal, const char *text);
/* The first frame is about to come: from now on no text enters the log but faults. */
void sk_journal_seal(struct sk_journal *journal);
/* Take new values of level, json, rotate_bytes, keep and rate; the rest of options is not looked at. */
void sk_journal_tune(struct sk_journal *journal, const struct sk_journal_options *options);
/* Open the file anew (SIGHUP). Does nothing for other targets. SK_EIO: the old one stays in use. */
SK_MUST enum sk_err sk_journal_reopen(struct sk_journal *journal, struct sk_fault *fault);
/* About once a second: tell what was left out in the time that is over, write what waits. */
void sk_journal_tick(struct sk_journal *journal);
/* Lines that could not be written. */
uint64_t sk_journal_lost(const struct sk_journal *journal);

/* Name, level and words of an event, and what to do about it. Static storage. */
const char *sk_event_name(enum sk_journal_event event);
/* Its level. */
enum sk_journal_level sk_event_level(enum sk_journal_event event);
/* Its words, with {field} where a field stands. */
const char *sk_event_words(enum sk_journal_event event);
/* What a person does about it. */
const char *sk_event_help(enum sk_journal_event event);

/* ---- sk_journal_EVENT(journal, field...): one function an event, its fields typed ---- */

enum sk_journal_type { SK_JOURNAL_IS_COUNT, SK_JOURNAL_IS_BYTES, SK_JOURNAL_IS_TIME, SK_JOURNAL_IS_SHARE, SK_JOURNAL_IS_NAME, SK_JOURNAL_IS_FAULT };
struct sk_journal_value {
	enum sk_journal_type type;
	const char *name; /* of the field */
	union {
		uint64_t count, bytes;
		int64_t time_ns;
		uint32_t share_ppm;
		struct sk_journal_name as_name;
		const struct sk_fault *fault;
	};
};
/* Write an event. Use the typed functions below, which call it with the fields of the event's row. */
void sk_journal_write(struct sk_journal *journal, enum sk_journal_event event, const struct sk_journal_value *values, size_t count);

#define SK_JOURNAL_C_COUNT uint64_t
#define SK_JOURNAL_C_BYTES uint64_t
#define SK_JOURNAL_C_TIME int64_t
#define SK_JOURNAL_C_SHARE uint32_t
#define SK_JOURNAL_C_NAME struct sk_journal_name
#define SK_JOURNAL_C_FAULT const struct sk_fault *
#define SK_JOURNAL_V_COUNT(field) {SK_JOURNAL_IS_COUNT, #field, {.count = field}}
#define SK_JOURNAL_V_BYTES(field) {SK_JOURNAL_IS_BYTES, #field, {.bytes = field}}
#define SK_JOURNAL_V_TIME(field) {SK_JOURNAL_IS_TIME, #field, {.time_ns = field}}
#define SK_JOURNAL_V_SHARE(field) {SK_JOURNAL_IS_SHARE, #field, {.share_ppm = field}}
#define SK_JOURNAL_V_NAME(field) {SK_JOURNAL_IS_NAME, #field, {.as_name = field}}
#define SK_JOURNAL_V_FAULT(field) {SK_JOURNAL_IS_FAULT, #field, {.fault = field}}
#define SK_JOURNAL_WRITE(symbol, ...) \
	const struct sk_journal_value values[] = {__VA_ARGS__}; \
	sk_journal_write(journal, SK_EVENT_##symbol, values, SK_COUNT(values));
#define SK_EVENT1(symbol, level, words, help, t1, f1) \
	static inline void sk_journal_##symbol(struct sk_journal *journal, SK_JOURNAL_C_##t1 f1) { SK_JOURNAL_WRITE(symbol, SK_JOURNAL_V_##t1(f1)) }
#define SK_EVENT2(symbol, level, words, help, t1, f1, t2, f2) \
	static inline void sk_journal_##symbol(struct sk_journal *journal, SK_JOURNAL_C_##t1 f1, SK_JOURNAL_C_##t2 f2) { SK_JOURNAL_WRITE(symbol, SK_JOURNAL_V_##t1(f1), SK_JOURNAL_V_##t2(f2)) }
#define SK_EVENT3(symbol, level, words, help, t1, f1, t2, f2, t3, f3) \
	static inline void sk_journal_##symbol(struct sk_journal *journal, SK_JOURNAL_C_##t1 f1, SK_JOURNAL_C_##t2 f2, SK_JOURNAL_C_##t3 f3) \
	{ SK_JOURNAL_WRITE(symbol, SK_JOURNAL_V_##t1(f1), SK_JOURNAL_V_##t2(f2), SK_JOURNAL_V_##t3(f3)) }
#define SK_EVENT4(symbol, level, words, help, t1, f1, t2, f2, t3, f3, t4, f4) \
	static inline void sk_journal_##symbol(struct sk_journal *journal, SK_JOURNAL_C_##t1 f1, SK_JOURNAL_C_##t2 f2, SK_JOURNAL_C_##t3 f3, SK_JOURNAL_C_##t4 f4) \
	{ SK_JOURNAL_WRITE(symbol, SK_JOURNAL_V_##t1(f1), SK_JOURNAL_V_##t2(f2), SK_JOURNAL_V_##t3(f3), SK_JOURNAL_V_##t4(f4)) }
#include "journal/event.def"

#endif
