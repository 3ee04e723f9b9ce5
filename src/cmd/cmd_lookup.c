/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho lookup: was this value seen, when, by which selector; and if not, why not. */
#include <stdarg.h>
#include <string.h>

#include "border/border.h"
#include "cmd/query.h"
#include "indicator/indicator.h"
#include "text/text.h"
#include "text/url.h"

enum { WHY_MAX = 8, VALUE_MAX = SK_OBSERVATION_DOMAIN_MAX, TEXT_MAX = 4096, SHA1_BYTES = 20, OUT_MAX = 1 << 20 };

/* Kinds of selectors that are asked for by hexadecimal digits, which do not say which of them is meant. */
static const enum sk_indicator_kind hash_kinds[] = {SK_INDICATOR_JA3, SK_INDICATOR_JA3S, SK_INDICATOR_HASSH, SK_INDICATOR_HASSH_SERVER,
						    SK_INDICATOR_CERT_SHA1, SK_INDICATOR_CERT_SHA256, SK_INDICATOR_URL};

/* What the store holds of one value. */
struct sightings {
	uint64_t observations, flows, findings;
	int64_t first_ns, last_ns;
	char matched[SK_OBSERVATION_DOMAIN_MAX], selected_by[64]; /* of the last observation */
	struct sk_finding newest;
	uint64_t erased_observations, erased_flows, locked;
	int64_t told_ns;          /* when the observation began of which matched and selected_by are */
	uint32_t told_hits;
};

struct lookup {
	struct sk_query *query;
	struct sk_indicator_set *set;   /* NULL: none imported */
	struct sk_border *border;       /* NULL: unreadable */
	struct sk_indicator_facts facts;
	char text[TEXT_MAX];            /* as it was asked for, not defanged any more */
	char value[VALUE_MAX];          /* cleaned; of a URL "url:" and its hash */
	bool is_addr, is_url;
	struct sk_addr addr;
	struct sightings seen;
	bool selected;                  /* the set in use names it */
	char origin[320], selector[320];
	size_t why_count;
	char why[WHY_MAX][SK_FAULT_LINE_MAX];
};

/* ---- the store ---- */

static void note_time(struct sightings *seen, int64_t first_ns, int64_t last_ns)
{
	bool fresh = seen->observations + seen->flows + seen->findings == 0;
	seen->first_ns = fresh || first_ns < seen->first_ns ? first_ns : seen->first_ns;
	seen->last_ns = fresh || last_ns > seen->last_ns ? last_ns : seen->last_ns;
}

static enum sk_err take_observation(void *context, const uint8_t id[16], uint64_t interval, const struct sk_observation *observation)
{
	struct sightings *seen = context;
	(void)id;
	(void)interval;
	note_time(seen, observation->first_ns, observation->last_ns);
	if (observation->kind == SK_OBSERVATION_FLOW) {
		seen->flows++;
		return SK_OK;
	}
	seen->observations++;
	/* The newest is told of; of those that began at the same time the one with more hits, so that the order in which they ended does not show. */
	bool newest = seen->observations == 1 || observation->first_ns > seen->told_ns || (observation->first_ns == seen->told_ns && observation->hit_count > seen->told_hits);
	if (!newest)
		return SK_OK;
	seen->told_ns = observation->first_ns;
	seen->told_hits = observation->hit_count;
	(void)snprintf(seen->matched, sizeof seen->matched, "%s", observation->matched);
	sk_query_hit_kinds(observation, seen->selected_by);
	return SK_OK;
}

static enum sk_err take_finding(void *context, const struct sk_finding *finding)
{
	struct sightings *seen = context;
	note_time(seen, finding->first_ns, finding->last_ns);
	seen->findings++;
	seen->newest = *finding;
	return SK_OK;
}

static enum sk_err search(const struct sk_query *query, const char *value, struct sightings *seen, struct sk_fault *fault)
{
	struct sk_store_filter filter = query->filter;
	*seen = (struct sightings){.observations = 0};
	if (query->store == NULL)
		return SK_OK;
	filter.value = value;
	SK_TRY(sk_store_observations(query->store, &filter, take_observation, seen, &seen->erased_observations, fault));
	SK_TRY(sk_store_flows(query->store, &filter, take_observation, seen, &seen->erased_flows, fault));
	struct sk_store_unread unread;
	SK_TRY(sk_store_findings(query->store, &filter, take_finding, seen, fault));
	sk_store_unread(query->store, &unread);
	seen->locked = unread.locked;
	return SK_OK;
}

