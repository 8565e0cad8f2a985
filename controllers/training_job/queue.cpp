#include "controllers/training_job/queue.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "controllers/common/fit.hpp"
#include "controllers/common/labels.hpp"
#include "controllers/common/text.hpp"
#include "controllers/training_job/gang.hpp"
#include "controllers/training_job/observe.hpp"

namespace slipway::training_job {
namespace {

using api::GangState;

/// maxItems of status.pending.blockedBy.
constexpr std::size_t kMostNamed = 10;

/// The higher priority first, then the older job.
using Rank = std::tuple<std::int64_t, Instant, std::string>;

Rank RankOf(const ObjectMeta& job, const PodNeeds& needs) {
  return {-std::int64_t{needs.priority}, job.created, job.uid};
}

/// Another job that waits for room, or was promised some that its pods do not hold yet.
struct Rival {
  std::string name;
  Rank rank;
  bool promised = false;
  /// Its status tells of pods that are not seen: the view of pods is behind that of jobs.
  bool unseen = false;
  const PodNeeds* needs = nullptr;  ///< nullptr when it has no pod without a machine.
  std::int64_t unplaced = 0;
};

std::vector<Machine> ReadMachines(const Snapshot& world) {
  std::vector<Machine> machines;
  for (const auto& machine : world.All(kMachines)) {
    const NodeView& node = machine.body.node;
    machines.push_back({machine.meta.name, machine.meta.labels, node, node.allocatable});
  }
  std::ranges::sort(machines, {}, &Machine::name);
  return machines;
}

/// What a pod requests counts until it has ended, also while it is being deleted.
void TakePlaced(const Snapshot& world, std::vector<Machine>& machines) {
  for (const auto& pod : world.All(kPods)) {
    if (!pod.body.needs || pod.body.node_name.empty()) continue;
    const auto machine = std::ranges::lower_bound(machines, pod.body.node_name, {}, &Machine::name);
    if (machine == machines.end() || machine->name != pod.body.node_name) continue;
    TakeFrom(machine->free, pod.body.needs->requests);
  }
}

bool HasGate(const PodNeeds& needs) {
  return std::ranges::find(needs.gates, kGangGate) != needs.gates.end();
}

/// The pods of a job that run or may yet.
struct Group {
  std::int32_t live = 0;
  std::vector<const PodView*> unplaced;  ///< Those that have no machine.
};

/// By the UID of the job.
using Groups = std::map<std::string_view, Group>;

Groups FindGroups(const Snapshot& world) {
  Groups groups;
  for (const auto& pod : world.All(kPods)) {
    if (!pod.body.needs || pod.meta.deleted) continue;
    const auto owner = pod.meta.labels.find(labels::kOwnerUid);
    const bool owned =
        owner != pod.meta.labels.end() && pod.meta.owner && pod.meta.owner->uid == owner->second;
    if (!owned) continue;
    Group& group = groups[owner->second];
    ++group.live;
    if (pod.body.node_name.empty()) group.unplaced.push_back(&pod.body);
  }
  return groups;
}

std::optional<GangState> StateOf(const api::TrainingJob& job) {
  const bool current =
      job.status && job.status->gang && job.status->gang->attempt == ReadRecord(job).Attempt();
  return current ? job.status->gang->state : std::nullopt;
}

/// What is to be known of another job, or nothing when it wants no room that it does not hold.
std::optional<Rival> ReadRival(const Item<api::TrainingJob>& job, const Group& group) {
  const Record record = ReadRecord(job.body);
  if (!IsGated(job.body) || job.meta.deleted || job.body.spec.suspend || record.finished ||
      job.body.spec.managed_by.value_or(std::string(kManager)) != kManager) {
    return std::nullopt;
  }
  const auto state = StateOf(job.body);
  Rival rival{job.key.ToString(), {0, job.meta.created, job.meta.uid}, false, false, nullptr, 0};
  rival.unseen = group.live < record.nodes.active;
  if (group.unplaced.empty()) return rival.unseen ? std::optional(rival) : std::nullopt;
  rival.needs = group.unplaced.front()->needs.get();
  rival.rank = RankOf(job.meta, *rival.needs);
  rival.unplaced = static_cast<std::int64_t>(group.unplaced.size());
  // Without the gate they are the scheduler's, whatever the status says.
  const auto released = std::ranges::count_if(
      group.unplaced, [](const PodView* pod) { return !HasGate(*pod->needs); });
  const bool reserved = state == GangState::kReserved || state == GangState::kReleased;
  rival.promised = reserved || released > 0;
  if (!reserved && released > 0) rival.unplaced = released;
  const bool whole = rival.unplaced == job.body.spec.trainer.num_nodes;
  return rival.promised || rival.unseen || whole ? std::optional(rival) : std::nullopt;
}

std::vector<Rival> FindRivals(const std::string& own_uid, const Snapshot& world) {
  Groups groups = FindGroups(world);
  std::vector<Rival> rivals;
  for (const auto& job : world.All(kTrainingJobs)) {
    if (job.meta.uid == own_uid) continue;
    if (auto rival = ReadRival(job, groups[job.meta.uid])) rivals.push_back(std::move(*rival));
  }
  std::ranges::sort(rivals, {}, &Rival::rank);
  return rivals;
}

std::string Ordinal(std::int32_t number) {
  const std::int32_t tens = number / 10 % 10;
  const std::int32_t ones = tens == 1 ? 0 : number % 10;
  return fmt::format("{}{}", number, ones == 1 ? "st" : ones == 2 ? "nd" : ones == 3 ? "rd" : "th");
}

/// By how much `count` pods request more than all that is free where they may be placed.
std::vector<api::MissingResource> Missing(const PodNeeds& needs, std::int64_t count,
                                          const std::vector<Machine>& machines) {
  std::vector<api::MissingResource> missing;
  for (const auto& [name, amount] : needs.requests) {
    std::int64_t free = 0;
    for (const Machine& machine : machines) {
      const auto found = machine.free.find(name);
      const bool counts = found != machine.free.end() && Admits(machine, needs);
      if (counts) free += std::max<std::int64_t>(0, found->second);
    }
    std::int64_t wanted = 0;
    if (__builtin_mul_overflow(amount, count, &wanted) || wanted <= free) continue;
    missing.push_back({name, WriteAmount(wanted - free)});
  }
  return missing;
}

std::string WriteMissing(const std::vector<api::MissingResource>& missing) {
  if (missing.empty()) return "what is free on the nodes is in pieces too small for one more";
  std::vector<std::string> terms;
  terms.reserve(missing.size());
  for (const auto& one : missing) terms.push_back(one.amount + " " + one.name);
  return fmt::format("needs {} more on nodes that may take them", fmt::join(terms, ", "));
}

std::string WriteTurn(const api::PendingStatus& pending) {
  std::string text;
  if (!pending.blocked_by.empty()) {
    text = fmt::format(" after {}", fmt::join(pending.blocked_by, ", "));
  }
  return fmt::format("; {} in the queue{}; younger jobs that need less may start first",
                     Ordinal(pending.queue_position.value_or(1)), text);
}

/// The room that is there, and who else wants it.
struct Market {
  std::vector<Machine> machines;   ///< Without what is held or promised.
  std::vector<Rival> rivals;       ///< In the order in which they are served.
  std::vector<std::string> first;  ///< Those whose claims were taken off.

