/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho centre: make the centre's folder, compare its databases with its ledger, commit to the book of looks, hand the openings to oversight. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/centre.h"
#include "cmd/centre_book.h"
#include "cmd/cmd.h"
#include "text/json.h"
#include "text/text.h"

enum { OPT_JSON = 256, OPT_HELP, OPT_DIR, OPT_PROFILE, OPT_ORIGIN, OPT_EVERY, OUT_MAX = 65536 };

struct words {
	const char *folder, *profile, *origin, *output;
	bool json;
	int64_t every_ns;
};

static int init(struct sk_cmd *cmd, const struct words *words)
{
	struct sk_fault fault;
	enum sk_profile profile;
	char key[SK_VKEY_TEXT_MAX];
	struct sk_centre centre;
	if (words->profile == NULL || sk_profile_parse(words->profile, &profile) != SK_OK)
		return sk_cmd_usage(cmd, "centre", "--profile: expected lab, own-network or jp-2025");
	int64_t now_ns = cmd->clock.unix_ns(cmd->clock.context);
	if (now_ns < sk_policy_profile_from_ns(profile)) {
		(void)sk_fault_set(&fault, SK_EPROFILE, "profile %s: not in force yet; profile lab simulates it, and marks everything", words->profile);
		return sk_cmd_fail(cmd, &fault);
	}
	if (sk_centre_create(words->folder, profile, words->origin, now_ns, &fault) != SK_OK || sk_centre_open(words->folder, false, &centre, &fault) != SK_OK)
		return sk_cmd_fail(cmd, &fault);
	(void)fprintf(cmd->out, "made   %s\norigin %s\nkey    %s\nnext   sekisho access init --dir %s --admin-key KEY --oversight-key KEY...\n", centre.folder, centre.origin,
		      sk_verify_key_format(&centre.public_key, key), words->folder);
	sk_centre_close(&centre);
	return 0;
}

static int check(struct sk_cmd *cmd, const struct words *words)
{
	struct sk_fault fault;
	struct sk_centre centre;
	uint64_t acts = 0;
	if (sk_centre_open(words->folder, false, &centre, &fault) != SK_OK)
		return sk_cmd_fail(cmd, &fault);
	struct sk_book_figures looks = {.looks = 0};
	enum sk_err err = sk_docket_check(centre.docket, &acts, &fault);
	if (err == SK_OK)
		err = sk_centre_book_check(&centre, &looks, &fault);
	if (err == SK_OK && words->json) {
		struct sk_buf out;
		struct sk_json_writer w;
		sk_buf_init(&out, OUT_MAX);
		sk_json_begin(&w, &out, false);
		sk_json_object(&w, NULL);
		sk_json_u64(&w, "acts", acts);
		sk_json_u64(&w, "looks", looks.looks);
		sk_json_u64(&w, "looks_waiting", looks.waiting);
		sk_json_text(&w, "origin", centre.origin);
		sk_json_bool(&w, "agree", true);
		sk_json_end(&w);
		(void)fprintf(cmd->out, "%s\n", sk_buf_text(&out));
		sk_buf_fini(&out);
	} else if (err == SK_OK) {
		(void)fprintf(cmd->out, "%" PRIu64 " acts; each agrees with its leaf, and each leaf has its act.\n", acts);
		if (looks.looks + looks.waiting != 0)
			(void)fprintf(cmd->out, "%" PRIu64 " looks by page in %" PRIu64 " of them; each is the one that was committed to. %" PRIu64 " wait.\n", looks.looks, looks.acts, looks.waiting);
	}
	sk_centre_close(&centre);
	return err == SK_OK ? 0 : sk_cmd_fail(cmd, &fault);
}

static enum sk_err print_line(void *context, const char *text, size_t length)
{
	return fwrite(text, 1, length, context) == length ? SK_OK : SK_EIO;
}

static enum sk_err collect_line(void *context, const char *text, size_t length)
{
	sk_buf_add(context, text, length);
	return ((struct sk_buf *)context)->failed;
}

static int openings(struct sk_cmd *cmd, const struct words *words)
{
	enum { OPENINGS_MAX = 1 << 30 };
	struct sk_fault fault;
	struct sk_centre centre;
	struct sk_buf lines;
	if (sk_centre_open(words->folder, false, &centre, &fault) != SK_OK)
		return sk_cmd_fail(cmd, &fault);
	sk_buf_init(&lines, OPENINGS_MAX);
	enum sk_err err = words->output == NULL ? sk_docket_openings(centre.docket, print_line, cmd->out, &fault)
						: sk_docket_openings(centre.docket, collect_line, &lines, &fault);
	if (err == SK_OK && words->output != NULL)
		err = sk_file_replace(words->output, lines.bytes, lines.length, 0600, &fault);
	sk_buf_fini(&lines);
	sk_centre_close(&centre);
	return err == SK_OK ? 0 : sk_cmd_fail(cmd, &fault);
}

static int book(struct sk_cmd *cmd, const struct words *words)
{
	return sk_centre_book(cmd, words->folder, words->every_ns, words->json);
}

static bool parse(int argc, char **argv, struct words *words, bool *help)
{
	static const struct option options[] = {{"json", no_argument, NULL, OPT_JSON}, {"help", no_argument, NULL, OPT_HELP}, {"dir", required_argument, NULL, OPT_DIR},
						{"profile", required_argument, NULL, OPT_PROFILE}, {"origin", required_argument, NULL, OPT_ORIGIN}, {"every", required_argument, NULL, OPT_EVERY}, {0}};
	const char *folder = getenv("SEKISHO_DIR");
	words->folder = folder != NULL ? folder : ".";
	optind = 0;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, "o:", options, NULL)) != -1;) {
		switch (option) {
		case OPT_JSON: words->json = true; break;
		case OPT_HELP: *help = true; break;
		case OPT_DIR: words->folder = optarg; break;
		case OPT_PROFILE: words->profile = optarg; break;
		case OPT_ORIGIN: words->origin = optarg; break;
		case OPT_EVERY:
			if (sk_duration_parse(optarg, &words->every_ns) != SK_OK || words->every_ns < INT64_C(100000000) || words->every_ns > SK_BOOK_LAG_NS / 2)
				return false;
			break;
		case 'o': words->output = optarg; break;
		default: return false;
		}
	}
	return true;
}

int sk_cmd_centre(struct sk_cmd *cmd, int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(struct sk_cmd *cmd, const struct words *words);
	} verbs[] = {{"init", init}, {"check", check}, {"openings", openings}, {"book", book}};
	struct words words = {.folder = NULL};
	bool help = false;
	if (!parse(argc, argv, &words, &help))
		return sk_cmd_usage(cmd, argv[0], "unknown or incomplete option");
	if (help)
		return sk_cmd_help(cmd, argv[0]);
	for (size_t i = 0; i < SK_COUNT(verbs) && optind + 1 == argc; i++)
		if (strcmp(argv[optind], verbs[i].name) == 0)
			return verbs[i].run(cmd, &words);
	return sk_cmd_usage(cmd, argv[0], "expected init, check, book or openings");
}
