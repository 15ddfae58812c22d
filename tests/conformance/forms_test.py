"""How tensors reach forward and leave it, what is completed, and the classification extension."""

import unittest

import numpy as np
from harness import models, repository, serve, tournant
from protocol import Calls, Served, add_cases, answers, config_pb, numbers, pb, request


class Binding(Served):
    MODELS = ("by_name", "by_index", "by_order", "by_key", "as_tuple", "as_named_tuple", "as_dict",
              "as_list")

    def test_answers_keep_the_order_of_the_config_and_not_of_the_alphabet(self):
        self.assertEqual(list(self.infer("as_dict", numbers("x", 1))), ["two", "three"])

    def test_requested_outputs_come_in_the_order_of_the_request(self):
        got = self.infer("as_tuple", numbers("x", 1), outputs=["OUTPUT__1", "OUTPUT__0"])
        self.assertEqual(list(got), ["OUTPUT__1", "OUTPUT__0"])
        self.assertEqual([float(v[0, 0]) for v in got.values()], [3, 2])

    def test_one_output_of_two_may_be_asked_for(self):
        got = self.infer("as_named_tuple", numbers("x", 1), outputs=["three"])
        self.assertEqual({name: float(v[0, 0]) for name, v in got.items()}, {"three": 3})

    def test_inputs_may_come_in_any_order(self):
        first = self.infer("by_name", numbers("first", 5), numbers("second", 3))
        second = self.infer("by_name", numbers("second", 3), numbers("first", 5))
        np.testing.assert_array_equal(first["OUTPUT__0"], second["OUTPUT__0"])


def check_inputs(case: Binding, model: str, first: str, second: str) -> None:
    got = case.infer(model, numbers(second, 3, 30), numbers(first, 5, 50))
    np.testing.assert_array_equal(got["OUTPUT__0"], [[2], [20]])


def check_outputs(case: Binding, model: str, two: str, three: str) -> None:
    got = case.infer(model, numbers("x", 1, 10))
    np.testing.assert_array_equal(got[two], [[2], [20]])
    np.testing.assert_array_equal(got[three], [[3], [30]])


add_cases(Binding, check_inputs, {
    "inputs reach forward by the names of its arguments": ("by_name", "first", "second"),
    "inputs reach forward by the index behind their names": ("by_index", "INPUT__0", "INPUT__1"),
    "inputs reach forward in the order of the config": ("by_order", "left", "right"),
    "inputs reach forward as the keys of one dict": ("by_key", "first", "second"),
})
add_cases(Binding, check_outputs, {
    "a tuple is answered in its order": ("as_tuple", "OUTPUT__0", "OUTPUT__1"),
    "a named tuple is answered by its names": ("as_named_tuple", "two", "three"),
    "a dict is answered by its keys": ("as_dict", "two", "three"),
    "a list is answered in its order": ("as_list", "first", "second"),
})


class Classification(Served):
    MODELS = ("labelled", "scores", "pair", "strings")
    ROWS = (0.1, 0.7, 0.2, 0.0, 3, 1, 2, 4)

    def classify(self, model: str, k: int):
        response = self.call("ModelInfer", request(
            model, numbers("x", *self.ROWS, shape=(2, 4)), outputs=[("y", {"classification": k})]))
        self.assertEqual(response.outputs[0].datatype, "BYTES")
        self.assertEqual(list(response.outputs[0].shape), [2, k])
        return answers(response)["y"].tolist()

    def test_the_best_are_told_with_score_index_and_label(self):
        self.assertEqual(self.classify("labelled", 2), [
            [b"0.700000:1:dog", b"0.200000:2:sea horse"],
            [b"4.000000:3", b"3.000000:0:cat"],
        ])

    def test_without_labels_score_and_index_are_told(self):
        self.assertEqual(self.classify("scores", 1), [[b"0.700000:1"], [b"4.000000:3"]])

    def test_all_classes_can_be_told_in_order(self):
        first = self.classify("scores", 4)[0]
        self.assertEqual(first, [b"0.700000:1", b"0.200000:2", b"0.100000:0", b"0.000000:3"])

    def test_an_output_may_be_classified_beside_another_that_is_not(self):
        got = self.infer("pair", numbers("a", 1, 4, 3, 2, shape=(1, 4)),
                         numbers("b", 0, 0, 0, 0, datatype="INT64", shape=(1, 4)),
                         outputs=["difference", ("total", {"classification": 1})])
        self.assertEqual(list(got), ["difference", "total"])
        np.testing.assert_array_equal(got["difference"], [[1, 4, 3, 2]])
        self.assertEqual(got["total"].tolist(), [[b"4.000000:1"]])

    def test_more_classes_than_there_are_are_cut(self):
        response = self.call("ModelInfer", request(
            "scores", numbers("x", 1, 2, 3, 4, shape=(1, 4)),
            outputs=[("y", {"classification": 9})]))
        self.assertEqual(list(response.outputs[0].shape), [1, 4])


