/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of `sekisho retention` share. */
#ifndef SK_CMD_RETENTION_H
#define SK_CMD_RETENTION_H

#include "cmd/custody.h"

/* From the first act on: keys on record as gone, keys gone, certificate. Goes on where a crash ended it. */
SK_MUST enum sk_err sk_retention_carry_out(struct sk_custody_run *run, const char *id, const char *note, size_t length, const struct sk_erasure *erasure, struct sk_fault *fault);
/* due: the days whose time is over, and keys that came back. */
SK_MUST enum sk_err sk_retention_list_due(struct sk_custody_run *run, struct sk_fault *fault);
/* list: every day. */
SK_MUST enum sk_err sk_retention_list_all(struct sk_custody_run *run, struct sk_fault *fault);
/* holders: who else holds what. */
SK_MUST enum sk_err sk_retention_list_holders(struct sk_custody_run *run, struct sk_fault *fault);
/* certificate: the certificates, in words or as they stand. */
SK_MUST enum sk_err sk_retention_certificates(struct sk_custody_run *run, struct sk_fault *fault);
/* check: each certificate against its request, the keys and the store. */
SK_MUST enum sk_err sk_retention_check(struct sk_custody_run *run, struct sk_fault *fault);

/* Another key in the place of oversight's or a custodian's (custody_rekey.c). rule: CUSTODY-9 */
SK_MUST enum sk_err sk_retention_rekey(struct sk_custody_run *run, struct sk_fault *fault);

#endif
