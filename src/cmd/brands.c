/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/brands.h"

#include <string.h>

#include "base/file.h"

enum sk_err sk_brands_load(const char *path, struct sk_brands **out, struct sk_fault *fault)
{
	struct sk_suffixes *suffixes;
	struct sk_buf text;
	enum sk_err err = sk_suffixes_open(&suffixes);
	*out = NULL;
	if (err != SK_OK)
		return sk_fault_set(fault, err, "the public suffix list cannot be read; expected the package publicsuffix");
	sk_buf_init(&text, SK_BRANDS_FILE_MAX);
	if (path == NULL)
		err = sk_brands_default(suffixes, out, fault);
	else if ((err = sk_file_read(path, &text, fault)) == SK_OK)
		err = sk_brands_read(suffixes, sk_buf_text(&text), text.length, path, out, fault);
	sk_buf_fini(&text);
	sk_suffixes_close(suffixes);
	/* A list is the operator's own file, and no bytes of a peer. */
	if (err == SK_EMALFORMED)
		err = fault->err = SK_EINPUT;
	return err;
}

enum sk_err sk_brands_of_run(const struct sk_workspace *workspace, const struct sk_basis *basis, const char *path, struct sk_brands **out, struct sk_fault *fault)
{
	char own[SK_PATH_MAX];
	bool needed = false;
	*out = NULL;
	for (size_t i = 0; i < basis->detector_count; i++)
		needed |= strcmp(basis->detectors[i].name, "lookalike") == 0;
	if (!needed)
		return SK_OK;
	if (path == NULL && sk_file_exists(sk_workspace_path(workspace, "brands.txt", own)))
		path = own;
	return sk_brands_load(path, out, fault);
}
