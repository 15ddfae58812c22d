"""Tensors of every datatype, raw and typed, come back as they went."""

import unittest

import numpy as np
from protocol import (NUMPY, TYPED, Served, Tensor, add_cases, answers, elements, numbers, pb, request,
                      strings)

NUMERIC = tuple(NUMPY)
INTEGERS = tuple(name for name in NUMERIC if "INT" in name)
FLOATS = ("FP16", "BF16", "FP32", "FP64")
BITS = {"FP16": "<u2", "BF16": "<u2", "FP32": "<u4", "FP64": "<u8"}

# Bit patterns of infinity, minus infinity, a quiet NaN, one that signals, one with all bits set,
# minus zero, the smallest subnormal and the largest finite number.
SPECIAL = {
    "FP16": (0x7C00, 0xFC00, 0x7E00, 0x7C01, 0xFFFF, 0x8000, 0x0001, 0x7BFF),
    "BF16": (0x7F80, 0xFF80, 0x7FC0, 0x7F81, 0xFFFF, 0x8000, 0x0001, 0x7F7F),
    "FP32": (0x7F800000, 0xFF800000, 0x7FC00000, 0x7F800001, 0xFFFFFFFF, 0x80000000, 1, 0x7F7FFFFF),
    "FP64": (0x7FF0 << 48, 0xFFF0 << 48, 0x7FF8 << 48, (0x7FF0 << 48) + 1, 2**64 - 1, 1 << 63, 1,
             (0x7FF0 << 48) - 1),
}


def some_values(datatype: str) -> np.ndarray:
    """The extremes of the type and some between."""
    if datatype == "BOOL":
        return np.array([True, False, False, True])
    if datatype in INTEGERS:
        limits = np.iinfo(NUMPY[datatype])
        return np.array([limits.min, limits.max, 1, 0], dtype=NUMPY[datatype])
    return np.array([1.5, -2.25, 0.125, 96], dtype=NUMPY[datatype])


class Types(Served):
    """`types` wants an input of each type, so the others are sent without elements."""

    MODELS = ("types",)

    def message(self, given: Tensor, rows: int):
        typed = given.raw is None
        tensors = []
        for datatype in NUMERIC:
            name = f"in_{datatype.lower()}"
            if given.name == name:
                tensors.append(given)
            else:
                tensors.append(Tensor(name, datatype, (rows, 0), None if typed else b""))
        return request("types", *tensors, outputs=[given.name.replace("in_", "out_")])

    def echo(self, datatype: str, shape: tuple[int, ...], raw=None, typed=None):
        """What comes back for one tensor."""
        tensor = Tensor(f"in_{datatype.lower()}", datatype, shape, raw, typed or {})
        response = self.call("ModelInfer", self.message(tensor, shape[0]))
        self.assertEqual([o.name for o in response.outputs], [f"out_{datatype.lower()}"])
        self.assertEqual(response.outputs[0].datatype, datatype)
        self.assertEqual(tuple(response.outputs[0].shape), shape)
        return response.raw_output_contents[0]

    def refuse(self, datatype: str, says: str, shape, raw=None, typed=None, code="INVALID_ARGUMENT"):
        index = NUMERIC.index(datatype)
        tensor = Tensor(f"in_{datatype.lower()}", datatype, shape, raw, typed or {})
        self.refused(code, says, "ModelInfer", self.message(tensor, shape[0]),
                     field=f"inputs[{index}].contents")

    def test_all_types_go_in_one_request(self):
        values = {datatype: some_values(datatype) for datatype in NUMERIC}
        tensors = [Tensor(f"in_{d.lower()}", d, (2, 2), v.tobytes()) for d, v in values.items()]
        response = self.call("ModelInfer", request("types", *tensors))
        self.assertEqual([o.datatype for o in response.outputs], list(NUMERIC))
        self.assertEqual([o.name for o in response.outputs],
                         [f"out_{d.lower()}" for d in NUMERIC])
        for name, array in answers(response).items():
            expected = values[name.removeprefix("out_").upper()].reshape(2, 2)
            self.assertEqual(array.tobytes(), expected.tobytes(), name)

    def test_all_sixteen_bit_patterns_of_half_floats_are_kept(self):
        every = np.arange(65536, dtype="<u2").tobytes()
        for datatype in ("FP16", "BF16"):
            with self.subTest(datatype=datatype):
                self.assertEqual(self.echo(datatype, (1, 65536), every), every)

    def test_a_byte_of_bool_that_is_neither_0_nor_1_is_refused(self):
        self.refuse("BOOL", "BOOL", (1, 2), raw=b"\1\2")

    def test_a_tensor_of_several_megabytes_is_answered_whole(self):
        large = np.random.default_rng(1).integers(0, 2**32, 2_000_000, dtype="<u4").tobytes()
        self.assertEqual(self.echo("UINT32", (1, 2_000_000), large), large)

    def test_empty_contents_of_no_elements_need_no_list(self):
        self.assertEqual(self.echo("FP32", (3, 0), typed={}), b"")


