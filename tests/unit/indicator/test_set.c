/* SPDX-License-Identifier: Apache-2.0 */
/* The compiled set against a naive matcher, and against every kind of damage. */
#include "lists.h"

#include "indicator/indicator_priv.h"
#include "text/url.h"

enum { MODEL_PREFIXES = 1200, MODEL_NAMES = 400, MODEL_ASKS = 20000, SMALL_MAX = 1 << 20 };

static const struct sk_indicator_options lab = {.min_prefix_v4 = 1, .min_prefix_v6 = 1, .special_ranges_allowed = true};

/* A fixed stream of numbers, so that a failure can be repeated. */
static uint64_t next(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return *seed >> 33;
}

/* ---- the model: every entry is asked, one by one ---- */

struct model {
	struct sk_prefix prefixes[MODEL_PREFIXES];
	char names[MODEL_NAMES][64];
	struct lists lists;
	struct sk_indicator_set *set;
};

static struct sk_addr random_addr(uint64_t *seed)
{
	struct sk_addr addr = {.family = next(seed) % 2 == 0 ? 4 : 6};
	/* Few distinct bytes, so that prefixes nest and addresses meet them. */
	for (size_t i = 0; i < (addr.family == 4 ? 4u : 16u); i++)
		addr.bytes[i] = (uint8_t)(i == 0 ? 40 + next(seed) % 3 : next(seed) % 3 == 0 ? 0xff : next(seed) % 2);
	return addr;
}

static void random_name(uint64_t *seed, char name[64])
{
	static const char *const labels[] = {"a", "b", "evil", "www", "example", "net"};
	size_t used = 0;
	for (uint64_t left = 2 + next(seed) % 4; left > 0; left--)
		used += (size_t)snprintf(name + used, 64 - used, "%s%s", used != 0 ? "." : "", labels[next(seed) % SK_COUNT(labels)]);
}

static void model_make(struct model *model, uint64_t seed)
{
	struct sk_buf text;
	char line[SK_PREFIX_TEXT_MAX];
	sk_buf_init(&text, 1 << 20);
	for (size_t i = 0; i < MODEL_PREFIXES; i++) {
		struct sk_addr addr = random_addr(&seed);
		unsigned limit = addr.family == 4 ? 32 : 128, bits = next(&seed) % 3 == 0 ? limit : 1 + (unsigned)(next(&seed) % limit);
		for (unsigned bit = bits; bit < limit; bit++)
			addr.bytes[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
		model->prefixes[i] = (struct sk_prefix){.addr = addr, .bits = (uint8_t)bits};
		sk_buf_addf(&text, "%s\n", sk_prefix_format(&model->prefixes[i], line));
	}
	for (size_t i = 0; i < MODEL_NAMES; i++) {
		random_name(&seed, model->names[i]);
		sk_buf_addf(&text, "%s\n", model->names[i]);
	}
	lists_start(&model->lists, &lab);
	assert_int_equal(lists_import(&model->lists, "model.txt", sk_buf_text(&text)), SK_OK);
	sk_buf_fini(&text);
	model->set = lists_compile(&model->lists);
}

static bool naive_addr(const struct model *model, const struct sk_addr *addr, char value[320])
{
	const struct sk_prefix *best = NULL;
	for (size_t i = 0; i < MODEL_PREFIXES; i++)
		if (sk_prefix_holds(&model->prefixes[i], addr) && (best == NULL || model->prefixes[i].bits > best->bits))
			best = &model->prefixes[i];
	if (best == NULL)
		return false;
	(void)(best->bits == (addr->family == 4 ? 32 : 128) ? sk_addr_format(&best->addr, value) : sk_prefix_format(best, value));
	return true;
}

static bool naive_domain(const struct model *model, const char *name, char value[320])
{
	const char *best = "";
	for (size_t i = 0; i < MODEL_NAMES; i++) {
		size_t length = strlen(name), width = strlen(model->names[i]);
		bool under = length >= width && strcmp(name + length - width, model->names[i]) == 0 && (length == width || name[length - width - 1] == '.');
		/* The builder keeps public suffixes and single labels out. */
		if (under && width > strlen(best))
			best = model->names[i];
	}
	(void)snprintf(value, 320, "%s", best);
	return best[0] != '\0';
}

/* How often the set and the model disagree. */
static unsigned disagreements(const struct model *model, uint64_t seed)
{
	unsigned wrong = 0;
	for (unsigned i = 0; i < MODEL_ASKS; i++) {
		struct sk_indicator_hit hit;
		char ours[320], theirs[320], name[64];
		struct sk_addr addr = next(&seed) % 2 == 0 ? random_addr(&seed) : model->prefixes[next(&seed) % MODEL_PREFIXES].addr;
		bool hits = sk_indicator_match_addr(model->set, &addr, &hit), should = naive_addr(model, &addr, theirs);
		wrong += hits != should || (hits && strcmp(sk_indicator_value(model->set, hit.id, ours, sizeof ours), theirs) != 0);
		random_name(&seed, name);
		hits = sk_indicator_match_domain(model->set, name, strlen(name), &hit);
		should = naive_domain(model, name, theirs);
		wrong += hits != should || (hits && strcmp(sk_indicator_value(model->set, hit.id, ours, sizeof ours), theirs) != 0);
	}
	return wrong;
}

static void model_free(struct model *model)
{
	sk_indicator_close(model->set);
	lists_end(&model->lists);
	free(model);
}

static void test_model(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++) {
		struct model *model = calloc(1, sizeof *model);
		assert_non_null(model);
		model_make(model, seed);
		assert_int_equal(disagreements(model, seed * 77), 0);
		model_free(model);
	}
}

