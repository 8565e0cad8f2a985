#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "controllers/drift_monitor/readers.hpp"

namespace slipway::drift_monitor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::NanSensitiveDoubleEq;
using testing::UnorderedElementsAre;

constexpr std::size_t kAllRows = 1000;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Result<Dataset> Csv(const std::string& text, std::size_t max_rows = kAllRows) {
  std::istringstream in(text);
  return ReadCsv(in, max_rows);
}

Result<Dataset> JsonLines(const std::string& text, std::size_t max_rows = kAllRows) {
  std::istringstream in(text);
  return ReadJsonLines(in, max_rows);
}

std::vector<std::string> NamesOf(const Dataset& data) {
  std::vector<std::string> names;
  for (const auto& column : data.columns) names.push_back(column.name);
  return names;
}

Numbers NumbersOf(const Dataset& data, std::string_view name) {
  return std::get<Numbers>(data.Find(name)->values);
}

Texts TextsOf(const Dataset& data, std::string_view name) {
  return std::get<Texts>(data.Find(name)->values);
}

std::string ErrorOf(const Result<Dataset>& data) {
  return data ? "no error" : data.error().message;
}

TEST(ParseNumberTest, TakesEveryCommonSpelling) {
  EXPECT_EQ(ParseNumber("1"), 1);
  EXPECT_EQ(ParseNumber("+1.5"), 1.5);
  EXPECT_EQ(ParseNumber("-2e3"), -2000);
  EXPECT_EQ(ParseNumber(".5"), 0.5);
  EXPECT_EQ(ParseNumber("1,5"), std::nullopt);
  EXPECT_EQ(ParseNumber("12px"), std::nullopt);
  EXPECT_EQ(ParseNumber("+-1"), std::nullopt);
  EXPECT_EQ(ParseNumber("0x10"), std::nullopt);
}

TEST(ParseNumberTest, TakesWhatIsMissingOrBeyondTheRangeAsNotANumber) {
  for (const std::string_view text : {"", "NA", "NaN", "nan", "null", "NULL", "None", "inf", "-inf",
                                      "Infinity", "1e999", "-1e999"}) {
    const auto number = ParseNumber(text);
    ASSERT_TRUE(number) << text;
    EXPECT_TRUE(std::isnan(*number)) << text;
  }
}

TEST(ReadCsvTest, TakesNumbersAndTexts) {
  const auto data = Csv("age,country\n31,DE\n42,FR\n");
  ASSERT_TRUE(data) << ErrorOf(data);
  EXPECT_EQ(data->rows, 2U);
  EXPECT_EQ(data->bad_rows, 0U);
  EXPECT_THAT(NumbersOf(*data, "age"), ElementsAre(31, 42));
  EXPECT_THAT(TextsOf(*data, "country"), ElementsAre("DE", "FR"));
  EXPECT_EQ(data->Find("Age"), nullptr);
}

TEST(ReadCsvTest, TakesQuotesLineEndsBlanksAndAByteOrderMark) {
  const auto data = Csv("\xEF\xBB\xBF\"a\",\"b c\"\r\n1,\"x, \"\"y\"\"\r\nz\"\r\n\r\n2, w \r\n");
  ASSERT_TRUE(data) << ErrorOf(data);
  EXPECT_THAT(NamesOf(*data), ElementsAre("a", "b c"));
  EXPECT_THAT(NumbersOf(*data, "a"), ElementsAre(1, 2));
  EXPECT_THAT(TextsOf(*data, "b c"), ElementsAre("x, \"y\"\r\nz", "w"));
}

TEST(ReadCsvTest, NeedsNoNewlineAtTheEnd) {
  const auto data = Csv("a,b\n1,2\n3,4");
  ASSERT_TRUE(data);
  EXPECT_THAT(NumbersOf(*data, "b"), ElementsAre(2, 4));
}

TEST(ReadCsvTest, KeepsMissingValuesInAnyColumn) {
  const auto data = Csv("a,b\n,x\n1,\nNA,null\n");
  ASSERT_TRUE(data);
  EXPECT_THAT(NumbersOf(*data, "a"),
              ElementsAre(NanSensitiveDoubleEq(kNaN), 1.0, NanSensitiveDoubleEq(kNaN)));
  EXPECT_THAT(TextsOf(*data, "b"), ElementsAre("x", "", ""));
}

TEST(ReadCsvTest, MakesAColumnCategoricalByOneText) {
  const auto data = Csv("zip\n1.0\n1e0\n2\nB7\n3\n");
  ASSERT_TRUE(data);
  EXPECT_THAT(TextsOf(*data, "zip"), ElementsAre("1", "1", "2", "B7", "3"));
}

