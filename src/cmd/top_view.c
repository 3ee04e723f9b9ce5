/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/top_view.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cmd/link_health.h"
#include "text/json.h"
#include "text/text.h"

enum { REASONS_SHOWN = 6, FINDINGS_SHOWN = 8, LINKS_SHOWN = 8, WORKERS_A_LINE = 3, NAME_COLUMNS = 12, WIDE_COLUMNS = 100 };
static const int64_t second_ns = 1000000000;

/* ---- rates ---- */

/* A second snapshot of the same run, later than the first. */
static bool comparable(const struct sk_metrics *before, const struct sk_metrics *now)
{
	return before != NULL && before->start_ns == now->start_ns && now->monotonic_ns > before->monotonic_ns;
}

/* Negative: not known. A counter that ran back belongs to another run. */
static double rate(const struct sk_metrics *before, const struct sk_metrics *now, uint64_t old, uint64_t new)
{
	if (!comparable(before, now) || new < old)
		return -1;
	return (double)(new - old) * (double)second_ns / (double)(now->monotonic_ns - before->monotonic_ns);
}

static const struct sk_metrics_link *link_before(const struct sk_metrics *before, const struct sk_metrics_link *link)
{
	for (size_t i = 0; before != NULL && i < before->link_count; i++)
		if (strcmp(before->links[i].name, link->name) == 0)
			return &before->links[i];
	return NULL;
}

static void sum_cells(const struct sk_metrics_cells *cells, struct sk_cell *sum)
{
	for (size_t i = 0; i < cells->count; i++) {
		sum->frames += cells->cells[i].frames;
		sum->bytes += cells->cells[i].bytes;
	}
}

/* One list of cells over all links, by name. */
static void join(const struct sk_metrics *metrics, size_t list_at, struct sk_metrics_cells *out)
{
	out->count = 0;
	for (size_t l = 0; metrics != NULL && l < metrics->link_count; l++) {
		const struct sk_metrics_cells *cells = (const struct sk_metrics_cells *)(const void *)((const uint8_t *)&metrics->links[l] + list_at);
		for (size_t c = 0; c < cells->count; c++) {
			size_t i = 0;
			while (i < out->count && strcmp(out->cells[i].name, cells->cells[c].name) != 0)
				i++;
			if (i == SK_CELLS_MAX)
				continue;
			if (i == out->count) {
				out->cells[i] = cells->cells[c];
				out->count++;
				continue;
			}
			out->cells[i].frames += cells->cells[c].frames;
			out->cells[i].bytes += cells->cells[c].bytes;
		}
	}
}

static const struct sk_cell *cell_named(const struct sk_metrics_cells *cells, const char *name)
{
	static const struct sk_cell none;
	for (size_t i = 0; i < cells->count; i++)
		if (strcmp(cells->cells[i].name, name) == 0)
			return &cells->cells[i];
	return &none;
}

/* What changed between two snapshots, for the text and for JSON. */
struct change {
	const struct sk_metrics *before, *now;
	struct sk_metrics_cells gate, gate_before, classes, classes_before;
};

static struct change change_of(const struct sk_metrics *before, const struct sk_metrics *now)
{
	struct change change = {.before = before, .now = now};
	join(now, offsetof(struct sk_metrics_link, gate), &change.gate);
	join(before, offsetof(struct sk_metrics_link, gate), &change.gate_before);
	join(now, offsetof(struct sk_metrics_link, classes), &change.classes);
	join(before, offsetof(struct sk_metrics_link, classes), &change.classes_before);
	return change;
}

struct link_rates {
	double frames, bits, erased, selected, lost, kernel;
};

static struct link_rates rates_of(const struct change *change, const struct sk_metrics_link *link)
{
	static const struct sk_metrics_link none;
	const struct sk_metrics_link *old = link_before(change->before, link);
	const struct sk_metrics *before = old != NULL ? change->before : NULL;
	struct sk_cell erased = {0}, erased_old = {0}, lost = {0}, lost_old = {0};
	if (old == NULL)
		old = &none;
	sum_cells(&link->gate, &erased), sum_cells(&link->select, &erased), sum_cells(&link->lost, &lost);
	sum_cells(&old->gate, &erased_old), sum_cells(&old->select, &erased_old), sum_cells(&old->lost, &lost_old);
	double bytes = rate(before, change->now, old->received.bytes, link->received.bytes);
	return (struct link_rates){.frames = rate(before, change->now, old->received.frames, link->received.frames),
				   .bits = bytes < 0 ? bytes : 8 * bytes,
				   .erased = rate(before, change->now, erased_old.frames, erased.frames),
				   .selected = rate(before, change->now, old->selected.frames, link->selected.frames),
				   .lost = rate(before, change->now, lost_old.frames, lost.frames),
				   .kernel = rate(before, change->now, old->kernel_erased, link->kernel_erased)};
}

