"""Runs the checks: one line each, then what was found. Called by scripts/check."""

import argparse
import sys
import time

import compiled
import deploy
import layers
import manifests
import rules


def main():
    parser = argparse.ArgumentParser(prog="scripts/check")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--fix", action="store_true")
    parser.add_argument("--all", action="store_true")
    arguments = parser.parse_args()

    checks = [
        ("format", lambda: compiled.format(fix=arguments.fix)),
        ("layers", layers.rooms),
        ("generated code in its rooms", layers.protobuf),
        ("Torch in its room", layers.torch),
        ("clocks, chance, threads", rules.effects),
        ("header guards", rules.headers_guarded),
        ("top level", rules.top_level),
        ("leftovers", rules.leftovers),
        ("sizes", rules.sizes),
        ("names of metrics", deploy.names),
        ("made files of deploy", deploy.made),
        ("alerts", deploy.alerts),
        ("manifests", manifests.manifests),
    ]
    if not arguments.quick:
        checks += [
            ("headers compile alone", compiled.headers),
            ("clang-tidy", lambda: compiled.tidy(everything=arguments.all)),
        ]

    failed = 0
    for name, check in checks:
        start = time.monotonic()
        found = list(check())
        errors = [f for f in found if not f.warning]
        failed += bool(errors)
        state = f"failed ({len(errors)})" if errors else "ok"
        print(f"{name:<28} {state:<14} {time.monotonic() - start:6.1f} s", flush=True)
        for finding in found:
            print(f"    {finding}", flush=True)
    if failed:
        print(f"{failed} of {len(checks)} checks failed")
    else:
        print(f"all {len(checks)} checks passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
