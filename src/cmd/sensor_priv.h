/* SPDX-License-Identifier: Apache-2.0 */
/* The service from inside. One process: a crew of workers for each link, and this thread, the collector, which owns everything below and does all that is not about frames. The files follow
   the life of a sensor: set-up, links, intervals, turns, reloads, figures. */
#ifndef SK_CMD_SENSOR_PRIV_H
#define SK_CMD_SENSOR_PRIV_H

#include "cmd/brands.h"
#include "cmd/cmd.h"
#include "cmd/counts.h"
#include "cmd/exports.h"
#include "cmd/force.h"
#include "cmd/guard.h"
#include "cmd/sensor_conf.h"
#include "emit/serve.h"
#include "engine/crew.h"
#include "journal/journal.h"
#include "journal/notify.h"
#include "live/live.h"

enum {
	SENSOR_LINKS_MAX = 16, SENSOR_EXPORTS_MAX = 32, SENSOR_WORKERS_MAX = 256, SENSOR_NAMES_MAX = 192, SENSOR_PIECE_MAX = 160,
	SENSOR_OBSERVATION_BYTES = 256, SENSOR_PLACE_BYTES = 2048 /* what a place of a ring stands for, in spool.records and limits.exchange */
};
_Static_assert(SENSOR_LINKS_MAX + SENSOR_EXPORTS_MAX <= SK_COLLECTOR_LINKS_MAX && SENSOR_LINKS_MAX + SENSOR_EXPORTS_MAX <= SK_METRICS_LINKS_MAX, "each has an account and figures");

struct sensor;

/* One interface, or one pipe, with its crew. */
struct sensor_link {
	struct sensor *sensor;
	const struct sk_conf_link *conf;
	struct sk_journal_name name;
	struct sk_live *live;                   /* one of these two */
	struct sk_capture *capture;
	struct sk_capture_source from;
	struct sk_live_facts facts;
	unsigned workers, first_worker;         /* how many; the first one's number in log and figures */
	struct sk_crew *crew;
	struct sk_source sources[SK_LIVE_PORTS_MAX];
	struct sk_wall_calls *calls[SK_CREW_WORKERS_MAX];
	bool gone, down;                        /* the interface, or the writer */
	int64_t down_ns;                        /* monotonic */
	uint64_t lost_ppm;                      /* of the last interval */
};

struct sensor_export {
	struct sensor *sensor;
	const struct sk_conf_export *conf;
	struct sk_journal_name name;
	struct sk_exports *exports;
	uint64_t missing, unknown;              /* records, as last told */
	struct sk_engine_totals totals;         /* of the sampled frames; at the last turn */
	struct sk_exports_result result;
};

/* What the workers work by, and what it is made of. */
struct sensor_law {
	struct sk_snapshot snapshot;
	struct sk_force *force;
	unsigned users;                         /* crews that have not passed it yet */
};

struct sensor_worker {
	int64_t told_ns, waited_ns;             /* a second ago */
	uint64_t busy_ppm;
	uint64_t shed;                          /* level, as last told */
	int64_t shed_ns;                        /* since when */
	bool stalled;
};

struct sensor_finding {
	char kind[SK_METRICS_LABEL_MAX];
	uint8_t severity;
	uint64_t count;
	int64_t last_ns;
};

struct sensor {
	struct sk_cmd *cmd;
	const char *config_path;
	int64_t started_ns, started_unix_ns;    /* monotonic; unix */
	struct sk_conf *conf, *fresh;           /* in force; room to read another */
	struct sk_conf_report *report;
	struct sk_workspace workspace;
	bool workspace_open;
	struct sk_force_paths paths;            /* into conf */

	struct sk_journal *journal;
	struct sk_notify *notify;
	struct sk_serve *serve;
	struct sk_emit *emit;
	struct sk_rules *rules;           /* taken from what was loaded first: workers hold on to them */
	bool rules_trusted;
	struct sk_brands *brands;
	struct sk_syslog *syslog;
	struct sk_ipfix *ipfix;
	struct sk_mutes *mutes;
	struct sk_collector *collector;
	struct sk_observe_sink sink;
	struct sk_wall_facts walls;
	struct sk_wall_calls *calls;            /* of this thread */
	int memory_fd, locked_fd;               /* /proc/self/statm, status; -1: not there */

	size_t link_count, export_count;
	struct sensor_link links[SENSOR_LINKS_MAX];
	struct sensor_export exports[SENSOR_EXPORTS_MAX];
	struct sk_crew *crews[SENSOR_LINKS_MAX];
	struct sk_counting *counting;           /* what is asked for whoever plans a measure */
	const struct sk_source *crew_sources[SENSOR_LINKS_MAX];
	unsigned worker_count;
	struct sensor_worker workers[SENSOR_WORKERS_MAX];

	struct sensor_law *law, *next_law;      /* in force; asked for, from the next cut on. NULL: none */
	struct sensor_law *old_law;             /* until the last crew has passed it */
	bool limits_changed, gates_changed;     /* by the configuration; by the law that was asked for */
	int64_t reload_started_ns;
	uint64_t snapshots;
	struct sk_suspension suspension;
	int64_t suspended_ns;                   /* monotonic, when the file was seen; 0: not */

