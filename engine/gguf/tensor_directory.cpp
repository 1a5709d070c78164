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
    if (!holds_weights(info.type)) continue;
    if (!names.empty()) names += ", ";
    names += gguf_type_name(static_cast<std::uint32_t>(info.type));
  }
  return names;
}

/// Why weights of a type cannot be read, for the types that are known and hold none.
const char* refusal(GgufUse use) {
  switch (use) {
    case GgufUse::activations:
      return "is a format of activations, not of weights; convert the model again";
    case GgufUse::cache:
      return "is a format of the KV cache, not of weights; convert the model again";
    case GgufUse::retired:
      return "has been retired by the makers of the file format; get a current version of the model";
    default:
      return nullptr;
  }
}

/// The codes of the fork mean its formats only in files that name one of its mixtures.
bool is_fork_file(std::optional<std::int64_t> file_type) {
  constexpr std::int64_t kGuessed = 1024;  // a bit beside the number
  if (!file_type) return false;
  const std::int64_t mixture = *file_type & ~kGuessed;
  return mixture >= 100 && mixture <= 118;
}

bool is_fork_type(QuantType type) {
  return static_cast<std::uint32_t>(type) >= kFirstForkCode;
}

QuantType read_type(ByteCursor& cursor, std::optional<std::int64_t> file_type) {
  const auto code = cursor.number<std::uint32_t>();
  const std::optional<QuantType> type = quant_from_code(code);
  const std::string name(gguf_type_name(code));
  if (type && is_fork_type(*type) && !is_fork_file(file_type)) {
    cursor.fail(ErrorCode::E111, strf("the type %u is unknown: it is %s only in files whose key "
                                      "'general.file_type' is from 100 to 118; get a file in another format",
                                      code, name.c_str()));
  }
  if (type) return *type;
  if (const char* reason = refusal(gguf_type_use(code)))
    cursor.fail(ErrorCode::E111, strf("type %u (%s) %s", code, name.c_str(), reason));
  cursor.fail(ErrorCode::E111,
              strf("type %u (%s) cannot be read; use a version of the model with these types: %s", code,
                   name.empty() ? "unknown" : name.c_str(), supported_names().c_str()));
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

Row read_row(ByteCursor& cursor, std::string_view previous, const DirectoryPlace& place) {
  Row row = {};
  row.tensor.name = read_name(cursor, previous);
  read_shape(cursor, row.tensor);
  row.tensor.type = read_type(cursor, place.file_type);
  row.tensor.bytes = size_of(cursor, row.tensor);
  row.offset = cursor.number<std::uint64_t>();
  if (row.offset % place.alignment != 0) {
    cursor.fail(ErrorCode::E105,
                strf("the offset %llu is no multiple of the alignment %llu; the file is damaged",
                     static_cast<Ull>(row.offset), static_cast<Ull>(place.alignment)));
  }
  // Beyond this no file system goes, and sums of such numbers cannot wrap around.
  if (row.offset >> 60 != 0) {
    cursor.fail(ErrorCode::E105, strf("the offset %llu is impossible; the file is damaged, fetch it again",
                                      static_cast<Ull>(row.offset)));
  }
  return row;
}

std::vector<Row> read_rows(ByteCursor& cursor, std::uint64_t count, const DirectoryPlace& place) {
  std::vector<Row> rows;
  rows.reserve(count);
  std::unordered_set<std::string_view> seen;
  seen.reserve(count);
  std::string_view previous;
  for (std::uint64_t i = 0; i < count; ++i) {
    rows.push_back(read_row(cursor, previous, place));
    previous = rows.back().tensor.name;
    if (!seen.insert(previous).second)
      cursor.fail(ErrorCode::E105, "this name occurs twice; the file is damaged");
  }
  return rows;
}

/// Positions in `rows` by ascending offset.
std::vector<std::size_t> by_offset(const std::vector<Row>& rows) {
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return rows[a].offset < rows[b].offset; });
  return order;
}

/// Tensors of the fork's types must fill the room up to the next tensor or the end of the data: what else the
/// code may mean somewhere has another block size. A last tensor that is cut off is left to check_end.
void check_fork_lengths(const std::string& file, const std::vector<Row>& rows, std::uint64_t alignment,
                        std::uint64_t data_bytes) {
  const std::vector<std::size_t> order = by_offset(rows);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Row& row = rows[order[i]];
    const bool last = i + 1 == order.size();
    const std::uint64_t end = last ? data_bytes : rows[order[i + 1]].offset;
    if (!is_fork_type(row.tensor.type) || (last && end < row.end())) continue;
    if (end >= row.end() && end - row.end() < alignment) continue;
    const auto code = static_cast<std::uint32_t>(row.tensor.type);
    throw Error(ErrorCode::E111,
                strf("%s: the type %u of tensor %s is unknown: %s would take %llu bytes, but %llu are there; "
                     "get a file in another format",
                     file.c_str(), code, quoted(row).c_str(), std::string(gguf_type_name(code)).c_str(),
                     static_cast<Ull>(row.tensor.bytes), static_cast<Ull>(end - std::min(end, row.offset))));
  }
}

/// Checks the places of all tensors against each other, in the order of their offsets.
void check_places(const std::string& file, const std::vector<Row>& rows, std::uint64_t alignment,
                  std::vector<std::string>& warnings) {
  const std::vector<std::size_t> order = by_offset(rows);
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

TensorDirectory read_tensors(ByteCursor& cursor, std::uint64_t count, const DirectoryPlace& place) {
  TensorDirectory out;
  const std::span<const std::byte> file = place.file;
  const std::uint64_t alignment = place.alignment;
  const std::vector<Row> rows = read_rows(cursor, count, place);
  if (rows.empty()) return out;
  const std::uint64_t begin = (cursor.position() + alignment - 1) & ~(alignment - 1);
  check_fork_lengths(cursor.file(), rows, alignment,
                     file.size() - std::min<std::uint64_t>(begin, file.size()));
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
