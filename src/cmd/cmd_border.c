/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho border: dispatch, and finding the table that is meant. */
#include "cmd/cmd_border.h"

#include <stdio.h>
#include <string.h>

#include "cmd/border_default.h"

static const char help[] =
	"usage: sekisho border build   [--home CC[,CC]] [--geoipdb DIR] [--libloc FILE] [--rir FILE] [--csv FILE] [--default]\n"
	"                              [--domestic LIST] [--foreign LIST] [--unknown LIST] [--country CC=LIST] [--rest foreign|unknown]\n"
	"                              [--source-date DATE] [--build-date DATE] [--libloc-key FILE] [--json] -o FILE\n"
	"       sekisho border lookup  [TABLE] [--json] ADDR... | -\n"
	"       sekisho border explain [TABLE] [--json] ADDR...\n"
	"       sekisho border info    [TABLE] [--json]\n"
	"       sekisho border diff    [--json] TABLE-A TABLE-B\n"
	"TABLE: --table FILE, --workspace DIR, or --home CC for the one built at install; without any, the only one built at install.\n"
	"LIST: a file of prefixes, addresses and \"first - last\" ranges, or one of them. The manual is sekisho-border(1).\n";

int sk_cmd_border(struct sk_cmd *cmd, int argc, char **argv)
{
	static const struct {
		const char *name;
		sk_command_run run;
	} parts[] = {{"build", sk_cmd_border_build},
		     {"lookup", sk_cmd_border_lookup},
		     {"explain", sk_cmd_border_explain},
		     {"info", sk_cmd_border_info},
		     {"diff", sk_cmd_border_diff}};
	if (argc < 2)
		return sk_cmd_usage(cmd, "border", "build, lookup, explain, info or diff was expected");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0 ||
	    (argc > 2 && (strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "-h") == 0))) {
		(void)fputs(help, cmd->out);
		return 0;
	}
	for (size_t i = 0; i < SK_COUNT(parts); i++)
		if (strcmp(argv[1], parts[i].name) == 0)
			return parts[i].run(cmd, argc - 1, argv + 1);
	return sk_cmd_usage(cmd, "border", "'%s' is none of build, lookup, explain, info, diff", argv[1]);
}

bool sk_border_choice_option(struct sk_border_choice *choice, int option, const char *value)
{
	switch (option) {
	case 't':
		choice->table = value;
		return true;
	case 'w':
		choice->workspace = value;
		return true;
	case 'H':
		choice->home = value;
		return true;
	default:
		return false;
	}
}

/* The only table built at install, for whichever country it is. Asks for each code, so that there is one list of folders, in border_default.c. */
static enum sk_err find_only(char path[SK_PATH_MAX], struct sk_fault *fault)
{
	char found[SK_PATH_MAX];
	char homes[64] = "";
	unsigned count = 0;
	for (int code = 0; code < 26 * 26; code++) {
		char home[3] = {(char)('A' + code / 26), (char)('A' + code % 26), '\0'};
		if (sk_border_default_table(home, found, NULL) != SK_OK)
			continue;
		if (count++ == 0)
			memcpy(path, found, sizeof found);
		size_t used = strlen(homes);
		if (used + 4 < sizeof homes)
			(void)snprintf(homes + used, sizeof homes - used, " %s", home);
	}
	if (count == 1)
		return SK_OK;
	if (count == 0)
		return sk_fault_set(fault, SK_ENOENT,
				    "no border table: name one with --table FILE or --workspace DIR, or make the default: sekisho border build "
				    "--default --home CC");
	return sk_fault_set(fault, SK_EUSAGE, "tables of several countries are installed (%s ): say which with --home CC, or --table FILE", homes);
}

enum sk_err sk_border_choice_open(const struct sk_border_choice *choice, struct sk_border **out, char path[SK_PATH_MAX], struct sk_fault *fault)
{
	if (choice->table != NULL) {
		if (snprintf(path, SK_PATH_MAX, "%s", choice->table) >= SK_PATH_MAX)
			return sk_fault_set(fault, SK_ETOOBIG, "--table: path too long");
	} else if (choice->workspace != NULL) {
		if (sk_file_join(path, SK_PATH_MAX, choice->workspace, "border.skb") != SK_OK)
			return sk_fault_set(fault, SK_ETOOBIG, "--workspace: path too long");
	} else if (choice->home != NULL) {
		SK_TRY(sk_border_default_table(choice->home, path, fault));
	} else {
		SK_TRY(find_only(path, fault));
	}
	return sk_border_open(path, out, fault);
}

void sk_cmd_border_flush(struct sk_cmd *cmd, struct sk_buf *buf)
{
	(void)fwrite(sk_buf_text(buf), 1, buf->length, cmd->out);
	sk_buf_fini(buf);
}
