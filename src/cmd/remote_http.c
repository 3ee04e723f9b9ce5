/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/remote_http.h"

#define CURL_DISABLE_TYPECHECK 1 /* its macros stand where its functions' names must */
#include <curl/curl.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "peer/peer.h"

enum { CONNECT_MS = 10000, ANSWER_S = 600, URL_MAX = 4096, NAME_LENGTH_MAX = 256 };

/* What is used of libcurl, by the name that it has there. */
#define FUNCTIONS(X) \
	X(curl_easy_init) X(curl_easy_setopt) X(curl_easy_perform) X(curl_easy_cleanup) X(curl_easy_reset) X(curl_easy_getinfo) X(curl_slist_append) X(curl_slist_free_all) \
	X(curl_easy_strerror)

struct sk_http {
	void *library;
#define MEMBER(name) __typeof__(&name) name;
	FUNCTIONS(MEMBER)
#undef MEMBER
	CURL *curl;
	char base[URL_MAX], socket[URL_MAX];
	struct sk_peer peer;
	bool has_peer;
	const char *ca;
	struct sk_buf *out;
	FILE *stream;
	struct sk_fault *fault; /* of a socket */
	char why[CURL_ERROR_SIZE];
};

/* ---- sockets ---- */

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct sk_http *http = context;
	int fd = -1;
	(void)purpose, (void)address; /* libcurl was told the same */
	return sk_peer_connect(&http->peer, NULL, NULL, CONNECT_MS, &fd, http->fault) == SK_OK ? fd : CURL_SOCKET_BAD;
}

static int is_connected(void *context, curl_socket_t fd, curlsocktype purpose)
{
	(void)context, (void)fd, (void)purpose;
	return CURL_SOCKOPT_ALREADY_CONNECTED;
}

/* ---- the server ---- */

/* scheme://host[:port]: the host as it stands, the port or the scheme's own. */
static enum sk_err find_peer(struct sk_http *http, const struct sk_http_server *server, struct sk_fault *fault)
{
	bool secure = strncmp(server->url, "https://", 8) == 0, six;
	const char *host = server->url + (secure ? 8 : 7), *port;
	char name[NAME_LENGTH_MAX], text[NAME_LENGTH_MAX + SK_PEER_TEXT_MAX];
	size_t length = strcspn(host, "/");
	if ((!secure && strncmp(server->url, "http://", 7) != 0) || host[length] == '/' || length == 0 || length >= sizeof name)
		return sk_fault_set(fault, SK_EUSAGE, "--server %.100s: expected http://127.0.0.1:PORT, https://HOST[:PORT] or unix:PATH", server->url);
	six = host[0] == '[';
	size_t name_length = six ? strcspn(host, "]") + 1 : strcspn(host, ":");
	if (name_length > length)
		return sk_fault_set(fault, SK_EUSAGE, "--server %.100s: a bracket is not closed", server->url);
	memcpy(name, host, name_length);
	name[name_length] = '\0';
	port = host[name_length] == ':' ? host + name_length + 1 : secure ? "443" : "80";
	const char *address = server->at != NULL ? server->at : strcmp(name, "localhost") == 0 ? "127.0.0.1" : name;
	(void)snprintf(text, sizeof text, "tcp:%s:%s", address, port);
	if (sk_peer_parse(text, &http->peer, fault) != SK_OK)
		return sk_fault_set(fault, SK_EUSAGE, "--server %.100s: no name is looked up here; tell its address with --at ADDRESS (an IPv6 address in brackets)", server->url);
	http->has_peer = true;
	(void)snprintf(http->base, sizeof http->base, "%s", server->url);
	return SK_OK;
}

