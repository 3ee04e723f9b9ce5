/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho init and sekisho basis: a workspace with keys and a self-approved basis that says so everywhere. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/basis_text.h"
#include "cmd/cmd.h"
#include "cmd/basis.h"
#include "cmd/look.h"
#include "cmd/workspace.h"
#include "text/json.h"
#include "text/text.h"

enum { DAY_S = 86400, DEFAULT_DAYS = 90, DEFAULT_MAX_ENTRIES = 20000000, DEFAULT_MIN_V4 = 8, DEFAULT_MIN_V6 = 19 };

enum { OPT_PROFILE = 256, OPT_ROLE, OPT_BORDER, OPT_FROM, OPT_UNTIL, OPT_FOR, OPT_CLASSES, OPT_MAX_ENTRIES, OPT_MIN_V4, OPT_MIN_V6, OPT_NAMES, OPT_ORIGIN,
       OPT_OWN, OPT_DETECTORS, OPT_KINDS, OPT_EXACT, OPT_KEYS, OPT_OVERSIGHT, OPT_TOKENS, OPT_CUSTODIAN, OPT_PRIVACY,
       OPT_NEEDED, OPT_RETENTION, OPT_WORKSPACE, OPT_JSON, OPT_HELP, OPT_CENTRE, OPT_BASIS };

static const struct option options[] = {
	{"workspace", required_argument, NULL, OPT_WORKSPACE}, {"profile", required_argument, NULL, OPT_PROFILE}, {"role", required_argument, NULL, OPT_ROLE},
	{"border", required_argument, NULL, OPT_BORDER}, {"from", required_argument, NULL, OPT_FROM}, {"until", required_argument, NULL, OPT_UNTIL},
	{"for", required_argument, NULL, OPT_FOR}, {"classes", required_argument, NULL, OPT_CLASSES}, {"max-entries", required_argument, NULL, OPT_MAX_ENTRIES},
	{"min-prefix-v4", required_argument, NULL, OPT_MIN_V4}, {"min-prefix-v6", required_argument, NULL, OPT_MIN_V6}, {"names", no_argument, NULL, OPT_NAMES},
	{"origin", required_argument, NULL, OPT_ORIGIN}, {"own", required_argument, NULL, OPT_OWN}, {"detectors", required_argument, NULL, OPT_DETECTORS}, {"kinds", required_argument, NULL, OPT_KINDS},
	{"exact-set", required_argument, NULL, OPT_EXACT}, {"keys", required_argument, NULL, OPT_KEYS}, {"oversight", required_argument, NULL, OPT_OVERSIGHT},
	{"tokens", no_argument, NULL, OPT_TOKENS}, {"custodian", required_argument, NULL, OPT_CUSTODIAN}, {"privacy-officer", required_argument, NULL, OPT_PRIVACY},
	{"needed", required_argument, NULL, OPT_NEEDED}, {"retention-days", required_argument, NULL, OPT_RETENTION}, {"json", no_argument, NULL, OPT_JSON}, {"help", no_argument, NULL, OPT_HELP},
	{"centre", required_argument, NULL, OPT_CENTRE}, {"basis", required_argument, NULL, OPT_BASIS}, {0}};

struct init_args {
	const char *workspace, *centre, *basis;
	bool has_profile, json, help;
	struct sk_verify_key oversight;
	int64_t duration_ns;
	struct sk_workspace_new make;
};

static bool take_own(struct sk_workspace_new *make, const char *text)
{
	return make->own_count < SK_OWN_PREFIXES_MAX && sk_prefix_parse(text, &make->own[make->own_count]) == SK_OK && ++make->own_count > 0;
}

static bool take_custodian(struct sk_workspace_new *make, const char *text, bool privacy)
{
	struct sk_custodians *custodians = &make->custodians;
	if (custodians->count == SK_CUSTODIANS_MAX || sk_verify_key_parse(text, &custodians->keys[custodians->count]) != SK_OK)
		return false;
	custodians->privacy[custodians->count++] = privacy;
	return true;
}

static bool take_number(const char *text, uint64_t limit, unsigned *out)
{
	uint64_t number = 0;
	bool good = sk_basis_count_parse(text, limit, &number) && number != 0;
	*out = (unsigned)number;
	return good;
}

