/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp from the table, by libseccomp: it knows the numbers of each machine, and sorts the filter so that a frequent call costs little. It writes the filter once; loading it is one system
   call, so that threads need no lock: libseccomp promises none of its own. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "wall/wall_priv.h"

enum rule { RULE_NO, RULE_YES, RULE_BELL, RULE_ABORT, RULE_DATA, RULE_PLAIN, RULE_BPF, RULE_COUNT, RULE_ASK, RULE_TERMINAL, RULE_WAITING, RULE_FAMILY };
enum { BPF_LOOK_UP = 1, BPF_UPDATE = 2, BPF_TEST_RUN = 10, ASK_TERMINAL = 0x5401 /* TCGETS */, SET_WAITING = 0x5421 /* FIONBIO */, TYPE_INTO_TERMINAL = 0x5412 /* TIOCSTI */, BELL_BYTES = 8, SORTED_TREE = 2 };

static const struct call {
	const char *name;
	enum rule rules[3]; /* by profile */
} table[] = {
#define SK_WALL_CALL(name, worker, collector, enforcer, why) {#name, {[SK_WALL_WORKER] = RULE_##worker, [SK_WALL_COLLECTOR] = RULE_##collector, [SK_WALL_ENFORCER] = RULE_##enforcer}},
#include "wall/syscall.def"
};

static const char *const never[] = {
#define SK_WALL_NEVER(name, why) #name,
#include "wall/never.def"
};

struct sk_wall_calls {
	struct sock_fprog program;
	struct sock_filter filter[BPF_MAXINSNS];
};

static int add_bell(scmp_filter_ctx filter, int number, int bell)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 2, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)bell), SCMP_A2(SCMP_CMP_EQ, BELL_BYTES));
}

/* A worker reads its bell, and perhaps a pipe with frames, and writes those of others, 8 bytes at a time; and says a last word on standard error. */
static int add_bells(scmp_filter_ctx filter, int number, bool write, const struct sk_wall_descriptors *descriptors)
{
	int failed = 0;
	if (!write && descriptors->reads_pipe)
		failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)descriptors->pipe));
	if (!write)
		return failed == 0 && descriptors->hears >= 0 ? add_bell(filter, number, descriptors->hears) : failed;
	for (size_t i = 0; i < descriptors->ring_count && failed == 0; i++)
		failed = add_bell(filter, number, descriptors->rings[i]);
	return failed != 0 ? failed : seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1, SCMP_A0(SCMP_CMP_EQ, STDERR_FILENO));
}

static int add_bpf(scmp_filter_ctx filter, int number, const struct sk_wall_descriptors *descriptors)
{
	static const scmp_datum_t commands[] = {BPF_LOOK_UP, BPF_UPDATE, BPF_TEST_RUN};
	size_t count = descriptors->test_run ? SK_COUNT(commands) : SK_COUNT(commands) - 1;
	for (size_t i = 0; i < count; i++) {
		int failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1, SCMP_A0(SCMP_CMP_EQ, commands[i]));
		if (failed != 0)
			return failed;
	}
	return 0;
}

/* One worker a link takes the counters of what stands in front of it. With no capability left, the socket answers questions alone. */
static int add_count(scmp_filter_ctx filter, int number, bool bpf, const struct sk_wall_descriptors *descriptors)
{
	if (!descriptors->counts)
		return 0;
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1, SCMP_A0(SCMP_CMP_EQ, bpf ? (scmp_datum_t)BPF_LOOK_UP : (scmp_datum_t)descriptors->asks));
}

static int add_asks(scmp_filter_ctx filter, int number, bool waiting)
{
	int failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1, SCMP_A1(SCMP_CMP_EQ, ASK_TERMINAL));
	return failed != 0 || !waiting ? failed : seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1, SCMP_A1(SCMP_CMP_EQ, SET_WAITING));
}

static const scmp_datum_t families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
enum { FAMILIES_OF_ENFORCER = 3 }; /* netlink is for its hands */

static int add_families(scmp_filter_ctx filter, int number)
{
	int failed = 0;
	for (size_t i = 0; i < FAMILIES_OF_ENFORCER && failed == 0; i++)
		failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1, SCMP_A0(SCMP_CMP_EQ, families[i]));
	return failed;
}

static int add_call(scmp_filter_ctx filter, const struct call *call, enum rule rule, const struct sk_wall_descriptors *descriptors)
{
	int number = seccomp_syscall_resolve_name(call->name);
	SK_INVARIANT(number != __NR_SCMP_ERROR); /* a name that libseccomp does not know is a slip in the table */
	if (number < 0 || rule == RULE_NO)       /* this machine does not have the call: aarch64 has no open(2) */
		return 0;
	switch (rule) {
	case RULE_NO: return 0;
	case RULE_YES: return seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
	case RULE_BELL: return add_bells(filter, number, strcmp(call->name, "write") == 0, descriptors);
	case RULE_ABORT: return seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1, SCMP_A2(SCMP_CMP_EQ, SIGABRT));
	case RULE_DATA: return seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	case RULE_PLAIN:
		return seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 2, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0), SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));
	case RULE_BPF: return add_bpf(filter, number, descriptors);
	case RULE_COUNT: return add_count(filter, number, strcmp(call->name, "bpf") == 0, descriptors);
	case RULE_ASK: return seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1, SCMP_A2(SCMP_CMP_EQ, 0));
	case RULE_FAMILY: return add_families(filter, number);
	case RULE_TERMINAL: return add_asks(filter, number, false);
	case RULE_WAITING: return add_asks(filter, number, true);
	}
	return 0;
}

