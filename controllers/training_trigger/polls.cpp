#include "controllers/training_trigger/polls.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controllers/common/labels.hpp"
#include "controllers/common/pod_state.hpp"
#include "controllers/training_trigger/poll_pod.hpp"

namespace slipway::training_trigger {
namespace {

constexpr const char* kNoImage =
    "sources are looked at by pods of the operator's own image, and it does not know which that "
    "is; have the platform team set workerImage in the operator's configuration";

std::vector<PollPod> OwnPods(const ObjectKey& key, const api::TrainingTrigger& trigger,
                             const Snapshot& world) {
  std::vector<PollPod> pods;
  for (const auto& pod : world.All(kPods)) {
    const auto role = pod.meta.labels.find(labels::kRole);
    if (role == pod.meta.labels.end() || !IsChildOf(pod.key, pod.meta, key, trigger.meta)) continue;
    if (role->second == kWatchCommitRole) {
      pods.push_back({{&pod.key, &pod.meta, &pod.body}, api::TriggerCause::kCommit});
    } else if (role->second == kWatchDataRole) {
      pods.push_back({{&pod.key, &pod.meta, &pod.body}, api::TriggerCause::kData});
    }
  }
  return pods;
}

/// The result of a pod that has ended. It is read from the container's termination message; a pod
/// that was killed left none, and is judged by how it ended.
Result<PollResult> ReadResult(const PollPod& pod) {
  if (!pod.Ended()) {
    const auto problem = WhyNotStarting(*pod.view);
    return Fail(Code::kTimeout,
                fmt::format("pod {} has not ended within {} s{}", pod.key->name,
                            kPollEndsWithin.count(), problem ? ": " + problem->message : ""));
  }
  const auto& containers = pod.view->containers;
  auto result = ReadPollResult(containers.empty() ? "" : containers.front().termination_message);
  const bool succeeded = pod.view->phase == PodView::Phase::kSucceeded;
  if (result && succeeded) return result;
  if (!result && result.error().code == Code::kInvalid) return result;
  if (succeeded) {
    return Fail(Code::kInternal, fmt::format("the pod left no result that can be read ({})",
                                             result.error().message));
  }
  // One that never started is ended by its deadline, and what kept it says more.
  if (const auto problem = WhyNotStarting(*pod.view)) {
    return Fail(Code::kInternal, "the pod did not start: " + problem->message);
  }
  const PodEnd end = DescribeEnd(*pod.view);
  return Fail(Code::kInternal, fmt::format("the pod ended with {}{}", end.reason,
                                           end.message.empty() ? "" : ": " + end.message));
}

std::optional<Problem> WhyNotStarted(const Watched& watched, Instant now) {
  const PollPod& pod = *watched.pod;
  if (auto problem = WhyNotStarting(*pod.view)) {
    problem->message = fmt::format("{} cannot be looked at: the pod does not start: {}",
                                   watched.watch.target, problem->message);
    problem->stalled = false;  // Another pod tries again.
    return problem;
  }
  const bool waits = pod.view->phase == PodView::Phase::kPending;
  if (!waits || now < pod.meta->created + kPollStartsWithin) return std::nullopt;
  return Problem{
      std::string(reason::kPollNotStarted),
      fmt::format("{} cannot be looked at: pod {} has not started after {} s: its image "
                  "is still being pulled (`kubectl describe pod {}` tells)",
                  watched.watch.target, pod.key->name, kPollStartsWithin.count(), pod.key->name)};
}

std::optional<Problem> FindProblem(const Watched& watched, bool possible, Instant now) {
  if (!possible) return Problem{std::string(reason::kWorkerImageMissing), kNoImage, true};
  if (!watched.pod) return std::nullopt;
  if (!watched.result) return WhyNotStarted(watched, now);
  if (*watched.result) return std::nullopt;
  return Problem{std::string(reason::kPollFailed),
                 fmt::format("{} cannot be looked at, which is tried again: {}",
                             watched.watch.target, watched.result->error().message)};
}

}  // namespace

Polls ObservePolls(const ObjectKey& key, const api::TrainingTrigger& trigger, const Snapshot& world,
                   const Settings& settings, Instant now) {
  Polls polls;
  polls.done = OwnPods(key, trigger, world);
  const bool possible = !settings.worker_image.empty();
  for (const Watch& watch : Watches(trigger.spec)) {
    const api::WatchStatus* record = FindRecord(trigger.status, watch);
    Watched watched;
    watched.watch = watch;
    watched.record = BeginWith(record, watch, now);
    const bool recorded = record != nullptr && watched.record == *record;
    if (recorded && possible) {
      watched.poll = MakePoll(key, trigger, watch, *record, settings);
      const auto pod = std::ranges::find_if(
          polls.done, [&](const PollPod& one) { return *one.key == watched.poll->key; });
      if (pod != polls.done.end()) {
        watched.pod = *pod;
        polls.done.erase(pod);
      }
    }
    const auto other = std::ranges::find_if(polls.done, [&](const PollPod& one) {
      return one.cause == watch.cause && one.Live() && !one.Lost(now);
    });
    if (other != polls.done.end()) watched.in_the_way = *other;
    const bool over = watched.pod && (watched.pod->Ended() || watched.pod->Lost(now));
    if (over) watched.result = ReadResult(*watched.pod);
    watched.problem = FindProblem(watched, possible, now);
    polls.watched.push_back(std::move(watched));
  }
  return polls;
}

void AddPolls(Plan& plan, const Polls& polls, Instant now) {
  const auto also_at = [&](Instant time) {
    plan.wake_at = std::min(plan.wake_at.value_or(time), time);
  };
  for (const PollPod& pod : polls.done) {
    if (pod.Ending()) continue;
    plan.actions.emplace_back(Delete{kPods.type, *pod.key, pod.meta->uid,
                                     "its result is recorded, or about something else than is "
                                     "looked at now",
                                     std::nullopt});
  }
  for (const Watched& watched : polls.watched) {
    if (watched.Due(now)) {
      plan.actions.emplace_back(*watched.poll);
    } else if (watched.in_the_way) {
      also_at(watched.in_the_way->meta->created + kPollEndsWithin);
    } else if (watched.poll && !watched.pod) {
      also_at(watched.record.next_poll_time);
    } else if (watched.pod && !watched.pod->Ended()) {
      for (const auto limit : {kPollStartsWithin, kPollEndsWithin}) {
        const Instant late = watched.pod->meta->created + limit;
        if (late > now) also_at(late);
      }
    }
  }
}

}  // namespace slipway::training_trigger
