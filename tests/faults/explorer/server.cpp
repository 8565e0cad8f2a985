#include "tests/faults/explorer/server.hpp"

#include <algorithm>
#include <cctype>

#include "tests/faults/explorer/blobs.hpp"

namespace slipway::explorer {
namespace {

using nlohmann::json;

/// Where the last applied intent is kept: what managedFields say of our own fields.
constexpr const char* kApplied = "explorer/applied";
constexpr std::size_t kMaxLabel = 63;

HttpResponse Refuse(int status, const char* reason) {
  const json body = {{"kind", "Status"}, {"status", "Failure"}, {"code", status},
                     {"reason", reason}, {"message", reason},   {"details", {{"name", "named"}}}};
  return {status, body.dump(), {}};
}

HttpResponse Answer(const Slot& slot, int status = 200) {
  json object = slot.object;
  object["metadata"]["resourceVersion"] = slot.version;
  return {status, object.dump(), {}};
}

bool IsControlledBy(const json& object, const std::string& owner) {
  const json& references = object["metadata"].value("ownerReferences", json::array());
  return std::ranges::any_of(references, [&](const json& item) {
    return item.value("uid", "") == owner && item.value("controller", false);
  });
}

bool IsDnsLabel(const std::string& text) {
  const auto good = [](unsigned char c) { return std::islower(c) || std::isdigit(c) || c == '-'; };
  return !text.empty() && text.size() <= kMaxLabel && std::ranges::all_of(text, good) &&
         text.front() != '-' && text.back() != '-';
}

/// What the API server would answer with 422, as far as planners could get it wrong.
std::string WhyInvalid(const json& object) {
  const json& meta = object["metadata"];
  if (!IsDnsLabel(meta.value("name", ""))) return "the name is no DNS label";
  const json labels = meta.value("labels", json::object());
  for (const auto& [name, value] : labels.items()) {
    if (!value.is_string() || value.get_ref<const std::string&>().size() > kMaxLabel) {
      return "label " + name + " is invalid";
    }
  }
  if (object.contains("status")) return "a child is written with its status";
  if (object["kind"] == "Pod" && object["spec"].value("containers", json::array()).empty()) {
    return "a pod without containers";
  }
  return "";
}

HttpResponse Create(json object, const std::string& uid, Slot& slot) {
  if (const auto why = WhyInvalid(object); !why.empty()) {
    slot.violation = "the API server refuses a write: " + why;
    return Refuse(422, "Invalid");
  }
  if (!slot.object.is_null()) return Refuse(409, "AlreadyExists");
  object["metadata"]["uid"] = uid;
  object["metadata"]["creationTimestamp"] = FormatTime(kNow);
  if (object["kind"] == "Pod") object["status"] = {{"phase", "Pending"}};
  slot.object = std::move(object);
  return Answer(slot, 201);
}

/// Removes what the former intent named and the new one does not, unless another manager has set
/// it since (the only such field here is the number of replicas).
void RemoveDropped(json& live, const json& before, const json& after, bool scaled) {
  for (const auto& [member, value] : before.items()) {
    if (!after.contains(member)) {
      if (member == "replicas" && !scaled) {
        live[member] = 1;  // The default of the API.
      } else if (member != "replicas") {
        live.erase(member);
      }
    } else if (value.is_object() && after[member].is_object()) {
      RemoveDropped(live[member], value, after[member], scaled);
    }
  }
}

HttpResponse Apply(const HttpRequest& request, const std::string& uid, const std::string& owner,
                   Slot& slot) {
  json intent = json::parse(request.body);
  const std::string expected = intent["metadata"].value("uid", "");
  const std::string version = intent["metadata"].value("resourceVersion", slot.version);
  intent["metadata"].erase("uid");
  intent["metadata"].erase("resourceVersion");
  const bool force = request.target.find("force=true") != std::string::npos;
  if (slot.object.is_null()) {
    if (!expected.empty()) return Refuse(409, "Conflict");
    json object = intent;
    const auto response = Create(object, uid, slot);
    if (response.status != 201) return response;
    slot.object["metadata"]["generation"] = 1;
    slot.object[kApplied] = std::move(intent);
    if (slot.object["kind"] == "Deployment") {
      slot.object["spec"].emplace("replicas", 1);
      slot.object["status"] = json::object();
    }
    return Answer(slot, 201);
  }
  if (!expected.empty() && slot.object["metadata"]["uid"] != expected)
    return Refuse(409, "Conflict");
  if (version != slot.version) return Refuse(409, "Conflict");
  const bool ours = IsControlledBy(slot.object, owner);
  if (!ours && !force) return Refuse(409, "Conflict");
  if (!ours) slot.violation = "changed what is not ours";
  if (const auto why = WhyInvalid(intent); !why.empty()) slot.violation = why;
  const json spec = slot.object["spec"];
  const bool scaled = slot.object["metadata"].contains("managedFields");
  if (slot.object.contains(kApplied)) {
    RemoveDropped(slot.object, slot.object[kApplied], intent, scaled);
  }
  slot.object.merge_patch(intent);
  slot.object[kApplied] = std::move(intent);
  if (slot.object["spec"] != spec) {
    json& generation = slot.object["metadata"]["generation"];
    generation = generation.is_null() ? 1 : generation.get<int>() + 1;
  }
  return Answer(slot);
}

HttpResponse Delete(const HttpRequest& request, const std::string& owner, Mutant mutant,
                    Slot& slot) {
  if (slot.object.is_null()) return Refuse(404, "NotFound");
  const json options = json::parse(request.body);
  json& meta = slot.object["metadata"];
  if (mutant != Mutant::kBlindDelete) {
    const json& expected = options["preconditions"];
    if (expected["uid"] != meta["uid"]) return Refuse(409, "Conflict");
    if (expected.value("resourceVersion", slot.version) != slot.version) {
      return Refuse(409, "Conflict");
    }
  }
  const bool itself = meta["uid"] == owner;
  if (!itself && !IsControlledBy(slot.object, owner)) slot.violation = "deleted what is not ours";
  const bool runs = slot.object["kind"] == "Pod" && slot.object["status"]["phase"] == "Running";
  const HttpResponse answer = Answer(slot);
  if (!runs) {
    slot.object = nullptr;
  } else if (!meta.contains("deletionTimestamp")) {
    meta["deletionTimestamp"] = FormatTime(kNow + std::chrono::seconds(30));
  }
  return answer;
}

}  // namespace

HttpResponse Serve(const HttpRequest& request, const std::string& uid, const std::string& owner,
                   Mutant mutant, Slot& slot) {
  switch (request.method) {
    case HttpRequest::Method::kGet:
      return slot.object.is_null() ? Refuse(404, "NotFound") : Answer(slot);
    case HttpRequest::Method::kPost: return Create(json::parse(request.body), uid, slot);
    case HttpRequest::Method::kPatch: return Apply(request, uid, owner, slot);
    case HttpRequest::Method::kDelete: return Delete(request, owner, mutant, slot);
    case HttpRequest::Method::kPut: break;
  }
  return Refuse(405, "MethodNotAllowed");
}

}  // namespace slipway::explorer
