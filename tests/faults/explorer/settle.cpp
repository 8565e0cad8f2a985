#include "tests/faults/explorer/settle.hpp"

#include <fmt/core.h>

#include "tests/faults/explorer/environment.hpp"

namespace slipway::explorer {
namespace {

constexpr int kMostSteps = 400;

void Note(std::vector<std::string>* steps, const Machine& machine, const State& state,
          std::string what) {
  if (steps == nullptr) return;
  const Blob resource = machine.worlds.Resource(state);
  if (resource != 0) {
    const auto object = machine.blobs.Json(resource);
    const auto status = object.value("status", nlohmann::json::object());
    what +=
        fmt::format("  [{}: {}]", status.value("phase", "no phase"), status.value("message", ""));
  }
  steps->push_back(std::move(what));
}

}  // namespace

std::string Settle::Check(State state, std::vector<std::string>* steps) {
  for (auto& stalled : state.stalled) stalled = {};
  // What was under way comes to its end; a second leader's pass after the first one's.
  while (!state.passes.empty()) {
    const PassResult result = RunPass(machine_, state);
    if (!result.violation.empty()) return result.violation;
    Note(steps, machine_, state, "the pass under way ends");
  }
  state.faults = state.edits = state.ticks = 0;
  for (const bool fails : {false, true}) {
    if (steps != nullptr) {
      steps->push_back(fails ? "then, when every program fails:" : "then, when programs succeed:");
    }
    if (auto why = Walk(state, fails, steps); !why.empty()) return why;
  }
  return "";
}

std::string Settle::Walk(State state, bool fails, std::vector<std::string>* steps) {
  std::vector<std::size_t> way;
  int wakes = 0;
  for (int step = 0; step < kMostSteps; ++step) {
    const auto key = std::hash<std::string>{}((fails ? "f" : "s") + Encode(state));
    if (steps == nullptr && good_.contains(key)) {
      good_.insert(way.begin(), way.end());
      return "";
    }
    way.push_back(key);
    ++walked_;
    const auto before = machine_.worlds.View(state);
    const PassResult pass = RunPass(machine_, state);
    if (!pass.violation.empty()) {
      Note(steps, machine_, state, "a pass");
      return pass.violation;
    }
    if (auto why = kind_.CheckState(machine_, state); !why.empty()) return why;
    if (pass.wrote) Note(steps, machine_, state, "a pass");
    const bool retry = pass.failed && machine_.mutant != Mutant::kLostRetry;
    bool told = machine_.worlds.View(state) != before;
    if (told || (pass.wrote && retry)) continue;
    bool changed = false;
    while (!told && kind_.FairStep(machine_, state, fails)) {
      changed = true;
      told = machine_.worlds.View(state) != before;
      Note(steps, machine_, state, "kubelets and controllers");
    }
    if (told || (changed && retry)) continue;
    if (!pass.wake || ++wakes > kind_.Wakes()) {
      if (auto why = kind_.CheckRest(machine_, state, fails); !why.empty()) return why;
      good_.insert(way.begin(), way.end());
      return "";
    }
    if (pass.wake->count() <= 0) return "the operator is woken at once, for ever";
    PassTime(machine_, state, *pass.wake);
    Note(steps, machine_, state, fmt::format("{} s pass", pass.wake->count()));
  }
  return "the world never comes to rest";
}

}  // namespace slipway::explorer
