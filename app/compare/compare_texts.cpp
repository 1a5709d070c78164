#include "app/compare/compare_texts.h"

#include <algorithm>
#include <functional>
#include <limits>

#include "app/compare/anchors.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "ui/numbers.h"

namespace glim::app {
namespace {

enum Kind { question = 1, reply = 2, line = 3, grafted_line = 4, grafted = 5 };
constexpr std::uint64_t kKindMask = 0xf;
constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

ui::Message message(std::uint64_t id, ui::Role role) {
  ui::Message out;
  out.id = id;
  out.role = role;
  return out;
}

bool running(const CompareAnswer& answer) {
  return answer.state == AnswerState::running;
}

std::size_t thinking_tokens(const CompareAnswer& answer) {
  return static_cast<std::size_t>(std::count_if(answer.tokens.begin(), answer.tokens.end(),
                                                [](const AnswerToken& token) { return token.thinking; }));
}

std::string stop_line(const CompareAnswer& answer, bool blind, const ui::GlyphSet& g) {
  if (answer.state != AnswerState::done && answer.state != AnswerState::stopped) return {};
  const std::string sign(answer.state == AnswerState::done ? g.idle : g.stopped);
  if (blind) return sign;
  const std::string dot = " " + std::string(g.dot) + " ";
  std::string out =
      sign + " " + (answer.finish ? finish_name(*answer.finish) : answer_state_name(answer.state));
  out += dot + ui::tokens_short(static_cast<std::int64_t>(answer.tokens.size())) + " tok";
  const double seconds = answer.stats.prefill_device_seconds + answer.stats.decode_device_seconds;
  if (seconds > 0) out += dot + ui::duration_in_words(seconds);
  if (answer.expected)
    out += dot + "expected " + std::string(*answer.expected ? g.check : g.failed) +
           (answer.expected_why.empty() ? "" : " " + ui::sanitize_line(answer.expected_why));
  return out;
}

std::string graft_line(const Graft& graft, const std::optional<FirstSplit>& split) {
  std::string out = strf("grafted at tok %d", graft.index + 1);
  if (split && split->reference) out += ": \"" + ui::sanitize_line(split->reference->text) + "\"";
  if (graft.error) return out + ", " + ui::sanitize_line(graft.error->message);
  if (!graft.finish) return out;
  if (graft.rejoined) return out + ", then it is the reference's answer";
  return graft.next_split >= 0 ? out + strf(", leaves again at tok %d", graft.next_split + 1) : out;
}

std::string error_line(const CompareError& error) {
  std::string out = strf("GLIM-%s: ", error_name(error.code)) + ui::sanitize(error.message);
  if (!error.help.empty()) out += "\nhelp: " + ui::sanitize(error.help);
  return out;
}

/// A part of the text has come since, not only a token.
bool has_grown(std::size_t now, std::size_t before) {
  return now < before || now - before > 12 + before / 50;
}

}  // namespace

std::string pane_activity(const ComparePane& pane) {
  if (pane.state == PaneState::waiting) return pane.resident ? "" : "waits for its turn to load";
  if (pane.state == PaneState::preparing && pane.progress.what.empty()) return "reading the file";
  if (pane.state != PaneState::preparing && pane.state != PaneState::loading) return {};
  std::string out = pane.state == PaneState::loading ? "loading " : "";
  out += ui::sanitize_line(pane.progress.what);
  if (pane.progress.total > 0)
    out +=
        " " + ui::percent(static_cast<double>(pane.progress.done) / static_cast<double>(pane.progress.total));
  return out;
}

CompareTexts::CompareTexts(const ui::GlyphSet& glyphs)
    : glyphs_(&glyphs), options_{.ascii_only = !glyphs.unicode} {}

std::uint64_t CompareTexts::id(int kind, std::uint64_t generation, const CompareViewState& state) const {
  const auto prompt = static_cast<std::uint64_t>(prompt_ + 1);
  return (prompt << 32) | ((generation & 0xffffff) << 8) | (state.blind ? 0x80u : 0u) |
         static_cast<std::uint64_t>(kind);
}

void CompareTexts::update(const Comparison& comparison, const CompareViewState& state) {
  if (comparison.position != prompt_ || comparison.panes.size() != panes_.size()) {
    prompt_ = comparison.position;
    panes_.assign(comparison.panes.size(), Pane(options_));
  }
  const bool has_prompt = prompt_ >= 0 && static_cast<std::size_t>(prompt_) < comparison.prompts.size();
  if (has_prompt) {
    const ComparePrompt& prompt = comparison.prompts[static_cast<std::size_t>(prompt_)];
    for (std::size_t i = 0; i < panes_.size(); ++i) {
      const CompareAnswer& answer = prompt.answers[i];
      const bool over = answer.state != AnswerState::waiting && !running(answer);
      panes_[i].answer.update({answer.tokens, answer.text, answer.thinking, over});
      if (answer.graft)
        panes_[i].graft.update({answer.graft->tokens, answer.graft->text, answer.graft->thinking,
                                answer.graft->finish.has_value()});
    }
  }
  for (std::size_t i = 0; i < panes_.size(); ++i) {
    Pane& pane = panes_[i];
    pane.messages.clear();
    if (has_prompt) {
      const ComparePrompt& prompt = comparison.prompts[static_cast<std::size_t>(prompt_)];
      add_messages(pane,
                   {comparison, state, prompt, i, static_cast<std::size_t>(comparison.settings.reference)});
      continue;
    }
    const ComparePane& from = comparison.panes[i];
    if (from.error && !state.blind) {
      add_line(pane, ui::Role::error, error_line(*from.error), state);
    } else if (const std::string words = pane_activity(from); !words.empty()) {
      add_line(pane, ui::Role::notice, words, state);
    }
  }
}

/// Lines change their text, so each text is a message of its own.
void CompareTexts::add_line(Pane& pane, ui::Role role, std::string text, const CompareViewState& state) {
  ui::Message out = message(id(line, std::hash<std::string>()(text), state), role);
  out.text = std::move(text);
  pane.messages.push_back(std::move(out));
}

void CompareTexts::add_messages(Pane& pane, const At& at) {
  ui::Message asked = message(id(question, 0, at.state), ui::Role::user);
  asked.name = "you";
  asked.text = ui::sanitize(at.prompt.text, options_);
  asked.folded = true;
  if (at.answer().prompt_tokens > 0 && !at.state.blind)
    asked.detail = ui::tokens_short(at.answer().prompt_tokens) + " tok";
  pane.messages.push_back(std::move(asked));
  update_marks(pane, at);
  add_answer(pane, at);
  if (at.state.blind) return;
  add_graft(pane, at);
  const ComparePane& from = at.comparison.panes[at.index];
  if (at.answer().error) {
    add_line(pane, ui::Role::error, error_line(*at.answer().error), at.state);
  } else if (at.answer().state == AnswerState::waiting) {
    const std::string words = pane_activity(from);
    add_line(pane, ui::Role::notice, words.empty() ? "waits for its turn" : words, at.state);
  }
}

void CompareTexts::add_answer(Pane& pane, const At& at) {
  const CompareAnswer& answer = at.answer();
  if (answer.state == AnswerState::waiting) return;
  const bool blind = at.state.blind.has_value();
  if (blind && answer.state == AnswerState::failed)
    return add_line(pane, ui::Role::notice, "no answer", at.state);
  if (answer.state == AnswerState::failed && answer.tokens.empty()) return;
  ui::Message out = message(id(reply, pane.answer.generation(), at.state), ui::Role::assistant);
  out.text = pane.answer.text();
  out.streaming = running(answer);
  out.marks = pane.marks;
  out.timing = stop_line(answer, blind, *glyphs_);
  if (!blind) {
    out.thinking = pane.answer.thinking();
    out.thinking_now = answer.thinking_now && running(answer);
    out.thinking_shown = at.state.thoughts;
    out.thinking_tokens = static_cast<std::int64_t>(thinking_tokens(answer));
  }
  if (running(answer) && answer.tokens.empty() && answer.prompt_done > 0 &&
      answer.prompt_done < answer.prompt_tokens)
    out.timing =
        "reading the prompt: " + ui::percent(static_cast<double>(answer.prompt_done) / answer.prompt_tokens);
  pane.messages.push_back(std::move(out));
}

void CompareTexts::add_graft(Pane& pane, const At& at) {
  const auto& graft = at.answer().graft;
  if (!graft) return;
  ui::Message head =
      message(id(grafted_line, std::hash<std::string>()(graft_line(*graft, at.answer().split)), at.state),
              graft->error ? ui::Role::error : ui::Role::notice);
  head.text = graft_line(*graft, at.answer().split);
  pane.messages.push_back(std::move(head));
  ui::Message out = message(id(grafted, pane.graft.generation(), at.state), ui::Role::assistant);
  out.text = pane.graft.text();
  out.streaming = !graft->finish && !graft->error;
  out.thinking = pane.graft.thinking();
  out.thinking_shown = at.state.thoughts;
  pane.messages.push_back(std::move(out));
}

/// In the reference's pane the heat is that of the focused one, or of the one that is farthest off.
CompareTexts::MarkKey CompareTexts::key_of(const At& at) const {
  MarkKey key;
  key.blind = at.state.blind.has_value();
  if (key.blind) return key;
  key.diff = at.index == at.reference ? DiffMode::off : at.state.diff;
  key.running = running(at.answer()) || running(at.prompt.answers[at.reference]);
  key.highlighted = at.index == at.state.focused && at.state.change ? *at.state.change : kNone;
  if (at.answer().split) key.split = at.answer().split->index;
  key.heat = at.state.heat;
  key.heat_of = kNone;
  if (!key.heat) return key;
  const auto drift_of = [&](std::size_t pane) -> const PaneDrift* {
    const auto& drift = at.prompt.answers[pane].drift;
    return drift ? &*drift : nullptr;
  };
  if (at.index != at.reference) {
    key.heat_of = at.index;
  } else if (at.state.focused != at.reference) {
    key.heat_of = at.state.focused;
  } else {
    double most = -1;
    for (std::size_t i = 0; i < at.prompt.answers.size(); ++i)
      if (const PaneDrift* drift = drift_of(i); drift != nullptr && drift->summary.mean_kld > most)
        most = drift->summary.mean_kld, key.heat_of = i;
  }
  if (key.heat_of < at.prompt.answers.size() && drift_of(key.heat_of) != nullptr)
    key.heat_rows = drift_of(key.heat_of)->rows.size();
  return key;
}

void CompareTexts::update_marks(Pane& pane, const At& at) {
  const MarkKey key = key_of(at);
  const ShownAnswer& reference = panes_[at.reference].answer;
  const bool grown = has_grown(pane.answer.text().size(), pane.marked_size) ||
                     has_grown(reference.text().size(), pane.marked_reference_size);
  if (pane.marked && key == pane.key && !grown) return;
  pane.marked = true;
  pane.key = key;
  pane.marked_size = pane.answer.text().size();
  pane.marked_reference_size = reference.text().size();
  pane.changes.clear();
  ui::TextMarks marks;
  if (!key.blind && at.index != at.reference) {
    const AnswerPair pair = {at.prompt.answers[at.reference], reference, at.answer(), pane.answer};
    // Without marks the differences can be jumped to all the same.
    pane.changes = text_changes(pair, key.diff == DiffMode::off ? DiffMode::words : key.diff);
    MarkOptions options = {.notes = key.diff != DiffMode::off, .highlighted = {}, .glyphs = glyphs_};
    if (key.highlighted != kNone) options.highlighted = key.highlighted;
    if (key.diff != DiffMode::off) marks = change_marks(pair, pane.changes, options);
  }
  if (key.heat && key.heat_rows > 0) {
    // What a pane wrote itself has these contexts up to and with the token where it left the reference.
    const bool own = at.index != at.reference && key.split >= 0;
    add_heat(marks, pane.answer, at.prompt.answers[key.heat_of].drift->rows,
             own ? static_cast<std::size_t>(key.split) + 1 : kNone);
  }
  pane.marks = marks.empty() ? nullptr : std::make_shared<const ui::TextMarks>(std::move(marks));
}

std::span<const ui::Message> CompareTexts::messages(std::size_t pane) const {
  return panes_[pane].messages;
}

const std::vector<TextChange>& CompareTexts::changes(std::size_t pane) const {
  return panes_[pane].changes;
}

const ShownAnswer& CompareTexts::answer(std::size_t pane) const {
  return panes_[pane].answer;
}

ui::Place CompareTexts::place_of(std::size_t pane, std::size_t offset) const {
  constexpr int kTextPart = 3;
  for (const ui::Message& one : panes_[pane].messages)
    if ((one.id & kKindMask) == reply) return {one.id, kTextPart, offset, 0};
  return {};
}

ui::Place CompareTexts::matching_place(std::size_t from, const ui::Place& place, std::size_t to) const {
  ui::Place out = place;
  out.message = 0;
  for (const ui::Message& one : panes_[to].messages)
    if ((one.id & kKindMask) == (place.message & kKindMask)) out.message = one.id;
  const bool in_text = (place.message & kKindMask) == reply && place.part == 3;
  if (!in_text) return out;
  const std::string &here = panes_[from].answer.text(), &there = panes_[to].answer.text();
  out.offset = app::matching_place(text_anchors(here), place.offset, text_anchors(there));
  out.nth = 0;
  return out;
}

}  // namespace glim::app
