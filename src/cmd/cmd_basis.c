/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho basis at a centre: each step of a basis' life as one signed act, and what it comes to in the workspaces where sensors run. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/basis.h"
#include "cmd/basis_places.h"
#include "cmd/basis_text.h"
#include "cmd/detectors.h"
#include "cmd/force.h"
#include "text/text.h"

enum { OPT_WORKSPACE = 256, OPT_KIND, OPT_ROLE, OPT_FROM, OPT_UNTIL, OPT_FOR, OPT_CLASSES, OPT_KINDS, OPT_MAX_ENTRIES, OPT_MIN_V4, OPT_MIN_V6, OPT_EXACT, OPT_LINK, OPT_TARGET_ACT,
       OPT_DETECTORS, OPT_NAMES, OPT_PURPOSE, OPT_OTHER_MEANS, OPT_PARTNER, OPT_AS, OPT_TO, BODY_MAX = SK_ACT_BODY_MAX };

static const struct option options[] = {
	SK_OFFICE_OPTIONS, {"workspace", required_argument, NULL, OPT_WORKSPACE}, {"kind", required_argument, NULL, OPT_KIND}, {"role", required_argument, NULL, OPT_ROLE},
	{"from", required_argument, NULL, OPT_FROM}, {"until", required_argument, NULL, OPT_UNTIL}, {"for", required_argument, NULL, OPT_FOR}, {"classes", required_argument, NULL, OPT_CLASSES},
	{"kinds", required_argument, NULL, OPT_KINDS}, {"max-entries", required_argument, NULL, OPT_MAX_ENTRIES}, {"min-prefix-v4", required_argument, NULL, OPT_MIN_V4},
	{"min-prefix-v6", required_argument, NULL, OPT_MIN_V6}, {"exact-set", required_argument, NULL, OPT_EXACT}, {"link", required_argument, NULL, OPT_LINK},
	{"target-act", required_argument, NULL, OPT_TARGET_ACT}, {"detectors", required_argument, NULL, OPT_DETECTORS}, {"names", no_argument, NULL, OPT_NAMES},
	{"purpose", required_argument, NULL, OPT_PURPOSE}, {"other-means", required_argument, NULL, OPT_OTHER_MEANS}, {"partner", required_argument, NULL, OPT_PARTNER},
	{"as", required_argument, NULL, OPT_AS}, {"to", required_argument, NULL, OPT_TO}, {0}};

struct args {
	struct sk_office_args office;
	const char *id, *workspace, *kind, *purpose, *other_means, *partner, *as, *to;
	char new_id[SK_BASIS_ID_MAX];
	int64_t from_ns, until_ns, for_ns;
	struct sk_basis basis;
	size_t detector_words;
	const char *detectors[SK_DETECTOR_WORDS_MAX];
};

/* ---- arguments ---- */

static bool take_name(char (*names)[SK_BASIS_NAME_MAX], size_t places, size_t *count, const char *text)
{
	if (*count == places || strlen(text) >= SK_BASIS_NAME_MAX)
		return false;
	memcpy(names[(*count)++], text, strlen(text) + 1);
	return true;
}

static bool take_small(const char *text, uint64_t most, uint8_t *out)
{
	uint64_t number;
	bool good = sk_basis_count_parse(text, most, &number);
	*out = good ? (uint8_t)number : 0;
	return good;
}

