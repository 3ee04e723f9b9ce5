/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho access log: who looked at what, for which purpose. For oversight's inspectors and members alone, and each search is an act itself, before the answer. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/access.h"
#include "cmd/look_book.h"
#include "text/text.h"

enum { OUT_MAX = 1 << 20 };

struct log_search {
	const struct sk_access_args *args;
	struct sk_access *access;
	struct sk_book *book;
	uint64_t leaf, committed;       /* of the rows that are visited; how far acts commit, so far */
	uint64_t found;
	struct sk_buf out;
};

/* Text that an inspector typed, as one line of JSON for the act. */
static void describe(const struct sk_access_args *args, struct sk_buf *body)
{
	struct sk_json_writer w;
	struct sk_buf what;
	char when[SK_TIME_TEXT_MAX];
	sk_buf_init(&what, OUT_MAX);
	sk_buf_add_text(&what, "log");
	if (args->account != NULL)
		sk_buf_addf(&what, " --account %s", args->account);
	if (args->org != NULL)
		sk_buf_addf(&what, " --org %s", args->org);
	if (args->purpose != NULL)
		sk_buf_addf(&what, " --purpose %s", args->purpose);
	if (args->what != NULL)
		sk_buf_addf(&what, " --what %s", args->what);
	if (args->since_ns != 0)
		sk_buf_addf(&what, " --since %s", sk_time_format(args->since_ns, 0, when));
	if (args->until_ns != INT64_MAX)
		sk_buf_addf(&what, " --until %s", sk_time_format(args->until_ns, 0, when));
	sk_json_begin(&w, body, true);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "what", sk_buf_text(&what));
	sk_json_end(&w);
	sk_buf_fini(&what);
}

static bool fits(const struct sk_access_args *args, const struct sk_person *person, const char *purpose, const char *what, int64_t time_ns)
{
	const char *asked = args->purpose;
	if (asked != NULL && strncmp(asked, "purpose_", 8) == 0)
		asked += 8;
	if (purpose != NULL && strncmp(purpose, "purpose_", 8) == 0)
		purpose += 8;
	return (args->account == NULL || strcmp(args->account, person->account) == 0) && (args->org == NULL || strcmp(args->org, person->org) == 0) &&
	       (asked == NULL || (purpose != NULL && strcmp(asked, purpose) == 0)) && (args->what == NULL || (what != NULL && strstr(what, args->what) != NULL)) &&
	       time_ns >= args->since_ns && time_ns < args->until_ns;
}

/* One look, of an act or of a row of the book. */
struct shown {
	int64_t time_ns;
	const char *account, *org, *lease, *event, *purpose, *scope, *what;
	uint64_t leaf, row; /* leaf 0: it is not committed to yet; row 0: it is an act of its own */
};

static void print_look(struct log_search *search, const struct shown *look)
{
	const struct sk_access_args *args = search->args;
	char when[SK_TIME_TEXT_MAX], leaf[32];
	sk_time_format(look->time_ns, 0, when);
	sk_buf_reset(&search->out);
	if (args->json) {
		struct sk_json_writer w;
		sk_json_begin(&w, &search->out, false);
		sk_json_object(&w, NULL);
		sk_json_text(&w, "time", when);
		sk_json_text(&w, "account", look->account);
		sk_json_text(&w, "org", look->org);
		sk_json_text(&w, "event", look->event);
		sk_json_text(&w, "purpose", look->purpose);
		sk_json_text(&w, "scope", look->scope);
		sk_json_text(&w, "what", look->what);
		sk_json_text(&w, "lease", look->lease);
		if (look->leaf != 0)
			sk_json_u64(&w, "leaf", look->leaf);
		if (look->row != 0)
			sk_json_u64(&w, "row", look->row);
		sk_json_end(&w);
	} else {
		(void)snprintf(leaf, sizeof leaf, look->leaf != 0 ? "leaf %" PRIu64 : "waits", look->leaf);
		sk_buf_addf(&search->out, "%s  %-16s %-14s %-7s %-18s %-11s ", when, look->account, look->org, look->event, look->purpose[0] != '\0' ? look->purpose : "-", leaf);
		sk_escape_line(&search->out, look->what, strlen(look->what));
	}
	(void)fprintf(args->cmd->out, "%s%s", args->json ? (search->found != 1 ? ",\n" : "\n") : "", sk_buf_text(&search->out));
	if (!args->json)
		(void)fputc('\n', args->cmd->out);
}

static bool is_full(const struct log_search *search)
{
	return search->args->limit != 0 && search->found >= search->args->limit;
}

/* ---- looks by page: rows of the book. rule: BOOK-1 ---- */

static enum sk_err visit_row(void *context, uint64_t number, int64_t time_ns, const struct sk_book_look *look)
{
	struct log_search *search = context;
	struct sk_person person = {.account = ""};
	(void)snprintf(person.account, sizeof person.account, "%s", look->account);
	(void)snprintf(person.org, sizeof person.org, "%s", look->org);
	if (is_full(search) || !fits(search->args, &person, look->purpose, look->what, time_ns))
		return SK_OK;
	const struct shown shown = {.time_ns = time_ns, .account = look->account, .org = look->org, .lease = look->lease, .event = "look", .purpose = look->purpose, .scope = look->scope,
				    .what = look->what, .leaf = search->leaf, .row = number};
	search->found++;
	print_look(search, &shown);
	return SK_OK;
}

