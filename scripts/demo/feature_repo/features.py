"""Feature definitions of the demo, as any Feast project has them; ../tables.py makes the tables.

Every ttl is 0, Feast's "for ever": the data are from 2013 and would otherwise all be stale.
"""

from datetime import timedelta

from feast import Entity, FeatureView, Field, FileSource
from feast.types import Bool, Float32, Float64, Int32, Int64, String
from feast.value_type import ValueType

plane = Entity(name="plane", join_keys=["tailnum"], value_type=ValueType.STRING)
carrier = Entity(name="carrier", join_keys=["carrier"], value_type=ValueType.STRING)
origin = Entity(name="origin", join_keys=["origin"], value_type=ValueType.STRING)
dest = Entity(name="dest", join_keys=["dest"], value_type=ValueType.STRING)
flight_number = Entity(name="flight_number", join_keys=["flight"], value_type=ValueType.INT64)
hour = Entity(name="hour", join_keys=["hour_utc"], value_type=ValueType.INT64)
airport = Entity(name="airport", join_keys=["faa"], value_type=ValueType.STRING)

KEY_TYPES = {"flight": Int64, "hour_utc": Int64}


def feature_view(name: str, entities: list[Entity], /, **features: object) -> FeatureView:
    """A view over data/NAME.parquet; its schema names the join keys too, String by default."""
    keys = [e.join_key for e in entities]
    return FeatureView(
        name=name,
        entities=entities,
        ttl=timedelta(0),
        schema=[Field(name=k, dtype=KEY_TYPES.get(k, String)) for k in keys]
        + [Field(name=n, dtype=t) for n, t in features.items()],
        source=FileSource(
            name=f"{name}_source", path=f"data/{name}.parquet", timestamp_field="event_timestamp"
        ),
    )


plane_facts = feature_view(
    "plane_facts",
    [plane],
    year=Int64,
    manufacturer=String,
    model=String,
    engines=Int32,
    seats=Int64,
    is_jet=Bool,
)
plane_delay = feature_view(
    "plane_delay",
    [plane],
    flights_flown=Int64,
    mean_arr_delay=Float32,
    mean_dep_delay=Float32,
    late_share=Float64,
)
carrier_delay = feature_view(
    "carrier_delay", [carrier], mean_arr_delay=Float32, mean_dep_delay=Float32, late_share=Float64
)
route_delay = feature_view(
    "route_delay",
    [origin, dest],
    flights_flown=Int64,
    mean_arr_delay=Float32,
    mean_dep_delay=Float32,
    late_share=Float64,
)
flight_number_delay = feature_view(
    "flight_number_delay",
    [flight_number],
    flights_flown=Int64,
    mean_arr_delay=Float32,
    late_share=Float64,
)
origin_weather = feature_view(  # of the hour before hour_utc
    "origin_weather",
    [origin, hour],
    temp=Float64,
    dewp=Float64,
    humid=Float64,
    wind_dir=Float64,
    wind_speed=Float64,
    wind_gust=Float64,
    precip=Float64,
    pressure=Float64,
    visib=Float64,
)
origin_departures = feature_view(  # of the two hours before hour_utc
    "origin_departures",
    [origin, hour],
    departed=Int64,
    waiting=Int64,
    mean_dep_delay=Float32,
    late_share=Float64,
)
airport_position = feature_view(
    "airport_position", [airport], name=String, lat=Float64, lon=Float64, alt=Int64
)
