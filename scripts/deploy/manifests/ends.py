"""How long pods take to end, at most, against the time that they are given."""

from .pods import binary_of
from .project import seconds
from .settings import our_containers, settings_of

# What Kubernetes gives a pod to end that does not say.
DEFAULT_GRACE_SECONDS = 30
# For what has no time of its own, such as the process's exit.
EXIT_SECONDS = 2


def pre_stop_seconds(container):
    """How long a preStop of `sleep N` takes; the pod's time to end includes it."""
    command = (
        container.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", ["sleep", "0"])
    )
    return int(command[1]) if command[0] == "sleep" else 0


def steps(manifests, container):
    """(what, seconds) of each step of the end of a container of ours, one behind the other."""
    settings = dict(settings_of(container))
    project = manifests.project
    if binary_of(container) != "tournant-server":
        yield "preStop", pre_stop_seconds(container)
        yield "calls in flight", project.feature_store_grace_seconds()
    else:
        for flag in ("drain_delay", "drain_grace"):
            yield f"--{flag}", seconds(settings[flag])
        given = settings.get("prediction_log_close_timeout")
        yield "prediction log", seconds(given) if given else project.log_end_seconds()
        yield "a write of it that hangs", project.log_grace_seconds()
        yield "models", project.model_end_seconds()
        if settings.get("otlp_endpoint") not in (None, "none"):
            yield "spans", project.span_end_seconds()
    yield "exit", EXIT_SECONDS


def grace(manifests):
    """A pod is given longer to end than its server takes at most, and calls get their deadline."""
    for pod, container, where in our_containers(manifests):
        given = pod.spec.get("terminationGracePeriodSeconds", DEFAULT_GRACE_SECONDS)
        is_server = binary_of(container) == "tournant-server"
        settings = dict(settings_of(container))
        missing = [
            flag for flag in ("drain_delay", "drain_grace", "max_deadline") if not settings.get(flag)
        ]
        if is_server and missing:
            yield f"{where} does not say --{', --'.join(missing)}, which its grace period depends on"
            continue
        taken = list(steps(manifests, container))
        needed = sum(time for _, time in taken)
        if given <= needed:
            parts = ", ".join(f"{what} {time:g}" for what, time in taken)
            yield (
                f"{pod.name}: terminationGracePeriodSeconds is {given}, and its end takes up to {needed:g} s "
                f"({parts})"
            )
        if not is_server:
            continue
        delay, drain, deadline = (
            seconds(settings[flag]) for flag in ("drain_delay", "drain_grace", "max_deadline")
        )
        if drain < deadline:
            yield f"{where}: --drain_grace is shorter than --max_deadline"
        period = container.get("readinessProbe", {}).get("periodSeconds", 10)
        if delay < period:
            yield f"{where}: --drain_delay is shorter than the period of readinessProbe"
