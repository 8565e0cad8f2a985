#include "operator/base/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <atomic>
#include <map>
#include <type_traits>

#include "operator/base/mutex.hpp"

namespace slipway {
namespace {

using Type = MetricInfo::Type;

enum Id : std::size_t {
  kReconciles,
  kReconcileDuration,
  kQueueDepth,
  kQueueWait,
  kApiRequestDuration,
  kWritesSkipped,
  kWatchAge,
  kWatchRestarts,
  kUndecodable,
  kLeader,
  kBuildInfo,
  kEventsEmitted,
  kAuditRecords,
  kCount
};

/// In the order of Id.
constexpr std::array<MetricInfo, kCount> kTable = {{
    {Type::kCounter, "slipway_reconcile_total", "Reconciles by kind and result."},
    {Type::kHistogram, "slipway_reconcile_duration_seconds",
     "Time of one reconcile: snapshot, plan, writes and status."},
    {Type::kGauge, "slipway_queue_depth", "Objects that wait for a worker."},
    {Type::kHistogram, "slipway_queue_wait_seconds",
     "Time from an object becoming due until a worker takes it."},
    {Type::kHistogram, "slipway_api_request_duration_seconds",
     "Time of one request to the API server, by verb, resource and HTTP status or error."},
    {Type::kCounter, "slipway_writes_skipped_total",
     "Writes not made because the object already was as wanted."},
    {Type::kGauge, "slipway_watch_age_seconds",
     "Time since a watch last delivered anything, bookmarks and restarts included."},
    {Type::kCounter, "slipway_watch_restarts_total", "Ends of a watch by reason."},
    {Type::kCounter, "slipway_undecodable_objects_total",
     "Objects from the API server that could not be understood and were skipped."},
    {Type::kGauge, "slipway_leader", "1 while this replica holds the Lease."},
    {Type::kGauge, "slipway_build_info", "Always 1; the version is a label."},
    {Type::kCounter, "slipway_events_emitted_total", "Events written to the API server."},
    {Type::kCounter, "slipway_audit_records_total",
     "Records of the audit log, by whether they were written or lost."},
}};

/// 1 ms to 30 s; a reconcile or request beyond that has hit a deadline.
const prometheus::Histogram::BucketBoundaries kSecondsBuckets = {
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};

template <class Series>
auto BuilderOf() {
  if constexpr (std::is_same_v<Series, prometheus::Counter>) return prometheus::BuildCounter();
  if constexpr (std::is_same_v<Series, prometheus::Gauge>) return prometheus::BuildGauge();
  if constexpr (std::is_same_v<Series, prometheus::Histogram>) return prometheus::BuildHistogram();
}

}  // namespace

struct AgeGauge::State {
  explicit State(prometheus::Gauge& target) : gauge(&target) {}
  prometheus::Gauge* gauge;
  std::atomic<SteadyInstant::rep> last{0};
};

struct Metrics::Impl {
  explicit Impl(const Clock& source) : clock(source) {}

  template <class Series>
  prometheus::Family<Series>& Declare(Id id) {
    const MetricInfo& info = kTable.at(id);
    return BuilderOf<Series>()
        .Name(std::string(info.name))
        .Help(std::string(info.help))
        .Register(registry);
  }

  const Clock& clock;
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& reconciles = Declare<prometheus::Counter>(kReconciles);
  prometheus::Family<prometheus::Histogram>& reconcile_duration =
      Declare<prometheus::Histogram>(kReconcileDuration);
  prometheus::Family<prometheus::Gauge>& queue_depth = Declare<prometheus::Gauge>(kQueueDepth);
  prometheus::Family<prometheus::Histogram>& queue_wait =
      Declare<prometheus::Histogram>(kQueueWait);
  prometheus::Family<prometheus::Histogram>& api_request_duration =
      Declare<prometheus::Histogram>(kApiRequestDuration);
  prometheus::Family<prometheus::Counter>& writes_skipped =
      Declare<prometheus::Counter>(kWritesSkipped);
  prometheus::Family<prometheus::Gauge>& watch_age = Declare<prometheus::Gauge>(kWatchAge);
  prometheus::Family<prometheus::Counter>& watch_restarts =
      Declare<prometheus::Counter>(kWatchRestarts);
  prometheus::Family<prometheus::Counter>& undecodable = Declare<prometheus::Counter>(kUndecodable);
  prometheus::Family<prometheus::Gauge>& leader = Declare<prometheus::Gauge>(kLeader);
  prometheus::Family<prometheus::Gauge>& build_info = Declare<prometheus::Gauge>(kBuildInfo);
  prometheus::Family<prometheus::Counter>& events_emitted =
      Declare<prometheus::Counter>(kEventsEmitted);
  prometheus::Family<prometheus::Counter>& audit_records =
      Declare<prometheus::Counter>(kAuditRecords);

