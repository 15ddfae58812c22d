#pragma once

#include "base/clock.h"
#include "config.h"

namespace tournant {

// `tournant-server --check_model=DIR`: what the loader's dry run and `tournant validate` execute.
// Prints the report on stdout and returns the exit status. A model that crashes the process or
// takes too long ends it with a line of the report that says so. Called by main, once, in a process
// that does nothing else; signals that stop a server end it.
int CheckOneModel(const Config& config, const Clock& clock);

}  // namespace tournant
