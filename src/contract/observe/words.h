/* SPDX-License-Identifier: Apache-2.0 */
/* observe/words.h: what a finding says, as phrases of one table (words.def) with their values, each of a known type: so it is kept once, and read in English or Japanese.
   Promises: a text that is too long loses its last phrase, and never fails a run; whatever bytes are read, making a text of them is bounded. Never: allocates, reads a clock. */
#ifndef SK_OBSERVE_WORDS_H
#define SK_OBSERVE_WORDS_H

#include "base/addr.h"
#include "base/base.h"
#include "text/json.h"
#include "wire/wire.h"

enum {
	SK_WORDS_MAX = 640,       /* bytes of one text's phrases and values */
	SK_WORDS_TEXT_MAX = 4096, /* of what is made of them */
	SK_WORDS_ARGS_MAX = 20,   /* values of a phrase */
	SK_WORDS_LINE_MAX = 511   /* of one value that is text */
};

enum sk_lang { SK_LANG_EN, SK_LANG_JA, SK_LANG_COUNT };
/* "en", "ja"; SK_LANG_COUNT when it is neither. */
enum sk_lang sk_lang_find(const char *name);

enum sk_word {
#define SK_WORD(number, name, en, ja) SK_WORD_##name = (number),
#include "observe/words.def"
#undef SK_WORD
};
enum sk_phrase {
#define SK_PHRASE(number, name, en, ja) SK_PHRASE_##name = (number),
#include "observe/words.def"
#undef SK_PHRASE
};
/* The types of values, as places of a phrase name them. */
enum sk_arg_type {
	SK_ARG_PHRASE, SK_ARG_ADDR, SK_ARG_WORD, SK_ARG_INT, SK_ARG_NUMBER, SK_ARG_BYTES, SK_ARG_SPAN, SK_ARG_SERVICE, SK_ARG_PORT, SK_ARG_APP, SK_ARG_TEXT, SK_ARG_DURATION, SK_ARG_TIME,
	SK_ARG_REAL, SK_ARG_SIGNED, SK_ARG_VOLUME, SK_ARG_ANSWERS, SK_ARG_HEX, SK_ARG_COUNTRIES, SK_ARG_COUNT
};

/* How much was said, each way. metered: a flow export counted it, of one packet in `sampling`. */
struct sk_words_volume {
	bool metered, one_way, transit; /* transit: both ends are abroad */
	uint32_t sampling;
	uint64_t out, in;               /* bytes */
};
struct sk_words_answers {
	uint32_t queries, responses, nxdomain;
	bool one_way;
};
enum { SK_WORDS_COUNTRIES_MAX = 8 };
struct sk_words_countries {
	uint8_t named, more;            /* codes below; how many besides */
	uint16_t codes[SK_WORDS_COUNTRIES_MAX];
};
/* One value, made by the functions below. Texts and addresses are borrowed until it is added. */
struct sk_arg {
	enum sk_arg_type type;
	union {
		enum sk_phrase phrase;
		enum sk_word word;
		const struct sk_addr *addr;
		uint64_t number;
		struct { int64_t first_ns, last_ns; } span;
		struct { uint8_t ip_proto; uint16_t port; } service;
		struct { const char *at; size_t length; } text;
		struct { double value; uint8_t decimals; } real;
		struct sk_words_volume volume;
		struct sk_words_answers answers;
		struct sk_words_countries countries;
	};
};

/* What a finding says in one of its texts. Memory of zeroes is a text that says nothing. */
struct sk_words {
	uint16_t length;
	uint8_t bytes[SK_WORDS_MAX];
};

#define SK_SAY(name) ((struct sk_arg){.type = SK_ARG_PHRASE, .phrase = SK_PHRASE_##name})
/* Put a phrase behind what is said: sk_say(&words, SK_SAY(BEACON), value, ...). Values that are not those of the phrase are a bug (SK_INVARIANT). */
#define sk_say(words, ...) sk_words_add((words), (const struct sk_arg[]){__VA_ARGS__}, sizeof((const struct sk_arg[]){__VA_ARGS__}) / sizeof(struct sk_arg))
/* As sk_say; args[0] is the phrase. */
void sk_words_add(struct sk_words *words, const struct sk_arg *args, size_t count);
/* A text as it is, in no language that is known. */
void sk_words_set(struct sk_words *words, const char *text);
/* What a text says, in a language; cut at a whole character. Returns out. */
const char *sk_words_text(const struct sk_words *words, enum sk_lang lang, char out[SK_WORDS_TEXT_MAX]);
/* The same as a member of the object that is open. */
void sk_words_json(struct sk_json_writer *w, const char *key, const struct sk_words *words, enum sk_lang lang);
/* Is it a text as it is, or empty? */
bool sk_words_plain(const struct sk_words *words);
/* An order of texts that depends on nothing else: below 0, 0, above 0. */
int sk_words_compare(const struct sk_words *a, const struct sk_words *b);
/* Take `length` bytes as words: true, and *out is filled with zeroes behind them; false: they are not of that form. */
SK_MUST bool sk_words_take(struct sk_cur *from, size_t length, struct sk_words *out);

