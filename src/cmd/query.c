/* SPDX-License-Identifier: Apache-2.0 */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/look.h"
#include "cmd/query.h"
#include "text/text.h"

enum { PLACE_TEXT_MAX = 3 * 17, OUT_MAX = 1 << 20, CELLS_MAX = 8 << 20, GAP = 2 };
enum { OPT_WORKSPACE = 256, OPT_SINCE, OPT_UNTIL, OPT_CLASS, OPT_KIND, OPT_VALUE, OPT_LIMIT, OPT_AFTER, OPT_JSON, OPT_CSV, OPT_MUTED, OPT_LANG, OPT_HELP };

static const struct option options[] = {{"workspace", required_argument, NULL, OPT_WORKSPACE},
					{"since", required_argument, NULL, OPT_SINCE},
					{"until", required_argument, NULL, OPT_UNTIL},
					{"class", required_argument, NULL, OPT_CLASS},
					{"kind", required_argument, NULL, OPT_KIND},
					{"value", required_argument, NULL, OPT_VALUE},
					{"limit", required_argument, NULL, OPT_LIMIT},
					{"after", required_argument, NULL, OPT_AFTER},
					{"json", no_argument, NULL, OPT_JSON},
					{"csv", no_argument, NULL, OPT_CSV},
					{"muted", no_argument, NULL, OPT_MUTED},
					{"lang", required_argument, NULL, OPT_LANG},
					{"help", no_argument, NULL, OPT_HELP},
					{0}};

/* ---- options ---- */

bool sk_query_when(const struct sk_query *query, const char *text, int64_t *ns)
{
	int64_t ago;
	if (sk_time_parse(text, ns) == SK_OK)
		return true;
	if (sk_duration_parse(text, &ago) != SK_OK)
		return false;
	*ns = query->cmd->clock.unix_ns(query->cmd->clock.context) - ago;
	return true;
}

static bool parse_class(const char *text, int *class_)
{
	for (int i = 0; i < SK_CLASS_COUNT; i++)
		if (strcasecmp(text, sk_class_name((enum sk_class)i)) == 0) {
			*class_ = i;
			return true;
		}
	return false;
}

static bool parse_count(const char *text, uint64_t *count)
{
	char *end = NULL;
	unsigned long long value = strtoull(text, &end, 10);
	*count = value;
	return text[0] >= '1' && text[0] <= '9' && *end == '\0';
}

/* A place in the order of a walk as a word: three numbers whose meaning is the store's. */
static void format_place(const struct sk_store_place *place, char text[PLACE_TEXT_MAX])
{
	(void)snprintf(text, PLACE_TEXT_MAX, "%" PRIx64 "-%" PRIx64 "-%" PRIx64, (uint64_t)place->key, (uint64_t)place->hour, (uint64_t)place->row);
}

/* Only what format_place makes. Hours beyond those of 64 bits of nanoseconds are none. */
static bool parse_place(const char *text, struct sk_store_place *place)
{
	static const int64_t hours_max = INT64_MAX / 3600000000000;
	int64_t *const numbers[] = {&place->key, &place->hour, &place->row};
	char again[PLACE_TEXT_MAX];
	const char *at = text;
	for (size_t i = 0; i < SK_COUNT(numbers); i++) {
		char *end = NULL;
		*numbers[i] = (int64_t)strtoull(at, &end, 16);
		if (end == at || *end != (i + 1 < SK_COUNT(numbers) ? '-' : '\0'))
			return false;
		at = end + 1;
	}
	format_place(place, again);
	return strcmp(text, again) == 0 && place->hour <= hours_max && place->hour >= -hours_max;
}

