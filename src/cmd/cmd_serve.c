/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho serve: the centre's page and API, until it is stopped. Holds no key of the centre and changes nothing that counts: commands do, as children. */
#include <dirent.h>
#include <getopt.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/guard.h"
#include "cmd/serve_house.h"
#include "journal/notify.h"
#include "peer/peer.h"
#include "text/text.h"
#include "web/web.h"

enum { OPT_DIR = 256, OPT_LISTEN, OPT_CERT, OPT_KEY, OPT_WORKSPACE, OPT_CONSOLE, OPT_NAME, OPT_PROXY, OPT_PASSWORD_ALONE, OPT_RATE, OPT_CONNECTIONS, OPT_COMMAND_TIME, OPT_PATIENCE, OPT_HELP,
       TURN_MS = 250, PEM_MAX = 1 << 18, SPARE_FILES = 256, SOCKET_MODE = 0660, THREADS = 2, WORKERS = 4 };

static const struct option options[] = {
	{"dir", required_argument, NULL, OPT_DIR}, {"listen", required_argument, NULL, OPT_LISTEN}, {"tls-cert", required_argument, NULL, OPT_CERT},
	{"tls-key", required_argument, NULL, OPT_KEY}, {"workspace", required_argument, NULL, OPT_WORKSPACE}, {"console", required_argument, NULL, OPT_CONSOLE},
	{"name", required_argument, NULL, OPT_NAME}, {"behind-proxy", no_argument, NULL, OPT_PROXY}, {"password-alone", no_argument, NULL, OPT_PASSWORD_ALONE},
	{"rate", required_argument, NULL, OPT_RATE}, {"connections", required_argument, NULL, OPT_CONNECTIONS}, {"command-time", required_argument, NULL, OPT_COMMAND_TIME},
	{"patience", required_argument, NULL, OPT_PATIENCE},
	{"help", no_argument, NULL, OPT_HELP}, {0}};

struct serve {
	struct sk_cmd *cmd;
	struct sk_serve_house house;
	struct sk_web_options web;
	const char *listen, *cert, *key, *name;
	struct sk_buf cert_text, key_text;
	char *found[SK_WEB_WORKSPACES_MAX]; /* owned */
	size_t found_count;
	bool help, local;               /* local: a UNIX socket */
	uint16_t port;
	char rp_id[SK_PEER_TEXT_MAX * 4], origin[SK_PEER_TEXT_MAX * 4 + 16], console[SK_PATH_MAX];
};

/* ---- options ---- */

static bool take_number(const char *text, uint64_t most, uint64_t *out)
{
	char *end = NULL;
	*out = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && *out <= most;
}

static bool take_option(struct serve *serve, int option)
{
	struct sk_web_house *house = &serve->house.house;
	uint64_t number = 0;
	switch (option) {
	case OPT_DIR: house->folder = optarg; return true;
	case OPT_LISTEN: serve->listen = optarg; return true;
	case OPT_CERT: serve->cert = optarg; return true;
	case OPT_KEY: serve->key = optarg; return true;
	case OPT_CONSOLE: serve->web.console = optarg; return true;
	case OPT_NAME: serve->name = optarg; return strlen(optarg) < sizeof serve->rp_id && strspn(optarg, "abcdefghijklmnopqrstuvwxyz0123456789.-:") == strlen(optarg);
	case OPT_PROXY: serve->web.behind_proxy = true; return true;
	case OPT_PASSWORD_ALONE: serve->web.password_alone = true; return true;
	case OPT_RATE: return take_number(optarg, 1000000, &serve->web.rate);
	case OPT_CONNECTIONS:
		if (!take_number(optarg, 100000, &number) || number < 16)
			return false;
		serve->web.connections = serve->web.streams = (unsigned)number;
		return true;
	case OPT_COMMAND_TIME:
		if (!take_number(optarg, 3600, &number) || number == 0)
			return false;
		serve->web.command_s = (unsigned)number;
		return true;
	case OPT_PATIENCE:
		if (!take_number(optarg, 600, &number) || number == 0)
			return false;
		serve->web.patience_s = (unsigned)number;
		return true;
	case OPT_WORKSPACE:
		if (house->workspace_count == SK_WEB_WORKSPACES_MAX)
			return false;
		house->workspaces[house->workspace_count++] = optarg;
		return true;
	case OPT_HELP: serve->help = true; return true;
	default: return false;
	}
}

/* ---- where ---- */

