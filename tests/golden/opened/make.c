/* SPDX-License-Identifier: Apache-2.0 */
/* make OUT: a centre's life (story.def) as a ledger with openings, once as it should be and once for each lie of lies.def; and cases.tsv: name, exit code, what both verifiers must say.
   rule: OPENED-1 OPENED-2 OPENED-3 OPENED-4 OPENED-5 OPENED-6. Written without the centre's rooms: statements, notes, leaves and openings by hand, under keys made for the run. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "basis/basis.h"
#include "ledger/act.h"
#include "ledger/ledger.h"
#include "text/json.h"
#include "text/text.h"
#include "warrant/receipt.h"
#include "warrant/warrant.h"

enum { ACTS_MAX = 160, BODY_MAX = 65536, KEYS_MAX = 32, OPENINGS_MAX = 1 << 22, STEP_S = 60 };
#define MUST(condition) ((condition) ? (void)0 : die(#condition, __LINE__))
static const int64_t begin_s = 1827100800; /* 2027-11-25 */
static const char origin[] = "centre.example/acts";

_Noreturn static void die(const char *what, int line)
{
	(void)fprintf(stderr, "make.c:%d: %s\n", line, what);
	exit(1);
}

/* ---- keys ---- */

static struct {
	const char *name;
	struct sk_sign_key *key;
} keys[KEYS_MAX];

/* The key of that name; "centre" is the ledger's. */
static struct sk_sign_key *key_of(const char *name, size_t length)
{
	size_t i = 0;
	while (i < KEYS_MAX && keys[i].name != NULL && (strlen(keys[i].name) != length || memcmp(keys[i].name, name, length) != 0))
		i++;
	MUST(i < KEYS_MAX);
	if (keys[i].name == NULL) {
		keys[i].name = strndup(name, length);
		MUST(sk_sign_key_new(strcmp(keys[i].name, "centre") == 0 ? origin : keys[i].name, &keys[i].key) == SK_OK);
	}
	return keys[i].key;
}

/* ---- the story ---- */

struct act {
	const char *matter, *id, *event, *signers, *from, *to, *said; /* said: the body as the story has it */
	char *body;                    /* owned copy, which lies alter */
	bool dropped;
	/* lies */
	const char *leaf_event;
	int64_t leaf_time_shift, time_shift_s, ayes_shift;
	int leaf_policy, follows;      /* follows: index of another act plus one */
	bool wrong_previous, begins_anew, forged;
	/* made */
	uint64_t leaf;
	uint8_t digest[SK_HASH_BYTES];
};

enum {
#define ACT(name, ...) A_##name,
#include "story.def"
#undef ACT
	A_COUNT
};

struct story {
	struct act act[ACTS_MAX];      /* the first A_COUNT by name, then those put in */
	size_t count, order[ACTS_MAX];
	struct sk_buf approvals;       /* of order o-1, as JSON texts with commas */
	uint64_t receipts;             /* made so far */
	uint8_t receipt[SK_HASH_BYTES];
	const char *enforcer;          /* key that signs receipts */
	bool other_warrant, endless;
	int64_t skip;
	char line[8192], quorum[8192];
	bool early, self_approved, foreign_quorum, small_quorum, wrong_document, wrong_proposer;
	uint8_t basis[SK_HASH_BYTES], basis2[SK_HASH_BYTES], order_digest[SK_HASH_BYTES], text[SK_HASH_BYTES], old[SK_HASH_BYTES];
	struct sk_buf openings;
};

static void tell(struct story *s)
{
	static const struct act acts[A_COUNT] = {
#define ACT(name, matter_, id_, event_, signers_, from_, to_, body_) {.matter = (matter_), .id = (id_), .event = (event_), .signers = (signers_), .from = (from_), .to = (to_), .said = (body_)},
#include "story.def"
#undef ACT
	};
	memset(s, 0, sizeof *s);
	for (size_t i = 0; i < A_COUNT; i++) {
		s->act[i] = acts[i];
		s->act[i].body = strdup(acts[i].said);
		s->order[i] = i;
	}
	s->count = A_COUNT;
	sk_buf_init(&s->openings, OPENINGS_MAX);
	sk_buf_init(&s->approvals, OPENINGS_MAX);
	s->enforcer = "enforcer";
}

