/* SPDX-License-Identifier: Apache-2.0 */
/* Whose hand: key files of ours, SSH keys through the real ssh-keygen (file, agent), signatures made elsewhere; each is verified before it is handed on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/file.h"
#include "cmd/signer.h"

static const char statement[] = "{\"event\":\"approve\",\"id\":\"order-7\",\"matter\":\"order\"}\n", other[] = "{\"event\":\"approve\",\"id\":\"order-8\"}\n";
static char folder[] = "/tmp/sekisho-signer-XXXXXX";
static struct sk_fault fault;

SK_PRINTF(1, 2) static int shell(const char *format, ...)
{
	char command[4096];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(command, sizeof command, format, arguments);
	va_end(arguments);
	int status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const char *at(const char *name)
{
	static char path[4][512];
	static unsigned next;
	next = (next + 1) % 4;
	(void)snprintf(path[next], sizeof path[next], "%s/%s", folder, name);
	return path[next];
}

static enum sk_err verdict(const struct sk_buf *note, const struct sk_verify_key *key)
{
	struct sk_note parsed;
	assert_int_equal(sk_note_parse(sk_buf_text(note), note->length, &parsed, &fault), SK_OK);
	assert_int_equal(parsed.body_length, strlen(statement));
	return sk_note_verify(&parsed, key);
}

static void sign_and_verify(const char *key_path, const char *public_path)
{
	struct sk_verify_key key;
	struct sk_buf note;
	sk_buf_init(&note, 65536);
	assert_int_equal(sk_signer_public(public_path, &key, &fault), SK_OK);
	if (sk_signer_sign(key_path, statement, strlen(statement), &note, &fault) != SK_OK)
		fail_msg("%s: %s", key_path, fault.line);
	assert_int_equal(verdict(&note, &key), SK_OK);
	sk_buf_fini(&note);
}

static void test_files(void **state)
{
	(void)state;
	sign_and_verify(at("ours"), at("ours"));
	sign_and_verify(at("alice"), at("alice"));
	sign_and_verify(at("alice"), at("alice.pub"));
	assert_int_equal(shell("mv %s/alice.pub %s/away", folder, folder), 0);
	sign_and_verify(at("alice"), at("alice")); /* ssh-keygen -y tells the public half */
	assert_int_equal(shell("mv %s/away %s/alice.pub", folder, folder), 0);
}

static void test_agent(void **state)
{
	(void)state;
	struct sk_verify_key key;
	struct sk_buf note;
	assert_int_equal(shell("cd %s && ssh-agent -s >agent && . ./agent >/dev/null && ssh-add -q bob 2>/dev/null && rm bob", folder), 0);
	struct sk_buf text;
	sk_buf_init(&text, 4096);
	assert_int_equal(sk_file_read(at("agent"), &text, &fault), SK_OK);
	char *socket_path = strstr((char *)text.bytes, "SSH_AUTH_SOCK=");
	assert_non_null(socket_path);
	socket_path += strlen("SSH_AUTH_SOCK=");
	*strchr(socket_path, ';') = '\0';
	assert_int_equal(setenv("SSH_AUTH_SOCK", socket_path, 1), 0);
	sign_and_verify(at("bob.pub"), at("bob.pub"));
	assert_int_equal(shell(". %s/agent >/dev/null && kill $SSH_AGENT_PID", folder), 0);
	/* the agent is gone: ssh-keygen refuses, and says why on stderr, which is its own */
	sk_buf_init(&note, 65536);
	assert_int_equal(sk_signer_public(at("bob.pub"), &key, &fault), SK_OK);
	assert_int_equal(unsetenv("SSH_AUTH_SOCK"), 0);
	assert_int_equal(sk_signer_sign(at("bob.pub"), statement, strlen(statement), &note, &fault), SK_ESIGNATURE);
	assert_non_null(strstr(fault.line, "did not sign"));
	sk_buf_fini(&note);
	sk_buf_fini(&text);
}

static void test_refused(void **state)
{
	(void)state;
	struct sk_verify_key key;
	struct sk_buf note;
	sk_buf_init(&note, 65536);
	assert_int_equal(sk_signer_sign(at("none"), statement, strlen(statement), &note, &fault), SK_ENOENT);
	assert_int_equal(sk_signer_sign(at("rsa"), statement, strlen(statement), &note, &fault), SK_EUNSUPPORTED);
	assert_int_equal(sk_signer_public(at("rsa.pub"), &key, &fault), SK_EUNSUPPORTED);
	assert_int_equal(sk_signer_public(at("text"), &key, &fault), SK_EPERMS); /* no SSH key: so it should be one of ours, and others may read it */
	assert_int_equal(shell("chmod 644 %s/alice", folder), 0);
	assert_int_equal(sk_signer_sign(at("alice"), statement, strlen(statement), &note, &fault), SK_EPERMS);
	assert_int_equal(shell("chmod 600 %s/alice", folder), 0);
	assert_int_equal(note.length, 0);
	/* a path that looks like an option is a path */
	assert_int_equal(sk_signer_sign("-h", statement, strlen(statement), &note, &fault), SK_ENOENT);
	sk_buf_fini(&note);
}

