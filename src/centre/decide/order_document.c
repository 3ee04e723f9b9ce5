/* SPDX-License-Identifier: Apache-2.0 */
/* An order's document: its one text, and what must stand in it. */
#include "decide/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/json.h"
#include "text/text.h"

static const char format_name[] = "sekisho-order-document/1";

/* ---- what must stand there ---- */

static enum sk_err refuse(struct sk_fault *fault, const char *field, const char *expected)
{
	return sk_fault_set(fault, SK_EMALFORMED, "order: document: %s: expected %s", field, expected);
}

static bool is_jurisdiction(const char *text)
{
	return text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'A' && text[1] <= 'Z' && text[2] == '\0';
}

static enum sk_err check_lists(const struct sk_order_document *d, struct sk_fault *fault)
{
	if (d->asset_count == 0)
		return refuse(fault, "protected", "at least one asset that the measure protects (LAW.md I5)");
	for (size_t i = 0; i < d->asset_count; i++)
		if (d->assets[i].name[0] == '\0')
			return refuse(fault, "protected", "the name of each asset");
	if (d->org_count == 0)
		return refuse(fault, "coordination.orgs", "at least one organisation that executes (LAW.md I5)");
	bool commands = false;
	for (size_t i = 0; i < d->org_count; i++)
		commands = commands || strcmp(d->orgs[i], d->commander) == 0;
	if (!commands)
		return refuse(fault, "coordination.commander", "one of the organisations that execute: one commands (LAW.md I8)");
	for (size_t i = 0; i < d->addressee_count; i++)
		if (d->addressees[i].name[0] == '\0' || (d->addressees[i].jurisdiction[0] != '\0' && !is_jurisdiction(d->addressees[i].jurisdiction)))
			return refuse(fault, "addressees", "names, with two capitals for another jurisdiction");
	if (d->proof_count == 0)
		return refuse(fault, "evidence", "at least one finding (sekisho findings)");
	return SK_OK;
}

/* What goes out must be there in both languages, and nothing of it where nothing goes out. */
static enum sk_err check_notice(const struct sk_order_document *d, struct sk_fault *fault)
{
	const struct sk_order_notice *n = &d->notice;
	bool sends = !sk_measure_reversible(sk_action_measure(d->order.action));
	if (!sends)
		return n->about_count == 0 ? SK_OK : refuse(fault, "notice", "nothing: this measure sends no message");
	if (n->about_count == 0)
		return refuse(fault, "notice.about", "at least one name, address or URL that the notice is about");
	for (unsigned i = 0; i < 2; i++)
		if (n->title[i][0] == '\0' || n->text[i][0] == '\0' || strpbrk(n->title[i], "\r\n") != NULL)
			return refuse(fault, i == 0 ? "notice.en" : "notice.ja", "a title of one line, and a text");
	return SK_OK;
}

//= rule: ORDER-4
enum sk_err sk_order_document_check(const struct sk_order_document *d, struct sk_fault *fault)
{
	if (d->target_act[0] == '\0')
		return refuse(fault, "target_act", "the act that it is against (LAW.md I5)");
	if (d->plan[0] == '\0')
		return refuse(fault, "coordination.plan", "how those who execute work together (LAW.md I5)");
	if (d->narrower[0] == '\0' || d->refused_because[0] == '\0')
		return refuse(fault, "alternative", "a narrower alternative, and why it was refused (LAW.md I9)");
	if (d->check_hours == 0 || d->check_hours > 24 * 30)
		return refuse(fault, "check_hours", "1 to 720: every so many hours its need is looked at again (LAW.md I6)");
	if (!is_jurisdiction(d->home))
		return refuse(fault, "foreign.home", "two capitals: our own jurisdiction");
	if (d->foreign_effect && d->foreign_why[0] == '\0')
		return refuse(fault, "foreign.why", "what the effect abroad is (LAW.md I4)");
	if (d->blast.hosts[0] == '\0' || d->blast.flows[0] == '\0' || d->blast.organisations[0] == '\0' || d->blast.counters[0] == '\0')
		return refuse(fault, "blast", "an estimate, or the word unknown (LAW.md I9)");
	SK_TRY(check_lists(d, fault));
	SK_TRY(check_notice(d, fault));
	bool important = false;
	for (size_t i = 0; i < d->asset_count; i++)
		important = important || d->assets[i].important;
	if (d->order.urgent && (!important || d->urgent_why[0] == '\0'))
		return refuse(fault, "urgent", "an important computer among what is protected, and why there is no time (LAW.md I3)");
	return SK_OK;
}