TEST(ReadCsvTest, LeavesRowsOfAnotherWidthOutAndSaysWhich) {
  const auto data = Csv("a,b\n1,2\n3\n4,5,6,7\n8,9\n");
  ASSERT_TRUE(data);
  EXPECT_EQ(data->rows, 2U);
  EXPECT_EQ(data->bad_rows, 2U);
  EXPECT_EQ(data->first_bad, "row 3 has only 1 fields, the header has 2");
  EXPECT_THAT(NumbersOf(*data, "a"), ElementsAre(1, 8));
  EXPECT_EQ(Csv("a,b\n1,2,3\n")->first_bad, "row 2 has more than 2 fields, the header has 2");
}

TEST(ReadCsvTest, LeavesARowOutThatWasCutWhileBeingWritten) {
  const auto data = Csv("a,b\n1,x\n2,\"hal");
  ASSERT_TRUE(data);
  EXPECT_EQ(data->rows, 1U);
  EXPECT_EQ(data->bad_rows, 1U);
  EXPECT_EQ(data->first_bad, "row 3 ends inside a quoted field");
}

TEST(ReadCsvTest, KeepsTheNewestRows) {
  const auto data = Csv("a\n1\n2\n3\n4\n5\n", 3);
  ASSERT_TRUE(data);
  EXPECT_EQ(data->rows, 3U);
  EXPECT_THAT(NumbersOf(*data, "a"), UnorderedElementsAre(3, 4, 5));
}

TEST(ReadCsvTest, ForgetsTheTypeOfRowsThatAreTooOld) {
  const auto data = Csv("a\nx\n1.5\n-2\n1e9\n", 3);
  ASSERT_TRUE(data);
  EXPECT_THAT(NumbersOf(*data, "a"), UnorderedElementsAre(1.5, -2, 1e9));
}

TEST(ReadCsvTest, LeavesAColumnWithoutANameOut) {
  const auto data = Csv(",a\n0,7\n1,8\n");
  ASSERT_TRUE(data);
  EXPECT_THAT(NamesOf(*data), ElementsAre("a"));
  EXPECT_THAT(NumbersOf(*data, "a"), ElementsAre(7, 8));
}

TEST(ReadCsvTest, TakesAnEmptyFileAsNoRows) {
  for (const std::string text : {"", "\n\n", "a,b\n", "a,b"}) {
    const auto data = Csv(text);
    ASSERT_TRUE(data) << ErrorOf(data);
    EXPECT_EQ(data->rows, 0U) << text;
  }
}

TEST(ReadCsvTest, RefusesAHeaderThatCannotBeMeant) {
  EXPECT_THAT(ErrorOf(Csv("1,2\n3,4\n")), HasSubstr("row 1 holds only numbers (the first is 1)"));
  EXPECT_THAT(ErrorOf(Csv("a,b,a\n1,2,3\n")), HasSubstr("the column \"a\" twice"));
  EXPECT_THAT(ErrorOf(Csv("a;b\n1;2\n")), HasSubstr("has no comma but a semicolon"));
  EXPECT_THAT(ErrorOf(Csv("a\tb\n1\t2\n")), HasSubstr("has no comma but a semicolon or tab"));
  EXPECT_THAT(ErrorOf(Csv(std::string("PAR1\x15\x04,\x15\x00", 9))), HasSubstr("binary data"));
  std::string wide = "c0";
  for (std::size_t i = 1; i <= kMaxColumns; ++i) wide += ",c" + std::to_string(i);
  EXPECT_THAT(ErrorOf(Csv(wide + "\n")), HasSubstr("more than 10000 columns"));
}

TEST(ReadCsvTest, RefusesAQuoteThatIsNeverClosedWithoutReadingItIntoMemory) {
  const auto data = Csv("a,b\n1,\"" + std::string(3 * kMaxFieldBytes, 'x'));
  EXPECT_EQ(data.error().code, Code::kInvalid);
  EXPECT_THAT(ErrorOf(data), HasSubstr("row 2 has a field of more than 1048576 bytes"));
}

TEST(ReadCsvTest, SurvivesAnyBytes) {
  std::string noise = "a,b\n";
  std::uint32_t state = 1;
  for (int i = 0; i < 200'000; ++i) {
    state = state * 1664525 + 1013904223;
    noise += static_cast<char>(state >> 24);
  }
  const auto data = Csv(noise);
  if (data) {
    EXPECT_GT(data->bad_rows, 0U);
  }
}

