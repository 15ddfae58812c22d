"""Instructions per call of a server, counted by callgrind: they repeat on a noisy machine."""

import os
import subprocess

from callgrind_profile import GROUPS, Profile
from processes import OUT, BenchError, Server, load

WARMUP_CALLS = 500
# LibTorch picks the widest vectors that the processor has, and valgrind knows none beyond AVX2.
ENVIRONMENT = {"ATEN_CPU_CAPABILITY": "avx2", "MKL_ENABLE_INSTRUCTIONS": "AVX2",
               "DNNL_MAX_CPU_ISA": "AVX2"}
READY_TIMEOUT = 300


def without_debug_info(binary):
    """A copy that Debian 12's valgrind can read: it fails on clang 19's DWARF 5."""
    copy = OUT / binary.name
    if not copy.exists() or copy.stat().st_mtime < binary.stat().st_mtime:
        OUT.mkdir(parents=True, exist_ok=True)
        subprocess.run(["strip", "--strip-debug", "-o", copy, binary], check=True)
    return copy


def control(pid, *command):
    result = subprocess.run(["callgrind_control", *command, str(pid)], capture_output=True,
                            text=True, timeout=120)
    if "OK" not in result.stdout:
        raise BenchError(f"callgrind_control failed: {result.stdout}{result.stderr}")


def profile(name, command, model, outstanding, calls):
    """Outstanding -> Profile of `calls` calls; the start and the warm-up are not in it."""
    base = OUT / f"callgrind.{name}"
    for old in OUT.glob(f"{base.name}*"):
        old.unlink()
    valgrind = ["env", *(f"{key}={value}" for key, value in ENVIRONMENT.items()),
                "valgrind", "--tool=callgrind", "--instr-atstart=no", "--cache-sim=no",
                f"--callgrind-out-file={base}", *command]
    profiles = {}
    with Server(f"{name}.callgrind", valgrind, READY_TIMEOUT) as server:
        control(server.pid, "--instr=on")
        load(server.port, model, calls=WARMUP_CALLS, outstanding=max(outstanding), warmup_calls=0)
        for number, n in enumerate(outstanding, 1):
            control(server.pid, "--zero")
            load(server.port, model, calls=calls, outstanding=n, warmup_calls=0)
            control(server.pid, "--dump")
            profiles[n] = Profile(f"{base}.{number}")
    return profiles


def figures(profiles, calls):
    """What goes into the JSON file."""
    return {str(n): {"per_call": p.total() / calls,
                     "by_group": {g: p.by_group()[g] / calls for g in GROUPS}}
            for n, p in profiles.items()}


def print_groups(echo, server, calls):
    """Where the time goes, side by side."""
    echo, server = echo.by_group(), server.by_group()
    print(f"  {'instructions a call':<22}{'echo':>10}{'server':>10}{'more':>10}")
    for group in GROUPS:
        a, b = echo[group] / calls, server[group] / calls
        print(f"  {group:<22}{a:>10,.0f}{b:>10,.0f}{b - a:>+10,.0f}")


def print_functions(title, profile_, calls, wanted, count):
    """The dearest functions, with what malloc, protobuf, libc and abseil did for them."""
    cost = profile_.with_servants()
    called = profile_.calls_of()
    width = min(os.get_terminal_size().columns if os.isatty(1) else 140, 140) - 34
    print(f"\n{title}\n  {'with help':>9}{'self':>8}{'calls':>7}  function")
    names = [name for name in cost if wanted(profile_.groups[name])]
    for name in sorted(names, key=lambda name: -cost[name])[:count]:
        print(f"  {cost[name] / calls:>9,.0f}{profile_.self_cost[name] / calls:>8,.0f}"
              f"{called[name] / calls:>7.1f}  {name[:width]}")
