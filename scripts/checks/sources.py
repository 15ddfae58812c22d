"""What every check works on: the project's own files, without comments, and their includes."""

import dataclasses
import functools
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

# Where a quoted include is looked for; generated code and system headers are not ours.
INCLUDE_ROOTS = ("server", "client", "tests")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


@dataclasses.dataclass(frozen=True, order=True)
class Finding:
    """Something that is wrong, in one place. A warning is shown and fails nothing."""

    path: str
    line: int
    text: str
    warning: bool = False

    def __str__(self):
        return f"{self.path}:{self.line}: {'warning: ' if self.warning else ''}{self.text}"


@functools.cache
def own_files():
    """Every file that is committed or would be, relative to the root and sorted."""
    output = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return sorted(name for name in set(output.split("\0")) if name and (ROOT / name).is_file())


def cpp_files(*suffixes):
    return [f for f in own_files()
            if f.startswith(("server/", "client/", "tests/")) and f.endswith(suffixes or (".h", ".cc"))]


@functools.cache
def text(path):
    return (ROOT / path).read_text(errors="replace")


def without_comments(source, keep_strings=False):
    """The same lines with comments, and literals unless kept, blanked out. Lines keep their number."""

    def blank(match):
        token = match.group(0)
        if token.startswith("/"):
            return re.sub(r"[^\n]", " ", token)
        if keep_strings:
            return token
        quote = '"' if '"' in token else "'"
        return quote + re.sub(r"[^\n]", " ", token)[1:-1] + quote if len(token) > 1 else token

    pattern = (r'//[^\n]*|/\*.*?\*/'  # comments
               r'|R"([^()\\\s]*)\(.*?\)\1"'  # raw strings
               r'|"(?:\\.|[^"\\\n])*"'
               r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'")  # not the ' in 1'000
    return re.sub(pattern, blank, source, flags=re.S)


@functools.cache
def code_lines(path):
    return without_comments(text(path)).split("\n")


@functools.cache
def includes(path):
    """(line number, '<' or '"', what is included) of one file."""
    found = []
    for number, line in enumerate(without_comments(text(path), keep_strings=True).split("\n"), 1):
        match = INCLUDE.match(line)
        if match:
            found.append((number, match.group(1), match.group(2)))
    return tuple(found)


@functools.cache
def resolve(target):
    """The own file that an include names, or None."""
    for root in INCLUDE_ROOTS:
        if (ROOT / root / target).is_file():
            return f"{root}/{target}"
    return None


@functools.cache
def closure(path):
    """The own files that a file includes, directly or not, and itself."""
    seen, pending = set(), [path]
    while pending:
        current = pending.pop()
        if current in seen:
            continue
        seen.add(current)
        pending += [r for _, _, target in includes(current) if (r := resolve(target))]
    return frozenset(seen)
