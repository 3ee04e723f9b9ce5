/* SPDX-License-Identifier: Apache-2.0 */
/* access/credential.h: what services sign in with: a random secret in a file of its own (0600), its hash in access.db. A rotation leaves the old one good for a
   while, so that nothing stands still. There is no default secret. rule: ACCESS-12 */
#ifndef SK_ACCESS_CREDENTIAL_H
#define SK_ACCESS_CREDENTIAL_H

#include "access/factor.h"

enum { SK_CREDENTIAL_BYTES = 32, SK_CREDENTIAL_TEXT = 2 * SK_CREDENTIAL_BYTES, SK_CREDENTIAL_OVERLAP_S_MAX = 30 * 86400 };

/* Make the first secret of a service and write it to a file that must not exist (0600). SK_EEXIST (service or file). */
SK_MUST enum sk_err sk_credential_new(struct sk_factors *factors, const char *service, const char *path, int64_t now_ns, struct sk_fault *fault);
/* Make a further one; those before it end overlap_s from now (0: at once). The file is replaced when it exists. SK_ENOENT (no such service), SK_EUSAGE. */
SK_MUST enum sk_err sk_credential_rotate(struct sk_factors *factors, const char *service, const char *path, int64_t overlap_s, int64_t now_ns, struct sk_fault *fault);
/* End all of a service's at once; *count gets how many. SK_ENOENT. */
SK_MUST enum sk_err sk_credential_revoke(struct sk_factors *factors, const char *service, uint64_t *count, struct sk_fault *fault);
/* Is what the file holds a secret of that service, in force now? SK_EPERMS when others may read the file, SK_EFACTOR, SK_ENOENT (no file), SK_EMALFORMED. */
SK_MUST enum sk_err sk_credential_check(struct sk_factors *factors, const char *service, const char *path, int64_t now_ns, struct sk_fault *fault);
/* Visit all: until_ns INT64_MAX: no end. */
SK_MUST enum sk_err sk_credential_each(struct sk_factors *factors, void (*visit)(void *context, const char *service, int64_t from_ns, int64_t until_ns), void *context,
				       struct sk_fault *fault);

#endif
