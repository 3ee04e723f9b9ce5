/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/witness_push.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/file.h"
#include "oversight/witness.h"
#include "text/text.h"

enum { TIMEOUT_MS = 10000, ROUNDS = 3, LOCK_TRIES = 100, LOCK_WAIT_MS = 50, STATUS_OK = 200, STATUS_CONFLICT = 409, CHECKPOINT_MODE = 0644 };

/* The proof from what the witness knows, checked with the tiles' own older root: a proof that is wrong is not sent. */
static enum sk_err prove(const struct sk_witness_push *push, struct sk_witness_request *request, struct sk_fault *fault)
{
	uint8_t proof[SK_PROOF_MAX][SK_HASH_BYTES], old_root[SK_HASH_BYTES];
	SK_TRY(sk_ledger_prove_growth(push->ledger, request->old_size, push->head.size, proof, &request->proof_count, fault));
	if (request->proof_count > SK_WITNESS_PROOF_MAX)
		return sk_fault_set(fault, SK_ETOOBIG, "the proof has more than %d hashes", SK_WITNESS_PROOF_MAX);
	SK_TRY(sk_ledger_root_at(push->ledger, push->head.size, request->old_size, old_root, fault));
	if (sk_growth_check(request->old_size, push->head.size, old_root, push->head.root, (const uint8_t(*)[SK_HASH_BYTES])proof, request->proof_count) != SK_OK)
		return sk_fault_set(fault, SK_EINCONSISTENT, "%s: the tiles are not those of the checkpoint; sekisho-verify says where", push->ledger);
	memcpy(request->proof, proof, request->proof_count * SK_HASH_BYTES);
	return SK_OK;
}

static enum sk_err exchange(const struct sk_witness_push *push, const struct sk_buf *request, unsigned *status, struct sk_buf *body, struct sk_fault *fault)
{
	char host[SK_PEER_TEXT_MAX];
	const struct timeval patience = {.tv_sec = TIMEOUT_MS / 1000};
	int fd;
	SK_TRY(sk_peer_connect(&push->to, NULL, NULL, TIMEOUT_MS, &fd, fault));
	(void)sk_peer_format(&push->to, host);
	enum sk_err err = setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 ? SK_OK : sk_fault_errno(fault, errno, "%s: no time-out can be set", host);
	if (err == SK_OK)
		err = sk_witness_send(fd, host + strlen("tcp:"), request, status, body, fault);
	(void)close(fd);
	return err;
}

