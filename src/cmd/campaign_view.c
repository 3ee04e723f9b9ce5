/* SPDX-License-Identifier: Apache-2.0 */
/* From a workspace's store to campaigns. Two walks: the first ties, over hashes alone; the second tells the few texts that are shown. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cmd/campaign.h"
#include "cmd/guard.h"
#include "text/text.h"

enum { OPT_WORKSPACE = 256, OPT_SINCE, OPT_AT, OPT_ALL, OPT_LIMIT, OPT_AS, OPT_SECTORS, OPT_WARNING, OPT_GRAPH, OPT_MUTED, OPT_LANG, OPT_JSON, OPT_HELP, TECHNIQUES_MAX = 64 };

static const struct option options[] = {{"workspace", required_argument, NULL, OPT_WORKSPACE},
					{"since", required_argument, NULL, OPT_SINCE},
					{"at", required_argument, NULL, OPT_AT},
					{"all", no_argument, NULL, OPT_ALL},
					{"limit", required_argument, NULL, OPT_LIMIT},
					{"as", required_argument, NULL, OPT_AS},
					{"sectors", required_argument, NULL, OPT_SECTORS},
					{"warning-list", required_argument, NULL, OPT_WARNING},
					{"graph", required_argument, NULL, OPT_GRAPH},
					{"muted", no_argument, NULL, OPT_MUTED},
					{"lang", required_argument, NULL, OPT_LANG},
					{"json", no_argument, NULL, OPT_JSON},
					{"help", no_argument, NULL, OPT_HELP},
					{0}};

/* ---- options ---- */

static int wrong_time(const struct sk_campaign_view *view, const char *option, const char *text)
{
	return sk_cmd_usage(view->query.cmd, "campaign", "%s %.60s: expected a time as 2026-11-22T06:30:00Z or 2026-11-22, or how long ago as 24h", option, text);
}

static bool parse_limit(const char *text, uint64_t *limit)
{
	char *end = NULL;
	*limit = strtoull(text, &end, 10);
	return text[0] >= '1' && text[0] <= '9' && *end == '\0';
}

/* 0 when taken, else the exit code of a wrong call. */
static int take_option(struct sk_campaign_view *view, int option)
{
	struct sk_query *query = &view->query;
	switch (option) {
	case OPT_WORKSPACE: query->folder = optarg; return 0;
	case OPT_SINCE: return sk_query_when(query, optarg, &query->filter.since_ns) ? 0 : wrong_time(view, "--since", optarg);
	case OPT_AT: return sk_query_when(query, optarg, &view->at_ns) ? 0 : wrong_time(view, "--at", optarg);
	case OPT_ALL: view->all = true; return 0;
	case OPT_MUTED: view->muted = true; return 0;
	case OPT_LANG:
		query->lang = sk_lang_find(optarg);
		return query->lang != SK_LANG_COUNT ? 0 : sk_cmd_usage(query->cmd, "campaign", "--lang %.20s: expected en or ja", optarg);
	case OPT_JSON: query->form = SK_QUERY_JSON; return 0;
	case OPT_AS: view->as_path = optarg; return 0;
	case OPT_SECTORS: view->sectors_path = optarg; return 0;
	case OPT_LIMIT:
		return parse_limit(optarg, &query->filter.limit) ? 0 : sk_cmd_usage(query->cmd, "campaign", "--limit %.40s: expected a number from 1 on", optarg);
	case OPT_WARNING:
		if (view->warning_count == SK_CAMPAIGN_WARNINGS_MAX)
			return sk_cmd_usage(query->cmd, "campaign", "at most %d warning lists", SK_CAMPAIGN_WARNINGS_MAX);
		view->warnings[view->warning_count++] = optarg;
		return 0;
	case OPT_GRAPH:
		view->graph = strcmp(optarg, "dot") == 0 ? SK_GRAPH_DOT : strcmp(optarg, "json") == 0 ? SK_GRAPH_JSON : SK_GRAPH_NONE;
		return view->graph != SK_GRAPH_NONE ? 0 : sk_cmd_usage(query->cmd, "campaign", "--graph %.40s: expected dot or json", optarg);
	default: return sk_cmd_usage(query->cmd, "campaign", "unknown or incomplete option");
	}
}

