/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/workspace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "border/border.h"
#include "cmd/detectors.h"
#include "cmd/workspace_custody.h"
#include "text/json.h"
#include "text/text.h"

enum { WORKSPACE_VERSION = 1, WORKSPACE_JSON_MAX = 65536, BORDER_FILE_MAX = 256 << 20, BORDER_NOTE_MAX = 4096, FOLDER_MODE = 0700, SECRET_MODE = 0600 };

const char *sk_workspace_path(const struct sk_workspace *workspace, const char *name, char path[SK_PATH_MAX])
{
	enum sk_err joined = sk_file_join(path, SK_PATH_MAX, workspace->folder, name);
	SK_INVARIANT(joined == SK_OK);
	return path;
}

static void encode_workspace(const struct sk_workspace *workspace, struct sk_buf *out)
{
	struct sk_json_writer json;
	char text[SK_VKEY_TEXT_MAX];
	sk_json_begin(&json, out, true);
	sk_json_object(&json, NULL);
	sk_json_text(&json, "approver", sk_verify_key_format(&workspace->approver, text));
	sk_json_text(&json, "basis_id", workspace->basis_id);
	sk_workspace_custody_encode(workspace, &json);
	sk_json_text(&json, "origin", workspace->origin);
	sk_json_array(&json, "own");
	for (size_t i = 0; i < workspace->own_count; i++)
		sk_json_text(&json, NULL, sk_prefix_format(&workspace->own[i], text));
	sk_json_end(&json);
	sk_json_text(&json, "profile", sk_profile_name(workspace->profile));
	sk_json_text(&json, "role", sk_role_name(workspace->role));
	sk_json_u64(&json, "version", WORKSPACE_VERSION);
	sk_json_end(&json);
}

enum sk_err sk_workspace_rewrite(const struct sk_workspace *workspace, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_buf json;
	sk_buf_init(&json, WORKSPACE_JSON_MAX);
	encode_workspace(workspace, &json);
	enum sk_err err = json.failed != SK_OK ? sk_fault_set(fault, json.failed, "workspace.json cannot be written") : sk_file_replace(sk_workspace_path(workspace, "workspace.json", path), json.bytes, json.length, SECRET_MODE, fault);
	sk_buf_fini(&json);
	return err;
}

static enum sk_err decode_workspace(const char *path, const struct sk_buf *bytes, struct sk_workspace *out, struct sk_fault *fault)
{
	struct sk_json_doc *doc = NULL;
	SK_TRY(sk_json_parse(sk_buf_text(bytes), bytes->length, &doc, fault));
	const struct sk_json_value *top = sk_json_top(doc);
	const char *approver = sk_json_get_text(top, "approver"), *basis_id = sk_json_get_text(top, "basis_id"), *origin = sk_json_get_text(top, "origin");
	const char *profile = sk_json_get_text(top, "profile"), *role = sk_json_get_text(top, "role");
	const struct sk_json_value *own = sk_json_get(top, "own");
	uint64_t version = 0;
	enum sk_err err = SK_OK;
	if (sk_json_get_u64(top, "version", &version) != SK_OK || version != WORKSPACE_VERSION)
		err = sk_fault_set(fault, SK_EMALFORMED, "%s: version is not %d; this workspace was made by another release", path, WORKSPACE_VERSION);
	else if (approver == NULL || basis_id == NULL || origin == NULL || profile == NULL || role == NULL || own == NULL || own->kind != SK_JSON_ARRAY ||
		 sk_verify_key_parse(approver, &out->approver) != SK_OK || sk_profile_parse(profile, &out->profile) != SK_OK ||
		 sk_role_parse(role, &out->role) != SK_OK || strlen(basis_id) >= sizeof out->basis_id || strlen(origin) >= sizeof out->origin ||
		 own->length > SK_OWN_PREFIXES_MAX)
		err = sk_fault_set(fault, SK_EMALFORMED, "%s: a field is missing or wrong; restore the file or make the workspace again with sekisho init", path);
	if (err == SK_OK) {
		(void)snprintf(out->basis_id, sizeof out->basis_id, "%s", basis_id);
		(void)snprintf(out->origin, sizeof out->origin, "%s", origin);
		out->own_count = 0;
		for (const struct sk_json_value *prefix = own->child; prefix != NULL && err == SK_OK; prefix = prefix->next)
			if (prefix->kind != SK_JSON_TEXT || sk_prefix_parse(prefix->text, &out->own[out->own_count++]) != SK_OK)
				err = sk_fault_set(fault, SK_EMALFORMED, "%s: own[%zu] is not a prefix", path, out->own_count - 1);
	}
	if (err == SK_OK)
		err = sk_workspace_custody_decode(path, top, out, fault);
	sk_json_free(doc);
	return err;
}

