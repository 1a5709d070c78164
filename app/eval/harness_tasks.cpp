#include <algorithm>
#include <array>
#include <cctype>
#include <functional>
#include <map>

#include <nlohmann/json.hpp>

#include "app/eval/csv.h"
#include "app/eval/harness_items.h"
#include "app/eval/task_items.h"
#include "engine/base/error.h"
#include "engine/base/folder.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

namespace fs = std::filesystem;

/// One question of MMLU.
struct LetterQuestion {
  std::string subject, question;
  std::vector<std::string> choices;
  std::size_t right = 0;
};

constexpr std::string_view kLetters = "ABCD";

std::string block_of(const LetterQuestion& q) {
  std::string out = stripped(q.question);
  for (std::size_t i = 0; i < q.choices.size(); ++i) out += strf("\n%c. ", kLetters[i]) + q.choices[i];
  return out + "\nAnswer:";
}

LetterQuestion letter_question(const TaskSource& source, const std::string& place, std::string subject,
                               std::vector<std::string> fields) {
  const std::size_t choices = kLetters.size();
  if (fields.size() != choices + 2)
    bad_questions(source.path, place + " has not the fields question, A, B, C, D, answer");
  LetterQuestion out{std::move(subject), std::move(fields[0]), {}, 0};
  const std::string answer = stripped(fields.back());
  out.right = answer.size() == 1 ? kLetters.find(answer[0]) : kLetters.npos;
  if (out.right == kLetters.npos) bad_questions(source.path, place + " has no answer from A to D");
  out.choices.assign(std::make_move_iterator(fields.begin() + 1), std::make_move_iterator(fields.end() - 1));
  return out;
}

std::vector<LetterQuestion> from_csv(const TaskSource& source, const fs::path& file,
                                     const std::string& bytes) {
  std::string subject = file.stem().string();
  for (const char* ending : {"_test", "_dev", "_val"}) {
    const std::size_t at = subject.size() < 4 ? subject.npos : subject.rfind(ending);
    if (at != subject.npos && at + std::string_view(ending).size() == subject.size()) subject.resize(at);
  }
  std::vector<LetterQuestion> out;
  for (std::vector<std::string>& fields : parse_csv(bytes)) {
    const std::string place =
        strf("record %zu of %s", out.size() + 1, printable(file.filename().string()).c_str());
    out.push_back(letter_question(source, place, subject, std::move(fields)));
  }
  return out;
}

std::vector<LetterQuestion> from_json_lines(const TaskSource& source, const std::string& bytes) {
  std::vector<LetterQuestion> out;
  for_each_record(source, bytes, 0, [&](const Json& record, const std::string& place) {
    std::vector<std::string> fields = {text_of(source, record, "question", place)};
    for (const Json& choice : list_of(source, record, "choices", place)) {
      if (!choice.is_string()) bad_questions(source.path, place + ": a choice is no text");
      fields.push_back(choice.get<std::string>());
    }
    const Json answer = record.value("answer", Json());
    const bool number = answer.is_number_integer() && answer >= 0 && answer < 4;
    fields.push_back(number               ? std::string(1, kLetters[answer.get<std::size_t>()])
                     : answer.is_string() ? answer.get<std::string>()
                                          : std::string());
    out.push_back(letter_question(source, place, text_or(record, "subject", ""), std::move(fields)));
  });
  return out;
}

std::vector<LetterQuestion> from_bytes(const TaskSource& source, const fs::path& file,
                                       const std::string& bytes) {
  const std::size_t first = bytes.find_first_not_of(" \t\r\n");
  const bool json = file.extension() == ".jsonl" || (first != bytes.npos && bytes[first] == '{');
  return json ? from_json_lines(source, bytes) : from_csv(source, file, bytes);
}

/// All CSV files of a folder such as test or dev, by name.
std::vector<LetterQuestion> from_folder(const TaskSource& source, const fs::path& folder) {
  std::vector<LetterQuestion> out;
  for (const fs::path& file : folder_entries(folder, ".csv")) {
    std::vector<LetterQuestion> more = from_csv(source, file, read_whole(file));
    std::move(more.begin(), more.end(), std::back_inserter(out));
  }
  return out;
}

