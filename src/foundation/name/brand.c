/* SPDX-License-Identifier: Apache-2.0 */
/* Whose brand does a name imitate? Brands and labels are compared by what they look like (sk_label_skeleton). One edit is found by deletions: two words that differ by
   one edit share a word that lacks at most one character of each (Mor and Fraenkel 1982), so a label asks a table of all brands without one character for itself
   without each of its own. What a table says is always compared anew. */
#include <stdlib.h>

#include "name/name_priv.h"

enum {
	FORMS_EACH = 3 /* as written, kana in Latin letters, long vowels once */, FORMS_MAX = 3 * SK_BRANDS_MAX, LINE_MAX_BYTES = 4096, DOMAINS_MAX = 16384,
	EDIT_MIN = 6,   /* shorter words are an edit from too many others */
	INSIDE_MIN = 6, /* anywhere in a label */
	PART_MIN = 4,   /* between hyphens */
	FRONT_LABELS_MAX = 4
};

/* One way to write a brand. */
struct form {
	uint32_t look[SK_LABEL_MAX], raw[SK_LABEL_MAX];
	uint8_t look_length, raw_length;
	uint16_t brand;
};
/* Open addressing; several may stand under one hash. */
struct slot {
	uint64_t hash;
	uint32_t value; /* + 1; 0 free */
};
struct map {
	struct slot *slots;
	size_t mask;
};

struct sk_brands {
	char (*texts)[SK_BRAND_TEXT_MAX];
	bool *everywhere;     /* under any suffix the brand's name is its own */
	size_t count, form_count, domain_count;
	struct form *forms;
	char **domains;
	uint16_t *domain_brand;
	struct map exact, without, owned;
	uint64_t lengths; /* bit n: a form of that length may stand inside a label */
};

#define MULTIPLIER UINT64_C(0x9e3779b97f4a7c15)

static uint64_t step(uint64_t hash, uint32_t code)
{
	return (hash + code + 1) * MULTIPLIER;
}

static uint64_t hash_of(const uint32_t *code, size_t length, size_t without)
{
	uint64_t hash = 0;
	for (size_t i = 0; i < length; i++)
		if (i != without)
			hash = step(hash, code[i]);
	return hash;
}

static uint64_t hash_text(const char *text, size_t length)
{
	uint64_t hash = 0;
	for (size_t i = 0; i < length; i++)
		hash = step(hash, (uint8_t)text[i]);
	return hash;
}

static bool map_make(struct map *map, size_t entries)
{
	size_t size = 16;
	while (size < 2 * entries)
		size <<= 1;
	map->slots = calloc(size, sizeof map->slots[0]);
	map->mask = size - 1;
	return map->slots != NULL;
}

static size_t map_place(const struct map *map, uint64_t hash)
{
	return (size_t)(hash ^ hash >> 29) & map->mask;
}

static void map_put(struct map *map, uint64_t hash, uint32_t value)
{
	size_t at = map_place(map, hash);
	while (map->slots[at].value != 0)
		at = (at + 1) & map->mask;
	map->slots[at] = (struct slot){.hash = hash, .value = value + 1};
}

/* The next value under a hash; *at goes from map_place on. */
static bool map_next(const struct map *map, uint64_t hash, size_t *at, uint32_t *value)
{
	for (; map->slots[*at].value != 0; *at = (*at + 1) & map->mask)
		if (map->slots[*at].hash == hash) {
			*value = map->slots[*at].value - 1;
			*at = (*at + 1) & map->mask;
			return true;
		}
	return false;
}

/* ---- reading the list ---- */

static size_t read_utf8(const char *text, size_t length, uint32_t out[SK_LABEL_MAX])
{
	size_t count = 0;
	for (size_t i = 0; i < length;) {
		uint8_t lead = (uint8_t)text[i++];
		unsigned more = lead < 0x80 ? 0 : lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc2 ? 1 : 9;
		uint32_t code = more == 0 ? lead : lead & (0x3fu >> more);
		if (more == 9 || i + more > length || count == SK_LABEL_MAX)
			return 0;
		for (; more > 0; more--) {
			if (((uint8_t)text[i] & 0xc0) != 0x80)
				return 0;
			code = code << 6 | ((uint8_t)text[i++] & 0x3f);
		}
		out[count++] = code >= 'A' && code <= 'Z' ? code - 'A' + 'a' : code;
	}
	return count;
}