def check_raw(case: Types, datatype: str) -> None:
    sent = some_values(datatype).tobytes()
    case.assertEqual(case.echo(datatype, (1, 4), sent), sent)


def check_rows(case: Types, datatype: str) -> None:
    sent = np.resize(some_values(datatype), 24).tobytes()
    case.assertEqual(case.echo(datatype, (8, 3), sent), sent)


def check_no_elements(case: Types, datatype: str) -> None:
    case.assertEqual(case.echo(datatype, (2, 0), b""), b"")


def check_typed(case: Types, datatype: str) -> None:
    sent = some_values(datatype)
    got = case.echo(datatype, (2, 2), typed={TYPED[datatype]: sent.tolist()})
    case.assertEqual(got, sent.tobytes())


def check_another_list(case: Types, datatype: str) -> None:
    other = "fp64_contents" if TYPED[datatype] != "fp64_contents" else "fp32_contents"
    case.refuse(datatype, "unexpected explicit tensor data for input tensor "
                f"'in_{datatype.lower()}' for model 'types'", (1, 2), typed={other: [0, 1]})


def check_two_lists(case: Types, datatype: str) -> None:
    other = "fp64_contents" if TYPED[datatype] != "fp64_contents" else "fp32_contents"
    case.refuse(datatype, "unexpected explicit tensor data", (1, 2),
                typed={TYPED[datatype]: [0, 1], other: [0, 1]})


def check_list_size(case: Types, datatype: str) -> None:
    size = NUMPY[datatype].itemsize
    case.refuse(datatype, f"Expected {2 * size}, got {size}", (1, 2), typed={TYPED[datatype]: [1]})


def check_raw_size(case: Types, datatype: str) -> None:
    size = NUMPY[datatype].itemsize
    case.refuse(datatype, f"Expected {3 * size}, got {3 * size + 1}", (1, 3),
                raw=bytes(3 * size + 1))


def check_special(case: Types, datatype: str) -> None:
    sent = np.array(SPECIAL[datatype], dtype=BITS[datatype]).tobytes()
    case.assertEqual(case.echo(datatype, (2, 4), sent), sent)


def check_typed_special(case: Types, datatype: str) -> None:
    sent = [float("inf"), float("-inf"), -0.0, 0.1]
    got = np.frombuffer(case.echo(datatype, (1, 4), typed={TYPED[datatype]: sent}), NUMPY[datatype])
    case.assertEqual(got.tobytes(), np.array(sent, NUMPY[datatype]).tobytes())
    got = case.echo(datatype, (1, 1), typed={TYPED[datatype]: [float("nan")]})
    case.assertTrue(np.isnan(np.frombuffer(got, NUMPY[datatype])[0]))


def check_range(case: Types, datatype: str) -> None:
    limits = np.iinfo(NUMPY[datatype])
    outside = [int(limits.max) + 1] + ([int(limits.min) - 1] if limits.min else [])
    for value in outside:
        with case.subTest(value=value):
            case.refuse(datatype, f"'{datatype}'", (1, 1), typed={TYPED[datatype]: [value]})


def check_raw_only(case: Types, datatype: str) -> None:
    case.refuse(datatype, "raw_input_contents", (1, 2), typed={"fp32_contents": [1, 2]})


add_cases(Types, check_raw, {f"{d} is echoed from raw bytes": (d,) for d in NUMERIC})
add_cases(Types, check_rows, {f"{d} keeps its rows apart": (d,) for d in NUMERIC})
add_cases(Types, check_no_elements, {f"{d} may have a dimension of zero": (d,) for d in NUMERIC})
TYPED_NUMBERS = [d for d in NUMERIC if d in TYPED]
add_cases(Types, check_typed, {f"{d} is echoed from typed values": (d,) for d in TYPED_NUMBERS})
add_cases(Types, check_another_list,
          {f"{d} in the list of another type is refused": (d,) for d in TYPED_NUMBERS})
