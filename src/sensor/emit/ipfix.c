/* SPDX-License-Identifier: Apache-2.0 */
/* A writer of our own: two templates and an options template. (libfixbuf opens sockets by itself, where promise 4 wants them from one function, and would bring
   glib into the process that holds frames: docs/exports.md.)

   message: version 10 (2)  length (2)  export time s (4)  sequence, of data records (4)  domain (4)      set: id (2)  length (2)  records          */
#include "emit/ipfix.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/wire.h"

enum {
	VERSION = 10, SET_TEMPLATES = 2, SET_OPTIONS = 3, TEMPLATE_IPV4 = 256, TEMPLATE_IPV6 = 257, TEMPLATE_DOMAIN = 258, HEAD_BYTES = 16, SET_HEAD_BYTES = 4,
	STREAM_BYTES = 16384, NAME_MAX_BYTES = 128, RECORD_MAX_BYTES = 128, CONNECT_MS = 1000, PROTO_ICMP = 1, PROTO_ICMPV6 = 58,
	BIFLOW_INITIATOR = 1, BIFLOW_REVERSE_INITIATOR = 2
};
#define AGAIN_NS INT64_C(5000000000) /* a peer that is gone is asked again after so long */

/* Element and length; the address elements and the ICMP element differ by family. */
struct field {
	uint16_t ipv4, ipv6, bytes4, bytes6;
};
static const struct field fields[] = {
	{8, 27, 4, 16}, {12, 28, 4, 16}, {7, 7, 2, 2}, {11, 11, 2, 2}, {4, 4, 1, 1}, {6, 6, 1, 1}, {2, 2, 8, 8}, {1, 1, 8, 8}, {152, 152, 8, 8}, {153, 153, 8, 8},
	{136, 136, 1, 1} /* flowEndReason */, {239, 239, 1, 1} /* biflowDirection */, {32, 139, 2, 2} /* ICMP type and code */, {10, 10, 4, 4} /* ingressInterface */,
	{34, 34, 4, 4} /* samplingInterval: one packet in so many was counted, the counts are as told; 0 not known, 1 all */
};

struct sk_ipfix {
	struct sk_peer peer;
	bool file;
	char path[256];
	sk_peer_named named;
	void *context;
	struct sk_clock clock;
	int fd;                       /* -1: not connected */
	int64_t tried_ns;             /* monotonic, of the last connect that failed */
	char name[NAME_MAX_BYTES];
	size_t room;                  /* of a message */
	uint32_t sequence;            /* data records before the message at hand */
	uint32_t records;             /* in it */
	uint16_t open_set;            /* id of the set at its end; 0: none */
	size_t set_start;
	uint64_t messages;
	int64_t templates_ns;
	bool templates_due;
	uint32_t domain;
	int64_t template_ns;          /* of UDP, between two times */
	uint64_t sent, lost;
	int errnum, last_errnum;      /* of the first loss; of the last try */
	struct sk_out out;
	uint8_t bytes[STREAM_BYTES];
};

/* ---- messages ---- */

static void begin_message(struct sk_ipfix *ipfix)
{
	ipfix->out = sk_out_of(ipfix->bytes, ipfix->room);
	ipfix->records = 0;
	ipfix->open_set = 0;
	sk_put(&ipfix->out, HEAD_BYTES);
}

static void patch(struct sk_ipfix *ipfix, size_t at, size_t value)
{
	struct sk_out place = sk_out_of(ipfix->bytes + at, 2);
	sk_put_be16(&place, (uint16_t)value);
}

static void end_set(struct sk_ipfix *ipfix)
{
	if (ipfix->open_set != 0)
		patch(ipfix, ipfix->set_start + 2, sk_out_length(&ipfix->out) - ipfix->set_start);
	ipfix->open_set = 0;
}

static void begin_set(struct sk_ipfix *ipfix, uint16_t id)
{
	if (ipfix->open_set == id)
		return;
	end_set(ipfix);
	ipfix->open_set = id;
	ipfix->set_start = sk_out_length(&ipfix->out);
	sk_put_be16(&ipfix->out, id);
	sk_put_be16(&ipfix->out, 0);
}

