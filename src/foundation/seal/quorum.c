/* SPDX-License-Identifier: Apache-2.0 */
/* The quorum grammar (c2sp.org/tlog-policy):

     log VKEY [URL]
     witness NAME VKEY [URL]
     group NAME k|any|all MEMBER...
     quorum NAME|none

   A name refers to an earlier line only, and is a member at most once. So the nodes form a forest in file order, each with at most one parent that
   comes later: one pass from the first node to the last decides any quorum, without recursion. */
#include <stdlib.h>

#include "seal/seal_priv.h"

enum { NO_NODE = -1, LOGS_MAX = 64 };

struct node {
	struct sk_span name;   /* in the quorum's own copy of the text */
	int parent;            /* the group that names it, or NO_NODE */
	size_t needed;         /* groups: how many members must be met; 0 = a witness */
	size_t members;        /* groups */
	size_t witness;        /* witnesses: their number */
};

struct sk_quorum {
	size_t node_count, witness_count, log_count;
	struct node nodes[SK_QUORUM_NODES_MAX];
	char names[SK_QUORUM_NODES_MAX][SK_KEY_NAME_MAX]; /* of witness i */
	struct sk_verify_key keys[SK_QUORUM_NODES_MAX];   /* of witness i */
	uint8_t log_keys[LOGS_MAX][32];
	bool has_root;
	int root;              /* NO_NODE for "quorum none" */
	char *text;            /* owned copy; nodes' names point into it */
};

struct reader {
	struct sk_quorum *quorum;
	struct sk_span words; /* what is left of the line */
	size_t line;
	struct sk_fault *fault;
};