static void forget(struct story *s)
{
	for (size_t i = 0; i < ACTS_MAX; i++)
		free(s->act[i].body);
	sk_buf_fini(&s->openings);
	sk_buf_fini(&s->approvals);
}

static void set_body(struct story *s, size_t act, const char *body)
{
	free(s->act[act].body);
	s->act[act].body = strdup(body);
}

/* The act after this one in the same matter, or NULL. */
static struct act *next_of(struct story *s, size_t act)
{
	bool seen = false;
	for (size_t i = 0; i < s->count; i++) {
		struct act *a = &s->act[s->order[i]];
		if (seen && !a->dropped && strcmp(a->matter, s->act[act].matter) == 0 && strcmp(a->id, s->act[act].id) == 0)
			return a;
		seen = seen || s->order[i] == act;
	}
	return NULL;
}

static void drop(struct story *s, size_t act)
{
	struct act *next = next_of(s, act);
	s->act[act].dropped = true;
	if (next != NULL)
		next->from = s->act[act].from;
}

static void leads_to(struct story *s, size_t act, const char *state)
{
	struct act *next = next_of(s, act);
	s->act[act].to = state;
	if (next != NULL)
		next->from = state;
}

static void insert(struct story *s, size_t before, const char *matter, const char *id, const char *event, const char *signers, const char *from, const char *to, const char *body)
{
	size_t at = 0, made = s->count;
	MUST(made < ACTS_MAX);
	s->act[made] = (struct act){.matter = matter, .id = id, .event = event, .signers = signers, .from = from, .to = to, .body = strdup(body)};
	while (s->order[at] != before)
		at++;
	memmove(&s->order[at + 1], &s->order[at], (s->count - at) * sizeof s->order[0]);
	s->order[at] = made;
	s->count++;
}

/* ---- bodies ---- */

static void add_hex(struct sk_buf *out, const uint8_t digest[SK_HASH_BYTES])
{
	char hex[2 * SK_HASH_BYTES + 1];
	sk_hex_encode(digest, SK_HASH_BYTES, hex);
	sk_buf_add_text(out, hex);
}

static void make_basis(struct story *s, const char *id, const char *kind, struct sk_buf *out)
{
	struct sk_basis *basis = calloc(1, sizeof *basis);
	struct sk_fault fault;
	struct sk_buf body;
	sk_buf_init(&body, BODY_MAX);
	*basis = (struct sk_basis){.from_ns = (begin_s + (s->early ? 86400 : 0)) * 1000000000, .until_ns = (begin_s + 5 * 86400) * 1000000000, .link_count = 1, .links = {"*"}, .act_count = 1, .target_acts = {"act-1"}, .simulated = true,
				   .self_approved = s->self_approved, .rule = {.kinds = SK_SELECTOR_ADDRESS | SK_SELECTOR_DOMAIN, .max_entries = 100000, .min_prefix_v4 = 24, .min_prefix_v6 = 48}};
	basis->classes = SK_CLASS_BIT(strcmp(kind, "ff") == 0 ? SK_CLASS_FF : SK_CLASS_FD);
	(void)snprintf(basis->id, sizeof basis->id, "%s", id);
	(void)snprintf(basis->kind, sizeof basis->kind, "%s", kind);
	memcpy(basis->profile, "lab", sizeof "lab");
	memcpy(basis->role, "none", sizeof "none");
	if (sk_basis_body_write(basis, &body, &fault) != SK_OK)
		die(fault.line, __LINE__);
	bool agreement = strcmp(kind, "agreement") == 0;
	sk_buf_add_text(out, "{\"basis\":");
	sk_buf_add(out, body.bytes, body.length - 1);
	sk_buf_addf(out, ",\"other_means\":\"none\"%s,\"purpose\":\"damage_prevention\"}", agreement ? ",\"partner\":\"carrier\"" : "");
	if (strcmp(id, "b-1") == 0) {
		memcpy(s->basis, basis->digest, SK_HASH_BYTES);
		sk_buf_reset(&body);
		MUST(sk_time_parse("2028-06-01T00:00:00.000000000Z", &basis->until_ns) == SK_OK && sk_basis_body_write(basis, &body, &fault) == SK_OK);
		memcpy(s->basis2, basis->digest, SK_HASH_BYTES);
	}
	sk_buf_fini(&body);
	free(basis);
}

