/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/sensor_conf.h"

#include <string.h>

struct sk_flow_limits sk_sensor_flow_limits(const struct sk_conf *conf)
{
	return (struct sk_flow_limits){.heads = conf->heads ? SK_FLOW_HEADS_ALL : SK_FLOW_HEADS_NONE,
				       .flows = (uint32_t)conf->flows_max,
				       .facts = (uint32_t)conf->flows_facts,
				       .streams = (uint32_t)conf->flows_streams,
				       .idle_ns = conf->flows_idle_ns,
				       .idle_syn_ns = conf->flows_idle_syn_ns,
				       .idle_closed_ns = conf->flows_idle_closed_ns,
				       .active_ns = conf->flows_active_ns};
}

struct sk_decoder_limits sk_sensor_decoder_limits(const struct sk_conf *conf)
{
	struct sk_decoder_limits limits = sk_decoder_default_limits();
	limits.datagrams = (uint32_t)conf->fragments_datagrams;
	limits.pool_bytes = (uint32_t)conf->fragments_memory_bytes;
	limits.timeout_ns = conf->fragments_timeout_ns;
	return limits;
}

struct sk_rolling_limits sk_sensor_eve_limits(const struct sk_conf *conf)
{
	return (struct sk_rolling_limits){.size_bytes = conf->eve_rotate_bytes, .age_ns = conf->eve_rotate_age_ns, .keep = (unsigned)conf->eve_rotate_keep, .flush_ns = conf->eve_flush_ns};
}

struct sk_health_limits sk_sensor_health_limits(const struct sk_conf *conf)
{
	return (struct sk_health_limits){.stale_ns = conf->health_stale_ns,
					 .basis_ends_ns = conf->health_basis_ends_ns,
					 .loss_ppm = conf->health_loss_ppm,
					 .loss_failing_ppm = conf->health_loss_failing_ppm,
					 .min_free_bytes = conf->spool_min_free_bytes};
}

static enum sk_journal_target target_of(const struct sk_conf *conf, const char *journal_stream, int fd)
{
	switch (conf->log_target) {
	case SK_CONF_TARGET_FILE: return SK_JOURNAL_TO_FILE;
	case SK_CONF_TARGET_JOURNAL: return SK_JOURNAL_TO_MANAGER;
	case SK_CONF_TARGET_STDERR: return SK_JOURNAL_TO_STDERR;
	default: return sk_journal_is_managed(journal_stream, fd) ? SK_JOURNAL_TO_MANAGER : SK_JOURNAL_TO_STDERR;
	}
}

struct sk_journal_options sk_sensor_journal_options(const struct sk_conf *conf, struct sk_clock clock, const char *journal_stream, int fd)
{
	/* Both lists go from debug to error. */
	_Static_assert(SK_CONF_LEVEL_ERROR - SK_CONF_LEVEL_DEBUG == SK_JOURNAL_ERROR - SK_JOURNAL_DEBUG, "as many levels");
	return (struct sk_journal_options){.level = (enum sk_journal_level)(SK_JOURNAL_DEBUG + (conf->log_level - SK_CONF_LEVEL_DEBUG)),
					   .target = target_of(conf, journal_stream, fd),
					   .json = conf->log_style == SK_CONF_STYLE_JSON,
					   .path = conf->log_path,
					   .rotate_bytes = conf->log_rotate_bytes,
					   .keep = (unsigned)conf->log_rotate_keep,
					   .rate_count = conf->log_rate.count,
					   .rate_per_ns = conf->log_rate.per_ns,
					   .clock = clock,
					   .fd = fd};
}

enum sk_err sk_sensor_file(const struct sk_conf *conf, const char *configured, const char *name, char path[SK_PATH_MAX], struct sk_fault *fault)
{
	if (configured[0] == '\0')
		return sk_file_join(path, SK_PATH_MAX, conf->workspace, name) == SK_OK ? SK_OK : sk_fault_set(fault, SK_ETOOBIG, "%s/%s: path too long", conf->workspace, name);
	SK_INVARIANT(strlen(configured) < SK_PATH_MAX); /* the configuration holds no longer one */
	memcpy(path, configured, strlen(configured) + 1);
	return SK_OK;
}

/* ---- folders ---- */

static bool lies_in(const char *path, const char *folder)
{
	size_t length = strlen(folder);
	return strncmp(path, folder, length) == 0 && (path[length] == '\0' || path[length] == '/' || strcmp(folder, "/") == 0);
}

void sk_sensor_add_folder(struct sk_sensor_folders *out, const char *folder, bool write)
{
	for (size_t i = 0; i < out->count; i++)
		if (lies_in(folder, out->names[i]) && (out->paths[i].write || !write))
			return;
	SK_INVARIANT(out->count < SK_SENSOR_FOLDERS_MAX && strlen(folder) < SK_PATH_MAX);
	memcpy(out->names[out->count], folder, strlen(folder) + 1);
	out->paths[out->count] = (struct sk_wall_path){out->names[out->count], write};
	out->count++;
}

/* The folder of a file; nothing for no file. One that lies in / would open everything. */
static enum sk_err add_folder_of(struct sk_sensor_folders *out, const char *file, bool write, struct sk_fault *fault)
{
	char folder[SK_PATH_MAX];
	const char *slash = strrchr(file, '/');
	if (slash == NULL)
		return SK_OK;
	size_t length = (size_t)(slash - file);
	if (length == 0)
		return sk_fault_set(fault, SK_EUSAGE, "%s: lies in /, and the sensor may open the folders of its files: put it into one of its own", file);
	SK_INVARIANT(length < sizeof folder);
	memcpy(folder, file, length);
	folder[length] = '\0';
	sk_sensor_add_folder(out, folder, write);
	return SK_OK;
}

enum sk_err sk_sensor_folders(const struct sk_conf *conf, const char *config_path, struct sk_sensor_folders *out, struct sk_fault *fault)
{
	if (strlen(config_path) >= SK_PATH_MAX)
		return sk_fault_set(fault, SK_ETOOBIG, "%s: path too long", config_path);
	out->count = 0;
	sk_sensor_add_folder(out, conf->workspace, true);
	const char *const written[] = {conf->eve_path, conf->log_path, conf->metrics_socket}, *const read[] = {config_path, conf->basis_path, conf->suspension_path, conf->border_path, conf->selectors_path};
	for (size_t i = 0; i < SK_COUNT(written); i++)
		SK_TRY(add_folder_of(out, written[i], true, fault));
	for (size_t i = 0; i < SK_COUNT(read); i++)
		SK_TRY(add_folder_of(out, read[i], false, fault));
	/* A relative path has its folder where the process stands. */
	if (strchr(config_path, '/') == NULL)
		sk_sensor_add_folder(out, ".", false);
	return SK_OK;
}
