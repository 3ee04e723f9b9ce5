/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1 messages and certificates as texts for rules: every buffer lies in the bytes or in the scratch memory, and nothing stays there. First byte: what it is. */
#include <stdlib.h>

#include "signature/signature_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check_scene(const struct sk_signature *s, const struct scene *scene, const uint8_t *bytes, size_t length)
{
	for (unsigned buffer = 0; buffer < SK_BUFFER_COUNT; buffer++) {
		const struct sk_cur *c = &scene->buffers[buffer];
		if ((scene->present >> buffer & 1) == 0 || !sk_more(c))
			continue;
		bool inside = c->at >= bytes && c->end <= bytes + length, made = c->at >= s->texts && c->end <= s->texts + scene->scratch_used;
		SK_INVARIANT(inside || made);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	enum { BYTES = 16384 };
	static struct sk_signature s;
	static struct scene scene;
	uint32_t message = 0;
	if (s.texts == NULL) {
		s.limits.bytes = BYTES;
		s.text_bytes = (size_t)SK_SIGNATURE_SCRATCH_PARTS * BYTES;
		s.texts = calloc(1, s.text_bytes);
	}
	SK_INVARIANT(s.texts != NULL);
	if (length == 0 || length > BYTES)
		return 0;
	struct sk_cur c = sk_cur_of(bytes, length);
	uint8_t kind = sk_u8(&c);
	if ((kind & 1) != 0) {
		sk_cert_scene(&s, &scene, c);
	} else {
		enum http_end end = sk_http_scene(&s, &scene, c, (kind & 2) != 0, (kind & 4) != 0, &message);
		SK_INVARIANT(end != HTTP_WHOLE || message == SK_HTTP_NONE || message > 0);
	}
	check_scene(&s, &scene, bytes, length);
	sk_scene_end(&s, &scene);
	for (size_t i = 0; i < s.text_bytes; i += 1)
		SK_INVARIANT(s.texts[i] == 0);
	return 0;
}