/* ---- lines ---- */

SK_PRINTF(3, 4) static void add(struct sk_top_view *view, enum sk_top_colour colour, const char *format, ...)
{
	va_list args;
	if (view->count == SK_TOP_LINES_MAX)
		return;
	struct sk_top_line *line = &view->lines[view->count++];
	va_start(args, format);
	(void)vsnprintf(line->text, sizeof line->text, format, args);
	va_end(args);
	size_t columns = view->columns < SK_TOP_COLUMNS_MAX ? view->columns : SK_TOP_COLUMNS_MAX;
	line->text[columns] = '\0';
	line->colour = colour;
	for (size_t end = strlen(line->text); end > 0 && line->text[end - 1] == ' '; end--)
		line->text[end - 1] = '\0';
}

/* A figure without its unit: no blank behind it. */
static const char *short_figure(double value, char text[SK_UNIT_TEXT_MAX])
{
	sk_rate_format(value, "", text);
	size_t length = strlen(text);
	if (length > 0 && text[length - 1] == ' ')
		text[length - 1] = '\0';
	return text;
}

/* "-" where it is not known. */
static const char *figure(double per_second, char text[SK_UNIT_TEXT_MAX])
{
	return per_second < 0 ? "-" : short_figure(per_second, text);
}

static const char *count_of(uint64_t value, char text[SK_UNIT_TEXT_MAX])
{
	return value < 100000 ? sk_number_format(value, text) : short_figure((double)value, text);
}

static enum sk_top_colour colour_of(enum sk_health_state state)
{
	return state == SK_HEALTH_OK ? SK_TOP_GOOD : state == SK_HEALTH_DEGRADED ? SK_TOP_WARN : SK_TOP_BAD;
}

static void draw_head(struct sk_top_view *view, const struct change *change, const struct sk_health *health)
{
	const struct sk_metrics *now = change->now;
	char a[SK_UNIT_TEXT_MAX], b[SK_UNIT_TEXT_MAX], c[SK_UNIT_TEXT_MAX];
	struct sk_buf says;
	double cpu = rate(change->before, now, change->before != NULL ? (uint64_t)change->before->cpu_ns : 0, (uint64_t)now->cpu_ns);
	add(view, colour_of(health->state), "Sekisho %s   profile %s   up %s   health %s", now->version, now->profile, sk_duration_format(now->now_ns - now->start_ns, a),
	    sk_health_state_name(health->state));
	if (now->collecting != 0)
		add(view, SK_TOP_PLAIN, "basis %s, ends in %s   interval %s signed %s ago", now->basis_kind, sk_duration_format(now->basis_until_ns - now->now_ns, a),
		    sk_number_format(now->intervals, b), sk_duration_format(now->now_ns - now->interval_signed_ns, c));
	else
		add(view, SK_TOP_BAD, "NOTHING IS COLLECTED   interval %s was the last", sk_number_format(now->intervals, b));
	if (cpu < 0)
		add(view, SK_TOP_PLAIN, "cpu -   memory %s (%s locked)   disk %s free", sk_bytes_format(now->resident_bytes, a), sk_bytes_format(now->locked_bytes, b),
		    sk_bytes_format(now->disk_free_bytes, c));
	else
		add(view, SK_TOP_PLAIN, "cpu %.0f %%   memory %s (%s locked)   disk %s free   snapshot %" PRIu64, cpu * 100 / (double)second_ns, sk_bytes_format(now->resident_bytes, a),
		    sk_bytes_format(now->locked_bytes, b), sk_bytes_format(now->disk_free_bytes, c), now->snapshot);
	sk_buf_init(&says, 4096);
	for (size_t i = 0; i < health->count && i < REASONS_SHOWN; i++) {
		sk_buf_reset(&says);
		sk_health_say(now, health, i, &says);
		add(view, colour_of(health->state), "! %s", sk_buf_text(&says));
	}
	sk_buf_fini(&says);
}

