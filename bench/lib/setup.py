# SPDX-License-Identifier: Apache-2.0
"""What the commands of bench share: arguments, folders, an orderly end."""
import argparse
import contextlib
import pathlib
import shutil
import signal
import sys
import tempfile

from lib.corpora import ROOT, Broken, Corpora, build_tools
from lib.machine import Failed, last_core, memory_folder
from lib.sekisho import Sekisho


def parser(description):
    p = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--quick", action="store_true", help="small sizes: does everything work? The figures say nothing")
    p.add_argument("--runs", type=int, default=5, help="runs of each; the best and the median are printed (default 5)")
    p.add_argument("--core", type=int, default=last_core(), help="the core to pin to (default the last one)")
    p.add_argument("--build", type=pathlib.Path, default=ROOT / "build", help="build folder that holds sekisho (default build); the bench's own tools are built in it")
    p.add_argument("--data", type=pathlib.Path, default=ROOT.parent / "shared" / "data" / "net", help="captures for mix; samples/ when absent")
    p.add_argument("--work", type=pathlib.Path, help="folder that keeps corpora and lists for the next time (default: a temporary one)")
    p.add_argument("--scratch", type=pathlib.Path, help="where runs write; best a tmpfs (default /dev/shm when it has room, else the system's temporary folder)")
    p.add_argument("--timeout", type=float, default=600, help="seconds after which a run is stopped (default 600)")
    p.add_argument("--patience", type=float, default=60, help="a program that took more CPU seconds than this is not run again (default 60)")
    p.add_argument("--memory", type=int, default=12288, help="MiB of address space that a program may have (default 12288)")
    p.add_argument("--check", action="store_true", help="exit 1 when a must is not met")
    p.add_argument("--loose", type=float, default=1.0, help="with --check: a factor by which every bound may be missed (a busy machine)")
    return p


@contextlib.contextmanager
def place(args, need_bytes):
    """(Corpora, Sekisho, scratch): built, and gone afterwards except what --work keeps."""
    if args.runs < 1:
        sys.exit("bench: --runs takes at least 1")
    # An ordinary end on Ctrl-C and kill, so that folders are removed.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="sekisho-bench-", dir=args.scratch or memory_folder(need_bytes)))
    try:
        if shutil.disk_usage(scratch).free < need_bytes:
            raise Broken(f"{scratch.parent}: {need_bytes >> 20} MiB free are needed; give another --scratch, or --quick")
        build_tools(args.build)
        templates = scratch / "templates"
        templates.mkdir()
        yield Corpora(args.work or scratch / "corpora", args.build, args.data), Sekisho(args.build, templates), scratch
    except (Broken, Failed) as why:
        sys.exit(f"{pathlib.Path(sys.argv[0]).name}: {why}")
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def set_axes(args):
    """Sizes of the curves: packets, flows (at the largest number of packets) and selectors."""
    args.packets_axis = (50_000, 500_000) if args.quick else (100_000, 1_000_000, 10_000_000)
    args.flows_axis = (1_000, 10_000, 100_000) if args.quick else (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
    args.selectors_axis = (100, 1_000, 10_000) if args.quick else (100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000)
    args.selectors_packets = 50_000 if args.quick else 1_000_000
