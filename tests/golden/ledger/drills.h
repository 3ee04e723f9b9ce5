/* SPDX-License-Identifier: Apache-2.0 */
/* drills: notes of oversight drills over a good ledger, and notes that lie, signed properly. */
#ifndef SK_TEST_DRILLS_H
#define SK_TEST_DRILLS_H

#include "scene.h"

/* How the generator is told of a case: ledger, exit code, what each verifier must say, arguments. */
typedef void (*drills_case)(const char *ledger, int exit_code, const char *expect, const char *expect_go, const char *arguments);
/* Write a ledger of a hundred records and the notes about it to folder. */
void drills_write(const char *folder, const struct sk_sign_key *own, const struct sk_sign_key *foreign, drills_case add_case);

#endif
