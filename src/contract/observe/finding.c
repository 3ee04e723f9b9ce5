/* SPDX-License-Identifier: Apache-2.0 */
/* The binary form of a finding. One value has one form: where all words are plain texts, as those that were stored before there were phrases, that is version 1. */
#include "observe/observe_priv.h"

#include <stdio.h>

enum { FINDING_PLAIN = 1, FINDING_VERSION = 2, SEVERITY_MAX = 3, PERCENT_MAX = 100 };

/* A text of at most 65,535 bytes with its length in front. */
static void put_text(struct sk_out *o, const char *text, size_t size)
{
	size_t length = strnlen(text, size);
	SK_INVARIANT(length < size);
	sk_put_be16(o, (uint16_t)length);
	sk_put_bytes(o, text, length);
}

static void take_text(struct sk_observe_reader *r, char *text, size_t size)
{
	sk_observe_take_text(r, sk_be16(&r->c), text, size);
}

/* Words: in version 1 a text, in version 2 phrases; a length of 16 bits in front of both. */
static void put_words(struct sk_out *o, const struct sk_words *words, bool plain)
{
	char text[SK_WORDS_TEXT_MAX];
	if (plain) {
		put_text(o, sk_words_text(words, SK_LANG_EN, text), sizeof text);
		return;
	}
	sk_put_be16(o, words->length);
	sk_put_bytes(o, words->bytes, words->length);
}

static void take_words(struct sk_observe_reader *r, struct sk_words *words, bool plain)
{
	char text[SK_WORDS_LINE_MAX + 1];
	size_t length = sk_be16(&r->c);
	if (plain) {
		sk_observe_take_text(r, length, text, sizeof text);
		sk_words_set(words, text);
	} else {
		r->wrong |= !sk_words_take(&r->c, length, words);
	}
}

static bool is_plain(const struct sk_finding *finding)
{
	return sk_words_plain(&finding->sentence) && sk_words_plain(&finding->why) && sk_words_plain(&finding->doubt);
}

static void put_addr(struct sk_out *o, const struct sk_addr *addr)
{
	sk_put_bytes(o, addr->bytes, sk_observe_addr_bytes(addr->family));
}

/* About the sensor itself: it has no class, and names nobody. rule: OBSERVE-1 */
static bool is_own(const struct sk_finding *finding)
{
	return finding->class_ == SK_CLASS_UNKNOWN && finding->subject.family == 0 && finding->counterpart.family == 0;
}

void sk_finding_of_ourselves(const char *kind, const char *link, int64_t first_ns, int64_t last_ns, struct sk_finding *out)
{
	struct {
		char kind[sizeof out->kind], link[sizeof out->matched];
	} what;
	uint8_t digest[SK_HASH_BYTES];
	*out = (struct sk_finding){.confidence_percent = PERCENT_MAX, .class_ = SK_CLASS_UNKNOWN, .first_ns = first_ns, .last_ns = last_ns, .count = 1};
	memset(&what, 0, sizeof what);
	(void)snprintf(what.kind, sizeof what.kind, "%s", kind);
	(void)snprintf(what.link, sizeof what.link, "%s", link);
	memcpy(out->kind, what.kind, sizeof out->kind);
	memcpy(out->matched, what.link, sizeof out->matched);
	(void)snprintf(out->origin, sizeof out->origin, "this sensor");
	sk_sha256(&what, sizeof what, digest);
	memcpy(out->id, digest, sizeof out->id);
}

void sk_finding_set_id(struct sk_finding *finding)
{
	struct {
		char kind[32], matched[SK_OBSERVATION_DOMAIN_MAX];
		struct sk_addr subject;
	} what;
	uint8_t digest[SK_HASH_BYTES];
	memset(&what, 0, sizeof what);
	memcpy(what.kind, finding->kind, sizeof what.kind);
	memcpy(what.matched, finding->matched, strlen(finding->matched));
	what.subject = finding->subject;
	sk_sha256(&what, sizeof what, digest);
	memcpy(finding->id, digest, sizeof finding->id);
}

