/* SPDX-License-Identifier: Apache-2.0 */
/* The judgement of a witness, and what it remembers: FOLDER/NAME.checkpoint, NAME being the SHA-256 of the origin: the last checkpoint that was signed, as it came, with our cosignature under it. */
#include "oversight/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "seal/foreign.h"
#include "text/text.h"
#include "wire/wire.h"

enum { FOLDER_MODE = 0700, FILE_MODE = 0600, NAME_MAX_BYTES = 2 * SK_HASH_BYTES + 16, STATE_MAX = SK_NOTE_MAX, STATUS_OK = 200, STATUS_BAD = 400, STATUS_FORBIDDEN = 403,
       STATUS_UNKNOWN = 404, STATUS_CONFLICT = 409, STATUS_PROOF = 422, STATUS_FAILED = 500 };

struct sk_witness {
	const struct sk_sign_key *key;
	struct sk_verify_key cosigner;               /* the same key as type 0x04 */
	char folder[SK_PATH_MAX];
	int lock;
	size_t log_count;
	struct sk_verify_key logs[SK_WITNESS_LOGS_MAX];
	struct sk_note note, stored;                 /* here, because they are large */
};

/* ---- the request ---- */

/* Cut the next line off, without its LF. False when no LF is left. */
static bool next_line(struct sk_cur *cur, struct sk_cur *line)
{
	size_t length = 0;
	while (length < sk_left(cur) && sk_peek_u8(cur, length) != '\n')
		length++;
	if (length == sk_left(cur))
		return false;
	*line = sk_carve(cur, length);
	sk_skip(cur, 1);
	return true;
}

static bool skip_text(struct sk_cur *cur, const char *text)
{
	size_t length = strlen(text);
	const uint8_t *at = sk_take(cur, length);
	return at != NULL && memcmp(at, text, length) == 0;
}

/* Decimal, without sign and leading zeros, to the end of the line. */
static bool read_size(struct sk_cur *line, uint64_t *out)
{
	bool zero = sk_peek_u8(line, 0) == '0';
	if (!sk_more(line) || (zero && sk_left(line) != 1))
		return false;
	*out = 0;
	while (sk_more(line)) {
		uint8_t digit = sk_u8(line);
		if (digit < '0' || digit > '9' || __builtin_mul_overflow(*out, 10u, out) || __builtin_add_overflow(*out, (unsigned)(digit - '0'), out))
			return false;
	}
	return true;
}

static bool read_hash(struct sk_cur *line, uint8_t out[SK_HASH_BYTES])
{
	size_t length = sk_left(line), got = 0;
	const uint8_t *text = sk_take(line, length);
	return text != NULL && sk_base64_decode((const char *)text, length, out, SK_HASH_BYTES, &got) == SK_OK && got == SK_HASH_BYTES;
}

enum sk_err sk_witness_request_read(const void *bytes, size_t length, struct sk_witness_request *out, struct sk_fault *fault)
{
	struct sk_cur cur = sk_cur_of(bytes, length), line;
	*out = (struct sk_witness_request){.old_size = 0};
	if (!next_line(&cur, &line) || !skip_text(&line, "old ") || !read_size(&line, &out->old_size))
		return sk_fault_set(fault, SK_EMALFORMED, "line 1: expected 'old ' and a tree size in decimal");
	for (;;) {
		if (!next_line(&cur, &line))
			return sk_fault_set(fault, SK_EMALFORMED, "line %zu: expected a proof line or an empty line, found the end", out->proof_count + 2);
		if (!sk_more(&line))
			break;
		if (out->proof_count == SK_WITNESS_PROOF_MAX)
			return sk_fault_set(fault, SK_EMALFORMED, "line %zu: more than %d proof lines", out->proof_count + 2, SK_WITNESS_PROOF_MAX);
		if (!read_hash(&line, out->proof[out->proof_count]))
			return sk_fault_set(fault, SK_EMALFORMED, "line %zu: expected a hash as base64 of 32 bytes", out->proof_count + 2);
		out->proof_count++;
	}
	out->checkpoint_length = sk_left(&cur);
	if (out->checkpoint_length == 0 || out->checkpoint_length > SK_WITNESS_CHECKPOINT_MAX)
		return sk_fault_set(fault, SK_EMALFORMED, "line %zu: expected a checkpoint of 1 to %d bytes, found %zu", out->proof_count + 3, SK_WITNESS_CHECKPOINT_MAX, out->checkpoint_length);
	out->checkpoint = (const char *)sk_take(&cur, out->checkpoint_length);
	return SK_OK;
}

