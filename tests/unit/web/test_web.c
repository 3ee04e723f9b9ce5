/* SPDX-License-Identifier: Apache-2.0 */
/* The table and what is made from it: router, parameters, description, statuses; buckets; lists. rule: WEB-1 WEB-2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/file.h"
#include "web/web_priv.h"

static struct sk_web_house house = {.folder = "/nowhere", .version = "test"};

static struct sk_web_call *new_call(const char *id)
{
	struct sk_web_call *call = calloc(1, sizeof *call);
	assert_non_null(call);
	sk_web_call_init(call, &house, 1000);
	if (id != NULL) {
		call->row = sk_web_row_find(id);
		assert_non_null(call->row);
	}
	return call;
}

static void end_call(struct sk_web_call *call)
{
	sk_web_call_fini(call);
	free(call);
}

/* ---- the table by itself ---- */

static bool is_duty(const char *word)
{
	const char *row, *known;
	for (size_t i = 0; (known = sk_duty_word(i, &row)) != NULL; i++)
		if (strcmp(known, word) == 0)
			return true;
	return false;
}

static const struct sk_web_param *param_of(const struct sk_web_row *row, const char *name, size_t length)
{
	for (size_t i = 0; i < row->param_count; i++)
		if (strlen(row->params[i].name) == length && strncmp(row->params[i].name, name, length) == 0)
			return &row->params[i];
	return NULL;
}

/* A word in braces is a parameter or one that the server knows, and a parameter in the path stands in it. */
static void braces_fit(const struct sk_web_row *row, const char *text, bool path)
{
	static const char *const known[] = {"dir", "workspace", "me", "by", "rp", "page", "--workspace", "measures"};
	for (const char *at = strchr(text, '{'); at != NULL; at = strchr(at + 1, '{')) {
		size_t length = strcspn(at + 1, "}");
		bool fits = param_of(row, at + 1, length) != NULL && (!path || param_of(row, at + 1, length)->where == SK_WEB_IN_PATH);
		for (size_t i = 0; i < SK_COUNT(known) && !path; i++)
			fits = fits || (strlen(known[i]) == length && strncmp(known[i], at + 1, length) == 0);
		if (!fits)
			print_error("%s: {%.*s}\n", row->id, (int)length, at + 1);
		assert_true(fits);
	}
}

static void table_is_sound(void **state)
{
	(void)state;
	size_t count;
	const struct sk_web_row *rows = sk_web_rows(&count);
	assert_true(count > 80);
	for (size_t i = 0; i < count; i++) {
		const struct sk_web_row *row = &rows[i];
		bool act = row->method == SK_WEB_ACT, runs = row->how == SK_WEB_RUN || row->how == SK_WEB_LIST;
		for (size_t j = 0; j < i; j++) {
			assert_string_not_equal(row->id, rows[j].id);
			assert_false(!act && row->method == rows[j].method && strcmp(row->path, rows[j].path) == 0);
		}
		assert_true(row->duty[0] == '\0' || strcmp(row->duty, "session") == 0 || is_duty(row->duty));
		/* Whoever asks without a name sees nothing graded, and starts nothing. */
		assert_true(row->duty[0] != '\0' || (row->grade == SK_WEB_OPEN && !runs));
		assert_true(act ? runs && row->path[0] == '\0' && row->duty[0] != '\0' : strncmp(row->path, "/api/v1/", 8) == 0);
		assert_int_equal(runs, row->words != NULL);
		assert_int_equal(row->how == SK_WEB_READ || row->how == SK_WEB_WORK, row->read != NULL);
		braces_fit(row, row->path, true);
		if (runs)
			braces_fit(row, row->words, false);
		for (size_t p = 0; p < row->param_count; p++) {
			const struct sk_web_param *param = &row->params[p];
			assert_true(param->as[0] == '\0' || (strncmp(param->as, "--", 2) == 0 && strlen(param->as) > 2));
			assert_true(param->words[0] != '\0' && (param->where == SK_WEB_IN_BODY || row->method == SK_WEB_GET || param->where == SK_WEB_IN_PATH || param->type != SK_WEB_SECRET));
			assert_ptr_equal(param_of(row, param->name, strlen(param->name)), param); /* each name once */
			assert_false(param->where == SK_WEB_IN_BODY && row->method == SK_WEB_GET);
			/* A secret stands on no command line. */
			assert_false(runs && param->type == SK_WEB_SECRET);
		}
	}
}

