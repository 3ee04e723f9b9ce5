/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho order: from a proposal to a measure and back; sekisho approve: one approval, whatever the order waits for. Options, and the verbs that act. */
#include "cmd/order.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "text/text.h"

enum { OPT_JSON = 256, OPT_HELP, OPT_REFUSE, OPT_CONFIRM, OPT_RECOMMEND, OPT_NOT_NEEDED, OPT_UNKNOWN, OPT_ALL, OPT_ONLY_URGENT, OPT_FROM, OPT_FOR, OPT_LIFE, OPT_SINCE, OPT_CHECK, OPT_HITS, OPT_FALSE, OPT_TEXT,
       OPT_LIST = OPT_TEXT + 64 };

/* ---- options ---- */

static const struct {
	const char *name;
	size_t at;
} texts[] = {
#define TEXT(name, member) {name, offsetof(struct sk_order_args, member)}
	TEXT("dir", folder), TEXT("workspace", workspace), TEXT("key", actor.key), TEXT("to-sign", actor.to_sign), TEXT("statement", actor.statement),
	TEXT("signature", actor.signature), TEXT("by", actor.by), TEXT("measure", measure), TEXT("action", action), TEXT("against", target_act), TEXT("plan", plan),
	TEXT("other", other), TEXT("narrower", narrower), TEXT("not-enough", refused), TEXT("commander", commander), TEXT("extends", extends), TEXT("home", home),
	TEXT("foreign", foreign), TEXT("at-home", at_home), TEXT("urgent", urgent), TEXT("rate", rate), TEXT("why", why), TEXT("with", by_order), TEXT("told", told),
	TEXT("due", due), TEXT("text", text), TEXT("receipts", from_folder), TEXT("enforcer", enforcer), TEXT("counters", counters), TEXT("organisations", organisations), TEXT("allow", allow), TEXT("state", state), TEXT("purpose", purpose), TEXT("count", count), TEXT("title-en", title[0]),
	TEXT("title-ja", title[1]), TEXT("text-en", text_file[0]), TEXT("text-ja", text_file[1]),
#undef TEXT
};

static const struct {
	const char *name;
	size_t at, count;
} lists[] = {
#define LIST(name, member, number) {name, offsetof(struct sk_order_args, member), offsetof(struct sk_order_args, number)}
	LIST("target", targets, target_count), LIST("protect", protects, protect_count), LIST("important", importants, important_count), LIST("org", orgs, org_count),
	LIST("addressee", addressees, addressee_count), LIST("finding", findings, finding_count), LIST("evidence-file", files, file_count),
	LIST("popular", populars, popular_count), LIST("about", abouts, about_count),
#undef LIST
};

int sk_order_usage(const struct sk_order_args *args, const char *format, ...)
{
	char line[256];
	va_list list;
	va_start(list, format);
	(void)vsnprintf(line, sizeof line, format, list);
	va_end(list);
	return sk_cmd_usage(args->cmd, args->command, "%s", line);
}

static bool take_number(const char *text, uint64_t *out)
{
	char *end = NULL;
	*out = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0';
}

static bool take_list(struct sk_order_args *args, size_t i, const char *value)
{
	size_t *count = (size_t *)(void *)((char *)args + lists[i].count);
	const char **values = (const char **)(void *)((char *)args + lists[i].at);
	if (*count == SK_ORDER_MANY)
		return false;
	values[(*count)++] = value;
	return true;
}

