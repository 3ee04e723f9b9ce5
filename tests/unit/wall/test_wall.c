/* SPDX-License-Identifier: Apache-2.0 */
/* Each profile against a table of calls, each in a child of its own behind Landlock and seccomp: what is allowed works, what is not dies by SIGSYS or gets EACCES. The twin runs the
   same calls without walls: then every forbidden one must come through, or the table would prove nothing. rule: WALL-1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <linux/bpf.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "wall/wall.h"

struct scene {
	char folder[64], inside[96], outside[96], reading[96], file[128], other[128], readable[128], secret[128];
	int bell, pipe[2], foreign, listener, datagrams[2], map, null, epoll;
	pid_t victim;
	bool reads_pipe, counts;
};

static struct scene scene; /* children are forked from it */

/* ---- the calls; 0 or errno ---- */

static int result(long returned)
{
	return returned < 0 ? errno : 0;
}

static int do_clock(void) { struct timespec t; return result(syscall(SYS_clock_gettime, CLOCK_PROCESS_CPUTIME_ID, &t)); }
static int do_sleep(void) { return result(clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){.tv_nsec = 1000}, NULL)); }
static int do_poll(void) { struct pollfd p = {.fd = scene.bell, .events = POLLIN}; return result(poll(&p, 1, 0)); }
static int do_epoll(void) { struct epoll_event e; return result(epoll_wait(scene.epoll, &e, 1, 0)); }
static int do_futex(void) { int word = 1; return result(syscall(SYS_futex, &word, FUTEX_WAKE, 1, NULL, NULL, 0)); }
static int do_yield(void) { return result(sched_yield()); }
static int do_ring(void) { uint64_t one = 1; return result(write(scene.bell, &one, sizeof one)); }
static int do_hear(void) { uint64_t rings; errno = 0; return read(scene.bell, &rings, sizeof rings) < 0 && errno != EAGAIN ? errno : 0; }
static int do_last_word(void) { return result(write(STDERR_FILENO, "", 0)); }
static int do_receive(void) { char byte; return recv(scene.datagrams[0], &byte, 1, MSG_DONTWAIT) < 0 && errno != EAGAIN ? errno : 0; }
static int do_statistics(void) { int error; socklen_t length = sizeof error; return result(getsockopt(scene.datagrams[0], SOL_SOCKET, SO_ERROR, &error, &length)); }
static int do_heap(void) { void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); return p == MAP_FAILED ? errno : result(munmap(p, 4096)); }
static int do_give_back(void) { void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); return result(madvise(p, 4096, MADV_DONTNEED)); }
static int do_thread_end(void) { syscall(SYS_exit, 0); return 0; }

