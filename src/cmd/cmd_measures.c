/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho measures: what is in force, what was done, and what there is to do it with. Reads the enforcer's journal and receipts; changes nothing. */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "enforcer/enforcer.h"
#include "target/target.h"
#include "text/json.h"
#include "text/text.h"

enum { OPT_CONFIG = 256, OPT_DIR, OPT_JSON, OPT_HELP, JSON_MAX = 64 << 20, SHOWN_TARGETS = 3, RECEIPTS_MAX = 4096 };

static const struct option options[] = {{"config", required_argument, NULL, OPT_CONFIG}, {"dir", required_argument, NULL, OPT_DIR}, {"json", no_argument, NULL, OPT_JSON},
					{"help", no_argument, NULL, OPT_HELP}, {0}};

struct args {
	const char *config, *folder, *word, *id;
	bool json, help;
	char found_folder[SK_PATH_MAX];
};

struct listing {
	struct sk_cmd *cmd;
	const struct args *args;
	struct sk_json_writer json;
	struct sk_buf buf;
	size_t rows;
	int64_t now_ns;
};

/* ---- list ---- */

static void write_json(struct listing *l, const struct sk_enforcer_row *row)
{
	char time[SK_TIME_TEXT_MAX];
	struct sk_json_writer *w = &l->json;
	sk_json_object(w, NULL);
	sk_json_text(w, "order", row->order);
	sk_json_hex(w, "warrant", row->warrant, SK_HASH_BYTES);
	sk_json_text(w, "measure", sk_measure_name(sk_action_measure(row->action)));
	sk_json_text(w, "action", sk_action_name(row->action));
	sk_json_text(w, "stage", row->stage);
	sk_json_text(w, "why", row->why);
	sk_json_text(w, "accepted", sk_time_format(row->accepted_ns, 9, time));
	sk_json_text(w, "until", sk_time_format(row->until_ns, 9, time));
	sk_json_array(w, "targets");
	for (size_t i = 0; i < row->target_count; i++)
		sk_json_text(w, NULL, row->targets[i]);
	sk_json_end(w);
	sk_json_end(w);
}

static void print_row(struct listing *l, const struct sk_enforcer_row *row)
{
	char left[SK_UNIT_TEXT_MAX], hex[2 * SK_HASH_BYTES + 1];
	FILE *out = l->cmd->out;
	if (l->rows == 0)
		(void)fprintf(out, "%-24s %-10s %-22s %-10s %-16s %s\n", "ORDER", "STAGE", "MEASURE", "LEFT", "WARRANT", "TARGETS");
	char measure[64];
	(void)snprintf(measure, sizeof measure, "%s %s", sk_measure_name(sk_action_measure(row->action)), sk_action_name(row->action));
	sk_hex_encode(row->warrant, SK_HASH_BYTES, hex);
	(void)fprintf(out, "%-24s %-10s %-22s %-10s %.16s", row->order, row->stage, measure, row->until_ns > l->now_ns ? sk_duration_format(row->until_ns - l->now_ns, left) : "over", hex);
	for (size_t i = 0; i < row->target_count && i < SHOWN_TARGETS; i++)
		(void)fprintf(out, " %s", row->targets[i]);
	if (row->target_count > SHOWN_TARGETS)
		(void)fprintf(out, " and %zu more", row->target_count - SHOWN_TARGETS);
	(void)fprintf(out, "%s%s\n", row->why[0] != '\0' ? "  (" : "", row->why);
}

static void list_row(void *context, const struct sk_enforcer_row *row)
{
	struct listing *l = context;
	if (l->args->json)
		write_json(l, row);
	else
		print_row(l, row);
	l->rows++;
}

