/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho border build */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "border/border_build.h"
#include "cmd/cmd_border.h"
#include "text/text.h"

#define DEFAULT_LIBLOC "/var/lib/location/database.db"
#define SYSTEM_FOLDER "/var/lib/sekisho"

enum {
	OPT_GEOIPDB = 256,
	OPT_LIBLOC,
	OPT_LIBLOC_KEY,
	OPT_RIR,
	OPT_CSV,
	OPT_DOMESTIC,
	OPT_FOREIGN,
	OPT_UNKNOWN,
	OPT_COUNTRY,
	OPT_REST,
	OPT_BUILD_DATE,
	OPT_SOURCE_DATE,
	OPT_DEFAULT,
	OPT_JSON
};

static const struct option options[] = {
	{"home", required_argument, NULL, 'H'},
	{"output", required_argument, NULL, 'o'},
	{"geoipdb", required_argument, NULL, OPT_GEOIPDB},
	{"libloc", required_argument, NULL, OPT_LIBLOC},
	{"libloc-key", required_argument, NULL, OPT_LIBLOC_KEY},
	{"rir", required_argument, NULL, OPT_RIR},
	{"csv", required_argument, NULL, OPT_CSV},
	{"domestic", required_argument, NULL, OPT_DOMESTIC},
	{"foreign", required_argument, NULL, OPT_FOREIGN},
	{"unknown", required_argument, NULL, OPT_UNKNOWN},
	{"country", required_argument, NULL, OPT_COUNTRY},
	{"rest", required_argument, NULL, OPT_REST},
	{"build-date", required_argument, NULL, OPT_BUILD_DATE},
	{"source-date", required_argument, NULL, OPT_SOURCE_DATE},
	{"default", no_argument, NULL, OPT_DEFAULT},
	{"json", no_argument, NULL, OPT_JSON},
	{NULL, 0, NULL, 0},
};

/* An option that adds to the table, in the order of the command line. */
struct step {
	int option;
	const char *value;
};

struct plan {
	const char *home, *output, *libloc_key;
	int64_t date_ns;
	bool use_default, json;
	size_t count;
	struct step *steps;
};

static enum sk_err parse_date(const char *option, const char *value, int64_t *out, struct sk_fault *fault)
{
	return sk_time_parse(value, out) == SK_OK
		       ? SK_OK
		       : sk_fault_set(fault, SK_EUSAGE, "%s '%.60s': a date was expected (2026-06-25, 2026-06-25T04:33:59Z or @1782362039)", option,
				      value);
}

/* The build date: option, else SOURCE_DATE_EPOCH (reproducible-builds.org), else the clock. */
static enum sk_err pick_date(struct sk_cmd *cmd, const char *option, struct plan *plan, struct sk_fault *fault)
{
	char text[64];
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	if (option != NULL)
		return parse_date("--build-date", option, &plan->date_ns, fault);
	if (epoch != NULL && epoch[0] != '\0') {
		(void)snprintf(text, sizeof text, "@%.40s", epoch);
		return parse_date("SOURCE_DATE_EPOCH", text, &plan->date_ns, fault);
	}
	plan->date_ns = cmd->clock.unix_ns(cmd->clock.context);
	return SK_OK;
}

static enum sk_err parse_options(struct sk_cmd *cmd, int argc, char **argv, struct plan *plan, struct sk_fault *fault)
{
	const char *date = NULL;
	optind = 0;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, ":o:H:", options, NULL)) != -1;) {
		switch (option) {
		case 'H':
			plan->home = optarg;
			break;
		case 'o':
			plan->output = optarg;
			break;
		case OPT_LIBLOC_KEY:
			plan->libloc_key = optarg;
			break;
		case OPT_BUILD_DATE:
			date = optarg;
			break;
		case OPT_DEFAULT:
			plan->use_default = true;
			break;
		case OPT_JSON:
			plan->json = true;
			break;
		case '?':
			return sk_fault_set(fault, SK_EUSAGE, "'%.80s' is no option of border build; sekisho border --help lists them",
					    argv[optind - 1]);
		case ':':
			return sk_fault_set(fault, SK_EUSAGE, "%.80s needs a value", argv[optind - 1]);
		default:
			plan->steps[plan->count++] = (struct step){.option = option, .value = optarg};
		}
	}
	if (optind < argc)
		return sk_fault_set(fault, SK_EUSAGE, "'%.80s': every input of border build goes behind an option (--domestic %.80s ?)", argv[optind],
				    argv[optind]);
	return pick_date(cmd, date, plan, fault);
}