/* Who holds the keys. False: not a value that the option takes. */
static bool take_custody(struct init_args *args, int option)
{
	struct sk_workspace_new *make = &args->make;
	switch (option) {
	case OPT_KEYS: make->keys_folder = optarg; return optarg[0] != '\0';
	case OPT_OVERSIGHT: make->oversight = &args->oversight; return sk_verify_key_parse(optarg, &args->oversight) == SK_OK;
	case OPT_TOKENS: make->tokens = true; return true;
	case OPT_CUSTODIAN: return take_custodian(make, optarg, false);
	case OPT_PRIVACY: return take_custodian(make, optarg, true);
	case OPT_NEEDED: return take_number(optarg, SK_CUSTODIANS_MAX, &make->custodians.needed);
	default: return take_number(optarg, 36500, &make->retention_days);
	}
}

/* 0: taken; otherwise the exit code of a usage error. */
static int take_option(struct sk_cmd *cmd, const char *command, int option, struct init_args *args)
{
	struct sk_workspace_new *make = &args->make;
	uint64_t number = 0;
	bool good = true;
	switch (option) {
	case OPT_WORKSPACE: args->workspace = optarg; break;
	case OPT_PROFILE: args->has_profile = true; good = sk_profile_parse(optarg, &make->profile) == SK_OK; break;
	case OPT_ROLE: good = sk_role_parse(optarg, &make->role) == SK_OK; break;
	case OPT_BORDER: make->border_path = optarg; break;
	case OPT_FROM: good = sk_time_parse(optarg, &make->from_ns) == SK_OK; break;
	case OPT_UNTIL: good = sk_time_parse(optarg, &make->until_ns) == SK_OK; break;
	case OPT_FOR: good = sk_duration_parse(optarg, &args->duration_ns) == SK_OK; break;
	case OPT_CLASSES: good = sk_basis_classes_parse(optarg, &make->classes); break;
	case OPT_KINDS: good = sk_basis_kinds_parse(optarg, &make->rule.kinds); break;
	case OPT_MAX_ENTRIES: good = sk_basis_count_parse(optarg, 1000000000, &make->rule.max_entries); break;
	case OPT_MIN_V4: good = sk_basis_count_parse(optarg, 32, &number); make->rule.min_prefix_v4 = (uint8_t)number; break;
	case OPT_MIN_V6: good = sk_basis_count_parse(optarg, 128, &number); make->rule.min_prefix_v6 = (uint8_t)number; break;
	case OPT_EXACT: make->rule.has_exact_set = true; good = sk_hex_decode(optarg, make->rule.exact_set, SK_HASH_BYTES) == SK_OK; break;
	case OPT_NAMES: make->names = true; break;
	case OPT_ORIGIN: make->origin = optarg; break;
	case OPT_DETECTORS:
		good = make->detector_words < SK_DETECTOR_WORDS_MAX;
		if (good)
			make->detectors[make->detector_words++] = optarg;
		break;
	case OPT_OWN: good = take_own(make, optarg); break;
	case OPT_KEYS:
	case OPT_OVERSIGHT:
	case OPT_TOKENS:
	case OPT_CUSTODIAN:
	case OPT_PRIVACY:
	case OPT_NEEDED:
	case OPT_RETENTION: good = take_custody(args, option); break;
	case OPT_JSON: args->json = true; break;
	case OPT_HELP: args->help = true; break;
	case OPT_CENTRE: args->centre = optarg; break;
	case OPT_BASIS: args->basis = optarg; break;
	default: return sk_cmd_usage(cmd, command, "unknown or incomplete option; see sekisho-init(1)");
	}
	return good ? 0 : sk_cmd_usage(cmd, command, "'%s' is not a value that this option takes; see sekisho-init(1)", optarg);
}

static int parse_args(struct sk_cmd *cmd, int argc, char **argv, struct init_args *args)
{
	*args = (struct init_args){.make = {.now_ns = cmd->clock.unix_ns(cmd->clock.context),
					    .rule = {.max_entries = DEFAULT_MAX_ENTRIES, .min_prefix_v4 = DEFAULT_MIN_V4, .min_prefix_v6 = DEFAULT_MIN_V6}}};
	optind = 0;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		int code = take_option(cmd, argv[0], option, args);
		if (code != 0)
			return code;
	}
	struct sk_workspace_new *make = &args->make;
	if (make->from_ns == 0)
		make->from_ns = make->now_ns;
	if (make->until_ns == 0)
		make->until_ns = make->from_ns + (args->duration_ns != 0 ? args->duration_ns : (int64_t)DEFAULT_DAYS * DAY_S * 1000000000);
	if (args->help)
		return 0;
	if (make->custodians.count != 0 && make->custodians.needed == 0)
		make->custodians.needed = sk_policy_reident_officers();
	if (make->until_ns <= make->from_ns)
		return sk_cmd_usage(cmd, argv[0], "the basis would end before it begins (--from, --until)");
	return 0;
}

