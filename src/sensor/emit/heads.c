/* SPDX-License-Identifier: Apache-2.0 */
/* EVE lines of protocol heads, in Suricata 7's words; a segment is one line a protocol, and what EVE has no place for stands under "sekisho". */
#include <string.h>

#include "emit/emit_priv.h"
#include "text/text.h"

enum { DNS_ANSWER = 0x8000, QUIC_V1 = 1, QUIC_V2 = 0x6b3343cf, QUIC_DRAFT = 0xff0000 };

static void add_numbered(struct sk_json_writer *w, const char *key, unsigned value, const char *const *names, size_t count, const char *prefix)
{
	char text[24];
	if (value < count && names[value] != NULL) {
		sk_json_text(w, key, names[value]);
		return;
	}
	(void)snprintf(text, sizeof text, "%s%u", prefix, value);
	sk_json_text(w, key, text);
}

static void emit_dns(struct sk_emit *emit, const struct sk_observation *o)
{
	static const char *const rcodes[] = {"NOERROR",	 "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED",
					     "YXDOMAIN", "YXRRSET", "NXRRSET",	"NOTAUTH",  "NOTZONE"};
	static const char *const types[] = {
		[1] = "A",	 [2] = "NS",	[5] = "CNAME",	[6] = "SOA",	[10] = "NULL", [12] = "PTR",   [15] = "MX",
		[16] = "TXT",	 [28] = "AAAA", [33] = "SRV",	[35] = "NAPTR", [43] = "DS",   [46] = "RRSIG", [47] = "NSEC",
		[48] = "DNSKEY", [64] = "SVCB", [65] = "HTTPS", [252] = "AXFR", [255] = "ANY"};
	bool answer = (o->dns_flags & DNS_ANSWER) != 0;
	struct sk_json_writer w;
	sk_emit_begin_line(emit, &w, "dns", o->first_ns, o);
	sk_json_object(&w, "dns");
	sk_json_text(&w, "type", answer ? "answer" : "query");
	sk_json_text(&w, "rrname", o->dns_domain);
	add_numbered(&w, "rrtype", o->dns_type, types, SK_COUNT(types), "TYPE");
	if (answer)
		add_numbered(&w, "rcode", o->dns_rcode, rcodes, SK_COUNT(rcodes), "RCODE");
	sk_json_end(&w);
	sk_emit_begin_marks(emit, &w, o);
	sk_json_u64(&w, "queries", o->dns_queries);
	sk_json_u64(&w, "responses", o->dns_responses);
	sk_json_u64(&w, "nxdomain", o->dns_nxdomain);
	sk_json_u64(&w, "labels", o->dns_labels);
	sk_json_u64(&w, "name_length", o->dns_name_length);
	sk_json_double(&w, "entropy_bits", o->dns_entropy_x16 / 16.0);
	sk_json_end(&w);
	sk_emit_end_line(emit, &w);
}

/* ---- TLS, QUIC ---- */

static void add_version(struct sk_json_writer *w, unsigned version)
{
	static const char *const versions[] = {"SSLv3", "TLSv1", "TLS 1.1", "TLS 1.2", "TLS 1.3"};
	char text[8];
	(void)snprintf(text, sizeof text, "0x%04x", version);
	sk_json_text(w, "version", version >= 0x300 && version < 0x300 + SK_COUNT(versions) ? versions[version - 0x300] : text);
}

static void add_hash(struct sk_json_writer *w, const char *key, const char *hash)
{
	if (hash[0] == '\0')
		return;
	sk_json_object(w, key);
	sk_json_text(w, "hash", hash);
	sk_json_end(w);
}

/* Without a zone, as Suricata writes a certificate's times. */
static void add_day(struct sk_json_writer *w, const char *key, int64_t unix_s)
{
	enum { SECONDS = 19 };
	static const int64_t latest_s = INT64_MAX / 1000000000;
	char text[SK_TIME_TEXT_MAX];
	if (unix_s > latest_s || unix_s < -latest_s) /* beyond what a time of ours can say: the year 9999 for "never", often */
		return;
	sk_time_format(unix_s * 1000000000, 0, text);
	sk_json_text_n(w, key, text, strnlen(text, SECONDS));
}

