/* SPDX-License-Identifier: Apache-2.0 */
/* Findings a page at a time, and how many by the hour: straight out of the store. */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "policy/policy.h"
#include "text/text.h"
#include "web/cases_of.h"
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

/* What a finding of a page is shown with. */
struct shown {
	struct sk_finding finding;
	size_t workspace;
	bool muted;
	char after[SK_CURSOR_TEXT_MAX];  /* the cursor of what stands behind it in its workspace */
	char ref[2 * sizeof((struct sk_finding *)0)->id + 1], case_id[SK_MATTER_ID_MAX];
};

static void put_or_null(struct sk_json_writer *w, const char *key, const char *text)
{
	if (text[0] != '\0')
		sk_json_text(w, key, text);
	else
		sk_json_null(w, key);
}

static void put_finding(struct sk_json_writer *w, const struct shown *shown, const char *workspace, const char *campaign, enum sk_lang lang)
{
	const struct sk_finding *f = &shown->finding;
	const struct sk_detector_row *detector = sk_policy_detector(f->kind);
	sk_json_object(w, NULL);
	sk_json_hex(w, "id", f->id, sizeof f->id);
	sk_json_text(w, "workspace", workspace);
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
	put_or_null(w, "campaign", campaign);
	put_or_null(w, "case", shown->case_id);
	sk_json_bool(w, "muted", shown->muted);
	sk_json_end(w);
}

/* ---- one workspace: its part of a page ---- */

/* Where one workspace stands in the pages of all. */
struct source {
	size_t workspace, count, used;   /* findings that it has for this page; of them those that are shown */
	struct shown *shown;             /* room for a page */
	bool over;                       /* nothing is left of it */
	char from[SK_CURSOR_TEXT_MAX];   /* "": its beginning */
	struct sk_store_page page;
};

struct listing {
	struct sk_web_call *call;
	const struct sk_web_looks *looks;
	enum sk_lang lang;
	bool show_muted;
	uint64_t muted;
	unsigned limit;
	enum sk_store_sort sort;
	size_t source_count;
	struct source sources[SK_WEB_WORKSPACES_MAX], *now;
};