/* ---- why, or why not ---- */

SK_PRINTF(2, 3) static void because(struct lookup *lookup, const char *format, ...)
{
	va_list args;
	SK_INVARIANT(lookup->why_count < WHY_MAX);
	va_start(args, format);
	(void)vsnprintf(lookup->why[lookup->why_count++], sizeof lookup->why[0], format, args);
	va_end(args);
}

static bool was_seen(const struct sightings *seen)
{
	return seen->observations + seen->flows + seen->findings != 0;
}

/* "ja3s:HEX", as the set prints its hashes (JA3 without the kind), asks for that kind alone; digits alone for every kind that has as many. */
static bool match_hash(const struct lookup *lookup, struct sk_indicator_hit *hit)
{
	const char *colon = strchr(lookup->value, ':'), *digits = colon != NULL ? colon + 1 : lookup->value;
	bool ja3 = strncmp(lookup->value, "ja3:", 4) == 0;
	char selector[VALUE_MAX];
	for (size_t i = 0; i < SK_COUNT(hash_kinds); i++)
		if (sk_indicator_match_hex(lookup->set, hash_kinds[i], digits, hit) &&
		    (colon == NULL || strcmp(sk_indicator_value(lookup->set, hit->id, selector, sizeof selector), ja3 ? digits : lookup->value) == 0))
			return true;
	return false;
}

static void ask_set(struct lookup *lookup)
{
	struct sk_indicator_hit hit;
	if (lookup->set == NULL)
		return;
	lookup->selected = lookup->is_addr ? sk_indicator_match_addr(lookup->set, &lookup->addr, &hit)
					   : sk_indicator_match_domain(lookup->set, lookup->value, strlen(lookup->value), &hit) ||
						     sk_indicator_match_ja4(lookup->set, lookup->value, &hit) || match_hash(lookup, &hit);
	if (!lookup->selected)
		return;
	(void)sk_indicator_value(lookup->set, hit.id, lookup->selector, sizeof lookup->selector);
	(void)sk_indicator_origin(lookup->set, hit.id, lookup->origin, sizeof lookup->origin);
}

static void explain_set(struct lookup *lookup)
{
	char number[SK_UNIT_TEXT_MAX];
	if (lookup->set == NULL) {
		because(lookup, "There is no selector set in this workspace (sekisho selectors import), so nothing is kept at all.");
		return;
	}
	bool flow_all = (lookup->facts.kinds & SK_INDICATOR_FLOW_ALL) != 0;
	if (lookup->selected)
		because(lookup,
			"The selector set in use names it (%s%s%s): it would have been kept, so it did not cross in what was watched since the set "
			"was imported.",
			lookup->selector, lookup->origin[0] != '\0' ? ", from " : "", lookup->origin);
	else
		because(lookup, "The selector set in use (%s %s) does not name it.", sk_number_format(lookup->facts.entries, number),
			lookup->facts.entries == 1 ? "entry" : "entries");
	if (!lookup->selected && flow_all)
		because(lookup, "%s",
			lookup->is_addr
				? "The set holds flow.all, which keeps every flow that a basis covers: no such flow crossed in what was watched "
				  "since."
				: "The set holds flow.all, which keeps flows; a name or fingerprint is kept with them only as the basis allows.");
	if (!lookup->selected && !flow_all)
		because(lookup, "Without a selector for it, frames that hold it are erased and only counted.");
}

static void explain_border(struct lookup *lookup)
{
	if (!lookup->is_addr || lookup->border == NULL)
		return;
	switch (sk_border_side(lookup->border, &lookup->addr)) {
	case SK_SIDE_DOMESTIC:
		because(lookup,
			"The border table calls it domestic: what it says to other domestic addresses is erased unread, whatever the selectors.");
		break;
	case SK_SIDE_UNKNOWN:
		because(lookup, "The border table does not know its side: every frame with it is erased unread (sekisho border explain says why).");
		break;
	case SK_SIDE_FOREIGN:
		break;
	}
}

