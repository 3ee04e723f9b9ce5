/* SPDX-License-Identifier: Apache-2.0 */
/* What the ledger counted. Cells below k are held back and lie in sealed/, so what moved is: published, and what is held back now, less what was held back before. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cmd/drill.h"
#include "ledger/ledger.h"

enum { CARRY_BYTES_MAX = 65536, NAME_MAX_BYTES = 128, LINK_RECORDS_MAX = 64 };

static enum sk_err read_record(const char *folder, uint64_t size, uint64_t index, struct sk_record *record, struct sk_fault *fault)
{
	struct sk_buf bytes;
	sk_buf_init(&bytes, SK_RECORD_MAX_BYTES);
	enum sk_err err = sk_ledger_read(folder, size, index, &bytes, fault);
	if (err == SK_OK)
		err = sk_record_parse(bytes.bytes, bytes.length, record, fault);
	sk_buf_fini(&bytes);
	return err;
}

static enum sk_err read_carry(const struct sk_workspace *workspace, const char *link, uint64_t number, struct sk_carry *out, struct sk_fault *fault)
{
	char path[SK_PATH_MAX], name[NAME_MAX_BYTES];
	struct sk_buf bytes;
	(void)snprintf(name, sizeof name, "sealed/carry.%.60s.%llu.json", link, (unsigned long long)number);
	sk_buf_init(&bytes, CARRY_BYTES_MAX);
	enum sk_err err = sk_file_read(sk_workspace_path(workspace, name, path), &bytes, fault);
	if (err == SK_OK)
		err = sk_carry_read(bytes.bytes, bytes.length, out, fault);
	sk_buf_fini(&bytes);
	return err;
}

static enum sk_err read_head(const struct sk_workspace *workspace, const char *link, struct sk_drill_head *out, struct sk_fault *fault)
{
	char folder[SK_PATH_MAX];
	struct sk_checkpoint checkpoint;
	struct sk_record *record = malloc(sizeof *record);
	if (record == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	memset(out, 0, sizeof *out);
	enum sk_err err = sk_checkpoint_read(sk_workspace_path(workspace, "ledger", folder), NULL, NULL, &checkpoint, fault);
	for (uint64_t index = checkpoint.size; err == SK_OK && index > 0 && !out->any; index--) {
		err = read_record(folder, checkpoint.size, index - 1, record, fault);
		if (err != SK_OK || record->kind != SK_RECORD_INTERVAL || strcmp(record->interval.link, link) != 0)
			continue;
		out->any = true;
		out->number = record->interval.number;
	}
	if (err == SK_OK && out->any)
		err = read_carry(workspace, link, out->number, &out->carry, fault);
	if (err == SK_OK) {
		out->size = checkpoint.size;
		memcpy(out->root, checkpoint.root, sizeof out->root);
	}
	free(record);
	return err;
}

/* The sensor goes on while we read: what is gone meanwhile is looked for anew. */
enum sk_err sk_drill_head(const struct sk_workspace *workspace, const char *link, struct sk_drill_head *out, struct sk_fault *fault)
{
	enum { TRIES = 5 };
	enum sk_err err = SK_OK;
	for (unsigned i = 0; i < TRIES; i++) {
		err = read_head(workspace, link, out, fault);
		if (err == SK_OK)
			break;
	}
	return err;
}

