/* SPDX-License-Identifier: Apache-2.0 */
/* Threads for what takes its time: commands, passwords. A bounded queue; whoever comes when it is full is told to come again. */
#include <stdlib.h>

#include "web/server_priv.h"

struct sk_web_workers {
	struct sk_web *web;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct request *first, **end;
	size_t waiting, thread_count;
	bool stopping;
	pthread_t threads[];
};

static struct request *take(struct sk_web_workers *workers)
{
	(void)pthread_mutex_lock(&workers->lock);
	while (workers->first == NULL && !workers->stopping)
		(void)pthread_cond_wait(&workers->more, &workers->lock);
	struct request *request = workers->first;
	if (request != NULL) {
		workers->first = request->queued;
		if (workers->first == NULL)
			workers->end = &workers->first;
		workers->waiting--;
	}
	(void)pthread_mutex_unlock(&workers->lock);
	return request;
}

static void *work(void *context)
{
	struct sk_web_workers *workers = context;
	for (struct request *request; (request = take(workers)) != NULL;) {
		struct MHD_Connection *connection = request->connection;
		sk_web_carry_out(request);
		request->stage = REQUEST_DONE;
		MHD_resume_connection(connection); /* the request is the server's again */
		atomic_fetch_sub(&workers->web->working, 1);
	}
	return NULL;
}

enum sk_err sk_web_workers_start(struct sk_web *web, struct sk_web_workers **out, struct sk_fault *fault)
{
	struct sk_web_workers *workers = calloc(1, sizeof *workers + web->options.workers * sizeof workers->threads[0]);
	*out = NULL;
	if (workers == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	workers->web = web;
	workers->end = &workers->first;
	(void)pthread_mutex_init(&workers->lock, NULL);
	(void)pthread_cond_init(&workers->more, NULL);
	while (workers->thread_count < web->options.workers) {
		int code = pthread_create(&workers->threads[workers->thread_count], NULL, work, workers);
		if (code != 0) {
			sk_web_workers_stop(workers);
			return sk_fault_errno(fault, code, "no thread for commands");
		}
		workers->thread_count++;
	}
	*out = workers;
	return SK_OK;
}

bool sk_web_workers_give(struct sk_web_workers *workers, struct request *request)
{
	(void)pthread_mutex_lock(&workers->lock);
	bool room = workers->waiting < SK_WEB_QUEUE_MAX && !workers->stopping;
	if (room) {
		request->queued = NULL;
		*workers->end = request;
		workers->end = &request->queued;
		workers->waiting++;
		(void)pthread_cond_signal(&workers->more);
	}
	(void)pthread_mutex_unlock(&workers->lock);
	return room;
}

void sk_web_workers_stop(struct sk_web_workers *workers)
{
	if (workers == NULL)
		return;
	(void)pthread_mutex_lock(&workers->lock);
	workers->stopping = true;
	(void)pthread_cond_broadcast(&workers->more);
	(void)pthread_mutex_unlock(&workers->lock);
	for (size_t i = 0; i < workers->thread_count; i++)
		(void)pthread_join(workers->threads[i], NULL);
	(void)pthread_cond_destroy(&workers->more);
	(void)pthread_mutex_destroy(&workers->lock);
	free(workers);
}
