#include "cpp/tool.h"

#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "client/fake_inference_server.h"
#include "client/run_tool.h"
#include "fakes/temp_dir.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace tournant::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class ToolTest : public ::testing::Test {
 protected:
  // What `tournant` does with its server set to the fake.
  Outcome RunHere(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.push_back("--server=" + server_.address());
    arguments.push_back("--deadline=10m");  // Far beyond what any of these calls takes.
    return RunWith(arguments, input);
  }

  FakeInferenceServer server_;
};

// A file that the tool writes, gone after the test.
class TempFile {
 public:
  const std::string& path() const { return path_; }
  std::string Read() const {
    std::ifstream file(path_, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

 private:
  const TempDir folder_;
  const std::string path_ = (folder_.path() / "out").native();
};

TEST(Tool, WrongArgumentsEndWithTwoAndAreNamed) {
  const std::map<std::vector<std::string>, std::string> cases = {
      {{}, "no command given"},
      {{"scor"}, "unknown command 'scor'"},
      {{"score"}, "an argument is missing"},
      {{"score", "m"}, "an argument is missing"},
      {{"score", "m", "f.csv", "more"}, "stray argument 'more'"},
      {{"score", "m", "f.csv", "--row=3"}, "unknown flag --row"},
      {{"score", "m", "f.csv", "--rows=x"}, "--rows: bad value 'x'"},
      {{"score", "m", "f.csv", "--rows=0"}, "--rows: 0 is not from 1"},
      {{"score", "m", "f.csv", "--concurrency=0"}, "--concurrency: 0 is not from 1"},
      {{"score", "m", "/nonexistent.csv"}, "cannot open /nonexistent.csv"},
      {{"score", "m", "/tmp"}, "/tmp is a directory, not a CSV file"},
      {{"score", "m", "-", "--server=nowhere"}, "the file is empty"},
      {{"infer", "m"}, "give either name=value... or --json"},
      {{"infer", "m", "x=1", "--json=-"}, "give either name=value... or --json"},
      {{"infer", "m", "x=1", "--server=nowhere"}, "--server: 'nowhere' is not HOST:PORT"},
      {{"infer", "m", "x=1", "--deadline=0s"}, "--deadline: from 1ms"},
      {{"infer", "m", "x=1", "--deadline"}, "--deadline needs a value"},
      {{"infer", "m", "x=1", "--output=xml"}, "--output: 'xml' is neither text nor json"},
      {{"infer", "m", "--json=/nonexistent.json"}, "--json: cannot open /nonexistent.json"},
      {{"infer", "m", "--json=/tmp"}, "--json: /tmp is a directory"},
      {{"infer", "m", "x=1", "--deadline=5"}, "--deadline: bad value '5': a time with its unit"},
      {{"models", "--label=x"}, "unknown flag --label"},
      {{"predictions"}, "an argument is missing"},
      {{"predictions", "d", "--format=xml"}, "--format: 'xml'"},
      {{"validate"}, "an argument is missing"},
      {{"validate", "a", "b"}, "stray argument 'b'"},
  };
  for (const auto& [arguments, message] : cases) {
    const Outcome outcome = RunWith(arguments);
    EXPECT_EQ(outcome.status, 2) << message;
    EXPECT_THAT(outcome.err, HasSubstr(message));
    EXPECT_EQ(outcome.out, "");
  }
}

TEST(Tool, HelpEndsWithZero) {
  EXPECT_THAT(RunWith({"--help"}).out, HasSubstr("score"));
  const Outcome outcome = RunWith({"score", "--help"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, HasSubstr("--concurrency=32"));
}

TEST(Tool, UsageNamesTheFlagsOfACommand) {
  EXPECT_THAT(RunWith({"validate", "--help"}).out,
              StartsWith("usage: tournant validate DIR [--model_name=VALUE] "
                         "[--feature_registry=VALUE]\n"));
  EXPECT_THAT(RunWith({"validate"}).err, HasSubstr("[--feature_registry=VALUE]\n"));
  const std::string score = RunWith({"score", "--help"}).out;
  EXPECT_THAT(score, HasSubstr("[--[no]progress]"));
  EXPECT_THAT(score, Not(HasSubstr("--FLAG")));
  std::istringstream lines(score.substr(0, score.find("\n\n")));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
  // The synopsis has said it.
  EXPECT_THAT(RunWith({"infer", "--help"}).out, Not(HasSubstr("[--json")));
}

TEST(Tool, ValidateSaysWhatItCannotRun) {
  const Outcome outcome = RunWith({"validate", "models/m"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("cannot run /nonexistent/tournant-server"));
}

TEST(Tool, AServerThatIsAwayEndsWithOne) {
  const Outcome outcome = RunWith({"infer", "m", "x=1", "--server=127.0.0.1:1", "--deadline=10m"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("tournant infer: UNAVAILABLE: "));
}

TEST_F(ToolTest, TakesTheServerFromTheEnvironmentAndIgnoresOthersVariables) {
  const std::vector<std::string> environment = {"TOURNANT_SERVER=" + server_.address(),
                                                "TOURNANT_PORT=tcp://10.0.0.1:80",
                                                "TOURNANT_OUTPUT=json"};
  const Outcome outcome = RunWith({"models", "--deadline=10m"}, "", environment);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "fake 9\n  double  3        READY        \n");
  EXPECT_EQ(outcome.err, "");
}

TEST_F(ToolTest, DescribesTheModelsNamedWithOverridesByNameInAlignedColumns) {
  const Outcome outcome = RunHere({"models", "double", "nobody"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, HasSubstr("double  version 3"));
  EXPECT_THAT(outcome.out, HasSubstr("batches of up to 8"));
  EXPECT_THAT(outcome.out, HasSubstr("batches of up to 8\n"
                                     "  input     x                     FP32    [-1,1]\n"
                                     "  input     name                  BYTES   [-1,1]\n"
                                     "  input     shift                 FP32    [-1,1]  optional\n"
                                     "  output    y                     FP32    [-1,1]\n"
                                     "  override  airport:altitude_feet FP32    [-1,3]\n"
                                     "  override  plane:seats           FP64    [-1,1]\n"
                                     "  override  weather:wind          INT64   [-1,1]\n"));
  EXPECT_THAT(outcome.err, HasSubstr("NOT_FOUND"));
  const auto json = nlohmann::json::parse(RunHere({"models", "double", "--output", "json"}).out);
  EXPECT_EQ(json[0]["inputs"][2]["optional"], true);
  EXPECT_EQ(json[0]["outputs"][0]["shape"], (std::vector<int>{-1, 1}));
}

TEST_F(ToolTest, InferPrintsOutputsAndWhereFeaturesCameFrom) {
  server_.set_hook([](auto&, auto&, inference::ModelInferResponse& response) {
    auto& parameters = *response.mutable_parameters();
    parameters["features_live"].set_int64_param(5);
    parameters["features_defaulted"].set_int64_param(1);
    parameters["degraded"].set_bool_param(true);
    parameters["batch"].set_int64_param(4);
    return grpc::Status::OK;
  });
  const Outcome outcome = RunHere({"infer", "double", "x=1,2.25", "name=[\"a\",\"b\"]", "--id=r1"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.out,
            "model double, version 3\n"
            "y  FP32 [2,1]\n"
            "  2\n"
            "  4.5\n"
            "features: 5 live, 1 defaulted of 6 cells, degraded\n"
            "batch: 4\n");
  EXPECT_EQ(server_.last_request().id(), "r1");
}

TEST_F(ToolTest, InferReadsJsonAndWritesJson) {
  const Outcome outcome = RunHere({"infer", "double", "--json", "-", "--output=json"},
                                  R"({"x": [1, 0.05], "name": ["a", "b"]})");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  const auto json = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(json["model_version"], "3");
  EXPECT_EQ(json["outputs"][0]["data"], nlohmann::json::parse("[2, 0.1]"));
  EXPECT_EQ(json["outputs"][0]["datatype"], "FP32");
}

TEST_F(ToolTest, InferCarriesParametersThereAndBack) {
  server_.set_hook([](auto&, const inference::ModelInferRequest& request,
                      inference::ModelInferResponse& response) {
    const auto& asked = request.outputs(0).parameters().at("classification");
    (*response.mutable_parameters())["asked_for"].set_int64_param(asked.int64_param());
    return grpc::Status::OK;
  });
  const Outcome outcome = RunHere({"infer", "double", "--json=-"},
                                  R"({"inputs": [{"name": "x", "data": [1],
                                                  "parameters": {"note": "n"}}],
                                      "outputs": [{"name": "y",
                                                   "parameters": {"classification": 3}}]})");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("asked_for: 3\n"));
  EXPECT_EQ(server_.last_request().inputs(0).parameters().at("note").string_param(), "n");
}

TEST_F(ToolTest, InferNamesAWrongValueWithTwoAndAFailedCallWithOne) {
  const Outcome wrong = RunHere({"infer", "double", "x=abc"});
  EXPECT_EQ(wrong.status, 2);
  EXPECT_THAT(wrong.err, HasSubstr("input 'x': 'abc' is not a value of FP32"));
  const Outcome unknown = RunHere({"infer", "nobody", "x=1"});
  EXPECT_EQ(unknown.status, 1);
  EXPECT_THAT(unknown.err, HasSubstr("NOT_FOUND: Request for unknown model"));
}

TEST_F(ToolTest, ScoreWritesAnswersInTheOrderOfTheRows) {
  // The request of the first rows is held until all others have been answered.
  Mutex mutex;
  CondVar changed;
  int answered = 0;
  server_.set_hook([&](auto&, const inference::ModelInferRequest& request, auto&) {
    const MutexLock lock(mutex);
    if (FloatInput(request, "x").front() == 0) {
      while (answered < 9) changed.Wait(mutex);
    } else {
      ++answered;
      changed.SignalAll();
    }
    return grpc::Status::OK;
  });
  std::string csv = "x,name\n";
  std::string expected = "y,error\n";
  for (int i = 0; i < 40; ++i) {
    csv += std::to_string(i) + ",n\n";
    expected += std::to_string(2 * i) + ",\n";
  }
  const TempFile out;
  const Outcome outcome =
      RunHere({"score", "double", "-", "--rows=4", "--concurrency=3", "--out=" + out.path()}, csv);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(out.Read(), expected);
  EXPECT_EQ(server_.infer_calls(), 10);
  EXPECT_THAT(outcome.out, HasSubstr("40 scored, 0 failed"));
}

TEST_F(ToolTest, ScoreKeepsRequestsWithinTheModelsBatch) {
  const Outcome outcome = RunHere({"score", "double", "-", "--rows=100"},
                                  "x,name\n1,a\n2,b\n3,c\n4,d\n5,e\n6,f\n7,g\n8,"
                                  "h\n9,i\n");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(server_.infer_calls(), 2);
}

TEST_F(ToolTest, ScoreNamesRowAndColumnOfBadCellsAndGoesOn) {
  const Outcome outcome = RunHere({"score", "double", "-", "--out=-"},
                                  "x,name,note\n1,a,?\nbad,b,?\n3,c\n,d,?\n5,\"e,\"\"f\"\"\",?\n");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.out,
            "y,error\n"
            "2,\n"
            ",\"INVALID_ARGUMENT: row 2 (line 3), column 'x': 'bad' is not a value of FP32\"\n"
            ",\"INVALID_ARGUMENT: row 3 (line 4), the row has 2 cells where the header has 3\"\n"
            ",\"INVALID_ARGUMENT: row 4 (line 5), column 'x': the cell is empty and the input is "
            "not optional\"\n"
            "10,\n");
  EXPECT_THAT(outcome.err, HasSubstr("2 scored, 3 failed"));
  EXPECT_THAT(outcome.err, HasSubstr("not sent, since the model has no such input: note"));
  EXPECT_EQ(server_.infer_calls(), 1);
}

TEST_F(ToolTest, ScorePartsRowsThatLackAnOptionalTensor) {
  const Outcome outcome =
      RunHere({"score", "double", "-", "--out=-"}, "x,name,shift\n1,a,\n2,b,\n3,c,0.5\n4,d,\n");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "y,error\n2,\n4,\n6.5,\n8,\n");
  EXPECT_EQ(server_.infer_calls(), 3);
}

TEST_F(ToolTest, ScoreCountsFailedRequestsByCode) {
  server_.set_hook([](auto&, const inference::ModelInferRequest& request, auto&) {
    return FloatInput(request, "x").front() == 3
               ? grpc::Status(grpc::StatusCode::INTERNAL, "the model threw")
               : grpc::Status::OK;
  });
  const TempFile summary;
  const Outcome outcome =
      RunHere({"score", "double", "-", "--out=-", "--rows=2", "--json-summary=" + summary.path()},
              "x,name\n1,a\n2,a\n3,a\n4,a\n5,a\n");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.out,
            "y,error\n2,\n4,\n,INTERNAL: the model threw\n,INTERNAL: the model threw\n10,\n");
  const auto json = nlohmann::json::parse(summary.Read());
  EXPECT_EQ(json["errors"], nlohmann::json::parse(R"({"INTERNAL": 2})"));
  EXPECT_EQ(json["rows"], 5);
  EXPECT_EQ(json["scored"], 3);
  EXPECT_EQ(json["requests"], 3);
}

