/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/ledger_tail.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/ledger.h"
#include "ledger/record_read.h"

struct scan {
	struct sk_tail *tail;
	struct sk_tail_link *links;
	size_t link_count;
	bool ended;                  /* the last run's stop or recovery, or its start, was seen: older runs have nothing pending */
	size_t seen_count;           /* links with an interval in the open run */
	char seen[SK_TAIL_LINKS_MAX][SK_LINK_TEXT_MAX];
};

/* The first one of a link, from the end on, is its last. */
static bool first_of_link(struct scan *scan, const char *link)
{
	for (size_t i = 0; i < scan->seen_count; i++)
		if (strcmp(scan->seen[i], link) == 0)
			return false;
	if (scan->seen_count < SK_TAIL_LINKS_MAX)
		memcpy(scan->seen[scan->seen_count++], link, SK_LINK_TEXT_MAX);
	return true;
}

static void take_interval(struct scan *scan, const struct sk_interval_record *interval)
{
	struct sk_tail *tail = scan->tail;
	if (!tail->any_interval)
		memcpy(tail->store, interval->store, sizeof tail->store);
	tail->any_interval = true;
	if (!scan->ended && first_of_link(scan, interval->link)) {
		tail->pending_frames += interval->pending_after.frames;
		tail->pending_bytes += interval->pending_after.bytes;
	}
	for (size_t i = 0; i < scan->link_count; i++) {
		struct sk_tail_link *link = &scan->links[i];
		if (link->any || strcmp(link->name, interval->link) != 0)
			continue;
		link->any = true;
		link->last_number = interval->number;
		link->pending_frames = interval->pending_after.frames;
	}
}

static void take_leaf(struct scan *scan, const struct sk_record *record, uint64_t index)
{
	switch (record->kind) {
	case SK_RECORD_RUN_STOP:
	case SK_RECORD_RECOVERY:
		scan->ended = true;
		break;
	case SK_RECORD_RUN_START:
		if (!scan->ended) {
			scan->tail->run_open = true;
			scan->tail->run_index = index;
			scan->tail->run_started_ns = record->run_start.started_ns;
		}
		scan->ended = true;
		break;
	case SK_RECORD_INTERVAL: take_interval(scan, &record->interval); break;
	default: break;
	}
}

static bool is_done(const struct scan *scan)
{
	bool done = scan->ended && scan->tail->any_interval;
	for (size_t i = 0; i < scan->link_count; i++)
		done = done && (scan->links[i].any || !scan->links[i].sought);
	return done;
}

enum sk_err sk_tail_read(const char *folder, uint64_t size, struct sk_tail_link *links, size_t count, struct sk_tail *out, struct sk_fault *fault)
{
	struct scan scan = {.tail = out, .links = links, .link_count = count};
	struct sk_record *record = malloc(sizeof *record);
	struct sk_buf bytes;
	struct sk_fault why = {.line = ""};
	*out = (struct sk_tail){.any_interval = false};
	if (record == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	sk_buf_init(&bytes, SK_RECORD_MAX_BYTES);
	enum sk_err err = SK_OK;
	for (uint64_t index = size; index > 0 && err == SK_OK && !is_done(&scan); index--) {
		sk_buf_reset(&bytes);
		err = sk_ledger_read(folder, size, index - 1, &bytes, fault);
		if (err != SK_OK)
			break;
		if (sk_record_parse(bytes.bytes, bytes.length, record, &why) != SK_OK)
			err = sk_fault_set(fault, SK_EINCONSISTENT, "%s: leaf %llu is not a record of ours (%s); run sekisho-verify on it", folder, (unsigned long long)(index - 1), why.line);
		else
			take_leaf(&scan, record, index - 1);
	}
	sk_buf_fini(&bytes);
	free(record);
	return err;
}
