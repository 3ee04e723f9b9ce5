/* SPDX-License-Identifier: Apache-2.0 */
/* access/factor.h: what proves who somebody is, beside his signing keys: passwords, one-time codes, WebAuthn credentials, sessions. In a database of its own
   (access.db, 0600), each value sealed under a key in a file beside it; nothing of it is ever an act or a leaf.
   Promises: a code, a challenge and an assertion count once; a signature counter grows; a password is kept as argon2id and never leaves the machine; times never
   go back. Never: opens a connection. Thread rule: one thread a store; several processes may share the file. */
#ifndef SK_ACCESS_FACTOR_H
#define SK_ACCESS_FACTOR_H

#include "access/access.h"

enum {
	SK_PASSWORD_MIN = 12, SK_PASSWORD_MAX = 1024,      /* bytes */
	SK_FACTOR_FAILURES_MAX = 10,                       /* wrong ones in a row; then a pause */
	SK_FACTOR_PAUSE_S = 15 * 60,
	SK_TOTP_STEP_S = 30, SK_TOTP_WINDOW = 1,           /* steps before and behind */
	SK_TOTP_SECRET_BYTES = 20, SK_TOTP_URI_MAX = 512,
	SK_TOTP_WAITS_S = 86400,                           /* for the first code of a secret that is to take another's place */
	SK_CHALLENGE_BYTES = 32, SK_CHALLENGE_S = 300,
	SK_CREDENTIAL_ID_MAX = 1024, SK_WEBAUTHN_TEXT_MAX = 1 << 16,
	SK_SESSION_TOKEN_MAX = 64,
	SK_SESSION_IDLE_S = 15 * 60, SK_SESSION_LIFE_S = 8 * 3600, SK_STEP_UP_S = 5 * 60
};

struct sk_factors; /* opaque */

/* Open DIR/centre/access.db and its key file; both are made when absent (0600, key from random bytes). SK_EPERMS: others may read one of them; SK_ESIGNATURE:
   the key is not this database's; SK_EIO, SK_ENOMEM, SK_ELOCKED. */
SK_MUST enum sk_err sk_factors_open(const char *db_path, const char *key_path, struct sk_factors **out, struct sk_fault *fault);
/* Close and wipe (NULL is fine). */
void sk_factors_close(struct sk_factors *factors);
/* The latest of now_ns and every time that was told before, over restarts; remembered. rule: ACCESS-6 */
SK_MUST enum sk_err sk_factors_now(struct sk_factors *factors, int64_t clock_ns, int64_t *now_ns, struct sk_fault *fault);

/* ---- passwords ---- */

/* Is it a password that may be set? SK_EFACTOR says what is wrong with it (length, the account's name, breached); breached as in sk_password_set. */
SK_MUST enum sk_err sk_password_judge(const char *account, const char *password, size_t length, const char *breached, struct sk_fault *fault);
/* Set an account's password (argon2id). breached: a file or folder as access/breached.h reads them; NULL leaves that check out. What
   sk_password_judge says, SK_ENOMEM, SK_EIO. */
SK_MUST enum sk_err sk_password_set(struct sk_factors *factors, const char *account, const char *password, size_t length, const char *breached, int64_t now_ns,
				    struct sk_fault *fault);
/* Is it the account's password? SK_EFACTOR: no, none was set, or a pause after SK_FACTOR_FAILURES_MAX wrong ones; the same line and about the same time. */
SK_MUST enum sk_err sk_password_check(struct sk_factors *factors, const char *account, const char *password, size_t length, int64_t now_ns, struct sk_fault *fault);

/* ---- one-time codes (RFC 6238 by liboath: SHA-1, 30 s, six digits) ---- */

/* Give the account a new secret; uri gets "otpauth://totp/..." to be shown once. The first one is asked for at once; one in place of another waits for its first right
   code, for a day, and until then the other counts. rule: ACCESS-14 */
