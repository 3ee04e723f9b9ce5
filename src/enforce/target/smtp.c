/* SPDX-License-Identifier: Apache-2.0 */
#include "target/smtp_priv.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEARD_MAX = SK_SMTP_LINE_MAX * SK_SMTP_LINES_MAX, COMMAND_MAX = 512 };

struct sk_smtp {
	const struct sk_backend_place *place;
	char where[SK_PEER_TEXT_MAX];
	int fd;
	bool broken; /* nothing more is said */
	size_t heard_length;
	uint8_t heard[HEARD_MAX];
};

static enum sk_err break_off(struct sk_smtp *smtp, const char *why, struct sk_fault *fault)
{
	smtp->broken = true;
	return sk_fault_set(fault, SK_ETARGET, "%s: mail server %s: %s", smtp->place->name, smtp->where, why);
}

static enum sk_err write_all(struct sk_smtp *smtp, const void *bytes, size_t length, struct sk_fault *fault)
{
	const uint8_t *at = bytes;
	while (length != 0) {
		ssize_t n = send(smtp->fd, at, length, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return break_off(smtp, strerror(errno), fault);
		at += n;
		length -= (size_t)n;
	}
	return SK_OK;
}

/* One reply; what came behind it stays for the next. */
static enum sk_err hear(struct sk_smtp *smtp, struct sk_smtp_reply *reply, struct sk_fault *fault)
{
	int64_t since = smtp->place->clock.monotonic_ns(smtp->place->clock.context);
	for (;;) {
		size_t used = 0;
		enum sk_err err = sk_smtp_reply_parse(smtp->heard, smtp->heard_length, &used, reply);
		if (err == SK_OK) {
			smtp->heard_length -= used;
			memmove(smtp->heard, smtp->heard + used, smtp->heard_length);
			return SK_OK;
		}
		if (err != SK_EMORE || smtp->heard_length == sizeof smtp->heard)
			return break_off(smtp, "what it says is not SMTP", fault);
		struct pollfd ready = {.fd = smtp->fd, .events = POLLIN};
		int left = SK_SMTP_TIMEOUT_MS - (int)((smtp->place->clock.monotonic_ns(smtp->place->clock.context) - since) / 1000000);
		if (left <= 0 || poll(&ready, 1, left) == 0)
			return break_off(smtp, "it does not answer in time", fault);
		ssize_t n = recv(smtp->fd, smtp->heard + smtp->heard_length, sizeof smtp->heard - smtp->heard_length, 0);
		if (n == 0 || (n < 0 && errno != EINTR))
			return break_off(smtp, n == 0 ? "it closed the connection" : strerror(errno), fault);
		if (n > 0)
			smtp->heard_length += (size_t)n;
	}
}

/* Say a command and hear its reply, whose first digit must be `wanted`. */
static enum sk_err ask(struct sk_smtp *smtp, const char *command, unsigned wanted, struct sk_smtp_reply *reply, struct sk_fault *fault)
{
	char line[COMMAND_MAX];
	int length = snprintf(line, sizeof line, "%s\r\n", command);
	SK_INVARIANT(length > 0 && length < (int)sizeof line && strcspn(command, "\r\n") == strlen(command));
	SK_TRY(write_all(smtp, line, (size_t)length, fault));
	SK_TRY(hear(smtp, reply, fault));
	if (reply->code / 100 == wanted)
		return SK_OK;
	return sk_fault_set(fault, reply->code / 100 == 5 ? SK_EUSAGE : SK_ETARGET, "%s: mail server %s answers %u %s to '%s'", smtp->place->name, smtp->where, reply->code, reply->text, command);
}

enum sk_err sk_smtp_open(const struct sk_backend_place *place, const struct sk_peer *server, const char *helo, struct sk_smtp **out, struct sk_fault *fault)
{
	struct sk_smtp_reply reply;
	char command[COMMAND_MAX];
	struct sk_smtp *smtp = calloc(1, sizeof *smtp);
	if (smtp == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", place->name);
	smtp->place = place;
	smtp->fd = -1;
	(void)sk_peer_format(server, smtp->where);
	enum sk_err err = sk_peer_connect(server, place->named, place->named_context, SK_SMTP_TIMEOUT_MS, &smtp->fd, fault);
	if (err != SK_OK) {
		free(smtp);
		return err == SK_EPERMIT ? err : SK_ETARGET;
	}
	err = hear(smtp, &reply, fault);
	if (err == SK_OK && reply.code / 100 != 2)
		err = break_off(smtp, reply.text, fault);
	(void)snprintf(command, sizeof command, "EHLO %s", helo);
	if (err == SK_OK)
		err = ask(smtp, command, 2, &reply, fault);
	if (err != SK_OK) {
		sk_smtp_close(smtp);
		return SK_ETARGET;
	}
	*out = smtp;
	return SK_OK;
}

/* RFC 5321, 4.5.2: a line that begins with a dot gets another. */
static enum sk_err write_message(struct sk_smtp *smtp, const char *message, size_t length, struct sk_fault *fault)
{
	struct sk_buf stuffed;
	const char *end = message + length;
	sk_buf_init(&stuffed, 2 * SK_MAIL_MESSAGE_MAX);
	while (message < end) {
		const char *line_end = memchr(message, '\n', (size_t)(end - message));
		SK_INVARIANT(line_end != NULL);
		if (*message == '.')
			sk_buf_add_u8(&stuffed, '.');
		sk_buf_add(&stuffed, message, (size_t)(line_end - message) + 1);
		message = line_end + 1;
	}
	sk_buf_add_text(&stuffed, ".\r\n");
	enum sk_err err = stuffed.failed != SK_OK ? sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", smtp->place->name) : write_all(smtp, stuffed.bytes, stuffed.length, fault);
	sk_buf_fini(&stuffed);
	return err;
}

static enum sk_err transact(struct sk_smtp *smtp, const char *from, const char *to, const void *message, size_t length, struct sk_smtp_reply *reply, struct sk_fault *fault)
{
	char command[COMMAND_MAX];
	(void)snprintf(command, sizeof command, "MAIL FROM:<%s>", from);
	SK_TRY(ask(smtp, command, 2, reply, fault));
	(void)snprintf(command, sizeof command, "RCPT TO:<%s>", to);
	SK_TRY(ask(smtp, command, 2, reply, fault));
	SK_TRY(ask(smtp, "DATA", 3, reply, fault));
	SK_TRY(write_message(smtp, message, length, fault));
	SK_TRY(hear(smtp, reply, fault));
	if (reply->code / 100 == 2)
		return SK_OK;
	return sk_fault_set(fault, reply->code / 100 == 5 ? SK_EUSAGE : SK_ETARGET, "%s: mail server %s answers %u %s to the message", smtp->place->name, smtp->where, reply->code, reply->text);
}

enum sk_err sk_smtp_send(struct sk_smtp *smtp, const char *from, const char *to, const void *message, size_t length, struct sk_smtp_reply *reply, struct sk_fault *fault)
{
	struct sk_smtp_reply ignored;
	SK_INVARIANT(sk_mail_address_valid(from) && sk_mail_address_valid(to) && length <= SK_MAIL_MESSAGE_MAX && sk_mail_wire_valid(message, length));
	*reply = (struct sk_smtp_reply){.code = 0};
	if (smtp->broken)
		return break_off(smtp, "the session is over", fault);
	enum sk_err err = transact(smtp, from, to, message, length, reply, fault);
	/* The next message begins anew; the fault that counts is the first. */
	if (err != SK_OK && !smtp->broken && ask(smtp, "RSET", 2, &ignored, NULL) != SK_OK)
		smtp->broken = true;
	return err;
}

void sk_smtp_close(struct sk_smtp *smtp)
{
	struct sk_smtp_reply reply;
	if (smtp == NULL)
		return;
	if (!smtp->broken && smtp->fd >= 0 && ask(smtp, "QUIT", 2, &reply, NULL) != SK_OK)
		smtp->broken = true;
	if (smtp->fd >= 0)
		(void)close(smtp->fd);
	free(smtp);
}
