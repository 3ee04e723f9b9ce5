/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/serve_looks.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cmd/mute.h"
#include "cmd/serve_border.h"
#include "cmd/workspace.h"
#include "conf/conf.h"
#include "ledger/ledger.h"
#include "text/text.h"

/* SPARE stores of a workspace stay open between calls; more are opened and closed again. */
enum { SPARE = 8, CAMPAIGN_REST_S = 30, FIRST_WAIT_S = 2, CAMPAIGNS_MAX = 64 << 20 };
static const int64_t second_ns = 1000000000;

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
	/* campaigns of the first workspace, by a thread of their own */
	pthread_mutex_t campaign_lock;
	pthread_cond_t campaign_turn;
	pthread_t campaign_thread;
	bool campaign_runs, campaign_wanted, stopping;
	struct sk_store_state campaign_state;
	int64_t campaign_ns, campaign_took_ns; /* when they were computed; 0: not yet */
	char campaign_fault[SK_FAULT_LINE_MAX];
	char *campaigns;                /* JSON array */
	size_t campaigns_length;
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

/* ---- campaigns: computed in the background when the store grew, for whoever asks next. rule: BOOK-1 (each asking is a row; computing shows nobody anything) ---- */

static int compute(struct sk_serve_looks *looks, char **text, size_t *length, char fault_line[SK_FAULT_LINE_MAX])
{
	char name[] = "campaign", verb[] = "list", json[] = "--json", workspace[] = "--workspace", all[] = "--all";
	char *folder = strdup(looks->places[0].folder), *said = NULL;
	size_t said_length = 0;
	FILE *out = open_memstream(text, length), *err = open_memstream(&said, &said_length);
	int code = 1;
	if (folder != NULL && out != NULL && err != NULL) {
		char *argv[] = {name, verb, all, json, workspace, folder, NULL};
		struct sk_cmd cmd = *looks->cmd;
		cmd.out = out;
		cmd.err = err;
		cmd.look = (struct sk_look_asked){.entered = true};
		code = sk_cmd_campaign(&cmd, 6, argv);
	}
	if (out != NULL)
		(void)fclose(out);
	if (err != NULL)
		(void)fclose(err);
	(void)snprintf(fault_line, SK_FAULT_LINE_MAX, "%.*s", said != NULL ? (int)strcspn(said, "\n") : 0, said != NULL ? said : "");
	free(said);
	free(folder);
	return code;
}

static void keep_campaigns(struct sk_serve_looks *looks, int code, char *text, size_t length, const char *fault_line, int64_t began_ns, int64_t ended_ns)
{
	while (length != 0 && text[length - 1] == '\n')
		length--;
	if (code == 0 && length != 0 && length <= CAMPAIGNS_MAX) {
		free(looks->campaigns);
		looks->campaigns = text;
		looks->campaigns_length = length;
		looks->campaign_ns = began_ns;
		looks->campaign_fault[0] = '\0';
	} else {
		(void)snprintf(looks->campaign_fault, sizeof looks->campaign_fault, "%s", fault_line);
		free(text);
	}
	looks->campaign_took_ns = ended_ns - began_ns;
}

static void *compute_campaigns(void *context)
{
	struct sk_serve_looks *looks = context;
	const struct sk_clock *clock = &looks->cmd->clock;
	(void)pthread_mutex_lock(&looks->campaign_lock);
	while (!looks->stopping) {
		if (!looks->campaign_wanted) {
			(void)pthread_cond_wait(&looks->campaign_turn, &looks->campaign_lock);
			continue;
		}
		looks->campaign_wanted = false;
		(void)pthread_mutex_unlock(&looks->campaign_lock);
		char *text = NULL, line[SK_FAULT_LINE_MAX];
		size_t length = 0;
		int64_t began_ns = clock->unix_ns(clock->context);
		int code = compute(looks, &text, &length, line);
		(void)pthread_mutex_lock(&looks->campaign_lock);
		keep_campaigns(looks, code, text, length, line, began_ns, clock->unix_ns(clock->context));
		(void)pthread_cond_broadcast(&looks->campaign_turn);
	}
	(void)pthread_mutex_unlock(&looks->campaign_lock);
	return NULL;
}

