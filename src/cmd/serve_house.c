/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/serve_house.h"

#include <stdio.h>
#include <string.h>

#include "cmd/look_book.h"
#include "cmd/serve_reports.h"

/* ---- what changed: by whomever, from a page or a terminal ---- */

static void add_news(struct sk_serve_house *house, const char *type, const char *id)
{
	for (size_t i = 0; i < house->news_count; i++)
		if (strcmp(house->news[i].type, type) == 0 && strcmp(house->news[i].id, id) == 0)
			return;
	house->news_lost |= house->news_count == SK_SERVE_NEWS_MAX;
	if (house->news_count == SK_SERVE_NEWS_MAX)
		return;
	struct sk_serve_news *news = &house->news[house->news_count++];
	news->type = type;
	memcpy(news->id, id, strlen(id) + 1);
}

/* Steps of an order after which something else stands in the network, or is known to. */
static bool is_of_measure(const char *event)
{
	static const char *const events[] = {"stage", "set", "fail", "receipt", "extend", "expire", "lapse", "end", "halt", "undone"};
	for (size_t i = 0; i < SK_COUNT(events); i++)
		if (strcmp(events[i], event) == 0)
			return true;
	return false;
}

static enum sk_err take_act(void *context, const struct sk_entry *entry, struct sk_fault *fault)
{
	struct sk_serve_house *house = context;
	static const char *const types[] = {"case", "report", "order"};
	(void)fault;
	house->told_leaf = entry->leaf + 1;
	for (size_t i = 0; i < SK_COUNT(types) && house->known; i++)
		if (strcmp(types[i], entry->act.matter) == 0)
			add_news(house, types[i], entry->act.id);
	if (house->known && strcmp(entry->act.matter, "order") == 0 && is_of_measure(entry->act.event))
		add_news(house, "measure", entry->act.id);
	return SK_OK;
}

/* Acts behind those that were told. The first time nothing is news. An act that does not agree with its leaf is told of by whoever opens it. */
static void take_news(struct sk_serve_house *house, struct sk_docket *docket)
{
	struct sk_fault unused;
	(void)!sk_docket_walk(docket, NULL, NULL, house->told_leaf, take_act, house, &unused);
	house->known = true;
}

