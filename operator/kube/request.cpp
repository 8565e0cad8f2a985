#include "operator/kube/request.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

namespace slipway {

std::string_view ToString(HttpRequest::Method method) {
  switch (method) {
    case HttpRequest::Method::kGet: return "GET";
    case HttpRequest::Method::kPost: return "POST";
    case HttpRequest::Method::kPut: return "PUT";
    case HttpRequest::Method::kPatch: return "PATCH";
    case HttpRequest::Method::kDelete: return "DELETE";
  }
  return "GET";
}

namespace request {
namespace {

using Method = HttpRequest::Method;

constexpr std::string_view kJson = "application/json";
// The apply patch is declared as YAML, of which JSON is a subset.
constexpr std::string_view kApplyPatch = "application/apply-patch+yaml";
constexpr std::string_view kMergePatch = "application/merge-patch+json";

/// Collects `?name=value&...`; empty values are left out.
class Query {
 public:
  Query& Add(std::string_view name, std::string_view value) {
    if (value.empty()) return *this;
    text_ += fmt::format("{}{}={}", text_.empty() ? '?' : '&', name, PercentEncode(value));
    return *this;
  }
  const std::string& Text() const { return text_; }

 private:
  std::string text_;
};

std::string CollectionPath(const ResourceType& type, std::string_view ns) {
  std::string path = type.group.empty() ? fmt::format("/api/{}", type.version)
                                        : fmt::format("/apis/{}/{}", type.group, type.version);
  if (!ns.empty()) path += "/namespaces/" + PercentEncode(ns);
  return path + "/" + std::string(type.plural);
}

std::string ObjectPath(const ResourceType& type, const ObjectKey& key) {
  return CollectionPath(type, key.ns) + "/" + PercentEncode(key.name);
}

HttpRequest Read(const ResourceType& type, std::string_view verb, std::string target) {
  return {Method::kGet, std::move(target), "", "", std::string(verb), std::string(type.plural)};
}

HttpRequest Write(Method method, const ResourceType& type, const ObjectKey& key,
                  std::string_view verb, std::string target, std::string_view content_type,
                  std::string body) {
  return {method,          std::move(target), std::string(content_type),
          std::move(body), std::string(verb), std::string(type.plural),
          key.ns};
}

}  // namespace

std::string PercentEncode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kHex[byte >> 4U];
    encoded += kHex[byte & 0xFU];
  }
  return encoded;
}

HttpRequest Get(const ResourceType& type, const ObjectKey& key) {
  HttpRequest request = Read(type, "get", ObjectPath(type, key));
  request.ns = key.ns;
  return request;
}

HttpRequest List(const ResourceType& type, std::string_view ns, const ListOptions& options) {
  Query query;
  query.Add("labelSelector", options.label_selector)
      .Add("limit", options.limit > 0 ? std::to_string(options.limit) : "")
      .Add("continue", options.continue_token);
  return Read(type, "list", CollectionPath(type, ns) + query.Text());
}

HttpRequest Watch(const ResourceType& type, std::string_view ns, const WatchOptions& options) {
  Query query;
  query.Add("watch", "true")
      .Add("allowWatchBookmarks", "true")
      .Add("timeoutSeconds", std::to_string(options.timeout.count()))
      .Add("labelSelector", options.label_selector)
      .Add("resourceVersion", options.resource_version.text);
  if (options.send_initial_events) {
    query.Add("sendInitialEvents", "true").Add("resourceVersionMatch", "NotOlderThan");
  }
  return Read(type, "watch", CollectionPath(type, ns) + query.Text());
}

HttpRequest Create(const ResourceType& type, const ObjectKey& key, std::string body,
                   std::string_view field_manager) {
  const std::string query = Query().Add("fieldManager", field_manager).Text();
  return Write(Method::kPost, type, key, "create", CollectionPath(type, key.ns) + query, kJson,
               std::move(body));
}

HttpRequest Apply(const ResourceType& type, const ObjectKey& key, std::string body,
                  std::string_view field_manager, bool force) {
  const std::string query =
      Query().Add("fieldManager", field_manager).Add("force", force ? "true" : "false").Text();
  return Write(Method::kPatch, type, key, "patch", ObjectPath(type, key) + query, kApplyPatch,
               std::move(body));
}

HttpRequest MergePatch(const ResourceType& type, const ObjectKey& key, std::string body,
                       std::string_view field_manager) {
  const std::string query = Query().Add("fieldManager", field_manager).Text();
  return Write(Method::kPatch, type, key, "patch", ObjectPath(type, key) + query, kMergePatch,
               std::move(body));
}

HttpRequest Replace(const ResourceType& type, const ObjectKey& key, std::string body,
                    std::string_view field_manager) {
  const std::string query = Query().Add("fieldManager", field_manager).Text();
  return Write(Method::kPut, type, key, "update", ObjectPath(type, key) + query, kJson,
               std::move(body));
}

HttpRequest ReplaceStatus(const ResourceType& type, const ObjectKey& key, std::string body,
                          std::string_view field_manager) {
  const std::string query = Query().Add("fieldManager", field_manager).Text();
  HttpRequest request = Write(Method::kPut, type, key, "update",
                              ObjectPath(type, key) + "/status" + query, kJson, std::move(body));
  request.resource += "/status";
  return request;
}

HttpRequest Delete(const ResourceType& type, const ObjectKey& key,
                   const Preconditions& preconditions, std::optional<std::int32_t> grace_seconds) {
  nlohmann::json options = {{"apiVersion", "v1"},
                            {"kind", "DeleteOptions"},
                            {"propagationPolicy", "Background"},
                            {"preconditions", {{"uid", preconditions.uid}}}};
  if (!preconditions.resource_version.Empty()) {
    options["preconditions"]["resourceVersion"] = preconditions.resource_version.text;
  }
  if (grace_seconds) options["gracePeriodSeconds"] = *grace_seconds;
  return Write(Method::kDelete, type, key, "delete", ObjectPath(type, key), kJson, options.dump());
}

}  // namespace request
}  // namespace slipway
