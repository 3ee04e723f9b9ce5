/* SPDX-License-Identifier: Apache-2.0 */
/* Files: the page (console) and public ledgers. A path is walked folder by folder; names are of letters, digits and . _ - and do not begin with a dot; links are not
   followed. So there is nothing above the folder to get at, whatever is sent. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "web/server_priv.h"

enum { NAME_BYTES = 128, DEPTH_MAX = 8 };

static const struct {
	const char *ending, *type;
} types[] = {
	{".html", "text/html; charset=utf-8"}, {".js", "text/javascript; charset=utf-8"}, {".css", "text/css; charset=utf-8"}, {".json", "application/json"},
	{".svg", "image/svg+xml"}, {".png", "image/png"}, {".ico", "image/x-icon"}, {".woff2", "font/woff2"}, {".txt", "text/plain; charset=utf-8"},
	{".webmanifest", "application/manifest+json"}, {".map", "application/json"},
};

static const char *type_of(const char *name)
{
	size_t length = strlen(name);
	for (size_t i = 0; i < SK_COUNT(types); i++) {
		size_t ending = strlen(types[i].ending);
		if (length > ending && strcmp(name + length - ending, types[i].ending) == 0)
			return types[i].type;
	}
	return "application/octet-stream";
}

/* ---- opening ---- */

static bool name_fits(const char *name, size_t length)
{
	if (length == 0 || length >= NAME_BYTES || name[0] == '.')
		return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") >= length;
}

/* path has no leading slash. -1: not there, or not a plain file. */
static int open_below(const char *folder, const char *path, struct stat *info)
{
	int at = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (unsigned depth = 0; at >= 0 && depth < DEPTH_MAX; depth++) {
		char name[NAME_BYTES];
		size_t length = strcspn(path, "/");
		bool last = path[length] == '\0';
		int next = -1;
		if (name_fits(path, length)) {
			memcpy(name, path, length);
			name[length] = '\0';
			next = openat(at, name, (last ? O_RDONLY | O_NONBLOCK : O_PATH | O_DIRECTORY) | O_NOFOLLOW | O_CLOEXEC);
		}
		(void)close(at);
		at = next;
		if (last) {
			if (at >= 0 && fstat(at, info) == 0 && S_ISREG(info->st_mode))
				return at;
			break;
		}
		path += length + 1;
	}
	if (at >= 0)
		(void)close(at);
	return -1;
}

static bool not_modified(const struct request *request, const char *etag)
{
	const char *known = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_NONE_MATCH);
	return known != NULL && strstr(known, etag) != NULL;
}

static enum MHD_Result send_file(struct request *request, int fd, const struct stat *info, const char *type, const char *cache)
{
	char etag[64];
	static char nothing[1];
	(void)snprintf(etag, sizeof etag, "\"%llx-%llx%09lx\"", (unsigned long long)info->st_size, (unsigned long long)info->st_mtim.tv_sec, (unsigned long)info->st_mtim.tv_nsec);
	bool same = not_modified(request, etag);
	struct MHD_Response *response = same ? MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT) : MHD_create_response_from_fd64((uint64_t)info->st_size, fd);
	if (same || response == NULL)
		(void)close(fd);
	if (response == NULL)
		return MHD_NO;
	sk_web_common_headers(request->web, response);
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, cache);
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, etag);
	enum MHD_Result queued = MHD_queue_response(request->connection, same ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	request->stage = REQUEST_ANSWERED;
	return queued;
}

static enum MHD_Result refuse(struct request *request, enum sk_err err, const char *line)
{
	request->verdict = sk_web_refuse(&request->call, err, "%s", line);
	return sk_web_answer(request);
}

/* ---- ledgers ---- */

const char *sk_web_ledger_name(const struct sk_web_house *house, size_t i, char name[64])
{
	if (i == 0)
		return "centre";
	if (i > house->workspace_count)
		return NULL;
	const char *path = house->workspaces[i - 1], *last = strrchr(path, '/');
	last = last != NULL && last[1] != '\0' ? last + 1 : path;
	/* Two folders of one name are told apart by their place. */
	bool good = name_fits(last, strlen(last)) && strcmp(last, "centre") != 0 && strlen(last) < 48;
	for (size_t j = 0; good && j + 1 < i; j++) {
		const char *other = strrchr(house->workspaces[j], '/');
		good = strcmp(other != NULL ? other + 1 : house->workspaces[j], last) != 0;
	}
	if (good)
		(void)snprintf(name, 64, "%.47s", last); /* as long as it may be */
	else
		(void)snprintf(name, 64, "sensor-%zu", i);
	return name;
}