bool sk_order_is_foreign(const struct sk_order_document *d)
{
	for (size_t i = 0; i < d->addressee_count; i++)
		if (d->addressees[i].jurisdiction[0] != '\0' && strcmp(d->addressees[i].jurisdiction, d->home) != 0)
			return true;
	return d->foreign_effect;
}

const char *sk_band_of(uint64_t number, char text[SK_BAND_MAX])
{
	static const char *const bands[] = {"< 10", "10-99", "100-999", "1,000-9,999", "10,000-99,999", "100,000-999,999"};
	size_t i = 0;
	for (uint64_t bound = 10; i < SK_COUNT(bands) && number >= bound; bound *= 10)
		i++;
	(void)snprintf(text, SK_BAND_MAX, "%s", i < SK_COUNT(bands) ? bands[i] : "1,000,000 or more");
	return text;
}

/* ---- writing ---- */

static void write_time(struct sk_json_writer *w, const char *key, int64_t unix_ns)
{
	char text[SK_TIME_TEXT_MAX];
	sk_json_text(w, key, sk_time_format(unix_ns, 9, text));
}

static void write_blast(struct sk_json_writer *w, const struct sk_order_blast *b)
{
	sk_json_object(w, "blast");
	sk_json_text(w, "counters", b->counters);
	sk_json_text(w, "flows", b->flows);
	sk_json_text(w, "hosts", b->hosts);
	sk_json_text(w, "organisations", b->organisations);
	write_time(w, "since", b->since_ns);
	if (b->source[0] != '\0')
		sk_json_text(w, "source", b->source);
	write_time(w, "until", b->until_ns);
	sk_json_text(w, "warnings", b->warnings);
	sk_json_end(w);
}

static void write_proofs(struct sk_json_writer *w, const struct sk_order_document *d)
{
	sk_json_array(w, "evidence");
	for (size_t i = 0; i < d->proof_count; i++) {
		sk_json_object(w, NULL);
		sk_json_text(w, "finding", d->proofs[i].finding);
		sk_json_u64(w, "leaf", d->proofs[i].leaf);
		sk_json_text(w, "origin", d->proofs[i].origin);
		sk_json_text(w, "record", d->proofs[i].record);
		sk_json_end(w);
	}
	sk_json_end(w);
}

static void write_parties(struct sk_json_writer *w, const struct sk_order_document *d)
{
	sk_json_array(w, "addressees");
	for (size_t i = 0; i < d->addressee_count; i++) {
		sk_json_object(w, NULL);
		sk_json_text(w, "jurisdiction", d->addressees[i].jurisdiction);
		sk_json_text(w, "name", d->addressees[i].name);
		sk_json_end(w);
	}
	sk_json_end(w);
	sk_json_object(w, "alternative");
	sk_json_text(w, "narrower", d->narrower);
	sk_json_text(w, "refused_because", d->refused_because);
	sk_json_end(w);
}

static void write_coordination(struct sk_json_writer *w, const struct sk_order_document *d)
{
	sk_json_object(w, "coordination");
	sk_json_text(w, "commander", d->commander);
	sk_json_array(w, "orgs");
	for (size_t i = 0; i < d->org_count; i++)
		sk_json_text(w, NULL, d->orgs[i]);
	sk_json_end(w);
	sk_json_text(w, "plan", d->plan);
	sk_json_end(w);
}

static const char *const languages[] = {"en", "ja"};

static void write_notice(struct sk_json_writer *w, const struct sk_order_notice *n)
{
	sk_json_object(w, "notice");
	sk_json_array(w, "about");
	for (size_t i = 0; i < n->about_count; i++)
		sk_json_text(w, NULL, n->about[i]);
	sk_json_end(w);
	for (unsigned i = 0; i < 2; i++) {
		if (i == 1)
			sk_json_text(w, "grade", "G3");
		sk_json_object(w, languages[i]);
		sk_json_text(w, "text", n->text[i]);
		sk_json_text(w, "title", n->title[i]);
		sk_json_end(w);
	}
	sk_json_end(w);
}

