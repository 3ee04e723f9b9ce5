/* SPDX-License-Identifier: Apache-2.0 */
/* Where is a mark? As it was sent, and in hexadecimal. What is sealed is opened first; what is compressed or written in another way would not be seen, and the documents say so. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/drill.h"
#include "store/store.h"
#include "text/text.h"

enum { PIECE_BYTES = 1 << 20, HEX_BYTES = 2 * SK_DRILL_TAG_BYTES, OVERLAP = 2 * SK_DRILL_MARK_BYTES, MAP_LINE_MAX = 1024, DEPTH_DESCRIPTORS = 16 };

/* ---- bytes ---- */

struct forms {
	char lower[HEX_BYTES + 1], upper[HEX_BYTES + 1];
};

static void make_forms(const struct sk_drill_marks *marks, struct forms *out)
{
	sk_hex_encode(marks->tag, SK_DRILL_TAG_BYTES, out->lower);
	for (unsigned i = 0; i <= HEX_BYTES; i++)
		out->upper[i] = (char)(out->lower[i] >= 'a' && out->lower[i] <= 'f' ? out->lower[i] - 'a' + 'A' : out->lower[i]);
}

/* The frame that a mark is of, where it is whole; marks of kinds that are not strict do not count. */
static bool counts(const struct sk_drill_search *search, int kind)
{
	return kind < 0 || (search->strict >> kind & 1) != 0;
}

static void note_place(struct sk_drill_search *search, const char *where, uint64_t at, int kind, const char *form)
{
	if (search->place_count == SK_DRILL_PLACES_MAX)
		return;
	struct sk_drill_place *place = &search->places[search->place_count++];
	place->kind = kind;
	(void)snprintf(place->where, sizeof place->where, "%.400s, offset %" PRIu64 "%s", where, at, form);
}

/* Marks that begin in the first `own` bytes. Returns how many count. */
static uint64_t search_bytes(struct sk_drill_search *search, const uint8_t *bytes, size_t length, size_t own, const char *where, uint64_t offset)
{
	uint64_t found = 0;
	struct forms forms;
	for (const uint8_t *at = bytes; (at = memmem(at, length - (size_t)(at - bytes), search->marks->tag, SK_DRILL_TAG_BYTES)) != NULL; at++) {
		size_t from = (size_t)(at - bytes);
		int kind = sk_drill_mark_kind(search->marks, at, length - from);
		if (from >= own)
			break;
		if (!counts(search, kind))
			continue;
		found++;
		note_place(search, where, offset + from, kind, "");
	}
	make_forms(search->marks, &forms);
	for (unsigned i = 0; i < 2; i++) {
		const char *text = i == 0 ? forms.lower : forms.upper;
		for (const uint8_t *at = bytes; (at = memmem(at, length - (size_t)(at - bytes), text, HEX_BYTES)) != NULL; at++) {
			if ((size_t)(at - bytes) >= own)
				break;
			found++;
			note_place(search, where, offset + (uint64_t)(at - bytes), -1, ", in hexadecimal");
		}
	}
	return found;
}

/* From `from` on so many bytes of a file, piece by piece, each with the head of the next so that no mark lies across an edge. *read gets what could be read. */
static uint64_t search_range(struct sk_drill_search *search, int fd, uint64_t from, uint64_t length, const char *where, uint8_t *memory, uint64_t *read_bytes)
{
	uint64_t found = 0;
	for (uint64_t done = 0; done < length;) {
		uint64_t wanted = length - done < PIECE_BYTES + OVERLAP ? length - done : PIECE_BYTES + OVERLAP;
		ssize_t got = pread(fd, memory, (size_t)wanted, (off_t)(from + done));
		if (got <= 0)
			break;
		size_t own = (uint64_t)got < length - done && got > OVERLAP ? (size_t)got - OVERLAP : (size_t)got;
		found += search_bytes(search, memory, (size_t)got, own, where, from + done);
		done += own;
		*read_bytes += own;
	}
	return found;
}

/* ---- the live process ---- */

static enum sk_err open_of_process(long pid, const char *name, int *fd, struct sk_fault *fault)
{
	char path[64];
	(void)snprintf(path, sizeof path, "/proc/%ld/%s", pid, name);
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd >= 0)
		return SK_OK;
	return errno == ENOENT || errno == ESRCH ? sk_fault_set(fault, SK_ENOENT, "process %ld is gone", pid)
						 : sk_fault_set(fault, SK_EPERMIT, "%s: may not be read; a drill needs root, or CAP_SYS_PTRACE", path);
}

/* One line of maps: FROM-TO rwxp ... NAME. */
static void search_mapping(struct sk_drill_search *search, int mem, long pid, const char *line, uint8_t *memory)
{
	uint64_t from = 0, to = 0, read_bytes = 0;
	char rights[5] = "", where[SK_DRILL_PLACE_MAX];
	int name = 0;
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*s %*s %*s %n", &from, &to, rights, &name) < 3 || rights[0] != 'r' || to <= from)
		return;
	(void)snprintf(where, sizeof where, "process %ld, %.300s", pid, name != 0 && line[name] != '\0' ? line + name : "anonymous memory");
	/* Offsets of the highest addresses are negative to pread: [vsyscall], the kernel's own. */
	if (from <= INT64_MAX)
		search->found_memory += search_range(search, mem, from, to - from, where, memory, &read_bytes);
	search->memory_bytes += read_bytes;
	search->memory_unread += to - from - read_bytes;
}