static void acts_have_both_languages(void **state)
{
	static const char *const japanese[] = {
#define SK_WEB_JA(command, words) command,
#include "web/acts_ja.def"
#undef SK_WEB_JA
	};
	(void)state;
	size_t count, acts = 0;
	const struct sk_web_row *rows = sk_web_rows(&count);
	for (size_t i = 0; i < count; i++) {
		bool found = false;
		for (size_t j = 0; j < SK_COUNT(japanese); j++)
			found = found || strcmp(japanese[j], rows[i].id) == 0;
		if (rows[i].method == SK_WEB_ACT && !found)
			print_error("%s has no words in acts_ja.def\n", rows[i].id);
		assert_int_equal(rows[i].method == SK_WEB_ACT, found);
		acts += rows[i].method == SK_WEB_ACT;
	}
	assert_int_equal(acts, SK_COUNT(japanese));
}

/* ---- the router ---- */

static const char *routed(const char *method, const char *path, enum sk_err *err)
{
	char allow[64];
	struct sk_web_call *call = new_call(NULL);
	*err = sk_web_route(call, method, path, allow);
	const char *id = call->row != NULL ? call->row->id : "";
	end_call(call);
	return id;
}

static void paths_find_their_rows(void **state)
{
	(void)state;
	size_t count;
	enum sk_err err;
	const struct sk_web_row *rows = sk_web_rows(&count);
	for (size_t i = 0; i < count; i++) {
		char path[SK_WEB_PATH_MAX];
		size_t length = 0;
		if (rows[i].method == SK_WEB_ACT)
			continue;
		/* Each parameter by a word that no path of ours has. */
		for (const char *at = rows[i].path; *at != '\0'; at++) {
			bool brace = *at == '{';
			length += (size_t)snprintf(path + length, sizeof path - length, brace ? "abba%c" : "%c", brace ? '0' + (int)(i % 10) : *at);
			at += brace ? strcspn(at, "}") : 0;
		}
		assert_string_equal(routed(sk_web_method_name(rows[i].method), path, &err), rows[i].id);
	}
	static const char *const none[] = {"", "/", "/api", "/api/v1", "/api/v1/", "/api/v1/orders/", "/api/v1//orders", "/api/v1/orders//", "//api/v1/orders", "/api/v1/orders/x/y/z", "api/v1/orders",
					   "/api/v1/order", "/api/v1/orders/..", "/API/v1/orders", "/api/v1/%6frders"};
	for (size_t i = 0; i < SK_COUNT(none); i++) {
		const char *id = routed("GET", none[i], &err);
		assert_true(err != SK_OK);
		assert_true(id[0] == '\0' || strcmp(none[i], "/api/v1/orders/..") == 0);
	}
	assert_string_equal(routed("HEAD", "/api/v1/orders", &err), "order.list");
	(void)routed("PUT", "/api/v1/orders", &err);
	assert_int_equal(err, SK_EUSAGE);
}

/* ---- parameters ---- */

static enum sk_err take(const char *id, const char *name, const char *text, size_t length)
{
	struct sk_web_call *call = new_call(id);
	enum sk_err err = sk_web_take(call, param_of(call->row, name, strlen(name)), text, length);
	end_call(call);
	return err;
}

