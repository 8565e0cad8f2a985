#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "operator/run/controller.hpp"

namespace slipway::explorer {

/// The present of every state. Times are kept relative to it: when time passes, all others move
/// into the past instead.
extern const Instant kNow;

/// One version of one object, as a number. Two objects are equal when their numbers are; 0 is none.
using Blob = std::uint32_t;
/// A kind and a name, as a number.
using Name = std::uint32_t;

/// What is known of a Blob without looking into its JSON.
struct Facts {
  std::string text;
  ObjectPtr object;      ///< As the runtime decodes it.
  std::size_t kind = 0;  ///< 0 the custom resource, then Controller::owns.
  Name name = 0;
  std::string uid;
  std::string owner;     ///< UID of the controller reference.
  bool visible = false;  ///< Bears the labels that the watches ask for.
  bool ending = false;   ///< Has a deletionTimestamp.
};

/// Keeps each version of each object once, decoded by the real decoders. Changes are functions of a
/// Blob and are done once only, so a search of millions of states handles little JSON.
class Blobs {
 public:
  explicit Blobs(const Controller& controller);

  /// The object with times older than the horizon made equally old. Throws std::runtime_error when
  /// a decoder refuses it.
  Blob Intern(nlohmann::json object);
  const Facts& operator[](Blob blob) const { return facts_[blob]; }
  /// Numbers run from 1 to Size().
  nlohmann::json Json(Blob blob) const { return nlohmann::json::parse(facts_[blob].text); }
  /// The number of a name, whether or not anything bears it.
  Name NameOf(const ResourceType& type, const ObjectKey& key);
  std::size_t Size() const { return facts_.size() - 1; }
  /// "Pod churn-node-0".
  std::string Describe(Blob blob) const;

  /// The object after `change`. The number of the change stands for the function: equal numbers
  /// must mean equal functions. 0 when there is nothing left of it (the change makes it null).
  Blob Change(Blob blob, std::uint32_t change,
              const std::function<void(nlohmann::json&)>& function);
  /// The object as it looks so much later.
  Blob Later(Blob blob, std::chrono::seconds time);

 private:
  void Fill(Facts& facts, const nlohmann::json& object);

  const std::vector<AnyResource> kinds_;
  std::deque<Facts> facts_;  // References stay good while it grows.
  std::unordered_map<std::string, Blob> by_text_;
  std::unordered_map<std::string, Name> names_;
  std::unordered_map<std::uint64_t, Blob> changes_;
};

/// Moves every time in the JSON text by so much; what is older than the horizon then becomes the
/// horizon, since no deadline of the scenarios is longer.
std::string ShiftTimes(std::string text, std::chrono::seconds time);

}  // namespace slipway::explorer
