"""What the examples share: their command line, three flights of the demo as a caller knows them
before departure, and how they are printed.
"""

import argparse

MODEL = "flight_delay"
DATATYPES = {
    "carrier": "BYTES",
    "flight": "INT64",
    "tailnum": "BYTES",
    "origin": "BYTES",
    "dest": "BYTES",
    "time_hour": "INT64",
    "sched_dep_time": "INT32",
    "distance": "FP32",
}
FLIGHTS = (
    ("US", 1877, "N538UW", "EWR", "CLT", 383505, 500, 529),
    ("DL", 315, "N6702", "JFK", "SJU", 383578, 655, 1598),
    ("B6", 573, "N784JB", "EWR", "TPA", 385364, 1529, 997),
)


def columns() -> dict[str, list]:
    """Tensor name -> its value for each flight."""
    return {name: [flight[i] for flight in FLIGHTS] for i, name in enumerate(DATATYPES)}


def print_flights(probabilities: list[float], parameters: dict[str, object]) -> None:
    """One line a flight, then where the features came from."""
    for flight, probability in zip(FLIGHTS, probabilities, strict=True):
        carrier, number, tailnum, origin, dest, *_ = flight
        print(f"{carrier} {number:<5} {tailnum}  {origin}-{dest}  late with {probability:.4f}")
    print_parameters(parameters)


def print_parameters(parameters: dict[str, object]) -> None:
    """The response parameters, sorted by name."""
    for name in sorted(parameters):
        print(f"{name}: {parameters[name]}")


def parse_input(text: str) -> tuple[str, list[str]]:
    """`name=value,value` -> name and values, one for each row."""
    name, equals, values = text.partition("=")
    if not equals or not name:
        raise ValueError(f"--input: '{text}' is not name=value")
    return name, values.split(",")


def parse_arguments(description: str) -> argparse.Namespace:
    """The command line of an example, whose docstring is its --help."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--server", default="127.0.0.1:8001", help="HOST:PORT")
    parser.add_argument("--model", default=MODEL)
    parser.add_argument("--input", action="append", default=[], help="name=value[,value...]")
    parser.add_argument("--deadline", type=float, default=5, help="seconds")
    return parser.parse_args()
