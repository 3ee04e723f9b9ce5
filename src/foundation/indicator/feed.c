/* SPDX-License-Identifier: Apache-2.0 */
/* A MISP feed: a folder in which manifest.json names events by their UUID, each in a file of that name. All of its events are taken, or nothing. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "indicator/indicator_priv.h"

enum { UUID_LENGTH = 36, EVENTS_MAX = 60000 };

/* Nothing but digits in groups: no name in a manifest leads out of its folder. */
static bool is_uuid(const char *text)
{
	if (strlen(text) != UUID_LENGTH)
		return false;
	for (unsigned i = 0; i < UUID_LENGTH; i++, text++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		bool digit = (*text >= '0' && *text <= '9') || (*text >= 'a' && *text <= 'f') || (*text >= 'A' && *text <= 'F');
		if (dash ? *text != '-' : !digit)
			return false;
	}
	return true;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum sk_err read_manifest(const char *path, const char *text, size_t length, struct sk_feed *feed, struct sk_fault *fault)
{
	SK_TRY(sk_json_c_parse(path, text, length, &feed->manifest, fault));
	if (!json_object_is_type(feed->manifest, json_type_object))
		return sk_fault_set(fault, SK_EINPUT, "%s: not the manifest of a MISP feed: an object with a UUID for each event was expected", path);
	feed->count = (size_t)json_object_object_length(feed->manifest);
	if (feed->count == 0 || feed->count > EVENTS_MAX)
		return sk_fault_set(fault, SK_EINPUT, "%s: a manifest of %zu events; 1 to %d were expected", path, feed->count, EVENTS_MAX);
	feed->events = calloc(feed->count, sizeof *feed->events);
	if (feed->events == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", path);
	size_t i = 0;
	struct json_object_iterator at = json_object_iter_begin(feed->manifest), end = json_object_iter_end(feed->manifest);
	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
		const char *key = json_object_iter_peek_name(&at);
		if (!is_uuid(key))
			return sk_fault_set(fault, SK_EINPUT, "%s: an event's name is no UUID; not the manifest of a MISP feed", path);
		feed->events[i++] = key;
	}
	qsort(feed->events, feed->count, sizeof *feed->events, by_name);
	return SK_OK;
}

enum sk_err sk_feed_parse(const char *path, const char *text, size_t length, struct sk_feed *feed, struct sk_fault *fault)
{
	*feed = (struct sk_feed){.count = 0};
	enum sk_err err = read_manifest(path, text, length, feed, fault);
	if (err != SK_OK)
		sk_feed_fini(feed);
	return err;
}

enum sk_err sk_feed_open(const char *folder, struct sk_feed *feed, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_buf text;
	if (sk_file_join(path, sizeof path, folder, "manifest.json") != SK_OK)
		return sk_fault_set(fault, SK_ETOOBIG, "%s: the path is too long", folder);
	if (!sk_file_exists(path))
		return sk_fault_set(fault, SK_EINPUT, "%s: a folder without a manifest.json: not a MISP feed; name the files in it", folder);
	sk_buf_init(&text, SK_INDICATOR_JSON_MAX_BYTES);
	enum sk_err err = sk_file_read(path, &text, fault);
	if (err == SK_OK)
		err = sk_feed_parse(path, sk_buf_text(&text), text.length, feed, fault);
	sk_buf_fini(&text);
	return err;
}

void sk_feed_fini(struct sk_feed *feed)
{
	(void)json_object_put(feed->manifest);
	free(feed->events);
	*feed = (struct sk_feed){.count = 0};
}
