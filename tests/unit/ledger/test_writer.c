/* SPDX-License-Identifier: Apache-2.0 */
/* The writer on a machine that fails: a crash at every system call of a commit, a full disk at every one, SIGKILL at random moments, and the order
   of syncs before the checkpoint. The linker puts __wrap_* in front of the calls (see meson.build). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "ledger/ledger_priv.h"
#include "scene.h"

/* ---- calls that fail on demand ---- */

enum mode { PASS, COUNT, CRASH, FULL };
enum { DIRTY_MAX = 256 };

struct failing {
	enum mode mode;
	int at;       /* which call, from 0 */
	int calls;    /* seen so far */
	bool watching;
	char dirty[DIRTY_MAX][SK_PATH_MAX]; /* files and folders with changes that no sync has covered */
	size_t dirty_count;
};
static struct failing *failing; /* shared with children */

ssize_t __real_write(int fd, const void *bytes, size_t length);
int __real_fsync(int fd);
int __real_rename(const char *from, const char *to);
int __real_mkdir(const char *path, mode_t mode);
ssize_t __wrap_write(int fd, const void *bytes, size_t length);
int __wrap_fsync(int fd);
int __wrap_rename(const char *from, const char *to);
int __wrap_mkdir(const char *path, mode_t mode);

/* Is it this call's turn to fail? Calls outside the ledger's files (cmocka's own output) do not count. */
static bool turn(void)
{
	return failing->mode != PASS && failing->calls++ == failing->at;
}

static bool path_of(int fd, char path[SK_PATH_MAX])
{
	char link[64];
	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t length = readlink(link, path, SK_PATH_MAX - 1);
	if (length < 0)
		return false;
	path[length] = '\0';
	return strstr(path, "sk-ledger-") != NULL;
}

static void set_dirty(const char *path)
{
	for (size_t i = 0; i < failing->dirty_count; i++)
		if (strcmp(failing->dirty[i], path) == 0)
			return;
	assert_true(failing->dirty_count < DIRTY_MAX);
	(void)snprintf(failing->dirty[failing->dirty_count++], SK_PATH_MAX, "%s", path);
}

static void set_clean(const char *path)
{
	for (size_t i = 0; i < failing->dirty_count; i++)
		if (strcmp(failing->dirty[i], path) == 0)
			memmove(failing->dirty[i], failing->dirty[--failing->dirty_count], SK_PATH_MAX);
}

static void parent_of(const char *path, char parent[SK_PATH_MAX])
{
	(void)snprintf(parent, SK_PATH_MAX, "%s", path);
	*strrchr(parent, '/') = '\0';
}

ssize_t __wrap_write(int fd, const void *bytes, size_t length)
{
	char path[SK_PATH_MAX], parent[SK_PATH_MAX];
	if (!path_of(fd, path))
		return __real_write(fd, bytes, length);
	if (turn()) {
		if (failing->mode == CRASH) {
			(void)__real_write(fd, bytes, length / 2);
			_exit(9);
		}
		if (failing->mode == FULL) {
			errno = ENOSPC;
			return -1;
		}
	}
	if (failing->watching) {
		set_dirty(path);
		parent_of(path, parent);
		set_dirty(parent);
	}
	return __real_write(fd, bytes, length);
}

int __wrap_fsync(int fd)
{
	char path[SK_PATH_MAX];
	if (!path_of(fd, path))
		return __real_fsync(fd);
	if (turn()) {
		if (failing->mode == CRASH)
			_exit(9);
		if (failing->mode == FULL) {
			errno = ENOSPC;
			return -1;
		}
	}
	if (failing->watching)
		set_clean(path);
	return failing->watching || failing->mode == PASS ? 0 : __real_fsync(fd); /* real syncs would only cost time where nothing depends on them */
}

