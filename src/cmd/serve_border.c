/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/serve_border.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/link_health.h"
#include "cmd/countries.h"
#include "cmd/serve_countries.h"
#include "cmd/top_ask.h"
#include "cmd/top_view.h"
#include "ledger/ledger.h"
#include "ledger/record_read.h"
#include "text/text.h"

/* KEPT intervals are kept of each ledger: ten days of one link at one a minute; of their countries COUNTRIES_KEPT, 24 MiB: with a hundred in each, a week. What is older is in the
   ledger, and nobody draws it. */
enum { KEPT = 16384, COUNTRIES_KEPT = 1 << 20, LINKS_MAX = 64, POINTS_MAX = 2000, LIVE_POINTS = 60, ASK_MS = 300, LATE_INTERVALS = 3 };
static const int64_t second_ns = 1000000000, ask_again_ns = 1000000000;

/* Of one interval, what is drawn over time. */
struct point {
	int64_t from_ns, to_ns;
	uint64_t frames[SK_CLASS_COUNT], bytes[SK_CLASS_COUNT];
	struct sk_kept_countries countries;
};

struct ledger {
	char folder[SK_PATH_MAX];
	uint64_t read;                  /* leaves that were read, or left out because they are too old */
	size_t point_count, first;      /* a ring */
	struct point *points;           /* KEPT of them, made when there is one */
	size_t country_count, let_go;   /* countries kept of all points; of so many points, the oldest, none are any more */
	bool older;                     /* there were intervals that are not kept, or not their countries */
	bool replayed;                  /* the last run reads captures */
	size_t link_count;
	struct sk_interval_record *links; /* the last interval of each; LINKS_MAX of them */
};

struct sk_serve_border {
	pthread_mutex_t lock;
	char socket[SK_PATH_MAX];
	int64_t asked_ns;
	bool has_metrics, has_before;
	struct sk_metrics *metrics, *before;
	struct sk_health health;
	struct sk_buf body;
	size_t ledger_count;
	struct ledger *ledgers;
};

enum sk_err sk_serve_border_open(const char *const *workspaces, size_t count, const char *socket, struct sk_serve_border **out, struct sk_fault *fault)
{
	struct sk_serve_border *border = calloc(1, sizeof *border);
	*out = NULL;
	if (border == NULL || (border->ledgers = calloc(count + 1, sizeof *border->ledgers)) == NULL) {
		free(border);
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	}
	(void)pthread_mutex_init(&border->lock, NULL);
	sk_buf_init(&border->body, SK_METRICS_TEXT_MAX);
	(void)snprintf(border->socket, sizeof border->socket, "%s", socket);
	for (size_t i = 0; i < count; i++)
		if (sk_file_join(border->ledgers[border->ledger_count].folder, SK_PATH_MAX, workspaces[i], "ledger") == SK_OK)
			border->ledger_count++;
	*out = border;
	return SK_OK;
}

static struct point *point_at(const struct ledger *ledger, size_t i)
{
	return &ledger->points[(ledger->first + i) % KEPT];
}

static void forget_points(struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->point_count; i++)
		(void)sk_kept_countries_drop(&point_at(ledger, i)->countries);
	ledger->point_count = ledger->first = ledger->country_count = ledger->let_go = 0;
}

void sk_serve_border_close(struct sk_serve_border *border)
{
	if (border == NULL)
		return;
	for (size_t i = 0; i < border->ledger_count; i++) {
		forget_points(&border->ledgers[i]);
		free(border->ledgers[i].points);
		free(border->ledgers[i].links);
	}
	(void)pthread_mutex_destroy(&border->lock);
	sk_buf_fini(&border->body);
	free(border->ledgers);
	free(border->metrics);
	free(border->before);
	free(border);
}

/* ---- reading what is new ---- */

static void add_cells(struct sk_cells *into, const struct sk_cells *cells)
{
	for (size_t i = 0; i < cells->count; i++) {
		size_t at = 0;
		while (at < into->count && strcmp(into->cell[at].name, cells->cell[i].name) != 0)
			at++;
		if (at == SK_CELLS_MAX)
			continue;
		if (at == into->count)
			into->cell[into->count++] = (struct sk_cell){.frames = 0};
		memcpy(into->cell[at].name, cells->cell[i].name, sizeof into->cell[at].name);
		into->cell[at].frames += cells->cell[i].frames;
		into->cell[at].bytes += cells->cell[i].bytes;
	}
}