def check_refused(case: Classification, k) -> None:
    message = request("scores", numbers("x", 1, 2, 3, 4, shape=(1, 4)),
                      outputs=[("y", {"classification": k})])
    case.refused("INVALID_ARGUMENT", "classification", "ModelInfer", message,
                 field="outputs[0].parameters[classification]")


add_cases(Classification, check_refused, {
    "zero classes are refused": (0,),
    "a negative number of classes is refused": (-1,),
    "a number of classes of another type is refused": ("two",),
})


class Completion(Calls):
    """config.pbtxt may leave things out."""

    def serve(self, name: str, config: str | None):
        """`name` of make_models.py with this config, or with none."""
        folder = repository(self, name, made_by="conformance")
        file = folder / name / "config.pbtxt"
        if config is None:
            file.unlink()
        else:
            file.write_text(config)
        self.connect(serve(folder))

    def config(self, name: str):
        return self.call("ModelConfig", pb.ModelConfigRequest(name=name)).config

    def test_outputs_that_are_left_out_are_found_by_a_probe(self):
        self.serve("as_named_tuple", 'max_batch_size: 4 input { data_type: TYPE_FP32 dims: 1 }')
        config = self.config("as_named_tuple")
        self.assertEqual(config.input[0].name, "x")
        self.assertEqual([o.name for o in config.output], ["three", "two"])
        self.assertEqual([list(o.dims) for o in config.output], [[1], [1]])
        got = self.infer("as_named_tuple", numbers("x", 1))
        self.assertEqual({n: float(v[0, 0]) for n, v in got.items()}, {"three": 3, "two": 2})

    def test_a_name_and_a_platform_may_be_left_out(self):
        self.serve("double", 'max_batch_size: 2 input { name: "x" data_type: TYPE_FP32 dims: 1 }'
                             'output { name: "y" data_type: TYPE_FP32 dims: 1 }')
        config = self.config("double")
        self.assertEqual((config.name, config.platform, config.max_batch_size),
                         ("double", "pytorch_libtorch", 2))
        self.assertEqual(self.infer("double", numbers("x", 4))["y"][0, 0], 8)

    def test_a_missing_config_is_completed_from_the_signature_in_the_model_file(self):
        self.connect(serve(repository(self, "signed", made_by="conformance")))
        config = self.config("signed")
        self.assertEqual(config.max_batch_size, 4)
        self.assertEqual([(i.name, i.data_type, list(i.dims)) for i in config.input],
                         [("x", config_pb.TYPE_FP32, [3])])
        self.assertEqual([(o.name, list(o.dims)) for o in config.output], [("twice", [3])])
        got = self.infer("signed", numbers("x", 1, 2, 3, shape=(1, 3)))
        np.testing.assert_array_equal(got["twice"], [[2, 4, 6]])

    def test_a_model_that_describes_nothing_is_tried_until_it_is_known(self):
        self.connect(serve(repository(self, "plain", made_by="conformance")))
        config = self.config("plain")
        self.assertEqual([(i.name, i.data_type) for i in config.input],
                         [("x", config_pb.TYPE_FP32)])
        self.assertEqual(len(config.output), 1)

    def test_a_net_for_pictures_of_one_size_is_found_to_be_one(self):
        self.connect(serve(repository(self, "digits", made_by="conformance")))
        self.assertEqual(list(self.config("digits").input[0].dims), [1, 28, 28])
        picture = numbers("x", *range(784), shape=(1, 1, 28, 28))
        self.assertEqual(self.infer("digits", picture)["OUTPUT__0"].shape, (1, 2))

    def test_a_model_that_takes_no_short_rows_is_served(self):
        self.connect(serve(repository(self, "window", made_by="conformance")))
        got = self.infer("window", numbers("x", *range(9), shape=(1, 9)))
        np.testing.assert_array_equal(got["y"], [[3.5, 4.5]])

    def test_a_model_with_packed_weights_is_served(self):
        self.connect(serve(repository(self, "packed", made_by="conformance")))
        got = self.infer("packed", numbers("input", *range(8), shape=(1, 8)))
        self.assertEqual(got["y"].shape, (1, 2))

    def test_a_default_model_filename_is_served(self):
        folder = repository(self, "double", made_by="conformance")
        version = folder / "double" / "1"
        (version / "model.pt").rename(version / "weights.pt")
        config = folder / "double" / "config.pbtxt"
        config.write_text(config.read_text() + 'default_model_filename: "weights.pt"\n')
        self.connect(serve(folder))
        self.assertEqual(self.infer("double", numbers("x", 4))["y"][0, 0], 8)
        self.assertEqual(self.config("double").default_model_filename, "weights.pt")


