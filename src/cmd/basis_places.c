/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/basis_places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/workspace.h"
#include "text/text.h"

enum { PLACES_MAX = 1 << 16, MARK_MAX = 512 };

/* How every suspension that a centre writes begins: one that somebody else put there is not ours to take away. */
static const char mark[] = "sekisho centre ";

static const char *path_of(const struct sk_office *office, const char *id, const char *ending, char path[SK_PATH_MAX])
{
	char name[SK_MATTER_ID_MAX + 32];
	(void)snprintf(name, sizeof name, "out/bases/%s.%s", id, ending);
	return sk_centre_path(&office->centre, name, path);
}

static enum sk_err read_places(const struct sk_office *office, const char *id, struct sk_buf *out, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	sk_buf_init(out, PLACES_MAX);
	return sk_file_exists(path_of(office, id, "places", path)) ? sk_file_read(path, out, fault) : SK_OK;
}

static bool has_line(const char *lines, const char *line)
{
	size_t length = strlen(line);
	for (const char *at = lines; *at != '\0'; at += strcspn(at, "\n") + 1)
		if (strncmp(at, line, length) == 0 && at[length] == '\n')
			return true;
	return false;
}

enum sk_err sk_basis_place_add(struct sk_office *office, const struct sk_basis_matter *matter, const char *workspace, struct sk_fault *fault)
{
	struct sk_workspace opened;
	char path[SK_PATH_MAX], whole[SK_PATH_MAX];
	struct sk_buf places;
	if (realpath(workspace, whole) == NULL)
		return sk_fault_set(fault, SK_ENOENT, "%s: no workspace is there; sekisho init --centre DIR --basis %s makes one", workspace, matter->id);
	if (strchr(whole, '\n') != NULL)
		return sk_fault_set(fault, SK_EUSAGE, "the workspace's path holds a line feed");
	SK_TRY(sk_workspace_open(whole, false, &opened, fault));
	if (opened.approver.id != office->centre.public_key.id || memcmp(opened.approver.public_key, office->centre.public_key.public_key, sizeof opened.approver.public_key) != 0)
		return sk_fault_set(fault, SK_EPERMIT, "%s: trusts %s and not this centre; sekisho init --centre DIR --basis %s makes a workspace that does", whole, opened.approver.name, matter->id);
	if (strcmp(opened.basis_id, matter->id) != 0)
		return sk_fault_set(fault, SK_EPERMIT, "%s: was made for basis %s; a workspace is for one basis, as its keys are", whole, opened.basis_id);
	enum sk_err err = read_places(office, matter->id, &places, fault);
	if (err == SK_OK && !has_line(sk_buf_text(&places), whole)) {
		sk_buf_addf(&places, "%s\n", whole);
		err = places.failed != SK_OK ? sk_fault_set(fault, places.failed, "basis %s: too many workspaces", matter->id)
					     : sk_file_replace(path_of(office, matter->id, "places", path), places.bytes, places.length, 0600, fault);
	}
	sk_buf_fini(&places);
	return err;
}

/* ---- one place ---- */

static bool is_ours(const char *path)
{
	struct sk_buf text;
	struct sk_fault ignored;
	sk_buf_init(&text, MARK_MAX);
	bool ours = sk_file_read(path, &text, &ignored) == SK_OK && strncmp(sk_buf_text(&text), mark, sizeof mark - 1) == 0;
	sk_buf_fini(&text);
	return ours;
}

/* A file of the workspace, whole from the first moment that a sensor can see it: one that belongs to whom the workspace belongs, for the sensor is another user than the centre. */
static enum sk_err put(const char *place, const char *name, const void *bytes, size_t length, unsigned mode, struct sk_fault *fault)
{
	char fresh[SK_PATH_MAX], path[SK_PATH_MAX];
	struct stat owner;
	SK_TRY(sk_file_join(path, sizeof path, place, name));
	SK_TRY(sk_file_join(fresh, sizeof fresh, place, "basis.new"));
	if (stat(place, &owner) != 0)
		return sk_fault_errno(fault, errno, "%s: the workspace cannot be reached", place);
	SK_TRY(sk_file_replace(fresh, bytes, length, mode, fault));
	if (geteuid() == 0 && chown(fresh, owner.st_uid, owner.st_gid) != 0)
		return sk_fault_errno(fault, errno, "%s: cannot be given to its workspace's owner", fresh);
	if (rename(fresh, path) != 0)
		return sk_fault_errno(fault, errno, "%s: cannot be put in place", path);
	return sk_file_sync_folder(place, fault);
}

