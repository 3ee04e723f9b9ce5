/* SPDX-License-Identifier: Apache-2.0 */
/* Orders for people at three in the morning: what would happen, to whom, for how long, how it is undone, who signed, who is missing. */
#include "cmd/order.h"

#include <inttypes.h>
#include <string.h>

#include "access/list.h"
#include "cmd/session.h"
#include "text/text.h"

enum { OUT_MAX = 1 << 22, WORDS_MAX = 256 };

static const char *when(int64_t ns, char text[SK_TIME_TEXT_MAX])
{
	return ns != 0 ? sk_time_format(ns, 0, text) : "-";
}

/* What a measure does, and how it is undone. */
static const struct {
	const char *does, *undone;
} sentences[SK_ACTION_COUNT] = {
	[SK_ACTION_RPZ_NXDOMAIN] = {"our resolvers answer that the name does not exist", "the name is taken out of the zone; resolvers ask the world again"},
	[SK_ACTION_RPZ_NODATA] = {"our resolvers answer that the name has no address", "the name is taken out of the zone; resolvers ask the world again"},
	[SK_ACTION_FLOWSPEC_RATE_LIMIT] = {"our routers slow down what comes from the prefix to our own, or goes to it where it is our own", "the rule is withdrawn, and ends with the session in any case"},
	[SK_ACTION_FLOWSPEC_DISCARD] = {"our routers drop what comes from the prefix to our own, or goes to it where it is our own", "the rule is withdrawn, and ends with the session in any case"},
	[SK_ACTION_RTBH_BLACKHOLE] = {"the network drops everything to the address, which is unreachable meanwhile", "the route is withdrawn, and ends with the session in any case"},
	[SK_ACTION_NFTABLES_DROP] = {"our gateways drop what goes to or comes from the prefix", "the element is taken out of the set, and times out by itself"},
	[SK_ACTION_SINKHOLE_REDIRECT] = {"our resolvers answer with our own sinkhole, which keeps mechanical history alone", "the answer is taken back"},
	[SK_ACTION_TAKEDOWN_NOTICE_SEND] = {"a notice asks the host or registrar to take it down", "it cannot be unsent; a retraction is sent"},
	[SK_ACTION_OPERATOR_ADVISORY_SEND] = {"operators are sent an advisory", "it cannot be unsent; a correction is sent"},
	[SK_ACTION_VENDOR_REQUEST_SEND] = {"a vendor is asked to mitigate a vulnerability", "it cannot be unsent; it is withdrawn by another message"},
	[SK_ACTION_PUBLIC_NOTICE_PUBLISH] = {"a notice is published", "it cannot be unsaid; a correction is published"},
};

static const char *does(enum sk_action action)
{
	return sentences[action].does != NULL ? sentences[action].does : "see the measure in docs/formats/warrant.md";
}

static const char *is_undone(enum sk_action action)
{
	return sentences[action].undone != NULL ? sentences[action].undone : "it is withdrawn, and ends by itself";
}

/* What comes next, and by which duty: the page asks for no step that the table does not have. */
static bool is_next(const struct sk_order_matter *m, enum sk_order_event event)
{
	bool urgent = m->text.document->order.urgent;
	if (!sk_order_allows(m->state, event) || sk_order_event_duty(event)[0] == '\0' || (event == SK_ORDER_EVENT_URGENT && !urgent))
		return false;
	return event != SK_ORDER_EVENT_SUBMIT || !(urgent || (sk_order_is_foreign(m->text.document) && m->state == SK_ORDER_LEGAL_OK));
}

/* What may come next, by whom: the table says so. */
static void next_steps(const struct sk_order_matter *m, struct sk_buf *out)
{
	for (unsigned event = 0; event < SK_ORDER_EVENT_COUNT; event++) {
		if (!is_next(m, (enum sk_order_event)event))
			continue;
		sk_buf_addf(out, "%s%s (%s)", out->length != 0 ? ", " : "", sk_order_event_name((enum sk_order_event)event), sk_order_event_who((enum sk_order_event)event));
	}
	if (out->length == 0)
		sk_buf_add_text(out, "nothing");
}

