/* SPDX-License-Identifier: Apache-2.0 */
/* GET /api/v1/openapi.json: OpenAPI 3.1 out of the table. Acts have no path of their own: they are listed under x-acts with what each takes. */
#include <stdio.h>

#include "web/web_priv.h"

static const char *const schemas[SK_WEB_TYPE_COUNT] = {
#define SK_WEB_TYPE(symbol, schema) [SK_WEB_##symbol] = schema,
#include "web/types.def"
#undef SK_WEB_TYPE
};

static const char *grade_name(enum sk_web_grade grade)
{
	static const char *const names[] = {"open", "G3", "G2", "G1"};
	return names[grade];
}

static void put_schema(struct sk_json_writer *w, const char *key, const struct sk_web_param *param)
{
	if (param->many) {
		sk_json_object(w, key);
		sk_json_text(w, "type", "array");
		key = "items";
	}
	if (param->type == SK_WEB_ONE_OF) {
		sk_json_object(w, key);
		sk_json_text(w, "type", "string");
		sk_json_array(w, "enum");
		for (const char *at = param->choices; *at != '\0'; at += *at == '|') {
			size_t length = strcspn(at, "|");
			sk_json_text_n(w, NULL, at, length);
			at += length;
		}
		sk_json_end(w);
		sk_json_end(w);
	} else {
		char text[256];
		int length = snprintf(text, sizeof text, "{%s}", schemas[param->type]);
		SK_INVARIANT(length > 0 && (size_t)length < sizeof text);
		sk_json_raw(w, key, text, (size_t)length);
	}
	if (param->many)
		sk_json_end(w);
}

static void put_parameter(struct sk_json_writer *w, const struct sk_web_param *param)
{
	sk_json_object(w, NULL);
	sk_json_text(w, "name", param->name);
	sk_json_text(w, "in", param->where == SK_WEB_IN_PATH ? "path" : "query");
	sk_json_bool(w, "required", param->needed);
	sk_json_text(w, "description", param->words);
	put_schema(w, "schema", param);
	sk_json_end(w);
}

/* The members of a body, as the schema of an object. */
static void put_members(struct sk_json_writer *w, const char *key, const struct sk_web_row *row, enum sk_web_where where)
{
	sk_json_object(w, key);
	sk_json_text(w, "type", "object");
	sk_json_bool(w, "additionalProperties", false);
	sk_json_object(w, "properties");
	for (size_t i = 0; i < row->param_count; i++)
		if (row->params[i].where == where)
			put_schema(w, row->params[i].name, &row->params[i]);
	sk_json_end(w);
	sk_json_array(w, "required");
	for (size_t i = 0; i < row->param_count; i++)
		if (row->params[i].where == where && row->params[i].needed)
			sk_json_text(w, NULL, row->params[i].name);
	sk_json_end(w);
	sk_json_end(w);
}

static void put_body(struct sk_json_writer *w, const struct sk_web_row *row)
{
	const struct sk_web_param *bytes = NULL;
	bool any = false;
	for (size_t i = 0; i < row->param_count; i++) {
		any = any || row->params[i].where == SK_WEB_IN_BODY;
		bytes = row->params[i].type == SK_WEB_BYTES ? &row->params[i] : bytes;
	}
	if (!any)
		return;
	sk_json_object(w, "requestBody");
	sk_json_object(w, "content");
	sk_json_object(w, bytes != NULL ? "application/octet-stream" : "application/json");
	if (bytes != NULL)
		put_schema(w, "schema", bytes);
	else
		put_members(w, "schema", row, SK_WEB_IN_BODY);
	sk_json_end(w);
	sk_json_end(w);
	sk_json_end(w);
}

static void put_answers(struct sk_json_writer *w)
{
	sk_json_object(w, "responses");
	sk_json_object(w, "200");
	sk_json_text(w, "description", "the answer");
	sk_json_object(w, "content");
	sk_json_object(w, "application/json");
	sk_json_object(w, "schema");
	sk_json_end(w);
	sk_json_end(w);
	sk_json_end(w);
	sk_json_end(w);
	sk_json_object(w, "default");
	sk_json_text(w, "description", "refused, or failed: code, exit code of the command line, one line for a person");
	sk_json_object(w, "content");
	sk_json_object(w, "application/json");
	sk_json_object(w, "schema");
	sk_json_text(w, "$ref", "#/components/schemas/Error");
	sk_json_end(w);
	sk_json_end(w);
	sk_json_end(w);
	sk_json_end(w);
	sk_json_end(w);
}

