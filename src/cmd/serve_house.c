/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/serve_house.h"

#include "cmd/look_book.h"
#include "cmd/serve_reports.h"

/* The public half of the centre's key, which the ledger's head is checked with, is read from the key's file: the secret half is in memory for that moment, and wiped. */
static enum sk_err open_register(void *context, struct sk_access **out, struct sk_fault *fault)
{
	const struct sk_serve_house *house = context;
	struct sk_centre centre;
	*out = NULL;
	SK_TRY(sk_centre_open(house->house.folder, false, &centre, fault));
	enum sk_err err = sk_access_open(centre.docket, out, fault);
	sk_centre_close(&centre);
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
	out->cmd = cmd;
	out->house.origin = out->origin;
	out->house.profile = sk_profile_name(centre.profile);
	out->house.simulated = centre.simulated;
	out->house.version = SK_VERSION;
	out->house.clock = cmd->clock;
	out->house.context = out;
	out->house.open_register = open_register;
	sk_serve_cases_init(&out->cases, out->house.folder);
	out->house.cases = &out->cases.shelf;
	enum sk_err err = sk_look_book_open(centre.folder, &out->book, fault);
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
}
