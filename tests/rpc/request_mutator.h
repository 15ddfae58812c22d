#pragma once

#include <limits>
#include <string>
#include <vector>

#include "base/rng.h"
#include "inference/grpc_service.pb.h"
#include "models/tensor.h"

namespace tournant {

inline const std::vector<std::string> kTypes = {
    "BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32",     "INT64",
    "FP16", "BF16",  "FP32",   "FP64",   "BYTES",  "",     "fp32",  "TYPE_FP32", "FP128"};
inline const std::vector<int64_t> kNumbers = {0,
                                              1,
                                              2,
                                              3,
                                              4,
                                              7,
                                              8,
                                              9,
                                              -1,
                                              -4,
                                              int64_t{1} << 31,
                                              int64_t{1} << 32,
                                              int64_t{1} << 61,
                                              int64_t{1} << 62,
                                              std::numeric_limits<int64_t>::max(),
                                              std::numeric_limits<int64_t>::min()};
inline const std::vector<std::string> kNames = {"x",
                                                "y",
                                                "label",
                                                "flags",
                                                "echo",
                                                "flat",
                                                "",
                                                " ",
                                                "X",
                                                "nope",
                                                std::string("x\0", 2),
                                                "x\n\x1b[31m",
                                                std::string(5000, 'n'),
                                                "../../etc/passwd",
                                                "%s%n",
                                                "\xc3\xa4"};
inline const std::vector<std::string> kParameters = {"priority",
                                                     "timeout",
                                                     "sequence_id",
                                                     "sequence_start",
                                                     "sequence_end",
                                                     "triton_enable_empty_final_response",
                                                     "triton_x",
                                                     "classification",
                                                     "shared_memory_region",
                                                     "shared_memory_offset",
                                                     "shared_memory_byte_size",
                                                     "binary_data",
                                                     "",
                                                     "custom"};

// Breaks right requests in one place at random, with names and numbers that have broken servers
// before: overflows, control characters, types that are none.
class RequestMutator {
 public:
  explicit RequestMutator(uint64_t seed) : random_(seed) {}

  // A right request for one of the models.
  inference::ModelInferRequest Base() {
    inference::ModelInferRequest request;
    const int64_t rows = static_cast<int64_t>(Below(8)) + 1;
    const bool flat = Below(3) == 0;
    const bool typed = Below(3) == 0;
    request.set_model_name(flat ? "flat" : "echo");
    request.set_id("base");
    auto& x = *request.add_inputs();
    x.set_name("x");
    x.set_datatype("FP32");
    if (flat) {
      x.add_shape(rows);
    } else {
      x.add_shape(rows);
      x.add_shape(4);
    }
    const auto cells = static_cast<size_t>(flat ? rows : rows * 4);
    std::string raw;
    for (size_t i = 0; i < cells; ++i) {
      const auto value = static_cast<float>(Below(1000));
      raw.append(reinterpret_cast<const char*>(&value), sizeof(value));
      if (typed) x.mutable_contents()->add_fp32_contents(value);
    }
    if (!typed) request.add_raw_input_contents(raw);
    if (!flat && Below(2) == 0) {
      auto& label = *request.add_inputs();
      label.set_name("label");
      label.set_datatype("BYTES");
      label.add_shape(rows);
      label.add_shape(1);
      std::string elements;
      for (int64_t i = 0; i < rows; ++i) {
        const std::string text(Below(5), 't');
        AppendBytesElement(text, elements);
        if (typed) label.mutable_contents()->add_bytes_contents(text);
      }
      if (!typed) request.add_raw_input_contents(elements);
    }
    return request;
  }

  void Mutate(inference::ModelInferRequest& request) {
    const uint64_t places = Below(3) + 1;
    for (uint64_t i = 0; i < places; ++i) MutateOnce(request);
  }

  // Flips, cuts, doubles or inserts bytes.
  void MutateBytes(std::string& bytes) {
    const uint64_t places = Below(4) + 1;
    for (uint64_t i = 0; i < places && !bytes.empty(); ++i) {
      const size_t at = Below(bytes.size());
      switch (Below(4)) {
        case 0:
          bytes[at] = static_cast<char>(bytes[at] ^ (1 << Below(8)));
          break;
        case 1:
          bytes.resize(at);
          break;
        case 2:
          bytes.insert(at, bytes.substr(Below(bytes.size()), Below(64)));
          break;
        default:
          bytes.insert(at, 1, static_cast<char>(Below(256)));
          break;
      }
    }
  }

  uint64_t Below(uint64_t end) { return random_.Next() % end; }

