/* SPDX-License-Identifier: Apache-2.0 */
/* campaign/stored.h: detectors whose memory is the store: what crossed in days and months, as far as it was selected. The sensor forgets within 24 hours; here nothing
   is remembered at all: each run is a pure function of records, thresholds and nothing else, and the same records give the same findings.
   Adding one: a CAMPAIGN line in policy/detectors.def and SYMBOL.c with one const struct sk_stored_detector sk_detector_SYMBOL.
   Promises: memory is bounded by the limits below, whatever lies in the store; what did not fit is counted. Thread rule: reentrant. */
#ifndef SK_CAMPAIGN_STORED_H
#define SK_CAMPAIGN_STORED_H

#include "observe/observe.h"
#include "policy/policy.h"

enum {
	SK_STORED_PAIRS_MAX = 1 << 18,     /* pairs that are looked at closely */
	SK_STORED_CONTACTS_MAX = 1 << 24,  /* contacts of theirs, 16 bytes each */
	SK_STORED_PAIR_CONTACTS_MAX = 100000
};

/* Where records come from. walk visits each once, in any order, and the same ones when it is called again; what visit returns ends it unless that is SK_OK. */
typedef enum sk_err (*sk_stored_visit)(void *to, const uint8_t id[16], const struct sk_observation *observation);
struct sk_stored_source {
	void *context;
	enum sk_err (*walk)(void *context, sk_stored_visit visit, void *to, struct sk_fault *fault);
};

struct sk_stored_counts {
	uint64_t records, contacts;        /* that were read; of them such as the detector looks at */
	uint64_t pairs;                    /* looked at closely */
	uint64_t left_out;                 /* contacts for which there was no room: narrow the time, or the value */
};

struct sk_stored_run {
	const struct sk_stored_source *source;
	const uint64_t *threshold;         /* in the order of the detector's table */
	void *context;
	enum sk_err (*say)(void *context, const struct sk_finding *finding); /* in the order of who, to whom */
	struct sk_stored_counts counts;
};

struct sk_stored_detector {
	const char *name;                  /* as in detectors.def */
	const struct sk_threshold *thresholds;
	size_t threshold_count;
	enum sk_err (*run)(struct sk_stored_run *run, struct sk_fault *fault);
};

/* The detector of a name; NULL: it is none of the centre's. Static storage. */
const struct sk_stored_detector *sk_stored_detector(const char *name);
/* Its thresholds, *count gets how many; NULL for any other name. */
const struct sk_threshold *sk_stored_thresholds(const char *name, size_t *count);
/* Run it over run->source. SK_ENOMEM, and what walk, visit and say return. */
SK_MUST enum sk_err sk_stored_run(const struct sk_stored_detector *detector, struct sk_stored_run *run, struct sk_fault *fault);

#endif
