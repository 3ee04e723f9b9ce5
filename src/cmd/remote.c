/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of a centre elsewhere: words find a row of the table, what stands behind them are its parameters. */
#include "cmd/remote.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cmd/remote_http.h"
#include "cmd/signer.h"
#include "text/text.h"
#include "web/api.h"

enum { WORDS_MAX = 64, GIVEN_MAX = 256, FILE_BYTES_MAX = 16 << 20, ANSWER_MAX = 256 << 20, TOKEN_MAX = 128 };

struct given {
	const struct sk_web_param *param;
	const char *text;
};

struct remote {
	struct sk_cmd *cmd;
	struct sk_http_server server;
	struct sk_http *http;
	const char *key, *purpose, *password_file, *code;
	bool json;
	char token[TOKEN_MAX], token_path[SK_PATH_MAX];
	const struct sk_web_row *row;
	size_t word_count, given_count;
	const char *words[WORDS_MAX];
	struct given given[GIVEN_MAX];
	struct sk_fault fault;
};

/* ---- the token ---- */

/* One file a server, in the user's own configuration. */
static enum sk_err find_token_path(struct remote *remote)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	uint8_t hash[SK_HASH_BYTES];
	char digits[17], folder[SK_PATH_MAX];
	sk_sha256(remote->server.url, strlen(remote->server.url), hash);
	sk_hex_encode(hash, 8, digits);
	int length = config != NULL && config[0] == '/' ? snprintf(folder, sizeof folder, "%s/sekisho", config) : snprintf(folder, sizeof folder, "%s/.config/sekisho", home != NULL ? home : "");
	if ((config == NULL && home == NULL) || length < 0 || (size_t)length + 32 >= sizeof folder)
		return sk_fault_set(&remote->fault, SK_EUSAGE, "HOME is not set: where would the session's token be kept?");
	(void)snprintf(remote->token_path, sizeof remote->token_path, "%.4000s/server-%s.token", folder, digits);
	return SK_OK;
}

static enum sk_err read_token(struct remote *remote)
{
	struct sk_buf text;
	if (!sk_file_exists(remote->token_path))
		return SK_OK;
	SK_TRY(sk_file_check_private(remote->token_path, &remote->fault));
	sk_buf_init(&text, TOKEN_MAX - 1);
	enum sk_err err = sk_file_read(remote->token_path, &text, &remote->fault);
	if (err == SK_OK)
		(void)snprintf(remote->token, sizeof remote->token, "%.*s", (int)strcspn(sk_buf_text(&text), "\r\n"), sk_buf_text(&text));
	sk_buf_fini(&text);
	return err;
}

static enum sk_err keep_token(struct remote *remote, const char *token)
{
	char folder[SK_PATH_MAX], line[TOKEN_MAX + 1];
	(void)snprintf(folder, sizeof folder, "%s", remote->token_path);
	char *slash = strrchr(folder, '/');
	SK_INVARIANT(slash != NULL);
	*slash = '\0';
	SK_TRY(sk_file_make_folder(folder, 0700, &remote->fault));
	int length = snprintf(line, sizeof line, "%s\n", token);
	enum sk_err err = sk_file_replace(remote->token_path, line, (size_t)length, 0600, &remote->fault);
	sk_wipe(line, sizeof line);
	return err;
}

/* ---- asking ---- */

/* What the server says went wrong, as if it had gone wrong here. */
static enum sk_err refusal(struct remote *remote, unsigned status, const struct sk_buf *out)
{
	struct json_object *top = out->length != 0 ? json_tokener_parse(sk_buf_text(out)) : NULL, *error = NULL, *code = NULL, *line = NULL;
	enum sk_err err = SK_EIO;
	if (json_object_object_get_ex(top, "error", &error) && json_object_object_get_ex(error, "code", &code) && json_object_object_get_ex(error, "line", &line)) {
		err = sk_err_find(json_object_get_string(code));
		(void)sk_fault_set(&remote->fault, err, "%s%s", json_object_get_string(line),
				   status == 401 ? "; sekisho --server URL login ACCOUNT signs in" : "");
	} else {
		(void)sk_fault_set(&remote->fault, err, "%s: answered %u and nothing that is understood; is it a centre?", remote->server.url, status);
	}
	json_object_put(top);
	return err == SK_OK ? SK_EIO : err;
}

