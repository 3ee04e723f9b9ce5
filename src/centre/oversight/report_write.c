/* SPDX-License-Identifier: Apache-2.0 */
/* The annual report as Markdown, in one language, and as JSON, in both. */
#include <inttypes.h>
#include <string.h>

#include "oversight/report.h"
#include "text/json.h"
#include "text/text.h"

enum { LEAVES_IN_A_ROW = 64 };

static const char *pick(enum sk_language language, const char *japanese, const char *english)
{
	return language == SK_JAPANESE ? japanese : english;
}

/* The last moment of the time that is told of, as a day. */
static void span(const struct sk_annual *report, char from[SK_TIME_TEXT_MAX], char to[SK_TIME_TEXT_MAX])
{
	(void)sk_time_format(report->from_ns, 0, from);
	(void)sk_time_format(report->to_ns - 1, 0, to);
	from[10] = to[10] = '\0';
}

/* Leaf numbers, runs of neighbours drawn together: "7, 9-12". */
static void add_leaves(const struct sk_figure *figure, struct sk_buf *out)
{
	size_t shown = 0;
	for (size_t i = 0; i < figure->leaf_count;) {
		size_t end = i;
		while (end + 1 < figure->leaf_count && figure->leaves[end + 1] == figure->leaves[end] + 1)
			end++;
		if (shown++ == LEAVES_IN_A_ROW) {
			sk_buf_add_text(out, ", ... (all of them: --format json)");
			return;
		}
		sk_buf_addf(out, "%s%" PRIu64, i == 0 ? "" : ", ", figure->leaves[i]);
		if (end != i)
			sk_buf_addf(out, "-%" PRIu64, figure->leaves[end]);
		i = end + 1;
	}
}

static void markdown_figure(const struct sk_annual *report, const struct sk_figure *figure, enum sk_language language, struct sk_buf *out)
{
	char number[SK_UNIT_TEXT_MAX];
	sk_buf_addf(out, "| %s | ", pick(language, figure->japanese, figure->english));
	if (figure->untold)
		sk_buf_addf(out, "%s | |\n", pick(language, "台帳から数えられない", "the ledger does not tell"));
	else if (figure->held_back)
		sk_buf_addf(out, "%s %u%s | |\n", pick(language, "", "fewer than"), report->k, pick(language, " 未満", ""));
	else {
		sk_buf_addf(out, "%s | ", sk_number_format(figure->count, number));
		add_leaves(figure, out);
		sk_buf_add_text(out, " |\n");
	}
}

static void markdown_gists(const struct sk_annual *report, enum sk_language language, struct sk_buf *out)
{
	for (size_t i = 0; i < report->gist_count; i++) {
		const struct sk_gist *g = &report->gists[i];
		sk_buf_addf(out, "%s- %s: %s: %" PRIu64 "\n", i == 0 ? "\n" : "", pick(language, g->kind_japanese, g->kind_english), pick(language, g->about_japanese, g->about_english), g->count);
	}
}

void sk_annual_markdown(const struct sk_annual *report, enum sk_language language, struct sk_buf *out)
{
	char from[SK_TIME_TEXT_MAX], to[SK_TIME_TEXT_MAX], root[SK_BASE64_32_MAX];
	const char *article, *japanese, *english;
	span(report, from, to);
	sk_base64_encode(report->head.root, SK_HASH_BYTES, root);
	sk_buf_addf(out, "# %s\n\n", pick(language, "年次報告", "Annual report"));
	if (report->simulated)
		sk_buf_addf(out, "**%s**\n\n", pick(language, "模擬（実在の活動ではない）", "SIMULATED: a laboratory, nothing here is real"));
	sk_buf_addf(out, "- %s: `%s`, %s %s\n- %s: %s / %s (UTC)\n- %s: %" PRIu64 ", root `%s`\n- %s: `%s`\n\n", pick(language, "台帳", "Ledger"), report->origin, pick(language, "区分", "profile"), report->profile,
		    pick(language, "期間", "Time"), from, to, pick(language, "先頭の件数", "Head"), report->head.size, root, pick(language, "鍵", "Key"), report->key);
	sk_buf_addf(out, "%s\n", pick(language, "数はすべて台帳の葉から数えたものであり、右欄はその葉の番号である。葉が語らないものは数を示さない。個人を指しうる小さな数は示さない。",
				      "Every number was counted from leaves of the ledger, which stand at the right; whoever has the ledger counts again. What no leaf says is not told. A small number that could "
				      "point at persons is not told."));
	for (unsigned item = 1; item <= SK_REPORT_ITEMS; item++) {
		sk_annual_item(item, &article, &japanese, &english);
		sk_buf_addf(out, "\n## %u. %s", item, pick(language, japanese, english));
		if (article[0] != '\0')
			sk_buf_addf(out, " (%s %s)", pick(language, "条", item >= 6 ? "provision" : "art."), article);
		sk_buf_addf(out, "\n\n| %s | %s | %s |\n|---|---|---|\n", pick(language, "事項", "what"), pick(language, "数", "number"), pick(language, "葉", "leaves"));
		for (size_t i = 0; i < report->figure_count; i++)
			if (report->figures[i].item == item)
				markdown_figure(report, &report->figures[i], language, out);
		if (item == 5)
			markdown_gists(report, language, out);
	}
}

