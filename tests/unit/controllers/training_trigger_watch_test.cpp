#include <gtest/gtest.h>

#include "controllers/training_trigger/poll_result.hpp"
#include "controllers/training_trigger/watch.hpp"

namespace slipway::training_trigger {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

const Instant kNoon = *ParseTime("2026-09-01T12:00:00Z");
const std::string kOne(40, '1');
const std::string kTwo(40, '2');

const Watch kBranch{api::TriggerCause::kCommit, "branch main of https://h/r", seconds(120)};
const Watch kStore{api::TriggerCause::kData, "s3://b/", seconds(300), 3, seconds(60)};

PollResult Commit(const std::string& hash) { return {hash, std::nullopt, 0}; }
PollResult Objects(std::int64_t count, std::int64_t fresh) {
  return {"sha256:" + std::to_string(count), api::DataListing{count, kNoon, 1}, fresh};
}

TEST(TrainingTriggerWatch, TheFirstLookStartsNothing) {
  auto record = BeginWith(nullptr, kBranch, kNoon);
  EXPECT_EQ(record.next_poll_time, kNoon);
  RecordLook(record, kBranch, Commit(kOne), std::nullopt, kNoon);
  EXPECT_FALSE(record.due_time);
  EXPECT_EQ(record.started_revision, kOne);
  EXPECT_EQ(record.next_poll_time, kNoon + seconds(120));

  auto data = BeginWith(nullptr, kStore, kNoon);
  RecordLook(data, kStore, Objects(500, 500), std::nullopt, kNoon);
  EXPECT_FALSE(data.due_time);
  EXPECT_EQ(data.new_objects, 0);
  EXPECT_EQ(data.counted_from->objects, 500);
}

TEST(TrainingTriggerWatch, AnotherCommitMakesAJobDueUntilItIsStarted) {
  auto record = BeginWith(nullptr, kBranch, kNoon);
  RecordLook(record, kBranch, Commit(kOne), std::nullopt, kNoon);
  RecordLook(record, kBranch, Commit(kTwo), std::nullopt, kNoon + seconds(120));
  EXPECT_EQ(record.due_time, kNoon + seconds(120));
  RecordLook(record, kBranch, Commit(std::string(40, '3')), std::nullopt, kNoon + seconds(240));
  EXPECT_EQ(record.due_time, kNoon + seconds(120)) << "the time names the job, and stays";
  RecordStart(record, std::string(40, '3'));
  EXPECT_FALSE(record.due_time);
  RecordLook(record, kBranch, Commit(std::string(40, '3')), std::nullopt, kNoon + seconds(360));
  EXPECT_FALSE(record.due_time);
}

TEST(TrainingTriggerWatch, WhatCameAfterTheJobOfAPassThatDiedIsNotForgotten) {
  auto record = BeginWith(nullptr, kBranch, kNoon);
  RecordLook(record, kBranch, Commit(kOne), std::nullopt, kNoon);
  RecordLook(record, kBranch, Commit(kTwo), std::nullopt, kNoon + seconds(120));
  const std::string three(40, '3');
  RecordLook(record, kBranch, Commit(three), std::nullopt, kNoon + seconds(240));
  RecordStart(record, kTwo);
  RecordLook(record, kBranch, Commit(three), std::nullopt, kNoon + seconds(360));
  EXPECT_EQ(record.due_time, kNoon + seconds(360));

  auto data = BeginWith(nullptr, kStore, kNoon);
  RecordLook(data, kStore, Objects(10, 10), std::nullopt, kNoon);
  RecordLook(data, kStore, Objects(14, 4), std::nullopt, kNoon + seconds(300));
  RecordStart(data, "sha256:13");
  EXPECT_EQ(data.counted_from->objects, 10);
}

TEST(TrainingTriggerWatch, ABranchThatIsSetBackNeedsNoJob) {
  auto record = BeginWith(nullptr, kBranch, kNoon);
  for (const auto& commit : {kOne, kTwo, kOne}) {
    RecordLook(record, kBranch, Commit(commit), std::nullopt, kNoon);
  }
  EXPECT_FALSE(record.due_time);
}

TEST(TrainingTriggerWatch, NoTwoJobsBecomeDueAtTheSameTime) {
  auto record = BeginWith(nullptr, kBranch, kNoon);
  RecordLook(record, kBranch, Commit(kOne), std::nullopt, kNoon);
  RecordLook(record, kBranch, Commit(kTwo), kNoon + hours(1), kNoon);
  EXPECT_EQ(record.due_time, kNoon + hours(1) + seconds(1)) << "the clock was set back";
}

TEST(TrainingTriggerWatch, DataIsDueWhenEnoughHasComeAndNothingMoreComes) {
  auto record = BeginWith(nullptr, kStore, kNoon);
  RecordLook(record, kStore, Objects(10, 10), std::nullopt, kNoon);
  Instant now = kNoon + seconds(300);
  RecordLook(record, kStore, Objects(12, 2), std::nullopt, now);
  EXPECT_FALSE(record.due_time);
  EXPECT_EQ(record.next_poll_time, now + seconds(300)) << "two are too few to wait for their end";
  now += seconds(300);
  RecordLook(record, kStore, Objects(14, 4), std::nullopt, now);
  EXPECT_FALSE(record.due_time) << "more may come";
  EXPECT_EQ(record.next_poll_time, now + seconds(60));
  now += seconds(60);
  RecordLook(record, kStore, Objects(15, 5), std::nullopt, now);
  EXPECT_FALSE(record.due_time) << "more has come";
  now += seconds(60);
  RecordLook(record, kStore, Objects(15, 5), std::nullopt, now);
  EXPECT_EQ(record.due_time, now);
  RecordStart(record, "sha256:15");
  EXPECT_EQ(record.new_objects, 0);
  EXPECT_EQ(record.counted_from->objects, 15);
}

TEST(TrainingTriggerWatch, AnObjectWithAnOldTimeCountsByTheirNumber) {
  auto record = BeginWith(nullptr, kStore, kNoon);
  RecordLook(record, kStore, Objects(10, 10), std::nullopt, kNoon);
  RecordLook(record, kStore, Objects(14, 0), std::nullopt, kNoon + seconds(300));
  EXPECT_EQ(record.new_objects, 4);
  RecordLook(record, kStore, Objects(2, 0), std::nullopt, kNoon + seconds(600));
  EXPECT_EQ(record.new_objects, 0) << "deleted ones are none";
}

TEST(TrainingTriggerWatch, WithoutADebounceDataIsDueAtOnce) {
  const Watch store{api::TriggerCause::kData, "s3://b/", seconds(300), 1, seconds(0)};
  auto record = BeginWith(nullptr, store, kNoon);
  RecordLook(record, store, Objects(1, 1), std::nullopt, kNoon);
  RecordLook(record, store, Objects(2, 1), std::nullopt, kNoon + seconds(300));
  EXPECT_EQ(record.due_time, kNoon + seconds(300));
}

TEST(TrainingTriggerWatch, LooksInVainComeEverMoreRarely) {
  auto record = BeginWith(nullptr, kBranch, kNoon);
  for (const int wait : {120, 240, 480, 960, 1920, 3600, 3600, 3600}) {
    RecordFailure(record, kBranch, kNoon);
    EXPECT_EQ(record.next_poll_time, kNoon + seconds(wait)) << *record.failures;
  }
  EXPECT_FALSE(record.due_time);
  const Watch rare{api::TriggerCause::kData, "s3://b/", seconds(86400)};
  RecordFailure(record, rare, kNoon);
  EXPECT_EQ(record.next_poll_time, kNoon + seconds(86400));
  RecordLook(record, kBranch, Commit(kOne), std::nullopt, kNoon);
  EXPECT_FALSE(record.failures);
}

TEST(TrainingTriggerWatch, AnotherSourceBeginsAnew) {
  auto record = BeginWith(nullptr, kBranch, kNoon);
  RecordLook(record, kBranch, Commit(kOne), std::nullopt, kNoon);
  Watch other = kBranch;
  other.target = "branch next of https://h/r";
  const auto next = BeginWith(&record, other, kNoon + seconds(5));
  EXPECT_FALSE(next.started_revision);
  EXPECT_EQ(next.next_poll_time, kNoon + seconds(5));
  EXPECT_EQ(BeginWith(&record, kBranch, kNoon), record);
}

TEST(TrainingTriggerWatch, NobodyWaitsForATimeOfAnotherClock) {
  auto record = BeginWith(nullptr, kBranch, kNoon);
  RecordLook(record, kBranch, Commit(kOne), std::nullopt, kNoon);
  EXPECT_EQ(BeginWith(&record, kBranch, kNoon - hours(2)).next_poll_time, kNoon - hours(2));
}

TEST(TrainingTriggerPollResult, IsReadAsItWasWritten) {
  const PollResult commit{kOne, std::nullopt, 0};
  EXPECT_EQ(*ReadPollResult(WritePollResult(commit)), commit);
  const PollResult data{"sha256:" + std::string(64, 'a'), api::DataListing{7, kNoon, 2}, 3};
  EXPECT_EQ(*ReadPollResult(WritePollResult(data)), data);
  const PollResult nothing{"sha256:" + std::string(64, 'a'), api::DataListing{}, 0};
  EXPECT_EQ(*ReadPollResult(WritePollResult(nothing)), nothing);
}

TEST(TrainingTriggerPollResult, AFailureIsToldInItsOwnWords) {
  const std::string text = WritePollFailure("no branch\n \xff main");
  const auto result = ReadPollResult(text);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kInvalid);
  EXPECT_TRUE(result.error().message.starts_with("no branch")) << result.error().message;
  EXPECT_LE(WritePollFailure(std::string(10000, 'x')).size(), kMaxPollResult);
}

TEST(TrainingTriggerPollResult, WhatIsNoneIsRefused) {
  for (const char* text : {"", "x", "{}", "[]", R"({"revision": ""})", R"({"revision": 5})",
                           R"({"revision": "A b"})", R"({"revision": "\n"})"}) {
    const auto result = ReadPollResult(text);
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().code, Code::kInternal) << text;
  }
  const auto odd = ReadPollResult(
      R"({"revision": "a1", "listing": {"objects": -5, "newestTime": "x"}, "newObjects": -1})");
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->listing->objects, 0);
  EXPECT_FALSE(odd->listing->newest_time);
  EXPECT_EQ(odd->new_objects, 0);
}

}  // namespace
}  // namespace slipway::training_trigger
