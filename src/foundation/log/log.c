/* SPDX-License-Identifier: Apache-2.0 */
#include "log/log.h"

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
	enum sk_log_level level;
} events[] = {
#define SK_EVENT(symbol, level_, words_, help_, fields) {#symbol, words_, help_, SK_LOG_##level_},
#include "log/event.def"
};

/* syslog's number and the word for people. */
static const struct {
	int priority;
	const char *word;
} levels[SK_LOG_LEVELS] = {[SK_LOG_DEBUG] = {7, "debug"}, [SK_LOG_INFO] = {6, "info"}, [SK_LOG_NOTICE] = {5, "notice"}, [SK_LOG_WARNING] = {4, "warning"}, [SK_LOG_ERROR] = {3, "error"}};

/* How often an event came in the window that runs. */
struct window {
	int64_t since_ns;
	uint64_t written, left_out;
	bool begun;
};

struct sk_log {
	struct sk_log_options options;
	struct sk_rolling *file; /* NULL: standard error */
	bool sealed;
	uint64_t lost;           /* of standard error */
	struct window windows[SK_EVENT_COUNT];
	size_t name_count;
	char names[SK_LOG_NAMES_MAX][SK_LOG_NAME_BYTES];
	struct sk_buf line, words, value;
};

const char *sk_event_name(enum sk_event event)
{
	return events[event].name;
}

enum sk_log_level sk_event_level(enum sk_event event)
{
	return events[event].level;
}

const char *sk_event_words(enum sk_event event)
{
	return events[event].words;
}

const char *sk_event_help(enum sk_event event)
{
	return events[event].help;
}

/* ---- open, close ---- */

bool sk_log_is_journal(const char *environment, int fd)
{
	struct stat info;
	char expected[48];
	if (environment == NULL || fstat(fd, &info) != 0)
		return false;
	(void)snprintf(expected, sizeof expected, "%" PRIuMAX ":%" PRIuMAX, (uintmax_t)info.st_dev, (uintmax_t)info.st_ino);
	return strcmp(environment, expected) == 0;
}

static struct sk_rolling_limits file_limits(const struct sk_log_options *options)
{
	return (struct sk_rolling_limits){.size_bytes = options->rotate_bytes, .keep = options->keep, .flush_ns = flush_ns};
}

/* The line buffers have all their memory from the start. */
static bool take_memory(struct sk_log *log)
{
	struct sk_buf *bufs[] = {&log->line, &log->words, &log->value};
	static const char block[SK_LOG_LINE_MAX];
	bool taken = true;
	for (size_t i = 0; i < SK_COUNT(bufs); i++) {
		sk_buf_init(bufs[i], 2 * SK_LOG_LINE_MAX);
		sk_buf_add(bufs[i], block, sizeof block);
		sk_buf_add(bufs[i], block, sizeof block);
		taken = taken && bufs[i]->failed == SK_OK;
		sk_buf_reset(bufs[i]);
	}
	return taken;
}

enum sk_err sk_log_open(const struct sk_log_options *options, struct sk_log **out, struct sk_fault *fault)
{
	struct sk_log *log = calloc(1, sizeof *log);
	*out = NULL;
	if (log == NULL || !take_memory(log)) {
		free(log);
		return sk_fault_set(fault, SK_ENOMEM, "log: out of memory");
	}
	log->options = *options;
	log->name_count = 1;
	memcpy(log->names[0], "-", 2);
	for (size_t i = 0; i < SK_EVENT_COUNT; i++)
		(void)sk_log_name(log, events[i].name);
	enum sk_err err = SK_OK;
	if (options->target == SK_LOG_FILE) {
		struct sk_rolling_limits limits = file_limits(options);
		err = sk_rolling_open(options->path, FILE_MODE, &limits, options->clock.unix_ns(options->clock.context), &log->file, fault);
	}
	if (err != SK_OK) {
		(void)!sk_log_close(log, NULL);
		return err;
	}
	*out = log;
	return SK_OK;
}

uint64_t sk_log_lost(const struct sk_log *log)
{
	struct sk_rolling_stats stats = {0};
	if (log->file != NULL)
		sk_rolling_stats(log->file, &stats);
	return log->lost + stats.lost;
}

struct sk_log_name sk_log_name(struct sk_log *log, const char *text)
{
	size_t length = strnlen(text, SK_LOG_NAME_BYTES - 1);
	SK_INVARIANT(!log->sealed);
	for (size_t i = 0; i < log->name_count; i++)
		if (strncmp(log->names[i], text, length) == 0 && log->names[i][length] == '\0')
			return (struct sk_log_name){(uint16_t)i};
	SK_INVARIANT(log->name_count < SK_LOG_NAMES_MAX);
	memcpy(log->names[log->name_count], text, length);
	log->names[log->name_count][length] = '\0';
	return (struct sk_log_name){(uint16_t)log->name_count++};
}

