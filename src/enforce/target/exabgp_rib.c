/* SPDX-License-Identifier: Apache-2.0 */
/* ExaBGP 4's words. A route that it announces is shown as one line for each neighbour:
     neighbor 192.0.2.2 local-ip ... family-allowed in-open ipv4 flow flow destination-ipv4 192.0.2.0/24 source-ipv4 203.0.113.7/32 community [ 64512:1 blackhole ]
       extended-community rate-limit:0 large-community 64512:1:2
     neighbor 192.0.2.2 local-ip ... ipv6 unicast 2001:db8::5/128 next-hop 100::1 community blackhole large-community 64512:1:2 */
#include "target/exabgp_priv.h"

#include <stdio.h>
#include <stdlib.h>

#include "text/lines.h"

enum { TOKENS_MAX = 128 };

enum sk_exabgp_end sk_exabgp_ended(struct sk_buf *answer)
{
	static const char *const ends[] = {"done\n", "error\n"};
	for (size_t i = 0; i < SK_COUNT(ends); i++) {
		size_t length = strlen(ends[i]);
		if (answer->length < length || memcmp(answer->bytes + answer->length - length, ends[i], length) != 0)
			continue;
		if (answer->length > length && answer->bytes[answer->length - length - 1] != '\n')
			continue;
		answer->length -= length;
		return i == 0 ? SK_EXABGP_DONE : SK_EXABGP_ERROR;
	}
	return SK_EXABGP_OPEN;
}

void sk_exabgp_command(const struct sk_bgp_path *path, bool announce, struct sk_buf *out)
{
	char text[SK_PREFIX_TEXT_MAX];
	bool flow = path->rule.family == SK_BGP_FLOW4 || path->rule.family == SK_BGP_FLOW6;
	sk_buf_add_text(out, announce ? "announce " : "withdraw ");
	if (flow) {
		sk_buf_addf(out, "flow route { match { destination %s; ", sk_prefix_format(&path->rule.destination, text));
		if (path->rule.source.addr.family != 0)
			sk_buf_addf(out, "source %s; ", sk_prefix_format(&path->rule.source, text));
		sk_buf_add_text(out, path->rate > 0 ? "} then { " : "} then { discard; ");
		if (path->rate > 0)
			sk_buf_addf(out, "rate-limit %.0f; ", (double)path->rate);
	} else {
		sk_buf_addf(out, "route %s ", sk_prefix_format(&path->rule.destination, text));
		sk_buf_addf(out, "next-hop %s ", sk_addr_format(&path->next_hop, text));
	}
	const char *end = flow ? "; " : " ";
	if (path->community_count != 0) {
		sk_buf_add_text(out, "community [");
		for (size_t i = 0; i < path->community_count; i++)
			sk_buf_addf(out, "%s%u:%u", i == 0 ? "" : " ", path->communities[i] >> 16, path->communities[i] & 0xffff);
		sk_buf_addf(out, "]%s", end);
	}
	for (size_t i = 0; i < path->large_count; i++)
		sk_buf_addf(out, "large-community [%u:%u:%u]%s", path->larges[i].value[0], path->larges[i].value[1], path->larges[i].value[2], end);
	sk_buf_add_text(out, flow ? "} }\n" : "\n");
}

/* ---- reading ---- */

struct tokens {
	char *token[TOKENS_MAX];
	size_t count, at;
};

static const char *next(struct tokens *tokens)
{
	return tokens->at < tokens->count ? tokens->token[tokens->at++] : "";
}

static bool number(const char *text, char end, uint32_t *out, const char **rest)
{
	char *stop = NULL;
	if (text[0] < '0' || text[0] > '9')
		return false;
	unsigned long long value = strtoull(text, &stop, 10);
	if (*stop != end || value > UINT32_MAX)
		return false;
	*out = (uint32_t)value;
	*rest = *stop == '\0' ? stop : stop + 1;
	return true;
}

static void read_community(const char *word, struct sk_bgp_path *path)
{
	uint32_t value = 0;
	size_t at = 0;
	if (path->community_count == SK_BGP_COMMUNITIES_MAX || !sk_bgp_community_parse(word, &value)) {
		path->more = true;
		return;
	}
	while (at < path->community_count && path->communities[at] < value)
		at++;
	memmove(path->communities + at + 1, path->communities + at, (path->community_count - at) * sizeof value);
	path->communities[at] = value;
	path->community_count++;
}

static void read_large(const char *word, struct sk_bgp_path *path)
{
	struct sk_bgp_large *large = &path->larges[path->large_count];
	if (path->large_count < SK_BGP_COMMUNITIES_MAX && number(word, ':', &large->value[0], &word) && number(word, ':', &large->value[1], &word) &&
	    number(word, '\0', &large->value[2], &word))
		path->large_count++;
	else
		path->more = true;
}

static void read_extended(const char *word, struct sk_bgp_path *path)
{
	char *end = NULL;
	bool is_rate = strncmp(word, "rate-limit:", 11) == 0 && word[11] >= '0' && word[11] <= '9' && !path->rated;
	double rate = is_rate ? strtod(word + 11, &end) : -1;
	if (!is_rate || *end != '\0' || !(rate >= 0 && rate <= 1e20)) {
		path->more = true;
		return;
	}
	path->rated = true;
	path->rate = (float)rate;
}

