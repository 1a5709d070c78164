#include "app/run.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <sstream>

#include "app/one_shot.h"
#include "app/requests.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "ui/sanitize.h"

namespace glim::app {
namespace {

std::string read_all(std::istream& stream) {
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string read_input(const std::string& path, Console& console) {
  if (path == "-") return read_all(console.in);
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw Error(ErrorCode::E501, printable(path) + ": cannot read the file; check the path");
  return read_all(stream);
}

/// Words, -p, -f and standard input in this order; what comes behind the first is an attachment.
std::string prompt_text(const ModelJob& job) {
  const Arguments& arguments = job.arguments;
  std::vector<std::string> parts;
  std::string words;
  for (const std::string& word : arguments.words) words += (words.empty() ? "" : " ") + word;
  for (std::string part : {words, arguments.prompt})
    if (!part.empty()) parts.push_back(std::move(part));
  if (!arguments.prompt_file.empty()) parts.push_back(read_input(arguments.prompt_file, job.console));
  if (!job.console.in_is_terminal && arguments.prompt_file != "-") parts.push_back(read_all(job.console.in));
  std::string out;
  for (std::string& part : parts) {
    while (!part.empty() && part.back() == '\n') part.pop_back();
    if (!part.empty()) out += (out.empty() ? "" : "\n\n") + part;
  }
  if (out.empty())
    throw Error(ErrorCode::E501,
                "run: there is no prompt; write it behind \"run\", or use -p, -f or standard input");
  return out;
}

/// Writes one answer as it comes, in the form that -o asks for.
class AnswerWriter {
 public:
  AnswerWriter(Console& console, const Arguments& arguments) : console_(console), arguments_(arguments) {}

  ReplyWatcher watcher();
  void finish(const Answer& reply);

 private:
  void text(const ReplyDelta& delta);
  void line(const Json& event) {
    write_out(console_, event.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  }

  Console& console_;
  const Arguments& arguments_;
  ui::Sanitizer out_, err_;
  bool thinking_ = false, wrote_ = false;
  int index_ = 0;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

ReplyWatcher AnswerWriter::watcher() {
  ReplyWatcher watcher;
  if (arguments_.output == "text") {
    watcher.on_delta = [this](const ReplyDelta& delta) { text(delta); };
  } else if (arguments_.output == "jsonl") {
    watcher.on_prefill = [this](const Prefilling& prefilling) {
      line({{"t", "prefill"},
            {"done", prefilling.done},
            {"total", prefilling.total},
            {"reused", prefilling.reused}});
    };
    watcher.on_piece = [this](const Piece& piece) {
      const auto now = std::chrono::steady_clock::now();
      const double ms = std::chrono::duration<double, std::milli>(now - std::exchange(last_, now)).count();
      line({{"t", "tok"},
            {"i", index_++},
            {"id", piece.id},
            {"s", piece.text},
            {"lp", piece.logprob},
            {"ms", ms}});
    };
  }
  return watcher;
}

void AnswerWriter::text(const ReplyDelta& delta) {
  if (delta.thinking && arguments_.show_thinking == "none") return;
  if (delta.thinking && arguments_.show_thinking == "stderr") {
    console_.err << (console_.err_is_terminal ? err_.push(delta.text) : delta.text) << std::flush;
    thinking_ = true;
    return;
  }
  std::string part;
  if (delta.thinking != thinking_) {
    if (arguments_.show_thinking == "inline") part = delta.thinking ? "<think>" : "</think>\n";
    if (arguments_.show_thinking == "stderr") console_.err << "\n";
    thinking_ = delta.thinking;
  }
  part += delta.text;
  wrote_ = true;
  // What the model writes must not command the terminal; a pipe gets the bytes as they are.
  write_out(console_, console_.out_is_terminal ? out_.push(part) : part);
}

Json timings(const GenerationStats& stats) {
  return {{"prefill_seconds", stats.prefill_seconds},
          {"decode_seconds", stats.decode_seconds},
          {"first_token_seconds", stats.first_token_seconds},
          {"prefill_rate", stats.prefill_rate()},
          {"decode_rate", stats.decode_rate()},
          {"seed", stats.seed}};
}

Json usage(const GenerationStats& stats) {
  return {{"prompt_tokens", stats.prompt_tokens},
          {"reused_tokens", stats.reused_tokens},
          {"generated_tokens", stats.generated_tokens}};
}

/// The engine's words for people ("end of turn") as a name for programs.
std::string finish_word(const Answer& reply) {
  std::string word = finish_name(reply.finish.value_or(FinishReason::cancelled));
  std::replace(word.begin(), word.end(), ' ', '_');
  return word;
}

Json reply_json(const Answer& reply) {
  return {{"text", reply.text},
          {"thinking", reply.thinking},
          {"finish", finish_word(reply)},
          {"tokens", reply.stats.generated_tokens}};
}

void AnswerWriter::finish(const Answer& reply) {
  if (arguments_.output == "text") {
    if (console_.out_is_terminal) write_out(console_, out_.finish());
    if (wrote_) write_out(console_, "\n");
  } else if (arguments_.output == "jsonl") {
    line({{"t", "end"},
          {"reason", finish_word(reply)},
          {"usage", usage(reply.stats)},
          {"timings", timings(reply.stats)}});
  } else {
    Json all = reply_json(reply);
    all["usage"] = usage(reply.stats);
    all["timings"] = timings(reply.stats);
    write_out(console_, all.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  }
}

/// One line of a batch file: {"messages": [...], "thinking": true}.
ChatRequest batch_request(const std::string& text, const std::string& place, const Profile& profile) {
  const Json line = Json::parse(text, nullptr, false);
  const auto wrong = [&](const char* what) { return Error(ErrorCode::E501, place + ": " + what); };
  if (!line.is_object() || !line.contains("messages") || !line["messages"].is_array())
    throw wrong("a JSON object with an array \"messages\" is wanted");
  ChatRequest request = request_settings(profile);
  if (line.contains("thinking")) {
    if (!line["thinking"].is_boolean()) throw wrong("\"thinking\" must be true or false");
    request.thinking = line["thinking"].get<bool>();
  }
  for (const Json& entry : line["messages"]) {
    if (!entry.is_object() || !entry.contains("role") || !entry["role"].is_string() ||
        !entry.contains("content") || !entry["content"].is_string())
      throw wrong("every message needs \"role\" and \"content\" as strings");
    request.messages.push_back(
        message(entry["role"].get<std::string>(), entry["content"].get<std::string>()));
  }
  if (request.messages.empty()) throw wrong("\"messages\" is empty");
  return request;
}

int run_batch(const ModelJob& job, Engine& engine, EventWaiter& waiter) {
  const std::string name = job.arguments.batch_file;
  std::istringstream lines(read_input(name, job.console));
  int number = 0;
  for (std::string text; std::getline(lines, text);) {
    ++number;
    if (text.find_first_not_of(" \t\r") == text.npos) continue;
    const ChatRequest request =
        batch_request(text, printable(name) + ":" + std::to_string(number), job.profile);
    const Answer reply = one_answer(engine, job.profile, engine.render(request), waiter);
    write_out(job.console, reply_json(reply).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
    if (reply.interrupted != 0) return reply.interrupted;
  }
  return 0;
}

int answer(const ModelJob& job, const std::string& prompt, Engine& engine, EventWaiter& waiter) {
  ChatRequest request = request_settings(job.profile);
  if (const std::string system = system_prompt(job.profile); !system.empty())
    request.messages.push_back(message("system", system));
  request.messages.push_back(message("user", prompt));
  Prompt rendered = engine.render(request);
  if (!rendered.notice.empty()) say(job.console, rendered.notice);
  AnswerWriter writer(job.console, job.arguments);
  const Answer reply = one_answer(engine, job.profile, std::move(rendered), waiter, writer.watcher());
  writer.finish(reply);
  return reply.interrupted;
}

}  // namespace

int run_prompt(const ModelJob& job) {
  EventWaiter::Deadline deadline;
  if (job.arguments.timeout_seconds > 0)
    deadline = std::chrono::steady_clock::now() +
               std::chrono::milliseconds(static_cast<long long>(1000 * job.arguments.timeout_seconds));
  const bool batch = !job.arguments.batch_file.empty();
  const std::string prompt = batch ? std::string() : prompt_text(job);
  EventWaiter waiter(&job.signals, deadline);
  const LoadedEngine loaded = open_for(job, waiter);
  return batch ? run_batch(job, *loaded.engine, waiter) : answer(job, prompt, *loaded.engine, waiter);
}

}  // namespace glim::app
