/* SPDX-License-Identifier: Apache-2.0 */
/* What a notice says and to whom: templates, the register of parties, the part of an order's document that may go out, and the record of what was sent.
   Addressees come from the register, words from the templates and from what the approvers signed; nothing else gets in. rule: NOTICE-1 NOTICE-2 */
#ifndef SK_NOTICE_PRIV_H
#define SK_NOTICE_PRIV_H

#include "target/mail_priv.h"

enum {
	SK_NOTICE_ABOUT_MAX = 32,        /* things that a notice is about */
	SK_NOTICE_TITLE_MAX = 200,       /* bytes */
	SK_NOTICE_TEXT_MAX = 16384,
	SK_NOTICE_DOCUMENT_MAX = 1 << 20,
	SK_TEMPLATE_BYTES_MAX = 32768,
	SK_PARTIES_MAX = 4096,
	SK_PARTY_NAME_MAX = 256
};
enum sk_notice_language { SK_NOTICE_JA, SK_NOTICE_EN, SK_NOTICE_LANGUAGES };
enum sk_notice_turn { SK_NOTICE_FIRST, SK_NOTICE_CORRECTION, SK_NOTICE_TURNS };

/* "ja", "en". Static storage. */
const char *sk_notice_language_name(enum sk_notice_language language);

/* ---- templates ---- */

/* Fields of a template, {{name}}. */
#define SK_NOTICE_FIELDS(X) X(ABOUT, "about") X(CONTACT, "contact") X(DOCUMENT, "document") X(ORDER, "order") X(PARTY, "party") X(SENDER, "sender") X(TEXT, "text") X(TITLE, "title")
enum sk_notice_field {
#define X(symbol, name) SK_NOTICE_##symbol,
	SK_NOTICE_FIELDS(X)
#undef X
	SK_NOTICE_FIELD_COUNT
};

struct sk_template {
	char *subject, *body; /* owned, UTF-8 */
};
/* "Subject: ...", an empty line, the body. Every field must be known. SK_EINPUT names the line; SK_ENOMEM. End with sk_template_fini. */
SK_MUST enum sk_err sk_template_parse(const char *name, const void *text, size_t length, struct sk_template *out, struct sk_fault *fault);
/* Free. */
void sk_template_fini(struct sk_template *template);
/* Append text with its fields put in, once: what a value holds is never taken for a field. */
void sk_template_fill(const char *text, const char *const values[SK_NOTICE_FIELD_COUNT], struct sk_buf *out);

/* ---- parties ---- */

struct sk_party {
	char name[SK_PARTY_NAME_MAX];
	char address[SK_MAIL_ADDRESS_MAX];
	enum sk_notice_language language;
};
struct sk_parties {
	struct sk_party *parties; /* owned */
	size_t count;
};
/* Lines of NAME ADDRESS LANGUAGE; '#' begins a comment. SK_EINPUT: FILE:LINE. SK_ENOMEM, SK_ETOOBIG. End with sk_parties_fini. */
SK_MUST enum sk_err sk_parties_parse(const char *name, const void *text, size_t length, struct sk_parties *out, struct sk_fault *fault);
/* Free. */
void sk_parties_fini(struct sk_parties *parties);
/* By name; NULL when there is none. */
const struct sk_party *sk_parties_find(const struct sk_parties *parties, const char *name);

/* ---- what the approvers signed to be told ---- */

struct sk_notice {
	char *about[SK_NOTICE_ABOUT_MAX]; /* owned, as all texts here */
	size_t about_count;
	char *title[SK_NOTICE_LANGUAGES], *text[SK_NOTICE_LANGUAGES];
};
/* The member "notice" of a document: grade "G3", about, ja and en with title and text. SK_EUSAGE says what is missing or may not be; SK_ENOMEM. End with
   sk_notice_fini. rule: NOTICE-2 */
SK_MUST enum sk_err sk_notice_parse(const void *json, size_t length, struct sk_notice *out, struct sk_fault *fault);
/* Free. */
void sk_notice_fini(struct sk_notice *notice);

/* ---- what both backends need ---- */

struct sk_notice_kit {
	const struct sk_backend_place *place;
	char documents[SK_PATH_MAX];
	char contact[256], sender[256];
	struct sk_template templates[SK_MEASURE_COUNT][SK_NOTICE_TURNS][SK_NOTICE_LANGUAGES]; /* of the measures that the backend carries */
};
/* Read documents, templates, contact and sender of the settings, and the templates of the measures. SK_EINPUT. End with sk_notice_kit_fini, also after an error. */
SK_MUST enum sk_err sk_notice_kit_open(struct sk_notice_kit *kit, const struct sk_backend_place *place, uint32_t measures, struct sk_fault *fault);
/* Free. */
void sk_notice_kit_fini(struct sk_notice_kit *kit);
/* The notice of an item: its document must be there, have its digest and say what is to be told. SK_ETARGET (not there), SK_EUSAGE. */
SK_MUST enum sk_err sk_notice_kit_notice(const struct sk_notice_kit *kit, const struct sk_item *item, struct sk_notice *out, struct sk_fault *fault);
/* Append subject (may be NULL) and body in a language. SK_ENOMEM, SK_ETOOBIG. */
SK_MUST enum sk_err sk_notice_kit_write(const struct sk_notice_kit *kit, const struct sk_item *item, const struct sk_notice *notice, enum sk_notice_turn turn,
					enum sk_notice_language language, struct sk_buf *subject, struct sk_buf *body);

/* ---- records: one file a notice in the target's own folder ---- */

struct sk_notice_record {
	char measure[32], party[SK_PARTY_NAME_MAX], order[SK_ORDER_ID_MAX], tag[SK_TAG_MAX];
	char message[SK_MAIL_ID_MAX];   /* its Message-ID; the file's name of a publication */
	char reply[SK_SMTP_TEXT_MAX];   /* the server's word, or the digest of what was published */
	int64_t sent_ns, until_ns;
	bool ended;                     /* corrected, or its time is over */
};
/* The record of an item's measure, party and order. SK_ENOENT: none. SK_ETARGET, SK_ENOMEM. */
SK_MUST enum sk_err sk_notice_record_read(const struct sk_backend_place *place, const struct sk_item *item, struct sk_notice_record *out, struct sk_fault *fault);
/* Replace it. SK_ETARGET. */
SK_MUST enum sk_err sk_notice_record_write(const struct sk_backend_place *place, const struct sk_item *item, const struct sk_notice_record *record, struct sk_fault *fault);
/* Append the line of each record that is not ended, sorted. SK_ETARGET, SK_ENOMEM. */
SK_MUST enum sk_err sk_notice_records(const struct sk_backend_place *place, struct sk_buf *out, struct sk_fault *fault);
/* Read one record's text. SK_EMALFORMED. */
SK_MUST enum sk_err sk_notice_record_parse(const void *text, size_t length, struct sk_notice_record *out);
/* Append the line that text and read give. */
void sk_notice_line(const char *measure, const char *party, const char *order, const char *tag, struct sk_buf *out);

#endif
