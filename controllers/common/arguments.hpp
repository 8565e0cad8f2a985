#pragma once

#include <string>
#include <string_view>

namespace slipway {

/// `text` as an argument of a container. The kubelet replaces $(NAME) in arguments, and $$ stands
/// for a plain $
/// (https://kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container/).
inline std::string LiteralArgument(std::string_view text) {
  std::string escaped;
  for (const char c : text) escaped.append(c == '$' ? 2 : 1, c);
  return escaped;
}

}  // namespace slipway
