/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho campaign hours: at which offset from UTC lives whoever is active at these times? */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cmd/campaign.h"
#include "text/text.h"

enum { OPT_EVENTS = 256, OPT_PRIOR, OPT_JSON, OPT_HELP, OUT_MAX = 1 << 20, TEXT_MAX = 1024, BAR = 40, PERCENT = 100 };
static const size_t events_bytes_max = (size_t)512 << 20, pipe_step = 1 << 16;
static const double shown_least = 0.005;

static const struct option options[] = {{"events", required_argument, NULL, OPT_EVENTS}, {"prior", required_argument, NULL, OPT_PRIOR},
					{"json", no_argument, NULL, OPT_JSON},           {"help", no_argument, NULL, OPT_HELP},
					{0}};

/* ---- JSON ---- */

static void add_offset(struct sk_json_writer *w, const char *key, int minutes)
{
	char text[8];
	sk_json_text(w, key, sk_offset_format(minutes, text));
}

static void add_set(struct sk_json_writer *w, const struct sk_hours *h)
{
	double held = 0;
	sk_json_object(w, "set");
	sk_json_u64(w, "percent", SK_HOURS_SET_PERCENT);
	sk_json_array(w, "offsets");
	for (size_t o = 0; o < SK_HOURS_OFFSETS; o++)
		if (h->offsets[o].in_set) {
			add_offset(w, NULL, h->offsets[o].minutes);
			held += h->offsets[o].probability;
		}
	sk_json_end(w);
	sk_json_array(w, "minutes");
	for (size_t o = 0; o < SK_HOURS_OFFSETS; o++)
		if (h->offsets[o].in_set)
			sk_json_i64(w, NULL, h->offsets[o].minutes);
	sk_json_end(w);
	sk_json_array(w, "ranges");
	for (size_t i = 0; i < h->range_count; i++) {
		sk_json_object(w, NULL);
		add_offset(w, "from", h->ranges[i].from);
		add_offset(w, "to", h->ranges[i].to);
		sk_json_end(w);
	}
	sk_json_end(w);
	sk_json_double(w, "probability", held);
	sk_json_i64(w, "width_minutes", h->width_minutes);
	sk_json_end(w);
}

static void add_posterior(struct sk_json_writer *w, const struct sk_hours *h)
{
	sk_json_array(w, "posterior");
	for (size_t o = 0; o < SK_HOURS_OFFSETS; o++) {
		sk_json_object(w, NULL);
		add_offset(w, "offset", h->offsets[o].minutes);
		sk_json_i64(w, "minutes", h->offsets[o].minutes);
		sk_json_double(w, "probability", h->offsets[o].probability);
		sk_json_double(w, "as_standard_time", h->offsets[o].standard);
		sk_json_double(w, "prior", h->offsets[o].prior);
		sk_json_bool(w, "in_set", h->offsets[o].in_set);
		sk_json_end(w);
	}
	sk_json_end(w);
}

static void add_calendars(struct sk_json_writer *w, const struct sk_hours *h)
{
	sk_json_array(w, "calendars");
	for (size_t i = 0; i < SK_HOURS_CALENDARS; i++) {
		const struct sk_hours_calendar *c = &h->calendars[i];
		if (c->id == NULL || c->days == 0)
			continue;
		sk_json_object(w, NULL);
		sk_json_text(w, "id", c->id);
		add_offset(w, "at", c->minutes);
		sk_json_u64(w, "free_days", c->days);
		sk_json_u64(w, "active", c->active);
		sk_json_double(w, "usual", c->expected);
		sk_json_double(w, "weight", c->weight);
		sk_json_end(w);
	}
	sk_json_end(w);
}

static void add_evidence(struct sk_json_writer *w, const struct sk_hours *h)
{
	struct sk_buf text;
	sk_buf_init(&text, TEXT_MAX);
	sk_json_array(w, "evidence");
	for (size_t line = 0; line < SK_HOURS_LINES; line++) {
		sk_buf_reset(&text);
		sk_hours_line_text(h, (enum sk_hours_line)line, &text);
		sk_json_object(w, NULL);
		sk_json_text(w, "line", sk_hours_line_name((enum sk_hours_line)line));
		sk_json_text(w, "text", sk_buf_text(&text));
		sk_json_double(w, "weight", h->line_weight[line]);
		sk_json_object(w, "by_offset");
		for (size_t o = 0; o < SK_HOURS_OFFSETS; o++) {
			char key[8];
			if (h->offsets[o].prior > 0)
				sk_json_double(w, sk_offset_format(h->offsets[o].minutes, key), h->offsets[o].line[line]);
		}
		sk_json_end(w);
		if (line == SK_HOURS_HOLIDAYS)
			add_calendars(w, h);
		sk_json_end(w);
	}
	sk_json_end(w);
	sk_buf_fini(&text);
}

