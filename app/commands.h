#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/chat.h"

namespace glim::app {

/// What the argument of a command may be, for completion.
enum class ArgumentKind : std::uint8_t { none, text, command, profile, kv_type, think, setting };

/// One row of the table of commands; /help, completion and the help screen are loops over it.
struct Command {
  std::string_view name;     ///< lower case, without the slash
  std::string_view aliases;  ///< with blanks between them
  std::string_view arguments;
  std::string_view help;
  ArgumentKind argument;
  CommandResult (*run)(Chat& chat, const std::string& argument);
};

std::span<const Command> commands();

/// The command that a word means: its name, an alias, or a beginning that no other command shares. Throws
/// E501 with the nearest names.
const Command& command_named(std::string_view word);

/// `line` without the slash. Errors of the command itself come through.
CommandResult run_command(Chat& chat, std::string_view line);

/// What can stand for the last word of `draft`, which begins at byte `begin`: (text, description).
std::vector<std::pair<std::string, std::string>> command_completions(const Chat& chat, std::string_view draft,
                                                                     std::size_t begin);

std::string commands_text();  ///< all commands, for /help

}  // namespace glim::app
