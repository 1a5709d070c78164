#include "app/inspect_json.h"

#include <nlohmann/json.hpp>

namespace glim::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kFirstElements = 8;

Json element_json(GgufKind kind, std::int64_t value) {
  return kind == GgufKind::boolean ? Json(value != 0) : Json(value);
}

template <typename T>
Json element_json(GgufKind, const T& value) {
  return value;
}

Json array_json(const GgufArray& array) {
  Json first = Json::array();
  std::visit(
      [&first, &array](const auto& values) {
        for (std::size_t i = 0; i < values.size() && i < kFirstElements; ++i) {
          first.push_back(element_json(array.kind, values[i]));
        }
      },
      array.values);
  return {
      {"type", "array"}, {"elements", gguf_kind(array.kind).name}, {"count", array.size()}, {"first", first}};
}

Json value_json(const GgufValue& value) {
  if (const auto* array = std::get_if<GgufArray>(&value.value)) return array_json(*array);
  Json out = {{"type", gguf_kind(value.kind).name}};
  if (const auto* i = std::get_if<std::int64_t>(&value.value)) {
    out["value"] = element_json(value.kind, *i);
  } else if (const auto* u = std::get_if<std::uint64_t>(&value.value)) {
    out["value"] = *u;
  } else if (const auto* d = std::get_if<double>(&value.value)) {
    out["value"] = *d;
  } else {
    out["value"] = std::get<std::string_view>(value.value);
  }
  return out;
}

Json metadata_json(const GgufFile& file) {
  Json::object_t out;
  // Keys are unique; looking each up before adding it, as operator[] does, would be quadratic.
  for (const auto& [key, value] : file.metadata()) out.emplace_back(std::string(key), value_json(value));
  return out;
}

Json tensors_json(const GgufFile& file) {
  Json out = Json::array();
  for (const GgufTensor& tensor : file.tensors()) {
    const Json shape(
        std::vector<std::int64_t>(tensor.shape.begin(), tensor.shape.begin() + tensor.dimensions));
    out.push_back({{"name", tensor.name},
                   {"type", quant(tensor.type).name},
                   {"shape", shape},
                   {"bytes", tensor.bytes},
                   {"part", tensor.part}});
  }
  return out;
}

Json types_json(const ModelFigures& figures) {
  Json out = Json::array();
  for (const TypeTotal& total : figures.types) {
    out.push_back({{"type", quant(total.type).name},
                   {"tensors", total.tensors},
                   {"parameters", total.values},
                   {"bytes", total.bytes},
                   {"share", static_cast<double>(total.bytes) / static_cast<double>(figures.tensor_bytes)}});
  }
  return out;
}

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json kv_json(const ModelFigures& figures) {
  Json out = Json::array();
  for (const KvFigure& figure : figures.kv) {
    out.push_back({{"type", quant(figure.type).name},
                   {"bytes_per_token", figure.token_bytes},
                   {"bytes_at_context", or_null(figure.context_bytes)}});
  }
  return out;
}

}  // namespace

std::string inspect_json(const GgufFile& file, const ModelFigures& figures) {
  Json out = {{"file", file.path().string()},
              {"version", file.version()},
              {"bytes", file.file_bytes()},
              {"parts", file.part_count()}};
  if (file.in_memory()) out["noise"] = true;
  out["parameters"] = figures.parameters;
  out["active_parameters"] = figures.active_parameters;
  out["tensor_bytes"] = figures.tensor_bytes;
  out["bits_per_weight"] = figures.bits_per_weight();
  out["bytes_per_token"] = figures.token_bytes;
  out["context_length"] = or_null(figures.context);
  out["types"] = types_json(figures);
  out["kv"] = kv_json(figures);
  out["warnings"] = file.warnings();
  out["metadata"] = metadata_json(file);
  out["tensors"] = tensors_json(file);
  return out.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace glim::app
