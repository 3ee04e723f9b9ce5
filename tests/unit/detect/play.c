/* SPDX-License-Identifier: Apache-2.0 */
#include "play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "seal/siphash.h"

enum { TCP = 6, UDP = 17 };

struct play_step {
	double at_s;
	size_t order;
	struct sk_event event;
	struct sk_head *head;          /* NULL: it is an event */
	uint16_t payload_bytes;
};

/* Events on their way from workers to the kit; they arrive before the second is over. */
struct mail {
	struct { unsigned from; struct sk_event event; } *letters;
	size_t count, room;
};
static struct mail mail;

static void send(void *context, const struct sk_event *event)
{
	if (mail.count == mail.room) {
		mail.room = mail.room != 0 ? 2 * mail.room : 1024;
		mail.letters = realloc(mail.letters, mail.room * sizeof mail.letters[0]);
		SK_INVARIANT(mail.letters != NULL);
	}
	mail.letters[mail.count].from = (unsigned)(uintptr_t)context;
	mail.letters[mail.count++].event = *event;
}

/* What one worker sends comes in its order; who comes first is another matter, and results may not depend on it. */
static void deliver(struct play *play)
{
	for (unsigned from = play->workers; from > 0; from--)
		for (size_t i = 0; i < mail.count; i++)
			if (mail.letters[i].from == from - 1)
				sk_kit_receive(play->kit, &mail.letters[i].event, sk_event_bytes(&mail.letters[i].event));
	mail.count = 0;
}

static void parse_detector(const char *text, struct sk_basis_detector *out)
{
	size_t length = strcspn(text, ":");
	memset(out, 0, sizeof *out);
	(void)snprintf(out->name, sizeof out->name, "%.*s", (int)length, text);
	text += length + (text[length] == ':');
	while (*text != '\0') {
		struct sk_basis_threshold *threshold = &out->thresholds[out->threshold_count++];
		length = strcspn(text, "=");
		(void)snprintf(threshold->key, sizeof threshold->key, "%.*s", (int)length, text);
		char *end = NULL;
		threshold->value = strtoull(text + length + 1, &end, 10);
		text = end + (*end == ',');
	}
}

static const char *brands_text;

void play_brands(const char *text)
{
	brands_text = text;
}

static void open_names(struct play *play)
{
	struct sk_fault fault = {.line = ""};
	enum sk_err err = sk_suffixes_open(&play->suffixes);
	if (err == SK_OK)
		err = brands_text == NULL ? sk_brands_default(play->suffixes, &play->brands, &fault)
					  : sk_brands_read(play->suffixes, brands_text, strlen(brands_text), "brands", &play->brands, &fault);
	if (err != SK_OK)
		(void)fprintf(stderr, "%s\n", fault.line);
	SK_INVARIANT(err == SK_OK);
}

void play_start(struct play *play, unsigned workers, uint32_t classes, const struct sk_kit_limits *limits, const char *const *detectors, size_t count)
{
	struct sk_fault fault = {.line = ""};
	memset(play, 0, sizeof *play);
	play->workers = workers;
	open_names(play);
	play->second = INT64_MIN;
	play->basis.classes = classes != 0 ? classes : SK_CLASS_BIT(SK_CLASS_FF) | SK_CLASS_BIT(SK_CLASS_FD) | SK_CLASS_BIT(SK_CLASS_DF);
	for (size_t i = 0; i < count; i++)
		parse_detector(detectors[i], &play->basis.detectors[play->basis.detector_count++]);
	struct sk_kit_config config = {.basis = &play->basis, .limits = limits != NULL ? *limits : sk_kit_default_limits(), .brands = play->brands, .key = {1, 2, 3}};
	enum sk_err err = sk_kit_new(&config, &play->kit, &fault);
	if (err != SK_OK)
		(void)fprintf(stderr, "%s\n", fault.line);
	SK_INVARIANT(err == SK_OK && play->kit != NULL);
}

void play_end(struct play *play)
{
	sk_kit_free(play->kit);
	sk_brands_free(play->brands);
	sk_suffixes_close(play->suffixes);
	free(play->steps);
	free(play->said);
	free(mail.letters);
	mail = (struct mail){0};
}

