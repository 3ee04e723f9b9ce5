/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/journal.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/rolling.h"
#include "text/json.h"
#include "text/text.h"

enum { FILE_MODE = 0640, PPM_PERCENT = 10000 };
static const int64_t flush_ns = 1000000000;

static const struct {
	const char *name, *words, *help;
	enum sk_journal_level level;
} events[] = {
#define SK_EVENT(symbol, level_, words_, help_, fields) {#symbol, words_, help_, SK_JOURNAL_##level_},
#include "journal/event.def"
};

/* syslog's number and the word for people. */
static const struct {
	int priority;
	const char *word;
} levels[SK_JOURNAL_LEVELS] = {[SK_JOURNAL_DEBUG] = {7, "debug"}, [SK_JOURNAL_INFO] = {6, "info"}, [SK_JOURNAL_NOTICE] = {5, "notice"}, [SK_JOURNAL_WARNING] = {4, "warning"}, [SK_JOURNAL_ERROR] = {3, "error"}};

/* How often an event came in the window that runs. */
struct window {
	int64_t since_ns;
	uint64_t written, left_out;
	bool begun;
};

struct sk_journal {
	struct sk_journal_options options;
	struct sk_rolling *file; /* NULL: standard error */
	bool sealed;
	uint64_t lost;           /* of standard error */
	struct window windows[SK_EVENT_COUNT];
	size_t name_count;
	char names[SK_JOURNAL_NAMES_MAX][SK_JOURNAL_NAME_BYTES];
	struct sk_buf line, words, value;
};

const char *sk_event_name(enum sk_journal_event event)
{
	return events[event].name;
}

enum sk_journal_level sk_event_level(enum sk_journal_event event)
{
	return events[event].level;
}

const char *sk_event_words(enum sk_journal_event event)
{
	return events[event].words;
}

const char *sk_event_help(enum sk_journal_event event)
{
	return events[event].help;
}

/* ---- open, close ---- */

bool sk_journal_is_managed(const char *environment, int fd)
{
	struct stat info;
	char expected[48];
	if (environment == NULL || fstat(fd, &info) != 0)
		return false;
	(void)snprintf(expected, sizeof expected, "%" PRIuMAX ":%" PRIuMAX, (uintmax_t)info.st_dev, (uintmax_t)info.st_ino);
	return strcmp(environment, expected) == 0;
}

static struct sk_rolling_limits file_limits(const struct sk_journal_options *options)
{
	return (struct sk_rolling_limits){.size_bytes = options->rotate_bytes, .keep = options->keep, .flush_ns = flush_ns};
}

/* The line buffers have all their memory from the start. */
static bool take_memory(struct sk_journal *journal)
{
	struct sk_buf *bufs[] = {&journal->line, &journal->words, &journal->value};
	static const char block[SK_JOURNAL_LINE_MAX];
	bool taken = true;
	for (size_t i = 0; i < SK_COUNT(bufs); i++) {
		sk_buf_init(bufs[i], 2 * SK_JOURNAL_LINE_MAX);
		sk_buf_add(bufs[i], block, sizeof block);
		sk_buf_add(bufs[i], block, sizeof block);
		taken = taken && bufs[i]->failed == SK_OK;
		sk_buf_reset(bufs[i]);
	}
	return taken;
}

enum sk_err sk_journal_open(const struct sk_journal_options *options, struct sk_journal **out, struct sk_fault *fault)
{
	struct sk_journal *journal = calloc(1, sizeof *journal);
	*out = NULL;
	if (journal == NULL || !take_memory(journal)) {
		free(journal);
		return sk_fault_set(fault, SK_ENOMEM, "log: out of memory");
	}
	journal->options = *options;
	journal->name_count = 1;
	memcpy(journal->names[0], "-", 2);
	for (size_t i = 0; i < SK_EVENT_COUNT; i++)
		(void)sk_journal_name(journal, events[i].name);
	enum sk_err err = SK_OK;
	if (options->target == SK_JOURNAL_TO_FILE) {
		struct sk_rolling_limits limits = file_limits(options);
		err = sk_rolling_open(options->path, FILE_MODE, &limits, options->clock.unix_ns(options->clock.context), &journal->file, fault);
	}
	if (err != SK_OK) {
		(void)!sk_journal_close(journal, NULL);
		return err;
	}
	*out = journal;
	return SK_OK;
}

