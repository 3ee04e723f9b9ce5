/* SPDX-License-Identifier: Apache-2.0 */
/* Several messages of several exporters, one after the other: what is remembered of them. Each: a byte of who (exporter, session, whether the stream ends), a byte of
   how much time has passed (minutes), two of length, then the message. */
#include "fz_export.h"
#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_cur c = sk_cur_of(bytes, length);
	int64_t now_ns = FZ_NS;
	fz_start();
	while (sk_left(&c) >= 4) {
		uint8_t who = sk_u8(&c);
		now_ns += (int64_t)(int8_t)sk_u8(&c) * 60 * INT64_C(1000000000);
		struct sk_export_source source = {.exporter = {.family = 4, .bytes = {192, 0, 2, (uint8_t)(who & 7)}}, .session = who >> 3 & 3,
						  .time_ns = (who & 64) != 0 ? SK_EXPORT_NO_TIME : now_ns};
		size_t message = sk_be16(&c);
		struct sk_cur part = sk_carve_at_most(&c, message);
		size_t there = sk_left(&part);
		fz_give(&source, sk_take(&part, there), there);
		if ((who & 128) != 0)
			sk_export_session_end(fz_export, source.session);
		fz_check();
	}
	return 0;
}
