/* SPDX-License-Identifier: Apache-2.0 */
/* The single writer of a log. Order of a commit: entry bundle and tiles under names that were never published, fsync of each file, fsync of each
   folder that got a name, then the checkpoint by rename. A crash at any point leaves the old checkpoint with everything it needs. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "ledger/ledger_priv.h"
#include "wire/wire.h"

enum { FOLDERS_MAX = 4096 };

/* A full tile or bundle that no checkpoint covers yet. */
struct full_file {
	int level;
	uint64_t index;
	uint8_t *bytes; /* owned */
	size_t length;
};

struct sk_ledger {
	char folder[SK_PATH_MAX];
	char origin[SK_KEY_NAME_MAX];
	const struct sk_sign_key *key;
	int lock;
	struct sk_frontier frontier;  /* with what is not committed */
	struct sk_buf bundle;         /* the bundle at the right edge, from its first entry */
	struct full_file *full;
	size_t full_count, full_capacity, full_bytes;
	struct sk_checkpoint head;    /* as committed */
	struct sk_buf head_note;
	bool unsure;                  /* the last rename may or may not have happened: only opening again can tell */
};

/* ---- files of one commit ---- */

struct commit {
	struct sk_ledger *ledger;
	struct sk_fault *fault;
	char (*folders)[SK_TILE_PATH_MAX]; /* to sync, relative */
	size_t folder_count;
	struct { int level; unsigned width; uint64_t index; } *written;
	size_t written_count;
};

static enum sk_err absolute(const struct sk_ledger *ledger, const char *relative, char path[SK_PATH_MAX], struct sk_fault *fault)
{
	return sk_file_join(path, SK_PATH_MAX, ledger->folder, relative) == SK_OK
		   ? SK_OK
		   : sk_fault_set(fault, SK_ETOOBIG, "%s: path too long", ledger->folder);
}

static enum sk_err remember_folder(struct commit *commit, const char *relative)
{
	for (size_t i = commit->folder_count; i-- > 0;)
		if (strcmp(commit->folders[i], relative) == 0)
			return SK_OK;
	if (commit->folder_count % 64 == 0) {
		void *grown = commit->folder_count < FOLDERS_MAX ? realloc(commit->folders, (commit->folder_count + 64) * sizeof *commit->folders) : NULL;
		if (grown == NULL)
			return sk_fault_set(commit->fault, SK_ENOMEM, "out of memory in a commit");
		commit->folders = grown;
	}
	(void)snprintf(commit->folders[commit->folder_count++], SK_TILE_PATH_MAX, "%s", relative);
	return SK_OK;
}

/* Make the folders above a file; whatever gets a new name in it is to be synced. */
static enum sk_err make_folders(struct commit *commit, const char *relative)
{
	char part[SK_TILE_PATH_MAX], parent[SK_TILE_PATH_MAX] = ".", path[SK_PATH_MAX];
	for (const char *slash = strchr(relative, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		(void)snprintf(part, sizeof part, "%.*s", (int)(slash - relative), relative);
		SK_TRY(absolute(commit->ledger, part, path, commit->fault));
		if (mkdir(path, 0755) == 0)
			SK_TRY(remember_folder(commit, parent));
		else if (errno != EEXIST)
			return sk_fault_errno(commit->fault, errno, "%s: cannot make folder", path);
		(void)snprintf(parent, sizeof parent, "%s", part);
	}
	return remember_folder(commit, parent);
}

/* Make a file that must not be there. What stands there was left by a crash (it is beyond the checkpoint) and goes. */
static int open_new(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0 && errno == EEXIST && unlink(path) == 0)
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	return fd;
}

static enum sk_err write_file(struct commit *commit, int level, uint64_t index, unsigned width, const uint8_t *bytes, size_t length)
{
	char relative[SK_TILE_PATH_MAX], path[SK_PATH_MAX];
	SK_TRY(sk_tile_path(relative, sizeof relative, level, index, width));
	SK_TRY(absolute(commit->ledger, relative, path, commit->fault));
	SK_TRY(make_folders(commit, relative));
	int fd = open_new(path);
	if (fd < 0)
		return sk_fault_errno(commit->fault, errno, "%s: cannot make", path);
	commit->written[commit->written_count].level = level;
	commit->written[commit->written_count].index = index;
	commit->written[commit->written_count++].width = width;
	int failed = 0;
	while (length > 0 && failed == 0) {
		ssize_t put = write(fd, bytes, length);
		if (put >= 0) {
			bytes += put;
			length -= (size_t)put;
		} else if (errno != EINTR) {
			failed = errno;
		}
	}
	if (failed == 0 && fsync(fd) != 0)
		failed = errno;
	if (close(fd) != 0 && failed == 0)
		failed = errno;
	return failed != 0 ? sk_fault_errno(commit->fault, failed, "%s: cannot write", path) : SK_OK;
}

