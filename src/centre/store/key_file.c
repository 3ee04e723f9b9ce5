/* SPDX-License-Identifier: Apache-2.0 */
/* Keys as files, outside the database folder:
     KEYS/<basis>/blind.key                  32 bytes
     KEYS/<basis>/<day>.key                  a day's key, whole: 32 bytes
     KEYS/<basis>/<day>.<key id>.split       a day's key that oversight has a share of: "SKSPLIT1", key id, the operator's share, oversight's share in a box
     KEYS/<basis>/<day>.<key id>.opened      oversight's share while it is open: "SKOPEN01", from, until (ns, big-endian), the share
   and what says that a key is gone for good, elsewhere: ERASED/<key id>.gone. All 0600. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/store_priv.h"
#include "text/text.h"

enum { SPLIT_BYTES = 8 + SK_KEY_ID_BYTES + SK_SHARE_BYTES + SK_SHARE_BYTES + SK_BOX_OVERHEAD_BYTES, OPENED_BYTES = 8 + 8 + 8 + SK_SHARE_BYTES };
enum { DAY_DIGITS = 10, KEY_FILE_MAX = 256, NAME_MAX_BYTES = 96 };

static const char split_mark[] = "SKSPLIT1", opened_mark[] = "SKOPEN01";

void sk_key_id_of(const uint8_t key[SK_KEY_BYTES], uint8_t id[SK_KEY_ID_BYTES])
{
	static const char label[] = "sekisho store key id";
	uint8_t wide[SK_KEY_BYTES];
	sk_keyed_hash(key, label, sizeof label, wide, sizeof wide);
	memcpy(id, wide, SK_KEY_ID_BYTES);
	sk_wipe(wide, sizeof wide);
}

void sk_day_name(int32_t day, char text[SK_DAY_NAME_SIZE])
{
	char whole[SK_TIME_TEXT_MAX];
	sk_time_format((int64_t)day * 86400000000000, 0, whole);
	memcpy(text, whole, DAY_DIGITS);
	text[DAY_DIGITS] = '\0';
}

/* "KEYS/<basis>/<name>" */
static enum sk_err path_of(const struct sk_key_place *place, const char *basis, const char *name, char path[SK_PATH_MAX], struct sk_fault *fault)
{
	if (!sk_store_basis_name_valid(basis))
		return sk_fault_set(fault, SK_EMALFORMED, "store: a basis id is not fit to name a folder of keys (expected 1 to 63 letters, digits, '.', '_', '-')");
	int used = snprintf(path, SK_PATH_MAX, "%s/%s/%s", place->folder, basis, name);
	return used > 0 && used < SK_PATH_MAX ? SK_OK : sk_fault_set(fault, SK_ETOOBIG, "%s: path too long", place->folder);
}

/* "<day>.<key id>.<ending>" */
static void name_of(int32_t day, const uint8_t id[SK_KEY_ID_BYTES], const char *ending, char name[NAME_MAX_BYTES])
{
	char text[SK_DAY_NAME_SIZE], hex[2 * SK_KEY_ID_BYTES + 1];
	sk_day_name(day, text);
	sk_hex_encode(id, SK_KEY_ID_BYTES, hex);
	(void)snprintf(name, NAME_MAX_BYTES, "%s.%s.%s", text, hex, ending);
}

/* A secret file of exactly `wanted` bytes. SK_ENOENT when there is none. */
static enum sk_err read_secret(const char *path, uint8_t *out, size_t wanted, struct sk_fault *fault)
{
	if (!sk_file_exists(path))
		return sk_fault_set(fault, SK_ENOENT, "%s: no such key", path);
	SK_TRY(sk_file_check_private(path, fault));
	struct sk_buf bytes;
	sk_buf_init(&bytes, KEY_FILE_MAX);
	enum sk_err err = sk_file_read(path, &bytes, fault);
	if (err == SK_OK && bytes.length != wanted)
		err = sk_fault_set(fault, SK_EMALFORMED, "%s: %zu bytes, expected a key file of %zu bytes", path, bytes.length, wanted);
	if (err == SK_OK)
		memcpy(out, bytes.bytes, wanted);
	sk_buf_fini(&bytes);
	return err;
}

static enum sk_err write_secret(const struct sk_key_place *place, const char *basis, const char *name, const uint8_t *bytes, size_t length, struct sk_fault *fault)
{
	char path[SK_PATH_MAX], folder[SK_PATH_MAX];
	SK_TRY(path_of(place, basis, name, path, fault));
	SK_TRY(sk_file_join(folder, sizeof folder, place->folder, basis));
	SK_TRY(sk_file_make_folder(folder, 0700, fault));
	return sk_file_replace(path, bytes, length, 0600, fault);
}

