/* SPDX-License-Identifier: Apache-2.0 */
/* case: what belongs together: findings, reports, campaigns, orders, evidence, notes and tasks on one timeline, from the first look to the lesson.
   Promises: a case is nowhere stored as such: it is folded out of its entries, each sealed and committed to by an act of the centre (matter `case`); a changed, added or removed row is told
   when it is read; merging and splitting lose nothing and count nothing twice; a case has the grade of its highest part.
   Never: decides who somebody is (access), reads a clock, prints, opens a log (cmd hands a docket in). Thread rule: one thread a store. rule: CASE-1 CASE-2 CASE-3 */
#ifndef SK_CASE_H
#define SK_CASE_H

#include "access/access.h"
#include "case/state.h"

enum {
	SK_CASE_TITLE_MAX = 256, SK_CASE_TEXT_MAX = 65536, SK_CASE_REF_MAX = 512, SK_CASE_WORDS_TEXT_MAX = 512, SK_CASE_WATCHERS_TEXT_MAX = 2048,
	SK_CASE_ENTRY_MAX = 1 << 22, SK_CASE_ENTRIES_MAX = 16384, SK_CASE_ITEMS_MAX = 8192, SK_CASE_TASKS_MAX = 64, SK_CASE_EVIDENCE_MAX = 16 << 20, SK_CASE_LIST_MAX = 200,
	SK_CASE_CURSOR_MAX = 2 * (8 + SK_MATTER_ID_MAX) + 1
};

/* A case as lists show it. Times are 0 where there is none. Lists of words are joined by one blank. */
struct sk_case_head {
	char id[SK_MATTER_ID_MAX], org[SK_MATTER_ID_MAX], assignee[SK_MATTER_ID_MAX], title[SK_CASE_TITLE_MAX];
	char watchers[SK_CASE_WATCHERS_TEXT_MAX], sectors[SK_CASE_WORDS_TEXT_MAX], norms[SK_CASE_WORDS_TEXT_MAX];
	enum sk_case_state state;
	enum sk_case_kind kind;
	enum sk_case_grade grade;
	unsigned severity;               /* SK_SEVERITY_ */
	int64_t opened_ns, last_ns, due_ns, triaged_ns, contained_ns, closed_ns; /* the first time each */
	uint32_t entries, findings, reports, tasks, tasks_open, notes; /* live ones */
};

enum sk_case_item_kind { SK_CASE_ITEM_NOTE, SK_CASE_ITEM_TASK, SK_CASE_ITEM_LINK, SK_CASE_ITEM_EVIDENCE };
/* What is in a case. Numbers count through all kinds and are never used again. */
struct sk_case_item {
	uint32_t number, entry;          /* entry: the one that brought it */
	enum sk_case_item_kind kind;
	enum sk_case_grade grade;
	enum sk_case_link link;          /* of a link */
	char *text, *ref;                /* owned; evidence: ref is its SHA-256 in hexadecimal, text its name and what was said of it */
	char by[SK_MATTER_ID_MAX], done_by[SK_MATTER_ID_MAX], playbook[SK_MATTER_ID_MAX];
	int64_t time_ns, due_ns, done_ns;
	uint64_t bytes;                  /* evidence */
	bool done, gone;                 /* gone: unlinked, or moved to another case */
	char from[SK_MATTER_ID_MAX], to[SK_MATTER_ID_MAX]; /* the case that it came from, that it went to */
	uint32_t from_number;
};
/* One line of the timeline. */
struct sk_case_entry {
	uint32_t n;
	enum sk_case_event event;
	enum sk_case_state from, to;
	enum sk_case_grade grade;
	char by[SK_MATTER_ID_MAX];
	int64_t time_ns;
	uint64_t leaf;
	char *plain;                     /* owned: the entry's canonical JSON */
	size_t plain_length;
	uint8_t salt[SK_HASH_BYTES];     /* of the commitment to plain that the act's body carries */
};
/* The last thing that may be said at a lower grade. grade SK_CASE_GRADE_COUNT: none. */
struct sk_case_lowering {
	enum sk_case_grade grade;
	uint32_t entry, reviewed;        /* entries; reviewed 0: nobody agreed yet */
	char by[SK_MATTER_ID_MAX], reviewer[SK_MATTER_ID_MAX];
};
struct sk_case {
	struct sk_case_head head;
	char *summary;
	size_t item_count, entry_count, item_room, entry_room;
	struct sk_case_item *items;
	struct sk_case_entry *entries;
	struct sk_case_lowering lowering;
};
/* Free what is in it; the struct is zeroed. */
void sk_case_fini(struct sk_case *c);
/* The item of that number, NULL: none. */
struct sk_case_item *sk_case_item(const struct sk_case *c, uint32_t number);
/* Is that word in a list joined by blanks? */
bool sk_case_has_word(const char *list, const char *word);

/* ---- changing ---- */

