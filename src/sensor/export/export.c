/* SPDX-License-Identifier: Apache-2.0 */
/* The room's outside: make it, give it a message, take its account. */
#include "export/export_priv.h"

#include <stdio.h>
#include <stdlib.h>

enum { VERSION_NETFLOW5 = 5, VERSION_NETFLOW9 = 9, VERSION_IPFIX = 10, VERSION_SFLOW5 = 5 };
#define TIME_MAX_NS (INT64_C(1) << 32) * EXPORT_S

struct sk_export_limits sk_export_default_limits(void)
{
	return (struct sk_export_limits){.domains = 2048, .domains_per_exporter = 64, .templates = 8192, .templates_per_domain = 128, .template_life_ns = 7200 * EXPORT_S};
}

static void *touched(size_t count, size_t size)
{
	void *memory = malloc(count * size);
	if (memory != NULL)
		memset(memory, 0, count * size);
	return memory;
}

static enum sk_err allocate(struct sk_export *x)
{
	const struct sk_export_limits *limits = &x->config.limits;
	x->domain_place_count = 2 * limits->domains;
	x->template_place_count = 2 * limits->templates;
	x->domains = touched(limits->domains, sizeof *x->domains);
	x->domain_places = touched(x->domain_place_count, sizeof *x->domain_places);
	x->templates = touched(limits->templates, sizeof *x->templates);
	x->template_places = touched(x->template_place_count, sizeof *x->template_places);
	if (x->domains == NULL || x->domain_places == NULL || x->templates == NULL || x->template_places == NULL)
		return SK_ENOMEM;
	for (uint32_t i = limits->templates; i > 0; i--) {
		x->templates[i - 1].next = x->template_free;
		x->template_free = i;
	}
	return sk_select_new(x->config.basis, x->config.set, x->config.sink, &x->select);
}

enum sk_err sk_export_new(const struct sk_export_config *config, struct sk_export **out)
{
	struct sk_export *x = calloc(1, sizeof *x);
	if (x == NULL)
		return SK_ENOMEM;
	SK_INVARIANT(config->limits.domains > 0 && config->limits.templates > 0 && config->limits.domains < UINT32_MAX / 2 && config->limits.templates < UINT32_MAX / 2);
	x->config = *config;
	x->covered = config->basis->classes;
	sk_random(x->key, sizeof x->key);
	export_elements(x);
	enum sk_err err = allocate(x);
	if (err != SK_OK) {
		sk_export_free(x);
		return err;
	}
	sk_detect_init(&x->detect, config->set, config->basis->names);
	*out = x;
	return SK_OK;
}

void sk_export_free(struct sk_export *x)
{
	if (x == NULL)
		return;
	sk_select_free(x->select);
	if (x->domains != NULL)
		sk_wipe(x->domains, x->config.limits.domains * sizeof *x->domains);
	free(x->domains);
	free(x->domain_places);
	free(x->templates);
	free(x->template_places);
	sk_wipe(x, sizeof *x);
	free(x);
}

void sk_export_switch(struct sk_export *x, const struct sk_border *border, const struct sk_basis *basis, const struct sk_indicator_set *set)
{
	x->config.border = border;
	x->config.basis = basis;
	x->config.set = set;
	x->covered = basis->classes;
	sk_select_switch(x->select, basis, set);
	sk_detect_init(&x->detect, set, basis->names);
}

void sk_export_template_life(struct sk_export *x, int64_t life_ns)
{
	x->config.limits.template_life_ns = life_ns;
}

/* ---- messages ---- */

/* Our time stands in where theirs cannot be; where there is none of ours, theirs is believed: it only shifts what they tell. */
void export_clock(struct sk_export *x, struct message *m, int64_t told_ns)
{
	int64_t ours_ns = m->source->time_ns;
	if (ours_ns != SK_EXPORT_NO_TIME)
		ours_ns = ours_ns < 0 ? 0 : ours_ns > TIME_MAX_NS ? TIME_MAX_NS : ours_ns;
	bool off = ours_ns != SK_EXPORT_NO_TIME && (told_ns < ours_ns - EXPORT_CLOCK_OFF_NS || told_ns > ours_ns + EXPORT_CLOCK_OFF_NS);
	m->base_ns = off ? ours_ns : told_ns;
	export_count(x, SK_EXPORT_CLOCKS_WRONG, off);
}

