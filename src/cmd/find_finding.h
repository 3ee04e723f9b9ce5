/* SPDX-License-Identifier: Apache-2.0 */
/* A stored finding by what a person types: its id, or the beginning of one. */
#ifndef SK_CMD_FIND_FINDING_H
#define SK_CMD_FIND_FINDING_H

#include "store/store.h"

enum { SK_FINDING_PREFIX_MIN = 4 };

/* Could text be an id or the beginning of one: at least 4 and at most 32 hexadecimal digits? */
bool sk_is_finding_prefix(const char *text);
/* SK_OK and *out; SK_ENOENT when no finding begins so, SK_EUSAGE when several do (the fault names two). */
SK_MUST enum sk_err sk_find_finding(struct sk_store *store, const char *prefix, struct sk_finding *out, struct sk_fault *fault);
/* Did any finding match this value? */
SK_MUST enum sk_err sk_finding_matched(struct sk_store *store, const char *value, bool *any, struct sk_fault *fault);

#endif
