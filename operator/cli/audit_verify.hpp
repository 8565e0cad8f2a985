#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "operator/base/result.hpp"
#include "operator/kube/client.hpp"
#include "operator/run/audit_record.hpp"

namespace slipway::cli {

struct AuditVerifyOptions {
  std::vector<std::string> files;  ///< Paths, and "-" for stdin; empty: stdin.
  std::string head;                ///< CHAIN:SEQ:HASH; empty: that of the Lease.
  bool offline = false;            ///< Without any.
};

/// How far the log has come, by the word of a Lease.
Result<audit::Head> ReadAuditHead(Client& client, const ObjectKey& lease);

/// Looks at the records of a log. Says to `out` what is wrong with them, and what cannot be told.
/// The answer is the exit code.
int RunAuditVerify(const AuditVerifyOptions& options, const std::optional<audit::Head>& head,
                   std::istream& input, std::ostream& out, std::ostream& problems);

}  // namespace slipway::cli
