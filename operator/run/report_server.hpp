#pragma once

#include <memory>
#include <string>

#include "operator/base/result.hpp"
#include "operator/run/report_desk.hpp"

namespace slipway {

/// Serves POST /v1/report/NAMESPACE/POD. It is apart from the admin server, so that pods cannot
/// take the threads that answer the kubelet's probes.
class ReportServer {
 public:
  /// `address` is "HOST:PORT" or ":PORT"; fails when it cannot be listened on. The desk must
  /// outlive it.
  static Result<std::unique_ptr<ReportServer>> Start(const std::string& address, ReportDesk& desk);
  virtual ~ReportServer() = default;
};

}  // namespace slipway
