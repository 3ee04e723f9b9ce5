/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/serve_looks.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/mute.h"
#include "cmd/serve_border.h"
#include "cmd/serve_campaigns.h"
#include "cmd/workspace.h"
#include "conf/conf.h"
#include "ledger/ledger.h"
#include "text/text.h"
#include "web/api.h"

/* SPARE stores of a workspace stay open between calls; more are opened and closed again. */
enum { SPARE = 8 };

struct place {
	const char *folder;
	bool open;
	struct sk_workspace workspace;
	size_t spare_count;
	struct sk_store *spare[SPARE];
	struct timespec mutes_at;       /* of the file that was read */
	struct sk_mutes *mutes;         /* NULL: nothing is muted */
	/* for events */
	struct sk_store *watcher;
	bool known;
	uint64_t ledger_size;
	struct sk_store_state state;
	int64_t findings;               /* rows of findings, as far as they were told */
};

struct sk_serve_looks {
	struct sk_cmd *cmd;
	struct sk_web_looks face;
	size_t count;
	struct place *places;
	struct sk_serve_border *border;
	pthread_mutex_t lock;           /* of everything but the campaigns */
	struct sk_serve_campaigns *campaigns;
	const char *folders[SK_WEB_WORKSPACES_MAX], *names[SK_WEB_WORKSPACES_MAX];
	char name_texts[SK_WEB_WORKSPACES_MAX][64];
};

/* ---- stores ---- */

static enum sk_err open_workspace(struct place *place, struct sk_fault *fault)
{
	if (!place->open)
		SK_TRY(sk_workspace_open(place->folder, false, &place->workspace, fault));
	place->open = true;
	return SK_OK;
}

static enum sk_err open_store(struct place *place, int64_t now_ns, struct sk_store **out, struct sk_fault *fault)
{
	struct sk_workspace_store at;
	SK_TRY(open_workspace(place, fault));
	return sk_store_open(sk_workspace_store(&place->workspace, now_ns, true, &at), out, fault);
}

static enum sk_err take(void *context, size_t i, int64_t now_ns, struct sk_store **out, struct sk_fault *fault)
{
	struct sk_serve_looks *looks = context;
	struct place *place = &looks->places[i];
	enum sk_err err = SK_OK;
	(void)pthread_mutex_lock(&looks->lock);
	if (place->spare_count != 0)
		*out = place->spare[--place->spare_count];
	else
		err = open_store(place, now_ns, out, fault);
	(void)pthread_mutex_unlock(&looks->lock);
	if (err == SK_OK)
		sk_store_refresh(*out, now_ns);
	return err;
}

static void give_back(void *context, size_t i, struct sk_store *store)
{
	struct sk_serve_looks *looks = context;
	struct place *place = &looks->places[i];
	(void)pthread_mutex_lock(&looks->lock);
	if (place->spare_count < SPARE) {
		place->spare[place->spare_count++] = store;
		store = NULL;
	}
	(void)pthread_mutex_unlock(&looks->lock);
	sk_store_close(store);
}

/* ---- mutes: read anew when the file changed ---- */

static void read_mutes(struct place *place)
{
	char path[SK_PATH_MAX];
	struct stat info = {.st_mtim = {.tv_sec = 0}};
	struct sk_fault untrusted;
	if (!place->open)
		return;
	(void)!stat(sk_workspace_path(&place->workspace, "mutes.note", path), &info);
	if (info.st_mtim.tv_sec == place->mutes_at.tv_sec && info.st_mtim.tv_nsec == place->mutes_at.tv_nsec)
		return;
	place->mutes_at = info.st_mtim;
	free(place->mutes);
	place->mutes = NULL;
	/* What the approver did not sign mutes nothing; sekisho mute list tells it. */
	if (sk_mutes_load(&place->workspace, &place->mutes, &untrusted) != SK_OK)
		place->mutes = NULL;
}

static bool muted(void *context, size_t i, const struct sk_finding *finding, int64_t now_ns)
{
	struct sk_serve_looks *looks = context;
	(void)pthread_mutex_lock(&looks->lock);
	read_mutes(&looks->places[i]);
	bool is = sk_mutes_find(looks->places[i].mutes, finding, now_ns) != NULL;
	(void)pthread_mutex_unlock(&looks->lock);
	return is;
}

/* ---- the border ---- */

static enum sk_err border(void *context, int64_t now_ns, struct sk_json_writer *w, struct sk_fault *fault)
{
	return sk_serve_border_live(((struct sk_serve_looks *)context)->border, now_ns, w, fault);
}

