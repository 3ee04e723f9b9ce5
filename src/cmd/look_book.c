/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/look_book.h"

#include "cmd/centre.h"
#include "cmd/session.h"

enum sk_err sk_look_book_open(const char *centre_folder, struct sk_book **out, struct sk_fault *fault)
{
	char db[SK_PATH_MAX], key[SK_PATH_MAX];
	if (sk_file_join(db, sizeof db, centre_folder, "book.db") != SK_OK || sk_file_join(key, sizeof key, centre_folder, "keys/book.key") != SK_OK)
		return sk_fault_set(fault, SK_EUSAGE, "the folder's path is too long");
	return sk_book_open(db, key, out, fault);
}

enum sk_err sk_look_book_add(struct sk_book *book, const struct sk_person *who, const char *purpose, const char *command, const char *scope, const char *what, int64_t now_ns,
			     struct sk_fault *fault)
{
	const struct sk_book_look look = {.account = who->account, .org = who->org, .lease = who->lease, .purpose = purpose, .command = command, .scope = scope, .what = what};
	return sk_book_add(book, &look, now_ns, fault);
}

static enum sk_err enter(struct sk_cmd *cmd, const struct sk_centre *centre, const char *scope, struct sk_fault *fault)
{
	struct sk_access *access = NULL;
	struct sk_book *book = NULL;
	struct sk_person person;
	int64_t now_ns = cmd->clock.unix_ns(cmd->clock.context);
	SK_TRY(sk_access_open(centre->docket, &access, fault));
	int64_t judged_ns = sk_access_now(access, now_ns);
	enum sk_err err = sk_cmd_session_person(centre, access, judged_ns, &person, fault);
	if (err == SK_OK)
		err = sk_access_may_in(access, &person, "g1.read", scope, judged_ns, fault);
	if (err == SK_OK)
		err = sk_look_book_open(centre->folder, &book, fault);
	if (err == SK_OK)
		err = sk_look_book_add(book, &person, cmd->look.purpose, cmd->look.command, scope, cmd->look.what, now_ns, fault);
	sk_book_close(book);
	sk_access_close(access);
	return err;
}

enum sk_err sk_look_session(struct sk_cmd *cmd, const struct sk_workspace *workspace, struct sk_fault *fault)
{
	struct sk_centre centre;
	SK_TRY(sk_centre_open(workspace->folder, false, &centre, fault));
	enum sk_err err = enter(cmd, &centre, workspace->basis_id, fault);
	sk_centre_close(&centre);
	return err;
}