TEST_F(ToolTest, ScoreMeasuresQualityOnTheLabel) {
  // y is 2x: 0.8 and 0.4 for the positives, 0.6 and 0.2 for the negatives.
  const TempFile summary;
  const Outcome outcome =
      RunHere({"score", "double", "-", "--label=late", "--json-summary", summary.path()},
              "x,name,late\n0.4,a,1\n0.2,b,1\n0.3,c,0\n0.1,d,0\n0.5,e,\n");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  const auto json = nlohmann::json::parse(summary.Read());
  EXPECT_DOUBLE_EQ(json["quality"]["auc"].get<double>(), 0.75);
  EXPECT_NEAR(json["quality"]["brier"].get<double>(), (0.04 + 0.36 + 0.36 + 0.04) / 4, 1e-7);
  EXPECT_EQ(json["quality"]["rows"], 4);
  EXPECT_THAT(outcome.out, HasSubstr("AUC 0.750000"));
  EXPECT_THAT(outcome.out, HasSubstr("1 rows have a label other than 0 and 1"));
}

TEST_F(ToolTest, ScoreRefusesFilesThatDoNotFitWithTwo) {
  const Outcome missing = RunHere({"score", "double", "-"}, "name\na\n");
  EXPECT_EQ(missing.status, 2);
  EXPECT_THAT(missing.err, HasSubstr("no column for the required input 'x'"));
  const Outcome label = RunHere({"score", "double", "-", "--label=z"}, "x,name\n1,a\n");
  EXPECT_EQ(label.status, 2);
  EXPECT_THAT(label.err, HasSubstr("no column 'z' for the label"));
  const Outcome output = RunHere({"score", "double", "-", "--prediction=z"}, "x,name\n1,a\n");
  EXPECT_EQ(output.status, 2);
  EXPECT_THAT(output.err, HasSubstr("no output 'z'"));
  const Outcome path = RunHere({"score", "double", "-", "--out=/nonexistent/o"}, "x,name\n1,a\n");
  EXPECT_EQ(path.status, 2);
  EXPECT_THAT(path.err, HasSubstr("--out: cannot write /nonexistent/o"));
}

TEST_F(ToolTest, ScoreKeepsWhatCameBeforeABrokenQuote) {
  const Outcome outcome =
      RunHere({"score", "double", "-", "--out=-"}, "x,name\n1,a\n2,\"never closed\n");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.out, "y,error\n2,\n");
  EXPECT_THAT(outcome.err, HasSubstr("line 3: a quote is opened and never closed"));
}

}  // namespace
}  // namespace tournant::client