static void note_time(struct sk_export *x, const struct message *m)
{
	int64_t at_ns = m->source->time_ns != SK_EXPORT_NO_TIME ? m->source->time_ns : m->base_ns;
	struct sk_export_totals *t = &x->totals, *b = &x->before;
	t->first_ns = t->count[SK_EXPORT_MESSAGES] == 1 || at_ns < t->first_ns ? at_ns : t->first_ns;
	t->last_ns = t->count[SK_EXPORT_MESSAGES] == 1 || at_ns > t->last_ns ? at_ns : t->last_ns;
	/* Of the interval at hand: kept where the sums at its beginning are. */
	bool first = t->count[SK_EXPORT_MESSAGES] - b->count[SK_EXPORT_MESSAGES] == 1;
	b->first_ns = first || at_ns < b->first_ns ? at_ns : b->first_ns;
	b->last_ns = first || at_ns > b->last_ns ? at_ns : b->last_ns;
}

static enum sk_err take_message(struct sk_export *x, struct message *m, struct sk_cur *cur, struct sk_fault *fault)
{
	uint16_t version = sk_be16(cur);
	if (version == 0)
		version = sk_be16(cur) == VERSION_SFLOW5 && !cur->dead ? 0 : UINT16_MAX;
	m->meter = version == VERSION_NETFLOW5 ? SK_METER_NETFLOW5 : version == VERSION_NETFLOW9 ? SK_METER_NETFLOW9 : version == VERSION_IPFIX ? SK_METER_IPFIX : SK_METER_SFLOW;
	if (x->config.forms != 0 && (x->config.forms & 1u << m->meter) == 0)
		version = UINT16_MAX;
	switch (version) {
	case VERSION_NETFLOW5: return export_netflow5(x, m, cur);
	case VERSION_NETFLOW9: return export_netflow9(x, m, cur, fault);
	case VERSION_IPFIX: return export_ipfix(x, m, cur, fault);
	case 0: return export_sflow(x, m, cur, fault);
	default:
		m->meter = SK_METER_HERE;
		export_count(x, SK_EXPORT_MALFORMED_MESSAGES, 1);
		return SK_OK;
	}
}

enum sk_err sk_export_message(struct sk_export *x, const struct sk_export_source *source, uint8_t *bytes, size_t length, struct sk_fault *fault)
{
	struct message m = {.bytes = bytes, .source = source, .uptime_ns = INT64_MIN, .counted = true};
	struct sk_cur cur = sk_cur_of(bytes, length);
	/* Asked before each message: far less than the second in which collection must end. rule: BASIS-2 */
	enum sk_err err = sk_basis_in_force(x->config.basis, x->config.clock.unix_ns(x->config.clock.context), fault);
	if (err == SK_OK) {
		export_count(x, SK_EXPORT_MESSAGES, 1);
		err = take_message(x, &m, &cur, fault);
		x->totals.messages_by[m.meter]++;
		note_time(x, &m);
	}
	x->frame_count = 0;
	x->facts.hit_count = 0;
	sk_wipe(bytes, length);
	return err;
}

void sk_export_session_end(struct sk_export *x, uint32_t session)
{
	for (uint32_t i = 0; i < x->config.limits.domains; i++)
		if (x->domains[i].meter != SK_METER_HERE && x->domains[i].session == session)
			export_domain_drop(x, &x->domains[i]);
}

void sk_export_count(struct sk_export *x, enum sk_export_counter counter, uint64_t more)
{
	export_count(x, counter, more);
}

/* ---- the account ---- */

static struct sk_cell cell_of(const char *name, uint64_t now, uint64_t before)
{
	struct sk_cell cell = {.frames = now - before};
	(void)snprintf(cell.name, sizeof cell.name, "%s", name);
	return cell;
}

