#include "engine/text/reply_call.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "engine/text/json_text.h"

namespace glim {

using Json = nlohmann::ordered_json;
using Match = TagText::Match;

namespace {

constexpr std::string_view kSpace = " \t\n\v\f\r";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// Arguments as one line of JSON; a string that holds an object is that object.
std::string argument_text(const Json& arguments) {
  if (arguments.is_object()) return json_line(arguments);
  if (arguments.is_string()) {
    const std::optional<Json> inner = read_json(arguments.get_ref<const std::string&>());
    if (inner && inner->is_object()) return json_line(*inner);
  }
  return "{}";
}

}  // namespace

void TagText::append(std::string_view text, bool special) {
  if (special && !text.empty()) special_.push_back(text_.size());
  text_ += text;
}

Match TagText::match(std::size_t position, std::string_view tag) const {
  const std::string_view rest = std::string_view(text_).substr(position);
  if (!tags_in_text_) {
    const bool marked = std::binary_search(special_.begin(), special_.end(), position);
    return marked && rest.starts_with(tag) ? Match::yes : Match::no;
  }
  if (rest.starts_with(tag)) return Match::yes;
  return !ended_ && rest.size() < tag.size() && tag.starts_with(rest) ? Match::more : Match::no;
}

std::size_t TagText::candidate(std::size_t from) const {
  if (tags_in_text_) return std::min(text_.find('<', from), text_.size());
  const auto next = std::lower_bound(special_.begin(), special_.end(), from);
  return next == special_.end() ? text_.size() : *next;
}

std::size_t TagText::skip_space(std::size_t from) const {
  return std::min(text_.find_first_not_of(kSpace, from), text_.size());
}

ToolSchemas::ToolSchemas(std::string_view tools_json) {
  std::optional<Json> tools = read_json(tools_json);
  tools_ = std::make_unique<Json>(tools && tools->is_array() ? std::move(*tools) : Json::array());
}
ToolSchemas::~ToolSchemas() = default;

namespace {

const Json* member(const Json* json, std::string_view name) {
  if (!json || !json->is_object()) return nullptr;
  const auto found = json->find(std::string(name));
  return found == json->end() ? nullptr : &*found;
}

// Adds the names of the types a schema allows.
void collect_types(const Json& schema, std::vector<std::string>& out) {
  const Json* type = member(&schema, "type");
  if (type && type->is_string()) out.push_back(type->get<std::string>());
  if (type && type->is_array()) {
    for (const Json& name : *type) {
      if (name.is_string()) out.push_back(name.get<std::string>());
    }
  }
  for (std::string_view key : {"anyOf", "oneOf", "allOf"}) {
    const Json* choices = member(&schema, key);
    if (!choices || !choices->is_array()) continue;
    for (const Json& choice : *choices) collect_types(choice, out);
  }
}

bool fits(Json& value, const std::string& type) {
  if (type == "integer" && value.is_number_float()) {
    const double number = value.get<double>();
    if (std::trunc(number) != number || std::fabs(number) > 9e15) return false;
    value = static_cast<std::int64_t>(number);
    return true;
  }
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_boolean();
  if (type == "null") return value.is_null();
  if (type == "array") return value.is_array();
  return type == "object" && value.is_object();
}

}  // namespace

const Json* ToolSchemas::schema(std::string_view tool, std::string_view argument) const {
  for (const Json& entry : *tools_) {
    const Json* function = member(&entry, "function");
    if (!function) function = &entry;
    const Json* name = member(function, "name");
    if (!name || !name->is_string() || name->get_ref<const std::string&>() != tool) continue;
    return member(member(member(function, "parameters"), "properties"), argument);
  }
  return nullptr;
}

bool ToolSchemas::declares(std::string_view tool, std::string_view argument) const {
  return schema(tool, argument) != nullptr;
}

Json ToolSchemas::value(std::string_view tool, std::string_view argument, std::string_view text) const {
  std::vector<std::string> types;
  if (const Json* found = schema(tool, argument)) collect_types(*found, types);
  std::optional<Json> decoded = read_json(text);
  if (!decoded || decoded->is_string()) return std::string(text);
  if (types.empty()) return *decoded;
  for (const std::string& type : types) {
    if (fits(*decoded, type)) return *decoded;
  }
  return std::string(text);
}

namespace {

/// Source of the grammar and of what it tolerates: calls of GLM models as served under load.
class PairReader : public CallReader {
 public:
  PairReader(const ToolSchemas& schemas, std::size_t start)
      : schemas_(schemas), begin_(start), scan_(start) {}

