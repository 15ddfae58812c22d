#include "cpp/datatype.h"

#include <array>

namespace tournant::client {
namespace {

struct Row {
  absl::string_view name;
  size_t size;
};

// In the order of the enumeration.
constexpr std::array<Row, 15> kRows = {{{"INVALID", 0},
                                        {"BOOL", 1},
                                        {"UINT8", 1},
                                        {"UINT16", 2},
                                        {"UINT32", 4},
                                        {"UINT64", 8},
                                        {"INT8", 1},
                                        {"INT16", 2},
                                        {"INT32", 4},
                                        {"INT64", 8},
                                        {"FP16", 2},
                                        {"BF16", 2},
                                        {"FP32", 4},
                                        {"FP64", 8},
                                        {"BYTES", 0}}};

}  // namespace

absl::string_view DatatypeName(Datatype type) { return kRows[static_cast<size_t>(type)].name; }

Datatype DatatypeFromName(absl::string_view name) {
  for (size_t i = 1; i < kRows.size(); ++i) {
    if (kRows[i].name == name) return static_cast<Datatype>(i);
  }
  return Datatype::kInvalid;
}

size_t ElementSize(Datatype type) { return kRows[static_cast<size_t>(type)].size; }

}  // namespace tournant::client
