#pragma once

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "crds/gen/schema.hpp"
#include "operator/base/clock.hpp"
#include "operator/cli/image_list.hpp"

namespace slipway::cli {

/// An API beyond the core group that Slipway cannot do without.
struct NeededApi {
  std::string_view version;   ///< "apps/v1".
  std::string_view resource;  ///< "deployments".
  std::string_view way_out;
};
const std::vector<NeededApi>& NeededApis();

/// What was read of a cluster. Objects are as the API server sent them; nothing of them is certain.
struct Facts {
  Instant now{};                       ///< By the clock of this machine.
  std::optional<Instant> server_time;  ///< By that of the API server, in whole seconds.
  std::chrono::milliseconds server_time_within{0};      ///< How long the answer took.
  std::string user;                                     ///< Who asks.
  std::string server_version;                           ///< "v1.35.4".
  std::map<std::string, std::set<std::string>> served;  ///< "apps/v1" to plurals.
  std::vector<nlohmann::json> definitions;              ///< CustomResourceDefinitions.
  std::string operator_ns;
  std::vector<nlohmann::json> operators;   ///< Deployments.
  std::vector<nlohmann::json> policies;    ///< IsolationPolicies.
  std::vector<nlohmann::json> signatures;  ///< ConfigMaps with signatures of images.
  std::vector<nlohmann::json> namespaces;
  std::vector<nlohmann::json> storage_classes;
  std::vector<nlohmann::json> nodes;
  std::vector<nlohmann::json> name_services;  ///< Services of the cluster's DNS.
  std::set<std::string> used_namespaces;      ///< Of custom resources.
  ImageList images;
  /// What could not be read, by its plural or path, and why.
  std::map<std::string, std::string> unread;
};

enum class Verdict {
  kOk,
  kWarn,
  kFail,
  kUnknown,  ///< Could not be looked at: it is not passed.
};

struct Check {
  Verdict verdict = Verdict::kOk;
  std::string name;
  std::string seen;
  std::string way_out;
};

/// What can be said about whether a cluster runs Slipway, isolated and without a connection to the
/// outside. `crds` and `version` are those of this program.
std::vector<Check> Preflight(const Facts& facts, const std::vector<crdgen::Crd>& crds,
                             std::string_view version);

/// Whether images in the namespaces of an IsolationPolicy have to be signed.
bool DemandsSignatures(const nlohmann::json& policy);

/// Whether NetworkPolicies have an effect, which only a probe from within a pod can tell: what the
/// operator says about its own in the condition EnforcementVerified of the IsolationPolicies.
Check EnforcementCheck(const std::vector<nlohmann::json>& policies);

/// A line a check, and one for all.
std::string PreflightText(const std::vector<Check>& checks);
nlohmann::json PreflightJson(const std::vector<Check>& checks);

/// Whether nothing failed and everything was looked at.
bool Passed(const std::vector<Check>& checks);

}  // namespace slipway::cli
