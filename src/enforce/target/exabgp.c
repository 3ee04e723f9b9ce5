/* SPDX-License-Identifier: Apache-2.0 */
/* The same in an ExaBGP that the operator runs, through its two named pipes (its own exabgpcli uses them too: one of both at a time). It answers with lines and ends with
   "done" or "error". ExaBGP remembers what it announces until it ends, and sends it again in every new session. docs/enforcer-bgp.md. */
#include "target/bgp_priv.h"
#include "target/exabgp_priv.h"
#include "target/target_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATIENCE_MS = 8000, STEP_MS = 20, COMMAND_MAX = 1024 };

struct exabgp {
	struct sk_backend_place place;
	struct sk_bgp bgp;
	char in[SK_PATH_MAX], out[SK_PATH_MAX];
};

/* ---- the pipes ---- */

static enum sk_err open_pipe(const struct exabgp *self, const char *path, int flags, int *fd, struct sk_fault *fault)
{
	struct stat about;
	*fd = open(path, flags | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (*fd >= 0 && fstat(*fd, &about) == 0 && S_ISFIFO(about.st_mode))
		return SK_OK;
	enum sk_err err = *fd >= 0 ? sk_fault_set(fault, SK_ETARGET, "%s: %s is no named pipe", self->bgp.place->name, path)
				   : sk_fault_set(fault, SK_ETARGET, "%s: %s: %s; is ExaBGP running with its pipes there?", self->bgp.place->name, path, strerror(errno));
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	return err;
}

/* Old answers that nobody fetched. */
static void drain(int fd)
{
	char piece[4096];
	while (read(fd, piece, sizeof piece) > 0)
		;
}

/* The answer up to its last word, which is taken off. */
static enum sk_err hear(const struct exabgp *self, int fd, struct sk_buf *answer, struct sk_fault *fault)
{
	int64_t since = self->bgp.place->clock.monotonic_ns(self->bgp.place->clock.context);
	for (;;) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		char piece[4096];
		int found = poll(&ready, 1, STEP_MS);
		ssize_t n = found > 0 ? read(fd, piece, sizeof piece) : 0;
		if (n > 0)
			sk_buf_add(answer, piece, (size_t)n);
		if (answer->failed != SK_OK)
			return sk_fault_set(fault, SK_ETARGET, "%s: ExaBGP says more than %zu bytes", self->bgp.place->name, answer->limit);
		switch (sk_exabgp_ended(answer)) {
		case SK_EXABGP_DONE:
			return SK_OK;
		case SK_EXABGP_ERROR:
			return sk_fault_set(fault, SK_ETARGET, "%s: ExaBGP answers 'error'; its log says why", self->bgp.place->name);
		case SK_EXABGP_OPEN:
			break;
		}
		if (self->bgp.place->clock.monotonic_ns(self->bgp.place->clock.context) - since > (int64_t)PATIENCE_MS * 1000000)
			return sk_fault_set(fault, SK_ETARGET, "%s: ExaBGP does not answer on %s within %d s", self->bgp.place->name, self->out, PATIENCE_MS / 1000);
		if (n <= 0 && found > 0) /* nobody has the pipe open for writing at this moment */
			(void)poll(NULL, 0, STEP_MS);
	}
}

static enum sk_err ask(const struct exabgp *self, const char *command, struct sk_buf *answer, struct sk_fault *fault)
{
	int in = -1, out = -1;
	SK_TRY(open_pipe(self, self->out, O_RDONLY, &out, fault));
	enum sk_err err = open_pipe(self, self->in, O_WRONLY, &in, fault);
	if (err == SK_OK) {
		drain(out);
		size_t length = strlen(command);
		/* A line below PIPE_BUF is written whole or not at all. */
		if (write(in, command, length) != (ssize_t)length)
			err = sk_fault_set(fault, SK_ETARGET, "%s: %s takes no command (%s)", self->bgp.place->name, self->in, strerror(errno));
		(void)close(in);
	}
	if (err == SK_OK)
		err = hear(self, out, answer, fault);
	(void)close(out);
	return err;
}

