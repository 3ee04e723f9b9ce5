/* SPDX-License-Identifier: Apache-2.0 */
/* Detectors as the command line speaks of them: which there are on either side, and what words like "default" or "beacon:visits=12" put into a basis. */
#ifndef SK_CMD_DETECTORS_H
#define SK_CMD_DETECTORS_H

#include "basis/basis.h"
#include "policy/policy.h"

/* The thresholds of a detector, wherever it runs; NULL for an unknown name. Static storage. */
const struct sk_threshold *sk_detectors_thresholds(const char *name, size_t *count);
/* Put detectors into a basis of this kind and role. Each word is default, all, none, or NAME[:KEY=VALUE[,KEY=VALUE...]]; they add up, a later one wins. No word:
   default where the operator approves for himself (lab, own_network), else none. What policy does not permit is left out of default and all, and refused by
   name (SK_EPERMIT). Every threshold is written out, so that what was approved does not change with the program. SK_EUSAGE names the word. */
SK_MUST enum sk_err sk_detectors_choose(const char *const *words, size_t count, enum sk_basis_kind kind, enum sk_role role, struct sk_basis *basis, struct sk_fault *fault);
/* May this basis name what it names? Known names and thresholds (SK_EBASISBAD), and policy's permits (SK_EPERMIT). rule: DETECTOR-1 */
SK_MUST enum sk_err sk_detectors_lawful(const struct sk_basis *basis, enum sk_basis_kind kind, enum sk_role role, struct sk_fault *fault);
/* What will run: the basis' detectors with thresholds that it does not name filled in. Returns how many. */
size_t sk_detectors_effective(const struct sk_basis *basis, struct sk_basis_detector out[SK_BASIS_DETECTORS_MAX]);

#endif
