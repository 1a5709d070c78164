#include "engine/quantize/lattice.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/quant/grids.h"

namespace glim {
namespace {

int level_of(unsigned code, int i, const LatticeShape& shape) {
  return static_cast<int>(code >> (shape.bits * i)) & ((1 << shape.bits) - 1);
}

bool has_levels(unsigned code, const LatticeShape& shape) {
  for (int i = 0; i < shape.values; ++i) {
    if (level_of(code, i, shape) >= shape.levels) return false;
  }
  return true;
}

/// Squared distances, in levels, of the points from codes. The levels of all points lie together for each
/// value, which lets the compiler work on many points at once.
class Distances {
 public:
  Distances(std::span<const std::uint16_t> points, const LatticeShape& shape)
      : shape_(shape), count_(points.size()), distances_(points.size()) {
    for (int i = 0; i < shape.values; ++i) {
      for (const std::uint16_t point : points)
        levels_.push_back(static_cast<std::int16_t>(level_of(point, i, shape)));
    }
  }

  std::span<const std::uint16_t> from(unsigned code) {
    std::fill(distances_.begin(), distances_.end(), std::uint16_t{0});
    std::uint16_t* out = distances_.data();
    for (int i = 0; i < shape_.values; ++i) {
      const auto level = static_cast<std::int16_t>(level_of(code, i, shape_));
      const std::int16_t* levels = levels_.data() + static_cast<std::size_t>(i) * count_;
      for (std::size_t p = 0; p < count_; ++p) {
        const auto off = static_cast<std::int16_t>(levels[p] - level);
        out[p] = static_cast<std::uint16_t>(out[p] + off * off);
      }
    }
    return distances_;
  }

 private:
  LatticeShape shape_;
  std::size_t count_;
  std::vector<std::int16_t> levels_;
  std::vector<std::uint16_t> distances_;
};

template <const auto& kGrid>
Lattice build(const LatticeShape& shape) {
  std::vector<std::uint16_t> points;
  for (const std::uint64_t point : kGrid) {
    unsigned code = 0;
    for (int i = 0; i < shape.values; ++i) {
      const int value = static_cast<std::int8_t>(point >> (8 * i));
      code |= static_cast<unsigned>((value - shape.lowest) / shape.spacing) << (shape.bits * i);
    }
    points.push_back(static_cast<std::uint16_t>(code));
  }
  return Lattice(points, shape);
}

}  // namespace

Lattice::Lattice(std::span<const std::uint16_t> points, const LatticeShape& shape)
    : shape_(shape), cells_(std::size_t{1} << (shape.values * shape.bits)) {
  std::vector<bool> taken(cells_.size());
  for (std::size_t p = 0; p < points.size(); ++p) {
    cells_[points[p]] = {.first = static_cast<std::uint32_t>(p) & 0xffffff, .blocks = 0};
    taken[points[p]] = true;
  }
  Distances distances(points, shape);
  for (unsigned code = 0; code < cells_.size(); ++code) {
    if (!taken[code] && has_levels(code, shape)) add_candidates(code, points, distances.from(code));
  }
  candidates_.shrink_to_fit();
}

void Lattice::add_candidates(unsigned code, std::span<const std::uint16_t> points,
                             std::span<const std::uint16_t> distances) {
  const std::size_t start = candidates_.size();
  int shell = 0;  // no point is at distance 0
  for (int s = 0; s < shape_.shells; ++s) {
    int next = UINT16_MAX;
    for (const std::uint16_t d : distances) next = d > shell && d < next ? d : next;
    shell = next;
    for (std::size_t p = 0; p < points.size(); ++p) {
      if (distances[p] == shell) candidates_.push_back(points[p]);
    }
  }
  const std::size_t blocks = (candidates_.size() - start + kBlock - 1) / kBlock;
  GLIM_ASSERT(blocks > 0 && blocks < 256 && start / kBlock < (1u << 24));
  candidates_.resize(start + blocks * kBlock, candidates_[start]);
  cells_[code] = {.first = static_cast<std::uint32_t>(start / kBlock) & 0xffffff,
                  .blocks = static_cast<std::uint32_t>(blocks) & 0xff};
}

const Lattice& iq2_xxs_lattice() {
  static const Lattice lattice =
      build<kIq2XxsGrid>({.values = 8, .bits = 2, .levels = 3, .lowest = 8, .spacing = 17, .shells = 2});
  return lattice;
}

const Lattice& iq2_xs_lattice() {
  static const Lattice lattice =
      build<kIq2XsGrid>({.values = 8, .bits = 2, .levels = 3, .lowest = 8, .spacing = 17, .shells = 2});
  return lattice;
}

const Lattice& iq2_s_lattice() {
  static const Lattice lattice =
      build<kIq2SGrid>({.values = 8, .bits = 2, .levels = 3, .lowest = 8, .spacing = 17, .shells = 1});
  return lattice;
}

const Lattice& iq3_xxs_lattice() {
  static const Lattice lattice =
      build<kIq3XxsGrid>({.values = 4, .bits = 3, .levels = 8, .lowest = 4, .spacing = 8, .shells = 2});
  return lattice;
}

const Lattice& iq3_s_lattice() {
  static const Lattice lattice =
      build<kIq3SGrid>({.values = 4, .bits = 3, .levels = 8, .lowest = 1, .spacing = 2, .shells = 3});
  return lattice;
}

const Lattice& iq1_lattice() {
  static const Lattice lattice =
      build<kIq1Grid>({.values = 8, .bits = 2, .levels = 3, .lowest = -1, .spacing = 1, .shells = 3});
  return lattice;
}

}  // namespace glim