/* Is the value one that the option takes? */
static bool take_option(struct args *args, int option, const char *value)
{
	struct sk_basis *basis = &args->basis;
	enum sk_role role;
	switch (option) {
	case OPT_WORKSPACE: args->workspace = value; return true;
	case OPT_KIND: args->kind = value; return strlen(value) < sizeof basis->kind;
	case OPT_ROLE: return sk_role_parse(value, &role) == SK_OK && snprintf(basis->role, sizeof basis->role, "%s", value) > 0;
	case OPT_FROM: return sk_time_parse(value, &args->from_ns) == SK_OK;
	case OPT_UNTIL: return sk_time_parse(value, &args->until_ns) == SK_OK;
	case OPT_FOR: return sk_duration_parse(value, &args->for_ns) == SK_OK && args->for_ns > 0;
	case OPT_CLASSES: return sk_basis_classes_parse(value, &basis->classes);
	case OPT_KINDS: return sk_basis_kinds_parse(value, &basis->rule.kinds);
	case OPT_MAX_ENTRIES: return sk_basis_count_parse(value, 1000000000, &basis->rule.max_entries);
	case OPT_MIN_V4: return take_small(value, 32, &basis->rule.min_prefix_v4);
	case OPT_MIN_V6: return take_small(value, 128, &basis->rule.min_prefix_v6);
	case OPT_EXACT: basis->rule.has_exact_set = true; return sk_hex_decode(value, basis->rule.exact_set, SK_HASH_BYTES) == SK_OK;
	case OPT_LINK: return take_name(basis->links, SK_BASIS_LINKS_MAX, &basis->link_count, value);
	case OPT_TARGET_ACT: return take_name(basis->target_acts, SK_BASIS_ACTS_MAX, &basis->act_count, value);
	case OPT_DETECTORS:
		if (args->detector_words == SK_DETECTOR_WORDS_MAX)
			return false;
		args->detectors[args->detector_words++] = value;
		return true;
	case OPT_NAMES: basis->names = true; return true;
	case OPT_PURPOSE: args->purpose = value; return strlen(value) < SK_BASIS_TEXT_FIELD_MAX;
	case OPT_OTHER_MEANS: args->other_means = value; return strlen(value) < SK_BASIS_TEXT_FIELD_MAX;
	case OPT_PARTNER: args->partner = value; return true;
	case OPT_AS: args->as = value; return true;
	case OPT_TO: args->to = value; return true;
	default: return false;
	}
}

/* ---- bodies ---- */

/* What is asked for: defaults are the law's own bounds for the kind, and nothing wider. */
static enum sk_err fill_basis(struct sk_office *office, struct args *args, struct sk_fault *fault)
{
	struct sk_basis *basis = &args->basis;
	const struct sk_law *law;
	const struct sk_law_basis *row;
	enum sk_basis_kind kind;
	enum sk_role role;
	SK_TRY(sk_office_law_in_force(office, &law, fault));
	if (law == NULL)
		return sk_fault_set(fault, SK_ENOENT, "no policy is in force; sekisho policy load FILE");
	if (args->kind == NULL || sk_basis_kind_parse(args->kind, &kind) != SK_OK)
		return sk_fault_set(fault, SK_EUSAGE, "--kind: expected agreement, ff, fd, df, own_network or lab");
	if (basis->rule.kinds == 0)
		return sk_fault_set(fault, SK_ESETRULE, "--kinds: a rule of selectors names the kinds that it allows; expected some of address,prefix,domain,url,ja3,ja4,...");
	SK_TRY(sk_law_basis(law, args->kind, office->now_ns, office->centre.simulated, &row, fault));
	(void)snprintf(basis->id, sizeof basis->id, "%s", args->id);
	(void)snprintf(basis->kind, sizeof basis->kind, "%s", args->kind);
	(void)snprintf(basis->profile, sizeof basis->profile, "%s", sk_profile_name(office->centre.profile));
	if (basis->role[0] == '\0')
		(void)snprintf(basis->role, sizeof basis->role, "%s", sk_role_name(kind == SK_BASIS_OWN_NETWORK ? SK_ROLE_PARTY : SK_ROLE_NONE));
	if (sk_role_parse(basis->role, &role) != SK_OK)
		return sk_fault_set(fault, SK_EUSAGE, "--role: expected none, party or carrier");
	basis->simulated = office->centre.simulated;
	if (basis->classes == 0)
		basis->classes = sk_law_classes(law, args->kind, office->now_ns, office->centre.simulated);
	if (basis->link_count == 0)
		(void)take_name(basis->links, SK_BASIS_LINKS_MAX, &basis->link_count, "*");
	if (basis->rule.max_entries == 0)
		basis->rule.max_entries = row->max_entries;
	basis->from_ns = args->from_ns != 0 ? args->from_ns : office->now_ns;
	basis->until_ns = args->until_ns != 0 ? args->until_ns : args->for_ns != 0 ? basis->from_ns + args->for_ns : sk_law_span_after(basis->from_ns, &row->longest);
	SK_TRY(sk_detectors_choose(args->detectors, args->detector_words, kind, role, basis, fault));
	return sk_detectors_lawful(basis, kind, role, fault);
}