void play_event(struct play *play, double at_s, const struct sk_event *event)
{
	if (play->step_count == play->step_room) {
		play->step_room = play->step_room != 0 ? 2 * play->step_room : 1024;
		play->steps = realloc(play->steps, play->step_room * sizeof play->steps[0]);
		SK_INVARIANT(play->steps != NULL);
	}
	play->steps[play->step_count] = (struct play_step){.at_s = at_s, .order = play->step_count, .event = *event};
	play->steps[play->step_count++].event.time_ns = PLAY_ZERO_NS + (int64_t)(at_s * 1e9);
}

void play_head(struct play *play, double at_s, const struct sk_event *flow, const struct sk_head *head, uint16_t payload_bytes)
{
	play_event(play, at_s, flow);
	struct play_step *step = &play->steps[play->step_count - 1];
	step->head = malloc(sizeof *step->head);
	SK_INVARIANT(step->head != NULL);
	*step->head = *head;
	step->payload_bytes = payload_bytes;
}

void play_dns(struct play *play, const struct play_dns *dns)
{
	enum { DNS_PORT = 53, HEADER_BYTES = 18, ANSWER_BYTES = 16 };
	struct sk_head head = {.kind = SK_HEAD_DNS, .app = SK_APP_DNS, .from_initiator = !dns->turned};
	struct sk_event flow = {.ip_proto = UDP, .class_ = dns->class_ != 0 ? dns->class_ : SK_CLASS_DF, .bits = SK_EVENT_SURE, .initiator = dns->client, .initiator_port = dns->client_port,
				.responder = dns->server, .responder_port = DNS_PORT};
	if (flow.initiator_port == 0)
		flow.initiator_port = 40000;
	if (dns->turned)
		flow = (struct sk_event){.ip_proto = UDP, .class_ = flow.class_ == SK_CLASS_DF ? SK_CLASS_FD : SK_CLASS_DF, .initiator = dns->server, .initiator_port = DNS_PORT,
					 .responder = dns->client, .responder_port = flow.initiator_port};
	size_t length = strlen(dns->name);
	SK_INVARIANT(length < SK_DNS_NAME_MAX);
	struct sk_dns *out = &head.as.dns;
	out->questions = 1;
	out->query_class = 1;
	out->query_type = dns->type != 0 ? dns->type : 1;
	out->name_length = (uint8_t)length;
	memcpy(out->name, dns->name, length);
	if (!dns->no_question)
		play_head(play, dns->at_s, &flow, &head, (uint16_t)(dns->bytes[0] != 0 ? dns->bytes[0] : HEADER_BYTES + length));
	if (dns->no_answer)
		return;
	out->response = true;
	out->rcode = dns->rcode;
	out->answer_address_count = (uint16_t)dns->address_count;
	out->answers = dns->answers > dns->address_count ? dns->answers : (uint16_t)dns->address_count;
	out->answer_min_ttl_s = dns->ttl_s;
	for (size_t i = 0; i < dns->address_count; i++) {
		out->address[i].family = dns->addresses[i].family;
		memcpy(out->address[i].bytes, dns->addresses[i].bytes, dns->addresses[i].family == 4 ? 4 : 8);
	}
	head.from_initiator = dns->turned;
	play_head(play, dns->at_s + (dns->answer_s > 0 ? dns->answer_s : 0.03), &flow, &head,
		  (uint16_t)(dns->bytes[1] != 0 ? dns->bytes[1] : HEADER_BYTES + length + ANSWER_BYTES * out->answers));
}

static struct sk_event base_of(const struct play_flow *flow, uint8_t kind)
{
	return (struct sk_event){.kind = kind, .class_ = flow->class_, .ip_proto = flow->ip_proto, .app = flow->app, .icmp_type = flow->icmp_type, .bits = SK_EVENT_SURE,
				 .initiator_port = flow->from_port, .responder_port = flow->to_port, .initiator = flow->from, .responder = flow->to};
}