static enum sk_err ask(struct remote *remote, const char *method, const char *path, const struct sk_buf *body, const char *type, struct sk_buf *out)
{
	unsigned status = 0;
	SK_TRY(sk_http_ask(remote->http, method, path, remote->token[0] != '\0' ? remote->token : NULL, remote->purpose, body, type, NULL, &status, out, &remote->fault));
	return status / 100 == 2 ? SK_OK : refusal(remote, status, out);
}

static void print_answer(struct remote *remote, const struct sk_buf *out)
{
	struct json_object *top = remote->json ? NULL : json_tokener_parse(sk_buf_text(out));
	(void)fprintf(remote->cmd->out, "%s\n", top != NULL ? json_object_to_json_string_ext(top, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE)
							    : sk_buf_text(out));
	json_object_put(top);
}

/* ---- signing in and out ---- */

static enum sk_err first_line(const char *path, struct sk_buf *out, struct sk_fault *fault)
{
	sk_buf_init(out, 2048);
	if (strcmp(path, "-") == 0) {
		for (int byte; (byte = fgetc(stdin)) != EOF && byte != '\n';)
			sk_buf_add_u8(out, (uint8_t)byte);
		return SK_OK;
	}
	SK_TRY(sk_file_check_private(path, fault));
	SK_TRY(sk_file_read(path, out, fault));
	while (out->length != 0 && (out->bytes[out->length - 1] == '\n' || out->bytes[out->length - 1] == '\r'))
		out->bytes[--out->length] = '\0';
	return SK_OK;
}

static enum sk_err sign_in(struct remote *remote, const char *account)
{
	struct sk_buf password, body, out;
	struct sk_json_writer w;
	struct json_object *top = NULL, *token = NULL;
	if (remote->password_file == NULL)
		return sk_fault_set(&remote->fault, SK_EUSAGE, "login %s: --password-file FILE is missing (- reads a line from standard input), and --code CODE where the account has codes", account);
	sk_buf_init(&body, 8192);
	sk_buf_init(&out, 65536);
	sk_json_begin(&w, &body, false);
	enum sk_err err = first_line(remote->password_file, &password, &remote->fault);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "account", account);
	sk_json_bool(&w, "bearer", true);
	sk_json_text(&w, "password", sk_buf_text(&password));
	if (remote->code != NULL)
		sk_json_text(&w, "code", remote->code);
	sk_json_end(&w);
	remote->token[0] = '\0';
	if (err == SK_OK)
		err = ask(remote, "POST", "/api/v1/session", &body, "application/json", &out);
	if (err == SK_OK && ((top = json_tokener_parse(sk_buf_text(&out))) == NULL || !json_object_object_get_ex(top, "token", &token)))
		err = sk_fault_set(&remote->fault, SK_EIO, "%s: signed in, and no token came; is it a centre?", remote->server.url);
	if (err == SK_OK)
		err = keep_token(remote, json_object_get_string(token));
	if (err == SK_OK)
		(void)fprintf(remote->cmd->out, "%s: signed in; the token is in %s (0600)\n", account, remote->token_path);
	json_object_put(top);
	sk_buf_fini(&password);
	sk_buf_fini(&body);
	sk_buf_fini(&out);
	return err;
}

static enum sk_err sign_out(struct remote *remote)
{
	struct sk_buf out;
	sk_buf_init(&out, 65536);
	enum sk_err err = ask(remote, "DELETE", "/api/v1/session", NULL, NULL, &out);
	sk_buf_fini(&out);
	(void)unlink(remote->token_path);
	if (err == SK_OK)
		(void)fprintf(remote->cmd->out, "signed out\n");
	return err;
}

/* ---- words ---- */