void sk_witness_request_write(struct sk_buf *out, const struct sk_witness_request *request)
{
	sk_buf_addf(out, "old %llu\n", (unsigned long long)request->old_size);
	for (size_t i = 0; i < request->proof_count; i++) {
		char hash[SK_BASE64_32_MAX];
		sk_base64_encode(request->proof[i], SK_HASH_BYTES, hash);
		sk_buf_addf(out, "%s\n", hash);
	}
	sk_buf_add_u8(out, '\n');
	sk_buf_add(out, request->checkpoint, request->checkpoint_length);
}

/* ---- the folder ---- */

static enum sk_err lock_folder(struct sk_witness *witness, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	if (sk_file_join(path, sizeof path, witness->folder, ".lock") != SK_OK)
		return sk_fault_set(fault, SK_ETOOBIG, "%s: path too long", witness->folder);
	witness->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
	if (witness->lock < 0)
		return sk_fault_errno(fault, errno, "%s: cannot open the lock", path);
	if (flock(witness->lock, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK ? sk_fault_set(fault, SK_ELOCKED, "%s: another witness runs on this folder; two could sign two histories", witness->folder)
					    : sk_fault_errno(fault, errno, "%s: cannot lock", path);
	return SK_OK;
}

static enum sk_err take_logs(struct sk_witness *witness, const struct sk_verify_key *logs, size_t count, struct sk_fault *fault)
{
	if (count == 0 || count > SK_WITNESS_LOGS_MAX)
		return sk_fault_set(fault, SK_EUSAGE, "a witness signs for 1 to %d logs, and %zu were named", SK_WITNESS_LOGS_MAX, count);
	for (size_t i = 0; i < count; i++) {
		if (logs[i].type != 0x01)
			return sk_fault_set(fault, SK_EUSAGE, "%s: expected a log's key (Ed25519, type 1)", logs[i].name);
		for (size_t before = 0; before < i; before++)
			if (strcmp(logs[before].name, logs[i].name) == 0)
				return sk_fault_set(fault, SK_EUSAGE, "%s: this origin was named twice", logs[i].name);
		witness->logs[i] = logs[i];
	}
	witness->log_count = count;
	return SK_OK;
}

enum sk_err sk_witness_open(const char *folder, const struct sk_sign_key *key, const struct sk_verify_key *logs, size_t count, struct sk_witness **out, struct sk_fault *fault)
{
	*out = NULL;
	if (strlen(folder) + NAME_MAX_BYTES + 2 >= SK_PATH_MAX)
		return sk_fault_set(fault, SK_EUSAGE, "the folder's path is too long");
	struct sk_witness *witness = calloc(1, sizeof *witness);
	if (witness == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	witness->lock = -1;
	witness->key = key;
	memcpy(witness->folder, folder, strlen(folder) + 1);
	sk_verify_key_as_witness(sk_sign_key_public(key), &witness->cosigner);
	enum sk_err err = take_logs(witness, logs, count, fault);
	if (err == SK_OK)
		err = sk_file_make_folder(folder, FOLDER_MODE, fault);
	if (err == SK_OK)
		err = lock_folder(witness, fault);
	if (err != SK_OK) {
		sk_witness_close(witness);
		return err;
	}
	*out = witness;
	return SK_OK;
}

void sk_witness_close(struct sk_witness *witness)
{
	if (witness == NULL)
		return;
	if (witness->lock >= 0)
		(void)close(witness->lock);
	free(witness);
}

static void state_path(const struct sk_witness *witness, const char *origin, char path[SK_PATH_MAX])
{
	uint8_t digest[SK_HASH_BYTES];
	char name[NAME_MAX_BYTES];
	sk_sha256(origin, strlen(origin), digest);
	sk_hex_encode(digest, sizeof digest, name);
	memcpy(name + 2 * SK_HASH_BYTES, ".checkpoint", sizeof ".checkpoint");
	SK_INVARIANT(sk_file_join(path, SK_PATH_MAX, witness->folder, name) == SK_OK);
}

/* What was signed is believed for our own cosignature under it: whoever can write to the folder cannot make us forget by a text of his own. */
static enum sk_err read_state(struct sk_witness *witness, const char *origin, struct sk_checkpoint *out, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_buf text;
	uint64_t seconds;
	*out = (struct sk_checkpoint){.size = 0};
	sk_sha256("", 0, out->root);
	state_path(witness, origin, path);
	sk_buf_init(&text, STATE_MAX);
	enum sk_err err = sk_file_read(path, &text, fault);
	if (err == SK_ENOENT) {
		sk_buf_fini(&text);
		return SK_OK;
	}
	if (err == SK_OK)
		err = sk_note_parse(sk_buf_text(&text), text.length, &witness->stored, fault);
	if (err == SK_OK)
		err = sk_checkpoint_parse(witness->stored.body, witness->stored.body_length, out, fault);
	if (err == SK_OK && (strcmp(out->origin, origin) != 0 || sk_note_verify_cosignature(&witness->stored, &witness->cosigner, &seconds) != SK_OK))
		err = sk_fault_set(fault, SK_ESIGNATURE, "%s: what was signed last for %s does not carry this witness' cosignature; nothing is signed for it until that is cleared up", path, origin);
	sk_buf_fini(&text);
	return err;
}

enum sk_err sk_witness_known(struct sk_witness *witness, const char *origin, struct sk_checkpoint *out, struct sk_fault *fault)
{
	for (size_t i = 0; i < witness->log_count; i++)
		if (strcmp(witness->logs[i].name, origin) == 0)
			return read_state(witness, origin, out, fault);
	return sk_fault_set(fault, SK_ENOENT, "%.100s: no log of this witness", origin);
}

/* ---- the judgement ---- */

SK_PRINTF(3, 4) static void refuse(struct sk_witness_answer *out, unsigned status, const char *format, ...)
{
	char line[SK_FAULT_LINE_MAX];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(line, sizeof line, format, args);
	va_end(args);
	sk_buf_reset(&out->body);
	out->status = status;
	out->type = "text/plain; charset=utf-8";
	sk_escape_line(&out->body, line, strlen(line));
	sk_buf_add_u8(&out->body, '\n');
}

static void conflict(struct sk_witness_answer *out)
{
	sk_buf_reset(&out->body);
	out->status = STATUS_CONFLICT;
	out->type = "text/x.tlog.size";
	sk_buf_addf(&out->body, "%llu\n", (unsigned long long)out->old_size);
}

static const struct sk_verify_key *log_of(const struct sk_witness *witness, const char *origin)
{
	for (size_t i = 0; i < witness->log_count; i++)
		if (strcmp(witness->logs[i].name, origin) == 0)
			return &witness->logs[i];
	return NULL;
}

/* Only the body and the log's own signature are kept and signed: lines of strangers are none of our business. */
static void sign(struct sk_witness *witness, const struct sk_verify_key *log, int64_t now_ns, struct sk_buf *line, struct sk_buf *state)
{
	const struct sk_note *note = &witness->note;
	uint64_t seconds = (uint64_t)(now_ns / 1000000000);
	sk_note_add_cosignature(line, note->body, note->body_length, witness->key, seconds);
	sk_buf_add(state, note->body, note->body_length);
	sk_buf_add_u8(state, '\n');
	for (size_t i = 0; i < note->signature_count; i++)
		if (note->signatures[i].id == log->id && strcmp(note->signatures[i].name, log->name) == 0)
			sk_note_add_foreign(state, log, note->signatures[i].bytes, note->signatures[i].length);
	sk_buf_add(state, line->bytes, line->length);
}

/* On disk, synced, before anybody gets to see the cosignature. rule: WITNESS-1 */
static void persist(struct sk_witness *witness, const struct sk_verify_key *log, int64_t now_ns, struct sk_witness_answer *out)
{
	char path[SK_PATH_MAX];
	struct sk_buf state;
	struct sk_fault fault;
	sk_buf_init(&state, STATE_MAX);
	sk_buf_reset(&out->body);
	sign(witness, log, now_ns, &out->body, &state);
	state_path(witness, log->name, path);
	enum sk_err err = state.failed != SK_OK ? state.failed : out->body.failed;
	if (err == SK_OK)
		err = sk_file_replace(path, state.bytes, state.length, FILE_MODE, &fault);
	sk_buf_fini(&state);
	if (err != SK_OK) {
		refuse(out, STATUS_FAILED, "the witness cannot write down what it would sign, so it signs nothing");
		return;
	}
	out->status = STATUS_OK;
	out->type = "text/plain; charset=utf-8";
}

void sk_witness_judge(struct sk_witness *witness, const void *bytes, size_t length, int64_t now_ns, struct sk_witness_answer *out)
{
	struct sk_witness_request request;
	struct sk_checkpoint sent, known;
	struct sk_fault fault;
	*out = (struct sk_witness_answer){.status = STATUS_FAILED};
	sk_buf_init(&out->body, SK_WITNESS_REQUEST_MAX);
	if (sk_witness_request_read(bytes, length, &request, &fault) != SK_OK || sk_note_parse(request.checkpoint, request.checkpoint_length, &witness->note, &fault) != SK_OK ||
	    sk_checkpoint_parse(witness->note.body, witness->note.body_length, &sent, &fault) != SK_OK) {
		refuse(out, STATUS_BAD, "%s", fault.line);
		return;
	}
	memcpy(out->origin, sent.origin, sizeof out->origin);
	out->size = sent.size;
	const struct sk_verify_key *log = log_of(witness, sent.origin);
	if (log == NULL) {
		refuse(out, STATUS_UNKNOWN, "%s: this witness does not know the log", sent.origin);
		return;
	}
	if (sk_note_verify(&witness->note, log) != SK_OK) {
		refuse(out, STATUS_FORBIDDEN, "%s: no valid signature by the log's key %s+%08x", sent.origin, log->name, (unsigned)log->id);
		return;
	}
	if (request.old_size > sent.size) {
		refuse(out, STATUS_BAD, "old size %llu is larger than the checkpoint's %llu", (unsigned long long)request.old_size, (unsigned long long)sent.size);
		return;
	}
	if (read_state(witness, sent.origin, &known, &fault) != SK_OK) {
		refuse(out, STATUS_FAILED, "the witness cannot read what it signed last, so it signs nothing");
		return;
	}
	out->old_size = known.size;
	/* A tree of one size has one root: another one is another history. */
	if (request.old_size != known.size || (sent.size == known.size && memcmp(sent.root, known.root, SK_HASH_BYTES) != 0)) {
		conflict(out);
		return;
	}
	if (sk_growth_check(known.size, sent.size, known.root, sent.root, (const uint8_t(*)[SK_HASH_BYTES])request.proof, request.proof_count) != SK_OK) {
		refuse(out, STATUS_PROOF, "the proof does not show that the tree of %llu leaves is the beginning of the tree of %llu", (unsigned long long)known.size, (unsigned long long)sent.size);
		return;
	}
	persist(witness, log, now_ns, out);
}
