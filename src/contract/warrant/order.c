/* SPDX-License-Identifier: Apache-2.0 */
/* The order: one measure, its limits (measure.def), its one text. */
#include "warrant/warrant_priv.h"

#include <stdio.h>

#include "text/text.h"

enum target { TARGET_DOMAIN, TARGET_PREFIX, TARGET_PARTY };
enum { DOMAIN_MAX_BYTES = 253, LABEL_MAX_BYTES = 63 };

static const char format_name[] = "sekisho-order/2";
static const int64_t ns_per_second = 1000000000;

/* LAW.md I2: 1+1, 2 of 3, 3 of 5; the proposer never counts. A quorum text may ask for more, never for less. */
static const struct {
	const char *name;
	size_t approvers;
} levels[] = {
#define SK_LEVEL(symbol, name, approvers) {name, approvers},
#include "warrant/measure.def"
#undef SK_LEVEL
};

static const bool reversible[SK_MEASURE_COUNT] = {
#define SK_REVERSIBLE(measure) [SK_MEASURE_##measure] = true,
#include "warrant/measure.def"
#undef SK_REVERSIBLE
};

static const struct {
	const char *name;
	enum target target;
	uint64_t life_s;
	uint8_t shortest_v4, shortest_v6;
	size_t targets;
} measures[] = {
#define SK_MEASURE(symbol, name, target, life_s, v4, v6, targets) {name, TARGET_##target, life_s, v4, v6, targets},
#include "warrant/measure.def"
#undef SK_MEASURE
};

static const struct {
	const char *name;
	enum sk_measure measure;
	enum sk_level level;
	bool takes_rate;
} actions[] = {
#define SK_ACTION(symbol, measure, name, level, rate) {name, SK_MEASURE_##measure, SK_LEVEL_##level, rate},
#include "warrant/measure.def"
#undef SK_ACTION
};

enum sk_measure sk_action_measure(enum sk_action action)
{
	SK_INVARIANT((size_t)action < SK_ACTION_COUNT);
	return actions[action].measure;
}

enum sk_level sk_action_level(enum sk_action action)
{
	SK_INVARIANT((size_t)action < SK_ACTION_COUNT);
	return actions[action].level;
}

const char *sk_action_name(enum sk_action action)
{
	SK_INVARIANT((size_t)action < SK_ACTION_COUNT);
	return actions[action].name;
}

const char *sk_measure_name(enum sk_measure measure)
{
	SK_INVARIANT((size_t)measure < SK_MEASURE_COUNT);
	return measures[measure].name;
}

const char *sk_level_name(enum sk_level level)
{
	SK_INVARIANT((size_t)level < SK_LEVEL_COUNT);
	return levels[level].name;
}

size_t sk_level_approvers(enum sk_level level)
{
	SK_INVARIANT((size_t)level < SK_LEVEL_COUNT);
	return levels[level].approvers;
}

enum sk_level sk_order_base_level(const struct sk_order *order)
{
	return order->joint ? SK_LEVEL_HIGH : sk_action_level(order->action);
}

enum sk_level sk_order_level(const struct sk_order *order)
{
	return order->urgent ? SK_LEVEL_URGENT : sk_order_base_level(order);
}

bool sk_measure_reversible(enum sk_measure measure)
{
	SK_INVARIANT((size_t)measure < SK_MEASURE_COUNT);
	return reversible[measure];
}

uint64_t sk_measure_life_s(enum sk_measure measure)
{
	SK_INVARIANT((size_t)measure < SK_MEASURE_COUNT);
	return measures[measure].life_s;
}

enum sk_err sk_action_parse(const char *measure, const char *action, enum sk_action *out)
{
	for (unsigned i = 0; i < SK_ACTION_COUNT; i++) {
		if (strcmp(actions[i].name, action) == 0 && strcmp(measures[actions[i].measure].name, measure) == 0) {
			*out = (enum sk_action)i;
			return SK_OK;
		}
	}
	return SK_EMALFORMED;
}

/* ---- ranges ---- */

/* One word of printable ASCII that needs no escape and is no address: an id, or a party's name in the centre's register. */
static bool is_word(const char *text, size_t size)
{
	size_t length = strnlen(text, size);
	struct sk_prefix prefix;
	if (length == 0 || length == size)
		return false;
	for (const char *at = text; *at != '\0'; at++)
		if (*at <= ' ' || *at > '~' || *at == '"' || *at == '\\')
			return false;
	return sk_prefix_parse(text, &prefix) != SK_OK;
}

