/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of `sekisho case` share: options, the open centre with its cases, and who asks. */
#ifndef SK_CMD_CASE_H
#define SK_CMD_CASE_H

#include "case/case.h"
#include "cmd/office.h"

enum { SK_CASE_MANY = 64, SK_CASE_OUT_MAX = 1 << 26 };

struct sk_case_args {
	struct sk_cmd *cmd;
	const char *folder, *title, *summary, *text, *text_file, *org, *severity, *kind, *grade, *due, *to, *name, *audience, *out, *state, *assignee, *limit, *cursor, *query, *purpose, *lang, *origin_key,
		*since, *until, *digest, *reference;
	struct sk_actor actor;
	size_t norm_count, sector_count, item_count;
	const char *norms[SK_CASE_MANY], *sectors[SK_CASE_MANY], *items[SK_CASE_MANY];
	bool json, publish, no_norms, no_sectors;
	char *const *words;
	int word_count;
};

/* The centre, its cases, and the person. */
struct sk_case_desk {
	const struct sk_case_args *args;
	struct sk_office office;
	struct sk_cases *cases;
	struct sk_person person;
};

/* Open for an act (write) or for reading, and find out who asks: the session in the environment, or whoever --key signs as. A change that a crash left half done is settled on the way. SK_EUSAGE
   (nobody), SK_EPERMIT..., what office, access and cases say. */
SK_MUST enum sk_err sk_case_desk_open(const struct sk_case_args *args, bool write, struct sk_case_desk *out, struct sk_fault *fault);
/* Close it; fine after a failed opening. */
void sk_case_desk_close(struct sk_case_desk *desk);
/* A case that this person may read. Of grade A and G1 only for a purpose, and the look is an act (under a session a row of the book) before anything is handed out: for an act the desk is closed and opened again. */
SK_MUST enum sk_err sk_case_desk_load(struct sk_case_desk *desk, const char *id, struct sk_case *out, struct sk_fault *fault);
/* Read --text or --text-file into buf (begun here; end it in any case) and point *text to it; "" when neither was given. */
SK_MUST enum sk_err sk_case_text(const struct sk_case_args *args, struct sk_buf *buf, const char **text, struct sk_fault *fault);
/* A number of an item or an entry. SK_EUSAGE. */
SK_MUST enum sk_err sk_case_number(const char *word, uint32_t *out, struct sk_fault *fault);
/* A grade word, `otherwise` where none was given. SK_EUSAGE. */
SK_MUST enum sk_err sk_case_grade_of(const struct sk_case_args *args, enum sk_case_grade otherwise, enum sk_case_grade *out, struct sk_fault *fault);
/* A time, or a duration from now (ahead) or ago. SK_EUSAGE. */
SK_MUST enum sk_err sk_case_when(const struct sk_case_args *args, const char *option, const char *word, bool ahead, int64_t *out, struct sk_fault *fault);
/* Print JSON or a line. Returns 0, or the exit code of what failed in out. */
int sk_case_print(const struct sk_case_args *args, struct sk_buf *out);
/* Say what an act did. Returns 0. */
int sk_case_say(const struct sk_case_args *args, enum sk_case_event event, const struct sk_case_done *done);

/* The verbs; each returns an exit code. */

/* Every step of the table but bundle. */
int sk_case_act(const struct sk_case_args *args, enum sk_case_event event);
/* list. */
int sk_case_list_cmd(const struct sk_case_args *args);
/* show ID. */
int sk_case_show_cmd(const struct sk_case_args *args);
/* chain ID: who took what in, and whom it went to. */
int sk_case_chain_cmd(const struct sk_case_args *args);
/* figures. */
int sk_case_figures_cmd(const struct sk_case_args *args);
/* check: everything against the ledger. */
int sk_case_check_cmd(const struct sk_case_args *args);
/* words: the tables. */
int sk_case_words_cmd(const struct sk_case_args *args);
/* bundle ID; bundle check FILE. */
int sk_case_bundle_cmd(const struct sk_case_args *args);
/* get ID ITEM: evidence out of custody. */
int sk_case_get_cmd(const struct sk_case_args *args);

#endif
