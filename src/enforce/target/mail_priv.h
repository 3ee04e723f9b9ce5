/* SPDX-License-Identifier: Apache-2.0 */
/* A message as bytes: headers and bodies that nothing from outside can break out of. RFC 5322, 2045, 2047; a takedown notice as RFC 5965. */
#ifndef SK_MAIL_PRIV_H
#define SK_MAIL_PRIV_H

#include "target/smtp_priv.h"

enum { SK_MAIL_DATE_MAX = 40, SK_MAIL_ID_MAX = 320, SK_MAIL_SUBJECT_MAX = 512 };

/* The machine-readable part of a report (RFC 5965, 3.2): what it is about. */
struct sk_mail_about {
	const char *const *values; /* domains, addresses, prefixes, URLs; borrowed */
	size_t count;
};

struct sk_mail {
	const char *from, *to;      /* addresses, sk_mail_address_valid */
	const char *from_name;      /* UTF-8; "": none */
	const char *subject;        /* UTF-8, one line */
	const char *message_id;     /* "<...>", of our own making */
	const char *in_reply_to;    /* NULL: none */
	const char *language;       /* "ja", "en" */
	const char *text;           /* UTF-8, lines with LF */
	const char *order;          /* the order's id; "": of none, and document is not read */
	const char *document;       /* hexadecimal digest of its document */
	int64_t date_ns;
	bool report;                /* as a feedback report */
	struct sk_mail_about about; /* of a report */
};

/* Append the whole message, lines with CR LF, 7-bit (sk_mail_wire_valid). SK_EUSAGE: a text that is not UTF-8. SK_ETOOBIG, SK_ENOMEM. rule: NOTICE-1 */
SK_MUST enum sk_err sk_mail_write(const struct sk_mail *mail, struct sk_buf *out);
/* Can it stand before an address without quotes? */
bool sk_mail_name_valid(const char *name);
/* RFC 5322's date in UTC. */
const char *sk_mail_date(int64_t unix_ns, char text[SK_MAIL_DATE_MAX]);
/* Append "NAME: value", folded, encoded (RFC 2047) where it is more than plain ASCII; control bytes become spaces. */
void sk_mail_header(struct sk_buf *out, const char *name, const char *value);
/* Append a text as quoted-printable, lines with CR LF. */
void sk_mail_quoted(struct sk_buf *out, const char *text);

#endif