  Result read(const TagText& text) override;
  std::size_t end() const override { return end_; }
  ToolCall call() const override { return {{}, name_, json_line(arguments_)}; }

 private:
  enum class Phase { name, key, opening, value, between };
  static constexpr std::size_t kLongestName = 256;
  static constexpr std::string_view kKey = kPairTags[0], kKeyEnd = kPairTags[1], kValue = kPairTags[2],
                                    kValueEnd = kPairTags[3], kCallEnd = "</tool_call>";

  // Each returns `more` to wait, `complete` when the phase is over, `invalid` when there is no call here.
  Result read_name(const TagText& text);
  Result read_key(const TagText& text);
  Result read_opening(const TagText& text);
  Result read_value(const TagText& text);
  Result read_between(const TagText& text);
  Match closes_value(const TagText& text, std::size_t position) const;
  Match opens_declared_key(const TagText& text, std::size_t position) const;
  void take_value(std::string_view value);
  Result go(Phase phase, std::size_t from) {
    phase_ = phase;
    begin_ = scan_ = from;
    return Result::complete;
  }

  const ToolSchemas& schemas_;
  Phase phase_ = Phase::name;
  std::size_t begin_, scan_;  // of the current phase: its text, and what has been looked at
  std::size_t end_ = 0;
  bool done_ = false;
  std::string name_, key_;
  Json arguments_ = Json::object();
};

CallReader::Result PairReader::read(const TagText& text) {
  while (!done_) {
    Result result = Result::invalid;
    switch (phase_) {
      case Phase::name:
        result = read_name(text);
        break;
      case Phase::key:
        result = read_key(text);
        break;
      case Phase::opening:
        result = read_opening(text);
        break;
      case Phase::value:
        result = read_value(text);
        break;
      case Phase::between:
        result = read_between(text);
        break;
    }
    if (result == Result::more && text.ended()) {
      // What is cut short is shown as text and never run.
      end_ = text.size();
      return Result::invalid;
    }
    if (result != Result::complete) return result;
  }
  return Result::complete;
}

CallReader::Result PairReader::read_name(const TagText& text) {
  while (scan_ - begin_ <= kLongestName) {
    scan_ = text.candidate(scan_);
    if (scan_ >= text.size() || scan_ - begin_ > kLongestName) break;
    const Match key = text.match(scan_, kKey), close = text.match(scan_, kCallEnd);
    if (key == Match::more || close == Match::more) return Result::more;
    if (key == Match::no && close == Match::no) {
      ++scan_;
      continue;
    }
    name_ = trimmed(text.view(begin_, scan_));
    const std::size_t after = scan_ + (key == Match::yes ? kKey : kCallEnd).size();
    end_ = after;
    if (name_.empty()) return Result::invalid;
    if (key == Match::yes) return go(Phase::key, after);
    done_ = true;
    return Result::complete;
  }
  if (text.size() - begin_ <= kLongestName) return Result::more;
  end_ = begin_;
  return Result::invalid;
}

CallReader::Result PairReader::read_key(const TagText& text) {
  for (scan_ = text.candidate(scan_); scan_ < text.size(); scan_ = text.candidate(scan_ + 1)) {
    const Match match = text.match(scan_, kKeyEnd);
    if (match == Match::no) continue;
    if (match == Match::more) return Result::more;
    key_ = trimmed(text.view(begin_, scan_));
    return go(Phase::opening, scan_ + kKeyEnd.size());
  }
  return Result::more;
}

CallReader::Result PairReader::read_opening(const TagText& text) {
  const std::size_t start = text.skip_space(begin_);
  if (start >= text.size()) return Result::more;
  const Match match = text.match(start, kValue);
  if (match == Match::more) return Result::more;
  return go(Phase::value, match == Match::yes ? start + kValue.size() : start);
}

// A closing tag counts only when the call goes on behind it: values may quote the tag.
Match PairReader::closes_value(const TagText& text, std::size_t position) const {
  const Match match = text.match(position, kValueEnd);
  if (match != Match::yes) return match;
  const std::size_t next = text.skip_space(position + kValueEnd.size());
  if (next >= text.size()) return text.ended() ? Match::yes : Match::more;
  const Match key = text.match(next, kKey), close = text.match(next, kCallEnd);
  if (key == Match::yes || close == Match::yes) return Match::yes;
  return key == Match::more || close == Match::more ? Match::more : Match::no;
}

Match PairReader::opens_declared_key(const TagText& text, std::size_t position) const {
  const Match match = text.match(position, kKey);
  if (match != Match::yes) return match;
  const std::size_t from = position + kKey.size();
  for (std::size_t at = text.candidate(from); at < text.size() && at - from <= kLongestName;
       at = text.candidate(at + 1)) {
    const Match end = text.match(at, kKeyEnd);
    if (end == Match::more) return Match::more;
    if (end == Match::yes)
      return schemas_.declares(name_, trimmed(text.view(from, at))) ? Match::yes : Match::no;
  }
  return text.size() - from <= kLongestName && !text.ended() ? Match::more : Match::no;
}

CallReader::Result PairReader::read_value(const TagText& text) {
  for (scan_ = text.candidate(scan_); scan_ < text.size(); scan_ = text.candidate(scan_ + 1)) {
    const Match close = closes_value(text, scan_);
    if (close == Match::more) return Result::more;
    const Match next_key = close == Match::yes ? Match::no : opens_declared_key(text, scan_);
    if (next_key == Match::more) return Result::more;
    if (close == Match::no && next_key == Match::no) continue;
    take_value(text.view(begin_, scan_));
    return go(Phase::between, scan_ + (close == Match::yes ? kValueEnd.size() : 0));
  }
  return Result::more;
}

void PairReader::take_value(std::string_view value) {
  if (value.starts_with('\n')) value.remove_prefix(1);
  if (value.ends_with('\n')) value.remove_suffix(1);
  arguments_[key_] = schemas_.value(name_, key_, value);
}

CallReader::Result PairReader::read_between(const TagText& text) {
  const std::size_t next = text.skip_space(begin_);
  if (next < text.size() && text.match(next, kKey) == Match::yes) return go(Phase::key, next + kKey.size());
  // Only its closing tag is missing when the text ends here.
  end_ = std::min(next + kCallEnd.size(), text.size());
  done_ = true;
  return Result::complete;
}

class JsonReader : public CallReader {
 public:
  JsonReader(const ReplyTags& tags, std::size_t start)
      : close_(tags.call_close), begin_(start), scan_(start) {}

