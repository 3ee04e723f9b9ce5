/* SPDX-License-Identifier: Apache-2.0 */
/* Second factors: RFC 6238's vectors, codes and challenges that count once, a security key of software for all three algorithms, sessions and their step-up, and a
   database whose rows were changed, exchanged or opened under another key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <oath.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/access_priv.h"
#include "access/breached.h"
#include "access/credential.h"
#include "base/file.h"
#include "token.h"

static const int64_t second_ns = 1000000000, day_one = INT64_C(1780000000) * 1000000000;
static struct sk_fault fault;

struct world {
	char folder[64], db[96], key[96], list[96];
	struct sk_factors *factors;
	int64_t now;
};

static void reopen(struct world *world)
{
	sk_factors_close(world->factors);
	assert_int_equal(sk_factors_open(world->db, world->key, &world->factors, &fault), SK_OK);
}

static int up(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	assert_non_null(world);
	/* Memory where there is some: each call of the store waits for its disk. */
	(void)snprintf(world->folder, sizeof world->folder, "%s/factors-%d-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", (int)getpid());
	assert_non_null(mkdtemp(world->folder));
	(void)snprintf(world->db, sizeof world->db, "%s/access.db", world->folder);
	(void)snprintf(world->key, sizeof world->key, "%s/access.key", world->folder);
	(void)snprintf(world->list, sizeof world->list, "%s/breached", world->folder);
	world->now = day_one;
	reopen(world);
	*state = world;
	return 0;
}

static int down(void **state)
{
	struct world *world = *state;
	sk_factors_close(world->factors);
	(void)unlink(world->db);
	(void)unlink(world->key);
	(void)unlink(world->list);
	(void)rmdir(world->folder);
	free(world);
	return 0;
}

/* ---- the files ---- */

