#include "engine/model/weight_list.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

#include "engine/base/error.h"
#include "engine/base/memory_info.h"
#include "engine/base/text.h"

namespace glim {
namespace {

std::string text(const WeightShape& shape) {
  std::string out = strf("[%lld", static_cast<long long>(shape[0]));
  for (std::size_t i = 1; i < shape.size() && shape[i] != 1; ++i)
    out += strf(", %lld", static_cast<long long>(shape[i]));
  return out + "]";
}

/// The name of a weight without its ending.
std::optional<std::string> base_of(const GgufTensor& tensor) {
  constexpr std::string_view kWeight = ".weight";
  if (!tensor.name.ends_with(kWeight)) return std::nullopt;
  return std::string(tensor.name.substr(0, tensor.name.size() - kWeight.size()));
}

WeightShape shape_of(const GgufTensor& tensor) {
  return {tensor.shape[0], tensor.shape[1], tensor.shape[2]};
}

/// Reads one byte of every page, so that the kernel fetches them.
void touch(std::span<const std::byte> bytes) {
  constexpr std::size_t kPage = 4096;
  for (std::size_t i = 0; i < bytes.size(); i += kPage) {
    static_cast<void>(*static_cast<const volatile std::byte*>(&bytes[i]));
  }
}

}  // namespace

void WeightList::bind(Tensor& target, const std::string& name, WeightShape shape, std::int64_t cut) {
  add(target, require(name), shape, false);
  slots_.back().cut = cut;
}

void WeightList::bind_stack(Tensor& target, const std::string& name, WeightShape shape, std::int64_t batch,
                            std::int64_t cut) {
  bind(target, name, shape, cut);
  WeightShape& seen = slots_.back().shape;
  seen = {shape[0], shape[1] / batch, batch};
}

void WeightList::bind_f32(Tensor& target, const std::string& name, WeightShape shape) {
  add(target, require(name), shape, true);
}

bool WeightList::bind_optional(Tensor& target, const std::string& name, WeightShape shape, std::int64_t cut) {
  if (!has(name)) return false;
  bind(target, name, shape, cut);
  return true;
}

bool WeightList::bind_optional_f32(Tensor& target, const std::string& name, WeightShape shape) {
  if (!has(name)) return false;
  bind_f32(target, name, shape);
  return true;
}

const GgufTensor& WeightList::require(const std::string& name) const {
  const GgufTensor* found = file_.tensor(name);
  if (found != nullptr) return *found;
  throw Error(ErrorCode::E112, strf("%s: the tensor %s is missing; get a complete file of this model",
                                    printable(file_.path().string()).c_str(), name.c_str()));
}

void WeightList::add(Tensor& target, const GgufTensor& source, WeightShape shape, bool f32) {
  const WeightShape found = shape_of(source);
  if (found != shape || source.shape[3] != 1) {
    throw Error(
        ErrorCode::E112,
        strf("%s: the tensor %s has the shape %s, expected %s; the file does not match its own settings",
             printable(file_.path().string()).c_str(), printable(source.name).c_str(), text(found).c_str(),
             text(shape).c_str()));
  }
  slots_.push_back({&target, &source, shape, f32, scale_of(source, shape), 0});
  used_ += slots_.back().scale != nullptr ? 2 : 1;
  // Scales of activations are for machines that round those too.
  if (const std::optional<std::string> base = base_of(source); base && has(*base + ".input_scale")) ++used_;
}

const GgufTensor* WeightList::scale_of(const GgufTensor& source, const WeightShape& shape) const {
  const std::optional<std::string> base = base_of(source);
  if (!base) return nullptr;
  const GgufTensor* scale = file_.tensor(*base + ".scale");
  if (scale == nullptr || scale->values() == 1 || scale->values() == shape[2]) return scale;
  throw Error(ErrorCode::E112,
              strf("%s: the tensor %s has %lld values, expected 1 or %lld; the file does not match its own "
                   "settings",
                   printable(file_.path().string()).c_str(), printable(scale->name).c_str(),
                   static_cast<long long>(scale->values()), static_cast<long long>(shape[2])));
}

std::uint64_t WeightList::bytes_of(const std::function<bool(std::string_view)>& counts) const {
  std::uint64_t sum = 0;
  for (const Slot& slot : slots_) {
    if (!counts(slot.source->name)) continue;
    sum += is_decoded(slot) ? static_cast<std::uint64_t>(slot.source->values()) * sizeof(float)
                            : slot.source->bytes;
  }
  return sum;
}

/// Whether a weight that is held as F32 needs a copy for that.
bool WeightList::is_decoded(const Slot& slot) {
  const bool aligned = reinterpret_cast<std::uintptr_t>(slot.source->data) % alignof(float) == 0;
  return slot.f32 && (slot.source->type != QuantType::f32 || slot.scale != nullptr || !aligned);
}

void WeightList::load(Backend& backend, const WeightProgress& progress) {
  constexpr std::uint64_t kChunk = std::uint64_t{16} << 20;  // at most this much is read between two reports
  std::uint64_t total = 0;
  for (const Slot& slot : slots_) total += slot.source->bytes;
  const std::uint64_t available = memory_info().available;
  std::uint64_t done = 0;
  for (const Slot& slot : slots_) {
    const std::span<const std::byte> bytes(slot.source->data, slot.source->bytes);
    for (std::uint64_t at = 0; at < bytes.size(); at += kChunk) {
      if (progress && !progress(done + at, total, slot.source->name)) {
        throw Error(ErrorCode::E901, "loading was cancelled");
      }
      if (total <= available && backend.reads_weights())
        touch(bytes.subspan(at, std::min(kChunk, bytes.size() - at)));
    }
    prepare(slot, backend);
    done += bytes.size();
  }
  if (progress) progress(done, total, {});
}

void WeightList::check_finite(std::span<const float> values, const GgufTensor& source) const {
  if (std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); })) return;
  throw Error(ErrorCode::E113,
              strf("%s: the tensor %s holds values that are not finite; download the file again",
                   printable(file_.path().string()).c_str(), printable(source.name).c_str()));
}

