#include <fmt/format.h>
#include <fmt/ranges.h>

#include "operator/cli/audit_report.hpp"
#include "operator/cli/look.hpp"
#include "operator/cli/text.hpp"

/// A report for people. It may have come from a file, so nothing in it is believed to be of any
/// shape.
namespace slipway::cli {
namespace {

using nlohmann::json;
using Rows = std::vector<std::vector<std::string>>;

std::string Cell(const json& object, std::string_view name) {
  const json& value = At(object, {name});
  return value.is_null() ? "" : Line(Plain(value));
}

std::string Listed(const json& object, std::string_view name) {
  std::vector<std::string> texts;
  for (const json& one : List(object, {name})) texts.push_back(Line(Plain(one)));
  return fmt::format("{}", fmt::join(texts, ", "));
}

void AddTable(std::string& text, const std::vector<std::string>& headings, const Rows& rows) {
  if (!rows.empty()) text += "\n" + Table(headings, rows);
}

std::string Head(const json& report, const std::string& seal) {
  std::string text = fmt::format(
      "Isolation of cluster {} (Kubernetes {}) at {}, as {} could see it\n"
      "This report is {}.\n",
      Cell(At(report, {"cluster"}), "uid"), Cell(At(report, {"cluster"}), "kubernetes"),
      Cell(report, "time"), Cell(report, "madeBy"), seal);
  Rows rows;
  for (const json& one : List(report, {"operators"})) {
    rows.push_back({Cell(one, "namespace") + "/" + Cell(one, "name"), Cell(one, "version"),
                    Cell(one, "image"), Listed(one, "running")});
  }
  AddTable(text, {"OPERATOR", "VERSION", "IMAGE", "RUNNING"}, rows);
  return text;
}

std::string PolicyText(const json& policy) {
  std::string text = fmt::format("\nIsolationPolicy {}, generation {}, {}\n", Cell(policy, "name"),
                                 Cell(policy, "generation"), Cell(policy, "digest"));
  Rows rows;
  for (const json& one : List(policy, {"conditions"})) {
    rows.push_back({Cell(one, "type"), Cell(one, "status"), Cell(one, "lastTransitionTime"),
                    Cell(one, "message")});
  }
  AddTable(text, {"CONDITION", "STATUS", "SINCE", "MESSAGE"}, rows);
  rows.clear();
  for (const json& one : List(policy, {"controls"})) {
    rows.push_back(
        {Cell(one, "ruleBook"), Cell(one, "control"), Cell(one, "state"), Cell(one, "message")});
  }
  AddTable(text, {"RULE BOOK", "CONTROL", "STATE", "MESSAGE"}, rows);
  return text;
}

Rows ProbeRows(const json& ns) {
  Rows rows;
  for (const json& probe : List(ns, {"probes"})) {
    for (const json& check : List(probe, {"checks"})) {
      rows.push_back({Cell(check, "target"), Cell(check, "declared"), Cell(check, "seen"),
                      Cell(probe, "time"), Cell(probe, "node"), Cell(probe, "pod")});
    }
  }
  return rows;
}

std::string ImagesText(const json& ns) {
  Rows rows;
  for (const json& one : List(ns, {"images"})) {
    const bool ours = Flag(one, {"ofSlipway"});
    const std::string why = Flag(one, {"allowed"}) ? "yes" : "no: it " + Cell(one, "why");
    rows.push_back({Cell(one, "image"), Cell(one, "running"), Cell(one, "pods"),
                    ours ? "yes, the operator's own" : why});
  }
  std::string text;
  AddTable(text, {"IMAGE", "RUNNING", "PODS", "ALLOWED"}, rows);
  return text;
}

std::string NamespaceText(const json& ns) {
  std::string text = fmt::format("\nNamespace {}, by IsolationPolicy {}\n", Cell(ns, "name"),
                                 Listed(ns, "policies"));
  Rows rows;
  for (const json& one : List(ns, {"proofs"})) {
    rows.push_back({Cell(one, "policy"), Cell(one, "result"), Cell(one, "time"),
                    Cell(one, "nodeName"), Cell(one, "message")});
  }
  AddTable(text, {"PROOF FOR", "RESULT", "TIME", "NODE", "MESSAGE"}, rows);
  AddTable(text, {"TRIED", "DECLARED", "SEEN", "TIME", "NODE", "BY POD"}, ProbeRows(ns));
  rows.clear();
  for (const json& one : List(ns, {"networkPolicies"})) {
    const char* of = Flag(one, {"ofSlipway"}) ? "Slipway"
                     : Flag(one, {"allows"})  ? "somebody else, and allows something"
                                              : "somebody else";
    rows.push_back({Cell(one, "name"), of, Cell(one, "digest")});
  }
  AddTable(text, {"NETWORK POLICY", "OF", "DIGEST"}, rows);
  text += ImagesText(ns);
  const auto& unprobed = List(ns, {"unprobedPods"});
  if (!unprobed.empty()) {
    text += fmt::format("\n{} of {} running pods did not look before they started: {}\n",
                        unprobed.size(), Cell(ns, "runningPods"), Listed(ns, "unprobedPods"));
  }
  return text;
}

}  // namespace

std::string AuditText(const json& report, const std::string& seal) {
  std::string text = Head(report, seal);
  for (const json& policy : List(report, {"policies"})) text += PolicyText(policy);
  if (List(report, {"policies"}).empty()) text += "\nThere is no IsolationPolicy.\n";
  for (const json& ns : List(report, {"namespaces"})) text += NamespaceText(ns);
  const auto& unseen = List(report, {"unseen"});
  text += unseen.empty() ? "\nEverything that it is about could be read.\n"
                         : "\nNot complete. What could not be read:\n";
  for (const json& one : unseen) {
    text += fmt::format("- {}: {}\n", Cell(one, "what"), Cell(one, "why"));
  }
  text += "\nWhat it cannot say:\n";
  for (const json& limit : List(report, {"limits"})) text += "- " + Line(Plain(limit)) + "\n";
  return text;
}

}  // namespace slipway::cli
