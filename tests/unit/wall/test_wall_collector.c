/* SPDX-License-Identifier: Apache-2.0 */
/* What a collector really does, behind the walls: store, ledger, EVE that rolls, log, logger, metrics over a socket, a reload. One call that the table forgot, and the child dies here and
   not at a customer's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "conf/conf.h"
#include "emit/emit.h"
#include "emit/serve.h"
#include "emit/syslog.h"
#include "journal/journal.h"
#include "journal/notify.h"
#include "ledger/ledger.h"
#include "store/store.h"
#include "wall/wall.h"

enum { INTERVALS = 3, OBSERVATIONS = 300, SETTLE_MS = 2000, FAILED = 100 };
static const int64_t noon_ns = 1795348800000000000, day_ns = 86400000000000;

struct scene {
	char folder[64], workspace[128], store[160], keys[160], ledger[160], out[128], eve[160], log[160], run[128], socket[160], etc[128], config[160], logger[160];
	struct sk_clock_fake time;
	struct sk_fault fault;
	struct sk_store *at;
	struct sk_ledger *book;
	struct sk_emit *emit;
	struct sk_syslog *syslog;
	struct sk_journal *journal;
	struct sk_serve *serve;
	struct sk_notify *notify;
	struct sk_journal_name link;
};

static void must(enum sk_err err, const struct scene *scene, const char *what)
{
	if (err == SK_OK)
		return;
	(void)fprintf(stderr, "%s: %s\n", what, scene->fault.line);
	syscall(SYS_exit_group, FAILED);
}

static void fill(void *context, struct sk_metrics *out)
{
	struct scene *scene = context;
	struct rusage used;
	struct statvfs room;
	(void)getrusage(RUSAGE_SELF, &used);
	out->disk_free_bytes = statvfs(scene->workspace, &room) == 0 ? (uint64_t)room.f_bavail * room.f_frsize : 0;
	out->resident_bytes = (uint64_t)used.ru_maxrss * 1024;
	memcpy(out->version, "0.1.0", 6);
	out->collecting = 1;
}

static struct sk_observation observation(int64_t at_ns, uint16_t port)
{
	struct sk_observation o;
	memset(&o, 0, sizeof o);
	o.kind = port % 2 != 0 ? SK_OBSERVATION_FLOW : SK_OBSERVATION_HIT;
	o.class_ = SK_CLASS_FD;
	o.ip_proto = 17;
	(void)!sk_addr_parse("192.0.2.1", &o.initiator);
	(void)!sk_addr_parse("198.51.100.77", &o.responder);
	o.initiator_port = port;
	o.responder_port = 53;
	o.layers = 1;
	o.first_ns = at_ns, o.last_ns = at_ns + 1000;
	o.packets[0] = o.frames = 1;
	if (o.kind == SK_OBSERVATION_HIT) {
		o.hit_count = 1, o.hit_ids[0] = 42, o.hit_kinds[0] = 2;
		o.sections = SK_SECTION_HITS;
		strcpy(o.matched, "bad.example");
	}
	return o;
}

static void set_up_collector(struct scene *scene)
{
	struct sk_sign_key *key;
	uint64_t dropped;
	const struct sk_clock clock = sk_clock_of_fake(&scene->time);
	const struct sk_rolling_limits rolling = {.size_bytes = 1 << 16, .keep = 2, .flush_ns = 1};
	const struct sk_journal_options log = {.target = SK_JOURNAL_TO_FILE, .path = scene->log, .rotate_bytes = 1 << 16, .keep = 1, .clock = clock, .fd = STDERR_FILENO};
	const struct sk_serve_options serve = {.path = scene->socket, .mode = 0660, .tcp_fd = -1, .source = {fill, scene}, .limits = {.stale_ns = INT64_MAX}};
	scene->time.now_unix_ns = noon_ns;
	must(sk_seal_start(), scene, "seal");
	must(sk_sign_key_new("wall.example/test", &key), scene, "key");
	must(sk_store_open(&(struct sk_store_options){.folder = scene->store, .keys_folder = scene->keys, .basis_id = "basis-1"}, &scene->at, &scene->fault), scene, "store");
	must(sk_ledger_open(scene->ledger, "wall.example/test", key, &scene->book, &dropped, &scene->fault), scene, "ledger");
	must(sk_emit_open_rolling(scene->eve, "sensor", &rolling, clock, &scene->emit, &scene->fault), scene, "eve");
	must(sk_syslog_open(scene->logger, "host", 1, &scene->syslog, &scene->fault), scene, "syslog");
	must(sk_journal_open(&log, &scene->journal, &scene->fault), scene, "journal");
	must(sk_serve_open(&serve, &scene->serve, &scene->fault), scene, "serve");
	must(sk_notify_open(scene->logger, NULL, NULL, &scene->notify, &scene->fault), scene, "notify");
	scene->link = sk_journal_name(scene->journal, "border-1");
	sk_journal_seal(scene->journal);
}

static void raise_walls(struct scene *scene)
{
	struct sk_wall_facts facts = {0};
	struct sk_wall_calls *calls;
	const struct sk_wall_path paths[] = {{scene->workspace, true}, {scene->out, true}, {scene->run, true}, {scene->etc, false}};
	must(sk_wall_first(false, &facts, &scene->fault), scene, "first");
	must(sk_wall_calls_new(SK_WALL_COLLECTOR, &(struct sk_wall_descriptors){.hears = -1}, &calls, &scene->fault), scene, "calls");
	must(sk_wall_close(&(struct sk_wall_plan){.paths = paths, .path_count = SK_COUNT(paths)}, &facts, &scene->fault), scene, "close");
	must(sk_wall_calls_enter(calls, &facts, &scene->fault), scene, "enter");
}

static void one_interval(struct scene *scene, uint64_t interval)
{
	static const uint8_t run[16] = "run", no_id[16];
	uint8_t digest[SK_HASH_BYTES];
	struct sk_finding finding = {.severity = 2, .class_ = SK_CLASS_FD};
	struct sk_receipt receipt;
	must(sk_store_begin(scene->at, interval, run, &scene->fault), scene, "begin");
	for (unsigned i = 0; i < OBSERVATIONS; i++) { /* each interval is a day of its own: a new key, a new segment */
		struct sk_observation o = observation(noon_ns + (int64_t)interval * day_ns + i, (uint16_t)i);
		must(sk_store_put(scene->at, &o, NULL, &scene->fault), scene, "put");
		sk_emit_observation(scene->emit, &o, no_id);
	}
	strcpy(finding.kind, "indicator.domain");
	strcpy(finding.matched, "bad.example");
	sk_words_set(&finding.sentence, "A sentence.");
	finding.id[0] = (uint8_t)interval;
	finding.first_ns = finding.last_ns = noon_ns + (int64_t)interval * day_ns;
	finding.count = 1;
	must(sk_store_put_finding(scene->at, &finding, &scene->fault), scene, "finding");
	sk_syslog_finding(scene->syslog, &finding);
	must(sk_store_commit(scene->at, digest, &scene->fault), scene, "commit");
	must(sk_ledger_append(scene->book, "{}", 2, &receipt), scene, "append");
	must(sk_ledger_commit(scene->book, &scene->fault), scene, "sign");
	must(sk_emit_sync(scene->emit, &scene->fault), scene, "eve");
	sk_journal_interval(scene->journal, scene->link, interval, 1, 2);
	sk_journal_link_down(scene->journal, scene->link);
	sk_journal_tick(scene->journal);
	sk_emit_tick(scene->emit);
	sk_notify_alive(scene->notify);
	scene->time.now_unix_ns += day_ns;
}

