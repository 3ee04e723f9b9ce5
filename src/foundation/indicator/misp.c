/* SPDX-License-Identifier: Apache-2.0 */
/* MISP JSON: one event, an array of events, the answers of a MISP server; attributes and the attributes of objects. A STIX bundle is handed on. */
#include <json-c/json.h>

#include "indicator/indicator_priv.h"

enum sk_err sk_json_c_parse(const char *name, const char *text, size_t length, struct json_object **out, struct sk_fault *fault)
{
	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		length -= 3;
	}
	SK_INVARIANT(length <= SK_INDICATOR_JSON_MAX_BYTES);
	struct json_tokener *tokener = json_tokener_new_ex(SK_INDICATOR_JSON_DEPTH);
	if (tokener == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", name);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	struct json_object *top = json_tokener_parse_ex(tokener, text, (int)length);
	enum json_tokener_error error = json_tokener_get_error(tokener);
	size_t end = json_tokener_get_parse_end(tokener);
	json_tokener_free(tokener);
	struct sk_cur rest = sk_cur_of(text + end, length - end);
	bool trailing = false;
	while (sk_more(&rest)) {
		uint8_t c = sk_u8(&rest);
		trailing = trailing || (c != ' ' && c != '\t' && c != '\r' && c != '\n');
	}
	if (error == json_tokener_success && !trailing && top != NULL) {
		*out = top;
		return SK_OK;
	}
	(void)json_object_put(top);
	const char *what = error == json_tokener_continue  ? "it ends in the middle"
			   : error != json_tokener_success ? json_tokener_error_desc(error)
							   : "text after the end";
	return sk_fault_set(fault, SK_EINPUT, "%s: broken JSON at offset %zu: %s", name, end, what);
}

static struct json_object *array_of(struct json_object *object, const char *key)
{
	struct json_object *array = NULL;
	bool is = json_object_is_type(object, json_type_object) && json_object_object_get_ex(object, key, &array) &&
		  json_object_is_type(array, json_type_array);
	return is ? array : NULL;
}

/* true, 1 and "1" (MISP writes all three). */
static bool is_set(struct json_object *attribute, const char *key, bool otherwise)
{
	struct json_object *value = NULL;
	if (!json_object_object_get_ex(attribute, key, &value) || value == NULL)
		return otherwise;
	if (json_object_is_type(value, json_type_string))
		return strcmp(json_object_get_string(value), "1") == 0 || strcmp(json_object_get_string(value), "true") == 0;
	return json_object_get_boolean(value) != 0;
}

static enum sk_err import_attribute(struct sk_import *import, uint64_t number, struct json_object *attribute)
{
	struct json_object *type_object = NULL, *value_object = NULL;
	if (!json_object_is_type(attribute, json_type_object) || !json_object_object_get_ex(attribute, "type", &type_object) ||
	    !json_object_object_get_ex(attribute, "value", &value_object) || !json_object_is_type(type_object, json_type_string) ||
	    !json_object_is_type(value_object, json_type_string)) {
		sk_import_refuse(import, number, "", 0, SK_INDICATOR_NOT_AN_INDICATOR, "an attribute without type or value");
		return SK_OK;
	}
	const char *type_name = json_object_get_string(type_object), *value = json_object_get_string(value_object);
	size_t length = (size_t)json_object_get_string_len(value_object);
	enum sk_type type = sk_type_parse(type_name, strlen(type_name));
	if (type == SK_TYPE_UNSUPPORTED || type == SK_TYPE_ANY)
		sk_import_refuse(import, number, value, length, SK_INDICATOR_UNSUPPORTED_TYPE, type_name);
	else if (is_set(attribute, "deleted", false))
		sk_import_refuse(import, number, value, length, SK_INDICATOR_NOT_FOR_DETECTION, "deleted");
	else if (!import->builder->options.to_ids_ignored && !import->to_ids_unused && !is_set(attribute, "to_ids", true))
		sk_import_refuse(import, number, value, length, SK_INDICATOR_NOT_FOR_DETECTION, type_name);
	else
		return sk_import_value(import, number, value, length, type);
	return SK_OK;
}

