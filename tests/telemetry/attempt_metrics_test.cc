#include "telemetry/attempt_metrics.h"

#include <gtest/gtest.h>

#include "telemetry/prometheus_text.h"

namespace tournant {
namespace {

using std::chrono::milliseconds;

TEST(AttemptMetrics, AreShownByMethodTargetAndStatus) {
  AttemptMetrics near("/a.B/C", "dns:///near:1");
  AttemptMetrics far("a.B/C", "dns:///far:1");
  near.OnStarted();
  near.OnStarted();
  near.OnFinished(0, milliseconds(2), {.received = 100, .sent = 7});
  far.OnStarted();
  far.OnFinished(4, milliseconds(50), {.received = 0, .sent = 9});
  far.OnFinished(99, milliseconds(1), {});
  MetricsRegistry registry;
  RegisterAttempts([&] { return std::vector<const AttemptMetrics*>{&near, &far}; }, registry);
  const PrometheusText text(registry.Text());
  EXPECT_TRUE(text.errors.empty()) << *text.errors.begin();
  const std::string to_near = R"({grpc_method="a.B/C",grpc_target="dns:///near:1")";
  const std::string to_far = R"({grpc_method="a.B/C",grpc_target="dns:///far:1")";
  EXPECT_EQ(text.Value("grpc_client_attempt_started_total" + to_near + "}"), 2);
  EXPECT_EQ(text.Value("grpc_client_attempt_started_total" + to_far + "}"), 1);
  EXPECT_DOUBLE_EQ(
      text.Value("grpc_client_attempt_duration_seconds_sum" + to_near + R"(,grpc_status="OK"})"),
      0.002);
  const std::string late = to_far + R"(,grpc_status="DEADLINE_EXCEEDED"})";
  EXPECT_EQ(text.Value("grpc_client_attempt_duration_seconds_count" + late), 1);
  EXPECT_EQ(text.Value("grpc_client_attempt_sent_total_compressed_message_size_bytes_sum" + late),
            9);
  EXPECT_EQ(text.Value("grpc_client_attempt_rcvd_total_compressed_message_size_bytes_sum" +
                       to_near + R"(,grpc_status="OK"})"),
            100);
  EXPECT_EQ(text.Value("grpc_client_attempt_duration_seconds_count" + to_far +
                       R"(,grpc_status="UNKNOWN"})"),
            1);
}

}  // namespace
}  // namespace tournant
