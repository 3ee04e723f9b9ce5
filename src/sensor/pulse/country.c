/* SPDX-License-Identifier: Apache-2.0 */
/* Countries: how many hosts of each are seen in a window, and what is usual. A country whose hosts go while the others stay has another way now; so has one whose hosts
   all come at once. Hosts are counted and not frames: one large transfer, or one scanner, is one host. */
#include "pulse/pulse_priv.h"

/* ---- a window ---- */

static unsigned index_of(uint16_t country)
{
	unsigned first = (unsigned)(country >> 8) - 'A', second = (country & 255u) - 'A';
	return first < SK_LETTERS && second < SK_LETTERS ? first * SK_LETTERS + second : SK_COUNTRY_NONE;
}

static uint16_t code_of(unsigned index)
{
	return (uint16_t)(('A' + index / SK_LETTERS) << 8 | ('A' + index % SK_LETTERS));
}

void sk_country_take(struct sk_pulse *pulse, const struct sk_pulse_beat *beat)
{
	/* Of so many frames one was looked at. */
	const float each = beat->end_count != 0 ? (float)beat->looked / (float)beat->end_count : 0;
	pulse->named = beat->named;
	for (unsigned i = 0; i < beat->end_count; i++) {
		const struct sk_pulse_end *end = &beat->ends[i];
		struct sk_direction *direction = &pulse->directions[end->leaves];
		const unsigned host = end->host % SK_PULSE_HOSTS;
		struct sk_country *country = &direction->countries[index_of(end->country)];
		country->frames += each;
		direction->samples++;
		direction->frames += each;
		if ((direction->hosts_seen[host / 64] >> host % 64 & 1) != 0)
			continue;
		direction->hosts_seen[host / 64] |= UINT64_C(1) << host % 64;
		country->hosts++;
		direction->hosts++;
	}
}

/* Of most codes nothing was ever seen, and nothing is to be learned or said. */
static bool was_seen(const struct sk_country *country)
{
	return country->hosts != 0 || country->range.high > 0;
}

/* ---- what is usual ---- */

static float down_to(float usual, float count, float factor)
{
	return usual * factor > count ? usual * factor : count;
}

static float up_to(float usual, float count, float factor, float step)
{
	return usual * factor + step < count ? usual * factor + step : count;
}

/* Between a low and a high quantile, both by small steps; during the learning time between the least and the most. */
static void learn_range(struct sk_range *range, float count, bool first, bool learned)
{
	if (first || (!learned && count < range->low))
		range->low = count;
	if (first || (!learned && count > range->high))
		range->high = count;
	if (!learned)
		return;
	range->low = count < range->low ? down_to(range->low, count, SK_RANGE_FAST_DOWN) : up_to(range->low, count, SK_RANGE_SLOW_UP, SK_RANGE_SLOW_STEP);
	range->high = count > range->high ? up_to(range->high, count, SK_RANGE_FAST_UP, SK_RANGE_FAST_STEP) : down_to(range->high, count, SK_RANGE_SLOW_DOWN);
}

static void learn(struct sk_pulse *pulse, struct sk_direction *direction)
{
	const bool first = pulse->countries_learned == 0, learned = pulse->countries_learned >= pulse->learn_windows;
	learn_range(&direction->range, direction->hosts, first, learned);
	for (unsigned i = 0; i < SK_COUNTRY_NONE; i++) {
		struct sk_country *country = &direction->countries[i];
		if (!was_seen(country) || country->state != SK_COUNTRY_USUAL || country->run != 0)
			continue;
		learn_range(&country->range, country->hosts, first, learned);
		if (first || (!learned && country->frames < country->frames_usual))
			country->frames_usual = country->frames;
		else if (learned)
			country->frames_usual = country->frames < country->frames_usual ? down_to(country->frames_usual, country->frames, SK_RANGE_FAST_DOWN)
											: up_to(country->frames_usual, country->frames, SK_RANGE_SLOW_UP, SK_RANGE_SLOW_STEP);
	}
}