const float* WeightList::read_scales(const Slot& slot) {
  if (slot.scale == nullptr) return nullptr;
  std::vector<float>& scales = storage_.decoded.emplace_back(static_cast<std::size_t>(slot.scale->values()));
  decode_row(slot.scale->type, slot.scale->data, scales);
  check_finite(scales, *slot.scale);
  scales.resize(static_cast<std::size_t>(slot.shape[2]), scales.front());
  return scales.data();
}

void WeightList::prepare(const Slot& slot, Backend& backend) {
  const GgufTensor& source = *slot.source;
  Tensor& target = *slot.target;
  target = {.type = source.type,
            .cols = slot.shape[0],
            .rows = slot.shape[1],
            .batch = slot.shape[2],
            .cut = slot.cut};
  const float* scales = read_scales(slot);
  std::span<const std::byte> bytes(source.data, source.bytes);
  if (is_decoded(slot)) {
    std::vector<float>& values = storage_.decoded.emplace_back(static_cast<std::size_t>(source.values()));
    decode_row(source.type, source.data, values);
    if (scales != nullptr) {
      for (float& value : values) value *= *scales;
    }
    target.type = QuantType::f32;
    bytes = std::as_bytes(std::span(values));
  } else if (!slot.f32) {
    target.scales = scales;
  }
  if (slot.f32 && source.name.find("norm") != std::string_view::npos)
    check_finite({reinterpret_cast<const float*>(bytes.data()), bytes.size() / sizeof(float)}, source);
  Backend& holder = backend.holder(source.name);
  storage_.buffers.push_back(holder.take_weight(bytes, target));
  // A joint matrix is read once more when it is split.
  if (holder.copies_weights() && target.host() != bytes.data() && slot.cut == 0 && !is_decoded(slot))
    file_.release(source);
}

std::vector<float> decode_rows(const GgufTensor& source, std::int64_t first, std::int64_t count) {
  const std::int64_t cols = source.shape[0];
  std::vector<float> values(static_cast<std::size_t>(count * cols));
  decode_row(source.type, source.data + row_bytes(source.type, cols) * static_cast<std::size_t>(first),
             values);
  return values;
}

}  // namespace glim
