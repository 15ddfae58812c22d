#include <csignal>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "client/fake_inference_server.h"
#include "client/run_tool.h"
#include "cpp/interrupts.h"
#include "fakes/temp_dir.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace tournant::client {
namespace {

using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class LoadTestCommandTest : public ::testing::Test {
 protected:
  // `tournant load-test double` on the fake server, without a warm-up.
  Outcome RunHere(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(), {"load-test", "double", "--warm-up=0s", "--deadline=10m",
                                         "--server=" + server_.address()});
    return RunWith(arguments, input);
  }
  Json JsonOf(std::vector<std::string> arguments, int status = 0) {
    arguments.emplace_back("--output=json");
    const Outcome outcome = RunHere(std::move(arguments));
    EXPECT_EQ(outcome.status, status) << outcome.err;
    return Json::parse(outcome.out);
  }

  FakeInferenceServer server_;
};

// Counts texts from any thread.
class Seen {
 public:
  void Add(const std::string& text) {
    const MutexLock lock(mutex_);
    ++counts_[text];
  }
  std::map<std::string, int> Take() {
    const MutexLock lock(mutex_);
    return std::exchange(counts_, {});
  }

 private:
  Mutex mutex_;
  std::map<std::string, int> counts_ ABSL_GUARDED_BY(mutex_);
};

TEST(LoadTestCommand, WrongArgumentsEndWithTwoAndAreNamed) {
  const std::map<std::vector<std::string>, std::string> cases = {
      {{}, "give either --rate for an open loop or --concurrency for a closed one"},
      {{"--rate=10", "--concurrency=1"}, "give either --rate for an open loop or --concurrency"},
      {{"--rate=-1"}, "--rate: -1 is not above 0 and up to 1000000"},
      {{"--rate=1e7"}, "--rate: 1e+07 is not above 0"},
      {{"--rate=nan"}, "--rate: nan is not above 0"},
      {{"--concurrency=-1"}, "--concurrency: -1 is not from 1 to 100000"},
      {{"--rate=1", "--arrivals=random"}, "--arrivals: 'random' is neither poisson nor constant"},
      {{"--rate=1", "--duration=0s"}, "--duration: from 1ms to 24h"},
      {{"--rate=1", "--warm-up=-1s"}, "--warm_up: from 0s to 24h"},
      {{"--rate=1", "--channels=0"}, "--channels: 0 is not from 1 to 1000"},
      {{"--rate=1", "--threads=65"}, "--threads: 65 is not from 1 to 64"},
      {{"--concurrency=3", "--threads=4"}, "--threads: 4 is not from 1 to 3"},
      {{"--rate=1", "--max-in-flight=0"}, "--max_in_flight: 0 is not from 1 to 1000000"},
      {{"--rate=1", "--mix=urgent"}, "--mix: 'urgent': the class is none of critical-plus"},
      {{"--rate=1", "--deadline=0s"}, "--deadline: from 1ms to 24h"},
      {{"--rate=1", "--dim=x"}, "--dim: 'x' is not NAME=SIZE"},
      {{"--rate=1", "--rows=0"}, "--rows: 0 is not from 1"},
      {{"--rate=1", "x=1", "--rows=2"}, "--rows and --dim are for random inputs"},
      {{"--rate=1", "x=1", "--json=-"}, "give either name=value... or --json"},
      {{"--rate=1", "--server=nowhere"}, "--server: 'nowhere' is not HOST:PORT"},
      {{"--rate=1", "--output=xml"}, "--output: 'xml' is neither text nor json"},
      {{"--rate=1", "--json-summary=/nonexistent/o"},
       "--json_summary: cannot write /nonexistent/o"},
      {{"--speed=1"}, "unknown flag --speed"},
  };
  for (const auto& [arguments, message] : cases) {
    std::vector<std::string> all = {"load-test", "m"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const Outcome outcome = RunWith(all);
    EXPECT_EQ(outcome.status, 2) << message;
    EXPECT_THAT(outcome.err, HasSubstr(message));
    EXPECT_EQ(outcome.out, "");
  }
  EXPECT_EQ(RunWith({"load-test"}).status, 2);
}

TEST(LoadTestCommand, HasDefaultsOfItsOwnForFlagsThatItShares) {
  EXPECT_THAT(RunWith({"load-test", "--help"}).out, HasSubstr("--concurrency=0\n"));
  EXPECT_THAT(RunWith({"score", "--help"}).out, HasSubstr("--concurrency=32\n"));
  EXPECT_THAT(RunWith({"help"}).out, HasSubstr("load-test"));
}

TEST_F(LoadTestCommandTest, AnOpenLoopSendsAsManyCallsAsItsRateAsksFor) {
  const Json json = JsonOf(
      {"x=1", "name=a", "--rate=400", "--arrivals=constant", "--duration=50ms", "--threads=2"});
  EXPECT_EQ(json["offered"], 20);
  EXPECT_EQ(json["sent"], 20);
  EXPECT_EQ(json["ok"], 20);
  EXPECT_EQ(json["unsent"], 0);
  EXPECT_EQ(json["latency_ms"]["ok"]["count"], 20);
  EXPECT_EQ(json["errors"], Json::object());
  EXPECT_EQ(json["generator"]["threads"], 2);
  EXPECT_EQ(server_.infer_calls(), 20);
}

TEST_F(LoadTestCommandTest, AClosedLoopCountsEveryCallThatTheServerSaw) {
  const Json json = JsonOf({"x=1", "name=a", "--concurrency=5", "--threads=2", "--duration=30ms"});
  EXPECT_GE(json["ok"], 2);  // The first of each thread.
  EXPECT_EQ(json["offered"], json["ok"]);
  EXPECT_EQ(json["offered"], server_.infer_calls());
  EXPECT_EQ(json["settings"]["concurrency"], 5);
}

TEST_F(LoadTestCommandTest, CountsErrorsByTheirCodeAndEndsWithOneWhenNothingSucceeded) {
  server_.set_hook([](auto&, auto&, auto&) {
    return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "the queue is full");
  });
  const Json json = JsonOf({"--concurrency=2", "--duration=20ms"}, 1);
  EXPECT_EQ(json["ok"], 0);
  EXPECT_GE(json["failed"], 1);
  EXPECT_EQ(json["rejected"], json["failed"]);
  EXPECT_EQ(json["errors"]["RESOURCE_EXHAUSTED"], json["offered"]);
  EXPECT_EQ(json["first_errors"]["RESOURCE_EXHAUSTED"], "the queue is full");
  EXPECT_EQ(json["latency_ms"]["rejected"]["count"], json["offered"]);
}

