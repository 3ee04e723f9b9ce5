/* SPDX-License-Identifier: Apache-2.0 */
/* wire: the only way to read bytes from outside. A cursor with sticky failure: a read past the end kills it; a dead cursor yields
   zeros, has nothing left and stays dead. A length field is honoured only by carving a child cursor. One verdict at the end.
   Promises: never reads outside the bytes it was given; never allocates. Never: writes to the bytes. Thread rule: a cursor is a value. */
#ifndef SK_WIRE_H
#define SK_WIRE_H

#include <string.h>

#include "base/base.h"

struct sk_cur {
	const uint8_t *at;
	const uint8_t *end;
	const uint8_t *start; /* for offsets in messages */
	bool dead;
};

/* A cursor over borrowed bytes. */
static inline struct sk_cur sk_cur_of(const void *bytes, size_t length)
{
	const uint8_t *start = bytes;
	return (struct sk_cur){.at = start, .end = length != 0 ? start + length : start, .start = start, .dead = false};
}

/* Bytes left; 0 when dead. */
static inline size_t sk_left(const struct sk_cur *c)
{
	return c->dead ? 0 : (size_t)(c->end - c->at);
}

/* Is there at least one more byte? Loops test this; it is false when dead. */
static inline bool sk_more(const struct sk_cur *c)
{
	return sk_left(c) != 0;
}

/* Bytes consumed so far: where a message says the damage is. */
static inline size_t sk_offset(const struct sk_cur *c)
{
	return (size_t)(c->at - c->start);
}

/* Kill the cursor: the parser found something that may not be. */
static inline void sk_kill(struct sk_cur *c)
{
	c->dead = true;
}

/* Take n bytes: a pointer to them, or NULL with the cursor dead. For use inside wire and by hash and copy calls; never index it. */
static inline const uint8_t *sk_take(struct sk_cur *c, size_t n)
{
	if (SK_UNLIKELY(c->dead || (size_t)(c->end - c->at) < n)) {
		c->dead = true;
		return NULL;
	}
	const uint8_t *taken = c->at;
	if (n != 0) /* nothing may be added to the null pointer of an empty cursor, not even nothing; costs no instruction */
		c->at += n;
	return taken;
}

static inline void sk_skip(struct sk_cur *c, size_t n)
{
	(void)sk_take(c, n);
}

static inline uint8_t sk_u8(struct sk_cur *c)
{
	const uint8_t *p = sk_take(c, 1);
	return p != NULL ? p[0] : 0;
}

static inline uint16_t sk_be16(struct sk_cur *c)
{
	const uint8_t *p = sk_take(c, 2);
	return (uint16_t)(p != NULL ? p[0] << 8 | p[1] : 0);
}

static inline uint32_t sk_be24(struct sk_cur *c)
{
	const uint8_t *p = sk_take(c, 3);
	return p != NULL ? (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2] : 0;
}

