"""What scripts/demo/show.py prints, with nothing served: its servers are stood in for."""

import contextlib
import importlib.util
import io
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from harness import ROOT


def show_module():
    demo = str(ROOT / "scripts/demo")
    sys.path.insert(0, demo)
    try:
        spec = importlib.util.spec_from_file_location("show", f"{demo}/show.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    finally:
        sys.path.remove(demo)


class Show(unittest.TestCase):
    def shown(self, *arguments: str) -> str:
        show = show_module()
        server = mock.Mock()
        server.stop.return_value = 0
        server.port.return_value = 4711
        printed = io.StringIO()
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(printed), \
                mock.patch.multiple(show, OUT=Path(folder), start_store=lambda: server,
                                    start_server=lambda store: server, score=lambda server: None), \
                mock.patch.object(show.signal, "pause", side_effect=KeyboardInterrupt), \
                mock.patch.object(sys, "argv", ["show.py", *arguments]):
            show.main()
        server.stop.assert_called()
        return printed.getvalue()

    def test_lines_to_try_are_printed_while_the_server_stays_up(self):
        shown = self.shown()
        self.assertIn("Try it (gRPC at 127.0.0.1:4711", shown)
        self.assertIn("Running until Ctrl-C", shown)

    def test_no_lines_to_try_are_printed_for_a_server_that_is_gone(self):
        self.assertEqual(self.shown("--once"), "")


if __name__ == "__main__":
    unittest.main()
