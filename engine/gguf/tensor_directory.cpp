#include "engine/gguf/tensor_directory.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <unordered_set>

#include "engine/base/checked.h"
#include "engine/base/text.h"
#include "engine/base/utf8.h"
#include "engine/gguf/gguf_part.h"

namespace glim {
namespace {

using Ull = unsigned long long;

/// A row as stored: the tensor with its data pointer still open, and its place in the data section.
struct Row {
  GgufTensor tensor;
  std::uint64_t offset;
  std::uint64_t end() const { return offset + tensor.bytes; }  // checked when the row was read
};

std::string quoted(const Row& row) {
  return strf("'%s'", printable(row.tensor.name).c_str());
}

std::string_view read_name(ByteCursor& cursor, std::string_view previous) {
  cursor.enter(previous.empty() ? "first tensor" : "tensor after", previous);
  const std::string_view name = cursor.text(GgufLimits::tensor_name_bytes);
  cursor.enter("tensor", name);
  if (name.empty())
    cursor.fail(ErrorCode::E105, "a tensor has an empty name; the file is damaged, fetch it again");
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (!is_utf8(name) || std::any_of(name.begin(), name.end(), is_control)) {
    cursor.fail(ErrorCode::E105, "the name is no printable text; the file is damaged or malicious");
  }
  return name;
}

void read_shape(ByteCursor& cursor, GgufTensor& tensor) {
  tensor.dimensions = cursor.number<std::uint32_t>();
  if (tensor.dimensions < 1 || tensor.dimensions > tensor.shape.size()) {
    cursor.fail(ErrorCode::E105,
                strf("%u dimensions, expected 1 to 4; the file is damaged", tensor.dimensions));
  }
  tensor.shape.fill(1);
  std::uint64_t values = 1;
  for (std::uint32_t i = 0; i < tensor.dimensions; ++i) {
    const auto size = cursor.number<std::uint64_t>();
    if (size == 0) cursor.fail(ErrorCode::E105, "a dimension of size 0; the file is damaged, fetch it again");
    const std::optional<std::uint64_t> product = checked_multiply(values, size);
    if (!product || *product > GgufLimits::tensor_values) {
      cursor.fail(ErrorCode::E105, "more values than any model has; the file is damaged, fetch it again");
    }
    values = *product;
    tensor.shape[i] = static_cast<std::int64_t>(size);
  }
}

std::string supported_names() {
  std::string names;
  for (const QuantInfo& info : kQuants) {
    if (!names.empty()) names += ", ";
    names += gguf_type_name(static_cast<std::uint32_t>(info.type));
  }
  return names;
}

QuantType read_type(ByteCursor& cursor) {
  const auto code = cursor.number<std::uint32_t>();
  if (const std::optional<QuantType> type = quant_from_code(code)) return *type;
  const std::string_view name = gguf_type_name(code);
  cursor.fail(ErrorCode::E111,
              strf("type %u (%s) cannot be read; use a version of the model with these types: %s", code,
                   name.empty() ? "unknown" : std::string(name).c_str(), supported_names().c_str()));
}

std::uint64_t size_of(const ByteCursor& cursor, const GgufTensor& tensor) {
  const QuantInfo& info = quant(tensor.type);
  if (tensor.shape[0] % info.block_values != 0) {
    cursor.fail(
        ErrorCode::E105,
        strf("rows of %lld values are not whole blocks of %u as %s needs; the file is damaged",
             static_cast<long long>(tensor.shape[0]), info.block_values, std::string(info.name).c_str()));
  }
  const std::uint64_t blocks = static_cast<std::uint64_t>(tensor.values()) / info.block_values;
  const std::optional<std::uint64_t> bytes = checked_multiply(blocks, info.block_bytes);
  if (!bytes) cursor.fail(ErrorCode::E105, "more bytes than can be counted; the file is damaged");
  return *bytes;
}

Row read_row(ByteCursor& cursor, std::string_view previous, std::uint64_t alignment) {
  Row row = {};
  row.tensor.name = read_name(cursor, previous);
  read_shape(cursor, row.tensor);
  row.tensor.type = read_type(cursor);
  row.tensor.bytes = size_of(cursor, row.tensor);
  row.offset = cursor.number<std::uint64_t>();
  if (row.offset % alignment != 0) {
    cursor.fail(ErrorCode::E105,
                strf("the offset %llu is no multiple of the alignment %llu; the file is damaged",
                     static_cast<Ull>(row.offset), static_cast<Ull>(alignment)));
  }
  // Beyond this no file system goes, and sums of such numbers cannot wrap around.
  if (row.offset >> 60 != 0) {
    cursor.fail(ErrorCode::E105, strf("the offset %llu is impossible; the file is damaged, fetch it again",
                                      static_cast<Ull>(row.offset)));
  }
  return row;
}

std::vector<Row> read_rows(ByteCursor& cursor, std::uint64_t count, std::uint64_t alignment) {
  std::vector<Row> rows;
  rows.reserve(count);
  std::unordered_set<std::string_view> seen;
  seen.reserve(count);
  std::string_view previous;
  for (std::uint64_t i = 0; i < count; ++i) {
    rows.push_back(read_row(cursor, previous, alignment));
    previous = rows.back().tensor.name;
    if (!seen.insert(previous).second)
      cursor.fail(ErrorCode::E105, "this name occurs twice; the file is damaged");
  }
  return rows;
}

/// Checks the places of all tensors against each other, in the order of their offsets.
void check_places(const std::string& file, const std::vector<Row>& rows, std::uint64_t alignment,
                  std::vector<std::string>& warnings) {
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return rows[a].offset < rows[b].offset; });
  std::uint64_t gaps = 0, expected = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Row& row = rows[order[i]];
    if (i > 0 && row.offset < rows[order[i - 1]].end()) {
      throw Error(ErrorCode::E105,
                  strf("%s: tensors %s and %s overlap; the file is damaged, fetch it again", file.c_str(),
                       quoted(rows[order[i - 1]]).c_str(), quoted(row).c_str()));
    }
    if (row.offset > expected) ++gaps;
    expected = checked_align(row.end(), alignment).value_or(row.end());
  }
  if (gaps > 0)
    warnings.push_back(strf("%s: unused space before %llu tensors", file.c_str(), static_cast<Ull>(gaps)));
}