static enum sk_err refuse(const struct reader *r, const char *what)
{
	return sk_fault_set(r->fault, SK_EMALFORMED, "quorum: line %zu: %s", r->line, what);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Take the next word; false at the end of the line. */
static bool take_word(struct reader *r, struct sk_span *word)
{
	struct sk_span *rest = &r->words;
	for (; rest->length != 0 && is_blank(*rest->at); rest->at++)
		rest->length--;
	word->at = rest->at;
	for (; rest->length != 0 && !is_blank(*rest->at); rest->at++)
		rest->length--;
	word->length = (size_t)(rest->at - word->at);
	return word->length != 0;
}

static int find_node(const struct sk_quorum *q, struct sk_span name)
{
	for (size_t i = 0; i < q->node_count; i++)
		if (q->nodes[i].name.length == name.length && memcmp(q->nodes[i].name.at, name.at, name.length) == 0)
			return (int)i;
	return NO_NODE;
}

/* One optional URL, then the end of the line. */
static enum sk_err take_end(struct reader *r)
{
	struct sk_span word;
	if (take_word(r, &word) && take_word(r, &word))
		return refuse(r, "expected the end of the line after the URL");
	return SK_OK;
}

static enum sk_err add_node(struct reader *r, struct sk_span name, struct node **out)
{
	struct sk_quorum *q = r->quorum;
	if (sk_span_is(name, "none"))
		return refuse(r, "the name none is taken: it stands for no quorum");
	if (name.length >= SK_KEY_NAME_MAX)
		return refuse(r, "expected a name of at most 127 bytes");
	if (find_node(q, name) != NO_NODE)
		return refuse(r, "this name was defined on an earlier line");
	if (q->node_count == SK_QUORUM_NODES_MAX)
		return refuse(r, "more than 128 witnesses and groups");
	*out = &q->nodes[q->node_count++];
	**out = (struct node){.name = name, .parent = NO_NODE};
	return SK_OK;
}

static enum sk_err read_log(struct reader *r)
{
	struct sk_quorum *q = r->quorum;
	struct sk_span word;
	struct sk_verify_key key;
	if (!take_word(r, &word) || sk_verify_key_parse_span(word, &key) != SK_OK || key.type != SK_KEY_ED25519)
		return refuse(r, "expected a log's verifier key NAME+ID+BASE64 of type Ed25519");
	for (size_t i = 0; i < q->log_count; i++)
		if (memcmp(q->log_keys[i], key.public_key, sizeof key.public_key) == 0)
			return refuse(r, "this log key stands on an earlier line");
	if (q->log_count == LOGS_MAX)
		return refuse(r, "more than 64 logs");
	memcpy(q->log_keys[q->log_count++], key.public_key, sizeof key.public_key);
	return take_end(r);
}

static enum sk_err read_witness(struct reader *r)
{
	struct sk_quorum *q = r->quorum;
	struct sk_span name, word;
	struct sk_verify_key key;
	struct node *node;
	if (!take_word(r, &name) || !take_word(r, &word) || sk_verify_key_parse_span(word, &key) != SK_OK)
		return refuse(r, "expected a name and a verifier key NAME+ID+BASE64 of type Ed25519 or cosignature");
	/* The same key under two names would let one hand count twice. */
	for (size_t i = 0; i < q->witness_count; i++)
		if (memcmp(q->keys[i].public_key, key.public_key, sizeof key.public_key) == 0)
			return refuse(r, "this witness key stands on an earlier line");
	SK_TRY(add_node(r, name, &node));
	node->witness = q->witness_count++;
	q->keys[node->witness] = key;
	memcpy(q->names[node->witness], name.at, name.length);
	return take_end(r);
}

/* A decimal number from 1 to SK_QUORUM_NODES_MAX without leading zeros; 0 for anything else. */
static size_t number_of(struct sk_span word)
{
	size_t value = 0;
	if (word.length == 0 || word.length > 3 || *word.at == '0')
		return 0;
	for (; word.length != 0; word.at++, word.length--) {
		if (*word.at < '0' || *word.at > '9')
			return 0;
		value = value * 10 + (size_t)(*word.at - '0');
	}
	return value <= SK_QUORUM_NODES_MAX ? value : 0;
}

static enum sk_err read_group(struct reader *r)
{
	struct sk_quorum *q = r->quorum;
	struct sk_span name, threshold, member;
	struct node *node;
	if (!take_word(r, &name) || !take_word(r, &threshold))
		return refuse(r, "expected a name, then a number or any or all, then members");
	/* Members are looked up before the group itself gets its name: it cannot be its own member. */
	size_t known = q->node_count;
	SK_TRY(add_node(r, name, &node));
	while (take_word(r, &member)) {
		int found = find_node(q, member);
		if (found == NO_NODE || (size_t)found >= known)
			return refuse(r, "a member is not defined on an earlier line");
		if (q->nodes[found].parent != NO_NODE)
			return refuse(r, "a member is in a group already; each may be a member once");
		q->nodes[found].parent = (int)known;
		node->members++;
	}
	if (node->members == 0)
		return refuse(r, "expected at least one member");
	node->needed = sk_span_is(threshold, "any") ? 1 : sk_span_is(threshold, "all") ? node->members : number_of(threshold);
	if (node->needed == 0 || node->needed > node->members)
		return refuse(r, "expected any, all or a number from 1 to the count of members");
	return SK_OK;
}

static enum sk_err read_quorum(struct reader *r)
{
	struct sk_quorum *q = r->quorum;
	struct sk_span name, more;
	if (q->has_root)
		return refuse(r, "a second quorum line; expected exactly one");
	if (!take_word(r, &name) || take_word(r, &more))
		return refuse(r, "expected one name or none");
	q->has_root = true;
	q->root = find_node(q, name);
	if (q->root == NO_NODE && !sk_span_is(name, "none"))
		return refuse(r, "this name is not defined on an earlier line");
	return SK_OK;
}

static enum sk_err read_line(struct reader *r)
{
	struct sk_span word;
	if (!take_word(r, &word) || *word.at == '#')
		return SK_OK;
	if (sk_span_is(word, "log"))
		return read_log(r);
	if (sk_span_is(word, "witness"))
		return read_witness(r);
	if (sk_span_is(word, "group"))
		return read_group(r);
	if (sk_span_is(word, "quorum"))
		return read_quorum(r);
	return refuse(r, "expected log, witness, group or quorum");
}

/* Only tab and line feed among control characters; bytes from 0x80 are opaque (tlog-policy, character set). */
static bool characters_allowed(struct sk_span text)
{
	for (; text.length != 0; text.at++, text.length--) {
		unsigned char c = (unsigned char)*text.at;
		if ((c < 0x20 && c != '\t' && c != '\n') || c == 0x7f)
			return false;
	}
	return true;
}

static enum sk_err read_text(struct sk_quorum *quorum, size_t length, struct sk_fault *fault)
{
	struct reader r = {.quorum = quorum, .fault = fault};
	struct sk_span rest = {quorum->text, length};
	if (!characters_allowed(rest))
		return sk_fault_set(fault, SK_EMALFORMED, "quorum: a control character other than tab and line feed");
	while (sk_span_until(&rest, '\n', &r.words)) {
		r.line++;
		SK_TRY(read_line(&r));
	}
	if (rest.length != 0)
		return sk_fault_set(fault, SK_EMALFORMED, "quorum: line %zu has no line feed; the text was cut", r.line + 1);
	if (!quorum->has_root)
		return sk_fault_set(fault, SK_EMALFORMED, "quorum: no quorum line; expected exactly one");
	return SK_OK;
}

enum sk_err sk_quorum_parse(const char *text, size_t length, struct sk_quorum **out, struct sk_fault *fault)
{
	if (length > SK_QUORUM_TEXT_MAX)
		return sk_fault_set(fault, SK_EMALFORMED, "quorum: %zu bytes, expected at most %d", length, SK_QUORUM_TEXT_MAX);
	struct sk_quorum *quorum = calloc(1, sizeof *quorum);
	char *copy = malloc(length + 1);
	if (quorum == NULL || copy == NULL) {
		free(quorum);
		free(copy);
		return sk_fault_set(fault, SK_ENOMEM, "quorum: out of memory");
	}
	if (length != 0)
		memcpy(copy, text, length);
	quorum->text = copy;
	enum sk_err err = read_text(quorum, length, fault);
	if (err != SK_OK) {
		sk_quorum_free(quorum);
		return err;
	}
	*out = quorum;
	return SK_OK;
}

void sk_quorum_free(struct sk_quorum *quorum)
{
	if (quorum == NULL)
		return;
	free(quorum->text);
	free(quorum);
}

size_t sk_quorum_members(const struct sk_quorum *quorum)
{
	return quorum->witness_count;
}

const struct sk_verify_key *sk_quorum_member(const struct sk_quorum *quorum, size_t i, const char **name)
{
	SK_INVARIANT(i < quorum->witness_count);
	if (name != NULL)
		*name = quorum->names[i];
	return &quorum->keys[i];
}

bool sk_quorum_met(const struct sk_quorum *quorum, const bool *present)
{
	size_t met_members[SK_QUORUM_NODES_MAX] = {0};
	if (quorum->root == NO_NODE)
		return true;
	for (size_t i = 0; i < quorum->node_count; i++) {
		const struct node *node = &quorum->nodes[i];
		bool met = node->needed == 0 ? present[node->witness] : met_members[i] >= node->needed;
		if ((int)i == quorum->root)
			return met;
		if (met && node->parent != NO_NODE)
			met_members[node->parent]++;
	}
	return false;
}
