/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho conf: is a configuration right, what does it come to, and what does a key mean. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/conf_lawful.h"
#include "text/json.h"
#include "text/text.h"

enum { OPT_JSON = 256, OPT_CHANGED, OPT_ALL, OPT_HELP, OUT_MAX = 8 << 20, COLUMNS = 96 };

static const struct option options[] = {{"json", no_argument, NULL, OPT_JSON}, {"changed", no_argument, NULL, OPT_CHANGED}, {"all", no_argument, NULL, OPT_ALL},
					{"help", no_argument, NULL, OPT_HELP}, {0}};

struct conf_args {
	bool json, changed, all, help;
	char *const *words;
	int word_count;
};

/* ---- check, dump ---- */

/* What was read; conf is set only when all is right. The caller frees it. */
struct loaded {
	struct sk_conf *conf;
	struct sk_conf_report report;
};

static enum sk_err load(const char *path, struct loaded *loaded)
{
	memset(&loaded->report, 0, sizeof loaded->report);
	loaded->conf = calloc(1, sizeof *loaded->conf);
	if (loaded->conf == NULL) {
		loaded->report.count = 1;
		return sk_fault_set(&loaded->report.faults[0], SK_ENOMEM, "%s: out of memory", path);
	}
	enum sk_err err = sk_conf_read(path, loaded->conf, &loaded->report);
	if (err != SK_OK) {
		free(loaded->conf);
		loaded->conf = NULL;
	}
	return err;
}

static int tell_errors(struct sk_cmd *cmd, const struct loaded *loaded, enum sk_err err)
{
	for (size_t i = 0; i < loaded->report.count; i++)
		(void)fprintf(cmd->err, "sekisho: %s\n", loaded->report.faults[i].line);
	if (loaded->report.more != 0)
		(void)fprintf(cmd->err, "sekisho: and %" PRIu64 " more\n", loaded->report.more);
	return sk_err_exit(err);
}

/* What only the workspace knows: its profile. A workspace that is not there yet, or not ours to read, is no error of the file. */
static enum sk_err check_workspace(const struct sk_conf *conf, struct sk_fault *note, struct sk_fault *fault)
{
	struct sk_workspace workspace;
	note->line[0] = '\0';
	if (sk_workspace_open(conf->workspace, false, &workspace, note) != SK_OK)
		return SK_OK;
	note->line[0] = '\0';
	enum sk_err err = sk_conf_lawful(conf, workspace.profile, fault);
	sk_workspace_close(&workspace);
	return err;
}

static void json_check(struct sk_cmd *cmd, const char *path, const struct loaded *loaded, const struct sk_fault *note)
{
	struct sk_buf out;
	struct sk_json_writer w;
	sk_buf_init(&out, OUT_MAX);
	sk_json_begin(&w, &out, false);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "file", path);
	sk_json_bool(&w, "right", loaded->report.count == 0);
	sk_json_array(&w, "errors");
	for (size_t i = 0; i < loaded->report.count; i++)
		sk_json_text(&w, NULL, loaded->report.faults[i].line);
	sk_json_end(&w);
	sk_json_u64(&w, "errors_not_listed", loaded->report.more);
	if (note->line[0] != '\0')
		sk_json_text(&w, "note", note->line);
	sk_json_end(&w);
	(void)fprintf(cmd->out, "%s\n", sk_buf_text(&out));
	sk_buf_fini(&out);
}

