/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/counts.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/json.h"
#include "text/text.h"

enum { TOLD_MAX_BYTES = 4096 };
static const char format_name[] = "sekisho-counted/1";

const char *sk_counts_path(const struct sk_workspace *workspace, const char *id, const char *ending, char path[SK_PATH_MAX])
{
	char name[SK_COUNT_ID_MAX + 32];
	(void)snprintf(name, sizeof name, "counts/%.*s.%.8s", SK_COUNT_ID_MAX - 1, id, ending);
	return sk_workspace_path(workspace, name, path);
}

/* An id goes into a path: it must be a word of the form's own before anything is opened. */
static bool is_word(const char *id)
{
	return *id != '.' && *id != '\0' && strlen(id) < SK_COUNT_ID_MAX && strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-.") == strlen(id);
}

enum sk_err sk_counts_request(const struct sk_workspace *workspace, const char *id, struct sk_count_request *out, bool *ended, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_buf text;
	struct sk_fault why = {.err = SK_OK};
	if (!is_word(id))
		return sk_fault_set(fault, SK_EUSAGE, "'%.60s': expected the id of a count, of a-z 0-9 - and points", id);
	*ended = !sk_file_exists(sk_counts_path(workspace, id, "request", path));
	if (*ended && !sk_file_exists(sk_counts_path(workspace, id, "ended", path)))
		return sk_fault_set(fault, SK_ENOENT, "count %s: there is none in %s (sekisho order count list)", id, workspace->folder);
	sk_buf_init(&text, SK_COUNT_TEXT_MAX);
	enum sk_err err = sk_file_read(path, &text, fault);
	if (err == SK_OK)
		err = sk_count_request_decode(sk_buf_text(&text), text.length, &workspace->approver, out, &why);
	if (err != SK_OK && why.err == err)
		(void)sk_fault_set(fault, err, "%s: %s", path, why.line);
	if (err == SK_OK && strcmp(out->id, id) != 0)
		err = sk_fault_set(fault, SK_EINCONSISTENT, "%s: it holds the request %s", path, out->id);
	sk_buf_fini(&text);
	return err;
}

/* ---- what the sensor tells ---- */

static void write_told(const char *id, const struct sk_count_told *told, struct sk_buf *out)
{
	char time[SK_TIME_TEXT_MAX];
	struct sk_json_writer w;
	sk_json_begin(&w, out, true);
	sk_json_object(&w, NULL);
	sk_json_u64(&w, "begun", told->begun);
	sk_json_text(&w, "format", format_name);
	if (!told->small)
		sk_json_u64(&w, "hosts", told->hosts);
	sk_json_text(&w, "id", id);
	sk_json_hex(&w, "request", told->request, sizeof told->request);
	sk_json_u64(&w, "seconds", told->seconds);
	sk_json_text(&w, "since", sk_time_format(told->since_ns, 0, time));
	sk_json_bool(&w, "small", told->small);
	sk_json_text(&w, "state", told->state);
	sk_json_text(&w, "told", sk_time_format(told->told_ns, 0, time));
	sk_json_end(&w);
	sk_buf_add_u8(out, '\n');
}

enum sk_err sk_counts_tell(const struct sk_workspace *workspace, const char *id, const struct sk_count_told *told, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_buf out;
	sk_buf_init(&out, TOLD_MAX_BYTES);
	write_told(id, told, &out);
	(void)sk_counts_path(workspace, id, "json", path);
	enum sk_err err = out.failed != SK_OK ? sk_fault_set(fault, out.failed, "%s: %s", path, sk_err_text(out.failed)) : sk_file_replace(path, out.bytes, out.length, 0600, fault);
	sk_buf_fini(&out);
	return err;
}

static bool read_told(const struct sk_json_value *top, struct sk_count_told *out)
{
	const char *format = sk_json_get_text(top, "format"), *state = sk_json_get_text(top, "state"), *since = sk_json_get_text(top, "since"), *told = sk_json_get_text(top, "told");
	if (format == NULL || strcmp(format, format_name) != 0 || state == NULL || strlen(state) >= sizeof out->state || since == NULL || told == NULL)
		return false;
	memcpy(out->state, state, strlen(state) + 1);
	out->small = sk_json_get(top, "hosts") == NULL;
	return (out->small || sk_json_get_u64(top, "hosts", &out->hosts) == SK_OK) && sk_json_get_u64(top, "seconds", &out->seconds) == SK_OK &&
	       sk_json_get_u64(top, "begun", &out->begun) == SK_OK && sk_json_get_hex(top, "request", out->request, sizeof out->request) == SK_OK &&
	       sk_time_parse(since, &out->since_ns) == SK_OK && sk_time_parse(told, &out->told_ns) == SK_OK;
}

enum sk_err sk_counts_told(const struct sk_workspace *workspace, const struct sk_count_request *request, struct sk_count_told *out, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_buf text, again;
	struct sk_json_doc *doc = NULL;
	*out = (struct sk_count_told){.state = ""};
	sk_buf_init(&text, TOLD_MAX_BYTES);
	sk_buf_init(&again, TOLD_MAX_BYTES);
	enum sk_err err = sk_file_read(sk_counts_path(workspace, request->id, "json", path), &text, fault);
	if (err == SK_OK) {
		bool good = text.length != 0 && sk_json_parse(sk_buf_text(&text), text.length - 1, &doc, NULL) == SK_OK && read_told(sk_json_top(doc), out);
		write_told(request->id, out, &again);
		good = good && again.length == text.length && memcmp(again.bytes, text.bytes, text.length) == 0 && memcmp(out->request, request->digest, sizeof out->request) == 0;
		if (!good)
			err = sk_fault_set(fault, SK_EINCONSISTENT, "%s: is not what the sensor tells of this request", path);
	}
	sk_json_free(doc);
	sk_buf_fini(&again);
	sk_buf_fini(&text);
	return err;
}

/* ---- the folder ---- */

static bool ends_so(const char *name, const char *ending, char id[SK_COUNT_ID_MAX])
{
	const char *dot = strrchr(name, '.');
	if (dot == NULL || strcmp(dot + 1, ending) != 0 || (size_t)(dot - name) >= SK_COUNT_ID_MAX)
		return false;
	memcpy(id, name, (size_t)(dot - name));
	id[dot - name] = '\0';
	return is_word(id);
}

enum sk_err sk_counts_each(const struct sk_workspace *workspace, const char *ending, enum sk_err (*visit)(void *context, const char *id, const struct stat *file, struct sk_fault *fault),
			   void *context, struct sk_fault *fault)
{
	char path[SK_PATH_MAX], id[SK_COUNT_ID_MAX];
	DIR *folder = opendir(sk_workspace_path(workspace, "counts", path));
	enum sk_err err = SK_OK;
	size_t files = 0;
	if (folder == NULL)
		return errno == ENOENT ? SK_OK : sk_fault_errno(fault, errno, "%s: cannot be read", path);
	for (const struct dirent *entry; err == SK_OK && (entry = readdir(folder)) != NULL && files < SK_COUNTS_FILES_MAX;) {
		struct stat file;
		if (!ends_so(entry->d_name, ending, id) || stat(sk_counts_path(workspace, id, ending, path), &file) != 0)
			continue;
		files++;
		err = visit(context, id, &file, fault);
	}
	(void)closedir(folder);
	return err;
}
