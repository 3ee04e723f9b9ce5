/* SPDX-License-Identifier: Apache-2.0 */
/* The table of backends. */
#include "target/target_priv.h"

static const struct sk_backend *const backends[] = {
#define SK_BACKEND(symbol) &symbol,
#include "target/backend.def"
#undef SK_BACKEND
	NULL,
};

const struct sk_backend *sk_backend_at(size_t i)
{
	return i < SK_COUNT(backends) ? backends[i] : NULL; /* the last is NULL */
}

const struct sk_backend *sk_backend_find(const char *name)
{
	for (size_t i = 0; backends[i] != NULL; i++)
		if (strcmp(backends[i]->name, name) == 0)
			return backends[i];
	return NULL;
}