static int do_read_inside(void) { int fd = open(scene.file, O_RDONLY); char byte; return fd < 0 ? errno : result(read(fd, &byte, 1)); }
static int do_write_inside(void) { int fd = open(scene.other, O_WRONLY | O_CREAT | O_TRUNC, 0600); return fd < 0 ? errno : result(write(fd, "x", 1)) | result(fsync(fd)) | result(ftruncate(fd, 0)); }
static int do_rename_inside(void)
{
	char to[160], sub[160], deep[200];
	(void)snprintf(to, sizeof to, "%s.x", scene.file);
	(void)snprintf(sub, sizeof sub, "%s/sub", scene.inside);
	(void)snprintf(deep, sizeof deep, "%s/deep", sub);
	int failed = result(rename(scene.file, to)) | result(rename(to, scene.file)) | result(mkdir(sub, 0700)) | result(rename(scene.file, deep)) | result(rename(deep, scene.file));
	return failed | result(rmdir(sub));
}
static int do_lock(void) { int fd = open(scene.file, O_RDWR); return fd < 0 ? errno : result(fcntl(fd, F_SETLK, &(struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET})); }
static int do_list(void) { char block[1024]; int fd = open(scene.inside, O_RDONLY | O_DIRECTORY); return fd < 0 ? errno : result(syscall(SYS_getdents64, fd, block, sizeof block)); }
static int do_read_given(void) { return result(open(scene.readable, O_RDONLY)); }
static int do_write_given(void) { return result(open(scene.readable, O_WRONLY)); }
static int do_map_file(void) { int fd = open(scene.file, O_RDONLY); return mmap(NULL, 1, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED ? errno : 0; }
static int do_read_outside(void) { return result(open(scene.secret, O_RDONLY)); }
static int do_write_outside(void) { char path[160]; (void)snprintf(path, sizeof path, "%s/new", scene.outside); return result(open(path, O_WRONLY | O_CREAT, 0600)); }
static int do_read_passwd(void) { return result(open("/etc/passwd", O_RDONLY)); }
static int do_read_memory(void) { char path[64]; (void)snprintf(path, sizeof path, "/proc/%d/mem", (int)scene.victim); return result(open(path, O_RDONLY)); }
static int do_rename_out(void) { char to[160]; (void)snprintf(to, sizeof to, "%s/out", scene.outside); int failed = result(rename(scene.file, to)); (void)rename(to, scene.file); return failed == EXDEV ? EACCES : failed; }
static int do_accept(void) { int fd = accept4(scene.listener, NULL, NULL, SOCK_NONBLOCK); return fd < 0 && errno != EAGAIN ? errno : 0; }
static int do_send(void) { return result(send(scene.datagrams[1], "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL)); }
static int do_rusage(void) { struct rusage r; return result(getrusage(RUSAGE_SELF, &r)); }
static int do_room(void) { struct statfs s; return result(statfs(scene.inside, &s)); }
static int do_random(void) { char byte; return result(syscall(SYS_getrandom, &byte, 1, 0)); }
static int do_is_terminal(void) { struct termios t; return ioctl(scene.null, TCGETS, &t) < 0 && errno != ENOTTY ? errno : 0; }
static int do_ask_limit(void) { struct rlimit r; return result(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &r)); }
static int do_grow(void) { void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); return mremap(p, 4096, 8192, MREMAP_MAYMOVE) == MAP_FAILED ? errno : 0; }

static long bpf(int command, union bpf_attr *attributes) { return syscall(SYS_bpf, command, attributes, sizeof *attributes); }
static int do_bpf_look_up(void) { uint32_t key = 0; uint64_t value = 0; union bpf_attr a = {.map_fd = (uint32_t)scene.map, .key = (uintptr_t)&key, .value = (uintptr_t)&value}; return scene.map < 0 ? 0 : result(bpf(BPF_MAP_LOOKUP_ELEM, &a)); }
static int do_bpf_update(void) { uint32_t key = 0; uint64_t value = 5; union bpf_attr a = {.map_fd = (uint32_t)scene.map, .key = (uintptr_t)&key, .value = (uintptr_t)&value}; return scene.map < 0 ? 0 : result(bpf(BPF_MAP_UPDATE_ELEM, &a)); }
static int do_bpf_map(void) { union bpf_attr a = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1}; return result(bpf(BPF_MAP_CREATE, &a)); }
static int do_bpf_load(void)
{
	const struct bpf_insn leave[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0}, {.code = BPF_JMP | BPF_EXIT}};
	union bpf_attr a = {.prog_type = BPF_PROG_TYPE_SOCKET_FILTER, .insn_cnt = 2, .insns = (uintptr_t)leave, .license = (uintptr_t) "GPL"};
	return result(bpf(BPF_PROG_LOAD, &a));
}
static int do_bpf_run(void) { union bpf_attr a = {.test.prog_fd = 9999}; int failed = result(bpf(BPF_PROG_TEST_RUN, &a)); return failed == EBADF ? 0 : failed; }

