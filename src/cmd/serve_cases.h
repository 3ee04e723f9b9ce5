/* SPDX-License-Identifier: Apache-2.0 */
/* The cases that the server's read handlers borrow: opened for reading, opened anew when the ledger's head is another. */
#ifndef SK_CMD_SERVE_CASES_H
#define SK_CMD_SERVE_CASES_H

#include <pthread.h>

#include "case/shelf.h"
#include "cmd/centre.h"

struct sk_serve_cases {
	struct sk_case_shelf shelf;
	pthread_mutex_t lock;
	char dir[SK_PATH_MAX];
	struct sk_centre centre;
	struct sk_access *access;
	struct sk_cases *cases;          /* NULL: closed */
	uint64_t size;                   /* of the ledger, when they were opened */
};

/* Make the shelf; nothing is opened before it is asked for. Must not move afterwards. */
void sk_serve_cases_init(struct sk_serve_cases *out, const char *dir);
/* Close what is open. */
void sk_serve_cases_fini(struct sk_serve_cases *cases);

#endif
