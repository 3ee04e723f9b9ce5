/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho detectors: which there are, and everything about one. All of it comes out of the detectors' own tables. */
#include <getopt.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/detectors.h"
#include "detect/kit.h"
#include "text/json.h"
#include "text/text.h"

enum { OPT_JSON = 256, OPT_HELP, OUT_MAX = 1 << 20 };

static const char *const memory_words[] = {[SK_MEMORY_SHORT] = "at most an hour", [SK_MEMORY_DAY] = "at most 24 hours of packet time, never on disk",
					   [SK_MEMORY_STORED] = "selected records in the store, nothing else"};
static const char *const information_words[] = {[SK_FIELD_HISTORY] = "traffic history", [SK_FIELD_COMMAND] = "commands to machines",
						[SK_FIELD_AUTOGEN] = "what computers say by themselves"};

static void add_json(struct sk_json_writer *w, const struct sk_detector_row *row)
{
	size_t count;
	const struct sk_threshold *thresholds = sk_detectors_thresholds(row->name, &count);
	sk_json_object(w, NULL);
	sk_json_text(w, "name", row->name);
	sk_json_text(w, "side", sk_detector_side_name(row->side));
	sk_json_text(w, "memory", sk_detector_memory_name(row->memory));
	sk_json_bool(w, "default", row->given == SK_GIVEN_DEFAULT);
	sk_json_text(w, "attack", row->technique);
	sk_json_text(w, "sentence", row->sentence);
	uint32_t subject_bytes, subjects;
	sk_kit_room(row->name, &subject_bytes, &subjects);
	sk_json_u64(w, "subject_bytes", subject_bytes);
	sk_json_u64(w, "subjects", subjects);
	sk_json_array(w, "thresholds");
	for (size_t i = 0; i < count; i++) {
		sk_json_object(w, NULL);
		sk_json_text(w, "key", thresholds[i].key);
		sk_json_text(w, "unit", thresholds[i].unit);
		sk_json_u64(w, "least", thresholds[i].least);
		sk_json_u64(w, "most", thresholds[i].most);
		sk_json_u64(w, "default", thresholds[i].fallback);
		sk_json_text(w, "prose", thresholds[i].prose);
		sk_json_end(w);
	}
	sk_json_end(w);
	sk_json_end(w);
}

static void print_json(struct sk_cmd *cmd, const struct sk_detector_row *rows, size_t count, bool array)
{
	struct sk_buf out;
	struct sk_json_writer w;
	sk_buf_init(&out, OUT_MAX);
	sk_json_begin(&w, &out, false);
	if (array)
		sk_json_array(&w, NULL);
	for (size_t i = 0; i < count; i++)
		add_json(&w, &rows[i]);
	if (array)
		sk_json_end(&w);
	(void)fprintf(cmd->out, "%s\n", sk_buf_text(&out));
	sk_buf_fini(&out);
}

static void print_list(struct sk_cmd *cmd, const struct sk_detector_row *rows, size_t count)
{
	(void)fprintf(cmd->out, "%-22s %-8s %-6s %-7s %-10s %s\n", "NAME", "RUNS IN", "MEMORY", "GIVEN", "ATT&CK", "WHAT IT SEES");
	for (size_t i = 0; i < count; i++)
		(void)fprintf(cmd->out, "%-22s %-8s %-6s %-7s %-10s %s\n", rows[i].name, sk_detector_side_name(rows[i].side), sk_detector_memory_name(rows[i].memory),
			      rows[i].given == SK_GIVEN_DEFAULT ? "default" : "asked", rows[i].technique, rows[i].sentence);
}

static void print_one(struct sk_cmd *cmd, const struct sk_detector_row *row)
{
	size_t count;
	const struct sk_threshold *thresholds = sk_detectors_thresholds(row->name, &count);
	(void)fprintf(cmd->out, "%s: %s\n\n", row->name, row->sentence);
	(void)fprintf(cmd->out, "runs in    %s\nremembers  %s\nmade of    %s\ngiven      %s\nATT&CK     %s\npage       docs/detectors/%s.md\n",
		      row->side == SK_DETECTOR_SENSOR ? "the sensor, over admitted frames, when the basis names it" : "the centre, over selected records, when the basis names it",
		      memory_words[row->memory], information_words[row->information],
		      row->given == SK_GIVEN_DEFAULT ? "by default, where the operator approves for himself" : "only when it is named (--detectors)", row->technique, row->name);
	(void)fprintf(cmd->out, "\n%-20s %-10s %12s %12s %12s  %s\n", "THRESHOLD", "UNIT", "LEAST", "DEFAULT", "MOST", "MEANING");
	for (size_t i = 0; i < count; i++)
		(void)fprintf(cmd->out, "%-20s %-10s %12llu %12llu %12llu  %s\n", thresholds[i].key, thresholds[i].unit, (unsigned long long)thresholds[i].least,
			      (unsigned long long)thresholds[i].fallback, (unsigned long long)thresholds[i].most, thresholds[i].prose);
	(void)fprintf(cmd->out, "\nin a basis: sekisho basis renew --workspace DIR --detectors default --detectors %s%s%s\n", row->name, count != 0 ? ":KEY=NUMBER" : "", "");
}

int sk_cmd_detectors(struct sk_cmd *cmd, int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, OPT_JSON}, {"help", no_argument, NULL, OPT_HELP}, {0}};
	bool json = false;
	size_t count;
	const struct sk_detector_row *rows = sk_policy_detectors(&count);
	optind = 0;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (option == OPT_HELP)
			return sk_cmd_help(cmd, argv[0]);
		if (option != OPT_JSON)
			return sk_cmd_usage(cmd, argv[0], "unknown or incomplete option");
		json = true;
	}
	const char *verb = optind < argc ? argv[optind++] : "list";
	if (strcmp(verb, "list") == 0 && optind == argc) {
		if (json)
			print_json(cmd, rows, count, true);
		else
			print_list(cmd, rows, count);
		return 0;
	}
	if (strcmp(verb, "explain") != 0 || optind + 1 != argc)
		return sk_cmd_usage(cmd, argv[0], "expected list, or explain and one name");
	const struct sk_detector_row *row = sk_policy_detector(argv[optind]);
	if (row == NULL) {
		struct sk_fault fault;
		(void)sk_fault_set(&fault, SK_ENOENT, "no detector is called '%s'; sekisho detectors list shows the names", argv[optind]);
		return sk_cmd_fail(cmd, &fault);
	}
	if (json)
		print_json(cmd, row, 1, false);
	else
		print_one(cmd, row);
	return 0;
}