SK_MUST enum sk_err sk_totp_new(struct sk_factors *factors, const char *account, const char *issuer, int64_t now_ns, char uri[SK_TOTP_URI_MAX], struct sk_fault *fault);
/* Check a code. A step is taken once, and no earlier one after it. SK_EFACTOR. */
SK_MUST enum sk_err sk_totp_check(struct sk_factors *factors, const char *account, const char *code, int64_t now_ns, struct sk_fault *fault);
/* Is it a code of the secret that waits? Then that one counts from now on. SK_EFACTOR: no, none waits, or too many wrong ones. rule: ACCESS-14 */
SK_MUST enum sk_err sk_totp_confirm(struct sk_factors *factors, const char *account, const char *code, int64_t now_ns, struct sk_fault *fault);
/* The step of a code within the window, by a secret of that many bytes; digits as in the code (6 to 8). SK_EFACTOR. For the vectors of RFC 6238. */
SK_MUST enum sk_err sk_totp_step(const uint8_t *secret, size_t length, const char *code, int64_t now_s, unsigned window, uint64_t *step);

/* ---- WebAuthn / FIDO2 (libfido2 verifies) ---- */

/* Whom credentials belong to: the relying party's id and the page's origin. */
struct sk_webauthn_party {
	const char *rp_id, *origin;
	bool verified; /* user verification (PIN, finger) is asked for too */
};

/* A challenge for this account, good once and for SK_CHALLENGE_S; digest (NULL: none) is what a later assertion by it approves. */
SK_MUST enum sk_err sk_webauthn_challenge(struct sk_factors *factors, const char *account, const uint8_t digest[SK_HASH_BYTES], int64_t now_ns,
					  uint8_t challenge[SK_CHALLENGE_BYTES], struct sk_fault *fault);
/* Take a new credential: response is the JSON of navigator.credentials.create (attestation "none", "packed" by itself or by a certificate). ES256, EdDSA, RS256.
   SK_EMALFORMED, SK_EFACTOR (challenge, origin, relying party, presence, signature), SK_EEXIST. */
SK_MUST enum sk_err sk_webauthn_register(struct sk_factors *factors, const char *account, const struct sk_webauthn_party *party, const char *response, size_t length,
					 int64_t now_ns, struct sk_fault *fault);
/* The same for somebody else, or for an account that is not there yet: the challenge was the asker's. Nobody signs in with it until an act put its key into the register
   (sk_webauthn_settle); after a day it is forgotten. Besides: SK_ETOOBIG, when too many wait. rule: ACCESS-13 */
SK_MUST enum sk_err sk_webauthn_enrol(struct sk_factors *factors, const char *asker, const char *account, const struct sk_webauthn_party *party, const char *response,
				      size_t length, int64_t now_ns, struct sk_fault *fault);
/* After the register changed: enrolled keys that it holds now sign their holders in (*admitted: how many); credentials whose key it revoked are gone, with their
   holders' sessions (*dropped). Doing it twice changes nothing. rule: ACCESS-13 */
SK_MUST enum sk_err sk_webauthn_settle(struct sk_factors *factors, const struct sk_access *access, uint64_t *admitted, uint64_t *dropped, struct sk_fault *fault);
/* Check an assertion: the JSON of navigator.credentials.get. *approves gets what its challenge was for (zeros: nothing). Errors as above; a counter that did not grow
   means a second copy of the key: SK_EFACTOR, and the credential is refused from then on. */
SK_MUST enum sk_err sk_webauthn_check(struct sk_factors *factors, const char *account, const struct sk_webauthn_party *party, const char *response, size_t length,
				      int64_t now_ns, uint8_t approves[SK_HASH_BYTES], struct sk_fault *fault);

/* An account's credential: its id and, where acts can be signed with it (ES256, EdDSA), the key as registers and notes have it; kind SK_KEY_ASSIGNED: they cannot. */
struct sk_webauthn_credential {
	const uint8_t *id;
	size_t id_length;
	struct sk_verify_key key;
};
/* Visit an account's credentials that are not shut, with their keys for that relying party. Borrowed for the length of a visit. */
SK_MUST enum sk_err sk_webauthn_each(struct sk_factors *factors, const char *account, const char *rp_id,
				     void (*visit)(void *context, const struct sk_webauthn_credential *credential), void *context, struct sk_fault *fault);
