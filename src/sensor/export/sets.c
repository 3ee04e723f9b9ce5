/* SPDX-License-Identifier: Apache-2.0 */
/* The two forms that have templates. A message is sets, each with its number and its length:

   NetFlow v9 (RFC 3954 5.1)                                              IPFIX (RFC 7011 3.1)
   version 9 (2)  records (2)  uptime ms (4)  seconds (4)                 version 10 (2)  length (2)  seconds (4)
   sequence, of messages (4)  source id (4)                               sequence, of data records (4)  observation domain (4)
   set: 0 templates, 1 options templates, from 256 data; length (2)       set: 2, 3, from 256 the same; length (2)                    */
#include "export/export_priv.h"

enum { V9_TEMPLATES = 0, V9_OPTIONS = 1, IPFIX_TEMPLATES = 2, IPFIX_OPTIONS = 3, FIRST_DATA = 256, SET_HEAD = 4, MESSAGE_HEAD = 16 };

static enum sk_err take_set(struct sk_export *x, struct message *m, uint16_t id, struct sk_cur set, struct sk_fault *fault)
{
	bool ipfix = m->meter == SK_METER_IPFIX;
	if (id == (ipfix ? IPFIX_TEMPLATES : V9_TEMPLATES) || id == (ipfix ? IPFIX_OPTIONS : V9_OPTIONS)) {
		export_learn(x, m, set, id == (ipfix ? IPFIX_OPTIONS : V9_OPTIONS));
		return SK_OK;
	}
	if (id < FIRST_DATA)
		return SK_OK; /* reserved (RFC 7011 3.3.2): passed over */
	const struct template *template = export_template(x, m, id);
	if (template != NULL)
		return export_data(x, m, template, set, fault);
	/* Without a template nobody knows how many records these are. They are not kept until one comes: that would be memory for whoever sends sets. */
	export_count(x, SK_EXPORT_NO_TEMPLATE, 1);
	m->counted = false;
	return SK_OK;
}

static enum sk_err take_sets(struct sk_export *x, struct message *m, struct sk_cur *cur, struct sk_fault *fault)
{
	while (sk_left(cur) >= SET_HEAD) {
		uint16_t id = sk_be16(cur), length = sk_be16(cur);
		if (length < SET_HEAD || (size_t)length - SET_HEAD > sk_left(cur)) {
			export_count(x, SK_EXPORT_MALFORMED_MESSAGES, 1);
			m->counted = false;
			break;
		}
		SK_TRY(take_set(x, m, id, sk_carve(cur, (size_t)length - SET_HEAD), fault));
	}
	return export_frames_out(x, fault);
}

enum sk_err export_netflow9(struct sk_export *x, struct message *m, struct sk_cur *cur, struct sk_fault *fault)
{
	(void)sk_be16(cur); /* how many records, by many exporters wrongly: the sets say it themselves */
	uint32_t uptime_ms = sk_be32(cur), seconds = sk_be32(cur), sequence = sk_be32(cur), source_id = sk_be32(cur);
	if (cur->dead) {
		export_count(x, SK_EXPORT_MALFORMED_MESSAGES, 1);
		return SK_OK;
	}
	export_clock(x, m, seconds * EXPORT_S);
	m->uptime_ns = uptime_ms * EXPORT_MS;
	m->domain = export_domain(x, m, source_id);
	if (m->domain == NULL)
		return SK_OK;
	export_sequence(x, m->domain, sequence, 1, EXPORT_REORDER_MESSAGES, SK_EXPORT_LOST_MESSAGES);
	return take_sets(x, m, cur, fault);
}

enum sk_err export_ipfix(struct sk_export *x, struct message *m, struct sk_cur *cur, struct sk_fault *fault)
{
	uint16_t length = sk_be16(cur);
	uint32_t seconds = sk_be32(cur), sequence = sk_be32(cur), domain_id = sk_be32(cur);
	if (cur->dead || length < MESSAGE_HEAD || (size_t)length - MESSAGE_HEAD > sk_left(cur)) {
		export_count(x, SK_EXPORT_MALFORMED_MESSAGES, 1);
		return SK_OK;
	}
	struct sk_cur sets = sk_carve(cur, (size_t)length - MESSAGE_HEAD);
	export_clock(x, m, seconds * EXPORT_S);
	m->domain = export_domain(x, m, domain_id);
	if (m->domain == NULL)
		return SK_OK;
	enum sk_err err = take_sets(x, m, &sets, fault);
	/* The number counts data records. After a message that could not be counted the next one's number is taken as it is. */
	export_sequence(x, m->domain, sequence, m->records, EXPORT_REORDER_RECORDS, SK_EXPORT_LOST_RECORDS);
	m->domain->numbered = m->counted;
	return err;
}