static void forms(void **state)
{
	(void)state;
	static const struct {
		const char *row, *name, *good[6], *bad[12];
	} cases[] = {
		{"order.show", "id", {"o1", "B-1", "a.b:c@d+e"}, {"", "-x", ".x", "a b", "a/b", "..", "a%41", "\xc3\xa4", "{id}", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}},
		{"order.list", "state", {"voting", "a/b", "=x"}, {"", "-x", "a b", "a\nb", "$(id)", "a;b"}},
		{"order.list", "limit", {"0", "1", "9007199254740991"}, {"", "-1", "01", "1.5", "1e3", "9007199254740992", "99999999999999999999", " 1", "+1", "0x1"}},
		{"order.list", "cursor", {"i50", "A-_z"}, {"", "a=", "a b", "a.b"}},
		{"order.list", "all", {"true", "false"}, {"", "1", "TRUE", "yes", "tru"}},
		{"report.annual", "lang", {"ja", "en"}, {"", "jaen", "ja|en", "j", "de"}},
		{"order.draft", "from", {"2026-11-30", "2026-11-30T10:00:00Z", "@17", "24h"}, {"", "yesterday", "-24h", "24", "2026-13-01"}},
		{"order.draft", "for", {"24h", "15m"}, {"", "24", "-1h", "2026-11-30"}},
		{"order.draft", "plan", {"", "by telephone\nthen by letter\t", "\xe5\x91\xbd\xe4\xbb\xa4"}, {"a\x01", "a\x1b[1m", "\xff", "\xed\xa0\x80", "a\x7f"}},
		{"basis.request", "exact-set", {"00", "deadbeef"}, {"", "0", "DE", "xy", "0x00"}},
	};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		for (size_t j = 0; cases[i].good[j] != NULL; j++)
			assert_int_equal(take(cases[i].row, cases[i].name, cases[i].good[j], strlen(cases[i].good[j])), SK_OK);
		for (size_t j = 0; cases[i].bad[j] != NULL; j++)
			assert_int_equal(take(cases[i].row, cases[i].name, cases[i].bad[j], strlen(cases[i].bad[j])), SK_EMALFORMED);
	}
	assert_int_equal(take("order.draft", "plan", "a\0b", 3), SK_EMALFORMED);
	assert_int_equal(take("order.show", "id", "a\0b", 3), SK_EMALFORMED);
}

static enum sk_err query(struct sk_web_call *call, const char *text)
{
	enum sk_err err = sk_web_take_query_text(call, text);
	return err == SK_OK ? sk_web_complete(call) : err;
}

static void queries(void **state)
{
	(void)state;
	struct sk_web_call *call = new_call("order.list");
	assert_int_equal(query(call, "&&state=%76oting&&limit=2&"), SK_OK);
	assert_string_equal(sk_web_text(call, "state"), "voting");
	assert_int_equal(sk_web_number(call, "limit", 50), 2);
	assert_null(sk_web_text(call, "cursor"));
	assert_false(sk_web_flag(call, "all"));
	end_call(call);
	static const struct {
		const char *text;
		enum sk_err err;
	} bad[] = {{"state=a&state=b", SK_EMALFORMED}, {"State=a", SK_EUSAGE}, {"x=1", SK_EUSAGE}, {"=1", SK_EUSAGE}, {"state=%zz", SK_EMALFORMED}, {"state=%4", SK_EMALFORMED}, {"state=%", SK_EMALFORMED},
		   {"state=%00", SK_EMALFORMED}, {"st%00ate=a", SK_EMALFORMED}, {"state=a b", SK_EMALFORMED}, {"state=\xc3\xa4", SK_EMALFORMED}, {"id=x", SK_EUSAGE}};
	for (size_t i = 0; i < SK_COUNT(bad); i++) {
		call = new_call("order.list");
		assert_int_equal(query(call, bad[i].text), bad[i].err);
		end_call(call);
	}
	call = new_call("report.annual");
	assert_int_equal(query(call, "lang=ja"), SK_EUSAGE); /* the year is missing */
	end_call(call);
}

