#include <fmt/format.h>

#include <algorithm>

#include "operator/cli/findings.hpp"
#include "operator/cli/kinds.hpp"
#include "operator/cli/look.hpp"
#include "operator/cli/text.hpp"

namespace slipway::cli {
namespace {

using nlohmann::json;

/// What keeps a Deployment from making pods: quota, mostly.
std::vector<Finding> WithoutPods(const World& world) {
  std::vector<Finding> findings;
  for (const json& deployment : world.deployments) {
    if (!Holds(deployment, "ReplicaFailure")) continue;
    const json& failure = Condition(deployment, "ReplicaFailure");
    const std::string message = Line(Text(failure, {"message"}));
    const bool quota = message.find("exceeded quota") != std::string::npos;
    findings.push_back({fmt::format("Deployment {} cannot make its pods", Name(deployment)),
                        {message},
                        "the API server to take them; tried again by itself",
                        WayOut(world, quota ? "QuotaExceeded" : "InvalidPodTemplate")});
  }
  return findings;
}

void NoteAutoscaling(const World& world, std::vector<std::string>& notes) {
  const json& active = Condition(world.resource, "AutoscalingActive");
  if (Text(active, {"status"}) != "False") return;
  const std::string out = WayOut(world, Text(active, {"reason"}));
  notes.push_back(Line(fmt::format("the autoscaler does not work: {}{}{}",
                                   Text(active, {"message"}), out.empty() ? "" : "; ", out)));
}

void NotePromotion(const World& world, std::vector<std::string>& notes) {
  const json& promoted = Condition(world.resource, "Promoted");
  if (Text(promoted, {"reason"}) != "ModelVersionNotFound") return;
  notes.push_back(Line("nothing is promoted: " + Text(promoted, {"message"})));
}

void NoteOthers(const std::vector<Finding>& findings, std::vector<std::string>& notes) {
  for (const Finding& finding : findings) {
    notes.push_back(finding.cause + (finding.facts.empty() ? "" : ": " + finding.facts.front()));
  }
}

/// A phase that says by itself what the monitor lacks.
std::vector<Finding> FromPhase(const World& world) {
  const std::string phase = Text(world.resource, {"status", "phase"});
  const json& ready = Condition(world.resource, "Ready");
  if (phase == "Error") return {FromCondition(world, ready)};
  if (phase == "InsufficientData") {
    return {{Line(Text(world.resource, {"status", "message"})),
             {},
             "more rows of production data",
             "wait for traffic, or lower spec.production.minSamples"}};
  }
  if (phase != "Initializing") return {};
  return {Unexplained(world)};
}

}  // namespace

std::vector<Finding> DeploymentFindings(const World& world, std::vector<std::string>& notes) {
  std::vector<Finding> findings;
  if (auto finding = Barred(world)) findings.push_back(std::move(*finding));
  for (Finding& finding : WithoutPods(world)) findings.push_back(std::move(finding));
  for (Finding& finding : PodFindings(world, PodsOf(world))) findings.push_back(std::move(finding));
  NoteAutoscaling(world, notes);
  NotePromotion(world, notes);
  if (Holds(world.resource, "Ready")) {
    NoteOthers(findings, notes);
    return {};
  }
  if (findings.empty()) findings.push_back(Unexplained(world));
  const json& endpoint = Condition(world.resource, "EndpointReady");
  if (Holds(world.resource, "EndpointReady")) {
    notes.push_back("requests are answered meanwhile: " + Line(Text(endpoint, {"message"})));
  }
  return findings;
}

std::vector<Finding> MonitorFindings(const World& world, std::vector<std::string>& /*notes*/) {
  if (auto finding = Suspended(world)) return {std::move(*finding)};
  std::vector<Finding> findings;
  if (auto finding = Barred(world)) findings.push_back(std::move(*finding));
  for (Finding& finding : PodFindings(world, PodsOf(world))) findings.push_back(std::move(finding));
  return findings.empty() ? FromPhase(world) : findings;
}

}  // namespace slipway::cli
