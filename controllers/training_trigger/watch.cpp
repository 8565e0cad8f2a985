#include "controllers/training_trigger/watch.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controllers/common/status.hpp"

namespace slipway::training_trigger {
namespace {

using std::chrono::seconds;

/// The longest wait after a look in vain, unless the interval is longer.
constexpr seconds kLongestBackOff{3600};
/// The shortest wait for the end of a debounce: each look is a pod.
constexpr seconds kShortestWait{10};
constexpr std::int32_t kMostFailures = 1'000'000;  // maximum of the CRD.

std::string Target(const api::OnData& data) {
  if (data.s3) {
    return fmt::format("s3://{}/{} at {}", data.s3->bucket, data.s3->prefix.value_or(""),
                       data.s3->endpoint);
  }
  const api::AzureBlobPrefix blob = data.azure_blob.value_or(api::AzureBlobPrefix{});
  return fmt::format("azure://{}/{}/{}{}", blob.account, blob.container, blob.prefix.value_or(""),
                     blob.endpoint ? " at " + *blob.endpoint : "");
}

std::int64_t NewObjects(const api::WatchStatus& record, const PollResult& result) {
  const std::int64_t before = record.counted_from ? record.counted_from->objects : 0;
  const std::int64_t more = result.listing->objects - before;
  // An object of several parts appears when it is whole, with the time at which it was begun.
  return std::max({result.new_objects, more, std::int64_t{0}});
}

void SetDue(api::WatchStatus& record, std::optional<Instant> newest, Instant now) {
  const Instant time = StatusTime(now);
  record.due_time = newest ? std::max(time, *newest + seconds(1)) : time;
}

void RecordCommit(api::WatchStatus& record, std::optional<Instant> newest, Instant now) {
  if (record.observed_revision == record.started_revision) {
    record.due_time.reset();
  } else if (!record.due_time) {
    SetDue(record, newest, now);
  }
}

void RecordData(api::WatchStatus& record, const Watch& watch, std::optional<Instant> newest,
                Instant now) {
  if (record.new_objects.value_or(0) < watch.min_new_objects) return;
  const Instant quiet = *record.changed_time + watch.debounce;
  if (now >= quiet) {
    if (!record.due_time) SetDue(record, newest, now);
    return;
  }
  record.next_poll_time =
      std::min(record.next_poll_time, std::max(quiet, StatusTime(now) + kShortestWait));
}

}  // namespace

std::vector<Watch> Watches(const api::TrainingTriggerSpec& spec) {
  std::vector<Watch> watches;
  if (spec.suspend) return watches;
  if (spec.on_commit) {
    const api::OnCommit& commit = *spec.on_commit;
    watches.push_back({api::TriggerCause::kCommit,
                       fmt::format("branch {} of {}", commit.git.branch, commit.git.url),
                       seconds(commit.poll_seconds)});
  }
  if (spec.on_data) {
    const api::OnData& data = *spec.on_data;
    watches.push_back({api::TriggerCause::kData, Target(data), seconds(data.poll_seconds),
                       data.min_new_objects, seconds(data.debounce_seconds)});
  }
  return watches;
}

const api::WatchStatus* FindRecord(const std::optional<api::TrainingTriggerStatus>& status,
                                   const Watch& watch) {
  if (!status) return nullptr;
  const auto found = std::ranges::find(status->watches, watch.cause, &api::WatchStatus::cause);
  return found == status->watches.end() ? nullptr : &*found;
}

api::WatchStatus BeginWith(const api::WatchStatus* record, const Watch& watch, Instant now) {
  if (record == nullptr || record->target != watch.target) {
    api::WatchStatus fresh;
    fresh.cause = watch.cause;
    fresh.target = watch.target;
    fresh.next_poll_time = StatusTime(now);
    return fresh;
  }
  api::WatchStatus next = *record;
  if (IsAhead(next.next_poll_time - std::max(watch.interval, kLongestBackOff), now)) {
    next.next_poll_time = StatusTime(now);
  }
  if (next.changed_time && IsAhead(*next.changed_time, now)) next.changed_time = StatusTime(now);
  return next;
}

void RecordStart(api::WatchStatus& record, const std::string& revision) {
  record.due_time.reset();
  record.started_revision = revision;
  if (record.observed_revision != revision) return;
  record.counted_from = record.listing;
  if (record.new_objects) record.new_objects = 0;
}

void RecordLook(api::WatchStatus& record, const Watch& watch, const PollResult& result,
                std::optional<Instant> newest, Instant now) {
  record.last_poll_time = StatusTime(now);
  record.next_poll_time = StatusTime(now) + watch.interval;
  record.failures.reset();
  const bool first = !record.started_revision;
  if (record.observed_revision != result.revision) record.changed_time = StatusTime(now);
  record.observed_revision = result.revision;
  record.listing = result.listing;
  if (first) {
    record.started_revision = result.revision;
    record.counted_from = result.listing;
  }
  if (!result.listing) return RecordCommit(record, newest, now);
  record.new_objects = first ? 0 : NewObjects(record, result);
  RecordData(record, watch, newest, now);
}

void RecordFailure(api::WatchStatus& record, const Watch& watch, Instant now) {
  constexpr std::int32_t kMostDoublings = 7;  // From half a minute to an hour.
  const std::int32_t before = record.failures.value_or(0);
  const seconds doubled = watch.interval * (1 << std::min(before, kMostDoublings));
  record.failures = std::min(before + 1, kMostFailures);
  record.last_poll_time = StatusTime(now);
  record.next_poll_time = StatusTime(now) + std::clamp(doubled, watch.interval,
                                                       std::max(watch.interval, kLongestBackOff));
}

}  // namespace slipway::training_trigger