uint64_t sk_journal_lost(const struct sk_journal *journal)
{
	struct sk_rolling_stats stats = {0};
	if (journal->file != NULL)
		sk_rolling_stats(journal->file, &stats);
	return journal->lost + stats.lost;
}

struct sk_journal_name sk_journal_name(struct sk_journal *journal, const char *text)
{
	size_t length = strnlen(text, SK_JOURNAL_NAME_BYTES - 1);
	SK_INVARIANT(!journal->sealed);
	for (size_t i = 0; i < journal->name_count; i++)
		if (strncmp(journal->names[i], text, length) == 0 && journal->names[i][length] == '\0')
			return (struct sk_journal_name){(uint16_t)i};
	SK_INVARIANT(journal->name_count < SK_JOURNAL_NAMES_MAX);
	memcpy(journal->names[journal->name_count], text, length);
	journal->names[journal->name_count][length] = '\0';
	return (struct sk_journal_name){(uint16_t)journal->name_count++};
}

void sk_journal_seal(struct sk_journal *journal)
{
	journal->sealed = true;
}

void sk_journal_tune(struct sk_journal *journal, const struct sk_journal_options *options)
{
	journal->options.level = options->level;
	journal->options.json = options->json;
	journal->options.rotate_bytes = options->rotate_bytes;
	journal->options.keep = options->keep;
	journal->options.rate_count = options->rate_count;
	journal->options.rate_per_ns = options->rate_per_ns;
	if (journal->file == NULL)
		return;
	struct sk_rolling_limits limits = file_limits(options);
	sk_rolling_set(journal->file, &limits);
}

enum sk_err sk_journal_reopen(struct sk_journal *journal, struct sk_fault *fault)
{
	return journal->file != NULL ? sk_rolling_reopen(journal->file, journal->options.clock.unix_ns(journal->options.clock.context), fault) : SK_OK;
}

/* ---- a line ---- */

/* In millionths; with as many digits as say something. */
static void add_share(struct sk_buf *out, uint32_t ppm)
{
	if (ppm >= PPM_PERCENT)
		sk_buf_addf(out, "%u.%u %%", ppm / PPM_PERCENT, ppm % PPM_PERCENT / 1000);
	else
		sk_buf_addf(out, "0.%04u %%", ppm);
}

/* A fault of a peer may quote what came from outside: of that only the code is told. */
static const char *fault_line(const struct sk_fault *fault)
{
	return sk_err_kind(fault->err) == SK_KIND_PEER ? sk_err_text(fault->err) : fault->line;
}

static const char *name_text(const struct sk_journal *journal, struct sk_journal_name name)
{
	SK_INVARIANT(name.number < journal->name_count);
	return journal->names[name.number];
}

static void add_value(struct sk_journal *journal, const struct sk_journal_value *value)
{
	char text[SK_UNIT_TEXT_MAX];
	switch (value->type) {
	case SK_JOURNAL_IS_COUNT: sk_buf_addf(&journal->words, "%" PRIu64, value->count); return;
	case SK_JOURNAL_IS_BYTES: sk_buf_add_text(&journal->words, sk_bytes_format(value->bytes, text)); return;
	case SK_JOURNAL_IS_TIME: sk_buf_add_text(&journal->words, sk_duration_format(value->time_ns, text)); return;
	case SK_JOURNAL_IS_SHARE: add_share(&journal->words, value->share_ppm); return;
	case SK_JOURNAL_IS_NAME: sk_escape_line(&journal->words, name_text(journal, value->as_name), strlen(name_text(journal, value->as_name))); return;
	case SK_JOURNAL_IS_FAULT: sk_escape_line(&journal->words, fault_line(value->fault), strlen(fault_line(value->fault))); return;
	}
}

