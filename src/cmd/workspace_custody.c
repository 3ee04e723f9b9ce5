/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/workspace_custody.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "seal/share.h"
#include "store/original.h"

void sk_workspace_custody_encode(const struct sk_workspace *workspace, struct sk_json_writer *json)
{
	char text[SK_VKEY_TEXT_MAX];
	const struct sk_custodians *custodians = &workspace->custodians;
	if (workspace->keys_folder[0] == '\0' && !workspace->has_oversight && !workspace->tokens && custodians->count == 0 && workspace->retention_days == 0)
		return;
	sk_json_object(json, "custody");
	sk_json_array(json, "custodians");
	for (unsigned i = 0; i < custodians->count; i++) {
		sk_json_object(json, NULL);
		sk_json_text(json, "key", sk_verify_key_format(&custodians->keys[i], text));
		sk_json_bool(json, "privacy", custodians->privacy[i]);
		sk_json_end(json);
	}
	sk_json_end(json);
	sk_json_text(json, "keys", workspace->keys_folder);
	sk_json_u64(json, "needed", custodians->needed);
	sk_json_text(json, "oversight", workspace->has_oversight ? sk_verify_key_format(&workspace->oversight, text) : "");
	sk_json_u64(json, "retention_days", workspace->retention_days);
	sk_json_bool(json, "tokens", workspace->tokens);
	sk_json_end(json);
}

static bool decode_custodians(const struct sk_json_value *list, struct sk_custodians *out)
{
	if (list == NULL || list->kind != SK_JSON_ARRAY || list->length > SK_CUSTODIANS_MAX)
		return false;
	for (const struct sk_json_value *one = list->child; one != NULL; one = one->next) {
		const char *key = sk_json_get_text(one, "key");
		const struct sk_json_value *privacy = sk_json_get(one, "privacy");
		if (key == NULL || privacy == NULL || privacy->kind != SK_JSON_BOOL || sk_verify_key_parse(key, &out->keys[out->count]) != SK_OK)
			return false;
		out->privacy[out->count++] = privacy->integer != 0;
	}
	return true;
}

enum sk_err sk_workspace_custody_decode(const char *path, const struct sk_json_value *top, struct sk_workspace *out, struct sk_fault *fault)
{
	const struct sk_json_value *custody = sk_json_get(top, "custody");
	uint64_t needed = 0, days = 0;
	if (custody == NULL)
		return SK_OK;
	const char *keys = sk_json_get_text(custody, "keys"), *oversight = sk_json_get_text(custody, "oversight");
	const struct sk_json_value *tokens = sk_json_get(custody, "tokens");
	if (keys == NULL || strlen(keys) + 128 >= sizeof out->keys_folder || oversight == NULL || tokens == NULL || tokens->kind != SK_JSON_BOOL ||
	    sk_json_get_u64(custody, "needed", &needed) != SK_OK || needed > SK_CUSTODIANS_MAX || sk_json_get_u64(custody, "retention_days", &days) != SK_OK || days > 36500 ||
	    !decode_custodians(sk_json_get(custody, "custodians"), &out->custodians) || (oversight[0] != '\0' && sk_verify_key_parse(oversight, &out->oversight) != SK_OK))
		return sk_fault_set(fault, SK_EMALFORMED, "%s: custody: a field is missing or wrong; restore the file", path);
	memcpy(out->keys_folder, keys, strlen(keys) + 1);
	out->has_oversight = oversight[0] != '\0';
	out->tokens = tokens->integer != 0;
	out->custodians.needed = (unsigned)needed;
	out->retention_days = (unsigned)days;
	return SK_OK;
}

static enum sk_err take_folder(const char *folder, struct sk_workspace *workspace, struct sk_fault *fault)
{
	char *absolute;
	SK_TRY(sk_file_make_folder(folder, 0700, fault));
	absolute = realpath(folder, NULL);
	if (absolute == NULL)
		return sk_fault_errno(fault, errno, "%s: cannot be resolved", folder);
	bool fits = strlen(absolute) + 128 < sizeof workspace->keys_folder;
	if (fits)
		memcpy(workspace->keys_folder, absolute, strlen(absolute) + 1);
	free(absolute);
	return fits ? SK_OK : sk_fault_set(fault, SK_EUSAGE, "--keys: the path is too long");
}

enum sk_err sk_workspace_custody_take(const struct sk_workspace_new *options, struct sk_workspace *workspace, struct sk_fault *fault)
{
	workspace->tokens = options->tokens;
	workspace->custodians = options->custodians;
	workspace->retention_days = options->retention_days;
	if (options->retention_days > sk_policy_retention_days())
		return sk_fault_set(fault, SK_EUSAGE, "--retention-days %u: policy keeps for %u days at most", options->retention_days, sk_policy_retention_days());
	if (options->custodians.count != 0 || options->custodians.needed != 0)
		SK_TRY(sk_custodians_check(&options->custodians, sk_policy_reident_officers(), fault));
	if (options->oversight != NULL) {
		if (!sk_box_fits(options->oversight))
			return sk_fault_set(fault, SK_EUSAGE, "--oversight %s: this kind of key signs and cannot open; a note key is needed", options->oversight->name);
		workspace->oversight = *options->oversight;
		workspace->has_oversight = true;
	}
	return options->keys_folder != NULL ? take_folder(options->keys_folder, workspace, fault) : SK_OK;
}

const struct sk_store_options *sk_workspace_store(const struct sk_workspace *workspace, int64_t now_ns, bool read_only, struct sk_workspace_store *out)
{
	if (workspace->keys_folder[0] != '\0')
		memcpy(out->keys, workspace->keys_folder, strlen(workspace->keys_folder) + 1);
	else
		(void)sk_workspace_path(workspace, "keys/basis", out->keys);
	out->options = (struct sk_store_options){.folder = sk_workspace_path(workspace, "store", out->folder), .keys_folder = out->keys,
						 .erased_folder = sk_workspace_path(workspace, "retention", out->erased), .basis_id = workspace->basis_id, .read_only = read_only,
						 .oversight = workspace->has_oversight ? &workspace->oversight : NULL,
						 .custodians = workspace->custodians.count != 0 ? &workspace->custodians : NULL, .now_ns = now_ns};
	return &out->options;
}

//= rule: CUSTODY-1
enum sk_err sk_workspace_custody(const struct sk_workspace *workspace, const struct sk_basis *basis, struct sk_fault *fault)
{
	enum sk_basis_kind kind;
	SK_TRY(sk_basis_kind_parse(basis->kind, &kind));
	if (sk_policy_split(kind) && !workspace->has_oversight)
		return sk_fault_set(fault, SK_EPERMIT, "a basis of kind '%s' needs keys that oversight holds a share of: sekisho init --oversight KEY", basis->kind);
	if (sk_policy_tokens(kind) && !workspace->tokens)
		return sk_fault_set(fault, SK_EPERMIT, "a basis of kind '%s' needs tokens instead of the addresses and names of domestic hosts: sekisho init --tokens", basis->kind);
	return SK_OK;
}