static bool has_signed(const struct sk_order_matter *m, enum sk_order_event event, const struct sk_verify_key *key)
{
	bool found = memcmp(key->public_key, m->text.document->order.proposer.public_key, sizeof key->public_key) == 0;
	for (size_t i = 0; i < m->voice_count && !found; i++)
		found = m->voices[i].event == event && memcmp(m->voices[i].key.public_key, key->public_key, sizeof key->public_key) == 0;
	return found;
}

/* The vote that is open. */
static enum sk_order_event open_vote(const struct sk_order_matter *m)
{
	if (m->state == SK_ORDER_URGENT_ACTIVE)
		return SK_ORDER_EVENT_RATIFY;
	return m->state == SK_ORDER_DRAFT && m->text.document->order.urgent ? SK_ORDER_EVENT_URGENT : SK_ORDER_EVENT_APPROVE;
}

static enum sk_level open_level(const struct sk_order_matter *m)
{
	return open_vote(m) == SK_ORDER_EVENT_URGENT ? SK_LEVEL_URGENT : sk_order_base_level(&m->text.document->order);
}

static bool is_open(const struct sk_order_matter *m)
{
	return m->state == SK_ORDER_VOTING || m->state == SK_ORDER_URGENT_ACTIVE || (m->state == SK_ORDER_DRAFT && m->text.document->order.urgent);
}

/* Who of the quorum could still sign: each is called with a name. */
static bool each_missing(const struct sk_order_matter *m, void (*each)(void *context, const char *name, const struct sk_verify_key *key), void *context)
{
	const char *text = open_vote(m) == SK_ORDER_EVENT_RATIFY ? m->text.ratify : m->text.quorum;
	struct sk_quorum *quorum = NULL;
	struct sk_fault ignored;
	if (sk_quorum_parse(text, strlen(text), &quorum, &ignored) != SK_OK)
		return false;
	for (size_t i = 0; i < sk_quorum_members(quorum); i++) {
		const char *name;
		const struct sk_verify_key *key = sk_quorum_member(quorum, i, &name);
		if (!has_signed(m, open_vote(m), key))
			each(context, name, key);
	}
	sk_quorum_free(quorum);
	return true;
}

static void add_name(void *context, const char *name, const struct sk_verify_key *key)
{
	(void)key;
	sk_buf_addf(context, " %s", name);
}

static void add_json_name(void *context, const char *name, const struct sk_verify_key *key)
{
	(void)key;
	sk_json_text(context, NULL, name);
}

/* ---- for machines ---- */

/* For whom it is shown: who signed in on the page, or nobody in particular. */
struct reader {
	const struct sk_order_desk *desk;
	bool known;
	struct sk_person person;
};

static void find_reader(const struct sk_order_desk *desk, struct reader *out)
{
	struct sk_fault unused;
	*out = (struct reader){.desk = desk};
	out->known = sk_cmd_session() && sk_cmd_session_person(&desk->centre, desk->access, desk->now_ns, &out->person, &unused) == SK_OK;
}

struct seat_search {
	const struct reader *reader;
	const struct sk_verify_key *key; /* of the seat at hand */
	bool found;
};

static void compare_keys(void *context, const struct sk_account_view *account)
{
	struct seat_search *search = context;
	for (size_t i = 0; i < account->key_count && strcmp(account->id, search->reader->person.account) == 0; i++)
		search->found = search->found || memcmp(account->keys[i].key->public_key, search->key->public_key, sizeof search->key->public_key) == 0;
}

/* A seat is a key, whatever it is called. */
static void find_seat(void *context, const char *name, const struct sk_verify_key *key)
{
	struct seat_search *search = context;
	(void)name;
	search->key = key;
	sk_access_each_account(search->reader->desk->access, search->reader->desk->now_ns, compare_keys, search);
}

/* Would the step be taken from this reader, whatever he says with it? A vote of somebody whom the quorum does not name counts for nothing. */
static bool is_mine(const struct reader *reader, const struct sk_order_matter *m, enum sk_order_event event)
{
	struct seat_search search = {.reader = reader};
	struct sk_fault unused;
	if (sk_access_may(reader->desk->access, &reader->person, sk_order_event_duty(event), reader->desk->now_ns, &unused) != SK_OK ||
	    !sk_order_is_for(m, event, &reader->person, reader->desk->centre.profile, reader->desk->now_ns))
		return false;
	return event != open_vote(m) || !is_open(m) || (each_missing(m, find_seat, &search) && search.found);
}