/* 0 when taken, else the exit code of a wrong call. */
static int take_option(struct sk_query *query, int option)
{
	switch (option) {
	case OPT_WORKSPACE:
		query->folder = optarg;
		return 0;
	case OPT_SINCE:
		return sk_query_when(query, optarg, &query->filter.since_ns) ? 0 : sk_cmd_usage(query->cmd, query->command,
			"--since %s: expected a time as 2026-11-22T06:30:00Z or 2026-11-22, or how long ago as 24h", optarg);
	case OPT_UNTIL:
		return sk_query_when(query, optarg, &query->filter.until_ns) ? 0 : sk_cmd_usage(query->cmd, query->command,
			"--until %s: expected a time as 2026-11-22T06:30:00Z or 2026-11-22, or how long ago as 24h", optarg);
	case OPT_CLASS:
		return parse_class(optarg, &query->filter.class_)
			       ? 0
			       : sk_cmd_usage(query->cmd, query->command, "--class %s: expected FF, FD or DF", optarg);
	case OPT_KIND:
		query->filter.kind = optarg;
		return 0;
	case OPT_VALUE:
		query->filter.value = optarg;
		return 0;
	case OPT_LIMIT:
		return parse_count(optarg, &query->filter.limit)
			       ? 0
			       : sk_cmd_usage(query->cmd, query->command, "--limit %s: expected a number from 1 on", optarg);
	case OPT_AFTER:
		query->filter.behind = &query->behind;
		return parse_place(optarg, &query->behind)
			       ? 0
			       : sk_cmd_usage(query->cmd, query->command, "--after %s: expected the member place of an observation as it was printed", optarg);
	case OPT_MUTED:
		query->muted = true;
		return 0;
	case OPT_LANG:
		query->lang = sk_lang_find(optarg);
		return query->lang != SK_LANG_COUNT ? 0 : sk_cmd_usage(query->cmd, query->command, "--lang %.20s: expected en or ja", optarg);
	case OPT_JSON:
		query->form = SK_QUERY_JSON;
		return 0;
	case OPT_CSV:
		query->form = SK_QUERY_CSV;
		return 0;
	default:
		return sk_cmd_usage(query->cmd, query->command, "unknown or incomplete option");
	}
}

bool sk_query_parse(struct sk_query *query, struct sk_cmd *cmd, int argc, char **argv, int *exit_code)
{
	*query = (struct sk_query){.cmd = cmd, .command = argv[0], .filter = {.class_ = -1}, .workspace = {.lock_fd = -1}};
	opterr = 0;
	optind = 0;
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		*exit_code = option == OPT_HELP ? sk_cmd_help(cmd, query->command) : take_option(query, option);
		if (option == OPT_HELP || *exit_code != 0)
			return false;
	}
	query->first_argument = optind;
	if (query->folder == NULL) {
		*exit_code = sk_cmd_usage(cmd, query->command, "--workspace DIR is missing");
		return false;
	}
	return true;
}

/* ---- the store ---- */

enum sk_err sk_query_open(struct sk_query *query, struct sk_fault *fault)
{
	struct sk_workspace_store at;
	if (sk_seal_start() != SK_OK)
		return sk_fault_set(fault, SK_EIO, "the cryptographic libraries do not start");
	SK_TRY(sk_workspace_open(query->folder, false, &query->workspace, fault));
	SK_TRY(sk_look(query->cmd, &query->workspace, fault));
	const struct sk_store_options *opening = sk_workspace_store(&query->workspace, query->cmd->clock.unix_ns(query->cmd->clock.context), true, &at);
	enum sk_err err = sk_store_open(opening, &query->store, fault);
	if (err != SK_ENOENT)
		return err;
	(void)fprintf(query->cmd->err, "sekisho: nothing was watched into this workspace yet; sekisho watch --workspace %s CAPTURE... does\n",
		      query->folder);
	return SK_OK;
}

void sk_query_close(struct sk_query *query)
{
	sk_store_close(query->store);
	sk_workspace_close(&query->workspace);
}

void sk_query_note_unread(const struct sk_query *query, const struct sk_store_unread *unread, const char *what)
{
	char number[SK_UNIT_TEXT_MAX];
	if (unread->erased != 0)
		(void)fprintf(query->cmd->err, "sekisho: %s %s lie under days whose keys were destroyed and cannot be read any more\n", sk_number_format(unread->erased, number), what);
	if (unread->locked != 0)
		(void)fprintf(query->cmd->err, "sekisho: %s %s are sealed under keys that oversight holds a share of, and the share is not open (sekisho retention open)\n",
			      sk_number_format(unread->locked, number), what);
	if (unread->refused_keys != 0)
		(void)fprintf(query->cmd->err, "sekisho: %s destroyed key%s came back, out of a backup: refused, as the destruction is on record (sekisho retention erase --returned)\n",
			      sk_number_format(unread->refused_keys, number), unread->refused_keys == 1 ? "" : "s");
}

