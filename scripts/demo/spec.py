"""What all steps of the demo agree on: views, columns, request tensors and folders.

Only the standard library is used, so that every environment can read it. `feature_repo/features.py`
says the same in Feast's words; `check_store.py` finds any difference.
"""

from dataclasses import dataclass
from pathlib import Path

MODEL = "flight_delay"
LATE_MINUTES = 15
TRAINING_MONTHS = 9  # January to September; the rest is the test


@dataclass(frozen=True)
class View:
    """A Feast feature view: the join keys, and those of its features that the model uses."""

    name: str
    keys: tuple[str, ...]
    features: tuple[str, ...]


@dataclass(frozen=True)
class Column:
    """One column of the tensor `dense`: a request tensor or a feature `view:feature`."""

    source: str
    view: str | None  # None: comes from the request

    @property
    def name(self) -> str:
        return self.source.split(":")[-1]


VIEWS = (
    View("plane_facts", ("tailnum",), ("year", "seats", "engines", "is_jet")),
    View(
        "plane_delay",
        ("tailnum",),
        ("flights_flown", "mean_arr_delay", "mean_dep_delay", "late_share"),
    ),
    View("carrier_delay", ("carrier",), ("mean_arr_delay", "mean_dep_delay", "late_share")),
    View(
        "route_delay",
        ("origin", "dest"),
        ("flights_flown", "mean_arr_delay", "mean_dep_delay", "late_share"),
    ),
    View("flight_number_delay", ("flight",), ("flights_flown", "mean_arr_delay", "late_share")),
    View(
        "origin_weather",
        ("origin", "hour_utc"),
        (
            "temp",
            "dewp",
            "humid",
            "wind_dir",
            "wind_speed",
            "wind_gust",
            "precip",
            "pressure",
            "visib",
        ),
    ),
    View(
        "origin_departures",
        ("origin", "hour_utc"),
        ("departed", "waiting", "mean_dep_delay", "late_share"),
    ),
    View("airport_position", ("faa",), ("lat", "lon", "alt")),
)

# Histories: view -> columns of the flights table that they are grouped by.
HISTORY_VIEWS = ("plane_delay", "carrier_delay", "route_delay", "flight_number_delay")

# Feast's join key -> the request tensor that it is taken from.
JOIN_KEYS = {
    "tailnum": "tailnum",
    "carrier": "carrier",
    "origin": "origin",
    "dest": "dest",
    "flight": "flight",
    "hour_utc": "time_hour",
    "faa": "dest",
}

# Request tensor -> its type in features.pbtxt; also the columns of test.csv, in this order.
REQUEST_TENSORS = {
    "carrier": "TYPE_STRING",
    "flight": "TYPE_INT64",
    "tailnum": "TYPE_STRING",
    "origin": "TYPE_STRING",
    "dest": "TYPE_STRING",
    "time_hour": "TYPE_INT64",
    "sched_dep_time": "TYPE_INT32",
    "distance": "TYPE_FP32",
}
OPTIONAL_REQUEST_TENSORS = ("distance",)

# These two come first: the model derives the weekday and the time of day from them.
CLOCK_COLUMNS = (Column("time_hour", None), Column("sched_dep_time", None))
DENSE_COLUMNS = (
    CLOCK_COLUMNS
    + (Column("distance", None),)
    + tuple(
        Column(f"{view.name}:{feature}", view.name) for view in VIEWS for feature in view.features
    )
)

# Embedding input of the model -> (request tensor, vocabulary file).
VOCABULARIES = {
    "carrier_id": ("carrier", "carriers.txt"),
    "origin_id": ("origin", "origins.txt"),
    "dest_id": ("dest", "dests.txt"),
}


@dataclass(frozen=True)
class Folders:
    """Where things lie below the output folder."""

    out: Path

    @property
    def source(self) -> Path:
        return self.out / "source"

    @property
    def feast(self) -> Path:
        return self.out / "feast"

    @property
    def assembled(self) -> Path:
        return self.out / "assembled"

    @property
    def models(self) -> Path:
        return self.out / "models"

    @property
    def version(self) -> Path:
        return self.models / MODEL / "1"


def view(name: str) -> View:
    """The view of that name."""
    return next(v for v in VIEWS if v.name == name)
