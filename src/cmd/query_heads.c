/* SPDX-License-Identifier: Apache-2.0 */
/* What an observation keeps of protocol heads, as JSON: one object a section. */
#include <stdio.h>

#include "cmd/query.h"
#include "decode/command.h"
#include "text/text.h"

static void add_true(struct sk_json_writer *w, const char *key, bool value)
{
	if (value)
		sk_json_bool(w, key, true);
}

static void add_dns(struct sk_json_writer *w, const struct sk_observation *o)
{
	sk_json_object(w, "dns");
	sk_json_text(w, "domain", o->dns_domain);
	sk_json_u64(w, "type", o->dns_type);
	sk_json_u64(w, "rcode", o->dns_rcode);
	sk_json_u64(w, "labels", o->dns_labels);
	sk_json_u64(w, "name_length", o->dns_name_length);
	sk_json_double(w, "entropy_bits", o->dns_entropy_x16 / 16.0);
	sk_json_u64(w, "queries", o->dns_queries);
	sk_json_u64(w, "responses", o->dns_responses);
	sk_json_u64(w, "nxdomain", o->dns_nxdomain);
	sk_json_end(w);
}

static void add_tls(struct sk_json_writer *w, const struct sk_observation *o)
{
	sk_json_object(w, "tls");
	sk_json_text(w, "sni_domain", o->sni_domain);
	sk_json_u64(w, "version", o->tls_version);
	sk_json_text(w, "alpn", o->alpn);
	sk_json_text(w, "ja3", o->ja3);
	sk_json_text(w, "ja4", o->ja4);
	if (o->ja4_second[0] != '\0')
		sk_json_text(w, "ja4_second", o->ja4_second);
	sk_json_bool(w, "sni", (o->tls_bits & SK_TLS_BIT_SNI) != 0);
	add_true(w, "ech", (o->tls_bits & SK_TLS_BIT_ECH) != 0);
	add_true(w, "ech_inner", (o->tls_bits & SK_TLS_BIT_ECH_INNER) != 0);
	add_true(w, "esni", (o->tls_bits & SK_TLS_BIT_ESNI) != 0);
	add_true(w, "grease", (o->tls_bits & SK_TLS_BIT_GREASE) != 0);
	add_true(w, "dtls", (o->tls_bits & SK_TLS_BIT_DTLS) != 0);
	add_true(w, "quic", (o->tls_bits & SK_TLS_BIT_QUIC) != 0);
	if (o->quic_version != 0) {
		char version[16];
		(void)snprintf(version, sizeof version, "0x%08x", o->quic_version);
		sk_json_text(w, "quic_version", version);
	}
	sk_json_end(w);
}

static void add_server(struct sk_json_writer *w, const struct sk_observation *o)
{
	sk_json_object(w, "tls_server");
	sk_json_u64(w, "version", o->server_version);
	sk_json_u64(w, "cipher", o->server_cipher);
	sk_json_text(w, "alpn", o->server_alpn);
	sk_json_text(w, "ja3s", o->ja3s);
	add_true(w, "hello_retry", (o->server_bits & SK_TLS_BIT_RETRY) != 0);
	sk_json_end(w);
}

static void add_certificate(struct sk_json_writer *w, const struct sk_observation *o)
{
	sk_json_object(w, "certificate");
	sk_json_hex(w, "sha1", o->cert_sha1, sizeof o->cert_sha1);
	sk_json_hex(w, "sha256", o->cert_sha256, sizeof o->cert_sha256);
	sk_json_u64(w, "chain_length", o->cert_chain);
	sk_json_bool(w, "parsed", (o->cert_bits & SK_CERT_BIT_PARSED) != 0);
	if ((o->cert_bits & SK_CERT_BIT_PARSED) != 0) {
		sk_json_hex(w, "issuer_hash", o->cert_issuer, sizeof o->cert_issuer);
		sk_json_hex(w, "subject_hash", o->cert_subject, sizeof o->cert_subject);
		sk_json_i64(w, "not_before_s", o->cert_not_before_s);
		sk_json_i64(w, "not_after_s", o->cert_not_after_s);
		sk_json_u64(w, "version", o->cert_version);
		sk_json_bool(w, "self_signed", (o->cert_bits & SK_CERT_BIT_SELF_SIGNED) != 0);
	}
	sk_json_end(w);
}

static void add_http(struct sk_json_writer *w, const struct sk_observation *o)
{
	char version[8];
	(void)snprintf(version, sizeof version, "%u.%u", o->http_version / 10u, o->http_version % 10u);
	sk_json_object(w, "http");
	sk_json_text(w, "version", version);
	if ((o->http_bits & SK_HTTP_BIT_REQUEST) != 0) {
		sk_json_text(w, "method", o->http_method);
		sk_json_text(w, "host_domain", o->http_host_domain);
		sk_json_u64(w, "path_depth", o->http_path_depth);
		sk_json_u64(w, "path_length", o->http_path_length);
		sk_json_hex(w, "path_hash", o->http_path_hash, sizeof o->http_path_hash);
		sk_json_bool(w, "query", (o->http_bits & SK_HTTP_BIT_QUERY) != 0);
		sk_json_u64(w, "header_count", o->http_header_count);
		sk_json_hex(w, "header_order_hash", o->http_order_hash, sizeof o->http_order_hash);
	}
	if ((o->http_bits & SK_HTTP_BIT_RESPONSE) != 0) {
		sk_json_u64(w, "status", o->http_status);
		sk_json_u64(w, "response_header_count", o->http_response_header_count);
		sk_json_hex(w, "response_header_order_hash", o->http_response_order_hash, sizeof o->http_response_order_hash);
	}
	sk_json_u64(w, "requests", o->http_requests);
	sk_json_u64(w, "responses", o->http_responses);
	add_true(w, "cut", (o->http_bits & SK_HTTP_BIT_CUT) != 0);
	sk_json_end(w);
}

