/* SPDX-License-Identifier: Apache-2.0 */
/* A URL: its parts lie in it, hold nothing that is not theirs, and their hash is that of the joined text. */
#include <sodium.h>
#include <string.h>

#include "text/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static bool has_any(const char *text, size_t length, const char *bytes)
{
	for (size_t i = 0; i < length; i++)
		if (text[i] != '\0' && strchr(bytes, text[i]) != NULL)
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const char *text = (const char *)bytes;
	struct sk_url url;
	if (sk_url_parts(text, length, &url) != SK_OK)
		return 0;
	SK_INVARIANT(url.host >= text && url.host_length != 0 && url.host + url.host_length <= text + length && url.host_length < SK_URL_HOST_MAX);
	SK_INVARIANT(!has_any(url.host, url.host_length, " \t/?#@[]\\"));
	SK_INVARIANT(url.path[0] == '/' && !has_any(url.path, url.path_length, "?#"));
	uint8_t hash[SK_URL_HASH_BYTES], again[SK_URL_HASH_BYTES];
	char joined[SK_URL_HOST_MAX + 1 + 4096];
	size_t joined_length = sk_url_join(url.host, url.host_length, url.path, url.path_length, joined, sizeof joined);
	if (joined_length == 0)
		return 0;
	sk_url_hash(url.host, url.host_length, url.path, url.path_length, hash);
	(void)crypto_hash_sha256(again, (const unsigned char *)joined, joined_length);
	SK_INVARIANT(memcmp(hash, again, sizeof hash) == 0);
	return 0;
}
