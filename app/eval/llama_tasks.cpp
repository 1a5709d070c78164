#include <algorithm>
#include <array>
#include <optional>

#include "app/eval/seeded_choice.h"
#include "app/eval/task_items.h"
#include "engine/base/bytes.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

std::vector<std::string> lines_of(std::string_view bytes) {
  if (!bytes.empty() && bytes.back() == '\n') bytes.remove_suffix(1);
  std::vector<std::string> lines = split_words(bytes, '\n');
  for (std::string& line : lines)
    if (!line.empty() && line.back() == '\r') line.pop_back();
  return lines;
}

std::size_t limited(std::int32_t limit, std::size_t all, std::int32_t usual) {
  const std::int32_t wanted = limit < 0 ? usual : limit;
  return wanted == 0 ? all : std::min(all, static_cast<std::size_t>(wanted));
}

std::vector<TokenId> encode(const Tokenizer& tokenizer, const std::string& text) {
  return tokenizer.encode_prompt(text, Specials::user_defined);
}

/// Answers that begin with a common text: the mean of ln p of what follows it.
ChoiceItem mean_choices(std::vector<std::vector<TokenId>> sequences) {
  ChoiceItem out;
  out.sequences = std::move(sequences);
  for (std::size_t s = 0; s < out.sequences.size(); ++s) {
    // An answer that another one goes on from still needs a token of its own.
    const std::size_t end = out.sequences[s].size();
    const std::size_t begin = std::max<std::size_t>(std::min(common_prefix(out.sequences), end - 1), 1);
    out.choices.push_back({tail_queries(out.sequences, s, begin, end), static_cast<double>(end - begin)});
  }
  return out;
}

void check_lengths(const TaskSource& source, const TaskItem& item) {
  for (const std::vector<TokenId>& sequence : item.choices.sequences) {
    if (sequence.size() < 2) bad_questions(source.path, "question " + item.id + " is empty");
    if (std::ssize(sequence) > source.longest)
      throw Error(ErrorCode::E603, strf("%s: question %s has %zu tokens and the model takes %d; use a model "
                                        "with a longer context or take the question out",
                                        printable(source.path.string()).c_str(), item.id.c_str(),
                                        sequence.size(), source.longest));
  }
}

/// The two ways to fill a gap, and the tokens by which the peer compares them.
ChoiceItem fill_gap(const Tokenizer& tokenizer, const std::array<std::string, 2>& starts,
                    const std::string& rest) {
  ChoiceItem out;
  std::array<std::size_t, 2> start_tokens{};
  for (std::size_t i = 0; i < 2; ++i) {
    out.sequences.push_back(encode(tokenizer, starts[i] + rest));
    start_tokens[i] = encode(tokenizer, starts[i]).size();
  }
  const std::size_t common = common_prefix(out.sequences), first = out.sequences[0].size();
  constexpr std::size_t kEnough =
      3;  // tokens behind the common start, so that the choice itself can be left out
  const bool skips_choice = std::all_of(out.sequences.begin(), out.sequences.end(),
                                        [&](const auto& s) { return s.size() - common > kEnough; });
  for (std::size_t i = 0; i < 2; ++i) {
    const std::size_t size = out.sequences[i].size();
    const std::size_t begin =
        std::max<std::size_t>(std::min(skips_choice ? start_tokens[i] : common, size - 1), 1);
    const std::size_t end = size - begin > 1 ? size - 1 : size;
    Choice choice{tail_queries(out.sequences, i, begin, end), static_cast<double>(end - begin)};
    // The peer keeps the logits of both sequences in one row, the common start once, and counts back from the
    // end of the first: before its own tokens, the second is scored by logits of the first.
    if (i == 1) {
      for (TokenQuery& query : choice.queries) {
        const std::size_t at = static_cast<std::size_t>(query.position) + first - common;
        if (at < first) query = {0, static_cast<std::int32_t>(at), query.token};
      }
    }
    out.choices.push_back(std::move(choice));
  }
  return out;
}

