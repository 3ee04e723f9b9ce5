/* SPDX-License-Identifier: Apache-2.0 */
/* Is the sensor well? A judgement over a snapshot, so that /health, the log and sekisho top say the same. */
#include <stdio.h>
#include <string.h>

#include "emit/metrics.h"
#include "text/json.h"

enum about { ABOUT_NOTHING, ABOUT_LINK, ABOUT_WORKER };

static const struct {
	const char *word, *says;
	enum sk_health_state state;
} reasons[] = {
#define SK_HEALTH(symbol, word_, state_, says_, help_) [SK_HEALTH_##symbol] = {word_, says_, SK_HEALTH_##state_},
#include "emit/health.def"
};

const char *sk_health_state_name(enum sk_health_state state)
{
	static const char *const names[] = {"ok", "degraded", "failing"};
	return names[state];
}

const char *sk_health_reason_name(enum sk_health_reason reason)
{
	return reasons[reason].word;
}

const char *sk_health_reason_says(enum sk_health_reason reason)
{
	return reasons[reason].says;
}

/* ---- judging ---- */

static void add(struct sk_health *health, enum sk_health_reason reason, size_t number)
{
	if (reasons[reason].state > health->state)
		health->state = reasons[reason].state;
	if (health->count == SK_HEALTH_REASONS_MAX)
		return;
	health->reasons[health->count].reason = reason;
	health->reasons[health->count++].number = (unsigned)number;
}

static void judge_links(const struct sk_metrics *metrics, const struct sk_health_limits *limits, struct sk_health *out)
{
	size_t up = 0;
	for (size_t i = 0; i < metrics->link_count; i++)
		up += metrics->links[i].up != 0;
	if (up == 0)
		add(out, SK_HEALTH_NO_LINK, 0);
	for (size_t i = 0; up != 0 && i < metrics->link_count; i++)
		if (metrics->links[i].up == 0)
			add(out, SK_HEALTH_LINK_DOWN, i);
	for (size_t i = 0; i < metrics->link_count; i++)
		if (metrics->links[i].lost_ratio > limits->loss_failing_ppm)
			add(out, SK_HEALTH_LOSS_FAILING, i);
	for (size_t i = 0; i < metrics->link_count; i++)
		if (metrics->links[i].lost_ratio > limits->loss_ppm && metrics->links[i].lost_ratio <= limits->loss_failing_ppm)
			add(out, SK_HEALTH_LOSS, i);
}

void sk_health_judge(const struct sk_metrics *metrics, const struct sk_health_limits *limits, struct sk_health *out)
{
	*out = (struct sk_health){.state = SK_HEALTH_OK};
	if (metrics->collecting == 0)
		add(out, SK_HEALTH_NOT_COLLECTING, 0);
	for (size_t i = 0; i < metrics->worker_count; i++)
		if (metrics->workers[i].turn_ns > limits->stale_ns)
			add(out, SK_HEALTH_STALLED, i);
	judge_links(metrics, limits, out);
	if (metrics->shed_stage != 0)
		add(out, SK_HEALTH_SHEDDING, 0);
	if (metrics->collecting != 0 && metrics->basis_until_ns - metrics->now_ns < limits->basis_ends_ns)
		add(out, SK_HEALTH_BASIS_ENDS, 0);
	if (metrics->disk_free_bytes < limits->min_free_bytes)
		add(out, SK_HEALTH_DISK_LOW, 0);
	if (metrics->outputs_failing != 0)
		add(out, SK_HEALTH_OUTPUT_FAILING, 0);
	if (metrics->reload_refused_now != 0)
		add(out, SK_HEALTH_RELOAD_REFUSED, 0);
}

/* ---- saying ---- */

static enum about about_of(enum sk_health_reason reason)
{
	return strstr(reasons[reason].says, "{link}") != NULL ? ABOUT_LINK : strstr(reasons[reason].says, "{worker}") != NULL ? ABOUT_WORKER : ABOUT_NOTHING;
}

void sk_health_say(const struct sk_metrics *metrics, const struct sk_health *health, size_t i, struct sk_buf *out)
{
	enum sk_health_reason reason = health->reasons[i].reason;
	unsigned number = health->reasons[i].number;
	const char *says = reasons[reason].says, *open = strchr(says, '{');
	if (open == NULL) {
		sk_buf_add_text(out, says);
		return;
	}
	sk_buf_add(out, says, (size_t)(open - says));
	if (about_of(reason) == ABOUT_LINK)
		sk_buf_add_text(out, number < metrics->link_count ? metrics->links[number].name : "?");
	else
		sk_buf_addf(out, "%u", number);
	sk_buf_add_text(out, strchr(open, '}') + 1);
}

void sk_health_json(const struct sk_metrics *metrics, const struct sk_health *health, struct sk_buf *out)
{
	struct sk_json_writer w;
	struct sk_buf says;
	sk_buf_init(&says, 4096);
	sk_json_begin(&w, out, true);
	sk_json_object(&w, NULL);
	sk_json_array(&w, "reasons");
	for (size_t i = 0; i < health->count; i++) {
		enum sk_health_reason reason = health->reasons[i].reason;
		unsigned number = health->reasons[i].number;
		sk_buf_reset(&says);
		sk_health_say(metrics, health, i, &says);
		sk_json_object(&w, NULL);
		if (about_of(reason) == ABOUT_LINK && number < metrics->link_count)
			sk_json_text(&w, "link", metrics->links[number].name);
		sk_json_text(&w, "reason", reasons[reason].word);
		sk_json_text(&w, "says", sk_buf_text(&says));
		if (about_of(reason) == ABOUT_WORKER)
			sk_json_u64(&w, "worker", number);
		sk_json_end(&w);
	}
	sk_json_end(&w);
	sk_json_text(&w, "state", sk_health_state_name(health->state));
	sk_json_end(&w);
	sk_buf_fini(&says);
}
