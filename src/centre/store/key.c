/* SPDX-License-Identifier: Apache-2.0 */
/* Keys in memory: the last few days that were used. key_file.c says how they lie on disk. */
#include <stdio.h>
#include <string.h>

#include "store/store_priv.h"

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

/* Subkeys by keyed hash over a label, so that no key serves two purposes. */
static void derive(struct sk_day_key *slot, const uint8_t blind[SK_KEY_BYTES])
{
	static const char index_label[] = "sekisho store blind index";
	uint8_t both[SK_KEY_BYTES + sizeof index_label];
	sk_key_id_of(slot->key, slot->id);
	memcpy(both, index_label, sizeof index_label);
	memcpy(both + sizeof index_label, slot->key, SK_KEY_BYTES);
	sk_keyed_hash(blind, both, sizeof both, slot->index_key, sizeof slot->index_key);
	static const char bloom_label[] = "sekisho store block filter";
	sk_keyed_hash(slot->index_key, bloom_label, sizeof bloom_label, slot->bloom_key, sizeof slot->bloom_key);
	sk_wipe(both, sizeof both);
}

static struct sk_day_key *find_slot(struct sk_key_ring *ring, const char *basis, int32_t day, const uint8_t *id)
{
	for (size_t i = 0; i < SK_KEY_SLOTS; i++) {
		struct sk_day_key *slot = &ring->slots[i];
		if (slot->used != 0 && slot->day == day && strcmp(slot->basis, basis) == 0 && (id != NULL ? memcmp(slot->id, id, SK_KEY_ID_BYTES) == 0 : slot->writes)) {
			slot->used = ++ring->clock;
			return slot;
		}
	}
	return NULL;
}

/* Put a key into the slot that was used longest ago. Keys that write stay while any other goes: under a split basis they cannot be read again. */
static enum sk_err keep(struct sk_key_ring *ring, const char *basis, int32_t day, const uint8_t key[SK_KEY_BYTES], bool writes, struct sk_day_key **out, struct sk_fault *fault)
{
	struct sk_day_key *oldest = &ring->slots[0];
	uint8_t blind[SK_KEY_BYTES];
	SK_TRY(sk_key_file_blind(&ring->place, basis, writes, blind, fault));
	for (size_t i = 1; i < SK_KEY_SLOTS; i++) {
		struct sk_day_key *slot = &ring->slots[i];
		if (slot->used == 0 || (slot->writes == oldest->writes ? slot->used < oldest->used : oldest->writes && oldest->used != 0))
			oldest = slot;
		if (oldest->used == 0)
			break;
	}
	sk_wipe(oldest, sizeof *oldest);
	oldest->day = day;
	oldest->writes = writes;
	memcpy(oldest->key, key, SK_KEY_BYTES);
	(void)snprintf(oldest->basis, sizeof oldest->basis, "%s", basis);
	derive(oldest, blind);
	oldest->used = ++ring->clock;
	sk_wipe(blind, sizeof blind);
	*out = oldest;
	return SK_OK;
}

enum sk_err sk_key_ring_write(struct sk_key_ring *ring, const char *basis, int32_t day, struct sk_day_key **out, struct sk_fault *fault)
{
	*out = find_slot(ring, basis, day, NULL);
	if (*out != NULL)
		return SK_OK;
	uint8_t key[SK_KEY_BYTES], id[SK_KEY_ID_BYTES];
	enum sk_err err = ring->place.split ? SK_ENOENT : sk_key_file_whole(&ring->place, basis, day, key, fault);
	if (err == SK_OK) {
		sk_key_id_of(key, id);
		/* Back out of a backup: nothing may be sealed under it any more. */
		uint64_t files = 0;
		if (sk_key_is_gone(&ring->place, id)) {
			err = sk_key_files_destroy(&ring->place, basis, day, false, &files, fault);
			err = err == SK_OK ? SK_ENOENT : err;
		}
	}
	if (err == SK_ENOENT)
		err = sk_key_file_make(&ring->place, basis, day, key, fault);
	if (err == SK_OK)
		err = keep(ring, basis, day, key, true, out, fault);
	sk_wipe(key, sizeof key);
	return err;
}

enum sk_err sk_key_ring_read(struct sk_key_ring *ring, const char *basis, int32_t day, const uint8_t id[SK_KEY_ID_BYTES], struct sk_day_key **out, struct sk_fault *fault)
{
	uint8_t key[SK_KEY_BYTES];
	*out = find_slot(ring, basis, day, id);
	if (*out != NULL)
		return SK_OK;
	bool gone = sk_key_is_gone(&ring->place, id);
	enum sk_err err = sk_key_file_read(&ring->place, basis, day, id, key, fault);
	if (gone) {
		ring->refused += err == SK_OK || err == SK_EKEYSPLIT;
		err = SK_ENOENT;
	}
	if (err == SK_OK)
		err = keep(ring, basis, day, key, false, out, fault);
	sk_wipe(key, sizeof key);
	return err;
}

void sk_key_ring_forget_gone(struct sk_key_ring *ring)
{
	for (size_t i = 0; i < SK_KEY_SLOTS; i++)
		if (ring->slots[i].used != 0 && sk_key_is_gone(&ring->place, ring->slots[i].id))
			sk_wipe(&ring->slots[i], sizeof ring->slots[i]);
}

void sk_key_ring_forget_day(struct sk_key_ring *ring, const char *basis, int32_t day)
{
	for (size_t i = 0; i < SK_KEY_SLOTS; i++)
		if (ring->slots[i].used != 0 && ring->slots[i].day == day && strcmp(ring->slots[i].basis, basis) == 0)
			sk_wipe(&ring->slots[i], sizeof ring->slots[i]);
}

void sk_key_ring_forget_rows(struct sk_key_ring *ring)
{
	for (size_t i = 0; i < SK_KEY_SLOTS; i++)
		ring->slots[i].row = 0;
}