//= rule: CUSTODY-3
bool sk_key_is_gone(const struct sk_key_place *place, const uint8_t id[SK_KEY_ID_BYTES])
{
	char hex[2 * SK_KEY_ID_BYTES + 1], path[SK_PATH_MAX];
	if (place->erased_folder[0] == '\0')
		return false;
	sk_hex_encode(id, SK_KEY_ID_BYTES, hex);
	int used = snprintf(path, sizeof path, "%s/%s.gone", place->erased_folder, hex);
	return used > 0 && used < (int)sizeof path && sk_file_exists(path);
}

/* ---- making ---- */

/* The operator's share in clear, oversight's in a box that only `to` opens. */
static enum sk_err write_split(const struct sk_key_place *place, const char *basis, int32_t day, const uint8_t id[SK_KEY_ID_BYTES], const struct sk_share shares[2], const struct sk_verify_key *to,
			       struct sk_fault *fault)
{
	uint8_t bytes[SPLIT_BYTES], box[SK_SHARE_BYTES + SK_BOX_OVERHEAD_BYTES];
	char name[NAME_MAX_BYTES];
	enum sk_err err = sk_box_seal(to, &shares[1], sizeof shares[1], box);
	if (err != SK_OK) {
		err = sk_fault_set(fault, err, "the key of oversight, %s, cannot open what is sealed to it: expected a note key (sekisho keys), not one of a security key", to->name);
	} else {
		struct sk_out o = sk_out_of(bytes, sizeof bytes);
		sk_put_bytes(&o, split_mark, 8);
		sk_put_bytes(&o, id, SK_KEY_ID_BYTES);
		sk_put_bytes(&o, &shares[0], sizeof shares[0]);
		sk_put_bytes(&o, box, sizeof box);
		SK_INVARIANT(sk_out_done(&o) == SK_OK && sk_out_length(&o) == SPLIT_BYTES);
		name_of(day, id, "split", name);
		err = write_secret(place, basis, name, bytes, sizeof bytes, fault);
	}
	sk_wipe(bytes, sizeof bytes);
	return err;
}

static enum sk_err make_split(const struct sk_key_place *place, const char *basis, int32_t day, const uint8_t key[SK_KEY_BYTES], struct sk_fault *fault)
{
	struct sk_share shares[2];
	uint8_t id[SK_KEY_ID_BYTES];
	sk_key_id_of(key, id);
	sk_share_split(key, 2, 2, shares);
	enum sk_err err = write_split(place, basis, day, id, shares, &place->oversight, fault);
	sk_wipe(shares, sizeof shares);
	return err;
}

//= rule: CUSTODY-1
enum sk_err sk_key_file_make(const struct sk_key_place *place, const char *basis, int32_t day, uint8_t key[SK_KEY_BYTES], struct sk_fault *fault)
{
	char text[SK_DAY_NAME_SIZE], name[NAME_MAX_BYTES];
	/* On disk before anything is sealed with it. */
	sk_random(key, SK_KEY_BYTES);
	if (place->split)
		return make_split(place, basis, day, key, fault);
	sk_day_name(day, text);
	(void)snprintf(name, sizeof name, "%s.key", text);
	return write_secret(place, basis, name, key, SK_KEY_BYTES, fault);
}

enum sk_err sk_key_file_blind(const struct sk_key_place *place, const char *basis, bool make, uint8_t key[SK_KEY_BYTES], struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	SK_TRY(path_of(place, basis, "blind.key", path, fault));
	if (!make || sk_file_exists(path))
		return read_secret(path, key, SK_KEY_BYTES, fault);
	sk_random(key, SK_KEY_BYTES);
	return write_secret(place, basis, "blind.key", key, SK_KEY_BYTES, fault);
}

/* ---- reading ---- */

enum sk_err sk_key_file_whole(const struct sk_key_place *place, const char *basis, int32_t day, uint8_t key[SK_KEY_BYTES], struct sk_fault *fault)
{
	char text[SK_DAY_NAME_SIZE], name[NAME_MAX_BYTES], path[SK_PATH_MAX];
	sk_day_name(day, text);
	(void)snprintf(name, sizeof name, "%s.key", text);
	SK_TRY(path_of(place, basis, name, path, fault));
	return read_secret(path, key, SK_KEY_BYTES, fault);
}

/* The parts of a split file. */
struct split {
	struct sk_share operator_share;
	uint8_t box[SK_SHARE_BYTES + SK_BOX_OVERHEAD_BYTES];
};

