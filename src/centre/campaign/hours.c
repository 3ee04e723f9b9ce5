/* SPDX-License-Identifier: Apache-2.0 */
/* The posterior: over the standard offset and the rule of its clocks, then over the offset in force; the set; the verdict. */
#include "campaign/hours.h"

#include <math.h>
#include <stdlib.h>

#include "campaign/hours_priv.h"

/* Bounds of the tests; docs/hours.md says what they do on named data. */
static const double even_p_most = 0.003, even_strength_least = 0.12, minute_share_most = 0.4, minute_p_most = 1e-6, strength_most = 0.97, gap_share_most = 0.5,
		    several_weight_most = 3, moved_weight_most = 3, rest_share_most = 0.15, even_rest_least = 0.2;

static const struct row {
	int minutes;
	double weight, north, south, fri_sat, thu_fri;
} rows[] = {
#define SK_OFFSET(minutes, weight, north, south, fri_sat, thu_fri) {minutes, weight, north / 1000.0, south / 1000.0, fri_sat / 1000.0, thu_fri / 1000.0},
#include "campaign/offset.def"
};
_Static_assert(SK_COUNT(rows) == SK_HOURS_OFFSETS, "offset.def");

enum { NO_REST_MOMENTS = 60, NO_REST_PERMILLE = 60, NEIGHBOUR_MINUTES = 60 };

/* ---- the tables ---- */

static double rule_chance(const struct row *row, size_t rule)
{
	return rule == SK_CLOCK_NORTH ? row->north : rule == SK_CLOCK_SOUTH ? row->south : 1 - row->north - row->south;
}

static void rest_chances(const struct row *row, double rest[SK_REST_COUNT])
{
	double kept = 1 - NO_REST_PERMILLE / 1000.0;
	rest[SK_REST_NONE] = 1 - kept;
	rest[SK_REST_FRI_SAT] = kept * fmax(row->fri_sat, 0.002);
	rest[SK_REST_THU_FRI] = kept * fmax(row->thu_fri, 0.001);
	rest[SK_REST_SAT_SUN] = kept - rest[SK_REST_FRI_SAT] - rest[SK_REST_THU_FRI];
}

static void set_priors(bool flat, struct sk_hours *out)
{
	double sum = 0;
	for (size_t o = 0; o < SK_HOURS_OFFSETS; o++) {
		out->offsets[o].minutes = rows[o].minutes;
		out->offsets[o].prior = rows[o].weight > 0 && flat ? 1000 : rows[o].weight;
		sum += out->offsets[o].prior;
	}
	for (size_t o = 0; o < SK_HOURS_OFFSETS; o++)
		out->offsets[o].prior /= sum;
}

static size_t row_at(int minutes)
{
	for (size_t o = 0; o < SK_HOURS_OFFSETS; o++)
		if (rows[o].minutes == minutes)
			return o;
	sk_bug(__FILE__, __LINE__, "every summer time of offset.def is a row");
}

/* ---- the lines, offset by offset ---- */

/* One hypothesis: a standard offset with a rule of clocks. */
struct hypothesis {
	double line[SK_HOURS_LINES];    /* log-likelihoods */
	double rest[SK_REST_COUNT];
	double chance;                  /* of the rule at this offset */
	double posterior;               /* logarithm, then normalised */
	double summer_share;            /* of the moments */
	uint64_t midday_moments;
	double midday_share;
};

struct board {
	struct hypothesis cell[SK_HOURS_OFFSETS][SK_CLOCK_RULES];
};

static void judge(const struct sk_habits *habits, const struct sk_moments *m, uint32_t quarters[SK_SUMMER_COUNT][2][SK_QUARTERS], size_t o, size_t rule,
		  struct hypothesis *h)
{
	double share[SK_DAY_HOURS], rest[SK_REST_COUNT], on = 0;
	struct sk_week week;
	enum sk_summer summer = sk_summer_of((enum sk_hours_rule)rule, rows[o].minutes);
	double total = sk_day_shares(quarters[summer], rows[o].minutes, share);
	h->line[SK_HOURS_DAY] = sk_habits_like(habits, share, sk_day_worth(m->weight));
	rest_chances(&rows[o], rest);
	sk_week_like(m, summer, rows[o].minutes, rest, &week);
	h->line[SK_HOURS_WEEKEND] = week.weekend;
	h->line[SK_HOURS_MIDDAY] = week.midday;
	memcpy(h->rest, week.rest, sizeof h->rest);
	h->midday_moments = week.midday_moments;
	h->midday_share = week.midday_share;
	for (size_t q = 0; q < SK_QUARTERS; q++)
		on += quarters[summer][1][q];
	h->summer_share = total > 0 ? on / total : 0;
}

