#include "cpp/csv_reader.h"

#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tournant::client {
namespace {

using ::testing::ElementsAre;
using Rows = std::vector<std::vector<std::string>>;

Rows ReadAll(const std::string& text) {
  std::istringstream input(text);
  CsvReader reader(input);
  Rows rows;
  for (;;) {
    const auto more = reader.Next();
    EXPECT_TRUE(more.ok()) << more.status();
    if (!more.ok() || !*more) break;
    rows.emplace_back();
    for (const absl::string_view cell : reader.cells()) rows.back().emplace_back(cell);
  }
  EXPECT_EQ(reader.bytes_consumed(), text.size());
  return rows;
}

std::string ErrorOf(const std::string& text, size_t max_record_bytes = 1 << 20) {
  std::istringstream input(text);
  CsvReader reader(input, max_record_bytes);
  for (;;) {
    const auto more = reader.Next();
    if (!more.ok()) {
      return std::string(more.status().message());
    }
    if (!*more) return "no error";
  }
}

TEST(CsvReader, SplitsPlainRecords) {
  EXPECT_THAT(ReadAll("a,b\n1,2\n"), ElementsAre(ElementsAre("a", "b"), ElementsAre("1", "2")));
}

TEST(CsvReader, NeedsNoLineBreakAtTheEnd) {
  EXPECT_THAT(ReadAll("a,b\n1,2"), ElementsAre(ElementsAre("a", "b"), ElementsAre("1", "2")));
}

TEST(CsvReader, KeepsEmptyCells) {
  EXPECT_THAT(ReadAll(",\n,x,\n"), ElementsAre(ElementsAre("", ""), ElementsAre("", "x", "")));
}

TEST(CsvReader, TakesLineBreaksOfWindowsAndSkipsEmptyLines) {
  EXPECT_THAT(ReadAll("a,b\r\n\r\n1,2\r\n\n"),
              ElementsAre(ElementsAre("a", "b"), ElementsAre("1", "2")));
}

TEST(CsvReader, UnquotesCommasQuotesAndLineBreaks) {
  EXPECT_THAT(ReadAll("\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\"\"\nx,y,z,w\n"),
              ElementsAre(ElementsAre("a,b", "say \"hi\"", "two\nlines", ""),
                          ElementsAre("x", "y", "z", "w")));
}

TEST(CsvReader, TakesAQuoteInsideAPlainCellAsACharacter) {
  EXPECT_THAT(ReadAll("5\" pipe,1\n6\" pipe,2\n"),
              ElementsAre(ElementsAre("5\" pipe", "1"), ElementsAre("6\" pipe", "2")));
}

TEST(CsvReader, SkipsAByteOrderMark) {
  EXPECT_THAT(ReadAll("\xef\xbb\xbfx,y\n"), ElementsAre(ElementsAre("x", "y")));
}

TEST(CsvReader, CountsLinesAcrossQuotedBreaks) {
  std::istringstream input("h\n\"a\nb\"\nc\n");
  CsvReader reader(input);
  std::vector<int64_t> lines;
  for (auto more = reader.Next(); more.ok() && *more; more = reader.Next()) {
    lines.push_back(reader.line());
  }
  EXPECT_THAT(lines, ElementsAre(1, 2, 4));
}

TEST(CsvReader, ReadsRecordsAcrossManyBuffers) {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += "row " + std::to_string(i) + ",\"x\"\"y\"\n";
  const Rows rows = ReadAll(text);
  ASSERT_EQ(rows.size(), 50'000U);
  for (int i = 0; i < 50'000; ++i) {
    ASSERT_EQ(rows[static_cast<size_t>(i)][0], "row " + std::to_string(i));
    ASSERT_EQ(rows[static_cast<size_t>(i)][1], "x\"y");
  }
}

TEST(CsvReader, ReadsARecordLongerThanItsBuffer) {
  const std::string big(1'000'000, 'x');
  EXPECT_THAT(ReadAll("a," + big + "\nb,c\n"),
              ElementsAre(ElementsAre("a", big), ElementsAre("b", "c")));
}

TEST(CsvReader, NamesTheLineOfAQuoteThatIsNeverClosed) {
  EXPECT_EQ(ErrorOf("a,b\n1,\"2\n3,4\n"), "line 2: a quote is opened and never closed");
}

TEST(CsvReader, NamesTheLineOfTextBehindAClosingQuote) {
  EXPECT_EQ(ErrorOf("a,b\n1,\"2\"3\n"), "line 2: a quoted cell goes on after its closing quote");
}

TEST(CsvReader, RefusesARecordWithoutEnd) {
  EXPECT_EQ(ErrorOf("a\n" + std::string(2'000'000, 'x'), 1'000'000),
            "line 2: a record longer than 1000000 bytes");
}

TEST(CsvReader, FindsNothingInAnEmptyFile) { EXPECT_TRUE(ReadAll("").empty()); }

TEST(AppendCsvCell, QuotesOnlyWhatNeedsIt) {
  std::string line;
  AppendCsvCell("plain", line);
  line += ',';
  AppendCsvCell("a,b", line);
  line += ',';
  AppendCsvCell("say \"hi\"\n", line);
  EXPECT_EQ(line, "plain,\"a,b\",\"say \"\"hi\"\"\n\"");
  EXPECT_THAT(ReadAll(line), ElementsAre(ElementsAre("plain", "a,b", "say \"hi\"\n")));
}

}  // namespace
}  // namespace tournant::client
