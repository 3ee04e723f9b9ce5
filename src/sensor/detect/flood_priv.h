/* SPDX-License-Identifier: Apache-2.0 */
/* What the flood detectors share: counts by second, of a victim or of its network. A flood is much that comes, from many or very much from few, and little or nothing
   of it goes on or is answered. */
#ifndef SK_DETECT_FLOOD_PRIV_H
#define SK_DETECT_FLOOD_PRIV_H

#include "detect/detector.h"

enum { SK_FLOOD_SECONDS = 4, SK_FLOOD_HLL_BITS = 7, SK_FLOOD_HOST_WORDS = 4, SK_FLOOD_SOURCES_S = 60, SK_FLOOD_NEW_S = 10 /* who is not flooded is forgotten soon */,
       SK_FLOOD_FEW = 4 /* times the rate of many, when few send */, SK_FLOOD_HALF = 2 /* times the rate, where half a view hears no answer */,
       SK_FLOOD_WAITS = 8 /* no rate that can be asked for is so low */ };

struct sk_flood_second {
	uint32_t at_s;
	uint32_t opens, answers;    /* flows, and how many of them went on */
	uint32_t bulk, back;        /* packets by the sample, each way */
	uint64_t bytes;             /* of bulk */
};

struct sk_flood {
	struct sk_entry kit;
	struct sk_contact last;
	struct sk_flood_second seconds[SK_FLOOD_SECONDS];
	uint32_t weighed_s;         /* seconds up to this one were weighed */
	uint32_t since_s;           /* sources and hosts are counted from here on, for at most SK_FLOOD_SOURCES_S outside a flood */
	uint32_t bad_s;             /* the last that was one of a flood */
	uint32_t peak;              /* most flows or packets in one second of it */
	int64_t begin_ns;
	uint64_t flows, answered, packets, bytes; /* in its seconds; packets and bytes by the sample */
	uint64_t hosts[SK_FLOOD_HOST_WORDS];
	uint8_t sources[1 << SK_FLOOD_HLL_BITS];
	struct sk_episode episode;
};

/* A second against the rules of a detector: first the counts that most seconds do not reach, then the estimates. */
typedef bool (*sk_flood_rule)(const struct sk_flood *flood, const struct sk_flood_second *second, const uint64_t *threshold);
double sk_flood_sources(const struct sk_flood *flood);
double sk_flood_hosts(const struct sk_flood *flood);
static inline uint32_t sk_flood_most(const struct sk_flood_second *second)
{
	return second->opens > second->bulk ? second->opens : second->bulk;
}

/* A detector's wait_s. */
uint32_t sk_flood_wait_s(const uint64_t *threshold);
/* Count an event of an entry that was found or made: OPEN, and SAMPLE when the detector asks for it; answered: it tells that a flow goes on. */
void sk_flood_count(struct sk_run *run, struct sk_flood *flood, const struct sk_event *event, bool answered);
/* Weigh the seconds that are complete; *due: something must be said. Returns whether to be called again. */
bool sk_flood_settle(struct sk_run *run, struct sk_flood *flood, sk_flood_rule rule, uint64_t quiet_s, bool *due);
/* The numbers of a detection; the caller adds severity and what tells it apart, and says it by sk_flood_say. */
struct sk_detection sk_flood_detection(const struct sk_run *run, const struct sk_flood *flood, uint64_t limit);
/* Say it, and end the episode when it is over. False: there is no room. */
SK_MUST bool sk_flood_say(struct sk_run *run, struct sk_flood *flood, struct sk_detection *detection);
/* The sentence that all have. what: "half-open TCP connections to". */
void sk_flood_tell(const struct sk_detection *d, enum sk_word what, struct sk_telling *out);

#endif