static void draw_links(struct sk_top_view *view, const struct change *change)
{
	char t[5][SK_UNIT_TEXT_MAX];
	int width = view->columns < WIDE_COLUMNS ? NAME_COLUMNS : SK_METRICS_LABEL_MAX - 1;
	add(view, SK_TOP_PLAIN, "%s", "");
	add(view, SK_TOP_DIM, "%-*s %-11s %-4s %9s %9s %9s %9s %9s", width, "LINK", "MODE", "IS", "FRAMES/S", "BITS/S", "ERASED/S", "SELECT/S", "LOST/S");
	for (size_t i = 0; i < change->now->link_count && i < LINKS_SHOWN; i++) {
		const struct sk_metrics_link *link = &change->now->links[i];
		struct link_rates rates = rates_of(change, link);
		add(view, link->up == 0 ? SK_TOP_BAD : rates.lost > 0 ? SK_TOP_WARN : SK_TOP_PLAIN, "%-*.*s %-11.11s %-4s %9s %9s %9s %9s %9s", width, width, link->name,
		    link->mode, link->up != 0 ? "up" : "DOWN",
		    figure(rates.frames, t[0]), figure(rates.bits, t[1]), figure(rates.erased, t[2]), figure(rates.selected, t[3]), figure(rates.lost, t[4]));
	}
	if (change->now->link_count > LINKS_SHOWN)
		add(view, SK_TOP_DIM, "  and %zu more links", change->now->link_count - LINKS_SHOWN);
}

/* How the link is that is worst off, of those that somebody looks at; in JSON all are. */
static void draw_health(struct sk_top_view *view, const struct sk_metrics *now)
{
	const struct sk_metrics_link *worst = NULL;
	char t[4][SK_UNIT_TEXT_MAX], countries[SK_UNIT_TEXT_MAX + 16] = "no countries named";
	size_t looked_at = 0;
	for (size_t i = 0; i < now->link_count; i++) {
		const struct sk_metrics_link *link = &now->links[i];
		looked_at += link->health != SK_PULSE_UNWATCHED;
		if (link->health != SK_PULSE_UNWATCHED && (worst == NULL || link->health > worst->health))
			worst = link;
	}
	if (worst == NULL)
		return;
	if (worst->health_named != 0)
		(void)snprintf(countries, sizeof countries, "%s countries", count_of(worst->health_countries, t[0]));
	add(view, worst->health == SK_PULSE_IS_DOWN ? SK_TOP_BAD : worst->health == SK_PULSE_LIMPS ? SK_TOP_WARN : SK_TOP_PLAIN, "health %s%.*s %s   usual %s/s   now %s/s   %s   silent %s",
	    looked_at > 1 ? "worst: " : "", NAME_COLUMNS, worst->name, sk_link_health_word(worst->health), count_of(worst->health_usual, t[1]), count_of(worst->health_seen, t[2]), countries,
	    sk_duration_format(worst->health_silent_ns, t[3]));
}

/* Numbers of the cells that have ever counted, the busiest first; a tie in the table's order. */
static size_t busiest(const struct sk_metrics_cells *now, const struct sk_metrics_cells *before, size_t order[SK_CELLS_MAX])
{
	size_t count = 0;
	for (size_t i = 0; i < now->count; i++) {
		uint64_t more = now->cells[i].frames - cell_named(before, now->cells[i].name)->frames;
		if (now->cells[i].frames == 0)
			continue;
		size_t at = count++;
		for (; at > 0; at--) {
			const struct sk_cell *other = &now->cells[order[at - 1]];
			if (other->frames - cell_named(before, other->name)->frames >= more)
				break;
			order[at] = order[at - 1];
		}
		order[at] = i;
	}
	return count;
}

