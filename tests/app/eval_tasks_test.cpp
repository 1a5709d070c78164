#include <doctest/doctest.h>

#include <cstring>
#include <fstream>

#include "app/eval/csv.h"
#include "app/eval/number_answer.h"
#include "app/eval/seeded_choice.h"
#include "app/eval/task_items.h"
#include "engine/base/error.h"
#include "engine/gguf/gguf_file.h"
#include "engine/text/vocab.h"
#include "tests/support/temp_dir.h"

namespace glim::app {
namespace {

/// The tokens of a model with the words of many texts.
struct Spark {
  Spark() : file(GLIM_SOURCE_DIR "/configs/spark/spark.gguf"), tokenizer(read_vocab(file)) {}
  GgufFile file;
  Tokenizer tokenizer;
};

const Tokenizer& tokenizer() {
  static const Spark spark;
  return spark.tokenizer;
}

TaskSource source(std::string bytes, std::int32_t limit = -1) {
  TaskSource out;
  out.path = "questions.jsonl";
  out.bytes = std::move(bytes);
  out.limit = limit;
  out.longest = 1000;
  return out;
}

std::string text_of(const TaskItem& item, std::size_t sequence) {
  return tokenizer().decode(item.choices.sequences[sequence], true);
}

/// What the queries of a choice ask for.
std::string asked(const TaskItem& item, std::size_t choice) {
  std::vector<TokenId> tokens;
  for (const TokenQuery& query : item.choices.choices[choice].queries) tokens.push_back(query.token);
  return tokenizer().decode(tokens, true);
}

template <typename Read>
std::optional<ErrorCode> refusal(const Read& read, const std::string& bytes) {
  try {
    read(source(bytes), tokenizer());
  } catch (const Error& error) {
    return error.code();
  }
  return std::nullopt;
}

std::string number(std::uint32_t value) {
  std::string out(sizeof value, '\0');
  std::memcpy(out.data(), &value, sizeof value);
  return out;
}
std::string text(const std::string& value) {
  return number(static_cast<std::uint32_t>(value.size())) + value;
}

}  // namespace

TEST_CASE("comma separated values with quotes, commas and line breaks in them") {
  const auto records = parse_csv("a,\"b,c\",d\r\n\"He said \"\"no\"\"\nand went\",,\"\"\nx\n");
  REQUIRE(records.size() == 3);
  CHECK(records[0] == std::vector<std::string>{"a", "b,c", "d"});
  CHECK(records[1] == std::vector<std::string>{"He said \"no\"\nand went", "", ""});
  CHECK(records[2] == std::vector<std::string>{"x"});
  CHECK(parse_csv("").empty());
  CHECK(parse_csv("a,\"open") == std::vector<std::vector<std::string>>{{"a", "open"}});
  CHECK(parse_csv("a,") == std::vector<std::vector<std::string>>{{"a", ""}});
  CHECK(parse_csv("5\" pipe,b").front().front() == "5\" pipe");
}

TEST_CASE("choices at random are those of other programs") {
  // random.Random(1234).sample(range(7473), 5) of CPython, twice, and of smaller ranges behind it.
  PythonRandom random(1234);
  CHECK(random.sample(7473, 5) == std::vector<std::size_t>{6374, 3610, 957, 61, 742});
  CHECK(random.sample(7473, 5) == std::vector<std::size_t>{7462, 6610, 4769, 286, 5501});
  CHECK(random.sample(7473, 5) == std::vector<std::size_t>{5677, 687, 806, 6279, 2905});
  CHECK(random.sample(5, 5) == std::vector<std::size_t>{1, 0, 3, 2, 4});
  CHECK(random.sample(50, 8) == std::vector<std::size_t>{41, 39, 30, 48, 29, 9, 5, 11});
  for (const auto& chosen : {LlamaChooser().in_order(40, 40), LlamaChooser().by_swap(40, 40)})
    CHECK(std::set<std::size_t>(chosen.begin(), chosen.end()).size() == 40);
  // The generator's first two numbers are 1791095845 and 4282876139: 0.417 and 0.997 of their range.
  CHECK(LlamaChooser().in_order(100, 2) == std::vector<std::size_t>{41, 99});
  CHECK(LlamaChooser().by_swap(100, 2) == std::vector<std::size_t>{41, 98});
}

TEST_CASE("the numbers of worked answers") {
  CHECK(strict_number("so\n#### 1,234 and #### 5") == "1,234");
  CHECK(strict_number("#### x #### -7.") == "-7.");
  CHECK(strict_number("the answer is 7").empty());
  CHECK(flexible_number("He pays $1,234.50 in 3 parts, so 18.") == "18.");
  CHECK(flexible_number("it is 7") == "7");
  CHECK(flexible_number("-5 or -$12") == "-$12");
  CHECK(flexible_number("none").empty());
  CHECK(same_number("18.", "9*2=18\n#### 18"));
  CHECK(same_number("$1,234", "1234"));
  CHECK(!same_number("1234.5", "#### 1234"));
  CHECK(!same_number("", "#### "));
}

TEST_CASE("endings and gaps as llama-perplexity has them") {
  const TaskSet set =
      read_llama_hellaswag(source("The dog\n2\nruns home\nruns away now\nsits\nruns home\n"), tokenizer());
  REQUIRE(set.items.size() == 1);
  const TaskItem& item = set.items[0];
  CHECK(item.right == std::vector<bool>{false, false, true, false});
  CHECK(text_of(item, 1).find("The dog runs away now") != std::string::npos);
  CHECK(asked(item, 2).find("sits") != std::string::npos);
  CHECK(item.choices.choices[1].length == static_cast<double>(item.choices.choices[1].queries.size()));
  CHECK(refusal(read_llama_hellaswag, "one\ntwo\n") == ErrorCode::E105);
  CHECK(refusal(read_llama_hellaswag, "c\n4\na\nb\nc\nd\n") == ErrorCode::E105);

  const TaskSet gaps = read_llama_winogrande(
      source("1,\"The dog, not the cat, ran home because _ was very fast that day.\",dog,cat,1\n"
             "2,A _ b.,xy,z,2\nbroken,line\n\n"),
      tokenizer());
  REQUIRE(gaps.items.size() == 2);
  CHECK(gaps.notes.size() == 1);
  // Text behind the choice, but for its last token.
  CHECK(asked(gaps.items[0], 0) == " was very fast that day");
  CHECK(asked(gaps.items[0], 1) == " was very fast that day");
  CHECK(gaps.items[1].right == std::vector<bool>{false, true});
  // Short rests count from the choice on; the peer looks the first token of the second up in the first.
  CHECK(gaps.items[1].choices.choices[1].queries.front().sequence == 0);
  CHECK(refusal(read_llama_winogrande, "no records\n") == ErrorCode::E105);
}

TEST_CASE("the binary form, and files that lie about themselves") {
  const std::string answers = number(2) + text("yes") + text("no") + number(0) + number(1);
  const std::string task = text("Is it?") + answers + number(0);
  const std::string file =
      number(2) + number(12) + number(12 + static_cast<std::uint32_t>(task.size())) + task + task;
  const TaskSet set = read_llama_choices(source(file), tokenizer());
  REQUIRE(set.items.size() == 2);
  CHECK(set.items[0].right == std::vector<bool>{false, true});
  CHECK(text_of(set.items[0], 0).find("Is it? yes") != std::string::npos);
  CHECK(read_llama_choices(source(file, 1), tokenizer()).items.size() == 1);
  for (std::size_t size = 0; size < file.size(); ++size)
    CHECK(refusal(read_llama_choices, file.substr(0, size)) == ErrorCode::E105);
  CHECK(refusal(read_llama_choices, number(0xffffffff) + file) == ErrorCode::E105);
  CHECK(refusal(read_llama_choices, number(1) + number(0) + text("q") + number(101)) == ErrorCode::E105);
  CHECK(refusal(read_llama_choices, number(1) + number(0) + number(0xffffffff)) == ErrorCode::E105);
  std::string outside = file;
  outside.replace(4, 8, number(0xffffff00) + number(0xffffff00));
  CHECK_THROWS_AS(read_llama_choices(source(outside, 1), tokenizer()), Error);
}

TEST_CASE("MMLU from its folder, with examples, and from JSON lines") {
  const TempDir dir;
  std::filesystem::create_directories(dir / "test");
  std::filesystem::create_directories(dir / "dev");
  std::ofstream(dir / "test/high_school_physics_test.csv") << "\" Why, so? \",a,b,c,d,C\nTwo,1,2,3,4,B\n";
  std::ofstream(dir / "dev/high_school_physics_dev.csv") << "One?,w,x,y,z,A\n";
  TaskSource folder = source("");
  folder.path = dir.path();
  folder.shots = 1;
  const TaskSet set = read_mmlu(folder, tokenizer());
  REQUIRE(set.items.size() == 2);
  const TaskItem& item = set.items[0];
  CHECK(item.group == "high_school_physics");
  CHECK(item.right == std::vector<bool>{false, false, true, false});
  CHECK(text_of(item, 2) ==
        "The following are multiple choice questions (with answers) about high school physics.\n\n"
        "One?\nA. w\nB. x\nC. y\nD. z\nAnswer: A\n\n"
        "Why, so?\nA. a\nB. b\nC. c\nD. d\nAnswer: C");
  CHECK(asked(item, 2) == " C");
  CHECK(mmlu_group("high_school_physics") == "stem");
  CHECK(mmlu_group("professional_law") == "humanities");
  CHECK(mmlu_group("sociology") == "social sciences");
  CHECK(mmlu_group("virology") == "other");
  CHECK(mmlu_group("physics") == "other");
  folder.shots = 2;
  CHECK_THROWS_WITH_AS(read_mmlu(folder, tokenizer()), doctest::Contains("has 1"), Error);
  const TaskSet json = read_mmlu(
      source(R"({"question":"q","subject":"virology","choices":["a","b","c","d"],"answer":3})"), tokenizer());
  CHECK(json.items[0].right == std::vector<bool>{false, false, false, true});
  CHECK(refusal(read_mmlu, "{\"question\":1}") == ErrorCode::E105);
  CHECK(refusal(read_mmlu, "q,a,b,c,d\n") == ErrorCode::E105);
  CHECK(refusal(read_mmlu, "q,a,b,c,d,E\n") == ErrorCode::E105);
}

TEST_CASE("prompts that are too long lose their left side") {
  TaskSource tight = source("\"" + std::string(300, 'x') + " end\",a,b,c,d,A\n");
  tight.path = "questions.csv";
  tight.longest = 20;
  const TaskSet set = read_mmlu(tight, tokenizer());
  CHECK(set.notes.size() == 1);
  CHECK(set.items[0].choices.sequences[0].size() == 21);
  CHECK(asked(set.items[0], 0) == " A");
  CHECK(set.items[0].choices.choices[0].queries[0].position == 19);
}

TEST_CASE("ARC, HellaSwag and Winogrande of lm-evaluation-harness") {
  const TaskSet arc = read_arc(
      source(
          R"({"id":"a1","question":"Q?","choices":{"text":["one","two"],"label":["1","2"]},"answerKey":"2"})"
          "\n"
          R"({"id":"a2","question":{"stem":"S?","choices":[{"text":"x","label":"A"},{"text":"yz","label":"B"}]},"answerKey":"A"})"),
      tokenizer());
  REQUIRE(arc.items.size() == 2);
  CHECK(arc.items[0].id == "a1");
  CHECK(arc.items[0].right == std::vector<bool>{false, true});
  CHECK(text_of(arc.items[0], 1) == "Question: Q?\nAnswer: two");
  CHECK(arc.items[1].choices.choices[1].length == 2);
  const TaskSet hellaswag = read_hellaswag(
      source(
          R"({"activity_label":"Fun","ctx_a":"A man [header] is here.","ctx_b":"he Runs","endings":["on [title] off","up"],"label":"1"})"),
      tokenizer());
  CHECK(text_of(hellaswag.items[0], 0) == "Fun: A man is here. He runs on. off");
  CHECK(hellaswag.items[0].right == std::vector<bool>{false, true});
  const TaskSet winogrande = read_winogrande(
      source(R"({"sentence":"Ann told Bob that _ won.","option1":"Ann","option2":"Bob","answer":"2"})"),
      tokenizer());
  CHECK(text_of(winogrande.items[0], 1) == "Ann told Bob that Bob won.");
  CHECK(asked(winogrande.items[0], 1) == " won.");
  CHECK(winogrande.items[0].right == std::vector<bool>{false, true});
  for (const char* line : {"[]", "{", "{}", R"({"sentence":"no gap","answer":"1"})"}) {
    CHECK(refusal(read_arc, line) == ErrorCode::E105);
    CHECK(refusal(read_hellaswag, line) == ErrorCode::E105);
    CHECK(refusal(read_winogrande, line) == ErrorCode::E105);
  }
}

TEST_CASE("worked problems with examples, and prompts of another run") {
  TaskSource problems = source(R"({"question":"Q","answer":"#### 3"})");
  problems.examples = R"({"question":"E","answer":"so\n#### 1"})";
  problems.shots = 1;
  const TaskSet set = read_gsm8k(problems, tokenizer());
  REQUIRE(set.items.size() == 1);
  CHECK(tokenizer().decode(set.items[0].prompt) == "Question: E\nAnswer: so\n#### 1\n\nQuestion: Q\nAnswer:");
  CHECK(set.items[0].target == "#### 3");
  CHECK(set.items[0].rules.max_tokens == 256);
  CHECK(refusal(read_gsm8k, R"({"question":"Q","answer":"1"})") ==
        ErrorCode::E105);  // five examples are usual

  const TaskSet samples = read_samples(
      source(
          R"({"doc_id":4,"target":"#### 9","arguments":[["Question: x",{"until":["END"],"max_gen_toks":7}]]})"),
      tokenizer());
  CHECK(samples.items[0].id == "4");
  CHECK(samples.items[0].rules.stop == std::vector<std::string>{"END"});
  CHECK(samples.items[0].rules.max_tokens == 7);
  const TaskSet choices = read_samples(
      source(
          R"({"doc_id":1,"target":1,"arguments":{"gen_args_0":{"arg_0":"c","arg_1":" A"},"gen_args_1":{"arg_0":"c","arg_1":" B"}}})"),
      tokenizer());
  CHECK(choices.items[0].right == std::vector<bool>{false, true});
  CHECK(refusal(read_samples, R"({"doc_id":1,"target":5,"arguments":[["a"," b"],["a"," c"]]})") ==
        ErrorCode::E105);
  CHECK(refusal(read_samples, R"({"doc_id":1})") == ErrorCode::E105);
}

}  // namespace glim::app
