/* SPDX-License-Identifier: Apache-2.0 */
/* export: flow records that routers send: NetFlow v5 and v9, IPFIX, sFlow v5. The pair of each direction of each record is judged by the gate before anything
   else of it is read; what is admitted is a flow segment that goes to detect and select; sampled packets are frames and go back to the gate.
   Promises: memory of fixed size, nothing allocated after sk_export_new; every record has one fate; a message is overwritten when it has been read.
   Never: reads an element that element.def does not list; multiplies a count by a sampling rate; trusts a time; opens a file or a socket (listener.h
   does that). Other public headers: carrier.h (out of captures), listener.h (sockets), payload.h (files). Thread rule: one a thread. */
#ifndef SK_EXPORT_H
#define SK_EXPORT_H

#include "base/clock.h"
#include "ledger/record.h"
#include "select/select.h"

enum {
	SK_EXPORT_MESSAGE_MAX = 65535,
	SK_EXPORT_INTERVAL_RECORDS = 1 << 20,   /* of an interval of replayed exports */
	SK_EXPORT_SAMPLERS_MAX = 16             /* of one domain; later ones are not known */
};

enum sk_export_counter {
#define SK_EXPORT_COUNTER(symbol, name, unit, prose) SK_EXPORT_##symbol,
#include "export/counter.def"
#undef SK_EXPORT_COUNTER
	SK_EXPORT_COUNTERS
};

/* Why a record was erased: the gate's reasons, and one more. */
enum { SK_EXPORT_NO_PAIR = SK_GATE_REASON_COUNT, SK_EXPORT_GATE_REASONS };
/* Why an admitted one was: nothing selected it, or it is the direction of a biflow in which nothing went. */
enum sk_export_select { SK_EXPORT_NO_HIT, SK_EXPORT_EMPTY, SK_EXPORT_SELECT_REASONS };

struct sk_export_limits {
	uint32_t domains;              /* exporters x observation domains known at once, default 2048; a new one takes the place of one that was silent for half an hour */
	uint32_t domains_per_exporter; /* default 64 */
	uint32_t templates;            /* default 8192 */
	uint32_t templates_per_domain; /* default 128 */
	int64_t template_life_ns;      /* of datagrams: more than three times the usual refresh, default 2 h (RFC 7011 10.3.7) */
};
/* The defaults above. */
struct sk_export_limits sk_export_default_limits(void);

struct sk_export_config {
	const struct sk_border *border; /* borrowed, as all below */
	const struct sk_basis *basis;
	const struct sk_indicator_set *set; /* NULL: no selector */
	const struct sk_observe_sink *sink;
	struct sk_export_limits limits;
	unsigned forms;                 /* bits 1 << enum sk_meter of the forms that are read; others are malformed. 0: all */
	struct sk_clock clock;
	/* Sampled packets as frames, in the message's own memory (at most SK_BATCH_MAX at once; interface is 0): the receiver feeds them to the gate. Its error
	   ends the reading. NULL: they are counted as unread. */
	enum sk_err (*frames)(void *context, struct sk_frame *frames, size_t count, struct sk_fault *fault);
	void *context;
};

/* INT64_MIN: nobody knows when it came (a file of payloads). */
#define SK_EXPORT_NO_TIME INT64_MIN
/* Who sent a message, and how it came. */
struct sk_export_source {
	struct sk_addr exporter;
	uint32_t session;      /* 0: datagrams; else a number of the stream, whose templates end with it */
	int64_t time_ns;       /* when it came: our clock or the capture's, or SK_EXPORT_NO_TIME */
};

/* Sums over the run. */
struct sk_export_totals {
	uint64_t count[SK_EXPORT_COUNTERS];
	uint64_t messages_by[SK_METER_COUNT];
	uint64_t received, selected, malformed;
	uint64_t gate[SK_EXPORT_GATE_REASONS];     /* by reason; index 0 is not used */
	uint64_t select[SK_EXPORT_SELECT_REASONS];
	uint64_t classes[SK_CLASS_COUNT];
	uint64_t observations, findings;
	uint32_t sampling_least, sampling_most;    /* rates that were stated, 0: none */
	uint32_t domains, templates;               /* known now */
	int64_t first_ns, last_ns;                 /* time of the first and last message: received, or as it says */
};

struct sk_export; /* opaque */

/* Make one; allocates and touches everything. SK_ENOMEM. */
SK_MUST enum sk_err sk_export_new(const struct sk_export_config *config, struct sk_export **out);
/* Wipe and free (NULL is fine). */
void sk_export_free(struct sk_export *export_);
/* Go on by another table, basis and set (borrowed): between two messages, after the account of those before was taken. No segment is open here: a record is whole when it is read. rule: RELOAD-1 */
void sk_export_switch(struct sk_export *export_, const struct sk_border *border, const struct sk_basis *basis, const struct sk_indicator_set *set);
/* Another life of templates from now on. */
void sk_export_template_life(struct sk_export *export_, int64_t life_ns);
/* Read one message of any of the four forms (a datagram, or one IPFIX message of a stream) of at most SK_EXPORT_MESSAGE_MAX bytes; they are overwritten on
   return. What is malformed is counted and is no error. SK_EEXPIRED: the basis ended, nothing was read. Errors of config.frames are passed on.
   rule: EXPORT-2 EXPORT-3 */
SK_MUST enum sk_err sk_export_message(struct sk_export *export_, const struct sk_export_source *source, uint8_t *bytes, size_t length, struct sk_fault *fault);
/* A stream is over: forget its domains and templates. */
void sk_export_session_end(struct sk_export *export_, uint32_t session);
/* Add to a counter of something that happened around the room (carrier, listener). */
void sk_export_count(struct sk_export *export_, enum sk_export_counter counter, uint64_t more);
/* What came since the last call, as an interval's account; its observations and findings are added to the account's. rule: EXPORT-4 */
void sk_export_take_account(struct sk_export *export_, struct sk_account *account);
/* Records received since the last account: when an interval is full. */
uint64_t sk_export_interval_records(const struct sk_export *export_);
/* Messages since the last account: whether there is anything to account for. */
uint64_t sk_export_interval_messages(const struct sk_export *export_);
/* Sums so far. */
void sk_export_totals(const struct sk_export *export_, struct sk_export_totals *out);
/* Name in JSON, unit and sentence of a counter. Static storage. */
const char *sk_export_counter_name(enum sk_export_counter counter);
/* "records", "messages" ... */
const char *sk_export_counter_unit(enum sk_export_counter counter);
/* The sentence. */
const char *sk_export_counter_prose(enum sk_export_counter counter);
/* Name of a reason of sk_export_totals.gate, e.g. "domestic", "no_pair". Static storage. */
const char *sk_export_gate_reason_name(unsigned reason);
/* "no_hit", "empty". Static storage. */
const char *sk_export_select_reason_name(unsigned reason);

#endif