const char *sk_finding_class_name(const struct sk_finding *finding)
{
	return is_own(finding) ? "none" : sk_class_name((enum sk_class)finding->class_);
}

size_t sk_finding_encode_to(const struct sk_finding *finding, uint8_t *out)
{
	struct sk_out o = sk_out_of(out, SK_FINDING_MAX_BYTES);
	SK_INVARIANT((finding->class_ <= SK_CLASS_DF || is_own(finding)) && finding->severity <= SEVERITY_MAX && finding->confidence_percent <= PERCENT_MAX);
	bool plain = is_plain(finding);
	sk_put_u8(&o, plain ? FINDING_PLAIN : FINDING_VERSION);
	sk_put_bytes(&o, finding->id, sizeof finding->id);
	sk_put_u8(&o, finding->severity);
	sk_put_u8(&o, finding->confidence_percent);
	sk_put_u8(&o, finding->class_);
	put_text(&o, finding->kind, sizeof finding->kind);
	put_text(&o, finding->matched, sizeof finding->matched);
	put_text(&o, finding->origin, sizeof finding->origin);
	put_words(&o, &finding->sentence, plain);
	put_words(&o, &finding->why, plain);
	put_words(&o, &finding->doubt, plain);
	sk_put_u8(&o, finding->subject.family);
	put_addr(&o, &finding->subject);
	sk_put_u8(&o, finding->counterpart.family);
	put_addr(&o, &finding->counterpart);
	sk_put_be64(&o, (uint64_t)finding->first_ns);
	sk_put_be64(&o, (uint64_t)finding->last_ns);
	sk_put_be64(&o, finding->count);
	sk_put_bytes(&o, finding->evidence, sizeof finding->evidence);
	SK_INVARIANT(sk_out_done(&o) == SK_OK);
	return sk_out_length(&o);
}

void sk_finding_encode(const struct sk_finding *finding, struct sk_buf *out)
{
	uint8_t bytes[SK_FINDING_MAX_BYTES];
	size_t length = sk_finding_encode_to(finding, bytes);
	sk_buf_add(out, bytes, length);
	sk_wipe(bytes, length);
}

static void take_family_addr(struct sk_observe_reader *r, struct sk_addr *addr)
{
	uint8_t family = sk_u8(&r->c);
	if (family != 0 && sk_observe_addr_bytes(family) == 0)
		r->wrong = true;
	sk_observe_take_addr(r, family, addr);
}

enum sk_err sk_finding_decode(const void *bytes, size_t length, struct sk_finding *out)
{
	struct sk_observe_reader r = {.c = sk_cur_of(bytes, length)};
	memset(out, 0, sizeof *out);
	uint8_t version = sk_u8(&r.c);
	r.wrong = version != FINDING_PLAIN && version != FINDING_VERSION;
	sk_copy(&r.c, out->id, sizeof out->id);
	out->severity = sk_observe_take_up_to(&r, SEVERITY_MAX);
	out->confidence_percent = sk_observe_take_up_to(&r, PERCENT_MAX);
	out->class_ = sk_observe_take_up_to(&r, SK_CLASS_UNKNOWN);
	take_text(&r, out->kind, sizeof out->kind);
	take_text(&r, out->matched, sizeof out->matched);
	take_text(&r, out->origin, sizeof out->origin);
	take_words(&r, &out->sentence, version == FINDING_PLAIN);
	take_words(&r, &out->why, version == FINDING_PLAIN);
	take_words(&r, &out->doubt, version == FINDING_PLAIN);
	take_family_addr(&r, &out->subject);
	take_family_addr(&r, &out->counterpart);
	out->first_ns = (int64_t)sk_be64(&r.c);
	out->last_ns = (int64_t)sk_be64(&r.c);
	out->count = sk_be64(&r.c);
	sk_copy(&r.c, out->evidence, sizeof out->evidence);
	r.wrong |= (out->class_ > SK_CLASS_DF && !is_own(out)) || (version == FINDING_VERSION && is_plain(out));
	return sk_observe_verdict(&r);
}