int __wrap_rename(const char *from, const char *to)
{
	if (turn()) {
		if (failing->mode == CRASH)
			_exit(9);
		if (failing->mode == FULL) {
			errno = ENOSPC;
			return -1;
		}
	}
	if (failing->watching && strstr(to, "/checkpoint") != NULL) {
		/* Of the whole commit only the ledger folder may still wait, for the temporary file's own name. */
		for (size_t i = 0; i < failing->dirty_count; i++) {
			char parent[SK_PATH_MAX];
			parent_of(to, parent);
			if (strcmp(failing->dirty[i], parent) != 0)
				fail_msg("not synced before the checkpoint: %s", failing->dirty[i]);
		}
	}
	return __real_rename(from, to);
}

int __wrap_mkdir(const char *path, mode_t mode)
{
	char parent[SK_PATH_MAX];
	if (strstr(path, "sk-ledger-") != NULL && turn()) {
		if (failing->mode == CRASH)
			_exit(9);
		if (failing->mode == FULL) {
			errno = ENOSPC;
			return -1;
		}
	}
	int made = __real_mkdir(path, mode);
	if (made == 0 && failing->watching) {
		parent_of(path, parent);
		set_dirty(parent);
	}
	return made;
}

/* ---- a ledger to work on ---- */

static char root_folder[SK_PATH_MAX];
static struct sk_sign_key *key;

