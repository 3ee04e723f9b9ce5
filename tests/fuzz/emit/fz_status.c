/* SPDX-License-Identifier: Apache-2.0 */
/* What sekisho top reads: what is accepted is written so that it reads back the same; words of it are printable and fit; health says a line of every reason. */
#include <string.h>

#include "emit/metrics.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check_word(const char *text, size_t size)
{
	SK_INVARIANT(memchr(text, '\0', size) != NULL);
	for (; *text != '\0'; text++)
		SK_INVARIANT(*text > 0x20 && *text < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct sk_metrics metrics, again; /* too large for a stack */
	static struct sk_health health, health_again;
	struct sk_fault fault;
	struct sk_buf out;
	if (sk_status_read((const char *)bytes, length, &metrics, &health, &fault) != SK_OK)
		return 0;
	check_word(metrics.version, sizeof metrics.version);
	for (size_t i = 0; i < metrics.link_count; i++)
		check_word(metrics.links[i].name, sizeof metrics.links[i].name);
	for (size_t i = 0; i < metrics.finding_count; i++)
		check_word(metrics.findings[i].kind, sizeof metrics.findings[i].kind);
	sk_buf_init(&out, SK_METRICS_TEXT_MAX);
	sk_status_json(&metrics, &health, &out);
	SK_INVARIANT(out.failed == SK_OK && sk_status_read(sk_buf_text(&out), out.length, &again, &health_again, &fault) == SK_OK);
	SK_INVARIANT(memcmp(&metrics, &again, sizeof metrics) == 0 && health.state == health_again.state && health.count == health_again.count);
	sk_buf_reset(&out);
	for (size_t i = 0; i < health.count; i++)
		sk_health_say(&metrics, &health, i, &out);
	sk_buf_reset(&out);
	sk_health_json(&metrics, &health, &out);
	SK_INVARIANT(out.failed == SK_OK);
	sk_buf_fini(&out);
	return 0;
}
