/* SPDX-License-Identifier: Apache-2.0 */
#include "link_model.h"

#include <math.h>
#include <string.h>

struct link link_plain(uint64_t seed)
{
	return (struct link){.random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1, .now_ns = INT64_C(1700000000) * SECOND, .rate = 2000, .night = 1, .jitter = 0.1, .fd = 0.5, .df = 0.4,
			     .networks = 40, .handshakes = 5, .latency = 1, .moved_share = 1};
}

double link_chance(struct link *link)
{
	link->random ^= link->random << 13;
	link->random ^= link->random >> 7;
	link->random ^= link->random << 17;
	return (double)(link->random >> 11) / (double)(UINT64_C(1) << 53);
}

/* Of mean m. */
static uint64_t poisson(struct link *link, double m)
{
	if (m > 50) {
		/* Twelve chances less six are nearly normal. */
		double sum = -6;
		for (int i = 0; i < 12; i++)
			sum += link_chance(link);
		double value = m + sqrt(m) * sum;
		return value > 0 ? (uint64_t)value : 0;
	}
	double product = link_chance(link), limit = exp(-m);
	uint64_t count = 0;
	for (; product > limit; count++)
		product *= link_chance(link);
	return count;
}

/* A network's own numbers, the same each time. */
static uint32_t own(unsigned network, uint32_t salt)
{
	uint32_t x = (network + 1) * UINT32_C(2654435761) ^ salt * UINT32_C(40503);
	x ^= x >> 15;
	return x * UINT32_C(2246822519) >> 8;
}

static void put_sample(struct link *link, struct sk_pulse_beat *beat)
{
	unsigned network = (unsigned)(link_chance(link) * link->networks);
	bool moved = own(network, 9) % 1000 < link->moved_share * 1000;
	double latency_us = 2000 + own(network, 3) % 180000;
	struct sk_pulse_sample sample = {.cell = (uint16_t)(link->mixed_cells ? network % 8 : own(network, 1) % SK_PULSE_CELLS), .bits = SK_PULSE_HOPS | SK_PULSE_ANSWERED};
	sample.hops = (uint8_t)((int)(6 + own(network, 2) % 14) + (moved ? link->hops : 0));
	latency_us *= (moved ? link->latency : 1) * (1 + 0.2 * link_chance(link) * link_chance(link));
	if (link_chance(link) < 1 - (1 - link->loss) * (1 - link->loss))
		sample.bits |= SK_PULSE_REPEATED;
	else
		sample.latency_us = (uint32_t)latency_us;
	if (beat->sample_count < SK_PULSE_SAMPLES_MAX)
		beat->samples[beat->sample_count++] = sample;
}

/* ---- countries ---- */

struct link link_world(uint64_t seed)
{
	static const double hosts[] = {40, 30, 25, 25, 8};
	struct link link = link_plain(seed);
	link.countries = sizeof hosts / sizeof hosts[0];
	for (unsigned i = 0; i < link.countries; i++)
		link.world[i] = (struct country){.hosts = hosts[i], .seen = 1};
	return link;
}

enum { HOST_LASTS_S = 60, ENDS = 256 };

static void come_and_go(struct link *link, struct country *country, double level)
{
	bool first = country->count == 0;
	for (unsigned i = 0; i < country->count; i++)
		if (link_chance(link) * HOST_LASTS_S < 1)
			country->active[i--] = country->active[--country->count];
	for (uint64_t born = poisson(link, country->hosts * level / (first ? 1 : HOST_LASTS_S)); born > 0 && country->count < HOSTS_MAX; born--)
		country->active[country->count++] = (uint32_t)(link_chance(link) * 4294967295.0);
}

/* A frame of chance: hosts are not alike, some send ten times what others do. */
static bool pick_end(struct link *link, struct sk_pulse_end *end)
{
	double weights[WORLD_MAX], sum = 0;
	for (unsigned i = 0; i < link->countries; i++)
		sum += weights[i] = (link->world[i].count + link->world[i].giant) * link->world[i].seen;
	double at = link_chance(link) * sum * (1 + link->flood);
	*end = (struct sk_pulse_end){.country = 0, .host = 7, .leaves = link->leaves};
	if (at >= sum || sum <= 0)
		return sum > 0;
	unsigned i = 0;
	for (; i + 1 < link->countries && at >= weights[i]; i++)
		at -= weights[i];
	const struct country *country = &link->world[i];
	double u = link_chance(link);
	bool giant = link_chance(link) * (country->count + country->giant) < country->giant || country->count == 0;
	end->country = SK_COUNTRY('X', 'A' + i);
	end->host = (uint16_t)((giant ? 77 * (i + 1) : own(country->active[(unsigned)(u * u * country->count)], 5)) % SK_PULSE_HOSTS);
	return true;
}

/* Frames that do not take this link are not looked at: fewer are in the sample of what comes, and more of each other. */
static void put_ends(struct link *link, struct sk_pulse_beat *beat, double level)
{
	if (link->countries == 0)
		return;
	beat->named = true;
	beat->looked = (uint32_t)beat->frames;
	for (unsigned i = 0; i < link->countries; i++)
		come_and_go(link, &link->world[i], level);
	while (beat->end_count < ENDS && beat->end_count < beat->looked && pick_end(link, &beat->ends[beat->end_count]))
		beat->end_count++;
}

void link_beat(struct link *link, struct sk_pulse_beat *beat)
{
	*beat = (struct sk_pulse_beat){.from_ns = link->now_ns, .to_ns = link->now_ns + SECOND, .carrier = SK_SOURCE_CARRIER_UNKNOWN};
	double day = (double)(link->now_ns / SECOND % 86400) / 86400;
	double level = link->night + (1 - link->night) * (0.5 - 0.5 * cos(2 * 3.14159265358979 * day));
	double rate = (link->rate * level + link->burst) * (1 + link->jitter * (2 * link_chance(link) - 1)) + link->scan;
	link->now_ns += SECOND;
	if (link->carrier_known)
		beat->carrier = link->carrier_down ? SK_SOURCE_CARRIER_DOWN : SK_SOURCE_CARRIER_UP;
	if (link->silent)
		return;
	beat->classes[SK_CLASS_FD] = poisson(link, rate * link->fd);
	beat->classes[SK_CLASS_DF] = poisson(link, rate * link->df);
	beat->classes[SK_CLASS_FF] = poisson(link, rate * (1 - link->fd - link->df));
	for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		beat->frames += beat->classes[class_];
	beat->bytes = beat->frames * 700;
	put_ends(link, beat, level);
	uint64_t handshakes = poisson(link, link->handshakes * level);
	for (uint64_t i = 0; i < handshakes; i++)
		put_sample(link, beat);
}
