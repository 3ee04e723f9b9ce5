/* SPDX-License-Identifier: Apache-2.0 */
/* The quick run calls the very commands that it then prints: what it shows a newcomer is what it did. */
#include "cmd/quick.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/border_default.h"

enum { QUICK_WORDS_MAX = 2 * SK_OWN_PREFIXES_MAX + 2 * SK_QUICK_LISTS_MAX + 2 * SK_DETECTOR_WORDS_MAX + 16 };

struct words {
	int count;
	char *word[QUICK_WORDS_MAX + 1];
	struct sk_buf text[SK_OWN_PREFIXES_MAX]; /* memory of formatted prefixes */
	size_t texts;
};

static void add_word(struct words *words, const char *word)
{
	SK_INVARIANT(words->count < QUICK_WORDS_MAX);
	/* getopt wants char *const[]; the commands do not change their words. */
	union { const char *in; char *out; } same = {.in = word};
	words->word[words->count++] = same.out;
	words->word[words->count] = NULL;
}

static void add_own(struct words *words, const struct sk_quick *quick, const char *option)
{
	for (size_t i = 0; i < quick->own_count; i++) {
		char text[SK_PREFIX_TEXT_MAX];
		struct sk_buf *memory = &words->text[words->texts++];
		sk_buf_init(memory, SK_PREFIX_TEXT_MAX);
		sk_buf_add_text(memory, sk_prefix_format(&quick->own[i], text));
		add_word(words, option);
		add_word(words, sk_buf_text(memory));
	}
}

/* Run one command with its chatter thrown away; its errors reach the user. */
static enum sk_err run_quietly(struct sk_cmd *cmd, sk_command_run run, struct words *words, struct sk_fault *fault)
{
	struct sk_cmd quiet = *cmd;
	quiet.out = fopen("/dev/null", "we");
	if (quiet.out == NULL)
		return sk_fault_errno(fault, errno, "/dev/null: cannot open");
	int code = run(&quiet, words->count, words->word);
	(void)fclose(quiet.out);
	for (size_t i = 0; i < words->texts; i++)
		sk_buf_fini(&words->text[i]);
	return code == 0 ? SK_OK : sk_fault_set(fault, SK_EINPUT, "the quick run stops here: '%s' failed with the line above", words->word[0]);
}

static enum sk_err make_table(struct sk_cmd *cmd, const struct sk_quick *quick, const char *path, struct sk_fault *fault)
{
	struct words words = {0};
	add_word(&words, "border");
	add_word(&words, "build");
	add_own(&words, quick, "--domestic");
	add_word(&words, "-o");
	add_word(&words, path);
	return run_quietly(cmd, sk_cmd_border, &words, fault);
}

static enum sk_err find_table(struct sk_cmd *cmd, const struct sk_quick *quick, char path[SK_PATH_MAX], struct sk_fault *fault)
{
	if (quick->border_path != NULL) {
		(void)snprintf(path, SK_PATH_MAX, "%s", quick->border_path);
		return SK_OK;
	}
	if (quick->own_count > 0)
		return make_table(cmd, quick, path, fault);
	return sk_border_default_table(quick->home, path, fault);
}

static enum sk_err fill(struct sk_cmd *cmd, const struct sk_quick *quick, const char *folder, const char *table, struct sk_fault *fault)
{
	struct words init = {0}, import = {0}, rules = {0};
	add_word(&init, "init");
	add_word(&init, "--workspace");
	add_word(&init, folder);
	add_word(&init, "--profile");
	add_word(&init, "lab");
	add_word(&init, "--border");
	add_word(&init, table);
	add_own(&init, quick, "--own");
	for (size_t i = 0; i < quick->detector_words; i++) {
		add_word(&init, "--detectors");
		add_word(&init, quick->detectors[i]);
	}
	SK_TRY(run_quietly(cmd, sk_cmd_init, &init, fault));
	if (quick->list_count != 0 || quick->rule_count == 0) {
		add_word(&import, "selectors");
		add_word(&import, "import");
		add_word(&import, "--workspace");
		add_word(&import, folder);
		if (quick->list_count == 0)
			add_word(&import, "--all-flows");
		for (size_t i = 0; i < quick->list_count; i++)
			add_word(&import, quick->lists[i]);
		SK_TRY(run_quietly(cmd, sk_cmd_selectors, &import, fault));
	}
	if (quick->rule_count == 0)
		return SK_OK;
	add_word(&rules, "rules");
	add_word(&rules, "import");
	add_word(&rules, "--workspace");
	add_word(&rules, folder);
	for (size_t i = 0; i < quick->rule_count; i++)
		add_word(&rules, quick->rules[i]);
	return run_quietly(cmd, sk_cmd_rules, &rules, fault);
}

enum sk_err sk_quick_make(struct sk_cmd *cmd, const struct sk_quick *quick, char folder[SK_PATH_MAX], struct sk_fault *fault)
{
	char parent[SK_PATH_MAX], table[SK_PATH_MAX];
	const char *temporary = getenv("TMPDIR");
	(void)snprintf(parent, sizeof parent, "%.3900s/sekisho-XXXXXX", temporary != NULL && temporary[0] != '\0' ? temporary : "/tmp");
	if (mkdtemp(parent) == NULL)
		return sk_fault_errno(fault, errno, "%s: cannot make a temporary folder", parent);
	if (sk_file_join(folder, SK_PATH_MAX, parent, "workspace") != SK_OK || sk_file_join(table, sizeof table, parent, "border.skb") != SK_OK)
		return sk_fault_set(fault, SK_ETOOBIG, "TMPDIR is too long");
	SK_TRY(find_table(cmd, quick, table, fault));
	return fill(cmd, quick, folder, table, fault);
}

void sk_quick_print_permanent(struct sk_cmd *cmd, const struct sk_quick *quick, const char *folder)
{
	FILE *out = cmd->out;
	char text[SK_PREFIX_TEXT_MAX];
	char table[SK_PATH_MAX];
	struct sk_fault unused;
	const char *installed = quick->border_path != NULL ? quick->border_path : quick->home != NULL && sk_border_default_table(quick->home, table, &unused) == SK_OK ? table : NULL;
	(void)fprintf(out, "\nThis ran in a temporary lab workspace (%s); everything it made is marked as simulated.\nTo keep watching under a basis of your own:\n", folder);
	if (installed != NULL) {
		(void)fprintf(out, "  1  cp %s border.skb", installed);
	} else {
		(void)fprintf(out, "  1  sekisho border build");
		for (size_t i = 0; i < quick->own_count; i++)
			(void)fprintf(out, " --domestic %s", sk_prefix_format(&quick->own[i], text));
		(void)fprintf(out, " -o border.skb");
	}
	(void)fprintf(out, "\n  2  sekisho init --workspace sekisho --profile own-network --role party --border border.skb\n  3  sekisho selectors import --workspace sekisho %s\n",
		      quick->list_count > 0 ? quick->lists[0] : "LIST...");
	(void)fprintf(out, "then  sekisho watch --workspace sekisho CAPTURE...\n");
}
