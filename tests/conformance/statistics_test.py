"""ModelStatistics: exact counts after a known number of calls."""

import unittest

import grpc
from gate import Gate
from harness import add_model, repository, serve
from protocol import TIMEOUT, Calls, Served, add_cases, numbers, pb, request

DURATIONS = ("success", "fail", "queue", "compute_input", "compute_infer", "compute_output",
             "cache_hit", "cache_miss")
WORK = ("queue", "compute_input", "compute_infer", "compute_output")


class Figures:
    """What one model's statistics gained since they were made."""

    def __init__(self, case: Calls, model: str, version: str = ""):
        self.case, self.model, self.version = case, model, version
        self.before = self._read()

    def _read(self):
        message = pb.ModelStatisticsRequest(name=self.model, version=self.version)
        (stats,) = self.case.call("ModelStatistics", message).model_stats
        return stats

    def gained(self) -> dict[str, object]:
        """Counts by name, and `batches`: executions by their number of rows."""
        now, before = self._read(), self.before
        counts = {
            name: getattr(now.inference_stats, name).count
            - getattr(before.inference_stats, name).count
            for name in DURATIONS
        }
        counts["rows"] = now.inference_count - before.inference_count
        counts["executions"] = now.execution_count - before.execution_count
        old = {b.batch_size: b.compute_infer.count for b in before.batch_stats}
        batches = {b.batch_size: b.compute_infer.count - old.get(b.batch_size, 0)
                   for b in now.batch_stats}
        counts["batches"] = {size: count for size, count in batches.items() if count}
        return counts


def expected(calls: int, rows: int, executions: int, batches: dict, fail: int = 0):
    """The gain after so many calls that succeeded."""
    counts = dict.fromkeys(DURATIONS, 0) | dict.fromkeys(WORK, calls)
    return counts | {"success": calls, "fail": fail, "rows": rows, "executions": executions,
                     "batches": batches}


