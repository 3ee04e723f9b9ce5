/* SPDX-License-Identifier: Apache-2.0 */
/* Keys live in files outside the database folder: KEYS/<basis>/blind.key and KEYS/<basis>/<YYYY-MM-DD>.key, 32 random bytes each, mode 0600. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store_priv.h"
#include "text/text.h"

static const int64_t day_ns = 86400000000000, hour_ns = 3600000000000;

int32_t sk_store_day(int64_t unix_ns)
{
	return unix_ns > 0 ? (int32_t)(unix_ns / day_ns) : 0;
}

int64_t sk_store_hour(int64_t unix_ns)
{
	return unix_ns > 0 ? unix_ns / hour_ns : 0;
}

bool sk_store_basis_name_valid(const char *basis)
{
	size_t length = strnlen(basis, SK_BASIS_NAME_SIZE);
	if (length == 0 || length >= SK_BASIS_NAME_SIZE || basis[0] == '.')
		return false;
	return strspn(basis, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == length;
}

static enum sk_err key_path(const struct sk_key_ring *ring, const char *basis, const char *name, char path[SK_PATH_MAX])
{
	int used = snprintf(path, SK_PATH_MAX, "%s/%s/%s.key", ring->folder, basis, name);
	return used > 0 && used < SK_PATH_MAX ? SK_OK : SK_ETOOBIG;
}

static void day_name(int32_t day, char text[SK_TIME_TEXT_MAX])
{
	sk_time_format(day * day_ns, 0, text);
	text[strlen("YYYY-MM-DD")] = '\0';
}

static enum sk_err make_key(const struct sk_key_ring *ring, const char *basis, const char *path, uint8_t key[SK_KEY_BYTES], struct sk_fault *fault)
{
	char folder[SK_PATH_MAX];
	SK_TRY(sk_file_join(folder, sizeof folder, ring->folder, basis));
	SK_TRY(sk_file_make_folder(folder, 0700, fault));
	sk_random(key, SK_KEY_BYTES);
	/* On disk before anything is sealed with it. */
	return sk_file_replace(path, key, SK_KEY_BYTES, 0600, fault);
}

static enum sk_err load_key(const struct sk_key_ring *ring, const char *basis, const char *name, bool make, uint8_t key[SK_KEY_BYTES],
			    struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	if (!sk_store_basis_name_valid(basis))
		return sk_fault_set(fault, SK_EMALFORMED,
				    "store: a basis id is not fit to name a folder of keys (expected 1 to 63 letters, digits, '.', '_', '-')");
	if (key_path(ring, basis, name, path) != SK_OK)
		return sk_fault_set(fault, SK_ETOOBIG, "%s: path too long", ring->folder);
	if (!sk_file_exists(path))
		return make ? make_key(ring, basis, path, key, fault) : sk_fault_set(fault, SK_ENOENT, "%s: no such key", path);
	SK_TRY(sk_file_check_private(path, fault));
	struct sk_buf bytes;
	sk_buf_init(&bytes, SK_KEY_BYTES);
	enum sk_err err = sk_file_read(path, &bytes, fault);
	if (err == SK_OK && bytes.length != SK_KEY_BYTES)
		err = sk_fault_set(fault, SK_EMALFORMED, "%s: %zu bytes, expected a key of %d bytes", path, bytes.length, SK_KEY_BYTES);
	if (err == SK_OK)
		memcpy(key, bytes.bytes, SK_KEY_BYTES);
	sk_buf_fini(&bytes);
	return err;
}