static enum sk_err ask(const struct sk_witness_push *push, const struct sk_buf *note, uint64_t old_size, unsigned *status, struct sk_buf *body, struct sk_fault *fault)
{
	struct sk_witness_request *request = calloc(1, sizeof *request);
	struct sk_buf text;
	if (request == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	*request = (struct sk_witness_request){.old_size = old_size, .checkpoint = sk_buf_text(note), .checkpoint_length = note->length};
	sk_buf_init(&text, SK_WITNESS_REQUEST_MAX);
	enum sk_err err = prove(push, request, fault);
	if (err == SK_OK) {
		sk_witness_request_write(&text, request);
		err = text.failed != SK_OK ? sk_fault_set(fault, text.failed, "the checkpoint is larger than a witness takes") : exchange(push, &text, status, body, fault);
	}
	sk_buf_fini(&text);
	free(request);
	return err;
}

static enum sk_err refused(const struct sk_witness_push *push, unsigned status, const struct sk_buf *body, struct sk_fault *fault)
{
	struct sk_buf said;
	sk_buf_init(&said, SK_FAULT_LINE_MAX);
	const char *text = sk_buf_text(body);
	sk_escape_line(&said, text, strcspn(text, "\n") < 200 ? strcspn(text, "\n") : 200);
	enum sk_err err = sk_fault_set(fault, SK_EWITNESS, "%s: the witness refuses with HTTP %u: %s", push->witness.name, status, sk_buf_text(&said));
	sk_buf_fini(&said);
	return err;
}

/* The size that a 409 tells. */
static enum sk_err known_size(const struct sk_witness_push *push, const struct sk_buf *body, uint64_t *out, struct sk_fault *fault)
{
	const char *text = sk_buf_text(body);
	size_t digits = strspn(text, "0123456789");
	uint64_t value = 0;
	bool good = digits != 0 && digits <= 20 && strcmp(text + digits, "\n") == 0;
	for (const char *at = text; good && at < text + digits; at++)
		good = !__builtin_mul_overflow(value, 10u, &value) && !__builtin_add_overflow(value, (unsigned)(*at - '0'), &value);
	*out = value;
	return good ? SK_OK : sk_fault_set(fault, SK_EMALFORMED, "%s: expected a tree size in the witness' answer", push->witness.name);
}

/* A witness tells what it knows when it is asked about something else: nothing is remembered here that could be wrong. */
static enum sk_err converse(struct sk_witness_push *push, const struct sk_buf *note, struct sk_buf *lines, struct sk_fault *fault)
{
	unsigned status = 0;
	uint64_t known = 0;
	for (unsigned i = 0; i < ROUNDS; i++) {
		push->known = known;
		sk_buf_reset(lines);
		SK_TRY(ask(push, note, known, &status, lines, fault));
		if (status == STATUS_OK)
			return SK_OK;
		if (status != STATUS_CONFLICT)
			return refused(push, status, lines, fault);
		SK_TRY(known_size(push, lines, &known, fault));
		if (known > push->head.size)
			return sk_fault_set(fault, SK_EWITNESS, "%s has signed a head of %llu entries, and this ledger has %llu: it was rolled back, or is another one", push->witness.name,
					    (unsigned long long)known, (unsigned long long)push->head.size);
		if (known == push->known)
			return sk_fault_set(fault, SK_EWITNESS, "%s has signed another head of the same %llu entries: this ledger is a fork of the one that it knows", push->witness.name,
					    (unsigned long long)known);
	}
	return sk_fault_set(fault, SK_EWITNESS, "%s: somebody else shows it heads of this ledger at the same time; try again", push->witness.name);
}

/* ---- keeping it ---- */

/* The lock of whoever writes the ledger: the head must not move while we replace it. */
static enum sk_err lock_ledger(const struct sk_witness_push *push, int *fd, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	SK_TRY(sk_file_join(path, sizeof path, push->ledger, ".lock"));
	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, CHECKPOINT_MODE);
	if (*fd < 0)
		return sk_fault_errno(fault, errno, "%s: cannot open the lock", path);
	for (unsigned i = 0; i < LOCK_TRIES; i++) {
		if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
			return SK_OK;
		(void)usleep(LOCK_WAIT_MS * 1000);
	}
	(void)close(*fd);
	return sk_fault_set(fault, SK_ELOCKED, "%s: a writer holds the ledger; -o FILE keeps the cosigned head beside it", push->ledger);
}

static enum sk_err merge(const struct sk_witness_push *push, const struct sk_buf *note, const struct sk_buf *lines, const char *path, struct sk_fault *fault)
{
	struct sk_buf whole;
	sk_buf_init(&whole, SK_NOTE_MAX);
	enum sk_err err = sk_witness_add_lines(note, lines, &push->witness, &whole, fault);
	if (err == SK_OK)
		err = sk_file_replace(path, whole.bytes, whole.length, CHECKPOINT_MODE, fault);
	sk_buf_fini(&whole);
	return err;
}

static enum sk_err keep(const struct sk_witness_push *push, const struct sk_buf *note, const struct sk_buf *lines, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_buf now;
	struct sk_checkpoint head;
	int lock;
	if (push->output != NULL)
		return merge(push, note, lines, push->output, fault);
	SK_TRY(sk_file_join(path, sizeof path, push->ledger, "checkpoint"));
	SK_TRY(lock_ledger(push, &lock, fault));
	sk_buf_init(&now, SK_NOTE_MAX);
	enum sk_err err = sk_checkpoint_read(push->ledger, &now, NULL, &head, fault);
	if (err == SK_OK && (head.size != push->head.size || memcmp(head.root, push->head.root, SK_HASH_BYTES) != 0))
		err = sk_fault_set(fault, SK_EWITNESS, "%s: the ledger grew while the witness signed; push again", push->ledger);
	if (err == SK_OK) /* the note as it is now: another witness may have signed meanwhile */
		err = merge(push, &now, lines, path, fault);
	sk_buf_fini(&now);
	(void)close(lock);
	return err;
}

enum sk_err sk_witness_push(struct sk_witness_push *push, struct sk_fault *fault)
{
	struct sk_buf note, lines;
	sk_buf_init(&note, SK_NOTE_MAX);
	sk_buf_init(&lines, SK_WITNESS_REQUEST_MAX);
	enum sk_err err = sk_checkpoint_read(push->ledger, &note, NULL, &push->head, fault);
	if (err == SK_OK)
		err = converse(push, &note, &lines, fault);
	if (err == SK_OK)
		err = keep(push, &note, &lines, fault);
	sk_buf_fini(&lines);
	sk_buf_fini(&note);
	return err;
}
