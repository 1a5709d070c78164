#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/text/chat.h"

namespace glim {

/// How a family of models writes tool calls between its tags.
enum class CallStyle {
  none,
  pairs,  ///< name<arg_key>key</arg_key><arg_value>value</arg_value>...
  json    ///< {"name": ..., "arguments": {...}}
};

/// The tags around the parts of a reply.
struct ReplyTags {
  std::string_view name;
  std::string_view think_open, think_close;
  std::string_view call_open, call_close;
  CallStyle calls;
};

/// "glm" (calls as pairs), "hermes" (calls as JSON), "think" (no calls) or "none".
const ReplyTags& reply_tags(std::string_view name);

/// The tags that replies to prompts of this template use, judged by what the template writes.
const ReplyTags& reply_tags_of_template(std::string_view source);

/// Whether the text is one of the tags of any row, or of what stands inside a call.
bool is_reply_tag(std::string_view text);

struct ReplyOptions {
  const ReplyTags* tags = &reply_tags("glm");
  bool tags_in_text = false;  ///< tags also count in ordinary text, for models that have no tokens for them
  bool offer_tools = false;   ///< without tools, call tags are ordinary text
  std::string tools = {};     ///< JSON array in OpenAI's form; types of arguments are read from its schemas
};

/// Text that was added to one part of the reply, or a call that is complete.
struct ReplyDelta {
  bool thinking = false;
  std::string text;
  std::optional<ToolCall> call = std::nullopt;
};

struct Reply {
  std::string thinking, content;
  std::vector<ToolCall> tool_calls;
  bool ended_while_thinking = false;
};

/// What the reply to this prompt begins with: thinking when the template's own text has opened it and not
/// closed it.
ReplyState initial_state(const std::vector<Segment>& prompt, const ReplyTags& tags);

/// Splits a reply into thinking, content and tool calls while it comes in. How the text is cut into pieces
/// does not change the result, and the texts of all deltas together are the texts of the result: whitespace
/// around each part is held back until something follows it. A tag that is cut short, or a call that is none,
/// is given out as content. Not thread-safe.
class ReplyParser {
 public:
  explicit ReplyParser(ReplyState start, ReplyOptions options = {});
  ReplyParser(ReplyParser&&) noexcept;
  ReplyParser& operator=(ReplyParser&&) noexcept;
  ~ReplyParser();

  /// `special`: the piece is one token of the vocabulary's tags rather than ordinary text.
  std::vector<ReplyDelta> push(std::string_view text, bool special = false);
  std::vector<ReplyDelta> finish();  ///< once, at the end

  ReplyState state() const;
  const Reply& reply() const;  ///< what has been given out so far

 private:
  class Machine;
  std::unique_ptr<Machine> machine_;
};

}  // namespace glim
