#include "cpp/infer_request.h"

#include <utility>

#include "cpp/tensor_codec.h"

namespace tournant::client {

InferRequestBuilder::InferRequestBuilder(absl::string_view model, absl::string_view version) {
  request_.set_model_name(std::string(model));
  request_.set_model_version(std::string(version));
}

InferRequestBuilder& InferRequestBuilder::Id(absl::string_view id) {
  request_.set_id(std::string(id));
  return *this;
}

InferRequestBuilder& InferRequestBuilder::TimeoutMicros(int64_t microseconds) {
  (*request_.mutable_parameters())["timeout"].set_int64_param(microseconds);
  return *this;
}

InferRequestBuilder& InferRequestBuilder::Output(absl::string_view name) {
  request_.add_outputs()->set_name(std::string(name));
  return *this;
}

InferRequestBuilder& InferRequestBuilder::AddStrings(absl::string_view name,
                                                     std::span<const int64_t> shape,
                                                     std::span<const absl::string_view> values) {
  std::string raw;
  for (const absl::string_view value : values) AppendBytes(value, raw);
  return AddRaw(name, Datatype::kBytes, shape, std::move(raw));
}

InferRequestBuilder& InferRequestBuilder::AddRaw(absl::string_view name, Datatype type,
                                                 std::span<const int64_t> shape, std::string raw) {
  auto* input = request_.add_inputs();
  input->set_name(std::string(name));
  input->set_datatype(std::string(DatatypeName(type)));
  input->mutable_shape()->Assign(shape.begin(), shape.end());
  request_.add_raw_input_contents(std::move(raw));
  return *this;
}

}  // namespace tournant::client