void sk_serve_house_tell(struct sk_serve_house *house, void (*tell)(void *context, const char *type, const char *json), void *context)
{
	char json[SK_MATTER_ID_MAX + 16];
	(void)pthread_mutex_lock(&house->lock);
	for (size_t i = 0; i < house->news_count; i++) {
		/* An id is one word of printable ASCII; whatever is more than a name goes without. */
		bool plain = strspn(house->news[i].id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:@+-") == strlen(house->news[i].id);
		(void)snprintf(json, sizeof json, "{\"id\":\"%s\"}", plain ? house->news[i].id : "");
		tell(context, house->news[i].type, json);
	}
	if (house->news_lost)
		tell(context, "lost", "{}");
	house->news_count = 0;
	house->news_lost = false;
	(void)pthread_mutex_unlock(&house->lock);
}

static void let_go(struct sk_serve_house *house)
{
	sk_access_close(house->access);
	house->access = NULL;
	if (house->follows)
		sk_centre_close(&house->centre);
	house->follows = false;
}

/* Whoever has read a head does not take another beginning for the same log later, also where all had to be read once more. */
static enum sk_err goes_on(const struct sk_serve_house *house, struct sk_fault *fault)
{
	char folder[SK_PATH_MAX];
	uint8_t root[SK_HASH_BYTES];
	const struct sk_checkpoint *seen = &house->seen, *head = &house->centre.head;
	if (seen->size == 0)
		return SK_OK;
	if (head->size >= seen->size)
		SK_TRY(sk_ledger_root_at(sk_centre_path(&house->centre, "ledger", folder), head->size, seen->size, root, fault));
	if (head->size >= seen->size && memcmp(root, seen->root, sizeof root) == 0)
		return SK_OK;
	return sk_fault_set(fault, SK_EINCONSISTENT, "%s: the centre's ledger does not go on from the %llu entries that were read before: it was rewritten or put back; sekisho centre check",
			    house->house.folder, (unsigned long long)seen->size);
}

/* The public half of the centre's key, which the ledger's head is checked with, is read from the key's file: the secret half is in memory for that moment, and wiped. */
static enum sk_err begin_anew(struct sk_serve_house *house, struct sk_fault *fault)
{
	SK_TRY(sk_centre_open(house->house.folder, false, &house->centre, fault));
	house->follows = true;
	SK_TRY(goes_on(house, fault));
	return sk_access_open(house->centre.docket, &house->access, fault);
}

/* Looks alone make the ledger grow each second: what is done for it grows with what came, not with the ledger. */
static enum sk_err keep_up(struct sk_serve_house *house, struct sk_fault *fault)
{
	uint64_t from;
	enum sk_err err = house->follows ? sk_centre_follow(&house->centre, &from, fault) : SK_ENOENT;
	if (err == SK_OK)
		err = sk_access_follow(house->access, house->centre.docket, from, fault);
	if (err != SK_OK) {
		let_go(house);
		err = begin_anew(house, fault);
	}
	if (err != SK_OK)
		let_go(house);
	else
		house->seen = house->centre.head;
	return err;
}

static enum sk_err open_register(void *context, struct sk_access **out, struct sk_fault *fault)
{
	struct sk_serve_house *house = context;
	struct sk_access *second;
	struct sk_fault unused;
	*out = NULL;
	(void)pthread_mutex_lock(&house->lock);
	enum sk_err err = keep_up(house, fault);
	if (err == SK_OK)
		err = sk_access_copy(house->access, out, fault);
	if (err == SK_OK && sk_access_copy(house->access, &second, &unused) == SK_OK)
		sk_serve_cases_rights(&house->cases, second);
	if (err == SK_OK)
		take_news(house, house->centre.docket);
	(void)pthread_mutex_unlock(&house->lock);
	return err;
}

/* What a page shows may be of every workspace that it was given: the scope is all of them. */
static enum sk_err look(void *context, const struct sk_person *who, const char *purpose, const char *row, const char *what, int64_t now_ns, struct sk_fault *fault)
{
	const struct sk_serve_house *house = context;
	return sk_look_book_add(house->book, who, purpose, row, "*", what, now_ns, fault);
}

enum sk_err sk_serve_house_open(struct sk_cmd *cmd, struct sk_serve_house *out, struct sk_fault *fault)
{
	struct sk_centre centre;
	SK_TRY(sk_centre_open(out->house.folder, false, &centre, fault));
	memcpy(out->origin, centre.origin, sizeof out->origin);
	(void)pthread_mutex_init(&out->lock, NULL);
	out->cmd = cmd;
	out->house.origin = out->origin;
	out->house.profile = sk_profile_name(centre.profile);
	out->house.simulated = centre.simulated;
	out->house.version = SK_VERSION;
	out->house.clock = cmd->clock;
	out->house.context = out;
	out->house.open_register = open_register;
	enum sk_err err = sk_serve_cases_init(&out->cases, out->house.folder, &out->house.clock);
	out->house.cases = &out->cases.shelf;
	err = err == SK_OK ? sk_look_book_open(centre.folder, &out->book, fault) : sk_fault_set(fault, err, "%s: the path is too long", out->house.folder);
	out->house.look = look;
	sk_centre_close(&centre);
	SK_TRY(err);
	struct sk_web_reports *reports;
	SK_TRY(sk_serve_reports_new(cmd, out->house.folder, &reports, fault));
	out->house.reports = reports;
	return SK_OK;
}

enum sk_err sk_serve_house_looks(struct sk_serve_house *house, struct sk_fault *fault)
{
	SK_TRY(sk_serve_looks_open(house->cmd, &house->house, &house->looks, fault));
	house->house.looks = (void *)(uintptr_t)sk_serve_looks_face(house->looks);
	return SK_OK;
}

void sk_serve_house_warm(struct sk_serve_house *house)
{
	const struct sk_web_looks *looks = house->house.looks;
	const struct sk_case_shelf *shelf = house->house.cases;
	int64_t now_ns = house->house.clock.unix_ns(house->house.clock.context);
	struct sk_fault unused;
	struct sk_store *store;
	struct sk_cases *cases;
	struct sk_access *access;
	for (size_t i = 0; looks != NULL && i < house->house.workspace_count; i++)
		if (looks->take(looks->context, i, now_ns, &store, &unused) == SK_OK)
			looks->give_back(looks->context, i, store);
	if (shelf != NULL && shelf->take(shelf->context, &cases, &access, &unused) == SK_OK)
		shelf->give(shelf->context);
	sk_serve_reports_warm(house->house.reports, now_ns);
}

void sk_serve_house_close(struct sk_serve_house *house)
{
	sk_serve_reports_free(house->house.reports);
	house->house.reports = NULL;
	house->house.look = NULL;
	house->house.looks = NULL;
	sk_serve_looks_close(house->looks);
	house->looks = NULL;
	sk_book_close(house->book);
	house->book = NULL;
	if (house->house.cases != NULL)
		sk_serve_cases_fini(&house->cases);
	house->house.cases = NULL;
	let_go(house);
}
