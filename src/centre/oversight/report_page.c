/* SPDX-License-Identifier: Apache-2.0 */
/* The public page: static HTML in one language, no script, no foreign resource; readable with a screen reader, at any width, printed, and in the dark. */
#include <inttypes.h>
#include <string.h>

#include "oversight/report.h"
#include "text/text.h"

static const char style[] =
	":root{color-scheme:dark light;--back:#0d1117;--text:#e6edf3;--dim:#9aa7b4;--line:#30363d;--link:#79b8ff;--mark:#f0c674}\n"
	"@media (prefers-color-scheme:light){:root{--back:#fff;--text:#1b1f24;--dim:#4b5560;--line:#c9d1d9;--link:#0550ae;--mark:#7a4b00}}\n"
	"*{box-sizing:border-box}body{margin:0 auto;max-width:64rem;padding:1rem;background:var(--back);color:var(--text);font:1rem/1.6 system-ui,'Noto Sans JP',sans-serif}\n"
	"a{color:var(--link)}a:focus,summary:focus{outline:3px solid var(--mark);outline-offset:2px}.skip{position:absolute;left:-999px}.skip:focus{position:static}\n"
	"h1{font-size:1.6rem}h2{font-size:1.3rem;margin-top:2.5rem}h3{font-size:1.05rem;margin-top:2rem}\n"
	"table{border-collapse:collapse;width:100%}caption{text-align:left;color:var(--dim);padding:.3rem 0}th,td{border-bottom:1px solid var(--line);padding:.35rem .6rem;text-align:left;vertical-align:top}\n"
	"td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}th[scope=row]{font-weight:400}.dim{color:var(--dim)}.mark{border:2px solid var(--mark);padding:.6rem}\n"
	"code{font-family:ui-monospace,monospace;overflow-wrap:anywhere}details{color:var(--dim)}@media print{:root{--back:#fff;--text:#000;--dim:#333;--line:#999;--link:#000}}\n";

const char *sk_annual_style(void)
{
	return style;
}

static const char *pick(enum sk_language language, const char *japanese, const char *english)
{
	return language == SK_JAPANESE ? japanese : english;
}

/* Text that came out of a ledger. */
static void add_text(struct sk_buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '<': sk_buf_add_text(out, "&lt;"); break;
		case '>': sk_buf_add_text(out, "&gt;"); break;
		case '&': sk_buf_add_text(out, "&amp;"); break;
		case '"': sk_buf_add_text(out, "&quot;"); break;
		default: sk_buf_add_u8(out, (uint8_t)*text);
		}
	}
}

static void add_head(const struct sk_annual *report, enum sk_language language, struct sk_buf *out)
{
	sk_buf_addf(out,
		    "<!doctype html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
		    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'self'\">\n<meta name=\"referrer\" content=\"no-referrer\">\n<title>%s - ",
		    pick(language, "ja", "en"), pick(language, "透明性報告", "Transparency"));
	add_text(out, report->origin);
	sk_buf_addf(out, "</title>\n<link rel=\"stylesheet\" href=\"style.css\">\n</head>\n<body>\n<a class=\"skip\" href=\"#numbers\">%s</a>\n<header>\n<p lang=\"%s\"><a href=\"%s\" hreflang=\"%s\">%s</a></p>\n<h1>%s</h1>\n",
		    pick(language, "数へ進む", "To the numbers"), pick(language, "en", "ja"), pick(language, "index.html", "index.ja.html"), pick(language, "en", "ja"), pick(language, "English", "日本語"),
		    pick(language, "何をし、誰が認めたか", "What was done, and who allowed it"));
	if (report->simulated)
		sk_buf_addf(out, "<p class=\"mark\"><strong>%s</strong></p>\n", pick(language, "模擬である。実在の活動ではない。", "Simulated: a laboratory, nothing here is real."));
	sk_buf_addf(out, "<p>%s</p>\n</header>\n<main id=\"numbers\">\n",
		    pick(language, "この頁の数は、追記しかできない台帳の葉から数えたものである。葉の番号を添えるので、台帳を持つ者は誰でも数え直せる。",
			 "Every number on this page was counted from the leaves of a ledger that can only be added to. The numbers of the leaves stand beside, so whoever has the ledger counts again."));
}

