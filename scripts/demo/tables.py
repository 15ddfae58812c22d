"""Builds Feast's source tables (OUT/feast/data/*.parquet), the assembled columns and test.csv.

The assembled columns (OUT/assembled/{train,test}.npz) hold NaN where a feature is null or absent.
Those of the test flights are joined from the very tables that Feast materializes, in their stored
types.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from history import HOUR, add_times, departures, history_as_of, history_by_day, hours_since_1970
from spec import (
    DENSE_COLUMNS,
    HISTORY_VIEWS,
    JOIN_KEYS,
    REQUEST_TENSORS,
    TRAINING_MONTHS,
    VIEWS,
    Folders,
    view,
)

SNAPSHOT_DAY = pd.Timestamp("2013-10-01")  # New York
SNAPSHOT_TIME = pd.Timestamp("2013-10-01T04:00:00Z")
STATIC_TIME = pd.Timestamp("2013-01-01T00:00:00Z")

# Column types as stored; what is not named here is float64 or a string.
TYPES = {
    "flight": "int64",
    "hour_utc": "int64",
    "year": "Int64",
    "seats": "Int64",
    "engines": "Int32",
    "is_jet": "boolean",
    "flights_flown": "Int64",
    "departed": "Int64",
    "waiting": "Int64",
    "mean_arr_delay": "float32",
    "mean_dep_delay": "float32",
    "alt": "Int64",
}


def plane_facts(planes: pd.DataFrame) -> pd.DataFrame:
    planes = planes.assign(
        is_jet=planes.engine.isin(["Turbo-fan", "Turbo-jet"]), event_timestamp=STATIC_TIME
    )
    return planes[
        [
            "tailnum",
            "year",
            "manufacturer",
            "model",
            "engines",
            "seats",
            "is_jet",
            "event_timestamp",
        ]
    ]


def airport_position(airports: pd.DataFrame) -> pd.DataFrame:
    return airports[["faa", "name", "lat", "lon", "alt"]].assign(event_timestamp=STATIC_TIME)


def origin_weather(weather: pd.DataFrame) -> pd.DataFrame:
    """Keyed by the hour that it serves, one later than it was measured."""
    measured = pd.to_datetime(weather.time_hour, utc=True)
    table = weather.assign(hour_utc=hours_since_1970(measured + HOUR), event_timestamp=measured)
    return table[["origin", "hour_utc", *view("origin_weather").features, "event_timestamp"]]


def origin_departures(flights: pd.DataFrame) -> pd.DataFrame:
    table = departures(flights)
    return table.assign(event_timestamp=pd.to_datetime(table.hour_utc * 3600, unit="s", utc=True))


def build_tables(source: Path, flights: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """View name -> its table, typed as it is stored."""
    training = flights[flights.month <= TRAINING_MONTHS]
    tables = {
        "plane_facts": plane_facts(pd.read_csv(source / "planes.csv")),
        "airport_position": airport_position(pd.read_csv(source / "airports.csv")),
        "origin_weather": origin_weather(pd.read_csv(source / "weather.csv")),
        "origin_departures": origin_departures(flights),
    }
    for name in HISTORY_VIEWS:
        tables[name] = history_as_of(training, name, SNAPSHOT_DAY).assign(
            event_timestamp=SNAPSHOT_TIME
        )
    return {
        name: table.astype({c: t for c, t in TYPES.items() if c in table})
        for name, table in tables.items()
    }


def join(flights: pd.DataFrame, table: pd.DataFrame, view_name: str) -> pd.DataFrame:
    """The view's features for each flight, in the flights' order, NaN where null or absent."""
    chosen = view(view_name)
    keys = flights[[JOIN_KEYS[key] for key in chosen.keys]].set_axis(list(chosen.keys), axis=1)
    return keys.merge(table, how="left", on=list(chosen.keys))[list(chosen.features)]


def assemble(flights: pd.DataFrame, views: dict[str, pd.DataFrame]) -> dict[str, np.ndarray]:
    """The dense columns as float32 and the request's strings; `views` holds one row a flight."""

    def column(source: str, name: str | None) -> pd.Series:
        return flights[source] if name is None else views[name][source.split(":")[1]]

    dense = np.column_stack(
        [
            column(c.source, c.view).astype("Float64").to_numpy(dtype="float64", na_value=np.nan)
            for c in DENSE_COLUMNS
        ]
    )
    strings = {name: flights[name].to_numpy(dtype=str) for name in ("carrier", "origin", "dest")}
    return {
        "dense": dense.astype("float32"),
        "late": flights.late.to_numpy(dtype="float32"),
        **strings,
    }


def views_of(flights: pd.DataFrame, tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    return {v.name: join(flights, tables[v.name], v.name) for v in VIEWS}


def write_test_csv(test: pd.DataFrame, path: Path) -> None:
    """What a caller sends, and the label; an unknown tail number is an empty string."""
    columns = test[list(REQUEST_TENSORS)].assign(
        tailnum=test.tailnum.fillna(""), late=test.late.astype(int)
    )
    columns.to_csv(path, index=False, lineterminator="\n")


def main() -> None:
    folders = Folders(Path(sys.argv[1]))
    data = folders.feast / "data"
    data.mkdir(parents=True, exist_ok=True)
    folders.assembled.mkdir(exist_ok=True)

    flights = add_times(pd.read_csv(folders.source / "flights.csv"))
    flights = flights.sort_values("scheduled", kind="stable").reset_index(drop=True)
    tables = build_tables(folders.source, flights)
    for name, table in tables.items():
        table.to_parquet(data / f"{name}.parquet", index=False)
        print(f"{name}: {len(table)} rows")

    known = flights[flights.arr_delay.notna()]
    # History of the training days is summed over every flight known by then, hence over `flights`.
    by_day = {name: history_by_day(flights, name).astype("float32") for name in HISTORY_VIEWS}
    train = known[known.month <= TRAINING_MONTHS]
    train_views = views_of(train, tables) | {
        name: table.loc[train.index] for name, table in by_day.items()
    }
    np.savez(folders.assembled / "train.npz", **assemble(train, train_views))
    test = known[known.month > TRAINING_MONTHS]
    np.savez(folders.assembled / "test.npz", **assemble(test, views_of(test, tables)))
    write_test_csv(test, folders.out / "test.csv")
    print(f"{len(train)} flights to train on, {len(test)} to test with")


if __name__ == "__main__":
    main()
