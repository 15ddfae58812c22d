#include "rpc/request_size.h"

#include <gtest/gtest.h>

#include <string>

namespace tournant {
namespace {

using inference::ModelInferRequest;

ModelInferRequest::InferInputTensor& AddInput(ModelInferRequest& request, const std::string& name,
                                              const std::vector<int64_t>& shape) {
  auto& input = *request.add_inputs();
  input.set_name(name);
  input.set_datatype("FP32");
  for (const int64_t dim : shape) input.add_shape(dim);
  return input;
}

TEST(RequestSize, IsThatOfTheSerializedMessage) {
  ModelInferRequest request;
  EXPECT_EQ(RequestSize(request), 0u);
  request.set_model_name("flights");
  request.set_model_version("3");
  for (const size_t length : {0, 1, 127, 128, 16'383, 16'384, 2'100'000}) {
    request.set_id(std::string(length, 'i'));
    AddInput(request, std::string(length, 'n'), {});
    AddInput(request, "x", {1, 127, 128, 16'384, int64_t{1} << 62, -1});
    request.add_raw_input_contents(std::string(length, '\0'));
    EXPECT_EQ(RequestSize(request), request.ByteSizeLong()) << length;
  }
}

TEST(RequestSize, CountsWhatIsNotInMostRequests) {
  ModelInferRequest request;
  request.set_model_name("m");
  AddInput(request, "x", {1, 2}).mutable_contents()->add_fp32_contents(1.5);
  EXPECT_EQ(RequestSize(request), request.ByteSizeLong());
  request.Clear();
  (*AddInput(request, "x", {1}).mutable_parameters())["a"].set_bool_param(true);
  EXPECT_EQ(RequestSize(request), request.ByteSizeLong());
  request.Clear();
  (*request.mutable_parameters())["timeout"].set_int64_param(7);
  EXPECT_EQ(RequestSize(request), request.ByteSizeLong());
  request.Clear();
  request.add_outputs()->set_name("y");
  EXPECT_EQ(RequestSize(request), request.ByteSizeLong());
}

}  // namespace
}  // namespace tournant