/* The model test sees each structure that a look-up goes through, when it is broken on purpose. */
static void test_model_sabotage(void **state)
{
	(void)state;
	static const enum sk_section broken[] = {SK_SECTION_FILTER_V4, SK_SECTION_FILTER_V6, SK_SECTION_FILTER_DOMAIN, SK_SECTION_BITMAP_V4, SK_SECTION_BITMAP_V6,
						 SK_SECTION_SEGMENT_V4, SK_SECTION_SEGMENT_V6, SK_SECTION_DIRECTORY};
	struct model *model = calloc(1, sizeof *model);
	assert_non_null(model);
	model_make(model, 5);
	for (size_t i = 0; i < SK_COUNT(broken); i++) {
		size_t length = model->set->section[broken[i]].count * sk_section_width[broken[i]];
		uint8_t *zeros = calloc(1, length);
		assert_non_null(zeros);
		struct sk_indicator_set good = *model->set;
		model->set->section[broken[i]].bytes = zeros;
		for (unsigned column = 0; column < SK_COLUMN_COUNT; column++)
			if (sk_column_filter((enum sk_column_name)column) == broken[i])
				model->set->filter[column].words = zeros;
		if (broken[i] == SK_SECTION_BITMAP_V4 || broken[i] == SK_SECTION_BITMAP_V6)
			model->set->bitmap[broken[i] - SK_SECTION_BITMAP_V4] = zeros;
		assert_true(disagreements(model, 9) > 0);
		*model->set = good;
		free(zeros);
	}
	assert_int_equal(disagreements(model, 9), 0);
	model_free(model);
}

/* ---- facts, order, origins ---- */

static const char ja4[] = "t13d1516h2_8daaf6152771_e5627efa2ab1";
static const char everything[] = "45.33.32.156\n5.6.7.0/24\n2600:3c01::1\n2600:3c02::/32\nevil.example\nb.evil.example\n"
				 "e7d705a3286e19ea42f587b344ee6865\nt13d1516h2_8daaf6152771_e5627efa2ab1\nhttp://Evil.example:80/A/b?c\n"
				 "hassh:e7d705a3286e19ea42f587b344ee6866\nhassh_server:e7d705a3286e19ea42f587b344ee6867\n"
				 "ja3s:e7d705a3286e19ea42f587b344ee6868\ncert_sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709\n"
				 "cert_sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n";

