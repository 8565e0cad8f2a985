#pragma once

#include <memory>
#include <string>

#include "operator/base/result.hpp"
#include "operator/run/report_desk.hpp"
#include "operator/run/trigger_desk.hpp"

namespace slipway {

/// Serves POST /v1/report/NAMESPACE/POD and /v1/trigger/NAMESPACE/TRIGGER. It is apart from the
/// admin server, so that pods cannot take the threads that answer the kubelet's probes.
class ReportServer {
 public:
  /// `address` is "HOST:PORT" or ":PORT"; fails when it cannot be listened on. The desks
  /// must outlive it.
  static Result<std::unique_ptr<ReportServer>> Start(const std::string& address,
                                                     ReportDesk& reports, TriggerDesk& triggers);
  virtual ~ReportServer() = default;
};

}  // namespace slipway
