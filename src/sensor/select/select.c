/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/plain.h"
#include "select/select.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "name/name.h"
#include "select/sentence_priv.h"
#include "select/token_priv.h"

const char *sk_select_reason_name(enum sk_select_reason reason)
{
	static const char *const names[SK_SELECT_REASON_COUNT] = {"no_hit", "evicted", "shed", "fragment_timeout", "undecodable", "stopped"};
	SK_INVARIANT((unsigned)reason < SK_SELECT_REASON_COUNT);
	return names[reason];
}

/* Every member of an observation with its place, and the section that it belongs to (0: all have it). The policy's whitelist is asked for each by
   name; what it does not list is cleared. */
static const struct member {
	const char *name;
	uint16_t offset, size;
	uint16_t section;
} members[] = {
#define MEMBER(section, name) {#name, offsetof(struct sk_observation, name), sizeof ((struct sk_observation *)0)->name, section}
#define HITS(name) MEMBER(SK_SECTION_HITS, name)
#define DNS(name) MEMBER(SK_SECTION_DNS, name)
#define TLS(name) MEMBER(SK_SECTION_TLS, name)
#define SERVER(name) MEMBER(SK_SECTION_SERVER, name)
#define CERT(name) MEMBER(SK_SECTION_CERTIFICATE, name)
#define HTTP(name) MEMBER(SK_SECTION_HTTP, name)
#define SSH(name) MEMBER(SK_SECTION_SSH, name)
#define COMMAND(name) MEMBER(SK_SECTION_COMMAND, name)
#define DETECTOR(name) MEMBER(SK_SECTION_DETECTOR, name)
	MEMBER(0, kind), MEMBER(0, sections), MEMBER(0, class_), MEMBER(0, ip_proto), MEMBER(0, initiator_sure), MEMBER(0, tcp_flags), MEMBER(0, end),
	MEMBER(0, state), MEMBER(0, icmp_type), MEMBER(0, icmp_code), MEMBER(0, app), MEMBER(0, layers), MEMBER(0, tunnels), MEMBER(0, interface),
	MEMBER(0, initiator_port), MEMBER(0, responder_port), MEMBER(0, initiator), MEMBER(0, responder), MEMBER(0, first_ns), MEMBER(0, last_ns),
	MEMBER(0, packets), MEMBER(0, ip_bytes), MEMBER(0, frames), MEMBER(0, frame_bytes), MEMBER(0, metered_by), MEMBER(0, sampling),
	HITS(hit_count), HITS(hit_ids), HITS(hit_kinds), HITS(matched), HITS(rule_gid), HITS(rule_sid), HITS(rule_rev), HITS(rule_hash),
	DNS(dns_type), DNS(dns_flags), DNS(dns_rcode), DNS(dns_labels), DNS(dns_name_length), DNS(dns_entropy_x16), DNS(dns_queries), DNS(dns_responses),
	DNS(dns_nxdomain), DNS(dns_domain), TLS(tls_version), TLS(tls_bits), TLS(quic_version), TLS(sni_domain), TLS(alpn), TLS(ja3), TLS(ja4), TLS(ja4_second),
	SERVER(server_version), SERVER(server_cipher), SERVER(server_bits), SERVER(server_alpn), SERVER(ja3s), CERT(cert_sha1), CERT(cert_sha256),
	CERT(cert_issuer), CERT(cert_subject), CERT(cert_not_before_s), CERT(cert_not_after_s), CERT(cert_version), CERT(cert_chain), CERT(cert_bits),
	HTTP(http_method), HTTP(http_host_domain), HTTP(http_status), HTTP(http_path_length), HTTP(http_version), HTTP(http_path_depth), HTTP(http_bits),
	HTTP(http_header_count), HTTP(http_response_header_count), HTTP(http_path_hash), HTTP(http_order_hash), HTTP(http_response_order_hash),
	HTTP(http_requests), HTTP(http_responses), SSH(ssh_client_version), SSH(ssh_server_version), SSH(ssh_client_software), SSH(ssh_server_software),
	SSH(hassh), SSH(hassh_server), COMMAND(command_requests), COMMAND(command_responses), COMMAND(command_writes), COMMAND(command_errors),
	COMMAND(command_version), COMMAND(command_detail), COMMAND(command_status), COMMAND(command_code_count), COMMAND(command_codes),
	DETECTOR(detector), DETECTOR(detector_bits), DETECTOR(detector_percent), DETECTOR(detector_contacts), DETECTOR(detector_answered), DETECTOR(detector_peers),
	DETECTOR(detector_ports), DETECTOR(detector_value), DETECTOR(detector_limit), DETECTOR(detector_period_ms), DETECTOR(detector_spread_permille),
#undef MEMBER
#undef HITS
#undef DNS
#undef TLS
#undef SERVER
#undef CERT
#undef HTTP
#undef SSH
#undef COMMAND
#undef DETECTOR
};
enum {
	SECTION_COUNT = 9, KNOWN_NAMES = 1024
};

