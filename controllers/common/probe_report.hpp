#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "operator/base/result.hpp"

/// What `slipway probe` says of the network that a pod is in, as the termination message of its
/// container.
namespace slipway {

/// What the kubelet keeps of a termination message.
inline constexpr std::size_t kMaxProbeReport = 4096;

/// How the program ends. Any other code, such as 2 for options that cannot be, proves nothing.
inline constexpr int kProbeEnforced = 0;
inline constexpr int kProbeUnenforced = 3;
inline constexpr int kProbeNothingProven = 4;

enum class ProbeReason {
  kEnforced,             ///< What must be reachable was, what must not be was not.
  kIsolationUnenforced,  ///< Something that must not be reachable was.
  kNothingProven,        ///< What must be reachable was not, so that the rest says nothing.
};

/// What came of all connections to one target.
enum class ProbeSeen {
  kConnected,    ///< To one of its addresses at least.
  kRefused,      ///< Each was turned away at once.
  kTimedOut,     ///< No answer from one of its addresses at least, and no connection to another.
  kUnreachable,  ///< The network knows no way.
  kUnresolved,   ///< Its name has no address.
  kFailed,       ///< This process could not try, which says nothing about the network.
};

struct ProbeCheck {
  std::string target;      ///< "HOST:PORT".
  bool reachable = false;  ///< It is expected to be reachable, or else to be refused.
  ProbeSeen seen = ProbeSeen::kFailed;
  std::chrono::milliseconds took{0};
  bool operator==(const ProbeCheck&) const = default;
};

struct ProbeReport {
  ProbeReason reason = ProbeReason::kNothingProven;
  std::vector<ProbeCheck> checks;     ///< Of the last round; may be cut to fit.
  std::chrono::milliseconds took{0};  ///< All rounds together.
  bool operator==(const ProbeReport&) const = default;
};

/// "Enforced", "IsolationUnenforced", "NothingProven".
std::string_view ToString(ProbeReason reason);
std::string_view ToString(ProbeSeen seen);
int ExitCode(ProbeReason reason);

/// Whether a target was seen as it is declared. One that could not be tried never is.
bool AsDeclared(const ProbeCheck& check);

/// As one line of JSON, at most kMaxProbeReport bytes: checks that do not fit are left out, those
/// that were as declared first.
std::string WriteProbeReport(const ProbeReport& report);

/// Reads what that wrote. Fails with kInternal for any other text, which may be hostile; what comes
/// back has at most 32 checks, and targets of at most 300 bytes of UTF-8.
Result<ProbeReport> ReadProbeReport(std::string_view text);

/// One line for people: the reason, what was seen, and the way out. Fits into a condition.
std::string DescribeProbe(const ProbeReport& report);

}  // namespace slipway