/* Does the value of --domestic and the like begin with an address? Then it is the entry itself, not a file. */
static bool is_literal(const char *value)
{
	char head[SK_ADDR_TEXT_MAX];
	struct sk_addr addr;
	size_t length = strcspn(value, "/- \t");
	if (length >= sizeof head)
		return false;
	memcpy(head, value, length);
	head[length] = '\0';
	return sk_addr_parse(head, &addr) == SK_OK;
}

static enum sk_err add_list(struct sk_border_build *build, enum sk_side side, const char *value, struct sk_fault *fault)
{
	return is_literal(value) ? sk_border_build_literal(build, side, value, fault) : sk_border_build_list(build, side, value, fault);
}

static enum sk_err take_step(struct sk_border_build *build, const struct plan *plan, const struct step *step, struct sk_fault *fault)
{
	int64_t date;
	switch (step->option) {
	case OPT_GEOIPDB:
		return sk_border_build_geoipdb(build, step->value, fault);
	case OPT_LIBLOC:
		return sk_border_build_libloc(build, step->value, plan->libloc_key, fault);
	case OPT_RIR:
		return sk_border_build_rir(build, step->value, fault);
	case OPT_CSV:
		return sk_border_build_csv(build, step->value, fault);
	case OPT_DOMESTIC:
		return add_list(build, SK_SIDE_DOMESTIC, step->value, fault);
	case OPT_FOREIGN:
		return add_list(build, SK_SIDE_FOREIGN, step->value, fault);
	case OPT_UNKNOWN:
		return add_list(build, SK_SIDE_UNKNOWN, step->value, fault);
	case OPT_COUNTRY:
		return sk_border_build_country(build, step->value, strlen(step->value) > 3 && is_literal(step->value + 3), fault);
	case OPT_REST:
		if (strcmp(step->value, "foreign") != 0 && strcmp(step->value, "unknown") != 0)
			return sk_fault_set(fault, SK_EUSAGE, "--rest '%.40s': foreign or unknown was expected", step->value);
		sk_border_build_rest(build, strcmp(step->value, "foreign") == 0 ? SK_SIDE_FOREIGN : SK_SIDE_UNKNOWN);
		return SK_OK;
	default:
		SK_TRY(parse_date("--source-date", step->value, &date, fault));
		sk_border_build_source_date(build, date);
		return SK_OK;
	}
}

/* ---- --default: what Debian's packages have, to where the other commands look ---- */

/* The folder for tables: $SEKISHO_BORDER_DIR, /var/lib/sekisho as root, else the user's data folder. */
static enum sk_err default_folder(char folder[SK_PATH_MAX], struct sk_fault *fault)
{
	const char *own = getenv("SEKISHO_BORDER_DIR"), *data = getenv("XDG_DATA_HOME"), *user = getenv("HOME");
	int used = own != NULL && own[0] != '\0'	 ? snprintf(folder, SK_PATH_MAX, "%s", own)
		   : geteuid() == 0			 ? snprintf(folder, SK_PATH_MAX, SYSTEM_FOLDER)
		   : data != NULL && data[0] != '\0'	 ? snprintf(folder, SK_PATH_MAX, "%s/sekisho", data)
		   : user != NULL && user[0] != '\0'	 ? snprintf(folder, SK_PATH_MAX, "%s/.local/share/sekisho", user)
							 : SK_PATH_MAX;
	return used < SK_PATH_MAX ? SK_OK : sk_fault_set(fault, SK_EUSAGE, "--default: no folder for the table; set HOME or give -o FILE");
}

static enum sk_err default_output(const char *home, char path[SK_PATH_MAX], struct sk_fault *fault)
{
	char folder[SK_PATH_MAX];
	if (home == NULL || strlen(home) != 2)
		return sk_fault_set(fault, SK_EUSAGE, "--default needs --home with one country code, such as JP, or -o FILE");
	SK_TRY(default_folder(folder, fault));
	SK_TRY(sk_file_make_folder(folder, 0755, fault));
	char upper[3] = {(char)(home[0] & ~0x20), (char)(home[1] & ~0x20), '\0'};
	return snprintf(path, SK_PATH_MAX, "%.4000s/border-%s.skb", folder, upper) < SK_PATH_MAX
		       ? SK_OK
		       : sk_fault_set(fault, SK_ETOOBIG, "%.200s: path too long", folder);
}

