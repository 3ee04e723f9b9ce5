/* SPDX-License-Identifier: Apache-2.0 */
/* Findings a page at a time, and how many by the hour: straight out of the store. */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "policy/policy.h"
#include "text/text.h"
#include "web/looks.h"
#include "web/server_priv.h"

enum { PAGE = 50, BUCKETS = 60, BUCKETS_MAX = 500, KINDS_MAX = 128, ID_DIGITS = 32 };

static const int64_t hour_s = 3600, hour_ns = 3600000000000;

/* ---- the filter, out of parameters ---- */

static int class_of(const char *name)
{
	for (int i = 0; name != NULL && i < SK_CLASS_COUNT; i++)
		if (strcasecmp(name, sk_class_name((enum sk_class)i)) == 0)
			return i;
	return -1;
}

static struct sk_store_page_filter filter_of(const struct sk_web_call *call)
{
	struct sk_store_page_filter filter = {.since_ns = sk_web_time(call, "since", 0), .until_ns = sk_web_time(call, "until", 0), .class_ = class_of(sk_web_text(call, "class")),
					      .severity = (int)sk_web_number(call, "severity", 0), .kind = sk_web_text(call, "kind")};
	filter.severity = filter.severity == 0 ? -1 : filter.severity;
	return filter;
}

/* ---- one finding ---- */

static void put_time(struct sk_json_writer *w, const char *key, int64_t ns)
{
	char text[SK_TIME_TEXT_MAX];
	sk_json_text(w, key, sk_time_format(ns, 6, text));
}

static void put_address(struct sk_json_writer *w, const char *key, const struct sk_addr *addr)
{
	char text[SK_ADDR_TEXT_MAX];
	if (addr->family != 0)
		sk_json_text(w, key, sk_addr_format(addr, text));
	else
		sk_json_null(w, key);
}

static void put_finding(struct sk_json_writer *w, const struct sk_finding *f, enum sk_lang lang, bool muted)
{
	const struct sk_detector_row *detector = sk_policy_detector(f->kind);
	sk_json_object(w, NULL);
	sk_json_hex(w, "id", f->id, sizeof f->id);
	sk_json_text(w, "kind", f->kind);
	sk_json_text(w, "class", sk_finding_class_name(f));
	sk_json_u64(w, "severity", f->severity);
	sk_json_u64(w, "confidence", f->confidence_percent);
	sk_words_json(w, "sentence", &f->sentence, lang);
	sk_words_json(w, "why", &f->why, lang);
	sk_json_array(w, "else");
	if (f->doubt.length != 0)
		sk_words_json(w, NULL, &f->doubt, lang);
	sk_json_end(w);
	put_address(w, "subject", &f->subject);
	put_address(w, "counterpart", &f->counterpart);
	sk_json_text(w, "matched", f->matched);
	sk_json_text(w, "origin", f->origin);
	put_time(w, "first", f->first_ns);
	put_time(w, "last", f->last_ns);
	sk_json_u64(w, "count", f->count);
	sk_json_array(w, "technique");
	if (detector != NULL && detector->technique[0] != '\0')
		sk_json_text(w, NULL, detector->technique);
	sk_json_end(w);
	sk_json_null(w, "campaign");
	sk_json_null(w, "case");
	sk_json_bool(w, "muted", muted);
	sk_json_end(w);
}

/* ---- pages ---- */

struct listing {
	struct sk_web_call *call;
	const struct sk_web_looks *looks;
	size_t workspace;
	enum sk_lang lang;
	bool show_muted;
	uint64_t muted;
};

static enum sk_err take_finding(void *context, const struct sk_finding *finding, bool *taken)
{
	struct listing *listing = context;
	bool muted = listing->looks->muted(listing->looks->context, listing->workspace, finding, listing->call->now_ns);
	*taken = !muted || listing->show_muted;
	listing->muted += muted;
	if (*taken)
		put_finding(&listing->call->json, finding, listing->lang, muted);
	return SK_OK;
}

static bool is_id(const char *text, uint8_t id[16])
{
	return strlen(text) == ID_DIGITS && sk_hex_decode(text, id, 16) == SK_OK;
}

/* What somebody typed into the search box: a finding's id, a kind or the beginning of one, or a value. */
static enum sk_err understand(struct listing *listing, struct sk_store *store, const char *text, char kind[64], struct sk_store_page_filter *filter, bool *done)
{
	struct sk_web_call *call = listing->call;
	struct sk_finding finding;
	uint8_t id[16];
	bool any = false, taken;
	*done = false;
	if (is_id(text, id)) {
		enum sk_err err = sk_store_finding(store, id, &finding, &call->fault);
		*done = err == SK_OK;
		/* A fingerprint has as many digits. */
		if (err != SK_ENOENT)
			return err == SK_OK ? take_finding(listing, &finding, &taken) : err;
	}
	if (strlen(text) + 2 <= 64) {
		(void)snprintf(kind, 64, "%s", text);
		SK_TRY(sk_store_kind_known(store, kind, &any, &call->fault));
		if (!any) {
			(void)snprintf(kind, 64, "%s.", text);
			SK_TRY(sk_store_kind_known(store, kind, &any, &call->fault));
		}
	}
	*(any ? &filter->kind : &filter->value) = any ? kind : text;
	return SK_OK;
}

