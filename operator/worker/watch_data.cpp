#include <fmt/format.h>

#include <memory>

#include "operator/kube/request.hpp"
#include "operator/worker/shared_key.hpp"
#include "operator/worker/store_pages.hpp"
#include "operator/worker/watch.hpp"
#include "operator/worker/web_client.hpp"

namespace slipway::worker {
namespace {

using training_trigger::PollResult;

constexpr std::size_t kMaxPage = 8U << 20U;
constexpr std::int64_t kMaxObjects = 1'000'000;
/// A store may answer with pages that hold next to nothing.
constexpr int kMaxPages = 5000;
constexpr std::chrono::minutes kAllPagesWithin{4};

std::string PathOf(const Address& address, const std::string& bucket) {
  return fmt::format("{}/{}", address.path, request::PercentEncode(bucket));
}

std::string Target(const std::string& path, const Query& query) {
  return fmt::format("{}?{}", path, CanonicalQuery(query));
}

/// One of the two stores.
class Store {
 public:
  virtual ~Store() = default;
  /// A page's address and headers; fails when what the Secret holds cannot be used.
  virtual Result<std::pair<std::string, Headers>> Page(const std::string& from) const = 0;
  virtual Result<StorePage> Read(std::string_view xml) const = 0;
};

class S3Store final : public Store {
 public:
  S3Store(const StoreLook& look, const Address& address, const Clock& clock)
      : look_(look), address_(address), clock_(clock) {}

  Result<std::pair<std::string, Headers>> Page(const std::string& from) const override {
    const AwsRequest request{address_.host, PathOf(address_, look_.bucket),
                             S3PageQuery(look_.prefix, from), look_.region, "s3"};
    Headers headers;
    if (!look_.aws.id.empty()) headers = SignAws(request, look_.aws, clock_.Now());
    return std::pair(Target(request.path, request.query), std::move(headers));
  }
  Result<StorePage> Read(std::string_view xml) const override { return ReadS3Page(xml); }

 private:
  const StoreLook& look_;
  const Address& address_;
  const Clock& clock_;
};

class AzureStore final : public Store {
 public:
  AzureStore(const StoreLook& look, const Address& address, const Clock& clock)
      : look_(look), address_(address), clock_(clock) {}

  Result<std::pair<std::string, Headers>> Page(const std::string& from) const override {
    const AzureRequest request{look_.account, PathOf(address_, look_.bucket),
                               AzurePageQuery(look_.prefix, from)};
    std::string target = Target(request.path, request.query);
    if (look_.is_signed && look_.account_key.empty() && look_.sas_token.empty()) {
      return Fail(Code::kInvalid,
                  "the Secret of secretRef has neither AZURE_STORAGE_KEY nor "
                  "AZURE_STORAGE_SAS_TOKEN; put one of them there");
    }
    if (!look_.account_key.empty()) {
      auto headers = SignAzure(request, look_.account_key, clock_.Now());
      if (!headers) return tl::unexpected(std::move(headers.error()));
      return std::pair(std::move(target), std::move(*headers));
    }
    if (!look_.sas_token.empty()) {
      if (address_.plain) {
        return Fail(Code::kInvalid,
                    "a shared access signature is sent over https:// only; write such an endpoint");
      }
      target += "&" + look_.sas_token.substr(look_.sas_token.starts_with('?') ? 1 : 0);
    }
    return std::pair(std::move(target), Headers{{"x-ms-version", std::string(kAzureVersion)}});
  }
  Result<StorePage> Read(std::string_view xml) const override { return ReadAzurePage(xml); }

 private:
  const StoreLook& look_;
  const Address& address_;
  const Clock& clock_;
};

/// A message must not hold the target, of which a shared access signature is a part.
Error WithoutTarget(Error error, const std::string& target) {
  const std::size_t at = error.message.find(target);
  if (at != std::string::npos) error.message.replace(at, target.size(), "the list of objects");
  return error;
}

Result<StorePage> GetPage(WebClient& client, const Store& store, const std::string& from) {
  auto page = store.Page(from);
  if (!page) return tl::unexpected(std::move(page.error()));
  auto& [target, headers] = *page;
  headers.emplace_back("Accept", "application/xml");
  const auto answer = client.Get(target, std::move(headers));
  if (!answer) return tl::unexpected(WithoutTarget(answer.error(), target));
  if (answer->status != 200) {
    return Fail(Code::kUnavailable,
                WebClient::Explain(answer->status, ReadStoreError(answer->body)));
  }
  return store.Read(answer->body);
}

tl::unexpected<Error> TooMuch(std::int64_t objects) {
  return Fail(Code::kTooLarge,
              fmt::format("after {} objects there are still more, and {} within {} minutes are the "
                          "most; name a longer prefix",
                          objects, kMaxObjects, kAllPagesWithin.count()));
}

}  // namespace

Result<PollResult> LookAtStore(const StoreLook& look, const Clock& clock) {
  const bool s3 = !look.s3_endpoint.empty();
  const auto address = ParseAddress(s3 ? look.s3_endpoint : look.azure_endpoint);
  if (!address) return tl::unexpected(address.error());
  auto client = WebClient::Open(*address, look.ca_file, kMaxPage);
  if (!client) return tl::unexpected(std::move(client.error()));
  std::unique_ptr<Store> store;
  if (s3) {
    store = std::make_unique<S3Store>(look, *address, clock);
  } else {
    store = std::make_unique<AzureStore>(look, *address, clock);
  }
  const SteadyInstant end = clock.Steady() + kAllPagesWithin;
  Listing listing(look.from);
  std::string from;
  for (int pages = 0; pages < kMaxPages && clock.Steady() < end; ++pages) {
    auto page = GetPage(*client, *store, from);
    if (!page) return tl::unexpected(std::move(page.error()));
    for (const StoreObject& object : page->objects) {
      listing.Add(object.key, object.tag, object.written);
    }
    if (listing.Objects() > kMaxObjects) break;
    if (page->next.empty()) return listing.Finish();
    from = std::move(page->next);
  }
  return TooMuch(listing.Objects());
}

}  // namespace slipway::worker
