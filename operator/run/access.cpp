#include "operator/run/access.hpp"

#include <algorithm>

#include "operator/base/utf8.hpp"
#include "operator/run/write.hpp"

namespace slipway {
namespace {

using nlohmann::json;

constexpr ResourceType kTokenReviews{"authentication.k8s.io", "v1", "TokenReview", "tokenreviews"};
constexpr ResourceType kAccessReviews{"authorization.k8s.io", "v1", "SubjectAccessReview",
                                      "subjectaccessreviews"};

/// The status that the API server gives a review.
Result<json> Review(Client& client, const ResourceType& type, const json& spec,
                    std::chrono::milliseconds deadline) {
  const json review = {{"apiVersion", type.ApiVersion()}, {"kind", type.kind}, {"spec", spec}};
  const auto answer = client.Send(
      request::Create(type, {client.cluster(), "", ""}, review.dump(), kFieldManager), deadline);
  if (!answer) return tl::unexpected(answer.error());
  const json body = json::parse(answer->body, nullptr, /*allow_exceptions=*/false);
  if (!body.is_object() || !body.contains("status") || !body["status"].is_object()) {
    return Fail(Code::kInternal, "the API server's review is no object with a status");
  }
  return body["status"];
}

bool IsTrue(const json& status, const char* member) {
  const auto found = status.find(member);
  return found != status.end() && found->is_boolean() && found->get<bool>();
}

}  // namespace

std::string Caller::Name() const {
  const auto name = user.find("username");
  return name != user.end() && name->is_string() ? name->get<std::string>() : std::string();
}

Result<std::optional<Caller>> Authenticate(Client& client, std::string_view token,
                                           std::string_view audience,
                                           std::chrono::milliseconds deadline) {
  if (token.empty() || !IsUtf8(token)) return std::nullopt;
  const auto status = Review(client, kTokenReviews,
                             {{"token", token}, {"audiences", json::array({audience})}}, deadline);
  if (!status) return tl::unexpected(status.error());
  // An API server that knows nothing of audiences names none: then the token may be for anything.
  const auto audiences = status->find("audiences");
  const bool for_us = audiences != status->end() && audiences->is_array() &&
                      std::ranges::find(*audiences, json(audience)) != audiences->end();
  const auto user = status->find("user");
  if (!IsTrue(*status, "authenticated") || !for_us || user == status->end() || !user->is_object()) {
    return std::nullopt;
  }
  return Caller{*user};
}

Result<bool> MayDo(Client& client, const Caller& caller, std::string_view verb,
                   const ResourceType& type, const ObjectKey& key,
                   std::chrono::milliseconds deadline) {
  json spec = {{"user", caller.Name()},
               {"resourceAttributes",
                {{"namespace", key.ns},
                 {"verb", verb},
                 {"group", type.group},
                 {"version", type.version},
                 {"resource", type.plural},
                 {"name", key.name}}}};
  for (const char* member : {"uid", "groups", "extra"}) {
    if (const auto found = caller.user.find(member); found != caller.user.end()) {
      spec[member] = *found;
    }
  }
  const auto status = Review(client, kAccessReviews, spec, deadline);
  if (!status) return tl::unexpected(status.error());
  return IsTrue(*status, "allowed") && !IsTrue(*status, "denied");
}

}  // namespace slipway