static enum sk_err fill_board(const struct sk_habits *habits, const struct sk_moments *m, struct sk_hours *out, struct board *board)
{
	uint32_t quarters[SK_SUMMER_COUNT][2][SK_QUARTERS];
	double clocks[SK_CLOCK_RULES], holidays[SK_HOURS_OFFSETS];
	for (size_t summer = 0; summer < SK_SUMMER_COUNT; summer++)
		sk_day_count(m->time_s, m->count, (enum sk_summer)summer, quarters[summer]);
	sk_clock_like(m, out, clocks);
	SK_TRY(sk_calendars_like(m, out, holidays));
	for (size_t o = 0; o < SK_HOURS_OFFSETS; o++)
		for (size_t rule = 0; rule < SK_CLOCK_RULES; rule++) {
			struct hypothesis *h = &board->cell[o][rule];
			h->chance = out->offsets[o].prior > 0 ? rule_chance(&rows[o], rule) : 0;
			if (h->chance <= 0)
				continue;
			judge(habits, m, quarters, o, rule, h);
			h->line[SK_HOURS_CLOCK] = clocks[rule];
			h->line[SK_HOURS_HOLIDAYS] = holidays[o];
		}
	return SK_OK;
}

/* ---- the posterior ---- */

static void normalise(struct sk_hours *out, struct board *board)
{
	double all[SK_HOURS_OFFSETS * SK_CLOCK_RULES];
	size_t count = 0;
	for (size_t o = 0; o < SK_HOURS_OFFSETS; o++)
		for (size_t rule = 0; rule < SK_CLOCK_RULES; rule++) {
			struct hypothesis *h = &board->cell[o][rule];
			h->posterior = h->chance > 0 ? log(out->offsets[o].prior * h->chance) : -INFINITY;
			for (size_t line = 0; line < SK_HOURS_LINES; line++)
				h->posterior += h->line[line];
			all[count++] = h->posterior;
		}
	double sum = sk_log_sum(all, count);
	for (size_t o = 0; o < SK_HOURS_OFFSETS; o++)
		for (size_t rule = 0; rule < SK_CLOCK_RULES; rule++)
			board->cell[o][rule].posterior = exp(board->cell[o][rule].posterior - sum);
}

static void spread(struct sk_hours *out, const struct board *board)
{
	for (size_t o = 0; o < SK_HOURS_OFFSETS; o++)
		for (size_t rule = 0; rule < SK_CLOCK_RULES; rule++) {
			const struct hypothesis *h = &board->cell[o][rule];
			if (h->chance <= 0)
				continue;
			double forward = h->posterior * h->summer_share;
			out->offsets[o].standard += h->posterior;
			out->offsets[o].probability += h->posterior - forward;
			if (forward > 0)
				out->offsets[row_at(rows[o].minutes + NEIGHBOUR_MINUTES)].probability += forward;
			out->rule[rule] += h->posterior;
			for (size_t kind = 0; kind < SK_REST_COUNT; kind++)
				out->rest_kind[kind] += h->posterior * h->rest[kind];
		}
}

/* A line by itself, offset by offset, over the rules that are kept there; against its mean over the prior. */
static void weigh_lines(struct sk_hours *out, const struct board *board)
{
	size_t best = 0;
	for (size_t o = 1; o < SK_HOURS_OFFSETS; o++)
		if (out->offsets[o].standard > out->offsets[best].standard)
			best = o;
	for (size_t line = 0; line < SK_HOURS_LINES; line++) {
		double means[SK_HOURS_OFFSETS];
		for (size_t o = 0; o < SK_HOURS_OFFSETS; o++) {
			double terms[SK_CLOCK_RULES];
			for (size_t rule = 0; rule < SK_CLOCK_RULES; rule++)
				terms[rule] = board->cell[o][rule].chance > 0 ? log(board->cell[o][rule].chance) + board->cell[o][rule].line[line] : -INFINITY;
			out->offsets[o].line[line] = sk_log_sum(terms, SK_CLOCK_RULES);
			means[o] = out->offsets[o].prior > 0 ? log(out->offsets[o].prior) + out->offsets[o].line[line] : -INFINITY;
		}
		double mean = sk_log_sum(means, SK_HOURS_OFFSETS);
		for (size_t o = 0; o < SK_HOURS_OFFSETS; o++)
			out->offsets[o].line[line] = out->offsets[o].prior > 0 ? out->offsets[o].line[line] - mean : 0;
		out->line_weight[line] = out->offsets[best].line[line];
	}
	size_t rule = 0;
	for (size_t r = 1; r < SK_CLOCK_RULES; r++)
		if (board->cell[best][r].posterior > board->cell[best][rule].posterior)
			rule = r;
	out->midday_moments = board->cell[best][rule].midday_moments;
	out->midday_share = board->cell[best][rule].midday_share;
}

/* ---- the set ---- */