/* Sixteen bytes are four kinds: each is found as its own kind only, of its own length only, and by its own text. */
static void test_prints(const struct sk_indicator_set *set)
{
	static const struct {
		enum sk_indicator_kind kind;
		const char *hex, *value;
	} prints[] = {
		{SK_INDICATOR_JA3, "e7d705a3286e19ea42f587b344ee6865", "e7d705a3286e19ea42f587b344ee6865"},
		{SK_INDICATOR_HASSH, "e7d705a3286e19ea42f587b344ee6866", "hassh:e7d705a3286e19ea42f587b344ee6866"},
		{SK_INDICATOR_HASSH_SERVER, "e7d705a3286e19ea42f587b344ee6867", "hassh_server:e7d705a3286e19ea42f587b344ee6867"},
		{SK_INDICATOR_JA3S, "e7d705a3286e19ea42f587b344ee6868", "ja3s:e7d705a3286e19ea42f587b344ee6868"},
		{SK_INDICATOR_CERT_SHA1, "da39a3ee5e6b4b0d3255bfef95601890afd80709", "cert_sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709"},
		{SK_INDICATOR_CERT_SHA256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		 "cert_sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	};
	struct sk_indicator_hit hit;
	char text[320];
	for (size_t i = 0; i < SK_COUNT(prints); i++) {
		for (size_t j = 0; j < SK_COUNT(prints); j++)
			assert_int_equal(sk_indicator_match_hex(set, prints[j].kind, prints[i].hex, &hit), i == j);
		assert_true(sk_indicator_match_hex(set, prints[i].kind, prints[i].hex, &hit));
		assert_int_equal(hit.kind, prints[i].kind);
		assert_string_equal(sk_indicator_value(set, hit.id, text, sizeof text), prints[i].value);
	}
	uint8_t hash[SK_URL_HASH_BYTES];
	sk_url_hash("evil.example", 12, "/A/b", 4, hash);
	assert_true(sk_indicator_match_hash(set, SK_INDICATOR_URL, hash, sizeof hash, &hit));
	assert_false(sk_indicator_match_hash(set, SK_INDICATOR_URL, hash, sizeof hash - 1, &hit));
	assert_false(sk_indicator_match_hash(set, SK_INDICATOR_ADDRESS, hash, 4, &hit));
	sk_url_hash("evil.example", 12, "/a/b", 4, hash); /* the case of a path counts */
	assert_false(sk_indicator_match_hash(set, SK_INDICATOR_URL, hash, sizeof hash, &hit));
}

static void test_facts(void **state)
{
	(void)state;
	struct lists lists;
	struct sk_indicator_facts facts;
	struct sk_indicator_hit hit;
	char text[320];
	lists_start(&lists, &lab);
	assert_int_equal(lists_import(&lists, "list.txt", everything), SK_OK);
	sk_indicator_add_flow_all(lists.builder);
	struct sk_indicator_set *set = lists_compile(&lists);
	sk_indicator_facts(set, &facts);
	assert_int_equal(facts.entries, 15);
	assert_int_equal(facts.kinds, 4095);
	const uint64_t by_kind[SK_INDICATOR_KIND_COUNT] = {2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1};
	assert_memory_equal(facts.entries_by_kind, by_kind, sizeof by_kind);
	assert_int_equal(facts.shortest_v4, 24);
	assert_int_equal(facts.shortest_v6, 32);
	assert_true(sk_indicator_flow_all(set, &hit));
	assert_string_equal(sk_indicator_value(set, hit.id, text, sizeof text), "flow.all");
	assert_string_equal(sk_indicator_origin(set, hit.id, text, sizeof text), "");
	assert_true(sk_indicator_match_ja3(set, "e7d705a3286e19ea42f587b344ee6865", &hit));
	assert_string_equal(sk_indicator_origin(set, hit.id, text, sizeof text), "list.txt:7");
	assert_true(sk_indicator_match_ja4(set, ja4, &hit));
	assert_int_equal(hit.kind, SK_INDICATOR_JA4);
	assert_false(sk_indicator_match_ja4(set, "t13d1516h2_8daaf6152771_e5627efa2ab2", &hit));
	assert_false(sk_indicator_match_ja3(set, "", &hit));
	test_prints(set);
	assert_true(sk_indicator_match_domain(set, "x.b.evil.example", 16, &hit));
	assert_string_equal(sk_indicator_value(set, hit.id, text, sizeof text), "b.evil.example"); /* the longest */
	assert_false(sk_indicator_match_domain(set, "notevil.example", 15, &hit));
	assert_false(sk_indicator_match_domain(set, "example", 7, &hit));
	assert_false(sk_indicator_match_domain(set, ".", 1, &hit));
	assert_false(sk_indicator_match_domain(set, "", 0, &hit));
	sk_indicator_close(set);
	lists_end(&lists);
}

/* The same entries in another order, from other files, merged: other bytes, one digest. */
static void test_digest(void **state)
{
	(void)state;
	struct lists a, b;
	struct sk_indicator_facts facts_a, facts_b, facts_c;
	lists_start(&a, &lab);
	lists_start(&b, &lab);
	assert_int_equal(lists_import(&a, "one.txt", "a.example\nb.example\n5.6.7.8\n"), SK_OK);
	assert_int_equal(lists_import(&a, "two.txt", "c.example\n"), SK_OK);
	assert_int_equal(lists_import(&b, "three.txt", "c.example\n5.6.7.8\nb.example\n"), SK_OK);
	struct sk_indicator_set *set_a = lists_compile(&a), *set_b = lists_compile(&b);
	sk_indicator_facts(set_b, &facts_b);
	sk_indicator_facts(set_a, &facts_a);
	assert_memory_not_equal(facts_a.digest, facts_b.digest, SK_HASH_BYTES);
	assert_int_equal(lists_import(&b, "four.txt", "a.example\n"), SK_OK);
	sk_indicator_close(set_b);
	set_b = lists_compile(&b);
	sk_indicator_facts(set_b, &facts_b);
	assert_memory_equal(facts_a.digest, facts_b.digest, SK_HASH_BYTES);
	struct lists c;
	lists_start(&c, &lab);
	assert_int_equal(lists_import(&c, "first.txt", "# comment\nz.example\nb.example\n"), SK_OK);
	assert_int_equal(sk_indicator_merge(c.builder, set_a, &c.fault), SK_OK);
	assert_int_equal(lists_import(&c, "last.txt", "y.example\n"), SK_OK);
	struct sk_indicator_set *set_c = lists_compile(&c);
	sk_indicator_facts(set_c, &facts_c);
	assert_int_equal(facts_c.entries, 6);
	static const char *const origins[][2] = {{"5.6.7.8", "one.txt:3"}, {"a.example", "one.txt:1"}, {"b.example", "first.txt:3"}, {"c.example", "two.txt:1"},
						 {"y.example", "last.txt:1"}, {"z.example", "first.txt:2"}};
	for (uint32_t id = 0; id < 6; id++) {
		char text[320];
		assert_string_equal(sk_indicator_value(set_c, id, text, sizeof text), origins[id][0]);
		assert_string_equal(sk_indicator_origin(set_c, id, text, sizeof text), origins[id][1]);
	}
	sk_indicator_close(set_a);
	sk_indicator_close(set_b);
	sk_indicator_close(set_c);
	lists_end(&a);
	lists_end(&b);
	lists_end(&c);
}

static void expect_relays(const struct sk_indicator_set *set, const char *const (*rows)[3], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct sk_indicator_hit hit;
		struct sk_addr addr;
		char text[320];
		assert_int_equal(sk_addr_parse(rows[i][0], &addr), SK_OK);
		assert_true(sk_indicator_match_addr(set, &addr, &hit));
		assert_string_equal(sk_relay_name(sk_indicator_relay(set, hit.id)), rows[i][1]);
		assert_string_equal(sk_indicator_origin(set, hit.id, text, sizeof text), rows[i][2]);
	}
}

/* A list of relays says so itself, or whoever imports it does; a list of culprits weighs more, in whatever order they come, and a failed import nothing. */
static void test_relays(void **state)
{
	(void)state;
	static const struct sk_indicator_options vpn = {.min_prefix_v4 = 8, .min_prefix_v6 = 19, .special_ranges_allowed = true, .relay = SK_RELAY_VPN},
						 few = {.min_prefix_v4 = 8, .min_prefix_v6 = 19, .special_ranges_allowed = true, .max_entries = 4};
	static const char tor[] = "# exits\n#  Relay: TOR \n9.9.9.1\n9.9.9.2\n9.9.9.3\n";
	static const char *const both[][3] = {{"9.9.9.1", "tor", "tor.txt:3"}, {"9.9.9.2", "", "bad.txt:1"}, {"9.9.9.3", "tor", "tor.txt:5"}, {"9.9.9.8", "", "bad.txt:2"}};
	struct lists lists, other;
	struct sk_indicator_set *sets[2];
	for (unsigned order = 0; order < 2; order++) {
		lists_start(&lists, &lab);
		for (unsigned i = 0; i < 2; i++)
			assert_int_equal(i == order ? lists_import(&lists, "tor.txt", tor) : lists_import(&lists, "bad.txt", "9.9.9.2\n9.9.9.8\n"), SK_OK);
		sets[order] = lists_compile(&lists);
		expect_relays(sets[order], both, SK_COUNT(both));
		char path[256];
		assert_int_equal(sk_indicator_verify(sets[order], lists_path(&lists, "set", path), &lists.fault), SK_OK);
		lists_end(&lists);
	}
	/* Merged behind a list that names one of them a culprit, and before one. */
	static const char *const merged[][3] = {{"9.9.9.1", "", "worse.txt:1"}, {"9.9.9.3", "", "last.txt:1"}, {"9.9.9.7", "vpn", "vpn.txt:1"}, {"9.9.9.5", "proxy", "proxy.txt:2"}};
	lists_start(&lists, &lab);
	lists_start(&other, &vpn);
	assert_int_equal(lists_import(&other, "vpn.txt", "9.9.9.7\n"), SK_OK);
	assert_int_equal(lists_import(&other, "proxy.txt", "; relay: proxy\n9.9.9.5\n"), SK_OK);
	struct sk_indicator_set *services = lists_compile(&other);
	assert_int_equal(lists_import(&lists, "worse.txt", "9.9.9.1\n"), SK_OK);
	assert_int_equal(sk_indicator_merge(lists.builder, sets[0], &lists.fault), SK_OK);
	assert_int_equal(sk_indicator_merge(lists.builder, services, &lists.fault), SK_OK);
	assert_int_equal(lists_import(&lists, "last.txt", "9.9.9.3\n"), SK_OK);
	struct sk_indicator_set *all = lists_compile(&lists);
	expect_relays(all, merged, SK_COUNT(merged));
	sk_indicator_close(all);
	sk_indicator_close(services);
	lists_end(&lists);
	lists_end(&other);
	for (unsigned i = 0; i < 2; i++)
		sk_indicator_close(sets[i]);
	/* Too many entries: nothing of the file counts, its words on 9.9.9.2 neither. */
	static const char *const before[][3] = {{"9.9.9.2", "tor", "tor.txt:4"}};
	lists_start(&lists, &few);
	assert_int_equal(lists_import(&lists, "tor.txt", tor), SK_OK);
	assert_int_equal(lists_import(&lists, "bad.txt", "9.9.9.2\n9.9.9.8\n9.9.9.9\n"), SK_ETOOBIG);
	all = lists_compile(&lists);
	expect_relays(all, before, 1);
	sk_indicator_close(all);
	/* Other comments say nothing. */
	static const char *const plain[][3] = {{"9.9.9.4", "", "other.txt:3"}};
	assert_int_equal(lists_import(&lists, "other.txt", "# relay: pigeon\n# a relay: tor\n9.9.9.4\n"), SK_OK);
	all = lists_compile(&lists);
	expect_relays(all, plain, 1);
	sk_indicator_close(all);
	lists_end(&lists);
}

/* Names as a network sends them, not as a list holds them: of every length around a word of eight bytes and of sixty-four, with empty labels. */
static void test_odd_names(void **state)
{
	(void)state;
	struct lists lists;
	struct sk_indicator_hit hit;
	char name[300], text[320];
	lists_start(&lists, &lab);
	assert_int_equal(lists_import(&lists, "list", "b.c\nevil.example\na-very-long-label-of-a-name.another-long-label.example\n"), SK_OK);
	struct sk_indicator_set *set = lists_compile(&lists);
	static const char *const suffixes[] = {"b.c", "evil.example", "a-very-long-label-of-a-name.another-long-label.example"};
	for (size_t i = 0; i < SK_COUNT(suffixes); i++) {
		for (size_t before = 0; before <= 256 - strlen(suffixes[i]); before++) {
			/* "xxxx." and "xx.x.xx..." and "...." before the suffix; without its dot it is another name. */
			for (unsigned form = 0; form < 3; form++) {
				for (size_t at = 0; at < before; at++)
					name[at] = form == 0 || (form == 1 && at % 3 != 0) ? 'x' : '.';
				if (before > 0)
					name[before - 1] = '.';
				(void)snprintf(name + before, sizeof name - before, "%s", suffixes[i]);
				assert_true(sk_indicator_match_domain(set, name, strlen(name), &hit));
				assert_string_equal(sk_indicator_value(set, hit.id, text, sizeof text), suffixes[i]);
				if (before > 0)
					name[before - 1] = 'x';
				assert_int_equal(sk_indicator_match_domain(set, name, strlen(name), &hit), before == 0);
			}
		}
	}
	assert_false(sk_indicator_match_domain(set, "..", 2, &hit));
	assert_false(sk_indicator_match_domain(set, ".c", 2, &hit));
	sk_indicator_close(set);
	lists_end(&lists);
}

static void test_empty(void **state)
{
	(void)state;
	struct lists lists;
	struct sk_indicator_hit hit;
	struct sk_indicator_facts facts;
	struct sk_addr addr;
	lists_start(&lists, &lab);
	struct sk_indicator_set *set = lists_compile(&lists);
	sk_indicator_facts(set, &facts);
	assert_int_equal(facts.entries, 0);
	assert_int_equal(facts.shortest_v4, 32);
	assert_int_equal(sk_addr_parse("1.2.3.4", &addr), SK_OK);
	assert_false(sk_indicator_match_addr(set, &addr, &hit));
	assert_false(sk_indicator_match_domain(set, "a.example", 9, &hit));
	assert_false(sk_indicator_flow_all(set, &hit));
	sk_indicator_close(set);
	lists_end(&lists);
}

/* ---- order: long runs of equal heads, at every depth, against the obvious sort ---- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void test_sorting(void **state)
{
	(void)state;
	enum { NAMES = 6000 };
	static char names[NAMES][64];
	char *sorted[NAMES];
	uint64_t seed = 4;
	struct sk_order *order;
	struct sk_column column;
	sk_column_init(&column, 0, (const uint8_t[SK_SIP_KEY_BYTES]){1});
	for (size_t i = 0; i < NAMES; i++) {
		/* "aaaaaaaa" 0 to 4 times, then few different letters: runs of one head, of two, of three ... */
		(void)snprintf(names[i], sizeof names[i], "%.*s%s%llu", (int)(8 * (next(&seed) % 5)), "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", i % 3 == 0 ? "b" : "",
			       (unsigned long long)next(&seed) % 100000);
		sorted[i] = names[i];
		if (sk_column_add(&column, names[i], strlen(names[i]), 0) == SK_EEXIST)
			i--;
	}
	qsort(sorted, NAMES, sizeof *sorted, by_text);
	assert_int_equal(sk_column_order(&column, &order), SK_OK);
	for (size_t i = 0; i < NAMES; i++) {
		size_t length;
		const uint8_t *name = sk_column_at(&column, order[i], &length);
		assert_int_equal(length, strlen(sorted[i]));
		assert_memory_equal(name, sorted[i], length);
	}
	free(order);
	sk_column_fini(&column);
}

