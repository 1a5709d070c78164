#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "engine/text/reply_parser.h"

namespace glim {

/// The tags around the keys and values of a call of CallStyle::pairs.
inline constexpr std::array<std::string_view, 4> kPairTags = {"<arg_key>", "</arg_key>", "<arg_value>",
                                                              "</arg_value>"};

/// The text of a reply so far, with the places where tags may stand: everywhere, or only where a piece was
/// special.
class TagText {
 public:
  enum class Match { no, yes, more };  ///< more: the text ends within what may become the tag

  explicit TagText(bool tags_in_text) : tags_in_text_(tags_in_text) {}
  void append(std::string_view text, bool special);
  void end() { ended_ = true; }

  bool ended() const { return ended_; }
  std::size_t size() const { return text_.size(); }
  std::string_view view(std::size_t from, std::size_t to) const {
    return std::string_view(text_).substr(from, to - from);
  }

  Match match(std::size_t position, std::string_view tag) const;
  /// First place at or after `from` where a tag may begin, or the size of the text.
  std::size_t candidate(std::size_t from) const;
  std::size_t skip_space(std::size_t from) const;

 private:
  std::string text_;
  std::vector<std::size_t> special_;  // starts of special pieces, ascending
  bool tags_in_text_;
  bool ended_ = false;
};

/// The offered tools, by name: which arguments each declares and of what types.
class ToolSchemas {
 public:
  explicit ToolSchemas(std::string_view tools_json);
  ~ToolSchemas();
  ToolSchemas(const ToolSchemas&) = delete;
  ToolSchemas& operator=(const ToolSchemas&) = delete;

  bool declares(std::string_view tool, std::string_view argument) const;
  /// The value that the text of an argument stands for. Text that fits no declared type stays text.
  nlohmann::ordered_json value(std::string_view tool, std::string_view argument, std::string_view text) const;

 private:
  const nlohmann::ordered_json* schema(std::string_view tool, std::string_view argument) const;
  std::unique_ptr<const nlohmann::ordered_json> tools_;
};

/// Reads one call, from behind its opening tag, while it comes in.
class CallReader {
 public:
  enum class Result { more, complete, invalid };
  virtual ~CallReader() = default;

  /// Reads on in the text, which has only grown since the last time. `complete`: everything before end()
  /// belongs to the call, its closing tag included. `invalid`: everything before end() is ordinary text.
  virtual Result read(const TagText& text) = 0;
  virtual std::size_t end() const = 0;
  virtual ToolCall call() const = 0;  ///< without an id
};

/// `start` is the place behind the opening tag; `schemas` outlives the reader.
std::unique_ptr<CallReader> make_call_reader(const ReplyTags& tags, const ToolSchemas& schemas,
                                             std::size_t start);

}  // namespace glim
