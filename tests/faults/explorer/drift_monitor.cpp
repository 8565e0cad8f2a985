#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "controllers/drift_monitor/controller.hpp"
#include "controllers/drift_monitor/kind.hpp"
#include "tests/faults/explorer/environment.hpp"

namespace slipway::explorer {
namespace {

using nlohmann::json;

enum : std::uint32_t { kSuspendTurned = kOwnChanges, kShareChanged, kIntervalChanged };

/// What an evaluation may leave behind.
struct Ending {
  std::string_view what;
  bool fails;
  const char* message;
};
constexpr const char* kHealthy =
    R"({"driftShare":0,"driftedFeatures":0,"features":1,"notes":"","referenceSamples":200,)"
    R"("samples":200,"verdict":"Healthy","worst":[]})";
constexpr const char* kDrift =
    R"({"driftShare":1,"driftedFeatures":1,"features":1,"notes":"","referenceSamples":200,)"
    R"("samples":200,"verdict":"Drift","worst":[]})";
constexpr std::array kEndings{
    Ending{"the evaluation finds nothing:", false, kHealthy},
    Ending{"the evaluation finds drift:", false, kDrift},
    Ending{"the evaluation leaves no report:", false, ""},
    Ending{"the evaluation fails:", true, ""},
};

json StatusOf(const Blobs& blobs, Blob resource) {
  return blobs.Json(resource).value("status", json::object());
}

const api::DriftMonitor& Monitor(const Blobs& blobs, Blob resource) {
  return *static_cast<const api::DriftMonitor*>(blobs[resource].object->body.get());
}

class DriftMonitorKind final : public Kind {
 public:
  DriftMonitorKind() : Kind(MakeDriftMonitorController(MakeSettings())) {}

  json Resource() const override;
  void Moves(const Machine& machine, const State& state, const Emit& emit) const override;
  bool FairStep(const Machine& machine, State& state, bool fails) const override {
    return FairCollection(machine, state) || FairPods(machine, state, fails, kHealthy);
  }
  int Wakes() const override { return 3; }
  std::string CheckState(const Machine& machine, const State& state) const override;
  std::string CheckRest(const Machine& machine, const State& state, bool fails) const override;
  std::string CheckPlan(const Blobs& blobs, const std::vector<Blob>& view,
                        const Outcome& outcome) const override;
  std::string CheckStatus(const Blobs& blobs, Blob before, Blob after) const override;

