/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho drill: the oversight drill over a sensor that is running. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cmd/cmd.h"
#include "cmd/drill.h"
#include "conf/conf.h"
#include "text/json.h"
#include "text/text.h"

#define SECOND_NS INT64_C(1000000000)

enum { OPT_WORKSPACE = 256, OPT_CONFIG, OPT_INTERFACE, OPT_LINK, OPT_KINDS, OPT_FRAMES, OPT_OVER, OPT_WAIT, OPT_HOME, OPT_ABROAD, OPT_SEARCH, OPT_PID, OPT_EXACT, OPT_KEY, OPT_JSON, OPT_HELP };
enum { FRAMES = 20, OVER_S = 20, WAIT_S = 180, JSON_MAX = 1 << 20 };

static const struct option options[] = {
	{"workspace", required_argument, NULL, OPT_WORKSPACE}, {"config", required_argument, NULL, OPT_CONFIG}, {"interface", required_argument, NULL, OPT_INTERFACE}, {"link", required_argument, NULL, OPT_LINK},
	{"kinds", required_argument, NULL, OPT_KINDS}, {"frames", required_argument, NULL, OPT_FRAMES}, {"over", required_argument, NULL, OPT_OVER}, {"wait", required_argument, NULL, OPT_WAIT},
	{"home", required_argument, NULL, OPT_HOME}, {"abroad", required_argument, NULL, OPT_ABROAD}, {"search", required_argument, NULL, OPT_SEARCH}, {"pid", required_argument, NULL, OPT_PID},
	{"exact", no_argument, NULL, OPT_EXACT}, {"key", required_argument, NULL, OPT_KEY}, {"json", no_argument, NULL, OPT_JSON}, {"help", no_argument, NULL, OPT_HELP}, {0}};

struct args {
	const char *workspace, *config;
	struct sk_conf *conf;              /* of the service, where it was named */
	struct sk_drill_options drill;
	bool json, help;
};

static bool take_kinds(const char *text, unsigned *kinds)
{
	*kinds = 0;
	for (;;) {
		size_t length = strcspn(text, ",");
		int found = -1;
		for (int kind = 0; kind < SK_DRILL_KINDS; kind++)
			if (strlen(sk_drill_kind_name(kind)) == length && strncasecmp(sk_drill_kind_name(kind), text, length) == 0)
				found = kind;
		if (found < 0)
			return false;
		*kinds |= 1u << found;
		if (text[length] == '\0')
			return true;
		text += length + 1;
	}
}

static bool take_number(const char *text, unsigned long most, unsigned long *out)
{
	char *end = NULL;
	*out = strtoul(text, &end, 10);
	return text[0] >= '1' && text[0] <= '9' && *end == '\0' && *out <= most;
}

static bool take_duration(const char *text, int64_t *out)
{
	return sk_duration_parse(text, out) == SK_OK && *out >= SECOND_NS;
}

static bool take_prefix(const char *text, struct sk_prefix *out, bool *has)
{
	*has = sk_prefix_parse(text, out) == SK_OK && out->addr.family == 4 && out->bits <= 30;
	return *has;
}