void sk_query_note_erased(const struct sk_query *query, uint64_t erased, const char *what)
{
	struct sk_store_unread unread = {.erased = 0};
	if (query->store != NULL)
		sk_store_unread(query->store, &unread);
	unread.erased = erased;
	sk_query_note_unread(query, &unread, what);
}

/* ---- rows ---- */

void sk_rows_begin(struct sk_rows *rows, const struct sk_query *query, const struct sk_column *columns, size_t column_count)
{
	SK_INVARIANT(column_count <= SK_COLUMNS_MAX);
	*rows = (struct sk_rows){.query = query, .columns = columns, .column_count = column_count};
	sk_buf_init(&rows->out, OUT_MAX);
	sk_buf_init(&rows->cells, CELLS_MAX);
	for (size_t i = 0; i < column_count; i++)
		rows->widths[i] = sk_text_columns(columns[i].title);
	if (query->form == SK_QUERY_JSON)
		(void)fputc('[', query->cmd->out);
}

struct sk_json_writer *sk_rows_record(struct sk_rows *rows)
{
	sk_buf_reset(&rows->out);
	sk_buf_add_text(&rows->out, rows->count != 0 ? ",\n" : "\n");
	sk_json_begin(&rows->json, &rows->out, false);
	sk_json_object(&rows->json, NULL);
	if (rows->query->workspace.profile == SK_PROFILE_LAB)
		sk_json_bool(&rows->json, "simulated", true);
	return &rows->json;
}

void sk_rows_end_record(struct sk_rows *rows)
{
	sk_json_end(&rows->json);
	(void)fwrite(rows->out.bytes, 1, rows->out.length, rows->query->cmd->out);
	rows->count++;
}

static void print_csv_row(struct sk_rows *rows, const char *const *cells)
{
	sk_buf_reset(&rows->out);
	for (size_t i = 0; i < rows->column_count; i++) {
		if (i != 0)
			sk_buf_add_u8(&rows->out, ',');
		sk_escape_csv(&rows->out, cells[i], strlen(cells[i]));
	}
	sk_buf_add_text(&rows->out, "\r\n");
	(void)fwrite(rows->out.bytes, 1, rows->out.length, rows->query->cmd->out);
}

static void print_table_row(struct sk_rows *rows, const char *const *cells)
{
	sk_buf_reset(&rows->out);
	for (size_t i = 0; i < rows->column_count; i++) {
		size_t width = sk_text_columns(cells[i]), pad = width < rows->widths[i] ? rows->widths[i] - width : 0;
		bool last = i + 1 == rows->column_count;
		if (rows->columns[i].right)
			sk_buf_addf(&rows->out, "%*s", (int)pad, "");
		sk_buf_add_text(&rows->out, cells[i]);
		if (!last)
			sk_buf_addf(&rows->out, "%*s", (int)(GAP + (rows->columns[i].right ? 0 : pad)), "");
	}
	sk_buf_add_u8(&rows->out, '\n');
	(void)fwrite(rows->out.bytes, 1, rows->out.length, rows->query->cmd->out);
}

static void print_row(struct sk_rows *rows, const char *const *cells)
{
	if (rows->query->form == SK_QUERY_CSV)
		print_csv_row(rows, cells);
	else
		print_table_row(rows, cells);
}

/* Rows are held back in portions, so that columns line up without holding all of a long answer. */
static void print_held(struct sk_rows *rows)
{
	const char *cells[SK_COLUMNS_MAX], *at = sk_buf_text(&rows->cells);
	if (!rows->titled) {
		for (size_t i = 0; i < rows->column_count; i++)
			cells[i] = rows->columns[i].title;
		print_row(rows, cells);
		rows->titled = true;
	}
	for (size_t done = 0; done < rows->held_cells; done += rows->column_count) {
		for (size_t i = 0; i < rows->column_count; i++) {
			cells[i] = at;
			at += strlen(at) + 1;
		}
		print_row(rows, cells);
	}
	sk_buf_reset(&rows->cells);
	rows->held_cells = 0;
}

