#include "base/pushback.h"

#include <chrono>
#include <cstdint>

#include "base/rng.h"
#include "gtest/gtest.h"

namespace tournant {
namespace {

using std::chrono::milliseconds;

class FixedRng final : public Rng {
 public:
  explicit FixedRng(uint64_t number) : number_(number) {}
  uint64_t Next() override { return number_; }

 private:
  const uint64_t number_;
};

TEST(Pushback, IsWhatIsToBeWaitedForAFifthMoreOrLess) {
  FixedRng least(0), middle(uint64_t{1} << 63), most(UINT64_MAX);
  EXPECT_EQ(Pushback(milliseconds(1000), least), milliseconds(800));
  EXPECT_EQ(Pushback(milliseconds(1000), middle), milliseconds(1000));
  EXPECT_EQ(Pushback(milliseconds(1000), most), milliseconds(1200));
}

TEST(Pushback, StaysWithinWhatAClientCanUse) {
  FixedRng middle(uint64_t{1} << 63);
  EXPECT_EQ(Pushback(milliseconds(-5), middle), milliseconds(20));
  EXPECT_EQ(Pushback(std::chrono::nanoseconds(1), middle), milliseconds(20));
  EXPECT_EQ(Pushback(std::chrono::hours(1), middle), milliseconds(2000));
}

TEST(Fraction, IsAPartOfAllNumbers) {
  EXPECT_EQ(Fraction(0), 0);
  EXPECT_EQ(Fraction(uint64_t{1} << 62), 0.25);
}

}  // namespace
}  // namespace tournant