_Static_assert(1 << SK_OBSERVATION_COMMAND_BIT == SK_SELECTOR_COMMAND, "an observation tells rules from values");
/* The contract's words and the set's words for kinds are the same bits: rules are written in one and checked against the other. */
_Static_assert((int)SK_INDICATOR_ADDRESS == (int)SK_SELECTOR_ADDRESS && (int)SK_INDICATOR_PREFIX == (int)SK_SELECTOR_PREFIX &&
	       (int)SK_INDICATOR_DOMAIN == (int)SK_SELECTOR_DOMAIN && (int)SK_INDICATOR_JA3 == (int)SK_SELECTOR_JA3 &&
	       (int)SK_INDICATOR_JA4 == (int)SK_SELECTOR_JA4 && (int)SK_INDICATOR_FLOW_ALL == (int)SK_SELECTOR_FLOW_ALL &&
	       (int)SK_INDICATOR_URL == (int)SK_SELECTOR_URL && (int)SK_INDICATOR_HASSH == (int)SK_SELECTOR_HASSH &&
	       (int)SK_INDICATOR_HASSH_SERVER == (int)SK_SELECTOR_HASSH_SERVER && (int)SK_INDICATOR_JA3S == (int)SK_SELECTOR_JA3S &&
	       (int)SK_INDICATOR_CERT_SHA1 == (int)SK_SELECTOR_CERT_SHA1 && (int)SK_INDICATOR_CERT_SHA256 == (int)SK_SELECTOR_CERT_SHA256 &&
	       (int)SK_INDICATOR_KIND_COUNT + 1 == (int)SK_SELECTOR_KIND_COUNT && (int)SK_SELECTOR_COMMAND == 1 << SK_INDICATOR_KIND_COUNT, "kinds are the same bits; a command is none of indicator's");

/* How much of a name is its registered domain, by a keyed hash of the name: most names come again and again, and the public suffix list takes as long as all the rest of
   their segment. No name stands here. */
struct known_name {
	uint64_t hash;                          /* 0: none */
	uint8_t length;                         /* 0: it has no registered domain */
};

struct sk_select {
	const struct sk_indicator_set *set;
	const struct sk_rules *rules;
	const struct sk_observe_sink *sink;
	struct sk_suffixes *suffixes;
	bool names, simulated, flow_all;
	bool flow_as_is;                        /* the sink takes histories, and there is nothing in one to clear or to tokenise */
	size_t cleared_count;                   /* members that are not on the whitelist */
	const struct member *cleared[SK_COUNT(members)];
	struct {
		size_t start, end;
	} parts[1 + SECTION_COUNT];             /* where the core and each section lie in an observation */
	double weight[SK_DNS_NAME_MAX];         /* n log2 n, for entropies */
	uint64_t step[SK_DNS_NAME_MAX - 1];     /* from one to the next, in units of 1 / step_unit */
	uint8_t known_key[SK_SIP_KEY_BYTES];
	struct known_name known[KNOWN_NAMES];
	struct sk_select_counts counts;
	struct sk_token_maker tokens;
	struct sk_observation observation;      /* the one in hand; zero between segments */
};

/* 2^48: the largest sum, 255 log2 255, fits 64 bits, and what is lost of it is far below the 1e-9 that rounding is given. */
static const double step_unit = 281474976710656.0;

/* The part that a member belongs to: 0 the core, then the sections in the order of their bits. */
static unsigned part_of(const struct member *member)
{
	return member->section != 0 ? 1u + (unsigned)__builtin_ctz(member->section) : 0;
}