TEST_F(LoadTestCommandTest, DoesNotRetryUnlessToldTo) {
  server_.set_hook(
      [](auto&, auto&, auto&) { return grpc::Status(grpc::StatusCode::UNAVAILABLE, "away"); });
  const std::vector<std::string> arguments = {"--rate=400", "--arrivals=constant",
                                              "--duration=10ms"};
  EXPECT_EQ(JsonOf(arguments, 1)["sent"], 4);
  EXPECT_EQ(server_.infer_calls(), 4);
  std::vector<std::string> with_retries = arguments;
  with_retries.emplace_back("--retries");
  EXPECT_EQ(JsonOf(with_retries, 1)["sent"], 4);
  EXPECT_EQ(server_.infer_calls(), 4 + 3 * 4);
}

TEST_F(LoadTestCommandTest, SendsTheClassesOfTheMixAsMetadata) {
  Seen seen;
  server_.set_hook([&](grpc::ServerContext& context, auto&, auto&) {
    const auto found = context.client_metadata().find("tournant-criticality");
    seen.Add(found == context.client_metadata().end()
                 ? ""
                 : std::string(found->second.data(), found->second.size()));
    return grpc::Status::OK;
  });
  const std::vector<std::string> load = {"--rate=2000", "--arrivals=constant", "--duration=50ms"};
  std::vector<std::string> mixed = load;
  mixed.emplace_back("--mix=critical-plus:3:10m,sheddable:1:9m");
  const Json json = JsonOf(mixed);
  std::map<std::string, int> first = seen.Take();
  EXPECT_EQ(first["critical-plus"] + first["sheddable"], 100);
  EXPECT_EQ(json["classes"][0]["offered"], first["critical-plus"]);
  EXPECT_EQ(json["classes"][1]["offered"], first["sheddable"]);
  EXPECT_EQ(json["classes"][1]["deadline_ms"], 540'000);
  // The same seed, the same choices; without a mix none.
  JsonOf(mixed);
  EXPECT_EQ(seen.Take(), first);
  JsonOf(load);
  EXPECT_EQ(seen.Take(), (std::map<std::string, int>{{"", 100}}));
}

TEST_F(LoadTestCommandTest, EachChannelHasAConnectionOfItsOwn) {
  Seen peers;
  server_.set_hook([&](grpc::ServerContext& context, auto&, auto&) {
    peers.Add(context.peer());
    return grpc::Status::OK;
  });
  JsonOf({"--rate=600", "--arrivals=constant", "--channels=3", "--threads=2", "--duration=10ms"});
  EXPECT_EQ(peers.Take().size(), 3U);
}

TEST_F(LoadTestCommandTest, SendsRandomInputsWhereNoneAreGivenAndSaysSo) {
  const Outcome outcome = RunHere({"--concurrency=1", "--rows=3", "--duration=5ms"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.err,
            "no inputs given: sending random ones, x FP32 [3,1], name BYTES [3,1], shift FP32 "
            "[3,1]\n");
  EXPECT_THAT(outcome.out, HasSubstr("inputs    x FP32 [3,1], name BYTES [3,1], shift FP32 [3,1], "
                                     "random, "));
  EXPECT_EQ(FloatInput(server_.last_request(), "shift").size(), 3U);
}

TEST_F(LoadTestCommandTest, SendsTheRequestThatItIsGiven) {
  const Outcome outcome = RunHere({"--concurrency=1", "--duration=5ms", "--json=-"},
                                  R"({"x": [2.5, 1], "name": ["a", "b"]})");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(FloatInput(server_.last_request(), "x"), ElementsAre(2.5F, 1.0F));
  const Outcome wrong = RunHere({"--concurrency=1", "z=1"});
  EXPECT_EQ(wrong.status, 2);
  EXPECT_THAT(wrong.err, HasSubstr("model 'double' has no input 'z'; it has: x, name, shift"));
}

TEST_F(LoadTestCommandTest, WritesTheJsonIntoAFileBesideTheText) {
  const TempDir folder;
  const std::string path = (folder.path() / "summary.json").native();
  const Outcome outcome = RunHere({"--concurrency=1", "--duration=5ms", "--json-summary=" + path});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("model     double\n"));
  std::ifstream file(path);
  const Json json = Json::parse(file);
  EXPECT_EQ(json["model"], "double");
  EXPECT_EQ(json["offered"], server_.infer_calls());
}

TEST_F(LoadTestCommandTest, AnUnknownModelAndAServerThatIsAwayEndWithOne) {
  const std::string server = "--server=" + server_.address();
  const Outcome unknown = RunWith({"load-test", "nobody", "--rate=1", server});
  EXPECT_EQ(unknown.status, 1);
  EXPECT_THAT(unknown.err, HasSubstr("tournant load-test: NOT_FOUND: "));
  const Outcome away = RunWith({"load-test", "m", "--rate=1", "--server=127.0.0.1:1"});
  EXPECT_EQ(away.status, 1);
  EXPECT_THAT(away.err, HasSubstr("tournant load-test: UNAVAILABLE: "));
}

TEST_F(LoadTestCommandTest, ASignalEndsTheRunWithItsReport) {
  server_.set_hook([](auto&, auto&, auto&) {
    std::raise(SIGINT);
    return grpc::Status::OK;
  });
  const Json json =
      JsonOf({"--rate=100", "--arrivals=constant", "--duration=1h", "--max-in-flight=1"});
  EXPECT_EQ(json["interrupted"], true);
  EXPECT_GE(json["ok"], 1);
  EXPECT_EQ(json["offered"], json["sent"].get<int>() + json["unsent"].get<int>());
}

TEST(Interrupts, AreCountedAndWhatWasSetBeforeComesBack) {
  static int seen;
  seen = 0;
  const auto old = std::signal(SIGTERM, [](int) { ++seen; });
  {
    const Interrupts interrupts;
    EXPECT_EQ(interrupts.count(), 0);
    std::raise(SIGTERM);
    std::raise(SIGINT);
    EXPECT_EQ(interrupts.count(), 2);
  }
  EXPECT_EQ(seen, 0);
  std::raise(SIGTERM);
  EXPECT_EQ(seen, 1);
  std::signal(SIGTERM, old);
}

}  // namespace
}  // namespace tournant::client
