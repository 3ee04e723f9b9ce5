/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/force.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/guard.h"

enum { FILE_BASIS, FILE_BORDER, FILE_SELECTORS, FILE_RULES };

static const char *path_of(const struct sk_workspace *workspace, const struct sk_force_paths *paths, unsigned file, char own[SK_PATH_MAX])
{
	static const char *const names[SK_FORCE_FILES] = {"basis.note", "border.skb", "selectors.set", SK_RULES_FILE};
	const char *const given[SK_FORCE_FILES] = {paths->basis, paths->border, paths->selectors, NULL};
	return given[file] != NULL && given[file][0] != '\0' ? given[file] : sk_workspace_path(workspace, names[file], own);
}

/* Zeros: there is none. */
static struct sk_force_file file_of(const char *path)
{
	struct stat info;
	if (stat(path, &info) != 0)
		return (struct sk_force_file){.size = 0};
	return (struct sk_force_file){.device = info.st_dev, .number = info.st_ino, .size = info.st_size, .modified = info.st_mtim};
}

static bool same_file(const struct sk_force_file *a, const struct sk_force_file *b)
{
	return a->device == b->device && a->number == b->number && a->size == b->size && a->modified.tv_sec == b->modified.tv_sec && a->modified.tv_nsec == b->modified.tv_nsec;
}

void sk_force_files(const struct sk_workspace *workspace, const struct sk_force_paths *paths, struct sk_force_file files[SK_FORCE_FILES])
{
	char own[SK_PATH_MAX];
	for (unsigned i = 0; i < SK_FORCE_FILES; i++)
		files[i] = file_of(path_of(workspace, paths, i, own));
}

/* A workspace may be without selectors; a file that somebody names must be there. Opening finds damage. That the set is what its digest says costs reading all of it, and is
   asked where another than the operator relies on it. */
static enum sk_err load_set(struct sk_force *force, const char *path, bool named, bool relied_on, struct sk_fault *fault)
{
	if (!named && !sk_file_exists(path))
		return SK_OK;
	SK_TRY(sk_indicator_open(path, &force->set, fault));
	if (relied_on)
		SK_TRY(sk_indicator_verify(force->set, path, fault));
	sk_indicator_facts(force->set, &force->set_info);
	return SK_OK;
}

static enum sk_err load_rules(struct sk_force *force, const char *path, bool relied_on, struct sk_fault *fault)
{
	if (!sk_file_exists(path))
		return SK_OK;
	force->rules_trusted = !relied_on;
	return sk_rules_open(path, &force->rules, fault);
}

/* Indicators and rules are approved together. */
static void take_facts(struct sk_force *force)
{
	const struct sk_indicator_facts *info = &force->set_info;
	struct sk_set_facts indicators = {.kinds = info->kinds, .entries = info->entries, .shortest_v4 = info->shortest_v4, .shortest_v6 = info->shortest_v6};
	force->has_sets = force->set != NULL || force->rules != NULL;
	if (!force->has_sets)
		return;
	memcpy(indicators.digest, info->digest, sizeof indicators.digest);
	memcpy(indicators.entries_by_kind, info->entries_by_kind, sizeof info->entries_by_kind);
	force->set_facts = sk_rules_set_facts(force->set != NULL ? &indicators : NULL, force->rules);
}

static enum sk_err check_sets(struct sk_force *force, struct sk_fault *fault)
{
	take_facts(force);
	return force->has_sets ? sk_basis_covers(&force->basis, &force->set_facts, fault) : SK_OK;
}