static int run_check(struct sk_cmd *cmd, const struct conf_args *args)
{
	struct loaded loaded;
	struct sk_fault note = {0};
	if (args->word_count != 2 || args->all || args->changed)
		return sk_cmd_usage(cmd, "conf", "check takes one file");
	const char *path = args->words[1];
	enum sk_err err = load(path, &loaded);
	if (err == SK_OK) {
		err = check_workspace(loaded.conf, &note, &loaded.report.faults[0]);
		loaded.report.count = err != SK_OK;
	}
	int code = sk_err_exit(err);
	if (args->json)
		json_check(cmd, path, &loaded, &note);
	if (err != SK_OK)
		code = tell_errors(cmd, &loaded, err);
	else if (!args->json)
		(void)fprintf(cmd->out, "%s is right: %" PRIu32 " %s, %" PRIu32 " %s for exports\n", path, loaded.conf->links.count,
			      loaded.conf->links.count == 1 ? "link" : "links", loaded.conf->exports.count, loaded.conf->exports.count == 1 ? "listener" : "listeners");
	if (err == SK_OK && !args->json && note.line[0] != '\0')
		(void)fprintf(cmd->err, "sekisho: not checked against its workspace: %s\n", note.line);
	free(loaded.conf);
	return code;
}

static int run_dump(struct sk_cmd *cmd, const struct conf_args *args)
{
	struct loaded loaded = {.conf = NULL};
	struct sk_buf out;
	if (args->word_count > 2 || args->all || args->json)
		return sk_cmd_usage(cmd, "conf", "dump takes at most one file, and --changed");
	if (args->word_count == 2) {
		enum sk_err err = load(args->words[1], &loaded);
		if (err != SK_OK)
			return tell_errors(cmd, &loaded, err);
	} else {
		loaded.conf = calloc(1, sizeof *loaded.conf);
		if (loaded.conf == NULL)
			return sk_err_exit(SK_ENOMEM);
		sk_conf_defaults(loaded.conf);
	}
	sk_buf_init(&out, OUT_MAX);
	sk_conf_write(loaded.conf, args->changed, &out);
	(void)fputs(sk_buf_text(&out), cmd->out);
	sk_buf_fini(&out);
	free(loaded.conf);
	return 0;
}

/* ---- explain ---- */

/* Words of a paragraph, broken at COLUMNS. */
static void print_paragraph(FILE *out, const char *text)
{
	size_t column = 0;
	while (*text != '\0') {
		size_t length = strcspn(text, " ");
		if (column != 0 && column + 1 + length > COLUMNS) {
			(void)fputc('\n', out);
			column = 0;
		}
		(void)fprintf(out, "%s%.*s", column == 0 ? "  " : " ", (int)length, text);
		column += length + 1;
		text += length;
		text += strspn(text, " ");
	}
	(void)fputc('\n', out);
}

static void print_key(FILE *out, const struct sk_conf_facts *facts)
{
	(void)fprintf(out, "%s: %s%s%s%s%s", facts->key, facts->places != 0 ? "list of " : "", facts->type, facts->unit[0] != '\0' ? " (" : "", facts->unit,
		      facts->unit[0] != '\0' ? ")" : "");
	if (facts->places != 0)
		(void)fprintf(out, ", at most %u", facts->places);
	if (facts->least[0] != '\0')
		(void)fprintf(out, ", from %s to %s", facts->least, facts->most);
	if (facts->standard == NULL)
		(void)fputs("; must be given", out);
	else
		(void)fprintf(out, "; default %s", facts->standard[0] != '\0' ? facts->standard : "\"\"");
	(void)fprintf(out, "; %s; since %s\n", facts->reloadable ? "taken on reload" : "needs a restart", facts->since);
	print_paragraph(out, facts->sentence);
	print_paragraph(out, facts->prose);
	for (size_t i = 0; i < facts->choice_count; i++)
		(void)fprintf(out, "    %-12s %s\n", facts->choices[i], facts->choice_prose[i]);
}

