/* SPDX-License-Identifier: Apache-2.0 */
/* scene: ledgers made up for tests: records as texts that a test can alter, then written by the real writer under a fixed key and at fixed times. */
#ifndef SK_TEST_SCENE_H
#define SK_TEST_SCENE_H

#include "ledger/ledger.h"

enum { SCENE_LEAVES_MAX = 400 };

/* Fixed keys: the first is the ledger's, the second has the same name and is not, the third is a witness' name. */
enum scene_key { SCENE_KEY_OWN, SCENE_KEY_FOREIGN, SCENE_KEY_OTHER };
#define SCENE_ORIGIN "example.org/sekisho"

struct scene {
	size_t count;
	char *leaf[SCENE_LEAVES_MAX];     /* owned texts */
	/* where things are in the scene "two": leaf indexes */
	size_t policy, border, basis, selectors, run, first, second, stop, basis2, selectors2, run2, crashed, recovery, run3, after, stop3;
};

/* Who the scene is about. */
struct scene_setting {
	const char *profile, *role, *kind;
	uint32_t classes, rule_kinds;
	bool simulated, self_approved, replayed, exact_set;
	int64_t at_ns;                    /* when it begins */
	bool losses;                      /* frames are lost on the way */
	bool events;                      /* of detectors are lost, but in the second interval of each link */
	bool countries;                   /* on the first link, in the first and the last run: the border table names countries */
	bool exports;                     /* on the first link, in the first and the last run: flow exports are read too */
};
extern const struct scene_setting scene_party, scene_lab, scene_law, scene_live, scene_events, scene_exports, scene_countries;

/* Abort with a line when a condition of the test code itself fails. */
#define SCENE_MUST(condition) ((condition) ? (void)0 : scene_die(__FILE__, __LINE__, #condition))
_Noreturn void scene_die(const char *file, int line, const char *what);

/* Two links, three runs, the second ends in a crash and is recovered; small cells are carried. */
void scene_two(struct scene *scene, const struct scene_setting *setting);
/* One run on one link of so many leaves in all (open, ..., run_stop when it fits; at least 1). */
void scene_long(struct scene *scene, const struct scene_setting *setting, size_t leaves);
/* Write the intervals as version 1 had them, where capture_lost was one tally. The scene must have no losses. */
void scene_old(struct scene *scene);
/* Free the texts. */
void scene_fini(struct scene *scene);

/* Put a text in place of a leaf; drop a leaf; put one in. The text is copied. */
void scene_put(struct scene *scene, size_t leaf, const char *text);
void scene_drop(struct scene *scene, size_t leaf);
void scene_insert(struct scene *scene, size_t leaf, const char *text);
/* Replace the only occurrence of a text in a leaf (it must be there exactly once). */
void scene_replace(struct scene *scene, size_t leaf, const char *find, const char *with);
/* Add to the number behind "key": in the leaf, or behind "key": within the object behind "outer": (outer may be NULL). */
void scene_bump(struct scene *scene, size_t leaf, const char *outer, const char *key, int64_t by);

/* The fixed key, made through a file in folder; the caller frees. */
struct sk_sign_key *scene_key(const char *folder, enum scene_key which);
/* Write the leaves to folder with the real writer, a commit after every `every` leaves. */
void scene_write(const struct scene *scene, const char *folder, const struct sk_sign_key *key, size_t every);

/* Accounts that close, from a small generator of numbers: frames around `scale`. pending_before is account->pending_before as left by the caller. */
void scene_account(struct sk_account *account, uint64_t *state, uint64_t scale, bool leave_pending, uint32_t classes);

#endif
