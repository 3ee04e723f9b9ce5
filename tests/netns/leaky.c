/* SPDX-License-Identifier: Apache-2.0 */
/* The saboteur of the namespace tests, linked in front of parts of the program (tests/netns/meson.build): a sekisho that breaks its promises on purpose, so that the tests are
   seen to find it out. SEKISHO_SABOTAGE names what is broken:
     table  the kernel's table calls every address foreign, so the kernel lets everything pass; the self-test must refuse it
     leak   the same, the self-test is silenced, and nothing is overwritten any more: neither by the gate in user space nor by the rings
     clock  no sabotage: the wall clock is off by as many seconds as stand in the file that SEKISHO_CLOCK names (8 bytes), at any moment; for the soak
     WHO-socket, WHO-open, WHO-exec   somebody has taken over a worker's thread (worker) or the collector's, and tries to talk, to read, to run */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "emit/serve.h"
#include "live/live_priv.h"

void __real_live_table_write(const struct sk_border *border, unsigned covered, struct live_node *nodes, size_t first, struct live_table_head *head);
void __wrap_live_table_write(const struct sk_border *border, unsigned covered, struct live_node *nodes, size_t first, struct live_table_head *head);
enum sk_err __real_live_selftest(const struct live_program *program, const struct sk_border *border, unsigned covered, unsigned *frames, struct sk_fault *fault);
enum sk_err __wrap_live_selftest(const struct live_program *program, const struct sk_border *border, unsigned covered, unsigned *frames, struct sk_fault *fault);
void __real_sk_wipe(void *bytes, size_t length);
void __wrap_sk_wipe(void *bytes, size_t length);
enum sk_err __real_sk_live_next(struct sk_live *live, unsigned port, struct sk_frame *frames, size_t *count, int wait_ms, struct sk_fault *fault);
enum sk_err __wrap_sk_live_next(struct sk_live *live, unsigned port, struct sk_frame *frames, size_t *count, int wait_ms, struct sk_fault *fault);
void __real_sk_serve_turn(struct sk_serve *serve);
void __wrap_sk_serve_turn(struct sk_serve *serve);
struct sk_clock __real_sk_clock_system(void);
struct sk_clock __wrap_sk_clock_system(void);

static bool sabotage(const char *what)
{
	const char *wanted = getenv("SEKISHO_SABOTAGE");
	return wanted != NULL && strcmp(wanted, what) == 0;
}

void __wrap_live_table_write(const struct sk_border *border, unsigned covered, struct live_node *nodes, size_t first, struct live_table_head *head)
{
	__real_live_table_write(border, covered, nodes, first, head);
	if (!sabotage("table") && !sabotage("leak"))
		return;
	head->covered = 7;
	for (size_t i = 0; i < (size_t)head->nodes4 + head->nodes6; i++)
		memset(nodes[first + i].words, 0xaa, sizeof nodes[first + i].words);
}

enum sk_err __wrap_live_selftest(const struct live_program *program, const struct sk_border *border, unsigned covered, unsigned *frames, struct sk_fault *fault)
{
	return sabotage("leak") ? SK_OK : __real_live_selftest(program, border, covered, frames, fault);
}

void __wrap_sk_wipe(void *bytes, size_t length)
{
	if (!sabotage("leak"))
		__real_sk_wipe(bytes, length);
}

static void say(const char *words)
{
	(void)!write(STDERR_FILENO, words, strlen(words));
}

/* What the walls forbid. A call that does not end the process is told. */
static void try_what(const char *socket_word, const char *open_word, const char *exec_word)
{
	static char *const nothing[] = {NULL};
	if (sabotage(socket_word) && socket(AF_INET, SOCK_STREAM, 0) >= 0)
		say("the saboteur came through\n");
	if (sabotage(open_word))
		say(open("/etc/passwd", O_RDONLY) >= 0 ? "the saboteur came through\n" : "the file was not opened\n");
	if (sabotage(exec_word)) {
		(void)execve("/bin/true", nothing, nothing);
		say("the saboteur came through\n");
	}
}

enum sk_err __wrap_sk_live_next(struct sk_live *live, unsigned port, struct sk_frame *frames, size_t *count, int wait_ms, struct sk_fault *fault)
{
	try_what("worker-socket", "worker-open", "worker-exec");
	return __real_sk_live_next(live, port, frames, count, wait_ms, fault);
}

void __wrap_sk_serve_turn(struct sk_serve *serve)
{
	try_what("collector-socket", "collector-open", "collector-exec");
	__real_sk_serve_turn(serve);
}

static struct sk_clock right_clock;
static const volatile int64_t *seconds_off;

static int64_t wrong_unix_ns(void *context)
{
	return right_clock.unix_ns(context) + *seconds_off * 1000000000;
}

struct sk_clock __wrap_sk_clock_system(void)
{
	struct sk_clock clock = right_clock = __real_sk_clock_system();
	const char *path = getenv("SEKISHO_CLOCK");
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *map = fd >= 0 ? mmap(NULL, sizeof *seconds_off, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
	if (map == MAP_FAILED)
		return clock;
	seconds_off = map;
	clock.unix_ns = wrong_unix_ns;
	return clock;
}
