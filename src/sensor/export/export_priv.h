/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of export share. */
#ifndef SK_EXPORT_PRIV_H
#define SK_EXPORT_PRIV_H

#include "export/export.h"
#include "wire/wire.h"

enum {
	EXPORT_STEPS_MAX = 96,            /* of a template with fields of variable length: wanted fields and runs of others */
	EXPORT_TEMPLATE_FIELDS_MAX = 1024,
	EXPORT_RECORD_MAX = UINT16_MAX,   /* least length of a record */
	EXPORT_VARIABLE = UINT16_MAX,     /* a field's length in a template (RFC 7011 7) */
	EXPORT_IDLE_LOOK = 16,            /* domains that are looked at for an idle one, a message that finds no place */
	EXPORT_REORDER_RECORDS = 4096, EXPORT_REORDER_MESSAGES = 64, /* behind the expected number by so much: late, not begun anew */
	EXPORT_PREFETCH = 6,
	EXPORT_NO_FIELD = 255, EXPORT_ABSENT = UINT16_MAX
};
#define EXPORT_S INT64_C(1000000000)
#define EXPORT_MS INT64_C(1000000)
#define EXPORT_IDLE_NS (1800 * EXPORT_S)         /* a domain that was silent for so long may lose its place */
#define EXPORT_CLOCK_OFF_NS (3600 * EXPORT_S)
#define EXPORT_PAST_NS (7 * 86400 * EXPORT_S)    /* a flow's times may lie so far before its export ... */
#define EXPORT_AHEAD_NS (300 * EXPORT_S)         /* ... and so far behind it */
#define EXPORT_GAP_MAX (UINT32_C(1) << 28)

enum export_field {
#define SK_EXPORT_FIELD(symbol, form) FIELD_##symbol,
#include "export/element.def"
#undef SK_EXPORT_FIELD
	FIELD_COUNT
};
_Static_assert((int)FIELD_COUNT < (int)EXPORT_NO_FIELD, "a field is a byte");

/* A walk over a record of variable length: pass over `skip` bytes, then a field. */
struct step {
	uint16_t skip;
	uint8_t field;    /* enum export_field or EXPORT_NO_FIELD */
	bool variable;    /* its length stands in front of it */
};

/* A template as far as it is needed: where the fields that may be read stand, and how to get past all others. */
struct template {
	uint32_t next, sibling;     /* of the same place, of the same domain; 0: none; index + 1 */
	uint32_t domain;            /* index + 1; 0: free */
	uint16_t id;
	bool options, variable;
	uint16_t length;            /* of a record; of variable length: the least */
	uint16_t tail;              /* bytes behind the last step */
	uint8_t step_count;
	uint64_t fingerprint;       /* of its definition, keyed */
	int64_t learnt_ns;
	uint16_t where[FIELD_COUNT]; /* offsets in the record, or EXPORT_ABSENT; where `variable`, a walk finds them instead */
	uint8_t size[FIELD_COUNT];  /* bytes of a number */
	uint16_t section_length;    /* of a section of fixed length */
	struct step steps[EXPORT_STEPS_MAX];
};

/* What is known of one exporter's observation domain (v5: engine; sFlow: sub-agent). */
struct domain {
	struct sk_addr exporter;
	uint32_t session, id;
	uint32_t next;              /* of the same place; index + 1 */
	uint32_t templates, template_count; /* the first of its own; how many */
	uint8_t meter;              /* enum sk_meter; HERE: free */
	bool numbered;              /* expected is known */
	uint8_t sampler_count;
	uint32_t expected;          /* the next sequence number */
	uint32_t sampling;          /* without a sampler's name */
	struct { uint32_t id, one_in; } samplers[SK_EXPORT_SAMPLERS_MAX];
	int64_t system_init_ns;     /* 0: not told */
	int64_t seen_ns;
};

/* The message in hand. */
struct message {
	uint8_t *bytes;             /* all of it, for overwriting */
	const struct sk_export_source *source;
	uint8_t meter;
	struct domain *domain;
	int64_t base_ns;            /* its time */
	int64_t uptime_ns;          /* the router's clock at that time; INT64_MIN: not told */
	uint32_t sampling;          /* NetFlow v5's header */
	uint32_t records;           /* data records, options included, for the sequence */
	bool counted;               /* all of its sets could be counted */
};

