#include "operator/cli/why.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "operator/cli/findings.hpp"
#include "operator/cli/kinds.hpp"
#include "operator/cli/look.hpp"
#include "operator/cli/text.hpp"

namespace slipway::cli {
namespace {

using nlohmann::json;

std::string Headline(const World& world) {
  const std::string phase = Line(Text(world.resource, {"status", "phase"}));
  return fmt::format("{}: {}, created {} ago", world.Title(), phase.empty() ? "no status" : phase,
                     Age(Time(world.resource, {"metadata", "creationTimestamp"}), world.now));
}

std::vector<Finding> FindingsOf(const World& world, std::vector<std::string>& notes) {
  if (auto finding = NotForUs(world)) return {std::move(*finding)};
  if (world.kind == "TrainingJob") return JobFindings(world, notes);
  if (auto finding = Unobserved(world)) return {std::move(*finding)};
  if (Holds(world.resource, "Stalled")) {
    return {FromCondition(world, Condition(world.resource, "Stalled"))};
  }
  if (world.kind == "TrainingTrigger") return TriggerFindings(world, notes);
  return world.kind == "ModelDeployment" ? DeploymentFindings(world, notes)
                                         : MonitorFindings(world, notes);
}

/// An operator that is away keeps nothing from running, but it does not help either.
void AddOperator(const World& world, Diagnosis& diagnosis) {
  const std::string trouble = OperatorTrouble(world);
  const bool told = !diagnosis.findings.empty() && diagnosis.findings.front().cause == trouble;
  if (trouble.empty() || told) return;
  diagnosis.notes.push_back(trouble + "; what runs goes on, but nothing new begins");
}

void AddUnread(const World& world, Diagnosis& diagnosis) {
  for (const auto& [what, why] : world.unread) {
    diagnosis.notes.push_back(fmt::format("not looked at: {} ({})", what, Line(why)));
  }
}

void AddLine(std::string& text, std::string_view head, const std::string& line) {
  if (!line.empty()) text += fmt::format("{:<11}{}\n", head, line);
}

}  // namespace

Finding Unexplained(const World& world) {
  const std::string message = Line(Text(world.resource, {"status", "message"}));
  return {message.empty() ? "its status does not say why" : message,
          {},
          "nothing else that is known: it is under way",
          fmt::format("kubectl slipway status {} shows what has happened", world.Handle())};
}

Diagnosis Diagnose(const World& world) {
  Diagnosis diagnosis;
  diagnosis.headline = Headline(world);
  diagnosis.findings = FindingsOf(world, diagnosis.notes);
  const std::string message = Line(Text(world.resource, {"status", "message"}));
  if (diagnosis.findings.empty() && !message.empty()) diagnosis.headline += ": " + message;
  AddOperator(world, diagnosis);
  AddUnread(world, diagnosis);
  return diagnosis;
}

std::string DiagnosisText(const Diagnosis& diagnosis) {
  std::string text = diagnosis.headline + "\n";
  if (diagnosis.findings.empty()) text += "Nothing stands in its way.\n";
  const char* head = "Why:";
  for (const Finding& finding : diagnosis.findings) {
    text += "\n";
    AddLine(text, head, finding.cause);
    for (const std::string& fact : finding.facts) AddLine(text, "", fact);
    AddLine(text, "Waits for:", finding.waits_for);
    AddLine(text, "Way out:", finding.way_out);
    head = "Also:";
  }
  if (!diagnosis.notes.empty()) text += "\n";
  for (const std::string& note : diagnosis.notes) AddLine(text, "Note:", note);
  return text;
}

}  // namespace slipway::cli
