#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace glim {

/// How the points of a lattice are written as codes: the numbers of the levels of their values, `bits` each,
/// the first value in the lowest bits. Value v of the decoder's table has level (v - lowest) / spacing.
struct LatticeShape {
  int values, bits, levels;
  int lowest, spacing;
  int shells;  ///< how many distances from a code count as close to it
};

/// The points that a lattice format may store, and for every code that is none the points close to it.
/// Constant once built; any thread.
class Lattice {
 public:
  /// What a code stands for: a point, whose index is `first`, or `blocks` blocks of eight candidates.
  struct Cell {
    std::uint32_t first : 24;
    std::uint32_t blocks : 8;
    bool is_point() const { return blocks == 0; }
  };

  /// `points` are codes, in the order of the format's table.
  Lattice(std::span<const std::uint16_t> points, const LatticeShape& shape);

  /// `code` has levels of the lattice only.
  Cell cell(unsigned code) const { return cells_[code]; }
  /// The codes of the points close to the code of `cell`, which is none: nearest first, then by index. The
  /// last block is filled up with the first candidate.
  const std::uint16_t* candidates(Cell cell) const { return candidates_.data() + kBlock * cell.first; }
  unsigned index(unsigned point) const { return cells_[point].first; }

  int values() const { return shape_.values; }
  int bits() const { return shape_.bits; }
  int levels() const { return shape_.levels; }

 private:
  static constexpr std::size_t kBlock = 8;

  void add_candidates(unsigned code, std::span<const std::uint16_t> points,
                      std::span<const std::uint16_t> distances);

  LatticeShape shape_;
  std::vector<Cell> cells_;
  std::vector<std::uint16_t> candidates_;
};

/// Built when first asked for.
const Lattice& iq2_xxs_lattice();
const Lattice& iq2_xs_lattice();
const Lattice& iq2_s_lattice();
const Lattice& iq3_xxs_lattice();
const Lattice& iq3_s_lattice();
const Lattice& iq1_lattice();

}  // namespace glim
