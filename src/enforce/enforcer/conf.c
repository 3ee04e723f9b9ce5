/* SPDX-License-Identifier: Apache-2.0 */
/* The enforcer's configuration. */
#include <stdio.h>
#include <stdlib.h>

#include "enforcer/enforcer_priv.h"
#include "peer/peer.h"
#include "text/text.h"

static const int64_t second = 1000000000;

static enum sk_err take_path(const struct sk_settings *s, const char *key, char out[SK_PATH_MAX], struct sk_fault *fault)
{
	const char *path;
	SK_TRY(sk_settings_need(s, key, &path, fault));
	if (path[0] != '/' || strlen(path) >= SK_PATH_MAX)
		return sk_settings_fault(s, key, fault, "expected an absolute path");
	memcpy(out, path, strlen(path) + 1);
	return SK_OK;
}

static enum sk_err take_word(const struct sk_settings *s, const char *key, const char *fallback, char out[SK_ENFORCER_WORD_MAX], struct sk_fault *fault)
{
	const char *word = sk_settings_text(s, key, fallback);
	if (word == NULL || *word == '\0' || strlen(word) >= SK_ENFORCER_WORD_MAX || word[strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-_")] != '\0')
		return sk_settings_fault(s, key, fault, "expected a word of a-z, 0-9, - and _");
	memcpy(out, word, strlen(word) + 1);
	return SK_OK;
}

/* 64 hexadecimal digits, or the path of the text itself. */
static enum sk_err take_quorum(const struct sk_settings *s, const char *key, uint8_t out[SK_HASH_BYTES], struct sk_fault *fault)
{
	const char *value = sk_settings_text(s, key, NULL);
	struct sk_buf text;
	struct sk_fault why;
	if (value == NULL) {
		memset(out, 0, SK_HASH_BYTES); /* the digest of no text that there is: nothing of this level is taken */
		return SK_OK;
	}
	if (strlen(value) == 2 * SK_HASH_BYTES && sk_hex_decode(value, out, SK_HASH_BYTES) == SK_OK)
		return SK_OK;
	if (value[0] != '/')
		return sk_settings_fault(s, key, fault, "expected 64 hexadecimal digits, or the absolute path of the quorum's text");
	sk_buf_init(&text, SK_QUORUM_TEXT_MAX);
	enum sk_err err = sk_file_read(value, &text, &why);
	struct sk_quorum *quorum = NULL;
	if (err == SK_OK)
		err = sk_quorum_parse(sk_buf_text(&text), text.length, &quorum, &why);
	if (err == SK_OK)
		sk_sha256(text.bytes, text.length, out);
	sk_quorum_free(quorum);
	sk_buf_fini(&text);
	return err == SK_OK ? SK_OK : sk_settings_fault(s, key, fault, "%s", why.line);
}

/* ---- what is protected ---- */

static enum sk_err take_list(const struct sk_settings *s, const char *key, struct sk_guard *guard, struct sk_fault *fault)
{
	char element[SK_SETTING_KEY_MAX];
	struct sk_fault why;
	for (size_t i = 0; i < sk_settings_count(s, key); i++) {
		(void)snprintf(element, sizeof element, "%s[%zu]", key, i);
		if (sk_guard_add(guard, sk_settings_text(s, element, ""), key, &why) != SK_OK)
			return sk_settings_fault(s, element, fault, "%s", why.line);
	}
	return SK_OK;
}

/* One target a line; # begins a comment. */
static enum sk_err take_file(const struct sk_settings *s, const char *key, const char *path, struct sk_guard *guard, struct sk_fault *fault)
{
	struct sk_buf text;
	struct sk_fault why;
	char line[SK_ORDER_TARGET_MAX];
	sk_buf_init(&text, 256 << 20);
	enum sk_err err = sk_file_read(path, &text, &why);
	size_t number = 1;
	for (const char *at = sk_buf_text(&text); err == SK_OK && *at != '\0'; number++) {
		size_t length = strcspn(at, "\n"), used = strcspn(at, "#\r\n\t ");
		if (used > 0 && used < sizeof line) {
			memcpy(line, at, used);
			line[used] = '\0';
			err = sk_guard_add(guard, line, "allow_files", &why);
		} else if (used > 0) {
			err = sk_fault_set(&why, SK_EUSAGE, "a line is too long");
		}
		if (err == SK_OK)
			at += length + (at[length] == '\n');
	}
	sk_buf_fini(&text);
	return err == SK_OK ? SK_OK : sk_settings_fault(s, key, fault, "%s, line %zu: %s", path, number, why.line);
}

/* Every address that the configuration of a target speaks of is our own: a resolver, a router, a sinkhole. */
struct own {
	struct sk_guard *guard;
	enum sk_err err;
};

static void take_own_address(void *context, const char *value)
{
	struct own *own = context;
	struct sk_peer peer;
	struct sk_addr addr;
	struct sk_prefix prefix;
	char text[SK_PREFIX_TEXT_MAX];
	if (sk_peer_parse(value, &peer, NULL) == SK_OK)
		addr = peer.addr;
	else if (sk_addr_parse(value, &addr) != SK_OK)
		return;
	prefix = (struct sk_prefix){.addr = addr, .bits = addr.family == 4 ? 32 : 128};
	enum sk_err err = sk_guard_add(own->guard, sk_prefix_format(&prefix, text), "targets: an address of our own", NULL);
	own->err = own->err == SK_OK ? err : own->err;
}

static enum sk_err take_protected(const struct sk_settings *s, struct sk_guard *guard, struct sk_fault *fault)
{
	char element[SK_SETTING_KEY_MAX];
	SK_TRY(take_list(s, "own", guard, fault));
	SK_TRY(take_list(s, "allow", guard, fault));
	for (size_t i = 0; i < sk_settings_count(s, "allow_files"); i++) {
		(void)snprintf(element, sizeof element, "allow_files[%zu]", i);
		SK_TRY(take_file(s, element, sk_settings_text(s, element, ""), guard, fault));
	}
	struct own own = {.guard = guard};
	sk_settings_each(s, "targets", take_own_address, &own);
	return own.err == SK_OK ? SK_OK : sk_settings_fault(s, "targets", fault, "out of memory");
}

/* ---- targets ---- */

static enum sk_err take_measures(const struct sk_settings *s, struct sk_enforcer_target *target, struct sk_fault *fault)
{
	char element[SK_SETTING_KEY_MAX];
	size_t count = sk_settings_count(s, "measures");
	target->measures = count == 0 ? target->backend->measures : 0;
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(element, sizeof element, "measures[%zu]", i);
		const char *word = sk_settings_text(s, element, "");
		uint32_t bit = 0;
		SK_TRY(sk_forbidden_check(word, fault));
		for (unsigned m = 0; m < SK_MEASURE_COUNT; m++)
			if (strcmp(sk_measure_name((enum sk_measure)m), word) == 0)
				bit = 1U << m;
		if ((bit & target->backend->measures) == 0)
			return sk_settings_fault(s, element, fault, "'%s' is no measure that the backend %s carries", word, target->backend->name);
		target->measures |= bit;
	}
	return SK_OK;
}

static enum sk_err take_target(struct sk_enforcer_conf *conf, const struct sk_settings *top, size_t i, sk_backend_finder find, struct sk_fault *fault)
{
	struct sk_enforcer_target *target = &conf->targets[i];
	const char *backend;
	char key[SK_SETTING_KEY_MAX];
	(void)snprintf(key, sizeof key, "targets[%zu]", i);
	if (!sk_settings_below(top, "targets", (int)i, &target->settings))
		return sk_settings_fault(top, key, fault, "expected a map of keys");
	SK_TRY(take_word(&target->settings, "name", NULL, target->name, fault));
	for (size_t other = 0; other < i; other++)
		if (strcmp(conf->targets[other].name, target->name) == 0)
			return sk_settings_fault(&target->settings, "name", fault, "'%s' stands twice", target->name);
	SK_TRY(sk_settings_need(&target->settings, "backend", &backend, fault));
	SK_TRY(sk_forbidden_check(backend, fault));
	target->backend = find(backend);
	if (target->backend == NULL)
		return sk_settings_fault(&target->settings, "backend", fault, "'%s' is no backend; `sekisho measures backends` lists them", backend);
	return take_measures(&target->settings, target, fault);
}

static enum sk_err take_all(struct sk_enforcer_conf *conf, sk_backend_finder find, struct sk_fault *fault)
{
	const struct sk_settings top = {.file = conf->file};
	const char *centre;
	SK_TRY(sk_settings_keys_allowed(conf->file, fault));
	SK_TRY(take_path(&top, "folder", conf->folder, fault));
	SK_TRY(take_path(&top, "inbox", conf->inbox, fault));
	SK_TRY(take_word(&top, "user", "sekisho-enforcer", conf->user, fault));
	SK_TRY(take_word(&top, "group", "sekisho-enforcer", conf->group, fault));
	SK_TRY(sk_settings_need(&top, "centre", &centre, fault));
	if (sk_verify_key_parse(centre, &conf->centre) != SK_OK)
		return sk_settings_fault(&top, "centre", fault, "expected the centre's verifier key, NAME+ID+BASE64");
	for (unsigned i = 0; i < SK_LEVEL_COUNT; i++) {
		char key[SK_SETTING_KEY_MAX];
		(void)snprintf(key, sizeof key, "quorum.%s", sk_level_name((enum sk_level)i));
		SK_TRY(take_quorum(&top, key, conf->quorum[i], fault));
	}
	SK_TRY(sk_settings_time(&top, "poll", second / 20, 60 * second, second, &conf->poll_ns, fault));
	SK_TRY(sk_settings_time(&top, "watch", second / 2, 24 * 3600 * second, 60 * second, &conf->watch_ns, fault));
	SK_TRY(sk_settings_time(&top, "report", second, 7 * 86400 * second, 86400 * second, &conf->report_ns, fault));
	SK_TRY(sk_settings_time(&top, "canary", 0, 3600 * second, 0, &conf->canary_ns, fault));
	SK_TRY(sk_settings_time(&top, "effect", second, 600 * second, 30 * second, &conf->effect_ns, fault));
	SK_TRY(sk_settings_time(&top, "give_up", second, 86400 * second, 600 * second, &conf->give_up_ns, fault));
	SK_TRY(take_protected(&top, conf->guard, fault));
	conf->target_count = sk_settings_count(&top, "targets");
	if (conf->target_count == 0 || conf->target_count > SK_ENFORCER_TARGETS_MAX)
		return sk_settings_fault(&top, "targets", fault, "expected a list of 1 to %d targets", SK_ENFORCER_TARGETS_MAX);
	for (size_t i = 0; i < conf->target_count; i++)
		SK_TRY(take_target(conf, &top, i, find, fault));
	return SK_OK;
}

enum sk_err sk_enforcer_conf_read(const char *path, sk_backend_finder find, struct sk_enforcer_conf *out, struct sk_fault *fault)
{
	struct sk_buf text;
	*out = (struct sk_enforcer_conf){0};
	sk_buf_init(&text, SK_SETTINGS_BYTES_MAX);
	enum sk_err err = sk_file_read(path, &text, fault);
	if (err == SK_OK)
		err = sk_settings_parse(path, sk_buf_text(&text), text.length, &out->file, fault);
	sk_buf_fini(&text);
	if (err == SK_OK) {
		err = sk_guard_new(&out->guard);
		if (err != SK_OK)
			(void)sk_fault_set(fault, err, "%s: the list of public suffixes cannot be opened; install publicsuffix or libpsl5", path);
	}
	return err == SK_OK ? take_all(out, find, fault) : err;
}

void sk_enforcer_conf_fini(struct sk_enforcer_conf *conf)
{
	sk_guard_free(conf->guard);
	sk_settings_free(conf->file);
	*conf = (struct sk_enforcer_conf){0};
}