static int do_socket_inet(void) { return result(socket(AF_INET, SOCK_STREAM, 0)); }
static int do_socket_udp(void) { return result(socket(AF_INET6, SOCK_DGRAM, 0)); }
static int do_socket_unix(void) { return result(socket(AF_UNIX, SOCK_STREAM, 0)); }
static int do_socketpair(void) { int fds[2]; return result(socketpair(AF_UNIX, SOCK_STREAM, 0, fds)); }
static int do_connect(void) { struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT, .sin6_port = htons(9)}; return result(connect(scene.foreign, (struct sockaddr *)&to, sizeof to)); }
static int do_bind(void) { struct sockaddr_in6 to = {.sin6_family = AF_INET6}; int failed = result(bind(scene.foreign, (struct sockaddr *)&to, sizeof to)); return failed == EINVAL ? 0 : failed; }
static int do_listen(void) { return result(listen(scene.listener, 1)); }
static int do_execute(void) { char *const words[] = {(char *)(uintptr_t)"true", NULL}; (void)execve("/bin/true", words, NULL); return errno; }
static int do_fork(void) { pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); if (child == 0) _exit(0); return result(child); }
static int do_trace(void) { return result(ptrace(PTRACE_TRACEME, 0, NULL, NULL)); }
static int do_peek(void) { char byte; struct iovec local = {&byte, 1}, remote = {&scene.folder, 1}; return result(process_vm_readv(scene.victim, &local, 1, &remote, 1, 0)); }
static int do_signal(void) { return result(kill(scene.victim, 0)); }
static int do_other_signal(void) { return result(syscall(SYS_tgkill, getpid(), gettid(), 0)); }
static int do_code(void) { return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno : 0; }
static int do_make_code(void) { static char page[8192] __attribute__((aligned(4096))); return result(mprotect(page, 4096, PROT_READ | PROT_EXEC)); }
static int do_become_root(void) { return result(syscall(SYS_setuid, 0)); }
static int do_mount(void) { int failed = result(umount2("/nowhere/at/all", 0)); return failed == ENOENT || failed == EPERM ? 0 : failed; }
static int do_unshare(void) { return result(unshare(CLONE_FS)); }
static int do_ring_of_calls(void) { int failed = result(syscall(SYS_io_uring_setup, 0, NULL)); return failed == EINVAL || failed == EFAULT || failed == ENOSYS || failed == EPERM ? 0 : failed; }
static int do_user_faults(void) { int failed = result(syscall(SYS_userfaultfd, 1 << 30)); return failed == EINVAL || failed == ENOSYS || failed == EPERM ? 0 : failed; }
static int do_perf(void) { int failed = result(syscall(SYS_perf_event_open, NULL, 0, 0, -1, 0)); return failed == EFAULT || failed == EINVAL || failed == ENOSYS ? 0 : failed; }
static int do_keys(void) { int failed = result(syscall(SYS_keyctl, 1 << 30, 0)); return failed == EOPNOTSUPP || failed == ENOSYS ? 0 : failed; }
static int do_memfd(void) { return result(memfd_create("x", 0)); }
static int do_by_handle(void) { int failed = result(syscall(SYS_open_by_handle_at, -1, NULL, 0)); return failed == EFAULT || failed == EBADF || failed == EPERM ? 0 : failed; }
static int do_prctl(void) { return result(prctl(PR_GET_NAME, (char[16]){0}, 0L, 0L, 0L)); }
static int do_dumpable(void) { return result(prctl(PR_SET_DUMPABLE, 1L, 0L, 0L, 0L)); }
static int do_type_for_you(void) { int failed = result(ioctl(scene.null, TIOCSTI, "x")); return failed == ENOTTY ? 0 : failed; }
static int do_set_limit(void) { struct rlimit r = {1, 1}; return result(syscall(SYS_prlimit64, 0, RLIMIT_CPU, &r, NULL)); }
static int do_link(void) { char path[160]; (void)snprintf(path, sizeof path, "%s/link", scene.inside); int failed = result(symlink("/etc/passwd", path)); (void)unlink(path); return failed; }
static int do_hard_link(void) { char path[160]; (void)snprintf(path, sizeof path, "%s/hard", scene.inside); int failed = result(link(scene.file, path)); (void)unlink(path); return failed; }
static int do_device(void) { char path[160]; (void)snprintf(path, sizeof path, "%s/fifo", scene.inside); int failed = result(mkfifo(path, 0600)); (void)unlink(path); return failed; }
static int do_root(void) { return result(chroot(scene.inside)); }
static int do_foreign_read(void) { char byte; return read(scene.datagrams[0], &byte, 1) < 0 && errno != EAGAIN ? errno : 0; }
static int do_read_pipe(void) { char bytes[100]; return read(scene.pipe[0], bytes, sizeof bytes) < 0 && errno != EAGAIN ? errno : 0; }
static int do_foreign_write(void) { return result(write(scene.null, "x", 1)); }
static int do_long_ring(void) { char bytes[16] = {1}; int failed = result(write(scene.bell, bytes, sizeof bytes)); return failed == EINVAL ? 0 : failed; }
static int do_socket_option(void) { int one = 1; return result(setsockopt(scene.datagrams[0], SOL_SOCKET, SO_RCVBUF, &one, sizeof one)); }
static int do_old_numbers(void)
{
#if defined(__x86_64__)
	long got; /* getpid by the 32 bit gate: another numbering, where allowed numbers mean other calls */
	__asm__ volatile("int $0x80" : "=a"(got) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
	return got > 0 || got == -ENOSYS ? 0 : (int)-got;
#else
	return result(syscall(SYS_setuid, 0));
#endif
}

enum expected { WORKS, DIES, DENIED };
static const struct call {
	const char *name;
	int (*run)(void);
	enum expected worker, collector;
	bool root; /* without root it fails by itself */
} table[] = {
	{"clock", do_clock, WORKS, WORKS, false},
	{"sleep", do_sleep, WORKS, WORKS, false},
	{"poll", do_poll, WORKS, WORKS, false},
	{"epoll_wait", do_epoll, WORKS, WORKS, false},
	{"futex", do_futex, WORKS, WORKS, false},
	{"sched_yield", do_yield, WORKS, WORKS, false},
	{"ring a bell", do_ring, WORKS, WORKS, false},
	{"hear a bell", do_hear, WORKS, WORKS, false},
	{"a last word", do_last_word, WORKS, WORKS, false},
	{"receive", do_receive, WORKS, WORKS, false},
	{"statistics of a socket", do_statistics, WORKS, WORKS, false},
	{"heap", do_heap, WORKS, WORKS, false},
	{"memory given back", do_give_back, WORKS, WORKS, false},
	{"the end of a thread", do_thread_end, WORKS, WORKS, false},
	{"read inside", do_read_inside, DIES, WORKS, false},
	{"write inside", do_write_inside, DIES, WORKS, false},
	{"rename inside", do_rename_inside, DIES, WORKS, false},
	{"lock a file", do_lock, DIES, WORKS, false},
	{"list a folder", do_list, DIES, WORKS, false},
	{"read what is given to read", do_read_given, DIES, WORKS, false},
	{"map a file", do_map_file, DIES, WORKS, false},
	{"accept", do_accept, DIES, WORKS, false},
	{"send", do_send, DIES, WORKS, false},
	{"getrusage", do_rusage, DIES, WORKS, false},
	{"room on the disk", do_room, DIES, WORKS, false},
	{"random bytes", do_random, DIES, WORKS, false},
	{"is it a terminal", do_is_terminal, DIES, WORKS, false},
	{"ask for a limit", do_ask_limit, DIES, WORKS, false},
	{"grow a block", do_grow, DIES, WORKS, false},
	{"bpf look-up", do_bpf_look_up, DIES, WORKS, false},
	{"bpf update", do_bpf_update, DIES, WORKS, false},
	{"write what is given to read", do_write_given, DIES, DENIED, false},
	{"read outside", do_read_outside, DIES, DENIED, false},
	{"write outside", do_write_outside, DIES, DENIED, false},
	{"read /etc/passwd", do_read_passwd, DIES, DENIED, false},
	{"read another's memory", do_read_memory, DIES, DENIED, false},
	{"rename out", do_rename_out, DIES, DENIED, false},
	{"socket inet", do_socket_inet, DIES, DIES, false},
	{"socket udp", do_socket_udp, DIES, DIES, false},
	{"socket unix", do_socket_unix, DIES, DIES, false},
	{"socketpair", do_socketpair, DIES, DIES, false},
	{"connect", do_connect, DIES, DIES, false},
	{"bind", do_bind, DIES, DIES, false},
	{"listen", do_listen, DIES, DIES, false},
	{"execve", do_execute, DIES, DIES, false},
	{"fork", do_fork, DIES, DIES, false},
	{"ptrace", do_trace, DIES, DIES, false},
	{"process_vm_readv", do_peek, DIES, DIES, false},
	{"kill", do_signal, DIES, DIES, false},
	{"tgkill of another signal", do_other_signal, DIES, DIES, false},
	{"executable memory", do_code, DIES, DIES, false},
	{"memory made executable", do_make_code, DIES, DIES, false},
	{"bpf map", do_bpf_map, DIES, DIES, true},
	{"bpf load", do_bpf_load, DIES, DIES, true},
	{"bpf test run", do_bpf_run, DIES, DIES, true},
	{"setuid", do_become_root, DIES, DIES, true},
	{"umount", do_mount, DIES, DIES, false},
	{"unshare", do_unshare, DIES, DIES, false},
	{"io_uring", do_ring_of_calls, DIES, DIES, false},
	{"userfaultfd", do_user_faults, DIES, DIES, false},
	{"perf_event_open", do_perf, DIES, DIES, false},
	{"keyctl", do_keys, DIES, DIES, false},
	{"memfd_create", do_memfd, DIES, DIES, false},
	{"open_by_handle_at", do_by_handle, DIES, DIES, false},
	{"prctl", do_prctl, DIES, DIES, false},
	{"dumpable again", do_dumpable, DIES, DIES, false},
	{"TIOCSTI", do_type_for_you, DIES, DIES, false},
	{"set a limit", do_set_limit, DIES, DIES, false},
	{"symlink", do_link, DIES, DIES, false},
	{"link", do_hard_link, DIES, DIES, false},
	{"mkfifo", do_device, DIES, DIES, false},
	{"chroot", do_root, DIES, DIES, true},
	{"calls of another numbering", do_old_numbers, DIES, DIES, false},
	{"a worker reads a foreign descriptor", do_foreign_read, DIES, WORKS, false},
	{"a worker reads a pipe that is not its own", do_read_pipe, DIES, WORKS, false},
	{"a worker writes a foreign descriptor", do_foreign_write, DIES, WORKS, false},
	{"a worker rings too long", do_long_ring, DIES, WORKS, false},
	{"a worker sets a socket's option", do_socket_option, DIES, WORKS, false},
};

/* ---- the children ---- */

enum walls { NO_WALLS, WORKER_WALLS, COLLECTOR_WALLS, ENFORCER_WALLS, HANDS_WALLS };

/* Where the enforcer's profile is another than the collector's: it makes sockets and connects them, and has neither BPF nor clients. */
static const struct {
	const char *name;
	enum expected enforcer;
} other_than_collector[] = {{"epoll_wait", DIES}, {"accept", DIES}, {"room on the disk", DIES}, {"bpf look-up", DIES}, {"bpf update", DIES}, {"socket inet", WORKS}, {"socket udp", WORKS},
			    {"socket unix", WORKS}, {"connect", WORKS}};

static enum expected expected_of(const struct call *call, enum walls walls)
{
	if (walls == WORKER_WALLS)
		return call->worker;
	for (size_t i = 0; walls == ENFORCER_WALLS && i < SK_COUNT(other_than_collector); i++)
		if (strcmp(other_than_collector[i].name, call->name) == 0)
			return other_than_collector[i].enforcer;
	return call->collector;
}

static void raise_walls(enum walls walls, bool test_run)
{
	struct sk_wall_facts facts = {0};
	struct sk_fault fault;
	const struct sk_wall_path paths[] = {{scene.inside, true}, {scene.reading, false}};
	static const enum sk_wall_profile profiles[] = {[WORKER_WALLS] = SK_WALL_WORKER, [COLLECTOR_WALLS] = SK_WALL_COLLECTOR, [ENFORCER_WALLS] = SK_WALL_ENFORCER, [HANDS_WALLS] = SK_WALL_HANDS};
	const struct sk_wall_plan plan = {.paths = paths, .path_count = SK_COUNT(paths), .files_alone = walls == ENFORCER_WALLS};
	const struct sk_wall_descriptors descriptors = {.hears = scene.bell, .rings = &scene.bell, .ring_count = 1, .reads_pipe = scene.reads_pipe, .pipe = scene.pipe[0],
						      .counts = scene.counts, .asks = scene.datagrams[1], .test_run = test_run};
	struct sk_wall_calls *calls;
	if (walls == NO_WALLS)
		return;
	fault.line[0] = '\0';
	if (sk_wall_first(false, &facts, &fault) != SK_OK || sk_wall_calls_new(profiles[walls], &descriptors, &calls, &fault) != SK_OK ||
	    (walls != HANDS_WALLS && sk_wall_close(&plan, &facts, &fault) != SK_OK) || sk_wall_calls_enter(calls, &facts, &fault) != SK_OK) {
		(void)fprintf(stderr, "%s\n", fault.line);
		_exit(251);
	}
}

/* What became of a call: its exit code, or SIGSYS as -1, another signal as -2. */
static int try_call(int (*run)(void), enum walls walls, bool test_run)
{
	int status;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		(void)signal(SIGSYS, SIG_DFL);
		raise_walls(walls, test_run);
		int failed = run();
		syscall(SYS_exit_group, failed == 0 ? 0 : failed > 250 ? 250 : failed);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status) == SIGSYS ? -1 : -2;
}

