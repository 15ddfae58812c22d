"""Runs the test programs of a build folder and counts test cases exactly.

Called by scripts/test. A test program is a gtest binary in <build>/bin/tests, or a *_test.py of
unittest cases in tests/e2e, tests/conformance or tests/deploy, which finds what to run by these
variables:

    TOURNANT_ROOT          the checkout
    TOURNANT_BUILD         the build folder
    TOURNANT_BIN           its binaries
    TOURNANT_VENV          python with torch and numpy
    TOURNANT_VENV_FEAST    python with feast
    TOURNANT_VENV_CLIENTS  python with tritonclient and grpcio-tools

A program that crashes or hangs counts as one failure more than the cases that it reported.
"""

import argparse
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Folders of tests/ that hold test programs in Python, and the environment that each runs in.
PYTHON_TESTS = {"e2e": "venv-clients", "conformance": "venv-clients", "deploy": "venv-deploy"}
# Those that start no binary of a build, so that other builds have nothing to add.
ONCE = ("deploy",)

# Longer than any program takes under a sanitizer on two slow cores; a hang ends here.
TIMEOUT_SECONDS = 900

SANITIZER_OPTIONS = {
    "asan": {
        "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1",
        "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    },
    # Debian's gRPC and abseil are not instrumented, and without this option every correct use of
    # them is reported.
    "tsan": {"TSAN_OPTIONS": "ignore_noninstrumented_modules=1:halt_on_error=0:second_deadlock_stack=1"
             f":suppressions={ROOT}/tests/tsan_suppressions.txt"},
}


class Totals:
    """Cases counted over all programs."""

    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.failures = []

    def add(self, program, passed, failures):
        self.passed += passed
        self.failed += len(failures)
        self.failures += [f"{program}: {name}" for name in failures]


def environment(variant, build):
    env = dict(os.environ)
    env.update(
        TOURNANT_ROOT=str(ROOT),
        TOURNANT_BUILD=str(build),
        TOURNANT_BIN=str(build / "bin"),
        TOURNANT_VENV=str(ROOT / "build/venv/bin/python"),
        TOURNANT_VENV_FEAST=str(ROOT / "build/venv-feast/bin/python"),
        TOURNANT_VENV_CLIENTS=str(ROOT / "build/venv-clients/bin/python"),
        PYTHONPATH=os.pathsep.join(str(ROOT / "tests" / folder) for folder in PYTHON_TESTS),
        PYTHONDONTWRITEBYTECODE="1",
    )
    symbolizer = pathlib.Path("/usr/lib/llvm-19/bin/llvm-symbolizer")
    for name, value in SANITIZER_OPTIONS.get(variant, {}).items():
        if symbolizer.exists():
            value += f":external_symbolizer_path={symbolizer}"
        env[name] = f"{value}:{env[name]}" if name in env else value
    return env


def run(command, env):
    """Runs in a process group of its own, so that a hung program takes its children along."""
    process = subprocess.Popen(
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=TIMEOUT_SECONDS)
        return process.returncode, output
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGABRT)
        try:
            output, _ = process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
        return None, output


def gtest_counts(report, output):
    """(passed, names that failed, skipped) from gtest's report, or from its output after a crash."""
    if report.exists() and report.stat().st_size > 0:
        passed, failures, skipped = 0, [], 0
        for suite in json.loads(report.read_text())["testsuites"]:
            for case in suite["testsuite"]:
                if case.get("failures"):
                    failures.append(f"{suite['name']}.{case['name']}")
                elif case.get("result") == "SKIPPED":
                    skipped += 1
                elif case.get("result") == "COMPLETED":
                    passed += 1
        return passed, failures, skipped
    passed = len(re.findall(r"^\[       OK \]", output, re.M))
    failures = re.findall(r"^\[  FAILED  \] (\S+?)(?:,.*)? \(\d+ ms\)$", output, re.M)
    return passed, failures, 0


def unittest_counts(report, output):
    if report.exists() and report.stat().st_size > 0:
        counts = json.loads(report.read_text())
        return counts["passed"], counts["failures"], counts["skipped"]
    return len(re.findall(r"\.\.\. ok$", output, re.M)), [], 0


