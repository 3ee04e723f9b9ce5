/* SPDX-License-Identifier: Apache-2.0 */
/* The loaded program on the running kernel, tried on built-in frames against the table that is to come into force. What must come out follows from the classes of the pairs
   in a frame alone, and not from the code of any gate. */
#include "live/selftest_priv.h"

#include <stdio.h>

#include "border/explain.h"

enum { SAMPLES = 2, SPANS_MAX = 200000, SIDES = 3 };

/* Addresses of a family and side that the table knows: the first that is met, and one of the smallest range (deep in the trie). */
struct samples {
	struct sk_addr addr[2][SIDES][SAMPLES];
	uint8_t count[2][SIDES];
	uint8_t host_bits[2][SIDES]; /* of the smallest range */
};

struct trial {
	const struct live_program *program;
	const struct sk_border *border;
	unsigned covered;
	struct samples samples;
	unsigned frames, turn;
	struct sk_fault *fault;
};

static const struct {
	const char *recipe;
	uint8_t cut;
	uint8_t end;      /* LIVE_REASON_COUNT: the kernel leaves it to user space */
	const char *what;
} vectors[] = {
#define LIVE_VECTOR(recipe, cut, end, what) {recipe, cut, LIVE_REASON_##end, what},
#include "live/vectors.def"
#undef LIVE_VECTOR
};

/* ---- addresses ---- */

static unsigned width_of(const struct sk_addr *addr)
{
	return addr->family == 4 ? 4 : 16;
}

/* A range of the table is a slot of the trie: how many low bits are free in it? */
static unsigned host_bits(const struct sk_addr *first, const struct sk_addr *last)
{
	unsigned width = width_of(first), same = 0;
	while (same < width * 8 && ((first->bytes[same / 8] ^ last->bytes[same / 8]) >> (7 - same % 8) & 1) == 0)
		same++;
	return width * 8 - same;
}

/* The address behind; false behind the last. */
static bool step(struct sk_addr *addr)
{
	for (unsigned i = width_of(addr); i-- > 0;)
		if (++addr->bytes[i] != 0)
			return true;
	return false;
}

static void take_sample(struct samples *samples, unsigned f, enum sk_side side, const struct sk_addr *addr, unsigned free_bits)
{
	if (samples->count[f][side] == 0) {
		samples->addr[f][side][0] = samples->addr[f][side][1] = *addr;
		samples->count[f][side] = SAMPLES;
		samples->host_bits[f][side] = (uint8_t)free_bits;
	} else if (free_bits < samples->host_bits[f][side]) {
		samples->addr[f][side][1] = *addr;
		samples->host_bits[f][side] = (uint8_t)free_bits;
	}
}

/* IPv6 that embeds IPv4 has vectors of its own. */
static bool embeds(const struct sk_addr *addr)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}, nat64[12] = {[1] = 0x64, [2] = 0xff, [3] = 0x9b};
	const uint8_t *b = addr->bytes;
	return addr->family == 6 && (memcmp(b, mapped, sizeof mapped) == 0 || memcmp(b, nat64, sizeof nat64) == 0 || memcmp(b, "\x20\x02", 2) == 0 || memcmp(b, "\x20\x01\0\0", 4) == 0);
}

/* Walk the table, at most so many ranges of it. */
static void find_samples(const struct sk_border *border, unsigned family, struct samples *samples)
{
	struct sk_addr addr = {.family = (uint8_t)family}, last;
	for (unsigned spans = 0; spans < SPANS_MAX; spans++) {
		enum sk_side side = sk_border_span(border, &addr, &last);
		if (!embeds(&addr))
			take_sample(samples, family == 6, side, &addr, host_bits(&addr, &last));
		addr = last;
		if (!step(&addr))
			return;
	}
}

static const struct sk_addr *sample(struct trial *trial, unsigned family, enum sk_side side)
{
	return &trial->samples.addr[family == 6][side][trial->turn++ % SAMPLES];
}

