/* SPDX-License-Identifier: Apache-2.0 */
/* Result codes as HTTP statuses; by kind, and one by one where HTTP has a word of its own. */
#include <stdio.h>

#include "web/web_priv.h"

static const struct {
	enum sk_err err;
	unsigned status;
} own[] = {
	{SK_OK, 200}, {SK_ENOENT, 404}, {SK_EEXIST, 409}, {SK_ESEEN, 409}, {SK_ESTAGE, 409}, {SK_EORDER, 409}, {SK_ECONFLICT, 409}, {SK_EDECONFLICT, 409},
	{SK_ETOOBIG, 413}, {SK_EUNSUPPORTED, 422}, {SK_EINPUT, 422}, {SK_ESIGNATURE, 422}, {SK_EMALFORMED, 400}, {SK_ETRUNC, 400}, {SK_ETRAIL, 400},
	{SK_EFACTOR, 401}, {SK_ERATE, 429}, {SK_ELOCKED, 503}, {SK_ELEDGER, 503}, {SK_ENOSPC, 503}, {SK_ENOMEM, 503}, {SK_EINCONSISTENT, 503},
};

unsigned sk_web_status(enum sk_err err)
{
	for (size_t i = 0; i < SK_COUNT(own); i++)
		if (own[i].err == err)
			return own[i].status;
	switch (sk_err_kind(err)) {
	case SK_KIND_PEER: return 422;
	case SK_KIND_USER: return 400;
	case SK_KIND_LAW: return 403;
	default: return 500;
	}
}

static const enum sk_err codes[] = {
#define SK_ERR(code, value, kind, exit_code, text) code,
#include "base/err.def"
#undef SK_ERR
};

enum sk_err sk_web_err_of_exit(int code)
{
	for (size_t i = 0; i < SK_COUNT(codes); i++)
		if (sk_err_exit(codes[i]) == code)
			return codes[i];
	return SK_EBUG;
}

void sk_web_error_json(const struct sk_fault *fault, struct sk_buf *out)
{
	struct sk_json_writer w;
	sk_json_begin(&w, out, false);
	sk_json_object(&w, NULL);
	sk_json_object(&w, "error");
	sk_json_text(&w, "code", sk_err_name(fault->err));
	sk_json_i64(&w, "exit", sk_err_exit(fault->err));
	sk_json_text(&w, "line", fault->line);
	sk_json_end(&w);
	sk_json_end(&w);
}