/* False: its looks are too long for a label. Two brands may have one form. */
static bool add_form(struct sk_brands *brands, const uint32_t *code, size_t count, size_t brand)
{
	uint32_t look[2 * SK_LABEL_MAX + 1];
	if (count == 0 || count > SK_LABEL_MAX)
		return false;
	size_t length = sk_label_skeleton(code, count, look);
	if (length == 0 || length > SK_LABEL_MAX)
		return false;
	struct form *form = &brands->forms[brands->form_count++];
	*form = (struct form){.look_length = (uint8_t)length, .raw_length = (uint8_t)count, .brand = (uint16_t)brand};
	memcpy(form->look, look, length * sizeof look[0]);
	memcpy(form->raw, code, count * sizeof code[0]);
	return true;
}

/* Of kana the Latin spelling, and that in which a long vowel is written once. */
static void add_sounds(struct sk_brands *brands, const uint32_t *code, size_t count, size_t brand)
{
	char latin[2 * SK_LABEL_MAX];
	uint32_t wide[2 * SK_LABEL_MAX];
	size_t length = sk_label_romaji(code, count, latin), kept = 0;
	for (size_t i = 0; i < length; i++)
		wide[i] = (uint8_t)latin[i];
	if (length == 0 || !add_form(brands, wide, length, brand))
		return;
	for (size_t i = 0; i < length; i++) {
		bool longer = i > 0 && latin[i] != 'n' && (latin[i] == latin[i - 1] || (latin[i] == 'u' && latin[i - 1] == 'o')) && strchr("aiueo", latin[i]) != NULL;
		if (!longer)
			wide[kept++] = (uint8_t)latin[i];
	}
	if (kept != length)
		(void)add_form(brands, wide, kept, brand);
}

/* Another way to write it. In scripts of syllables and words two characters are a name. */
static enum sk_err add_spelling(struct sk_brands *brands, const char *word, size_t length, size_t brand, const char *file, unsigned line, struct sk_fault *fault)
{
	uint32_t code[SK_LABEL_MAX];
	if (brands->form_count + FORMS_EACH > FORMS_MAX)
		return sk_fault_set(fault, SK_ETOOBIG, "%s:%u: more than %d spellings", file, line, FORMS_MAX / FORMS_EACH);
	size_t count = length < SK_BRAND_TEXT_MAX ? read_utf8(word, length, code) : 0, least = count > 0 && code[0] >= 0x3000 ? 2 : SK_BRAND_MIN;
	if (count < least || !add_form(brands, code, count, brand))
		return sk_fault_set(fault, SK_EMALFORMED, "%s:%u: '%.*s' is no brand that can be looked for; expected UTF-8, %d to %d characters (two in kana or Chinese characters)", file,
				    line, (int)(length < 60 ? length : 60), word, SK_BRAND_MIN, SK_BRAND_TEXT_MAX - 1);
	add_sounds(brands, code, count, brand);
	return SK_OK;
}

static size_t take_word(const char **at, const char *end, const char **word)
{
	while (*at < end && (**at == ' ' || **at == '\t' || **at == ',' || **at == '\r'))
		++*at;
	*word = *at;
	while (*at < end && **at != ' ' && **at != '\t' && **at != ',' && **at != '\r' && **at != '#')
		++*at;
	return (size_t)(*at - *word);
}

static enum sk_err add_domain(const struct sk_suffixes *suffixes, struct sk_brands *brands, const char *word, size_t length, const char *file, unsigned line, struct sk_name *name,
			      struct sk_fault *fault)
{
	char *text = brands->domain_count < DOMAINS_MAX ? calloc(1, length + 1) : NULL;
	if (text == NULL)
		return sk_fault_set(fault, brands->domain_count < DOMAINS_MAX ? SK_ENOMEM : SK_ETOOBIG, "%s:%u: more than %d domains", file, line, DOMAINS_MAX);
	for (size_t i = 0; i < length; i++)
		text[i] = (char)(word[i] >= 'A' && word[i] <= 'Z' ? word[i] - 'A' + 'a' : word[i]);
	brands->domain_brand[brands->domain_count] = (uint16_t)(brands->count - 1);
	brands->domains[brands->domain_count++] = text;
	/* A provider's domain may be a suffix itself: whether it is depends on how new the list of suffixes is. */
	if (!sk_name_split(suffixes, text, name) || (name->registered_at == name->length && !name->rented))
		return sk_fault_set(fault, SK_EMALFORMED, "%s:%u: '%.60s' is no domain that somebody can have; expected one like example.co.jp, internationalized ones as xn--...",
				    file, line, text);
	return SK_OK;
}