static void put_templates(struct sk_ipfix *ipfix)
{
	size_t name = strlen(ipfix->name);
	begin_set(ipfix, SET_TEMPLATES);
	for (unsigned v6 = 0; v6 < 2; v6++) {
		sk_put_be16(&ipfix->out, v6 ? TEMPLATE_IPV6 : TEMPLATE_IPV4);
		sk_put_be16(&ipfix->out, SK_COUNT(fields));
		for (size_t i = 0; i < SK_COUNT(fields); i++) {
			sk_put_be16(&ipfix->out, v6 ? fields[i].ipv6 : fields[i].ipv4);
			sk_put_be16(&ipfix->out, v6 ? fields[i].bytes6 : fields[i].bytes4);
		}
	}
	end_set(ipfix);
	if (name == 0)
		return;
	begin_set(ipfix, SET_OPTIONS); /* scope: observationDomainId; observationDomainName */
	static const uint16_t options[] = {TEMPLATE_DOMAIN, 2, 1, 149, 4, 300, UINT16_MAX};
	for (size_t i = 0; i < SK_COUNT(options); i++)
		sk_put_be16(&ipfix->out, options[i]);
	begin_set(ipfix, TEMPLATE_DOMAIN);
	sk_put_be32(&ipfix->out, ipfix->domain);
	sk_put_u8(&ipfix->out, (uint8_t)name);
	sk_put_bytes(&ipfix->out, ipfix->name, name);
	ipfix->records++;
	end_set(ipfix);
}

/* ---- on the way ---- */

static void lose(struct sk_ipfix *ipfix, int errnum)
{
	ipfix->lost += ipfix->records;
	ipfix->last_errnum = errnum;
	if (ipfix->errnum == 0)
		ipfix->errnum = errnum;
}

/* A connection begins with the templates. False: not now. */
static bool is_connected(struct sk_ipfix *ipfix)
{
	int64_t now_ns = ipfix->clock.monotonic_ns(ipfix->clock.context);
	struct sk_fault unused;
	if (ipfix->fd >= 0)
		return true;
	if (ipfix->file || now_ns - ipfix->tried_ns < AGAIN_NS)
		return false;
	ipfix->tried_ns = now_ns;
	if (sk_peer_connect(&ipfix->peer, ipfix->named, ipfix->context, CONNECT_MS, &ipfix->fd, &unused) != SK_OK) {
		ipfix->fd = -1;
		return false;
	}
	ipfix->templates_due = true;
	ipfix->sequence = 0; /* a new session counts anew (RFC 7011 3.1) */
	return true;
}

