/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "access/list.h"
#include "base/file.h"
#include "text/text.h"
#include "web/session_priv.h"

enum { SETS = 512, WAYS = 4 };

static const int64_t kept_ns = INT64_C(2) * 1000000000;

struct kept {
	uint8_t token[SK_HASH_BYTES]; /* its hash */
	int64_t at_ns;                /* 0: free */
	struct sk_web_caller caller;
};

struct sk_web_sessions {
	struct sk_web_house *house;
	char db[SK_PATH_MAX], key[SK_PATH_MAX], checkpoint[SK_PATH_MAX];
	pthread_mutex_t lock;         /* over all below */
	struct sk_factors *factors;
	struct sk_access *access;
	struct stat seen;             /* of the checkpoint when the register was folded */
	bool grew;                    /* and nobody was told yet: whoever signs in folds it too */
	struct kept kept[SETS][WAYS];
};

/* ---- opening ---- */

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

enum sk_err sk_web_sessions_open(struct sk_web_house *house, struct sk_web_sessions **out, struct sk_fault *fault)
{
	struct sk_web_sessions *sessions = calloc(1, sizeof *sessions);
	*out = NULL;
	if (sessions == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	sessions->house = house;
	(void)pthread_mutex_init(&sessions->lock, NULL);
	enum sk_err err = sk_file_join(sessions->db, SK_PATH_MAX, house->folder, "centre/access.db") == SK_OK &&
					  sk_file_join(sessions->key, SK_PATH_MAX, house->folder, "centre/keys/access.key") == SK_OK &&
					  sk_file_join(sessions->checkpoint, SK_PATH_MAX, house->folder, "centre/ledger/checkpoint") == SK_OK
				  ? SK_OK : sk_fault_set(fault, SK_EUSAGE, "the folder's path is too long");
	if (err == SK_OK)
		err = sk_factors_open(sessions->db, sessions->key, &sessions->factors, fault);
	if (err == SK_OK)
		err = sk_web_sessions_refresh(sessions, fault);
	if (err != SK_OK) {
		sk_web_sessions_close(sessions);
		return err;
	}
	*out = sessions;
	return SK_OK;
}

void sk_web_sessions_close(struct sk_web_sessions *sessions)
{
	if (sessions == NULL)
		return;
	sk_factors_close(sessions->factors);
	sk_access_close(sessions->access);
	(void)pthread_mutex_destroy(&sessions->lock);
	sk_wipe(sessions->kept, sizeof sessions->kept);
	free(sessions);
}

enum sk_err sk_web_sessions_refresh(struct sk_web_sessions *sessions, struct sk_fault *fault)
{
	struct stat now;
	struct sk_access *access = NULL;
	if (stat(sessions->checkpoint, &now) != 0)
		return sk_fault_set(fault, SK_ENOENT, "%s: not there", sessions->checkpoint);
	(void)pthread_mutex_lock(&sessions->lock);
	bool same = sessions->access != NULL && same_file(&now, &sessions->seen);
	(void)pthread_mutex_unlock(&sessions->lock);
	if (same)
		return SK_OK;
	SK_TRY(sessions->house->open_register(sessions->house->context, &access, fault));
	(void)pthread_mutex_lock(&sessions->lock);
	struct sk_access *before = sessions->access;
	sessions->access = access;
	sessions->seen = now;
	sessions->grew = true;
	sk_wipe(sessions->kept, sizeof sessions->kept);
	(void)pthread_mutex_unlock(&sessions->lock);
	sk_access_close(before);
	return SK_OK;
}

bool sk_web_sessions_grew(struct sk_web_sessions *sessions)
{
	(void)pthread_mutex_lock(&sessions->lock);
	bool grew = sessions->grew;
	sessions->grew = false;
	(void)pthread_mutex_unlock(&sessions->lock);
	return grew;
}

enum sk_err sk_web_sessions_factors(struct sk_web_sessions *sessions, struct sk_factors **out, struct sk_fault *fault)
{
	return sk_factors_open(sessions->db, sessions->key, out, fault);
}

/* ---- who ---- */

static struct kept *place(struct sk_web_sessions *sessions, const uint8_t hash[SK_HASH_BYTES])
{
	struct kept *set = sessions->kept[(hash[0] | (size_t)hash[1] << 8) % SETS], *oldest = set;
	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].at_ns != 0 && memcmp(set[i].token, hash, SK_HASH_BYTES) == 0)
			return &set[i];
		if (set[i].at_ns < oldest->at_ns)
			oldest = &set[i];
	}
	oldest->at_ns = 0;
	memcpy(oldest->token, hash, SK_HASH_BYTES);
	return oldest;
}

static void find_duties(struct sk_web_sessions *sessions, struct sk_web_caller *caller, int64_t now_ns)
{
	const char *row, *word;
	struct sk_fault ignored;
	memset(caller->duties, 0, sizeof caller->duties);
	for (size_t i = 0; (word = sk_duty_word(i, &row)) != NULL; i++) {
		SK_INVARIANT(i < SK_WEB_DUTIES_MAX);
		if (sk_access_may(sessions->access, &caller->person, word, now_ns, &ignored) == SK_OK)
			caller->duties[i / 64] |= UINT64_C(1) << i % 64;
	}
}

/* Under the lock. */
static enum sk_err look(struct sk_web_sessions *sessions, const char *token, int64_t now_ns, struct kept *kept, struct sk_fault *fault)
{
	SK_TRY(sk_factors_now(sessions->factors, now_ns, &now_ns, fault));
	SK_TRY(sk_session_look(sessions->factors, token, now_ns, &kept->caller.facts, fault));
	now_ns = sk_access_now(sessions->access, now_ns);
	if (sk_access_person_of(sessions->access, kept->caller.facts.account, now_ns, &kept->caller.person, fault) != SK_OK)
		return sk_fault_set(fault, SK_EFACTOR, "session: its account is closed");
	find_duties(sessions, &kept->caller, now_ns);
	return SK_OK;
}