static enum sk_err read_line(const struct sk_suffixes *suffixes, struct sk_brands *brands, const char *at, const char *end, const char *file, unsigned line,
			     struct sk_fault *fault)
{
	const char *word;
	struct sk_name name;
	size_t length = take_word(&at, end, &word);
	if (length == 0)
		return SK_OK;
	if (brands->count == SK_BRANDS_MAX)
		return sk_fault_set(fault, SK_ETOOBIG, "%s:%u: more than %d brands", file, line, SK_BRANDS_MAX);
	size_t brand = brands->count++;
	if (memchr(word, '.', length) != NULL) {
		SK_TRY(add_domain(suffixes, brands, word, length, file, line, &name, fault));
		word = name.text + (name.registered_at < name.length ? name.registered_at : 0);
		length = strcspn(word, ".");
	}
	SK_TRY(add_spelling(brands, word, length, brand, file, line, fault));
	memcpy(brands->texts[brand], word, length);
	while ((length = take_word(&at, end, &word)) != 0) {
		if (length > 2 && memcmp(word + length - 2, ".*", 2) == 0)
			brands->everywhere[brand] = true;
		else if (memchr(word, '.', length) != NULL)
			SK_TRY(add_domain(suffixes, brands, word, length, file, line, &name, fault));
		else
			SK_TRY(add_spelling(brands, word, length, brand, file, line, fault));
	}
	return SK_OK;
}

static enum sk_err read_lines(const struct sk_suffixes *suffixes, struct sk_brands *brands, const char *text, size_t length, const char *file, struct sk_fault *fault)
{
	const char *end = text + length;
	for (unsigned line = 1; text < end; line++) {
		const char *stop = memchr(text, '\n', (size_t)(end - text)), *next = stop != NULL ? stop + 1 : end;
		if (stop == NULL)
			stop = end;
		if (stop - text > LINE_MAX_BYTES)
			return sk_fault_set(fault, SK_EMALFORMED, "%s:%u: a line of more than %d bytes", file, line, LINE_MAX_BYTES);
		if (memchr(text, '\0', (size_t)(stop - text)) != NULL)
			return sk_fault_set(fault, SK_EMALFORMED, "%s:%u: a zero byte; expected text", file, line);
		SK_TRY(read_line(suffixes, brands, text, stop, file, line, fault));
		text = next;
	}
	return SK_OK;
}

static enum sk_err make_maps(struct sk_brands *brands)
{
	size_t deletions = 0;
	for (size_t i = 0; i < brands->form_count; i++)
		deletions += brands->forms[i].look_length + 1u;
	if (!map_make(&brands->exact, brands->form_count) || !map_make(&brands->without, deletions) || !map_make(&brands->owned, brands->domain_count))
		return SK_ENOMEM;
	for (size_t i = 0; i < brands->form_count; i++) {
		const struct form *form = &brands->forms[i];
		map_put(&brands->exact, hash_of(form->look, form->look_length, SIZE_MAX), (uint32_t)i);
		if (form->look_length >= PART_MIN || form->look[0] >= 0x3000)
			brands->lengths |= UINT64_C(1) << form->look_length;
		for (size_t without = 0; form->look_length >= EDIT_MIN && without <= form->look_length; without++)
			map_put(&brands->without, hash_of(form->look, form->look_length, without), (uint32_t)i);
	}
	for (size_t i = 0; i < brands->domain_count; i++)
		map_put(&brands->owned, hash_text(brands->domains[i], strlen(brands->domains[i])), (uint32_t)i);
	return SK_OK;
}

