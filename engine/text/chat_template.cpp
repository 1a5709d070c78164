#include "engine/text/chat_template.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/gguf/gguf_file.h"
#include "engine/text/chat_formats.h"
#include "engine/text/chat_variables.h"
#include "engine/text/tokenizer.h"

namespace glim {

using Json = nlohmann::ordered_json;

namespace {

std::tm local_time() {
  const std::time_t now = std::time(nullptr);
  std::tm out{};
  localtime_r(&now, &out);
  return out;
}

bool switched_on(const Json& kwargs, const char* name, bool otherwise) {
  const auto found = kwargs.find(name);
  return found == kwargs.end() || !found->is_boolean() ? otherwise : found->get<bool>();
}

std::vector<Segment> by_format(const ChatFormat& format, const ChatRequest& request) {
  const Json messages = messages_json(request), tools = tools_json(request), kwargs = kwargs_json(request);
  return format
      .render(format, {.messages = messages,
                       .tools = tools,
                       .think = request.thinking.value_or(switched_on(kwargs, "enable_thinking", true)),
                       .keep_thinking = !switched_on(kwargs, "clear_thinking", true),
                       .add_generation_prompt =
                           switched_on(kwargs, "add_generation_prompt", request.add_generation_prompt)})
      .segments();
}

bool is_template(std::string_view text) {
  return text.find_first_of("{\n") != std::string_view::npos;
}

}  // namespace

ChatTemplate::ChatTemplate(std::optional<jinja::Template> source, const ChatFormat& format,
                           const TemplateVocabulary& vocabulary)
    : template_(std::move(source)),
      format_(&format),
      bos_(vocabulary.bos),
      eos_(vocabulary.eos),
      origin_("built-in " + std::string(format.name)),
      tags_(&reply_tags(format.tags)),
      supports_thinking_(format.thinks) {
  if (template_) {
    tags_ = &reply_tags_of_template(template_->source());
    supports_thinking_ = template_->mentions("enable_thinking") || template_->mentions("thinking");
  }
  const bool unknown = !vocabulary.has_token || tags_->think_open.empty();
  tags_in_text_ = !unknown && !vocabulary.has_token(tags_->think_open);
}

ChatTemplate ChatTemplate::from_source(std::string_view source, const TemplateVocabulary& vocabulary,
                                       std::string origin) {
  const ChatFormat& fallback = fitting_chat_format([&](std::string_view marker) {
    return vocabulary.has_token ? vocabulary.has_token(marker)
                                : source.find(marker) != std::string_view::npos;
  });
  ChatTemplate out(jinja::Template(source), fallback, vocabulary);
  out.origin_ = std::move(origin);
  return out;
}

ChatTemplate ChatTemplate::built_in(std::string_view name, const TemplateVocabulary& vocabulary) {
  if (const ChatFormat* format = find_chat_format(name))
    return ChatTemplate(std::nullopt, *format, vocabulary);
  std::string known;
  for (const ChatFormat& format : chat_formats())
    known += (known.empty() ? "" : ", ") + std::string(format.name);
  throw Error(ErrorCode::E603, "chat template '" + printable(name) +
                                   "': no built-in format of this name; use one of " + known +
                                   ", or a template file");
}

std::vector<Segment> ChatTemplate::by_template(const ChatRequest& request) const {
  static constexpr std::array<std::string_view, 4> kTrusted = {"bos_token", "eos_token", "pad_token",
                                                               "unk_token"};
  Json variables = {{"messages", messages_json(request)},
                    {"tools", tools_json(request)},
                    {"documents", nullptr},
                    {"add_generation_prompt", request.add_generation_prompt},
                    {"bos_token", bos_},
                    {"eos_token", eos_}};
  if (request.thinking) {
    // Families disagree about the name; a template that knows the first one does not mean the switch by the
    // second.
    const bool usual = template_->mentions("enable_thinking");
    variables[usual || !template_->mentions("thinking") ? "enable_thinking" : "thinking"] = *request.thinking;
  }
  const Json kwargs = kwargs_json(request);
  for (const auto& [name, value] : kwargs.items()) {
    if (name != "enable_thinking" || !request.thinking) variables[name] = value;
  }
  return template_->render(variables, kTrusted, request.now ? *request.now : local_time());
}

ChatTemplate::Rendered ChatTemplate::render(const ChatRequest& request) const {
  Rendered out;
  const ReplyTags* tags = tags_;
  if (!template_) {
    out.segments = by_format(*format_, request);
  } else {
    try {
      out.segments = by_template(request);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::E402 || !request.raw_messages.empty()) throw;
      out.segments = by_format(*format_, request);
      tags = &reply_tags(format_->tags);
      out.notice =
          std::string(error.what()) + "; this prompt is in the built-in format " + std::string(format_->name);
    }
  }
  out.start = initial_state(out.segments, *tags);
  const bool offers = !request.tools.empty() && tags->calls != CallStyle::none;
  out.reply = {.tags = tags, .tags_in_text = tags_in_text_, .offer_tools = offers, .tools = request.tools};
  return out;
}

ChatTemplate choose_template(const TemplateChoice& choice) {
  const TemplateVocabulary& vocabulary = choice.vocabulary;
  if (!choice.wanted.empty()) {
    ChatTemplate out = is_template(choice.wanted)
                           ? ChatTemplate::from_source(choice.wanted, vocabulary, "profile")
                           : ChatTemplate::built_in(choice.wanted, vocabulary);
    out.reason_ = "the profile asks for this chat format";
    return out;
  }
  std::string reason = "the file has no chat template";
  if (choice.file_template && !choice.file_template->empty()) {
    try {
      return ChatTemplate::from_source(*choice.file_template, vocabulary, "file");
    } catch (const Error& error) {
      reason = "the file's chat template cannot be used (" + std::string(error.what()) + ")";
    }
  }
  const ChatFormat& format = fitting_chat_format(
      [&](std::string_view marker) { return vocabulary.has_token && vocabulary.has_token(marker); });
  ChatTemplate out(std::nullopt, format, vocabulary);
  const bool fits = !format.markers[0].empty();
  out.reason_ =
      reason + "; " +
      (fits ? "its special tokens fit" : "its special tokens fit no known format, so prompts are in") +
      " the built-in format " + std::string(format.name);
  return out;
}

ChatTemplate choose_template(const GgufFile& file, const Tokenizer& tokenizer, std::string_view wanted) {
  const auto text = [&](std::optional<TokenId> id) {
    return id ? std::string(tokenizer.piece(*id, true)) : std::string();
  };
  TemplateChoice choice{
      .wanted = wanted, .file_template = file.get_string("tokenizer.chat_template"), .vocabulary = {}};
  choice.vocabulary.bos = text(tokenizer.bos());
  choice.vocabulary.eos = text(tokenizer.eos());
  choice.vocabulary.has_token = [&tokenizer](std::string_view token) {
    return tokenizer.find(token).has_value();
  };
  return choose_template(choice);
}

std::string render_source(std::string_view source, const ChatRequest& request) {
  ChatRequest raw = request;
  if (raw.raw_messages.empty())
    raw.raw_messages = messages_json(request).dump(-1, ' ', false, Json::error_handler_t::replace);
  return joined(ChatTemplate::from_source(source, {}, "template").render(raw).segments);
}

}  // namespace glim
