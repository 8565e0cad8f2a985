#include "operator/run/event_series.hpp"

#include "operator/base/hash.hpp"
#include "operator/kube/labels.hpp"

namespace slipway {
namespace {

/// The API server's limits for `note` and for an object's name.
constexpr std::size_t kMaxNote = 1024;
constexpr std::size_t kMaxNameFront = 200;

/// The part of an Event's name before its hash; each label of a DNS name ends with a letter or
/// digit (RFC 1123).
std::string NameFront(const std::string& name) {
  std::string front = name.substr(0, kMaxNameFront);
  while (front.ends_with('-') || front.ends_with('.')) front.pop_back();
  return front;
}

std::string Cut(std::string text, std::size_t limit) {
  if (text.size() <= limit) return text;
  text.resize(limit - 3);
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80) text.pop_back();
  if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xC0) text.pop_back();
  return text + "...";
}

}  // namespace

EventSeries::Decision EventSeries::Decide(const Owner& regarding, const EmitEvent& event,
                                          Instant now) {
  const std::string id = Sha256Hex({regarding.uid, event.reason, event.action, event.note});
  if (const auto known = sent_.find(id);
      known != sent_.end() && now - known->second.last < window_) {
    Sent& sent = known->second;
    sent.last = now;
    ++sent.count;
    return {false,
            sent.key,
            {{"apiVersion", kEventType.ApiVersion()},
             {"kind", kEventType.kind},
             {"metadata", {{"name", sent.key.name}, {"namespace", sent.key.ns}}},
             {"series", {{"count", sent.count}, {"lastObservedTime", FormatMicroTime(now)}}}},
            id};
  }
  if (sent_.size() >= capacity_) sent_.clear();
  // Where the API server wants the Events of what is in no namespace.
  const ObjectKey key{
      regarding.key.cluster, regarding.key.ns.empty() ? "default" : regarding.key.ns,
      NameFront(regarding.key.name) + "." + Sha256Hex({id, FormatMicroTime(now)}).substr(0, 16)};
  sent_[id] = {key, 1, now};
  return {true,
          key,
          {{"apiVersion", kEventType.ApiVersion()},
           {"kind", kEventType.kind},
           {"metadata", {{"name", key.name}, {"namespace", key.ns}}},
           {"eventTime", FormatMicroTime(now)},
           {"reportingController", "slipway.dev/operator"},
           {"reportingInstance", instance_},
           {"type", event.type == EmitEvent::Type::kNormal ? "Normal" : "Warning"},
           {"reason", event.reason},
           {"action", event.action},
           {"note", Cut(event.note, kMaxNote)},
           {"regarding",
            {{"apiVersion", regarding.type.ApiVersion()},
             {"kind", regarding.type.kind},
             {"namespace", regarding.key.ns},
             {"name", regarding.key.name},
             {"uid", regarding.uid}}}},
          id};
}

}  // namespace slipway