static enum sk_err stop(const struct sk_office *office, const struct sk_basis_matter *matter, const char *place, struct sk_fault *fault)
{
	char path[SK_PATH_MAX], text[MARK_MAX], when[SK_TIME_TEXT_MAX], by[64] = "";
	for (unsigned i = 0; i < SK_SUSPENDER_COUNT; i++)
		if ((matter->suspended_by & 1u << i) != 0)
			(void)snprintf(by + strlen(by), sizeof by - strlen(by), " %s", sk_suspender_name((enum sk_suspender)(1u << i)));
	int length = snprintf(text, sizeof text, "%s%.127s: basis %s is %s%s%s since %s\n", mark, office->centre.origin, matter->id, sk_stage_name(matter->stage), by[0] != '\0' ? " by" : "", by,
			      sk_time_format(matter->last_ns, 0, when));
	SK_TRY(sk_file_join(path, sizeof path, place, "suspended"));
	if (!sk_file_exists(path))
		SK_TRY(put(place, "suspended", text, (size_t)length, 0644, fault));
	/* First the stop that a running sensor sees, then what it would start with: whoever takes the one away has not the other. */
	SK_TRY(sk_file_join(path, sizeof path, place, "basis.note"));
	return unlink(path) == 0 || errno == ENOENT ? SK_OK : sk_fault_errno(fault, errno, "%s: cannot be taken away", path);
}

static enum sk_err go(const struct sk_buf *note, const char *place, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_buf there;
	SK_TRY(sk_file_join(path, sizeof path, place, "basis.note"));
	sk_buf_init(&there, SK_BASIS_TEXT_MAX);
	/* The same again would make a running sensor load it again. */
	bool same = sk_file_exists(path) && sk_file_read(path, &there, fault) == SK_OK && there.length == note->length && memcmp(there.bytes, note->bytes, note->length) == 0;
	sk_buf_fini(&there);
	if (!same)
		SK_TRY(put(place, "basis.note", note->bytes, note->length, 0600, fault));
	SK_TRY(sk_file_join(path, sizeof path, place, "suspended"));
	if (!sk_file_exists(path))
		return SK_OK;
	if (!is_ours(path))
		return sk_fault_set(fault, SK_ESUSPENDED, "%s: somebody else put this suspension there; whoever did takes it away", path);
	return unlink(path) == 0 ? SK_OK : sk_fault_errno(fault, errno, "%s: cannot be taken away", path);
}

/* ---- all of them ---- */

static enum sk_err mint(struct sk_office *office, const struct sk_basis_matter *matter, struct sk_buf *note, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_basis basis = matter->basis;
	SK_INVARIANT(office->centre.key != NULL);
	SK_TRY(sk_basis_encode(&basis, office->centre.key, note, fault));
	return sk_file_replace(path_of(office, matter->id, "note", path), note->bytes, note->length, 0600, fault);
}

enum sk_err sk_basis_places_settle(struct sk_office *office, const struct sk_basis_matter *matter, int64_t now_ns, unsigned *places, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_buf lines, note;
	struct sk_fault why;
	bool goes = sk_stage_collects(matter->stage) && now_ns < matter->basis.until_ns;
	*places = 0;
	sk_buf_init(&note, SK_BASIS_TEXT_MAX);
	enum sk_err err = read_places(office, matter->id, &lines, fault);
	if (err == SK_OK && goes)
		err = mint(office, matter, &note, fault);
	else if (err == SK_OK && unlink(path_of(office, matter->id, "note", path)) != 0 && errno != ENOENT)
		err = sk_fault_errno(fault, errno, "%s: cannot be taken away", path);
	for (char *at = err == SK_OK && lines.length != 0 ? (char *)lines.bytes : NULL, *line; at != NULL && (line = strsep(&at, "\n")) != NULL && line[0] != '\0';) {
		enum sk_err one = goes ? go(&note, line, &why) : stop(office, matter, line, &why);
		*places += one == SK_OK;
		if (one != SK_OK && err == SK_OK) {
			err = one;
			*fault = why;
		}
	}
	sk_buf_fini(&note);
	sk_buf_fini(&lines);
	return err;
}
