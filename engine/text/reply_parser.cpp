#include "engine/text/reply_parser.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "engine/base/error.h"
#include "engine/text/reply_call.h"

namespace glim {

namespace {

using Match = TagText::Match;

constexpr std::array kReplyTags = {
    ReplyTags{"glm", "<think>", "</think>", "<tool_call>", "</tool_call>", CallStyle::pairs},
    ReplyTags{"hermes", "<think>", "</think>", "<tool_call>", "</tool_call>", CallStyle::json},
    ReplyTags{"think", "<think>", "</think>", "", "", CallStyle::none},
    ReplyTags{"none", "", "", "", "", CallStyle::none},
};

constexpr std::string_view kSpace = " \t\n\v\f\r";

}  // namespace

const ReplyTags& reply_tags(std::string_view name) {
  const auto row =
      std::find_if(kReplyTags.begin(), kReplyTags.end(), [&](const auto& tags) { return tags.name == name; });
  GLIM_ASSERT(row != kReplyTags.end());
  return *row;
}

const ReplyTags& reply_tags_of_template(std::string_view source) {
  struct Row {
    std::string_view evidence, tags;
  };
  static constexpr std::array kRows = {Row{"<arg_key>", "glm"}, Row{"<function=", "think"},
                                       Row{"<tool_call>", "hermes"}, Row{"</think>", "think"}};
  for (const Row& row : kRows) {
    if (source.find(row.evidence) != std::string_view::npos) return reply_tags(row.tags);
  }
  return reply_tags("none");
}

bool is_reply_tag(std::string_view text) {
  const auto of_row = [text](const ReplyTags& row) {
    return text == row.think_open || text == row.think_close || text == row.call_open ||
           text == row.call_close;
  };
  return !text.empty() && (std::any_of(kReplyTags.begin(), kReplyTags.end(), of_row) ||
                           std::find(kPairTags.begin(), kPairTags.end(), text) != kPairTags.end());
}

ReplyState initial_state(const std::vector<Segment>& prompt, const ReplyTags& tags) {
  if (tags.think_open.empty()) return ReplyState::content;
  std::string written;  // what the template wrote; the user's words open and close nothing
  for (const Segment& segment : prompt) {
    if (!segment.from_user) written += segment.text;
  }
  const std::size_t open = written.rfind(tags.think_open);
  if (open == std::string::npos) return ReplyState::content;
  // A mention in instructions is followed by the tag of the next turn.
  const bool over = written.find(tags.think_close, open) != std::string::npos ||
                    written.find("<|", open) != std::string::npos;
  return over ? ReplyState::content : ReplyState::thinking;
}

class ReplyParser::Machine {
 public:
  Machine(ReplyState start, ReplyOptions options)
      : options_(std::move(options)),
        schemas_(options_.tools),
        text_(options_.tags_in_text),
        state_(start),
        thinks_(start == ReplyState::thinking) {}

  std::vector<ReplyDelta> push(std::string_view text, bool special) {
    text_.append(text, special);
    run();
    return std::exchange(deltas_, {});
  }
  std::vector<ReplyDelta> finish() {
    text_.end();
    run();
    reply_.ended_while_thinking = state_ == ReplyState::thinking;
    return std::exchange(deltas_, {});
  }
  ReplyState state() const { return state_; }
  const Reply& reply() const { return reply_; }

 private:
  enum class Tag { think_open, think_close, call_open };
  enum class Step { again, wait };

  void run() {
    while (position_ < text_.size() &&
           (state_ == ReplyState::call ? read_call() : read_text()) == Step::again) {
    }
    if (state_ == ReplyState::call && text_.ended()) read_call();
  }
  Step read_text();
  Step read_call();
  void take(Tag tag);
  void begin_thinking();
  void add(std::string_view text);
  void give(bool thinking, std::string_view text);
  bool counts(Tag tag) const;
  std::string_view spelling(Tag tag) const;
  bool leads() const { return reply_.content.empty() && reply_.tool_calls.empty(); }

