/* SPDX-License-Identifier: Apache-2.0 */
#include "campaign/contacts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/polled.h"
#include "seal/seal.h"
#include "sketch/sketch.h"

enum { TCP = 6, UDP = 17, STATE_ESTABLISHED = 3, WIDTH = 1 << 22, DEPTH = 3, CROWD_CELLS = 1 << 19, CROWD_ROWS = 2, SLOTS = 2 * SK_STORED_PAIRS_MAX, SYN = 2 };

struct gather {
	struct sk_stored_run *run;
	uint8_t key[SK_SIP_KEY_BYTES];
	uint32_t least;
	struct sk_count_min visits;
	uint64_t *crowds;                  /* CROWD_ROWS rows of a bitmap a cell */
	struct sk_contacts *out;
	uint32_t *slots;                   /* of pairs, by hash: number + 1 */
	size_t contact_room;
};

/* ---- which records ---- */

/* A connection that was accepted and seen from its beginning, or a datagram that was answered; out of the border, to no service that is polled by nature. A
   detector's event counts many flows and is none. */
static bool is_contact(const struct sk_observation *o)
{
	if (o->kind == SK_OBSERVATION_EVENT || (o->class_ != SK_CLASS_DF && o->class_ != SK_CLASS_FF) || sk_policy_polled(o->ip_proto, o->responder_port, o->app))
		return false;
	if (o->ip_proto == TCP)
		return o->state >= STATE_ESTABLISHED && (o->tcp_flags[0] & SYN) != 0 && o->packets[0] > 2 && (o->packets[1] == 0 || o->ip_bytes[1] > o->packets[1] * 60);
	return o->ip_proto == UDP && o->packets[1] != 0;
}

static uint64_t hash_of(const struct gather *g, const struct sk_observation *o)
{
	uint8_t bytes[36] = {o->initiator.family, o->ip_proto, (uint8_t)(o->responder_port >> 8), (uint8_t)o->responder_port};
	memcpy(bytes + 4, o->initiator.bytes, 16);
	memcpy(bytes + 20, o->responder.bytes, 16);
	return sk_siphash13(g->key, bytes, sizeof bytes);
}

static uint64_t hash_of_addr(const struct gather *g, const struct sk_addr *addr)
{
	return sk_siphash13(g->key, addr->bytes, sizeof addr->bytes);
}

static uint64_t *crowd_cell(const struct gather *g, const struct sk_addr *responder, unsigned row)
{
	return &g->crowds[row * (size_t)CROWD_CELLS + (sk_mix(hash_of_addr(g, responder), row) & (CROWD_CELLS - 1))];
}

/* Two services in one cell make both look like more; the smaller of two rows is nearer. */
static unsigned crowd_of(const struct gather *g, const struct sk_addr *responder)
{
	unsigned least = 64;
	for (unsigned row = 0; row < CROWD_ROWS; row++) {
		long hosts = lround(sk_bits_estimate(sk_bits_count(crowd_cell(g, responder, row), 1), 64));
		if (hosts < (long)least)
			least = hosts > 1 ? (unsigned)hosts : 1;
	}
	return least;
}

/* ---- first pass ---- */

static enum sk_err count(void *to, const uint8_t id[16], const struct sk_observation *o)
{
	struct gather *g = to;
	(void)id;
	g->run->counts.records++;
	if (!is_contact(o))
		return SK_OK;
	g->run->counts.contacts++;
	(void)sk_count_min_add(&g->visits, hash_of(g, o), 1);
	for (unsigned row = 0; row < CROWD_ROWS; row++)
		(void)sk_bits_add(crowd_cell(g, &o->responder, row), 1, hash_of_addr(g, &o->initiator));
	return SK_OK;
}

/* ---- second pass ---- */

/* The pair of a record, made when there is none; NULL when there is no room. */
static struct sk_pair *pair_of(struct gather *g, uint64_t hash, const struct sk_observation *o)
{
	size_t slot = hash & (SLOTS - 1);
	for (; g->slots[slot] != 0; slot = (slot + 1) & (SLOTS - 1))
		if (g->out->pairs[g->slots[slot] - 1].hash == hash)
			return &g->out->pairs[g->slots[slot] - 1];
	if (g->out->pair_count == SK_STORED_PAIRS_MAX)
		return NULL;
	if ((g->out->pair_count & (g->out->pair_count - 1)) == 0) { /* full: 0, 1, 2, 4 ... */
		struct sk_pair *more = realloc(g->out->pairs, (g->out->pair_count != 0 ? 2 * (size_t)g->out->pair_count : 1) * sizeof *more);
		if (more == NULL)
			return NULL;
		g->out->pairs = more;
	}
	struct sk_pair *pair = &g->out->pairs[g->out->pair_count++];
	*pair = (struct sk_pair){.hash = hash, .initiator = o->initiator, .responder = o->responder, .responder_port = o->responder_port, .ip_proto = o->ip_proto,
				 .class_ = o->class_, .app = o->app};
	g->slots[slot] = g->out->pair_count;
	return pair;
}

static bool room_for_contact(struct gather *g)
{
	if (g->out->contact_count < g->contact_room)
		return true;
	size_t room = g->contact_room != 0 ? 2 * g->contact_room : 4096;
	if (room > SK_STORED_CONTACTS_MAX)
		return false;
	struct sk_pair_contact *more = realloc(g->out->contacts, room * sizeof *more);
	if (more == NULL)
		return false;
	g->out->contacts = more;
	g->contact_room = room;
	return true;
}