 private:
  template <class T>
  const T& Any(const std::vector<T>& values) {
    return values[Below(values.size())];
  }

  inference::ModelInferRequest::InferInputTensor* AnyInput(inference::ModelInferRequest& request) {
    if (request.inputs_size() == 0) return request.add_inputs();
    return request.mutable_inputs(
        static_cast<int>(Below(static_cast<uint64_t>(request.inputs_size()))));
  }

  void Set(inference::InferParameter& parameter) {
    switch (Below(7)) {
      case 0:
        return parameter.set_bool_param(Below(2) == 0);
      case 1:
        return parameter.set_int64_param(Any(kNumbers));
      case 2:
        return parameter.set_uint64_param(static_cast<uint64_t>(Any(kNumbers)));
      case 3:
        return parameter.set_string_param(Any(kNames));
      case 4:
        return parameter.set_double_param(std::numeric_limits<double>::quiet_NaN());
      case 5:
        return parameter.set_int64_param(1);
      default:
        return parameter.Clear();
    }
  }

  void MutateRaw(inference::ModelInferRequest& request) {
    if (request.raw_input_contents_size() == 0) {
      request.add_raw_input_contents(std::string(Below(40), 'r'));
      return;
    }
    std::string& raw = *request.mutable_raw_input_contents(
        static_cast<int>(Below(static_cast<uint64_t>(request.raw_input_contents_size()))));
    switch (Below(5)) {
      case 0:
        raw.clear();
        return;
      case 1:
        raw.append(Below(9), '\xff');
        return;
      case 2:
        raw.resize(raw.size() - std::min<size_t>(raw.size(), Below(9)));
        return;
      case 3:
        if (!raw.empty()) raw[Below(raw.size())] = static_cast<char>(Below(256));
        return;
      default:
        request.mutable_raw_input_contents()->RemoveLast();
        return;
    }
  }

  void MutateContents(inference::ModelInferRequest& request) {
    auto& contents = *AnyInput(request)->mutable_contents();
    switch (Below(8)) {
      case 0:
        return contents.add_bool_contents(true);
      case 1:
        return contents.add_int_contents(static_cast<int32_t>(Any(kNumbers)));
      case 2:
        return contents.add_int64_contents(Any(kNumbers));
      case 3:
        return contents.add_uint_contents(static_cast<uint32_t>(Any(kNumbers)));
      case 4:
        return contents.add_uint64_contents(static_cast<uint64_t>(Any(kNumbers)));
      case 5:
        return contents.add_fp32_contents(0.5f);
      case 6:
        return contents.add_fp64_contents(0.5);
      default:
        return contents.add_bytes_contents(Any(kNames));
    }
  }

  void MutateOnce(inference::ModelInferRequest& request) {
    switch (Below(17)) {
      case 0:
        return request.set_model_name(Any(kNames));
      case 1:
        return request.set_model_version(
            Any<std::string>({"1", "2", "0", "01", "-1", "x", "99999999999999999999"}));
      case 2:
        return AnyInput(request)->set_name(Any(kNames));
      case 3:
        return AnyInput(request)->set_datatype(Any(kTypes));
      case 4:
        return AnyInput(request)->add_shape(Any(kNumbers));
      case 5: {
        auto& shape = *AnyInput(request)->mutable_shape();
        if (!shape.empty()) shape.RemoveLast();
        return;
      }
      case 6: {
        auto& shape = *AnyInput(request)->mutable_shape();
        if (!shape.empty()) shape.Set(static_cast<int>(Below(shape.size())), Any(kNumbers));
        return;
      }
      case 7: {
        const inference::ModelInferRequest::InferInputTensor copy = *AnyInput(request);
        *request.add_inputs() = copy;
        return;
      }
      case 8:
        if (request.inputs_size() > 0) request.mutable_inputs()->RemoveLast();
        return;
      case 9:
        return request.add_outputs()->set_name(Any(kNames));
      case 10: {
        auto& output = *request.add_outputs();
        output.set_name("y");
        Set((*output.mutable_parameters())[Any(kParameters)]);
        return;
      }
      case 11:
        return Set((*request.mutable_parameters())[Any(kParameters)]);
      case 12:
        return Set((*AnyInput(request)->mutable_parameters())[Any(kParameters)]);
      case 13:
        return MutateContents(request);
      case 14:
        return AnyInput(request)->clear_contents();
      case 15:
        request.add_outputs()->set_name("y");
        return;
      default:
        return MutateRaw(request);
    }
  }

  SeededRng random_;
};

}  // namespace tournant
