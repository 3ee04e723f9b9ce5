/* SPDX-License-Identifier: Apache-2.0 */
#include "case/markdown.h"

#include <cmark.h>
#include <stdlib.h>
#include <strings.h>

#include "case/case.h"
#include "text/text.h"

/* Only where these begin it, a link goes somewhere. No relative ones: a note must not point into the page that shows it. */
static bool safe_url(const char *url)
{
	static const char *const schemes[] = {"http://", "https://", "mailto:"};
	for (size_t i = 0; i < SK_COUNT(schemes); i++)
		if (strncasecmp(url, schemes[i], strlen(schemes[i])) == 0)
			return true;
	return false;
}

/* Put the node's children where it was, and take it away. */
static void unwrap(cmark_node *node)
{
	for (cmark_node *child; (child = cmark_node_first_child(node)) != NULL;)
		if (!cmark_node_insert_before(node, child)) {
			cmark_node_free(child);
			break;
		}
	cmark_node_free(node);
}

/* The node's own text, as text of that kind. */
static bool as_text(cmark_node *node, cmark_node_type type)
{
	const char *literal = cmark_node_get_literal(node);
	cmark_node *plain = cmark_node_new(type);
	if (plain == NULL || !cmark_node_set_literal(plain, literal != NULL ? literal : "") || !cmark_node_replace(node, plain)) {
		cmark_node_free(plain);
		return false;
	}
	cmark_node_free(node);
	return true;
}

/* What must not stay as it is. */
static bool acts(cmark_node *node)
{
	switch (cmark_node_get_type(node)) {
	case CMARK_NODE_HTML_BLOCK:
	case CMARK_NODE_HTML_INLINE:
	case CMARK_NODE_CUSTOM_BLOCK:
	case CMARK_NODE_CUSTOM_INLINE:
	case CMARK_NODE_IMAGE:
		return true;
	case CMARK_NODE_LINK:
		return cmark_node_get_url(node) == NULL || !safe_url(cmark_node_get_url(node));
	default:
		return false;
	}
}

static bool tame(cmark_node *node)
{
	switch (cmark_node_get_type(node)) {
	case CMARK_NODE_HTML_BLOCK:
	case CMARK_NODE_CUSTOM_BLOCK:
		return as_text(node, CMARK_NODE_CODE_BLOCK);
	case CMARK_NODE_HTML_INLINE:
	case CMARK_NODE_CUSTOM_INLINE:
		return as_text(node, CMARK_NODE_TEXT);
	default:
		unwrap(node);
		return true;
	}
}

/* First all of them, children before parents, then their taming: an iterator does not outlive a change of the tree. */
static bool tame_all(cmark_node *document)
{
	cmark_iter *iter = cmark_iter_new(document);
	cmark_node **nodes = NULL;
	size_t count = 0, room = 0;
	bool good = iter != NULL;
	for (cmark_event_type event; good && (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE;) {
		cmark_node *node = cmark_iter_get_node(iter);
		/* Leaves are entered and never left. */
		bool leaf = cmark_node_get_type(node) == CMARK_NODE_HTML_BLOCK || cmark_node_get_type(node) == CMARK_NODE_HTML_INLINE;
		if ((event == CMARK_EVENT_ENTER) != leaf || !acts(node))
			continue;
		if (count == room) {
			room = room == 0 ? 64 : 2 * room;
			cmark_node **larger = reallocarray(nodes, room, sizeof(cmark_node *));
			if (larger == NULL) {
				good = false;
				break;
			}
			nodes = larger;
		}
		nodes[count++] = node;
	}
	cmark_iter_free(iter);
	for (size_t i = 0; good && i < count; i++)
		good = tame(nodes[i]);
	free(nodes);
	return good;
}

//= rule: CASE-6
enum sk_err sk_markdown_html(const char *text, size_t length, struct sk_buf *out, struct sk_fault *fault)
{
	if (length > SK_CASE_TEXT_MAX)
		return sk_fault_set(fault, SK_ETOOBIG, "a note of %zu bytes; at most %d are allowed", length, SK_CASE_TEXT_MAX);
	if (!sk_utf8_valid(text, length))
		return sk_fault_set(fault, SK_EMALFORMED, "a note: not UTF-8");
	cmark_node *document = cmark_parse_document(text, length, CMARK_OPT_VALIDATE_UTF8);
	/* Without CMARK_OPT_UNSAFE the renderer too leaves HTML and javascript: out: two walls. */
	char *html = document != NULL && tame_all(document) ? cmark_render_html(document, CMARK_OPT_DEFAULT) : NULL;
	cmark_node_free(document);
	if (html == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	sk_buf_add_text(out, html);
	free(html);
	return out->failed == SK_OK ? SK_OK : sk_fault_set(fault, out->failed, "a note: its HTML does not fit");
}