static void add_certificate(struct sk_json_writer *w, const struct sk_observation *o)
{
	char text[3 * sizeof o->cert_sha1];
	if ((o->sections & SK_SECTION_CERTIFICATE) == 0)
		return;
	for (size_t i = 0; i < sizeof o->cert_sha1; i++)
		(void)snprintf(text + 3 * i, 4, i + 1 < sizeof o->cert_sha1 ? "%02x:" : "%02x", o->cert_sha1[i]);
	sk_json_text(w, "fingerprint", text);
	if ((o->cert_bits & SK_CERT_BIT_PARSED) == 0)
		return;
	add_day(w, "notbefore", o->cert_not_before_s);
	add_day(w, "notafter", o->cert_not_after_s);
}

static void add_hello(struct sk_json_writer *w, const struct sk_observation *o)
{
	if (o->sni_domain[0] != '\0')
		sk_json_text(w, "sni", o->sni_domain);
	add_hash(w, "ja3", o->ja3);
	add_hash(w, "ja3s", o->ja3s);
	if (o->ja4[0] != '\0')
		sk_json_text(w, "ja4", o->ja4);
	if (o->ja4_second[0] != '\0') /* ours; Suricata has the first alone */
		sk_json_text(w, "ja4_second", o->ja4_second);
	if (o->alpn[0] != '\0') {
		sk_json_array(w, "client_alpns");
		sk_json_text(w, NULL, o->alpn);
		sk_json_end(w);
	}
	if (o->server_alpn[0] != '\0') {
		sk_json_array(w, "server_alpns");
		sk_json_text(w, NULL, o->server_alpn);
		sk_json_end(w);
	}
}

/* The version that the server chose, as far as it was seen. */
static unsigned spoken_version(const struct sk_observation *o)
{
	return o->server_version != 0 ? o->server_version : o->tls_version;
}

static void add_tls_marks(struct sk_emit *emit, struct sk_json_writer *w, const struct sk_observation *o)
{
	sk_emit_begin_marks(emit, w, o);
	if ((o->tls_bits & (SK_TLS_BIT_ECH | SK_TLS_BIT_ESNI)) != 0)
		sk_json_bool(w, "encrypted_hello", true);
	if ((o->sections & SK_SECTION_SERVER) != 0)
		sk_json_u64(w, "cipher", o->server_cipher);
	if ((o->sections & SK_SECTION_CERTIFICATE) != 0) {
		sk_json_hex(w, "certificate_sha256", o->cert_sha256, sizeof o->cert_sha256);
		if ((o->cert_bits & SK_CERT_BIT_PARSED) != 0)
			sk_json_bool(w, "self_signed", (o->cert_bits & SK_CERT_BIT_SELF_SIGNED) != 0);
	}
	sk_json_end(w);
}

static void emit_tls(struct sk_emit *emit, const struct sk_observation *o)
{
	struct sk_json_writer w;
	sk_emit_begin_line(emit, &w, "tls", o->first_ns, o);
	sk_json_object(&w, "tls");
	add_certificate(&w, o);
	add_version(&w, spoken_version(o));
	add_hello(&w, o);
	sk_json_end(&w);
	add_tls_marks(emit, &w, o);
	sk_emit_end_line(emit, &w);
}

static void emit_quic(struct sk_emit *emit, const struct sk_observation *o)
{
	char version[24];
	struct sk_json_writer w;
	sk_emit_begin_line(emit, &w, "quic", o->first_ns, o);
	sk_json_object(&w, "quic");
	if (o->quic_version == QUIC_V1 || o->quic_version == QUIC_V2)
		(void)snprintf(version, sizeof version, "%s", o->quic_version == QUIC_V1 ? "1" : "2");
	else if (o->quic_version >> 8 == QUIC_DRAFT)
		(void)snprintf(version, sizeof version, "draft-%u", o->quic_version & 0xff);
	else
		(void)snprintf(version, sizeof version, "0x%08x", o->quic_version);
	sk_json_text(&w, "version", version);
	add_hello(&w, o);
	sk_json_end(&w);
	add_tls_marks(emit, &w, o);
	sk_emit_end_line(emit, &w);
}

/* ---- HTTP, SSH, commands ---- */