/* All of the bytes, to a stream or a file; a datagram goes whole or not at all. */
static bool send_all(struct sk_ipfix *ipfix, const uint8_t *bytes, size_t length)
{
	while (length > 0) {
		ssize_t sent = ipfix->file ? write(ipfix->fd, bytes, length) : send(ipfix->fd, bytes, length, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		bytes += sent;
		length -= (size_t)sent;
	}
	return true;
}

static void send_message(struct sk_ipfix *ipfix)
{
	struct sk_out head = sk_out_of(ipfix->bytes, HEAD_BYTES);
	size_t length = sk_out_length(&ipfix->out);
	bool udp = !ipfix->file && ipfix->peer.transport == SK_PEER_UDP;
	end_set(ipfix);
	sk_put_be16(&head, VERSION);
	sk_put_be16(&head, (uint16_t)length);
	sk_put_be32(&head, (uint32_t)(ipfix->clock.unix_ns(ipfix->clock.context) / 1000000000));
	sk_put_be32(&head, ipfix->sequence);
	sk_put_be32(&head, ipfix->domain);
	errno = 0;
	if (ipfix->fd >= 0 && send_all(ipfix, ipfix->bytes, length)) {
		ipfix->sequence += ipfix->records;
		ipfix->messages++;
		ipfix->sent += ipfix->records;
		ipfix->last_errnum = 0;
		return;
	}
	/* The number goes on all the same: a collector that comes back sees what it missed. */
	lose(ipfix, errno != 0 ? errno : ENOTCONN);
	ipfix->sequence += ipfix->records;
	if (ipfix->fd >= 0 && !ipfix->file && !udp) {
		(void)close(ipfix->fd);
		ipfix->fd = -1;
		ipfix->tried_ns = ipfix->clock.monotonic_ns(ipfix->clock.context);
	}
}

/* Over UDP templates get lost and forgotten: they come again and again, in messages of their own. */
static void send_templates(struct sk_ipfix *ipfix)
{
	int64_t now_ns = ipfix->clock.monotonic_ns(ipfix->clock.context);
	bool udp = !ipfix->file && ipfix->peer.transport == SK_PEER_UDP;
	bool due = ipfix->templates_due ||
		   (udp && (ipfix->messages % SK_IPFIX_TEMPLATE_MESSAGES == 0 || now_ns - ipfix->templates_ns >= ipfix->template_ns));
	if (!due)
		return;
	ipfix->templates_due = false;
	ipfix->templates_ns = now_ns;
	begin_message(ipfix);
	put_templates(ipfix);
	send_message(ipfix);
}

void sk_ipfix_flush(struct sk_ipfix *ipfix)
{
	if (ipfix->records != 0)
		send_message(ipfix);
	begin_message(ipfix);
}

/* ---- records ---- */

static uint8_t end_reason(uint8_t end)
{
	static const uint8_t reasons[] = {1, 2, 3, 5, 4, 4}; /* idle, active, closed, evicted, basis, stop */
	return end < sizeof reasons ? reasons[end] : 1;
}

static void put_addr(struct sk_out *out, const struct sk_addr *addr)
{
	sk_put_bytes(out, addr->bytes, addr->family == 6 ? 16 : 4);
}

static uint16_t icmp_of(const struct sk_observation *o, unsigned direction)
{
	if (o->ip_proto != PROTO_ICMP && o->ip_proto != PROTO_ICMPV6)
		return 0;
	return (uint16_t)(direction == 0 ? o->icmp_type << 8 | o->icmp_code : o->responder_port << 8);
}

static void put_record(struct sk_ipfix *ipfix, const struct sk_observation *o, unsigned direction)
{
	struct sk_out *out = &ipfix->out;
	bool icmp = o->ip_proto == PROTO_ICMP || o->ip_proto == PROTO_ICMPV6;
	uint16_t ports[2] = {icmp ? 0 : o->initiator_port, icmp ? 0 : o->responder_port};
	begin_set(ipfix, o->initiator.family == 6 ? TEMPLATE_IPV6 : TEMPLATE_IPV4);
	put_addr(out, direction == 0 ? &o->initiator : &o->responder);
	put_addr(out, direction == 0 ? &o->responder : &o->initiator);
	sk_put_be16(out, ports[direction]);
	sk_put_be16(out, ports[!direction]);
	sk_put_u8(out, o->ip_proto);
	sk_put_u8(out, o->tcp_flags[direction]);
	sk_put_be64(out, o->packets[direction]);
	sk_put_be64(out, o->ip_bytes[direction]);
	sk_put_be64(out, (uint64_t)(o->first_ns / 1000000));
	sk_put_be64(out, (uint64_t)(o->last_ns / 1000000));
	sk_put_u8(out, end_reason(o->end));
	sk_put_u8(out, !o->initiator_sure ? 0 : direction == 0 ? BIFLOW_INITIATOR : BIFLOW_REVERSE_INITIATOR);
	sk_put_be16(out, icmp_of(o, direction));
	sk_put_be32(out, o->interface);
	sk_put_be32(out, o->metered_by == SK_METER_HERE ? 1 : o->sampling);
	ipfix->records++;
}

void sk_ipfix_observation(struct sk_ipfix *ipfix, const struct sk_observation *observation)
{
	/* What a detector counted over many flows is none. */
	if (observation->kind == SK_OBSERVATION_EVENT)
		return;
	for (unsigned direction = 0; direction < 2; direction++) {
		/* The first direction stands for an event in which nothing was counted. */
		if (observation->packets[direction] == 0 && (direction == 1 || observation->packets[1] != 0))
			continue;
		if (ipfix->room - sk_out_length(&ipfix->out) < RECORD_MAX_BYTES)
			sk_ipfix_flush(ipfix);
		if (ipfix->records == 0 && is_connected(ipfix)) {
			send_templates(ipfix);
			begin_message(ipfix);
		}
		put_record(ipfix, observation, direction);
	}
}

/* ---- open and close ---- */

static enum sk_err open_file(struct sk_ipfix *ipfix, const char *path, struct sk_fault *fault)
{
	ipfix->file = true;
	ipfix->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600); /* addresses stand in it: for its owner alone */
	return ipfix->fd >= 0 ? SK_OK : sk_fault_errno(fault, errno, "%s: cannot write IPFIX", path);
}

