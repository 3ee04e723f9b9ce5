/* SPDX-License-Identifier: Apache-2.0 */
/* Flow specifications and blackholes in a GoBGP that the operator runs, by its own program `gobgp`. Rules live in its memory and in its sessions alone: when it ends, its
   peers withdraw them (RFC 4271, 6), and graceful restart, which would keep them, is refused. docs/enforcer-bgp.md. */
#include "target/bgp_priv.h"
#include "target/target_priv.h"

#include <stdio.h>
#include <stdlib.h>

enum { WORDS = 24, WORD = 256, PEER_LIST_MAX = 64 };

struct gobgp {
	struct sk_backend_place place;
	struct sk_bgp bgp;
	struct sk_bgp_place api;
	char peers[SK_BGP_PLACES_MAX][SK_ADDR_TEXT_MAX]; /* neighbours that must hold it, the first one first; none: every one */
	size_t peer_count;
};

/* ---- asking ---- */

enum sk_err sk_gobgp_api(const struct sk_settings *settings, const char *key, const char *value, struct sk_bgp_place *out, struct sk_fault *fault)
{
	*out = (struct sk_bgp_place){.unix_socket = strncmp(value, "unix:/", 6) == 0};
	if (snprintf(out->text, sizeof out->text, "%s", value) < (int)sizeof out->text &&
	    (out->unix_socket || (sk_peer_parse(value, &out->peer, NULL) == SK_OK && out->peer.transport == SK_PEER_TCP)))
		return SK_OK;
	return sk_settings_fault(settings, key, fault, "expected where GoBGP's API is: unix:/run/gobgp.sock, or tcp:ADDRESS:PORT");
}

/* late: its daemon did not answer within the second that the program gives it. Nothing was said then, so it can be said again. */
static enum sk_err run_gobgp(const struct sk_backend_place *place, const struct sk_bgp_place *api, const char *const *words, struct sk_buf *out, bool *late, struct sk_fault *fault)
{
	struct sk_buf err_text;
	int status = 0;
	sk_buf_init(&err_text, 4096);
	const struct sk_child child = {.words = words};
	enum sk_err err = sk_child_run(&child, out, &err_text, &status, fault);
	*late = err == SK_OK && status != 0 && strstr(sk_buf_text(out), "deadline exceeded") != NULL;
	if (err == SK_OK && (status != 0 || out->failed != SK_OK))
		err = sk_fault_set(fault, SK_ETARGET, "%s: gobgp at %s ends with %d (%.*s%s)", place->name, api->text, status, (int)strcspn(sk_buf_text(out), "\n"), sk_buf_text(out),
				   sk_buf_text(&err_text));
	sk_buf_fini(&err_text);
	return err;
}

enum sk_err sk_gobgp_ask(const struct sk_backend_place *place, const struct sk_bgp_place *api, const char *const *words, struct sk_buf *out, struct sk_fault *fault)
{
	char target[SK_BGP_PLACE_TEXT_MAX + 8], address[SK_ADDR_TEXT_MAX + 2], port[8];
	const char *all[SK_CHILD_WORDS_MAX] = {"gobgp"};
	size_t count = 1;
	if (api->unix_socket) {
		(void)snprintf(target, sizeof target, "unix://%s", api->text + strlen("unix:"));
		all[count++] = "--target";
		all[count++] = target;
	} else {
		if (place->named != NULL && place->named(place->named_context, &api->peer.addr))
			return sk_fault_set(fault, SK_EPERMIT, "%s: %s is named by a measure in force, so nothing is sent to it (rule PEER-1)", place->name, api->text);
		char text[SK_ADDR_TEXT_MAX];
		(void)snprintf(address, sizeof address, "%s", sk_addr_format(&api->peer.addr, text));
		(void)snprintf(port, sizeof port, "%u", (unsigned)api->peer.port);
		all[count++] = "-u";
		all[count++] = address;
		all[count++] = "-p";
		all[count++] = port;
	}
	for (; *words != NULL; words++) {
		SK_INVARIANT(count + 1 < SK_CHILD_WORDS_MAX);
		all[count++] = *words;
	}
	bool late = false;
	enum sk_err err = run_gobgp(place, api, all, out, &late, fault);
	if (late) {
		sk_buf_reset(out);
		err = run_gobgp(place, api, all, out, &late, fault);
	}
	return err;
}

