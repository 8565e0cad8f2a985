#pragma once

#include <atomic>
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
  WorkQueue& Queue() { return queue_; }

  /// Starts the workers; until then the queue only collects.
  void Start();
  /// Lets the passes that are running end and starts no more.
  void Drain();
  /// When a worker last finished a pass, for the liveness probe.
  SteadyInstant LastProgress() const { return SteadyInstant(last_progress_.load()); }

 private:
  void Work(const std::stop_token& stop);
  void Handle(const QueueCore::Item& item);
  /// One pass over one custom resource; returns its result for the metric.
  std::string_view Pass(const ObjectKey& key);
  /// What came of the status of a pass.
  enum class Recorded { kUnchanged, kWritten, kLater, kFailed };
  Recorded RecordStatus(const Owner& owner, const ObjectMeta& seen, const Outcome& outcome);
  std::string_view ComeBack(const ObjectKey& key, const std::vector<WriteFailure>& failures,
                            Recorded recorded, const std::optional<Instant>& wake_at);

  Controller controller_;
  RunnerContext context_;
  WorkQueue queue_;
  StatusPacer pacer_{std::chrono::milliseconds(700)};
  const std::size_t workers_;
  std::atomic<std::uint64_t> passes_{0};
  std::atomic<SteadyInstant::duration> last_progress_;
  std::vector<std::jthread> threads_;
};

}  // namespace slipway
