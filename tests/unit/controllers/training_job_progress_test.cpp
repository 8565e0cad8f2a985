#include <gmock/gmock.h>

#include "controllers/training_job/controller.hpp"
#include "controllers/training_job/progress.hpp"

namespace slipway::training_job {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Instant At(const char* time) { return *ParseTime(time); }

const Instant kNow = At("2026-09-01T12:10:00Z");

Progress Read(const std::string& text) { return ReadProgress(text, kNow); }

TEST(ReadProgress, ReadsAllOfIt) {
  const Progress progress = Read(
      R"({"progressPercentage": 42.9, "estimatedRemainingSeconds": 5400,
          "metrics": {"loss": 0.31, "accuracy": null},
          "checkpoint": {"step": 12000, "time": 1788264540.75}, "epoch": 3})");
  EXPECT_EQ(progress.problem, "");
  EXPECT_EQ(progress.time, kNow);
  EXPECT_EQ(progress.percentage, 42);
  EXPECT_EQ(progress.remaining_seconds, 5400);
  EXPECT_THAT(progress.metrics, ElementsAre(api::MetricValue{"loss", "0.31"}));
  EXPECT_EQ(progress.checkpoint, (ReportedCheckpoint{12000, At("2026-09-01T12:09:00Z")}));
}

TEST(ReadProgress, NothingHasToBeThere) {
  EXPECT_EQ(Read("{}"), (Progress{kNow, {}, {}, {}, {}, {}}));
  EXPECT_EQ(Read(R"({"checkpoint": {}})").checkpoint, ReportedCheckpoint{});
}

struct Bad {
  const char* name;
  std::string text;
  const char* complaint;
};

class BadProgress : public testing::TestWithParam<Bad> {};

TEST_P(BadProgress, IsNotUsedAndSaysWhy) {
  const Progress progress = Read(GetParam().text);
  EXPECT_THAT(progress.problem, HasSubstr(GetParam().complaint));
  EXPECT_LE(progress.problem.size(), 1024U);
  Progress rest = progress;
  rest.problem.clear();
  EXPECT_EQ(rest, (Progress{kNow, {}, {}, {}, {}, {}})) << "something of it was used";
}

INSTANTIATE_TEST_SUITE_P(
    Hostile, BadProgress,
    testing::Values(
        Bad{"Empty", "", "not JSON"}, Bad{"Text", "42", "it is 42, but must be a JSON object"},
        Bad{"List", "[]", "it is [], but must be a JSON object"},
        Bad{"Deep", std::string(3000, '['), "not JSON"},
        Bad{"Nan", R"({"progressPercentage": NaN})", "not JSON"},
        Bad{"TooMuch", R"({"progressPercentage": 420})",
            "progressPercentage is 420, but must be a number from 0 to 100"},
        Bad{"Negative", R"({"progressPercentage": -0.5})", "progressPercentage is -0.5"},
        Bad{"Huge", R"({"progressPercentage": 1e308})", "progressPercentage is"},
        Bad{"Quoted", R"({"progressPercentage": "42"})", "progressPercentage is \"42\""},
        Bad{"Forever", R"({"estimatedRemainingSeconds": 1e10})", "estimatedRemainingSeconds is"},
        Bad{"MetricText", R"({"metrics": "loss"})", "metrics is \"loss\", but must be an object"},
        Bad{"MetricName", "{\"metrics\": {\"a\\u0007\": 1}}", "the name of a metric"},
        Bad{"MetricTwice", R"({"metrics": [{"name": "a", "value": 1}, {"name": "a", "value": 2}]})",
            "there once only"},
        Bad{"Step", R"({"checkpoint": {"step": 1.5}})", "checkpoint.step is 1.5"},
        Bad{"StepNegative", R"({"checkpoint": {"step": -1}})", "checkpoint.step is -1"},
        Bad{"StepHuge", R"({"checkpoint": {"step": 18446744073709551615}})", "checkpoint.step is"},
        Bad{"Time", R"({"checkpoint": {"time": "2026-09-01"}})", "checkpoint.time is"},
        Bad{"TimeNegative", R"({"checkpoint": {"time": -1}})", "checkpoint.time is -1"},
        Bad{"TimeHuge", R"({"checkpoint": {"time": 1e300}})", "checkpoint.time is"},
        Bad{"Checkpoint", R"({"checkpoint": 12000})",
            "checkpoint is 12000, but must be an object"}),
    [](const auto& item) { return item.param.name; });