static enum sk_err open_where(struct sk_ipfix *ipfix, const char *where, struct sk_fault *fault)
{
	if (strncmp(where, "udp:", 4) != 0 && strncmp(where, "tcp:", 4) != 0)
		return open_file(ipfix, where, fault);
	SK_TRY(sk_peer_parse(where, &ipfix->peer, fault));
	return sk_peer_connect(&ipfix->peer, ipfix->named, ipfix->context, CONNECT_MS, &ipfix->fd, fault);
}

enum sk_err sk_ipfix_open(const char *where, sk_peer_named named, void *context, const struct sk_clock *clock, struct sk_ipfix **out, struct sk_fault *fault)
{
	struct sk_ipfix *ipfix = calloc(1, sizeof *ipfix);
	if (ipfix == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "IPFIX: out of memory");
	ipfix->named = named;
	ipfix->context = context;
	ipfix->clock = *clock;
	ipfix->fd = -1;
	ipfix->templates_due = true;
	sk_ipfix_tune(ipfix, SK_IPFIX_DOMAIN, 0);
	(void)snprintf(ipfix->path, sizeof ipfix->path, "%s", where);
	enum sk_err err = open_where(ipfix, where, fault);
	if (err != SK_OK) {
		free(ipfix);
		return err;
	}
	ipfix->room = !ipfix->file && ipfix->peer.transport == SK_PEER_UDP ? SK_IPFIX_DATAGRAM_BYTES : STREAM_BYTES;
	begin_message(ipfix);
	*out = ipfix;
	return SK_OK;
}

void sk_ipfix_tune(struct sk_ipfix *ipfix, uint32_t domain, int64_t template_ns)
{
	ipfix->domain = domain;
	ipfix->template_ns = template_ns != 0 ? template_ns : SK_IPFIX_TEMPLATE_S * INT64_C(1000000000);
}

enum sk_err sk_ipfix_peer(const struct sk_ipfix *ipfix, struct sk_peer *out)
{
	*out = ipfix->peer;
	return ipfix->file ? SK_EUSAGE : SK_OK;
}

void sk_ipfix_stats(const struct sk_ipfix *ipfix, uint64_t *sent, uint64_t *lost, int *errnum)
{
	*sent = ipfix->sent;
	*lost = ipfix->lost;
	*errnum = ipfix->last_errnum;
}

void sk_ipfix_mark(struct sk_ipfix *ipfix, const char *basis_id, bool simulated)
{
	if (simulated)
		(void)snprintf(ipfix->name, sizeof ipfix->name, "sekisho SIMULATED, basis %.64s", basis_id);
}

enum sk_err sk_ipfix_close(struct sk_ipfix *ipfix, struct sk_fault *fault)
{
	enum sk_err err = SK_OK;
	sk_ipfix_flush(ipfix);
	if (ipfix->fd >= 0 && close(ipfix->fd) != 0 && ipfix->errnum == 0)
		ipfix->errnum = errno;
	if (ipfix->lost != 0 || ipfix->errnum != 0)
		err = sk_fault_errno(fault, ipfix->errnum, "%s: %" PRIu64 " IPFIX records did not get there", ipfix->path, ipfix->lost);
	sk_wipe(ipfix, sizeof *ipfix);
	free(ipfix);
	return err;
}
