#include <algorithm>
#include <optional>

#include "app/eval/harness_items.h"
#include "app/eval/seeded_choice.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

/// What the definition of gsm8k stops at.
GreedyRules worked_rules() {
  return {.max_tokens = 256, .stop = {"Question:", "</s>", "<|im_end|>"}};
}

struct WorkedQuestion {
  std::string question, answer;
};

std::vector<WorkedQuestion> read_worked(const TaskSource& source, std::string_view bytes, std::int32_t most) {
  std::vector<WorkedQuestion> out;
  for_each_record(source, bytes, most, [&](const Json& record, const std::string& place) {
    out.push_back({text_of(source, record, "question", place), text_of(source, record, "answer", place)});
  });
  return out;
}

std::string prompt_of(const WorkedQuestion& question) {
  return "Question: " + question.question + "\nAnswer:";
}

/// One request of a sample: the context and what was asked of it.
struct Asked {
  std::string context;
  Json rest;
};

/// Requests come as [[context, rest], ...] or as {"gen_args_0": {"arg_0": context, "arg_1": rest}, ...}.
std::vector<Asked> requests_of(const TaskSource& source, const Json& record, const std::string& place) {
  const Json arguments = record.value("arguments", Json());
  std::vector<Asked> out;
  const auto add = [&](const Json& context, const Json& rest) {
    if (!context.is_string() || rest.is_null())
      bad_questions(source.path, place + ": a request has no context or no continuation");
    out.push_back({context.get<std::string>(), rest});
  };
  if (arguments.is_array()) {
    for (const Json& request : arguments) {
      const bool pair = request.is_array() && request.size() >= 2;
      add(pair ? request[0] : Json(), pair ? request[1] : Json());
    }
  }
  for (std::size_t i = 0; arguments.is_object() && i < arguments.size(); ++i) {
    const Json request = arguments.value(strf("gen_args_%zu", i), Json::object());
    add(request.value("arg_0", Json()), request.value("arg_1", Json()));
  }
  if (out.empty()) bad_questions(source.path, place + " has no \"arguments\"; it needs --log_samples");
  return out;
}

GreedyRules rules_of(const Json& generation) {
  GreedyRules out = worked_rules();
  if (const auto until = generation.find("until"); until != generation.end()) {
    out.stop.clear();
    for (const Json& stop : until->is_array() ? *until : Json::array({*until}))
      if (stop.is_string() && !stop.get<std::string>().empty()) out.stop.push_back(stop.get<std::string>());
  }
  const Json most = generation.value("max_gen_toks", Json());
  constexpr std::int32_t kMost = 1 << 16;
  if (most.is_number_integer() && most > 0 && most <= kMost) out.max_tokens = most.get<std::int32_t>();
  return out;
}

/// The right one of several requests: the target is its index or what it goes on with.
std::size_t target_index(const TaskSource& source, const Json& target, const Pairs& pairs,
                         const std::string& place) {
  if (target.is_string()) {
    for (std::size_t i = 0; i < pairs.size(); ++i)
      if (stripped(pairs[i].continuation) == stripped(target.get<std::string>())) return i;
  }
  return index_of(source, {{"target", target}}, "target", place);
}

}  // namespace

TaskSet read_gsm8k(const TaskSource& source, const Tokenizer& tokenizer) {
  constexpr std::int32_t kUsualShots = 5;
  constexpr std::uint32_t kSeed = 1234;
  const auto shots = static_cast<std::size_t>(source.shots < 0 ? kUsualShots : source.shots);
  const std::vector<WorkedQuestion> examples = read_worked(source, source.examples, 0);
  if (examples.size() < shots)
    bad_questions(source.path, strf("%zu worked examples are asked for and there are %zu; give the training "
                                    "questions with --examples FILE, or --shots 0",
                                    shots, examples.size()));
  HarnessItems out(source, tokenizer);
  PythonRandom random(kSeed);
  for (const WorkedQuestion& question : read_worked(source, source.bytes, source.limit)) {
    std::string prompt;
    for (const std::size_t index : random.sample(examples.size(), shots))
      prompt += prompt_of(examples[index]) + " " + examples[index].answer + "\n\n";
    out.add_written(std::to_string(out.size()), prompt + prompt_of(question), worked_rules(),
                    question.answer);
  }
  return out.take();
}

TaskSet read_samples(const TaskSource& source, const Tokenizer& tokenizer) {
  HarnessItems out(source, tokenizer);
  for_each_record(source, source.bytes, source.limit, [&](const Json& record, const std::string& place) {
    const std::vector<Asked> requests = requests_of(source, record, place);
    const Json target = record.value("target", Json()), number = record.value("doc_id", Json());
    const std::string id = number.is_number_integer() ? number.dump() : std::to_string(out.size());
    if (requests.front().rest.is_object()) {
      if (!target.is_string()) bad_questions(source.path, place + " has no text \"target\"");
      out.add_written(id, requests.front().context, rules_of(requests.front().rest),
                      target.get<std::string>());
      return;
    }
    Pairs pairs;
    for (const Asked& request : requests) {
      if (!request.rest.is_string()) bad_questions(source.path, place + ": a continuation is no text");
      pairs.push_back({request.context, request.rest.get<std::string>()});
    }
    const std::size_t right = target_index(source, target, pairs, place);
    out.add(id, pairs, right);
  });
  return out.take();
}

}  // namespace glim::app
