/* SPDX-License-Identifier: Apache-2.0 */
/* Records of a set: where one ends, whose it is, and only then what it tells. */
#include "export/export_priv.h"

enum { PROTO_TCP = 6, LONG_LENGTH = 255, PORT_BITS = 8, ETHERNET_FRAMES = 1 };
enum { END_IDLE = 1, END_ACTIVE, END_DETECTED, END_FORCED, END_RESOURCES };
enum { BIFLOW_INITIATOR = 1, BIFLOW_REVERSE_INITIATOR = 2 };
#define NTP_TO_UNIX_S INT64_C(2208988800)

/* ---- fields ---- */

uint64_t record_number(const struct record *r, enum export_field field)
{
	uint64_t value = 0;
	if (!record_has(r, field))
		return 0;
	size_t at = r->where[field], size = r->size[field];
	if (size == 4)
		return sk_view_be32(r->view, at);
	for (size_t i = 0; i < size; i++)
		value = value << 8 | sk_view_u8(r->view, at + i);
	return value;
}

static struct sk_addr record_addr(const struct record *r, enum export_field field, uint8_t family)
{
	struct sk_addr addr = {.family = family};
	memcpy(addr.bytes, sk_view_at(r->view, r->where[field]), family == 4 ? 4 : 16);
	return addr;
}

/* Walk over a record of variable length: its end, and where its fields are. Nothing is read but lengths. False: it goes beyond the set. */
static bool walk(const struct template *template, struct sk_cur *set, uint16_t at[FIELD_COUNT], struct record *r)
{
	struct sk_cur start = *set;
	memset(at, 0xff, FIELD_COUNT * sizeof *at);
	for (uint8_t i = 0; i < template->step_count; i++) {
		const struct step *step = &template->steps[i];
		size_t length;
		sk_skip(set, step->skip);
		if (step->variable) {
			length = sk_u8(set);
			length = length == LONG_LENGTH ? sk_be16(set) : length; /* RFC 7011 7 */
		} else {
			length = template->size[step->field];
		}
		if (step->field != EXPORT_NO_FIELD) {
			at[step->field] = (uint16_t)(sk_offset(set) - sk_offset(&start));
			if (step->variable)
				r->section_length = length;
			else if (step->field == FIELD_IP_SECTION || step->field == FIELD_LINK_SECTION)
				r->section_length = length = template->section_length;
		}
		sk_skip(set, length);
	}
	sk_skip(set, template->tail);
	if (set->dead)
		return false;
	r->length = (uint16_t)(sk_offset(set) - sk_offset(&start));
	r->where = at;
	return true;
}

static bool next_record(const struct template *template, const struct message *m, struct sk_cur *set, uint16_t at[FIELD_COUNT], struct record *r)
{
	struct sk_cur start = *set;
	*r = (struct record){.offset = (size_t)(set->at - m->bytes), .length = template->length, .where = template->where, .size = template->size,
			     .section_length = template->section_length};
	if (template->variable) {
		if (!walk(template, set, at, r))
			return false;
	} else {
		sk_skip(set, template->length);
	}
	r->view = sk_view_of(&start, r->length);
	return sk_view_is(r->view);
}

/* ---- whose it is ---- */

static void count_class(struct sk_export *x, enum sk_class class_)
{
	x->totals.received++;
	x->totals.classes[class_]++;
}

void export_malformed_record(struct sk_export *x)
{
	count_class(x, SK_CLASS_UNKNOWN);
	x->totals.malformed++;
}

static enum sk_gate_reason inner_reason(enum sk_gate_reason reason)
{
	return reason == SK_GATE_DOMESTIC ? SK_GATE_INNER_DOMESTIC : reason == SK_GATE_UNKNOWN ? SK_GATE_INNER_UNKNOWN : SK_GATE_INNER_NOT_COVERED;
}

bool export_judge(struct sk_export *x, const struct sk_addr *source, const struct sk_addr *destination, enum sk_class *class_)
{
	enum sk_gate_reason reason = sk_gate_judge_pair(x->config.border, x->covered, source, destination, class_);
	count_class(x, *class_);
	if (reason != SK_GATE_ADMITTED)
		x->totals.gate[reason]++;
	return reason == SK_GATE_ADMITTED;
}

/* The pairs that a record names: its own, perhaps one of the other family, and what became of it behind a translator. */
struct pairs {
	struct sk_addr source, destination;
	bool any, other, post;
	struct sk_addr other_source, other_destination, post_source, post_destination;
};

