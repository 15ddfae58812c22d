"""Prometheus is told where servers show their metrics, and KServe which port is gRPC."""

from .model import matches, name_of
from .project import seconds
from .settings import our_containers, settings_of

PORT, PATH = "prometheus.kserve.io/port", "prometheus.kserve.io/path"
# The only name by which KServe, and Knative below it, take a port for HTTP/2 in the clear.
GRPC_PORT_NAME = "h2c"


def port_of(container, flag):
    """The number in an address flag, as text; empty where it is not given."""
    return (dict(settings_of(container)).get(flag) or "").rpartition(":")[2]


def server_ports(manifests, pod, flag):
    return {
        port_of(container, flag)
        for owner, container, _ in our_containers(manifests)
        if owner.spec is pod.spec
    }


def monitors(manifests):
    """A ServiceMonitor asks for the path of the metrics, on the port that HTTP is served on."""
    shown = manifests.project.metrics_path()
    for item in manifests.of("ServiceMonitor"):
        for endpoint in item["spec"]["endpoints"]:
            path = endpoint.get("path", "/metrics")
            if path != shown:
                yield f"{name_of(item)} asks for {path}, and metrics are at {shown}"
            if seconds(endpoint.get("scrapeTimeout", "0")) > seconds(endpoint.get("interval", "1h")):
                yield f"{name_of(item)}: scrapeTimeout is longer than interval"
            for service in manifests.of("Service"):
                if not matches(item["spec"]["selector"], service["metadata"].get("labels") or {}):
                    continue
                for port in service["spec"]["ports"]:
                    if port.get("name") == endpoint.get("port"):
                        yield from wrong_target(manifests, item, service, port)


def wrong_target(manifests, item, service, port):
    target = port.get("targetPort", port["port"])
    for pod in manifests.pods_of({"matchLabels": service["spec"]["selector"]}):
        numbers = {str(number) for known in pod.ports() if target in known for number in known[1:]}
        if numbers and not numbers & server_ports(manifests, pod, "http_address"):
            yield (
                f"{name_of(item)} asks port {port['name']}, which is {', '.join(sorted(numbers))} of "
                f"{pod.name} and not that of --http_address"
            )


def kserve(manifests):
    """The runtime's annotations say where metrics are, and its one port is named as KServe names gRPC."""
    for item in manifests.of("ClusterServingRuntime", "ServingRuntime"):
        annotations = item["spec"].get("annotations") or {}
        for container in item["spec"]["containers"]:
            if container["name"] != "kserve-container":
                continue
            http = port_of(container, "http_address")
            if annotations.get(PORT) != http:
                yield f"{name_of(item)}: {PORT} is {annotations.get(PORT)}, and --http_address has port {http}"
            shown = manifests.project.metrics_path()
            if annotations.get(PATH) != shown:
                yield f"{name_of(item)}: {PATH} is {annotations.get(PATH)}, and metrics are at {shown}"
            names = [str(port.get("name")) for port in container.get("ports") or []]
            if names != [GRPC_PORT_NAME]:
                yield (
                    f"{name_of(item)}: its ports are named {', '.join(names)}; KServe takes one port, and for "
                    f"gRPC if it is named {GRPC_PORT_NAME}"
                )
