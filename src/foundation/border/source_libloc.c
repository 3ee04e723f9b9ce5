/* SPDX-License-Identifier: Apache-2.0 */
/* The IPFire location database through its own library. Nothing is read from it before its signature verifies. */
#include <errno.h>
#include <stdio.h>

#include <libloc/libloc.h>
#include <libloc/database.h>
#include <libloc/network.h>

#include "base/file.h"
#include "border/build_priv.h"
#include "seal/seal.h"

/* Faults are ours to report; the library's own lines would reach standard error. */
static void quiet(struct loc_ctx *context, int priority, const char *file, int line, const char *function, const char *format, va_list args)
{
	(void)context, (void)priority, (void)file, (void)line, (void)function, (void)format, (void)args;
}

static enum sk_err digest_of(const char *path, FILE *file, uint8_t digest[32], struct sk_fault *fault)
{
	uint8_t block[65536];
	SK_TRY(sk_seal_start());
	struct sk_sha256 *hash = sk_sha256_new();
	if (hash == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", path);
	for (size_t got; (got = fread(block, 1, sizeof block, file)) > 0;)
		sk_sha256_add(hash, block, got);
	sk_sha256_take(hash, digest);
	sk_sha256_free(hash);
	if (ferror(file))
		return sk_fault_errno(fault, errno, "%s: cannot read", path);
	rewind(file);
	return SK_OK;
}

static enum sk_err verify(const char *path, struct loc_database *database, const char *key_path, struct sk_fault *fault)
{
	FILE *key = fopen(key_path, "re");
	if (key == NULL)
		return sk_fault_set(fault, SK_ENOENT,
				    "%s: no public key to verify %s with; Debian's package 'location' ships it, --libloc-key names another", key_path,
				    path);
	int failed = loc_database_verify(database, key);
	(void)fclose(key);
	return failed == 0
		       ? SK_OK
		       : sk_fault_set(fault, SK_ESIGNATURE, "%s: the signature does not verify under %s; fetch the database again", path, key_path);
}

static enum sk_err add_network(struct sk_border_build *build, unsigned source, const char *path, struct loc_network *network, struct sk_fault *fault)
{
	struct sk_saying saying;
	unsigned family = loc_network_address_family(network) == AF_INET ? 4 : 6;
	const struct in6_addr *first = loc_network_get_first_address(network), *last = loc_network_get_last_address(network);
	const char *code = loc_network_get_country_code(network);
	if (sk_source_country(build, code != NULL ? code : "", &saying) != SK_OK)
		return sk_fault_set(fault, SK_EINPUT, "%s: '%.20s' is no country code", path, code);
	size_t skip = family == 4 ? 12 : 0; /* the library keeps IPv4 mapped into IPv6 */
	return sk_source_range(build, source, family, sk_u128_of(first->s6_addr + skip, family), sk_u128_of(last->s6_addr + skip, family), saying, 0,
			       fault);
}

static enum sk_err add_networks(struct sk_border_build *build, unsigned source, const char *path, struct loc_database *database,
				struct sk_fault *fault)
{
	struct loc_database_enumerator *all = NULL;
	struct loc_network *network = NULL;
	if (loc_database_enumerator_new(&all, database, LOC_DB_ENUMERATE_NETWORKS, 0) != 0)
		return sk_fault_set(fault, SK_ENOMEM, "%s: libloc cannot list networks", path);
	enum sk_err err = SK_OK;
	int failed = 0;
	while (err == SK_OK && (failed = loc_database_enumerator_next_network(all, &network)) == 0 && network != NULL) {
		err = add_network(build, source, path, network, fault);
		(void)loc_network_unref(network);
		network = NULL;
	}
	(void)loc_database_enumerator_unref(all);
	if (err == SK_OK && failed != 0)
		err = sk_fault_set(fault, SK_EINPUT, "%s: libloc stopped in the middle of the networks; fetch the database again", path);
	return err;
}

static enum sk_err read_database(struct sk_border_build *build, const char *path, const char *key_path, struct loc_ctx *context, FILE *file,
				 struct sk_fault *fault)
{
	uint8_t digest[32];
	unsigned source;
	struct loc_database *database = NULL;
	SK_TRY(digest_of(path, file, digest, fault));
	if (loc_database_new(context, &database, file) != 0)
		return sk_fault_set(fault, SK_EINPUT, "%s: not a location database that libloc can read", path);
	enum sk_err err = verify(path, database, key_path, fault);
	if (err == SK_OK)
		err = sk_source_new(build, SK_BORDER_LIBLOC, SK_SIDE_UNKNOWN, path, &source, fault);
	if (err == SK_OK) {
		build->source[source].facts.date_unix_ns = (int64_t)loc_database_created_at(database) * 1000000000;
		memcpy(build->source[source].facts.digest, digest, sizeof digest);
		err = add_networks(build, source, path, database, fault);
	}
	(void)loc_database_unref(database);
	return err;
}

enum sk_err sk_border_build_libloc(struct sk_border_build *build, const char *path, const char *key_path, struct sk_fault *fault)
{
	struct loc_ctx *context = NULL;
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return errno == ENOENT ? sk_fault_set(fault, SK_ENOENT, "%s: no such file; Debian's package 'libloc-database' has one", path)
				       : sk_fault_errno(fault, errno, "%s: cannot open", path);
	if (loc_new(&context) != 0) {
		(void)fclose(file);
		return sk_fault_set(fault, SK_ENOMEM, "%s: libloc does not start", path);
	}
	loc_set_log_fn(context, quiet);
	enum sk_err err = read_database(build, path, key_path != NULL ? key_path : SK_BORDER_LIBLOC_KEY, context, file, fault);
	(void)loc_unref(context);
	(void)fclose(file);
	return err;
}
