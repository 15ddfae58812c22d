"""What is rendered from deploy/ passes the checks. Wrong types, and objects that do not fit each other, are
found."""

import base64
import copy
import unittest

from rendered import PROJECT, RenderedTest, check_manifests, find, pod, server


class Manifests(RenderedTest):
    def test_every_overlay_passes(self):
        for overlay in check_manifests.overlays():
            self.assertEqual(check_manifests.check_overlay(overlay, PROJECT), [])

    # Types and fields.

    def test_a_wrong_type_is_found(self):
        self.assert_found(
            lambda items: find(items, "Deployment")["spec"].update(replicas="two"),
            "Deployment tournant: spec.replicas: 'two' is not of type",
        )

    def test_an_unknown_field_is_found(self):
        self.assert_found(lambda items: server(items).update(imagee="x"), "'imagee' was unexpected")

    def test_a_kind_without_a_schema_is_found(self):
        self.assert_found(
            lambda items: items.append(
                {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}}
            ),
            "Widget w: there is no schema for example.com/v1 Widget",
        )

    def test_unknown_fields_and_wrong_types_of_custom_kinds_are_found(self):
        for overlay, kind, change, text in (
            (
                "production",
                "ServiceMonitor",
                lambda spec: spec["endpoints"][0].update(intervall="1s"),
                "'intervall'",
            ),
            (
                "production",
                "ServiceMonitor",
                lambda spec: spec["endpoints"][0].update(interval="fast"),
                "'fast'",
            ),
            (
                "production-keda",
                "ScaledObject",
                lambda spec: spec.update(maxReplicas=3),
                "'maxReplicas'",
            ),
            (
                "production-keda",
                "ScaledObject",
                lambda spec: spec["triggers"][0]["metadata"].update(threshold=0.7),
                "0.7 is not of type 'string'",
            ),
            (
                "kserve",
                "ClusterServingRuntime",
                lambda spec: spec["containers"][0].update(arg=[]),
                "'arg'",
            ),
            (
                "kserve",
                "ClusterServingRuntime",
                lambda spec: spec.update(supportedModelTypes=[]),
                "'supportedModelTypes'",
            ),
        ):
            with self.subTest(text):
                self.assert_found(lambda items: change(find(items, kind)["spec"]), text, overlay)
        self.assert_found(
            lambda items: find(items, "InferenceService", "net")["spec"]["predictor"]["model"].update(
                uri="x"
            ),
            "'uri'",
            "kserve",
        )

    # What objects say of each other.

    def test_a_selector_that_matches_nothing_is_found(self):
        for kind, place in (
            ("Deployment", "selector"),
            ("PodDisruptionBudget", "selector"),
            ("NetworkPolicy", "podSelector"),
        ):
            with self.subTest(kind):
                self.assert_found(
                    lambda items: find(items, kind)["spec"][place]["matchLabels"].update(app="x"),
                    f"{kind} tournant",
                )
        self.assert_found(
            lambda items: find(items, "Service")["spec"]["selector"].update(app="x"),
            "Service tournant selects no pod",
        )

    def test_a_service_that_leads_to_no_port_is_found(self):
        self.assert_found(
            lambda items: find(items, "Service")["spec"]["ports"][0].update(targetPort="rpc"),
            "Deployment tournant has no port rpc",
        )
        self.assert_found(
            lambda items: find(items, "Service")["spec"]["ports"][0].update(port=80),
            "80 is not the number of grpc",
        )

    def test_a_monitor_of_no_port_is_found(self):
        self.assert_found(
            lambda items: find(items, "ServiceMonitor")["spec"]["endpoints"][0].update(port="metrics"),
            "Service tournant has no port metrics",
        )

    def test_a_policy_for_a_port_that_is_not_there_is_found(self):
        self.assert_found(
            lambda items: find(items, "NetworkPolicy")["spec"]["ingress"][0]["ports"][0].update(
                port="rpc"
            ),
            "lets callers to port rpc",
        )
        self.assert_found(
            lambda items: find(items, "NetworkPolicy")["spec"]["egress"][0]["ports"][0].update(
                port=6569
            ),
            "lets Deployment tournant call port 6569, which is not there",
        )

    def test_a_feature_store_that_is_not_there_is_found(self):
        self.assert_found(
            lambda items: server(items)["env"][-1].update(
                name="TOURNANT_FEATURE_STORE", value="grpc:feature-store:6566"
            ),
            "no Service is there with that port",
        )

    def test_a_redis_that_is_not_there_is_found(self):
        for url, target in (
            ("redis://rediss:6379/0", "rediss:6379"),
            ("redis://user:password@redis:6379,redis:6380/0?mode=cluster", "redis:6380"),
        ):
            with self.subTest(url):
                encoded = base64.b64encode(url.encode()).decode()
                self.assert_found(
                    lambda items: find(items, "Secret", "feast-redis")["data"].update(url=encoded),
                    f"--store names {target}, and no Service is there with that port",
                    "demo",
                )

    def test_a_secret_that_nobody_makes_is_found(self):
        def change(items):
            env = pod(items, "tournant-feature-store")["containers"][0]["env"]
            env[0]["valueFrom"]["secretKeyRef"]["name"] = "redis"

        self.assert_found(change, "uses the Secret redis, which nobody makes")

    def test_an_object_in_another_namespace_is_found(self):
        self.assert_found(
            lambda items: find(items, "Service")["metadata"].update(namespace="other"),
            "are in the namespaces",
        )

    # How many.

    def test_an_autoscaled_deployment_that_says_replicas_is_found(self):
        self.assert_found(
            lambda items: find(items, "Deployment")["spec"].update(replicas=2), "says replicas"
        )

    def test_an_autoscaler_of_nothing_is_found(self):
        self.assert_found(
            lambda items: find(items, "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"].update(
                name="x"
            ),
            "scales Deployment x, which is not there",
        )

    def test_two_autoscalers_of_one_deployment_are_found(self):
        extra = find(self.rendered["production-keda"], "ScaledObject")
        self.assert_found(
            lambda items: items.append(copy.deepcopy(extra)), "Deployment tournant has two autoscalers"
        )

    def test_a_budget_that_lets_no_pod_go_is_found(self):
        def change(items):
            find(items, "PodDisruptionBudget")["spec"].pop("maxUnavailable")
            find(items, "PodDisruptionBudget")["spec"]["minAvailable"] = 2

        self.assert_found(change, "lets no pod of Deployment tournant go")

    def test_a_budget_that_lets_all_pods_go_is_found(self):
        self.assert_found(
            lambda items: find(items, "PodDisruptionBudget")["spec"].update(maxUnavailable=2),
            "lets all 2 pods of Deployment tournant go at once",
        )

    def test_a_metric_that_is_not_exported_is_found(self):
        self.assert_found(
            lambda items: find(items, "HorizontalPodAutoscaler")["spec"]["metrics"][0]["pods"][
                "metric"
            ].update(name="tournant_utilization"),
            "tournant_utilization is shown by no server",
        )
        self.assert_found(
            lambda items: find(items, "ScaledObject")["spec"]["triggers"][0]["metadata"].update(
                query="sum(tournant_utilization)"
            ),
            "tournant_utilization is shown by no server",
            "production-keda",
        )

    def test_a_query_of_another_namespace_is_found(self):
        self.assert_found(
            lambda items: find(items, "ScaledObject")["spec"]["triggers"][0]["metadata"].update(
                query='sum(tournant_workers{namespace="x"})'
            ),
            "asks for the namespace x",
            "production-keda",
        )

    def test_a_query_of_all_namespaces_is_found(self):
        self.assert_found(
            lambda items: find(items, "ScaledObject")["spec"]["triggers"][0]["metadata"].update(
                query="sum(tournant_offered_utilization{service='tournant'})"
            ),
            "ScaledObject tournant asks for tournant_offered_utilization of all namespaces",
            "production-keda",
        )

    def test_a_query_of_a_service_that_is_not_there_is_found(self):
        for selector, text in (
            ('service="tournat"', "asks for the service tournat, and there is tournant, tournant-feature"),
            ('namespace="tournant", job=~"tournant|tournat"', "asks for the job tournat, and there is"),
            ("container='tournant'", "asks for the container tournant, and there is prediction-pruner"),
        ):
            with self.subTest(selector):
                self.assert_found(
                    lambda items: find(items, "ScaledObject")["spec"]["triggers"][0]["metadata"].update(
                        query=f"sum(tournant_offered_utilization{{{selector}}})"
                    ),
                    text,
                    "production-keda",
                )

    def test_a_model_format_that_the_runtime_does_not_have_is_found(self):
        self.assert_found(
            lambda items: find(items, "InferenceService", "net")["spec"]["predictor"]["model"][
                "modelFormat"
            ].update(name="onnx"),
            "has no model format onnx",
            "kserve",
        )


if __name__ == "__main__":
    unittest.main()