/* One run at a time: two writers would tear store and ledger apart. The lock dies with the process. */
static enum sk_err take_lock(struct sk_workspace *workspace, struct sk_fault *fault)
{
	char path[SK_PATH_MAX], holder[32] = "";
	int fd = open(sk_workspace_path(workspace, "lock", path), O_RDWR | O_CREAT | O_CLOEXEC, SECRET_MODE);
	if (fd < 0)
		return sk_fault_errno(fault, errno, "%s: cannot open the lock", path);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		ssize_t got = read(fd, holder, sizeof holder - 1);
		holder[got > 0 ? got : 0] = '\0';
		holder[strcspn(holder, "\n")] = '\0';
		(void)close(fd);
		return sk_fault_set(fault, SK_ELOCKED, "%s: another run (process %s) holds this workspace; wait for it or use another workspace", workspace->folder,
				    holder[0] != '\0' ? holder : "unknown");
	}
	int used = snprintf(holder, sizeof holder, "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) != 0 || pwrite(fd, holder, (size_t)used, 0) != used) {
		int failed = errno;
		(void)close(fd);
		return sk_fault_errno(fault, failed, "%s: cannot write the lock", path);
	}
	workspace->lock_fd = fd;
	return SK_OK;
}

enum sk_err sk_workspace_open(const char *folder, bool lock, struct sk_workspace *out, struct sk_fault *fault)
{
	*out = (struct sk_workspace){.lock_fd = -1};
	if (strlen(folder) + 64 >= sizeof out->folder)
		return sk_fault_set(fault, SK_ETOOBIG, "the workspace path is too long");
	(void)snprintf(out->folder, sizeof out->folder, "%s", folder);
	char path[SK_PATH_MAX];
	struct sk_buf bytes;
	sk_buf_init(&bytes, WORKSPACE_JSON_MAX);
	enum sk_err err = sk_file_read(sk_workspace_path(out, "workspace.json", path), &bytes, fault);
	if (err == SK_ENOENT)
		err = sk_fault_set(fault, SK_ENOENT, "%s: no workspace there; make one: sekisho init --workspace %s --profile lab --border FILE", folder, folder);
	if (err == SK_OK)
		err = decode_workspace(path, &bytes, out, fault);
	sk_buf_fini(&bytes);
	if (err == SK_OK && lock)
		err = take_lock(out, fault);
	return err;
}

void sk_workspace_close(struct sk_workspace *workspace)
{
	if (workspace->lock_fd >= 0)
		(void)close(workspace->lock_fd);
	workspace->lock_fd = -1;
}