static void write_document(const struct sk_order_document *d, const uint8_t ratify[SK_HASH_BYTES], struct sk_buf *out)
{
	const struct sk_order *o = &d->order;
	struct sk_json_writer w;
	sk_json_begin(&w, out, true);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "action", sk_action_name(o->action));
	write_parties(&w, d);
	write_blast(&w, &d->blast);
	sk_json_u64(&w, "check_hours", d->check_hours);
	write_coordination(&w, d);
	write_proofs(&w, d);
	sk_json_text(&w, "extends", d->extends);
	sk_json_object(&w, "foreign");
	sk_json_bool(&w, "effect", d->foreign_effect);
	sk_json_text(&w, "home", d->home);
	sk_json_text(&w, "why", d->foreign_why);
	sk_json_end(&w);
	sk_json_text(&w, "format", format_name);
	sk_json_u64(&w, "life_s", o->life_s);
	sk_json_text(&w, "measure", sk_measure_name(sk_action_measure(o->action)));
	write_time(&w, "not_after", o->not_after_ns);
	write_time(&w, "not_before", o->not_before_ns);
	if (d->notice.about_count != 0)
		write_notice(&w, &d->notice);
	sk_json_text(&w, "other", d->other);
	sk_json_array(&w, "protected");
	for (size_t i = 0; i < d->asset_count; i++) {
		sk_json_object(&w, NULL);
		sk_json_bool(&w, "important", d->assets[i].important);
		sk_json_text(&w, "name", d->assets[i].name);
		sk_json_end(&w);
	}
	sk_json_end(&w);
	sk_json_u64(&w, "rate_bytes_per_s", o->rate_bytes_per_s);
	sk_json_hex(&w, "ratify_quorum", ratify, SK_HASH_BYTES);
	sk_json_text(&w, "target_act", d->target_act);
	sk_json_array(&w, "targets");
	for (size_t i = 0; i < o->target_count; i++)
		sk_json_text(&w, NULL, o->targets[i]);
	sk_json_end(&w);
	sk_json_bool(&w, "urgent", o->urgent);
	sk_json_text(&w, "urgent_why", d->urgent_why);
	sk_json_end(&w);
}

void sk_order_document_write(const struct sk_order_text *text, struct sk_buf *out)
{
	write_document(text->document, text->ratify_digest, out);
}

static void write_body(const struct sk_buf *json, const struct sk_buf *line, const char *quorum, const char *ratify, struct sk_buf *out)
{
	struct sk_json_writer w;
	sk_json_begin(&w, out, true);
	sk_json_object(&w, NULL);
	sk_json_raw(&w, "document", sk_buf_text(json), json->length);
	sk_json_text_n(&w, "order", sk_buf_text(line), line->length);
	sk_json_text(&w, "quorum", quorum);
	sk_json_text(&w, "ratify", ratify);
	sk_json_end(&w);
}

static void digest_of(const char *text, uint8_t digest[SK_HASH_BYTES])
{
	if (text[0] == '\0')
		memset(digest, 0, SK_HASH_BYTES);
	else
		sk_sha256(text, strlen(text), digest);
}

enum sk_err sk_order_text_make(struct sk_order_document *d, const struct sk_verify_key *proposer, const char *quorum, const char *ratify, struct sk_buf *out,
			       struct sk_fault *fault)
{
	struct sk_buf json, line;
	uint8_t ratify_digest[SK_HASH_BYTES];
	SK_TRY(sk_order_document_check(d, fault));
	sk_buf_init(&json, SK_ACT_BODY_MAX);
	sk_buf_init(&line, SK_WARRANT_TEXT_MAX);
	digest_of(ratify, ratify_digest);
	d->order.proposer = *proposer;
	d->order.joint = d->org_count > 1;
	digest_of(quorum, d->order.quorum);
	write_document(d, ratify_digest, &json);
	sk_sha256(sk_buf_text(&json), json.length, d->order.document);
	enum sk_err err = sk_order_encode(&d->order, &line, fault);
	if (err == SK_OK) {
		write_body(&json, &line, quorum, ratify, out);
		err = json.failed != SK_OK ? json.failed : out->failed;
		if (err == SK_OK && out->length > SK_ACT_BODY_MAX)
			err = SK_ETOOBIG;
		if (err != SK_OK)
			(void)sk_fault_set(fault, err, "order: document: it cannot be written: %s", sk_err_text(err));
	}
	sk_buf_fini(&json);
	sk_buf_fini(&line);
	return err;
}

