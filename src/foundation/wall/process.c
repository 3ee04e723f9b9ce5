/* SPDX-License-Identifier: Apache-2.0 */
/* Core files, memory, user, capabilities. */
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/prctl.h>
#include <linux/securebits.h>
#include <pwd.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "wall/wall_priv.h"

enum { CAPABILITY_WORDS = 2, CAPABILITIES_MAX = 64, STACK_TOUCHED = 512 * 1024 };

/* ---- names ---- */

static const struct {
	const char *name, *means;
} walls[] = {
#define SK_WALL(symbol, name_, means_) {name_, means_},
#include "wall/wall.def"
};

const char *sk_wall_name(enum sk_wall wall)
{
	return walls[wall].name;
}

const char *sk_wall_means(enum sk_wall wall)
{
	return walls[wall].means;
}

const char *sk_wall_state_name(enum sk_wall_state state)
{
	static const char *const names[] = {"down", "stands", "absent"};
	return names[state];
}

/* ---- first ---- */

static const char advice[] = "give the service LimitMEMLOCK=infinity, or start it with CAP_IPC_LOCK";

/* When the right to lock is given up the limit alone counts: it is raised while that is possible, and memory that is locked to the end of the run must not run into it. */
static enum sk_err lock_all_memory(struct sk_wall_facts *facts, struct sk_fault *fault)
{
	struct rlimit limit = {.rlim_cur = 0};
	if (setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY}) != 0 && (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur != RLIM_INFINITY))
		return sk_fault_set(fault, SK_EIO, "memory.lock: all: the limit for locked memory is %llu KiB and cannot be raised, so memory could not grow later; give the service LimitMEMLOCK=infinity, or say frames",
				    (unsigned long long)limit.rlim_cur / 1024);
	if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0)
		return sk_fault_errno(fault, errno, "memory cannot be locked (memory.lock: all); %s", advice);
	facts->state[SK_WALL_MEMORY] = SK_WALL_STANDS;
	return SK_OK;
}

/* Behind the lock a stack cannot grow past what it had touched: growing would lock more than the limit that is left. A reload reads notes of dozens of kilobytes from deep
   within the loop. (memory.lock: all has no limit.) */
__attribute__((noinline)) static void touch_stack(void)
{
	volatile uint8_t room[STACK_TOUCHED];
	for (size_t i = 0; i < sizeof room; i += 1024)
		room[i] = 0;
}

enum sk_err sk_wall_lock_present(struct sk_wall_facts *facts, struct sk_fault *fault)
{
	touch_stack();
	if (mlockall(MCL_CURRENT) != 0)
		return sk_fault_errno(fault, errno, "memory for frames cannot be locked (memory.lock: frames); %s", advice);
	facts->state[SK_WALL_MEMORY] = SK_WALL_STANDS;
	return SK_OK;
}

enum sk_err sk_wall_first(bool lock_all, struct sk_wall_facts *facts, struct sk_fault *fault)
{
	if (setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}) != 0)
		return sk_fault_errno(fault, errno, "core files cannot be switched off");
	facts->state[SK_WALL_CORE] = SK_WALL_STANDS;
	if (prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L) != 0)
		return sk_fault_errno(fault, errno, "the process cannot be made undumpable");
	facts->state[SK_WALL_DUMPABLE] = SK_WALL_STANDS;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) != 0)
		return sk_fault_errno(fault, errno, "new privileges cannot be given up");
	facts->state[SK_WALL_PRIVILEGES] = SK_WALL_STANDS;
	return lock_all ? lock_all_memory(facts, fault) : SK_OK;
}

/* ---- capabilities: the kernel's own calls; libcap would wrap three of them ---- */

/* Exactly these, permitted and effective; none is inheritable. */
static int set_capabilities(uint64_t set)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[CAPABILITY_WORDS];
	for (size_t i = 0; i < CAPABILITY_WORDS; i++)
		data[i] = (struct __user_cap_data_struct){.effective = (uint32_t)(set >> 32 * i), .permitted = (uint32_t)(set >> 32 * i)};
	return syscall(SYS_capset, &header, data) == 0 ? 0 : errno;
}

static int get_capabilities(uint64_t *permitted)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[CAPABILITY_WORDS];
	if (syscall(SYS_capget, &header, data) != 0)
		return errno;
	*permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	return 0;
}

/* What no process of ours shall ever get: all but keep. Needs CAP_SETPCAP; without it no_new_privs holds the same. */
static void drop_bounds(uint64_t keep)
{
	for (unsigned long cap = 0; cap < CAPABILITIES_MAX && prctl(PR_CAPBSET_READ, cap, 0L, 0L, 0L) >= 0; cap++)
		if ((keep >> cap & 1) == 0)
			(void)prctl(PR_CAPBSET_DROP, cap, 0L, 0L, 0L);
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0L, 0L, 0L);
}

/* ---- another user ---- */

