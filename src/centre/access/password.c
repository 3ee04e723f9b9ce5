/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords (argon2id by libsodium) and one-time codes (RFC 6238 by liboath), with the count of wrong ones. */
#include <ctype.h>
#include <oath.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "access/breached.h"
#include "access/vault_priv.h"

/* Three passes over 64 MiB: about a tenth of a second; RFC 9106's second recommendation. */
enum { ARGON_PASSES = 3, ARGON_BYTES = 64 << 20 };

static const int64_t second_ns = 1000000000;

/* What is kept of a factor that is tried: its secret, since when, wrong ones in a row, until when nothing is tried. */
struct tried {
	char secret[crypto_pwhash_STRBYTES + 1];
	int64_t since_ns, pause_ns;
	uint64_t failures, last_step;
	bool confirmed;
};

static enum sk_err write_tried(struct sk_factors *factors, const char *kind, const char *account, const struct tried *tried, struct sk_fault *fault)
{
	struct sk_buf value;
	struct sk_json_writer w;
	sk_buf_init(&value, SK_ITEM_MAX);
	sk_json_begin(&w, &value, true);
	sk_json_object(&w, NULL);
	sk_json_bool(&w, "confirmed", tried->confirmed);
	sk_json_u64(&w, "failures", tried->failures);
	sk_json_u64(&w, "last_step", tried->last_step);
	sk_json_i64(&w, "pause_ns", tried->pause_ns);
	sk_json_text(&w, "secret", tried->secret);
	sk_json_i64(&w, "since_ns", tried->since_ns);
	sk_json_end(&w);
	enum sk_err err = sk_vault_put(factors, kind, account, "1", 1, &value, fault);
	sk_buf_fini(&value);
	return err;
}

static enum sk_err read_tried(struct sk_factors *factors, const char *kind, const char *account, struct tried *tried, struct sk_fault *fault)
{
	struct sk_buf value;
	struct sk_json_doc *doc = NULL;
	*tried = (struct tried){0};
	sk_buf_init(&value, SK_ITEM_MAX);
	enum sk_err err = sk_vault_get(factors, kind, account, "1", 1, &value, fault);
	if (err == SK_OK)
		err = sk_vault_read(&value, &doc, fault);
	if (err == SK_OK) {
		const struct sk_json_value *top = sk_json_top(doc), *confirmed = sk_json_get(top, "confirmed");
		const char *secret = sk_json_get_text(top, "secret");
		if (secret == NULL || strlen(secret) >= sizeof tried->secret || sk_json_get_i64(top, "since_ns", &tried->since_ns) != SK_OK ||
		    sk_json_get_i64(top, "pause_ns", &tried->pause_ns) != SK_OK || sk_json_get_u64(top, "failures", &tried->failures) != SK_OK ||
		    sk_json_get_u64(top, "last_step", &tried->last_step) != SK_OK || confirmed == NULL)
			err = sk_fault_set(fault, SK_EMALFORMED, "%s of %s: the item is damaged", kind, account);
		else {
			memcpy(tried->secret, secret, strlen(secret) + 1);
			tried->confirmed = confirmed->integer != 0;
		}
	}
	sk_json_free(doc);
	sk_buf_fini(&value);
	return err;
}

/* A wrong one is counted; too many in a row, and nothing is tried for a while: guessing has a price that does not depend on how fast the machine is. */
static enum sk_err count_failure(struct sk_factors *factors, const char *kind, const char *account, struct tried *tried, int64_t now_ns, const char *why,
				 struct sk_fault *fault)
{
	if (++tried->failures >= SK_FACTOR_FAILURES_MAX) {
		tried->pause_ns = now_ns + SK_FACTOR_PAUSE_S * second_ns;
		tried->failures = 0;
	}
	SK_TRY(write_tried(factors, kind, account, tried, fault));
	return sk_factor_refused(fault, account, why);
}

/* ---- passwords ---- */

enum sk_err sk_password_judge(const char *account, const char *password, size_t length, const char *breached, struct sk_fault *fault)
{
	uint64_t count = 0;
	if (length < SK_PASSWORD_MIN || length > SK_PASSWORD_MAX)
		return sk_fault_set(fault, SK_EFACTOR, "%s: a password has %d to %d bytes", account, SK_PASSWORD_MIN, SK_PASSWORD_MAX);
	if (memmem(password, length, account, strlen(account)) != NULL)
		return sk_factor_refused(fault, account, "the account's name is in the password");
	if (breached != NULL)
		SK_TRY(sk_breached_count(breached, password, length, &count, fault));
	if (count != 0)
		return sk_fault_set(fault, SK_EFACTOR, "%s: this password stands %llu times in the list of breached ones; take another", account, (unsigned long long)count);
	return SK_OK;
}