static inline uint32_t sk_be32(struct sk_cur *c)
{
	const uint8_t *p = sk_take(c, 4);
	return p != NULL ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

static inline uint64_t sk_be64(struct sk_cur *c)
{
	uint64_t high = sk_be32(c);
	return high << 32 | sk_be32(c);
}

static inline uint16_t sk_le16(struct sk_cur *c)
{
	const uint8_t *p = sk_take(c, 2);
	return (uint16_t)(p != NULL ? p[1] << 8 | p[0] : 0);
}

static inline uint32_t sk_le32(struct sk_cur *c)
{
	const uint8_t *p = sk_take(c, 4);
	return p != NULL ? (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0] : 0;
}

static inline uint64_t sk_le64(struct sk_cur *c)
{
	uint64_t low = sk_le32(c);
	return low | (uint64_t)sk_le32(c) << 32;
}

/* Copy n bytes out; zeros when dead. */
static inline void sk_copy(struct sk_cur *c, void *out, size_t n)
{
	const uint8_t *p = sk_take(c, n);
	if (p != NULL)
		memcpy(out, p, n);
	else
		memset(out, 0, n);
}

/* A child over the next n bytes; the parent moves past them. When they are not there, both are dead. */
static inline struct sk_cur sk_carve(struct sk_cur *c, size_t n)
{
	const uint8_t *p = sk_take(c, n);
	struct sk_cur child = {.at = p, .end = p != NULL ? p + n : p, .start = p, .dead = p == NULL};
	return child;
}

/* A child over the next n bytes or as many as there are (sliced captures). Never kills. */
static inline struct sk_cur sk_carve_at_most(struct sk_cur *c, size_t n)
{
	size_t left = sk_left(c);
	return sk_carve(c, left < n ? left : n);
}

/* A child over all that is left. */
static inline struct sk_cur sk_rest(struct sk_cur *c)
{
	return sk_carve(c, sk_left(c));
}

/* The byte `ahead` bytes from here, without moving; 0 when it is not there. */
static inline uint8_t sk_peek_u8(const struct sk_cur *c, size_t ahead)
{
	return ahead < sk_left(c) ? c->at[ahead] : 0;
}

/* A cursor at the given offset of the same bytes (DNS compression); dead when the offset lies outside. */
static inline struct sk_cur sk_seek(const struct sk_cur *c, size_t offset)
{
	size_t whole = (size_t)(c->end - c->start);
	bool outside = offset > whole;
	return (struct sk_cur){.at = outside ? c->end : c->start + offset, .end = c->end, .start = c->start, .dead = outside || c->dead};
}

/* ---- headers of fixed size ---- */

/* A header of n bytes that is known to be there: one check for all its fields, which sk_view_* then read at constant offsets below n. */
struct sk_view {
	const uint8_t *bytes; /* NULL: not there */
};

/* The next n bytes, without moving. */
static inline struct sk_view sk_view_of(const struct sk_cur *c, size_t n)
{
	return (struct sk_view){.bytes = SK_LIKELY(!c->dead && (size_t)(c->end - c->at) >= n) ? c->at : NULL};
}

/* The n bytes at an offset of borrowed ones, without a cursor. */
static inline struct sk_view sk_view_over(const uint8_t *bytes, size_t length, size_t at, size_t n)
{
	return (struct sk_view){.bytes = SK_LIKELY(at <= length && length - at >= n) ? bytes + at : NULL};
}

static inline bool sk_view_is(struct sk_view v)
{
	return v.bytes != NULL;
}

static inline uint8_t sk_view_u8(struct sk_view v, size_t at)
{
	return v.bytes[at];
}

static inline uint16_t sk_view_be16(struct sk_view v, size_t at)
{
	return (uint16_t)(v.bytes[at] << 8 | v.bytes[at + 1]);
}

static inline uint32_t sk_view_be32(struct sk_view v, size_t at)
{
	return (uint32_t)sk_view_be16(v, at) << 16 | sk_view_be16(v, at + 2);
}

static inline uint32_t sk_view_le32(struct sk_view v, size_t at)
{
	return (uint32_t)v.bytes[at] | (uint32_t)v.bytes[at + 1] << 8 | (uint32_t)v.bytes[at + 2] << 16 | (uint32_t)v.bytes[at + 3] << 24;
}

/* For copies and look-ups that take bytes. */
static inline const uint8_t *sk_view_at(struct sk_view v, size_t at)
{
	return v.bytes + at;
}

/* The verdict: SK_OK when alive and everything was read, SK_ETRUNC when dead, SK_ETRAIL when bytes are left. */
SK_MUST static inline enum sk_err sk_done(const struct sk_cur *c)
{
	return c->dead ? SK_ETRUNC : c->at == c->end ? SK_OK : SK_ETRAIL;
}

/* The verdict for formats that allow trailing bytes: SK_OK unless dead. */
SK_MUST static inline enum sk_err sk_alive(const struct sk_cur *c)
{
	return c->dead ? SK_ETRUNC : SK_OK;
}

/* ---- writing fixed formats: the same idea towards our own files ---- */

struct sk_out {
	uint8_t *at;
	uint8_t *end;
	uint8_t *start;
	bool dead;
};

/* A writer over borrowed memory. */
static inline struct sk_out sk_out_of(void *bytes, size_t capacity)
{
	uint8_t *start = bytes;
	return (struct sk_out){.at = start, .end = start + capacity, .start = start, .dead = false};
}

/* Bytes written so far. */
static inline size_t sk_out_length(const struct sk_out *o)
{
	return (size_t)(o->at - o->start);
}

/* Reserve n bytes; NULL and dead when they do not fit. */
static inline uint8_t *sk_put(struct sk_out *o, size_t n)
{
	if (SK_UNLIKELY(o->dead || (size_t)(o->end - o->at) < n)) {
		o->dead = true;
		return NULL;
	}
	uint8_t *place = o->at;
	o->at += n;
	return place;
}

static inline void sk_put_bytes(struct sk_out *o, const void *bytes, size_t n)
{
	uint8_t *p = sk_put(o, n);
	if (p != NULL && n != 0)
		memcpy(p, bytes, n);
}

static inline void sk_put_u8(struct sk_out *o, uint8_t v)
{
	sk_put_bytes(o, &v, 1);
}

/* Byte by byte in order, which a compiler turns into one store. */
static inline void sk_put_be16(struct sk_out *o, uint16_t v)
{
	uint8_t b[2] = {(uint8_t)(v >> 8), (uint8_t)v};
	sk_put_bytes(o, b, sizeof b);
}

static inline void sk_put_be32(struct sk_out *o, uint32_t v)
{
	uint8_t b[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
	sk_put_bytes(o, b, sizeof b);
}

static inline void sk_put_be64(struct sk_out *o, uint64_t v)
{
	sk_put_be32(o, (uint32_t)(v >> 32));
	sk_put_be32(o, (uint32_t)v);
}

static inline void sk_put_le16(struct sk_out *o, uint16_t v)
{
	uint8_t b[2] = {(uint8_t)v, (uint8_t)(v >> 8)};
	sk_put_bytes(o, b, sizeof b);
}

static inline void sk_put_le32(struct sk_out *o, uint32_t v)
{
	uint8_t b[4] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)};
	sk_put_bytes(o, b, sizeof b);
}

static inline void sk_put_le64(struct sk_out *o, uint64_t v)
{
	uint8_t b[8] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24),
			(uint8_t)(v >> 32), (uint8_t)(v >> 40), (uint8_t)(v >> 48), (uint8_t)(v >> 56)};
	sk_put_bytes(o, b, sizeof b);
}

/* SK_OK unless something did not fit (SK_ETOOBIG). */
SK_MUST static inline enum sk_err sk_out_done(const struct sk_out *o)
{
	return o->dead ? SK_ETOOBIG : SK_OK;
}

#endif