void sk_rows_cell(struct sk_rows *rows, const char *text)
{
	size_t column = rows->held_cells % rows->column_count, before = rows->cells.length;
	/* A terminal gets nothing that could drive it; CSV has its own escaping. */
	if (rows->query->form == SK_QUERY_CSV)
		sk_buf_add_text(&rows->cells, text);
	else
		sk_escape_line(&rows->cells, text, strlen(text));
	sk_buf_add_u8(&rows->cells, '\0');
	SK_INVARIANT(rows->cells.failed == SK_OK);
	size_t width = sk_text_columns((const char *)rows->cells.bytes + before);
	if (width > rows->widths[column])
		rows->widths[column] = width;
	rows->held_cells++;
	if (rows->held_cells % rows->column_count != 0)
		return;
	rows->count++;
	if (rows->held_cells == SK_TABLE_ROWS * rows->column_count)
		print_held(rows);
}

void sk_rows_end(struct sk_rows *rows, const char *empty)
{
	FILE *out = rows->query->cmd->out;
	if (rows->query->form == SK_QUERY_JSON)
		(void)fputs(rows->count != 0 ? "\n]\n" : "]\n", out);
	else if (rows->count == 0 && rows->query->form == SK_QUERY_TABLE)
		(void)fprintf(out, "%s\n", empty);
	else
		print_held(rows);
	sk_buf_fini(&rows->out);
	sk_buf_fini(&rows->cells);
}

/* ---- observations ---- */

enum { PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_ICMPV6 = 58, PROTO_SCTP = 132 };

const char *sk_query_endpoint(const struct sk_observation *observation, bool responder, char text[SK_ADDR_TEXT_MAX + 16])
{
	const struct sk_observation *o = observation;
	const struct sk_addr *addr = responder ? &o->responder : &o->initiator;
	unsigned port = responder ? o->responder_port : o->initiator_port;
	char plain[SK_ADDR_TEXT_MAX];
	bool ports = o->ip_proto == PROTO_TCP || o->ip_proto == PROTO_UDP || o->ip_proto == PROTO_SCTP;
	sk_addr_format(addr, plain);
	(void)snprintf(text, SK_ADDR_TEXT_MAX + 16, !ports ? "%s" : addr->family == 6 ? "[%s]:%u" : "%s:%u", plain, port);
	return text;
}

const char *sk_query_proto(uint8_t ip_proto, char text[8])
{
	static const struct {
		uint8_t proto;
		const char *name;
	} names[] = {{PROTO_ICMP, "ICMP"}, {PROTO_TCP, "TCP"}, {PROTO_UDP, "UDP"}, {PROTO_ICMPV6, "ICMPv6"}, {PROTO_SCTP, "SCTP"}};
	(void)snprintf(text, 8, "%u", (unsigned)ip_proto);
	for (size_t i = 0; i < SK_COUNT(names); i++)
		if (names[i].proto == ip_proto)
			(void)snprintf(text, 8, "%s", names[i].name);
	return text;
}

const char *sk_query_hit_kinds(const struct sk_observation *observation, char text[64])
{
	uint32_t kinds = 0;
	(void)snprintf(text, 64, "%s", observation->detector);
	for (uint32_t i = 0; i < observation->hit_count && i < SK_OBSERVATION_HITS_MAX; i++)
		kinds |= observation->hit_kinds[i] < 32 ? 1u << observation->hit_kinds[i] : 0;
	for (uint32_t bit = 1; bit <= SK_SELECTOR_KINDS_ALL; bit <<= 1) {
		size_t used = strlen(text);
		if ((kinds & bit) != 0)
			(void)snprintf(text + used, 64 - used, "%s%s", used != 0 ? "+" : "", sk_selector_kind_name((enum sk_selector_kind)bit));
	}
	return text;
}

static void add_pair(struct sk_json_writer *w, const char *key, const uint64_t pair[2])
{
	sk_json_object(w, key);
	sk_json_u64(w, "from_initiator", pair[0]);
	sk_json_u64(w, "from_responder", pair[1]);
	sk_json_end(w);
}

