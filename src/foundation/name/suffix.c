/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a name, by the public suffix list. */
#include <libpsl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "name/name.h"
#include "name/name_priv.h"

enum { PATH_BYTES = 256, LINE_BYTES = 256, LABELS_LOOKED_AT = 7 /* the longest rule of the list has five, and one stands in front of it */, SIEVE_BITS = 20 };

/* A bit for each rule's text: most names that are asked for are no rule, and a bit says so. */
struct sieve {
	uint64_t bits[(1u << SIEVE_BITS) / 64];
};

struct sk_suffixes {
	psl_ctx_t *list;
	bool sieved;
	struct sieve rules, stars; /* stars: what stands behind "*." */
};

/* FNV-1a from the end to the front, so that one pass over a name passes by the hash of each of its suffixes. Whoever makes names collide makes them slow, not
   wrong: libpsl has the last word. */
static const uint64_t hash_start = UINT64_C(0xcbf29ce484222325);

static uint64_t hash_more(uint64_t hash, char c)
{
	return (hash ^ (uint8_t)c) * UINT64_C(0x100000001b3);
}

/* Goes on with what stands in front of what the hash is of. */
static uint64_t hash_front(uint64_t hash, const char *text, size_t length)
{
	for (size_t i = length; i > 0; i--)
		hash = hash_more(hash, text[i - 1]);
	return hash;
}

static bool is_in(const struct sieve *sieve, uint64_t hash)
{
	uint64_t bit = hash >> (64 - SIEVE_BITS);
	return (sieve->bits[bit / 64] >> bit % 64 & 1) != 0;
}

static void put_in(struct sieve *sieve, uint64_t hash)
{
	uint64_t bit = hash >> (64 - SIEVE_BITS);
	sieve->bits[bit / 64] |= UINT64_C(1) << bit % 64;
}

/* A rule a line; "*.kobe.jp" stands under "kobe.jp", "!city.kobe.jp" under itself. */
static bool fill_sieve(struct sk_suffixes *suffixes, const char *path)
{
	FILE *file = fopen(path, "re");
	char line[LINE_BYTES];
	if (file == NULL)
		return false;
	while (fgets(line, sizeof line, file) != NULL) {
		bool star = strncmp(line, "*.", 2) == 0;
		const char *rule = line + (line[0] == '!') + 2 * star;
		size_t length = strcspn(rule, " \t\r\n");
		if (length == 0 || strncmp(line, "//", 2) == 0)
			continue;
		put_in(&suffixes->rules, hash_front(hash_start, rule, length));
		if (star)
			put_in(&suffixes->stars, hash_front(hash_start, rule, length));
	}
	bool whole = ferror(file) == 0;
	(void)fclose(file);
	return whole;
}

/* The list's text is searched by halving; the automaton that is made of it, which psl_latest opens, through all that may stand at a place: three times as slow. */
static void open_text(struct sk_suffixes *suffixes)
{
	static const char automaton[] = ".dafsa", text[] = ".dat";
	const char *path = psl_dist_filename();
	size_t stem = strlen(path);
	char at[PATH_BYTES];
	if (stem < sizeof automaton || stem >= sizeof at || strcmp(path + stem - (sizeof automaton - 1), automaton) != 0)
		return;
	stem -= sizeof automaton - 1;
	memcpy(at, path, stem);
	memcpy(at + stem, text, sizeof text);
	suffixes->list = psl_load_file(at);
	suffixes->sieved = suffixes->list != NULL && fill_sieve(suffixes, at);
}

enum sk_err sk_suffixes_open(struct sk_suffixes **out)
{
	*out = calloc(1, sizeof **out);
	if (*out == NULL)
		return SK_ENOMEM;
	open_text(*out);
	if ((*out)->list == NULL)
		(*out)->list = psl_latest(NULL);
	if ((*out)->list != NULL)
		return SK_OK;
	free(*out);
	*out = NULL;
	return SK_EIO;
}

void sk_suffixes_close(struct sk_suffixes *suffixes)
{
	if (suffixes == NULL)
		return;
	psl_free(suffixes->list);
	free(suffixes);
}

