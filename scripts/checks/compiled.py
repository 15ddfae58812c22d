"""Checks that need clang: format, headers on their own, clang-tidy. What passed is remembered by the
hash of everything that it depends on, so a second run only looks at what changed."""

import concurrent.futures
import functools
import hashlib
import json
import os
import re
import shlex
import subprocess

import sources
from sources import ROOT, Finding

BUILD = ROOT / "build" / "release"
PASSED = ROOT / "build" / "check"

LOCATION = re.compile(r"^(?P<path>/?[^:\s]+):(?P<line>\d+):\d+: (?:fatal )?(?:error|warning): (?P<text>.*)$")


def jobs():
    return int(os.environ.get("JOBS", len(os.sched_getaffinity(0))))


def findings(output):
    """The first line of each message of clang, with the path made relative."""
    for line in output.split("\n"):
        match = LOCATION.match(line)
        if match:
            path = os.path.relpath(ROOT / match["path"], ROOT)
            yield Finding(path, int(match["line"]), match["text"])


def format(fix=False):
    """clang-format's opinion, which is the style."""
    command = ["clang-format-19", "-i"] if fix else ["clang-format-19", "--dry-run", "-Werror", "--ferror-limit=1"]
    files = sources.cpp_files()
    if not files:
        return
    result = subprocess.run(command + files, cwd=ROOT, capture_output=True, text=True)
    found = list(findings(result.stderr))
    yield from found
    if result.returncode != 0 and not found:
        yield Finding(".clang-format", 1, result.stderr.strip()[:200])


@functools.cache
def commands():
    """How each own source file is compiled, as arguments without compiler, source and output."""
    found = {}
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        path = os.path.relpath(os.path.join(entry["directory"], entry["file"]), ROOT)
        words = shlex.split(entry["command"])
        start = next(i for i, w in enumerate(words) if w.endswith("clang++-19"))
        arguments, skip = [], False
        for word in words[start + 1:]:
            if skip or word == "-c" or word == entry["file"]:
                skip = False
            elif word == "-o":
                skip = True
            else:
                arguments.append(word)
        found[path] = arguments
    return found


def command_for(path):
    """The arguments of a source file in the same folder, or in the nearest one above."""
    known = commands()
    folder = os.path.dirname(path)
    while folder:
        near = sorted(f for f in known if f.startswith(folder + "/"))
        if near:
            return known[near[0]]
        folder = os.path.dirname(folder)
    return None


@functools.cache
def protos_hash():
    digest = hashlib.sha256()
    for path in sources.own_files():
        if path.endswith(".proto"):
            digest.update(path.encode() + sources.text(path).encode())
    return digest.hexdigest()


def key(kind, path, arguments, *more):
    """Everything that the outcome for one file depends on, short of the system's headers."""
    digest = hashlib.sha256(repr((kind, path, arguments, more)).encode())
    generated = False
    for file in sorted(sources.closure(path)):
        digest.update(file.encode() + b"\0" + sources.text(file).encode())
        generated = generated or any(t.endswith(".pb.h") for _, _, t in sources.includes(file))
    if generated:
        digest.update(protos_hash().encode())
    return digest.hexdigest()


def run_all(kind, work):
    """work: (path, key, command). Runs what has not passed before; findings in order of path."""
    folder = PASSED / kind
    folder.mkdir(parents=True, exist_ok=True)
    unproved = [item for item in work if not (folder / item[1]).exists()]

    def one(item):
        path, name, command = item
        result = subprocess.run(command, cwd=BUILD, capture_output=True, text=True)
        if result.returncode == 0:
            (folder / name).touch()
            return []
        output = result.stdout + result.stderr
        return list(findings(output)) or [Finding(path, 1, output.strip()[-400:])]

    with concurrent.futures.ThreadPoolExecutor(jobs()) as pool:
        found = [f for result in pool.map(one, unproved) for f in result]
    yield from sorted(set(found))


def proved_by_source(path):
    """A source file of the same name that includes its header first proves it in every build."""
    source = path.removesuffix(".h") + ".cc"
    if source not in commands():
        return False
    first = sources.includes(source)[:1]
    return bool(first) and sources.resolve(first[0][2]) == path


def headers():
    """Every header compiles on its own, whatever is included before it."""
    work = []
    for path in sources.cpp_files(".h"):
        arguments = command_for(path)
        if arguments is None or proved_by_source(path):
            continue
        command = ["clang++-19", *arguments, "-fsyntax-only", "-x", "c++", "-include", str(ROOT / path), "/dev/null"]
        work.append((path, key("headers", path, arguments), command))
    yield from run_all("headers", work)


def tidy(everything=False):
    """clang-tidy with the short list of .clang-tidy; tests only when asked for everything."""
    config = sources.text(".clang-tidy")
    work = []
    for path in sources.cpp_files(".cc"):
        if path not in commands() or (path.startswith("tests/") and not everything):
            continue
        command = ["clang-tidy-19", "-p", str(BUILD), "--quiet", str(ROOT / path)]
        work.append((path, key("tidy", path, commands()[path], config), command))
    yield from run_all("tidy", work)