/* The set of the workspace as its sensor would load it. */
static enum sk_err set_of(struct args *args, struct sk_set_facts *set, struct sk_fault *fault)
{
	struct sk_workspace workspace;
	if (args->workspace == NULL)
		return sk_fault_set(fault, SK_EUSAGE, "--workspace: expected the workspace whose selectors these are");
	SK_TRY(sk_workspace_open(args->workspace, false, &workspace, fault));
	return sk_force_set_facts(&workspace, set, fault);
}

static enum sk_err suspender_of(const struct sk_office *office, const struct args *args, enum sk_suspender *out, struct sk_fault *fault)
{
	for (unsigned i = 0; i < SK_SUSPENDER_COUNT; i++)
		if (args->as != NULL && strcmp(args->as, sk_suspender_name((enum sk_suspender)(1u << i))) == 0) {
			*out = (enum sk_suspender)(1u << i);
			return SK_OK;
		}
	(void)office;
	return sk_fault_set(fault, SK_EUSAGE, "--as: expected oversight, partner or fault");
}

static enum sk_err write_body(struct sk_office *office, struct args *args, enum sk_basis_event event, const struct sk_basis_matter *matter, struct sk_buf *body, struct sk_fault *fault)
{
	struct sk_set_facts set;
	enum sk_suspender by = SK_SUSPENDED_BY_FAULT;
	switch (event) {
	case SK_BASIS_EVENT_REQUEST:
	case SK_BASIS_EVENT_EDIT:
		SK_TRY(fill_basis(office, args, fault));
		return sk_basis_request_body(&args->basis, args->purpose != NULL ? args->purpose : "", args->other_means != NULL ? args->other_means : "", args->partner != NULL ? args->partner : "", body,
					     fault);
	case SK_BASIS_EVENT_APPROVE:
	case SK_BASIS_EVENT_REFUSE: sk_basis_vote_body(matter->text, args->office.why, body); break;
	case SK_BASIS_EVENT_CONSENT:
		sk_basis_consent_body(matter->text, args->to != NULL ? args->to : matter->stage == SK_STAGE_EXTENDING ? "extension" : matter->stage == SK_STAGE_REVIEW ? "agreement" : "", body);
		break;
	case SK_BASIS_EVENT_ACTIVATE: sk_basis_activate_body(matter->basis.digest, body); break;
	case SK_BASIS_EVENT_SELECTORS:
		SK_TRY(set_of(args, &set, fault));
		sk_basis_selectors_body(&set, body);
		break;
	case SK_BASIS_EVENT_EXTEND: sk_basis_extend_body(args->until_ns != 0 ? args->until_ns : matter->basis.until_ns + args->for_ns, args->office.why, body); break;
	case SK_BASIS_EVENT_SUSPEND:
	case SK_BASIS_EVENT_RESUME:
		SK_TRY(suspender_of(office, args, &by, fault));
		sk_basis_suspend_body(by, args->office.why, body);
		break;
	case SK_BASIS_EVENT_EXPIRE: sk_buf_add_text(body, "{}"); break;
	case SK_BASIS_EVENT_REVIEW:
	case SK_BASIS_EVENT_TERMINATE:
	case SK_BASIS_EVENT_COUNT: sk_basis_why_body(args->office.why, body); break;
	}
	return SK_OK;
}

/* ---- acts ---- */