struct LetterTest {
  std::vector<LetterQuestion> questions;
  std::map<std::string, std::vector<LetterQuestion>> examples;  ///< by subject
};

LetterTest read_letter_test(const TaskSource& source) {
  LetterTest out;
  std::vector<LetterQuestion> examples;
  if (source.bytes.empty()) {
    out.questions = from_folder(source, source.path / "test");
    if (out.questions.empty()) out.questions = from_folder(source, source.path);
    examples = from_folder(source, source.path / "dev");
  } else {
    out.questions = from_bytes(source, source.path, source.bytes);
  }
  if (!source.examples.empty()) examples = from_bytes(source, source.path, source.examples);
  if (out.questions.empty())
    bad_questions(source.path, "there are no questions; the folder has none in test/SUBJECT_test.csv");
  for (LetterQuestion& example : examples) out.examples[example.subject].push_back(std::move(example));
  return out;
}

std::string words_of(std::string subject) {
  std::replace(subject.begin(), subject.end(), '_', ' ');
  return subject;
}

/// Subjects by group; all others are "other".
struct SubjectGroup {
  std::string_view group, subjects;
};
constexpr std::array kGroups = {
    SubjectGroup{"stem",
                 " abstract_algebra anatomy astronomy college_biology college_chemistry "
                 "college_computer_science college_mathematics college_physics computer_security "
                 "conceptual_physics electrical_engineering elementary_mathematics high_school_biology "
                 "high_school_chemistry high_school_computer_science high_school_mathematics "
                 "high_school_physics high_school_statistics machine_learning "},
    SubjectGroup{"humanities",
                 " formal_logic high_school_european_history high_school_us_history "
                 "high_school_world_history international_law jurisprudence logical_fallacies "
                 "moral_disputes moral_scenarios philosophy prehistory professional_law world_religions "},
    SubjectGroup{"social sciences",
                 " econometrics high_school_geography high_school_government_and_politics "
                 "high_school_macroeconomics high_school_microeconomics high_school_psychology "
                 "human_sexuality professional_psychology public_relations security_studies sociology "
                 "us_foreign_policy "},
};

/// "[...]" and what is between, to the next "]" of the same line.
std::string without_brackets(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t end = text[i] == '[' ? text.find_first_of("]\n", i) : text.npos;
    if (end != text.npos && text[end] == ']') {
      i = end;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string capitalised(std::string text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) text[i] = static_cast<char>(i == 0 ? std::toupper(c) : std::tolower(c));
  }
  return text;
}

/// Texts of HellaSwag without the marks of the pages that they come from.
std::string cleaned(const std::string& text) {
  return replaced(without_brackets(replaced(stripped(text), " [title]", ". ")), "  ", " ");
}

/// Question and answers of ARC in either of its two forms.
Pairs arc_pairs(const TaskSource& source, const Json& record, const std::string& place,
                std::vector<std::string>& labels) {
  const Json question = record.value("question", Json());
  const std::string stem = question.is_object() ? text_of(source, question, "stem", place)
                                                : text_of(source, record, "question", place);
  Pairs out;
  const auto add = [&](const std::string& text, const std::string& label) {
    out.push_back({"Question: " + stem + "\nAnswer:", " " + text});
    labels.push_back(label);
  };
  if (question.is_object()) {
    for (const Json& choice : list_of(source, question, "choices", place))
      add(text_of(source, choice, "text", place), text_of(source, choice, "label", place));
    return out;
  }
  const Json choices = record.value("choices", Json::object());
  const Json texts = list_of(source, choices, "text", place),
             names = list_of(source, choices, "label", place);
  for (std::size_t i = 0; i < texts.size() && i < names.size(); ++i)
    if (texts[i].is_string() && names[i].is_string())
      add(texts[i].get<std::string>(), names[i].get<std::string>());
  return out;
}

}  // namespace

