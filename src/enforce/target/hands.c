/* SPDX-License-Identifier: Apache-2.0 */
/* The process that runs programs for the enforcer: one message asks, one answers, and the end of either is the end of both. */
#include "target/hands.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "target/target_priv.h"
#include "wire/wire.h"

enum { LENGTH_BYTES = 4, PIECE_BYTES = 1 << 16, READY = 1 };

/* Of this process: the pipes to its hands, and their number. A process gives up the right to run programs once, before anything else, and as a whole; so does what stands in its place. */
static int door[2] = {-1, -1}; /* answers are read from the first, requests written to the second */
static pid_t number = -1;
static bool lost;

static const char *const programs[] = {
#define SK_PROGRAM(name, why) name,
#include "target/program.def"
};

/* ---- messages: a length, big endian, and as many bytes ---- */

static void put_u32(struct sk_buf *out, uint32_t value)
{
	uint8_t bytes[LENGTH_BYTES];
	struct sk_out at = sk_out_of(bytes, sizeof bytes);
	sk_put_be32(&at, value);
	sk_buf_add(out, bytes, sizeof bytes);
}

static void put_bytes(struct sk_buf *out, const void *bytes, size_t length)
{
	put_u32(out, (uint32_t)length);
	if (length != 0)
		sk_buf_add(out, bytes, length);
}

