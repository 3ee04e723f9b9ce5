/* SPDX-License-Identifier: Apache-2.0 */
/* The sections of an observation: each pair of functions writes and reads the same members in the same order (docs/formats/observation.md).
   Fingerprints that are printed in hex travel as the bytes that they are. */
#include "observe/observe_priv.h"
#include "text/text.h"

enum { MD5_BYTES = 16, JA4_HEAD = 10, JA4_HASH = 12, JA4_TEXT = JA4_HEAD + 2 * (1 + JA4_HASH) };
enum { PERCENT_MAX = 100, DETECTOR_BITS_ALL = SK_DETECTOR_BIT_RESPONDER | SK_DETECTOR_BIT_HALF };
/* Texts of fixed shape that are there. */
enum { HAS_FIRST = 1, HAS_SECOND = 2, HAS_QUIC = 4, HAS_AGAIN = 8 };

static bool is_hex(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f')))
			return false;
	return true;
}

bool sk_observe_is_md5(const char text[33])
{
	return text[0] == '\0' || (is_hex(text, 2 * MD5_BYTES) && text[2 * MD5_BYTES] == '\0');
}

bool sk_observe_is_ja4(const char text[40])
{
	if (text[0] == '\0')
		return true;
	return strnlen(text, 40) == JA4_TEXT && text[JA4_HEAD] == '_' && is_hex(text + JA4_HEAD + 1, JA4_HASH) && text[JA4_HEAD + 1 + JA4_HASH] == '_' &&
	       is_hex(text + JA4_HEAD + 2 + JA4_HASH, JA4_HASH);
}