static enum sk_err listen_at(struct serve *serve, struct sk_fault *fault)
{
	static const uint8_t six_loopback[16] = {[15] = 1};
	struct sk_peer where;
	char text[SK_PEER_TEXT_MAX + 8];
	size_t length = strlen(serve->listen);
	if (strncmp(serve->listen, "unix:", 5) == 0) {
		serve->local = true;
		return sk_peer_listen_local(serve->listen + 5, SOCKET_MODE, &serve->web.listening, fault);
	}
	/* Port 0: the host chooses one. */
	bool chosen = length > 2 && strcmp(serve->listen + length - 2, ":0") == 0;
	(void)snprintf(text, sizeof text, "tcp:%.*s%s", (int)(chosen ? length - 1 : length), serve->listen, chosen ? "1" : "");
	if (length >= SK_PEER_TEXT_MAX || sk_peer_parse(text, &where, fault) != SK_OK)
		return sk_fault_set(fault, SK_EUSAGE, "--listen %.80s: expected ADDRESS:PORT (an IPv6 address in brackets) or unix:PATH", serve->listen);
	bool near = where.addr.family == 4 ? *where.addr.bytes == 127 : memcmp(where.addr.bytes, six_loopback, sizeof six_loopback) == 0;
	if (!near && serve->cert == NULL)
		return sk_fault_set(fault, SK_EUSAGE, "--listen %s: without TLS only this machine is served (127.0.0.1, [::1], unix:PATH); give --tls-cert and --tls-key, or put a proxy in front", serve->listen);
	where.port = chosen ? 0 : where.port;
	SK_TRY(sk_peer_listen(&where, &serve->web.listening, fault));
	return sk_peer_port(serve->web.listening, &serve->port, fault);
}

/* What security keys are bound to: the page's name, and where it is. */
static void name_page(struct serve *serve)
{
	bool secure = serve->cert != NULL || serve->web.behind_proxy;
	const char *name = serve->name != NULL ? serve->name : "localhost";
	(void)snprintf(serve->rp_id, sizeof serve->rp_id, "%.*s", (int)strcspn(name, ":"), name);
	if (serve->web.behind_proxy || strchr(name, ':') != NULL || serve->port == 0 || (secure && serve->port == 443))
		(void)snprintf(serve->origin, sizeof serve->origin, "%s://%s", secure ? "https" : "http", name);
	else
		(void)snprintf(serve->origin, sizeof serve->origin, "%s://%s:%u", secure ? "https" : "http", name, (unsigned)serve->port);
	serve->web.rp_id = serve->rp_id;
	serve->web.page_origin = serve->origin;
}

static enum sk_err read_pem(struct serve *serve, struct sk_fault *fault)
{
	if ((serve->cert == NULL) != (serve->key == NULL))
		return sk_fault_set(fault, SK_EUSAGE, "--tls-cert and --tls-key go together");
	if (serve->cert == NULL)
		return SK_OK;
	SK_TRY(sk_file_check_private(serve->key, fault));
	SK_TRY(sk_file_read(serve->cert, &serve->cert_text, fault));
	SK_TRY(sk_file_read(serve->key, &serve->key_text, fault));
	serve->web.tls_cert = sk_buf_text(&serve->cert_text);
	serve->web.tls_key = sk_buf_text(&serve->key_text);
	return SK_OK;
}

