#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace slipway::explorer {

/// A bug that is planted, to show that the search would find it.
enum class Mutant {
  kNone,
  kBlindDelete,      ///< Deletes carry no preconditions.
  kBlindApply,       ///< The first apply of an unknown name is forced, without a look.
  kRandomNames,      ///< The name of a child depends on what else there is.
  kLostWake,         ///< Nobody looks again when a deadline comes.
  kLostRetry,        ///< Nobody looks again after a failed write.
  kBlindStatus,      ///< The status is written whatever the version of the resource is.
  kStaleBody,        ///< After a conflict the same status is sent again with the newer version.
  kHiddenStays,      ///< A child that has lost its labels is left where it is.
  kSilentFailures,   ///< The status does not tell of failed writes.
  kEagerGeneration,  ///< observedGeneration is ahead of what was acted on.
};

struct MutantName {
  Mutant mutant;
  std::string_view name;
  std::string_view what;
};

inline constexpr std::array kMutants{
    MutantName{Mutant::kBlindDelete, "blind-delete", "deletes carry no preconditions"},
    MutantName{Mutant::kBlindApply, "blind-apply", "an unknown name is applied by force"},
    MutantName{Mutant::kRandomNames, "random-names", "names of children are not deterministic"},
    MutantName{Mutant::kLostWake, "lost-wake", "a deadline wakes nobody"},
    MutantName{Mutant::kLostRetry, "lost-retry", "a failed write is not tried again"},
    MutantName{Mutant::kBlindStatus, "blind-status", "the status ignores the resourceVersion"},
    MutantName{Mutant::kStaleBody, "stale-body", "a refused status is sent again unchanged"},
    MutantName{Mutant::kHiddenStays, "hidden-stays", "a child without its labels keeps its name"},
    MutantName{Mutant::kSilentFailures, "silent-failures", "failed writes are not told"},
    MutantName{Mutant::kEagerGeneration, "eager-generation", "observedGeneration runs ahead"},
};

inline std::optional<Mutant> FindMutant(std::string_view name) {
  for (const auto& item : kMutants) {
    if (item.name == name) return item.mutant;
  }
  return std::nullopt;
}

}  // namespace slipway::explorer
