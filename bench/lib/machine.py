# SPDX-License-Identifier: Apache-2.0
"""One timed run of one program on one core, and counts of instructions where the machine can give them."""
import os
import pathlib
import platform
import re
import resource
import shutil
import signal
import subprocess
import threading
import time

WARM_BLOCK = 1 << 22
CLOCK_S = 0.0005  # less than the kernel's clock of CPU time can tell
LINE_MAX = 300
COUNTED_TIMEOUT_S = 900
# A `rep stos` is one instruction to perf and one a byte to valgrind: let libc clear and copy by loops, which both count alike.
COUNTED_ENVIRONMENT = {"GLIBC_TUNABLES": "glibc.cpu.x86_rep_stosb_threshold=1000000000:glibc.cpu.x86_rep_movsb_threshold=1000000000"}


class Failed(Exception):
    """A run that gave no figure; the reason is one line."""


def last_core():
    return max(os.sched_getaffinity(0))


def warm(path):
    """Read the file from its start to its end into a page cache that was emptied of it, so that every run finds it alike: this kernel takes pages back between
    runs, and what comes again in small pieces costs its readers twice as much as what was read in one go (0.08 s instead of 0.035 for 550 MB, bench/walk)."""
    with open(path, "rb", buffering=0) as f:
        os.fsync(f.fileno())  # a page that has yet to be written stays
        os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
        while f.read(WARM_BLOCK):
            pass


def reason_of(status, stderr):
    last = [line for line in stderr.decode(errors="replace").splitlines() if line.strip()]
    text = f": {last[-1].strip()[:LINE_MAX]}" if last else ""
    if os.WIFSIGNALED(status):
        return f"killed by signal {os.WTERMSIG(status)} ({signal.Signals(os.WTERMSIG(status)).name}){text}"
    return f"ends with {os.waitstatus_to_exitcode(status)}{text}"


def timed(command, folder, core=None, timeout=600.0, memory_mib=12288):
    """Run to the end in folder, pinned to core. CPU seconds (user + system) and peak memory are the kernel's own account of the process and its children.
    {'cpu', 'wall', 'rss', 'out'}; Failed when it ends badly, late, or out of memory."""
    def limits():
        if core is not None:
            os.sched_setaffinity(0, {core})
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (memory_mib << 20, memory_mib << 20))
        resource.setrlimit(resource.RLIMIT_CPU, (int(timeout) + 1, int(timeout) + 5))

    with open(folder / "stdout", "w+b") as out, open(folder / "stderr", "w+b") as err:
        begin = time.monotonic()
        child = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out, stderr=err, preexec_fn=limits, cwd=folder)
        late = threading.Timer(timeout, child.kill)
        late.start()
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            child.kill()
            child.wait()
            raise
        finally:
            timed_out = late.finished.is_set()
            late.cancel()
        wall = time.monotonic() - begin
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if timed_out:
            raise Failed(f"stopped after {timeout:.0f} s")
        if status != 0:
            raise Failed(reason_of(status, err.read()))
        return {"cpu": usage.ru_utime + usage.ru_stime, "wall": wall, "rss": usage.ru_maxrss * 1024, "out": out.read()}


# ---- instructions: the one figure that does not depend on who else uses the machine ----

def perf_counts():
    """Does this machine let perf count user instructions? Many virtual machines do not."""
    if shutil.which("perf") is None:
        return False
    done = subprocess.run(["perf", "stat", "-x,", "-e", "instructions:u", "true"], capture_output=True, text=True)
    return done.returncode == 0 and re.search(r"^\d+,", done.stderr, re.M) is not None


def counter(wanted=("perf", "valgrind")):
    """The first of those wanted that can count here, or None."""
    able = {"perf": perf_counts, "valgrind": lambda: shutil.which("valgrind") is not None}
    return next((how for how in wanted if able[how]()), None)


def instructions(how, command, folder):
    """User instructions of one run, and what it printed. how: what counter() said."""
    words = [str(word) for word in command]
    counts = folder / "counts"
    if how == "perf":
        words = ["perf", "stat", "-x,", "-o", str(counts), "-e", "instructions:u", *words]
    else:
        words = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null", f"--log-file={counts}", *words]
    done = subprocess.run(words, capture_output=True, cwd=folder, timeout=COUNTED_TIMEOUT_S, env={**os.environ, **COUNTED_ENVIRONMENT})
    if done.returncode != 0:
        raise Failed(f"ends with {done.returncode}: {done.stderr.decode(errors='replace').strip()[-LINE_MAX:]}")
    text = counts.read_text(encoding="utf-8", errors="replace")
    found = re.search(r"^(\d+),", text, re.M) if how == "perf" else re.search(r"I\s+refs:\s+([\d,]+)", text)
    if found is None:
        raise Failed(f"{how} told no count of instructions")
    return int(found.group(1).replace(",", "")), done.stdout


# ---- what to say of the machine, and where to work ----

def processor():
    for line in open("/proc/cpuinfo", encoding="utf-8"):
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def description():
    return f"{processor()}, one core of {os.cpu_count()}, Linux " + ".".join(platform.release().split(".")[:2])


def memory_folder(need_bytes):
    """/dev/shm when it has room for twice as much, else None: the system's temporary folder."""
    shm = pathlib.Path("/dev/shm")
    return shm if shm.is_dir() and shutil.disk_usage(shm).free > 2 * need_bytes else None