def programs(build, names):
    """(name, command without its report option, counting function) for all that are there."""
    found = []
    for binary in sorted((build / "bin" / "tests").glob("*_tests")):
        found.append((binary.name, [str(binary), "--gtest_color=no"], gtest_counts))
    for folder, environment_name in PYTHON_TESTS.items():
        if folder in ONCE and build.name != "release":
            continue
        python = ROOT / "build" / environment_name / "bin/python"
        for file in sorted((ROOT / "tests" / folder).glob("*_test.py")):
            command = [str(python), str(pathlib.Path(__file__).resolve()), "--unittest", str(file)]
            found.append((f"{folder}/{file.stem}", command, unittest_counts))
    if names:
        unknown = [n for n in names if not any(n in program for program, _, _ in found)]
        if unknown:
            sys.exit(f"error: no test program is called {', '.join(unknown)}")
        found = [p for p in found if any(n in p[0] for n in names)]
    return found


def run_unittest(file, report):
    """The child process for one Python file: its own unittest runner with a report."""
    import importlib.util
    import unittest

    spec = importlib.util.spec_from_file_location(pathlib.Path(file).stem, file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    suite = unittest.defaultTestLoader.loadTestsFromModule(module)
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    # A sub test that fails is a failure of its case, and an error outside of any case is one too.
    failures = sorted({str(case) for case, _ in result.failures + result.errors})
    failures += [str(case) for case in result.unexpectedSuccesses]
    skipped = len(result.skipped)
    passed = result.testsRun - skipped - len(
        [f for f in failures if not f.startswith(("setUpClass", "setUpModule"))])
    pathlib.Path(report).write_text(
        json.dumps({"passed": max(passed, 0), "failures": failures, "skipped": skipped}))
    sys.exit(0 if not failures else 1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--variant", default="release")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--totals", help="file that gets 'passed failed' appended")
    parser.add_argument("--unittest", help=argparse.SUPPRESS)
    parser.add_argument("--report", help=argparse.SUPPRESS)
    parser.add_argument("names", nargs="*", help="only programs with this in their name")
    arguments = parser.parse_args()
    if arguments.unittest:
        run_unittest(arguments.unittest, arguments.report)

    build = ROOT / "build" / arguments.variant
    env = environment(arguments.variant, build)
    totals = Totals()
    found = programs(build, arguments.names)
    width = max([len(name) for name, _, _ in found] or [0])
    for round_number in range(1, arguments.repeat + 1):
        if arguments.repeat > 1:
            print(f"round {round_number} of {arguments.repeat}", flush=True)
        for name, command, count in found:
            with tempfile.TemporaryDirectory() as folder:
                report = pathlib.Path(folder) / "report.json"
                option = "--gtest_output=json:" if count is gtest_counts else "--report="
                start = time.monotonic()
                code, output = run(command + [f"{option}{report}"], env)
                seconds = time.monotonic() - start
                passed, failures, skipped = count(report, output)
            if code is None:
                failures.append(f"(no end within {TIMEOUT_SECONDS} s)")
            elif code < 0:
                failures.append(f"(ended by {signal.Signals(-code).name})")
            elif code != 0 and not failures:
                failures.append(f"(ended with {code} although no test failed)")
            elif code == 0 and passed + skipped == 0:
                failures.append("(ran no test)")
            totals.add(name, passed, failures)
            text = f"  {name:<{width}}  {passed:4} passed, {len(failures)} failed"
            text += f", {skipped} skipped" if skipped else ""
            print(f"{text}  {seconds:6.1f} s", flush=True)
            if failures:
                print(f"---- output of {name}\n{output.rstrip()}\n---- end of {name}", flush=True)

    for failure in totals.failures:
        print(f"failed: {failure}")
    if arguments.totals:
        with open(arguments.totals, "a") as file:
            file.write(f"{totals.passed} {totals.failed}\n")
    print(f"{totals.passed} passed, {totals.failed} failed")
    return 1 if totals.failed or not totals.passed else 0


if __name__ == "__main__":
    sys.exit(main())
