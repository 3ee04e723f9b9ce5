/* SPDX-License-Identifier: Apache-2.0 */
/* wall: what a process gives up when its set-up is over, so that whoever takes it over by a frame finds nothing to do: core files, swap space, user, capabilities, files and ports (Landlock),
   system calls (seccomp, a profile each for workers, the collector, the enforcer, and what runs programs for it).
   Promises: a wall that is asked for stands, or the kernel does not have it and *facts says so, or the call fails: nothing is half up unseen. None can be taken down again.
   Never: makes a thread, reads a configuration. Thread rule: all but sk_wall_calls_enter while the process has one thread; threads that are made later inherit. rule: WALL-1 */
#ifndef SK_WALL_H
#define SK_WALL_H

#include "base/base.h"

enum sk_wall {
#define SK_WALL(symbol, name, means) SK_WALL_##symbol,
#include "wall/wall.def"
	SK_WALL_COUNT
};
enum sk_wall_state { SK_WALL_DOWN /* not raised (yet) */, SK_WALL_STANDS, SK_WALL_ABSENT /* this kernel does not have it */ };
struct sk_wall_facts {
	enum sk_wall_state state[SK_WALL_COUNT];
	int landlock_abi; /* 0: none */
};

/* Name and meaning of a wall. Static storage. */
const char *sk_wall_name(enum sk_wall wall);
/* The meaning. */
const char *sk_wall_means(enum sk_wall wall);
/* "down", "stands", "absent". */
const char *sk_wall_state_name(enum sk_wall_state state);

/* ---- first: before any frame, key or file ---- */

/* No core file, not dumpable, no new privileges; lock_all: all memory, now and later, for which the process' limit must
   be none (RLIMIT_MEMLOCK, raised as far as it can be): when the right to lock is given up, memory could not grow otherwise. SK_EIO (locking: says which limit to raise). */
SK_MUST enum sk_err sk_wall_first(bool lock_all, struct sk_wall_facts *facts, struct sk_fault *fault);
/* For memory.lock: frames. Lock all that is there now, with so much of the calling thread's stack as it will ever need, and nothing that comes: to be called when the areas
   for frames and flows stand, and the right to lock is not given up yet. SK_EIO. */
SK_MUST enum sk_err sk_wall_lock_present(struct sk_wall_facts *facts, struct sk_fault *fault);

/* ---- then: another user, who keeps what set-up still needs ---- */

/* Become user and group (names), with the capabilities of keep (bits 1 << CAP_x) and no others, and no other groups. As root, or as that user already. SK_EUSAGE (no such user or group, root, more
   than one thread), SK_EPERMIT (not root, and another user), SK_EIO. */
SK_MUST enum sk_err sk_wall_become(const char *user, const char *group, uint64_t keep, struct sk_wall_facts *facts, struct sk_fault *fault);

/* As sk_wall_become, for a process whose work is done by programs that it runs: they get exactly keep too, and nothing more can be had. SK_EPERMIT also where a right of keep is missing. */
SK_MUST enum sk_err sk_wall_hand_over(const char *user, const char *group, uint64_t keep, struct sk_wall_facts *facts, struct sk_fault *fault);

/* ---- when set-up is over ---- */

struct sk_wall_path {
	const char *path;   /* a folder with all below it, or a file */
	bool write;         /* also make, write, rename, remove; else read alone */
	bool run;           /* also run what lies there (sk_wall_fence) */
};
struct sk_wall_plan {
	const struct sk_wall_path *paths; /* nothing else can be opened. A file that is replaced needs its folder here */
	size_t path_count;
	bool abstract_sockets;            /* the service manager's socket is an abstract one: leave that half of the scope open */
	bool files_alone;                 /* ports and scope stay open (sk_wall_fence sets it) */
};
/* Landlock as far as this kernel has it, then no capability at all. SK_ENOENT (a path), SK_EUSAGE (more than one thread), SK_EIO. */
SK_MUST enum sk_err sk_wall_close(const struct sk_wall_plan *plan, struct sk_wall_facts *facts, struct sk_fault *fault);

/* For a process whose work is done by programs that it runs: Landlock for files alone, as its children inherit it. Rights stay as sk_wall_hand_over left them. SK_ENOENT (a path), SK_EUSAGE (more
   than one thread), SK_EIO. */
SK_MUST enum sk_err sk_wall_fence(const struct sk_wall_plan *plan, struct sk_wall_facts *facts, struct sk_fault *fault);

/* ---- last: each thread for itself ---- */

/* HANDS: what runs programs for the enforcer; inherited by them. All but the calls of never.def; of the others each names what it may do, and nothing else. */
enum sk_wall_profile { SK_WALL_WORKER, SK_WALL_COLLECTOR, SK_WALL_ENFORCER, SK_WALL_HANDS };
enum { SK_WALL_BELLS_MAX = 320 };
/* Of a worker: the eventfd that it reads (-1: none) and those that it writes, 8 bytes at a time; a pipe that its frames come from, which it reads; whether it takes its link's counters. Of the collector: may it run a loaded BPF program over frames of its own, as the self-test
   after a reload does? */
struct sk_wall_descriptors {
	int hears;
	const int *rings;
	size_t ring_count;
	bool reads_pipe;
	int pipe;
	bool counts;        /* of a worker: it asks the kernel for its link's counters: looks up in maps, and asks over the socket asks */
	int asks;
	bool test_run;
};

struct sk_wall_calls; /* opaque: a filter, ready */

/* Make the filter of a profile from syscall.def, or never.def. SK_ENOMEM, SK_EIO. Any thread, one at a time; caller frees. */
SK_MUST enum sk_err sk_wall_calls_new(enum sk_wall_profile profile, const struct sk_wall_descriptors *descriptors, struct sk_wall_calls **out, struct sk_fault *fault);
/* From now on the calling thread makes the calls of its profile alone; any other ends the process with SIGSYS. Allocates nothing; threads may call it at the same time, each with a filter of
   its own. facts: NULL for all threads but one. SK_EIO. */
SK_MUST enum sk_err sk_wall_calls_enter(const struct sk_wall_calls *calls, struct sk_wall_facts *facts, struct sk_fault *fault);
/* NULL is fine. */
void sk_wall_calls_free(struct sk_wall_calls *calls);

#endif
