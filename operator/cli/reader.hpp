#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "operator/base/result.hpp"
#include "operator/kube/client.hpp"

namespace slipway::cli {

/// The JSON object of an answer.
Result<nlohmann::json> ParseAnswer(const Result<HttpResponse>& answer);

/// Who is asking, as the API server sees them (a SelfSubjectReview), dated by its clock. It is no
/// GET, and is kept nowhere.
Result<nlohmann::json> AskWhoIAm(Client& client);

/// A list as far as it could be read, and why not further. Every object has its kind and
/// apiVersion, which lists leave out.
struct Listed {
  std::vector<nlohmann::json> objects;
  std::optional<Error> problem;
};
/// All objects of a kind in a namespace, or in all when it is empty, page by page.
Listed ReadAll(Client& client, const ResourceType& type, const std::string& ns,
               const std::string& selector = "");

/// Reads what there is; what cannot be had is noted, and the rest goes on.
class Reader {
 public:
  /// Notes go to `unread`: a kind's plural, and why.
  Reader(Client& client, std::map<std::string, std::string>& unread)
      : client_(client), unread_(unread) {}

  std::vector<nlohmann::json> All(const ResourceType& type, const std::string& ns,
                                  const std::string& selector = "");
  /// The same of a kind that a cluster may well not serve.
  std::vector<nlohmann::json> AllIfServed(const ResourceType& type, const std::string& ns,
                                          const std::string& selector = "");
  /// nullopt also when there is none of that name, which is not noted.
  std::optional<nlohmann::json> One(const ResourceType& type, const ObjectKey& key);
  /// What stands under a path that is no object's, such as /version.
  std::optional<nlohmann::json> Page(const std::string& path);

 private:
  Client& client_;
  std::map<std::string, std::string>& unread_;
};

}  // namespace slipway::cli