/* Classes on the left, why the gate erased on the right. */
static void draw_classes(struct sk_top_view *view, const struct change *change)
{
	size_t order[SK_CELLS_MAX], reasons = busiest(&change->gate, &change->gate_before, order);
	if (reasons > REASONS_SHOWN)
		reasons = REASONS_SHOWN;
	size_t rows = change->classes.count > reasons ? change->classes.count : reasons;
	add(view, SK_TOP_PLAIN, "%s", "");
	add(view, SK_TOP_DIM, "%-8s %10s %10s %7s  %-18s %9s %9s", "CLASS", "FRAMES/S", "BITS/S", "ALL", "ERASED BY THE GATE", "FRAMES/S", "ALL");
	for (size_t i = 0; i < rows; i++) {
		char left[SK_TOP_COLUMNS_MAX] = "", right[SK_TOP_COLUMNS_MAX] = "", t[4][SK_UNIT_TEXT_MAX];
		if (i < change->classes.count) {
			const struct sk_cell *cell = &change->classes.cells[i], *old = cell_named(&change->classes_before, cell->name);
			double bytes = rate(change->before, change->now, old->bytes, cell->bytes);
			(void)snprintf(left, sizeof left, "%-8.8s %10s %10s %7s", cell->name, figure(rate(change->before, change->now, old->frames, cell->frames), t[0]),
				       figure(bytes < 0 ? bytes : 8 * bytes, t[1]), count_of(cell->frames, t[2]));
		}
		if (i < reasons) {
			const struct sk_cell *cell = &change->gate.cells[order[i]], *old = cell_named(&change->gate_before, cell->name);
			(void)snprintf(right, sizeof right, "%-18.18s %9s %9s", cell->name, figure(rate(change->before, change->now, old->frames, cell->frames), t[0]), count_of(cell->frames, t[1]));
		}
		add(view, SK_TOP_PLAIN, "%-38s  %s", left, right);
	}
}

static void draw_flows(struct sk_top_view *view, const struct change *change)
{
	static const struct sk_metrics none;
	static const char *const stages[] = {"nothing", "heads", "heads and facts", "heads, facts and flows"};
	const struct sk_metrics *now = change->now, *old = change->before != NULL ? change->before : &none;
	char t[6][SK_UNIT_TEXT_MAX];
	add(view, SK_TOP_PLAIN, "%s", "");
	add(view, SK_TOP_PLAIN, "flows  open %s of %s   new %s/s   ended %s/s   evicted %s/s", count_of(now->flows, t[0]), count_of(now->flows_places, t[1]),
	    figure(rate(change->before, now, old->flows_created, now->flows_created), t[2]), figure(rate(change->before, now, old->flows_ended, now->flows_ended), t[3]),
	    figure(rate(change->before, now, old->flows_evicted, now->flows_evicted), t[4]));
	add(view, now->shed_stage != 0 ? SK_TOP_WARN : SK_TOP_PLAIN, "shed   %s   heads %s   facts %s   spool full %s   events lost %s", stages[now->shed_stage < SK_COUNT(stages) ? now->shed_stage : 3],
	    count_of(now->heads_shed, t[0]), count_of(now->facts_shed, t[1]), count_of(now->spool_full, t[2]), count_of(now->events_lost, t[3]));
	uint64_t lost = now->eve_lost + now->syslog_lost + now->ipfix_lost + now->log_lost;
	add(view, now->outputs_failing != 0 ? SK_TOP_WARN : SK_TOP_PLAIN, "out    eve %s/s   ipfix %s/s   lost %s   ledger %s   reloads %s (%s refused)",
	    figure(rate(change->before, now, old->eve_lines, now->eve_lines), t[0]), figure(rate(change->before, now, old->ipfix_records, now->ipfix_records), t[1]), count_of(lost, t[2]),
	    sk_number_format(now->ledger_leaves, t[3]), count_of(now->reloads, t[4]), count_of(now->reloads_refused, t[5]));
	if (now->counts_running != 0)
		add(view, SK_TOP_PLAIN, "asked  counts %s (sekisho order count list)", count_of(now->counts_running, t[0]));
}

