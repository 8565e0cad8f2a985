#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "operator/base/clock.hpp"

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace slipway {

/// Handles to one time series each: cheap to copy, safe to use from any thread, valid as long as
/// the Metrics they come from. Look one up once where it is hot.
class Counter {
 public:
  explicit Counter(prometheus::Counter& series) : series_(&series) {}
  void Increment() const;

 private:
  prometheus::Counter* series_;
};

class Gauge {
 public:
  explicit Gauge(prometheus::Gauge& series) : series_(&series) {}
  void Set(double value) const;

 private:
  prometheus::Gauge* series_;
};

class Histogram {
 public:
  explicit Histogram(prometheus::Histogram& series) : series_(&series) {}
  void Observe(std::chrono::duration<double> duration) const;

 private:
  prometheus::Histogram* series_;
};

/// A gauge of the seconds since something last happened, computed when it is read.
class AgeGauge {
 public:
  struct State;
  explicit AgeGauge(State& state) : state_(&state) {}
  /// It has just happened.
  void Touch(SteadyInstant now) const;

 private:
  State* state_;
};

/// What a metric is called and means. Dashboards and alert rules are checked against this.
struct MetricInfo {
  enum class Type { kCounter, kGauge, kHistogram };
  Type type;
  std::string_view name;
  std::string_view help;
};

/// Every metric of the operator; all are declared in one table in metrics.cpp. Thread-safe.
/// Label values come from bounded sets (kinds, verbs, codes), never from object names.
class Metrics {
 public:
  explicit Metrics(const Clock& clock);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  static std::span<const MetricInfo> Table();

  Counter Reconciles(std::string_view kind, std::string_view result);
  Histogram ReconcileDuration(std::string_view kind);
  Gauge QueueDepth();
  Histogram QueueWait();
  /// `code` is the HTTP status, or the name of the Code when there was no answer.
  Histogram ApiRequestDuration(std::string_view verb, std::string_view resource,
                               std::string_view code);
  Counter WritesSkipped(std::string_view resource);
  AgeGauge WatchAge(std::string_view resource);
  Counter WatchRestarts(std::string_view resource, std::string_view reason);
  Counter UndecodableObjects(std::string_view resource);
  Gauge Leader();
  Counter EventsEmitted();
  /// `result` is "written" or "lost".
  Counter AuditRecords(std::string_view result);

  /// All series in the Prometheus text format, version 0.0.4.
  std::string Render() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace slipway
