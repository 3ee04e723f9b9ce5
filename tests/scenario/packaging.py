#!/usr/bin/env python3
"""What is installed for a service: the unit as systemd itself judges it, user and folders, the system calls that it leaves, and that unit, configuration and code agree with each other."""
import re, stat
from lib import *
sys.path.insert(0, os.path.join(ROOT, "scripts")); sys.dont_write_bytecode = True
import def_tables

BUILD = os.path.dirname(SEKISHO)
UNIT = open(os.path.join(BUILD, "packaging", "sekisho-sensor.service")).read()
EXPOSURE = 2.5  # systemd-analyze security, of 10

def need(program):
    if not shutil.which(program): print(f"note: {program} is not there, one look less"); return False
    return True

def runnable(text): return re.sub(r"(?m)^ExecStart=.*$", f"ExecStart={SEKISHO} --version", text)
def setting(name): return re.findall(rf"(?m)^{name}=(.*)$", UNIT)
def keys(): return {k["key"]: k for k in json.loads(sekisho("conf", "explain", "--all", "--json").out)}
def seconds(text): return int(re.match(r"\d+", text)[0]) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}[re.sub(r"\d+", "", text)]

def systemd_finds_nothing_wrong():
    if not need("systemd-analyze"): return
    with Folder() as f:
        path = f + "/sekisho-sensor.service"; judge = lambda text: (open(path, "w").write(text), run("systemd-analyze", "verify", "--man=no", path, code=None))[1]
        done = judge(runnable(UNIT)); expect(done.returncode == 0 and not done.err.strip(), done.err)
        for old, new in (("Type=notify", "Type=notfy"), ("ProtectSystem=strict", "ProtectSystm=strict"), ("@system-service", "@sistem-service")):
            done = judge(runnable(UNIT).replace(old, new)); expect(done.err.strip(), f"the twin: {new} is not seen")

def retention_runs_once_a_day():
    if not need("systemd-analyze"): return
    with Folder() as f:
        for name in ("sekisho-retention.service", "sekisho-retention.timer"): open(f"{f}/{name}", "w").write(runnable(open(os.path.join(BUILD, "packaging", name)).read()))
        done = run("systemd-analyze", "verify", "--man=no", f + "/sekisho-retention.timer", f + "/sekisho-retention.service", code=None); expect(done.returncode == 0 and not done.err.strip(), done.err)
        for name in ("sekisho-remind.service", "sekisho-remind.timer"): open(f"{f}/{name}", "w").write(runnable(open(os.path.join(BUILD, "packaging", name)).read()))
        done = run("systemd-analyze", "verify", "--man=no", f + "/sekisho-remind.timer", f + "/sekisho-remind.service", code=None); expect(done.returncode == 0 and not done.err.strip(), done.err)
        open(f + "/sekisho-retention.timer", "a").write("OnCalender=daily\n"); expect(run("systemd-analyze", "verify", "--man=no", f + "/sekisho-retention.timer", code=None).err.strip(), "the twin is not seen")

def the_centre_is_a_service():
    if not need("systemd-analyze"): return
    with Folder() as f:
        text = runnable(open(os.path.join(BUILD, "packaging", "sekisho-centre.service")).read()); path = f + "/sekisho-centre.service"; open(path, "w").write(text)
        done = run("systemd-analyze", "verify", "--man=no", path, code=None); expect(done.returncode == 0 and not done.err.strip(), done.err)
        now = exposure(text, f, "sekisho-centre.service"); print(f"note: exposure of the centre {now} of 10"); expect(now <= EXPOSURE, f"exposure is {now}")
        expect(exposure(text.replace("ProtectSystem=strict\n", ""), f, "sekisho-centre.service") > now, "the twin is not seen")

def exposure(text, f, name="sekisho-sensor.service"):
    path = f"{f}/{name}"; open(path, "w").write(text)
    done = run("systemd-analyze", "security", "--offline=yes", "--no-pager", path, code=None)
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.out); expect(found, done.out + done.err); return float(found[1])

def little_is_exposed():
    if not need("systemd-analyze"): return
    with Folder() as f:
        now = exposure(runnable(UNIT), f); print(f"note: exposure {now} of 10"); expect(now <= EXPOSURE, f"exposure is {now}, at most {EXPOSURE} was expected")
        for line in ("ProtectSystem=strict", "NoNewPrivileges=yes", "User=sekisho"):
            expect(line + "\n" in UNIT and exposure(runnable(UNIT).replace(line + "\n", ""), f) > now, f"the twin: {line} left out is not seen")