/* Open the workspace just to show its basis; dates are not checked here, watch does. */
static int show_basis(struct sk_cmd *cmd, const char *folder, bool as_json)
{
	struct sk_workspace workspace;
	struct sk_basis basis;
	struct sk_fault fault;
	if (sk_workspace_open(folder, false, &workspace, &fault) != SK_OK || sk_workspace_basis(&workspace, 0, &basis, &fault) != SK_OK)
		return sk_cmd_fail(cmd, &fault);
	if (as_json)
		sk_basis_print_json(cmd, &basis, folder);
	else
		sk_basis_print(cmd->out, &basis);
	return 0;
}

/* How long the policy of the day lets this kind of basis keep what it selects, and whether oversight holds a share of the keys. */
static enum sk_err take_retention(struct sk_office *office, const struct sk_basis_matter *matter, struct sk_workspace_new *make, struct sk_fault *fault)
{
	enum { SHORTEST_MONTH_DAYS = 28 };
	const struct sk_law *law;
	enum sk_basis_kind kind;
	SK_TRY(sk_basis_kind_parse(matter->basis.kind, &kind));
	make->tokens = make->tokens || sk_policy_tokens(kind);
	SK_TRY(sk_office_law_in_force(office, &law, fault));
	const struct sk_law_retention *row = law != NULL ? sk_law_retention(law, matter->basis.kind, office->now_ns, office->centre.simulated) : NULL;
	if (row == NULL)
		return SK_OK;
	unsigned days = row->keep.months != 0 ? row->keep.months * SHORTEST_MONTH_DAYS : (unsigned)(row->keep.ns / 1000000000 / DAY_S);
	if (days == 0)
		days = 1;
	if (make->retention_days > days)
		return sk_fault_set(fault, SK_EPERMIT, "--retention-days %u: policy %s lets a basis of kind %s keep what it selects %u days", make->retention_days, law->name, matter->basis.kind, days);
	if (make->retention_days == 0)
		make->retention_days = days;
	if (row->split && make->oversight == NULL)
		return sk_fault_set(fault, SK_EPERMIT, "policy %s: of a basis of kind %s oversight holds a share of the keys; --oversight KEY names whose", law->name, matter->basis.kind);
	return SK_OK;
}

/* The workspace of a centre: what the centre asked for says under which profile and role; the basis comes when it is activated. */
static int init_of_centre(struct sk_cmd *cmd, struct init_args *args)
{
	struct sk_office office;
	struct sk_fault fault;
	if (args->workspace == NULL || args->basis == NULL || args->make.border_path == NULL || args->has_profile)
		return sk_cmd_usage(cmd, "init", "--centre DIR needs --workspace, --basis ID and --border; the profile is the centre's");
	/* The centre's key approves the border table, so it is opened as for an act. */
	enum sk_err err = sk_office_open(cmd, args->centre, true, &office, &fault);
	if (err == SK_OK)
		err = sk_office_bases(&office, &fault);
	const struct sk_basis_matter *matter = err == SK_OK ? sk_bases_find(office.bases, args->basis) : NULL;
	if (err == SK_OK && matter == NULL)
		err = sk_fault_set(&fault, SK_ENOENT, "basis %s: there is none; sekisho basis list --dir %s lists them", args->basis, args->centre);
	if (err == SK_OK && sk_stage_over(matter->stage))
		err = sk_fault_set(&fault, SK_ESTAGE, "basis %s: is %s; a workspace cannot be made for it", args->basis, sk_stage_name(matter->stage));
	if (err == SK_OK)
		err = sk_role_parse(matter->basis.role, &args->make.role);
	if (err == SK_OK)
		err = take_retention(&office, matter, &args->make, &fault);
	args->make.profile = office.centre.profile;
	args->make.centre = office.centre.key;
	args->make.basis_id = args->basis;
	if (err == SK_OK)
		err = sk_workspace_create(args->workspace, &args->make, &fault);
	if (err == SK_OK)
		err = sk_look_tie(args->workspace, args->centre, &fault);
	if (err == SK_OK)
		(void)fprintf(cmd->out, "workspace  %s\nbasis      %s, at stage %s\ntrusts     %s\nnext       sekisho basis activate %s --workspace %s --dir %s --key KEY\n", args->workspace, matter->id,
			      sk_stage_name(matter->stage), office.centre.origin, matter->id, args->workspace, args->centre);
	sk_office_close(&office);
	return err == SK_OK ? 0 : sk_cmd_fail(cmd, &fault);
}