static void prepare(struct sk_select *select)
{
	for (size_t i = 0; i < SK_COUNT(select->parts); i++)
		select->parts[i].start = sizeof select->observation;
	for (size_t i = 0; i < SK_COUNT(members); i++) {
		const struct member *member = &members[i];
		size_t *start = &select->parts[part_of(member)].start, *end = &select->parts[part_of(member)].end;
		if (sk_policy_field(member->name) == NULL)
			select->cleared[select->cleared_count++] = member;
		*start = member->offset < *start ? member->offset : *start;
		*end = member->offset + (size_t)member->size > *end ? member->offset + (size_t)member->size : *end;
	}
	for (size_t n = 2; n < SK_COUNT(select->weight); n++)
		select->weight[n] = (double)n * log2((double)n);
	for (size_t n = 0; n < SK_COUNT(select->step); n++)
		select->step[n] = (uint64_t)(select->weight[n + 1] * step_unit) - (uint64_t)(select->weight[n] * step_unit);
}

enum sk_err sk_select_new(const struct sk_basis *basis, const struct sk_indicator_set *set, const struct sk_observe_sink *sink,
			  struct sk_select **out)
{
	struct sk_select *select = calloc(1, sizeof *select);
	if (select == NULL)
		return SK_ENOMEM;
	select->sink = sink;
	prepare(select);
	sk_random(select->tokens.key, SK_KEY_BYTES); /* here, for a worker that takes over another basis stands behind its walls */
	sk_select_switch(select, basis, set);
	if (sk_suffixes_open(&select->suffixes) == SK_ENOMEM) { /* without a list nothing is kept of a name */
		free(select);
		return SK_ENOMEM;
	}
	sk_random(select->known_key, sizeof select->known_key);
	sk_random(select->tokens.told_key, sizeof select->tokens.told_key);
	*out = select;
	return SK_OK;
}

void sk_select_switch(struct sk_select *select, const struct sk_basis *basis, const struct sk_indicator_set *set)
{
	enum sk_basis_kind kind;
	enum sk_role role;
	struct sk_indicator_hit all;
	select->set = set;
	select->simulated = basis->simulated;
	select->flow_all = set != NULL && sk_indicator_flow_all(set, &all);
	/* The basis asks, policy decides. */
	select->names = basis->names && sk_basis_kind_parse(basis->kind, &kind) == SK_OK && sk_role_parse(basis->role, &role) == SK_OK &&
			sk_policy_names(kind, role);
	/* Where policy demands tokens and nobody brought a key, they are under one that is nobody's: never in clear. A kind that is not known demands them. */
	bool demanded = sk_basis_kind_parse(basis->kind, &kind) != SK_OK || sk_policy_tokens(kind);
	select->tokens.on = select->sink->token_key != NULL || demanded;
	if (select->sink->token_key != NULL)
		memcpy(select->tokens.key, select->sink->token_key, SK_KEY_BYTES);
	select->flow_as_is = select->sink->flow != NULL && !select->tokens.on && select->cleared_count == 0;
}

void sk_select_rules(struct sk_select *select, const struct sk_rules *rules)
{
	select->rules = rules;
}

void sk_select_free(struct sk_select *select)
{
	if (select == NULL)
		return;
	sk_suffixes_close(select->suffixes);
	sk_wipe(select, sizeof *select);
	free(select);
}

const struct sk_select_counts *sk_select_counts(const struct sk_select *select)
{
	return &select->counts;
}

void sk_select_erase(struct sk_select *select, enum sk_select_reason reason, uint64_t frames, uint64_t bytes)
{
	select->counts.erased_frames[reason] += frames;
	select->counts.erased_bytes[reason] += bytes;
}

/* ---- names ---- */

/* Is name the domain itself or below it? */
static bool is_under(const char *name, const char *domain)
{
	size_t length = strlen(name), width = strlen(domain);
	return width != 0 && length >= width && strcmp(name + length - width, domain) == 0 && (length == width || name[length - width - 1] == '.');
}

static const char *registered_domain(struct sk_select *select, const char *name)
{
	if (select->suffixes == NULL)
		return NULL;
	size_t length = strlen(name);
	uint64_t hash = sk_siphash13(select->known_key, name, length);
	struct known_name *known = &select->known[hash % KNOWN_NAMES];
	if (known->hash != hash || hash == 0) {
		const char *domain = sk_suffixes_registered(select->suffixes, name);
		*known = (struct known_name){.hash = hash, .length = (uint8_t)(domain != NULL ? strlen(domain) : 0)};
	}
	return known->length != 0 ? name + length - known->length : NULL;
}