static int take_option(struct sk_cmd *cmd, int option, struct args *args)
{
	struct sk_drill_options *drill = &args->drill;
	unsigned long number = 0;
	switch (option) {
	case OPT_WORKSPACE: args->workspace = optarg; return 0;
	case OPT_CONFIG: args->config = optarg; return 0;
	case OPT_INTERFACE: drill->interface = optarg; return 0;
	case OPT_LINK: drill->link = optarg; return 0;
	case OPT_EXACT: drill->exact = true; return 0;
	case OPT_KEY: drill->key = optarg; return 0;
	case 'o': drill->output = optarg; return 0;
	case OPT_JSON: args->json = true; return 0;
	case OPT_HELP: args->help = true; return 0;
	case OPT_KINDS: return take_kinds(optarg, &drill->kinds) ? 0 : sk_cmd_usage(cmd, "drill", "--kinds '%s': expected names out of DD,UNKNOWN,FF,FD,DF,inner", optarg);
	case OPT_FRAMES:
		if (!take_number(optarg, SK_DRILL_FRAMES_MAX, &number))
			return sk_cmd_usage(cmd, "drill", "--frames '%s': expected a number from 1 to %d, of each kind", optarg, SK_DRILL_FRAMES_MAX);
		drill->frames = (unsigned)number;
		return 0;
	case OPT_PID:
		if (!take_number(optarg, INT32_MAX, &number))
			return sk_cmd_usage(cmd, "drill", "--pid '%s': expected the number of the sensor's process", optarg);
		drill->pid = (long)number;
		return 0;
	case OPT_OVER: return take_duration(optarg, &drill->over_ns) ? 0 : sk_cmd_usage(cmd, "drill", "--over '%s': expected a duration such as 20s or 1h", optarg);
	case OPT_WAIT: return take_duration(optarg, &drill->wait_ns) ? 0 : sk_cmd_usage(cmd, "drill", "--wait '%s': expected a duration such as 3m", optarg);
	case OPT_HOME: return take_prefix(optarg, &drill->home, &drill->has_home) ? 0 : sk_cmd_usage(cmd, "drill", "--home '%s': expected a prefix of IPv4, at most a /30", optarg);
	case OPT_ABROAD: return take_prefix(optarg, &drill->abroad, &drill->has_abroad) ? 0 : sk_cmd_usage(cmd, "drill", "--abroad '%s': expected a prefix of IPv4, at most a /30", optarg);
	case OPT_SEARCH:
		if (drill->path_count == SK_DRILL_PATHS_MAX)
			return sk_cmd_usage(cmd, "drill", "--search: at most %d paths", SK_DRILL_PATHS_MAX);
		drill->paths[drill->path_count++] = optarg;
		return 0;
	default: return sk_cmd_usage(cmd, "drill", "unknown or incomplete option");
	}
}

static int parse_args(struct sk_cmd *cmd, int argc, char **argv, struct args *args)
{
	*args = (struct args){.drill = {.kinds = (1u << SK_DRILL_KINDS) - 1, .frames = FRAMES, .over_ns = OVER_S * SECOND_NS, .wait_ns = WAIT_S * SECOND_NS}};
	optind = 0;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, "o:", options, NULL)) != -1;) {
		int code = take_option(cmd, option, args);
		if (code != 0)
			return code;
	}
	if (args->help)
		return 0;
	if ((args->workspace == NULL) == (args->config == NULL) || args->drill.interface == NULL || optind != argc)
		return sk_cmd_usage(cmd, "drill", "say which sensor (--workspace DIR, or --config FILE of the service) and where its link begins (--interface IF)");
	return 0;
}

/* ---- what it says ---- */

static void print_places(FILE *out, const struct sk_drill_result *result)
{
	const struct sk_drill_search *search = &result->search;
	for (size_t i = 0; i < search->place_count; i++)
		(void)fprintf(out, "           FOUND a mark (%s) in %s\n", sk_drill_kind_name(search->places[i].kind), search->places[i].where);
}

static void print_count(FILE *out, const char *name, uint64_t sent, uint64_t moved)
{
	char number[2][SK_UNIT_TEXT_MAX];
	(void)fprintf(out, "  %-22s %10s sent %12s counted  %s\n", name, sk_number_format(sent, number[0]), sk_number_format(moved, number[1]),
		      moved == sent ? "exactly" : moved > sent ? "and others besides" : "FRAMES ARE MISSING");
}

static uint64_t moved_of(const struct sk_drill_record *record, const char *name)
{
	for (size_t i = 0; i < record->gate_moved.count; i++)
		if (strcmp(record->gate_moved.cell[i].name, name) == 0)
			return record->gate_moved.cell[i].frames;
	return 0;
}

