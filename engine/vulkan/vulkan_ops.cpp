#include "engine/vulkan/vulkan_ops.h"

#include <algorithm>
#include <bit>

#include "engine/base/error.h"
#include "shaders/gated.args.h"
#include "shaders/step.args.h"

namespace glim::vulkan {
namespace {

constexpr std::int64_t kInputs = VulkanOps::kInputs;
constexpr std::int64_t kMostGroups = 65535;

std::uint32_t narrow(std::int64_t value) {
  GLIM_ASSERT(value >= 0 && value <= std::int64_t{0xffffffff});
  return static_cast<std::uint32_t>(value);
}

std::int64_t pitch_of(const Tensor& weight) {
  return weight.pitch != 0 ? weight.pitch : weight.rows;
}

/// How many inputs a workgroup takes; few different numbers, as each is a shader of its own.
std::int64_t inputs_of(std::int64_t results) {
  return std::min(static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(results))), kInputs);
}

std::uint64_t groups_of(std::int64_t count, std::int64_t size) {
  return static_cast<std::uint64_t>((count + size - 1) / size);
}

Address floats(std::int64_t count) {
  return static_cast<Address>(count) * sizeof(float);
}

}  // namespace

VulkanOps::VulkanOps(const Setup& setup, MemorySource& memory, Queue& queue)
    : setup_(setup),
      memory_(memory),
      recorder_(queue),
      // Software computes a subgroup at a time; on a GPU several hide each other's waits.
      threads_(setup.gpu ? 64 : setup.subgroup) {}

/// Of a workgroup; even, so that pairs stay together. More inputs are worth reading for more rows. Software
/// has no other threads to hide the reads of inputs behind, which come with every workgroup.
std::int64_t VulkanOps::weight_rows(std::int64_t inputs) const {
  if (!setup_.gpu && inputs == 1) return 8;
  return inputs >= kInputs ? 4 : 2;
}

std::uint64_t VulkanOps::scratch_bytes(const StepSizes& sizes) {
  // The second is for results of experts, which are seldom longer than the longest activation.
  return std::max(parts_bytes(sizes.rows, sizes.activation),
                  static_cast<std::uint64_t>(sizes.rows * sizes.activation) * sizeof(float));
}

std::uint64_t VulkanOps::reserve(const StepSizes& sizes) {
  const std::uint64_t bytes = scratch_bytes(sizes);
  scratch(bytes);
  return bytes;
}

void VulkanOps::flush() {
  settle();
  recorder_.finish();
}

void VulkanOps::begin(const StepRows& step) {
  flush();
  step_ = step;
  tiles_ = {};
  layer_ = -1;
  last_position_ = 0;
  const std::size_t count = step.rows.size();
  std::size_t blocks = 0;
  for (const auto& table : step.blocks) blocks += table.size();
  const std::size_t bytes = count * sizeof(StepRow) + (blocks + count) * sizeof(std::int32_t);
  if (!step_memory_ || step_memory_->size() < bytes) {
    step_memory_ = std::make_unique<DeviceBuffer>(memory_, 2 * bytes, Sharing::host, "rows of a step");
  }
  // What grows comes last, so that addresses stay the same from token to token.
  auto* rows = reinterpret_cast<StepRow*>(step_memory_->host());
  auto* tables = reinterpret_cast<std::int32_t*>(rows + count) + count;
  step_rows_ = step_memory_->address();
  head_rows_ = step_rows_ + count * sizeof(StepRow);
  block_tables_ = head_rows_ + count * sizeof(std::int32_t);
  for (const Row& row : step.rows) {
    uint first = 0;
    for (std::int32_t s = 0; s < row.sequence; ++s)
      first += narrow(std::ssize(step.blocks[static_cast<std::size_t>(s)]));
    *rows++ = {row.token, row.position, first};
    last_position_ = std::max(last_position_, row.position);
  }
  for (const auto& table : step.blocks) tables = std::copy(table.begin(), table.end(), tables);
}

Address VulkanOps::scratch(std::uint64_t bytes) {
  if (!scratch_ || scratch_->size() < bytes) {
    recorder_.finish();
    scratch_ = std::make_unique<DeviceBuffer>(memory_, bytes, Sharing::device, "activations");
  }
  return scratch_->address();
}

