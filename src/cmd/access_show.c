/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho access: listings, the table of LAW.md 3, and a verdict without doing anything. */
#include <inttypes.h>
#include <stdio.h>

#include "access/list.h"
#include "cmd/access.h"
#include "text/text.h"

enum { OUT_MAX = 64 << 20 };

struct listing {
	const struct sk_access_args *args;
	struct sk_buf out;
	struct sk_json_writer json;
	int64_t now_ns;
	bool keys;
};

static enum sk_err start(const struct sk_access_args *args, struct sk_register *reg, struct listing *listing, struct sk_fault *fault)
{
	SK_TRY(sk_register_open(args, false, reg, fault));
	*listing = (struct listing){.args = args, .now_ns = reg->now_ns};
	sk_buf_init(&listing->out, OUT_MAX);
	sk_json_begin(&listing->json, &listing->out, false);
	if (args->json)
		sk_json_array(&listing->json, NULL);
	return SK_OK;
}

static int stop(struct sk_register *reg, struct listing *listing)
{
	if (listing->args->json)
		sk_json_end(&listing->json);
	sk_register_close(reg);
	if (listing->out.length == 0)
		sk_buf_add_text(&listing->out, "none");
	else if (!listing->args->json && listing->out.bytes[listing->out.length - 1] == '\n')
		listing->out.bytes[--listing->out.length] = '\0';
	return sk_access_print(listing->args, &listing->out);
}

static void json_time(struct listing *listing, const char *key, int64_t ns)
{
	char text[SK_TIME_TEXT_MAX];
	if (ns == INT64_MAX || ns == 0)
		sk_json_null(&listing->json, key);
	else
		sk_json_text(&listing->json, key, sk_time_format(ns, 0, text));
}

/* ---- organisations ---- */

static void show_org(void *context, const struct sk_org_view *org)
{
	struct listing *listing = context;
	if (listing->args->json) {
		sk_json_object(&listing->json, NULL);
		sk_json_text(&listing->json, "id", org->id);
		sk_json_text(&listing->json, "kind", sk_org_kind_name(org->kind));
		sk_json_text(&listing->json, "title", org->title);
		sk_json_bool(&listing->json, "host", org->host);
		sk_json_bool(&listing->json, "member", org->member);
		sk_json_bool(&listing->json, "may_hold_g1", sk_org_kind_g1(org->kind));
		json_time(listing, "since", org->from_ns);
		sk_json_end(&listing->json);
		return;
	}
	sk_buf_addf(&listing->out, "%-20s %-16s %s%s%s  ", org->id, sk_org_kind_name(org->kind), sk_org_kind_g1(org->kind) ? "may hold G1" : "never G1   ",
		    org->host ? ", host" : "", org->member ? ", member of the council" : "");
	sk_escape_line(&listing->out, org->title, strlen(org->title));
	sk_buf_add_text(&listing->out, "\n");
}

int sk_access_list_orgs(const struct sk_access_args *args)
{
	struct sk_register reg;
	struct listing listing;
	struct sk_fault fault = {0};
	if (start(args, &reg, &listing, &fault) != SK_OK)
		return sk_cmd_fail(args->cmd, &fault);
	sk_access_each_org(reg.access, show_org, &listing);
	return stop(&reg, &listing);
}

/* ---- accounts and keys ---- */

static void json_account(struct listing *listing, const struct sk_account_view *account)
{
	struct sk_json_writer *json = &listing->json;
	char text[SK_VKEY_TEXT_MAX];
	sk_json_object(json, NULL);
	sk_json_text(json, "id", account->id);
	sk_json_text(json, "org", account->org);
	sk_json_text(json, "kind", sk_org_kind_name(account->kind));
	sk_json_text(json, "title", account->title);
	sk_json_array(json, "roles");
	for (size_t i = 0; i < SK_PERSON_ROLE_COUNT; i++)
		if ((account->roles >> i & 1) != 0)
			sk_json_text(json, NULL, sk_person_role_name((enum sk_person_role)i));
	sk_json_end(json);
	json_time(listing, "since", account->from_ns);
	json_time(listing, "closed", account->until_ns);
	sk_json_array(json, "keys");
	for (size_t i = 0; i < account->key_count; i++) {
		sk_json_object(json, NULL);
		sk_json_text(json, "key", sk_verify_key_format(account->keys[i].key, text));
		json_time(listing, "since", account->keys[i].from_ns);
		json_time(listing, "revoked", account->keys[i].until_ns);
		sk_json_end(json);
	}
	sk_json_end(json);
	sk_json_end(json);
}

