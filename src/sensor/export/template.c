/* SPDX-License-Identifier: Apache-2.0 */
/* Templates: what an exporter says that its records look like, reduced to what may be read. What is not on the list is not even named here: it is a
   number of bytes to pass over. //= rule: EXPORT-3

   NetFlow v9 (RFC 3954 5.2)        IPFIX (RFC 7011 3.4.1)                options: v9 (RFC 3954 6.1)            IPFIX (RFC 7011 3.4.2.2)
   id (2)   field count (2)         id (2)   field count (2; 0: withdrawn)  id (2) scope bytes (2) option bytes (2)   id (2) field count (2) scope count (2)
   { type (2)  length (2) } ...     { E|element (2)  length (2)  [ enterprise (4) when E ] } ...                                                        */
#include "export/export_priv.h"
#include "seal/siphash.h"

enum { FIRST_ID = 256, WITHDRAW_TEMPLATES = 2, WITHDRAW_OPTIONS = 3, ENTERPRISE_BIT = 0x8000, NUMBER_MAX_BYTES = 8 };
enum form { ADDR4, ADDR6, NUMBER, NTP, SECTION };

static const uint8_t forms[FIELD_COUNT] = {
#define SK_EXPORT_FIELD(symbol, form) [FIELD_##symbol] = form,
#include "export/element.def"
#undef SK_EXPORT_FIELD
};

static const struct {
	uint32_t enterprise;
	uint16_t number;
	uint8_t field;
} elements[] = {
#define SK_EXPORT_ELEMENT(enterprise, number, field, name) {enterprise, number, FIELD_##field},
#include "export/element.def"
#undef SK_EXPORT_ELEMENT
};

static uint8_t field_of(const struct sk_export *x, uint32_t enterprise, uint16_t number)
{
	if (enterprise == 0 && number < SK_COUNT(x->iana))
		return x->iana[number];
	for (size_t i = 0; i < SK_COUNT(elements); i++)
		if (elements[i].number == number && elements[i].enterprise == enterprise)
			return elements[i].field;
	return EXPORT_NO_FIELD;
}

void export_elements(struct sk_export *x)
{
	memset(x->iana, EXPORT_NO_FIELD, sizeof x->iana);
	for (size_t i = 0; i < SK_COUNT(elements); i++)
		if (elements[i].enterprise == 0 && elements[i].number < SK_COUNT(x->iana))
			x->iana[elements[i].number] = elements[i].field;
}

static bool fits(uint8_t field, uint16_t length)
{
	switch ((enum form)forms[field]) {
	case ADDR4: return length == 4;
	case ADDR6: return length == 16;
	case NUMBER: return length >= 1 && length <= NUMBER_MAX_BYTES;
	case NTP: return length == 8;
	case SECTION: return length != 0;
	}
	return false;
}

/* ---- putting one together ---- */

/* A template while its fields are read. */
struct learning {
	struct template t;
	uint32_t length;        /* so far; of variable fields one byte each */
	uint32_t run;           /* bytes since the last step */
	uint32_t dropped;       /* elements that may not be read */
	bool refused;
};

static void add_step(struct learning *l, uint8_t field, bool variable)
{
	if (l->t.step_count == EXPORT_STEPS_MAX || l->run > UINT16_MAX) {
		l->refused = true;
		return;
	}
	l->t.steps[l->t.step_count++] = (struct step){.skip = (uint16_t)l->run, .field = field, .variable = variable};
	l->run = 0;
}

