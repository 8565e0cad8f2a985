#include "operator/cli/reader.hpp"

#include <fmt/format.h>

#include "operator/cli/look.hpp"

namespace slipway::cli {
namespace {

using nlohmann::json;

/// Pages of objects as large as Nodes must fit into one answer (TransportOptions::max_body_bytes).
constexpr std::int32_t kPage = 200;
constexpr std::size_t kMostObjects = 20'000;
constexpr ResourceType kSelfReviews{"authentication.k8s.io", "v1", "SelfSubjectReview",
                                    "selfsubjectreviews"};

/// There is one Lease that matters.
std::string What(const ResourceType& type) {
  return type.plural == "leases" ? "lease" : std::string(type.plural);
}

}  // namespace

Result<json> ParseAnswer(const Result<HttpResponse>& answer) {
  if (!answer) return tl::unexpected(answer.error());
  json body = json::parse(answer->body, nullptr, /*allow_exceptions=*/false);
  if (!body.is_object()) return Fail(Code::kInternal, "the API server's answer is no JSON object");
  return body;
}

Result<json> AskWhoIAm(Client& client) {
  const json review{{"apiVersion", kSelfReviews.ApiVersion()}, {"kind", kSelfReviews.kind}};
  return ParseAnswer(
      client.Send(request::Create(kSelfReviews, {client.cluster(), "", ""}, review.dump(), "")));
}

Listed ReadAll(Client& client, const ResourceType& type, const std::string& ns,
               const std::string& selector) {
  Listed listed;
  request::ListOptions options{selector, kPage, ""};
  do {
    const auto page = ParseAnswer(client.Send(request::List(type, ns, options)));
    if (!page) {
      listed.problem = page.error();
      return listed;
    }
    for (json item : List(*page, {"items"})) {
      if (!item.is_object()) continue;
      // Half of many an object, and of objects in lists nobody asks who wrote what.
      if (item.contains("metadata") && item["metadata"].is_object()) {
        item["metadata"].erase("managedFields");
      }
      item["kind"] = type.kind;
      item["apiVersion"] = type.ApiVersion();
      listed.objects.push_back(std::move(item));
    }
    options.continue_token = Text(*page, {"metadata", "continue"});
  } while (!options.continue_token.empty() && listed.objects.size() < kMostObjects);
  if (!options.continue_token.empty()) {
    listed.problem = Error{
        Code::kTooLarge, fmt::format("only the first {} were read", listed.objects.size()), {}};
  }
  return listed;
}

std::vector<json> Reader::All(const ResourceType& type, const std::string& ns,
                              const std::string& selector) {
  Listed listed = ReadAll(client_, type, ns, selector);
  if (listed.problem) unread_[What(type)] = listed.problem->message;
  return std::move(listed.objects);
}

std::vector<json> Reader::AllIfServed(const ResourceType& type, const std::string& ns,
                                      const std::string& selector) {
  Listed listed = ReadAll(client_, type, ns, selector);
  const bool noted = listed.problem && listed.problem->code != Code::kKindNotServed;
  if (noted) unread_[What(type)] = listed.problem->message;
  return std::move(listed.objects);
}

std::optional<json> Reader::One(const ResourceType& type, const ObjectKey& key) {
  auto answer = ParseAnswer(client_.Send(request::Get(type, key)));
  if (answer) return std::move(*answer);
  if (answer.error().code != Code::kNotFound) unread_[What(type)] = answer.error().message;
  return std::nullopt;
}

std::optional<json> Reader::Page(const std::string& path) {
  HttpRequest request;
  request.target = path;
  request.verb = "get";
  auto answer = ParseAnswer(client_.Send(std::move(request)));
  if (answer) return std::move(*answer);
  const Code code = answer.error().code;
  if (code != Code::kNotFound && code != Code::kKindNotServed) {
    unread_[path] = answer.error().message;
  }
  return std::nullopt;
}

}  // namespace slipway::cli
