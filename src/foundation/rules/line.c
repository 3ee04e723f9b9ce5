/* SPDX-License-Identifier: Apache-2.0 */
/* Files of rules: lines, the header of a rule, its options. */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "rules/rules_priv.h"

enum { HEADER_WORDS = 7 };

static const char *const actions[] = {"alert", "pass", "drop", "reject", "rejectsrc", "rejectdst", "rejectboth", "log", "activate", "dynamic", "config"};
enum { ACTION_ALERT, ACTION_PASS, ACTION_DROP, ACTION_REJECT_LAST = 6 };

static int action_of(struct sk_cur word)
{
	for (size_t i = 0; i < SK_COUNT(actions); i++)
		if (sk_word_is(word, actions[i]))
			return (int)i;
	return -1;
}

/* ---- the header ---- */

/* A word of the header: up to a space outside brackets. */
static struct sk_cur header_word(struct sk_cur *rest)
{
	*rest = sk_word_trim(*rest);
	size_t at = 0;
	for (int depth = 0; at < sk_left(rest); at++) {
		uint8_t byte = sk_peek_u8(rest, at);
		depth += byte == '[' ? 1 : byte == ']' ? -1 : 0;
		if ((byte == ' ' || byte == '\t') && depth <= 0)
			break;
	}
	return sk_carve(rest, at);
}

static bool take_action(struct sk_rules_reader *reader, struct sk_cur word)
{
	int action = action_of(word);
	char text[32];
	(void)sk_word_text(word, text, sizeof text);
	if (action < 0 || action > ACTION_REJECT_LAST)
		return sk_rules_refuse(reader, SK_RULE_REASON_ACTION, "%s", text);
	reader->rule.action = action == ACTION_PASS ? SK_ACTION_PASS : SK_ACTION_ALERT;
	if (action == ACTION_PASS)
		reader->rule.differences |= 1u << SK_RULE_DIFFERENCE_PASS;
	else if (action >= ACTION_DROP)
		reader->rule.differences |= 1u << SK_RULE_DIFFERENCE_NOT_BLOCKED;
	return true;
}

static bool take_protocol(struct sk_rules_reader *reader, struct sk_cur word)
{
	static const struct {
		const char *name;
		uint16_t proto;
		uint8_t family;
	} protocols[] = {{"ip", SK_RULE_PROTO_ANY, 0}, {"tcp", 6, 0}, {"tcp-pkt", 6, 0}, {"tcp-stream", 6, 0}, {"udp", 17, 0}, {"icmp", SK_RULE_PROTO_ICMP, 0}, {"icmpv4", 1, 0},
			 {"icmpv6", 58, 0}, {"icmp6", 58, 0}, {"sctp", 132, 0}, {"ip4", SK_RULE_PROTO_ANY, 4}, {"ipv4", SK_RULE_PROTO_ANY, 4}, {"ip6", SK_RULE_PROTO_ANY, 6},
			 {"ipv6", SK_RULE_PROTO_ANY, 6}};
	char text[32];
	for (size_t i = 0; i < SK_COUNT(protocols); i++)
		if (sk_word_is(word, protocols[i].name)) {
			reader->rule.proto = protocols[i].proto;
			reader->rule.family = protocols[i].family;
			reader->packets_only = i == 2;
			reader->streams_only = i == 3;
			return true;
		}
	enum sk_app app = sk_rules_app(word);
	(void)sk_word_text(word, text, sizeof text);
	if (app == SK_APP_NONE)
		return sk_rules_refuse(reader, SK_RULE_REASON_PROTOCOL, "%s", text);
	reader->rule.app = (uint8_t)app;
	reader->rule.proto = SK_RULE_PROTO_ANY;
	return true;
}

static bool take_header(struct sk_rules_reader *reader, struct sk_cur header)
{
	struct sk_cur words[HEADER_WORDS];
	size_t count = 0;
	struct sk_rule *rule = &reader->rule;
	for (; count < HEADER_WORDS; count++) {
		words[count] = header_word(&header);
		if (!sk_more(&words[count]))
			break;
	}
	if (count == 0 || !take_action(reader, words[0]))
		return count != 0 ? false : sk_rules_refuse(reader, SK_RULE_REASON_SYNTAX, "no header");
	if (count < HEADER_WORDS || sk_left(&header) != 0)
		return sk_rules_refuse(reader, SK_RULE_REASON_SYNTAX, "the header has %zu words, not 7", count + (sk_left(&header) != 0));
	if (sk_word_is(words[4], "<>"))
		rule->flags |= SK_RULE_BOTH_WAYS;
	else if (!sk_word_is(words[4], "->"))
		return sk_rules_refuse(reader, SK_RULE_REASON_SYNTAX, "direction: -> or <>");
	return take_protocol(reader, words[1]) && (rule->from = sk_rules_addresses(reader, words[2])) != NULL && (rule->from_ports = sk_rules_ports(reader, words[3])) != NULL &&
	       (rule->to = sk_rules_addresses(reader, words[5])) != NULL && (rule->to_ports = sk_rules_ports(reader, words[6])) != NULL;
}

