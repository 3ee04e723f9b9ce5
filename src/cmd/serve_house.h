/* SPDX-License-Identifier: Apache-2.0 */
/* What `sekisho serve` gives the server to stand in: the centre's folder, workspaces, the register, and what the rooms keep between calls. */
#ifndef SK_CMD_SERVE_HOUSE_H
#define SK_CMD_SERVE_HOUSE_H

#include <pthread.h>

#include "cmd/centre.h"
#include "cmd/cmd.h"
#include "book/book.h"
#include "cmd/serve_looks.h"
#include "cmd/serve_cases.h"
#include "web/api.h"

enum { SK_SERVE_NEWS_MAX = 256 };
/* Something that changed in the centre, as the ledger tells. */
struct sk_serve_news {
	const char *type;                /* of an event stream (web/events.def) */
	char id[SK_MATTER_ID_MAX];
};

struct sk_serve_house {
	struct sk_web_house house;
	struct sk_cmd *cmd;
	char origin[SK_KEY_NAME_MAX];
	struct sk_book *book;            /* looks of this page */
	struct sk_serve_looks *looks;    /* what they look at */
	struct sk_serve_cases cases;
	pthread_mutex_t lock;            /* over all below */
	bool follows;                    /* centre and access stand at seen */
	struct sk_centre centre;         /* kept open: each time what came since is read, and no more */
	struct sk_access *access;        /* the register at its head; who needs it gets a copy */
	struct sk_checkpoint seen;       /* the last head that was believed; size 0: none */
	bool known;                      /* leaves below told_leaf are old */
	uint64_t told_leaf;
	size_t news_count;
	bool news_lost;                  /* there was more at once */
	struct sk_serve_news news[SK_SERVE_NEWS_MAX];
};

/* Fill it: facts of DIR/centre, which must be there and agree with its ledger. folder and the workspaces in out->house are set by the caller before. Must not move
   afterwards. Errors of sk_centre_open. */
SK_MUST enum sk_err sk_serve_house_open(struct sk_cmd *cmd, struct sk_serve_house *out, struct sk_fault *fault);
/* Open what handlers look at, once the workspaces are known. SK_ENOMEM. */
SK_MUST enum sk_err sk_serve_house_looks(struct sk_serve_house *house, struct sk_fault *fault);
/* Open what lists are read from (stores, cases, reports), so that whoever asks first does not wait for it. What goes wrong is told when somebody asks. */
void sk_serve_house_warm(struct sk_serve_house *house);
/* Tell what changed in the centre since the last time, whoever changed it: type and id, out of the acts that the ledger took. */
void sk_serve_house_tell(struct sk_serve_house *house, void (*tell)(void *context, const char *type, const char *json), void *context);
/* Close what the rooms keep. */
void sk_serve_house_close(struct sk_serve_house *house);

#endif