/* ---- reading ---- */

/* A reader that goes on after a fault and says at its end whether there was one. */
struct reader {
	const struct sk_json_value *at;
	const char *wrong; /* the first member that was not as expected */
};

static void take_text(struct reader *r, const char *key, char *out, size_t size)
{
	const char *text = sk_json_get_text(r->at, key);
	if (text == NULL || strlen(text) >= size) {
		r->wrong = r->wrong != NULL ? r->wrong : key;
		return;
	}
	memcpy(out, text, strlen(text) + 1);
}

static void take_number(struct reader *r, const char *key, uint64_t *out)
{
	if (sk_json_get_u64(r->at, key, out) != SK_OK)
		r->wrong = r->wrong != NULL ? r->wrong : key;
}

static void take_bool(struct reader *r, const char *key, bool *out)
{
	const struct sk_json_value *value = sk_json_get(r->at, key);
	if (value == NULL || value->kind != SK_JSON_BOOL)
		r->wrong = r->wrong != NULL ? r->wrong : key;
	else
		*out = value->integer != 0;
}

static void take_time(struct reader *r, const char *key, int64_t *out)
{
	const char *text = sk_json_get_text(r->at, key);
	if (text == NULL || sk_time_parse(text, out) != SK_OK)
		r->wrong = r->wrong != NULL ? r->wrong : key;
}

static struct reader inside(const struct reader *r, const char *key)
{
	return (struct reader){.at = sk_json_get(r->at, key)};
}

static void leave(struct reader *r, const struct reader *child)
{
	r->wrong = r->wrong != NULL ? r->wrong : child->wrong;
}

/* The elements of a list of at most max; NULL also when it is none. */
static const struct sk_json_value *list_of(struct reader *r, const char *key, size_t max)
{
	const struct sk_json_value *array = sk_json_get(r->at, key);
	if (array == NULL || array->kind != SK_JSON_ARRAY || array->length > max) {
		r->wrong = r->wrong != NULL ? r->wrong : key;
		return NULL;
	}
	return array->child;
}

static size_t take_names(struct reader *r, const char *key, char (*names)[SK_MATTER_ID_MAX])
{
	size_t count = 0;
	for (const struct sk_json_value *v = list_of(r, key, SK_DOCUMENT_LIST_MAX); v != NULL; v = v->next) {
		if (v->kind != SK_JSON_TEXT || v->length >= SK_MATTER_ID_MAX) {
			r->wrong = r->wrong != NULL ? r->wrong : key;
			break;
		}
		memcpy(names[count++], v->text, v->length + 1);
	}
	return count;
}

static void read_lists(struct reader *r, struct sk_order_document *d)
{
	for (const struct sk_json_value *v = list_of(r, "addressees", SK_DOCUMENT_LIST_MAX); v != NULL; v = v->next) {
		struct reader one = {.at = v};
		struct sk_order_addressee *to = &d->addressees[d->addressee_count++];
		take_text(&one, "jurisdiction", to->jurisdiction, sizeof to->jurisdiction);
		take_text(&one, "name", to->name, sizeof to->name);
		leave(r, &one);
	}
	for (const struct sk_json_value *v = list_of(r, "protected", SK_DOCUMENT_LIST_MAX); v != NULL; v = v->next) {
		struct reader one = {.at = v};
		struct sk_order_asset *asset = &d->assets[d->asset_count++];
		take_bool(&one, "important", &asset->important);
		take_text(&one, "name", asset->name, sizeof asset->name);
		leave(r, &one);
	}
	for (const struct sk_json_value *v = list_of(r, "evidence", SK_DOCUMENT_LIST_MAX); v != NULL; v = v->next) {
		struct reader one = {.at = v};
		struct sk_order_proof *proof = &d->proofs[d->proof_count++];
		take_text(&one, "finding", proof->finding, sizeof proof->finding);
		take_number(&one, "leaf", &proof->leaf);
		take_text(&one, "origin", proof->origin, sizeof proof->origin);
		take_text(&one, "record", proof->record, sizeof proof->record);
		leave(r, &one);
	}
	for (const struct sk_json_value *v = list_of(r, "targets", SK_ORDER_TARGETS_MAX); v != NULL; v = v->next) {
		if (v->kind != SK_JSON_TEXT || v->length >= SK_ORDER_TARGET_MAX) {
			r->wrong = "targets";
			break;
		}
		memcpy(d->order.targets[d->order.target_count++], v->text, v->length + 1);
	}
}

