/* SPDX-License-Identifier: Apache-2.0 */
/* PCRE2 within bounds: steps, depth, and memory out of an area that was taken at the start. An expression that reaches a bound did not fit, and is counted. */
#include <stdlib.h>

#include "signature/signature_priv.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* The matcher asks for one block, and for one of twice the size when that is short, copies, and gives the first one back: two halves that are used in turn hold that. Before it runs it
   asks for its context. */
enum { SMALL_BYTES = 8192, HALF_BYTES = SK_SIGNATURE_PCRE_KIB * 1024 + 4096 };

struct pcre {
	uint8_t *small, *halves;
	size_t small_used;
	bool taken[2];
	bool started;
	pcre2_general_context *general;
	pcre2_match_context *context;
	pcre2_match_data *data;
};

static void *take(PCRE2_SIZE bytes, void *context)
{
	struct pcre *pcre = context;
	size_t rounded = (bytes + 15) & ~(size_t)15;
	if (!pcre->started) {
		if (rounded > SMALL_BYTES - pcre->small_used)
			return NULL;
		pcre->small_used += rounded;
		return pcre->small + pcre->small_used - rounded;
	}
	for (unsigned i = 0; i < 2; i++)
		if (!pcre->taken[i] && bytes <= HALF_BYTES) {
			pcre->taken[i] = true;
			return pcre->halves + i * (size_t)HALF_BYTES;
		}
	return NULL;
}

static void give(void *block, void *context)
{
	struct pcre *pcre = context;
	for (unsigned i = 0; i < 2; i++)
		if (block == pcre->halves + i * (size_t)HALF_BYTES)
			pcre->taken[i] = false;
}

enum sk_err sk_pcre_new(struct pcre **out)
{
	struct pcre *pcre = calloc(1, sizeof *pcre);
	if (pcre == NULL)
		return SK_ENOMEM;
	*out = pcre;
	pcre->small = aligned_alloc(64, SMALL_BYTES);
	pcre->halves = aligned_alloc(64, (2 * (size_t)HALF_BYTES + 63) & ~(size_t)63);
	if (pcre->small == NULL || pcre->halves == NULL)
		return SK_ENOMEM;
	memset(pcre->halves, 0, 2 * (size_t)HALF_BYTES);
	pcre->general = pcre2_general_context_create(take, give, pcre);
	pcre->context = pcre->general != NULL ? pcre2_match_context_create(pcre->general) : NULL;
	pcre->data = pcre->context != NULL ? pcre2_match_data_create(1, pcre->general) : NULL;
	if (pcre->data == NULL)
		return SK_ENOMEM;
	(void)pcre2_set_match_limit(pcre->context, SK_SIGNATURE_PCRE_MATCHES);
	(void)pcre2_set_depth_limit(pcre->context, SK_SIGNATURE_PCRE_DEPTH);
	(void)pcre2_set_heap_limit(pcre->context, SK_SIGNATURE_PCRE_KIB);
	pcre->started = true;
	return SK_OK;
}

void sk_pcre_free(struct pcre *pcre)
{
	if (pcre == NULL)
		return;
	/* Its contexts lie in the areas. */
	if (pcre->halves != NULL)
		sk_wipe(pcre->halves, 2 * (size_t)HALF_BYTES);
	free(pcre->small);
	free(pcre->halves);
	free(pcre);
}

bool sk_pcre_find(struct pcre *pcre, const void *code, struct sk_cur bytes, size_t from, size_t *start, size_t *end, bool *limited)
{
	size_t length = sk_left(&bytes);
	const uint8_t *data = sk_take(&bytes, length);
	if (data == NULL || from > length)
		return false;
	int found = pcre2_match(code, data, length, from, PCRE2_NO_JIT, pcre->data, pcre->context);
	*limited = found < 0 && found != PCRE2_ERROR_NOMATCH;
	if (found < 0)
		return false;
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(pcre->data);
	*start = at[0];
	*end = at[1] >= at[0] ? at[1] : at[0];
	return true;
}
