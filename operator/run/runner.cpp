#include "operator/run/runner.hpp"

#include <algorithm>
#include <exception>

#include "operator/base/log.hpp"
#include "operator/run/try_again.hpp"

namespace slipway {
namespace {

/// What the API server refuses for good may have been refused by a policy that is changed later,
/// of which no event tells.
constexpr std::chrono::minutes kLookAgain{10};

std::vector<View> ViewsOf(const Controller& controller) {
  std::vector<View> views;
  for (const auto& lookup : controller.looks_up) {
    views.push_back({lookup.kind.type, lookup.index, lookup.looked_up, lookup.looked_up_by_child,
                     lookup.wanted});
  }
  return views;
}

}  // namespace

Runner::Runner(Controller controller, RunnerContext context, std::size_t workers)
    : controller_(std::move(controller)),
      views_(ViewsOf(controller_)),
      context_(context),
      queue_(context.clock, workers, std::hash<std::string>{}(controller_.name)),
      busy_since_(workers) {}

void Runner::Enqueue(const ObjectKey& key, Priority priority) {
  if (started_) queue_.Add(key, priority);
}

void Runner::EnqueueAfter(const ObjectKey& key, std::chrono::milliseconds delay) {
  if (started_) queue_.AddAfter(key, delay);
}

void Runner::Start() {
  started_ = true;  // First: what changes while the keys are collected is queued by its event.
  for (const auto& key : context_.cache.Keys(controller_.kind.type)) {
    queue_.Add(key, Priority::kInitial);
  }
  for (std::size_t i = 0; i < busy_since_.size(); ++i) {
    threads_.emplace_back([this, i](const std::stop_token& stop) { Work(stop, i); });
  }
}

void Runner::Stop() {
  for (auto& thread : threads_) thread.request_stop();
}

void Runner::Drain() {
  Stop();
  threads_.clear();
}

std::optional<SteadyInstant> Runner::OldestPass() const {
  std::optional<SteadyInstant> oldest;
  for (const auto& since : busy_since_) {
    const SteadyInstant began(since.load());
    if (began == SteadyInstant{}) continue;
    oldest = oldest ? std::min(*oldest, began) : began;
  }
  return oldest;
}

void Runner::Work(const std::stop_token& stop, std::size_t worker) {
  while (auto item = queue_.Take(stop)) {
    busy_since_[worker] = context_.clock.Steady().time_since_epoch();
    Handle(*item);
    busy_since_[worker] = SteadyInstant::duration::zero();
    queue_.Done(item->key);
  }
}

void Runner::Handle(const QueueCore::Item& item) {
  const SteadyInstant start = context_.clock.Steady();
  const std::uint64_t id = ++passes_;
  log::Scope scope({{"kind", controller_.kind.type.kind},
                    {"namespace", item.key.ns},
                    {"name", item.key.name},
                    {"reconcileID", id}});
  std::string_view result;
  try {
    result = Pass(item.key);
  } catch (const std::exception& error) {
    // A planner that throws is a bug of ours; it must cost one object, not the process.
    log::Error("reconcile threw", {{"error", error.what()}});
    queue_.AddBackedOff(item.key);
    result = "exception";
  }
  auto& metrics = context_.metrics;
  metrics.QueueWait().Observe(start - item.ready_since);
  metrics.Reconciles(controller_.kind.type.kind, result).Increment();
  metrics.ReconcileDuration(controller_.kind.type.kind).Observe(context_.clock.Steady() - start);
}

std::string_view Runner::Pass(const ObjectKey& key) {
  const Snapshot world = context_.cache.Take(controller_.kind.type, key, views_);
  const Object* resource = world.FindObject(controller_.kind.type, key);
  if (resource == nullptr) {  // Deleted: garbage collection takes the children.
    queue_.Forget(key);
    pacer_.Settled(key);
    context_.barrier.Forget(key);
    return "gone";
  }
  const bool up_to_date =
      context_.barrier.Passed(key, context_.clock.Steady(), [this](const WriteBarrier::Mark& mark) {
        return context_.cache.HasSeen(mark.cluster, mark.type, mark.ns, mark.version);
      });
  if (!up_to_date) {
    queue_.AddAfter(key, std::chrono::milliseconds(500));
    return "behind";
  }

  const Owner owner{controller_.kind.type, key, resource->meta.uid, resource->meta.generation,
                    resource->meta.resource_version};
  const Instant now = context_.clock.Now();
  Outcome outcome = controller_.reconcile({key, world, now, {}});
  const auto failures = context_.executor.Execute(owner, outcome.plan.actions, world);
  if (!failures.empty()) {
    Outcome told = controller_.reconcile({key, world, now, failures});
    outcome.status = std::move(told.status);
    outcome.plan.events = std::move(told.plan.events);
  }
  const Recorded recorded = RecordStatus(owner, outcome);
  return ComeBack(key, failures, recorded, outcome.plan.wake_at);
}

Runner::Recorded Runner::RecordStatus(const Owner& owner, const Outcome& outcome) {
  if (!outcome.status) {
    pacer_.Settled(owner.key);
    return Recorded::kUnchanged;
  }
  if (std::ranges::none_of(outcome.plan.events, &EmitEvent::urgent)) {
    const auto remaining = pacer_.Remaining(owner.key, context_.clock.Steady());
    if (remaining.count() > 0) {
      queue_.AddAfter(owner.key, remaining);
      return Recorded::kLater;
    }
  }
  const auto written = context_.executor.WriteStatus(owner, *outcome.status);
  if (!written) {
    // A conflict is the object moving on meanwhile, which is daily life.
    const bool usual = written.error().code == Code::kConflict;
    (usual ? log::Debug : log::Warn)(
        "status not written",
        {{"code", ToString(written.error().code)}, {"error", written.error().message}});
    return IsAnswer(written.error()) ? Recorded::kFailed : Recorded::kUnreachable;
  }
  pacer_.Settled(owner.key);
  for (const auto& event : outcome.plan.events) {
    log::Info("transition", {{"reason", event.reason}, {"note", event.note}});
    context_.events.Emit(owner, event);
  }
  return Recorded::kWritten;
}

std::string_view Runner::ComeBack(const ObjectKey& key, const std::vector<WriteFailure>& failures,
                                  Recorded recorded, const std::optional<Instant>& wake_at) {
  if (wake_at) queue_.AddAfter(key, WaitUntil(*wake_at, context_.clock.Now()));
  const auto wait = TryAgain(failures);
  if (!wait && !failures.empty()) queue_.AddAfter(key, kLookAgain);
  const bool unreachable = recorded == Recorded::kUnreachable;
  if (wait || unreachable || recorded == Recorded::kFailed) {
    const bool reached = !unreachable && std::ranges::all_of(failures, [](const auto& failure) {
      return IsAnswer(failure.error);
    });
    queue_.AddBackedOff(key, wait.value_or(std::chrono::milliseconds(0)), reached);
    return "retry";
  }
  if (failures.empty()) queue_.Forget(key);
  return failures.empty() ? "ok" : "refused";
}

}  // namespace slipway