	size_t account_count;                   /* of the cut in hand: links that have told theirs */
	struct sk_account *accounts;            /* link_count + export_count places */
	bool finishing, collecting;
	enum sk_flow_end end;
	int64_t cut_ns;                         /* monotonic, of the last cut */
	uint64_t intervals, leaves;
	int64_t signed_ns;                      /* unix */

	/* turns */
	bool stopping;                          /* by a signal */
	int64_t stopping_ns, second_ns, checked_ns, alive_ns;
	bool disk_low, basis_ends_told, reload_wanted, reload_by_signal;
	uint64_t disk_free_bytes;
	bool outputs_failed;
	uint64_t eve_lost, eve_rolled, syslog_lost, ipfix_lost;
	unsigned health_state;
	struct sk_force_file refused[SK_FORCE_FILES];        /* files that a reload refused: told once */
	bool has_refused;

	uint64_t reloads, reloads_refused;
	bool reload_refused;

	/* names of the log, registered before its seal */
	size_t key_count;
	const char *key_texts[SENSOR_NAMES_MAX];
	struct sk_journal_name keys[SENSOR_NAMES_MAX];
	struct sk_journal_name worker_names[SENSOR_WORKERS_MAX];
	struct sk_journal_name eve_name, syslog_name, ipfix_name, log_name;

	size_t finding_count;
	struct sensor_finding findings[SK_METRICS_FINDINGS_MAX];
	uint64_t findings_muted;

	struct sk_metrics *judged;              /* room for the look at our own health */
};

/* A name that must have been registered: a word of a table, or of the program. */
struct sk_journal_name sensor_name(const struct sensor *sensor, const char *text);

/* ---- sensor_set_up.c ---- */

/* Everything until the first frame, walls included, in the order of wall/README. */
SK_MUST enum sk_err sensor_set_up(struct sensor *sensor, struct sk_fault *fault);
/* Free it all, in whatever state set-up left it; outputs' last words go to the log. */
void sensor_tear_down(struct sensor *sensor);

/* ---- sensor_link.c ---- */

/* How many workers there are, and whose. */
void sensor_share_workers(struct sensor *sensor);
/* Open interfaces and pipes; their gates are shut. */
SK_MUST enum sk_err sensor_open_links(struct sensor *sensor, struct sk_fault *fault);
/* Make crews and listeners; no thread is made. */
SK_MUST enum sk_err sensor_make_crews(struct sensor *sensor, struct sk_fault *fault);
/* Make the workers' filters of system calls. */
SK_MUST enum sk_err sensor_make_filters(struct sensor *sensor, struct sk_fault *fault);
/* Say in the ledger what stands before each link, then open the gates. */
SK_MUST enum sk_err sensor_open_gates(struct sensor *sensor, struct sk_fault *fault);
/* Say what stands before a link. */
SK_MUST enum sk_err sensor_tell_gate(struct sensor *sensor, const struct sensor_link *link, struct sk_fault *fault);
/* Shut the gates: what has passed is still taken (discard false), or is overwritten unread. */
void sensor_shut_gates(struct sensor *sensor, bool discard);
void sensor_close_links(struct sensor *sensor);
/* What the configuration says of a listener. */
void sensor_export_options(const struct sk_conf_export *conf, struct sk_exports_options *out);

/* ---- sensor_cut.c ---- */

/* Callbacks of crews and listeners. */
SK_MUST enum sk_err sensor_take_interval(void *link, struct sk_account *account, const struct sk_snapshot *snapshot, struct sk_fault *fault);
SK_MUST enum sk_err sensor_take_exports_interval(void *export_, struct sk_account *account, struct sk_fault *fault);
void sensor_passed(void *link, const struct sk_snapshot *snapshot);
void sensor_take_finding(void *sensor, const struct sk_finding *finding, bool muted);
/* The cut of what is left when all links have told theirs. */
SK_MUST enum sk_err sensor_cut(struct sensor *sensor, struct sk_fault *fault);

/* ---- sensor_turn.c ---- */

/* What this thread does some twenty times a second. Its error ends collection. */
SK_MUST enum sk_err sensor_turn(void *link, struct sk_fault *fault);
/* The same, where there is no link. */
SK_MUST enum sk_err sensor_turn_all(struct sensor *sensor, struct sk_fault *fault);

/* ---- sensor_reload.c ---- */

/* Read the configuration anew, and ask for the files that it names to be looked at. */
void sensor_read_again(struct sensor *sensor);
/* Look at basis, table and set; what is new is checked and asked for at the next cut. */
void sensor_look_at_files(struct sensor *sensor);
/* The cut under the new law is made: say so in ledger and log. */
SK_MUST enum sk_err sensor_change_law(struct sensor *sensor, struct sk_fault *fault);
/* A law of what was loaded, by the configuration's limits; takes force over. NULL: out of memory. */
struct sensor_law *sensor_law_new(struct sensor *sensor, struct sk_force *force);
/* Free it and its force (NULL is fine). */
void sensor_law_free(struct sensor_law *law);
/* The files that the configuration names. */
void sensor_paths(struct sensor *sensor);

/* ---- sensor_figures.c ---- */

/* For emit/serve.h. */
void sensor_fill(void *sensor, struct sk_metrics *out);
/* Once a second: what figures are made of, and what log and service manager are told of it. */
void sensor_look_at_itself(struct sensor *sensor, int64_t now_ns);

#endif