static enum sk_err write_tiles(struct commit *commit)
{
	struct sk_ledger *ledger = commit->ledger;
	uint64_t size = ledger->frontier.size;
	for (size_t i = 0; i < ledger->full_count; i++)
		SK_TRY(write_file(commit, ledger->full[i].level, ledger->full[i].index, SK_TILE_WIDTH, ledger->full[i].bytes, ledger->full[i].length));
	if (sk_partial_width(size, 0) != 0)
		SK_TRY(write_file(commit, SK_LEVEL_ENTRIES, sk_partial_index(size, 0), sk_partial_width(size, 0), ledger->bundle.bytes, ledger->bundle.length));
	for (unsigned level = 0; level < SK_TILE_LEVELS_MAX; level++) {
		unsigned width = sk_partial_width(size, level);
		/* A tile that did not grow since the last checkpoint stands already, and what is published is never written again. */
		if (width != 0 && size >> 8 * level != ledger->head.size >> 8 * level)
			SK_TRY(write_file(commit, (int)level, sk_partial_index(size, level), width, ledger->frontier.tile[level][0], width * SK_HASH_BYTES));
	}
	for (size_t i = 0; i < commit->folder_count; i++) {
		char path[SK_PATH_MAX];
		SK_TRY(absolute(ledger, commit->folders[i], path, commit->fault));
		SK_TRY(sk_file_sync_folder(path, commit->fault));
	}
	return SK_OK;
}

/* Nothing was published: take back what was written, so that a full disk gets its room back. */
static void take_back(struct commit *commit)
{
	for (size_t i = 0; i < commit->written_count; i++) {
		char relative[SK_TILE_PATH_MAX], path[SK_PATH_MAX];
		if (sk_tile_path(relative, sizeof relative, commit->written[i].level, commit->written[i].index, commit->written[i].width) == SK_OK &&
		    absolute(commit->ledger, relative, path, NULL) == SK_OK)
			(void)unlink(path);
	}
}

static enum sk_err publish(struct sk_ledger *ledger, const struct sk_checkpoint *checkpoint, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_buf body, note, found;
	sk_buf_init(&body, SK_CHECKPOINT_MAX_BYTES);
	sk_buf_init(&note, SK_CHECKPOINT_MAX_BYTES);
	sk_buf_init(&found, SK_CHECKPOINT_MAX_BYTES);
	sk_checkpoint_format(&body, checkpoint);
	sk_note_sign(&note, sk_buf_text(&body), body.length, ledger->key);
	enum sk_err err = body.failed != SK_OK ? body.failed : note.failed;
	if (err != SK_OK)
		(void)sk_fault_set(fault, err, "checkpoint: %s", sk_err_text(err));
	else
		err = absolute(ledger, "checkpoint", path, fault);
	if (err == SK_OK) {
		err = sk_file_replace(path, note.bytes, note.length, 0644, fault);
		if (err != SK_OK) {
			/* The rename may have happened and only its sync failed: then the new tiles must stay. */
			struct sk_fault unused;
			enum sk_err reread = sk_file_read(path, &found, &unused);
			bool old_stands = reread == SK_OK ? found.length == ledger->head_note.length && memcmp(found.bytes, ledger->head_note.bytes, found.length) == 0
							  : reread == SK_ENOENT && ledger->head_note.length == 0;
			ledger->unsure = !old_stands;
		}
	}
	if (err == SK_OK) {
		ledger->head = *checkpoint;
		sk_buf_fini(&ledger->head_note);
		ledger->head_note = note;
		sk_buf_init(&note, SK_CHECKPOINT_MAX_BYTES);
	}
	sk_buf_fini(&body);
	sk_buf_fini(&note);
	sk_buf_fini(&found);
	return err;
}

