/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/centre_book.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "cmd/access.h"
#include "cmd/look_book.h"

enum { BODY_MAX = 4096 };

static enum sk_err commit_batch(struct sk_register *reg, struct sk_cmd *cmd, struct sk_book *book, const struct sk_book_batch *batch, struct sk_fault *fault)
{
	char key[SK_PATH_MAX];
	struct sk_access_args args = {.cmd = cmd, .actor = {.key = sk_centre_path(&reg->centre, "keys/centre.key", key)}};
	struct sk_buf body;
	bool written;
	uint64_t leaf;
	sk_buf_init(&body, BODY_MAX);
	sk_book_body(batch, &body);
	enum sk_err err = sk_register_act(reg, &args, "access", SK_BOOK_MATTER_ID, "book", sk_buf_text(&body), &written, &leaf, fault);
	sk_buf_fini(&body);
	/* A crash here leaves the mark behind the acts: the next time the acts are asked, and it follows. */
	return err == SK_OK ? sk_book_mark(book, batch->to, fault) : err;
}

/* What counts is how far the acts go, not what the book says of it. */
static enum sk_err commit_all(struct sk_register *reg, struct sk_cmd *cmd, struct sk_book *book, uint64_t *rows, struct sk_fault *fault)
{
	uint64_t committed;
	struct sk_book_batch batch;
	SK_TRY(sk_book_committed(reg->centre.docket, &committed, fault));
	SK_TRY(sk_book_mark(book, committed, fault));
	for (;;) {
		SK_TRY(sk_book_waiting(book, committed, &batch, fault));
		if (batch.count == 0)
			return SK_OK;
		SK_TRY(commit_batch(reg, cmd, book, &batch, fault));
		*rows += batch.count;
		committed = batch.to;
	}
}

/* Without waiting rows nothing is opened but the book. */
static enum sk_err turn(struct sk_cmd *cmd, const char *folder, struct sk_book *book, uint64_t *rows, struct sk_fault *fault)
{
	struct sk_access_args args = {.cmd = cmd, .folder = folder};
	struct sk_register reg;
	uint64_t committed, last;
	SK_TRY(sk_book_reach(book, &committed, &last, fault));
	if (last <= committed)
		return SK_OK;
	SK_TRY(sk_register_open(&args, true, &reg, fault));
	enum sk_err err = commit_all(&reg, cmd, book, rows, fault);
	sk_register_close(&reg);
	return err;
}

static enum sk_err run(struct sk_cmd *cmd, const char *folder, struct sk_book *book, int64_t every_ns, uint64_t *rows, struct sk_fault *fault)
{
	enum sk_err err = turn(cmd, folder, book, rows, fault);
	while (every_ns != 0) {
		/* What fails now may be well the next time (another command holds the ledger); it is told, and looks are refused meanwhile. */
		if (err != SK_OK)
			(void)sk_cmd_fail(cmd, fault);
		(void)usleep((useconds_t)(every_ns / 1000));
		err = turn(cmd, folder, book, rows, fault);
	}
	return err;
}

int sk_centre_book(struct sk_cmd *cmd, const char *folder, int64_t every_ns, bool json)
{
	struct sk_fault fault;
	struct sk_centre centre;
	struct sk_book *book = NULL;
	uint64_t rows = 0;
	/* The folder is a centre, and agrees with its ledger. */
	enum sk_err err = sk_centre_open(folder, false, &centre, &fault);
	if (err == SK_OK) {
		err = sk_look_book_open(centre.folder, &book, &fault);
		sk_centre_close(&centre);
	}
	if (err == SK_OK)
		err = run(cmd, folder, book, every_ns, &rows, &fault);
	sk_book_close(book);
	if (err != SK_OK)
		return sk_cmd_fail(cmd, &fault);
	(void)fprintf(cmd->out, json ? "{\"looks\":%" PRIu64 "}\n" : "%" PRIu64 " looks committed to.\n", rows);
	return 0;
}

enum sk_err sk_centre_book_check(struct sk_centre *centre, struct sk_book_figures *out, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_book *book = NULL;
	uint64_t committed;
	*out = (struct sk_book_figures){.looks = 0};
	if (!sk_file_exists(sk_centre_path(centre, "book.db", path))) {
		SK_TRY(sk_book_committed(centre->docket, &committed, fault));
		return committed == 0 ? SK_OK : sk_fault_set(fault, SK_EINCONSISTENT, "%s: is not there, and the ledger commits to %" PRIu64 " looks in it", path, committed);
	}
	enum sk_err err = sk_look_book_open(centre->folder, &book, fault);
	if (err == SK_OK)
		err = sk_book_check(book, centre->docket, out, fault);
	sk_book_close(book);
	return err;
}