/* The domain that a selector of this segment names; else the registered domain (public suffix plus one label), which says whose it is and not what
   was asked. An address where a name should be is kept only when it is the responder's, which the record tells anyway. */
static const char *reduced(struct sk_select *select, const struct sk_flow_record *record, const char *name,
			   char matched[SK_OBSERVATION_DOMAIN_MAX])
{
	const struct sk_flow_facts *facts = record->facts;
	uint32_t hits = facts->hit_count < SK_FLOW_HITS_MAX ? facts->hit_count : SK_FLOW_HITS_MAX;
	struct sk_addr addr;
	for (uint32_t i = 0; i < hits; i++)
		if ((1u << facts->hit_kinds[i]) == SK_SELECTOR_DOMAIN &&
		    is_under(name, sk_indicator_value(select->set, facts->hit_ids[i], matched, SK_OBSERVATION_DOMAIN_MAX)))
			return matched;
	if (sk_addr_parse(name, &addr) == SK_OK)
		return sk_addr_equal(&addr, &record->responder) ? name : NULL;
	return registered_domain(select, name);
}

/* As a token: what would be kept without the names permit, and under the permit a token of the whole in front. An address is never kept for a name. */
static void tokenise_name(struct sk_select *select, const struct sk_flow_record *record, const char *name, char out[SK_OBSERVATION_DOMAIN_MAX])
{
	char matched[SK_OBSERVATION_DOMAIN_MAX];
	struct sk_addr addr;
	if (sk_addr_parse(name, &addr) == SK_OK)
		return;
	const char *kept = reduced(select, record, name, matched);
	size_t length = kept != NULL ? strlen(kept) : 0;
	if (select->names && length < strlen(name))
		sk_token_name(&select->tokens, name, kept != NULL ? kept : "", record->first_ns, out);
	else if (length < SK_OBSERVATION_DOMAIN_MAX && length != 0)
		memcpy(out, kept, length + 1);
}

/* What may be kept of a name: all of it under the names permit, else a part. rule: SELECT-2 */
static void reduce_name(struct sk_select *select, const struct sk_flow_record *record, const char *name, char out[SK_OBSERVATION_DOMAIN_MAX])
{
	char matched[SK_OBSERVATION_DOMAIN_MAX];
	if (select->tokens.on) {
		tokenise_name(select, record, name, out);
		return;
	}
	const char *kept = select->names ? name : reduced(select, record, name, matched);
	size_t length = kept != NULL ? strlen(kept) : 0;
	if (length < SK_OBSERVATION_DOMAIN_MAX && length != 0)
		memcpy(out, kept, length + 1);
}

/* Shannon entropy of a name's bytes, bits a byte x 16: log2 n - sum(c log2 c) / n. The sum is told by the steps to it: each byte adds what one more of its kind does,
   in fixed point, where steps add up to the weight exactly. */
static uint8_t entropy_x16(const struct sk_select *select, const char *name)
{
	uint8_t counts[256] = {0};
	size_t length = 0;
	uint64_t sum = 0;
	for (; length < SK_COUNT(select->weight) - 1 && name[length] != '\0'; length++)
		sum += select->step[counts[(unsigned char)name[length]]++];
	return length != 0 ? (uint8_t)((select->weight[length] - (double)sum / step_unit) / (double)length * 16 + 1e-9) : 0;
}

/* ---- minting ---- */

/* Of a rule its number, and a keyed hash of what fitted it. */
static void fill_rule(const struct sk_rules *rules, const struct sk_flow_facts *facts, uint32_t i, struct sk_observation *out)
{
	if (facts->hit_kinds[i] != SK_OBSERVATION_COMMAND_BIT)
		return;
	const struct sk_rule *rule = sk_rules_at(rules, facts->hit_ids[i]);
	out->rule_gid[i] = rule->gid;
	out->rule_sid[i] = rule->sid;
	out->rule_rev[i] = rule->rev;
	out->rule_hash[i] = facts->hit_hashes[i];
}