struct sk_export {
	struct sk_export_config config;
	unsigned covered;
	uint64_t key[2];
	uint8_t iana[512];          /* field of an element of the registry; EXPORT_NO_FIELD */
	struct sk_detect detect;
	struct sk_select *select;
	struct sk_flow_facts facts; /* hits alone are ever in it */
	struct domain *domains, *last_domain;
	uint32_t *domain_places, domain_place_count, domain_hand;
	struct template *templates;
	uint32_t *template_places, template_place_count, template_free;
	size_t frame_count;
	struct sk_frame frames[SK_BATCH_MAX];
	struct sk_export_totals totals;
	struct sk_export_totals before; /* at the last account */
};

static inline void export_count(struct sk_export *x, enum sk_export_counter counter, uint64_t more)
{
	x->totals.count[counter] += more;
}

/* ---- domain.c ---- */

/* The domain of the message's exporter; NULL when there is no place for it (counted). */
struct domain *export_domain(struct sk_export *x, const struct message *m, uint32_t id);
/* Forget a domain and its templates. */
void export_domain_drop(struct sk_export *x, struct domain *domain);
/* A message with this number holds so many units: count what is missing before it. `reorder`: units that may come late. */
void export_sequence(struct sk_export *x, struct domain *domain, uint32_t sequence, uint32_t units, uint32_t reorder, enum sk_export_counter lost);
/* One packet in how many, as this sampler of the domain takes them; 0: not told. */
uint32_t export_sampling(const struct domain *domain, bool named, uint32_t sampler);
/* The exporter told it. one_in 0: it does not know. */
void export_sampling_told(struct domain *domain, bool named, uint32_t sampler, uint32_t one_in);

/* ---- template.c ---- */

/* Make the table of elements of the registry. */
void export_elements(struct sk_export *x);
/* Learn the templates of a set. */
void export_learn(struct sk_export *x, struct message *m, struct sk_cur set, bool options);
/* The template of a set of data; NULL when there is none (any more). */
struct template *export_template(struct sk_export *x, const struct message *m, uint16_t id);
/* Forget one. */
void export_template_drop(struct sk_export *x, struct template *template);

/* ---- record.c ---- */

/* A record of a set, its fields found. */
struct record {
	struct sk_view view;
	size_t offset;              /* in the message */
	uint16_t length;
	const uint16_t *where;
	const uint8_t *size;
	size_t section_length;
};

static inline bool record_has(const struct record *r, enum export_field field)
{
	return r->where[field] != EXPORT_ABSENT;
}

/* The number in a field; 0 when it is not there. */
uint64_t record_number(const struct record *r, enum export_field field);
/* Read the records of a set. */
SK_MUST enum sk_err export_data(struct sk_export *x, struct message *m, const struct template *template, struct sk_cur set, struct sk_fault *fault);
/* Judge the pair of one direction and count it; false: erased by the gate, and nothing more of it may be read. rule: EXPORT-2 */
bool export_judge(struct sk_export *x, const struct sk_addr *source, const struct sk_addr *destination, enum sk_class *class_);
/* One direction of a record that nobody can read. */
void export_malformed_record(struct sk_export *x);
/* An admitted direction: to detect and select. */
void export_mint(struct sk_export *x, const struct sk_metered *metered);
/* A flow's times, which may be anything: into the week before the message, in order. Counts what was wrong. */
void export_times(struct sk_export *x, const struct message *m, int64_t first_ns, int64_t last_ns, struct sk_metered *metered);
/* A sampled packet that lies in the message. */
SK_MUST enum sk_err export_frame(struct sk_export *x, const struct message *m, size_t offset, size_t length, uint32_t wire_bytes, enum sk_link link, int64_t time_ns,
				 struct sk_fault *fault);
/* Hand on the sampled packets that wait. */
SK_MUST enum sk_err export_frames_out(struct sk_export *x, struct sk_fault *fault);

/* ---- one a form ---- */

SK_MUST enum sk_err export_netflow5(struct sk_export *x, struct message *m, struct sk_cur *cur);
SK_MUST enum sk_err export_netflow9(struct sk_export *x, struct message *m, struct sk_cur *cur, struct sk_fault *fault);
SK_MUST enum sk_err export_ipfix(struct sk_export *x, struct message *m, struct sk_cur *cur, struct sk_fault *fault);
SK_MUST enum sk_err export_sflow(struct sk_export *x, struct message *m, struct sk_cur *cur, struct sk_fault *fault);

/* The exporter's clock against ours; sets m->base_ns. */
void export_clock(struct sk_export *x, struct message *m, int64_t told_ns);

#endif
