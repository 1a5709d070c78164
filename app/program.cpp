#include "app/program.h"

#include <array>
#include <cstdlib>
#include <string_view>

#include "app/bench/bench.h"
#include "app/chat_app.h"
#include "app/compare/compare.h"
#include "app/convert.h"
#include "app/debug_plan.h"
#include "app/debug_verify.h"
#include "app/devices.h"
#include "app/drift.h"
#include "app/eval/eval.h"
#include "app/fit/fit.h"
#include "app/imatrix.h"
#include "app/inspect.h"
#include "app/job.h"
#include "app/model_tools.h"
#include "app/paths.h"
#include "app/plain.h"
#include "app/profile_tools.h"
#include "app/quantize.h"
#include "app/report/report_command.h"
#include "app/run.h"
#include "app/screen_options.h"
#include "app/store/results.h"
#include "engine/base/error.h"

namespace glim::app {
namespace {

struct Context {
  const Arguments& arguments;
  EngineSource& source;
  Console& console;
  Paths paths;

  ModelPlaces places() const {
    ModelPlaces out{paths.installed, {}, paths.cache};
    if (const char* models = std::getenv("GLIM_MODELS")) out.folders.emplace_back(models);
    for (auto& folder : read_model_folders(paths.config / "config.toml"))
      out.folders.push_back(std::move(folder));
    return out;
  }
};

int chat(const Context& context) {
  Chat::Setup setup{chosen_profiles(context.arguments, context.paths), context.arguments.profile,
                    context.arguments.overrides, context.places()};
  if (wants_screen(context.arguments, context.console)) {
    const ScreenOptions options = screen_options(context.arguments);
    Chat chat(context.source, std::move(setup));
    return run_chat_screen(chat, context.paths, options);
  }
  Signals signals;
  Chat chat(context.source, std::move(setup));
  chat.start();
  return run_plain_chat(chat, context.console, signals);
}

template <int (*Run)(const ModelJob&)>
int with_model(const Context& context) {
  const ProfileSet profiles = chosen_profiles(context.arguments, context.paths);
  const Settings& overrides = context.arguments.overrides;
  std::string name = context.arguments.profile;
  if (name.empty() && overrides.count("model.path") == 0) name = profiles.default_name();
  Settings settings = profiles.settings(name);
  for (const auto& [key, setting] : overrides) settings[key] = setting;
  Profile profile = make_profile(name, settings);
  const ModelPlaces places = context.places();
  Signals signals;
  return Run({context.arguments, settings, profile, places, context.source, context.console, signals});
}

int inspect_file(const Context& context) {
  const std::string path = resolve_model(context.arguments.file, context.places());
  return inspect(path, context.arguments.json, context.console.out);
}

int convert_folder(const Context& context) {
  return convert_model(context.arguments, context.console);
}

template <int (*Run)(const Arguments&, const Paths&, Console&)>
int with_paths(const Context& context) {
  return Run(context.arguments, context.paths, context.console);
}

template <int (*Run)(const ToolJob&)>
int with_files(const Context& context) {
  const ModelPlaces places = context.places();
  Signals signals;
  return Run({context.arguments.tool, places, context.console, signals});
}

template <int (*Run)(const Job&)>
int with_job(const Context& context) {
  const ModelPlaces places = context.places();
  Signals signals;
  return Run({context.arguments, context.paths, places, context.source, context.console, signals});
}

int paths(const Context& context) {
  return show_paths(context.paths, context.console);
}

int list_devices(const Context& context) {
  const Devices found = devices();
  if (context.arguments.verify) {
    Signals signals;
    return verify_devices(found, context.places(), context.console, signals);
  }
  write_out(context.console, context.arguments.json ? devices_json(found) : devices_text(found));
  for (const std::string& problem : found.problems) say(context.console, "vulkan: " + problem);
  return 0;
}

struct Entry {
  std::string_view command;
  int (*run)(const Context&);
};

constexpr std::array kEntries = {
    Entry{"chat", chat},
    Entry{"run", with_model<run_prompt>},
    Entry{"eval", with_job<evaluate>},
    Entry{"compare", with_job<compare>},
    Entry{"inspect", inspect_file},
    Entry{"fit", with_job<fit>},
    Entry{"convert", convert_folder},
    Entry{"profiles list", with_paths<list_profiles>},
    Entry{"profiles show", with_paths<show_profile>},
    Entry{"profiles check", with_paths<check_profiles>},
    Entry{"devices", list_devices},
    Entry{"debug tokenize", with_model<debug_tokenize>},
    Entry{"debug render", with_model<debug_render>},
    Entry{"debug logits", with_model<debug_logits>},
    Entry{"debug plan", with_model<debug_plan>},
    Entry{"debug verify", with_model<debug_verify>},
    Entry{"paths", paths},
    Entry{"report", with_job<make_report>},
    Entry{"bench", with_job<bench>},
    Entry{"results list", with_paths<list_results>},
    Entry{"results show", with_paths<show_result>},
    Entry{"results compare", with_paths<compare_results>},
    Entry{"results export", with_paths<export_results>},
    Entry{"results rm", with_paths<remove_results>},
    Entry{"quantize", with_files<quantize>},
    Entry{"imatrix", with_files<make_importance>},
    Entry{"debug write-shape", with_files<debug_write_shape>},
    Entry{"debug drift", with_files<debug_drift>},
};

}  // namespace

int run_program(const Arguments& arguments, EngineSource& source, Console& console) {
  if (!arguments.answer.empty()) {
    write_out(console, arguments.answer);
    return 0;
  }
  for (const std::string& note : arguments.notes) say(console, note);
  const Context context{arguments, source, console, paths_from_environment()};
  for (const Entry& entry : kEntries)
    if (entry.command == arguments.command) return entry.run(context);
  GLIM_ASSERT(!"every command of the parser has an entry");
  return 1;
}

}  // namespace glim::app
