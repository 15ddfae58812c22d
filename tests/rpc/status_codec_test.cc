#include "rpc/status_codec.h"

#include <gtest/gtest.h>

#include "base/status.h"
#include "base/triton_code.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace tournant {
namespace {

google::rpc::Status RichOf(const grpc::Status& status) {
  google::rpc::Status rich;
  EXPECT_TRUE(rich.ParseFromString(status.error_details()));
  return rich;
}

TEST(StatusCodec, KeepsCodeAndMessageOfAPlainError) {
  grpc::ServerContext context;
  const grpc::Status wire =
      ToWire(absl::NotFoundError("no such model"), StatusDialect::kTournant, context);
  EXPECT_EQ(wire.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(wire.error_message(), "no such model");
  EXPECT_TRUE(wire.error_details().empty());
}

TEST(StatusCodec, NamesTheFieldOfABadRequest) {
  grpc::ServerContext context;
  const grpc::Status wire = ToWire(InvalidField("inputs[1].shape", "unexpected shape"),
                                   StatusDialect::kTournant, context);
  EXPECT_EQ(wire.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  const google::rpc::Status rich = RichOf(wire);
  EXPECT_EQ(rich.code(), static_cast<int>(grpc::StatusCode::INVALID_ARGUMENT));
  EXPECT_EQ(rich.message(), "unexpected shape");
  ASSERT_EQ(rich.details_size(), 1);
  google::rpc::BadRequest bad_request;
  ASSERT_TRUE(rich.details(0).UnpackTo(&bad_request));
  ASSERT_EQ(bad_request.field_violations_size(), 1);
  EXPECT_EQ(bad_request.field_violations(0).field(), "inputs[1].shape");
  EXPECT_EQ(bad_request.field_violations(0).description(), "unexpected shape");
}

TEST(StatusCodec, TellsAnOverloadedCallerWhenToComeAgain) {
  grpc::ServerContext context;
  const grpc::Status wire =
      ToWire(Overloaded("QUEUE_FULL", std::chrono::milliseconds(1250), "the queue is full"),
             StatusDialect::kTournant, context);
  EXPECT_EQ(wire.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  const google::rpc::Status rich = RichOf(wire);
  ASSERT_EQ(rich.details_size(), 2);
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(rich.details(0).UnpackTo(&info));
  EXPECT_EQ(info.reason(), "QUEUE_FULL");
  google::rpc::RetryInfo retry;
  ASSERT_TRUE(rich.details(1).UnpackTo(&retry));
  EXPECT_EQ(retry.retry_delay().seconds(), 1);
  EXPECT_EQ(retry.retry_delay().nanos(), 250'000'000);
}

TEST(StatusCodec, CutsATextThatWouldNotFitIntoTheTrailers) {
  grpc::ServerContext context;
  const grpc::Status wire =
      ToWire(InvalidField("inputs", std::string(100'000, 'x')), StatusDialect::kTournant, context);
  EXPECT_EQ(wire.error_message(), std::string(1500, 'x') + "...");
  // In base64, a third longer.
  EXPECT_LT(wire.error_message().size() + wire.error_details().size() * 4 / 3, 8192u);
}

TEST(StatusCodec, GivesOnlyTritonsCodesWhenAskedTo) {
  const auto triton = [](const absl::Status& status) {
    grpc::ServerContext context;
    const grpc::StatusCode code = ToWire(status, StatusDialect::kTriton, context).error_code();
    EXPECT_EQ(code, WireCode(status, StatusDialect::kTriton));
    return code;
  };
  EXPECT_EQ(triton(Overloaded("QUEUE_FULL", std::chrono::milliseconds(1), "full")),
            grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(triton(absl::DeadlineExceededError("late")), grpc::StatusCode::UNAVAILABLE);
  // A load where the mode forbids it.
  EXPECT_EQ(triton(absl::FailedPreconditionError("not allowed")), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(triton(absl::NotFoundError("m")), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(triton(absl::InvalidArgumentError("m")), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(triton(absl::UnimplementedError("m")), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(triton(absl::InternalError("m")), grpc::StatusCode::INTERNAL);
  EXPECT_EQ(triton(absl::CancelledError("m")), grpc::StatusCode::CANCELLED);
}

TEST(StatusCodec, GivesTheCodeThatAStatusIsMarkedWithOnlyToTritonsClients) {
  const absl::Status loading =
      WithTritonCode(absl::UnavailableError("loading"), absl::StatusCode::kNotFound);
  EXPECT_EQ(WireCode(loading, StatusDialect::kTournant), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(WireCode(loading, StatusDialect::kTriton), grpc::StatusCode::NOT_FOUND);
  grpc::ServerContext context;
  EXPECT_TRUE(ToWire(loading, StatusDialect::kTriton, context).error_details().empty());
}

}  // namespace
}  // namespace tournant
