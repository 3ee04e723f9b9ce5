/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho border info: what a table holds; border build prints the same. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/cmd_border.h"
#include "text/json.h"
#include "text/text.h"

enum { OLD_DAYS = 180 };
static const int64_t day_ns = INT64_C(86400) * 1000000000;

static const enum sk_side sides[] = {SK_SIDE_DOMESTIC, SK_SIDE_FOREIGN, SK_SIDE_UNKNOWN};

/* Everything that a reader should know before trusting the table, a line each. */
static void collect_warnings(const struct sk_border *table, int64_t now_ns, struct sk_buf *out)
{
	struct sk_border_info info;
	uint64_t entries[2] = {0, 0};
	sk_border_info(table, &info);
	for (unsigned i = 0; i < info.source_count; i++) {
		struct sk_border_source source;
		sk_border_source_at(table, i, &source);
		if (source.kind != SK_BORDER_SPECIAL && source.kind != SK_BORDER_COUNTRIES) {
			entries[0] += source.v4_entries;
			entries[1] += source.v6_entries;
		}
		if (!sk_border_kind_country(source.kind))
			continue;
		int64_t days = (now_ns - source.date_unix_ns) / day_ns;
		if (source.date_unix_ns == 0)
			sk_buf_addf(out, "%s carries no date, its age is not known; --source-date before it states one\n", source.label);
		else if (days > OLD_DAYS)
			sk_buf_addf(out, "%s is %lld days old: address space has moved since; look for a newer one\n", source.label, (long long)days);
	}
	for (unsigned f = 0; f < 2; f++) {
		/* Any address outside the special ranges, 8.0.0.0 or 2a00::, then shows what becomes of the whole family. */
		struct sk_addr any = {.family = f == 0 ? 4 : 6, .bytes = {f == 0 ? 8 : 0x2a}};
		if (entries[f] == 0)
			sk_buf_addf(out, "no source names an IPv%u address: all of IPv%u but the special ranges is %s\n", any.family, any.family,
				    sk_side_name(sk_border_side(table, &any)));
	}
	if (info.v4_addresses[SK_SIDE_DOMESTIC] == 0 && info.v6_slash48[SK_SIDE_DOMESTIC] == 0)
		sk_buf_addf(out, "no address is domestic\n");
	if (info.overrides_special)
		sk_buf_addf(out, "lists override special ranges: only the profiles lab and own-network accept this table\n");
}

static void print_text(struct sk_cmd *cmd, const struct sk_border *table, const char *path, struct sk_buf *out)
{
	struct sk_border_info info;
	struct stat file;
	char digest[65], date[SK_TIME_TEXT_MAX], number[2][SK_UNIT_TEXT_MAX];
	sk_border_info(table, &info);
	sk_hex_encode(info.digest, sizeof info.digest, digest);
	sk_escape_line(out, path, strlen(path));
	sk_buf_addf(out, "\n  content   SHA-256 %s, %s, built %s\n", digest,
		    sk_bytes_format(stat(path, &file) == 0 ? (uint64_t)file.st_size : 0, number[0]), sk_time_format(info.built_unix_ns, 0, date));
	if (strcmp(info.home, "-") == 0)
		sk_buf_addf(out, "  home      from lists alone\n");
	else
		sk_buf_addf(out, "  home      %s\n", info.home);
	for (unsigned i = 0; i < SK_COUNT(sides); i++)
		sk_buf_addf(out, "  %-9s %14s IPv4 addresses  %20s IPv6 /48\n", sk_side_name(sides[i]),
			    sk_number_format(info.v4_addresses[sides[i]], number[0]), sk_number_format(info.v6_slash48[sides[i]], number[1]));
	if (strcmp(info.home, "-") != 0)
		sk_buf_addf(out, "  disputed  %.3f %% of IPv4, %.3f %% of IPv6 that country sources speak of; it counts as unknown\n",
			    info.v4_disputed_share * 100, info.v6_disputed_share * 100);
	if (info.country_ranges[0] + info.country_ranges[1] != 0)
		sk_buf_addf(out, "  countries named for %s IPv4 and %s IPv6 ranges\n", sk_number_format(info.country_ranges[0], number[0]),
			    sk_number_format(info.country_ranges[1], number[1]));
	else
		sk_buf_addf(out, "  countries none named: a link's health has no baseline by country\n");
	for (unsigned i = 0; i < info.source_count; i++) {
		struct sk_border_source source;
		sk_border_source_at(table, i, &source);
		sk_buf_addf(out, "  source    %-8s %-24s %s%s%s IPv4 and %s IPv6 entries", sk_border_kind_name(source.kind), source.label,
			    source.kind == SK_BORDER_LIST ? sk_side_name(source.side) : "", source.kind == SK_BORDER_LIST ? ", " : "",
			    sk_number_format(source.v4_entries, number[0]), sk_number_format(source.v6_entries, number[1]));
		if (source.date_unix_ns != 0)
			sk_buf_addf(out, ", %.10s (%lld days old)", sk_time_format(source.date_unix_ns, 0, date),
				    (long long)((cmd->clock.unix_ns(cmd->clock.context) - source.date_unix_ns) / day_ns));
		sk_buf_add_u8(out, '\n');
	}
}