static enum sk_err list(struct listing *listing, struct sk_store *store, struct sk_store_page *page)
{
	struct sk_web_call *call = listing->call;
	struct sk_store_page_filter filter = filter_of(call);
	const char *sort = sk_web_text(call, "sort"), *asked = sk_web_text(call, "q"), *name;
	char kind[64];
	bool done = false;
	filter.value = sk_web_text(call, "value");
	filter.cursor = sk_web_text(call, "cursor");
	uint64_t limit = sk_web_number(call, "limit", PAGE);
	filter.limit = limit < 1 ? 1 : limit > SK_PAGE_LIMIT_MAX ? SK_PAGE_LIMIT_MAX : (unsigned)limit;
	for (unsigned i = 0; sort != NULL && (name = sk_store_sort_name((enum sk_store_sort)i)) != NULL; i++)
		if (strcmp(sort, name) == 0)
			filter.sort = (enum sk_store_sort)i;
	if (asked != NULL && asked[0] != '\0' && filter.value != NULL)
		return sk_web_refuse(call, SK_EUSAGE, "q and value are two ways to say the same: give one of them");
	if (asked != NULL && asked[0] != '\0')
		SK_TRY(understand(listing, store, asked, kind, &filter, &done));
	if (!done)
		return sk_store_findings_page(store, &filter, take_finding, listing, page, &call->fault);
	*page = (struct sk_store_page){.heads = 1, .exact = true};
	return SK_OK;
}

static void put_tail(struct listing *listing, const struct sk_store_page *page)
{
	struct sk_json_writer *w = &listing->call->json;
	int64_t age_s;
	if (page->next[0] != '\0')
		sk_json_text(w, "next", page->next);
	else
		sk_json_null(w, "next");
	sk_json_u64(w, "total", page->heads);
	/* at_most: a finding of several days, a muted one, and parts of an hour at the ends of the range count too. */
	sk_json_text(w, "total_is", page->exact && listing->muted == 0 ? "exact" : page->cut ? "at_least" : "at_most");
	sk_json_u64(w, "muted_passed", listing->show_muted ? 0 : listing->muted);
	sk_json_u64(w, "erased", page->erased);
	sk_json_u64(w, "locked", page->locked);
	if (sk_web_ledger_age(listing->call->house, listing->workspace + 1, listing->call->now_ns, &age_s))
		sk_json_i64(w, "age_s", age_s);
	else
		sk_json_null(w, "age_s");
}

/* A store of the first workspace; *store NULL: nothing was watched yet. */
static enum sk_err take_store(struct sk_web_call *call, const struct sk_web_looks **looks, struct sk_store **store)
{
	*looks = call->house->looks;
	*store = NULL;
	if (*looks == NULL || call->house->workspace_count == 0)
		return sk_web_refuse(call, SK_ENOENT, "no sensor's workspace is named to this server (sekisho serve --workspace DIR)");
	enum sk_err err = (*looks)->take((*looks)->context, 0, call->now_ns, store, &call->fault);
	return err == SK_ENOENT ? SK_OK : err;
}

static enum sk_lang lang_of(const struct sk_web_call *call)
{
	const char *lang = sk_web_text(call, "lang");
	return lang != NULL && sk_lang_find(lang) == SK_LANG_JA ? SK_LANG_JA : SK_LANG_EN;
}

enum sk_err sk_read_findings(struct sk_web_call *call)
{
	struct listing listing = {.call = call, .lang = lang_of(call), .show_muted = sk_web_flag(call, "muted")};
	struct sk_store_page page = {.exact = true};
	struct sk_store *store;
	SK_TRY(take_store(call, &listing.looks, &store));
	sk_json_object(&call->json, NULL);
	sk_json_array(&call->json, "items");
	enum sk_err err = store != NULL ? list(&listing, store, &page) : SK_OK;
	if (store != NULL)
		listing.looks->give_back(listing.looks->context, listing.workspace, store);
	sk_json_end(&call->json);
	put_tail(&listing, &page);
	sk_json_end(&call->json);
	return err;
}

/* ---- how many by the hour ---- */

struct bars {
	int64_t first, hours;           /* hours since 1970; of one bar */
	size_t count, kind_count;
	uint64_t all[BUCKETS_MAX];
	struct {
		char name[32];
		uint64_t bars[BUCKETS_MAX];
	} kinds[KINDS_MAX];
};

struct edges {
	int64_t first, last;
};

static enum sk_err find_edges(void *context, int64_t hour, const char *kind, uint64_t heads)
{
	struct edges *edges = context;
	(void)kind, (void)heads;
	edges->first = edges->first < 0 || hour < edges->first ? hour : edges->first;
	edges->last = hour > edges->last ? hour : edges->last;
	return SK_OK;
}