class Statistics(Served):
    MODELS = ("double", "raises", "weights", "scores", "unbatched", "gate", "times3")
    ARGUMENTS = ("--workers=1",)

    def figures(self, model: str, version: str = "") -> Figures:
        return Figures(self, model, version)

    def test_nothing_is_counted_before_the_first_call(self):
        stats = self.figures("times3").before
        self.assertEqual((stats.name, stats.version), ("times3", "1"))
        self.assertEqual((stats.inference_count, stats.execution_count), (0, 0))
        self.assertEqual(stats.last_inference, 0)
        self.assertEqual(stats.inference_stats.success.count, 0)
        self.assertEqual(len(stats.batch_stats), 0)

    def test_calls_one_after_the_other_are_counted_by_their_rows(self):
        figures = self.figures("double")
        for rows in (1, 1, 1, 4, 4, 8):
            self.infer("double", numbers("x", *range(rows)))
        self.assertEqual(figures.gained(), expected(6, 19, 6, {1: 3, 4: 2, 8: 1}))

    def test_calls_at_once_add_up(self):
        figures = self.figures("double")
        calls = [self.stub.ModelInfer.future(request("double", numbers("x", *range(1 + i % 3))),
                                             timeout=TIMEOUT) for i in range(90)]
        for call in calls:
            call.result()
        gained = figures.gained()
        batches = gained["batches"]
        self.assertEqual((gained["success"], gained["rows"]), (90, 180))
        self.assertEqual({name: gained[name] for name in WORK}, dict.fromkeys(WORK, 90))
        self.assertEqual(sum(batches.values()), gained["executions"])
        self.assertEqual(sum(size * count for size, count in batches.items()), 180)
        self.assertLessEqual(max(batches), 8)

    def test_a_model_without_a_batch_counts_one_row_a_call(self):
        figures = self.figures("unbatched")
        for _ in range(3):
            self.infer("unbatched", numbers("x", *range(6), shape=(2, 3)))
        self.assertEqual(figures.gained(), expected(3, 3, 3, {1: 3}))

    def test_calls_of_a_stream_are_counted_too(self):
        figures = self.figures("double")
        messages = [request("double", numbers("x", i)) for i in range(5)]
        self.assertEqual(len(list(self.stub.ModelStreamInfer(iter(messages), timeout=TIMEOUT))), 5)
        gained = figures.gained()
        self.assertEqual((gained["success"], gained["rows"]), (5, 5))

    def test_a_call_that_the_model_fails_is_counted_as_failed(self):
        figures = self.figures("raises")
        self.infer("raises", numbers("x", 1))
        for _ in range(3):
            self.refused("INTERNAL", "a negative x", "ModelInfer", request("raises", numbers("x", -1)))
        gained = figures.gained()
        self.assertEqual((gained["success"], gained["fail"], gained["rows"]), (1, 3, 1))

    def test_a_request_that_is_refused_before_the_queue_is_not_counted(self):
        figures = self.figures("double")
        self.refused("INVALID_ARGUMENT", "", "ModelInfer", request("double", numbers("z", 1)))
        self.refused("INVALID_ARGUMENT", "", "ModelInfer",
                     request("double", numbers("x", 1, 2, shape=(1, 2))))
        self.assertEqual(figures.gained(), expected(0, 0, 0, {}))

    def test_other_calls_are_not_counted(self):
        figures = self.figures("double")
        for _ in range(5):
            self.call("ModelReady", pb.ModelReadyRequest(name="double"))
            self.call("ModelMetadata", pb.ModelMetadataRequest(name="double"))
            self.call("ModelConfig", pb.ModelConfigRequest(name="double"))
        self.assertEqual(figures.gained(), expected(0, 0, 0, {}))

    def test_times_are_summed_where_something_was_counted(self):
        self.infer("scores", numbers("x", 1, 2, 3, 4, shape=(1, 4)))
        stats = self.figures("scores").before
        total = stats.inference_stats.success.ns
        self.assertGreater(stats.inference_stats.compute_infer.ns, 0)
        self.assertGreaterEqual(total, stats.inference_stats.compute_infer.ns)
        self.assertGreaterEqual(
            total, sum(getattr(stats.inference_stats, name).ns for name in WORK))
        self.assertEqual(stats.inference_stats.fail.ns, 0)
        (batch,) = stats.batch_stats
        self.assertEqual(batch.compute_infer.ns, stats.inference_stats.compute_infer.ns)

    def test_the_last_inference_is_told_in_milliseconds_of_unix_time(self):
        self.infer("double", numbers("x", 1))
        first = self.figures("double").before.last_inference
        self.assertGreater(first, 1_600_000_000_000)
        self.assertLess(first, 100_000_000_000_000)
        self.infer("double", numbers("x", 1))
        self.assertGreaterEqual(self.figures("double").before.last_inference, first)

    def test_the_memory_of_a_models_parameters_is_told(self):
        usage = self.figures("weights").before.memory_usage
        self.assertEqual(len(usage), 1)
        self.assertEqual((usage[0].type, usage[0].id), ("CPU", 0))
        self.assertGreaterEqual(usage[0].byte_size, 4000)
        self.assertLess(usage[0].byte_size, 8000)

    def test_no_name_means_every_model(self):
        stats = self.call("ModelStatistics").model_stats
        self.assertEqual([(s.name, s.version) for s in stats],
                         [(name, "1") for name in sorted(self.MODELS)])

    def test_waiting_is_counted_as_queue_time(self):
        figures, gate = self.figures("gate"), Gate(self)
        first = self.stub.ModelInfer.future(gate.request(1), timeout=TIMEOUT)
        gate.wait_for(1)
        others = [self.stub.ModelInfer.future(gate.request(x), timeout=TIMEOUT) for x in (2, 3)]
        self.assertEqual(figures.gained()["success"], 0)
        gate.open()
        for call in (first, *others):
            self.assertEqual(call.code(), grpc.StatusCode.OK)
        self.assertEqual(figures.gained(), expected(3, 3, 3, {1: 3}))


def check_unknown(case: Statistics, says: str, name: str, version: str) -> None:
    case.refused("INVALID_ARGUMENT", says, "ModelStatistics",
                 pb.ModelStatisticsRequest(name=name, version=version))


add_cases(Statistics, check_unknown, {
    "statistics of an unknown model are refused": (
        "requested model 'nobody' is not available", "nobody", ""),
    "statistics of an unknown version are refused": (
        "requested model version is not available for model 'double'", "double", "9"),
    "statistics of a version that is no number are refused": ("version", "double", "1a"),
})


class Versions(Calls):
    def test_each_version_has_a_row_of_its_own(self):
        folder = repository(self, "double", made_by="conformance")
        add_model(folder, "double", source="times3", version=2, made_by="conformance")
        config = folder / "double" / "config.pbtxt"
        config.write_text(config.read_text() + "version_policy { all {} }\n")
        self.connect(serve(folder))
        first, second = Figures(self, "double", "1"), Figures(self, "double", "2")
        self.infer("double", numbers("x", 1), version="1")
        self.infer("double", numbers("x", 1))
        self.infer("double", numbers("x", 1))
        self.assertEqual(first.gained()["success"], 1)
        self.assertEqual(second.gained()["success"], 2)
        rows = self.call("ModelStatistics", pb.ModelStatisticsRequest(name="double")).model_stats
        self.assertEqual([row.version for row in rows], ["1", "2"])


if __name__ == "__main__":
    unittest.main()