static enum sk_err body(struct sk_web_call *call, const char *text)
{
	enum sk_err err = sk_web_take_body(call, text, strlen(text));
	return err == SK_OK ? sk_web_complete(call) : err;
}

static void bodies(void **state)
{
	(void)state;
	struct sk_web_call *call = new_call("access.account.add");
	assert_int_equal(body(call, " {\"id\":\"x\", \"org\":\"host\",\"account-key\":[\"k1\",\"k2\"],\"role\":\"analyst\"}"), SK_OK);
	assert_string_equal(sk_web_text_at(call, "account-key", 1), "k2");
	assert_null(sk_web_text_at(call, "account-key", 2));
	assert_string_equal(sk_web_text(call, "role"), "analyst");
	end_call(call);
	static const struct {
		const char *row, *text;
		enum sk_err err;
	} bad[] = {
		{"order.approve", "", SK_EUSAGE}, {"order.approve", "{}", SK_EUSAGE}, {"order.approve", "[]", SK_EMALFORMED}, {"order.approve", "\"id\"", SK_EMALFORMED}, {"order.approve", "{\"id\":\"x\"}{", SK_EMALFORMED},
		{"order.approve", "{\"id\":\"x\"", SK_EMALFORMED}, {"order.approve", "{\"id\":null}", SK_EMALFORMED}, {"order.approve", "{\"id\":1}", SK_EMALFORMED}, {"order.approve", "{\"id\":[\"x\"]}", SK_EMALFORMED},
		{"order.approve", "{\"id\":{\"a\":1}}", SK_EMALFORMED}, {"order.approve", "{\"id\":\"x\",\"y\":1}", SK_EUSAGE}, {"order.approve", "{\"id\":\"x\\u0000y\"}", SK_EMALFORMED}, {"order.approve", "{'id':'x'}", SK_EMALFORMED},
		{"order.check", "{\"id\":\"x\",\"hits\":\"1\"}", SK_EMALFORMED}, {"order.check", "{\"id\":\"x\",\"hits\":1.5}", SK_EMALFORMED}, {"order.check", "{\"id\":\"x\",\"hits\":-1}", SK_EMALFORMED},
		{"order.check", "{\"id\":\"x\",\"not-needed\":\"true\"}", SK_EMALFORMED}, {"order.check", "{\"id\":\"x\",\"not-needed\":1}", SK_EMALFORMED}, {"access.factor.register", "{\"response\":\"x\"}", SK_EMALFORMED},
		{"access.factor.register", "{\"response\":{\"a\\\\b\":1}}", SK_EMALFORMED}, {"access.factor.register", "{\"response\":{\"a\\\"b\":1}}", SK_EMALFORMED},
		{"access.factor.register", "{\"response\":{\"a\":1.5}}", SK_EMALFORMED}, {"access.factor.register", "{\"response\":{\"a\":9007199254740992}}", SK_EMALFORMED},
	};
	for (size_t i = 0; i < SK_COUNT(bad); i++) {
		call = new_call(bad[i].row);
		enum sk_err err = body(call, bad[i].text);
		if (err != bad[i].err)
			print_error("%s %s: %s\n", bad[i].row, bad[i].text, call->fault.line);
		assert_int_equal(err, bad[i].err);
		end_call(call);
	}
	/* What is an object here is canonical for whoever reads it next. */
	call = new_call("access.factor.register");
	assert_int_equal(body(call, "{\"response\": {\"z\": [1, {\"b\": null, \"a\": true}], \"a\": \"\\u00e4\"}}"), SK_OK);
	assert_string_equal(sk_web_text(call, "response"), "{\"a\":\"\xc3\xa4\",\"z\":[1,{\"a\":true,\"b\":null}]}");
	end_call(call);
	/* Depth is bounded. */
	char deep[4096] = "{\"response\":";
	for (size_t i = strlen(deep); i < 2000; i++)
		deep[i] = '[';
	call = new_call("access.factor.register");
	assert_int_equal(body(call, deep), SK_EMALFORMED);
	end_call(call);
}

