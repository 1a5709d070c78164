#include "app/commands.h"

#include <algorithm>
#include <array>

#include "app/profile_fields.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

using Result = CommandResult;

CommandResult help(Chat& chat, const std::string& argument) {
  if (argument.empty()) return Result::show_help;
  const Command& command = command_named(argument);
  std::string text = "/" + std::string(command.name) + " " + std::string(command.arguments) + "\n" +
                     std::string(command.help);
  if (!command.aliases.empty()) text += "\nalso: " + std::string(command.aliases);
  chat.notice(text);
  return Result::done;
}

CommandResult profile(Chat& chat, const std::string& argument) {
  if (argument.empty()) return Result::pick_profile;
  chat.use_profile(argument);
  return Result::done;
}

CommandResult show_value(Chat& chat, std::string_view key) {
  const ProfileField& field = field_named(key);
  std::string text =
      std::string(field.key) + " = " + value_text(field_value(chat.session().profile(), field));
  if (field.type == FieldType::context && chat.slot().engine() != nullptr)
    text += strf(" (%d tokens are in force)", chat.slot().engine()->stats().ctx);
  chat.notice(text);
  return Result::done;
}

CommandResult set(Chat& chat, const std::string& argument) {
  if (argument.empty()) throw Error(ErrorCode::E501, "/set: no key is given; write /set KEY=VALUE");
  const std::size_t equals = argument.find('=');
  if (equals == argument.npos) return show_value(chat, argument);
  const std::size_t end = argument.find_last_not_of(' ', equals == 0 ? 0 : equals - 1) + 1;
  const std::size_t value = argument.find_first_not_of(' ', equals + 1);
  chat.set_value(argument.substr(0, std::min(end, equals)),
                 value == argument.npos ? "" : argument.substr(value));
  return Result::done;
}

/// Shorthand of /set for one key.
template <const char* const& Key>
CommandResult set_key(Chat& chat, const std::string& argument) {
  if (argument.empty()) return show_value(chat, Key);
  chat.set_value(Key, argument);
  return Result::done;
}

constexpr const char* kContextKey = "context.ctx";
constexpr const char* kKvKey = "kv.type_k";
constexpr const char* kThinkKey = "chat.think";

CommandResult system(Chat& chat, const std::string& argument) {
  if (!argument.empty()) {
    chat.set_system(argument == "none" ? "" : argument);
  } else {
    const std::string& text = chat.session().system();
    chat.notice(text.empty() ? "no system prompt; /system TEXT sets one" : "system prompt: " + text);
  }
  return Result::done;
}

CommandResult clear(Chat& chat, const std::string&) {
  chat.clear();
  return Result::done;
}

CommandResult retry(Chat& chat, const std::string&) {
  chat.retry();
  return Result::done;
}

CommandResult undo(Chat& chat, const std::string&) {
  chat.undo();
  return Result::done;
}

CommandResult stats(Chat& chat, const std::string&) {
  chat.notice(chat.stats_text());
  return Result::done;
}

CommandResult quit(Chat&, const std::string&) {
  return Result::quit;
}

constexpr std::array kCommands = {
    Command{"help", "", "[COMMAND]", "what there is, or how one command is used", ArgumentKind::command,
            help},
    Command{"profile", "", "[NAME]", "load another profile; the conversation stays", ArgumentKind::profile,
            profile},
    Command{"ctx", "", "[N]", "context length: a number, 64k or max", ArgumentKind::text,
            set_key<kContextKey>},
    Command{"kv", "", "[TYPE]", "type of the KV cache, such as f16 or q8_0", ArgumentKind::kv_type,
            set_key<kKvKey>},
    Command{"system", "", "[TEXT]", "show or set the system prompt; none removes it", ArgumentKind::text,
            system},
    Command{"think", "", "[on|off|auto]", "whether the model thinks before it answers", ArgumentKind::think,
            set_key<kThinkKey>},
    Command{"clear", "new", "", "forget the conversation", ArgumentKind::none, clear},
    Command{"retry", "regen", "", "write the last answer again", ArgumentKind::none, retry},
    Command{"undo", "", "", "take the last question and its answer back", ArgumentKind::none, undo},
    Command{"stats", "", "", "speed, memory and context in numbers", ArgumentKind::none, stats},
    Command{"set", "", "KEY[=VALUE]", "show or change a value of the profile for this session",
            ArgumentKind::setting, set},
    Command{"quit", "exit bye q", "", "leave", ArgumentKind::none, quit},
};

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t blank = std::min(text.find(' '), text.size());
    if (blank > 0) words.emplace_back(text.substr(0, blank));
    text.remove_prefix(std::min(blank + 1, text.size()));
  }
  return words;
}

