/* SPDX-License-Identifier: Apache-2.0 */
/* Ed25519 keys and their text forms: "name+id+base64" for verifiers, "PRIVATE+KEY+name+id+base64" for signers (golang.org/x/mod/sumdb/note). */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "seal/seal_priv.h"
#include "wire/wire.h"

enum { ID_DIGITS = 8, KEY_FILE_MAX_BYTES = 1024, ED25519_BYTES = 32, TYPED_SEED_BYTES = 1 + 32, TYPED_SEED_TEXT_MAX = 45 };
/* type, long name and LF, key, scope */
enum { LONG_NAME_MAX = 32, TYPED_KEY_MAX = 1 + LONG_NAME_MAX + SK_PUBLIC_KEY_MAX + SK_KEY_SCOPE_MAX, TYPED_KEY_TEXT_MAX = (TYPED_KEY_MAX + 2) / 3 * 4 + 1 };

static const char private_mark[] = "PRIVATE+KEY+";

struct sk_sign_key {
	struct sk_verify_key public;
	uint8_t *secret; /* crypto_sign_SECRETKEYBYTES in locked, guarded pages */
};

static const struct {
	const char *name;
	size_t bytes;
	bool scoped;
} kinds[SK_KEY_KIND_COUNT] = {
	[SK_KEY_ASSIGNED] = {"", ED25519_BYTES, false},
#define SK_KEY_KIND(symbol, name, bytes, scoped) [SK_KEY_##symbol] = {name, bytes, scoped},
#include "seal/kind.def"
#undef SK_KEY_KIND
};

/* Type and key as C2SP wants them hashed and written. */
static size_t write_typed(const struct sk_verify_key *key, uint8_t out[TYPED_KEY_MAX])
{
	struct sk_out o = sk_out_of(out, TYPED_KEY_MAX);
	SK_INVARIANT(key->kind < SK_KEY_KIND_COUNT);
	sk_put_u8(&o, key->type);
	if (key->kind != SK_KEY_ASSIGNED) {
		sk_put_bytes(&o, kinds[key->kind].name, strlen(kinds[key->kind].name));
		sk_put_u8(&o, '\n');
	}
	sk_put_bytes(&o, key->public_key, kinds[key->kind].bytes);
	sk_put_bytes(&o, key->scope, strnlen(key->scope, sizeof key->scope - 1));
	SK_INVARIANT(!o.dead);
	return sk_out_length(&o);
}