/* Who could sign, what is answered, what may come next, by which duty, and whether the reader may. */
static void json_more(struct sk_json_writer *w, const struct sk_order_matter *m, const struct reader *reader)
{
	char text[SK_TIME_TEXT_MAX];
	sk_json_text(w, "proposed", when(m->proposed_ns, text));
	sk_json_bool(w, "recommended", m->recommended);
	sk_json_bool(w, "answered", m->answered);
	sk_json_text(w, "answer_due", when(m->answer_due_ns, text));
	sk_json_u64(w, "seats_needed", sk_level_approvers(open_level(m)));
	sk_json_array(w, "could_sign");
	if (is_open(m))
		(void)each_missing(m, add_json_name, w);
	sk_json_end(w);
	sk_json_array(w, "next");
	for (unsigned event = 0; event < SK_ORDER_EVENT_COUNT; event++) {
		if (!is_next(m, (enum sk_order_event)event))
			continue;
		sk_json_object(w, NULL);
		sk_json_text(w, "event", sk_order_event_name((enum sk_order_event)event));
		sk_json_text(w, "duty", sk_order_event_duty((enum sk_order_event)event));
		if (reader->known)
			sk_json_bool(w, "mine", is_mine(reader, m, (enum sk_order_event)event));
		sk_json_end(w);
	}
	sk_json_end(w);
}

/* ---- urgent orders: oversight reviews every one (LAW.md 2.3, I3) ---- */

static bool is_ratified(const struct sk_order_matter *m)
{
	bool voted = false;
	for (size_t i = 0; i < m->voice_count; i++)
		voted = voted || m->voices[i].event == SK_ORDER_EVENT_RATIFY;
	return voted && m->missing[0] == '\0';
}

static bool is_reviewed(const struct sk_order_matter *m)
{
	return m->state == SK_ORDER_REVIEWED || m->state == SK_ORDER_CLOSED; /* closed only from reviewed */
}

static void json_urgent(struct sk_json_writer *w, const struct sk_order_matter *m)
{
	char text[SK_TIME_TEXT_MAX];
	sk_json_text(w, "urgent_set", when(m->urgent_ns, text));
	sk_json_text(w, "urgent_why", m->text.document->urgent_why);
	sk_json_text(w, "listed", when(m->listed_ns, text));
	if (m->state == SK_ORDER_URGENT_ACTIVE)
		sk_json_text(w, "ratify_until", when(sk_order_until(m), text));
	sk_json_bool(w, "ratified", is_ratified(m));
	sk_json_bool(w, "reviewed", is_reviewed(m));
}

static void json_whole(struct sk_json_writer *w, const struct sk_order_matter *m, const struct reader *reader);

/* whole: for whom it is shown; NULL: as in a list. */
static void json_matter(struct sk_json_writer *w, const struct sk_order_matter *m, int64_t now_ns, const struct reader *whole)
{
	const struct sk_order_document *d = m->text.document;
	char text[SK_TIME_TEXT_MAX], why[SK_FAULT_LINE_MAX];
	sk_json_text(w, "id", m->id);
	sk_json_text(w, "state", sk_order_state_name(m->state));
	sk_json_bool(w, "stands", sk_order_state_stands(m->state));
	sk_json_text(w, "measure", sk_measure_name(sk_action_measure(d->order.action)));
	sk_json_text(w, "action", sk_action_name(d->order.action));
	sk_json_text(w, "level", sk_level_name(sk_order_base_level(&d->order)));
	sk_json_bool(w, "urgent", d->order.urgent);
	sk_json_bool(w, "foreign", sk_order_is_foreign(d));
	sk_json_array(w, "targets");
	for (size_t i = 0; i < d->order.target_count; i++)
		sk_json_text(w, NULL, d->order.targets[i]);
	sk_json_end(w);
	sk_json_text(w, "until", when(sk_order_until(m), text));
	sk_json_text(w, "proposer", m->proposer);
	sk_json_u64(w, "seats", m->seats);
	sk_json_text(w, "missing", m->missing);
	sk_json_u64(w, "receipts", m->receipts);
	sk_json_bool(w, "undone", m->undone);
	if (sk_order_end_proposed(m, now_ns, why))
		sk_json_text(w, "end_proposed", why);
	if (m->urgent_ns != 0)
		json_urgent(w, m);
	if (whole != NULL)
		json_whole(w, m, whole);
}