static bool as_expected(enum expected expected, int got)
{
	return expected == WORKS ? got == 0 : expected == DIES ? got == -1 : got == EACCES;
}

static int against_the_table(enum walls walls, enum walls raised)
{
	int wrong = 0;
	for (size_t i = 0; i < SK_COUNT(table); i++) {
		enum expected expected = expected_of(&table[i], walls);
		int got = try_call(table[i].run, raised, false);
		bool right = as_expected(expected, got);
		if (raised == NO_WALLS && expected != WORKS) {
			/* Without walls it must come through, and the table say that this is wrong. */
			if (right || (got != 0 && !(table[i].root && geteuid() != 0)))
				fail_msg("without walls, %s gives %d: the row proves nothing", table[i].name, got);
		} else if (raised != NO_WALLS && !right) {
			print_error("%s, %s: %d\n", walls == WORKER_WALLS ? "worker" : walls == COLLECTOR_WALLS ? "collector" : "enforcer", table[i].name, got);
		}
		wrong += !right;
	}
	return wrong;
}

static void workers(void **state)
{
	(void)state;
	assert_int_equal(against_the_table(WORKER_WALLS, WORKER_WALLS), 0);
}

static void a_worker_reads_its_pipe(void **state)
{
	(void)state;
	scene.reads_pipe = true;
	int pipe_read = try_call(do_read_pipe, WORKER_WALLS, false), heard = try_call(do_hear, WORKER_WALLS, false), foreign = try_call(do_foreign_read, WORKER_WALLS, false);
	scene.reads_pipe = false;
	assert_int_equal(pipe_read, 0);
	assert_int_equal(heard, 0);
	assert_int_equal(foreign, -1);
}