/* Everything that must hold of a basis besides its dates: policy's table decides, not the basis. rule: BASIS-1 */
enum sk_err sk_workspace_lawful(const struct sk_workspace *workspace, const struct sk_basis *basis, struct sk_fault *fault)
{
	enum sk_basis_kind kind;
	if (sk_basis_kind_parse(basis->kind, &kind) != SK_OK)
		return sk_fault_set(fault, SK_EBASISBAD, "the basis: kind '%s' is not one that the policy knows", basis->kind);
	if (strcmp(basis->profile, sk_profile_name(workspace->profile)) != 0 || strcmp(basis->role, sk_role_name(workspace->role)) != 0 ||
	    strcmp(basis->id, workspace->basis_id) != 0)
		return sk_fault_set(fault, SK_EBASISBAD, "the basis: id, profile or role is not the workspace's (%s, %s, %s)", workspace->basis_id,
				    sk_profile_name(workspace->profile), sk_role_name(workspace->role));
	if (!sk_policy_profile_allows(workspace->profile, kind))
		return sk_fault_set(fault, SK_EBASISBAD, "the basis: kind '%s' is not allowed under profile %s", basis->kind, basis->profile);
	for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		if ((basis->classes & SK_CLASS_BIT(class_)) != 0 && !sk_policy_eligible(kind, (enum sk_class)class_))
			return sk_fault_set(fault, SK_ECLASS, "the basis covers class %s, which a basis of kind '%s' may never keep; ask for a basis without it",
					    sk_class_name((enum sk_class)class_), basis->kind);
	if (basis->classes == 0)
		return sk_fault_set(fault, SK_ECLASS, "the basis covers no class at all; nothing could be collected under it");
	if ((basis->rule.kinds & SK_SELECTOR_FLOW_ALL) != 0 && !sk_policy_flow_all(kind, workspace->role))
		return sk_fault_set(fault, SK_ESETRULE, "the basis: its rule allows flow.all, which only own_network with role party and lab may use");
	SK_TRY(sk_detectors_lawful(basis, kind, workspace->role, fault));
	if (basis->names && !sk_policy_names(kind, workspace->role))
		return sk_fault_set(fault, SK_EBASISBAD, "the basis switches full names on, which only own_network with role party and lab may");
	return SK_OK;
}

enum sk_err sk_workspace_basis(const struct sk_workspace *workspace, int64_t now_ns, struct sk_basis *out, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	return sk_workspace_basis_at(workspace, sk_workspace_path(workspace, "basis.note", path), now_ns, out, fault);
}

enum sk_err sk_workspace_basis_at(const struct sk_workspace *workspace, const char *path, int64_t now_ns, struct sk_basis *out, struct sk_fault *fault)
{
	char when[SK_TIME_TEXT_MAX];
	struct sk_buf bytes;
	sk_buf_init(&bytes, SK_BASIS_TEXT_MAX);
	enum sk_err err = sk_file_read(path, &bytes, fault);
	if (err == SK_ENOENT)
		err = sk_fault_set(fault, SK_ENOBASIS, "%s: there is no basis, so nothing may be collected; sekisho basis renew makes a self-approved one, and where a centre decides, sekisho basis activate puts it there", path);
	else if (err == SK_OK) {
		struct sk_fault why = {.line = ""};
		err = sk_basis_decode(sk_buf_text(&bytes), bytes.length, &workspace->approver, out, &why);
		if (err != SK_OK)
			err = sk_fault_set(fault, SK_EBASISBAD, "%s: not a valid basis: %s", path, why.line);
	}
	sk_buf_fini(&bytes);
	SK_TRY(err);
	int64_t in_force = sk_policy_profile_from_ns(workspace->profile);
	if (now_ns != 0 && now_ns < in_force)
		return sk_fault_set(fault, SK_EPROFILE, "profile %s is not in force before %s; until then use own-network or lab", sk_profile_name(workspace->profile),
				    sk_time_format(in_force, 0, when));
	SK_TRY(sk_workspace_lawful(workspace, out, fault));
	if (now_ns == 0)
		return SK_OK;
	SK_TRY(sk_basis_in_force(out, now_ns, fault));
	return sk_workspace_custody(workspace, out, fault);
}

/* The key with which a workspace approves for itself. That of a centre has none. */
static enum sk_err load_approver(const struct sk_workspace *workspace, struct sk_sign_key **out, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	if (!sk_file_exists(sk_workspace_path(workspace, "keys/approver.key", path)))
		return sk_fault_set(fault, SK_EPERMIT, "%s: approves nothing by itself: it trusts %s; sekisho basis request asks there", workspace->folder, workspace->approver.name);
	return sk_sign_key_load(path, out, fault);
}

static enum sk_err write_basis(const struct sk_workspace *workspace, struct sk_basis *basis, const struct sk_sign_key *approver, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_buf note;
	sk_buf_init(&note, SK_BASIS_TEXT_MAX);
	enum sk_err err = sk_basis_encode(basis, approver, &note, fault);
	if (err == SK_OK)
		err = sk_file_replace(sk_workspace_path(workspace, "basis.note", path), note.bytes, note.length, SECRET_MODE, fault);
	sk_buf_fini(&note);
	return err;
}

