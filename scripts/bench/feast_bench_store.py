"""Makes what scripts/bench/features reads, by Feast: the same tables in SQLite and in a running Redis.

    build/venv-feast/bin/python scripts/bench/feast_bench_store.py OUT REDIS_PORT

OUT/sqlite and OUT/redis are Feast repositories that share OUT/registry.db. A view by driver_id has
exactly the features that a call asks for, so that Feast reads nothing in vain; `fleet` has no entity.
"""

import os
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

# SQLite's online store keeps event times in the writer's time zone.
os.environ["TZ"] = "UTC"
time.tzset()

import numpy  # noqa: E402
import pandas  # noqa: E402
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, ValueType  # noqa: E402
from feast.types import Bool, Float32, Float64, Int64, String  # noqa: E402
from feature_calls import DRIVERS, FLEET, WIDTHS, feature, view  # noqa: E402

NOW = datetime.now(timezone.utc).replace(microsecond=0)

CONFIG = """\
project: bench
registry: {out}/registry.db
provider: local
online_store: {{ {online_store} }}
entity_key_serialization_version: 3
"""


def column(kind, rows: int, rng: numpy.random.Generator):
    if kind is Int64:
        return rng.integers(0, 1_000_000, rows)
    if kind is String:
        return ["".join(letters) for letters in rng.choice(list("abcdefgh"), (rows, 10))]
    if kind is Bool:
        return rng.random(rows) < 0.5
    return rng.random(rows).astype("float32" if kind is Float32 else "float64")


def make_view(out: Path, name: str, kinds: list, driver: Entity | None) -> FeatureView:
    rng = numpy.random.default_rng(len(kinds))
    rows = DRIVERS if driver else 1
    table = {"event_timestamp": [NOW] * rows}
    if driver:
        table["driver_id"] = numpy.arange(rows)
    table |= {feature(i): column(kind, rows, rng) for i, kind in enumerate(kinds)}
    path = out / f"{name}.parquet"
    pandas.DataFrame(table).to_parquet(path)
    key = [Field(name="driver_id", dtype=Int64)] if driver else []
    return FeatureView(
        name=name,
        entities=[driver] if driver else [],
        ttl=timedelta(0),
        schema=key + [Field(name=feature(i), dtype=kind) for i, kind in enumerate(kinds)],
        source=FileSource(path=str(path), timestamp_field="event_timestamp"),
    )


def main() -> None:
    out, redis_port = Path(sys.argv[1]), sys.argv[2]
    driver = Entity(name="driver", join_keys=["driver_id"], value_type=ValueType.INT64)
    kinds = [Float64, Int64, Float32, String, Bool]
    views = [make_view(out, view(width), (kinds * width)[:width], driver) for width in WIDTHS]
    views.append(make_view(out, FLEET, [Float64] * 12, None))
    for name, online_store in {
        "sqlite": f"type: sqlite, path: {out}/online_store.db",
        "redis": f'type: redis, connection_string: "127.0.0.1:{redis_port}"',
    }.items():
        folder = out / name
        folder.mkdir()
        (folder / "feature_store.yaml").write_text(
            CONFIG.format(out=out, online_store=online_store))
        store = FeatureStore(repo_path=str(folder))
        store.apply([driver, *views])
        store.materialize(NOW - timedelta(days=1), NOW + timedelta(seconds=1))


if __name__ == "__main__":
    main()
