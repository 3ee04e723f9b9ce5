/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/border_default.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool found(const char *folder, const char *below, const char *home, char path[SK_PATH_MAX])
{
	if (folder == NULL || folder[0] == '\0')
		return false;
	int used = snprintf(path, SK_PATH_MAX, "%s%s/border-%s.skb", folder, below, home);
	return used > 0 && used < SK_PATH_MAX && sk_file_exists(path);
}

enum sk_err sk_border_default_table(const char *home, char path[SK_PATH_MAX], struct sk_fault *fault)
{
	if (home == NULL || strlen(home) != 2 || home[0] < 'A' || home[0] > 'Z' || home[1] < 'A' || home[1] > 'Z')
		return sk_fault_set(fault, SK_EUSAGE, "--home '%s': expected a country code of two capital letters, such as JP", home != NULL ? home : "");
	if (found(getenv("SEKISHO_BORDER_DIR"), "", home, path) || found(getenv("XDG_DATA_HOME"), "/sekisho", home, path) ||
	    found(getenv("HOME"), "/.local/share/sekisho", home, path) || found("/var/lib/sekisho", "", home, path) || found("/usr/share/sekisho", "", home, path))
		return SK_OK;
	return sk_fault_set(fault, SK_ENOENT, "no border table for %s is installed; build one: sekisho border build --default --home %s (as root it goes to /var/lib/sekisho)",
			    home, home);
}
