/* SPDX-License-Identifier: Apache-2.0 */
/* conf: the sensor's configuration: one table of keys (conf.def) reads YAML, checks it, writes it, explains itself.
   Promises: all errors of a file are told, each as FILE:LINE:COLUMN, what was found, what was expected, what to do; nothing half-read is handed out;
   what is written parses again to the same. Whoever uses a value reads a member of struct sk_conf: no look-up by name.
   Never: resolves a name, opens another file than the one that it was given, follows aliases, anchors, tags or merge keys. */
#ifndef SK_CONF_H
#define SK_CONF_H

#include "base/addr.h"
#include "base/file.h"

/* All words of choices, numbered through; 0 is none. */
enum sk_conf_choice {
	SK_CONF_CHOICE_NONE,
#define SK_CONF_CHOICE(group, symbol, word, prose) SK_CONF_##group##_##symbol,
#include "conf/choice.def"
};

enum {
	SK_CONF_WORD_MAX = 64, SK_CONF_LABEL_MAX = 32, SK_CONF_INTERFACE_MAX = 16 /* IFNAMSIZ */, SK_CONF_SOCKET_MAX = 108 /* sun_path */,
	SK_CONF_FILE_MAX = 1 << 18, SK_CONF_DEPTH_MAX = 8, SK_CONF_EVENTS_MAX = 20000, SK_CONF_VALUE_MAX = 4095, SK_CONF_ERRORS_MAX = 64
};

struct sk_conf_rate {
	uint64_t count;
	int64_t per_ns;
};
/* addr.family 0: not set. */
struct sk_conf_endpoint {
	struct sk_addr addr;
	uint16_t port;
};

/* ---- the typed struct; units stand in the members' names: _ns, _bytes, _ppm (millionths) ---- */
#define SK_CONF_TYPE_BOOL(member) bool member
#define SK_CONF_TYPE_COUNT(member) uint64_t member
#define SK_CONF_TYPE_BYTES(member) uint64_t member
#define SK_CONF_TYPE_TIME(member) int64_t member
#define SK_CONF_TYPE_RATE(member) struct sk_conf_rate member
#define SK_CONF_TYPE_SHARE(member) uint32_t member
#define SK_CONF_TYPE_CHOICE(member) uint16_t member
#define SK_CONF_TYPE_WORD(member) char member[SK_CONF_WORD_MAX]
#define SK_CONF_TYPE_LABEL(member) char member[SK_CONF_LABEL_MAX]
#define SK_CONF_TYPE_INTERFACE(member) char member[SK_CONF_INTERFACE_MAX]
#define SK_CONF_TYPE_PATH(member) char member[SK_PATH_MAX]
#define SK_CONF_TYPE_SOCKET(member) char member[SK_CONF_SOCKET_MAX]
#define SK_CONF_TYPE_PREFIX(member) struct sk_prefix member
#define SK_CONF_TYPE_ENDPOINT(member) struct sk_conf_endpoint member
#define SK_CONF_ONE(member, key, type, ...) SK_CONF_TYPE_##type(member);
#define SK_CONF_MANY(member, key, type, places, ...) \
	struct { \
		uint32_t count; \
		SK_CONF_TYPE_##type(items[places]); \
	} member;

struct sk_conf_link {
#define SK_CONF_LINK SK_CONF_ONE
#include "conf/conf.def"
};
struct sk_conf_export {
#define SK_CONF_EXPORT SK_CONF_ONE
#define SK_CONF_EXPORT_LIST SK_CONF_MANY
#include "conf/conf.def"
};
#define SK_CONF_ELEMENT_LINK struct sk_conf_link
#define SK_CONF_ELEMENT_EXPORT struct sk_conf_export
struct sk_conf {
#define SK_CONF_KEY SK_CONF_ONE
#define SK_CONF_KEY_LIST SK_CONF_MANY
#define SK_CONF_MAPS(member, key, places, element, ...) \
	struct { \
		uint32_t count; \
		SK_CONF_ELEMENT_##element items[places]; \
	} member;
#include "conf/conf.def"
};

/* ---- reading ---- */

/* What is wrong with a file, in its order. more: errors beyond the places here. */
struct sk_conf_report {
	size_t count;
	uint64_t more;
	struct sk_fault faults[SK_CONF_ERRORS_MAX];
};

/* Every key at its default; keys that must be given are empty. */
void sk_conf_defaults(struct sk_conf *conf);
/* Read YAML of length bytes, called name in messages, over the defaults. SK_EINPUT with at least one fault in the report when anything is wrong; *conf is
   then not to be used. SK_ENOMEM. */
SK_MUST enum sk_err sk_conf_parse(const char *name, const void *yaml, size_t length, struct sk_conf *conf, struct sk_conf_report *report);
/* The same from a file. SK_ENOENT, SK_EIO, SK_ETOOBIG beside; those stand in the report too. */
SK_MUST enum sk_err sk_conf_read(const char *path, struct sk_conf *conf, struct sk_conf_report *report);

/* ---- writing ---- */

/* Append the canonical form: every key in the table's order, or (changed) those alone that differ from their default. What was parsed without an error
   is written so that it parses to the same. */
void sk_conf_write(const struct sk_conf *conf, bool changed, struct sk_buf *out);

/* Called with the key's path ("links", "eve.rotate.size") and whether a running sensor can take the new value. */
typedef void (*sk_conf_change)(void *context, const char *key, bool reloadable);
/* Tell each key whose value differs; of links and exports "links[].allow" when their elements are as many and have the same names, else the list. */
void sk_conf_compare(const struct sk_conf *before, const struct sk_conf *after, sk_conf_change change, void *context);

/* Take from fresh what a running sensor can take; the rest stays. */
void sk_conf_take(struct sk_conf *conf, const struct sk_conf *fresh);

/* ---- the table ---- */

/* What is known of one key. Texts are static; standard is NULL when the key must be given; least and most are "" when the type alone bounds it. */
struct sk_conf_facts {
	const char *key, *type, *unit, *least, *most, *standard, *since, *sentence, *prose;
	bool reloadable;
	unsigned places;       /* of a list; 0: one value */
	size_t choice_count;
	const char *choices[8], *choice_prose[8];
};
/* Key number i of the table, in its order; false behind the last. */
bool sk_conf_facts(size_t i, struct sk_conf_facts *out);
/* The key nearest to text by spelling; NULL when none is near. Static storage. */
const char *sk_conf_nearest(const char *text);

#endif