/* ---- what is not ---- */

/* Its hosts are gone, and so are its frames: that it is seen less for more being sampled of others is not it. */
static bool is_less(const struct sk_direction *direction, const struct sk_country *country)
{
	const float each = direction->samples != 0 ? direction->frames / (float)direction->samples : 1;
	return country->range.low >= SK_LESS_HOSTS && country->hosts <= (country->range.low - SK_LESS_HOSTS) * SK_LESS_SHARE &&
	       country->frames < country->frames_usual * SK_LESS_FRAMES && country->frames_usual / each >= SK_LESS_SAMPLES;
}

/* Many more than ever, and a larger part of all, while the others are what they were. */
static bool is_more(const struct sk_direction *direction, const struct sk_country *country)
{
	const float all = direction->hosts, usual_share = direction->range.high > 0 ? country->range.high / direction->range.high : 0;
	return direction->range.low >= SK_MORE_USUAL && country->hosts >= country->range.high * SK_MORE_TIMES + SK_MORE_HOSTS &&
	       country->hosts >= all * (usual_share + SK_MORE_SHARE) && all - country->hosts <= direction->range.high * SK_MORE_OTHERS;
}

/* The others must go on as usual: else it is the link and not the way to a country. */
static bool others_stay(const struct sk_direction *direction)
{
	float seen = direction->hosts, usual = direction->range.low;
	for (unsigned i = 0; i < SK_COUNTRY_NONE; i++) {
		const struct sk_country *country = &direction->countries[i];
		if (!was_seen(country) || (country->state != SK_COUNTRY_LESS && !is_less(direction, country)))
			continue;
		seen -= country->hosts;
		usual -= country->range.low;
	}
	return seen >= usual * SK_OTHERS_STAY;
}

/* ---- told ---- */

/* Countries of which the same is to be said in this window are one event. */
struct news {
	struct sk_pulse_event events[SK_COUNTRY_STATES][2]; /* by what was the case, and whether it has ended */
};

static void add_news(struct news *news, const struct sk_country *country, unsigned index, unsigned state, bool over, bool adopted, int64_t to_ns)
{
	if (country->quiet)
		return;
	struct sk_pulse_event *event = &news->events[state][over];
	if (event->country_count == 0 || country->since_ns < event->from_ns)
		event->from_ns = country->since_ns;
	if (event->country_count < SK_PULSE_NAMED_MAX)
		event->countries[event->country_count] = code_of(index);
	event->country_count++;
	event->to_ns = to_ns;
	event->adopted = event->adopted || adopted;
	event->usual += state == SK_COUNTRY_LESS ? country->range.low : country->range.high;
	event->seen += country->hosts;
}

static void end(struct sk_country *country, unsigned index, bool adopted, int64_t now_ns, struct news *news)
{
	add_news(news, country, index, country->state, true, adopted, now_ns);
	if (adopted) {
		country->range = (struct sk_range){.low = country->hosts, .high = country->hosts};
		country->frames_usual = country->frames;
	}
	country->state = SK_COUNTRY_USUAL;
	country->run = country->calm = 0;
}

static void go_on(struct sk_country *country, unsigned index, int64_t now_ns, struct news *news)
{
	bool calm = country->state == SK_COUNTRY_LESS ? country->hosts >= country->range.low * SK_LESS_CALM : country->hosts <= country->range.high * SK_MORE_CALM + SK_MORE_HOSTS / 2;
	country->calm = calm ? (uint8_t)(country->calm + 1) : 0;
	country->windows++;
	if (country->calm >= SK_CALM_WINDOWS)
		end(country, index, false, now_ns, news);
	else if (country->windows >= SK_ADOPT_WINDOWS)
		end(country, index, true, now_ns, news);
}