static void add_field(struct learning *l, uint8_t field, uint16_t length)
{
	bool variable = length == EXPORT_VARIABLE;
	/* Of two elements that tell the same, the first is read. */
	bool wanted = field != EXPORT_NO_FIELD && l->t.where[field] == EXPORT_ABSENT && l->t.size[field] == 0 && fits(field, length) &&
		      (!variable || forms[field] == SECTION);
	l->dropped += !wanted;
	if (wanted) {
		l->t.size[field] = forms[field] == SECTION ? 1 : (uint8_t)length;
		if (forms[field] == SECTION)
			l->t.section_length = variable ? 0 : length;
		if (!l->t.variable && l->length < EXPORT_ABSENT)
			l->t.where[field] = (uint16_t)l->length;
	}
	/* A walk is needed for all that stands behind the first field of variable length. Fields in front of it have their place, and are steps too. */
	if (variable || wanted)
		add_step(l, wanted ? field : EXPORT_NO_FIELD, variable);
	else
		l->run += length;
	l->t.variable |= variable;
	l->length += variable ? 1 : length;
}

static void read_fields(struct sk_export *x, struct sk_cur *set, uint8_t meter, uint32_t count, uint32_t skipped_scopes, struct learning *l)
{
	for (uint32_t i = 0; i < count && sk_more(set); i++) {
		uint16_t number = sk_be16(set), length = sk_be16(set);
		uint32_t enterprise = 0;
		if (meter == SK_METER_IPFIX && (number & ENTERPRISE_BIT) != 0) {
			number &= (uint16_t)~ENTERPRISE_BIT;
			enterprise = sk_be32(set);
		}
		/* v9 numbers the scopes of options by themselves. */
		add_field(l, i < skipped_scopes ? EXPORT_NO_FIELD : field_of(x, enterprise, number), length);
	}
	if (l->length > EXPORT_RECORD_MAX || count > EXPORT_TEMPLATE_FIELDS_MAX || l->length == 0)
		l->refused = true;
	l->t.length = (uint16_t)l->length;
	l->t.tail = (uint16_t)l->run;
	if (l->run > UINT16_MAX)
		l->refused = true;
}

/* ---- the store ---- */

static uint32_t *place_of(struct sk_export *x, uint32_t domain, uint16_t id)
{
	struct sk_sip s = sk_sip_start(x->key[1], x->key[0]);
	return &x->template_places[sk_sip_finish(&s, domain | (uint64_t)id << 32, 6) % x->template_place_count];
}

static struct template *find(struct sk_export *x, const struct domain *domain, uint16_t id)
{
	uint32_t owner = (uint32_t)(domain - x->domains) + 1;
	for (uint32_t at = *place_of(x, owner, id); at != 0; at = x->templates[at - 1].next)
		if (x->templates[at - 1].domain == owner && x->templates[at - 1].id == id)
			return &x->templates[at - 1];
	return NULL;
}

void export_template_drop(struct sk_export *x, struct template *template)
{
	struct domain *domain = &x->domains[template->domain - 1];
	uint32_t self = (uint32_t)(template - x->templates) + 1, *link = place_of(x, template->domain, template->id);
	while (*link != self)
		link = &x->templates[*link - 1].next;
	*link = template->next;
	for (link = &domain->templates; *link != self; link = &x->templates[*link - 1].sibling)
		;
	*link = template->sibling;
	domain->template_count--;
	x->totals.templates--;
	template->domain = 0;
	template->next = x->template_free;
	x->template_free = self;
}

static struct template *new_place(struct sk_export *x, struct domain *domain, uint16_t id)
{
	uint32_t self = x->template_free, owner = (uint32_t)(domain - x->domains) + 1;
	if (self == 0 || domain->template_count >= x->config.limits.templates_per_domain)
		return NULL;
	struct template *template = &x->templates[self - 1];
	uint32_t *place = place_of(x, owner, id);
	x->template_free = template->next;
	template->next = *place;
	*place = self;
	template->sibling = domain->templates;
	domain->templates = self;
	domain->template_count++;
	x->totals.templates++;
	template->domain = owner;
	template->id = id;
	return template;
}