static void fill_hits(const struct sk_select *select, const struct sk_flow_facts *facts, struct sk_observation *out)
{
	out->hit_count = facts->hit_count;
	memcpy(out->hit_ids, facts->hit_ids, sizeof out->hit_ids);
	memcpy(out->hit_kinds, facts->hit_kinds, sizeof out->hit_kinds);
	(void)sk_sentence_value(select->set, select->rules, facts, 0, out->matched);
	for (uint32_t i = 0; select->rules != NULL && i < facts->hit_count && i < SK_FLOW_HITS_MAX; i++)
		fill_rule(select->rules, facts, i, out);
}

static void fill_dns(struct sk_select *select, const struct sk_flow_record *record, struct sk_observation *out)
{
	const struct sk_flow_facts *facts = record->facts;
	out->dns_type = facts->dns.query_type;
	out->dns_flags = facts->dns.flags;
	out->dns_rcode = facts->dns.rcode;
	out->dns_labels = facts->dns.label_count;
	out->dns_name_length = facts->dns.name_length;
	out->dns_entropy_x16 = entropy_x16(select, facts->dns.name);
	out->dns_queries = facts->dns_queries;
	out->dns_responses = facts->dns_responses;
	out->dns_nxdomain = facts->dns_nxdomain;
	reduce_name(select, record, facts->dns.name, out->dns_domain);
}

static void fill_tls(struct sk_select *select, const struct sk_flow_record *record, struct sk_observation *out)
{
	const struct sk_client_hello *hello = &record->facts->tls;
	out->tls_version = hello->highest_version;
	out->tls_bits = (uint8_t)((hello->has_sni ? SK_TLS_BIT_SNI : 0) | (hello->has_ech ? SK_TLS_BIT_ECH : 0) |
				  (hello->ech_inner ? SK_TLS_BIT_ECH_INNER : 0) |
				  (hello->has_esni ? SK_TLS_BIT_ESNI : 0) | (hello->has_grease ? SK_TLS_BIT_GREASE : 0) |
				  (hello->quic ? SK_TLS_BIT_QUIC : 0) | (hello->dtls ? SK_TLS_BIT_DTLS : 0));
	out->quic_version = record->facts->quic_version;
	memcpy(out->alpn, hello->alpn_first, sizeof out->alpn);
	memcpy(out->ja3, hello->ja3, sizeof out->ja3);
	memcpy(out->ja4, hello->ja4, sizeof out->ja4);
	memcpy(out->ja4_second, record->facts->ja4_second, sizeof out->ja4_second);
	if (hello->has_sni)
		reduce_name(select, record, hello->sni, out->sni_domain);
}

static void fill_server(const struct sk_server_hello *hello, struct sk_observation *out)
{
	out->server_version = hello->version;
	out->server_cipher = hello->cipher;
	out->server_bits = (uint8_t)((hello->quic ? SK_TLS_BIT_QUIC : 0) | (hello->dtls ? SK_TLS_BIT_DTLS : 0) |
				     (hello->hello_retry ? SK_TLS_BIT_RETRY : 0));
	memcpy(out->server_alpn, hello->alpn, sizeof out->server_alpn);
	memcpy(out->ja3s, hello->ja3s, sizeof out->ja3s);
}

static void fill_certificate(const struct sk_certificate *certificate, struct sk_observation *out)
{
	memcpy(out->cert_sha1, certificate->sha1, sizeof out->cert_sha1);
	memcpy(out->cert_sha256, certificate->sha256, sizeof out->cert_sha256);
	memcpy(out->cert_issuer, certificate->issuer_hash, sizeof out->cert_issuer);
	memcpy(out->cert_subject, certificate->subject_hash, sizeof out->cert_subject);
	out->cert_not_before_s = certificate->not_before_s;
	out->cert_not_after_s = certificate->not_after_s;
	out->cert_version = certificate->version;
	out->cert_chain = certificate->chain_length;
	out->cert_bits = (uint8_t)((certificate->self_signed ? SK_CERT_BIT_SELF_SIGNED : 0) | (certificate->parsed ? SK_CERT_BIT_PARSED : 0) |
				   (certificate->whole ? SK_CERT_BIT_WHOLE : 0));
}

