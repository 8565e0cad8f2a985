#include "controllers/isolation/addresses.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <variant>

namespace slipway::isolation {
namespace {

namespace ip = boost::asio::ip;
using Network = std::variant<std::monostate, ip::network_v4, ip::network_v6>;

Network Parse(const std::string& text) {
  boost::system::error_code error;
  const auto v4 = ip::make_network_v4(text, error);
  if (!error) return v4.canonical();
  const auto v6 = ip::make_network_v6(text, error);
  if (!error) return v6.canonical();
  return {};
}

/// Whether all addresses of one are in the other.
bool Inside(const std::string& inner_text, const std::string& outer_text) {
  const Network inner = Parse(inner_text);
  const Network outer = Parse(outer_text);
  const auto inside = [](const auto* small, const auto* large) {
    return small != nullptr && large != nullptr &&
           (*small == *large || small->is_subnet_of(*large));
  };
  return inside(std::get_if<ip::network_v4>(&inner), std::get_if<ip::network_v4>(&outer)) ||
         inside(std::get_if<ip::network_v6>(&inner), std::get_if<ip::network_v6>(&outer));
}

/// Takes a part out of the block; false when nothing is left of it. Of a part that is no network it
/// is not known what was to be left out.
bool TakeOut(Block& block, const std::string& part) {
  if (!IsNetwork(part) || Inside(block.cidr, part)) return false;
  const bool there = std::ranges::find(block.except, part) != block.except.end();
  if (Inside(part, block.cidr) && !there) block.except.push_back(part);
  return true;
}

}  // namespace

std::optional<Block> Both(const Block& one, const Block& other) {
  const bool first = Inside(one.cidr, other.cidr);
  if (!first && !Inside(other.cidr, one.cidr)) return std::nullopt;
  Block both{first ? one.cidr : other.cidr, {}};
  for (const Block* block : {&one, &other}) {
    for (const auto& part : block->except) {
      if (!TakeOut(both, part)) return std::nullopt;
    }
  }
  return both;
}

bool IsNetwork(const std::string& text) { return Parse(text).index() != 0; }

Block Without(Block block, std::string_view address) {
  if (const auto part = SingleAddress(address); part && Inside(*part, block.cidr)) {
    const bool out = std::ranges::any_of(
        block.except, [&](const std::string& except) { return Inside(*part, except); });
    if (!out) block.except.push_back(*part);
  }
  return block;
}

std::optional<std::string> SingleAddress(std::string_view text) {
  boost::system::error_code error;
  const auto address = ip::make_address(std::string(text), error);
  if (error) return std::nullopt;
  return address.to_string() + (address.is_v4() ? "/32" : "/128");
}

}  // namespace slipway::isolation
