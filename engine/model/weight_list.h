#pragma once

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/model/model.h"

namespace glim {

/// Sizes of a weight, fastest varying first; missing ones are 1.
using WeightShape = std::array<std::int64_t, 3>;

/// The weights of a model, declared one by one: where each goes, what it is called and what shape it must
/// have. The same declaration checks the file, counts bytes and loads. Targets must stay where they are until
/// load().
class WeightList {
 public:
  explicit WeightList(const GgufFile& file) : file_(file) {}

  /// A matrix of any type, `name` ending in ".weight"; the tensor of the same name that ends in ".scale" goes
  /// with it, a factor on all values or one for each matrix of the stack. Throws E112 naming the tensor when
  /// it is missing or of another shape.
  /// `cut` is for a matrix that will be sliced (Tensor::cut).
  void bind(Tensor& target, const std::string& name, WeightShape shape, std::int64_t cut = 0);
  /// The same for a matrix that is seen as a stack of `batch` matrices with as many of its rows each.
  void bind_stack(Tensor& target, const std::string& name, WeightShape shape, std::int64_t batch,
                  std::int64_t cut);
  /// The same for a norm, a bias or the router: small, so held as F32 whatever type the file has.
  void bind_f32(Tensor& target, const std::string& name, WeightShape shape);
  /// False, with `target` left alone, when the file has no such tensor.
  bool bind_optional(Tensor& target, const std::string& name, WeightShape shape, std::int64_t cut = 0);
  bool bind_optional_f32(Tensor& target, const std::string& name, WeightShape shape);

  bool has(const std::string& name) const { return file_.tensor(name) != nullptr; }
  std::uint64_t bytes() const {
    return bytes_of([](std::string_view) { return true; });
  }
  /// Of the weights with a name that `counts`.
  std::uint64_t bytes_of(const std::function<bool(std::string_view)>& counts) const;
  std::size_t unused_tensors() const { return file_.tensors().size() - used_; }

  /// Hands every tensor to the backend and fills the targets. Reads the pages of the file on the way where
  /// memory is large enough to keep them, so that progress and cancellation are real. Throws E113 when a norm
  /// or a scale is not finite.
  void load(Backend& backend, const WeightProgress& progress);

  /// What keeps the targets valid; to be destroyed before the backend.
  struct Storage {
    std::vector<std::unique_ptr<Buffer>> buffers;
    std::deque<std::vector<float>> decoded;
  };
  Storage take_storage() { return std::move(storage_); }

 private:
  struct Slot {
    Tensor* target;
    const GgufTensor* source;
    WeightShape shape;
    bool f32;
    const GgufTensor* scale;  ///< null without one
    std::int64_t cut = 0;
  };

  const GgufTensor& require(const std::string& name) const;
  void add(Tensor& target, const GgufTensor& source, WeightShape shape, bool f32);
  const GgufTensor* scale_of(const GgufTensor& source, const WeightShape& shape) const;
  const float* read_scales(const Slot& slot);
  void prepare(const Slot& slot, Backend& backend);
  static bool is_decoded(const Slot& slot);
  void check_finite(std::span<const float> values, const GgufTensor& source) const;

  const GgufFile& file_;
  std::vector<Slot> slots_;
  std::size_t used_ = 0;  ///< tensors of the file, scales included
  Storage storage_;
};

/// Values of `count` rows of a tensor of the file from row `first` on, decoded.
std::vector<float> decode_rows(const GgufTensor& source, std::int64_t first, std::int64_t count);

}  // namespace glim
