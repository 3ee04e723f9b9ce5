/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho border lookup and explain */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd_border.h"
#include "text/json.h"
#include "text/text.h"

enum { FLUSH_BYTES = 1 << 16 };

struct question {
	struct sk_cmd *cmd;
	struct sk_border *table;
	struct sk_buf out;
	bool json;
	bool wrong; /* something was no address */
	void (*answer)(struct question *question, const struct sk_addr *addr, const char *text);
};

/* The two letters of the country that the table names, "" for none. */
static const char *country_of(const struct question *question, const struct sk_addr *addr, char text[3])
{
	uint16_t country = sk_border_country(question->table, addr->bytes, addr->family);
	text[0] = (char)(country >> 8);
	text[1] = (char)(country & 255);
	text[2] = '\0';
	return text;
}

/* ---- lookup ---- */

static void answer_lookup(struct question *question, const struct sk_addr *addr, const char *text)
{
	const char *side = sk_side_name(sk_border_side(question->table, addr));
	if (question->json) {
		/* an address as parsed needs no escaping */
		char clean[SK_ADDR_TEXT_MAX], country[3];
		sk_buf_addf(&question->out, "{\"address\":\"%s\",\"side\":\"%s\"", sk_addr_format(addr, clean), side);
		if (*country_of(question, addr, country) != '\0')
			sk_buf_addf(&question->out, ",\"country\":\"%s\"", country);
		sk_buf_addf(&question->out, "}\n");
		return;
	}
	sk_buf_add_text(&question->out, text);
	sk_buf_add_u8(&question->out, '\t');
	sk_buf_add_text(&question->out, side);
	sk_buf_add_u8(&question->out, '\n');
}

/* ---- explain ---- */

static const char *says_text(const struct sk_border_source *source, uint8_t says)
{
	bool country = sk_border_kind_country(source->kind);
	switch (says) {
	case 0:
		return country ? "says nothing" : source->kind == SK_BORDER_COUNTRIES ? "names countries alone" : "does not name it";
	case SK_SAYS_DOMESTIC:
		return country ? "home" : "domestic";
	case SK_SAYS_FOREIGN:
		return country ? "other" : "foreign";
	case SK_SAYS_UNKNOWN:
		return "unknown";
	case SK_SAYS_EMBEDDED:
		return "the embedded IPv4 address decides";
	default:
		return "contradicts itself";
	}
}

static void reason_text(const struct question *question, const struct sk_border_verdict *verdict, struct sk_buf *out)
{
	struct sk_border_source source;
	struct sk_prefix prefix = {.addr = verdict->said.first, .bits = verdict->said.bits};
	char text[SK_ADDR_TEXT_MAX];
	const char *name;
	if (verdict->reason == SK_BORDER_BY_LIST || verdict->reason == SK_BORDER_BY_SPECIAL)
		sk_border_source_at(question->table, verdict->source, &source);
	switch (verdict->reason) {
	case SK_BORDER_BY_LIST:
		sk_buf_addf(out, "list %s:%u, a prefix of %u bits", source.label, verdict->said.line, verdict->said.bits);
		return;
	case SK_BORDER_BY_SPECIAL:
		name = sk_border_special_name(&prefix.addr, prefix.bits);
		sk_buf_addf(out, "special range%s%s, RFC %u", name[0] != '\0' ? ": " : "", name, verdict->said.line);
		return;
	case SK_BORDER_BY_EMBEDDED:
		for (unsigned i = 0; i < verdict->embedded_count; i++)
			sk_buf_addf(out, "%s%s %s", i == 0 ? "embedded IPv4 " : " and ", sk_addr_format(&verdict->embedded[i], text),
				    sk_side_name(sk_border_side(question->table, &verdict->embedded[i])));
		sk_buf_addf(out, verdict->side == SK_SIDE_UNKNOWN ? "; all must agree" : "");
		return;
	case SK_BORDER_BY_COUNTRY:
		sk_buf_addf(out, "country sources: %u speak, all say %s", verdict->home + verdict->other, verdict->home != 0 ? "home" : "other");
		return;
	case SK_BORDER_BY_DISPUTE:
		sk_buf_addf(out, "country sources differ: %u say home, %u say other", verdict->home, verdict->other);
		return;
	case SK_BORDER_BY_SILENCE:
		sk_buf_addf(out, "no list, special range or country source names it");
		return;
	case SK_BORDER_BY_REST:
		sk_buf_addf(out, "no list names it: the rest is %s", sk_side_name(verdict->side));
		return;
	}
}

static const char *reason_name(enum sk_border_reason reason)
{
	static const char *const names[] = {"list", "special", "embedded", "country", "dispute", "silence", "rest"};
	return names[reason];
}

static void explain_json(struct question *question, const struct sk_addr *addr, const struct sk_border_verdict *verdict, const char *reason)
{
	struct sk_json_writer w;
	struct sk_border_info info;
	char text[SK_ADDR_TEXT_MAX], country[3];
	sk_border_info(question->table, &info);
	sk_json_begin(&w, &question->out, false);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "address", sk_addr_format(addr, text));
	sk_json_text(&w, "side", sk_side_name(sk_border_side(question->table, addr)));
	if (*country_of(question, addr, country) != '\0')
		sk_json_text(&w, "country", country);
	sk_json_text(&w, "by", reason_name(verdict->reason));
	sk_json_text(&w, "reason", reason);
	sk_json_array(&w, "sources");
	for (unsigned i = 0; i < info.source_count; i++) {
		struct sk_border_source source;
		struct sk_border_said said;
		sk_border_source_at(question->table, i, &source);
		sk_border_said(question->table, i, addr, &said);
		sk_json_object(&w, NULL);
		sk_json_text(&w, "kind", sk_border_kind_name(source.kind));
		sk_json_text(&w, "label", source.label);
		sk_json_text(&w, "says", said.says == 0 ? "nothing" : says_text(&source, said.says));
		if (said.says != 0) {
			sk_json_text(&w, "first", sk_addr_format(&said.first, text));
			sk_json_text(&w, "last", sk_addr_format(&said.last, text));
		}
		if (said.says != 0 && said.line != 0)
			sk_json_u64(&w, source.kind == SK_BORDER_SPECIAL ? "rfc" : "line", said.line);
		sk_json_end(&w);
	}
	sk_json_end(&w);
	sk_json_end(&w);
	sk_buf_add_u8(&question->out, '\n');
}

