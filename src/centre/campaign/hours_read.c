/* SPDX-License-Identifier: Apache-2.0 */
/* A file of events: one time a line. */
#include <stdlib.h>

#include "campaign/hours.h"
#include "text/lines.h"
#include "text/text.h"

enum { FIRST_ROOM = 1024 };
static const int64_t second_ns = 1000000000;

static enum sk_err put(int64_t **times, size_t *count, size_t *room, int64_t time_s)
{
	if (*count == *room) {
		size_t wanted = *room == 0 ? FIRST_ROOM : 2 * *room;
		int64_t *grown = realloc(*times, wanted * sizeof *grown);
		if (grown == NULL)
			return SK_ENOMEM;
		*times = grown;
		*room = wanted;
	}
	(*times)[(*count)++] = time_s;
	return SK_OK;
}

static enum sk_err read_line(struct sk_lines *lines, int64_t *time_s, struct sk_fault *fault)
{
	int64_t ns;
	enum sk_err err = sk_time_parse(lines->text, &ns);
	/* A date alone has no hour: it would count as midnight, and make a night owl of its owner. */
	if (err == SK_OK && strlen(lines->text) > strlen("YYYY-MM-DD") - (lines->text[0] == '@' ? strlen("YYYY-MM-DD") : 0)) {
		*time_s = ns / second_ns - (ns % second_ns < 0);
		return SK_OK;
	}
	return err == SK_ETOOBIG ? sk_lines_fault(lines, fault, "'%.60s' lies outside 1678 to 2261", lines->text)
				 : sk_lines_fault(lines, fault, "'%.60s' is no time; one as 2026-03-01T09:30:00Z or 2026-03-01T18:30:00+09:00 a line was expected", lines->text);
}

enum sk_err sk_hours_read(const char *label, const void *bytes, size_t length, int64_t **times_s, size_t *count, struct sk_fault *fault)
{
	struct sk_lines lines;
	size_t room = 0;
	int64_t time_s = 0;
	enum sk_err err;
	*times_s = NULL;
	*count = 0;
	sk_lines_begin(&lines, label, bytes, length);
	while ((err = sk_lines_next(&lines, fault)) == SK_OK) {
		if (lines.text[0] == '\0' || lines.text[0] == '#')
			continue;
		if (*count == SK_HOURS_EVENTS_MAX)
			err = sk_lines_fault(&lines, fault, "more than %d events; give a part of them", SK_HOURS_EVENTS_MAX);
		else
			err = read_line(&lines, &time_s, fault);
		if (err == SK_OK && put(times_s, count, &room, time_s) != SK_OK)
			err = sk_fault_set(fault, SK_ENOMEM, "out of memory");
		if (err != SK_OK)
			break;
	}
	if (err == SK_ENOENT)
		return SK_OK;
	free(*times_s);
	*times_s = NULL;
	*count = 0;
	return err;
}
