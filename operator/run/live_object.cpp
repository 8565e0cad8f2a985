#include "operator/run/live_object.hpp"

#include "operator/run/write.hpp"

namespace slipway {

Result<ObjectPtr> ReadLive(Client& client, const AnyResource& kind, const ObjectKey& key,
                           std::chrono::milliseconds deadline) {
  const auto read = client.Send(request::Get(kind.type, key), deadline);
  if (!read) return tl::unexpected(read.error());
  JsonParser parser;
  const auto object = parser.Parse(read->body);
  if (!object) return tl::unexpected(object.error());
  auto meta = DecodeMeta(*object);
  if (!meta) return tl::unexpected(meta.error());
  auto body = kind.decode(*object);
  if (!body) return tl::unexpected(body.error());
  return std::make_shared<const Object>(
      Object{kind.type, key, std::move(*meta), std::move(*body), {}});
}

Result<void> WriteLiveStatus(Client& client, const Object& object, const nlohmann::json& status,
                             std::chrono::milliseconds deadline) {
  const Owner owner{object.type, object.key, object.meta.uid, object.meta.generation,
                    object.meta.resource_version};
  const auto written = client.Send(RequestStatus(owner, status), deadline);
  if (!written) return tl::unexpected(written.error());
  return {};
}

}  // namespace slipway