/* What `list` leaves out. */
static void json_whole(struct sk_json_writer *w, const struct sk_order_matter *m, const struct reader *reader)
{
	const struct sk_order_document *d = m->text.document;
	char text[SK_TIME_TEXT_MAX];
	struct sk_buf document;
	sk_json_hex(w, "digest", d->order.digest, SK_HASH_BYTES);
	sk_json_object(w, "blast");
	sk_json_text(w, "hosts", d->blast.hosts);
	sk_json_text(w, "flows", d->blast.flows);
	sk_json_text(w, "organisations", d->blast.organisations);
	sk_json_text(w, "counters", d->blast.counters);
	if (d->blast.source[0] != '\0')
		sk_json_text(w, "source", d->blast.source);
	sk_json_text(w, "warnings", d->blast.warnings);
	sk_json_end(w);
	sk_json_array(w, "voices");
	for (size_t i = 0; i < m->voice_count; i++) {
		sk_json_object(w, NULL);
		sk_json_text(w, "account", m->voices[i].account);
		sk_json_text(w, "org", m->voices[i].org);
		sk_json_text(w, "event", sk_order_event_name(m->voices[i].event));
		sk_json_text(w, "time", when(m->voices[i].time_ns, text));
		sk_json_end(w);
	}
	sk_json_end(w);
	sk_json_raw(w, "order", m->text.line, strlen(m->text.line) - 1);
	sk_json_text(w, "quorum", m->text.quorum);
	sk_buf_init(&document, SK_ACT_BODY_MAX);
	sk_order_document_write(&m->text, &document);
	if (document.failed == SK_OK)
		sk_json_raw(w, "document", sk_buf_text(&document), document.length);
	sk_buf_fini(&document);
	sk_json_text(w, "does", does(d->order.action));
	sk_json_text(w, "undo", is_undone(d->order.action));
	sk_json_text(w, "proposer_org", m->proposer_org);
	sk_json_text(w, "evidence_by", m->evidence_by);
	sk_json_text(w, "legal_by", m->legal_by);
	sk_json_text(w, "consult_by", m->consult_by);
	sk_json_bool(w, "consult_refused", m->consult_refused);
	if (m->set_ns != 0)
		sk_json_text(w, "set", when(m->set_ns, text));
	sk_json_array(w, "steps");
	for (unsigned event = 0; event < SK_ORDER_EVENT_COUNT; event++)
		if (sk_order_allows(m->state, (enum sk_order_event)event))
			sk_json_text(w, NULL, sk_order_event_name((enum sk_order_event)event));
	sk_json_end(w);
	json_more(w, m, reader);
}

static int print_json(const struct sk_order_args *args, struct sk_buf *out)
{
	bool good = out->failed == SK_OK;
	if (good)
		(void)fprintf(args->cmd->out, "%s\n", sk_buf_text(out));
	sk_buf_fini(out);
	return good ? 0 : 7;
}

/* ---- listing ---- */

static bool is_wanted(const struct sk_order_args *args, const struct sk_order_matter *m)
{
	if (m->text.document == NULL)
		return false;
	if (args->only_urgent)
		return m->urgent_ns != 0;
	if (args->state != NULL)
		return strcmp(args->state, sk_order_state_name(m->state)) == 0;
	return args->all || !sk_order_state_over(m->state);
}

static void print_row(const struct sk_order_args *args, const struct sk_order_matter *m)
{
	const struct sk_order *order = &m->text.document->order;
	char until[SK_TIME_TEXT_MAX], what[WORDS_MAX], targets[WORDS_MAX];
	(void)snprintf(what, sizeof what, "%s %s%s", sk_measure_name(sk_action_measure(order->action)), sk_action_name(order->action), order->urgent ? ", urgent" : "");
	if (order->target_count > 1)
		(void)snprintf(targets, sizeof targets, "%.120s and %zu more", order->targets[0], order->target_count - 1);
	else
		(void)snprintf(targets, sizeof targets, "%.200s", order->targets[0]);
	(void)fprintf(args->cmd->out, "%-20s %-15s %-26s %-6s %-21s %s\n", m->id, sk_order_state_name(m->state), what, sk_level_name(sk_order_base_level(order)),
		      when(sk_order_until(m), until), targets);
}