static void show_account(void *context, const struct sk_account_view *account)
{
	struct listing *listing = context;
	char text[SK_VKEY_TEXT_MAX], when[SK_TIME_TEXT_MAX];
	bool first = true;
	if (listing->args->json) {
		json_account(listing, account);
		return;
	}
	if (listing->keys) {
		for (size_t i = 0; i < account->key_count; i++)
			sk_buf_addf(&listing->out, "%-20s %-8s %s\n", account->id, account->keys[i].until_ns == INT64_MAX ? "in force" : "revoked",
				    sk_verify_key_format(account->keys[i].key, text));
		return;
	}
	sk_buf_addf(&listing->out, "%-20s %-14s ", account->id, account->org);
	for (size_t i = 0; i < SK_PERSON_ROLE_COUNT; i++)
		if ((account->roles >> i & 1) != 0) {
			sk_buf_addf(&listing->out, "%s%s", first ? "" : ",", sk_person_role_name((enum sk_person_role)i));
			first = false;
		}
	if (account->until_ns != INT64_MAX)
		sk_buf_addf(&listing->out, "closed %s", sk_time_format(account->until_ns, 0, when));
	else if (first)
		sk_buf_add_text(&listing->out, "(no role)");
	sk_buf_add_text(&listing->out, "\n");
}

static int list_accounts(const struct sk_access_args *args, bool keys)
{
	struct sk_register reg;
	struct listing listing;
	struct sk_fault fault = {0};
	if (start(args, &reg, &listing, &fault) != SK_OK)
		return sk_cmd_fail(args->cmd, &fault);
	listing.keys = keys;
	sk_access_each_account(reg.access, reg.now_ns, show_account, &listing);
	return stop(&reg, &listing);
}

int sk_access_list_accounts(const struct sk_access_args *args)
{
	return list_accounts(args, false);
}

int sk_access_list_keys(const struct sk_access_args *args)
{
	return list_accounts(args, true);
}

/* ---- leases ---- */

static void show_lease(void *context, const struct sk_lease_view *lease)
{
	struct listing *listing = context;
	char when[SK_TIME_TEXT_MAX];
	if (listing->args->json) {
		sk_json_object(&listing->json, NULL);
		sk_json_text(&listing->json, "id", lease->id);
		sk_json_text(&listing->json, "account", lease->account);
		sk_json_text(&listing->json, "activity", lease->activity);
		sk_json_text(&listing->json, "scope", lease->scope);
		sk_json_text(&listing->json, "state", lease->state);
		sk_json_text(&listing->json, "granter", lease->granter);
		sk_json_i64(&listing->json, "seconds", lease->asked_s);
		json_time(listing, "granted", lease->granted_ns);
		json_time(listing, "until", lease->until_ns);
		sk_json_u64(&listing->json, "uses", lease->uses);
		sk_json_end(&listing->json);
		return;
	}
	sk_buf_addf(&listing->out, "%-18s %-10s %-16s %-14s ", lease->id, lease->state, lease->account, lease->activity);
	if (lease->until_ns != 0)
		sk_buf_addf(&listing->out, "until %s by %s  ", sk_time_format(lease->until_ns, 0, when), lease->granter);
	else
		sk_buf_addf(&listing->out, "for %" PRId64 " s  ", lease->asked_s);
	sk_escape_line(&listing->out, lease->scope, strlen(lease->scope));
	sk_buf_add_text(&listing->out, "\n");
}

int sk_access_list_leases(const struct sk_access_args *args)
{
	struct sk_register reg;
	struct listing listing;
	struct sk_fault fault = {0};
	if (start(args, &reg, &listing, &fault) != SK_OK)
		return sk_cmd_fail(args->cmd, &fault);
	sk_access_each_lease(reg.access, reg.now_ns, show_lease, &listing);
	return stop(&reg, &listing);
}

/* ---- verdicts ---- */

struct find {
	const char *id;
	struct sk_person person;
	bool found;
};

static void find_account(void *context, const struct sk_account_view *account)
{
	struct find *find = context;
	if (strcmp(account->id, find->id) != 0 || account->until_ns != INT64_MAX)
		return;
	find->found = true;
	find->person = (struct sk_person){.roles = account->roles, .kind = account->kind, .oversight = account->kind == SK_ORG_OVERSIGHT};
	(void)snprintf(find->person.account, sizeof find->person.account, "%s", account->id);
	(void)snprintf(find->person.org, sizeof find->person.org, "%s", account->org);
}

