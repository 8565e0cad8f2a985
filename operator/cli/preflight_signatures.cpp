#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "controllers/isolation/kind.hpp"
#include "controllers/isolation/rules.hpp"
#include "controllers/isolation/signatures.hpp"
#include "operator/cli/decode.hpp"
#include "operator/cli/look.hpp"
#include "operator/cli/preflight_checks.hpp"
#include "operator/cli/text.hpp"
#include "operator/kube/network.hpp"

namespace slipway::cli {
namespace {

using isolation::kIsolationPolicies;
using nlohmann::json;

/// What the operator sees of a namespace, and what holds there.
Controller Looking(const Settings& settings) {
  Controller controller{"preflight", kNamespaces, {}, {}};
  controller.looks_up.push_back({kIsolationPolicies, {}, {}});
  controller.looks_up.push_back(isolation::LookUpSignatures(settings));
  return controller;
}

/// The name with the digest by which pods ask for it, or by which they have run it.
std::string WithDigest(const Image& image) {
  if (!image.name.digest.empty() || image.digest.empty()) return image.name.Text();
  return image.name.Place() + "@" + image.digest;
}

bool IsUsedIn(const Image& image, const std::string& ns) {
  return std::ranges::find(image.uses, ns, &ImageUse::ns) != image.uses.end();
}

struct Seen {
  std::size_t images = 0;
  std::size_t missing = 0;
  std::string first;  ///< Of those that are not signed, and why.
};

Result<void> LookAt(const json& ns, const std::vector<json>& others, const Facts& facts,
                    const Settings& settings, Seen& seen) {
  const auto world = WorldOf(Looking(settings), ns, others);
  if (!world) return tl::unexpected(world.error());
  for (const auto& policy : world->All(kIsolationPolicies)) {
    if (isolation::IsReadable(policy.body)) continue;
    return Fail(Code::kInvalid, fmt::format("IsolationPolicy {} is not of this program's release",
                                            policy.key.name));
  }
  const Object* home = world->FindObject(kNamespaces.type, {kHomeCluster, "", Name(ns)});
  const auto rules = isolation::RulesFor(home->meta, world->All(kIsolationPolicies), settings);
  if (!rules) return {};
  isolation::SignedImages images(rules->images, *world, settings);
  for (const Image& image : facts.images.images) {
    // The operator's own is always allowed, and in every isolated pod.
    if (!IsUsedIn(image, Name(ns)) || IsUsedIn(image, facts.operator_ns)) continue;
    ++seen.images;
    const std::string name = WithDigest(image);
    const auto why = images.WhyNot(name);
    if (!why) continue;
    if (seen.missing++ == 0) {
      seen.first = fmt::format("{} in namespace {} {}", name, Name(ns), *why);
    }
  }
  return {};
}

}  // namespace

bool DemandsSignatures(const json& policy) {
  return !List(policy, {"spec", "images", "signatureKeys"}).empty();
}

void AddSignatures(const Facts& facts, std::vector<Check>& checks) {
  const std::string check = "signatures";
  if (auto unseen = FirstUnseen(facts, check, {"isolationpolicies"})) {
    return checks.push_back(std::move(*unseen));
  }
  std::vector<json> others;
  std::ranges::copy_if(facts.policies, std::back_inserter(others), DemandsSignatures);
  if (others.empty()) {
    return checks.push_back({Verdict::kOk, check, "no IsolationPolicy demands any", ""});
  }
  if (auto unseen = FirstUnseen(facts, check, {"namespaces", "configmaps"})) {
    return checks.push_back(std::move(*unseen));
  }
  others.insert(others.end(), facts.signatures.begin(), facts.signatures.end());
  Settings settings;
  settings.operator_namespace = facts.operator_ns;
  Seen seen;
  for (const json& ns : facts.namespaces) {
    if (const auto looked = LookAt(ns, others, facts, settings, seen); !looked) {
      return checks.push_back(Unseen(check, "what policies say", looked.error().message));
    }
  }
  if (seen.missing == 0) {
    return checks.push_back({Verdict::kOk, check,
                             fmt::format("{} that IsolationPolicies want signed, and all are",
                                         Count(seen.images, "image")),
                             ""});
  }
  checks.push_back({Verdict::kFail, check,
                    fmt::format("{} of {} lack a signature, such as {}", seen.missing,
                                Count(seen.images, "image"), seen.first),
                    "docs/operations.md, signed images"});
}

}  // namespace slipway::cli