static void draw_workers(struct sk_top_view *view, const struct sk_metrics *now)
{
	for (size_t first = 0; first < now->worker_count; first += WORKERS_A_LINE) {
		char line[SK_TOP_COLUMNS_MAX] = "";
		int used = snprintf(line, sizeof line, "%s", first == 0 ? "work " : "     ");
		for (size_t w = first; w < now->worker_count && w < first + WORKERS_A_LINE; w++)
			used += snprintf(line + used, sizeof line - (size_t)used, "  %zu: %" PRIu64 " %% busy, ring %" PRIu64 " %%", w, now->workers[w].busy_ratio % 10000000 / 10000,
					 now->workers[w].ring_ratio % 10000000 / 10000);
		add(view, SK_TOP_PLAIN, "%s", line);
	}
}

static void draw_findings(struct sk_top_view *view, const struct sk_metrics *now)
{
	static const char *const severities[] = {"-", "low", "medium", "high"};
	size_t order[SK_METRICS_FINDINGS_MAX];
	char a[SK_UNIT_TEXT_MAX], b[SK_UNIT_TEXT_MAX];
	for (size_t i = 0; i < now->finding_count; i++) { /* the most severe first, then the most frequent */
		size_t at = i;
		const struct sk_metrics_finding *f = &now->findings[i];
		for (; at > 0; at--) {
			const struct sk_metrics_finding *other = &now->findings[order[at - 1]];
			if (other->severity > f->severity || (other->severity == f->severity && other->count >= f->count))
				break;
			order[at] = order[at - 1];
		}
		order[at] = i;
	}
	add(view, SK_TOP_PLAIN, "%s", "");
	add(view, SK_TOP_DIM, "%-35s %-8s %10s   %s", "FINDINGS (values: sekisho findings)", "SEVERITY", "COUNT", "LAST");
	for (size_t i = 0; i < now->finding_count && i < FINDINGS_SHOWN; i++) {
		const struct sk_metrics_finding *f = &now->findings[order[i]];
		add(view, f->severity >= 3 ? SK_TOP_BAD : SK_TOP_PLAIN, "%-35.32s %-8s %10s   %s ago", f->kind, severities[f->severity < SK_COUNT(severities) ? f->severity : 0],
		    count_of(f->count, a), sk_duration_format(now->now_ns - f->last_ns, b));
	}
	if (now->finding_count == 0)
		add(view, SK_TOP_PLAIN, "none since the start");
}

void sk_top_draw(struct sk_top_view *view, const struct sk_metrics *before, const struct sk_metrics *now, const struct sk_health *health)
{
	struct change change = change_of(comparable(before, now) ? before : NULL, now);
	view->count = 0;
	draw_head(view, &change, health);
	draw_links(view, &change);
	draw_health(view, now);
	draw_classes(view, &change);
	draw_flows(view, &change);
	draw_workers(view, now);
	draw_findings(view, now);
	if (view->rows == 0 || view->count <= view->rows)
		return;
	/* A low window: first without the empty lines, then without the end. */
	size_t kept = 0;
	for (size_t i = 0; i < view->count; i++)
		if (view->lines[i].text[0] != '\0')
			view->lines[kept++] = view->lines[i];
	view->count = kept;
	if (view->count <= view->rows)
		return;
	view->count = view->rows - 1;
	add(view, SK_TOP_DIM, "... a taller window shows the rest");
}

/* ---- for a machine ---- */

static void json_rate(struct sk_json_writer *w, const char *key, double value)
{
	if (value < 0)
		sk_json_null(w, key);
	else
		sk_json_double(w, key, value);
}

static void json_cells(struct sk_json_writer *w, const char *key, const struct change *change, const struct sk_metrics_cells *now, const struct sk_metrics_cells *before)
{
	sk_json_object(w, key);
	for (size_t i = 0; i < now->count; i++) {
		const struct sk_cell *old = cell_named(before, now->cells[i].name);
		sk_json_object(w, now->cells[i].name);
		sk_json_u64(w, "frames", now->cells[i].frames);
		sk_json_u64(w, "bytes", now->cells[i].bytes);
		json_rate(w, "frames_per_s", rate(change->before, change->now, old->frames, now->cells[i].frames));
		json_rate(w, "bytes_per_s", rate(change->before, change->now, old->bytes, now->cells[i].bytes));
		sk_json_end(w);
	}
	sk_json_end(w);
}

