/* SPDX-License-Identifier: Apache-2.0 */
/* A program, run by its words. Its input is a file in memory and its time a descriptor, so that one poll waits for all and no pipe can lock. */
#include "target/target_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { END_OUT, END_ERR, END_PID, END_TIME, ENDS };

struct run {
	int input, out_write, err_write;
	struct pollfd polls[ENDS];
	struct sk_buf *texts[2];
	pid_t pid;
};

static const char *const folders[] = {"/usr/sbin", "/usr/bin", "/sbin", "/bin"};
static const char environment_path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", environment_locale[] = "LC_ALL=C";

static bool find_program(const char *name, char path[SK_PATH_MAX])
{
	if (name[0] == '/')
		return snprintf(path, SK_PATH_MAX, "%s", name) < SK_PATH_MAX && access(path, X_OK) == 0;
	for (size_t i = 0; strchr(name, '/') == NULL && i < SK_COUNT(folders); i++)
		if (sk_file_join(path, SK_PATH_MAX, folders[i], name) == SK_OK && access(path, X_OK) == 0)
			return true;
	return false;
}

static int make_input(const struct sk_child *child)
{
	if (child->input_length == 0)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	int fd = memfd_create("input", MFD_CLOEXEC);
	const char *at = child->input;
	for (size_t left = child->input_length; fd >= 0 && left > 0;) {
		ssize_t n = write(fd, at, left);
		if (n <= 0) {
			(void)close(fd);
			return -1;
		}
		at += n;
		left -= (size_t)n;
	}
	if (fd >= 0)
		(void)lseek(fd, 0, SEEK_SET);
	return fd;
}

static bool make_pipe(struct pollfd *mine, int *theirs)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	*mine = (struct pollfd){.fd = ends[0], .events = POLLIN};
	*theirs = ends[1];
	return fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0;
}

static bool make_timer(struct pollfd *end, int timeout_ms)
{
	struct itimerspec when = {.it_value = {.tv_sec = timeout_ms / 1000, .tv_nsec = (long)(timeout_ms % 1000) * 1000000}};
	*end = (struct pollfd){.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC), .events = POLLIN};
	return end->fd >= 0 && timerfd_settime(end->fd, 0, &when, NULL) == 0;
}

static int spawn(struct run *run, const char *path, const char *const *words)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	/* posix_spawn wants char *const[]; it does not change its words. */
	char *argv[SK_CHILD_WORDS_MAX], *const environment[] = {(char *)(uintptr_t)environment_path, (char *)(uintptr_t)environment_locale, NULL};
	size_t count = 0;
	for (; words[count] != NULL; count++) {
		SK_INVARIANT(count + 1 < SK_CHILD_WORDS_MAX);
		argv[count] = (char *)(uintptr_t)words[count];
	}
	argv[count] = NULL;
	int failed = posix_spawn_file_actions_init(&actions);
	if (failed != 0)
		return failed;
	if ((failed = posix_spawnattr_init(&attributes)) != 0) {
		(void)posix_spawn_file_actions_destroy(&actions);
		return failed;
	}
	(void)sigemptyset(&none);
	(void)sigemptyset(&all);
	(void)sigaddset(&all, SIGPIPE);
	(void)sigaddset(&all, SIGTERM);
	(void)sigaddset(&all, SIGINT);
	(void)sigaddset(&all, SIGHUP);
	(void)posix_spawnattr_setsigmask(&attributes, &none);
	(void)posix_spawnattr_setsigdefault(&attributes, &all);
	/* A group of its own: what it starts ends with it. */
	(void)posix_spawnattr_setpgroup(&attributes, 0);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	failed = posix_spawn_file_actions_adddup2(&actions, run->input, STDIN_FILENO);
	if (failed == 0)
		failed = posix_spawn_file_actions_adddup2(&actions, run->out_write, STDOUT_FILENO);
	if (failed == 0)
		failed = posix_spawn_file_actions_adddup2(&actions, run->err_write, STDERR_FILENO);
	if (failed == 0)
		failed = posix_spawn(&run->pid, path, &actions, &attributes, argv, environment);
	(void)posix_spawnattr_destroy(&attributes);
	(void)posix_spawn_file_actions_destroy(&actions);
	return failed;
}

