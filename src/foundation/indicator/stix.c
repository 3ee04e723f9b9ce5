/* SPDX-License-Identifier: Apache-2.0 */
/* STIX 2.0 and 2.1 bundles, lists of objects and answers of a TAXII server: the patterns of their indicators (STIX 2.1 section 9), as far as each alternative is one value that a selector can be:
     [ipv4-addr:value = '198.51.100.7' OR domain-name:value IN ('a.example', 'b.example')] OR [url:value = 'http://c.example/x']
   What joins values (AND, FOLLOWEDBY), negates, matches by a pattern or counts (WITHIN, REPEATS) says less than its values do: the pattern is refused whole. */
#include <json-c/json.h>
#include <stdio.h>

#include "indicator/indicator_priv.h"
#include "text/text.h"

/* ---- the pattern ---- */

enum token_kind { TOKEN_END, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_ROUND_OPEN, TOKEN_ROUND_CLOSE, TOKEN_COMMA, TOKEN_EQUAL, TOKEN_TEXT, TOKEN_WORD, TOKEN_BAD };

struct token {
	enum token_kind kind;
	char text[SK_INDICATOR_VALUE_MAX + 1]; /* TEXT: without quotes and escapes; WORD: as it stands */
	size_t length;
};

static bool in_word(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == ':' || c == '.' || c == '*' ||
	       c == '!' || c == '<' || c == '>';
}

static bool add(struct token *token, uint8_t c)
{
	if (token->length == SK_INDICATOR_VALUE_MAX)
		return false;
	token->text[token->length++] = (char)c;
	token->text[token->length] = '\0';
	return true;
}

/* The rest of a quoted text: \\ and \' are escapes, nothing else is. */
static bool read_text(struct sk_cur *c, struct token *token)
{
	while (sk_more(c)) {
		uint8_t byte = sk_u8(c);
		if (byte == '\'')
			return true;
		if (byte == '\\') {
			byte = sk_u8(c);
			if (byte != '\\' && byte != '\'')
				return false;
		}
		if (!add(token, byte))
			return false;
	}
	return false;
}

/* A word with its quoted and indexed parts: file:hashes.'SHA-256', network-traffic:extensions[0] and the like are one. */
static bool read_word(struct sk_cur *c, struct token *token)
{
	while (sk_more(c)) {
		uint8_t byte = sk_peek_u8(c, 0);
		bool quoted = byte == '\'' && token->length > 0 && token->text[token->length - 1] == '.';
		if (!in_word(byte) && !quoted)
			return true;
		sk_skip(c, 1);
		if (quoted ? !read_text(c, token) : !add(token, byte))
			return false;
	}
	return true;
}

static void next_token(struct sk_cur *c, struct token *token)
{
	static const struct {
		char sign;
		enum token_kind kind;
	} signs[] = {{'[', TOKEN_OPEN}, {']', TOKEN_CLOSE}, {'(', TOKEN_ROUND_OPEN}, {')', TOKEN_ROUND_CLOSE}, {',', TOKEN_COMMA}, {'=', TOKEN_EQUAL}};
	token->length = 0;
	token->text[0] = '\0';
	while (sk_more(c) && (sk_space((char)sk_peek_u8(c, 0)) || sk_peek_u8(c, 0) == '\n'))
		sk_skip(c, 1);
	token->kind = TOKEN_END;
	if (!sk_more(c))
		return;
	uint8_t byte = sk_peek_u8(c, 0);
	for (size_t i = 0; i < SK_COUNT(signs); i++) {
		if (signs[i].sign != (char)byte)
			continue;
		sk_skip(c, 1);
		token->kind = signs[i].kind;
		return;
	}
	if (byte == '\'') {
		sk_skip(c, 1);
		token->kind = read_text(c, token) ? TOKEN_TEXT : TOKEN_BAD;
	} else {
		token->kind = in_word(byte) && read_word(c, token) ? TOKEN_WORD : TOKEN_BAD;
	}
}

/* What an object path compares. */
static enum sk_type path_type(const char *path)
{
	static const struct {
		const char *path;
		enum sk_type type;
	} paths[] = {
		{"ipv4-addr:value", SK_TYPE_ADDRESS}, {"ipv6-addr:value", SK_TYPE_ADDRESS}, {"network-traffic:dst_ref.value", SK_TYPE_ANY},
		{"network-traffic:src_ref.value", SK_TYPE_ANY}, {"domain-name:value", SK_TYPE_DOMAIN}, {"url:value", SK_TYPE_URL},
		{"x509-certificate:hashes.SHA-1", SK_TYPE_CERT_SHA1}, {"x509-certificate:hashes.SHA1", SK_TYPE_CERT_SHA1},
		{"x509-certificate:hashes.SHA-256", SK_TYPE_CERT_SHA256}, {"x509-certificate:hashes.SHA256", SK_TYPE_CERT_SHA256},
		{"x509-certificate:hashes.sha1", SK_TYPE_CERT_SHA1}, {"x509-certificate:hashes.sha256", SK_TYPE_CERT_SHA256},
	};
	for (size_t i = 0; i < SK_COUNT(paths); i++)
		if (strcmp(paths[i].path, path) == 0)
			return paths[i].type;
	return SK_TYPE_UNSUPPORTED;
}

