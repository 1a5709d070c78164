#include "app/compare/compare_keys.h"

#include <array>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

using ui::Key;
using Do = CompareAction;
using In = KeyPlace;

constexpr std::array kKeys = {
    CompareKey{"← →", Key::left, 0, "", In::blind, Do::vote_left, "blind vote of two: left or right"},
    CompareKey{"", Key::right, 0, "", In::blind, Do::vote_right, ""},
    CompareKey{"", Key::character, 0, "t", In::blind, Do::tie, ""},
    CompareKey{"", Key::character, 0, "x", In::blind, Do::all_bad, ""},
    CompareKey{"F1", Key::f1, 0, "", In::anywhere, Do::help, "keys and commands"},
    CompareKey{"F6", Key::f6, 0, "", In::anywhere, Do::back, "back to the chat"},
    CompareKey{"F10", Key::f10, 0, "", In::anywhere, Do::quit, "quit"},
    CompareKey{"Ctrl-C", Key::control, 0, "c", In::anywhere, Do::interrupt, "stop, clear the line, quit"},
    CompareKey{"Esc", Key::escape, 0, "", In::anywhere, Do::escape,
               "close what is open, stop, back to the input line, back to the chat"},
    CompareKey{"Ctrl-L", Key::control, 0, "l", In::anywhere, Do::redraw, "paint everything again"},
    CompareKey{"Ctrl-Z", Key::control, 0, "z", In::anywhere, Do::suspend, "suspend"},
    CompareKey{"PgUp", Key::page_up, 0, "", In::anywhere, Do::page_up, "scroll back"},
    CompareKey{"PgDn", Key::page_down, 0, "", In::anywhere, Do::page_down, "scroll forward"},
    CompareKey{"Wheel", Key::wheel_up, 0, "", In::anywhere, Do::row_up, "scroll the pane below the pointer"},
    CompareKey{"", Key::wheel_down, 0, "", In::anywhere, Do::row_down, ""},
    CompareKey{"", Key::up, ui::shift, "", In::anywhere, Do::row_up, ""},
    CompareKey{"", Key::down, ui::shift, "", In::anywhere, Do::row_down, ""},
    CompareKey{"Tab", Key::tab, 0, "", In::view, Do::next_pane, "next pane"},
    CompareKey{"", Key::tab, ui::shift, "", In::view, Do::previous_pane, ""},
    CompareKey{"", Key::right, 0, "", In::view, Do::next_pane, ""},
    CompareKey{"", Key::left, 0, "", In::view, Do::previous_pane, ""},
    CompareKey{"i Enter", Key::character, 0, "i", In::view, Do::write, "write a prompt for all panes"},
    CompareKey{"", Key::enter, 0, "", In::view, Do::write, ""},
    CompareKey{"j k", Key::character, 0, "j", In::view, Do::row_down, "one row forward, back"},
    CompareKey{"", Key::character, 0, "k", In::view, Do::row_up, ""},
    CompareKey{"", Key::down, 0, "", In::view, Do::row_down, ""},
    CompareKey{"", Key::up, 0, "", In::view, Do::row_up, ""},
    CompareKey{"Home End", Key::home, 0, "", In::view, Do::to_top, "beginning; end, and follow it"},
    CompareKey{"", Key::end, 0, "", In::view, Do::to_end, ""},
    CompareKey{"", Key::character, 0, "G", In::view, Do::to_end, ""},
    CompareKey{"s", Key::character, 0, "s", In::view, Do::sync, "panes scroll together, by sentences"},
    CompareKey{"d", Key::character, 0, "d", In::view, Do::diff,
               "differences: words, tokens, first split, off"},
    CompareKey{"h", Key::character, 0, "h", In::view, Do::heat, "tint tokens by their KL divergence"},
    CompareKey{"b", Key::character, 0, "b", In::view, Do::blind, "vote without names; again ends it"},
    CompareKey{"R", Key::character, 0, "R", In::view, Do::reveal, "end a blind vote and show the names"},
    CompareKey{"1-4", Key::character, 0, "1", In::view, Do::vote, "this pane's answer is the best"},
    CompareKey{"", Key::character, 0, "2", In::view, Do::vote, ""},
    CompareKey{"", Key::character, 0, "3", In::view, Do::vote, ""},
    CompareKey{"", Key::character, 0, "4", In::view, Do::vote, ""},
    CompareKey{"0", Key::character, 0, "0", In::view, Do::tie, "vote: all alike"},
    CompareKey{"9", Key::character, 0, "9", In::view, Do::all_bad, "vote: all bad"},
    CompareKey{"u", Key::character, 0, "u", In::view, Do::undo_vote, "take the last vote back"},
    CompareKey{"n N", Key::character, 0, "n", In::view, Do::next_change, "next, previous difference"},
    CompareKey{"", Key::character, 0, "N", In::view, Do::previous_change, ""},
    CompareKey{"g", Key::character, 0, "g", In::view, Do::graft,
               "make the pane say the reference's token at the first split and go on"},
    CompareKey{"p P", Key::character, 0, "p", In::view, Do::next_prompt, "next, previous prompt"},
    CompareKey{"", Key::character, 0, "P", In::view, Do::previous_prompt, ""},
    CompareKey{"r", Key::character, 0, "r", In::view, Do::report, "report: what each quant costs"},
    CompareKey{"e", Key::character, 0, "e", In::view, Do::export_report, "write the report to files"},
    CompareKey{"+", Key::character, 0, "+", In::view, Do::add_pane, "one more pane"},
    CompareKey{"-", Key::character, 0, "-", In::view, Do::drop_pane, "without the focused pane"},
    CompareKey{"z", Key::character, 0, "z", In::view, Do::zoom, "the focused pane alone"},
    CompareKey{"m", Key::character, 0, "m", In::view, Do::metrics, "drift, speed and cost below the text"},
    CompareKey{"Space", Key::character, 0, " ", In::view, Do::thoughts, "show or fold the thinking"},
};

