"""A pod whose server may take longer to end than the pod is given is found."""

import pathlib
import tempfile
import unittest

from rendered import PROJECT, RenderedTest, find, pod, server, set_flag
from manifests import ends
from manifests.project import Project

# Of a model server behind its drain: models, prediction log, a write that hangs, exit.
BEHIND = 5 + 10 + 1 + 2


def give(items, seconds, name="tournant"):
    pod(items, name)["terminationGracePeriodSeconds"] = seconds


class Ends(RenderedTest):
    def test_a_grace_period_that_is_too_short_is_found(self):
        needed = 10 + 30 + BEHIND
        self.assert_found(
            lambda items: give(items, needed),
            f"terminationGracePeriodSeconds is {needed}, and its end takes up to {needed} s (--drain_delay 10, "
            "--drain_grace 30, prediction log 10, a write of it that hangs 1, models 5, exit 2)",
        )
        self.assertEqual(self.problems("production", lambda items: give(items, needed + 1)), [])
        self.assert_found(
            lambda items: give(items, 37, "tournant-feature-store"),
            "tournant-feature-store: terminationGracePeriodSeconds is 37, and its end takes up to 37 s",
        )

    def test_spans_that_are_sent_at_the_end_count(self):
        def change(items):
            server(items)["args"].append("--otlp_endpoint=collector:4317")
            give(items, 10 + 30 + BEHIND + 2)

        self.assert_found(change, "models 5, spans 2")

    def test_a_drain_that_is_shorter_than_the_longest_deadline_is_found(self):
        self.assert_found(
            lambda items: set_flag(server(items), "drain_grace", "20s"),
            "--drain_grace is shorter than --max_deadline",
        )

    def test_the_end_of_a_runtime_of_kserve_has_to_fit_into_the_default(self):
        self.assert_found(
            lambda items: set_flag(self.runtime(items), "drain_grace", "7s"),
            "ClusterServingRuntime tournant: terminationGracePeriodSeconds is 30, and its end takes up to 30 s",
            "kserve",
        )

    def test_an_inference_service_may_take_the_time_that_it_gives_itself(self):
        def change(seconds):
            def set_both(items):
                predictor = find(items, "InferenceService", "net")["spec"]["predictor"]
                predictor["model"]["args"] = ["--max_deadline=20s", "--drain_grace=20s"]
                if seconds:
                    predictor["terminationGracePeriodSeconds"] = seconds

            return set_both

        needed = 5 + 20 + BEHIND
        self.assert_found(
            change(None), f"terminationGracePeriodSeconds is 30, and its end takes up to {needed} s", "kserve"
        )
        self.assertEqual(self.problems("kserve", change(needed + 1)), [])

    def test_times_are_read_from_the_sources_and_from_flags_where_they_have_become_one(self):
        container = {"image": "tournant", "args": ["--drain_delay=1s", "--drain_grace=2s"]}

        def log_seconds(project, *arguments):
            changed = {**container, "args": container["args"] + list(arguments)}
            manifests = type("Manifests", (), {"project": project})
            return dict(ends.steps(manifests, changed))["prediction log"]

        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for file in ("server/main.cc", "server/predictions/prediction_log.h"):
                (root / file).parent.mkdir(parents=True, exist_ok=True)
                (root / file).write_text((PROJECT.root / file).read_text())
            flags = root / "server/server_flags.cc"
            flags.write_text(
                "ABSL_FLAG(absl::Duration, prediction_log_close_timeout, absl::Seconds(9),\n \"\");\n"
            )
            self.assertEqual(log_seconds(Project(root)), 9)
            self.assertEqual(log_seconds(Project(root), "--prediction_log_close_timeout=2s"), 2)


if __name__ == "__main__":
    unittest.main()