/* The row whose id the first words are; the longest one. *used gets how many words. */
static const struct sk_web_row *find_row(struct remote *remote, size_t *used)
{
	char id[256] = "";
	const struct sk_web_row *found = NULL;
	for (size_t i = 0; i < remote->word_count && strlen(id) + strlen(remote->words[i]) + 2 < sizeof id; i++) {
		size_t length = strlen(id);
		(void)snprintf(id + length, sizeof id - length, "%s%s", i != 0 ? "." : "", remote->words[i]);
		const struct sk_web_row *row = sk_web_row_find(id);
		if (row != NULL) {
			found = row;
			*used = i + 1;
		}
	}
	return found;
}

static const struct sk_web_param *find_param(const struct sk_web_row *row, const char *name, size_t length)
{
	for (size_t i = 0; i < row->param_count; i++)
		if (strlen(row->params[i].name) == length && memcmp(row->params[i].name, name, length) == 0)
			return &row->params[i];
	return NULL;
}

static enum sk_err give(struct remote *remote, const struct sk_web_param *param, const char *text)
{
	if (remote->given_count == GIVEN_MAX)
		return sk_fault_set(&remote->fault, SK_ETOOBIG, "too many parameters");
	remote->given[remote->given_count++] = (struct given){param, text};
	return SK_OK;
}

/* Words behind the row's own: the parameters that its path, or its command, has as words, in their order. */
static enum sk_err give_words(struct remote *remote, size_t from)
{
	const struct sk_web_row *row = remote->row;
	const char *at = row->method == SK_WEB_ACT || row->how == SK_WEB_RUN || row->how == SK_WEB_LIST ? row->words : row->path;
	for (size_t i = from; i < remote->word_count; i++) {
		const struct sk_web_param *param = NULL;
		while (param == NULL && (at = strchr(at, '{')) != NULL) {
			at++;
			param = find_param(row, at, strcspn(at, "}"));
		}
		if (param == NULL)
			return sk_fault_set(&remote->fault, SK_EUSAGE, "'%.80s': %s takes no further word", remote->words[i], row->id);
		SK_TRY(give(remote, param, remote->words[i]));
	}
	return SK_OK;
}

struct global {
	const char *name;
	const char **to;
};

/* One option: the row's own first, then ours. *i is moved over its value. */
static enum sk_err take_option(struct remote *remote, int argc, char **argv, int *i)
{
	const struct global globals[] = {{"--at", &remote->server.at}, {"--cacert", &remote->server.ca}, {"--key", &remote->key}, {"--purpose", &remote->purpose},
					 {"--password-file", &remote->password_file}, {"--code", &remote->code}};
	const char *word = argv[*i], *equals = strchr(word, '='), *value = equals != NULL ? equals + 1 : NULL;
	size_t length = equals != NULL ? (size_t)(equals - word) : strlen(word);
	const struct sk_web_param *param = remote->row != NULL ? find_param(remote->row, word + 2, length - 2) : NULL;
	const char **to = NULL;
	if (length == 6 && memcmp(word, "--json", 6) == 0) {
		remote->json = true;
		return SK_OK;
	}
	if (param != NULL && param->type == SK_WEB_FLAG)
		return give(remote, param, value != NULL ? value : "true");
	for (size_t g = 0; g < SK_COUNT(globals) && param == NULL; g++)
		if (strlen(globals[g].name) == length && memcmp(globals[g].name, word, length) == 0)
			to = globals[g].to;
	if (param == NULL && to == NULL)
		return sk_fault_set(&remote->fault, SK_EUSAGE, "%.80s: %s has no such option", word, remote->row != NULL ? remote->row->id : "sekisho --server");
	if (value == NULL && *i + 1 >= argc)
		return sk_fault_set(&remote->fault, SK_EUSAGE, "%.80s: its value is missing", word);
	value = value != NULL ? value : argv[++*i];
	if (param != NULL)
		return give(remote, param, value);
	*to = value;
	return SK_OK;
}

