// What callers see of admission: the class that they send, and what a refusal says.

#include <memory>
#include <string>
#include <thread>

#include "admission/admission.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "inference/model_queue.h"
#include "rpc/model_server_test.h"

namespace tournant {
namespace {

using inference::ModelInferResponse;

class AdmissionCallsTest : public ModelServerTest {
 protected:
  void SetUp() override {
    const std::shared_ptr<ModelVersion> version = MakeVersion("echo", 1, EchoModel());
    version->queue = std::make_shared<ModelQueue>(version->config, 1, ModelQueue::Options());
    registry_.Publish(version);
    admission_ = &control_;
    StartServer();
  }

  grpc::Status InferAs(const std::string& criticality) {
    grpc::ClientContext context;
    context.AddMetadata(kCriticalityMetadata, criticality);
    ModelInferResponse response;
    return stub_->ModelInfer(&context, EchoRequest(), &response);
  }

  // Has no room for anybody.
  AdmissionControl control_{{.max_calls = 0}};
};

TEST_F(AdmissionCallsTest, TheClassComesFromTheMetadata) {
  for (const Criticality criticality : kAllCriticalities) {
    EXPECT_EQ(InferAs(std::string(CriticalityName(criticality))).error_code(),
              grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_EQ(control_.Read().classes[IndexOf(criticality)].offered, 1);
  }
}

TEST_F(AdmissionCallsTest, ACallerWhoSaysNothingIsCritical) {
  EXPECT_FALSE(Infer(EchoRequest()).ok());
  EXPECT_EQ(control_.Read().classes[IndexOf(Criticality::kCritical)].offered, 1);
}

TEST_F(AdmissionCallsTest, AClassThatIsNoneIsRefusedByName) {
  const grpc::Status status = InferAs("urgent");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(),
            "'urgent' is none of critical-plus, critical, sheddable-plus and sheddable");
  google::rpc::Status rich;
  ASSERT_TRUE(rich.ParseFromString(status.error_details()));
  google::rpc::BadRequest bad_request;
  ASSERT_TRUE(rich.details(0).UnpackTo(&bad_request));
  EXPECT_EQ(bad_request.field_violations(0).field(), "metadata[tournant-criticality]");
}

TEST_F(AdmissionCallsTest, ARefusalHasItsCauseThePredictedWaitAndPushback) {
  grpc::ClientContext context;
  ModelInferResponse response;
  const grpc::Status status = stub_->ModelInfer(&context, EchoRequest(), &response);
  EXPECT_EQ(status.error_message(), "0 calls are in flight (critical)");
  EXPECT_EQ(context.GetServerTrailingMetadata().count("grpc-retry-pushback-ms"), 1u);
  google::rpc::Status rich;
  ASSERT_TRUE(rich.ParseFromString(status.error_details()));
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(rich.details(0).UnpackTo(&info));
  EXPECT_EQ(info.reason(), "TOO_MANY_CALLS");
  EXPECT_EQ(info.domain(), "tournant");
  EXPECT_EQ(info.metadata().at("predicted_wait_ms"), "0");
  // Counted once the answer is out.
  while (metrics_.in_phase(Phase::kRejected) == 0) std::this_thread::yield();
}

}  // namespace
}  // namespace tournant
