#pragma once

#include <map>
#include <optional>
#include <string>

#include "operator/kube/json_view.hpp"
#include "operator/kube/resource.hpp"
#include "operator/run/audit_log.hpp"
#include "operator/run/write.hpp"

namespace slipway {

/// Sees the requests of one plan and their answers, and records each that may have changed
/// something: also those that were refused, and those of which nobody knows whether they arrived.
/// Without a log it does nothing. Not thread-safe.
class AuditTrail {
 public:
  AuditTrail(AuditLog* log, const Owner& owner, const Snapshot& world)
      : log_(log), owner_(owner), world_(world) {}

  /// The custom resource as it was read before the writes.
  void SeesOwner(const JsonView& object);
  void Sends(const Write& write, const HttpRequest& request);
  /// To be told before the write is.
  void Answered(const Write& write, const Result<HttpResponse>& answer);

 private:
  struct Pending {
    bool is_read = false;
    std::optional<std::string> looked;  ///< The object as it was read last.
    std::string sent;
  };
  nlohmann::json Resource() const;

  AuditLog* log_;
  const Owner& owner_;
  const Snapshot& world_;
  std::string editor_;
  std::string edited_;
  std::map<const Write*, Pending> pending_;
};

}  // namespace slipway