static bool is_label_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* A lower-case name of two labels or more (nobody blocks a whole top-level domain), "*." in front for everything below it. */
static bool is_domain(const char *text)
{
	struct sk_prefix prefix;
	if (strlen(text) > DOMAIN_MAX_BYTES || sk_prefix_parse(text, &prefix) == SK_OK)
		return false;
	if (strncmp(text, "*.", 2) == 0)
		text += 2;
	size_t labels = 0, label = 0;
	for (const char *at = text;; at++) {
		if (is_label_byte(*at) && label < LABEL_MAX_BYTES) {
			label++;
		} else if (label != 0 && (*at == '.' || *at == '\0')) {
			label = 0;
			labels++;
			if (*at == '\0')
				return labels >= 2;
		} else {
			return false;
		}
	}
}

static enum sk_err check_target(const struct sk_order *order, const char *target, enum sk_err err, struct sk_fault *fault)
{
	enum sk_measure measure = sk_action_measure(order->action);
	struct sk_prefix prefix;
	char again[SK_PREFIX_TEXT_MAX];
	if (strnlen(target, SK_ORDER_TARGET_MAX) == SK_ORDER_TARGET_MAX)
		return sk_fault_set(fault, err, "order: field 'targets': a target is longer than %d bytes", SK_ORDER_TARGET_MAX - 1);
	switch (measures[measure].target) {
	case TARGET_DOMAIN:
		if (is_domain(target))
			return SK_OK;
		return sk_fault_set(fault, err, "order: field 'targets': '%s' is no domain name; expected lower case, two labels or more, '*.' in front at most", target);
	case TARGET_PARTY:
		if (is_word(target, SK_ORDER_TARGET_MAX))
			return SK_OK;
		return sk_fault_set(fault, err, "order: field 'targets': '%s' is no party; expected one word of printable ASCII", target);
	case TARGET_PREFIX:
		break;
	}
	if (sk_prefix_parse(target, &prefix) != SK_OK || strcmp(sk_prefix_format(&prefix, again), target) != 0)
		return sk_fault_set(fault, err, "order: field 'targets': '%s' is no prefix ADDRESS/BITS in its usual form", target);
	uint8_t shortest = prefix.addr.family == 4 ? measures[measure].shortest_v4 : measures[measure].shortest_v6;
	if (prefix.bits < shortest)
		return sk_fault_set(fault, err, "order: field 'targets': %s is wider than /%u, the widest that %s may touch", target, shortest, measures[measure].name);
	return SK_OK;
}

//= rule: WARRANT-3
enum sk_err sk_order_check(const struct sk_order *order, enum sk_err err, struct sk_fault *fault)
{
	if ((size_t)order->action >= SK_ACTION_COUNT)
		return sk_fault_set(fault, err, "order: field 'action': unknown");
	enum sk_measure measure = sk_action_measure(order->action);
	const char *name = measures[measure].name;
	uint64_t longest_s = measures[measure].life_s;
	if (order->urgent && longest_s > SK_URGENT_LIFE_MAX_S)
		longest_s = SK_URGENT_LIFE_MAX_S;
	if (!is_word(order->id, sizeof order->id))
		return sk_fault_set(fault, err, "order: field 'id': expected one word of 1 to %d printable ASCII characters", SK_ORDER_ID_MAX - 1);
	if (order->urgent && !reversible[measure])
		return sk_fault_set(fault, err, "order: field 'urgent': %s leaves something behind; only what can be taken away wholly may be urgent", name);
	struct sk_verify_key proposer;
	char proposer_text[SK_VKEY_TEXT_MAX];
	if (sk_verify_key_parse(sk_verify_key_format(&order->proposer, proposer_text), &proposer) != SK_OK)
		return sk_fault_set(fault, err, "order: field 'proposer': expected the proposer's verifier key");
	if (order->target_count == 0 || order->target_count > measures[measure].targets)
		return sk_fault_set(fault, err, "order: field 'targets': %zu targets, %s takes 1 to %zu", order->target_count, name, measures[measure].targets);
	for (size_t i = 0; i < order->target_count; i++) {
		SK_TRY(check_target(order, order->targets[i], err, fault));
		if (i > 0 && strcmp(order->targets[i - 1], order->targets[i]) >= 0)
			return sk_fault_set(fault, err, "order: field 'targets': expected ascending order, each once; '%s' is out of place", order->targets[i]);
	}
	if (actions[order->action].takes_rate != (order->rate_bytes_per_s != 0))
		return sk_fault_set(fault, err, "order: field 'rate_bytes_per_s': expected %s with the action %s",
				    actions[order->action].takes_rate ? "1 or more" : "0", actions[order->action].name);
	if (order->life_s == 0 || order->life_s > longest_s)
		return sk_fault_set(fault, err, "order: field 'life_s': %llu, %s%s may live 1 to %llu seconds", (unsigned long long)order->life_s,
				    order->urgent ? "urgent " : "", name, (unsigned long long)longest_s);
	if (order->not_before_ns < 0 || order->not_after_ns <= order->not_before_ns)
		return sk_fault_set(fault, err, "order: field 'not_after': expected a time after 'not_before', from 1970 on");
	/* A window longer than a life would let one approval be used again and again. */
	if (order->not_after_ns - order->not_before_ns > (int64_t)longest_s * ns_per_second)
		return sk_fault_set(fault, err, "order: field 'not_after': more than %llu seconds after 'not_before', the longest life of %s",
				    (unsigned long long)longest_s, name);
	return SK_OK;
}

