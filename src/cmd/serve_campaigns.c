/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/serve_campaigns.h"

#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "cmd/campaign.h"

enum { REST_S = 30, FIRST_WAIT_S = 2, ITEMS_MAX = 64 << 20, BEHIND_OTHERS = 10 };
static const int64_t second_ns = 1000000000;

/* A finding and its campaign, in order of the findings' ids. */
struct member {
	uint8_t finding[16];
	uint32_t campaign;
};

/* What was computed of one workspace. */
struct computed {
	size_t count, member_count, member_room;
	char (*ids)[SK_CAMPAIGN_ID_MAX];
	struct sk_buf *items;           /* each one's object */
	struct member *members;
	const char *workspace;          /* its name */
	enum sk_err err;
};

struct place {
	const char *folder, *name;
	bool wanted;
	struct sk_store_state state;    /* of the store, when it was wanted last */
	int64_t at_ns, took_ns;         /* 0: never */
	char failed[SK_FAULT_LINE_MAX];
	struct computed now;
};

struct sk_serve_campaigns {
	struct sk_cmd *cmd;
	size_t count;
	struct place *places;
	pthread_mutex_t lock;
	pthread_cond_t turn;
	pthread_t thread;
	bool runs, stopping;
};

/* ---- computing ---- */

static void computed_free(struct computed *c)
{
	for (size_t i = 0; i < c->count && c->items != NULL; i++)
		sk_buf_fini(&c->items[i]);
	free(c->items);
	free(c->ids);
	free(c->members);
	*c = (struct computed){.count = 0};
}

static void add_member(void *context, const uint8_t finding[16], size_t campaign)
{
	struct computed *c = context;
	if (c->member_count == c->member_room) {
		size_t room = c->member_room != 0 ? 2 * c->member_room : 1024;
		struct member *members = realloc(c->members, room * sizeof *members);
		if (members == NULL) {
			c->err = SK_ENOMEM;
			return;
		}
		c->members = members;
		c->member_room = room;
	}
	struct member *to = &c->members[c->member_count++];
	memcpy(to->finding, finding, sizeof to->finding);
	to->campaign = (uint32_t)campaign;
}

/* A campaign's object, as `campaign list --all --json` has it, and which workspace. */
static enum sk_err add_campaign(void *context, const struct sk_campaign_view *view, const struct sk_campaign *campaign, const char *link)
{
	struct computed *c = context;
	struct sk_json_writer w;
	sk_buf_init(&c->items[c->count], ITEMS_MAX);
	sk_json_begin(&w, &c->items[c->count], false);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "workspace", c->workspace);
	if (view->query.workspace.profile == SK_PROFILE_LAB)
		sk_json_bool(&w, "simulated", true);
	sk_campaign_json_item(view, &w, campaign, link);
	sk_json_end(&w);
	memcpy(c->ids[c->count], campaign->id, sizeof c->ids[0]);
	return c->items[c->count++].failed;
}

static enum sk_err take_campaigns(void *context, size_t count)
{
	struct computed *c = context;
	c->ids = calloc(count + 1, sizeof *c->ids);
	c->items = calloc(count + 1, sizeof *c->items);
	return c->ids != NULL && c->items != NULL ? SK_OK : SK_ENOMEM;
}

static enum sk_err compute(const struct sk_serve_campaigns *campaigns, const struct place *place, struct computed *out, struct sk_fault *fault)
{
	char name[] = "list", json[] = "--json", all[] = "--all", option[] = "--workspace", *workspace = strdup(place->folder);
	char *said = NULL;
	size_t length = 0;
	FILE *err_file = open_memstream(&said, &length);
	enum sk_err err = SK_ENOMEM;
	*out = (struct computed){.workspace = place->name};
	if (workspace != NULL && err_file != NULL) {
		char *argv[] = {name, all, json, option, workspace, NULL};
		struct sk_cmd cmd = *campaigns->cmd;
		cmd.out = cmd.err = err_file;
		cmd.look = (struct sk_look_asked){.entered = true};
		const struct sk_campaign_taker taker = {.context = out, .count = take_campaigns, .campaign = add_campaign, .member = add_member};
		err = sk_campaign_compute(&cmd, 5, argv, &taker, fault);
	} else {
		err = sk_fault_set(fault, SK_ENOMEM, "out of memory");
	}
	if (err == SK_OK && out->err != SK_OK)
		err = sk_fault_set(fault, out->err, "out of memory for the findings of campaigns");
	if (err_file != NULL)
		(void)fclose(err_file);
	free(said);
	free(workspace);
	/* A million findings were in memory for a moment: what they took goes back to the host. */
	(void)malloc_trim(0);
	if (err != SK_OK)
		computed_free(out);
	return err;
}

