/* SPDX-License-Identifier: Apache-2.0 */
/* app: the protocols that a head tells apart. One list (app.def) for the sensor, the observation and every output. */
#ifndef SK_APP_H
#define SK_APP_H

#include "base/base.h"

enum sk_app {
#define SK_APP(symbol, name, what) SK_APP_##symbol,
#include "base/app.def"
#undef SK_APP
	SK_APP_COUNT
};

/* Name in JSON and EVE, e.g. "tls"; "" for none and for a number that is not known. Static storage. */
const char *sk_app_name(unsigned app);
/* The app of a name; false when there is none of that name. */
SK_MUST bool sk_app_parse(const char *name, enum sk_app *out);

#endif
