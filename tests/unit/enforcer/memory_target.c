/* SPDX-License-Identifier: Apache-2.0 */
#include "memory_target.h"

#include <stdio.h>
#include <string.h>

struct memory memory_a, memory_b;

const char *memory_get(const struct memory *memory, const char *target)
{
	for (size_t i = 0; i < memory->count; i++)
		if (strcmp(memory->held[i].target, target) == 0)
			return memory->held[i].text;
	return NULL;
}

void memory_put(struct memory *memory, const char *target, const char *text)
{
	size_t i = 0;
	while (i < memory->count && strcmp(memory->held[i].target, target) != 0)
		i++;
	if (text == NULL) {
		if (i < memory->count)
			memory->held[i] = memory->held[--memory->count];
		return;
	}
	SK_INVARIANT(i < MEMORY_MAX);
	if (i == memory->count)
		memory->count++;
	(void)snprintf(memory->held[i].target, sizeof memory->held[i].target, "%s", target);
	(void)snprintf(memory->held[i].text, sizeof memory->held[i].text, "%s", text);
}

static enum sk_err reach(struct memory *memory, struct sk_fault *fault)
{
	if (memory->down_in > 0 && --memory->down_in == 0)
		memory->down = true;
	return memory->down ? sk_fault_set(fault, SK_ETARGET, "memory: down") : SK_OK;
}

static enum sk_err open_a(const struct sk_backend_place *place, void **self, struct sk_fault *fault)
{
	(void)place, (void)fault;
	*self = &memory_a;
	return SK_OK;
}

static enum sk_err open_b(const struct sk_backend_place *place, void **self, struct sk_fault *fault)
{
	(void)place, (void)fault;
	*self = &memory_b;
	return SK_OK;
}

static void close_it(void *self)
{
	(void)self;
}

static enum sk_err text(void *self, const struct sk_item *item, struct sk_buf *out, struct sk_fault *fault)
{
	(void)self, (void)fault;
	sk_buf_addf(out, "%s %s by %s\n", item->target, sk_action_name(item->action), item->tag);
	return out->failed;
}

static enum sk_err check(void *self, const struct sk_item *items, size_t count, struct sk_fault *fault)
{
	struct memory *memory = self;
	SK_TRY(reach(memory, fault));
	memory->checks++;
	for (size_t i = 0; i < count; i++)
		if (memory->refuses != NULL && strcmp(items[i].target, memory->refuses) == 0)
			return sk_fault_set(fault, SK_EUSAGE, "memory: cannot carry %s", items[i].target);
	return SK_OK;
}

static enum sk_err read_it(void *self, const struct sk_item *items, size_t count, struct sk_buf *texts, struct sk_fault *fault)
{
	struct memory *memory = self;
	SK_TRY(reach(memory, fault));
	memory->reads++;
	for (size_t i = 0; i < count; i++) {
		const char *held = memory_get(memory, items[i].target);
		if (held != NULL)
			sk_buf_add_text(&texts[i], held);
	}
	return SK_OK;
}

static enum sk_err set(void *self, const struct sk_item *items, size_t count, struct sk_fault *fault)
{
	struct memory *memory = self;
	SK_TRY(reach(memory, fault));
	memory->sets++;
	for (size_t i = 0; i < count; i++) {
		char line[512];
		(void)snprintf(line, sizeof line, "%s %s by %s\n", items[i].target, sk_action_name(items[i].action), items[i].tag);
		memory_put(memory, items[i].target, line);
		for (size_t k = 0; k < memory->count; k++)
			if (strcmp(memory->held[k].target, items[i].target) == 0)
				memory->held[k].until_ns = items[i].until_ns;
	}
	return SK_OK;
}

static enum sk_err clear(void *self, const struct sk_item *items, size_t count, struct sk_fault *fault)
{
	struct memory *memory = self;
	SK_TRY(reach(memory, fault));
	memory->clears++;
	for (size_t i = 0; !memory->keeps && i < count; i++) {
		char line[512];
		const char *held = memory_get(memory, items[i].target);
		(void)snprintf(line, sizeof line, "%s %s by %s\n", items[i].target, sk_action_name(items[i].action), items[i].tag);
		if (held != NULL && strcmp(held, line) == 0)
			memory_put(memory, items[i].target, NULL);
	}
	return SK_OK;
}

static enum sk_err effect(void *self, const struct sk_item *items, size_t count, enum sk_reach reach_, sk_effect_tell tell, void *context, struct sk_fault *fault)
{
	struct memory *memory = self;
	(void)reach_;
	SK_TRY(reach(memory, fault));
	if (memory->silent)
		return sk_fault_set(fault, SK_ETARGET, "memory: silent");
	for (size_t i = 0; i < count; i++)
		tell(context, i, "memory", memory->no_effect ? "nothing" : "held", !memory->no_effect && memory_get(memory, items[i].target) != NULL);
	return SK_OK;
}

static enum sk_err state(void *self, struct sk_buf *out, struct sk_fault *fault)
{
	const struct memory *memory = self;
	(void)fault;
	for (size_t i = 0; i < memory->count; i++)
		sk_buf_add_text(out, memory->held[i].text);
	return out->failed;
}

#define MEMORY_BACKEND(letter) {.name = "fake_" #letter, .measures = 1U << SK_MEASURE_RPZ | 1U << SK_MEASURE_NFTABLES, .tagged = true, .sentence = "memory", .open = open_##letter, .close = close_it, .text = text, \
	.check = check, .read = read_it, .set = set, .clear = clear, .effect = effect, .state = state}
static const struct sk_backend backends[] = {MEMORY_BACKEND(a), MEMORY_BACKEND(b)};

const struct sk_backend *memory_find(const char *name)
{
	for (size_t i = 0; i < SK_COUNT(backends); i++)
		if (strcmp(backends[i].name, name) == 0)
			return &backends[i];
	return NULL;
}