void sk_log_seal(struct sk_log *log)
{
	log->sealed = true;
}

void sk_log_tune(struct sk_log *log, const struct sk_log_options *options)
{
	log->options.level = options->level;
	log->options.json = options->json;
	log->options.rotate_bytes = options->rotate_bytes;
	log->options.keep = options->keep;
	log->options.rate_count = options->rate_count;
	log->options.rate_per_ns = options->rate_per_ns;
	if (log->file == NULL)
		return;
	struct sk_rolling_limits limits = file_limits(options);
	sk_rolling_set(log->file, &limits);
}

enum sk_err sk_log_reopen(struct sk_log *log, struct sk_fault *fault)
{
	return log->file != NULL ? sk_rolling_reopen(log->file, log->options.clock.unix_ns(log->options.clock.context), fault) : SK_OK;
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

static const char *name_text(const struct sk_log *log, struct sk_log_name name)
{
	SK_INVARIANT(name.number < log->name_count);
	return log->names[name.number];
}

static void add_value(struct sk_log *log, const struct sk_log_value *value)
{
	char text[SK_UNIT_TEXT_MAX];
	switch (value->type) {
	case SK_LOG_IS_COUNT: sk_buf_addf(&log->words, "%" PRIu64, value->count); return;
	case SK_LOG_IS_BYTES: sk_buf_add_text(&log->words, sk_bytes_format(value->bytes, text)); return;
	case SK_LOG_IS_TIME: sk_buf_add_text(&log->words, sk_duration_format(value->time_ns, text)); return;
	case SK_LOG_IS_SHARE: add_share(&log->words, value->share_ppm); return;
	case SK_LOG_IS_NAME: sk_escape_line(&log->words, name_text(log, value->as_name), strlen(name_text(log, value->as_name))); return;
	case SK_LOG_IS_FAULT: sk_escape_line(&log->words, fault_line(value->fault), strlen(fault_line(value->fault))); return;
	}
}

/* The event's words, its fields in their places. */
static void fill_words(struct sk_log *log, const char *words, const struct sk_log_value *values, size_t count)
{
	sk_buf_reset(&log->words);
	while (*words != '\0') {
		size_t plain = strcspn(words, "{");
		sk_buf_add(&log->words, words, plain);
		words += plain;
		if (*words == '\0')
			return;
		size_t length = strcspn(++words, "}"), i = 0;
		while (i < count && (strncmp(values[i].name, words, length) != 0 || values[i].name[length] != '\0'))
			i++;
		SK_INVARIANT(i < count && words[length] == '}');
		add_value(log, &values[i]);
		words += length + 1;
	}
}

/* JSON escapes what would break JSON; a terminal that shows the line needs more. */
static void add_text(struct sk_log *log, struct sk_json_writer *w, const char *key, const char *text)
{
	sk_buf_reset(&log->value);
	sk_escape_line(&log->value, text, strlen(text));
	sk_json_text(w, key, sk_buf_text(&log->value));
}

/* Keys carry their units. */
static void add_member(struct sk_log *log, struct sk_json_writer *w, const struct sk_log_value *value)
{
	static const char *const units[] = {[SK_LOG_IS_COUNT] = "", [SK_LOG_IS_BYTES] = "_bytes", [SK_LOG_IS_TIME] = "_ns", [SK_LOG_IS_SHARE] = "_ppm", [SK_LOG_IS_NAME] = "", [SK_LOG_IS_FAULT] = ""};
	char key[SK_JSON_KEY_MAX];
	(void)snprintf(key, sizeof key, "%s%s", value->name, units[value->type]);
	switch (value->type) {
	case SK_LOG_IS_COUNT: sk_json_u64(w, key, value->count); return;
	case SK_LOG_IS_BYTES: sk_json_u64(w, key, value->bytes); return;
	case SK_LOG_IS_TIME: sk_json_i64(w, key, value->time_ns); return;
	case SK_LOG_IS_SHARE: sk_json_u64(w, key, value->share_ppm); return;
	case SK_LOG_IS_NAME: add_text(log, w, key, name_text(log, value->as_name)); return;
	case SK_LOG_IS_FAULT: add_text(log, w, key, fault_line(value->fault)); return;
	}
}

static void fill_line(struct sk_log *log, enum sk_event event, const struct sk_log_value *values, size_t count)
{
	const struct sk_log_options *options = &log->options;
	char when[SK_TIME_TEXT_MAX];
	const char *level = levels[events[event].level].word;
	sk_time_format(options->clock.unix_ns(options->clock.context), 3, when);
	fill_words(log, events[event].words, values, count);
	sk_buf_reset(&log->line);
	if (options->target == SK_LOG_JOURNAL)
		sk_buf_addf(&log->line, "<%d>", levels[events[event].level].priority);
	if (options->json) {
		struct sk_json_writer w;
		sk_json_begin(&w, &log->line, false);
		sk_json_object(&w, NULL);
		sk_json_text(&w, "time", when);
		sk_json_text(&w, "level", level);
		sk_json_text(&w, "event", events[event].name);
		for (size_t i = 0; i < count; i++)
			add_member(log, &w, &values[i]);
		sk_json_text(&w, "message", sk_buf_text(&log->words));
		sk_json_end(&w);
	} else {
		if (options->target != SK_LOG_JOURNAL)
			sk_buf_addf(&log->line, "%s %s: ", when, level);
		sk_buf_add_text(&log->line, sk_buf_text(&log->words));
	}
	sk_buf_add_u8(&log->line, '\n');
}

/* A reader of standard error that does not read is not waited for. */
static bool write_line(const struct sk_log *log)
{
	struct pollfd ready = {.fd = log->options.fd, .events = POLLOUT};
	if (poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0)
		return false;
	ssize_t put;
	do
		put = write(log->options.fd, log->line.bytes, log->line.length);
	while (put < 0 && errno == EINTR);
	return put == (ssize_t)log->line.length;
}

static void put_line(struct sk_log *log, enum sk_event event, const struct sk_log_value *values, size_t count)
{
	fill_line(log, event, values, count);
	if (log->line.failed != SK_OK || log->words.failed != SK_OK)
		log->lost++;
	else if (log->file != NULL)
		sk_rolling_add(log->file, log->line.bytes, log->line.length, log->options.clock.unix_ns(log->options.clock.context));
	else
		log->lost += !write_line(log);
}

/* ---- how often ---- */

/* The window of an event is over: what was left out in it is told. */
static void end_window(struct sk_log *log, size_t event)
{
	struct window *window = &log->windows[event];
	const struct sk_log_value values[] = {{SK_LOG_IS_COUNT, "lines", {.count = window->left_out}},
					      {SK_LOG_IS_NAME, "what", {.as_name = {(uint16_t)(event + 1)}}}}; /* the names that open registered first */
	if (window->left_out != 0)
		put_line(log, SK_EVENT_suppressed, values, SK_COUNT(values));
	*window = (struct window){0};
}

static bool is_over(const struct sk_log *log, const struct window *window, int64_t now_ns)
{
	return window->begun && now_ns - window->since_ns >= log->options.rate_per_ns;
}

static bool may_be_written(struct sk_log *log, enum sk_event event)
{
	struct window *window = &log->windows[event];
	int64_t now_ns = log->options.clock.monotonic_ns(log->options.clock.context);
	if (log->options.rate_count == 0)
		return true;
	if (is_over(log, window, now_ns))
		end_window(log, event);
	if (!window->begun)
		*window = (struct window){.since_ns = now_ns, .begun = true};
	if (window->written == log->options.rate_count) {
		window->left_out++;
		return false;
	}
	window->written++;
	return true;
}

void sk_log_write(struct sk_log *log, enum sk_event event, const struct sk_log_value *values, size_t count)
{
	SK_INVARIANT(event < SK_EVENT_COUNT && count <= SK_LOG_FIELDS_MAX);
	if (events[event].level >= log->options.level && may_be_written(log, event))
		put_line(log, event, values, count);
}

void sk_log_tick(struct sk_log *log)
{
	int64_t now_ns = log->options.clock.monotonic_ns(log->options.clock.context);
	for (size_t i = 0; i < SK_EVENT_COUNT; i++)
		if (is_over(log, &log->windows[i], now_ns))
			end_window(log, i);
	if (log->file != NULL)
		sk_rolling_tick(log->file, log->options.clock.unix_ns(log->options.clock.context));
}

enum sk_err sk_log_close(struct sk_log *log, struct sk_fault *fault)
{
	if (log == NULL)
		return SK_OK;
	for (size_t i = 0; i < SK_EVENT_COUNT; i++)
		end_window(log, i);
	enum sk_err err = log->file != NULL ? sk_rolling_close(log->file, fault) : SK_OK;
	if (err == SK_OK && log->lost != 0)
		err = sk_fault_set(fault, SK_EIO, "log: %" PRIu64 " lines found nobody who read them", log->lost);
	sk_buf_fini(&log->line);
	sk_buf_fini(&log->words);
	sk_buf_fini(&log->value);
	free(log);
	return err;
}
