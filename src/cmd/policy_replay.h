/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho policy replay. */
#ifndef SK_CMD_POLICY_REPLAY_H
#define SK_CMD_POLICY_REPLAY_H

#include "cmd/office.h"

/* Judge every act of the office's docket again, each under the policy of its day, or all under one (NULL: none); print what does not agree and what was judged. SK_EINCONSISTENT: some do not agree. */
SK_MUST enum sk_err sk_cmd_policy_replay(struct sk_cmd *cmd, struct sk_office *office, const struct sk_law *under, bool json, struct sk_fault *fault);

#endif