void sk_export_take_account(struct sk_export *x, struct sk_account *account)
{
	struct sk_exports_account *e = &account->exports;
	struct sk_export_totals *now = &x->totals, *before = &x->before;
	const struct sk_select_counts *counts = sk_select_counts(x->select);
	now->observations = counts->observations;
	now->findings = counts->findings;
	*e = (struct sk_exports_account){.read = true,
					 .received = cell_of("received", now->received, before->received),
					 .selected = cell_of("selected", now->selected, before->selected),
					 .malformed = cell_of("malformed", now->malformed, before->malformed),
					 .messages = now->count[SK_EXPORT_MESSAGES] - before->count[SK_EXPORT_MESSAGES],
					 .lost_messages = now->count[SK_EXPORT_LOST_MESSAGES] - before->count[SK_EXPORT_LOST_MESSAGES],
					 .lost_records = now->count[SK_EXPORT_LOST_RECORDS] - before->count[SK_EXPORT_LOST_RECORDS],
					 .no_template = now->count[SK_EXPORT_NO_TEMPLATE] - before->count[SK_EXPORT_NO_TEMPLATE],
					 .samples = now->count[SK_EXPORT_SAMPLES] - before->count[SK_EXPORT_SAMPLES]};
	for (unsigned i = 1; i < SK_EXPORT_GATE_REASONS; i++)
		e->gate[e->gate_count++] = cell_of(sk_export_gate_reason_name(i), now->gate[i], before->gate[i]);
	for (unsigned i = 0; i < SK_EXPORT_SELECT_REASONS; i++)
		e->select[e->select_count++] = cell_of(sk_export_select_reason_name(i), now->select[i], before->select[i]);
	for (unsigned i = 0; i < SK_CLASS_COUNT; i++)
		e->classes[i] = cell_of(sk_class_name((enum sk_class)i), now->classes[i], before->classes[i]);
	account->observations += now->observations - before->observations;
	account->findings += now->findings - before->findings;
	/* An interval that has frames too has their times; an exports' one has its messages'. */
	if (e->messages != 0 && account->received.frames == e->samples) {
		account->from_ns = before->first_ns;
		account->to_ns = before->last_ns;
	}
	*before = *now;
}

uint64_t sk_export_interval_records(const struct sk_export *x)
{
	return x->totals.received - x->before.received;
}

uint64_t sk_export_interval_messages(const struct sk_export *x)
{
	return x->totals.count[SK_EXPORT_MESSAGES] - x->before.count[SK_EXPORT_MESSAGES];
}

void sk_export_totals(const struct sk_export *x, struct sk_export_totals *out)
{
	const struct sk_select_counts *counts = sk_select_counts(x->select);
	*out = x->totals;
	out->observations = counts->observations;
	out->findings = counts->findings;
}

/* ---- names ---- */

static const struct {
	const char *name, *unit, *prose;
} counters[] = {
#define SK_EXPORT_COUNTER(symbol, name, unit, prose) [SK_EXPORT_##symbol] = {name, unit, prose},
#include "export/counter.def"
#undef SK_EXPORT_COUNTER
};

const char *sk_export_counter_name(enum sk_export_counter counter)
{
	SK_INVARIANT(counter < SK_EXPORT_COUNTERS);
	return counters[counter].name;
}

const char *sk_export_counter_unit(enum sk_export_counter counter)
{
	SK_INVARIANT(counter < SK_EXPORT_COUNTERS);
	return counters[counter].unit;
}

const char *sk_export_counter_prose(enum sk_export_counter counter)
{
	SK_INVARIANT(counter < SK_EXPORT_COUNTERS);
	return counters[counter].prose;
}

const char *sk_export_gate_reason_name(unsigned reason)
{
	return reason == SK_EXPORT_NO_PAIR ? "no_pair" : sk_gate_reason_name((enum sk_gate_reason)reason);
}

const char *sk_export_select_reason_name(unsigned reason)
{
	static const char *const names[SK_EXPORT_SELECT_REASONS] = {"no_hit", "empty"};
	SK_INVARIANT(reason < SK_EXPORT_SELECT_REASONS);
	return names[reason];
}
