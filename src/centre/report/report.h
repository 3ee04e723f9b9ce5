/* SPDX-License-Identifier: Apache-2.0 */
/* report: damage reports, sealed (DIR/centre/reports.db under keys/report.key), each step of them an act of matter `report` whose body commits to the sealed entry. rule: FORM-9
   What a report says: schema.h, document.h. What follows from it: facts.h, rules.h, clock.h, duplicate.h, statistics.h. What it is handed on as: export.h.
   Promises: an entry that was changed, taken away or exchanged is told by its act; one that was added without an act is nothing; a crash leaves either both or an entry that the next writer takes away.
   Never: signs, judges who may (cmd asks access), opens a ledger, reads a clock, runs or shows what is attached. Thread rule: one thread an open store; several processes may read. */
#ifndef SK_REPORT_H
#define SK_REPORT_H

#include "docket/docket.h"
#include "report/facts.h"

enum {
	SK_REPORT_ATTACHMENT_MAX = 8 << 20, SK_REPORT_ATTACHMENTS_MAX = 16, /* bytes of one; of a report */
	SK_REPORT_ENTRIES_MAX = 256,     /* of a report */
	SK_REPORTS_MAX = 1 << 20,
	SK_REPORT_STATE_MAX = SK_ACT_WORD_MAX
};

struct sk_reports; /* opaque */

/* One step of a report. */
struct sk_report_entry {
	uint64_t number;                 /* from 1 */
	uint64_t version;                /* of the report, from 1; 0: an attachment, a reminder or a merge */
	uint64_t leaf;
	int64_t time_ns;
	struct sk_report_facts facts;
	uint8_t body_hash[SK_HASH_BYTES]; /* of the sealed body */
};

struct sk_report {
	char id[SK_MATTER_ID_MAX], state[SK_REPORT_STATE_MAX], case_id[SK_MATTER_ID_MAX];
	uint64_t versions, attachments;
	size_t count, room;
	struct sk_report_entry *entries; /* owned */
};

/* Open reports.db and its key and fold the docket's acts of matter `report` (the docket is borrowed as long as it is open). write: both files are made when absent (0600), and entries without an act are
   taken away. SK_EINCONSISTENT names the entry that does not agree; SK_EPERMS, SK_ENOENT (the key is gone), SK_EIO, SK_ENOMEM. */
SK_MUST enum sk_err sk_reports_open(const char *db_path, const char *key_path, struct sk_docket *docket, bool write, struct sk_reports **out, struct sk_fault *fault);
/* Close and wipe (NULL is fine). */
void sk_reports_close(struct sk_reports *reports);
/* Forget the key and close the file: what was folded stays, bodies cannot be read any more (SK_EINCONSISTENT). For a process that only lists. */
void sk_reports_shut(struct sk_reports *reports);
/* How many; report i in the order in which they came (NULL past the end). Owned by the store. */
size_t sk_reports_count(const struct sk_reports *reports);
/* See there. */
const struct sk_report *sk_reports_at(const struct sk_reports *reports, size_t i);
/* By id, or by the beginning of one (six characters and more, if it is the only one). SK_ENOENT. */
SK_MUST enum sk_err sk_reports_find(const struct sk_reports *reports, const char *id, const struct sk_report **out, struct sk_fault *fault);
/* Its newest version. */
const struct sk_report_entry *sk_report_newest(const struct sk_report *report);
/* That version; 0: the newest. NULL: there is none. */
const struct sk_report_entry *sk_report_version(const struct sk_report *report, uint64_t version);
/* Was a reminder of that name (clock, moment, organisation) sent already? rule: FORM-11 */
bool sk_report_reminded(const struct sk_report *report, const char *name);
/* What an entry holds: a report's canonical JSON, the bytes of an attachment, the message of a reminder with the mail server's answer, appended. SK_EINCONSISTENT when it is not what its act commits to. */
SK_MUST enum sk_err sk_report_body(struct sk_reports *reports, const struct sk_report *report, const struct sk_report_entry *entry, struct sk_buf *out, struct sk_fault *fault);
/* Every body against its act. SK_EINCONSISTENT names the first; *entries gets how many agree. */
SK_MUST enum sk_err sk_reports_check(struct sk_reports *reports, uint64_t *entries, struct sk_fault *fault);

/* A step on its way: sealed, and what its act says. */
struct sk_report_draft {
	char id[SK_MATTER_ID_MAX], event[SK_ACT_WORD_MAX];
	uint64_t number;
	struct sk_act_facts published;   /* words and states for the leaf */
	struct sk_buf head, body, act;   /* sealed facts, sealed body; the act's body */
};
/* Prepare one: id "" makes a new report. facts->event says which step it is. SK_ESTAGE, SK_ETOOBIG (attachments), SK_ENOENT, SK_EEXIST (this attachment is there). The caller ends it. */
SK_MUST enum sk_err sk_report_draft(struct sk_reports *reports, const char *id, const struct sk_report_facts *facts, const void *body, size_t length, struct sk_report_draft *out, struct sk_fault *fault);
/* Enter it: note is the act that the centre signed over draft->act. The entry is on disk before the leaf, and gone again when there is none. Errors of sk_docket_add. */
SK_MUST enum sk_err sk_report_enter(struct sk_reports *reports, struct sk_report_draft *draft, const char *note, size_t note_length, struct sk_receipt *receipt, struct sk_fault *fault);
/* End it (a zeroed one is fine). */
void sk_report_draft_fini(struct sk_report_draft *draft);

#endif