static bool take_option(struct sk_order_args *args, int option)
{
	int64_t ago;
	if (option >= OPT_LIST)
		return take_list(args, (size_t)(option - OPT_LIST), optarg);
	if (option >= OPT_TEXT) {
		*(const char **)(void *)((char *)args + texts[option - OPT_TEXT].at) = optarg;
		return true;
	}
	switch (option) {
	case OPT_JSON: args->json = true; return true;
	case OPT_REFUSE: args->refuse = true; return true;
	case OPT_CONFIRM: args->confirm = true; return true;
	case OPT_RECOMMEND: args->recommend = true; return true;
	case OPT_NOT_NEEDED: args->not_needed = true; return true;
	case OPT_UNKNOWN: args->unknown = true; return true;
	case OPT_ALL: args->all = true; return true;
	case OPT_ONLY_URGENT: args->only_urgent = true; return true;
	case OPT_FROM: return sk_time_parse(optarg, &args->from_ns) == SK_OK;
	case OPT_FOR: return sk_duration_parse(optarg, &args->for_ns) == SK_OK && args->for_ns > 0;
	case OPT_LIFE: return sk_duration_parse(optarg, &args->life_ns) == SK_OK && args->life_ns > 0;
	case OPT_SINCE:
		if (sk_duration_parse(optarg, &ago) == SK_OK)
			args->since_ns = args->cmd->clock.unix_ns(args->cmd->clock.context) - ago;
		else if (sk_time_parse(optarg, &args->since_ns) != SK_OK)
			return false;
		return true;
	case OPT_CHECK: return sk_duration_parse(optarg, &ago) == SK_OK && (args->check_hours = (uint64_t)(ago / (INT64_C(3600) * 1000000000))) != 0;
	case OPT_HITS: return take_number(optarg, &args->hits);
	case OPT_FALSE: return take_number(optarg, &args->false_hits);
	default: return false;
	}
}

static bool parse(struct sk_order_args *args, int argc, char **argv, bool *help)
{
	static const struct option plain[] = {
		{"json", no_argument, NULL, OPT_JSON}, {"help", no_argument, NULL, OPT_HELP}, {"refuse", no_argument, NULL, OPT_REFUSE}, {"confirm", no_argument, NULL, OPT_CONFIRM},
		{"recommend", no_argument, NULL, OPT_RECOMMEND}, {"not-needed", no_argument, NULL, OPT_NOT_NEEDED}, {"unknown", no_argument, NULL, OPT_UNKNOWN},
		{"all", no_argument, NULL, OPT_ALL}, {"only-urgent", no_argument, NULL, OPT_ONLY_URGENT}, {"from", required_argument, NULL, OPT_FROM}, {"for", required_argument, NULL, OPT_FOR}, {"life", required_argument, NULL, OPT_LIFE},
		{"since", required_argument, NULL, OPT_SINCE}, {"check-every", required_argument, NULL, OPT_CHECK}, {"hits", required_argument, NULL, OPT_HITS},
		{"false-hits", required_argument, NULL, OPT_FALSE}};
	struct option options[SK_COUNT(plain) + SK_COUNT(texts) + SK_COUNT(lists) + 1] = {{0}};
	size_t count = 0;
	for (size_t i = 0; i < SK_COUNT(plain); i++)
		options[count++] = plain[i];
	for (size_t i = 0; i < SK_COUNT(texts); i++)
		options[count++] = (struct option){texts[i].name, required_argument, NULL, (int)(OPT_TEXT + i)};
	for (size_t i = 0; i < SK_COUNT(lists); i++)
		options[count++] = (struct option){lists[i].name, required_argument, NULL, (int)(OPT_LIST + i)};
	const char *folder = getenv("SEKISHO_DIR");
	args->folder = folder != NULL ? folder : ".";
	optind = 0;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (option == OPT_HELP)
			*help = true;
		else if (!take_option(args, option))
			return false;
	}
	return true;
}

/* ---- verbs that act ---- */