  Mutex ages_mutex;
  std::map<std::string, AgeGauge::State, std::less<>> ages SLIPWAY_GUARDED_BY(ages_mutex);
};

void Counter::Increment() const { series_->Increment(); }
void Gauge::Set(double value) const { series_->Set(value); }
void Histogram::Observe(std::chrono::duration<double> duration) const {
  series_->Observe(duration.count());
}
void AgeGauge::Touch(SteadyInstant now) const {
  state_->last.store(now.time_since_epoch().count(), std::memory_order_relaxed);
}

Metrics::Metrics(const Clock& clock) : impl_(std::make_unique<Impl>(clock)) {
  impl_->build_info.Add({{"version", SLIPWAY_VERSION}}).Set(1);
  // So that a rate() has a zero to start from.
  Leader();
  QueueDepth();
  QueueWait();
  EventsEmitted();
}

Metrics::~Metrics() = default;

std::span<const MetricInfo> Metrics::Table() { return kTable; }

Counter Metrics::Reconciles(std::string_view kind, std::string_view result) {
  return Counter(
      impl_->reconciles.Add({{"kind", std::string(kind)}, {"result", std::string(result)}}));
}

Histogram Metrics::ReconcileDuration(std::string_view kind) {
  return Histogram(impl_->reconcile_duration.Add({{"kind", std::string(kind)}}, kSecondsBuckets));
}

Gauge Metrics::QueueDepth() { return Gauge(impl_->queue_depth.Add({})); }

Histogram Metrics::QueueWait() { return Histogram(impl_->queue_wait.Add({}, kSecondsBuckets)); }

Histogram Metrics::ApiRequestDuration(std::string_view verb, std::string_view resource,
                                      std::string_view code) {
  return Histogram(impl_->api_request_duration.Add({{"verb", std::string(verb)},
                                                    {"resource", std::string(resource)},
                                                    {"code", std::string(code)}},
                                                   kSecondsBuckets));
}

Counter Metrics::WritesSkipped(std::string_view resource) {
  return Counter(impl_->writes_skipped.Add({{"resource", std::string(resource)}}));
}

AgeGauge Metrics::WatchAge(std::string_view resource) {
  const MutexLock lock(impl_->ages_mutex);
  const auto found = impl_->ages.find(resource);
  if (found != impl_->ages.end()) return AgeGauge(found->second);
  auto& gauge = impl_->watch_age.Add({{"resource", std::string(resource)}});
  const auto added = impl_->ages.try_emplace(std::string(resource), gauge).first;
  const AgeGauge age(added->second);
  age.Touch(impl_->clock.Steady());
  return age;
}

Counter Metrics::WatchRestarts(std::string_view resource, std::string_view reason) {
  return Counter(impl_->watch_restarts.Add(
      {{"resource", std::string(resource)}, {"reason", std::string(reason)}}));
}

Counter Metrics::UndecodableObjects(std::string_view resource) {
  return Counter(impl_->undecodable.Add({{"resource", std::string(resource)}}));
}

Gauge Metrics::Leader() { return Gauge(impl_->leader.Add({})); }

Counter Metrics::EventsEmitted() { return Counter(impl_->events_emitted.Add({})); }

Counter Metrics::AuditRecords(std::string_view result) {
  return Counter(impl_->audit_records.Add({{"result", std::string(result)}}));
}

std::string Metrics::Render() const {
  const SteadyInstant now = impl_->clock.Steady();
  {
    const MutexLock lock(impl_->ages_mutex);
    for (auto& [resource, age] : impl_->ages) {
      const SteadyInstant last{SteadyInstant::duration{age.last.load()}};
      age.gauge->Set(std::chrono::duration<double>(now - last).count());
    }
  }
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace slipway
