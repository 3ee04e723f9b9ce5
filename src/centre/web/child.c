/* SPDX-License-Identifier: Apache-2.0 */
/* Our own binary as a child, for one command: its words and checked parameters, no more; limits of time, memory and output; the session's token in its environment. */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "web/child_priv.h"
#include "web/looks.h"

enum { WORDS_MAX = SK_WEB_VALUES_MAX + 64, FILES_MAX = 64, WORD_BYTES_MAX = SK_PATH_MAX + SK_WEB_TEXT_MAX, STDERR_MAX = 16384, CPU_S = 60, FILE_BYTES_MAX = 1 << 30, PIECE = 65536 };

/* The address space of a child; sanitizers reserve terabytes. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const rlim_t memory_max = RLIM_INFINITY;
#else
static const rlim_t memory_max = (rlim_t)4 << 30;
#endif

struct words {
	size_t count, file_count;
	char *word[WORDS_MAX + 1];  /* owned */
	int files[FILES_MAX];       /* that parameters travel in */
};

static void words_free(struct words *words)
{
	for (size_t i = 0; i < words->count; i++) {
		sk_wipe(words->word[i], strlen(words->word[i]));
		free(words->word[i]);
	}
	for (size_t i = 0; i < words->file_count; i++)
		(void)close(words->files[i]);
	free(words);
}

/* ---- words ---- */

