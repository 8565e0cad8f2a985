#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "operator/base/clock.hpp"

namespace slipway::worker {

/// Names and values of a query, not encoded.
using Query = std::vector<std::pair<std::string, std::string>>;
/// Names and values of headers.
using Headers = std::vector<std::pair<std::string, std::string>>;

struct AwsKey {
  std::string id;
  std::string secret;
  std::string session_token;  ///< Empty for none.
};

/// A GET without a body, before it is signed.
struct AwsRequest {
  std::string host;  ///< As in the header: with the port unless the address has none.
  std::string path;  ///< Percent-encoded.
  Query query;
  std::string region;
  std::string service;  ///< "s3".
};

/// The query as it is both signed and sent: sorted, percent-encoded.
std::string CanonicalQuery(Query query);

/// The headers that make the request a signed one, by AWS Signature Version 4
/// (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html): the signature
/// covers the host and these headers themselves.
Headers SignAws(const AwsRequest& request, const AwsKey& key, Instant now);

}  // namespace slipway::worker
