/* SPDX-License-Identifier: Apache-2.0 */
/* What is spoken at a port is known by its content, and it is not what belongs there: SSH at 443, TLS at 22, DNS at 8443. The side that answers must have spoken it:
   who knocks at a door in the wrong language is a scanner and no finding. Two judgements: the port belongs to another protocol (a disguise, or a tunnel through what a
   filter lets pass), or it belongs to nobody and the protocol is one that stays at its ports as a rule (a service that was moved out of sight). */
#include <stdio.h>

#include "base/app.h"
#include "detect/detector.h"
#include "text/text.h"

enum { TCP = 6, UDP = 17, BOTH = 0, PRIVILEGED_MAX = 1023, WORDS = 4, PEER_WORDS = 1 };
enum { CONTACTS, MOVED, QUIET };

static const struct sk_threshold thresholds[] = {
	[CONTACTS] = {"contacts", "connections", 1, 10000, 1, "so many connections at one port of one address"},
	[MOVED] = {"moved", "", 0, 1, 1, "1: also protocols at a port that belongs to nobody; 0: at other protocols' ports alone"},
	[QUIET] = {"quiet", "s", 60, 3600, 1800, "what rests for so long is over"},
};

enum judgement { USUAL, BELONGS_TO_ANOTHER, IS_MOVED };

#define A(symbol) (UINT64_C(1) << SK_APP_##symbol)

/* Ports that belong to somebody, and what may be spoken there of what heads know. The list of IANA, and what is common beside it: TURN and gQUIC at web ports, DTLS of VPNs,
   TLS that a talk in clear turned into (STARTTLS). */
static const struct { uint16_t port; uint8_t ip_proto; uint64_t apps; const char *owner; } owned[] = {
	{20, TCP, 0, "FTP"}, {21, TCP, A(TLS), "FTP"}, {22, BOTH, A(SSH), "SSH"}, {23, TCP, 0, "Telnet"}, {25, TCP, A(TLS), "SMTP"}, {49, TCP, 0, "TACACS+"}, {53, BOTH, A(DNS), "DNS"},
	{67, UDP, 0, "DHCP"}, {68, UDP, 0, "DHCP"}, {69, UDP, 0, "TFTP"}, {79, TCP, 0, "finger"}, {80, TCP, A(HTTP) | A(HTTP2) | A(STUN), "HTTP"}, {80, UDP, A(QUIC) | A(STUN), "HTTP"},
	{88, BOTH, A(KERBEROS), "Kerberos"}, {102, TCP, A(S7) | A(RDP), "ISO transport"}, {110, TCP, A(TLS), "POP3"}, {111, BOTH, 0, "RPC"}, {119, TCP, A(TLS), "NNTP"}, {123, UDP, A(NTP), "NTP"},
	{135, TCP, 0, "RPC"}, {137, UDP, A(DNS), "NetBIOS"}, {138, UDP, A(SMB), "NetBIOS"}, {139, TCP, A(SMB), "NetBIOS"}, {143, TCP, A(TLS), "IMAP"}, {161, BOTH, A(SNMP), "SNMP"},
	{162, BOTH, A(SNMP), "SNMP"}, {179, TCP, 0, "BGP"}, {389, BOTH, A(TLS), "LDAP"}, {443, TCP, A(TLS) | A(HTTP2) | A(STUN), "HTTPS"}, {443, UDP, A(QUIC) | A(DTLS) | A(STUN), "HTTPS"},
	{445, TCP, A(SMB), "SMB"}, {464, BOTH, A(KERBEROS), "Kerberos"}, {465, TCP, A(TLS), "mail"}, {500, UDP, 0, "IKE"}, {502, BOTH, A(MODBUS), "Modbus"}, {514, UDP, 0, "syslog"},
	{515, TCP, 0, "printing"}, {554, TCP, A(HTTP), "RTSP"}, {587, TCP, A(TLS), "mail"}, {623, UDP, 0, "IPMI"}, {631, TCP, A(HTTP) | A(TLS), "printing"}, {636, TCP, A(TLS), "LDAP"},
	{853, TCP, A(TLS), "DNS over TLS"}, {853, UDP, A(QUIC) | A(DTLS), "DNS over QUIC"}, {873, TCP, 0, "rsync"}, {989, TCP, A(TLS), "FTP"}, {990, TCP, A(TLS), "FTP"},
	{992, TCP, A(TLS), "Telnet"}, {993, TCP, A(TLS), "IMAP"}, {995, TCP, A(TLS), "POP3"}, {1433, TCP, A(TLS), "SQL Server"}, {1521, TCP, A(TLS), "Oracle"},
	{1883, TCP, A(MQTT), "MQTT"}, {2049, BOTH, 0, "NFS"}, {2404, TCP, A(IEC104), "IEC 104"}, {3306, TCP, A(TLS), "MySQL"}, {3389, TCP, A(RDP) | A(TLS), "RDP"},
	{3389, UDP, A(RDP) | A(DTLS), "RDP"}, {4786, TCP, 0, "Smart Install"}, {5432, TCP, A(TLS), "PostgreSQL"}, {5900, TCP, A(TLS), "VNC"}, {6379, TCP, A(TLS), "Redis"},
	{8883, TCP, A(TLS), "MQTT"}, {11211, TCP, A(TLS), "memcached"}, {20000, BOTH, A(DNP3), "DNP3"}, {27017, TCP, A(TLS), "MongoDB"}, {44818, BOTH, A(ENIP), "EtherNet/IP"},
};

