#pragma once

#include <cstdint>
#include <random>

namespace tournant {

// `number` as a part of all 64-bit numbers, from 0 to 1.
inline double Fraction(uint64_t number) { return static_cast<double>(number) * 0x1p-64; }

// Random numbers, given to whoever needs them so that tests and simulations choose the seed.
class Rng {
 public:
  virtual ~Rng() = default;
  virtual uint64_t Next() = 0;
  // From 1 - share to 1 + share: what a wait is multiplied with, lest many end theirs at once.
  double Jitter(double share) { return 1 + share * (2 * Fraction(Next()) - 1); }
};

// Seeded Mersenne Twister; equal seeds give equal sequences. One thread only.
class SeededRng final : public Rng {
 public:
  explicit SeededRng(uint64_t seed) : engine_(seed) {}
  uint64_t Next() override { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

// A seed from the operating system, for production.
inline uint64_t RandomSeed() {
  std::random_device device;
  return (static_cast<uint64_t>(device()) << 32) | device();
}

}  // namespace tournant