/* The same of enrolled keys that wait to be put into the register. */
SK_MUST enum sk_err sk_enrolled_each(struct sk_factors *factors, const char *account, const char *rp_id,
				     void (*visit)(void *context, const struct sk_webauthn_credential *credential), void *context, struct sk_fault *fault);
/* An assertion's JSON as what a note's signature line carries (seal/foreign.h); nothing is verified, the note's reader does. SK_EMALFORMED, SK_ETOOBIG. */
SK_MUST enum sk_err sk_webauthn_signature(const char *response, size_t length, struct sk_buf *packed, struct sk_fault *fault);

/* ---- what there is ---- */

/* Visit factors of an account (NULL: of all): kind "password", "totp", "webauthn". Values are not handed out. */
SK_MUST enum sk_err sk_factors_each(struct sk_factors *factors, const char *account, void (*visit)(void *context, const char *account, const char *kind, int64_t since_ns),
				    void *context, struct sk_fault *fault);
/* Has the account one of that kind? */
SK_MUST enum sk_err sk_factors_has(struct sk_factors *factors, const char *account, const char *kind, bool *has, struct sk_fault *fault);
/* Take an account's factors of that kind away (NULL: all kinds), its sessions too. *count gets how many. */
SK_MUST enum sk_err sk_factors_remove(struct sk_factors *factors, const char *account, const char *kind, uint64_t *count, struct sk_fault *fault);

/* ---- sessions, for rooms that people see through a browser ---- */

/* Begin one after the first factors were checked: token (opaque text) for the browser; only its hash is kept. */
SK_MUST enum sk_err sk_session_begin(struct sk_factors *factors, const char *account, int64_t now_ns, char token[SK_SESSION_TOKEN_MAX], struct sk_fault *fault);
/* Whose is this token? Idle and absolute ends hold. SK_EFACTOR. */
SK_MUST enum sk_err sk_session_check(struct sk_factors *factors, const char *token, int64_t now_ns, char account[SK_MATTER_ID_MAX], struct sk_fault *fault);
/* What is known of a session. */
struct sk_session_facts {
	char account[SK_MATTER_ID_MAX];
	int64_t begun_ns, until_ns, stepped_ns; /* until: its absolute end, or the idle one where that is earlier; stepped: the last step-up, 0 none */
};
/* As sk_session_check, and tell what is known of it. */
SK_MUST enum sk_err sk_session_look(struct sk_factors *factors, const char *token, int64_t now_ns, struct sk_session_facts *out, struct sk_fault *fault);
/* Is this session in force? Without noting that it was used: a stream that stays open keeps nobody signed in. SK_EFACTOR. */
SK_MUST enum sk_err sk_session_peek(struct sk_factors *factors, const char *token, int64_t now_ns, struct sk_fault *fault);
/* A second factor was checked just now, for this digest alone. */
SK_MUST enum sk_err sk_session_step_up(struct sk_factors *factors, const char *token, const uint8_t digest[SK_HASH_BYTES], int64_t now_ns, struct sk_fault *fault);
/* May this session approve what has this digest? Only after a step-up for it within SK_STEP_UP_S, and once. SK_EFACTOR. rule: ACCESS-11 */
SK_MUST enum sk_err sk_session_approve(struct sk_factors *factors, const char *token, const uint8_t digest[SK_HASH_BYTES], int64_t now_ns, struct sk_fault *fault);
/* End every session of an account but this one (NULL: every one); *count gets how many. */
SK_MUST enum sk_err sk_session_end_others(struct sk_factors *factors, const char *account, const char *token, uint64_t *count, struct sk_fault *fault);
/* End it; an unknown one is fine. */
SK_MUST enum sk_err sk_session_end(struct sk_factors *factors, const char *token, struct sk_fault *fault);

#endif