enum sk_err sk_workspace_renew_basis(struct sk_workspace *workspace, struct sk_basis *basis, struct sk_fault *fault)
{
	struct sk_sign_key *approver = NULL;
	SK_TRY(load_approver(workspace, &approver, fault));
	enum sk_err err = write_basis(workspace, basis, approver, fault);
	sk_sign_key_free(approver);
	return err;
}

static enum sk_err make_key(const struct sk_workspace *workspace, const char *name, const char *file, struct sk_sign_key **out, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	enum sk_err err = sk_sign_key_new(name, out);
	if (err != SK_OK)
		return sk_fault_set(fault, err, "'%s' cannot name a key: 1 to 127 bytes without a space or '+' were expected", name);
	return sk_sign_key_save(*out, sk_workspace_path(workspace, file, path), fault);
}

/* ---- the border table and its approval: a note over one line with the table's digest ---- */

static void border_body(const uint8_t digest[SK_HASH_BYTES], struct sk_buf *out)
{
	char hex[2 * SK_HASH_BYTES + 1];
	sk_hex_encode(digest, SK_HASH_BYTES, hex);
	sk_buf_addf(out, "sekisho border table v1\n%s\n", hex);
}

static enum sk_err write_border_note(const struct sk_workspace *workspace, const uint8_t digest[SK_HASH_BYTES], const struct sk_sign_key *approver, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_buf body, note;
	sk_buf_init(&body, BORDER_NOTE_MAX);
	sk_buf_init(&note, BORDER_NOTE_MAX);
	border_body(digest, &body);
	sk_note_sign(&note, sk_buf_text(&body), body.length, approver);
	enum sk_err err = sk_file_replace(sk_workspace_path(workspace, "border.note", path), note.bytes, note.length, SECRET_MODE, fault);
	sk_buf_fini(&note);
	sk_buf_fini(&body);
	return err;
}

static enum sk_err set_border(const struct sk_workspace *workspace, const char *border_path, const struct sk_sign_key *approver, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_border *table = NULL;
	SK_TRY(sk_border_open(border_path, &table, fault));
	struct sk_border_info info;
	sk_border_info(table, &info);
	sk_border_close(table);
	if (info.overrides_special && workspace->profile == SK_PROFILE_JP_2025)
		return sk_fault_set(fault, SK_EBORDER, "%s: its lists override special ranges (private, loopback ...), which only lab and own-network accept", border_path);
	struct sk_buf bytes;
	sk_buf_init(&bytes, BORDER_FILE_MAX);
	enum sk_err err = sk_file_read(border_path, &bytes, fault);
	if (err == SK_OK)
		err = sk_file_replace(sk_workspace_path(workspace, "border.skb", path), bytes.bytes, bytes.length, SECRET_MODE, fault);
	sk_buf_fini(&bytes);
	return err == SK_OK ? write_border_note(workspace, info.digest, approver, fault) : err;
}

enum sk_err sk_workspace_set_border(const struct sk_workspace *workspace, const char *border_path, struct sk_fault *fault)
{
	struct sk_sign_key *approver = NULL;
	SK_TRY(load_approver(workspace, &approver, fault));
	enum sk_err err = set_border(workspace, border_path, approver, fault);
	sk_sign_key_free(approver);
	return err;
}

enum sk_err sk_workspace_check_border(const struct sk_workspace *workspace, const uint8_t digest[SK_HASH_BYTES], struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_buf bytes, body;
	struct sk_note note;
	struct sk_fault why = {.line = ""};
	sk_buf_init(&bytes, BORDER_NOTE_MAX);
	sk_buf_init(&body, BORDER_NOTE_MAX);
	border_body(digest, &body);
	bool approved = sk_file_read(sk_workspace_path(workspace, "border.note", path), &bytes, &why) == SK_OK &&
			sk_note_parse(sk_buf_text(&bytes), bytes.length, &note, &why) == SK_OK && sk_note_verify(&note, &workspace->approver) == SK_OK &&
			note.body_length == body.length && memcmp(note.body, body.bytes, body.length) == 0;
	sk_buf_fini(&body);
	sk_buf_fini(&bytes);
	return approved ? SK_OK
			: sk_fault_set(fault, SK_EBORDER, "%s: the border table here is not the one that was approved; sekisho basis renew --border TABLE approves another", path);
}

