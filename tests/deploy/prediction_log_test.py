"""Where a cluster's predictions go: what deletes the oldest, and a volume that pods share."""

import os
import pathlib
import subprocess
import tempfile
import time
import unittest

from rendered import ROOT, RenderedTest, named, pod, server

OVERLAY = "production-log-volume"
BIN = os.environ.get("TOURNANT_BIN", ROOT / "build/release/bin")
MIB = 2**20
RUN = "predictions-20260101T00000{}.000000Z-00000001"


class PredictionLog(RenderedTest):
    def prune(self, folder, kept_mib, overlay):
        """Runs what the second container runs, once, on another folder."""
        container = named(pod(self.rendered[overlay])["initContainers"], "prediction-pruner")
        *command, script = container["command"]
        for part in ("/predictions", "sleep 10 &"):
            self.assertIn(part, script)
        script = script.replace("/predictions", str(folder)).replace("sleep 10 &", "exit 0")
        variables = {variable["name"] for variable in container["env"]}
        self.assertEqual(variables, {"KEPT_MIB"})
        env = {**os.environ, "KEPT_MIB": str(kept_mib), "PATH": f"{BIN}:{os.environ['PATH']}"}
        result = subprocess.run([*command, script], env=env, capture_output=True, text=True, timeout=60)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return sorted(str(file.relative_to(folder)) for file in folder.rglob("*.tpred*"))

    def fill(self, folder, *names):
        for name in names:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(os.urandom(MIB))

    def test_the_oldest_finished_files_are_deleted(self):
        with tempfile.TemporaryDirectory() as scratch:
            folder = pathlib.Path(scratch)
            files = [RUN.format(1) + ".tpred", RUN.format(2) + ".tpred.damaged", RUN.format(3) + ".tpred",
                     RUN.format(4) + ".tpred", RUN.format(0) + ".tpred.open"]
            self.fill(folder, *files)
            self.assertEqual(self.prune(folder, 8, "production"), sorted(files))
            self.assertEqual(self.prune(folder, 3, "production"), sorted(files[3:]))
            # What is being written stays, whatever else has to go.
            self.assertEqual(self.prune(folder, 0, "production"), files[4:])

    def test_the_oldest_of_all_pods_are_deleted_and_what_a_crash_left(self):
        with tempfile.TemporaryDirectory() as scratch:
            folder = pathlib.Path(scratch)
            old, left, new, open_now = (f"a/{RUN.format(5)}.tpred", f"a/{RUN.format(6)}.tpred.open",
                                        f"b/{RUN.format(7)}.tpred", f"b/{RUN.format(8)}.tpred.open")
            first = f"b/{RUN.format(1)}.tpred"
            self.fill(folder, first, old, left, new, open_now)
            for hours, file in ((5, first), (4, old), (3, left)):
                os.utime(folder / file, (time.time() - hours * 3600,) * 2)
            # Folders take some room too.
            self.assertEqual(self.prune(folder, 5, OVERLAY), [old, left, new, open_now])
            self.assertEqual(self.prune(folder, 3, OVERLAY), [new, open_now])

    def test_pods_that_share_a_volume_need_a_folder_each(self):
        def variable(items):
            return next(v for v in server(items)["env"] if v["name"] == "TOURNANT_PREDICTION_LOG")

        self.assertEqual(variable(self.rendered[OVERLAY])["value"], "/predictions/$(POD_NAME)")
        self.assert_found(lambda items: variable(items).update(value="/predictions"),
                          "--prediction_log=/predictions is on a claim, and has no $(POD_NAME) in it", OVERLAY)

    def test_a_reference_to_a_variable_that_is_not_defined_before_is_found(self):
        self.assert_found(lambda items: server(items)["env"].reverse(),
                          "TOURNANT_PREDICTION_LOG names $(POD_NAME), which is not defined before", OVERLAY)
        self.assert_found(lambda items: server(items)["args"].append("--trace_service=$(SERVICE)"),
                          "names $(SERVICE), which is not defined before")


if __name__ == "__main__":
    unittest.main()