static enum sk_err read_split(const struct sk_key_place *place, const char *basis, int32_t day, const uint8_t id[SK_KEY_ID_BYTES], struct split *out, struct sk_fault *fault)
{
	uint8_t bytes[SPLIT_BYTES], mark[8], named[SK_KEY_ID_BYTES];
	char name[NAME_MAX_BYTES], path[SK_PATH_MAX];
	name_of(day, id, "split", name);
	SK_TRY(path_of(place, basis, name, path, fault));
	SK_TRY(read_secret(path, bytes, sizeof bytes, fault));
	struct sk_cur c = sk_cur_of(bytes, sizeof bytes);
	sk_copy(&c, mark, sizeof mark);
	sk_copy(&c, named, sizeof named);
	sk_copy(&c, &out->operator_share, sizeof out->operator_share);
	sk_copy(&c, out->box, sizeof out->box);
	sk_wipe(bytes, sizeof bytes);
	return memcmp(mark, split_mark, 8) == 0 && memcmp(named, id, SK_KEY_ID_BYTES) == 0 ? SK_OK : sk_fault_set(fault, SK_EMALFORMED, "%s: not the split key that its name says", path);
}

/* Oversight's share, if it is open now. */
static enum sk_err read_opened(const struct sk_key_place *place, const char *basis, int32_t day, const uint8_t id[SK_KEY_ID_BYTES], struct sk_share *share, bool *open,
			       struct sk_fault *fault)
{
	uint8_t bytes[OPENED_BYTES], mark[8];
	char name[NAME_MAX_BYTES], path[SK_PATH_MAX];
	*open = false;
	name_of(day, id, "opened", name);
	SK_TRY(path_of(place, basis, name, path, fault));
	if (!sk_file_exists(path))
		return SK_OK;
	SK_TRY(read_secret(path, bytes, sizeof bytes, fault));
	struct sk_cur c = sk_cur_of(bytes, sizeof bytes);
	sk_copy(&c, mark, sizeof mark);
	int64_t from_ns = (int64_t)sk_be64(&c), until_ns = (int64_t)sk_be64(&c);
	sk_copy(&c, share, sizeof *share);
	sk_wipe(bytes, sizeof bytes);
	*open = memcmp(mark, opened_mark, 8) == 0 && from_ns <= place->now_ns && place->now_ns < until_ns;
	return SK_OK;
}

static enum sk_err join(const struct sk_key_place *place, const char *basis, int32_t day, const uint8_t id[SK_KEY_ID_BYTES], uint8_t key[SK_KEY_BYTES], struct sk_fault *fault)
{
	struct split split;
	struct sk_share shares[2];
	uint8_t joined[SK_KEY_ID_BYTES];
	bool open;
	SK_TRY(read_split(place, basis, day, id, &split, fault));
	enum sk_err err = read_opened(place, basis, day, id, &shares[1], &open, fault);
	if (err == SK_OK && !open)
		err = sk_fault_set(fault, SK_EKEYSPLIT, "a day of basis %s is sealed under a key that oversight holds a share of, and the share is not open: sekisho retention open", basis);
	shares[0] = split.operator_share;
	if (err == SK_OK)
		err = sk_share_join(shares, 2, key);
	if (err == SK_OK)
		sk_key_id_of(key, joined);
	if (err == SK_OK && memcmp(joined, id, SK_KEY_ID_BYTES) != 0)
		err = sk_fault_set(fault, SK_EMALFORMED, "the shares of a key of basis %s do not fit each other; the one that was opened is not oversight's of that day", basis);
	sk_wipe(shares, sizeof shares);
	sk_wipe(&split, sizeof split);
	return err;
}

enum sk_err sk_key_file_read(const struct sk_key_place *place, const char *basis, int32_t day, const uint8_t id[SK_KEY_ID_BYTES], uint8_t key[SK_KEY_BYTES],
			     struct sk_fault *fault)
{
	uint8_t whole[SK_KEY_ID_BYTES];
	enum sk_err err = sk_key_file_whole(place, basis, day, key, fault);
	if (err == SK_OK) {
		sk_key_id_of(key, whole);
		if (memcmp(whole, id, SK_KEY_ID_BYTES) == 0)
			return SK_OK;
		sk_wipe(key, SK_KEY_BYTES);
		err = SK_ENOENT;
	}
	return err == SK_ENOENT ? join(place, basis, day, id, key, fault) : err;
}

/* ---- opening and closing oversight's share ---- */

