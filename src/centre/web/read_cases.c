/* SPDX-License-Identifier: Apache-2.0 */
/* Read handlers of cases: lists, one case, the case of a finding, a bundle that was made here. */
#include <stdio.h>

#include "base/file.h"
#include "case/shelf.h"
#include "case/view.h"
#include "web/api.h"
#include "web/cases_of.h"

struct reading {
	struct sk_web_call *call;
	const struct sk_case_shelf *shelf;
	struct sk_cases *cases;
	struct sk_access *access;
};

static enum sk_err begin(struct sk_web_call *call, struct reading *out)
{
	*out = (struct reading){.call = call, .shelf = call->house->cases};
	if (out->shelf == NULL)
		return sk_web_refuse(call, SK_ENOENT, "no cases are kept here");
	return out->shelf->take(out->shelf->context, &out->cases, &out->access, &call->fault);
}

static enum sk_err end(const struct reading *r, enum sk_err err)
{
	r->shelf->give(r->shelf->context);
	return err;
}

static bool may(void *context, const struct sk_case_head *head)
{
	const struct reading *r = context;
	struct sk_fault ignored;
	return sk_case_may_read(r->access, r->call->person, head, r->call->now_ns, &ignored) == SK_OK;
}

enum sk_err sk_read_cases(struct sk_web_call *call)
{
	struct reading r;
	SK_TRY(begin(call, &r));
	struct sk_case_filter filter = {.state = sk_web_text(call, "state"), .assignee = sk_web_text(call, "assignee"), .org = sk_web_text(call, "org"), .kind = sk_web_text(call, "kind"),
					.text = sk_web_text(call, "q"), .severity = (unsigned)sk_web_number(call, "severity", 0), .cursor = sk_web_text(call, "cursor"),
					.limit = (size_t)sk_web_number(call, "limit", 0), .may = may, .context = &r};
	return end(&r, sk_case_view_list(r.cases, &filter, call->now_ns, &call->out, &call->fault));
}

bool sk_web_cases_of_findings(struct sk_web_call *call, size_t count, const char *(*finding)(void *context, size_t i, char **into), void *context)
{
	struct reading r = {.call = call, .shelf = call->house->cases};
	struct sk_case_head head;
	struct sk_fault why;
	bool known = true, found;
	if (r.shelf == NULL || r.shelf->take(r.shelf->context, &r.cases, &r.access, &why) != SK_OK)
		return false;
	for (size_t i = 0; i < count && known; i++) {
		char id[SK_MATTER_ID_MAX], *into;
		const char *ref = finding(context, i, &into);
		known = sk_cases_of_ref(r.cases, SK_CASE_LINK_FINDING, ref, id, &why) == SK_OK;
		if (known && id[0] != '\0')
			known = sk_cases_head(r.cases, id, &head, &found, &why) == SK_OK;
		if (known && id[0] != '\0' && found && may(&r, &head))
			memcpy(into, id, strlen(id) + 1);
	}
	r.shelf->give(r.shelf->context);
	return known;
}

/* What is analysis may quote what was selected: it is looked at for a purpose, and the look is on record before anything is shown. */
static enum sk_err look(struct sk_web_call *call, const struct sk_case_head *head)
{
	char what[SK_MATTER_ID_MAX + 16];
	if (head->grade < SK_CASE_GRADE_A)
		return SK_OK;
	if (call->purpose == NULL)
		return sk_web_refuse(call, SK_EPURPOSE, "case %s may hold selected information: say for which purpose (header X-Sekisho-Purpose: damage_prevention)", head->id);
	if (call->house->look == NULL)
		return sk_web_refuse(call, SK_ELEDGER, "looks are not kept here, so nothing that may hold selected information is shown");
	(void)snprintf(what, sizeof what, "case show %s", head->id);
	return call->house->look(call->house->context, call->person, call->purpose, call->row->id, what, call->now_ns, &call->fault);
}

enum sk_err sk_read_case(struct sk_web_call *call)
{
	struct reading r;
	struct sk_case c;
	SK_TRY(begin(call, &r));
	enum sk_err err = sk_cases_load(r.cases, sk_web_text(call, "id"), &c, &call->fault);
	if (err != SK_OK)
		return end(&r, err);
	err = sk_case_may_read(r.access, call->person, &c.head, call->now_ns, &call->fault);
	if (err == SK_OK)
		err = look(call, &c.head);
	if (err == SK_OK)
		err = sk_case_view_show(&c, &call->out, &call->fault);
	sk_case_fini(&c);
	return end(&r, err);
}

enum sk_err sk_read_case_of(struct sk_web_call *call)
{
	struct reading r;
	struct sk_case c;
	char id[SK_MATTER_ID_MAX];
	enum sk_case_link link = sk_case_link_find(sk_web_text(call, "kind"));
	if (link == SK_CASE_LINK_COUNT)
		return sk_web_refuse(call, SK_EUSAGE, "'%.40s' is no kind of link", sk_web_text(call, "kind"));
	SK_TRY(begin(call, &r));
	enum sk_err err = sk_cases_of_ref(r.cases, link, sk_web_text(call, "ref"), id, &call->fault);
	if (err == SK_OK && id[0] != '\0')
		err = sk_cases_load(r.cases, id, &c, &call->fault);
	if (err == SK_OK) {
		bool shown = id[0] != '\0' && may(&r, &c.head);
		sk_json_object(&call->json, NULL);
		if (shown)
			sk_json_text(&call->json, "case", id);
		else
			sk_json_null(&call->json, "case");
		sk_json_end(&call->json);
		if (id[0] != '\0')
			sk_case_fini(&c);
	}
	return end(&r, err);
}

/* Only what its case names as a bundle of it, so a digest opens nothing else. Those for oversight may hold selected information: they have a row of their own, for a purpose,
   and no digest opens them at this one. rule: CASE-4 */
static bool is_bundle_of(const struct sk_case *c, const char *digest, bool oversight)
{
	static const char for_oversight[] = "\"for\":\"oversight\""; /* of canonical JSON; inside a text its quotes would be escaped */
	for (size_t i = 0; i < c->entry_count; i++)
		if (c->entries[i].event == SK_CASE_EVENT_BUNDLE && strstr(c->entries[i].plain, digest) != NULL)
			return (strstr(c->entries[i].plain, for_oversight) != NULL) == oversight;
	return false;
}

enum sk_err sk_read_bundle(struct sk_web_call *call)
{
	struct reading r;
	struct sk_case c;
	char path[SK_PATH_MAX + 128];
	const char *digest = sk_web_text(call, "digest");
	if (strlen(digest) != 2 * SK_HASH_BYTES)
		return sk_web_refuse(call, SK_EUSAGE, "digest: expected 64 hexadecimal digits");
	SK_TRY(begin(call, &r));
	enum sk_err err = sk_cases_load(r.cases, sk_web_text(call, "id"), &c, &call->fault);
	if (err != SK_OK)
		return end(&r, err);
	err = sk_case_may_read(r.access, call->person, &c.head, call->now_ns, &call->fault);
	if (err == SK_OK && !is_bundle_of(&c, digest, strcmp(call->row->id, "case.fetch.oversight") == 0))
		err = sk_web_refuse(call, SK_ENOENT, "case %s: no such bundle was made of it", c.head.id);
	sk_case_fini(&c);
	(void)snprintf(path, sizeof path, "%s/%s.tar", r.shelf->folder, digest);
	if (err == SK_OK)
		err = sk_file_read(path, &call->out, &call->fault);
	call->type = "application/x-tar";
	call->file_name = "bundle.tar";
	return end(&r, err);
}
