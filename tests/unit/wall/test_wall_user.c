/* SPDX-License-Identifier: Apache-2.0 */
/* User, groups, capabilities, core files, memory: as root, each in a child of its own, with twins that leave the wall out. Skipped without root. rule: WALL-1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wall/wall.h"

static const char user[] = "nobody", group[] = "nogroup";
enum { SOMEBODY = 65534 };

static int in_child(int (*run)(void))
{
	int status;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(run());
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* Where a check failed: its line. */
#define EXPECT(condition) do { if (!(condition)) { (void)fprintf(stderr, "line %d: %s\n", __LINE__, #condition); return 1; } } while (0)

static void need_root(void)
{
	if (geteuid() == 0)
		return;
	print_message("SKIP: only root can become another user\n");
	skip();
}

/* A line of /proc/self/status, behind its name. */
static const char *status_line(const char *name, char line[256])
{
	FILE *file = fopen("/proc/self/status", "r");
	size_t length = strlen(name);
	while (file != NULL && fgets(line, 256, file) != NULL)
		if (strncmp(line, name, length) == 0 && line[length] == ':') {
			(void)fclose(file);
			line[strcspn(line, "\n")] = '\0';
			return line + length + 1 + strspn(line + length + 1, " \t");
		}
	if (file != NULL)
		(void)fclose(file);
	return "";
}

static const struct sk_wall_plan all_files = {.paths = &(const struct sk_wall_path){"/", true}, .path_count = 1};

