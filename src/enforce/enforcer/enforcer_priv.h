/* SPDX-License-Identifier: Apache-2.0 */
/* The enforcer's insides: measures, their places on targets, what targets hold, the journal, the receipts. */
#ifndef SK_ENFORCER_PRIV_H
#define SK_ENFORCER_PRIV_H

#include "enforcer/enforcer.h"
#include "text/json.h"

enum { BUCKETS = 1 << 14, BATCH_ITEMS = 2048, DIGEST_TEXT = 2 * SK_HASH_BYTES + 1 };

/* A thing on a target, held by one warrant or by more (an extension overlaps what it extends). */
struct element {
	struct sk_item item;         /* target owned */
	bool set;                    /* the target holds it as ours */
	bool conflict;               /* somebody else's hand was in it */
	unsigned refs, holds;        /* places that name it; of these, that have set it or may have */
	unsigned leaving;            /* scratch of one batch */
	uint64_t mark;               /* scratch: the batch that it was last seen in */
	size_t index;                /* scratch: its place in that batch */
	struct element *next;        /* hash chain */
};

enum place_state { PLACE_NEW, PLACE_CHECKED, PLACE_INTENDED, PLACE_SET, PLACE_CANARY, PLACE_ACTIVE, PLACE_GONE };
struct place {
	struct measure *measure;
	struct target *target;
	enum place_state state;
	bool recovered;              /* found in the journal: what stands there as ours may be ours */
	unsigned tries;
	int64_t not_before_ns;       /* monotonic: back-off, next look */
	int64_t since_ns;            /* monotonic: when the present state began */
	int64_t down_ns;             /* monotonic: since when it cannot be reached; 0: it can */
	int64_t report_ns;           /* monotonic: next receipt of a good look */
	size_t conflicts;
	uint8_t before[SK_HASH_BYTES], after[SK_HASH_BYTES]; /* what stood there before we set anything; what we set */
	struct element **elements;   /* as many as the measure has targets */
};

enum stage { STAGE_NEW, STAGE_CANARY, STAGE_ROLLING, STAGE_ACTIVE, STAGE_ENDING, STAGE_CLOSED };
struct measure {
	uint8_t digest[SK_HASH_BYTES];
	char id[SK_ORDER_ID_MAX];
	enum sk_action action;
	uint64_t rate_bytes_per_s;
	uint8_t document[SK_HASH_BYTES];
	int64_t accepted_ns, until_ns, not_after_ns;
	size_t count;                /* targets of the order */
	char **names;
	enum stage stage;
	char why[SK_RECEIPT_DETAIL_MAX];
	size_t place_count;
	struct place *places;
	uint64_t receipts;           /* the next one's number */
	uint8_t previous[SK_HASH_BYTES];
	bool closed_told;            /* a crash came between the last receipt and the journal */
	char *note;                  /* the warrant itself */
	struct measure *next;        /* hash chain */
};

struct target {
	struct sk_enforcer *enforcer;
	const struct sk_enforcer_target *conf;
	const struct sk_backend *backend;
	void *self;
	char folder[SK_PATH_MAX];
	struct element *elements[BUCKETS];
	int64_t turn_ns;             /* monotonic: next turn of the backend */
	bool turn_failed;
};

/* Digests that are over: they are not taken again while their window is open. */
struct over {
	uint8_t digest[SK_HASH_BYTES];
	int64_t until_ns;
	struct over *next;
};

struct journal {
	int fd;
	struct sk_buf lines;         /* not yet written */
	char path[SK_PATH_MAX];
	size_t written;              /* since it was written anew */
};

struct sk_enforcer {
	const struct sk_enforcer_conf *conf;
	struct sk_clock clock;
	sk_enforcer_tell tell;
	void *tell_context;
	struct sk_sign_key *key;
	int lock_fd;
	char out[SK_PATH_MAX], boot[40];
	bool rebooted;               /* since the journal's last line */
	char lost[SK_ENFORCER_WORD_MAX]; /* a target that holds something by the journal, and is not configured any more */
	struct journal journal;
	/* time: never goes back */
	int64_t latest_ns, anchor_mono_ns;
	int64_t tick_ns, scan_ns, turn_at_ns;
	bool clock_told;
	struct target *targets;
	size_t target_count;
	struct measure **measures;
	size_t measure_count, measure_places;
	struct measure *by_digest[BUCKETS];
	struct over *overs[BUCKETS];
	size_t items;                /* of all measures */
	size_t taken;                /* in the present scan */
	uint64_t batch;
	uint64_t *files;             /* of the inbox, seen already: keyed hashes, open addressing */
	size_t file_count, file_places;
	uint8_t sip[SK_SIP_KEY_BYTES];
	struct receipt_file *receipts; /* not yet renamed */
	size_t receipt_count, receipt_places;
};

static inline size_t bucket_of(const uint8_t digest[SK_HASH_BYTES])
{
	return (size_t)(digest[0] | digest[1] << 8) % BUCKETS;
}

/* ---- journal.c ---- */

/* Open (made when absent) and read into the enforcer. */
SK_MUST enum sk_err journal_open(struct sk_enforcer *e, struct sk_fault *fault);
/* Read alone. */
SK_MUST enum sk_err journal_read(struct sk_enforcer *e, struct sk_fault *fault);
void journal_close(struct sk_enforcer *e);
/* Add a line; it is on the disk after journal_sync alone. */
void journal_accept(struct sk_enforcer *e, const struct measure *m);
void journal_place(struct sk_enforcer *e, const char *what, const struct place *place);
void journal_measure(struct sk_enforcer *e, const char *what, const struct measure *m, const char *why);
void journal_over(struct sk_enforcer *e, const uint8_t digest[SK_HASH_BYTES], int64_t until_ns);
void journal_tick(struct sk_enforcer *e);
SK_MUST enum sk_err journal_sync(struct sk_enforcer *e, struct sk_fault *fault);
/* Write it anew with what still counts. */
SK_MUST enum sk_err journal_compact(struct sk_enforcer *e, struct sk_fault *fault);

