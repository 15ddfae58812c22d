"""Paths, disks and memory: what a pod's containers name is there, and what they may take fits."""

import pathlib
import tempfile
import unittest

from rendered import PROJECT, RenderedTest, named, pod, server, set_flag
from manifests.paths import copies, paths_of
from manifests.project import Project


def set_mib(items, mib):
    named(named(pod(items)["initContainers"], "prediction-pruner")["env"], "KEPT_MIB")["value"] = str(mib)


def volume(items, name, deployment="tournant"):
    return named(pod(items, deployment)["volumes"], name)


class Paths(RenderedTest):
    def test_a_path_where_no_volume_is_mounted_is_found(self):
        for flag, value, path in (
            ("model_repository", "/model", "/model"),
            ("prediction_log", "/prediction", "/prediction"),
            ("prediction_log", "jsonl:/prediction/log", "/prediction/log"),
            ("feature_registry", "/registri/registry.db", "/registri/registry.db"),
            ("feature_store", "sqlite:/a/o.db?registry=/registry/registry.db", "/a/o.db"),
            ("feature_store", "redis://redis:6379/0?registry=/a/r.db&mode=cluster", "/a/r.db"),
        ):
            with self.subTest(value):
                self.assert_found(
                    lambda items: set_flag(server(items), flag, value),
                    f"tournant-server: --{flag} names {path}, and no volume is mounted there",
                )
        self.assert_found(
            lambda items: set_flag(self.runtime(items), "model_repository", "/mnt/model"),
            "--model_repository names /mnt/model, and no volume is mounted there",
            "kserve",
        )

    def test_a_log_where_nothing_can_be_written_is_found(self):
        self.assert_found(
            lambda items: set_flag(server(items), "prediction_log", "/models/predictions"),
            "--prediction_log writes to /models/predictions, which is read-only",
        )
        self.assert_found(
            lambda items: set_flag(server(items), "prediction_log", "/registry"),
            "--prediction_log writes to /registry, which is read-only",
        )

    def test_a_file_that_its_config_map_does_not_have_is_found(self):
        self.assert_found(
            lambda items: set_flag(server(items), "feature_registry", "/registry/registry.pb"),
            "the ConfigMap feast-registry has no key registry.pb",
        )

    def test_a_folder_that_no_init_container_fills_is_found(self):
        self.assert_found(
            lambda items: pod(items)["initContainers"].clear(),
            "--model_repository names /models, and no init container copies it there",
            "demo",
        )
        self.assert_found(
            lambda items: named(pod(items)["initContainers"], "models").update(
                command=["cp", "-r", "/demo/models", "/models"]
            ),
            "--model_repository names /models, and no init container copies it there",
            "demo",
        )
        self.assert_found(
            lambda items: set_flag(
                pod(items, "tournant-feature-store")["containers"][0], "registry", "/registry/r.db"
            ),
            "--registry names /registry/r.db, and no init container copies it there",
            "demo",
        )

    def test_a_copy_of_what_an_image_does_not_have_is_found(self):
        self.assert_found(
            lambda items: named(pod(items)["initContainers"], "models").update(
                command=["cp", "-r", "/demo/model/.", "/models"]
            ),
            "copies /demo/model/., and the image tournant-demo has /demo/dump.rdb, /demo/models",
            "demo",
        )
        self.assert_found(
            lambda items: named(pod(items)["initContainers"], "models").update(
                command=["cp", "-r", "/demo/models/.", "/modells"]
            ),
            "copies to /modells, and no volume is mounted there",
            "demo",
        )

    def test_a_path_of_somebody_elses_program_is_looked_at_too(self):
        self.assert_found(
            lambda items: pod(items, "redis")["containers"][0].update(args=["--dir", "/dat"]),
            "container redis names /dat, and no volume is mounted there",
            "demo",
        )
        self.assert_found(
            lambda items: pod(items)["initContainers"][0]["volumeMounts"][0].update(mountPath="/p"),
            "container prediction-pruner names /predictions, and no volume is mounted there",
        )

    def test_a_key_that_a_secret_does_not_have_is_found(self):
        for overlay in ("demo", "production"):
            with self.subTest(overlay):
                self.assert_found(
                    lambda items: named(
                        pod(items, "tournant-feature-store")["containers"][0]["env"], "TOURNANT_STORE"
                    )["valueFrom"]["secretKeyRef"].update(key="uri"),
                    "TOURNANT_STORE is the key uri of the Secret feast-redis, which has url",
                    overlay,
                )

    def test_every_path_in_an_address_is_read(self):
        def paths(*arguments):
            return list(paths_of({"args": arguments}))

        self.assertEqual(
            paths("--store=sqlite:/a/o.db?registry=/b/r.db", "--registry=/c"),
            [("store", "/a/o.db", False), ("store", "/b/r.db", False), ("registry", "/c", False)],
        )
        self.assertEqual(paths("--feature_store=feast:/repo"), [("feature_store", "/repo", False)])
        self.assertEqual(paths("--prediction_log=jsonl:/a", "--feature_store=grpc:a:1"),
                         [("prediction_log", "/a", True)])
        self.assertEqual(paths("--prediction_log=kafka:a:1/t", "--prediction_log_salt_file="), [])
        self.assertEqual(list(copies({"command": ["cp", "-r", "/a", "/b/.", "/c"]})),
                         [("/a", "/c"), ("/b/.", "/c")])

    def test_an_image_has_what_its_dockerfile_copies(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "deploy/kubernetes/overlays/demo/Dockerfile"
            file.parent.mkdir(parents=True)
            file.write_text("FROM x\nCOPY models /demo/m\nCOPY a.db b/c.rdb /demo/\nCOPY --from=x /y /z\n")
            project = Project(folder)
            self.assertEqual(project.paths_in_image("tournant-demo"),
                             {"/demo/m", "/demo/a.db", "/demo/c.rdb"})
            self.assertIsNone(project.paths_in_image("redis"))


class Sizes(RenderedTest):
    def test_memory_that_the_flags_exceed_is_found(self):
        def change(items):
            for part in ("requests", "limits"):
                server(items)["resources"][part]["memory"] = "256Mi"

        self.assert_found(change, "the memory limit 256Mi is not above the 945 MiB that it may need")
        self.assert_found(
            lambda items: set_flag(server(items), "max_in_flight_bytes", str(2 << 30)),
            "the memory limit 2Gi is not above",
        )
        self.assert_found(
            lambda items: server(items)["env"].append(
                {"name": "TOURNANT_PREDICTION_LOG_MAX_BYTES", "value": str(2 << 30)}
            ),
            "--prediction_log_max_bytes 2594 MiB",
        )

    def test_memory_of_a_feature_store_that_its_defaults_exceed_is_found(self):
        def change(items):
            arguments = pod(items, "tournant-feature-store")["containers"][0]["args"]
            arguments[:] = [a for a in arguments if "max_in_flight_bytes" not in a]

        self.assert_found(change, "the memory limit 512Mi is not above the 544 MiB")

    def test_memory_of_an_inference_service_goes_by_its_own_arguments(self):
        def change(items):
            service = next(item for item in items if item["kind"] == "InferenceService")
            service["spec"]["predictor"]["model"]["args"].append(f"--max_in_flight_bytes={2 << 30}")

        self.assert_found(
            change, "InferenceService net: container kserve-container: the memory limit 2Gi", "kserve"
        )

    def test_predictions_that_outgrow_their_volume_are_found(self):
        self.assert_found(
            lambda items: set_mib(items, 81920),
            "KEPT_MIB is 81920, so 83008 MiB may be in the emptyDir predictions, whose sizeLimit is 10Gi",
        )
        self.assert_found(lambda items: set_mib(items, 10000), "KEPT_MIB is 10000")
        self.assert_found(
            lambda items: pod(items)["initContainers"].clear(),
            "--prediction_log fills the emptyDir predictions, and no container deletes above KEPT_MIB",
        )

    def test_a_folder_for_models_of_calls_that_holds_no_message_is_found(self):
        self.assert_found(
            lambda items: volume(items, "tmp")["emptyDir"].update(sizeLimit="32Mi"),
            "/tmp has less than the 64 MiB of --max_message_bytes",
        )

    def test_sizes_are_read_from_the_sources(self):
        self.assertEqual(PROJECT.default_bytes("tournant-server", "prediction_log_max_bytes"), 64 << 20)
        self.assertEqual(PROJECT.default_bytes("tournant-server", "max_in_flight_bytes"), 0)
        self.assertEqual(PROJECT.default_bytes("tournant-feature-store", "max_in_flight_bytes"), 512 << 20)
        self.assertEqual(PROJECT.prediction_file_bytes(), 64 << 20)


if __name__ == "__main__":
    unittest.main()