/* Protocols that stay at their ports, and the common other ones of each. HTTP, TLS, QUIC, STUN and SIP are spoken anywhere, and a foreign port says nothing. */
static const struct { uint8_t app; uint16_t first, last; } usual[] = {
	{SK_APP_SSH, 22, 22}, {SK_APP_SSH, 222, 222}, {SK_APP_SSH, 830, 830}, {SK_APP_SSH, 2022, 2022}, {SK_APP_SSH, 2200, 2222}, {SK_APP_SSH, 7999, 7999}, {SK_APP_SSH, 8022, 8022},
	{SK_APP_SSH, 8101, 8101}, {SK_APP_SSH, 10022, 10022}, {SK_APP_SSH, 20022, 20022}, {SK_APP_SSH, 22022, 22022}, {SK_APP_SSH, 22222, 22222}, {SK_APP_SSH, 29418, 29418},
	{SK_APP_DNS, 53, 53}, {SK_APP_DNS, 137, 137}, {SK_APP_DNS, 853, 853}, {SK_APP_DNS, 1053, 1053}, {SK_APP_DNS, 5053, 5053}, {SK_APP_DNS, 5300, 5300}, {SK_APP_DNS, 5353, 5355},
	{SK_APP_DNS, 8053, 8053}, {SK_APP_DNS, 8600, 8600}, {SK_APP_DNS, 10053, 10053},
	{SK_APP_SMB, 139, 139}, {SK_APP_SMB, 445, 445},
	{SK_APP_RDP, 102, 102}, {SK_APP_RDP, 3388, 3391}, {SK_APP_RDP, 13389, 13389}, {SK_APP_RDP, 33389, 33389},
	{SK_APP_KERBEROS, 88, 88}, {SK_APP_KERBEROS, 464, 464}, {SK_APP_KERBEROS, 750, 750},
	{SK_APP_SNMP, 161, 162}, {SK_APP_SNMP, 1161, 1162}, {SK_APP_SNMP, 10161, 10162},
	{SK_APP_MQTT, 1883, 1884}, {SK_APP_MQTT, 8883, 8884}, {SK_APP_MQTT, 11883, 11883}, {SK_APP_MQTT, 18830, 18830},
	{SK_APP_MODBUS, 502, 503}, {SK_APP_MODBUS, 802, 802}, {SK_APP_MODBUS, 1502, 1502}, {SK_APP_MODBUS, 5020, 5020}, {SK_APP_MODBUS, 10502, 10502},
	{SK_APP_DNP3, 19999, 20001}, {SK_APP_IEC104, 2404, 2404}, {SK_APP_IEC104, 19998, 19998}, {SK_APP_S7, 102, 102}, {SK_APP_ENIP, 2222, 2222}, {SK_APP_ENIP, 44818, 44818},
	{SK_APP_BACNET, 47808, 47823},
};

/* Between peers of calls and games these choose ports at random, so that only a port below 1024 says something. */
#define ROAMING (A(STUN) | A(DTLS) | A(QUIC) | A(SIP))
/* What is said of these in one message by chance, more than of others. */
#define WEAK (A(MODBUS) | A(DNP3) | A(BACNET) | A(S7))

struct entry {
	struct sk_entry kit;
	struct sk_contact last;
	uint64_t flows[WORDS], peers[PEER_WORDS];
	uint64_t contacts;
	uint32_t messages;
	bool sure;
	struct sk_episode episode;
};

