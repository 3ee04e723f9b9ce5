/* SPDX-License-Identifier: Apache-2.0 */
/* What of a head stays with a segment until its fate is known. A segment speaks one protocol besides TLS: the first one that was read is kept. */
#include "detect/detect_priv.h"

enum { SWITCHING_PROTOCOLS = 101 };

/* May this kind be kept, that is: is no other there? */
static bool is_free(const struct sk_flow_facts *facts, bool mine)
{
	return mine || !(facts->has_dns || facts->has_http || facts->has_ssh || facts->has_command);
}

static void keep_dns(struct sk_flow_facts *facts, const struct sk_dns *dns)
{
	if (!is_free(facts, facts->has_dns))
		return;
	if (facts->dns.name_length > dns->name_length)
		sk_wipe(facts->dns.name + dns->name_length, facts->dns.name_length - dns->name_length);
	facts->has_dns = true;
	memcpy(&facts->dns, dns, sk_dns_used(dns)); /* no address: whoever answered is not what was asked about */
	if (!dns->response)
		facts->dns_queries++;
	else
		facts->dns_responses++;
	if (dns->response && dns->rcode == 3)
		facts->dns_nxdomain++;
}

/* The first hello names the client: the second after a HelloRetryRequest is bent to what the server asked for, and only its own fingerprint is kept beside. */
static void keep_client_hello(struct sk_flow_facts *facts, const struct sk_head *head)
{
	const char *ja4 = head->as.client_hello.ja4;
	if (facts->has_tls) {
		if (facts->ja4_second[0] == '\0' && strcmp(ja4, facts->tls.ja4) != 0)
			memcpy(facts->ja4_second, ja4, sizeof facts->ja4_second);
		return;
	}
	facts->has_tls = true;
	facts->tls = head->as.client_hello;
	facts->quic_version = head->quic_version;
}

static void keep_server_hello(struct sk_flow_facts *facts, const struct sk_server_hello *hello)
{
	if (facts->has_server && !facts->server.hello_retry)
		return;
	bool retried = facts->has_server;
	facts->has_server = true;
	facts->server = *hello;
	facts->server.hello_retry |= retried;
}

static void keep_request(struct sk_flow_http *kept, const struct sk_http *http)
{
	kept->requests++;
	if (kept->has_request)
		return;
	kept->has_request = true;
	kept->has_query = http->has_query;
	kept->cut |= http->cut;
	kept->version = http->version;
	kept->path_depth = http->path_depth;
	kept->path_length = http->path_length;
	kept->header_count = http->header_count;
	kept->host_length = http->host_length;
	memcpy(kept->method, http->method, sizeof kept->method);
	memcpy(kept->host, http->host, sizeof kept->host);
	memcpy(kept->path_hash, http->path_hash, sizeof kept->path_hash);
	memcpy(kept->order_hash, http->header_order_hash, sizeof kept->order_hash);
}

static void keep_response(struct sk_flow_http *kept, const struct sk_http *http)
{
	/* RFC 9110 15.2: those below 200 come before the answer. 101 is the last that is said in HTTP. */
	if (http->status < 200 && http->status != SWITCHING_PROTOCOLS)
		return;
	kept->responses++;
	if (kept->has_response)
		return;
	kept->has_response = true;
	kept->cut |= http->cut;
	kept->status = http->status;
	kept->response_header_count = http->header_count;
	memcpy(kept->response_order_hash, http->header_order_hash, sizeof kept->response_order_hash);
	if (!kept->has_request)
		kept->version = http->version;
}

static void keep_http(struct sk_flow_facts *facts, const struct sk_http *http)
{
	if (!is_free(facts, facts->has_http))
		return;
	facts->has_http = true;
	if (http->response)
		keep_response(&facts->http, http);
	else
		keep_request(&facts->http, http);
}

/* An identification comes first; its key exchange replaces it. */
static void keep_ssh(struct sk_flow_facts *facts, const struct sk_ssh *ssh, bool from_initiator)
{
	if (!is_free(facts, facts->has_ssh))
		return;
	facts->has_ssh = true;
	facts->ssh.side[!from_initiator] = *ssh;
}

static void keep_code(struct sk_flow_command *kept, uint16_t code)
{
	for (unsigned i = 0; i < kept->code_count; i++)
		if (kept->codes[i] == code)
			return;
	if (kept->code_count < SK_FLOW_CODES_MAX)
		kept->codes[kept->code_count++] = code;
}

static void keep_command(struct sk_flow_facts *facts, const struct sk_command *command)
{
	if (!is_free(facts, facts->has_command))
		return;
	struct sk_flow_command *kept = &facts->command;
	facts->has_command = true;
	if (kept->version == 0)
		kept->version = command->version;
	if (command->code == SK_COMMAND_NO_CODE)
		return;
	if (command->response)
		kept->responses++;
	else
		kept->requests++;
	kept->writes += command->write;
	kept->errors += command->error;
	if (kept->detail == 0)
		kept->detail = command->detail;
	if (kept->status == 0)
		kept->status = command->status;
	keep_code(kept, command->code);
}

void sk_detect_keep(struct sk_flow_facts *facts, const struct sk_head *head)
{
	switch (head->kind) {
	case SK_HEAD_DNS: keep_dns(facts, &head->as.dns); break;
	case SK_HEAD_CLIENT_HELLO: keep_client_hello(facts, head); break;
	case SK_HEAD_SERVER_HELLO: keep_server_hello(facts, &head->as.server_hello); break;
	case SK_HEAD_CERTIFICATE:
		facts->has_certificate = true;
		facts->certificate = head->as.certificate;
		break;
	case SK_HEAD_HTTP: keep_http(facts, &head->as.http); break;
	case SK_HEAD_SSH: keep_ssh(facts, &head->as.ssh, head->from_initiator); break;
	case SK_HEAD_COMMAND: keep_command(facts, &head->as.command); break;
	default: break;
	}
}