static void reload(struct scene *scene)
{
	struct sk_conf *conf = calloc(1, sizeof *conf);
	struct sk_conf_report *report = calloc(1, sizeof *report);
	if (conf == NULL || report == NULL)
		must(SK_ENOMEM, scene, "memory");
	must(sk_conf_read(scene->config, conf, report), scene, "conf");
	must(sk_emit_reopen(scene->emit, NULL, &scene->fault), scene, "reopen");
	must(sk_journal_reopen(scene->journal, &scene->fault), scene, "reopen log");
	free(conf);
	free(report);
}

static void collect(struct scene *scene)
{
	uint64_t rows;
	set_up_collector(scene);
	raise_walls(scene);
	for (uint64_t interval = 0; interval < INTERVALS; interval++)
		one_interval(scene, interval);
	reload(scene);
	for (int waited = 0; sk_serve_requests(scene->serve) < 2 && waited < SETTLE_MS; waited++) {
		int fds[2];
		struct pollfd wait = {.events = POLLIN};
		(void)sk_serve_fds(scene->serve, fds);
		wait.fd = fds[0];
		(void)poll(&wait, 1, 1);
		sk_serve_turn(scene->serve);
	}
	for (int i = 0; i < 20; i++) /* the last answer goes out */
		sk_serve_turn(scene->serve);
	bool asked = sk_serve_requests(scene->serve) == 2;
	must(sk_store_roll_back(scene->at, INTERVALS - 1, false, &rows, &scene->fault), scene, "roll back");
	sk_store_close(scene->at);
	sk_ledger_close(scene->book);
	must(sk_emit_close(scene->emit, &scene->fault), scene, "close eve");
	must(sk_syslog_close(scene->syslog, &scene->fault), scene, "close syslog");
	must(sk_journal_close(scene->journal, &scene->fault), scene, "close log");
	sk_serve_close(scene->serve);
	sk_notify_close(scene->notify);
	syscall(SYS_exit_group, asked ? 0 : FAILED + 1);
}

