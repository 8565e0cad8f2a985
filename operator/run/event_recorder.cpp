#include "operator/run/event_recorder.hpp"

#include "operator/base/log.hpp"

namespace slipway {

EventRecorder::EventRecorder(Clients clients, std::string instance, Metrics& metrics,
                             const Clock& clock)
    : clients_(std::move(clients)),
      series_(std::move(instance)),
      emitted_(metrics.EventsEmitted()),
      clock_(clock),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

void EventRecorder::Drain() {
  {
    const MutexLock lock(mutex_);
    give_up_ = clock_.Steady() + std::chrono::seconds(2);
  }
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void EventRecorder::Emit(const Owner& regarding, EmitEvent event) {
  {
    const MutexLock lock(mutex_);
    if (waiting_.size() >= kMaxWaiting) waiting_.pop_front();
    waiting_.push_back({regarding, std::move(event)});
  }
  changed_.notify_one();
}

void EventRecorder::Run(const std::stop_token& stop) {
  while (const auto next = Next(stop)) Send(*next);
}

std::optional<EventRecorder::Waiting> EventRecorder::Next(const std::stop_token& stop) {
  const MutexLock lock(mutex_);
  changed_.wait(mutex_, stop, [this]() SLIPWAY_REQUIRES(mutex_) { return !waiting_.empty(); });
  if (waiting_.empty() || clock_.Steady() >= give_up_) return std::nullopt;
  Waiting next = std::move(waiting_.front());
  waiting_.pop_front();
  return next;
}

void EventRecorder::Send(const Waiting& waiting) {
  const auto decision = series_.Decide(waiting.regarding, waiting.event, clock_.Now());
  const auto request =
      decision.create
          ? request::Create(kEventType, decision.key, decision.body.dump(), kFieldManager)
          : request::Apply(kEventType, decision.key, decision.body.dump(), kFieldManager,
                           /*force=*/true);
  const auto response = clients_.at(decision.key.cluster)->Send(request);
  if (response) {
    emitted_.Increment();
  } else {
    series_.Forget(decision);
    log::Warn("event not recorded", {{"object", waiting.regarding.key.ToString()},
                                     {"reason", waiting.event.reason},
                                     {"error", response.error().message}});
  }
}

}  // namespace slipway
