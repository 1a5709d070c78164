#include "engine/quantize/importance.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>

#include "engine/base/error.h"
#include "engine/quantize/imatrix_file.h"
#include "engine/quantize/imatrix_legacy.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_gguf.h"

using namespace glim;

namespace {

const std::filesystem::path kGolden = GLIM_SOURCE_DIR "/tests/golden/e2e";

double largest_difference(const ImportanceMatrix& a, const ImportanceMatrix& b) {
  REQUIRE(a.values.size() == b.values.size());
  double largest = 0;
  for (const auto& [name, values] : a.values) {
    const auto other = b.values.find(name);
    REQUIRE(other != b.values.end());
    REQUIRE(other->second.size() == values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double size = std::max(1e-30, std::fabs(static_cast<double>(values[i])));
      largest = std::max(largest, std::fabs(static_cast<double>(values[i] - other->second[i])) / size);
    }
  }
  return largest;
}

/// Two experts, one of which has seen nothing, and a plain weight.
ActivationSums small_sums() {
  ActivationSums sums;
  sums.entries["blk.0.ffn_up_exps.weight"] = {{4, 8, 0, 0}, {2, 0}};
  sums.entries["blk.0.attn_q_a.weight"] = {{3, 6, 9}, {1030}};
  sums.datasets = {"a.txt", "b.txt"};
  sums.dataset_chunks = {2, 1};
  sums.chunk_size = 512;
  sums.chunks = 3;
  return sums;
}

ErrorCode refusal(const std::vector<std::byte>& bytes) {
  try {
    read_legacy_sums(bytes, "test", 512);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::E901;
}

template <typename T>
std::vector<std::byte> patched(std::vector<std::byte> bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
  return bytes;
}

ErrorCode gguf_refusal(TinyGguf file) {
  const TempDir folder;
  file.write(folder / "x.gguf");
  try {
    read_importance(folder / "x.gguf");
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::E901;
}

TinyGguf imatrix_gguf(std::vector<float> squares, std::vector<float> counts) {
  TinyGguf file;
  file.set("general.type", "imatrix");
  const auto size = static_cast<std::int64_t>(squares.size());
  const auto matrices = static_cast<std::int64_t>(counts.size());
  file.tensor("w.weight.in_sum2", {size}, squares).tensor("w.weight.counts", {1, matrices}, counts);
  return file;
}

}  // namespace

TEST_CASE("both forms of one run hold the same matrix") {
  const ImportanceMatrix list = read_importance(kGolden / "tiny.imatrix.dat");
  const ImportanceMatrix gguf = read_importance(kGolden / "tiny.imatrix.gguf");
  CHECK(list.values.size() == 35);
  CHECK(list.chunks == 28);
  CHECK(gguf.chunks == 28);
  CHECK(list.dataset == "text.txt");
  CHECK(gguf.dataset == "text.txt");
  // Two roundings to f32 lie between them: a product and its division.
  CHECK(largest_difference(gguf, list) <= 2.5 * 0x1p-24 * 2);
}

TEST_CASE("tensors that other programs add to an importance matrix are skipped") {
  const ImportanceMatrix matrix = read_importance(kGolden / "mini.imatrix.gguf");
  CHECK(matrix.values.count("blk.0.attn_q_a.weight") == 1);
  for (const auto& [name, values] : matrix.values) CHECK(name.ends_with(".weight"));
}

TEST_CASE("each form is read back as it was written and can become the other") {
  const TempDir folder;
  const ActivationSums sums = read_activation_sums(kGolden / "tiny.imatrix.gguf");
  write_activation_sums(sums, folder / "a.gguf");
  write_activation_sums(sums, folder / "a.dat");
  CHECK(largest_difference(sums.importance(), read_importance(folder / "a.gguf")) == 0);
  CHECK(largest_difference(sums.importance(), read_importance(folder / "a.dat")) <= 1e-6);
  write_activation_sums(read_activation_sums(folder / "a.dat", 128), folder / "b.gguf");
  CHECK(largest_difference(sums.importance(), read_importance(folder / "b.gguf")) <= 1e-6);
  const ActivationSums again = read_activation_sums(folder / "a.gguf");
  CHECK(again.chunk_size == 128);
  CHECK(again.datasets == sums.datasets);
  CHECK(again.entries.at("blk.1.ffn_up_exps.weight").counts ==
        sums.entries.at("blk.1.ffn_up_exps.weight").counts);
}

TEST_CASE("how many chunks belong to each text survives the file") {
  const TempDir folder;
  write_activation_sums(small_sums(), folder / "a.gguf");
  const ActivationSums again = read_activation_sums(folder / "a.gguf");
  CHECK(again.datasets == std::vector<std::string>{"a.txt", "b.txt"});
  CHECK(again.dataset_chunks == std::vector<std::int32_t>{2, 1});
  CHECK(again.chunks == 3);
}

TEST_CASE("an expert that was never reached weighs all channels alike") {
  const ImportanceMatrix matrix = small_sums().importance();
  CHECK(matrix.values.at("blk.0.ffn_up_exps.weight") == std::vector<float>{2, 4, 1, 1});
  const ImportanceMatrix list = read_legacy_sums(legacy_bytes(small_sums()), "test", 512).importance();
  CHECK(list.values.at("blk.0.ffn_up_exps.weight") == std::vector<float>{2, 4, 1, 1});
}

TEST_CASE("rare experts borrow from the others when asked to") {
  ActivationSums sums = small_sums();
  sums.entries["blk.0.ffn_up_exps.weight"] = {{4, 8, 0, 0, 60, 20}, {2, 0, 10}};
  const std::vector<float> values =
      sums.importance({.borrowed_tokens = 2}).values.at("blk.0.ffn_up_exps.weight");
  // Expert 0: (4 + 2 * 6) / 4, (8 + 2 * 2) / 4. Expert 1: the means of the two others. Expert 2: (60 + 2 * 2)
  // / 12, ...
  CHECK(values[0] == doctest::Approx(4));
  CHECK(values[1] == doctest::Approx(3));
  CHECK(values[2] == doctest::Approx(4));
  CHECK(values[3] == doctest::Approx(3));
  CHECK(values[4] == doctest::Approx(64.0 / 12));
  CHECK(values[5] == doctest::Approx(28.0 / 12));
  CHECK(sums.importance({.borrowed_tokens = 2}).values.at("blk.0.attn_q_a.weight") ==
        sums.importance().values.at("blk.0.attn_q_a.weight"));
}

TEST_CASE("sums of two runs add up") {
  ActivationSums sums = small_sums();
  sums.add(small_sums(), "other");
  CHECK(sums.entries.at("blk.0.attn_q_a.weight").counts == std::vector<double>{2060});
  CHECK(sums.entries.at("blk.0.ffn_up_exps.weight").squares == std::vector<double>{8, 16, 0, 0});
  ActivationSums list;  // of the older form, which has one count for all experts
  list.entries["blk.0.ffn_up_exps.weight"] = {{2, 2, 2, 2}, {1}};
  sums.add(list, "list");
  CHECK(sums.entries.at("blk.0.ffn_up_exps.weight").counts == std::vector<double>{5, 1});
  list.add(small_sums(), "other");
  CHECK(list.entries.at("blk.0.ffn_up_exps.weight").counts == std::vector<double>{3, 1});
}

TEST_CASE("sums of another model are refused") {
  ActivationSums sums = small_sums(), other;
  other.entries["blk.0.attn_q_a.weight"] = {{1, 1}, {1}};
  CHECK_THROWS_WITH_AS(sums.add(other, "other.gguf"),
                       doctest::Contains("other.gguf: blk.0.attn_q_a.weight has 2"), Error);
}

TEST_CASE("a list that ends anywhere is refused or, at the end of the entries, taken as an old one") {
  const std::vector<std::byte> bytes = legacy_bytes(small_sums());
  const std::size_t tail = 4 + 4 + std::string("a.txt").size();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    const std::vector<std::byte> cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    if (size == bytes.size() - tail || size == bytes.size() - tail + 4) {
      CHECK(read_legacy_sums(cut, "test", 512).entries.size() == 2);
    } else {
      CHECK(refusal(cut) == ErrorCode::E104);
    }
  }
}

TEST_CASE("counts and lengths that cannot be are refused before memory is taken") {
  const std::vector<std::byte> bytes = legacy_bytes(small_sums());
  const std::size_t length = 4, calls = 8 + std::string("blk.0.attn_q_a.weight").size();
  const std::size_t values = calls + 4, first = values + 4;
  CHECK(refusal(patched(bytes, 0, std::int32_t{-1})) == ErrorCode::E105);
  CHECK(refusal(patched(bytes, 0, std::int32_t{0})) == ErrorCode::E105);
  CHECK(refusal(patched(bytes, 0, std::int32_t{0x7fffffff})) == ErrorCode::E105);
  CHECK(refusal(patched(bytes, 0, std::int32_t{60000})) == ErrorCode::E104);
  CHECK(refusal(patched(bytes, length, std::int32_t{-5})) == ErrorCode::E105);
  CHECK(refusal(patched(bytes, length, std::int32_t{56})) == ErrorCode::E105);
  CHECK(refusal(patched(bytes, calls, std::int32_t{-1})) == ErrorCode::E105);
  CHECK(refusal(patched(bytes, values, std::int32_t{0})) == ErrorCode::E105);
  CHECK(refusal(patched(bytes, values, std::int32_t{0x7fffffff})) == ErrorCode::E104);
  CHECK(refusal(patched(bytes, first, std::numeric_limits<float>::quiet_NaN())) == ErrorCode::E105);
  CHECK(refusal(patched(bytes, first, std::numeric_limits<float>::infinity())) == ErrorCode::E105);
  CHECK(refusal(patched(bytes, first, -1.0f)) == ErrorCode::E105);
}

TEST_CASE("a GGUF file that is no usable importance matrix is refused") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(gguf_refusal(imatrix_gguf({1, 2}, {1})) == ErrorCode::E901);  // read
  CHECK(gguf_refusal(imatrix_gguf({1, nan}, {1})) == ErrorCode::E105);
  CHECK(gguf_refusal(imatrix_gguf({1, -2}, {1})) == ErrorCode::E105);
  CHECK(gguf_refusal(imatrix_gguf({1, 2}, {nan})) == ErrorCode::E105);
  CHECK(gguf_refusal(imatrix_gguf({1, 2}, {0.5f})) == ErrorCode::E105);
  CHECK(gguf_refusal(imatrix_gguf({1, 2}, {1, 1, 1})) == ErrorCode::E105);
  CHECK(gguf_refusal(imatrix_gguf({1, 2}, {1}).remove_tensor("w.weight.counts")) == ErrorCode::E105);
  CHECK(gguf_refusal(imatrix_gguf({1, 2}, {1}).remove_tensor("w.weight.in_sum2")) == ErrorCode::E105);
  CHECK(gguf_refusal(imatrix_gguf({1, 2}, {1}).set("imatrix.chunk_count", std::int32_t{-1})) ==
        ErrorCode::E105);
  const TempDir folder;
  CHECK_THROWS_AS(read_importance(folder / "none.gguf"), Error);
  std::ofstream(folder / "empty.dat").flush();
  CHECK_THROWS_AS(read_importance(folder / "empty.dat"), Error);
}