static void emit_http(struct sk_emit *emit, const struct sk_observation *o)
{
	char protocol[16];
	struct sk_json_writer w;
	(void)snprintf(protocol, sizeof protocol, "HTTP/%u.%u", o->http_version / 10u, o->http_version % 10u);
	sk_emit_begin_line(emit, &w, "http", o->first_ns, o);
	sk_json_object(&w, "http");
	if (o->http_host_domain[0] != '\0')
		sk_json_text(&w, "hostname", o->http_host_domain);
	if (o->http_method[0] != '\0')
		sk_json_text(&w, "http_method", o->http_method);
	sk_json_text(&w, "protocol", protocol);
	if (o->http_status != 0)
		sk_json_u64(&w, "status", o->http_status);
	sk_json_end(&w);
	sk_emit_begin_marks(emit, &w, o);
	if ((o->http_bits & SK_HTTP_BIT_REQUEST) != 0) {
		sk_json_u64(&w, "path_depth", o->http_path_depth);
		sk_json_hex(&w, "path_hash", o->http_path_hash, sizeof o->http_path_hash);
		sk_json_hex(&w, "header_order_hash", o->http_order_hash, sizeof o->http_order_hash);
	}
	if ((o->http_bits & SK_HTTP_BIT_RESPONSE) != 0)
		sk_json_hex(&w, "response_header_order_hash", o->http_response_order_hash, sizeof o->http_response_order_hash);
	sk_json_u64(&w, "requests", o->http_requests);
	sk_json_u64(&w, "responses", o->http_responses);
	sk_json_end(&w);
	sk_emit_end_line(emit, &w);
}

static void add_ssh_side(struct sk_json_writer *w, const char *key, unsigned version, const char *software, const char *hassh)
{
	char text[16];
	if (version == 0)
		return;
	(void)snprintf(text, sizeof text, "%u.%u", version >> 8, version & 0xff);
	sk_json_object(w, key);
	sk_json_text(w, "proto_version", text);
	sk_json_text(w, "software_version", software);
	add_hash(w, "hassh", hassh);
	sk_json_end(w);
}

static void emit_ssh(struct sk_emit *emit, const struct sk_observation *o)
{
	struct sk_json_writer w;
	sk_emit_begin_line(emit, &w, "ssh", o->first_ns, o);
	sk_json_object(&w, "ssh");
	add_ssh_side(&w, "client", o->ssh_client_version, o->ssh_client_software, o->hassh);
	add_ssh_side(&w, "server", o->ssh_server_version, o->ssh_server_software, o->hassh_server);
	sk_json_end(&w);
	sk_emit_begin_marks(emit, &w, o);
	sk_json_end(&w);
	sk_emit_end_line(emit, &w);
}

/* Functions by their numbers: names differ between tools. */
static void emit_command(struct sk_emit *emit, const struct sk_observation *o)
{
	struct sk_json_writer w;
	const char *app = o->app != SK_APP_NONE ? sk_emit_app(o->app) : "command";
	sk_emit_begin_line(emit, &w, app, o->first_ns, o);
	sk_json_object(&w, app);
	if (o->app == SK_APP_MODBUS && o->command_code_count != 0) {
		sk_json_object(&w, "request");
		sk_json_u64(&w, "function_raw", o->command_codes[0]);
		sk_json_end(&w);
	}
	sk_json_array(&w, "functions");
	for (unsigned i = 0; i < o->command_code_count; i++)
		sk_json_u64(&w, NULL, o->command_codes[i]);
	sk_json_end(&w);
	sk_json_end(&w);
	sk_emit_begin_marks(emit, &w, o);
	sk_json_u64(&w, "requests", o->command_requests);
	sk_json_u64(&w, "responses", o->command_responses);
	sk_json_u64(&w, "writes", o->command_writes);
	sk_json_u64(&w, "errors", o->command_errors);
	sk_json_end(&w);
	sk_emit_end_line(emit, &w);
}

void sk_emit_heads(struct sk_emit *emit, const struct sk_observation *o)
{
	if ((o->sections & SK_SECTION_DNS) != 0)
		emit_dns(emit, o);
	if (o->app == SK_APP_QUIC)
		emit_quic(emit, o);
	else if ((o->sections & (SK_SECTION_TLS | SK_SECTION_SERVER | SK_SECTION_CERTIFICATE)) != 0)
		emit_tls(emit, o);
	if ((o->sections & SK_SECTION_HTTP) != 0)
		emit_http(emit, o);
	if ((o->sections & SK_SECTION_SSH) != 0)
		emit_ssh(emit, o);
	if ((o->sections & SK_SECTION_COMMAND) != 0)
		emit_command(emit, o);
}
