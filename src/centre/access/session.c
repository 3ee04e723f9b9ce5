/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions: whoever has the token may look; what is approved needs a second factor for exactly that, just now. rule: ACCESS-11 */
#include <sodium.h>
#include <stdlib.h>

#include "access/vault_priv.h"

enum { TOKEN_BYTES = 32 };

static const int64_t second_ns = 1000000000;

struct session {
	char account[SK_MATTER_ID_MAX];
	int64_t begun_ns, seen_ns, stepped_ns;
	uint8_t stepped[SK_HASH_BYTES]; /* what the last step-up was for; used up by the approval */
};

static bool hash_token(const char *token, uint8_t hash[SK_HASH_BYTES])
{
	uint8_t bytes[TOKEN_BYTES];
	size_t length = 0;
	/* Anything that we did not write ourselves is nobody's token. */
	if (sodium_base642bin(bytes, sizeof bytes, token, strlen(token), NULL, &length, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 || length != TOKEN_BYTES)
		return false;
	sk_sha256(bytes, sizeof bytes, hash);
	sk_wipe(bytes, sizeof bytes);
	return true;
}

static enum sk_err write_session(struct sk_factors *factors, const uint8_t hash[SK_HASH_BYTES], const struct session *session, struct sk_fault *fault)
{
	struct sk_buf value;
	struct sk_json_writer w;
	sk_buf_init(&value, SK_ITEM_MAX);
	sk_json_begin(&w, &value, true);
	sk_json_object(&w, NULL);
	sk_json_i64(&w, "begun_ns", session->begun_ns);
	sk_json_i64(&w, "seen_ns", session->seen_ns);
	sk_json_hex(&w, "stepped", session->stepped, sizeof session->stepped);
	sk_json_i64(&w, "stepped_ns", session->stepped_ns);
	sk_json_end(&w);
	enum sk_err err = sk_vault_put(factors, "session", session->account, hash, SK_HASH_BYTES, &value, fault);
	sk_buf_fini(&value);
	return err;
}

struct search {
	const uint8_t *hash;
	struct session found;
	bool any;
};

static void match(void *context, const char *account, const void *name, size_t name_length, const struct sk_buf *value)
{
	struct search *search = context;
	struct sk_json_doc *doc = NULL;
	struct sk_fault ignored;
	if (name_length != SK_HASH_BYTES || memcmp(name, search->hash, SK_HASH_BYTES) != 0 || sk_vault_read(value, &doc, &ignored) != SK_OK)
		return;
	const struct sk_json_value *top = sk_json_top(doc);
	struct session *found = &search->found;
	search->any = strlen(account) < sizeof found->account && sk_json_get_i64(top, "begun_ns", &found->begun_ns) == SK_OK &&
		      sk_json_get_i64(top, "seen_ns", &found->seen_ns) == SK_OK && sk_json_get_i64(top, "stepped_ns", &found->stepped_ns) == SK_OK &&
		      sk_json_get_hex(top, "stepped", found->stepped, sizeof found->stepped) == SK_OK;
	if (search->any)
		memcpy(found->account, account, strlen(account) + 1);
	sk_json_free(doc);
}

/* Several processes use one session: whoever took his time a moment before another noted it comes second, and is told by the later of the two. */
static int64_t time_of(const struct session *session, int64_t now_ns)
{
	return now_ns > session->seen_ns ? now_ns : session->seen_ns;
}

static bool is_over(const struct session *session, int64_t now_ns)
{
	now_ns = time_of(session, now_ns);
	return now_ns - session->seen_ns >= SK_SESSION_IDLE_S * second_ns || now_ns - session->begun_ns >= SK_SESSION_LIFE_S * second_ns;
}

/* Find it, and refuse what is over. */
static enum sk_err find(struct sk_factors *factors, const char *token, int64_t now_ns, uint8_t hash[SK_HASH_BYTES], struct session *session, struct sk_fault *fault)
{
	struct search search = {.hash = hash};
	uint64_t gone;
	if (!hash_token(token, hash))
		return sk_factor_refused(fault, "session", "not known, or over; sign in again");
	SK_TRY(sk_vault_each(factors, "session", NULL, match, &search, fault));
	*session = search.found;
	bool over = search.any && is_over(session, now_ns);
	if (over)
		SK_TRY(sk_vault_delete(factors, "session", session->account, hash, SK_HASH_BYTES, &gone, fault));
	return search.any && !over ? SK_OK : sk_factor_refused(fault, "session", "not known, or over; sign in again");
}

/* The same, and note that it was seen. */
static enum sk_err use(struct sk_factors *factors, const char *token, int64_t now_ns, uint8_t hash[SK_HASH_BYTES], struct session *session, struct sk_fault *fault)
{
	SK_TRY(find(factors, token, now_ns, hash, session, fault));
	session->seen_ns = time_of(session, now_ns);
	return write_session(factors, hash, session, fault);
}

enum sk_err sk_session_peek(struct sk_factors *factors, const char *token, int64_t now_ns, struct sk_fault *fault)
{
	struct session session = {0};
	uint8_t hash[SK_HASH_BYTES];
	SK_TRY(sk_vault_begin(factors, fault));
	return sk_vault_end(factors, find(factors, token, now_ns, hash, &session, fault), fault);
}

/* ---- those that are over ---- */

enum { SWEPT_MAX = 64 };

struct sweep {
	int64_t now_ns;
	size_t count;
	struct {
		char account[SK_MATTER_ID_MAX];
		uint8_t hash[SK_HASH_BYTES];
	} over[SWEPT_MAX];
};

static void note_over(void *context, const char *account, const void *name, size_t name_length, const struct sk_buf *value)
{
	struct sweep *sweep = context;
	struct search one = {.hash = name};
	if (sweep->count == SWEPT_MAX || name_length != SK_HASH_BYTES || strlen(account) >= SK_MATTER_ID_MAX)
		return;
	match(&one, account, name, name_length, value);
	if (one.any && !is_over(&one.found, sweep->now_ns))
		return;
	memcpy(sweep->over[sweep->count].account, account, strlen(account) + 1);
	memcpy(sweep->over[sweep->count++].hash, name, SK_HASH_BYTES);
}

/* Nobody comes back with a token that is over: whoever signs in takes some of these away, so that they do not pile up. */
static enum sk_err sweep_up(struct sk_factors *factors, int64_t now_ns, struct sk_fault *fault)
{
	struct sweep *sweep = calloc(1, sizeof *sweep);
	uint64_t gone;
	if (sweep == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	sweep->now_ns = now_ns;
	enum sk_err err = sk_vault_each(factors, "session", NULL, note_over, sweep, fault);
	for (size_t i = 0; i < sweep->count && err == SK_OK; i++)
		err = sk_vault_delete(factors, "session", sweep->over[i].account, sweep->over[i].hash, SK_HASH_BYTES, &gone, fault);
	free(sweep);
	return err;
}

enum sk_err sk_session_begin(struct sk_factors *factors, const char *account, int64_t now_ns, char token[SK_SESSION_TOKEN_MAX], struct sk_fault *fault)
{
	struct session session = {.begun_ns = now_ns, .seen_ns = now_ns};
	uint8_t bytes[TOKEN_BYTES], hash[SK_HASH_BYTES];
	if (strlen(account) >= sizeof session.account)
		return sk_fault_set(fault, SK_EUSAGE, "account: too long");
	memcpy(session.account, account, strlen(account) + 1);
	sk_random(bytes, sizeof bytes);
	sk_sha256(bytes, sizeof bytes, hash);
	(void)sodium_bin2base64(token, SK_SESSION_TOKEN_MAX, bytes, sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sk_wipe(bytes, sizeof bytes);
	SK_TRY(sk_vault_begin(factors, fault));
	enum sk_err err = sweep_up(factors, now_ns, fault);
	if (err == SK_OK)
		err = write_session(factors, hash, &session, fault);
	return sk_vault_end(factors, err, fault);
}

enum sk_err sk_session_look(struct sk_factors *factors, const char *token, int64_t now_ns, struct sk_session_facts *out, struct sk_fault *fault)
{
	struct session session = {0};
	uint8_t hash[SK_HASH_BYTES];
	SK_TRY(sk_vault_begin(factors, fault));
	enum sk_err err = use(factors, token, now_ns, hash, &session, fault);
	if (err == SK_OK) {
		int64_t idle_ns = session.seen_ns + SK_SESSION_IDLE_S * second_ns, end_ns = session.begun_ns + SK_SESSION_LIFE_S * second_ns;
		*out = (struct sk_session_facts){.begun_ns = session.begun_ns, .until_ns = idle_ns < end_ns ? idle_ns : end_ns, .stepped_ns = session.stepped_ns};
		memcpy(out->account, session.account, sizeof out->account);
	}
	return sk_vault_end(factors, err, fault);
}

enum sk_err sk_session_check(struct sk_factors *factors, const char *token, int64_t now_ns, char account[SK_MATTER_ID_MAX], struct sk_fault *fault)
{
	struct sk_session_facts facts;
	SK_TRY(sk_session_look(factors, token, now_ns, &facts, fault));
	memcpy(account, facts.account, sizeof facts.account);
	return SK_OK;
}

enum sk_err sk_session_step_up(struct sk_factors *factors, const char *token, const uint8_t digest[SK_HASH_BYTES], int64_t now_ns, struct sk_fault *fault)
{
	struct session session = {0};
	uint8_t hash[SK_HASH_BYTES];
	SK_TRY(sk_vault_begin(factors, fault));
	enum sk_err err = use(factors, token, now_ns, hash, &session, fault);
	if (err == SK_OK) {
		memcpy(session.stepped, digest, SK_HASH_BYTES);
		session.stepped_ns = now_ns;
		err = write_session(factors, hash, &session, fault);
	}
	return sk_vault_end(factors, err, fault);
}

static enum sk_err approve(struct sk_factors *factors, const char *token, const uint8_t digest[SK_HASH_BYTES], int64_t now_ns, struct sk_fault *fault)
{
	struct session session = {0};
	uint8_t hash[SK_HASH_BYTES];
	SK_TRY(use(factors, token, now_ns, hash, &session, fault));
	if (session.stepped_ns == 0 || now_ns - session.stepped_ns >= SK_STEP_UP_S * second_ns || sodium_memcmp(session.stepped, digest, SK_HASH_BYTES) != 0)
		return sk_factor_refused(fault, session.account, "approving this needs a second factor for exactly this, just now");
	/* One step-up, one approval. */
	session.stepped_ns = 0;
	memset(session.stepped, 0, sizeof session.stepped);
	return write_session(factors, hash, &session, fault);
}

enum sk_err sk_session_approve(struct sk_factors *factors, const char *token, const uint8_t digest[SK_HASH_BYTES], int64_t now_ns, struct sk_fault *fault)
{
	SK_TRY(sk_vault_begin(factors, fault));
	return sk_vault_end(factors, approve(factors, token, digest, now_ns, fault), fault);
}

enum sk_err sk_session_end(struct sk_factors *factors, const char *token, struct sk_fault *fault)
{
	uint8_t hash[SK_HASH_BYTES];
	uint64_t gone;
	if (!hash_token(token, hash))
		return SK_OK;
	SK_TRY(sk_vault_begin(factors, fault));
	return sk_vault_end(factors, sk_vault_delete(factors, "session", NULL, hash, SK_HASH_BYTES, &gone, fault), fault);
}

enum { OTHERS_MAX = 1024 };

struct others {
	const uint8_t *kept; /* NULL: none is */
	size_t count;
	uint8_t hash[OTHERS_MAX][SK_HASH_BYTES];
};

static void note_other(void *context, const char *account, const void *name, size_t name_length, const struct sk_buf *value)
{
	struct others *others = context;
	(void)account, (void)value;
	if (name_length == SK_HASH_BYTES && others->count < OTHERS_MAX && (others->kept == NULL || memcmp(name, others->kept, SK_HASH_BYTES) != 0))
		memcpy(others->hash[others->count++], name, SK_HASH_BYTES);
}

static enum sk_err end_others(struct sk_factors *factors, const char *account, struct others *others, uint64_t *count, struct sk_fault *fault)
{
	uint64_t gone;
	do {
		others->count = 0;
		SK_TRY(sk_vault_each(factors, "session", account, note_other, others, fault));
		for (size_t i = 0; i < others->count; i++) {
			SK_TRY(sk_vault_delete(factors, "session", account, others->hash[i], SK_HASH_BYTES, &gone, fault));
			*count += gone;
		}
	} while (others->count == OTHERS_MAX);
	return SK_OK;
}

enum sk_err sk_session_end_others(struct sk_factors *factors, const char *account, const char *token, uint64_t *count, struct sk_fault *fault)
{
	uint8_t kept[SK_HASH_BYTES];
	struct others *others = calloc(1, sizeof *others);
	*count = 0;
	if (others == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	others->kept = token != NULL && hash_token(token, kept) ? kept : NULL;
	enum sk_err err = sk_vault_begin(factors, fault);
	if (err == SK_OK)
		err = sk_vault_end(factors, end_others(factors, account, others, count, fault), fault);
	free(others);
	return err;
}
