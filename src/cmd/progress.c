/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/progress.h"

#include <string.h>

#include "text/text.h"

enum { SHOW_EVERY_NS = 200000000 };

void sk_progress_start(struct sk_progress *progress, struct sk_cmd *cmd)
{
	*progress = (struct sk_progress){.cmd = cmd, .started_ns = cmd->clock.monotonic_ns(cmd->clock.context)};
}

void sk_progress_file(struct sk_progress *progress, const char *path)
{
	progress->file = path;
}

void sk_progress_show(struct sk_progress *progress, const struct sk_capture_stats *stats)
{
	struct sk_cmd *cmd = progress->cmd;
	if (cmd == NULL || !cmd->terminal)
		return;
	int64_t now_ns = cmd->clock.monotonic_ns(cmd->clock.context);
	if (now_ns - progress->shown_ns < SHOW_EVERY_NS)
		return;
	progress->shown_ns = now_ns;
	progress->drawn = true;
	char frames[SK_UNIT_TEXT_MAX], bytes[SK_UNIT_TEXT_MAX];
	const char *name = strrchr(progress->file, '/');
	(void)fprintf(cmd->err, "\r\033[K%.40s  %s frames  %s", name != NULL ? name + 1 : progress->file, sk_number_format(stats->frames, frames),
		      sk_bytes_format(stats->read_bytes, bytes));
	if (stats->source_bytes > 0)
		(void)fprintf(cmd->err, "  %u %%", (unsigned)(stats->read_bytes * 100 / stats->source_bytes));
	(void)fflush(cmd->err);
}

void sk_progress_clear(struct sk_progress *progress)
{
	if (progress->drawn)
		(void)fprintf(progress->cmd->err, "\r\033[K");
	progress->drawn = false;
}