static struct place *next_wanted(struct sk_serve_campaigns *campaigns)
{
	for (size_t i = 0; i < campaigns->count; i++)
		if (campaigns->places[i].wanted)
			return &campaigns->places[i];
	return NULL;
}

static void *work(void *context)
{
	struct sk_serve_campaigns *campaigns = context;
	const struct sk_clock *clock = &campaigns->cmd->clock;
	/* Of this thread alone (Linux): whoever asks for a list goes before. */
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), BEHIND_OTHERS);
	(void)pthread_mutex_lock(&campaigns->lock);
	while (!campaigns->stopping) {
		struct place *place = next_wanted(campaigns);
		if (place == NULL) {
			(void)pthread_cond_wait(&campaigns->turn, &campaigns->lock);
			continue;
		}
		(void)pthread_mutex_unlock(&campaigns->lock);
		struct computed fresh;
		struct sk_fault fault = {.line = ""};
		int64_t began_ns = clock->unix_ns(clock->context);
		enum sk_err err = compute(campaigns, place, &fresh, &fault);
		(void)pthread_mutex_lock(&campaigns->lock);
		place->wanted = false;
		place->took_ns = clock->unix_ns(clock->context) - began_ns;
		memcpy(place->failed, fault.line, sizeof place->failed);
		if (err == SK_OK) {
			struct computed before = place->now;
			place->now = fresh;
			place->at_ns = began_ns;
			place->failed[0] = '\0';
			computed_free(&before);
		}
		(void)pthread_cond_broadcast(&campaigns->turn);
	}
	(void)pthread_mutex_unlock(&campaigns->lock);
	return NULL;
}

/* ---- asking ---- */

/* Not more often than ten times what it takes, so that computing never takes more than a tenth of a processor. */
static bool is_due(const struct place *place, int64_t now_ns)
{
	int64_t rest_ns = REST_S * second_ns;
	if (9 * place->took_ns > rest_ns)
		rest_ns = 9 * place->took_ns;
	return place->at_ns == 0 || now_ns - place->at_ns > rest_ns;
}

void sk_serve_campaigns_want(struct sk_serve_campaigns *campaigns, size_t i, const struct sk_store_state *state, int64_t now_ns, bool wait)
{
	struct place *place = &campaigns->places[i];
	(void)pthread_mutex_lock(&campaigns->lock);
	bool grew = state->finding != place->state.finding || state->observation != place->state.observation || place->at_ns == 0;
	if (grew && !place->wanted && is_due(place, now_ns)) {
		place->state = *state;
		place->wanted = true;
		(void)pthread_cond_broadcast(&campaigns->turn);
	}
	/* The first time it is waited for, as small stores take no time. */
	int64_t until_ns = campaigns->cmd->clock.unix_ns(campaigns->cmd->clock.context) + FIRST_WAIT_S * second_ns;
	const struct timespec until = {.tv_sec = (time_t)(until_ns / second_ns), .tv_nsec = (long)(until_ns % second_ns)};
	while (wait && place->at_ns == 0 && campaigns->runs && place->failed[0] == '\0' && pthread_cond_timedwait(&campaigns->turn, &campaigns->lock, &until) == 0)
		;
	(void)pthread_mutex_unlock(&campaigns->lock);
}

