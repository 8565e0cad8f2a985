#include "tests/faults/explorer/moves.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <set>

namespace slipway::explorer {
namespace {

std::string_view Keep(const std::string& text) {
  static std::set<std::string> kept;
  return text.empty() ? std::string_view() : *kept.insert(text).first;
}

/// The actions that may be sent now, in any order.
struct Round {
  std::vector<std::size_t> sendable;
  bool needs_owner = false;  ///< The owner has to be read first.
};

Round NextRound(const Machine& machine, const Pass& pass) {
  const KnownPlan& plan = machine.plans[pass.plan];
  Round round;
  for (std::size_t i = 0; i < plan.actions.size(); ++i) {
    if (pass.results[i] == Pass::kPending) round.sendable.push_back(i);
  }
  round.needs_owner = !round.sendable.empty() && plan.writes && !pass.confirmed;
  return round;
}

std::vector<FailureId> Failures(const Pass& pass) {
  std::vector<FailureId> failures;
  for (const FailureId result : pass.results) {
    if (result != Pass::kPending && result != Pass::kDone) failures.push_back(result);
  }
  return failures;
}

StatusId StatusOf(const Machine& machine, const Pass& pass) {
  const auto failures = Failures(pass);
  return failures.empty() ? machine.plans[pass.plan].status
                          : machine.plans.Told(pass.plan, failures);
}

/// Ends the pass when there is nothing left of it.
void Tidy(const Machine& machine, State& state, std::size_t index) {
  const Pass& pass = state.passes[index];
  if (pass.open >= 0 || !NextRound(machine, pass).sendable.empty()) return;
  if (StatusOf(machine, pass) != 0) return;
  state.passes.erase(state.passes.begin() + static_cast<std::ptrdiff_t>(index));
}

bool OwnerIsTheSame(const Machine& machine, const State& state, const KnownPlan& plan) {
  const Blob now = machine.worlds.Resource(state);
  const Blob then = plan.view.front();
  return now == then && !machine.blobs[now].object->meta.deleted;
}

/// Executor::ConfirmOwner; when it fails nothing of the round is sent.
void Confirm(const Machine& machine, const State& state, std::size_t index, bool answered,
             const Emit& emit) {
  State next = state;
  Pass& pass = next.passes[index];
  const KnownPlan& plan = machine.plans[pass.plan];
  const Round round = NextRound(machine, pass);
  const Blob now = machine.worlds.Resource(state);
  const bool same = OwnerIsTheSame(machine, state, plan);
  pass.confirmed = true;
  if (!answered || !same) {
    const Error error{answered ? Code::kConflict : Code::kUnavailable, "the owner is not read", {}};
    for (const std::size_t i : round.sendable) {
      const KnownAction& known = machine.writes.Known(plan.actions[i]);
      pass.results[i] = machine.writes.AddFailure({known.type, known.key, error, false});
    }
  }
  Tidy(machine, next, index);
  emit(std::move(next), {answered ? "the operator reads the owner before it writes anything"
                                  : "FAULT: the operator's reading of the owner is dropped",
                         now, 0, false, same ? "" : "(it has changed)", "", !answered || !same});
}

/// The last part of Executor::Execute, as one step: a child of ours that has lost its labels holds
/// the name of one that is to be created.
void RemoveHidden(const Machine& machine, State& state, const KnownPlan& plan,
                  const KnownAction& known, const std::string& uid) {
  if (machine.mutant == Mutant::kHiddenStays) return;
  if (!OwnerIsTheSame(machine, state, plan)) return;
  const ActionId removal =
      machine.writes.Add(known.owner, Delete{known.type, known.key, uid, "", std::nullopt});
  const Blob there = machine.worlds.Find(state, known.name);
  if (machine.writes.Send({removal, 0, false, 0, there, Fate::kAnswered, 0}).finished) return;
  const Step removed = machine.writes.Send({removal, 0, true, there, there, Fate::kAnswered, 0});
  if (removed.live != there) machine.worlds.Put(state, known.name, removed.live);
}

void SendOne(const Machine& machine, const State& state, std::size_t index, std::size_t action,
             Fate fate, const Emit& emit) {
  const Pass& pass = state.passes[index];
  const KnownPlan& plan = machine.plans[pass.plan];
  const KnownAction& known = machine.writes.Known(plan.actions[action]);
  const Blob live = machine.worlds.Find(state, known.name);
  Writes::Request request{
      plan.actions[action], plan.viewed[action], pass.open >= 0, pass.seen, live, fate, 0};
  if (live == 0 && !known.is_delete) {
    request.uid = machine.worlds.FreshUid(state, known.name, machine.plans);
  }
  const Step step = machine.writes.Send(request);
  if (fate == Fate::kLost && step.live == live) return;  // As if it had been dropped.
  State next = state;
  Pass& after = next.passes[index];
  if (step.finished) {
    after.results[action] = step.failure;
    after.open = -1;
    after.seen = 0;
  } else {
    after.open = static_cast<std::int8_t>(action);
    after.seen = live;
  }
  if (step.live != live) machine.worlds.Put(next, known.name, step.live);
  const std::string hidden =
      step.failure != 0 ? machine.writes.Failure(step.failure).hidden_uid : "";
  if (!hidden.empty()) RemoveHidden(machine, next, plan, known, hidden);
  const std::string_view what = fate == Fate::kAnswered  ? "the operator sends:"
                                : fate == Fate::kDropped ? "FAULT: never arrives:"
                                                         : "FAULT: takes effect, unanswered:";
  const std::string_view more = !step.finished      ? "(looked)"
                                : step.failure != 0 ? "(failed)"
                                : step.live == live ? "(nothing to do)"
                                                    : "(done)";
  Tidy(machine, next, index);
  const bool again =
      step.failure != 0 && machine.writes.Failure(step.failure).error.code != Code::kInvalid;
  emit(std::move(next), {what, 0, plan.actions[action], true, more, step.violation, again});
}

void PutStatus(const Machine& machine, const State& state, std::size_t index, Fate fate,
               const Emit& emit) {
  const Pass& pass = state.passes[index];
  const Blob resource = machine.worlds.Resource(state);
  State next = state;
  next.passes.erase(next.passes.begin() + static_cast<std::ptrdiff_t>(index));
  if (fate == Fate::kDropped) return emit(std::move(next), {"FAULT: never arrives: the status"});
  const bool blind = machine.mutant == Mutant::kBlindStatus || machine.mutant == Mutant::kStaleBody;
  const Blob then = machine.plans[pass.plan].view.front();
  const bool exists = resource != 0 && machine.blobs[resource].uid == machine.blobs[then].uid;
  if (!exists || (pass.moved && !blind)) {
    if (fate != Fate::kAnswered) return;
    return emit(std::move(next), {"the operator's status is refused: the resource has changed", 0,
                                  0, false, "", "", true});
  }
  const Blob after = machine.plans.WithStatus(resource, StatusOf(machine, pass));
  const auto violation = Keep(machine.check_status(resource, after));
  machine.worlds.Put(next, machine.blobs[after].name, after);
  emit(std::move(next), {fate == Fate::kAnswered ? "the operator writes the status"
                                                 : "FAULT: takes effect, unanswered: the status",
                         after, 0, false, "", violation});
}

void Begin(const Machine& machine, const State& state, const Emit& emit) {
  const auto view = machine.worlds.View(state);
  if (view.empty()) return;
  const PlanId id = machine.plans.Make(view);
  const KnownPlan& plan = machine.plans[id];
  if (plan.Idle() && plan.violation.empty()) return;
  State next = state;
  const Stalled& own = state.stalled.front();
  next.passes.push_back({id, std::vector<FailureId>(plan.actions.size(), Pass::kPending), -1, 0,
                         false, own.on && !own.waits && own.behind > 0});
  emit(std::move(next), {"the operator looks and plans", 0, 0, false, "", Keep(plan.violation)});
}

void Fault(const Machine& machine, const State& state, bool enabled, const Emit& emit,
           const std::function<void(const Emit&)>& moves) {
  if (!enabled || state.faults >= machine.limits.faults) return;
  moves([&](State next, const Label& label) {
    ++next.faults;
    emit(std::move(next), label);
  });
}

void MovesOf(const Machine& machine, const State& state, std::size_t index, const Emit& emit) {
  const Pass& pass = state.passes[index];
  const FaultKinds& kinds = machine.limits.kinds;
  const Round round = NextRound(machine, pass);
  const auto with_fates = [&](auto send) {
    send(Fate::kAnswered, emit);
    Fault(machine, state, kinds.requests, emit, [&](const Emit& faulty) {
      send(Fate::kDropped, faulty);
      send(Fate::kLost, faulty);
    });
  };
  const auto send_action = [&](std::size_t action) {
    with_fates(
        [&](Fate fate, const Emit& to) { SendOne(machine, state, index, action, fate, to); });
  };
  Fault(machine, state, kinds.crashes, emit, [&](const Emit& faulty) {
    State next = state;
    next.passes.erase(next.passes.begin() + static_cast<std::ptrdiff_t>(index));
    faulty(std::move(next), {"FAULT: the operator dies and starts again"});
  });
  if (pass.open >= 0) return send_action(static_cast<std::size_t>(pass.open));
  if (round.needs_owner) {
    Confirm(machine, state, index, true, emit);
    Fault(machine, state, kinds.requests, emit,
          [&](const Emit& to) { Confirm(machine, state, index, false, to); });
    return;
  }
  for (const std::size_t action : round.sendable) {
    send_action(action);
    if (machine.limits.in_order) break;
  }
  if (round.sendable.empty()) {
    with_fates([&](Fate fate, const Emit& to) { PutStatus(machine, state, index, fate, to); });
  }
}

}  // namespace

std::string Describe(const Machine& machine, const Label& label) {
  std::string text(label.what);
  if (label.acts) {
    constexpr std::array kVerbs{"create", "apply", "delete"};
    const KnownAction& known = machine.writes.Known(label.action);
    text += fmt::format(" {} {} {}", kVerbs[known.action.index()], known.type.kind, known.key.name);
  }
  if (label.about != 0) text += " " + machine.blobs.Describe(label.about);
  if (!label.more.empty()) text += " " + std::string(label.more);
  return text;
}

void OperatorMoves(const Machine& machine, const State& state, const Emit& emit) {
  for (std::size_t i = 0; i < state.passes.size(); ++i) MovesOf(machine, state, i, emit);
  if (!PassUnderWay(state)) return Begin(machine, state, emit);
  if (state.passes.size() >= machine.limits.leaders) return;
  Fault(machine, state, true, emit, [&](const Emit& to) {
    State next = state;
    for (auto& pass : next.passes) pass.left = true;
    to(std::move(next), {"FAULT: another replica leads, and the pass under way goes on"});
  });
}

bool PassUnderWay(const State& state) {
  return std::ranges::any_of(state.passes, [](const Pass& pass) { return !pass.left; });
}

PassResult RunPass(const Machine& machine, State& state) {
  PassResult result;
  const auto take = [&](State next, const Label& label) {
    if (!label.violation.empty()) result.violation = label.violation;
    result.failed = result.failed || label.failed;
    state = std::move(next);
  };
  if (state.passes.empty()) {
    const auto view = machine.worlds.View(state);
    if (view.empty()) return result;
    result.wake = machine.plans[machine.plans.Make(view)].wake;
    Begin(machine, state, take);
  }
  const auto objects = state.objects;
  const auto depth = state.passes.size();
  while (!state.passes.empty() && state.passes.size() == depth && result.violation.empty()) {
    const State before = state;
    const Pass& pass = before.passes.back();
    result.wake = machine.plans[pass.plan].wake;
    const std::size_t index = depth - 1;
    const Round round = NextRound(machine, pass);
    if (pass.open >= 0) {
      SendOne(machine, before, index, static_cast<std::size_t>(pass.open), Fate::kAnswered, take);
    } else if (round.needs_owner) {
      Confirm(machine, before, index, true, take);
    } else if (!round.sendable.empty()) {
      SendOne(machine, before, index, round.sendable.front(), Fate::kAnswered, take);
    } else {
      PutStatus(machine, before, index, Fate::kAnswered, take);
    }
  }
  result.wrote = state.objects != objects;
  return result;
}

}  // namespace slipway::explorer
