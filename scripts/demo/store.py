"""Applies the feature repository and materializes it with Feast: OUT/feast/data/*.db.

Runs with TZ=UTC: Feast's SQLite store writes event times in the writer's time zone.
"""

import importlib
import shutil
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from feast import Entity, FeatureStore, FeatureView

from spec import Folders

REPOSITORY = Path(__file__).with_name("feature_repo")
START = datetime(2012, 12, 1, tzinfo=UTC)
END = datetime(2014, 2, 1, tzinfo=UTC)


def definitions() -> list[Any]:
    sys.path.insert(0, str(REPOSITORY))
    module = importlib.import_module("features")
    return [value for value in vars(module).values() if isinstance(value, (Entity, FeatureView))]


def compact(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("VACUUM")


def main() -> None:
    folder = Folders(Path(sys.argv[1])).feast
    for file in ("feature_store.yaml", "features.py"):
        shutil.copyfile(REPOSITORY / file, folder / file)
    for file in ("registry.db", "online_store.db"):
        (folder / "data" / file).unlink(missing_ok=True)
    store = FeatureStore(repo_path=str(folder))
    store.apply(definitions())
    store.materialize(START, END)
    compact(folder / "data" / "online_store.db")


if __name__ == "__main__":
    main()
