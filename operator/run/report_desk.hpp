#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "operator/base/clock.hpp"
#include "operator/cache/store.hpp"
#include "operator/kube/client.hpp"
#include "operator/run/controller.hpp"
#include "operator/run/turns.hpp"

namespace slipway {

/// What a pod is told about its report, or somebody about a request, in the words of HTTP.
struct ReportAnswer {
  int status = 204;
  std::string text;                    ///< What is wrong and the way out; empty with 204.
  std::chrono::seconds retry_after{};  ///< Zero for none.
};

/// Takes reports of pods about themselves into the status of the custom resource that they belong
/// to (docs/decisions/0015-reports-by-http.md). What a report means says the controller of the
/// kind.
///
/// Every replica may do this, whoever leads: it is one write, at the version that it was made from.
/// A pod can report of itself alone: its token names it, is made for this purpose only, and is
/// checked by the API server. Thread-safe.
class ReportDesk {
 public:
  static constexpr std::size_t kMaxReport = 4096;
  /// A pod is heard so often; each report is three requests.
  static constexpr std::chrono::seconds kBetween{10};

  /// `pods` are those that this replica watches; they, the controllers, and the client, must
  /// outlive it.
  ReportDesk(const Store& pods, std::vector<const Controller*> controllers, Client& client,
             const Clock& clock);

  /// `token` is what came as bearer token, `peer` the address that it came from.
  ReportAnswer Take(const std::string& ns, const std::string& name, std::string_view token,
                    std::string_view report, const std::string& peer);

 private:
  /// Whether the token is one that was made for the reports of that pod.
  Result<bool> Confirm(const std::string& pod_uid, std::string_view token);
  const Controller* FindController(const Object& pod) const;
  /// One read and one write; a conflict when somebody else has written in between.
  Result<ReportAnswer> Record(const Controller& controller, const Object& pod,
                              std::string_view report);

  const Store& pods_;
  const std::vector<const Controller*> controllers_;
  Client& client_;
  const Clock& clock_;
  Turns heard_{clock_, kBetween};  ///< Of pods, by UID.
  /// Of addresses that sent a token that is not good: they must cost no pod its turn, and the API
  /// server little.
  Turns refused_{clock_, kBetween};
};

}  // namespace slipway
