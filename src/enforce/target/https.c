/* SPDX-License-Identifier: Apache-2.0 */
#include "target/https_priv.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "text/url.h"

/* ---- settings ---- */

static bool copy(char *out, size_t size, const char *text, size_t length)
{
	if (length == 0 || length >= size)
		return false;
	memcpy(out, text, length);
	out[length] = '\0';
	return true;
}

/* What stands in a request line and a header: printable ASCII without spaces. */
static bool is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

enum sk_err sk_web_open(const struct sk_settings *settings, struct sk_web *out, struct sk_fault *fault)
{
	const char *url = sk_settings_text(settings, "url", NULL), *server = sk_settings_text(settings, "server", NULL), *ca = sk_settings_text(settings, "ca", "");
	struct sk_url parts;
	*out = (struct sk_web){.configured = url != NULL};
	if (url == NULL)
		return server == NULL && ca[0] == '\0' ? SK_OK : sk_settings_fault(settings, server != NULL ? "server" : "ca", fault, "is of no use without url");
	if (strncmp(url, "https://", 8) != 0 || sk_url_parts(url, strlen(url), &parts) != SK_OK || parts.has_query || !copy(out->host, sizeof out->host, parts.host, parts.host_length) ||
	    !copy(out->path, sizeof out->path, parts.path, parts.path_length) || out->path[parts.path_length - 1] != '/' || !is_plain(out->host) || !is_plain(out->path))
		return sk_settings_fault(settings, "url", fault, "expected https://HOST/PATH/ with a '/' at its end");
	if (server == NULL || sk_peer_parse(server, &out->server, NULL) != SK_OK || out->server.transport != SK_PEER_TCP)
		return sk_settings_fault(settings, "server", fault, "expected tcp:ADDRESS:PORT of the web server; names are not resolved");
	if (snprintf(out->authority, sizeof out->authority, "%s", ca) >= (int)sizeof out->authority || (ca[0] != '\0' && ca[0] != '/'))
		return sk_settings_fault(settings, "ca", fault, "expected the absolute path of a file of certificates");
	return SK_OK;
}

/* ---- the exchange ---- */

static enum sk_err tls_fault(const struct sk_web *web, const struct sk_backend_place *place, SSL *tls, const char *what, struct sk_fault *fault)
{
	char peer[SK_PEER_TEXT_MAX], why[160] = "";
	long verified = tls != NULL ? SSL_get_verify_result(tls) : X509_V_OK;
	unsigned long code = ERR_get_error();
	if (verified != X509_V_OK)
		(void)snprintf(why, sizeof why, "%s", X509_verify_cert_error_string(verified));
	else if (code != 0)
		ERR_error_string_n(code, why, sizeof why);
	else
		(void)snprintf(why, sizeof why, "it closed the connection or was silent for %d s", SK_HTTPS_TIMEOUT_MS / 1000);
	ERR_clear_error();
	return sk_fault_set(fault, SK_ETARGET, "%s: %s at %s: %s: %s", place->name, web->host, sk_peer_format(&web->server, peer), what, why);
}

static enum sk_err exchange(const struct sk_web *web, const struct sk_backend_place *place, SSL *tls, const char *name, struct sk_buf *raw, struct sk_fault *fault)
{
	char request[SK_URL_PATH_MAX + SK_URL_HOST_NAME_MAX + 256], piece[16384];
	int length = snprintf(request, sizeof request, "GET %s%s HTTP/1.0\r\nHost: %s\r\nUser-Agent: sekisho/" SK_VERSION "\r\nAccept: */*\r\n\r\n", web->path, name, web->host);
	SK_INVARIANT(length > 0 && length < (int)sizeof request);
	int64_t since = place->clock.monotonic_ns(place->clock.context);
	if (SSL_connect(tls) != 1)
		return tls_fault(web, place, tls, "no TLS", fault);
	if (SSL_write(tls, request, length) != length)
		return tls_fault(web, place, tls, "takes no request", fault);
	for (;;) {
		int n = SSL_read(tls, piece, sizeof piece);
		if (n > 0) {
			sk_buf_add(raw, piece, (size_t)n);
		} else if (SSL_get_error(tls, n) == SSL_ERROR_ZERO_RETURN) {
			return SK_OK;
		} else {
			return tls_fault(web, place, tls, "broke off", fault);
		}
		if (raw->failed != SK_OK || place->clock.monotonic_ns(place->clock.context) - since > 2LL * SK_HTTPS_TIMEOUT_MS * 1000000)
			return sk_fault_set(fault, SK_ETARGET, "%s: %s%s of %s is too long or too slow", place->name, web->path, name, web->host);
	}
}

static enum sk_err set_up(const struct sk_web *web, const struct sk_backend_place *place, SSL_CTX *context, int fd, SSL **tls, struct sk_fault *fault)
{
	const struct timeval patience = {.tv_sec = SK_HTTPS_TIMEOUT_MS / 1000};
	bool trusted = web->authority[0] != '\0' ? SSL_CTX_load_verify_file(context, web->authority) == 1 : SSL_CTX_set_default_verify_paths(context) == 1;
	if (!trusted)
		return tls_fault(web, place, NULL, "the certificates that are trusted cannot be read", fault);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	*tls = SSL_new(context);
	if (*tls == NULL || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 || SSL_set1_host(*tls, web->host) != 1 || SSL_ctrl(*tls, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, (char *)(uintptr_t)web->host) != 1 ||
	    SSL_set_fd(*tls, fd) != 1 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0)
		return tls_fault(web, place, NULL, "TLS cannot be set up", fault);
	return SK_OK;
}

static enum sk_err get_raw(const struct sk_web *web, const struct sk_backend_place *place, const char *name, struct sk_buf *raw, struct sk_fault *fault)
{
	int fd = -1;
	SSL *tls = NULL;
	enum sk_err err = sk_peer_connect(&web->server, place->named, place->named_context, SK_HTTPS_TIMEOUT_MS, &fd, fault);
	if (err != SK_OK)
		return err == SK_EPERMIT ? err : SK_ETARGET;
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	err = context == NULL ? SK_ENOMEM : set_up(web, place, context, fd, &tls, fault);
	if (err == SK_OK)
		err = exchange(web, place, tls, name, raw, fault);
	SSL_free(tls);
	SSL_CTX_free(context);
	(void)close(fd);
	return err;
}

enum sk_err sk_web_get(const struct sk_web *web, const struct sk_backend_place *place, const char *name, struct sk_buf *out, struct sk_fault *fault)
{
	struct sk_buf raw;
	unsigned status = 0;
	const void *body = NULL;
	size_t length = 0;
	sk_buf_init(&raw, out->limit + SK_HTTP_HEAD_MAX);
	enum sk_err err = get_raw(web, place, name, &raw, fault);
	if (err == SK_OK) {
		err = sk_http_answer(raw.bytes, raw.length, &status, &body, &length);
		if (err != SK_OK)
			err = sk_fault_set(fault, SK_ETARGET, "%s: %s%s of %s: the answer is %s", place->name, web->path, name, web->host, sk_err_text(err));
		else if (status != 200)
			err = sk_fault_set(fault, SK_ETARGET, "%s: %s%s of %s: status %u, expected 200", place->name, web->path, name, web->host, status);
	}
	if (err == SK_OK) {
		sk_buf_add(out, body, length);
		err = out->failed;
	}
	sk_buf_fini(&raw);
	return err;
}