static void add_figure(const struct sk_annual *report, const struct sk_figure *figure, enum sk_language language, struct sk_buf *out)
{
	char number[SK_UNIT_TEXT_MAX];
	sk_buf_addf(out, "<tr><th scope=\"row\">%s</th><td class=\"n\">", pick(language, figure->japanese, figure->english));
	if (figure->untold)
		sk_buf_addf(out, "<span class=\"dim\">%s</span></td><td></td></tr>\n", pick(language, "台帳は語らない", "the ledger does not tell"));
	else if (figure->held_back)
		sk_buf_addf(out, "%s%u%s</td><td></td></tr>\n", pick(language, "", "fewer than "), report->k, pick(language, " 未満", ""));
	else {
		sk_buf_addf(out, "%s</td><td>", sk_number_format(figure->count, number));
		if (figure->leaf_count != 0) {
			sk_buf_addf(out, "<details><summary>%s</summary>", pick(language, "葉", "leaves"));
			for (size_t i = 0; i < figure->leaf_count; i++)
				sk_buf_addf(out, "%s%" PRIu64, i == 0 ? "" : ", ", figure->leaves[i]);
			sk_buf_add_text(out, "</details>");
		}
		sk_buf_add_text(out, "</td></tr>\n");
	}
}

static void add_item(const struct sk_annual *report, unsigned item, enum sk_language language, struct sk_buf *out)
{
	const char *article, *japanese, *english;
	sk_annual_item(item, &article, &japanese, &english);
	sk_buf_addf(out, "<h3>%u. %s</h3>\n<table>\n<caption>%s%s</caption>\n<thead><tr><th scope=\"col\">%s</th><th scope=\"col\">%s</th><th scope=\"col\">%s</th></tr></thead>\n<tbody>\n", item,
		    pick(language, japanese, english), article[0] != '\0' ? pick(language, "根拠 ", "under ") : "", article, pick(language, "事項", "What"), pick(language, "数", "Number"),
		    pick(language, "葉の番号", "Leaves"));
	for (size_t i = 0; i < report->figure_count; i++)
		if (report->figures[i].item == item)
			add_figure(report, &report->figures[i], language, out);
	sk_buf_add_text(out, "</tbody>\n</table>\n");
	if (item != 5 || report->gist_count == 0)
		return;
	sk_buf_add_text(out, "<ul>\n");
	for (size_t i = 0; i < report->gist_count; i++)
		sk_buf_addf(out, "<li>%s: %s: %" PRIu64 "</li>\n", pick(language, report->gists[i].kind_japanese, report->gists[i].kind_english),
			    pick(language, report->gists[i].about_japanese, report->gists[i].about_english), report->gists[i].count);
	sk_buf_add_text(out, "</ul>\n");
}

static void add_year(const struct sk_annual *report, enum sk_language language, struct sk_buf *out)
{
	char year[SK_TIME_TEXT_MAX];
	(void)sk_time_format(report->from_ns, 0, year);
	year[4] = '\0';
	sk_buf_addf(out, "<section aria-labelledby=\"y%s\">\n<h2 id=\"y%s\">%s</h2>\n<p class=\"dim\"><a href=\"report-%s.json\">report-%s.json</a></p>\n", year, year, year, year, year);
	for (unsigned item = 1; item <= SK_REPORT_ITEMS; item++)
		add_item(report, item, language, out);
	sk_buf_add_text(out, "</section>\n");
}

void sk_annual_page(const struct sk_annual *reports, size_t count, enum sk_language language, struct sk_buf *out)
{
	char root[SK_BASE64_32_MAX];
	const struct sk_annual *last = &reports[0];
	add_head(last, language, out);
	for (size_t i = 0; i < count; i++)
		add_year(&reports[i], language, out);
	sk_base64_encode(last->head.root, SK_HASH_BYTES, root);
	sk_buf_addf(out, "</main>\n<footer>\n<h2>%s</h2>\n<p>%s</p>\n<ul>\n<li>%s <code>", pick(language, "確かめ方", "How to check this"),
		    pick(language, "台帳の先頭は署名されている。次の鍵を別の経路で確かめ、台帳と照らすこと：sekisho-verify --key KEY LEDGER、次に sekisho report annual --ledger LEDGER。",
			 "The head of the ledger is signed. Get its key by another way too, and compare: sekisho-verify --key KEY LEDGER, then sekisho report annual --ledger LEDGER."),
		    pick(language, "台帳", "Ledger"));
	add_text(out, last->origin);
	sk_buf_addf(out, "</code></li>\n<li>%s %" PRIu64 "</li>\n<li>%s <code>%s</code></li>\n<li>%s <code>", pick(language, "件数", "Entries"), last->head.size, pick(language, "根", "Root"), root,
		    pick(language, "鍵", "Key"));
	add_text(out, last->key);
	sk_buf_addf(out, "</code></li>\n<li><a href=\"checkpoint\">checkpoint</a></li>\n</ul>\n<p class=\"dim\">%s</p>\n</footer>\n</body>\n</html>\n",
		    pick(language, "証明しないもの：数の外で何も行われなかったこと、人が真実を語ったこと。個人を指しうる小さな数は示さない。",
			 "What this does not prove: that nothing was done beside the ledger, and that people told the truth. Small numbers that could point at persons are held back."));
}
