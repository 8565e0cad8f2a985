#include "operator/worker/store_pages.hpp"

#include <absl/time/time.h>
#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <pugixml.hpp>

#include "controllers/common/text.hpp"

namespace slipway::worker {
namespace {

constexpr std::size_t kMaxWords = 300;
/// The times of HTTP (RFC 9110).
constexpr const char* kHttpDate = "%a, %d %b %E4Y %H:%M:%S GMT";

/// Nothing outside the text is ever read: pugixml knows no entities but the five of XML itself, and
/// skips document types.
bool Parse(pugi::xml_document& document, std::string_view xml) {
  return static_cast<bool>(document.load_buffer(xml.data(), xml.size()));
}

std::optional<Instant> ReadTime(const char* text, const char* format) {
  absl::Time time;
  if (!absl::ParseTime(format, text, &time, nullptr)) return std::nullopt;
  // Between the first and the last year that a status can hold.
  constexpr std::int64_t kYear9999 = 253'370'764'800;
  const std::int64_t second = absl::ToUnixSeconds(time);
  if (second < 0 || second > kYear9999) return std::nullopt;
  return Instant(std::chrono::milliseconds(absl::ToUnixMillis(time)));
}

tl::unexpected<Error> NoList(std::string_view what) {
  return Fail(Code::kInternal,
              fmt::format("the answer is no list of objects ({}); check the endpoint", what));
}

/// Consoles make an empty object for a folder, which is no data.
bool IsFolder(std::string_view key, const char* size) {
  return (key.ends_with('/') || key.ends_with("%2F")) && std::string_view(size) == "0";
}

}  // namespace

Query S3PageQuery(const std::string& prefix, const std::string& from) {
  Query query{{"list-type", "2"}, {"max-keys", "1000"}, {"encoding-type", "url"}};
  if (!prefix.empty()) query.emplace_back("prefix", prefix);
  if (!from.empty()) query.emplace_back("continuation-token", from);
  return query;
}

Result<StorePage> ReadS3Page(std::string_view xml) {
  pugi::xml_document document;
  if (!Parse(document, xml)) return NoList("it is no XML");
  const pugi::xml_node root = document.child("ListBucketResult");
  if (!root) return NoList("it has no ListBucketResult");
  StorePage page;
  for (const pugi::xml_node& item : root.children("Contents")) {
    StoreObject object{item.child_value("Key"), item.child_value("ETag"), {}};
    if (object.key.empty() || IsFolder(object.key, item.child_value("Size"))) continue;
    const auto written = ReadTime(item.child_value("LastModified"), absl::RFC3339_full);
    if (!written) return NoList(fmt::format("object {} has no LastModified", object.key));
    object.written = *written;
    page.objects.push_back(std::move(object));
  }
  if (std::string_view(root.child_value("IsTruncated")) != "true") return page;
  page.next = root.child_value("NextContinuationToken");
  if (page.next.empty()) return NoList("it is cut off and names no next page");
  return page;
}

Query AzurePageQuery(const std::string& prefix, const std::string& from) {
  Query query{{"restype", "container"}, {"comp", "list"}, {"maxresults", "5000"}};
  if (!prefix.empty()) query.emplace_back("prefix", prefix);
  if (!from.empty()) query.emplace_back("marker", from);
  return query;
}

Result<StorePage> ReadAzurePage(std::string_view xml) {
  pugi::xml_document document;
  if (!Parse(document, xml)) return NoList("it is no XML");
  const pugi::xml_node root = document.child("EnumerationResults");
  if (!root) return NoList("it has no EnumerationResults");
  StorePage page;
  for (const pugi::xml_node& item : root.child("Blobs").children("Blob")) {
    const pugi::xml_node properties = item.child("Properties");
    StoreObject object{item.child_value("Name"), properties.child_value("Etag"), {}};
    const bool folder = std::string_view(properties.child_value("ResourceType")) == "directory" ||
                        IsFolder(object.key, properties.child_value("Content-Length"));
    if (object.key.empty() || folder) continue;
    const auto written = ReadTime(properties.child_value("Last-Modified"), kHttpDate);
    if (!written) return NoList(fmt::format("blob {} has no Last-Modified", object.key));
    object.written = *written;
    page.objects.push_back(std::move(object));
  }
  page.next = root.child_value("NextMarker");
  return page;
}

std::string ReadStoreError(std::string_view xml) {
  pugi::xml_document document;
  if (!Parse(document, xml)) return {};
  const pugi::xml_node error = document.child("Error");
  if (!error) return {};
  return OneLine(fmt::format("{}: {}", error.child_value("Code"), error.child_value("Message")),
                 kMaxWords);
}

}  // namespace slipway::worker
