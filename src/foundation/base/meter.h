/* SPDX-License-Identifier: Apache-2.0 */
/* meter: who counted the packets of a segment. One list (meter.def) for the sensor, the observation and every output. */
#ifndef SK_METER_H
#define SK_METER_H

#include "base/base.h"

enum sk_meter {
#define SK_METER(symbol, name, what) SK_METER_##symbol,
#include "base/meter.def"
#undef SK_METER
	SK_METER_COUNT
};

/* Name in JSON and EVE, e.g. "ipfix"; "" for this sensor and for a number that is not known. Static storage. */
const char *sk_meter_name(unsigned meter);

#endif
