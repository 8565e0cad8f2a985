#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "operator/base/clock.hpp"
#include "operator/base/mutex.hpp"
#include "operator/kube/client.hpp"
#include "operator/kube/token_bucket.hpp"
#include "operator/run/access.hpp"
#include "operator/run/controller.hpp"
#include "operator/run/report_desk.hpp"

namespace slipway {

/// Takes requests for jobs into the status of a custom resource
/// (docs/decisions/0018-triggers-by-drift-and-request.md). What a request means says the controller
/// of the kind.
///
/// Every replica may do this, whoever leads, as with reports. Who may ask is decided by the API
/// server: a token of anybody, for the audience of requests, whose user has the right `trigger` on
/// the object. Thread-safe.
class TriggerDesk {
 public:
  static constexpr std::size_t kMaxRequest = 4096;
  static constexpr std::string_view kAudience = "slipway.dev/triggers";
  static constexpr std::string_view kVerb = "trigger";

  /// The controllers and the client must outlive it.
  TriggerDesk(std::vector<const Controller*> controllers, Client& client, const Clock& clock);

  /// `token` is what came as bearer token, `peer` the address that it came from, for the log.
  ReportAnswer Take(const std::string& ns, const std::string& name, std::string_view token,
                    std::string_view body, const std::string& peer);

 private:
  /// Whether a request may cost the API server something now.
  bool TakeTurn();
  ReportAnswer Answer(const ObjectKey& key, std::string_view token, std::string_view body,
                      std::string& user);
  /// One read and, if it is taken, one write.
  Result<ReportAnswer> Record(const ObjectKey& key, const AuthorizedRequest& request);

  const Controller* controller_ = nullptr;  ///< Of the kind of which jobs are requested.
  Client& client_;
  const Clock& clock_;
  Mutex mutex_;
  /// Far above what pipelines need; those who have no right cannot keep the API server busy.
  TokenBucket bucket_ SLIPWAY_GUARDED_BY(mutex_){10, 20};
};

}  // namespace slipway
