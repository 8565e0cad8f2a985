#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "operator/kube/identity.hpp"

namespace slipway {

/// A request as data: building one does no I/O, so everything that is sent can be tested by
/// looking at it.
///
/// Every request built here may be sent again when its outcome is unknown: names are
/// deterministic, so that a second create answers AlreadyExists, an apply is idempotent by design,
/// and replacing and deleting carry the resourceVersion they expect.
struct HttpRequest {
  enum class Method { kGet, kPost, kPut, kPatch, kDelete };
  Method method = Method::kGet;
  std::string target;        ///< Path and query, percent-encoded.
  std::string content_type;  ///< Empty when there is no body.
  std::string body;
  std::string verb;      ///< As in RBAC: get, list, watch, create, update, patch, delete.
  std::string resource;  ///< Plural, with "/status" for the subresource; for metrics and messages.
  /// The object's namespace, for taking turns (fair_line.hpp). Empty for cluster-scoped objects and
  /// for lists: what the operator sees must not wait for what one namespace writes.
  std::string ns = {};
  /// Whether it is sent again at once when its connection turns out to be dead, which nobody can
  /// tell from one that broke after the server had acted. Not for another server's creates.
  bool may_repeat = true;
  /// Beside, or in place of, those that every request has; for other servers than an API server.
  std::vector<std::pair<std::string, std::string>> headers = {};
};

/// "GET", "POST", ...
std::string_view ToString(HttpRequest::Method method);

/// Sans-I/O builders of what the API server offers
/// (https://kubernetes.io/docs/reference/using-api/api-concepts/). A body is the object's JSON.
namespace request {

struct ListOptions {
  std::string label_selector;
  std::int32_t limit = 0;      ///< Objects a page; 0 asks for all at once.
  std::string continue_token;  ///< From the page before.
};

struct WatchOptions {
  std::string label_selector;
  ResourceVersion resource_version;  ///< Events after this one.
  std::chrono::seconds timeout{30};  ///< The server ends the watch after this time.
  /// Ask for the present objects as events first, ended by an annotated bookmark (WatchList,
  /// KEP-3157). The resourceVersion is then usually empty: a consistent read.
  bool send_initial_events = false;
};

/// What a Delete expects; the server answers 409 when the object is another one by now.
struct Preconditions {
  std::string uid;
  ResourceVersion resource_version;  ///< Empty: any version of that object.
};

/// A consistent read of one object.
HttpRequest Get(const ResourceType& type, const ObjectKey& key);
/// A consistent list (resourceVersion unset) of one namespace, or of all when `ns` is empty.
HttpRequest List(const ResourceType& type, std::string_view ns, const ListOptions& options);
HttpRequest Watch(const ResourceType& type, std::string_view ns, const WatchOptions& options);
HttpRequest Create(const ResourceType& type, const ObjectKey& key, std::string body,
                   std::string_view field_manager);
/// Server-side apply. With `force` fields owned by other managers are taken over.
HttpRequest Apply(const ResourceType& type, const ObjectKey& key, std::string body,
                  std::string_view field_manager, bool force);
/// A JSON merge patch (RFC 7396). Guarded as Replace is, by the resourceVersion in the body.
HttpRequest MergePatch(const ResourceType& type, const ObjectKey& key, std::string body,
                       std::string_view field_manager);
/// Replaces the whole object; the body's metadata.resourceVersion guards against lost updates.
HttpRequest Replace(const ResourceType& type, const ObjectKey& key, std::string body,
                    std::string_view field_manager);
/// Replaces the status alone, guarded as Replace is.
HttpRequest ReplaceStatus(const ResourceType& type, const ObjectKey& key, std::string body,
                          std::string_view field_manager);
/// Dependants are collected in the background. Without `grace` the object's own grace period
/// holds.
HttpRequest Delete(const ResourceType& type, const ObjectKey& key,
                   const Preconditions& preconditions,
                   std::optional<std::int32_t> grace_seconds = std::nullopt);

/// The text with everything but RFC 3986's unreserved characters percent-encoded.
std::string PercentEncode(std::string_view text);

}  // namespace request
}  // namespace slipway
