/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho campaign show: one campaign with its links, findings and hours, or its graph. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/campaign.h"
#include "text/text.h"

enum {
	PREFIX_MIN = 4, PRINTED = 20,   /* links and findings for people; --json has them all */
	LINKS_MAX = 20000, EDGES_MAX = 400000, FINDINGS_MAX = 20000, TIMES_MAX = 1000000, OUT_MAX = 256 << 20, LABEL_MAX = 1024, GRAPH_ID = 8
};

struct edge {
	uint32_t link;
	uint8_t finding[16];
};

struct shown_link {
	struct sk_campaign_link link; /* its findings are edges from first on */
	size_t first;
};

struct shown_finding {
	uint8_t id[16];
	char kind[32], matched[SK_OBSERVATION_DOMAIN_MAX];
	struct sk_words sentence;
	uint8_t severity, percent;
	int64_t first_ns, last_ns;
	uint64_t count;
};

/* What is past its bound is counted and said. */
struct show {
	struct sk_campaign_view *view;
	size_t index;
	const struct sk_campaign *campaign;
	struct shown_link *links;
	size_t link_count, link_room;
	struct edge *edges;
	size_t edge_count, edge_room;
	struct shown_finding *findings;
	size_t finding_count, finding_room;
	struct sk_wanted *wanted;
	size_t wanted_count;
	int64_t *times;
	size_t time_count, time_room;
	uint64_t left_links, left_edges, left_findings, left_times;
	struct sk_hours *hours;
};

/* ---- finding it ---- */

static enum sk_err find_campaign(struct show *show, struct sk_fault *fault)
{
	const char *wanted = show->view->wanted_id, *digits = strncmp(wanted, "c-", 2) == 0 ? wanted + 2 : wanted;
	uint64_t alone;
	size_t found = 0, length = strlen(digits);
	if (length < PREFIX_MIN || strspn(digits, "0123456789abcdef") != length)
		return sk_fault_set(fault, SK_EUSAGE, "'%.60s' is no campaign's id: c- and %d digits at least were expected (sekisho campaign list has them)", wanted, PREFIX_MIN);
	for (size_t i = 0, all = sk_campaigns_count(show->view->campaigns, &alone); i < all; i++)
		if (strncmp(sk_campaigns_at(show->view->campaigns, i)->id + 2, digits, length) == 0) {
			show->index = i;
			found++;
		}
	if (found != 1)
		return sk_fault_set(fault, found == 0 ? SK_ENOENT : SK_EUSAGE, found == 0 ? "no campaign's id begins with '%.60s' (sekisho campaign list --all has them)"
												 : "'%.60s' begins several campaigns' ids; give more digits", wanted);
	show->campaign = sk_campaigns_at(show->view->campaigns, show->index);
	return SK_OK;
}

/* ---- gathering ---- */

/* Room for one more: false when the bound is reached (counted) or memory is out (*err). */
static bool more_room(void **array, size_t count, size_t *room, size_t size, size_t most, uint64_t *left, enum sk_err *err)
{
	if (count < *room)
		return true;
	if (count == most) {
		(*left)++;
		return false;
	}
	size_t wanted = *room == 0 ? 64 : 2 * *room;
	wanted = wanted < most ? wanted : most;
	void *grown = realloc(*array, wanted * size);
	if (grown == NULL) {
		*err = SK_ENOMEM;
		return false;
	}
	*array = grown;
	*room = wanted;
	return true;
}

static enum sk_err take_link(void *context, const struct sk_campaign_link *link)
{
	struct show *show = context;
	enum sk_err err = SK_OK;
	if (!more_room((void **)&show->links, show->link_count, &show->link_room, sizeof show->links[0], LINKS_MAX, &show->left_links, &err))
		return err;
	struct shown_link *to = &show->links[show->link_count];
	*to = (struct shown_link){.link = *link, .first = show->edge_count};
	to->link.findings = NULL;
	for (size_t i = 0; i < link->count && err == SK_OK; i++) {
		if (!more_room((void **)&show->edges, show->edge_count, &show->edge_room, sizeof show->edges[0], EDGES_MAX, &show->left_edges, &err))
			continue;
		show->edges[show->edge_count].link = (uint32_t)show->link_count;
		memcpy(show->edges[show->edge_count++].finding, link->findings[i], sizeof link->findings[i]);
	}
	show->link_count++;
	return err;
}

