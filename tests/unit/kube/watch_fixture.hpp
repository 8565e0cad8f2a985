#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "operator/kube/watch.hpp"

namespace slipway::testing {

/// Writes down what it is told.
class RecordingSink final : public WatchSink {
 public:
  void OnListStart() override { log.emplace_back("list"); }
  void OnListItem(const JsonView& object) override {
    log.push_back(fmt::format("item {}", NameOf(object)));
  }
  void OnListComplete(const ResourceVersion& version) override {
    log.push_back(fmt::format("complete @{}", version.text));
  }
  void OnUpsert(const JsonView& object, const ResourceVersion& version) override {
    log.push_back(fmt::format("upsert {} @{}", NameOf(object), version.text));
  }
  void OnDelete(const JsonView& object, const ResourceVersion& version) override {
    log.push_back(fmt::format("delete {} @{}", NameOf(object), version.text));
  }
  void OnBookmark(const ResourceVersion& version) override {
    log.push_back(fmt::format("bookmark @{}", version.text));
  }
  void OnRegression(const ResourceVersion& seen, const ResourceVersion& listed,
                    bool accepted) override {
    log.push_back(
        fmt::format("regression {} -> {}{}", seen.text, listed.text, accepted ? " accepted" : ""));
  }

  std::vector<std::string> Take() { return std::exchange(log, {}); }

 private:
  static std::string NameOf(const JsonView& object) { return object["metadata"]["name"].Text(); }
  std::vector<std::string> log;
};

inline std::string Object(const std::string& name, int version) {
  return fmt::format(R"({{"metadata":{{"name":"{}","resourceVersion":"{}"}}}})", name, version);
}
inline std::string Event(const std::string& type, const std::string& name, int version) {
  return fmt::format("{{\"type\":\"{}\",\"object\":{}}}\n", type, Object(name, version));
}
inline std::string ErrorEvent(int code) {
  return fmt::format(R"({{"type":"ERROR","object":{{"kind":"Status","code":{},"message":"m"}}}})",
                     code) +
         "\n";
}
inline std::string List(int version, const std::vector<std::string>& names,
                        const std::string& next = "") {
  std::string items;
  for (const auto& name : names) {
    items += items.empty() ? "" : ",";
    items += Object(name, 1);
  }
  return fmt::format(
      R"({{"kind":"PodList","metadata":{{"resourceVersion":"{}","continue":"{}"}},"items":[{}]}})",
      version, next, items);
}

}  // namespace slipway::testing
