/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho top: a running sensor at a glance. Plain ANSI: it draws over its own lines, so the scrollback stays as it was and nothing is needed but a terminal. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/top_ask.h"
#include "cmd/top_view.h"
#include "conf/conf.h"
#include "text/json.h"
#include "text/text.h"

enum { OPT_SOCKET = 256, OPT_CONFIG, OPT_INTERVAL, OPT_ONCE, OPT_JSON, OPT_FULL, OPT_EXPLAIN, OPT_HELP };
enum { ASK_TIMEOUT_MS = 2000, ROWS_DEFAULT = 0, COLUMNS_DEFAULT = 100, JSON_MAX = 1 << 20 };
static const int64_t least_ns = 100000000, most_ns = INT64_C(3600000000000);

static const struct option options[] = {{"socket", required_argument, NULL, OPT_SOCKET}, {"config", required_argument, NULL, OPT_CONFIG}, {"interval", required_argument, NULL, OPT_INTERVAL},
					{"once", no_argument, NULL, OPT_ONCE}, {"json", no_argument, NULL, OPT_JSON}, {"full-screen", no_argument, NULL, OPT_FULL},
					{"explain", no_argument, NULL, OPT_EXPLAIN}, {"help", no_argument, NULL, OPT_HELP}, {0}};

/* Set by handlers, read between waits: the only state a handler may touch. */
static volatile sig_atomic_t stopped, resized;

static void on_stop(int number)
{
	(void)number;
	stopped = 1;
}

static void on_resize(int number)
{
	(void)number;
	resized = 1;
}

struct top {
	struct sk_cmd *cmd;
	char socket[SK_CONF_SOCKET_MAX];
	int64_t interval_ns;
	bool once, json, full, explain, help;
	bool terminal, colour, keys;     /* of standard output; standard input gives keys */
	struct termios before, raw;      /* of the terminal: to be put back; while we run */
	size_t drawn;                    /* lines on the screen that are ours */
	bool has_last;
	struct sk_metrics *last, *now;
	struct sk_health health;
	struct sk_buf body, json_out;
	struct sk_top_view view;
};

/* ---- arguments ---- */

static enum sk_err socket_of_config(struct top *top, const char *path, struct sk_fault *fault)
{
	struct sk_conf *conf = calloc(1, sizeof *conf);
	struct sk_conf_report *report = calloc(1, sizeof *report);
	enum sk_err err = conf != NULL && report != NULL ? sk_conf_read(path, conf, report) : sk_fault_set(fault, SK_ENOMEM, "out of memory");
	if (err == SK_OK && conf->metrics_socket[0] == '\0')
		err = sk_fault_set(fault, SK_EUSAGE, "%s: metrics.socket is empty there; the sensor tells nobody its figures", path);
	else if (err == SK_OK)
		memcpy(top->socket, conf->metrics_socket, sizeof top->socket);
	else if (report != NULL && report->count != 0)
		*fault = report->faults[0];
	free(conf);
	free(report);
	return err;
}

static int take_socket(struct top *top, const char *name, const char *path)
{
	if (path[0] == '\0' || strlen(path) >= sizeof top->socket)
		return sk_cmd_usage(top->cmd, name, "--socket: expected a path of at most %zu bytes", sizeof top->socket - 1);
	memcpy(top->socket, path, strlen(path) + 1);
	return 0;
}