/* The most likely offsets until they hold the share; then what lies between two of them that are an hour apart or less, for nobody can tell half an hour. */
static void choose_set(struct sk_hours *out)
{
	double held = 0;
	size_t best = 0;
	for (size_t o = 1; o < SK_HOURS_OFFSETS; o++)
		if (out->offsets[o].probability > out->offsets[best].probability)
			best = o;
	out->best = out->offsets[best].minutes;
	while (held < SK_HOURS_SET_PERCENT / 100.0) {
		size_t next = SK_HOURS_OFFSETS;
		for (size_t o = 0; o < SK_HOURS_OFFSETS; o++)
			if (!out->offsets[o].in_set && (next == SK_HOURS_OFFSETS || out->offsets[o].probability > out->offsets[next].probability))
				next = o;
		if (next == SK_HOURS_OFFSETS)
			break;
		out->offsets[next].in_set = true;
		held += out->offsets[next].probability;
	}
	for (size_t from = 0; from < SK_HOURS_OFFSETS; from++)
		for (size_t to = from + 1; out->offsets[from].in_set && to < SK_HOURS_OFFSETS && rows[to].minutes - rows[from].minutes <= NEIGHBOUR_MINUTES; to++)
			for (size_t o = from + 1; out->offsets[to].in_set && o < to; o++)
				out->offsets[o].in_set = true;
}

static void find_ranges(struct sk_hours *out)
{
	for (size_t o = 0; o < SK_HOURS_OFFSETS; o++) {
		if (!out->offsets[o].in_set)
			continue;
		struct sk_hours_range *last = out->range_count == 0 ? NULL : &out->ranges[out->range_count - 1];
		if (last != NULL && rows[o].minutes - last->to <= NEIGHBOUR_MINUTES)
			last->to = rows[o].minutes;
		else
			out->ranges[out->range_count++] = (struct sk_hours_range){rows[o].minutes, rows[o].minutes};
	}
	for (size_t i = 0; i < out->range_count; i++)
		out->width_minutes += out->ranges[i].to - out->ranges[i].from;
}

static bool is_thin(const struct sk_hours *h)
{
	return h->moments < SK_HOURS_MOMENTS_MIN || h->days < SK_HOURS_DAYS_MIN;
}

static enum sk_hours_verdict decide(const struct sk_hours *h)
{
	bool schedule = (h->minute_share > minute_share_most && h->minute_p < minute_p_most) || h->even_strength > strength_most || h->gap_share > gap_share_most;
	if (schedule)
		return SK_HOURS_REGULAR;
	/* Two people apart leave some rest, though no single time of the day that stands out; a machine leaves none. */
	bool even = h->even_p > even_p_most || h->even_strength < even_strength_least;
	if (even && h->rest_share > even_rest_least)
		return SK_HOURS_EVEN;
	if (h->moved_weight > moved_weight_most || h->several_weight > several_weight_most)
		return SK_HOURS_SEVERAL;
	if (even)
		return SK_HOURS_EVEN;
	if (h->rest_share > rest_share_most && h->moments >= NO_REST_MOMENTS)
		return SK_HOURS_SEVERAL;
	return h->width_minutes > SK_HOURS_WIDEST_MINUTES ? SK_HOURS_THIN : SK_HOURS_ESTIMATE;
}

static enum sk_err estimate(const struct sk_moments *moments, const int64_t *sorted, bool flat, struct sk_hours *out)
{
	set_priors(flat, out);
	sk_moments_test(moments, sorted, out);
	sk_moments_rest(moments, out);
	out->verdict = SK_HOURS_THIN;
	if (is_thin(out))
		return SK_OK;
	struct sk_habits *habits = sk_habits_new();
	struct board *board = calloc(1, sizeof *board);
	enum sk_err err = habits == NULL || board == NULL ? SK_ENOMEM : SK_OK;
	if (err == SK_OK) {
		sk_move_test(moments, out);
		sk_day_pairs(habits, moments, out);
		err = fill_board(habits, moments, out, board);
	}
	if (err == SK_OK) {
		normalise(out, board);
		spread(out, board);
		weigh_lines(out, board);
		choose_set(out);
		find_ranges(out);
		out->verdict = decide(out);
	}
	free(board);
	sk_habits_free(habits);
	return err;
}

enum sk_err sk_hours_estimate(const int64_t *times_s, size_t count, bool flat, struct sk_hours *out, struct sk_fault *fault)
{
	struct sk_moments moments;
	int64_t *sorted = NULL;
	*out = (struct sk_hours){0};
	if (count > SK_HOURS_EVENTS_MAX)
		return sk_fault_set(fault, SK_ETOOBIG, "%zu events; at most %d are looked at", count, SK_HOURS_EVENTS_MAX);
	enum sk_err err = sk_moments_make(times_s, count, &sorted, &moments, fault);
	if (err == SK_OK) {
		err = estimate(&moments, sorted, flat, out);
		if (err != SK_OK)
			(void)sk_fault_set(fault, err, "out of memory for %zu events", count);
	}
	free(sorted);
	free(moments.time_s);
	return err;
}