static enum sk_err look(const struct exabgp *self, sk_bgp_take take, void *context, struct sk_fault *fault)
{
	struct sk_buf answer;
	sk_buf_init(&answer, SK_BGP_ANSWER_MAX);
	enum sk_err err = ask(self, "show adj-rib out extensive\n", &answer, fault);
	if (err == SK_OK && sk_exabgp_rib(answer.bytes, answer.length, take, context, fault) != SK_OK)
		err = sk_fault_set(fault, SK_ETARGET, "%s: what ExaBGP shows cannot be read", self->bgp.place->name);
	sk_buf_fini(&answer);
	return err;
}

/* ---- the backend ---- */

static void close_exabgp(void *context)
{
	struct exabgp *self = context;
	sk_bgp_fini(&self->bgp);
	free(self);
}

static enum sk_err open_exabgp(const struct sk_backend_place *place, void **out, struct sk_fault *fault)
{
	struct exabgp *self = calloc(1, sizeof *self);
	if (self == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", place->name);
	const char *pipes = NULL, *name = sk_settings_text(place->settings, "pipe_name", "exabgp");
	self->place = *place;
	enum sk_err err = sk_bgp_open(&self->place, &self->bgp, fault);
	if (err == SK_OK)
		err = sk_settings_need(place->settings, "pipes", &pipes, fault);
	if (err == SK_OK && (pipes[0] != '/' || strchr(name, '/') != NULL || snprintf(self->in, sizeof self->in, "%s/%s.in", pipes, name) >= (int)sizeof self->in ||
			     snprintf(self->out, sizeof self->out, "%s/%s.out", pipes, name) >= (int)sizeof self->out))
		err = sk_settings_fault(place->settings, "pipes", fault, "expected the absolute path of the folder with ExaBGP's two pipes, pipe_name.in and pipe_name.out");
	if (err == SK_OK)
		*out = self;
	else
		close_exabgp(self);
	return err;
}

static enum sk_err text(void *context, const struct sk_item *item, struct sk_buf *out, struct sk_fault *fault)
{
	const struct exabgp *self = context;
	return sk_bgp_text(&self->bgp, item, out, fault);
}

static enum sk_err check(void *context, const struct sk_item *items, size_t count, struct sk_fault *fault)
{
	const struct exabgp *self = context;
	struct sk_bgp_seen seen;
	struct sk_buf answer;
	SK_TRY(sk_bgp_allowed(&self->bgp, items, count, fault));
	SK_TRY(sk_bgp_seen_init(&seen, &self->bgp, items, count, NULL, fault));
	sk_bgp_seen_fini(&seen);
	sk_buf_init(&answer, 1 << 20);
	enum sk_err err = ask(self, "show neighbor summary\n", &answer, fault);
	if (err == SK_OK && strstr(sk_buf_text(&answer), " established ") == NULL)
		err = sk_fault_set(fault, SK_ETARGET, "%s: ExaBGP has no session that is up", self->bgp.place->name);
	sk_buf_fini(&answer);
	return err;
}

static enum sk_err read_items(void *context, const struct sk_item *items, size_t count, struct sk_buf *texts, struct sk_fault *fault)
{
	const struct exabgp *self = context;
	struct sk_bgp_seen seen;
	SK_TRY(sk_bgp_seen_init(&seen, &self->bgp, items, count, texts, fault));
	enum sk_err err = look(self, sk_bgp_seen_take, &seen, fault);
	sk_bgp_seen_fini(&seen);
	for (size_t i = 0; err == SK_OK && i < count; i++)
		err = sk_sort_lines(&texts[i], 0);
	return err;
}

static enum sk_err tell_all(const struct exabgp *self, const struct sk_bgp_seen *seen, bool announce, struct sk_fault *fault)
{
	struct sk_buf command, answer;
	enum sk_err err = SK_OK;
	sk_buf_init(&command, COMMAND_MAX);
	sk_buf_init(&answer, 1 << 16);
	for (size_t i = 0; err == SK_OK && i < seen->want_count; i++) {
		if (!announce && !seen->wants[i].held)
			continue;
		sk_buf_reset(&command);
		sk_buf_reset(&answer);
		sk_exabgp_command(&seen->wants[i].ours, announce, &command);
		err = command.failed != SK_OK ? command.failed : ask(self, sk_buf_text(&command), &answer, fault);
	}
	sk_buf_fini(&answer);
	sk_buf_fini(&command);
	return err;
}

static enum sk_err set(void *context, const struct sk_item *items, size_t count, struct sk_fault *fault)
{
	struct exabgp *self = context;
	struct sk_bgp_seen seen;
	SK_TRY(sk_bgp_allowed(&self->bgp, items, count, fault));
	SK_TRY(sk_bgp_seen_init(&seen, &self->bgp, items, count, NULL, fault));
	enum sk_err err = sk_bgp_held_add(&self->bgp, items, count, fault);
	if (err == SK_OK)
		err = tell_all(self, &seen, true, fault);
	sk_bgp_seen_fini(&seen);
	return err;
}

/* As in GoBGP: a place is forgotten whatever stands there, so it is looked at first. rule: BGP-2 */
static enum sk_err clear(void *context, const struct sk_item *items, size_t count, struct sk_fault *fault)
{
	struct exabgp *self = context;
	struct sk_bgp_seen seen;
	SK_TRY(sk_bgp_seen_init(&seen, &self->bgp, items, count, NULL, fault));
	enum sk_err err = look(self, sk_bgp_take_exact, &seen, fault);
	if (err == SK_OK)
		err = tell_all(self, &seen, false, fault);
	sk_bgp_seen_fini(&seen);
	return err != SK_OK ? err : sk_bgp_held_drop(&self->bgp, items, count, fault);
}

static enum sk_err turn(void *context, struct sk_fault *fault)
{
	struct exabgp *self = context;
	return sk_bgp_turn(&self->bgp, self, clear, fault);
}

/* What it would send to its neighbours; nobody's table but an observer's shows what arrived. */
static enum sk_err effect(void *context, const struct sk_item *items, size_t count, enum sk_reach reach, sk_effect_tell tell, void *tell_context, struct sk_fault *fault)
{
	const struct exabgp *self = context;
	struct sk_bgp_seen seen;
	for (size_t i = 0; i < self->bgp.observer_count; i++) {
		SK_TRY(sk_gobgp_observe(&self->bgp, &self->bgp.observers[i], items, count, tell, tell_context, fault));
		if (reach == SK_REACH_CANARY)
			return SK_OK;
	}
	if (self->bgp.observer_count != 0)
		return SK_OK;
	SK_TRY(sk_bgp_seen_init(&seen, &self->bgp, items, count, NULL, fault));
	enum sk_err err = look(self, sk_bgp_seen_take, &seen, fault);
	if (err == SK_OK)
		sk_bgp_seen_tell(&seen, "ExaBGP, announced", tell, tell_context);
	sk_bgp_seen_fini(&seen);
	return err;
}

static enum sk_err state(void *context, struct sk_buf *out, struct sk_fault *fault)
{
	const struct exabgp *self = context;
	struct sk_bgp_state all = {.bgp = &self->bgp, .out = out};
	size_t from = out->length;
	SK_TRY(look(self, sk_bgp_take_state, &all, fault));
	return sk_sort_lines(out, from);
}

const struct sk_backend sk_backend_exabgp = {
	.name = "exabgp",
	.measures = 1u << SK_MEASURE_FLOWSPEC | 1u << SK_MEASURE_RTBH,
	.forgets = false,
	.tagged = true,
	.sentence = "flow specifications and blackholes, announced by an ExaBGP of yours",
	.open = open_exabgp,
	.close = close_exabgp,
	.text = text,
	.check = check,
	.read = read_items,
	.set = set,
	.clear = clear,
	.effect = effect,
	.state = state,
	.turn = turn,
};
