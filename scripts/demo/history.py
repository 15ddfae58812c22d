"""Features that are computed from past flights, with nothing in them from the future.

Used twice with the same rules: as of 1 October for the tables that the store serves, and day by day
for the training flights, which may not see their own arrival nor a later one.
"""

import numpy as np
import pandas as pd

from spec import LATE_MINUTES, view

HOUR = pd.Timedelta(hours=1)
# The tables hold no time of arrival in UTC, so an arrival counts as known one hour after the air
# time has passed, which is longer than taxiing takes.
TAXI = HOUR


def add_times(flights: pd.DataFrame) -> pd.DataFrame:
    """The flights with UTC times, the hour they belong to, their local day and the label."""
    flights = flights.copy()
    hour = pd.to_datetime(flights.time_hour, utc=True)
    flights["time_hour"] = hours_since_1970(hour)
    flights["scheduled"] = hour + pd.to_timedelta(flights.minute, unit="min")
    flights["departed"] = flights.scheduled + pd.to_timedelta(flights.dep_delay, unit="min")
    arrived = flights.departed + pd.to_timedelta(flights.air_time, unit="min") + TAXI
    flights["date"] = local_date(flights.scheduled)
    flights["known_date"] = local_date(arrived)
    flights["late"] = (
        (flights.arr_delay > LATE_MINUTES).astype("float64").where(flights.arr_delay.notna())
    )
    return flights


def hours_since_1970(times: pd.Series) -> pd.Series:
    return times.dt.as_unit("s").astype("int64") // 3600


def local_date(times: pd.Series) -> pd.Series:
    """Midnight of the New York day; NaT stays NaT."""
    return times.dt.tz_convert("America/New_York").dt.tz_localize(None).dt.normalize()


def _sums(flights: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Counts and sums over flights with a known arrival."""
    known = flights[flights.arr_delay.notna()]
    groups = known.groupby(by)
    return pd.DataFrame(
        {
            "flights_flown": groups.size(),
            "arr": groups.arr_delay.sum(),
            "dep": groups.dep_delay.sum(),
            "late": groups.late.sum(),
        }
    )


def _means(sums: pd.DataFrame) -> pd.DataFrame:
    count = sums.flights_flown
    return pd.DataFrame(
        {
            "flights_flown": count,
            "mean_arr_delay": sums.arr / count,
            "mean_dep_delay": sums.dep / count,
            "late_share": sums.late / count,
        }
    )


def history_as_of(flights: pd.DataFrame, view_name: str, date: pd.Timestamp) -> pd.DataFrame:
    """One row a key: its flights whose arrival was known before that date."""
    chosen = view(view_name)
    means = _means(_sums(flights[flights.known_date < date], list(chosen.keys))).reset_index()
    return means[[*chosen.keys, *chosen.features]]


def history_by_day(flights: pd.DataFrame, view_name: str) -> pd.DataFrame:
    """Per flight, in order: what history_as_of gives for its own day; NaN where nothing."""
    chosen = view(view_name)
    keys = list(chosen.keys)
    daily = (
        _sums(flights, keys + ["known_date"]).reset_index().sort_values("known_date", kind="stable")
    )
    columns = ["flights_flown", "arr", "dep", "late"]
    daily[columns] = daily.groupby(keys)[columns].cumsum()
    wanted = flights[keys + ["date"]].reset_index(drop=True).rename_axis("row").reset_index()
    joined = pd.merge_asof(
        wanted.sort_values("date", kind="stable"),
        daily,
        left_on="date",
        right_on="known_date",
        by=keys,
        allow_exact_matches=False,
    )
    return _means(joined.sort_values("row"))[list(chosen.features)].reset_index(drop=True)


def departures(flights: pd.DataFrame) -> pd.DataFrame:
    """Per origin and hour with a scheduled flight: who left, who waits, of the two hours before.

    Only flights scheduled before the hour count, so that a flight never sees its own departure,
    even an early one. A cancelled flight waits: the tables do not tell when it was called off.
    Means are null where nothing left.
    """
    parts = []
    for back in (1, 2):
        left = flights.departed.dt.floor("h") + back * HOUR
        seen = flights[(flights.scheduled < left) & left.notna()].assign(left_by=left)
        parts.append(
            pd.DataFrame(
                {
                    "origin": seen.origin,
                    "hour_utc": hours_since_1970(seen.left_by),
                    "departed": 1,
                    "waiting": 0,
                    "delay": seen.dep_delay,
                    "late": (seen.dep_delay > LATE_MINUTES).astype("float64"),
                }
            )
        )
        due = flights.scheduled.dt.floor("h") + back * HOUR
        stuck = flights[~(flights.departed < due)]
        parts.append(
            pd.DataFrame(
                {
                    "origin": stuck.origin,
                    "hour_utc": hours_since_1970(due.loc[stuck.index]),
                    "departed": 0,
                    "waiting": 1,
                    "delay": np.nan,
                    "late": np.nan,
                }
            )
        )
    groups = pd.concat(parts).groupby(["origin", "hour_utc"])
    table = pd.DataFrame(
        {
            "departed": groups.departed.sum(),
            "waiting": groups.waiting.sum(),
            "mean_dep_delay": groups.delay.mean(),
            "late_share": groups.late.mean(),
        }
    )
    scheduled = (
        flights[["origin", "time_hour"]].drop_duplicates().rename(columns={"time_hour": "hour_utc"})
    )
    table = scheduled.merge(table.reset_index(), how="left", on=["origin", "hour_utc"])
    counts = ["departed", "waiting"]
    table[counts] = table[counts].fillna(0)
    return table.sort_values(["hour_utc", "origin"]).reset_index(drop=True)
