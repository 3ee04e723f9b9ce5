/* SPDX-License-Identifier: Apache-2.0 */
/* policy: the law as data: which basis may keep which class, what each profile allows and since when, which fields may be kept.
   The tables are policy .def files, versioned, hashed into the ledger. Promises: pure look-ups. Never: I/O, a clock. */
#ifndef SK_POLICY_H
#define SK_POLICY_H

#include "base/addr.h"

enum sk_basis_kind { SK_BASIS_AGREEMENT, SK_BASIS_FF, SK_BASIS_FD, SK_BASIS_DF, SK_BASIS_OWN_NETWORK, SK_BASIS_LAB };
enum { SK_BASIS_KIND_COUNT = 6 };
enum sk_profile { SK_PROFILE_OWN_NETWORK, SK_PROFILE_LAB, SK_PROFILE_JP_2025 };
enum { SK_PROFILE_COUNT = 3 };
/* What a field of an observation is (LAW.md 1.1: MECH_HISTORY, MECH_COMMAND, MECH_AUTOGEN). */
enum sk_field_kind { SK_FIELD_HISTORY, SK_FIELD_COMMAND, SK_FIELD_AUTOGEN };

/* ---- detectors (detectors.def) ---- */

enum sk_detector_side { SK_DETECTOR_SENSOR, SK_DETECTOR_CAMPAIGN };
enum sk_detector_memory { SK_MEMORY_SHORT, SK_MEMORY_DAY, SK_MEMORY_STORED };
enum sk_detector_given { SK_GIVEN_DEFAULT, SK_GIVEN_ASKED };
enum { SK_DETECTOR_NAME_MAX = 32, SK_MEMORY_SHORT_S = 3600, SK_MEMORY_DAY_S = 86400 };
struct sk_detector_row {
	const char *name, *technique, *sentence;
	enum sk_detector_side side;
	enum sk_detector_memory memory;
	enum sk_field_kind information; /* what its records are made of */
	enum sk_detector_given given;
};
/* A number that a detector is run with. Its table stands with the detector; least and most bound what a basis may ask for. */
struct sk_threshold {
	const char *key, *unit;         /* unit "" for a plain number */
	uint64_t least, most, fallback; /* fallback: where a basis does not name it */
	const char *prose;
};
/* All rows in the table's order; *count gets their number. Static storage. */
const struct sk_detector_row *sk_policy_detectors(size_t *count);
/* The row of a name, or NULL. */
const struct sk_detector_row *sk_policy_detector(const char *name);
/* "short", "day", "stored"; "sensor", "campaign". Static storage. */
const char *sk_detector_memory_name(enum sk_detector_memory memory);
/* As sk_detector_memory_name, for the side. */
const char *sk_detector_side_name(enum sk_detector_side side);

/* ---- who may what ---- */

enum sk_role { SK_ROLE_NONE, SK_ROLE_PARTY, SK_ROLE_CARRIER };

/* May a basis of this kind keep frames of this class? The 6 x 5 matrix (LAW.md 1.2, DESIGN.md 4). rule: GATE-3 */
bool sk_policy_eligible(enum sk_basis_kind kind, enum sk_class class_);
/* All eligible classes as SK_CLASS_BITs. */
unsigned sk_policy_classes(enum sk_basis_kind kind);
/* Names as they stand in files: "agreement" "ff" "fd" "df" "own_network" "lab". Static storage. */
const char *sk_basis_kind_name(enum sk_basis_kind kind);
/* SK_EMALFORMED for an unknown name. */
SK_MUST enum sk_err sk_basis_kind_parse(const char *name, enum sk_basis_kind *out);
/* "own-network", "lab", "jp-2025". Static storage. */
const char *sk_profile_name(enum sk_profile profile);
/* SK_EMALFORMED for an unknown name. */
SK_MUST enum sk_err sk_profile_parse(const char *name, enum sk_profile *out);
/* "none", "party", "carrier". Static storage. */
const char *sk_role_name(enum sk_role role);
/* SK_EMALFORMED for an unknown name. */
SK_MUST enum sk_err sk_role_parse(const char *name, enum sk_role *out);
/* May this profile use a basis of this kind? (lab: lab, and the statutory kinds, simulated; own-network: own_network only; jp-2025: agreement ff fd df.) */
bool sk_policy_profile_allows(enum sk_profile profile, enum sk_basis_kind kind);
/* From when the profile is in force, ns since 1970; 0 = always. jp-2025: see policy.def with its evidence tag. */
int64_t sk_policy_profile_from_ns(enum sk_profile profile);
/* May flow.all be used? Only own_network with role party, and lab. */
bool sk_policy_flow_all(enum sk_basis_kind kind, enum sk_role role);
/* May admitted frames themselves be handed on (sekisho gate)? Only own_network with role party, and lab. rule: FORWARD-1 */
bool sk_policy_frames(enum sk_basis_kind kind, enum sk_role role);
/* May flow exports be read out of captures and files, before the frames that carried them are judged? Only own_network and lab. rule: EXPORT-1 */
bool sk_policy_exports(enum sk_basis_kind kind);
/* May full names (DNS, SNI) be switched on? Same rule as flow.all. */
bool sk_policy_names(enum sk_basis_kind kind, enum sk_role role);
/* May a detector be named by such a basis? One that remembers longer than an hour only where the permit detector.long stands. rule: DETECTOR-1 */
bool sk_policy_detector_allowed(enum sk_basis_kind kind, enum sk_role role, const struct sk_detector_row *row);
/* May a border table whose explicit lists override special ranges be used? Only lab and own_network. */
bool sk_policy_border_override(enum sk_basis_kind kind);
/* Days until a stored observation's key is destroyed, by default. */
unsigned sk_policy_retention_days(void);
/* Must oversight hold a share of each day's key of such a basis? rule: CUSTODY-1 */
bool sk_policy_split(enum sk_basis_kind kind);
/* Must addresses and names of domestic hosts be tokens in what is kept? rule: CUSTODY-4 */
bool sk_policy_tokens(enum sk_basis_kind kind);
/* Hours for which a share that oversight opened stays open, at most. */
unsigned sk_policy_share_hours(void);
/* People who must approve a re-identification, at least. */
unsigned sk_policy_reident_officers(void);
/* Hours for which a re-identification is open, at most. */
unsigned sk_policy_reident_hours(void);
/* Small cells: counts on a link below this are carried to the next interval. */
unsigned sk_policy_small_cell(void);

/* ---- whitelist of fields that an observation may carry (versioned data, whitelist.def) ---- */

struct sk_field {
	const char *name;        /* e.g. "sni", "ja4", "responder_port" */
	enum sk_field_kind kind;
	bool tokenised;          /* kept only as a keyed token */
	bool needs_names;        /* kept in clear only where sk_policy_names allows */
	const char *note;
};
/* The whole list; *count gets its length. Static storage. */
const struct sk_field *sk_policy_fields(size_t *count);
/* Is the field on the list? NULL when not. */
const struct sk_field *sk_policy_field(const char *name);

/* Version of all tables together, e.g. "2026-11-22.1", and their SHA-256 over a canonical dump (computed by the caller with seal;
   this writes the dump's text). Static storage. */
const char *sk_policy_version(void);
/* The canonical dump that is hashed into the ledger. Static storage, NUL-terminated. */
const char *sk_policy_dump(size_t *length);

#endif