static void add_endpoints(struct sk_json_writer *w, const struct sk_observation *o)
{
	char text[SK_ADDR_TEXT_MAX];
	bool ports = o->ip_proto == PROTO_TCP || o->ip_proto == PROTO_UDP || o->ip_proto == PROTO_SCTP;
	sk_json_text(w, "initiator", sk_addr_format(&o->initiator, text));
	if (ports)
		sk_json_u64(w, "initiator_port", o->initiator_port);
	sk_json_text(w, "responder", sk_addr_format(&o->responder, text));
	if (ports)
		sk_json_u64(w, "responder_port", o->responder_port);
	if (o->ip_proto == PROTO_ICMP || o->ip_proto == PROTO_ICMPV6) {
		sk_json_u64(w, "icmp_type", o->icmp_type);
		sk_json_u64(w, "icmp_code", o->icmp_code);
	}
	sk_json_bool(w, "initiator_sure", o->initiator_sure != 0);
}

static void add_observation(struct sk_json_writer *w, const uint8_t id[16], uint64_t interval, const struct sk_observation *o)
{
	char text[SK_OBSERVATION_COMMUNITY_ID_MAX], kinds[64], time[SK_TIME_TEXT_MAX], proto[8];
	sk_json_hex(w, "id", id, 16);
	sk_json_u64(w, "interval", interval);
	sk_json_text(w, "first", sk_time_format(o->first_ns, 6, time));
	sk_json_text(w, "last", sk_time_format(o->last_ns, 6, time));
	sk_json_text(w, "class", sk_class_name((enum sk_class)o->class_));
	sk_json_text(w, "proto", sk_query_proto(o->ip_proto, proto));
	sk_json_u64(w, "ip_proto", o->ip_proto);
	add_endpoints(w, o);
	add_pair(w, "packets", o->packets);
	add_pair(w, "ip_bytes", o->ip_bytes);
	sk_json_u64(w, "frames", o->frames);
	sk_json_u64(w, "frame_bytes", o->frame_bytes);
	if (o->app != SK_APP_NONE)
		sk_json_text(w, "app", sk_app_name(o->app));
	sk_json_text(w, "state", sk_observation_state_name(o->state));
	sk_json_text(w, "end", sk_observation_end_name(o->end));
	sk_json_u64(w, "layers", o->layers);
	sk_json_u64(w, "interface", o->interface);
	if (o->metered_by != SK_METER_HERE) {
		sk_json_text(w, "metered_by", sk_meter_name(o->metered_by));
		sk_json_u64(w, "sampling", o->sampling);
	}
	sk_json_text(w, "community_id", sk_observation_community_id(o, text));
	if (o->matched[0] != '\0' || o->hit_count != 0) {
		sk_json_text(w, "matched", o->matched);
		sk_json_text(w, "selected_by", sk_query_hit_kinds(o, kinds));
	}
	sk_query_heads(w, o);
}

static const struct sk_column csv_columns[] = {{"id", false},
					       {"interval", false},
					       {"first", false},
					       {"last", false},
					       {"class", false},
					       {"proto", false},
					       {"initiator", false},
					       {"initiator_port", false},
					       {"responder", false},
					       {"responder_port", false},
					       {"packets_from_initiator", false},
					       {"packets_from_responder", false},
					       {"ip_bytes_from_initiator", false},
					       {"ip_bytes_from_responder", false},
					       {"state", false},
					       {"end", false},
					       {"selected_by", false},
					       {"matched", false},
					       {"dns_domain", false},
					       {"sni_domain", false},
					       {"ja3", false},
					       {"ja4", false},
					       {"app", false},
					       {"http_host_domain", false}};

static void number_cell(struct sk_rows *rows, uint64_t value)
{
	char text[24];
	(void)snprintf(text, sizeof text, "%" PRIu64, value);
	sk_rows_cell(rows, text);
}

