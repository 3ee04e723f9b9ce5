/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho inspect: oversight's inspections: begun, looks and queries inside them, concluded. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/inspect.h"
#include "text/json.h"
#include "text/text.h"

enum { OPT_OCCASION = 256, OPT_RESULT, OPT_TEXT, OPT_IN, OPT_WORKSPACE, OPT_SOCKET, OPT_LEAF, OPT_VALUE, OPT_SINCE, OPT_UNTIL, BODY_MAX = 65536, LIST_MAX = 1 << 24 };

enum sk_err sk_inspect_enter(struct sk_office *office, const struct sk_inspect_args *args, const char *event, const char *word, const char *text, uint64_t answers, struct sk_fault *fault)
{
	struct sk_buf body, note;
	struct sk_act_facts facts;
	struct sk_receipt receipt;
	struct sk_oversight_matter matter;
	bool written = false;
	if (args->in == NULL || args->office.actor.to_sign != NULL)
		return sk_fault_set(fault, SK_EUSAGE, "--in INSPECTION and --key FILE: a look is an act of an inspection that was begun (sekisho inspect begin)");
	sk_buf_init(&body, BODY_MAX);
	sk_inspection_body(word, text, answers, &body);
	enum sk_err err = sk_oversight_prepare(office, &args->office.actor, "inspection", args->in, event, &body, &matter, &note, &facts, &written, fault);
	sk_buf_fini(&body);
	if (err != SK_OK)
		return err;
	err = sk_docket_add(office->centre.docket, sk_buf_text(&note), note.length, &facts, &receipt, fault);
	sk_buf_fini(&note);
	return err;
}

/* ---- begin, conclude ---- */

static int begin(const struct sk_inspect_args *args)
{
	struct sk_buf body;
	if (args->occasion == NULL)
		return sk_cmd_usage(args->cmd, "inspect", "begin needs --occasion ongoing|occasional");
	sk_buf_init(&body, BODY_MAX);
	sk_inspection_body(args->occasion, args->text != NULL ? args->text : "", 0, &body);
	int code = sk_oversight_act(args->cmd, &args->office, "inspection", args->id, "begin", &body);
	sk_buf_fini(&body);
	return code;
}

static int conclude(const struct sk_inspect_args *args)
{
	struct sk_buf body;
	if (args->result == NULL)
		return sk_cmd_usage(args->cmd, "inspect", "conclude needs --result in_order|remarks");
	sk_buf_init(&body, BODY_MAX);
	sk_inspection_body(args->result, args->text != NULL ? args->text : "", 0, &body);
	int code = sk_oversight_act(args->cmd, &args->office, "inspection", args->id, "conclude", &body);
	sk_buf_fini(&body);
	return code;
}

/* ---- looks ---- */

static const struct look {
	const char *word;
	enum sk_err (*show)(struct sk_office *office, const struct sk_inspect_args *args, struct sk_fault *fault);
} looks[] = {{"counters", sk_inspect_counters}, {"selectors", sk_inspect_selectors}, {"policy", sk_inspect_policy}, {"holders", sk_inspect_holders}, {"proof", sk_inspect_proof}, {"urgent", sk_inspect_urgent}};

/* What a running sensor counts right now, by its own socket. */
static int live(const struct sk_inspect_args *args)
{
	const char *words[] = {"top", "--socket", args->socket, "--once", args->office.json ? "--json" : NULL, NULL};
	return sk_cmd_top(args->cmd, args->office.json ? 5 : 4, (char **)(uintptr_t)words); /* getopt turns pointers round, and changes no text */
}

static int look(const struct sk_inspect_args *args, const struct look *what)
{
	struct sk_office office;
	struct sk_fault fault;
	enum sk_err err = sk_office_open(args->cmd, args->office.folder, true, &office, &fault);
	if (err == SK_OK)
		err = sk_inspect_enter(&office, args, "look", what->word, "", 0, &fault);
	sk_office_close(&office);
	if (err == SK_OK)
		err = sk_office_open(args->cmd, args->office.folder, false, &office, &fault);
	if (err == SK_OK) {
		err = what->show(&office, args, &fault);
		sk_office_close(&office);
	}
	if (err != SK_OK)
		return sk_cmd_fail(args->cmd, &fault);
	return args->socket != NULL && what->show == sk_inspect_counters ? live(args) : 0;
}

/* ---- list ---- */

struct list {
	const struct sk_inspect_args *args;
	struct sk_buf out;
	struct sk_json_writer w;
};

static enum sk_err add_row(void *context, const struct sk_oversight_matter *m, struct sk_fault *fault)
{
	struct list *list = context;
	char at[SK_TIME_TEXT_MAX];
	(void)sk_time_format(m->opened_ns, 0, at);
	if (list->args->office.json) {
		sk_json_object(&list->w, NULL);
		sk_json_text(&list->w, "id", m->id);
		sk_json_text(&list->w, "state", m->state);
		sk_json_text(&list->w, "occasion", m->kind);
		sk_json_text(&list->w, "begun", at);
		sk_json_text(&list->w, "result", m->about);
		sk_json_u64(&list->w, "acts", m->acts);
		sk_json_text(&list->w, "text", m->text);
		sk_json_end(&list->w);
	} else {
		sk_buf_addf(&list->out, "%-16s %-10s %-11s %s  %" PRIu64 " acts  %s\n", m->id, m->state, m->kind, at, m->acts, m->about);
	}
	return list->out.failed == SK_OK ? SK_OK : sk_fault_set(fault, list->out.failed, "the list is too long");
}

