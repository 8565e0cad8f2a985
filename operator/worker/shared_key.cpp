#include "operator/worker/shared_key.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "operator/base/digest.hpp"

namespace slipway::worker {

std::string HttpDate(Instant time) {
  constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return fmt::format(
      "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays.at(std::chrono::weekday(day).c_encoding()),
      static_cast<unsigned>(date.day()), kMonths.at(static_cast<unsigned>(date.month()) - 1),
      static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
      clock.seconds().count());
}

std::string StringToSign(const AzureRequest& request, std::string_view date) {
  // The verb, eleven standard headers, none of which is sent, those of the service, the resource.
  std::string text = fmt::format("GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:{}\nx-ms-version:{}\n/{}{}",
                                 date, kAzureVersion, request.account, request.path);
  Query query = request.query;
  std::ranges::sort(query);
  for (const auto& [name, value] : query) text += fmt::format("\n{}:{}", name, value);
  return text;
}

Result<Headers> SignAzure(const AzureRequest& request, std::string_view key, Instant now) {
  const std::string secret = FromBase64(key);
  if (secret.empty()) {
    return Fail(Code::kInvalid,
                "AZURE_STORAGE_KEY of the Secret is no base64 text; copy one of the account's keys "
                "as the portal shows it");
  }
  const std::string date = HttpDate(now);
  const std::string signature = ToBase64(HmacSha256(secret, StringToSign(request, date)));
  return Headers{{"x-ms-date", date},
                 {"x-ms-version", std::string(kAzureVersion)},
                 {"Authorization", fmt::format("SharedKey {}:{}", request.account, signature)}};
}

}  // namespace slipway::worker