static bool is_usual(unsigned app, uint16_t port)
{
	for (size_t i = 0; i < SK_COUNT(usual); i++)
		if (usual[i].app == app && port >= usual[i].first && port <= usual[i].last)
			return true;
	return false;
}

static bool stays(unsigned app)
{
	for (size_t i = 0; i < SK_COUNT(usual); i++)
		if (usual[i].app == app)
			return true;
	return false;
}

/* Who owns the port; NULL: nobody. *allowed: may the protocol be spoken there? */
static const char *owner_of(unsigned app, uint8_t ip_proto, uint16_t port, bool *allowed)
{
	for (size_t i = 0; i < SK_COUNT(owned); i++)
		if (owned[i].port == port && (owned[i].ip_proto == BOTH || owned[i].ip_proto == ip_proto)) {
			*allowed = (owned[i].apps >> app & 1) != 0;
			return owned[i].owner;
		}
	*allowed = false;
	return NULL;
}

static enum judgement judge(unsigned app, uint8_t ip_proto, uint16_t port)
{
	bool allowed;
	const char *owner = owner_of(app, ip_proto, port, &allowed);
	if (allowed || is_usual(app, port))
		return USUAL;
	if (owner != NULL)
		return port > PRIVILEGED_MAX && (ROAMING >> app & 1) != 0 ? USUAL : BELONGS_TO_ANOTHER;
	return stays(app) ? IS_MOVED : USUAL;
}

/* Did the side that was called say it? Where its words cannot be seen, the caller's must do. A web server that refuses says nothing of what it is for: it answers so
   whoever speaks HTTP to its TLS. */
static bool is_spoken(const struct sk_head *head, const struct sk_event *event)
{
	bool half = (event->bits & SK_EVENT_HALF) != 0;
	if (head->from_initiator)
		return half;
	return head->kind != SK_HEAD_HTTP || (head->as.http.response && head->as.http.status < 400);
}

static bool asks(const struct sk_run *run, const struct sk_head *head, const struct sk_event *flow)
{
	if (!is_spoken(head, flow))
		return false;
	enum judgement judgement = judge(head->app, flow->ip_proto, flow->responder_port);
	return judgement != USUAL && (judgement != IS_MOVED || run->threshold[MOVED] != 0);
}

static bool head(const struct sk_run *run, const struct sk_head *head, const struct sk_packet *packet, struct sk_event *event)
{
	(void)packet;
	if (!asks(run, head, event))
		return false;
	/* Seen from its middle, a connection may look turned round. */
	bool allowed;
	(void)owner_of(head->app, event->ip_proto, event->initiator_port, &allowed);
	return (event->bits & SK_EVENT_SURE) != 0 || !(allowed || is_usual(head->app, event->initiator_port));
}

static bool of_responder(uint8_t class_)
{
	return class_ == SK_CLASS_FD;
}

static uint64_t key(const struct sk_run *run, const struct sk_event *event)
{
	(void)run;
	return sk_mix(of_responder(event->class_) ? event->to : event->from, (uint64_t)event->app << 32 | (uint64_t)event->ip_proto << 24 | (uint64_t)event->responder_port << 8 | 18);
}

static void event(struct sk_run *run, const struct sk_event *event, uint64_t hash)
{
	bool fresh;
	struct entry *entry = sk_run_take(run, hash, (uint32_t)run->threshold[QUIET] / 4, &fresh);
	uint64_t other = of_responder(event->class_) ? event->from : event->to;
	sk_contact_see(&entry->last, event);
	entry->contacts += sk_bits_add(entry->flows, WORDS, sk_mix(other, event->initiator_port));
	(void)sk_bits_add(entry->peers, PEER_WORDS, other);
	if (++entry->messages >= 2)
		sk_run_want(run, entry, (uint32_t)run->threshold[QUIET]);
	entry->sure |= (event->bits & SK_EVENT_SURE) != 0;
	sk_run_touch(run, entry);
}

