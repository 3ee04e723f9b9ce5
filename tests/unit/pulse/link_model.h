/* SPDX-License-Identifier: Apache-2.0 */
/* A link made of chance numbers: rates by the hour, networks with their ways, handshakes; and what may happen to it. Its beats are what a sensor would tell. */
#ifndef LINK_MODEL_H
#define LINK_MODEL_H

#include "border/border.h"
#include "pulse/pulse.h"

#define SECOND INT64_C(1000000000)

enum { WORLD_MAX = 8, HOSTS_MAX = 512 };

/* A country that the link leads to: hosts come and go, so that so many are active in the mean; each lasts a minute or so. */
struct country {
	double hosts;                 /* active in the mean */
	double seen;                  /* share of its frames that take this link: 0 when its route has swung away */
	double giant;                 /* one host more, of so many frames as so many others */
	unsigned count;
	uint32_t active[HOSTS_MAX];
};

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
	unsigned countries;           /* 0: the border table names none */
	struct country world[WORLD_MAX]; /* XA, XB, ... */
	bool leaves;                  /* frames that leave tell of them, and not those that come */
	double flood;                 /* of one host without a country: so many frames for one of all others */
};

/* A plain link: 2,000 frames a second, 40 networks, 5 handshakes a second. */
struct link link_plain(uint64_t seed);
/* With XA to XE: 40, 30, 25, 25 and 8 hosts in the mean. */
struct link link_world(uint64_t seed);
/* From 0 to below 1. */
double link_chance(struct link *link);
/* Its next second. */
void link_beat(struct link *link, struct sk_pulse_beat *beat);

#endif
