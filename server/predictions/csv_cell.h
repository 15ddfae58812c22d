#pragma once

#include <string>

namespace tournant {

// `text` as a cell of a CSV file (RFC 4180), in quotes where it needs them.
std::string CsvCell(const std::string& text);

// A JSON value of TensorValues without the quotes that a string has.
std::string WithoutQuotes(const std::string& value);

}  // namespace tournant
