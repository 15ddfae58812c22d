#pragma once

#include <cstdint>
#include <string>

namespace tournant::client {

// "82,609"
std::string Thousands(int64_t number);

}  // namespace tournant::client
