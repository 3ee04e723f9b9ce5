/* SPDX-License-Identifier: Apache-2.0 */
/* What is never done and what is never touched. Lists are compiled in; a configuration adds to them and takes nothing away. */
#include "measure/measure.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "name/name.h"

enum { GUARD_PLACES_MAX = 4 << 20, DOMAIN_MAX = 254, WORD_MAX = 48, WHY_MAX = 48 };

/* ---- forbidden acts ---- */

static const struct {
	const char *name, *means, *words;
} forbidden[] = {
#define SK_FORBIDDEN(symbol, name, means, words) {name, means, words},
#include "measure/forbidden.def"
#undef SK_FORBIDDEN
};

bool sk_forbidden_act(size_t i, const char **name, const char **means)
{
	if (i >= SK_COUNT(forbidden))
		return false;
	*name = forbidden[i].name;
	*means = forbidden[i].means;
	return true;
}

static bool in_words(const char *words, const char *word, size_t length)
{
	for (const char *at = words; *at != '\0';) {
		size_t n = strcspn(at, " ");
		if (n == length && memcmp(at, word, n) == 0)
			return true;
		at += n + strspn(at + n, " ");
	}
	return false;
}

static enum sk_err check_word(const char *word, size_t length, struct sk_fault *fault)
{
	for (size_t i = 0; i < SK_COUNT(forbidden); i++)
		if (in_words(forbidden[i].words, word, length))
			return sk_fault_set(fault, SK_EFORBIDDEN, "'%s': %s is never done here (%s); the list is compiled in", word, forbidden[i].name, forbidden[i].means);
	return SK_OK;
}

//= rule: MEASURE-1
enum sk_err sk_forbidden_check(const char *words, struct sk_fault *fault)
{
	char word[WORD_MAX];
	for (const char *at = words;;) {
		size_t length = 0;
		while (isalpha((unsigned char)*at)) {
			if (length + 1 < sizeof word)
				word[length++] = (char)tolower((unsigned char)*at);
			at++;
		}
		word[length] = '\0';
		if (length > 0)
			SK_TRY(check_word(word, length, fault));
		if (*at++ == '\0')
			return SK_OK;
	}
}

/* ---- what is protected ---- */

/* A domain is kept backwards ("gro.elpmaxe"), so that all names below it stand right behind it in order. */
struct domain {
	char *backwards;
	const char *why;
};
struct range {
	struct sk_prefix prefix;
	const char *why;
};
struct sk_guard {
	struct sk_suffixes *suffixes;
	struct domain *domains;
	struct range *ranges;
	size_t domain_count, domain_places, range_count, range_places;
	bool sorted;
};

static const struct {
	const char *target, *why;
} critical[] = {
#define SK_CRITICAL(target, why) {target, why},
#include "measure/critical.def"
#undef SK_CRITICAL
};

static bool turn_round(const char *domain, char out[DOMAIN_MAX])
{
	size_t length = strlen(domain);
	if (length == 0 || length >= DOMAIN_MAX)
		return false;
	for (size_t i = 0; i < length; i++)
		out[i] = domain[length - 1 - i];
	out[length] = '\0';
	return true;
}

static bool is_name(const char *text)
{
	size_t label = 0;
	for (; *text != '\0'; text++) {
		bool good = (*text >= 'a' && *text <= 'z') || (*text >= '0' && *text <= '9') || *text == '-' || *text == '_';
		if (!good && (*text != '.' || label == 0))
			return false;
		label = good ? label + 1 : 0;
	}
	return label > 0;
}

static bool grow(void **items, size_t *places, size_t count, size_t size)
{
	if (count < *places)
		return true;
	size_t more = *places == 0 ? 64 : 2 * *places;
	void *fresh = more > GUARD_PLACES_MAX ? NULL : realloc(*items, more * size);
	if (fresh == NULL)
		return false;
	*items = fresh;
	*places = more;
	return true;
}

static enum sk_err add_range(struct sk_guard *guard, const struct sk_prefix *prefix, const char *why)
{
	if (!grow((void **)&guard->ranges, &guard->range_places, guard->range_count, sizeof *guard->ranges))
		return SK_ENOMEM;
	guard->ranges[guard->range_count++] = (struct range){*prefix, why};
	return SK_OK;
}

static enum sk_err add_domain(struct sk_guard *guard, const char *backwards, const char *why)
{
	if (!grow((void **)&guard->domains, &guard->domain_places, guard->domain_count, sizeof *guard->domains))
		return SK_ENOMEM;
	char *copy = strdup(backwards);
	if (copy == NULL)
		return SK_ENOMEM;
	guard->domains[guard->domain_count++] = (struct domain){copy, why};
	guard->sorted = false;
	return SK_OK;
}

enum sk_err sk_guard_add(struct sk_guard *guard, const char *target, const char *why, struct sk_fault *fault)
{
	struct sk_prefix prefix;
	char backwards[DOMAIN_MAX];
	enum sk_err err;
	const char *name = strncmp(target, "*.", 2) == 0 ? target + 2 : target;
	if (sk_prefix_parse(target, &prefix) == SK_OK)
		err = add_range(guard, &prefix, why);
	else if (is_name(name) && turn_round(name, backwards))
		err = add_domain(guard, backwards, why);
	else
		return sk_fault_set(fault, SK_EUSAGE, "'%s' is neither ADDRESS/BITS nor a domain name in lower case", target);
	return err == SK_OK ? SK_OK : sk_fault_set(fault, err, "allow-list: out of memory");
}

