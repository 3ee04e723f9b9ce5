/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho detect: the centre's detectors over what is stored. What crossed was judged and selected when it crossed; whether behaviour may be looked for, over which
   time and with which thresholds, is the basis' to say (rule DETECTOR-1). */
#include <stdlib.h>

#include "campaign/stored.h"
#include "cmd/finding_rows.h"
#include "cmd/mute.h"
#include "text/text.h"

struct detecting {
	struct sk_query *query;
	struct sk_rows rows;
	struct sk_mutes *mutes;
	int64_t now_ns;
	uint64_t muted, erased;
};

/* ---- records ---- */

struct walking {
	sk_stored_visit visit;
	void *to;
};

static enum sk_err visit_record(void *context, const uint8_t id[16], uint64_t interval, const struct sk_observation *observation)
{
	const struct walking *walking = context;
	(void)interval;
	return walking->visit(walking->to, id, observation);
}

/* Segments of flow.all, then those that a selector hit: each record is in one of the two. */
static enum sk_err walk(void *context, sk_stored_visit visit, void *to, struct sk_fault *fault)
{
	struct detecting *detecting = context;
	struct walking walking = {.visit = visit, .to = to};
	uint64_t flows = 0, hits = 0;
	SK_TRY(sk_store_flows(detecting->query->store, &detecting->query->filter, visit_record, &walking, &flows, fault));
	SK_TRY(sk_store_observations(detecting->query->store, &detecting->query->filter, visit_record, &walking, &hits, fault));
	detecting->erased = flows + hits;
	return SK_OK;
}

static enum sk_err say(void *context, const struct sk_finding *finding)
{
	struct detecting *detecting = context;
	bool muted = sk_mutes_find(detecting->mutes, finding, detecting->now_ns) != NULL;
	detecting->muted += muted;
	if (!muted || detecting->query->muted)
		sk_finding_row(&detecting->rows, finding, muted);
	return SK_OK;
}

/* ---- which detectors ---- */

static void take_thresholds(const struct sk_stored_detector *detector, const struct sk_basis_detector *named, uint64_t out[SK_BASIS_THRESHOLDS_MAX])
{
	for (size_t i = 0; i < detector->threshold_count; i++) {
		out[i] = detector->thresholds[i].fallback;
		for (size_t j = 0; j < named->threshold_count; j++)
			if (strcmp(named->thresholds[j].key, detector->thresholds[i].key) == 0)
				out[i] = named->thresholds[j].value;
	}
}

static const struct sk_basis_detector *named_in(const struct sk_basis *basis, const char *name)
{
	for (size_t i = 0; i < basis->detector_count; i++)
		if (strcmp(basis->detectors[i].name, name) == 0)
			return &basis->detectors[i];
	return NULL;
}

static bool is_asked(int argc, char **argv, int first, const char *name)
{
	for (int i = first; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return true;
	return first == argc;
}

/* Every word is the name of a detector of the centre that the basis names. */
static enum sk_err check_words(const struct sk_basis *basis, int argc, char **argv, int first, struct sk_fault *fault)
{
	bool any = false;
	for (int i = first; i < argc; i++) {
		if (sk_stored_detector(argv[i]) == NULL)
			return sk_fault_set(fault, SK_EUSAGE, "'%s' is no detector of the centre; sekisho detectors list shows which run where", argv[i]);
		if (named_in(basis, argv[i]) == NULL)
			return sk_fault_set(fault, SK_EPERMIT, "the basis does not name detector %s; sekisho basis renew --workspace DIR --detectors default --detectors %s", argv[i], argv[i]);
	}
	for (size_t i = 0; i < basis->detector_count; i++)
		any |= sk_stored_detector(basis->detectors[i].name) != NULL;
	return any ? SK_OK : sk_fault_set(fault, SK_EPERMIT, "the basis names no detector of the centre; sekisho basis renew --workspace DIR --detectors default would");
}

static void note(const struct detecting *detecting, const char *name, const struct sk_stored_counts *counts)
{
	char records[SK_UNIT_TEXT_MAX], contacts[SK_UNIT_TEXT_MAX], pairs[SK_UNIT_TEXT_MAX], left[SK_UNIT_TEXT_MAX];
	if (detecting->query->cmd->terminal)
		(void)fprintf(detecting->query->cmd->err, "sekisho: %s: %s records, %s contacts, %s pairs looked at closely\n", name, sk_number_format(counts->records, records),
			      sk_number_format(counts->contacts, contacts), sk_number_format(counts->pairs, pairs));
	if (counts->left_out != 0)
		(void)fprintf(detecting->query->cmd->err, "sekisho: %s: %s contacts did not fit and were not looked at; narrow it with --since, --until or --value\n", name,
			      sk_number_format(counts->left_out, left));
}

static enum sk_err detect(struct detecting *detecting, int argc, char **argv, struct sk_fault *fault)
{
	struct sk_query *query = detecting->query;
	struct sk_basis basis;
	struct sk_fault untrusted;
	struct sk_stored_source source = {.context = detecting, .walk = walk};
	enum sk_err err = SK_OK;
	SK_TRY(sk_workspace_basis(&query->workspace, detecting->now_ns, &basis, fault));
	SK_TRY(check_words(&basis, argc, argv, query->first_argument, fault));
	if (sk_mutes_load(&query->workspace, &detecting->mutes, &untrusted) != SK_OK)
		(void)sk_cmd_fail(query->cmd, &untrusted); /* nothing is muted then */
	sk_finding_rows_begin(&detecting->rows, query);
	for (size_t i = 0; query->store != NULL && i < basis.detector_count && err == SK_OK; i++) {
		const struct sk_stored_detector *detector = sk_stored_detector(basis.detectors[i].name);
		uint64_t thresholds[SK_BASIS_THRESHOLDS_MAX];
		if (detector == NULL || !is_asked(argc, argv, query->first_argument, detector->name))
			continue;
		take_thresholds(detector, &basis.detectors[i], thresholds);
		struct sk_stored_run run = {.source = &source, .threshold = thresholds, .context = detecting, .say = say};
		err = sk_stored_run(detector, &run, fault);
		note(detecting, detector->name, &run.counts);
	}
	sk_rows_end(&detecting->rows, detecting->muted != 0 ? "No findings that are not muted." : "No findings: nothing stored behaves so. Only what was selected is stored (flow.all stores all).");
	sk_query_note_erased(query, detecting->erased, "records");
	if (detecting->muted != 0 && !query->muted)
		(void)fprintf(query->cmd->err, "sekisho: %llu finding%s muted and not shown (--muted shows them, sekisho mute list says why)\n", (unsigned long long)detecting->muted,
			      detecting->muted == 1 ? " is" : "s are");
	return err;
}

int sk_cmd_detect(struct sk_cmd *cmd, int argc, char **argv)
{
	struct sk_query query;
	struct sk_fault fault = {.err = SK_OK};
	int exit_code;
	if (!sk_query_parse(&query, cmd, argc, argv, &exit_code))
		return exit_code;
	if (query.filter.kind != NULL || query.filter.class_ != -1 || query.filter.limit != 0)
		return sk_cmd_usage(cmd, argv[0], "--kind, --class and --limit do not belong here: a detector looks at whole talks");
	struct detecting detecting = {.query = &query, .now_ns = cmd->clock.unix_ns(cmd->clock.context)};
	enum sk_err err = sk_query_open(&query, &fault);
	if (err == SK_OK)
		err = detect(&detecting, argc, argv, &fault);
	free(detecting.mutes);
	sk_query_close(&query);
	return err == SK_OK ? 0 : sk_cmd_fail(cmd, &fault);
}