/* The partial files of a tile that is full now may go (tlog-tiles allows it). Best effort: leavings are only disk space. */
static void drop_partials(const struct sk_ledger *ledger, int level, uint64_t index)
{
	char relative[SK_TILE_PATH_MAX], path[SK_PATH_MAX];
	if (sk_tile_path(relative, sizeof relative, level, index, 1) != SK_OK || absolute(ledger, relative, path, NULL) != SK_OK)
		return;
	*strrchr(path, '/') = '\0';
	DIR *listing = opendir(path);
	if (listing == NULL)
		return;
	for (struct dirent *entry; (entry = readdir(listing)) != NULL;)
		if (entry->d_name[0] != '.')
			(void)unlinkat(dirfd(listing), entry->d_name, 0);
	(void)closedir(listing);
	(void)rmdir(path);
}

static void forget_full(struct sk_ledger *ledger)
{
	for (size_t i = 0; i < ledger->full_count; i++)
		free(ledger->full[i].bytes);
	ledger->full_count = ledger->full_bytes = 0;
}

static enum sk_err commit_tiles(struct commit *commit)
{
	struct sk_ledger *ledger = commit->ledger;
	struct sk_checkpoint next = {.size = ledger->frontier.size};
	uint64_t old_size = ledger->head.size;
	memcpy(next.origin, ledger->origin, sizeof next.origin);
	sk_frontier_root(&ledger->frontier, next.root);
	enum sk_err err = write_tiles(commit);
	if (err == SK_OK)
		err = publish(ledger, &next, commit->fault);
	if (err != SK_OK) {
		if (!ledger->unsure)
			take_back(commit);
		return err;
	}
	for (size_t i = 0; i < ledger->full_count; i++) {
		const struct full_file *file = &ledger->full[i];
		unsigned level = file->level < 0 ? 0 : (unsigned)file->level;
		if (file->index == sk_partial_index(old_size, level))
			drop_partials(ledger, file->level, file->index);
	}
	forget_full(ledger);
	return SK_OK;
}