static bool take_pair(const struct record *r, enum export_field source, enum export_field destination, uint8_t family, struct sk_addr pair[2])
{
	if (!record_has(r, source) || !record_has(r, destination))
		return false;
	pair[0] = record_addr(r, source, family);
	pair[1] = record_addr(r, destination, family);
	return true;
}

static bool is_zero(const struct sk_addr *addr)
{
	static const uint8_t zero[16];
	return memcmp(addr->bytes, zero, sizeof zero) == 0;
}

/* Not translated is told as zero, or not at all. */
static bool take_post(const struct record *r, enum export_field four, enum export_field six, struct sk_addr *addr)
{
	struct sk_addr found = {.family = 0};
	if (record_has(r, four))
		found = record_addr(r, four, 4);
	if ((found.family == 0 || is_zero(&found)) && record_has(r, six))
		found = record_addr(r, six, 6);
	if (found.family == 0 || is_zero(&found))
		return false;
	*addr = found;
	return true;
}

/* A template may have room for both families: the pair that is all zero is the one that this record does not have. Where neither is, ipVersion says
   which one it is about, and the other is judged beside it. */
static void find_pairs(const struct record *r, struct pairs *p)
{
	struct sk_addr four[2], six[2];
	bool has4 = take_pair(r, FIELD_SOURCE4, FIELD_DESTINATION4, 4, four), has6 = take_pair(r, FIELD_SOURCE6, FIELD_DESTINATION6, 6, six);
	if (has4 && has6 && is_zero(&six[0]) && is_zero(&six[1]))
		has6 = false;
	else if (has4 && has6 && is_zero(&four[0]) && is_zero(&four[1]))
		has4 = false;
	bool about6 = has6 && (!has4 || record_number(r, FIELD_IP_VERSION) == 6);
	p->any = has4 || has6;
	p->other = has4 && has6;
	p->post = false;
	if (!p->any)
		return;
	p->source = about6 ? six[0] : four[0];
	p->destination = about6 ? six[1] : four[1];
	if (p->other) {
		p->other_source = about6 ? four[0] : six[0];
		p->other_destination = about6 ? four[1] : six[1];
	}
	p->post_source = p->source;
	p->post_destination = p->destination;
	p->post = take_post(r, FIELD_POST_SOURCE4, FIELD_POST_SOURCE6, &p->post_source);
	p->post |= take_post(r, FIELD_POST_DESTINATION4, FIELD_POST_DESTINATION6, &p->post_destination);
}

/* The strictest wins: each pair must be in a covered class. Counted is the record's own. rule: EXPORT-2 */
static bool judge_direction(struct sk_export *x, const struct pairs *p, bool reverse, enum sk_class *class_)
{
	const struct sk_addr *ends[3][2] = {{&p->source, &p->destination}, {&p->other_source, &p->other_destination}, {&p->post_source, &p->post_destination}};
	const bool there[3] = {true, p->other, p->post};
	if (!export_judge(x, ends[0][reverse], ends[0][!reverse], class_))
		return false;
	for (unsigned i = 1; i < SK_COUNT(ends); i++) {
		enum sk_class unused;
		enum sk_gate_reason reason = !there[i] ? SK_GATE_ADMITTED : sk_gate_judge_pair(x->config.border, x->covered, ends[i][reverse], ends[i][!reverse], &unused);
		if (reason == SK_GATE_ADMITTED)
			continue;
		x->totals.gate[inner_reason(reason)]++;
		return false;
	}
	return true;
}

/* ---- what it tells ---- */

static int64_t from_ntp(uint64_t ntp)
{
	int64_t fraction = (int64_t)((ntp & UINT32_MAX) * (uint64_t)EXPORT_S >> 32);
	return ((int64_t)(ntp >> 32) - NTP_TO_UNIX_S) * EXPORT_S + fraction;
}

/* value * unit after `from`, at the ends of time where it does not fit. */
static int64_t after(int64_t from, uint64_t value, int64_t unit)
{
	int64_t product = 0, sum = 0;
	if (value > INT64_MAX || __builtin_mul_overflow((int64_t)value, unit, &product) || __builtin_add_overflow(from, product, &sum))
		return unit < 0 ? INT64_MIN + 1 : INT64_MAX;
	return sum;
}