static void json_links(struct sk_json_writer *w, const struct change *change)
{
	sk_json_array(w, "links");
	for (size_t i = 0; i < change->now->link_count; i++) {
		const struct sk_metrics_link *link = &change->now->links[i];
		struct link_rates rates = rates_of(change, link);
		sk_json_object(w, NULL);
		sk_json_text(w, "name", link->name);
		sk_json_text(w, "mode", link->mode);
		sk_json_bool(w, "up", link->up != 0);
		json_rate(w, "frames_per_s", rates.frames);
		json_rate(w, "bits_per_s", rates.bits);
		json_rate(w, "erased_per_s", rates.erased);
		json_rate(w, "kernel_erased_per_s", rates.kernel);
		json_rate(w, "selected_per_s", rates.selected);
		json_rate(w, "lost_per_s", rates.lost);
		if (link->health != SK_PULSE_UNWATCHED) {
			sk_json_object(w, "health");
			sk_json_u64(w, "standing", link->health);
			sk_json_text(w, "says", sk_link_health_word(link->health));
			sk_json_u64(w, "usual_frames_per_s", link->health_usual);
			sk_json_u64(w, "seen_frames_per_s", link->health_seen);
			sk_json_double(w, "silent_s", (double)link->health_silent_ns / (double)second_ns);
			sk_json_u64(w, "networks", link->health_networks);
			sk_json_bool(w, "countries_named", link->health_named != 0);
			sk_json_u64(w, "countries", link->health_countries);
			sk_json_end(w);
		}
		sk_json_end(w);
	}
	sk_json_end(w);
}

static void json_health(struct sk_json_writer *w, const struct sk_metrics *now, const struct sk_health *health)
{
	struct sk_buf says;
	sk_buf_init(&says, 4096);
	sk_json_object(w, "health");
	sk_json_text(w, "state", sk_health_state_name(health->state));
	sk_json_array(w, "reasons");
	for (size_t i = 0; i < health->count; i++) {
		sk_buf_reset(&says);
		sk_health_say(now, health, i, &says);
		sk_json_object(w, NULL);
		sk_json_text(w, "reason", sk_health_reason_name(health->reasons[i].reason));
		sk_json_text(w, "says", sk_buf_text(&says));
		sk_json_end(w);
	}
	sk_json_end(w);
	sk_json_end(w);
	sk_buf_fini(&says);
}

void sk_top_json(const struct sk_metrics *before, const struct sk_metrics *now, const struct sk_health *health, struct sk_buf *out)
{
	struct change change = change_of(comparable(before, now) ? before : NULL, now);
	struct sk_json_writer w;
	char when[SK_TIME_TEXT_MAX];
	sk_json_begin(&w, out, false);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "time", sk_time_format(now->now_ns, 3, when));
	sk_json_text(&w, "version", now->version);
	sk_json_bool(&w, "collecting", now->collecting != 0);
	json_rate(&w, "seconds", change.before != NULL ? (double)(now->monotonic_ns - before->monotonic_ns) / (double)second_ns : -1);
	json_health(&w, now, health);
	json_links(&w, &change);
	json_cells(&w, "classes", &change, &change.classes, &change.classes_before);
	json_cells(&w, "gate_erased", &change, &change.gate, &change.gate_before);
	sk_json_object(&w, "flows");
	sk_json_u64(&w, "open", now->flows);
	sk_json_u64(&w, "places", now->flows_places);
	sk_json_u64(&w, "created", now->flows_created);
	sk_json_u64(&w, "evicted", now->flows_evicted);
	json_rate(&w, "created_per_s", rate(change.before, now, change.before != NULL ? before->flows_created : 0, now->flows_created));
	sk_json_end(&w);
	sk_json_u64(&w, "events_lost", now->events_lost);
	sk_json_u64(&w, "memory_resident_bytes", now->resident_bytes);
	sk_json_u64(&w, "disk_free_bytes", now->disk_free_bytes);
	sk_json_array(&w, "findings");
	for (size_t i = 0; i < now->finding_count; i++) {
		sk_json_object(&w, NULL);
		sk_json_text(&w, "kind", now->findings[i].kind);
		sk_json_u64(&w, "severity", now->findings[i].severity);
		sk_json_u64(&w, "count", now->findings[i].count);
		sk_json_text(&w, "last", sk_time_format(now->findings[i].last_ns, 3, when));
		sk_json_end(&w);
	}
	sk_json_end(&w);
	sk_json_end(&w);
}