/* First the words, which find the row, then the options, which the row knows. */
static enum sk_err take_words(struct remote *remote, int argc, char **argv, int from)
{
	size_t used = 0;
	/* The row's own words stand before any option. */
	for (int i = from; i < argc && argv[i][0] != '-' && remote->word_count < WORDS_MAX; i++)
		remote->words[remote->word_count++] = argv[i];
	remote->row = find_row(remote, &used);
	for (int i = from + (int)remote->word_count; i < argc; i++) {
		if (strncmp(argv[i], "--", 2) == 0)
			SK_TRY(take_option(remote, argc, argv, &i));
		else if (remote->word_count < WORDS_MAX)
			remote->words[remote->word_count++] = argv[i];
	}
	return remote->row != NULL ? give_words(remote, used) : SK_OK;
}

/* ---- parameters on their way ---- */

static enum sk_err read_value(struct remote *remote, const struct given *given, struct sk_buf *out)
{
	sk_buf_init(out, FILE_BYTES_MAX);
	if (given->param->type == SK_WEB_FILE || given->param->type == SK_WEB_JSON || given->param->type == SK_WEB_BYTES)
		return sk_file_read(given->text, out, &remote->fault);
	sk_buf_add_text(out, given->text);
	return SK_OK;
}

static enum sk_err put_value(struct remote *remote, struct sk_json_writer *w, const char *key, const struct given *given)
{
	struct sk_buf value;
	enum sk_err err = read_value(remote, given, &value);
	const char *text = sk_buf_text(&value);
	struct json_object *parsed = NULL;
	if (err == SK_OK && given->param->type == SK_WEB_JSON && (parsed = json_tokener_parse(text)) == NULL)
		err = sk_fault_set(&remote->fault, SK_EINPUT, "%s: expected a JSON object", given->text);
	if (err == SK_OK && parsed != NULL)
		sk_json_raw(w, key, json_object_to_json_string_ext(parsed, JSON_C_TO_STRING_PLAIN), strlen(json_object_to_json_string_ext(parsed, JSON_C_TO_STRING_PLAIN)));
	else if (err == SK_OK && given->param->type == SK_WEB_NUMBER && text[0] != '\0' && strspn(text, "0123456789") == strlen(text))
		sk_json_raw(w, key, text, strlen(text));
	else if (err == SK_OK && given->param->type == SK_WEB_FLAG)
		sk_json_bool(w, key, strcmp(text, "true") == 0);
	else if (err == SK_OK)
		sk_json_text_n(w, key, text, value.length);
	json_object_put(parsed);
	sk_buf_fini(&value);
	return err;
}

/* An object of all that was given for the body. */
static enum sk_err put_body(struct remote *remote, struct sk_json_writer *w, const char *key)
{
	enum sk_err err = SK_OK;
	sk_json_object(w, key);
	for (size_t p = 0; p < remote->row->param_count && err == SK_OK; p++) {
		const struct sk_web_param *param = &remote->row->params[p];
		bool open = false;
		for (size_t i = 0; i < remote->given_count && err == SK_OK && param->where == SK_WEB_IN_BODY; i++) {
			if (remote->given[i].param != param)
				continue;
			if (param->many && !open)
				sk_json_array(w, param->name);
			open = param->many;
			err = put_value(remote, w, param->many ? NULL : param->name, &remote->given[i]);
		}
		if (open)
			sk_json_end(w);
	}
	sk_json_end(w);
	return err;
}

static const char *given_text(const struct remote *remote, const char *name, size_t length)
{
	for (size_t i = 0; i < remote->given_count; i++)
		if (strlen(remote->given[i].param->name) == length && memcmp(remote->given[i].param->name, name, length) == 0)
			return remote->given[i].text;
	return NULL;
}