static void csv_row(struct sk_rows *rows, const uint8_t id[16], uint64_t interval, const struct sk_observation *o)
{
	char text[SK_ADDR_TEXT_MAX + 64];
	sk_hex_encode(id, 16, text);
	sk_rows_cell(rows, text);
	number_cell(rows, interval);
	sk_rows_cell(rows, sk_time_format(o->first_ns, 6, text));
	sk_rows_cell(rows, sk_time_format(o->last_ns, 6, text));
	sk_rows_cell(rows, sk_class_name((enum sk_class)o->class_));
	sk_rows_cell(rows, sk_query_proto(o->ip_proto, text));
	sk_rows_cell(rows, sk_addr_format(&o->initiator, text));
	number_cell(rows, o->initiator_port);
	sk_rows_cell(rows, sk_addr_format(&o->responder, text));
	number_cell(rows, o->responder_port);
	number_cell(rows, o->packets[0]);
	number_cell(rows, o->packets[1]);
	number_cell(rows, o->ip_bytes[0]);
	number_cell(rows, o->ip_bytes[1]);
	sk_rows_cell(rows, sk_observation_state_name(o->state));
	sk_rows_cell(rows, sk_observation_end_name(o->end));
	sk_rows_cell(rows, sk_query_hit_kinds(o, text));
	sk_rows_cell(rows, o->matched);
	sk_rows_cell(rows, o->dns_domain);
	sk_rows_cell(rows, o->sni_domain);
	sk_rows_cell(rows, o->ja3);
	sk_rows_cell(rows, o->ja4);
	sk_rows_cell(rows, sk_app_name(o->app));
	sk_rows_cell(rows, o->http_host_domain);
}

struct list_visit {
	const struct sk_listing *listing;
	const struct sk_query *query;
	struct sk_rows rows;
	char place[PLACE_TEXT_MAX];     /* of the last row; "": there is none, or it has none */
};

static enum sk_err print_observation(void *context, const uint8_t id[16], uint64_t interval, const struct sk_observation *observation)
{
	struct list_visit *to = context;
	/* Who does not page gets what does not depend on the order in which workers happened to store. */
	if (to->listing->pages && to->query->filter.limit != 0) {
		struct sk_store_place place;
		sk_store_place(to->query->store, &place);
		format_place(&place, to->place);
	}
	switch (to->rows.query->form) {
	case SK_QUERY_JSON:
		add_observation(sk_rows_record(&to->rows), id, interval, observation);
		if (to->place[0] != '\0')
			sk_json_text(&to->rows.json, "place", to->place);
		sk_rows_end_record(&to->rows);
		break;
	case SK_QUERY_CSV:
		csv_row(&to->rows, id, interval, observation);
		break;
	default:
		to->listing->cells(&to->rows, observation);
	}
	return SK_OK;
}

int sk_query_list(struct sk_cmd *cmd, int argc, char **argv, const struct sk_listing *listing)
{
	struct sk_query query;
	struct list_visit to = {.listing = listing, .query = &query};
	struct sk_fault fault = {.err = SK_OK};
	uint64_t erased = 0;
	int exit_code;
	if (!sk_query_parse(&query, cmd, argc, argv, &exit_code))
		return exit_code;
	if (query.first_argument != argc)
		return sk_cmd_usage(cmd, argv[0], "'%s' is one argument too many; a value to look for goes after --value",
				    argv[query.first_argument]);
	if (query.filter.behind != NULL && !listing->pages)
		return sk_cmd_usage(cmd, argv[0], "--after is for observations");
	enum sk_err err = sk_query_open(&query, &fault);
	if (err == SK_OK) {
		bool csv = query.form == SK_QUERY_CSV;
		sk_rows_begin(&to.rows, &query, csv ? csv_columns : listing->columns, csv ? SK_COUNT(csv_columns) : listing->column_count);
		if (query.store != NULL)
			err = listing->walk(query.store, &query.filter, print_observation, &to, &erased, &fault);
		sk_rows_end(&to.rows, listing->empty);
		sk_query_note_erased(&query, erased, listing->what);
		if (err == SK_OK && to.place[0] != '\0' && query.form == SK_QUERY_TABLE && to.rows.count == query.filter.limit)
			(void)fprintf(cmd->err, "sekisho: there may be more: --after %s\n", to.place);
	}
	sk_query_close(&query);
	return err == SK_OK ? 0 : sk_cmd_fail(cmd, &fault);
}