/* One word, or several between brackets. */
static void read_list(struct tokens *tokens, void (*read)(const char *, struct sk_bgp_path *), struct sk_bgp_path *path)
{
	const char *word = next(tokens);
	if (strcmp(word, "[") != 0) {
		read(word, path);
		return;
	}
	for (word = next(tokens); strcmp(word, "]") != 0; word = next(tokens)) {
		if (word[0] == '\0') {
			path->more = true;
			return;
		}
		read(word, path);
	}
}

static void read_attributes(struct tokens *tokens, struct sk_bgp_path *path)
{
	for (const char *word = next(tokens); word[0] != '\0'; word = next(tokens)) {
		if (strcmp(word, "community") == 0)
			read_list(tokens, read_community, path);
		else if (strcmp(word, "large-community") == 0)
			read_list(tokens, read_large, path);
		else if (strcmp(word, "extended-community") == 0)
			read_list(tokens, read_extended, path);
		else if (strcmp(word, "next-hop") == 0 && sk_addr_parse(next(tokens), &path->next_hop) == SK_OK)
			continue;
		else
			path->more = true;
	}
}

/* "192.0.2.0/24"; of IPv6 flow rules "2001:db8::/48/0", the last number being where the pattern begins: ours begin at 0. */
static bool read_prefix(char *word, bool v6, bool flow, struct sk_prefix *out)
{
	char *last = strrchr(word, '/');
	if (v6 && flow) {
		if (last == NULL || strcmp(last, "/0") != 0 || last == strchr(word, '/'))
			return false;
		*last = '\0';
	}
	return sk_prefix_parse(word, out) == SK_OK && out->addr.family == (v6 ? 6 : 4);
}

static bool read_rule(struct tokens *tokens, bool v6, bool flow, struct sk_bgp_rule *rule)
{
	rule->family = flow ? (v6 ? SK_BGP_FLOW6 : SK_BGP_FLOW4) : (v6 ? SK_BGP_ROUTE6 : SK_BGP_ROUTE4);
	if (!flow)
		return tokens->at < tokens->count && read_prefix(tokens->token[tokens->at++], v6, flow, &rule->destination);
	static const char *const parts[2][2] = {{"destination-ipv4", "destination-ipv6"}, {"source-ipv4", "source-ipv6"}};
	struct sk_prefix *places[2] = {&rule->destination, &rule->source};
	for (size_t i = 0; i < 2; i++) {
		if (tokens->at + 1 >= tokens->count || strcmp(tokens->token[tokens->at], parts[i][v6]) != 0)
			return i == 1;
		if (!read_prefix(tokens->token[tokens->at + 1], v6, flow, places[i]))
			return false;
		tokens->at += 2;
	}
	return true;
}

static bool is_attribute(const char *word)
{
	static const char *const words[] = {"community", "large-community", "extended-community", "next-hop", "origin", "med", "local-preference", "as-path", "aggregator"};
	for (size_t i = 0; i < SK_COUNT(words); i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return word[0] == '\0';
}

static enum sk_err read_line(char *line, sk_bgp_take take, void *context)
{
	struct tokens tokens = {.count = 0};
	struct sk_bgp_path path = {.more = false};
	for (char *at = line; *at != '\0';) {
		size_t length = strcspn(at, " ");
		if (length != 0 && tokens.count == TOKENS_MAX)
			return SK_OK;
		if (length != 0)
			tokens.token[tokens.count++] = at;
		at += length;
		if (*at == ' ')
			*at++ = '\0';
	}
	/* Where it goes is told before; the last pair of family and kind begins the route. */
	bool found = false, v6 = false, flow = false;
	for (size_t i = 0; !found && i + 1 < tokens.count; i++) {
		flow = strcmp(tokens.token[i + 1], "flow") == 0;
		v6 = strcmp(tokens.token[i], "ipv6") == 0;
		found = (v6 || strcmp(tokens.token[i], "ipv4") == 0) && (flow || strcmp(tokens.token[i + 1], "unicast") == 0);
		tokens.at = i + 2;
	}
	if (found && flow && strcmp(next(&tokens), "flow") != 0)
		return SK_OK;
	if (!found || !read_rule(&tokens, v6, flow, &path.rule))
		return SK_OK;
	if (!is_attribute(tokens.at < tokens.count ? tokens.token[tokens.at] : ""))
		return SK_OK; /* a rule with more conditions than ours have stands at another place */
	read_attributes(&tokens, &path);
	return take(context, &path);
}

enum sk_err sk_exabgp_rib(const void *text, size_t length, sk_bgp_take take, void *context, struct sk_fault *fault)
{
	struct sk_lines lines;
	sk_lines_begin(&lines, "exabgp", text, length);
	for (;;) {
		enum sk_err err = sk_lines_next(&lines, fault);
		if (err == SK_ENOENT)
			return SK_OK;
		if (err != SK_OK)
			return SK_EMALFORMED;
		SK_TRY(read_line(lines.text, take, context));
	}
}
