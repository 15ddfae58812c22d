"""What the manifests have to agree with, read from the sources: flags, metrics, times of the end."""

import functools
import pathlib
import posixpath
import re

import metric_names

# Where each binary's flags are defined.
FLAG_FILES = {
    "tournant-server": "server/server_flags.cc",
    "tournant-feature-store": "server/feature_store_main.cc",
}
# Defaults that are constants elsewhere: the file, and the name there.
BYTES_ELSEWHERE = {
    ("tournant-feature-store", "max_in_flight_bytes"): ("server/feature_store/call_limit.h", "max_bytes"),
}
# Images of data.
DOCKERFILES = {"tournant-demo": "deploy/kubernetes/overlays/demo/Dockerfile"}
# What a server answers to in grpc.health.v1, besides the names of models.
HEALTH_SERVICES = {
    "tournant-server": ("", "ready", "live"),
    "tournant-feature-store": ("",),
}

FLAG = re.compile(r"ABSL_FLAG\(\s*([\w:]+),\s*(\w+),")
BYTES = r"(?:u?int\d+_t|size_t)?\{?(\d+)\}?(?: << (\d+))?"
DURATION = re.compile(r"0|(\d+(\.\d*)?(ns|us|ms|s|m|h))+")
VALUES = {
    "bool": re.compile(r"true|false"),
    "int": re.compile(r"-?\d+"),
    "int64_t": re.compile(r"-?\d+"),
    "absl::Duration": DURATION,
}
ABSL_UNITS = {"Milliseconds": 1e-3, "Seconds": 1, "Minutes": 60, "Hours": 3600}
SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}


def seconds(duration):
    """A duration as absl writes it, in seconds."""
    return sum(
        float(number) * SECONDS[unit]
        for number, _, unit in re.findall(r"(\d+(\.\d*)?)(ns|us|ms|s|m|h)", duration)
    )


class Project:
    def __init__(self, root):
        self.root = pathlib.Path(root)

    @functools.cache
    def flags(self, binary):
        """Name and type of each flag of a binary; empty for one that is not ours."""
        file = FLAG_FILES.get(binary)
        if file is None:
            return {}
        return {name: kind for kind, name in FLAG.findall((self.root / file).read_text())}

    def flag_error(self, binary, name, value):
        """What is wrong with a flag of one of ours, or None."""
        flags = self.flags(binary)
        if name not in flags:
            return f"{binary} has no flag --{name}"
        pattern = VALUES.get(flags[name].removeprefix("std::"))
        if pattern is not None and not pattern.fullmatch(value):
            return f"--{name}={value}: {flags[name]} is no such value"
        return None

    @functools.cache
    def metrics(self):
        """The metrics that a server shows: name -> (type, labels)."""
        return metric_names.served(self.root)

    @functools.cache
    def default_bytes(self, binary, flag):
        """The default of a flag that counts bytes."""
        file = FLAG_FILES[binary]
        if (binary, flag) in BYTES_ELSEWHERE:
            file, name = BYTES_ELSEWHERE[binary, flag]
            return self._bytes_of(file, rf"\b{name} = ")
        return self._bytes_of(file, rf"ABSL_FLAG\(\s*\w+, {flag},\s*")

    def prediction_file_bytes(self):
        """How large a file of the prediction log gets, about, before the next one is begun."""
        return self._bytes_of("server/predictions/segment_writer.h", r"\brotate_bytes = ")

    def _bytes_of(self, file, before):
        """A number of bytes in a source, such as `int64_t{64} << 20`, behind what matches."""
        found = re.search(before + BYTES, (self.root / file).read_text())
        if found is None:
            raise ValueError(f"{file} has no number of bytes behind {before}, which sizes are checked by")
        return int(found[1]) << int(found[2] or 0)

    @functools.cache
    def metrics_path(self):
        """Where the server shows its metrics."""
        file = "server/status/status_pages.cc"
        found = re.search(r'\{"(/[^"]*)", [^\n]*return Metrics\(', (self.root / file).read_text())
        if found is None:
            raise ValueError(f"{file} has no path of the metrics, which monitors are checked by")
        return found[1]

    @functools.cache
    def paths_in_image(self, image):
        """What a Dockerfile of ours puts into an image by COPY; None for another image."""
        if image not in DOCKERFILES:
            return None
        paths = set()
        for line in re.findall(r"^COPY ((?!--).*)$", (self.root / DOCKERFILES[image]).read_text(), re.M):
            *sources, target = line.split()
            into = target.endswith("/") or len(sources) > 1
            paths.update(
                posixpath.normpath(f"{target}/{posixpath.basename(source)}" if into else target)
                for source in sources
            )
        return paths

    @functools.cache
    def default_seconds(self, binary, flag):
        """The default of a flag that is a time; None where the binary has no such flag."""
        if flag not in self.flags(binary):
            return None
        text = (self.root / FLAG_FILES[binary]).read_text()
        found = re.search(rf"ABSL_FLAG\(\s*absl::Duration, {flag},\s*absl::(\w+)\((\d+)\)", text)
        if found is None or found[1] not in ABSL_UNITS:
            raise ValueError(f"--{flag} has no default that can be read, which grace periods are checked by")
        return int(found[2]) * ABSL_UNITS[found[1]]

    def _seconds_of(self, file, name):
        """A constant of a source."""
        text = (self.root / file).read_text()
        found = re.search(rf"\b{name}(?:\{{| = std::chrono::seconds\()(\d+)[}})];", text)
        if found is None:
            raise ValueError(f"{file} has no {name} in seconds, which grace periods are checked by")
        return int(found[1])

    # How long each step of a server's end takes at most, behind the drain.

    @functools.cache
    def model_end_seconds(self):
        """A model computes on once nobody waits for it."""
        return self._seconds_of("server/main.cc", "kModelBudget")

    @functools.cache
    def span_end_seconds(self):
        """Spans go to the collector."""
        return self._seconds_of("server/tracing.cc", "kFlushBudget")

    @functools.cache
    def log_end_seconds(self):
        """Records that wait are saved, where no flag says otherwise."""
        return self.default_seconds("tournant-server", "prediction_log_close_timeout")

    @functools.cache
    def log_grace_seconds(self):
        """And what is being written then is given up."""
        return self._seconds_of("server/predictions/prediction_log.h", "interrupt_grace")

    @functools.cache
    def feature_store_grace_seconds(self):
        """The feature store lets calls in flight end."""
        return self._seconds_of(FLAG_FILES["tournant-feature-store"], "kDrainGrace")