/* A 32-bit clock of milliseconds wraps in 50 days: what counts is how far it is from the one in the header. */
static int64_t from_uptime(const struct message *m, uint64_t uptime_ms)
{
	if (m->uptime_ns == INT64_MIN)
		return m->domain->system_init_ns != 0 ? after(m->domain->system_init_ns, uptime_ms, EXPORT_MS) : INT64_MIN;
	int32_t ago_ms = (int32_t)((uint32_t)(m->uptime_ns / EXPORT_MS) - (uint32_t)uptime_ms);
	return m->base_ns - (int64_t)ago_ms * EXPORT_MS;
}

struct time_fields {
	enum export_field uptime, s, ms, ntp, delta_us;
};

/* The finest that is there; INT64_MIN when none is. */
static int64_t record_time(const struct message *m, const struct record *r, const struct time_fields *f)
{
	if (record_has(r, f->ntp))
		return from_ntp(record_number(r, f->ntp));
	if (record_has(r, f->ms))
		return after(0, record_number(r, f->ms), EXPORT_MS);
	if (record_has(r, f->s))
		return after(0, record_number(r, f->s), EXPORT_S);
	if (record_has(r, f->delta_us))
		return after(m->base_ns, record_number(r, f->delta_us), -1000);
	if (record_has(r, f->uptime))
		return from_uptime(m, record_number(r, f->uptime));
	return INT64_MIN;
}

static int64_t observed_time(const struct record *r)
{
	if (record_has(r, FIELD_OBSERVED_NTP))
		return from_ntp(record_number(r, FIELD_OBSERVED_NTP));
	if (record_has(r, FIELD_OBSERVED_MS))
		return after(0, record_number(r, FIELD_OBSERVED_MS), EXPORT_MS);
	return record_has(r, FIELD_OBSERVED_S) ? after(0, record_number(r, FIELD_OBSERVED_S), EXPORT_S) : INT64_MIN;
}

static int64_t clamp_time(const struct message *m, int64_t time_ns, bool *wrong)
{
	/* A message's own time is one of 32 bits of seconds, or a clock's: nothing here can overflow. */
	int64_t least = m->base_ns - EXPORT_PAST_NS, most = m->base_ns + EXPORT_AHEAD_NS;
	*wrong |= time_ns < least || time_ns > most;
	return time_ns < least ? least : time_ns > most ? most : time_ns;
}

void export_times(struct sk_export *x, const struct message *m, int64_t first_ns, int64_t last_ns, struct sk_metered *metered)
{
	bool wrong = false;
	if (first_ns == INT64_MIN && last_ns == INT64_MIN) {
		export_count(x, SK_EXPORT_TIMES_MISSING, 1);
		first_ns = last_ns = m->base_ns;
	}
	first_ns = first_ns == INT64_MIN ? last_ns : first_ns;
	last_ns = last_ns == INT64_MIN ? first_ns : last_ns;
	metered->first_ns = clamp_time(m, first_ns, &wrong);
	metered->last_ns = clamp_time(m, last_ns, &wrong);
	if (metered->first_ns > metered->last_ns) {
		wrong = true;
		metered->first_ns = metered->last_ns;
	}
	export_count(x, SK_EXPORT_TIMES_WRONG, wrong);
}

static void read_times(struct sk_export *x, const struct message *m, const struct record *r, struct sk_metered *metered)
{
	static const struct time_fields start = {FIELD_START_UPTIME, FIELD_START_S, FIELD_START_MS, FIELD_START_NTP, FIELD_START_DELTA_US};
	static const struct time_fields end = {FIELD_END_UPTIME, FIELD_END_S, FIELD_END_MS, FIELD_END_NTP, FIELD_END_DELTA_US};
	int64_t first_ns = record_time(m, r, &start), last_ns = record_time(m, r, &end);
	if (last_ns == INT64_MIN)
		last_ns = observed_time(r);
	if (last_ns == INT64_MIN && first_ns != INT64_MIN && (record_has(r, FIELD_DURATION_US) || record_has(r, FIELD_DURATION_MS)))
		last_ns = record_has(r, FIELD_DURATION_US) ? after(first_ns, record_number(r, FIELD_DURATION_US), 1000)
							   : after(first_ns, record_number(r, FIELD_DURATION_MS), EXPORT_MS);
	export_times(x, m, first_ns, last_ns, metered);
}