/* ---- JSON ---- */

static void json_figure(struct sk_json_writer *w, const struct sk_annual *report, const struct sk_figure *figure)
{
	sk_json_object(w, NULL);
	sk_json_text(w, "key", figure->key);
	sk_json_text(w, "ja", figure->japanese);
	sk_json_text(w, "en", figure->english);
	if (figure->untold)
		sk_json_text(w, "untold", "a leaf does not say what this is counted by");
	else if (figure->held_back)
		sk_json_u64(w, "fewer_than", report->k);
	else {
		sk_json_u64(w, "count", figure->count);
		sk_json_array(w, "leaves");
		for (size_t i = 0; i < figure->leaf_count; i++)
			sk_json_u64(w, NULL, figure->leaves[i]);
		sk_json_end(w);
	}
	sk_json_end(w);
}

static void json_item(struct sk_json_writer *w, const struct sk_annual *report, unsigned item)
{
	const char *article, *japanese, *english;
	sk_annual_item(item, &article, &japanese, &english);
	sk_json_object(w, NULL);
	sk_json_u64(w, "item", item);
	sk_json_text(w, "article", article);
	sk_json_text(w, "ja", japanese);
	sk_json_text(w, "en", english);
	sk_json_array(w, "figures");
	for (size_t i = 0; i < report->figure_count; i++)
		if (report->figures[i].item == item)
			json_figure(w, report, &report->figures[i]);
	sk_json_end(w);
	sk_json_end(w);
}

void sk_annual_json(const struct sk_annual *report, struct sk_buf *out)
{
	struct sk_json_writer w;
	char time[SK_TIME_TEXT_MAX], root[SK_BASE64_32_MAX];
	sk_base64_encode(report->head.root, SK_HASH_BYTES, root);
	sk_json_begin(&w, out, false);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "format", "sekisho-annual-report/1");
	sk_json_text(&w, "origin", report->origin);
	sk_json_text(&w, "profile", report->profile);
	sk_json_bool(&w, "simulated", report->simulated);
	sk_json_text(&w, "from", sk_time_format(report->from_ns, 0, time));
	sk_json_text(&w, "to", sk_time_format(report->to_ns, 0, time));
	sk_json_u64(&w, "size", report->head.size);
	sk_json_text(&w, "root", root);
	sk_json_text(&w, "key", report->key);
	sk_json_u64(&w, "k", report->k);
	sk_json_u64(&w, "acts", report->acts);
	sk_json_array(&w, "items");
	for (unsigned item = 1; item <= SK_REPORT_ITEMS; item++)
		json_item(&w, report, item);
	sk_json_end(&w);
	sk_json_array(&w, "gists");
	for (size_t i = 0; i < report->gist_count; i++) {
		sk_json_object(&w, NULL);
		sk_json_text(&w, "kind", report->gists[i].kind);
		sk_json_text(&w, "about", report->gists[i].about);
		sk_json_u64(&w, "count", report->gists[i].count);
		sk_json_end(&w);
	}
	sk_json_end(&w);
	sk_json_end(&w);
	sk_buf_add_u8(out, '\n');
}