uint32_t sk_key_id(const struct sk_verify_key *key)
{
	uint8_t bytes[SK_KEY_NAME_MAX + 1 + TYPED_KEY_MAX], digest[SK_HASH_BYTES];
	size_t length = strnlen(key->name, SK_KEY_NAME_MAX);
	memcpy(bytes, key->name, length);
	bytes[length] = '\n';
	sk_sha256(bytes, length + 1 + write_typed(key, bytes + length + 1), digest);
	return (uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 | (uint32_t)digest[2] << 8 | digest[3];
}

bool sk_key_scope_valid(const struct sk_verify_key *key)
{
	for (const char *at = key->scope; *at != '\0'; at++)
		if (*at <= ' ' || *at > '~')
			return false;
	return (key->scope[0] != '\0') == kinds[key->kind].scoped;
}

/* Type, kind, key and scope out of the base64 part. */
static bool read_typed(const uint8_t *bytes, size_t length, struct sk_verify_key *key)
{
	struct sk_cur c = sk_cur_of(bytes, length);
	key->type = sk_u8(&c);
	if (key->type == SK_KEY_UNASSIGNED) {
		size_t kind = SK_KEY_ASSIGNED + 1;
		for (; kind < SK_KEY_KIND_COUNT; kind++) {
			struct sk_cur trial = c;
			size_t name_length = strlen(kinds[kind].name);
			const uint8_t *name = sk_take(&trial, name_length);
			if (name != NULL && memcmp(name, kinds[kind].name, name_length) == 0 && sk_u8(&trial) == '\n') {
				c = trial;
				break;
			}
		}
		if (kind == SK_KEY_KIND_COUNT)
			return false;
		key->kind = (enum sk_key_kind)kind;
	} else if (key->type != SK_KEY_ED25519 && key->type != SK_KEY_COSIGNATURE) {
		return false;
	}
	sk_copy(&c, key->public_key, kinds[key->kind].bytes);
	size_t scope = sk_left(&c);
	if (c.dead || scope >= sizeof key->scope)
		return false;
	sk_copy(&c, key->scope, scope);
	return strlen(key->scope) == scope && sk_key_scope_valid(key);
}

/* "name+hex8+base64(type||key)": the parts, and whether each has its form. The id is compared by the caller, who knows the public key. */
static bool split_key(struct sk_span text, char name[SK_KEY_NAME_MAX], struct sk_span *id, uint8_t *typed_key, size_t capacity, size_t *length)
{
	struct sk_span name_span;
	if (!sk_span_until(&text, '+', &name_span) || !sk_span_until(&text, '+', id))
		return false;
	if (!sk_key_name_valid(name_span) || name_span.length >= SK_KEY_NAME_MAX || id->length != ID_DIGITS)
		return false;
	memcpy(name, name_span.at, name_span.length);
	name[name_span.length] = '\0';
	return sk_span_base64(text, typed_key, capacity, length);
}

static bool id_matches(struct sk_span id, uint32_t expected)
{
	char digits[ID_DIGITS + 1];
	(void)snprintf(digits, sizeof digits, "%08x", expected);
	return sk_span_is(id, digits);
}

enum sk_err sk_verify_key_parse_span(struct sk_span text, struct sk_verify_key *out)
{
	uint8_t typed_key[TYPED_KEY_MAX];
	size_t length;
	struct sk_span id;
	struct sk_verify_key key = {0};
	if (!split_key(text, key.name, &id, typed_key, sizeof typed_key, &length) || !read_typed(typed_key, length, &key))
		return SK_EMALFORMED;
	key.id = sk_key_id(&key);
	if (!id_matches(id, key.id))
		return SK_EMALFORMED;
	*out = key;
	return SK_OK;
}

enum sk_err sk_verify_key_parse(const char *text, struct sk_verify_key *out)
{
	return sk_verify_key_parse_span((struct sk_span){text, strlen(text)}, out);
}

const char *sk_verify_key_format(const struct sk_verify_key *key, char text[SK_VKEY_TEXT_MAX])
{
	uint8_t typed_key[TYPED_KEY_MAX];
	char encoded[TYPED_KEY_TEXT_MAX];
	(void)sodium_bin2base64(encoded, sizeof encoded, typed_key, write_typed(key, typed_key), sodium_base64_VARIANT_ORIGINAL);
	(void)snprintf(text, SK_VKEY_TEXT_MAX, "%s+%08x+%s", key->name, key->id, encoded);
	return text;
}

void sk_verify_key_as_witness(const struct sk_verify_key *key, struct sk_verify_key *out)
{
	*out = *key;
	out->type = SK_KEY_COSIGNATURE;
	out->id = sk_key_id(out);
}

/* A key from its seed. The seed stays the caller's to wipe. */
static enum sk_err sign_key_of_seed(struct sk_span name, const uint8_t *seed, struct sk_sign_key **out)
{
	struct sk_sign_key *key = calloc(1, sizeof *key);
	if (key == NULL)
		return SK_ENOMEM;
	key->secret = sodium_malloc(crypto_sign_SECRETKEYBYTES);
	if (key->secret == NULL) {
		free(key);
		return SK_ENOMEM;
	}
	(void)crypto_sign_seed_keypair(key->public.public_key, key->secret, seed);
	memcpy(key->public.name, name.at, name.length);
	key->public.type = SK_KEY_ED25519;
	key->public.id = sk_key_id(&key->public);
	*out = key;
	return SK_OK;
}

enum sk_err sk_sign_key_new(const char *name, struct sk_sign_key **out)
{
	struct sk_span span = {name, strlen(name)};
	if (!sk_key_name_valid(span) || span.length >= SK_KEY_NAME_MAX)
		return SK_EUSAGE;
	uint8_t seed[crypto_sign_SEEDBYTES];
	sk_random(seed, sizeof seed);
	enum sk_err err = sign_key_of_seed(span, seed, out);
	sk_wipe(seed, sizeof seed);
	return err;
}

enum sk_err sk_sign_key_parse(struct sk_span text, struct sk_sign_key **out)
{
	char name[SK_KEY_NAME_MAX];
	uint8_t typed_seed[TYPED_SEED_BYTES] = {0};
	size_t length = 0;
	struct sk_span id;
	struct sk_sign_key *key = NULL;
	enum sk_err err = SK_EMALFORMED;
	if (sk_span_skip(&text, private_mark) && split_key(text, name, &id, typed_seed, sizeof typed_seed, &length) && length == sizeof typed_seed &&
	    typed_seed[0] == SK_KEY_ED25519)
		err = sign_key_of_seed((struct sk_span){name, strlen(name)}, typed_seed + 1, &key);
	sk_wipe(typed_seed, sizeof typed_seed);
	if (err == SK_OK && !id_matches(id, key->public.id)) {
		sk_sign_key_free(key);
		return SK_EMALFORMED;
	}
	if (err == SK_OK)
		*out = key;
	return err;
}

enum sk_err sk_sign_key_load(const char *path, struct sk_sign_key **out, struct sk_fault *fault)
{
	SK_TRY(sk_file_check_private(path, fault));
	struct sk_buf buf;
	sk_buf_init(&buf, KEY_FILE_MAX_BYTES);
	enum sk_err err = sk_file_read(path, &buf, fault);
	if (err == SK_OK) {
		struct sk_span rest = {sk_buf_text(&buf), buf.length}, line = rest;
		if (sk_span_until(&rest, '\n', &line) && rest.length != 0)
			err = SK_EMALFORMED;
		else
			err = sk_sign_key_parse(line, out);
		if (err != SK_OK)
			(void)sk_fault_set(fault, err, "%s: not a signing key: expected the one line PRIVATE+KEY+NAME+ID+BASE64; restore it from its backup", path);
	}
	sk_buf_fini(&buf);
	return err;
}

/* O_EXCL: a key that is there already is never overwritten, whoever raced us. */
static enum sk_err write_new_file(const char *path, const void *bytes, size_t length, struct sk_fault *fault)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return errno == EEXIST ? sk_fault_set(fault, SK_EEXIST, "%s: exists already; a key is never overwritten, choose another name", path)
				       : sk_fault_errno(fault, errno, "%s: cannot write the key", path);
	errno = ENOSPC; /* a short write of this little is a full disk; errno is not set for it */
	bool written = write(fd, bytes, length) == (ssize_t)length && fsync(fd) == 0;
	int failed = written ? 0 : errno;
	if (close(fd) != 0 && failed == 0)
		failed = errno;
	if (failed == 0)
		return SK_OK;
	(void)unlink(path);
	return sk_fault_errno(fault, failed, "%s: cannot write the key", path);
}

