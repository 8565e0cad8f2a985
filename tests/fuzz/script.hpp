#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "operator/kube/watch.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace slipway::fuzz {

/// True when both are numbers of 64 bits and `one` is the smaller. By text, not by value.
inline bool Before(std::string one, std::string other) {
  const auto shorter = [](const std::string& left, const std::string& right) {
    return left.size() != right.size() ? left.size() < right.size() : left < right;
  };
  const auto is_number = [&](std::string& text) {
    if (text.find_first_not_of("0123456789") != std::string::npos) return false;
    text.erase(0, std::min(text.find_first_not_of('0'), text.size()));
    return !text.empty() && !shorter("18446744073709551615", text);  // 0 is no version.
  };
  return is_number(one) && is_number(other) && shorter(one, other);
}

/// Holds a WatchMachine to what watch.hpp promises about its calls, and writes them down.
class CheckingSink final : public WatchSink {
 public:
  void OnListStart() override {
    listing_ = true;
    log.emplace_back("list");
  }
  void OnListItem(const JsonView& object) override {
    Require(listing_, "an item belongs to a list");
    log.push_back("item " + object.Dump());
  }
  void OnListComplete(const ResourceVersion& version) override {
    Require(listing_, "a list is started before it is complete");
    Require(!version.Empty(), "a complete list has a version");
    Require(accepted_ || !Before(version.text, version_), "a version never goes back",
            version_ + " -> " + version.text);
    listing_ = false;
    accepted_ = false;
    version_ = version.text;
    log.push_back("complete " + version.text);
  }
  void OnUpsert(const JsonView& object, const ResourceVersion& version) override {
    OnEvent("upsert ", object, version);
  }
  void OnDelete(const JsonView& object, const ResourceVersion& version) override {
    OnEvent("delete ", object, version);
  }
  void OnBookmark(const ResourceVersion& version) override {
    Advance(version);
    log.push_back("bookmark " + version.text);
  }
  void OnRegression(const ResourceVersion& seen, const ResourceVersion& listed,
                    bool accepted) override {
    Require(seen.text == version_, "a regression is one behind what was seen");
    Require(Before(listed.text, version_), "a regression is older");
    accepted_ = accepted;
    log.push_back("regression");
  }

  std::vector<std::string> log;

 private:
  void OnEvent(const char* what, const JsonView& object, const ResourceVersion& version) {
    Require(object.IsObject(), "what is delivered is an object");
    Require(object["metadata"]["resourceVersion"].String() == version.text,
            "the version is the object's");
    Advance(version);
    log.push_back(what + object.Dump());
  }
  void Advance(const ResourceVersion& version) {
    Require(!listing_ && !version_.empty(), "a watch follows a complete list");
    Require(!version.Empty(), "an event has a version");
    Require(!Before(version.text, version_), "a version never goes back",
            version_ + " -> " + version.text);
    version_ = version.text;
  }

  bool listing_ = false;
  bool accepted_ = false;
  std::string version_;
};

}  // namespace slipway::fuzz