static enum sk_err add(struct words *words, const char *a, const char *b, const char *c, struct sk_fault *fault)
{
	size_t length = strlen(a) + strlen(b) + strlen(c);
	if (words->count == WORDS_MAX || length > WORD_BYTES_MAX)
		return sk_fault_set(fault, SK_ETOOBIG, "too many parameters");
	char *word = malloc(length + 1);
	if (word == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	(void)snprintf(word, length + 1, "%s%s%s", a, b, c);
	words->word[words->count++] = word;
	return SK_OK;
}

/* A parameter that travels as a file: in memory, for this child alone. */
static enum sk_err add_file(struct words *words, const char *bytes, size_t length, char path[32], struct sk_fault *fault)
{
	int fd = words->file_count < FILES_MAX ? memfd_create("sekisho", MFD_CLOEXEC) : -1;
	if (fd < 0)
		return sk_fault_set(fault, SK_ETOOBIG, "too many files in one request");
	words->files[words->file_count++] = fd;
	for (size_t done = 0; done < length;) {
		ssize_t wrote = write(fd, bytes + done, length - done);
		if (wrote < 0)
			return sk_fault_errno(fault, errno, "a parameter cannot be handed on");
		done += (size_t)wrote;
	}
	(void)fchmod(fd, 0600);
	(void)snprintf(path, 32, "/proc/self/fd/%d", fd);
	return SK_OK;
}

static bool is_file(enum sk_web_type type)
{
	return type == SK_WEB_JSON || type == SK_WEB_BYTES || type == SK_WEB_FILE;
}

/* The value of parameter i as a word. */
static enum sk_err value_of(const struct sk_web_call *call, size_t i, struct words *words, char path[32], const char **out, struct sk_fault *fault)
{
	*out = call->values[i].text;
	if (is_file(call->values[i].param->type)) {
		SK_TRY(add_file(words, call->values[i].text, call->values[i].length, path, fault));
		*out = path;
	}
	return SK_OK;
}

/* Whose measures: the enforcer's that this folder has a configuration for, else the one that keeps its journal here. */
static enum sk_err add_enforcer(const struct sk_web_call *call, struct words *words, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	if (sk_file_join(path, sizeof path, call->house->folder, "enforcer.yaml") == SK_OK && sk_file_exists(path))
		return add(words, "--config=", path, "", fault);
	if (sk_file_join(path, sizeof path, call->house->folder, "enforcer") == SK_OK && sk_file_exists(path))
		return add(words, "--dir=", path, "", fault);
	return sk_fault_set(fault, SK_ENOENT, "no enforcer is set up here (%s/enforcer.yaml), so nothing is in force by it", call->house->folder);
}

/* The workspace that the call names, else the one that holds the finding or campaign that is asked for, else the first; NULL where there is none. */
static enum sk_err find_workspace(const struct sk_web_call *call, const char **out, struct sk_fault *fault)
{
	const struct sk_web_looks *looks = call->house->looks;
	const char *asked = NULL, *id = NULL;
	for (size_t i = 0; i < call->value_count; i++) {
		if (strcmp(call->values[i].param->name, "workspace") == 0)
			asked = call->values[i].text;
		if (strcmp(call->values[i].param->name, "id") == 0)
			id = call->values[i].text;
	}
	size_t at = 0;
	if (asked != NULL)
		at = sk_web_workspace_find(call->house, asked);
	else if (id != NULL && looks != NULL && strcmp(call->row->id, "finding.show") == 0)
		at = sk_web_workspace_of_finding(call, id);
	else if (id != NULL && looks != NULL && strcmp(call->row->id, "campaign.show") == 0)
		at = looks->campaign_place(looks->context, id);
	if (at < call->house->workspace_count)
		*out = call->house->workspaces[at];
	return asked == NULL || *out != NULL ? SK_OK : sk_fault_set(fault, SK_ENOENT, "no workspace '%.60s' is named to this server", asked);
}

/* {name} in a row's words: what the house knows, or the parameter; one that was not given leaves its word out. */
static enum sk_err add_named(const struct sk_web_call *call, const struct sk_web_child *child, const char *name, struct words *words, struct sk_fault *fault)
{
	const char *workspace = NULL;
	SK_TRY(find_workspace(call, &workspace, fault));
	const struct {
		const char *name, *value;
	} known[] = {{"dir", call->house->folder}, {"workspace", workspace}, {"me", child->me}, {"by", child->by}, {"rp", child->rp_id}, {"page", child->page}};
	char path[32];
	const char *text;
	if (strcmp(name, "--workspace") == 0)
		return workspace != NULL ? add(words, "--workspace=", workspace, "", fault) : SK_OK;
	if (strcmp(name, "measures") == 0)
		return add_enforcer(call, words, fault);
	for (size_t i = 0; i < SK_COUNT(known); i++)
		if (strcmp(name, known[i].name) == 0)
			return known[i].value != NULL && known[i].value[0] != '\0'
				       ? add(words, known[i].value, "", "", fault)
				       : sk_fault_set(fault, SK_ENOENT, "%s", strcmp(name, "workspace") == 0 ? "no sensor's workspace is named to this server (sekisho serve --workspace DIR)"
														   : "this account has no key to act with");
	for (size_t i = 0; i < call->value_count; i++) {
		if (strcmp(call->values[i].param->name, name) != 0)
			continue;
		SK_TRY(value_of(call, i, words, path, &text, fault));
		if (text[0] == '-')
			return sk_fault_set(fault, SK_EMALFORMED, "%s: must not begin with a dash", name);
		SK_TRY(add(words, text, "", "", fault));
	}
	return SK_OK;
}

static enum sk_err add_words(const struct sk_web_call *call, const struct sk_web_child *child, const char *text, struct words *words, struct sk_fault *fault)
{
	for (const char *at = text; *at != '\0'; at += *at == ' ') {
		char word[128];
		size_t length = strcspn(at, " ");
		SK_INVARIANT(length != 0 && length < sizeof word);
		memcpy(word, at, length);
		word[length] = '\0';
		at += length;
		if (word[0] == '{' && word[length - 1] == '}') {
			word[length - 1] = '\0';
			SK_TRY(add_named(call, child, word + 1, words, fault));
		} else {
			SK_TRY(add(words, word, "", "", fault));
		}
	}
	return SK_OK;
}

static enum sk_err add_options(const struct sk_web_call *call, struct words *words, struct sk_fault *fault)
{
	char path[32];
	const char *text;
	for (size_t i = 0; i < call->value_count; i++) {
		const struct sk_web_param *param = call->values[i].param;
		if (param->as[0] != '-')
			continue;
		if (param->type == SK_WEB_FLAG) {
			if (call->values[i].text[0] == 't')
				SK_TRY(add(words, param->as, "", "", fault));
			continue;
		}
		SK_TRY(value_of(call, i, words, path, &text, fault));
		SK_TRY(add(words, param->as, "=", text, fault));
	}
	return SK_OK;
}

/* The row's words; "!" in front: these alone, without --dir and --json; "@": without --json, for bytes are asked for. */
static enum sk_err make_words(const struct sk_web_call *call, const struct sk_web_child *child, struct words *words, struct sk_fault *fault)
{
	const char *text = call->row->words;
	bool bare = text[0] == '!', bytes = text[0] == '@';
	SK_TRY(add(words, "sekisho", "", "", fault));
	SK_TRY(add_words(call, child, text + (bare || bytes), words, fault));
	SK_TRY(add_options(call, words, fault));
	if (!bare) {
		SK_TRY(add(words, "--dir=", call->house->folder, "", fault));
		if (!bytes)
			SK_TRY(add(words, "--json", "", "", fault));
	}
	for (size_t i = 0; i < child->extra_count; i++) {
		const struct sk_web_extra *extra = &child->extra[i];
		char path[32];
		if (extra->file_length != 0)
			SK_TRY(add_file(words, extra->value, extra->file_length, path, fault));
		SK_TRY(add(words, extra->option, "=", extra->file_length != 0 ? path : extra->value, fault));
	}
	return SK_OK;
}

/* ---- the process ---- */

/* Between fork and exec only what a signal handler might call. */
static _Noreturn void become(const char *program, char *const *words, char *const *environment, const struct words *files, int out, int err)
{
	const struct rlimit cpu = {CPU_S, CPU_S + 5}, memory = {memory_max, memory_max}, file = {FILE_BYTES_MAX, FILE_BYTES_MAX}, core = {0, 0};
	sigset_t none;
	int null = open("/dev/null", O_RDONLY);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)setpgid(0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	(void)setrlimit(RLIMIT_CPU, &cpu);
	(void)setrlimit(RLIMIT_AS, &memory);
	(void)setrlimit(RLIMIT_FSIZE, &file);
	(void)setrlimit(RLIMIT_CORE, &core);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
		_exit(71);
	/* The parameters' files alone go along, and nothing that a library left open. */
	(void)close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
	for (size_t i = 0; i < files->file_count; i++)
		(void)fcntl(files->files[i], F_SETFD, 0);
	(void)execve(program, words, environment);
	_exit(71);
}

static void stop_child(pid_t pid)
{
	if (kill(-pid, SIGKILL) != 0)
		(void)kill(pid, SIGKILL);
}

/* Read both pipes to their ends. SK_ERATE: too slow; SK_ETOOBIG: too much. */
static enum sk_err collect(int out, int err, struct sk_buf *answer, struct sk_buf *said, const struct sk_clock *clock, int64_t until_ns)
{
	static const int64_t ms = 1000000;
	struct pollfd fds[2] = {{.fd = out, .events = POLLIN}, {.fd = err, .events = POLLIN}};
	struct sk_buf *into[2] = {answer, said};
	char *piece = malloc(PIECE);
	enum sk_err verdict = piece != NULL ? SK_OK : SK_ENOMEM;
	while (verdict == SK_OK && (fds[0].fd >= 0 || fds[1].fd >= 0)) {
		int64_t left_ns = until_ns - clock->monotonic_ns(clock->context);
		int ready = left_ns > 0 ? poll(fds, 2, (int)(left_ns / ms) + 1) : 0;
		if (ready == 0)
			verdict = SK_ERATE;
		for (unsigned i = 0; i < 2 && ready > 0; i++) {
			if (fds[i].revents == 0)
				continue;
			ssize_t got = read(fds[i].fd, piece, PIECE);
			if (got == 0 || (got < 0 && errno != EINTR))
				fds[i].fd = -1;
			if (got > 0 && !(i == 1 && into[i]->length + (size_t)got > into[i]->limit))
				sk_buf_add(into[i], piece, (size_t)got);
		}
		if (answer->failed != SK_OK)
			verdict = answer->failed;
	}
	free(piece);
	return verdict;
}

/* What it said last on standard error, as a fault: a line of JSON (SEKISHO_FAULT), else by the exit code. */
static enum sk_err fault_of(const struct sk_buf *said, int code, struct sk_fault *fault)
{
	const char *text = sk_buf_text(said), *line = text;
	size_t length = strlen(text);
	while (length != 0 && text[length - 1] == '\n')
		length--;
	for (size_t i = 0; i < length; i++)
		if (text[i] == '\n')
			line = text + i + 1;
	length = (size_t)(text + length - line);
	struct sk_fault ignored;
	struct json_object *parsed = length != 0 && line[0] == '{' ? sk_web_json(line, length, &ignored) : NULL, *code_of = NULL, *words = NULL;
	enum sk_err err = sk_web_err_of_exit(code);
	if (parsed != NULL && json_object_object_get_ex(parsed, "code", &code_of) && json_object_object_get_ex(parsed, "line", &words)) {
		err = sk_err_find(json_object_get_string(code_of));
		(void)sk_fault_set(fault, err, "%s", json_object_get_string(words));
	} else {
		(void)sk_fault_set(fault, err, "%.*s", (int)(length != 0 ? length : 40), length != 0 ? line : "the command failed and said nothing");
	}
	json_object_put(parsed);
	return err;
}

static enum sk_err end_of(pid_t pid, enum sk_err verdict, const struct sk_web_child *child, const struct sk_buf *said, struct sk_fault *fault)
{
	int status = 0;
	if (verdict != SK_OK)
		stop_child(pid);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (verdict == SK_ERATE)
		return sk_fault_set(fault, SK_ELOCKED, "the command took longer than %u s and was stopped; ask for less, or use the command line", child->seconds);
	if (verdict != SK_OK)
		return sk_fault_set(fault, verdict, "the command's answer is larger than %d MiB; ask for less", SK_WEB_ANSWER_MAX >> 20);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return SK_OK;
	if (WIFSIGNALED(status))
		return sk_fault_set(fault, SK_EBUG, "the command was ended by signal %d (a limit, or a defect)", WTERMSIG(status));
	return fault_of(said, WEXITSTATUS(status), fault);
}

static enum sk_err start(const struct sk_web_child *child, struct words *words, int pipes[4], pid_t *pid, struct sk_fault *fault)
{
	char token[96], path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", lang[] = "LANG=C.UTF-8", faults[] = "SEKISHO_FAULT=json";
	char *environment[] = {path, lang, faults, token, NULL};
	(void)snprintf(token, sizeof token, "SEKISHO_SESSION=%s", child->token != NULL ? child->token : "");
	pipes[0] = pipes[1] = pipes[2] = pipes[3] = -1;
	if (pipe2(pipes, O_CLOEXEC) != 0 || pipe2(pipes + 2, O_CLOEXEC) != 0)
		return sk_fault_errno(fault, errno, "no pipe for a command");
	*pid = fork();
	if (*pid == 0)
		become(child->program, words->word, environment, words, pipes[1], pipes[3]);
	sk_wipe(token, sizeof token);
	return *pid > 0 ? SK_OK : sk_fault_errno(fault, errno, "no process for a command");
}

enum sk_err sk_web_child_run(const struct sk_web_child *child, struct sk_web_call *call, struct sk_buf *out)
{
	int pipes[4];
	pid_t pid = -1;
	struct sk_buf said;
	struct words *words = calloc(1, sizeof *words);
	if (words == NULL)
		return sk_web_refuse(call, SK_ENOMEM, "out of memory");
	const struct sk_clock *clock = &call->house->clock;
	sk_buf_init(&said, STDERR_MAX);
	enum sk_err err = make_words(call, child, words, &call->fault);
	if (err == SK_OK) {
		err = start(child, words, pipes, &pid, &call->fault);
		for (size_t i = 1; i < SK_COUNT(pipes); i += 2)
			if (pipes[i] >= 0)
				(void)close(pipes[i]);
		if (err == SK_OK) {
			err = collect(pipes[0], pipes[2], out, &said, clock, clock->monotonic_ns(clock->context) + (int64_t)child->seconds * 1000000000);
			err = end_of(pid, err, child, &said, &call->fault);
		}
		for (size_t i = 0; i < SK_COUNT(pipes); i += 2)
			if (pipes[i] >= 0)
				(void)close(pipes[i]);
	}
	sk_buf_fini(&said);
	words_free(words);
	return err;
}