static void add_ssh_side(struct sk_json_writer *w, const char *key, uint16_t version, const char *software, const char *hassh)
{
	char text[16];
	if (version == 0 && software[0] == '\0' && hassh[0] == '\0')
		return;
	(void)snprintf(text, sizeof text, "%u.%u", version >> 8, version & 0xffu);
	sk_json_object(w, key);
	sk_json_text(w, "version", text);
	sk_json_text(w, "software", software);
	sk_json_text(w, "hassh", hassh);
	sk_json_end(w);
}

static void add_command(struct sk_json_writer *w, const struct sk_observation *o)
{
	sk_json_object(w, "command");
	sk_json_u64(w, "requests", o->command_requests);
	sk_json_u64(w, "responses", o->command_responses);
	sk_json_u64(w, "writes", o->command_writes);
	sk_json_u64(w, "errors", o->command_errors);
	sk_json_u64(w, "version", o->command_version);
	sk_json_u64(w, "detail", o->command_detail);
	sk_json_u64(w, "status", o->command_status);
	sk_json_array(w, "codes");
	for (unsigned i = 0; i < o->command_code_count; i++) {
		sk_json_object(w, NULL);
		sk_json_u64(w, "code", o->command_codes[i]);
		sk_json_text(w, "name", sk_command_code_name(o->app, o->command_codes[i]));
		sk_json_end(w);
	}
	sk_json_end(w);
	sk_json_end(w);
}

static void add_detector(struct sk_json_writer *w, const struct sk_observation *o)
{
	sk_json_object(w, "detector");
	sk_json_text(w, "name", o->detector);
	sk_json_text(w, "subject", (o->detector_bits & SK_DETECTOR_BIT_RESPONDER) != 0 ? "responder" : "initiator");
	add_true(w, "half_view", (o->detector_bits & SK_DETECTOR_BIT_HALF) != 0);
	sk_json_u64(w, "confidence_percent", o->detector_percent);
	sk_json_u64(w, "contacts", o->detector_contacts);
	sk_json_u64(w, "answered", o->detector_answered);
	sk_json_u64(w, "peers", o->detector_peers);
	sk_json_u64(w, "ports", o->detector_ports);
	sk_json_u64(w, "value", o->detector_value);
	sk_json_u64(w, "threshold", o->detector_limit);
	if (o->detector_period_ms != 0) {
		sk_json_double(w, "period_s", (double)o->detector_period_ms / 1000);
		sk_json_double(w, "spread", o->detector_spread_permille / 1000.0);
	}
	sk_json_end(w);
}

/* Rules of byte patterns that were met: which, and a keyed hash of what met them. */
static void add_rules(struct sk_json_writer *w, const struct sk_observation *o)
{
	bool any = false;
	for (uint32_t i = 0; i < o->hit_count && i < SK_OBSERVATION_HITS_MAX; i++) {
		uint8_t hash[sizeof o->rule_hash[i]];
		if (o->hit_kinds[i] != SK_OBSERVATION_COMMAND_BIT)
			continue;
		if (!any)
			sk_json_array(w, "rules");
		any = true;
		for (unsigned byte = 0; byte < sizeof hash; byte++)
			hash[byte] = (uint8_t)(o->rule_hash[i] >> 8 * (sizeof hash - 1 - byte));
		sk_json_object(w, NULL);
		sk_json_u64(w, "gid", o->rule_gid[i]);
		sk_json_u64(w, "sid", o->rule_sid[i]);
		sk_json_u64(w, "rev", o->rule_rev[i]);
		sk_json_hex(w, "hash", hash, sizeof hash);
		sk_json_end(w);
	}
	if (any)
		sk_json_end(w);
}

void sk_query_heads(struct sk_json_writer *w, const struct sk_observation *o)
{
	add_rules(w, o);
	if (o->kind == SK_OBSERVATION_EVENT)
		add_detector(w, o);
	if ((o->sections & SK_SECTION_DNS) != 0)
		add_dns(w, o);
	if ((o->sections & SK_SECTION_TLS) != 0)
		add_tls(w, o);
	if ((o->sections & SK_SECTION_SERVER) != 0)
		add_server(w, o);
	if ((o->sections & SK_SECTION_CERTIFICATE) != 0)
		add_certificate(w, o);
	if ((o->sections & SK_SECTION_HTTP) != 0)
		add_http(w, o);
	if ((o->sections & SK_SECTION_SSH) != 0) {
		sk_json_object(w, "ssh");
		add_ssh_side(w, "client", o->ssh_client_version, o->ssh_client_software, o->hassh);
		add_ssh_side(w, "server", o->ssh_server_version, o->ssh_server_software, o->hassh_server);
		sk_json_end(w);
	}
	if ((o->sections & SK_SECTION_COMMAND) != 0)
		add_command(w, o);
}

const char *sk_query_name(const struct sk_observation *o)
{
	return o->sni_domain[0] != '\0' ? o->sni_domain : o->http_host_domain[0] != '\0' ? o->http_host_domain : o->dns_domain;
}