static int do_send_elsewhere(void) { return result(send(scene.datagrams[0], "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL)); }

static void a_worker_asks_for_counters(void **state)
{
	(void)state;
	scene.counts = true;
	int look_up = try_call(do_bpf_look_up, WORKER_WALLS, false), update = try_call(do_bpf_update, WORKER_WALLS, false), run = try_call(do_bpf_run, WORKER_WALLS, false),
	    ask = try_call(do_send, WORKER_WALLS, false), elsewhere = try_call(do_send_elsewhere, WORKER_WALLS, false);
	scene.counts = false;
	assert_int_equal(look_up, 0);
	assert_int_equal(ask, 0);
	assert_int_equal(elsewhere, -1);
	assert_int_equal(run, -1);
	assert_int_equal(update, scene.map < 0 ? 0 : -1);
}

static void the_collector(void **state)
{
	(void)state;
	assert_int_equal(against_the_table(COLLECTOR_WALLS, COLLECTOR_WALLS), 0);
}

static void the_enforcer(void **state)
{
	(void)state;
	assert_int_equal(against_the_table(ENFORCER_WALLS, ENFORCER_WALLS), 0);
}

/* ---- what runs programs for the enforcer: all but never.def, and the programs inherit it ---- */

static long never_number;
/* With arguments that none of them can obey, so that the twin does nothing to this machine. */
static int do_never(void) { (void)syscall(never_number, -1L, -1L, -1L, -1L, -1L, -1L); return 0; }
static int do_new_user(void) { long got = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0L, 0L, 0L, 0L); if (got == 0) _exit(0); return 0; }
static int do_raw_socket(void) { int fd = socket(AF_PACKET, SOCK_RAW, 0); return fd >= 0 ? 0 : errno; }
static int do_netlink(void) { return result(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 12)); }
/* A program does the same as a program would alone; one that does what is forbidden ends, and so its parent sees it. */
static int run_program(const char *const *words)
{
	int status;
	pid_t child = fork();
	if (child == 0) {
		(void)execv(words[0], (char *const *)(uintptr_t)words);
		_exit(127);
	}
	if (waitpid(child, &status, 0) != child)
		return errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
static int do_program(void) { return run_program((const char *const[]){"/bin/sh", "-c", "echo x | cat >/dev/null && exit 7", NULL}); }
static int do_unshare_program(void) { return run_program((const char *const[]){"/usr/bin/unshare", "-U", "/bin/true", NULL}); }

static void the_hands(void **state)
{
	static const struct { const char *name; long number; } never[] = {
#define SK_WALL_NEVER(name, why) {#name, SYS_##name},
#include "wall/never.def"
	};
	(void)state;
	for (size_t i = 0; i < SK_COUNT(never); i++) {
		never_number = never[i].number;
		if (try_call(do_never, HANDS_WALLS, false) != -1)
			fail_msg("%s comes through", never[i].name);
		/* The twin: without the filter the same call ends nobody. vhangup takes no argument and would be obeyed. */
		if (strcmp(never[i].name, "vhangup") != 0 && try_call(do_never, NO_WALLS, false) != 0)
			fail_msg("%s ends a process by itself: the row proves nothing", never[i].name);
	}
	assert_int_equal(try_call(do_new_user, HANDS_WALLS, false), -1);
	assert_int_equal(try_call(do_old_numbers, HANDS_WALLS, false), -1);
	assert_int_equal(try_call(do_type_for_you, HANDS_WALLS, false), -1);
	assert_int_equal(try_call(do_raw_socket, HANDS_WALLS, false), EAFNOSUPPORT);
	assert_int_equal(try_call(do_netlink, HANDS_WALLS, false), 0);
	assert_int_equal(try_call(do_program, HANDS_WALLS, false), 7);
	assert_int_equal(try_call(do_unshare_program, HANDS_WALLS, false), 128 + SIGSYS);
	assert_int_not_equal(try_call(do_unshare_program, NO_WALLS, false), 128 + SIGSYS);
}

/* Sabotage: no filter. Every forbidden call comes through, and the tests above would have counted it. */
static void without_walls_the_tests_are_red(void **state)
{
	(void)state;
	int forbidden = 0;
	for (size_t i = 0; i < SK_COUNT(table); i++)
		forbidden += table[i].worker != WORKS;
	assert_int_equal(against_the_table(WORKER_WALLS, NO_WALLS), forbidden);
	assert_true(against_the_table(COLLECTOR_WALLS, NO_WALLS) > 40);
	assert_true(against_the_table(ENFORCER_WALLS, NO_WALLS) > 40);
}

static void a_test_run_where_it_is_asked_for(void **state)
{
	(void)state;
	assert_int_equal(try_call(do_bpf_run, COLLECTOR_WALLS, true), 0);
	assert_int_equal(try_call(do_bpf_run, COLLECTOR_WALLS, false), -1);
	assert_int_equal(try_call(do_bpf_load, COLLECTOR_WALLS, true), -1);
	assert_int_equal(try_call(do_bpf_run, WORKER_WALLS, true), -1);
}

/* A broken invariant still says its word and ends by SIGABRT, not by the filter. */
static int do_abort(void) { sk_bug("file", 1, "condition"); }
static void a_bug_is_told(void **state)
{
	(void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	print_message("SKIP: the sanitizer's own abort makes calls that no profile allows\n");
	skip();
#endif
	for (int walls = WORKER_WALLS; walls <= ENFORCER_WALLS; walls++) {
		int ends[2], status;
		char said[256];
		assert_int_equal(pipe(ends), 0);
		pid_t child = fork();
		if (child == 0) {
			(void)dup2(ends[1], STDERR_FILENO);
			(void)signal(SIGABRT, SIG_DFL);
			raise_walls((enum walls)walls, false);
			(void)do_abort();
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
		ssize_t length = read(ends[0], said, sizeof said - 1);
		assert_true(length > 0);
		said[length] = '\0';
		assert_non_null(strstr(said, "file:1: condition"));
		(void)close(ends[0]), (void)close(ends[1]);
	}
}

/* ---- Landlock alone ---- */

static int do_abstract(void)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int length = snprintf(to.sun_path + 1, sizeof to.sun_path - 1, "sk-wall-%d", (int)getppid());
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	return result(connect(fd, (struct sockaddr *)&to, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length)));
}
static int do_tcp_connect(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(1)};
	int failed = result(connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&to, sizeof to));
	return failed == ECONNREFUSED ? 0 : failed;
}
static int do_tcp_bind(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	return result(bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&to, sizeof to));
}

