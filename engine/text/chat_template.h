#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/text/chat.h"
#include "engine/text/jinja.h"
#include "engine/text/reply_parser.h"

namespace glim {

class GgufFile;
class Tokenizer;
struct ChatFormat;

/// What a template needs to know of a vocabulary.
struct TemplateVocabulary {
  std::string bos, eos;  ///< texts of the tokens, empty when there are none
  std::function<bool(std::string_view)> has_token = nullptr;  ///< null: unknown
};

/// Turns a conversation into a prompt: by the Jinja template of a model or by one of glim's own formats.
/// Immutable; render() may run on several threads at once.
class ChatTemplate {
 public:
  struct Rendered {
    std::vector<Segment> segments;
    ReplyState start = ReplyState::content;  ///< what the reply to this prompt begins with
    ReplyOptions reply;                      ///< how the reply is to be read
    std::string notice;  ///< set when the template failed and a built-in format was used instead
  };

  /// `origin` is for people: "file", "profile". Throws E402 when the source is no template.
  static ChatTemplate from_source(std::string_view source, const TemplateVocabulary& vocabulary,
                                  std::string origin);
  /// One of chat_formats(); throws E603 that names them all when there is none of that name.
  static ChatTemplate built_in(std::string_view name, const TemplateVocabulary& vocabulary);

  /// A template that fails falls back to the built-in format of its family, with a notice. Requests with raw
  /// messages do not: for them the template's error E402 is thrown.
  Rendered render(const ChatRequest& request) const;

  bool supports_thinking() const { return supports_thinking_; }  ///< has a switch for it
  const std::string& origin() const { return origin_; }          ///< "file", "built-in glm-4.7", "profile"
  const std::string& reason() const {
    return reason_;
  }  ///< why it is not the file's own template; else empty

 private:
  friend ChatTemplate choose_template(const struct TemplateChoice& choice);
  ChatTemplate(std::optional<jinja::Template> source, const ChatFormat& format,
               const TemplateVocabulary& vocabulary);
  std::vector<Segment> by_template(const ChatRequest& request) const;

  std::optional<jinja::Template> template_;
  const ChatFormat* format_;  // used when there is no template, and when it fails
  std::string bos_, eos_;
  std::string origin_, reason_;
  const ReplyTags* tags_;
  bool tags_in_text_ = false;
  bool supports_thinking_ = false;
};

struct TemplateChoice {
  std::string_view wanted;  ///< source of a template, name of a format, or empty for the file's
  std::optional<std::string_view> file_template;  ///< `tokenizer.chat_template`
  TemplateVocabulary vocabulary;
};

/// What the user wants if that is anything, else the file's template, else the built-in format that fits the
/// vocabulary, with a reason. Throws E402 or E603 only for what the user wants.
ChatTemplate choose_template(const TemplateChoice& choice);
ChatTemplate choose_template(const GgufFile& file, const Tokenizer& tokenizer, std::string_view wanted);

/// {"messages": [...], "tools": [...], "kwargs": {...}, "now": "2026-01-24T12:34:56"}; all but the messages
/// may be missing. Throws E501 when it is anything else.
ChatRequest chat_request_from_json(std::string_view text);

/// The prompt that a template makes of a request, for looking at templates. Throws E402.
std::string render_source(std::string_view source, const ChatRequest& request);

}  // namespace glim
