/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho init and sekisho basis: a workspace with keys and a self-approved basis that says so everywhere. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/detectors.h"
#include "cmd/workspace.h"
#include "text/json.h"
#include "text/text.h"

enum { DAY_S = 86400, DEFAULT_DAYS = 90, DEFAULT_MAX_ENTRIES = 20000000, DEFAULT_MIN_V4 = 8, DEFAULT_MIN_V6 = 19 };

enum { OPT_PROFILE = 256, OPT_ROLE, OPT_BORDER, OPT_FROM, OPT_UNTIL, OPT_FOR, OPT_CLASSES, OPT_MAX_ENTRIES, OPT_MIN_V4, OPT_MIN_V6, OPT_NAMES, OPT_ORIGIN,
       OPT_OWN, OPT_DETECTORS, OPT_KINDS, OPT_EXACT, OPT_KEYS, OPT_OVERSIGHT, OPT_TOKENS, OPT_CUSTODIAN, OPT_PRIVACY,
       OPT_NEEDED, OPT_RETENTION, OPT_WORKSPACE, OPT_JSON, OPT_HELP };

static const struct option options[] = {
	{"workspace", required_argument, NULL, OPT_WORKSPACE}, {"profile", required_argument, NULL, OPT_PROFILE}, {"role", required_argument, NULL, OPT_ROLE},
	{"border", required_argument, NULL, OPT_BORDER}, {"from", required_argument, NULL, OPT_FROM}, {"until", required_argument, NULL, OPT_UNTIL},
	{"for", required_argument, NULL, OPT_FOR}, {"classes", required_argument, NULL, OPT_CLASSES}, {"max-entries", required_argument, NULL, OPT_MAX_ENTRIES},
	{"min-prefix-v4", required_argument, NULL, OPT_MIN_V4}, {"min-prefix-v6", required_argument, NULL, OPT_MIN_V6}, {"names", no_argument, NULL, OPT_NAMES},
	{"origin", required_argument, NULL, OPT_ORIGIN}, {"own", required_argument, NULL, OPT_OWN}, {"detectors", required_argument, NULL, OPT_DETECTORS}, {"kinds", required_argument, NULL, OPT_KINDS},
	{"exact-set", required_argument, NULL, OPT_EXACT}, {"keys", required_argument, NULL, OPT_KEYS}, {"oversight", required_argument, NULL, OPT_OVERSIGHT},
	{"tokens", no_argument, NULL, OPT_TOKENS}, {"custodian", required_argument, NULL, OPT_CUSTODIAN}, {"privacy-officer", required_argument, NULL, OPT_PRIVACY},
	{"needed", required_argument, NULL, OPT_NEEDED}, {"retention-days", required_argument, NULL, OPT_RETENTION}, {"json", no_argument, NULL, OPT_JSON}, {"help", no_argument, NULL, OPT_HELP}, {0}};

struct init_args {
	const char *workspace;
	bool has_profile, json, help;
	struct sk_verify_key oversight;
	int64_t duration_ns;
	struct sk_workspace_new make;
};

/* "FD,DF" -> bits. */
static bool parse_classes(const char *text, uint32_t *out)
{
	uint32_t bits = 0;
	while (*text != '\0') {
		size_t length = strcspn(text, ",");
		int class_ = 0;
		while (class_ < SK_CLASS_COUNT && (strlen(sk_class_name((enum sk_class)class_)) != length || strncmp(text, sk_class_name((enum sk_class)class_), length) != 0))
			class_++;
		if (class_ == SK_CLASS_COUNT)
			return false;
		bits |= SK_CLASS_BIT(class_);
		text += length + (text[length] == ',');
	}
	*out = bits;
	return bits != 0;
}

