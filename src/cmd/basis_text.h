/* SPDX-License-Identifier: Apache-2.0 */
/* A basis as the command line says it, and as people and machines read it. */
#ifndef SK_CMD_BASIS_TEXT_H
#define SK_CMD_BASIS_TEXT_H

#include "basis/basis.h"
#include "cmd/cmd.h"

/* "FD,DF" into class bits; false when a word is none, or there is none. */
bool sk_basis_classes_parse(const char *text, uint32_t *out);
/* "address,domain" into bits of kinds of selectors; false likewise. */
bool sk_basis_kinds_parse(const char *text, uint32_t *out);
/* A whole number up to limit. */
bool sk_basis_count_parse(const char *text, uint64_t limit, uint64_t *out);
/* Everything about it, for people. */
void sk_basis_print(FILE *out, const struct sk_basis *basis);
/* The same as one JSON object; workspace NULL: there is none. */
void sk_basis_print_json(struct sk_cmd *cmd, const struct sk_basis *basis, const char *workspace);

#endif