static enum sk_err visit_batch(struct log_search *search, const struct sk_entry *entry, struct sk_fault *fault)
{
	struct sk_book_batch batch;
	SK_TRY(sk_book_body_read(entry->act.body, entry->act.body_length, &batch, fault));
	search->leaf = entry->leaf;
	search->committed = batch.to;
	return sk_book_walk(search->book, batch.from, batch.to, visit_row, search, fault);
}

/* What no act commits to yet stands at the end. */
static enum sk_err visit_waiting(struct log_search *search, struct sk_fault *fault)
{
	uint64_t mark, last;
	SK_TRY(sk_book_reach(search->book, &mark, &last, fault));
	search->leaf = 0;
	return last > search->committed ? sk_book_walk(search->book, search->committed + 1, last, visit_row, search, fault) : SK_OK;
}

/* ---- acts of their own ---- */

static enum sk_err visit(void *context, const struct sk_entry *entry, struct sk_fault *fault)
{
	struct log_search *search = context;
	struct sk_person person;
	struct sk_json_doc *doc = NULL;
	if (is_full(search))
		return SK_OK;
	if (strcmp(entry->act.event, "book") == 0)
		return visit_batch(search, entry, fault);
	/* Who it was then: the account may be closed today. An act by nobody that was known is shown whatever was asked for: somebody wrote it down with another program. */
	struct sk_fault why;
	bool known = sk_access_who(search->access, entry->note, entry->note_length, entry->act.time_ns, &person, &why) == SK_OK;
	if (!known) {
		person = (struct sk_person){.account = "(nobody)"};
		(void)fprintf(search->args->cmd->err, "sekisho: leaf %" PRIu64 ": %s\n", entry->leaf, why.line);
	}
	SK_TRY(sk_json_parse(entry->act.body, entry->act.body_length, &doc, fault));
	const struct sk_json_value *body = sk_json_top(doc);
	const char *purpose = sk_json_get_text(body, "purpose"), *what = sk_json_get_text(body, "what"), *scope = sk_json_get_text(body, "scope");
	if (!known || fits(search->args, &person, purpose, what, entry->act.time_ns)) {
		const struct shown shown = {.time_ns = entry->act.time_ns, .account = person.account, .org = person.org, .lease = person.lease, .event = entry->act.event,
					    .purpose = purpose != NULL ? purpose : "", .scope = scope != NULL ? scope : "", .what = what != NULL ? what : "", .leaf = entry->leaf};
		search->found++;
		print_look(search, &shown);
	}
	sk_json_free(doc);
	return SK_OK;
}

/* The book is compared with the ledger first: what somebody changed is told, and not shown as if nothing were. */
static enum sk_err walk(struct log_search *search, struct sk_docket *docket, const char *centre_folder, struct sk_fault *fault)
{
	struct sk_book_figures figures;
	SK_TRY(sk_look_book_open(centre_folder, &search->book, fault));
	SK_TRY(sk_book_check(search->book, docket, &figures, fault));
	SK_TRY(sk_docket_walk(docket, "access", NULL, 0, visit, search, fault));
	return visit_waiting(search, fault);
}

int sk_access_log_cmd(const struct sk_access_args *args)
{
	struct sk_register reg;
	struct sk_fault fault = {0};
	struct sk_buf body;
	uint8_t random[8];
	char id[SK_MATTER_ID_MAX], hex[2 * sizeof random + 1];
	bool written = false;
	uint64_t leaf = 0;
	if (args->word_count != 0)
		return sk_access_usage(args, "log: [--account NAME] [--org NAME] [--purpose P] [--what TEXT] [--since T] [--until T] [--limit N]");
	sk_random(random, sizeof random);
	sk_hex_encode(random, sizeof random, hex);
	(void)snprintf(id, sizeof id, "search-%s", hex);
	sk_buf_init(&body, OUT_MAX);
	describe(args, &body);
	enum sk_err err = sk_register_open(args, true, &reg, &fault);
	if (err == SK_OK) {
		err = sk_register_act(&reg, args, "access", args->id != NULL ? args->id : id, "search", sk_buf_text(&body), &written, &leaf, &fault);
		struct log_search search = {.args = args, .access = reg.access};
		sk_buf_init(&search.out, OUT_MAX);
		if (err == SK_OK && written) {
			(void)fprintf(args->cmd->out, "%s: what is to be signed; then again with --id %s --statement, --signature and --by\n", args->actor.to_sign,
				      args->id != NULL ? args->id : id);
		} else if (err == SK_OK) {
			if (args->json)
				(void)fputc('[', args->cmd->out);
			err = walk(&search, reg.centre.docket, reg.centre.folder, &fault);
			sk_book_close(search.book);
			(void)fprintf(args->cmd->out, "%s", args->json ? "\n]\n" : search.found == 0 ? "nobody looked, so far as was asked\n" : "");
		}
		sk_buf_fini(&search.out);
		sk_register_close(&reg);
	}
	sk_buf_fini(&body);
	return err == SK_OK ? 0 : sk_cmd_fail(args->cmd, &fault);
}
