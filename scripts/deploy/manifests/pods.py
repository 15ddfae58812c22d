"""What every pod and container has to have, and that the parts of a pod fit together."""

import re

from .project import HEALTH_SERVICES

PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
QUANTITY = {"": 1, "m": 1e-3, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "k": 1e3, "M": 1e6, "G": 1e9}


def quantity(text):
    number, unit = re.fullmatch(r"([\d.]+)([A-Za-z]*)", str(text)).groups()
    return float(number) * QUANTITY[unit]


def each_container(manifests):
    for pod in manifests.pods():
        for container in pod.containers + pod.init_containers:
            yield pod, container, f"{pod.name}: container {container['name']}"


def probes(manifests):
    """Every container that stays says how it is started, ready and alive, on a port that it has."""
    for pod in manifests.pods():
        for container in [] if pod.ends else pod.containers:
            where = f"{pod.name}: container {container['name']}"
            for kind in PROBES:
                if kind not in container:
                    yield f"{where} has no {kind}"
                    continue
                probe = container[kind]
                for handler in ("grpc", "httpGet", "tcpSocket"):
                    if handler in probe and not pod.has_port(probe[handler]["port"]):
                        yield f"{where}: {kind} asks port {probe[handler]['port']}, which it does not have"
                if "exec" not in probe and probe.get("timeoutSeconds", 1) > probe.get(
                    "periodSeconds", 10
                ):
                    yield f"{where}: {kind} waits longer than its period"
            liveness = container.get("livenessProbe", {})
            if liveness.get("failureThreshold", 3) * liveness.get("periodSeconds", 10) < 30:
                yield f"{where}: livenessProbe gives up in less than 30 s"


def health_services(manifests):
    """A gRPC probe asks for a service that the server answers to."""
    for pod, container, where in each_container(manifests):
        known = HEALTH_SERVICES.get(binary_of(container))
        for kind in PROBES:
            service = container.get(kind, {}).get("grpc", {}).get("service", "")
            if known is not None and service not in known:
                yield f"{where}: {kind} asks for '{service}', and {binary_of(container)} knows {known}"


def resources(manifests):
    """Every container has requests and limits of CPU and memory, the first not above the second."""
    for _, container, where in each_container(manifests):
        given = container.get("resources", {})
        for name in ("cpu", "memory"):
            request, limit = (given.get(part, {}).get(name) for part in ("requests", "limits"))
            if request is None or limit is None:
                yield f"{where} has no request or no limit of {name}"
            elif quantity(request) > quantity(limit):
                yield f"{where} requests more {name} than its limit"


def security(manifests):
    """No root, no capabilities, nothing to write to but volumes, no token of the cluster."""
    for pod, container, where in each_container(manifests):
        own = container.get("securityContext", {})
        both = {**pod.spec.get("securityContext", {}), **own}
        if own.get("allowPrivilegeEscalation") is not False:
            yield f"{where}: allowPrivilegeEscalation is not false"
        if own.get("readOnlyRootFilesystem") is not True:
            yield f"{where}: readOnlyRootFilesystem is not true"
        if own.get("capabilities", {}).get("drop") != ["ALL"]:
            yield f"{where}: capabilities are not all dropped"
        if both.get("runAsNonRoot") is not True or not both.get("runAsUser"):
            yield f"{where}: runAsNonRoot is not true, or runAsUser is not set"
        if both.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{where}: seccompProfile is not RuntimeDefault"
    for pod in manifests.pods():
        for field in ("automountServiceAccountToken", "enableServiceLinks"):
            if not pod.partial and pod.spec.get(field) is not False:
                yield f"{pod.name}: {field} is not false"
        # The rest of such a pod is KServe's.
        if pod.owner["kind"] == "InferenceService" and pod.spec.get("enableServiceLinks") is not False:
            yield f"{pod.name}: enableServiceLinks is not false"


def volumes(manifests):
    """Mounts name volumes, volumes are mounted, and what a pod can fill has a bound."""
    for pod in manifests.pods():
        declared = {volume["name"]: volume for volume in pod.spec.get("volumes") or []}
        used = set()
        for container in pod.containers + pod.init_containers:
            mounts = container.get("volumeMounts") or []
            used.update(mount["name"] for mount in mounts)
            paths = [mount["mountPath"] for mount in mounts]
            if len(set(paths)) < len(paths):
                yield f"{pod.name}: container {container['name']} mounts two volumes at one path"
        for name in sorted(used - set(declared)):
            yield f"{pod.name} mounts the volume {name}, which it does not have"
        for name in sorted(set(declared) - used):
            yield f"{pod.name} has the volume {name}, which nothing mounts"
        for name, volume in declared.items():
            if "emptyDir" in volume and "sizeLimit" not in (volume["emptyDir"] or {}):
                yield f"{pod.name}: the emptyDir {name} has no sizeLimit"


def binary_of(container):
    """Which of our binaries a container starts: its command, else what its image starts."""
    command = container.get("command")
    if command:
        return command[0]
    image = re.sub(r"[:@][^/]*$", "", container.get("image", "")).rsplit("/", 1)[-1]
    return "tournant-server" if image == "tournant" else image