enum sk_err sk_sign_key_save(const struct sk_sign_key *key, const char *path, struct sk_fault *fault)
{
	uint8_t typed_seed[TYPED_SEED_BYTES] = {SK_KEY_ED25519};
	char encoded[TYPED_SEED_TEXT_MAX];
	(void)crypto_sign_ed25519_sk_to_seed(typed_seed + 1, key->secret);
	(void)sodium_bin2base64(encoded, sizeof encoded, typed_seed, sizeof typed_seed, sodium_base64_VARIANT_ORIGINAL);
	struct sk_buf buf;
	sk_buf_init(&buf, KEY_FILE_MAX_BYTES);
	sk_buf_addf(&buf, "%s%s+%08x+%s\n", private_mark, key->public.name, key->public.id, encoded);
	enum sk_err err = buf.failed != SK_OK ? sk_fault_set(fault, buf.failed, "%s: cannot write the key: %s", path, sk_err_text(buf.failed))
					      : write_new_file(path, buf.bytes, buf.length, fault);
	sk_wipe(typed_seed, sizeof typed_seed);
	sk_wipe(encoded, sizeof encoded);
	sk_buf_fini(&buf);
	return err;
}

void sk_sign_key_free(struct sk_sign_key *key)
{
	if (key == NULL)
		return;
	sodium_free(key->secret); /* wipes */
	free(key);
}

const uint8_t *sk_sign_key_secret(const struct sk_sign_key *key)
{
	return key->secret;
}

const struct sk_verify_key *sk_sign_key_public(const struct sk_sign_key *key)
{
	return &key->public;
}

void sk_sign(const struct sk_sign_key *key, const void *bytes, size_t length, uint8_t signature[SK_SIGN_BYTES])
{
	(void)crypto_sign_detached(signature, NULL, bytes, length, key->secret);
}

enum sk_err sk_verify(const struct sk_verify_key *key, const void *bytes, size_t length, const uint8_t signature[SK_SIGN_BYTES])
{
	return crypto_sign_verify_detached(signature, bytes, length, key->public_key) == 0 ? SK_OK : SK_ESIGNATURE;
}
