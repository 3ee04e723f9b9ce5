/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration may ask only in a workspace of profile lab: to run without walls, or with memory that may reach swap space. */
#ifndef SK_CMD_CONF_LAWFUL_H
#define SK_CMD_CONF_LAWFUL_H

#include "cmd/workspace.h"
#include "conf/conf.h"

/* SK_OK, or SK_EPERMIT with the key that the profile does not allow. */
SK_MUST enum sk_err sk_conf_lawful(const struct sk_conf *conf, enum sk_profile profile, struct sk_fault *fault);

#endif