static enum sk_err list(struct sk_cmd *cmd, const struct args *args, struct sk_fault *fault)
{
	struct listing l = {.cmd = cmd, .args = args, .now_ns = cmd->clock.unix_ns(cmd->clock.context)};
	sk_buf_init(&l.buf, JSON_MAX);
	sk_json_begin(&l.json, &l.buf, false);
	sk_json_array(&l.json, NULL);
	enum sk_err err = sk_enforcer_list(args->folder, cmd->clock, list_row, &l, fault);
	sk_json_end(&l.json);
	if (err == SK_OK && args->json)
		(void)fprintf(cmd->out, "%s\n", sk_buf_text(&l.buf));
	else if (err == SK_OK && l.rows == 0)
		(void)fprintf(cmd->out, "nothing is in force\n");
	sk_buf_fini(&l.buf);
	return err;
}

/* ---- show ---- */

static int by_number(const void *a, const void *b)
{
	const struct sk_warrant_receipt *x = a, *y = b;
	int order = memcmp(x->warrant, y->warrant, SK_HASH_BYTES);
	return order != 0 ? order : (x->number > y->number) - (x->number < y->number);
}

static void print_receipt(FILE *out, const struct sk_warrant_receipt *r)
{
	char time[SK_TIME_TEXT_MAX];
	(void)fprintf(out, "%3llu  %s  %-11s %-16s %s\n", (unsigned long long)r->number, sk_time_format(r->at_ns, 3, time), sk_step_name(r->step), r->target, r->detail);
	for (size_t i = 0; i < r->effect_count; i++)
		(void)fprintf(out, "       %s %s: %s (%llu)\n", r->effects[i].good ? "good" : "BAD ", r->effects[i].place, r->effects[i].seen, (unsigned long long)r->effects[i].items);
	for (const char *at = r->text; *at != '\0'; at += strcspn(at, "\n") + 1)
		(void)fprintf(out, "       | %.*s\n", (int)strcspn(at, "\n"), at);
}

static void json_receipt(struct sk_json_writer *w, const struct sk_warrant_receipt *r)
{
	char time[SK_TIME_TEXT_MAX];
	sk_json_object(w, NULL);
	sk_json_text(w, "order", r->order);
	sk_json_hex(w, "warrant", r->warrant, SK_HASH_BYTES);
	sk_json_u64(w, "number", r->number);
	sk_json_text(w, "at", sk_time_format(r->at_ns, 9, time));
	sk_json_text(w, "step", sk_step_name(r->step));
	sk_json_text(w, "target", r->target);
	sk_json_u64(w, "items", r->items);
	sk_json_text(w, "detail", r->detail);
	sk_json_hex(w, "before", r->before, SK_HASH_BYTES);
	sk_json_hex(w, "after", r->after, SK_HASH_BYTES);
	sk_json_array(w, "effects");
	for (size_t i = 0; i < r->effect_count; i++) {
		sk_json_object(w, NULL);
		sk_json_text(w, "place", r->effects[i].place);
		sk_json_text(w, "seen", r->effects[i].seen);
		sk_json_u64(w, "items", r->effects[i].items);
		sk_json_bool(w, "good", r->effects[i].good);
		sk_json_end(w);
	}
	sk_json_end(w);
	sk_json_text(w, "text", r->text);
	sk_json_end(w);
}

/* Order's id, or the first digits (eight or more) of the warrant's digest? */
static bool is_asked(const struct sk_warrant_receipt *r, const char *id)
{
	char hex[2 * SK_HASH_BYTES + 1];
	sk_hex_encode(r->warrant, SK_HASH_BYTES, hex);
	return strcmp(r->order, id) == 0 || (strlen(id) >= 8 && strncmp(hex, id, strlen(id)) == 0);
}