static void remove_tree(const char *folder)
{
	char command[SK_PATH_MAX + 16];
	(void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
	assert_int_equal(system(command), 0);
}

static int set_up(void **state)
{
	(void)state;
	failing = mmap(NULL, sizeof *failing, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(failing != MAP_FAILED);
	(void)snprintf(root_folder, sizeof root_folder, "/tmp/sk-ledger-XXXXXX");
	assert_non_null(mkdtemp(root_folder));
	key = scene_key(root_folder, SCENE_KEY_OWN);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	sk_sign_key_free(key);
	remove_tree(root_folder);
	return 0;
}

static struct sk_ledger *open_ledger(const char *folder, uint64_t *dropped)
{
	struct sk_ledger *ledger = NULL;
	struct sk_fault fault = {.line = ""};
	if (sk_ledger_open(folder, SCENE_ORIGIN, key, &ledger, dropped, &fault) != SK_OK)
		fail_msg("%s", fault.line);
	return ledger;
}

static void append_some(struct sk_ledger *ledger, size_t from, size_t count)
{
	struct sk_receipt receipt;
	for (size_t i = from; i < from + count; i++) {
		char entry[64];
		int length = snprintf(entry, sizeof entry, "entry %zu", i);
		assert_int_equal(sk_ledger_append(ledger, entry, (size_t)length, &receipt), SK_OK);
		assert_int_equal(receipt.index, i);
	}
}

static enum sk_err check_entry(void *context, uint64_t index, const uint8_t *entry, size_t length, struct sk_fault *fault)
{
	char expected[64];
	(void)context;
	(void)fault;
	assert_int_equal(length, snprintf(expected, sizeof expected, "entry %llu", (unsigned long long)index));
	assert_memory_equal(entry, expected, length);
	return SK_OK;
}

/* Everything that the checkpoint on disk claims is there and right; returns its size. */
static uint64_t walk(const char *folder)
{
	char path[SK_PATH_MAX];
	struct sk_buf text;
	static struct sk_note note;
	struct sk_checkpoint checkpoint;
	struct sk_fault fault = {.line = ""};
	sk_buf_init(&text, 65536);
	assert_int_equal(sk_file_join(path, sizeof path, folder, "checkpoint"), SK_OK);
	assert_int_equal(sk_file_read(path, &text, &fault), SK_OK);
	assert_int_equal(sk_note_parse(sk_buf_text(&text), text.length, &note, &fault), SK_OK);
	assert_int_equal(sk_note_verify(&note, sk_sign_key_public(key)), SK_OK);
	assert_int_equal(sk_checkpoint_parse(note.body, note.body_length, &checkpoint, &fault), SK_OK);
	if (sk_ledger_walk(folder, &checkpoint, check_entry, NULL, &fault) != SK_OK)
		fail_msg("%s", fault.line);
	sk_buf_fini(&text);
	return checkpoint.size;
}

static void make_folder(char folder[SK_PATH_MAX], const char *name, size_t entries, size_t every)
{
	uint64_t dropped;
	(void)snprintf(folder, SK_PATH_MAX, "%.4000s/%s", root_folder, name);
	remove_tree(folder);
	struct sk_ledger *ledger = open_ledger(folder, &dropped);
	for (size_t i = 0; i < entries; i++) {
		append_some(ledger, i, 1);
		if ((i + 1) % every == 0)
			assert_int_equal(sk_ledger_commit(ledger, NULL), SK_OK);
	}
	assert_int_equal(sk_ledger_commit(ledger, NULL), SK_OK);
	sk_ledger_close(ledger);
}

/* ---- tests ---- */

/* Every size up to 300 committed one by one, reopened in between: what opening rebuilds is what appending had. */
static void test_reopen_at_every_size(void **state)
{
	(void)state;
	char folder[SK_PATH_MAX];
	uint64_t dropped = 1, size;
	uint8_t root[SK_HASH_BYTES], again[SK_HASH_BYTES];
	make_folder(folder, "reopen", 0, 1);
	assert_int_equal(walk(folder), 0);
	for (size_t i = 0; i < 300; i++) {
		struct sk_ledger *ledger = open_ledger(folder, &dropped);
		assert_int_equal(dropped, 0);
		append_some(ledger, i, 1);
		assert_int_equal(sk_ledger_commit(ledger, NULL), SK_OK);
		sk_ledger_head(ledger, &size, root);
		assert_int_equal(size, i + 1);
		assert_int_equal(sk_ledger_root_at(folder, size, size, again, NULL), SK_OK);
		assert_memory_equal(root, again, sizeof root);
		sk_ledger_close(ledger);
	}
	assert_int_equal(walk(folder), 300);
}

static void test_proofs_from_tiles(void **state)
{
	(void)state;
	char folder[SK_PATH_MAX];
	uint8_t root[SK_HASH_BYTES], leaf[SK_HASH_BYTES], proof[SK_PROOF_MAX][SK_HASH_BYTES];
	size_t count;
	make_folder(folder, "proofs", 700, 33);
	for (uint64_t size = 1; size <= 700; size += size < 10 || size > 690 ? 1 : 37) {
		assert_int_equal(sk_ledger_root_at(folder, 700, size, root, NULL), SK_OK);
		struct sk_buf entry;
		sk_buf_init(&entry, 65536);
		for (uint64_t index = 0; index < size; index += 11) {
			if (size != 700)
				continue;
			assert_int_equal(sk_ledger_prove(folder, size, index, proof, &count, NULL), SK_OK);
			sk_buf_reset(&entry);
			assert_int_equal(sk_ledger_read(folder, size, index, &entry, NULL), SK_OK);
			sk_leaf_hash(entry.bytes, entry.length, leaf);
			assert_int_equal(sk_proof_check(size, index, leaf, (const uint8_t(*)[SK_HASH_BYTES])proof, count, root), SK_OK);
		}
		sk_buf_fini(&entry);
	}
	assert_int_equal(sk_ledger_prove(folder, 700, 700, proof, &count, NULL), SK_ENOENT);
	assert_int_equal(sk_ledger_root_at(folder, 700, 701, root, NULL), SK_ENOENT);
}

struct seen {
	uint64_t next;
};

static enum sk_err see_entry(void *context, uint64_t index, const uint8_t *entry, size_t length, struct sk_fault *fault)
{
	struct seen *seen = context;
	assert_int_equal(index, seen->next++);
	return check_entry(NULL, index, entry, length, fault);
}

static void head_of(const char *folder, struct sk_checkpoint *head)
{
	assert_int_equal(sk_checkpoint_read(folder, NULL, NULL, head, NULL), SK_OK);
}

/* Followed from checkpoint to checkpoint, over the ends of tiles of two levels: each entry comes once, and the tree is the one that a walk from the beginning finds. */
static void test_follow(void **state)
{
	(void)state;
	static const size_t steps[] = {1, 1, 1, 252, 1, 1, 255, 700, 1, 64000, 300, 300, 256, 1};
	char folder[SK_PATH_MAX];
	uint64_t dropped, entries = 0;
	struct seen seen = {0};
	struct sk_checkpoint head;
	struct sk_ledger_reader *reader;
	struct sk_fault fault = {.line = ""};
	make_folder(folder, "follow", 0, 1);
	assert_int_equal(sk_ledger_reader_new(folder, &reader, &fault), SK_OK);
	for (size_t i = 0; i < SK_COUNT(steps); i++) {
		struct sk_ledger *ledger = open_ledger(folder, &dropped);
		append_some(ledger, entries, steps[i]);
		entries += steps[i];
		assert_int_equal(sk_ledger_commit(ledger, NULL), SK_OK);
		sk_ledger_close(ledger);
		head_of(folder, &head);
		for (int again = 0; again < 2; again++) /* nothing new: nothing is visited */
			if (sk_ledger_follow(reader, &head, see_entry, &seen, &fault) != SK_OK)
				fail_msg("%s", fault.line);
		assert_int_equal(seen.next, entries);
	}
	assert_int_equal(walk(folder), entries);
	/* What was read is not read again: the oldest entries may even be gone. */
	char path[SK_PATH_MAX];
	assert_int_equal(sk_file_join(path, sizeof path, folder, "tile/entries/000"), SK_OK);
	assert_int_equal(unlink(path), 0);
	struct sk_ledger *ledger = open_ledger(folder, &dropped);
	append_some(ledger, entries, 5);
	assert_int_equal(sk_ledger_commit(ledger, NULL), SK_OK);
	sk_ledger_close(ledger);
	head_of(folder, &head);
	assert_int_equal(sk_ledger_follow(reader, &head, see_entry, &seen, &fault), SK_OK);
	assert_int_equal(seen.next, entries + 5);
	sk_ledger_reader_free(reader);
}

/* A log that was rewritten, or put back, is not followed, whoever signed it: at each place where the old and the new one can part. */
static void test_follow_refuses(void **state)
{
	(void)state;
	static const size_t sizes[][2] = {{10, 20}, {10, 10}, {256, 300}, {256, 256}, {300, 300}, {300, 512}, {300, 299}, {600, 601}};
	char folder[SK_PATH_MAX];
	uint64_t dropped;
	for (size_t i = 0; i < SK_COUNT(sizes); i++) {
		struct sk_checkpoint head;
		struct sk_receipt receipt;
		struct sk_ledger_reader *reader;
		struct sk_fault fault = {.line = ""};
		make_folder(folder, "rewritten", sizes[i][0], 33);
		head_of(folder, &head);
		assert_int_equal(sk_ledger_reader_new(folder, &reader, &fault), SK_OK);
		assert_int_equal(sk_ledger_follow(reader, &head, NULL, NULL, &fault), SK_OK);
		remove_tree(folder);
		struct sk_ledger *ledger = open_ledger(folder, &dropped);
		for (size_t n = 0; n < sizes[i][1]; n++)
			assert_int_equal(sk_ledger_append(ledger, "another", 7, &receipt), SK_OK);
		assert_int_equal(sk_ledger_commit(ledger, NULL), SK_OK);
		sk_ledger_close(ledger);
		head_of(folder, &head);
		enum sk_err err = sk_ledger_follow(reader, &head, NULL, NULL, &fault);
		assert_true(err == SK_EINCONSISTENT || err == SK_EMALFORMED);
		sk_ledger_reader_free(reader);
		assert_int_equal(sk_ledger_reader_new(folder, &reader, &fault), SK_OK);
		assert_int_equal(sk_ledger_follow(reader, &head, NULL, NULL, &fault), SK_OK); /* by itself it is a sound one */
		sk_ledger_reader_free(reader);
	}
}

static void test_sync_order(void **state)
{
	(void)state;
	char folder[SK_PATH_MAX];
	uint64_t dropped;
	make_folder(folder, "order", 250, 50);
	failing->dirty_count = 0;
	failing->watching = true;
	struct sk_ledger *ledger = open_ledger(folder, &dropped);
	append_some(ledger, 250, 3);
	assert_int_equal(sk_ledger_commit(ledger, NULL), SK_OK);
	append_some(ledger, 253, 600);
	assert_int_equal(sk_ledger_commit(ledger, NULL), SK_OK);
	failing->watching = false;
	assert_int_equal(failing->dirty_count, 0);
	sk_ledger_close(ledger);
	assert_int_equal(walk(folder), 853);
}

/* Run the commit of 20 entries over the edge of a tile in a child; returns how many calls it made. */
static int commit_in_child(const char *folder, enum mode mode, int at)
{
	failing->calls = 0;
	failing->at = at;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct sk_ledger *ledger = NULL;
		struct sk_receipt receipt;
		uint64_t dropped;
		if (sk_ledger_open(folder, SCENE_ORIGIN, key, &ledger, &dropped, NULL) != SK_OK)
			_exit(3);
		failing->mode = mode;
		for (size_t i = 250; i < 270; i++) {
			char entry[64];
			int length = snprintf(entry, sizeof entry, "entry %zu", i);
			if (sk_ledger_append(ledger, entry, (size_t)length, &receipt) != SK_OK)
				_exit(4);
		}
		_exit(sk_ledger_commit(ledger, NULL) == SK_OK ? 0 : 5);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	failing->mode = PASS;
	assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 9));
	return failing->calls;
}

