/* SPDX-License-Identifier: Apache-2.0 */
/* No allocation in a worker after start: this program's malloc and its kin abort while a worker's code runs, whoever calls them, libraries too. Whole captures go
   from capture through the engine to a sink that only counts; the collector's side (store, ledger) is another matter and not part of a worker. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "border/border_build.h"
#include "engine/crew.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OWN_MALLOC 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OWN_MALLOC 0
#endif
#endif
#ifndef OWN_MALLOC
#ifdef __GLIBC__
#define OWN_MALLOC 1
#else
#define OWN_MALLOC 0
#endif
#endif

enum { CAPTURES_MAX = 4096, DESCRIPTORS_MAX = 16, FLOWS = 1 << 14, FACTS = 1 << 10, STREAMS = 64, PATIENCE_S = 120, EXIT_SETUP = 3, EXIT_EMPTY = 4 };

/* ---- the guard ---- */

static volatile sig_atomic_t armed; /* between start and end of a worker */
static _Thread_local volatile bool is_worker; /* of a crew: from its first step to its end */

#if OWN_MALLOC
/* Nothing here may allocate. */
static void refuse(const char *what)
{
	if (!armed && !is_worker)
		return;
	armed = 0;
	is_worker = false;
	(void)!write(STDERR_FILENO, what, strlen(what));
	(void)!write(STDERR_FILENO, " after start\n", 13);
	abort();
}

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size)
{
	refuse("malloc");
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	refuse("calloc");
	return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	refuse("realloc");
	return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size);
void *memalign(size_t alignment, size_t size)
{
	refuse("memalign");
	return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
	*out = memalign(alignment, size);
	return *out == NULL ? ENOMEM : 0;
}

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
	refuse("mmap");
	return (void *)syscall(SYS_mmap, address, length, protection, flags, fd, offset); /* NOLINT: the kernel's answer is an address */
}
#endif

/* Linked in place of the project's sk_wipe, which a worker calls for every batch: the sabotage twin allocates in it. */
static bool planted;
void __wrap_sk_wipe(void *bytes, size_t length);
void __wrap_sk_wipe(void *bytes, size_t length)
{
	if (planted && (armed || is_worker)) {
		void *volatile memory = malloc(1);
		free(memory);
	}
	explicit_bzero(bytes, length);
}

/* ---- one worker ---- */

struct worker {
	struct sk_border *border;
	struct sk_indicator_set *set;
	struct sk_rules *rules;
	struct sk_basis basis;
	struct sk_clock_fake time;
	struct sk_observe_sink sink;
	struct sk_engine *engine;
	struct sk_snapshot snapshot;
	struct sk_crew *crew;
	uint64_t frames, observations, findings;
};

static bool take_observation(void *context, const struct sk_observation *observation)
{
	(void)observation;
	((struct worker *)context)->observations++;
	return true;
}

static void take_finding(void *context, const struct sk_finding *finding, const struct sk_observation *evidence)
{
	(void)finding;
	(void)evidence;
	((struct worker *)context)->findings++;
}

static enum sk_err take_interval(void *context, struct sk_account *account, struct sk_fault *fault)
{
	(void)fault;
	((struct worker *)context)->frames += account->received.frames;
	return SK_OK;
}

static void note_nothing(void *context, const char *file, uint64_t line, const char *value, enum sk_indicator_reason reason, const char *detail)
{
	(void)context, (void)file, (void)line, (void)value, (void)reason, (void)detail;
}

/* Every address is foreign and every flow is selected, so that nothing is spared; a list beside it, so that look-ups and hits happen as well. */
static bool start_border(struct worker *w, const char *path)
{
	struct sk_border_build *build = NULL;
	struct sk_fault fault;
	bool good = sk_border_build_new(NULL, &build, &fault) == SK_OK && sk_border_build_literal(build, SK_SIDE_FOREIGN, "0.0.0.0/0", &fault) == SK_OK &&
		    sk_border_build_literal(build, SK_SIDE_FOREIGN, "::/0", &fault) == SK_OK && sk_border_build_write(build, path, &fault) == SK_OK &&
		    sk_border_open(path, &w->border, &fault) == SK_OK;
	sk_border_build_free(build);
	return good;
}

static bool start_set(struct worker *w, const char *path)
{
	static const char list[] = "198.51.100.7\n8.8.8.8\n8.8.4.4\n2001:4860:4860::8888\nexample.com\ngoogle.com\nfacebook.com\nmicrosoft.com\n";
	const struct sk_indicator_options options = {.max_entries = 100, .min_prefix_v4 = 8, .min_prefix_v6 = 19, .special_ranges_allowed = true};
	struct sk_indicator_builder *builder = NULL;
	struct sk_indicator_counts counts;
	struct sk_fault fault;
	FILE *file = fopen(path, "wb");
	if (file == NULL || fputs(list, file) < 0 || fclose(file) != 0)
		return false;
	bool good = sk_indicator_builder_new(&options, note_nothing, NULL, &builder) == SK_OK && sk_indicator_import(builder, path, &counts, &fault) == SK_OK;
	if (good)
		sk_indicator_add_flow_all(builder);
	good = good && sk_indicator_compile(builder, path, &fault) == SK_OK && sk_indicator_open(path, &w->set, &fault) == SK_OK;
	sk_indicator_builder_free(builder);
	return good;
}