/* What a person says; which members count depends on the event (docs/cases.md). Texts NULL: "" . Borrowed. */
struct sk_case_change {
	const char *title, *summary, *text, *org, *ref, *who, *name, *version, *digest;
	const char *const *norms, *const *sectors;
	size_t norm_count, sector_count;
	enum sk_case_kind kind;
	enum sk_case_grade grade;
	enum sk_case_link link;
	enum sk_case_audience audience;
	unsigned severity;
	int64_t due_ns;
	uint32_t item;                   /* done, unlink: the item; review: the entry */
	const uint32_t *items;           /* split */
	size_t item_count;
	const struct { const char *text; int64_t due_ns; } *tasks; /* playbook */
	size_t task_count;
	const void *bytes;               /* evidence */
	size_t length;
};
struct sk_case_author {
	char account[SK_MATTER_ID_MAX], org[SK_MATTER_ID_MAX];
};
/* What came of it. */
struct sk_case_done {
	char id[SK_MATTER_ID_MAX], other[SK_MATTER_ID_MAX]; /* other: the second case of a merge or a split */
	enum sk_case_state state;
	uint32_t entry, moved, duplicates;
	uint64_t leaf;
};

struct sk_cases; /* opaque */
/* Open DIR/centre/cases.db and its key. key, policy: of the centre, for writing; key NULL: for reading (a file that is not there is a store without cases). For writing both are made when absent (0600),
   what a crash left half done is rolled back or finished. docket and key are borrowed. SK_EINCONSISTENT (the rows are not those that the ledger's acts speak of), SK_ELOCKED (for reading: a
   change is under way, or a crash left one; whoever opens for writing settles it), SK_EPERMS, SK_ESIGNATURE (another key), SK_EIO, SK_ENOMEM. rule: CASE-2 */
SK_MUST enum sk_err sk_cases_open(const char *db_path, const char *key_path, struct sk_docket *docket, const struct sk_sign_key *key, const uint8_t policy[SK_HASH_BYTES], struct sk_cases **out,
				  struct sk_fault *fault);
/* Close and wipe (NULL is fine). */
void sk_cases_close(struct sk_cases *cases);
/* One change: judged by the table and by what is in the case, sealed, entered. OPEN: id is ignored and done->id gets the new one. MERGE: change->ref is the other case. Committed when this returns
   SK_OK. SK_ESTAGE (no such step), SK_ENOENT, SK_EUSAGE, SK_EMALFORMED, SK_EEXIST, SK_EPERMIT (who lowers does not review), and what docket and database say. */
SK_MUST enum sk_err sk_cases_add(struct sk_cases *cases, const struct sk_case_author *author, const char *id, enum sk_case_event event, const struct sk_case_change *change, int64_t now_ns,
				 struct sk_case_done *done, struct sk_fault *fault);

/* ---- reading ---- */

/* One case, every entry compared with its act. The caller finis it. SK_ENOENT, SK_EINCONSISTENT. */
SK_MUST enum sk_err sk_cases_load(struct sk_cases *cases, const char *id, struct sk_case *out, struct sk_fault *fault);
/* Bytes of evidence by its hash, appended to out. SK_ENOENT, SK_EINCONSISTENT. */
SK_MUST enum sk_err sk_cases_evidence(struct sk_cases *cases, const char *sha256_hex, struct sk_buf *out, struct sk_fault *fault);
/* May this person read a case like that? By grade (duties case.read, case.read.analysis), and of another organisation's case only who watches it, has it, or is of the host's kind or oversight. SK_EPERMIT. */
SK_MUST enum sk_err sk_case_may_read(struct sk_access *access, const struct sk_person *person, const struct sk_case_head *head, int64_t now_ns, struct sk_fault *fault);

struct sk_case_filter {
	const char *state, *assignee, *org, *kind, *text; /* NULL: any. state "open": whatever is not over. text: a part of the title, an id, or exactly what a link refers to */
	unsigned severity;               /* at least; 0: any */
	const char *cursor;              /* where the last page ended; NULL: the beginning */
	size_t limit;                    /* 0: 50; at most SK_CASE_LIST_MAX */
	bool (*may)(void *context, const struct sk_case_head *head); /* NULL: all */
	void *context;
};
typedef enum sk_err (*sk_case_visit)(void *context, const struct sk_case_head *head, struct sk_fault *fault);
/* Visit a page, last changed first. next: the cursor of the next page, "" at the end. total: how many the filter has without `text` and `may`, where it is cheap; else UINT64_MAX. SK_EUSAGE (cursor,
   unknown word), SK_EINCONSISTENT. */
SK_MUST enum sk_err sk_cases_list(struct sk_cases *cases, const struct sk_case_filter *filter, sk_case_visit visit, void *context, char next[SK_CASE_CURSOR_MAX], uint64_t *total,
				  struct sk_fault *fault);
/* Visit every case, for figures. */
SK_MUST enum sk_err sk_cases_each(struct sk_cases *cases, sk_case_visit visit, void *context, struct sk_fault *fault);
/* What a list shows of one case, *found false: there is none of that id. SK_EINCONSISTENT. */
SK_MUST enum sk_err sk_cases_head(struct sk_cases *cases, const char *id, struct sk_case_head *out, bool *found, struct sk_fault *fault);
/* The live case that holds this link; "" none. */
SK_MUST enum sk_err sk_cases_of_ref(struct sk_cases *cases, enum sk_case_link link, const char *ref, char id[SK_MATTER_ID_MAX], struct sk_fault *fault);
/* Fold every case and compare everything; *count gets how many cases are whole. SK_EINCONSISTENT names the first that is not. */
SK_MUST enum sk_err sk_cases_check(struct sk_cases *cases, uint64_t *count, struct sk_fault *fault);

#endif
