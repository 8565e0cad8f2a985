#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Networks as NetworkPolicies write them: "10.20.0.0/16", "fd00::/8".
namespace slipway::isolation {

/// A network without some parts of it.
struct Block {
  std::string cidr;
  std::vector<std::string> except;
  bool operator==(const Block&) const = default;
};

/// The addresses that are in both; nullopt when none are. What is no network holds no address, and
/// neither does a block that leaves out what is none.
std::optional<Block> Both(const Block& one, const Block& other);

/// Whether the text is a network.
bool IsNetwork(const std::string& text);

/// Without that address, where it is in the block.
Block Without(Block block, std::string_view address);

/// The network of one address, "10.20.0.7/32"; nullopt when the text is no address.
std::optional<std::string> SingleAddress(std::string_view text);

}  // namespace slipway::isolation