/* Rules of other scripts stand in the list as they are written, and are asked for as "xn--". */
bool sk_suffixes_hold(const struct sk_suffixes *suffixes, const char *name)
{
	size_t length = strlen(name);
	const char *dot = memchr(name, '.', length);
	size_t first = dot != NULL ? (size_t)(dot + 1 - name) : length; /* the first label and its dot */
	uint64_t parent = hash_front(hash_start, name + first, length - first);
	bool may = is_in(&suffixes->rules, hash_front(parent, name, first)) || is_in(&suffixes->stars, parent);
	if (suffixes->sieved && !may && strstr(name, "xn--") == NULL)
		return false;
	return psl_is_public_suffix2(suffixes->list, name, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) != 0;
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* Where each of the last labels begins, the rightmost first, as far as they are plain: what stands in front of a registered domain may be anything. 0 when there is
   an empty label, or one too long. */
static unsigned find_labels(const char *text, size_t length, uint8_t at[LABELS_LOOKED_AT], unsigned *labels)
{
	unsigned found = 0;
	bool plain = true;
	size_t end = length;
	*labels = 0;
	for (size_t i = length; i > 0; i--) {
		bool dot = text[i - 1] == '.';
		plain &= dot || is_plain(text[i - 1]);
		size_t start = dot ? i : i - 1;
		if (!dot && i > 1)
			continue;
		if (start >= end || (plain && end - start > SK_LABEL_MAX))
			return 0;
		if (plain && found < LABELS_LOOKED_AT)
			at[found++] = (uint8_t)start;
		++*labels;
		end = i - 1;
	}
	return text[0] != '.' ? found : 0;
}

/* The prefix of another script, where a label may have it. */
static bool is_foreign(const char *text, const uint8_t *at, unsigned found)
{
	bool foreign = false;
	for (unsigned n = 0; n < found; n++)
		foreign |= text[at[n]] == 'x' && strncmp(text + at[n], "xn--", 4) == 0;
	return foreign;
}

/* Which runs of labels from the right may be a suffix, as bits: bit n for n labels. A rule of another script is not found by the text that names have. */
static unsigned may_be_suffix(const struct sk_suffixes *suffixes, const char *text, const uint8_t *at, unsigned found)
{
	unsigned may = 0;
	uint64_t hash = hash_start;
	bool under_star = false;
	size_t from = strlen(text + at[0]) + at[0];
	if (!suffixes->sieved || is_foreign(text, at, found))
		return ~0u;
	for (unsigned n = 1; n <= found; n++) {
		for (; from > at[n - 1]; from--)
			hash = hash_more(hash, text[from - 1]);
		/* What stands behind a star is in both. */
		bool rule = is_in(&suffixes->rules, hash);
		may |= (unsigned)(rule || under_star) << n;
		under_star = rule && is_in(&suffixes->stars, hash);
	}
	return may;
}

/* The longest run of labels from the right that is a suffix: how many. Without a rule it is one. */
static unsigned suffix_labels(const struct sk_suffixes *suffixes, const char *text, const uint8_t *at, unsigned found, unsigned may, int type)
{
	for (unsigned n = found; n > 1; n--)
		if ((may >> n & 1) != 0 && psl_is_public_suffix2(suffixes->list, text + at[n - 1], type))
			return n;
	return 1;
}

const char *sk_suffixes_registered(const struct sk_suffixes *suffixes, const char *name)
{
	uint8_t at[LABELS_LOOKED_AT];
	unsigned labels;
	size_t length = strnlen(name, SK_NAME_MAX + 1);
	unsigned found = length != 0 && length <= SK_NAME_MAX ? find_labels(name, length, at, &labels) : 0;
	if (found != 0 && (found == labels || found == LABELS_LOOKED_AT)) {
		unsigned n = suffix_labels(suffixes, name, at, found, may_be_suffix(suffixes, name, at, found), PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE);
		return n < found ? name + at[n] : NULL;
	}
	/* Not a name as decode writes them: what libpsl makes of it. */
	const char *from = name + strlen(name);
	for (unsigned seen = 0; from > name; from--)
		if (from[-1] == '.' && ++seen == LABELS_LOOKED_AT)
			break;
	return psl_registrable_domain(suffixes->list, from);
}

static bool is_number(const char *label, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (label[i] < '0' || label[i] > '9')
			return false;
	return length > 0;
}

/* Is the end of the name from `at` on one of these? */
static bool is_listed(const char *end, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (end[0] == list[i][0] && strcmp(end, list[i]) == 0)
			return true;
	return false;
}

static bool is_dynamic(const char *suffix)
{
	static const char *const suffixes[] = {
#define SK_DYNAMIC(domain) domain,
#include "name/dynamic.def"
#undef SK_DYNAMIC
	};
	return is_listed(suffix, suffixes, SK_COUNT(suffixes));
}

/* Whose choice it was: labels in front of so many, when there is one. */
static void set_label(struct sk_name *name, const uint8_t *at, unsigned found, unsigned n)
{
	if (n >= found)
		return;
	name->label_at = at[n];
	name->label_length = (uint8_t)(at[n - 1] - 1 - at[n]);
}

bool sk_name_split(const struct sk_suffixes *suffixes, const char *text, struct sk_name *out)
{
	uint8_t at[LABELS_LOOKED_AT];
	unsigned labels;
	size_t length = strnlen(text, SK_NAME_MAX + 1);
	*out = (struct sk_name){0};
	if (length == 0 || length > SK_NAME_MAX)
		return false;
	unsigned found = find_labels(text, length, at, &labels);
	/* No top domain is a number: that is an address. */
	if (found == 0 || is_number(text + at[0], length - at[0]))
		return false;
	unsigned may = may_be_suffix(suffixes, text, at, found), n = suffix_labels(suffixes, text, at, found, may, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE), registry = n;
	*out = (struct sk_name){.text = text, .length = (uint8_t)length, .labels = (uint8_t)labels, .suffix_at = at[n - 1],
				.registered_at = n < found ? at[n] : (uint8_t)length};
	out->listed = n > 1 || ((may >> 1 & 1) != 0 && psl_is_public_suffix2(suffixes->list, text + at[0], PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE));
	if (n > 1)
		registry = suffix_labels(suffixes, text, at, n, may, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE);
	out->rented = registry < n;
	out->dynamic = out->rented && is_dynamic(text + at[n - 1]);
	set_label(out, at, found, out->rented && !out->dynamic ? registry : n);
	return true;
}

/* ---- tables of ours ---- */

bool sk_name_text_is_inner(const char *text)
{
	static const char *const inner[] = {"arpa", "local", "lan", "home", "internal", "localdomain", "corp", "onion", "test", "example", "invalid", "intranet", "private", "domain",
					    "workgroup", "localhost", "alt", "belkin", "fritz", "router"};
	const char *last = strrchr(text, '.');
	return last == NULL || is_listed(last + 1, inner, SK_COUNT(inner));
}

bool sk_name_is_inner(const struct sk_name *name)
{
	return sk_name_text_is_inner(name->text);
}

struct ending {
	const char *text;
	uint8_t length;
};
#define ENDING(domain) {domain, sizeof(domain) - 1},

/* Does the name end in one of the list, at a label? The lists are short, and most entries differ in their last letters. */
static bool ends_in(const struct sk_name *name, const struct ending *list, size_t count)
{
	const char *end = name->text + name->length;
	for (size_t i = 0; i < count; i++) {
		size_t length = list[i].length;
		if (length > name->length || end[-1] != list[i].text[length - 1] || (length < name->length && end[-(ptrdiff_t)length - 1] != '.'))
			continue;
		if (memcmp(end - length, list[i].text, length) == 0)
			return true;
	}
	return false;
}

bool sk_name_is_lookup(const struct sk_name *name)
{
	static const struct ending services[] = {
#define SK_SERVICE(domain) ENDING(domain)
#include "name/service.def"
#undef SK_SERVICE
	};
	return ends_in(name, services, SK_COUNT(services));
}

bool sk_name_is_content(const struct sk_name *name)
{
	static const struct ending networks[] = {
#define SK_CONTENT(domain) ENDING(domain)
#include "name/content.def"
#undef SK_CONTENT
	};
	return ends_in(name, networks, SK_COUNT(networks));
}

bool sk_name_is_pool(const struct sk_name *name)
{
	static const struct ending pools[] = {
#define SK_POOL(domain) ENDING(domain)
#include "name/pool.def"
#undef SK_POOL
	};
	return ends_in(name, pools, SK_COUNT(pools));
}
