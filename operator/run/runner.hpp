#pragma once

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "operator/cache/cache.hpp"
#include "operator/queue/work_queue.hpp"
#include "operator/run/controller.hpp"
#include "operator/run/event_recorder.hpp"
#include "operator/run/executor.hpp"
#include "operator/run/status_pacer.hpp"

namespace slipway {

/// What all runners of the process share.
struct RunnerContext {
  Cache& cache;
  Executor& executor;
  EventRecorder& events;
  WriteBarrier& barrier;
  Metrics& metrics;
  const Clock& clock;
};

/// Drives one controller: takes a key, looks, plans, writes, records. Each controller has its own
/// queue and workers, so that a slow kind never delays another. Thread-safe.
class Runner {
 public:
  Runner(Controller controller, RunnerContext context, std::size_t workers);

  const Controller& Spec() const { return controller_; }
  const WorkQueue& Queue() const { return queue_; }

  /// A custom resource may have to be looked at, now or after a while. Not before Start, which
  /// looks at all: a replica that stands by for a month must not collect keys for a month.
  void Enqueue(const ObjectKey& key, Priority priority);
  void EnqueueAfter(const ObjectKey& key, std::chrono::milliseconds delay);

  /// Starts the workers and queues every custom resource of the kind.
  void Start();
  bool Started() const { return started_; }
  /// Starts no more passes; Drain also waits until those that are running have ended.
  void Stop();
  void Drain();
  /// When the pass that has been running longest began, for the liveness probe.
  std::optional<SteadyInstant> OldestPass() const;

 private:
  void Work(const std::stop_token& stop, std::size_t worker);
  void Handle(const QueueCore::Item& item);
  /// One pass over one custom resource; returns its result for the metric.
  std::string_view Pass(const ObjectKey& key);
  /// What came of the status of a pass.
  enum class Recorded { kUnchanged, kWritten, kLater, kFailed, kUnreachable };
  Recorded RecordStatus(const Owner& owner, const Outcome& outcome);
  std::string_view ComeBack(const ObjectKey& key, const std::vector<WriteFailure>& failures,
                            Recorded recorded, const std::optional<Instant>& wake_at);

  Controller controller_;
  std::vector<View> views_;
  RunnerContext context_;
  WorkQueue queue_;
  StatusPacer pacer_{std::chrono::milliseconds(700)};
  std::atomic<std::uint64_t> passes_{0};
  std::atomic<bool> started_{false};
  /// When each worker's pass began; zero while it has none.
  std::vector<std::atomic<SteadyInstant::duration>> busy_since_;
  std::vector<std::jthread> threads_;
};

}  // namespace slipway