static void add_member(struct sk_buf *out, const char *name, const char *key)
{
	char text[SK_VKEY_TEXT_MAX];
	sk_buf_addf(out, "witness %s %s\n", name, sk_verify_key_format(sk_sign_key_public(key_of(key, strlen(key))), text));
}

static void make_order(struct story *s, const char *id, struct sk_buf *out)
{
	static const char document[] = "{\"format\":\"sekisho-order-document/1\",\"target_act\":\"a beacon\"}", other[] = "{\"format\":\"x\"}";
	struct sk_order *order = calloc(1, sizeof *order);
	struct sk_json_writer w;
	struct sk_fault fault;
	struct sk_buf quorum, line;
	sk_buf_init(&quorum, BODY_MAX);
	sk_buf_init(&line, BODY_MAX);
	if (s->small_quorum) {
		add_member(&quorum, "apr", "apr");
		add_member(&quorum, "leg", "leg");
		sk_buf_add_text(&quorum, "group :m 2 apr leg\nquorum :m\n");
	} else {
		add_member(&quorum, "host/apr", s->foreign_quorum ? "mallory" : "apr");
		add_member(&quorum, "npa/pol", "pol");
		add_member(&quorum, "host/leg", "leg");
		sk_buf_add_text(&quorum, "group :m 2 host/apr npa/pol host/leg\nquorum :m\n");
	}
	*order = (struct sk_order){.action = SK_ACTION_RPZ_NXDOMAIN, .target_count = 1, .targets = {"bad.example"}, .life_s = 3600, .not_before_ns = begin_s * 1000000000,
				   .not_after_ns = (begin_s + 86400) * 1000000000};
	const char *proposer = s->wrong_proposer ? "cmd" : "ana";
	order->proposer = *sk_sign_key_public(key_of(proposer, strlen(proposer)));
	(void)snprintf(order->id, sizeof order->id, "%s", id);
	sk_sha256(document, sizeof document - 1, order->document);
	sk_sha256(sk_buf_text(&quorum), quorum.length, order->quorum);
	MUST(sk_order_encode(order, &line, &fault) == SK_OK);
	memcpy(s->order_digest, order->digest, SK_HASH_BYTES);
	(void)snprintf(s->line, sizeof s->line, "%.*s", (int)line.length - 1, sk_buf_text(&line));
	(void)snprintf(s->quorum, sizeof s->quorum, "%s", sk_buf_text(&quorum));
	sk_json_begin(&w, out, true);
	sk_json_object(&w, NULL);
	sk_json_raw(&w, "document", s->wrong_document ? other : document, s->wrong_document ? sizeof other - 1 : sizeof document - 1);
	sk_json_text(&w, "order", sk_buf_text(&line));
	sk_json_text(&w, "quorum", sk_buf_text(&quorum));
	sk_json_text(&w, "ratify", "");
	sk_json_end(&w);
	sk_buf_fini(&line);
	sk_buf_fini(&quorum);
	free(order);
}

/* The warrant's body by hand: docs/formats/warrant.md. */
static void warrant_digest(const struct story *s, uint8_t digest[SK_HASH_BYTES])
{
	struct sk_buf body, quorum;
	struct sk_json_writer w;
	sk_buf_init(&body, OPENINGS_MAX);
	sk_buf_init(&quorum, BODY_MAX);
	sk_json_begin(&w, &quorum, true);
	sk_json_text(&w, NULL, s->quorum);
	sk_buf_addf(&body, "{\"approvals\":[%s],\"format\":\"sekisho-warrant/2\",\"order\":%s,\"quorum\":%s}\n", sk_buf_text(&s->approvals), s->line, sk_buf_text(&quorum));
	sk_sha256(body.bytes, body.length, digest);
	sk_buf_fini(&quorum);
	sk_buf_fini(&body);
}

