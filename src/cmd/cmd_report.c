/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho report: damage reports (report_verb.def); the annual report, and the public page, out of a ledger alone. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cmd/cmd.h"
#include "cmd/report.h"
#include "oversight/report.h"
#include "text/text.h"

enum { OPT_YEAR = 256, OPT_LANG, OPT_FORMAT, OPT_LEDGER, OPT_DIR, OPT_KEY, OPT_HELP, TEXT_MAX = 1 << 26, YEARS_MAX = 64, PAGE_MODE = 0644, FOLDER_MODE = 0755 };

struct words {
	const char *year, *lang, *format, *ledger, *folder, *output, *key;
	char path[SK_PATH_MAX];
	struct sk_verify_key pinned;
	bool help;
};

static const struct sk_verify_key *pinned_of(const struct words *words)
{
	return words->key != NULL ? &words->pinned : NULL;
}

static int write_out(struct sk_cmd *cmd, const struct words *words, const struct sk_buf *text)
{
	struct sk_fault fault;
	enum sk_err err = text->failed != SK_OK ? sk_fault_set(&fault, text->failed, "the report is too long") : SK_OK;
	if (err == SK_OK && words->output != NULL)
		err = sk_file_replace(words->output, text->bytes, text->length, PAGE_MODE, &fault);
	else if (err == SK_OK && fwrite(text->bytes, 1, text->length, cmd->out) != text->length)
		err = sk_fault_set(&fault, SK_EIO, "the report cannot be written");
	return err == SK_OK ? 0 : sk_cmd_fail(cmd, &fault);
}

static int annual(struct sk_cmd *cmd, const struct words *words)
{
	struct sk_annual report;
	struct sk_fault fault;
	struct sk_buf text;
	char *end = NULL;
	int64_t from_ns, to_ns;
	long year = words->year != NULL ? strtol(words->year, &end, 10) : 0;
	bool json = words->format != NULL && strcmp(words->format, "json") == 0;
	if (words->year == NULL || *end != '\0' || year < 1970 || year > 2200)
		return sk_cmd_usage(cmd, "report", "annual needs --year YYYY");
	if (!json && words->format != NULL && strcmp(words->format, "md") != 0)
		return sk_cmd_usage(cmd, "report", "--format: expected md or json");
	if (words->lang != NULL && strcmp(words->lang, "ja") != 0 && strcmp(words->lang, "en") != 0)
		return sk_cmd_usage(cmd, "report", "--lang: expected ja or en");
	sk_annual_year(year, &from_ns, &to_ns);
	if (sk_annual_make(words->path, pinned_of(words), from_ns, to_ns, &report, &fault) != SK_OK)
		return sk_cmd_fail(cmd, &fault);
	sk_buf_init(&text, TEXT_MAX);
	if (json)
		sk_annual_json(&report, &text);
	else
		sk_annual_markdown(&report, words->lang != NULL && strcmp(words->lang, "ja") == 0 ? SK_JAPANESE : SK_ENGLISH, &text);
	int code = write_out(cmd, words, &text);
	sk_buf_fini(&text);
	sk_annual_fini(&report);
	return code;
}

/* ---- the public page ---- */

static enum sk_err put(const struct words *words, const char *name, const struct sk_buf *text, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	if (text->failed != SK_OK)
		return sk_fault_set(fault, text->failed, "%s: too long", name);
	if (sk_file_join(path, sizeof path, words->output, name) != SK_OK)
		return sk_fault_set(fault, SK_ETOOBIG, "%s: path too long", words->output);
	return sk_file_replace(path, text->bytes, text->length, PAGE_MODE, fault);
}

static enum sk_err put_page(const struct words *words, const struct sk_annual *reports, size_t count, enum sk_language language, struct sk_fault *fault)
{
	struct sk_buf text;
	sk_buf_init(&text, TEXT_MAX);
	sk_annual_page(reports, count, language, &text);
	enum sk_err err = put(words, language == SK_JAPANESE ? "index.ja.html" : "index.html", &text, fault);
	sk_buf_fini(&text);
	return err;
}

static enum sk_err put_year(const struct words *words, const struct sk_annual *report, int64_t year, struct sk_fault *fault)
{
	char name[64];
	struct sk_buf text;
	(void)snprintf(name, sizeof name, "report-%" PRId64 ".json", year);
	sk_buf_init(&text, TEXT_MAX);
	sk_annual_json(report, &text);
	enum sk_err err = put(words, name, &text, fault);
	sk_buf_fini(&text);
	return err;
}

/* The signed head goes with the page: whoever has the ledger compares. */
static enum sk_err put_rest(const struct words *words, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_buf text;
	sk_buf_init(&text, SK_NOTE_MAX);
	sk_buf_add_text(&text, sk_annual_style());
	enum sk_err err = put(words, "style.css", &text, fault);
	sk_buf_reset(&text);
	if (err == SK_OK)
		err = sk_file_join(path, sizeof path, words->path, "checkpoint");
	if (err == SK_OK)
		err = sk_file_read(path, &text, fault);
	if (err == SK_OK)
		err = put(words, "checkpoint", &text, fault);
	sk_buf_fini(&text);
	return err;
}

