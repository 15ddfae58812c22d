#include "models/label_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/temp_dir.h"

namespace tournant {
namespace {

using ::testing::ElementsAre;

ModelConfig Labelled(const std::string& file) {
  ModelConfig config;
  config.outputs = {{"y", DataType::kFp32, {3}, false}};
  config.outputs[0].label_filename = file;
  return config;
}

class LabelFile : public ::testing::Test {
 protected:
  std::vector<std::string> LabelsOf(const std::string& content) {
    directory_.Write("labels.txt", content);
    ModelConfig config = Labelled("labels.txt");
    const absl::Status read = ReadLabels(config, directory_.path());
    EXPECT_TRUE(read.ok()) << read;
    return config.outputs[0].labels == nullptr ? std::vector<std::string>{}
                                               : *config.outputs[0].labels;
  }
  absl::Status Refusal(const std::string& file) {
    ModelConfig config = Labelled(file);
    return ReadLabels(config, directory_.path());
  }

  // What errors about a file begin with.
  std::string Of(const std::string& file) const {
    return (directory_.path() / file).native() + ": labels of output 'y': ";
  }

  const TempDir directory_;
};

TEST_F(LabelFile, HoldsOneLabelALine) {
  EXPECT_THAT(LabelsOf("cat\ndog\n"), ElementsAre("cat", "dog"));
  EXPECT_THAT(LabelsOf("cat\nprairie dog"), ElementsAre("cat", "prairie dog"));
  EXPECT_THAT(LabelsOf("cat\r\ndog\r\n"), ElementsAre("cat", "dog"));
}

TEST_F(LabelFile, KeepsEmptyLinesSinceALineNumberIsAClass) {
  EXPECT_THAT(LabelsOf("\ncat\n\ndog\n\n"), ElementsAre("", "cat", "", "dog", ""));
}

TEST_F(LabelFile, IsReadOnceForAllOutputsThatNameIt) {
  directory_.Write("labels.txt", "cat\n");
  ModelConfig config = Labelled("labels.txt");
  config.outputs.push_back(config.outputs[0]);
  config.outputs.push_back({"plain", DataType::kFp32, {1}, false});
  ASSERT_TRUE(ReadLabels(config, directory_.path()).ok());
  ASSERT_NE(config.outputs[0].labels, nullptr);
  EXPECT_EQ(config.outputs[0].labels, config.outputs[1].labels);
  EXPECT_EQ(config.outputs[2].labels, nullptr);
}

TEST_F(LabelFile, IsNamedWhenItIsMissing) {
  EXPECT_EQ(Refusal("labels.txt"), absl::NotFoundError(Of("labels.txt") + "no such file"));
}

TEST_F(LabelFile, IsARegularFile) {
  std::filesystem::create_symlink("/etc/passwd", directory_.path() / "link");
  std::filesystem::create_directory(directory_.path() / "folder");
  EXPECT_EQ(Refusal("link").message(), Of("link") + "is a symbolic link, which is refused");
  EXPECT_EQ(Refusal("folder").message(), Of("folder") + "is not a regular file");
}

TEST_F(LabelFile, IsBounded) {
  directory_.Write("labels.txt", "cat\n");
  std::filesystem::resize_file(directory_.path() / "labels.txt", (16 << 20) + 1);
  EXPECT_EQ(Refusal("labels.txt").code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(LabelFile, IsUtf8AndNotEmpty) {
  directory_.Write("labels.txt", "cat\n\xff\n");
  EXPECT_EQ(Refusal("labels.txt").message(), Of("labels.txt") + "line 2 is not UTF-8");
  directory_.Write("labels.txt", "");
  EXPECT_EQ(Refusal("labels.txt").message(), Of("labels.txt") + "holds no label");
}

}  // namespace
}  // namespace tournant