constexpr std::array kCommands = {
    CompareCommand{"help", "", Do::help, "keys and commands"},
    CompareCommand{"add", "[MODEL]", std::nullopt, "one more pane: a model or a profile"},
    CompareCommand{"drop", "[N]", std::nullopt, "without pane N, or the focused one"},
    CompareCommand{"prompts", "FILE", std::nullopt, "ask every prompt of a set"},
    CompareCommand{"sync", "", Do::sync, "panes scroll together"},
    CompareCommand{"diffmode", "[off|word|token|splits]", std::nullopt, "how differences are marked"},
    CompareCommand{"heat", "", Do::heat, "tint tokens by their KL divergence"},
    CompareCommand{"blind", "", Do::blind, "vote without names"},
    CompareCommand{"vote", "N", std::nullopt, "1 to 4: the best answer, 0 a tie, 9 all bad"},
    CompareCommand{"graft", "[N]", std::nullopt, "go on with the reference's token in pane N"},
    CompareCommand{"report", "[FILE]", std::nullopt, "show the report, or write it: .md .csv .json .html"},
    CompareCommand{"quit", "", Do::quit, "leave"},
};

}  // namespace

std::span<const CompareKey> compare_keys() {
  return kKeys;
}

std::optional<CompareAction> compare_action(const ui::KeyEvent& key, const KeyContext& context) {
  for (const CompareKey& row : kKeys) {
    if (row.key != key.key || row.modifiers != key.modifiers) continue;
    if (!row.text.empty() && row.text != key.text) continue;
    if (row.place != KeyPlace::anywhere && context.typing) continue;
    if (row.place == KeyPlace::blind && !context.blind) continue;
    return row.action;
  }
  return std::nullopt;
}

std::span<const CompareCommand> compare_commands() {
  return kCommands;
}

const CompareCommand& compare_command_named(std::string_view word) {
  std::vector<const CompareCommand*> found;
  for (const CompareCommand& command : kCommands) {
    if (command.name == word) return command;
    if (!word.empty() && command.name.starts_with(word)) found.push_back(&command);
  }
  if (found.size() == 1) return *found.front();
  std::string list;
  if (found.empty())
    for (const CompareCommand& command : kCommands) found.push_back(&command);
  for (const CompareCommand* command : found)
    list += (list.empty() ? "/" : ", /") + std::string(command->name);
  throw Error(ErrorCode::E501, "unknown command /" + printable(word, 40), "there are " + list);
}

}  // namespace glim::app
