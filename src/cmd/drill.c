/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/drill.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/guard.h"
#include "live/live.h"
#include "text/text.h"

#define SECOND_NS INT64_C(1000000000)

enum { SETTLE_NS = 1000000000, LOOK_NS = 200000000, SEARCHES = 3, NOTE_BYTES_MAX = 1 << 17, SECRET_MODE = 0600, FOLDER_MODE = 0700 };

/* A frame that is to be sent. */
struct shot {
	int64_t at_ns;             /* after the beginning */
	uint32_t number;
	enum sk_drill_kind kind;
};

struct drill {
	struct sk_cmd *cmd;
	const struct sk_workspace *workspace;
	const struct sk_drill_options *options;
	struct sk_drill_result *result;
	struct sk_border *border;
	struct sk_basis basis;
	struct sk_drill_marks marks;
	struct sk_drill_addresses addresses;
	struct sk_drill_head before, after;
	struct sk_live_pass *pass;
	struct shot *shots;
	size_t shot_count;
	long pid;
	unsigned erased_kinds;     /* bits: kinds that the gate must erase */
};

/* ---- what is there ---- */

static enum sk_err find_sensor(struct drill *drill, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_buf text;
	struct sk_workspace probe;
	drill->pid = drill->options->pid;
	if (drill->pid != 0)
		return SK_OK;
	/* Who holds the lock is the sensor. */
	if (sk_workspace_open(drill->workspace->folder, true, &probe, fault) != SK_ELOCKED) {
		sk_workspace_close(&probe);
		return sk_fault_set(fault, SK_EUSAGE, "%s: no sensor is running on this workspace; start sekisho watch --interface, or sekisho sensor, and drill it then", drill->workspace->folder);
	}
	sk_buf_init(&text, 64);
	enum sk_err err = sk_file_read(sk_workspace_path(drill->workspace, "lock", path), &text, fault);
	drill->pid = err == SK_OK ? strtol(sk_buf_text(&text), NULL, 10) : 0;
	sk_buf_fini(&text);
	return err != SK_OK || drill->pid > 1 ? err : sk_fault_set(fault, SK_EMALFORMED, "%s: does not name the sensor's process; name it with --pid", path);
}

static enum sk_err prepare(struct drill *drill, struct sk_fault *fault)
{
	struct sk_border_info info;
	const struct sk_drill_options *options = drill->options;
	SK_TRY(sk_workspace_basis(drill->workspace, drill->cmd->clock.unix_ns(drill->cmd->clock.context), &drill->basis, fault));
	SK_TRY(sk_guard_border(drill->workspace, NULL, &drill->basis, &drill->border, &info, fault));
	SK_TRY(find_sensor(drill, fault));
	SK_TRY(sk_drill_addresses(options, drill->border, &drill->addresses, fault));
	SK_TRY(sk_drill_head(drill->workspace, options->link, &drill->before, fault));
	sk_drill_marks(&drill->marks);
	return sk_live_pass_open(options->interface, &drill->pass, fault);
}

/* ---- the plan ---- */

static int by_time(const void *a, const void *b)
{
	const struct shot *x = a, *y = b;
	return x->at_ns < y->at_ns ? -1 : x->at_ns > y->at_ns;
}