bool sk_campaign_view_parse(struct sk_campaign_view *view, struct sk_cmd *cmd, int argc, char **argv, int *exit_code)
{
	bool show = strcmp(argv[0], "show") == 0;
	*view = (struct sk_campaign_view){.query = {.cmd = cmd, .command = "campaign", .filter = {.class_ = -1}, .workspace = {.lock_fd = -1}}};
	opterr = 0;
	optind = 0;
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		*exit_code = option == OPT_HELP ? sk_cmd_help(cmd, "campaign") : take_option(view, option);
		if (option == OPT_HELP || *exit_code != 0)
			return false;
	}
	*exit_code = 0;
	if (view->query.folder == NULL)
		*exit_code = sk_cmd_usage(cmd, "campaign", "--workspace DIR is missing");
	else if (argc - optind != (show ? 1 : 0))
		*exit_code = show ? sk_cmd_usage(cmd, "campaign", "show: one campaign's id was expected (sekisho campaign list has them)")
				  : sk_cmd_usage(cmd, "campaign", "'%.60s' is one argument too many", argv[optind]);
	else if (!show && view->graph != SK_GRAPH_NONE)
		*exit_code = sk_cmd_usage(cmd, "campaign", "--graph belongs to show");
	if (*exit_code != 0)
		return false;
	view->wanted_id = show ? argv[optind] : NULL;
	if (view->at_ns == 0)
		view->at_ns = cmd->clock.unix_ns(cmd->clock.context);
	return true;
}

/* ---- opening ---- */

static enum sk_err read_places(const char *path, bool as, struct sk_places **out, struct sk_fault *fault)
{
	struct sk_buf bytes;
	if (path == NULL)
		return SK_OK;
	sk_buf_init(&bytes, SK_PLACES_BYTES_MAX);
	enum sk_err err = sk_file_read(path, &bytes, fault);
	if (err == SK_OK)
		err = sk_places_read(path, bytes.bytes, bytes.length, as ? SK_PLACES_AS : SK_PLACES_SECTORS, out, fault);
	sk_buf_fini(&bytes);
	return err;
}

static void ignore_note(void *context, const char *file, uint64_t line, const char *value, enum sk_indicator_reason reason, const char *detail)
{
	(void)context, (void)file, (void)line, (void)value, (void)reason, (void)detail;
}

static bool is_popular(void *context, enum sk_link_kind kind, const char *text)
{
	(void)kind;
	return sk_indicator_warned(context, text) != NULL;
}

static enum sk_err read_warnings(struct sk_campaign_view *view, struct sk_fault *fault)
{
	static const struct sk_indicator_options plain = {.special_ranges_allowed = true};
	if (view->warning_count == 0)
		return SK_OK;
	if (sk_indicator_builder_new(&plain, ignore_note, NULL, &view->lists) != SK_OK)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	for (size_t i = 0; i < view->warning_count; i++)
		SK_TRY(sk_indicator_add_warning_list(view->lists, view->warnings[i], fault));
	view->options.popular = is_popular;
	view->options.popular_context = view->lists;
	return SK_OK;
}

static enum sk_err open_border(struct sk_campaign_view *view, struct sk_fault *fault)
{
	struct sk_basis basis;
	struct sk_border_info info;
	SK_TRY(sk_workspace_basis(&view->query.workspace, 0, &basis, fault));
	SK_TRY(sk_guard_border(&view->query.workspace, NULL, &basis, &view->border, &info, fault));
	view->options.border = view->border;
	return SK_OK;
}

static bool is_counted(struct sk_campaign_view *view, const struct sk_finding *finding)
{
	return finding->first_ns <= view->at_ns && (view->muted || sk_mutes_find(view->mutes, finding, view->at_ns) == NULL);
}

struct gathering {
	struct sk_campaign_view *view;
	struct sk_fault *fault;
};

static enum sk_err gather_finding(void *context, const struct sk_finding *finding)
{
	struct gathering *to = context;
	if (!is_counted(to->view, finding)) {
		to->view->muted_count += finding->first_ns <= to->view->at_ns;
		return SK_OK;
	}
	return sk_campaigns_add_finding(to->view->campaigns, finding, to->fault);
}

static enum sk_err gather_observation(void *context, const uint8_t id[16], uint64_t interval, const struct sk_observation *observation)
{
	struct gathering *to = context;
	(void)id, (void)interval;
	return observation->first_ns <= to->view->at_ns ? sk_campaigns_add_observation(to->view->campaigns, observation, to->fault) : SK_OK;
}

