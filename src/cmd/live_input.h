/* SPDX-License-Identifier: Apache-2.0 */
/* A live link as the input of a command: the interface opened behind the gate in the kernel, the loop that takes its frames until time or a signal ends it, what the ledger and
   the summary say of it. */
#ifndef SK_CMD_LIVE_INPUT_H
#define SK_CMD_LIVE_INPUT_H

#include "cmd/cmd.h"
#include "cmd/collector.h"
#include "live/live.h"
#include "text/json.h"

struct sk_live_args {
	const char *interface;          /* NULL: captures */
	enum sk_live_mode mode;
	bool zero_copy;
	int64_t for_ns;                 /* 0: until a signal */
};

/* What ran, for the summary. */
struct sk_live_result {
	bool used;
	char link[64];                  /* the interface as the ledger names it */
	struct sk_live_facts facts;
	struct sk_live_counters counters;
	bool link_failed;               /* the loop ended because the link did: everything until then is in order */
};

/* Who works on the frames. Errors end the loop; SK_EEXPIRED: what is left in the rings is not looked at. */
struct sk_live_user {
	void *context;
	enum sk_err (*feed)(void *context, struct sk_frame *frames, size_t count, struct sk_fault *fault); /* also with none, some ten times a second */
	void (*count)(void *context, const struct sk_source *source, int64_t now_ns);                      /* its counts are due; now_ns since 1970 */
	enum sk_err (*interval)(void *context, struct sk_fault *fault);                                    /* once a minute */
};

/* Take "auto", "xdp", "xdp-native", "xdp-generic", "packet". SK_EMALFORMED. */
SK_MUST enum sk_err sk_live_mode_parse(const char *text, enum sk_live_mode *out);
/* Open for so many readers (0 = 1); the gate is shut. SK_EPERMIT: zero-copy under a statutory profile; else as sk_live_open. */
SK_MUST enum sk_err sk_live_input_open(struct sk_cmd *cmd, const struct sk_workspace *workspace, const struct sk_live_args *args, unsigned readers, const struct sk_border *border,
				       unsigned classes, struct sk_live **out, struct sk_live_result *result, struct sk_fault *fault);
/* Say in the ledger what stands before the link; then open the gate. */
SK_MUST enum sk_err sk_live_input_start(struct sk_cmd *cmd, struct sk_live *live, struct sk_collector *collector, struct sk_live_result *result, struct sk_fault *fault);
/* Take frames until for_ns is over (SK_OK), a signal came (SK_EINTR), or the user of frames or the link fails (result->link_failed). On return the gate is shut and the rings are empty, and
   everything was counted. */
SK_MUST enum sk_err sk_live_input_run(struct sk_cmd *cmd, struct sk_live *live, const struct sk_live_args *args, const struct sk_live_user *user, struct sk_live_result *result,
				      struct sk_fault *fault);
/* What ran and what that means for the promise, for people and for machines (key "live"). */
void sk_live_print(FILE *out, const struct sk_live_result *result);
/* The same as JSON. */
void sk_live_json(struct sk_json_writer *json, const struct sk_live_result *result);

#endif
