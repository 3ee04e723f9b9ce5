/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho case: what belongs together, from the first look to the lesson. Options, and which verb does what. */
#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/case.h"

enum { OPT_JSON = 256, OPT_HELP, OPT_PUBLISH, OPT_TEXT, OPT_LIST = OPT_TEXT + 64 };

static const struct {
	const char *name;
	size_t at;
} texts[] = {
#define TEXT(name, member) {name, offsetof(struct sk_case_args, member)}
	TEXT("dir", folder), TEXT("key", actor.key), TEXT("title", title), TEXT("summary", summary), TEXT("text", text), TEXT("why", text), TEXT("text-file", text_file), TEXT("org", org),
	TEXT("severity", severity), TEXT("kind", kind), TEXT("grade", grade), TEXT("due", due), TEXT("to", to), TEXT("name", name), TEXT("for", audience), TEXT("state", state),
	TEXT("assignee", assignee), TEXT("limit", limit), TEXT("cursor", cursor), TEXT("q", query), TEXT("purpose", purpose), TEXT("lang", lang), TEXT("centre", origin_key), TEXT("since", since),
	TEXT("until", until), TEXT("digest", digest), TEXT("ref", reference), TEXT("output", out),
#undef TEXT
};

static const struct {
	const char *name;
	size_t at, count;
} lists[] = {
	{"norm", offsetof(struct sk_case_args, norms), offsetof(struct sk_case_args, norm_count)},
	{"sector", offsetof(struct sk_case_args, sectors), offsetof(struct sk_case_args, sector_count)},
	{"item", offsetof(struct sk_case_args, items), offsetof(struct sk_case_args, item_count)},
};

static bool take_list(struct sk_case_args *args, size_t i, const char *value)
{
	size_t *count = (size_t *)(void *)((char *)args + lists[i].count);
	const char **values = (const char **)(void *)((char *)args + lists[i].at);
	if (*count == SK_CASE_MANY)
		return false;
	values[(*count)++] = value;
	return true;
}

static bool parse(struct sk_case_args *args, int argc, char **argv, bool *help)
{
	static const struct option plain[] = {{"json", no_argument, NULL, OPT_JSON}, {"help", no_argument, NULL, OPT_HELP}, {"publish", no_argument, NULL, OPT_PUBLISH}};
	struct option options[SK_COUNT(plain) + SK_COUNT(texts) + SK_COUNT(lists) + 1] = {{0}};
	size_t count = 0;
	for (size_t i = 0; i < SK_COUNT(plain); i++)
		options[count++] = plain[i];
	for (size_t i = 0; i < SK_COUNT(texts); i++)
		options[count++] = (struct option){texts[i].name, required_argument, NULL, (int)(OPT_TEXT + i)};
	for (size_t i = 0; i < SK_COUNT(lists); i++)
		options[count++] = (struct option){lists[i].name, required_argument, NULL, (int)(OPT_LIST + i)};
	const char *folder = getenv("SEKISHO_DIR");
	args->folder = folder != NULL ? folder : ".";
	optind = 0;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, "o:", options, NULL)) != -1;) {
		if (option == OPT_HELP)
			*help = true;
		else if (option == OPT_JSON)
			args->json = true;
		else if (option == OPT_PUBLISH)
			args->publish = true;
		else if (option == 'o')
			args->out = optarg;
		else if (option >= OPT_LIST && !take_list(args, (size_t)(option - OPT_LIST), optarg))
			return false;
		else if (option >= OPT_TEXT && option < OPT_LIST)
			*(const char **)(void *)((char *)args + texts[option - OPT_TEXT].at) = optarg;
		else if (option == '?' || option == ':')
			return false;
	}
	return true;
}

int sk_cmd_case(struct sk_cmd *cmd, int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(const struct sk_case_args *args);
		int words;
	} looks[] = {{"list", sk_case_list_cmd, 0},	  {"show", sk_case_show_cmd, 1},   {"chain", sk_case_chain_cmd, 1}, {"figures", sk_case_figures_cmd, 0},
		     {"check", sk_case_check_cmd, 0}, {"words", sk_case_words_cmd, 0}, {"get", sk_case_get_cmd, 2}};
	struct sk_case_args args = {.cmd = cmd};
	bool help = false;
	if (!parse(&args, argc, argv, &help))
		return sk_cmd_usage(cmd, argv[0], "unknown or incomplete option");
	if (help)
		return sk_cmd_help(cmd, argv[0]);
	if (optind >= argc)
		return sk_cmd_usage(cmd, argv[0], "expected what to do: open, list, show, note, ...");
	const char *verb = argv[optind];
	args.words = argv + optind + 1;
	args.word_count = argc - optind - 1;
	for (size_t i = 0; i < SK_COUNT(looks); i++)
		if (strcmp(verb, looks[i].name) == 0)
			return args.word_count == looks[i].words ? looks[i].run(&args) : sk_cmd_usage(cmd, argv[0], "%s: expected %d words behind it", verb, looks[i].words);
	enum sk_case_event event = sk_case_event_find(verb);
	if (event == SK_CASE_EVENT_COUNT || !sk_case_event_asked(event))
		return sk_cmd_usage(cmd, argv[0], "'%s' is no step of a case", verb);
	return event == SK_CASE_EVENT_BUNDLE ? sk_case_bundle_cmd(&args) : sk_case_act(&args, event);
}
