#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "operator/kube/client.hpp"

/// What the API server says of who sends the operator a request. Nothing is decided here, and no
/// secret is known here.
namespace slipway {

/// Who a token is of, in the words of a TokenReview: username, uid, groups and extra.
struct Caller {
  nlohmann::json user;

  std::string Name() const;
};

/// Asks whose the token is; nullopt when it is no good, or not for `audience`.
Result<std::optional<Caller>> Authenticate(Client& client, std::string_view token,
                                           std::string_view audience,
                                           std::chrono::milliseconds deadline);

/// Asks whether the caller may do `verb` with that object.
Result<bool> MayDo(Client& client, const Caller& caller, std::string_view verb,
                   const ResourceType& type, const ObjectKey& key,
                   std::chrono::milliseconds deadline);

}  // namespace slipway