/// Five fields with commas between them, none of which counts inside quotes. Quotes around the sentence are
/// taken off; those in it stay doubled, as the peer has them. Empty for another number of fields.
std::vector<std::string> gap_fields(std::string_view line) {
  constexpr std::size_t kFields = 5;
  std::vector<std::string> out(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    if (c == ',' && !quoted && out.size() < kFields) {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  if (out.size() < kFields) return {};
  std::string& sentence = out[1];
  if (sentence.size() > 1 && sentence.front() == '"') sentence = sentence.substr(1, sentence.size() - 2);
  return out;
}

/// A record that the peer can use: index, sentence with a gap, two choices, 1 or 2.
std::optional<TaskItem> gap_item(std::string_view line, const Tokenizer& tokenizer) {
  const std::vector<std::string> fields = gap_fields(line);
  if (fields.empty()) return std::nullopt;
  const std::string& sentence = fields[1];
  const std::size_t gap = sentence.find('_');
  if (gap == sentence.npos || (fields[4] != "1" && fields[4] != "2")) return std::nullopt;
  TaskItem item;
  item.id = printable(fields[0]);
  const std::string before = sentence.substr(0, gap);
  item.choices = fill_gap(tokenizer, {before + fields[2], before + fields[3]}, sentence.substr(gap + 1));
  item.right = {fields[4] == "1", fields[4] == "2"};
  return item;
}

/// Reads the binary form and never beyond its end.
class TaskReader {
 public:
  explicit TaskReader(const TaskSource& source) : source_(source) {}

  void seek(std::size_t at) {
    if (at > source_.bytes.size()) bad_questions(source_.path, "a question lies behind the end of the file");
    at_ = at;
  }
  std::uint32_t number() { return load_u32(take(4).data()); }
  std::string text() { return std::string(take(number())); }
  std::size_t left() const { return source_.bytes.size() - at_; }

 private:
  std::string_view take(std::size_t count) {
    if (count > left()) bad_questions(source_.path, "the file ends in the middle of a question");
    at_ += count;
    return std::string_view(source_.bytes).substr(at_ - count, count);
  }

  const TaskSource& source_;
  std::size_t at_ = 0;
};

struct LabelledAnswers {
  std::vector<std::string> answers;
  std::vector<bool> right;
};

LabelledAnswers read_answers(TaskReader& reader, const TaskSource& source) {
  constexpr std::uint32_t kMostAnswers = 100;
  const std::uint32_t count = reader.number();
  if (count > kMostAnswers)
    bad_questions(source.path, strf("a question has %u answers, the form allows %u", count, kMostAnswers));
  LabelledAnswers out;
  for (std::uint32_t i = 0; i < count; ++i) out.answers.push_back(reader.text());
  for (std::uint32_t i = 0; i < count; ++i) out.right.push_back(reader.number() == 1);
  return out;
}

TaskItem read_choice_item(TaskReader& reader, const TaskSource& source, const Tokenizer& tokenizer,
                          std::size_t number) {
  TaskItem item;
  item.id = std::to_string(number);
  const std::string question = reader.text();
  LabelledAnswers single = read_answers(reader, source);
  read_answers(reader, source);  // those with several right answers, which the peer does not score
  if (question.empty() || single.answers.empty())
    bad_questions(source.path, "question " + item.id + " is empty or has no answers");
  std::vector<std::vector<TokenId>> sequences;
  for (const std::string& answer : single.answers)
    sequences.push_back(encode(tokenizer, question + " " + answer));
  item.choices = mean_choices(std::move(sequences));
  item.right = std::move(single.right);
  check_lengths(source, item);
  return item;
}

}  // namespace

void bad_questions(const std::filesystem::path& path, const std::string& what) {
  throw Error(ErrorCode::E105, printable(path.string()) + ": " + what +
                                   "; check that the file has the form that the flag takes");
}

TaskSet read_llama_hellaswag(const TaskSource& source, const Tokenizer& tokenizer) {
  constexpr std::size_t kLines = 6, kEndings = 4;
  constexpr std::int32_t kUsual = 400;
  const std::vector<std::string> lines = lines_of(source.bytes);
  if (lines.size() < kLines || lines.size() % kLines != 0)
    bad_questions(source.path,
                  strf("it has %zu lines and a question takes %zu: the context, the number of the "
                       "right ending, four endings",
                       lines.size(), kLines));
  const std::size_t all = lines.size() / kLines;
  TaskSet out;
  for (const std::size_t index : LlamaChooser().in_order(all, limited(source.limit, all, kUsual))) {
    const std::string* line = &lines[index * kLines];
    TaskItem item;
    item.id = std::to_string(index);
    const std::string& gold = line[1];
    if (gold.size() != 1 || gold[0] < '0' || gold[0] >= static_cast<char>('0' + kEndings))
      bad_questions(source.path, strf("line %zu is no number of an ending", index * kLines + 2));
    std::vector<std::vector<TokenId>> sequences;
    for (std::size_t i = 0; i < kEndings; ++i) {
      sequences.push_back(encode(tokenizer, line[0] + " " + line[2 + i]));
      item.right.push_back(gold[0] == static_cast<char>('0' + i));
    }
    item.choices = mean_choices(std::move(sequences));
    check_lengths(source, item);
    out.items.push_back(std::move(item));
  }
  return out;
}

TaskSet read_llama_winogrande(const TaskSource& source, const Tokenizer& tokenizer) {
  TaskSet all;
  std::size_t skipped = 0;
  for (const std::string& line : lines_of(source.bytes)) {
    std::optional<TaskItem> item = gap_item(line, tokenizer);
    if (!item) {
      skipped += line.empty() ? 0 : 1;
      continue;
    }
    check_lengths(source, *item);
    all.items.push_back(std::move(*item));
  }
  if (all.items.empty()) bad_questions(source.path, "it has no record such as 1,A _ b.,choice,choice,2");
  const std::size_t count = limited(source.limit, all.items.size(), 0);
  TaskSet out;
  if (skipped > 0)
    out.notes.push_back(strf("%zu records have no gap or no answer and are left out", skipped));
  if (count == all.items.size()) {
    out.items = std::move(all.items);
    return out;
  }
  for (const std::size_t index : LlamaChooser().by_swap(all.items.size(), count))
    out.items.push_back(std::move(all.items[index]));
  return out;
}

TaskSet read_llama_choices(const TaskSource& source, const Tokenizer& tokenizer) {
  TaskReader reader(source);
  const std::uint32_t all = reader.number();
  if (all == 0 || all > reader.left() / sizeof(std::uint32_t))
    bad_questions(source.path, strf("it cannot hold the %u questions that it states", all));
  std::vector<std::uint32_t> places(all);
  for (std::uint32_t& place : places) place = reader.number();
  const std::size_t count = limited(source.limit, all, 0);
  TaskSet out;
  if (count == all) {
    for (std::size_t i = 0; i < all; ++i) out.items.push_back(read_choice_item(reader, source, tokenizer, i));
    return out;
  }
  for (const std::size_t index : LlamaChooser().by_swap(all, count)) {
    reader.seek(places[index]);
    out.items.push_back(read_choice_item(reader, source, tokenizer, index));
  }
  return out;
}

}  // namespace glim::app
