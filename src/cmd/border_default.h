/* SPDX-License-Identifier: Apache-2.0 */
/* The border table of a home country that `./run` or packaging built at install. */
#ifndef SK_CMD_BORDER_DEFAULT_H
#define SK_CMD_BORDER_DEFAULT_H

#include "base/file.h"

/* Path of the table for a country code: $SEKISHO_BORDER_DIR, $XDG_DATA_HOME/sekisho (or ~/.local/share/sekisho), /var/lib/sekisho, /usr/share/sekisho,
   the first that holds border-CC.skb. SK_EUSAGE when home is no ISO 3166 code; SK_ENOENT says how to build one. */
SK_MUST enum sk_err sk_border_default_table(const char *home, char path[SK_PATH_MAX], struct sk_fault *fault);

#endif