static void fill_http(struct sk_select *select, const struct sk_flow_record *record, struct sk_observation *out)
{
	const struct sk_flow_http *http = &record->facts->http;
	memcpy(out->http_method, http->method, sizeof out->http_method);
	out->http_status = http->status;
	out->http_path_length = http->path_length;
	out->http_version = http->version;
	out->http_path_depth = http->path_depth;
	out->http_bits = (uint8_t)((http->has_request ? SK_HTTP_BIT_REQUEST : 0) | (http->has_response ? SK_HTTP_BIT_RESPONSE : 0) |
				   (http->has_query ? SK_HTTP_BIT_QUERY : 0) | (http->cut ? SK_HTTP_BIT_CUT : 0));
	out->http_header_count = http->header_count;
	out->http_response_header_count = http->response_header_count;
	memcpy(out->http_path_hash, http->path_hash, sizeof out->http_path_hash);
	memcpy(out->http_order_hash, http->order_hash, sizeof out->http_order_hash);
	memcpy(out->http_response_order_hash, http->response_order_hash, sizeof out->http_response_order_hash);
	out->http_requests = http->requests;
	out->http_responses = http->responses;
	if (http->host_length != 0)
		reduce_name(select, record, http->host, out->http_host_domain);
}

static void fill_ssh(const struct sk_flow_ssh *ssh, struct sk_observation *out)
{
	out->ssh_client_version = (uint16_t)(ssh->side[0].major << 8 | ssh->side[0].minor);
	out->ssh_server_version = (uint16_t)(ssh->side[1].major << 8 | ssh->side[1].minor);
	memcpy(out->ssh_client_software, ssh->side[0].software, sizeof out->ssh_client_software);
	memcpy(out->ssh_server_software, ssh->side[1].software, sizeof out->ssh_server_software);
	memcpy(out->hassh, ssh->side[0].hassh, sizeof out->hassh);
	memcpy(out->hassh_server, ssh->side[1].hassh, sizeof out->hassh_server);
}

static void fill_command(const struct sk_flow_command *command, struct sk_observation *out)
{
	out->command_requests = command->requests;
	out->command_responses = command->responses;
	out->command_writes = command->writes;
	out->command_errors = command->errors;
	out->command_version = command->version;
	out->command_detail = command->detail;
	out->command_status = command->status;
	out->command_code_count = (uint8_t)command->code_count;
	memcpy(out->command_codes, command->codes, sizeof out->command_codes);
}

static void fill_facts(struct sk_select *select, const struct sk_flow_record *record, struct sk_observation *out)
{
	const struct sk_flow_facts *facts = record->facts;
	out->sections = (uint8_t)((facts->hit_count != 0 ? SK_SECTION_HITS : 0) | (facts->has_dns ? SK_SECTION_DNS : 0) |
				  (facts->has_tls ? SK_SECTION_TLS : 0) | (facts->has_server ? SK_SECTION_SERVER : 0) | (facts->has_certificate ? SK_SECTION_CERTIFICATE : 0) |
				  (facts->has_http ? SK_SECTION_HTTP : 0) | (facts->has_ssh ? SK_SECTION_SSH : 0) |
				  (facts->has_command ? SK_SECTION_COMMAND : 0));
	if (facts->hit_count != 0)
		fill_hits(select, facts, out);
	if (facts->has_dns)
		fill_dns(select, record, out);
	if (facts->has_tls)
		fill_tls(select, record, out);
	if (facts->has_server)
		fill_server(&facts->server, out);
	if (facts->has_certificate)
		fill_certificate(&facts->certificate, out);
	if (facts->has_http)
		fill_http(select, record, out);
	if (facts->has_ssh)
		fill_ssh(&facts->ssh, out);
	if (facts->has_command)
		fill_command(&facts->command, out);
}

_Static_assert(sizeof ((struct sk_observation *)0)->http_method == SK_HTTP_METHOD_MAX && sizeof ((struct sk_observation *)0)->alpn == 16 &&
	       sizeof ((struct sk_observation *)0)->ssh_client_software == SK_SSH_SOFTWARE_MAX &&
	       (int)SK_OBSERVATION_CODES_MAX == (int)SK_FLOW_CODES_MAX, "texts and lists of heads fit an observation");
_Static_assert((int)SK_FLOW_HITS_MAX == (int)SK_OBSERVATION_HITS_MAX, "facts fit an observation");