static void judge_country(const struct sk_pulse *pulse, const struct sk_direction *direction, struct sk_country *country, unsigned index, bool others, int64_t now_ns, struct news *news)
{
	if (country->state != SK_COUNTRY_USUAL) {
		go_on(country, index, now_ns, news);
		return;
	}
	const unsigned is = others && is_less(direction, country) ? SK_COUNTRY_LESS : is_more(direction, country) ? SK_COUNTRY_MORE : SK_COUNTRY_USUAL;
	country->run = is == SK_COUNTRY_USUAL ? 0 : (uint8_t)(is == country->candidate ? country->run + 1 : 1);
	country->candidate = (uint8_t)is;
	if (country->run < SK_RATE_LOW_WINDOWS)
		return;
	country->state = (uint8_t)is;
	country->since_ns = now_ns - country->run * pulse->window_ns;
	country->windows = country->calm = 0;
	/* A way that swings is mostly seen both by what comes and by what leaves. */
	country->quiet = pulse->directions[direction == &pulse->directions[0]].countries[index].state == is;
	add_news(news, country, index, is, false, false, now_ns);
}

static void judge(struct sk_pulse *pulse, unsigned leaves, struct sk_pulse_events *events)
{
	struct sk_direction *direction = &pulse->directions[leaves];
	const int64_t now_ns = pulse->window_at_ns + pulse->window_ns;
	struct news news = {.events = {{{.kind = 0}}}};
	const bool others = others_stay(direction);
	for (unsigned i = 0; i < SK_COUNTRY_NONE; i++)
		if (was_seen(&direction->countries[i]))
			judge_country(pulse, direction, &direction->countries[i], i, others, now_ns, &news);
	for (unsigned state = SK_COUNTRY_LESS; state < SK_COUNTRY_STATES; state++) {
		for (unsigned over = 0; over < 2; over++) {
			const struct sk_pulse_event *event = &news.events[state][over];
			if (event->country_count == 0)
				continue;
			struct sk_pulse_event *told = sk_pulse_event(events);
			*told = *event;
			told->kind = SK_PULSE_SHIFT;
			told->cause = state == SK_COUNTRY_LESS ? SK_PULSE_BY_COUNTRY_LESS : SK_PULSE_BY_COUNTRY_MORE;
			told->series = leaves ? SK_PULSE_DF : SK_PULSE_ALL;
			told->over = over != 0;
			told->networks = direction->hosts;
			pulse->shifts += over == 0;
		}
	}
}

void sk_country_close_window(struct sk_pulse *pulse, bool lost, struct sk_pulse_events *events)
{
	const bool learned = pulse->countries_learned >= pulse->learn_windows;
	if (pulse->directions[0].samples + pulse->directions[1].samples == 0)
		return; /* nothing was counted, and nothing can be said */
	for (unsigned leaves = 0; leaves < 2; leaves++) {
		struct sk_direction *direction = &pulse->directions[leaves];
		if (learned && !lost)
			judge(pulse, leaves, events);
		if (!lost && !pulse->degraded)
			learn(pulse, direction);
		for (unsigned i = 0; i <= SK_COUNTRY_NONE; i++) {
			direction->countries[i].hosts = 0;
			direction->countries[i].frames = 0;
		}
		memset(direction->hosts_seen, 0, sizeof direction->hosts_seen);
		direction->hosts = 0;
		direction->samples = 0;
		direction->frames = 0;
	}
	if (!lost && !pulse->degraded && !learned)
		pulse->countries_learned++;
}

uint32_t sk_country_known(const struct sk_pulse *pulse)
{
	uint32_t known = 0;
	for (unsigned i = 0; i < SK_COUNTRY_NONE && pulse->countries_learned >= pulse->learn_windows; i++)
		known += pulse->directions[0].countries[i].range.low >= SK_LESS_HOSTS || pulse->directions[1].countries[i].range.low >= SK_LESS_HOSTS;
	return known;
}
