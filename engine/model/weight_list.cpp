#include "engine/model/weight_list.h"

#include <algorithm>
#include <cmath>

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

void WeightList::bind(Tensor& target, const std::string& name, WeightShape shape) {
  add(target, require(name), shape, false);
}

void WeightList::bind_f32(Tensor& target, const std::string& name, WeightShape shape) {
  add(target, require(name), shape, true);
}

bool WeightList::bind_optional(Tensor& target, const std::string& name, WeightShape shape) {
  if (!has(name)) return false;
  bind(target, name, shape);
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
  slots_.push_back({&target, &source, shape, f32});
}

std::uint64_t WeightList::bytes() const {
  std::uint64_t sum = 0;
  for (const Slot& slot : slots_) sum += slot.source->bytes;
  return sum;
}

void WeightList::load(Backend& backend, const WeightProgress& progress) {
  const std::uint64_t total = bytes(), available = memory_info().available;
  std::uint64_t done = 0;
  for (const Slot& slot : slots_) {
    if (progress && !progress(done, total, slot.source->name)) {
      throw Error(ErrorCode::E901, "loading was cancelled");
    }
    if (total <= available) touch({slot.source->data, slot.source->bytes});
    prepare(slot, backend);
    done += slot.source->bytes;
  }
  if (progress) progress(done, total, {});
}

void WeightList::prepare(const Slot& slot, Backend& backend) {
  const GgufTensor& source = *slot.source;
  Tensor& target = *slot.target;
  target = {.type = source.type, .cols = slot.shape[0], .rows = slot.shape[1], .batch = slot.shape[2]};
  std::span<const std::byte> bytes(source.data, source.bytes);
  if (slot.f32) {
    std::vector<float>& values = storage_.decoded.emplace_back(static_cast<std::size_t>(source.values()));
    decode_row(source.type, source.data, values);
    target.type = QuantType::f32;
    bytes = std::as_bytes(std::span(values));
    const bool norm = source.name.find("norm") != std::string_view::npos;
    if (norm &&
        !std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); })) {
      throw Error(ErrorCode::E113,
                  strf("%s: the tensor %s holds values that are not finite; download the file again",
                       printable(file_.path().string()).c_str(), printable(source.name).c_str()));
    }
  }
  storage_.buffers.push_back(backend.prepare(bytes, target));
}

std::vector<float> decode_rows(const Tensor& source, std::int64_t first, std::int64_t count) {
  std::vector<float> values(static_cast<std::size_t>(count * source.cols));
  decode_row(source.type, source.host_row(first), values);
  return values;
}

}  // namespace glim
