#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/kube/resource.hpp"
#include "operator/run/plan.hpp"

namespace slipway {

/// Everything a reconcile may look at.
struct ReconcileInput {
  const ObjectKey& key;
  /// The custom resource, the children that carry its UID, and what it looks up.
  const Snapshot& world;
  Instant now;
  /// Empty while planning. When writes of the plan failed, reconcile is called once more with
  /// them and only the status and events of that second outcome are used.
  const std::vector<WriteFailure>& failures;
};

struct Outcome {
  Plan plan;
  /// The whole new status; std::nullopt when the recorded one is still true.
  std::optional<nlohmann::json> status;
};

/// A kind at which reconciles look without owning it, such as a template. Each of its objects is
/// filed under a text, and a custom resource sees all that are filed under the texts it names. It
/// is looked at again when one of them changes.
///
/// What there is to see may depend on the children, as with the machines that pods are on. Then
/// each child gives texts, too, for those custom resources that want it.
struct Lookup {
  AnyResource kind;
  /// Where an object of that kind is filed, e.g. "namespace/model"; the same for every
  /// lookup with that index. Nowhere when it is empty.
  std::function<std::string(const Object& object)> filed_under;
  /// Where a custom resource looks.
  std::function<std::vector<std::string>(const Object& resource)> looked_up;
  /// Where a child looks for its custom resource. Empty when none does.
  std::function<std::vector<std::string>(const Object& child)> looked_up_by_child{};
  /// Whether a custom resource wants what its children look up. Only with looked_up_by_child.
  std::function<bool(const Object& resource)> wanted{};
  /// Name of the index by which the objects are found in their store: another one where a kind is
  /// looked up in two ways.
  std::string index = "filed";
  /// What its status says matters to nobody who looks it up, so that a change of it wakes nobody.
  bool by_spec = false;
  /// Only objects that bear our label are looked up, so that no others are watched for it.
  bool ours = false;
  /// The one namespace that they are in, whichever are served, and the labels by which they are
  /// watched there. No other lookup and nobody who owns the kind may want others of it.
  std::string in_namespace{};
  std::string selector{};
};

/// What comes of a report that a pod sends about itself while it runs.
struct TakenReport {
  std::optional<nlohmann::json> status;  ///< The whole new status of the pod's custom resource.
  /// What is wrong with the report, with the way out; empty when it was taken.
  std::string refusal;
};

/// A request that somebody makes by HTTP of a custom resource, and has the right to make.
struct AuthorizedRequest {
  std::string user;  ///< Who, by the word of the API server.
  std::string_view body;
};

/// What comes of it.
struct TakenRequest {
  int code = 202;                        ///< In the words of HTTP.
  std::string text;                      ///< What was taken, or what is wrong and the way out.
  std::optional<nlohmann::json> status;  ///< The whole new status, without which nothing is taken.
};

/// What a kind registers with the runtime: what it is, what it owns, and one pure function.
struct Controller {
  std::string name;  ///< For logs, metrics and Events, e.g. "training-job".
  AnyResource kind;
  /// A kind that another controller reconciles is given by the same Resource there and here.
  std::vector<AnyResource> owns;
  std::function<Outcome(const ReconcileInput&)> reconcile;
  std::vector<Lookup> looks_up{};
  /// A pure function as well, of the custom resource alone, which is there; empty for a kind whose
  /// pods do not report.
  std::function<TakenReport(const ReconcileInput&, std::string_view report)> take_report{};
  /// The same of requests (run/trigger_desk.hpp); empty for a kind of which nothing is requested.
  std::function<TakenRequest(const ReconcileInput&, const AuthorizedRequest&)> take_request{};
};

}  // namespace slipway
