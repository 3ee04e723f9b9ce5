/* SPDX-License-Identifier: Apache-2.0 */
/* What the judges share with whoever judges once more. */
#ifndef SK_CUSTODY_PRIV_H
#define SK_CUSTODY_PRIV_H

#include "custody/reident.h"

/* Who signed, and may he, now and when he signed? A statement is good for a day, and nobody gains by waiting. Errors of sk_access_who and sk_access_may. */
enum sk_err sk_custody_author(struct sk_access *access, const char *note, size_t length, const struct sk_act *act, const char *duty, int64_t now_ns, struct sk_person *person, struct sk_fault *fault);
/* A person's act of matter retention or reident, from that state ("" before the first) on. request: as its acts so far tell; not read before the first. */
enum sk_err sk_retention_weigh(struct sk_access *access, const struct sk_provision *provision, const char *state, const char *note, size_t length, const struct sk_act *act, int64_t now_ns,
			       struct sk_person *person, struct sk_act_facts *facts, struct sk_fault *fault);
enum sk_err sk_reident_weigh(struct sk_access *access, const struct sk_reident_rule *rule, const char *state, const struct sk_reident *request, const char *note, size_t length, const struct sk_act *act,
			     int64_t now_ns, struct sk_person *person, struct sk_act_facts *facts, struct sk_fault *fault);
/* One more act of a request. */
enum sk_err sk_reident_fold(struct sk_access *access, const struct sk_entry *entry, struct sk_reident *request, struct sk_fault *fault);

#endif