enum sk_err sk_password_set(struct sk_factors *factors, const char *account, const char *password, size_t length, const char *breached, int64_t now_ns,
			    struct sk_fault *fault)
{
	struct tried tried = {.since_ns = now_ns, .confirmed = true};
	SK_TRY(sk_password_judge(account, password, length, breached, fault));
	if (crypto_pwhash_str_alg(tried.secret, password, length, ARGON_PASSES, ARGON_BYTES, crypto_pwhash_ALG_ARGON2ID13) != 0)
		return sk_fault_set(fault, SK_ENOMEM, "argon2id: %d MiB of memory are not to be had", ARGON_BYTES >> 20);
	SK_TRY(sk_vault_begin(factors, fault));
	return sk_vault_end(factors, write_tried(factors, "password", account, &tried, fault), fault);
}

enum sk_err sk_password_check(struct sk_factors *factors, const char *account, const char *password, size_t length, int64_t now_ns, struct sk_fault *fault)
{
	static const char wrong[] = "wrong password, none set, or too many wrong ones just now";
	/* Nobody's: so that an account without a password takes as long as one with. */
	static const char dummy[crypto_pwhash_STRBYTES] = "$argon2id$v=19$m=65536,t=3,p=1$c2VraXNob3Nla2lzaG8$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	struct tried tried;
	SK_TRY(sk_vault_begin(factors, fault));
	enum sk_err err = read_tried(factors, "password", account, &tried, fault);
	if (err != SK_OK && err != SK_ENOENT)
		return sk_vault_end(factors, err, fault);
	bool paused = err == SK_OK && now_ns < tried.pause_ns;
	bool right = length <= SK_PASSWORD_MAX && crypto_pwhash_str_verify(err == SK_OK ? tried.secret : dummy, password, length) == 0;
	if (err == SK_ENOENT || paused)
		err = sk_factor_refused(fault, account, wrong);
	else if (!right)
		err = count_failure(factors, "password", account, &tried, now_ns, wrong, fault);
	else if (tried.failures != 0) {
		tried.failures = 0;
		err = write_tried(factors, "password", account, &tried, fault);
	}
	sk_wipe(&tried, sizeof tried);
	return sk_vault_end(factors, err, fault);
}

/* ---- one-time codes ---- */

static const char waiting[] = "totp.new", wrong_code[] = "wrong code, one that was used, none set, or too many wrong ones just now";

enum sk_err sk_totp_step(const uint8_t *secret, size_t length, const char *code, int64_t now_s, unsigned window, uint64_t *step)
{
	size_t digits = strlen(code);
	int position = 0;
	if (digits < 6 || digits > 8)
		return SK_EFACTOR;
	for (size_t i = 0; i < digits; i++)
		if (!isdigit((unsigned char)code[i]))
			return SK_EFACTOR;
	if (now_s < 0 || oath_totp_validate3((const char *)secret, length, now_s, SK_TOTP_STEP_S, 0, window, &position, step, code) < 0)
		return SK_EFACTOR;
	return SK_OK;
}

/* RFC 3986: all but the unreserved as %HH; cut where it does not fit. */
static const char *percent(const char *text, char *out, size_t size)
{
	size_t used = 0;
	for (; *text != '\0' && used + 4 <= size; text++) {
		unsigned char byte = (unsigned char)*text;
		if (isalnum(byte) || strchr("-._~", byte) != NULL)
			out[used++] = (char)byte;
		else
			used += (size_t)snprintf(out + used, size - used, "%%%02X", byte);
	}
	out[used] = '\0';
	return out;
}

/* A secret in place of one that counts waits beside it for its first right code: whoever loses it before that can sign in still. */
static enum sk_err place_secret(struct sk_factors *factors, const char *account, const struct tried *tried, struct sk_fault *fault)
{
	struct tried old;
	uint64_t gone;
	enum sk_err err = read_tried(factors, "totp", account, &old, fault);
	bool counts = err == SK_OK && old.confirmed;
	sk_wipe(&old, sizeof old);
	if (err != SK_OK && err != SK_ENOENT)
		return err;
	if (counts)
		return write_tried(factors, waiting, account, tried, fault);
	SK_TRY(sk_vault_delete(factors, waiting, account, NULL, 0, &gone, fault));
	return write_tried(factors, "totp", account, tried, fault);
}

enum sk_err sk_totp_new(struct sk_factors *factors, const char *account, const char *issuer, int64_t now_ns, char uri[SK_TOTP_URI_MAX], struct sk_fault *fault)
{
	uint8_t secret[SK_TOTP_SECRET_BYTES];
	char *encoded = NULL;
	size_t encoded_length = 0;
	struct tried tried = {.since_ns = now_ns};
	sk_random(secret, sizeof secret);
	if (oath_base32_encode((const char *)secret, sizeof secret, &encoded, &encoded_length) != OATH_OK)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	(void)sodium_bin2hex(tried.secret, sizeof tried.secret, secret, sizeof secret);
	char issuer_text[256], account_text[256];
	int size = snprintf(uri, SK_TOTP_URI_MAX, "otpauth://totp/%s:%s?secret=%s&issuer=%s&algorithm=SHA1&digits=6&period=%d", percent(issuer, issuer_text, sizeof issuer_text),
			    percent(account, account_text, sizeof account_text), encoded, issuer_text, SK_TOTP_STEP_S);
	sk_wipe(encoded, encoded_length);
	free(encoded);
	sk_wipe(secret, sizeof secret);
	if (size < 0 || size >= SK_TOTP_URI_MAX)
		return sk_fault_set(fault, SK_ETOOBIG, "%s: names too long for one line", account);
	SK_TRY(sk_vault_begin(factors, fault));
	enum sk_err err = place_secret(factors, account, &tried, fault);
	sk_wipe(&tried, sizeof tried);
	return sk_vault_end(factors, err, fault);
}

