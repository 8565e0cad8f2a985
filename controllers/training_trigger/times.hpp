#pragma once

#include <optional>

#include "controllers/training_trigger/schedule.hpp"
#include "controllers/training_trigger/zone.hpp"
#include "operator/base/clock.hpp"

namespace slipway::training_trigger {

/// The times of a schedule are the instants at which a wall clock in the zone shows a minute that
/// the schedule names. So where clocks are put forward, a minute that they leave out has no time on
/// that day, and where they are put back, one that they show twice has two.

/// The first time after `after`; nullopt when there is none, as on 30 February.
std::optional<Instant> NextAfter(const Schedule& schedule, const Zone& zone, Instant after);

/// The latest time that is after `after` and not after `until`; nullopt when there is none. The
/// work does not grow with the number of times between the two.
std::optional<Instant> LatestBetween(const Schedule& schedule, const Zone& zone, Instant after,
                                     Instant until);

/// How many times are after `after` and not after `until`, counted up to `most`.
int CountBetween(const Schedule& schedule, const Zone& zone, Instant after, Instant until,
                 int most);

}  // namespace slipway::training_trigger
