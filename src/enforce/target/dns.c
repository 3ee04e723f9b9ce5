/* SPDX-License-Identifier: Apache-2.0 */
/* A resolver is asked (RFC 1035). A few dozen questions are under way at a time; the socket is connected, the id random, the question compared.

    +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
    |                      ID                       |
    |QR|   Opcode  |AA|TC|RD|RA|   Z    |   RCODE   |
    |                    QDCOUNT                    |
    |                    ANCOUNT                    |
    |                    NSCOUNT                    |
    |                    ARCOUNT                    |
    +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+                                                        */
#include "target/dns.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "seal/seal.h"

enum { WINDOW = 32, ROUNDS = 3, WAIT_MS = 700, CONNECT_MS = 2000, FLAG_REPLY = 0x8000, FLAG_RECURSE = 0x0100, CLASS_IN = 1, POINTER = 0xc0, POINTERS_MAX = 16,
       RECORDS_MAX = 64, LABEL_MAX = 63, REPLY_MAX = 4096 };

enum sk_err sk_dns_query(const struct sk_dns_question *question, uint16_t id, struct sk_buf *out)
{
	const uint8_t head[] = {(uint8_t)(id >> 8), (uint8_t)id, FLAG_RECURSE >> 8, 0, 0, 1, 0, 0, 0, 0, 0, 0};
	sk_buf_add(out, head, sizeof head);
	for (const char *at = question->name;;) {
		size_t label = strcspn(at, ".");
		if (label == 0 || label > LABEL_MAX)
			return SK_EUSAGE;
		sk_buf_add_u8(out, (uint8_t)label);
		sk_buf_add(out, at, label);
		at += label;
		if (*at == '\0')
			break;
		at++;
	}
	const uint8_t tail[] = {0, (uint8_t)(question->type >> 8), (uint8_t)question->type, 0, CLASS_IN};
	sk_buf_add(out, tail, sizeof tail);
	return out->failed;
}

/* A name, lower case, without its final dot; what other bytes it has become '?'. message: for pointers. */
static void read_name(struct sk_cur *c, struct sk_cur message, char out[SK_DNS_NAME_MAX])
{
	struct sk_cur at = *c;
	size_t length = 0;
	bool jumped = false;
	out[0] = '\0';
	for (unsigned pointers = 0;;) {
		uint8_t label = sk_u8(&at);
		if (at.dead || ((label & POINTER) != 0 && (label & POINTER) != POINTER))
			break;
		if ((label & POINTER) == POINTER) {
			size_t offset = (size_t)(label & (uint8_t)~POINTER) << 8 | sk_u8(&at);
			if (!jumped)
				*c = at;
			jumped = true;
			if (at.dead || ++pointers > POINTERS_MAX)
				break;
			at = message;
			sk_skip(&at, offset);
			continue;
		}
		if (label == 0) {
			if (!jumped)
				*c = at;
			return;
		}
		if (length + label + 2 > SK_DNS_NAME_MAX)
			break;
		if (length > 0)
			out[length++] = '.';
		for (; label > 0; label--) {
			uint8_t byte = sk_u8(&at);
			out[length++] = (char)(byte >= 'A' && byte <= 'Z' ? byte + 'a' - 'A' : byte > ' ' && byte <= '~' ? byte : '?');
		}
		out[length] = '\0';
	}
	sk_kill(c);
}

/*  NAME, TYPE, CLASS, TTL (32), RDLENGTH, RDATA */
static void read_record(struct sk_cur *c, struct sk_cur message, bool answer, struct sk_dns_answer *out)
{
	char owner[SK_DNS_NAME_MAX];
	read_name(c, message, owner);
	uint16_t type = sk_be16(c);
	(void)sk_be16(c);
	(void)sk_be32(c);
	struct sk_cur data = sk_carve(c, sk_be16(c));
	if (c->dead)
		return;
	if (!answer && type == SK_DNS_SOA && out->soa[0] == '\0')
		memcpy(out->soa, owner, sizeof owner);
	size_t bytes = type == SK_DNS_A ? 4 : type == SK_DNS_AAAA ? 16 : 0;
	if (!answer || bytes == 0 || sk_left(&data) != bytes || out->addr_count == SK_DNS_ADDRS_MAX)
		return;
	struct sk_addr *addr = &out->addrs[out->addr_count++];
	*addr = (struct sk_addr){.family = bytes == 4 ? 4 : 6};
	sk_copy(&data, addr->bytes, bytes);
}

