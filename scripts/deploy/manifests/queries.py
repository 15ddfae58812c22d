"""What autoscalers and rules ask Prometheus for: metrics that are exported, of objects that are there."""

import metric_names
import promql

from .model import name_of


def queries(manifests):
    """(object, query)"""
    for item in manifests.of("HorizontalPodAutoscaler"):
        for metric in item["spec"].get("metrics") or []:
            for part in ("pods", "object", "external"):
                if part in metric:
                    yield item, metric[part]["metric"]["name"]
    for item in manifests.of("ScaledObject"):
        for trigger in item["spec"]["triggers"]:
            yield item, trigger["metadata"].get("query", "")
    for item in manifests.of("PrometheusRule"):
        for group in item["spec"]["groups"]:
            for rule in group["rules"]:
                yield item, str(rule["expr"])


def metrics(manifests):
    """What is scaled or alerted on is exported."""
    recorded = {
        rule["record"]: metric_names.labels_of(str(rule["expr"]))
        for item in manifests.of("PrometheusRule")
        for group in item["spec"]["groups"]
        for rule in group["rules"]
        if "record" in rule
    }
    for item, query in queries(manifests):
        for wrong in metric_names.wrong_names(query, manifests.project.metrics(), recorded):
            yield f"{name_of(item)}: {wrong}"


def there(manifests):
    """Label -> the values that the Prometheus operator can give it for what is rendered here."""
    services = manifests.of("Service")
    containers = [container for pod in manifests.pods() for container in pod.containers + pod.init_containers]
    return {
        "namespace": {item["metadata"].get("namespace") for item in manifests.items} - {None},
        "service": {item["metadata"]["name"] for item in services},
        # Where a monitor does not say otherwise, a job is a Service's name.
        "job": {item["metadata"]["name"] for item in services},
        "container": {container["name"] for container in containers},
        "endpoint": {port.get("name") for item in services for port in item["spec"]["ports"]},
    }


def values(manifests):
    """Namespaces, services and containers that a query names are there, else it would find nothing."""
    known = there(manifests)
    for item, query in queries(manifests):
        try:
            selectors = promql.Query(query).selectors
        except ValueError:
            continue  # metrics() says so.
        for selector in selectors:
            of_one = any(label == "namespace" for label, _, _ in selector.matchers)
            if item["kind"] == "ScaledObject" and not of_one:
                yield f"{name_of(item)} asks for {selector.name} of all namespaces"
            for label, operator, value in selector.matchers:
                if label not in known or not metric_names.ALTERNATIVES.fullmatch(value):
                    continue
                wanted = set(value.split("|") if "~" in operator else [value])
                for one in sorted(wanted - known[label] - {""}):
                    here = ", ".join(sorted(known[label]))
                    yield f"{name_of(item)} asks for the {label} {one}, and there is {here or 'none'}"