static void add_tests(struct sk_json_writer *w, const struct sk_hours *h)
{
	sk_json_object(w, "tests");
	sk_json_double(w, "even_chance", h->even_p);
	sk_json_double(w, "even_strength", h->even_strength);
	sk_json_double(w, "rest_share", h->rest_share);
	sk_json_double(w, "same_minutes_share", h->minute_share);
	sk_json_double(w, "same_gaps_share", h->gap_share);
	sk_json_double(w, "several_weight", h->several_weight);
	sk_json_double(w, "moved_weight", h->moved_weight);
	sk_json_end(w);
}

void sk_campaign_hours_json(struct sk_json_writer *w, const struct sk_hours *h)
{
	char time[SK_TIME_TEXT_MAX];
	struct sk_buf reason;
	bool estimate = h->verdict == SK_HOURS_ESTIMATE;
	sk_buf_init(&reason, TEXT_MAX);
	sk_hours_reason(h, &reason);
	sk_json_bool(w, "estimate", estimate);
	sk_json_text(w, "verdict", estimate ? "estimate" : "no estimate");
	sk_json_text(w, "cause", sk_hours_verdict_name(h->verdict));
	sk_json_text(w, "reason", sk_buf_text(&reason));
	sk_json_u64(w, "events", h->events);
	sk_json_u64(w, "moments", h->moments);
	sk_json_u64(w, "days", h->days);
	if (h->events != 0) {
		sk_json_text(w, "first", sk_time_format(h->first_s * 1000000000, 0, time));
		sk_json_text(w, "last", sk_time_format(h->last_s * 1000000000, 0, time));
	}
	if (estimate) {
		sk_json_object(w, "best");
		add_offset(w, "offset", h->best);
		sk_json_i64(w, "minutes", h->best);
		sk_json_end(w);
		add_set(w, h);
		add_posterior(w, h);
		add_evidence(w, h);
	} else {
		sk_json_null(w, "best");
		sk_json_null(w, "set");
		sk_json_null(w, "posterior");
		sk_json_null(w, "evidence");
	}
	add_tests(w, h);
	sk_buf_fini(&reason);
}

/* ---- for people ---- */

static void print_ranges(FILE *out, const struct sk_hours *h)
{
	char from[8], to[8];
	for (size_t i = 0; i < h->range_count; i++) {
		(void)fprintf(out, "%s%s", i == 0 ? "" : ", ", sk_offset_format(h->ranges[i].from, from));
		if (h->ranges[i].to != h->ranges[i].from)
			(void)fprintf(out, " to %s", sk_offset_format(h->ranges[i].to, to));
	}
}

static void print_posterior(FILE *out, const struct sk_hours *h)
{
	char text[8];
	double most = 0, rest = 0;
	for (size_t o = 0; o < SK_HOURS_OFFSETS; o++)
		most = h->offsets[o].probability > most ? h->offsets[o].probability : most;
	(void)fprintf(out, "\n  OFFSET  PROBABILITY\n");
	for (size_t o = 0; o < SK_HOURS_OFFSETS; o++) {
		double share = h->offsets[o].probability;
		if (share < shown_least && !h->offsets[o].in_set) {
			rest += share;
			continue;
		}
		(void)fprintf(out, "  %s  %5.1f %%  %c ", sk_offset_format(h->offsets[o].minutes, text), share * PERCENT, h->offsets[o].in_set ? '*' : ' ');
		for (int i = 0; i < (int)(share / most * BAR + 0.5); i++)
			(void)fputc('#', out);
		(void)fputc('\n', out);
	}
	(void)fprintf(out, "  others  %5.1f %%\n", rest * PERCENT);
}

