/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/link_health.h"

#include <inttypes.h>

#include "text/text.h"

const char *sk_link_health_word(uint64_t standing)
{
	static const char *const words[] = {[SK_PULSE_UNWATCHED] = "not looked at", [SK_PULSE_LEARNING] = "learning", [SK_PULSE_USUAL] = "as usual", [SK_PULSE_LIMPS] = "DEGRADED", [SK_PULSE_IS_DOWN] = "DOWN"};
	return standing < SK_COUNT(words) ? words[standing] : "-";
}

void sk_link_health_print(FILE *out, const char *link, const struct sk_pulse_state *state)
{
	char usual[SK_UNIT_TEXT_MAX];
	if (state->learning)
		(void)fprintf(out, "\nLink %s: what is usual was still being learned at the end", link);
	else
		(void)fprintf(out, "\nLink %s: %s at the end; at least %s are usual", link, sk_link_health_word(sk_pulse_standing(state)),
			      sk_rate_format(state->usual[SK_PULSE_ALL], "frames/s", usual));
	(void)fprintf(out, "; the way to %" PRIu32 " network%s is known\n", state->networks, state->networks == 1 ? "" : "s");
	if (!state->named)
		(void)fprintf(out, "         no baseline by country: the border table names none (sekisho border build)\n");
	else
		(void)fprintf(out, "         %" PRIu32 " countr%s enough hosts to be judged\n", state->countries, state->countries == 1 ? "y has" : "ies have");
}

void sk_link_health_json(struct sk_json_writer *json, const struct sk_pulse_state *state)
{
	static const char *const words[] = {[SK_PULSE_UNWATCHED] = "unwatched", [SK_PULSE_LEARNING] = "learning", [SK_PULSE_USUAL] = "usual", [SK_PULSE_LIMPS] = "degraded", [SK_PULSE_IS_DOWN] = "down"};
	sk_json_object(json, "link_health");
	sk_json_text(json, "state", words[sk_pulse_standing(state)]);
	sk_json_double(json, "usual_frames_per_s", state->usual[SK_PULSE_ALL]);
	sk_json_double(json, "seen_frames_per_s", state->seen[SK_PULSE_ALL]);
	sk_json_double(json, "repeated_handshakes_usual", state->repeats_usual);
	sk_json_double(json, "repeated_handshakes", state->repeats);
	sk_json_u64(json, "networks", state->networks);
	sk_json_bool(json, "countries_named", state->named);
	sk_json_u64(json, "countries", state->countries);
	sk_json_u64(json, "downs", state->downs);
	sk_json_u64(json, "degradations", state->degradations);
	sk_json_u64(json, "shifts", state->shifts);
	sk_json_end(json);
}