static int behind_landlock(int (*run)(void), bool raised, bool abstract)
{
	int status;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct sk_wall_facts facts = {0};
		struct sk_fault fault;
		const struct sk_wall_path path = {scene.inside, true};
		const struct sk_wall_plan plan = {.paths = &path, .path_count = 1, .abstract_sockets = abstract};
		if (raised && (sk_wall_first(false, &facts, &fault) != SK_OK || sk_wall_close(&plan, &facts, &fault) != SK_OK))
			_exit(251);
		int failed = run();
		_exit(failed > 250 ? 250 : failed);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int landlock_abi(void)
{
	long abi = syscall(444, NULL, 0, 1);
	return abi < 1 ? 0 : (int)abi;
}

static void landlock_holds_by_itself(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		int (*run)(void);
		int abi, expected;
	} cases[] = {{"read outside", do_read_outside, 1, EACCES}, {"write outside", do_write_outside, 1, EACCES}, {"symlink inside", do_link, 1, EACCES}, {"fifo inside", do_device, 1, EACCES},
		     {"execute", do_execute, 1, EACCES}, {"connect", do_tcp_connect, 4, EACCES}, {"bind", do_tcp_bind, 4, EACCES}, {"abstract socket", do_abstract, 6, EPERM}, {"signal", do_signal, 6, EPERM},
		     {"read inside", do_read_inside, 1, 0}, {"write inside", do_write_inside, 1, 0}, {"rename inside", do_rename_inside, 2, 0}};
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int length = snprintf(at.sun_path + 1, sizeof at.sun_path - 1, "sk-wall-%d", (int)getpid()), fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length)), 0);
	assert_int_equal(listen(fd, 64), 0);
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		if (landlock_abi() < cases[i].abi) {
			print_message("this kernel's Landlock (ABI %d) does not have: %s\n", landlock_abi(), cases[i].name);
			continue;
		}
		int got = behind_landlock(cases[i].run, true, false);
		if (got != cases[i].expected)
			fail_msg("%s: %d, expected %d", cases[i].name, got, cases[i].expected);
		assert_int_equal(behind_landlock(cases[i].run, false, false), 0); /* the twin: without it, all come through */
	}
	if (landlock_abi() >= 6)
		assert_int_equal(behind_landlock(do_abstract, true, true), 0); /* a manager on an abstract socket is reached */
	(void)close(fd);
}

