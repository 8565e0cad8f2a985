#include "tests/golden/harness.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/golden/yaml_json.hpp"

namespace slipway::golden {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;
namespace fs = std::filesystem;

/// A case, read from its files.
struct Case {
  json head;
  std::vector<json> objects;  ///< The custom resource first.
};

Code CodeFromText(const std::string& text) {
  constexpr std::array kCodes{Code::kForbidden,     Code::kInvalid,     Code::kConflict,
                              Code::kAlreadyExists, Code::kUnavailable, Code::kTimeout,
                              Code::kThrottled,     Code::kNotFound,    Code::kKindNotServed};
  const auto found = std::ranges::find(kCodes, text, [](Code code) { return ToString(code); });
  if (found == kCodes.end()) throw std::runtime_error("no such error code: " + text);
  return *found;
}

std::vector<WriteFailure> ReadFailures(const Controller& controller, const Case& scene) {
  std::vector<WriteFailure> failures;
  for (const auto& item : scene.head.value("failures", json::array())) {
    const auto kinds = Kinds(controller);
    const auto kind =
        std::ranges::find(kinds, item.at("kind").get<std::string>(),
                          [](const AnyResource& resource) { return resource.type.kind; });
    if (kind == kinds.end()) throw std::runtime_error("no such kind: " + item.dump());
    failures.push_back({kind->type,
                        {kHomeCluster, KeyOf(scene.objects.front()).ns, item.at("name")},
                        {CodeFromText(item.at("code")), item.value("message", ""), {}},
                        item.value("foreign", false)});
  }
  return failures;
}

Outcome Run(const Controller& controller, const Case& scene) {
  const Snapshot world = MakeSnapshot(controller, scene.objects);
  const auto now = ParseTime(scene.head.at("now").get<std::string>());
  if (!now) throw std::runtime_error("`now` is no time: " + scene.head.at("now").dump());
  const auto failures = ReadFailures(controller, scene);
  return controller.reconcile({KeyOf(scene.objects.front()), world, *now, failures});
}

ordered_json DescribeAction(const Action& action, bool bodies) {
  const auto name = [](const auto& item) {
    return fmt::format("{} {}", item.type.kind, item.key.ToString());
  };
  if (const auto* removal = std::get_if<Delete>(&action)) {
    ordered_json text = {{"delete", name(*removal)}, {"uid", removal->uid}, {"why", removal->why}};
    if (removal->grace_seconds) text["graceSeconds"] = *removal->grace_seconds;
    if (removal->as_seen) text["onlyAsSeen"] = true;
    return text;
  }
  if (const auto* patch = std::get_if<Patch>(&action)) {
    return {{"patch", name(*patch)}, {"body", patch->body}, {"why", patch->why}};
  }
  const auto* create = std::get_if<Create>(&action);
  ordered_json text = create != nullptr ? ordered_json{{"create", name(*create)}}
                                        : ordered_json{{"apply", name(std::get<Apply>(action))}};
  if (bodies) text["body"] = create != nullptr ? create->body : std::get<Apply>(action).body;
  return text;
}

ordered_json DescribeEvent(const EmitEvent& event) {
  const bool warning = event.type == EmitEvent::Type::kWarning;
  return {{"type", warning ? "Warning" : "Normal"},
          {"reason", event.reason},
          {"action", event.action},
          {"note", event.note}};
}

/// A condition in one line, with all that it holds.
std::string DescribeCondition(const json& condition) {
  const auto text = [&](const char* member) { return condition.at(member).get<std::string>(); };
  return fmt::format("{}={} {} (since {}, generation {}): {}", text("type"), text("status"),
                     text("reason"), text("lastTransitionTime"),
                     condition.at("observedGeneration").dump(), text("message"));
}

ordered_json DescribeStatus(const std::optional<json>& status) {
  if (!status) return "unchanged";
  ordered_json text = *status;
  text["conditions"] = ordered_json::array();
  for (const auto& condition : status->at("conditions")) {
    text["conditions"].push_back(DescribeCondition(condition));
  }
  return text;
}

std::string DescribeOutcome(const Outcome& outcome, bool bodies) {
  ordered_json text;
  text["actions"] = ordered_json::array();
  for (const auto& action : outcome.plan.actions) {
    text["actions"].push_back(DescribeAction(action, bodies));
  }
  text["events"] = ordered_json::array();
  for (const auto& event : outcome.plan.events) text["events"].push_back(DescribeEvent(event));
  if (outcome.plan.wake_at) text["wakeAt"] = FormatTime(*outcome.plan.wake_at);
  text["status"] = DescribeStatus(outcome.status);
  return ToYaml(text);
}

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

bool IsUpdating() {
  const char* update = std::getenv("SLIPWAY_UPDATE_GOLDEN");
  return update != nullptr && std::string(update) == "1";
}

/// What a pass sees may depend on the status that the one before has recorded; then it takes more
/// of them (`passes` in the head).
void CheckSettles(const Controller& controller, Case scene, Outcome outcome) {
  for (int passes = scene.head.value("passes", 1); outcome.status; --passes) {
    scene.objects.front()["status"] = *outcome.status;
    outcome = Run(controller, scene);
    EXPECT_TRUE(outcome.plan.events.empty()) << "the same transition is reported twice";
    if (passes > 1) continue;
    EXPECT_FALSE(outcome.status) << "a pass that finds its own status recorded changes it to:\n"
                                 << ToYaml(*outcome.status);
    return;
  }
}

void RunCase(const fs::path& folder, const Controller& controller) {
  auto documents = LoadYaml(folder / "world.yaml");
  ASSERT_GE(documents.size(), 2U) << "world.yaml needs a head and the custom resource";
  Case scene{documents.front(), {documents.begin() + 1, documents.end()}};
  const bool bodies = scene.head.value("bodies", false);
  const Outcome outcome = Run(controller, scene);
  const std::string actual = DescribeOutcome(outcome, bodies);
  EXPECT_EQ(actual, DescribeOutcome(Run(controller, scene), bodies)) << "not a pure function";
  // Some statuses are steps on a way that the next pass goes on.
  if (scene.head.value("settles", true)) CheckSettles(controller, scene, outcome);
  if (IsUpdating()) {
    std::ofstream(folder / "expect.yaml") << actual;
    return;
  }
  EXPECT_EQ(ReadFile(folder / "expect.yaml"), actual)
      << "run with SLIPWAY_UPDATE_GOLDEN=1 and read the diff if this is meant";
}

}  // namespace

void RunGolden(const std::string& folder, const Controller& controller) {
  std::set<fs::path> cases;
  for (const auto& entry :
       fs::directory_iterator(fs::path(SLIPWAY_SOURCE_DIR) / "tests/golden" / folder)) {
    if (entry.is_directory()) cases.insert(entry.path());
  }
  ASSERT_FALSE(cases.empty());
  for (const auto& path : cases) {
    SCOPED_TRACE(path.filename().string());
    try {
      RunCase(path, controller);
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
  }
}

}  // namespace slipway::golden
