/* SPDX-License-Identifier: Apache-2.0 */
/* One act at the command line: its statement with the right `previous`, a person's signature, or the statement written out to be signed elsewhere. */
#ifndef SK_CMD_CENTRE_ACT_H
#define SK_CMD_CENTRE_ACT_H

#include "cmd/centre.h"
#include "cmd/cmd.h"

/* Who acts, as the command line said it (options --key, --to-sign, --signature, --by). */
struct sk_actor {
	const char *key;       /* path; NULL: SEKISHO_KEY of the environment */
	const char *to_sign;   /* write the statement there instead of acting */
	const char *statement; /* with signature: the statement that was written out before */
	const char *signature; /* path of what was signed elsewhere */
	const char *by;        /* with signature: the verifier key text, or the account's key name */
};

/* Make the note of one act. body is a canonical JSON object ("{}" when nothing is to be said). *written: the statement went to actor->to_sign and there is nothing to
   judge. Else the note is in *note, and *act parsed out of it (borrowed from *note). SK_EUSAGE (no key told), and what signing says. */
SK_MUST enum sk_err sk_centre_statement(struct sk_centre *centre, const struct sk_actor *actor, const char *matter, const char *id, const char *event, const char *body,
					int64_t now_ns, struct sk_buf *note, struct sk_act *act, bool *written, struct sk_fault *fault);

#endif