  void Name(const Rival& rival) {
    if (first.size() < kMostNamed) first.push_back(rival.name);
  }
};

Market OpenMarket(const std::string& own_uid, const Snapshot& world) {
  Market market{ReadMachines(world), FindRivals(own_uid, world), {}};
  TakePlaced(world, market.machines);
  for (const Rival& rival : market.rivals) {
    if (!rival.promised || rival.needs == nullptr) continue;
    Place(*rival.needs, rival.unplaced, market.machines);
    market.Name(rival);
  }
  return market;
}

/// Takes off what the jobs before this one will get; returns how many there are, with those that
/// get nothing.
std::int32_t ServeThoseBefore(const Rank& rank, Market& market) {
  std::int32_t before = 0;
  for (const Rival& rival : market.rivals) {
    if (rival.promised || rival.needs == nullptr || rival.rank > rank) continue;
    ++before;
    std::vector<Machine> with = market.machines;
    if (Place(*rival.needs, rival.unplaced, with) < rival.unplaced) continue;
    market.machines = std::move(with);
    market.Name(rival);
  }
  return before;
}

/// While pods of a job are not seen, it is not known which room they hold. They come in a moment.
std::optional<api::PendingStatus> WhyUncertain(const std::vector<Rival>& rivals) {
  const auto unseen = std::ranges::find_if(rivals, &Rival::unseen);
  if (unseen == rivals.end()) return std::nullopt;
  return api::PendingStatus{std::string(reason::kQueued),
                            "what the pods of " + unseen->name + " hold is not known yet",
                            {},
                            {},
                            {unseen->name}};
}

std::int64_t TryToPlace(const PodNeeds& needs, std::int64_t count, std::vector<Machine> machines) {
  return Place(needs, count, machines);
}

}  // namespace

Standing JudgeRoom(const api::TrainingJob& job, const PodView& pod, std::int32_t count,
                   bool confirm, const Snapshot& world) {
  if (!pod.needs) return {};  // By an operator that does not look at machines.
  const PodNeeds& needs = *pod.needs;
  Market market = OpenMarket(job.meta.uid, world);
  if (auto uncertain = WhyUncertain(market.rivals)) return {false, std::move(uncertain)};
  const bool fits_alone = TryToPlace(needs, count, market.machines) == count;
  if (confirm && fits_alone) return {true, std::nullopt};
  const std::int32_t before = ServeThoseBefore(RankOf(job.meta, needs), market);
  const std::int64_t placed = TryToPlace(needs, count, market.machines);
  if (!confirm && placed == count) return {true, std::nullopt};

  api::PendingStatus pending;
  pending.queue_position = before + 1;
  const auto never = WhyNeverFits(needs, count, market.machines);
  if (!never.empty()) {
    pending.reason = reason::kCanNeverFit;
    pending.message =
        fmt::format("{}; suspend the job and ask for less, or add nodes", fmt::join(never, "; "));
  } else if (fits_alone) {
    pending.blocked_by = std::move(market.first);
    pending.reason = reason::kQueued;
    pending.message =
        fmt::format("all {} pods fit, but others come first", count) + WriteTurn(pending);
  } else {
    pending.blocked_by = std::move(market.first);
    pending.missing = Missing(needs, count, market.machines);
    pending.reason = reason::kInsufficientResources;
    pending.message =
        fmt::format("{} of {} pods fit now; {}", placed, count, WriteMissing(pending.missing)) +
        WriteTurn(pending);
  }
  pending.message = OneLine(pending.message);
  return {false, std::move(pending)};
}

}  // namespace slipway::training_job