static uint8_t nibble(char digit)
{
	return (uint8_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

static void put_hex(struct sk_out *o, const char *text, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		sk_put_u8(o, (uint8_t)(nibble(text[2 * i]) << 4 | nibble(text[2 * i + 1])));
}

static void take_hex(struct sk_observe_reader *r, char *text, size_t bytes)
{
	uint8_t raw[MD5_BYTES];
	char digits[2 * MD5_BYTES + 1];
	sk_copy(&r->c, raw, bytes);
	sk_hex_encode(raw, bytes, digits);
	memcpy(text, digits, 2 * bytes);
}

static void put_ja4(struct sk_out *o, const char text[40])
{
	sk_put_bytes(o, text, JA4_HEAD);
	put_hex(o, text + JA4_HEAD + 1, JA4_HASH / 2);
	put_hex(o, text + JA4_HEAD + 2 + JA4_HASH, JA4_HASH / 2);
}

static void take_ja4(struct sk_observe_reader *r, char text[40])
{
	sk_copy(&r->c, text, JA4_HEAD);
	if (strnlen(text, JA4_HEAD) != JA4_HEAD)
		r->wrong = true;
	text[JA4_HEAD] = text[JA4_HEAD + 1 + JA4_HASH] = '_';
	take_hex(r, text + JA4_HEAD + 1, JA4_HASH / 2);
	take_hex(r, text + JA4_HEAD + 2 + JA4_HASH, JA4_HASH / 2);
}

/* A text of at most 255 bytes with its length in front. */
static void put_text(struct sk_out *o, const char *text, size_t size)
{
	size_t length = strnlen(text, size);
	SK_INVARIANT(length < size);
	sk_put_u8(o, (uint8_t)length);
	sk_put_bytes(o, text, length);
}

void sk_observe_take_text(struct sk_observe_reader *r, size_t length, char *text, size_t size)
{
	memset(text, 0, size);
	if (length < size)
		sk_copy(&r->c, text, length);
	else
		sk_skip(&r->c, length);
	if (strnlen(text, size) != length)
		r->wrong = true;
}

static void take_text(struct sk_observe_reader *r, char *text, size_t size)
{
	sk_observe_take_text(r, sk_u8(&r->c), text, size);
}

static uint32_t kept(uint32_t count, uint32_t most)
{
	return count < most ? count : most;
}

static void put_hits(struct sk_out *o, const struct sk_observation *ob)
{
	sk_put_be32(o, ob->hit_count);
	for (uint32_t i = 0; i < kept(ob->hit_count, SK_OBSERVATION_HITS_MAX); i++) {
		sk_put_be32(o, ob->hit_ids[i]);
		sk_put_u8(o, ob->hit_kinds[i]);
	}
	put_text(o, ob->matched, sizeof ob->matched);
	for (uint32_t i = 0; i < kept(ob->hit_count, SK_OBSERVATION_HITS_MAX); i++) {
		if (ob->hit_kinds[i] != SK_OBSERVATION_COMMAND_BIT)
			continue;
		sk_put_be32(o, ob->rule_gid[i]);
		sk_put_be32(o, ob->rule_sid[i]);
		sk_put_be32(o, ob->rule_rev[i]);
		sk_put_be64(o, ob->rule_hash[i]);
	}
}

static void take_hits(struct sk_observe_reader *r, struct sk_observation *out)
{
	out->hit_count = sk_be32(&r->c);
	for (uint32_t i = 0; i < kept(out->hit_count, SK_OBSERVATION_HITS_MAX); i++) {
		out->hit_ids[i] = sk_be32(&r->c);
		out->hit_kinds[i] = sk_u8(&r->c);
	}
	take_text(r, out->matched, sizeof out->matched);
	for (uint32_t i = 0; i < kept(out->hit_count, SK_OBSERVATION_HITS_MAX); i++) {
		if (out->hit_kinds[i] != SK_OBSERVATION_COMMAND_BIT)
			continue;
		out->rule_gid[i] = sk_be32(&r->c);
		out->rule_sid[i] = sk_be32(&r->c);
		out->rule_rev[i] = sk_be32(&r->c);
		out->rule_hash[i] = sk_be64(&r->c);
	}
}

static void put_dns(struct sk_out *o, const struct sk_observation *ob)
{
	sk_put_be16(o, ob->dns_type);
	sk_put_be16(o, ob->dns_flags);
	sk_put_u8(o, ob->dns_rcode);
	sk_put_u8(o, ob->dns_labels);
	sk_put_u8(o, ob->dns_name_length);
	sk_put_u8(o, ob->dns_entropy_x16);
	sk_put_be32(o, ob->dns_queries);
	sk_put_be32(o, ob->dns_responses);
	sk_put_be32(o, ob->dns_nxdomain);
	put_text(o, ob->dns_domain, sizeof ob->dns_domain);
}

static void take_dns(struct sk_observe_reader *r, struct sk_observation *out)
{
	out->dns_type = sk_be16(&r->c);
	out->dns_flags = sk_be16(&r->c);
	out->dns_rcode = sk_u8(&r->c);
	out->dns_labels = sk_u8(&r->c);
	out->dns_name_length = sk_u8(&r->c);
	out->dns_entropy_x16 = sk_u8(&r->c);
	out->dns_queries = sk_be32(&r->c);
	out->dns_responses = sk_be32(&r->c);
	out->dns_nxdomain = sk_be32(&r->c);
	take_text(r, out->dns_domain, sizeof out->dns_domain);
}

static void put_tls(struct sk_out *o, const struct sk_observation *ob)
{
	unsigned has = (ob->ja3[0] != '\0' ? HAS_FIRST : 0u) | (ob->ja4[0] != '\0' ? HAS_SECOND : 0u) | (ob->quic_version != 0 ? HAS_QUIC : 0u) |
		       (ob->ja4_second[0] != '\0' ? HAS_AGAIN : 0u);
	SK_INVARIANT(sk_observe_is_md5(ob->ja3) && sk_observe_is_ja4(ob->ja4) && sk_observe_is_ja4(ob->ja4_second));
	sk_put_be16(o, ob->tls_version);
	sk_put_u8(o, ob->tls_bits);
	sk_put_u8(o, (uint8_t)has);
	put_text(o, ob->sni_domain, sizeof ob->sni_domain);
	put_text(o, ob->alpn, sizeof ob->alpn);
	if ((has & HAS_FIRST) != 0)
		put_hex(o, ob->ja3, MD5_BYTES);
	if ((has & HAS_SECOND) != 0)
		put_ja4(o, ob->ja4);
	if ((has & HAS_QUIC) != 0)
		sk_put_be32(o, ob->quic_version);
	if ((has & HAS_AGAIN) != 0)
		put_ja4(o, ob->ja4_second);
}

static void take_tls(struct sk_observe_reader *r, struct sk_observation *out)
{
	out->tls_version = sk_be16(&r->c);
	out->tls_bits = sk_u8(&r->c);
	uint8_t has = sk_observe_take_up_to(r, HAS_FIRST | HAS_SECOND | HAS_QUIC | HAS_AGAIN);
	take_text(r, out->sni_domain, sizeof out->sni_domain);
	take_text(r, out->alpn, sizeof out->alpn);
	if ((has & HAS_FIRST) != 0)
		take_hex(r, out->ja3, MD5_BYTES);
	if ((has & HAS_SECOND) != 0)
		take_ja4(r, out->ja4);
	if ((has & HAS_QUIC) != 0) {
		out->quic_version = sk_be32(&r->c);
		if (out->quic_version == 0)
			r->wrong = true;
	}
	if ((has & HAS_AGAIN) != 0)
		take_ja4(r, out->ja4_second);
}

static void put_server(struct sk_out *o, const struct sk_observation *ob)
{
	SK_INVARIANT(sk_observe_is_md5(ob->ja3s));
	sk_put_be16(o, ob->server_version);
	sk_put_be16(o, ob->server_cipher);
	sk_put_u8(o, ob->server_bits);
	sk_put_u8(o, ob->ja3s[0] != '\0' ? HAS_FIRST : 0);
	put_text(o, ob->server_alpn, sizeof ob->server_alpn);
	if (ob->ja3s[0] != '\0')
		put_hex(o, ob->ja3s, MD5_BYTES);
}

static void take_server(struct sk_observe_reader *r, struct sk_observation *out)
{
	out->server_version = sk_be16(&r->c);
	out->server_cipher = sk_be16(&r->c);
	out->server_bits = sk_u8(&r->c);
	uint8_t has = sk_observe_take_up_to(r, HAS_FIRST);
	take_text(r, out->server_alpn, sizeof out->server_alpn);
	if (has != 0)
		take_hex(r, out->ja3s, MD5_BYTES);
}

static void put_certificate(struct sk_out *o, const struct sk_observation *ob)
{
	sk_put_bytes(o, ob->cert_sha1, sizeof ob->cert_sha1);
	sk_put_bytes(o, ob->cert_sha256, sizeof ob->cert_sha256);
	sk_put_bytes(o, ob->cert_issuer, sizeof ob->cert_issuer);
	sk_put_bytes(o, ob->cert_subject, sizeof ob->cert_subject);
	sk_put_be64(o, (uint64_t)ob->cert_not_before_s);
	sk_put_be64(o, (uint64_t)ob->cert_not_after_s);
	sk_put_u8(o, ob->cert_version);
	sk_put_u8(o, ob->cert_chain);
	sk_put_u8(o, ob->cert_bits);
}

static void take_certificate(struct sk_observe_reader *r, struct sk_observation *out)
{
	sk_copy(&r->c, out->cert_sha1, sizeof out->cert_sha1);
	sk_copy(&r->c, out->cert_sha256, sizeof out->cert_sha256);
	sk_copy(&r->c, out->cert_issuer, sizeof out->cert_issuer);
	sk_copy(&r->c, out->cert_subject, sizeof out->cert_subject);
	out->cert_not_before_s = (int64_t)sk_be64(&r->c);
	out->cert_not_after_s = (int64_t)sk_be64(&r->c);
	out->cert_version = sk_u8(&r->c);
	out->cert_chain = sk_u8(&r->c);
	out->cert_bits = sk_u8(&r->c);
}

static void put_http(struct sk_out *o, const struct sk_observation *ob)
{
	put_text(o, ob->http_method, sizeof ob->http_method);
	put_text(o, ob->http_host_domain, sizeof ob->http_host_domain);
	sk_put_be16(o, ob->http_status);
	sk_put_be16(o, ob->http_path_length);
	sk_put_u8(o, ob->http_version);
	sk_put_u8(o, ob->http_path_depth);
	sk_put_u8(o, ob->http_bits);
	sk_put_u8(o, ob->http_header_count);
	sk_put_u8(o, ob->http_response_header_count);
	sk_put_bytes(o, ob->http_path_hash, sizeof ob->http_path_hash);
	sk_put_bytes(o, ob->http_order_hash, sizeof ob->http_order_hash);
	sk_put_bytes(o, ob->http_response_order_hash, sizeof ob->http_response_order_hash);
	sk_put_be32(o, ob->http_requests);
	sk_put_be32(o, ob->http_responses);
}

static void take_http(struct sk_observe_reader *r, struct sk_observation *out)
{
	take_text(r, out->http_method, sizeof out->http_method);
	take_text(r, out->http_host_domain, sizeof out->http_host_domain);
	out->http_status = sk_be16(&r->c);
	out->http_path_length = sk_be16(&r->c);
	out->http_version = sk_u8(&r->c);
	out->http_path_depth = sk_u8(&r->c);
	out->http_bits = sk_u8(&r->c);
	out->http_header_count = sk_u8(&r->c);
	out->http_response_header_count = sk_u8(&r->c);
	sk_copy(&r->c, out->http_path_hash, sizeof out->http_path_hash);
	sk_copy(&r->c, out->http_order_hash, sizeof out->http_order_hash);
	sk_copy(&r->c, out->http_response_order_hash, sizeof out->http_response_order_hash);
	out->http_requests = sk_be32(&r->c);
	out->http_responses = sk_be32(&r->c);
}

static void put_ssh(struct sk_out *o, const struct sk_observation *ob)
{
	unsigned has = (ob->hassh[0] != '\0' ? HAS_FIRST : 0u) | (ob->hassh_server[0] != '\0' ? HAS_SECOND : 0u);
	SK_INVARIANT(sk_observe_is_md5(ob->hassh) && sk_observe_is_md5(ob->hassh_server));
	sk_put_be16(o, ob->ssh_client_version);
	sk_put_be16(o, ob->ssh_server_version);
	put_text(o, ob->ssh_client_software, sizeof ob->ssh_client_software);
	put_text(o, ob->ssh_server_software, sizeof ob->ssh_server_software);
	sk_put_u8(o, (uint8_t)has);
	if ((has & HAS_FIRST) != 0)
		put_hex(o, ob->hassh, MD5_BYTES);
	if ((has & HAS_SECOND) != 0)
		put_hex(o, ob->hassh_server, MD5_BYTES);
}

static void take_ssh(struct sk_observe_reader *r, struct sk_observation *out)
{
	out->ssh_client_version = sk_be16(&r->c);
	out->ssh_server_version = sk_be16(&r->c);
	take_text(r, out->ssh_client_software, sizeof out->ssh_client_software);
	take_text(r, out->ssh_server_software, sizeof out->ssh_server_software);
	uint8_t has = sk_observe_take_up_to(r, HAS_FIRST | HAS_SECOND);
	if ((has & HAS_FIRST) != 0)
		take_hex(r, out->hassh, MD5_BYTES);
	if ((has & HAS_SECOND) != 0)
		take_hex(r, out->hassh_server, MD5_BYTES);
}

static void put_command(struct sk_out *o, const struct sk_observation *ob)
{
	SK_INVARIANT(ob->command_code_count <= SK_OBSERVATION_CODES_MAX);
	sk_put_be32(o, ob->command_requests);
	sk_put_be32(o, ob->command_responses);
	sk_put_be32(o, ob->command_writes);
	sk_put_be32(o, ob->command_errors);
	sk_put_be16(o, ob->command_version);
	sk_put_be16(o, ob->command_detail);
	sk_put_be16(o, ob->command_status);
	sk_put_u8(o, ob->command_code_count);
	for (unsigned i = 0; i < ob->command_code_count; i++)
		sk_put_be16(o, ob->command_codes[i]);
}

static void take_command(struct sk_observe_reader *r, struct sk_observation *out)
{
	out->command_requests = sk_be32(&r->c);
	out->command_responses = sk_be32(&r->c);
	out->command_writes = sk_be32(&r->c);
	out->command_errors = sk_be32(&r->c);
	out->command_version = sk_be16(&r->c);
	out->command_detail = sk_be16(&r->c);
	out->command_status = sk_be16(&r->c);
	out->command_code_count = sk_observe_take_up_to(r, SK_OBSERVATION_CODES_MAX);
	for (unsigned i = 0; i < kept(out->command_code_count, SK_OBSERVATION_CODES_MAX); i++)
		out->command_codes[i] = sk_be16(&r->c);
}

static void put_detector(struct sk_out *o, const struct sk_observation *ob)
{
	SK_INVARIANT(ob->detector_percent <= PERCENT_MAX && ob->detector_bits <= DETECTOR_BITS_ALL);
	put_text(o, ob->detector, sizeof ob->detector);
	sk_put_u8(o, ob->detector_bits);
	sk_put_u8(o, ob->detector_percent);
	sk_put_be64(o, ob->detector_contacts);
	sk_put_be64(o, ob->detector_answered);
	sk_put_be64(o, ob->detector_peers);
	sk_put_be64(o, ob->detector_ports);
	sk_put_be64(o, ob->detector_value);
	sk_put_be64(o, ob->detector_limit);
	sk_put_be64(o, ob->detector_period_ms);
	sk_put_be32(o, ob->detector_spread_permille);
}

static void take_detector(struct sk_observe_reader *r, struct sk_observation *out)
{
	take_text(r, out->detector, sizeof out->detector);
	out->detector_bits = sk_observe_take_up_to(r, DETECTOR_BITS_ALL);
	out->detector_percent = sk_observe_take_up_to(r, PERCENT_MAX);
	out->detector_contacts = sk_be64(&r->c);
	out->detector_answered = sk_be64(&r->c);
	out->detector_peers = sk_be64(&r->c);
	out->detector_ports = sk_be64(&r->c);
	out->detector_value = sk_be64(&r->c);
	out->detector_limit = sk_be64(&r->c);
	out->detector_period_ms = sk_be64(&r->c);
	out->detector_spread_permille = sk_be32(&r->c);
}

static const struct section {
	uint16_t bit;
	void (*put)(struct sk_out *o, const struct sk_observation *observation);
	void (*take)(struct sk_observe_reader *r, struct sk_observation *out);
} sections[] = {
	{SK_SECTION_HITS, put_hits, take_hits}, {SK_SECTION_DNS, put_dns, take_dns},
	{SK_SECTION_TLS, put_tls, take_tls}, {SK_SECTION_SERVER, put_server, take_server},
	{SK_SECTION_CERTIFICATE, put_certificate, take_certificate}, {SK_SECTION_HTTP, put_http, take_http},
	{SK_SECTION_SSH, put_ssh, take_ssh}, {SK_SECTION_COMMAND, put_command, take_command},
	{SK_SECTION_DETECTOR, put_detector, take_detector},
};

void sk_observe_put_sections(struct sk_out *o, const struct sk_observation *observation)
{
	for (size_t i = 0; i < SK_COUNT(sections); i++)
		if ((observation->sections & sections[i].bit) != 0)
			sections[i].put(o, observation);
}

void sk_observe_take_sections(struct sk_observe_reader *r, struct sk_observation *out)
{
	for (size_t i = 0; i < SK_COUNT(sections); i++)
		if ((out->sections & sections[i].bit) != 0)
			sections[i].take(r, out);
}