enum sk_err sk_drill_link(const struct sk_workspace *workspace, char link[SK_LINK_TEXT_MAX], struct sk_fault *fault)
{
	char folder[SK_PATH_MAX];
	struct sk_checkpoint checkpoint;
	bool found = false;
	char other[SK_LINK_TEXT_MAX] = "";
	struct sk_record *record = malloc(sizeof *record);
	if (record == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	enum sk_err err = sk_checkpoint_read(sk_workspace_path(workspace, "ledger", folder), NULL, NULL, &checkpoint, fault);
	/* Links of one sensor are named in turn: the last few records of a run name them all. */
	for (uint64_t index = checkpoint.size, seen = 0; err == SK_OK && index > 0 && seen < LINK_RECORDS_MAX && other[0] == '\0'; index--) {
		err = read_record(folder, checkpoint.size, index - 1, record, fault);
		if (err != SK_OK || (found && record->kind == SK_RECORD_RUN_START))
			break;
		if (record->kind != SK_RECORD_KERNEL_GATE && record->kind != SK_RECORD_INTERVAL)
			continue;
		const char *name = record->kind == SK_RECORD_KERNEL_GATE ? record->kernel_gate.link : record->interval.link;
		if (found && strcmp(name, link) != 0)
			(void)snprintf(other, sizeof other, "%s", name);
		if (!found)
			(void)snprintf(link, SK_LINK_TEXT_MAX, "%s", name);
		found = true;
		seen++;
	}
	free(record);
	if (err == SK_OK && other[0] != '\0')
		return sk_fault_set(fault, SK_EUSAGE, "the sensor watches more than one link (%s, %s ...); name the one that --interface leads to with --link", link, other);
	return err == SK_OK && !found ? sk_fault_set(fault, SK_ENOENT, "%s: names no link yet; name it with --link", folder) : err;
}

/* ---- sums ---- */

static void add(struct sk_tally *to, uint64_t frames, uint64_t bytes)
{
	to->frames += frames;
	to->bytes += bytes;
}

static struct sk_cell *cell_of(struct sk_cells *cells, const char *name)
{
	size_t at = 0;
	while (at < cells->count && strcmp(cells->cell[at].name, name) < 0)
		at++;
	if (at < cells->count && strcmp(cells->cell[at].name, name) == 0)
		return &cells->cell[at];
	SK_INVARIANT(cells->count < SK_CELLS_MAX);
	memmove(&cells->cell[at + 1], &cells->cell[at], (cells->count - at) * sizeof cells->cell[0]);
	cells->count++;
	cells->cell[at] = (struct sk_cell){.frames = 0};
	(void)snprintf(cells->cell[at].name, sizeof cells->cell[at].name, "%s", name);
	return &cells->cell[at];
}

static void add_cell(struct sk_cells *to, const struct sk_cell *more)
{
	struct sk_cell *cell = cell_of(to, more->name);
	cell->frames += more->frames;
	cell->bytes += more->bytes;
}

static void take_interval(const struct sk_interval_record *interval, struct sk_drill_record *record)
{
	for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		add(&record->classes_moved[class_], interval->classes[class_].frames, interval->classes[class_].bytes);
	for (size_t i = 0; i < interval->gate_erased.count; i++)
		add_cell(&record->gate_moved, &interval->gate_erased.cell[i]);
}

static void take_carry(const struct sk_carry *carry, struct sk_tally classes[SK_CLASS_COUNT], struct sk_cells *gate)
{
	for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		add(&classes[class_], carry->classes[class_].frames, carry->classes[class_].bytes);
	for (size_t i = 0; i < carry->gate_count; i++)
		if (carry->gate[i].frames != 0)
			add_cell(gate, &carry->gate[i]);
}

static void drop_empty(struct sk_cells *cells)
{
	size_t kept = 0;
	for (size_t i = 0; i < cells->count; i++)
		if (cells->cell[i].frames != 0)
			cells->cell[kept++] = cells->cell[i];
	cells->count = kept;
}

/* What was held back before was not counted in these intervals, though it may have been published in them. */
static void settle(struct sk_drill_record *record)
{
	for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++) {
		struct sk_tally *moved = &record->classes_moved[class_];
		add(moved, record->classes_after[class_].frames - record->classes_before[class_].frames, record->classes_after[class_].bytes - record->classes_before[class_].bytes);
	}
	for (size_t i = 0; i < record->gate_after.count; i++)
		add_cell(&record->gate_moved, &record->gate_after.cell[i]);
	for (size_t i = 0; i < record->gate_before.count; i++) {
		struct sk_cell *moved = cell_of(&record->gate_moved, record->gate_before.cell[i].name);
		moved->frames -= record->gate_before.cell[i].frames;
		moved->bytes -= record->gate_before.cell[i].bytes;
	}
	drop_empty(&record->gate_moved);
}

enum sk_err sk_drill_moved(const struct sk_workspace *workspace, const struct sk_drill_head *before, const struct sk_drill_head *after, struct sk_drill_record *out, struct sk_fault *fault)
{
	char folder[SK_PATH_MAX];
	struct sk_record *record = malloc(sizeof *record);
	if (record == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	(void)sk_workspace_path(workspace, "ledger", folder);
	take_carry(&before->carry, out->classes_before, &out->gate_before);
	take_carry(&after->carry, out->classes_after, &out->gate_after);
	out->first = before->any ? before->number + 1 : 0;
	out->last = after->number;
	enum sk_err err = SK_OK;
	for (uint64_t index = before->size; err == SK_OK && index < after->size; index++) {
		err = read_record(folder, after->size, index, record, fault);
		if (err == SK_OK && record->kind == SK_RECORD_INTERVAL && strcmp(record->interval.link, out->link) == 0)
			take_interval(&record->interval, out);
	}
	settle(out);
	free(record);
	return err;
}