static struct sk_store_filter filter_of(const struct sk_campaign_view *view)
{
	return (struct sk_store_filter){.class_ = -1, .since_ns = view->query.filter.since_ns, .until_ns = view->at_ns < INT64_MAX ? view->at_ns + 1 : 0};
}

enum sk_err sk_campaign_view_open(struct sk_campaign_view *view, struct sk_fault *fault)
{
	struct gathering to = {view, fault};
	struct sk_fault untrusted;
	SK_TRY(sk_query_open(&view->query, fault));
	SK_TRY(open_border(view, fault));
	SK_TRY(read_places(view->as_path, true, &view->as, fault));
	SK_TRY(read_places(view->sectors_path, false, &view->sectors, fault));
	SK_TRY(read_warnings(view, fault));
	if (sk_mutes_load(&view->query.workspace, &view->mutes, &untrusted) != SK_OK)
		(void)sk_cmd_fail(view->query.cmd, &untrusted); /* nothing is muted then */
	view->options.as = view->as;
	view->options.sectors = view->sectors;
	view->options.day_ns = view->at_ns;
	SK_TRY(sk_campaigns_new(&view->options, &view->campaigns, fault));
	const struct sk_store_filter filter = filter_of(view);
	if (view->query.store != NULL) {
		SK_TRY(sk_store_findings(view->query.store, &filter, gather_finding, &to, fault));
		SK_TRY(sk_store_observations(view->query.store, &filter, gather_observation, &to, &view->erased, fault));
	}
	return sk_campaigns_build(view->campaigns, fault);
}

void sk_campaign_view_close(struct sk_campaign_view *view)
{
	sk_campaigns_free(view->campaigns);
	sk_indicator_builder_free(view->lists);
	sk_places_free(view->as);
	sk_places_free(view->sectors);
	sk_border_close(view->border);
	free(view->mutes);
	sk_query_close(&view->query);
}

/* ---- the second walk ---- */

struct second {
	struct sk_campaign_view *view;
	struct sk_wanted *wanted;
	size_t count;
	sk_store_finding_visit finding;
	sk_store_observation_visit observation;
	void *context;
};

static int by_value(const void *a, const void *b)
{
	uint64_t x = ((const struct sk_wanted *)a)->value, y = ((const struct sk_wanted *)b)->value;
	return (x > y) - (x < y);
}

size_t sk_wanted_sort(struct sk_wanted *wanted, size_t count)
{
	size_t different = 0;
	if (count != 0)
		qsort(wanted, count, sizeof *wanted, by_value);
	for (size_t i = 0; i < count; i++)
		if (different == 0 || wanted[different - 1].value != wanted[i].value)
			wanted[different++] = wanted[i];
	return different;
}

static struct sk_wanted *find_wanted(const struct sk_wanted *wanted, size_t count, uint64_t value)
{
	const struct sk_wanted key = {.value = value};
	return count == 0 ? NULL : bsearch(&key, wanted, count, sizeof *wanted, by_value);
}

const char *sk_wanted_text(const struct sk_wanted *wanted, size_t count, uint64_t value)
{
	const struct sk_wanted *found = find_wanted(wanted, count, value);
	return found == NULL ? "" : found->text;
}

static void fill_text(void *context, enum sk_link_kind kind, uint64_t value, const char *text)
{
	const struct second *to = context;
	struct sk_wanted *found = find_wanted(to->wanted, to->count, value);
	(void)kind;
	if (found != NULL && found->text[0] == '\0')
		(void)snprintf(found->text, sizeof found->text, "%s", text);
}

static enum sk_err again_finding(void *context, const struct sk_finding *finding)
{
	struct second *to = context;
	if (!is_counted(to->view, finding))
		return SK_OK;
	sk_links_of_finding(&to->view->options, finding, fill_text, to);
	return to->finding != NULL ? to->finding(to->context, finding) : SK_OK;
}

static enum sk_err again_observation(void *context, const uint8_t id[16], uint64_t interval, const struct sk_observation *observation)
{
	struct second *to = context;
	if (observation->first_ns > to->view->at_ns)
		return SK_OK;
	sk_links_of_observation(&to->view->options, observation, fill_text, to);
	return to->observation != NULL ? to->observation(to->context, id, interval, observation) : SK_OK;
}