static void print_people(FILE *out, const struct sk_drill_result *result)
{
	const struct sk_drill_record *record = &result->record;
	char number[4][SK_UNIT_TEXT_MAX], from[SK_TIME_TEXT_MAX], to[SK_TIME_TEXT_MAX];
	(void)fprintf(out, "Drill      link %s, %s to %s: %s\n", record->link, sk_time_format(record->from_ns, 0, from), sk_time_format(record->to_ns, 0, to),
		      record->passed ? "PASSED" : "NOT PASSED");
	(void)fprintf(out, "Counted    intervals %" PRIu64 " to %" PRIu64 " of the ledger\n", record->first, record->last);
	for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		if (record->classes_sent[class_].frames != 0) {
			char name[32];
			(void)snprintf(name, sizeof name, "class %s", sk_class_name((enum sk_class)class_));
			print_count(out, name, record->classes_sent[class_].frames, record->classes_moved[class_].frames);
		}
	for (size_t i = 0; i < record->gate_sent.count; i++) {
		char name[SK_CELL_NAME_MAX + 16];
		(void)snprintf(name, sizeof name, "erased: %s", record->gate_sent.cell[i].name);
		print_count(out, name, record->gate_sent.cell[i].frames, moved_of(record, record->gate_sent.cell[i].name));
	}
	(void)fprintf(out, "Searched   %s of memory (%s could not be read), %s files (%s), %s rows: %s\n", sk_bytes_format(record->memory_bytes, number[0]),
		      sk_bytes_format(record->memory_unread, number[1]), sk_number_format(record->files, number[2]), sk_bytes_format(record->file_bytes, number[3]),
		      sk_number_format(record->rows, number[3]), record->found_files + record->found_memory + record->found_rows == 0 ? "no mark is left" : "MARKS WERE KEPT");
	print_places(out, result);
	(void)fprintf(out, "Signed     %s by %s\n           sekisho-verify --drill %s LEDGERDIR checks it\n", result->path, result->key, result->path);
}

static void put_tallies(struct sk_json_writer *w, const char *key, const struct sk_tally tallies[SK_CLASS_COUNT])
{
	sk_json_object(w, key);
	for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		sk_json_u64(w, sk_class_name((enum sk_class)class_), tallies[class_].frames);
	sk_json_end(w);
}

static void put_cells(struct sk_json_writer *w, const char *key, const struct sk_cells *cells)
{
	sk_json_object(w, key);
	for (size_t i = 0; i < cells->count; i++)
		sk_json_u64(w, cells->cell[i].name, cells->cell[i].frames);
	sk_json_end(w);
}

static void put_found(struct sk_json_writer *w, const struct sk_drill_result *result)
{
	const struct sk_drill_record *record = &result->record;
	sk_json_object(w, "searched");
	sk_json_u64(w, "memory_bytes", record->memory_bytes);
	sk_json_u64(w, "memory_unread", record->memory_unread);
	sk_json_u64(w, "files", record->files);
	sk_json_u64(w, "file_bytes", record->file_bytes);
	sk_json_u64(w, "rows", record->rows);
	sk_json_end(w);
	sk_json_object(w, "found");
	sk_json_u64(w, "memory", record->found_memory);
	sk_json_u64(w, "files", record->found_files);
	sk_json_u64(w, "rows", record->found_rows);
	sk_json_array(w, "places");
	for (size_t i = 0; i < result->search.place_count; i++) {
		sk_json_object(w, NULL);
		sk_json_text(w, "kind", sk_drill_kind_name(result->search.places[i].kind));
		sk_json_text(w, "where", result->search.places[i].where);
		sk_json_end(w);
	}
	sk_json_end(w);
	sk_json_end(w);
}

