/* SPDX-License-Identifier: Apache-2.0 */
/* A writer of messages for tests and seeds. The last bytes of its addresses say on which side they are (fake_border.c). */
#ifndef SK_TEST_EXPORT_MESSAGE_H
#define SK_TEST_EXPORT_MESSAGE_H

#include "wire/wire.h"

enum { MESSAGE_ROOM = 65535, T0 = 1790000000 };
#define DOMESTIC4 0xc0000201u /* 192.0.2.1 */
#define DOMESTIC4_B 0xc0000204u
#define FOREIGN4 0xc6336402u  /* 198.51.100.2 */
#define FOREIGN4_B 0xc6336405u
#define UNKNOWN4 0xcb007103u  /* 203.0.113.3 */

struct msg {
	uint8_t bytes[MESSAGE_ROOM];
	struct sk_out out;
	size_t set;               /* where the set at hand begins */
};

static inline void msg_start(struct msg *m)
{
	m->out = sk_out_of(m->bytes, sizeof m->bytes);
}

static inline void put16(struct msg *m, unsigned v) { sk_put_be16(&m->out, (uint16_t)v); }
static inline void put32(struct msg *m, uint64_t v) { sk_put_be32(&m->out, (uint32_t)v); }
static inline void put64(struct msg *m, uint64_t v) { sk_put_be64(&m->out, v); }
static inline void put8(struct msg *m, unsigned v) { sk_put_u8(&m->out, (uint8_t)v); }
static inline size_t msg_length(const struct msg *m) { return sk_out_length(&m->out); }

static inline void patch16(struct msg *m, size_t at, size_t v)
{
	m->bytes[at] = (uint8_t)(v >> 8);
	m->bytes[at + 1] = (uint8_t)v;
}

static inline void v9_start(struct msg *m, uint32_t sequence, uint32_t source_id)
{
	msg_start(m);
	put16(m, 9), put16(m, 1), put32(m, 1000000), put32(m, T0), put32(m, sequence), put32(m, source_id);
}

static inline void ipfix_start(struct msg *m, uint32_t sequence, uint32_t domain)
{
	msg_start(m);
	put16(m, 10), put16(m, 0), put32(m, T0), put32(m, sequence), put32(m, domain);
}

static inline void set_start(struct msg *m, unsigned id)
{
	m->set = msg_length(m);
	put16(m, id), put16(m, 0);
}

static inline void set_end(struct msg *m)
{
	patch16(m, m->set + 2, msg_length(m) - m->set);
}

static inline void ipfix_end(struct msg *m)
{
	patch16(m, 2, msg_length(m));
}

/* count, then element and length each. An element above 0x10000 has an enterprise number in its upper part. */
static inline void put_template(struct msg *m, unsigned id, unsigned count, const uint64_t (*fields)[2])
{
	put16(m, id), put16(m, count);
	for (unsigned i = 0; i < count; i++) {
		uint64_t enterprise = fields[i][0] >> 16;
		put16(m, (unsigned)((fields[i][0] & 0xffff) | (enterprise != 0 ? 0x8000 : 0)));
		put16(m, (unsigned)fields[i][1]);
		if (enterprise != 0)
			put32(m, enterprise);
	}
}
#define E(enterprise, element) ((uint64_t)(enterprise) << 16 | (element))
#define TEMPLATE(m, id, ...) \
	do { \
		static const uint64_t template_fields[][2] = {__VA_ARGS__}; \
		put_template(m, id, SK_COUNT(template_fields), template_fields); \
	} while (0)

/* The plain template of most tests: addresses, ports, protocol, flags, packets, bytes, start and end in ms. 46 bytes. */
#define PLAIN_FIELDS {8, 4}, {12, 4}, {7, 2}, {11, 2}, {4, 1}, {6, 1}, {2, 8}, {1, 8}, {152, 8}, {153, 8}
enum { PLAIN_BYTES = 46 };

static inline void put_plain(struct msg *m, uint32_t source, uint32_t destination)
{
	put32(m, source), put32(m, destination), put16(m, 40000), put16(m, 443), put8(m, 6), put8(m, 0x1b), put64(m, 7), put64(m, 7000);
	put64(m, (uint64_t)T0 * 1000 - 5000), put64(m, (uint64_t)T0 * 1000 - 1000);
}

#endif
