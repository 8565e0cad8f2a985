#include "operator/base/log.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <thread>

namespace slipway::log {
namespace {

using nlohmann::json;

std::string Line(std::string_view message, Fields fields = {}) {
  return FormatLine(Instant(std::chrono::milliseconds(1788264000123)), Level::kInfo, message,
                    fields);
}

TEST(FormatLine, PutsTimeLevelAndMessageFirst) {
  EXPECT_EQ(Line("started", {{"kind", "TrainingJob"}, {"count", 3}, {"ok", true}, {"s", 0.5}}),
            R"({"ts":"2026-09-01T12:00:00.123000Z","level":"info","msg":"started",)"
            R"("kind":"TrainingJob","count":3,"ok":true,"s":0.5})");
}

TEST(FormatLine, IsValidJsonWhateverTheText) {
  std::string every_byte;
  for (int c = 0; c < 256; ++c) every_byte += static_cast<char>(c);
  const std::string texts[] = {every_byte,
                               "\"}{\\",
                               "tab\there",
                               "a\nb",
                               "\xC3\xA4",
                               "\xF0\x9F\x9A\xA2",
                               "\xC3",
                               "\xED\xA0\x80",
                               "\xE0\x80\x80",
                               "\xF4\x90\x80\x80",
                               "\xFF",
                               std::string("a\0b", 3),
                               ""};
  for (const std::string& text : texts) {
    const std::string line = Line(text, {{text, text}});
    EXPECT_TRUE(json::accept(line)) << line;
    EXPECT_EQ(line.find('\n'), std::string::npos);
  }
}

TEST(FormatLine, KeepsTextAndReplacesOnlyBadBytes) {
  EXPECT_EQ(json::parse(Line("a\"b\\c\n\t\x01 \xC3\xA4"))["msg"], "a\"b\\c\n\t\x01 \xC3\xA4");
  EXPECT_EQ(json::parse(Line("a\xFF"
                             "b"))["msg"],
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(json::parse(Line("cut \xE2\x82"))["msg"], "cut \xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(FormatLine, WritesNumbersThatJsonCannotHoldAsText) {
  EXPECT_EQ(json::parse(Line("m", {{"v", std::numeric_limits<double>::infinity()}}))["v"], "inf");
  EXPECT_EQ(json::parse(Line("m", {{"v", std::nan("")}}))["v"], "nan");
}

TEST(Scope, AddsItsFieldsUntilItEnds) {
  const std::string plain = Line("m");
  {
    const Scope outer({{"kind", "TrainingJob"}, {"name", std::string("a")}});
    {
      const Scope inner({{"reconcileID", "r1"}, {"attempt", 2}});
      const json line = json::parse(Line("m", {{"x", 1}}));
      EXPECT_EQ(line["kind"], "TrainingJob");
      EXPECT_EQ(line["reconcileID"], "r1");
      EXPECT_EQ(line["attempt"], 2);
      EXPECT_EQ(line["x"], 1);
    }
    EXPECT_FALSE(json::parse(Line("m")).contains("reconcileID"));
  }
  EXPECT_EQ(Line("m"), plain);
}

TEST(Scope, InnerFieldHidesOuterOfTheSameName) {
  const Scope outer({{"name", "outer"}});
  const Scope inner({{"name", "inner"}});
  const std::string from_scope = Line("m");
  EXPECT_EQ(json::parse(from_scope)["name"], "inner");
  EXPECT_EQ(from_scope.find("outer"), std::string::npos);
  const std::string from_line = Line("m", {{"name", "own"}});
  EXPECT_EQ(json::parse(from_line)["name"], "own");
  EXPECT_EQ(from_line.find("inner"), std::string::npos);
}

TEST(Scope, BelongsToItsThread) {
  const Scope scope({{"name", "mine"}});
  std::string other;
  std::thread([&] { other = Line("m"); }).join();
  EXPECT_EQ(other.find("mine"), std::string::npos);
}

TEST(Level, FiltersLines) {
  SetLevel(Level::kWarn);
  testing::internal::CaptureStderr();
  Debug("d");
  Info("i");
  Warn("w");
  Error("e", {{"code", 7}});
  const std::string written = testing::internal::GetCapturedStderr();
  SetLevel(Level::kInfo);
  EXPECT_EQ(written.find("\"msg\":\"i\""), std::string::npos);
  EXPECT_NE(written.find("\"level\":\"warn\",\"msg\":\"w\"}\n"), std::string::npos);
  EXPECT_NE(written.find("\"level\":\"error\",\"msg\":\"e\",\"code\":7}\n"), std::string::npos);
}

TEST(Level, WritesBracesAsTheyAre) {
  testing::internal::CaptureStderr();
  Info("{} {0} %v");
  EXPECT_NE(testing::internal::GetCapturedStderr().find("\"msg\":\"{} {0} %v\"}\n"),
            std::string::npos);
}

TEST(ParseLevel, KnowsFourNames) {
  EXPECT_EQ(ParseLevel("debug"), Level::kDebug);
  EXPECT_EQ(ParseLevel("info"), Level::kInfo);
  EXPECT_EQ(ParseLevel("warn"), Level::kWarn);
  EXPECT_EQ(ParseLevel("error"), Level::kError);
  EXPECT_EQ(ParseLevel("INFO"), std::nullopt);
  EXPECT_EQ(ParseLevel(""), std::nullopt);
}

}  // namespace
}  // namespace slipway::log