void play_flow(struct play *play, const struct play_flow *flow)
{
	bool tcp = flow->ip_proto == TCP;
	double answer_s = flow->at_s + (flow->answer_s > 0 ? flow->answer_s : 0.05);
	struct sk_event event = base_of(flow, SK_EVENT_OPEN);
	uint64_t smallest = tcp ? 60 : 46;
	event.tcp_flags[0] = tcp ? (flow->first_flags != 0 ? flow->first_flags : SK_TCP_SYN) : 0;
	play_event(play, flow->at_s, &event);
	if (flow->answer != PLAY_SILENT) {
		event.kind = SK_EVENT_ANSWER;
		event.bits |= SK_EVENT_BACK;
		event.tcp_flags[0] = !tcp ? 0 : flow->answer == PLAY_REFUSE ? SK_TCP_RST | SK_TCP_ACK : SK_TCP_SYN | SK_TCP_ACK;
		play_event(play, answer_s, &event);
		event.bits &= (uint8_t)~SK_EVENT_BACK;
	}
	if (tcp && flow->answer == PLAY_ACCEPT && !flow->no_confirm) {
		event.kind = SK_EVENT_CONFIRM;
		event.tcp_flags[0] = SK_TCP_ACK;
		play_event(play, answer_s + 0.05, &event);
	}
	if (flow->no_end)
		return;
	event = base_of(flow, SK_EVENT_END);
	double last_s = flow->at_s + flow->last_s > answer_s + 0.1 || flow->answer == PLAY_SILENT ? flow->at_s + flow->last_s : answer_s + 0.1;
	for (unsigned side = 0; side < 2; side++) {
		bool there = side == 0 || flow->answer != PLAY_SILENT;
		event.flow.packets[side] = flow->packets[side] != 0 ? flow->packets[side] : there;
		event.flow.bytes[side] = flow->bytes[side] != 0 ? flow->bytes[side] : there ? smallest : 0;
		event.tcp_flags[side] = flow->flags[side];
	}
	event.flow.first_ns = PLAY_ZERO_NS + (int64_t)(flow->at_s * 1e9);
	event.state = flow->state != 0 ? flow->state : flow->answer == PLAY_REFUSE ? SK_FLOW_RESET : flow->answer == PLAY_ACCEPT ? SK_FLOW_CLOSED : SK_FLOW_SYN;
	event.end = flow->end;
	play_event(play, last_s, &event);
}

static int by_time(const void *a, const void *b)
{
	const struct play_step *x = a, *y = b;
	return x->at_s != y->at_s ? (x->at_s < y->at_s ? -1 : 1) : x->order < y->order ? -1 : 1;
}

static void take_said(struct play *play)
{
	struct sk_detection detection;
	while (sk_kit_next(play->kit, &detection)) {
		if (play->said_count == play->said_room) {
			play->said_room = play->said_room != 0 ? 2 * play->said_room : 64;
			play->said = realloc(play->said, play->said_room * sizeof play->said[0]);
			SK_INVARIANT(play->said != NULL);
		}
		play->said[play->said_count++] = detection;
	}
}

/* Which worker sees a flow: any fixed rule over its pair will do. */
static unsigned seen_by(const struct play *play, const struct sk_event *event)
{
	unsigned sum = 0;
	for (size_t i = 0; i < sizeof event->initiator.bytes; i++)
		sum += (unsigned)event->initiator.bytes[i] * 7 + (unsigned)event->responder.bytes[i] * 7;
	return sum % play->workers;
}

/* A head through a front, then free it. */
static void look_at(const struct sk_kit_front *front, struct play_step *step)
{
	const struct sk_packet packet = {.time_ns = step->event.time_ns, .payload_wire_bytes = step->payload_bytes};
	sk_kit_head_of(front, &step->event, &packet, step->head);
	free(step->head);
	step->head = NULL;
}

static void happen(struct play *play, struct play_step *step)
{
	struct sk_event *event = &step->event;
	struct sk_kit_front front = sk_kit_front(play->kit);
	if (play->workers == 1 && step->head == NULL) {
		sk_kit_event(play->kit, event);
		return;
	}
	if (event->time_ns / 1000000000 != play->second) {
		play->second = event->time_ns / 1000000000;
		deliver(play);
		sk_kit_tick(play->kit, event->time_ns);
	}
	if (play->workers > 1)
		front = (struct sk_kit_front){.kit = play->kit, .context = (void *)(uintptr_t)seen_by(play, event), .send = send};
	if (step->head != NULL)
		look_at(&front, step);
	else
		sk_kit_complete(&front, event);
}

