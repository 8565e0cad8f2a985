#include "controllers/isolation/rule_books.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "controllers/common/conditions.hpp"
#include "controllers/common/text.hpp"
#include "controllers/isolation/kind.hpp"
#include "operator/base/clock.hpp"

namespace slipway::isolation {
namespace {

using Book = api::IsolationRuleBook;
using State = api::IsolationControlState;
using Result = api::IsolationResult;

constexpr std::size_t kMaxText = 512;
constexpr std::size_t kShown = 3;

struct Known {
  const api::IsolationPolicySpec& spec;
  const std::vector<api::Condition>& conditions;
  const std::vector<api::IsolationProof>& proofs;
  const std::map<std::string, const ObjectMeta*>& namespaces;
};

struct Verdict {
  State state = State::kNotCheckable;
  std::string message;
};

std::string Some(const std::vector<std::string>& names) { return Listed(names, kShown); }

std::string MessageOf(const Known& known, std::string_view type) {
  const auto* condition = FindCondition(known.conditions, type);
  return condition == nullptr ? "nothing has been observed yet" : condition->message;
}

std::string HowMany(const Known& known) {
  const std::size_t count = known.proofs.size();
  return count == 1 ? "1 namespace" : fmt::format("{} namespaces", count);
}

/// Why nothing can be said to hold, or nullopt.
std::optional<std::string> WhyNothingSelected(const Known& known) {
  if (!known.proofs.empty()) return std::nullopt;
  return "the policy selects no namespace; correct spec.namespaceSelector, or label the namespaces";
}

/// Why the network is not closed as the policy says, or nullopt.
std::optional<std::string> WhyNotClosed(const Known& known) {
  if (auto why = WhyNothingSelected(known)) return why;
  if (known.spec.profile == api::IsolationProfile::kOpen) {
    return "profile Open leaves the network as it is; set spec.profile to Restricted or AirGapped";
  }
  if (!IsTrue(known.conditions, condition::kEnforced)) {
    return MessageOf(known, condition::kEnforced);
  }
  for (const auto& proof : known.proofs) {
    if (proof.stale_digests.empty() && proof.stale_pods.value_or(0) == 0) continue;
    const std::string pods =
        proof.stale_pods
            ? fmt::format("{} pods still run in namespace {}", *proof.stale_pods, proof.namespace_)
            : fmt::format("pods may still run in namespace {}", proof.namespace_);
    return fmt::format(
        "{} that started under other rules and may use connections that are forbidden now; wait "
        "until they have ended",
        pods);
  }
  return std::nullopt;
}

/// Why nobody has seen it to be closed, or nullopt. That network policies are there proves nothing.
std::optional<std::string> WhyNotSeen(const Known& known) {
  if (auto why = WhyNotClosed(known)) return why;
  std::vector<std::string> unseen;
  for (const auto& proof : known.proofs) {
    if (proof.result == Result::kNotProbed) unseen.push_back(proof.namespace_);
  }
  if (!unseen.empty()) {
    return fmt::format(
        "network policies are in place, but no pod looks whether packets are filtered in {}; set "
        "spec.network.verify.probe to Required",
        Some(unseen));
  }
  if (IsTrue(known.conditions, condition::kVerified)) return std::nullopt;
  return MessageOf(known, condition::kVerified);
}

/// Whether it holds more addresses than any network that somebody owns: 10.0.0.0/8 and fc00::/7
/// are the largest private ones.
bool IsEverywhere(const std::string& cidr) {
  const auto slash = cidr.find('/');
  int bits = 0;
  if (slash == std::string::npos) return false;
  std::from_chars(cidr.data() + slash + 1, cidr.data() + cidr.size(), bits);
  return bits < (cidr.find(':') == std::string::npos ? 8 : 7);
}

/// Which entry leads to, or from, about everywhere, with the way out; or nullopt.
std::optional<std::string> WhyEverywhere(const std::vector<api::IsolationPeer>& peers,
                                         std::string_view field) {
  for (std::size_t i = 0; i < peers.size(); ++i) {
    if (!peers[i].cidr || !IsEverywhere(*peers[i].cidr)) continue;
    return fmt::format(
        "spec.network.{}[{}].cidr is {}, which holds networks that nobody knows; name the networks "
        "that are meant",
        field, i, *peers[i].cidr);
  }
  return std::nullopt;
}

Verdict NotMet(std::string why) { return {State::kNotMet, std::move(why)}; }

/// What may go in and out, as the policy names it.
std::string Named(const Known& known) {
  return fmt::format("what spec.network names ({} in, {} out), DNS and the operator's reports",
                     known.spec.network.ingress_from.size(), known.spec.network.egress_to.size());
}

// How each control is judged.

Verdict ConfiguredNetwork(const Known& known) {
  if (auto why = WhyNotClosed(known)) return NotMet(std::move(*why));
  return {
      State::kEnforced,
      fmt::format("NetworkPolicy {} says in {} what the policies together say, and is put right "
                  "when somebody changes it; to review what they name is for people",
                  kPolicyName, HowMany(known))};
}

Verdict RestrictedNetwork(const Known& known) {
  if (auto why = WhyNotSeen(known)) return NotMet(std::move(*why));
  return {State::kEnforced,
          fmt::format("nothing goes into or out of {} beyond {}; pods have seen from inside that "
                      "packets are filtered",
                      HowMany(known), Named(known))};
}

Verdict TrustedNetworks(const Known& known) {
  if (auto why = WhyNotSeen(known)) return NotMet(std::move(*why));
  if (auto why = WhyEverywhere(known.spec.network.ingress_from, "ingressFrom")) {
    return NotMet(std::move(*why));
  }
  if (auto why = WhyEverywhere(known.spec.network.egress_to, "egressTo")) {
    return NotMet(std::move(*why));
  }
  return {State::kEnforced,
          fmt::format("there is no way between {} and networks that are not named, and none to all "
                      "addresses; pods have seen from inside that packets are filtered",
                      HowMany(known))};
}

Verdict TestedSegments(const Known& known) {
  if (auto why = WhyNotSeen(known)) return NotMet(std::move(*why));
  std::optional<Instant> oldest;
  for (const auto& proof : known.proofs) {
    if (!proof.time) return NotMet("no pod has looked yet in namespace " + proof.namespace_);
    oldest = std::min(oldest.value_or(*proof.time), *proof.time);
  }
  return {
      State::kEvidence,
      fmt::format("pods in {} tried what is not allowed and were refused; the oldest of these "
                  "looks is of {}, and the next follows within {} s. Tests by people are not "
                  "replaced by it",
                  HowMany(known), FormatTime(*oldest), known.spec.network.verify.interval_seconds)};
}

Verdict RestrictedPods(const Known& known) {
  constexpr std::string_view kLabel = "pod-security.kubernetes.io/enforce";
  if (auto why = WhyNothingSelected(known)) return NotMet(std::move(*why));
  std::vector<std::string> lax;
  for (const auto& proof : known.proofs) {
    const auto ns = known.namespaces.find(proof.namespace_);
    if (ns == known.namespaces.end()) continue;
    const auto label = ns->second->labels.find(kLabel);
    const bool strict = label != ns->second->labels.end() && label->second == "restricted";
    if (!strict) lax.push_back(proof.namespace_);
  }
  if (lax.empty()) {
    return {State::kEnforced,
            fmt::format("the API server refuses pods in {} that do not meet the Pod Security "
                        "Standard restricted, as those of Slipway do",
                        HowMany(known))};
  }
  return NotMet(
      fmt::format("pods of Slipway meet the Pod Security Standard restricted; those of others need "
                  "not in {}: set the label {}=restricted of the namespace",
                  Some(lax), kLabel));
}

/// Which fields leave it open which images run, or nullopt.
std::optional<std::string> WhyImagesUnknown(const Known& known) {
  if (auto why = WhyNothingSelected(known)) return why;
  const auto& images = known.spec.images;
  std::vector<std::string> fields;
  if (!images.require_digest) fields.emplace_back("spec.images.requireDigest to true");
  if (images.allowed_registries.empty()) {
    fields.emplace_back("spec.images.allowedRegistries to the registries that are meant");
  }
  if (fields.empty()) return std::nullopt;
  return fmt::format("an image may be {}; set {}",
                     images.require_digest ? "from anywhere" : "another than was looked at",
                     fmt::join(fields, ", and "));
}

Verdict KnownImages(const Known& known) {
  if (auto why = WhyImagesUnknown(known)) return NotMet(std::move(*why));
  return {State::kEnforced,
          fmt::format("no pod of Slipway is made in {} but with images by digest from {}; `kubectl "
                      "slipway images` lists them. Pods of others are held to it by the admission "
                      "policies of the chart, which the operator does not see",
                      HowMany(known), Some(known.spec.images.allowed_registries))};
}

Verdict NoTokens(const Known& known) {
  if (auto why = WhyNothingSelected(known)) return NotMet(std::move(*why));
  return {State::kEnforced,
          "pods of Slipway get no token of the API server, and no custom resource can give them a "
          "service account; of pods of others nothing is known here"};
}

Verdict EncryptedStorage(const Known& known) {
  if (auto why = WhyNothingSelected(known)) return NotMet(std::move(*why));
  const auto& classes = known.spec.storage.allowed_classes;
  if (classes.empty()) {
    return NotMet(
        "a new volume may be of any StorageClass; set spec.storage.allowedClasses to those that "
        "encrypt");
  }
  return {
      State::kNotCheckable,
      fmt::format("new volumes in {} are of StorageClass {}; how those, etcd and stores outside "
                  "encrypt, neither a pod nor an object of the API tells",
                  HowMany(known), Some(classes))};
}

Verdict UnalteredData(const Known& known) {
  if (auto why = WhyNothingSelected(known)) return NotMet(std::move(*why));
  if (!known.spec.images.require_digest) {
    return NotMet(
        "a program that has the data may be another than was looked at; set "
        "spec.images.requireDigest to true");
  }
  return {State::kNotCheckable,
          "programs that have the data are named by digest; whether the data themselves were "
          "altered, only where they are stored can be told"};
}

Verdict AccessByRight(const Known& known) {
  if (auto why = WhyNotSeen(known)) return NotMet(std::move(*why));
  return {State::kNotCheckable,
          fmt::format("programs outside reach pods in {} only as spec.network.ingressFrom names; "
                      "what people may read is said by roles, which the operator does not read",
                      HowMany(known))};
}

Verdict GuardedTransmission(const Known& known) {
  if (auto why = WhyNotSeen(known)) return NotMet(std::move(*why));
  return {State::kNotCheckable,
          fmt::format("nothing goes out of {} beyond {}; whether programs or the network encrypt "
                      "it, no network policy can tell",
                      HowMany(known), Named(known))};
}

Verdict ClosedByDefault(const Known& known) {
  if (auto why = WhyNotSeen(known)) return NotMet(std::move(*why));
  if (auto why = WhyEverywhere(known.spec.network.ingress_from, "ingressFrom")) {
    return NotMet(std::move(*why));
  }
  return {State::kEnforced,
          fmt::format("pods in {} are reachable by nobody unless spec.network.ingressFrom names "
                      "them; pods have seen from inside that packets are filtered",
                      HowMany(known))};
}

Verdict Transfers(const Known& known) {
  if (auto why = WhyNotSeen(known)) return NotMet(std::move(*why));
  if (auto why = WhyEverywhere(known.spec.network.egress_to, "egressTo")) {
    return NotMet(std::move(*why));
  }
  return {State::kNotCheckable,
          fmt::format("data leave {} only to the {} entries of spec.network.egressTo; in which "
                      "countries those are, no address tells",
                      HowMany(known), known.spec.network.egress_to.size())};
}

struct Control {
  Book book;
  std::string_view number;
  Verdict (*judge)(const Known&);
  /// Without a judge: why nobody here can be one.
  std::string_view not_checkable;
};

constexpr std::string_view kAuditLog =
    "the audit log is a setting of the API server and kept outside the cluster, where the operator "
    "does not read it";

/// PCI DSS v4.0.1, 45 CFR 164.312 and Regulation (EU) 2016/679, by book and number.
constexpr std::array kControls{
    Control{Book::kPCI, "1.2", ConfiguredNetwork, ""},
    Control{Book::kPCI, "1.3", RestrictedNetwork, ""},
    Control{Book::kPCI, "1.4", TrustedNetworks, ""},
    Control{Book::kPCI, "2.2", RestrictedPods, ""},
    Control{Book::kPCI, "3.5", EncryptedStorage, ""},
    Control{Book::kPCI, "3.6", nullptr,
            "keys of the data are kept outside; the operator cannot read a Secret"},
    Control{Book::kPCI, "4.2", nullptr,
            "whether programs encrypt what they send over public networks, no network policy can "
            "tell"},
    Control{Book::kPCI, "6.3.2", KnownImages, ""},
    Control{Book::kPCI, "6.5", nullptr,
            "who has to approve a change is said where changes are made, such as in Git"},
    Control{Book::kPCI, "7.2", nullptr,
            "what people may do is said by roles, which the operator does not read; `kubectl auth "
            "can-i --list --as=USER` tells"},
    Control{Book::kPCI, "7.2.5", NoTokens, ""},
    Control{Book::kPCI, "8.6", nullptr,
            "accounts of people and systems are kept outside the cluster"},
    Control{Book::kPCI, "10.2", nullptr, kAuditLog},
    Control{Book::kPCI, "10.3", nullptr, kAuditLog},
    Control{Book::kPCI, "11.4.5", TestedSegments, ""},
    Control{Book::kHIPAA, "164.312(a)(1)", AccessByRight, ""},
    Control{Book::kHIPAA, "164.312(a)(2)(iv)", EncryptedStorage, ""},
    Control{Book::kHIPAA, "164.312(b)", nullptr, kAuditLog},
    Control{Book::kHIPAA, "164.312(c)(1)", UnalteredData, ""},
    Control{Book::kHIPAA, "164.312(d)", nullptr,
            "how people and programs prove who they are is said in the API server and in the "
            "programs, where the operator does not read it"},
    Control{Book::kHIPAA, "164.312(e)(1)", GuardedTransmission, ""},
    Control{Book::kGDPR, "5(1)(c)", nullptr,
            "which data are needed for a purpose, only people know"},
    Control{Book::kGDPR, "5(1)(e)", nullptr,
            "how long data are kept is said where they are stored; Slipway deletes none"},
    Control{Book::kGDPR, "17", nullptr,
            "Slipway erases no data and gives no receipt: deleting an object leaves its volumes, "
            "models and backups; erase them where they are stored"},
    Control{Book::kGDPR, "25", ClosedByDefault, ""},
    Control{Book::kGDPR, "30", nullptr, "records of processing are kept outside the cluster"},
    Control{Book::kGDPR, "32(1)(a)", EncryptedStorage, ""},
    Control{Book::kGDPR, "32(1)(d)", TestedSegments, ""},
    Control{Book::kGDPR, "44", Transfers, ""},
};

}  // namespace

std::vector<api::IsolationControl> JudgeControls(
    const api::IsolationPolicySpec& spec, const std::vector<api::Condition>& conditions,
    const std::vector<api::IsolationProof>& proofs,
    const std::map<std::string, const ObjectMeta*>& namespaces) {
  const Known known{spec, conditions, proofs, namespaces};
  std::vector<api::IsolationControl> controls;
  for (const Control& control : kControls) {
    if (std::ranges::find(spec.compliance, control.book) == spec.compliance.end()) continue;
    const Verdict verdict = control.judge == nullptr
                                ? Verdict{State::kNotCheckable, std::string(control.not_checkable)}
                                : control.judge(known);
    controls.push_back({control.book, std::string(control.number), verdict.state,
                        OneLine(verdict.message, kMaxText)});
  }
  return controls;
}

}  // namespace slipway::isolation