static void explain_erased(struct lookup *lookup)
{
	char observations[SK_UNIT_TEXT_MAX], flows[SK_UNIT_TEXT_MAX];
	const struct sightings *seen = &lookup->seen;
	if (seen->erased_observations + seen->erased_flows != 0)
		because(lookup, "Days were erased: %s observations and %s flows cannot be read any more, nor whether this value was among them.",
			sk_number_format(seen->erased_observations, observations), sk_number_format(seen->erased_flows, flows));
	if (seen->locked != 0)
		because(lookup, "%s records are sealed under keys that oversight holds a share of, and the share is not open: whether this value is among them cannot be said.",
			sk_number_format(seen->locked, observations));
}

/* Names are kept as the matched or registered domain: a longer name is answered by its parents. */
static enum sk_err explain_parents(struct lookup *lookup, struct sk_fault *fault)
{
	if (lookup->is_addr)
		return SK_OK;
	for (const char *dot = strchr(lookup->value, '.'); dot != NULL && strchr(dot + 1, '.') != NULL && lookup->why_count < WHY_MAX - 4;
	     dot = strchr(dot + 1, '.')) {
		struct sightings parent;
		char last[SK_TIME_TEXT_MAX];
		SK_TRY(search(lookup->query, dot + 1, &parent, fault));
		if (!was_seen(&parent))
			continue;
		because(lookup, "Its parent %s was seen, last at %s: full names are kept only when a selector equals them or the basis allows names.",
			dot + 1, sk_time_format(parent.last_ns, 0, last));
		return SK_OK;
	}
	return SK_OK;
}

static void explain_url(struct lookup *lookup)
{
	if (lookup->is_url)
		because(lookup, "Of a request a record keeps the domain of its host and, apart from it, a hash of the path: a page is found only where a "
				"selector for it hit when it crossed. Look its host up too.");
}

static enum sk_err explain(struct lookup *lookup, struct sk_fault *fault)
{
	if (!was_seen(&lookup->seen)) {
		if (lookup->query->store == NULL)
			because(lookup, "Nothing was watched into this workspace yet.");
		SK_TRY(explain_parents(lookup, fault));
		explain_url(lookup);
		explain_set(lookup);
		explain_border(lookup);
	}
	explain_erased(lookup);
	return SK_OK;
}

/* ---- answers ---- */

/* Lists write values defanged ("bad[.]example", "hxxp[:]//"), and IPv6 addresses in brackets; take them as they are pasted. */
static bool refang(const char *text, char out[TEXT_MAX])
{
	size_t length = 0;
	bool in_brackets = text[0] == '[' && text[strlen(text) - 1] == ']';
	text += in_brackets;
	for (; *text != '\0'; text++) {
		bool guarded = text[0] == '[' && (text[1] == '.' || text[1] == ':') && text[2] == ']';
		if (length + 1 >= TEXT_MAX)
			return false;
		out[length++] = text[guarded ? 1 : 0];
		text += guarded ? 2 : 0;
	}
	length -= in_brackets;
	out[length] = '\0';
	return length != 0;
}

/* A page is asked for by the hash of its host and path, as the sensor and the lists make it. An address with something behind a '/' is a prefix that was
   mistyped. */
static bool clean_url(struct lookup *lookup)
{
	struct sk_url url;
	struct sk_addr addr;
	char host[SK_URL_HOST_MAX + 1];
	uint8_t hash[SK_URL_HASH_BYTES];
	char hex[2 * SK_URL_HASH_BYTES + 1];
	if (strchr(lookup->text, '/') == NULL || sk_url_parts(lookup->text, strlen(lookup->text), &url) != SK_OK)
		return false;
	(void)snprintf(host, sizeof host, "%.*s", (int)url.host_length, url.host);
	if (!url.has_scheme && sk_addr_parse(host, &addr) == SK_OK)
		return false;
	sk_url_hash(url.host, url.host_length, url.path, url.path_length, hash);
	sk_hex_encode(hash, sizeof hash, hex);
	(void)snprintf(lookup->value, sizeof lookup->value, "url:%s", hex);
	return true;
}

