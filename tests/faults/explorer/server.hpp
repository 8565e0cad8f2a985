#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "operator/kube/request.hpp"
#include "operator/kube/transport.hpp"
#include "tests/faults/explorer/mutants.hpp"

namespace slipway::explorer {

/// What an API server holds under one name, and the rules by which it answers there: names are
/// taken once, preconditions on uid and resourceVersion, server-side apply for one manager beside
/// others, graceful deletion of what runs. A pure value.
struct Slot {
  nlohmann::json object;  ///< null: nothing of that name.
  std::string version;    ///< resourceVersion of the object.
  /// What is wrong with the request itself, if anything: no correct operator sends it.
  std::string violation;
};

/// Answers one request. `uid` is what a new object gets, `owner` the custom resource for which the
/// request is sent: what is changed or deleted must bear its reference.
HttpResponse Serve(const HttpRequest& request, const std::string& uid, const std::string& owner,
                   Mutant mutant, Slot& slot);

}  // namespace slipway::explorer