static enum sk_err series(void *context, int64_t since_ns, int64_t until_ns, size_t points, struct sk_json_writer *w, struct sk_fault *fault)
{
	return sk_serve_border_series(((struct sk_serve_looks *)context)->border, since_ns, until_ns, points, w, fault);
}

static enum sk_err countries(void *context, int64_t since_ns, int64_t until_ns, struct sk_json_writer *w, struct sk_fault *fault)
{
	return sk_serve_border_countries(((struct sk_serve_looks *)context)->border, since_ns, until_ns, w, fault);
}

/* The status socket of the sensor that lies beside: metrics.socket of DIR/sensor.yaml. */
static void find_socket(const char *folder, char socket[SK_PATH_MAX])
{
	char path[SK_PATH_MAX];
	struct sk_conf *conf = calloc(1, sizeof *conf);
	struct sk_conf_report *report = calloc(1, sizeof *report);
	socket[0] = '\0';
	if (conf != NULL && report != NULL && sk_file_join(path, sizeof path, folder, "sensor.yaml") == SK_OK && sk_file_exists(path) && sk_conf_read(path, conf, report) == SK_OK)
		(void)snprintf(socket, SK_PATH_MAX, "%s", conf->metrics_socket);
	free(conf);
	free(report);
}

/* ---- campaigns ---- */

static enum sk_err store_state(struct sk_serve_looks *looks, size_t i, int64_t now_ns, struct sk_store_state *out, struct sk_fault *fault)
{
	struct sk_store *store;
	SK_TRY(take(looks, i, now_ns, &store, fault));
	enum sk_err err = sk_store_state(store, out, fault);
	give_back(looks, i, store);
	return err;
}

/* SK_ENOENT: nothing was watched yet. */
static enum sk_err want(struct sk_serve_looks *looks, size_t i, int64_t now_ns, bool wait, struct sk_fault *fault)
{
	struct sk_store_state state = {-1, -1, -1};
	SK_TRY(store_state(looks, i, now_ns, &state, fault));
	sk_serve_campaigns_want(looks->campaigns, i, &state, now_ns, wait);
	return SK_OK;
}

static bool campaigns_age(void *context, size_t i, int64_t now_ns, int64_t *age_s)
{
	struct sk_serve_looks *looks = context;
	struct sk_fault unused;
	char failed[SK_FAULT_LINE_MAX];
	bool computing;
	(void)!want(looks, i, now_ns, false, &unused);
	return sk_serve_campaigns_age(looks->campaigns, i, now_ns, age_s, &computing, failed);
}

static bool campaign_of(void *context, size_t i, const uint8_t finding[16], char id[SK_WEB_CAMPAIGN_ID_MAX])
{
	_Static_assert((int)SK_WEB_CAMPAIGN_ID_MAX == (int)SK_CAMPAIGN_ID_MAX, "the same ids");
	return sk_serve_campaigns_of(((struct sk_serve_looks *)context)->campaigns, i, finding, id);
}

static size_t campaign_place(void *context, const char *id)
{
	return sk_serve_campaigns_place(((struct sk_serve_looks *)context)->campaigns, id);
}

/* How old the oldest is; one that was never computed has no age. */
static void put_ages(struct sk_serve_looks *looks, size_t from, size_t count, int64_t now_ns, struct sk_json_writer *w)
{
	bool known = true, any = false, one;
	int64_t oldest_s = 0, age_s;
	char failed[SK_FAULT_LINE_MAX], said[SK_FAULT_LINE_MAX] = "";
	for (size_t i = from; i < from + count; i++) {
		known = sk_serve_campaigns_age(looks->campaigns, i, now_ns, &age_s, &one, failed) && known;
		oldest_s = age_s > oldest_s ? age_s : oldest_s;
		any = any || one;
		if (failed[0] != '\0')
			memcpy(said, failed, sizeof said);
	}
	if (known)
		sk_json_i64(w, "age_s", oldest_s);
	else
		sk_json_null(w, "age_s");
	sk_json_bool(w, "computing", any);
	if (said[0] != '\0')
		sk_json_text(w, "failed", said);
}

static enum sk_err campaigns(void *context, size_t from, size_t count, int64_t now_ns, struct sk_json_writer *w, struct sk_fault *fault)
{
	struct sk_serve_looks *looks = context;
	for (size_t i = from; i < from + count; i++) {
		enum sk_err err = want(looks, i, now_ns, true, fault);
		if (err != SK_OK && err != SK_ENOENT)
			return err;
	}
	sk_json_array(w, "items");
	for (size_t i = from; i < from + count; i++)
		sk_serve_campaigns_write(looks->campaigns, i, w);
	sk_json_end(w);
	sk_json_null(w, "next");
	sk_json_null(w, "total");
	put_ages(looks, from, count, now_ns, w);
	return SK_OK;
}