static int tell(struct sk_cmd *cmd, const struct args *args, const struct sk_basis_matter *matter, const struct sk_act_facts *facts, uint64_t leaf, unsigned places)
{
	uint64_t ayes = 0, nays = 0;
	char until[SK_TIME_TEXT_MAX];
	for (size_t i = 0; i < facts->count_count; i++) {
		if (strcmp(facts->counts[i].name, "ayes") == 0)
			ayes = facts->counts[i].frames;
		if (strcmp(facts->counts[i].name, "nays") == 0)
			nays = facts->counts[i].frames;
	}
	(void)sk_time_format(matter->basis.until_ns, 0, until);
	if (args->office.json) {
		(void)fprintf(cmd->out, "{\"id\":\"%s\",\"event\":\"%s\",\"from\":\"%s\",\"to\":\"%s\",\"ayes\":%llu,\"nays\":%llu,\"until\":\"%s\",\"leaf\":%llu,\"workspaces\":%u,\"simulated\":%s}\n", matter->id,
			      facts->event, facts->from, facts->to, (unsigned long long)ayes, (unsigned long long)nays, until, (unsigned long long)leaf, places, matter->basis.simulated ? "true" : "false");
		return 0;
	}
	(void)fprintf(cmd->out, "basis  %s: %s%s%s%s\n", matter->id, facts->from, facts->from[0] != '\0' ? " -> " : "", facts->to, matter->basis.simulated ? ", SIMULATED" : "");
	if (ayes + nays != 0)
		(void)fprintf(cmd->out, "votes  %llu for, %llu against\n", (unsigned long long)ayes, (unsigned long long)nays);
	if (sk_stage_collects(matter->stage))
		(void)fprintf(cmd->out, "until  %s, in %u workspace%s\n", until, places, places == 1 ? "" : "s");
	(void)fprintf(cmd->out, "leaf   %llu\n", (unsigned long long)leaf);
	return 0;
}

/* The act is in the docket: bring the workspaces in line. That it cannot be done everywhere is told loudly, and does not undo the act. */
static enum sk_err settle(struct sk_cmd *cmd, struct sk_office *office, const struct args *args, const struct sk_basis_matter *matter, unsigned *places, struct sk_fault *fault)
{
	enum sk_err added = SK_OK;
	if (args->workspace != NULL && sk_stage_collects(matter->stage))
		added = sk_basis_place_add(office, matter, args->workspace, fault);
	struct sk_fault why;
	enum sk_err err = sk_basis_places_settle(office, matter, cmd->clock.unix_ns(cmd->clock.context), places, &why);
	if (err != SK_OK && added == SK_OK)
		*fault = why;
	return added != SK_OK ? added : err;
}

/* Before anything is signed: would the workspace take it? */
static enum sk_err check_workspace(struct sk_office *office, const struct args *args, enum sk_basis_event event, const struct sk_basis_matter *matter, struct sk_fault *fault)
{
	if (event != SK_BASIS_EVENT_ACTIVATE || args->workspace == NULL || matter == NULL)
		return SK_OK;
	return sk_basis_place_add(office, matter, args->workspace, fault);
}

static enum sk_err make(struct sk_cmd *cmd, struct sk_office *office, struct args *args, enum sk_basis_event event, struct sk_buf *note, struct sk_act *act, bool *written, struct sk_fault *fault)
{
	const struct sk_basis_matter *matter = sk_bases_find(office->bases, args->id);
	static const struct sk_basis_matter nothing;
	struct sk_buf body;
	bool begins = event == SK_BASIS_EVENT_REQUEST;
	(void)cmd;
	if (!begins && matter == NULL)
		return sk_fault_set(fault, SK_ENOENT, "basis %s: there is none; sekisho basis list lists them", args->id);
	SK_TRY(check_workspace(office, args, event, matter, fault));
	SK_TRY(sk_office_args_ready(&args->office, fault));
	sk_buf_init(&body, BODY_MAX);
	enum sk_err err = args->office.actor.signature != NULL ? SK_OK : write_body(office, args, event, matter != NULL ? matter : &nothing, &body, fault);
	if (err == SK_OK && body.failed != SK_OK)
		err = sk_fault_set(fault, body.failed, "basis %s: what the act says is too long", args->id);
	if (err == SK_OK)
		err = sk_centre_statement(&office->centre, &args->office.actor, "basis", args->id, sk_basis_event_name(event), sk_buf_text(&body), office->now_ns, note, act, written, fault);
	sk_buf_fini(&body);
	return err;
}

