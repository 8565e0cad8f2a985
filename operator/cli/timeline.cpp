#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "operator/cli/look.hpp"
#include "operator/cli/status.hpp"
#include "operator/cli/text.hpp"

namespace slipway::cli {
namespace {

using nlohmann::json;

class Collector {
 public:
  explicit Collector(const World& world) : world_(world), pods_(PodsOf(world)) {}

  std::vector<Moment> Collect() {
    const std::string own = world_.kind + " " + Name(world_.resource);
    Add(Time(world_.resource, {"metadata", "creationTimestamp"}), own, "created");
    AddConditions(world_.resource, own);
    for (const json& deployment : world_.deployments) {
      const std::string who = "Deployment " + Name(deployment);
      Add(Time(deployment, {"metadata", "creationTimestamp"}), who, "created");
      AddConditions(deployment, who);
    }
    for (const Pod& pod : pods_) AddPod(pod);
    AddEvents(own);
    // What happened in the same second is in the order of who it happened to.
    std::ranges::stable_sort(
        moments_, {}, [](const Moment& moment) { return std::tuple(moment.time, moment.who); });
    return std::move(moments_);
  }

 private:
  void Add(std::optional<Instant> time, const std::string& who, const std::string& what) {
    if (time) moments_.push_back({*time, who, Line(what)});
  }

  void AddConditions(const json& object, const std::string& who) {
    for (const json& condition : List(object, {"status", "conditions"})) {
      const std::string message = Text(condition, {"message"});
      Add(Time(condition, {"lastTransitionTime"}), who,
          fmt::format("became {}={} ({}){}", Text(condition, {"type"}), Text(condition, {"status"}),
                      Text(condition, {"reason"}), message.empty() ? "" : ": " + message));
    }
  }

  static std::string Who(const Pod& pod) {
    return pod.role.empty() ? "Pod " + pod.name : fmt::format("Pod {} ({})", pod.name, pod.role);
  }

  void AddPod(const Pod& pod) {
    Add(pod.created, Who(pod), "created");
    for (const json& container : List(*pod.object, {"status", "containerStatuses"})) {
      for (const char* which : {"state", "lastState"}) AddRun(pod, container, which);
    }
  }

  void AddRun(const Pod& pod, const json& container, const char* which) {
    const std::string name = Text(container, {"name"});
    Add(Time(container, {which, "running", "startedAt"}), Who(pod),
        fmt::format("container {} started", name));
    const json& end = At(container, {which, "terminated"});
    if (!end.is_object()) return;
    Add(Time(end, {"startedAt"}), Who(pod), fmt::format("container {} started", name));
    const std::string message = Text(end, {"message"});
    Add(Time(end, {"finishedAt"}), Who(pod),
        fmt::format("container {} ended: {} (exit code {}){}", name, Text(end, {"reason"}),
                    Number(end, {"exitCode"}), message.empty() ? "" : ": " + message));
  }

  /// Pods of a node have one name in every start of the group, so Events of former ones count too.
  std::string Regarded(const json& event, const std::string& own) const {
    const json& object = At(event, {"involvedObject"});
    const std::string uid = Text(object, {"uid"});
    if (uid == Text(world_.resource, {"metadata", "uid"})) return own;
    const std::string name = Text(object, {"name"});
    const std::string kind = Text(object, {"kind"});
    for (const Pod& pod : pods_) {
      if (kind == "Pod" && name == pod.name) return Who(pod);
    }
    for (const json& deployment : world_.deployments) {
      if (kind == "Deployment" && name == Name(deployment)) return "Deployment " + name;
    }
    for (const json& autoscaler : world_.autoscalers) {
      const bool same = kind == "HorizontalPodAutoscaler" && name == Name(autoscaler);
      if (same) return "HorizontalPodAutoscaler " + name;
    }
    return "";
  }

  void AddEvents(const std::string& own) {
    for (const json& event : world_.events) {
      const std::string who = Regarded(event, own);
      if (who.empty()) continue;
      const std::int64_t count =
          std::max(Number(event, {"count"}), Number(event, {"series", "count"}));
      Add(EventTime(event), who,
          fmt::format("{}{}{}: {}", Text(event, {"type"}) == "Warning" ? "Warning " : "",
                      Text(event, {"reason"}), count > 1 ? fmt::format(" (x{})", count) : "",
                      Text(event, {"message"})));
    }
  }

  const World& world_;
  const std::vector<Pod> pods_;
  std::vector<Moment> moments_;
};

}  // namespace

std::vector<Moment> Timeline(const World& world) { return Collector(world).Collect(); }

}  // namespace slipway::cli
