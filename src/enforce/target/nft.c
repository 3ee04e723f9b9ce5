/* SPDX-License-Identifier: Apache-2.0 */
/* nftables: drops what comes from and goes to a prefix, in a table of our own. One set for each length of prefix, a hash whose elements time out by themselves; so
   prefixes may lie inside each other, which one interval set would refuse. With a set go two chains and their rules; what is empty is taken away, the table last.
   `nft -j -f -` takes all changes of a call as one transaction. libnftables is GPL-only and is not linked: the program is run. */
#include "target/nft_priv.h"

#include <stdio.h>
#include <stdlib.h>

#include "text/text.h"

enum { OUTPUT_MAX = 256 << 20, ERROR_MAX = 16384, TRIES = 3, LONGEST_LINE = 512, REST_LEAST_S = 1 };

static const int64_t ns_per_second = 1000000000;

static enum sk_err nft_open(const struct sk_backend_place *place, void **self, struct sk_fault *fault)
{
	const char *table = sk_settings_text(place->settings, "table", "sekisho");
	if (strlen(table) >= sizeof((struct nft *)0)->table || *table == '\0' || table[strspn(table, "abcdefghijklmnopqrstuvwxyz0123456789_")] != '\0')
		return sk_settings_fault(place->settings, "table", fault, "'%s', expected 1 to 31 of a-z, 0-9 and _", table);
	struct nft *nft = calloc(1, sizeof *nft);
	if (nft == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", place->name);
	(void)snprintf(nft->table, sizeof nft->table, "%s", table);
	(void)snprintf(nft->name, sizeof nft->name, "%s", place->name);
	nft->clock = place->clock;
	*self = nft;
	return SK_OK;
}

static void nft_close(void *self)
{
	free(self);
}

/* ---- one prefix ---- */

static enum sk_err place_of(const struct nft *nft, const char *target, struct nft_place *out, struct sk_fault *fault)
{
	struct sk_prefix prefix;
	if (sk_prefix_parse(target, &prefix) != SK_OK || prefix.addr.family == 0)
		return sk_fault_set(fault, SK_EUSAGE, "%s: '%s' is no prefix", nft->name, target);
	*out = (struct nft_place){.length = (uint8_t)nft_length(prefix.addr.family, prefix.bits), .addr = prefix.addr};
	return SK_OK;
}

static void write_text(const struct nft *nft, const struct nft_place *place, const char *comment, struct sk_buf *out)
{
	char name[NFT_NAME_MAX], addr[SK_ADDR_TEXT_MAX];
	sk_buf_addf(out, "inet %s %s %s", nft->table, nft_set_name(place->length, name), sk_addr_format(&place->addr, addr));
	if (*comment != '\0') {
		sk_buf_add_text(out, " \"");
		sk_escape_line(out, comment, strlen(comment));
		sk_buf_add_text(out, "\"");
	}
	sk_buf_add_u8(out, '\n');
}

static const char *comment_of(const struct sk_item *item, char out[NFT_COMMENT_MAX])
{
	(void)snprintf(out, NFT_COMMENT_MAX, "sekisho %s", item->tag);
	return out;
}

static enum sk_err nft_text(void *self, const struct sk_item *item, struct sk_buf *out, struct sk_fault *fault)
{
	struct nft_place place;
	char comment[NFT_COMMENT_MAX];
	SK_TRY(place_of(self, item->target, &place, fault));
	write_text(self, &place, comment_of(item, comment), out);
	return SK_OK;
}

/* ---- what the kernel holds ---- */

static enum sk_err run_nft(const struct nft *nft, const char *const *words, const struct sk_buf *input, struct sk_buf *out, struct sk_buf *err_text, int *status,
			   struct sk_fault *fault)
{
	struct sk_fault why;
	struct sk_child child = {.words = words, .input = input == NULL ? NULL : input->bytes, .input_length = input == NULL ? 0 : input->length};
	enum sk_err err = sk_child_run(&child, out, err_text, status, &why);
	return err == SK_OK ? SK_OK : sk_fault_set(fault, err, "%s: %s", nft->name, why.line);
}

/* The first line of what a program says of its failure. */
static enum sk_err refuse(const struct nft *nft, const char *what, const struct sk_buf *said, struct sk_fault *fault)
{
	char line[LONGEST_LINE];
	(void)snprintf(line, sizeof line, "%.*s", (int)strcspn(sk_buf_text(said), "\n"), sk_buf_text(said));
	return sk_fault_set(fault, SK_ETARGET, "%s: nft %s: %s", nft->name, what, line[0] == '\0' ? "failed and says nothing" : line);
}

static enum sk_err load(const struct nft *nft, struct nft_held *held, struct sk_fault *fault)
{
	const char *words[] = {"nft", "-j", "list", "table", "inet", nft->table, NULL};
	struct sk_buf out, said;
	int status = 0;
	*held = (struct nft_held){0};
	sk_buf_init(&out, OUTPUT_MAX);
	sk_buf_init(&said, ERROR_MAX);
	enum sk_err err = run_nft(nft, words, NULL, &out, &said, &status, fault);
	if (err == SK_OK && status != 0) {
		if (strstr(sk_buf_text(&said), "No such file or directory") == NULL)
			err = refuse(nft, "list table", &said, fault);
	} else if (err == SK_OK) {
		err = nft_held_read(nft, sk_buf_text(&out), out.length, held, fault);
	}
	sk_buf_fini(&out);
	sk_buf_fini(&said);
	return err;
}

static enum sk_err nft_read(void *self, const struct sk_item *items, size_t count, struct sk_buf *texts, struct sk_fault *fault)
{
	struct nft_held held;
	struct nft_place place;
	SK_TRY(load(self, &held, fault));
	enum sk_err err = SK_OK;
	for (size_t i = 0; err == SK_OK && i < count; i++) {
		err = place_of(self, items[i].target, &place, fault);
		const struct nft_element *element = err == SK_OK ? nft_held_find(&held, &place) : NULL;
		if (element == NULL)
			continue;
		write_text(self, &place, element->comment, &texts[i]);
		/* An element that no rule looks up does nothing. */
		if (!held.lengths[place.length].whole)
			sk_buf_addf(&texts[i], "the chains of this set are not as sekisho made them\n");
		err = texts[i].failed;
	}
	nft_held_free(&held);
	return err;
}

static enum sk_err nft_effect(void *self, const struct sk_item *items, size_t count, enum sk_reach reach, sk_effect_tell tell, void *context, struct sk_fault *fault)
{
	const struct nft *nft = self;
	struct nft_held held;
	struct nft_place place;
	char where[SK_WHERE_MAX], seen[SK_WHERE_MAX], comment[NFT_COMMENT_MAX];
	(void)reach; /* there is one kernel */
	SK_TRY(load(nft, &held, fault));
	enum sk_err err = SK_OK;
	(void)snprintf(where, sizeof where, "kernel table inet %s", nft->table);
	for (size_t i = 0; err == SK_OK && i < count; i++) {
		err = place_of(nft, items[i].target, &place, fault);
		if (err != SK_OK)
			break;
		const struct nft_element *element = nft_held_find(&held, &place);
		bool good = element != NULL && held.lengths[place.length].whole && strcmp(element->comment, comment_of(&items[i], comment)) == 0;
		/* What never times out would outlive its warrant. */
		if (good && (element->expires_s < 0 || nft->clock.unix_ns(nft->clock.context) + (element->expires_s - 1) * ns_per_second > items[i].until_ns))
			good = false;
		(void)snprintf(seen, sizeof seen, element == NULL ? "no element" : good ? "drops, times out by itself" : "another element, another time-out or other rules");
		tell(context, i, where, seen, good);
	}
	nft_held_free(&held);
	return err;
}

static enum sk_err nft_state(void *self, struct sk_buf *out, struct sk_fault *fault)
{
	const struct nft *nft = self;
	struct nft_held held;
	char name[NFT_NAME_MAX];
	SK_TRY(load(nft, &held, fault));
	if (held.table)
		sk_buf_addf(out, "table inet %s\n", nft->table);
	for (unsigned length = 0; length < NFT_LENGTHS; length++)
		if (held.lengths[length].set || held.lengths[length].rules > 0)
			sk_buf_addf(out, "set %s, %s\n", nft_set_name(length, name), held.lengths[length].whole ? "its chains as made" : "its chains changed");
	if (held.foreign > 0)
		sk_buf_addf(out, "%zu things of others\n", held.foreign);
	for (size_t i = 0; i < held.count; i++)
		write_text(nft, &held.elements[i].place, held.elements[i].comment, out);
	nft_held_free(&held);
	return out->failed;
}

/* ---- one transaction ---- */

static enum sk_err commit(const struct nft *nft, const struct sk_buf *input, bool dry, struct sk_fault *fault)
{
	const char *words[] = {"nft", "-j", "-f", "-", NULL}, *dry_words[] = {"nft", "-c", "-j", "-f", "-", NULL};
	struct sk_buf out, said;
	int status = 0;
	if (input->failed != SK_OK)
		return sk_fault_set(fault, input->failed, "%s: the transaction cannot be written", nft->name);
	sk_buf_init(&out, OUTPUT_MAX);
	sk_buf_init(&said, ERROR_MAX);
	enum sk_err err = run_nft(nft, dry ? dry_words : words, input, &out, &said, &status, fault);
	if (err == SK_OK && status != 0)
		err = refuse(nft, dry ? "-c" : "-f", &said, fault);
	sk_buf_fini(&out);
	sk_buf_fini(&said);
	return err;
}

/* What must be there before elements are. */
static void write_frame(const struct nft *nft, const struct nft_held *held, const bool *used, struct sk_buf *out)
{
	if (!held->table)
		nft_write_table(nft, "add", out);
	for (unsigned length = 0; length < NFT_LENGTHS; length++)
		if (used[length] && !held->lengths[length].set)
			nft_write_length(nft, length, out);
}

static enum sk_err write_elements(const struct nft *nft, const struct nft_held *held, const struct sk_item *items, size_t count, struct sk_buf *out,
				  struct sk_fault *fault)
{
	int64_t now_ns = nft->clock.unix_ns(nft->clock.context);
	for (size_t i = 0; i < count; i++) {
		struct nft_place place;
		char comment[NFT_COMMENT_MAX];
		SK_TRY(place_of(nft, items[i].target, &place, fault));
		int64_t rest_s = (items[i].until_ns - now_ns) / ns_per_second;
		if (rest_s < REST_LEAST_S)
			return sk_fault_set(fault, SK_EUSAGE, "%s: %s would live for less than a second", nft->name, items[i].target);
		const struct nft_element *element = nft_held_find(held, &place);
		if (element != NULL)
			nft_write_element(nft, "delete", &place, NULL, 0, out);
		nft_write_element(nft, "add", &place, comment_of(&items[i], comment), rest_s, out);
	}
	return SK_OK;
}

/* An element may time out between the look and the change: then once more. */
static enum sk_err change(const struct nft *nft, const struct sk_item *items, size_t count, bool dry, struct sk_fault *fault)
{
	enum sk_err err = SK_OK;
	for (unsigned try = 0; try < TRIES; try++) {
		struct nft_held held;
		struct nft_place place;
		struct sk_buf input;
		bool used[NFT_LENGTHS] = {false};
		SK_TRY(load(nft, &held, fault));
		for (size_t i = 0; i < count; i++)
			if (place_of(nft, items[i].target, &place, NULL) == SK_OK)
				used[place.length] = true;
		sk_buf_init(&input, OUTPUT_MAX);
		nft_write_begin(&input);
		write_frame(nft, &held, used, &input);
		err = write_elements(nft, &held, items, count, &input, fault);
		nft_write_end(&input);
		if (err == SK_OK)
			err = commit(nft, &input, dry, fault);
		sk_buf_fini(&input);
		nft_held_free(&held);
		if (err != SK_ETARGET)
			break;
	}
	return err;
}

static enum sk_err nft_check(void *self, const struct sk_item *items, size_t count, struct sk_fault *fault)
{
	return change(self, items, count, true, fault);
}

static enum sk_err nft_set(void *self, const struct sk_item *items, size_t count, struct sk_fault *fault)
{
	return change(self, items, count, false, fault);
}

/* Elements that are ours go; then what is empty and as we made it. */
static bool write_clear(const struct nft *nft, struct nft_held *held, const struct sk_item *items, size_t count, struct sk_buf *input)
{
	struct nft_place place;
	char comment[NFT_COMMENT_MAX];
	bool any = false, left = held->foreign > 0;
	for (size_t i = 0; i < count; i++) {
		const struct nft_element *element = place_of(nft, items[i].target, &place, NULL) == SK_OK ? nft_held_find(held, &place) : NULL;
		if (element == NULL || strcmp(element->comment, comment_of(&items[i], comment)) != 0)
			continue;
		nft_write_element(nft, "delete", &place, NULL, 0, input);
		held->lengths[place.length].elements--;
		any = true;
	}
	for (unsigned length = 0; length < NFT_LENGTHS; length++) {
		const struct nft_length *at = &held->lengths[length];
		if (at->set && at->elements == 0 && at->whole) {
			nft_write_length_gone(nft, length, input);
			any = true;
		} else if (at->set || at->rules > 0) {
			left = true;
		}
	}
	if (held->table && !left) {
		nft_write_table(nft, "delete", input);
		any = true;
	}
	return any;
}

static enum sk_err nft_clear(void *self, const struct sk_item *items, size_t count, struct sk_fault *fault)
{
	const struct nft *nft = self;
	enum sk_err err = SK_OK;
	for (unsigned try = 0; try < TRIES; try++) {
		struct nft_held held;
		struct sk_buf input;
		SK_TRY(load(nft, &held, fault));
		sk_buf_init(&input, OUTPUT_MAX);
		nft_write_begin(&input);
		bool any = write_clear(nft, &held, items, count, &input);
		nft_write_end(&input);
		err = any ? commit(nft, &input, false, fault) : SK_OK;
		sk_buf_fini(&input);
		nft_held_free(&held);
		if (err != SK_ETARGET)
			break;
	}
	return err;
}

const struct sk_backend sk_backend_nft = {
	.name = "nft",
	.measures = 1U << SK_MEASURE_NFTABLES,
	.forgets = true,
	.tagged = true,
	.sentence = "nftables of this host: drops what comes from and goes to a prefix; elements time out by themselves",
	.open = nft_open,
	.close = nft_close,
	.text = nft_text,
	.check = nft_check,
	.read = nft_read,
	.set = nft_set,
	.clear = nft_clear,
	.effect = nft_effect,
	.state = nft_state,
};