/* One packet in how many: as the record says, or what its exporter told of the sampler that it names, or of all. */
static uint32_t read_sampling(const struct record *r)
{
	uint64_t interval = record_number(r, FIELD_SAMPLING_INTERVAL), taken = record_number(r, FIELD_PACKET_INTERVAL);
	uint64_t size = record_number(r, FIELD_SAMPLING_SIZE), population = record_number(r, FIELD_SAMPLING_POPULATION);
	if (interval == 0 && taken != 0)
		interval = (taken / 2 + taken + record_number(r, FIELD_PACKET_SPACE)) / taken;
	if (interval == 0 && size != 0)
		interval = (size / 2 + population) / size;
	return interval > UINT32_MAX ? UINT32_MAX : (uint32_t)interval;
}

static void note_sampling(struct sk_export *x, uint32_t one_in)
{
	if (one_in == 0)
		return;
	x->totals.sampling_least = x->totals.sampling_least == 0 || one_in < x->totals.sampling_least ? one_in : x->totals.sampling_least;
	x->totals.sampling_most = one_in > x->totals.sampling_most ? one_in : x->totals.sampling_most;
}

static uint32_t sampling_of(const struct message *m, const struct record *r)
{
	uint32_t own = read_sampling(r);
	if (own != 0)
		return own;
	bool named = record_has(r, FIELD_SAMPLER);
	return export_sampling(m->domain, named, (uint32_t)record_number(r, FIELD_SAMPLER));
}

static uint8_t read_end(const struct record *r)
{
	switch (record_number(r, FIELD_END_REASON)) {
	case END_ACTIVE: return SK_FLOW_END_ACTIVE;
	case END_DETECTED: return SK_FLOW_END_CLOSED;
	case END_FORCED: return SK_FLOW_END_STOP;
	case END_RESOURCES: return SK_FLOW_END_EVICTED;
	default: return SK_FLOW_END_IDLE;
	}
}

static void read_transport(const struct record *r, struct sk_metered *metered)
{
	metered->ip_proto = (uint8_t)record_number(r, FIELD_PROTOCOL);
	uint16_t source = (uint16_t)record_number(r, FIELD_SOURCE_PORT), destination = (uint16_t)record_number(r, FIELD_DESTINATION_PORT);
	if (metered->ip_proto == 1 || metered->ip_proto == 58) {
		/* Type and code by themselves, or as one number, which those who have no field for it put where the port would be. */
		uint16_t both = record_has(r, FIELD_ICMP_TYPE_CODE) ? (uint16_t)record_number(r, FIELD_ICMP_TYPE_CODE) : destination;
		bool apart = record_has(r, FIELD_ICMP_TYPE);
		metered->icmp_type = (uint8_t)(apart ? record_number(r, FIELD_ICMP_TYPE) : both >> PORT_BITS);
		metered->icmp_code = (uint8_t)(apart ? record_number(r, FIELD_ICMP_CODE) : both);
		return;
	}
	metered->source_port = source;
	metered->destination_port = destination;
}

static uint64_t first_of(const struct record *r, enum export_field a, enum export_field b, enum export_field c)
{
	return record_number(r, record_has(r, a) ? a : record_has(r, b) ? b : c);
}

/* What was counted: of a packet that was not counted but whose bytes were, there was at least one. */
static void read_counts(struct sk_export *x, const struct record *r, bool reverse, struct sk_metered *metered)
{
	metered->ip_bytes = reverse ? record_number(r, FIELD_REVERSE_OCTETS) : first_of(r, FIELD_OCTETS, FIELD_INITIATOR_OCTETS, FIELD_OCTETS_TOTAL);
	metered->packets = reverse ? record_number(r, FIELD_REVERSE_PACKETS) : first_of(r, FIELD_PACKETS, FIELD_INITIATOR_PACKETS, FIELD_PACKETS_TOTAL);
	export_count(x, SK_EXPORT_ZERO_PACKETS, metered->packets == 0);
	if (metered->packets == 0 && metered->ip_bytes != 0)
		metered->packets = 1;
	metered->tcp_flags = (uint8_t)(reverse ? record_number(r, FIELD_REVERSE_TCP_FLAGS) | record_number(r, FIELD_REVERSE_FIRST_FLAGS) | record_number(r, FIELD_REVERSE_LATER_FLAGS)
					       : record_number(r, FIELD_TCP_FLAGS) | record_number(r, FIELD_FIRST_FLAGS) | record_number(r, FIELD_LATER_FLAGS));
}

