/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/polled.h"

/* What is spoken at a service of polled.def; -1: it is none. A service that stands there twice does not compile. */
static int spoken_at(uint8_t ip_proto, uint16_t port)
{
	switch ((uint32_t)ip_proto << 16 | port) {
#define SK_POLLED(ip_proto, port, app, what) \
	case (uint32_t)(ip_proto) << 16 | (port): \
		return SK_APP_##app;
#include "policy/polled.def"
#undef SK_POLLED
	default:
		return -1;
	}
}

/* Names, clocks and machines are asked at fixed times on whatever port they listen. */
static bool is_polled_app(unsigned app)
{
	switch (app) {
	case SK_APP_DNS:
	case SK_APP_NTP:
	case SK_APP_SNMP:
	case SK_APP_STUN:
	case SK_APP_SIP:
	case SK_APP_MODBUS:
	case SK_APP_DNP3:
	case SK_APP_IEC104:
	case SK_APP_S7:
	case SK_APP_ENIP:
	case SK_APP_BACNET:
		return true;
	default:
		return false;
	}
}

bool sk_policy_polled(uint8_t ip_proto, uint16_t port, unsigned app)
{
	int spoken = spoken_at(ip_proto, port);
	return is_polled_app(app) || (spoken >= 0 && (app == SK_APP_NONE || app == (unsigned)spoken));
}

bool sk_policy_shared(uint16_t port)
{
	return (port >= 6881 && port <= 6889) || port == 51413 || port == 4662 || port == 4672 || port == 8333 || port == 30303 || port == 4001;
}
