/* SPDX-License-Identifier: Apache-2.0 */
/* Exporters and their observation domains: a table of fixed size, found by exporter; sequence numbers, sampling rates. */
#include "export/export_priv.h"
#include "seal/siphash.h"

/* All domains of an exporter lie in one chain, so that their number can be seen; it is bounded. */
static uint32_t *place_of(struct sk_export *x, const struct sk_export_source *source)
{
	uint64_t words[2];
	struct sk_sip s = sk_sip_start(x->key[0], x->key[1]);
	memcpy(words, source->exporter.bytes, sizeof words);
	sk_sip_word(&s, words[0]);
	sk_sip_word(&s, words[1]);
	return &x->domain_places[sk_sip_finish(&s, source->session, 24) % x->domain_place_count];
}

static bool same_exporter(const struct domain *domain, const struct sk_export_source *source)
{
	return domain->session == source->session && sk_addr_equal(&domain->exporter, &source->exporter);
}

void export_domain_drop(struct sk_export *x, struct domain *domain)
{
	const struct sk_export_source source = {.exporter = domain->exporter, .session = domain->session};
	uint32_t self = (uint32_t)(domain - x->domains) + 1, *link = place_of(x, &source);
	while (domain->templates != 0)
		export_template_drop(x, &x->templates[domain->templates - 1]);
	while (*link != self)
		link = &x->domains[*link - 1].next;
	*link = domain->next;
	*domain = (struct domain){.meter = SK_METER_HERE};
	x->totals.domains--;
	if (x->last_domain == domain)
		x->last_domain = NULL;
}

/* A free place; when there is none, that of a domain which has been silent. A few are looked at for each message, so that a flood of forged senders costs
   little; and it takes no place from an exporter that speaks. */
static struct domain *free_place(struct sk_export *x, int64_t now_ns)
{
	uint32_t look = x->totals.domains < x->config.limits.domains ? x->config.limits.domains : EXPORT_IDLE_LOOK;
	for (uint32_t i = 0; i < look; i++) {
		struct domain *domain = &x->domains[x->domain_hand];
		x->domain_hand = (x->domain_hand + 1) % x->config.limits.domains;
		if (domain->meter == SK_METER_HERE)
			return domain;
		int64_t silent_ns = 0;
		if (x->totals.domains == x->config.limits.domains && !__builtin_sub_overflow(now_ns, domain->seen_ns, &silent_ns) && silent_ns > EXPORT_IDLE_NS) {
			export_domain_drop(x, domain);
			return domain;
		}
	}
	return NULL;
}

struct domain *export_domain(struct sk_export *x, const struct message *m, uint32_t id)
{
	struct domain *domain = x->last_domain;
	if (domain == NULL || domain->id != id || domain->meter != m->meter || !same_exporter(domain, m->source)) {
		uint32_t *place = place_of(x, m->source), own = 0;
		for (uint32_t at = *place; at != 0; at = domain->next) {
			domain = &x->domains[at - 1];
			if (!same_exporter(domain, m->source))
				continue;
			own++;
			if (domain->id == id && domain->meter == m->meter)
				goto found;
		}
		domain = own < x->config.limits.domains_per_exporter ? free_place(x, m->base_ns) : NULL;
		if (domain == NULL) {
			export_count(x, SK_EXPORT_EXPORTERS_REFUSED, 1);
			return NULL;
		}
		place = place_of(x, m->source);
		*domain = (struct domain){.exporter = m->source->exporter, .session = m->source->session, .id = id, .meter = m->meter, .next = *place};
		*place = (uint32_t)(domain - x->domains) + 1;
		x->totals.domains++;
	}
found:
	domain->seen_ns = m->base_ns;
	x->last_domain = domain;
	return domain;
}

/* ---- what is missing ---- */

/* NetFlow v5 and IPFIX number records, NetFlow v9 and sFlow messages; all modulo 2^32, each domain by itself. What is behind the expected number by a little
   comes late: it was counted as missing and is taken off again, as far as this interval counted any. What is far off is a new beginning. */
void export_sequence(struct sk_export *x, struct domain *domain, uint32_t sequence, uint32_t units, uint32_t reorder, enum sk_export_counter lost)
{
	uint32_t ahead = sequence - domain->expected, behind = domain->expected - sequence;
	if (domain->numbered && ahead != 0 && behind <= reorder) {
		uint64_t missing = x->totals.count[lost] - x->before.count[lost];
		x->totals.count[lost] -= units < missing ? units : missing;
		return;
	}
	if (domain->numbered && ahead != 0 && ahead < EXPORT_GAP_MAX)
		export_count(x, lost, ahead);
	else if (domain->numbered && ahead != 0)
		export_count(x, SK_EXPORT_SEQUENCE_RESTARTS, 1);
	domain->numbered = true;
	domain->expected = sequence + units;
}

/* ---- sampling ---- */

uint32_t export_sampling(const struct domain *domain, bool named, uint32_t sampler)
{
	if (!named)
		return domain->sampling;
	for (uint8_t i = 0; i < domain->sampler_count; i++)
		if (domain->samplers[i].id == sampler)
			return domain->samplers[i].one_in;
	return 0;
}

void export_sampling_told(struct domain *domain, bool named, uint32_t sampler, uint32_t one_in)
{
	if (!named) {
		domain->sampling = one_in;
		return;
	}
	uint8_t at = 0;
	while (at < domain->sampler_count && domain->samplers[at].id != sampler)
		at++;
	if (at == SK_EXPORT_SAMPLERS_MAX)
		return;
	if (at == domain->sampler_count)
		domain->sampler_count++;
	domain->samplers[at].id = sampler;
	domain->samplers[at].one_in = one_in;
}