/* ---- one rule ---- */

static bool take_options(struct sk_rules_reader *reader, struct sk_cur body)
{
	while (body = sk_word_trim(body), sk_more(&body)) {
		bool ended, has_value;
		struct sk_cur option = sk_word_until(&body, ';', &ended), value = option;
		if (!ended)
			return sk_rules_refuse(reader, SK_RULE_REASON_SYNTAX, "an option does not end with ;");
		struct sk_cur keyword = sk_word_trim(sk_word_until(&value, ':', &has_value));
		if (!sk_more(&keyword) && !has_value)
			continue;
		if (!sk_rules_option(reader, keyword, sk_word_trim(value), has_value))
			return false;
	}
	return true;
}

static bool read_rule(struct sk_rules_reader *reader, struct sk_cur line)
{
	size_t at = 0, left = sk_left(&line);
	while (at < left && sk_peek_u8(&line, at) != '(')
		at++;
	struct sk_cur header = sk_carve(&line, at), body = sk_word_trim(line);
	if (!take_header(reader, sk_word_trim(header)))
		return false;
	if (!sk_word_take(&body, '(') || sk_left(&body) == 0 || sk_peek_u8(&body, sk_left(&body) - 1) != ')')
		return sk_rules_refuse(reader, SK_RULE_REASON_SYNTAX, "options in parentheses are missing");
	if (!take_options(reader, sk_carve(&body, sk_left(&body) - 1)))
		return false;
	if (!reader->has_sid)
		return sk_rules_refuse(reader, SK_RULE_REASON_NO_SID, "%s", "");
	return sk_rules_check(reader);
}

/* The sid of a rule that is refused before it was come to, so that the account can name it. */
static void guess_sid(struct sk_rules_reader *reader, struct sk_cur line)
{
	while (!reader->has_sid && sk_left(&line) > 4) {
		struct sk_cur at = line;
		int64_t sid;
		bool ended;
		if (sk_word_is(sk_carve(&at, 4), "sid:")) {
			struct sk_cur number = sk_word_until(&at, ';', &ended);
			if (ended && sk_word_number(number, 1, UINT32_MAX, &sid)) {
				reader->rule.sid = (uint32_t)sid;
				reader->has_sid = true;
			}
		}
		sk_skip(&line, 1);
	}
}

static bool settle(struct sk_rules_reader *reader)
{
	struct sk_rules *set = reader->set;
	const struct sk_rule *before = sk_rules_find(set, reader->rule.gid, reader->rule.sid);
	if (before != NULL && before->rev >= reader->rule.rev)
		return sk_rules_refuse(reader, SK_RULE_REASON_DUPLICATE, "%u:%u, revision %u stands at %s", reader->rule.gid, reader->rule.sid, before->rev, before->origin);
	if (set->options.strict && reader->rule.differences != 0)
		return sk_rules_refuse(reader, SK_RULE_REASON_STRICT, "%s", sk_rule_difference_name((enum sk_rule_difference)__builtin_ctz(reader->rule.differences)));
	if (set->count >= set->options.max_rules)
		return sk_rules_refuse(reader, SK_RULE_REASON_TOO_LARGE, "more than %llu rules", (unsigned long long)set->options.max_rules);
	if (sk_rules_add(set, &reader->rule, reader->items) != SK_OK || set->out_of_memory)
		return sk_rules_refuse(reader, SK_RULE_REASON_TOO_LARGE, "out of memory");
	return true;
}

/* A rule is text: what drives terminals or ends texts early is none. */
static bool is_text(struct sk_rules_reader *reader, struct sk_cur line)
{
	while (sk_more(&line)) {
		uint8_t byte = sk_u8(&line);
		if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
			return sk_rules_refuse(reader, SK_RULE_REASON_SYNTAX, "a control byte, %u", byte);
	}
	return true;
}

static const char *keep_origin(struct sk_rules *set, const char *file, uint64_t number)
{
	char origin[SK_RULES_NAME_MAX + 24], clean[sizeof origin];
	(void)snprintf(origin, sizeof origin, "%.*s:%llu", SK_RULES_NAME_MAX - 1, file, (unsigned long long)number);
	(void)sk_word_text(sk_cur_of(origin, strlen(origin)), clean, sizeof clean);
	return sk_rules_keep(set, clean);
}

static const char *keep_line(struct sk_rules *set, struct sk_cur line)
{
	size_t length = sk_left(&line);
	char *text = sk_rules_take(set, length + 1, 1);
	if (text != NULL)
		sk_copy(&line, text, length);
	return text;
}