static bool send_all(int fd, const void *bytes, size_t length)
{
	for (const char *at = bytes; length > 0;) {
		ssize_t n = write(fd, at, length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		length -= (size_t)n;
	}
	return true;
}

static bool send_message(int fd, const struct sk_buf *body)
{
	uint8_t bytes[LENGTH_BYTES];
	struct sk_out at = sk_out_of(bytes, sizeof bytes);
	sk_put_be32(&at, (uint32_t)body->length);
	return body->failed == SK_OK && send_all(fd, bytes, sizeof bytes) && send_all(fd, body->bytes, body->length);
}

static bool receive_into(int fd, struct sk_buf *into, size_t wanted)
{
	uint8_t piece[PIECE_BYTES];
	while (wanted > 0) {
		ssize_t n = read(fd, piece, wanted < sizeof piece ? wanted : sizeof piece);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		sk_buf_add(into, piece, (size_t)n);
		wanted -= (size_t)n;
	}
	return into->failed == SK_OK;
}

/* False: the other side is gone, or says more than it may. */
static bool receive_message(int fd, struct sk_buf *into)
{
	sk_buf_reset(into);
	if (!receive_into(fd, into, LENGTH_BYTES))
		return false;
	struct sk_cur cur = sk_cur_of(into->bytes, into->length);
	size_t length = sk_be32(&cur);
	sk_buf_reset(into);
	return length <= SK_HANDS_MESSAGE_MAX && receive_into(fd, into, length);
}

/* ---- a request ---- */

void sk_hands_write(const struct sk_child *child, uint32_t out_limit, uint32_t err_limit, struct sk_buf *out)
{
	uint32_t count = 0;
	while (child->words[count] != NULL)
		count++;
	put_u32(out, (uint32_t)child->timeout_ms);
	put_u32(out, out_limit);
	put_u32(out, err_limit);
	put_u32(out, count);
	for (uint32_t i = 0; i < count; i++)
		put_bytes(out, child->words[i], strlen(child->words[i]));
	put_bytes(out, child->input, child->input_length);
}

static bool is_ours(const char *program)
{
	for (size_t i = 0; i < SK_COUNT(programs); i++)
		if (strcmp(programs[i], program) == 0)
			return true;
	return false;
}

/* Words into one text, each behind the other with its end. */
static bool take_words(struct sk_cur *cur, uint32_t count, struct sk_buf *text)
{
	for (uint32_t i = 0; i < count; i++) {
		struct sk_cur word = sk_carve(cur, sk_be32(cur));
		size_t length = sk_left(&word);
		const uint8_t *bytes = sk_take(&word, length);
		if (bytes == NULL || memchr(bytes, '\0', length) != NULL)
			return false;
		sk_buf_add(text, bytes, length);
		sk_buf_add_u8(text, '\0');
	}
	return text->failed == SK_OK && sk_alive(cur) == SK_OK;
}

//= rule: WALL-2
enum sk_err sk_hands_take(const void *bytes, size_t length, struct sk_hands_request *out, struct sk_fault *fault)
{
	struct sk_cur cur = sk_cur_of(bytes, length);
	*out = (struct sk_hands_request){.child = {.words = out->words}};
	sk_buf_init(&out->text, SK_HANDS_MESSAGE_MAX);
	uint32_t timeout_ms = sk_be32(&cur);
	out->out_limit = sk_be32(&cur);
	out->err_limit = sk_be32(&cur);
	uint32_t count = sk_be32(&cur);
	if (count == 0 || count >= SK_CHILD_WORDS_MAX || timeout_ms > INT32_MAX || out->out_limit > SK_HANDS_MESSAGE_MAX / 2 || out->err_limit > SK_HANDS_MESSAGE_MAX / 4 ||
	    !take_words(&cur, count, &out->text))
		return sk_fault_set(fault, SK_EMALFORMED, "hands: this is no request");
	struct sk_cur input = sk_carve(&cur, sk_be32(&cur));
	if (sk_done(&cur) != SK_OK)
		return sk_fault_set(fault, SK_EMALFORMED, "hands: this is no request");
	const char *at = sk_buf_text(&out->text);
	for (uint32_t i = 0; i < count; i++, at += strlen(at) + 1)
		out->words[i] = at;
	out->child.timeout_ms = (int)timeout_ms;
	out->child.input_length = sk_left(&input);
	out->child.input = sk_take(&input, out->child.input_length);
	return is_ours(out->words[0]) ? SK_OK : sk_fault_set(fault, SK_EPERMIT, "hands: '%.80s' is no program that the enforcer runs", out->words[0]);
}

/* ---- the hands ---- */

static void answer(struct sk_buf *to, enum sk_err err, int status, const char *line, const struct sk_buf *out, const struct sk_buf *said)
{
	sk_buf_reset(to);
	put_u32(to, (uint32_t)err);
	put_u32(to, (uint32_t)status);
	put_bytes(to, line, strlen(line));
	put_bytes(to, out->bytes, out->length);
	put_bytes(to, said->bytes, said->length);
}

static void do_one(struct sk_buf *message)
{
	struct sk_hands_request request;
	struct sk_fault fault = {.line = ""};
	struct sk_buf out, said;
	int status = 0;
	enum sk_err err = sk_hands_take(message->bytes, message->length, &request, &fault);
	sk_buf_init(&out, request.out_limit);
	sk_buf_init(&said, request.err_limit);
	if (err == SK_OK)
		err = sk_child_run_here(&request.child, &out, &said, &status, &fault);
	answer(message, err, status, err == SK_OK ? "" : fault.line, &out, &said);
	sk_buf_fini(&out);
	sk_buf_fini(&said);
	sk_buf_fini(&request.text);
}

/* Their end comes with the other side's: a signal that asks the enforcer to stop is not for them, who may have to undo something yet. */
_Noreturn static void serve(const int ends[2], pid_t parent, enum sk_err (*prepare)(void *context, struct sk_fault *fault), void *context)
{
	struct sk_fault fault = {.line = ""};
	struct sk_buf message;
	static const int ignored[] = {SIGTERM, SIGINT, SIGHUP, SIGPIPE};
	for (size_t i = 0; i < SK_COUNT(ignored); i++)
		(void)signal(ignored[i], SIG_IGN);
	sk_buf_init(&message, SK_HANDS_MESSAGE_MAX);
	enum sk_err err = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent ? SK_OK : sk_fault_set(&fault, SK_EIO, "hands: their enforcer is gone already");
	if (err == SK_OK)
		err = prepare(context, &fault);
	/* Walls may have changed whose process it is, which takes that signal away. */
	if (err == SK_OK && prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		err = sk_fault_errno(&fault, errno, "hands: cannot be tied to the enforcer");
	const struct sk_buf nothing = {0};
	answer(&message, err, READY, fault.line, &nothing, &nothing);
	bool goes_on = send_message(ends[1], &message) && err == SK_OK;
	while (goes_on && receive_message(ends[0], &message)) {
		do_one(&message);
		goes_on = send_message(ends[1], &message);
	}
	_exit(0);
}

/* ---- the one who asks ---- */

static bool take_answer(const struct sk_buf *message, enum sk_err *err, int *status, struct sk_buf *out, struct sk_buf *said, struct sk_fault *fault)
{
	struct sk_cur cur = sk_cur_of(message->bytes, message->length);
	uint32_t code = sk_be32(&cur), ended = sk_be32(&cur);
	struct sk_cur parts[3];
	for (size_t i = 0; i < SK_COUNT(parts); i++)
		parts[i] = sk_carve(&cur, sk_be32(&cur));
	size_t line = sk_left(&parts[0]), length = sk_left(&parts[1]), rest = sk_left(&parts[2]);
	if (sk_done(&cur) != SK_OK || line >= SK_FAULT_LINE_MAX)
		return false;
	*err = (enum sk_err)(int32_t)code;
	*status = (int)ended;
	if (*err != SK_OK)
		(void)sk_fault_set(fault, *err, "%.*s", (int)line, (const char *)sk_take(&parts[0], line));
	if (out != NULL && length != 0)
		sk_buf_add(out, sk_take(&parts[1], length), length);
	if (said != NULL && rest != 0)
		sk_buf_add(said, sk_take(&parts[2], rest), rest);
	return true;
}

static enum sk_err gone(struct sk_fault *fault)
{
	lost = true;
	return sk_fault_set(fault, SK_EIO, "the process that runs programs for the enforcer is gone; start the enforcer again");
}

bool sk_hands_there(void)
{
	return door[1] >= 0;
}

enum sk_err sk_hands_ask(const struct sk_child *child, struct sk_buf *out, struct sk_buf *said, int *status, struct sk_fault *fault)
{
	struct sk_buf message;
	enum sk_err err = SK_OK;
	size_t room = out->limit - out->length, rest = said->limit - said->length;
	sk_buf_init(&message, SK_HANDS_MESSAGE_MAX);
	sk_hands_write(child, (uint32_t)(room < SK_HANDS_MESSAGE_MAX / 2 ? room : SK_HANDS_MESSAGE_MAX / 2), (uint32_t)(rest < SK_HANDS_MESSAGE_MAX / 4 ? rest : SK_HANDS_MESSAGE_MAX / 4), &message);
	if (message.failed != SK_OK)
		err = sk_fault_set(fault, SK_ETARGET, "%s: its input is longer than %d bytes", child->words[0], SK_HANDS_MESSAGE_MAX);
	else if (lost || !send_message(door[1], &message) || !receive_message(door[0], &message) || !take_answer(&message, &err, status, out, said, fault))
		err = gone(fault);
	sk_buf_fini(&message);
	return err;
}

static void close_ends(int ends[2])
{
	for (size_t i = 0; i < 2; i++)
		if (ends[i] >= 0)
			(void)close(ends[i]);
	ends[0] = ends[1] = -1;
}

enum sk_err sk_hands_start(enum sk_err (*prepare)(void *context, struct sk_fault *fault), void *context, struct sk_fault *fault)
{
	int ask[2] = {-1, -1}, tell[2] = {-1, -1}, status = 0;
	pid_t parent = getpid();
	struct sk_buf message;
	enum sk_err err = SK_OK;
	SK_INVARIANT(door[1] < 0);
	bool made = pipe2(ask, O_CLOEXEC) == 0 && pipe2(tell, O_CLOEXEC) == 0;
	number = made ? fork() : -1;
	if (number < 0) {
		err = sk_fault_errno(fault, errno, "hands: no pipe or no process");
		close_ends(ask);
		close_ends(tell);
		return err;
	}
	if (number == 0) {
		(void)close(ask[1]);
		(void)close(tell[0]);
		serve((const int[2]){ask[0], tell[1]}, parent, prepare, context);
	}
	(void)close(ask[0]);
	(void)close(tell[1]);
	door[0] = tell[0];
	door[1] = ask[1];
	sk_buf_init(&message, SK_HANDS_MESSAGE_MAX);
	if (!receive_message(door[0], &message) || !take_answer(&message, &err, &status, NULL, NULL, fault))
		err = gone(fault);
	sk_buf_fini(&message);
	if (err != SK_OK)
		sk_hands_stop();
	return err;
}

bool sk_hands_lost(void)
{
	return lost;
}

void sk_hands_stop(void)
{
	if (door[1] < 0)
		return;
	close_ends(door);
	lost = false;
	while (waitpid(number, NULL, 0) < 0 && errno == EINTR)
		;
	number = -1;
}