static bool say(struct sk_run *run, struct entry *entry)
{
	struct sk_episode before = entry->episode;
	struct sk_detection detection = sk_contact_detection(&entry->last);
	enum judgement judgement = judge(detection.app, detection.ip_proto, detection.responder_port);
	detection.of_responder = of_responder(detection.class_);
	detection.contacts = detection.value = entry->contacts;
	detection.answered = detection.half_view ? 0 : entry->contacts;
	detection.peers = (uint64_t)(sk_bits_estimate(sk_bits_count(entry->peers, PEER_WORDS), 64 * PEER_WORDS) + 0.5);
	detection.ports = 1;
	detection.limit = run->threshold[CONTACTS];
	detection.severity = judgement == BELONGS_TO_ANOTHER ? 2 : 1;
	detection.percent = judgement == BELONGS_TO_ANOTHER ? 90 : 70;
	if (!entry->sure || (WEAK >> detection.app & 1) != 0 || detection.half_view)
		detection.percent -= 30;
	detection.added = sk_episode_told(&entry->episode, entry->contacts, run);
	sk_tell_matched(&detection, detection.ip_proto, detection.responder_port);
	size_t used = strlen(detection.matched);
	(void)snprintf(detection.matched + used, sizeof detection.matched - used, "=%s", sk_app_name(detection.app));
	if (sk_run_say(run, &detection))
		return true;
	entry->episode = before;
	return false;
}

static bool settle(struct sk_run *run, void *at)
{
	struct entry *entry = at;
	bool over = sk_contact_rests(&entry->last, run, run->threshold[QUIET]), weak = (WEAK >> entry->last.app & 1) != 0;
	if (!entry->episode.open && (entry->contacts < run->threshold[CONTACTS] || (weak && entry->messages < 3)))
		return false;
	sk_run_want(run, entry, (uint32_t)run->threshold[QUIET] * 2);
	bool due = sk_episode_due(&entry->episode, entry->contacts, run) || (over && entry->contacts > entry->episode.told);
	if (due && !say(run, entry))
		return true;
	if (over)
		sk_table_drop(&run->table, entry);
	return !over;
}

static void tell(const struct sk_detection *d, const uint64_t *threshold, struct sk_telling *out)
{
	bool allowed;
	const char *owner = owner_of(d->app, d->ip_proto, d->responder_port, &allowed);
	const struct sk_arg proto = sk_arg_text(d->ip_proto == UDP ? "UDP" : "TCP", 8);
	(void)threshold;
	if (owner != NULL)
		sk_say(&out->sentence, SK_SAY(PORT_OTHERS), sk_arg_addr(&d->initiator), sk_tell_place(d, false), sk_arg_app(d->app), sk_arg_addr(&d->responder),
		       sk_tell_place(d, true), proto, sk_arg_int(d->responder_port), sk_arg_text(owner, 64), sk_tell_when(d), sk_arg_number(d->contacts));
	else
		sk_say(&out->sentence, SK_SAY(PORT_NONE), sk_arg_addr(&d->initiator), sk_tell_place(d, false), sk_arg_app(d->app), sk_arg_addr(&d->responder),
		       sk_tell_place(d, true), proto, sk_arg_int(d->responder_port), sk_tell_when(d), sk_arg_number(d->contacts));
	if (d->peers > 1)
		sk_say(&out->sentence, SK_SAY(PORT_WITH), sk_arg_int(d->peers));
	else
		sk_say(&out->sentence, SK_SAY(PORT_END));
	if (d->half_view)
		sk_say(&out->why, SK_SAY(PORT_HALF_WHY), sk_arg_app(d->app));
	else
		sk_say(&out->why, SK_SAY(PORT_BOTH_WHY), sk_arg_app(d->app));
	if (owner != NULL)
		sk_say(&out->why, SK_SAY(PORT_FILTER_WHY));
	sk_say(&out->why, SK_SAY(PORT_LIMIT_WHY), sk_arg_int(d->limit));
	if (owner != NULL)
		sk_say(&out->doubt, SK_SAY(PORT_OTHERS_DOUBT));
	else
		sk_say(&out->doubt, SK_SAY(PORT_NONE_DOUBT));
}

const struct sk_detector sk_detector_protocol_port = {
	.name = "protocol.port", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds), .events = SK_EVENT_BIT(SK_EVENT_HEAD),
	.heads = 1u << SK_HEAD_DNS | 1u << SK_HEAD_CLIENT_HELLO | 1u << SK_HEAD_SERVER_HELLO | 1u << SK_HEAD_HTTP | 1u << SK_HEAD_SSH | 1u << SK_HEAD_COMMAND,
	.subject = SK_SUBJECT_INSIDE, .scale = SK_SCALE_HOSTS, .share = 3, .entry_bytes = SK_ENTRY_BYTES(struct entry),
	.key = key, .event = event, .settle = settle, .asks = asks, .head = head, .tell = tell,
};
