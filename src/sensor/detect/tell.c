/* SPDX-License-Identifier: Apache-2.0 */
/* Words that detectors share, and when something is said again. */
#include <stdarg.h>
#include <stdio.h>

#include "base/app.h"
#include "detect/detector.h"
#include "text/text.h"

enum { TOLD_AGAIN_S = 600 };

void sk_contact_see(struct sk_contact *contact, const struct sk_event *event)
{
	bool fresh = contact->initiator.family == 0;
	uint32_t ports = (uint32_t)event->initiator_port << 16 | event->responder_port, known = (uint32_t)contact->initiator_port << 16 | contact->responder_port;
	if (fresh || event->time_ns < contact->first_ns)
		contact->first_ns = event->time_ns;
	contact->half |= (event->bits & SK_EVENT_HALF) != 0;
	if (event->app != 0 && contact->app == 0)
		contact->app = event->app;
	if (!fresh && (event->time_ns < contact->last_ns || (event->time_ns == contact->last_ns && ports <= known)))
		return;
	contact->last_ns = event->time_ns;
	contact->initiator = event->initiator;
	contact->responder = event->responder;
	contact->initiator_port = event->initiator_port;
	contact->responder_port = event->responder_port;
	contact->class_ = event->class_;
	contact->ip_proto = event->ip_proto;
}

struct sk_detection sk_contact_detection(const struct sk_contact *contact)
{
	return (struct sk_detection){.class_ = contact->class_, .ip_proto = contact->ip_proto, .app = contact->app, .half_view = contact->half != 0,
				     .initiator_port = contact->initiator_port, .responder_port = contact->responder_port, .initiator = contact->initiator,
				     .responder = contact->responder, .first_ns = contact->first_ns, .last_ns = contact->last_ns};
}

bool sk_episode_due(const struct sk_episode *episode, uint64_t measure, const struct sk_run *run)
{
	if (!episode->open)
		return true;
	if (measure <= episode->told)
		return false;
	return run->last || measure >= 2 * episode->told || run->now_s >= episode->told_s + TOLD_AGAIN_S;
}

uint64_t sk_episode_told(struct sk_episode *episode, uint64_t measure, const struct sk_run *run)
{
	uint64_t added = measure - (episode->open ? episode->told : 0);
	*episode = (struct sk_episode){.told = measure, .told_s = run->now_s, .open = true};
	return added;
}

void sk_tell(char *text, const char *format, ...)
{
	size_t used = strnlen(text, SK_FINDING_TEXT_MAX - 1);
	va_list args;
	va_start(args, format);
	(void)vsnprintf(text + used, SK_FINDING_TEXT_MAX - used, format, args);
	va_end(args);
}

const char *sk_tell_addr(const struct sk_addr *addr, char text[SK_ADDR_TEXT_MAX])
{
	return sk_addr_format(addr, text);
}

/* The date once when both lie on one day. */
const char *sk_tell_when(const struct sk_detection *detection, char text[96])
{
	char first[SK_TIME_TEXT_MAX], last[SK_TIME_TEXT_MAX];
	(void)sk_time_format(detection->first_ns, 0, first);
	(void)sk_time_format(detection->last_ns, 0, last);
	if (strlen(first) < 20 || strlen(last) < 20) {
		(void)snprintf(text, 96, "at a time that cannot be");
		return text;
	}
	first[10] = last[10] = ' ';
	if (strcmp(first, last) == 0)
		(void)snprintf(text, 96, "at %.19s UTC", first);
	else if (strncmp(first, last, 10) == 0)
		(void)snprintf(text, 96, "from %.19s to %.8s UTC", first, last + 11);
	else
		(void)snprintf(text, 96, "from %.19s to %.19s UTC", first, last);
	return text;
}

const char *sk_tell_place(const struct sk_detection *detection, bool responder)
{
	if (detection->class_ == SK_CLASS_FF)
		return "abroad";
	return (detection->class_ == SK_CLASS_DF) == !responder ? "inside" : "abroad";
}

const char *sk_tell_service(uint8_t ip_proto, uint16_t port, char text[48])
{
	static const struct { uint16_t port; const char *name; } names[] = {
		{21, "FTP"}, {22, "SSH"}, {23, "Telnet"}, {25, "SMTP"}, {53, "DNS"}, {80, "HTTP"}, {110, "POP3"}, {123, "NTP"}, {135, "RPC"}, {139, "NetBIOS"},
		{143, "IMAP"}, {161, "SNMP"}, {389, "LDAP"}, {443, "HTTPS"}, {445, "SMB"}, {500, "IKE"}, {502, "Modbus"}, {1433, "SQL Server"}, {1900, "SSDP"},
		{3306, "MySQL"}, {3389, "RDP"}, {5060, "SIP"}, {5432, "PostgreSQL"}, {5555, "ADB"}, {5900, "VNC"}, {6379, "Redis"}, {8080, "HTTP"},
		{9200, "Elasticsearch"}, {11211, "memcached"}, {20000, "DNP3"}, {44818, "EtherNet/IP"}};
	const char *proto = ip_proto == 6 ? "TCP" : ip_proto == 17 ? "UDP" : ip_proto == 132 ? "SCTP" : NULL;
	if (proto == NULL) {
		(void)snprintf(text, 48, ip_proto == 1 || ip_proto == 58 ? "ICMP" : "IP protocol %u", ip_proto);
		return text;
	}
	const char *name = NULL;
	for (size_t i = 0; i < SK_COUNT(names); i++)
		if (names[i].port == port)
			name = names[i].name;
	(void)snprintf(text, 48, name != NULL ? "%s port %u (%s)" : "%s port %u", proto, port, name);
	return text;
}

const char *sk_tell_app(uint8_t app)
{
	static const char *const names[SK_APP_COUNT] = {
		[SK_APP_DNS] = "DNS", [SK_APP_TLS] = "TLS", [SK_APP_DTLS] = "DTLS", [SK_APP_QUIC] = "QUIC", [SK_APP_HTTP] = "HTTP", [SK_APP_SSH] = "SSH", [SK_APP_SMB] = "SMB",
		[SK_APP_RDP] = "RDP", [SK_APP_KERBEROS] = "Kerberos", [SK_APP_STUN] = "STUN", [SK_APP_NTP] = "NTP", [SK_APP_SNMP] = "SNMP", [SK_APP_SIP] = "SIP",
		[SK_APP_MQTT] = "MQTT", [SK_APP_MODBUS] = "Modbus", [SK_APP_DNP3] = "DNP3", [SK_APP_IEC104] = "IEC 104", [SK_APP_S7] = "S7", [SK_APP_ENIP] = "EtherNet/IP",
		[SK_APP_BACNET] = "BACnet", [SK_APP_HTTP2] = "HTTP/2"};
	return app < SK_COUNT(names) && names[app] != NULL ? names[app] : "something";
}

void sk_tell_matched(struct sk_detection *detection, uint8_t ip_proto, uint16_t port)
{
	const char *proto = ip_proto == 6 ? "tcp" : ip_proto == 17 ? "udp" : ip_proto == 132 ? "sctp" : ip_proto == 1 || ip_proto == 58 ? "icmp" : NULL;
	if (proto == NULL)
		(void)snprintf(detection->matched, sizeof detection->matched, "ip%u", ip_proto);
	else if (ip_proto == 6 || ip_proto == 17 || ip_proto == 132)
		(void)snprintf(detection->matched, sizeof detection->matched, "%s/%u", proto, port);
	else
		(void)snprintf(detection->matched, sizeof detection->matched, "%s", proto);
}