enum sk_err sk_web_sessions_who(struct sk_web_sessions *sessions, const char *token, int64_t now_ns, struct sk_web_caller *out, struct sk_fault *fault)
{
	uint8_t hash[SK_HASH_BYTES];
	enum sk_err err = SK_OK;
	sk_sha256(token, strlen(token), hash);
	(void)pthread_mutex_lock(&sessions->lock);
	struct kept *kept = place(sessions, hash);
	if (kept->at_ns == 0 || now_ns < kept->at_ns || now_ns - kept->at_ns >= kept_ns) {
		kept->at_ns = 0;
		err = look(sessions, token, now_ns, kept, fault);
		kept->at_ns = err == SK_OK ? now_ns : 0;
	}
	if (err == SK_OK)
		*out = kept->caller;
	(void)pthread_mutex_unlock(&sessions->lock);
	return err;
}

bool sk_web_sessions_stands(struct sk_web_sessions *sessions, const char *token, int64_t now_ns)
{
	struct sk_fault ignored;
	(void)pthread_mutex_lock(&sessions->lock);
	enum sk_err err = sk_session_peek(sessions->factors, token, now_ns, &ignored);
	(void)pthread_mutex_unlock(&sessions->lock);
	return err != SK_EFACTOR; /* a database that is busy ends nobody's stream */
}

void sk_web_sessions_forget(struct sk_web_sessions *sessions, const char *token)
{
	uint8_t hash[SK_HASH_BYTES];
	(void)pthread_mutex_lock(&sessions->lock);
	if (token != NULL) {
		sk_sha256(token, strlen(token), hash);
		place(sessions, hash)->at_ns = 0;
	} else {
		sk_wipe(sessions->kept, sizeof sessions->kept);
	}
	(void)pthread_mutex_unlock(&sessions->lock);
}

/* ---- what ---- */

enum sk_err sk_web_sessions_may(struct sk_web_sessions *sessions, const struct sk_web_caller *caller, const char *duty, int64_t now_ns, struct sk_fault *fault)
{
	const char *row, *word;
	for (size_t i = 0; (word = sk_duty_word(i, &row)) != NULL; i++) {
		if (strcmp(word, duty) != 0)
			continue;
		if ((caller->duties[i / 64] >> i % 64 & 1) != 0)
			return SK_OK;
		/* The register says why, in its own words. */
		(void)pthread_mutex_lock(&sessions->lock);
		enum sk_err err = sk_access_may(sessions->access, &caller->person, duty, sk_access_now(sessions->access, now_ns), fault);
		(void)pthread_mutex_unlock(&sessions->lock);
		return err == SK_OK ? sk_fault_set(fault, SK_EPERMIT, "%s: not yet; ask again in a moment", duty) : err;
	}
	return sk_fault_set(fault, SK_EBUG, "%s: no such duty", duty);
}

enum sk_err sk_web_sessions_person(struct sk_web_sessions *sessions, const char *account, int64_t now_ns, struct sk_person *out, struct sk_fault *fault)
{
	(void)pthread_mutex_lock(&sessions->lock);
	enum sk_err err = sk_access_person_of(sessions->access, account, sk_access_now(sessions->access, now_ns), out, fault);
	(void)pthread_mutex_unlock(&sessions->lock);
	return err;
}

struct search {
	const char *account;
	char *title;
	int64_t now_ns;
	void (*visit)(void *context, const struct sk_verify_key *key);
	void *context;
};

static void find_account(void *context, const struct sk_account_view *account)
{
	const struct search *search = context;
	if (strcmp(account->id, search->account) != 0)
		return;
	if (search->title != NULL)
		(void)snprintf(search->title, SK_ACCESS_TITLE_MAX, "%s", account->title);
	for (size_t i = 0; i < account->key_count && search->visit != NULL; i++)
		if (account->keys[i].from_ns <= search->now_ns && search->now_ns < account->keys[i].until_ns)
			search->visit(search->context, account->keys[i].key);
}

void sk_web_sessions_title(struct sk_web_sessions *sessions, const char *account, char title[SK_ACCESS_TITLE_MAX])
{
	struct search search = {.account = account, .title = title};
	title[0] = '\0';
	(void)pthread_mutex_lock(&sessions->lock);
	sk_access_each_account(sessions->access, 0, find_account, &search);
	(void)pthread_mutex_unlock(&sessions->lock);
}

void sk_web_sessions_keys(struct sk_web_sessions *sessions, const char *account, int64_t now_ns, void (*visit)(void *context, const struct sk_verify_key *key), void *context)
{
	(void)pthread_mutex_lock(&sessions->lock);
	struct search search = {.account = account, .now_ns = sk_access_now(sessions->access, now_ns), .visit = visit, .context = context};
	sk_access_each_account(sessions->access, search.now_ns, find_account, &search);
	(void)pthread_mutex_unlock(&sessions->lock);
}

const char *sk_web_csrf(const char *token, char text[SK_WEB_CSRF_MAX])
{
	char bound[160];
	uint8_t hash[SK_HASH_BYTES];
	int length = snprintf(bound, sizeof bound, "sekisho csrf\n%s", token);
	SK_INVARIANT(length > 0 && (size_t)length < sizeof bound);
	sk_sha256(bound, (size_t)length, hash);
	sk_hex_encode(hash, 16, text);
	sk_wipe(bound, sizeof bound);
	return text;
}