/// The tensor that ends last must end inside the file.
void check_end(const ByteCursor& cursor, const std::vector<Row>& rows, std::uint64_t begin) {
  const Row& last =
      *std::max_element(rows.begin(), rows.end(), [](auto& a, auto& b) { return a.end() < b.end(); });
  const std::uint64_t needed = begin + last.end();
  if (needed > cursor.size()) {
    throw Error(ErrorCode::E104,
                strf("%s: truncated download: have %llu of %llu bytes (tensor %s is cut off); fetch the "
                     "rest of the file",
                     cursor.file().c_str(), static_cast<Ull>(cursor.size()), static_cast<Ull>(needed),
                     quoted(last).c_str()));
  }
}

}  // namespace

TensorDirectory read_tensors(ByteCursor& cursor, std::uint64_t count, std::uint64_t alignment,
                             std::span<const std::byte> file) {
  TensorDirectory out;
  const std::vector<Row> rows = read_rows(cursor, count, alignment);
  if (rows.empty()) return out;
  const std::uint64_t begin = (cursor.position() + alignment - 1) & ~(alignment - 1);
  check_places(cursor.file(), rows, alignment, out.warnings);
  check_end(cursor, rows, begin);
  out.tensors.reserve(rows.size());
  std::uint64_t end = 0;
  for (const Row& row : rows) {
    out.tensors.push_back(row.tensor);
    out.tensors.back().data = file.data() + begin + row.offset;
    end = std::max(end, begin + row.end());
  }
  const std::uint64_t trailing = file.size() - end;
  if (trailing >= alignment) {
    out.warnings.push_back(strf("%s: %llu bytes after the last tensor are unused", cursor.file().c_str(),
                                static_cast<Ull>(trailing)));
  }
  return out;
}

}  // namespace glim
