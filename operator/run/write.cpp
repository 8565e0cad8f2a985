#include "operator/run/write.hpp"

#include <utility>

#include "operator/base/hash.hpp"
#include "operator/kube/labels.hpp"
#include "operator/run/covers.hpp"

namespace slipway {
namespace {

using nlohmann::json;

constexpr std::string_view kDigest = "slipway.dev/applied-digest";

bool Beside(const ObjectKey& owner, const ObjectKey& child) {
  return owner.cluster == child.cluster && owner.ns == child.ns;
}

bool NamesOwner(const Owner& owner, const ObjectMeta& meta) {
  const auto label = meta.labels.find(labels::kOwnerUid);
  return label != meta.labels.end() && label->second == owner.uid;
}

bool IsControlledBy(const Owner& owner, const ObjectMeta& meta) {
  return meta.owner && meta.owner->uid == owner.uid;
}

/// The label by which watches select; without it an object is in no view, whatever else it bears.
bool IsWatched(const ObjectMeta& meta) {
  const auto label = meta.labels.find(labels::kManagedBy);
  return label != meta.labels.end() && label->second == labels::kManagedByValue;
}

}  // namespace

json StampBody(const Owner& owner, const ResourceType& type, const ObjectKey& key, json body,
               bool with_digest, bool outlives_owner) {
  json& meta = body["metadata"];
  body["apiVersion"] = type.ApiVersion();
  body["kind"] = type.kind;
  meta["name"] = key.name;
  if (!key.ns.empty()) meta["namespace"] = key.ns;
  meta["labels"][std::string(labels::kManagedBy)] = labels::kManagedByValue;
  meta["labels"][std::string(labels::kOwnerUid)] = owner.uid;
  meta["labels"][std::string(labels::kOwnerKind)] = owner.type.kind;
  meta["annotations"][std::string(labels::kOwner)] = owner.key.ns + "/" + owner.key.name;
  if (Beside(owner.key, key) && !outlives_owner) {
    meta["ownerReferences"] = json::array({{{"apiVersion", owner.type.ApiVersion()},
                                            {"kind", owner.type.kind},
                                            {"name", owner.key.name},
                                            {"uid", owner.uid},
                                            {"controller", true},
                                            {"blockOwnerDeletion", true}}});
  }
  if (with_digest) {
    meta["annotations"][std::string(kDigest)] = Sha256Hex({body.dump()}).substr(0, 16);
  }
  return body;
}

HttpRequest RequestStatus(const Owner& owner, const json& status) {
  const json body = {{"apiVersion", owner.type.ApiVersion()},
                     {"kind", owner.type.kind},
                     {"metadata",
                      {{"name", owner.key.name},
                       {"namespace", owner.key.ns},
                       {"uid", owner.uid},
                       {"resourceVersion", owner.version.text}}},
                     {"status", status}};
  return request::ReplaceStatus(owner.type, owner.key, body.dump(), kFieldManager);
}

bool BelongsTo(const Owner& owner, const ObjectKey& key, const ObjectMeta& meta) {
  return NamesOwner(owner, meta) && (!Beside(owner.key, key) || IsControlledBy(owner, meta));
}

bool AlreadyApplied(const Object& live, const json& stamped) {
  const auto digest = live.meta.annotations.find(kDigest);
  if (digest == live.meta.annotations.end() ||
      digest->second != stamped["metadata"]["annotations"][std::string(kDigest)]) {
    return false;
  }
  const json known = json::parse(live.json, nullptr, /*allow_exceptions=*/false);
  if (known.is_discarded()) return false;
  // The items of a list carry neither; that they are of this kind is certain anyway.
  json wanted = stamped;
  wanted.erase("apiVersion");
  wanted.erase("kind");
  return Covers(known, wanted);
}

Write::Write(const Owner& owner, const Action& action, const Snapshot& world)
    : owner_(owner), action_(action) {
  std::visit([this](const auto& a) { type_ = a.type, key_ = a.key; }, action_);
  if (auto* create = std::get_if<Create>(&action_)) {
    body_ = StampBody(owner_, type_, key_, std::move(create->body), false, create->outlives_owner);
    state_ = State::kCreate;
  } else if (auto* apply = std::get_if<Apply>(&action_)) {
    body_ = StampBody(owner_, type_, key_, std::move(apply->body), true);
    StartApply(world);
  } else if (auto* patch = std::get_if<Patch>(&action_)) {
    body_ = std::move(patch->body);
    StartPatch(world);
  } else {
    const Object* seen = world.FindObject(type_, key_);
    if (seen != nullptr) seen_version_ = seen->meta.resource_version;
    state_ = State::kLookToDelete;
  }
}

void Write::StartApply(const Snapshot& world) {
  const Object* live = world.FindObject(type_, key_);
  if (live == nullptr || !BelongsTo(owner_, key_, live->meta)) {
    state_ = State::kLook;  // The cache holds only what carries our marks: ask before writing.
    return;
  }
  skipped_ = AlreadyApplied(*live, body_);
  live_uid_ = live->meta.uid;
  live_version_ = live->meta.resource_version;
  state_ = skipped_ ? State::kFinished : State::kApplyKnown;
}

void Write::StartPatch(const Snapshot& world) {
  state_ = State::kPatch;
  const Object* seen = world.FindObject(type_, key_);
  if (seen == nullptr || !BelongsTo(owner_, key_, seen->meta)) {
    return Refuse({Code::kConflict, "it is not seen any more; it is looked at again", {}});
  }
  live_uid_ = seen->meta.uid;
  live_version_ = seen->meta.resource_version;
}

std::optional<HttpRequest> Write::Next() {
  switch (state_) {
    case State::kCreate: return request::Create(type_, key_, body_.dump(), kFieldManager);
    case State::kCheckTaken:
    case State::kLook:
    case State::kLookToDelete: return request::Get(type_, key_);
    case State::kApplyNew:
      return request::Apply(type_, key_, body_.dump(), kFieldManager, /*force=*/false);
    case State::kApplyKnown:
      return request::Apply(type_, key_, BodyForLive(), kFieldManager, /*force=*/true);
    case State::kDelete:
      return request::Delete(type_, key_, {live_uid_, live_version_},
                             std::get<Delete>(action_).grace_seconds);
    case State::kPatch: return request::MergePatch(type_, key_, BodyForLive(), kFieldManager);
    case State::kFinished: return std::nullopt;
  }
  return std::nullopt;
}

/// Refused by the API server if the name now holds another object, or if anybody has changed it
/// since: that may have been a newer plan.
std::string Write::BodyForLive() const {
  json body = body_;
  body["metadata"]["uid"] = live_uid_;
  body["metadata"]["resourceVersion"] = live_version_.text;
  return body.dump();
}

void Write::Refuse(Error error) {
  if (state_ == State::kFinished) return;
  failure_ = WriteFailure{type_, key_, std::move(error), false};
  state_ = State::kFinished;
}

void Write::OnResponse(Result<HttpResponse> response) {
  if (!response) return OnError(std::move(response.error()));
  JsonParser parser;
  const auto object = parser.Parse(response->body);
  if (!object) return OnError(object.error());
  const bool looked =
      state_ == State::kCheckTaken || state_ == State::kLook || state_ == State::kLookToDelete;
  looked ? OnLooked(*object) : OnWritten(*object);
}

void Write::OnError(Error error) {
  const bool absent = error.code == Code::kNotFound;
  if (state_ == State::kCreate && error.code == Code::kAlreadyExists) {
    state_ = State::kCheckTaken;
    return;
  }
  if (state_ == State::kLook && absent) {
    state_ = State::kApplyNew;
    return;
  }
  const bool needless = state_ == State::kLookToDelete || state_ == State::kDelete ||
                        state_ == State::kPatch;  // What is gone needs no change.
  if (needless && absent) {
    state_ = State::kFinished;
    return;
  }
  Refuse(std::move(error));
}

void Write::OnLooked(const JsonView& object) {
  auto meta = DecodeMeta(object);
  if (!meta) return OnError(meta.error());
  live_uid_ = meta->uid;
  live_version_ = meta->resource_version;
  if (state_ == State::kCheckTaken) return OnTaken(*meta);
  const bool itself = type_ == owner_.type && key_ == owner_.key;
  const bool ours = itself || IsOurs(*meta);
  if (state_ == State::kLookToDelete) {
    OnLookedToDelete(*meta, ours);
  } else if (!ours) {
    FailForeign();
  } else {
    state_ = State::kApplyKnown;
  }
}

void Write::OnLookedToDelete(const ObjectMeta& meta, bool ours) {
  const auto& action = std::get<Delete>(action_);
  if (meta.uid != action.uid || !ours || meta.deleted) {
    state_ = State::kFinished;
  } else if (action.as_seen && meta.resource_version != seen_version_) {
    Refuse({Code::kConflict, "it has changed since it was seen; it is looked at again", {}});
  } else {
    state_ = State::kDelete;
  }
}

void Write::OnTaken(const ObjectMeta& holder) {
  const bool outlives_owner = std::get<Create>(action_).outlives_owner;
  if (outlives_owner ? !NamesOwner(owner_, holder) : !IsOurs(holder)) return FailForeign();
  const bool seen = outlives_owner || (BelongsTo(owner_, key_, holder) && IsWatched(holder));
  if (!seen) return FailHidden();
  version_ = holder.resource_version.Number();
  state_ = State::kFinished;
}

bool Write::IsOurs(const ObjectMeta& meta) const {
  return BelongsTo(owner_, key_, meta) ||
         (Beside(owner_.key, key_) && IsControlledBy(owner_, meta));
}

void Write::OnWritten(const JsonView& object) {
  if (state_ != State::kDelete) {
    version_ = ResourceVersion{object["metadata"]["resourceVersion"].Text()}.Number();
  }
  state_ = State::kFinished;
}

void Write::FailForeign() {
  failure_ = WriteFailure{
      type_, key_,
      Error{Code::kAlreadyExists,
            std::string(type_.kind) + " " + key_.ToString() +
                " exists already and does not belong to " + std::string(owner_.type.kind) + " " +
                owner_.key.ToString() + "; it was left alone. Delete or rename one of the two",
            {}},
      true};
  state_ = State::kFinished;
}

void Write::FailHidden() {
  failure_ = WriteFailure{type_, key_,
                          Error{Code::kConflict,
                                "its name is held by an object of the same owner that was lost "
                                "from sight, as by a change of its labels; that is deleted, and "
                                "what takes its place waits for its end",
                                {}},
                          false, live_uid_};
  state_ = State::kFinished;
}

}  // namespace slipway
