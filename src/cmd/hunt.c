/* SPDX-License-Identifier: Apache-2.0 */
/* Logs: workers take chunks of whole lines from one file after the other. What is found does not depend on how the chunks were shared out. */
#include "cmd/hunt.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text/text.h"

enum { SHOW_EVERY_NS = 200000000 };

/* What a signal handler needs, and nothing else is global: was there one, and which worker waits in a read that must be broken. */
static volatile sig_atomic_t interrupted, reading;
static pthread_t reader; /* while reading is set */

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
	if (reading)
		(void)pthread_kill(reader, SIGUSR1);
}

/* It only breaks the read. */
static void on_wake(int number)
{
	(void)number;
}

/* A second Ctrl-C ends the process, should the first one have come between two looks at it. */
static void catch_signals(void)
{
	struct sigaction stop = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND}, wake = {.sa_handler = on_wake};
	interrupted = 0;
	(void)sigaction(SIGUSR1, &wake, NULL);
	(void)sigaction(SIGINT, &stop, NULL);
	(void)sigaction(SIGTERM, &stop, NULL);
}

bool sk_hunt_interrupted(void)
{
	return interrupted != 0;
}

/* What the workers share, all of it under the lock. */
struct pool {
	struct sk_hunt *hunt;
	pthread_mutex_t lock;
	size_t next;               /* input that gives chunks */
	uint64_t records, read_bytes, source_bytes;
	int64_t started_ns, shown_ns;
	bool drawn, out_of_memory;
};

struct worker {
	struct pool *pool;
	pthread_t thread;
	bool running, main;
	struct sk_log_chunk chunk;
	struct sk_log_reader *reader;
	struct sk_hunt_hits hits;
	struct sk_hunt_counts counts; /* of the chunk */
	struct sk_hunt_input *input;  /* of the chunk */
	size_t note_count;
	struct sk_hunt_note notes[SK_HUNT_NOTES_MAX];
};

void sk_hunt_input_failed(struct sk_hunt *hunt, struct sk_hunt_input *input, const struct sk_fault *fault)
{
	if (hunt->exit_code == 0)
		hunt->exit_code = sk_err_exit(fault->err);
	input->fault = *fault;
	(void)fprintf(hunt->cmd->err, "%ssekisho: %s\n", hunt->cmd->terminal ? "\r\033[K" : "", fault->line);
}

/* ---- inputs, under the lock ---- */

static enum sk_err open_nfcapd(struct sk_hunt_input *input, struct sk_fault *fault)
{
	char pipe_path[32];
	int fd;
	if (strcmp(input->path, "-") == 0)
		return sk_fault_set(fault, SK_EUNSUPPORTED, "standard input: an nfcapd file; nfdump reads it only by name, so name it");
	SK_TRY(sk_hunt_nfdump(input->path, &fd, &input->child, fault));
	(void)snprintf(pipe_path, sizeof pipe_path, "/dev/fd/%d", fd);
	enum sk_err err = sk_log_open_nfdump(pipe_path, input->path, &input->file, fault);
	(void)close(fd);
	return err;
}

/* Open the input and find out what it is. A capture is closed again, but for standard input, which cannot be opened twice. */
static enum sk_err open_input(struct sk_hunt_input *input, struct sk_fault *fault)
{
	input->looked = false;
	SK_TRY(sk_log_open(input->path, &input->file, fault));
	input->looked = true;
	input->format = sk_log_file_format(input->file);
	sk_log_progress(input->file, &input->read_bytes, &input->source_bytes);
	if (input->format == SK_LOG_CAPTURE && strcmp(input->path, "-") == 0)
		return SK_OK;
	if (input->format != SK_LOG_CAPTURE && input->format != SK_LOG_NFCAPD)
		return SK_OK;
	sk_log_close(input->file);
	input->file = NULL;
	return input->format == SK_LOG_NFCAPD ? open_nfcapd(input, fault) : SK_OK;
}

static void close_input(struct sk_hunt *hunt, struct sk_hunt_input *input)
{
	struct sk_fault fault;
	sk_log_close(input->file);
	input->file = NULL;
	if (input->child != 0 && sk_hunt_nfdump_end(input->path, input->child, &fault) != SK_OK)
		sk_hunt_input_failed(hunt, input, &fault);
	input->child = 0;
}

/* Nothing more comes from it. The last of its chunks may still be out. */
static void drain(struct pool *pool, struct sk_hunt_input *input)
{
	input->drained = true;
	pool->next++;
	if (input->chunks_out == 0)
		close_input(pool->hunt, input);
}

/* Put what the last chunk gave to its input. */
static void hand_in(struct worker *worker)
{
	struct pool *pool = worker->pool;
	struct sk_hunt_input *input = worker->input;
	if (input == NULL)
		return;
	sk_hunt_counts_add(&input->counts, &worker->counts);
	pool->records += worker->counts.records;
	worker->counts = (struct sk_hunt_counts){.records = 0};
	worker->input = NULL;
	if (--input->chunks_out == 0 && input->drained)
		close_input(pool->hunt, input);
}

