#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace tournant {

struct ZipEntry {
  std::string name;
  std::string content;
  bool deflate = false;
};

// A ZIP archive written by hand, so that tests can make what no tool would write.
std::string ZipBytes(const std::vector<ZipEntry>& entries);
// The least that looks like a TorchScript archive, with `content` in it.
std::string TorchScriptLikeBytes(const std::string& content = "x");

}  // namespace tournant