/* ---- the parent ---- */

static void ask(const char *path, const char *request, const char *expected)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	char said[1 << 16];
	size_t got = 0;
	memcpy(to.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	for (int tries = 0; connect(fd, (const struct sockaddr *)&to, sizeof to) != 0; tries++) {
		assert_true(tries < 500);
		(void)poll(NULL, 0, 10);
	}
	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
	for (ssize_t more; (more = recv(fd, said + got, sizeof said - 1 - got, 0)) > 0;)
		got += (size_t)more;
	said[got] = '\0';
	(void)close(fd);
	assert_non_null(strstr(said, expected));
}

static void make_scene(struct scene *scene)
{
	static const char config[] = "workspace: /w\nlinks: [{name: a, interface: eth0}]\n";
	strcpy(scene->folder, "/tmp/sk-collect-XXXXXX");
	assert_non_null(mkdtemp(scene->folder));
	(void)snprintf(scene->workspace, sizeof scene->workspace, "%s/ws", scene->folder);
	(void)snprintf(scene->store, sizeof scene->store, "%s/store", scene->workspace);
	(void)snprintf(scene->keys, sizeof scene->keys, "%s/keys", scene->workspace);
	(void)snprintf(scene->ledger, sizeof scene->ledger, "%s/ledger", scene->workspace);
	(void)snprintf(scene->out, sizeof scene->out, "%s/out", scene->folder);
	(void)snprintf(scene->eve, sizeof scene->eve, "%s/eve.json", scene->out);
	(void)snprintf(scene->log, sizeof scene->log, "%s/log", scene->out);
	(void)snprintf(scene->run, sizeof scene->run, "%s/run", scene->folder);
	(void)snprintf(scene->socket, sizeof scene->socket, "%s/metrics.sock", scene->run);
	(void)snprintf(scene->etc, sizeof scene->etc, "%s/etc", scene->folder);
	(void)snprintf(scene->config, sizeof scene->config, "%s/sekisho.yaml", scene->etc);
	(void)snprintf(scene->logger, sizeof scene->logger, "%s/dev-log", scene->folder);
	assert_int_equal(mkdir(scene->workspace, 0700) | mkdir(scene->out, 0700) | mkdir(scene->run, 0700) | mkdir(scene->etc, 0700) | mkdir(scene->ledger, 0700), 0);
	assert_int_equal(sk_file_replace(scene->config, config, strlen(config), 0600, &scene->fault), SK_OK);
}

static void a_collectors_life(void **state)
{
	(void)state;
	struct scene *scene = calloc(1, sizeof *scene);
	struct sockaddr_un logger = {.sun_family = AF_UNIX};
	struct stat info;
	char path[256], command[160];
	int status;
	assert_non_null(scene);
	make_scene(scene);
	memcpy(logger.sun_path, scene->logger, strlen(scene->logger) + 1);
	int heard = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(heard, (const struct sockaddr *)&logger, sizeof logger), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		(void)signal(SIGSYS, SIG_DFL);
		collect(scene);
	}
	ask(scene->socket, "GET /metrics HTTP/1.0\r\n\r\n", "\nsekisho_collecting 1\n");
	ask(scene->socket, "GET /health HTTP/1.0\r\n\r\n", "\"state\":");
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status))
		fail_msg("the collector died of signal %d (%s); strace -f shows the call that syscall.def lacks", WTERMSIG(status), strsignal(WTERMSIG(status)));
	assert_int_equal(WEXITSTATUS(status), 0);
	/* and it did it all */
	(void)snprintf(path, sizeof path, "%s.2", scene->eve);
	assert_int_equal(stat(path, &info), 0);
	(void)snprintf(path, sizeof path, "%s/checkpoint", scene->ledger);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(stat(scene->log, &info), 0);
	assert_true(info.st_size > 100);
	assert_int_equal(stat(scene->socket, &info), -1);
	int lines = 0;
	for (char line[4096]; recv(heard, line, sizeof line, 0) > 0;)
		lines++;
	assert_int_equal(lines, 2 * INTERVALS); /* a finding and a sign of life an interval */
	(void)close(heard);
	(void)snprintf(command, sizeof command, "rm -rf '%s'", scene->folder);
	assert_int_equal(system(command), 0);
	free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_collectors_life)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