static void keep(struct sk_export *x, const struct message *m, uint16_t id, struct template *known, const struct learning *l)
{
	if (l->refused) {
		export_count(x, SK_EXPORT_TEMPLATES_REFUSED, 1);
		if (known != NULL)
			export_template_drop(x, known);
		return;
	}
	if (known == NULL)
		known = new_place(x, m->domain, id);
	if (known == NULL) {
		export_count(x, SK_EXPORT_TEMPLATES_REFUSED, 1);
		return;
	}
	struct template was = *known;
	*known = l->t;
	known->next = was.next;
	known->sibling = was.sibling;
	known->domain = was.domain;
	known->id = id;
	known->learnt_ns = m->base_ns;
	export_count(x, SK_EXPORT_TEMPLATES, 1);
	export_count(x, SK_EXPORT_ELEMENTS_DROPPED, l->dropped);
}

/* Only streams may take templates back; over datagrams it is not done and must be ignored (RFC 7011 8.4), else anyone could. */
static void withdraw(struct sk_export *x, const struct message *m, uint16_t id, bool options)
{
	if (m->source->session == 0)
		return;
	bool all = id == (options ? WITHDRAW_OPTIONS : WITHDRAW_TEMPLATES);
	for (uint32_t at = m->domain->templates; at != 0;) {
		struct template *template = &x->templates[at - 1];
		at = template->sibling;
		if (all ? template->options != options : template->id != id)
			continue;
		export_template_drop(x, template);
		export_count(x, SK_EXPORT_TEMPLATES_WITHDRAWN, 1);
	}
}

static uint64_t fingerprint(const struct sk_export *x, const struct sk_cur *definition, size_t length, bool options)
{
	uint8_t key[SK_SIP_KEY_BYTES];
	struct sk_cur ahead = *definition;
	memcpy(key, x->key, sizeof key);
	return sk_siphash13(key, sk_take(&ahead, length), length) ^ options;
}

/* The template whose definition begins at the cursor. False: the set ends here. */
static bool learn_one(struct sk_export *x, struct message *m, struct sk_cur *set, bool options)
{
	bool ipfix = m->meter == SK_METER_IPFIX;
	uint16_t id = sk_be16(set);
	uint32_t count = sk_be16(set), scopes = 0;
	if (ipfix && count == 0 && (id >= FIRST_ID || id == WITHDRAW_TEMPLATES || id == WITHDRAW_OPTIONS)) {
		withdraw(x, m, id, options);
		return true;
	}
	if (options && ipfix) {
		(void)sk_be16(set);
	} else if (options) {
		scopes = count / 4; /* both in bytes, four a field */
		count = scopes + sk_be16(set) / 4u;
	}
	if (set->dead || id < FIRST_ID)
		return false; /* padding, or nonsense: nothing behind it can be found */
	struct sk_cur start = *set;
	struct learning l = {.t = {.options = options}};
	memset(l.t.where, 0xff, sizeof l.t.where);
	read_fields(x, set, m->meter, count, scopes, &l);
	if (set->dead) {
		export_count(x, SK_EXPORT_MALFORMED_MESSAGES, 1);
		return false;
	}
	l.t.fingerprint = fingerprint(x, &start, sk_offset(set) - sk_offset(&start), options);
	struct template *known = find(x, m->domain, id);
	if (known != NULL && known->fingerprint == l.t.fingerprint && known->options == options)
		known->learnt_ns = m->base_ns;
	else
		keep(x, m, id, known, &l);
	return true;
}

void export_learn(struct sk_export *x, struct message *m, struct sk_cur set, bool options)
{
	while (sk_left(&set) >= 4 && learn_one(x, m, &set, options))
		;
}

struct template *export_template(struct sk_export *x, const struct message *m, uint16_t id)
{
	struct template *template = find(x, m->domain, id);
	int64_t age_ns = 0;
	if (template == NULL || m->source->session != 0)
		return template;
	if (!__builtin_sub_overflow(m->base_ns, template->learnt_ns, &age_ns) && age_ns <= x->config.limits.template_life_ns)
		return template;
	export_template_drop(x, template);
	export_count(x, SK_EXPORT_TEMPLATES_EXPIRED, 1);
	return NULL;
}
