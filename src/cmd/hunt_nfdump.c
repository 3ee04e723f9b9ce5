/* SPDX-License-Identifier: Apache-2.0 */
/* nfcapd's files are read by the program that belongs to them. Its argument list is fixed; the file's name stands behind -r, where no name is an option. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/hunt.h"

extern char **environ;

static char *word(const char *text)
{
	/* posix_spawn wants char *const[]; it does not change its words. */
	union { const char *in; char *out; } same = {.in = text};
	return same.out;
}

enum sk_err sk_hunt_nfdump(const char *path, int *fd, int *child, struct sk_fault *fault)
{
	int ends[2];
	pid_t pid;
	posix_spawn_file_actions_t actions;
	char *words[] = {word("nfdump"), word("-r"), word(path), word("-q"), word("-6"), word("-N"), word("-o"), word(SK_LOG_NFDUMP_FORM), NULL};
	if (pipe2(ends, O_CLOEXEC) != 0)
		return sk_fault_errno(fault, errno, "%s: no pipe for nfdump", path);
	int failed = posix_spawn_file_actions_init(&actions);
	if (failed == 0) {
		failed = posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
		if (failed == 0)
			failed = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
		if (failed == 0)
			failed = posix_spawnp(&pid, "nfdump", &actions, NULL, words, environ);
		(void)posix_spawn_file_actions_destroy(&actions);
	}
	(void)close(ends[1]);
	if (failed != 0)
		(void)close(ends[0]);
	if (failed == ENOENT)
		return sk_fault_set(fault, SK_ENOENT, "%s: an nfcapd file, which the program nfdump reads, and it is not installed (apt install nfdump)", path);
	if (failed != 0)
		return sk_fault_errno(fault, failed, "%s: nfdump cannot be started", path);
	*fd = ends[0];
	*child = (int)pid;
	return SK_OK;
}

enum sk_err sk_hunt_nfdump_end(const char *path, int child, struct sk_fault *fault)
{
	int status = 0;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return sk_fault_errno(fault, errno, "%s: nfdump is lost", path);
	/* We stopped reading: not its fault. */
	if ((WIFEXITED(status) && WEXITSTATUS(status) == 0) || (WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE))
		return SK_OK;
	return sk_fault_set(fault, SK_EINPUT, "%s: nfdump failed (%s %d); what it printed before that was read", path, WIFSIGNALED(status) ? "signal" : "exit status",
			    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}