  Result read(const TagText& text) override;
  std::size_t end() const override { return end_; }
  ToolCall call() const override { return call_; }

 private:
  bool parse(std::string_view text);

  std::string_view close_;
  std::size_t begin_, scan_, end_ = 0;
  ToolCall call_;
};

bool ends_in_string(std::string_view json) {
  bool quoted = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (json[i] == '\\') {
      ++i;
    } else if (json[i] == '"') {
      quoted = !quoted;
    }
  }
  return quoted;
}

bool JsonReader::parse(std::string_view text) {
  const std::optional<Json> json = read_json(text);
  const Json* name = json ? member(&*json, "name") : nullptr;
  if (!name || !name->is_string() || name->get_ref<const std::string&>().empty()) return false;
  call_.name = name->get<std::string>();
  const Json* arguments = member(&*json, "arguments");
  if (!arguments) arguments = member(&*json, "parameters");
  call_.arguments = arguments ? argument_text(*arguments) : "{}";
  return true;
}

CallReader::Result JsonReader::read(const TagText& text) {
  for (scan_ = text.candidate(scan_); scan_ < text.size(); scan_ = text.candidate(scan_ + 1)) {
    const Match match = text.match(scan_, close_);
    if (match == Match::more) return Result::more;
    if (match == Match::no) continue;
    end_ = scan_ + close_.size();
    const std::string_view json = text.view(begin_, scan_);
    if (parse(json)) return Result::complete;
    if (!ends_in_string(json)) return Result::invalid;
  }
  if (!text.ended()) return Result::more;
  end_ = text.size();
  return parse(text.view(begin_, end_)) ? Result::complete : Result::invalid;
}

}  // namespace

std::unique_ptr<CallReader> make_call_reader(const ReplyTags& tags, const ToolSchemas& schemas,
                                             std::size_t start) {
  if (tags.calls == CallStyle::pairs) return std::make_unique<PairReader>(schemas, start);
  return std::make_unique<JsonReader>(tags, start);
}

}  // namespace glim
