/* SPDX-License-Identifier: Apache-2.0 */
/* First byte: mode. Bit 0: zst, else gz. Bit 1: the rest is packed here (and then damaged at the place and by the value of two more bytes), so
   that whole streams are reached; else the rest is the packed stream itself. Upper bits: size of a read, in units of 5. */
#include "fz_drain.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { PLAIN_MAX_BYTES = 1 << 16, PACKED_MAX_BYTES = PLAIN_MAX_BYTES + 4096, MODE_ZST = 1, MODE_PACK = 2 };

static size_t pack(bool zst, uint8_t *packed, const uint8_t *bytes, size_t length)
{
	if (zst) {
		size_t made = ZSTD_compress(packed, PACKED_MAX_BYTES, bytes, length, 1);
		SK_INVARIANT(!ZSTD_isError(made));
		return made;
	}
	z_stream z = {.next_in = bytes, .avail_in = (unsigned)length, .next_out = packed, .avail_out = PACKED_MAX_BYTES};
	SK_INVARIANT(deflateInit2(&z, 1, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK && deflate(&z, Z_FINISH) == Z_STREAM_END);
	(void)deflateEnd(&z);
	return z.total_out;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static uint8_t packed[PACKED_MAX_BYTES]; /* too large for the stack; written anew each time */
	if (length < 4 || length > PLAIN_MAX_BYTES)
		return 0;
	uint8_t mode = bytes[0];
	size_t chunk = (size_t)(mode >> 2) * 5;
	if ((mode & MODE_PACK) == 0) {
		fz_drain(bytes + 1, length - 1, chunk);
		return 0;
	}
	size_t made = pack((mode & MODE_ZST) != 0, packed, bytes + 3, length - 3);
	packed[(size_t)bytes[1] * made / 256] ^= bytes[2];
	fz_drain(packed, made, chunk);
	return 0;
}
