#include "feature_store/registry_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fakes/temp_dir.h"
#include "feast/core/Registry.pb.h"

namespace tournant {
namespace {

using ::testing::HasSubstr;

// A registry file with these views.
class RegistrySourceTest : public ::testing::Test {
 protected:
  static std::string Registry(const std::vector<std::string>& views,
                              const std::string& project = "p") {
    feast::core::Registry registry;
    registry.add_projects()->mutable_spec()->set_name(project);
    for (const std::string& view : views) {
      auto* spec = registry.add_feature_views()->mutable_spec();
      spec->set_name(view);
      spec->set_project(project);
      spec->set_online(true);
    }
    return registry.SerializeAsString();
  }
  void Write(const std::string& content) { directory_.Write("registry.db", content); }

  absl::StatusOr<std::unique_ptr<RegistrySource>> TryToOpen(RegistrySource::Check check) {
    return RegistrySource::Open((directory_.path() / "registry.db").native(), "", std::move(check));
  }
  std::unique_ptr<RegistrySource> Open(RegistrySource::Check check = {}) {
    auto source = TryToOpen(std::move(check));
    EXPECT_TRUE(source.ok()) << source.status();
    return source.ok() ? *std::move(source) : nullptr;
  }

  const TempDir directory_;
};

TEST_F(RegistrySourceTest, IsReadAgainWhenItsFileHasChangedAndLooksTheSameTwice) {
  Write(Registry({"a"}));
  const auto source = Open();
  EXPECT_FALSE(source->Look());
  Write(Registry({"a", "b"}));
  EXPECT_FALSE(source->Look());  // It may still be written.
  EXPECT_EQ(source->registry()->FindView("b"), nullptr);
  EXPECT_TRUE(source->Look());
  EXPECT_NE(source->registry()->FindView("b"), nullptr);
  EXPECT_FALSE(source->Look());
}

TEST_F(RegistrySourceTest, CountsWhatItHasReadAndKnowsWhetherItIsOutdated) {
  Write(Registry({"a"}));
  const auto source = Open();
  EXPECT_EQ(source->used(), 1u);
  const double written = source->written();
  EXPECT_GT(written, 0);
  const auto look_twice = [&] {
    source->Look();
    source->Look();
  };
  Write("no registry");
  look_twice();
  look_twice();
  EXPECT_EQ(source->refused(), 1u);
  EXPECT_TRUE(source->outdated());
  EXPECT_EQ(source->written(), written);
  Write(Registry({"b"}));
  look_twice();
  EXPECT_EQ(source->used(), 2u);
  EXPECT_EQ(source->refused(), 1u);
  EXPECT_FALSE(source->outdated());
  EXPECT_GE(source->written(), written);
}

TEST_F(RegistrySourceTest, WaitsForAFileThatIsBeingWritten) {
  Write(Registry({"a"}));
  const auto source = Open();
  Write(Registry({}));
  EXPECT_FALSE(source->Look());
  Write(Registry({"b"}));
  EXPECT_FALSE(source->Look());
  EXPECT_TRUE(source->Look());
  EXPECT_NE(source->registry()->FindView("b"), nullptr);
}

TEST_F(RegistrySourceTest, KeepsTheOneBeforeWhenTheNewOneIsBroken) {
  Write(Registry({"a"}));
  const auto source = Open();
  for (const std::string& broken : {std::string("no registry"), std::string(),
                                    Registry({"a"}, "another"), Registry({"a", "a"})}) {
    Write(broken);
    EXPECT_FALSE(source->Look());
    EXPECT_FALSE(source->Look());
    EXPECT_FALSE(source->Look());
    EXPECT_NE(source->registry()->FindView("a"), nullptr);
  }
  directory_.Remove("registry.db");
  ::testing::internal::CaptureStderr();
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(source->Look());
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << log;
  EXPECT_THAT(log, HasSubstr("the one before stays"));
  EXPECT_NE(source->registry()->FindView("a"), nullptr);
  Write(Registry({"b"}));
  EXPECT_FALSE(source->Look());
  EXPECT_TRUE(source->Look());
  EXPECT_NE(source->registry()->FindView("b"), nullptr);
}

TEST_F(RegistrySourceTest, KeepsTheOneBeforeWhenTheStoreRefusesTheNewOne) {
  const auto check = [](const FeatureRegistry& registry) {
    return registry.FindView("b") == nullptr ? absl::OkStatus() : absl::InternalError("not b");
  };
  Write(Registry({"a"}));
  const auto source = Open(check);
  Write(Registry({"a", "b"}));
  EXPECT_FALSE(source->Look());
  EXPECT_FALSE(source->Look());
  EXPECT_EQ(source->registry()->FindView("b"), nullptr);
  // Nor is it a registry to begin with.
  EXPECT_EQ(TryToOpen(check).status().message(), "not b");
}

}  // namespace
}  // namespace tournant