static enum sk_err ask_rib(const struct sk_backend_place *place, const struct sk_bgp_place *api, enum sk_bgp_family family, const char *prefix, sk_bgp_take take, void *context,
			   struct sk_fault *fault)
{
	const char *const words[] = {"-j", "global", "rib", "-a", sk_bgp_family_name(family), prefix, NULL};
	struct sk_buf answer;
	sk_buf_init(&answer, SK_BGP_ANSWER_MAX);
	enum sk_err err = sk_gobgp_ask(place, api, words, &answer, fault);
	if (err == SK_OK && sk_gobgp_rib(family, answer.bytes, answer.length, take, context, fault) != SK_OK)
		err = sk_fault_set(fault, SK_ETARGET, "%s: %s: an answer that cannot be read", place->name, api->text);
	sk_buf_fini(&answer);
	return err;
}

static bool is_route(enum sk_bgp_family family)
{
	return family == SK_BGP_ROUTE4 || family == SK_BGP_ROUTE6;
}

/* What an API's table holds at the places of the items. Flow rules come as one table; of routes, which may be the whole Internet's, each place is asked for. */
static enum sk_err look(struct sk_bgp_seen *seen, const struct sk_bgp_place *api, sk_bgp_take take, struct sk_fault *fault)
{
	const struct sk_backend_place *place = seen->bgp->place;
	for (unsigned family = SK_BGP_FLOW4; family <= SK_BGP_FLOW6; family++)
		if (seen->families[family])
			SK_TRY(ask_rib(place, api, (enum sk_bgp_family)family, NULL, take, seen, fault));
	for (size_t i = 0; i < seen->want_count; i++) {
		const struct sk_bgp_rule *rule = &seen->wants[i].ours.rule;
		char text[SK_PREFIX_TEXT_MAX];
		bool asked = false;
		for (size_t k = 0; k < i; k++)
			asked = asked || sk_bgp_same_rule(rule, &seen->wants[k].ours.rule);
		if (is_route(rule->family) && !asked)
			SK_TRY(ask_rib(place, api, rule->family, sk_prefix_format(&rule->destination, text), take, seen, fault));
	}
	return SK_OK;
}

enum sk_err sk_gobgp_observe(const struct sk_bgp *bgp, const struct sk_bgp_place *api, const struct sk_item *items, size_t count, sk_effect_tell tell, void *context,
			     struct sk_fault *fault)
{
	struct sk_bgp_seen seen;
	char where[SK_WHERE_MAX];
	SK_TRY(sk_bgp_seen_init(&seen, bgp, items, count, NULL, fault));
	enum sk_err err = look(&seen, api, sk_bgp_seen_take, fault);
	(void)snprintf(where, sizeof where, "observer %s", api->text);
	if (err == SK_OK)
		sk_bgp_seen_tell(&seen, where, tell, context);
	sk_bgp_seen_fini(&seen);
	return err;
}

static enum sk_err neighbors(const struct gobgp *self, struct sk_gobgp_neighbor *out, size_t *count, struct sk_fault *fault)
{
	static const char *const words[] = {"-j", "neighbor", NULL};
	struct sk_buf answer;
	sk_buf_init(&answer, SK_BGP_ANSWER_MAX);
	enum sk_err err = sk_gobgp_ask(self->bgp.place, &self->api, words, &answer, fault);
	if (err == SK_OK && sk_gobgp_neighbors(answer.bytes, answer.length, out, PEER_LIST_MAX, count, fault) != SK_OK)
		err = SK_ETARGET;
	sk_buf_fini(&answer);
	return err;
}

/* ---- the backend ---- */

static enum sk_err read_peers(const struct sk_settings *settings, struct gobgp *self, struct sk_fault *fault)
{
	self->peer_count = sk_settings_count(settings, "peers");
	if (self->peer_count > SK_BGP_PLACES_MAX)
		return sk_settings_fault(settings, "peers", fault, "at most %d are asked", SK_BGP_PLACES_MAX);
	for (size_t i = 0; i < self->peer_count; i++) {
		char key[SK_SETTING_KEY_MAX];
		struct sk_addr address;
		(void)snprintf(key, sizeof key, "peers[%zu]", i);
		if (sk_addr_parse(sk_settings_text(settings, key, ""), &address) != SK_OK)
			return sk_settings_fault(settings, key, fault, "expected the address of a neighbour of this GoBGP");
		(void)sk_addr_format(&address, self->peers[i]);
	}
	return SK_OK;
}

static void close_gobgp(void *context)
{
	struct gobgp *self = context;
	sk_bgp_fini(&self->bgp);
	free(self);
}