void sk_rules_line(struct sk_rules *set, const char *file, const char *folder, uint64_t number, struct sk_cur line, struct sk_rules_counts *counts)
{
	struct sk_rules_reader *reader = calloc(1, sizeof *reader);
	if (reader == NULL) {
		set->out_of_memory = true;
		return;
	}
	reader->set = set;
	reader->folder = folder;
	reader->file = file;
	reader->last_content = -1;
	reader->rule = (struct sk_rule){.gid = 1, .line = (uint32_t)number, .priority = 3, .target = SK_END_ANY, .category = "", .classtype = "", .message = ""};
	reader->rule.origin = keep_origin(set, file, number);
	reader->rule.text = keep_line(set, line);
	reader->verdict = (struct sk_rule_verdict){.file = file, .line = number};
	bool taken = reader->rule.origin != NULL && reader->rule.text != NULL && is_text(reader, line) && read_rule(reader, line) && settle(reader);
	if (!taken) {
		if (reader->verdict.reason == SK_RULE_REASON_NONE)
			(void)sk_rules_refuse(reader, SK_RULE_REASON_TOO_LARGE, "out of memory");
		guess_sid(reader, line);
		sk_rules_free_items(reader);
	}
	reader->verdict.gid = reader->rule.gid;
	reader->verdict.sid = reader->rule.sid;
	reader->verdict.rev = reader->rule.rev;
	reader->verdict.differences = taken ? reader->rule.differences : 0;
	counts->rules++;
	counts->taken += taken;
	counts->refused += !taken;
	counts->by_reason[reader->verdict.reason] += !taken;
	counts->differing += reader->verdict.differences != 0;
	for (unsigned bit = 0; bit < SK_RULE_DIFFERENCE_COUNT; bit++)
		counts->by_difference[bit] += reader->verdict.differences >> bit & 1;
	if (set->options.note != NULL)
		set->options.note(set->options.context, &reader->verdict);
	free(reader);
}

/* ---- a file ---- */

/* A line, and those that a backslash at its end joins to it, in memory of its own. Returns how many lines of the file it is. */
static uint64_t next_line(struct sk_cur *rest, struct sk_buf *out)
{
	uint64_t lines = 0;
	bool joined = true;
	sk_buf_reset(out);
	while (joined && sk_more(rest)) {
		size_t at = 0, left = sk_left(rest);
		while (at < left && sk_peek_u8(rest, at) != '\n')
			at++;
		struct sk_cur line = sk_word_trim(sk_carve(rest, at));
		if (sk_more(rest))
			sk_skip(rest, 1);
		lines++;
		joined = sk_more(&line) && sk_peek_u8(&line, sk_left(&line) - 1) == '\\';
		if (joined)
			line = sk_carve(&line, sk_left(&line) - 1);
		size_t length = sk_left(&line);
		const uint8_t *bytes = sk_take(&line, length);
		if (bytes != NULL && length != 0)
			sk_buf_add(out, bytes, length);
	}
	return lines;
}

/* Does it begin with an action? Of a comment: then it is a rule that somebody switched off. */
static bool looks_like_rule(struct sk_cur line)
{
	return action_of(header_word(&line)) >= 0;
}

enum sk_err sk_rules_text(struct sk_rules *rules, const char *name, const char *folder, const void *text, size_t length, struct sk_rules_counts *counts, struct sk_fault *fault)
{
	struct sk_cur rest = sk_cur_of(text, length);
	struct sk_buf line;
	uint64_t number = 1;
	*counts = (struct sk_rules_counts){.rules = 0};
	sk_buf_init(&line, SK_RULES_LINE_MAX);
	while (sk_more(&rest)) {
		uint64_t lines = next_line(&rest, &line);
		bool too_long = line.failed == SK_ETOOBIG;
		struct sk_cur word = sk_word_trim(sk_cur_of(line.bytes, line.length));
		if (sk_word_take(&word, '#'))
			counts->disabled += looks_like_rule(word);
		else if (too_long || sk_more(&word))
			sk_rules_line(rules, name, folder, number, too_long ? sk_cur_of("", 0) : word, counts);
		number += lines;
	}
	sk_buf_fini(&line);
	if (rules->out_of_memory)
		return sk_fault_set(fault, SK_ENOMEM, "%s: the rules need more than %d MiB of memory", name, SK_RULES_ARENA_MAX >> 20);
	if (counts->rules == 0 && counts->disabled == 0)
		return sk_fault_set(fault, SK_EINPUT, "%s: it holds no rule; expected lines like: alert tcp any any -> any any (msg:\"...\"; content:\"...\"; sid:1;)", name);
	return SK_OK;
}

enum sk_err sk_rules_import(struct sk_rules *rules, const char *path, struct sk_rules_counts *counts, struct sk_fault *fault)
{
	struct sk_buf text;
	char folder[SK_PATH_MAX];
	const char *slash = strrchr(path, '/');
	(void)snprintf(folder, sizeof folder, "%.*s", slash != NULL ? (int)(slash - path) : 1, slash != NULL ? path : ".");
	sk_buf_init(&text, SK_RULES_FILE_MAX);
	enum sk_err err = sk_file_read(path, &text, fault);
	if (err == SK_OK)
		err = sk_rules_text(rules, slash != NULL ? slash + 1 : path, folder, text.bytes, text.length, counts, fault);
	sk_buf_fini(&text);
	return err;
}