static void add_tally(struct sk_tally *into, const struct sk_tally *more)
{
	into->frames += more->frames;
	into->bytes += more->bytes;
}

/* Of captures that are replayed there is no now: all intervals of the run are one. Its beginning stays what was pending before the first; its length is what all of them have together. */
static void join_intervals(struct sk_interval_record *into, const struct sk_interval_record *more)
{
	into->from_ns = more->to_ns - (into->to_ns - into->from_ns) - (more->to_ns - more->from_ns);
	into->to_ns = more->to_ns;
	into->number = more->number;
	add_tally(&into->received, &more->received);
	add_tally(&into->selected, &more->selected);
	into->pending_after = more->pending_after;
	into->carried_after = more->carried_after;
	add_cells(&into->gate_erased, &more->gate_erased);
	add_cells(&into->select_erased, &more->select_erased);
	add_cells(&into->capture_lost.cells, &more->capture_lost.cells);
	for (int i = 0; i < SK_CLASS_COUNT; i++)
		add_tally(&into->classes[i], &more->classes[i]);
	if (!into->has_countries)
		into->countries = (struct sk_countries_record){.few = {0, 0}};
	into->has_countries = into->has_countries || more->has_countries;
	if (more->has_countries)
		sk_countries_join(&into->countries, &more->countries);
}

/* The oldest makes room. */
static struct point *add_point(struct ledger *ledger, const struct sk_interval_record *interval)
{
	if (ledger->point_count == KEPT) {
		ledger->country_count -= sk_kept_countries_drop(&point_at(ledger, 0)->countries);
		ledger->first = (ledger->first + 1) % KEPT;
		ledger->point_count--;
		ledger->let_go -= ledger->let_go != 0;
		ledger->older = true;
	}
	struct point *point = point_at(ledger, ledger->point_count++);
	*point = (struct point){.from_ns = interval->from_ns, .to_ns = interval->to_ns};
	ledger->country_count += sk_kept_countries_take(&point->countries, interval);
	for (; ledger->country_count > COUNTRIES_KEPT && ledger->let_go + 1 < ledger->point_count; ledger->let_go++) {
		ledger->country_count -= sk_kept_countries_drop(&point_at(ledger, ledger->let_go)->countries);
		ledger->older = true;
	}
	return point;
}

static void take_interval(struct ledger *ledger, const struct sk_interval_record *interval)
{
	size_t link = 0;
	struct point *point = add_point(ledger, interval);
	for (int i = 0; i < SK_CLASS_COUNT; i++) {
		point->frames[i] = interval->classes[i].frames;
		point->bytes[i] = interval->classes[i].bytes;
	}
	while (link < ledger->link_count && strcmp(ledger->links[link].link, interval->link) != 0)
		link++;
	bool joins = link < ledger->link_count && ledger->replayed && ledger->links[link].run == interval->run;
	if (link == ledger->link_count && link < LINKS_MAX)
		ledger->link_count++;
	if (joins)
		join_intervals(&ledger->links[link], interval);
	else if (link < ledger->link_count)
		ledger->links[link] = *interval;
}

static enum sk_err read_new(struct ledger *ledger, struct sk_record *record, struct sk_buf *bytes, struct sk_fault *fault)
{
	struct sk_checkpoint head;
	struct sk_fault why;
	SK_TRY(sk_checkpoint_read(ledger->folder, NULL, NULL, &head, fault));
	if (ledger->points == NULL && ((ledger->points = calloc(KEPT, sizeof *ledger->points)) == NULL || (ledger->links = calloc(LINKS_MAX, sizeof *ledger->links)) == NULL))
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	/* A ledger that got shorter is another one. */
	if (head.size < ledger->read) {
		forget_points(ledger);
		ledger->read = ledger->link_count = 0;
		ledger->older = false;
	}
	if (head.size > ledger->read + KEPT) {
		ledger->read = head.size - KEPT;
		ledger->older = true;
	}
	while (ledger->read < head.size) {
		sk_buf_reset(bytes);
		SK_TRY(sk_ledger_read(ledger->folder, head.size, ledger->read, bytes, fault));
		/* What a newer program wrote is passed by. */
		bool known = sk_record_parse(bytes->bytes, bytes->length, record, &why) == SK_OK;
		if (known && record->kind == SK_RECORD_RUN_START)
			ledger->replayed = record->run_start.replayed;
		if (known && record->kind == SK_RECORD_INTERVAL)
			take_interval(ledger, &record->interval);
		ledger->read++;
	}
	return SK_OK;
}

