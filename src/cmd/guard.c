/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/guard.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* Set by the signal handlers, read between batches: the only state a handler may touch. */
static volatile sig_atomic_t interrupted, hung_up;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

void sk_guard_no_core(void)
{
	(void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
}

void sk_guard_signals(bool handing_on)
{
	struct sigaction stop = {.sa_handler = on_signal, .sa_flags = handing_on ? (int)SA_RESETHAND : 0}, ignore = {.sa_handler = SIG_IGN};
	interrupted = 0;
	(void)sigaction(SIGINT, &stop, NULL);
	(void)sigaction(SIGTERM, &stop, NULL);
	if (handing_on)
		(void)sigaction(SIGPIPE, &ignore, NULL);
}

bool sk_guard_interrupted(void)
{
	return interrupted != 0;
}

static void on_hangup(int number)
{
	(void)number;
	hung_up = 1;
}

void sk_guard_hangups(void)
{
	struct sigaction note = {.sa_handler = on_hangup}, ignore = {.sa_handler = SIG_IGN};
	hung_up = 0;
	(void)sigaction(SIGHUP, &note, NULL);
	(void)sigaction(SIGPIPE, &ignore, NULL);
}

bool sk_guard_hung_up(void)
{
	bool was = hung_up != 0;
	hung_up = 0;
	return was;
}

enum { LOOK_EVERY_NS = 200000000 };

enum sk_err sk_guard_suspension(const struct sk_workspace *workspace, const char *path, struct sk_suspension *suspension, struct sk_fault *fault)
{
	*suspension = (struct sk_suspension){.seen = false};
	if (path == NULL)
		(void)sk_workspace_path(workspace, "suspended", suspension->path);
	else if (strlen(path) < sizeof suspension->path)
		memcpy(suspension->path, path, strlen(path) + 1);
	else
		return sk_fault_set(fault, SK_ETOOBIG, "%s: path too long", path);
	if (!sk_file_exists(suspension->path))
		return SK_OK;
	return sk_fault_set(fault, SK_ESUSPENDED, "%s: the basis of this workspace is suspended; nothing may be collected until whoever put this file there takes it away", suspension->path);
}

bool sk_guard_suspended(struct sk_suspension *suspension, int64_t monotonic_ns)
{
	if (suspension->seen || monotonic_ns - suspension->asked_ns < LOOK_EVERY_NS)
		return suspension->seen;
	suspension->asked_ns = monotonic_ns;
	suspension->seen = sk_file_exists(suspension->path);
	return suspension->seen;
}

enum sk_err sk_guard_border(const struct sk_workspace *workspace, const char *path, const struct sk_basis *basis, struct sk_border **border, struct sk_border_info *info,
			    struct sk_fault *fault)
{
	char own[SK_PATH_MAX];
	enum sk_basis_kind kind;
	if (path == NULL)
		path = sk_workspace_path(workspace, "border.skb", own);
	SK_TRY(sk_border_open(path, border, fault));
	sk_border_info(*border, info);
	SK_TRY(sk_workspace_check_border(workspace, info->digest, fault));
	SK_TRY(sk_basis_kind_parse(basis->kind, &kind));
	if (info->overrides_special && !sk_policy_border_override(kind) && !basis->simulated) /* a laboratory simulates other kinds with its own tables */
		return sk_fault_set(fault, SK_EBORDER, "%s: its lists override special ranges, which a basis of kind '%s' does not accept; build it without them", path,
				    basis->kind);
	return SK_OK;
}

enum sk_err sk_guard_output(const char *what, const char *output, const char *const *captures, size_t count, struct sk_fault *fault)
{
	struct stat out, in;
	if (stat(output, &out) != 0 || !S_ISREG(out.st_mode))
		return SK_OK;
	for (size_t i = 0; i < count; i++)
		if (stat(captures[i], &in) == 0 && in.st_dev == out.st_dev && in.st_ino == out.st_ino)
			return sk_fault_set(fault, SK_EUSAGE, "%s %s: this file is read too, and would be lost; name another", what, output);
	return SK_OK;
}