static void test_crash_at_every_call(void **state)
{
	(void)state;
	char folder[SK_PATH_MAX];
	uint64_t dropped, seen_dropped = 0;
	make_folder(folder, "count", 250, 125);
	int calls = commit_in_child(folder, COUNT, -1);
	assert_true(calls > 15);
	for (int at = 0; at < calls; at++) {
		make_folder(folder, "crash", 250, 125);
		(void)commit_in_child(folder, CRASH, at);
		uint64_t size = walk(folder);
		assert_true(size == 250 || size == 270);
		struct sk_ledger *ledger = open_ledger(folder, &dropped);
		assert_true(dropped <= 270 - size);
		seen_dropped += dropped;
		/* Other numbers than the lost ones: nothing of the crash may shine through. */
		append_some(ledger, size, 300);
		assert_int_equal(sk_ledger_commit(ledger, NULL), SK_OK);
		sk_ledger_close(ledger);
		assert_int_equal(walk(folder), size + 300);
	}
	assert_true(seen_dropped > 0);
}

static void test_full_disk_at_every_call(void **state)
{
	(void)state;
	char folder[SK_PATH_MAX];
	uint64_t dropped, size;
	uint8_t before[SK_HASH_BYTES], after[SK_HASH_BYTES];
	make_folder(folder, "count", 250, 125);
	int calls = commit_in_child(folder, COUNT, -1);
	for (int at = 0; at < calls; at++) {
		struct sk_fault fault = {.line = ""};
		make_folder(folder, "full", 250, 125);
		struct sk_ledger *ledger = open_ledger(folder, &dropped);
		sk_ledger_head(ledger, &size, before);
		append_some(ledger, 250, 20);
		failing->calls = 0;
		failing->at = at;
		failing->mode = FULL;
		enum sk_err err = sk_ledger_commit(ledger, &fault);
		failing->mode = PASS;
		/* The very last call is the sync of the folder after the rename: then the new checkpoint may stand already. */
		if (err != SK_ENOSPC)
			fail_msg("call %d of %d: %s", at, calls, fault.line);
		assert_true(fault.line[0] != '\0');
		sk_ledger_head(ledger, &size, after);
		assert_int_equal(size, 250);
		assert_memory_equal(before, after, sizeof before);
		assert_int_equal(walk(folder), at == calls - 1 ? 270 : 250);
		if (at == calls - 1) {
			assert_int_equal(sk_ledger_commit(ledger, &fault), SK_EIO);
		} else {
			/* Room again: the same commit goes through, with what came in between. */
			append_some(ledger, 270, 5);
			assert_int_equal(sk_ledger_commit(ledger, &fault), SK_OK);
			assert_int_equal(walk(folder), 275);
		}
		sk_ledger_close(ledger);
	}
}