static enum sk_err put_all(const struct words *words, struct sk_annual *reports, size_t *count, struct sk_fault *fault)
{
	int64_t first, last, from_ns, to_ns;
	SK_TRY(sk_annual_years(words->path, &first, &last, fault));
	if (first > last)
		return sk_fault_set(fault, SK_ENOENT, "%s: there are no acts in this ledger yet", words->path);
	if (last - first >= YEARS_MAX)
		return sk_fault_set(fault, SK_ETOOBIG, "%s: the acts are of more than %d years", words->path, YEARS_MAX);
	SK_TRY(sk_file_make_folder(words->output, FOLDER_MODE, fault));
	for (int64_t year = last; year >= first; year--, ++*count) {
		sk_annual_year(year, &from_ns, &to_ns);
		SK_TRY(sk_annual_make(words->path, pinned_of(words), from_ns, to_ns, &reports[*count], fault));
		enum sk_err err = put_year(words, &reports[*count], year, fault);
		if (err != SK_OK) {
			sk_annual_fini(&reports[*count]);
			return err;
		}
	}
	SK_TRY(put_page(words, reports, *count, SK_ENGLISH, fault));
	SK_TRY(put_page(words, reports, *count, SK_JAPANESE, fault));
	return put_rest(words, fault);
}

static int transparency(struct sk_cmd *cmd, const struct words *words)
{
	struct sk_annual *reports = calloc(YEARS_MAX, sizeof *reports);
	struct sk_fault fault;
	size_t count = 0;
	if (words->output == NULL || reports == NULL) {
		free(reports);
		return sk_cmd_usage(cmd, "report", "transparency needs -o DIR");
	}
	enum sk_err err = put_all(words, reports, &count, &fault);
	for (size_t i = 0; i < count; i++)
		sk_annual_fini(&reports[i]);
	free(reports);
	if (err != SK_OK)
		return sk_cmd_fail(cmd, &fault);
	(void)fprintf(cmd->out, "%s: index.html, index.ja.html, style.css, checkpoint, and a report-YEAR.json of %zu year%s\n", words->output, count, count == 1 ? "" : "s");
	return 0;
}

/* ---- words ---- */

static bool parse(int argc, char **argv, struct words *words)
{
	static const struct option options[] = {{"year", required_argument, NULL, OPT_YEAR}, {"lang", required_argument, NULL, OPT_LANG}, {"format", required_argument, NULL, OPT_FORMAT},
						{"ledger", required_argument, NULL, OPT_LEDGER}, {"dir", required_argument, NULL, OPT_DIR}, {"key", required_argument, NULL, OPT_KEY},
						{"help", no_argument, NULL, OPT_HELP}, {0}};
	const char *folder = getenv("SEKISHO_DIR");
	words->folder = folder != NULL ? folder : ".";
	optind = 0;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, "o:", options, NULL)) != -1;) {
		switch (option) {
		case OPT_YEAR: words->year = optarg; break;
		case OPT_LANG: words->lang = optarg; break;
		case OPT_FORMAT: words->format = optarg; break;
		case OPT_LEDGER: words->ledger = optarg; break;
		case OPT_DIR: words->folder = optarg; break;
		case OPT_KEY: words->key = optarg; break;
		case OPT_HELP: words->help = true; break;
		case 'o': words->output = optarg; break;
		default: return false;
		}
	}
	return words->ledger != NULL ? strlen(words->ledger) < sizeof words->path && memcpy(words->path, words->ledger, strlen(words->ledger) + 1) != NULL
				     : sk_file_join(words->path, sizeof words->path, words->folder, "centre/ledger") == SK_OK;
}

int sk_cmd_report(struct sk_cmd *cmd, int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(struct sk_cmd *cmd, const struct words *words);
	} verbs[] = {{"annual", annual}, {"transparency", transparency}};
	struct words words = {.year = NULL};
	int code;
	if (sk_report_verb(cmd, argc, argv, &code))
		return code;
	if (!parse(argc, argv, &words))
		return sk_cmd_usage(cmd, argv[0], "unknown or incomplete option");
	if (words.help)
		return sk_cmd_help(cmd, argv[0]);
	if (words.key != NULL && sk_verify_key_parse(words.key, &words.pinned) != SK_OK)
		return sk_cmd_usage(cmd, argv[0], "--key: expected the ledger's verifier key name+id+base64");
	struct sk_fault fault;
	if (sk_seal_start() != SK_OK) {
		(void)sk_fault_set(&fault, SK_EIO, "the cryptographic libraries do not start");
		return sk_cmd_fail(cmd, &fault);
	}
	for (size_t i = 0; i < SK_COUNT(verbs) && optind + 1 == argc; i++)
		if (strcmp(argv[optind], verbs[i].name) == 0)
			return verbs[i].run(cmd, &words);
	return sk_cmd_usage(cmd, argv[0], "expected submit, check, list, show, export, attach, attachment, due, duplicates, merge, statistics, schema, template, trigger, annual or transparency");
}