static void answer_explain(struct question *question, const struct sk_addr *addr, const char *address)
{
	struct sk_border_verdict verdict;
	struct sk_border_info info;
	struct sk_buf reason;
	struct sk_buf *out = &question->out;
	char country[3];
	sk_buf_init(&reason, 4096);
	sk_border_decide(question->table, addr, &verdict);
	sk_border_info(question->table, &info);
	reason_text(question, &verdict, &reason);
	if (question->json) {
		explain_json(question, addr, &verdict, sk_buf_text(&reason));
		sk_buf_fini(&reason);
		return;
	}
	sk_buf_addf(out, "%s is %s\n  decided by %s\n", address, sk_side_name(sk_border_side(question->table, addr)), sk_buf_text(&reason));
	sk_buf_fini(&reason);
	if (*country_of(question, addr, country) != '\0')
		sk_buf_addf(out, "  counted under %s by the health of links\n", country);
	for (unsigned i = 0; i < info.source_count; i++) {
		struct sk_border_source source;
		struct sk_border_said said;
		char first[SK_ADDR_TEXT_MAX], last[SK_ADDR_TEXT_MAX];
		sk_border_source_at(question->table, i, &source);
		sk_border_said(question->table, i, addr, &said);
		sk_buf_addf(out, "  %-8s %-24s %s", sk_border_kind_name(source.kind), source.label, says_text(&source, said.says));
		if (said.says != 0)
			sk_buf_addf(out, " for %s - %s", sk_addr_format(&said.first, first), sk_addr_format(&said.last, last));
		if (said.says != 0 && source.kind == SK_BORDER_LIST)
			sk_buf_addf(out, ", line %u", said.line);
		else if (said.says != 0 && source.kind == SK_BORDER_SPECIAL)
			sk_buf_addf(out, ", RFC %u", said.line);
		sk_buf_add_u8(out, '\n');
	}
}

/* ---- both ---- */

static void flush(struct question *question)
{
	(void)fwrite(sk_buf_text(&question->out), 1, question->out.length, question->cmd->out);
	sk_buf_reset(&question->out);
}

static void ask(struct question *question, const char *text, const char *where, unsigned long line)
{
	struct sk_addr addr;
	if (sk_addr_parse(text, &addr) == SK_OK) {
		question->answer(question, &addr, text);
	} else {
		struct sk_fault fault;
		(void)sk_fault_set(&fault, SK_EINPUT, "%s%s%.0lu%s'%.80s' is no address", where, line != 0 ? ":" : "", line, line != 0 ? ": " : "",
				   text);
		(void)sk_cmd_fail(question->cmd, &fault);
		question->wrong = true;
	}
	if (question->out.length >= FLUSH_BYTES)
		flush(question);
}

/* One address a line; white space around it and empty lines are fine. */
static void ask_stdin(struct question *question)
{
	char *line = NULL;
	size_t size = 0;
	unsigned long number = 0;
	for (ssize_t got; (got = getline(&line, &size, stdin)) >= 0;) {
		number++;
		while (got > 0 && strchr(" \t\r\n", line[got - 1]) != NULL)
			line[--got] = '\0';
		const char *text = line + strspn(line, " \t");
		if (*text != '\0')
			ask(question, text, "-", number);
	}
	free(line);
}

static int run_questions(struct sk_cmd *cmd, int argc, char **argv, struct question *question)
{
	static const struct option options[] = {SK_BORDER_CHOICE_OPTIONS, {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
	struct sk_border_choice choice = {0};
	struct sk_fault fault;
	char path[SK_PATH_MAX];
	question->cmd = cmd;
	optind = 0;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, SK_BORDER_CHOICE_LETTERS, options, NULL)) != -1;) {
		if (option == 'j')
			question->json = true;
		else if (!sk_border_choice_option(&choice, option, optarg))
			return sk_cmd_usage(cmd, "border", "'%s' is no option of border %s, or it needs a value", argv[optind - 1], argv[0]);
	}
	if (optind == argc)
		return sk_cmd_usage(cmd, "border", "border %s needs addresses, or - to read them from standard input", argv[0]);
	if (sk_border_choice_open(&choice, &question->table, path, &fault) != SK_OK)
		return sk_cmd_fail(cmd, &fault);
	sk_buf_init(&question->out, SK_BORDER_OUTPUT_MAX);
	for (int i = optind; i < argc; i++) {
		if (strcmp(argv[i], "-") == 0)
			ask_stdin(question);
		else
			ask(question, argv[i], "", 0);
	}
	sk_cmd_border_flush(cmd, &question->out);
	sk_border_close(question->table);
	return question->wrong ? sk_err_exit(SK_EINPUT) : 0;
}

int sk_cmd_border_lookup(struct sk_cmd *cmd, int argc, char **argv)
{
	struct question question = {.answer = answer_lookup};
	return run_questions(cmd, argc, argv, &question);
}

int sk_cmd_border_explain(struct sk_cmd *cmd, int argc, char **argv)
{
	struct question question = {.answer = answer_explain};
	return run_questions(cmd, argc, argv, &question);
}