/* Not more often than ten times what it takes, so that computing never takes more than a tenth of a processor. */
static bool is_due(const struct sk_serve_looks *looks, int64_t now_ns)
{
	int64_t rest_ns = CAMPAIGN_REST_S * second_ns;
	if (9 * looks->campaign_took_ns > rest_ns)
		rest_ns = 9 * looks->campaign_took_ns;
	return looks->campaign_ns == 0 || now_ns - looks->campaign_ns > rest_ns;
}

static enum sk_err store_state(struct sk_serve_looks *looks, size_t i, int64_t now_ns, struct sk_store_state *out, struct sk_fault *fault)
{
	struct sk_store *store;
	SK_TRY(take(looks, i, now_ns, &store, fault));
	enum sk_err err = sk_store_state(store, out, fault);
	give_back(looks, i, store);
	return err;
}

static enum sk_err campaigns(void *context, size_t i, int64_t now_ns, struct sk_json_writer *w, struct sk_fault *fault)
{
	struct sk_serve_looks *looks = context;
	struct sk_store_state state = {-1, -1, -1};
	(void)i;
	enum sk_err err = store_state(looks, 0, now_ns, &state, fault);
	if (err != SK_OK && err != SK_ENOENT)
		return err;
	(void)pthread_mutex_lock(&looks->campaign_lock);
	bool grew = state.finding != looks->campaign_state.finding || state.observation != looks->campaign_state.observation || looks->campaign_ns == 0;
	if (grew && err == SK_OK && is_due(looks, now_ns)) {
		looks->campaign_state = state;
		looks->campaign_wanted = true;
		(void)pthread_cond_broadcast(&looks->campaign_turn);
	}
	/* The first time it is waited for, as small stores take no time. */
	int64_t until_ns = looks->cmd->clock.unix_ns(looks->cmd->clock.context) + FIRST_WAIT_S * second_ns;
	const struct timespec until = {.tv_sec = (time_t)(until_ns / second_ns), .tv_nsec = (long)(until_ns % second_ns)};
	while (looks->campaign_ns == 0 && err == SK_OK && looks->campaign_runs && looks->campaign_fault[0] == '\0' &&
	       pthread_cond_timedwait(&looks->campaign_turn, &looks->campaign_lock, &until) == 0)
		;
	if (looks->campaigns != NULL)
		sk_json_raw(w, "items", looks->campaigns, looks->campaigns_length);
	else {
		sk_json_array(w, "items");
		sk_json_end(w);
	}
	sk_json_null(w, "next");
	sk_json_null(w, "total");
	if (looks->campaign_ns != 0)
		sk_json_i64(w, "age_s", (now_ns - looks->campaign_ns) / second_ns);
	else
		sk_json_null(w, "age_s");
	sk_json_bool(w, "computing", looks->campaign_wanted || (looks->campaign_ns == 0 && err == SK_OK && looks->campaign_fault[0] == '\0'));
	if (looks->campaign_fault[0] != '\0')
		sk_json_text(w, "failed", looks->campaign_fault);
	(void)pthread_mutex_unlock(&looks->campaign_lock);
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
	looks->face = (struct sk_web_looks){.context = looks, .take = take, .give_back = give_back, .muted = muted, .border = border, .series = series, .campaigns = campaigns};
	(void)pthread_mutex_init(&looks->lock, NULL);
	(void)pthread_mutex_init(&looks->campaign_lock, NULL);
	(void)pthread_cond_init(&looks->campaign_turn, NULL);
	find_socket(house->folder, socket);
	enum sk_err err = sk_serve_border_open(house->workspaces, house->workspace_count, socket, &looks->border, fault);
	if (err == SK_OK)
		looks->campaign_runs = pthread_create(&looks->campaign_thread, NULL, compute_campaigns, looks) == 0;
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
	(void)pthread_mutex_lock(&looks->campaign_lock);
	looks->stopping = true;
	(void)pthread_cond_broadcast(&looks->campaign_turn);
	(void)pthread_mutex_unlock(&looks->campaign_lock);
	if (looks->campaign_runs)
		(void)pthread_join(looks->campaign_thread, NULL);
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
	(void)pthread_mutex_destroy(&looks->campaign_lock);
	(void)pthread_cond_destroy(&looks->campaign_turn);
	free(looks->campaigns);
	free(looks->places);
	free(looks);
}

const struct sk_web_looks *sk_serve_looks_face(const struct sk_serve_looks *looks)
{
	return &looks->face;
}
