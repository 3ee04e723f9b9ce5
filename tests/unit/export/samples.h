/* SPDX-License-Identifier: Apache-2.0 */
/* One message of each form and kind, for tests that cut and change bytes, and for the seeds of the fuzz targets. */
#ifndef SK_TEST_EXPORT_SAMPLES_H
#define SK_TEST_EXPORT_SAMPLES_H

#include "message.h"

enum sample { SAMPLE_V5, SAMPLE_V9, SAMPLE_V9_TRANSLATED, SAMPLE_IPFIX, SAMPLE_IPFIX_VARIABLE, SAMPLE_IPFIX_BIFLOW, SAMPLE_IPFIX_OPTIONS, SAMPLE_IPFIX_WITHDRAWAL, SAMPLE_PSAMP, SAMPLE_SFLOW,
	      SAMPLE_SFLOW_EXPANDED, SAMPLE_COUNT };

static inline const char *sample_name(enum sample sample)
{
	static const char *const names[SAMPLE_COUNT] = {"v5", "v9", "v9_translated", "ipfix", "ipfix_variable", "ipfix_biflow", "ipfix_options", "ipfix_withdrawal", "psamp", "sflow",
							 "sflow_expanded"};
	return names[sample];
}

static inline void put_udp_frame(struct msg *m)
{
	put32(m, 0x02000000), put32(m, 0x00010200), put32(m, 0x00000002), put16(m, 0x0800);
	put32(m, 0x4500001c), put32(m, 0), put32(m, 0x40110000), put32(m, DOMESTIC4), put32(m, FOREIGN4), put32(m, 0x04d20035), put32(m, 0x00080000);
}
enum { UDP_FRAME_BYTES = 42 };

static inline void sample_v5(struct msg *m)
{
	msg_start(m);
	put16(m, 5), put16(m, 3), put32(m, 1000000), put32(m, T0), put32(m, 500000000), put32(m, 100), put16(m, 7), put16(m, 0x4064);
	for (unsigned i = 0; i < 3; i++) {
		put32(m, i == 1 ? DOMESTIC4_B : DOMESTIC4), put32(m, i == 2 ? DOMESTIC4 : FOREIGN4), put32(m, 0x0a0a0a0a), put32(m, 0x00010002), put32(m, 9), put32(m, 900);
		put32(m, 990000), put32(m, 999000), put16(m, 1234), put16(m, 443), put8(m, 0), put8(m, 0x12), put8(m, 6), put8(m, 0), put32(m, 0x00010002), put32(m, 0x18180000);
	}
}

static inline void sample_v9(struct msg *m, bool translated)
{
	v9_start(m, 7, 5);
	set_start(m, 0);
	if (translated)
		TEMPLATE(m, 300, {8, 4}, {12, 4}, {225, 4}, {226, 4}, {4, 1}, {231, 4}, {232, 4}, {323, 8}, {40000, 20}, {176, 1}, {177, 1});
	else
		TEMPLATE(m, 300, {8, 4}, {12, 4}, {22, 4}, {21, 4}, {1, 4}, {2, 4}, {48, 1}, {4, 1}, {7, 2}, {11, 2}, {15, 4});
	set_end(m);
	set_start(m, 1);
	put16(m, 301), put16(m, 4), put16(m, 8), put16(m, 1), put16(m, 4), put16(m, 48), put16(m, 1), put16(m, 50), put16(m, 4), put16(m, 0);
	set_end(m);
	set_start(m, 301);
	put32(m, 0), put8(m, 3), put32(m, 512), put8(m, 0), put16(m, 0);
	set_end(m);
	set_start(m, 300);
	for (unsigned i = 0; i < 3; i++) {
		put32(m, DOMESTIC4), put32(m, i == 1 ? DOMESTIC4_B : FOREIGN4);
		if (translated)
			put32(m, DOMESTIC4_B), put32(m, 0), put8(m, 1), put32(m, 10), put32(m, 20), put64(m, (uint64_t)T0 * 1000), put64(m, 0x6a6f686e), put64(m, 0), put32(m, 0), put16(m, 0x0800);
		else
			put32(m, 990000), put32(m, 999000), put32(m, 900), put32(m, 9), put8(m, 3), put8(m, 17), put16(m, 53), put16(m, 5353), put32(m, 0x0a0a0a0a);
	}
	set_end(m);
}

