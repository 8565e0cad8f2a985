#include "controllers/training_job/schema_reader.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>

namespace slipway::training_job {
namespace {

// As in the CRD.
constexpr std::size_t kMaxTensors = 64;
constexpr std::size_t kMaxDatatype = 32;
constexpr std::size_t kMaxDimensions = 8;
constexpr std::int64_t kMaxDimension = 2'147'483'647;

}  // namespace

api::ModelSchema SchemaReader::ReadSchema(const JsonView& given) {
  return {Tensors(given["inputs"], "schema.inputs"), Tensors(given["outputs"], "schema.outputs")};
}

std::vector<api::Tensor> SchemaReader::Tensors(const JsonView& given, std::string_view member) {
  std::vector<api::Tensor> tensors;
  if (given.Exists() && !given.IsArray()) Refuse(member, given, "a list of objects");
  given.ForEach([&](const JsonView& item) {
    api::Tensor tensor = ReadTensor(item, member);
    if (tensors.size() == kMaxTensors) return Refuse(member, item, "at most 64");
    if (std::ranges::find(tensors, tensor.name, &api::Tensor::name) != tensors.end()) {
      return Refuse(fmt::format("{}[].name", member), item["name"], "there once only");
    }
    tensors.push_back(std::move(tensor));
  });
  return tensors;
}

api::Tensor SchemaReader::ReadTensor(const JsonView& given, std::string_view member) {
  api::Tensor tensor;
  tensor.name = Name(given["name"], fmt::format("{}[].name", member));
  tensor.datatype = given["datatype"].Text();
  if (!IsText(tensor.datatype, kMaxDatatype)) {
    Refuse(fmt::format("{}[].datatype", member), given["datatype"],
           "a text of 1 to 32 characters such as FP32");
  }
  const JsonView shape = given["shape"];
  const std::string name = fmt::format("{}[].shape", member);
  if (shape.Exists() && !shape.IsArray()) Refuse(name, shape, "a list of dimensions");
  shape.ForEach([&](const JsonView& dimension) {
    const auto number = dimension.Int();
    if (!number || *number < -1 || *number > kMaxDimension) {
      return Refuse(name, dimension, "a whole number, or -1 for any");
    }
    if (tensor.shape.size() == kMaxDimensions) return Refuse(name, dimension, "at most 8");
    tensor.shape.push_back(*number);
  });
  return tensor;
}

}  // namespace slipway::training_job