/* A crew's collector calls this; a worker of it enters by the other. */
static enum sk_err take_crew_interval(void *context, struct sk_account *account, const struct sk_snapshot *snapshot, struct sk_fault *fault)
{
	(void)snapshot;
	return take_interval(context, account, fault);
}

static enum sk_err enter(void *context, unsigned worker, struct sk_fault *fault)
{
	(void)context, (void)worker, (void)fault;
	is_worker = true;
	return SK_OK;
}

/* Rules of every kind, so that all that looks at payload runs. */
static bool start_rules(struct worker *w)
{
	static const char text[] =
		"alert tcp any any -> any any (msg:\"1\"; content:\"GET \"; content:\"HTTP\"; distance:0; pcre:\"/(\\/[a-z]+)*\\?/R\"; sid:1;)\n"
		"alert http any any -> any any (msg:\"2\"; http.uri; to_md5; content:\"/\"; http.header; content:\"|0d 0a|\"; sid:2;)\n"
		"alert http any any -> any any (msg:\"3\"; file.data; content:\"e\"; pcre:\"/(a|e|i)+[bcd]/\"; sid:3;)\n"
		"alert tls any any -> any any (msg:\"4\"; tls.sni; to_sha256; content:\"a\"; sid:4;)\n"
		"alert tls any any -> any any (msg:\"5\"; tls.cert_subject; content:\"=\"; sid:5;)\n"
		"alert dns any any -> any any (msg:\"6\"; dns.query; dotprefix; content:\".\"; sid:6;)\n"
		"alert ip any any -> any any (msg:\"7\"; byte_extract:1,0,n; content:\"|00|\"; offset:n; threshold:type both,track by_both,count 2,seconds 60; sid:7;)\n"
		"alert tcp any any -> any any (msg:\"8\"; flags:S+; flowbits:set,seen; sid:8;)\n"
		"alert udp any any -> any any (msg:\"9\"; pcre:\"/(.|..)*x/s\"; sid:9;)\n";
	struct sk_rules_options options = {.strict = false};
	struct sk_rules_counts counts;
	struct sk_fault fault;
	return sk_rules_new(&options, &w->rules) == SK_OK && sk_rules_text(w->rules, "test", NULL, text, strlen(text), &counts, &fault) == SK_OK && counts.refused == 0;
}

/* workers 0: an engine alone, in this thread. */
static bool worker_start(struct worker *w, unsigned workers)
{
	char path[] = "/tmp/sk-no-malloc-XXXXXX";
	int fd = mkstemp(path);
	*w = (struct worker){.time = {.now_unix_ns = 1000}, .sink = {.observation = take_observation, .finding = take_finding}};
	w->sink.context = w;
	w->basis = (struct sk_basis){.id = "test", .kind = "lab", .profile = "lab", .role = "none", .until_ns = 2000, .simulated = true, .names = true,
				     .classes = SK_CLASS_BIT(SK_CLASS_FF) | SK_CLASS_BIT(SK_CLASS_FD) | SK_CLASS_BIT(SK_CLASS_DF),
				     .rule = {.kinds = SK_SELECTOR_FLOW_ALL | SK_SELECTOR_ADDRESS | SK_SELECTOR_DOMAIN | SK_SELECTOR_COMMAND, .max_entries = 1000}};
	if (fd < 0 || close(fd) != 0 || sk_seal_start() != SK_OK || !start_border(w, path) || !start_set(w, path) || !start_rules(w) || unlink(path) != 0)
		return false;
	struct sk_engine_config config = {.border = w->border, .basis = &w->basis, .set = w->set, .rules = w->rules, .sink = &w->sink, .flow = sk_flow_default_limits(),
					  .decoder = sk_decoder_default_limits(), .interval_frames = 1000, .clock = sk_clock_of_fake(&w->time), .link = "test"};
	config.flow.flows = FLOWS;
	config.flow.facts = FACTS;
	config.flow.streams = STREAMS;
	if (workers == 0)
		return sk_engine_new(&config, take_interval, w, &w->engine) == SK_OK;
	struct sk_fault fault;
	w->snapshot = sk_snapshot_of(1, w->border, &w->basis, w->set);
	struct sk_crew_config crew = {.workers = workers, .sources = 1, .threads = true, .rules = w->rules, .flow = config.flow, .decoder = config.decoder, .interval_frames = 1000, .link = "test",
				      .clock = config.clock, .sink = &w->sink, .context = w, .interval = take_crew_interval, .enter = enter};
	return sk_crew_new(&crew, &w->snapshot, &w->crew, &fault) == SK_OK;
}

