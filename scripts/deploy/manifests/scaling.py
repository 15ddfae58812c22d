"""How many pods there are: autoscalers and budgets. What KServe scales, and labels."""

from .model import matches, name_of


def scalers(manifests):
    """(autoscaler, kind and name of its target, least pods, most pods)"""
    for item in manifests.of("HorizontalPodAutoscaler"):
        spec = item["spec"]
        target = spec["scaleTargetRef"]
        yield item, (target["kind"], target["name"]), spec.get("minReplicas", 1), spec["maxReplicas"]
    for item in manifests.of("ScaledObject"):
        spec = item["spec"]
        target = spec["scaleTargetRef"]
        yield (
            item,
            (target.get("kind", "Deployment"), target["name"]),
            spec.get("minReplicaCount", 0),
            spec.get("maxReplicaCount", 100),
        )


def autoscalers(manifests):
    """One autoscaler for a workload that is there and does not say how many it wants."""
    seen = set()
    for item, target, least, most in scalers(manifests):
        workload = manifests.find(*target)
        if workload is None:
            yield f"{name_of(item)} scales {' '.join(target)}, which is not there"
        elif "replicas" in workload["spec"]:
            yield f"{' '.join(target)} says replicas, which {name_of(item)} decides"
        if target in seen:
            yield f"{' '.join(target)} has two autoscalers"
        seen.add(target)
        if not 1 <= least < most:
            yield f"{name_of(item)} scales from {least} to {most}"


def least_replicas(manifests, workload):
    target = (workload["kind"], workload["metadata"]["name"])
    found = [least for _, scaled, least, _ in scalers(manifests) if scaled == target]
    return found[0] if found else workload["spec"].get("replicas", 1)


def budgets(manifests):
    """A budget lets a node be drained, and leaves a pod to serve."""
    for item in manifests.of("PodDisruptionBudget"):
        for pod in manifests.pods_of(item["spec"]["selector"]):
            least = least_replicas(manifests, pod.owner)
            most_out = item["spec"].get("maxUnavailable")
            left = item["spec"].get("minAvailable")
            if most_out in (0, "0%") or left == "100%" or isinstance(left, int) and left >= least:
                yield f"{name_of(item)} lets no pod of {pod.name} go, of which there may be {least}"
            if isinstance(most_out, int) and most_out >= least:
                yield f"{name_of(item)} lets all {least} pods of {pod.name} go at once"


def kserve(manifests):
    """An InferenceService asks for a format and a protocol that the runtime has."""
    runtimes = manifests.of("ClusterServingRuntime", "ServingRuntime")
    for item in manifests.of("InferenceService"):
        model = item["spec"]["predictor"].get("model", {})
        name = model.get("modelFormat", {}).get("name")
        for runtime in runtimes:
            if name not in [known["name"] for known in runtime["spec"]["supportedModelFormats"]]:
                yield f"{name_of(item)}: {name_of(runtime)} has no model format {name}"
            if model.get("protocolVersion") not in runtime["spec"]["protocolVersions"]:
                yield f"{name_of(item)}: {name_of(runtime)} does not speak {model.get('protocolVersion')}"
    for item in runtimes:
        if "kserve-container" not in [container["name"] for container in item["spec"]["containers"]]:
            yield f"{name_of(item)} has no container kserve-container"


def ours(labels):
    return matches({"matchLabels": {"app.kubernetes.io/part-of": "tournant"}}, labels)


def labels(manifests):
    """Everything says that it is part of Tournant."""
    for item in manifests.items:
        if item["kind"] not in ("Namespace", "Secret", "ConfigMap", "InferenceService") and not ours(
            item["metadata"].get("labels") or {}
        ):
            yield f"{name_of(item)} has no label app.kubernetes.io/part-of: tournant"