/* Does the record know that the sender of this direction began the talk? */
static bool source_began(const struct record *r, bool reverse, uint8_t ip_proto)
{
	uint64_t direction = record_number(r, FIELD_BIFLOW_DIRECTION);
	enum export_field first = reverse ? FIELD_REVERSE_FIRST_FLAGS : FIELD_FIRST_FLAGS;
	if (direction == (reverse ? BIFLOW_REVERSE_INITIATOR : BIFLOW_INITIATOR))
		return true;
	return ip_proto == PROTO_TCP && record_has(r, first) && (record_number(r, first) & (SK_TCP_SYN | SK_TCP_ACK)) == SK_TCP_SYN;
}

void export_mint(struct sk_export *x, const struct sk_metered *metered)
{
	struct sk_flow_record record;
	sk_flow_metered(metered, &record);
	if (sk_detect_pair(&x->detect, &metered->source, &metered->destination, &x->facts) != 0)
		record.facts = &x->facts;
	note_sampling(x, metered->sampling);
	if (sk_select_metered(x->select, &record))
		x->totals.selected++;
	else
		x->totals.select[SK_EXPORT_NO_HIT]++;
}

/* ---- a record of a flow ---- */

static bool is_biflow(const struct record *r)
{
	return record_has(r, FIELD_REVERSE_OCTETS) || record_has(r, FIELD_REVERSE_PACKETS);
}

static bool went(const struct record *r, bool reverse)
{
	return reverse ? (record_number(r, FIELD_REVERSE_OCTETS) | record_number(r, FIELD_REVERSE_PACKETS)) != 0
		       : (first_of(r, FIELD_OCTETS, FIELD_INITIATOR_OCTETS, FIELD_OCTETS_TOTAL) | first_of(r, FIELD_PACKETS, FIELD_INITIATOR_PACKETS, FIELD_PACKETS_TOTAL)) != 0;
}

static void take_direction(struct sk_export *x, const struct message *m, const struct record *r, const struct pairs *p, bool reverse, bool biflow, enum sk_class class_)
{
	/* Of a biflow the direction in which nothing went tells nothing; of two such, the first stands for the event. */
	if (biflow && !went(r, reverse) && (reverse || went(r, true))) {
		x->totals.select[SK_EXPORT_EMPTY]++;
		return;
	}
	struct sk_metered metered = {.source = reverse ? p->destination : p->source, .destination = reverse ? p->source : p->destination, .class_ = (uint8_t)class_,
				     .end = read_end(r), .by = m->meter, .sampling = sampling_of(m, r)};
	read_transport(r, &metered);
	if (reverse) {
		uint16_t port = metered.source_port;
		metered.source_port = metered.destination_port;
		metered.destination_port = port;
	}
	metered.source_began = source_began(r, reverse, metered.ip_proto);
	read_counts(x, r, reverse, &metered);
	read_times(x, m, r, &metered);
	export_mint(x, &metered);
}

/* The pair first; then, of a direction that is covered, the rest. What is not covered is overwritten at once. rule: EXPORT-2 */
static void take_flow(struct sk_export *x, const struct message *m, const struct record *r)
{
	struct pairs pairs;
	find_pairs(r, &pairs);
	if (!pairs.any) {
		count_class(x, SK_CLASS_UNKNOWN);
		x->totals.gate[SK_EXPORT_NO_PAIR]++;
		sk_wipe(m->bytes + r->offset, r->length);
		return;
	}
	bool biflow = is_biflow(r), admitted[2] = {false, false};
	enum sk_class classes[2];
	export_count(x, SK_EXPORT_BIFLOWS, biflow);
	for (unsigned reverse = 0; reverse <= biflow; reverse++)
		admitted[reverse] = judge_direction(x, &pairs, reverse, &classes[reverse]);
	if (!admitted[0] && !admitted[1]) {
		sk_wipe(m->bytes + r->offset, r->length);
		return;
	}
	for (unsigned reverse = 0; reverse <= biflow; reverse++)
		if (admitted[reverse])
			take_direction(x, m, r, &pairs, reverse, biflow, classes[reverse]);
}

/* ---- other records ---- */

/* About the exporter itself: its samplers, and when its clock began. */
static void take_options(const struct message *m, const struct record *r)
{
	uint32_t one_in = read_sampling(r);
	if (record_has(r, FIELD_SYSTEM_INIT_MS))
		m->domain->system_init_ns = after(0, record_number(r, FIELD_SYSTEM_INIT_MS), EXPORT_MS);
	if (record_has(r, FIELD_SAMPLING_INTERVAL) || record_has(r, FIELD_PACKET_INTERVAL) || record_has(r, FIELD_SAMPLING_SIZE))
		export_sampling_told(m->domain, record_has(r, FIELD_SAMPLER), (uint32_t)record_number(r, FIELD_SAMPLER), one_in);
}

