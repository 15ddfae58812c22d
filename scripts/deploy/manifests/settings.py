"""Flags that the binaries know, and addresses that agree with the rest of the pod."""

import re

from .model import name_of
from .pods import binary_of, each_container
from .project import FLAG_FILES

PREFIX = "TOURNANT_"
# Where KServe's storage initializer leaves the model, in a volume that it adds to the pod.
KSERVE_MODELS = "/mnt/models"
# What Kubernetes replaces in the values of variables and in arguments.
REFERENCE = re.compile(r"\$\((\w+)\)")


def settings_of(container):
    """(name, value) of each flag, from the environment first, as the binaries read them; the value is
    None where it is not written here."""
    found = [
        (variable["name"].removeprefix(PREFIX).lower(), variable.get("value"))
        for variable in container.get("env") or []
        if variable["name"].startswith(PREFIX)
    ]
    for argument in container.get("args") or []:
        name, _, value = argument.removeprefix("--").partition("=")
        found.append((name, value))
    return found


def our_containers(manifests):
    for pod, container, where in each_container(manifests):
        if binary_of(container) in FLAG_FILES:
            yield pod, container, where


def flags(manifests):
    """Each flag and each TOURNANT_ variable is one that the binary has, with a value of its type."""
    for _, container, where in our_containers(manifests):
        seen = set()
        for name, value in settings_of(container):
            error = (
                manifests.project.flag_error(binary_of(container), name, value or "")
                if value is not None or name not in manifests.project.flags(binary_of(container))
                else None
            )
            if error:
                yield f"{where}: {error}"
            if name in seen:
                yield f"{where} sets --{name} twice"
            seen.add(name)
        for argument in container.get("args") or []:
            if not argument.startswith("--") or "=" not in argument:
                yield f"{where}: the argument '{argument}' is not --flag=value"
    for item in manifests.of("InferenceService"):
        for argument in item["spec"]["predictor"].get("model", {}).get("args") or []:
            name, _, value = argument.removeprefix("--").partition("=")
            error = manifests.project.flag_error("tournant-server", name, value)
            if error:
                yield f"{name_of(item)}: {error}"


def variables(manifests):
    """$(NAME) is a variable that is defined before; else it would stay as it is."""
    for _, container, where in our_containers(manifests):
        defined = set()
        texts = []
        for variable in container.get("env") or []:
            texts.append((variable["name"], variable.get("value", ""), set(defined)))
            defined.add(variable["name"])
        texts += [(argument, argument, defined) for argument in container.get("args") or []]
        for what, text, before in texts:
            for name in sorted(set(REFERENCE.findall(text)) - before):
                yield f"{where}: {what} names $({name}), which is not defined before"


def prediction_logs(manifests):
    """Pods that share a volume save their predictions in a folder each."""
    for pod, container, where in our_containers(manifests):
        log = dict(settings_of(container)).get("prediction_log") or "none"
        claims = {
            volume["name"]
            for volume in pod.spec.get("volumes") or []
            if volume.get("persistentVolumeClaim")
        }
        for mount in container.get("volumeMounts") or []:
            inside = log == mount["mountPath"] or log.startswith(mount["mountPath"] + "/")
            if inside and mount["name"] in claims and "$(POD_NAME)" not in log:
                yield f"{where}: --prediction_log={log} is on a claim, and has no $(POD_NAME) in it"


def addresses(manifests):
    """Servers listen on all addresses of the pod, on a port that probes and services can see."""
    for pod, container, where in our_containers(manifests):
        settings = dict(settings_of(container))
        for flag in ("grpc_address", "http_address"):
            if flag not in manifests.project.flags(binary_of(container)):
                continue
            host, _, port = settings.get(flag, "127.0.0.1:0").rpartition(":")
            if settings.get(flag) == "none" and flag == "http_address":
                continue
            # HTTP is served on IPv4 only.
            if host != "0.0.0.0" and (host != "[::]" or flag == "http_address"):
                yield f"{where}: --{flag} is not an address that others can reach"
            # KServe takes the first port of a pod for the service, and Knative wants no second one.
            elif not pod.has_port(int(port)) and not (pod.partial and flag == "http_address"):
                yield f"{where}: --{flag} has port {port}, which is no containerPort"
            if flag == "grpc_address":
                for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
                    probe = container.get(kind, {}).get("grpc")
                    if probe and str(probe["port"]) != port:
                        yield f"{where}: {kind} asks port {probe['port']}, and --{flag} has {port}"