/* Each at a moment of its own that nobody can foresee. */
static enum sk_err make_plan(struct drill *drill, struct sk_fault *fault)
{
	const struct sk_drill_options *options = drill->options;
	drill->shots = calloc((size_t)SK_DRILL_KINDS * options->frames, sizeof *drill->shots);
	if (drill->shots == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	for (unsigned kind = 0; kind < SK_DRILL_KINDS; kind++)
		for (unsigned i = 0; (options->kinds >> kind & 1) != 0 && i < options->frames; i++) {
			uint64_t random;
			sk_random(&random, sizeof random);
			drill->shots[drill->shot_count] = (struct shot){.at_ns = (int64_t)(random % (uint64_t)options->over_ns), .number = (uint32_t)drill->shot_count, .kind = (enum sk_drill_kind)kind};
			drill->shot_count++;
		}
	qsort(drill->shots, drill->shot_count, sizeof *drill->shots, by_time);
	return SK_OK;
}

/* ---- sending ---- */

static int64_t now_of(const struct drill *drill)
{
	return drill->cmd->clock.monotonic_ns(drill->cmd->clock.context);
}

static enum sk_err sleep_until(const struct drill *drill, int64_t at_ns, struct sk_fault *fault)
{
	for (int64_t left_ns; (left_ns = at_ns - now_of(drill)) > 0;) {
		left_ns = left_ns < LOOK_NS ? left_ns : LOOK_NS;
		(void)nanosleep(&(struct timespec){.tv_nsec = (long)left_ns}, NULL);
		if (sk_guard_interrupted())
			return sk_fault_set(fault, SK_EINTR, "interrupted; nothing is signed");
	}
	return SK_OK;
}

static struct sk_cell *gate_cell(struct sk_cells *cells, const char *name)
{
	size_t at = 0;
	while (at < cells->count && strcmp(cells->cell[at].name, name) < 0)
		at++;
	if (at < cells->count && strcmp(cells->cell[at].name, name) == 0)
		return &cells->cell[at];
	memmove(&cells->cell[at + 1], &cells->cell[at], (cells->count - at) * sizeof cells->cell[0]);
	cells->count++;
	cells->cell[at] = (struct sk_cell){.frames = 0};
	(void)snprintf(cells->cell[at].name, sizeof cells->cell[at].name, "%s", name);
	return &cells->cell[at];
}

static void expect_frame(struct drill *drill, const struct shot *shot, size_t length)
{
	struct sk_drill_record *record = &drill->result->record;
	enum sk_class class_ = SK_CLASS_UNKNOWN;
	enum sk_gate_reason reason = sk_drill_fate(&drill->addresses, drill->border, drill->basis.classes, shot->kind, &class_);
	record->classes_sent[class_].frames++;
	record->classes_sent[class_].bytes += length;
	drill->result->sent[shot->kind]++;
	if (reason == SK_GATE_ADMITTED)
		return;
	struct sk_cell *cell = gate_cell(&record->gate_sent, sk_gate_reason_name(reason));
	cell->frames++;
	cell->bytes += length;
	drill->erased_kinds |= 1u << shot->kind;
}

static enum sk_err send_one(struct drill *drill, const struct shot *shot, struct sk_fault *fault)
{
	struct sk_drill_record *record = &drill->result->record;
	uint8_t bytes[SK_DRILL_FRAME_BYTES];
	size_t length = sk_drill_frame(&drill->addresses, &drill->marks, shot->number, shot->kind, bytes);
	const struct sk_frame frame = {.bytes = bytes, .captured_bytes = (uint32_t)length, .wire_bytes = (uint32_t)length};
	SK_TRY(sk_live_pass_put(drill->pass, &frame, fault));
	record->to_ns = drill->cmd->clock.unix_ns(drill->cmd->clock.context);
	if (record->from_ns == 0)
		record->from_ns = record->to_ns;
	expect_frame(drill, shot, length);
	sk_wipe(bytes, sizeof bytes);
	return SK_OK;
}

/* ---- searching ---- */

/* While frames still come, those that were admitted may be there for a moment; afterwards none may. What was found before stays found. */
static enum sk_err search_memory(struct drill *drill, bool at_end, struct sk_fault *fault)
{
	struct sk_drill_search *search = &drill->result->search;
	search->strict = at_end ? UINT32_MAX : drill->erased_kinds;
	search->memory_bytes = search->memory_unread = 0;
	return sk_drill_search_memory(search, drill->pid, fault);
}

/* What was found the first time stays found. */
static enum sk_err search_rest(struct drill *drill, struct sk_fault *fault)
{
	struct sk_drill_search *search = &drill->result->search;
	uint64_t found_files = search->found_files, found_rows = search->found_rows;
	search->strict = UINT32_MAX;
	search->files = search->file_bytes = search->rows = search->found_files = search->found_rows = 0;
	SK_TRY(sk_drill_search_path(search, drill->workspace->folder, fault));
	for (size_t i = 0; i < drill->options->path_count; i++)
		SK_TRY(sk_drill_search_path(search, drill->options->paths[i], fault));
	SK_TRY(sk_drill_search_store(search, drill->workspace, fault));
	search->found_files = found_files > search->found_files ? found_files : search->found_files;
	search->found_rows = found_rows > search->found_rows ? found_rows : search->found_rows;
	return SK_OK;
}

static void say(const struct drill *drill, const char *words)
{
	if (drill->cmd->terminal)
		(void)fprintf(drill->cmd->err, "\r\033[K%s", words);
}

/* Frames, and now and then a look into the process. */
static enum sk_err shoot(struct drill *drill, struct sk_fault *fault)
{
	int64_t began_ns = now_of(drill);
	size_t looked = 0;
	say(drill, "sending marked frames at random moments ...");
	for (size_t i = 0; i < drill->shot_count; i++) {
		SK_TRY(sleep_until(drill, began_ns + drill->shots[i].at_ns, fault));
		SK_TRY(send_one(drill, &drill->shots[i], fault));
		if ((i + 1) * SEARCHES / drill->shot_count == looked || i + 1 == drill->shot_count)
			continue;
		looked = (i + 1) * SEARCHES / drill->shot_count;
		SK_TRY(search_memory(drill, false, fault));
	}
	SK_TRY(sleep_until(drill, now_of(drill) + SETTLE_NS, fault));
	say(drill, "searching memory, files and store ...");
	SK_TRY(search_memory(drill, true, fault));
	return search_rest(drill, fault);
}

/* ---- the ledger ---- */

/* The interval after the one that was the last when everything had settled holds all of it. */
static enum sk_err await_interval(struct drill *drill, struct sk_fault *fault)
{
	struct sk_drill_head settled;
	int64_t until_ns = now_of(drill) + drill->options->wait_ns;
	SK_TRY(sk_drill_head(drill->workspace, drill->options->link, &settled, fault));
	(void)fprintf(drill->cmd->err, "%ssekisho: %zu frames sent; waiting for the sensor to sign its interval\n", drill->cmd->terminal ? "\r\033[K" : "", drill->shot_count);
	for (;;) {
		SK_TRY(sk_drill_head(drill->workspace, drill->options->link, &drill->after, fault));
		if (drill->after.any && (!settled.any || drill->after.number > settled.number))
			return SK_OK;
		if (now_of(drill) >= until_ns)
			return sk_fault_set(fault, SK_EDRILL, "the sensor has signed no interval of link %s since the frames were sent; nothing can be said (links are named in its ledger: is it this one?)",
					    drill->options->link);
		SK_TRY(sleep_until(drill, now_of(drill) + LOOK_NS, fault));
	}
}

static bool moved_enough(const struct sk_tally *sent, uint64_t frames, uint64_t bytes, struct drill *drill)
{
	if (sent->frames == 0)
		return true;
	if (frames < sent->frames || bytes < sent->bytes)
		drill->result->short_of = true;
	return frames == sent->frames && bytes == sent->bytes;
}

static void judge(struct drill *drill)
{
	struct sk_drill_record *record = &drill->result->record;
	const struct sk_drill_search *search = &drill->result->search;
	record->exact = true;
	for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		record->exact &= moved_enough(&record->classes_sent[class_], record->classes_moved[class_].frames, record->classes_moved[class_].bytes, drill);
	for (size_t i = 0; i < record->gate_sent.count; i++) {
		const struct sk_cell *sent = &record->gate_sent.cell[i];
		const struct sk_tally wanted = {.frames = sent->frames, .bytes = sent->bytes};
		struct sk_cell moved = {.frames = 0};
		for (size_t m = 0; m < record->gate_moved.count; m++)
			if (strcmp(record->gate_moved.cell[m].name, sent->name) == 0)
				moved = record->gate_moved.cell[m];
		record->exact &= moved_enough(&wanted, moved.frames, moved.bytes, drill);
	}
	record->files = search->files;
	record->file_bytes = search->file_bytes;
	record->memory_bytes = search->memory_bytes;
	record->memory_unread = search->memory_unread;
	record->rows = search->rows;
	record->found_files = search->found_files;
	record->found_memory = search->found_memory;
	record->found_rows = search->found_rows;
	record->passed = !drill->result->short_of && (record->exact || !drill->options->exact) && record->found_files + record->found_memory + record->found_rows == 0;
}

/* ---- the note ---- */

static enum sk_err note_path(struct drill *drill, struct sk_fault *fault)
{
	char folder[SK_PATH_MAX], when[SK_TIME_TEXT_MAX], name[SK_TIME_TEXT_MAX + 32];
	if (drill->options->output != NULL)
		return snprintf(drill->result->path, sizeof drill->result->path, "%s", drill->options->output) < (int)sizeof drill->result->path ? SK_OK
			       : sk_fault_set(fault, SK_ETOOBIG, "-o: the path is too long");
	SK_TRY(sk_file_make_folder(sk_workspace_path(drill->workspace, "drills", folder), FOLDER_MODE, fault));
	(void)snprintf(name, sizeof name, "drills/%s.drill", sk_time_format(drill->result->record.from_ns, 0, when));
	(void)sk_workspace_path(drill->workspace, name, drill->result->path);
	return SK_OK;
}

static enum sk_err sign(struct drill *drill, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_sign_key *key = NULL;
	struct sk_buf body, note;
	struct sk_record *record = malloc(sizeof *record);
	if (record == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	record->kind = SK_RECORD_DRILL;
	record->drill = drill->result->record;
	sk_buf_init(&body, NOTE_BYTES_MAX / 2);
	sk_buf_init(&note, NOTE_BYTES_MAX);
	enum sk_err err = sk_sign_key_load(drill->options->key != NULL ? drill->options->key : sk_workspace_path(drill->workspace, "keys/approver.key", path), &key, fault);
	if (err == SK_OK) {
		(void)sk_verify_key_format(sk_sign_key_public(key), record->drill.key);
		sk_record_write(&body, record);
		sk_buf_add_u8(&body, '\n');
		sk_note_sign(&note, sk_buf_text(&body), body.length, key);
		(void)sk_verify_key_format(sk_sign_key_public(key), drill->result->key);
		err = body.failed != SK_OK || note.failed != SK_OK ? sk_fault_set(fault, SK_ETOOBIG, "the drill's record has no form") : note_path(drill, fault);
	}
	if (err == SK_OK)
		err = sk_file_replace(drill->result->path, note.bytes, note.length, SECRET_MODE, fault);
	sk_sign_key_free(key);
	sk_buf_fini(&note);
	sk_buf_fini(&body);
	free(record);
	return err;
}

/* ---- the whole ---- */

static enum sk_err run(struct drill *drill, struct sk_fault *fault)
{
	struct sk_drill_record *record = &drill->result->record;
	SK_TRY(prepare(drill, fault));
	SK_TRY(make_plan(drill, fault));
	(void)snprintf(record->origin, sizeof record->origin, "%s", drill->workspace->origin);
	(void)snprintf(record->link, sizeof record->link, "%s", drill->options->link);
	memcpy(record->seed, drill->marks.seed, sizeof record->seed);
	record->before_size = drill->before.size;
	memcpy(record->before_root, drill->before.root, sizeof record->before_root);
	drill->result->search.marks = &drill->marks;
	SK_TRY(shoot(drill, fault));
	SK_TRY(await_interval(drill, fault));
	record->after_size = drill->after.size;
	memcpy(record->after_root, drill->after.root, sizeof record->after_root);
	SK_TRY(sk_drill_moved(drill->workspace, &drill->before, &drill->after, record, fault));
	/* What was signed now was searched before it was written. */
	SK_TRY(search_rest(drill, fault));
	judge(drill);
	return sign(drill, fault);
}

enum sk_err sk_drill_run(struct sk_cmd *cmd, const struct sk_workspace *workspace, const struct sk_drill_options *options, struct sk_drill_result *result, struct sk_fault *fault)
{
	struct drill *drill = calloc(1, sizeof *drill);
	if (drill == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	*drill = (struct drill){.cmd = cmd, .workspace = workspace, .options = options, .result = result};
	memset(result, 0, sizeof *result);
	sk_guard_no_core();
	sk_guard_signals(false);
	enum sk_err err = run(drill, fault);
	sk_live_pass_close(drill->pass);
	sk_border_close(drill->border);
	result->search.marks = NULL;
	free(drill->shots);
	sk_wipe(drill, sizeof *drill);
	free(drill);
	return err;
}
