#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "operator/base/clock.hpp"
#include "operator/base/result.hpp"
#include "operator/kube/identity.hpp"

namespace slipway {

/// Creates a child that never changes afterwards (a pod, a headless service). If the name is
/// taken by an object of the same owner this has already happened; if by anybody else, nothing
/// is touched and the pass reports `WriteFailure::foreign`.
struct Create {
  ResourceType type;
  ObjectKey key;
  nlohmann::json body;  ///< Whole object without status, name, namespace and owner marks.
  /// A record that stays when its owner is deleted: its labels and annotation name the owner, but
  /// no owner reference does. It is never taken for lost, and never deleted to make room.
  bool outlives_owner = false;
};

/// Brings a child to exactly these fields by server-side apply; fields that are not named stay
/// as others set them. Skipped when the object already has them.
struct Apply {
  ResourceType type;
  ObjectKey key;
  nlohmann::json body;  ///< As in Create.
};

/// Removes exactly the object that was seen: after a live read, with uid and resourceVersion as
/// preconditions.
struct Delete {
  ResourceType type;
  ObjectKey key;
  std::string uid;
  std::string why;  ///< For the log: one clause, e.g. "its group is restarted".
  /// Seconds for a clean end of a pod; std::nullopt leaves the pod's own setting.
  std::optional<std::int32_t> grace_seconds;
  /// Only while nothing has changed of it since it was seen, for what is deleted because of its
  /// state: a pod that has ended meanwhile may be one to keep.
  bool as_seen = false;
};

/// Changes fields of exactly the object that was seen, by a JSON merge patch with its uid and
/// resourceVersion: for what no apply can do, such as taking away an entry that was created.
struct Patch {
  ResourceType type;
  ObjectKey key;
  nlohmann::json body;  ///< The fields alone; null removes one, a list replaces a list.
  std::string why;      ///< As in Delete.
};

using Action = std::variant<Create, Apply, Delete, Patch>;

/// An Event on the custom resource. Emitted on transitions only, after the status that records
/// the transition has been written.
struct EmitEvent {
  enum class Type { kNormal, kWarning };
  Type type = Type::kNormal;
  std::string reason;  ///< CamelCase constant.
  std::string action;  ///< CamelCase constant: what the operator did or tried.
  std::string note;    ///< For the user: what, which object, the way out.
  /// False for what may pass by itself in a moment: then the status that records it may wait for
  /// company, and the Event with it.
  bool urgent = true;
};

/// What one pass wants to do. The actions are independent of each other and run together; what
/// must come after them is planned by the next pass, which sees their effect.
struct Plan {
  std::vector<Action> actions;
  std::vector<EmitEvent> events;
  /// When to look again although nothing has happened (a deadline, a schedule).
  std::optional<Instant> wake_at;
};

/// A write of this pass that did not succeed, handed back to the planner so that the status can
/// say so.
struct WriteFailure {
  ResourceType type;
  ObjectKey key;
  Error error;
  bool foreign = false;  ///< The name is held by an object that is not ours.
  /// UID of the child that holds the name and has lost its labels, and with them its place in every
  /// view; empty when there is none.
  std::string hidden_uid{};
  /// Set when the operator itself held the write back: a CamelCase word, and whether only a change
  /// by a user can help.
  std::string held{};
  bool held_for_good = false;
};

}  // namespace slipway
