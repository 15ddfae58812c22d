"""Rules that a line of text can break."""

import re

import sources
from sources import Finding

TOP_LEVEL = {"CMakeLists.txt", "README.md", "proto", "server", "client", "tests", "scripts", "deploy"}

LONG_FILE_LINES = 400

# What makes a program depend on time, chance or threads that nobody handed to it. Only base wraps
# them, and the mains start things.
OUTSIDE = (
    (r"\w*_clock\s*::\s*now\b|\babsl::Now\b|\bgettimeofday\b|\bclock_gettime\b"
     r"|(?<![\w.>:])time\s*\(\s*(nullptr|NULL|0)\s*\)", "reads a clock: take a Clock"),
    (r"\bgpr_now\b", "reads gRPC's clock, which only the services may"),
    (r"\bsleep_(for|until)\b|\babsl::SleepFor\b|(?<![\w.>:])(u|nano)?sleep\s*\(",
     "sleeps: await a timer of the loop"),
    (r"\brandom_device\b|(?<![\w.>:])s?rand\s*\(|\babsl::BitGen\b|\bgetrandom\b|\bmt19937",
     "draws random numbers: take an Rng"),
    (r"\bstd::(jthread|async)\b|\bstd::thread\b(?!\s*::)|\bpthread_create\b",
     "makes a thread: base/thread.h does"),
)
MAY_OUTSIDE = re.compile(r"^server/base/|^server/main\.cc$|_main\.cc$|^tests/bench/|^tests/base/")
# gRPC's clock has an origin of its own, so the services have to ask it how much time is left.
MAY_GRPC_CLOCK = re.compile(r"^server/(rpc|cq|feature_store)/")
# Tests may race threads against each other; they may not sleep or look at a clock.
MAY_THREADS = re.compile(r"^tests/")


def effects():
    """Clocks, sleeping, chance and threads only where they belong."""
    for path in sources.cpp_files():
        if MAY_OUTSIDE.search(path):
            continue
        for number, line in enumerate(sources.code_lines(path), 1):
            for pattern, why in OUTSIDE:
                if "thread" in why and MAY_THREADS.match(path):
                    continue
                if "gRPC" in why and MAY_GRPC_CLOCK.match(path):
                    continue
                if re.search(pattern, line):
                    yield Finding(path, number, why)


def headers_guarded():
    """Every header has #pragma once, and none opens a namespace for whoever includes it."""
    for path in sources.cpp_files(".h"):
        lines = sources.code_lines(path)
        if "#pragma once" not in (line.strip() for line in lines):
            yield Finding(path, 1, "no #pragma once")
        for number, line in enumerate(lines, 1):
            if re.match(r"\s*using\s+namespace\b", line):
                yield Finding(path, number, "using namespace in a header")


def top_level():
    """Nothing lies at the top but what the layout names, and dotfiles."""
    for name in sorted({path.split("/")[0] for path in sources.own_files()}):
        if name not in TOP_LEVEL and not name.startswith("."):
            yield Finding(name, 1, "does not belong at the top of the project")


# In pieces, so that this file does not break its own rule.
MARKS = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
PLACES = re.compile(r"(?<![\w.$}~-])/(root|work|home/\w+|Users/\w+)/")


def leftovers():
    """No marks of unfinished work, and no paths of somebody's machine."""
    for path in sources.own_files():
        if path.startswith("tests/conformance/data/"):
            continue
        raw = (sources.ROOT / path).read_bytes()
        if b"\0" in raw or len(raw) > 1_000_000:
            continue
        for number, line in enumerate(raw.decode(errors="replace").split("\n"), 1):
            if MARKS.search(line):
                yield Finding(path, number, f"unfinished work: {line.strip()[:80]}")
            if PLACES.search(line):
                yield Finding(path, number, f"path of a machine: {line.strip()[:80]}")


def sizes():
    """Files that deserve a hard look."""
    for path in sources.own_files():
        if not path.endswith((".h", ".cc", ".py")) and not path.startswith("scripts/"):
            continue
        if not path.startswith(("server/", "client/", "tests/", "scripts/")) or "/data/" in path:
            continue
        if path.endswith(".png"):
            continue
        lines = sources.text(path).count("\n")
        if lines > LONG_FILE_LINES:
            yield Finding(path, lines, f"{lines} lines, a hard look above {LONG_FILE_LINES}", warning=True)
