#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "cpp/datatype.h"
#include "inference/grpc_service.pb.h"

namespace tournant::client {

// Builds a ModelInferRequest with raw contents. One thread; Build may be called once.
//
//   InferRequestBuilder builder("flight_delay");
//   builder.Add<float>("distance", {1, 1}, {1040.0F}).AddStrings("carrier", {1, 1}, {"UA"});
class InferRequestBuilder {
 public:
  explicit InferRequestBuilder(absl::string_view model, absl::string_view version = "");

  // Returned unchanged with the answer and kept with the saved prediction.
  InferRequestBuilder& Id(absl::string_view id);
  // One more bound on the call's deadline, which the server enforces.
  InferRequestBuilder& TimeoutMicros(int64_t microseconds);
  // Outputs wanted, in this order; all when none is named.
  InferRequestBuilder& Output(absl::string_view name);

  template <typename T>
  InferRequestBuilder& Add(absl::string_view name, std::span<const int64_t> shape,
                           std::span<const T> values) {
    return AddRaw(name, DatatypeOf<T>(), shape,
                  std::string(reinterpret_cast<const char*>(values.data()), values.size_bytes()));
  }
  InferRequestBuilder& AddStrings(absl::string_view name, std::span<const int64_t> shape,
                                  std::span<const absl::string_view> values);

  // The same for a shape, or a shape and values, written out in braces.
  template <typename T>
  InferRequestBuilder& Add(absl::string_view name, std::initializer_list<int64_t> shape,
                           std::span<const T> values) {
    return Add<T>(name, std::span<const int64_t>(shape), values);
  }
  template <typename T>
  InferRequestBuilder& Add(absl::string_view name, std::initializer_list<int64_t> shape,
                           std::initializer_list<T> values) {
    return Add<T>(name, std::span<const int64_t>(shape), std::span<const T>(values));
  }
  InferRequestBuilder& AddStrings(absl::string_view name, std::initializer_list<int64_t> shape,
                                  std::span<const absl::string_view> values) {
    return AddStrings(name, std::span<const int64_t>(shape), values);
  }
  InferRequestBuilder& AddStrings(absl::string_view name, std::initializer_list<int64_t> shape,
                                  std::initializer_list<absl::string_view> values) {
    return AddStrings(name, std::span<const int64_t>(shape),
                      std::span<const absl::string_view>(values));
  }

  InferRequestBuilder& AddRaw(absl::string_view name, Datatype type, std::span<const int64_t> shape,
                              std::string raw);

  inference::ModelInferRequest Build() { return std::move(request_); }

 private:
  inference::ModelInferRequest request_;
};

}  // namespace tournant::client