enum sk_err sk_campaign_view_again(struct sk_campaign_view *view, struct sk_wanted *wanted, size_t count, sk_store_finding_visit finding, sk_store_observation_visit observation,
				   void *context, struct sk_fault *fault)
{
	struct second to = {view, wanted, count, finding, observation, context};
	const struct sk_store_filter filter = filter_of(view);
	uint64_t erased;
	if (view->query.store == NULL)
		return SK_OK;
	SK_TRY(sk_store_findings(view->query.store, &filter, again_finding, &to, fault));
	return sk_store_observations(view->query.store, &filter, again_observation, &to, &erased, fault);
}

/* ---- words that list and show share ---- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The techniques of a campaign's kinds, in order, each once. */
static size_t techniques_of(const struct sk_campaign_view *view, uint64_t kinds, const char *out[TECHNIQUES_MAX])
{
	size_t count = 0, different = 0;
	const char *name;
	for (unsigned bit = 0; (name = sk_campaigns_kind_name(view->campaigns, bit)) != NULL; bit++) {
		const struct sk_detector_row *row = sk_policy_detector(name);
		if ((kinds >> bit & 1) != 0 && row != NULL && row->technique[0] != '\0' && count < TECHNIQUES_MAX)
			out[count++] = row->technique;
	}
	qsort(out, count, sizeof out[0], by_text);
	for (size_t i = 0; i < count; i++)
		if (different == 0 || strcmp(out[different - 1], out[i]) != 0)
			out[different++] = out[i];
	return different;
}

void sk_campaign_techniques(const struct sk_campaign_view *view, uint64_t kinds, struct sk_buf *out)
{
	const char *techniques[TECHNIQUES_MAX];
	size_t count = techniques_of(view, kinds, techniques);
	for (size_t i = 0; i < count; i++)
		sk_buf_addf(out, "%s%s", i == 0 ? "" : " ", techniques[i]);
	if (count == 0)
		sk_buf_add_text(out, "-");
}

void sk_campaign_sectors(const struct sk_campaign_view *view, uint64_t sectors, struct sk_buf *out)
{
	const char *word;
	for (uint32_t bit = 0; bit < SK_SECTORS_MAX && (word = sk_places_word(view->sectors, bit)) != NULL; bit++)
		if ((sectors >> bit & 1) != 0)
			sk_buf_addf(out, "%s%s", out->length == 0 ? "" : " ", word);
	if (out->length == 0)
		sk_buf_add_text(out, "-");
}

void sk_campaign_json(const struct sk_campaign_view *view, struct sk_json_writer *w, const struct sk_campaign *c)
{
	const char *name, *techniques[TECHNIQUES_MAX];
	char time[SK_TIME_TEXT_MAX];
	sk_json_text(w, "id", c->id);
	sk_json_text(w, "state", sk_campaign_state_name(c->state));
	sk_json_double(w, "heat", c->heat);
	sk_json_u64(w, "findings", c->findings);
	sk_json_u64(w, "segments", c->segments);
	sk_json_u64(w, "severity", c->severity);
	sk_json_u64(w, "own_hosts", c->own_hosts);
	sk_json_text(w, "first", sk_time_format(c->first_ns, 6, time));
	sk_json_text(w, "last", sk_time_format(c->last_ns, 6, time));
	sk_json_double(w, "held_by", c->held / (double)SK_LINK_JOINS);
	sk_json_object(w, "values");
	for (size_t kind = 0; kind < SK_LINK_KINDS; kind++)
		if (c->links[kind] != 0)
			sk_json_u64(w, sk_link_name((enum sk_link_kind)kind), c->links[kind]);
	sk_json_end(w);
	sk_json_array(w, "kinds");
	for (unsigned bit = 0; (name = sk_campaigns_kind_name(view->campaigns, bit)) != NULL; bit++)
		if ((c->kinds >> bit & 1) != 0)
			sk_json_text(w, NULL, name);
	sk_json_end(w);
	sk_json_array(w, "attack");
	for (size_t i = 0, count = techniques_of(view, c->kinds, techniques); i < count; i++)
		sk_json_text(w, NULL, techniques[i]);
	sk_json_end(w);
	sk_json_array(w, "sectors");
	for (uint32_t bit = 0; bit < SK_SECTORS_MAX && (name = sk_places_word(view->sectors, bit)) != NULL; bit++)
		if ((c->sectors >> bit & 1) != 0)
			sk_json_text(w, NULL, name);
	sk_json_end(w);
}
