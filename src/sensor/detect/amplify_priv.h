/* SPDX-License-Identifier: Apache-2.0 */
/* UDP services that answer a small request by a large answer, or by many, and so are abused against whoever is named as the sender (US-CERT TA14-017A and later
   notes). Factor: what is reported at most, rounded; for words alone. */
#ifndef SK_DETECT_AMPLIFY_PRIV_H
#define SK_DETECT_AMPLIFY_PRIV_H

#include "detect/detector.h"

struct sk_amplifier {
	uint16_t port;
	const char *name;
	uint16_t factor;
	bool common;  /* so much used that half a view of its answers says nothing */
};

/* In the order of their ports. */
static const struct sk_amplifier sk_amplifiers[] = {
	{17, "QOTD", 140, false}, {19, "chargen", 358, false}, {53, "DNS", 54, true}, {69, "TFTP", 60, false}, {111, "portmap", 28, false}, {123, "NTP", 556, true},
	{137, "NetBIOS", 4, false}, {161, "SNMP", 6, false}, {389, "CLDAP", 70, false}, {443, "QUIC", 4, true}, {500, "IKE", 10, true}, {520, "RIPv1", 131, false},
	{1194, "OpenVPN", 60, true}, {1604, "Citrix ICA", 30, false}, {1701, "L2TP", 10, true}, {1900, "SSDP", 30, false}, {2302, "game server", 20, false},
	{3283, "Apple ARMS", 35, false}, {3389, "RDP", 85, true}, {3478, "STUN", 2, true}, {3702, "WS-Discovery", 500, false}, {4500, "IKE", 10, true},
	{5060, "SIP", 10, true}, {5093, "Sentinel", 45, false}, {5353, "mDNS", 10, false}, {5683, "CoAP", 34, false}, {6881, "BitTorrent", 4, true},
	{7001, "AFS", 10, false}, {10001, "Ubiquiti", 35, false}, {11211, "memcached", 51000, false}, {17185, "VxWorks", 10, false}, {27015, "game server", 20, true},
	{27960, "game server", 64, false}, {32414, "Plex", 5, false}, {37810, "DHCPDiscover", 25, false}, {41794, "Crestron", 30, false}, {47808, "BACnet", 120, false},
};

/* The service of a port, or NULL. */
static inline const struct sk_amplifier *sk_amplifier_of(uint16_t port)
{
	size_t from = 0, to = SK_COUNT(sk_amplifiers);
	while (to - from > 1) {
		size_t middle = (from + to) / 2;
		if (sk_amplifiers[middle].port <= port)
			from = middle;
		else
			to = middle;
	}
	return sk_amplifiers[from].port == port ? &sk_amplifiers[from] : NULL;
}

#endif