TEST(ReadCsvTest, CutsCategoriesThatAreTooLong) {
  const auto data = Csv("a\n" + std::string(1000, 'x') + "\n");
  EXPECT_EQ(TextsOf(*data, "a").front().size(), kMaxCategoryBytes);
}

TEST(ReadJsonLinesTest, TakesNumbersTextsAndFlags) {
  const auto data = JsonLines(
      "{\"age\":31,\"big\":1e3,\"city\":\"Bonn\",\"vip\":true}\n"
      "{\"age\":42,\"big\":2.5,\"city\":\"Köln\",\"vip\":false}\n");
  ASSERT_TRUE(data) << ErrorOf(data);
  EXPECT_THAT(NumbersOf(*data, "age"), ElementsAre(31, 42));
  EXPECT_THAT(NumbersOf(*data, "big"), ElementsAre(1000, 2.5));
  EXPECT_THAT(TextsOf(*data, "city"), ElementsAre("Bonn", "Köln"));
  EXPECT_THAT(TextsOf(*data, "vip"), ElementsAre("true", "false"));
}

TEST(ReadJsonLinesTest, TakesAnAbsentMemberAsMissingAlsoBeforeItFirstAppears) {
  const auto data = JsonLines("{\"a\":1}\n{\"b\":2}\n{\"a\":3,\"b\":null}\n");
  ASSERT_TRUE(data);
  EXPECT_THAT(NumbersOf(*data, "a"), ElementsAre(1.0, NanSensitiveDoubleEq(kNaN), 3.0));
  EXPECT_THAT(NumbersOf(*data, "b"),
              ElementsAre(NanSensitiveDoubleEq(kNaN), 2.0, NanSensitiveDoubleEq(kNaN)));
}

TEST(ReadJsonLinesTest, TakesNumbersWrittenAsText) {
  EXPECT_THAT(NumbersOf(*JsonLines("{\"a\":\"1.5\"}\n{\"a\":2}\n"), "a"), ElementsAre(1.5, 2));
}

TEST(ReadJsonLinesTest, LeavesNestedMembersOut) {
  const auto data = JsonLines("{\"a\":1,\"b\":{\"c\":2},\"d\":[3],\"\":4}\n");
  ASSERT_TRUE(data);
  EXPECT_THAT(NamesOf(*data), ElementsAre("a"));
}

TEST(ReadJsonLinesTest, LeavesLinesOutThatAreNoObjectAndSaysWhich) {
  const auto data = JsonLines("{\"a\":1}\nnonsense\n[1]\n\r\n{\"a\":2}\r\n{\"a\":");
  ASSERT_TRUE(data);
  EXPECT_THAT(NumbersOf(*data, "a"), ElementsAre(1, 2));
  EXPECT_EQ(data->bad_rows, 3U);
  EXPECT_EQ(data->first_bad, "line 2 is no JSON object");
}

TEST(ReadJsonLinesTest, LeavesALineOutThatIsTooLong) {
  const auto data =
      JsonLines("{\"a\":\"" + std::string(2 * kMaxFieldBytes, 'x') + "\"}\n{\"a\":1}\n");
  ASSERT_TRUE(data);
  EXPECT_EQ(data->rows, 1U);
  EXPECT_EQ(data->first_bad, "line 1 has more than 1048576 bytes");
}

TEST(ReadJsonLinesTest, KeepsTheNewestRows) {
  std::string text;
  for (int i = 0; i < 5'000; ++i) text += "{\"a\":" + std::to_string(i) + "}\n";
  const auto data = JsonLines(text, 100);
  ASSERT_TRUE(data);
  EXPECT_EQ(data->rows, 100U);
  const Numbers numbers = NumbersOf(*data, "a");
  EXPECT_EQ(*std::ranges::min_element(numbers), 4'900);
}

TEST(ReadJsonLinesTest, RefusesNamesWithoutEnd) {
  std::string text = "{\"user-0\":1";
  for (std::size_t i = 1; i <= kMaxColumns; ++i) text += ",\"user-" + std::to_string(i) + "\":1";
  const auto data = JsonLines(text + "}\n", 10);
  ASSERT_FALSE(data);
  EXPECT_EQ(data.error().code, Code::kInvalid);
  EXPECT_THAT(ErrorOf(data), HasSubstr("more than 10000 columns (\"user-10000\""));
}

TEST(ReadJsonLinesTest, TakesAnEmptyFileAsNoRows) {
  const auto data = JsonLines("\n \n");
  ASSERT_TRUE(data);
  EXPECT_EQ(data->rows, 0U);
  EXPECT_THAT(data->columns, IsEmpty());
}

}  // namespace
}  // namespace slipway::drift_monitor
