/* SPDX-License-Identifier: Apache-2.0 */
/* What `gobgp -j` answers. A table is an object of arrays of paths, {"[destination: 192.0.2.0/24]": [{"nlri": ..., "attrs": [...], "neighbor-ip": ...}]}: the keys are for
   people, the rule is read from nlri. A neighbour's table (adj-out) has the same form. Anything that we do not know is noted as "more", never skipped. */
#include "target/bgp_priv.h"

#include <json-c/json.h>
#include <json-c/json_object_iterator.h>
#include <stdio.h>

enum { ATTR_ORIGIN = 1, ATTR_AS_PATH = 2, ATTR_NEXT_HOP = 3, ATTR_COMMUNITY = 8, ATTR_MP_REACH = 14, ATTR_EXTENDED = 16, ATTR_LARGE = 32 };
enum { COMPONENT_DESTINATION = 1, COMPONENT_SOURCE = 2 };
enum { EXTENDED_FLOW = 128, EXTENDED_RATE = 6 };
enum { STATE_ESTABLISHED = 6 };

static enum sk_err parse(const void *json, size_t length, struct json_object **out, struct sk_fault *fault)
{
	if (length > SK_BGP_ANSWER_MAX)
		return sk_fault_set(fault, SK_EMALFORMED, "gobgp: an answer of %zu bytes", length);
	struct json_tokener *tokener = json_tokener_new_ex(SK_BGP_JSON_DEPTH);
	if (tokener == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "gobgp: out of memory");
	json_tokener_set_flags(tokener, JSON_TOKENER_VALIDATE_UTF8);
	*out = json_tokener_parse_ex(tokener, json, (int)length);
	bool good = json_tokener_get_error(tokener) == json_tokener_success && *out != NULL;
	json_tokener_free(tokener);
	if (!good)
		return sk_fault_set(fault, SK_EMALFORMED, "gobgp: its answer is no JSON; is it GoBGP 3?");
	return SK_OK;
}

static struct json_object *get(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;
	if (!json_object_is_type(object, json_type_object) || !json_object_object_get_ex(object, key, &value))
		return NULL;
	return value;
}

