/* SPDX-License-Identifier: Apache-2.0 */
/* Key files that seal a database: random bytes, one file each. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "seal/seal.h"

/* Made whole under another name and linked: a link never replaces what is there. */
enum sk_err sk_secret_make(const char *path, struct sk_fault *fault)
{
	char fresh_path[SK_PATH_MAX];
	uint8_t fresh[SK_KEY_BYTES];
	uint64_t random;
	if (sk_file_exists(path))
		return SK_OK;
	sk_random(&random, sizeof random);
	if (snprintf(fresh_path, sizeof fresh_path, "%s.%016llx", path, (unsigned long long)random) >= (int)sizeof fresh_path)
		return sk_fault_set(fault, SK_ETOOBIG, "%.100s...: path too long", path);
	sk_random(fresh, sizeof fresh);
	enum sk_err err = sk_file_replace(fresh_path, fresh, sizeof fresh, 0600, fault);
	sk_wipe(fresh, sizeof fresh);
	if (err == SK_OK && link(fresh_path, path) != 0 && errno != EEXIST)
		err = sk_fault_errno(fault, errno, "%s: cannot make", path);
	(void)unlink(fresh_path);
	return err;
}

enum sk_err sk_secret_load(const char *path, uint8_t **out, struct sk_fault *fault)
{
	struct sk_buf bytes;
	*out = NULL;
	SK_TRY(sk_file_check_private(path, fault));
	uint8_t *secret = sodium_malloc(SK_KEY_BYTES);
	if (secret == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of locked memory");
	sk_buf_init(&bytes, 2 * SK_KEY_BYTES);
	enum sk_err err = sk_file_read(path, &bytes, fault);
	if (err == SK_OK && bytes.length != SK_KEY_BYTES)
		err = sk_fault_set(fault, SK_EMALFORMED, "%s: expected %d bytes, found %zu", path, SK_KEY_BYTES, bytes.length);
	if (err == SK_OK)
		memcpy(secret, bytes.bytes, SK_KEY_BYTES);
	sk_buf_fini(&bytes);
	if (err == SK_OK)
		*out = secret;
	else
		sodium_free(secret);
	return err;
}

void sk_secret_free(uint8_t *secret)
{
	sodium_free(secret);
}