void sk_serve_campaigns_write(struct sk_serve_campaigns *campaigns, size_t i, struct sk_json_writer *w)
{
	(void)pthread_mutex_lock(&campaigns->lock);
	const struct computed *c = &campaigns->places[i].now;
	for (size_t k = 0; k < c->count; k++)
		sk_json_raw(w, NULL, sk_buf_text(&c->items[k]), c->items[k].length);
	(void)pthread_mutex_unlock(&campaigns->lock);
}

bool sk_serve_campaigns_age(struct sk_serve_campaigns *campaigns, size_t i, int64_t now_ns, int64_t *age_s, bool *computing, char failed[SK_FAULT_LINE_MAX])
{
	(void)pthread_mutex_lock(&campaigns->lock);
	const struct place *place = &campaigns->places[i];
	bool known = place->at_ns != 0;
	*age_s = known && now_ns > place->at_ns ? (now_ns - place->at_ns) / second_ns : 0;
	*computing = place->wanted;
	memcpy(failed, place->failed, SK_FAULT_LINE_MAX);
	(void)pthread_mutex_unlock(&campaigns->lock);
	return known;
}

static int by_finding(const void *key, const void *member)
{
	return memcmp(key, ((const struct member *)member)->finding, sizeof((const struct member *)member)->finding);
}

bool sk_serve_campaigns_of(struct sk_serve_campaigns *campaigns, size_t i, const uint8_t finding[16], char id[SK_CAMPAIGN_ID_MAX])
{
	(void)pthread_mutex_lock(&campaigns->lock);
	const struct computed *c = &campaigns->places[i].now;
	const struct member *found = c->member_count == 0 ? NULL : bsearch(finding, c->members, c->member_count, sizeof c->members[0], by_finding);
	if (found != NULL)
		memcpy(id, c->ids[found->campaign], SK_CAMPAIGN_ID_MAX);
	(void)pthread_mutex_unlock(&campaigns->lock);
	return found != NULL;
}

size_t sk_serve_campaigns_place(struct sk_serve_campaigns *campaigns, const char *id)
{
	size_t at = 0;
	(void)pthread_mutex_lock(&campaigns->lock);
	for (size_t i = campaigns->count; i-- > 0;)
		for (size_t k = 0; k < campaigns->places[i].now.count; k++)
			if (strcmp(campaigns->places[i].now.ids[k], id) == 0)
				at = i;
	(void)pthread_mutex_unlock(&campaigns->lock);
	return at;
}

/* ---- beginning and end ---- */

enum sk_err sk_serve_campaigns_open(struct sk_cmd *cmd, const char *const *folders, const char *const *names, size_t count, struct sk_serve_campaigns **out, struct sk_fault *fault)
{
	struct sk_serve_campaigns *campaigns = calloc(1, sizeof *campaigns);
	*out = NULL;
	if (campaigns == NULL || (campaigns->places = calloc(count + 1, sizeof *campaigns->places)) == NULL) {
		free(campaigns);
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	}
	campaigns->cmd = cmd;
	campaigns->count = count;
	for (size_t i = 0; i < count; i++)
		campaigns->places[i] = (struct place){.folder = folders[i], .name = names[i]};
	(void)pthread_mutex_init(&campaigns->lock, NULL);
	(void)pthread_cond_init(&campaigns->turn, NULL);
	campaigns->runs = pthread_create(&campaigns->thread, NULL, work, campaigns) == 0;
	*out = campaigns;
	return SK_OK;
}

void sk_serve_campaigns_close(struct sk_serve_campaigns *campaigns)
{
	if (campaigns == NULL)
		return;
	(void)pthread_mutex_lock(&campaigns->lock);
	campaigns->stopping = true;
	(void)pthread_cond_broadcast(&campaigns->turn);
	(void)pthread_mutex_unlock(&campaigns->lock);
	if (campaigns->runs)
		(void)pthread_join(campaigns->thread, NULL);
	for (size_t i = 0; i < campaigns->count; i++)
		computed_free(&campaigns->places[i].now);
	(void)pthread_mutex_destroy(&campaigns->lock);
	(void)pthread_cond_destroy(&campaigns->turn);
	free(campaigns->places);
	free(campaigns);
}