size_t sk_web_workspace_find(const struct sk_web_house *house, const char *name)
{
	char known[64];
	size_t i = 0;
	while (i < house->workspace_count && strcmp(sk_web_ledger_name(house, i + 1, known), name) != 0)
		i++;
	return i;
}

enum sk_err sk_web_ledger_folder(const struct sk_web_house *house, size_t i, char path[4096])
{
	return i == 0 ? sk_file_join(path, 4096, house->folder, "centre/ledger") : sk_file_join(path, 4096, house->workspaces[i - 1], "ledger");
}

/* tlog-tiles: a full tile never changes; a checkpoint does; of a partial one there is a fuller one soon. */
static enum MHD_Result ledger_file(struct request *request, const char *path)
{
	char name[64], folder[SK_PATH_MAX];
	size_t length = strcspn(path, "/");
	struct stat info;
	int fd = -1;
	for (size_t i = 0; path[length] == '/' && fd < 0; i++) {
		const char *known = sk_web_ledger_name(request->web->house, i, name);
		if (known == NULL)
			break;
		if (strlen(known) == length && memcmp(known, path, length) == 0 && sk_web_ledger_folder(request->web->house, i, folder) == SK_OK)
			fd = open_below(folder, path + length + 1, &info);
	}
	if (fd < 0)
		return refuse(request, SK_ENOENT, "no such file of a ledger");
	bool tile = strncmp(path + length, "/tile/", 6) == 0, partial = strstr(path, ".p/") != NULL;
	return send_file(request, fd, &info, tile ? "application/octet-stream" : "text/plain; charset=utf-8",
			 tile && !partial ? "public, max-age=31536000, immutable" : tile ? "public, max-age=3600" : "no-cache");
}

/* ---- the page ---- */

/* esbuild names bundles NAME-HASH.js, eight of A-Z 2-7: what changes gets another name. */
static bool is_hashed(const char *path)
{
	const char *name = strrchr(path, '/'), *dash = strrchr(name != NULL ? name : path, '-');
	return dash != NULL && strspn(dash + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == 8 && dash[9] == '.';
}

static enum MHD_Result no_console(struct request *request)
{
	static char page[] = "<!doctype html>\n<html lang=\"en\"><title>Sekisho</title>\n<h1>Sekisho</h1>\n<p>The centre is here; its page was not built, or not named to <code>sekisho serve --console FOLDER</code>.\n"
			     "<p>It is built with <code>npm ci</code> and <code>esbuild</code> (docs/web.md). The API is at <a href=\"/api/v1/openapi.json\">/api/v1/openapi.json</a>.\n</html>\n";
	struct MHD_Response *response = MHD_create_response_from_buffer(sizeof page - 1, page, MHD_RESPMEM_PERSISTENT);
	if (response == NULL)
		return MHD_NO;
	sk_web_common_headers(request->web, response);
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/html; charset=utf-8");
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	enum MHD_Result queued = MHD_queue_response(request->connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	request->stage = REQUEST_ANSWERED;
	return queued;
}

static enum MHD_Result page_file(struct request *request, const char *path)
{
	const char *folder = request->web->options.console, *last = strrchr(path, '/');
	struct stat info;
	/* A view's path has no ending: it is the page itself that shows it. */
	bool view = strchr(last != NULL ? last : path, '.') == NULL;
	if (folder == NULL)
		return view ? no_console(request) : refuse(request, SK_ENOENT, "no such file");
	if (view)
		path = "index.html";
	int fd = open_below(folder, path, &info);
	if (fd < 0)
		return refuse(request, SK_ENOENT, "no such file");
	return send_file(request, fd, &info, type_of(path), is_hashed(path) ? "public, max-age=31536000, immutable" : "no-cache");
}

enum MHD_Result sk_web_file(struct request *request)
{
	const char *path = request->uri;
	if (strncmp(path, "/ledger/", 8) == 0)
		return ledger_file(request, path + 8);
	return page_file(request, path + 1);
}
