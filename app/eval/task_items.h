#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/measure/choices.h"
#include "engine/text/tokenizer.h"

namespace glim::app {

/// One question of a test.
struct TaskItem {
  std::string id;     ///< the same for every model: "professional_law/17"
  std::string group;  ///< subject; empty where the test has none
  // of questions with answers to choose from
  ChoiceItem choices;
  std::vector<bool> right;  ///< of each choice
  // of questions whose answer is written
  std::vector<TokenId> prompt;
  GreedyRules rules;
  std::string target;  ///< the text that holds the right answer

  bool is_written() const { return choices.choices.empty(); }
};

struct TaskSet {
  std::vector<TaskItem> items;
  std::vector<std::string> notes;  ///< about what was left out or cut
};

/// Where the questions come from and how many are asked.
struct TaskSource {
  std::filesystem::path path;
  std::string bytes;         ///< of the file; empty for a folder
  std::string examples;      ///< bytes of the file of --examples; empty: none
  std::int32_t limit = -1;   ///< questions; 0: all; -1: as many as the test's definition says
  std::int32_t shots = -1;   ///< worked examples in front of a question; -1: as the definition says
  std::int32_t longest = 0;  ///< tokens that the model takes
};

/// Throws E105 for a file of questions, naming place and remedy. `what` is printable.
[[noreturn]] void bad_questions(const std::filesystem::path& path, const std::string& what);

// As llama-perplexity has them (spec 2.3), from its own files. Sequences begin with what the vocabulary puts
// in front of texts. Throw E105 for a file that is none of the form.
TaskSet read_llama_hellaswag(const TaskSource& source, const Tokenizer& tokenizer);
TaskSet read_llama_winogrande(const TaskSource& source, const Tokenizer& tokenizer);
TaskSet read_llama_choices(const TaskSource& source, const Tokenizer& tokenizer);

// As lm-evaluation-harness has them (spec 2.4), from the user's JSON lines; MMLU also from the folder or the
// CSV files of its authors. Nothing is put in front. Longer prompts than the model takes lose their left
// side, as there, and a note says how many. Throw E105.
TaskSet read_mmlu(const TaskSource& source, const Tokenizer& tokenizer);
TaskSet read_arc(const TaskSource& source, const Tokenizer& tokenizer);
TaskSet read_hellaswag(const TaskSource& source, const Tokenizer& tokenizer);
TaskSet read_winogrande(const TaskSource& source, const Tokenizer& tokenizer);
TaskSet read_gsm8k(const TaskSource& source, const Tokenizer& tokenizer);
/// The prompts of a file that lm-evaluation-harness wrote with --log_samples, whatever the test.
TaskSet read_samples(const TaskSource& source, const Tokenizer& tokenizer);

/// stem, humanities, social sciences or other: the group of one of MMLU's 57 subjects.
std::string_view mmlu_group(std::string_view subject);

}  // namespace glim::app