static void put_findings(struct sk_select *select, const struct sk_flow_facts *facts, const struct sk_observation *observation)
{
	uint32_t hits = facts->hit_count < SK_FLOW_HITS_MAX ? facts->hit_count : SK_FLOW_HITS_MAX;
	for (uint32_t i = 0; i < hits; i++) {
		struct sk_finding finding;
		sk_sentence_finding(select->set, select->rules, facts, i, observation, select->simulated, &finding);
		select->sink->finding(select->sink->context, &finding, observation);
		select->counts.findings++;
	}
}

/* The fate of a segment that nothing selected. At the end of a capture it is complete as far as the source goes, so nothing matched it; `stopped` is
   said only where collection was ended on it. Where nothing was asked for want of time, `no_hit` would claim too much. */
static enum sk_select_reason reason_of(const struct sk_flow_record *record)
{
	return record->end == SK_FLOW_END_EVICTED ? SK_SELECT_EVICTED : record->end == SK_FLOW_END_BASIS ? SK_SELECT_STOPPED : record->shed ? SK_SELECT_SHED : SK_SELECT_NO_HIT;
}

/* Overwrite what was filled: the core and these sections. The rest is zero already. */
static void wipe_observation(struct sk_select *select, unsigned sections)
{
	uint8_t *bytes = (uint8_t *)&select->observation;
	if (SK_LIKELY(sections == 0)) {
		sk_wipe_small(bytes, SK_OBSERVATION_CORE_BYTES);
		return;
	}
	for (unsigned part = 0, bits = sections << 1 | 1; bits != 0; part++, bits >>= 1)
		if ((bits & 1) != 0)
			sk_wipe(bytes + select->parts[part].start, select->parts[part].end - select->parts[part].start);
}

/* What the whitelist does not name. */
static void clear_unlisted(struct sk_select *select)
{
	for (size_t i = 0; i < select->cleared_count; i++)
		memset((uint8_t *)&select->observation + select->cleared[i]->offset, 0, select->cleared[i]->size);
}

/* Is it kept, and why? rule: SELECT-1 */
static bool is_selected(const struct sk_select *select, const struct sk_flow_record *record, bool *hit)
{
	*hit = record->facts != NULL && record->facts->hit_count != 0;
	return *hit || select->flow_all;
}

/* The domestic side, by the class: who is abroad is told. */
static void tokenise_hosts(struct sk_select *select, struct sk_observation *observation)
{
	if (!select->tokens.on)
		return;
	if (observation->class_ == SK_CLASS_DF)
		sk_token_address(&select->tokens, &observation->initiator, observation->first_ns);
	else if (observation->class_ == SK_CLASS_FD)
		sk_token_address(&select->tokens, &observation->responder, observation->first_ns);
}

/* Was there room for it? */
static inline bool count_record(struct sk_select *select, bool taken)
{
	if (SK_LIKELY(taken))
		select->counts.observations++;
	else
		select->counts.spool_full++;
	return taken;
}

__attribute__((noinline)) static bool mint_observation(struct sk_select *select, const struct sk_flow_record *record, bool hit)
{
	const struct sk_flow_facts *facts = record->facts;
	struct sk_observation *observation = &select->observation;
	observation->kind = hit ? SK_OBSERVATION_HIT : SK_OBSERVATION_FLOW;
	observation->history = record->history;
	if (facts != NULL)
		fill_facts(select, record, observation);
	tokenise_hosts(select, observation);
	unsigned filled = observation->sections;
	clear_unlisted(select);
	bool taken = count_record(select, select->sink->observation(select->sink->context, observation));
	if (taken && hit)
		put_findings(select, facts, observation);
	if (SK_UNLIKELY(select->tokens.pending_count != 0))
		sk_token_settle(&select->tokens, select->sink, taken);
	wipe_observation(select, filled);
	return taken;
}

/* Most segments under flow.all say nothing but their history: no observation is built of what a sink takes as it stands. */
static inline bool mint(struct sk_select *select, const struct sk_flow_record *record, bool hit)
{
	bool alone = record->facts == NULL && select->flow_as_is && sk_history_is_plain(&record->history);
	if (SK_UNLIKELY(!alone))
		return mint_observation(select, record, hit);
	return count_record(select, select->sink->flow(select->sink->context, &record->history));
}