static int parse_args(struct top *top, int argc, char **argv)
{
	struct sk_fault fault;
	int code = 0;
	optind = 0;
	opterr = 0;
	for (int option; code == 0 && (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (option) {
		case OPT_SOCKET: code = take_socket(top, argv[0], optarg); break;
		case OPT_CONFIG:
			if (socket_of_config(top, optarg, &fault) != SK_OK)
				code = sk_cmd_fail(top->cmd, &fault);
			break;
		case OPT_INTERVAL:
			if (sk_duration_parse(optarg, &top->interval_ns) != SK_OK || top->interval_ns < least_ns || top->interval_ns > most_ns)
				code = sk_cmd_usage(top->cmd, argv[0], "--interval '%s': expected a duration from 100ms to 1h, such as 2s", optarg);
			break;
		case OPT_ONCE: top->once = true; break;
		case OPT_JSON: top->json = true; break;
		case OPT_FULL: top->full = true; break;
		case OPT_EXPLAIN: top->explain = true; break;
		case OPT_HELP: top->help = true; break;
		default: code = sk_cmd_usage(top->cmd, argv[0], "unknown or incomplete option");
		}
	}
	if (code == 0 && optind != argc)
		code = sk_cmd_usage(top->cmd, argv[0], "no argument was expected");
	return code;
}

/* ---- the terminal ---- */

static void size_of_terminal(struct top *top)
{
	struct winsize size;
	top->view.columns = COLUMNS_DEFAULT;
	top->view.rows = ROWS_DEFAULT;
	if (!top->terminal || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
		return;
	top->view.columns = size.ws_col;
	/* The last row stays free for the cursor. */
	top->view.rows = size.ws_row > 2 ? size.ws_row - 1u : 1;
}

static void begin_terminal(struct top *top)
{
	struct sigaction stop = {.sa_handler = on_stop}, resize = {.sa_handler = on_resize};
	stopped = resized = 0;
	(void)sigaction(SIGINT, &stop, NULL);
	(void)sigaction(SIGTERM, &stop, NULL);
	(void)sigaction(SIGWINCH, &resize, NULL);
	(void)sigaction(SIGCONT, &resize, NULL); /* back from the shell, which has its own settings and lines */
	(void)signal(SIGPIPE, SIG_IGN);
	top->terminal = isatty(STDOUT_FILENO) == 1 && !top->json;
	top->colour = top->terminal && getenv("NO_COLOR") == NULL;
	top->keys = top->terminal && !top->once && isatty(STDIN_FILENO) == 1 && tcgetattr(STDIN_FILENO, &top->before) == 0;
	if (top->keys) {
		top->raw = top->before;
		top->raw.c_lflag &= (tcflag_t)~(ICANON | ECHO); /* keys as they are pressed; Ctrl-C stays a signal */
		top->raw.c_cc[VMIN] = 0;
		top->raw.c_cc[VTIME] = 0;
		top->keys = tcsetattr(STDIN_FILENO, TCSANOW, &top->raw) == 0;
	}
	if (top->terminal && top->full && !top->once)
		(void)fputs("\033[?1049h\033[H", top->cmd->out);
}

static void end_terminal(struct top *top)
{
	if (top->terminal && top->full && !top->once)
		(void)fputs("\033[?1049l", top->cmd->out);
	if (top->keys)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &top->before);
	(void)fflush(top->cmd->out);
}

static void put_line(const struct top *top, const struct sk_top_line *line)
{
	static const char *const colours[] = {[SK_TOP_PLAIN] = "", [SK_TOP_DIM] = "\033[2m", [SK_TOP_GOOD] = "\033[32m", [SK_TOP_WARN] = "\033[33m", [SK_TOP_BAD] = "\033[31m"};
	bool coloured = top->colour && line->colour != SK_TOP_PLAIN;
	(void)fprintf(top->cmd->out, "%s%s%s%s\n", coloured ? colours[line->colour] : "", line->text, coloured ? "\033[0m" : "", top->terminal ? "\033[K" : "");
}

/* Over our own lines again: up, each one rewritten, the rest below wiped. After a resize the old lines may have been wrapped: then the whole screen is drawn anew. */
static void show(struct top *top)
{
	FILE *out = top->cmd->out;
	if (top->keys && resized)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &top->raw);
	if (top->terminal && resized)
		(void)fputs("\033[2J\033[H", out);
	else if (top->terminal && top->drawn != 0)
		(void)fprintf(out, "\033[%zuA\r", top->drawn);
	resized = 0;
	for (size_t i = 0; i < top->view.count; i++)
		put_line(top, &top->view.lines[i]);
	if (top->terminal)
		(void)fputs("\033[J", out);
	top->drawn = top->terminal ? top->view.count : 0;
	if (!top->terminal && !top->once)
		(void)fputc('\n', out);
	(void)fflush(out);
}

/* ---- the loop ---- */

static void show_snapshot(struct top *top)
{
	const struct sk_metrics *before = top->has_last ? top->last : NULL;
	if (top->json) {
		sk_buf_reset(&top->json_out);
		sk_top_json(before, top->now, &top->health, &top->json_out);
		(void)fprintf(top->cmd->out, "%s\n", sk_buf_text(&top->json_out));
		(void)fflush(top->cmd->out);
		return;
	}
	size_of_terminal(top);
	sk_top_draw(&top->view, before, top->now, &top->health);
	show(top);
}

/* A sensor that restarts is waited for; the last picture stays, with a line on top that says why. */
static void show_silence(struct top *top, const struct sk_fault *fault)
{
	size_of_terminal(top);
	if (top->has_last)
		sk_top_draw(&top->view, NULL, top->last, &top->health);
	else
		top->view.count = 1;
	top->view.lines[0].colour = SK_TOP_BAD;
	(void)snprintf(top->view.lines[0].text, sizeof top->view.lines[0].text, "%.*s", (int)(top->view.columns < SK_TOP_COLUMNS_MAX ? top->view.columns : SK_TOP_COLUMNS_MAX), fault->line);
	show(top);
}

