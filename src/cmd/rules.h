/* SPDX-License-Identifier: Apache-2.0 */
/* The two sets of a run as one: indicators and rules are approved together. */
#ifndef SK_CMD_RULES_H
#define SK_CMD_RULES_H

#include "basis/basis.h"
#include "rules/rules.h"

#define SK_RULES_FILE "rules.set"

/* What a basis and the ledger are told of both; either may be NULL. Without rules it is the indicators' facts as they are; with rules `command` is one of the kinds, and the
   digest is over both digests. rule: BASIS-3 */
struct sk_set_facts sk_rules_set_facts(const struct sk_set_facts *indicators, const struct sk_rules *rules);

#endif
