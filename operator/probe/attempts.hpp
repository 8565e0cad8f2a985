#pragma once

#include <boost/system/error_code.hpp>
#include <chrono>
#include <vector>

#include "controllers/common/probe_report.hpp"
#include "operator/base/host_port.hpp"

namespace slipway::probe {

/// How long a connection may take. A lost packet is sent again after one second.
inline constexpr std::chrono::milliseconds kAttempt{1000};
/// A name with more addresses is not tried, since all of them count.
inline constexpr std::size_t kMaxAddresses = 32;

struct Target {
  HostPort where;
  bool reachable = false;  ///< What is expected.
};

/// What the outcome of one connection says.
ProbeSeen Classify(const boost::system::error_code& outcome);
/// What the outcomes at all addresses of one target say together; none: it has no address.
ProbeSeen Combine(const std::vector<ProbeSeen>& outcomes);

/// What one look at all targets has seen, in their order, and when the connections began.
struct Look {
  std::chrono::steady_clock::time_point began;
  std::vector<ProbeCheck> checks;
};

/// Looks the names up, then tries to connect to every address of every target at the same time, and
/// sends nothing. Takes kAttempt at most, and as long as the name server takes.
Look LookAt(const std::vector<Target>& targets);

}  // namespace slipway::probe
