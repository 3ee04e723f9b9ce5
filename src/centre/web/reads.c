/* SPDX-License-Identifier: Apache-2.0 */
/* Read handlers of the centre itself: status and ledgers. */
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "ledger/ledger.h"
#include "text/text.h"
#include "web/server_priv.h"

enum { LATE_S = 300 };

static const int64_t second_ns = 1000000000;

static bool age_of(const char *folder, int64_t now_ns, int64_t *age_s)
{
	char path[SK_PATH_MAX];
	struct stat info;
	if (sk_file_join(path, sizeof path, folder, "checkpoint") != SK_OK || stat(path, &info) != 0)
		return false;
	*age_s = now_ns / second_ns - info.st_mtim.tv_sec;
	*age_s = *age_s > 0 ? *age_s : 0;
	return true;
}

bool sk_web_ledger_age(const struct sk_web_house *house, size_t i, int64_t now_ns, int64_t *age_s)
{
	char folder[SK_PATH_MAX];
	return sk_web_ledger_folder(house, i, folder) == SK_OK && age_of(folder, now_ns, age_s);
}

/* A sensor is as old as its newest checkpoint: a signed interval, or nothing to sign. */
static void put_feed(struct sk_web_call *call, size_t i)
{
	char name[64];
	int64_t age_s = 0;
	struct sk_json_writer *w = &call->json;
	const char *known = sk_web_ledger_name(call->house, i, name);
	bool there = sk_web_ledger_age(call->house, i, call->now_ns, &age_s);
	sk_json_object(w, NULL);
	sk_json_text(w, "name", known);
	sk_json_text(w, "kind", "sensor");
	if (there)
		sk_json_i64(w, "age_s", age_s);
	else
		sk_json_null(w, "age_s");
	sk_json_text(w, "health", !there ? "failing" : age_s > LATE_S ? "late" : "ok");
	sk_json_end(w);
}

enum sk_err sk_read_status(struct sk_web_call *call)
{
	char folder[SK_PATH_MAX], now[SK_TIME_TEXT_MAX];
	struct sk_checkpoint head;
	int64_t age_s = 0;
	struct sk_json_writer *w = &call->json;
	SK_TRY(sk_web_ledger_folder(call->house, 0, folder));
	SK_TRY(sk_checkpoint_read(folder, NULL, NULL, &head, &call->fault));
	(void)age_of(folder, call->now_ns, &age_s);
	sk_json_object(w, NULL);
	sk_json_text(w, "version", call->house->version);
	sk_json_text(w, "origin", call->house->origin);
	sk_json_text(w, "profile", call->house->profile);
	sk_json_bool(w, "simulated", call->house->simulated);
	sk_json_text(w, "now", sk_time_format(call->now_ns, 0, now));
	sk_json_object(w, "ledger");
	sk_json_u64(w, "size", head.size);
	sk_json_i64(w, "checkpoint_age_s", age_s);
	sk_json_end(w);
	sk_json_array(w, "feeds");
	for (size_t i = 1; i <= call->house->workspace_count; i++)
		put_feed(call, i);
	sk_json_end(w);
	sk_json_end(w);
	return SK_OK;
}

/* The key that a ledger says is its own: of its first leaf, the public half of whoever signs its checkpoints. */
static bool key_of(const char *folder, uint64_t size, char text[SK_VKEY_TEXT_MAX])
{
	struct sk_buf leaf;
	struct sk_json_doc *doc = NULL;
	struct sk_fault ignored;
	sk_buf_init(&leaf, SK_RECORD_MAX_BYTES);
	text[0] = '\0';
	if (sk_ledger_read(folder, size, 0, &leaf, &ignored) == SK_OK && sk_json_parse(sk_buf_text(&leaf), leaf.length, &doc, &ignored) == SK_OK) {
		const char *key = sk_json_get_text(sk_json_top(doc), "key");
		if (key != NULL && strlen(key) < SK_VKEY_TEXT_MAX)
			memcpy(text, key, strlen(key) + 1);
	}
	sk_json_free(doc);
	sk_buf_fini(&leaf);
	return text[0] != '\0';
}

enum sk_err sk_read_ledgers(struct sk_web_call *call)
{
	char name[64], folder[SK_PATH_MAX], key[SK_VKEY_TEXT_MAX];
	const char *known;
	struct sk_fault ignored;
	struct sk_json_writer *w = &call->json;
	sk_json_array(w, NULL);
	for (size_t i = 0; (known = sk_web_ledger_name(call->house, i, name)) != NULL; i++) {
		struct sk_checkpoint head;
		if (sk_web_ledger_folder(call->house, i, folder) != SK_OK || sk_checkpoint_read(folder, NULL, NULL, &head, &ignored) != SK_OK || !key_of(folder, head.size, key))
			continue;
		sk_json_object(w, NULL);
		sk_json_text(w, "name", known);
		sk_json_text(w, "origin", head.origin);
		sk_json_text(w, "vkey", key);
		sk_json_u64(w, "size", head.size);
		sk_json_end(w);
	}
	sk_json_end(w);
	return SK_OK;
}