static inline void sample_ipfix(struct msg *m, enum sample sample)
{
	ipfix_start(m, 3, 1);
	set_start(m, sample == SAMPLE_IPFIX_OPTIONS ? 3 : 2);
	switch (sample) {
	case SAMPLE_IPFIX_VARIABLE:
		TEMPLATE(m, 256, {E(5951, 128), 65535}, {8, 4}, {27, 16}, {12, 4}, {28, 16}, {E(5951, 130), 65535}, {60, 1}, {4, 1}, {2, 4}, {1, 4}, {154, 8}, {155, 8}, {371, 65535});
		set_end(m);
		set_start(m, 256);
		put8(m, 3), put8(m, 'a'), put16(m, 0x6263), put32(m, DOMESTIC4), put64(m, 0), put64(m, 0), put32(m, FOREIGN4), put64(m, 0), put64(m, 0), put8(m, 255), put16(m, 4), put32(m, 0x2f612f62);
		put8(m, 4), put8(m, 17), put32(m, 7), put32(m, 700), put64(m, ((uint64_t)T0 + 2208988790u) << 32), put64(m, ((uint64_t)T0 + 2208988800u) << 32), put8(m, 0);
		break;
	case SAMPLE_IPFIX_BIFLOW:
		TEMPLATE(m, 256, {152, 8}, {153, 8}, {85, 4}, {E(29305, 85), 4}, {86, 4}, {E(29305, 86), 4}, {27, 16}, {28, 16}, {7, 2}, {11, 2}, {4, 1}, {136, 1}, {E(6871, 14), 1}, {E(6871, 15), 1},
			 {E(6871, 16398), 1}, {E(6871, 16399), 1}, {239, 1});
		set_end(m);
		set_start(m, 256);
		put64(m, (uint64_t)T0 * 1000 - 10), put64(m, (uint64_t)T0 * 1000), put32(m, 500), put32(m, 1000), put32(m, 5), put32(m, 10);
		put32(m, 0x20010db8), put64(m, 0), put32(m, 1), put32(m, 0x20010db8), put64(m, 0), put32(m, 2);
		put16(m, 40000), put16(m, 443), put8(m, 6), put8(m, 3), put8(m, 2), put8(m, 0x19), put8(m, 0x12), put8(m, 0x19), put8(m, 1);
		break;
	case SAMPLE_IPFIX_OPTIONS:
		put16(m, 400), put16(m, 4), put16(m, 1), put16(m, 302), put16(m, 4), put16(m, 305), put16(m, 4), put16(m, 306), put16(m, 4), put16(m, 160), put16(m, 8);
		set_end(m);
		set_start(m, 400);
		put32(m, 1), put32(m, 1), put32(m, 99), put64(m, (uint64_t)T0 * 1000 - 100000);
		break;
	case SAMPLE_IPFIX_WITHDRAWAL:
		put16(m, 256), put16(m, 0), put16(m, 2), put16(m, 0);
		break;
	case SAMPLE_PSAMP:
		TEMPLATE(m, 256, {312, 2}, {315, 65535}, {323, 8}, {409, 2});
		set_end(m);
		set_start(m, 256);
		put16(m, 1500), put8(m, UDP_FRAME_BYTES), put_udp_frame(m), put64(m, (uint64_t)T0 * 1000 - 2000), put16(m, 0);
		break;
	default:
		TEMPLATE(m, 256, PLAIN_FIELDS);
		set_end(m);
		set_start(m, 256);
		put_plain(m, DOMESTIC4, FOREIGN4), put_plain(m, DOMESTIC4, DOMESTIC4_B), put_plain(m, UNKNOWN4, DOMESTIC4);
		break;
	}
	set_end(m);
	ipfix_end(m);
}

static inline void sample_sflow(struct msg *m, bool expanded)
{
	msg_start(m);
	put32(m, 5), put32(m, 1), put32(m, 0xc00002fd), put32(m, 3), put32(m, 9), put32(m, 12345), put32(m, 3);
	put32(m, expanded ? 3 : 1), put32(m, (expanded ? 44 : 32) + 16 + 8 + 60), put32(m, 17);
	if (expanded)
		put32(m, 0), put32(m, 2), put32(m, 400), put32(m, 1), put32(m, 0), put32(m, 0), put32(m, 4), put32(m, 0), put32(m, 5);
	else
		put32(m, 2), put32(m, 400), put32(m, 1), put32(m, 0), put32(m, 4), put32(m, 5);
	put32(m, 2), put32(m, 1004), put32(m, 8), put64(m, 0x6e616d6520696e20);
	put32(m, 1), put32(m, 16 + 44), put32(m, 1), put32(m, 1518), put32(m, 4), put32(m, UDP_FRAME_BYTES), put_udp_frame(m), put16(m, 0);
	put32(m, 2), put32(m, 8), put64(m, 1);
	put32(m, 1), put32(m, 32 + 8 + 32), put32(m, 18), put32(m, 2), put32(m, 400), put32(m, 1), put32(m, 0), put32(m, 4), put32(m, 5), put32(m, 1);
	put32(m, 3), put32(m, 32), put32(m, 60), put32(m, 6), put32(m, FOREIGN4), put32(m, DOMESTIC4), put32(m, 443), put32(m, 50000), put32(m, 0x10), put32(m, 0);
}

static inline void sample_message(struct msg *m, enum sample sample)
{
	switch (sample) {
	case SAMPLE_V5: sample_v5(m); break;
	case SAMPLE_V9: sample_v9(m, false); break;
	case SAMPLE_V9_TRANSLATED: sample_v9(m, true); break;
	case SAMPLE_SFLOW: sample_sflow(m, false); break;
	case SAMPLE_SFLOW_EXPANDED: sample_sflow(m, true); break;
	default: sample_ipfix(m, sample); break;
	}
}

#endif