/* The hash of a certificate as most tools print it, "ab:cd:...", loses its colons. */
static void drop_colons(char *value)
{
	size_t pairs = (strlen(value) + 1) / 3;
	if (pairs * 3 != strlen(value) + 1 || (pairs != SHA1_BYTES && pairs != SK_HASH_BYTES))
		return;
	for (size_t i = 1; i < pairs; i++)
		if (value[3 * i - 1] != ':')
			return;
	for (size_t i = 0; i < pairs; i++)
		memmove(value + 2 * i, value + 3 * i, 2);
	value[2 * pairs] = '\0';
}

/* Lower case, without a last dot and without "ja4:", which no JA4 is printed with. */
static bool clean_value(struct lookup *lookup)
{
	const char *text = lookup->text;
	size_t length = strlen(text);
	if (length > 4 && strncmp(text, "ja4:", 4) == 0) {
		text += 4;
		length -= 4;
	}
	if (length > 1 && text[length - 1] == '.')
		length--;
	if (length >= VALUE_MAX)
		return false;
	for (size_t i = 0; i < length; i++)
		lookup->value[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]);
	lookup->value[length] = '\0';
	drop_colons(lookup->value);
	return true;
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static void print_words(const struct lookup *lookup)
{
	FILE *out = lookup->query->cmd->out;
	const struct sightings *seen = &lookup->seen;
	char words[SK_WORDS_TEXT_MAX], observations[SK_UNIT_TEXT_MAX], flows[SK_UNIT_TEXT_MAX], findings[SK_UNIT_TEXT_MAX], first[SK_TIME_TEXT_MAX], last[SK_TIME_TEXT_MAX];
	struct sk_buf safe;
	sk_buf_init(&safe, OUT_MAX);
	sk_escape_line(&safe, lookup->text, strlen(lookup->text));
	if (was_seen(seen)) {
		sk_buf_addf(&safe, ": seen in %s observation%s, %s flow%s and %s finding%s, first at %s, last at %s.\n",
			    sk_number_format(seen->observations, observations), plural(seen->observations), sk_number_format(seen->flows, flows),
			    plural(seen->flows), sk_number_format(seen->findings, findings), plural(seen->findings),
			    sk_time_format(seen->first_ns, 0, first), sk_time_format(seen->last_ns, 0, last));
		if (seen->observations != 0) {
			sk_buf_add_text(&safe, "  Kept because a selector hit: ");
			sk_escape_line(&safe, seen->matched, strlen(seen->matched));
			sk_buf_addf(&safe, " (%s).\n", seen->selected_by);
		} else if (seen->flows != 0) {
			sk_buf_add_text(&safe, "  Kept by flow.all alone: no indicator named it.\n");
		}
		if (seen->findings != 0) {
			sk_buf_add_text(&safe, "  Newest finding: ");
			(void)sk_words_text(&seen->newest.sentence, lookup->query->lang, words);
			sk_escape_line(&safe, words, strlen(words));
			sk_buf_add_u8(&safe, '\n');
		}
	} else {
		sk_buf_add_text(&safe, ": not seen.\n");
	}
	for (size_t i = 0; i < lookup->why_count; i++) {
		sk_buf_add_text(&safe, "  ");
		sk_escape_line(&safe, lookup->why[i], strlen(lookup->why[i]));
		sk_buf_add_u8(&safe, '\n');
	}
	(void)fputs(sk_buf_text(&safe), out);
	sk_buf_fini(&safe);
}