static void make_receipt(struct story *s, const char *step, struct sk_buf *out)
{
	struct sk_warrant_receipt *receipt = calloc(1, sizeof *receipt);
	struct sk_fault fault;
	struct sk_buf note;
	struct sk_json_writer w;
	sk_buf_init(&note, BODY_MAX);
	*receipt = (struct sk_warrant_receipt){.number = s->receipts + (uint64_t)s->skip, .items = 1, .text = "", .at_ns = (begin_s + 3600 + (int64_t)s->receipts) * 1000000000,
					       .until_ns = (begin_s + (s->endless ? 864000 : 7200)) * 1000000000};
	while (strcmp(sk_step_name(receipt->step), step) != 0)
		receipt->step++;
	memcpy(receipt->order, "o-1", sizeof "o-1");
	memcpy(receipt->detail, "as told", sizeof "as told");
	memcpy(receipt->previous, s->receipt, SK_HASH_BYTES);
	warrant_digest(s, receipt->warrant);
	receipt->warrant[7] ^= s->other_warrant;
	if (sk_receipt_encode(receipt, key_of(s->enforcer, strlen(s->enforcer)), &note, &fault) != SK_OK)
		die(fault.line, __LINE__);
	memcpy(s->receipt, receipt->digest, SK_HASH_BYTES);
	sk_json_begin(&w, out, true);
	sk_json_object(&w, NULL);
	sk_json_u64(&w, "number", s->receipts++);
	sk_json_hex(&w, "order", s->order_digest, SK_HASH_BYTES);
	sk_json_text(&w, "receipt", sk_buf_text(&note));
	sk_json_end(&w);
	sk_buf_fini(&note);
	free(receipt);
}

static void make_body(struct story *s, const char *pattern, struct sk_buf *out)
{
	const struct { const char *mark; const uint8_t *digest; } digests[] = {{"@text", s->text}, {"@old", s->old}, {"@basis2", s->basis2}, {"@basis", s->basis}, {"@order", s->order_digest}};
	if (strncmp(pattern, "!basis:", 7) == 0) {
		char id[16] = {0};
		size_t length = strcspn(pattern + 7, ":");
		memcpy(id, pattern + 7, length);
		make_basis(s, id, pattern + 7 + length + 1, out);
		return;
	}
	if (strncmp(pattern, "!order:", 7) == 0) {
		make_order(s, pattern + 7, out);
		return;
	}
	if (strncmp(pattern, "!receipt:", 9) == 0) {
		make_receipt(s, pattern + 9, out);
		return;
	}
	while (*pattern != '\0') {
		size_t i = 0;
		char text[SK_VKEY_TEXT_MAX];
		while (i < SK_COUNT(digests) && strncmp(pattern, digests[i].mark, strlen(digests[i].mark)) != 0)
			i++;
		if (strncmp(pattern, "@vkey:", 6) == 0) {
			size_t length = strcspn(pattern + 6, "\"");
			sk_buf_add_text(out, sk_verify_key_format(sk_sign_key_public(key_of(pattern + 6, length)), text));
			pattern += 6 + length;
		} else if (i < SK_COUNT(digests)) {
			add_hex(out, digests[i].digest);
			pattern += strlen(digests[i].mark);
		} else {
			sk_buf_add_u8(out, (uint8_t)*pattern++);
		}
	}
}

/* ---- writing ---- */

static struct act *before(struct story *s, size_t position)
{
	const struct act *a = &s->act[s->order[position]];
	struct act *found = NULL;
	for (size_t i = 0; i < position; i++) {
		struct act *b = &s->act[s->order[i]];
		if (!b->dropped && strcmp(b->matter, a->matter) == 0 && strcmp(b->id, a->id) == 0)
			found = b;
	}
	return found;
}

static void sign(const struct act *a, const struct sk_buf *line, struct sk_buf *note)
{
	bool first = true;
	for (const char *at = a->signers; *at != '\0'; first = false) {
		size_t length = strcspn(at, " ");
		if (first)
			sk_note_sign(note, sk_buf_text(line), line->length, key_of(at, length));
		else
			sk_note_add_signature(note, sk_buf_text(line), line->length, key_of(at, length));
		at += length + (at[length] == ' ');
	}
	if (a->forged) { /* another text's signature under this one */
		struct sk_buf other;
		sk_buf_init(&other, BODY_MAX);
		sk_buf_add_text(&other, "something else\n");
		sk_buf_reset(note);
		sk_buf_add(note, line->bytes, line->length);
		sk_buf_add_u8(note, '\n');
		struct sk_buf forged;
		sk_buf_init(&forged, BODY_MAX);
		sk_note_sign(&forged, sk_buf_text(&other), other.length, key_of(a->signers, strlen(a->signers)));
		const char *mark = strstr(sk_buf_text(&forged), "\n\n");
		sk_buf_add_text(note, mark + 2);
		sk_buf_fini(&forged);
		sk_buf_fini(&other);
	}
}

