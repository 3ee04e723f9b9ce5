/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SK_DETECT_PRIV_H
#define SK_DETECT_PRIV_H

#include "detect/detect.h"

/* Ask the selectors about a head; facts are attached on a hit. Returns the number of new hits. detect->set is not NULL. */
unsigned sk_detect_match(const struct sk_detect *detect, struct sk_flow_table *table, struct sk_flow *flow, const struct sk_head *head);
/* Keep of a head what may be needed of it when the segment is selected. */
void sk_detect_keep(struct sk_flow_facts *facts, const struct sk_head *head);

#endif
