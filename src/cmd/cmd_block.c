/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho block and unblock: the front door for small teams. The same machinery as sekisho order: one asks, a second one agrees, the enforcer sets it, and it is undone on time.
   It is the urgent path of an order (LAW.md 2.3 I3): two persons, what can be undone wholly, a day at most. Whoever wants more time has a quorum ratify it. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "cmd/centre.h"
#include "cmd/cmd.h"
#include "text/text.h"

enum { OPT_DIR = 256, OPT_KEY, OPT_FOR, OPT_WHY, OPT_ID, OPT_ORG, OPT_ASSET, OPT_FINDING, OPT_WORKSPACE, OPT_JSON, OPT_HELP, WORDS_MAX = 64 };
static const int64_t longest_ns = INT64_C(24) * 3600 * 1000000000;

struct block {
	struct sk_cmd *cmd;
	const char *command, *folder, *key, *period, *why, *id, *org, *asset, *finding, *workspace, *target;
	bool json, help;
};

/* Words of another command, collected. */
struct words {
	int count;
	char *word[WORDS_MAX + 1];
};

static void add(struct words *words, const char *word)
{
	SK_INVARIANT(words->count < WORDS_MAX);
	/* getopt wants them writable and does not write them. */
	words->word[words->count++] = (char *)(uintptr_t)word;
}

static void add_option(struct words *words, const char *name, const char *value)
{
	if (value == NULL)
		return;
	add(words, name);
	add(words, value);
}

static bool parse(struct block *block, int argc, char **argv)
{
	static const struct option options[] = {{"dir", required_argument, NULL, OPT_DIR}, {"key", required_argument, NULL, OPT_KEY}, {"for", required_argument, NULL, OPT_FOR},
						{"why", required_argument, NULL, OPT_WHY}, {"id", required_argument, NULL, OPT_ID}, {"org", required_argument, NULL, OPT_ORG},
						{"asset", required_argument, NULL, OPT_ASSET}, {"finding", required_argument, NULL, OPT_FINDING},
						{"workspace", required_argument, NULL, OPT_WORKSPACE}, {"json", no_argument, NULL, OPT_JSON}, {"help", no_argument, NULL, OPT_HELP}, {0}};
	const char *folder = getenv("SEKISHO_DIR");
	*block = (struct block){.cmd = block->cmd, .command = argv[0], .folder = folder != NULL ? folder : ".", .org = "host", .asset = "own network"};
	optind = 0;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (option) {
		case OPT_DIR: block->folder = optarg; break;
		case OPT_KEY: block->key = optarg; break;
		case OPT_FOR: block->period = optarg; break;
		case OPT_WHY: block->why = optarg; break;
		case OPT_ID: block->id = optarg; break;
		case OPT_ORG: block->org = optarg; break;
		case OPT_ASSET: block->asset = optarg; break;
		case OPT_FINDING: block->finding = optarg; break;
		case OPT_WORKSPACE: block->workspace = optarg; break;
		case OPT_JSON: block->json = true; break;
		case OPT_HELP: block->help = true; break;
		default: return false;
		}
	}
	block->target = optind + 1 == argc ? argv[optind] : NULL;
	return true;
}

/* What was said stands as the evidence, in a file that the order has the digest of, beside whatever finding there is. */
static enum sk_err keep_reason(const struct block *block, const char *id, char path[SK_PATH_MAX], struct sk_fault *fault)
{
	struct sk_buf text;
	char folder[SK_PATH_MAX], name[SK_MATTER_ID_MAX + 16];
	(void)snprintf(name, sizeof name, "%s.reason", id);
	if (sk_file_join(folder, sizeof folder, block->folder, "centre/sealed") != SK_OK || sk_file_join(path, SK_PATH_MAX, folder, name) != SK_OK)
		return sk_fault_set(fault, SK_EUSAGE, "the folder's path is too long");
	if (!sk_file_exists(folder))
		return sk_fault_set(fault, SK_ENOENT, "%s: no centre is there; docs/block.md shows how a team makes one", block->folder);
	sk_buf_init(&text, 65536);
	sk_buf_addf(&text, "%s: %s\n", block->target, block->why);
	enum sk_err err = text.failed != SK_OK ? sk_fault_set(fault, text.failed, "--why: too long") : sk_file_replace(path, text.bytes, text.length, 0600, fault);
	sk_buf_fini(&text);
	return err;
}