enum sk_err sk_ledger_commit(struct sk_ledger *ledger, struct sk_fault *fault)
{
	if (ledger->unsure)
		return sk_fault_set(fault, SK_EIO, "%s: an earlier checkpoint may not have reached the disk; open the ledger again", ledger->folder);
	if (ledger->frontier.size == ledger->head.size)
		return SK_OK;
	struct commit commit = {.ledger = ledger, .fault = fault};
	commit.written = calloc(ledger->full_count + SK_TILE_LEVELS_MAX + 1, sizeof *commit.written);
	if (commit.written == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory in a commit");
	enum sk_err err = commit_tiles(&commit);
	free(commit.written);
	free(commit.folders);
	return err;
}

/* ---- appending ---- */

static enum sk_err keep_full(void *context, unsigned level, uint64_t index, const uint8_t *tile)
{
	struct sk_ledger *ledger = context;
	struct full_file *file = &ledger->full[ledger->full_count];
	/* sk_ledger_append has made room and memory: nothing fails here, so that a leaf is either wholly in or not. */
	SK_INVARIANT(file->bytes != NULL);
	memcpy(file->bytes, tile, SK_TILE_BYTES);
	file->level = (int)level;
	file->index = index;
	file->length = SK_TILE_BYTES;
	ledger->full_count++;
	ledger->full_bytes += SK_TILE_BYTES;
	return SK_OK;
}

/* Room for the files that the next leaf completes: one bundle and a tile of each level that overflows. */
static enum sk_err reserve_full(struct sk_ledger *ledger)
{
	size_t tiles = 0;
	for (unsigned level = 0; level < SK_TILE_LEVELS_MAX && sk_partial_width(ledger->frontier.size + 1, level) == 0; level++)
		tiles++;
	if (tiles == 0)
		return SK_OK;
	if (ledger->full_count + tiles + 1 > ledger->full_capacity) {
		size_t capacity = 2 * ledger->full_capacity + SK_TILE_LEVELS_MAX + 1;
		struct full_file *grown = realloc(ledger->full, capacity * sizeof *grown);
		if (grown == NULL)
			return SK_ENOMEM;
		ledger->full = grown;
		ledger->full_capacity = capacity;
	}
	for (size_t i = 0; i < tiles; i++) {
		ledger->full[ledger->full_count + i].bytes = malloc(SK_TILE_BYTES);
		if (ledger->full[ledger->full_count + i].bytes != NULL)
			continue;
		while (i-- > 0)
			free(ledger->full[ledger->full_count + i].bytes);
		return SK_ENOMEM;
	}
	return SK_OK;
}

enum sk_err sk_ledger_append(struct sk_ledger *ledger, const void *entry, size_t length, struct sk_receipt *receipt)
{
	uint8_t prefix[2];
	struct sk_out out = sk_out_of(prefix, sizeof prefix);
	if (length > SK_ENTRY_MAX_BYTES || ledger->full_bytes > SK_PENDING_MAX_BYTES)
		return SK_ETOOBIG;
	/* A failed buffer would lose the bundle: its limit holds 256 entries of any size, so only memory can fail, and then nothing was added. */
	sk_put_be16(&out, (uint16_t)length);
	size_t before = ledger->bundle.length;
	sk_buf_add(&ledger->bundle, prefix, sizeof prefix);
	sk_buf_add(&ledger->bundle, entry, length);
	enum sk_err err = ledger->bundle.failed != SK_OK ? ledger->bundle.failed : reserve_full(ledger);
	if (err != SK_OK) {
		ledger->bundle.length = before;
		ledger->bundle.failed = SK_OK;
		return err;
	}
	receipt->index = ledger->frontier.size;
	sk_leaf_hash(entry, length, receipt->leaf_hash);
	SK_TRY(sk_frontier_add(&ledger->frontier, receipt->leaf_hash, keep_full, ledger));
	if (sk_partial_width(ledger->frontier.size, 0) == 0) {
		/* reserve_full left the slot; the bundle's memory moves into it. */
		ledger->full[ledger->full_count++] = (struct full_file){.level = SK_LEVEL_ENTRIES, .index = sk_partial_index(ledger->frontier.size, 0) - 1,
									.bytes = ledger->bundle.bytes, .length = ledger->bundle.length};
		ledger->full_bytes += ledger->bundle.length;
		sk_buf_init(&ledger->bundle, SK_BUNDLE_MAX_BYTES);
	}
	return SK_OK;
}

/* ---- opening ---- */

static enum sk_err take_lock(struct sk_ledger *ledger, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	SK_TRY(absolute(ledger, ".lock", path, fault));
	ledger->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (ledger->lock < 0)
		return sk_fault_errno(fault, errno, "%s: cannot open the lock", path);
	if (flock(ledger->lock, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK ? sk_fault_set(fault, SK_ELOCKED, "%s: another process is writing this ledger", ledger->folder)
					    : sk_fault_errno(fault, errno, "%s: cannot lock", path);
	return SK_OK;
}

static enum sk_err read_head(struct sk_ledger *ledger, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_note *note = malloc(sizeof *note);
	if (note == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	enum sk_err err = absolute(ledger, "checkpoint", path, fault);
	if (err == SK_OK)
		err = sk_file_read(path, &ledger->head_note, fault);
	if (err == SK_OK)
		err = sk_note_parse(sk_buf_text(&ledger->head_note), ledger->head_note.length, note, fault);
	if (err == SK_OK && sk_note_verify(note, sk_sign_key_public(ledger->key)) != SK_OK)
		err = sk_fault_set(fault, SK_ESIGNATURE, "%s: no valid signature by %s; is this the key of this ledger?", path,
				   sk_sign_key_public(ledger->key)->name);
	if (err == SK_OK)
		err = sk_checkpoint_parse(note->body, note->body_length, &ledger->head, fault);
	if (err == SK_OK && strcmp(ledger->head.origin, ledger->origin) != 0)
		err = sk_fault_set(fault, SK_EMALFORMED, "%s: origin is '%s', expected '%s'", path, ledger->head.origin, ledger->origin);
	free(note);
	return err;
}

/* The bundle at the right edge must hold what the level-0 tile says. */
static enum sk_err read_bundle(struct sk_ledger *ledger, struct sk_fault *fault)
{
	unsigned width = sk_partial_width(ledger->head.size, 0);
	bool full_instead;
	if (width == 0)
		return SK_OK;
	SK_TRY(sk_tile_read(ledger->folder, SK_LEVEL_ENTRIES, sk_partial_index(ledger->head.size, 0), width, &ledger->bundle, &full_instead, fault));
	struct sk_cur cur = sk_cur_of(ledger->bundle.bytes, ledger->bundle.length);
	for (unsigned i = 0; i < width; i++) {
		uint8_t leaf[SK_HASH_BYTES];
		struct sk_cur entry = sk_carve(&cur, sk_be16(&cur));
		size_t length = sk_left(&entry);
		sk_leaf_hash(sk_take(&entry, length), length, leaf);
		if (sk_alive(&cur) != SK_OK || memcmp(leaf, ledger->frontier.tile[0][i], sizeof leaf) != 0)
			return sk_fault_set(fault, SK_EMALFORMED, "%s: entry %u of the last bundle is not what its tile commits to", ledger->folder, i);
	}
	ledger->bundle.length = sk_offset(&cur);
	return SK_OK;
}

static enum sk_err read_frontier(struct sk_ledger *ledger, struct sk_fault *fault)
{
	struct sk_buf tile;
	uint8_t root[SK_HASH_BYTES];
	enum sk_err err = SK_OK;
	sk_buf_init(&tile, SK_TILE_BYTES);
	ledger->frontier.size = ledger->head.size;
	for (unsigned level = 0; level < SK_TILE_LEVELS_MAX && err == SK_OK; level++) {
		unsigned width = sk_partial_width(ledger->head.size, level);
		if (width == 0)
			continue;
		err = sk_tile_read_hashes(ledger->folder, level, sk_partial_index(ledger->head.size, level), width, &tile, fault);
		if (err == SK_OK)
			memcpy(ledger->frontier.tile[level][0], tile.bytes, width * SK_HASH_BYTES);
	}
	sk_buf_fini(&tile);
	SK_TRY(err);
	sk_frontier_root(&ledger->frontier, root);
	if (memcmp(root, ledger->head.root, sizeof root) != 0)
		return sk_fault_set(fault, SK_EMALFORMED, "%s: the tiles do not give the checkpoint's root; run sekisho-verify", ledger->folder);
	return read_bundle(ledger, fault);
}

/* ---- what a crash left beyond the checkpoint ---- */

/* Remove partial files wider than `width` of one tile; *widest gets the widest seen. */
static bool drop_wider(const struct sk_ledger *ledger, int level, uint64_t index, unsigned width, unsigned *widest)
{
	bool any = false;
	for (unsigned wider = width + 1; wider < SK_TILE_WIDTH; wider++) {
		char relative[SK_TILE_PATH_MAX], path[SK_PATH_MAX];
		if (sk_tile_path(relative, sizeof relative, level, index, wider) != SK_OK || absolute(ledger, relative, path, NULL) != SK_OK || unlink(path) != 0)
			continue;
		*widest = wider;
		any = true;
	}
	return any;
}

/* Remove what lies beyond the checkpoint on one level. Commits write in order of index, so the first gap is the end; what a power failure left behind
   a gap is replaced when its turn comes (open_new). Returns how many elements were there beyond the checkpoint. */
static uint64_t drop_beyond(const struct sk_ledger *ledger, int level)
{
	unsigned in_tile = level < 0 ? 0 : (unsigned)level;
	uint64_t first = sk_partial_index(ledger->head.size, in_tile), index = first;
	unsigned width = sk_partial_width(ledger->head.size, in_tile), widest = width;
	uint64_t beyond = 0;
	for (;; index++) {
		char relative[SK_TILE_PATH_MAX], path[SK_PATH_MAX];
		unsigned known = index == first ? width : 0;
		unsigned partial = known;
		bool any = drop_wider(ledger, level, index, known, &partial);
		bool full = sk_tile_path(relative, sizeof relative, level, index, SK_TILE_WIDTH) == SK_OK &&
			    absolute(ledger, relative, path, NULL) == SK_OK && unlink(path) == 0;
		widest = full ? SK_TILE_WIDTH : partial;
		beyond += widest - known;
		if (!any && !full)
			return beyond;
	}
}

static uint64_t drop_remnants(const struct sk_ledger *ledger)
{
	uint64_t dropped = drop_beyond(ledger, SK_LEVEL_ENTRIES);
	for (int level = 0; level < SK_TILE_LEVELS_MAX; level++)
		(void)drop_beyond(ledger, level);
	DIR *listing = opendir(ledger->folder);
	if (listing == NULL)
		return dropped;
	for (struct dirent *entry; (entry = readdir(listing)) != NULL;)
		if (strncmp(entry->d_name, "checkpoint.tmp.", strlen("checkpoint.tmp.")) == 0)
			(void)unlinkat(dirfd(listing), entry->d_name, 0);
	(void)closedir(listing);
	return dropped;
}

static enum sk_err begin_log(struct sk_ledger *ledger, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_checkpoint empty = {.size = 0};
	SK_TRY(absolute(ledger, "tile", path, fault));
	/* The checkpoint of size 0 is written before any tile: tiles without one mean that somebody took it away. */
	if (sk_file_exists(path))
		return sk_fault_set(fault, SK_EMALFORMED,
				    "%s: there are tiles but no checkpoint; restore it, or start a new ledger in an empty folder", ledger->folder);
	memcpy(empty.origin, ledger->origin, sizeof empty.origin);
	sk_sha256("", 0, empty.root);
	return publish(ledger, &empty, fault);
}

static enum sk_err open_log(struct sk_ledger *ledger, uint64_t *dropped, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	SK_TRY(sk_seal_start());
	SK_TRY(sk_file_make_folder(ledger->folder, 0755, fault));
	SK_TRY(take_lock(ledger, fault));
	SK_TRY(absolute(ledger, "checkpoint", path, fault));
	if (!sk_file_exists(path))
		return begin_log(ledger, fault);
	SK_TRY(read_head(ledger, fault));
	SK_TRY(read_frontier(ledger, fault));
	*dropped = drop_remnants(ledger);
	return SK_OK;
}

enum sk_err sk_ledger_open(const char *folder, const char *origin, const struct sk_sign_key *key, struct sk_ledger **out, uint64_t *dropped,
			   struct sk_fault *fault)
{
	*out = NULL;
	*dropped = 0;
	struct sk_ledger *ledger = calloc(1, sizeof *ledger);
	if (ledger == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	ledger->lock = -1;
	ledger->key = key;
	sk_buf_init(&ledger->bundle, SK_BUNDLE_MAX_BYTES);
	sk_buf_init(&ledger->head_note, SK_CHECKPOINT_MAX_BYTES);
	enum sk_err err = SK_OK;
	if (strlen(folder) >= sizeof ledger->folder || strlen(origin) >= sizeof ledger->origin || origin[0] == '\0')
		err = sk_fault_set(fault, SK_ETOOBIG, "ledger folder or origin empty or too long");
	if (err == SK_OK) {
		(void)snprintf(ledger->folder, sizeof ledger->folder, "%s", folder);
		(void)snprintf(ledger->origin, sizeof ledger->origin, "%s", origin);
		err = open_log(ledger, dropped, fault);
	}
	if (err != SK_OK) {
		sk_ledger_close(ledger);
		return err;
	}
	*out = ledger;
	return SK_OK;
}

void sk_ledger_close(struct sk_ledger *ledger)
{
	if (ledger == NULL)
		return;
	forget_full(ledger);
	free(ledger->full);
	sk_buf_fini(&ledger->bundle);
	sk_buf_fini(&ledger->head_note);
	if (ledger->lock >= 0)
		(void)close(ledger->lock);
	free(ledger);
}

void sk_ledger_head(const struct sk_ledger *ledger, uint64_t *size, uint8_t root[SK_HASH_BYTES])
{
	*size = ledger->head.size;
	memcpy(root, ledger->head.root, SK_HASH_BYTES);
}

const char *sk_ledger_origin(const struct sk_ledger *ledger)
{
	return ledger->origin;
}

static enum sk_err sink_append(void *context, const char *record, size_t length, struct sk_receipt *receipt)
{
	enum sk_err err = sk_ledger_append(context, record, length, receipt);
	return err == SK_ENOMEM ? SK_ELEDGER : err;
}

struct sk_ledger_sink sk_ledger_sink_of(struct sk_ledger *ledger)
{
	return (struct sk_ledger_sink){.context = ledger, .append = sink_append};
}