/* The row's path with its parameters, and the query. */
static enum sk_err make_path(struct remote *remote, struct sk_buf *path)
{
	for (const char *at = remote->row->path; *at != '\0'; at++) {
		if (*at != '{') {
			sk_buf_add_u8(path, (uint8_t)*at);
			continue;
		}
		size_t length = strcspn(at + 1, "}");
		const char *text = given_text(remote, at + 1, length);
		if (text == NULL)
			return sk_fault_set(&remote->fault, SK_EUSAGE, "%s: %.*s is missing", remote->row->id, (int)length, at + 1);
		/* Letters and signs of ids need no encoding; what does is none, and the server says so. */
		for (const char *c = text; *c != '\0'; c++)
			sk_buf_add_u8(path, *c == '/' || *c == '?' || *c == '#' || (unsigned char)*c <= ' ' ? '%' : (uint8_t)*c);
		at += length + 1;
	}
	bool any = false;
	for (size_t i = 0; i < remote->given_count; i++) {
		if (remote->given[i].param->where != SK_WEB_IN_QUERY)
			continue;
		sk_buf_add_u8(path, any ? '&' : '?');
		any = true;
		sk_http_escape(remote->given[i].param->name, path);
		sk_buf_add_u8(path, '=');
		sk_http_escape(remote->given[i].text, path);
	}
	return path->failed == SK_OK ? SK_OK : sk_fault_set(&remote->fault, path->failed, "too much for one request");
}

/* ---- acts ---- */

/* {"command","args"[,"statement","signature"]} */
static enum sk_err act_body(struct remote *remote, const char *statement, const char *lines, struct sk_buf *body)
{
	struct sk_json_writer w;
	sk_buf_reset(body);
	sk_json_begin(&w, body, false);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "command", remote->row->id);
	SK_TRY(put_body(remote, &w, "args"));
	if (statement != NULL) {
		sk_json_text(&w, "statement", statement);
		sk_json_object(&w, "signature");
		sk_json_text(&w, "kind", "note");
		sk_json_text(&w, "text", lines);
		sk_json_end(&w);
	}
	sk_json_end(&w);
	return body->failed == SK_OK ? SK_OK : sk_fault_set(&remote->fault, body->failed, "too much for one request");
}

/* What is signed is shown first: whoever runs this may look. The key never leaves this machine. */
static enum sk_err act(struct remote *remote, struct sk_buf *out)
{
	struct sk_buf body, note;
	struct json_object *top = NULL, *statement = NULL, *words = NULL, *english = NULL;
	const char *key = remote->key != NULL ? remote->key : getenv("SEKISHO_KEY");
	if (key == NULL)
		return sk_fault_set(&remote->fault, SK_EUSAGE, "%s is signed by who asks: --key FILE (or SEKISHO_KEY)", remote->row->id);
	sk_buf_init(&body, FILE_BYTES_MAX);
	sk_buf_init(&note, SK_NOTE_MAX);
	enum sk_err err = act_body(remote, NULL, NULL, &body);
	if (err == SK_OK)
		err = ask(remote, "POST", "/api/v1/acts/prepare", &body, "application/json", out);
	if (err == SK_OK && ((top = json_tokener_parse(sk_buf_text(out))) == NULL || !json_object_object_get_ex(top, "statement", &statement)))
		err = sk_fault_set(&remote->fault, SK_EIO, "%s: no statement came; is it a centre?", remote->server.url);
	if (err == SK_OK) {
		const char *text = json_object_get_string(statement);
		if (json_object_object_get_ex(top, "words", &words) && json_object_object_get_ex(words, "en", &english))
			(void)fprintf(remote->cmd->err, "signing  %s\n", json_object_get_string(english));
		err = sk_signer_sign(key, text, strlen(text), &note, &remote->fault);
		if (err == SK_OK)
			err = act_body(remote, text, sk_buf_text(&note) + strlen(text) + 1, &body);
		sk_buf_reset(out);
		if (err == SK_OK)
			err = ask(remote, "POST", "/api/v1/acts/submit", &body, "application/json", out);
	}
	json_object_put(top);
	sk_buf_fini(&note);
	sk_buf_fini(&body);
	return err;
}

/* ---- rows ---- */

