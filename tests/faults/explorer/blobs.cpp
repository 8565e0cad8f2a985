#include "tests/faults/explorer/blobs.hpp"

#include <algorithm>
#include <stdexcept>

#include "operator/kube/labels.hpp"
#include "tests/golden/decode.hpp"

namespace slipway::explorer {
namespace {

using nlohmann::json;
using std::chrono::seconds;

constexpr seconds kHorizon{3600};
constexpr std::size_t kTimeLength = 20;  // 2026-09-01T12:00:00Z
/// When a resource was created is never forgotten: the runs of a monitor are counted from then.
constexpr std::string_view kExempt = "\"creationTimestamp\":\"";
constexpr std::uint32_t kLaterChange = 1U << 31U;

/// Only the beginning of a loss is used for a decision; when the other conditions last turned is
/// not, so states that differ in that alone are the same.
void ForgetTurns(json& object) {
  if (!object.contains("status") || !object["status"].contains("conditions")) return;
  for (auto& condition : object["status"]["conditions"]) {
    if (!condition.contains("lastTransitionTime") || condition["type"] == "NodeMissing") continue;
    condition["lastTransitionTime"] = FormatTime(kNow - kHorizon);
  }
}

/// What is only looked up has no place in these worlds.
std::vector<AnyResource> ExploredKinds(const Controller& controller) {
  std::vector<AnyResource> kinds = controller.owns;
  kinds.push_back(controller.kind);
  return kinds;
}

}  // namespace

const Instant kNow = ParseTime("2026-09-01T12:00:00Z").value();

std::string ShiftTimes(std::string text, seconds time) {
  const Instant oldest = kNow - kHorizon;
  for (std::size_t at = text.find("T"); at != std::string::npos; at = text.find("T", at + 1)) {
    if (at < 10 || at + 10 > text.size() || text[at + 9] != 'Z' || text[at - 3] != '-') continue;
    const std::size_t start = at - 10;
    const auto found = ParseTime(std::string_view(text).substr(start, kTimeLength));
    if (!found) continue;
    const bool exempt = start >= kExempt.size() &&
                        text.compare(start - kExempt.size(), kExempt.size(), kExempt) == 0;
    Instant moved = *found - time;
    if (!exempt) moved = std::max(moved, oldest);
    text.replace(start, kTimeLength, FormatTime(moved));
  }
  return text;
}

Blobs::Blobs(const Controller& controller) : kinds_(ExploredKinds(controller)), facts_(1) {}

Blob Blobs::Intern(json object) {
  ForgetTurns(object);
  std::string text = ShiftTimes(object.dump(), seconds(0));
  const auto [place, fresh] = by_text_.try_emplace(text, static_cast<Blob>(facts_.size()));
  if (!fresh) return place->second;
  Facts facts;
  facts.text = std::move(text);
  Fill(facts, json::parse(facts.text));
  facts_.push_back(std::move(facts));
  return place->second;
}

void Blobs::Fill(Facts& facts, const json& object) {
  facts.object = golden::DecodeObject(kinds_, object);
  const auto kind = std::ranges::find(kinds_, facts.object->type, &AnyResource::type);
  // The custom resource is the last of them, and the first here.
  const auto index = static_cast<std::size_t>(kind - kinds_.begin());
  facts.kind = index + 1 == kinds_.size() ? 0 : index + 1;
  facts.name = NameOf(facts.object->type, facts.object->key);
  const ObjectMeta& meta = facts.object->meta;
  facts.uid = meta.uid;
  if (meta.owner) facts.owner = meta.owner->uid;
  facts.visible = facts.kind == 0 || (meta.labels.contains(labels::kManagedBy) &&
                                      meta.labels.contains(labels::kOwnerUid));
  facts.ending = meta.deleted.has_value();
}

Name Blobs::NameOf(const ResourceType& type, const ObjectKey& key) {
  const std::string id = std::string(type.kind) + " " + key.name;
  return names_.try_emplace(id, static_cast<Name>(names_.size() + 1)).first->second;
}

std::string Blobs::Describe(Blob blob) const {
  const Object& object = *facts_[blob].object;
  return std::string(object.type.kind) + " " + object.key.name;
}

Blob Blobs::Change(Blob blob, std::uint32_t change, const std::function<void(json&)>& function) {
  const std::uint64_t key = (std::uint64_t{blob} << 32U) | change;
  const auto known = changes_.find(key);
  if (known != changes_.end()) return known->second;
  json object = Json(blob);
  function(object);
  const Blob changed = object.is_null() ? 0 : Intern(std::move(object));
  changes_.emplace(key, changed);
  return changed;
}

Blob Blobs::Later(Blob blob, seconds time) {
  const auto change = kLaterChange | static_cast<std::uint32_t>(time.count());
  return Change(blob, change,
                [&](json& object) { object = json::parse(ShiftTimes(object.dump(), time)); });
}

}  // namespace slipway::explorer