static enum sk_err read_all(struct sk_serve_border *border, struct sk_fault *fault)
{
	struct sk_record *record = malloc(sizeof *record);
	struct sk_buf bytes;
	if (record == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	sk_buf_init(&bytes, SK_RECORD_MAX_BYTES);
	for (size_t i = 0; i < border->ledger_count; i++) {
		struct sk_fault why;
		/* A sensor that has not signed anything yet has nothing to show; the others have. */
		(void)!read_new(&border->ledgers[i], record, &bytes, &why);
	}
	sk_buf_fini(&bytes);
	free(record);
	return SK_OK;
}

/* The sensor's figures, at most once a second; two of them give rates. */
static void ask_sensor(struct sk_serve_border *border, int64_t now_ns)
{
	struct sk_fault why;
	if (border->socket[0] == '\0' || (now_ns >= border->asked_ns && now_ns - border->asked_ns < ask_again_ns))
		return;
	border->asked_ns = now_ns;
	struct sk_metrics *fresh = border->before != NULL ? border->before : calloc(1, sizeof *fresh);
	if (fresh == NULL)
		return;
	border->before = NULL;
	if (sk_top_ask(border->socket, ASK_MS, &border->body, fresh, &border->health, &why) != SK_OK) {
		free(fresh);
		border->has_metrics = border->has_before = false;
		return;
	}
	border->before = border->metrics;
	border->has_before = border->has_metrics && border->before != NULL && border->before->start_ns == fresh->start_ns;
	border->metrics = fresh;
	border->has_metrics = true;
}

/* ---- telling ---- */

static const char *const class_names[] = {"FF", "FD", "DF"};

static void put_tally(struct sk_json_writer *w, const char *key, uint64_t frames, uint64_t bytes)
{
	sk_json_object(w, key);
	sk_json_u64(w, "frames", frames);
	sk_json_u64(w, "bytes", bytes);
	sk_json_end(w);
}

static void put_rates(struct sk_json_writer *w, const struct sk_interval_record *interval)
{
	double seconds = (double)(interval->to_ns - interval->from_ns) / (double)second_ns;
	sk_json_object(w, "rates");
	for (int i = 0; i < (int)SK_COUNT(class_names) && seconds > 0; i++) {
		sk_json_object(w, class_names[i]);
		sk_json_double(w, "frames_s", (double)interval->classes[i].frames / seconds);
		sk_json_double(w, "bytes_s", (double)interval->classes[i].bytes / seconds);
		sk_json_end(w);
	}
	sk_json_end(w);
}

/* A link's health as one word for machines: of feeds' health the same words. */
static const char *health_word(const struct sk_metrics_link *link)
{
	static const char *const words[] = {[SK_PULSE_UNWATCHED] = "unwatched", [SK_PULSE_LEARNING] = "learning", [SK_PULSE_USUAL] = "ok", [SK_PULSE_LIMPS] = "degraded", [SK_PULSE_IS_DOWN] = "down"};
	return link->up == 0 ? "down" : link->health < SK_COUNT(words) ? words[link->health] : "unknown";
}

/* The sensor's word where it is asked; else how old the last signed interval is. */
static void put_link(const struct sk_serve_border *border, struct sk_json_writer *w, const struct sk_interval_record *interval, int64_t now_ns)
{
	const struct sk_metrics_link *live = NULL;
	int64_t length_ns = interval->to_ns - interval->from_ns, age_ns = now_ns - interval->to_ns;
	char line[128];
	for (size_t i = 0; border->has_metrics && i < border->metrics->link_count; i++)
		if (strcmp(border->metrics->links[i].name, interval->link) == 0)
			live = &border->metrics->links[i];
	bool late = age_ns > LATE_INTERVALS * (length_ns > 60 * second_ns ? length_ns : 60 * second_ns);
	sk_json_object(w, NULL);
	sk_json_text(w, "name", interval->link);
	if (live != NULL)
		sk_json_text(w, "health", health_word(live));
	else
		sk_json_text(w, "health", late ? "late" : "ok");
	(void)snprintf(line, sizeof line, "%s, interval %llu ended %lld s ago", live != NULL ? (live->up != 0 ? "up" : "down") : late ? "silent" : "signed", (unsigned long long)interval->number,
		       (long long)(age_ns / second_ns));
	sk_json_text(w, "line", line);
	sk_json_i64(w, "age_s", age_ns / second_ns);
	put_rates(w, interval);
	sk_json_end(w);
}

struct sums {
	uint64_t received, selected, lost, before, after, gate, select, classes[SK_CLASS_COUNT];
};

static void put_equation(struct sk_json_writer *w, const char *key, const struct sums *s)
{
	sk_json_object(w, key);
	sk_json_u64(w, "received", s->received);
	sk_json_u64(w, "gate_erased", s->gate);
	sk_json_u64(w, "select_erased", s->select);
	sk_json_u64(w, "selected", s->selected);
	sk_json_u64(w, "capture_lost", s->lost);
	sk_json_u64(w, "pending_before", s->before);
	sk_json_u64(w, "pending_after", s->after);
	sk_json_end(w);
}

static void sum_cells(const struct sk_cells *cells, uint64_t *frames, uint64_t *bytes)
{
	for (size_t i = 0; i < cells->count; i++) {
		*frames += cells->cell[i].frames;
		*bytes += cells->cell[i].bytes;
	}
}

static void add_interval(const struct sk_interval_record *in, struct sums *frames, struct sums *bytes, struct sk_cells *gate, struct sk_cells *select)
{
	frames->received += in->received.frames, bytes->received += in->received.bytes;
	frames->selected += in->selected.frames, bytes->selected += in->selected.bytes;
	/* What was held back below k belongs to the terms before and after: with it the equation closes. */
	frames->before += in->pending_before.frames + in->carried_before.frames, bytes->before += in->pending_before.bytes + in->carried_before.bytes;
	frames->after += in->pending_after.frames + in->carried_after.frames, bytes->after += in->pending_after.bytes + in->carried_after.bytes;
	sum_cells(&in->gate_erased, &frames->gate, &bytes->gate);
	sum_cells(&in->select_erased, &frames->select, &bytes->select);
	sum_cells(&in->capture_lost.cells, &frames->lost, &bytes->lost);
	for (int i = 0; i < SK_CLASS_COUNT; i++)
		frames->classes[i] += in->classes[i].frames, bytes->classes[i] += in->classes[i].bytes;
	add_cells(gate, &in->gate_erased);
	add_cells(select, &in->select_erased);
}

static void put_cells(struct sk_json_writer *w, const char *key, const struct sk_cells *cells, bool bytes)
{
	sk_json_object(w, key);
	for (size_t i = 0; i < cells->count; i++)
		sk_json_u64(w, cells->cell[i].name[0] != '\0' ? cells->cell[i].name : "unnamed", bytes ? cells->cell[i].bytes : cells->cell[i].frames);
	sk_json_end(w);
}

/* ---- over time ---- */

/* Rates of points of equal length between two times; an interval counts where it began. */
static enum sk_err put_series(struct sk_serve_border *border, int64_t since_ns, int64_t until_ns, size_t points, struct sk_json_writer *w, struct sk_fault *fault)
{
	uint64_t(*frames)[SK_CLASS_COUNT] = calloc(points + 1, sizeof *frames);
	if (frames == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	int64_t step_ns = (until_ns - since_ns) / (int64_t)points;
	step_ns = step_ns > 0 ? step_ns : 1;
	for (size_t l = 0; l < border->ledger_count; l++)
		for (size_t i = 0; i < border->ledgers[l].point_count; i++) {
			const struct point *point = point_at(&border->ledgers[l], i);
			if (point->from_ns < since_ns || point->from_ns >= until_ns)
				continue;
			size_t at = (size_t)((point->from_ns - since_ns) / step_ns);
			for (int c = 0; at < points && c < SK_CLASS_COUNT; c++)
				frames[at][c] += point->frames[c];
		}
	sk_json_object(w, "series");
	sk_json_array(w, "t");
	for (size_t i = 0; i < points; i++)
		sk_json_i64(w, NULL, (since_ns + (int64_t)i * step_ns) / second_ns);
	sk_json_end(w);
	for (size_t c = 0; c < SK_COUNT(class_names); c++) {
		sk_json_array(w, class_names[c]);
		for (size_t i = 0; i < points; i++)
			sk_json_double(w, NULL, (double)frames[i][c] * (double)second_ns / (double)step_ns);
		sk_json_end(w);
	}
	sk_json_end(w);
	free(frames);
	return SK_OK;
}

/* The last intervals of all links; of captures that were replayed their own time, which is not now. */
static void span_of(const struct sk_serve_border *border, int64_t *interval_ns, int64_t *last_ns)
{
	*interval_ns = *last_ns = 0;
	for (size_t l = 0; l < border->ledger_count; l++)
		for (size_t i = 0; i < border->ledgers[l].link_count; i++) {
			const struct sk_interval_record *in = &border->ledgers[l].links[i];
			if (in->to_ns <= *last_ns)
				continue;
			*last_ns = in->to_ns;
			*interval_ns = in->to_ns - in->from_ns;
		}
}

/* Where no table in use names countries there is nothing to tell. */
static enum sk_err put_countries(const struct sk_serve_border *border, struct sk_json_writer *w, struct sk_fault *fault)
{
	struct sk_countries_record *all = calloc(1, sizeof *all);
	bool any = false;
	if (all == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	for (size_t l = 0; l < border->ledger_count; l++)
		for (size_t i = 0; i < border->ledgers[l].link_count; i++) {
			const struct sk_interval_record *interval = &border->ledgers[l].links[i];
			any = any || interval->has_countries;
			if (interval->has_countries)
				sk_countries_join(all, &interval->countries);
		}
	sk_countries_json(any ? all : NULL, w);
	free(all);
	return SK_OK;
}

static enum sk_err put_live(struct sk_serve_border *border, int64_t now_ns, struct sk_json_writer *w, struct sk_fault *fault)
{
	struct sums frames = {0}, bytes = {0};
	struct sk_cells *gate = calloc(2, sizeof *gate);
	int64_t interval_ns, last_ns;
	char when[SK_TIME_TEXT_MAX];
	if (gate == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	span_of(border, &interval_ns, &last_ns);
	sk_json_text(w, "now", sk_time_format(now_ns, 3, when));
	sk_json_double(w, "interval_s", (double)interval_ns / (double)second_ns);
	if (last_ns != 0)
		sk_json_i64(w, "age_s", (now_ns - last_ns) / second_ns);
	else
		sk_json_null(w, "age_s");
	sk_json_array(w, "links");
	for (size_t l = 0; l < border->ledger_count; l++)
		for (size_t i = 0; i < border->ledgers[l].link_count; i++) {
			put_link(border, w, &border->ledgers[l].links[i], now_ns);
			add_interval(&border->ledgers[l].links[i], &frames, &bytes, &gate[0], &gate[1]);
		}
	sk_json_end(w);
	put_equation(w, "equation", &frames);
	put_equation(w, "equation_bytes", &bytes);
	for (int unit = 0; unit < 2; unit++) {
		sk_json_object(w, unit != 0 ? "erased_bytes" : "erased");
		put_cells(w, "gate", &gate[0], unit != 0);
		put_cells(w, "select", &gate[1], unit != 0);
		sk_json_end(w);
	}
	sk_json_object(w, "classes");
	for (int i = 0; i < SK_CLASS_COUNT; i++)
		put_tally(w, sk_class_name((enum sk_class)i), frames.classes[i], bytes.classes[i]);
	sk_json_end(w);
	free(gate);
	SK_TRY(put_countries(border, w, fault));
	int64_t until_ns = last_ns != 0 ? last_ns : now_ns, step_ns = interval_ns > 0 ? interval_ns : 60 * second_ns;
	return put_series(border, until_ns - LIVE_POINTS * step_ns, until_ns, LIVE_POINTS, w, fault);
}

/* What the sensor says itself, now. */
static void put_sensor(const struct sk_serve_border *border, struct sk_json_writer *w)
{
	struct sk_buf text;
	if (!border->has_metrics) {
		sk_json_null(w, "sensor");
		return;
	}
	sk_buf_init(&text, 1 << 20);
	sk_top_json(border->has_before ? border->before : NULL, border->metrics, &border->health, &text);
	sk_json_raw(w, "sensor", sk_buf_text(&text), text.length);
	sk_buf_fini(&text);
}

enum sk_err sk_serve_border_live(struct sk_serve_border *border, int64_t now_ns, struct sk_json_writer *w, struct sk_fault *fault)
{
	(void)pthread_mutex_lock(&border->lock);
	enum sk_err err = read_all(border, fault);
	ask_sensor(border, now_ns);
	if (err == SK_OK)
		err = put_live(border, now_ns, w, fault);
	if (err == SK_OK)
		put_sensor(border, w);
	(void)pthread_mutex_unlock(&border->lock);
	return err;
}

enum sk_err sk_serve_border_series(struct sk_serve_border *border, int64_t since_ns, int64_t until_ns, size_t points, struct sk_json_writer *w, struct sk_fault *fault)
{
	if (until_ns <= since_ns)
		return sk_fault_set(fault, SK_EUSAGE, "until must be later than since");
	points = points < 1 ? 1 : points > POINTS_MAX ? POINTS_MAX : points;
	(void)pthread_mutex_lock(&border->lock);
	enum sk_err err = read_all(border, fault);
	if (err == SK_OK)
		err = put_series(border, since_ns, until_ns, points, w, fault);
	(void)pthread_mutex_unlock(&border->lock);
	return err;
}

/* ---- countries over time ---- */

/* An interval counts where it began. *older: intervals of that time are not kept. Returns how many there were. */
static uint64_t sum_countries(const struct sk_serve_border *border, int64_t since_ns, int64_t until_ns, struct sk_country_sums *sums, int64_t *from_ns, int64_t *to_ns, bool *older)
{
	uint64_t count = 0;
	for (size_t l = 0; l < border->ledger_count; l++) {
		const struct ledger *ledger = &border->ledgers[l];
		*older = *older || (ledger->older && ledger->let_go < ledger->point_count && since_ns < point_at(ledger, ledger->let_go)->from_ns);
		for (size_t i = ledger->let_go; i < ledger->point_count; i++) {
			const struct point *point = point_at(ledger, i);
			if (point->from_ns < since_ns || point->from_ns >= until_ns)
				continue;
			sk_country_sums_add(sums, &point->countries);
			*from_ns = count == 0 || point->from_ns < *from_ns ? point->from_ns : *from_ns;
			*to_ns = point->to_ns > *to_ns ? point->to_ns : *to_ns;
			count++;
		}
	}
	return count;
}

static enum sk_err put_sums(const struct sk_serve_border *border, int64_t since_ns, int64_t until_ns, struct sk_json_writer *w, struct sk_fault *fault)
{
	struct sk_country_sums *sums = calloc(1, sizeof *sums);
	struct sk_countries_record *record = calloc(1, sizeof *record);
	int64_t from_ns = 0, to_ns = 0;
	bool older = false;
	char when[SK_TIME_TEXT_MAX];
	enum sk_err err = sums != NULL && record != NULL ? SK_OK : sk_fault_set(fault, SK_ENOMEM, "out of memory");
	if (err == SK_OK) {
		uint64_t count = sum_countries(border, since_ns, until_ns, sums, &from_ns, &to_ns, &older);
		sk_json_u64(w, "intervals", count);
		if (count != 0) {
			sk_json_text(w, "from", sk_time_format(from_ns, 0, when));
			sk_json_text(w, "to", sk_time_format(to_ns, 0, when));
		} else {
			sk_json_null(w, "from");
			sk_json_null(w, "to");
		}
		sk_json_bool(w, "older", older);
		sk_country_sums_tell(sums, record);
		sk_countries_json(sums->intervals != 0 ? record : NULL, w);
	}
	free(record);
	free(sums);
	return err;
}

enum sk_err sk_serve_border_countries(struct sk_serve_border *border, int64_t since_ns, int64_t until_ns, struct sk_json_writer *w, struct sk_fault *fault)
{
	if (until_ns <= since_ns)
		return sk_fault_set(fault, SK_EUSAGE, "until must be later than since");
	(void)pthread_mutex_lock(&border->lock);
	enum sk_err err = read_all(border, fault);
	if (err == SK_OK)
		err = put_sums(border, since_ns, until_ns, w, fault);
	(void)pthread_mutex_unlock(&border->lock);
	return err;
}
