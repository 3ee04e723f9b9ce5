/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho witness: see that ledgers only ever grow and sign that (serve), have one's own signed so (push), make a witness' key (key). */
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/cmd.h"
#include "cmd/guard.h"
#include "cmd/witness_push.h"
#include "oversight/witness.h"
#include "text/json.h"
#include "text/text.h"

enum { OPT_JSON = 256, OPT_HELP, OPT_LISTEN, OPT_KEY, OPT_STATE, OPT_ORIGIN, OPT_LEDGER, OPT_TO, OPT_WITNESS, OPT_NAME, TURN_MS = 500, LINE_MAX_BYTES = 4096, KEY_FILE_MAX = 4096 };

struct words {
	const char *listen, *key, *state, *ledger, *to, *witness, *name, *output;
	const char *origins[SK_WITNESS_LOGS_MAX];
	size_t origin_count;
	bool json, too_many;
};

/* A verifier key, or a file whose first line is one. */
static enum sk_err read_key(const char *text, const char *option, struct sk_verify_key *out, struct sk_fault *fault)
{
	struct sk_buf content;
	char line[SK_VKEY_TEXT_MAX] = "";
	if (sk_verify_key_parse(text, out) == SK_OK)
		return SK_OK;
	sk_buf_init(&content, KEY_FILE_MAX);
	if (sk_file_read(text, &content, fault) == SK_OK) {
		size_t length = strcspn(sk_buf_text(&content), "\r\n");
		if (length < sizeof line)
			memcpy(line, sk_buf_text(&content), length);
	}
	sk_buf_fini(&content);
	if (line[0] != '\0' && sk_verify_key_parse(line, out) == SK_OK)
		return SK_OK;
	return sk_fault_set(fault, SK_EUSAGE, "%s: expected a verifier key name+id+base64, or a file that holds one", option);
}

/* ---- serve ---- */

struct log {
	struct sk_cmd *cmd;
	bool json;
};

static void said(void *context, const struct sk_witness_answer *answer)
{
	const struct log *log = context;
	char at[SK_TIME_TEXT_MAX];
	struct sk_buf line;
	sk_buf_init(&line, LINE_MAX_BYTES);
	(void)sk_time_format(log->cmd->clock.unix_ns(log->cmd->clock.context), 3, at);
	if (log->json) {
		struct sk_json_writer w;
		sk_json_begin(&w, &line, false);
		sk_json_object(&w, NULL);
		sk_json_text(&w, "time", at);
		sk_json_u64(&w, "status", answer->status);
		sk_json_text(&w, "origin", answer->origin);
		sk_json_u64(&w, "known", answer->old_size);
		sk_json_u64(&w, "size", answer->size);
		sk_json_end(&w);
	} else {
		sk_buf_addf(&line, "%s %u ", at, answer->status);
		sk_escape_line(&line, answer->origin, strlen(answer->origin));
		if (answer->status == 200)
			sk_buf_addf(&line, " signed: %" PRIu64 " -> %" PRIu64, answer->old_size, answer->size);
		else
			sk_buf_addf(&line, " not signed: knows %" PRIu64 ", was shown %" PRIu64, answer->old_size, answer->size);
	}
	(void)fprintf(log->cmd->out, "%s\n", sk_buf_text(&line));
	(void)fflush(log->cmd->out);
	sk_buf_fini(&line);
}

static enum sk_err turn(struct sk_witness *witness, int listening, struct log *log, struct sk_fault *fault)
{
	struct sk_witness_server *server;
	SK_TRY(sk_witness_serve(witness, listening, &log->cmd->clock, said, log, &server, fault));
	while (!sk_guard_interrupted()) {
		struct pollfd wait = {.fd = sk_witness_server_fd(server), .events = POLLIN};
		(void)poll(&wait, 1, TURN_MS);
		sk_witness_server_turn(server);
	}
	sk_witness_server_stop(server);
	return SK_OK;
}