static void files(void **state)
{
	struct world *world = *state;
	struct stat info;
	assert_int_equal(stat(world->db, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_int_equal(stat(world->key, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	sk_factors_close(world->factors);
	world->factors = NULL;
	assert_int_equal(chmod(world->key, 0640), 0);
	assert_int_equal(sk_factors_open(world->db, world->key, &world->factors, &fault), SK_EPERMS);
	assert_int_equal(chmod(world->key, 0600), 0);
	assert_int_equal(chmod(world->db, 0604), 0);
	assert_int_equal(sk_factors_open(world->db, world->key, &world->factors, &fault), SK_EPERMS);
	assert_int_equal(chmod(world->db, 0600), 0);
	assert_int_equal(truncate(world->key, 31), 0);
	assert_int_equal(sk_factors_open(world->db, world->key, &world->factors, &fault), SK_EMALFORMED);
	assert_int_equal(sk_file_replace(world->key, "0123456789abcdef0123456789abcdef", 32, 0600, &fault), SK_OK);
	assert_int_equal(sk_factors_open(world->db, world->key, &world->factors, &fault), SK_ESIGNATURE);
	assert_int_equal(unlink(world->key), 0);
	assert_int_equal(sk_factors_open(world->db, world->key, &world->factors, &fault), SK_ENOENT); /* no new key for old values */
}

static void run_sql(const struct world *world, const char *sql)
{
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open(world->db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
}

/* Whoever can write to the file and has not the key. */
static void changed_rows(void **state)
{
	struct world *world = *state;
	static const char mine[] = "long enough, mine", yours[] = "long enough, yours";
	assert_int_equal(sk_password_set(world->factors, "anna", mine, strlen(mine), NULL, world->now, &fault), SK_OK);
	assert_int_equal(sk_password_set(world->factors, "paul", yours, strlen(yours), NULL, world->now, &fault), SK_OK);
	run_sql(world, "UPDATE item SET sealed = (SELECT sealed FROM item WHERE kind = 'password' AND account = 'anna') WHERE kind = 'password' AND account = 'paul'");
	assert_int_equal(sk_password_check(world->factors, "paul", mine, strlen(mine), world->now, &fault), SK_ESIGNATURE);
	run_sql(world, "UPDATE item SET sealed = zeroblob(length(sealed)) WHERE account = 'anna'");
	assert_int_equal(sk_password_check(world->factors, "anna", mine, strlen(mine), world->now, &fault), SK_ESIGNATURE);
	/* Nothing of a value can be read from the file. */
	struct sk_buf bytes;
	sk_buf_init(&bytes, 1 << 20);
	assert_int_equal(sk_file_read(world->db, &bytes, &fault), SK_OK);
	assert_null(memmem(bytes.bytes, bytes.length, "argon2", 6));
	sk_buf_fini(&bytes);
}

/* rule: ACCESS-6 */
static void time_goes_on(void **state)
{
	struct world *world = *state;
	int64_t now;
	assert_int_equal(sk_factors_now(world->factors, world->now, &now, &fault), SK_OK);
	assert_true(now == world->now);
	reopen(world);
	assert_int_equal(sk_factors_now(world->factors, world->now - 3600 * second_ns, &now, &fault), SK_OK);
	assert_true(now == world->now);
	assert_int_equal(sk_factors_now(world->factors, world->now + 1, &now, &fault), SK_OK);
	assert_true(now == world->now + 1);
}

/* ---- passwords ---- */

static void passwords(void **state)
{
	struct world *world = *state;
	static const char good[] = "correct horse battery", bad[] = "correct horse batterx";
	assert_int_equal(sk_password_check(world->factors, "anna", good, strlen(good), world->now, &fault), SK_EFACTOR);
	assert_int_equal(sk_password_set(world->factors, "anna", "short", 5, NULL, world->now, &fault), SK_EFACTOR);
	assert_int_equal(sk_password_set(world->factors, "anna", "xx anna has a long one", 22, NULL, world->now, &fault), SK_EFACTOR);
	assert_int_equal(sk_password_set(world->factors, "anna", good, strlen(good), NULL, world->now, &fault), SK_OK);
	reopen(world);
	assert_int_equal(sk_password_check(world->factors, "anna", good, strlen(good), world->now, &fault), SK_OK);
	assert_int_equal(sk_password_check(world->factors, "paul", good, strlen(good), world->now, &fault), SK_EFACTOR);
	char endless[2000];
	memset(endless, 'x', sizeof endless - 1);
	endless[sizeof endless - 1] = '\0';
	assert_int_equal(sk_password_check(world->factors, endless, good, strlen(good), world->now, &fault), SK_EUSAGE);
	assert_int_equal(sk_totp_check(world->factors, endless, "123456", world->now, &fault), SK_EUSAGE);
	assert_int_equal(sk_credential_check(world->factors, endless, world->key, world->now, &fault), SK_EMALFORMED);
	for (int i = 0; i < SK_FACTOR_FAILURES_MAX; i++)
		assert_int_equal(sk_password_check(world->factors, "anna", bad, strlen(bad), world->now, &fault), SK_EFACTOR);
	char wrong_line[SK_FAULT_LINE_MAX];
	memcpy(wrong_line, fault.line, sizeof wrong_line);
	assert_int_equal(sk_password_check(world->factors, "anna", good, strlen(good), world->now, &fault), SK_EFACTOR); /* the pause */
	assert_string_equal(fault.line, wrong_line);
	world->now += SK_FACTOR_PAUSE_S * second_ns;
	assert_int_equal(sk_password_check(world->factors, "anna", good, strlen(good), world->now, &fault), SK_OK);
}

/* A list of 4,000 hashes in which every tenth password stands, as one file with LF, with CR LF, without counts, and as a folder of ranges. */
static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sha1_hex(const char *password, char hex[41])
{
	uint8_t digest[20];
	unsigned size;
	assert_int_equal(EVP_Digest(password, strlen(password), digest, &size, EVP_sha1(), NULL), 1);
	for (size_t i = 0; i < 20; i++)
		(void)snprintf(hex + 2 * i, 3, "%02X", digest[i]);
}

enum { HASHES = 4000 };

static void write_list(const struct world *world, char **hashes, bool counts, const char *end)
{
	struct sk_buf out;
	sk_buf_init(&out, 1 << 20);
	for (int i = 0; i < HASHES; i++) {
		sk_buf_add_text(&out, hashes[i]);
		if (counts)
			sk_buf_addf(&out, ":%d", i + 1);
		sk_buf_add_text(&out, end);
	}
	assert_int_equal(sk_file_replace(world->list, out.bytes, out.length, 0600, &fault), SK_OK);
	sk_buf_fini(&out);
}

static void breached_file(void **state)
{
	struct world *world = *state;
	static const char *const ends[] = {"\n", "\r\n", "\n"};
	char *hashes[HASHES], password[32], hex[41];
	uint64_t count;
	for (int i = 0; i < HASHES; i++) {
		(void)snprintf(password, sizeof password, "password-%d", i * 10);
		hashes[i] = malloc(41);
		assert_non_null(hashes[i]);
		sha1_hex(password, hashes[i]);
	}
	qsort(hashes, HASHES, sizeof *hashes, by_text);
	for (size_t f = 0; f < SK_COUNT(ends); f++) {
		write_list(world, hashes, f != 2, ends[f]);
		for (int i = 0; i < HASHES; i += f == 0 ? 1 : 7) {
			(void)snprintf(password, sizeof password, "password-%d", i * 10);
			assert_int_equal(sk_breached_count(world->list, password, strlen(password), &count, &fault), SK_OK);
			sha1_hex(password, hex);
			assert_true(count != 0);
			assert_true(f == 2 ? count == 1 : strcmp(hashes[count - 1], hex) == 0);
			(void)snprintf(password, sizeof password, "password-%d", i * 10 + 1);
			assert_int_equal(sk_breached_count(world->list, password, strlen(password), &count, &fault), SK_OK);
			assert_int_equal(count, 0);
		}
	}
	write_list(world, hashes, true, "\n");
	assert_int_equal(sk_password_set(world->factors, "anna", "password-12340", 14, world->list, world->now, &fault), SK_EFACTOR);
	assert_non_null(strstr(fault.line, "breached"));
	assert_int_equal(sk_password_set(world->factors, "anna", "password-12341", 14, world->list, world->now, &fault), SK_OK);
	assert_int_equal(sk_file_replace(world->list, "not a list\nat all\n", 18, 0600, &fault), SK_OK);
	assert_int_equal(sk_password_set(world->factors, "anna", "password-12341", 14, world->list, world->now, &fault), SK_EMALFORMED);
	assert_int_equal(sk_password_set(world->factors, "anna", "password-12341", 14, "/nonexistent", world->now, &fault), SK_ENOENT);
	for (int i = 0; i < HASHES; i++)
		free(hashes[i]);
}

static void breached_folder(void **state)
{
	struct world *world = *state;
	char hex[41], path[160], line[128];
	uint64_t count;
	assert_int_equal(mkdir(world->list, 0700), 0);
	assert_int_equal(sk_breached_count(world->list, "password-1", 10, &count, &fault), SK_ENOENT); /* no range is no answer */
	sha1_hex("password-1", hex);
	for (int form = 0; form < 2; form++) {
		(void)snprintf(path, sizeof path, form == 0 ? "%s/%.5s.txt" : "%s/%.5s", world->list, hex);
		(void)snprintf(line, sizeof line, "0018A45C4D1DEF81644B54AB7F969B88D65:1\r\n%s:37\r\nFFFFA45C4D1DEF81644B54AB7F969B88D65:0", hex + 5);
		assert_int_equal(sk_file_replace(path, line, strlen(line), 0600, &fault), SK_OK);
		assert_int_equal(sk_breached_count(world->list, "password-1", 10, &count, &fault), SK_OK);
		assert_int_equal(count, 37);
		(void)unlink(path);
	}
	assert_int_equal(sk_file_replace(path, "garbage\n", 8, 0600, &fault), SK_OK);
	assert_int_equal(sk_breached_count(world->list, "password-1", 10, &count, &fault), SK_EMALFORMED);
	(void)unlink(path);
	(void)rmdir(world->list);
}

/* ---- one-time codes ---- */

/* RFC 6238 appendix B, SHA-1 rows. */
static void rfc6238(void **state)
{
	static const struct {
		int64_t time;
		const char *code;
		uint64_t step;
	} vectors[] = {{59, "94287082", 1}, {1111111109, "07081804", 0x23523EC}, {1111111111, "14050471", 0x23523ED}, {1234567890, "89005924", 0x273EF07},
		       {2000000000, "69279037", 0x3F940AA}, {20000000000, "65353130", 0x27BC86AA}};
	static const uint8_t secret[] = "12345678901234567890";
	uint64_t step;
	(void)state;
	for (size_t i = 0; i < SK_COUNT(vectors); i++) {
		assert_int_equal(sk_totp_step(secret, 20, vectors[i].code, vectors[i].time, 0, &step), SK_OK);
		assert_true(step == vectors[i].step);
		assert_int_equal(sk_totp_step(secret, 20, vectors[i].code, vectors[i].time + 30, 1, &step), SK_OK);
		assert_true(step == vectors[i].step);
		assert_int_equal(sk_totp_step(secret, 20, vectors[i].code, vectors[i].time + 60, 1, &step), SK_EFACTOR);
		assert_int_equal(sk_totp_step(secret, 20, "12345", vectors[i].time, 1, &step), SK_EFACTOR);
		assert_int_equal(sk_totp_step(secret, 20, "1234567a", vectors[i].time, 1, &step), SK_EFACTOR);
	}
}

static void code_of(const char *uri, int64_t now_ns, char code[7])
{
	const char *at = strstr(uri, "secret=") + 7;
	char *secret = NULL;
	size_t length = 0;
	char text[64] = {0};
	memcpy(text, at, strcspn(at, "&"));
	assert_int_equal(oath_base32_decode(text, strlen(text), &secret, &length), OATH_OK);
	assert_int_equal(oath_totp_generate(secret, length, now_ns / second_ns, 30, 0, 6, code), OATH_OK);
	free(secret);
}

static void codes(void **state)
{
	struct world *world = *state;
	char uri[SK_TOTP_URI_MAX], code[7], later[7], other[7];
	assert_int_equal(sk_totp_check(world->factors, "anna", "123456", world->now, &fault), SK_EFACTOR);
	assert_int_equal(sk_totp_new(world->factors, "anna", "sekisho", world->now, uri, &fault), SK_OK);
	assert_non_null(strstr(uri, "otpauth://totp/sekisho:anna?secret="));
	code_of(uri, world->now, code);
	code_of(uri, world->now + 30 * second_ns, later);
	assert_int_equal(sk_totp_check(world->factors, "paul", code, world->now, &fault), SK_EFACTOR);
	assert_int_equal(sk_totp_check(world->factors, "anna", code, world->now, &fault), SK_OK);
	reopen(world);
	assert_int_equal(sk_totp_check(world->factors, "anna", code, world->now, &fault), SK_EFACTOR);  /* replayed */
	assert_int_equal(sk_totp_check(world->factors, "anna", later, world->now, &fault), SK_OK);      /* a clock that is a step ahead */
	code_of(uri, world->now - 30 * second_ns, other);
	assert_int_equal(sk_totp_check(world->factors, "anna", other, world->now, &fault), SK_EFACTOR); /* an earlier step after a later one */
	world->now += 300 * second_ns;
	for (int i = 0; i < SK_FACTOR_FAILURES_MAX; i++)
		assert_int_equal(sk_totp_check(world->factors, "anna", code, world->now, &fault), SK_EFACTOR);
	code_of(uri, world->now, code);
	assert_int_equal(sk_totp_check(world->factors, "anna", code, world->now, &fault), SK_EFACTOR);
	world->now += SK_FACTOR_PAUSE_S * second_ns;
	code_of(uri, world->now, code);
	assert_int_equal(sk_totp_check(world->factors, "anna", code, world->now, &fault), SK_OK);
}

/* A new secret in place of one that counts: both codes are right until its first one was, and after a day it is forgotten. rule: ACCESS-14 */
static void codes_change(void **state)
{
	struct world *world = *state;
	char first[SK_TOTP_URI_MAX], second[SK_TOTP_URI_MAX], code[7];
	assert_int_equal(sk_totp_confirm(world->factors, "anna", "123456", world->now, &fault), SK_EFACTOR); /* none waits */
	assert_int_equal(sk_totp_new(world->factors, "anna", "sekisho", world->now, first, &fault), SK_OK);
	code_of(first, world->now, code);
	assert_int_equal(sk_totp_confirm(world->factors, "paul", code, world->now, &fault), SK_EFACTOR);
	assert_int_equal(sk_totp_confirm(world->factors, "anna", code, world->now, &fault), SK_OK);
	assert_int_equal(sk_totp_check(world->factors, "anna", code, world->now, &fault), SK_EFACTOR);   /* it was used */
	assert_int_equal(sk_totp_confirm(world->factors, "anna", code, world->now, &fault), SK_EFACTOR); /* nothing waits any more */
	assert_int_equal(sk_totp_new(world->factors, "anna", "sekisho", world->now, second, &fault), SK_OK);
	world->now += 60 * second_ns;
	code_of(first, world->now, code);
	assert_int_equal(sk_totp_confirm(world->factors, "anna", code, world->now, &fault), SK_EFACTOR); /* a code of the old one */
	assert_int_equal(sk_totp_check(world->factors, "anna", code, world->now, &fault), SK_OK);        /* which counts still */
	reopen(world);
	code_of(second, world->now, code);
	assert_int_equal(sk_totp_confirm(world->factors, "anna", code, world->now, &fault), SK_OK);
	world->now += 60 * second_ns;
	code_of(first, world->now, code);
	assert_int_equal(sk_totp_check(world->factors, "anna", code, world->now, &fault), SK_EFACTOR);   /* and no longer */
	code_of(second, world->now, code);
	assert_int_equal(sk_totp_check(world->factors, "anna", code, world->now, &fault), SK_OK);
}

/* Whoever never typed a code of the new one where it was made signs in with one; a day later nobody knows who has read it; and it goes with the factor. */
static void codes_wait(void **state)
{
	struct world *world = *state;
	char first[SK_TOTP_URI_MAX], second[SK_TOTP_URI_MAX], code[7];
	uint64_t gone;
	assert_int_equal(sk_totp_new(world->factors, "anna", "sekisho", world->now, first, &fault), SK_OK);
	code_of(first, world->now, code);
	assert_int_equal(sk_totp_check(world->factors, "anna", code, world->now, &fault), SK_OK);
	assert_int_equal(sk_totp_new(world->factors, "anna", "sekisho", world->now, second, &fault), SK_OK);
	code_of(second, world->now, code);
	assert_int_equal(sk_totp_check(world->factors, "anna", code, world->now, &fault), SK_OK);
	assert_int_equal(sk_totp_new(world->factors, "anna", "sekisho", world->now, first, &fault), SK_OK);
	world->now += SK_TOTP_WAITS_S * second_ns;
	code_of(first, world->now, code);
	assert_int_equal(sk_totp_confirm(world->factors, "anna", code, world->now, &fault), SK_EFACTOR);
	assert_int_equal(sk_totp_check(world->factors, "anna", code, world->now, &fault), SK_EFACTOR);
	assert_int_equal(sk_totp_new(world->factors, "anna", "sekisho", world->now, first, &fault), SK_OK);
	assert_int_equal(sk_factors_remove(world->factors, "anna", "totp", &gone, &fault), SK_OK);
	code_of(first, world->now, code);
	assert_int_equal(sk_totp_confirm(world->factors, "anna", code, world->now, &fault), SK_EFACTOR);
}

/* Wrong ones of what waits are counted too: a session does not let guess. */
static void codes_guessed(void **state)
{
	struct world *world = *state;
	char uri[SK_TOTP_URI_MAX], code[7];
	assert_int_equal(sk_totp_new(world->factors, "anna", "sekisho", world->now, uri, &fault), SK_OK);
	code_of(uri, world->now + 3600 * second_ns, code);
	for (int i = 0; i < SK_FACTOR_FAILURES_MAX; i++)
		assert_int_equal(sk_totp_confirm(world->factors, "anna", code, world->now, &fault), SK_EFACTOR);
	code_of(uri, world->now, code);
	assert_int_equal(sk_totp_confirm(world->factors, "anna", code, world->now, &fault), SK_EFACTOR); /* the pause */
	world->now += SK_FACTOR_PAUSE_S * second_ns;
	code_of(uri, world->now, code);
	assert_int_equal(sk_totp_confirm(world->factors, "anna", code, world->now, &fault), SK_OK);
}

static void other_sessions(void **state)
{
	struct world *world = *state;
	char mine[SK_SESSION_TOKEN_MAX], other[SK_SESSION_TOKEN_MAX], paul[SK_SESSION_TOKEN_MAX];
	uint64_t ended;
	assert_int_equal(sk_session_begin(world->factors, "anna", world->now, mine, &fault), SK_OK);
	assert_int_equal(sk_session_begin(world->factors, "anna", world->now, other, &fault), SK_OK);
	assert_int_equal(sk_session_begin(world->factors, "paul", world->now, paul, &fault), SK_OK);
	assert_int_equal(sk_session_end_others(world->factors, "anna", mine, &ended, &fault), SK_OK);
	assert_int_equal(ended, 1);
	assert_int_equal(sk_session_peek(world->factors, mine, world->now, &fault), SK_OK);
	assert_int_equal(sk_session_peek(world->factors, other, world->now, &fault), SK_EFACTOR);
	assert_int_equal(sk_session_peek(world->factors, paul, world->now, &fault), SK_OK);
	assert_int_equal(sk_session_end_others(world->factors, "anna", NULL, &ended, &fault), SK_OK);
	assert_int_equal(ended, 1);
	assert_int_equal(sk_session_peek(world->factors, mine, world->now, &fault), SK_EFACTOR);
}

/* ---- security keys ---- */

static const struct sk_webauthn_party party = {"centre.example", "https://centre.example", true};

static enum sk_err enrol(struct world *world, const char *account, const struct token *token)
{
	uint8_t challenge[SK_CHALLENGE_BYTES];
	struct sk_buf answer;
	assert_int_equal(sk_webauthn_challenge(world->factors, account, NULL, world->now, challenge, &fault), SK_OK);
	token_answer(token, true, challenge, &answer);
	enum sk_err err = sk_webauthn_register(world->factors, account, &party, sk_buf_text(&answer), answer.length, world->now, &fault);
	sk_buf_fini(&answer);
	return err;
}

static enum sk_err sign_in(struct world *world, const char *account, const struct token *token, const uint8_t digest[SK_HASH_BYTES], uint8_t approves[SK_HASH_BYTES])
{
	uint8_t challenge[SK_CHALLENGE_BYTES];
	struct sk_buf answer;
	assert_int_equal(sk_webauthn_challenge(world->factors, account, digest, world->now, challenge, &fault), SK_OK);
	token_answer(token, false, challenge, &answer);
	enum sk_err err = sk_webauthn_check(world->factors, account, &party, sk_buf_text(&answer), answer.length, world->now, approves, &fault);
	sk_buf_fini(&answer);
	return err;
}

static void tokens(void **state)
{
	struct world *world = *state;
	static const char *const formats[] = {"none", "packed"};
	uint8_t digest[SK_HASH_BYTES], approves[SK_HASH_BYTES];
	memset(digest, 0x5a, sizeof digest);
	for (int kind = TOKEN_ES256; kind <= TOKEN_RS256; kind++)
		for (size_t f = 0; f < SK_COUNT(formats); f++) {
			struct token token;
			token_make(&token, (enum token_kind)kind);
			token.format = formats[f];
			token.count = 5;
			assert_int_equal(enrol(world, "anna", &token), SK_OK);
			assert_int_equal(enrol(world, "anna", &token), SK_EEXIST);
			token.count++;
			assert_int_equal(sign_in(world, "anna", &token, digest, approves), SK_OK);
			assert_memory_equal(approves, digest, sizeof digest);
			assert_int_equal(sign_in(world, "paul", &token, digest, approves), SK_EFACTOR); /* anna's key */
			token.count++;
			token.flip = true;
			assert_int_equal(sign_in(world, "anna", &token, digest, approves), SK_EFACTOR);
			assert_int_equal(sk_count_nonzero(approves, sizeof approves), 0);
			EVP_PKEY_free(token.key);
		}
}

static void token_refused(void **state)
{
	struct world *world = *state;
	struct token good, bad;
	uint8_t approves[SK_HASH_BYTES];
	token_make(&good, TOKEN_ES256);
	assert_int_equal(enrol(world, "anna", &good), SK_OK);
	good.count = 1;
	for (int i = 0; i < 7; i++) {
		bad = good;
		if (i == 0) bad.origin = "https://centre.example.evil";
		if (i == 1) bad.rp_id = "evil.example";
		if (i == 2) bad.flags = FLAG_UV;
		if (i == 3) bad.flags = FLAG_UP;
		if (i == 4) bad.type = "webauthn.create";
		if (i == 5) bad.cross = true;
		if (i == 6) bad.id[0] ^= 1;
		assert_int_equal(sign_in(world, "anna", &bad, NULL, approves), SK_EFACTOR);
	}
	assert_int_equal(sign_in(world, "anna", &good, NULL, approves), SK_OK);
	for (int i = 0; i < 5; i++) {
		token_make(&bad, TOKEN_EDDSA);
		bad.format = "packed";
		if (i == 0) bad.origin = "https://evil.example";
		if (i == 1) bad.rp_id = "evil.example";
		if (i == 2) bad.flags = 0;
		if (i == 3) bad.flip = true;
		if (i == 4) bad.type = "webauthn.get";
		assert_int_equal(enrol(world, "anna", &bad), SK_EFACTOR);
		EVP_PKEY_free(bad.key);
	}
	EVP_PKEY_free(good.key);
}

static void token_once(void **state)
{
	struct world *world = *state;
	struct token token;
	uint8_t challenge[SK_CHALLENGE_BYTES], stale[SK_CHALLENGE_BYTES], approves[SK_HASH_BYTES];
	struct sk_buf answer;
	token_make(&token, TOKEN_EDDSA);
	assert_int_equal(enrol(world, "anna", &token), SK_OK);
	token.count = 1;
	assert_int_equal(sk_webauthn_challenge(world->factors, "anna", NULL, world->now, challenge, &fault), SK_OK);
	token_answer(&token, false, challenge, &answer);
	assert_int_equal(sk_webauthn_check(world->factors, "anna", &party, sk_buf_text(&answer), answer.length, world->now, approves, &fault), SK_OK);
	reopen(world);
	assert_int_equal(sk_webauthn_check(world->factors, "anna", &party, sk_buf_text(&answer), answer.length, world->now, approves, &fault), SK_EFACTOR); /* replayed */
	sk_buf_fini(&answer);
	/* Expired, and one that a newer challenge made void. */
	token.count = 2;
	assert_int_equal(sk_webauthn_challenge(world->factors, "anna", NULL, world->now, stale, &fault), SK_OK);
	token_answer(&token, false, stale, &answer);
	assert_int_equal(sk_webauthn_check(world->factors, "anna", &party, sk_buf_text(&answer), answer.length, world->now + SK_CHALLENGE_S * second_ns, approves, &fault), SK_EFACTOR);
	sk_buf_fini(&answer);
	assert_int_equal(sk_webauthn_challenge(world->factors, "anna", NULL, world->now, stale, &fault), SK_OK);
	assert_int_equal(sk_webauthn_challenge(world->factors, "anna", NULL, world->now, challenge, &fault), SK_OK);
	token_answer(&token, false, stale, &answer);
	assert_int_equal(sk_webauthn_check(world->factors, "anna", &party, sk_buf_text(&answer), answer.length, world->now, approves, &fault), SK_EFACTOR);
	sk_buf_fini(&answer);
	/* A copy of the key that has signed less often, and afterwards the key itself. */
	token.count = 9;
	assert_int_equal(sign_in(world, "anna", &token, NULL, approves), SK_OK);
	token.count = 9;
	assert_int_equal(sign_in(world, "anna", &token, NULL, approves), SK_EFACTOR);
	token.count = 10;
	assert_int_equal(sign_in(world, "anna", &token, NULL, approves), SK_EFACTOR);
	EVP_PKEY_free(token.key);
}

/* Every cut and some turned bits of a right answer: refused, and nothing is read outside it (sanitizers). */
static void token_mangled(void **state)
{
	struct world *world = *state;
	struct token token;
	uint8_t challenge[SK_CHALLENGE_BYTES];
	struct sk_buf answer;
	token_make(&token, TOKEN_ES256);
	token.format = "packed";
	assert_int_equal(sk_webauthn_challenge(world->factors, "anna", NULL, world->now, challenge, &fault), SK_OK);
	token_answer(&token, true, challenge, &answer);
	for (size_t cut = 0; cut < answer.length; cut += 3)
		assert_int_not_equal(sk_webauthn_register(world->factors, "anna", &party, sk_buf_text(&answer), cut, world->now, &fault), SK_OK);
	sk_buf_fini(&answer);
	EVP_PKEY_free(token.key);
}

/* ---- keys on their way into the register ---- */

/* As the page does it for somebody else: the challenge is the asker's. The key gets the name that the register would have. */
static enum sk_err enrol_for(struct world *world, const char *asker, const char *account, const struct token *token)
{
	uint8_t challenge[SK_CHALLENGE_BYTES];
	struct sk_buf answer;
	assert_int_equal(sk_webauthn_challenge(world->factors, asker, NULL, world->now, challenge, &fault), SK_OK);
	token_answer(token, true, challenge, &answer);
	enum sk_err err = sk_webauthn_enrol(world->factors, asker, account, &party, sk_buf_text(&answer), answer.length, world->now, &fault);
	sk_buf_fini(&answer);
	return err;
}

static void take_key(void *context, const struct sk_webauthn_credential *credential)
{
	*(struct sk_verify_key *)context = credential->key;
}

/* rule: ACCESS-13 */
static void token_enrolled(void **state)
{
	struct world *world = *state;
	struct token token, other;
	uint8_t approves[SK_HASH_BYTES];
	uint64_t admitted, dropped;
	char session[SK_SESSION_TOKEN_MAX], account[SK_MATTER_ID_MAX];
	struct sk_key_span span = {.from_ns = day_one, .until_ns = INT64_MAX};
	struct sk_holder holder = {.id = "dan", .from_ns = day_one, .until_ns = INT64_MAX, .key_count = 0, .keys = &span};
	struct sk_access reg = {.account_count = 1, .accounts = &holder};
	token_make(&token, TOKEN_ES256);
	token_make(&other, TOKEN_EDDSA);
	assert_int_equal(enrol_for(world, "admin", "dan", &token), SK_OK);
	assert_int_equal(enrol_for(world, "admin", "dan", &other), SK_OK);
	/* No act has put it into the register: nobody signs in with it. */
	assert_int_equal(sk_webauthn_settle(world->factors, &reg, &admitted, &dropped, &fault), SK_OK);
	assert_int_equal(admitted + dropped, 0);
	assert_int_equal(sign_in(world, "dan", &token, NULL, approves), SK_EFACTOR);
	/* An act with one of the two. */
	enrol_for(world, "admin", "eve", &token);
	assert_int_equal(sk_enrolled_each(world->factors, "eve", party.rp_id, take_key, &span.key, &fault), SK_OK);
	holder.key_count = 1;
	assert_int_equal(sk_webauthn_settle(world->factors, &reg, &admitted, &dropped, &fault), SK_OK);
	assert_int_equal(admitted, 1);
	assert_int_equal(sign_in(world, "dan", &token, NULL, approves), SK_OK);
	assert_int_equal(sign_in(world, "dan", &other, NULL, approves), SK_EFACTOR);
	assert_int_equal(sign_in(world, "eve", &token, NULL, approves), SK_EFACTOR); /* the register has it as somebody else's */
	assert_int_equal(sk_webauthn_settle(world->factors, &reg, &admitted, &dropped, &fault), SK_OK);
	assert_int_equal(admitted + dropped, 0);
	/* An act that revokes it signs its holder out. */
	assert_int_equal(sk_session_begin(world->factors, "dan", world->now, session, &fault), SK_OK);
	span.until_ns = world->now;
	assert_int_equal(sk_webauthn_settle(world->factors, &reg, &admitted, &dropped, &fault), SK_OK);
	assert_int_equal(dropped, 1);
	assert_int_equal(sign_in(world, "dan", &token, NULL, approves), SK_EFACTOR);
	assert_int_equal(sk_session_check(world->factors, session, world->now, account, &fault), SK_EFACTOR);
	/* What no act came for is forgotten after a day. */
	span = (struct sk_key_span){.from_ns = day_one, .until_ns = INT64_MAX};
	assert_int_equal(sk_enrolled_each(world->factors, "dan", party.rp_id, take_key, &span.key, &fault), SK_OK);
	world->now += INT64_C(86400) * second_ns;
	assert_int_equal(enrol_for(world, "admin", "fay", &token), SK_OK);
	assert_int_equal(sk_webauthn_settle(world->factors, &reg, &admitted, &dropped, &fault), SK_OK);
	assert_int_equal(admitted, 0);
	EVP_PKEY_free(token.key);
	EVP_PKEY_free(other.key);
}

/* ---- sessions ---- */

/* A stolen session: whoever has the token looks, and approves nothing. rule: ACCESS-11 */
static void sessions(void **state)
{
	struct world *world = *state;
	char token[SK_SESSION_TOKEN_MAX], other[SK_SESSION_TOKEN_MAX], account[SK_MATTER_ID_MAX];
	uint8_t digest[SK_HASH_BYTES] = {1}, different[SK_HASH_BYTES] = {2}, zeros[SK_HASH_BYTES] = {0};
	assert_int_equal(sk_session_begin(world->factors, "anna", world->now, token, &fault), SK_OK);
	assert_int_equal(sk_session_begin(world->factors, "paul", world->now, other, &fault), SK_OK);
	reopen(world);
	assert_int_equal(sk_session_check(world->factors, token, world->now, account, &fault), SK_OK);
	assert_string_equal(account, "anna");
	assert_int_equal(sk_session_approve(world->factors, token, digest, world->now, &fault), SK_EFACTOR);
	assert_int_equal(sk_session_approve(world->factors, token, zeros, world->now, &fault), SK_EFACTOR);
	assert_int_equal(sk_session_step_up(world->factors, token, digest, world->now, &fault), SK_OK);
	assert_int_equal(sk_session_approve(world->factors, token, different, world->now, &fault), SK_EFACTOR); /* for this, not for that */
	assert_int_equal(sk_session_approve(world->factors, other, digest, world->now, &fault), SK_EFACTOR);    /* of this session */
	assert_int_equal(sk_session_approve(world->factors, token, digest, world->now, &fault), SK_OK);
	assert_int_equal(sk_session_approve(world->factors, token, digest, world->now, &fault), SK_EFACTOR);    /* once */
	assert_int_equal(sk_session_step_up(world->factors, token, digest, world->now, &fault), SK_OK);
	world->now += SK_STEP_UP_S * second_ns;
	assert_int_equal(sk_session_approve(world->factors, token, digest, world->now, &fault), SK_EFACTOR);    /* too late */
	assert_int_equal(sk_session_check(world->factors, "AAAA", world->now, account, &fault), SK_EFACTOR);
	assert_int_equal(sk_session_check(world->factors, "", world->now, account, &fault), SK_EFACTOR);
	assert_int_equal(sk_session_end(world->factors, other, &fault), SK_OK);
	assert_int_equal(sk_session_check(world->factors, other, world->now, account, &fault), SK_EFACTOR);
	/* Two processes use one session: whoever looked at his clock a moment before the other noted it signs nobody out, and turns no time back. */
	assert_int_equal(sk_session_check(world->factors, token, world->now + second_ns, account, &fault), SK_OK);
	assert_int_equal(sk_session_peek(world->factors, token, world->now, &fault), SK_OK);
	assert_int_equal(sk_session_check(world->factors, token, world->now, account, &fault), SK_OK);
	world->now += SK_SESSION_IDLE_S * second_ns;
	assert_int_equal(sk_session_check(world->factors, token, world->now, account, &fault), SK_OK); /* idle from the later of the two on */
	/* Idle, and the end of a day. */
	assert_int_equal(sk_session_check(world->factors, token, world->now + SK_SESSION_IDLE_S * second_ns, account, &fault), SK_EFACTOR);
	assert_int_equal(sk_session_check(world->factors, token, world->now, account, &fault), SK_EFACTOR);
	assert_int_equal(sk_session_begin(world->factors, "anna", world->now, token, &fault), SK_OK);
	int64_t begun = world->now;
	for (; world->now - begun < SK_SESSION_LIFE_S * second_ns; world->now += 600 * second_ns)
		assert_int_equal(sk_session_check(world->factors, token, world->now, account, &fault), SK_OK);
	assert_int_equal(sk_session_check(world->factors, token, world->now, account, &fault), SK_EFACTOR);
}

static void removal(void **state)
{
	struct world *world = *state;
	char uri[SK_TOTP_URI_MAX], token[SK_SESSION_TOKEN_MAX], account[SK_MATTER_ID_MAX];
	uint64_t count;
	assert_int_equal(sk_totp_new(world->factors, "anna", "s", world->now, uri, &fault), SK_OK);
	assert_int_equal(sk_session_begin(world->factors, "anna", world->now, token, &fault), SK_OK);
	assert_int_equal(sk_factors_remove(world->factors, "anna", "totp", &count, &fault), SK_OK);
	assert_int_equal(count, 1);
	assert_int_equal(sk_session_check(world->factors, token, world->now, account, &fault), SK_EFACTOR);
	assert_int_equal(sk_factors_remove(world->factors, "anna", NULL, &count, &fault), SK_OK);
	assert_int_equal(count, 0);
}

/* rule: ACCESS-12 */
static void credentials(void **state)
{
	struct world *world = *state;
	char paths[4][96];
	uint64_t count;
	struct stat info;
	for (int i = 0; i < 4; i++)
		(void)snprintf(paths[i], sizeof paths[i], "%s/secret-%d", world->folder, i);
	assert_int_equal(sk_credential_rotate(world->factors, "enforcer", paths[0], 0, world->now, &fault), SK_ENOENT);
	assert_int_equal(sk_credential_new(world->factors, "enforcer", paths[0], world->now, &fault), SK_OK);
	assert_int_equal(sk_credential_new(world->factors, "enforcer", paths[1], world->now, &fault), SK_EEXIST);
	assert_int_equal(sk_credential_new(world->factors, "other", paths[0], world->now, &fault), SK_EEXIST);
	assert_int_equal(stat(paths[0], &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_int_equal(sk_credential_check(world->factors, "enforcer", paths[0], world->now, &fault), SK_OK);
	assert_int_equal(sk_credential_check(world->factors, "sensor", paths[0], world->now, &fault), SK_EFACTOR);
	assert_int_equal(chmod(paths[0], 0604), 0);
	assert_int_equal(sk_credential_check(world->factors, "enforcer", paths[0], world->now, &fault), SK_EPERMS);
	assert_int_equal(chmod(paths[0], 0600), 0);
	/* Both are good for an hour, then the new one alone; a second rotation does not prolong the first secret. */
	assert_int_equal(sk_credential_rotate(world->factors, "enforcer", paths[1], 3600, world->now, &fault), SK_OK);
	world->now += 3599 * second_ns;
	assert_int_equal(sk_credential_check(world->factors, "enforcer", paths[0], world->now, &fault), SK_OK);
	assert_int_equal(sk_credential_check(world->factors, "enforcer", paths[1], world->now, &fault), SK_OK);
	assert_int_equal(sk_credential_rotate(world->factors, "enforcer", paths[2], 7200, world->now, &fault), SK_OK);
	world->now += second_ns;
	assert_int_equal(sk_credential_check(world->factors, "enforcer", paths[0], world->now, &fault), SK_EFACTOR);
	assert_int_equal(sk_credential_check(world->factors, "enforcer", paths[1], world->now, &fault), SK_OK);
	assert_int_equal(sk_credential_check(world->factors, "enforcer", paths[2], world->now, &fault), SK_OK);
	assert_int_equal(sk_credential_revoke(world->factors, "enforcer", &count, &fault), SK_OK);
	assert_int_equal(count, 3);
	assert_int_equal(sk_credential_check(world->factors, "enforcer", paths[2], world->now, &fault), SK_EFACTOR);
	assert_int_equal(sk_credential_revoke(world->factors, "enforcer", &count, &fault), SK_ENOENT);
	assert_int_equal(sk_file_replace(paths[3], "0000\n", 5, 0600, &fault), SK_OK);
	assert_int_equal(sk_credential_check(world->factors, "enforcer", paths[3], world->now, &fault), SK_EMALFORMED);
	for (int i = 0; i < 4; i++)
		(void)unlink(paths[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)

/* The saboteur runs the tests that it is about: a name, or a pattern as cmocka has it. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(files), TEST(changed_rows), TEST(time_goes_on), TEST(passwords), TEST(breached_file), TEST(breached_folder), TEST(rfc6238), TEST(codes),
		TEST(codes_change), TEST(codes_wait), TEST(codes_guessed), TEST(other_sessions),
		TEST(tokens), TEST(token_refused), TEST(token_once), TEST(token_mangled), TEST(token_enrolled), TEST(sessions), TEST(removal), TEST(credentials),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