/* "address,domain" -> bits. */
static bool parse_kinds(const char *text, uint32_t *out)
{
	uint32_t bits = 0;
	while (*text != '\0') {
		size_t length = strcspn(text, ",");
		uint32_t kind = 1;
		for (; kind <= SK_SELECTOR_KINDS_ALL; kind <<= 1) {
			const char *name = sk_selector_kind_name((enum sk_selector_kind)kind);
			if (strlen(name) == length && strncmp(text, name, length) == 0)
				break;
		}
		if (kind > SK_SELECTOR_KINDS_ALL)
			return false;
		bits |= kind;
		text += length + (text[length] == ',');
	}
	*out = bits;
	return bits != 0;
}

static bool parse_count(const char *text, uint64_t limit, uint64_t *out)
{
	char *end = NULL;
	unsigned long long value = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || value > limit)
		return false;
	*out = value;
	return true;
}

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
	bool good = parse_count(text, limit, &number) && number != 0;
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
	case OPT_CLASSES: good = parse_classes(optarg, &make->classes); break;
	case OPT_KINDS: good = parse_kinds(optarg, &make->rule.kinds); break;
	case OPT_MAX_ENTRIES: good = parse_count(optarg, 1000000000, &make->rule.max_entries); break;
	case OPT_MIN_V4: good = parse_count(optarg, 32, &number); make->rule.min_prefix_v4 = (uint8_t)number; break;
	case OPT_MIN_V6: good = parse_count(optarg, 128, &number); make->rule.min_prefix_v6 = (uint8_t)number; break;
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

/* Does it run whatever is given by default? */
static size_t default_detectors(const struct sk_basis *basis)
{
	size_t rows, wanted = 0, there = 0;
	const struct sk_detector_row *row = sk_policy_detectors(&rows);
	for (size_t i = 0; i < rows; i++) {
		wanted += row[i].given == SK_GIVEN_DEFAULT;
		for (size_t j = 0; j < basis->detector_count; j++)
			there += row[i].given == SK_GIVEN_DEFAULT && strcmp(row[i].name, basis->detectors[j].name) == 0;
	}
	return there == wanted ? there : 0;
}

/* "beacon (visits 12)": thresholds that are not what the program would take by itself. True when there are any. */
static bool detector_text(const struct sk_basis_detector *detector, char *text, size_t size)
{
	size_t count, used = (size_t)snprintf(text, size, "%s", detector->name);
	const struct sk_threshold *known = sk_detectors_thresholds(detector->name, &count);
	bool changed = false;
	for (size_t j = 0; j < detector->threshold_count; j++)
		for (size_t k = 0; k < count && used < size; k++)
			if (strcmp(known[k].key, detector->thresholds[j].key) == 0 && known[k].fallback != detector->thresholds[j].value) {
				used += (size_t)snprintf(text + used, size - used, " (%s %llu)", detector->thresholds[j].key, (unsigned long long)detector->thresholds[j].value);
				changed = true;
			}
	return changed;
}

/* The default set in one word, others by name. */
static void print_detectors(FILE *out, const struct sk_basis *basis)
{
	enum { WIDTH = 100 };
	char text[512];
	size_t given = default_detectors(basis);
	int column = fprintf(out, "detectors ");
	if (given != 0)
		column += fprintf(out, " default (%zu: sekisho detectors list)", given);
	for (size_t i = 0; i < basis->detector_count; i++) {
		bool changed = detector_text(&basis->detectors[i], text, sizeof text);
		if (given != 0 && !changed && sk_policy_detector(basis->detectors[i].name)->given == SK_GIVEN_DEFAULT)
			continue;
		if (column + (int)strlen(text) > WIDTH)
			column = fprintf(out, "\n          ");
		column += fprintf(out, " %s", text);
	}
	(void)fprintf(out, "%s\n", basis->detector_count == 0 ? " none" : "");
}

