/* SPDX-License-Identifier: Apache-2.0 */
/* What a command that decides stands on: the centre's folder, the register of people, the policies that were loaded, and (asked for) the bases. */
#ifndef SK_CMD_OFFICE_H
#define SK_CMD_OFFICE_H

#include "cmd/centre_act.h"
#include "decide/policies.h"

/* Policies that were read, by their digest. */
struct sk_law_kept;
struct sk_laws {
	const struct sk_centre *centre;
	struct sk_law_kept *first;
};
/* The policy with that digest, from DIR/centre/policy/DIGEST.yaml, checked against it; context is a struct sk_laws, which owns it. SK_EINCONSISTENT: gone, or changed. */
SK_MUST enum sk_err sk_laws_of(void *context, const uint8_t digest[SK_HASH_BYTES], const struct sk_law **out, struct sk_fault *fault);
/* Free all. */
void sk_laws_free(struct sk_laws *laws);

struct sk_office {
	struct sk_centre centre;
	struct sk_access *access;
	struct sk_policy_state policy;      /* read off the docket; policy/current is brought in line with it when opened for writing */
	struct sk_bases *bases;             /* NULL before sk_office_bases */
	struct sk_bases_options options;
	struct sk_laws laws;
	int64_t now_ns;
};

/* Open DIR/centre and what is folded out of it. write: for acts. Errors of sk_centre_open, sk_access_open, and of a policy that is missing or was changed
   (SK_EINCONSISTENT). The office must not move while it is open. */
SK_MUST enum sk_err sk_office_open(struct sk_cmd *cmd, const char *folder, bool write, struct sk_office *out, struct sk_fault *fault);
/* Close it; fine after a failed opening. */
void sk_office_close(struct sk_office *office);
/* Fold the bases. */
SK_MUST enum sk_err sk_office_bases(struct sk_office *office, struct sk_fault *fault);
/* The policy with that digest. Owned by the office. As sk_laws_of. */
SK_MUST enum sk_err sk_office_law(struct sk_office *office, const uint8_t digest[SK_HASH_BYTES], const struct sk_law **out, struct sk_fault *fault);
/* The policy in force; NULL: none. Owned by the office. */
SK_MUST enum sk_err sk_office_law_in_force(struct sk_office *office, const struct sk_law **out, struct sk_fault *fault);
/* Fold the policy anew after an act of it, and write policy/current. */
SK_MUST enum sk_err sk_office_settle_policy(struct sk_office *office, struct sk_fault *fault);

/* Options that every command of an office has: --dir, --key, --to-sign, --statement, --signature, --by, --json, --help, --why. */
struct sk_office_args {
	const char *folder, *why;
	struct sk_actor actor;
	bool json, help;
	char by[SK_VKEY_TEXT_MAX]; /* --by as a verifier key */
};
enum { SK_OFFICE_OPT_DIR = 1000, SK_OFFICE_OPT_KEY, SK_OFFICE_OPT_TO_SIGN, SK_OFFICE_OPT_STATEMENT, SK_OFFICE_OPT_SIGNATURE, SK_OFFICE_OPT_BY, SK_OFFICE_OPT_JSON, SK_OFFICE_OPT_HELP, SK_OFFICE_OPT_WHY };
/* Rows for getopt_long. */
#define SK_OFFICE_OPTIONS \
	{"dir", required_argument, NULL, SK_OFFICE_OPT_DIR}, {"key", required_argument, NULL, SK_OFFICE_OPT_KEY}, {"to-sign", required_argument, NULL, SK_OFFICE_OPT_TO_SIGN}, \
	{"statement", required_argument, NULL, SK_OFFICE_OPT_STATEMENT}, {"signature", required_argument, NULL, SK_OFFICE_OPT_SIGNATURE}, {"by", required_argument, NULL, SK_OFFICE_OPT_BY}, \
	{"json", no_argument, NULL, SK_OFFICE_OPT_JSON}, {"help", no_argument, NULL, SK_OFFICE_OPT_HELP}, {"why", required_argument, NULL, SK_OFFICE_OPT_WHY}
/* Defaults: SEKISHO_DIR, then ".". */
void sk_office_args_init(struct sk_office_args *args);
/* Take one option; false when it is none of these. */
bool sk_office_args_take(struct sk_office_args *args, int option, const char *value);
/* Before sk_centre_statement: --by may be a file with a public key, of ours or of SSH. Errors of sk_access_key_of. args must not move afterwards. */
SK_MUST enum sk_err sk_office_args_ready(struct sk_office_args *args, struct sk_fault *fault);
/* After sk_centre_statement wrote a statement out: say what to do with it. Returns 0. */
int sk_office_tell_written(struct sk_cmd *cmd, const struct sk_office_args *args);

#endif
