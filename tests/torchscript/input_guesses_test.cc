#include "torchscript/input_guesses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tournant {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

const ModuleTensors kTensors = {.bytes = 0, .float_type = DataType::kBf16, .sizes = {7}};
const TensorSpec kOpen = {"x", DataType::kInvalid, {}};

std::vector<std::vector<int64_t>> Dims(const std::vector<InputGuess>& guesses) {
  std::vector<std::vector<int64_t>> dims;
  for (const InputGuess& guess : guesses) dims.push_back(guess.dims);
  return dims;
}

TEST(ChoicesFor, AreNumbersOfTheModelsTypeAndIndices) {
  const auto choices = ChoicesFor({kOpen}, kTensors, GuessForm::kRow)[0];
  EXPECT_EQ(choices[0].type, DataType::kBf16);
  EXPECT_THAT(choices[0].dims, ElementsAre(-1));
  EXPECT_EQ(choices[1].type, DataType::kInt64);
  EXPECT_THAT(choices[2].dims, ElementsAre(7));
  EXPECT_THAT(Dims(choices), Contains(ElementsAre(7, -1, -1)));
}

TEST(ChoicesFor, KeepWhatTheConfigSays) {
  const auto typed = ChoicesFor({{"x", DataType::kInt32, {}}}, kTensors, GuessForm::kVector)[0];
  ASSERT_EQ(typed.size(), 2u);
  EXPECT_EQ(typed[0].type, DataType::kInt32);
  EXPECT_THAT(Dims(typed), ElementsAre(ElementsAre(-1), ElementsAre(7)));
  const auto sized = ChoicesFor({{"x", DataType::kInvalid, {5, 5}}}, kTensors, GuessForm::kRow)[0];
  EXPECT_EQ(sized.size(), 8u);  // Every type that a model is likely to take.
  for (const InputGuess& guess : sized) EXPECT_THAT(guess.dims, ElementsAre(5, 5));
  const auto texts = ChoicesFor({{"x", DataType::kBytes, {}}}, kTensors, GuessForm::kRow)[0];
  EXPECT_THAT(Dims(texts), ElementsAre(ElementsAre(1)));
}

TEST(ForEachGuess, GoesByTheSumOfPlacesAfterWhatIsAlike) {
  GuessChoices choices(2);
  for (int64_t place = 0; place < 3; ++place) {
    choices[0].push_back({DataType::kFp32, {place}});
    choices[1].push_back({DataType::kFp32, {place}});
  }
  std::vector<std::pair<int64_t, int64_t>> visited;
  EXPECT_FALSE(ForEachGuess(choices, [&](const std::vector<InputGuess>& guesses) {
    visited.emplace_back(guesses[0].dims[0], guesses[1].dims[0]);
    return GuessVerdict::kNext;
  }));
  EXPECT_THAT(visited,
              ElementsAre(std::pair(0, 0), std::pair(1, 1), std::pair(2, 2), std::pair(0, 1),
                          std::pair(1, 0), std::pair(0, 2), std::pair(1, 1), std::pair(2, 0),
                          std::pair(1, 2), std::pair(2, 1), std::pair(2, 2)));
}

TEST(ForEachGuess, EndsWhereItIsTold) {
  const GuessChoices choices = ChoicesFor({kOpen, kOpen}, kTensors, GuessForm::kRow);
  for (const GuessVerdict verdict : {GuessVerdict::kFound, GuessVerdict::kStop}) {
    int visits = 0;
    const bool found = ForEachGuess(choices, [&](const std::vector<InputGuess>&) {
      return ++visits == 5 ? verdict : GuessVerdict::kNext;
    });
    EXPECT_EQ(found, verdict == GuessVerdict::kFound);
    EXPECT_EQ(visits, 5);
  }
}

TEST(ForEachGuess, IsBoundedHoweverManyInputsThereAre) {
  const GuessChoices choices =
      ChoicesFor(std::vector<TensorSpec>(40, kOpen), kTensors, GuessForm::kWhole);
  int visits = 0;
  EXPECT_FALSE(ForEachGuess(choices, [&](const std::vector<InputGuess>&) {
    ++visits;
    return GuessVerdict::kNext;
  }));
  EXPECT_GT(visits, 1000);
  EXPECT_LT(visits, 25'000);
}

}  // namespace
}  // namespace tournant
