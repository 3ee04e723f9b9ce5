/* SPDX-License-Identifier: Apache-2.0 */
/* What a rule may look at: buffers of a scene, and how they are made over for it. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/md5.h>
#include <openssl/sha.h>
#include <stdio.h>

#include "signature/signature_priv.h"
#include "text/text.h"

void sk_scene_put(struct scene *scene, enum sk_buffer buffer, struct sk_cur bytes)
{
	scene->present |= UINT64_C(1) << buffer;
	scene->buffers[buffer] = bytes;
}

uint8_t *sk_scene_scratch(struct sk_signature *s, struct scene *scene, size_t bytes)
{
	if (bytes > s->text_bytes - scene->scratch_used)
		return NULL;
	scene->scratch_used += bytes;
	return s->texts + scene->scratch_used - bytes;
}

void sk_scene_end(struct sk_signature *s, struct scene *scene)
{
	sk_wipe(s->texts, scene->scratch_used);
	scene->scratch_used = 0;
	scene->present = 0;
}

/* ---- transformations ---- */

static bool is_space(uint8_t byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static int nibble(uint8_t byte)
{
	uint8_t low = byte | 0x20;
	return byte >= '0' && byte <= '9' ? byte - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

static bool digest_of(enum sk_rule_transform how, struct sk_cur in, struct sk_out *out)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	size_t length = sk_left(&in), size = how == SK_TRANSFORM_MD5 ? MD5_DIGEST_LENGTH : how == SK_TRANSFORM_SHA1 ? SHA_DIGEST_LENGTH : SHA256_DIGEST_LENGTH;
	const uint8_t *bytes = sk_take(&in, length);
	int ok = 0;
	union {
		MD5_CTX md5;
		SHA_CTX sha1;
		SHA256_CTX sha256;
	} c;
	if (bytes == NULL)
		return false;
	if (how == SK_TRANSFORM_MD5)
		ok = MD5_Init(&c.md5) & MD5_Update(&c.md5, bytes, length) & MD5_Final(digest, &c.md5);
	else if (how == SK_TRANSFORM_SHA1)
		ok = SHA1_Init(&c.sha1) & SHA1_Update(&c.sha1, bytes, length) & SHA1_Final(digest, &c.sha1);
	else
		ok = SHA256_Init(&c.sha256) & SHA256_Update(&c.sha256, bytes, length) & SHA256_Final(digest, &c.sha256);
	sk_put_bytes(out, digest, size);
	return ok == 1;
}

static void put_byte(enum sk_rule_transform how, uint8_t byte, struct sk_cur *in, bool *space, struct sk_out *out)
{
	switch (how) {
	case SK_TRANSFORM_LOWER: sk_put_u8(out, byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte | 0x20) : byte); break;
	case SK_TRANSFORM_UPPER: sk_put_u8(out, byte >= 'a' && byte <= 'z' ? (uint8_t)(byte & ~0x20) : byte); break;
	case SK_TRANSFORM_STRIP:
		if (!is_space(byte))
			sk_put_u8(out, byte);
		break;
	case SK_TRANSFORM_COMPRESS:
		if (!is_space(byte) || !*space)
			sk_put_u8(out, byte);
		*space = is_space(byte);
		break;
	case SK_TRANSFORM_URL: {
		int high = byte == '%' ? nibble(sk_peek_u8(in, 0)) : -1, low = high >= 0 ? nibble(sk_peek_u8(in, 1)) : -1;
		if (low >= 0)
			sk_skip(in, 2);
		sk_put_u8(out, low >= 0 ? (uint8_t)(high << 4 | low) : byte == '+' ? ' ' : byte);
		break;
	}
	default: sk_put_u8(out, byte); break;
	}
}

static bool transform(struct sk_signature *s, struct scene *scene, enum sk_rule_transform how, struct sk_cur *bytes)
{
	size_t size = sk_left(bytes) + SHA256_DIGEST_LENGTH;
	uint8_t *memory = sk_scene_scratch(s, scene, size);
	if (memory == NULL)
		return false;
	struct sk_out out = sk_out_of(memory, size);
	bool space = false;
	if (how >= SK_TRANSFORM_MD5) {
		if (!digest_of(how, *bytes, &out))
			return false;
	} else {
		if (how == SK_TRANSFORM_DOTPREFIX)
			sk_put_u8(&out, '.');
		while (sk_more(bytes)) {
			uint8_t byte = sk_u8(bytes);
			put_byte(how, byte, bytes, &space, &out);
		}
	}
	*bytes = sk_cur_of(memory, sk_out_length(&out));
	return true;
}