static void test_made_elsewhere(void **state)
{
	(void)state;
	struct sk_verify_key alice, ours;
	struct sk_buf armour, note;
	assert_int_equal(sk_signer_public(at("alice.pub"), &alice, &fault), SK_OK);
	assert_int_equal(sk_signer_public(at("ours"), &ours, &fault), SK_OK);
	assert_int_equal(shell("cd %s && ssh-keygen -q -Y sign -n sekisho-act -f alice text", folder), 0);
	sk_buf_init(&armour, 65536);
	sk_buf_init(&note, 65536);
	assert_int_equal(sk_file_read(at("text.sig"), &armour, &fault), SK_OK);
	assert_int_equal(sk_signer_take(statement, strlen(statement), sk_buf_text(&armour), armour.length, &alice, &note, &fault), SK_OK);
	assert_int_equal(verdict(&note, &alice), SK_OK);
	sk_buf_reset(&note);
	assert_int_equal(sk_signer_take(statement, strlen(statement), sk_buf_text(&armour), armour.length, NULL, &note, &fault), SK_OK); /* the armour names its key */
	sk_buf_reset(&note);
	assert_int_equal(sk_signer_take(other, strlen(other), sk_buf_text(&armour), armour.length, &alice, &note, &fault), SK_ESIGNATURE);
	sk_buf_reset(&note);
	assert_int_equal(sk_signer_take(statement, strlen(statement), sk_buf_text(&armour), armour.length, &ours, &note, &fault), SK_ESIGNATURE);
	sk_buf_reset(&note);
	assert_int_equal(sk_signer_take(statement, strlen(statement), sk_buf_text(&armour), armour.length - 1, &alice, &note, &fault), SK_EMALFORMED);
	sk_buf_reset(&note);
	/* lines of a note */
	struct sk_buf whole;
	sk_buf_init(&whole, 65536);
	assert_int_equal(sk_signer_sign(at("ours"), statement, strlen(statement), &whole, &fault), SK_OK);
	const char *lines = sk_buf_text(&whole) + strlen(statement) + 1;
	assert_int_equal(sk_signer_take(statement, strlen(statement), lines, strlen(lines), &ours, &note, &fault), SK_OK);
	assert_string_equal(sk_buf_text(&note), sk_buf_text(&whole));
	sk_buf_reset(&note);
	assert_int_equal(sk_signer_take(other, strlen(other), lines, strlen(lines), &ours, &note, &fault), SK_ESIGNATURE);
	sk_buf_reset(&note);
	assert_int_equal(sk_signer_take(statement, strlen(statement), lines, strlen(lines), NULL, &note, &fault), SK_EUSAGE);
	sk_buf_fini(&whole);
	sk_buf_fini(&armour);
	sk_buf_fini(&note);
}

static int start(void **state)
{
	(void)state;
	struct sk_sign_key *key = NULL;
	if (sk_seal_start() != SK_OK || mkdtemp(folder) == NULL || sk_sign_key_new("ours", &key) != SK_OK)
		return -1;
	enum sk_err err = sk_sign_key_save(key, at("ours"), &fault);
	sk_sign_key_free(key);
	if (err != SK_OK || sk_file_replace(at("text"), statement, strlen(statement), 0644, &fault) != SK_OK)
		return -1;
	return shell("cd %s && ssh-keygen -q -t ed25519 -N '' -C 'alice of nco' -f alice && ssh-keygen -q -t ed25519 -N '' -f bob && ssh-keygen -q -t rsa -b 2048 -N '' -f rsa",
		     folder);
}

static int finish(void **state)
{
	(void)state;
	return shell("rm -rf %s", folder);
}

int main(void)
{
	if (shell("command -v ssh-keygen ssh-agent ssh-add >/dev/null") != 0) {
		(void)puts("skipped: ssh-keygen, ssh-agent or ssh-add is not installed (scripts/install-packages)");
		return 77;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files), cmocka_unit_test(test_agent), cmocka_unit_test(test_refused), cmocka_unit_test(test_made_elsewhere),
	};
	return cmocka_run_group_tests(tests, start, finish);
}