add_cases(Types, check_two_lists, {f"{d} in two lists is refused": (d,) for d in ("FP32", "INT64")})
add_cases(Types, check_list_size,
          {f"too few typed values of {d} are refused": (d,) for d in ("BOOL", "INT8", "FP32")})
add_cases(Types, check_raw_size,
          {f"a byte too many of {d} is refused": (d,) for d in ("BOOL", "UINT16", "BF16", "FP64")})
add_cases(Types, check_special,
          {f"NaN and infinity of {d} are kept bit for bit": (d,) for d in FLOATS})
add_cases(Types, check_typed_special,
          {f"typed NaN and infinity of {d} arrive": (d,) for d in ("FP32", "FP64")})
add_cases(Types, check_range,
          {f"a typed value outside of {d} is refused": (d,)
           for d in ("INT8", "INT16", "UINT8", "UINT16")})
add_cases(Types, check_raw_only,
          {f"{d} has no typed form": (d,) for d in ("FP16", "BF16")})


class Strings(Served):
    MODELS = ("strings", "upper")

    def echo(self, *values: bytes) -> None:
        """The strings come back from raw and from typed contents."""
        shape = (len(values), 1)
        typed = Tensor("text", "BYTES", shape, typed={"bytes_contents": list(values)})
        for tensor in (strings("text", *values), typed):
            response = self.call("ModelInfer", request("strings", tensor))
            self.assertEqual(response.outputs[0].datatype, "BYTES")
            self.assertEqual(tuple(response.outputs[0].shape), shape)
            self.assertEqual(response.raw_output_contents[0], elements(values))

    def test_plain_strings_come_back(self):
        self.echo(b"cat", b"dog")

    def test_an_empty_string_comes_back(self):
        self.echo(b"", b"x", b"")

    def test_utf_8_comes_back(self):
        self.echo("Grüße".encode(), "北京".encode(), "🛫".encode())

    def test_nul_bytes_inside_of_a_string_come_back(self):
        self.echo(b"a\0b", b"\0", b"\0\0end\0")

    def test_bytes_that_are_no_utf_8_come_back(self):
        self.echo(b"\xff\xfe\x80", bytes(range(256)))

    def test_a_long_string_comes_back(self):
        self.echo(b"0123456789abcdef" * 65536)

    def test_as_many_strings_as_the_batch_allows_come_back(self):
        self.echo(*(f"row {i}".encode() for i in range(8)))

    def test_no_rows_of_strings_are_answered_with_none(self):
        self.assertEqual(self.infer("strings", strings("text"))["same"].shape, (0, 1))

    def test_strings_and_numbers_leave_one_model(self):
        got = self.infer("upper", strings("text", b"ab", b"c\0d", shape=(2,)))
        self.assertEqual(list(got["upper"]), [b"AB", b"C\0D"])
        self.assertEqual(list(got["length"]), [2, 3])

    def test_a_model_without_a_batch_takes_any_number_of_strings(self):
        many = [b"x" * (i % 7) for i in range(1000)]
        got = self.infer("upper", strings("text", *many, shape=(1000,)))
        self.assertEqual(list(got["upper"]), [m.upper() for m in many])


def check_strings(case: Strings, says: str, raw: bytes, shape=(2, 1)) -> None:
    case.refused("INVALID_ARGUMENT", says, "ModelInfer",
                 request("strings", Tensor("text", "BYTES", shape, raw)), field="inputs[0].contents")


add_cases(Strings, check_strings, {
    "fewer strings than the shape says are refused": ("string", elements([b"one"])),
    "more strings than the shape says are refused": ("string", elements([b"a", b"b", b"c"])),
    "a cut length of a string is refused": ("incomplete string length", elements([b"one"]) + b"\1\0"),
    "a string that ends early is refused": ("string", elements([b"one", b"two"])[:-1]),
    "a string longer than the request is refused": ("string", b"\xff\xff\xff\x7fabc"),
    "strings without any contents are refused": ("string", b""),
})


