#include "operator/cli/decode.hpp"

#include "operator/cli/look.hpp"

namespace slipway::cli {

Result<Snapshot> EmptyWorldOf(const Controller& controller, const nlohmann::json& resource) {
  const std::string text = resource.dump();
  JsonParser parser;
  const auto view = parser.Parse(text);
  if (!view) return tl::unexpected(view.error());
  auto meta = DecodeMeta(*view);
  if (!meta) return tl::unexpected(meta.error());
  auto body = controller.kind.decode(*view);
  if (!body) return tl::unexpected(body.error());
  const ObjectKey key{kHomeCluster, meta->ns, meta->name};
  return Snapshot({std::make_shared<const Object>(
      Object{controller.kind.type, key, std::move(*meta), std::move(*body), ""})});
}

}  // namespace slipway::cli
