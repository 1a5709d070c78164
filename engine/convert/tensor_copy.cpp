#include "engine/convert/tensor_copy.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "engine/quantize/encode.h"

namespace glim {
namespace {

/// Values that are decoded at a time: many rows for layouts that are stored by columns, yet some megabytes.
constexpr std::int64_t kChunk = std::int64_t{1} << 21;

Fidelity fidelity_of(Carry carry) {
  switch (carry) {
    case Carry::exact:
      return Fidelity::exact;
    case Carry::rounded:
      return Fidelity::scales_rounded;
    case Carry::impossible:
      break;
  }
  return Fidelity::impossible;
}

bool same(std::span<const float> a, std::span<const float> b) {
  return std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

/// Rounds whole rows to a format; tells whether that changed a value.
Fidelity encode(QuantType type, std::span<const float> in, std::int64_t cols, std::byte* out) {
  const auto width = static_cast<std::size_t>(cols);
  const std::size_t pitch = row_bytes(type, cols);
  Fidelity result = quant(type).block_values == 1 ? Fidelity::exact : Fidelity::quantised;
  std::vector<float> back(result == Fidelity::exact ? width : 0);
  for (std::size_t at = 0; at < in.size(); at += width, out += pitch) {
    const std::span<const float> row = in.subspan(at, width);
    can_encode(type) ? encode_row(type, row, out) : quantize_row(type, row, {}, out);
    if (result != Fidelity::exact) continue;
    decode_row(type, out, back);
    if (!same(row, back)) result = Fidelity::rounded;
  }
  return result;
}

class Copier {
 public:
  Copier(const PlannedTensor& tensor, ThreadPool& pool, GgufWriter& writer)
      : tensor_(tensor), pool_(pool), writer_(writer) {}

  Fidelity copy() {
    for (const TensorPiece& piece : tensor_.pieces) {
      piece.transposed ? copy_turned(piece) : copy_straight(piece);
      if (worst_ == Fidelity::impossible) break;
    }
    return worst_;
  }

 private:
  void copy_straight(const TensorPiece& piece) {
    const std::int64_t cols = piece.matrix->cols(), step = std::max<std::int64_t>(1, kChunk / cols);
    const std::size_t pitch = row_bytes(tensor_.type, cols);
    for (std::int64_t done = 0; done < piece.rows && worst_ != Fidelity::impossible; done += step) {
      const std::int64_t count = std::min(step, piece.rows - done);
      out_.resize(pitch * static_cast<std::size_t>(count));
      in_parallel(count, [&](Range rows) {
        std::byte* out = out_.data() + pitch * static_cast<std::size_t>(rows.first);
        const std::int64_t first = piece.first + done + rows.first;
        if (tensor_.carried) return fidelity_of(piece.matrix->carry(first, rows.size(), out));
        std::vector<float> values(static_cast<std::size_t>(rows.size() * cols));
        piece.matrix->decode(first, rows.size(), values.data());
        return encode(tensor_.type, values, cols, out);
      });
      if (worst_ != Fidelity::impossible) writer_.write(out_);
    }
  }

  /// Columns become rows. A head of any model is small enough to be held as a whole.
  void copy_turned(const TensorPiece& piece) {
    const std::int64_t cols = piece.matrix->cols(), rows = piece.rows;
    std::vector<float> values(static_cast<std::size_t>(rows * cols)), turned(values.size());
    piece.matrix->decode(piece.first, rows, values.data());
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t c = 0; c < cols; ++c)
        turned[static_cast<std::size_t>(c * rows + r)] = values[static_cast<std::size_t>(r * cols + c)];
    }
    const std::size_t pitch = row_bytes(tensor_.type, rows);
    out_.resize(pitch * static_cast<std::size_t>(cols));
    in_parallel(cols, [&](Range part) {
      const std::span<const float> in(turned.data() + part.first * rows,
                                      static_cast<std::size_t>(part.size() * rows));
      return encode(tensor_.type, in, rows, out_.data() + pitch * static_cast<std::size_t>(part.first));
    });
    writer_.write(out_);
  }

  /// Calls work(range) -> Fidelity for the share of every thread and remembers the worst answer.
  template <typename Work>
  void in_parallel(std::int64_t count, const Work& work) {
    std::vector<Fidelity> answers(static_cast<std::size_t>(pool_.size()), Fidelity::exact);
    pool_.run([&](int thread) {
      const Range range = share(count, thread, pool_.size());
      if (range.size() > 0) answers[static_cast<std::size_t>(thread)] = work(range);
    });
    worst_ = std::max(worst_, *std::max_element(answers.begin(), answers.end()));
  }

  const PlannedTensor& tensor_;
  ThreadPool& pool_;
  GgufWriter& writer_;
  std::vector<std::byte> out_;
  Fidelity worst_ = Fidelity::exact;
};

}  // namespace

Fidelity copy_tensor(const PlannedTensor& tensor, ThreadPool& pool, GgufWriter& writer) {
  if (!tensor.values.empty()) {
    writer.write(std::as_bytes(std::span(tensor.values)));
    return Fidelity::exact;
  }
  return Copier(tensor, pool, writer).copy();
}

}  // namespace glim