static enum sk_err load(struct sk_force *force, const struct sk_workspace *workspace, const struct sk_force_paths *paths, int64_t now_ns, struct sk_fault *fault)
{
	char own[SK_PATH_MAX];
	enum sk_basis_kind kind;
	/* Before they are read: one that is replaced meanwhile is looked at again. */
	sk_force_files(workspace, paths, force->files);
	SK_TRY(sk_workspace_basis_at(workspace, path_of(workspace, paths, FILE_BASIS, own), now_ns, &force->basis, fault));
	SK_TRY(sk_guard_border(workspace, path_of(workspace, paths, FILE_BORDER, own), &force->basis, &force->border, &force->border_info, fault));
	SK_TRY(sk_basis_kind_parse(force->basis.kind, &kind));
	bool relied_on = force->basis.rule.has_exact_set || (kind != SK_BASIS_LAB && kind != SK_BASIS_OWN_NETWORK);
	SK_TRY(load_set(force, path_of(workspace, paths, FILE_SELECTORS, own), paths->selectors != NULL && paths->selectors[0] != '\0', relied_on, fault));
	SK_TRY(load_rules(force, path_of(workspace, paths, FILE_RULES, own), relied_on, fault));
	SK_TRY(check_sets(force, fault));
	force->snapshot = sk_snapshot_of(1, force->border, &force->basis, force->set);
	return SK_OK;
}

enum sk_err sk_force_load(const struct sk_workspace *workspace, const struct sk_force_paths *paths, int64_t now_ns, struct sk_force **out, struct sk_fault *fault)
{
	struct sk_force *force = calloc(1, sizeof *force);
	if (force == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	enum sk_err err = load(force, workspace, paths, now_ns, fault);
	if (err != SK_OK) {
		sk_force_free(force);
		return err;
	}
	*out = force;
	return SK_OK;
}

enum sk_err sk_force_set_facts(const struct sk_workspace *workspace, struct sk_set_facts *out, struct sk_fault *fault)
{
	static const struct sk_force_paths own_paths;
	char own[SK_PATH_MAX];
	struct sk_force *force = calloc(1, sizeof *force);
	if (force == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	/* Somebody else relies on what is told: the digest is worked out again. */
	enum sk_err err = load_set(force, path_of(workspace, &own_paths, FILE_SELECTORS, own), false, true, fault);
	if (err == SK_OK)
		err = load_rules(force, path_of(workspace, &own_paths, FILE_RULES, own), true, fault);
	if (err == SK_OK) {
		take_facts(force);
		*out = force->set_facts;
		if (!force->has_sets)
			err = sk_fault_set(fault, SK_ENOENT, "%s: there are no selectors; sekisho selectors import puts some there", workspace->folder);
	}
	sk_force_free(force);
	return err;
}

void sk_force_free(struct sk_force *force)
{
	if (force == NULL)
		return;
	sk_rules_free(force->rules);
	sk_indicator_close(force->set);
	sk_border_close(force->border);
	sk_wipe(force, sizeof *force);
	free(force);
}

bool sk_force_is_old(const struct sk_force *force, const struct sk_workspace *workspace, const struct sk_force_paths *paths)
{
	struct sk_force_file now[SK_FORCE_FILES];
	sk_force_files(workspace, paths, now);
	for (unsigned i = 0; i < SK_FORCE_FILES; i++)
		if (!same_file(&now[i], &force->files[i]))
			return true;
	return false;
}

bool sk_force_same(const struct sk_force *a, const struct sk_force *b)
{
	return memcmp(a->basis.digest, b->basis.digest, sizeof a->basis.digest) == 0 && memcmp(a->border_info.digest, b->border_info.digest, sizeof a->border_info.digest) == 0 &&
	       (a->set == NULL) == (b->set == NULL) && memcmp(a->set_facts.digest, b->set_facts.digest, sizeof a->set_facts.digest) == 0;
}

bool sk_force_has_rules(const struct sk_force *force, const struct sk_rules *rules)
{
	uint8_t digests[2][SK_HASH_BYTES] = {{0}};
	if (force->rules != NULL)
		sk_rules_digest(force->rules, digests[0]);
	if (rules != NULL)
		sk_rules_digest(rules, digests[1]);
	return memcmp(digests[0], digests[1], sizeof digests[0]) == 0;
}

void sk_force_tell(const struct sk_force *force, struct sk_collector_start *start)
{
	start->basis = &force->basis;
	start->border_overrides = force->border_info.overrides_special;
	start->border_built_ns = force->border_info.built_unix_ns;
	memcpy(start->border_digest, force->border_info.digest, sizeof start->border_digest);
	(void)snprintf(start->border_home, sizeof start->border_home, "%s", force->border_info.home);
	start->set = force->has_sets ? &force->set_facts : NULL;
}