static enum sk_err serve(struct sk_cmd *cmd, const struct words *words, struct sk_fault *fault)
{
	struct sk_verify_key logs[SK_WITNESS_LOGS_MAX];
	struct sk_sign_key *key = NULL;
	struct sk_witness *witness = NULL;
	struct sk_peer where;
	struct log log = {.cmd = cmd, .json = words->json};
	char text[SK_VKEY_TEXT_MAX];
	int listening = -1;
	if (words->listen == NULL || words->key == NULL || words->state == NULL || words->origin_count == 0)
		return sk_fault_set(fault, SK_EUSAGE, "witness serve needs --listen, --key, --state and --origin");
	for (size_t i = 0; i < words->origin_count; i++)
		SK_TRY(read_key(words->origins[i], "--origin", &logs[i], fault));
	SK_TRY(sk_peer_parse(words->listen, &where, fault));
	if (where.transport != SK_PEER_TCP)
		return sk_fault_set(fault, SK_EUSAGE, "--listen: expected tcp:ADDR:PORT");
	enum sk_err err = sk_sign_key_load(words->key, &key, fault);
	if (err == SK_OK)
		err = sk_witness_open(words->state, key, logs, words->origin_count, &witness, fault);
	if (err == SK_OK)
		err = sk_peer_listen(&where, &listening, fault);
	if (err == SK_OK) {
		struct sk_verify_key own;
		sk_verify_key_as_witness(sk_sign_key_public(key), &own);
		(void)fprintf(cmd->err, "witness %s at %s, for %zu log%s\n", sk_verify_key_format(&own, text), words->listen, words->origin_count, words->origin_count == 1 ? "" : "s");
		sk_guard_signals(false);
		sk_guard_hangups();
		err = turn(witness, listening, &log, fault);
	}
	sk_witness_close(witness);
	sk_sign_key_free(key);
	return err;
}

/* ---- push ---- */

static enum sk_err push(struct sk_cmd *cmd, const struct words *words, struct sk_fault *fault)
{
	struct sk_witness_push job = {.ledger = words->ledger, .output = words->output};
	if (words->ledger == NULL || words->to == NULL || words->witness == NULL)
		return sk_fault_set(fault, SK_EUSAGE, "witness push needs --ledger, --to and --witness");
	SK_TRY(sk_peer_parse(words->to, &job.to, fault));
	SK_TRY(read_key(words->witness, "--witness", &job.witness, fault));
	if (job.to.transport != SK_PEER_TCP || job.witness.type != 0x04)
		return sk_fault_set(fault, SK_EUSAGE, "expected --to tcp:ADDR:PORT and a witness' key (type 4), as 'sekisho witness key' and 'serve' tell it");
	SK_TRY(sk_witness_push(&job, fault));
	if (words->json) {
		struct sk_buf line;
		struct sk_json_writer w;
		sk_buf_init(&line, LINE_MAX_BYTES);
		sk_json_begin(&w, &line, false);
		sk_json_object(&w, NULL);
		sk_json_text(&w, "origin", job.head.origin);
		sk_json_text(&w, "witness", job.witness.name);
		sk_json_u64(&w, "known", job.known);
		sk_json_u64(&w, "size", job.head.size);
		sk_json_end(&w);
		(void)fprintf(cmd->out, "%s\n", sk_buf_text(&line));
		sk_buf_fini(&line);
	} else {
		(void)fprintf(cmd->out, "%s has signed the head of %" PRIu64 " entries (it knew %" PRIu64 "); the cosignature stands in %s%s\n", job.witness.name, job.head.size, job.known,
			      words->output != NULL ? words->output : words->ledger, words->output != NULL ? "" : "/checkpoint");
	}
	return SK_OK;
}

/* ---- key ---- */

