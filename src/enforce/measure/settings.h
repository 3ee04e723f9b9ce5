/* SPDX-License-Identifier: Apache-2.0 */
/* The enforcer's configuration as flat keys: a YAML file of maps, lists and scalars becomes "watch" "60s", "targets[0].resolvers[1]" "udp:192.0.2.1:53".
   Each getter marks its key as known; what nobody asked for is an error at the end, so a slip of the pen is never silently a default.
   Promises: no aliases, anchors, tags, no key twice; bounded. All faults say FILE:LINE. */
#ifndef SK_MEASURE_SETTINGS_H
#define SK_MEASURE_SETTINGS_H

#include "base/addr.h"
#include "base/base.h"

enum { SK_SETTINGS_MAX = 8192, SK_SETTING_KEY_MAX = 96, SK_SETTING_VALUE_MAX = 1024, SK_SETTINGS_BYTES_MAX = 1 << 20 };

struct sk_settings_file; /* opaque: the whole file */
/* A view of it: the keys below a prefix ("" all, "targets[0]."). Plain value, borrowed from the file. */
struct sk_settings {
	struct sk_settings_file *file;
	char prefix[SK_SETTING_KEY_MAX];
};

/* Read YAML called name in messages. SK_EINPUT (FILE:LINE, what was expected), SK_ENOMEM. Caller frees. */
SK_MUST enum sk_err sk_settings_parse(const char *name, const char *yaml, size_t length, struct sk_settings_file **out, struct sk_fault *fault);
/* NULL is fine. */
void sk_settings_free(struct sk_settings_file *file);
/* The view below "KEY" (a map) or, with index >= 0, below element index of the list KEY. False: no such key or element. */
bool sk_settings_below(const struct sk_settings *settings, const char *key, int index, struct sk_settings *out);
/* How many elements has the list KEY? 0 when absent. */
size_t sk_settings_count(const struct sk_settings *settings, const char *key);
/* The scalar KEY (or "KEY[2]"), or fallback when absent; NULL fallback: NULL. Borrowed. */
const char *sk_settings_text(const struct sk_settings *settings, const char *key, const char *fallback);
/* The same, which must be there and not empty: SK_EINPUT. */
SK_MUST enum sk_err sk_settings_need(const struct sk_settings *settings, const char *key, const char **out, struct sk_fault *fault);
/* A whole number within least..most; fallback when absent. SK_EINPUT. */
SK_MUST enum sk_err sk_settings_number(const struct sk_settings *settings, const char *key, uint64_t least, uint64_t most, uint64_t fallback, uint64_t *out,
				       struct sk_fault *fault);
/* A duration with its unit ("30s", "4h") within least..most; fallback when absent. SK_EINPUT. */
SK_MUST enum sk_err sk_settings_time(const struct sk_settings *settings, const char *key, int64_t least_ns, int64_t most_ns, int64_t fallback_ns, int64_t *out_ns,
				     struct sk_fault *fault);
/* true or false; fallback when absent. SK_EINPUT. */
SK_MUST enum sk_err sk_settings_bool(const struct sk_settings *settings, const char *key, bool fallback, bool *out, struct sk_fault *fault);
/* Make an error about KEY: "FILE:LINE: KEY: words". Returns SK_EINPUT. */
SK_PRINTF(4, 5) enum sk_err sk_settings_fault(const struct sk_settings *settings, const char *key, struct sk_fault *fault, const char *format, ...);
/* Every scalar below the list or map KEY. Marks nothing. */
void sk_settings_each(const struct sk_settings *settings, const char *key, void (*each)(void *context, const char *value), void *context);
/* Does no key of the file speak of a forbidden act (sk_forbidden_check)? SK_EFORBIDDEN names FILE:LINE. rule: MEASURE-1 */
SK_MUST enum sk_err sk_settings_keys_allowed(const struct sk_settings_file *file, struct sk_fault *fault);
/* Was every key of the whole file asked for? SK_EINPUT names the first that was not, and its line. */
SK_MUST enum sk_err sk_settings_all_known(const struct sk_settings_file *file, struct sk_fault *fault);

#endif