/* The filter as the kernel takes it. A memory file: a pipe could be too short for it. */
static int export_filter(scmp_filter_ctx filter, struct sk_wall_calls *calls)
{
	int fd = memfd_create("seccomp", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	int failed = seccomp_export_bpf(filter, fd);
	off_t length = failed == 0 ? lseek(fd, 0, SEEK_END) : 0;
	if (failed == 0 && (length <= 0 || (size_t)length > sizeof calls->filter || pread(fd, calls->filter, (size_t)length, 0) != length))
		failed = -E2BIG;
	(void)close(fd);
	calls->program = (struct sock_fprog){.len = (unsigned short)((size_t)length / sizeof calls->filter[0]), .filter = calls->filter};
	return failed;
}

/* A socket of another family does not exist there, as for systemd's RestrictAddressFamilies. Rules for one call are a list of "not this family", so it is one rule that lies beyond all of them, and
   the gaps between. AF_UNIX 1, AF_INET 2, AF_INET6 10, AF_NETLINK 16. */
static int refuse_families(scmp_filter_ctx filter)
{
	const uint32_t refuse = SCMP_ACT_ERRNO(EAFNOSUPPORT);
	int failed = seccomp_rule_add(filter, refuse, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_GT, AF_NETLINK));
	for (scmp_datum_t family = 0; family < AF_NETLINK && failed == 0; family++) {
		bool known = false;
		for (size_t i = 0; i < SK_COUNT(families); i++)
			known = known || families[i] == family;
		failed = known ? 0 : seccomp_rule_add(filter, refuse, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, family));
	}
	return failed;
}

/* All but what never.def names; no new namespace by clone either, whose newer form hides its flags and so is not there (the C library then takes the older one). */
static int add_never(scmp_filter_ctx filter)
{
	static const scmp_datum_t spaces[] = {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWNET, CLONE_NEWPID, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP};
	int failed = 0;
	for (size_t i = 0; i < SK_COUNT(never) && failed == 0; i++) {
		int number = seccomp_syscall_resolve_name(never[i]);
		SK_INVARIANT(number != __NR_SCMP_ERROR);
		failed = number < 0 ? 0 : seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, number, 0);
	}
	for (size_t i = 0; i < SK_COUNT(spaces) && failed == 0; i++)
		failed = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, spaces[i], spaces[i]));
	if (failed == 0)
		failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (failed == 0)
		failed = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, TYPE_INTO_TERMINAL));
	return failed == 0 ? refuse_families(filter) : failed;
}

static int add_table(scmp_filter_ctx filter, enum sk_wall_profile profile, const struct sk_wall_descriptors *descriptors)
{
	int failed = 0;
	for (size_t i = 0; i < SK_COUNT(table) && failed == 0; i++)
		failed = add_call(filter, &table[i], table[i].rules[profile], descriptors);
	return failed;
}

enum sk_err sk_wall_calls_new(enum sk_wall_profile profile, const struct sk_wall_descriptors *descriptors, struct sk_wall_calls **out, struct sk_fault *fault)
{
	SK_INVARIANT(descriptors->ring_count <= SK_WALL_BELLS_MAX);
	scmp_filter_ctx filter = seccomp_init(profile == SK_WALL_HANDS ? SCMP_ACT_ALLOW : SCMP_ACT_KILL_PROCESS);
	struct sk_wall_calls *made = calloc(1, sizeof *made);
	*out = NULL;
	/* Calls of another machine's numbering (32 bit, x32) end the process too. */
	int failed = filter == NULL || made == NULL ? -ENOMEM : seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (failed == 0)
		failed = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, SORTED_TREE);
	if (failed == 0)
		failed = profile == SK_WALL_HANDS ? add_never(filter) : add_table(filter, profile, descriptors);
	if (failed == 0)
		failed = export_filter(filter, made);
	if (filter != NULL)
		seccomp_release(filter);
	if (failed != 0) {
		free(made);
		return failed == -ENOMEM ? sk_fault_set(fault, SK_ENOMEM, "seccomp: out of memory") : sk_fault_errno(fault, -failed, "seccomp: the filter cannot be made");
	}
	*out = made;
	return SK_OK;
}

enum sk_err sk_wall_calls_enter(const struct sk_wall_calls *calls, struct sk_wall_facts *facts, struct sk_fault *fault)
{
	/* No flags: this thread alone. A kernel that does not know KILL_PROCESS refuses the filter (before 4.14), and nothing runs with less. */
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &calls->program) != 0)
		return sk_fault_errno(fault, errno, "seccomp: the filter cannot be loaded; does no_new_privs stand, and has this kernel CONFIG_SECCOMP_FILTER?");
	if (facts != NULL)
		facts->state[SK_WALL_SYSTEM_CALLS] = SK_WALL_STANDS;
	return SK_OK;
}

void sk_wall_calls_free(struct sk_wall_calls *calls)
{
	free(calls);
}
