#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "engine/text/jinja_text.h"

namespace glim {

/// What a built-in format is given. `messages` and `tools` are arrays in OpenAI's form; a content may be a
/// string or a list of parts, of which the text is taken.
struct FormatRequest {
  const nlohmann::ordered_json& messages;
  const nlohmann::ordered_json& tools;
  bool think = true;
  bool keep_thinking = false;  ///< of earlier turns
  bool add_generation_prompt = true;
};

/// How turns are marked in the formats that do nothing more than that.
struct TurnMarks {
  std::string_view start;                 ///< of the whole prompt
  std::string_view open, named, end;      ///< around each turn: open, role, named, content, end
  std::array<std::string_view, 4> roles;  ///< names of system, user, assistant, tool
  std::string_view
      reply_gap;  ///< what stands between `named` and a reply is cut off: "Name: " ends in "Name:"
};

/// A chat format that glim writes itself, for models without a usable template.
struct ChatFormat {
  std::string_view name;
  std::array<std::string_view, 2>
      markers;            ///< tokens that show that a vocabulary was made for it; empty: fits all
  std::string_view tags;  ///< name of its reply tags
  bool thinks;            ///< knows the thinking switch
  TurnMarks marks;
  jinja::MarkedText (*render)(const ChatFormat& format, const FormatRequest& request);
};

/// "glm-4.7", "chatml", "llama-3" and "raw", which is the last and always fits.
const std::vector<ChatFormat>& chat_formats();
const ChatFormat* find_chat_format(std::string_view name);

/// The format whose markers all satisfy `has`.
template <typename Has>
const ChatFormat& fitting_chat_format(Has has) {
  for (const ChatFormat& format : chat_formats()) {
    bool fits = true;
    for (std::string_view marker : format.markers) fits = fits && (marker.empty() || has(marker));
    if (fits) return format;
  }
  return chat_formats().back();
}

}  // namespace glim