/* ---- what changed ---- */

static void tell_ledger(struct place *place, void (*tell)(void *context, const char *type, const char *json), void *context)
{
	char path[SK_PATH_MAX], json[96];
	struct sk_checkpoint head;
	struct sk_fault unused;
	if (sk_file_join(path, sizeof path, place->folder, "ledger") != SK_OK || sk_checkpoint_read(path, NULL, NULL, &head, &unused) != SK_OK)
		return;
	if (place->known && head.size != place->ledger_size) {
		(void)snprintf(json, sizeof json, "{\"size\":%llu}", (unsigned long long)head.size);
		tell(context, "border", json);
	}
	place->ledger_size = head.size;
}

/* Row numbers alone are looked at: how many rows of findings came since the last time. */
static void tell_store(struct sk_serve_looks *looks, size_t i, void (*tell)(void *context, const char *type, const char *json), void *context)
{
	struct place *place = &looks->places[i];
	struct sk_store_state state;
	struct sk_fault unused;
	char json[96];
	if (store_state(looks, i, looks->cmd->clock.unix_ns(looks->cmd->clock.context), &state, &unused) != SK_OK)
		return;
	if (place->known && state.finding > place->state.finding) {
		(void)snprintf(json, sizeof json, "{\"count\":%lld}", (long long)(state.finding - place->state.finding));
		tell(context, "finding", json);
	}
	place->state = state;
}

void sk_serve_looks_turn(struct sk_serve_looks *looks, void (*tell)(void *context, const char *type, const char *json), void *context)
{
	for (size_t i = 0; i < looks->count; i++) {
		tell_ledger(&looks->places[i], tell, context);
		tell_store(looks, i, tell, context);
		looks->places[i].known = true;
	}
}

/* ---- beginning and end ---- */

enum sk_err sk_serve_looks_open(struct sk_cmd *cmd, const struct sk_web_house *house, struct sk_serve_looks **out, struct sk_fault *fault)
{
	char socket[SK_PATH_MAX];
	struct sk_serve_looks *looks = calloc(1, sizeof *looks);
	*out = NULL;
	if (looks == NULL || (looks->places = calloc(house->workspace_count + 1, sizeof *looks->places)) == NULL) {
		free(looks);
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	}
	looks->cmd = cmd;
	looks->count = house->workspace_count;
	for (size_t i = 0; i < looks->count; i++)
		looks->places[i] = (struct place){.folder = house->workspaces[i], .workspace = {.lock_fd = -1}, .state = {-1, -1, -1}};
	looks->face = (struct sk_web_looks){.context = looks, .take = take, .give_back = give_back, .muted = muted, .border = border, .series = series, .countries = countries, .campaigns = campaigns,
					    .campaign_of = campaign_of, .campaign_place = campaign_place, .campaigns_age = campaigns_age};
	(void)pthread_mutex_init(&looks->lock, NULL);
	for (size_t i = 0; i < looks->count; i++) {
		looks->folders[i] = house->workspaces[i];
		looks->names[i] = sk_web_ledger_name(house, i + 1, looks->name_texts[i]);
	}
	find_socket(house->folder, socket);
	enum sk_err err = sk_serve_border_open(house->workspaces, house->workspace_count, socket, &looks->border, fault);
	if (err == SK_OK)
		err = sk_serve_campaigns_open(cmd, looks->folders, looks->names, looks->count, &looks->campaigns, fault);
	if (err != SK_OK) {
		sk_serve_looks_close(looks);
		return err;
	}
	*out = looks;
	return SK_OK;
}

void sk_serve_looks_close(struct sk_serve_looks *looks)
{
	if (looks == NULL)
		return;
	sk_serve_campaigns_close(looks->campaigns);
	for (size_t i = 0; i < looks->count; i++) {
		struct place *place = &looks->places[i];
		for (size_t s = 0; s < place->spare_count; s++)
			sk_store_close(place->spare[s]);
		free(place->mutes);
		if (place->open)
			sk_workspace_close(&place->workspace);
	}
	sk_serve_border_close(looks->border);
	(void)pthread_mutex_destroy(&looks->lock);
	free(looks->places);
	free(looks);
}

const struct sk_web_looks *sk_serve_looks_face(const struct sk_serve_looks *looks)
{
	return &looks->face;
}
