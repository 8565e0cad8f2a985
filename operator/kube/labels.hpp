#pragma once

#include <string_view>

/// The labels and annotations by which Slipway knows its own objects. Documented for users in
/// docs/labels.md; changing one orphans every running child.
namespace slipway::labels {

inline constexpr std::string_view kManagedBy = "app.kubernetes.io/managed-by";
inline constexpr std::string_view kManagedByValue = "slipway";
/// The one selector of every watch on a built-in kind: only our own children reach our memory.
inline constexpr std::string_view kSelector = "app.kubernetes.io/managed-by=slipway";

/// UID of the custom resource a child belongs to. Unlike an owner reference it also works for a
/// child in another namespace or cluster.
inline constexpr std::string_view kOwnerUid = "slipway.dev/owner-uid";
inline constexpr std::string_view kOwnerKind = "slipway.dev/owner-kind";
/// Annotation "namespace/name" of the owner (a name may be longer than a label value).
inline constexpr std::string_view kOwner = "slipway.dev/owner";

/// Annotation of a pod that was given the means to report of itself (run/report_desk.hpp), whatever
/// its value; and whom its token is for.
inline constexpr std::string_view kReports = "slipway.dev/reports";

}  // namespace slipway::labels