/* ---- damage ---- */

static enum sk_err open_bytes(struct lists *lists, const uint8_t *bytes, size_t length)
{
	char path[256];
	struct sk_indicator_set *set = NULL;
	enum sk_err err = sk_indicator_open(lists_write(lists, "damaged", bytes, length, path), &set, &lists->fault);
	sk_indicator_close(set);
	return err;
}

static enum sk_err verify_bytes(struct lists *lists, const uint8_t *bytes, size_t length)
{
	char path[256], text[320];
	struct sk_indicator_set *set = NULL;
	struct sk_indicator_hit hit;
	struct sk_addr addr = {.family = 4, .bytes = {5, 6, 7, 8}};
	SK_TRY(sk_indicator_open(lists_write(lists, "damaged", bytes, length, path), &set, &lists->fault));
	(void)sk_indicator_match_addr(set, &addr, &hit);
	(void)sk_indicator_match_domain(set, "b.evil.example", 14, &hit);
	for (uint32_t id = 0; id < set->facts.entries; id++)
		(void)sk_indicator_origin(set, id, text, sizeof text), (void)sk_indicator_value(set, id, text, sizeof text);
	enum sk_err err = sk_indicator_verify(set, path, &lists->fault);
	sk_indicator_close(set);
	return err;
}

/* A set of the first format is told from a damaged one. */
static void test_old_format(void **state)
{
	(void)state;
	struct lists lists;
	uint8_t old[SK_SET_HEADER_BYTES] = "SKSELSET\1";
	lists_start(&lists, &lab);
	assert_int_equal(open_bytes(&lists, old, sizeof old), SK_EMALFORMED);
	assert_non_null(strstr(lists.fault.line, "format 1"));
	assert_non_null(strstr(lists.fault.line, "--replace"));
	lists_end(&lists);
}

