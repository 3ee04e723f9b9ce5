/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a file: the format by content, Zeek's headers wherever they stand, gz and zst. Opening, reading and closing must account for every line. */
#include <sys/mman.h>

#include "fz_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static int fd = -1; /* one for the process: making one a run would be most of its time */
	static struct sk_log_chunk chunk;
	struct sk_log_file *file;
	struct sk_fault fault = {.line = ""};
	char path[32];
	if (fd < 0)
		SK_INVARIANT((fd = memfd_create("fuzz", MFD_CLOEXEC)) >= 0 && sk_log_chunk_init(&chunk) == SK_OK);
	if (length > FUZZ_LENGTH_MAX || ftruncate(fd, 0) != 0 || (length != 0 && pwrite(fd, bytes, length, 0) != (ssize_t)length))
		return 0;
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (sk_log_open(path, &file, &fault) != SK_OK) {
		SK_INVARIANT(fault.line[0] != '\0');
		return 0;
	}
	bool more = sk_log_file_format(file) != SK_LOG_CAPTURE && sk_log_file_format(file) != SK_LOG_NFCAPD;
	for (uint64_t line = 1; more && sk_log_next(file, &chunk, &more, &fault) == SK_OK && more;) {
		SK_INVARIANT(chunk.next_line >= line && chunk.schema != NULL);
		fuzz_chunk(&chunk);
		line = chunk.next_line;
		sk_log_chunk_wipe(&chunk);
	}
	sk_log_close(file);
	return 0;
}