static size_t elements(struct json_object *array)
{
	return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

static const char *text_of(struct json_object *object, const char *key)
{
	struct json_object *value = get(object, key);
	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

static int64_t number_of(struct json_object *object, const char *key)
{
	struct json_object *value = get(object, key);
	return json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : 0;
}

static bool true_of(struct json_object *object, const char *key)
{
	struct json_object *value = get(object, key);
	return json_object_is_type(value, json_type_boolean) && json_object_get_boolean(value);
}

/* A number of 32 bits, written as an integer. */
static bool u32_of(struct json_object *value, uint32_t *out)
{
	if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0 || json_object_get_int64(value) > UINT32_MAX)
		return false;
	*out = (uint32_t)json_object_get_int64(value);
	return true;
}

static bool is_flow(enum sk_bgp_family family)
{
	return family == SK_BGP_FLOW4 || family == SK_BGP_FLOW6;
}

static bool prefix_of(const char *text, enum sk_bgp_family family, struct sk_prefix *out)
{
	bool v6 = family == SK_BGP_FLOW6 || family == SK_BGP_ROUTE6;
	return sk_prefix_parse(text, out) == SK_OK && out->addr.family == (v6 ? 6 : 4);
}

/* A rule that we might have made: a destination, and perhaps a source, from the first bit on. Any other is somebody else's, and at another place. */
static bool read_rule(struct json_object *nlri, struct sk_bgp_rule *rule)
{
	struct json_object *components = get(nlri, "value");
	if (!is_flow(rule->family))
		return prefix_of(text_of(nlri, "prefix"), rule->family, &rule->destination);
	for (size_t i = 0; i < elements(components); i++) {
		struct json_object *component = json_object_array_get_idx(components, i), *value = get(component, "value");
		int64_t type = number_of(component, "type");
		struct sk_prefix *place = type == COMPONENT_DESTINATION ? &rule->destination : type == COMPONENT_SOURCE ? &rule->source : NULL;
		if (place == NULL || place->addr.family != 0 || number_of(value, "offset") != 0 || !prefix_of(text_of(value, "prefix"), rule->family, place))
			return false;
	}
	return rule->destination.addr.family != 0;
}

static void read_communities(struct json_object *values, struct sk_bgp_path *path)
{
	for (size_t i = 0; i < elements(values); i++) {
		uint32_t value = 0;
		size_t at = 0;
		if (!u32_of(json_object_array_get_idx(values, i), &value) || path->community_count == SK_BGP_COMMUNITIES_MAX) {
			path->more = true;
			continue;
		}
		while (at < path->community_count && path->communities[at] < value)
			at++;
		memmove(path->communities + at + 1, path->communities + at, (path->community_count - at) * sizeof value);
		path->communities[at] = value;
		path->community_count++;
	}
}

static void read_larges(struct json_object *values, struct sk_bgp_path *path)
{
	static const char *const keys[3] = {"ASN", "LocalData1", "LocalData2"};
	for (size_t i = 0; i < elements(values); i++) {
		struct json_object *value = json_object_array_get_idx(values, i);
		struct sk_bgp_large large = {{0}};
		bool good = path->large_count < SK_BGP_COMMUNITIES_MAX;
		for (size_t k = 0; k < SK_COUNT(keys); k++)
			good = good && u32_of(get(value, keys[k]), &large.value[k]);
		if (good)
			path->larges[path->large_count++] = large;
		else
			path->more = true;
	}
}

static void read_extended(struct json_object *values, struct sk_bgp_path *path)
{
	for (size_t i = 0; i < elements(values); i++) {
		struct json_object *value = json_object_array_get_idx(values, i), *rate = get(value, "rate");
		bool number = json_object_is_type(rate, json_type_int) || json_object_is_type(rate, json_type_double);
		double rated = number ? json_object_get_double(rate) : -1;
		if (number_of(value, "type") != EXTENDED_FLOW || number_of(value, "subtype") != EXTENDED_RATE || number_of(value, "as") != 0 || path->rated || !(rated >= 0 && rated <= 1e20)) {
			path->more = true;
			continue;
		}
		path->rated = true;
		path->rate = (float)rated;
	}
}

static void read_next_hop(struct json_object *attr, struct sk_bgp_path *path)
{
	if (!is_flow(path->rule.family) && sk_addr_parse(text_of(attr, "nexthop"), &path->next_hop) != SK_OK)
		path->more = true;
}

static void read_attributes(struct json_object *attrs, struct sk_bgp_path *path)
{
	for (size_t i = 0; i < elements(attrs); i++) {
		struct json_object *attr = json_object_array_get_idx(attrs, i);
		switch (number_of(attr, "type")) {
		case ATTR_ORIGIN:
		case ATTR_AS_PATH:
			break;
		case ATTR_NEXT_HOP:
		case ATTR_MP_REACH:
			read_next_hop(attr, path);
			break;
		case ATTR_COMMUNITY:
			read_communities(get(attr, "communities"), path);
			break;
		case ATTR_EXTENDED:
			read_extended(get(attr, "value"), path);
			break;
		case ATTR_LARGE:
			read_larges(get(attr, "value"), path);
			break;
		default:
			path->more = true;
		}
	}
}

static enum sk_err read_path(enum sk_bgp_family family, struct json_object *object, sk_bgp_take take, void *context)
{
	struct sk_bgp_path path = {.rule.family = family};
	struct sk_addr from;
	if (!read_rule(get(object, "nlri"), &path.rule))
		return SK_OK;
	read_attributes(get(object, "attrs"), &path);
	path.stale = true_of(object, "stale");
	const char *neighbor = text_of(object, "neighbor-ip");
	if (neighbor[0] != '\0') {
		if (sk_addr_parse(neighbor, &from) == SK_OK)
			(void)sk_addr_format(&from, path.from);
		else
			(void)snprintf(path.from, sizeof path.from, "a neighbour");
	}
	return take(context, &path);
}

enum sk_err sk_gobgp_rib(enum sk_bgp_family family, const void *json, size_t length, sk_bgp_take take, void *context, struct sk_fault *fault)
{
	struct json_object *top = NULL;
	SK_TRY(parse(json, length, &top, fault));
	enum sk_err err = SK_OK;
	if (!json_object_is_type(top, json_type_object))
		err = sk_fault_set(fault, SK_EMALFORMED, "gobgp: its answer is no table of routes");
	if (err == SK_OK) {
		const struct json_object_iterator end = json_object_iter_end(top);
		for (struct json_object_iterator at = json_object_iter_begin(top); !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
			struct json_object *paths = json_object_iter_peek_value(&at);
			if (!json_object_is_type(paths, json_type_array))
				err = sk_fault_set(fault, SK_EMALFORMED, "gobgp: an entry of its table is no list of paths");
			for (size_t i = 0; err == SK_OK && i < elements(paths); i++)
				err = read_path(family, json_object_array_get_idx(paths, i), take, context);
			if (err != SK_OK)
				break;
		}
	}
	(void)json_object_put(top);
	return err;
}

/* ---- neighbours ---- */

static bool family_of(struct json_object *afi_safi, enum sk_bgp_family *out)
{
	static const struct {
		int64_t afi, safi;
	} families[SK_BGP_FAMILY_COUNT] = {{1, 133}, {2, 133}, {1, 1}, {2, 1}};
	struct json_object *config = get(afi_safi, "config"), *family = get(config, "family");
	for (size_t i = 0; true_of(config, "enabled") && i < SK_BGP_FAMILY_COUNT; i++)
		if (number_of(family, "afi") == families[i].afi && number_of(family, "safi") == families[i].safi) {
			*out = (enum sk_bgp_family)i;
			return true;
		}
	return false;
}

static bool read_neighbor(struct json_object *object, struct sk_gobgp_neighbor *out)
{
	struct json_object *state = get(object, "state"), *families = get(object, "afi_safis");
	struct sk_addr address;
	*out = (struct sk_gobgp_neighbor){.established = number_of(state, "session_state") == STATE_ESTABLISHED, .restarts = true_of(get(object, "graceful_restart"), "enabled")};
	if (sk_addr_parse(text_of(state, "neighbor_address"), &address) != SK_OK)
		return false;
	(void)sk_addr_format(&address, out->address);
	for (size_t i = 0; i < elements(families); i++) {
		enum sk_bgp_family family;
		if (family_of(json_object_array_get_idx(families, i), &family))
			out->family[family] = true;
	}
	return true;
}

enum sk_err sk_gobgp_neighbors(const void *json, size_t length, struct sk_gobgp_neighbor *out, size_t most, size_t *count, struct sk_fault *fault)
{
	struct json_object *top = NULL;
	*count = 0;
	SK_TRY(parse(json, length, &top, fault));
	enum sk_err err = json_object_is_type(top, json_type_array) ? SK_OK : sk_fault_set(fault, SK_EMALFORMED, "gobgp: its answer is no list of neighbours");
	for (size_t i = 0; err == SK_OK && i < elements(top); i++) {
		if (*count == most)
			err = sk_fault_set(fault, SK_ETOOBIG, "gobgp: more than %zu neighbours", most);
		else if (!read_neighbor(json_object_array_get_idx(top, i), &out[*count]))
			err = sk_fault_set(fault, SK_EMALFORMED, "gobgp: neighbour %zu has no address", i);
		else
			(*count)++;
	}
	(void)json_object_put(top);
	return err;
}
