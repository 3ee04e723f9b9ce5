/* SPDX-License-Identifier: Apache-2.0 */
/* A query inside: it runs here, and its answer leaves this process sealed to the inspector's key. The operator sees that a query of that kind was made, and (from the smallest cell on) how many
   rows answered; not what was asked for, nor the answer.

     sekisho-sealed/1 LF   inspector's key, as text LF   sealed box                                                                                                       */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/inspect.h"
#include "cmd/look.h"
#include "cmd/signer.h"
#include "seal/share.h"
#include "text/text.h"
#include "wire/wire.h"

enum { ANSWER_MAX = 1 << 28, SEALED_MODE = 0600, WORDS_MAX = 24, TEXT_MAX = 256 };
static const char format_name[] = "sekisho-sealed/1\n";

/* Objects at the top of an array, or lines when it is none: what the command printed as JSON. */
static uint64_t count_rows(const char *text, size_t length)
{
	struct sk_cur cur = sk_cur_of(text, length);
	uint64_t rows = 0;
	unsigned depth = 0;
	bool inside = false, escaped = false;
	while (sk_more(&cur)) {
		uint8_t c = sk_u8(&cur);
		if (inside) {
			inside = escaped || c != '"';
			escaped = !escaped && c == '\\';
			continue;
		}
		inside = c == '"';
		if (c == '{' || c == '[')
			rows += depth++ == 1 && c == '{';
		if (c == '}' || c == ']')
			depth -= depth != 0;
	}
	return rows;
}