static void read_objects(struct reader *r, struct sk_order_document *d)
{
	struct reader part = inside(r, "alternative");
	take_text(&part, "narrower", d->narrower, sizeof d->narrower);
	take_text(&part, "refused_because", d->refused_because, sizeof d->refused_because);
	leave(r, &part);
	part = inside(r, "blast");
	take_text(&part, "counters", d->blast.counters, sizeof d->blast.counters);
	take_text(&part, "flows", d->blast.flows, sizeof d->blast.flows);
	take_text(&part, "hosts", d->blast.hosts, sizeof d->blast.hosts);
	take_text(&part, "organisations", d->blast.organisations, sizeof d->blast.organisations);
	take_time(&part, "since", &d->blast.since_ns);
	if (sk_json_get(part.at, "source") != NULL)
		take_text(&part, "source", d->blast.source, sizeof d->blast.source);
	take_time(&part, "until", &d->blast.until_ns);
	take_text(&part, "warnings", d->blast.warnings, sizeof d->blast.warnings);
	leave(r, &part);
	part = inside(r, "coordination");
	take_text(&part, "commander", d->commander, sizeof d->commander);
	d->org_count = take_names(&part, "orgs", d->orgs);
	take_text(&part, "plan", d->plan, sizeof d->plan);
	leave(r, &part);
	part = inside(r, "foreign");
	take_bool(&part, "effect", &d->foreign_effect);
	take_text(&part, "home", d->home, sizeof d->home);
	take_text(&part, "why", d->foreign_why, sizeof d->foreign_why);
	leave(r, &part);
}

static void read_notice(struct reader *r, struct sk_order_notice *n)
{
	if (sk_json_get(r->at, "notice") == NULL)
		return;
	struct reader part = inside(r, "notice");
	for (const struct sk_json_value *v = list_of(&part, "about", SK_DOCUMENT_LIST_MAX); v != NULL; v = v->next) {
		if (v->kind != SK_JSON_TEXT || v->length >= SK_NOTICE_ABOUT_BYTES) {
			part.wrong = "about";
			break;
		}
		memcpy(n->about[n->about_count++], v->text, v->length + 1);
	}
	for (unsigned i = 0; i < 2; i++) {
		struct reader words = inside(&part, languages[i]);
		take_text(&words, "text", n->text[i], sizeof n->text[i]);
		take_text(&words, "title", n->title[i], sizeof n->title[i]);
		leave(&part, &words);
	}
	leave(r, &part);
}

static enum sk_err read_document(const struct sk_json_value *object, struct sk_order_document *d, uint8_t ratify[SK_HASH_BYTES], struct sk_fault *fault)
{
	struct reader r = {.at = object};
	const char *format = sk_json_get_text(object, "format"), *measure = sk_json_get_text(object, "measure"), *action = sk_json_get_text(object, "action");
	if (format == NULL || strcmp(format, format_name) != 0)
		return refuse(fault, "format", format_name);
	if (measure == NULL || action == NULL || sk_action_parse(measure, action, &d->order.action) != SK_OK)
		return refuse(fault, "measure", "a measure and its action");
	read_lists(&r, d);
	read_objects(&r, d);
	read_notice(&r, &d->notice);
	take_number(&r, "check_hours", &d->check_hours);
	take_text(&r, "extends", d->extends, sizeof d->extends);
	take_number(&r, "life_s", &d->order.life_s);
	take_time(&r, "not_after", &d->order.not_after_ns);
	take_time(&r, "not_before", &d->order.not_before_ns);
	take_text(&r, "other", d->other, sizeof d->other);
	take_number(&r, "rate_bytes_per_s", &d->order.rate_bytes_per_s);
	take_text(&r, "target_act", d->target_act, sizeof d->target_act);
	take_bool(&r, "urgent", &d->order.urgent);
	take_text(&r, "urgent_why", d->urgent_why, sizeof d->urgent_why);
	if (sk_json_get_hex(object, "ratify_quorum", ratify, SK_HASH_BYTES) != SK_OK)
		r.wrong = "ratify_quorum";
	return r.wrong != NULL ? refuse(fault, r.wrong, "another form; see docs/orders.md") : SK_OK;
}