static int act_on(struct sk_cmd *cmd, struct args *args, enum sk_basis_event event)
{
	struct sk_office office;
	struct sk_fault fault;
	struct sk_buf note;
	struct sk_act act;
	struct sk_act_facts facts;
	struct sk_receipt receipt;
	bool written = false;
	unsigned places = 0;
	enum sk_err err = sk_office_open(cmd, args->office.folder, true, &office, &fault);
	if (err == SK_OK)
		err = sk_office_bases(&office, &fault);
	if (err == SK_OK)
		err = make(cmd, &office, args, event, &note, &act, &written, &fault);
	if (err != SK_OK || written) {
		sk_office_close(&office);
		return err != SK_OK ? sk_cmd_fail(cmd, &fault) : sk_office_tell_written(cmd, &args->office);
	}
	err = sk_bases_add(office.bases, sk_buf_text(&note), note.length, &act, office.centre.policy, office.now_ns, &facts, &receipt, &fault);
	const struct sk_basis_matter *matter = err == SK_OK ? sk_bases_find(office.bases, args->id) : NULL;
	if (matter != NULL) {
		(void)snprintf(facts.event, sizeof facts.event, "%s", sk_basis_event_name(event));
		err = settle(cmd, &office, args, matter, &places, &fault);
		(void)tell(cmd, args, matter, &facts, receipt.index, places);
		if (err != SK_OK)
			(void)fprintf(cmd->err, "sekisho: the act stands (leaf %llu), and a workspace is NOT in line with it; mend it, then sekisho basis settle\n", (unsigned long long)receipt.index);
	}
	sk_buf_fini(&note);
	sk_office_close(&office);
	return err == SK_OK ? 0 : sk_cmd_fail(cmd, &fault);
}

/* ---- settle: what time has ended, and every workspace in line ---- */

static enum sk_err expire(struct sk_office *office, struct args *args, const struct sk_basis_matter *matter, struct sk_fault *fault)
{
	char key[SK_PATH_MAX];
	struct sk_buf note;
	struct sk_act act;
	struct sk_act_facts facts;
	struct sk_receipt receipt;
	bool written;
	struct sk_actor centre = {.key = sk_centre_path(&office->centre, "keys/centre.key", key)};
	(void)args;
	SK_TRY(sk_centre_statement(&office->centre, &centre, "basis", matter->id, "expire", "{}", office->now_ns, &note, &act, &written, fault));
	enum sk_err err = sk_bases_add(office->bases, sk_buf_text(&note), note.length, &act, office->centre.policy, office->now_ns, &facts, &receipt, fault);
	sk_buf_fini(&note);
	return err;
}

static int settle_all(struct sk_cmd *cmd, struct args *args)
{
	struct sk_office office;
	struct sk_fault fault, why;
	unsigned expired = 0, in_line = 0, places;
	enum sk_err err = sk_office_open(cmd, args->office.folder, true, &office, &fault);
	if (err == SK_OK)
		err = sk_office_bases(&office, &fault);
	const struct sk_basis_matter *matter;
	for (size_t i = 0; err == SK_OK && (matter = sk_bases_at(office.bases, i)) != NULL; i++) {
		bool over = !sk_stage_over(matter->stage) && office.now_ns >= matter->basis.until_ns;
		if (over)
			err = expire(&office, args, matter, &fault);
		expired += over && err == SK_OK;
		/* Every place is tried; the first that fails is told. */
		if (err == SK_OK && sk_basis_places_settle(&office, matter, office.now_ns, &places, &why) != SK_OK)
			(void)sk_cmd_fail(cmd, &why);
		in_line += places;
	}
	if (err == SK_OK && args->office.json)
		(void)fprintf(cmd->out, "{\"expired\":%u,\"workspaces\":%u}\n", expired, in_line);
	else if (err == SK_OK)
		(void)fprintf(cmd->out, "%u expired; %u workspace%s in line.\n", expired, in_line, in_line == 1 ? "" : "s");
	sk_office_close(&office);
	return err == SK_OK ? 0 : sk_cmd_fail(cmd, &fault);
}

