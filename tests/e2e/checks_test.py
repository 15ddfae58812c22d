"""scripts/check finds what it is there for. Runs its quick half on small trees made for one rule."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(os.environ["TOURNANT_ROOT"])


class Checks(unittest.TestCase):
    def check(self, files):
        """Output and exit status of the quick checks on a project that has these files."""
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            shutil.copytree(ROOT / "scripts/checks", root / "scripts/checks",
                            ignore=shutil.ignore_patterns("__pycache__"))
            shutil.copy(ROOT / ".clang-format", root)
            subprocess.run(["git", "init", "-q"], cwd=root, check=True)
            for name, text in files.items():
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            result = subprocess.run(
                [sys.executable, root / "scripts/checks/run.py", "--quick"],
                cwd=root, capture_output=True, text=True)
            return result.stdout + result.stderr, result.returncode

    def assert_found(self, files, *findings):
        output, status = self.check(files)
        self.assertEqual(status, 1, output)
        for finding in findings:
            self.assertIn(finding, output)

    def assert_clean(self, files):
        output, status = self.check(files)
        self.assertEqual(status, 0, output)

    def test_an_include_from_left_to_right_is_fine(self):
        self.assert_clean({
            "server/base/clock.h": "#pragma once\n",
            "server/models/model.h": '#pragma once\n#include "base/clock.h"\n',
            "server/rpc/infer.h": '#pragma once\n#include "models/model.h"\n',
            "server/main.cc": '#include "rpc/infer.h"\n',
        })

    def test_an_include_from_right_to_left_is_found(self):
        self.assert_found({
            "server/base/clock.h": '#pragma once\n#include "rpc/infer.h"\n',
            "server/rpc/infer.h": "#pragma once\n",
        }, "server/base/clock.h:2: base may not include rpc (rpc/infer.h)")

    def test_only_the_adapters_of_features_see_the_completion_queue(self):
        files = {"server/cq/cq_loop.h": "#pragma once\n"}
        include = '#pragma once\n#include "cq/cq_loop.h"\n'
        self.assert_clean({**files, "server/features/grpc_feature_client.h": include})
        self.assert_found({**files, "server/features/plan.h": include},
                          "server/features/plan.h:2: features may not include cq")

    def test_a_room_that_nobody_knows_is_found(self):
        self.assert_found({"server/attic/old.h": "#pragma once\n"}, "server/attic is no room")

    def test_the_server_may_not_include_what_is_for_tests(self):
        self.assert_found({
            "tests/fakes/manual_clock.h": "#pragma once\n",
            "server/base/clock.h": '#pragma once\n#include "fakes/manual_clock.h"\n',
        }, "server/base/clock.h:2: includes fakes/manual_clock.h, which is for tests")

    def test_generated_code_outside_of_its_rooms_is_found(self):
        include = '#include "inference/model_config.pb.h"\n'
        self.assert_clean({"server/models/config.cc": include})
        self.assert_found({"server/models/config.h": "#pragma once\n" + include},
                          "server/models/config.h:2: generated code")
        self.assert_found({"server/pipeline/predictor.cc": include},
                          "server/pipeline/predictor.cc:1: generated code")

    def test_torch_outside_of_its_room_is_found(self):
        include = "#include <torch/script.h>\n"
        self.assert_clean({"server/torchscript/module.cc": include})
        self.assert_found({"server/torchscript/module.h": "#pragma once\n" + include},
                          "server/torchscript/module.h:2: Torch")
        self.assert_found({"server/models/loader.cc": include}, "server/models/loader.cc:1: Torch")

    def test_torch_that_meets_protobuf_through_an_own_header_is_found(self):
        self.assert_found({
            "server/telemetry/log.h": "#pragma once\n#include <spdlog/spdlog.h>\n",
            "server/torchscript/module.cc":
                '#include <torch/script.h>\n\n#include "telemetry/log.h"\n',
        }, "server/telemetry/log.h:2: spdlog/spdlog.h meets Torch's older copy")

    def test_clocks_sleep_chance_and_threads_are_found_outside_of_base(self):
        self.assert_found({
            "server/rpc/infer.cc": "auto a = std::chrono::steady_clock::now();\n"
                                   "void B() { usleep(1); }\n"
                                   "std::random_device c;\n"
                                   "std::thread d;\n",
        }, "infer.cc:1: reads a clock", "infer.cc:2: sleeps", "infer.cc:3: draws random numbers",
            "infer.cc:4: makes a thread")

    def test_clocks_in_base_comments_and_strings_are_fine(self):
        self.assert_clean({
            "server/base/clock.cc": "auto a = std::chrono::steady_clock::now();\n",
            "server/rpc/infer.cc": "// No steady_clock::now() here, and no std::thread.\n"
                                   'const char* kText = "std::random_device";\n'
                                   "int a = 1'000'000;\n",
        })

    def test_a_header_without_guard_is_found(self):
        self.assert_found({"server/base/rng.h": "class Rng;\n"}, "server/base/rng.h:1: no #pragma once")

    def test_entries_at_the_top_that_the_layout_does_not_name_are_found(self):
        self.assert_found({"notes.txt": "hello\n"}, "notes.txt:1: does not belong at the top")
        self.assert_clean({".editorconfig": "root = true\n"})

    def test_unfinished_work_and_paths_of_a_machine_are_found(self):
        self.assert_found({"README.md": "hello\n\n" + "TO" + "DO: more\n"}, "README.md:3: unfinished work")
        self.assert_found({"README.md": "See /ho" + "me/somebody/x\n"}, "README.md:1: path of a machine")

    def test_code_that_is_not_formatted_is_found(self):
        self.assert_found({"server/base/rng.cc": "int  a ;\n"}, "server/base/rng.cc:1: code should be")

    @staticmethod
    def deployed(rules, dashboard, rule_tests=""):
        """A project whose servers show a counter with labels x and phase, and a histogram."""
        return {
            "deploy/metrics.txt": "# a comment\ntournant_a_total counter x,phase=Done|Expired\n"
                                  "tournant_h histogram -\n",
            "server/telemetry/README.md": "| `tournant_h` | | |\n",
            "deploy/prometheus/tournant.rules.yml": rules,
            "deploy/prometheus/tournant.rules.test.yml": rule_tests,
            "deploy/prometheus/README.md": "",
            "deploy/grafana/tournant.json": json.dumps(dashboard),
        }

    def test_alerts_and_panels_that_name_what_no_server_shows_are_found(self):
        queries = ["rate(tournant_a_total{x='1'}[5m])", "rate(tournant_a_total{y='1'}[5m])",
                   "tournant_h_bucket", "tournant_h", "tournant_a_bucket", "tournant:r", "tournant:s",
                   "kube_pod_container_status_waiting_reason{reason='x'}", "kube_pod_info",
                   "kube_pod_container_status_restarts_total{reason='x'}", "up == 0", "tornant_live == 0",
                   "tournant_a_total{phase='Expird'}", "tournant_a_total{phase=~'Done|Expired'}",
                   "sum by (y) (tournant_a_total)"]
        rules = ("- record: tournant:r\n- alert: Gone\n" + "".join(f"  expr: {q}\n" for q in queries) +
                 "  expr: >-\n    sum by (x) (tournant_a_total{\n    y='1'})\n  for: 5m\n")
        dashboard = {
            "panels": [{"title": "P", "targets": [
                {"expr": "sum(proces_none)"},
                {"expr": "sum by (x) (tournant_a_total{phase=~'D.*'})", "legendFormat": "{{x}} {{phase}}"},
                {"expr": "tournant_a_total{phase=~'E.*r', x=~'$x'}"}]}],
            "templating": {"list": [
                {"name": "v", "type": "query", "query": {"query": "label_values(tournant_b, x)"}},
                {"name": "w", "type": "query", "query": {"query": "label_values(tournant_a_total, z)"}},
                {"name": "d", "type": "datasource", "query": "prometheus"}]},
        }
        tests = "  - {series: 'tournant_a_total{z=\"1\"}', values: 1x3}\n"
        self.assert_found(
            self.deployed(rules, dashboard, tests), "names of metrics             failed (17)",
            "tournant_a_total is missing in the table",
            "rules.yml:4: tournant_a_total has no label y",
            "rules.yml:6: tournant_h is a histogram: name its _bucket, _sum or _count",
            "rules.yml:7: tournant_a_bucket is shown by no server",
            "rules.yml:9: tournant:s is recorded by no rule",
            "rules.yml:11: kube_pod_info is shown by no server",
            "rules.yml:12: kube_pod_container_status_restarts_total has no label reason",
            "rules.yml:14: tornant_live is shown by no server",
            "rules.yml:15: tournant_a_total has no phase Expird, but Done, Expired",
            "rules.yml:17: 'by' names the label y, which tournant_a_total does not have",
            "rules.yml:18: tournant_a_total has no label y",
            "rules.test.yml:1: tournant_a_total has no label z",
            "panel 'P': proces_none is shown by no server",
            "panel 'P': its legend names phase, and its query groups by x",
            "panel 'P': tournant_a_total has no phase like E.*r, but Done, Expired",
            "variable v: tournant_b is shown by no server",
            "variable w: 'by' names the label z, which tournant_a_total does not have",
            "Gone is not tested", "Gone is not explained", "promtool is missing")

    def test_series_that_rules_record_have_the_labels_that_these_group_by(self):
        rules = ("- record: tournant:r\n  expr: sum by (namespace, job, x) (tournant_a_total)\n"
                 "- alert: A\n  expr: sum by (x) (tournant:r{x='1'}) > 1\n"
                 "- alert: B\n  expr: sum by (phase) (tournant:r{phase='Done'}) > 1\n")
        self.assert_found(
            self.deployed(rules, {"panels": []}), "names of metrics             failed (3)",
            "rules.yml:6: tournant:r has no label phase",
            "rules.yml:6: 'by' names the label phase, which tournant:r does not have")

    def test_a_rule_that_sums_over_the_namespaces_of_a_job_is_found(self):
        query = "sum by (job) (tournant_a_total) * on (job) group_left () sum by (namespace, job) (up)"
        self.assert_found(
            self.deployed(f"- alert: A\n  expr: {query}\n", {"panels": []}),
            "rules.yml:2: 'by' names job without namespace", "rules.yml:2: 'on' names job without namespace",
            "names of metrics             failed (3)")

    def test_a_long_file_is_named_but_fails_nothing(self):
        output, status = self.check({"server/base/rng.cc": "int a();\n" * 401})
        self.assertEqual(status, 0, output)
        self.assertIn("server/base/rng.cc:401: warning: 401 lines", output)


if __name__ == "__main__":
    unittest.main()