enum sk_err sk_guard_new(struct sk_guard **out)
{
	struct sk_guard *guard = calloc(1, sizeof *guard);
	enum sk_err err = guard == NULL ? SK_ENOMEM : sk_suffixes_open(&guard->suffixes);
	for (size_t i = 0; err == SK_OK && i < SK_COUNT(critical); i++) {
		err = sk_guard_add(guard, critical[i].target, critical[i].why, NULL);
		SK_INVARIANT(err != SK_EUSAGE);
	}
	if (err != SK_OK) {
		sk_guard_free(guard);
		return err;
	}
	*out = guard;
	return SK_OK;
}

void sk_guard_free(struct sk_guard *guard)
{
	if (guard == NULL)
		return;
	for (size_t i = 0; i < guard->domain_count; i++)
		free(guard->domains[i].backwards);
	free(guard->domains);
	free(guard->ranges);
	sk_suffixes_close(guard->suffixes);
	free(guard);
}

/* ---- may it be touched? ---- */

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct domain *)a)->backwards, ((const struct domain *)b)->backwards);
}

static size_t first_not_before(const struct sk_guard *guard, const char *backwards)
{
	size_t low = 0, high = guard->domain_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(guard->domains[middle].backwards, backwards) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The protected domain that is this name or lies above it; or, of everything below a name, one that lies below. */
static const struct domain *find_domain(const struct sk_guard *guard, const char *backwards, bool all_below)
{
	char part[DOMAIN_MAX + 1];
	size_t length = strlen(backwards), at = 0;
	while (at < length) {
		at += strcspn(backwards + at, ".");
		memcpy(part, backwards, at);
		part[at] = '\0';
		size_t i = first_not_before(guard, part);
		if (i < guard->domain_count && strcmp(guard->domains[i].backwards, part) == 0)
			return &guard->domains[i];
		at++;
	}
	if (!all_below)
		return NULL;
	memcpy(part, backwards, length);
	memcpy(part + length, ".", 2);
	size_t i = first_not_before(guard, part);
	return i < guard->domain_count && strncmp(guard->domains[i].backwards, part, length + 1) == 0 ? &guard->domains[i] : NULL;
}

static enum sk_err check_domain(const struct sk_guard *guard, const char *target, struct sk_fault *fault)
{
	char backwards[DOMAIN_MAX], other[DOMAIN_MAX];
	bool all_below = strncmp(target, "*.", 2) == 0;
	const char *name = all_below ? target + 2 : target;
	if (!is_name(name) || !turn_round(name, backwards))
		return sk_fault_set(fault, SK_EALLOWED, "'%s' is no domain name; nothing else is touched by this measure", target);
	if (sk_suffixes_hold(guard->suffixes, name))
		return sk_fault_set(fault, SK_EALLOWED, "%s: protected, %s is a public suffix: everyone's names stand below it", target, name);
	const struct domain *hit = find_domain(guard, backwards, all_below);
	if (hit == NULL)
		return SK_OK;
	(void)turn_round(hit->backwards, other);
	return sk_fault_set(fault, SK_EALLOWED, "%s: protected by %s (%s)", target, other, hit->why);
}

static enum sk_err check_prefix(const struct sk_guard *guard, const char *target, struct sk_fault *fault)
{
	struct sk_prefix prefix;
	char text[SK_PREFIX_TEXT_MAX];
	if (sk_prefix_parse(target, &prefix) != SK_OK)
		return sk_fault_set(fault, SK_EALLOWED, "'%s' is no prefix; nothing else is touched by this measure", target);
	for (size_t i = 0; i < guard->range_count; i++) {
		const struct range *range = &guard->ranges[i];
		if (sk_prefix_holds(&range->prefix, &prefix.addr) || sk_prefix_holds(&prefix, &range->prefix.addr))
			return sk_fault_set(fault, SK_EALLOWED, "%s: protected by %s (%s)", target, sk_prefix_format(&range->prefix, text), range->why);
	}
	return SK_OK;
}

/* A blackhole gives one's own address up: own prefixes do not protect from it, everything else does. */
static enum sk_err check_own(const struct sk_guard *guard, const char *target, struct sk_fault *fault)
{
	struct sk_prefix prefix;
	char text[SK_PREFIX_TEXT_MAX];
	if (sk_prefix_parse(target, &prefix) != SK_OK)
		return sk_fault_set(fault, SK_EALLOWED, "'%s' is no prefix; nothing else is touched by this measure", target);
	for (size_t i = 0; i < guard->range_count; i++) {
		const struct range *range = &guard->ranges[i];
		if (sk_prefix_holds(&range->prefix, &prefix.addr) && strcmp(range->why, "own") != 0)
			return sk_fault_set(fault, SK_EALLOWED, "%s: protected by %s (%s)", target, sk_prefix_format(&range->prefix, text), range->why);
	}
	return SK_OK;
}

//= rule: MEASURE-2
enum sk_err sk_guard_check(struct sk_guard *guard, enum sk_measure measure, const char *target, struct sk_fault *fault)
{
	if (!guard->sorted) {
		qsort(guard->domains, guard->domain_count, sizeof *guard->domains, by_text);
		guard->sorted = true;
	}
	switch (measure) {
	case SK_MEASURE_RPZ:
	case SK_MEASURE_SINKHOLE:
		return check_domain(guard, target, fault);
	case SK_MEASURE_FLOWSPEC:
	case SK_MEASURE_NFTABLES:
		return check_prefix(guard, target, fault);
	case SK_MEASURE_RTBH:
		return check_own(guard, target, fault);
	default:
		return SK_OK;
	}
}
