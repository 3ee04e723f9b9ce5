/* SPDX-License-Identifier: Apache-2.0 */
/* BGP has no time-outs. What is announced is therefore noted here with its end, and taken away when that is past, even where the enforcer sees a conflict (one of several rules
   of an item was changed by somebody) and leaves the place alone. rule: BGP-3 */
#include "target/bgp_priv.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "text/lines.h"
#include "text/text.h"

/* The enforcer itself comes first. */
static const int64_t grace_ns = INT64_C(15) * 1000000000;
enum { HELD_MAX = 1 << 16, HELD_BYTES_MAX = 16 << 20 };

static enum sk_err path_of(const struct sk_bgp *bgp, char path[SK_PATH_MAX], struct sk_fault *fault)
{
	if (sk_file_join(path, SK_PATH_MAX, bgp->place->folder, "held") == SK_OK)
		return SK_OK;
	return sk_fault_set(fault, SK_ETARGET, "%s: %s: too long a path", bgp->place->name, bgp->place->folder);
}

static enum sk_err grow(struct sk_bgp_held *held)
{
	if (held->count < held->places)
		return SK_OK;
	size_t places = held->places == 0 ? 64 : held->places * 2;
	struct sk_bgp_holding *more = places > HELD_MAX ? NULL : realloc(held->holdings, places * sizeof *more);
	if (more == NULL)
		return SK_ENOMEM;
	held->holdings = more;
	held->places = places;
	return SK_OK;
}

static size_t find(const struct sk_bgp_held *held, enum sk_action action, const char *target)
{
	size_t i = 0;
	while (i < held->count && (held->holdings[i].action != action || strcmp(held->holdings[i].target, target) != 0))
		i++;
	return i;
}

static enum sk_err put(struct sk_bgp_held *held, const struct sk_bgp_holding *holding)
{
	size_t at = find(held, holding->action, holding->target);
	if (at == held->count) {
		SK_TRY(grow(held));
		held->count++;
	}
	held->holdings[at] = *holding;
	return SK_OK;
}

/* UNTIL ACTION RATE TAG TARGET */
static bool read_line(char *line, struct sk_bgp_holding *out)
{
	char *word[5];
	uint64_t action = 0;
	*out = (struct sk_bgp_holding){.until_ns = 0};
	if (sk_lines_split(line, ' ', word, SK_COUNT(word)) != SK_COUNT(word) || sk_time_parse(word[0], &out->until_ns) != SK_OK ||
	    sk_lines_number(word[1], SK_ACTION_COUNT - 1, &action) != SK_OK || sk_lines_number(word[2], UINT64_MAX, &out->rate_bytes_per_s) != SK_OK ||
	    strlen(word[3]) != SK_TAG_MAX - 1 || strspn(word[3], "0123456789abcdef") != SK_TAG_MAX - 1 || strlen(word[4]) >= sizeof out->target)
		return false;
	out->action = (enum sk_action)action;
	memcpy(out->tag, word[3], SK_TAG_MAX);
	memcpy(out->target, word[4], strlen(word[4]) + 1);
	return true;
}

enum sk_err sk_bgp_held_read(struct sk_bgp *bgp, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_buf text;
	struct sk_lines lines;
	struct sk_bgp_holding holding;
	SK_TRY(path_of(bgp, path, fault));
	sk_buf_init(&text, HELD_BYTES_MAX);
	enum sk_err err = sk_file_read(path, &text, fault);
	if (err != SK_OK) {
		sk_buf_fini(&text);
		return err == SK_ENOENT ? SK_OK : err;
	}
	sk_lines_begin(&lines, path, text.bytes, text.length);
	while ((err = sk_lines_next(&lines, fault)) == SK_OK) {
		if (!read_line(lines.text, &holding))
			err = sk_lines_fault(&lines, fault, "not a line of ours; look who wrote it");
		if (err == SK_OK)
			err = put(&bgp->held, &holding);
		if (err != SK_OK)
			break;
	}
	sk_buf_fini(&text);
	return err == SK_ENOENT ? SK_OK : err;
}

static enum sk_err write_held(const struct sk_bgp *bgp, struct sk_fault *fault)
{
	char path[SK_PATH_MAX], time[SK_TIME_TEXT_MAX];
	struct sk_buf text;
	SK_TRY(path_of(bgp, path, fault));
	sk_buf_init(&text, HELD_BYTES_MAX);
	for (size_t i = 0; i < bgp->held.count; i++) {
		const struct sk_bgp_holding *holding = &bgp->held.holdings[i];
		sk_buf_addf(&text, "%s %u %llu %s %s\n", sk_time_format(holding->until_ns, 9, time), (unsigned)holding->action, (unsigned long long)holding->rate_bytes_per_s, holding->tag,
			    holding->target);
	}
	enum sk_err err = text.failed != SK_OK ? text.failed : sk_file_replace(path, text.bytes, text.length, 0600, fault);
	sk_buf_fini(&text);
	return err == SK_OK || err == SK_ENOMEM ? err : SK_ETARGET;
}

enum sk_err sk_bgp_held_add(struct sk_bgp *bgp, const struct sk_item *items, size_t count, struct sk_fault *fault)
{
	for (size_t i = 0; i < count; i++) {
		struct sk_bgp_holding holding = {.until_ns = items[i].until_ns, .action = items[i].action, .rate_bytes_per_s = items[i].rate_bytes_per_s};
		memcpy(holding.tag, items[i].tag, sizeof holding.tag);
		(void)snprintf(holding.target, sizeof holding.target, "%s", items[i].target);
		SK_TRY(put(&bgp->held, &holding));
	}
	return write_held(bgp, fault);
}

enum sk_err sk_bgp_held_drop(struct sk_bgp *bgp, const struct sk_item *items, size_t count, struct sk_fault *fault)
{
	size_t before = bgp->held.count;
	for (size_t i = 0; i < count; i++) {
		size_t at = find(&bgp->held, items[i].action, items[i].target);
		if (at < bgp->held.count && strcmp(bgp->held.holdings[at].tag, items[i].tag) == 0)
			bgp->held.holdings[at] = bgp->held.holdings[--bgp->held.count];
	}
	return before != bgp->held.count ? write_held(bgp, fault) : SK_OK;
}

enum sk_err sk_bgp_turn(struct sk_bgp *bgp, void *self, enum sk_err (*clear)(void *self, const struct sk_item *items, size_t count, struct sk_fault *fault), struct sk_fault *fault)
{
	int64_t now_ns = bgp->place->clock.unix_ns(bgp->place->clock.context);
	for (size_t i = 0; i < bgp->held.count; i++) {
		const struct sk_bgp_holding holding = bgp->held.holdings[i]; /* clear takes it out */
		if (holding.until_ns == 0 || now_ns - grace_ns < holding.until_ns)
			continue;
		struct sk_item item = {.target = holding.target, .action = holding.action, .rate_bytes_per_s = holding.rate_bytes_per_s, .until_ns = holding.until_ns};
		memcpy(item.tag, holding.tag, sizeof item.tag);
		SK_TRY(clear(self, &item, 1, fault));
		i--;
	}
	return SK_OK;
}

void sk_bgp_fini(struct sk_bgp *bgp)
{
	free(bgp->held.holdings);
	bgp->held = (struct sk_bgp_held){.count = 0};
}