/* What stands is told, and what this kernel lacks is told as absent. */
static void facts_say_what_stands(void **state)
{
	(void)state;
	int status;
	pid_t child = fork();
	if (child == 0) {
		struct sk_wall_facts facts = {0};
		struct sk_fault fault;
		const struct sk_wall_path path = {scene.inside, true};
		bool right = sk_wall_first(false, &facts, &fault) == SK_OK && facts.state[SK_WALL_MEMORY] == SK_WALL_DOWN && facts.state[SK_WALL_FILES] == SK_WALL_DOWN;
		right = right && sk_wall_close(&(struct sk_wall_plan){.paths = &path, .path_count = 1}, &facts, &fault) == SK_OK;
		int abi = facts.landlock_abi;
		right = right && facts.state[SK_WALL_FILES] == (abi >= 1 ? SK_WALL_STANDS : SK_WALL_ABSENT) && facts.state[SK_WALL_PORTS] == (abi >= 4 ? SK_WALL_STANDS : SK_WALL_ABSENT);
		right = right && facts.state[SK_WALL_SCOPE] == (abi >= 6 ? SK_WALL_STANDS : SK_WALL_ABSENT) && facts.state[SK_WALL_CAPABILITIES] == SK_WALL_STANDS;
		struct sk_wall_calls *calls;
		right = right && sk_wall_calls_new(SK_WALL_COLLECTOR, &(struct sk_wall_descriptors){.hears = -1}, &calls, &fault) == SK_OK && sk_wall_calls_enter(calls, &facts, &fault) == SK_OK && facts.state[SK_WALL_SYSTEM_CALLS] == SK_WALL_STANDS;
		syscall(SYS_exit_group, right ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	for (int wall = 0; wall < SK_WALL_COUNT; wall++)
		assert_true(sk_wall_name((enum sk_wall)wall)[0] != '\0' && sk_wall_means((enum sk_wall)wall)[0] != '\0');
}

static void a_path_that_is_not_there(void **state)
{
	(void)state;
	int status;
	pid_t child = fork();
	if (child == 0) {
		struct sk_wall_facts facts = {0};
		struct sk_fault fault;
		const struct sk_wall_path path = {"/nowhere/at/all", false};
		enum sk_err err = sk_wall_first(false, &facts, &fault);
		err = err == SK_OK ? sk_wall_close(&(struct sk_wall_plan){.paths = &path, .path_count = 1}, &facts, &fault) : err;
		_exit(landlock_abi() == 0 || (err == SK_ENOENT && strstr(fault.line, "/nowhere/at/all") != NULL) ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* ---- set-up ---- */

static void make_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0644);
	assert_true(fd >= 0 && write(fd, "content", 7) == 7);
	(void)close(fd);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(scene.folder, "/tmp/sk-wall-XXXXXX");
	assert_non_null(mkdtemp(scene.folder));
	(void)snprintf(scene.inside, sizeof scene.inside, "%s/inside", scene.folder);
	(void)snprintf(scene.outside, sizeof scene.outside, "%s/outside", scene.folder);
	(void)snprintf(scene.reading, sizeof scene.reading, "%s/reading", scene.folder);
	(void)snprintf(scene.file, sizeof scene.file, "%s/file", scene.inside);
	(void)snprintf(scene.other, sizeof scene.other, "%s/other", scene.inside);
	(void)snprintf(scene.readable, sizeof scene.readable, "%s/file", scene.reading);
	(void)snprintf(scene.secret, sizeof scene.secret, "%s/file", scene.outside);
	assert_int_equal(mkdir(scene.inside, 0755) | mkdir(scene.outside, 0755) | mkdir(scene.reading, 0755), 0);
	make_file(scene.file), make_file(scene.readable), make_file(scene.secret);
	scene.bell = eventfd(0, EFD_NONBLOCK);
	if (pipe2(scene.pipe, O_NONBLOCK) != 0)
		return -1;
	scene.null = open("/dev/null", O_RDWR);
	scene.epoll = epoll_create1(0);
	scene.foreign = socket(AF_INET6, SOCK_DGRAM, 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, scene.datagrams), 0);
	scene.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(scene.listener, (const struct sockaddr *)&(struct sockaddr_un){.sun_family = AF_UNIX}, sizeof(sa_family_t)), 0);
	assert_int_equal(listen(scene.listener, 1), 0);
	union bpf_attr map = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1};
	scene.map = (int)bpf(BPF_MAP_CREATE, &map); /* without root there is none, and its rows say nothing */
	scene.victim = fork();
	if (scene.victim == 0)
		for (;;)
			(void)pause();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	(void)kill(scene.victim, SIGKILL);
	(void)waitpid(scene.victim, NULL, 0);
	(void)unlink(scene.file), (void)unlink(scene.other), (void)unlink(scene.readable), (void)unlink(scene.secret);
	char made[160];
	(void)snprintf(made, sizeof made, "%s/new", scene.outside), (void)unlink(made);
	(void)rmdir(scene.inside), (void)rmdir(scene.outside), (void)rmdir(scene.reading), (void)rmdir(scene.folder);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(workers), cmocka_unit_test(a_worker_reads_its_pipe), cmocka_unit_test(a_worker_asks_for_counters), cmocka_unit_test(the_collector), cmocka_unit_test(the_enforcer), cmocka_unit_test(the_hands), cmocka_unit_test(without_walls_the_tests_are_red), cmocka_unit_test(a_test_run_where_it_is_asked_for),
		cmocka_unit_test(a_bug_is_told), cmocka_unit_test(landlock_holds_by_itself), cmocka_unit_test(facts_say_what_stands), cmocka_unit_test(a_path_that_is_not_there),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