/* No more words than there are ends of words. */
static size_t words_in(const char *text, size_t length)
{
	size_t words = 1;
	for (size_t i = 0; i < length; i++)
		words += text[i] == ' ' || text[i] == '\t' || text[i] == ',' || text[i] == '\r' || text[i] == '\n' || text[i] == '#';
	return words;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* With room for all that so many words can be. */
static struct sk_brands *make_brands(size_t words)
{
	struct sk_brands *brands = calloc(1, sizeof *brands);
	if (brands == NULL)
		return NULL;
	brands->texts = calloc(least(words, SK_BRANDS_MAX), sizeof brands->texts[0]);
	brands->everywhere = calloc(least(words, SK_BRANDS_MAX), sizeof brands->everywhere[0]);
	brands->forms = calloc(least(FORMS_EACH * words, FORMS_MAX), sizeof brands->forms[0]);
	brands->domains = calloc(least(words, DOMAINS_MAX), sizeof brands->domains[0]);
	brands->domain_brand = calloc(least(words, DOMAINS_MAX), sizeof brands->domain_brand[0]);
	if (brands->texts != NULL && brands->everywhere != NULL && brands->forms != NULL && brands->domains != NULL && brands->domain_brand != NULL)
		return brands;
	sk_brands_free(brands);
	return NULL;
}

/* The list is read: tables of it, or nothing. */
static enum sk_err finish(struct sk_brands *brands, enum sk_err err, const char *file, struct sk_brands **out, struct sk_fault *fault)
{
	if (err == SK_OK && brands->count == 0)
		err = sk_fault_set(fault, SK_EMALFORMED, "%s: no brands; expected lines like 'rakuten rakuten.co.jp rakuten.com'", file);
	if (err == SK_OK)
		err = make_maps(brands);
	if (err == SK_ENOMEM)
		(void)sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", file);
	if (err == SK_OK)
		*out = brands;
	else
		sk_brands_free(brands);
	return err;
}

enum sk_err sk_brands_read(const struct sk_suffixes *suffixes, const char *text, size_t length, const char *file, struct sk_brands **out, struct sk_fault *fault)
{
	struct sk_brands *brands = make_brands(words_in(text, length));
	*out = NULL;
	return finish(brands, brands != NULL ? read_lines(suffixes, brands, text, length, file, fault) : SK_ENOMEM, file, out, fault);
}

const char *sk_brands_default_line(size_t line)
{
	static const char *const lines[] = {
#define SK_BRAND(text) text,
#include "name/brand.def"
#undef SK_BRAND
	};
	return line < SK_COUNT(lines) ? lines[line] : NULL;
}

enum sk_err sk_brands_default(const struct sk_suffixes *suffixes, struct sk_brands **out, struct sk_fault *fault)
{
	static const char file[] = "the program's list of brands";
	const char *text;
	size_t words = 0;
	for (size_t line = 0; (text = sk_brands_default_line(line)) != NULL; line++)
		words += words_in(text, strlen(text));
	struct sk_brands *brands = make_brands(words);
	*out = NULL;
	enum sk_err err = brands != NULL ? SK_OK : SK_ENOMEM;
	for (unsigned line = 0; err == SK_OK && (text = sk_brands_default_line(line)) != NULL; line++)
		err = read_line(suffixes, brands, text, text + strlen(text), file, line + 1, fault);
	return finish(brands, err, file, out, fault);
}

void sk_brands_free(struct sk_brands *brands)
{
	if (brands == NULL)
		return;
	for (size_t i = 0; i < brands->domain_count; i++)
		free(brands->domains[i]);
	free(brands->domains);
	free(brands->domain_brand);
	free(brands->everywhere);
	free(brands->texts);
	free(brands->forms);
	free(brands->exact.slots);
	free(brands->without.slots);
	free(brands->owned.slots);
	free(brands);
}

size_t sk_brands_count(const struct sk_brands *brands)
{
	return brands->count;
}

const char *sk_brands_text(const struct sk_brands *brands, size_t brand)
{
	return brand < brands->count ? brands->texts[brand] : "";
}

/* ---- matching ---- */

static bool is_owned(const struct sk_brands *brands, const char *text, size_t length, uint32_t *domain)
{
	uint64_t hash = hash_text(text, length);
	size_t at = map_place(&brands->owned, hash);
	while (map_next(&brands->owned, hash, &at, domain))
		if (strlen(brands->domains[*domain]) == length && memcmp(brands->domains[*domain], text, length) == 0)
			return true;
	return false;
}

/* Is b one edit away from a: a character more, less or other, or two neighbours exchanged? */
static bool is_one_edit(const uint32_t *a, size_t a_length, const uint32_t *b, size_t b_length)
{
	if (a_length > b_length)
		return is_one_edit(b, b_length, a, a_length);
	size_t front = 0, back = 0;
	while (front < a_length && a[front] == b[front])
		front++;
	while (back < a_length - front && a[a_length - 1 - back] == b[b_length - 1 - back])
		back++;
	size_t a_left = a_length - front - back, b_left = b_length - front - back;
	if (b_length == a_length + 1)
		return a_left == 0;
	if (b_length != a_length)
		return false;
	return a_left == 1 || (a_left == 2 && b_left == 2 && a[front] == b[front + 1] && a[front + 1] == b[front]);
}

static const struct form *find_exact(const struct sk_brands *brands, const uint32_t *look, size_t length)
{
	uint64_t hash = hash_of(look, length, SIZE_MAX);
	size_t at = map_place(&brands->exact, hash);
	for (uint32_t value; map_next(&brands->exact, hash, &at, &value);) {
		const struct form *form = &brands->forms[value];
		if (form->look_length == length && memcmp(form->look, look, length * sizeof look[0]) == 0)
			return form;
	}
	return NULL;
}

/* Only a letter that a brand of words may lose: figures at the end make another name of a family ("site2"). */
static const struct form *find_edit(const struct sk_brands *brands, const uint32_t *look, size_t length)
{
	for (size_t without = 0; without <= length; without++) {
		uint64_t hash = hash_of(look, length, without < length ? without : SIZE_MAX);
		size_t at = map_place(&brands->without, hash);
		for (uint32_t value; map_next(&brands->without, hash, &at, &value);) {
			const struct form *form = &brands->forms[value];
			if (is_one_edit(form->look, form->look_length, look, length))
				return form;
		}
	}
	return NULL;
}

/* A brand inside the label: between hyphens a short one, anywhere a long one. The longest counts. */
static const struct form *find_inside(const struct sk_brands *brands, const uint32_t *look, size_t length)
{
	for (size_t width = length - 1; width >= 2; width--) {
		if ((brands->lengths >> width & 1) == 0)
			continue;
		for (size_t start = 0; start + width <= length; start++) {
			bool part = (start == 0 || look[start - 1] == '-') && (start + width == length || look[start + width] == '-');
			if (width < INSIDE_MIN && !part && look[start] < 0x3000)
				continue;
			const struct form *form = find_exact(brands, look + start, width);
			if (form != NULL)
				return form;
		}
	}
	return NULL;
}

/* "www.rakuten.co.jp" in front of ".example.net". */
static bool find_before(const struct sk_brands *brands, const struct sk_name *name, uint32_t *domain)
{
	for (size_t start = 0; start < name->registered_at; start++) {
		if (start > 0 && name->text[start - 1] != '.')
			continue;
		unsigned labels = 0;
		for (size_t end = start; end < name->registered_at && labels < FRONT_LABELS_MAX; end++)
			if (name->text[end] == '.' && ++labels > 1 && is_owned(brands, name->text + start, end - start, domain))
				return true;
	}
	return false;
}

/* Is the suffix itself the brand's, as a provider's may be ("google" in front of "googleapis.com")? */
static bool is_below_own(const struct sk_brands *brands, const struct sk_name *name, size_t brand)
{
	uint32_t domain;
	return name->rented && is_owned(brands, name->text + name->suffix_at, (size_t)name->length - name->suffix_at, &domain) && brands->domain_brand[domain] == brand;
}

enum sk_likeness sk_brands_match(const struct sk_brands *brands, const struct sk_name *name, size_t *brand)
{
	uint32_t code[SK_LABEL_MAX], look[2 * SK_LABEL_MAX + 1], domain;
	*brand = SIZE_MAX;
	if (name->registered_at >= name->length || is_owned(brands, name->text + name->registered_at, name->length - (size_t)name->registered_at, &domain))
		return SK_LIKE_NONE;
	const struct form *form;
	size_t count = sk_label_decode(name->text + name->registered_at, (size_t)(name->suffix_at - 1u - name->registered_at), code);
	size_t length = count != 0 ? sk_label_skeleton(code, count, look) : 0;
	enum sk_likeness likeness = SK_LIKE_NONE;
	if (length == 0 || length > SK_LABEL_MAX) {
		form = NULL;
	} else if ((form = find_exact(brands, look, length)) != NULL) {
		bool same = form->raw_length == count && memcmp(form->raw, code, count * sizeof code[0]) == 0;
		likeness = !same ? SK_LIKE_HOMOGRAPH : brands->everywhere[form->brand] ? SK_LIKE_NONE : SK_LIKE_SUFFIX;
	} else if (length >= EDIT_MIN - 1 && (form = find_edit(brands, look, length)) != NULL) {
		likeness = SK_LIKE_EDIT;
	} else if ((form = find_inside(brands, look, length)) != NULL) {
		likeness = SK_LIKE_INSIDE;
	}
	bool content = sk_name_is_content(name);
	if ((likeness != SK_LIKE_HOMOGRAPH && content) || (likeness != SK_LIKE_NONE && is_below_own(brands, name, form->brand)))
		likeness = SK_LIKE_NONE;
	if (likeness != SK_LIKE_NONE) {
		*brand = form->brand;
		return likeness;
	}
	if (brands->domain_count != 0 && !content && find_before(brands, name, &domain)) {
		*brand = brands->domain_brand[domain];
		return SK_LIKE_BEFORE;
	}
	return SK_LIKE_NONE;
}

const char *sk_likeness_name(enum sk_likeness likeness)
{
	static const char *const names[] = {"none", "homograph", "suffix", "edit", "inside", "before"};
	_Static_assert(SK_COUNT(names) == SK_LIKE_COUNT, "one name each");
	return (size_t)likeness < SK_COUNT(names) ? names[likeness] : "none";
}