/* The event's words, its fields in their places. */
static void fill_words(struct sk_journal *journal, const char *words, const struct sk_journal_value *values, size_t count)
{
	sk_buf_reset(&journal->words);
	while (*words != '\0') {
		size_t plain = strcspn(words, "{");
		sk_buf_add(&journal->words, words, plain);
		words += plain;
		if (*words == '\0')
			return;
		size_t length = strcspn(++words, "}"), i = 0;
		while (i < count && (strncmp(values[i].name, words, length) != 0 || values[i].name[length] != '\0'))
			i++;
		SK_INVARIANT(i < count && words[length] == '}');
		add_value(journal, &values[i]);
		words += length + 1;
	}
}

/* JSON escapes what would break JSON; a terminal that shows the line needs more. */
static void add_text(struct sk_journal *journal, struct sk_json_writer *w, const char *key, const char *text)
{
	sk_buf_reset(&journal->value);
	sk_escape_line(&journal->value, text, strlen(text));
	sk_json_text(w, key, sk_buf_text(&journal->value));
}

/* Keys carry their units. */
static void add_member(struct sk_journal *journal, struct sk_json_writer *w, const struct sk_journal_value *value)
{
	static const char *const units[] = {[SK_JOURNAL_IS_COUNT] = "", [SK_JOURNAL_IS_BYTES] = "_bytes", [SK_JOURNAL_IS_TIME] = "_ns", [SK_JOURNAL_IS_SHARE] = "_ppm", [SK_JOURNAL_IS_NAME] = "", [SK_JOURNAL_IS_FAULT] = ""};
	char key[SK_JSON_KEY_MAX];
	(void)snprintf(key, sizeof key, "%s%s", value->name, units[value->type]);
	switch (value->type) {
	case SK_JOURNAL_IS_COUNT: sk_json_u64(w, key, value->count); return;
	case SK_JOURNAL_IS_BYTES: sk_json_u64(w, key, value->bytes); return;
	case SK_JOURNAL_IS_TIME: sk_json_i64(w, key, value->time_ns); return;
	case SK_JOURNAL_IS_SHARE: sk_json_u64(w, key, value->share_ppm); return;
	case SK_JOURNAL_IS_NAME: add_text(journal, w, key, name_text(journal, value->as_name)); return;
	case SK_JOURNAL_IS_FAULT: add_text(journal, w, key, fault_line(value->fault)); return;
	}
}

static void fill_line(struct sk_journal *journal, enum sk_journal_event event, const struct sk_journal_value *values, size_t count)
{
	const struct sk_journal_options *options = &journal->options;
	char when[SK_TIME_TEXT_MAX];
	const char *level = levels[events[event].level].word;
	sk_time_format(options->clock.unix_ns(options->clock.context), 3, when);
	fill_words(journal, events[event].words, values, count);
	sk_buf_reset(&journal->line);
	if (options->target == SK_JOURNAL_TO_MANAGER)
		sk_buf_addf(&journal->line, "<%d>", levels[events[event].level].priority);
	if (options->json) {
		struct sk_json_writer w;
		sk_json_begin(&w, &journal->line, false);
		sk_json_object(&w, NULL);
		sk_json_text(&w, "time", when);
		sk_json_text(&w, "level", level);
		sk_json_text(&w, "event", events[event].name);
		for (size_t i = 0; i < count; i++)
			add_member(journal, &w, &values[i]);
		sk_json_text(&w, "message", sk_buf_text(&journal->words));
		sk_json_end(&w);
	} else {
		if (options->target != SK_JOURNAL_TO_MANAGER)
			sk_buf_addf(&journal->line, "%s %s: ", when, level);
		sk_buf_add_text(&journal->line, sk_buf_text(&journal->words));
	}
	sk_buf_add_u8(&journal->line, '\n');
}