/* Subkeys by keyed hash over a label, so that no key serves two purposes. */
static void derive(struct sk_day_key *slot, const uint8_t blind[SK_KEY_BYTES])
{
	static const char id_label[] = "sekisho store key id", index_label[] = "sekisho store blind index";
	uint8_t both[SK_KEY_BYTES + sizeof index_label], wide[SK_KEY_BYTES];
	sk_keyed_hash(slot->key, id_label, sizeof id_label, wide, sizeof wide);
	memcpy(slot->id, wide, SK_KEY_ID_BYTES);
	memcpy(both, index_label, sizeof index_label);
	memcpy(both + sizeof index_label, slot->key, SK_KEY_BYTES);
	sk_keyed_hash(blind, both, sizeof both, slot->index_key, sizeof slot->index_key);
	static const char bloom_label[] = "sekisho store block filter";
	sk_keyed_hash(slot->index_key, bloom_label, sizeof bloom_label, slot->bloom_key, sizeof slot->bloom_key);
	sk_wipe(both, sizeof both);
	sk_wipe(wide, sizeof wide);
}

enum sk_err sk_key_ring_get(struct sk_key_ring *ring, const char *basis, int32_t day, bool make, struct sk_day_key **out, struct sk_fault *fault)
{
	struct sk_day_key *oldest = &ring->slots[0];
	for (size_t i = 0; i < SK_KEY_SLOTS; i++) {
		struct sk_day_key *slot = &ring->slots[i];
		if (slot->used != 0 && slot->day == day && strcmp(slot->basis, basis) == 0) {
			slot->used = ++ring->clock;
			*out = slot;
			return SK_OK;
		}
		if (slot->used < oldest->used)
			oldest = slot;
	}
	char name[SK_TIME_TEXT_MAX];
	struct sk_day_key fresh = {.day = day};
	uint8_t blind[SK_KEY_BYTES];
	day_name(day, name);
	enum sk_err err = load_key(ring, basis, name, make, fresh.key, fault);
	if (err == SK_OK)
		err = load_key(ring, basis, "blind", make, blind, fault);
	if (err == SK_OK) {
		(void)snprintf(fresh.basis, sizeof fresh.basis, "%s", basis);
		derive(&fresh, blind);
		fresh.used = ++ring->clock;
		*oldest = fresh;
		*out = oldest;
	}
	sk_wipe(&fresh, sizeof fresh);
	sk_wipe(blind, sizeof blind);
	return err;
}

enum sk_err sk_key_ring_destroy(struct sk_key_ring *ring, const char *basis, int32_t day, struct sk_fault *fault)
{
	char name[SK_TIME_TEXT_MAX], path[SK_PATH_MAX], folder[SK_PATH_MAX];
	uint8_t noise[SK_KEY_BYTES];
	day_name(day, name);
	if (key_path(ring, basis, name, path) != SK_OK || sk_file_join(folder, sizeof folder, ring->folder, basis) != SK_OK)
		return sk_fault_set(fault, SK_ETOOBIG, "%s: path too long", ring->folder);
	for (size_t i = 0; i < SK_KEY_SLOTS; i++)
		if (ring->slots[i].used != 0 && ring->slots[i].day == day && strcmp(ring->slots[i].basis, basis) == 0)
			sk_wipe(&ring->slots[i], sizeof ring->slots[i]);
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT
			       ? sk_fault_set(fault, SK_ENOENT, "%s: no such key (nothing was kept of that day, or it was erased before)", path)
			       : sk_fault_errno(fault, errno, "%s: cannot open", path);
	/* Overwritten in place first; a file system that copies on write may keep the old block until it is used again. */
	sk_random(noise, sizeof noise);
	bool failed = pwrite(fd, noise, sizeof noise, 0) != (ssize_t)sizeof noise || fsync(fd) != 0;
	int errnum = errno;
	(void)close(fd);
	if (failed)
		return sk_fault_errno(fault, errnum, "%s: cannot overwrite", path);
	if (unlink(path) != 0)
		return sk_fault_errno(fault, errno, "%s: cannot remove", path);
	return sk_file_sync_folder(folder, fault);
}

void sk_key_ring_forget_rows(struct sk_key_ring *ring)
{
	for (size_t i = 0; i < SK_KEY_SLOTS; i++)
		ring->slots[i].row = 0;
}
