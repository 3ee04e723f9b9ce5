/* SPDX-License-Identifier: Apache-2.0 */
/* A file of messages. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fz_export.h"

#include "export/payload.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char path[64];
	const uint8_t *head = NULL;
	size_t seen = 0;
	struct sk_stream *stream = NULL;
	struct sk_fault fault;
	int fd = memfd_create("payload", MFD_CLOEXEC);
	fz_start();
	if (fd < 0 || write(fd, bytes, length) != (ssize_t)length)
		abort();
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (sk_stream_open(path, "payload", &stream, &fault) == SK_OK && sk_stream_peek(stream, 4, &head, &seen, &fault) == SK_OK && sk_payload_is(head, seen)) {
		fault.line[0] = '\0';
		SK_INVARIANT(sk_payload_read(fz_export, stream, "payload", &fault) == SK_OK || fault.line[0] != '\0');
	}
	fz_check();
	sk_export_session_end(fz_export, UINT32_MAX);
	sk_stream_close(stream);
	(void)close(fd);
	return 0;
}
