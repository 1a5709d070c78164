#include "engine/gguf/gguf_writer.h"

#include <algorithm>
#include <array>
#include <string>
#include <system_error>
#include <unordered_set>
#include <vector>

#include "engine/base/checked.h"
#include "engine/base/error.h"
#include "engine/base/new_file.h"
#include "engine/base/text.h"
#include "engine/gguf/gguf_part.h"
#include "engine/gguf/split_name.h"

namespace glim {
namespace {

constexpr std::uint32_t kVersion = 3;
constexpr std::uint64_t kAlignment = 32;
constexpr std::size_t kMaxParts = 512;  // each keeps a file open until the end

std::uint64_t padded(std::uint64_t bytes) {
  const auto aligned = checked_align(bytes, kAlignment);
  GLIM_ASSERT(aligned.has_value());
  return *aligned;
}

bool belongs_to_layout(std::string_view key) {
  return key.substr(0, 6) == "split." || key == "general.alignment";
}

struct Key {
  std::string name;
  std::vector<std::byte> value;  ///< kind and content
};

struct TensorRow {
  std::string name;
  QuantType type;
  std::vector<std::int64_t> shape;
  std::uint64_t bytes;
};

/// Tensors [first, last) go into one file.
struct Part {
  std::size_t first, last;
  std::uint64_t bytes = 0;  ///< of the data, padding included
};

}  // namespace

/// What has been announced so far, and the files once they are being written.
class GgufWriter::Output {
 public:
  Output(std::filesystem::path path, std::uint64_t split_bytes)
      : path_(std::move(path)), split_bytes_(split_bytes) {}

  void set(std::string_view name, std::vector<std::byte> value);
  void remove(std::string_view name);
  void add(TensorRow row);
  void begin();
  void write(std::span<const std::byte> bytes);
  void finish();

  std::uint64_t total_bytes() const;
  std::vector<std::byte> header() const;
  const std::filesystem::path& first_path() const { return files_.front()->path(); }

 private:
  std::vector<Part> parts() const;
  std::vector<std::byte> header(const std::vector<Part>& parts, std::size_t number) const;
  void skip_finished_tensors();

  std::filesystem::path path_;
  std::uint64_t split_bytes_;
  std::vector<Key> keys_;
  std::vector<TensorRow> tensors_;
  std::unordered_set<std::string> names_;

  std::vector<std::unique_ptr<NewFile>> files_;
  std::vector<std::size_t> ends_;      ///< of every part: the tensor after its last
  std::size_t file_ = 0, tensor_ = 0;  ///< that are being written
  std::uint64_t written_ = 0;          ///< bytes of the present tensor
};

void GgufWriter::Output::set(std::string_view name, std::vector<std::byte> value) {
  GLIM_ASSERT(files_.empty() && !name.empty() && name.size() <= GgufLimits::key_bytes);
  const auto found = std::find_if(keys_.begin(), keys_.end(), [&](const Key& k) { return k.name == name; });
  if (found != keys_.end()) {
    found->value = std::move(value);
  } else {
    keys_.push_back({std::string(name), std::move(value)});
  }
}

void GgufWriter::Output::remove(std::string_view name) {
  keys_.erase(std::remove_if(keys_.begin(), keys_.end(), [&](const Key& key) { return key.name == name; }),
              keys_.end());
}

void GgufWriter::Output::add(TensorRow row) {
  GLIM_ASSERT(files_.empty() && !row.name.empty() && row.name.size() <= GgufLimits::tensor_name_bytes);
  GLIM_ASSERT(!row.shape.empty() && row.shape.size() <= 4);
  const QuantInfo& info = quant(row.type);
  GLIM_ASSERT(row.shape[0] % info.block_values == 0);
  std::uint64_t values = 1;
  for (const std::int64_t size : row.shape) {
    GLIM_ASSERT(size > 0);
    const auto product = checked_multiply(values, static_cast<std::uint64_t>(size));
    GLIM_ASSERT(product && *product <= GgufLimits::tensor_values);
    values = *product;
  }
  row.bytes = values / info.block_values * info.block_bytes;
  GLIM_ASSERT(names_.insert(row.name).second);
  tensors_.push_back(std::move(row));
}

std::vector<Part> GgufWriter::Output::parts() const {
  std::vector<Part> out = {{0, 0}};
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    const std::uint64_t bytes = padded(tensors_[i].bytes);
    const bool full = split_bytes_ > 0 && out.back().bytes > 0 &&
                      (bytes > split_bytes_ || out.back().bytes > split_bytes_ - bytes);
    if (full) out.push_back({i, i});
    out.back().last = i + 1;
    out.back().bytes += bytes;
  }
  if (out.size() > kMaxParts) {
    throw Error(ErrorCode::E701, strf("%s: the model would take %zu parts and at most %zu are possible; "
                                      "choose a larger size for the parts",
                                      printable(path_.string()).c_str(), out.size(), kMaxParts));
  }
  return out;
}

