#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "operator/base/clock.hpp"
#include "operator/base/result.hpp"
#include "operator/kube/kubeconfig.hpp"

namespace slipway {

/// What a credential plugin gave
/// (https://kubernetes.io/docs/reference/config-api/client-authentication.v1/).
struct ExecCredential {
  std::string token;
  std::string certificate_pem;
  std::string key_pem;
  std::optional<Instant> expires;
};

/// Runs the plugin of `config`, without a shell, and waits for its end, at most for `deadline`.
/// Blocks. Fails with what the plugin wrote to stderr, or with its installHint when the command is
/// not there.
Result<ExecCredential> RunExecPlugin(const ClusterConfig& config, const std::string& ca_pem,
                                     std::chrono::milliseconds deadline = std::chrono::seconds(30));

/// Reads what a plugin printed.
Result<ExecCredential> DecodeExecCredential(std::string_view json, std::string_view api_version);

}  // namespace slipway
