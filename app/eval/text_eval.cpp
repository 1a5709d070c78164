#include "app/eval/text_eval.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "app/model_list.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/measure/drift_statistics.h"
#include "engine/measure/logits_file.h"
#include "engine/model_source.h"
#include "engine/quantize/file_type.h"

namespace glim::app {
namespace {

constexpr std::int32_t kShortestChunk = 4, kLongestChunk = 1 << 20, kMostRows = 1 << 16;

void refuse(const std::string& what, const std::string& help = {}) {
  throw Error(ErrorCode::E501, "eval: " + what, help);
}

void check_number(const char* flag, std::int32_t value, std::int32_t least, std::int32_t most) {
  if (value < least || value > most)
    refuse(strf("%s %d is out of range; use %d to %d", flag, value, least, most));
}

/// The text of --ppl. Other programs drop the end of the last line, and a token more or less changes all.
std::string read_text(const Job& job, const std::string& path) {
  std::string text;
  if (path == "-") {
    text.assign(std::istreambuf_iterator<char>(job.console.in), {});
  } else {
    std::ifstream stream(expand_path(path), std::ios::binary);
    text.assign(std::istreambuf_iterator<char>(stream), {});
    if (!stream.is_open() || stream.bad()) refuse(printable(path) + ": cannot read the text; check the path");
  }
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::string text_name(const std::string& path) {
  return path == "-" ? "standard input" : std::filesystem::path(path).filename().string();
}

/// The tokens of --tokens as one piece, scored from --from on.
ScoredText read_tokens(const EvalArguments& arguments) {
  std::ifstream stream(expand_path(arguments.tokens), std::ios::binary);
  const auto list = nlohmann::json::parse(stream, nullptr, false);
  const std::string name = printable(arguments.tokens);
  if (!stream.is_open()) refuse(name + ": cannot read the tokens; check the path");
  if (!list.is_array()) refuse(name + ": this is no JSON array of token ids");
  ScoredText out;
  out.starts_texts = false;
  std::vector<TokenId>& tokens = out.chunks.emplace_back();
  for (const auto& entry : list) {
    if (!entry.is_number_integer() || entry < 0 || entry > kLongestChunk * 16)
      refuse(strf("%s: entry %zu is no token id", name.c_str(), tokens.size()));
    tokens.push_back(entry.get<TokenId>());
  }
  if (tokens.size() < 2 || std::ssize(tokens) > kLongestChunk)
    refuse(strf("%s: it has %zu tokens; give 2 to %d", name.c_str(), tokens.size(), kLongestChunk));
  check_number("--from", arguments.from, 1, static_cast<std::int32_t>(tokens.size()) - 1);
  out.first = arguments.from - 1;
  return out;
}

std::unique_ptr<TextModel> load_model_for(const Job& job, const std::string& name, const ScoredText& text,
                                          StopOnSignal& stop) {
  const auto ctx = static_cast<std::int32_t>(text.chunks.front().size());
  auto model = std::make_unique<TextModel>(eval_options(job, name, ctx), [&stop] { return stop.go_on(); });
  for (const auto& chunk : text.chunks)
    for (const TokenId token : chunk)
      if (token >= model->config().vocabulary)
        throw Error(ErrorCode::E112, strf("%s: the text has the token %d, which this model does not know; "
                                          "use the model that the tokens were made for",
                                          printable(name).c_str(), token));
  return model;
}

void check_vocabulary(const BasePredictions& base, const TextModel& model, const TextResult& result) {
  if (base.vocabulary() == model.config().vocabulary) return;
  throw Error(ErrorCode::E112,
              strf("%s has a vocabulary of %lld tokens, the predictions of %s one of %lld; compare quants of "
                   "one and the same model",
                   printable(model.file().path().filename().string()).c_str(),
                   static_cast<long long>(model.config().vocabulary), printable(result.base).c_str(),
                   static_cast<long long>(base.vocabulary())));
}

/// The evaluation of one text, step by step.
class TextRun {
 public:
  TextRun(const Job& job, StopOnSignal& stop, TextResult& result)
      : job_(job), arguments_(job.arguments.eval), stop_(stop), result_(result) {}

  void run(const std::string& path);

 private:
  ScoredText cut(const std::string& name, const std::string& text);
  void run_alone(const std::string& text);
  void run_against_model(const std::string& text);
  void run_against_file();
  /// Adds the scores of `models`, which result_.models has the names of already.
  void score(const std::vector<TextModel*>& models, const ScoredText& text, BasePredictions* base);
  void show_chunk(const TextScore& score);

  const Job& job_;
  const EvalArguments& arguments_;
  StopOnSignal& stop_;
  TextResult& result_;
};

ScoredText TextRun::cut(const std::string& name, const std::string& text) {
  if (!arguments_.tokens.empty()) return read_tokens(arguments_);
  const std::unique_ptr<GgufFile> file = open_model(eval_options(job_, name, 0).model);
  const Tokenizer tokenizer(read_vocab(*file));
  return cut_scored_text(
      tokenizer, text, result_.text,
      {.size = arguments_.chunk_tokens(), .limit = arguments_.chunks, .specials = arguments_.specials});
}

void TextRun::show_chunk(const TextScore& score) {
  const bool drifts = !result_.base.empty();
  double sum = 0;
  std::size_t count = 0;
  for (const auto& chunk : score)
    for (const TokenDrift& drift : chunk) sum += drifts ? drift.kld : -drift.log_p, ++count;
  const double mean = sum / static_cast<double>(count);
  job_.console.err << strf("[%zu]%.4f,", score.size(), drifts ? mean : std::exp(mean)) << std::flush;
}

void TextRun::score(const std::vector<TextModel*>& models, const ScoredText& text, BasePredictions* base) {
  ScoreJob work{.models = models, .text = &text, .base = base, .go_on = [this] { return stop_.go_on(); }};
  std::unique_ptr<LogitsWriter> writer;
  if (!arguments_.save_logits.empty() && !arguments_.reads_base) {
    writer = std::make_unique<LogitsWriter>(expand_path(arguments_.save_logits), text,
                                            models.front()->config().vocabulary, arguments_.top_k);
    work.row = [&](std::size_t, std::span<const float> logits, TokenId next) { writer->add(logits, next); };
  }
  work.chunk = [this](const std::vector<TextScore>& scores) { show_chunk(scores.front()); };
  std::vector<TextScore> scores = score_text(work);
  if (!scores.front().empty()) job_.console.err << std::endl;
  result_.chunks = text.chunks.size();
  result_.chunk_tokens = text.chunks.front().size();
  result_.complete = result_.complete && scores.front().size() == text.chunks.size();
  if (writer != nullptr && result_.complete) {
    writer->finish();
    result_.saved = {arguments_.save_logits, writer->noise_mean(), writer->noise_max()};
  }
  for (TextScore& score : scores) result_.scores.push_back(std::move(score));
}

void TextRun::run_alone(const std::string& text) {
  ScoredText first;
  for (const std::string& name : eval_models(job_)) {
    if (!stop_.go_on()) return;
    ScoredText pieces = cut(name, text);
    const auto model = load_model_for(job_, name, pieces, stop_);
    result_.models.push_back(name);
    score({model.get()}, pieces, nullptr);
    if (first.chunks.empty()) first = pieces;
    result_.same_tokens = result_.same_tokens && first.chunks == pieces.chunks;
  }
}

void TextRun::run_against_model(const std::string& text) {
  result_.base = arguments_.against;
  const ScoredText pieces = cut(arguments_.against, text);
  EngineOptions options =
      eval_options(job_, arguments_.against, static_cast<std::int32_t>(pieces.chunks.front().size()));
  options.kv_type = QuantType::f16;
  TextModel base(options, [this] { return stop_.go_on(); });
  ModelBase predictions(base, pieces);
  std::vector<std::unique_ptr<TextModel>> models;
  std::vector<TextModel*> pointers;
  for (const std::string& name : eval_models(job_)) {
    if (arguments_.tokens.empty() && cut(name, text).chunks != pieces.chunks)
      throw Error(ErrorCode::E112,
                  strf("%s and %s make other tokens of the text; compare quants of one and the same model",
                       printable(name).c_str(), printable(arguments_.against).c_str()));
    models.push_back(load_model_for(job_, name, pieces, stop_));
    check_vocabulary(predictions, *models.back(), result_);
    pointers.push_back(models.back().get());
    result_.models.push_back(name);
  }
  score(pointers, pieces, &predictions);
}

void TextRun::run_against_file() {
  const std::string path = arguments_.reads_base ? arguments_.save_logits : arguments_.kl;
  result_.base = std::filesystem::path(path).filename().string();
  const auto base = open_logits(expand_path(path));
  ScoredText pieces = base->text();
  const auto limit = static_cast<std::size_t>(arguments_.chunks);
  if (limit > 0 && limit < pieces.chunks.size()) pieces.chunks.resize(limit);
  for (const std::string& name : eval_models(job_)) {
    if (!stop_.go_on()) return;
    const auto model = load_model_for(job_, name, pieces, stop_);
    check_vocabulary(*base, *model, result_);
    result_.models.push_back(name);
    score({model.get()}, pieces, base.get());
  }
}

void TextRun::run(const std::string& path) {
  const std::string text = path.empty() ? std::string{} : read_text(job_, path);
  try {
    if (!arguments_.kl.empty() || arguments_.reads_base) {
      result_.text = "the text of the file";
      run_against_file();
    } else {
      result_.text =
          path.empty() ? std::filesystem::path(arguments_.tokens).filename().string() : text_name(path);
      arguments_.against.empty() ? run_alone(text) : run_against_model(text);
    }
  } catch (const Error& error) {
    if (error.code() != ErrorCode::E901 || stop_.status() == 0) throw;
  }
  result_.complete = result_.complete && stop_.status() == 0;
  // A model of which nothing is known gives no row.
  while (!result_.scores.empty() && result_.scores.back().empty()) result_.scores.pop_back();
  result_.models.resize(result_.scores.size());
}

void check_text_flags(const EvalArguments& a, std::size_t models) {
  check_number("--ctx-size", a.chunk_tokens(), kShortestChunk, kLongestChunk);
  check_number("--chunks", a.chunks, 0, kLongestChunk);
  check_number("--top-k", a.top_k, 0, kLongestChunk);
  const bool from_file = !a.kl.empty() || a.reads_base;
  if (a.reads_base && a.save_logits.empty())
    refuse("--kl-divergence needs the file to read", "name it with --kl-divergence-base FILE");
  if (a.reads_base && !a.kl.empty()) refuse("--kl and --kl-divergence read two files; give one of them");
  if (from_file && !a.against.empty()) refuse("--kl and --against are two bases; give one of them");
  if (from_file && (!a.texts.empty() || !a.tokens.empty()))
    refuse("the file of predictions holds its text; leave --ppl, --tokens and -f out");
  if (from_file && !a.kl.empty() && !a.save_logits.empty())
    refuse("--save-logits with --kl would write what cannot be compared; give one of them");
  if (!a.texts.empty() && !a.tokens.empty()) refuse("--ppl and --tokens are two texts; give one of them");
  if (!from_file && a.texts.empty() && a.tokens.empty())
    refuse("the text is missing", "name it with --ppl FILE");
  if (!a.save_logits.empty() && !a.reads_base && (a.texts.size() > 1 || models > 1))
    refuse("--save-logits writes the predictions of one model on one text; give one of each");
  if (a.top_k > 0 && a.save_logits.empty()) refuse("--top-k belongs to --save-logits FILE");
}

}  // namespace

EngineOptions eval_options(const Job& job, const std::string& name, std::int32_t ctx) {
  const EvalArguments& arguments = job.arguments.eval;
  constexpr std::int32_t kMostThreads = 256;
  check_number("--threads", arguments.threads, 0, kMostThreads);
  check_number("--batch-size", arguments.batch, 1, kMostRows);
  if (name.starts_with("shape:"))
    throw Error(ErrorCode::E110, printable(name) +
                                     ": the weights of a shape are noise, so there is no quality "
                                     "to measure; name a GGUF file");
  EngineOptions options;
  options.model = resolve_model(name, job.places);
  options.backend = arguments.backend;
  options.threads = arguments.threads;
  options.batch = arguments.batch;
  options.ctx = ctx;
  options.kv_type = quant_type_named(arguments.kv_type, "--kv-type");
  return options;
}

std::vector<std::string> eval_models(const Job& job) {
  const std::vector<std::string> words = {job.arguments.eval.model};
  if (words.front().empty()) refuse("-m is missing", "name the model to measure: -m FILE.gguf");
  return expand_model_names(words, job.places);
}

bool asks_for_text(const EvalArguments& arguments) {
  const EvalArguments& a = arguments;
  return !a.texts.empty() || !a.tokens.empty() || !a.kl.empty() || a.reads_base || !a.save_logits.empty();
}

std::vector<TextResult> evaluate_texts(const Job& job, StopOnSignal& stop) {
  const EvalArguments& arguments = job.arguments.eval;
  check_text_flags(arguments, eval_models(job).size());
  std::vector<TextResult> out;
  const std::vector<std::string> nothing = {""};
  for (const std::string& path : arguments.texts.empty() ? nothing : arguments.texts) {
    if (!stop.go_on()) break;
    TextRun(job, stop, out.emplace_back()).run(path);
  }
  return out;
}

}  // namespace glim::app