enum sk_err export_frames_out(struct sk_export *x, struct sk_fault *fault)
{
	size_t count = x->frame_count;
	x->frame_count = 0;
	return count != 0 ? x->config.frames(x->config.context, x->frames, count, fault) : SK_OK;
}

enum sk_err export_frame(struct sk_export *x, const struct message *m, size_t offset, size_t length, uint32_t wire_bytes, enum sk_link link, int64_t time_ns,
			 struct sk_fault *fault)
{
	struct sk_metered times;
	if (x->config.frames == NULL || length == 0) {
		export_count(x, SK_EXPORT_SAMPLES_UNREAD, 1);
		return SK_OK;
	}
	export_times(x, m, time_ns, time_ns, &times);
	x->frames[x->frame_count++] = (struct sk_frame){.bytes = m->bytes + offset, .captured_bytes = (uint32_t)length,
							.wire_bytes = wire_bytes > length ? wire_bytes : (uint32_t)length, .time_ns = times.first_ns, .link = (uint8_t)link};
	export_count(x, SK_EXPORT_SAMPLES, 1);
	return x->frame_count == SK_BATCH_MAX ? export_frames_out(x, fault) : SK_OK;
}

/* PSAMP (RFC 5476): the beginning of a packet. What else the record says of it the packet says itself. */
static enum sk_err take_packet(struct sk_export *x, const struct message *m, const struct record *r, struct sk_fault *fault)
{
	bool ip = record_has(r, FIELD_IP_SECTION);
	bool whole = record_number(r, FIELD_SECTION_OFFSET) == 0 && (ip || !record_has(r, FIELD_LINK_TYPE) || record_number(r, FIELD_LINK_TYPE) == ETHERNET_FRAMES);
	size_t at = r->where[ip ? FIELD_IP_SECTION : FIELD_LINK_SECTION];
	uint64_t wire = record_number(r, ip ? FIELD_IP_BYTES : FIELD_FRAME_BYTES);
	note_sampling(x, sampling_of(m, r));
	return export_frame(x, m, r->offset + at, whole ? r->section_length : 0, wire > UINT32_MAX ? UINT32_MAX : (uint32_t)wire, ip ? SK_LINK_RAW_IP : SK_LINK_ETHERNET,
			    observed_time(r), fault);
}

/* ---- a set ---- */

/* Ask the cache for the border table's lines of a record to come: of records of fixed length it is known where its addresses are. */
static void prefetch(const struct sk_export *x, const struct template *template, struct sk_cur set)
{
	bool four = template->where[FIELD_SOURCE4] != EXPORT_ABSENT && template->where[FIELD_DESTINATION4] != EXPORT_ABSENT;
	enum export_field source = four ? FIELD_SOURCE4 : FIELD_SOURCE6, destination = four ? FIELD_DESTINATION4 : FIELD_DESTINATION6;
	if (template->variable || template->where[source] == EXPORT_ABSENT || template->where[destination] == EXPORT_ABSENT)
		return;
	sk_skip(&set, (size_t)EXPORT_PREFETCH * template->length);
	struct sk_view ahead = sk_view_of(&set, template->length);
	if (!sk_view_is(ahead))
		return;
	sk_border_prefetch(x->config.border, sk_view_at(ahead, template->where[source]), four ? 4 : 6);
	sk_border_prefetch(x->config.border, sk_view_at(ahead, template->where[destination]), four ? 4 : 6);
}

enum sk_err export_data(struct sk_export *x, struct message *m, const struct template *template, struct sk_cur set, struct sk_fault *fault)
{
	uint16_t at[FIELD_COUNT];
	/* What is left and shorter than a record is padding. Each record has at least a byte, so the loop ends. */
	while (sk_left(&set) >= template->length) {
		struct record r;
		prefetch(x, template, set);
		if (!next_record(template, m, &set, at, &r)) {
			export_malformed_record(x);
			m->counted = false;
			return SK_OK;
		}
		m->records++;
		if (template->options) {
			export_count(x, SK_EXPORT_OPTIONS_RECORDS, 1);
			take_options(m, &r);
			continue;
		}
		export_count(x, SK_EXPORT_DATA_RECORDS, 1);
		if (record_has(&r, FIELD_IP_SECTION) || record_has(&r, FIELD_LINK_SECTION))
			SK_TRY(take_packet(x, m, &r, fault));
		else
			take_flow(x, m, &r);
	}
	return SK_OK;
}
