/* SPDX-License-Identifier: Apache-2.0 */
/* The statement goes to ssh-keygen as a file in memory on its standard input and comes back armoured on its output: nothing is written to a disk, no shell is asked. */
#include "cmd/signer_ssh.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

extern char **environ;

enum { KEY_FILE_MAX = 65536, ANSWER_MAX = 16384 };
static const char private_mark[] = "-----BEGIN OPENSSH PRIVATE KEY-----";

static char *word(const char *text)
{
	/* posix_spawn wants char *const[]; it does not change its words. */
	union { const char *in; char *out; } same = {.in = text};
	return same.out;
}

enum sk_err sk_signer_ssh_is(const char *path, bool *ssh, bool *public_half, struct sk_fault *fault)
{
	struct sk_buf text;
	sk_buf_init(&text, KEY_FILE_MAX);
	enum sk_err err = sk_file_read(path, &text, fault);
	if (err == SK_OK) {
		const char *start = sk_buf_text(&text);
		*public_half = strncmp(start, "ssh-", 4) == 0 || strncmp(start, "sk-ssh-", 7) == 0 || strncmp(start, "ecdsa-", 6) == 0 || strncmp(start, "sk-ecdsa-", 9) == 0;
		*ssh = *public_half || strncmp(start, private_mark, sizeof private_mark - 1) == 0;
	}
	sk_buf_fini(&text);
	return err;
}

/* Everything that the child writes, until it closes its end. */
static enum sk_err read_all(int fd, struct sk_buf *out, struct sk_fault *fault)
{
	char part[4096];
	for (;;) {
		ssize_t got = read(fd, part, sizeof part);
		if (got == 0)
			return SK_OK;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return sk_fault_errno(fault, errno, "ssh-keygen: its answer cannot be read");
		sk_buf_add(out, part, (size_t)got);
		if (out->failed != SK_OK)
			return sk_fault_set(fault, SK_EMALFORMED, "ssh-keygen: answers with more than %d bytes", ANSWER_MAX);
	}
}

static enum sk_err start(char *const *words, int input, int output, pid_t *pid, struct sk_fault *fault)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t defaults;
	(void)sigemptyset(&defaults);
	(void)sigaddset(&defaults, SIGPIPE);
	int failed = posix_spawn_file_actions_init(&actions);
	if (failed != 0)
		return sk_fault_errno(fault, failed, "ssh-keygen cannot be started");
	failed = posix_spawnattr_init(&attributes);
	if (failed == 0) {
		(void)posix_spawnattr_setsigdefault(&attributes, &defaults);
		(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
		failed = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
		if (failed == 0)
			failed = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
		if (failed == 0)
			failed = posix_spawnp(pid, "ssh-keygen", &actions, &attributes, words, environ);
		(void)posix_spawnattr_destroy(&attributes);
	}
	(void)posix_spawn_file_actions_destroy(&actions);
	if (failed == ENOENT)
		return sk_fault_set(fault, SK_ENOENT, "an SSH key signs through the program ssh-keygen, which is not installed (apt install openssh-client)");
	return failed == 0 ? SK_OK : sk_fault_errno(fault, failed, "ssh-keygen cannot be started");
}

/* Run ssh-keygen with those words, the input in memory on its stdin. Its own messages go to our stderr. */
static enum sk_err run(char *const *words, const char *path, const char *input, size_t length, struct sk_buf *out, struct sk_fault *fault)
{
	int ends[2], status = 0;
	pid_t pid = 0;
	int memory = memfd_create("statement", MFD_CLOEXEC);
	if (memory < 0)
		return sk_fault_errno(fault, errno, "no memory for the statement");
	bool written = length == 0 || write(memory, input, length) == (ssize_t)length;
	if (!written || lseek(memory, 0, SEEK_SET) != 0 || pipe2(ends, O_CLOEXEC) != 0) {
		int failed = errno;
		(void)close(memory);
		return sk_fault_errno(fault, failed, "the statement cannot be handed to ssh-keygen");
	}
	enum sk_err err = start(words, memory, ends[1], &pid, fault);
	(void)close(memory);
	(void)close(ends[1]);
	if (err == SK_OK)
		err = read_all(ends[0], out, fault);
	(void)close(ends[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return sk_fault_errno(fault, errno, "ssh-keygen is lost");
	if (err != SK_OK)
		return err;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return sk_fault_set(fault, SK_ESIGNATURE, "%s: ssh-keygen did not sign (%s %d); is the key's agent running, the passphrase right, the security key plugged in?", path,
				    WIFSIGNALED(status) ? "signal" : "exit status", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	return SK_OK;
}

enum sk_err sk_signer_ssh_blob(const char *path, const char *bytes, size_t length, struct sk_buf *blob, struct sk_fault *fault)
{
	char *words[] = {word("ssh-keygen"), word("-q"), word("-Y"), word("sign"), word("-n"), word(SK_SSHSIG_NAMESPACE), word("-f"), word(path), NULL};
	struct sk_buf armour;
	sk_buf_init(&armour, ANSWER_MAX);
	enum sk_err err = run(words, path, bytes, length, &armour, fault);
	if (err == SK_OK) {
		err = sk_sshsig_unarmour(sk_buf_text(&armour), armour.length, blob);
		if (err != SK_OK)
			(void)sk_fault_set(fault, err, "%s: ssh-keygen's answer is no armoured signature", path);
	}
	sk_buf_fini(&armour);
	return err;
}

static enum sk_err parse_public(const char *path, const struct sk_buf *text, struct sk_verify_key *out, struct sk_fault *fault)
{
	enum sk_err err = sk_ssh_key_parse(sk_buf_text(text), text->length, out);
	if (err == SK_EUNSUPPORTED)
		return sk_fault_set(fault, err, "%s: an SSH key of a kind that cannot approve; expected ssh-ed25519 or sk-ssh-ed25519 (ssh-keygen -t ed25519)", path);
	return err == SK_OK ? SK_OK : sk_fault_set(fault, err, "%s: not an SSH public key: expected one line KIND BASE64 [COMMENT]", path);
}

enum sk_err sk_signer_ssh_public(const char *path, bool public_half, struct sk_verify_key *out, struct sk_fault *fault)
{
	char beside[SK_PATH_MAX];
	struct sk_buf text;
	int length = snprintf(beside, sizeof beside, "%s%s", path, public_half ? "" : ".pub");
	if (length < 0 || (size_t)length >= sizeof beside)
		return sk_fault_set(fault, SK_EUSAGE, "%s: the path is too long", path);
	sk_buf_init(&text, KEY_FILE_MAX);
	enum sk_err err = sk_file_read(beside, &text, fault);
	if (err == SK_ENOENT && !public_half) {
		char *words[] = {word("ssh-keygen"), word("-y"), word("-f"), word(path), NULL};
		sk_buf_reset(&text);
		err = run(words, path, "", 0, &text, fault);
	}
	if (err == SK_OK)
		err = parse_public(beside, &text, out, fault);
	sk_buf_fini(&text);
	return err;
}
