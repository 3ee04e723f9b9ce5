/* SPDX-License-Identifier: Apache-2.0 */
/* The query of a request (application/x-www-form-urlencoded, URL Living Standard 5.1), strictly: a percent sign is followed by two hexadecimal digits, and no NUL is
   hidden in one. Bytes from outside are read through the cursor. */
#include "web/web_priv.h"
#include "wire/wire.h"

enum { NAME_MAX_BYTES = 64, QUERY_MAX = 16384 };

static int digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

enum piece_end { END_OF_TEXT, END_OF_NAME, END_OF_PAIR, BROKEN };

/* One decoded piece, up to '=' (of a name), '&' or the end. */
static enum piece_end piece(struct sk_cur *cur, bool name, struct sk_buf *out)
{
	while (sk_more(cur)) {
		uint8_t c = sk_u8(cur);
		if (c == '&')
			return END_OF_PAIR;
		if (c == '=' && name)
			return END_OF_NAME;
		if (c == '%') {
			int high = digit(sk_u8(cur)), low = digit(sk_u8(cur));
			if (cur->dead || high < 0 || low < 0 || (high | low) == 0)
				return BROKEN;
			c = (uint8_t)(high << 4 | low);
		} else if (c == '+') {
			c = ' ';
		} else if (c <= ' ' || c >= 0x7f) {
			return BROKEN;
		}
		sk_buf_add_u8(out, c);
	}
	return END_OF_TEXT;
}

enum sk_err sk_web_take_query_text(struct sk_web_call *call, const char *query)
{
	struct sk_buf name, value;
	struct sk_cur cur = sk_cur_of(query, strlen(query));
	enum piece_end ended = END_OF_PAIR;
	enum sk_err err = SK_OK;
	if (strlen(query) > QUERY_MAX)
		return sk_web_refuse(call, SK_ETOOBIG, "the query is longer than %d bytes", QUERY_MAX);
	sk_buf_init(&name, NAME_MAX_BYTES);
	sk_buf_init(&value, QUERY_MAX);
	while (err == SK_OK && ended == END_OF_PAIR && sk_more(&cur)) {
		sk_buf_reset(&name);
		sk_buf_reset(&value);
		ended = piece(&cur, true, &name);
		if (ended == END_OF_NAME)
			ended = piece(&cur, false, &value);
		else if (ended != BROKEN && name.length == 0 && name.failed == SK_OK)
			continue; /* "a=1&&b=2" */
		if (ended == BROKEN || name.failed != SK_OK || value.failed != SK_OK || strlen(sk_buf_text(&name)) != name.length)
			err = sk_web_refuse(call, SK_EMALFORMED, "the query is not name=value pairs in percent encoding");
		else
			err = sk_web_take_query(call, sk_buf_text(&name), sk_buf_text(&value), value.length);
	}
	sk_buf_fini(&name);
	sk_buf_fini(&value);
	return err;
}
