/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho names: what a domain name by itself tells. The same questions that detectors ask, with every term of the answer. */
#include <getopt.h>
#include <limits.h>
#include <string.h>

#include "cmd/brands.h"
#include "cmd/cmd.h"
#include "text/json.h"

enum { OPT_BRANDS = 256, OPT_LIST, OPT_JSON, OPT_HELP, OUT_MAX = 1 << 16, LINE_BYTES = 1024 };

struct names {
	struct sk_cmd *cmd;
	struct sk_suffixes *suffixes;
	struct sk_brands *brands;
	bool json;
	bool refused;           /* one of them was no name */
};

/* What one name tells. */
struct answer {
	char text[LINE_BYTES];
	bool is_name, weighed, inner;
	struct sk_name name;
	double features[SK_FEATURE_COUNT];
	int32_t score;
	enum sk_likeness likeness;
	size_t brand;
};

/* As decode hands names over: lower case, no dot at the end. */
static void ask(const struct names *names, const char *text, struct answer *out)
{
	size_t length = strlen(text);
	*out = (struct answer){.score = INT32_MIN, .brand = SIZE_MAX};
	(void)snprintf(out->text, sizeof out->text, "%s", text);
	for (char *c = out->text; *c != '\0'; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
	if (length > 1 && length < sizeof out->text && out->text[length - 1] == '.')
		out->text[length - 1] = '\0';
	out->is_name = length < sizeof out->text && sk_name_split(names->suffixes, out->text, &out->name);
	if (!out->is_name)
		return;
	out->inner = sk_name_is_inner(&out->name);
	out->weighed = sk_name_features(&out->name, out->features);
	if (out->weighed)
		out->score = sk_name_score(&out->name);
	if (!out->inner)
		out->likeness = sk_brands_match(names->brands, &out->name, &out->brand);
}

static const char *verdict(int32_t score)
{
	if (score > sk_name_score_1_in_1000())
		return "made up: one benign name in 1,000 looks so";
	if (score > sk_name_score_1_in_100())
		return "somewhat made up: one benign name in 100 looks so";
	return "like others";
}

static void print_json(const struct names *names, const struct answer *answer)
{
	const struct sk_name *name = &answer->name;
	struct sk_buf out;
	struct sk_json_writer w;
	sk_buf_init(&out, OUT_MAX);
	sk_json_begin(&w, &out, false);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "name", answer->text);
	sk_json_bool(&w, "is_name", answer->is_name);
	if (answer->is_name) {
		sk_json_text(&w, "registered", name->registered_at < name->length ? name->text + name->registered_at : "");
		sk_json_text(&w, "suffix", name->text + name->suffix_at);
		sk_json_bool(&w, "inner", answer->inner);
	}
	if (answer->weighed) {
		sk_json_double(&w, "score", answer->score / 100.0);
		sk_json_bool(&w, "above_1_in_100", answer->score > sk_name_score_1_in_100());
		sk_json_bool(&w, "above_1_in_1000", answer->score > sk_name_score_1_in_1000());
		sk_json_object(&w, "terms");
		for (unsigned i = 0; i < SK_FEATURE_COUNT; i++)
			sk_json_double(&w, sk_name_feature_name((enum sk_name_feature)i), answer->features[i] * sk_name_weights()[i]);
		sk_json_double(&w, "constant", sk_name_weights()[SK_FEATURE_COUNT]);
		sk_json_end(&w);
	}
	if (answer->likeness != SK_LIKE_NONE) {
		sk_json_text(&w, "likeness", sk_likeness_name(answer->likeness));
		sk_json_text(&w, "brand", sk_brands_text(names->brands, answer->brand));
	}
	sk_json_end(&w);
	(void)fprintf(names->cmd->out, "%s\n", sk_buf_text(&out));
	sk_buf_fini(&out);
}