/* A row of the tables, for tests and documents. Static storage. */
struct sk_words_row {
	unsigned number;
	const char *name, *text[SK_LANG_COUNT];
};
/* All phrases; and all words. */
const struct sk_words_row *sk_words_phrases(size_t *count);
/* As sk_words_phrases. */
const struct sk_words_row *sk_words_vocabulary(size_t *count);
/* The type that a place names, SK_ARG_COUNT: none. */
enum sk_arg_type sk_arg_type_find(const char *name, size_t length);

/* ---- values: of the type that the name says ---- */

static inline struct sk_arg sk_arg_addr(const struct sk_addr *addr) { return (struct sk_arg){.type = SK_ARG_ADDR, .addr = addr}; }
static inline struct sk_arg sk_arg_word(enum sk_word word) { return (struct sk_arg){.type = SK_ARG_WORD, .word = word}; }
static inline struct sk_arg sk_arg_int(uint64_t number) { return (struct sk_arg){.type = SK_ARG_INT, .number = number}; }
static inline struct sk_arg sk_arg_number(uint64_t number) { return (struct sk_arg){.type = SK_ARG_NUMBER, .number = number}; }
static inline struct sk_arg sk_arg_bytes(uint64_t bytes) { return (struct sk_arg){.type = SK_ARG_BYTES, .number = bytes}; }
static inline struct sk_arg sk_arg_hex(uint64_t number) { return (struct sk_arg){.type = SK_ARG_HEX, .number = number}; }
static inline struct sk_arg sk_arg_signed(int64_t number) { return (struct sk_arg){.type = SK_ARG_SIGNED, .number = (uint64_t)number}; }
static inline struct sk_arg sk_arg_duration(int64_t ns) { return (struct sk_arg){.type = SK_ARG_DURATION, .number = (uint64_t)ns}; }
static inline struct sk_arg sk_arg_time(int64_t unix_ns) { return (struct sk_arg){.type = SK_ARG_TIME, .number = (uint64_t)unix_ns}; }
static inline struct sk_arg sk_arg_span(int64_t first_ns, int64_t last_ns) { return (struct sk_arg){.type = SK_ARG_SPAN, .span = {first_ns, last_ns}}; }
static inline struct sk_arg sk_arg_service(uint8_t ip_proto, uint16_t port) { return (struct sk_arg){.type = SK_ARG_SERVICE, .service = {ip_proto, port}}; }
static inline struct sk_arg sk_arg_port(uint8_t ip_proto, uint16_t port) { return (struct sk_arg){.type = SK_ARG_PORT, .service = {ip_proto, port}}; }
static inline struct sk_arg sk_arg_app(uint8_t app) { return (struct sk_arg){.type = SK_ARG_APP, .number = app}; }
static inline struct sk_arg sk_arg_real(uint8_t decimals, double value) { return (struct sk_arg){.type = SK_ARG_REAL, .real = {value, decimals}}; }
static inline struct sk_arg sk_arg_volume(struct sk_words_volume volume) { return (struct sk_arg){.type = SK_ARG_VOLUME, .volume = volume}; }
static inline struct sk_arg sk_arg_answers(struct sk_words_answers answers) { return (struct sk_arg){.type = SK_ARG_ANSWERS, .answers = answers}; }
static inline struct sk_arg sk_arg_countries(struct sk_words_countries countries) { return (struct sk_arg){.type = SK_ARG_COUNTRIES, .countries = countries}; }
/* At most `most` bytes of it. */
struct sk_arg sk_arg_text(const char *text, size_t most);
/* A place for text takes a word of the table as well: where there is no text. */
struct sk_arg sk_arg_text_or(const char *text, size_t most, enum sk_word word);

#endif
