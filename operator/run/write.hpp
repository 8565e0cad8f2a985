#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "operator/kube/request.hpp"
#include "operator/kube/resource.hpp"
#include "operator/kube/transport.hpp"
#include "operator/run/plan.hpp"

namespace slipway {

/// The one field manager of everything that Slipway writes.
inline constexpr std::string_view kFieldManager = "slipway";

/// The custom resource on whose behalf something is written.
struct Owner {
  ResourceType type;
  ObjectKey key;
  std::string uid;
  std::int64_t generation = 0;
  ResourceVersion version{};  ///< At which it was planned for.
};

/// The body of a child as it is sent: identity, ownership marks and, for an Apply, the digest of
/// the intent. An owner reference is added when owner and child share cluster and namespace;
/// elsewhere garbage collection would not honour it, and what outlives its owner must have none.
nlohmann::json StampBody(const Owner& owner, const ResourceType& type, const ObjectKey& key,
                         nlohmann::json body, bool with_digest, bool outlives_owner = false);

/// Replaces the status of the custom resource, provided it is still at the owner's version.
HttpRequest RequestStatus(const Owner& owner, const nlohmann::json& status);

/// True when the object carries the owner's UID in its label and, if it lies beside the owner,
/// also as controller owner reference. A copied label alone makes nobody's object ours.
bool BelongsTo(const Owner& owner, const ObjectKey& key, const ObjectMeta& meta);

/// True when applying `stamped` would change nothing: the object was last applied with the same
/// intent (digest annotation; sees removed fields) and still has all its values (sees edits by
/// others).
bool AlreadyApplied(const Object& live, const nlohmann::json& stamped);

/// One action on its way to the API server, without I/O: it says which request comes next and
/// is told the answer, until it is finished.
///
///   Create: POST -> taken? GET -> ours: finished | ours without its labels: hidden | else: foreign
///           what outlives its owner is ours by the label with its UID
///   Apply:  known: (skip if already applied) PATCH with uid + resourceVersion
///           unknown: GET -> absent: PATCH without force | ours, with or without its labels: PATCH
///           with uid + resourceVersion | else: foreign
///   Delete: GET -> absent or another uid: finished | changed, although it has to be as seen:
///           conflict | ours, with or without its labels: DELETE with uid + resourceVersion
///   Patch:  not seen, or not ours: conflict | PATCH with uid + resourceVersion as seen -> absent:
///           finished
class Write {
 public:
  Write(const Owner& owner, const Action& action, const Snapshot& world);

  /// The next request to send; std::nullopt when finished.
  std::optional<HttpRequest> Next();
  void OnResponse(Result<HttpResponse> response);
  /// Ends the write here, as failed, unless it is finished already.
  void Refuse(Error error);

  const Action& What() const { return action_; }
  /// The object that was seen before the write; empty when none was.
  const std::string& SeenUid() const { return live_uid_; }
  const ResourceVersion& SeenVersion() const { return live_version_; }
  const ResourceType& Type() const { return type_; }
  const ObjectKey& Key() const { return key_; }
  bool Skipped() const { return skipped_; }
  /// The object's version after the write, 0 when nothing was written.
  std::uint64_t Version() const { return version_; }
  const std::optional<WriteFailure>& Failure() const { return failure_; }
  bool IsDelete() const { return std::holds_alternative<Delete>(action_); }

 private:
  enum class State {
    kCreate,
    kCheckTaken,
    kLook,
    kApplyNew,
    kApplyKnown,
    kLookToDelete,
    kDelete,
    kPatch,
    kFinished
  };

  void StartApply(const Snapshot& world);
  void StartPatch(const Snapshot& world);
  void OnLookedToDelete(const ObjectMeta& meta, bool ours);
  void OnError(Error error);
  void OnLooked(const JsonView& object);
  void OnTaken(const ObjectMeta& holder);
  void OnWritten(const JsonView& object);
  void FailForeign();
  void FailHidden();
  /// Ours by its owner reference, with or without the labels by which it is seen.
  bool IsOurs(const ObjectMeta& meta) const;
  std::string BodyForLive() const;

  Owner owner_;
  Action action_;
  ResourceType type_;
  ObjectKey key_;
  nlohmann::json body_;
  State state_ = State::kFinished;
  ResourceVersion seen_version_;  ///< With Delete::as_seen.
  std::string live_uid_;
  ResourceVersion live_version_;
  bool skipped_ = false;
  std::uint64_t version_ = 0;
  std::optional<WriteFailure> failure_;
};

}  // namespace slipway