static enum sk_err open_gobgp(const struct sk_backend_place *place, void **out, struct sk_fault *fault)
{
	struct gobgp *self = calloc(1, sizeof *self);
	if (self == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", place->name);
	self->place = *place;
	enum sk_err err = sk_bgp_open(&self->place, &self->bgp, fault);
	if (err == SK_OK)
		err = sk_gobgp_api(place->settings, "api", sk_settings_text(place->settings, "api", "tcp:127.0.0.1:50051"), &self->api, fault);
	if (err == SK_OK)
		err = read_peers(place->settings, self, fault);
	if (err == SK_OK)
		*out = self;
	else
		close_gobgp(self);
	return err;
}

static enum sk_err text(void *context, const struct sk_item *item, struct sk_buf *out, struct sk_fault *fault)
{
	const struct gobgp *self = context;
	return sk_bgp_text(&self->bgp, item, out, fault);
}

static const struct sk_gobgp_neighbor *find_peer(const struct sk_gobgp_neighbor *list, size_t count, const char *address)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i].address, address) == 0)
			return &list[i];
	return NULL;
}

/* Rules must die with the session that they were sent in. */
static enum sk_err check_peers(const struct gobgp *self, const struct sk_gobgp_neighbor *list, size_t count, struct sk_fault *fault)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].restarts)
			return sk_fault_set(fault, SK_EUSAGE, "%s: graceful restart is on towards %s, so rules would outlive the session; turn it off for this neighbour", self->bgp.place->name,
					    list[i].address);
	for (size_t i = 0; i < self->peer_count; i++) {
		const struct sk_gobgp_neighbor *peer = find_peer(list, count, self->peers[i]);
		if (peer == NULL || !peer->established)
			return sk_fault_set(fault, SK_ETARGET, "%s: %s with %s", self->bgp.place->name, peer == NULL ? "there is no neighbour" : "the session is not up", self->peers[i]);
	}
	return SK_OK;
}

/* What a neighbour announces already is not announced against it. */
static enum sk_err check_others(const struct sk_bgp_seen *seen, struct sk_fault *fault)
{
	for (size_t i = 0; i < seen->want_count; i++)
		if (seen->wants[i].others)
			return sk_fault_set(fault, SK_EUSAGE, "%s: a neighbour announces a rule at the place of %s; agree with its operator first", seen->bgp->place->name,
					    seen->items[seen->wants[i].item].target);
	return SK_OK;
}

