#include "models/model_memory.h"

#include <gtest/gtest.h>

#include "fakes/temp_dir.h"
#include "models/repository.h"

namespace tournant {
namespace {

constexpr auto kAll = [](const std::string&) { return true; };

TEST(ModelMemory, CountsTheHighestVersionOfEachModelAndALoadOfTheLargestWithItsDryRun) {
  const TempDir repository;
  repository.Write("a/1/model.pt", std::string(5000, 'x'));
  repository.Write("a/2/model.pt", std::string(1000, 'x'));
  repository.Write("b/7/model.pt", std::string(300, 'x'));
  repository.Write("b/7/carriers.txt", std::string(50, 'x'));
  const auto models = Repository(repository.path()).Scan();
  ASSERT_TRUE(models.ok()) << models.status();

  const ModelMemory all = ModelMemoryOf(*models, kAll);
  EXPECT_EQ(all.served, 3350);
  EXPECT_EQ(all.dry_run, 3000);

  const ModelMemory one =
      ModelMemoryOf(*models, [](const std::string& name) { return name == "b"; });
  EXPECT_EQ(one.served, 1050);
  EXPECT_EQ(one.dry_run, 1050);
}

TEST(ModelMemory, IsNoneWithoutModels) {
  EXPECT_EQ(ModelMemoryOf({}, kAll).served, 0);
  EXPECT_EQ(ModelMemoryOf({}, kAll).dry_run, 0);
}

}  // namespace
}  // namespace tournant
