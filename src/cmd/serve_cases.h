/* SPDX-License-Identifier: Apache-2.0 */
/* The cases that the server's read handlers borrow: opened for reading, and opened anew when somebody wrote to them. The register beside them is handed in when the ledger has grown,
   by who folds it for sessions: no reader waits for it. */
#ifndef SK_CMD_SERVE_CASES_H
#define SK_CMD_SERVE_CASES_H

#include <pthread.h>

#include "base/clock.h"
#include "case/shelf.h"
#include "cmd/centre.h"
#include "cmd/serve_stamp.h"

struct sk_serve_cases {
	struct sk_case_shelf shelf;
	pthread_mutex_t lock;
	const struct sk_clock *clock;
	char dir[SK_PATH_MAX], db[SK_PATH_MAX], log[SK_PATH_MAX]; /* log: what SQLite writes ahead */
	bool follows;                    /* centre is open */
	struct sk_centre centre;         /* that the cases were compared with */
	struct sk_access *access;
	struct sk_cases *cases;          /* NULL: closed */
	struct sk_stamp stamp;           /* of their files, from before they were opened */
	uint64_t size;                   /* of the ledger, when they were opened */
};

/* Make the shelf; nothing is opened before it is asked for. clock is borrowed. Must not move afterwards. SK_EUSAGE: the path is too long. */
SK_MUST enum sk_err sk_serve_cases_init(struct sk_serve_cases *out, const char *dir, const struct sk_clock *clock);
/* The register as it stands now; owned from here on. */
void sk_serve_cases_rights(struct sk_serve_cases *cases, struct sk_access *access);
/* Close what is open. */
void sk_serve_cases_fini(struct sk_serve_cases *cases);

#endif