static void print_json(const struct sk_border *table, const char *path, const char *warnings, struct sk_buf *out)
{
	struct sk_json_writer w;
	struct sk_border_info info;
	char date[SK_TIME_TEXT_MAX];
	sk_border_info(table, &info);
	sk_json_begin(&w, out, false);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "table", path);
	sk_json_hex(&w, "digest", info.digest, sizeof info.digest);
	sk_json_text(&w, "home", info.home);
	sk_json_text(&w, "built", sk_time_format(info.built_unix_ns, 0, date));
	sk_json_bool(&w, "overrides_special", info.overrides_special);
	sk_json_object(&w, "v4_addresses");
	for (unsigned i = 0; i < SK_COUNT(sides); i++)
		sk_json_u64(&w, sk_side_name(sides[i]), info.v4_addresses[sides[i]]);
	sk_json_end(&w);
	sk_json_object(&w, "v6_slash48");
	for (unsigned i = 0; i < SK_COUNT(sides); i++)
		sk_json_u64(&w, sk_side_name(sides[i]), info.v6_slash48[sides[i]]);
	sk_json_end(&w);
	sk_json_object(&w, "disputed_share");
	sk_json_double(&w, "v4", info.v4_disputed_share);
	sk_json_double(&w, "v6", info.v6_disputed_share);
	sk_json_end(&w);
	sk_json_object(&w, "country_ranges");
	sk_json_u64(&w, "v4", info.country_ranges[0]);
	sk_json_u64(&w, "v6", info.country_ranges[1]);
	sk_json_end(&w);
	sk_json_array(&w, "sources");
	for (unsigned i = 0; i < info.source_count; i++) {
		struct sk_border_source source;
		sk_border_source_at(table, i, &source);
		sk_json_object(&w, NULL);
		sk_json_text(&w, "kind", sk_border_kind_name(source.kind));
		sk_json_text(&w, "label", source.label);
		if (source.kind == SK_BORDER_LIST)
			sk_json_text(&w, "side", sk_side_name(source.side));
		if (source.date_unix_ns != 0)
			sk_json_text(&w, "date", sk_time_format(source.date_unix_ns, 0, date));
		sk_json_hex(&w, "digest", source.digest, sizeof source.digest);
		sk_json_u64(&w, "v4_entries", source.v4_entries);
		sk_json_u64(&w, "v6_entries", source.v6_entries);
		sk_json_u64(&w, "silent_entries", source.silent_entries);
		sk_json_end(&w);
	}
	sk_json_end(&w);
	sk_json_array(&w, "warnings");
	for (const char *at = warnings; *at != '\0'; at = strchr(at, '\n') + 1)
		sk_json_text_n(&w, NULL, at, (size_t)(strchr(at, '\n') - at));
	sk_json_end(&w);
	sk_json_end(&w);
	sk_buf_add_u8(out, '\n');
}

void sk_cmd_border_print(struct sk_cmd *cmd, const struct sk_border *table, const char *path, bool json)
{
	struct sk_buf out, warnings;
	sk_buf_init(&out, SK_BORDER_OUTPUT_MAX);
	sk_buf_init(&warnings, SK_BORDER_OUTPUT_MAX);
	collect_warnings(table, cmd->clock.unix_ns(cmd->clock.context), &warnings);
	const char *at = sk_buf_text(&warnings);
	if (json) {
		print_json(table, path, at, &out);
	} else {
		print_text(cmd, table, path, &out);
		for (; *at != '\0'; at = strchr(at, '\n') + 1)
			sk_buf_addf(&out, "  warning   %.*s\n", (int)(strchr(at, '\n') - at), at);
	}
	sk_buf_fini(&warnings);
	sk_cmd_border_flush(cmd, &out);
}

int sk_cmd_border_info(struct sk_cmd *cmd, int argc, char **argv)
{
	static const struct option options[] = {SK_BORDER_CHOICE_OPTIONS, {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
	struct sk_border_choice choice = {0};
	struct sk_fault fault;
	struct sk_border *table;
	char path[SK_PATH_MAX];
	bool json = false;
	optind = 0;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, SK_BORDER_CHOICE_LETTERS, options, NULL)) != -1;) {
		if (option == 'j')
			json = true;
		else if (!sk_border_choice_option(&choice, option, optarg))
			return sk_cmd_usage(cmd, "border", "'%s' is no option of border info", argv[optind - 1]);
	}
	if (optind + 1 == argc && choice.table == NULL)
		choice.table = argv[optind];
	else if (optind < argc)
		return sk_cmd_usage(cmd, "border", "border info takes one table");
	if (sk_border_choice_open(&choice, &table, path, &fault) != SK_OK)
		return sk_cmd_fail(cmd, &fault);
	sk_cmd_border_print(cmd, table, path, json);
	sk_border_close(table);
	return 0;
}
