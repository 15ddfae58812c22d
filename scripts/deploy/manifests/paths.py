"""Paths that containers are told of: a volume is mounted there, may be written to where something is written,
and somebody puts there what is read."""

import posixpath
import re

from .pods import binary_of, each_container
from .project import FLAG_FILES
from .references import keys_of
from .settings import KSERVE_MODELS, our_containers, settings_of

# Flags whose whole value is a path that is read.
READ_FLAGS = ("model_repository", "feature_registry", "prediction_log_salt_file", "registry")
# Those that name a store of features: feast:DIR, sqlite:PATH?registry=PATH, redis://HOST/0?registry=PATH.
STORE_FLAGS = ("feature_store", "store")
# Absolute paths in the command of somebody else's program, without those that every container has.
NAMED = re.compile(r"(?<![\w/.:])/(?!dev/|proc/|etc/)[\w.-][\w./-]*")


def paths_of(container):
    """(flag, path, whether it is written to) of each path in the settings of a container."""
    for flag, value in settings_of(container):
        if value in (None, "", "none"):
            continue
        if flag in READ_FLAGS:
            yield flag, value, False
        elif flag in STORE_FLAGS:
            scheme, _, rest = value.partition(":")
            if scheme in ("feast", "sqlite"):
                yield flag, rest.partition("?")[0], False
            for registry in re.findall(r"[?&]registry=([^&]*)", value):
                yield flag, registry, False
        elif flag == "prediction_log" and not value.startswith("kafka:"):
            yield flag, value.removeprefix("jsonl:"), True


def mount_of(container, path):
    """The mount that a path lies in, and the path in its volume; (None, "") without one."""
    found = [
        mount
        for mount in container.get("volumeMounts") or []
        if (path + "/").startswith(mount["mountPath"].rstrip("/") + "/")
    ]
    if not found:
        return None, ""
    mount = max(found, key=lambda each: len(each["mountPath"]))
    return mount, posixpath.relpath(path, mount["mountPath"])


def volume_of(pod, mount):
    volumes = pod.spec.get("volumes") or []
    return next((volume for volume in volumes if volume["name"] == mount["name"]), {})


def is_read_only(pod, mount):
    volume = volume_of(pod, mount)
    claim = volume.get("persistentVolumeClaim") or {}
    fixed = "configMap" in volume or "secret" in volume or claim.get("readOnly", False)
    return mount.get("readOnly", False) or fixed


def copies(container):
    """(source, destination) of each file that a container whose command is cp copies."""
    command = (container.get("command") or []) + (container.get("args") or [])
    if not command or posixpath.basename(command[0]) != "cp":
        return
    operands = [word for word in command[1:] if not word.startswith("-")]
    for source in operands[:-1]:
        yield source, operands[-1]


def filled(pod):
    """(volume, path in it) of everything that init containers copy."""
    for container in pod.init_containers:
        for source, destination in copies(container):
            mount, inside = mount_of(container, destination)
            if mount is None:
                continue
            # Into a folder that is there, under its own name; what is in a folder, with `/.`.
            if inside == "." and posixpath.basename(source) != ".":
                inside = posixpath.basename(source)
            yield mount["name"], inside


def wrong_source(manifests, pod, mount, inside):
    """What is wrong with a path that is read from a volume, or None."""
    volume = volume_of(pod, mount)
    for field, kind, key in (("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName")):
        if not volume.get(field):
            continue
        source = volume[field]
        keys = keys_of(manifests, kind, source.get(key))
        if source.get("items"):
            keys = {item["path"] for item in source["items"]}
        if keys is not None and inside not in keys:
            return f"the {kind} {source.get(key)} has no key {inside}"
    if "emptyDir" in volume:
        there = [path for name, path in filled(pod) if name == volume["name"]]
        if not any(path == "." or (inside + "/").startswith(path + "/") for path in there):
            return "no init container copies it there"
    return None


def flags(manifests):
    """What a path flag names is in a volume: read-only where nothing is written, filled where it is read."""
    for pod, container, where in our_containers(manifests):
        for flag, path, written in paths_of(container):
            if pod.partial and path == KSERVE_MODELS and not written:
                continue
            mount, inside = mount_of(container, path)
            if mount is None:
                yield f"{where}: --{flag} names {path}, and no volume is mounted there"
            elif written and is_read_only(pod, mount):
                yield f"{where}: --{flag} writes to {path}, which is read-only"
            elif not written:
                wrong = wrong_source(manifests, pod, mount, inside)
                if wrong:
                    yield f"{where}: --{flag} names {path}, and {wrong}"


def others(manifests):
    """Programs that are not ours name paths that are there; init containers copy what their image has."""
    for pod, container, where in each_container(manifests):
        if binary_of(container) in FLAG_FILES:
            continue
        copied = list(copies(container))
        for source, destination in copied:
            image = container.get("image", "").rpartition("/")[2].partition(":")[0]
            there = manifests.project.paths_in_image(image)
            plain = posixpath.normpath(source)
            if there is not None and not any((plain + "/").startswith(p + "/") for p in there):
                yield f"{where} copies {source}, and the image {image} has {', '.join(sorted(there))}"
            mount, _ = mount_of(container, destination)
            if mount is None:
                yield f"{where} copies to {destination}, and no volume is mounted there"
            elif is_read_only(pod, mount):
                yield f"{where} copies to {destination}, which is read-only"
        if copied:
            continue
        for word in (container.get("command") or []) + (container.get("args") or []):
            for path in NAMED.findall(word):
                if mount_of(container, path)[0] is None:
                    yield f"{where} names {path}, and no volume is mounted there"