static enum sk_err take_finding(void *context, const struct sk_finding *f)
{
	struct show *show = context;
	enum sk_err err = SK_OK;
	if (sk_campaigns_of_finding(show->view->campaigns, f->id) != show->index)
		return SK_OK;
	if (!more_room((void **)&show->findings, show->finding_count, &show->finding_room, sizeof show->findings[0], FINDINGS_MAX, &show->left_findings, &err))
		return err;
	struct shown_finding *to = &show->findings[show->finding_count++];
	*to = (struct shown_finding){.severity = f->severity, .percent = f->confidence_percent, .first_ns = f->first_ns, .last_ns = f->last_ns, .count = f->count};
	memcpy(to->id, f->id, sizeof to->id);
	memcpy(to->kind, f->kind, sizeof to->kind);
	to->sentence = f->sentence;
	memcpy(to->matched, f->matched, sizeof to->matched);
	return SK_OK;
}

/* What outsiders began, for their hours; what our own hosts began has ours. */
static enum sk_err take_time(void *context, const uint8_t id[16], uint64_t interval, const struct sk_observation *o)
{
	struct show *show = context;
	enum sk_err err = SK_OK;
	(void)id, (void)interval;
	if (o->class_ == SK_CLASS_DF || !sk_campaigns_holds(show->view->campaigns, show->index, o))
		return SK_OK;
	if (!more_room((void **)&show->times, show->time_count, &show->time_room, sizeof show->times[0], TIMES_MAX, &show->left_times, &err))
		return err;
	show->times[show->time_count++] = o->first_ns / 1000000000;
	return SK_OK;
}

static int by_last(const void *a, const void *b)
{
	const struct shown_finding *x = a, *y = b;
	if (x->last_ns != y->last_ns)
		return x->last_ns > y->last_ns ? -1 : 1;
	return memcmp(x->id, y->id, sizeof x->id);
}

