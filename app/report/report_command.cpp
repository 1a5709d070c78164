#include "app/report/report_command.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

#include "app/model_list.h"
#include "app/report/machine.h"
#include "app/report/report_work.h"
#include "app/report/writers.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

constexpr int kPlainWidth = 120, kLeastWidth = 30;

int width_of(const Console& console) {
  winsize size{};
  if (console.out_is_terminal && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return std::max<int>(kLeastWidth, size.ws_col);
  const char* columns = std::getenv("COLUMNS");
  const int wanted = columns == nullptr ? 0 : std::atoi(columns);
  return wanted > 0 ? std::max(kLeastWidth, wanted) : kPlainWidth;
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[40];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
  return text;
}

}  // namespace

namespace report {

std::vector<std::pair<std::string, std::string>> provenance_of(const Wanted& wanted) {
  const ReportArguments& arguments = wanted.arguments;
  const SpeedTests& tests = wanted.tests;
  std::string models;
  for (const std::string& model : arguments.models) models += (models.empty() ? "" : " ") + model;
  std::vector<std::pair<std::string, std::string>> out = machine_facts(arguments.backend);
  const std::vector<std::pair<std::string, std::string>> more = {
      {"finished", utc_now()},
      {"models", models},
      {"backend", arguments.backend},
      {"threads", arguments.threads == 0 ? "one per core" : std::to_string(arguments.threads)},
      {"KV type", arguments.kv_type},
      {"speed tests", strf("random tokens, greedy: prompt of %d, %d generated, %d repetitions", tests.prompt,
                           tests.generated, tests.repetitions)},
      {"latency test", "\"Count 1 to 5\", 10 tokens, cold: prompt not in the cache, warm: in the cache"}};
  out.insert(out.end(), more.begin(), more.end());
  if (!arguments.text_file.empty())
    out.emplace_back("text", strf("%s, pieces of %d tokens", arguments.text_file.c_str(), arguments.chunk));
  return out;
}

}  // namespace report

int make_report(const Job& job) {
  const ReportArguments& arguments = job.arguments.report;
  const report::Wanted wanted(arguments);
  std::vector<std::string> words = arguments.models;
  if (!arguments.reference.empty()) words.insert(words.begin(), arguments.reference);
  report::Work work(job, wanted);
  work.read_prompts();
  work.describe_models(expand_model_names(words, job.places));
  work.choose_reference();
  std::string partial;
  int status = 0;
  try {
    work.measure_speeds();
    work.ask_prompts();
    work.measure_quality();
  } catch (const report::Stopped& stopped) {
    status = stopped.status;
    partial = "it was stopped by a signal";
  }
  work.add_stored_results();
  const report::Report report = work.finish(partial);
  for (const std::string& path : arguments.outputs) {
    report::write_report(report, path);
    say(job.console, "wrote " + printable(path));
  }
  write_out(job.console, arguments.json ? report::report_json(report)
                                        : report::report_text(report, width_of(job.console)));
  return status != 0 ? status : work.status();
}

}  // namespace glim::app
