#include <algorithm>
#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "controllers/registry.hpp"
#include "operator/config.hpp"
#include "operator/run/write.hpp"
#include "tests/golden/decode.hpp"

/// Answers what the operator would still do in a world that is at rest, which is nothing. A line of
/// standard input is a world, {"now": TIME, "objects": [the custom resource, its children]}; a line
/// of standard output says {"writes": [...], "events": [...], "status": what would be written or
/// null}. Usage: recompute CONFIG, the operator's own.
namespace slipway {
namespace {

using nlohmann::json;

/// What a planner sees: objects of other kinds are not for it.
Snapshot See(const Controller& controller, const std::vector<json>& objects) {
  const auto kinds = golden::Kinds(controller);
  std::vector<json> seen;
  std::ranges::copy_if(objects, std::back_inserter(seen), [&](const json& object) {
    return std::ranges::any_of(kinds, [&](const AnyResource& kind) {
      return kind.type.kind == object.at("kind").get<std::string>();
    });
  });
  return golden::MakeSnapshot(controller, seen);
}

json Recompute(const std::vector<Controller>& controllers, const json& world) {
  const auto objects = world.at("objects").get<std::vector<json>>();
  const json& resource = objects.at(0);
  const auto controller =
      std::ranges::find(controllers, resource.at("kind").get<std::string>(),
                        [](const Controller& one) { return std::string(one.kind.type.kind); });
  if (controller == controllers.end()) throw std::runtime_error("no kind of ours comes first");
  const auto now = ParseTime(world.at("now").get<std::string>());
  if (!now) throw std::runtime_error("now: no time");
  const Snapshot seen = See(*controller, objects);
  const ObjectKey key = golden::KeyOf(resource);
  const Outcome outcome = controller->reconcile({key, seen, *now, {}});

  const ObjectMeta& meta = seen.FindObject(controller->kind.type, key)->meta;
  const Owner owner{controller->kind.type, key, meta.uid, meta.generation};
  json answer = {{"writes", json::array()}, {"events", json::array()}, {"status", nullptr}};
  for (const auto& action : outcome.plan.actions) {
    const Write write(owner, action, seen);
    if (write.Skipped()) continue;
    answer["writes"].push_back(std::string(write.Type().kind) + " " + write.Key().ToString());
  }
  for (const auto& event : outcome.plan.events) answer["events"].push_back(event.reason);
  if (outcome.status) answer["status"] = *outcome.status;
  return answer;
}

int Main(const std::string& config_file) {
  auto source = ReadConfigFile(config_file);
  const auto config = source ? MakeConfig({*source}) : tl::unexpected(source.error());
  if (!config) {
    std::cerr << config.error().message << "\n";
    return 2;
  }
  const auto controllers = MakeControllers(config->settings);
  for (std::string line; std::getline(std::cin, line);) {
    json answer;
    try {
      answer = Recompute(controllers, json::parse(line));
    } catch (const std::exception& problem) {
      answer = {{"error", problem.what()}};
    }
    std::cout << answer.dump() << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace slipway

int main(int argc, char** argv) {
  if (argc == 2) return slipway::Main(argv[1]);
  std::cerr << "usage: recompute CONFIG\n";
  return 2;
}