void play_run(struct play *play, bool goes_on)
{
	if (play->step_count > 1)
		qsort(play->steps, play->step_count, sizeof play->steps[0], by_time);
	for (size_t i = 0; i < play->step_count; i++) {
		happen(play, &play->steps[i]);
		if (i % 16 == 0)
			take_said(play);
	}
	play->step_count = 0;
	deliver(play);
	sk_kit_run(play->kit);
	take_said(play);
	for (bool more = !goes_on; more;) {
		more = sk_kit_finish(play->kit);
		take_said(play);
	}
}

struct sk_addr play_addr(const char *first, uint32_t plus)
{
	struct sk_addr addr;
	SK_INVARIANT(sk_addr_parse(first, &addr) == SK_OK);
	size_t last = addr.family == 4 ? 3 : 15;
	for (uint32_t carry = plus; carry != 0 && last < 16; last--) {
		carry += addr.bytes[last];
		addr.bytes[last] = (uint8_t)carry;
		carry >>= 8;
	}
	return addr;
}

size_t play_count(const struct play *play, const char *detector, const struct sk_addr *subject, struct sk_detection *last)
{
	size_t rows, count = 0;
	const struct sk_detector_row *table = sk_policy_detectors(&rows);
	for (size_t i = 0; i < play->said_count; i++) {
		const struct sk_detection *d = &play->said[i];
		if (strcmp(table[d->detector].name, detector) != 0 || (subject != NULL && !sk_addr_equal(d->of_responder ? &d->responder : &d->initiator, subject)))
			continue;
		count++;
		if (last != NULL)
			*last = *d;
	}
	return count;
}

uint8_t play_row(const char *detector)
{
	size_t rows;
	const struct sk_detector_row *row = sk_policy_detector(detector);
	SK_INVARIANT(row != NULL);
	return (uint8_t)(row - sk_policy_detectors(&rows));
}

void play_tell(const struct play *play, const struct sk_detection *detection, struct sk_telling *out)
{
	sk_kit_tell(play->kit, detection, out);
}

uint32_t play_random(uint64_t *seed, uint32_t below)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (uint32_t)(*seed >> 33) % below;
}

bool play_in_a_crowd(const char *detector, void (*half)(struct play *play, unsigned part), const struct sk_addr *subject, struct sk_event (*other)(unsigned i))
{
	enum { OTHERS = 300000 };
	struct sk_kit_limits limits = {.hosts = 1 << 10, .pairs = 1 << 10};
	struct sk_kit_counts before, after;
	struct play play;
	play_start(&play, 1, 0, &limits, &detector, 1);
	sk_kit_counts(play.kit, &before);
	half(&play, 0);
	play_run(&play, true);
	for (unsigned i = 0; i < OTHERS; i++) {
		struct sk_event event = other(i);
		event.time_ns = PLAY_ZERO_NS + (int64_t)((PLAY_CROWD_AT_S + (double)PLAY_CROWD_S * i / OTHERS) * 1e9);
		if (event.kind == SK_EVENT_END && event.flow.first_ns == 0)
			event.flow.first_ns = event.time_ns;
		sk_kit_event(play.kit, &event);
	}
	half(&play, 1);
	play_run(&play, false);
	sk_kit_counts(play.kit, &after);
	char name[SK_BASIS_DETECTOR_NAME_MAX];
	(void)snprintf(name, sizeof name, "%.*s", (int)strcspn(detector, ":"), detector);
	size_t found = play_count(&play, name, subject, NULL);
	(void)printf("%s in a crowd: said %zu times, %llu entries, %llu given up, %zu bytes\n", detector, found, (unsigned long long)after.entries,
		     (unsigned long long)after.evicted, after.bytes);
	play_end(&play);
	return found != 0 && after.evicted > OTHERS / 10 && after.entries <= 1 << 10 && after.bytes == before.bytes;
}
