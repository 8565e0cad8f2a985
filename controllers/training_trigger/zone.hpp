#pragma once

#include <absl/time/time.h>

#include <chrono>
#include <string>

#include "operator/base/clock.hpp"
#include "operator/base/result.hpp"

namespace slipway::training_trigger {

/// A time zone of the IANA database (https://www.iana.org/time-zones), as the system has it. The
/// database is part of the operator's image, as its code is, so that what a zone says does not
/// depend on anything that changes while the process runs.
class Zone {
 public:
  /// The error names the zone and the way out.
  static Result<Zone> Find(const std::string& name);

  /// From one change of the clocks to the next, wall clocks are ahead of UTC by one offset.
  struct Period {
    std::chrono::seconds offset;
    Instant end;  ///< Not part of it any more; Instant::max() when no change is known.
  };
  Period PeriodAt(Instant time) const;

 private:
  explicit Zone(absl::TimeZone zone) : zone_(zone) {}
  absl::TimeZone zone_;
};

}  // namespace slipway::training_trigger