enum sk_err sk_drill_search_memory(struct sk_drill_search *search, long pid, struct sk_fault *fault)
{
	int maps = -1, mem = -1;
	char line[MAP_LINE_MAX];
	uint8_t *memory = malloc(PIECE_BYTES + OVERLAP);
	enum sk_err err = memory != NULL ? open_of_process(pid, "maps", &maps, fault) : sk_fault_set(fault, SK_ENOMEM, "out of memory");
	if (err == SK_OK)
		err = open_of_process(pid, "mem", &mem, fault);
	FILE *file = err == SK_OK ? fdopen(maps, "r") : NULL;
	while (file != NULL && fgets(line, sizeof line, file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		search_mapping(search, mem, pid, line, memory);
	}
	if (file != NULL)
		(void)fclose(file);
	else if (maps >= 0)
		(void)close(maps);
	if (mem >= 0)
		(void)close(mem);
	if (memory != NULL)
		sk_wipe(memory, PIECE_BYTES + OVERLAP);
	free(memory);
	return err == SK_OK && search->memory_bytes == 0 ? sk_fault_set(fault, SK_EPERMIT, "process %ld: none of its memory can be read", pid) : err;
}

/* ---- files ---- */

static enum sk_err search_file(struct sk_drill_search *search, const char *path, uint8_t *memory, struct sk_fault *fault)
{
	struct stat info;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT) /* the sensor goes on, and replaces files */
		return SK_OK;
	if (fd < 0)
		return sk_fault_errno(fault, errno, "%s: cannot be searched", path);
	if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
		search->files++;
		search->found_files += search_range(search, fd, 0, (uint64_t)info.st_size, path, memory, &search->file_bytes);
	}
	(void)close(fd);
	return SK_OK;
}

/* nftw(3) hands no context on: the walk that is under way, in one thread. */
static struct {
	struct sk_drill_search *search;
	uint8_t *memory;
	struct sk_fault *fault;
	enum sk_err err;
} walk;

static int take_entry(const char *path, const struct stat *info, int type, struct FTW *place)
{
	(void)info, (void)place;
	if (type == FTW_F)
		walk.err = search_file(walk.search, path, walk.memory, walk.fault);
	return walk.err != SK_OK;
}

enum sk_err sk_drill_search_path(struct sk_drill_search *search, const char *path, struct sk_fault *fault)
{
	uint8_t *memory = malloc(PIECE_BYTES + OVERLAP);
	if (memory == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	walk.search = search;
	walk.memory = memory;
	walk.fault = fault;
	walk.err = SK_OK;
	enum sk_err err = SK_OK;
	if (nftw(path, take_entry, DEPTH_DESCRIPTORS, FTW_PHYS) < 0)
		err = sk_fault_errno(fault, errno, "%s: cannot be searched", path);
	err = walk.err != SK_OK ? walk.err : err;
	sk_wipe(memory, PIECE_BYTES + OVERLAP);
	free(memory);
	return err;
}

/* ---- rows ---- */

static enum sk_err take_row(struct sk_drill_search *search, const void *row, size_t length, const char *what)
{
	char where[SK_DRILL_PLACE_MAX];
	(void)snprintf(where, sizeof where, "the store, %s %" PRIu64, what, search->rows);
	search->rows++;
	search->found_rows += search_bytes(search, row, length, length, where, 0);
	return SK_OK;
}

static enum sk_err take_observation(void *context, const uint8_t id[16], uint64_t interval, const struct sk_observation *observation)
{
	(void)id, (void)interval;
	return take_row(context, observation, sizeof *observation, "observation");
}

static enum sk_err take_finding(void *context, const struct sk_finding *finding)
{
	return take_row(context, finding, sizeof *finding, "finding");
}

enum sk_err sk_drill_search_store(struct sk_drill_search *search, const struct sk_workspace *workspace, struct sk_fault *fault)
{
	struct sk_workspace_store at;
	struct sk_store *store = NULL;
	const struct sk_store_filter all = {.class_ = -1};
	uint64_t erased = 0;
	enum sk_err err = sk_store_open(sk_workspace_store(workspace, 0, true, &at), &store, fault);
	if (err == SK_ENOENT)
		return SK_OK;
	if (err == SK_OK)
		err = sk_store_observations(store, &all, take_observation, search, &erased, fault);
	if (err == SK_OK)
		err = sk_store_flows(store, &all, take_observation, search, &erased, fault);
	if (err == SK_OK)
		err = sk_store_findings(store, &all, take_finding, search, fault);
	sk_store_close(store);
	return err;
}