static size_t count_of(const struct sk_orders *orders)
{
	size_t count = 0;
	while (sk_orders_at(orders, count) != NULL)
		count++;
	return count;
}

static void print_urgent(const struct sk_order_args *args, const struct sk_order_matter *m)
{
	char text[SK_TIME_TEXT_MAX];
	(void)fprintf(args->cmd->out, "%-20s set %s  now %-14s %-12s %s\n", m->id, when(m->urgent_ns, text), sk_order_state_name(m->state), is_ratified(m) ? "ratified" : "not ratified",
		      is_reviewed(m) ? "reviewed" : "NOT REVIEWED");
}

int sk_order_list(const struct sk_order_args *args)
{
	struct sk_order_desk desk;
	struct sk_fault fault;
	struct sk_buf out;
	struct sk_json_writer w;
	const struct sk_order_matter *m;
	char why[SK_FAULT_LINE_MAX];
	size_t shown = 0;
	if (sk_order_desk_open(args, false, &desk, &fault) != SK_OK)
		return sk_cmd_fail(args->cmd, &fault);
	sk_buf_init(&out, (size_t)OUT_MAX * 16);
	sk_json_begin(&w, &out, false);
	sk_json_array(&w, NULL);
	/* Of urgent ones those first that wait for their review. */
	const size_t count = count_of(desk.orders), passes = args->only_urgent ? 2 : 1;
	for (size_t i = 0; i < passes * count; i++) {
		m = sk_orders_at(desk.orders, i % count);
		if (!is_wanted(args, m) || (args->only_urgent && is_reviewed(m) != (i >= count)))
			continue;
		if (args->json) {
			sk_json_object(&w, NULL);
			json_matter(&w, m, desk.now_ns, NULL);
			sk_json_end(&w);
			shown++;
			continue;
		}
		if (args->only_urgent) {
			print_urgent(args, m);
			shown++;
			continue;
		}
		if (shown++ == 0)
			(void)fprintf(args->cmd->out, "%-20s %-15s %-26s %-6s %-21s %s\n", "order", "state", "measure", "level", "until", "targets");
		print_row(args, m);
		if (sk_order_end_proposed(m, desk.now_ns, why))
			(void)fprintf(args->cmd->out, "%-20s an early end is proposed: %s; sekisho order end %s, or look again: sekisho order check %s\n", "", why, m->id, m->id);
		if (m->recommended && !m->answered)
			(void)fprintf(args->cmd->out, "%-20s oversight's recommendation waits for an answer: sekisho order answer %s\n", "", m->id);
	}
	sk_json_end(&w);
	sk_order_desk_close(&desk);
	if (args->json)
		return print_json(args, &out);
	sk_buf_fini(&out);
	if (shown == 0 && args->only_urgent)
		(void)fprintf(args->cmd->out, "no order was ever set urgently\n");
	else if (shown == 0)
		(void)fprintf(args->cmd->out, "no orders%s\n", args->all ? "" : " that are open (--all shows the closed ones too)");
	return 0;
}

/* ---- one order ---- */