/* The kind of basis that a profile's own approval can give. jp-2025 has none of its own: a self-approved FF basis stands in, and is refused at watch. */
static enum sk_basis_kind own_kind(enum sk_profile profile)
{
	return profile == SK_PROFILE_LAB ? SK_BASIS_LAB : profile == SK_PROFILE_OWN_NETWORK ? SK_BASIS_OWN_NETWORK : SK_BASIS_FF;
}

enum sk_err sk_workspace_self_approve(const struct sk_workspace *workspace, const struct sk_workspace_new *options, struct sk_basis *basis, struct sk_fault *fault)
{
	enum sk_basis_kind kind = own_kind(options->profile);
	*basis = (struct sk_basis){.classes = options->classes != 0 ? options->classes : sk_policy_classes(kind), .from_ns = options->from_ns,
				   .until_ns = options->until_ns, .rule = options->rule, .self_approved = true, .names = options->names,
				   .simulated = options->profile == SK_PROFILE_LAB, .link_count = 1, .act_count = 1};
	(void)snprintf(basis->id, sizeof basis->id, "%s", workspace->basis_id);
	(void)snprintf(basis->kind, sizeof basis->kind, "%s", sk_basis_kind_name(kind));
	(void)snprintf(basis->profile, sizeof basis->profile, "%s", sk_profile_name(options->profile));
	(void)snprintf(basis->role, sizeof basis->role, "%s", sk_role_name(options->role));
	(void)snprintf(basis->links[0], sizeof basis->links[0], "*");
	(void)snprintf(basis->target_acts[0], sizeof basis->target_acts[0], "attacks-on-own-hosts");
	if (basis->rule.kinds == 0) {
		basis->rule.kinds = SK_SELECTOR_KINDS_ALL;
		/* What is sent is looked at where the approval says so by name (LAW.md 1.4, C03); a lab approves what it likes. */
		if (options->profile != SK_PROFILE_LAB)
			basis->rule.kinds &= ~(uint32_t)SK_SELECTOR_COMMAND;
		if (!sk_policy_flow_all(kind, options->role))
			basis->rule.kinds &= ~(uint32_t)SK_SELECTOR_FLOW_ALL;
	}
	return sk_detectors_choose(options->detectors, options->detector_words, kind, options->role, basis, fault);
}

/* Fill an empty folder; the caller renames it into place. */
static enum sk_err fill_folder(struct sk_workspace *workspace, const struct sk_workspace_new *options, struct sk_fault *fault)
{
	static const char *const folders[] = {"keys", "keys/basis", "store", "sealed", "retention"};
	char path[SK_PATH_MAX], approver_name[SK_KEY_NAME_MAX];
	for (size_t i = 0; i < SK_COUNT(folders); i++)
		SK_TRY(sk_file_make_folder(sk_workspace_path(workspace, folders[i], path), FOLDER_MODE, fault));
	struct sk_sign_key *ledger = NULL, *approver = NULL;
	struct sk_basis basis;
	(void)snprintf(approver_name, sizeof approver_name, "%.100s/approver", workspace->origin);
	enum sk_err err = make_key(workspace, workspace->origin, "keys/ledger.key", &ledger, fault);
	if (err == SK_OK && options->centre == NULL)
		err = make_key(workspace, approver_name, "keys/approver.key", &approver, fault);
	const struct sk_sign_key *approves = options->centre != NULL ? options->centre : approver;
	if (err == SK_OK)
		workspace->approver = *sk_sign_key_public(approves);
	if (err == SK_OK && options->centre == NULL)
		err = sk_workspace_self_approve(workspace, options, &basis, fault);
	if (err == SK_OK && options->centre == NULL)
		err = sk_workspace_lawful(workspace, &basis, fault);
	if (err == SK_OK && options->centre == NULL)
		err = write_basis(workspace, &basis, approver, fault);
	if (err == SK_OK)
		err = set_border(workspace, options->border_path, approves, fault);
	if (err == SK_OK)
		err = sk_workspace_rewrite(workspace, fault);
	sk_sign_key_free(ledger);
	sk_sign_key_free(approver);
	return err;
}