void sk_campaign_hours_print(FILE *out, const struct sk_hours *h)
{
	struct sk_buf text;
	char events[SK_UNIT_TEXT_MAX], moments[SK_UNIT_TEXT_MAX], days[SK_UNIT_TEXT_MAX], best[8], first[SK_TIME_TEXT_MAX], last[SK_TIME_TEXT_MAX];
	sk_buf_init(&text, TEXT_MAX);
	(void)fprintf(out, "%s event%s, %s moment%s an hour apart, on %s day%s", sk_number_format(h->events, events), h->events == 1 ? "" : "s",
		      sk_number_format(h->moments, moments), h->moments == 1 ? "" : "s", sk_number_format(h->days, days), h->days == 1 ? "" : "s");
	if (h->events != 0)
		(void)fprintf(out, " from %.10s to %.10s", sk_time_format(h->first_s * 1000000000, 0, first), sk_time_format(h->last_s * 1000000000, 0, last));
	sk_hours_reason(h, &text);
	if (h->verdict != SK_HOURS_ESTIMATE) {
		(void)fprintf(out, "\nNo estimate: %s.\n", sk_buf_text(&text));
		sk_buf_fini(&text);
		return;
	}
	(void)fprintf(out, "\nOffset from UTC, %d %% set (*): ", SK_HOURS_SET_PERCENT);
	print_ranges(out, h);
	(void)fprintf(out, "; the most likely single one is %s.\n", sk_offset_format(h->best, best));
	print_posterior(out, h);
	(void)fprintf(out, "\nEvidence, and how much it speaks for the most likely offset (log-likelihood against the average offset)\n");
	for (size_t line = 0; line < SK_HOURS_LINES; line++) {
		sk_buf_reset(&text);
		sk_hours_line_text(h, (enum sk_hours_line)line, &text);
		(void)fprintf(out, "  %-8s  %+5.1f  %s\n", sk_hours_line_name((enum sk_hours_line)line), h->line_weight[line], sk_buf_text(&text));
	}
	sk_buf_reset(&text);
	sk_hours_reason(h, &text);
	(void)fprintf(out, "\nWhy an estimate: %s.\nAn offset is no country, and hours can be kept on purpose: this says when somebody is active, not who he is.\n", sk_buf_text(&text));
	sk_buf_fini(&text);
}

/* ---- the command ---- */

/* A file, or what a pipe gives. */
static enum sk_err read_events(const char *path, struct sk_buf *bytes, struct sk_fault *fault)
{
	bool pipe = strcmp(path, "-") == 0;
	if (!pipe)
		return sk_file_read(path, bytes, fault);
	uint8_t *step = malloc(pipe_step);
	if (step == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	for (size_t got; (got = fread(step, 1, pipe_step, stdin)) != 0;)
		sk_buf_add(bytes, step, got);
	free(step);
	if (ferror(stdin) != 0)
		return sk_fault_set(fault, SK_EIO, "-: standard input cannot be read");
	return bytes->failed == SK_OK ? SK_OK : sk_fault_set(fault, bytes->failed, "-: more than %zu MiB of events, or out of memory", events_bytes_max >> 20);
}

static enum sk_err estimate_file(const char *path, bool flat, struct sk_hours *hours, struct sk_fault *fault)
{
	struct sk_buf bytes;
	int64_t *times = NULL;
	size_t count = 0;
	sk_buf_init(&bytes, events_bytes_max);
	enum sk_err err = read_events(path, &bytes, fault);
	if (err == SK_OK)
		err = sk_hours_read(path, bytes.bytes, bytes.length, &times, &count, fault);
	sk_buf_fini(&bytes);
	if (err == SK_OK)
		err = sk_hours_estimate(times, count, flat, hours, fault);
	free(times);
	return err;
}

int sk_campaign_hours_command(struct sk_cmd *cmd, int argc, char **argv)
{
	const char *events = NULL;
	bool flat = false, json = false;
	struct sk_hours *hours;
	struct sk_fault fault = {.err = SK_OK};
	opterr = 0;
	optind = 0;
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (option) {
		case OPT_EVENTS: events = optarg; break;
		case OPT_JSON: json = true; break;
		case OPT_HELP: return sk_cmd_help(cmd, "campaign");
		case OPT_PRIOR:
			flat = strcmp(optarg, "flat") == 0;
			if (!flat && strcmp(optarg, "people") != 0)
				return sk_cmd_usage(cmd, "campaign", "--prior %.40s: expected people or flat", optarg);
			break;
		default: return sk_cmd_usage(cmd, "campaign", "unknown or incomplete option");
		}
	}
	if (events == NULL || optind != argc)
		return sk_cmd_usage(cmd, "campaign", events == NULL ? "--events FILE is missing" : "'%.60s' is one argument too many", events == NULL ? "" : argv[optind]);
	hours = calloc(1, sizeof *hours);
	if (hours == NULL)
		return sk_cmd_fail(cmd, (sk_fault_set(&fault, SK_ENOMEM, "out of memory"), &fault));
	enum sk_err err = estimate_file(events, flat, hours, &fault);
	if (err == SK_OK && json) {
		struct sk_buf out;
		struct sk_json_writer w;
		sk_buf_init(&out, OUT_MAX);
		sk_json_begin(&w, &out, false);
		sk_json_object(&w, NULL);
		sk_campaign_hours_json(&w, hours);
		sk_json_end(&w);
		(void)fprintf(cmd->out, "%s\n", sk_buf_text(&out));
		sk_buf_fini(&out);
	} else if (err == SK_OK) {
		sk_campaign_hours_print(cmd->out, hours);
	}
	free(hours);
	return err == SK_OK ? 0 : sk_cmd_fail(cmd, &fault);
}