std::vector<std::string> names_of(const Command& command) {
  std::vector<std::string> names = words_of(command.aliases);
  names.insert(names.begin(), std::string(command.name));
  return names;
}

Error unknown_command(std::string_view word) {
  std::vector<std::pair<std::size_t, std::string>> near;
  for (const Command& command : kCommands)
    for (const std::string& name : names_of(command)) near.emplace_back(edit_distance(word, name), name);
  std::stable_sort(near.begin(), near.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string list;
  for (std::size_t i = 0; i < 3; ++i) list += (i == 0 ? "/" : ", /") + near[i].second;
  return Error(ErrorCode::E501, "unknown command /" + printable(word, 40),
               "nearest: " + list + "; /help lists all");
}

using Completions = std::vector<std::pair<std::string, std::string>>;

void add_matching(Completions& out, std::string_view word, std::string text, std::string description) {
  if (std::string_view(text).substr(0, word.size()) == word)
    out.emplace_back(std::move(text), std::move(description));
}

Completions argument_completions(const Chat& chat, ArgumentKind kind, std::string_view word) {
  Completions out;
  switch (kind) {
    case ArgumentKind::none:
    case ArgumentKind::text:
      break;
    case ArgumentKind::command:
      for (const Command& command : kCommands)
        add_matching(out, word, std::string(command.name), std::string(command.help));
      break;
    case ArgumentKind::profile:
      for (const ProfileEntry& entry : chat.profiles().entries()) {
        if (entry.settings.count("abstract") != 0 && entry.settings.at("abstract").value == Json(true))
          continue;
        const auto it = entry.settings.find("description");
        add_matching(out, word, entry.name, it == entry.settings.end() ? "" : value_text(it->second.value));
      }
      break;
    case ArgumentKind::kv_type:
      for (const std::string& type : words_of(field_named(kKvKey).choices)) add_matching(out, word, type, "");
      break;
    case ArgumentKind::think:
      for (const std::string& mode : words_of(field_named(kThinkKey).choices))
        add_matching(out, word, mode, "");
      break;
    case ArgumentKind::setting:
      for (const ProfileField& field : profile_fields())
        if (field.reload != Reload::none)
          add_matching(out, word, std::string(field.key) + "=", std::string(field.help));
      break;
  }
  return out;
}

}  // namespace

std::span<const Command> commands() {
  return kCommands;
}

const Command& command_named(std::string_view word) {
  for (const Command& command : kCommands)
    for (const std::string& name : names_of(command))
      if (name == word) return command;
  std::vector<const Command*> found;
  for (const Command& command : kCommands) {
    const std::vector<std::string> names = names_of(command);
    if (!word.empty() && std::any_of(names.begin(), names.end(), [&](const std::string& name) {
          return std::string_view(name).substr(0, word.size()) == word;
        }))
      found.push_back(&command);
  }
  if (found.empty()) throw unknown_command(word);
  if (found.size() == 1) return *found.front();
  std::string list;
  for (const Command* command : found) list += (list.empty() ? "/" : ", /") + std::string(command->name);
  throw Error(ErrorCode::E501, "/" + printable(word, 40) + " may be " + list + "; write more of it");
}

CommandResult run_command(Chat& chat, std::string_view line) {
  const std::size_t blank = std::min(line.find_first_of(" \n"), line.size());
  std::string_view argument = line.substr(blank);
  while (!argument.empty() && (argument.front() == ' ' || argument.front() == '\n'))
    argument.remove_prefix(1);
  while (!argument.empty() && (argument.back() == ' ' || argument.back() == '\n')) argument.remove_suffix(1);
  if (blank == 0) return Result::show_help;
  return command_named(line.substr(0, blank)).run(chat, std::string(argument));
}

Completions command_completions(const Chat& chat, std::string_view draft, std::size_t begin) {
  Completions out;
  if (draft.empty() || draft[0] != '/' || begin > draft.size()) return out;
  const std::string_view word = draft.substr(begin);
  if (begin == 0) {
    for (const Command& command : kCommands)
      add_matching(out, word, "/" + std::string(command.name), std::string(command.help));
    return out;
  }
  const std::string_view name =
      draft.substr(1, draft.find(' ') == draft.npos ? draft.npos : draft.find(' ') - 1);
  try {
    return argument_completions(chat, command_named(name).argument, word);
  } catch (const Error&) {
    return out;
  }
}

std::string commands_text() {
  std::string out;
  for (const Command& command : kCommands) {
    std::string left = "/" + std::string(command.name) + " " + std::string(command.arguments);
    left.resize(std::max<std::size_t>(left.size() + 1, 20), ' ');
    out += left + std::string(command.help) + "\n";
  }
  return out + "//TEXT              send a message that begins with a slash";
}

}  // namespace glim::app
