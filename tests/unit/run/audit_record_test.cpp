#include "operator/run/audit_record.hpp"

#include <gtest/gtest.h>

#include "operator/base/digest.hpp"

namespace slipway::audit {
namespace {

using nlohmann::json;

TEST(AuditRecord, AHeadIsReadAsItIsWritten) {
  const Head head{"slipway-7d9f_x:y", 17, PlainSha256Hex("x")};
  EXPECT_EQ(ParseHead(ToString(head)), head);
}

TEST(AuditRecord, WhatIsNoHeadIsNotTakenForOne) {
  const std::string hash = PlainSha256Hex("x");
  for (const std::string& text :
       {std::string(), std::string("a"), "a:" + hash, ":1:" + hash, "a:0:" + hash, "a:-1:" + hash,
        "a:1x:" + hash, "a::" + hash, "a:1:" + hash.substr(1), "a:1:" + hash + "0",
        "a:1:Z" + hash.substr(1), "a:99999999999999999999:" + hash}) {
    EXPECT_FALSE(ParseHead(text)) << text;
  }
}

TEST(AuditRecord, EachBearsTheHashOfTheOneBefore) {
  Head head{"me", 0, ""};
  const json first = json::parse(Seal({{"action", "Opened"}}, head));
  EXPECT_EQ(first["seq"], 1);
  EXPECT_TRUE(first["prev"].is_null());
  EXPECT_EQ(first["hash"], HashOf(first));
  EXPECT_EQ(head, (Head{"me", 1, first["hash"]}));
  const json second = json::parse(Seal({{"action", "Create"}}, head));
  EXPECT_EQ(second["prev"], first["hash"]);
  EXPECT_EQ(second["chain"], "me");
}

TEST(AuditRecord, AnyOtherProgramComputesTheSameHash) {
  Head head{"me", 0, ""};
  const std::string text = Seal({{"action", "Opened"}, {"time", "t"}}, head);
  const std::string without =
      R"({"action":"Opened","chain":"me","prev":null,"seq":1,"slipwayAudit":1,"time":"t"})";
  EXPECT_EQ(json::parse(text)["hash"], PlainSha256Hex(without));
}

TEST(AuditRecord, TextThatIsNoUtf8IsWrittenAllTheSame) {
  Head head{"me", 0, ""};
  const std::string text = Seal({{"action", "Delete"}, {"why", "\xFF"}}, head);
  const json record = json::parse(text);
  EXPECT_EQ(record["hash"], HashOf(record));
}

TEST(AuditRecord, TheStateOfAnObjectIsWhatIsMeant) {
  const auto state = StateOf(
      R"({"kind":"Pod","apiVersion":"v1","spec":{"b":1,"a":2},"status":{"phase":"Running"},)"
      R"("metadata":{"uid":"u","resourceVersion":"7","name":"x","managedFields":[{}]}})");
  ASSERT_TRUE(state);
  EXPECT_EQ(state->uid, "u");
  EXPECT_EQ(state->resource_version, "7");
  EXPECT_EQ(state->sha256,
            PlainSha256Hex(R"({"metadata":{"name":"x","uid":"u"},"spec":{"a":2,"b":1}})"));
}

TEST(AuditRecord, WhatIsNoObjectHasNoState) {
  for (const char* text : {"", "[]", "1", "{", R"({"metadata":)"}) EXPECT_FALSE(StateOf(text));
  EXPECT_TRUE(StateOf(R"({"metadata":[]})"));
}

}  // namespace
}  // namespace slipway::audit