def groups():
    """systemd's groups of calls, each with all that is in it."""
    out, name = {}, None
    for line in run("systemd-analyze", "syscall-filter", "--no-pager").out.splitlines():
        if line.startswith("@"): name = line.split()[0]; out[name] = set()
        elif name and line.startswith("    ") and not line.strip().startswith("#"): out[name].add(line.strip())
    def whole(name, seen=()): return {c for x in out.get(name, ()) if x not in seen for c in (whole(x, (*seen, name)) if x.startswith("@") else {x})}
    return {name: whole(name) for name in out}

def left_by(filters, known):
    allowed = set()
    for words in filters:
        minus = words.startswith("~"); calls = set()
        for word in words.lstrip("~").split(): calls |= known[word] if word.startswith("@") else {word}
        allowed = allowed - calls if minus else allowed | calls
    return allowed

def the_calls_that_it_leaves():
    """systemd's filter stands in front of ours: what threads may do behind the walls, and what set-up does, must come through it."""
    if not need("systemd-analyze"): return
    known = groups(); allowed = left_by(setting("SystemCallFilter"), known) | known["@default"]
    ours = {a[0] for _, a, _ in def_tables.rows(ROOT, "src/foundation/wall/syscall.def") if a[1] != "NO" or a[2] != "NO"}
    spared = {"fchown"}  # SQLite asks as root alone
    set_up = set("socket bind listen connect setsockopt mlockall mlock prctl capset capget seccomp memfd_create landlock_create_ruleset landlock_add_rule landlock_restrict_self bpf clone clone3 sched_setaffinity "
                 "eventfd2 epoll_create1 prlimit64 setrlimit mprotect mmap sigaltstack rt_sigaction execve".split())
    missing = sorted(c for c in (ours | set_up) - allowed - spared if c in known["@known"]); expect(not missing, f"the unit does not leave: {missing}")
    expect({"ptrace", "mount", "setuid", "process_vm_readv", "init_module", "kexec_load", "reboot", "keyctl", "perf_event_open"}.isdisjoint(allowed), "the unit leaves too much")
    expect("landlock_add_rule" not in left_by(setting("SystemCallFilter")[:2], known) | known["@default"], "the twin: a call that is left out would be seen")

def unit_configuration_and_code_agree():
    k = keys()
    expect(setting("User") == [k["user"]["default"]] and setting("Group") == [k["group"]["default"]], "user or group")
    expect(k["metrics.socket"]["default"] == f"/run/{setting('RuntimeDirectory')[0]}/metrics.sock", "the metrics' socket is not in the runtime folder")
    expect(int(setting("WatchdogSec")[0]) >= 2 * seconds(k["watchdog"]["default"]), "the manager's patience is shorter than the sensor's own")
    refusals = {int(c) for c in setting("RestartPreventExitStatus")[0].split()}
    codes = {int(a[3]): a[0] for _, a, _ in def_tables.rows(ROOT, "src/foundation/base/err.def") if a[3]}
    expect(refusals <= set(codes), f"exit codes that are none: {refusals - set(codes)}")
    expect({2, 10, 20, 21, 22, 29} <= refusals and not {7, 23, 27, 70} & refusals, "what is tried again, and what not")
    example = open(os.path.join(ROOT, "packaging", "sekisho.yaml")).read()
    expect(re.search(r"(?m)^workspace: /var/lib/" + setting("StateDirectory")[0] + r"\b", example), "the example's workspace is not the state folder")
    expect("LimitMEMLOCK=infinity" in UNIT and setting("AmbientCapabilities") == setting("CapabilityBoundingSet"), "memory, capabilities")

def user_and_folders():
    with Folder() as f:
        if need("systemd-sysusers"):
            os.makedirs(f + "/etc"); run("systemd-sysusers", "--root", f, os.path.join(ROOT, "packaging/sekisho.sysusers"))
            expect(re.search(r"(?m)^sekisho:x:\d+:\d+:Sekisho sensor:/var/lib/sekisho:", open(f + "/etc/passwd").read()), open(f + "/etc/passwd").read())
            if need("systemd-tmpfiles") and os.geteuid() == 0:
                done = run("systemd-tmpfiles", "--root", f, "--create", os.path.join(ROOT, "packaging/sekisho.tmpfiles"), code=None)
                if done.returncode != 0: print("note: systemd-tmpfiles cannot work in a folder here:", done.err.strip().splitlines()[:1]); return
                uid = int(re.search(r"(?m)^sekisho:x:(\d+)", open(f + "/etc/passwd").read())[1])
                for name, mode, owner in (("/var/lib/sekisho", 0o700, uid), ("/var/log/sekisho", 0o750, uid), ("/run/sekisho", 0o750, uid), ("/etc/sekisho", 0o755, 0)):
                    s = os.stat(f + name); expect(stat.S_IMODE(s.st_mode) == mode and s.st_uid == owner, f"{name}: {oct(s.st_mode)} of {s.st_uid}")