/* The body of one event about the order as it stands. */
static enum sk_err body_of(struct sk_order_desk *desk, enum sk_order_event event, const struct sk_order_matter *m, struct sk_buf *body, struct sk_fault *fault)
{
	const struct sk_order_args *args = desk->args;
	const uint8_t *digest = m->text.document->order.digest;
	int64_t due_ns = 0;
	switch (event) {
	case SK_ORDER_EVENT_APPROVE:
	case SK_ORDER_EVENT_URGENT:
	case SK_ORDER_EVENT_RATIFY: sk_order_approval_body(digest, body); return SK_OK;
	case SK_ORDER_EVENT_CONSULT: sk_order_consult_body(digest, !args->refuse, args->why != NULL ? args->why : "", body); return SK_OK;
	case SK_ORDER_EVENT_CHECK: sk_order_check_body(digest, args->hits, args->false_hits, !args->not_needed, args->why != NULL ? args->why : "", body); return SK_OK;
	case SK_ORDER_EVENT_EXTEND:
		if (args->by_order == NULL)
			return sk_fault_set(fault, SK_EUSAGE, "order extend: --with ORDER: the order that goes on after it, approved, and made with --extends %s", m->id);
		sk_order_extend_body(digest, args->by_order, body);
		return SK_OK;
	case SK_ORDER_EVENT_NOTIFY:
		if ((args->told == NULL) == !args->unknown)
			return sk_fault_set(fault, SK_EUSAGE, "order notify: --told WHO, or --unknown --why TEXT: why nobody could be told");
		sk_order_notify_body(digest, args->told, args->why != NULL ? args->why : "", body);
		return SK_OK;
	case SK_ORDER_EVENT_REVIEW:
		if (args->confirm == args->recommend || (args->recommend && (args->due == NULL || sk_time_parse(args->due, &due_ns) != SK_OK)))
			return sk_fault_set(fault, SK_EUSAGE, "order review: --confirm --text TEXT, or --recommend --text TEXT --due DATE");
		sk_order_review_body(digest, due_ns, args->text != NULL ? args->text : "", body);
		return SK_OK;
	default: sk_order_why_body(digest, args->why != NULL ? args->why : "", body); return SK_OK;
	}
}

static void say(const struct sk_order_desk *desk, const char *id, enum sk_order_event event, uint64_t leaf)
{
	const struct sk_order_args *args = desk->args;
	const struct sk_order_matter *m = sk_orders_find(desk->orders, id);
	if (args->json) {
		(void)fprintf(args->cmd->out, "{\"id\":\"%s\",\"event\":\"%s\",\"state\":\"%s\",\"leaf\":%" PRIu64 ",\"seats\":%zu}\n", id, sk_order_event_name(event),
			      sk_order_state_name(m->state), leaf, m->seats);
		return;
	}
	(void)fprintf(args->cmd->out, "order %s: %s recorded (leaf %" PRIu64 "); it is %s: %s\n", id, sk_order_event_name(event), leaf, sk_order_state_name(m->state),
		      sk_order_state_prose(m->state));
	if (sk_order_event_counts(event) && m->missing[0] != '\0')
		(void)fprintf(args->cmd->out, "still missing: %s\n", strncmp(m->missing, "warrant: ", 9) == 0 ? m->missing + 9 : m->missing);
}

static enum sk_err make_body(struct sk_order_desk *desk, const char *id, enum sk_order_event event, struct sk_buf *body, struct sk_fault *fault)
{
	const struct sk_order_matter *m = sk_orders_find(desk->orders, id);
	if (event == SK_ORDER_EVENT_PROPOSE && m != NULL)
		return sk_fault_set(fault, SK_EEXIST, "order %s: there is one already; edit it (sekisho order edit), or choose another id", id);
	if (event != SK_ORDER_EVENT_PROPOSE)
		SK_TRY(sk_order_desk_find(desk, id, &m, fault));
	if (desk->args->actor.signature != NULL)
		return SK_OK; /* what was signed elsewhere has its body */
	if (event == SK_ORDER_EVENT_PROPOSE || event == SK_ORDER_EVENT_EDIT)
		return sk_order_desk_text(desk, id, body, fault);
	return body_of(desk, event, m, body, fault);
}

static int act(const struct sk_order_args *args, enum sk_order_event event, const char *id)
{
	struct sk_order_desk desk;
	struct sk_fault fault;
	struct sk_buf body;
	bool written = false;
	uint64_t leaf = 0;
	if (sk_order_desk_open(args, true, &desk, &fault) != SK_OK)
		return sk_cmd_fail(args->cmd, &fault);
	sk_buf_init(&body, SK_ACT_BODY_MAX);
	/* first what is due: nobody approves what is over */
	enum sk_err err = sk_order_desk_settle(&desk, &fault);
	if (err == SK_OK)
		err = make_body(&desk, id, event, &body, &fault);
	if (err == SK_OK && body.failed != SK_OK)
		err = sk_fault_set(&fault, body.failed, "order %s: %s", id, sk_err_text(body.failed));
	if (err == SK_OK)
		err = sk_order_desk_act(&desk, id, sk_order_event_name(event), body.length != 0 ? sk_buf_text(&body) : "{}", &written, &leaf, &fault);
	if (err == SK_OK && !written) {
		say(&desk, id, event, leaf);
		err = sk_order_desk_settle(&desk, &fault);
	} else if (err == SK_OK) {
		(void)fprintf(args->cmd->out, "written to %s; sign it (ssh-keygen -Y sign -n %s -f KEY %s) and hand it in with --statement, --signature and --by\n", args->actor.to_sign,
			      "sekisho-act", args->actor.to_sign);
	}
	sk_buf_fini(&body);
	sk_order_desk_close(&desk);
	return err == SK_OK ? 0 : sk_cmd_fail(args->cmd, &fault);
}