class Validate(unittest.TestCase):
    def test_validate_prints_the_completed_config(self):
        ended = tournant("validate", str(models("conformance") / "pair"))
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertIn("ok: model pair", ended.stdout)
        for line in ('name: "total"', "TYPE_INT64", "num_versions: 1"):
            self.assertIn(line, ended.stdout)


class Refused(unittest.TestCase):
    """What config.pbtxt asks for and nobody carries out is refused with its place."""

    TENSORS = ('max_batch_size: 8\ninput { name: "x" data_type: TYPE_FP32 dims: 1 }\n'
               'output { name: "y" data_type: TYPE_FP32 dims: 1 }\n')

    def validate(self, config: str):
        folder = repository(self, "double", made_by="conformance")
        (folder / "double" / "config.pbtxt").write_text(config)
        return tournant("validate", str(folder / "double"))

    def test_an_input_that_the_model_lacks_is_refused(self):
        ended = self.validate(
            self.TENSORS + 'input { name: "second" data_type: TYPE_FP32 dims: 1 }\n')
        self.assertEqual(ended.returncode, 2, ended.stdout)
        self.assertIn("'second'", ended.stdout + ended.stderr)


def check_config(case: Refused, says: str, config: str) -> None:
    ended = case.validate(case.TENSORS + config)
    case.assertEqual(ended.returncode, 2, ended.stdout)
    case.assertIn("config.pbtxt:4", ended.stdout + ended.stderr)
    case.assertIn(says, ended.stdout + ended.stderr)


add_cases(Refused, check_config, {
    "an unknown field is refused": ("max_batchsize", "max_batchsize: 3"),
    "sequence batching is refused": ("sequence_batching", "sequence_batching {}"),
    "an ensemble is refused": (
        "ensemble_scheduling",
        'ensemble_scheduling { step { model_name: "a" model_version: 1 } }'),
    "a model on the GPU is refused": ("KIND_CPU", "instance_group { kind: KIND_GPU }"),
    "another backend is refused": ("onnxruntime", 'backend: "onnxruntime"'),
    "a decoupled model is refused": ("model_transaction_policy", "model_transaction_policy { decoupled: true }"),
    "a response cache is refused": ("response_cache", "response_cache { enable: true }"),
    "a parameter that nobody knows is refused": (
        "COLOUR", 'parameters { key: "COLOUR" value { string_value: "red" } }'),
    "a model file outside of its folder is refused": (
        "default_model_filename", 'default_model_filename: "../model.pt"'),
})


if __name__ == "__main__":
    unittest.main()
