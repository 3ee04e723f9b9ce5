/* SPDX-License-Identifier: Apache-2.0 */
/* One act of oversight's matters (remark, selfreport, inspection) from the command line to the docket, and how they are listed. */
#ifndef SK_CMD_OVERSIGHT_ACT_H
#define SK_CMD_OVERSIGHT_ACT_H

#include "cmd/office.h"
#include "oversight/matters.h"

/* How one stands now: zeroed (acts 0) when there is none of that id. */
SK_MUST enum sk_err sk_oversight_find(struct sk_office *office, const char *matter, const char *id, struct sk_oversight_matter *out, struct sk_fault *fault);
/* The statement, signed or written out (*written), and judged against *matter, which is carried out on it; nothing is added yet. The note is the caller's to fini unless written or failed. */
SK_MUST enum sk_err sk_oversight_prepare(struct sk_office *office, const struct sk_actor *actor, const char *matter_name, const char *id, const char *event, const struct sk_buf *body,
					 struct sk_oversight_matter *matter, struct sk_buf *note, struct sk_act_facts *facts, bool *written, struct sk_fault *fault);
/* The whole: open, prepare, add, say what was done. Returns the exit code. */
int sk_oversight_act(struct sk_cmd *cmd, const struct sk_office_args *args, const char *matter, const char *id, const char *event, const struct sk_buf *body);
/* After an act was added: one line, or JSON. */
void sk_oversight_say(struct sk_cmd *cmd, bool json, const struct sk_oversight_matter *matter, const char *event, uint64_t leaf);

#endif