static int list_them(const struct sk_inspect_args *args)
{
	struct sk_office office;
	struct sk_fault fault;
	struct list list = {.args = args};
	uint64_t ignored = 0;
	sk_buf_init(&list.out, LIST_MAX);
	enum sk_err err = sk_office_open(args->cmd, args->office.folder, false, &office, &fault);
	if (err == SK_OK) {
		if (args->office.json) {
			sk_json_begin(&list.w, &list.out, false);
			sk_json_array(&list.w, NULL);
		}
		err = sk_oversight_each(office.centre.docket, office.access, sk_policy_small_cell(), "inspection", NULL, add_row, &list, &ignored, &fault);
		if (args->office.json)
			sk_json_end(&list.w);
	}
	sk_office_close(&office);
	if (err == SK_OK)
		(void)fprintf(args->cmd->out, "%s%s", sk_buf_text(&list.out), args->office.json ? "\n" : "");
	sk_buf_fini(&list.out);
	return err == SK_OK ? 0 : sk_cmd_fail(args->cmd, &fault);
}

/* ---- words ---- */

static bool parse(int argc, char **argv, struct sk_inspect_args *args)
{
	static const struct option options[] = {SK_OFFICE_OPTIONS, {"occasion", required_argument, NULL, OPT_OCCASION}, {"result", required_argument, NULL, OPT_RESULT}, {"text", required_argument, NULL, OPT_TEXT},
						{"in", required_argument, NULL, OPT_IN}, {"workspace", required_argument, NULL, OPT_WORKSPACE}, {"socket", required_argument, NULL, OPT_SOCKET},
						{"leaf", required_argument, NULL, OPT_LEAF}, {"value", required_argument, NULL, OPT_VALUE}, {"since", required_argument, NULL, OPT_SINCE},
						{"until", required_argument, NULL, OPT_UNTIL}, {0}};
	char *end;
	sk_office_args_init(&args->office);
	optind = 0;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, "o:", options, NULL)) != -1;) {
		switch (option) {
		case OPT_OCCASION: args->occasion = optarg; break;
		case OPT_RESULT: args->result = optarg; break;
		case OPT_TEXT: args->text = optarg; break;
		case OPT_IN: args->in = optarg; break;
		case OPT_WORKSPACE: args->workspace = optarg; break;
		case OPT_SOCKET: args->socket = optarg; break;
		case OPT_VALUE: args->value = optarg; break;
		case OPT_SINCE: args->since = optarg; break;
		case OPT_UNTIL: args->until = optarg; break;
		case 'o': args->output = optarg; break;
		case OPT_LEAF:
			args->leaf = strtoull(optarg, &end, 10);
			args->has_leaf = true;
			if (*end != '\0' || *optarg < '0' || *optarg > '9')
				return false;
			break;
		default:
			if (!sk_office_args_take(&args->office, option, optarg))
				return false;
		}
	}
	return true;
}

static int run(struct sk_inspect_args *args, int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(const struct sk_inspect_args *args);
	} verbs[] = {{"begin", begin}, {"conclude", conclude}};
	if (argc == 1 && strcmp(argv[0], "list") == 0)
		return list_them(args);
	for (size_t i = 0; i < SK_COUNT(looks) && argc == 1; i++)
		if (strcmp(argv[0], looks[i].word) == 0)
			return look(args, &looks[i]);
	for (size_t i = 0; i < SK_COUNT(verbs) && argc == 2; i++) {
		args->id = argv[1];
		if (strcmp(argv[0], verbs[i].name) == 0)
			return verbs[i].run(args);
	}
	if (argc == 2 && strcmp(argv[0], "query") == 0)
		return sk_inspect_query(args, argv[1]);
	if (argc == 2 && strcmp(argv[0], "open") == 0) {
		args->file = argv[1];
		return sk_inspect_open(args);
	}
	return sk_cmd_usage(args->cmd, "inspect", "expected begin ID, counters, selectors, policy, holders, proof, urgent, query KIND, open FILE, conclude ID or list");
}

int sk_cmd_inspect(struct sk_cmd *cmd, int argc, char **argv)
{
	struct sk_inspect_args args = {.cmd = cmd};
	if (!parse(argc, argv, &args))
		return sk_cmd_usage(cmd, argv[0], "unknown or incomplete option");
	if (args.office.help)
		return sk_cmd_help(cmd, argv[0]);
	if (sk_seal_start() != SK_OK) {
		struct sk_fault fault;
		(void)sk_fault_set(&fault, SK_EIO, "the cryptographic libraries do not start");
		return sk_cmd_fail(cmd, &fault);
	}
	return run(&args, argc - optind, argv + optind);
}