static enum sk_err look_up(const char *user, const char *group, uid_t *uid, gid_t *gid, struct sk_fault *fault)
{
	const struct passwd *who = getpwnam(user);
	if (who == NULL)
		return sk_fault_set(fault, SK_EUSAGE, "user: '%s' does not exist on this host; systemd-sysusers makes the one of packaging/sekisho.sysusers", user);
	*uid = who->pw_uid;
	const struct group *what = getgrnam(group);
	if (what == NULL)
		return sk_fault_set(fault, SK_EUSAGE, "group: '%s' does not exist on this host; systemd-sysusers makes the one of packaging/sekisho.sysusers", group);
	*gid = what->gr_gid;
	if (*uid == 0 || *gid == 0)
		return sk_fault_set(fault, SK_EUSAGE, "user, group: root is no user to become; name another");
	return SK_OK;
}

static enum sk_err switch_user(uid_t uid, gid_t gid, struct sk_fault *fault)
{
	if (prctl(PR_SET_KEEPCAPS, 1L, 0L, 0L, 0L) != 0 || setgroups(1, &gid) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0 ||
	    prctl(PR_SET_KEEPCAPS, 0L, 0L, 0L, 0L) != 0)
		return sk_fault_errno(fault, errno, "the user cannot be changed");
	return SK_OK;
}

enum sk_err sk_wall_become(const char *user, const char *group, uint64_t keep, struct sk_wall_facts *facts, struct sk_fault *fault)
{
	uid_t uid = 0;
	gid_t gid = 0;
	uint64_t permitted = 0;
	SK_TRY(sk_wall_alone(fault));
	SK_TRY(look_up(user, group, &uid, &gid, fault));
	if (geteuid() == 0) {
		drop_bounds(keep | UINT64_C(1) << CAP_SETPCAP);
		SK_TRY(switch_user(uid, gid, fault));
	} else if (geteuid() != uid || getegid() != gid) {
		return sk_fault_set(fault, SK_EPERMIT, "user, group: this is another user than '%s', group '%s', and only root can change that; start it as one of the two", user, group);
	}
	int failed = get_capabilities(&permitted);
	/* CAP_SETPCAP stays until the end, to close the bounding set. */
	if (failed == 0)
		failed = set_capabilities(permitted & (keep | UINT64_C(1) << CAP_SETPCAP));
	/* A change of user makes the process dumpable again, as the host is set up. */
	if (failed == 0 && prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L) != 0)
		failed = errno;
	if (failed != 0)
		return sk_fault_errno(fault, failed, "capabilities cannot be reduced");
	facts->state[SK_WALL_USER] = SK_WALL_STANDS;
	return SK_OK;
}

/* Children get what is inheritable and ambient: exactly keep. */
enum sk_err sk_wall_hand_over(const char *user, const char *group, uint64_t keep, struct sk_wall_facts *facts, struct sk_fault *fault)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[CAPABILITY_WORDS];
	uint64_t permitted = 0;
	SK_TRY(sk_wall_become(user, group, keep, facts, fault));
	int failed = get_capabilities(&permitted);
	if (failed == 0 && (permitted & keep) != keep)
		return sk_fault_set(fault, SK_EPERMIT, "capabilities are missing (%#llx of %#llx); give the service AmbientCapabilities=, or start it as root", (unsigned long long)(permitted & keep),
				    (unsigned long long)keep);
	drop_bounds(keep);
	for (size_t i = 0; i < CAPABILITY_WORDS; i++) {
		uint32_t word = (uint32_t)(keep >> 32 * i);
		data[i] = (struct __user_cap_data_struct){.effective = word, .permitted = word, .inheritable = word};
	}
	if (failed == 0 && syscall(SYS_capset, &header, data) != 0)
		failed = errno;
	for (unsigned long cap = 0; failed == 0 && cap < CAPABILITIES_MAX; cap++)
		if ((keep >> cap & 1) != 0 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0L, 0L) != 0)
			failed = errno;
	if (failed != 0)
		return sk_fault_errno(fault, failed, "capabilities cannot be handed to children");
	facts->state[SK_WALL_CAPABILITIES] = SK_WALL_STANDS;
	return SK_OK;
}

enum sk_err sk_wall_no_capabilities(struct sk_wall_facts *facts, struct sk_fault *fault)
{
	uint64_t left = 0;
	drop_bounds(0);
	int failed = set_capabilities(0);
	if (failed == 0)
		failed = get_capabilities(&left);
	if (failed != 0)
		return sk_fault_errno(fault, failed, "capabilities cannot be given up");
	/* Root without capabilities still owns the host's files, and could become anything by a set-user-ID program, but for no_new_privs: so it counts only together with it. */
	SK_INVARIANT(left == 0);
	if (prctl(PR_GET_NO_NEW_PRIVS, 0L, 0L, 0L, 0L) != 1)
		return sk_fault_set(fault, SK_EIO, "no_new_privs does not stand; sk_wall_first comes before");
	facts->state[SK_WALL_CAPABILITIES] = SK_WALL_STANDS;
	return SK_OK;
}
