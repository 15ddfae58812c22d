"""Memory and disk: what flags let a server take fits into what its pod is given."""

from .paths import mount_of, paths_of, volume_of
from .pods import binary_of, quantity
from .settings import our_containers, settings_of

MIB = 2**20
# Of a server before it has loaded a model ("process" in its line "memory" at start is 123 MiB), of its
# spans and lines of the log, and of a feature store.
PROCESS = {"tournant-server": 130 * MIB, "tournant-feature-store": 32 * MIB}
# What writing a batch of the prediction log takes, and how many times that, as
# server/predictions/log_memory.cc counts; 2 for files that may be compressed.
BATCH = 17 * MIB
BATCHES = {"jsonl:": 9, "kafka:": 3}
# How many MiB a container lets be in a volume before it deletes from it.
KEPT = "KEPT_MIB"
# What may be written before it looks again, besides the file that is written.
BETWEEN_LOOKS = 1024 * MIB


def text(size):
    return f"{size / MIB:.0f} MiB"


def size_of(manifests, binary, settings, flag):
    given = settings.get(flag)
    return int(given) if given else manifests.project.default_bytes(binary, flag)


def needs(manifests, container, limit):
    """(what for, bytes) as server/resources.cc adds it up, without models and caches, unknown here."""
    binary = binary_of(container)
    settings = dict(settings_of(container))
    yield "process", PROCESS[binary]
    in_flight = size_of(manifests, binary, settings, "max_in_flight_bytes")
    # 0: the server takes a part of what it has.
    yield "--max_in_flight_bytes", in_flight or min(2**30, limit / 4)
    sink = settings.get("prediction_log", "none")
    if sink != "none":
        name = "prediction_log_max_bytes"
        waiting = size_of(manifests, binary, settings, name)
        besides = next((times for scheme, times in BATCHES.items() if sink.startswith(scheme)), 2)
        yield f"--{name}", 1.25 * waiting + besides * min(waiting, BATCH)


def memory(manifests):
    """A server has the memory that its flags let it take. The model server would not start without."""
    for _, container, where in our_containers(manifests):
        limit = container.get("resources", {}).get("limits", {}).get("memory")
        if limit is None:
            continue
        parts = list(needs(manifests, container, quantity(limit)))
        if binary_of(container) == "tournant-server":
            parts.append(("a quarter more", sum(size for _, size in parts) / 4))
        needed = sum(size for _, size in parts)
        if needed >= quantity(limit):
            of = ", ".join(f"{name} {text(size)}" for name, size in parts)
            yield f"{where}: the memory limit {limit} is not above the {text(needed)} that it may need ({of})"


def limit_of(volume):
    return quantity((volume.get("emptyDir") or {}).get("sizeLimit", 0))


def disks(manifests):
    """What is written to an emptyDir stays below its limit, above which the kubelet evicts the pod."""
    for pod, container, where in our_containers(manifests):
        for flag, path, written in paths_of(container):
            mount, _ = mount_of(container, path)
            volume = volume_of(pod, mount) if mount else {}
            if not written or "emptyDir" not in volume:
                continue
            kept = [
                int(variable["value"])
                for other in pod.containers + pod.init_containers
                if any(m["name"] == volume["name"] for m in other.get("volumeMounts") or [])
                for variable in other.get("env") or []
                if variable["name"] == KEPT
            ]
            if not kept:
                yield (
                    f"{where}: --{flag} fills the emptyDir {volume['name']}, and no container deletes above "
                    f"{KEPT}"
                )
                continue
            most = min(kept) * MIB + manifests.project.prediction_file_bytes() + BETWEEN_LOOKS
            if most > limit_of(volume):
                yield (
                    f"{pod.name}: {KEPT} is {min(kept)}, so {text(most)} may be in the emptyDir "
                    f"{volume['name']}, whose sizeLimit is {volume['emptyDir'].get('sizeLimit')}"
                )
        if binary_of(container) != "tournant-server":
            continue
        # A model that comes in a call is unpacked there.
        mount, _ = mount_of(container, "/tmp")
        volume = volume_of(pod, mount) if mount else {}
        message = size_of(
            manifests, "tournant-server", dict(settings_of(container)), "max_message_bytes"
        )
        if "emptyDir" in volume and limit_of(volume) < message:
            yield f"{where}: /tmp has less than the {text(message)} of --max_message_bytes"