static void test_damage(void **state)
{
	(void)state;
	struct lists lists;
	struct sk_buf good;
	char path[256];
	lists_start(&lists, &lab);
	assert_int_equal(lists_import(&lists, "list.txt", everything), SK_OK);
	sk_indicator_close(lists_compile(&lists));
	sk_buf_init(&good, SMALL_MAX);
	assert_int_equal(sk_file_read(lists_path(&lists, "set", path), &good, &lists.fault), SK_OK);
	for (size_t i = 0; i < good.length; i += i < 2048 ? 1 : 97) {
		good.bytes[i] ^= 0x10;
		enum sk_err opened = open_bytes(&lists, good.bytes, good.length);
		if (opened != SK_EMALFORMED)
			print_error("offset %zu\n", i);
		assert_int_equal(opened, SK_EMALFORMED);
		good.bytes[i] ^= 0x10;
		assert_int_equal(open_bytes(&lists, good.bytes, i), SK_EMALFORMED);
	}
	sk_buf_add_u8(&good, 0);
	assert_int_equal(open_bytes(&lists, good.bytes, good.length), SK_EMALFORMED);
	assert_int_equal(open_bytes(&lists, good.bytes, good.length - 1), SK_OK);
	sk_buf_fini(&good);
	lists_end(&lists);
}

