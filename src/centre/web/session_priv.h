/* SPDX-License-Identifier: Apache-2.0 */
/* Who is behind a token, and what he may do. Answers are kept for two seconds, so that a page that asks often costs little and a session that was ended elsewhere is
   over soon; what was ended here is over at once. */
#ifndef SK_WEB_SESSION_PRIV_H
#define SK_WEB_SESSION_PRIV_H

#include "access/factor.h"
#include "web/web_priv.h"

enum { SK_WEB_DUTY_WORDS = 2, SK_WEB_DUTIES_MAX = 64 * SK_WEB_DUTY_WORDS, SK_WEB_CSRF_MAX = 48 };

struct sk_web_caller {
	struct sk_person person;
	struct sk_session_facts facts;
	uint64_t duties[SK_WEB_DUTY_WORDS]; /* bit i: word i of duties.def */
};

struct sk_web_sessions; /* opaque; any thread */

/* Open DIR/centre/access.db and fold the register. house is borrowed. */
SK_MUST enum sk_err sk_web_sessions_open(struct sk_web_house *house, struct sk_web_sessions **out, struct sk_fault *fault);
void sk_web_sessions_close(struct sk_web_sessions *sessions);
/* Whose token is it? SK_EFACTOR: nobody's, or over. */
SK_MUST enum sk_err sk_web_sessions_who(struct sk_web_sessions *sessions, const char *token, int64_t now_ns, struct sk_web_caller *out, struct sk_fault *fault);
/* Is it in force? Does not count as use. */
bool sk_web_sessions_stands(struct sk_web_sessions *sessions, const char *token, int64_t now_ns);
/* Forget what is kept of a token, or (NULL) of all. */
void sk_web_sessions_forget(struct sk_web_sessions *sessions, const char *token);
/* If the ledger grew: fold the register anew, off the answers' way. */
SK_MUST enum sk_err sk_web_sessions_refresh(struct sk_web_sessions *sessions, struct sk_fault *fault);
/* Did it grow since this was asked last? */
bool sk_web_sessions_grew(struct sk_web_sessions *sessions);
/* May the caller do what the duty word says? SK_EPERMIT with the register's own line. */
SK_MUST enum sk_err sk_web_sessions_may(struct sk_web_sessions *sessions, const struct sk_web_caller *caller, const char *duty, int64_t now_ns, struct sk_fault *fault);
/* Is there such an account in force? person as for a session. */
SK_MUST enum sk_err sk_web_sessions_person(struct sk_web_sessions *sessions, const char *account, int64_t now_ns, struct sk_person *out, struct sk_fault *fault);
/* Visit the keys of an account that are in force. */
void sk_web_sessions_keys(struct sk_web_sessions *sessions, const char *account, int64_t now_ns, void (*visit)(void *context, const struct sk_verify_key *key), void *context);
/* A handle of its own on access.db, for what takes long. Close with sk_factors_close. */
SK_MUST enum sk_err sk_web_sessions_factors(struct sk_web_sessions *sessions, struct sk_factors **out, struct sk_fault *fault);
/* The title of an account's organisation and its own; "" unknown. */
void sk_web_sessions_title(struct sk_web_sessions *sessions, const char *account, char title[SK_ACCESS_TITLE_MAX]);
/* What the page sends back with each change: bound to the token, of no use to whoever does not have the cookie. */
const char *sk_web_csrf(const char *token, char text[SK_WEB_CSRF_MAX]);

#endif