/* ---- lists, statuses, description ---- */

static const char *listed(struct sk_web_call *call, const char *asked, const char *text)
{
	assert_int_equal(sk_web_take_query_text(call, asked), SK_OK);
	assert_int_equal(sk_web_list(call, text, strlen(text)), SK_OK);
	return sk_buf_text(&call->out);
}

static void lists(void **state)
{
	(void)state;
	static const struct {
		const char *asked, *text, *answer;
	} cases[] = {
		{"", "[]", "{\"items\":[],\"next\":null,\"total\":0}"}, {"", "", "{\"items\":[],\"next\":null,\"total\":0}"}, {"", "[1,2]\n", "{\"items\":[1,2],\"next\":null,\"total\":2}"},
		{"", "{\"a\":1}\n{\"a\":2}\n", "{\"items\":[{\"a\":1},{\"a\":2}],\"next\":null,\"total\":2}"}, {"limit=1", "[1,2,3]", "{\"items\":[1],\"next\":\"i1\",\"total\":3}"},
		{"limit=1&cursor=i1", "[1,2,3]", "{\"items\":[2],\"next\":\"i2\",\"total\":3}"}, {"limit=5&cursor=i2", "[1,2,3]", "{\"items\":[3],\"next\":null,\"total\":3}"},
		{"cursor=i99", "[1]", "{\"items\":[],\"next\":null,\"total\":1}"}, {"limit=0", "[1]", "{\"items\":[],\"next\":\"i0\",\"total\":1}"},
	};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct sk_web_call *call = new_call("order.list");
		assert_string_equal(listed(call, cases[i].asked, cases[i].text), cases[i].answer);
		end_call(call);
	}
	/* Where the command goes on by itself the cursor is the last item's place, if there is one more. */
	static const struct {
		const char *asked, *text, *answer;
	} by_place[] = {
		{"", "[]", "{\"items\":[],\"next\":null,\"total\":null}"},
		{"limit=2", "[{\"place\":\"1-2-3\"},{\"place\":\"1-2-4\"},{\"place\":\"1-2-5\"}]", "{\"items\":[{\"place\":\"1-2-3\"},{\"place\":\"1-2-4\"}],\"next\":\"1-2-4\",\"total\":null}"},
		{"limit=2&cursor=1-2-3", "[{\"place\":\"1-2-4\"},{\"place\":\"1-2-5\"}]", "{\"items\":[{\"place\":\"1-2-4\"},{\"place\":\"1-2-5\"}],\"next\":null,\"total\":null}"},
		{"limit=1&cursor=i1", "[{\"a\":1}]", "{\"items\":[{\"a\":1}],\"next\":null,\"total\":null}"},
	};
	for (size_t i = 0; i < SK_COUNT(by_place); i++) {
		struct sk_web_call *call = new_call("observation.list");
		assert_string_equal(listed(call, by_place[i].asked, by_place[i].text), by_place[i].answer);
		end_call(call);
	}
	struct sk_web_call *call = new_call("order.list");
	assert_int_equal(sk_web_list(call, "sorry\n", 6), SK_EBUG);
	end_call(call);
}