static enum sk_err check(void *context, const struct sk_item *items, size_t count, struct sk_fault *fault)
{
	const struct gobgp *self = context;
	struct sk_gobgp_neighbor list[PEER_LIST_MAX];
	struct sk_bgp_seen seen;
	size_t listed = 0;
	SK_TRY(sk_bgp_allowed(&self->bgp, items, count, fault));
	struct sk_buf *texts = calloc(count, sizeof *texts);
	if (texts == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", self->bgp.place->name);
	enum sk_err err = sk_bgp_seen_init(&seen, &self->bgp, items, count, texts, fault);
	if (err != SK_OK) {
		free(texts);
		return err;
	}
	for (size_t i = 0; i < count; i++)
		sk_buf_init(&texts[i], SK_BGP_ANSWER_MAX);
	err = neighbors(self, list, &listed, fault);
	if (err == SK_OK)
		err = check_peers(self, list, listed, fault);
	for (unsigned family = 0; err == SK_OK && family < SK_BGP_FAMILY_COUNT; family++) {
		bool takes = !seen.families[family];
		for (size_t i = 0; i < listed; i++)
			takes = takes || (list[i].established && list[i].family[family]);
		if (!takes)
			err = sk_fault_set(fault, SK_ETARGET, "%s: no neighbour with a session takes %s", self->bgp.place->name, sk_bgp_family_name((enum sk_bgp_family)family));
	}
	if (err == SK_OK)
		err = look(&seen, &self->api, sk_bgp_seen_take, fault);
	if (err == SK_OK)
		err = check_others(&seen, fault);
	for (size_t i = 0; i < count; i++)
		sk_buf_fini(&texts[i]);
	free(texts);
	sk_bgp_seen_fini(&seen);
	return err;
}

static enum sk_err read_items(void *context, const struct sk_item *items, size_t count, struct sk_buf *texts, struct sk_fault *fault)
{
	struct gobgp *self = context;
	struct sk_bgp_seen seen;
	SK_TRY(sk_bgp_seen_init(&seen, &self->bgp, items, count, texts, fault));
	enum sk_err err = look(&seen, &self->api, sk_bgp_seen_take, fault);
	sk_bgp_seen_fini(&seen);
	for (size_t i = 0; err == SK_OK && i < count; i++)
		err = sk_sort_lines(&texts[i], 0);
	return err;
}

/* The words of gobgp for a path: global rib -a FAMILY add|del ... */
struct words {
	const char *word[WORDS];
	char room[WORDS][WORD];
	size_t count;
};

static void say(struct words *words, const char *text)
{
	SK_INVARIANT(words->count + 1 < WORDS && strlen(text) < WORD);
	(void)snprintf(words->room[words->count], WORD, "%s", text);
	words->word[words->count] = words->room[words->count];
	words->word[++words->count] = NULL;
}

static void say_rule(struct words *words, const struct sk_bgp_rule *rule, const char *verb)
{
	char text[SK_PREFIX_TEXT_MAX];
	static const char *const first[] = {"global", "rib", "-a"};
	*words = (struct words){.count = 0};
	for (size_t i = 0; i < SK_COUNT(first); i++)
		say(words, first[i]);
	say(words, sk_bgp_family_name(rule->family));
	say(words, verb);
	if (is_route(rule->family)) {
		say(words, sk_prefix_format(&rule->destination, text));
		return;
	}
	say(words, "match");
	say(words, "destination");
	say(words, sk_prefix_format(&rule->destination, text));
	if (rule->source.addr.family != 0) {
		say(words, "source");
		say(words, sk_prefix_format(&rule->source, text));
	}
}

static void say_attributes(struct words *words, const struct sk_bgp_path *path)
{
	char text[WORD];
	int length = 0;
	if (path->rated) {
		say(words, "then");
		say(words, path->rate > 0 ? "rate-limit" : "discard");
		(void)snprintf(text, sizeof text, "%.0f", (double)path->rate);
		if (path->rate > 0)
			say(words, text);
	} else {
		say(words, "nexthop");
		say(words, sk_addr_format(&path->next_hop, text));
	}
	for (size_t i = 0; i < path->community_count; i++)
		length += snprintf(text + length, sizeof text - (size_t)length, "%s%u:%u", i == 0 ? "" : ",", path->communities[i] >> 16, path->communities[i] & 0xffff);
	if (length != 0) {
		say(words, "community");
		say(words, text);
	}
	(void)snprintf(text, sizeof text, "%u:%u:%u", path->larges[0].value[0], path->larges[0].value[1], path->larges[0].value[2]);
	say(words, "large-community");
	say(words, text);
}

static enum sk_err tell_speaker(const struct gobgp *self, const struct words *words, struct sk_fault *fault)
{
	struct sk_buf answer;
	sk_buf_init(&answer, 1 << 16);
	enum sk_err err = sk_gobgp_ask(self->bgp.place, &self->api, words->word, &answer, fault);
	sk_buf_fini(&answer);
	return err;
}

static enum sk_err set(void *context, const struct sk_item *items, size_t count, struct sk_fault *fault)
{
	struct gobgp *self = context;
	struct sk_bgp_seen seen;
	struct words words;
	SK_TRY(sk_bgp_allowed(&self->bgp, items, count, fault));
	SK_TRY(sk_bgp_seen_init(&seen, &self->bgp, items, count, NULL, fault));
	enum sk_err err = sk_bgp_held_add(&self->bgp, items, count, fault);
	for (size_t i = 0; err == SK_OK && i < seen.want_count; i++) {
		say_rule(&words, &seen.wants[i].ours.rule, "add");
		say_attributes(&words, &seen.wants[i].ours);
		err = tell_speaker(self, &words, fault);
	}
	sk_bgp_seen_fini(&seen);
	return err;
}

/* GoBGP forgets a route by its place, whatever stands there: so what stands there is looked at first. rule: BGP-2 */
static enum sk_err clear(void *context, const struct sk_item *items, size_t count, struct sk_fault *fault)
{
	struct gobgp *self = context;
	struct sk_bgp_seen seen;
	struct words words;
	SK_TRY(sk_bgp_seen_init(&seen, &self->bgp, items, count, NULL, fault));
	enum sk_err err = look(&seen, &self->api, sk_bgp_take_exact, fault);
	for (size_t i = 0; err == SK_OK && i < seen.want_count; i++) {
		if (!seen.wants[i].held)
			continue;
		say_rule(&words, &seen.wants[i].ours.rule, "del");
		err = tell_speaker(self, &words, fault);
	}
	sk_bgp_seen_fini(&seen);
	return err != SK_OK ? err : sk_bgp_held_drop(&self->bgp, items, count, fault);
}

static enum sk_err turn(void *context, struct sk_fault *fault)
{
	struct gobgp *self = context;
	return sk_bgp_turn(&self->bgp, self, clear, fault);
}

/* ---- effect ---- */

/* What was sent to a neighbour whose session is up. */
static enum sk_err effect_at(const struct gobgp *self, struct sk_bgp_seen *seen, const struct sk_gobgp_neighbor *peer, sk_effect_tell tell, void *context, struct sk_fault *fault)
{
	char where[SK_WHERE_MAX];
	enum sk_err err = SK_OK;
	for (unsigned family = 0; err == SK_OK && peer->established && family < SK_BGP_FAMILY_COUNT; family++) {
		const char *const words[] = {"-j", "neighbor", peer->address, "adj-out", "-a", sk_bgp_family_name((enum sk_bgp_family)family), NULL};
		struct sk_buf answer;
		if (!seen->families[family] || !peer->family[family])
			continue;
		sk_buf_init(&answer, SK_BGP_ANSWER_MAX);
		err = sk_gobgp_ask(self->bgp.place, &self->api, words, &answer, fault);
		if (err == SK_OK && sk_gobgp_rib((enum sk_bgp_family)family, answer.bytes, answer.length, sk_bgp_seen_take, seen, fault) != SK_OK)
			err = SK_ETARGET;
		sk_buf_fini(&answer);
	}
	(void)snprintf(where, sizeof where, "neighbour %s%s", peer->address, peer->established ? ", sent" : ", no session");
	if (err == SK_OK)
		sk_bgp_seen_tell(seen, where, tell, context);
	return err;
}

static enum sk_err effect_at_peers(const struct gobgp *self, const struct sk_item *items, size_t count, enum sk_reach reach, sk_effect_tell tell, void *context,
				   struct sk_fault *fault)
{
	struct sk_gobgp_neighbor list[PEER_LIST_MAX];
	struct sk_bgp_seen seen;
	size_t listed = 0;
	SK_TRY(neighbors(self, list, &listed, fault));
	size_t places = self->peer_count != 0 ? self->peer_count : listed;
	if (places == 0)
		return sk_fault_set(fault, SK_ETARGET, "%s: GoBGP has no neighbour", self->bgp.place->name);
	SK_TRY(sk_bgp_seen_init(&seen, &self->bgp, items, count, NULL, fault));
	enum sk_err err = SK_OK;
	for (size_t i = 0; err == SK_OK && i < (reach == SK_REACH_CANARY ? 1 : places); i++) {
		struct sk_gobgp_neighbor absent = {.established = false};
		const struct sk_gobgp_neighbor *peer = self->peer_count != 0 ? find_peer(list, listed, self->peers[i]) : &list[i];
		if (peer == NULL) {
			(void)snprintf(absent.address, sizeof absent.address, "%s", self->peers[i]);
			peer = &absent;
		}
		err = effect_at(self, &seen, peer, tell, context, fault);
	}
	sk_bgp_seen_fini(&seen);
	return err;
}

/* An observer's table is better than what we sent: it shows what arrived. */
static enum sk_err effect(void *context, const struct sk_item *items, size_t count, enum sk_reach reach, sk_effect_tell tell, void *tell_context, struct sk_fault *fault)
{
	const struct gobgp *self = context;
	for (size_t i = 0; i < self->bgp.observer_count; i++) {
		SK_TRY(sk_gobgp_observe(&self->bgp, &self->bgp.observers[i], items, count, tell, tell_context, fault));
		if (reach == SK_REACH_CANARY)
			return SK_OK;
	}
	if (self->bgp.observer_count != 0 && self->peer_count == 0)
		return SK_OK;
	return effect_at_peers(self, items, count, reach, tell, tell_context, fault);
}

/* ---- state ---- */

static enum sk_err state(void *context, struct sk_buf *out, struct sk_fault *fault)
{
	const struct gobgp *self = context;
	struct sk_bgp_state all = {.bgp = &self->bgp, .out = out};
	size_t from = out->length;
	for (unsigned family = 0; family < SK_BGP_FAMILY_COUNT; family++)
		if (self->bgp.rtbh || !is_route((enum sk_bgp_family)family))
			SK_TRY(ask_rib(self->bgp.place, &self->api, (enum sk_bgp_family)family, NULL, sk_bgp_take_state, &all, fault));
	return sk_sort_lines(out, from);
}

const struct sk_backend sk_backend_gobgp = {
	.name = "gobgp",
	.measures = 1u << SK_MEASURE_FLOWSPEC | 1u << SK_MEASURE_RTBH,
	.forgets = false,
	.tagged = true,
	.sentence = "flow specifications and blackholes, announced by a GoBGP of yours",
	.open = open_gobgp,
	.close = close_gobgp,
	.text = text,
	.check = check,
	.read = read_items,
	.set = set,
	.clear = clear,
	.effect = effect,
	.state = state,
	.turn = turn,
};