static void salt_of(const char *what, size_t number, uint8_t salt[32])
{
	char text[256];
	(void)snprintf(text, sizeof text, "%s %zu", what, number);
	sk_sha256(text, strlen(text), salt);
}

static void count_votes(struct story *s, size_t position, struct sk_act_facts *facts)
{
	const struct act *a = &s->act[s->order[position]];
	uint64_t ayes = 0, nays = 0;
	bool vote = strcmp(a->event, "approve") == 0 || strcmp(a->event, "refuse") == 0;
	for (size_t i = 0; vote && strcmp(a->matter, "basis") == 0 && i <= position; i++) {
		const struct act *b = &s->act[s->order[i]];
		if (b->dropped || strcmp(b->matter, "basis") != 0 || strcmp(b->id, a->id) != 0)
			continue;
		if (strcmp(b->event, "request") == 0 || strcmp(b->event, "edit") == 0 || strcmp(b->event, "extend") == 0)
			ayes = nays = 0;
		ayes += strcmp(b->event, "approve") == 0;
		nays += strcmp(b->event, "refuse") == 0;
	}
	ayes += (uint64_t)a->ayes_shift;
	facts->count_count = 0;
	if (ayes != 0)
		facts->counts[facts->count_count++] = (struct sk_cell){.name = "ayes", .frames = ayes};
	if (nays != 0)
		facts->counts[facts->count_count++] = (struct sk_cell){.name = "nays", .frames = nays};
}

static void copy(char *out, size_t size, const char *text)
{
	(void)snprintf(out, size, "%s", text);
}

static void write_act(struct story *s, size_t position, struct sk_ledger *ledger)
{
	struct act *a = &s->act[s->order[position]], *prior = a->begins_anew ? NULL : before(s, position);
	struct sk_act act = {.time_ns = (begin_s + (int64_t)(position + 1) * STEP_S + a->time_shift_s) * 1000000000};
	struct sk_act_facts facts = {.time_ns = act.time_ns + a->leaf_time_shift};
	struct sk_buf body, line, note, leaf;
	struct sk_receipt receipt;
	struct sk_json_writer w;
	uint8_t note_salt[32], matter_salt[32];
	char subject[128];
	sk_buf_init(&body, BODY_MAX);
	sk_buf_init(&line, 2 * BODY_MAX);
	sk_buf_init(&note, 2 * BODY_MAX);
	sk_buf_init(&leaf, SK_RECORD_MAX_BYTES);
	make_body(s, a->body, &body);
	copy(act.matter, sizeof act.matter, a->matter);
	copy(act.id, sizeof act.id, a->id);
	copy(act.event, sizeof act.event, a->event);
	act.body = sk_buf_text(&body);
	act.body_length = body.length;
	if (prior != NULL)
		memcpy(act.previous, prior->digest, SK_HASH_BYTES);
	if (a->wrong_previous)
		act.previous[5] ^= 0x20;
	sk_act_write(&act, &line);
	MUST(line.failed == SK_OK);
	memcpy(a->digest, act.digest, SK_HASH_BYTES);
	if (strcmp(a->event, "request") == 0 || strcmp(a->event, "edit") == 0 || strcmp(a->event, "extend") == 0) {
		memcpy(s->old, s->text, SK_HASH_BYTES);
		memcpy(s->text, act.digest, SK_HASH_BYTES);
	}
	sign(a, &line, &note);
	if (strcmp(a->matter, "order") == 0 && strcmp(a->event, "approve") == 0) {
		struct sk_json_writer text;
		sk_buf_add_text(&s->approvals, s->approvals.length != 0 ? "," : "");
		sk_json_begin(&text, &s->approvals, true);
		sk_json_text(&text, NULL, sk_buf_text(&note));
	}
	/* the leaf */
	copy(facts.matter, sizeof facts.matter, a->matter);
	copy(facts.event, sizeof facts.event, a->leaf_event != NULL ? a->leaf_event : a->event);
	copy(facts.from, sizeof facts.from, a->begins_anew ? "" : a->from);
	copy(facts.to, sizeof facts.to, a->to);
	facts.policy[0] = (uint8_t)a->leaf_policy;
	facts.previous = a->follows != 0 ? s->act[a->follows - 1].leaf + 1 : prior != NULL ? prior->leaf + 1 : 0;
	(void)snprintf(subject, sizeof subject, "%s %s", a->matter, a->id);
	salt_of(subject, 0, matter_salt);
	salt_of("note", position, note_salt);
	sk_commit(matter_salt, subject, strlen(subject), facts.subject);
	sk_commit(note_salt, note.bytes, note.length, facts.document);
	count_votes(s, position, &facts);
	sk_record_act(&leaf, &facts);
	MUST(leaf.failed == SK_OK && sk_ledger_append(ledger, leaf.bytes, leaf.length, &receipt) == SK_OK);
	a->leaf = receipt.index;
	sk_json_begin(&w, &s->openings, true);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "id", a->id);
	sk_json_u64(&w, "leaf", a->leaf);
	sk_json_hex(&w, "matter_salt", matter_salt, sizeof matter_salt);
	sk_json_text_n(&w, "note", sk_buf_text(&note), note.length);
	sk_json_hex(&w, "note_salt", note_salt, sizeof note_salt);
	sk_json_end(&w);
	sk_buf_add_u8(&s->openings, '\n');
	sk_buf_fini(&leaf);
	sk_buf_fini(&note);
	sk_buf_fini(&line);
	sk_buf_fini(&body);
}

