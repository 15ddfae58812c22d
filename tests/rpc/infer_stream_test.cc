#include "rpc/infer_stream.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <stop_token>
#include <vector>

#include "base/task.h"
#include "fakes/manual_clock.h"
#include "fakes/manual_loop.h"

namespace tournant {
namespace {

using inference::ModelInferRequest;

// The rules of a stream without a call: nothing is read or written.
class InferStreamTest : public ::testing::Test {
 protected:
  InferStream MakeStream(InferStream::Options options = {}) {
    return InferStream(io_, loop_, open_, caller_.get_token(), options);
  }
  static ModelInferRequest Request(const std::string& id, size_t bytes = 0) {
    ModelInferRequest request;
    request.set_id(id);
    request.add_raw_input_contents(std::string(bytes, 'x'));
    return request;
  }
  // Reads one request, which must be allowed.
  static InferStream::Place Read(InferStream& stream, const ModelInferRequest& request) {
    InferStream::Place place;
    EXPECT_TRUE(stream.BeginRead());
    EXPECT_TRUE(stream.EndRead(true, request, place));
    return place;
  }
  // Answers as a frame would, and notes when it was its turn.
  static Detached Answer(InferStream& stream, InferStream::Place place, int number,
                         std::vector<int>& order) {
    co_await stream.BeginWrite(place);
    order.push_back(number);
    stream.EndWrite(place);
    stream.Leave(place);
  }
  static Detached WaitSettled(InferStream& stream, bool& settled) {
    co_await stream.Settled();
    settled = true;
  }

  ManualClock clock_;
  ManualLoop loop_{clock_};
  OpenStreams open_;
  std::stop_source caller_;
  grpc::ServerContext context_;
  InferStream::Io io_{&context_};
};

TEST_F(InferStreamTest, ReadsOneRequestAtATimeUpToItsLimit) {
  InferStream stream = MakeStream({.max_requests = 2});
  EXPECT_TRUE(stream.BeginRead());
  EXPECT_FALSE(stream.BeginRead());
  InferStream::Place first;
  EXPECT_TRUE(stream.EndRead(true, Request("a"), first));
  Read(stream, Request("b"));
  EXPECT_FALSE(stream.BeginRead());
  stream.Leave(first);
  EXPECT_TRUE(stream.BeginRead());
}

TEST_F(InferStreamTest, ReadsNoFurtherWhileMessagesInFlightAreLarge) {
  InferStream stream = MakeStream({.max_requests = 64, .max_bytes = 1000});
  InferStream::Place large = Read(stream, Request("a", 5000));
  EXPECT_FALSE(stream.BeginRead());
  stream.Resize(large, 900);  // Its answer is smaller.
  InferStream::Place small = Read(stream, Request("b", 200));
  EXPECT_FALSE(stream.BeginRead());
  stream.Leave(small);
  stream.Resize(large, 1'000'000);
  EXPECT_FALSE(stream.BeginRead());
  stream.Leave(large);
  EXPECT_TRUE(stream.BeginRead());
}

TEST_F(InferStreamTest, LetsTheFirstThatIsReadyWriteUnlessItHasNoId) {
  InferStream stream = MakeStream();
  std::vector<int> order;
  const InferStream::Place first = Read(stream, Request(""));
  const InferStream::Place second = Read(stream, Request("named"));
  const InferStream::Place third = Read(stream, Request(""));
  Answer(stream, third, 3, order);
  Answer(stream, second, 2, order);
  EXPECT_EQ(order, (std::vector<int>{2}));
  Answer(stream, first, 1, order);
  loop_.RunUntilIdle();
  EXPECT_EQ(order, (std::vector<int>{2, 1, 3}));
}

TEST_F(InferStreamTest, IsSettledWhenAllIsReadAndAnswered) {
  InferStream stream = MakeStream();
  bool settled = false;
  WaitSettled(stream, settled);
  std::vector<int> order;
  const InferStream::Place place = Read(stream, Request("a"));
  EXPECT_TRUE(stream.BeginRead());
  InferStream::Place none;
  EXPECT_FALSE(stream.EndRead(false, ModelInferRequest(), none));
  loop_.RunUntilIdle();
  EXPECT_FALSE(settled);
  Answer(stream, place, 1, order);
  loop_.RunUntilIdle();
  EXPECT_TRUE(settled);
  EXPECT_TRUE(stream.status().ok());
  EXPECT_FALSE(stream.BeginRead());
}

TEST_F(InferStreamTest, ADrainedStreamReadsNoFurtherButAnswers) {
  InferStream stream = MakeStream();
  bool settled = false;
  WaitSettled(stream, settled);
  std::vector<int> order;
  const InferStream::Place place = Read(stream, Request("a"));
  EXPECT_TRUE(stream.BeginRead());
  open_.Drain();
  EXPECT_EQ(stream.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(stream.may_write());
  InferStream::Place late;
  EXPECT_FALSE(stream.EndRead(true, Request("late"), late));
  loop_.RunUntilIdle();
  EXPECT_FALSE(settled);
  Answer(stream, place, 1, order);
  loop_.RunUntilIdle();
  EXPECT_TRUE(settled);
}

TEST_F(InferStreamTest, AStreamThatComesWhileDrainingEndsAtOnce) {
  open_.Drain();
  InferStream stream = MakeStream();
  EXPECT_FALSE(stream.BeginRead());
  bool settled = false;
  WaitSettled(stream, settled);
  EXPECT_TRUE(settled);
  EXPECT_EQ(stream.status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(InferStreamTest, AFailureCancelsTheOtherRequests) {
  InferStream stream = MakeStream({.errors_end_it = true});
  Read(stream, Request("a"));
  EXPECT_FALSE(stream.cancelled().stop_requested());
  stream.Fail(absl::NotFoundError("no such model"));
  EXPECT_TRUE(stream.cancelled().stop_requested());
  EXPECT_FALSE(stream.may_write());
  EXPECT_FALSE(stream.BeginRead());
  EXPECT_EQ(stream.status(), absl::NotFoundError("no such model"));
}

TEST_F(InferStreamTest, ACallerWhoLeavesCancelsHisRequests) {
  InferStream stream = MakeStream();
  caller_.request_stop();
  EXPECT_TRUE(stream.cancelled().stop_requested());
  EXPECT_FALSE(stream.may_write());
}

}  // namespace
}  // namespace tournant
