/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/serve_cases.h"

#include <stdio.h>

static void shut(struct sk_serve_cases *s)
{
	sk_cases_close(s->cases);
	sk_access_close(s->access);
	sk_centre_close(&s->centre);
	s->cases = NULL;
	s->access = NULL;
}

/* The centre is recomputed to its signed head; then the cases are compared with it. */
static enum sk_err open_anew(struct sk_serve_cases *s, uint64_t size, struct sk_fault *fault)
{
	char db[SK_PATH_MAX], key[SK_PATH_MAX];
	shut(s);
	SK_TRY(sk_centre_open(s->dir, false, &s->centre, fault));
	enum sk_err err = sk_access_open(s->centre.docket, &s->access, fault);
	if (err == SK_OK)
		err = sk_cases_open(sk_centre_path(&s->centre, "cases.db", db), sk_centre_path(&s->centre, "keys/case.key", key), s->centre.docket, NULL, NULL, &s->cases, fault);
	if (err != SK_OK)
		shut(s);
	s->size = size;
	return err;
}

static enum sk_err take(void *context, struct sk_cases **cases, struct sk_access **access, struct sk_fault *fault)
{
	struct sk_serve_cases *s = context;
	char folder[SK_PATH_MAX];
	struct sk_checkpoint head;
	(void)pthread_mutex_lock(&s->lock);
	enum sk_err err = sk_file_join(folder, sizeof folder, s->dir, "centre/ledger");
	if (err == SK_OK)
		err = sk_checkpoint_read(folder, NULL, NULL, &head, fault);
	if (err == SK_OK && (s->cases == NULL || s->size != head.size))
		err = open_anew(s, head.size, fault);
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

void sk_serve_cases_init(struct sk_serve_cases *out, const char *dir)
{
	*out = (struct sk_serve_cases){.shelf = {.take = take, .give = give}};
	(void)pthread_mutex_init(&out->lock, NULL);
	out->shelf.context = out;
	(void)snprintf(out->dir, sizeof out->dir, "%s", dir);
	(void)snprintf(out->shelf.folder, sizeof out->shelf.folder, "%.4000s/centre/out/bundles", dir);
}

void sk_serve_cases_fini(struct sk_serve_cases *cases)
{
	shut(cases);
	(void)pthread_mutex_destroy(&cases->lock);
}
