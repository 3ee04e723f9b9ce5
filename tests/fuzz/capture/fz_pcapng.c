/* SPDX-License-Identifier: Apache-2.0 */
/* First byte: size of a read (0 = all at once), and its highest bit the byte order. Then the blocks that follow a right section header and one
   right interface, so that no input is spent on finding them. */
#include "fz_drain.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { BODY_MAX_BYTES = 1 << 16 };

static const uint8_t head_little[] = "\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\1\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\x1c\0\0\0"
				     "\1\0\0\0\x14\0\0\0\1\0\0\0\0\0\0\0\x14\0\0";
static const uint8_t head_big[] = "\x0a\x0d\x0d\x0a\0\0\0\x1c\x1a\x2b\x3c\x4d\0\1\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\x1c"
				  "\0\0\0\1\0\0\0\x14\0\1\0\0\0\0\0\0\0\0\0\x14";

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	enum { HEAD_BYTES = 48 };
	static uint8_t whole[HEAD_BYTES + BODY_MAX_BYTES]; /* too large for the stack; written anew each time */
	if (length == 0 || length - 1 > BODY_MAX_BYTES)
		return 0;
	memcpy(whole, (bytes[0] & 0x80) != 0 ? head_big : head_little, HEAD_BYTES);
	memcpy(whole + HEAD_BYTES, bytes + 1, length - 1);
	fz_drain(whole, HEAD_BYTES + length - 1, bytes[0] & 0x7f);
	return 0;
}
