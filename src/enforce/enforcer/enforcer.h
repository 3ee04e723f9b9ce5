/* SPDX-License-Identifier: Apache-2.0 */
/* enforcer: the process that alone may change something: it takes warrants out of a folder, checks each again, applies it (dry run, canary, all), reads it back, watches it, and takes
   it away on time, on the centre's word, or when it fails; also after its own crash. Each step is a receipt.
   Promises: nothing is set without a warrant in force under the configured trust; what is protected is never touched; a change is in the journal, synced, before it is made; a
   measure never outlives its warrant, whatever the clock does; what somebody else changed is reported and left. rule: ENFORCE-1 ENFORCE-2 ENFORCE-3
   Never: opens a network socket, decides, asks. Thread rule: one thread. */
#ifndef SK_ENFORCER_H
#define SK_ENFORCER_H

#include "base/file.h"
#include "measure/measure.h"
#include "warrant/receipt.h"

enum { SK_ENFORCER_TARGETS_MAX = 16, SK_ENFORCER_MEASURES_MAX = 20000, SK_ENFORCER_ITEMS_MAX = 65536, SK_ENFORCER_WORD_MAX = 64 };

struct sk_enforcer_target {
	char name[SK_ENFORCER_WORD_MAX];
	const struct sk_backend *backend;
	uint32_t measures;              /* 1 << enum sk_measure: those that it is used for */
	struct sk_settings settings;
};

/* The configuration, read by hand-written keys (docs/enforcer.md). */
struct sk_enforcer_conf {
	struct sk_settings_file *file;
	char folder[SK_PATH_MAX], inbox[SK_PATH_MAX], user[SK_ENFORCER_WORD_MAX], group[SK_ENFORCER_WORD_MAX];
	struct sk_verify_key centre;
	uint8_t quorum[SK_LEVEL_COUNT][SK_HASH_BYTES];
	int64_t poll_ns, watch_ns, report_ns, canary_ns, effect_ns, give_up_ns;
	struct sk_guard *guard;
	size_t target_count;
	struct sk_enforcer_target targets[SK_ENFORCER_TARGETS_MAX]; /* in the file's order: the first that carries a measure is its canary */
};

/* Finds a backend by its name; NULL: there is none. */
typedef const struct sk_backend *(*sk_backend_finder)(const char *name);
/* Read and check; opens nothing. SK_EINPUT names FILE:LINE; SK_EFORBIDDEN; SK_ENOENT. sk_enforcer_conf_fini frees it, also after an error. */
SK_MUST enum sk_err sk_enforcer_conf_read(const char *path, sk_backend_finder find, struct sk_enforcer_conf *out, struct sk_fault *fault);
/* Free what it holds. */
void sk_enforcer_conf_fini(struct sk_enforcer_conf *conf);

struct sk_enforcer; /* opaque */
/* What it wants a person to read, one line. */
typedef void (*sk_enforcer_tell)(void *context, const char *line);

/* Open the backends' settings and see that every key of the file is known; touches no folder. SK_EINPUT. */
SK_MUST enum sk_err sk_enforcer_conf_check(const struct sk_enforcer_conf *conf, struct sk_clock clock, struct sk_fault *fault);
/* Take the folder (lock, key: made at the first start), read the journal. conf is borrowed. SK_ELOCKED, SK_EPERMS, SK_EDAMAGED (the journal, with the line), SK_EIO, SK_EINPUT. */
SK_MUST enum sk_err sk_enforcer_open(const struct sk_enforcer_conf *conf, struct sk_clock clock, sk_enforcer_tell tell, void *context, struct sk_enforcer **out,
				     struct sk_fault *fault);
/* Close; what is in force stays in force, and the next start goes on with it. */
void sk_enforcer_close(struct sk_enforcer *enforcer);
/* The key that signs receipts. Borrowed. */
const struct sk_verify_key *sk_enforcer_key(const struct sk_enforcer *enforcer);

/* What is still to be done. */
struct sk_enforcer_load {
	size_t measures;    /* in force, on their way there or back */
	size_t active;
	size_t moving;      /* would go on in the next turn */
	size_t waiting;     /* for a target that cannot be reached, or for an effect */
};
/* Do all that can be done now, in batches: one transaction a target. An error is the host's (journal, receipts cannot be written): the caller ends. SK_EIO, SK_ENOSPC, SK_ENOMEM. */
SK_MUST enum sk_err sk_enforcer_turn(struct sk_enforcer *enforcer, struct sk_enforcer_load *load, struct sk_fault *fault);
/* Forget the latest time that was seen: for a clock that had run ahead and was set right. SK_EUSAGE while a measure is there. */
SK_MUST enum sk_err sk_enforcer_trust_clock(struct sk_enforcer *enforcer, struct sk_fault *fault);

/* One measure, for `sekisho measures`. */
struct sk_enforcer_row {
	uint8_t warrant[SK_HASH_BYTES];
	const char *order, *stage;      /* "new", "canary", "rolling", "active", "ending" */
	const char *why;                /* ending: the reason; else "" */
	enum sk_action action;
	size_t target_count, conflicts;
	const char *const *targets;
	int64_t accepted_ns, until_ns;
};
/* What the journal of a folder says, without its lock and without a change: the enforcer may be running. told for each row, borrowed. SK_ENOENT, SK_EDAMAGED, SK_EIO. */
SK_MUST enum sk_err sk_enforcer_list(const char *folder, struct sk_clock clock, void (*told)(void *context, const struct sk_enforcer_row *row), void *context, struct sk_fault *fault);

/* Called after each step that a crash may come behind; does nothing. A test links another one in its place. */
void sk_enforcer_point(const char *name);

#endif
