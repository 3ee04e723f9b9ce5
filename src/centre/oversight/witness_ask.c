/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a witness: one HTTP request over a socket that somebody else connected, and its cosignature under our checkpoint. HTTP/1.0, so the answer ends with the connection and no
   transfer coding has to be taken off. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "oversight/witness.h"
#include "seal/foreign.h"
#include "wire/wire.h"

enum { ANSWER_MAX = 65536, HEAD_MAX = 256, PIECE = 4096 };

static enum sk_err send_all(int fd, const uint8_t *bytes, size_t length, struct sk_fault *fault)
{
	while (length != 0) {
		ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return sk_fault_errno(fault, errno, "the witness does not take the request");
		bytes += sent;
		length -= (size_t)sent;
	}
	return SK_OK;
}

static enum sk_err receive_all(int fd, struct sk_buf *out, struct sk_fault *fault)
{
	uint8_t piece[PIECE];
	for (;;) {
		ssize_t got = recv(fd, piece, sizeof piece, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return sk_fault_errno(fault, errno, "the witness does not answer");
		if (got == 0)
			break;
		sk_buf_add(out, piece, (size_t)got);
		if (out->failed != SK_OK)
			return sk_fault_set(fault, out->failed, "the witness' answer is longer than %d bytes", ANSWER_MAX);
	}
	return SK_OK;
}

/* "HTTP/1.x 200 ..." CR LF, header lines, an empty line, the body. */
static enum sk_err split(const struct sk_buf *answer, unsigned *status, struct sk_buf *body, struct sk_fault *fault)
{
	struct sk_cur cur = sk_cur_of(answer->bytes, answer->length);
	const uint8_t *version = sk_take(&cur, 7);
	if (version == NULL || memcmp(version, "HTTP/1.", 7) != 0)
		return sk_fault_set(fault, SK_EMALFORMED, "the witness' answer is no HTTP");
	sk_skip(&cur, 2); /* minor version, blank */
	*status = 0;
	for (size_t i = 0; i < 3; i++) {
		uint8_t digit = sk_u8(&cur);
		if (digit < '0' || digit > '9')
			return sk_fault_set(fault, SK_EMALFORMED, "the witness' answer has no HTTP status");
		*status = *status * 10 + (digit - '0');
	}
	for (unsigned feeds = 0; feeds < 2;) { /* two line feeds with nothing but CR between them end the head */
		uint8_t byte = sk_u8(&cur);
		if (sk_alive(&cur) != SK_OK)
			return sk_fault_set(fault, SK_ETRUNC, "the witness' answer ends within its head");
		feeds = byte == '\n' ? feeds + 1 : byte == '\r' ? feeds : 0;
	}
	size_t length = sk_left(&cur);
	sk_buf_add(body, sk_take(&cur, length), length);
	return body->failed == SK_OK ? SK_OK : sk_fault_set(fault, body->failed, "the witness' answer is too long");
}

enum sk_err sk_witness_send(int fd, const char *host, const struct sk_buf *request, unsigned *status, struct sk_buf *body, struct sk_fault *fault)
{
	struct sk_buf head, answer;
	sk_buf_init(&head, HEAD_MAX);
	sk_buf_init(&answer, ANSWER_MAX);
	sk_buf_addf(&head, "POST /add-checkpoint HTTP/1.0\r\nHost: %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", host, request->length);
	enum sk_err err = head.failed != SK_OK ? sk_fault_set(fault, head.failed, "the witness' address is too long") : send_all(fd, head.bytes, head.length, fault);
	if (err == SK_OK)
		err = send_all(fd, request->bytes, request->length, fault);
	if (err == SK_OK)
		err = receive_all(fd, &answer, fault);
	if (err == SK_OK)
		err = split(&answer, status, body, fault);
	sk_buf_fini(&answer);
	sk_buf_fini(&head);
	return err;
}

static bool is_of(const struct sk_note_signature *signature, const struct sk_verify_key *key)
{
	return signature->id == key->id && strcmp(signature->name, key->name) == 0;
}

/* The signature lines of a note are its last lines; the one that starts at `at` ends with the next LF. */
static void copy_lines(const struct sk_note *note, const struct sk_buf *text, const struct sk_verify_key *without, struct sk_buf *out)
{
	struct sk_cur cur = sk_cur_of(text->bytes, text->length);
	sk_skip(&cur, note->body_length + 1);
	for (size_t i = 0; i < note->signature_count; i++) {
		size_t length = 0;
		while (sk_peek_u8(&cur, length) != '\n' && length < sk_left(&cur))
			length++;
		const uint8_t *line = sk_take(&cur, length + 1);
		if (line != NULL && !is_of(&note->signatures[i], without))
			sk_buf_add(out, line, length + 1);
	}
}

enum sk_err sk_witness_add_lines(const struct sk_buf *note_text, const struct sk_buf *lines, const struct sk_verify_key *witness, struct sk_buf *out, struct sk_fault *fault)
{
	struct sk_note note, answer;
	struct sk_buf whole;
	uint64_t seconds;
	SK_TRY(sk_note_parse(sk_buf_text(note_text), note_text->length, &note, fault));
	sk_buf_init(&whole, SK_NOTE_MAX);
	sk_buf_add(&whole, note.body, note.body_length);
	sk_buf_add_u8(&whole, '\n');
	sk_buf_add(&whole, lines->bytes, lines->length);
	enum sk_err err = whole.failed != SK_OK ? whole.failed : sk_note_parse(sk_buf_text(&whole), whole.length, &answer, fault);
	if (err != SK_OK || sk_note_verify_cosignature(&answer, witness, &seconds) != SK_OK)
		err = sk_fault_set(fault, SK_ESIGNATURE, "the answer is not the cosignature of %s over this checkpoint", witness->name);
	if (err == SK_OK) {
		sk_buf_add(out, note.body, note.body_length);
		sk_buf_add_u8(out, '\n');
		copy_lines(&note, note_text, witness, out);
		for (size_t i = 0; i < answer.signature_count; i++)
			if (is_of(&answer.signatures[i], witness))
				sk_note_add_foreign(out, witness, answer.signatures[i].bytes, answer.signatures[i].length);
		err = out->failed == SK_OK ? SK_OK : sk_fault_set(fault, out->failed, "the checkpoint has too many signatures");
	}
	sk_buf_fini(&whole);
	return err;
}
