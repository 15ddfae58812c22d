"""What the checks look at: the objects of one rendering, and the pods that they describe."""

import dataclasses

# Kinds that carry a whole pod; KServe's runtime carries a part of one.
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job")


def name_of(item):
    return f"{item['kind']} {item['metadata']['name']}"


def matches(selector, labels):
    """Whether a label selector, as far as we use them, selects these labels."""
    return all(labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items())


@dataclasses.dataclass
class Pod:
    """A pod as an object describes it. `partial`: KServe adds the rest."""

    owner: dict
    spec: dict
    labels: dict
    partial: bool = False

    @property
    def name(self):
        return name_of(self.owner)

    @property
    def containers(self):
        return self.spec.get("containers") or []

    @property
    def init_containers(self):
        return self.spec.get("initContainers") or []

    @property
    def ends(self):
        """Whether it is there to end some time, so that nobody asks whether it is ready."""
        return self.spec.get("restartPolicy", "Always") != "Always"

    def ports(self):
        """(name, number) of every container port."""
        return [
            (port.get("name"), port["containerPort"])
            for container in self.containers
            for port in container.get("ports") or []
        ]

    def has_port(self, port):
        """Whether a name or number is one of its ports."""
        return any(port in known for known in self.ports())


def predictor(runtime, wanted):
    """A pod's spec as KServe makes it of a runtime's and of an InferenceService's predictor, as far as we use
    them. Its model's arguments come behind the runtime's; a flag has its last value."""
    model = wanted.get("model") or {}
    containers = []
    for container in runtime["containers"]:
        if container["name"] == "kserve-container":
            arguments = {}
            for argument in (container.get("args") or []) + (model.get("args") or []):
                arguments[argument.partition("=")[0]] = argument
            container = {
                **container,
                **{key: model[key] for key in ("resources", "image") if key in model},
                "env": (container.get("env") or []) + (model.get("env") or []),
                "args": list(arguments.values()),
            }
        containers.append(container)
    return {**runtime, **{k: v for k, v in wanted.items() if k != "model"}, "containers": containers}


class Manifests:
    """The objects of one rendering, and what is known of the binaries that they start."""

    def __init__(self, items, project):
        self.items = items
        self.project = project

    def of(self, *kinds):
        return [item for item in self.items if item["kind"] in kinds]

    def find(self, kind, name):
        return next((item for item in self.of(kind) if item["metadata"]["name"] == name), None)

    def pods(self):
        for item in self.of(*WORKLOADS):
            template = item["spec"]["template"]
            yield Pod(item, template["spec"], template["metadata"].get("labels") or {})
        for item in self.of("Pod"):
            yield Pod(item, item["spec"], item["metadata"].get("labels") or {})
        for item in self.of("ClusterServingRuntime", "ServingRuntime"):
            yield Pod(item, item["spec"], {}, partial=True)
            for service in self.of("InferenceService"):
                yield Pod(service, predictor(item["spec"], service["spec"]["predictor"]), {}, partial=True)

    def pods_of(self, selector):
        return [pod for pod in self.pods() if not pod.partial and matches(selector, pod.labels)]