static void statuses(void **state)
{
	(void)state;
	static const struct {
		enum sk_err err;
		unsigned status;
	} cases[] = {{SK_OK, 200}, {SK_EUSAGE, 400}, {SK_EMALFORMED, 400}, {SK_EFACTOR, 401}, {SK_EPERMIT, 403}, {SK_EPURPOSE, 403}, {SK_ENOENT, 404}, {SK_EEXIST, 409}, {SK_ESEEN, 409}, {SK_ESTAGE, 409},
		     {SK_ETOOBIG, 413}, {SK_ESIGNATURE, 422}, {SK_EWIDE, 400}, {SK_ERATE, 429}, {SK_ELOCKED, 503}, {SK_ELEDGER, 503}, {SK_EIO, 500}, {SK_EBUG, 500}};
	for (size_t i = 0; i < SK_COUNT(cases); i++)
		assert_int_equal(sk_web_status(cases[i].err), cases[i].status);
	assert_int_equal(sk_web_err_of_exit(13), SK_EBUG);
	assert_int_equal(sk_err_exit(sk_web_err_of_exit(29)), 29);
}

static void description(void **state)
{
	(void)state;
	struct sk_web_call *call = new_call("openapi");
	struct sk_fault fault;
	assert_int_equal(call->row->read(call), SK_OK);
	assert_int_equal(call->out.failed, SK_OK);
	struct json_object *top = sk_web_json(sk_buf_text(&call->out), call->out.length, &fault), *paths = NULL, *acts = NULL;
	assert_non_null(top);
	assert_true(json_object_object_get_ex(top, "paths", &paths) && json_object_object_get_ex(top, "x-acts", &acts));
	size_t count, operations = 0;
	(void)sk_web_rows(&count);
	struct json_object_iterator at = json_object_iter_begin(paths), end = json_object_iter_end(paths);
	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
		operations += (size_t)json_object_object_length(json_object_iter_peek_value(&at));
	assert_int_equal(operations + json_object_array_length(acts), count);
	json_object_put(top);
	end_call(call);
}

/* ---- buckets ---- */

static void buckets(void **state)
{
	(void)state;
	const int64_t second_ns = 1000000000;
	struct sk_web_rate *rate = sk_web_rate_new();
	int64_t now_ns = 1000 * second_ns;
	unsigned got = 0;
	assert_non_null(rate);
	for (unsigned i = 0; i < 100; i++)
		got += sk_web_rate_take(rate, "a", "x", 3600, 10, now_ns);
	assert_int_equal(got, 10);
	assert_true(sk_web_rate_take(rate, "a", "y", 3600, 10, now_ns)); /* another's is another's */
	assert_true(sk_web_rate_take(rate, "b", "x", 3600, 10, now_ns));
	assert_false(sk_web_rate_take(rate, "a", "x", 3600, 10, now_ns + second_ns / 2));
	assert_true(sk_web_rate_take(rate, "a", "x", 3600, 10, now_ns + 3 * second_ns / 2));
	assert_false(sk_web_rate_take(rate, "a", "x", 3600, 10, now_ns)); /* a clock that goes back fills nothing */
	for (unsigned i = 0; i < 1000; i++)
		assert_true(sk_web_rate_take(rate, "a", "x", 0, 10, now_ns)); /* no limit */
	/* A flood of strangers takes no more memory, and one who asks all the while stays known. */
	now_ns += 3600 * second_ns;
	for (unsigned i = 0; i < 10; i++)
		assert_true(sk_web_rate_take(rate, "a", "x", 3600, 10, now_ns));
	char who[32];
	unsigned fooled = 0;
	for (unsigned i = 0; i < 2000; i++) {
		(void)snprintf(who, sizeof who, "stranger-%u", i);
		(void)sk_web_rate_take(rate, "a", who, 3600, 10, now_ns + i);
		fooled += sk_web_rate_take(rate, "a", "x", 3600, 10, now_ns + i);
	}
	assert_int_equal(fooled, 0);
	sk_web_rate_free(rate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_sound), cmocka_unit_test(acts_have_both_languages), cmocka_unit_test(paths_find_their_rows), cmocka_unit_test(forms), cmocka_unit_test(queries), cmocka_unit_test(bodies),
		cmocka_unit_test(lists), cmocka_unit_test(statuses), cmocka_unit_test(description), cmocka_unit_test(buckets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