/* ---- the command ---- */

static int parse(struct sk_cmd *cmd, int argc, char **argv, struct args *args)
{
	*args = (struct args){.id = NULL};
	sk_office_args_init(&args->office);
	args->basis.rule.min_prefix_v4 = 32;
	args->basis.rule.min_prefix_v6 = 128;
	optind = 0;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (option == '?')
			return sk_cmd_usage(cmd, argv[0], "unknown or incomplete option; see sekisho-basis(1)");
		if (!sk_office_args_take(&args->office, option, optarg) && !take_option(args, option, optarg))
			return sk_cmd_usage(cmd, argv[0], "'%s' is not a value that this option takes; see sekisho-basis(1)", optarg != NULL ? optarg : "");
	}
	return 0;
}

/* Is there such a word among the arguments: is this about a workspace by itself? */
static bool names_workspace(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], "--workspace", 11) == 0)
			return true;
	return false;
}

static bool is_of_centre(int argc, char **argv)
{
	if (argc < 2)
		return false;
	if (strcmp(argv[1], "list") == 0 || strcmp(argv[1], "settle") == 0 || (strcmp(argv[1], "show") == 0 && !names_workspace(argc, argv)))
		return true;
	return sk_basis_event_find(argv[1]) != SK_BASIS_EVENT_COUNT;
}

/* Without an id the request gets one that nobody else has. */
static void make_id(struct args *args)
{
	uint8_t random[6];
	char hex[2 * sizeof random + 1];
	sk_random(random, sizeof random);
	sk_hex_encode(random, sizeof random, hex);
	(void)snprintf(args->new_id, sizeof args->new_id, "basis-%s", hex);
	args->id = args->new_id;
}

int sk_cmd_basis(struct sk_cmd *cmd, int argc, char **argv)
{
	struct args *args;
	struct sk_fault fault;
	if (!is_of_centre(argc, argv))
		return sk_basis_of_workspace(cmd, argc, argv);
	args = calloc(1, sizeof *args); /* a basis with all its detectors is too large for a stack */
	if (args == NULL || sk_seal_start() != SK_OK) {
		free(args);
		(void)sk_fault_set(&fault, SK_EIO, "out of memory, or the cryptographic libraries do not start");
		return sk_cmd_fail(cmd, &fault);
	}
	int code = parse(cmd, argc, argv, args);
	const char *verb = optind < argc ? argv[optind] : "";
	int words = argc - optind - 1;
	enum sk_basis_event event = sk_basis_event_find(verb);
	if (code != 0 || args->office.help) {
		code = code != 0 ? code : sk_cmd_help(cmd, argv[0]);
	} else if (words > 1) {
		code = sk_cmd_usage(cmd, argv[0], "unexpected word '%s'", argv[optind + 2]);
	} else {
		args->id = words == 1 ? argv[optind + 1] : NULL;
		if (args->id == NULL && event == SK_BASIS_EVENT_REQUEST)
			make_id(args);
		if (strcmp(verb, "list") == 0)
			code = sk_basis_list(cmd, &args->office);
		else if (strcmp(verb, "settle") == 0)
			code = settle_all(cmd, args);
		else if (args->id == NULL)
			code = sk_cmd_usage(cmd, argv[0], "%s: expected the ID of a basis", verb);
		else if (strcmp(verb, "show") == 0)
			code = sk_basis_show(cmd, &args->office, args->id);
		else
			code = act_on(cmd, args, event);
	}
	free(args);
	return code;
}
