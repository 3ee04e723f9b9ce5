/* SPDX-License-Identifier: Apache-2.0 */
/* What each act of a basis says, written. */
#include "decide/decide_priv.h"
#include "text/json.h"
#include "text/text.h"

static const char *const suspenders[SK_SUSPENDER_COUNT] = {"oversight", "partner", "fault"};

const char *sk_suspender_name(enum sk_suspender who)
{
	for (unsigned i = 0; i < SK_SUSPENDER_COUNT; i++)
		if ((unsigned)who == 1u << i)
			return suspenders[i];
	sk_bug(__FILE__, __LINE__, "one suspender");
}

static void begin(struct sk_json_writer *w, struct sk_buf *out)
{
	sk_json_begin(w, out, true);
	sk_json_object(w, NULL);
}

enum sk_err sk_basis_request_body(struct sk_basis *basis, const char *purpose, const char *other_means, const char *partner, struct sk_buf *out, struct sk_fault *fault)
{
	struct sk_json_writer w;
	struct sk_buf body;
	sk_buf_init(&body, SK_BASIS_TEXT_MAX);
	basis->self_approved = false;
	enum sk_err err = sk_basis_body_write(basis, &body, fault);
	if (err == SK_OK) {
		begin(&w, out);
		sk_json_raw(&w, "basis", sk_buf_text(&body), body.length - 1);
		sk_json_text(&w, "other_means", other_means);
		if (partner[0] != '\0')
			sk_json_text(&w, "partner", partner);
		sk_json_text(&w, "purpose", purpose);
		sk_json_end(&w);
	}
	sk_buf_fini(&body);
	return err;
}

void sk_basis_vote_body(const uint8_t text[SK_HASH_BYTES], const char *why, struct sk_buf *out)
{
	struct sk_json_writer w;
	begin(&w, out);
	sk_json_hex(&w, "text", text, SK_HASH_BYTES);
	sk_json_text(&w, "why", why);
	sk_json_end(&w);
}

void sk_basis_consent_body(const uint8_t text[SK_HASH_BYTES], const char *to, struct sk_buf *out)
{
	struct sk_json_writer w;
	begin(&w, out);
	sk_json_hex(&w, "text", text, SK_HASH_BYTES);
	sk_json_text(&w, "to", to);
	sk_json_end(&w);
}

void sk_basis_extend_body(int64_t until_ns, const char *why, struct sk_buf *out)
{
	struct sk_json_writer w;
	char time[SK_TIME_TEXT_MAX];
	begin(&w, out);
	sk_json_text(&w, "until", sk_time_format(until_ns, 9, time));
	sk_json_text(&w, "why", why);
	sk_json_end(&w);
}

void sk_basis_activate_body(const uint8_t digest[SK_HASH_BYTES], struct sk_buf *out)
{
	struct sk_json_writer w;
	begin(&w, out);
	sk_json_hex(&w, "basis", digest, SK_HASH_BYTES);
	sk_json_end(&w);
}

void sk_basis_selectors_body(const struct sk_set_facts *set, struct sk_buf *out)
{
	struct sk_json_writer w;
	begin(&w, out);
	sk_json_u64(&w, "entries", set->entries);
	sk_json_array(&w, "kinds");
	for (unsigned bit = 0; bit < SK_SELECTOR_KIND_COUNT; bit++)
		if ((set->kinds & 1u << bit) != 0)
			sk_json_text(&w, NULL, sk_selector_kind_name((enum sk_selector_kind)(1u << bit)));
	sk_json_end(&w);
	sk_json_hex(&w, "set", set->digest, SK_HASH_BYTES);
	sk_json_u64(&w, "shortest_v4", set->shortest_v4);
	sk_json_u64(&w, "shortest_v6", set->shortest_v6);
	sk_json_end(&w);
}

void sk_basis_suspend_body(enum sk_suspender by, const char *why, struct sk_buf *out)
{
	struct sk_json_writer w;
	begin(&w, out);
	sk_json_text(&w, "by", sk_suspender_name(by));
	sk_json_text(&w, "why", why);
	sk_json_end(&w);
}

void sk_basis_why_body(const char *why, struct sk_buf *out)
{
	struct sk_json_writer w;
	begin(&w, out);
	sk_json_text(&w, "why", why);
	sk_json_end(&w);
}