static void print_text(const struct names *names, const struct answer *answer)
{
	FILE *out = names->cmd->out;
	const struct sk_name *name = &answer->name;
	if (!answer->is_name)
		return;
	(void)fprintf(out, "%s\n  registered  %s, below the %ssuffix %s\n", answer->text, name->registered_at < name->length ? name->text + name->registered_at : "nothing",
		      name->dynamic ? "dynamic " : name->rented ? "provider's " : "", name->text + name->suffix_at);
	if (!answer->weighed)
		(void)fprintf(out, "  score       none: inner names, internationalized ones and labels of fewer than four characters are not weighed\n");
	else
		(void)fprintf(out, "  score       %.2f, %s\n", answer->score / 100.0, verdict(answer->score));
	for (unsigned i = 0; answer->weighed && i < SK_FEATURE_COUNT; i++)
		if (answer->features[i] != 0)
			(void)fprintf(out, "    %-9s %8.2f x %6.2f = %7.2f  %s\n", sk_name_feature_name((enum sk_name_feature)i), answer->features[i], sk_name_weights()[i],
				      answer->features[i] * sk_name_weights()[i], sk_name_feature_prose((enum sk_name_feature)i));
	if (answer->weighed)
		(void)fprintf(out, "    %-9s %26.2f\n", "constant", sk_name_weights()[SK_FEATURE_COUNT]);
	if (answer->likeness != SK_LIKE_NONE)
		(void)fprintf(out, "  like        %s (%s)\n", sk_brands_text(names->brands, answer->brand), sk_likeness_name(answer->likeness));
	else
		(void)fprintf(out, "  like        no brand of the list\n");
}

static void tell(struct names *names, const char *text)
{
	struct answer answer;
	ask(names, text, &answer);
	if (!answer.is_name) {
		names->refused = true;
		(void)fprintf(names->cmd->err, "sekisho: '%.200s' is no domain name; expected one such as www.example.co.jp, internationalized ones as xn--...\n", text);
	}
	if (names->json)
		print_json(names, &answer);
	else
		print_text(names, &answer);
}

/* One a line. */
static void tell_lines(struct names *names, FILE *in)
{
	char line[LINE_BYTES];
	while (fgets(line, sizeof line, in) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		if (line[0] != '\0')
			tell(names, line);
	}
}

static int run(struct names *names, const char *brands, int argc, char **argv)
{
	struct sk_fault fault;
	if (sk_suffixes_open(&names->suffixes) != SK_OK) {
		(void)sk_fault_set(&fault, SK_EIO, "the public suffix list cannot be read; expected the package publicsuffix");
		return sk_cmd_fail(names->cmd, &fault);
	}
	enum sk_err err = sk_brands_load(brands, &names->brands, &fault);
	for (int i = 0; err == SK_OK && i < argc; i++) {
		if (strcmp(argv[i], "-") == 0)
			tell_lines(names, stdin);
		else
			tell(names, argv[i]);
	}
	sk_brands_free(names->brands);
	sk_suffixes_close(names->suffixes);
	return err != SK_OK ? sk_cmd_fail(names->cmd, &fault) : names->refused ? sk_err_exit(SK_EINPUT) : 0;
}

int sk_cmd_names(struct sk_cmd *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{"brands", required_argument, NULL, OPT_BRANDS}, {"brands-list", no_argument, NULL, OPT_LIST}, {"json", no_argument, NULL, OPT_JSON}, {"help", no_argument, NULL, OPT_HELP}, {0}};
	struct names names = {.cmd = cmd};
	const char *brands = NULL, *line;
	bool list = false;
	optind = 0;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (option) {
		case OPT_HELP: return sk_cmd_help(cmd, argv[0]);
		case OPT_BRANDS: brands = optarg; break;
		case OPT_LIST: list = true; break;
		case OPT_JSON: names.json = true; break;
		default: return sk_cmd_usage(cmd, argv[0], "unknown or incomplete option");
		}
	}
	if (list != (optind == argc))
		return sk_cmd_usage(cmd, argv[0], "expected names (- reads them from standard input), or --brands-list alone");
	for (size_t i = 0; list && (line = sk_brands_default_line(i)) != NULL; i++)
		(void)fprintf(cmd->out, "%s\n", line);
	return list ? 0 : run(&names, brands, argc - optind, argv + optind);
}
