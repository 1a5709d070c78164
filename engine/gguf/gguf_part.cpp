#include "engine/gguf/gguf_part.h"

#include <bit>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/gguf/byte_cursor.h"
#include "engine/gguf/foreign_file.h"
#include "engine/gguf/metadata_reader.h"
#include "engine/gguf/tensor_directory.h"

namespace glim {
namespace {

constexpr std::string_view kMagic = "GGUF";
constexpr std::uint64_t kHeaderBytes = 24;  // magic, version, two counts
constexpr std::uint64_t kLeastKeyBytes = 13;
constexpr std::uint64_t kLeastTensorBytes = 24;
constexpr std::uint32_t kDefaultAlignment = 32;

void check_magic(const FileMap& file, const std::string& name) {
  const std::string_view head(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
  if (head.empty()) {
    throw Error(ErrorCode::E104,
                name + ": the file is empty; the download did not start or failed, fetch it again");
  }
  if (head.substr(0, kMagic.size()) != kMagic.substr(0, head.size())) {
    throw Error(ErrorCode::E102, name + ": " + describe_foreign(file.bytes()));
  }
  if (head.size() < kHeaderBytes) {
    throw Error(ErrorCode::E104,
                strf("%s: the file is cut off after %zu bytes, inside the header; fetch it again",
                     name.c_str(), head.size()));
  }
}

std::uint32_t read_version(ByteCursor& cursor) {
  const auto version = cursor.number<std::uint32_t>();
  if (version == 2 || version == 3) return version;
  const char* reason =
      (version & 0xffff) == 0 ? "the file is big endian" : "this GGUF version is not supported";
  throw Error(
      ErrorCode::E103,
      strf("%s: %s (version field %u, known are 2 and 3 in little endian order); convert the model again or "
           "download a current file",
           cursor.file().c_str(), reason, version));
}

std::uint32_t read_alignment(const ByteCursor& cursor,
                             const std::vector<std::pair<std::string_view, GgufValue>>& metadata) {
  for (const auto& [key, value] : metadata) {
    if (key != "general.alignment") continue;
    if (value.kind != GgufKind::u32) {
      throw Error(ErrorCode::E105,
                  strf("%s: key 'general.alignment' is of type %s, expected u32; the file is damaged",
                       cursor.file().c_str(), std::string(gguf_kind(value.kind).name).c_str()));
    }
    const auto alignment = static_cast<std::uint32_t>(std::get<std::int64_t>(value.value));
    if (!std::has_single_bit(alignment) || alignment < GgufLimits::min_alignment ||
        alignment > GgufLimits::max_alignment) {
      throw Error(ErrorCode::E105, strf("%s: key 'general.alignment' is %u, expected a power of two from %u "
                                        "to %u; convert the model again",
                                        cursor.file().c_str(), alignment, GgufLimits::min_alignment,
                                        GgufLimits::max_alignment));
    }
    return alignment;
  }
  return kDefaultAlignment;
}

std::optional<std::int64_t> stated_file_type(
    const std::vector<std::pair<std::string_view, GgufValue>>& metadata) {
  for (const auto& [key, value] : metadata) {
    const auto* number = std::get_if<std::int64_t>(&value.value);
    if (key == "general.file_type" && number != nullptr && value.kind != GgufKind::boolean) return *number;
  }
  return std::nullopt;
}

}  // namespace

GgufPart read_part(const FileMap& file, std::optional<std::int64_t> file_type) {
  const std::string name = printable(file.path().string());
  check_magic(file, name);
  ByteCursor cursor(file.bytes(), name);
  GgufPart part;
  cursor.take(kMagic.size());
  part.version = read_version(cursor);
  cursor.enter("number of tensors");
  const std::uint64_t tensors = cursor.count(GgufLimits::tensors, kLeastTensorBytes);
  cursor.enter("number of keys");
  const std::uint64_t keys = cursor.count(GgufLimits::keys, kLeastKeyBytes);
  part.metadata = read_metadata(cursor, keys);
  const std::uint32_t alignment = read_alignment(cursor, part.metadata);
  part.file_type = stated_file_type(part.metadata);
  if (!part.file_type) part.file_type = file_type;
  TensorDirectory directory = read_tensors(cursor, tensors, {file.bytes(), alignment, part.file_type});
  part.tensors = std::move(directory.tensors);
  part.warnings = std::move(directory.warnings);
  return part;
}

}  // namespace glim
