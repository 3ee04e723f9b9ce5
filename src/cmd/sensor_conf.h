/* SPDX-License-Identifier: Apache-2.0 */
/* From the configuration to what each room takes. One place, so that a key is used once and its unit is turned once. */
#ifndef SK_CMD_SENSOR_CONF_H
#define SK_CMD_SENSOR_CONF_H

#include "base/rolling.h"
#include "conf/conf.h"
#include "emit/metrics.h"
#include "flow/flow.h"
#include "journal/journal.h"
#include "wall/wall.h"

/* Of each worker. */
struct sk_flow_limits sk_sensor_flow_limits(const struct sk_conf *conf);
/* Of each worker. */
struct sk_decoder_limits sk_sensor_decoder_limits(const struct sk_conf *conf);
/* Of the EVE file. */
struct sk_rolling_limits sk_sensor_eve_limits(const struct sk_conf *conf);
/* Of /health. */
struct sk_health_limits sk_sensor_health_limits(const struct sk_conf *conf);
/* Of the log. journal_stream: the value of JOURNAL_STREAM or NULL; fd: of standard error. path is borrowed from conf. */
struct sk_journal_options sk_sensor_journal_options(const struct sk_conf *conf, struct sk_clock clock, const char *journal_stream, int fd);

/* The file that a key names, or, where it is empty, name in the workspace. SK_ETOOBIG. Returns path. */
SK_MUST enum sk_err sk_sensor_file(const struct sk_conf *conf, const char *configured, const char *name, char path[SK_PATH_MAX], struct sk_fault *fault);

enum { SK_SENSOR_FOLDERS_MAX = 16 };
/* What may be opened behind the walls: folders, not files, for a file that is replaced is another one. */
struct sk_sensor_folders {
	size_t count;
	char names[SK_SENSOR_FOLDERS_MAX][SK_PATH_MAX];
	struct sk_wall_path paths[SK_SENSOR_FOLDERS_MAX]; /* for the plan; point into names */
};
/* Workspace, outputs and the metrics' folder to write; the folders of configuration, basis, suspension, border table and selectors to read. A folder that lies in one that may be written is not
   listed again. SK_EUSAGE (a file in /: its folder is everything), SK_ETOOBIG. */
SK_MUST enum sk_err sk_sensor_folders(const struct sk_conf *conf, const char *config_path, struct sk_sensor_folders *out, struct sk_fault *fault);
/* One more, unless it lies in one that is there: the folder of keys outside the workspace. */
void sk_sensor_add_folder(struct sk_sensor_folders *out, const char *folder, bool write);

#endif