void sk_select_segment(struct sk_select *select, const struct sk_flow_record *record)
{
	bool hit;
	if (!is_selected(select, record, &hit)) {
		sk_select_erase(select, reason_of(record), record->frames, record->frame_bytes);
		return;
	}
	if (SK_UNLIKELY(!mint(select, record, hit))) {
		sk_select_erase(select, SK_SELECT_SHED, record->frames, record->frame_bytes);
		return;
	}
	select->counts.selected_frames += record->frames;
	select->counts.selected_bytes += record->frame_bytes;
}

bool sk_select_metered(struct sk_select *select, const struct sk_flow_record *record)
{
	bool hit;
	return is_selected(select, record, &hit) && mint(select, record, hit);
}

/* ---- events of detectors ---- */

#define EVENT_SPAN_NS (INT64_C(86400) * 1000000000)

/* Initiator and responder have one family; who is not known is nobody. */
static void fill_event(struct sk_select *select, const struct sk_detection *detection, struct sk_observation *out)
{
	size_t rows;
	const struct sk_detector_row *row = &sk_policy_detectors(&rows)[detection->detector];
	out->kind = SK_OBSERVATION_EVENT;
	out->sections = SK_SECTION_HITS | SK_SECTION_DETECTOR;
	out->class_ = detection->class_;
	out->ip_proto = detection->ip_proto;
	out->app = detection->app;
	out->initiator_sure = true;
	out->layers = 1;
	out->initiator_port = detection->initiator_port;
	out->responder_port = detection->responder_port;
	out->initiator = detection->initiator;
	out->responder = detection->responder;
	if (out->responder.family == 0)
		out->responder = (struct sk_addr){.family = out->initiator.family};
	if (out->initiator.family == 0)
		out->initiator = (struct sk_addr){.family = out->responder.family};
	/* Words may reach further back; a record lies within a day, as the store expects it. */
	out->first_ns = detection->last_ns - detection->first_ns > EVENT_SPAN_NS ? detection->last_ns - EVENT_SPAN_NS : detection->first_ns;
	out->last_ns = detection->last_ns;
	memcpy(out->packets, detection->packets, sizeof out->packets);
	memcpy(out->ip_bytes, detection->bytes, sizeof out->ip_bytes);
	out->frames = detection->packets[0] + detection->packets[1];
	memcpy(out->matched, detection->matched, strnlen(detection->matched, sizeof detection->matched - 1));
	memcpy(out->detector, row->name, strlen(row->name));
	out->detector_bits = (uint8_t)((detection->of_responder ? SK_DETECTOR_BIT_RESPONDER : 0) | (detection->half_view ? SK_DETECTOR_BIT_HALF : 0));
	out->detector_percent = detection->percent;
	out->detector_contacts = detection->contacts;
	out->detector_answered = detection->answered;
	out->detector_peers = detection->peers;
	out->detector_ports = detection->ports;
	out->detector_value = detection->value;
	out->detector_limit = detection->limit;
	out->detector_period_ms = detection->period_ms;
	out->detector_spread_permille = detection->spread_permille;
	if (detection->text[0] != '\0') {
		/* A domain, in full only where names are switched on. */
		const char *kept = select->names && !select->tokens.on ? detection->text : registered_domain(select, detection->text);
		out->sections |= SK_SECTION_DNS;
		if (kept != NULL)
			(void)snprintf(out->dns_domain, sizeof out->dns_domain, "%s", kept);
	}
}

void sk_select_event(struct sk_select *select, const struct sk_kit *kit, const struct sk_detection *detection)
{
	struct sk_observation *observation = &select->observation;
	struct sk_finding finding;
	struct sk_detection told = *detection;
	fill_event(select, detection, observation);
	tokenise_hosts(select, observation);
	told.initiator = observation->initiator; /* its words too */
	told.responder = observation->responder;
	unsigned filled = observation->sections;
	clear_unlisted(select);
	if (select->sink->observation(select->sink->context, observation)) {
		select->counts.observations++;
		select->counts.findings++;
		select->counts.events++;
		sk_sentence_event(kit, &told, observation, select->simulated, &finding);
		select->sink->finding(select->sink->context, &finding, observation);
		sk_token_settle(&select->tokens, select->sink, true);
	} else {
		select->counts.spool_full++;
		sk_token_settle(&select->tokens, select->sink, false);
	}
	wipe_observation(select, filled);
	sk_wipe_small(&told, sizeof told);
}