struct pattern {
	struct sk_cur c;
	struct token token;
	struct sk_import *import; /* NULL: only look whether it is simple */
	uint64_t line;
	const char *why;
};

static void step(struct pattern *pattern)
{
	next_token(&pattern->c, &pattern->token);
}

static bool is_word(const struct pattern *pattern, const char *word)
{
	return pattern->token.kind == TOKEN_WORD && strcmp(pattern->token.text, word) == 0;
}

static bool refuse(struct pattern *pattern, const char *why)
{
	pattern->why = why;
	return false;
}

/* Take one value, which is the token at hand; *err says whether the import can go on. */
static bool take_value(struct pattern *pattern, const char *path, enum sk_err *err)
{
	if (pattern->token.kind != TOKEN_TEXT)
		return refuse(pattern, "a value that is no text");
	enum sk_type type = path_type(path);
	if (pattern->import != NULL && type == SK_TYPE_UNSUPPORTED)
		sk_import_refuse(pattern->import, pattern->line, pattern->token.text, pattern->token.length, SK_INDICATOR_UNSUPPORTED_TYPE, path);
	else if (pattern->import != NULL)
		*err = sk_import_value(pattern->import, pattern->line, pattern->token.text, pattern->token.length, type);
	step(pattern);
	return *err == SK_OK;
}

/* The object path at hand. */
static bool take_path(struct pattern *pattern, char path[SK_INDICATOR_VALUE_MAX + 1])
{
	if (pattern->token.kind != TOKEN_WORD || strchr(pattern->token.text, ':') == NULL)
		return refuse(pattern, is_word(pattern, "NOT") ? "NOT" : "no object path where one was expected");
	(void)snprintf(path, SK_INDICATOR_VALUE_MAX + 1, "%s", pattern->token.text);
	step(pattern);
	return true;
}

/* network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = ..., as MISP writes it: a type says nothing that its value does not. Steps
   over the type; *path is that of the value then. */
static bool skip_type(struct pattern *pattern, char path[SK_INDICATOR_VALUE_MAX + 1])
{
	static const char *const types[] = {"ipv4-addr", "ipv6-addr", "domain-name"};
	bool known = false, destination = strcmp(path, "network-traffic:dst_ref.type") == 0;
	if ((!destination && strcmp(path, "network-traffic:src_ref.type") != 0) || pattern->token.kind != TOKEN_EQUAL)
		return true;
	step(pattern);
	for (size_t i = 0; i < SK_COUNT(types); i++)
		known = known || (pattern->token.kind == TOKEN_TEXT && strcmp(pattern->token.text, types[i]) == 0);
	step(pattern);
	if (!known || !is_word(pattern, "AND"))
		return refuse(pattern, "a type without a value");
	step(pattern);
	if (!take_path(pattern, path))
		return false;
	return strcmp(path, destination ? "network-traffic:dst_ref.value" : "network-traffic:src_ref.value") == 0 || refuse(pattern, "AND");
}

/* path = 'value' | path IN ('value', ...); ISSUBSET is the same to a prefix. */
static bool comparison(struct pattern *pattern, enum sk_err *err)
{
	char path[SK_INDICATOR_VALUE_MAX + 1];
	if (!take_path(pattern, path) || !skip_type(pattern, path))
		return false;
	if (pattern->token.kind == TOKEN_EQUAL || is_word(pattern, "ISSUBSET")) {
		step(pattern);
		return take_value(pattern, path, err);
	}
	if (!is_word(pattern, "IN"))
		return refuse(pattern, "a comparison other than = and IN");
	step(pattern);
	if (pattern->token.kind != TOKEN_ROUND_OPEN)
		return refuse(pattern, "IN without a list");
	do {
		step(pattern);
		if (!take_value(pattern, path, err))
			return false;
	} while (pattern->token.kind == TOKEN_COMMA);
	if (pattern->token.kind != TOKEN_ROUND_CLOSE)
		return refuse(pattern, "a list that is not closed");
	step(pattern);
	return true;
}

/* Where everything is joined by OR, parentheses change nothing: they are counted. */
static void open_round(struct pattern *pattern, size_t *depth)
{
	for (; pattern->token.kind == TOKEN_ROUND_OPEN; step(pattern))
		++*depth;
}

static void close_round(struct pattern *pattern, size_t *depth)
{
	for (; pattern->token.kind == TOKEN_ROUND_CLOSE && *depth > 0; step(pattern))
		--*depth;
}