/* A pair of the class; false when the table has no address of a side that it needs. */
static bool make_pair(struct trial *trial, unsigned family, enum sk_class class_, struct live_pair *out)
{
	static const uint8_t sides[SK_CLASS_COUNT][2] = {
		[SK_CLASS_FF] = {SK_SIDE_FOREIGN, SK_SIDE_FOREIGN}, [SK_CLASS_FD] = {SK_SIDE_FOREIGN, SK_SIDE_DOMESTIC},
		[SK_CLASS_DF] = {SK_SIDE_DOMESTIC, SK_SIDE_FOREIGN}, [SK_CLASS_DD] = {SK_SIDE_DOMESTIC, SK_SIDE_DOMESTIC},
		[SK_CLASS_UNKNOWN] = {SK_SIDE_FOREIGN, SK_SIDE_UNKNOWN}
	};
	for (unsigned end = 0; end < 2; end++)
		if (trial->samples.count[family == 6][sides[class_][end]] == 0)
			return false;
	out->source = *sample(trial, family, (enum sk_side)sides[class_][0]);
	out->destination = *sample(trial, family, (enum sk_side)sides[class_][1]);
	return true;
}

/* ---- what must come out ---- */

static enum live_reason refusal(enum sk_class class_, bool inner)
{
	if (class_ == SK_CLASS_DD)
		return inner ? LIVE_REASON_INNER_DOMESTIC : LIVE_REASON_DOMESTIC;
	if (class_ == SK_CLASS_UNKNOWN)
		return inner ? LIVE_REASON_INNER_UNKNOWN : LIVE_REASON_UNKNOWN;
	return inner ? LIVE_REASON_INNER_NOT_COVERED : LIVE_REASON_NOT_COVERED;
}

static uint32_t expected(unsigned covered, const enum sk_class *classes, unsigned pairs, unsigned end)
{
	uint32_t outer = pairs != 0 ? classes[0] : (uint32_t)SK_CLASS_UNKNOWN;
	for (unsigned i = 0; i < pairs; i++)
		if ((covered & SK_CLASS_BIT(classes[i])) == 0)
			return LIVE_VERDICT_FINISHED | outer << 8 | refusal(classes[i], i != 0);
	return end == LIVE_REASON_COUNT ? LIVE_VERDICT_UNFINISHED | outer << 8 : LIVE_VERDICT_FINISHED | outer << 8 | end;
}

static const char *said(uint32_t verdict, char text[48])
{
	unsigned class_ = verdict >> 8 & 0xff, reason = verdict & 0xff;
	if (class_ >= SK_CLASS_COUNT || reason >= SK_GATE_REASON_COUNT)
		return "nonsense";
	(void)snprintf(text, 48, "%s, %s", sk_class_name((enum sk_class)class_),
		       (verdict & LIVE_VERDICT_FINISHED) != 0 ? sk_gate_reason_name((enum sk_gate_reason)reason) : "unfinished");
	return text;
}

/* One frame. Pairs that the cut goes into are not seen, so what they are does not count. */
static enum sk_err try_frame(struct trial *trial, size_t row, const enum sk_class *classes)
{
	struct live_pair pairs[LIVE_PAIRS_MAX];
	struct live_frame frame;
	char found[48], wanted[48];
	unsigned count = live_recipe_pairs(vectors[row].recipe);
	for (unsigned i = 0; i < count; i++)
		if (!make_pair(trial, live_recipe_family(vectors[row].recipe, i), classes[i], &pairs[i]))
			return SK_OK;
	live_recipe_build(vectors[row].recipe, vectors[row].cut, pairs, &frame);
	uint32_t verdict = 0, want = expected(trial->covered, classes, vectors[row].cut != 0 ? count - 1 : count, vectors[row].end);
	SK_TRY(live_program_run(trial->program, frame.room + frame.start, frame.length, &verdict, trial->fault));
	trial->frames++;
	if (verdict == want)
		return SK_OK;
	return sk_fault_set(trial->fault, SK_EKERNELGATE, "the gate in the kernel judges wrongly: %s: '%s' where '%s' is right; this kernel cannot be trusted with it, nothing was started (--mode packet may work; "
			    "please report the kernel's version)", vectors[row].what, said(verdict, found), said(want, wanted));
}

