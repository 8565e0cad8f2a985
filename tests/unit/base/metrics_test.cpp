#include "operator/base/metrics.hpp"

#include <gmock/gmock.h>

#include <set>

namespace slipway {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class ManualClock final : public Clock {
 public:
  Instant Now() const override { return {}; }
  SteadyInstant Steady() const override { return now; }
  SteadyInstant now{100s};
};

TEST(Metrics, RendersEverySeriesItWasTold) {
  const ManualClock clock;
  Metrics metrics(clock);
  metrics.Reconciles("TrainingJob", "ok").Increment();
  metrics.Reconciles("TrainingJob", "ok").Increment();
  metrics.ReconcileDuration("TrainingJob").Observe(3ms);
  metrics.QueueDepth().Set(4);
  metrics.QueueWait().Observe(2s);
  metrics.ApiRequestDuration("GET", "pods", "200").Observe(20ms);
  metrics.WritesSkipped("services").Increment();
  metrics.WatchRestarts("pods", "Gone").Increment();
  metrics.UndecodableObjects("pods").Increment();
  metrics.Leader().Set(1);
  metrics.EventsEmitted().Increment();
  metrics.AuditRecords("lost").Increment();
  const std::string text = metrics.Render();
  for (const auto* line : {
           "slipway_reconcile_total{kind=\"TrainingJob\",result=\"ok\"} 2",
           "slipway_reconcile_duration_seconds_bucket{kind=\"TrainingJob\",le=\"0.005\"} 1",
           "slipway_queue_depth 4",
           "slipway_queue_wait_seconds_sum 2",
           "slipway_api_request_duration_seconds_count{code=\"200\",resource=\"pods\",verb=\"GET\"}"
           " 1",
           "slipway_writes_skipped_total{resource=\"services\"} 1",
           "slipway_watch_restarts_total{reason=\"Gone\",resource=\"pods\"} 1",
           "slipway_undecodable_objects_total{resource=\"pods\"} 1",
           "slipway_leader 1",
           "slipway_build_info{version=\"" SLIPWAY_VERSION "\"} 1",
           "slipway_events_emitted_total 1",
           "slipway_audit_records_total{result=\"lost\"} 1",
       }) {
    EXPECT_THAT(text, HasSubstr(std::string(line) + "\n"));
  }
  metrics.WatchAge("pods");
  const std::string complete = metrics.Render();
  for (const MetricInfo& metric : Metrics::Table()) {
    EXPECT_THAT(complete, HasSubstr("# HELP " + std::string(metric.name) + " "));
  }
}

TEST(Metrics, SeriesWithoutLabelsAreThereFromTheStart) {
  const ManualClock clock;
  const std::string text = Metrics(clock).Render();
  for (const auto* line : {"slipway_queue_depth 0", "slipway_queue_wait_seconds_count 0",
                           "slipway_leader 0", "slipway_events_emitted_total 0"}) {
    EXPECT_THAT(text, HasSubstr(std::string(line) + "\n"));
  }
}

TEST(Metrics, WatchAgeIsComputedWhenRead) {
  ManualClock clock;
  Metrics metrics(clock);
  const AgeGauge age = metrics.WatchAge("pods");
  clock.now += 7s;
  EXPECT_THAT(metrics.Render(), HasSubstr("slipway_watch_age_seconds{resource=\"pods\"} 7\n"));
  age.Touch(clock.now);
  clock.now += 1500ms;
  EXPECT_THAT(metrics.Render(), HasSubstr("slipway_watch_age_seconds{resource=\"pods\"} 1.5\n"));
  metrics.WatchAge("pods");  // Looking it up again does not touch it.
  EXPECT_THAT(metrics.Render(), HasSubstr("slipway_watch_age_seconds{resource=\"pods\"} 1.5\n"));
}

TEST(Metrics, TableFollowsThePrometheusNamingRules) {
  std::set<std::string_view> names;
  for (const MetricInfo& metric : Metrics::Table()) {
    EXPECT_TRUE(names.insert(metric.name).second) << metric.name;
    EXPECT_TRUE(metric.name.starts_with("slipway_")) << metric.name;
    EXPECT_EQ(metric.name.ends_with("_total"), metric.type == MetricInfo::Type::kCounter)
        << metric.name;
    EXPECT_TRUE(metric.help.ends_with('.')) << metric.name;
    if (metric.type == MetricInfo::Type::kHistogram) {
      EXPECT_TRUE(metric.name.ends_with("_seconds")) << metric.name;
    }
  }
}

}  // namespace
}  // namespace slipway
