/* SPDX-License-Identifier: Apache-2.0 */
/* What a try at a login looks like from outside, for services that ask for one: a connection that was accepted, in which little was said, and that was soon over. What
   was tried, and whether it was right, is inside and not seen. */
#ifndef SK_DETECT_GUESS_PRIV_H
#define SK_DETECT_GUESS_PRIV_H

#include "base/app.h"
#include "detect/detector.h"

enum sk_login {
	SK_LOGIN_NONE, SK_LOGIN_SSH, SK_LOGIN_TELNET, SK_LOGIN_FTP, SK_LOGIN_RDP, SK_LOGIN_SMB, SK_LOGIN_VNC, SK_LOGIN_WINRM, SK_LOGIN_MAIL, SK_LOGIN_DATABASE, SK_LOGIN_VPN,
	SK_LOGIN_COUNT
};

/* Least and most payload of one try, each way; most is what one connection with several tries has. */
struct sk_login_row {
	const char *name;
	uint32_t least[2], most[2];
	uint32_t most_s;       /* longer is a session */
	uint8_t patience;      /* so many times as many tries as the threshold asks for: programs log in by themselves here */
};

static const struct sk_login_row sk_logins[SK_LOGIN_COUNT] = {
	[SK_LOGIN_SSH] = {"SSH", {500, 500}, {12000, 12000}, 180, 1},
	[SK_LOGIN_TELNET] = {"Telnet", {6, 6}, {2000, 8000}, 180, 1},
	[SK_LOGIN_FTP] = {"FTP", {6, 20}, {2000, 4000}, 180, 1},
	[SK_LOGIN_RDP] = {"RDP", {20, 10}, {8000, 16000}, 120, 1},
	[SK_LOGIN_SMB] = {"SMB", {100, 100}, {6000, 6000}, 120, 2},
	[SK_LOGIN_VNC] = {"VNC", {12, 12}, {400, 1000}, 60, 1},
	[SK_LOGIN_WINRM] = {"WinRM", {200, 100}, {16000, 16000}, 120, 2},
	[SK_LOGIN_MAIL] = {"mail", {20, 40}, {4000, 8000}, 180, 8},
	[SK_LOGIN_DATABASE] = {"database", {20, 20}, {3000, 3000}, 60, 20},
	[SK_LOGIN_VPN] = {"VPN", {300, 300}, {12000, 24000}, 120, 20},
};

/* By what was spoken, else by the port: a service that was moved is known by its words. */
static inline enum sk_login sk_login_of(unsigned app, uint16_t port)
{
	switch (app) {
	case SK_APP_SSH: return SK_LOGIN_SSH;
	case SK_APP_RDP: return SK_LOGIN_RDP;
	case SK_APP_SMB: return SK_LOGIN_SMB;
	default: break;
	}
	switch (port) {
	case 22: case 2222: return SK_LOGIN_SSH;
	case 23: case 2323: return SK_LOGIN_TELNET;
	case 21: case 990: return SK_LOGIN_FTP;
	case 3389: return SK_LOGIN_RDP;
	case 139: case 445: return SK_LOGIN_SMB;
	case 5900: case 5901: case 5902: case 5903: return SK_LOGIN_VNC;
	case 5985: case 5986: return SK_LOGIN_WINRM;
	case 110: case 143: case 465: case 587: case 993: case 995: return SK_LOGIN_MAIL;
	case 1433: case 1521: case 3306: case 5432: case 6379: case 27017: return SK_LOGIN_DATABASE;
	case 1723: case 4433: case 4443: case 8443: case 9443: case 10443: return SK_LOGIN_VPN;
	default: return SK_LOGIN_NONE;
	}
}

/* Where programs log in by themselves, from many places and in few words, short log-ins are what is ordinary: mail that is fetched, portals whose ports are those of other
   pages too. At the others people do, or who takes their place. */
static inline bool sk_login_by_hand(enum sk_login login)
{
	return login != SK_LOGIN_NONE && login != SK_LOGIN_DATABASE && login != SK_LOGIN_MAIL && login != SK_LOGIN_VPN;
}

static inline uint64_t sk_login_payload(const struct sk_event *event, unsigned side)
{
	uint64_t heads = event->flow.packets[side] * (event->initiator.family == 6 ? 60u : 40u);
	return event->flow.bytes[side] > heads ? event->flow.bytes[side] - heads : 0;
}

enum sk_login_size { SK_LOGIN_SMALL /* less than a try: a look, or broken off */, SK_LOGIN_TRY, SK_LOGIN_SESSION };

/* END of a TCP segment that was accepted. Half view: the responder's bytes are not known and not asked for. */
static inline enum sk_login_size sk_login_size_of(const struct sk_event *event, enum sk_login login)
{
	const struct sk_login_row *row = &sk_logins[login];
	bool half = (event->bits & SK_EVENT_HALF) != 0;
	uint64_t out = sk_login_payload(event, 0), back = sk_login_payload(event, 1);
	uint64_t lasted_s = (uint64_t)(event->time_ns - event->flow.first_ns) / 1000000000;
	if (out > row->most[0] || back > row->most[1] || lasted_s > row->most_s || (event->bits & SK_EVENT_CONTINUED) != 0)
		return SK_LOGIN_SESSION;
	return out >= row->least[0] && (half || back >= row->least[1]) ? SK_LOGIN_TRY : SK_LOGIN_SMALL;
}

#endif