static enum sk_err read_key(const char *out_folder, struct sk_verify_key *key, struct sk_fault *fault)
{
	char path[SK_PATH_MAX], line[SK_VKEY_TEXT_MAX];
	struct sk_buf text;
	SK_TRY(sk_file_join(path, sizeof path, out_folder, "enforcer.vkey"));
	sk_buf_init(&text, SK_VKEY_TEXT_MAX);
	enum sk_err err = sk_file_read(path, &text, fault);
	(void)snprintf(line, sizeof line, "%.*s", (int)strcspn(sk_buf_text(&text), "\n"), sk_buf_text(&text));
	if (err == SK_OK && sk_verify_key_parse(line, key) != SK_OK)
		err = sk_fault_set(fault, SK_EMALFORMED, "%s: no verifier key", path);
	sk_buf_fini(&text);
	return err;
}

static enum sk_err read_receipts(const char *out_folder, const char *id, struct sk_warrant_receipt *receipts, size_t *count, struct sk_fault *fault)
{
	struct sk_verify_key key;
	char path[SK_PATH_MAX];
	SK_TRY(read_key(out_folder, &key, fault));
	DIR *folder = opendir(out_folder);
	enum sk_err err = folder == NULL ? sk_fault_errno(fault, errno, "%s: cannot be read", out_folder) : SK_OK;
	for (const struct dirent *entry; err == SK_OK && (entry = readdir(folder)) != NULL && *count < RECEIPTS_MAX;) {
		struct sk_buf note;
		if (entry->d_name[0] == '.' || strstr(entry->d_name, ".receipt") == NULL || sk_file_join(path, sizeof path, out_folder, entry->d_name) != SK_OK)
			continue;
		sk_buf_init(&note, SK_RECEIPT_NOTE_MAX);
		err = sk_file_read(path, &note, fault);
		if (err == SK_OK)
			err = sk_receipt_decode(sk_buf_text(&note), note.length, &key, &receipts[*count], fault);
		sk_buf_fini(&note);
		if (err == SK_OK && is_asked(&receipts[*count], id))
			(*count)++;
		else if (err == SK_OK)
			sk_receipt_fini(&receipts[*count]);
	}
	if (folder != NULL)
		(void)closedir(folder);
	return err;
}

/* Are the receipts of each warrant a whole chain? */
static enum sk_err check_chains(const struct sk_warrant_receipt *receipts, size_t count, struct sk_fault *fault)
{
	for (size_t from = 0, to; from < count; from = to) {
		for (to = from + 1; to < count && memcmp(receipts[to].warrant, receipts[from].warrant, SK_HASH_BYTES) == 0;)
			to++;
		SK_TRY(sk_receipts_check(receipts + from, to - from, fault));
	}
	return SK_OK;
}

static void print_receipts(struct sk_cmd *cmd, const struct args *args, const struct sk_warrant_receipt *receipts, size_t count)
{
	struct sk_json_writer w;
	struct sk_buf json;
	char hex[2 * SK_HASH_BYTES + 1];
	sk_buf_init(&json, JSON_MAX);
	sk_json_begin(&w, &json, false);
	sk_json_array(&w, NULL);
	for (size_t i = 0; i < count; i++) {
		if (args->json) {
			json_receipt(&w, &receipts[i]);
			continue;
		}
		sk_hex_encode(receipts[i].warrant, SK_HASH_BYTES, hex);
		if (i == 0 || memcmp(receipts[i - 1].warrant, receipts[i].warrant, SK_HASH_BYTES) != 0)
			(void)fprintf(cmd->out, "order %s, warrant %s\n", receipts[i].order, hex);
		print_receipt(cmd->out, &receipts[i]);
	}
	sk_json_end(&w);
	if (args->json)
		(void)fprintf(cmd->out, "%s\n", sk_buf_text(&json));
	sk_buf_fini(&json);
}