/* Is it a code of this secret, and of a step behind the last one that was taken (RFC 6238 5.2: none is taken twice)? SK_EFACTOR. */
static enum sk_err fits(const struct tried *tried, const char *account, const char *code, int64_t now_ns, uint64_t *step, struct sk_fault *fault)
{
	uint8_t secret[SK_TOTP_SECRET_BYTES];
	size_t length = 0;
	if (sodium_hex2bin(secret, sizeof secret, tried->secret, strlen(tried->secret), NULL, &length, NULL) != 0)
		return sk_fault_set(fault, SK_EMALFORMED, "totp of %s: the item is damaged", account);
	enum sk_err err = strlen(code) == 6 ? sk_totp_step(secret, length, code, now_ns / second_ns, SK_TOTP_WINDOW, step) : SK_EFACTOR;
	sk_wipe(secret, sizeof secret);
	return err == SK_OK && *step > tried->last_step ? SK_OK : SK_EFACTOR;
}

/* The secret's code was right: from now on it is the account's, and none waits. */
static enum sk_err count_on(struct sk_factors *factors, const char *account, struct tried *tried, uint64_t step, struct sk_fault *fault)
{
	uint64_t gone;
	tried->last_step = step;
	tried->failures = 0;
	tried->confirmed = true;
	SK_TRY(write_tried(factors, "totp", account, tried, fault));
	return sk_vault_delete(factors, waiting, account, NULL, 0, &gone, fault);
}

static bool is_stale(const struct tried *tried, int64_t now_ns)
{
	return now_ns - tried->since_ns >= SK_TOTP_WAITS_S * second_ns;
}

static enum sk_err take_code(struct sk_factors *factors, const char *account, const char *code, int64_t now_ns, struct sk_fault *fault)
{
	struct tried tried, next = {0};
	uint64_t step = 0;
	enum sk_err err = read_tried(factors, "totp", account, &tried, fault);
	if (err == SK_ENOENT || (err == SK_OK && now_ns < tried.pause_ns))
		return sk_factor_refused(fault, account, wrong_code);
	SK_TRY(err);
	err = fits(&tried, account, code, now_ns, &step, fault);
	if (err == SK_OK) {
		tried.last_step = step;
		tried.failures = 0;
		tried.confirmed = true;
		err = write_tried(factors, "totp", account, &tried, fault);
	} else if (err == SK_EFACTOR && read_tried(factors, waiting, account, &next, fault) == SK_OK && !is_stale(&next, now_ns) &&
		   fits(&next, account, code, now_ns, &step, fault) == SK_OK) {
		err = count_on(factors, account, &next, step, fault);
	} else if (err == SK_EFACTOR) {
		err = count_failure(factors, "totp", account, &tried, now_ns, wrong_code, fault);
	}
	sk_wipe(&tried, sizeof tried);
	sk_wipe(&next, sizeof next);
	return err;
}

enum sk_err sk_totp_check(struct sk_factors *factors, const char *account, const char *code, int64_t now_ns, struct sk_fault *fault)
{
	SK_TRY(sk_vault_begin(factors, fault));
	return sk_vault_end(factors, take_code(factors, account, code, now_ns, fault), fault);
}

/* Which secret waits: one in place of another, or the first one. */
static enum sk_err confirm(struct sk_factors *factors, const char *account, const char *code, int64_t now_ns, struct sk_fault *fault)
{
	struct tried tried;
	uint64_t step = 0;
	const char *kind = waiting;
	enum sk_err err = read_tried(factors, kind, account, &tried, fault);
	if (err == SK_ENOENT)
		err = read_tried(factors, kind = "totp", account, &tried, fault);
	if (err == SK_ENOENT || (err == SK_OK && (now_ns < tried.pause_ns || (kind == waiting ? is_stale(&tried, now_ns) : tried.confirmed))))
		return sk_factor_refused(fault, account, "no new secret waits for a code, or too many wrong ones just now");
	SK_TRY(err);
	err = fits(&tried, account, code, now_ns, &step, fault);
	if (err == SK_OK)
		err = count_on(factors, account, &tried, step, fault);
	else if (err == SK_EFACTOR)
		err = count_failure(factors, kind, account, &tried, now_ns, "this is no code of the new secret", fault);
	sk_wipe(&tried, sizeof tried);
	return err;
}

enum sk_err sk_totp_confirm(struct sk_factors *factors, const char *account, const char *code, int64_t now_ns, struct sk_fault *fault)
{
	SK_TRY(sk_vault_begin(factors, fault));
	return sk_vault_end(factors, confirm(factors, account, code, now_ns, fault), fault);
}
