"""A pod that lacks something, or whose parts do not fit together, is found."""

import unittest

from rendered import RenderedTest, find, pod, server
from manifests.project import seconds


class Pods(RenderedTest):
    # Pods.

    def test_a_probe_of_a_port_that_the_pod_does_not_have_is_found(self):
        self.assert_found(
            lambda items: server(items)["readinessProbe"]["grpc"].update(port=8003),
            "readinessProbe asks port 8003, which it does not have",
        )

    def test_a_probe_of_another_port_than_grpc_is_found(self):
        self.assert_found(
            lambda items: server(items)["livenessProbe"]["grpc"].update(port=8002),
            "livenessProbe asks port 8002, and --grpc_address has 8001",
        )

    def test_a_probe_of_a_service_that_the_server_does_not_know_is_found(self):
        self.assert_found(
            lambda items: server(items)["livenessProbe"]["grpc"].update(service="alive"),
            "livenessProbe asks for 'alive'",
        )

    def test_what_every_container_has_to_have_is_missed(self):
        for field, text in (
            ("startupProbe", "has no startupProbe"),
            ("resources", "has no request or no limit of cpu"),
            ("securityContext", "readOnlyRootFilesystem is not true"),
        ):
            with self.subTest(field):
                self.assert_found(lambda items: server(items).pop(field), text)

    def test_a_pod_that_may_run_as_root_is_found(self):
        self.assert_found(
            lambda items: pod(items)["securityContext"].update(runAsUser=0), "runAsUser is not set"
        )

    def test_a_pod_with_a_token_or_service_variables_is_found(self):
        for field in ("automountServiceAccountToken", "enableServiceLinks"):
            with self.subTest(field):
                self.assert_found(lambda items: pod(items).pop(field), f"{field} is not false")

    def test_an_inference_service_with_service_variables_is_found(self):
        self.assert_found(
            lambda items: find(items, "InferenceService", "net")["spec"]["predictor"].pop("enableServiceLinks"),
            "InferenceService net: enableServiceLinks is not false",
            "kserve",
        )

    def test_a_pod_that_is_there_to_end_needs_no_probes(self):
        def filler(items):
            return find(items, "Pod", "tournant-models")

        self.assert_found(
            lambda items: filler(items)["spec"].update(restartPolicy="Always"),
            "Pod tournant-models: container shell has no readinessProbe",
        )
        self.assert_found(
            lambda items: filler(items)["spec"]["volumes"][0]["persistentVolumeClaim"].update(claimName="x"),
            "Pod tournant-models uses the PersistentVolumeClaim x, which nobody makes",
        )

    def test_a_request_above_its_limit_is_found(self):
        self.assert_found(
            lambda items: server(items)["resources"]["requests"].update(memory="3Gi"),
            "requests more memory than its limit",
        )

    def test_volumes_that_do_not_fit_are_found(self):
        self.assert_found(
            lambda items: server(items)["volumeMounts"][0].update(name="modells"), "the volume modells"
        )
        self.assert_found(
            lambda items: [v for v in pod(items)["volumes"] if v["name"] == "tmp"][0].update(
                emptyDir={}
            ),
            "the emptyDir tmp has no sizeLimit",
        )

    # Flags and times.

    def test_a_flag_that_the_binary_does_not_have_is_found(self):
        self.assert_found(
            lambda items: server(items)["args"].append("--worker=2"),
            "tournant-server has no flag --worker",
        )
        self.assert_found(
            lambda items: server(items)["env"].append({"name": "TOURNANT_WORKER", "value": "2"}),
            "tournant-server has no flag --worker",
        )

    def test_a_flag_whose_value_is_of_another_type_is_found(self):
        self.assert_found(
            lambda items: server(items)["args"].append("--default_deadline=5"), "--default_deadline=5: "
        )

    def test_a_flag_that_is_set_twice_is_found(self):
        self.assert_found(
            lambda items: server(items)["args"].append("--drain_delay=10s"), "sets --drain_delay twice"
        )

    def test_an_address_that_nobody_can_reach_is_found(self):
        for wide, narrow, flag in (
            ("0.0.0.0:8001", "127.0.0.1:8001", "grpc_address"),
            ("0.0.0.0:8002", "[::]:8002", "http_address"),
        ):

            def change(items, wide=wide, narrow=narrow):
                server(items)["args"] = [a.replace(wide, narrow) for a in server(items)["args"]]

            self.assert_found(change, f"--{flag} is not an address that others can reach")

    def test_durations_are_read_as_absl_writes_them(self):
        self.assertEqual(seconds("1m30s"), 90)
        self.assertEqual(seconds("0.5s"), 0.5)
        self.assertEqual(seconds("250ms"), 0.25)


if __name__ == "__main__":
    unittest.main()