static enum sk_err add_bar(void *context, int64_t hour, const char *kind, uint64_t heads)
{
	struct bars *bars = context;
	size_t at = (size_t)((hour - bars->first) / bars->hours), k = 0;
	if (hour < bars->first || at >= bars->count)
		return SK_OK;
	bars->all[at] += heads;
	while (k < bars->kind_count && strcmp(bars->kinds[k].name, kind) != 0)
		k++;
	if (k == bars->kind_count && k < KINDS_MAX)
		(void)snprintf(bars->kinds[bars->kind_count++].name, sizeof bars->kinds[0].name, "%s", kind);
	if (k < bars->kind_count)
		bars->kinds[k].bars[at] += heads;
	return SK_OK;
}

/* A bar is whole hours, for finer is not kept in clear. */
static enum sk_err count_bars(struct sk_web_call *call, struct sk_store *store, struct bars *bars)
{
	const struct sk_store_page_filter filter = filter_of(call);
	struct edges edges = {-1, -1};
	uint64_t wanted = sk_web_number(call, "buckets", BUCKETS);
	wanted = wanted < 1 ? 1 : wanted > BUCKETS_MAX ? BUCKETS_MAX : wanted;
	if (filter.since_ns == 0 || filter.until_ns == 0)
		SK_TRY(sk_store_findings_hours(store, &filter, find_edges, &edges, &call->fault));
	int64_t first = filter.since_ns != 0 ? filter.since_ns / hour_ns : edges.first;
	int64_t last = filter.until_ns != 0 ? (filter.until_ns - 1) / hour_ns : filter.since_ns != 0 ? call->now_ns / hour_ns : edges.last;
	if (first < 0 || last < first)
		return SK_OK;
	bars->first = first;
	bars->hours = (last - first + (int64_t)wanted) / (int64_t)wanted;
	bars->count = (size_t)((last - first) / bars->hours + 1);
	return sk_store_findings_hours(store, &filter, add_bar, bars, &call->fault);
}

static void put_counts(struct sk_json_writer *w, const char *key, const uint64_t *counts, size_t count)
{
	sk_json_array(w, key);
	for (size_t i = 0; i < count; i++)
		sk_json_u64(w, NULL, counts[i]);
	sk_json_end(w);
}

enum sk_err sk_read_findings_histogram(struct sk_web_call *call)
{
	const struct sk_web_looks *looks;
	struct sk_store *store;
	struct sk_json_writer *w = &call->json;
	SK_TRY(take_store(call, &looks, &store));
	struct bars *bars = calloc(1, sizeof *bars);
	enum sk_err err = bars == NULL ? sk_web_refuse(call, SK_ENOMEM, "out of memory") : store != NULL ? count_bars(call, store, bars) : SK_OK;
	if (store != NULL)
		looks->give_back(looks->context, 0, store);
	if (err == SK_OK) {
		sk_json_object(w, NULL);
		sk_json_i64(w, "bucket_s", bars->count != 0 ? bars->hours * hour_s : 0);
		sk_json_array(w, "t");
		for (size_t i = 0; i < bars->count; i++)
			sk_json_i64(w, NULL, (bars->first + (int64_t)i * bars->hours) * hour_s);
		sk_json_end(w);
		put_counts(w, "counts", bars->all, bars->count);
		sk_json_object(w, "by_kind");
		for (size_t k = 0; k < bars->kind_count; k++)
			put_counts(w, bars->kinds[k].name, bars->kinds[k].bars, bars->count);
		sk_json_end(w);
		sk_json_end(w);
	}
	free(bars);
	return err;
}

/* ---- what cmd tells ---- */

enum sk_err sk_read_border_live(struct sk_web_call *call)
{
	const struct sk_web_looks *looks = call->house->looks;
	if (looks == NULL)
		return sk_web_refuse(call, SK_ENOENT, "no sensor's workspace is named to this server");
	sk_json_object(&call->json, NULL);
	SK_TRY(looks->border(looks->context, call->now_ns, &call->json, &call->fault));
	sk_json_end(&call->json);
	return SK_OK;
}

enum sk_err sk_read_border_series(struct sk_web_call *call)
{
	const struct sk_web_looks *looks = call->house->looks;
	if (looks == NULL)
		return sk_web_refuse(call, SK_ENOENT, "no sensor's workspace is named to this server");
	int64_t until_ns = sk_web_time(call, "until", call->now_ns);
	sk_json_object(&call->json, NULL);
	SK_TRY(looks->series(looks->context, sk_web_time(call, "since", until_ns - 24 * hour_ns), until_ns, sk_web_number(call, "points", 240), &call->json, &call->fault));
	sk_json_end(&call->json);
	return SK_OK;
}

enum sk_err sk_read_campaigns(struct sk_web_call *call)
{
	const struct sk_web_looks *looks = call->house->looks;
	if (looks == NULL || call->house->workspace_count == 0)
		return sk_web_refuse(call, SK_ENOENT, "no sensor's workspace is named to this server");
	sk_json_object(&call->json, NULL);
	SK_TRY(looks->campaigns(looks->context, 0, call->now_ns, &call->json, &call->fault));
	sk_json_end(&call->json);
	return SK_OK;
}