/* Do document, line and quorums belong together, and is the body what would be written of them? */
static enum sk_err check_together(struct sk_order_text *text, const struct sk_order *line, const char *body, size_t length, struct sk_fault *fault)
{
	struct sk_order_document *d = text->document;
	uint8_t digest[SK_HASH_BYTES];
	struct sk_buf again;
	digest_of(text->ratify, digest);
	if (memcmp(digest, text->ratify_digest, sizeof digest) != 0 || (text->ratify[0] != '\0' && !d->order.urgent))
		return refuse(fault, "ratify_quorum", "the digest of the quorum that ratifies, of an urgent order alone");
	(void)snprintf(d->order.id, sizeof d->order.id, "%s", line->id);
	sk_buf_init(&again, (size_t)2 * SK_ACT_BODY_MAX);
	enum sk_err err = sk_order_text_make(d, &line->proposer, text->quorum, text->ratify, &again, fault);
	if (err == SK_OK && (again.length != length || memcmp(again.bytes, body, length) != 0))
		err = sk_fault_set(fault, SK_EMALFORMED, "order: document, order and quorum do not belong together");
	sk_buf_fini(&again);
	return err == SK_EUSAGE ? SK_EMALFORMED : err;
}

static char *copy_of(const struct sk_json_value *top, const char *key)
{
	const char *text = sk_json_get_text(top, key);
	return text != NULL ? strdup(text) : NULL;
}

static enum sk_err read_text(const struct sk_json_value *top, const char *body, size_t length, struct sk_order_text *out, struct sk_fault *fault)
{
	struct sk_order *line = calloc(1, sizeof *line);
	out->document = calloc(1, sizeof *out->document);
	out->line = copy_of(top, "order");
	out->quorum = copy_of(top, "quorum");
	out->ratify = copy_of(top, "ratify");
	enum sk_err err = SK_OK;
	if (line == NULL || out->document == NULL)
		err = sk_fault_set(fault, SK_ENOMEM, "out of memory");
	else if (out->line == NULL || out->quorum == NULL || out->ratify == NULL || sk_json_get(top, "document") == NULL)
		err = sk_fault_set(fault, SK_EMALFORMED, "order: expected the members document, order, quorum, ratify");
	if (err == SK_OK)
		err = read_document(sk_json_get(top, "document"), out->document, out->ratify_digest, fault);
	if (err == SK_OK)
		err = sk_order_decode(out->line, strlen(out->line), line, fault);
	if (err == SK_OK)
		err = check_together(out, line, body, length, fault);
	free(line);
	return err;
}

enum sk_err sk_order_text_read(const char *body, size_t length, struct sk_order_text *out, struct sk_fault *fault)
{
	struct sk_json_doc *doc = NULL;
	*out = (struct sk_order_text){0};
	enum sk_err err = sk_json_parse(body, length, &doc, fault);
	if (err != SK_OK)
		return err == SK_ENOMEM ? err : SK_EMALFORMED;
	err = read_text(sk_json_top(doc), body, length, out, fault);
	sk_json_free(doc);
	if (err != SK_OK)
		sk_order_text_fini(out);
	return err;
}

void sk_order_text_fini(struct sk_order_text *text)
{
	free(text->document);
	free(text->line);
	free(text->quorum);
	free(text->ratify);
	*text = (struct sk_order_text){0};
}
