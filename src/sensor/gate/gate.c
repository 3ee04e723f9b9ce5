/* SPDX-License-Identifier: Apache-2.0 */
/* The gate proper: judge a batch in two passes, mint what is admitted, overwrite what is not. */
#include "gate/peel_priv.h"

#include <stdlib.h>

/* Defined here and nowhere else: no other file can make one. rule: GATE-4 */
struct sk_admitted {
	struct sk_admitted_info info;
	struct sk_cur packet;
	uint32_t packet_wire_bytes;
};

struct sk_gate {
	const struct sk_border *table;
	unsigned covered; /* SK_CLASS_BITs */
	struct sk_peel peels[SK_BATCH_MAX];
	struct sk_admitted admitted[SK_BATCH_MAX];
	struct sk_admitted datagram;
};

/* What judging one frame or datagram came to. */
struct judged {
	enum sk_gate_reason reason;
	enum sk_class outer;
	enum sk_class inner;
};

enum sk_err sk_gate_new(const struct sk_border *table, unsigned covered_classes, struct sk_gate **out)
{
	struct sk_gate *gate = malloc(sizeof *gate);
	if (gate == NULL)
		return SK_ENOMEM;
	memset(gate, 0, sizeof *gate);
	gate->table = table;
	/* No basis can cover what is domestic or unknown, whatever it says. */
	gate->covered = covered_classes & (SK_CLASS_BIT(SK_CLASS_FF) | SK_CLASS_BIT(SK_CLASS_FD) | SK_CLASS_BIT(SK_CLASS_DF));
	*out = gate;
	return SK_OK;
}

void sk_gate_free(struct sk_gate *gate)
{
	if (gate == NULL)
		return;
	sk_wipe(gate, sizeof *gate);
	free(gate);
}

static enum sk_class class_of_pair(const struct sk_border *table, const struct sk_peel *peel)
{
	if (peel->family == 4)
		return sk_class_of(sk_border_side4(table, peel->source), sk_border_side4(table, peel->destination));
	return sk_class_of(sk_border_side6(table, peel->source), sk_border_side6(table, peel->destination));
}

static enum sk_gate_reason refusal(enum sk_class class_, bool inner)
{
	switch (class_) {
	case SK_CLASS_DD:
		return inner ? SK_GATE_INNER_DOMESTIC : SK_GATE_DOMESTIC;
	case SK_CLASS_UNKNOWN:
		return inner ? SK_GATE_INNER_UNKNOWN : SK_GATE_UNKNOWN;
	default:
		return inner ? SK_GATE_INNER_NOT_COVERED : SK_GATE_NOT_COVERED;
	}
}

/* Judge pair after pair, outermost first; stop at the first that is not covered, so that nothing behind it is read.
   //= rule: GATE-2
   //= rule: GATE-3 */
static struct judged judge(const struct sk_gate *gate, struct sk_peel *peel, enum sk_peeled found)
{
	static const uint8_t reason_of_end[SK_PEELED_COUNT] = {
		[SK_PEELED_DONE] = SK_GATE_ADMITTED, [SK_PEELED_NON_IP] = SK_GATE_NON_IP, [SK_PEELED_MALFORMED] = SK_GATE_MALFORMED_ADDRESS,
		[SK_PEELED_UNKNOWN] = SK_GATE_UNKNOWN, [SK_PEELED_INNER_UNKNOWN] = SK_GATE_INNER_UNKNOWN,
		[SK_PEELED_TUNNEL_FRAGMENT] = SK_GATE_FRAGMENT_OF_TUNNEL
	};
	struct judged judged = {.outer = SK_CLASS_UNKNOWN, .inner = SK_CLASS_UNKNOWN};
	bool first = true;
	for (; found == SK_PEELED_PAIR; found = sk_peel_next(peel)) {
		enum sk_class class_ = class_of_pair(gate->table, peel);
		if (first)
			judged.outer = class_;
		first = false;
		if ((gate->covered & SK_CLASS_BIT(class_)) == 0) {
			judged.reason = refusal(class_, peel->inner);
			return judged;
		}
		/* A quoted pair is judged, but the packet that decode gets is the one that quotes it. */
		if (!peel->quoted)
			judged.inner = class_;
	}
	judged.reason = reason_of_end[found];
	return judged;
}