static void worker_stop(struct worker *w)
{
	sk_engine_free(w->engine);
	sk_crew_free(w->crew);
	sk_rules_free(w->rules);
	sk_indicator_close(w->set);
	sk_border_close(w->border);
}

/* Opening a capture allocates; reading it to its end, or to its damage, does not. */
static enum sk_err worker_watch(struct worker *w, const char *path)
{
	struct sk_capture *capture = NULL;
	struct sk_frame frames[SK_BATCH_MAX];
	struct sk_fault fault;
	if (sk_capture_open(path, &capture, &fault) != SK_OK)
		return SK_OK;
	enum sk_err err = SK_OK, read = SK_OK;
	size_t count = 1;
	armed = 1;
	while (err == SK_OK && read == SK_OK && count > 0) {
		read = sk_capture_next(capture, frames, &count, &fault);
		if (count > 0)
			err = sk_engine_feed(w->engine, frames, count, 0, &fault);
	}
	if (err == SK_OK)
		err = sk_engine_end_input(w->engine, &fault);
	armed = 0;
	sk_capture_close(capture);
	return err;
}

/* In a crew: what its first worker reads, all of them follow. */
static enum sk_err crew_watch(struct worker *w, const char *path)
{
	struct sk_capture_source capture = {.interface_base = 0};
	struct sk_fault fault;
	if (sk_capture_open(path, &capture.capture, &fault) != SK_OK)
		return SK_OK;
	struct sk_source source = sk_source_of_capture(&capture);
	enum sk_err err = sk_crew_run(w->crew, &source, &fault);
	if (err == SK_OK)
		err = sk_crew_end_input(w->crew, &fault);
	sk_capture_close(capture.capture);
	return err;
}

static enum sk_err finish(struct worker *w, struct sk_fault *fault)
{
	if (w->crew != NULL)
		return sk_crew_finish(w->crew, SK_FLOW_END_STOP, fault);
	armed = 1;
	enum sk_err err = sk_engine_finish(w->engine, SK_FLOW_END_STOP, fault);
	armed = 0;
	return err;
}

/* ---- captures ---- */

static char *captures[CAPTURES_MAX];
static size_t capture_count;

static int take_capture(const char *path, const struct stat *info, int type, struct FTW *walk)
{
	(void)info, (void)walk;
	if (type == FTW_F && strstr(path, ".pcap") != NULL && capture_count < CAPTURES_MAX)
		captures[capture_count++] = strdup(path);
	return 0;
}

/* In a child, so that an abort is an answer: its wait status. */
static int run_in_child(bool plant, unsigned workers, const char *folder)
{
	(void)fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		static struct worker worker;
		struct sk_fault fault;
		(void)alarm(PATIENCE_S); /* a loop without end is an answer too */
		if (nftw(folder, take_capture, DESCRIPTORS_MAX, FTW_PHYS) != 0 || capture_count == 0 || !worker_start(&worker, workers))
			_exit(EXIT_SETUP);
		planted = plant;
		for (size_t i = 0; i < capture_count; i++)
			if ((workers > 0 ? crew_watch : worker_watch)(&worker, captures[i]) != SK_OK)
				_exit(EXIT_SETUP);
		enum sk_err err = finish(&worker, &fault);
		worker_stop(&worker);
		if (err != SK_OK)
			_exit(EXIT_SETUP);
		(void)printf("%zu captures, %llu frames, %llu observations, %llu findings\n", capture_count, (unsigned long long)worker.frames,
			     (unsigned long long)worker.observations, (unsigned long long)worker.findings);
		(void)fflush(stdout);
		_exit(worker.frames > 0 && worker.observations > 0 && worker.findings > 0 ? 0 : EXIT_EMPTY);
	}
	int status = -1;
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void skip_without_guard(void)
{
	if (OWN_MALLOC)
		return;
	print_message("skipped: this build's allocator belongs to a sanitizer or is not glibc's\n");
	skip();
}

static void samples_allocate_nothing(void **state)
{
	(void)state;
	skip_without_guard();
	for (unsigned workers = 0; workers <= 3; workers += 3)
		assert_int_equal(run_in_child(false, workers, SK_SOURCE_ROOT "/samples"), 0);
}

static void shared_captures_allocate_nothing(void **state)
{
	(void)state;
	skip_without_guard();
	if (access(SK_SHARED_DATA "/net", R_OK) != 0) {
		print_message("skipped: ../shared/data/net is absent\n");
		skip();
	}
	for (unsigned workers = 0; workers <= 3; workers += 3)
		assert_int_equal(run_in_child(false, workers, SK_SHARED_DATA "/net"), 0);
}

/* The guard sees an allocation that is planted in a worker's code. */
static void sabotage_planted_malloc_aborts(void **state)
{
	(void)state;
	skip_without_guard();
	for (unsigned workers = 0; workers <= 3; workers += 3) {
		int status = run_in_child(true, workers, SK_SOURCE_ROOT "/samples");
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGABRT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_allocate_nothing),
		cmocka_unit_test(shared_captures_allocate_nothing),
		cmocka_unit_test(sabotage_planted_malloc_aborts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