/* A connection each, and files and pipes of those that run. */
static void make_room(struct serve *serve)
{
	struct rlimit files;
	rlim_t wanted = (rlim_t)serve->web.connections + SPARE_FILES;
	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	if (files.rlim_cur < wanted) {
		files.rlim_cur = wanted < files.rlim_max ? wanted : files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	if (files.rlim_cur < wanted && files.rlim_cur > 2 * SPARE_FILES)
		serve->web.connections = (unsigned)(files.rlim_cur - SPARE_FILES);
}

/* The page that lies beside the program: installed, or in the folder that it was built in. */
static void find_console(struct serve *serve)
{
	static const char *const places[] = {"../share/sekisho/console", "console"};
	char own[SK_PATH_MAX], index[SK_PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
	if (serve->web.console != NULL || length <= 0)
		return;
	own[length] = '\0';
	char *slash = strrchr(own, '/');
	if (slash == NULL)
		return;
	*slash = '\0';
	for (size_t i = 0; i < SK_COUNT(places) && serve->web.console == NULL; i++)
		if (sk_file_join(serve->console, sizeof serve->console, own, places[i]) == SK_OK && sk_file_join(index, sizeof index, serve->console, "index.html") == SK_OK &&
		    sk_file_exists(index))
			serve->web.console = serve->console;
}

/* Without --workspace: the folders of DIR that have a ledger, but the centre itself; in the order of their names. */
static void find_workspaces(struct serve *serve)
{
	struct sk_web_house *house = &serve->house.house;
	struct dirent **entries = NULL;
	char path[SK_PATH_MAX], ledger[SK_PATH_MAX];
	int count = house->workspace_count == 0 ? scandir(house->folder, &entries, NULL, alphasort) : 0;
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		if (name[0] != '.' && strcmp(name, "centre") != 0 && house->workspace_count < SK_WEB_WORKSPACES_MAX &&
		    sk_file_join(path, sizeof path, house->folder, name) == SK_OK && sk_file_join(ledger, sizeof ledger, path, "ledger/checkpoint") == SK_OK && sk_file_exists(ledger))
			house->workspaces[house->workspace_count++] = serve->found[serve->found_count++] = strdup(path);
		free(entries[i]);
	}
	free(entries);
}

/* ---- running ---- */

static void tell(void *context, const char *line)
{
	const struct sk_cmd *cmd = context;
	char time[SK_TIME_TEXT_MAX], text[2048];
	struct sk_buf safe;
	sk_buf_init(&safe, 4 * sizeof text);
	sk_escape_line(&safe, line, strlen(line));
	/* One write a line: several threads say something. */
	(void)snprintf(text, sizeof text, "%s %s\n", sk_time_format(cmd->clock.unix_ns(cmd->clock.context), 0, time), sk_buf_text(&safe));
	(void)fputs(text, cmd->err);
	(void)fflush(cmd->err);
	sk_buf_fini(&safe);
}

static void publish(void *context, const char *type, const char *json)
{
	sk_web_publish(context, type, json);
}

static enum sk_err turn(struct serve *serve, struct sk_web *web, struct sk_fault *fault)
{
	struct sk_notify *notify = NULL;
	struct sk_web_counts counts;
	char status[128];
	SK_TRY(sk_notify_open(getenv("NOTIFY_SOCKET"), getenv("WATCHDOG_USEC"), getenv("WATCHDOG_PID"), &notify, fault));
	sk_notify_ready(notify, "serving");
	for (unsigned turns = 0; !sk_guard_interrupted(); turns++) {
		sk_web_turn(web);
		sk_serve_house_tell(&serve->house, publish, web);
		if (turns % (1000 / TURN_MS) == 0)
			sk_serve_looks_turn(serve->house.looks, publish, web);
		sk_notify_alive(notify);
		(void)poll(NULL, 0, TURN_MS);
	}
	sk_web_counts(web, &counts);
	(void)snprintf(status, sizeof status, "stopping: %llu requests, %llu refused", (unsigned long long)counts.requests, (unsigned long long)counts.refused);
	sk_notify_stopping(notify);
	sk_notify_close(notify);
	tell(serve->cmd, status);
	return SK_OK;
}

static enum sk_err run(struct serve *serve, struct sk_fault *fault)
{
	struct sk_web *web = NULL;
	if (sk_seal_start() != SK_OK)
		return sk_fault_set(fault, SK_EIO, "the cryptographic libraries do not start");
	SK_TRY(read_pem(serve, fault));
	SK_TRY(sk_serve_house_open(serve->cmd, &serve->house, fault));
	serve->web.password_alone = serve->web.password_alone || serve->house.house.simulated;
	find_console(serve);
	find_workspaces(serve);
	make_room(serve);
	enum sk_err err = sk_serve_house_looks(&serve->house, fault);
	if (err == SK_OK)
		err = listen_at(serve, fault);
	name_page(serve);
	sk_guard_no_core();
	sk_guard_signals(true);
	if (err == SK_OK)
		sk_serve_house_warm(&serve->house);
	if (err == SK_OK)
		err = sk_web_start(&serve->web, &serve->house.house, &web, fault);
	if (err == SK_OK) {
		(void)fprintf(serve->cmd->out, "serving  %s  (%s, profile %s%s)\n", serve->local ? serve->listen : serve->origin, serve->house.house.origin, serve->house.house.profile,
			      serve->web.console != NULL ? "" : "; no page was built, the API alone");
		(void)fflush(serve->cmd->out);
		err = turn(serve, web, fault);
	}
	sk_web_stop(web);
	if (err == SK_OK && serve->local)
		(void)unlink(serve->listen + 5);
	sk_serve_house_close(&serve->house);
	return err;
}

int sk_cmd_serve(struct sk_cmd *cmd, int argc, char **argv)
{
	const char *folder = getenv("SEKISHO_DIR");
	struct sk_fault fault = {.line = ""};
	struct serve serve = {.cmd = cmd, .listen = "127.0.0.1:8443"};
	serve.house.house.folder = folder != NULL ? folder : ".";
	serve.web = (struct sk_web_options){.listening = -1, .program = "/proc/self/exe", .threads = THREADS, .workers = WORKERS, .connections = 2048, .streams = 2048, .rate = 200,
					    .command_s = 60, .patience_s = 15, .log = tell, .log_context = cmd};
	sk_buf_init(&serve.cert_text, PEM_MAX);
	sk_buf_init(&serve.key_text, PEM_MAX);
	optind = 0;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;)
		if (!take_option(&serve, option))
			return sk_cmd_usage(cmd, argv[0], "unknown or incomplete option; see sekisho-serve(1)");
	if (serve.help)
		return sk_cmd_help(cmd, argv[0]);
	if (optind < argc)
		return sk_cmd_usage(cmd, argv[0], "unexpected word '%s'", argv[optind]);
	enum sk_err err = run(&serve, &fault);
	sk_buf_fini(&serve.cert_text);
	sk_buf_fini(&serve.key_text);
	for (size_t i = 0; i < serve.found_count; i++)
		free(serve.found[i]);
	return err == SK_OK ? 0 : sk_cmd_fail(cmd, &fault);
}