enum sk_err sk_dns_read(struct sk_cur message, const struct sk_dns_question *question, uint16_t id, struct sk_dns_answer *out)
{
	struct sk_cur c = message;
	char name[SK_DNS_NAME_MAX];
	*out = (struct sk_dns_answer){0};
	uint16_t got = sk_be16(&c), flags = sk_be16(&c), questions = sk_be16(&c), answers = sk_be16(&c);
	uint32_t others = (uint32_t)sk_be16(&c) + sk_be16(&c);
	if (c.dead)
		return SK_EMALFORMED;
	if (got != id || (flags & FLAG_REPLY) == 0 || questions != 1)
		return SK_ENOENT;
	read_name(&c, message, name);
	uint16_t type = sk_be16(&c), class_ = sk_be16(&c);
	if (c.dead)
		return SK_EMALFORMED;
	if (strcmp(name, question->name) != 0 || type != question->type || class_ != CLASS_IN)
		return SK_ENOENT;
	for (uint32_t i = 0; i < (uint32_t)answers + others && i < RECORDS_MAX && sk_more(&c); i++)
		read_record(&c, message, i < answers, out);
	out->rcode = flags & 0x0f;
	out->answers = answers;
	out->answered = true;
	return SK_OK;
}

/* ---- many at a time ---- */

struct asking {
	int fd;
	const struct sk_dns_question *questions;
	struct sk_dns_answer *answers;
	size_t count, next;
	struct {
		bool busy;
		uint16_t id;
		size_t question;
	} slots[WINDOW];
	size_t busy, answered;
};

static void send_one(const struct asking *a, size_t slot)
{
	struct sk_buf message;
	sk_buf_init(&message, SK_DNS_MESSAGE_MAX);
	/* A send that fails is a question that is not answered: it is asked again. */
	if (sk_dns_query(&a->questions[a->slots[slot].question], a->slots[slot].id, &message) == SK_OK && send(a->fd, message.bytes, message.length, MSG_NOSIGNAL) < 0)
		errno = 0;
	sk_buf_fini(&message);
}

static void fill(struct asking *a)
{
	for (size_t slot = 0; slot < WINDOW && a->next < a->count; slot++) {
		if (a->slots[slot].busy)
			continue;
		uint16_t id;
		sk_random(&id, sizeof id);
		a->slots[slot].id = (uint16_t)((id & ~(WINDOW - 1)) | slot);
		a->slots[slot].question = a->next++;
		a->slots[slot].busy = true;
		a->busy++;
		send_one(a, slot);
	}
}

static void receive(struct asking *a)
{
	uint8_t bytes[REPLY_MAX];
	for (;;) {
		ssize_t n = recv(a->fd, bytes, sizeof bytes, MSG_DONTWAIT);
		if (n < 0)
			return;
		struct sk_cur head = sk_cur_of(bytes, (size_t)n);
		size_t slot = sk_be16(&head) & (WINDOW - 1);
		if (head.dead || !a->slots[slot].busy)
			continue;
		size_t question = a->slots[slot].question;
		if (sk_dns_read(sk_cur_of(bytes, (size_t)n), &a->questions[question], a->slots[slot].id, &a->answers[question]) != SK_OK)
			continue;
		a->slots[slot].busy = false;
		a->busy--;
		a->answered++;
	}
}

/* A server that is silent is left alone after its rounds; one that answers now and then is asked on. */
static void ask_all(struct asking *a)
{
	unsigned silent = 0;
	while (silent < ROUNDS) {
		fill(a);
		if (a->busy == 0)
			return;
		struct pollfd end = {.fd = a->fd, .events = POLLIN};
		size_t before = a->answered;
		if (poll(&end, 1, WAIT_MS) > 0)
			receive(a);
		if (a->answered != before) {
			silent = 0;
			continue;
		}
		silent++;
		for (size_t slot = 0; slot < WINDOW; slot++)
			if (a->slots[slot].busy)
				send_one(a, slot);
	}
}

enum sk_err sk_dns_ask(const struct sk_peer *server, sk_peer_named named, void *named_context, const struct sk_dns_question *questions, size_t count,
		       struct sk_dns_answer *answers, struct sk_fault *fault)
{
	char where[SK_PEER_TEXT_MAX];
	struct asking a = {.questions = questions, .answers = answers, .count = count};
	memset(answers, 0, count * sizeof *answers);
	SK_TRY(sk_peer_connect(server, named, named_context, CONNECT_MS, &a.fd, fault));
	ask_all(&a);
	(void)close(a.fd);
	if (a.answered == 0)
		return sk_fault_set(fault, SK_ETARGET, "resolver %s does not answer", sk_peer_format(server, where));
	return SK_OK;
}