 private:
  static Settings MakeSettings() {
    Settings settings;
    settings.worker_image = "slipway";
    return settings;
  }
};

json DriftMonitorKind::Resource() const {
  const json source = {{"format", "CSV"}, {"configMap", {{"name", "data"}, {"key", "a.csv"}}}};
  json production = source;
  production["maxRows"] = 1000;
  production["minSamples"] = 100;
  return {{"apiVersion", "slipway.dev/v1alpha1"},
          {"kind", "DriftMonitor"},
          {"metadata",
           {{"name", "drift"},
            {"namespace", "team-a"},
            {"uid", "monitor-uid-0"},
            {"generation", 1},
            {"creationTimestamp", FormatTime(kNow)}}},
          {"spec",
           {{"intervalSeconds", 300},
            {"suspend", false},
            {"reference", source},
            {"production", production},
            {"metrics",
             {{{"name", "PopulationStabilityIndex"},
               {"warningThreshold", "0.1"},
               {"threshold", "0.2"}}}},
            {"decision", {{"driftShare", "0.3"}, {"consecutiveBreaches", 2}}},
            {"resources", json::object()}}},
          {"status", {{"observedGeneration", -1}}}};
}

void DriftMonitorKind::Moves(const Machine& machine, const State& state, const Emit& emit) const {
  const Blob resource = machine.worlds.Resource(state);
  if (resource != 0 && state.edits < machine.limits.edits) {
    UserEdit(
        machine, state, kSuspendTurned, "the user suspends or resumes the monitor",
        [](json& spec) { spec["suspend"] = !spec["suspend"].get<bool>(); }, emit);
    UserEdit(
        machine, state, kShareChanged, "the user changes driftShare",
        [](json& spec) {
          json& share = spec["decision"]["driftShare"];
          share = share == "0.3" ? "0.5" : "0.3";
        },
        emit);
    UserEdit(
        machine, state, kIntervalChanged, "the user changes the interval",
        [](json& spec) { spec["intervalSeconds"] = spec["intervalSeconds"] == 300 ? 700 : 300; },
        emit);
    UserDelete(machine, state, emit);
  }
  for (const Blob blob : state.objects) {
    const Facts& facts = machine.blobs[blob];
    if (!IsPod(facts) || facts.owner.empty() || ReadPod(facts).phase != "Running") continue;
    for (std::uint32_t i = 0; i < kEndings.size(); ++i) {
      State after = state;
      const Ending& ending = kEndings[i];
      machine.worlds.Put(after, facts.name,
                         EndPod(machine.blobs, blob, ending.fails, ending.message, i));
      emit(std::move(after), {ending.what, blob});
    }
  }
}

std::string DriftMonitorKind::CheckState(const Machine& machine, const State& state) const {
  std::vector<std::string> places;
  for (const Blob blob : state.objects) {
    const Facts& facts = machine.blobs[blob];
    if (!IsPod(facts) || facts.owner.empty() || !ReadPod(facts).live) continue;
    const Labels& labels = facts.object->meta.labels;
    const auto run = labels.find(drift_monitor::kRun);
    const auto generation = labels.find(drift_monitor::kGeneration);
    if (run == labels.end() || generation == labels.end()) continue;
    std::string place = facts.owner + "/" + run->second + "/" + generation->second;
    if (std::ranges::find(places, place) != places.end()) return "two live pods of one run";
    places.push_back(std::move(place));
  }
  return "";
}

std::string DriftMonitorKind::CheckPlan(const Blobs& blobs, const std::vector<Blob>& view,
                                        const Outcome& outcome) const {
  const api::DriftMonitor& monitor = Monitor(blobs, view.front());
  const auto creates = std::ranges::count_if(
      outcome.plan.actions, [](const Action& a) { return std::holds_alternative<Create>(a); });
  if (creates > 1) return "two evaluations are planned at once";
  if (creates > 0 && monitor.spec.suspend) return "an evaluation is planned while suspended";
  return outcome.status ? CheckAnyStatus(monitor.meta, *outcome.status) : "";
}

/// The generation that the newest verdict is for.
std::int64_t Evaluated(const json& status) {
  for (const auto& condition : status.value("conditions", json::array())) {
    if (condition["type"] == "Ready") return condition["observedGeneration"];
  }
  return -1;
}

std::string DriftMonitorKind::CheckStatus(const Blobs& blobs, Blob before, Blob after) const {
  const json old = StatusOf(blobs, before);
  const json next = StatusOf(blobs, after);
  if (auto why = CheckAnyStatus(blobs[after].object->meta, next); !why.empty()) return why;
  if (Evaluated(next) < Evaluated(old)) return "the evaluated generation falls";
  const json& history = old.value("history", json::array());
  const json& runs = next.value("history", json::array());
  if (runs.size() < history.size()) return "an evaluation is forgotten";
  for (std::size_t i = 1; i < runs.size(); ++i) {
    if (runs[i - 1]["run"] == runs[i]["run"]) return "a run is recorded twice";
  }
  const bool same = !history.empty() && Evaluated(old) == Evaluated(next) &&
                    history.front()["run"] == runs.front()["run"];
  if (same && old.value("breaches", 0) != next.value("breaches", 0)) {
    return "one evaluation is counted twice";
  }
  return "";
}

std::string DriftMonitorKind::CheckRest(const Machine& machine, const State& state,
                                        bool fails) const {
  const Blob resource = machine.worlds.Resource(state);
  for (const Blob blob : state.objects) {
    const Facts& facts = machine.blobs[blob];
    if (facts.kind == 0 || facts.owner.empty() || !facts.visible) continue;
    return resource == 0 ? "a child outlives its owner" : "at rest with an evaluation pod left";
  }
  if (resource == 0) return "";
  const json status = StatusOf(machine.blobs, resource);
  const api::DriftMonitor& monitor = Monitor(machine.blobs, resource);
  if (status.value("observedGeneration", -1) != monitor.meta.generation) {
    return "at rest with an old observedGeneration";
  }
  const std::string phase = status.value("phase", "none");
  if (monitor.spec.suspend) {
    return phase == "Suspended" ? "" : "at rest, and not Suspended as the spec asks";
  }
  const auto age = std::chrono::floor<std::chrono::seconds>(kNow - monitor.meta.created);
  const auto run = age.count() / monitor.spec.interval_seconds;
  const json history = status.value("history", json::array());
  if (history.empty() || history.front()["run"].get<std::int64_t>() < run) {
    return fmt::format("at rest, but run {} was not evaluated: phase {}, {}", run, phase,
                       status.value("message", ""));
  }
  if (Evaluated(status) != monitor.meta.generation) return "at rest with a verdict by an old spec";
  if (fails) return phase == "Error" ? "" : "every evaluation fails, and the phase is " + phase;
  return phase == "Healthy" ? "" : "nothing drifts, and the phase is " + phase;
}

}  // namespace

std::unique_ptr<Kind> MakeDriftMonitorKind(const Scenario& /*scenario*/) {
  return std::make_unique<DriftMonitorKind>();
}

}  // namespace slipway::explorer
