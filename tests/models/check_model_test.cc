#include "models/check_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/temp_dir.h"
#include "models/recording_factory.h"
#include "models/zip_bytes.h"

namespace tournant {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class CheckModelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    dir_.Write("m/config.pbtxt",
               "input { name: \"x\" data_type: TYPE_FP32 dims: 4 }\n"
               "output { name: \"y\" }\n");
    dir_.Write("m/1/model.pt", TorchScriptLikeBytes("broken"));
    dir_.Write("m/2/model.pt", TorchScriptLikeBytes("fine"));
  }
  CheckReport Check(const std::string& relative) {
    return CheckModel({dir_.path() / relative}, {}, factory_, {});
  }

  TempDir dir_;
  RecordingFactory factory_;
};

TEST_F(CheckModelTest, PrintsTheCompletedConfigOfTheHighestVersion) {
  const CheckReport report = Check("m");
  EXPECT_TRUE(report.ok);
  EXPECT_THAT(report.text,
              StartsWith("ok: model m, version 2, model.pt with 12 bytes of parameters\n"));
  EXPECT_THAT(report.text, HasSubstr("data_type: TYPE_FP32"));
  EXPECT_THAT(report.text, HasSubstr("name: \"y\""));
}

TEST_F(CheckModelTest, TakesADirectoryWithASlashAtItsEnd) { EXPECT_TRUE(Check("m/").ok); }

TEST_F(CheckModelTest, ChecksTheVersionThatIsNamed) {
  EXPECT_TRUE(Check("m/2").ok);
  const CheckReport report = Check("m/1");
  EXPECT_FALSE(report.ok);
  EXPECT_EQ(report.text,
            "error: " + (dir_.path() / "m/1/model.pt").native() + ": the bytes are broken\n");
}

TEST_F(CheckModelTest, ChecksEveryVersionThatTheConfigChooses) {
  dir_.Write("m/config.pbtxt",
             "input { name: \"x\" data_type: TYPE_FP32 dims: 4 } output { name: \"y\" }\n"
             "version_policy { all {} }");
  const CheckReport report = Check("m");
  EXPECT_FALSE(report.ok);
  EXPECT_THAT(report.text, HasSubstr("error: " + (dir_.path() / "m/1/model.pt").native()));
  EXPECT_THAT(report.text, HasSubstr("ok: model m, version 2"));
}

TEST_F(CheckModelTest, TakesANameForWhatLiesFlatInADirectory) {
  const CheckReport versions = CheckModel({dir_.path() / "m", "named"}, {}, factory_, {});
  EXPECT_THAT(versions.text, StartsWith("ok: model named, version 2"));
  const CheckReport version = CheckModel({dir_.path() / "m/2", "named"}, {}, factory_, {});
  EXPECT_THAT(version.text, StartsWith("ok: model named, version 2"));

  dir_.Write("flat/config.pbtxt",
             "input { name: \"x\" data_type: TYPE_FP32 dims: 4 } output { name: \"y\" }");
  dir_.Write("flat/model.pt", TorchScriptLikeBytes());
  const CheckReport flat = CheckModel({dir_.path() / "flat", "named"}, {}, factory_, {});
  EXPECT_THAT(flat.text, StartsWith("ok: model named, version 1"));
}

TEST_F(CheckModelTest, ReadsAConfigInJsonInsteadOfTheFile) {
  dir_.Write("other.json", R"({"input": [{"name": "x", "data_type": "TYPE_FP32", "dims": [2]}],)"
                           R"( "output": [{"name": "z"}]})");
  CheckRequest request{dir_.path() / "m"};
  request.config_json = dir_.path() / "other.json";
  const CheckReport report = CheckModel(request, {}, factory_, {});
  EXPECT_TRUE(report.ok) << report.text;
  EXPECT_THAT(report.text, HasSubstr("name: \"z\""));
}

TEST(CheckArguments, AreTheFlagsOfTheServer) {
  CheckRequest request{"/models/m"};
  EXPECT_THAT(CheckArguments(request), ElementsAre("--check_model=/models/m"));
  request.model_name = "n";
  request.config_json = "/tmp/c.json";
  EXPECT_THAT(CheckArguments(request), ElementsAre("--check_model=/models/m", "--model_name=n",
                                                   "--check_config=/tmp/c.json"));
}

TEST_F(CheckModelTest, EachErrorHasALineOfItsOwn) {
  dir_.Write("m/config.pbtxt", "runtime: \"x\"\nname: \"n\"");
  const CheckReport report = Check("m");
  EXPECT_FALSE(report.ok);
  EXPECT_THAT(report.text, HasSubstr("error: " + (dir_.path() / "m/config.pbtxt:1:1: ").native()));
  EXPECT_THAT(report.text, HasSubstr("error: " + (dir_.path() / "m/config.pbtxt:2:1: ").native()));
}

TEST_F(CheckModelTest, PrintsWhatHasNoEffect) {
  dir_.Write("m/config.pbtxt",
             "input { name: \"x\" data_type: TYPE_FP32 dims: 4 } output { name: \"y\" }\n"
             "parameters { key: \"NUM_INTEROP_THREADS\" value { string_value: \"4\" } }");
  const CheckReport report = Check("m");
  EXPECT_TRUE(report.ok);
  EXPECT_THAT(report.text,
              HasSubstr("config.pbtxt:2:1: parameters[NUM_INTEROP_THREADS] has no effect"));
  EXPECT_THAT(report.text, Not(HasSubstr("error: ")));
}

TEST_F(CheckModelTest, NamesALabelFileThatIsMissing) {
  dir_.Write("m/config.pbtxt",
             "input { name: \"x\" data_type: TYPE_FP32 dims: 4 }\n"
             "output { name: \"y\" label_filename: \"labels.txt\" }");
  EXPECT_EQ(Check("m").text, "error: " + (dir_.path() / "m/labels.txt").native() +
                                 ": labels of output 'y': no such file\n");
  dir_.Write("m/labels.txt", "cat\ndog\n");
  EXPECT_TRUE(Check("m").ok);
}

TEST_F(CheckModelTest, SaysWhenThereIsNoSuchDirectory) {
  EXPECT_EQ(Check("none").text,
            "error: " + (dir_.path() / "none").native() + ": no such directory\n");
}

}  // namespace
}  // namespace tournant
