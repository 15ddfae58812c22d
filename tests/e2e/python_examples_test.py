"""The Python examples, each in a process of its own."""

import subprocess
import unittest

from harness import (
    CLIENT_PYTHON,
    LIMIT_SECONDS,
    ROOT,
    environment,
    serve,
    serve_for_class,
)

PYTHON = ROOT / "client/python"
DEMO = ROOT / "build/demo"
# The last hour that the demo's store knows.
DEMO_NOW = 1388552400


def run(script: str, *arguments: str):
    """Runs a script of the Python client."""
    return subprocess.run(
        [CLIENT_PYTHON, str(PYTHON / script), *arguments],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )


def example(script: str, *arguments: str):
    """Runs one of the examples, with patience."""
    return run(script, f"--deadline={LIMIT_SECONDS}", *arguments)


def setUpModule():
    generated = run("generate")
    assert generated.returncode == 0, generated.stderr


class Examples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = serve_for_class(cls, "linear")

    def test_any_model_is_called_with_stubs_of_our_own(self):
        ended = example("example.py", f"--server={self.server.address}", "--model=linear",
                        "--input=x=1,2.5")
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertEqual(ended.stdout, "y [2, 1]: [3.0, 6.0]\n")

    def test_any_model_is_called_with_tritonclient(self):
        ended = example("triton_example.py", f"--server={self.server.address}", "--model=linear",
                        "--input=x=1,2.5")
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertEqual(ended.stdout, "y [2, 1]: [3.0, 6.0]\n")

    def test_a_failed_call_ends_with_1_and_its_code(self):
        for script in ("example.py", "triton_example.py"):
            with self.subTest(script=script):
                ended = example(script, f"--server={self.server.address}")
                self.assertEqual(ended.returncode, 1)
                self.assertIn("NOT_FOUND: ", ended.stderr)

    def test_wrong_arguments_are_named(self):
        for script in ("example.py", "triton_example.py"):
            with self.subTest(script=script):
                address = f"--server={self.server.address}"
                ended = example(script, address, "--model=linear", "--input=z=1")
                self.assertEqual(ended.returncode, 1)
                self.assertIn("linear has no input z, only x", ended.stderr)
                self.assertEqual(example(script, "--colour=red").returncode, 2)


@unittest.skipUnless((DEMO / "models/flight_delay").exists(), "scripts/demo has not made its model")
class Demo(unittest.TestCase):
    def test_both_score_the_same_flights_alike(self):
        store = f"sqlite:{DEMO}/feast/data/online_store.db?registry={DEMO}/feast/data/registry.db"
        server = serve(DEMO / "models", f"--feature_store={store}", f"--now={DEMO_NOW}")
        self.addCleanup(server.kill)
        answers = [example(script, f"--server={server.address}")
                   for script in ("example.py", "triton_example.py")]
        for ended in answers:
            self.assertEqual(ended.returncode, 0, ended.stderr)
            self.assertIn("US 1877  N538UW  EWR-CLT  late with 0.", ended.stdout)
            self.assertIn("degraded: False", ended.stdout)
        self.assertEqual(answers[0].stdout, answers[1].stdout)


if __name__ == "__main__":
    unittest.main()
