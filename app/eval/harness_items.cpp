#include "app/eval/harness_items.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>

#include "app/model_name.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

constexpr std::string_view kBlank = " \t\r\n\f\v";

std::size_t characters_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

TaskItem& HarnessItems::add(std::string id, const Pairs& pairs, std::size_t right) {
  if (pairs.size() < 2 || right >= pairs.size())
    bad_questions(source_.path, "question " + printable(id) + " has too few choices or none that is right");
  TaskItem item;
  item.id = std::move(id);
  std::size_t removed = 0;
  std::vector<std::size_t> begins;
  for (const Pair& pair : pairs) {
    // White space at the border belongs to what follows.
    const std::size_t end = std::min(pair.context.find_last_not_of(kBlank) + 1, pair.context.size());
    const std::string context = pair.context.substr(0, end);
    std::vector<TokenId> tokens =
        tokenizer_.encode(context + pair.context.substr(end) + pair.continuation, Specials::user_defined);
    const std::size_t before = tokenizer_.encode(context, Specials::user_defined).size();
    if (tokens.size() < 2) bad_questions(source_.path, "question " + printable(item.id) + " is empty");
    std::size_t cut_here = 0;
    // The last token is only asked for.
    cut(tokens, static_cast<std::size_t>(source_.longest) + 1, cut_here);
    removed = std::max(removed, cut_here);
    const std::size_t begin = std::min(before, tokens.size() + cut_here - 1);
    begins.push_back(std::max<std::size_t>(begin > cut_here ? begin - cut_here : 1, 1));
    item.choices.sequences.push_back(std::move(tokens));
    item.right.push_back(item.right.size() == right);
  }
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const std::string_view text = pairs[i].continuation;
    const std::size_t blank = !text.empty() && text.front() == ' ' ? 1 : 0;
    const double characters = static_cast<double>(characters_of(text.substr(blank)));
    item.choices.choices.push_back(
        {tail_queries(item.choices.sequences, i, begins[i], item.choices.sequences[i].size()),
         std::max(characters, 1.0)});
  }
  cut_ += removed > 0 ? 1 : 0;
  set_.items.push_back(std::move(item));
  return set_.items.back();
}

TaskItem& HarnessItems::add_written(std::string id, const std::string& prompt, GreedyRules rules,
                                    std::string target) {
  TaskItem item;
  item.id = std::move(id);
  item.prompt = tokenizer_.encode(prompt, Specials::user_defined);
  if (item.prompt.empty()) bad_questions(source_.path, "question " + printable(item.id) + " is empty");
  if (rules.max_tokens >= source_.longest)
    throw Error(ErrorCode::E603, strf("answers of %d tokens do not fit into the context of %d tokens that "
                                      "the model was trained for",
                                      rules.max_tokens, source_.longest));
  std::size_t removed = 0;
  cut(item.prompt, static_cast<std::size_t>(source_.longest - rules.max_tokens), removed);
  cut_ += removed > 0 ? 1 : 0;
  item.rules = std::move(rules);
  item.target = std::move(target);
  set_.items.push_back(std::move(item));
  return set_.items.back();
}

void HarnessItems::cut(std::vector<TokenId>& tokens, std::size_t most, std::size_t& removed) {
  if (tokens.size() <= most) return;
  removed = tokens.size() - most;
  tokens.erase(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(removed));
}

TaskSet HarnessItems::take() {
  if (set_.items.empty()) bad_questions(source_.path, "there are no questions");
  if (cut_ > 0)
    set_.notes.push_back(
        strf("%zu prompts are longer than the %d tokens that they may have and lost their "
             "left side",
             cut_, source_.longest));
  return std::move(set_);
}

void for_each_record(const TaskSource& source, std::string_view bytes, std::int32_t most,
                     const RecordSink& sink) {
  std::int32_t found = 0;
  std::size_t number = 0;
  while (!bytes.empty() && (most <= 0 || found < most)) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    const std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    ++number;
    if (line.find_first_not_of(kBlank) == line.npos) continue;
    const std::string place = strf("line %zu", number);
    const Json record = Json::parse(line, nullptr, false);
    if (!record.is_object()) bad_questions(source.path, place + " is no JSON object");
    sink(record, place);
    ++found;
  }
}

std::string text_of(const TaskSource& source, const Json& record, const char* key, const std::string& place) {
  const auto found = record.is_object() ? record.find(key) : record.end();
  if (found == record.end() || !found->is_string())
    bad_questions(source.path, strf("%s has no text \"%s\"", place.c_str(), key));
  return found->get<std::string>();
}

std::string text_or(const Json& record, const char* key, const std::string& fallback) {
  const auto found = record.find(key);
  return found != record.end() && found->is_string() ? found->get<std::string>() : fallback;
}

Json list_of(const TaskSource& source, const Json& record, const char* key, const std::string& place) {
  const auto found = record.is_object() ? record.find(key) : record.end();
  if (found == record.end() || !found->is_array())
    bad_questions(source.path, strf("%s has no list \"%s\"", place.c_str(), key));
  return *found;
}

std::size_t index_of(const TaskSource& source, const Json& record, const char* key,
                     const std::string& place) {
  const Json value = record.value(key, Json());
  std::size_t out = 0;
  if (value.is_number_integer() && value >= 0) return value.get<std::size_t>();
  const std::string text = value.is_string() ? stripped(value.get<std::string>()) : std::string();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size())
    bad_questions(source.path, strf("%s has no number \"%s\"", place.c_str(), key));
  return out;
}

std::string stripped(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == text.npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(kBlank) + 1 - begin));
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

std::string read_whole(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (!stream.is_open() || stream.bad())
    throw Error(ErrorCode::E501, printable(path.string()) + ": cannot read the file; check the path");
  return text;
}

}  // namespace glim::app
