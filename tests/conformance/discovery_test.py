"""What the server says of itself, its models and its repository."""

import unittest

import grpc
from harness import repository, serve
from protocol import Calls, Served, add_cases, fields, pb

# Every unary call that names a model and a version.
BY_NAME = ("ModelReady", "ModelMetadata", "ModelConfig")


def by_name(method: str, name: str, version: str = ""):
    return getattr(pb, f"{method}Request")(name=name, version=version)


class Discovery(Served):
    MODELS = ("double", "pair", "unbatched", "types", "strings")

    def test_the_server_is_live(self):
        self.assertTrue(self.call("ServerLive").live)

    def test_the_server_is_ready_when_its_models_are(self):
        self.assertTrue(self.call("ServerReady").ready)

    def test_the_server_has_a_name_and_a_version(self):
        metadata = self.call("ServerMetadata")
        self.assertEqual(metadata.name, "tournant")
        self.assertRegex(metadata.version, r"^\d+\.\d+\.\d+")

    def test_extensions_that_work_are_advertised(self):
        extensions = self.call("ServerMetadata").extensions
        self.assertEqual(len(extensions), len(set(extensions)))
        self.assertLessEqual(
            {"classification", "model_repository", "schedule_policy", "model_configuration",
             "statistics", "logging"},
            set(extensions),
        )

    def test_extensions_that_do_not_work_are_not_advertised(self):
        extensions = set(self.call("ServerMetadata").extensions)
        self.assertFalse(extensions & {"sequence", "system_shared_memory", "cuda_shared_memory", "trace",
                                        "binary_tensor_data", "parameters"})

    def test_a_model_is_ready_by_name_and_by_version(self):
        self.assertTrue(self.call("ModelReady", by_name("ModelReady", "double")).ready)
        self.assertTrue(self.call("ModelReady", by_name("ModelReady", "double", "1")).ready)

    def test_metadata_of_a_model_that_batches_begins_shapes_with_the_batch(self):
        metadata = self.call("ModelMetadata", by_name("ModelMetadata", "pair"))
        self.assertEqual(metadata.name, "pair")
        self.assertEqual(list(metadata.versions), ["1"])
        self.assertEqual(metadata.platform, "pytorch_libtorch")
        self.assertEqual(
            [(t.name, t.datatype, list(t.shape)) for t in metadata.inputs],
            [("a", "FP32", [-1, 4]), ("b", "INT64", [-1, 4])],
        )
        self.assertEqual(
            [(t.name, t.datatype, list(t.shape)) for t in metadata.outputs],
            [("total", "FP32", [-1, 4]), ("difference", "FP32", [-1, 4])],
        )

    def test_metadata_of_a_model_without_a_batch_has_its_own_shapes(self):
        metadata = self.call("ModelMetadata", by_name("ModelMetadata", "unbatched"))
        self.assertEqual(list(metadata.inputs[0].shape), [2, 3])
        self.assertEqual(list(metadata.outputs[0].shape), [2, 3])

    def test_metadata_names_every_datatype(self):
        metadata = self.call("ModelMetadata", by_name("ModelMetadata", "types"))
        self.assertEqual(
            [t.datatype for t in metadata.inputs],
            ["BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64",
             "FP16", "BF16", "FP32", "FP64"],
        )
        metadata = self.call("ModelMetadata", by_name("ModelMetadata", "strings"))
        self.assertEqual(metadata.inputs[0].datatype, "BYTES")

    def test_config_tells_what_the_file_says_and_what_was_filled_in(self):
        config = self.call("ModelConfig", by_name("ModelConfig", "pair")).config
        self.assertEqual(config.name, "pair")
        self.assertEqual(config.platform, "pytorch_libtorch")
        self.assertEqual(config.backend, "pytorch")
        self.assertEqual(config.max_batch_size, 8)
        self.assertEqual([i.name for i in config.input], ["a", "b"])
        self.assertEqual([list(i.dims) for i in config.input], [[4], [4]])
        self.assertEqual([o.name for o in config.output], ["total", "difference"])
        self.assertEqual(config.default_model_filename, "model.pt")
        self.assertEqual(config.version_policy.latest.num_versions, 1)

    def test_config_of_each_model_is_set_also_without_a_batch(self):
        answer = self.call("ModelConfig", by_name("ModelConfig", "unbatched"))
        self.assertTrue(answer.HasField("config"))
        self.assertEqual(answer.config.max_batch_size, 0)

    def test_the_index_lists_every_model_with_its_state(self):
        index = self.call("RepositoryIndex").models
        self.assertEqual(
            [(m.name, m.version, m.state, m.reason) for m in index],
            [(name, "1", "READY", "") for name in sorted(self.MODELS)],
        )

    def test_the_index_of_a_named_repository_is_unimplemented(self):
        self.refused("UNIMPLEMENTED", "'repository_name' specification is not supported",
                     "RepositoryIndex", pb.RepositoryIndexRequest(repository_name="main"))

    def test_a_method_that_nobody_has_is_unimplemented(self):
        call = self.channel.unary_unary("/inference.GRPCInferenceService/Nothing")
        with self.assertRaises(grpc.RpcError) as caught:
            call(b"", timeout=60)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.UNIMPLEMENTED)


