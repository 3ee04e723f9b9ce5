/* SPDX-License-Identifier: Apache-2.0 */
/* Flow exports in a run: what the operator said about them, and the parts that read them (room export) put to a run's engine and collector. */
#ifndef SK_CMD_EXPORTS_H
#define SK_CMD_EXPORTS_H

#include "cmd/cmd.h"
#include "capture/stream.h"
#include "engine/engine.h"
#include "export/listener.h"

enum { SK_EXPORTS_LISTEN_MAX = SK_LISTENER_PLACES, SK_EXPORTS_INTERVAL_S = 60 };

/* As the options say. */
struct sk_exports_options {
	bool read;                       /* out of the inputs: watch --exports */
	size_t port_count;
	uint16_t ports[SK_CARRIER_PORTS_MAX];
	size_t exporter_count;
	struct sk_prefix exporters[SK_EXPORTERS_MAX];
	size_t listen_count;             /* collect: places instead of inputs */
	struct sk_peer listen[SK_EXPORTS_LISTEN_MAX];
	unsigned interval_s;             /* of a live run; 0 = 60 */
	/* Of a service; zeros: as the rooms have it. */
	unsigned forms;                  /* bits 1 << enum sk_meter */
	uint32_t receive_bytes, domains, templates;
	int64_t template_life_ns;
};

/* What a run says of them. */
struct sk_exports_result {
	bool read;
	struct sk_export_totals totals;
	bool listened;
	struct sk_listener_totals listener;
};

/* --exports, perhaps with ports ("=2055,9995", or as the next word): takes *next when it is a list of ports and no file. SK_EUSAGE. */
SK_MUST enum sk_err sk_exports_option(struct sk_exports_options *options, const char *value, const char *next, bool *took_next, struct sk_fault *fault);
/* --exporter ADDRESS or PREFIX. SK_EUSAGE. */
SK_MUST enum sk_err sk_exports_option_exporter(struct sk_exports_options *options, const char *value, struct sk_fault *fault);
/* --listen PLACE. SK_EUSAGE. */
SK_MUST enum sk_err sk_exports_option_listen(struct sk_exports_options *options, const char *value, struct sk_fault *fault);

struct sk_exports;

/* Is it allowed, by policy? Of a capture's frames before the gate judges them: only where the basis' kind permits it. SK_EPERMIT. rule: EXPORT-1 */
SK_MUST enum sk_err sk_exports_allowed(const struct sk_exports_options *options, const struct sk_basis *basis, struct sk_fault *fault);
/* What the run adds. */
struct sk_exports_calls {
	void *context;
	sk_engine_interval interval; /* an interval of the engine; must call sk_exports_account */
	/* Asked between batches, and ten times a second when nothing comes: may we go on? stats: of the capture, NULL while listening. Its error ends the reading. */
	enum sk_err (*look)(void *context, const struct sk_capture_stats *stats, struct sk_fault *fault);
};

/* Make the parts, and an engine for the frames, by its configuration. SK_ENOMEM, and what listening may say. */
SK_MUST enum sk_err sk_exports_new(const struct sk_exports_options *options, const struct sk_engine_config *config, const struct sk_exports_calls *calls, struct sk_exports **out,
				   struct sk_fault *fault);
/* Free (NULL is fine). */
void sk_exports_free(struct sk_exports *exports);
/* A capture to its end: exports first, for the gate erases most of their carriers. upstream: frames that earlier inputs reported as lost. damage->err: what was wrong with the
   capture, SK_OK if nothing was. Errors are those of the engine and of look. */
SK_MUST enum sk_err sk_exports_capture(struct sk_exports *exports, struct sk_capture_source *from, uint64_t upstream, struct sk_fault *damage, struct sk_fault *fault);
/* A file that is no capture but a message. *is says whether it is one; then it was read to its end. */
SK_MUST enum sk_err sk_exports_payload(struct sk_exports *exports, struct sk_stream *stream, const char *name, bool *is, struct sk_fault *fault);
/* The input is over: streams end, and what came in it and is in no interval yet gets one. */
SK_MUST enum sk_err sk_exports_end_input(struct sk_exports *exports, struct sk_fault *fault);
/* Listen until look ends it, or the basis does. */
SK_MUST enum sk_err sk_exports_listen(struct sk_exports *exports, struct sk_fault *fault);
/* For a loop of the caller's own. Read what is there, within bounds, without waiting. */
SK_MUST enum sk_err sk_exports_turn(struct sk_exports *exports, struct sk_fault *fault);
/* Close the interval now; next: and go on by that snapshot (NULL: by the same). */
SK_MUST enum sk_err sk_exports_cut(struct sk_exports *exports, const struct sk_snapshot *next, struct sk_fault *fault);
/* Take other senders and another life of templates from now on. */
void sk_exports_tune(struct sk_exports *exports, const struct sk_exports_options *options);
/* Its sockets, for poll(2): at most SK_LISTENER_PLACES into fds, their number. */
size_t sk_exports_descriptors(const struct sk_exports *exports, int fds[SK_LISTENER_PLACES]);
/* Close every segment of the engine, and account for what came since the last interval. */
SK_MUST enum sk_err sk_exports_finish(struct sk_exports *exports, enum sk_flow_end end, struct sk_fault *fault);
/* Put the exports' part to an interval's account. */
void sk_exports_account(struct sk_exports *exports, struct sk_account *account);
/* For the summary: of the engine, and of the exports. */
void sk_exports_result(const struct sk_exports *exports, struct sk_engine_totals *totals, struct sk_exports_result *result);

/* The summary's paragraph, and its object "exports". */
void sk_exports_print(FILE *out, const struct sk_exports_result *result);
struct sk_json_writer;
/* The same for a machine (docs/watch-json.md). */
void sk_exports_json(struct sk_json_writer *json, const struct sk_exports_result *result);

#endif
