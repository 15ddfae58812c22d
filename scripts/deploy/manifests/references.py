"""Objects that name each other: selectors, ports, volumes' sources, namespaces."""

import base64
import collections

from .model import matches, name_of
from .settings import our_containers, settings_of

# What deploy/README.md tells an operator to make before: (kind, name) -> its keys.
MADE_BEFORE = {
    ("PersistentVolumeClaim", "tournant-models"): set(),
    ("PersistentVolumeClaim", "tournant-predictions"): set(),
    ("Secret", "feast-redis"): {"url"},
    ("ConfigMap", "feast-registry"): {"registry.db"},
}
# Of an address without one.
REDIS_PORT = "6379"
CLUSTER_KINDS = ("Namespace", "ClusterServingRuntime")


def names(manifests):
    """No object is there twice, and all of them are in one namespace, which is not the default."""
    counts = collections.Counter(name_of(item) for item in manifests.items)
    for name, count in counts.items():
        if count > 1:
            yield f"{name} is there {count} times"
    if not manifests.of("Deployment"):
        return
    spaces = {
        item["metadata"].get("namespace", "default")
        for item in manifests.items
        if item["kind"] not in CLUSTER_KINDS
    }
    if len(spaces) > 1 or "default" in spaces:
        yield f"objects are in the namespaces {', '.join(sorted(spaces))}: one of their own is wanted"
    for name in spaces:
        if manifests.find("Namespace", name) is None:
            yield f"there is no Namespace {name}, which the objects are in"


def selectors(manifests):
    """Workloads select their own pods; services, budgets and spreads select some."""
    for pod in manifests.pods():
        if pod.partial:
            continue
        if "selector" in pod.owner["spec"] and not matches(pod.owner["spec"]["selector"], pod.labels):
            yield f"{pod.name}: its selector does not match its pods' labels"
        for spread in pod.spec.get("topologySpreadConstraints") or []:
            if not matches(spread.get("labelSelector", {}), pod.labels):
                yield f"{pod.name}: a topologySpreadConstraint counts other pods than its own"
    for item in manifests.of("PodDisruptionBudget"):
        if not manifests.pods_of(item["spec"]["selector"]):
            yield f"{name_of(item)} selects no pod"
    for item in manifests.of("NetworkPolicy"):
        if not manifests.pods_of(item["spec"]["podSelector"]):
            yield f"{name_of(item)} selects no pod"
    for item in manifests.of("Service"):
        if not manifests.pods_of({"matchLabels": item["spec"]["selector"]}):
            yield f"{name_of(item)} selects no pod"


def services(manifests):
    """Services lead to ports that their pods have, and monitors to ports that services have."""
    for item in manifests.of("Service"):
        for pod in manifests.pods_of({"matchLabels": item["spec"]["selector"]}):
            for port in item["spec"]["ports"]:
                target = port.get("targetPort", port["port"])
                if not pod.has_port(target):
                    yield f"{name_of(item)}: {pod.name} has no port {target}"
                elif (
                    item["spec"].get("clusterIP") == "None"
                    and (target, port["port"]) not in pod.ports()
                    and target != port["port"]
                ):
                    yield (
                        f"{name_of(item)} is headless, so callers reach the pods' own ports, and "
                        f"{port['port']} is not the number of {target}"
                    )
    for item in manifests.of("ServiceMonitor"):
        found = [
            service
            for service in manifests.of("Service")
            if matches(item["spec"]["selector"], service["metadata"].get("labels") or {})
        ]
        if not found:
            yield f"{name_of(item)} selects no Service"
        for service in found:
            ports = [port.get("name") for port in service["spec"]["ports"]]
            for endpoint in item["spec"]["endpoints"]:
                if endpoint.get("port") not in ports:
                    yield f"{name_of(item)}: {name_of(service)} has no port {endpoint.get('port')}"


