/* SPDX-License-Identifier: Apache-2.0 */
/* The border as signed intervals tell it, and the sensor's socket where there is one: for the page. Nothing here is selected information: tables, counts, names of links. */
#ifndef SK_CMD_SERVE_BORDER_H
#define SK_CMD_SERVE_BORDER_H

#include "base/file.h"
#include "text/json.h"

struct sk_serve_border; /* opaque */

/* Of the workspaces' ledgers; socket: of a sensor's status, "" none. Paths are copied. SK_ENOMEM. */
SK_MUST enum sk_err sk_serve_border_open(const char *const *workspaces, size_t count, const char *socket, struct sk_serve_border **out, struct sk_fault *fault);
/* Free (NULL is fine). */
void sk_serve_border_close(struct sk_serve_border *border);
/* Members of the object that is open. Any thread. */
SK_MUST enum sk_err sk_serve_border_live(struct sk_serve_border *border, int64_t now_ns, struct sk_json_writer *w, struct sk_fault *fault);
/* As above: "series" of at most so many points between two times. SK_EUSAGE: until is not later than since. */
SK_MUST enum sk_err sk_serve_border_series(struct sk_serve_border *border, int64_t since_ns, int64_t until_ns, size_t points, struct sk_json_writer *w, struct sk_fault *fault);
/* As above: counterpart countries summed over the intervals that began between two times: "intervals", "from" and "to" of these (null: none), "older" (intervals of that time are in the
   ledger and no longer kept here), and what sk_countries_json tells. SK_EUSAGE, SK_ENOMEM. */
SK_MUST enum sk_err sk_serve_border_countries(struct sk_serve_border *border, int64_t since_ns, int64_t until_ns, struct sk_json_writer *w, struct sk_fault *fault);

#endif
