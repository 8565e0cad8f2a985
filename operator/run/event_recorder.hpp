#pragma once

#include <condition_variable>
#include <deque>
#include <thread>

#include "operator/base/metrics.hpp"
#include "operator/base/mutex.hpp"
#include "operator/run/event_series.hpp"
#include "operator/run/executor.hpp"

namespace slipway {

/// Sends Events from a thread of its own, so that they never delay a reconcile. Events are a
/// courtesy to the reader: when more than `kMaxWaiting` wait, the oldest are dropped, and one
/// that the API server refuses is logged and not repeated. Thread-safe.
class EventRecorder {
 public:
  EventRecorder(Clients clients, std::string instance, Metrics& metrics, const Clock& clock);
  ~EventRecorder() { Drain(); }

  /// Sends what waits, for at most two seconds, then stops.
  void Drain();

  void Emit(const Owner& regarding, EmitEvent event);

 private:
  static constexpr std::size_t kMaxWaiting = 1000;
  struct Waiting {
    Owner regarding;
    EmitEvent event;
  };
  void Run(const std::stop_token& stop);
  /// The next Event as soon as there is one; std::nullopt when all are sent or time is up.
  std::optional<Waiting> Next(const std::stop_token& stop);
  void Send(const Waiting& waiting);

  Clients clients_;
  EventSeries series_;  // used by the thread only
  Counter emitted_;
  const Clock& clock_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Waiting> waiting_ SLIPWAY_GUARDED_BY(mutex_);
  SteadyInstant give_up_ SLIPWAY_GUARDED_BY(mutex_) = SteadyInstant::max();
  std::jthread thread_;
};

}  // namespace slipway
