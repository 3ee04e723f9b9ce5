/* SPDX-License-Identifier: Apache-2.0 */
/* What changes a report: handing one in, attaching a file, joining a case. Each is one act under the centre's key, with who it was in the sealed entry. */
#include "cmd/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "access/list.h"
#include "report/duplicate.h"
#include "text/text.h"

static const int64_t clock_slack_ns = INT64_C(3600000000000); /* an honest clock of somebody else may be ahead */

/* ---- reading the file ---- */

static enum sk_err read_bytes(const struct sk_report_args *args, const char *path, struct sk_buf *out, struct sk_fault *fault)
{
	char piece[4096];
	size_t got;
	(void)args;
	if (strcmp(path, "-") != 0)
		return sk_file_read(path, out, fault);
	while ((got = fread(piece, 1, sizeof piece, stdin)) != 0)
		sk_buf_add(out, piece, got);
	return out->failed == SK_OK ? SK_OK : sk_fault_set(fault, out->failed, "the report on standard input is too long");
}

/* What messages call it. */
static const char *file_name(const char *path)
{
	return strcmp(path, "-") == 0 ? "standard input" : strncmp(path, "/proc/self/fd/", 14) == 0 ? "report" : path;
}

/* --id and --stage are what the API gives beside the fields. */
static enum sk_err read_report(const struct sk_report_args *args, const char *path, struct sk_report_document *out, struct sk_fault *fault)
{
	struct sk_buf file, whole;
	struct sk_json_writer w;
	sk_buf_init(&file, SK_REPORT_FILE_MAX);
	sk_buf_init(&whole, SK_REPORT_FILE_MAX);
	memset(out, 0, sizeof *out);
	enum sk_err err = read_bytes(args, path, &file, fault);
	if (err == SK_OK && args->id == NULL && args->stage == NULL) {
		err = sk_report_read(file_name(path), file.bytes, file.length, out, fault);
	} else if (err == SK_OK) {
		sk_json_begin(&w, &whole, false);
		sk_json_object(&w, NULL);
		if (args->id != NULL)
			sk_json_text(&w, "id", args->id);
		if (args->stage != NULL)
			sk_json_text(&w, "stage", args->stage);
		sk_json_raw(&w, "fields", sk_buf_text(&file), file.length);
		sk_json_end(&w);
		err = sk_report_read(file_name(path), whole.bytes, whole.length, out, fault);
	}
	sk_buf_fini(&whole);
	sk_buf_fini(&file);
	return err;
}

struct org_search {
	const char *id;
	bool found;
};

static void match_org(void *context, const struct sk_org_view *org)
{
	struct org_search *search = context;
	search->found = search->found || strcmp(search->id, org->id) == 0;
}

static bool sector_known(const struct sk_law *law, const char *sector)
{
	bool any = false;
	for (uint32_t i = 0; law != NULL && i < law->sectors.count; i++) {
		any = true;
		if (strcmp(law->sectors.rows[i].code, sector) == 0)
			return true;
	}
	return !any;
}

/* What only the centre can tell: its policy's rules and sectors, its register, its clock. */
static enum sk_err check_here(const struct sk_report_desk *desk, const char *path, const struct sk_report_facts *facts, struct sk_fault *fault)
{
	for (size_t i = 0; i < facts->regime_count; i++)
		if (!sk_report_regime(desk->law, facts->regimes[i]))
			return sk_fault_set(fault, SK_EINPUT, "%s: regime[%zu]: '%s' has no deadlines in the policy in force%s; sekisho policy show --canonical lists the regimes, [] is a voluntary report", path, i,
					    facts->regimes[i], desk->law == NULL ? " (none was loaded)" : "");
	if (facts->sector[0] != '\0' && !sector_known(desk->law, facts->sector))
		return sk_fault_set(fault, SK_EINPUT, "%s: org.sector: '%s' is no sector of the policy in force; where it is not known yet, write \"unknown\"", path, facts->sector);
	for (size_t i = 0; i < facts->recipient_count; i++) {
		struct org_search search = {.id = facts->recipients[i]};
		sk_access_each_org(desk->office.access, match_org, &search);
		if (!search.found)
			return sk_fault_set(fault, SK_EINPUT, "%s: recipients[%zu]: '%s' is no organisation of the register; sekisho access org list lists them", path, i, facts->recipients[i]);
	}
	if (facts->aware_ns > desk->office.now_ns + clock_slack_ns)
		return sk_fault_set(fault, SK_EINPUT, "%s: aware_at: it lies in the future; the clocks start when it was known", path);
	return SK_OK;
}

