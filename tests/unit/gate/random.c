/* SPDX-License-Identifier: Apache-2.0 */
#include "random.h"

uint64_t random_u64(struct random_source *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

unsigned random_below(struct random_source *r, unsigned n)
{
	return (unsigned)(random_u64(r) >> 32) % n;
}

static unsigned random_family(struct random_source *r)
{
	return random_below(r, 2) ? 4 : 6;
}

/* Mostly classes that pass, so that deep layers are reached. */
static enum sk_class random_class(struct random_source *r)
{
	return random_below(r, 12) == 0 ? (enum sk_class)random_below(r, SK_CLASS_COUNT) : (enum sk_class)random_below(r, 3);
}

static void put_random_ip(struct random_source *r, struct build *b, unsigned family, uint8_t proto)
{
	unsigned kind = random_below(r, 10);
	if (kind == 0)
		build_put_fragment(b, family, proto, random_class(r), random_below(r, 3) ? 0 : random_below(r, 5), random_below(r, 2) != 0);
	else if (kind == 1 && family == 4)
		build_put_ip4_options(b, proto, random_class(r));
	else if (kind == 1)
		build_put_ip6_extensions(b, proto, random_class(r));
	else if (kind == 2 && family == 6)
		build_put_ip6_chain(b, proto, random_class(r), random_below(r, 12));
	else
		build_put_ip(b, family, proto, random_class(r));
}

uint8_t random_frame(struct random_source *r, struct build *b)
{
	static const uint16_t ports[] = {53, 4789, 6081, 2152};
	unsigned family = random_family(r);
	uint8_t proto = 6;
	build_start(b, random_below(r, 60));
	switch (random_below(r, 5)) {
	case 0:
		build_put_udp(b, ports[random_below(r, 4)]);
		proto = 17;
		break;
	case 1:
		put_random_ip(r, b, random_below(r, 8) ? family : random_family(r), 17);
		build_put_icmp(b, family, random_below(r, 4) != 0);
		proto = family == 4 ? 1 : 58;
		break;
	case 2:
		proto = (uint8_t)random_u64(r);
		break;
	default:
		build_put_tcp(b);
	}
	put_random_ip(r, b, family, proto);
	for (unsigned depth = random_below(r, 4) ? random_below(r, 3) : random_below(r, 9); depth > 0; depth--) {
		proto = encapsulations[random_below(r, (unsigned)encapsulation_count)].put(b, family);
		family = random_family(r);
		put_random_ip(r, b, family, proto);
	}
	const struct link_layer *layer = &link_layers[random_below(r, (unsigned)link_layer_count)];
	layer->put(b, family);
	unsigned length = (unsigned)build_length(b);
	for (unsigned changes = random_below(r, 4); changes > 0; changes--) {
		uint8_t *byte = build_bytes(b) + random_below(r, random_below(r, 2) ? length : length < 80 ? length : 80);
		*byte = random_below(r, 2) ? (uint8_t)random_u64(r) : (uint8_t)(*byte ^ 1u << random_below(r, 8));
	}
	return layer->link;
}