enum sk_err sk_key_file_open_share(const struct sk_key_place *place, const char *basis, int32_t day, const uint8_t id[SK_KEY_ID_BYTES], const struct sk_sign_key *oversight,
				   int64_t from_ns, int64_t until_ns, struct sk_fault *fault)
{
	struct split split;
	struct sk_share shares[2];
	uint8_t bytes[OPENED_BYTES], key[SK_KEY_BYTES], joined[SK_KEY_ID_BYTES] = {0};
	char name[NAME_MAX_BYTES];
	SK_TRY(read_split(place, basis, day, id, &split, fault));
	shares[0] = split.operator_share;
	enum sk_err err = sk_box_open(oversight, split.box, sizeof split.box, (uint8_t *)&shares[1]);
	if (err == SK_OK && sk_share_join(shares, 2, key) == SK_OK)
		sk_key_id_of(key, joined);
	if (err != SK_OK || memcmp(joined, id, SK_KEY_ID_BYTES) != 0) {
		err = sk_fault_set(fault, SK_ESIGNATURE, "%s: this key does not open the share; it was sealed to another key of oversight, or the file was altered", sk_sign_key_public(oversight)->name);
	} else {
		struct sk_out o = sk_out_of(bytes, sizeof bytes);
		sk_put_bytes(&o, opened_mark, 8);
		sk_put_be64(&o, (uint64_t)from_ns);
		sk_put_be64(&o, (uint64_t)until_ns);
		sk_put_bytes(&o, &shares[1], sizeof shares[1]);
		SK_INVARIANT(sk_out_done(&o) == SK_OK && sk_out_length(&o) == OPENED_BYTES);
		name_of(day, id, "opened", name);
		err = write_secret(place, basis, name, bytes, sizeof bytes, fault);
	}
	sk_wipe(key, sizeof key);
	sk_wipe(shares, sizeof shares);
	sk_wipe(&split, sizeof split);
	sk_wipe(bytes, sizeof bytes);
	return err;
}

enum sk_err sk_key_file_reseal(const struct sk_key_place *place, const char *basis, int32_t day, const uint8_t id[SK_KEY_ID_BYTES], const struct sk_sign_key *from, const struct sk_verify_key *to,
			       bool *resealed, struct sk_fault *fault)
{
	struct split split;
	struct sk_share shares[2];
	uint8_t key[SK_KEY_BYTES], joined[SK_KEY_ID_BYTES] = {0};
	SK_TRY(read_split(place, basis, day, id, &split, fault));
	shares[0] = split.operator_share;
	*resealed = sk_box_open(from, split.box, sizeof split.box, (uint8_t *)&shares[1]) == SK_OK && sk_share_join(shares, 2, key) == SK_OK;
	if (*resealed)
		sk_key_id_of(key, joined);
	*resealed = *resealed && memcmp(joined, id, SK_KEY_ID_BYTES) == 0;
	enum sk_err err = *resealed ? write_split(place, basis, day, id, shares, to, fault) : SK_OK;
	sk_wipe(key, sizeof key);
	sk_wipe(shares, sizeof shares);
	sk_wipe(&split, sizeof split);
	return err;
}

static const char dying[] = ".dying";

static bool is_dying(const char *name)
{
	size_t length = strlen(name);
	return length > sizeof dying - 1 && strcmp(name + length - (sizeof dying - 1), dying) == 0;
}

/* Renamed first: a file that a crash leaves overwritten must not be taken for a key. Then overwritten in place; a file system that copies on write may keep the old block until it is used again. */
static enum sk_err destroy_file(const char *name, struct sk_fault *fault)
{
	uint8_t noise[KEY_FILE_MAX];
	char path[SK_PATH_MAX + sizeof dying];
	(void)snprintf(path, sizeof path, "%s%s", name, is_dying(name) ? "" : dying);
	if (!is_dying(name) && rename(name, path) != 0)
		return sk_fault_errno(fault, errno, "%s: cannot be renamed", name);
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return sk_fault_errno(fault, errno, "%s: cannot open", path);
	off_t size = lseek(fd, 0, SEEK_END);
	size_t length = size > 0 && size < (off_t)sizeof noise ? (size_t)size : sizeof noise;
	sk_random(noise, sizeof noise);
	bool failed = pwrite(fd, noise, length, 0) != (ssize_t)length || fsync(fd) != 0;
	int errnum = errno;
	(void)close(fd);
	if (failed)
		return sk_fault_errno(fault, errnum, "%s: cannot overwrite", path);
	return unlink(path) == 0 ? SK_OK : sk_fault_errno(fault, errno, "%s: cannot remove", path);
}

/* ---- what lies there ---- */