/* ---- writing ---- */

static void write_time(struct sk_json_writer *w, const char *key, int64_t unix_ns)
{
	char text[SK_TIME_TEXT_MAX];
	sk_json_text(w, key, sk_time_format(unix_ns, 9, text));
}

static void write_object(const struct sk_order *order, struct sk_buf *out)
{
	char proposer[SK_VKEY_TEXT_MAX];
	struct sk_json_writer w;
	sk_json_begin(&w, out, true);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "action", actions[order->action].name);
	sk_json_hex(&w, "document", order->document, sizeof order->document);
	sk_json_text(&w, "format", format_name);
	sk_json_text(&w, "id", order->id);
	if (order->joint)
		sk_json_bool(&w, "joint", true);
	sk_json_u64(&w, "life_s", order->life_s);
	sk_json_text(&w, "measure", measures[actions[order->action].measure].name);
	write_time(&w, "not_after", order->not_after_ns);
	write_time(&w, "not_before", order->not_before_ns);
	sk_json_text(&w, "proposer", sk_verify_key_format(&order->proposer, proposer));
	sk_json_hex(&w, "quorum", order->quorum, sizeof order->quorum);
	sk_json_u64(&w, "rate_bytes_per_s", order->rate_bytes_per_s);
	sk_json_array(&w, "targets");
	for (size_t i = 0; i < order->target_count; i++)
		sk_json_text(&w, NULL, order->targets[i]);
	sk_json_end(&w);
	sk_json_bool(&w, "urgent", order->urgent);
	sk_json_end(&w);
}

enum sk_err sk_order_write(struct sk_order *order, struct sk_buf *out)
{
	SK_INVARIANT(out->length == 0);
	write_object(order, out);
	sk_buf_add_u8(out, '\n');
	if (out->failed == SK_OK)
		sk_sha256(out->bytes, out->length, order->digest);
	return out->failed;
}

enum sk_err sk_order_encode(struct sk_order *order, struct sk_buf *out, struct sk_fault *fault)
{
	SK_TRY(sk_order_check(order, SK_EUSAGE, fault));
	struct sk_buf line;
	sk_buf_init(&line, SK_WARRANT_TEXT_MAX);
	enum sk_err err = sk_order_write(order, &line);
	if (err == SK_OK) {
		sk_buf_add(out, line.bytes, line.length);
		err = out->failed;
	}
	sk_buf_fini(&line);
	return err == SK_OK ? SK_OK : sk_fault_set(fault, err, "order: cannot write it: %s", sk_err_text(err));
}

void sk_order_approval_body(const uint8_t digest[SK_HASH_BYTES], struct sk_buf *out)
{
	struct sk_json_writer w;
	sk_json_begin(&w, out, true);
	sk_json_object(&w, NULL);
	sk_json_hex(&w, "order", digest, SK_HASH_BYTES);
	sk_json_end(&w);
}

/* ---- reading ---- */

static enum sk_err refuse_field(struct sk_fault *fault, const char *field, const char *expected)
{
	return sk_fault_set(fault, SK_EMALFORMED, "order: field '%s': expected %s", field, expected);
}

static enum sk_err read_action(const struct sk_json_value *object, enum sk_action *out, struct sk_fault *fault)
{
	const char *measure = sk_json_get_text(object, "measure"), *action = sk_json_get_text(object, "action");
	if (measure == NULL || action == NULL)
		return refuse_field(fault, "measure", "a measure and its action");
	if (sk_action_parse(measure, action, out) == SK_OK)
		return SK_OK;
	return sk_fault_set(fault, SK_EMALFORMED, "order: field 'measure': '%s' with action '%s' does not exist", measure, action);
}