/* Words of the command line and their events, where they are not the event's own name. */
static enum sk_order_event event_of_verb(const char *verb)
{
	if (strcmp(verb, "draft") == 0)
		return SK_ORDER_EVENT_PROPOSE;
	enum sk_order_event event = sk_order_event_find(verb);
	return event != SK_ORDER_EVENT_COUNT && event != SK_ORDER_EVENT_PROPOSE && sk_order_event_duty(event)[0] != '\0' ? event : SK_ORDER_EVENT_COUNT;
}

int sk_cmd_order(struct sk_cmd *cmd, int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(const struct sk_order_args *args);
	} looks[] = {{"list", sk_order_list}, {"show", sk_order_show}, {"quorum", sk_order_quorum_cmd}, {"receipts", sk_order_receipts}, {"count", sk_order_count}};
	struct sk_order_args args = {.cmd = cmd, .command = argv[0]};
	bool help = false;
	if (!parse(&args, argc, argv, &help))
		return sk_cmd_usage(cmd, argv[0], "unknown or incomplete option");
	if (help)
		return sk_cmd_help(cmd, argv[0]);
	if (optind >= argc)
		return sk_cmd_usage(cmd, argv[0], "expected what to do: draft, evidence, legal, ..., list, show");
	const char *verb = argv[optind];
	args.words = argv + optind + 1;
	args.word_count = argc - optind - 1;
	for (size_t i = 0; i < SK_COUNT(looks); i++)
		if (strcmp(verb, looks[i].name) == 0)
			return looks[i].run(&args);
	enum sk_order_event event = event_of_verb(verb);
	if (event == SK_ORDER_EVENT_COUNT)
		return sk_cmd_usage(cmd, argv[0], "'%s' is no step of an order", verb);
	if (args.word_count != 1)
		return sk_cmd_usage(cmd, argv[0], "%s: expected one order's id", verb);
	return act(&args, event, args.words[0]);
}

/* What an approval is of an order as it stands. */
static enum sk_order_event what_it_waits_for(const struct sk_order_matter *m)
{
	if (m->state == SK_ORDER_DRAFT && m->text.document->order.urgent)
		return SK_ORDER_EVENT_URGENT;
	return m->state == SK_ORDER_URGENT_ACTIVE ? SK_ORDER_EVENT_RATIFY : SK_ORDER_EVENT_APPROVE;
}

int sk_cmd_approve(struct sk_cmd *cmd, int argc, char **argv)
{
	struct sk_order_args args = {.cmd = cmd, .command = argv[0]};
	struct sk_order_desk desk;
	struct sk_fault fault;
	const struct sk_order_matter *m;
	bool help = false;
	if (!parse(&args, argc, argv, &help) || (!help && optind + 1 != argc))
		return sk_cmd_usage(cmd, argv[0], "expected one order's id, and --key FILE");
	if (help)
		return sk_cmd_help(cmd, argv[0]);
	if (sk_order_desk_open(&args, false, &desk, &fault) != SK_OK)
		return sk_cmd_fail(cmd, &fault);
	enum sk_err err = sk_order_desk_find(&desk, argv[optind], &m, &fault);
	enum sk_order_event event = err == SK_OK ? what_it_waits_for(m) : SK_ORDER_EVENT_APPROVE;
	sk_order_desk_close(&desk);
	return err == SK_OK ? act(&args, event, argv[optind]) : sk_cmd_fail(cmd, &fault);
}