std::vector<std::byte> GgufWriter::Output::header(const std::vector<Part>& parts, std::size_t number) const {
  const Part& part = parts[number];
  std::vector<Key> keys;
  if (number == 0) keys = keys_;
  if (parts.size() > 1) {
    keys.push_back({"split.no", encode_value(GgufOut(static_cast<std::uint16_t>(number)))});
    keys.push_back({"split.count", encode_value(GgufOut(static_cast<std::uint16_t>(parts.size())))});
    keys.push_back(
        {"split.tensors.count", encode_value(GgufOut(static_cast<std::int32_t>(tensors_.size())))});
  }
  HeaderBytes out;
  out.raw(std::as_bytes(std::span("GGUF", 4)));
  out.number(kVersion);
  out.number(std::uint64_t{part.last - part.first});
  out.number(std::uint64_t{keys.size()});
  for (const Key& key : keys) {
    out.text(key.name);
    out.raw(key.value);
  }
  std::uint64_t offset = 0;
  for (std::size_t i = part.first; i < part.last; ++i) {
    const TensorRow& row = tensors_[i];
    out.text(row.name);
    out.number(static_cast<std::uint32_t>(row.shape.size()));
    for (const std::int64_t size : row.shape) out.number(size);
    out.number(row.type);
    out.number(offset);
    offset += padded(row.bytes);
  }
  out.pad(kAlignment);
  return out.bytes();
}

std::uint64_t GgufWriter::Output::total_bytes() const {
  const std::vector<Part> all = parts();
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < all.size(); ++i) out += header(all, i).size() + all[i].bytes;
  return out;
}

std::vector<std::byte> GgufWriter::Output::header() const {
  const std::vector<Part> all = parts();
  GLIM_ASSERT(all.size() == 1);
  return header(all, 0);
}

void GgufWriter::Output::begin() {
  GLIM_ASSERT(files_.empty());
  const std::vector<Part> all = parts();
  SplitName name{path_, 1, static_cast<std::int64_t>(all.size())};
  if (name.prefix.extension() == ".gguf") name.prefix.replace_extension();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::vector<std::byte> head = header(all, i);
    files_.push_back(
        std::make_unique<NewFile>(all.size() == 1 ? path_ : name.path(static_cast<std::int64_t>(i) + 1)));
    files_.back()->reserve(head.size() + all[i].bytes);
    files_.back()->write(head);
    ends_.push_back(all[i].last);
  }
  skip_finished_tensors();
}

void GgufWriter::Output::skip_finished_tensors() {
  constexpr std::array<std::byte, kAlignment> zeros = {};
  if (tensor_ < tensors_.size() && written_ == tensors_[tensor_].bytes) {
    files_[file_]->write(std::span(zeros).first(padded(written_) - written_));
    written_ = 0;
    ++tensor_;
  }
  if (file_ + 1 < files_.size() && tensor_ == ends_[file_]) ++file_;
}

void GgufWriter::Output::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    GLIM_ASSERT(!files_.empty() && tensor_ < tensors_.size());
    const std::size_t wanted = std::min<std::uint64_t>(bytes.size(), tensors_[tensor_].bytes - written_);
    files_[file_]->write(bytes.first(wanted));
    written_ += wanted;
    bytes = bytes.subspan(wanted);
    skip_finished_tensors();
  }
}

void GgufWriter::Output::finish() {
  GLIM_ASSERT(!files_.empty() && tensor_ == tensors_.size());
  std::size_t named = 0;
  try {
    for (; named < files_.size(); ++named) files_[named]->give_name();
  } catch (...) {
    // Half a set under its final names would look like a model.
    std::error_code ignored;
    for (std::size_t i = 0; i < named; ++i) std::filesystem::remove(files_[i]->path(), ignored);
    throw;
  }
}

GgufWriter::GgufWriter(std::filesystem::path path, std::uint64_t split_bytes)
    : output_(std::make_unique<Output>(std::move(path), split_bytes)) {}
GgufWriter::~GgufWriter() = default;

void GgufWriter::set(std::string_view key, GgufOut value) {
  output_->set(key, encode_value(value));
}

void GgufWriter::remove(std::string_view key) {
  output_->remove(key);
}

void GgufWriter::copy_metadata(const GgufFile& file) {
  for (const auto& [key, value] : file.metadata())
    if (!belongs_to_layout(key)) output_->set(key, encode_value(value));
}

void GgufWriter::add_tensor(std::string_view name, QuantType type, std::span<const std::int64_t> shape) {
  output_->add({std::string(name), type, {shape.begin(), shape.end()}, 0});
}

void GgufWriter::begin() {
  output_->begin();
}
void GgufWriter::write(std::span<const std::byte> bytes) {
  output_->write(bytes);
}
void GgufWriter::finish() {
  output_->finish();
}
std::uint64_t GgufWriter::total_bytes() const {
  return output_->total_bytes();
}
std::vector<std::byte> GgufWriter::header() const {
  return output_->header();
}
const std::filesystem::path& GgufWriter::first_path() const {
  return output_->first_path();
}

}  // namespace glim