/* [comparison OR comparison ...] OR [...] */
static bool walk(struct pattern *pattern, enum sk_err *err)
{
	size_t outside = 0, inside = 0;
	step(pattern);
	for (;;) {
		open_round(pattern, &outside);
		if (pattern->token.kind != TOKEN_OPEN)
			return refuse(pattern, "no [ where one was expected");
		do {
			step(pattern);
			open_round(pattern, &inside);
			if (!comparison(pattern, err))
				return false;
			close_round(pattern, &inside);
		} while (is_word(pattern, "OR"));
		if (pattern->token.kind != TOKEN_CLOSE || inside != 0)
			return refuse(pattern, is_word(pattern, "AND") ? "AND" : "more than values joined by OR");
		step(pattern);
		close_round(pattern, &outside);
		if (pattern->token.kind == TOKEN_END)
			return outside == 0 || refuse(pattern, "a parenthesis that is not closed");
		if (!is_word(pattern, "OR"))
			return refuse(pattern, "observations joined by more than OR, or a qualifier");
		step(pattern);
	}
}

enum sk_err sk_import_pattern(struct sk_import *import, uint64_t line, const char *text, size_t length)
{
	enum sk_err err = SK_OK;
	struct pattern pattern = {.c = sk_cur_of(text, length), .line = line};
	/* First look, then take: a pattern is taken whole or refused whole. */
	if (!walk(&pattern, &err)) {
		sk_import_refuse(import, line, text, length, SK_INDICATOR_COMPLEX_PATTERN, pattern.why);
		return SK_OK;
	}
	pattern = (struct pattern){.c = sk_cur_of(text, length), .line = line, .import = import};
	(void)walk(&pattern, &err);
	return err;
}

/* ---- the bundle ---- */

static const char *text_of(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;
	bool is = json_object_object_get_ex(object, key, &value) && json_object_is_type(value, json_type_string);
	return is ? json_object_get_string(value) : NULL;
}

/* What the author says of its validity, against the clock. NULL: in force. A time that cannot be read says nothing. */
static const char *not_in_force(struct json_object *object, int64_t now_ns)
{
	struct json_object *revoked = NULL;
	int64_t at;
	if (json_object_object_get_ex(object, "revoked", &revoked) && json_object_get_boolean(revoked))
		return "revoked";
	const char *from = text_of(object, "valid_from"), *until = text_of(object, "valid_until");
	if (now_ns != 0 && from != NULL && sk_time_parse(from, &at) == SK_OK && at > now_ns)
		return "valid_from is yet to come";
	if (now_ns != 0 && until != NULL && sk_time_parse(until, &at) == SK_OK && at <= now_ns)
		return "valid_until has passed";
	return NULL;
}

static enum sk_err import_indicator(struct sk_import *import, uint64_t number, struct json_object *object)
{
	const char *pattern = text_of(object, "pattern"), *language = text_of(object, "pattern_type");
	size_t length = pattern != NULL ? strlen(pattern) : 0;
	const char *dead = not_in_force(object, import->builder->options.now_ns);
	if (pattern == NULL)
		sk_import_refuse(import, number, "", 0, SK_INDICATOR_NOT_AN_INDICATOR, "an indicator without a pattern");
	else if (language != NULL && strcmp(language, "stix") != 0)
		sk_import_refuse(import, number, pattern, length, SK_INDICATOR_UNSUPPORTED_TYPE, "a pattern in another language than STIX's");
	else if (dead != NULL)
		sk_import_refuse(import, number, pattern, length, SK_INDICATOR_NOT_IN_FORCE, dead);
	else
		return sk_import_pattern(import, number, pattern, length);
	return SK_OK;
}

static bool is_stix_object(struct json_object *object)
{
	const char *id = json_object_is_type(object, json_type_object) ? text_of(object, "id") : NULL;
	return id != NULL && strstr(id, "--") != NULL && text_of(object, "type") != NULL;
}

bool sk_is_stix(struct json_object *top, struct json_object **objects)
{
	*objects = top;
	if (json_object_is_type(top, json_type_array))
		return json_object_array_length(top) != 0 && is_stix_object(json_object_array_get_idx(top, 0));
	if (!json_object_is_type(top, json_type_object))
		return false;
	const char *type = text_of(top, "type");
	bool has = json_object_object_get_ex(top, "objects", objects) && json_object_is_type(*objects, json_type_array);
	if (type != NULL && strcmp(type, "bundle") == 0) {
		*objects = has ? *objects : NULL;
		return true;
	}
	/* What a TAXII 2.1 server answers has no type. */
	return has && json_object_array_length(*objects) != 0 && is_stix_object(json_object_array_get_idx(*objects, 0));
}

enum sk_err sk_import_stix(struct sk_import *import, struct json_object *objects)
{
	uint64_t indicators = 0;
	if (objects == NULL)
		return sk_fault_set(import->fault, SK_EINPUT, "%s: a STIX bundle without objects", import->path);
	size_t count = json_object_array_length(objects);
	for (size_t i = 0; i < count; i++) {
		struct json_object *object = json_object_array_get_idx(objects, i);
		const char *type = json_object_is_type(object, json_type_object) ? text_of(object, "type") : NULL;
		if (type == NULL || strcmp(type, "indicator") != 0)
			continue;
		indicators++;
		SK_TRY(import_indicator(import, i + 1, object));
	}
	if (indicators == 0)
		return sk_fault_set(import->fault, SK_EINPUT, "%s: none of the %zu objects of this STIX bundle is an indicator", import->path, count);
	return SK_OK;
}
