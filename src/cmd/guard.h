/* SPDX-License-Identifier: Apache-2.0 */
/* What every run over frames or records begins with: no core file, an interrupt that ends it in order, a border table that was approved, an output that
   is none of the inputs. */
#ifndef SK_CMD_GUARD_H
#define SK_CMD_GUARD_H

#include "border/border.h"
#include "cmd/workspace.h"

/* Frames and records pass through this process's memory: no core file may ever hold them. */
void sk_guard_no_core(void);
/* From now on SIGINT and SIGTERM are only noted. handing_on: a reader that goes away is an error and no signal, and a second SIGINT or SIGTERM ends the
   process where it stands, for the reader of a pipe may never come back. */
void sk_guard_signals(bool handing_on);
/* Was there one since? To be asked between batches. */
bool sk_guard_interrupted(void);
/* For a service: SIGHUP is noted too, and a reader that goes away is an error and no signal. */
void sk_guard_hangups(void);
/* Was there a SIGHUP since this was asked last? */
bool sk_guard_hung_up(void);
/* Oversight suspends a basis by a file, DIR/suspended unless the configuration names another; what stands in it does not matter. */
struct sk_suspension {
	char path[SK_PATH_MAX];
	int64_t asked_ns; /* monotonic */
	bool seen;
};
/* Before a run: SK_ESUSPENDED while the file is there. path: of the file, NULL: that of the workspace. rule: BASIS-2 */
SK_MUST enum sk_err sk_guard_suspension(const struct sk_workspace *workspace, const char *path, struct sk_suspension *suspension, struct sk_fault *fault);
/* During it: has the file appeared? Looks five times a second at most; once seen it stays. */
bool sk_guard_suspended(struct sk_suspension *suspension, int64_t monotonic_ns);
/* Open the table (path NULL: the workspace's): it is the one that was approved, and one that a basis of this kind accepts. *border is NULL before, and
   the caller closes it, also after an error. SK_ENOENT, SK_EMALFORMED, SK_EBORDER. rule: BORDER-5 */
SK_MUST enum sk_err sk_guard_border(const struct sk_workspace *workspace, const char *path, const struct sk_basis *basis, struct sk_border **border, struct sk_border_info *info,
				    struct sk_fault *fault);
/* SK_EUSAGE when the file that will be written is also one that will be read, under whatever name: it would be lost. what names the option. */
SK_MUST enum sk_err sk_guard_output(const char *what, const char *output, const char *const *captures, size_t count, struct sk_fault *fault);

#endif