/* A liar who makes the checksum right again opens, asks without harm, and is caught by the structure or by the digest of the entries. */
static void test_lies(void **state)
{
	(void)state;
	struct lists lists;
	struct sk_buf good;
	char path[256];
	lists_start(&lists, &lab);
	assert_int_equal(lists_import(&lists, "list.txt", everything), SK_OK);
	sk_indicator_close(lists_compile(&lists));
	sk_buf_init(&good, SMALL_MAX);
	assert_int_equal(sk_file_read(lists_path(&lists, "set", path), &good, &lists.fault), SK_OK);
	struct sk_indicator_set view;
	assert_int_equal(sk_set_view("good", good.bytes, good.length, &view, &lists.fault), SK_OK);
	for (enum sk_section section = SK_SECTION_V4; section < SK_SECTION_ORIGIN; section++) {
		/* The first byte of the section: another address, name, filter word or range. */
		uint8_t *at = good.bytes + (view.section[section].bytes - good.bytes);
		for (unsigned bit = 0; bit < 8 && view.section[section].count != 0; bit++) {
			*at ^= (uint8_t)(1u << bit);
			sk_store_le64(good.bytes + SK_SET_CHECKSUM_OFFSET, sk_set_checksum(good.bytes, good.length));
			enum sk_err err = verify_bytes(&lists, good.bytes, good.length);
			/* A filter may have bits too many: that costs a look-up and hides nothing. */
			bool filter = section >= SK_SECTION_FILTER_V4 && section < SK_SECTION_SEGMENT_V4;
			if (!filter || (*at & 1u << bit) == 0)
				assert_int_equal(err, SK_EMALFORMED);
			*at ^= (uint8_t)(1u << bit);
		}
	}
	/* A kind of relays that there is not. */
	uint8_t *relay = good.bytes + (view.section[SK_SECTION_FILE].bytes - good.bytes) + 11;
	*relay = SK_RELAY_COUNT;
	sk_store_le64(good.bytes + SK_SET_CHECKSUM_OFFSET, sk_set_checksum(good.bytes, good.length));
	assert_int_equal(verify_bytes(&lists, good.bytes, good.length), SK_EMALFORMED);
	*relay = SK_RELAY_VPN;
	sk_store_le64(good.bytes + SK_SET_CHECKSUM_OFFSET, sk_set_checksum(good.bytes, good.length));
	assert_int_equal(verify_bytes(&lists, good.bytes, good.length), SK_OK);
	sk_buf_fini(&good);
	lists_end(&lists);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_model_sabotage), cmocka_unit_test(test_facts), cmocka_unit_test(test_digest), cmocka_unit_test(test_relays),
					   cmocka_unit_test(test_empty), cmocka_unit_test(test_odd_names), cmocka_unit_test(test_damage), cmocka_unit_test(test_lies),
					   cmocka_unit_test(test_old_format), cmocka_unit_test(test_sorting)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