bool sk_scene_buffer(struct sk_signature *s, struct scene *scene, const struct sk_rule_part *part, struct sk_cur *out)
{
	if ((scene->present >> part->buffer & 1) == 0)
		return false;
	*out = scene->buffers[part->buffer];
	for (uint8_t i = 0; i < part->transform_count; i++)
		if (!transform(s, scene, (enum sk_rule_transform)part->transforms[i], out))
			return false;
	return true;
}

/* ---- heads that flow read ---- */

static void put_text(struct scene *scene, enum sk_buffer buffer, const char *text, size_t length)
{
	if (length != 0)
		sk_scene_put(scene, buffer, sk_cur_of(text, length));
}

static void put_dns(struct scene *scene, const struct sk_dns *dns)
{
	scene->source = SK_SOURCE_DNS;
	/* The root is no name in Suricata's buffer. */
	size_t length = dns->name_length == 1 && dns->name[0] == '.' ? 0 : dns->name_length;
	if (!dns->response)
		put_text(scene, SK_BUFFER_DNS_QUERY, dns->name, length);
	put_text(scene, SK_BUFFER_DNS_RRNAME, dns->name, length);
}

static void put_client_hello(struct scene *scene, const struct sk_client_hello *hello)
{
	scene->source = SK_SOURCE_CLIENT_HELLO;
	put_text(scene, hello->quic ? SK_BUFFER_QUIC_SNI : SK_BUFFER_TLS_SNI, hello->sni, hello->sni_length);
	put_text(scene, SK_BUFFER_TLS_ALPN, hello->alpn_first, strlen(hello->alpn_first));
	put_text(scene, SK_BUFFER_JA3, hello->ja3, strlen(hello->ja3));
	put_text(scene, SK_BUFFER_JA4, hello->ja4, strlen(hello->ja4));
}

static void put_certificate(struct sk_signature *s, struct scene *scene, const struct sk_certificate *certificate)
{
	char hex[2 * SK_CERT_SHA1_BYTES + 1];
	uint8_t *memory = certificate->whole ? sk_scene_scratch(s, scene, 3 * SK_CERT_SHA1_BYTES) : NULL;
	scene->source = SK_SOURCE_CERTIFICATE;
	if (memory == NULL)
		return;
	struct sk_out out = sk_out_of(memory, 3 * SK_CERT_SHA1_BYTES);
	sk_hex_encode(certificate->sha1, SK_CERT_SHA1_BYTES, hex);
	for (unsigned i = 0; i < SK_CERT_SHA1_BYTES; i++) {
		if (i != 0)
			sk_put_u8(&out, ':');
		sk_put_bytes(&out, hex + 2 * (size_t)i, 2);
	}
	sk_scene_put(scene, SK_BUFFER_CERT_FINGERPRINT, sk_cur_of(memory, sk_out_length(&out)));
}

static void put_ssh(struct sk_signature *s, struct scene *scene, const struct sk_head *head)
{
	enum { VERSION_BYTES = 16 };
	const struct sk_ssh *ssh = &head->as.ssh;
	char *memory = (char *)sk_scene_scratch(s, scene, VERSION_BYTES);
	scene->source = SK_SOURCE_SSH;
	if (memory != NULL && ssh->has_banner) {
		int length = snprintf(memory, VERSION_BYTES, "%u.%u", (unsigned)ssh->major, (unsigned)ssh->minor);
		put_text(scene, SK_BUFFER_SSH_PROTO, memory, (size_t)length);
	}
	put_text(scene, SK_BUFFER_SSH_SOFTWARE, ssh->software, strlen(ssh->software));
	put_text(scene, head->from_initiator ? SK_BUFFER_HASSH : SK_BUFFER_HASSH_SERVER, ssh->hassh, strlen(ssh->hassh));
}

void sk_scene_head(struct sk_signature *s, struct scene *scene, const struct sk_head *head)
{
	scene->head = head;
	switch (head->kind) {
	case SK_HEAD_DNS: put_dns(scene, &head->as.dns); break;
	case SK_HEAD_CLIENT_HELLO: put_client_hello(scene, &head->as.client_hello); break;
	case SK_HEAD_SERVER_HELLO:
		scene->source = SK_SOURCE_SERVER_HELLO;
		put_text(scene, SK_BUFFER_JA3S, head->as.server_hello.ja3s, strlen(head->as.server_hello.ja3s));
		break;
	case SK_HEAD_CERTIFICATE: put_certificate(s, scene, &head->as.certificate); break;
	case SK_HEAD_SSH: put_ssh(s, scene, head); break;
	default: scene->source = SK_SOURCE_PAYLOAD; break; /* HTTP's is read again, with what its head does not keep (http.c) */
	}
}
