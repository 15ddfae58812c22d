#include "torchscript/error_text.h"

#include <gtest/gtest.h>

namespace tournant {
namespace {

TEST(OneLine, KeepsTheErrorBelowATraceback) {
  EXPECT_EQ(OneLine("The following operation failed in the TorchScript interpreter.\n"
                    "Traceback of TorchScript, serialized code (most recent call last):\n"
                    "  File \"code/__torch__.py\", line 9, in forward\n"
                    "    _0 = torch.matmul(x, secret)\n"
                    "         ~~~~~~~~~~~~ <--- HERE\n"
                    "\n"
                    "Traceback of TorchScript, original code (most recent call last):\n"
                    "  File \"net.py\", line 3, in forward\n"
                    "    return x @ secret\n"
                    "RuntimeError: mat1 and mat2 shapes cannot be multiplied\n"
                    "more"),
            "RuntimeError: mat1 and mat2 shapes cannot be multiplied");
}

TEST(OneLine, ShowsNoSourceThatIsNotIndented) {
  const std::string frames =
      "The following operation failed in the TorchScript interpreter.\n"
      "Traceback of TorchScript, serialized code (most recent call last):\n"
      "  File \"code/__torch__.py\", line 9, in forward\n"
      "    return secret(x)\n"
      "           ~~~~~~ <--- HERE\n"
      "class Other(Module):\n"
      "\n"
      "Traceback of TorchScript, original code (most recent call last):\n"
      "  File \"net.py\", line 3, in secret\n"
      "def secret(x: Tensor) -> Tensor:\n"
      "    return x.view(7, -1)\n"
      "           ~~~~~~ <--- HERE\n"
      ") -> Tensor:\n";
  EXPECT_EQ(OneLine(frames + "RuntimeError: shape '[7, -1]' is invalid\nNote: more\n"),
            "RuntimeError: shape '[7, -1]' is invalid");
  EXPECT_EQ(OneLine(frames + "builtins.ValueError: no\n"), "builtins.ValueError: no");
  EXPECT_EQ(OneLine(frames), "an error that LibTorch does not name");
}

TEST(OneLine, KeepsTheFirstLineWithoutATraceback) {
  EXPECT_EQ(OneLine("file not found\nException raised from here"), "file not found");
  EXPECT_EQ(OneLine("\n  \n second"), "second");
}

TEST(OneLine, IsNeverEmptyAndNeverLong) {
  EXPECT_EQ(OneLine(""), "no reason given");
  EXPECT_EQ(OneLine("\n"), "no reason given");
  EXPECT_EQ(OneLine(std::string(10'000, 'x')).size(), 300);
  EXPECT_EQ(OneLine("a\tb\x01"), "a b ");
}

}  // namespace
}  // namespace tournant