/* Remove what a failed init left under its temporary name: files that this process made a moment ago. */
static void remove_folder(const char *folder)
{
	static const char *const files[] = {"workspace.json", "basis.note", "border.skb", "border.note", "keys/ledger.key", "keys/approver.key"};
	static const char *const folders[] = {"keys/basis", "keys", "store", "sealed", "retention", ""};
	char path[SK_PATH_MAX];
	for (size_t i = 0; i < SK_COUNT(files); i++)
		if (sk_file_join(path, sizeof path, folder, files[i]) == SK_OK)
			(void)unlink(path);
	for (size_t i = 0; i < SK_COUNT(folders); i++)
		if (sk_file_join(path, sizeof path, folder, folders[i]) == SK_OK)
			(void)rmdir(path);
}

enum sk_err sk_workspace_create(const char *folder, const struct sk_workspace_new *options, struct sk_fault *fault)
{
	struct sk_workspace workspace = {.profile = options->profile, .role = options->role, .own_count = options->own_count, .lock_fd = -1};
	char marker[SK_PATH_MAX], random_hex[17];
	uint8_t random[8];
	memcpy(workspace.own, options->own, sizeof workspace.own);
	size_t length = strlen(folder);
	while (length > 1 && folder[length - 1] == '/')
		length--;
	if (length == 0 || length + 96 >= sizeof workspace.folder)
		return sk_fault_set(fault, SK_EUSAGE, "the workspace path is empty or too long");
	char final_folder[SK_PATH_MAX];
	(void)snprintf(final_folder, sizeof final_folder, "%.*s", (int)length, folder);
	if (sk_file_join(marker, sizeof marker, final_folder, "workspace.json") == SK_OK && sk_file_exists(marker))
		return sk_fault_set(fault, SK_EEXIST, "%s: a workspace is there already; its keys and ledger are never overwritten", final_folder);
	sk_random(random, sizeof random);
	sk_hex_encode(random, sizeof random, random_hex);
	if (options->origin != NULL)
		(void)snprintf(workspace.origin, sizeof workspace.origin, "%s", options->origin);
	else
		(void)snprintf(workspace.origin, sizeof workspace.origin, "sekisho.invalid/%s", random_hex);
	if (options->centre != NULL)
		(void)snprintf(workspace.basis_id, sizeof workspace.basis_id, "%s", options->basis_id);
	else
		(void)snprintf(workspace.basis_id, sizeof workspace.basis_id, "self-%s", random_hex);
	/* The parents are the user's; the workspace itself appears whole or not at all. */
	char *slash = strrchr(final_folder, '/');
	if (slash != NULL && slash != final_folder) {
		*slash = '\0';
		enum sk_err made = sk_file_make_folder(final_folder, 0755, fault);
		*slash = '/';
		SK_TRY(made);
	}
	int used = snprintf(workspace.folder, sizeof workspace.folder, "%.4000s.new.%s", final_folder, random_hex);
	SK_INVARIANT(used > 0 && (size_t)used < sizeof workspace.folder);
	SK_TRY(sk_workspace_custody_take(options, &workspace, fault));
	SK_TRY(sk_file_make_folder(workspace.folder, FOLDER_MODE, fault));
	enum sk_err err = fill_folder(&workspace, options, fault);
	if (err == SK_OK && rename(workspace.folder, final_folder) != 0) {
		int failed = errno;
		err = failed == ENOTEMPTY || failed == EEXIST || failed == ENOTDIR
			? sk_fault_set(fault, SK_EEXIST, "%s: exists and is not an empty folder", final_folder)
			: sk_fault_errno(fault, failed, "%s: cannot be made", final_folder);
	}
	if (err != SK_OK)
		remove_folder(workspace.folder);
	return err;
}