static void json_key(struct sk_json_writer *w, const struct sk_conf_facts *facts)
{
	sk_json_object(w, NULL);
	sk_json_text(w, "key", facts->key);
	sk_json_text(w, "type", facts->type);
	sk_json_bool(w, "list", facts->places != 0);
	if (facts->places != 0)
		sk_json_u64(w, "places", facts->places);
	if (facts->unit[0] != '\0')
		sk_json_text(w, "unit", facts->unit);
	if (facts->least[0] != '\0') {
		sk_json_text(w, "least", facts->least);
		sk_json_text(w, "most", facts->most);
	}
	sk_json_bool(w, "required", facts->standard == NULL);
	if (facts->standard != NULL)
		sk_json_text(w, "default", facts->standard);
	sk_json_bool(w, "reloadable", facts->reloadable);
	sk_json_text(w, "since", facts->since);
	sk_json_text(w, "sentence", facts->sentence);
	sk_json_text(w, "prose", facts->prose);
	if (facts->choice_count != 0) {
		sk_json_object(w, "choices");
		for (size_t i = 0; i < facts->choice_count; i++)
			sk_json_text(w, facts->choices[i], facts->choice_prose[i]);
		sk_json_end(w);
	}
	sk_json_end(w);
}

/* A key itself, or all below it: "eve", "eve.rotate", "links". */
static bool is_asked(const char *key, const char *asked)
{
	size_t length = strlen(asked);
	return strncmp(key, asked, length) == 0 && (key[length] == '\0' || key[length] == '.' || strncmp(key + length, "[].", 3) == 0);
}

static int unknown_key(struct sk_cmd *cmd, const char *asked)
{
	struct sk_fault fault;
	const char *near = sk_conf_nearest(asked);
	if (near != NULL)
		(void)sk_fault_set(&fault, SK_EUSAGE, "'%s' is no key; did you mean %s?", asked, near);
	else
		(void)sk_fault_set(&fault, SK_EUSAGE, "'%s' is no key; sekisho conf explain --all lists them", asked);
	return sk_cmd_fail(cmd, &fault);
}

static int run_explain(struct sk_cmd *cmd, const struct conf_args *args)
{
	struct sk_conf_facts facts;
	struct sk_buf out;
	struct sk_json_writer w;
	if ((args->word_count == 1) != args->all || args->changed)
		return sk_cmd_usage(cmd, "conf", "explain takes keys, or --all");
	for (int k = 1; k < args->word_count; k++) {
		bool found = false;
		for (size_t i = 0; !found && sk_conf_facts(i, &facts); i++)
			found = is_asked(facts.key, args->words[k]);
		if (!found)
			return unknown_key(cmd, args->words[k]);
	}
	sk_buf_init(&out, OUT_MAX);
	sk_json_begin(&w, &out, false);
	sk_json_array(&w, NULL);
	bool any = false;
	for (size_t i = 0; sk_conf_facts(i, &facts); i++) {
		bool asked = args->all;
		for (int k = 1; k < args->word_count && !asked; k++)
			asked = is_asked(facts.key, args->words[k]);
		if (!asked)
			continue;
		if (args->json) {
			json_key(&w, &facts);
			continue;
		}
		if (any)
			(void)fputc('\n', cmd->out);
		any = true;
		print_key(cmd->out, &facts);
	}
	sk_json_end(&w);
	if (args->json)
		(void)fprintf(cmd->out, "%s\n", sk_buf_text(&out));
	sk_buf_fini(&out);
	return 0;
}

int sk_cmd_conf(struct sk_cmd *cmd, int argc, char **argv)
{
	struct conf_args args = {0};
	optind = 0;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (option) {
		case OPT_JSON: args.json = true; break;
		case OPT_CHANGED: args.changed = true; break;
		case OPT_ALL: args.all = true; break;
		case OPT_HELP: args.help = true; break;
		default: return sk_cmd_usage(cmd, argv[0], "unknown or incomplete option");
		}
	}
	args.words = argv + optind;
	args.word_count = argc - optind;
	if (args.help)
		return sk_cmd_help(cmd, argv[0]);
	if (args.word_count != 0 && strcmp(args.words[0], "check") == 0)
		return run_check(cmd, &args);
	if (args.word_count != 0 && strcmp(args.words[0], "dump") == 0)
		return run_dump(cmd, &args);
	if (args.word_count != 0 && strcmp(args.words[0], "explain") == 0)
		return run_explain(cmd, &args);
	return sk_cmd_usage(cmd, argv[0], "check, dump or explain was expected");
}
