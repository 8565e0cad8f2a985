#include "operator/base/utf8.hpp"

#include <gtest/gtest.h>

namespace slipway {
namespace {

TEST(Utf8, TellsWhatIsSound) {
  for (const std::string_view text :
       {"", "a", "\x7F", "\xC3\xBC", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xEF\xBF\xBF"}) {
    EXPECT_TRUE(IsUtf8(text)) << text;
  }
}

TEST(Utf8, TellsWhatIsNot) {
  const struct {
    const char* what;
    std::string_view text;
  } cases[] = {
      {"Latin-1", "f\xFCr"},
      {"a character that is cut", "\xE2\x82"},
      {"a continuation without a beginning", "a\x82"},
      {"longer than needed", "\xC0\x80"},
      {"longer than needed, of three", "\xE0\x80\x80"},
      {"half of a surrogate pair", "\xED\xA0\x80"},
      {"beyond Unicode", "\xF4\x90\x80\x80"},
      {"a byte that never occurs", "\xFF"},
  };
  for (const auto& test : cases) EXPECT_FALSE(IsUtf8(test.text)) << test.what;
}

TEST(Utf8, TakesTheBeginningInWholeCharacters) {
  EXPECT_EQ(Utf8Prefix("a\xC3\xBC", 3), "a\xC3\xBC");
  EXPECT_EQ(Utf8Prefix("a\xC3\xBC", 2), "a");
  EXPECT_EQ(Utf8Prefix("abc", 2), "ab");
  EXPECT_EQ(Utf8Prefix("", 2), "");
}

TEST(Utf8, PutsTheReplacementCharacterInPlaceOfEachBadByte) {
  EXPECT_EQ(Utf8Prefix("f\xFCr", 9), "f\xEF\xBF\xBDr");
  EXPECT_EQ(Utf8Prefix("\xE2\x82", 9), "\xEF\xBF\xBD\xEF\xBF\xBD");
}

}  // namespace
}  // namespace slipway
