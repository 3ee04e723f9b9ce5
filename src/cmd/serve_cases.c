/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/serve_cases.h"

#include <stdio.h>

static void shut(struct sk_serve_cases *s)
{
	sk_cases_close(s->cases);
	s->cases = NULL;
	if (s->follows)
		sk_centre_close(&s->centre);
	s->follows = false;
}

/* The centre is recomputed to its signed head: once as a whole, then what came since. */
static enum sk_err reach_head(struct sk_serve_cases *s, struct sk_fault *fault)
{
	uint64_t from;
	if (s->follows && sk_centre_follow(&s->centre, &from, fault) == SK_OK)
		return SK_OK;
	shut(s);
	SK_TRY(sk_centre_open(s->dir, false, &s->centre, fault));
	s->follows = true;
	return SK_OK;
}

/* Then the cases are compared with it. */
static enum sk_err open_cases(struct sk_serve_cases *s, uint64_t size, const struct sk_stamp *stamp, struct sk_fault *fault)
{
	char key[SK_PATH_MAX];
	sk_cases_close(s->cases);
	s->cases = NULL;
	SK_TRY(reach_head(s, fault));
	SK_TRY(sk_cases_open(s->db, sk_centre_path(&s->centre, "keys/case.key", key), s->centre.docket, NULL, NULL, &s->cases, fault));
	s->size = size;
	s->stamp = *stamp;
	return SK_OK;
}

/* Changed rows come before their leaf: files that nobody wrote to since are those that agreed with the ledger then. */
static enum sk_err refresh_cases(struct sk_serve_cases *s, uint64_t size, int64_t now_ns, struct sk_fault *fault)
{
	const char *const files[] = {s->db, s->log};
	struct sk_stamp stamp;
	if (s->cases != NULL && s->size == size)
		return SK_OK;
	sk_stamp_take(files, SK_COUNT(files), now_ns, &stamp);
	return s->cases != NULL && sk_stamp_same(&s->stamp, &stamp) ? SK_OK : open_cases(s, size, &stamp, fault);
}

/* Before anybody handed one in. */
static enum sk_err find_access(struct sk_serve_cases *s, struct sk_fault *fault)
{
	struct sk_centre centre;
	if (s->access != NULL)
		return SK_OK;
	SK_TRY(sk_centre_open(s->dir, false, &centre, fault));
	enum sk_err err = sk_access_open(centre.docket, &s->access, fault);
	sk_centre_close(&centre);
	return err;
}

void sk_serve_cases_rights(struct sk_serve_cases *cases, struct sk_access *access)
{
	(void)pthread_mutex_lock(&cases->lock);
	struct sk_access *before = cases->access;
	cases->access = access;
	(void)pthread_mutex_unlock(&cases->lock);
	sk_access_close(before);
}

static enum sk_err take(void *context, struct sk_cases **cases, struct sk_access **access, struct sk_fault *fault)
{
	struct sk_serve_cases *s = context;
	char folder[SK_PATH_MAX];
	struct sk_checkpoint head;
	int64_t now_ns = s->clock->unix_ns(s->clock->context);
	(void)pthread_mutex_lock(&s->lock);
	enum sk_err err = sk_file_join(folder, sizeof folder, s->dir, "centre/ledger");
	if (err == SK_OK)
		err = sk_checkpoint_read(folder, NULL, NULL, &head, fault);
	if (err == SK_OK)
		err = find_access(s, fault);
	if (err == SK_OK)
		err = refresh_cases(s, head.size, now_ns, fault);
	if (err != SK_OK) {
		(void)pthread_mutex_unlock(&s->lock);
		return err;
	}
	*cases = s->cases;
	*access = s->access;
	return SK_OK;
}

static void give(void *context)
{
	struct sk_serve_cases *s = context;
	(void)pthread_mutex_unlock(&s->lock);
}

enum sk_err sk_serve_cases_init(struct sk_serve_cases *out, const char *dir, const struct sk_clock *clock)
{
	*out = (struct sk_serve_cases){.shelf = {.take = take, .give = give}, .clock = clock};
	(void)pthread_mutex_init(&out->lock, NULL);
	out->shelf.context = out;
	(void)snprintf(out->dir, sizeof out->dir, "%s", dir);
	(void)snprintf(out->shelf.folder, sizeof out->shelf.folder, "%.4000s/centre/out/bundles", dir);
	SK_TRY(sk_file_join(out->db, sizeof out->db, dir, "centre/cases.db"));
	return sk_file_join(out->log, sizeof out->log, dir, "centre/cases.db-wal");
}

void sk_serve_cases_fini(struct sk_serve_cases *cases)
{
	shut(cases);
	sk_access_close(cases->access);
	cases->access = NULL;
	(void)pthread_mutex_destroy(&cases->lock);
}