TEST(ReadProgress, HasRoomForThirtyTwoMetrics) {
  std::string metrics;
  for (int i = 0; i < 32; ++i) metrics += "\"m" + std::to_string(i) + "\": 1, ";
  EXPECT_EQ(Read("{\"metrics\": {" + metrics + "\"x\": null}}").metrics.size(), 32U);
  EXPECT_THAT(Read("{\"metrics\": {" + metrics + "\"x\": 1}}").problem,
              HasSubstr("one of at most 32 metrics"));
}

api::TrainingJob RunningJob() {
  api::TrainingJob job;
  job.status.emplace();
  job.status->conditions.push_back({std::string(condition::kRunning), ConditionStatus::kTrue, 1,
                                    At("2026-09-01T12:00:00Z"), "Running", ""});
  return job;
}

TEST(WithProgress, KeepsWhatWasKnownWhenAReportCannotBeUsed) {
  api::TrainingJob job = RunningJob();
  job.status = WithProgress(job, Read(R"({"progressPercentage": 42})"));
  Progress bad = ReadProgress("[]", kNow + std::chrono::seconds(30));
  job.status = WithProgress(job, bad);
  EXPECT_EQ(job.status->trainer_status->progress_percentage, 42);
  EXPECT_EQ(job.status->trainer_status->last_updated_time, bad.time);
  EXPECT_EQ(job.status->trainer_status->problem, bad.problem);
  job.status = WithProgress(job, Read("{}"));
  EXPECT_FALSE(job.status->trainer_status->problem);
  EXPECT_FALSE(job.status->trainer_status->progress_percentage);
}

TEST(WithProgress, WorkIsLostSinceTheCheckpointOrTheStart) {
  const auto lost = [](const api::TrainingJob& job, const std::string& report) {
    return WithProgress(job, Read(report)).checkpoint->lost_seconds_if_killed_now;
  };
  api::TrainingJob job = RunningJob();
  EXPECT_FALSE(WithProgress(job, Read("{}")).checkpoint) << "nobody wants to know";
  job.spec.checkpoint.emplace();
  EXPECT_EQ(lost(job, "{}"), 600) << "all of it";
  EXPECT_EQ(lost(job, R"({"checkpoint": {"step": 1, "time": 1788264540}})"), 60);
  EXPECT_EQ(lost(job, R"({"checkpoint": {"step": 1, "time": 1788170000}})"), 600)
      << "what was before the start was lost already";
  EXPECT_EQ(lost(job, R"({"checkpoint": {"step": 1, "time": 1788999999}})"), 0)
      << "its clock is ahead";
  job.status->conditions.clear();
  EXPECT_EQ(lost(job, R"({"checkpoint": {"step": 1, "time": 1788170000}})"), 0) << "it has ended";
}

TEST(WithProgress, ACheckpointWithoutATimeIsAsOldAsItsFirstReport) {
  api::TrainingJob job = RunningJob();
  job.status = WithProgress(job, Read(R"({"checkpoint": {"step": 7}})"));
  EXPECT_EQ(job.status->checkpoint->time, kNow);
  const auto later = [&](const char* report) {
    return *WithProgress(job, ReadProgress(report, kNow + std::chrono::seconds(30))).checkpoint;
  };
  EXPECT_EQ(later(R"({"checkpoint": {"step": 7}})").time, kNow);
  EXPECT_EQ(later(R"({"checkpoint": {"step": 7}})").lost_seconds_if_killed_now, 30);
  EXPECT_EQ(later(R"({"checkpoint": {"step": 8}})").time, kNow + std::chrono::seconds(30));
  EXPECT_EQ(later("{}").step, 7) << "no news";
}

TEST(TakeReport, WhatHasEndedTakesNone) {
  const Controller controller = MakeTrainingJobController({});
  const ObjectKey key{kHomeCluster, "team", "churn"};
  const auto take = [&](const api::TrainingJob& job) {
    const auto object = std::make_shared<const Object>(Object{
        kTrainingJobs.type, key, job.meta, std::make_shared<const api::TrainingJob>(job), {}});
    return controller.take_report({key, Snapshot({object}), kNow, {}}, "{}");
  };
  api::TrainingJob job = RunningJob();
  EXPECT_TRUE(take(job).status);
  EXPECT_THAT(take(job).refusal, IsEmpty());
  job.status->conditions.push_back(
      {std::string(condition::kComplete), ConditionStatus::kTrue, 1, kNow, "Complete", ""});
  EXPECT_FALSE(take(job).status);
  EXPECT_THAT(take(job).refusal, HasSubstr("stop to report"));
  job.status.reset();
  EXPECT_FALSE(take(job).status);
}

}  // namespace
}  // namespace slipway::training_job
