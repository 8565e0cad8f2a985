#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "operator/base/clock.hpp"
#include "operator/base/result.hpp"
#include "operator/worker/sigv4.hpp"

namespace slipway::worker {

/// What one answer lists.
struct StoreObject {
  std::string key;
  std::string tag;
  Instant written{};
};
struct StorePage {
  std::vector<StoreObject> objects;  ///< Without those that stand for folders.
  std::string next;                  ///< Where the next page begins; empty after the last.
};

/// The query for a page of ListObjectsV2
/// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html), `from` being the
/// `next` of the page before, or empty.
Query S3PageQuery(const std::string& prefix, const std::string& from);
/// The answer to it. Fails with kInternal when it is none.
Result<StorePage> ReadS3Page(std::string_view xml);

/// The same for List Blobs (https://learn.microsoft.com/rest/api/storageservices/list-blobs).
Query AzurePageQuery(const std::string& prefix, const std::string& from);
Result<StorePage> ReadAzurePage(std::string_view xml);

/// What a store says when it refuses, "Code: message"; empty when the text is no such answer.
std::string ReadStoreError(std::string_view xml);

}  // namespace slipway::worker
