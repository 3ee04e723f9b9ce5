/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho up: all of one machine. Starts what DIR has a configuration for, starts it again when it fails, settles what is due, and ends everything in order. Each is a
   process of its own, with its own rights; this one only waits. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "cmd/cmd.h"
#include "cmd/guard.h"
#include "text/text.h"

enum { WORDS_MAX = 64, TURN_MS = 100, REST_S = 2, REST_MAX_S = 60, SETTLE_S = 30, STOP_S = 20, CALM_S = 60 };

static const int64_t second_ns = 1000000000;

/* What runs all the time, or (every_s) now and then. A configuration file in DIR that is not there leaves it out. */
struct part {
	const char *name, *config, *words[4]; /* words[0] NULL: of its own (serve) */
	unsigned every_s;
	pid_t pid;                /* 0: does not run */
	int64_t from_ns, next_ns; /* monotonic: started; not before */
	unsigned rest_s;          /* after the next failure */
	bool wanted;
};

struct up {
	struct sk_cmd *cmd;
	const char *folder;
	char *serve[WORDS_MAX];   /* options that are serve's */
	size_t serve_count;
	unsigned settle_s;
	struct part parts[6];
	char config[6][SK_PATH_MAX];
};

/* What is due: bases that ended, orders that ended, receipts of the enforcer. */
static const struct part parts[] = {
	{.name = "serve", .config = NULL, .words = {NULL}},
	{.name = "enforcer", .config = "enforcer.yaml", .words = {"enforcer"}},
	{.name = "sensor", .config = "sensor.yaml", .words = {"sensor"}},
	{.name = "looks", .config = NULL, .words = {"centre", "book", "--every", "1s"}},
	{.name = "bases", .config = NULL, .words = {"basis", "settle"}, .every_s = SETTLE_S},
	{.name = "orders", .config = NULL, .words = {"order", "receipts"}, .every_s = SETTLE_S},
};

static int64_t now(const struct up *up)
{
	return up->cmd->clock.monotonic_ns(up->cmd->clock.context);
}

SK_PRINTF(2, 3) static void tell(const struct up *up, const char *format, ...)
{
	char time[SK_TIME_TEXT_MAX], line[512];
	va_list list;
	va_start(list, format);
	(void)vsnprintf(line, sizeof line, format, list);
	va_end(list);
	(void)fprintf(up->cmd->err, "%s up: %s\n", sk_time_format(up->cmd->clock.unix_ns(up->cmd->clock.context), 0, time), line);
	(void)fflush(up->cmd->err);
}

/* ---- processes ---- */

static void words_of(const struct up *up, const struct part *part, char **out)
{
	static char name[] = "sekisho", serve[] = "serve", dir[] = "--dir", config[] = "--config";
	size_t count = 0;
	out[count++] = name;
	for (size_t i = 0; i < SK_COUNT(part->words) && part->words[i] != NULL; i++)
		out[count++] = (char *)(uintptr_t)part->words[i];
	if (part->config != NULL) {
		out[count++] = config;
		out[count++] = (char *)(uintptr_t)up->config[part - up->parts];
	} else {
		if (part->words[0] == NULL)
			out[count++] = serve;
		out[count++] = dir;
		out[count++] = (char *)(uintptr_t)up->folder;
	}
	for (size_t i = 0; i < up->serve_count && part->words[0] == NULL; i++)
		out[count++] = up->serve[i];
	out[count] = NULL;
}

static void start(struct up *up, struct part *part)
{
	char *words[WORDS_MAX + 16];
	words_of(up, part, words);
	part->from_ns = now(up);
	pid_t pid = fork();
	if (pid == 0) {
		sigset_t none;
		(void)sigemptyset(&none);
		(void)sigprocmask(SIG_SETMASK, &none, NULL);
		(void)signal(SIGPIPE, SIG_DFL);
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
		/* What only settles says nothing of interest unless it fails. */
		if (part->every_s != 0 && freopen("/dev/null", "w", stdout) == NULL)
			_exit(71);
		(void)execv("/proc/self/exe", words);
		_exit(71);
	}
	if (pid < 0) {
		tell(up, "%s: no process: %s", part->name, strerror(errno));
		part->next_ns = now(up) + REST_S * second_ns;
		return;
	}
	part->pid = pid;
	if (part->every_s == 0)
		tell(up, "%s: started (process %d)", part->name, (int)pid);
}