static void write_story(struct story *s, const char *folder)
{
	struct sk_ledger *ledger;
	struct sk_fault fault;
	struct sk_buf open;
	struct sk_receipt receipt;
	struct sk_sign_key *centre = key_of("centre", 6);
	uint64_t dropped;
	sk_buf_init(&open, SK_RECORD_MAX_BYTES);
	sk_record_open(&open, origin, sk_sign_key_public(centre), 10, "lab", "none", true, begin_s * 1000000000);
	MUST(open.failed == SK_OK && sk_ledger_open(folder, origin, centre, &ledger, &dropped, &fault) == SK_OK);
	MUST(sk_ledger_append(ledger, open.bytes, open.length, &receipt) == SK_OK);
	for (size_t i = 0; i < s->count; i++)
		if (!s->act[s->order[i]].dropped)
			write_act(s, i, ledger);
	MUST(sk_ledger_commit(ledger, &fault) == SK_OK);
	sk_ledger_close(ledger);
	sk_buf_fini(&open);
	MUST(s->openings.failed == SK_OK);
}

/* ---- openings altered ---- */

static void replace_all(struct sk_buf *o, const char *text, size_t length)
{
	struct sk_buf made;
	sk_buf_init(&made, OPENINGS_MAX);
	sk_buf_add(&made, text, length);
	sk_buf_fini(o);
	*o = made;
}

static void change(struct sk_buf *o, const char *find, const char *with)
{
	char *at = strstr((char *)o->bytes, find);
	MUST(at != NULL && strlen(find) == strlen(with));
	memcpy(at, with, strlen(with));
}

static void flip_salt(struct sk_buf *o)
{
	char *at = strstr((char *)o->bytes, "\"note_salt\":\"");
	MUST(at != NULL);
	at[13] = at[13] == '0' ? '1' : '0';
}

static const char *line_at(const struct sk_buf *o, size_t number, size_t *length)
{
	const char *at = sk_buf_text(o);
	for (size_t i = 0; i < number; i++)
		at = strchr(at, '\n') + 1;
	*length = strcspn(at, "\n") + 1;
	return at;
}

/* Lines [0, number) + `with` + the rest from number + skip on. */
static void edit(struct sk_buf *o, size_t number, const char *with, size_t with_length, size_t skip)
{
	struct sk_buf made;
	size_t length, rest;
	const char *at = line_at(o, number, &length), *after = line_at(o, number + skip, &rest);
	sk_buf_init(&made, OPENINGS_MAX);
	sk_buf_add(&made, o->bytes, (size_t)(at - sk_buf_text(o)));
	sk_buf_add(&made, with, with_length);
	sk_buf_add_text(&made, after);
	replace_all(o, sk_buf_text(&made), made.length);
	sk_buf_fini(&made);
}