static void test_kill_at_random(void **state)
{
	(void)state;
	char folder[SK_PATH_MAX];
	uint64_t dropped, last = 0;
	unsigned random = 7;
	make_folder(folder, "kill", 0, 1);
	for (int round = 0; round < 40; round++) {
		struct sk_ledger *ledger = open_ledger(folder, &dropped);
		uint64_t size;
		uint8_t root[SK_HASH_BYTES];
		sk_ledger_head(ledger, &size, root);
		assert_true(size >= last);
		last = size;
		sk_ledger_close(ledger);
		pid_t child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			struct sk_receipt receipt;
			ledger = NULL;
			if (sk_ledger_open(folder, SCENE_ORIGIN, key, &ledger, &dropped, NULL) != SK_OK)
				_exit(3);
			for (size_t i = size;; i++) {
				char entry[64];
				int length = snprintf(entry, sizeof entry, "entry %zu", i);
				if (sk_ledger_append(ledger, entry, (size_t)length, &receipt) != SK_OK || (i % 5 == 0 && sk_ledger_commit(ledger, NULL) != SK_OK))
					_exit(4);
			}
		}
		random = random * 1103515245u + 12345u;
		(void)usleep(500 + random / 65536 % 20000);
		assert_int_equal(kill(child, SIGKILL), 0);
		int status;
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		assert_true(walk(folder) >= last);
	}
	assert_true(last > 0);
}