static void tell_text(FILE *out, const struct sk_order_matter *m)
{
	const struct sk_order_document *d = m->text.document;
	char from[SK_TIME_TEXT_MAX], until[SK_TIME_TEXT_MAX], life[SK_UNIT_TEXT_MAX];
	(void)fprintf(out, "What would happen  %s %s: %s.\n", sk_measure_name(sk_action_measure(d->order.action)), sk_action_name(d->order.action), does(d->order.action));
	for (size_t i = 0; i < d->order.target_count; i++)
		(void)fprintf(out, "%s%s\n", i == 0 ? "To                 " : "                   ", d->order.targets[i]);
	(void)fprintf(out, "For how long       %s once set, between %s and %s\n", sk_duration_format((int64_t)d->order.life_s * 1000000000, life), when(d->order.not_before_ns, from),
		      when(d->order.not_after_ns, until));
	(void)fprintf(out, "How it is undone   %s\n", is_undone(d->order.action));
	if (d->notice.about_count != 0)
		(void)fprintf(out, "What is said       %s\n", d->notice.title[0]);
	(void)fprintf(out, "Against            %s\n", d->target_act);
	for (size_t i = 0; i < d->asset_count; i++)
		(void)fprintf(out, "%s%s%s\n", i == 0 ? "Protects           " : "                   ", d->assets[i].name, d->assets[i].important ? " (an important computer)" : "");
	(void)fprintf(out, "Narrower           %s: not enough, because %s\n", d->narrower, d->refused_because);
	(void)fprintf(out, "Who would feel it  hosts %s, flows %s, organisations %s, counted at enforcement points %s (%s to %s)\n", d->blast.hosts, d->blast.flows,
		      d->blast.organisations, d->blast.counters, when(d->blast.since_ns, from), when(d->blast.until_ns, until));
	if (d->blast.source[0] != '\0')
		(void)fprintf(out, "                   hosts: %s\n", d->blast.source);
	if (d->blast.warnings[0] != '\0')
		(void)fprintf(out, "POPULAR            %s\n", d->blast.warnings);
	(void)fprintf(out, "Together           %s; %s commands\n", d->plan, d->commander);
	if (sk_order_is_foreign(d))
		(void)fprintf(out, "ABROAD             %s%s\n", d->foreign_effect ? d->foreign_why : "an addressee is of another jurisdiction",
			      m->consult_refused ? "; FOREIGN AFFAIRS REFUSED" : m->consult_by[0] != '\0' ? "; foreign affairs acknowledged" : "; foreign affairs were not asked yet");
	if (d->order.urgent)
		(void)fprintf(out, "URGENT             %s\n", d->urgent_why);
	for (size_t i = 0; i < d->proof_count; i++) {
		(void)fprintf(out, "%s%s of %s", i == 0 ? "Evidence           " : "                   ", d->proofs[i].finding, d->proofs[i].origin[0] != '\0' ? d->proofs[i].origin : "-");
		if (d->proofs[i].leaf != 0)
			(void)fprintf(out, ", leaf %" PRIu64 " of its ledger", d->proofs[i].leaf - 1);
		(void)fprintf(out, "\n");
	}
	if (d->other[0] != '\0')
		(void)fprintf(out, "Besides            %s\n", d->other);
}

static void tell_missing(FILE *out, const struct sk_order_matter *m)
{
	const char *why = m->missing;
	struct sk_buf names;
	if (strncmp(why, "warrant: ", 9) == 0)
		why += 9;
	(void)fprintf(out, "Who is missing     %zu of at least %zu seats of level %s agree%s%s\n", m->seats, sk_level_approvers(open_level(m)), sk_level_name(open_level(m)),
		      why[0] != '\0' ? "; " : "", why);
	sk_buf_init(&names, OUT_MAX);
	if (each_missing(m, add_name, &names))
		(void)fprintf(out, "Who could sign    %s\n", sk_buf_text(&names));
	sk_buf_fini(&names);
}

static void tell_people(FILE *out, const struct sk_order_matter *m)
{
	char text[SK_TIME_TEXT_MAX];
	(void)fprintf(out, "Proposed by        %s (%s), who never counts\n", m->proposer, m->proposer_org);
	if (m->evidence_by[0] != '\0')
		(void)fprintf(out, "Evidence           looked at by %s\n", m->evidence_by);
	if (m->legal_by[0] != '\0')
		(void)fprintf(out, "Law                looked at by %s\n", m->legal_by);
	for (size_t i = 0; i < m->voice_count; i++)
		(void)fprintf(out, "%s%s (%s) %s, %s\n", i == 0 ? "Signed             " : "                   ", m->voices[i].account, m->voices[i].org,
			      sk_order_event_name(m->voices[i].event), when(m->voices[i].time_ns, text));
	if (is_open(m))
		tell_missing(out, m);
}

