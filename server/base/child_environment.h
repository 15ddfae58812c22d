#pragma once

#include <vector>

namespace tournant {

// This process's environment for a child of it, without the settings of ours that are in it
// (TOURNANT_*), which the child would take for its own. Ends with a null pointer, as exec wants it;
// the entries are those of `environ`.
std::vector<char*> ChildEnvironment();

}  // namespace tournant
