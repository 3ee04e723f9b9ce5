/* SPDX-License-Identifier: Apache-2.0 */
/* A whole capture file through gate, decode, flow and select: no crash, and every interval's account closes (the engine refuses one that does not). */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../unit/engine/harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct harness h;
	static bool started;
	char path[64];
	if (!started && !harness_start(&h))
		abort();
	started = true;
	int fd = memfd_create("capture", MFD_CLOEXEC);
	if (fd < 0 || write(fd, bytes, length) != (ssize_t)length)
		abort();
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	h.frames = h.gate = h.select = h.selected = 0;
	struct sk_engine *engine = harness_engine(&h, NULL, length % 2 == 0 ? 3 : 0);
	if (engine == NULL || harness_run(&h, engine, path) != SK_OK || h.frames != h.gate + h.select + h.selected)
		abort();
	sk_engine_free(engine);
	(void)close(fd);
	return 0;
}