def what_is_installed():
    if not need("meson"): return
    with Folder() as f:
        done = run("meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", f, "--quiet", code=None)
        expect(done.returncode == 0, done.out[-800:] + done.err[-800:])
        there = {os.path.relpath(os.path.join(d, n), f): os.path.join(d, n) for d, _, names in os.walk(f) for n in names}
        def find(end): found = [p for p in there if p.endswith(end)]; expect(len(found) == 1, f"{end}: installed {len(found)} times"); return there[found[0]]
        unit = open(find("lib/systemd/system/sekisho-sensor.service")).read(); program = re.search(r"(?m)^ExecStart=(\S+) sensor --config /etc/sekisho/sekisho.yaml$", unit)
        expect(program and f + program[1] in there.values(), f"the unit names a program that is not where it says: {program and program[1]}")
        find("lib/systemd/system/sekisho-retention.service"); find("lib/systemd/system/sekisho-retention.timer"); find("lib/systemd/system/sekisho-remind.timer"); find("lib/systemd/system/sekisho-remind.service"); find("man/man1/sekisho-retention.1")
        find("lib/sysusers.d/sekisho.conf"); find("lib/tmpfiles.d/sekisho.conf"); find("man/man5/sekisho.conf.5"); find("man/man1/sekisho-top.1"); find("man/man1/sekisho-conf.1")
        find("lib/systemd/system/sekisho-enforcer.service"); find("man/man5/sekisho-enforcer.5"); find("doc/sekisho/enforcer.yaml")
        expect("is right" in run(SEKISHO, "conf", "check", find("doc/sekisho/sekisho.yaml")).out, "the installed example")
        for name in ("jp-2025", "own-network", "lab"): expect(f"policy   {name}," in run(SEKISHO, "policy", "check", find(f"sekisho/policy/{name}.yaml")).out, f"the installed policy {name}")

def the_enforcers_unit():
    """Its own user, one right, never root; as little exposed as the sensor's; and the example configuration is right."""
    path = os.path.join(BUILD, "packaging", "sekisho-enforcer.service"); text = open(path).read()
    get = lambda name: re.findall(rf"(?m)^{name}=(.*)$", text)
    expect(get("User") == get("Group") == ["sekisho-enforcer"] and get("AmbientCapabilities") == get("CapabilityBoundingSet") == ["CAP_NET_ADMIN"], "user, rights")
    expect("Restart=always" in text and not {7, 48} & {int(c) for c in get("RestartPreventExitStatus")[0].split()}, "a target that is down is tried again")
    done = run(SEKISHO, "enforcer", "--config", os.path.join(ROOT, "packaging", "enforcer.yaml"), "--check"); expect("fine; 2 targets" in done.out, done.out)
    with Folder() as f:
        with open(f + "/wrong.yaml", "w") as out: out.write(open(os.path.join(ROOT, "packaging", "enforcer.yaml")).read() + "    tabel: x\n")
        done = run(SEKISHO, "enforcer", "--config", f + "/wrong.yaml", "--check", code=10); expect("tabel" in done.err and "wrong.yaml:" in done.err, done.err)
        if not need("systemd-analyze"): return
        runnable_ = re.sub(r"(?m)^Exec(Start|StartPre)=.*$", lambda m: f"Exec{m[1]}={SEKISHO} --version", text)
        open(f + "/sekisho-enforcer.service", "w").write(runnable_)
        done = run("systemd-analyze", "verify", "--man=no", f + "/sekisho-enforcer.service", code=None); expect(done.returncode == 0 and not done.err.strip(), done.err)
        now = exposure(runnable_, f); print(f"note: the enforcer's exposure {now} of 10"); expect(now <= EXPOSURE, f"exposure is {now}")
        known = groups(); allowed = left_by(get("SystemCallFilter"), known) | known["@default"]
        set_up = set("socket connect bind prctl capset capget landlock_create_ruleset landlock_add_rule landlock_restrict_self memfd_create timerfd_create pidfd_open execve clone vfork wait4 syncfs flock fdatasync".split())
        expect(set_up <= allowed, f"the unit does not leave: {sorted(set_up - allowed)}")
        expect({"ptrace", "mount", "setuid", "init_module", "reboot"}.isdisjoint(allowed), "the unit leaves too much")

main(the_enforcers_unit, the_centre_is_a_service, systemd_finds_nothing_wrong, retention_runs_once_a_day, little_is_exposed, the_calls_that_it_leaves, unit_configuration_and_code_agree, user_and_folders, what_is_installed)
