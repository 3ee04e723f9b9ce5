/* SPDX-License-Identifier: Apache-2.0 */
/* api.def as rows. The table is one list of lines; a row's parameters are the lines behind it. */
#include <pthread.h>

#include "web/api.h"

enum line_kind { ROW, PARAM };

struct line {
	enum line_kind kind;
	struct sk_web_row row;
	struct sk_web_param param;
};

#define SK_HOW_READ(function) .how = SK_WEB_READ, .read = (function)
#define SK_HOW_WORK(function) .how = SK_WEB_WORK, .read = (function)
#define SK_HOW_RUN(text) .how = SK_WEB_RUN, .words = (text)
#define SK_HOW_LIST(text) .how = SK_WEB_LIST, .words = (text)
#define SK_HOW_OWN .how = SK_WEB_OWN
#define SK_TYPE_ID .type = SK_WEB_ID
#define SK_TYPE_WORD .type = SK_WEB_WORD
#define SK_TYPE_TEXT .type = SK_WEB_TEXT
#define SK_TYPE_NUMBER .type = SK_WEB_NUMBER
#define SK_TYPE_TIME .type = SK_WEB_TIME
#define SK_TYPE_DURATION .type = SK_WEB_DURATION
#define SK_TYPE_FLAG .type = SK_WEB_FLAG
#define SK_TYPE_ONE_OF(list) .type = SK_WEB_ONE_OF, .choices = (list)
#define SK_TYPE_HEX .type = SK_WEB_HEX
#define SK_TYPE_CURSOR .type = SK_WEB_CURSOR
#define SK_TYPE_SECRET .type = SK_WEB_SECRET
#define SK_TYPE_JSON .type = SK_WEB_JSON
#define SK_TYPE_FILE .type = SK_WEB_FILE
#define SK_TYPE_BYTES .type = SK_WEB_BYTES
#define SK_NEED_NEEDED .needed = true, .many = false
#define SK_NEED_OPTIONAL .needed = false, .many = false
#define SK_NEED_MANY .needed = false, .many = true
#define SK_NEED_SOME .needed = true, .many = true

#define SK_API(id_, method_, path_, duty_, grade_, how_, summary_) \
	{.kind = ROW, .row = {.id = (id_), .path = (path_), .duty = (duty_), .summary = (summary_), .method = SK_WEB_##method_, .grade = SK_WEB_##grade_, SK_HOW_##how_}},
#define SK_API_PARAM(name_, where_, type_, need_, as_, words_) \
	{.kind = PARAM, .param = {.name = (name_), .as = (as_), .words = (words_), .where = SK_WEB_IN_##where_, SK_TYPE_##type_, SK_NEED_##need_}},
static const struct line lines[] = {
#include "web/api.def"
};

/* Filled once, then never changed. */
static struct {
	pthread_once_t once;
	struct sk_web_row rows[SK_WEB_ROWS_MAX];
	struct sk_web_param params[SK_COUNT(lines)];
	size_t row_count;
} table = {.once = PTHREAD_ONCE_INIT};

static void build(void)
{
	for (size_t i = 0; i < SK_COUNT(lines); i++) {
		if (lines[i].kind == ROW) {
			SK_INVARIANT(table.row_count < SK_WEB_ROWS_MAX);
			table.rows[table.row_count] = lines[i].row;
			table.rows[table.row_count++].params = &table.params[i + 1 < SK_COUNT(lines) ? i + 1 : i];
			continue;
		}
		SK_INVARIANT(table.row_count != 0 && table.rows[table.row_count - 1].param_count < SK_WEB_PARAMS_MAX);
		table.params[i] = lines[i].param;
		table.rows[table.row_count - 1].param_count++;
	}
}

const struct sk_web_row *sk_web_rows(size_t *count)
{
	(void)pthread_once(&table.once, build);
	*count = table.row_count;
	return table.rows;
}

const struct sk_web_row *sk_web_row_find(const char *id)
{
	size_t count;
	const struct sk_web_row *rows = sk_web_rows(&count);
	for (size_t i = 0; i < count; i++)
		if (strcmp(rows[i].id, id) == 0)
			return &rows[i];
	return NULL;
}

const char *sk_web_method_name(enum sk_web_method method)
{
	static const char *const names[] = {"GET", "POST", "DELETE", "ACT"};
	return names[method];
}