static void ended(struct up *up, struct part *part, int status)
{
	int64_t at = now(up);
	bool fine = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	part->pid = 0;
	if (part->every_s != 0) {
		part->next_ns = at + part->every_s * second_ns;
		/* 6: a command of somebody's holds the ledger; the next time will do. */
		if (!fine && !(WIFEXITED(status) && WEXITSTATUS(status) == 6))
			tell(up, "%s: what is due was not settled (status %d); again in %u s", part->name, WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), part->every_s);
		return;
	}
	part->rest_s = at - part->from_ns > CALM_S * second_ns || part->rest_s == 0 ? REST_S : part->rest_s * 2 < REST_MAX_S ? part->rest_s * 2 : REST_MAX_S;
	part->next_ns = at + part->rest_s * second_ns;
	tell(up, "%s: ended (status %d); started again in %u s", part->name, WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), part->rest_s);
}

static void reap(struct up *up)
{
	int status;
	for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
		for (size_t i = 0; i < SK_COUNT(up->parts); i++)
			if (up->parts[i].pid == pid)
				ended(up, &up->parts[i], status);
}

/* The page first: nobody asks for anything new. Then what looks and what acts, each in its own order. */
static void stop_all(struct up *up)
{
	for (size_t i = 0; i < SK_COUNT(up->parts); i++) {
		struct part *part = &up->parts[i];
		int64_t until_ns = now(up) + STOP_S * second_ns;
		if (part->pid == 0)
			continue;
		(void)kill(part->pid, SIGTERM);
		while (waitpid(part->pid, NULL, WNOHANG) == 0) {
			if (now(up) > until_ns) {
				tell(up, "%s: did not end in %d s and was killed", part->name, STOP_S);
				(void)kill(part->pid, SIGKILL);
				until_ns = INT64_MAX;
			}
			(void)poll(NULL, 0, TURN_MS);
		}
		part->pid = 0;
	}
	tell(up, "everything has ended");
}

/* ---- the command ---- */

static enum sk_err plan(struct up *up, struct sk_fault *fault)
{
	char centre[SK_PATH_MAX];
	if (sk_file_join(centre, sizeof centre, up->folder, "centre/centre.json") != SK_OK || !sk_file_exists(centre))
		return sk_fault_set(fault, SK_ENOENT, "%s/centre: no centre is there; sekisho centre init makes one", up->folder);
	memcpy(up->parts, parts, sizeof parts);
	for (size_t i = 0; i < SK_COUNT(up->parts); i++) {
		struct part *part = &up->parts[i];
		if (part->every_s != 0)
			part->every_s = up->settle_s;
		part->wanted = part->config == NULL || (sk_file_join(up->config[i], SK_PATH_MAX, up->folder, part->config) == SK_OK && sk_file_exists(up->config[i]));
	}
	return SK_OK;
}

static enum sk_err run(struct up *up, struct sk_fault *fault)
{
	SK_TRY(plan(up, fault));
	sk_guard_signals(false);
	while (!sk_guard_interrupted()) {
		bool settling = false;
		reap(up);
		for (size_t i = 0; i < SK_COUNT(up->parts); i++) {
			struct part *part = &up->parts[i];
			/* One at a time of those that take the ledger's lock. */
			settling = settling || (part->every_s != 0 && part->pid != 0);
			if (!part->wanted || part->pid != 0 || now(up) < part->next_ns || (part->every_s != 0 && settling))
				continue;
			start(up, part);
			settling = settling || part->every_s != 0;
		}
		(void)poll(NULL, 0, TURN_MS);
	}
	stop_all(up);
	return SK_OK;
}

int sk_cmd_up(struct sk_cmd *cmd, int argc, char **argv)
{
	const char *folder = getenv("SEKISHO_DIR");
	struct sk_fault fault = {.line = ""};
	struct up *up = calloc(1, sizeof *up);
	if (up == NULL)
		return sk_err_exit(SK_ENOMEM);
	up->cmd = cmd;
	up->folder = folder != NULL ? folder : ".";
	up->settle_s = SETTLE_S;
	bool good = true, help = false;
	for (int i = 1; i < argc && good; i++) {
		bool value = i + 1 < argc;
		char *end = NULL;
		if (strcmp(argv[i], "--dir") == 0 && value)
			up->folder = argv[++i];
		else if (strcmp(argv[i], "--settle") == 0 && value)
			good = (up->settle_s = (unsigned)strtoul(argv[++i], &end, 10)) >= 1 && *end == '\0' && up->settle_s <= 86400;
		else if (strcmp(argv[i], "--help") == 0)
			help = true;
		else if (up->serve_count < WORDS_MAX)
			up->serve[up->serve_count++] = argv[i]; /* serve's own: it says what is wrong with them */
		else
			good = false;
	}
	int code = help ? sk_cmd_help(cmd, argv[0]) : !good ? sk_cmd_usage(cmd, argv[0], "unknown or incomplete option; see sekisho-up(1)") : 0;
	if (!help && good && run(up, &fault) != SK_OK)
		code = sk_cmd_fail(cmd, &fault);
	free(up);
	return code;
}
