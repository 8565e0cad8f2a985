#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace slipway {

/// The quantity as the API server stores it ("1000m" gives "1", "1024Mi" gives "1Gi"), by the
/// rules of apimachinery's resource.Quantity: nothing is lost, no fraction is left, the suffix is
/// as large as possible; less than a billionth is rounded up to it
/// (https://pkg.go.dev/k8s.io/apimachinery/pkg/api/resource#Quantity). What the executor would
/// write is compared with what is stored, so any other spelling would be written again for ever.
/// A text that is no quantity, or one beyond 18 digits or 63 bits, comes back as it is: the API
/// server judges it.
std::string CanonicalQuantity(std::string_view text);

/// The same with what the defaulting of pods does to requests and limits: rounded up to
/// thousandths.
std::string CanonicalRequest(std::string_view text);

/// About how much a quantity is, for comparisons that only people read; nullopt when the text is no
/// quantity.
std::optional<double> QuantityValue(std::string_view text);

/// The quantity in thousandths, rounded up, at most 9e18; nullopt when the text is no quantity.
std::optional<std::int64_t> MilliValue(std::string_view text);

}  // namespace slipway