static enum sk_err show(struct sk_cmd *cmd, const struct args *args, struct sk_fault *fault)
{
	char out_folder[SK_PATH_MAX];
	size_t count = 0;
	struct sk_warrant_receipt *receipts = calloc(RECEIPTS_MAX, sizeof *receipts);
	if (receipts == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	enum sk_err err = sk_file_join(out_folder, sizeof out_folder, args->folder, "out");
	if (err == SK_OK)
		err = read_receipts(out_folder, args->id, receipts, &count, fault);
	if (err == SK_OK && count == 0)
		err = sk_fault_set(fault, SK_ENOENT, "%s: there is no receipt of an order or a warrant '%s'", out_folder, args->id);
	if (err == SK_OK) {
		qsort(receipts, count, sizeof *receipts, by_number);
		print_receipts(cmd, args, receipts, count);
		err = check_chains(receipts, count, fault);
	}
	for (size_t i = 0; i < count; i++)
		sk_receipt_fini(&receipts[i]);
	free(receipts);
	return err;
}

/* ---- backends ---- */

static enum sk_err backends(struct sk_cmd *cmd)
{
	const struct sk_backend *backend;
	const char *name, *means;
	for (size_t i = 0; (backend = sk_backend_at(i)) != NULL; i++) {
		(void)fprintf(cmd->out, "%-12s %s\n%-12s carries", backend->name, backend->sentence, "");
		for (unsigned m = 0; m < SK_MEASURE_COUNT; m++)
			if ((backend->measures & 1U << m) != 0)
				(void)fprintf(cmd->out, " %s", sk_measure_name((enum sk_measure)m));
		(void)fprintf(cmd->out, "\n");
	}
	(void)fprintf(cmd->out, "never done, whoever asks:\n");
	for (size_t i = 0; sk_forbidden_act(i, &name, &means); i++)
		(void)fprintf(cmd->out, "  %-16s %s\n", name, means);
	return SK_OK;
}

static enum sk_err find_folder(struct args *args, struct sk_fault *fault)
{
	struct sk_enforcer_conf *conf;
	if (args->folder != NULL || args->config == NULL)
		return SK_OK;
	conf = calloc(1, sizeof *conf);
	if (conf == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	enum sk_err err = sk_enforcer_conf_read(args->config, sk_backend_find, conf, fault);
	(void)snprintf(args->found_folder, sizeof args->found_folder, "%s", conf->folder);
	args->folder = args->found_folder;
	sk_enforcer_conf_fini(conf);
	free(conf);
	return err;
}

int sk_cmd_measures(struct sk_cmd *cmd, int argc, char **argv)
{
	struct args args = {0};
	struct sk_fault fault = {.line = ""};
	optind = 0;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (option) {
		case OPT_CONFIG: args.config = optarg; break;
		case OPT_DIR: args.folder = optarg; break;
		case OPT_JSON: args.json = true; break;
		case OPT_HELP: args.help = true; break;
		default: return sk_cmd_usage(cmd, argv[0], "unknown or incomplete option");
		}
	}
	if (args.help)
		return sk_cmd_help(cmd, argv[0]);
	args.word = optind < argc ? argv[optind++] : "list";
	bool shows = strcmp(args.word, "show") == 0, lists = strcmp(args.word, "list") == 0;
	if (shows && optind < argc)
		args.id = argv[optind++];
	if (optind < argc || (shows && args.id == NULL) || (!shows && !lists && strcmp(args.word, "backends") != 0))
		return sk_cmd_usage(cmd, argv[0], "expected list, show ORDER|WARRANT, or backends");
	if (sk_seal_start() != SK_OK)
		return sk_cmd_usage(cmd, argv[0], "the cryptographic libraries do not start");
	enum sk_err err = find_folder(&args, &fault);
	if (err == SK_OK && args.folder == NULL && (shows || lists))
		return sk_cmd_usage(cmd, argv[0], "--config FILE or --dir DIR is missing, e.g. --config /etc/sekisho/enforcer.yaml");
	if (err == SK_OK)
		err = lists ? list(cmd, &args, &fault) : shows ? show(cmd, &args, &fault) : backends(cmd);
	return err == SK_OK ? 0 : sk_cmd_fail(cmd, &fault);
}
