#include "engine/shape/shape_weights.h"

#include <cmath>
#include <cstring>
#include <numeric>
#include <string>

#include "engine/base/error.h"
#include "engine/base/fnv.h"
#include "engine/base/random.h"
#include "engine/base/text.h"
#include "engine/quantize/encode.h"

namespace glim {
namespace {

constexpr std::size_t kPieces = 1024;
constexpr std::int64_t kPieceOfPlainValues = 64;

}  // namespace

NoiseWeights::Kind NoiseWeights::kind_of(std::string_view name) {
  if (name.find("_norm.") != name.npos) return Kind::gain;
  return name.ends_with(".bias") ? Kind::bias : Kind::matrix;
}

NoiseWeights::Pool NoiseWeights::make_pool(QuantType type, std::int64_t columns, Kind kind) {
  if (!can_quantize(type))
    throw Error(ErrorCode::E501,
                strf("%s: weights cannot be written in this format; choose another file type",
                     std::string(quant(type).name).c_str()));
  const std::int64_t block = quant(type).block_values;
  const std::int64_t piece = block > 1 ? block : std::gcd(columns, kPieceOfPlainValues);
  const double deviation = kind == Kind::matrix ? 1 / std::sqrt(static_cast<double>(columns)) : 0.1;
  Random random(fnv1a(quant(type).name) + static_cast<std::uint64_t>(columns));
  Pool pool;
  pool.piece_bytes = row_bytes(type, piece);
  pool.bytes.resize(kPieces * pool.piece_bytes);
  std::vector<float> values(static_cast<std::size_t>(piece));
  const std::vector<float> equal(needs_importance(type) ? values.size() : 0, 1.0f);
  for (std::size_t i = 0; i < kPieces; ++i) {
    for (float& value : values)
      value = static_cast<float>((kind == Kind::gain ? 1 : 0) + deviation * random.normal());
    quantize_row(type, values, equal, pool.bytes.data() + i * pool.piece_bytes);
  }
  return pool;
}

NoiseWeights::Rows NoiseWeights::rows(std::string_view name, std::int64_t columns, QuantType type) {
  const Key key = {type, columns, kind_of(name)};
  auto found = pools_.find(key);
  if (found == pools_.end()) found = pools_.emplace(key, make_pool(type, columns, std::get<Kind>(key))).first;
  Rows out;
  out.seed_ = fnv1a(name);
  out.pieces_ = found->second.bytes;
  out.piece_bytes_ = found->second.piece_bytes;
  return out;
}

void NoiseWeights::Rows::fill(std::int64_t row, std::span<std::byte> out) const {
  GLIM_ASSERT(out.size() % piece_bytes_ == 0);
  Random random(seed_ ^ static_cast<std::uint64_t>(row) * 0x9e3779b97f4a7c15u);
  for (std::size_t at = 0; at < out.size(); at += piece_bytes_) {
    const std::size_t piece = random.next() >> 54;  // ten bits: kPieces
    static_assert(kPieces == 1u << 10);
    std::memcpy(out.data() + at, pieces_.data() + piece * piece_bytes_, piece_bytes_);
  }
}

}  // namespace glim