static void tell(const struct sk_order_desk *desk, const struct sk_order_matter *m)
{
	FILE *out = desk->args->cmd->out;
	struct sk_buf next;
	char text[SK_TIME_TEXT_MAX], why[SK_FAULT_LINE_MAX];
	(void)fprintf(out, "Order %s is %s: %s.%s\n\n", m->id, sk_order_state_name(m->state), sk_order_state_prose(m->state),
		      desk->centre.simulated ? " (profile lab: a simulation)" : "");
	tell_text(out, m);
	(void)fprintf(out, "\n");
	tell_people(out, m);
	if (m->set_ns != 0)
		(void)fprintf(out, "Set                %s\n", when(m->set_ns, text));
	if (sk_order_state_stands(m->state))
		(void)fprintf(out, "Ends by itself     %s\n", when(sk_order_until(m), text));
	if (sk_order_end_proposed(m, desk->now_ns, why))
		(void)fprintf(out, "End it early?      %s (sekisho order end %s)\n", why, m->id);
	if (m->receipts != 0)
		(void)fprintf(out, "Receipts           %" PRIu64 " of the enforcer's%s\n", m->receipts, m->undone ? "; nothing of it is left" : "");
	if (m->state == SK_ORDER_URGENT_ACTIVE)
		(void)fprintf(out, "To ratify until    %s, or it is undone by itself\n", when(sk_order_until(m), text));
	sk_buf_init(&next, OUT_MAX);
	next_steps(m, &next);
	(void)fprintf(out, "Next               %s\n", sk_buf_text(&next));
	sk_buf_fini(&next);
}

int sk_order_show(const struct sk_order_args *args)
{
	struct sk_order_desk desk;
	struct sk_fault fault;
	const struct sk_order_matter *m;
	if (args->word_count != 1)
		return sk_order_usage(args, "show: expected one order's id");
	if (sk_order_desk_open(args, false, &desk, &fault) != SK_OK)
		return sk_cmd_fail(args->cmd, &fault);
	enum sk_err err = sk_order_desk_find(&desk, args->words[0], &m, &fault);
	if (err == SK_OK && args->json) {
		struct reader reader;
		struct sk_buf out;
		struct sk_json_writer w;
		sk_buf_init(&out, OUT_MAX);
		sk_json_begin(&w, &out, false);
		sk_json_object(&w, NULL);
		find_reader(&desk, &reader);
		json_matter(&w, m, desk.now_ns, &reader);
		sk_json_end(&w);
		(void)print_json(args, &out);
	} else if (err == SK_OK) {
		tell(&desk, m);
	}
	sk_order_desk_close(&desk);
	return err == SK_OK ? 0 : sk_cmd_fail(args->cmd, &fault);
}

/* ---- quorums ---- */

int sk_order_quorum_cmd(const struct sk_order_args *args)
{
	struct sk_order_desk desk;
	struct sk_fault fault;
	struct sk_buf text;
	uint8_t digest[SK_HASH_BYTES];
	char hex[2 * SK_HASH_BYTES + 1];
	unsigned level = 0;
	while (level < SK_LEVEL_COUNT && (args->word_count != 1 || strcmp(args->words[0], sk_level_name((enum sk_level)level)) != 0))
		level++;
	if (level == SK_LEVEL_COUNT)
		return sk_order_usage(args, "quorum: expected low, medium, high or urgent");
	if (sk_order_desk_open(args, false, &desk, &fault) != SK_OK)
		return sk_cmd_fail(args->cmd, &fault);
	sk_buf_init(&text, SK_QUORUM_TEXT_MAX);
	enum sk_err err = sk_order_quorum(desk.access, desk.centre.profile, desk.law, (enum sk_level)level, desk.now_ns, &text, &fault);
	sk_order_desk_close(&desk);
	if (err == SK_OK) {
		sk_sha256(text.bytes, text.length, digest);
		sk_hex_encode(digest, sizeof digest, hex);
		if (args->json) {
			struct sk_buf out;
			struct sk_json_writer w;
			sk_buf_init(&out, OUT_MAX);
			sk_json_begin(&w, &out, false);
			sk_json_object(&w, NULL);
			sk_json_text(&w, "level", sk_level_name((enum sk_level)level));
			sk_json_text(&w, "digest", hex);
			sk_json_text(&w, "quorum", sk_buf_text(&text));
			sk_json_end(&w);
			(void)print_json(args, &out);
		} else {
			(void)fprintf(args->cmd->out, "%s", sk_buf_text(&text));
			(void)fprintf(args->cmd->err, "sekisho: its digest, for the enforcer's configuration: %s\n", hex);
		}
	}
	sk_buf_fini(&text);
	return err == SK_OK ? 0 : sk_cmd_fail(args->cmd, &fault);
}