static enum sk_err import_attributes(struct sk_import *import, uint64_t *number, struct json_object *array)
{
	for (size_t i = 0; array != NULL && i < json_object_array_length(array); i++)
		SK_TRY(import_attribute(import, ++*number, json_object_array_get_idx(array, i)));
	return SK_OK;
}

static bool marks_any(struct json_object *array)
{
	for (size_t i = 0; array != NULL && i < json_object_array_length(array); i++) {
		struct json_object *attribute = json_object_array_get_idx(array, i);
		if (json_object_is_type(attribute, json_type_object) && is_set(attribute, "to_ids", true))
			return true;
	}
	return false;
}

/* Many authors never touch to_ids. An event in which nothing is marked would otherwise give nothing, silently useless; one that marks some means it. */
static bool event_marks_any(struct json_object *event)
{
	struct json_object *objects = array_of(event, "Object");
	bool any = marks_any(array_of(event, "Attribute"));
	for (size_t i = 0; !any && objects != NULL && i < json_object_array_length(objects); i++)
		any = marks_any(array_of(json_object_array_get_idx(objects, i), "Attribute"));
	return any;
}

static enum sk_err import_event(struct sk_import *import, uint64_t *number, struct json_object *event)
{
	import->to_ids_unused = !event_marks_any(event);
	if (import->to_ids_unused && !import->builder->options.to_ids_ignored && (array_of(event, "Attribute") != NULL || array_of(event, "Object") != NULL))
		sk_import_say(import, *number + 1, SK_INDICATOR_TO_IDS_UNUSED);
	SK_TRY(import_attributes(import, number, array_of(event, "Attribute")));
	struct json_object *objects = array_of(event, "Object");
	for (size_t i = 0; objects != NULL && i < json_object_array_length(objects); i++)
		SK_TRY(import_attributes(import, number, array_of(json_object_array_get_idx(objects, i), "Attribute")));
	return SK_OK;
}

/* {"Event": {...}}, or an event or an answer itself. */
static enum sk_err import_wrapped(struct sk_import *import, uint64_t *number, struct json_object *object, bool *found)
{
	struct json_object *event = NULL;
	if (json_object_is_type(object, json_type_object) && json_object_object_get_ex(object, "Event", &event) &&
	    json_object_is_type(event, json_type_object))
		object = event;
	*found = *found || event != NULL || array_of(object, "Attribute") != NULL || array_of(object, "Object") != NULL;
	return import_event(import, number, object);
}

static enum sk_err refuse_shape(const struct sk_import *import, struct json_object *top)
{
	const char *hint = "a MISP event or a STIX bundle was expected";
	if (array_of(top, "list") != NULL)
		hint = "this is a warning list: name it as one (--warning-list)";
	else if (json_object_is_type(top, json_type_object) && json_object_object_length(top) > 0)
		hint = "neither Event, response, Attribute nor Object is in it (a feed's manifest? name its folder)";
	return sk_fault_set(import->fault, SK_EINPUT, "%s: JSON, but neither MISP nor STIX: %s", import->path, hint);
}

static enum sk_err import_misp(struct sk_import *import, struct json_object *top)
{
	struct json_object *response = NULL, *body = top;
	if (json_object_is_type(top, json_type_object) && json_object_object_get_ex(top, "response", &response) && response != NULL)
		body = response;
	uint64_t number = 0;
	bool found = false;
	enum sk_err err = SK_OK;
	if (json_object_is_type(body, json_type_array)) {
		for (size_t i = 0; err == SK_OK && i < json_object_array_length(body); i++)
			err = import_wrapped(import, &number, json_object_array_get_idx(body, i), &found);
		found = found || (response != NULL && json_object_array_length(body) == 0);
	} else {
		err = import_wrapped(import, &number, body, &found);
	}
	return err == SK_OK && !found ? refuse_shape(import, top) : err;
}

enum sk_err sk_import_json(struct sk_import *import, const char *text, size_t length)
{
	struct json_object *top = NULL, *objects = NULL;
	SK_TRY(sk_json_c_parse(import->path, text, length, &top, import->fault));
	enum sk_err err = sk_is_stix(top, &objects) ? sk_import_stix(import, objects) : import_misp(import, top);
	(void)json_object_put(top);
	return err;
}