/* Mint. The only place. //= rule: GATE-4 */
static void admit(struct sk_admitted *admitted, const struct sk_admitted_info *info, const struct sk_peel *peel, enum sk_class inner)
{
	admitted->info = *info;
	admitted->info.inner_class = (uint8_t)inner;
	admitted->info.tunnels = peel->tunnels;
	admitted->info.layers = peel->layers;
	admitted->packet = peel->packet;
	admitted->packet_wire_bytes = peel->packet_wire_bytes;
}

static void judge_frame(struct sk_gate *gate, size_t i, struct sk_frame *frame, enum sk_peeled found, struct sk_verdict *verdict)
{
	struct sk_peel *peel = &gate->peels[i];
	struct judged judged = judge(gate, peel, found);
	*verdict = (struct sk_verdict){.class_ = (uint8_t)judged.outer, .reason = (uint8_t)judged.reason};
	if (judged.reason != SK_GATE_ADMITTED) {
		sk_wipe(frame->bytes, frame->captured_bytes); //= rule: GATE-1
		return;
	}
	const struct sk_admitted_info info = {
		.time_ns = frame->time_ns, .wire_bytes = frame->wire_bytes, .frames = 1, .interface = frame->interface, .class_ = (uint8_t)judged.outer
	};
	admit(&gate->admitted[i], &info, peel, judged.inner);
	verdict->admitted = &gate->admitted[i];
}

void sk_gate_judge_batch(struct sk_gate *gate, struct sk_frame *frames, size_t count, struct sk_verdict *verdicts)
{
	uint8_t found[SK_BATCH_MAX];
	SK_INVARIANT(count <= SK_BATCH_MAX);
	/* Pass 1: the outermost pair of each frame, and its lines of the table are on their way. */
	for (size_t i = 0; i < count; i++) {
		struct sk_peel *peel = &gate->peels[i];
		sk_peel_frame(peel, &frames[i]);
		found[i] = (uint8_t)sk_peel_next(peel);
		if (found[i] != SK_PEELED_PAIR)
			continue;
		sk_border_prefetch(gate->table, peel->source, peel->family);
		sk_border_prefetch(gate->table, peel->destination, peel->family);
	}
	/* Pass 2: look up, and peel on where the outermost pair is covered. */
	for (size_t i = 0; i < count; i++)
		judge_frame(gate, i, &frames[i], found[i], &verdicts[i]);
}

struct sk_verdict sk_gate_judge_datagram(struct sk_gate *gate, const struct sk_admitted_info *seen, uint8_t *bytes, size_t length)
{
	struct sk_peel peel;
	sk_peel_datagram(&peel, seen, bytes, length);
	struct judged judged = judge(gate, &peel, sk_peel_next(&peel));
	struct sk_verdict verdict = {.class_ = seen->class_, .reason = (uint8_t)judged.reason};
	if (judged.reason != SK_GATE_ADMITTED) {
		sk_wipe(bytes, length);
		return verdict;
	}
	struct sk_admitted_info info = *seen;
	info.reassembled = 1;
	admit(&gate->datagram, &info, &peel, judged.inner);
	verdict.admitted = &gate->datagram;
	return verdict;
}

const struct sk_admitted_info *sk_admitted_info(const struct sk_admitted *admitted)
{
	return &admitted->info;
}

struct sk_cur sk_admitted_bytes(const struct sk_admitted *admitted, uint32_t *wire_length)
{
	*wire_length = admitted->packet_wire_bytes;
	return admitted->packet;
}

static const struct {
	const char *name;
	const char *prose;
} reasons[] = {
#define SK_GATE_REASON(name, text, prose) [SK_GATE_##name] = {text, prose},
#include "gate/reason.def"
#undef SK_GATE_REASON
};

const char *sk_gate_reason_name(enum sk_gate_reason reason)
{
	SK_INVARIANT((unsigned)reason < SK_GATE_REASON_COUNT);
	return reasons[reason].name;
}

const char *sk_gate_reason_prose(enum sk_gate_reason reason)
{
	SK_INVARIANT((unsigned)reason < SK_GATE_REASON_COUNT);
	return reasons[reason].prose;
}
