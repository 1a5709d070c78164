#include "engine/convert/safetensors_header.h"

#include <algorithm>
#include <unordered_set>

#include <nlohmann/json.hpp>

#include "engine/base/checked.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/base/utf8.h"

namespace glim {
namespace {

using Json = nlohmann::json;

/// Receives the JSON piece by piece and knows the only form it may have:
///   {"__metadata__": {text: text, ...}, name: {"dtype": text, "shape": [...], "data_offsets": [b, e]}, ...}
class HeaderReader : public nlohmann::json_sax<Json> {
 public:
  explicit HeaderReader(const std::string& file) : file_(file) {}

  std::vector<SafeEntry> take() { return std::move(entries_); }

  bool null() override { unexpected("null"); }
  bool boolean(bool) override { unexpected("a truth value"); }
  bool number_integer(Json::number_integer_t) override { unexpected("a negative number"); }
  bool number_float(Json::number_float_t, const std::string&) override { unexpected("a broken number"); }
  bool binary(Json::binary_t&) override { unexpected("binary data"); }

  bool number_unsigned(Json::number_unsigned_t value) override {
    if (place_ == Place::shape) {
      if (entry_.shape.size() == SafetensorsLimits::dimensions) fail("has more than 8 dimensions");
      if (value > SafetensorsLimits::values) fail("has more values than any model");
      entry_.shape.push_back(static_cast<std::int64_t>(value));
    } else if (place_ == Place::offsets) {
      if (offsets_ == 2) fail("has more than two data_offsets");
      (offsets_++ == 0 ? entry_.begin : entry_.end) = value;
    } else {
      unexpected("a number");
    }
    return true;
  }

  bool string(std::string& value) override {
    if (place_ == Place::metadata) return true;
    if (place_ != Place::tensor || key_ != "dtype") unexpected("a text");
    const std::optional<SafeType> type = safe_type_from_name(value);
    if (!type) {
      throw Error(ErrorCode::E111, strf("%s: the tensor %s has the dtype \"%s\", which is not known; use a "
                                        "version of the model in BF16, F16, F32, FP8, AWQ or NVFP4",
                                        file_.c_str(), quoted().c_str(), printable(value, 40).c_str()));
    }
    entry_.type = *type;
    return true;
  }

  bool key(std::string& value) override {
    if (place_ == Place::top) {
      open_name(value);
    } else if (place_ == Place::tensor) {
      open_key(value);
    }
    return true;
  }

  bool start_object(std::size_t) override {
    if (place_ == Place::start) {
      place_ = Place::top;
    } else if (place_ == Place::top) {
      place_ = entry_.name == "__metadata__" ? Place::metadata : Place::tensor;
    } else {
      unexpected("an object");
    }
    return true;
  }

  bool end_object() override {
    if (place_ == Place::tensor) close_tensor();
    place_ = place_ == Place::top ? Place::start : Place::top;
    return true;
  }

  bool start_array(std::size_t) override {
    if (place_ != Place::tensor || key_ == "dtype") unexpected("a list");
    place_ = key_ == "shape" ? Place::shape : Place::offsets;
    return true;
  }

  bool end_array() override {
    place_ = Place::tensor;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const Json::exception&) override {
    throw Error(ErrorCode::E120,
                strf("%s: the header is no JSON from byte %zu on; the file is damaged, fetch "
                     "it again",
                     file_.c_str(), position + 8));
  }

 private:
  enum class Place { start, top, metadata, tensor, shape, offsets };
  static constexpr std::string_view kKeys[] = {"dtype", "shape", "data_offsets"};

  std::string quoted() const { return "\"" + printable(entry_.name) + "\""; }

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorCode::E120, strf("%s: the tensor %s %s; the file is damaged, fetch it again",
                                      file_.c_str(), quoted().c_str(), what.c_str()));
  }

  [[noreturn]] void unexpected(const char* what) const {
    if (place_ == Place::start || place_ == Place::top || place_ == Place::metadata) {
      throw Error(ErrorCode::E120,
                  strf("%s: the header holds %s where no safetensors file has one; the file is damaged, "
                       "fetch it again",
                       file_.c_str(), what));
    }
    fail(strf("has %s in its description", what));
  }

  void open_name(const std::string& name) {
    entry_ = {};
    entry_.name = name;
    seen_keys_ = offsets_ = 0;
    key_.clear();
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    if (name.empty() || name.size() > SafetensorsLimits::name_bytes || !is_utf8(name) ||
        std::any_of(name.begin(), name.end(), is_control)) {
      fail("has a name that is no printable text of at most 1024 bytes");
    }
    if (!names_.insert(name).second) fail("occurs twice");
    if (names_.size() > SafetensorsLimits::tensors) fail("is one too many");
  }

  void open_key(const std::string& key) {
    const auto found = std::find(std::begin(kKeys), std::end(kKeys), key);
    if (found == std::end(kKeys)) fail("has the unknown key \"" + printable(key, 40) + "\"");
    const int bit = 1 << (found - std::begin(kKeys));
    if ((seen_keys_ & bit) != 0) fail("has the key \"" + key + "\" twice");
    seen_keys_ |= bit;
    key_ = key;
  }

  void close_tensor() {
    if (seen_keys_ != 7 || offsets_ != 2) fail("lacks dtype, shape or data_offsets");
    std::uint64_t values = 1;
    for (const std::int64_t size : entry_.shape) {
      const auto product = checked_multiply(values, static_cast<std::uint64_t>(size));
      if (!product || *product > SafetensorsLimits::values) fail("has more values than any model");
      values = *product;
    }
    entry_.bytes = values * safe_type(entry_.type).bytes;
    entries_.push_back(std::move(entry_));
  }

  const std::string& file_;
  Place place_ = Place::start;
  SafeEntry entry_;
  std::string key_;
  int seen_keys_ = 0, offsets_ = 0;
  std::unordered_set<std::string> names_;
  std::vector<SafeEntry> entries_;
};

}  // namespace

std::vector<SafeEntry> read_safetensors_header(std::string_view json, const std::string& file) {
  HeaderReader reader(file);
  Json::sax_parse(json.begin(), json.end(), &reader);
  return reader.take();
}

}  // namespace glim