/* The next chunk of the input whose turn it is. False: it has none, or failed. */
static bool take_from(struct worker *worker, struct sk_hunt_input *input)
{
	struct pool *pool = worker->pool;
	struct sk_fault fault;
	bool more = false;
	uint64_t before = input->read_bytes, size;
	enum sk_err err = SK_OK;
	reader = pthread_self();
	reading = 1;
	if (input->file == NULL)
		err = open_input(input, &fault);
	bool capture = err == SK_OK && input->looked && input->format == SK_LOG_CAPTURE;
	if (err == SK_OK && !capture)
		err = sk_log_next(input->file, &worker->chunk, &more, &fault);
	reading = 0;
	if (capture) {
		pool->next++;
		return false;
	}
	if (err == SK_EINTR)
		return false;
	if (input->file != NULL)
		sk_log_progress(input->file, &input->read_bytes, &size);
	pool->read_bytes += input->read_bytes - before;
	if (err != SK_OK)
		sk_hunt_input_failed(pool->hunt, input, &fault);
	if (err != SK_OK || !more)
		drain(pool, input);
	return err == SK_OK && more;
}

static void show_progress(struct pool *pool)
{
	struct sk_cmd *cmd = pool->hunt->cmd;
	char records[SK_UNIT_TEXT_MAX], bytes[SK_UNIT_TEXT_MAX], rate[SK_UNIT_TEXT_MAX];
	if (!cmd->terminal)
		return;
	int64_t now_ns = cmd->clock.monotonic_ns(cmd->clock.context);
	if (now_ns - pool->shown_ns < SHOW_EVERY_NS)
		return;
	pool->shown_ns = now_ns;
	pool->drawn = true;
	double seconds = (double)(now_ns - pool->started_ns) / 1e9;
	size_t at = pool->next < pool->hunt->input_count ? pool->next : pool->hunt->input_count - 1;
	const struct sk_hunt_input *input = &pool->hunt->inputs[at];
	const char *name = strrchr(input->path, '/');
	(void)fprintf(cmd->err, "\r\033[K%.40s (%zu of %zu)  %s records  %s  %s", name != NULL ? name + 1 : input->path, at + 1, pool->hunt->input_count,
		      sk_number_format(pool->records, records), sk_bytes_format(pool->read_bytes, bytes),
		      sk_rate_format(seconds > 0 ? (double)pool->records / seconds : 0, "records/s", rate));
	if (input->source_bytes > 0)
		(void)fprintf(cmd->err, "  %u %%", (unsigned)(input->read_bytes * 100 / input->source_bytes));
	(void)fflush(cmd->err);
}

/* Hand in the last chunk, take the next one. False: there is none. */
static bool next_chunk(struct worker *worker)
{
	struct pool *pool = worker->pool;
	struct sk_hunt *hunt = pool->hunt;
	bool taken = false;
	(void)pthread_mutex_lock(&pool->lock);
	hand_in(worker);
	while (!taken && pool->next < hunt->input_count && !interrupted && !pool->out_of_memory) {
		struct sk_hunt_input *input = &hunt->inputs[pool->next];
		taken = take_from(worker, input);
		if (!taken)
			continue;
		input->chunks_out++;
		worker->input = input;
	}
	if (worker->main)
		show_progress(pool);
	(void)pthread_mutex_unlock(&pool->lock);
	return taken;
}

/* ---- lines ---- */

static void note_malformed(struct worker *worker, const struct sk_log_verdict *verdict)
{
	worker->counts.malformed++;
	if (worker->note_count < SK_HUNT_NOTES_MAX)
		worker->notes[worker->note_count++] = (struct sk_hunt_note){
			.input = (uint32_t)(worker->input - worker->pool->hunt->inputs), .line = verdict->line, .what = verdict->what};
}

static bool take_hits(struct worker *worker, const struct sk_log_verdict *verdict, const struct sk_log_admitted *admitted)
{
	struct sk_log_hit hits[SK_LOG_HITS_MAX];
	struct sk_log_details details;
	size_t count = sk_log_match(admitted, worker->pool->hunt->set, hits);
	if (count == 0)
		return true;
	worker->counts.hit++;
	sk_log_details(admitted, &details);
	struct sk_hunt_hit hit = {.class_ = verdict->class_, .count = 1, .has_time = details.has_time, .first_ns = details.time_ns, .last_ns = details.time_ns,
				  .example_count = 1};
	hit.examples[0] = (struct sk_hunt_place){.input = (uint32_t)(worker->input - worker->pool->hunt->inputs), .line = verdict->line};
	sk_hunt_hit_sides(&hit, &details.source, details.source_port, &details.destination, details.destination_port);
	for (size_t i = 0; i < count; i++) {
		hit.indicator = hits[i].indicator;
		hit.field = hits[i].field;
		if (!sk_hunt_hits_add(&worker->hits, &hit))
			return false;
	}
	return true;
}