static int draft(const struct block *block, const char *id, const char *evidence)
{
	struct words words = {.count = 0};
	struct sk_prefix prefix;
	bool address = sk_prefix_parse(block->target, &prefix) == SK_OK;
	add(&words, "order");
	add(&words, "draft");
	add(&words, id);
	add_option(&words, "--dir", block->folder);
	add_option(&words, "--key", block->key);
	add_option(&words, "--measure", address ? "nftables" : "rpz");
	add_option(&words, "--action", address ? "drop" : "nxdomain");
	add_option(&words, "--target", block->target);
	add_option(&words, "--against", block->why);
	add_option(&words, "--important", block->asset);
	add_option(&words, "--org", block->org);
	add_option(&words, "--plan", "one network, one team: nobody else has to be asked");
	add_option(&words, "--narrower", address ? "dropping one port or one host's traffic alone" : "one resolver, or a warning page, alone");
	add_option(&words, "--not-enough", "a block of one target for a day at most, undone by itself, is the smallest that this command makes");
	add_option(&words, "--for", block->period);
	add_option(&words, "--at-home", address ? "packets are dropped at our own gateways" : "the answer changes on our own resolvers");
	add_option(&words, "--urgent", block->why);
	add_option(&words, "--evidence-file", evidence);
	add_option(&words, "--finding", block->finding);
	add_option(&words, "--workspace", block->finding != NULL ? block->workspace != NULL ? block->workspace : block->folder : NULL);
	if (block->json)
		add(&words, "--json");
	return sk_cmd_order(block->cmd, words.count, words.word);
}

/* "block-" and eight digits: short enough to say over the telephone. */
static void make_id(char id[SK_MATTER_ID_MAX])
{
	uint8_t random[4];
	char hex[2 * sizeof random + 1];
	sk_random(random, sizeof random);
	sk_hex_encode(random, sizeof random, hex);
	(void)snprintf(id, SK_MATTER_ID_MAX, "block-%s", hex);
}

int sk_cmd_block(struct sk_cmd *cmd, int argc, char **argv)
{
	struct block block = {.cmd = cmd};
	struct sk_fault fault;
	char id[SK_MATTER_ID_MAX], path[SK_PATH_MAX];
	int64_t period_ns = 0;
	if (!parse(&block, argc, argv))
		return sk_cmd_usage(cmd, argv[0], "unknown or incomplete option");
	if (block.help)
		return sk_cmd_help(cmd, argv[0]);
	if (block.target == NULL || block.period == NULL || block.why == NULL || *block.why == '\0')
		return sk_cmd_usage(cmd, argv[0], "expected one NAME or PREFIX, --for and --why");
	if (sk_duration_parse(block.period, &period_ns) != SK_OK || period_ns <= 0 || period_ns > longest_ns)
		return sk_cmd_usage(cmd, argv[0], "--for: expected a duration up to 24h; sekisho order is for longer ones");
	if (block.id != NULL && strlen(block.id) >= sizeof id)
		return sk_cmd_usage(cmd, argv[0], "--id: at most %zu characters", sizeof id - 1);
	if (block.id != NULL)
		memcpy(id, block.id, strlen(block.id) + 1);
	else
		make_id(id);
	if (keep_reason(&block, id, path, &fault) != SK_OK)
		return sk_cmd_fail(cmd, &fault);
	int code = draft(&block, id, path);
	if (code == 0 && !block.json)
		(void)fprintf(cmd->out, "\nNothing is blocked yet. A second person signs:\n  sekisho approve %s --dir %s --key KEY\nThe enforcer then sets it, reads it back, and takes it away after %s. Earlier:\n"
			      "  sekisho unblock %s --dir %s --key KEY --why TEXT\n", id, block.folder, block.period, id, block.folder);
	return code;
}

int sk_cmd_unblock(struct sk_cmd *cmd, int argc, char **argv)
{
	struct block block = {.cmd = cmd};
	struct words words = {.count = 0};
	if (!parse(&block, argc, argv))
		return sk_cmd_usage(cmd, argv[0], "unknown or incomplete option");
	if (block.help)
		return sk_cmd_help(cmd, argv[0]);
	if (block.target == NULL || block.why == NULL)
		return sk_cmd_usage(cmd, argv[0], "expected one ID and --why");
	add(&words, "order");
	add(&words, "end");
	add(&words, block.target);
	add_option(&words, "--dir", block.folder);
	add_option(&words, "--key", block.key);
	add_option(&words, "--why", block.why);
	if (block.json)
		add(&words, "--json");
	return sk_cmd_order(cmd, words.count, words.word);
}