/* Every word that the account may, and what stands behind the letters of its cell. */
static int list_duties(const struct sk_access_args *args)
{
	struct sk_register reg;
	struct sk_fault fault = {0};
	struct sk_buf out;
	struct sk_json_writer json;
	const char *row, *word;
	struct find find = {.id = args->words[0]};
	if (sk_register_open(args, false, &reg, &fault) != SK_OK)
		return sk_cmd_fail(args->cmd, &fault);
	sk_access_each_account(reg.access, reg.now_ns, find_account, &find);
	sk_buf_init(&out, OUT_MAX);
	sk_json_begin(&json, &out, false);
	if (args->json)
		sk_json_array(&json, NULL);
	for (size_t i = 0; find.found && (word = sk_duty_word(i, &row)) != NULL; i++) {
		if (sk_access_may(reg.access, &find.person, word, reg.now_ns, &fault) != SK_OK)
			continue;
		if (args->json)
			sk_json_text(&json, NULL, word);
		else
			sk_buf_addf(&out, "%s%-28s %s", out.length != 0 ? "\n" : "", word, sk_access_condition(&find.person, word));
	}
	if (args->json)
		sk_json_end(&json);
	sk_register_close(&reg);
	if (!find.found) {
		sk_buf_fini(&out);
		(void)sk_fault_set(&fault, SK_ENOENT, "%s: no such account, or it is closed", args->words[0]);
		return sk_cmd_fail(args->cmd, &fault);
	}
	if (out.length == 0)
		sk_buf_add_text(&out, "nothing");
	return sk_access_print(args, &out);
}

int sk_access_may_cmd(const struct sk_access_args *args)
{
	struct sk_register reg;
	struct sk_fault fault = {0};
	if (args->word_count == 1)
		return list_duties(args);
	if (args->word_count != 2)
		return sk_access_usage(args, "may: expected ACCOUNT [ACTIVITY]");
	struct find find = {.id = args->words[0]};
	enum sk_err err = sk_register_open(args, false, &reg, &fault);
	if (err != SK_OK)
		return sk_cmd_fail(args->cmd, &fault);
	sk_access_each_account(reg.access, reg.now_ns, find_account, &find);
	err = find.found ? sk_access_may(reg.access, &find.person, args->words[1], reg.now_ns, &fault)
			 : sk_fault_set(&fault, SK_ENOENT, "%s: no such account, or it is closed", args->words[0]);
	sk_register_close(&reg);
	const char *condition = err == SK_OK ? sk_access_condition(&find.person, args->words[1]) : "";
	if (err != SK_OK && err != SK_EPERMIT)
		return sk_cmd_fail(args->cmd, &fault);
	if (args->json) {
		struct sk_buf out;
		struct sk_json_writer json;
		sk_buf_init(&out, OUT_MAX);
		sk_json_begin(&json, &out, false);
		sk_json_object(&json, NULL);
		sk_json_bool(&json, "may", err == SK_OK);
		sk_json_text(&json, "why", err == SK_OK ? condition : fault.line);
		sk_json_end(&json);
		(void)sk_access_print(args, &out);
		return err == SK_OK ? 0 : sk_err_exit(err);
	}
	if (err != SK_OK)
		return sk_cmd_fail(args->cmd, &fault);
	(void)fprintf(args->cmd->out, "yes%s%s\n", condition[0] != '\0' ? ": " : "", condition);
	return 0;
}

int sk_access_table_cmd(const struct sk_access_args *args)
{
	struct sk_buf out;
	struct sk_json_writer json;
	const char *row, *word;
	sk_buf_init(&out, OUT_MAX);
	sk_json_begin(&json, &out, false);
	if (args->json)
		sk_json_array(&json, NULL);
	for (size_t i = 0; (word = sk_duty_word(i, &row)) != NULL; i++) {
		if (args->json) {
			sk_json_object(&json, NULL);
			sk_json_text(&json, "activity", word);
			sk_json_text(&json, "row", row);
			sk_json_object(&json, "cells");
		} else {
			sk_buf_addf(&out, "%s%s  (%s)\n ", i != 0 ? "\n" : "", word, row);
		}
		for (size_t kind = 0; kind < SK_ORG_KIND_COUNT; kind++) {
			const char *cell = sk_activity_cell(row, (enum sk_org_kind)kind), *name = sk_org_kind_name((enum sk_org_kind)kind);
			if (args->json)
				sk_json_text(&json, name, cell);
			else if (strcmp(cell, "-") != 0)
				sk_buf_addf(&out, " %s:%s", name, cell);
		}
		if (args->json) {
			sk_json_end(&json);
			sk_json_end(&json);
		}
	}
	if (args->json)
		sk_json_end(&json);
	return sk_access_print(args, &out);
}