class Shapes(Served):
    MODELS = ("scalar", "reshaped", "unbatched", "double")

    def test_a_scalar_goes_through_reshape(self):
        y = self.infer("scalar", numbers("x", 21, shape=(1,)))["y"]
        self.assertEqual((y.shape, y[0]), ((1,), 42))

    def test_rows_go_through_reshape(self):
        sent = numbers("x", 1, 2, 3, 4, 5, 6, 7, 8, shape=(2, 4))
        y = self.infer("reshaped", sent)["y"]
        np.testing.assert_array_equal(y, [[1, 3, 2, 4], [5, 7, 6, 8]])

    def test_metadata_and_config_show_the_shape_of_the_wire(self):
        answer = self.call("ModelMetadata", pb.ModelMetadataRequest(name="reshaped"))
        self.assertEqual(list(answer.inputs[0].shape), [-1, 4])
        config = self.call("ModelConfig", pb.ModelConfigRequest(name="reshaped")).config
        self.assertEqual(list(config.input[0].dims), [4])
        self.assertEqual(list(config.input[0].reshape.shape), [2, 2])

    def test_the_shape_of_the_model_is_refused_where_reshape_names_another(self):
        self.refused("INVALID_ARGUMENT", "unexpected shape for input 'x'", "ModelInfer",
                     request("reshaped", numbers("x", 1, 2, 3, 4, shape=(1, 2, 2))),
                     field="inputs[0].shape")

    def test_a_model_without_a_batch_takes_its_own_shape(self):
        y = self.infer("unbatched", numbers("x", *range(6), shape=(2, 3)))["y"]
        np.testing.assert_array_equal(y, [[0, 2, 4], [6, 8, 10]])

    def test_no_rows_are_answered_with_no_rows(self):
        self.assertEqual(self.infer("double", numbers("x"))["y"].shape, (0, 1))

    def test_typed_and_raw_give_the_same_answer(self):
        raw = self.infer("double", numbers("x", 1.5, 2.5))["y"]
        typed = self.infer("double", Tensor("x", "FP32", (2, 1),
                                            typed={"fp32_contents": [1.5, 2.5]}))["y"]
        np.testing.assert_array_equal(raw, typed)


class LargeMessages(Served):
    """The cap counts the bytes of a whole message."""

    MODELS = ("types",)
    CAP = 1 << 20
    ARGUMENTS = (f"--max_message_bytes={CAP}",)

    def message(self, size: int):
        """A request of exactly `size` bytes."""
        def made(count: int):
            tensors = []
            for datatype in NUMERIC:
                width = count if datatype == "UINT8" else 0
                tensors.append(Tensor(f"in_{datatype.lower()}", datatype, (1, width), bytes(width)))
            return request("types", *tensors, outputs=["out_uint8"])
        message = made(size - 1000)
        message = made(size - 1000 + size - message.ByteSize())
        self.assertEqual(message.ByteSize(), size)
        return message

    def test_a_request_of_exactly_the_cap_is_answered(self):
        response = self.call("ModelInfer", self.message(self.CAP))
        self.assertGreater(len(response.raw_output_contents[0]), self.CAP - 1000)

    def test_a_request_of_a_byte_more_is_refused_and_says_the_cap(self):
        self.refused("RESOURCE_EXHAUSTED", str(self.CAP), "ModelInfer", self.message(self.CAP + 1))

    def test_the_next_call_on_the_channel_succeeds(self):
        self.refused("RESOURCE_EXHAUSTED", "", "ModelInfer", self.message(2 * self.CAP))
        self.assertTrue(self.call("ServerLive").live)


class DefaultCap(Served):
    MODELS = ("types",)

    def test_sixty_megabytes_pass_by_default(self):
        count = 60 << 20
        tensors = []
        for datatype in NUMERIC:
            width = count if datatype == "UINT8" else 0
            tensors.append(Tensor(f"in_{datatype.lower()}", datatype, (1, width), bytes(width)))
        response = self.call("ModelInfer", request("types", *tensors, outputs=["out_uint8"]))
        self.assertEqual(len(response.raw_output_contents[0]), count)

    def test_more_than_64_mebibytes_are_refused_by_default(self):
        tensor = Tensor("in_uint8", "UINT8", (1, 65 << 20), bytes(65 << 20))
        self.refused("RESOURCE_EXHAUSTED", str(64 << 20), "ModelInfer", request("types", tensor))


if __name__ == "__main__":
    unittest.main()