/* Take what is there. False when the text is full. */
static bool drain(struct run *run, size_t end)
{
	char piece[16384];
	for (;;) {
		ssize_t n = read(run->polls[end].fd, piece, sizeof piece);
		if (n > 0) {
			sk_buf_add(run->texts[end], piece, (size_t)n);
			if (run->texts[end]->failed != SK_OK)
				return false;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0 || errno != EAGAIN)
			run->polls[end].events = 0, run->polls[end].fd = -1 - run->polls[end].fd; /* ended; poll leaves it out, close_all finds it */
		return true;
	}
}

/* SK_OK when the child has ended by itself. */
static enum sk_err wait_for_end(struct run *run, const char *name, struct sk_fault *fault)
{
	for (;;) {
		if (poll(run->polls, ENDS, -1) < 0 && errno != EINTR)
			return sk_fault_errno(fault, errno, "cannot wait for %s", name);
		for (size_t end = END_OUT; end <= END_ERR; end++)
			if (run->polls[end].fd >= 0 && !drain(run, end))
				return sk_fault_set(fault, SK_ETARGET, "%s writes more than %zu bytes; it was ended", name, run->texts[end]->limit);
		if (run->polls[END_PID].revents != 0)
			return SK_OK;
		if (run->polls[END_TIME].revents != 0)
			return sk_fault_set(fault, SK_ETARGET, "%s does not come to an end; it was ended", name);
	}
}

static void close_all(struct run *run)
{
	int fds[] = {run->input, run->out_write, run->err_write};
	for (size_t i = 0; i < SK_COUNT(fds); i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
	for (size_t i = 0; i < ENDS; i++) {
		int fd = run->polls[i].fd;
		if (fd < 0 && i <= END_ERR && run->polls[i].events == 0)
			fd = -1 - fd;
		if (fd >= 0)
			(void)close(fd);
	}
}

static enum sk_err run_to_end(struct run *run, const char *path, const struct sk_child *child, int *status, struct sk_fault *fault)
{
	int failed = spawn(run, path, child->words);
	if (failed != 0)
		return sk_fault_set(fault, SK_ETARGET, "%s cannot be started: %s", path, strerror(failed));
	(void)close(run->out_write);
	(void)close(run->err_write);
	run->out_write = run->err_write = -1;
	run->polls[END_PID] = (struct pollfd){.fd = (int)syscall(SYS_pidfd_open, run->pid, 0), .events = POLLIN};
	enum sk_err err = run->polls[END_PID].fd < 0 ? sk_fault_errno(fault, errno, "cannot watch %s", path) : wait_for_end(run, path, fault);
	int ended = 0;
	(void)kill(-run->pid, SIGKILL); /* itself when it was not at its end, and what it left behind */
	while (waitpid(run->pid, &ended, 0) < 0 && errno == EINTR)
		;
	for (size_t end = END_OUT; err == SK_OK && end <= END_ERR; end++)
		if (run->polls[end].fd >= 0 && !drain(run, end))
			err = sk_fault_set(fault, SK_ETARGET, "%s writes more than %zu bytes", path, run->texts[end]->limit);
	*status = WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + (WIFSIGNALED(ended) ? WTERMSIG(ended) : 0);
	return err;
}

enum sk_err sk_child_run_here(const struct sk_child *child, struct sk_buf *out, struct sk_buf *err_text, int *status, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	if (!find_program(child->words[0], path))
		return sk_fault_set(fault, SK_ETARGET, "%s is not there or cannot be run; install it", child->words[0]);
	struct run run = {.input = -1, .out_write = -1, .err_write = -1, .texts = {out, err_text}};
	for (size_t i = 0; i < ENDS; i++)
		run.polls[i] = (struct pollfd){.fd = -1, .events = POLLIN};
	run.input = make_input(child);
	enum sk_err err;
	if (run.input < 0 || !make_pipe(&run.polls[END_OUT], &run.out_write) || !make_pipe(&run.polls[END_ERR], &run.err_write) ||
	    !make_timer(&run.polls[END_TIME], child->timeout_ms == 0 ? SK_CHILD_TIMEOUT_MS : child->timeout_ms))
		err = sk_fault_errno(fault, errno, "cannot start %s", path);
	else
		err = run_to_end(&run, path, child, status, fault);
	close_all(&run);
	return err;
}

//= rule: MEASURE-3
enum sk_err sk_child_run(const struct sk_child *child, struct sk_buf *out, struct sk_buf *err_text, int *status, struct sk_fault *fault)
{
	return sk_hands_there() ? sk_hands_ask(child, out, err_text, status, fault) : sk_child_run_here(child, out, err_text, status, fault);
}