/* ---- duplicates of one report ---- */

struct drawer {
	struct sk_report_candidate *candidates;
	struct sk_report_document *documents;
	const struct sk_report **reports;
	size_t count;
};

static void drawer_fini(struct drawer *drawer)
{
	for (size_t i = 0; i < drawer->count; i++)
		sk_report_document_fini(&drawer->documents[i]);
	free(drawer->candidates);
	free(drawer->documents);
	free(drawer->reports);
}

/* Reports that whoever asks sees in full (and only of that organisation, when about is given). */
static enum sk_err drawer_fill(struct sk_report_desk *desk, const char *about, struct drawer *out, struct sk_fault *fault)
{
	size_t all = sk_reports_count(desk->reports);
	enum sk_err err = SK_OK;
	*out = (struct drawer){.candidates = calloc(all + 1, sizeof *out->candidates), .documents = calloc(all + 1, sizeof *out->documents), .reports = calloc(all + 1, sizeof *out->reports)};
	if (out->candidates == NULL || out->documents == NULL || out->reports == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	for (size_t i = 0; err == SK_OK && i < all; i++) {
		const struct sk_report *report = sk_reports_at(desk->reports, i);
		const struct sk_report_entry *newest = sk_report_newest(report);
		if ((about != NULL && strcasecmp(about, newest->facts.about) != 0) || sk_report_desk_seen(desk, report) != SK_REPORT_FULL)
			continue;
		err = sk_report_desk_read(desk, report, newest, &out->documents[out->count], fault);
		if (err != SK_OK)
			break;
		out->reports[out->count] = report;
		out->candidates[out->count] = (struct sk_report_candidate){.id = report->id, .case_id = report->case_id, .facts = &newest->facts, .top = out->documents[out->count].top};
		out->count++;
	}
	return err;
}

static void add_pair(struct sk_json_writer *w, const struct drawer *drawer, const struct sk_report_pair *pair)
{
	const struct sk_report_candidate *a = &drawer->candidates[pair->a], *b = &drawer->candidates[pair->b];
	sk_json_object(w, NULL);
	sk_json_text(w, "a", a->id);
	sk_json_text(w, "b", b->id);
	sk_json_u64(w, "score", pair->score);
	sk_json_text(w, "why", pair->why);
	sk_json_text(w, "title_a", a->facts->title);
	sk_json_text(w, "title_b", b->facts->title);
	sk_json_text(w, "case_a", a->case_id);
	sk_json_text(w, "case_b", b->case_id);
	sk_json_end(w);
}

/* Writes pairs (of one report, when id is given) as JSON or lines. */
static enum sk_err tell_duplicates(struct sk_report_desk *desk, const char *id, const char *about, bool json, struct sk_json_writer *w, struct sk_buf *out, uint64_t *told, struct sk_fault *fault)
{
	struct drawer drawer;
	struct sk_report_pair *pairs = calloc(SK_REPORT_PAIRS_MAX, sizeof *pairs);
	enum sk_err err = drawer_fill(desk, about, &drawer, fault);
	if (err == SK_OK && pairs == NULL)
		err = sk_fault_set(fault, SK_ENOMEM, "out of memory");
	size_t count = err == SK_OK ? sk_report_duplicates(drawer.candidates, drawer.count, pairs, SK_REPORT_PAIRS_MAX) : 0;
	for (size_t i = 0; i < count; i++) {
		const char *a = drawer.candidates[pairs[i].a].id, *b = drawer.candidates[pairs[i].b].id;
		if (id != NULL && strcmp(id, a) != 0 && strcmp(id, b) != 0)
			continue;
		++*told;
		if (json)
			add_pair(w, &drawer, &pairs[i]);
		else
			sk_buf_addf(out, "%3u  %s  %s\n     %s\n", pairs[i].score, a, b, pairs[i].why);
	}
	free(pairs);
	drawer_fini(&drawer);
	return err;
}

int sk_report_list_duplicates(const struct sk_report_args *args)
{
	struct sk_report_desk desk;
	struct sk_fault fault;
	struct sk_buf out;
	struct sk_json_writer w;
	uint64_t told = 0;
	bool json = args->office.json;
	sk_buf_init(&out, SK_REPORT_OUT_MAX);
	enum sk_err err = sk_report_desk_open(args, false, false, &desk, &fault);
	if (err == SK_OK) {
		if (json) {
			sk_json_begin(&w, &out, false);
			sk_json_array(&w, NULL);
		}
		err = tell_duplicates(&desk, NULL, NULL, json, &w, &out, &told, &fault);
		if (json)
			sk_json_end(&w);
		sk_buf_addf(&out, json ? "\n" : "%" PRIu64 " pairs may be of one event; sekisho report merge ID ID joins them\n", told);
	}
	sk_report_desk_close(&desk);
	return sk_report_end(args, &out, err, &fault);
}

/* ---- submit ---- */

static enum sk_err check_owner(struct sk_report_desk *desk, const char *id, struct sk_fault *fault)
{
	const struct sk_report *report;
	enum sk_report_seen seen;
	if (id[0] == '\0')
		return SK_OK;
	SK_TRY(sk_report_desk_find(desk, id, true, &report, &seen, fault));
	if (strcmp(report->entries[0].facts.org, desk->person.org) != 0)
		return sk_fault_set(fault, SK_EPERMIT, "report %s: it is %s's; who receives it adds nothing to it", report->id, report->entries[0].facts.org);
	return SK_OK;
}

static enum sk_err tell_submitted(struct sk_report_desk *desk, const char *id, uint64_t leaf, struct sk_buf *out, struct sk_fault *fault)
{
	const struct sk_report_args *args = desk->args;
	struct sk_report_clock clocks[SK_REPORT_CLOCKS_MAX];
	struct sk_json_writer w;
	const struct sk_report *report;
	uint64_t told = 0;
	/* Folded anew: what is told is what stands. */
	sk_report_desk_close(desk);
	SK_TRY(sk_report_desk_open(args, false, false, desk, fault));
	SK_TRY(sk_reports_find(desk->reports, id, &report, fault));
	const struct sk_report_entry *newest = sk_report_newest(report);
	size_t count = sk_report_desk_clocks(desk, report, clocks);
	if (args->office.json) {
		sk_json_begin(&w, out, false);
		sk_json_object(&w, NULL);
		sk_json_text(&w, "id", report->id);
		sk_json_u64(&w, "version", newest->version);
		sk_json_text(&w, "stage", newest->facts.event);
		sk_json_text(&w, "state", report->state);
		SK_TRY(sk_report_add_receipt(desk, &w, "receipt", leaf, fault));
		sk_report_add_clocks(&w, clocks, count);
		sk_json_array(&w, "duplicates");
		SK_TRY(tell_duplicates(desk, report->id, newest->facts.about, true, &w, out, &told, fault));
		sk_json_end(&w);
		sk_json_end(&w);
		sk_buf_add_u8(out, '\n');
		return SK_OK;
	}
	sk_buf_addf(out, "report   %s, version %" PRIu64 ", %s\nreceipt  leaf %" PRIu64 " of %s\n", report->id, newest->version, sk_report_label(SK_REPORT_S_STAGE, newest->facts.event, false), leaf,
		    desk->office.centre.origin);
	for (size_t i = 0; i < count; i++) {
		sk_buf_add_text(out, i == 0 ? "clocks   " : "         ");
		sk_report_clock_line(&clocks[i], out);
	}
	return tell_duplicates(desk, report->id, newest->facts.about, false, NULL, out, &told, fault);
}

int sk_report_submit(const struct sk_report_args *args)
{
	struct sk_report_desk desk = {.args = args};
	struct sk_report_document document = {.top = NULL};
	struct sk_report_facts facts;
	struct sk_fault fault;
	struct sk_buf out;
	char id[SK_MATTER_ID_MAX] = "";
	uint64_t leaf = 0;
	sk_buf_init(&out, SK_REPORT_OUT_MAX);
	enum sk_err err = read_report(args, args->words[0], &document, &fault);
	if (err == SK_OK)
		err = sk_report_facts_of(file_name(args->words[0]), &document, &facts, &fault);
	if (err == SK_OK)
		err = sk_report_desk_open(args, true, false, &desk, &fault);
	if (err == SK_OK)
		err = sk_access_may(desk.office.access, &desk.person, "incident.report", desk.office.now_ns, &fault);
	if (err == SK_OK)
		err = check_here(&desk, file_name(args->words[0]), &facts, &fault);
	const char *named = document.top != NULL ? sk_report_text(document.top, "report_id") : "";
	if (err == SK_OK)
		err = check_owner(&desk, named, &fault);
	if (err == SK_OK)
		err = sk_report_desk_enter(&desk, named, &facts, document.text.bytes, document.text.length, id, &leaf, &fault);
	if (err == SK_OK)
		err = tell_submitted(&desk, id, leaf, &out, &fault);
	sk_report_desk_close(&desk);
	sk_report_document_fini(&document);
	return sk_report_end(args, &out, err, &fault);
}

/* ---- check: a file before it is handed in; without one, everything that was ---- */

static enum sk_err check_file(const struct sk_report_args *args, struct sk_buf *out, struct sk_fault *fault)
{
	struct sk_report_document document;
	struct sk_report_facts facts;
	SK_TRY(read_report(args, args->words[0], &document, fault));
	enum sk_err err = sk_report_facts_of(file_name(args->words[0]), &document, &facts, fault);
	if (err == SK_OK && args->office.json)
		sk_buf_addf(out, "{\"good\":true,\"stage\":\"%s\",\"form\":\"%s\"}\n", facts.event, facts.form);
	else if (err == SK_OK)
		sk_buf_addf(out, "%s: good: form %s, %s\n", args->words[0], facts.form, sk_report_label(SK_REPORT_S_STAGE, facts.event, false));
	sk_report_document_fini(&document);
	return err;
}

int sk_report_check(const struct sk_report_args *args)
{
	struct sk_report_desk desk = {.args = args};
	struct sk_fault fault;
	struct sk_buf out;
	uint64_t entries = 0;
	sk_buf_init(&out, SK_REPORT_OUT_MAX);
	enum sk_err err = args->count == 1 ? check_file(args, &out, &fault) : sk_report_desk_open(args, false, true, &desk, &fault);
	if (err == SK_OK && args->count == 0)
		err = sk_reports_check(desk.reports, &entries, &fault);
	if (err == SK_OK && args->count == 0)
		sk_buf_addf(&out, args->office.json ? "{\"reports\":%zu,\"entries\":%" PRIu64 "}\n" : "%zu reports, %" PRIu64 " entries, each as its act commits to it\n", sk_reports_count(desk.reports), entries);
	sk_report_desk_close(&desk);
	return sk_report_end(args, &out, err, &fault);
}

/* ---- attachments ---- */

/* A name to hand a file back under, and never a path. */
static enum sk_err name_of(const char *given, char out[SK_REPORT_NAME_MAX], struct sk_fault *fault)
{
	const char *slash = strrchr(given, '/'), *name = slash != NULL ? slash + 1 : given;
	if (name[0] == '\0' || name[0] == '.' || strlen(name) >= SK_REPORT_NAME_MAX || !sk_utf8_valid(name, strlen(name)) || strpbrk(name, "\\\"\r\n\t") != NULL)
		return sk_fault_set(fault, SK_EUSAGE, "'%.40s': expected a plain file name of at most %d bytes that does not begin with a dot; --name NAME gives another", name, SK_REPORT_NAME_MAX - 1);
	memcpy(out, name, strlen(name) + 1);
	return SK_OK;
}

static enum sk_err attach(struct sk_report_desk *desk, struct sk_buf *out, struct sk_fault *fault)
{
	const struct sk_report_args *args = desk->args;
	struct sk_report_facts facts = {.event = "attach"};
	struct sk_buf file;
	char id[SK_MATTER_ID_MAX], hex[2 * SK_HASH_BYTES + 1];
	uint64_t leaf;
	SK_TRY(name_of(args->name != NULL ? args->name : args->words[1], facts.name, fault));
	SK_TRY(sk_access_may(desk->office.access, &desk->person, "incident.report", desk->office.now_ns, fault));
	SK_TRY(check_owner(desk, args->words[0], fault));
	sk_buf_init(&file, SK_REPORT_ATTACHMENT_MAX);
	enum sk_err err = sk_file_read(args->words[1], &file, fault);
	if (err == SK_ETOOBIG)
		err = sk_fault_set(fault, SK_ETOOBIG, "%s: an attachment has at most %d bytes", args->words[1], SK_REPORT_ATTACHMENT_MAX);
	if (err == SK_OK) {
		facts.size = file.length;
		sk_sha256(file.length != 0 ? file.bytes : (const uint8_t *)"", file.length, facts.hash);
		err = sk_report_desk_enter(desk, args->words[0], &facts, file.bytes, file.length, id, &leaf, fault);
	}
	if (err == SK_OK) {
		sk_hex_encode(facts.hash, sizeof facts.hash, hex);
		if (args->office.json)
			sk_buf_addf(out, "{\"id\":\"%s\",\"sha256\":\"%s\",\"size\":%" PRIu64 ",\"leaf\":%" PRIu64 "}\n", id, hex, facts.size, leaf);
		else
			sk_buf_addf(out, "report %s: attached %s, %" PRIu64 " bytes, sha256 %s, leaf %" PRIu64 "\n", id, facts.name, facts.size, hex, leaf);
	}
	sk_buf_fini(&file);
	return err;
}

int sk_report_attach(const struct sk_report_args *args)
{
	struct sk_report_desk desk;
	struct sk_fault fault;
	struct sk_buf out;
	sk_buf_init(&out, SK_REPORT_OUT_MAX);
	enum sk_err err = sk_report_desk_open(args, true, false, &desk, &fault);
	if (err == SK_OK)
		err = attach(&desk, &out, &fault);
	sk_report_desk_close(&desk);
	return sk_report_end(args, &out, err, &fault);
}

/* ---- merging ---- */

static void fresh_case(char id[SK_MATTER_ID_MAX])
{
	uint8_t random[8];
	char hex[2 * sizeof random + 1];
	sk_random(random, sizeof random);
	sk_hex_encode(random, sizeof random, hex);
	(void)snprintf(id, SK_MATTER_ID_MAX, "c-%s", hex);
}

/* Who receives reports joins them: somebody who sees each of them whole. */
static enum sk_err merge(struct sk_report_desk *desk, struct sk_buf *out, struct sk_fault *fault)
{
	const struct sk_report_args *args = desk->args;
	char case_id[SK_MATTER_ID_MAX] = "", id[SK_MATTER_ID_MAX];
	const struct sk_report *report;
	enum sk_report_seen seen;
	uint64_t leaf = 0;
	if (args->case_id != NULL)
		(void)snprintf(case_id, sizeof case_id, "%s", args->case_id);
	for (int i = 0; i < args->count; i++) {
		SK_TRY(sk_report_desk_find(desk, args->words[i], true, &report, &seen, fault));
		if (case_id[0] == '\0' && !args->apart)
			memcpy(case_id, report->case_id, sizeof case_id);
	}
	if (case_id[0] == '\0')
		fresh_case(case_id);
	for (int i = 0; i < args->count; i++) {
		struct sk_report_facts facts = {.event = "merge"};
		SK_TRY(sk_report_desk_find(desk, args->words[i], true, &report, &seen, fault));
		if (strcmp(report->case_id, case_id) == 0)
			continue;
		memcpy(facts.case_id, case_id, sizeof case_id);
		SK_TRY(sk_report_desk_enter(desk, report->id, &facts, NULL, 0, id, &leaf, fault));
	}
	if (args->office.json)
		sk_buf_addf(out, "{\"case\":\"%s\",\"reports\":%d,\"leaf\":%" PRIu64 "}\n", case_id, args->count, leaf);
	else
		sk_buf_addf(out, "case %s: %d report%s\n", case_id, args->count, args->count == 1 ? "" : "s");
	return SK_OK;
}

int sk_report_merge(const struct sk_report_args *args)
{
	struct sk_report_desk desk;
	struct sk_fault fault;
	struct sk_buf out;
	if (args->apart ? args->count != 1 || args->case_id != NULL : args->count < 2 && args->case_id == NULL)
		return sk_cmd_usage(args->cmd, "report", "merge: expected two reports or more, one and --case CASE, or one and --apart");
	if (args->case_id != NULL && (strlen(args->case_id) >= SK_MATTER_ID_MAX || args->case_id[strspn(args->case_id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")] != '\0'))
		return sk_cmd_usage(args->cmd, "report", "merge: --case: expected letters, digits, . _ - (at most %d)", SK_MATTER_ID_MAX - 1);
	sk_buf_init(&out, SK_REPORT_OUT_MAX);
	enum sk_err err = sk_report_desk_open(args, true, false, &desk, &fault);
	if (err == SK_OK)
		err = merge(&desk, &out, &fault);
	sk_report_desk_close(&desk);
	return sk_report_end(args, &out, err, &fault);
}
