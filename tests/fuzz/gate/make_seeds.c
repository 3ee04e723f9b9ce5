/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the seeds of fz_gate into a folder: every link, every encapsulation and some pairs, fragments and quotes.
   Build: ninja tests/fuzz/gate/make_gate_seeds; run: tests/fuzz/gate/make_gate_seeds tests/fuzz/gate/seeds/fz_gate */
#include <stdio.h>

#include "../../unit/gate/frames.h"

static const char *folder;
static unsigned written;

static void write_seed(struct build *b, uint8_t link)
{
	char path[512];
	const uint8_t head[3] = {link, 7, 0};
	build_put(b, head, sizeof head);
	(void)snprintf(path, sizeof path, "%s/%03u", folder, written++);
	FILE *file = fopen(path, "wb");
	SK_INVARIANT(file != NULL && fwrite(build_bytes(b), 1, build_length(b), file) == build_length(b) && fclose(file) == 0);
}

static void start(struct build *b, unsigned family, enum sk_class class_)
{
	build_start(b, 4);
	build_put_tcp(b);
	build_put_ip(b, family, 6, class_);
}

int main(int argc, char **argv)
{
	struct build b;
	if (argc != 2)
		return 2;
	folder = argv[1];
	for (size_t l = 0; l < link_layer_count; l++) {
		start(&b, l % 2 ? 4 : 6, SK_CLASS_FD);
		link_layers[l].put(&b, l % 2 ? 4 : 6);
		write_seed(&b, link_layers[l].link);
	}
	for (size_t e = 0; e < 2 * encapsulation_count; e++) {
		unsigned inner = e % 2 ? 4 : 6, outer = e / 2 % 2 ? 4 : 6;
		start(&b, inner, e % 3 ? SK_CLASS_FF : SK_CLASS_DD);
		uint8_t proto = encapsulations[e / 2].put(&b, inner);
		build_put_ip(&b, outer, proto, SK_CLASS_FD);
		if (e % 2) {
			proto = encapsulations[(e + 5) % encapsulation_count].put(&b, outer);
			build_put_ip(&b, 4, proto, SK_CLASS_DF);
		}
		write_seed(&b, SK_LINK_RAW_IP);
	}
	for (unsigned family = 4; family <= 6; family += 2) {
		start(&b, family, SK_CLASS_FD);
		build_put_icmp(&b, family, true);
		build_put_ip(&b, family, family == 4 ? 1 : 58, SK_CLASS_FD);
		write_seed(&b, SK_LINK_RAW_IP);
		build_start(&b, 32);
		build_put_fragment(&b, family, 47, SK_CLASS_FD, 2, true);
		write_seed(&b, SK_LINK_RAW_IP);
	}
	start(&b, 4, SK_CLASS_FD);
	uint8_t proto = encapsulations[0].put(&b, 4);
	build_put_ip6_extensions(&b, proto, SK_CLASS_FF);
	write_seed(&b, SK_LINK_RAW_IP);
	start(&b, 4, SK_CLASS_FD);
	proto = encapsulations[1].put(&b, 4);
	build_put_ip4_options(&b, proto, SK_CLASS_FF);
	write_seed(&b, SK_LINK_RAW_IP);
	return 0;
}
