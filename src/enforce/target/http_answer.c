/* SPDX-License-Identifier: Apache-2.0 */
/* A web server's answer taken apart. A file of its own: OpenSSL's headers have names of wire's. */
#include "target/https_priv.h"

#include "wire/find.h"

/* A header's value, when the line is that header; NULL otherwise. Lines have no CR LF. */
static bool header_is(struct sk_cur line, const char *name, struct sk_cur *value)
{
	size_t length = strlen(name), at = 0;
	if (!sk_find(&line, 0, length + 1, name, length, true, &at) || at != 0 || sk_peek_u8(&line, length) != ':')
		return false;
	sk_skip(&line, length + 1);
	while (sk_peek_u8(&line, 0) == ' ' || sk_peek_u8(&line, 0) == '\t')
		sk_skip(&line, 1);
	*value = line;
	return true;
}

static bool read_number(struct sk_cur *from, size_t most_digits, uint64_t *out)
{
	size_t digits = 0;
	for (*out = 0; sk_peek_u8(from, 0) >= '0' && sk_peek_u8(from, 0) <= '9' && digits < most_digits; digits++)
		*out = *out * 10 + (uint64_t)(sk_u8(from) - '0');
	return digits != 0;
}

static bool take_line(struct sk_cur *in, struct sk_cur *line)
{
	size_t at = 0;
	if (!sk_find(in, 0, sk_left(in), "\r\n", 2, false, &at))
		return false;
	*line = sk_carve(in, at);
	sk_skip(in, 2);
	return true;
}

enum sk_err sk_http_answer(const void *bytes, size_t length, unsigned *status, const void **body, size_t *body_length)
{
	struct sk_cur in = sk_cur_of(bytes, length), line, value;
	uint64_t number = 0, says = UINT64_MAX;
	size_t at = 0;
	if (!take_line(&in, &line))
		return length < SK_HTTP_HEAD_MAX ? SK_ETRUNC : SK_EMALFORMED;
	if (!sk_find(&line, 0, 7, "HTTP/1.", 7, false, &at) || sk_peek_u8(&line, 8) != ' ')
		return SK_EMALFORMED;
	sk_skip(&line, 9);
	if (!read_number(&line, 3, &number) || number < 100 || (sk_more(&line) && sk_peek_u8(&line, 0) != ' '))
		return SK_EMALFORMED;
	*status = (unsigned)number;
	for (;;) {
		if (sk_offset(&in) > SK_HTTP_HEAD_MAX)
			return SK_EMALFORMED;
		if (!take_line(&in, &line))
			return SK_ETRUNC;
		if (sk_left(&line) == 0)
			break;
		if (header_is(line, "transfer-encoding", &value))
			return SK_EUNSUPPORTED;
		if (header_is(line, "content-length", &value)) {
			if (says != UINT64_MAX || !read_number(&value, 12, &says) || sk_more(&value))
				return SK_EMALFORMED;
		}
	}
	*body_length = sk_left(&in);
	*body = in.at;
	if (says == UINT64_MAX)
		return SK_OK;
	return says == *body_length ? SK_OK : says > *body_length ? SK_ETRUNC : SK_EMALFORMED;
}
