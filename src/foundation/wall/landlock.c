/* SPDX-License-Identifier: Apache-2.0 */
/* Landlock by its three system calls: no library has them in Debian 12, and its headers know of ABI 2 alone. Numbers below are the kernel's (include/uapi/linux/landlock.h). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "wall/wall_priv.h"

enum { CALL_CREATE_RULESET = 444, CALL_ADD_RULE = 445, CALL_RESTRICT_SELF = 446, CREATE_VERSION = 1, RULE_PATH_BENEATH = 1 };
enum { ABI_REFER = 2, ABI_TRUNCATE = 3, ABI_PORTS = 4, ABI_DEVICES = 5, ABI_SCOPE = 6 };

enum access {
	EXECUTE = 1 << 0, WRITE_FILE = 1 << 1, READ_FILE = 1 << 2, READ_DIR = 1 << 3, REMOVE_DIR = 1 << 4, REMOVE_FILE = 1 << 5, MAKE_CHAR = 1 << 6, MAKE_DIR = 1 << 7, MAKE_REG = 1 << 8,
	MAKE_SOCK = 1 << 9, MAKE_FIFO = 1 << 10, MAKE_BLOCK = 1 << 11, MAKE_SYM = 1 << 12, REFER = 1 << 13, TRUNCATE = 1 << 14, IOCTL_DEV = 1 << 15
};
enum { FILE_ACCESS = WRITE_FILE | READ_FILE | TRUNCATE, READ_ACCESS = READ_FILE | READ_DIR,
       WRITE_ACCESS = READ_ACCESS | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | REFER | TRUNCATE };
enum { BIND_TCP = 1, CONNECT_TCP = 2, ABSTRACT_SOCKET = 1, SIGNAL = 2 };

struct ruleset_attributes {
	uint64_t files, ports, scope;
};
struct path_attributes {
	uint64_t allowed;
	int32_t parent_fd;
} __attribute__((packed));

enum sk_err sk_wall_alone(struct sk_fault *fault)
{
	DIR *tasks = opendir("/proc/self/task");
	int threads = 0;
	if (tasks == NULL)
		return sk_fault_errno(fault, errno, "/proc/self/task: cannot be read, and walls stand for one thread alone; is /proc mounted?");
	for (const struct dirent *entry; (entry = readdir(tasks)) != NULL;)
		threads += entry->d_name[0] != '.';
	(void)closedir(tasks);
	return threads == 1 ? SK_OK : sk_fault_set(fault, SK_EUSAGE, "walls are raised before threads are made: there are %d", threads);
}

/* Everything that this kernel can forbid. The size of the attributes tells it what we know of. */
static uint64_t files_of_abi(int abi)
{
	uint64_t all = EXECUTE | WRITE_ACCESS | MAKE_CHAR | MAKE_SOCK | MAKE_FIFO | MAKE_BLOCK | MAKE_SYM | IOCTL_DEV;
	if (abi < ABI_REFER)
		all &= ~(uint64_t)REFER;
	if (abi < ABI_TRUNCATE)
		all &= ~(uint64_t)TRUNCATE;
	if (abi < ABI_DEVICES)
		all &= ~(uint64_t)IOCTL_DEV;
	return all;
}

static enum sk_err add_path(int ruleset, const struct sk_wall_path *path, uint64_t handled, struct sk_fault *fault)
{
	struct stat info;
	int fd = open(path->path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? sk_fault_set(fault, SK_ENOENT, "%s: is not there, and could not be opened behind the walls", path->path)
				       : sk_fault_errno(fault, errno, "%s: cannot be opened", path->path);
	int failed = fstat(fd, &info) != 0 ? errno : 0;
	uint64_t wanted = (path->write ? WRITE_ACCESS : READ_ACCESS) | (path->run ? EXECUTE : 0);
	struct path_attributes attributes = {.allowed = (S_ISDIR(info.st_mode) ? wanted : wanted & (FILE_ACCESS | EXECUTE)) & handled, .parent_fd = fd};
	if (failed == 0 && syscall(CALL_ADD_RULE, ruleset, RULE_PATH_BENEATH, &attributes, 0) != 0)
		failed = errno;
	(void)close(fd);
	return failed == 0 ? SK_OK : sk_fault_errno(fault, failed, "%s: Landlock takes no rule for it", path->path);
}

static void tell(struct sk_wall_facts *facts, int abi, bool files_alone)
{
	facts->landlock_abi = abi;
	facts->state[SK_WALL_FILES] = abi >= 1 ? SK_WALL_STANDS : SK_WALL_ABSENT;
	if (files_alone)
		return;
	facts->state[SK_WALL_PORTS] = abi >= ABI_PORTS ? SK_WALL_STANDS : SK_WALL_ABSENT;
	facts->state[SK_WALL_SCOPE] = abi >= ABI_SCOPE ? SK_WALL_STANDS : SK_WALL_ABSENT;
}

enum sk_err sk_wall_landlock(const struct sk_wall_plan *plan, struct sk_wall_facts *facts, struct sk_fault *fault)
{
	long abi = syscall(CALL_CREATE_RULESET, NULL, 0, CREATE_VERSION);
	if (abi < 1 && (errno == ENOSYS || errno == EOPNOTSUPP)) { /* not built in, or not switched on */
		tell(facts, 0, plan->files_alone);
		return SK_OK;
	}
	if (abi < 1)
		return sk_fault_errno(fault, errno, "Landlock does not tell its version");
	struct ruleset_attributes attributes = {.files = files_of_abi((int)abi)};
	size_t size = sizeof attributes.files;
	if (abi >= ABI_PORTS && !plan->files_alone) {
		attributes.ports = BIND_TCP | CONNECT_TCP;
		size = offsetof(struct ruleset_attributes, scope);
	}
	if (abi >= ABI_SCOPE && !plan->files_alone) {
		attributes.scope = SIGNAL | (plan->abstract_sockets ? 0 : ABSTRACT_SOCKET);
		size = sizeof attributes;
	}
	int ruleset = (int)syscall(CALL_CREATE_RULESET, &attributes, size, 0);
	if (ruleset < 0)
		return sk_fault_errno(fault, errno, "Landlock takes no rules");
	enum sk_err err = SK_OK;
	for (size_t i = 0; i < plan->path_count && err == SK_OK; i++)
		err = add_path(ruleset, &plan->paths[i], attributes.files, fault);
	if (err == SK_OK && syscall(CALL_RESTRICT_SELF, ruleset, 0) != 0)
		err = sk_fault_errno(fault, errno, "Landlock cannot be switched on");
	(void)close(ruleset);
	if (err == SK_OK)
		tell(facts, (int)abi, plan->files_alone);
	return err;
}

enum sk_err sk_wall_fence(const struct sk_wall_plan *plan, struct sk_wall_facts *facts, struct sk_fault *fault)
{
	struct sk_wall_plan alone = *plan;
	alone.files_alone = true;
	SK_TRY(sk_wall_alone(fault));
	return sk_wall_landlock(&alone, facts, fault);
}

enum sk_err sk_wall_close(const struct sk_wall_plan *plan, struct sk_wall_facts *facts, struct sk_fault *fault)
{
	SK_TRY(sk_wall_alone(fault));
	SK_TRY(sk_wall_landlock(plan, facts, fault));
	return sk_wall_no_capabilities(facts, fault);
}
