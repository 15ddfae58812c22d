"""The command line tool against a real server."""

import csv
import io
import json
import shutil
import tempfile
import unittest
from pathlib import Path

from harness import (
    DATA,
    DEADLINE,
    NOW,
    STORE,
    add_model,
    models,
    repository,
    serve,
    serve_for_class,
    tournant,
)


class Tool(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        arguments = (f"--feature_store={STORE}", f"--now={NOW}")
        cls.server = serve_for_class(
            cls, "linear", "raises", "types", "seats", arguments=arguments
        )

    def run_tool(self, *arguments: str, status: int = 0, **options):
        ended = tournant(*arguments, f"--server={self.server.address}", DEADLINE, **options)
        self.assertEqual(ended.returncode, status, ended.stderr)
        return ended

    def file(self, text: str) -> str:
        folder = Path(tempfile.mkdtemp(prefix="tournant-e2e-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        path = folder / "rows.csv"
        path.write_text(text)
        return str(path)

    def test_infer_prints_outputs_and_where_features_came_from(self):
        ended = self.run_tool("infer", "seats", 'tailnum=["N1602","NOPE"]')
        self.assertEqual(
            ended.stdout,
            "model seats, version 1\ny  FP32 [2,1]\n  660\n  298\n"
            "features: 1 live, 1 defaulted of 2 cells, oldest 195.0 days\n",
        )

    def test_infer_takes_json_and_gives_json(self):
        request = json.dumps({"fp32": [0.5, 1], "fp64": [1, 2], "int32": [3, 4],
                              "int64": [5, 2**62], "flag": [True, False]})
        ended = self.run_tool("infer", "types", "--json=-", "--output=json", input=request)
        answer = json.loads(ended.stdout)
        data = {output["name"]: output["data"] for output in answer["outputs"]}
        self.assertEqual(data, {"fp32_out": [0.5, 1], "fp64_out": [1, 2], "int32_out": [3, 4],
                                "int64_out": [5, 2**62], "flag_out": [True, False]})

    def test_infer_says_why_a_call_failed(self):
        ended = self.run_tool("infer", "raises", "x=-1", status=1)
        self.assertIn("INTERNAL: ", ended.stderr)
        self.assertIn("a negative x", ended.stderr)
        ended = self.run_tool("infer", "nobody", "x=1", status=1)
        self.assertIn("NOT_FOUND: ", ended.stderr)
        ended = self.run_tool("infer", "linear", "z=1", status=2)
        self.assertIn("no input 'z'; it has: x", ended.stderr)

    def test_infer_names_the_field_that_the_server_refused(self):
        rest = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 3], "data": [1, 2, 3]}]}
        ended = self.run_tool("infer", "linear", "--json=-", input=json.dumps(rest), status=1)
        self.assertIn("INVALID_ARGUMENT: ", ended.stderr)
        self.assertIn("(field inputs[0].shape", ended.stderr)

    def test_models_lists_and_describes(self):
        ended = self.run_tool("models")
        for name in ("linear", "raises", "types", "seats"):
            self.assertRegex(ended.stdout, rf"(?m)^  {name} +1 +READY")
        described = json.loads(self.run_tool("models", "seats", "--output=json").stdout)[0]
        self.assertEqual(described["inputs"][0]["name"], "tailnum")
        self.assertEqual(described["outputs"][0]["shape"], [-1, 1])
        self.assertIn("plane_facts:seats", [o["name"] for o in described["overrides"]])

    def test_score_answers_every_row_in_order(self):
        rows = 5000
        path = self.file("x,label\n" + "".join(f"{i},{i % 2}\n" for i in range(rows)))
        out, summary = path + ".out", path + ".json"
        ended = self.run_tool("score", "linear", path, "--label=label", f"--out={out}",
                              f"--json-summary={summary}", "--rows=3", "--concurrency=50")
        answers = list(csv.DictReader(io.StringIO(Path(out).read_text())))
        self.assertEqual([float(a["y"]) for a in answers], [2 * i + 1 for i in range(rows)])
        self.assertTrue(all(a["error"] == "" for a in answers))
        figures = json.loads(Path(summary).read_text())
        self.assertEqual((figures["rows"], figures["scored"], figures["failed"]), (rows, rows, 0))
        self.assertEqual(figures["requests"], -(-rows // 3))
        self.assertEqual(figures["quality"]["rows"], rows)
        # Odd rows are the positive ones; among 0 to 4999 they win half of the pairs and 1250 more.
        self.assertAlmostEqual(figures["quality"]["auc"], 0.5 + 1250 / 2500**2, places=9)
        self.assertIn("5,000 scored, 0 failed", ended.stdout)

    def test_score_counts_features_and_takes_overrides_from_columns(self):
        path = self.file("tailnum,plane_facts:seats\nN1602,\nNOPE,\nN1602,10\n")
        summary = path + ".json"
        ended = self.run_tool("score", "seats", path, "--out=-", f"--json-summary={summary}")
        self.assertEqual(ended.stdout, "y,error\n660,\n298,\n20,\n")
        features = json.loads(Path(summary).read_text())["features"]
        self.assertEqual(features["live"], 1)
        self.assertEqual(features["defaulted"], 1)
        self.assertEqual(features["from_request"], 1)
        self.assertEqual(features["degraded_rows"], 0)

    def test_score_goes_on_after_rows_that_fail(self):
        path = self.file("x\n1\n-1\nabc\n4\n")
        ended = self.run_tool("score", "raises", path, "--out=-", "--rows=1", status=1)
        lines = list(csv.reader(io.StringIO(ended.stdout)))
        self.assertEqual(lines[0], ["y", "error"])
        self.assertEqual(lines[1], ["1", ""])
        self.assertIn("INTERNAL", lines[2][1])
        self.assertIn("row 3 (line 4), column 'x': 'abc'", lines[3][1])
        self.assertEqual(lines[4], ["4", ""])

    def test_predictions_are_read_back(self):
        log = tempfile.mkdtemp(prefix="tournant-e2e-")
        self.addCleanup(shutil.rmtree, log, ignore_errors=True)
        server = serve(repository(self, "linear", "identity"), f"--prediction_log={log}")
        self.addCleanup(server.kill)
        calls = [("linear", f"x={i},{i}", f"--id=r{i}") for i in range(3)]
        for call in [*calls, ("identity", "x=1,2,3,4", "--id=r3")]:
            ended = tournant("infer", *call, f"--server={server.address}", DEADLINE)
            self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertEqual(server.stop()[0], 0, server.errors)

        # A record follows its answer: one call's may come after that of the next one, which another
        # event loop served.
        lines = [json.loads(line) for line in tournant("predictions", log).stdout.splitlines()]
        lines.sort(key=lambda line: line["request_id"])
        self.assertEqual([line["request_id"] for line in lines], ["r0", "r1", "r2", "r3"])
        self.assertEqual([line["model"] for line in lines], ["linear"] * 3 + ["identity"])
        self.assertEqual(lines[2]["outputs"][0]["data"], [5, 5])
        self.assertEqual(lines[2]["rows"], 2)

        only = tournant("predictions", log, "--model=linear", "--limit=2").stdout.splitlines()
        self.assertEqual(len(only), 2)
        table = list(csv.DictReader(io.StringIO(
            tournant("predictions", log, "--format=csv", "--model=linear").stdout)))
        self.assertEqual(sorted(float(row["output:y"]) for row in table), [1, 1, 3, 3, 5, 5])

    def test_predictions_of_a_folder_that_is_not_there_fail(self):
        ended = tournant("predictions", "/no/such/folder")
        self.assertEqual(ended.returncode, 1)
        self.assertIn("/no/such/folder", ended.stderr)

    def test_validate_passes_a_good_model_and_names_what_is_wrong(self):
        good = tournant("validate", str(models() / "linear"))
        self.assertEqual(good.returncode, 0, good.stderr)
        self.assertIn("ok: model linear", good.stdout)
        broken = tournant("validate", str(models() / "broken"))
        self.assertEqual(broken.returncode, 2)
        self.assertIn("model.pt", broken.stdout + broken.stderr)
        folder = repository(self)
        add_model(folder, "linear")
        config = folder / "linear" / "config.pbtxt"
        config.write_text(config.read_text().replace("TYPE_FP32", "TYPE_FP99", 1))
        wrong = tournant("validate", str(folder / "linear"))
        self.assertEqual(wrong.returncode, 2)
        self.assertIn("config.pbtxt:4", wrong.stdout + wrong.stderr)

    def test_validate_checks_references_to_features_by_a_registry(self):
        folder = repository(self, "seats")
        registry = f"--feature_registry={DATA}/registry.db"
        good = tournant("validate", str(folder / "seats"), registry)
        self.assertEqual(good.returncode, 0, good.stdout + good.stderr)
        bindings = folder / "seats" / "features.pbtxt"
        bindings.write_text(bindings.read_text().replace("plane_facts:seats", "plane_facts:seatz"))
        lines = bindings.read_text().splitlines()
        number = next(i for i, line in enumerate(lines, 1) if "seatz" in line)
        wrong = tournant("validate", str(folder / "seats"), registry)
        self.assertEqual(wrong.returncode, 2, wrong.stdout)
        self.assertRegex(wrong.stdout, rf"features\.pbtxt:{number}:[0-9]+: .*seatz")
        # Without one they are taken as they are.
        self.assertEqual(tournant("validate", str(folder / "seats")).returncode, 0)

    def test_validate_names_a_registry_that_is_not_there(self):
        ended = tournant("validate", str(models() / "linear"), "--feature_registry=/no/registry.db")
        self.assertEqual(ended.returncode, 2)
        self.assertIn("/no/registry.db", ended.stdout + ended.stderr)

    def test_validate_does_not_obey_the_settings_of_a_server(self):
        settings = {"TOURNANT_LOAD_MODEL": "a", "TOURNANT_MODEL_NAME": "zz",
                    "TOURNANT_CHECK_CONFIG": "/no/config.json", "TOURNANT_WORKERS": "many"}
        ended = tournant("validate", str(models() / "linear"), env=settings)
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
        self.assertIn("ok: model linear", ended.stdout)

    def test_infer_asks_for_the_classification_of_an_output(self):
        request = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 1], "data": [3]}],
                   "outputs": [{"name": "y", "parameters": {"classification": 1}}]}
        ended = self.run_tool("infer", "linear", "--json=-", "--output=json",
                              input=json.dumps(request))
        output = json.loads(ended.stdout)["outputs"][0]
        self.assertEqual((output["datatype"], output["data"]), ("BYTES", ["7.000000:0"]))

    def test_predictions_of_a_file_that_is_no_log_fail(self):
        ended = tournant("predictions", self.file("x,label\n1,0\n"))
        self.assertEqual(ended.returncode, 1)
        self.assertIn("does not start like a prediction log", ended.stderr)

    def test_validate_takes_a_name_for_a_model_that_lies_flat_in_its_folder(self):
        folder = repository(self)
        shutil.copy(models() / "linear" / "1" / "model.pt", folder)
        self.assertIn("needs --model_name", tournant("validate", str(folder)).stdout)
        named = tournant("validate", str(folder), "--model_name=other")
        self.assertEqual(named.returncode, 0, named.stdout)
        self.assertIn("ok: model other, version 1", named.stdout)


if __name__ == "__main__":
    unittest.main()
