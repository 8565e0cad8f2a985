#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controllers/training_trigger/kind.hpp"
#include "controllers/training_trigger/poll_result.hpp"

namespace slipway::training_trigger {

/// A source outside the cluster at which a trigger looks again and again, by what its spec says.
struct Watch {
  api::TriggerCause cause = api::TriggerCause::kUnknown;
  /// For people, and to tell one source from another: "branch main of https://...".
  std::string target;
  std::chrono::seconds interval{0};
  /// Both are of data; a commit is one new object, and due at once.
  std::int64_t min_new_objects = 1;
  std::chrono::seconds debounce{0};
};

/// The sources of a spec, commits first. None while the trigger is suspended.
std::vector<Watch> Watches(const api::TrainingTriggerSpec& spec);

/// What is recorded of that source, or nullptr.
const api::WatchStatus* FindRecord(const std::optional<api::TrainingTriggerStatus>& status,
                                   const Watch& watch);

/// With what a pass begins: the record, or, of a source that is new or another one than before, a
/// fresh one, by which it is looked at now. So is one whose next time was recorded by a clock that
/// was set back since.
api::WatchStatus BeginWith(const api::WatchStatus* record, const Watch& watch, Instant now);

/// Records that the job was started that was due, for that revision. If it is the one that is there
/// now, new things are counted from what is there now, else from where they were counted before.
void RecordStart(api::WatchStatus& record, const std::string& revision);

/// Records a look that went well, and a job as due when its rule is met by it:
///   - of a branch, that it has another commit than the newest job was started for; when it has
///     that one again, none is due any more,
///   - of a store, that `min_new_objects` have come in since the newest job, and nothing has
///     changed for `debounce`.
/// The first look starts nothing. `newest` is the time of the newest job of this cause: a due time
/// names a job, so no two are the same.
void RecordLook(api::WatchStatus& record, const Watch& watch, const PollResult& result,
                std::optional<Instant> newest, Instant now);

/// Records a look in vain: the next one comes after twice as long as this one did, up to an hour.
void RecordFailure(api::WatchStatus& record, const Watch& watch, Instant now);

}  // namespace slipway::training_trigger
