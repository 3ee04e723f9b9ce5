/* SPDX-License-Identifier: Apache-2.0 */
/* What order.c gives warrant.c. */
#ifndef SK_WARRANT_PRIV_H
#define SK_WARRANT_PRIV_H

#include "text/json.h"
#include "warrant/warrant.h"

/* Is every field in its range and within measure.def's limits? err says what it means when not. rule: WARRANT-3 */
SK_MUST enum sk_err sk_order_check(const struct sk_order *order, enum sk_err err, struct sk_fault *fault);
/* Write the line of a checked order into an empty buffer and set its digest. SK_ENOMEM, SK_ETOOBIG. */
SK_MUST enum sk_err sk_order_write(struct sk_order *order, struct sk_buf *out);
/* Fill a zeroed order from its JSON object, and check it. SK_EMALFORMED. The caller compares the canonical text. */
SK_MUST enum sk_err sk_order_read(const struct sk_json_value *object, struct sk_order *order, struct sk_fault *fault);

#endif