static enum sk_err read_time(const struct sk_json_value *object, const char *field, int64_t *out, struct sk_fault *fault)
{
	const char *text = sk_json_get_text(object, field);
	if (text == NULL || sk_time_parse(text, out) != SK_OK)
		return refuse_field(fault, field, "a time like 2026-11-22T00:00:00.000000000Z");
	return SK_OK;
}

static enum sk_err read_targets(const struct sk_json_value *object, struct sk_order *order, struct sk_fault *fault)
{
	const struct sk_json_value *array = sk_json_get(object, "targets");
	if (array == NULL || array->kind != SK_JSON_ARRAY || array->length > SK_ORDER_TARGETS_MAX)
		return refuse_field(fault, "targets", "a list of at most 256 targets");
	for (const struct sk_json_value *value = array->child; value != NULL; value = value->next) {
		if (value->kind != SK_JSON_TEXT || value->length >= SK_ORDER_TARGET_MAX)
			return refuse_field(fault, "targets", "texts of at most 255 bytes");
		memcpy(order->targets[order->target_count++], value->text, value->length + 1);
	}
	return SK_OK;
}

enum sk_err sk_order_read(const struct sk_json_value *object, struct sk_order *order, struct sk_fault *fault)
{
	const char *format = sk_json_get_text(object, "format"), *id = sk_json_get_text(object, "id"), *proposer = sk_json_get_text(object, "proposer");
	if (format == NULL || strcmp(format, format_name) != 0)
		return refuse_field(fault, "format", format_name);
	if (id == NULL || strlen(id) >= sizeof order->id)
		return refuse_field(fault, "id", "a short text");
	memcpy(order->id, id, strlen(id) + 1);
	if (proposer == NULL || sk_verify_key_parse(proposer, &order->proposer) != SK_OK)
		return refuse_field(fault, "proposer", "a verifier key NAME+ID+BASE64");
	SK_TRY(read_action(object, &order->action, fault));
	SK_TRY(read_time(object, "not_before", &order->not_before_ns, fault));
	SK_TRY(read_time(object, "not_after", &order->not_after_ns, fault));
	SK_TRY(read_targets(object, order, fault));
	if (sk_json_get_u64(object, "life_s", &order->life_s) != SK_OK)
		return refuse_field(fault, "life_s", "seconds");
	if (sk_json_get_u64(object, "rate_bytes_per_s", &order->rate_bytes_per_s) != SK_OK)
		return refuse_field(fault, "rate_bytes_per_s", "bytes per second");
	const struct sk_json_value *urgent = sk_json_get(object, "urgent");
	if (urgent == NULL || urgent->kind != SK_JSON_BOOL)
		return refuse_field(fault, "urgent", "true or false");
	order->urgent = urgent->integer != 0;
	/* false is not written: the canonical form tells */
	order->joint = sk_json_get(object, "joint") != NULL;
	if (sk_json_get_hex(object, "document", order->document, sizeof order->document) != SK_OK)
		return refuse_field(fault, "document", "64 hexadecimal digits");
	if (sk_json_get_hex(object, "quorum", order->quorum, sizeof order->quorum) != SK_OK)
		return refuse_field(fault, "quorum", "64 hexadecimal digits");
	return sk_order_check(order, SK_EMALFORMED, fault);
}

enum sk_err sk_order_decode(const char *text, size_t length, struct sk_order *out, struct sk_fault *fault)
{
	struct sk_json_doc *doc = NULL;
	struct sk_buf again;
	if (length == 0 || *(text + length - 1) != '\n')
		return sk_fault_set(fault, SK_EMALFORMED, "order: expected one line with a line feed at its end");
	*out = (struct sk_order){0};
	enum sk_err err = sk_json_parse(text, length - 1, &doc, fault);
	if (err != SK_OK)
		return err == SK_ENOMEM ? err : SK_EMALFORMED;
	err = sk_order_read(sk_json_top(doc), out, fault);
	sk_json_free(doc);
	sk_buf_init(&again, SK_WARRANT_TEXT_MAX);
	if (err == SK_OK)
		err = sk_order_write(out, &again);
	if (err == SK_OK && (again.length != length || memcmp(again.bytes, text, length) != 0))
		err = sk_fault_set(fault, SK_EMALFORMED, "order: not the canonical form of what it says, or a field that is not known here");
	sk_buf_fini(&again);
	if (err != SK_OK)
		*out = (struct sk_order){0};
	return err;
}