static void print_json(const struct lookup *lookup, struct sk_rows *rows)
{
	const struct sightings *seen = &lookup->seen;
	char time[SK_TIME_TEXT_MAX];
	struct sk_json_writer *w = sk_rows_record(rows);
	sk_json_text(w, "value", lookup->value);
	if (lookup->is_url)
		sk_json_text(w, "url", lookup->text);
	sk_json_bool(w, "seen", was_seen(seen));
	sk_json_u64(w, "observations", seen->observations);
	sk_json_u64(w, "flows", seen->flows);
	sk_json_u64(w, "findings", seen->findings);
	if (was_seen(seen)) {
		sk_json_text(w, "first", sk_time_format(seen->first_ns, 6, time));
		sk_json_text(w, "last", sk_time_format(seen->last_ns, 6, time));
	}
	if (seen->observations != 0) {
		sk_json_text(w, "matched", seen->matched);
		sk_json_text(w, "selected_by", seen->selected_by);
	}
	if (seen->findings != 0)
		sk_words_json(w, "newest_finding", &seen->newest.sentence, lookup->query->lang);
	sk_json_bool(w, "in_selector_set", lookup->selected);
	if (lookup->selected) {
		sk_json_text(w, "selector", lookup->selector);
		sk_json_text(w, "origin", lookup->origin);
	}
	if (lookup->is_addr && lookup->border != NULL)
		sk_json_text(w, "side", sk_side_name(sk_border_side(lookup->border, &lookup->addr)));
	sk_json_u64(w, "erased_observations", seen->erased_observations);
	sk_json_u64(w, "erased_flows", seen->erased_flows);
	sk_json_array(w, "why");
	for (size_t i = 0; i < lookup->why_count; i++)
		sk_json_text(w, NULL, lookup->why[i]);
	sk_json_end(w);
	sk_rows_end_record(rows);
}

static enum sk_err answer(struct lookup *lookup, const char *text, struct sk_rows *rows, struct sk_fault *fault)
{
	struct sk_prefix prefix;
	lookup->selected = false;
	lookup->why_count = 0;
	lookup->origin[0] = lookup->selector[0] = '\0';
	if (!refang(text, lookup->text))
		return sk_fault_set(fault, SK_EUSAGE, "lookup: a value is empty or longer than %d bytes", TEXT_MAX - 1);
	/* Of a prefix its first address is asked of the set and the table. */
	lookup->is_url = sk_prefix_parse(lookup->text, &prefix) != SK_OK && clean_url(lookup);
	if (!lookup->is_url && !clean_value(lookup))
		return sk_fault_set(fault, SK_EUSAGE, "lookup: a value that is no URL is longer than %d bytes", VALUE_MAX - 1);
	lookup->is_addr = !lookup->is_url && sk_prefix_parse(lookup->value, &prefix) == SK_OK;
	if (lookup->is_addr)
		lookup->addr = prefix.addr;
	SK_TRY(search(lookup->query, lookup->value, &lookup->seen, fault));
	ask_set(lookup);
	SK_TRY(explain(lookup, fault));
	if (lookup->query->form == SK_QUERY_JSON)
		print_json(lookup, rows);
	else
		print_words(lookup);
	return SK_OK;
}

/* The set and the table help to explain; an answer is also given without them. */
static void open_helpers(struct lookup *lookup)
{
	char path[SK_PATH_MAX];
	if (sk_indicator_open(sk_workspace_path(&lookup->query->workspace, "selectors.set", path), &lookup->set, NULL) == SK_OK)
		sk_indicator_facts(lookup->set, &lookup->facts);
	else
		lookup->set = NULL;
	if (sk_border_open(sk_workspace_path(&lookup->query->workspace, "border.skb", path), &lookup->border, NULL) != SK_OK)
		lookup->border = NULL;
}

int sk_cmd_lookup(struct sk_cmd *cmd, int argc, char **argv)
{
	struct sk_query query;
	struct sk_rows rows;
	struct lookup lookup = {.query = &query};
	struct sk_fault fault = {.err = SK_OK};
	int exit_code;
	if (!sk_query_parse(&query, cmd, argc, argv, &exit_code))
		return exit_code;
	if (query.form == SK_QUERY_CSV || query.filter.value != NULL)
		return sk_cmd_usage(cmd, argv[0], "takes neither --csv nor --value: values are its arguments");
	if (query.first_argument == argc)
		return sk_cmd_usage(cmd, argv[0], "expected at least one address, prefix, name or fingerprint");
	enum sk_err err = sk_query_open(&query, &fault);
	if (err == SK_OK) {
		open_helpers(&lookup);
		sk_rows_begin(&rows, &query, NULL, 0);
		for (int i = query.first_argument; i < argc && err == SK_OK; i++)
			err = answer(&lookup, argv[i], &rows, &fault);
		if (query.form == SK_QUERY_JSON)
			sk_rows_end(&rows, "");
		sk_indicator_close(lookup.set);
		sk_border_close(lookup.border);
	}
	sk_query_close(&query);
	return err == SK_OK ? 0 : sk_cmd_fail(cmd, &fault);
}
