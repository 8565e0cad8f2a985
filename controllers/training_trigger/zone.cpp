#include "controllers/training_trigger/zone.hpp"

#include <fmt/format.h>

#include <regex>

namespace slipway::training_trigger {

Result<Zone> Zone::Find(const std::string& name) {
  // As the CRD has it: a name is no path to some other file, and a zone counts no leap seconds,
  // which no Kubernetes time does.
  static const std::regex kName(
      "(?!right/|localtime$)[A-Za-z][-A-Za-z0-9_+]*(/[A-Za-z0-9][-A-Za-z0-9_+]*)*");
  absl::TimeZone zone;
  if (!std::regex_match(name, kName) || !absl::LoadTimeZone(name, &zone)) {
    return Fail(
        Code::kInvalid,
        fmt::format("spec.timeZone \"{}\" is no zone of the IANA time zone database that the "
                    "operator has; write one such as Europe/Paris, America/New_York or UTC",
                    name));
  }
  return Zone(zone);
}

Zone::Period Zone::PeriodAt(Instant time) const {
  const absl::Time at = absl::FromUnixMillis(time.time_since_epoch().count());
  Period period{std::chrono::seconds(zone_.At(at).offset), Instant::max()};
  absl::TimeZone::CivilTransition change;
  if (zone_.NextTransition(at, &change)) {
    const absl::Time end = zone_.At(change.to).trans;
    period.end = Instant(std::chrono::milliseconds(absl::ToUnixMillis(end)));
  }
  return period;
}

}  // namespace slipway::training_trigger