int sk_cmd_init(struct sk_cmd *cmd, int argc, char **argv)
{
	struct init_args args;
	struct sk_fault fault;
	if (sk_seal_start() != SK_OK) {
		(void)sk_fault_set(&fault, SK_EIO, "the cryptographic libraries do not start");
		return sk_cmd_fail(cmd, &fault);
	}
	int code = parse_args(cmd, argc, argv, &args);
	if (code != 0 || args.help)
		return code != 0 ? code : sk_cmd_help(cmd, argv[0]);
	if (optind < argc)
		return sk_cmd_usage(cmd, argv[0], "unexpected word '%s'", argv[optind]);
	if (args.centre != NULL || args.basis != NULL)
		return args.centre != NULL ? init_of_centre(cmd, &args) : sk_cmd_usage(cmd, argv[0], "--basis goes with --centre");
	if (args.workspace == NULL || !args.has_profile || args.make.border_path == NULL)
		return sk_cmd_usage(cmd, argv[0], "--workspace, --profile and --border are needed");
	if (args.make.profile == SK_PROFILE_OWN_NETWORK && args.make.role == SK_ROLE_NONE)
		return sk_cmd_usage(cmd, argv[0], "profile own-network needs --role party (these hosts are ours) or --role carrier (they are our customers')");
	if (sk_workspace_create(args.workspace, &args.make, &fault) != SK_OK)
		return sk_cmd_fail(cmd, &fault);
	if (!args.json)
		(void)fprintf(cmd->out, "workspace  %s\n", args.workspace);
	code = show_basis(cmd, args.workspace, args.json);
	int64_t in_force = sk_policy_profile_from_ns(args.make.profile);
	char when[SK_TIME_TEXT_MAX];
	if (code == 0 && args.make.now_ns < in_force)
		(void)fprintf(cmd->err, "sekisho: profile %s is not in force before %s; watch refuses until then\n", sk_profile_name(args.make.profile),
			      sk_time_format(in_force, 0, when));
	if (code == 0 && !args.json)
		(void)fprintf(cmd->out, "\nThis basis approves itself: it says who started the sensor, not that someone else agreed.\nNext:  sekisho selectors import --workspace %s LIST...\n"
					"       sekisho watch --workspace %s CAPTURE...\n", args.workspace, args.workspace);
	return code;
}

static int renew(struct sk_cmd *cmd, struct init_args *args)
{
	struct sk_workspace workspace;
	struct sk_basis basis;
	struct sk_fault fault;
	if (sk_workspace_open(args->workspace, true, &workspace, &fault) != SK_OK)
		return sk_cmd_fail(cmd, &fault);
	args->make.profile = workspace.profile;
	args->make.role = workspace.role;
	enum sk_err err = sk_workspace_self_approve(&workspace, &args->make, &basis, &fault);
	if (err == SK_OK)
		err = sk_workspace_lawful(&workspace, &basis, &fault);
	if (err == SK_OK && args->make.border_path != NULL)
		err = sk_workspace_set_border(&workspace, args->make.border_path, &fault);
	if (err == SK_OK)
		err = sk_workspace_renew_basis(&workspace, &basis, &fault);
	sk_workspace_close(&workspace);
	return err != SK_OK ? sk_cmd_fail(cmd, &fault) : show_basis(cmd, args->workspace, args->json);
}

int sk_basis_of_workspace(struct sk_cmd *cmd, int argc, char **argv)
{
	struct init_args args;
	struct sk_fault fault;
	int code = parse_args(cmd, argc, argv, &args);
	if (code != 0 || args.help)
		return code != 0 ? code : sk_cmd_help(cmd, argv[0]);
	const char *verb = optind < argc ? argv[optind] : "show";
	if (args.workspace == NULL || optind + 1 < argc)
		return sk_cmd_usage(cmd, argv[0], "--workspace and one of show, renew are needed");
	if (sk_seal_start() != SK_OK) {
		(void)sk_fault_set(&fault, SK_EIO, "the cryptographic libraries do not start");
		return sk_cmd_fail(cmd, &fault);
	}
	if (strcmp(verb, "show") == 0)
		return show_basis(cmd, args.workspace, args.json);
	if (strcmp(verb, "renew") == 0)
		return renew(cmd, &args);
	return sk_cmd_usage(cmd, argv[0], "'%s' is neither show nor renew", verb);
}
