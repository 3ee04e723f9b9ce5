/* SPDX-License-Identifier: Apache-2.0 */
/* How a link is, in words: for the summary of a run and for sekisho top. */
#ifndef SK_CMD_LINK_HEALTH_H
#define SK_CMD_LINK_HEALTH_H

#include <stdio.h>

#include "pulse/pulse.h"
#include "text/json.h"

/* What enum sk_pulse_standing says, "-" for what it does not know. Static storage. */
const char *sk_link_health_word(uint64_t standing);
/* A paragraph of a summary. */
void sk_link_health_print(FILE *out, const char *link, const struct sk_pulse_state *state);
/* The same as JSON, under "link_health". */
void sk_link_health_json(struct sk_json_writer *json, const struct sk_pulse_state *state);

#endif