void VulkanOps::multiply(const Product& p, std::int64_t results) {
  const Tensor& w = p.weight;
  const bool experts = (p.mode & kMultiplyExperts) != 0, tiled = (p.mode & kMultiplyTiles) != 0;
  const std::int64_t batch = experts || tiled ? 1 : w.batch;
  const std::int64_t inputs = experts ? 1 : tiled ? kInputs : inputs_of(results);
  const std::int64_t rows_each = weight_rows(inputs);
  std::int64_t row_groups = static_cast<std::int64_t>(groups_of(w.rows, rows_each));
  if ((p.mode & kMultiplyRope) != 0) {
    const auto of_head = groups_of(p.head - p.tail, rows_each) + groups_of(p.tail, rows_each);
    row_groups = w.rows / p.head * static_cast<std::int64_t>(of_head);
  }
  const Constants constants = {threads_, narrow(rows_each), narrow(inputs), p.mode};
  const ModuleName module("multiply", w.type);
  // A dispatch has so many workgroups in its third direction at most; experts come in whole inputs.
  const std::int64_t most = std::max<std::int64_t>(kMostGroups / batch * inputs / p.head * p.head, p.head);
  GLIM_ASSERT(!tiled || results <= most);
  for (std::int64_t first = 0; first < results; first += most) {
    const std::int64_t count = std::min(most, results - first);
    const bool listed = p.list != 0;
    const std::int64_t x_first = experts ? first / p.head : listed ? 0 : first;
    const MultiplyArgs args = {.tables = setup_.tables,
                               .weights = address_of(w),
                               .scales = scales_of(w),
                               .x = p.x + floats(x_first * p.x_stride),
                               .y = p.y + floats(first * p.y_stride),
                               .gain = p.gain,
                               .list = listed ? p.list + floats(first) : 0,
                               .rope = p.rope != 0 ? p.rope + floats(first * p.tail) : 0,
                               .order = p.order,
                               .cols = narrow(w.cols),
                               .rows = narrow(w.rows),
                               .tokens = narrow(count),
                               .x_stride = narrow(p.x_stride),
                               .x_batch = narrow(p.x_batch),
                               .y_stride = narrow(p.y_stride),
                               .y_batch = narrow(p.y_batch),
                               .pitch = narrow(pitch_of(w)),
                               .head = narrow(p.head),
                               .tail = narrow(p.tail),
                               .eps = p.eps};
    const auto third = static_cast<std::uint32_t>(groups_of(count, inputs)) * narrow(batch);
    recorder_.dispatch(module, constants, args, spread(static_cast<std::uint64_t>(row_groups), third));
  }
}

void VulkanOps::gate(const Gate& s) {
  if (s.gate.type != s.up.type) return gate_apart(s);
  const bool tiled = s.order != 0, experts = s.chosen != 0 && !tiled;
  const std::int64_t results = tiled ? s.tiles * kInputs : rows() * s.choices;
  const std::int64_t inputs = experts ? 1 : tiled ? kInputs : inputs_of(results);
  const std::int64_t rows_each = weight_rows(inputs);
  const std::int64_t most = std::max<std::int64_t>(kMostGroups * inputs / s.choices * s.choices, s.choices);
  const Constants constants = {threads_, narrow(rows_each), narrow(inputs)};
  const ModuleName module("gated", s.gate.type);
  GLIM_ASSERT(!tiled || results <= most);
  for (std::int64_t first = 0; first < results; first += most) {
    const std::int64_t count = std::min(most, results - first);
    const GatedArgs args = {.tables = setup_.tables,
                            .gate = address_of(s.gate),
                            .up = address_of(s.up),
                            .gate_scales = scales_of(s.gate),
                            .up_scales = scales_of(s.up),
                            .x = s.x + floats(first / s.choices * s.gate.cols),
                            .y = s.y + floats(first * s.gate.rows),
                            .gain = s.gain,
                            .chosen = s.chosen != 0 ? s.chosen + floats(first) : 0,
                            .order = s.order,
                            .cols = narrow(s.gate.cols),
                            .rows = narrow(s.gate.rows),
                            .tokens = narrow(count / s.choices),
                            .choices = narrow(s.choices),
                            .gate_pitch = narrow(pitch_of(s.gate)),
                            .up_pitch = narrow(pitch_of(s.up)),
                            .eps = s.eps};
    recorder_.dispatch(module, constants, args,
                       spread(groups_of(s.gate.rows, rows_each),
                              narrow(static_cast<std::int64_t>(groups_of(count, inputs)))));
  }
}

/// Formats that differ: the first matrix leaves its products where the second multiplies them.
void VulkanOps::gate_apart(const Gate& s) {
  const std::uint32_t norm = s.gain != 0 ? kMultiplyNorm : 0;
  const std::uint32_t experts = s.order != 0 ? kMultiplyTiles : s.chosen != 0 ? kMultiplyExperts : 0;
  for (const bool second : {false, true}) {
    multiply({.weight = second ? s.up : s.gate,
              .x = s.x,
              .y = s.y,
              .x_stride = s.gate.cols,
              .y_stride = s.gate.rows,
              .mode = norm | experts | (second ? kMultiplyGate : 0),
              .gain = s.gain,
              .list = s.chosen,
              .order = s.order,
              .head = s.choices,
              .eps = s.eps},
             s.order != 0 ? s.tiles * kInputs : rows() * s.choices);
    if (!second) recorder_.barrier();
  }
}

}  // namespace glim::vulkan