/* Run another command of ours with its output in memory. */
static enum sk_err run_inside(const struct sk_inspect_args *args, const char *kind, char **answer, size_t *length, struct sk_fault *fault)
{
	struct sk_cmd inner = *args->cmd;
	const char *words[WORDS_MAX];
	int count = 0, code;
	bool access = strcmp(kind, "access") == 0;
	const char *key = args->office.actor.key != NULL ? args->office.actor.key : getenv("SEKISHO_KEY");
	words[count++] = kind;
	if (access)
		words[count++] = "log";
	words[count++] = access ? "--dir" : "--workspace";
	words[count++] = access ? args->office.folder : args->workspace;
	words[count++] = "--json";
	if (!access) {
		words[count++] = "--purpose";
		words[count++] = "damage_prevention";
	}
	words[count++] = "--key";
	words[count++] = key;
	const char *const pairs[][2] = {{"--since", args->since}, {"--until", args->until}, {"--value", access ? NULL : args->value}};
	for (size_t i = 0; i < SK_COUNT(pairs); i++)
		if (pairs[i][1] != NULL) {
			words[count++] = pairs[i][0];
			words[count++] = pairs[i][1];
		}
	words[count] = NULL;
	char **argv = (char **)(uintptr_t)words; /* getopt turns pointers round, and changes no text */
	*answer = NULL;
	inner.out = open_memstream(answer, length);
	if (inner.out == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	sk_look_take(&inner, &count, argv);
	code = access ? sk_cmd_access(&inner, count, argv) : strcmp(kind, "findings") == 0 ? sk_cmd_findings(&inner, count, argv) : sk_cmd_observations(&inner, count, argv);
	if (fclose(inner.out) != 0 || code != 0 || *answer == NULL)
		return sk_fault_set(fault, SK_EREMARK, "the query inside did not run (exit code %d): what it said stands above", code);
	return SK_OK;
}

static enum sk_err seal(const struct sk_verify_key *to, const char *answer, size_t length, struct sk_buf *out, struct sk_fault *fault)
{
	char text[SK_VKEY_TEXT_MAX];
	uint8_t *box = malloc(length + SK_BOX_OVERHEAD_BYTES);
	if (box == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	enum sk_err err = sk_box_seal(to, answer, length, box);
	if (err == SK_OK) {
		sk_buf_addf(out, "%s%s\n", format_name, sk_verify_key_format(to, text));
		sk_buf_add(out, box, length + SK_BOX_OVERHEAD_BYTES);
		err = out->failed;
	}
	free(box);
	return err == SK_OK ? SK_OK : sk_fault_set(fault, err, "the answer cannot be sealed to %s: a key file of ours, or an Ed25519 SSH key in a file, opens boxes; a security key does not", to->name);
}

/* Would the act be allowed? Asked before anything is read; nothing is entered. */
static enum sk_err may_query(const struct sk_inspect_args *args, const char *kind, struct sk_fault *fault)
{
	struct sk_office office;
	struct sk_buf body, note;
	struct sk_act_facts facts;
	struct sk_oversight_matter matter;
	bool written;
	enum sk_err err = sk_office_open(args->cmd, args->office.folder, false, &office, fault);
	sk_buf_init(&body, TEXT_MAX * 8);
	sk_inspection_body(kind, "", 0, &body);
	if (err == SK_OK) {
		err = sk_oversight_prepare(&office, &args->office.actor, "inspection", args->in, "query", &body, &matter, &note, &facts, &written, fault);
		if (err == SK_OK)
			sk_buf_fini(&note);
	}
	sk_buf_fini(&body);
	sk_office_close(&office);
	return err;
}

/* The act names the sealed file by its digest, so that neither can be exchanged later. */
static enum sk_err enter(const struct sk_inspect_args *args, const char *kind, const struct sk_buf *sealed, uint64_t rows, struct sk_fault *fault)
{
	struct sk_office office;
	uint8_t digest[SK_HASH_BYTES];
	char text[TEXT_MAX], hex[2 * SK_HASH_BYTES + 1];
	sk_sha256(sealed->bytes, sealed->length, digest);
	sk_hex_encode(digest, sizeof digest, hex);
	(void)snprintf(text, sizeof text, "sealed answer %s", hex);
	enum sk_err err = sk_office_open(args->cmd, args->office.folder, true, &office, fault);
	if (err == SK_OK)
		err = sk_inspect_enter(&office, args, "query", kind, text, rows, fault);
	sk_office_close(&office);
	return err;
}

int sk_inspect_query(const struct sk_inspect_args *args, const char *kind)
{
	struct sk_verify_key to;
	struct sk_fault fault;
	struct sk_buf sealed;
	char *answer = NULL;
	size_t length = 0;
	const char *key = args->office.actor.key != NULL ? args->office.actor.key : getenv("SEKISHO_KEY");
	if (!sk_oversight_word(SK_WORDS_QUERY, kind))
		return sk_cmd_usage(args->cmd, "inspect", "query: expected findings, observations or access");
	if (args->in == NULL || args->output == NULL || key == NULL || (args->workspace == NULL && strcmp(kind, "access") != 0))
		return sk_cmd_usage(args->cmd, "inspect", "query needs --in INSPECTION, --key FILE, -o FILE and (but for access) --workspace DIR");
	sk_buf_init(&sealed, ANSWER_MAX);
	enum sk_err err = sk_signer_public(key, &to, &fault);
	if (err == SK_OK && !sk_box_fits(&to))
		err = sk_fault_set(&fault, SK_EUSAGE, "%s: this kind of key opens no sealed answer; use a key file of ours or an Ed25519 SSH key in a file", to.name);
	if (err == SK_OK)
		err = may_query(args, kind, &fault);
	if (err == SK_OK)
		err = run_inside(args, kind, &answer, &length, &fault);
	uint64_t rows = err == SK_OK ? count_rows(answer, length) : 0;
	if (err == SK_OK)
		err = seal(&to, answer, length, &sealed, &fault);
	if (answer != NULL)
		sk_wipe(answer, length);
	free(answer);
	if (err == SK_OK)
		err = enter(args, kind, &sealed, rows, &fault);
	if (err == SK_OK)
		err = sk_file_replace(args->output, sealed.bytes, sealed.length, SEALED_MODE, &fault);
	sk_buf_fini(&sealed);
	if (err != SK_OK)
		return sk_cmd_fail(args->cmd, &fault);
	(void)fprintf(args->cmd->out, "query %s: answered and sealed to %s in %s; sekisho inspect open %s --key FILE\n", kind, to.name, args->output, args->output);
	return 0;
}

static enum sk_err open_file(const struct sk_inspect_args *args, const struct sk_sign_key *key, const struct sk_buf *sealed, struct sk_fault *fault)
{
	struct sk_cur cur = sk_cur_of(sealed->bytes, sealed->length);
	const uint8_t *head = sk_take(&cur, sizeof format_name - 1);
	bool good = head != NULL && memcmp(head, format_name, sizeof format_name - 1) == 0;
	for (uint8_t byte = 0; good && byte != '\n';) {
		good = sk_more(&cur);
		byte = sk_u8(&cur);
	}
	size_t length = sk_left(&cur);
	if (!good || length < SK_BOX_OVERHEAD_BYTES)
		return sk_fault_set(fault, SK_EMALFORMED, "%s: no sealed answer", args->file);
	uint8_t *plain = malloc(length);
	if (plain == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	enum sk_err err = sk_box_open(key, sk_take(&cur, length), length, plain);
	size_t answer = length - SK_BOX_OVERHEAD_BYTES;
	if (err != SK_OK)
		(void)sk_fault_set(fault, err, "%s: altered, or sealed to another key than %s", args->file, sk_sign_key_public(key)->name);
	else if (fwrite(plain, 1, answer, args->cmd->out) != answer)
		err = sk_fault_set(fault, SK_EIO, "the answer cannot be written");
	sk_wipe(plain, length);
	free(plain);
	return err;
}

int sk_inspect_open(const struct sk_inspect_args *args)
{
	struct sk_sign_key *key = NULL;
	struct sk_fault fault;
	struct sk_buf sealed;
	const char *path = args->office.actor.key != NULL ? args->office.actor.key : getenv("SEKISHO_KEY");
	if (path == NULL)
		return sk_cmd_usage(args->cmd, "inspect", "open needs --key FILE");
	sk_buf_init(&sealed, ANSWER_MAX);
	enum sk_err err = sk_sign_key_load(path, &key, &fault);
	if (err == SK_OK)
		err = sk_file_read(args->file, &sealed, &fault);
	if (err == SK_OK)
		err = open_file(args, key, &sealed, &fault);
	sk_sign_key_free(key);
	sk_buf_fini(&sealed);
	return err == SK_OK ? 0 : sk_cmd_fail(args->cmd, &fault);
}