static void put_rights(struct sk_json_writer *w, const struct sk_web_row *row)
{
	sk_json_text(w, "x-duty", row->duty);
	sk_json_text(w, "x-grade", grade_name(row->grade));
	sk_json_bool(w, "x-purpose", row->grade == SK_WEB_G1);
}

static void put_operation(struct sk_json_writer *w, const struct sk_web_row *row)
{
	sk_json_object(w, row->method == SK_WEB_GET ? "get" : row->method == SK_WEB_POST ? "post" : "delete");
	sk_json_text(w, "operationId", row->id);
	sk_json_text(w, "summary", row->summary);
	put_rights(w, row);
	sk_json_array(w, "security");
	for (unsigned i = 0; row->duty[0] != '\0' && i < 2; i++) {
		sk_json_object(w, NULL);
		sk_json_array(w, i == 0 ? "cookie" : "bearer");
		sk_json_end(w);
		sk_json_end(w);
	}
	sk_json_end(w);
	sk_json_array(w, "parameters");
	for (size_t i = 0; i < row->param_count; i++)
		if (row->params[i].where != SK_WEB_IN_BODY)
			put_parameter(w, &row->params[i]);
	sk_json_end(w);
	put_body(w, row);
	put_answers(w);
	sk_json_end(w);
}

/* All rows of one path together, at the first of them. */
static void put_paths(struct sk_json_writer *w)
{
	size_t count;
	const struct sk_web_row *rows = sk_web_rows(&count);
	sk_json_object(w, "paths");
	for (size_t i = 0; i < count; i++) {
		bool seen = rows[i].method == SK_WEB_ACT;
		for (size_t j = 0; j < i && !seen; j++)
			seen = strcmp(rows[i].path, rows[j].path) == 0;
		if (seen)
			continue;
		sk_json_object(w, rows[i].path);
		for (size_t j = i; j < count; j++)
			if (rows[j].method != SK_WEB_ACT && strcmp(rows[i].path, rows[j].path) == 0)
				put_operation(w, &rows[j]);
		sk_json_end(w);
	}
	sk_json_end(w);
}

static void put_acts(struct sk_json_writer *w)
{
	size_t count;
	const struct sk_web_row *rows = sk_web_rows(&count);
	sk_json_array(w, "x-acts");
	for (size_t i = 0; i < count; i++) {
		if (rows[i].method != SK_WEB_ACT)
			continue;
		sk_json_object(w, NULL);
		sk_json_text(w, "command", rows[i].id);
		sk_json_text(w, "summary", rows[i].summary);
		put_rights(w, &rows[i]);
		put_members(w, "args", &rows[i], SK_WEB_IN_BODY);
		sk_json_end(w);
	}
	sk_json_end(w);
}

static void put_components(struct sk_json_writer *w)
{
	static const char components[] =
		"{\"schemas\":{\"Error\":{\"type\":\"object\",\"required\":[\"error\"],\"properties\":{\"error\":{\"type\":\"object\",\"required\":[\"code\",\"exit\",\"line\"],\"properties\":"
		"{\"code\":{\"type\":\"string\"},\"exit\":{\"type\":\"integer\"},\"line\":{\"type\":\"string\"}}}}}},"
		"\"securitySchemes\":{\"cookie\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"__Host-sekisho\"},\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\"}}}";
	sk_json_raw(w, "components", components, sizeof components - 1);
}

enum sk_err sk_read_openapi(struct sk_web_call *call)
{
	struct sk_json_writer *w = &call->json;
	sk_json_object(w, NULL);
	sk_json_text(w, "openapi", "3.1.0");
	sk_json_object(w, "info");
	sk_json_text(w, "title", "Sekisho");
	sk_json_text(w, "version", call->house->version);
	sk_json_text(w, "description", "The API is the command line, typed. Methods other than GET carry the header X-Sekisho-CSRF where a cookie signs in; G1 carries X-Sekisho-Purpose.");
	sk_json_end(w);
	put_paths(w);
	put_acts(w);
	put_components(w);
	sk_json_end(w);
	return SK_OK;
}