static enum sk_err take_finding(void *context, const struct sk_finding *finding, bool *taken)
{
	struct listing *listing = context;
	struct source *source = listing->now;
	bool muted = listing->looks->muted(listing->looks->context, source->workspace, finding, listing->call->now_ns);
	*taken = (!muted || listing->show_muted) && source->count < listing->limit;
	listing->muted += muted;
	if (!*taken)
		return SK_OK;
	struct shown *shown = &source->shown[source->count++];
	*shown = (struct shown){.finding = *finding, .workspace = source->workspace, .muted = muted};
	memcpy(shown->after, source->page.here, sizeof shown->after);
	sk_hex_encode(finding->id, sizeof finding->id, shown->ref);
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

static enum sk_err list_store(struct listing *listing, struct sk_store *store)
{
	struct sk_web_call *call = listing->call;
	struct source *source = listing->now;
	struct sk_store_page_filter filter = filter_of(call);
	const char *asked = sk_web_text(call, "q");
	char kind[64];
	bool done = false;
	filter.value = sk_web_text(call, "value");
	filter.cursor = source->from[0] != '\0' ? source->from : NULL;
	filter.limit = listing->limit;
	filter.sort = listing->sort;
	if (asked != NULL && asked[0] != '\0')
		SK_TRY(understand(listing, store, asked, kind, &filter, &done));
	if (!done)
		return sk_store_findings_page(store, &filter, take_finding, listing, &source->page, &call->fault);
	source->page = (struct sk_store_page){.heads = 1, .exact = true};
	return SK_OK;
}

/* Nothing was watched into it yet: it has none. */
static enum sk_err list_source(struct listing *listing, struct source *source)
{
	struct sk_web_call *call = listing->call;
	struct sk_store *store;
	listing->now = source;
	source->page = (struct sk_store_page){.exact = true};
	source->shown = calloc(listing->limit, sizeof *source->shown);
	if (source->shown == NULL)
		return sk_web_refuse(call, SK_ENOMEM, "out of memory");
	enum sk_err err = listing->looks->take(listing->looks->context, source->workspace, call->now_ns, &store, &call->fault);
	if (err != SK_OK)
		return err == SK_ENOENT ? SK_OK : err;
	err = list_store(listing, store);
	listing->looks->give_back(listing->looks->context, source->workspace, store);
	return err;
}

/* ---- all of them: one page out of their parts ---- */

/* The cursor of several is that of each, joined: "b" at its beginning, "z" where nothing is left. */
static enum sk_err read_cursor(struct listing *listing)
{
	const char *at = sk_web_text(listing->call, "cursor");
	if (at == NULL || at[0] == '\0')
		return SK_OK;
	for (size_t i = 0; i < listing->source_count; i++) {
		struct source *source = &listing->sources[i];
		size_t length = strcspn(at, "_");
		bool last = i + 1 == listing->source_count;
		if (length == 0 || length >= sizeof source->from || (at[length] == '\0') != last)
			return sk_web_refuse(listing->call, SK_EUSAGE, "cursor: expected the one that the answer before gave, for the same workspaces");
		source->over = length == 1 && at[0] == 'z';
		if (length != 1)
			memcpy(source->from, at, length);
		at += length + !last;
	}
	return SK_OK;
}

static bool put_cursor(const struct listing *listing, char out[SK_WEB_WORKSPACES_MAX * SK_CURSOR_TEXT_MAX])
{
	bool more = false;
	size_t used = 0;
	for (size_t i = 0; i < listing->source_count; i++) {
		const struct source *s = &listing->sources[i];
		const char *from = s->over ? "z" : s->used < s->count ? (s->used != 0 ? s->shown[s->used - 1].after : s->from) : s->page.next[0] != '\0' ? s->page.next : "z";
		from = from[0] == '\0' ? "b" : from;
		more = more || strcmp(from, "z") != 0;
		used += (size_t)snprintf(out + used, SK_WEB_WORKSPACES_MAX * SK_CURSOR_TEXT_MAX - used, "%s%s", i == 0 ? "" : "_", from);
	}
	return more;
}

/* Does a stand before b, in the order that was asked for? To the hour, as stores order them. */
static bool stands_before(enum sk_store_sort sort, const struct sk_finding *a, const struct sk_finding *b)
{
	if (sort == SK_SORT_SEVERITY && a->severity != b->severity)
		return a->severity > b->severity;
	if (sort == SK_SORT_COUNT && a->count != b->count)
		return a->count > b->count;
	return sort == SK_SORT_FIRST ? a->first_ns / hour_ns > b->first_ns / hour_ns : a->last_ns / hour_ns > b->last_ns / hour_ns;
}

/* The next finding of all; NULL: the page is full, or nothing is left. Each workspace keeps its own order. */
static struct shown *next_shown(struct listing *listing)
{
	struct source *best = NULL;
	for (size_t i = 0; i < listing->source_count; i++) {
		struct source *source = &listing->sources[i];
		if (source->used < source->count && (best == NULL || stands_before(listing->sort, &source->shown[source->used].finding, &best->shown[best->used].finding)))
			best = source;
	}
	return best != NULL ? &best->shown[best->used++] : NULL;
}

static const char *ref_of(void *context, size_t i, char **into)
{
	struct shown *shown = ((struct shown **)context)[i];
	*into = shown->case_id;
	return shown->ref;
}

static bool put_items(struct listing *listing)
{
	struct shown *page[SK_PAGE_LIMIT_MAX];
	struct sk_web_call *call = listing->call;
	size_t count = 0;
	while (count < listing->limit && (page[count] = next_shown(listing)) != NULL)
		count++;
	bool cases = sk_web_cases_of_findings(call, count, ref_of, page);
	sk_json_array(&call->json, "items");
	for (size_t i = 0; i < count; i++) {
		char name[64], campaign[SK_WEB_CAMPAIGN_ID_MAX] = "";
		(void)listing->looks->campaign_of(listing->looks->context, page[i]->workspace, page[i]->finding.id, campaign);
		put_finding(&call->json, page[i], sk_web_ledger_name(call->house, page[i]->workspace + 1, name), campaign, listing->lang);
	}
	sk_json_end(&call->json);
	return cases;
}

static void put_age(struct sk_json_writer *w, const char *key, bool known, int64_t age_s)
{
	if (known)
		sk_json_i64(w, key, age_s);
	else
		sk_json_null(w, key);
}

static void put_tail(struct listing *listing, bool cases)
{
	struct sk_web_call *call = listing->call;
	struct sk_json_writer *w = &call->json;
	char next[SK_WEB_WORKSPACES_MAX * SK_CURSOR_TEXT_MAX];
	struct sk_store_page sum = {.exact = true};
	int64_t age_s, oldest_s = 0, campaigns_s = 0;
	bool aged = true, computed = true;
	for (size_t i = 0; i < listing->source_count; i++) {
		const struct source *s = &listing->sources[i];
		sum.heads += s->page.heads;
		sum.erased += s->page.erased;
		sum.locked += s->page.locked;
		sum.exact = sum.exact && s->page.exact;
		sum.cut = sum.cut || s->page.cut;
		aged = sk_web_ledger_age(call->house, s->workspace + 1, call->now_ns, &age_s) && aged;
		oldest_s = aged && age_s > oldest_s ? age_s : oldest_s;
		computed = listing->looks->campaigns_age(listing->looks->context, s->workspace, call->now_ns, &age_s) && computed;
		campaigns_s = computed && age_s > campaigns_s ? age_s : campaigns_s;
	}
	put_or_null(w, "next", put_cursor(listing, next) ? next : "");
	sk_json_u64(w, "total", sum.heads);
	/* at_most: a finding of several days, a muted one, and parts of an hour at the ends of the range count too. */
	sk_json_text(w, "total_is", sum.exact && listing->muted == 0 ? "exact" : sum.cut ? "at_least" : "at_most");
	sk_json_u64(w, "muted_passed", listing->show_muted ? 0 : listing->muted);
	sk_json_u64(w, "erased", sum.erased);
	sk_json_u64(w, "locked", sum.locked);
	put_age(w, "age_s", aged, oldest_s);
	/* null: campaigns are being computed for the first time; then no finding names one. */
	put_age(w, "campaigns_age_s", computed, campaigns_s);
	/* false: a case is being changed at this moment, and no finding names its own. */
	sk_json_bool(w, "cases_known", cases);
}

/* The workspace that the call names, or all. */
static enum sk_err choose(struct sk_web_call *call, size_t *from, size_t *count)
{
	const char *name = sk_web_text(call, "workspace");
	if (call->house->looks == NULL || call->house->workspace_count == 0)
		return sk_web_refuse(call, SK_ENOENT, "no sensor's workspace is named to this server (sekisho serve --workspace DIR)");
	*from = name != NULL ? sk_web_workspace_find(call->house, name) : 0;
	*count = name != NULL ? 1 : call->house->workspace_count;
	return *from < call->house->workspace_count ? SK_OK : sk_web_refuse(call, SK_ENOENT, "no workspace '%.60s' is named to this server", name);
}

static enum sk_lang lang_of(const struct sk_web_call *call)
{
	const char *lang = sk_web_text(call, "lang");
	return lang != NULL && sk_lang_find(lang) == SK_LANG_JA ? SK_LANG_JA : SK_LANG_EN;
}

static enum sk_err begin_listing(struct sk_web_call *call, struct listing *listing)
{
	const char *sort = sk_web_text(call, "sort"), *asked = sk_web_text(call, "q"), *name;
	uint64_t limit = sk_web_number(call, "limit", PAGE);
	size_t from;
	*listing = (struct listing){.call = call, .looks = call->house->looks, .lang = lang_of(call), .show_muted = sk_web_flag(call, "muted"),
				    .limit = limit < 1 ? 1 : limit > SK_PAGE_LIMIT_MAX ? SK_PAGE_LIMIT_MAX : (unsigned)limit};
	SK_TRY(choose(call, &from, &listing->source_count));
	for (unsigned i = 0; sort != NULL && (name = sk_store_sort_name((enum sk_store_sort)i)) != NULL; i++)
		if (strcmp(sort, name) == 0)
			listing->sort = (enum sk_store_sort)i;
	if (asked != NULL && asked[0] != '\0' && sk_web_text(call, "value") != NULL)
		return sk_web_refuse(call, SK_EUSAGE, "q and value are two ways to say the same: give one of them");
	for (size_t i = 0; i < listing->source_count; i++)
		listing->sources[i].workspace = from + i;
	return read_cursor(listing);
}

enum sk_err sk_read_findings(struct sk_web_call *call)
{
	struct listing listing;
	SK_TRY(begin_listing(call, &listing));
	enum sk_err err = SK_OK;
	for (size_t i = 0; i < listing.source_count && err == SK_OK; i++)
		if (!listing.sources[i].over)
			err = list_source(&listing, &listing.sources[i]);
	if (err == SK_OK) {
		sk_json_object(&call->json, NULL);
		bool cases = put_items(&listing);
		put_tail(&listing, cases);
		sk_json_end(&call->json);
	}
	for (size_t i = 0; i < listing.source_count; i++) {
		if (listing.sources[i].shown != NULL)
			sk_wipe(listing.sources[i].shown, listing.limit * sizeof *listing.sources[i].shown);
		free(listing.sources[i].shown);
	}
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

/* Visit the hours of every workspace that was chosen. */
static enum sk_err visit_hours(struct sk_web_call *call, const struct sk_store_page_filter *filter, sk_store_hour_visit visit, void *context)
{
	const struct sk_web_looks *looks = call->house->looks;
	size_t from, count;
	SK_TRY(choose(call, &from, &count));
	for (size_t i = from; i < from + count; i++) {
		struct sk_store *store;
		enum sk_err err = looks->take(looks->context, i, call->now_ns, &store, &call->fault);
		if (err == SK_ENOENT)
			continue;
		SK_TRY(err);
		err = sk_store_findings_hours(store, filter, visit, context, &call->fault);
		looks->give_back(looks->context, i, store);
		SK_TRY(err);
	}
	return SK_OK;
}

/* A bar is whole hours, for finer is not kept in clear. */
static enum sk_err count_bars(struct sk_web_call *call, struct bars *bars)
{
	const struct sk_store_page_filter filter = filter_of(call);
	struct edges edges = {-1, -1};
	uint64_t wanted = sk_web_number(call, "buckets", BUCKETS);
	wanted = wanted < 1 ? 1 : wanted > BUCKETS_MAX ? BUCKETS_MAX : wanted;
	if (filter.since_ns == 0 || filter.until_ns == 0)
		SK_TRY(visit_hours(call, &filter, find_edges, &edges));
	int64_t first = filter.since_ns != 0 ? filter.since_ns / hour_ns : edges.first;
	int64_t last = filter.until_ns != 0 ? (filter.until_ns - 1) / hour_ns : filter.since_ns != 0 ? call->now_ns / hour_ns : edges.last;
	if (first < 0 || last < first)
		return SK_OK;
	bars->first = first;
	bars->hours = (last - first + (int64_t)wanted) / (int64_t)wanted;
	bars->count = (size_t)((last - first) / bars->hours + 1);
	return visit_hours(call, &filter, add_bar, bars);
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
	struct sk_json_writer *w = &call->json;
	struct bars *bars = calloc(1, sizeof *bars);
	enum sk_err err = bars == NULL ? sk_web_refuse(call, SK_ENOMEM, "out of memory") : count_bars(call, bars);
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

enum sk_err sk_read_border_countries(struct sk_web_call *call)
{
	const struct sk_web_looks *looks = call->house->looks;
	if (looks == NULL)
		return sk_web_refuse(call, SK_ENOENT, "no sensor's workspace is named to this server");
	int64_t until_ns = sk_web_time(call, "until", call->now_ns);
	sk_json_object(&call->json, NULL);
	SK_TRY(looks->countries(looks->context, sk_web_time(call, "since", until_ns - 24 * hour_ns), until_ns, &call->json, &call->fault));
	sk_json_end(&call->json);
	return SK_OK;
}

enum sk_err sk_read_campaigns(struct sk_web_call *call)
{
	const struct sk_web_looks *looks = call->house->looks;
	size_t from, count;
	SK_TRY(choose(call, &from, &count));
	sk_json_object(&call->json, NULL);
	SK_TRY(looks->campaigns(looks->context, from, count, call->now_ns, &call->json, &call->fault));
	sk_json_end(&call->json);
	return SK_OK;
}

size_t sk_web_workspace_of_finding(const struct sk_web_call *call, const char *id)
{
	const struct sk_web_looks *looks = call->house->looks;
	struct sk_finding finding;
	struct sk_fault unused;
	uint8_t bytes[16];
	for (size_t i = 0; looks != NULL && i < call->house->workspace_count && is_id(id, bytes); i++) {
		struct sk_store *store;
		if (looks->take(looks->context, i, call->now_ns, &store, &unused) != SK_OK)
			continue;
		enum sk_err err = sk_store_finding(store, bytes, &finding, &unused);
		looks->give_back(looks->context, i, store);
		if (err == SK_OK)
			return i;
	}
	return 0;
}