def check_unknown(case: Discovery, method: str) -> None:
    case.refused("NOT_FOUND", "Request for unknown model: 'nobody' is not found", method,
                 by_name(method, "nobody"))
    case.refused("NOT_FOUND", "Request for unknown model: 'double' version 9 is not found", method,
                 by_name(method, "double", "9"))


def check_version(case: Discovery, version: str) -> None:
    for method in BY_NAME:
        with case.subTest(method=method):
            error = case.refused("INVALID_ARGUMENT", "version", method,
                                 by_name(method, "double", version))
            case.assertEqual(len(fields(error)), 1)


add_cases(Discovery, check_unknown,
          {f"{method} of an unknown model or version is not found": (method,) for method in BY_NAME})
add_cases(Discovery, check_version, {
    "a version that is no number is refused": ("one",),
    "a version with a fraction is refused": ("1.5",),
    "a version with a letter behind is refused": ("1a",),
    "a version with a zero before is refused": ("01",),
    "a version with a sign is refused": ("+1",),
    "a negative version is refused": ("-1",),
    "a version with a space is refused": (" 1",),
    "version zero is refused": ("0",),
    "a version above 64 bits is refused": ("99999999999999999999",),
    "a version with a NUL is refused": ("1\0",),
})


class Names(Served):
    MODELS = ("double",)

    def test_an_empty_model_name_is_an_error(self):
        for method in BY_NAME:
            with self.subTest(method=method):
                with self.assertRaises(grpc.RpcError) as caught:
                    self.call(method, by_name(method, ""))
                self.assertIn(caught.exception.code().name, ("NOT_FOUND", "INVALID_ARGUMENT"))

    def test_a_model_name_with_a_nul_behind_is_another_name(self):
        error = self.refused("NOT_FOUND", "unknown model", "ModelReady",
                             by_name("ModelReady", "double\0"))
        self.assertNotIn("\0", error.details())

    def test_a_long_model_name_is_cut_in_the_error(self):
        error = self.refused("NOT_FOUND", "unknown model", "ModelReady",
                             by_name("ModelReady", "x" * 100_000))
        self.assertLess(len(error.details()), 1000)

    def test_a_model_name_with_control_characters_is_escaped_in_the_error(self):
        error = self.refused("NOT_FOUND", "unknown model", "ModelReady",
                             by_name("ModelReady", "a\nb\x1b[31m"))
        self.assertNotIn("\n", error.details())
        self.assertNotIn("\x1b", error.details())


class NotReady(Calls):
    def test_a_broken_model_is_listed_with_its_reason_and_keeps_the_server_from_ready(self):
        folder = repository(self, "double", "broken", made_by="conformance")
        self.connect(serve(folder, "--exit_on_error=false"))
        index = {m.name: m for m in self.call("RepositoryIndex").models}
        self.assertEqual(index["double"].state, "READY")
        self.assertEqual(index["broken"].state, "UNAVAILABLE")
        self.assertIn("model.pt", index["broken"].reason)
        ready = self.call("RepositoryIndex", pb.RepositoryIndexRequest(ready=True))
        self.assertEqual([m.name for m in ready.models], ["double"])
        self.assertFalse(self.call("ServerReady").ready)
        self.assertTrue(self.call("ServerLive").live)
        self.assertFalse(self.call("ModelReady", by_name("ModelReady", "broken")).ready)


if __name__ == "__main__":
    unittest.main()
