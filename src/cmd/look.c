/* SPDX-License-Identifier: Apache-2.0 */
/* A look at selected information: the act comes first. */
#include "cmd/look.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "access/purpose.h"
#include "cmd/access.h"
#include "cmd/look_book.h"
#include "cmd/session.h"
#include "text/text.h"

enum { BODY_MAX = 8192 };

/* Commands that show selected information. */
static const char *const lookers[] = {"observations", "flows", "lookup", "findings", "explain", "hunt", "detect", "campaign", "mute"};

static bool option_is(const char *word, const char *name, const char **value)
{
	size_t length = strlen(name);
	if (strncmp(word, name, length) != 0 || (word[length] != '\0' && word[length] != '='))
		return false;
	*value = word[length] == '=' ? word + length + 1 : NULL;
	return true;
}

/* What was asked, as words with blanks between; cut where it is too long. */
static void note_word(struct sk_look_asked *look, const char *word)
{
	size_t used = strlen(look->what), length = strlen(word);
	if (used + length + 2 > sizeof look->what)
		return;
	if (used != 0)
		look->what[used++] = ' ';
	memcpy(look->what + used, word, length + 1);
}

void sk_look_take(struct sk_cmd *cmd, int *argc, char **argv)
{
	bool looks = false;
	int kept = 1;
	for (size_t i = 0; i < SK_COUNT(lookers); i++)
		looks = looks || strcmp(argv[0], lookers[i]) == 0;
	if (!looks)
		return;
	cmd->look.command = argv[0];
	note_word(&cmd->look, argv[0]);
	for (int i = 1; i < *argc; i++) {
		const char *value = NULL, **to = option_is(argv[i], "--purpose", &value) ? &cmd->look.purpose : option_is(argv[i], "--key", &value) ? &cmd->look.key : NULL;
		if (to != NULL && (value != NULL || i + 1 < *argc)) {
			*to = value != NULL ? value : argv[++i];
			continue;
		}
		note_word(&cmd->look, argv[i]);
		argv[kept++] = argv[i];
	}
	*argc = kept;
	argv[kept] = NULL;
}

static enum sk_err enter(struct sk_cmd *cmd, const struct sk_workspace *workspace, struct sk_fault *fault)
{
	struct sk_access_args args = {.cmd = cmd, .folder = workspace->folder, .actor = {.key = cmd->look.key}};
	struct sk_register reg;
	struct sk_buf body;
	struct sk_json_writer w;
	uint8_t random[8];
	char hex[2 * sizeof random + 1], id[SK_MATTER_ID_MAX];
	bool written;
	uint64_t leaf;
	sk_random(random, sizeof random);
	sk_hex_encode(random, sizeof random, hex);
	(void)snprintf(id, sizeof id, "look-%s", hex);
	sk_buf_init(&body, BODY_MAX);
	sk_json_begin(&w, &body, true);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "command", cmd->look.command);
	sk_json_text(&w, "purpose", cmd->look.purpose);
	sk_json_text(&w, "scope", workspace->basis_id);
	sk_json_text(&w, "what", cmd->look.what);
	sk_json_end(&w);
	enum sk_err err = body.failed != SK_OK ? sk_fault_set(fault, SK_EUSAGE, "what is asked is too long for one act") : sk_register_open(&args, true, &reg, fault);
	if (err == SK_OK) {
		err = sk_register_act(&reg, &args, "access", id, "read", sk_buf_text(&body), &written, &leaf, fault);
		sk_register_close(&reg);
	}
	sk_buf_fini(&body);
	return err;
}

enum sk_err sk_look_tie(const char *workspace, const char *centre, struct sk_fault *fault)
{
	char from[SK_PATH_MAX], path[SK_PATH_MAX], *to = NULL;
	enum sk_err err = sk_file_join(path, sizeof path, centre, "centre") == SK_OK && sk_file_join(from, sizeof from, workspace, "centre") == SK_OK
				  ? SK_OK
				  : sk_fault_set(fault, SK_ETOOBIG, "path too long");
	if (err == SK_OK && sk_file_exists(from))
		return SK_OK;
	if (err == SK_OK && ((to = realpath(path, NULL)) == NULL || symlink(to, from) != 0))
		err = sk_fault_errno(fault, errno, "%s: cannot make the link to %s", from, path);
	free(to);
	return err;
}

/* What approves for itself has a key to do so; what has none is a centre's, wherever that may be. */
bool sk_look_free(const struct sk_workspace *workspace)
{
	char path[SK_PATH_MAX];
	return !sk_file_exists(sk_workspace_path(workspace, "centre/centre.json", path)) && sk_file_exists(sk_workspace_path(workspace, "keys/approver.key", path));
}

enum sk_err sk_look(struct sk_cmd *cmd, const struct sk_workspace *workspace, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	if (cmd->look.entered || sk_look_free(workspace))
		return SK_OK;
	if (!sk_file_exists(sk_workspace_path(workspace, "centre/centre.json", path)))
		return sk_fault_set(fault, SK_EPURPOSE, "%s belongs to a centre, which is not here: its folder, or a link to it, belongs at %s/centre", workspace->folder,
				    workspace->folder);
	if (cmd->look.purpose == NULL)
		return sk_fault_set(fault, SK_EPURPOSE, "%s belongs to a centre: each look has a purpose and a person; add --purpose damage_prevention --key FILE",
				    workspace->folder);
	SK_TRY(sk_purpose_check(cmd->look.purpose, fault));
	return cmd->look.key == NULL && sk_cmd_session() ? sk_look_session(cmd, workspace, fault) : enter(cmd, workspace, fault);
}