  ReplyOptions options_;
  ToolSchemas schemas_;
  TagText text_;
  std::size_t position_ = 0;  // what is before it has been dealt with
  ReplyState state_;
  bool thinks_;             // the prompt opened the thinking, so that stray tags are the model's slips
  bool lead_used_ = false;  // a tag at the start of a reply that did not begin in thinking was seen
  bool fresh_ = true;       // nothing but whitespace has come in this stretch of thinking
  std::string held_content_, held_thinking_;  // whitespace that is given out when something follows it
  std::unique_ptr<CallReader> reader_;
  Reply reply_;
  std::vector<ReplyDelta> deltas_;
};

std::string_view ReplyParser::Machine::spelling(Tag tag) const {
  if (tag == Tag::think_open) return options_.tags->think_open;
  return tag == Tag::think_close ? options_.tags->think_close : options_.tags->call_open;
}

// Whether the tag means something in the present state; otherwise it is ordinary text.
bool ReplyParser::Machine::counts(Tag tag) const {
  if (spelling(tag).empty()) return false;
  if (tag == Tag::call_open) return options_.offer_tools;
  if (state_ == ReplyState::thinking) return tag == Tag::think_close || (fresh_ && reply_.thinking.empty());
  return thinks_ || (leads() && !lead_used_);
}

ReplyParser::Machine::Step ReplyParser::Machine::read_text() {
  const std::size_t next = text_.candidate(position_);
  add(text_.view(position_, next));
  position_ = next;
  if (next >= text_.size()) return Step::wait;
  for (Tag tag : {Tag::think_open, Tag::think_close, Tag::call_open}) {
    if (!counts(tag)) continue;
    const Match match = text_.match(next, spelling(tag));
    if (match == Match::more) return Step::wait;
    if (match == Match::no) continue;
    position_ += spelling(tag).size();
    take(tag);
    return Step::again;
  }
  add(text_.view(next, next + 1));
  ++position_;
  return Step::again;
}

void ReplyParser::Machine::take(Tag tag) {
  if (tag == Tag::call_open) {
    state_ = ReplyState::call;
    reader_ = make_call_reader(*options_.tags, schemas_, position_);
  } else if (state_ == ReplyState::thinking) {
    if (tag == Tag::think_close) state_ = ReplyState::content;
  } else {
    lead_used_ = true;
    if (tag == Tag::think_open) begin_thinking();
  }
}

void ReplyParser::Machine::begin_thinking() {
  state_ = ReplyState::thinking;
  fresh_ = true;
  held_thinking_.clear();
}

ReplyParser::Machine::Step ReplyParser::Machine::read_call() {
  const CallReader::Result result = reader_->read(text_);
  if (result == CallReader::Result::more) return Step::wait;
  const std::size_t open = options_.tags->call_open.size(), from = position_;
  position_ = reader_->end();
  state_ = ReplyState::content;
  if (result == CallReader::Result::invalid) {
    add(text_.view(from - open, position_));
  } else {
    ToolCall call = reader_->call();
    call.id = "call_" + std::to_string(reply_.tool_calls.size() + 1);
    reply_.tool_calls.push_back(call);
    deltas_.push_back({false, {}, std::move(call)});
  }
  reader_.reset();
  return Step::again;
}

void ReplyParser::Machine::add(std::string_view text) {
  const std::size_t last = text.find_last_not_of(kSpace);
  const bool thinking = state_ == ReplyState::thinking;
  const bool nothing_yet = thinking ? fresh_ : reply_.content.empty();
  std::string& held = thinking ? held_thinking_ : held_content_;
  if (last == std::string_view::npos) {
    if (!nothing_yet) held += text;
    return;
  }
  std::string_view body = text.substr(0, last + 1);
  if (nothing_yet) {
    body.remove_prefix(body.find_first_not_of(kSpace));
    if (thinking && !reply_.thinking.empty()) give(true, "\n");
  } else {
    give(thinking, held);
  }
  if (thinking) fresh_ = false;
  held = text.substr(last + 1);
  give(thinking, body);
}

void ReplyParser::Machine::give(bool thinking, std::string_view text) {
  if (text.empty()) return;
  (thinking ? reply_.thinking : reply_.content) += text;
  if (deltas_.empty() || deltas_.back().call || deltas_.back().thinking != thinking)
    deltas_.push_back({thinking, {}});
  deltas_.back().text += text;
}

ReplyParser::ReplyParser(ReplyState start, ReplyOptions options)
    : machine_(std::make_unique<Machine>(start, std::move(options))) {}
ReplyParser::ReplyParser(ReplyParser&&) noexcept = default;
ReplyParser& ReplyParser::operator=(ReplyParser&&) noexcept = default;
ReplyParser::~ReplyParser() = default;

std::vector<ReplyDelta> ReplyParser::push(std::string_view text, bool special) {
  return machine_->push(text, special);
}
std::vector<ReplyDelta> ReplyParser::finish() {
  return machine_->finish();
}
ReplyState ReplyParser::state() const {
  return machine_->state();
}
const Reply& ReplyParser::reply() const {
  return machine_->reply();
}

}  // namespace glim