static enum sk_err make_key(struct sk_cmd *cmd, const struct words *words, struct sk_fault *fault)
{
	struct sk_sign_key *key = NULL;
	struct sk_verify_key own;
	char text[SK_VKEY_TEXT_MAX];
	if (words->name == NULL || words->key == NULL)
		return sk_fault_set(fault, SK_EUSAGE, "witness key needs --name NAME (a schemeless URL of yours, such as example.org/witness) and --key FILE");
	enum sk_err err = sk_sign_key_new(words->name, &key);
	if (err != SK_OK)
		return sk_fault_set(fault, err, "--name: expected 1 to 127 characters without space and plus");
	err = sk_sign_key_save(key, words->key, fault);
	if (err == SK_OK) {
		sk_verify_key_as_witness(sk_sign_key_public(key), &own);
		(void)fprintf(cmd->out, "%s\n", sk_verify_key_format(&own, text));
	}
	sk_sign_key_free(key);
	return err;
}

/* ---- words ---- */

static bool parse(int argc, char **argv, struct words *words, bool *help)
{
	static const struct option options[] = {{"json", no_argument, NULL, OPT_JSON}, {"help", no_argument, NULL, OPT_HELP}, {"listen", required_argument, NULL, OPT_LISTEN},
						{"key", required_argument, NULL, OPT_KEY}, {"state", required_argument, NULL, OPT_STATE}, {"origin", required_argument, NULL, OPT_ORIGIN},
						{"ledger", required_argument, NULL, OPT_LEDGER}, {"to", required_argument, NULL, OPT_TO}, {"witness", required_argument, NULL, OPT_WITNESS},
						{"name", required_argument, NULL, OPT_NAME}, {0}};
	optind = 0;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, "o:", options, NULL)) != -1;) {
		switch (option) {
		case OPT_JSON: words->json = true; break;
		case OPT_HELP: *help = true; break;
		case OPT_LISTEN: words->listen = optarg; break;
		case OPT_KEY: words->key = optarg; break;
		case OPT_STATE: words->state = optarg; break;
		case OPT_LEDGER: words->ledger = optarg; break;
		case OPT_TO: words->to = optarg; break;
		case OPT_WITNESS: words->witness = optarg; break;
		case OPT_NAME: words->name = optarg; break;
		case 'o': words->output = optarg; break;
		case OPT_ORIGIN:
			words->too_many = words->origin_count == SK_WITNESS_LOGS_MAX;
			if (words->too_many)
				return false;
			words->origins[words->origin_count++] = optarg;
			break;
		default: return false;
		}
	}
	return true;
}

int sk_cmd_witness(struct sk_cmd *cmd, int argc, char **argv)
{
	static const struct {
		const char *name;
		enum sk_err (*run)(struct sk_cmd *cmd, const struct words *words, struct sk_fault *fault);
	} verbs[] = {{"serve", serve}, {"push", push}, {"key", make_key}};
	struct words words = {.listen = NULL};
	struct sk_fault fault = {.line = ""};
	bool help = false;
	if (!parse(argc, argv, &words, &help))
		return sk_cmd_usage(cmd, argv[0], "%s", words.too_many ? "more origins than one witness takes" : "unknown or incomplete option");
	if (help)
		return sk_cmd_help(cmd, argv[0]);
	if (sk_seal_start() != SK_OK) {
		(void)sk_fault_set(&fault, SK_EIO, "the cryptographic libraries do not start");
		return sk_cmd_fail(cmd, &fault);
	}
	for (size_t i = 0; i < SK_COUNT(verbs) && optind + 1 == argc; i++) {
		if (strcmp(argv[optind], verbs[i].name) != 0)
			continue;
		enum sk_err err = verbs[i].run(cmd, &words, &fault);
		return err == SK_OK ? 0 : err == SK_EUSAGE ? sk_cmd_usage(cmd, argv[0], "%s", fault.line) : sk_cmd_fail(cmd, &fault);
	}
	return sk_cmd_usage(cmd, argv[0], "expected serve, push or key");
}
