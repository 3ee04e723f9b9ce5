/* SPDX-License-Identifier: Apache-2.0 */
/* access.db: sealed items by kind, account and name. */
#ifndef SK_ACCESS_VAULT_PRIV_H
#define SK_ACCESS_VAULT_PRIV_H

#include <sqlite3.h>

#include "access/factor.h"
#include "base/file.h"
#include "text/json.h"

enum { SK_ITEM_MAX = 1 << 14, SK_ITEM_NAME_MAX = SK_CREDENTIAL_ID_MAX };

struct sk_factors {
	sqlite3 *db;
	uint8_t *key;              /* 32 bytes of locked memory */
	char path[SK_PATH_MAX];
};

/* All that one call reads and writes is one transaction: two processes cannot both take one code. */
enum sk_err sk_vault_begin(struct sk_factors *factors, struct sk_fault *fault);
/* Commit when err is SK_OK or SK_EFACTOR (a failure is counted), else roll back; returns err, or what the commit says. */
enum sk_err sk_vault_end(struct sk_factors *factors, enum sk_err err, struct sk_fault *fault);
/* Put, replacing. */
enum sk_err sk_vault_put(struct sk_factors *factors, const char *kind, const char *account, const void *name, size_t name_length, const struct sk_buf *value,
			 struct sk_fault *fault);
/* Get; SK_ENOENT without a line of its own, SK_ESIGNATURE when it was changed or moved. Appends to value. */
enum sk_err sk_vault_get(struct sk_factors *factors, const char *kind, const char *account, const void *name, size_t name_length, struct sk_buf *value,
			 struct sk_fault *fault);
/* Delete; *count gets how many. name NULL: all of that kind; account NULL: of all accounts. */
enum sk_err sk_vault_delete(struct sk_factors *factors, const char *kind, const char *account, const void *name, size_t name_length, uint64_t *count,
			    struct sk_fault *fault);
typedef void (*sk_vault_visit)(void *context, const char *account, const void *name, size_t name_length, const struct sk_buf *value);
/* Visit all of a kind (account NULL: of all accounts). */
enum sk_err sk_vault_each(struct sk_factors *factors, const char *kind, const char *account, sk_vault_visit visit, void *context, struct sk_fault *fault);
/* Parse an item as a canonical JSON object: SK_EMALFORMED. Free doc. */
enum sk_err sk_vault_read(const struct sk_buf *value, struct sk_json_doc **doc, struct sk_fault *fault);
/* The one line for whoever is refused. */
enum sk_err sk_factor_refused(struct sk_fault *fault, const char *account, const char *why);

#endif
