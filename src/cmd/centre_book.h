/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho centre book: rows of the book of looks become one act of the centre. rule: BOOK-1 */
#ifndef SK_CMD_CENTRE_BOOK_H
#define SK_CMD_CENTRE_BOOK_H

#include "book/book.h"
#include "cmd/centre.h"
#include "cmd/cmd.h"

/* Commit what waits in DIR/centre/book.db; every_ns not 0: again after that time, until the process ends. Returns the exit code. */
int sk_centre_book(struct sk_cmd *cmd, const char *folder, int64_t every_ns, bool json);
/* Compare the book, where there is one, with the ledger. SK_EINCONSISTENT. */
SK_MUST enum sk_err sk_centre_book_check(struct sk_centre *centre, struct sk_book_figures *out, struct sk_fault *fault);

#endif
