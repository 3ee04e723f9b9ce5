/* SPDX-License-Identifier: Apache-2.0 */
/* The enforcer's hands: what is asked of them is run and answered as if it had been run here; what is no program of the table is run by nobody; every cut of a request is none; and their end is told.
   rule: WALL-2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "target/hands.h"

enum { OUT_MAX = 1 << 20 };

static enum sk_err ready(void *context, struct sk_fault *fault)
{
	(void)fault;
	*(int *)context = 7; /* in the other process, and there alone */
	return SK_OK;
}

static enum sk_err refuses(void *context, struct sk_fault *fault)
{
	(void)context;
	return sk_fault_set(fault, SK_EPERMIT, "no wall here");
}

static enum sk_err run_words(const char *const *words, const char *input, struct sk_buf *out, int *status, struct sk_fault *fault)
{
	struct sk_buf said;
	struct sk_child child = {.words = words, .input = input, .input_length = strlen(input)};
	sk_buf_init(&said, OUT_MAX);
	sk_buf_init(out, OUT_MAX);
	enum sk_err err = sk_child_run(&child, out, &said, status, fault);
	sk_buf_fini(&said);
	return err;
}

static void they_run_what_is_theirs(void **state)
{
	int touched = 0, status = -1, here = -1;
	struct sk_fault fault = {.line = ""};
	struct sk_buf out, alone;
	(void)state;
	enum sk_err by_itself = run_words((const char *const[]){"nft", "--version", NULL}, "", &alone, &here, &fault);
	assert_int_equal(sk_hands_start(ready, &touched, &fault), SK_OK);
	assert_int_equal(touched, 0);
	assert_int_equal(run_words((const char *const[]){"nft", "--version", NULL}, "", &out, &status, &fault), by_itself);
	assert_int_equal(status == -1 ? here : status, here);
	assert_string_equal(sk_buf_text(&out), sk_buf_text(&alone));
	sk_buf_fini(&out);
	/* Not in the table, by name and by path; twice, for the first refusal ends nothing. */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(run_words((const char *const[]){i == 0 ? "sh" : "/usr/sbin/nft", "-c", "id", NULL}, "", &out, &status, &fault), SK_EPERMIT);
		assert_non_null(strstr(fault.line, "no program that the enforcer runs"));
		sk_buf_fini(&out);
	}
	assert_false(sk_hands_lost());
	sk_hands_stop();
	/* The twin: without hands the same words run. */
	assert_int_equal(run_words((const char *const[]){"sh", "-c", "cat", NULL}, "through", &out, &status, &fault), SK_OK);
	assert_string_equal(sk_buf_text(&out), "through");
	sk_buf_fini(&out);
	sk_buf_fini(&alone);
}

static void their_end_is_told(void **state)
{
	int touched = 0, status;
	struct sk_fault fault = {.line = ""};
	struct sk_buf out;
	char path[64], number[16] = "";
	(void)state;
	assert_int_equal(sk_hands_start(refuses, NULL, &fault), SK_EPERMIT);
	assert_string_equal(fault.line, "no wall here");
	assert_int_equal(sk_hands_start(ready, &touched, &fault), SK_OK);
	(void)snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	FILE *children = fopen(path, "r");
	assert_true(children != NULL && fgets(number, sizeof number, children) != NULL && fclose(children) == 0);
	assert_int_equal(kill((pid_t)strtol(number, NULL, 10), SIGTERM), 0); /* they do not hear it */
	(void)run_words((const char *const[]){"nft", "--version", NULL}, "", &out, &status, &fault);
	assert_false(sk_hands_lost());
	sk_buf_fini(&out);
	assert_int_equal(kill((pid_t)strtol(number, NULL, 10), SIGKILL), 0);
	assert_int_equal(run_words((const char *const[]){"nft", "--version", NULL}, "", &out, &status, &fault), SK_EIO);
	assert_true(sk_hands_lost());
	sk_buf_fini(&out);
	sk_hands_stop();
	assert_false(sk_hands_lost());
}

static void requests(void **state)
{
	const char *const words[] = {"knotc", "-s", "/run/knot.sock", NULL};
	const struct sk_child child = {.words = words, .input = "zone-begin x\n", .input_length = 13, .timeout_ms = 60000};
	struct sk_hands_request request;
	struct sk_fault fault;
	struct sk_buf text;
	(void)state;
	sk_buf_init(&text, OUT_MAX);
	sk_hands_write(&child, 1000, 2000, &text);
	assert_int_equal(sk_hands_take(text.bytes, text.length, &request, &fault), SK_OK);
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(request.words[i], words[i]);
	assert_true(request.words[3] == NULL && request.child.timeout_ms == 60000 && request.out_limit == 1000 && request.err_limit == 2000);
	assert_int_equal(request.child.input_length, 13);
	assert_memory_equal(request.child.input, child.input, 13);
	sk_buf_fini(&request.text);
	for (size_t length = 0; length < text.length; length++) {
		assert_int_equal(sk_hands_take(text.bytes, length, &request, &fault), SK_EMALFORMED);
		sk_buf_fini(&request.text);
	}
	sk_buf_add_u8(&text, 0);
	assert_int_equal(sk_hands_take(text.bytes, text.length, &request, &fault), SK_EMALFORMED);
	sk_buf_fini(&request.text);
	sk_buf_fini(&text);
}

int main(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = {cmocka_unit_test(they_run_what_is_theirs), cmocka_unit_test(their_end_is_told), cmocka_unit_test(requests)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