def network_policies(manifests):
    """Policies name ports that the pods have, and do not cut off what these pods call."""
    for item in manifests.of("NetworkPolicy"):
        for pod in manifests.pods_of(item["spec"]["podSelector"]):
            for rule in item["spec"].get("ingress") or []:
                for port in rule.get("ports") or []:
                    number = port["port"]
                    if not pod.has_port(number):
                        yield f"{name_of(item)} lets callers to port {number} of {pod.name}, which is not there"
            for rule in item["spec"].get("egress") or []:
                for peer in rule.get("to") or []:
                    if set(peer) != {"podSelector"}:
                        continue
                    found = manifests.pods_of(peer["podSelector"])
                    if not found:
                        yield f"{name_of(item)} lets {pod.name} call pods that are not there"
                    for port in rule.get("ports") or []:
                        number = port["port"]
                        if any(not callee.has_port(number) for callee in found):
                            yield f"{name_of(item)} lets {pod.name} call port {number}, which is not there"


def keys_of(manifests, kind, name):
    """The keys of a Secret or a ConfigMap, be it rendered or made before; None where nobody makes it."""
    item = manifests.find(kind, name)
    if item is None:
        return MADE_BEFORE.get((kind, name))
    return {key for part in ("data", "stringData", "binaryData") for key in item.get(part) or {}}


def sources(manifests):
    """Config maps, secrets and claims are rendered, or among those that the operator makes before, with the
    keys that are asked for."""
    for pod in manifests.pods():
        wanted = set()
        for volume in pod.spec.get("volumes") or []:
            for field, kind, key in (
                ("configMap", "ConfigMap", "name"),
                ("secret", "Secret", "secretName"),
                ("persistentVolumeClaim", "PersistentVolumeClaim", "claimName"),
            ):
                if volume.get(field):
                    wanted.add((kind, volume[field].get(key)))
        for container in pod.containers + pod.init_containers:
            for variable in container.get("env") or []:
                for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
                    if field not in (variable.get("valueFrom") or {}):
                        continue
                    name, key = (variable["valueFrom"][field][part] for part in ("name", "key"))
                    wanted.add((kind, name))
                    keys = keys_of(manifests, kind, name)
                    if keys is not None and key not in keys:
                        here = ", ".join(sorted(keys))
                        yield (
                            f"{pod.name}: {variable['name']} is the key {key} of the {kind} {name}, which has "
                            f"{here}"
                        )
        for kind, name in sorted(wanted - set(MADE_BEFORE)):
            if manifests.find(kind, name) is None:
                yield f"{pod.name} uses the {kind} {name}, which nobody makes"


def secret_value(manifests, container, variable):
    """What a variable of a container takes from a Secret that is rendered; empty where it does not."""
    for given in container.get("env") or []:
        reference = (given.get("valueFrom") or {}).get("secretKeyRef")
        if given["name"] != variable or reference is None:
            continue
        secret = manifests.find("Secret", reference["name"]) or {}
        plain = (secret.get("stringData") or {}).get(reference["key"])
        encoded = (secret.get("data") or {}).get(reference["key"], "")
        return plain if plain is not None else base64.b64decode(encoded).decode()
    return ""


def feature_stores(manifests):
    """A feature store or a Redis on the cluster is a Service with that port."""
    for _, container, where in our_containers(manifests):
        for flag in ("feature_store", "store"):
            variable = f"TOURNANT_{flag.upper()}"
            address = dict(settings_of(container)).get(flag) or secret_value(manifests, container, variable)
            scheme, _, rest = address.partition(":")
            if scheme == "grpc":
                targets = rest.partition("?")[0]
            elif scheme == "redis":
                targets = rest.removeprefix("//").partition("/")[0].rpartition("@")[2]
            else:
                continue
            for target in targets.split(","):
                host, _, port = target.partition(":")
                if scheme == "redis" and "." in host:
                    continue  # Outside of the namespace.
                service = manifests.find("Service", host)
                ports = [str(p["port"]) for p in service["spec"]["ports"]] if service else []
                if (port or REDIS_PORT) not in ports:
                    yield f"{where}: --{flag} names {target}, and no Service is there with that port"
