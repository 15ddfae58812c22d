#!/usr/bin/env python3
"""Makes a small Feast store as a team with Feast has it, with Feast itself: apply, then materialize.

    build/venv-feast/bin/python tests/conformance/make_feast_store.py OUT

OUT gets feature_store.yaml and data/ with the registry and SQLite's online store. What has to come of
it is in feast_live_test.py.
"""

import os
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

# SQLite's online store keeps event times in the writer's time zone. Before Feast is imported.
os.environ["TZ"] = "UTC"
time.tzset()

import numpy
import pandas
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.types import Array, Bool, Float32, Float64, Int32, Int64, String

CONFIG = """\
project: delivery
registry: data/registry.db
provider: local
online_store:
  type: sqlite
  path: data/online_store.db
entity_key_serialization_version: 3
"""

NOW = datetime(2026, 3, 1, tzinfo=timezone.utc)
HOUR_AGO = NOW - timedelta(hours=1)
MONTH_AGO = NOW - timedelta(days=30)

DRIVERS = pandas.DataFrame(
    {
        "driver_id": [1001, 1002, 2**40],
        "event_timestamp": [HOUR_AGO, MONTH_AGO, HOUR_AGO],
        "acceptance": [0.5, 0.25, None],
        "trips": [7, 8, 2**53 + 1],
        "active": [True, False, True],
        "last_ratings": [[5.0, 4.5], [1.0, 2.0], [3.0, 3.5]],
    }
)

ROUTES = pandas.DataFrame(
    {
        "driver_id": [1001, 1001, 1002],
        "zone": ["Zürich", "Bern", "Bern"],
        "event_timestamp": [HOUR_AGO] * 3,
        "minutes": numpy.array([12, 40, 33], numpy.int32),
        "vehicle": ["bike", "cargo bike", None],
    }
)


def source(folder: Path, name: str, table: pandas.DataFrame) -> FileSource:
    path = folder / f"{name}.parquet"
    table.to_parquet(path)
    return FileSource(path=str(path), timestamp_field="event_timestamp")


def definitions(folder: Path) -> list:
    driver = Entity(name="driver", join_keys=["driver_id"], value_type=ValueType.INT64)
    zone = Entity(name="zone", join_keys=["zone"], value_type=ValueType.STRING)
    drivers = FeatureView(
        name="drivers",
        entities=[driver],
        ttl=timedelta(days=7),
        schema=[
            Field(name="driver_id", dtype=Int64),
            Field(name="acceptance", dtype=Float32),
            Field(name="trips", dtype=Int64),
            Field(name="active", dtype=Bool),
            Field(name="last_ratings", dtype=Array(Float64)),
        ],
        source=source(folder, "drivers", DRIVERS),
    )
    routes = FeatureView(
        name="routes",
        entities=[driver, zone],
        ttl=timedelta(0),
        schema=[
            Field(name="driver_id", dtype=Int64),
            Field(name="zone", dtype=String),
            Field(name="minutes", dtype=Int32),
            Field(name="vehicle", dtype=String),
        ],
        source=source(folder, "routes", ROUTES),
    )
    return [driver, zone, drivers, routes]


def main() -> None:
    out = Path(sys.argv[1])
    (out / "data").mkdir(parents=True)
    (out / "feature_store.yaml").write_text(CONFIG)
    store = FeatureStore(repo_path=str(out))
    store.apply(definitions(out / "data"))
    store.materialize(NOW - timedelta(days=365), NOW)


if __name__ == "__main__":
    main()
