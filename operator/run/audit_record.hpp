#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

/// What the audit log consists of (docs/decisions/0022-audit-records.md): records, each of which
/// bears the hash of the one before it. Shared by the operator, which writes them, and by `audit
/// verify`, which reads them.
namespace slipway::audit {

/// The member by which a line is known as a record, and the version of what it means.
inline constexpr std::string_view kMark = "slipwayAudit";
inline constexpr int kVersion = 1;
/// On the leader's Lease: how far the log has come.
inline constexpr std::string_view kHeadAnnotation = "slipway.dev/audit-head";

/// A record by its place in a chain: the records of one process, counted from 1.
struct Head {
  std::string chain;
  std::uint64_t seq = 0;
  std::string hash;  ///< 64 hex digits.
  bool operator==(const Head&) const = default;
};
/// "CHAIN:SEQ:HASH".
std::string ToString(const Head& head);
/// std::nullopt when the text is none.
std::optional<Head> ParseHead(std::string_view text);

/// The text of a record: its members in the order of their names, without spaces.
std::string ToText(const nlohmann::json& record);

/// The SHA-256 of the text of the record without its member `hash`.
std::string HashOf(nlohmann::json record);

/// Gives the record its place after `head`, moves `head` there, and returns the record's text.
std::string Seal(nlohmann::json record, Head& head);

/// What an object was.
struct ObjectState {
  std::string uid;
  std::string resource_version;
  /// Of what is meant: without what the API server counts (resourceVersion, managedFields), the
  /// status, and kind and apiVersion, which lists leave out. As
  ///   jq -cSj 'del(.apiVersion,.kind,.status,.metadata.managedFields,.metadata.resourceVersion)'
  /// and sha256sum compute it.
  std::string sha256;
};
/// std::nullopt when the text is no JSON object.
std::optional<ObjectState> StateOf(std::string_view object);

}  // namespace slipway::audit
