/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/session.h"

#include <stdlib.h>

#include "access/factor.h"

static const char variable[] = "SEKISHO_SESSION";

const char *sk_cmd_session_token(void)
{
	const char *token = getenv(variable);
	return token != NULL && token[0] != '\0' ? token : NULL;
}

bool sk_cmd_session(void)
{
	return sk_cmd_session_token() != NULL;
}

enum sk_err sk_cmd_session_person(const struct sk_centre *centre, struct sk_access *access, int64_t now_ns, struct sk_person *out, struct sk_fault *fault)
{
	char db[SK_PATH_MAX], key[SK_PATH_MAX], account[SK_MATTER_ID_MAX];
	struct sk_factors *factors = NULL;
	if (!sk_cmd_session())
		return sk_fault_set(fault, SK_EUSAGE, "nobody is signed in: %s is not set; sign in (sekisho access session begin), or act with --key FILE", variable);
	SK_TRY(sk_factors_open(sk_centre_path(centre, "access.db", db), sk_centre_path(centre, "keys/access.key", key), &factors, fault));
	enum sk_err err = sk_factors_now(factors, now_ns, &now_ns, fault);
	if (err == SK_OK)
		err = sk_session_check(factors, getenv(variable), now_ns, account, fault);
	sk_factors_close(factors);
	if (err == SK_OK)
		err = sk_access_person_of(access, account, now_ns, out, fault);
	return err;
}