/* ---- receipts.c ---- */

/* Start a receipt of a measure: who, when, which step. */
void receipt_begin(struct sk_enforcer *e, const struct measure *m, const struct place *place, enum sk_step step, struct sk_warrant_receipt *out);
/* Sign it and lay it beside; receipts_flush puts it where it is seen. m NULL: a note that never became a measure. */
SK_MUST enum sk_err receipt_add(struct sk_enforcer *e, struct measure *m, struct sk_warrant_receipt *receipt, struct sk_fault *fault);
/* Journal first, then the receipts, each synced. */
SK_MUST enum sk_err receipts_flush(struct sk_enforcer *e, struct sk_fault *fault);
/* After the journal was read: go on behind the receipts that are there. */
SK_MUST enum sk_err receipts_adopt(struct sk_enforcer *e, struct sk_fault *fault);

/* ---- measures.c ---- */

struct measure *measure_find(const struct sk_enforcer *e, const uint8_t digest[SK_HASH_BYTES]);
/* Out of the fields that the caller set (names NULL); targets are copied. SK_ENOMEM, SK_ETOOBIG. */
SK_MUST enum sk_err measure_add(struct sk_enforcer *e, const struct measure *fields, const char *const *targets, const char *note, struct measure **out);
/* Give it its places and elements. SK_EUSAGE: no target carries it. */
SK_MUST enum sk_err measure_place_out(struct sk_enforcer *e, struct measure *m, struct sk_fault *fault);
void measure_remove(struct sk_enforcer *e, struct measure *m);
void measures_free(struct sk_enforcer *e);
bool over_has(const struct sk_enforcer *e, const uint8_t digest[SK_HASH_BYTES]);
SK_MUST enum sk_err over_add(struct sk_enforcer *e, const uint8_t digest[SK_HASH_BYTES], int64_t until_ns);
void place_hold(struct place *place);
void place_release(struct place *place);
/* The latest end of all that hold it but those that leave in this batch. */
int64_t element_until(const struct sk_enforcer *e, const struct element *element, const struct target *target);

/* ---- inbox.c ---- */

SK_MUST enum sk_err inbox_scan(struct sk_enforcer *e, struct sk_fault *fault);

/* ---- batch.c: what a step is made of ---- */

/* Places of one target that take the same step together, and their elements, each once. */
struct batch {
	struct target *target;
	struct place **places;
	size_t place_count;
	struct element **elements;
	struct sk_item *items;       /* of the same elements */
	struct sk_buf *texts;        /* what the target holds there, after batch_read */
	size_t count;
};
enum holding { HOLDS_NOTHING, HOLDS_OURS, HOLDS_OTHER };
/* All places that wanted says, whose time has come; at most BATCH_ITEMS items. place_count 0: none. */
SK_MUST enum sk_err batch_collect(struct sk_enforcer *e, struct target *t, bool (*wanted)(const struct place *place), struct batch *out, struct sk_fault *fault);
/* A batch of one place of another. */
SK_MUST enum sk_err batch_of_one(struct sk_enforcer *e, const struct batch *batch, size_t place, struct batch *out, struct sk_fault *fault);
void batch_free(struct batch *batch);
/* Ask the target. SK_ETARGET. */
SK_MUST enum sk_err batch_read(struct batch *batch, struct sk_fault *fault);
/* What stands at an element's place, compared with what we would have there. */
enum holding batch_holding(const struct batch *batch, const struct element *element);
/* SHA-256 over what stands at a place's elements, in their order. */
void batch_digest(const struct batch *batch, const struct place *place, uint8_t out[SK_HASH_BYTES]);
/* Call set or clear with those elements for which chosen is true; none: SK_OK. */
SK_MUST enum sk_err batch_call(const struct batch *batch, const bool *chosen, bool set, struct sk_fault *fault);
/* It cannot be reached: told once, tried again later, given up in time. */
SK_MUST enum sk_err place_wait(struct sk_enforcer *e, struct place *place, const struct sk_fault *why, struct sk_fault *fault);
/* It answered. */
void place_reached(struct place *place);
void place_becomes(struct sk_enforcer *e, struct place *place, enum place_state state, bool in_journal);

/* ---- steps.c, watch.c: one transaction a target ---- */

int64_t enforcer_now(struct sk_enforcer *e);
int64_t enforcer_mono(const struct sk_enforcer *e);
SK_PRINTF(2, 3) void enforcer_tell(struct sk_enforcer *e, const char *format, ...);
SK_MUST enum sk_err step_check(struct sk_enforcer *e, struct target *t, struct sk_fault *fault);
SK_MUST enum sk_err step_set(struct sk_enforcer *e, struct target *t, struct sk_fault *fault);
SK_MUST enum sk_err step_effect(struct sk_enforcer *e, struct target *t, enum sk_reach reach, struct sk_fault *fault);
SK_MUST enum sk_err step_watch(struct sk_enforcer *e, struct target *t, struct sk_fault *fault);
SK_MUST enum sk_err step_clear(struct sk_enforcer *e, struct target *t, struct sk_fault *fault);
/* From now on it is taken back. */
SK_MUST enum sk_err measure_end(struct sk_enforcer *e, struct measure *m, const char *why, struct sk_fault *fault);

#endif
