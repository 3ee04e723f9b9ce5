#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Break one wall on purpose, in a copy, and expect the room's tests to go red. Each sabotage is a sed over one file; the unbroken copy must be green. rule: WALL-1
# Usage: sabotage.sh SOURCE_ROOT [CC]
set -eu
root=$1
cc=${2:-cc}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
[ "$(id -u)" = 0 ] || { echo 'SKIP: only root sees all walls'; exit 77; }

build() { # the copy in $work/src; test in $1
	$cc -std=gnu17 -D_GNU_SOURCE -O1 -w -I"$work/src/foundation" "$root/tests/unit/wall/$1.c" "$work"/src/foundation/wall/*.c "$work"/src/foundation/base/*.c -lcmocka -lseccomp -lpthread \
		-o "$work/$1" 2>"$work/log" || { cat "$work/log"; exit 1; }
}
fresh() {
	rm -rf "$work/src"
	mkdir -p "$work/src/foundation"
	cp -r "$root/src/foundation/base" "$root/src/foundation/wall" "$work/src/foundation/"
}
red() { # TEST FILE SED WHAT
	fresh
	sed -i "$3" "$work/src/foundation/wall/$2"
	cmp -s "$work/src/foundation/wall/$2" "$root/src/foundation/wall/$2" && { echo "nothing to break: $4"; failures=$((failures + 1)); return; }
	build "$1"
	if "$work/$1" >/dev/null 2>&1; then
		echo "NOT SEEN: $4"
		failures=$((failures + 1))
	else
		echo "seen: $4"
	fi
}

fresh
for test in test_wall test_wall_user; do
	build $test
	"$work/$test" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
done
red test_wall syscall.def 's/(read, BELL, YES/(read, YES, YES/' 'a worker reads what it likes'
red test_wall syscall.def 's/(write, BELL, YES/(write, YES, YES/' 'a worker writes where it likes'
red test_wall syscall.def 's/(openat, NO, YES/(openat, YES, YES/' 'a worker opens files'
red test_wall syscall.def 's/(bpf, COUNT, BPF/(bpf, COUNT, YES/' 'the collector loads programs'
red test_wall syscall.def 's/(mmap, PLAIN, DATA/(mmap, PLAIN, YES/' 'the collector makes code'
red test_wall syscall.def 's/(tgkill, ABORT, ABORT/(tgkill, YES, YES/' 'a worker signals other threads'
red test_wall syscall.def 's/(ioctl, NO, TERMINAL/(ioctl, NO, YES/' 'the collector types into terminals'
red test_wall syscall.def 's/(socket, NO, NO, FAMILY/(socket, NO, YES, FAMILY/' 'the collector makes sockets'
red test_wall syscall.def 's/(mmap, PLAIN, DATA, DATA/(mmap, PLAIN, DATA, YES/' 'the enforcer makes code'
red test_wall calls.c 's/failed = number < 0 ? 0 : seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, number, 0);/failed = 0;/' 'programs of the enforcer do what they like'
red test_wall calls.c 's/seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(clone), 1/seccomp_rule_add(filter, SCMP_ACT_LOG, SCMP_SYS(clone), 1/' 'they make namespaces'
red test_wall calls.c 's/seccomp_init(profile == SK_WALL_HANDS ? SCMP_ACT_ALLOW : SCMP_ACT_KILL_PROCESS)/seccomp_init(SCMP_ACT_ALLOW)/' 'the filter lets all through'
red test_wall calls.c 's/SCMP_A2(SCMP_CMP_EQ, BELL_BYTES)/SCMP_A2(SCMP_CMP_LE, 4096)/' 'a bell takes any length'
red test_wall calls.c 's/if (!write \&\& descriptors->reads_pipe)/if (!write)/' 'every worker reads a pipe'
red test_wall calls.c 's/if (!descriptors->counts)/if (0)/' 'every worker asks the kernel for counters'
red test_wall calls.c 's/bpf ? (scmp_datum_t)BPF_LOOK_UP :/bpf ? (scmp_datum_t)BPF_UPDATE :/' 'who counts changes tables'
red test_wall landlock.c 's/if (err == SK_OK \&\& syscall(CALL_RESTRICT_SELF, ruleset, 0) != 0)/if (0)/' 'Landlock is never switched on'
abi=$(python3 -c 'import ctypes; print(ctypes.CDLL(None).syscall(444, 0, 0, 1))')
[ "$abi" -ge 6 ] || echo "this kernel's Landlock (ABI $abi) has no ports or scope: two sabotages less"
[ "$abi" -lt 6 ] || red test_wall landlock.c 's/attributes.ports = BIND_TCP | CONNECT_TCP;/attributes.ports = BIND_TCP;/' 'TCP connections are not forbidden'
[ "$abi" -lt 6 ] || red test_wall landlock.c 's/attributes.scope = SIGNAL |/attributes.scope =/' 'signals are not scoped'
red test_wall landlock.c 's/path->write ? WRITE_ACCESS : READ_ACCESS/WRITE_ACCESS/' 'what is given to read can be written'
red test_wall_user process.c 's/int failed = set_capabilities(0);/int failed = 0;/' 'capabilities stay'
red test_wall_user process.c 's/setgroups(1, \&gid) != 0 ||//' 'groups stay'
red test_wall_user process.c 's/setresuid(uid, uid, uid) != 0 ||/setresuid(uid, uid, 0) != 0 ||/' 'the way back to root stays'
red test_wall_user process.c 's/prctl(PR_SET_DUMPABLE, 0L/prctl(PR_SET_DUMPABLE, 1L/' 'others of the user read the memory'
red test_wall_user process.c 's/{0, 0}) != 0)/{RLIM_INFINITY, RLIM_INFINITY}) != 0)/' 'core files are written'
red test_wall_user process.c 's/mlockall(MCL_CURRENT) != 0/0/' 'memory that is there is not locked'
if sh -c 'ulimit -l unlimited' 2>/dev/null; then red test_wall_user process.c 's/MCL_CURRENT | MCL_FUTURE/MCL_CURRENT/' 'memory of later is not locked'
else echo 'the limit for locked memory cannot be raised here: one sabotage less'; fi
red test_wall_user landlock.c 's/threads == 1 ?/threads >= 1 ?/' 'walls for one thread of two'
echo "$failures failures"
[ "$failures" -eq 0 ]