static void drop_line(struct sk_buf *o, size_t number)
{
	edit(o, number, "", 0, 1);
}

static void twice_line(struct sk_buf *o, size_t number)
{
	size_t length;
	const char *at = line_at(o, number, &length);
	char *line = strndup(at, length);
	edit(o, number, line, length, 0);
	free(line);
}

static void swap_lines(struct sk_buf *o, size_t number)
{
	size_t first, second;
	const char *a = line_at(o, number, &first), *b = line_at(o, number + 1, &second);
	struct sk_buf both;
	sk_buf_init(&both, OPENINGS_MAX);
	sk_buf_add(&both, b, second);
	sk_buf_add(&both, a, first);
	edit(o, number, sk_buf_text(&both), both.length, 2);
	sk_buf_fini(&both);
}

static size_t lines(const struct sk_buf *o)
{
	size_t count = 0;
	for (const char *at = sk_buf_text(o); (at = strchr(at, '\n')) != NULL; at++)
		count++;
	return count;
}

static void cut_last(struct sk_buf *o)
{
	size_t length;
	const char *last = line_at(o, lines(o) - 1, &length);
	o->length = (size_t)(last - sk_buf_text(o));
	o->bytes[o->length] = '\0';
}

static void cut_end(struct sk_buf *o)
{
	o->bytes[--o->length] = '\0';
}

static void one_more(struct sk_buf *o)
{
	size_t length;
	const char *at = line_at(o, 0, &length);
	char *line = strndup(at, length);
	sk_buf_add_text(o, line);
	free(line);
}

/* ---- cases ---- */

static FILE *cases;
static const char *out_folder;

static void add_case(struct story *s, const char *name, int code, const char *words)
{
	char path[4096];
	struct sk_fault fault;
	(void)snprintf(path, sizeof path, "%s/%s.jsonl", out_folder, name);
	MUST(sk_file_replace(path, s->openings.bytes, s->openings.length, 0600, &fault) == SK_OK);
	(void)fprintf(cases, "%s\t%d\t%s\n", name, code, words);
}

static void add_lie(const char *name, const char *words, void (*alter)(struct story *s), void (*damage)(struct sk_buf *o))
{
	static struct story story;
	char path[4096];
	(void)snprintf(path, sizeof path, "%s/%s", out_folder, name);
	tell(&story);
	if (alter != NULL)
		alter(&story);
	write_story(&story, path);
	if (damage != NULL)
		damage(&story.openings);
	add_case(&story, name, words[0] == '\0' ? 0 : 1, words);
	forget(&story);
}

#define LIE(name, words, ...) \
	static void lie_##name(struct story *s) { __VA_ARGS__; }
#define OPENING(name, words, ...) \
	static void open_##name(struct sk_buf *o) { __VA_ARGS__; }
#include "lies.def"
#undef LIE
#undef OPENING

int main(int argc, char **argv)
{
	char path[4096];
	MUST(argc == 2 && sk_seal_start() == SK_OK);
	out_folder = argv[1];
	(void)snprintf(path, sizeof path, "%s/cases.tsv", out_folder);
	cases = fopen(path, "w");
	MUST(cases != NULL);
	add_lie("good", "", NULL, NULL);
#define LIE(name, words, ...) add_lie("lie-" #name, words, lie_##name, NULL);
#define OPENING(name, words, ...) add_lie("lie-" #name, words, NULL, open_##name);
#include "lies.def"
	MUST(fclose(cases) == 0);
	(void)snprintf(path, sizeof path, "%s/enforcer.vkey", out_folder);
	cases = fopen(path, "w");
	char text[SK_VKEY_TEXT_MAX];
	MUST(cases != NULL && fprintf(cases, "%s\n", sk_verify_key_format(sk_sign_key_public(key_of("enforcer", 8)), text)) > 0 && fclose(cases) == 0);
	for (size_t i = 0; i < KEYS_MAX; i++)
		sk_sign_key_free(keys[i].key);
	return 0;
}