static void take_name(struct sk_pair *pair, const struct sk_observation *o)
{
	const char *name = o->sni_domain[0] != '\0' ? o->sni_domain : o->http_host_domain;
	if (name[0] == '\0' || (pair->name[0] != '\0' && o->first_ns >= pair->named_ns))
		return;
	(void)snprintf(pair->name, sizeof pair->name, "%.63s", name);
	pair->named_ns = o->first_ns;
}

static enum sk_err keep(void *to, const uint8_t id[16], const struct sk_observation *o)
{
	struct gather *g = to;
	if (!is_contact(o) || o->first_ns <= 0 || o->last_ns >= INT64_C(4294967295) * 1000000000)
		return SK_OK;
	uint64_t hash = hash_of(g, o);
	if (sk_count_min_of(&g->visits, hash) < g->least)
		return SK_OK;
	struct sk_pair *pair = pair_of(g, hash, o);
	if (pair == NULL || pair->contacts == SK_STORED_PAIR_CONTACTS_MAX || !room_for_contact(g)) {
		g->run->counts.left_out++;
		return SK_OK;
	}
	if (pair->contacts++ == 0 || o->first_ns < pair->first_ns) {
		pair->first_ns = o->first_ns;
		memcpy(pair->evidence, id, sizeof pair->evidence);
	}
	take_name(pair, o);
	if (o->last_ns > pair->last_ns)
		pair->last_ns = o->last_ns;
	for (unsigned side = 0; side < 2; side++) {
		pair->packets[side] += o->packets[side];
		pair->bytes[side] += o->ip_bytes[side];
	}
	g->out->contacts[g->out->contact_count++] = (struct sk_pair_contact){.pair = (uint32_t)(pair - g->out->pairs), .first_s = (uint32_t)(o->first_ns / 1000000000),
									       .last_s = (uint32_t)(o->last_ns / 1000000000), .port = o->initiator_port};
	return SK_OK;
}

/* ---- order ---- */

static int by_number(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int by_pair_and_time(const void *a, const void *b)
{
	const struct sk_pair_contact *x = a, *y = b;
	int order = by_number(x->pair, y->pair);
	if (order == 0)
		order = by_number(x->first_s, y->first_s);
	if (order == 0)
		order = by_number(x->port, y->port);
	return order != 0 ? order : by_number(x->last_s, y->last_s);
}

static int by_ends(const void *a, const void *b)
{
	const struct sk_pair *x = a, *y = b;
	int order = by_number(x->initiator.family, y->initiator.family);
	if (order == 0)
		order = memcmp(x->initiator.bytes, y->initiator.bytes, sizeof x->initiator.bytes);
	if (order == 0)
		order = memcmp(x->responder.bytes, y->responder.bytes, sizeof x->responder.bytes);
	return order != 0 ? order : by_number((uint64_t)x->ip_proto << 16 | x->responder_port, (uint64_t)y->ip_proto << 16 | y->responder_port);
}

/* Each pair knows where its contacts begin; then pairs may be put in order. */
static void put_in_order(struct gather *g)
{
	struct sk_contacts *out = g->out;
	if (out->contact_count != 0)
		qsort(out->contacts, out->contact_count, sizeof out->contacts[0], by_pair_and_time);
	for (size_t i = out->contact_count; i > 0; i--)
		out->pairs[out->contacts[i - 1].pair].begin = i - 1;
	for (uint32_t i = 0; i < out->pair_count; i++)
		out->pairs[i].crowd = crowd_of(g, &out->pairs[i].responder);
	if (out->pair_count != 0)
		qsort(out->pairs, out->pair_count, sizeof out->pairs[0], by_ends);
	g->run->counts.pairs = out->pair_count;
}

enum sk_err sk_contacts_gather(struct sk_stored_run *run, uint64_t least, struct sk_contacts *out, struct sk_fault *fault)
{
	struct gather g = {.run = run, .least = (uint32_t)least, .out = out, .visits = {.width = WIDTH, .depth = DEPTH}};
	*out = (struct sk_contacts){0};
	sk_random(g.key, sizeof g.key);
	g.visits.cells = calloc((size_t)WIDTH * DEPTH, sizeof g.visits.cells[0]);
	g.crowds = calloc((size_t)CROWD_CELLS * CROWD_ROWS, sizeof g.crowds[0]);
	g.slots = calloc(SLOTS, sizeof g.slots[0]);
	enum sk_err err = SK_OK;
	if (g.visits.cells == NULL || g.crowds == NULL || g.slots == NULL)
		err = sk_fault_set(fault, SK_ENOMEM, "looking through stored records: out of memory");
	if (err == SK_OK)
		err = run->source->walk(run->source->context, count, &g, fault);
	if (err == SK_OK)
		err = run->source->walk(run->source->context, keep, &g, fault);
	if (err == SK_OK)
		put_in_order(&g);
	else
		sk_contacts_free(out);
	free(g.visits.cells);
	free(g.crowds);
	free(g.slots);
	return err;
}

void sk_contacts_free(struct sk_contacts *contacts)
{
	free(contacts->pairs);
	free(contacts->contacts);
	*contacts = (struct sk_contacts){0};
}
