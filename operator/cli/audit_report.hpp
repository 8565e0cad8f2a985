#pragma once

#include <iosfwd>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "operator/base/clock.hpp"
#include "operator/base/result.hpp"
#include "operator/base/signing_key.hpp"
#include "operator/kube/client.hpp"

/// `audit report`: what an auditor asks about the isolation of a cluster at one moment.
namespace slipway::cli {

/// What a cluster shows of it; objects are as the API server gave them.
struct AuditFacts {
  Instant now{};
  std::string user;            ///< Who asked.
  std::string server_version;  ///< Of Kubernetes.
  std::string cluster_uid;     ///< UID of kube-system, by which clusters are told apart.
  std::string operator_ns;
  std::vector<nlohmann::json> operators;  ///< Deployments, their pods and their ConfigMaps.
  std::vector<nlohmann::json> policies;   ///< All IsolationPolicies, also with `policy`.
  std::vector<nlohmann::json> namespaces;
  /// NetworkPolicies and Pods of the isolated namespaces.
  std::vector<nlohmann::json> objects;
  std::map<std::string, std::string> unread;  ///< What could not be read, and why.
};

/// Reads only, and asks who is asking. `policy`: the only IsolationPolicy whose namespaces are
/// meant, or empty for all. Fails when there is none of that name, or the kind is not served.
Result<AuditFacts> ReadAuditFacts(Client& client, const std::string& operator_ns,
                                  const std::string& policy, const Clock& clock);

/// The names of the policies that select each namespace, where one does.
std::map<std::string, std::vector<std::string>> IsolatedNamespaces(const AuditFacts& facts,
                                                                   const std::string& policy);

/// All of it for programs. Digests are SHA-256 of a spec in JSON, with sorted keys and without
/// white space, as `jq -cjS .spec | sha256sum` makes them.
nlohmann::json AuditReport(const AuditFacts& facts, const std::string& policy,
                           const std::string& version);

/// The same for people. `seal` says who has signed it, or that nobody has.
std::string AuditText(const nlohmann::json& report, const std::string& seal);

/// {"kind": "SignedIsolationReport", "report": JSON in base64, "signature": of that JSON, in
/// base64, "publicKey": its fingerprint}.
Result<nlohmann::json> SignReport(const nlohmann::json& report, const SigningKey& key);

/// The report in such a text, if the owner of that public key has signed it and nothing was changed
/// since. An error says what is wrong.
Result<nlohmann::json> OpenReport(const std::string& text, const std::string& public_pem);

struct AuditReportOptions {
  std::string policy;
  std::string key;     ///< File with a private key, or with `verify` a public one.
  std::string verify;  ///< File with a report that was signed.
  std::string output;  ///< "json", "text", or empty: json where it is signed.
};

/// What is wrong with the options, or an empty text.
std::string WhyNoReport(const AuditReportOptions& options);

/// The answer is the exit code. One that is not complete is an error, and is written all the same.
int MakeReport(Client& client, const std::string& operator_ns, const AuditReportOptions& options,
               const Clock& clock, std::ostream& out, std::ostream& problems);
/// Asks no cluster.
int VerifyReport(const AuditReportOptions& options, std::ostream& out, std::ostream& problems);

}  // namespace slipway::cli