enum sk_err sk_http_open(const struct sk_http_server *server, struct sk_http **out, struct sk_fault *fault)
{
	struct sk_http *http = calloc(1, sizeof *http);
	*out = NULL;
	if (http == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	enum sk_err err = SK_OK;
	http->ca = server->ca;
	if (strncmp(server->url, "unix:", 5) == 0) {
		(void)snprintf(http->socket, sizeof http->socket, "%s", server->url + 5);
		(void)snprintf(http->base, sizeof http->base, "http://localhost");
	} else {
		err = find_peer(http, server, fault);
	}
	if (err == SK_OK && (http->library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL)) == NULL)
		err = sk_fault_set(fault, SK_EUNSUPPORTED, "libcurl is not installed here, and a server is asked by it (Debian: libcurl4)");
	/* POSIX lets a pointer of dlsym be a function's; C asks for the detour. */
#define LOAD(name) \
	if (err == SK_OK) { \
		void *symbol = dlsym(http->library, #name); \
		memcpy(&http->name, &symbol, sizeof symbol); \
		if (symbol == NULL) \
			err = sk_fault_set(fault, SK_EUNSUPPORTED, "libcurl has no %s", #name); \
	}
	FUNCTIONS(LOAD)
#undef LOAD
	if (err == SK_OK && (http->curl = http->curl_easy_init()) == NULL)
		err = sk_fault_set(fault, SK_ENOMEM, "out of memory");
	if (err != SK_OK) {
		sk_http_close(http);
		return err;
	}
	*out = http;
	return SK_OK;
}

void sk_http_close(struct sk_http *http)
{
	if (http == NULL)
		return;
	if (http->curl != NULL)
		http->curl_easy_cleanup(http->curl);
	if (http->library != NULL)
		(void)dlclose(http->library);
	free(http);
}

/* ---- a request ---- */

static size_t take(char *bytes, size_t size, size_t count, void *context)
{
	struct sk_http *http = context;
	if (http->stream != NULL) {
		size_t wrote = fwrite(bytes, size, count, http->stream);
		(void)fflush(http->stream);
		return wrote * size;
	}
	sk_buf_add(http->out, bytes, size * count);
	return http->out->failed == SK_OK ? size * count : 0;
}

static struct curl_slist *add_header(struct sk_http *http, struct curl_slist *headers, const char *name, const char *value)
{
	char line[512];
	if (value == NULL)
		return headers;
	(void)snprintf(line, sizeof line, "%s: %s", name, value);
	struct curl_slist *longer = http->curl_slist_append(headers, line);
	sk_wipe(line, sizeof line);
	return longer != NULL ? longer : headers;
}

static void prepare(struct sk_http *http, const char *url, const char *method, const struct sk_buf *body, struct curl_slist *headers)
{
	CURL *curl = http->curl;
	http->curl_easy_reset(curl);
	(void)http->curl_easy_setopt(curl, CURLOPT_URL, url);
	(void)http->curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	(void)http->curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	(void)http->curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	(void)http->curl_easy_setopt(curl, CURLOPT_WRITEDATA, http);
	(void)http->curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, http->why);
	(void)http->curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	(void)http->curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	(void)http->curl_easy_setopt(curl, CURLOPT_PROXY, "");
	(void)http->curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	if (http->stream == NULL)
		(void)http->curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)ANSWER_S);
	if (body != NULL) {
		(void)http->curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)body->length);
		(void)http->curl_easy_setopt(curl, CURLOPT_POSTFIELDS, sk_buf_text(body));
	}
	if (http->ca != NULL)
		(void)http->curl_easy_setopt(curl, CURLOPT_CAINFO, http->ca);
	if (!http->has_peer) {
		(void)http->curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, http->socket);
		return;
	}
	(void)http->curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	(void)http->curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, http);
	(void)http->curl_easy_setopt(curl, CURLOPT_SOCKOPTFUNCTION, is_connected);
}

/* libcurl would look a name up before it asks for the socket: it is told to connect to an address, any, and the socket is ours whatever it is. */
static struct curl_slist *any_address(struct sk_http *http)
{
	return http->curl_slist_append(NULL, "::127.0.0.1:1");
}

enum sk_err sk_http_ask(struct sk_http *http, const char *method, const char *path, const char *token, const char *purpose, const struct sk_buf *body, const char *type,
			FILE *stream, unsigned *status, struct sk_buf *out, struct sk_fault *fault)
{
	char url[2 * URL_MAX], bearer[256];
	long code = 0;
	struct curl_slist *headers = NULL, *to = any_address(http);
	(void)snprintf(url, sizeof url, "%s%s", http->base, path);
	(void)snprintf(bearer, sizeof bearer, "Bearer %s", token != NULL ? token : "");
	headers = add_header(http, headers, "Authorization", token != NULL ? bearer : NULL);
	headers = add_header(http, headers, "X-Sekisho-Purpose", purpose);
	headers = add_header(http, headers, "Content-Type", body != NULL ? type : NULL);
	headers = add_header(http, headers, "Expect", body != NULL ? "" : NULL);
	http->out = out;
	http->stream = stream;
	http->fault = fault;
	http->why[0] = '\0';
	fault->line[0] = '\0';
	prepare(http, url, method, body, headers);
	if (http->has_peer)
		(void)http->curl_easy_setopt(http->curl, CURLOPT_CONNECT_TO, to);
	CURLcode result = http->curl_easy_perform(http->curl);
	(void)http->curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &code);
	http->curl_slist_free_all(headers);
	http->curl_slist_free_all(to);
	sk_wipe(bearer, sizeof bearer);
	*status = (unsigned)code;
	if (result == CURLE_OK)
		return SK_OK;
	if (fault->line[0] != '\0')
		return fault->err;
	return sk_fault_set(fault, SK_EIO, "%s: %s", http->base, http->why[0] != '\0' ? http->why : http->curl_easy_strerror(result));
}

void sk_http_escape(const char *value, struct sk_buf *out)
{
	for (const char *at = value; *at != '\0'; at++) {
		unsigned char c = (unsigned char)*at;
		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-._~", c) != NULL)
			sk_buf_add_u8(out, c);
		else
			sk_buf_addf(out, "%%%02X", c);
	}
}