static enum sk_err gather(struct show *show, struct sk_fault *fault)
{
	SK_TRY(find_campaign(show, fault));
	SK_TRY(sk_campaigns_links(show->view->campaigns, show->index, take_link, show, fault));
	show->wanted = calloc(show->link_count + 1, sizeof show->wanted[0]);
	show->hours = calloc(1, sizeof *show->hours);
	if (show->wanted == NULL || show->hours == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory for %zu links", show->link_count);
	for (size_t i = 0; i < show->link_count; i++)
		show->wanted[i].value = show->links[i].link.value;
	show->wanted_count = sk_wanted_sort(show->wanted, show->link_count);
	SK_TRY(sk_campaign_view_again(show->view, show->wanted, show->wanted_count, take_finding, take_time, show, fault));
	if (show->finding_count != 0)
		qsort(show->findings, show->finding_count, sizeof show->findings[0], by_last);
	return sk_hours_estimate(show->times, show->time_count, false, show->hours, fault);
}

static const char *text_of(const struct show *show, const struct sk_campaign_link *link)
{
	return sk_wanted_text(show->wanted, show->wanted_count, link->value);
}

/* ---- for people ---- */

static void print_links(const struct show *show, FILE *out)
{
	struct sk_buf text;
	char number[SK_UNIT_TEXT_MAX];
	sk_buf_init(&text, LABEL_MAX);
	(void)fprintf(out, "\nLinks (1.00 ties two findings by itself; lighter ones together)\n  WEIGHT  FINDINGS  WHAT\n");
	for (size_t i = 0; i < show->link_count && i < PRINTED; i++) {
		const struct sk_campaign_link *link = &show->links[i].link;
		const char *value = text_of(show, link);
		sk_buf_reset(&text);
		sk_escape_line(&text, value, strlen(value));
		(void)fprintf(out, "  %3u.%02u  %8s  %s: %s", link->weight / SK_LINK_JOINS, link->weight % SK_LINK_JOINS, sk_number_format(link->count, number), sk_link_name(link->kind),
			      sk_buf_text(&text));
		if (link->listed)
			(void)fprintf(out, " (on a warning list: popular, ties nothing)");
		else if (link->unrelated > 1)
			(void)fprintf(out, " (leads to %s unrelated things)", sk_number_format(link->unrelated, number));
		(void)fputc('\n', out);
	}
	if (show->link_count + show->left_links > PRINTED)
		(void)fprintf(out, "  and %s more (--json)\n", sk_number_format(show->link_count + show->left_links - PRINTED, number));
	sk_buf_fini(&text);
}

static void print_findings(const struct show *show, FILE *out)
{
	struct sk_buf text;
	char time[SK_TIME_TEXT_MAX], id[2 * GRAPH_ID + 1], number[SK_UNIT_TEXT_MAX], words[SK_WORDS_TEXT_MAX];
	sk_buf_init(&text, 4 * SK_WORDS_TEXT_MAX);
	(void)fprintf(out, "\nFindings, the latest first\n");
	for (size_t i = 0; i < show->finding_count && i < PRINTED; i++) {
		const struct shown_finding *f = &show->findings[i];
		sk_buf_reset(&text);
		(void)sk_words_text(&f->sentence, show->view->query.lang, words);
		sk_escape_line(&text, words, strlen(words));
		sk_hex_encode(f->id, GRAPH_ID, id);
		(void)fprintf(out, "  %s  %.19sZ  %s  %u %%  %s\n", id, sk_time_format(f->last_ns, 0, time), f->kind, (unsigned)f->percent, sk_buf_text(&text));
	}
	if (show->finding_count + show->left_findings > PRINTED)
		(void)fprintf(out, "  and %s more (--json; sekisho explain ID tells everything of one)\n", sk_number_format(show->finding_count + show->left_findings - PRINTED, number));
	sk_buf_fini(&text);
}

static void print_head(const struct show *show, FILE *out)
{
	const struct sk_campaign *c = show->campaign;
	char first[SK_TIME_TEXT_MAX], last[SK_TIME_TEXT_MAX], findings[SK_UNIT_TEXT_MAX], hosts[SK_UNIT_TEXT_MAX], number[SK_UNIT_TEXT_MAX];
	struct sk_buf text;
	const char *name;
	sk_buf_init(&text, LABEL_MAX * 4);
	(void)fprintf(out, "%s  %s, heat %.1f%s\n  %s findings from %s to %s, %s own host%s\n  Outside:", c->id, sk_campaign_state_name(c->state), c->heat,
		      show->view->query.workspace.profile == SK_PROFILE_LAB ? " (simulated: a lab's)" : "", sk_number_format(c->findings, findings),
		      sk_time_format(c->first_ns, 0, first), sk_time_format(c->last_ns, 0, last), sk_number_format(c->own_hosts, hosts), c->own_hosts == 1 ? "" : "s");
	for (size_t kind = 0, any = 0; kind < SK_LINK_KINDS; kind++)
		if (c->links[kind] != 0 && kind != SK_LINK_TIME)
			(void)fprintf(out, "%s %s %s", any++ == 0 ? "" : ",", sk_number_format(c->links[kind], number), sk_link_name((enum sk_link_kind)kind));
	(void)fprintf(out, "\n  Kinds:");
	for (unsigned bit = 0; (name = sk_campaigns_kind_name(show->view->campaigns, bit)) != NULL; bit++)
		if ((c->kinds >> bit & 1) != 0)
			(void)fprintf(out, " %s", name);
	sk_campaign_techniques(show->view, c->kinds, &text);
	(void)fprintf(out, "\n  ATT&CK: %s\n", sk_buf_text(&text));
	sk_buf_reset(&text);
	sk_campaign_sectors(show->view, c->sectors, &text);
	(void)fprintf(out, "  Sectors: %s\n  Held together by %u.%02u: without links of that weight it would fall apart.\n", sk_buf_text(&text), c->held / SK_LINK_JOINS,
		      c->held % SK_LINK_JOINS);
	sk_buf_fini(&text);
}

static void print_people(const struct show *show, FILE *out)
{
	print_head(show, out);
	print_links(show, out);
	print_findings(show, out);
	(void)fprintf(out, "\nHours of what outsiders began: ");
	sk_campaign_hours_print(out, show->hours);
}

/* ---- for machines ---- */

static void add_links(const struct show *show, struct sk_json_writer *w)
{
	sk_json_array(w, "links");
	for (size_t i = 0; i < show->link_count; i++) {
		const struct sk_campaign_link *link = &show->links[i].link;
		sk_json_object(w, NULL);
		sk_json_text(w, "kind", sk_link_name(link->kind));
		sk_json_text(w, "value", text_of(show, link));
		sk_json_double(w, "weight", link->weight / (double)SK_LINK_JOINS);
		sk_json_u64(w, "unrelated", link->unrelated);
		sk_json_bool(w, "listed", link->listed);
		sk_json_u64(w, "count", link->count);
		sk_json_array(w, "findings");
		for (size_t e = show->links[i].first; e < show->edge_count && show->edges[e].link == i; e++)
			sk_json_hex(w, NULL, show->edges[e].finding, sizeof show->edges[e].finding);
		sk_json_end(w);
		sk_json_end(w);
	}
	sk_json_end(w);
}

static void add_findings(const struct show *show, struct sk_json_writer *w)
{
	char time[SK_TIME_TEXT_MAX];
	sk_json_array(w, "members");
	for (size_t i = 0; i < show->finding_count; i++) {
		const struct shown_finding *f = &show->findings[i];
		sk_json_object(w, NULL);
		sk_json_hex(w, "id", f->id, sizeof f->id);
		sk_json_text(w, "kind", f->kind);
		sk_json_text(w, "matched", f->matched);
		sk_json_u64(w, "severity", f->severity);
		sk_json_u64(w, "confidence_percent", f->percent);
		sk_json_text(w, "first", sk_time_format(f->first_ns, 6, time));
		sk_json_text(w, "last", sk_time_format(f->last_ns, 6, time));
		sk_json_u64(w, "count", f->count);
		sk_words_json(w, "sentence", &f->sentence, show->view->query.lang);
		sk_json_end(w);
	}
	sk_json_end(w);
}

static void add_left_out(const struct show *show, struct sk_json_writer *w)
{
	sk_json_object(w, "left_out");
	sk_json_u64(w, "links", show->left_links);
	sk_json_u64(w, "ends_of_links", show->left_edges);
	sk_json_u64(w, "findings", show->left_findings);
	sk_json_u64(w, "times", show->left_times);
	sk_json_end(w);
}

static void add_all(const struct show *show, struct sk_json_writer *w)
{
	if (show->view->query.workspace.profile == SK_PROFILE_LAB)
		sk_json_bool(w, "simulated", true);
	sk_campaign_json(show->view, w, show->campaign);
	add_links(show, w);
	add_findings(show, w);
	sk_json_object(w, "hours");
	sk_campaign_hours_json(w, show->hours);
	sk_json_end(w);
	add_left_out(show, w);
}

static const char *node_of_finding(const uint8_t id[16], char text[2 * GRAPH_ID + 3])
{
	(void)snprintf(text, 3, "f-");
	sk_hex_encode(id, GRAPH_ID, text + 2);
	return text;
}

static void add_node(struct sk_json_writer *w, const char *id, const char *type, const char *kind, const char *label)
{
	sk_json_object(w, NULL);
	sk_json_text(w, "id", id);
	sk_json_text(w, "type", type);
	sk_json_text(w, "kind", kind);
	sk_json_text(w, "label", label);
	sk_json_end(w);
}

static void add_graph(const struct show *show, struct sk_json_writer *w)
{
	char from[2 * GRAPH_ID + 3], to[32], words[SK_WORDS_TEXT_MAX];
	sk_json_text(w, "campaign", show->campaign->id);
	sk_json_array(w, "nodes");
	for (size_t i = 0; i < show->finding_count; i++)
		add_node(w, node_of_finding(show->findings[i].id, from), "finding", show->findings[i].kind, sk_words_text(&show->findings[i].sentence, show->view->query.lang, words));
	for (size_t i = 0; i < show->link_count; i++) {
		(void)snprintf(to, sizeof to, "l-%zu", i);
		add_node(w, to, "link", sk_link_name(show->links[i].link.kind), text_of(show, &show->links[i].link));
	}
	sk_json_end(w);
	sk_json_array(w, "edges");
	for (size_t e = 0; e < show->edge_count; e++) {
		(void)snprintf(to, sizeof to, "l-%u", (unsigned)show->edges[e].link);
		sk_json_object(w, NULL);
		sk_json_text(w, "from", node_of_finding(show->edges[e].finding, from));
		sk_json_text(w, "to", to);
		sk_json_double(w, "weight", show->links[show->edges[e].link].link.weight / (double)SK_LINK_JOINS);
		sk_json_end(w);
	}
	sk_json_end(w);
	add_left_out(show, w);
}

static enum sk_err print_json(const struct show *show, FILE *out, void (*add)(const struct show *, struct sk_json_writer *), struct sk_fault *fault)
{
	struct sk_buf text;
	struct sk_json_writer w;
	sk_buf_init(&text, OUT_MAX);
	sk_json_begin(&w, &text, false);
	sk_json_object(&w, NULL);
	add(show, &w);
	sk_json_end(&w);
	enum sk_err err = text.failed == SK_OK ? SK_OK : sk_fault_set(fault, text.failed, "the answer does not fit into %d MiB", OUT_MAX >> 20);
	if (err == SK_OK)
		(void)fprintf(out, "%s\n", sk_buf_text(&text));
	sk_buf_fini(&text);
	return err;
}

/* A quoted string of the DOT language: nothing from outside can end it. */
static void print_quoted(FILE *out, const char *text)
{
	struct sk_buf line;
	sk_buf_init(&line, 4 * SK_WORDS_TEXT_MAX);
	sk_escape_line(&line, text, strlen(text));
	(void)fputc('"', out);
	for (const char *at = sk_buf_text(&line); *at != '\0'; at++) {
		if (*at == '"' || *at == '\\')
			(void)fputc('\\', out);
		(void)fputc(*at, out);
	}
	(void)fputc('"', out);
	sk_buf_fini(&line);
}

static void print_dot(const struct show *show, FILE *out)
{
	char id[2 * GRAPH_ID + 3], label[LABEL_MAX], words[SK_WORDS_TEXT_MAX];
	(void)fprintf(out, "graph \"%s\" {\n\tnode [fontsize=10];\n", show->campaign->id);
	for (size_t i = 0; i < show->finding_count; i++) {
		const struct shown_finding *f = &show->findings[i];
		(void)snprintf(label, sizeof label, "%s %s", f->kind, f->matched);
		(void)fprintf(out, "\t\"%s\" [shape=ellipse, label=", node_of_finding(f->id, id));
		print_quoted(out, label);
		(void)fprintf(out, ", tooltip=");
		print_quoted(out, sk_words_text(&f->sentence, show->view->query.lang, words));
		(void)fprintf(out, "];\n");
	}
	for (size_t i = 0; i < show->link_count; i++) {
		(void)snprintf(label, sizeof label, "%s %s", sk_link_name(show->links[i].link.kind), text_of(show, &show->links[i].link));
		(void)fprintf(out, "\t\"l-%zu\" [shape=box%s, label=", i, show->links[i].link.weight < SK_LINK_JOINS ? ", style=dashed" : "");
		print_quoted(out, label);
		(void)fprintf(out, "];\n");
	}
	for (size_t e = 0; e < show->edge_count; e++) {
		unsigned weight = show->links[show->edges[e].link].link.weight;
		(void)fprintf(out, "\t\"%s\" -- \"l-%u\" [label=\"%u.%02u\"];\n", node_of_finding(show->edges[e].finding, id), (unsigned)show->edges[e].link, weight / SK_LINK_JOINS,
			      weight % SK_LINK_JOINS);
	}
	(void)fprintf(out, "}\n");
}

enum sk_err sk_campaign_show(struct sk_campaign_view *view, struct sk_fault *fault)
{
	struct show show = {.view = view};
	FILE *out = view->query.cmd->out;
	enum sk_err err = gather(&show, fault);
	if (err == SK_ENOMEM)
		(void)sk_fault_set(fault, err, "out of memory for a campaign of %zu findings", show.campaign == NULL ? 0 : show.campaign->findings);
	if (err == SK_OK && view->graph == SK_GRAPH_DOT)
		print_dot(&show, out);
	else if (err == SK_OK && view->graph == SK_GRAPH_JSON)
		err = print_json(&show, out, add_graph, fault);
	else if (err == SK_OK && view->query.form == SK_QUERY_JSON)
		err = print_json(&show, out, add_all, fault);
	else if (err == SK_OK)
		print_people(&show, out);
	uint64_t left = show.left_links + show.left_edges + show.left_findings;
	if (err == SK_OK && left != 0)
		(void)fprintf(view->query.cmd->err, "sekisho: %" PRIu64 " links, ends of links and findings are past the bounds and left out\n", left);
	free(show.links);
	free(show.edges);
	free(show.findings);
	free(show.wanted);
	free(show.times);
	free(show.hours);
	return err;
}
