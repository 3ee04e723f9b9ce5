/* SPDX-License-Identifier: Apache-2.0 */
/* border/border_build.h: makes border tables (docs/formats/border.md) from explicit lists, the special ranges and country sources (DESIGN.md 4).
   Promises: the same inputs in the same order give the same bytes; a wrong line stops the build with one clear line, and nothing is written.
   Never: a network look-up, a clock. Thread rule: one builder, one thread. */
#ifndef SK_BORDER_BUILD_H
#define SK_BORDER_BUILD_H

#include "base/buf.h"
#include "border/border.h"

/* Where Debian installs the public key of the libloc database. */
#define SK_BORDER_LIBLOC_KEY "/var/lib/location/signing-key.pem"

enum {
	SK_BORDER_HOMES_MAX = 16,             /* home countries */
	SK_BORDER_TEXT_MAX = 512 << 20,       /* bytes of a source file, unpacked */
	SK_BORDER_ENTRIES_MAX = 1 << 23       /* prefixes of a source, a family */
};

struct sk_border_build; /* opaque */

/* Start a table. home: "JP" or "JP,KR", ISO 3166-1 letters, or NULL for a table from lists alone. SK_EUSAGE, SK_ENOMEM. Caller frees. */
SK_MUST enum sk_err sk_border_build_new(const char *home, struct sk_border_build **out, struct sk_fault *fault);
/* Free (NULL is fine). */
void sk_border_build_free(struct sk_border_build *build);
/* Side of what no list names, for a table from lists alone; the default is foreign. */
void sk_border_build_rest(struct sk_border_build *build, enum sk_side side);
/* The build date that the table carries. A reproducible build pins it; the default is 0. */
void sk_border_build_date(struct sk_border_build *build, int64_t unix_ns);
/* The date of sources added from now on that carry none themselves (CSV); 0 = not known. */
void sk_border_build_source_date(struct sk_border_build *build, int64_t unix_ns);

/* Add an explicit list: "ADDR", "ADDR/BITS" or "FIRST - LAST" a line, # comments. Errors of every reader below: SK_EINPUT with file:line,
   what, expected; SK_ENOENT, SK_EIO, SK_ENOMEM, SK_ETOOBIG. Plain or gzip. */
SK_MUST enum sk_err sk_border_build_list(struct sk_border_build *build, enum sk_side side, const char *path, struct sk_fault *fault);
/* Add one prefix or range given as text, as on the command line. */
SK_MUST enum sk_err sk_border_build_literal(struct sk_border_build *build, enum sk_side side, const char *text, struct sk_fault *fault);
/* Add an explicit list of a country, "CC=FILE", or one entry of it, "CC=PREFIX": two letters, and what a list or a literal is. It says which country is named for these
   addresses, and nothing of their side. SK_EINPUT also: one prefix, two countries (at finish). */
SK_MUST enum sk_err sk_border_build_country(struct sk_border_build *build, const char *text, bool literal, struct sk_fault *fault);
/* Add the files geoip and geoip6 of a folder, as Debian's tor-geoipdb has them; one of them may be absent. */
SK_MUST enum sk_err sk_border_build_geoipdb(struct sk_border_build *build, const char *folder, struct sk_fault *fault);
/* Add a libloc database whose signature verifies under the public key in key_path (NULL: SK_BORDER_LIBLOC_KEY). SK_ESIGNATURE. */
SK_MUST enum sk_err sk_border_build_libloc(struct sk_border_build *build, const char *path, const char *key_path, struct sk_fault *fault);
/* Add an RIR delegated or delegated-extended file. */
SK_MUST enum sk_err sk_border_build_rir(struct sk_border_build *build, const char *path, struct sk_fault *fault);
/* Add an ip-location-db CSV: first,last,country. */
SK_MUST enum sk_err sk_border_build_csv(struct sk_border_build *build, const char *path, struct sk_fault *fault);

/* Make the table and append it to out. SK_EINPUT: nothing was added, equal prefixes in two classes (names both lines), no source names a home country. */
SK_MUST enum sk_err sk_border_build_finish(struct sk_border_build *build, struct sk_buf *out, struct sk_fault *fault);
/* Make the table and replace path by it, atomically. Errors as sk_border_build_finish, SK_EIO, SK_ENOSPC. */
SK_MUST enum sk_err sk_border_build_write(struct sk_border_build *build, const char *path, struct sk_fault *fault);

#endif
