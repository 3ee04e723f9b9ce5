/* SPDX-License-Identifier: Apache-2.0 */
#include "base/app.h"

#include <string.h>

static const char *const names[SK_APP_COUNT] = {
#define SK_APP(symbol, name, what) [SK_APP_##symbol] = name,
#include "base/app.def"
#undef SK_APP
};

const char *sk_app_name(unsigned app)
{
	return app < SK_APP_COUNT ? names[app] : "";
}

bool sk_app_parse(const char *name, enum sk_app *out)
{
	for (unsigned app = 1; app < SK_APP_COUNT; app++)
		if (strcmp(name, names[app]) == 0) {
			*out = (enum sk_app)app;
			return true;
		}
	return false;
}