static int become_and_close(void)
{
	struct sk_wall_facts facts = {0};
	struct sk_fault fault;
	char line[256];
	gid_t groups[64];
	fault.line[0] = '\0';
	EXPECT(sk_wall_first(false, &facts, &fault) == SK_OK);
	EXPECT(sk_wall_become(user, group, UINT64_C(1) << CAP_NET_RAW, &facts, &fault) == SK_OK);
	EXPECT(getuid() == SOMEBODY && geteuid() == SOMEBODY && getegid() == SOMEBODY);
	EXPECT(getgroups(64, groups) == 1 && groups[0] == SOMEBODY);
	/* set-up goes on: what was kept works, what was not does not */
	int raw = socket(AF_PACKET, SOCK_RAW, 0);
	EXPECT(raw >= 0);
	EXPECT(open("/etc/shadow", O_RDONLY) < 0 && errno == EACCES);
	EXPECT(setresuid(0, 0, 0) != 0);
	EXPECT(strcmp(status_line("CapPrm", line), "0000000000002100") == 0); /* NET_RAW, and SETPCAP for the end */
	EXPECT(prctl(PR_GET_DUMPABLE, 0L, 0L, 0L, 0L) == 0);
	EXPECT(sk_wall_close(&all_files, &facts, &fault) == SK_OK);
	EXPECT(socket(AF_PACKET, SOCK_RAW, 0) < 0 && errno == EPERM);
	static const char *const sets[] = {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"};
	for (size_t i = 0; i < SK_COUNT(sets); i++)
		EXPECT(strcmp(status_line(sets[i], line), "0000000000000000") == 0);
	EXPECT(strcmp(status_line("NoNewPrivs", line), "1") == 0);
	EXPECT(facts.state[SK_WALL_USER] == SK_WALL_STANDS && facts.state[SK_WALL_CAPABILITIES] == SK_WALL_STANDS);
	return 0;
}

static void another_user_without_rights(void **state)
{
	(void)state;
	need_root();
	assert_int_equal(in_child(become_and_close), 0);
}

/* Programs run behind the fence, with the one right that was handed over; what is outside cannot be opened by them either. */
static int hand_over_and_fence(void)
{
	struct sk_wall_facts facts = {0};
	struct sk_fault fault;
	char line[256];
	const struct sk_wall_path paths[] = {{"/usr", false, true}, {"/bin", false, true}, {"/lib", false, true}, {"/lib64", false, true}, {"/proc", false, false}, {"/dev/null", true, false}};
	EXPECT(sk_wall_first(false, &facts, &fault) == SK_OK);
	EXPECT(sk_wall_hand_over(user, group, UINT64_C(1) << CAP_NET_ADMIN, &facts, &fault) == SK_OK);
	static const char *const sets[] = {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"};
	for (size_t i = 0; i < SK_COUNT(sets); i++)
		EXPECT(strcmp(status_line(sets[i], line), "0000000000001000") == 0);
	EXPECT(system("exec grep -q 'CapEff:.0000000000001000' /proc/self/status") == 0);
	EXPECT(system("exec cat /etc/hostname >/dev/null 2>&1") == 0 || access("/etc/hostname", R_OK) != 0);
	EXPECT(sk_wall_fence(&(struct sk_wall_plan){.paths = paths, .path_count = SK_COUNT(paths)}, &facts, &fault) == SK_OK);
	if (facts.state[SK_WALL_FILES] == SK_WALL_ABSENT)
		return 0;
	EXPECT(system("exec grep -q 'CapEff:.0000000000001000' /proc/self/status") == 0);
	EXPECT(open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES);
	EXPECT(system("exec cat /etc/passwd >/dev/null 2>&1") != 0);
	EXPECT(system("exec cat /usr/share/common-licenses/GPL >/dev/null 2>&1") == 0 || access("/usr/share/common-licenses/GPL", R_OK) != 0);
	EXPECT(system("(echo x >/usr/x) 2>/dev/null") != 0);
	return 0;
}

static void programs_behind_a_fence(void **state)
{
	(void)state;
	need_root();
	assert_int_equal(in_child(hand_over_and_fence), 0);
}

static int twice_as_that_user(void)
{
	struct sk_wall_facts facts = {0};
	struct sk_fault fault;
	EXPECT(sk_wall_first(false, &facts, &fault) == SK_OK);
	EXPECT(sk_wall_become(user, group, UINT64_C(1) << CAP_NET_RAW | UINT64_C(1) << CAP_NET_ADMIN, &facts, &fault) == SK_OK);
	/* as systemd starts it: that user already, with capabilities */
	EXPECT(sk_wall_become(user, group, UINT64_C(1) << CAP_NET_RAW, &facts, &fault) == SK_OK);
	EXPECT(socket(AF_PACKET, SOCK_RAW, 0) >= 0);
	EXPECT(sk_wall_become("root", "root", 0, &facts, &fault) == SK_EUSAGE);
	EXPECT(sk_wall_become("daemon", "daemon", 0, &facts, &fault) == SK_EPERMIT);
	EXPECT(strstr(fault.line, "daemon") != NULL);
	return 0;
}

static int wrong_users(void)
{
	struct sk_wall_facts facts = {0};
	struct sk_fault fault;
	EXPECT(sk_wall_become("nobody-of-this-name", group, 0, &facts, &fault) == SK_EUSAGE && strstr(fault.line, "nobody-of-this-name") != NULL);
	EXPECT(sk_wall_become(user, "no-such-group", 0, &facts, &fault) == SK_EUSAGE && strstr(fault.line, "no-such-group") != NULL);
	EXPECT(sk_wall_become("root", "root", 0, &facts, &fault) == SK_EUSAGE);
	EXPECT(geteuid() == 0 && facts.state[SK_WALL_USER] == SK_WALL_DOWN);
	return 0;
}

static void users(void **state)
{
	(void)state;
	need_root();
	assert_int_equal(in_child(twice_as_that_user), 0);
	assert_int_equal(in_child(wrong_users), 0);
}

static int close_without_first(void)
{
	struct sk_wall_facts facts = {0};
	struct sk_fault fault;
	EXPECT(sk_wall_close(&(struct sk_wall_plan){0}, &facts, &fault) != SK_OK);
	EXPECT(facts.state[SK_WALL_CAPABILITIES] == SK_WALL_DOWN);
	return 0;
}

static void *sleeper(void *nothing)
{
	(void)pause();
	return nothing;
}

static int two_threads(void)
{
	struct sk_wall_facts facts = {0};
	struct sk_fault fault;
	pthread_t thread;
	EXPECT(sk_wall_first(false, &facts, &fault) == SK_OK);
	EXPECT(pthread_create(&thread, NULL, sleeper, NULL) == 0);
	EXPECT(sk_wall_close(&all_files, &facts, &fault) == SK_EUSAGE && strstr(fault.line, "there are 2") != NULL);
	EXPECT(sk_wall_become(user, group, 0, &facts, &fault) == SK_EUSAGE);
	return 0;
}

/* Whoever calls out of order is told, and nothing is half up. */
static void out_of_order(void **state)
{
	(void)state;
	need_root();
	assert_int_equal(in_child(close_without_first), 0);
	assert_int_equal(in_child(two_threads), 0);
}

/* ---- core files, memory that others read ---- */

static int limits_of_core(void)
{
	struct sk_wall_facts facts = {0};
	struct sk_fault fault;
	struct rlimit limit;
	EXPECT(sk_wall_first(false, &facts, &fault) == SK_OK);
	EXPECT(getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 0 && limit.rlim_max == 0);
	EXPECT(prctl(PR_GET_DUMPABLE, 0L, 0L, 0L, 0L) == 0);
	EXPECT(facts.state[SK_WALL_CORE] == SK_WALL_STANDS && facts.state[SK_WALL_DUMPABLE] == SK_WALL_STANDS && facts.state[SK_WALL_PRIVILEGES] == SK_WALL_STANDS);
	return 0;
}

/* A process of the same user tries to read the memory of one that stands behind its walls, or (the twin) does not. Its exit code: 0 it could. */
static int neighbour(bool walls)
{
	int ready[2], status;
	char byte;
	assert_int_equal(pipe(ready), 0);
	pid_t victim = fork();
	if (victim == 0) {
		struct sk_wall_facts facts = {0};
		struct sk_fault fault;
		if (walls ? sk_wall_first(false, &facts, &fault) != SK_OK || sk_wall_become(user, group, 0, &facts, &fault) != SK_OK
			  : setgroups(0, NULL) != 0 || setresgid(SOMEBODY, SOMEBODY, SOMEBODY) != 0 || setresuid(SOMEBODY, SOMEBODY, SOMEBODY) != 0 || prctl(PR_SET_DUMPABLE, 1L, 0L, 0L, 0L) != 0)
			_exit(1);
		(void)!write(ready[1], "x", 1);
		(void)pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	pid_t thief = fork();
	if (thief == 0) {
		char path[64];
		(void)snprintf(path, sizeof path, "/proc/%d/mem", (int)victim);
		if (setgroups(0, NULL) != 0 || setresgid(SOMEBODY, SOMEBODY, SOMEBODY) != 0 || setresuid(SOMEBODY, SOMEBODY, SOMEBODY) != 0)
			_exit(99);
		_exit(open(path, O_RDONLY) >= 0 ? 0 : errno);
	}
	assert_int_equal(waitpid(thief, &status, 0), thief);
	(void)kill(victim, SIGKILL);
	(void)waitpid(victim, NULL, 0);
	(void)close(ready[0]), (void)close(ready[1]);
	return WEXITSTATUS(status);
}

static void nobody_reads_the_memory(void **state)
{
	(void)state;
	assert_int_equal(in_child(limits_of_core), 0);
	need_root();
	assert_int_equal(neighbour(true), EACCES);
	assert_int_equal(neighbour(false), 0);
}

static unsigned long locked_kib(void)
{
	char line[256];
	return strtoul(status_line("VmLck", line), NULL, 10);
}

static int lock_all(void)
{
	struct sk_wall_facts facts = {0};
	struct sk_fault fault;
	EXPECT(locked_kib() == 0);
	/* Where nobody may raise the limit, memory could not grow behind the walls: that is refused, and told. */
	if (setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY}) != 0) {
		EXPECT(sk_wall_first(true, &facts, &fault) == SK_EIO && strstr(fault.line, "LimitMEMLOCK") != NULL && facts.state[SK_WALL_MEMORY] == SK_WALL_DOWN);
		return 0;
	}
	EXPECT(sk_wall_first(true, &facts, &fault) == SK_OK && facts.state[SK_WALL_MEMORY] == SK_WALL_STANDS);
	unsigned long before = locked_kib();
	EXPECT(before > 0);
	EXPECT(mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
	EXPECT(locked_kib() >= before + 1024); /* what comes later too */
	return 0;
}

static int lock_what_is_there(void)
{
	struct sk_wall_facts facts = {0};
	struct sk_fault fault;
	EXPECT(mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
	EXPECT(sk_wall_lock_present(&facts, &fault) == SK_OK && facts.state[SK_WALL_MEMORY] == SK_WALL_STANDS);
	unsigned long locked = locked_kib();
	EXPECT(locked >= 1024);
	EXPECT(mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED && locked_kib() == locked);
	return 0;
}

static int not_allowed_to_lock(void)
{
	struct sk_wall_facts facts = {0};
	struct sk_fault fault;
	const struct rlimit none = {0, 0};
	EXPECT(setrlimit(RLIMIT_MEMLOCK, &none) == 0);
	EXPECT(sk_wall_become(user, group, 0, &facts, &fault) == SK_OK);
	EXPECT(sk_wall_first(true, &facts, &fault) == SK_EIO && strstr(fault.line, "LimitMEMLOCK") != NULL && facts.state[SK_WALL_MEMORY] == SK_WALL_DOWN);
	return 0;
}

static void memory_is_locked(void **state)
{
	(void)state;
	need_root();
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	print_message("SKIP: the sanitizer takes mlock away: its shadow would not fit\n");
	skip();
#endif
	assert_int_equal(in_child(lock_all), 0);
	assert_int_equal(in_child(lock_what_is_there), 0);
	assert_int_equal(in_child(not_allowed_to_lock), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(another_user_without_rights), cmocka_unit_test(programs_behind_a_fence), cmocka_unit_test(users), cmocka_unit_test(out_of_order), cmocka_unit_test(nobody_reads_the_memory),
					   cmocka_unit_test(memory_is_locked)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