static void print_basis(FILE *out, const struct sk_basis *basis)
{
	char from[SK_TIME_TEXT_MAX], until[SK_TIME_TEXT_MAX], number[SK_UNIT_TEXT_MAX];
	(void)fprintf(out, "basis      %s (%s, profile %s, role %s)%s%s\n", basis->id, basis->kind, basis->profile, basis->role,
		      basis->self_approved ? ", SELF-APPROVED" : "", basis->simulated ? ", SIMULATED" : "");
	(void)fprintf(out, "in force   %s to %s\nclasses   ", sk_time_format(basis->from_ns, 0, from), sk_time_format(basis->until_ns, 0, until));
	for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		if ((basis->classes & SK_CLASS_BIT(class_)) != 0)
			(void)fprintf(out, " %s", sk_class_name((enum sk_class)class_));
	(void)fprintf(out, "\nselectors ");
	for (uint32_t kind = 1; kind <= SK_SELECTOR_KINDS_ALL; kind <<= 1)
		if ((basis->rule.kinds & kind) != 0)
			(void)fprintf(out, " %s", sk_selector_kind_name((enum sk_selector_kind)kind));
	(void)fprintf(out, ", at most %s, prefixes no shorter than /%u and /%u%s\n", sk_number_format(basis->rule.max_entries, number), basis->rule.min_prefix_v4,
		      basis->rule.min_prefix_v6, basis->rule.has_exact_set ? ", one exact set only" : "");
	print_detectors(out, basis);
	(void)fprintf(out, "names      %s\n", basis->names ? "full names are kept for selected flows" : "reduced to the matched or registered domain");
}

static void print_basis_json(struct sk_cmd *cmd, const struct sk_basis *basis, const char *workspace)
{
	struct sk_buf text;
	struct sk_json_writer json;
	char when[SK_TIME_TEXT_MAX];
	sk_buf_init(&text, SK_BASIS_TEXT_MAX);
	sk_json_begin(&json, &text, false);
	sk_json_object(&json, NULL);
	sk_json_text(&json, "workspace", workspace);
	sk_json_text(&json, "id", basis->id);
	sk_json_text(&json, "kind", basis->kind);
	sk_json_text(&json, "profile", basis->profile);
	sk_json_text(&json, "role", basis->role);
	sk_json_text(&json, "from", sk_time_format(basis->from_ns, 0, when));
	sk_json_text(&json, "until", sk_time_format(basis->until_ns, 0, when));
	sk_json_array(&json, "classes");
	for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		if ((basis->classes & SK_CLASS_BIT(class_)) != 0)
			sk_json_text(&json, NULL, sk_class_name((enum sk_class)class_));
	sk_json_end(&json);
	sk_json_array(&json, "selector_kinds");
	for (uint32_t kind = 1; kind <= SK_SELECTOR_KINDS_ALL; kind <<= 1)
		if ((basis->rule.kinds & kind) != 0)
			sk_json_text(&json, NULL, sk_selector_kind_name((enum sk_selector_kind)kind));
	sk_json_end(&json);
	sk_json_object(&json, "detectors");
	for (size_t i = 0; i < basis->detector_count; i++) {
		sk_json_object(&json, basis->detectors[i].name);
		for (size_t j = 0; j < basis->detectors[i].threshold_count; j++)
			sk_json_u64(&json, basis->detectors[i].thresholds[j].key, basis->detectors[i].thresholds[j].value);
		sk_json_end(&json);
	}
	sk_json_end(&json);
	sk_json_u64(&json, "max_entries", basis->rule.max_entries);
	sk_json_bool(&json, "self_approved", basis->self_approved);
	sk_json_bool(&json, "simulated", basis->simulated);
	sk_json_hex(&json, "digest", basis->digest, sizeof basis->digest);
	sk_json_end(&json);
	(void)fprintf(cmd->out, "%s\n", sk_buf_text(&text));
	sk_buf_fini(&text);
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
		print_basis_json(cmd, &basis, folder);
	else
		print_basis(cmd->out, &basis);
	return 0;
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

int sk_cmd_basis(struct sk_cmd *cmd, int argc, char **argv)
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