static enum sk_err call(struct remote *remote, struct sk_buf *out)
{
	struct sk_buf path, body;
	struct sk_json_writer w;
	const struct given *bytes = NULL;
	unsigned status = 0;
	sk_buf_init(&path, 16384);
	sk_buf_init(&body, FILE_BYTES_MAX);
	enum sk_err err = make_path(remote, &path);
	for (size_t i = 0; i < remote->given_count; i++)
		bytes = remote->given[i].param->type == SK_WEB_BYTES ? &remote->given[i] : bytes;
	if (err == SK_OK && remote->row->how == SK_WEB_OWN) {
		err = sk_http_ask(remote->http, "GET", sk_buf_text(&path), remote->token, NULL, NULL, NULL, remote->cmd->out, &status, out, &remote->fault);
	} else if (err == SK_OK && bytes != NULL) {
		sk_buf_fini(&body);
		err = read_value(remote, bytes, &body);
		if (err == SK_OK)
			err = ask(remote, "POST", sk_buf_text(&path), &body, "application/octet-stream", out);
	} else if (err == SK_OK) {
		bool posts = remote->row->method == SK_WEB_POST;
		sk_json_begin(&w, &body, false);
		if (posts)
			err = put_body(remote, &w, NULL);
		if (err == SK_OK)
			err = ask(remote, sk_web_method_name(remote->row->method), sk_buf_text(&path), posts ? &body : NULL, "application/json", out);
	}
	sk_buf_fini(&path);
	sk_buf_fini(&body);
	return err;
}

static enum sk_err list_rows(struct remote *remote)
{
	size_t count;
	const struct sk_web_row *rows = sk_web_rows(&count);
	(void)fprintf(remote->cmd->out, "usage: sekisho --server URL [--at ADDRESS] [--cacert FILE] WORDS... [--json]\n\n  %-26s %s\n  %-26s %s\n", "login ACCOUNT", "sign in: --password-file FILE [--code CODE]",
		      "logout", "sign out");
	for (size_t i = 0; i < count; i++) {
		char words[64];
		(void)snprintf(words, sizeof words, "%s", rows[i].id);
		for (char *c = words; *c != '\0'; c++)
			*c = *c == '.' ? ' ' : *c;
		(void)fprintf(remote->cmd->out, "  %-26s %s%s\n", words, rows[i].summary, rows[i].method == SK_WEB_ACT ? " (signed: --key FILE)" : "");
	}
	return SK_OK;
}

static enum sk_err run(struct remote *remote)
{
	struct sk_buf out;
	SK_TRY(find_token_path(remote));
	SK_TRY(read_token(remote));
	SK_TRY(sk_http_open(&remote->server, &remote->http, &remote->fault));
	if (remote->word_count == 2 && strcmp(remote->words[0], "login") == 0)
		return sign_in(remote, remote->words[1]);
	if (remote->word_count == 1 && strcmp(remote->words[0], "logout") == 0)
		return sign_out(remote);
	if (remote->row == NULL)
		return sk_fault_set(&remote->fault, SK_EUSAGE, "'%.80s': no operation begins so; sekisho --server URL help lists them", remote->words[0]);
	sk_buf_init(&out, ANSWER_MAX);
	enum sk_err err = remote->row->method == SK_WEB_ACT ? act(remote, &out) : call(remote, &out);
	if (err == SK_OK && remote->row->how != SK_WEB_OWN)
		print_answer(remote, &out);
	sk_buf_fini(&out);
	return err;
}

int sk_remote(struct sk_cmd *cmd, int argc, char **argv)
{
	struct remote *remote = calloc(1, sizeof *remote);
	int from = 2;
	if (remote == NULL || sk_seal_start() != SK_OK) {
		free(remote);
		return sk_err_exit(SK_ENOMEM);
	}
	remote->cmd = cmd;
	remote->server.url = argv[1][8] == '=' ? argv[1] + 9 : argc > 2 ? argv[from++] : "";
	/* Where the server is may stand before the words. */
	enum sk_err err = SK_OK;
	for (; from < argc && strncmp(argv[from], "--", 2) == 0 && err == SK_OK; from++)
		err = take_option(remote, argc, argv, &from);
	if (err == SK_OK)
		err = take_words(remote, argc, argv, from);
	if (err == SK_OK && (remote->word_count == 0 || strcmp(remote->words[0], "help") == 0))
		err = list_rows(remote);
	else if (err == SK_OK)
		err = run(remote);
	int code = err == SK_OK ? 0 : sk_cmd_fail(cmd, &remote->fault);
	sk_http_close(remote->http);
	sk_wipe(remote->token, sizeof remote->token);
	free(remote);
	return code;
}
