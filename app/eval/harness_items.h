#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "app/eval/task_items.h"
#include "app/profile.h"

namespace glim::app {

// What the readers of lm-evaluation-harness' tests have in common.

/// A text and what may follow it. The border is a border of tokens wherever the whole text has one there.
struct Pair {
  std::string context, continuation;
};
using Pairs = std::vector<Pair>;

/// Builds questions from texts and cuts prompts that are too long.
class HarnessItems {
 public:
  HarnessItems(const TaskSource& source, const Tokenizer& tokenizer)
      : source_(source), tokenizer_(tokenizer) {}

  std::size_t size() const { return set_.items.size(); }
  /// `right` is the index of the right one. Throws E105 for fewer than two choices and for no such index.
  TaskItem& add(std::string id, const Pairs& pairs, std::size_t right);
  TaskItem& add_written(std::string id, const std::string& prompt, GreedyRules rules, std::string target);
  TaskSet take();

 private:
  void cut(std::vector<TokenId>& tokens, std::size_t most, std::size_t& removed);

  const TaskSource& source_;
  const Tokenizer& tokenizer_;
  TaskSet set_;
  std::size_t cut_ = 0;  ///< questions whose left side did not fit
};

/// Calls back for the first `most` lines that are not blank, 0 is all, with "line 7" for their place. Throws
/// E105 for a line that is no JSON object.
using RecordSink = std::function<void(const Json&, const std::string& place)>;
void for_each_record(const TaskSource& source, std::string_view bytes, std::int32_t most,
                     const RecordSink& sink);

// Members of a record. Throw E105 naming the place when they are missing or of another type.
std::string text_of(const TaskSource& source, const Json& record, const char* key, const std::string& place);
std::string text_or(const Json& record, const char* key, const std::string& fallback);
Json list_of(const TaskSource& source, const Json& record, const char* key, const std::string& place);
/// A number that is written as one or as text.
std::size_t index_of(const TaskSource& source, const Json& record, const char* key, const std::string& place);

std::string stripped(std::string_view text);  ///< without white space at both ends
std::string replaced(std::string text, std::string_view from, std::string_view to);  ///< from left to right
/// Throws E501.
std::string read_whole(const std::filesystem::path& path);

}  // namespace glim::app
