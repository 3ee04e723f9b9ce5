/* SPDX-License-Identifier: Apache-2.0 */
/* make_seeds FOLDER: writes the seeds of this room's fuzz targets from the messages of tests/unit/export. */
#include <stdio.h>
#include <string.h>

#include "../../unit/export/samples.h"

#include "base/file.h"

static const char *folder;

static void put(const char *target, const char *name, const void *bytes, size_t length)
{
	char path[SK_PATH_MAX];
	(void)snprintf(path, sizeof path, "%s/%s", folder, target);
	SK_INVARIANT(sk_file_make_folder(path, 0755, NULL) == SK_OK);
	(void)snprintf(path, sizeof path, "%s/%s/%s", folder, target, name);
	SK_INVARIANT(sk_file_replace(path, bytes, length, 0644, NULL) == SK_OK);
}

static const char *target_of(enum sample sample)
{
	return sample == SAMPLE_V5 ? "fz_netflow5" : sample <= SAMPLE_V9_TRANSLATED ? "fz_netflow9" : sample < SAMPLE_SFLOW ? "fz_ipfix" : "fz_sflow";
}

static void put_session(void)
{
	static uint8_t all[MESSAGE_ROOM];
	static struct msg m;
	struct sk_out o = sk_out_of(all, sizeof all);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned sample = 0; sample < SAMPLE_COUNT; sample++) {
			sample_message(&m, (enum sample)sample);
			sk_put_u8(&o, (uint8_t)(sample % 3 | round << 3 | (sample == SAMPLE_COUNT - 1) << 7));
			sk_put_u8(&o, (uint8_t)(sample * 10));
			sk_put_be16(&o, (uint16_t)msg_length(&m));
			sk_put_bytes(&o, m.bytes, msg_length(&m));
		}
	}
	put("fz_export_session", "all", all, sk_out_length(&o));
}

/* An Ethernet frame with a UDP datagram to port 2055. */
static void put_carriers(void)
{
	static uint8_t all[MESSAGE_ROOM];
	static struct msg m;
	struct sk_out o = sk_out_of(all, sizeof all);
	for (unsigned sample = 0; sample < SAMPLE_COUNT; sample++) {
		sample_message(&m, (enum sample)sample);
		size_t length = msg_length(&m);
		sk_put_u8(&o, 0);
		sk_put_be16(&o, (uint16_t)(42 + length));
		sk_put_be64(&o, 0x0200000000010200), sk_put_be32(&o, 2), sk_put_be16(&o, 0x0800);
		sk_put_be32(&o, 0x45000000 | (uint32_t)(28 + length)), sk_put_be32(&o, 0), sk_put_be32(&o, 0x40110000), sk_put_be32(&o, DOMESTIC4), sk_put_be32(&o, DOMESTIC4_B);
		sk_put_be32(&o, 5000 << 16 | 2055), sk_put_be16(&o, (uint16_t)(8 + length)), sk_put_be16(&o, 0);
		sk_put_bytes(&o, m.bytes, length);
	}
	put("fz_export_carrier", "udp", all, sk_out_length(&o));
}

/* The same messages in segments of 100 bytes, the second half of each pair first. */
static void put_stream(void)
{
	static uint8_t all[MESSAGE_ROOM], talk[MESSAGE_ROOM];
	static struct msg m;
	struct sk_out o = sk_out_of(all, sizeof all), t = sk_out_of(talk, sizeof talk);
	for (unsigned sample = SAMPLE_IPFIX; sample <= SAMPLE_PSAMP; sample++) {
		sample_message(&m, (enum sample)sample);
		sk_put_bytes(&t, m.bytes, msg_length(&m));
	}
	size_t length = sk_out_length(&t) / 200 * 200;
	for (size_t at = 0; at < length; at += 100) {
		bool first = at % 200 == 0;
		size_t piece = first ? at + 100 : at - 100;
		sk_put_be16(&o, first ? (uint16_t)(at == 0 ? 100 : 200 - 100) : (uint16_t)-200);
		sk_put_u8(&o, 16), sk_put_be16(&o, 100);
		sk_put_bytes(&o, talk + piece, 100);
	}
	put("fz_export_tcp", "shuffled", all, sk_out_length(&o));
	put("fz_export_payload", "stream", talk, sk_out_length(&t));
}

int main(int argc, char **argv)
{
	static struct msg m;
	SK_INVARIANT(argc == 2);
	folder = argv[1];
	for (unsigned sample = 0; sample < SAMPLE_COUNT; sample++) {
		sample_message(&m, (enum sample)sample);
		put(target_of((enum sample)sample), sample_name((enum sample)sample), m.bytes, msg_length(&m));
		if (sample == SAMPLE_V5 || sample == SAMPLE_SFLOW)
			put("fz_export_payload", sample_name((enum sample)sample), m.bytes, msg_length(&m));
	}
	put_session();
	put_carriers();
	put_stream();
	return 0;
}
