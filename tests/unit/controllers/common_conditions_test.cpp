#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/common/conditions.hpp"
#include "controllers/common/status.hpp"
#include "controllers/common/text.hpp"
#include "crds/generated/codec.hpp"

namespace slipway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::Field;

const Instant kThen = Instant(seconds(1'000'000));
const Instant kNow = kThen + seconds(60);

std::vector<api::Condition> Recorded() {
  std::vector<api::Condition> conditions;
  ConditionWriter(conditions, 1, kThen).Set("Ready", false, "Starting", "2 of 4");
  return conditions;
}

TEST(ConditionWriter, LeavesAnEqualConditionUntouched) {
  auto conditions = Recorded();
  ConditionWriter(conditions, 1, kNow).Set("Ready", false, "Starting", "2 of 4");
  EXPECT_EQ(conditions, Recorded());
}

TEST(ConditionWriter, MovesTheTimeOnlyWhenTheStatusFlips) {
  auto conditions = Recorded();
  ConditionWriter(conditions, 2, kNow).Set("Ready", false, "Running", "4 of 4");
  EXPECT_EQ(conditions.front().last_transition_time, kThen);
  EXPECT_EQ(conditions.front().reason, "Running");
  EXPECT_EQ(conditions.front().observed_generation, 2);
  ConditionWriter(conditions, 2, kNow).Set("Ready", true, "Complete", "done");
  EXPECT_EQ(conditions.front().last_transition_time, kNow);
}

TEST(ConditionWriter, WritesWholeSeconds) {
  std::vector<api::Condition> conditions;
  ConditionWriter(conditions, 1, kNow + milliseconds(999)).Set("Ready", true, "Complete", "");
  EXPECT_EQ(conditions.front().last_transition_time, kNow);
}

TEST(ConditionWriter, SortsByTypeWhateverTheOrderOfWriting) {
  std::vector<api::Condition> conditions;
  ConditionWriter writer(conditions, 1, kNow);
  writer.Set("Running", true, "Running", "");
  writer.Set("Complete", false, "Running", "");
  writer.Set("Ready", false, "Running", "");
  EXPECT_THAT(conditions, ElementsAre(Field(&api::Condition::type, "Complete"),
                                      Field(&api::Condition::type, "Ready"),
                                      Field(&api::Condition::type, "Running")));
}

TEST(ConditionWriter, SetWhileRemovesWhatIsNotTrue) {
  auto conditions = Recorded();
  ConditionWriter writer(conditions, 1, kNow);
  writer.SetWhile(true, "Stalled", "NameConflict", "taken");
  EXPECT_TRUE(IsTrue(conditions, "Stalled"));
  writer.SetWhile(false, "Stalled", "NameConflict", "taken");
  EXPECT_EQ(FindCondition(conditions, "Stalled"), nullptr);
  EXPECT_NE(FindCondition(conditions, "Ready"), nullptr);
}

TEST(ConditionWriter, MakesTheMessageOneLine) {
  std::vector<api::Condition> conditions;
  ConditionWriter(conditions, 1, kNow).Set("Ready", false, "Failed", "a\n  b\t");
  EXPECT_EQ(conditions.front().message, "a b");
}

TEST(OneLine, CutsAtACharacterAndSaysSo) {
  EXPECT_EQ(OneLine("short"), "short");
  EXPECT_EQ(OneLine("0123456789", 8), "01234...");
  EXPECT_EQ(OneLine("0123\xC3\xA9xyz", 8), "0123...") << "a cut UTF-8 character is no text";
}

TEST(LastWords, KeepsTheEnd) {
  EXPECT_EQ(LastWords("0123456789", 8), "...56789");
  EXPECT_EQ(LastWords("012345\xC3\xA9xyz", 7), "...xyz");
  EXPECT_EQ(LastWords("Traceback:\n  ValueError: NaN\n"), "Traceback: ValueError: NaN");
}

TEST(Listed, CountsWhatItDoesNotShow) {
  EXPECT_EQ(Listed({}, 3), "");
  EXPECT_EQ(Listed({"a", "b", "c"}, 3), "a, b, c");
  EXPECT_EQ(Listed({"a", "b", "c", "d", "e"}, 3), "a, b, c and 2 more");
}

TEST(StatusIfChanged, WritesNothingWhenNothingChanged) {
  api::TrainingJobStatus status;
  status.message = "all 2 nodes run";
  EXPECT_FALSE(StatusIfChanged<api::TrainingJobStatus>(status, status));
  api::TrainingJobStatus next = status;
  next.restarts = 1;
  EXPECT_EQ(StatusIfChanged<api::TrainingJobStatus>(status, next), ToJson(next));
  EXPECT_TRUE(StatusIfChanged<api::TrainingJobStatus>(std::nullopt, status));
}

}  // namespace
}  // namespace slipway
