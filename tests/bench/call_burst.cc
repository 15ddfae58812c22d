// Sends many ModelInfer calls at once, each for an entity of its own, waits for all answers, and
// prints one JSON line: how many came and were right, and how many by when.
//
// The model's output is the number of the entity, so that an answer that was lost or given to
// somebody else is seen.

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/async_unary_call.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/slice.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/flags.h"
#include "inference/grpc_service.pb.h"

ABSL_FLAG(std::string, address, "127.0.0.1:8001", "The server.");
ABSL_FLAG(std::string, model, "waits", "The model's name.");
ABSL_FLAG(std::string, input, "id", "Name of its input, INT64 [1]: the entity.");
ABSL_FLAG(int64_t, calls, 1000, "How many; below 2^24, so that FP32 can tell them apart.");
ABSL_FLAG(int32_t, channels, 4, "Connections that they go over in turn.");
ABSL_FLAG(absl::Duration, deadline, absl::Minutes(2), "Of each call.");

namespace tournant {
namespace {

constexpr std::chrono::seconds kConnectTimeout{10};
constexpr char kMethod[] = "/inference.GRPCInferenceService/ModelInfer";

grpc::ByteBuffer MakeRequest(int64_t entity) {
  inference::ModelInferRequest request;
  request.set_model_name(absl::GetFlag(FLAGS_model));
  auto& input = *request.add_inputs();
  input.set_name(absl::GetFlag(FLAGS_input));
  input.set_datatype("INT64");
  input.add_shape(1);
  input.add_shape(1);
  request.add_raw_input_contents(&entity, sizeof(entity));
  const grpc::Slice slice(request.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

// Whether an answer is that of this entity.
bool Belongs(grpc::ByteBuffer& answer, int64_t entity) {
  grpc::Slice slice;
  if (!answer.DumpToSingleSlice(&slice).ok()) return false;
  inference::ModelInferResponse response;
  if (!response.ParseFromArray(slice.begin(), static_cast<int>(slice.size()))) return false;
  float value = -1;
  if (response.raw_output_contents_size() != 1) return false;
  const std::string& raw = response.raw_output_contents(0);
  if (raw.size() != sizeof(value)) return false;
  std::memcpy(&value, raw.data(), sizeof(value));
  return value == static_cast<float>(entity);
}

struct Result {
  int64_t right = 0;
  int64_t wrong = 0;   // An answer, but somebody else's.
  int64_t failed = 0;  // An error instead.
  std::string first_error;
  Duration sending{};                   // Until the last call was handed to gRPC.
  Duration elapsed{};                   // Until the last answer.
  std::map<int64_t, int64_t> answered;  // Answers in each millisecond since the first call.
};

// All calls of a run, on one completion queue and the caller's thread.
class Burst {
 public:
  Burst(std::deque<grpc::GenericStub>& stubs, const Clock& clock) : stubs_(stubs), clock_(clock) {}
  ~Burst() {
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) continue;
  }

  Result Run(int64_t calls, absl::Duration deadline) {
    Result result;
    std::deque<Call> all;
    const TimePoint start = clock_.Now();
    for (int64_t i = 0; i < calls; ++i) {
      Send(all.emplace_back(i), absl::ToChronoTime(absl::Now() + deadline));
    }
    result.sending = clock_.Now() - start;
    for (int64_t left = calls; left > 0; --left) {
      void* tag = nullptr;
      bool ok = false;
      queue_.Next(&tag, &ok);
      result.elapsed = clock_.Now() - start;
      Count(*static_cast<Call*>(tag), result);
    }
    return result;
  }

 private:
  struct Call {
    explicit Call(int64_t number) : entity(number) {}
    const int64_t entity;
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader;
    grpc::ByteBuffer answer;
    grpc::Status status;
  };

  void Send(Call& call, std::chrono::system_clock::time_point deadline) {
    grpc::GenericStub& stub = stubs_[static_cast<size_t>(call.entity) % stubs_.size()];
    call.context.set_deadline(deadline);
    call.reader = stub.PrepareUnaryCall(&call.context, kMethod, MakeRequest(call.entity), &queue_);
    call.reader->StartCall();
    call.reader->Finish(&call.answer, &call.status, &call);
  }

  static void Count(Call& call, Result& result) {
    if (!call.status.ok()) {
      if (result.failed++ == 0) {
        result.first_error =
            absl::StrCat(call.status.error_code(), ": ", call.status.error_message());
      }
      return;
    }
    ++(Belongs(call.answer, call.entity) ? result.right : result.wrong);
    ++result
          .answered[std::chrono::duration_cast<std::chrono::milliseconds>(result.elapsed).count()];
  }

  std::deque<grpc::GenericStub>& stubs_;
  const Clock& clock_;
  grpc::CompletionQueue queue_;
};

// Connected, each by a connection of its own.
absl::StatusOr<std::deque<grpc::GenericStub>> Connect(const std::string& address, int channels) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  std::deque<grpc::GenericStub> stubs;
  for (int i = 0; i < channels; ++i) {
    const auto channel =
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
    if (!channel->WaitForConnected(std::chrono::system_clock::now() + kConnectTimeout)) {
      return absl::UnavailableError(absl::StrCat("no server at ", address));
    }
    stubs.emplace_back(channel);
  }
  return stubs;
}

void Print(const Result& result) {
  std::string answered;
  for (const auto& [millisecond, count] : result.answered) {
    absl::StrAppend(&answered, answered.empty() ? "" : ",", "[", millisecond, ",", count, "]");
  }
  const auto seconds = [](Duration duration) {
    return std::chrono::duration<double>(duration).count();
  };
  std::printf(
      "{\"right\":%lld,\"wrong\":%lld,\"failed\":%lld,\"sending_s\":%.4f,\"seconds\":%.4f,"
      "\"answered\":[%s]}\n",
      static_cast<long long>(result.right), static_cast<long long>(result.wrong),
      static_cast<long long>(result.failed), seconds(result.sending), seconds(result.elapsed),
      answered.c_str());
}

int Run(int argc, char** argv) {
  const std::vector<std::string> names = {"address", "model",    "input",
                                          "calls",   "channels", "deadline"};
  const absl::StatusOr<CommandLine> line = ReadFlags(names, Arguments(argc, argv), {});
  if (!line.ok()) {
    std::fprintf(stderr, "call_burst: %s\n", std::string(line.status().message()).c_str());
    return 2;
  }
  if (line->help) {
    std::fputs(FlagHelp("call_burst", "sends many calls at once", names).c_str(), stdout);
    return 0;
  }
  absl::StatusOr<std::deque<grpc::GenericStub>> stubs =
      Connect(absl::GetFlag(FLAGS_address), absl::GetFlag(FLAGS_channels));
  if (!stubs.ok()) {
    std::fprintf(stderr, "call_burst: %s\n", std::string(stubs.status().message()).c_str());
    return 1;
  }
  const SystemClock clock;
  Burst burst(*stubs, clock);
  const Result result = burst.Run(absl::GetFlag(FLAGS_calls), absl::GetFlag(FLAGS_deadline));
  if (result.failed > 0) std::fprintf(stderr, "call_burst: %s\n", result.first_error.c_str());
  Print(result);
  return 0;
}

}  // namespace
}  // namespace tournant

int main(int argc, char** argv) {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  return tournant::Run(argc, argv);
}
