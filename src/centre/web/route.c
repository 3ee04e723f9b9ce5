/* SPDX-License-Identifier: Apache-2.0 */
/* Which row a request is for. Paths are matched as they were sent: a segment that needs decoding is none of ours, so there is one spelling of each path. */
#include <stdio.h>

#include "web/web_priv.h"

/* One segment of a path; false at the end. */
static bool next_segment(const char **at, const char **segment, size_t *length)
{
	if (**at != '/')
		return false;
	*segment = *at + 1;
	*length = strcspn(*segment, "/");
	*at = *segment + *length;
	return true;
}

static bool is_parameter(const char *segment, size_t length)
{
	return length > 2 && segment[0] == '{' && segment[length - 1] == '}';
}

/* Does the path fit? Takes nothing. */
static bool fits(const char *pattern, const char *path)
{
	const char *a, *b;
	size_t la, lb;
	for (;;) {
		bool more = next_segment(&pattern, &a, &la);
		if (next_segment(&path, &b, &lb) != more)
			return false;
		if (!more)
			return *path == '\0';
		if (is_parameter(a, la) ? lb == 0 : la != lb || memcmp(a, b, la) != 0)
			return false;
	}
}

/* A path without parameters is meant before one with: /reports/schema is no report. */
static size_t parameters_of(const char *pattern)
{
	size_t count = 0;
	for (; *pattern != '\0'; pattern++)
		count += *pattern == '{';
	return count;
}

static const struct sk_web_param *parameter(const struct sk_web_row *row, const char *name, size_t length)
{
	for (size_t i = 0; i < row->param_count; i++)
		if (row->params[i].where == SK_WEB_IN_PATH && strlen(row->params[i].name) == length && memcmp(row->params[i].name, name, length) == 0)
			return &row->params[i];
	return NULL;
}

static enum sk_err take_path(struct sk_web_call *call, const char *path)
{
	const char *pattern = call->row->path, *a, *b;
	size_t la, lb;
	while (next_segment(&pattern, &a, &la) && next_segment(&path, &b, &lb)) {
		if (!is_parameter(a, la))
			continue;
		const struct sk_web_param *param = parameter(call->row, a + 1, la - 2);
		SK_INVARIANT(param != NULL);
		SK_TRY(sk_web_take(call, param, b, lb));
	}
	return SK_OK;
}

static void note_method(char allow[64], const char *name)
{
	size_t used = strlen(allow);
	if (strstr(allow, name) == NULL)
		(void)snprintf(allow + used, 64 - used, "%s%s", used != 0 ? ", " : "", name);
}

enum sk_err sk_web_route(struct sk_web_call *call, const char *method, const char *path, char allow[64])
{
	size_t count, best = SIZE_MAX;
	const struct sk_web_row *rows = sk_web_rows(&count);
	const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
	allow[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		if (rows[i].method == SK_WEB_ACT || strlen(path) >= SK_WEB_PATH_MAX || !fits(rows[i].path, path))
			continue;
		note_method(allow, sk_web_method_name(rows[i].method));
		size_t parameters = parameters_of(rows[i].path);
		if (strcmp(sk_web_method_name(rows[i].method), wanted) == 0 && parameters < best) {
			call->row = &rows[i];
			best = parameters;
		}
	}
	if (call->row != NULL)
		return take_path(call, path);
	return allow[0] != '\0' ? sk_web_refuse(call, SK_EUSAGE, "this path takes %s", allow) : sk_web_refuse(call, SK_ENOENT, "no such path; GET /api/v1/openapi.json lists them");
}