/* A reader of standard error that does not read is not waited for. */
static bool write_line(const struct sk_journal *journal)
{
	struct pollfd ready = {.fd = journal->options.fd, .events = POLLOUT};
	if (poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0)
		return false;
	ssize_t put;
	do
		put = write(journal->options.fd, journal->line.bytes, journal->line.length);
	while (put < 0 && errno == EINTR);
	return put == (ssize_t)journal->line.length;
}

static void put_line(struct sk_journal *journal, enum sk_journal_event event, const struct sk_journal_value *values, size_t count)
{
	fill_line(journal, event, values, count);
	if (journal->line.failed != SK_OK || journal->words.failed != SK_OK)
		journal->lost++;
	else if (journal->file != NULL)
		sk_rolling_add(journal->file, journal->line.bytes, journal->line.length, journal->options.clock.unix_ns(journal->options.clock.context));
	else
		journal->lost += !write_line(journal);
}

/* ---- how often ---- */

/* The window of an event is over: what was left out in it is told. */
static void end_window(struct sk_journal *journal, size_t event)
{
	struct window *window = &journal->windows[event];
	const struct sk_journal_value values[] = {{SK_JOURNAL_IS_COUNT, "lines", {.count = window->left_out}},
					      {SK_JOURNAL_IS_NAME, "what", {.as_name = {(uint16_t)(event + 1)}}}}; /* the names that open registered first */
	if (window->left_out != 0)
		put_line(journal, SK_EVENT_suppressed, values, SK_COUNT(values));
	*window = (struct window){0};
}

static bool is_over(const struct sk_journal *journal, const struct window *window, int64_t now_ns)
{
	return window->begun && now_ns - window->since_ns >= journal->options.rate_per_ns;
}

static bool may_be_written(struct sk_journal *journal, enum sk_journal_event event)
{
	struct window *window = &journal->windows[event];
	int64_t now_ns = journal->options.clock.monotonic_ns(journal->options.clock.context);
	if (journal->options.rate_count == 0)
		return true;
	if (is_over(journal, window, now_ns))
		end_window(journal, event);
	if (!window->begun)
		*window = (struct window){.since_ns = now_ns, .begun = true};
	if (window->written == journal->options.rate_count) {
		window->left_out++;
		return false;
	}
	window->written++;
	return true;
}

void sk_journal_write(struct sk_journal *journal, enum sk_journal_event event, const struct sk_journal_value *values, size_t count)
{
	SK_INVARIANT(event < SK_EVENT_COUNT && count <= SK_JOURNAL_FIELDS_MAX);
	if (events[event].level >= journal->options.level && may_be_written(journal, event))
		put_line(journal, event, values, count);
}

void sk_journal_tick(struct sk_journal *journal)
{
	int64_t now_ns = journal->options.clock.monotonic_ns(journal->options.clock.context);
	for (size_t i = 0; i < SK_EVENT_COUNT; i++)
		if (is_over(journal, &journal->windows[i], now_ns))
			end_window(journal, i);
	if (journal->file != NULL)
		sk_rolling_tick(journal->file, journal->options.clock.unix_ns(journal->options.clock.context));
}

enum sk_err sk_journal_close(struct sk_journal *journal, struct sk_fault *fault)
{
	if (journal == NULL)
		return SK_OK;
	for (size_t i = 0; i < SK_EVENT_COUNT; i++)
		end_window(journal, i);
	enum sk_err err = journal->file != NULL ? sk_rolling_close(journal->file, fault) : SK_OK;
	if (err == SK_OK && journal->lost != 0)
		err = sk_fault_set(fault, SK_EIO, "log: %" PRIu64 " lines found nobody who read them", journal->lost);
	sk_buf_fini(&journal->line);
	sk_buf_fini(&journal->words);
	sk_buf_fini(&journal->value);
	free(journal);
	return err;
}