/* The sources that are there: tor-geoipdb unpacked into FOLDER/geoipdb or /usr/share/tor, and libloc-database. */
static enum sk_err add_default_sources(struct sk_border_build *build, const struct plan *plan, struct sk_fault *fault)
{
	char folder[SK_PATH_MAX], geoipdb[SK_PATH_MAX], file[SK_PATH_MAX];
	unsigned found = 0;
	SK_TRY(default_folder(folder, fault));
	const char *const below[] = {folder, SYSTEM_FOLDER, "/usr/share/sekisho", "/usr/share"};
	for (size_t i = 0; i < SK_COUNT(below) && found == 0; i++) {
		if (sk_file_join(geoipdb, sizeof geoipdb, below[i], i + 1 < SK_COUNT(below) ? "geoipdb" : "tor") != SK_OK ||
		    sk_file_join(file, sizeof file, geoipdb, "geoip") != SK_OK || !sk_file_exists(file))
			continue;
		found++;
		SK_TRY(sk_border_build_geoipdb(build, geoipdb, fault));
	}
	if (sk_file_exists(DEFAULT_LIBLOC)) {
		found++;
		SK_TRY(sk_border_build_libloc(build, DEFAULT_LIBLOC, plan->libloc_key, fault));
	}
	for (size_t i = 0; i < plan->count; i++)
		found += plan->steps[i].option == OPT_GEOIPDB || plan->steps[i].option == OPT_LIBLOC || plan->steps[i].option == OPT_RIR ||
			 plan->steps[i].option == OPT_CSV;
	return found != 0 ? SK_OK
			  : sk_fault_set(fault, SK_ENOENT,
					 "--default found no source: install libloc-database and location, or unpack tor-geoipdb and put its "
					 "usr/share/tor at %.200s/geoipdb",
					 folder);
}

static enum sk_err build_table(const struct plan *plan, const char *output, struct sk_fault *fault)
{
	struct sk_border_build *build = NULL;
	SK_TRY(sk_border_build_new(plan->home, &build, fault));
	sk_border_build_date(build, plan->date_ns);
	enum sk_err err = plan->use_default ? add_default_sources(build, plan, fault) : SK_OK;
	for (size_t i = 0; i < plan->count && err == SK_OK; i++)
		err = take_step(build, plan, &plan->steps[i], fault);
	if (err == SK_OK)
		err = sk_border_build_write(build, output, fault);
	sk_border_build_free(build);
	return err;
}

static enum sk_err run_build(struct sk_cmd *cmd, struct plan *plan, struct sk_fault *fault)
{
	char output[SK_PATH_MAX];
	struct sk_border *table;
	if (plan->output == NULL && !plan->use_default)
		return sk_fault_set(fault, SK_EUSAGE, "-o FILE was expected: where to write the table");
	if (plan->output == NULL)
		SK_TRY(default_output(plan->home, output, fault));
	else if (snprintf(output, sizeof output, "%s", plan->output) >= (int)sizeof output)
		return sk_fault_set(fault, SK_ETOOBIG, "-o: path too long");
	SK_TRY(build_table(plan, output, fault));
	SK_TRY(sk_border_open(output, &table, fault));
	sk_cmd_border_print(cmd, table, output, plan->json);
	sk_border_close(table);
	return SK_OK;
}

int sk_cmd_border_build(struct sk_cmd *cmd, int argc, char **argv)
{
	struct sk_fault fault = {.err = SK_OK};
	struct plan plan = {.steps = calloc((size_t)argc, sizeof *plan.steps)};
	if (plan.steps == NULL) {
		(void)sk_fault_set(&fault, SK_ENOMEM, "out of memory");
		return sk_cmd_fail(cmd, &fault);
	}
	enum sk_err err = parse_options(cmd, argc, argv, &plan, &fault);
	if (err == SK_OK)
		err = run_build(cmd, &plan, &fault);
	free(plan.steps);
	return err == SK_OK ? 0 : sk_cmd_fail(cmd, &fault);
}