std::string_view mmlu_group(std::string_view subject) {
  const std::string word = " " + std::string(subject) + " ";
  for (const SubjectGroup& group : kGroups)
    if (group.subjects.find(word) != group.subjects.npos) return group.group;
  return "other";
}

TaskSet read_mmlu(const TaskSource& source, const Tokenizer& tokenizer) {
  const LetterTest test = read_letter_test(source);
  const auto shots = static_cast<std::size_t>(std::max(source.shots, 0));
  HarnessItems out(source, tokenizer);
  std::map<std::string, std::int32_t> asked;
  for (const LetterQuestion& question : test.questions) {
    std::int32_t& number = asked[question.subject];
    if (source.limit > 0 && number >= source.limit) continue;
    std::string context = "The following are multiple choice questions (with answers) about " +
                          words_of(question.subject) + ".\n\n";
    const auto examples = test.examples.find(question.subject);
    const std::size_t held = examples == test.examples.end() ? 0 : examples->second.size();
    if (held < shots)
      bad_questions(source.path, strf("%zu examples are asked for and %s has %zu (the dev folder, or "
                                      "--examples FILE)",
                                      shots, printable(question.subject).c_str(), held));
    for (std::size_t i = 0; i < shots; ++i) {
      const LetterQuestion& example = examples->second[i];
      context += block_of(example) + " " + kLetters[example.right] + "\n\n";
    }
    context += block_of(question);
    Pairs pairs;
    for (std::size_t i = 0; i < question.choices.size(); ++i)
      pairs.push_back({context, strf(" %c", kLetters[i])});
    TaskItem& item = out.add(question.subject + "/" + std::to_string(number++), pairs, question.right);
    item.group = question.subject;
  }
  return out.take();
}

TaskSet read_arc(const TaskSource& source, const Tokenizer& tokenizer) {
  HarnessItems out(source, tokenizer);
  for_each_record(source, source.bytes, source.limit, [&](const Json& record, const std::string& place) {
    std::vector<std::string> labels;
    const Pairs pairs = arc_pairs(source, record, place, labels);
    const auto right = std::find(labels.begin(), labels.end(), text_of(source, record, "answerKey", place));
    if (right == labels.end()) bad_questions(source.path, place + ": no choice has the label of the answer");
    out.add(text_or(record, "id", std::to_string(out.size())), pairs,
            static_cast<std::size_t>(right - labels.begin()));
  });
  return out.take();
}

TaskSet read_hellaswag(const TaskSource& source, const Tokenizer& tokenizer) {
  HarnessItems out(source, tokenizer);
  for_each_record(source, source.bytes, source.limit, [&](const Json& record, const std::string& place) {
    const std::string context = cleaned(text_of(source, record, "activity_label", place) + ": " +
                                        text_of(source, record, "ctx_a", place) + " " +
                                        capitalised(text_of(source, record, "ctx_b", place)));
    Pairs pairs;
    for (const Json& ending : list_of(source, record, "endings", place))
      pairs.push_back({context, " " + cleaned(ending.is_string() ? ending.get<std::string>() : "")});
    out.add(std::to_string(out.size()), pairs, index_of(source, record, "label", place));
  });
  return out.take();
}

TaskSet read_winogrande(const TaskSource& source, const Tokenizer& tokenizer) {
  HarnessItems out(source, tokenizer);
  for_each_record(source, source.bytes, source.limit, [&](const Json& record, const std::string& place) {
    const std::string sentence = text_of(source, record, "sentence", place);
    const std::size_t gap = sentence.find('_');
    const std::size_t answer = index_of(source, record, "answer", place);
    if (gap == sentence.npos || answer == 0)
      bad_questions(source.path, place + ": the sentence has no gap or the answer is not 1 or 2");
    Pairs pairs;
    for (const char* option : {"option1", "option2"})
      pairs.push_back({sentence.substr(0, gap) + text_of(source, record, option, place),
                       " " + stripped(sentence.substr(gap + 1))});
    out.add(std::to_string(out.size()), pairs, answer - 1);
  });
  return out.take();
}

}  // namespace glim::app