/* Wait for the next turn; true when somebody wants to leave. A resize ends the wait, so that the picture follows at once. */
static bool wait_turn(struct top *top, int64_t until_ns)
{
	for (;;) {
		int64_t left_ns = until_ns - top->cmd->clock.monotonic_ns(top->cmd->clock.context);
		if (stopped)
			return true;
		if (left_ns <= 0 || resized)
			return false;
		struct pollfd key = {.fd = top->keys ? STDIN_FILENO : -1, .events = POLLIN};
		int ready = poll(&key, 1, (int)(left_ns / 1000000 + 1));
		char pressed;
		if (ready == 1 && (key.revents & (POLLIN | POLLHUP)) != 0) {
			ssize_t got = read(STDIN_FILENO, &pressed, 1);
			if (got == 1 && (pressed == 'q' || pressed == 'Q'))
				return true;
			if (got == 0 && (key.revents & POLLHUP) != 0)
				return true; /* the terminal is gone */
		}
	}
}

static int run(struct top *top)
{
	struct sk_fault fault;
	bool first = true;
	for (;;) {
		int64_t began_ns = top->cmd->clock.monotonic_ns(top->cmd->clock.context);
		enum sk_err err = sk_top_ask(top->socket, ASK_TIMEOUT_MS, &top->body, top->now, &top->health, &fault);
		/* What cannot be asked at the start is an error; later it is a sensor that restarts. */
		if (err != SK_OK && (first || !top->terminal))
			return sk_cmd_fail(top->cmd, &fault);
		/* Rates need two snapshots: once means one picture, not half of one. */
		bool shown = !(top->once || top->json || !top->terminal) || top->has_last;
		if (err != SK_OK)
			show_silence(top, &fault);
		else if (shown)
			show_snapshot(top);
		if (ferror(top->cmd->out))
			return errno == EPIPE ? 0 : sk_err_exit(SK_EIO);
		if (top->once && shown)
			return 0;
		first = false;
		if (err == SK_OK) {
			struct sk_metrics *free_one = top->last;
			top->last = top->now;
			top->now = free_one;
			top->has_last = true;
		}
		if (wait_turn(top, began_ns + top->interval_ns))
			return 0;
	}
}

/* ---- what the figures mean ---- */

static int explain(struct top *top)
{
	struct sk_metric_facts facts;
	struct sk_json_writer w;
	sk_json_begin(&w, &top->json_out, false);
	sk_json_array(&w, NULL);
	for (size_t i = 0; sk_metric_facts(i, &facts); i++) {
		if (!top->json) {
			(void)fprintf(top->cmd->out, "sekisho_%s (%s, %s%s%s)\n  %s\n", facts.name, facts.kind, facts.unit, facts.labels[0] != '\0' ? ", by " : "", facts.labels, facts.help);
			continue;
		}
		sk_json_object(&w, NULL);
		sk_json_text(&w, "name", facts.name);
		sk_json_text(&w, "kind", facts.kind);
		sk_json_text(&w, "unit", facts.unit);
		sk_json_text(&w, "by", facts.labels);
		sk_json_text(&w, "help", facts.help);
		sk_json_end(&w);
	}
	sk_json_end(&w);
	if (top->json)
		(void)fprintf(top->cmd->out, "%s\n", sk_buf_text(&top->json_out));
	return 0;
}

static int run_top(struct top *top, int argc, char **argv)
{
	struct sk_conf_facts facts;
	for (size_t i = 0; sk_conf_facts(i, &facts); i++)
		if (strcmp(facts.key, "metrics.socket") == 0)
			(void)snprintf(top->socket, sizeof top->socket, "%s", facts.standard);
	int code = parse_args(top, argc, argv);
	if (code != 0)
		return code;
	if (top->help)
		return sk_cmd_help(top->cmd, argv[0]);
	if (top->explain)
		return explain(top);
	begin_terminal(top);
	code = run(top);
	end_terminal(top);
	return code;
}

int sk_cmd_top(struct sk_cmd *cmd, int argc, char **argv)
{
	struct top *top = calloc(1, sizeof *top);
	int code = sk_err_exit(SK_ENOMEM);
	if (top == NULL)
		return code;
	top->cmd = cmd;
	top->interval_ns = 1000000000;
	top->last = calloc(1, sizeof *top->last);
	top->now = calloc(1, sizeof *top->now);
	sk_buf_init(&top->body, SK_METRICS_TEXT_MAX);
	sk_buf_init(&top->json_out, JSON_MAX);
	if (top->last != NULL && top->now != NULL)
		code = run_top(top, argc, argv);
	sk_buf_fini(&top->body);
	sk_buf_fini(&top->json_out);
	free(top->last);
	free(top->now);
	free(top);
	return code;
}
