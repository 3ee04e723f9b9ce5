/* SPDX-License-Identifier: Apache-2.0 */
/* oversight/witness.h: the witness of C2SP tlog-witness: signs that one ledger only ever grew, and remembers what it signed.
   Promises: of each origin one history is signed, whatever is sent and whenever the process dies: the new head is on disk and synced before its cosignature is given out.
   What is remembered carries the witness' own cosignature, and a file that does not is an error, not a beginning. rule: WITNESS-1
   Never: opens a socket (cmd hands one in), reads a clock, believes a checkpoint whose log it was not told of. Thread rule: one thread a witness; one process a folder (locked). */
#ifndef SK_OVERSIGHT_WITNESS_H
#define SK_OVERSIGHT_WITNESS_H

#include "base/clock.h"
#include "base/file.h"
#include "ledger/ledger.h"

enum {
	SK_WITNESS_LOGS_MAX = 64,
	SK_WITNESS_PROOF_MAX = 63,           /* of tlog-witness */
	SK_WITNESS_CHECKPOINT_MAX = 32768,
	SK_WITNESS_REQUEST_MAX = 32 + SK_WITNESS_PROOF_MAX * 45 + 1 + SK_WITNESS_CHECKPOINT_MAX,
	SK_WITNESS_CLIENTS_MAX = 32,
	SK_WITNESS_TIMEOUT_S = 10,
};

/* ---- the protocol ---- */

/* The body of an add-checkpoint request. */
struct sk_witness_request {
	uint64_t old_size;
	size_t proof_count;
	uint8_t proof[SK_WITNESS_PROOF_MAX][SK_HASH_BYTES];
	const char *checkpoint;      /* borrowed: the whole note */
	size_t checkpoint_length;
};
/* Parse "old SIZE", proof lines, an empty line, a checkpoint. SK_EMALFORMED names the line. */
SK_MUST enum sk_err sk_witness_request_read(const void *bytes, size_t length, struct sk_witness_request *out, struct sk_fault *fault);
/* Append that body. The buffer's limit should be SK_WITNESS_REQUEST_MAX. */
void sk_witness_request_write(struct sk_buf *out, const struct sk_witness_request *request);

/* What goes back: an HTTP status, and a body that the buffer holds. */
struct sk_witness_answer {
	unsigned status;             /* 200 400 403 404 409 422 500 */
	const char *type;            /* Content-Type, static */
	struct sk_buf body;          /* 200: cosignature lines; 409: the known size; else one line that says what is wrong */
	char origin[SK_KEY_NAME_MAX]; /* of the checkpoint, "" when it was not readable */
	uint64_t old_size, size;     /* known before, and sent */
};

struct sk_witness; /* opaque */

/* Open the folder (made when absent, 0700; locked: SK_ELOCKED) as a witness for these logs under this key (borrowed). The key's name is the witness' name. SK_EUSAGE (a log twice, none at all),
   SK_EIO. */
SK_MUST enum sk_err sk_witness_open(const char *folder, const struct sk_sign_key *key, const struct sk_verify_key *logs, size_t count, struct sk_witness **out, struct sk_fault *fault);
/* Close (NULL is fine). */
void sk_witness_close(struct sk_witness *witness);
/* Judge one request. The answer is always filled; its body is the caller's to sk_buf_fini. A status of 500 says that the folder failed us, and signed nothing. rule: WITNESS-1 */
void sk_witness_judge(struct sk_witness *witness, const void *bytes, size_t length, int64_t now_ns, struct sk_witness_answer *out);
/* What was signed last of an origin: *size 0 when nothing was. SK_ENOENT (no log of ours), SK_ESIGNATURE, SK_EMALFORMED, SK_EIO. */
SK_MUST enum sk_err sk_witness_known(struct sk_witness *witness, const char *origin, struct sk_checkpoint *out, struct sk_fault *fault);

/* ---- serving ---- */

struct sk_witness_server; /* opaque */
/* Called after each answer, for a line in somebody's log. */
typedef void (*sk_witness_said)(void *context, const struct sk_witness_answer *answer);
/* Serve POST /add-checkpoint on a listening socket, which is taken over (closed with it, also on failure). All is borrowed. SK_EIO, SK_ENOMEM. */
SK_MUST enum sk_err sk_witness_serve(struct sk_witness *witness, int listening, const struct sk_clock *clock, sk_witness_said said, void *context, struct sk_witness_server **out,
				     struct sk_fault *fault);
/* A descriptor that is readable when there is something to do. */
int sk_witness_server_fd(const struct sk_witness_server *server);
/* Do what there is to do; call it at least every second, for clients that are silent. */
void sk_witness_server_turn(struct sk_witness_server *server);
/* Stop (NULL is fine). */
void sk_witness_server_stop(struct sk_witness_server *server);

/* ---- asking ---- */

/* Send one request over a connected TCP socket (whose time-outs are set; the caller closes it). host: what the Host line says. *status gets the HTTP status, body the answer's (within its limit).
   SK_EIO, SK_EMALFORMED (no HTTP answer), SK_ETRUNC. */
SK_MUST enum sk_err sk_witness_send(int fd, const char *host, const struct sk_buf *request, unsigned *status, struct sk_buf *body, struct sk_fault *fault);
/* Put a witness' signature lines under the note of a checkpoint, in place of older ones by the same key. SK_ESIGNATURE: no line is that witness' cosignature over this very checkpoint. */
SK_MUST enum sk_err sk_witness_add_lines(const struct sk_buf *note, const struct sk_buf *lines, const struct sk_verify_key *witness, struct sk_buf *out, struct sk_fault *fault);

#endif