static void test_refusals(void **state)
{
	(void)state;
	char folder[SK_PATH_MAX], path[SK_PATH_MAX];
	uint64_t dropped;
	struct sk_fault fault;
	struct sk_ledger *second = NULL;
	struct sk_receipt receipt;
	make_folder(folder, "refuse", 10, 5);
	struct sk_ledger *ledger = open_ledger(folder, &dropped);
	assert_int_equal(sk_ledger_open(folder, SCENE_ORIGIN, key, &second, &dropped, &fault), SK_ELOCKED);
	static uint8_t large[SK_ENTRY_MAX_BYTES + 1];
	assert_int_equal(sk_ledger_append(ledger, large, sizeof large, &receipt), SK_ETOOBIG);
	assert_int_equal(sk_ledger_append(ledger, large, sizeof large - 1, &receipt), SK_OK);
	sk_ledger_close(ledger);
	/* What was appended and not committed is not there. */
	assert_int_equal(walk(folder), 10);
	assert_int_equal(sk_ledger_open(folder, "example.org/other", key, &second, &dropped, &fault), SK_EMALFORMED);
	struct sk_sign_key *foreign = scene_key(root_folder, SCENE_KEY_FOREIGN);
	assert_int_equal(sk_ledger_open(folder, SCENE_ORIGIN, foreign, &second, &dropped, &fault), SK_ESIGNATURE);
	sk_sign_key_free(foreign);
	/* A tile that does not give the root. */
	assert_int_equal(sk_file_join(path, sizeof path, folder, "tile/0/000.p/10"), SK_OK);
	static const uint8_t zeros[10 * SK_HASH_BYTES];
	assert_int_equal(sk_file_replace(path, zeros, sizeof zeros, 0644, NULL), SK_OK);
	assert_int_equal(sk_ledger_open(folder, SCENE_ORIGIN, key, &second, &dropped, &fault), SK_EMALFORMED);
	/* Tiles without a checkpoint are no new log. */
	assert_int_equal(sk_file_join(path, sizeof path, folder, "checkpoint"), SK_OK);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(sk_ledger_open(folder, SCENE_ORIGIN, key, &second, &dropped, &fault), SK_EMALFORMED);
	assert_null(second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reopen_at_every_size), cmocka_unit_test(test_proofs_from_tiles),        cmocka_unit_test(test_sync_order),
		cmocka_unit_test(test_follow),               cmocka_unit_test(test_follow_refuses),
		cmocka_unit_test(test_crash_at_every_call),  cmocka_unit_test(test_full_disk_at_every_call), cmocka_unit_test(test_kill_at_random),
		cmocka_unit_test(test_refusals),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
