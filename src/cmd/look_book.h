/* SPDX-License-Identifier: Apache-2.0 */
/* Looks under a session: a row in the centre's book (centre/book), of which sekisho centre book makes acts. rule: BOOK-1 */
#ifndef SK_CMD_LOOK_BOOK_H
#define SK_CMD_LOOK_BOOK_H

#include "access/access.h"
#include "book/book.h"
#include "cmd/cmd.h"
#include "cmd/workspace.h"

/* Open the book of the centre in folder (DIR/centre), making it when absent. Errors of sk_book_open. */
SK_MUST enum sk_err sk_look_book_open(const char *centre_folder, struct sk_book **out, struct sk_fault *fault);
/* Enter a look: who, for which purpose, by which command, where, at what. Errors of sk_book_add. */
SK_MUST enum sk_err sk_look_book_add(struct sk_book *book, const struct sk_person *who, const char *purpose, const char *command, const char *scope, const char *what, int64_t now_ns,
				     struct sk_fault *fault);
/* A command's look for the session that it runs under: who it is may look there, and the row is on disk. SK_EPERMIT, SK_EFACTOR, and what the book says. */
SK_MUST enum sk_err sk_look_session(struct sk_cmd *cmd, const struct sk_workspace *workspace, struct sk_fault *fault);

#endif
