#pragma once

#include <string>
#include <string_view>

#include "operator/base/result.hpp"
#include "operator/worker/sigv4.hpp"

namespace slipway::worker {

/// The version of the Blob service's API that is spoken.
inline constexpr std::string_view kAzureVersion = "2021-12-02";

/// A GET without a body, before it is signed.
struct AzureRequest {
  std::string account;
  std::string path;  ///< Percent-encoded, as it is sent.
  Query query;
};

/// What is signed by the Shared Key scheme
/// (https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key), `date` being
/// as HttpDate writes it.
std::string StringToSign(const AzureRequest& request, std::string_view date);

/// The headers that make the request a signed one. Fails when the key is no base64.
Result<Headers> SignAzure(const AzureRequest& request, std::string_view key, Instant now);

/// "Tue, 01 Sep 2026 12:00:00 GMT" (RFC 9110).
std::string HttpDate(Instant time);

}  // namespace slipway::worker