/* Is the name one of a key file, and of which day? */
static bool parse_name(const char *name, struct sk_key_file *out)
{
	int64_t ns;
	char day[SK_DAY_NAME_SIZE];
	size_t length = strlen(name);
	*out = (struct sk_key_file){.kind = SK_KEY_FILE_WHOLE};
	if (length < DAY_DIGITS + 2 || length >= NAME_MAX_BYTES || name[DAY_DIGITS] != '.')
		return false;
	memcpy(day, name, DAY_DIGITS);
	day[DAY_DIGITS] = '\0';
	if (sk_time_parse(day, &ns) != SK_OK || ns < 0)
		return false;
	out->day = sk_store_day(ns);
	memcpy(out->name, name, length + 1);
	const char *rest = name + DAY_DIGITS + 1;
	if (is_dying(name))
		out->kind = SK_KEY_FILE_DYING;
	if (is_dying(name) || strcmp(rest, "key") == 0)
		return true;
	char hex[2 * SK_KEY_ID_BYTES + 1];
	size_t width = strcspn(rest, ".");
	if (width != sizeof hex - 1)
		return false;
	memcpy(hex, rest, width);
	hex[width] = '\0';
	out->kind = strcmp(rest + width, ".opened") == 0 ? SK_KEY_FILE_OPENED : SK_KEY_FILE_SPLIT;
	return sk_hex_decode(hex, out->id, sizeof out->id) == SK_OK && (out->kind == SK_KEY_FILE_OPENED || strcmp(rest + width, ".split") == 0);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct sk_key_file *)a)->name, ((const struct sk_key_file *)b)->name);
}

/* The id of a whole key is told by its bytes. */
static enum sk_err fill_id(const struct sk_key_place *place, const char *basis, struct sk_key_file *file, struct sk_fault *fault)
{
	uint8_t key[SK_KEY_BYTES];
	if (file->kind == SK_KEY_FILE_WHOLE) {
		enum sk_err err = sk_key_file_whole(place, basis, file->day, key, fault);
		SK_TRY(err);
		sk_key_id_of(key, file->id);
		sk_wipe(key, sizeof key);
	}
	file->gone = file->kind == SK_KEY_FILE_DYING || sk_key_is_gone(place, file->id);
	return SK_OK;
}

enum sk_err sk_key_files(const struct sk_key_place *place, const char *basis, struct sk_key_file **out, size_t *count, struct sk_fault *fault)
{
	char folder[SK_PATH_MAX];
	struct sk_key_file *files = NULL, one;
	size_t used = 0, capacity = 0;
	enum sk_err err = SK_OK;
	SK_TRY(path_of(place, basis, "", folder, fault));
	DIR *at = opendir(folder);
	for (struct dirent *entry; at != NULL && err == SK_OK && (entry = readdir(at)) != NULL;) {
		if (!parse_name(entry->d_name, &one))
			continue;
		if (used == capacity) {
			struct sk_key_file *grown = realloc(files, (capacity + 64) * sizeof *files);
			if (grown == NULL) {
				err = sk_fault_set(fault, SK_ENOMEM, "store: out of memory");
				break;
			}
			files = grown;
			capacity += 64;
		}
		err = fill_id(place, basis, &one, fault);
		if (err == SK_OK)
			files[used++] = one;
	}
	if (at != NULL)
		(void)closedir(at);
	if (err != SK_OK) {
		free(files);
		return err;
	}
	if (used != 0)
		qsort(files, used, sizeof *files, by_name);
	*out = files;
	*count = used;
	return SK_OK;
}

enum sk_err sk_key_files_destroy(const struct sk_key_place *place, const char *basis, int32_t day, bool shares_alone, uint64_t *files, struct sk_fault *fault)
{
	struct sk_key_file *found = NULL;
	char path[SK_PATH_MAX], folder[SK_PATH_MAX];
	size_t count = 0;
	SK_TRY(sk_key_files(place, basis, &found, &count, fault));
	enum sk_err err = SK_OK;
	for (size_t i = 0; i < count && err == SK_OK; i++) {
		/* Where destructions are on record, only what is: a key that was made meanwhile is none of this erasure. */
		if (found[i].day != day || (shares_alone ? found[i].kind != SK_KEY_FILE_OPENED && found[i].kind != SK_KEY_FILE_DYING : place->erased_folder[0] != '\0' && !found[i].gone))
			continue;
		err = path_of(place, basis, found[i].name, path, fault);
		if (err == SK_OK)
			err = destroy_file(path, fault);
		*files += err == SK_OK;
	}
	free(found);
	SK_TRY(err);
	SK_TRY(path_of(place, basis, "", folder, fault));
	return *files != 0 ? sk_file_sync_folder(folder, fault) : SK_OK;
}
