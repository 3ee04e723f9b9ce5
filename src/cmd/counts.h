/* SPDX-License-Identifier: Apache-2.0 */
/* Counts in a workspace, DIR/counts/: what was asked for, and the number that the sensor tells of it.
     ID.request  the signed request (basis/count.h)     ID.ended  the same, ended before its time     ID.json  the number (docs/formats/count.md) */
#ifndef SK_CMD_COUNTS_H
#define SK_CMD_COUNTS_H

#include <sys/stat.h>

#include "basis/count.h"
#include "cmd/collector.h"
#include "detect/counter.h"
#include "engine/crew.h"

enum { SK_COUNTS_FILES_MAX = 4096 };

/* What the sensor told of a request. */
struct sk_count_told {
	char state[16];             /* counting; counted: its time is over; stopped: the sensor stopped first */
	uint8_t request[SK_HASH_BYTES];
	bool small;                 /* fewer than the smallest cell: hosts is 0 and means nothing */
	uint64_t hosts;
	uint64_t seconds;           /* that it has counted since it began last; 0: nothing was seen yet, and the number means nothing */
	uint64_t begun;             /* how often it began */
	int64_t since_ns, told_ns;  /* when it began last; when this was told */
};

/* ---- files ---- */

/* DIR/counts/ID.ENDING into path. */
const char *sk_counts_path(const struct sk_workspace *workspace, const char *id, const char *ending, char path[SK_PATH_MAX]);
/* Read and verify a request, ended or not (*ended). SK_ENOENT, errors of sk_count_request_decode. */
SK_MUST enum sk_err sk_counts_request(const struct sk_workspace *workspace, const char *id, struct sk_count_request *out, bool *ended, struct sk_fault *fault);
/* What the sensor told of it. SK_ENOENT: nothing yet; SK_EINCONSISTENT: the file is not what a sensor writes, or is of another request. */
SK_MUST enum sk_err sk_counts_told(const struct sk_workspace *workspace, const struct sk_count_request *request, struct sk_count_told *out, struct sk_fault *fault);
/* Write it, 0600, whole or not at all. */
SK_MUST enum sk_err sk_counts_tell(const struct sk_workspace *workspace, const char *id, const struct sk_count_told *told, struct sk_fault *fault);
/* Visit the ids that have a file with this ending ("request", "ended"), in no order. A visit that returns other than SK_OK ends it with that. */
SK_MUST enum sk_err sk_counts_each(const struct sk_workspace *workspace, const char *ending, enum sk_err (*visit)(void *context, const char *id, const struct stat *file, struct sk_fault *fault),
				   void *context, struct sk_fault *fault);

/* ---- a sensor that counts (counting.c) ---- */

struct sk_counting; /* opaque */

struct sk_counting_options {
	const struct sk_workspace *workspace; /* borrowed, as the rest */
	struct sk_clock clock;
	struct sk_collector *collector;
	struct sk_crew *const *crews;
	size_t crew_count;
	bool no_heads;                /* names are not read here, so they cannot be counted */
	void *context;
	/* A request was refused, or a number could not be written; told once each. No target stands in it. */
	void (*refused)(void *context, const struct sk_fault *fault);
};

/* Make one. SK_ENOMEM. */
SK_MUST enum sk_err sk_counting_new(const struct sk_counting_options *options, struct sk_counting **out, struct sk_fault *fault);
/* Look at the folder: take up what is new, end what is gone. Errors are the ledger's alone. rule: COUNT-3 */
SK_MUST enum sk_err sk_counting_look(struct sk_counting *counting, const struct sk_basis *basis, struct sk_fault *fault);
/* Often: what is over is told and overwritten; what a reload made anew begins again. Costs nothing while nothing runs. Errors are the ledger's alone. rule: COUNT-2 */
SK_MUST enum sk_err sk_counting_turn(struct sk_counting *counting, struct sk_fault *fault);
/* Tell the numbers as they are; last: the sensor stops. */
void sk_counting_tell(struct sk_counting *counting, bool last);
/* How many run. NULL: none. */
size_t sk_counting_running(const struct sk_counting *counting);
/* Overwrite and free (NULL is fine). */
void sk_counting_free(struct sk_counting *counting);

#endif
