/* SPDX-License-Identifier: Apache-2.0 */
#include "export/payload.h"

#include <stdlib.h>

#include "wire/wire.h"

enum { VERSION_NETFLOW5 = 5, VERSION_NETFLOW9 = 9, VERSION_IPFIX = 10, VERSION_SFLOW5 = 5, MESSAGE_HEAD = 16 };

bool sk_payload_is(const uint8_t *head, size_t length)
{
	struct sk_cur cur = sk_cur_of(head, length);
	uint16_t version = sk_be16(&cur), second = sk_be16(&cur);
	if (cur.dead)
		return false;
	if (version == VERSION_IPFIX)
		return second >= MESSAGE_HEAD;
	return version == VERSION_NETFLOW5 || version == VERSION_NETFLOW9 || (version == 0 && second == VERSION_SFLOW5);
}

/* Read until `wanted` bytes are there or the end comes. */
static enum sk_err read_full(struct sk_stream *stream, uint8_t *bytes, size_t wanted, size_t *got, struct sk_fault *fault)
{
	for (*got = 0; *got < wanted;) {
		size_t more = 0;
		enum sk_err err = sk_stream_read(stream, bytes + *got, wanted - *got, &more, fault);
		if (err != SK_OK)
			return err == SK_EINTR ? err : SK_EDAMAGED; /* whatever it was: this input ends here, and the fault says why */
		if (more == 0)
			break;
		*got += more;
	}
	return SK_OK;
}

/* A stream of its own, so that templates do not grow old between files that were written weeks apart. */
static const struct sk_export_source file_source = {.exporter = {.family = 4}, .session = UINT32_MAX, .time_ns = SK_EXPORT_NO_TIME};

static enum sk_err read_messages(struct sk_export *x, struct sk_stream *stream, const char *name, uint8_t *bytes, struct sk_fault *fault)
{
	for (uint64_t at = 0;;) {
		size_t got = 0, rest = 0;
		SK_TRY(read_full(stream, bytes, MESSAGE_HEAD, &got, fault));
		if (got == 0)
			return SK_OK;
		struct sk_cur head = sk_cur_of(bytes, got);
		uint16_t version = sk_be16(&head), length = sk_be16(&head);
		if (got < MESSAGE_HEAD || version != VERSION_IPFIX || length < MESSAGE_HEAD)
			return sk_fault_set(fault, SK_EDAMAGED, "%s: byte %llu: expected the head of an IPFIX message; everything before it was read", name, (unsigned long long)at);
		SK_TRY(read_full(stream, bytes + MESSAGE_HEAD, (size_t)length - MESSAGE_HEAD, &rest, fault));
		if (rest != (size_t)length - MESSAGE_HEAD)
			return sk_fault_set(fault, SK_EDAMAGED, "%s: byte %llu: an IPFIX message of %u bytes is cut off; everything before it was read", name,
					    (unsigned long long)at, length);
		SK_TRY(sk_export_message(x, &file_source, bytes, length, fault));
		at += length;
	}
}

static enum sk_err read_datagram(struct sk_export *x, struct sk_stream *stream, const char *name, uint8_t *bytes, struct sk_fault *fault)
{
	size_t got = 0;
	SK_TRY(read_full(stream, bytes, SK_EXPORT_MESSAGE_MAX + 1, &got, fault));
	if (got > SK_EXPORT_MESSAGE_MAX)
		return sk_fault_set(fault, SK_ETOOBIG, "%s: longer than a datagram; a file of NetFlow or sFlow holds the payload of one, several belong in a capture or in several files", name);
	return sk_export_message(x, &file_source, bytes, got, fault);
}

enum sk_err sk_payload_read(struct sk_export *x, struct sk_stream *stream, const char *name, struct sk_fault *fault)
{
	const uint8_t *head = NULL;
	size_t length = 0;
	uint8_t *bytes = malloc(SK_EXPORT_MESSAGE_MAX + 1);
	if (bytes == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	enum sk_err err = sk_stream_peek(stream, 2, &head, &length, fault);
	struct sk_cur cur = sk_cur_of(head, length);
	if (err == SK_OK)
		err = sk_be16(&cur) == VERSION_IPFIX ? read_messages(x, stream, name, bytes, fault) : read_datagram(x, stream, name, bytes, fault);
	sk_wipe(bytes, SK_EXPORT_MESSAGE_MAX + 1);
	free(bytes);
	return err;
}