static bool read_chunk(struct worker *worker)
{
	struct sk_log_verdict verdict;
	const struct sk_log_admitted *admitted;
	bool memory = true;
	while (memory && sk_log_judge(worker->reader, &worker->chunk, &verdict, &admitted)) {
		if (verdict.outcome == SK_LOG_PASSED)
			continue;
		worker->counts.records++;
		if (verdict.outcome == SK_LOG_NO_PAIR)
			worker->counts.no_pair++;
		else if (verdict.outcome == SK_LOG_MALFORMED)
			note_malformed(worker, &verdict);
		else
			worker->counts.classes[verdict.class_]++;
		if (verdict.outcome == SK_LOG_ERASED)
			worker->counts.erased[verdict.reason]++;
		if (verdict.outcome == SK_LOG_ADMITTED) {
			worker->counts.admitted++;
			memory = take_hits(worker, &verdict, admitted);
		}
	}
	sk_log_chunk_wipe(&worker->chunk);
	return memory;
}

static void *work(void *context)
{
	struct worker *worker = context;
	while (next_chunk(worker)) {
		if (read_chunk(worker))
			continue;
		(void)pthread_mutex_lock(&worker->pool->lock);
		worker->pool->out_of_memory = true;
		(void)pthread_mutex_unlock(&worker->pool->lock);
	}
	return NULL;
}

/* ---- the whole ---- */

static enum sk_err start_worker(struct worker *worker, struct pool *pool)
{
	worker->pool = pool;
	sk_hunt_hits_init(&worker->hits);
	SK_TRY(sk_log_chunk_init(&worker->chunk));
	return sk_log_reader_new(pool->hunt->table, pool->hunt->basis->classes, &worker->reader);
}

static int by_place(const void *a, const void *b)
{
	const struct sk_hunt_note *x = a, *y = b;
	if (x->input != y->input)
		return x->input < y->input ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

/* Each worker has its first malformed lines; the first of all are among them. */
static void merge_notes(struct sk_hunt *hunt, const struct worker *workers, unsigned count)
{
	struct sk_hunt_note all[SK_HUNT_THREADS_MAX * SK_HUNT_NOTES_MAX];
	size_t total = 0;
	for (unsigned i = 0; i < count; i++)
		for (size_t k = 0; k < workers[i].note_count; k++)
			all[total++] = workers[i].notes[k];
	qsort(all, total, sizeof all[0], by_place);
	for (size_t i = 0; i < total && hunt->note_count < SK_HUNT_NOTES_MAX; i++)
		hunt->notes[hunt->note_count++] = all[i];
}

static enum sk_err run_workers(struct pool *pool, struct worker *workers, unsigned count, struct sk_fault *fault)
{
	for (unsigned i = 0; i < count; i++)
		if (start_worker(&workers[i], pool) != SK_OK)
			return sk_fault_set(fault, SK_ENOMEM, "hunt: not enough memory for %u workers (--threads)", count);
	workers[0].main = true;
	for (unsigned i = 1; i < count; i++)
		workers[i].running = pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0;
	(void)work(&workers[0]);
	for (unsigned i = 1; i < count; i++)
		if (workers[i].running)
			(void)pthread_join(workers[i].thread, NULL);
	for (unsigned i = 0; i < count && !pool->out_of_memory; i++)
		pool->out_of_memory = !sk_hunt_hits_merge(&pool->hunt->hits, &workers[i].hits);
	merge_notes(pool->hunt, workers, count);
	return pool->out_of_memory ? sk_fault_set(fault, SK_ENOMEM, "hunt: out of memory for hits") : SK_OK;
}

enum sk_err sk_hunt_logs(struct sk_hunt *hunt, struct sk_fault *fault)
{
	struct pool pool = {.hunt = hunt};
	struct worker *workers = calloc(hunt->threads, sizeof *workers);
	if (workers == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "hunt: out of memory");
	catch_signals();
	(void)pthread_mutex_init(&pool.lock, NULL);
	pool.started_ns = hunt->cmd->clock.monotonic_ns(hunt->cmd->clock.context);
	enum sk_err err = run_workers(&pool, workers, hunt->threads, fault);
	if (pool.drawn)
		(void)fprintf(hunt->cmd->err, "\r\033[K");
	for (unsigned i = 0; i < hunt->threads; i++) {
		sk_log_chunk_fini(&workers[i].chunk);
		sk_log_reader_free(workers[i].reader);
		sk_hunt_hits_fini(&workers[i].hits);
	}
	for (size_t i = 0; i < hunt->input_count; i++) {
		struct sk_hunt_input *input = &hunt->inputs[i];
		if (input->format != SK_LOG_CAPTURE && (input->file != NULL || input->child != 0))
			close_input(hunt, input);
		sk_hunt_counts_add(&hunt->lines, &input->counts);
		hunt->read_bytes += input->format != SK_LOG_CAPTURE ? input->read_bytes : 0;
	}
	(void)pthread_mutex_destroy(&pool.lock);
	free(workers);
	return err;
}