/* Every class in every place, while the others are covered; with one pair simply every class. */
static enum sk_err try_row(struct trial *trial, size_t row)
{
	unsigned pairs = live_recipe_pairs(vectors[row].recipe);
	enum sk_class passing = SK_CLASS_FD, classes[LIVE_PAIRS_MAX];
	for (int class_ = SK_CLASS_DF; class_ >= SK_CLASS_FF; class_--)
		if ((trial->covered & SK_CLASS_BIT(class_)) != 0)
			passing = (enum sk_class)class_;
	for (unsigned place = 0; place < (pairs != 0 ? pairs : 1); place++)
		for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++) {
			for (unsigned i = 0; i < pairs; i++)
				classes[i] = i == place ? (enum sk_class)class_ : passing;
			for (unsigned again = 0; again < SAMPLES; again++)
				SK_TRY(try_frame(trial, row, classes));
		}
	return SK_OK;
}

/* ---- IPv6 that embeds IPv4 ---- */

/* What the table says of such an address is the rule of the border's room (BORDER-4); here a pair of one and of a plain foreign address must be judged by it. */
static enum sk_err try_embedded(struct trial *trial, const struct sk_addr *embedded, bool may_go_on)
{
	struct live_pair pair = {.source = *embedded};
	struct live_frame frame;
	char found[48], wanted[48];
	if (trial->samples.count[1][SK_SIDE_FOREIGN] == 0)
		return SK_OK;
	pair.destination = *sample(trial, 6, SK_SIDE_FOREIGN);
	enum sk_class class_ = sk_class_of(sk_border_side(trial->border, &pair.source), SK_SIDE_FOREIGN);
	uint32_t verdict = 0, want = expected(trial->covered, &class_, 1, LIVE_REASON_ADMITTED);
	live_recipe_build("E6T", 0, &pair, &frame);
	SK_TRY(live_program_run(trial->program, frame.room + frame.start, frame.length, &verdict, trial->fault));
	trial->frames++;
	if (verdict == want || (may_go_on && (verdict & LIVE_VERDICT_UNFINISHED) != 0))
		return SK_OK;
	return sk_fault_set(trial->fault, SK_EKERNELGATE, "the gate in the kernel judges wrongly: IPv6 that embeds IPv4: '%s' where '%s' is right; nothing was started", said(verdict, found),
			    said(want, wanted));
}

static enum sk_err try_all_embedded(struct trial *trial)
{
	bool may_go_on = live_program_written(trial->program)->lists_in_trie == 0;
	for (unsigned side = 0; side < SIDES; side++) {
		if (trial->samples.count[0][side] == 0)
			continue;
		const uint8_t *four = sample(trial, 4, (enum sk_side)side)->bytes;
		struct sk_addr mapped = {.bytes = {[10] = 0xff, [11] = 0xff}, .family = 6}, nat64 = {.bytes = {[1] = 0x64, [2] = 0xff, [3] = 0x9b}, .family = 6};
		struct sk_addr six_to_four = {.bytes = {0x20, 0x02}, .family = 6}, teredo = {.bytes = {0x20, 0x01}, .family = 6};
		memcpy(mapped.bytes + 12, four, 4);
		memcpy(nat64.bytes + 12, four, 4);
		memcpy(six_to_four.bytes + 2, four, 4);
		memcpy(teredo.bytes + 4, four, 4);
		for (unsigned i = 0; i < 4; i++)
			teredo.bytes[12 + i] = (uint8_t)~four[i];
		const struct sk_addr *all[] = {&mapped, &nat64, &six_to_four, &teredo};
		for (size_t i = 0; i < SK_COUNT(all); i++)
			SK_TRY(try_embedded(trial, all[i], may_go_on));
	}
	return SK_OK;
}

enum sk_err live_selftest(const struct live_program *program, const struct sk_border *border, unsigned covered, unsigned *frames, struct sk_fault *fault)
{
	struct trial trial = {.program = program, .border = border, .fault = fault,
			      .covered = covered & (SK_CLASS_BIT(SK_CLASS_FF) | SK_CLASS_BIT(SK_CLASS_FD) | SK_CLASS_BIT(SK_CLASS_DF))};
	find_samples(border, 4, &trial.samples);
	find_samples(border, 6, &trial.samples);
	for (size_t row = 0; row < SK_COUNT(vectors); row++)
		SK_TRY(try_row(&trial, row));
	SK_TRY(try_all_embedded(&trial));
	*frames = trial.frames;
	return SK_OK;
}