static void print_json(FILE *out, const struct sk_drill_result *result)
{
	const struct sk_drill_record *record = &result->record;
	struct sk_buf text;
	struct sk_json_writer w;
	sk_buf_init(&text, JSON_MAX);
	sk_json_begin(&w, &text, false);
	sk_json_object(&w, NULL);
	sk_json_bool(&w, "passed", record->passed);
	sk_json_bool(&w, "exact", record->exact);
	sk_json_text(&w, "link", record->link);
	sk_json_u64(&w, "first_interval", record->first);
	sk_json_u64(&w, "last_interval", record->last);
	sk_json_object(&w, "sent");
	for (int kind = 0; kind < SK_DRILL_KINDS; kind++)
		sk_json_u64(&w, sk_drill_kind_name(kind), result->sent[kind]);
	sk_json_end(&w);
	put_tallies(&w, "classes_sent", record->classes_sent);
	put_tallies(&w, "classes_moved", record->classes_moved);
	put_cells(&w, "erased_sent", &record->gate_sent);
	put_cells(&w, "erased_moved", &record->gate_moved);
	put_found(&w, result);
	sk_json_text(&w, "note", result->path);
	sk_json_text(&w, "key", result->key);
	sk_json_end(&w);
	(void)fprintf(out, "%s\n", sk_buf_text(&text));
	sk_buf_fini(&text);
}

static void search_too(struct sk_drill_options *drill, const char *path)
{
	if (path[0] != '\0' && sk_file_exists(path) && drill->path_count < SK_DRILL_PATHS_MAX)
		drill->paths[drill->path_count++] = path;
}

/* What the service's configuration says: where its workspace is, which link is meant, and which files it writes besides. */
static enum sk_err take_config(struct args *args, struct sk_fault *fault)
{
	struct sk_conf_report *report = calloc(1, sizeof *report);
	args->conf = calloc(1, sizeof *args->conf);
	enum sk_err err = report != NULL && args->conf != NULL ? sk_conf_read(args->config, args->conf, report) : sk_fault_set(fault, SK_ENOMEM, "out of memory");
	if (err != SK_OK && report != NULL && report->count != 0)
		*fault = report->faults[0];
	free(report);
	SK_TRY(err);
	const struct sk_conf *conf = args->conf;
	if (args->drill.link == NULL && conf->links.count != 1)
		return sk_fault_set(fault, SK_EUSAGE, "%s: the service watches %" PRIu32 " links; name the one that --interface leads to with --link (%s ...)", args->config, conf->links.count,
				    conf->links.count != 0 ? conf->links.items[0].name : "it reads exports alone, and a drill sends frames");
	if (args->drill.link == NULL)
		args->drill.link = conf->links.items[0].name;
	args->workspace = conf->workspace;
	search_too(&args->drill, conf->eve_path);
	search_too(&args->drill, conf->log_path);
	return SK_OK;
}

static enum sk_err drill(struct sk_cmd *cmd, struct args *args, struct sk_drill_result *result, struct sk_fault *fault)
{
	char link[SK_LINK_TEXT_MAX];
	struct sk_workspace workspace;
	if (sk_seal_start() != SK_OK)
		return sk_fault_set(fault, SK_EIO, "the cryptographic libraries do not start");
	if (args->config != NULL)
		SK_TRY(take_config(args, fault));
	SK_TRY(sk_workspace_open(args->workspace, false, &workspace, fault));
	enum sk_err err = args->drill.link != NULL ? SK_OK : sk_drill_link(&workspace, link, fault);
	if (args->drill.link == NULL)
		args->drill.link = link;
	if (err == SK_OK)
		err = sk_drill_run(cmd, &workspace, &args->drill, result, fault);
	sk_workspace_close(&workspace);
	return err;
}

int sk_cmd_drill(struct sk_cmd *cmd, int argc, char **argv)
{
	struct args args;
	struct sk_fault fault = {.line = ""};
	int code = parse_args(cmd, argc, argv, &args);
	if (code != 0 || args.help)
		return code != 0 ? code : sk_cmd_help(cmd, argv[0]);
	struct sk_drill_result *result = calloc(1, sizeof *result);
	if (result == NULL) {
		(void)sk_fault_set(&fault, SK_ENOMEM, "out of memory");
		return sk_cmd_fail(cmd, &fault);
	}
	if (drill(cmd, &args, result, &fault) != SK_OK) {
		code = sk_cmd_fail(cmd, &fault);
	} else {
		(args.json ? print_json : print_people)(cmd->out, result);
		code = result->record.passed ? 0 : sk_err_exit(SK_EDRILL);
	}
	free(result);
	free(args.conf);
	return code;
}
