/* SPDX-License-Identifier: Apache-2.0 */
/* A link made of chance numbers: rates by the hour, networks with their ways, handshakes; and what may happen to it. Its beats are what a sensor would tell. */
#ifndef LINK_MODEL_H
#define LINK_MODEL_H

#include "pulse/pulse.h"

#define SECOND INT64_C(1000000000)

struct link {
	uint64_t random;
	int64_t now_ns;               /* begin of the next beat */
	double rate;                  /* frames a second at noon, all series together */
	double night;                 /* of it at its least; 1: steady */
	double burst;                 /* while above 0: so many frames a second more */
	double jitter;                /* of the rate from second to second, as a share */
	double fd, df;                /* shares of FD and DF; the rest is FF */
	unsigned networks;
	double handshakes;            /* a second */
	double loss;                  /* of frames on the way behind the sensor: handshakes repeat */
	double scan;                  /* handshakes of scanners a second: never answered, so no sample; only frames */
	int hops;                     /* added to every network's, of moved_share of them */
	double latency;               /* factor on every network's, of moved_share of them */
	double moved_share;
	bool silent, carrier_down, carrier_known;
	bool mixed_cells;             /* several networks share each cell */
};

/* A plain link: 2,000 frames a second, 40 networks, 5 handshakes a second. */
struct link link_plain(uint64_t seed);
/* From 0 to below 1. */
double link_chance(struct link *link);
/* Its next second. */
void link_beat(struct link *link, struct sk_pulse_beat *beat);

#endif
