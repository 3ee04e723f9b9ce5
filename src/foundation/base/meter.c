/* SPDX-License-Identifier: Apache-2.0 */
#include "base/meter.h"

const char *sk_meter_name(unsigned meter)
{
	static const char *const names[SK_METER_COUNT] = {
#define SK_METER(symbol, name, what) [SK_METER_##symbol] = name,
#include "base/meter.def"
#undef SK_METER
	};
	return meter < SK_METER_COUNT ? names[meter] : "";
}
