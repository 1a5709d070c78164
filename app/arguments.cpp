#include "app/arguments.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string_view>

#include <CLI/CLI.hpp>

#include "app/argument_tables.h"
#include "app/profile_fields.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

/// "sampling.top_k" is --top-k; the seed and the bias keep the names that people know.
std::string sampler_flag(const ProfileField& field) {
  std::string name(field.key.substr(field.key.find('.') + 1));
  for (char& c : name)
    if (c == '_' || c == '.') c = '-';
  if (name == "seed") return "-s,--seed";
  if (name == "order") return "--samplers";
  if (name == "logit-bias") return "-l,--logit-bias";
  if (name == "typical-p") return "--typical";
  return "--" + name;
}

std::string long_name(std::string_view names) {
  const std::size_t at = names.find("--");
  const std::string_view rest = names.substr(at + 2);
  return std::string(rest.substr(0, rest.find(',')));
}

std::string environment_name(std::string_view names) {
  std::string out = "GLIM_" + long_name(names);
  for (char& c : out) c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

/// The command line under construction: CLI11 calls back in the order of the words.
class Parser {
 public:
  Parser();
  Arguments parse(std::vector<std::string> words);

 private:
  void add_key_flags(CLI::App& command);
  void add_think_flag(CLI::App& command);
  void add_screen_flags(CLI::App& command);
  void set_screen(const ScreenFlag& flag, const std::string& value, const std::string& origin);
  void add_run(CLI::App& command);
  void add_profiles(CLI::App& command);
  void add_debug(CLI::App& command);
  void add_tools();
  void add_results(CLI::App& command);
  void add_flags(CLI::App& command, const std::vector<Flag>& flags);
  void add_convert(CLI::App& command);
  void set(const std::string& key, std::string_view text, const std::string& origin);
  void set_from_environment();
  void reject_unknown(const CLI::App& command) const;

  CLI::App app_{"glim: chat with GLM-4.7-Flash and its relatives on your own machine", "glim"};
  Arguments out_;
};

void Parser::set(const std::string& key, std::string_view text, const std::string& origin) {
  try {
    const ProfileField& field = field_named(key);
    Json value = value_from_text(field, text);
    Profile scratch;
    set_field(scratch, field, value);
    // Every -r adds a stop text; all other keys keep the last word.
    auto& slot = out_.overrides[std::string(field.key)];
    if (field.type == FieldType::texts && slot.value.is_array() && slot.origin == origin)
      value.insert(value.begin(), slot.value.begin(), slot.value.end());
    slot = Setting{std::move(value), origin};
  } catch (const Error& error) {
    throw Error(ErrorCode::E501, origin + ": " + error.what(), error.help());
  }
}

void Parser::set_from_environment() {
  const auto take = [this](std::string_view names, std::string_view key) {
    const std::string name = environment_name(names);
    if (const char* value = std::getenv(name.c_str())) set(std::string(key), value, name);
  };
  for (const KeyFlag& flag : kKeyFlags) take(flag.names, flag.key);
  for (const ProfileField& field : profile_fields())
    if (is_sampling(field)) take(sampler_flag(field), field.key);
  if (const char* profile = std::getenv("GLIM_PROFILE")) out_.profile = profile;
  for (const ScreenFlag& flag : kScreenFlags) {
    const std::string name = environment_name(flag.name);
    if (const char* value = std::getenv(name.c_str())) set_screen(flag, value, name);
  }
}

void Parser::set_screen(const ScreenFlag& flag, const std::string& value, const std::string& origin) {
  const std::string words = " " + std::string(flag.choices) + " ";
  if (value.empty() || value.find(' ') != value.npos || words.find(" " + value + " ") == words.npos)
    throw Error(ErrorCode::E501, origin + " = " + printable(value) + " is not allowed",
                "allowed: " + std::string(flag.choices));
  out_.*flag.member = value;
}

void Parser::add_screen_flags(CLI::App& command) {
  for (const ScreenFlag& flag : kScreenFlags)
    command
        .add_option_function<std::string>(
            flag.name, [this, &flag](const std::string& value) { set_screen(flag, value, flag.name); },
            flag.help)
        ->type_name("WHEN");
}

void Parser::add_key_flags(CLI::App& command) {
  command.add_option("-P,--profile", out_.profile, "profile of profiles.toml")
      ->type_name("NAME")
      ->group("Model");
  command.add_option("--profiles", out_.profiles_file, "read only this file of profiles")
      ->type_name("FILE")
      ->group("Model");
  const auto add = [&](const std::string& names, const ProfileField& field, std::string_view value) {
    const std::string origin = "--" + long_name(names);
    const std::string key(field.key);
    const char* group = is_sampling(field) ? "Sampling" : "Model";
    if (field.type == FieldType::boolean) {
      command
          .add_flag_callback(
              names, [this, key, origin] { set(key, "on", origin); }, std::string(field.help))
          ->group(group);
      return;
    }
    command
        .add_option_function<std::vector<std::string>>(
            names,
            [this, key, origin](const std::vector<std::string>& texts) {
              for (const std::string& text : texts) set(key, text, origin);
            },
            std::string(field.help))
        ->type_name(std::string(value))
        ->expected(1)
        ->take_all()
        ->allow_extra_args(false)
        ->group(group);
  };
  for (const KeyFlag& flag : kKeyFlags) add(std::string(flag.names), field_named(flag.key), flag.value);
  for (const ProfileField& field : profile_fields())
    if (is_sampling(field)) add(sampler_flag(field), field, "X");
  for (const SetFlag& flag : kSetFlags)
    command
        .add_flag_callback(
            std::string(flag.names),
            [this, &flag] {
              set(std::string(flag.key), std::string(flag.value), "--" + long_name(flag.names));
            },
            flag.help)
        ->group("Model");
  for (const Ineffective& flag : kIneffective)
    command
        .add_option_function<std::string>(
            std::string(flag.names),
            [this, flag](const std::string&) {
              out_.notes.push_back("--" + long_name(flag.names) + " has no effect: " + flag.why);
            })
        ->group("");
  command
      .add_option_function<std::vector<std::string>>(
          "--set",
          [this](const std::vector<std::string>& pairs) {
            for (const std::string& pair : pairs) {
              const std::size_t equals = pair.find('=');
              if (equals == pair.npos)
                throw Error(ErrorCode::E501,
                            "--set " + printable(pair) + ": \"=\" is missing; write --set key=value");
              set(pair.substr(0, equals), pair.substr(equals + 1), "--set");
            }
          },
          "set any profile key")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false)
      ->group("Model");
}

void Parser::add_think_flag(CLI::App& command) {
  const bool shows = command.get_name() == "run";
  command
      .add_option_function<std::vector<std::string>>(
          "--think",
          [this, shows](const std::vector<std::string>& words) {
            for (const std::string& word : words) {
              if (shows && (word == "none" || word == "stderr" || word == "inline")) {
                out_.show_thinking = word;
              } else {
                set("chat.think", word, "--think");
              }
            }
          },
          shows
              ? "on, off, auto: whether the model thinks; none, stderr, inline: where its thoughts are shown"
              : "on, off, auto: whether the model thinks")
      ->type_name("MODE")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
}

void Parser::add_run(CLI::App& command) {
  command.add_option("words", out_.words, "the prompt")->type_name("PROMPT");
  command.add_option("-p,--prompt", out_.prompt, "the prompt")->type_name("TEXT");
  command.add_option("-f,--file", out_.prompt_file, "read the prompt from a file, - is standard input")
      ->type_name("FILE");
  command.add_option("-o,--output", out_.output, "text, json or jsonl")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "json", "jsonl"}));
  command
      .add_option("--batch", out_.batch_file,
                  "one conversation per line: {\"messages\":[{\"role\",\"content\"}],\"thinking\":true}")
      ->type_name("FILE");
  command.add_option("--timeout", out_.timeout_seconds, "stop after this many seconds with exit status 124")
      ->type_name("SECONDS")
      ->check(CLI::PositiveNumber);
}

void Parser::add_profiles(CLI::App& command) {
  command.require_subcommand(1);
  const auto verb = [&](const char* name, const char* help) {
    CLI::App* sub = command.add_subcommand(name, help);
    sub->allow_extras();
    sub->add_option("--profiles", out_.profiles_file, "read only this file of profiles")->type_name("FILE");
    return sub;
  };
  verb("list", "names and descriptions")->add_flag("--json", out_.json, "as JSON");
  CLI::App* show = verb("show", "every value of one profile");
  show->add_option("name", out_.name, "the profile")->type_name("NAME");
  show->add_flag("--origin", out_.origin, "and where it was written");
  show->add_flag("--json", out_.json, "as JSON");
  verb("check", "read every profile and report the first mistake")
      ->add_option("file", out_.file, "instead of the installed files")
      ->type_name("FILE");
}

void Parser::add_debug(CLI::App& command) {
  command.require_subcommand(1);
  const auto verb = [&](const char* name, const char* help) {
    CLI::App* sub = command.add_subcommand(name, help);
    sub->allow_extras();
    add_key_flags(*sub);
    return sub;
  };
  verb("tokenize", "print the tokens of standard input as one JSON array")
      ->add_flag("--special", out_.specials, "read special tokens in the text as such");
  verb("render", "print the prompt of the request on standard input")
      ->add_option("--template", out_.template_file, "render with this template, without a model")
      ->type_name("FILE");
  CLI::App* plan = verb("plan", "print what a step of the Vulkan backend dispatches, and where it waits");
  plan->add_option("--rows", out_.rows, "tokens of the step")->type_name("N")->check(CLI::Range(1, 65536));
  plan->add_option("--depth", out_.depth, "tokens before it")->type_name("N")->check(CLI::Range(0, 1 << 24));
  plan->add_flag("--time", out_.time, "run the step on the device and measure every dispatch alone");
  plan->add_option("--steps", out_.repetitions, "of --time: steps whose median is shown (5)")
      ->type_name("N")
      ->check(CLI::Range(1, 1000));
  plan->add_flag("--json", out_.json, "as JSON");
  CLI::App* verify = verb("verify", "run a model on two backends and name the first stage that differs");
  verify->add_option("--against", out_.against, "the backend that is right (cpu; for cpu reference)")
      ->type_name("NAME");
  verify->add_option("-p,--prompt", out_.prompt, "the text to run")->type_name("TEXT");
  verify->add_option("--rows", out_.step_rows, "tokens of the first step, the others come one by one (32)")
      ->type_name("N")
      ->check(CLI::Range(1, 65536));
  verify->add_option("--tolerance", out_.tolerance, "relative distance that is right (0.002)")
      ->type_name("X")
      ->check(CLI::PositiveNumber);
  verify->add_flag("--json", out_.json, "as JSON");
  CLI::App* logits = verb("logits", "write the logits of every position as float32 [tokens][vocabulary]");
  logits->add_option("--tokens", out_.tokens, "token ids with blanks or commas between them")
      ->type_name("IDS")
      ->required();
  logits->add_option("--out", out_.out_file, "the file to write")->type_name("FILE")->required();
  logits->add_option("--chunk", out_.chunk, "rows of one step")->type_name("N")->check(CLI::PositiveNumber);
}

void Parser::add_convert(CLI::App& command) {
  command.add_option("folder", out_.file, "the folder with config.json, tokenizer.json and *.safetensors")
      ->type_name("FOLDER")
      ->required();
  command.add_option("out", out_.out_file, "the GGUF file to write")->type_name("OUT.gguf")->required();
  command.add_option("--type", out_.type, "format of all matrices; without it they keep what they have")
      ->type_name("TYPE");
  command.add_flag("--mtp", out_.prediction_layers, "keep the layers that predict further tokens");
}

/// Commands whose flags are rows of a table; "debug x" belongs under "debug".
void Parser::add_tools() {
  for (const ToolCommand& tool : tool_commands()) {
    const std::size_t blank = tool.name.find(' ');
    const std::string name(tool.name.substr(blank == tool.name.npos ? 0 : blank + 1));
    CLI::App& parent =
        blank == tool.name.npos ? app_ : *app_.get_subcommand(std::string(tool.name.substr(0, blank)));
    CLI::App& command = *parent.add_subcommand(name, std::string(tool.help));
    command.allow_extras();
    if (!tool.words.empty())
      command.add_option("words", out_.tool.words, std::string(tool.words))->type_name("");
    add_flags(command, tool_flags(tool.name, out_.tool));
  }
}

void Parser::add_results(CLI::App& command) {
  command.require_subcommand(1);
  for (const ResultsVerb& verb : results_verbs()) {
    CLI::App& sub = *command.add_subcommand(std::string(verb.name), std::string(verb.help));
    sub.allow_extras();
    add_flags(sub, results_flags(verb.name, out_.results));
  }
}

void Parser::add_flags(CLI::App& command, const std::vector<Flag>& flags) {
  for (const Flag& flag : flags) {
    const std::string names(flag.names), help(flag.help);
    const auto add = [&](auto* into) {
      using Value = std::decay_t<decltype(*into)>;
      if constexpr (std::is_same_v<Value, bool>) {
        command.add_flag(names, *into, help);
      } else {
        CLI::Option& option = *command.add_option(names, *into, help);
        option.type_name(std::string(flag.value));
        if (std::is_same_v<Value, std::vector<std::string>> && names.front() == '-')
          option.expected(1)->take_all()->allow_extra_args(false);
        if (!flag.choices.empty()) option.check(CLI::IsMember(split_words(flag.choices, ',')));
      }
    };
    std::visit(add, flag.into);
  }
}

Parser::Parser() {
  app_.set_version_flag("--version", std::string("glim ") + GLIM_VERSION);
  app_.require_subcommand(1);
  app_.footer("glim alone is glim chat. glim COMMAND --help shows the options of a command.");

  CLI::App* chat = app_.add_subcommand("chat", "talk to a model (the default)");
  add_key_flags(*chat);
  add_think_flag(*chat);
  chat->add_flag("--plain", out_.plain, "lines of text instead of the full screen");
  add_screen_flags(*chat);

  CLI::App* run = app_.add_subcommand("run", "one answer on standard output");
  add_run(*run);
  add_key_flags(*run);
  add_think_flag(*run);

  add_flags(*app_.add_subcommand("eval", "how good models are, and what quants have lost"),
            eval_flags(out_.eval));
  CLI::App* compare = app_.add_subcommand("compare", "two to four models or profiles side by side");
  add_flags(*compare, compare_flags(out_.compare));
  add_key_flags(*compare);
  add_think_flag(*compare);
  compare->add_flag("--plain", out_.plain, "text instead of the full screen");
  add_screen_flags(*compare);

  CLI::App* devices = app_.add_subcommand("devices", "what this machine has to compute with");
  devices->add_flag("--json", out_.json, "as JSON");
  devices->add_flag(
      "--verify", out_.verify,
      "compare their results with the processor's; those that are right are used by themselves");
  CLI::App* inspect = app_.add_subcommand("inspect", "what is in a GGUF file");
  inspect->add_option("file", out_.file, "the GGUF file")->type_name("FILE")->required();
  inspect->add_flag("--json", out_.json, "as JSON");

  add_flags(*app_.add_subcommand("fit", "what models need in memory, and what would fit"),
            fit_flags(out_.fit));
  add_convert(*app_.add_subcommand("convert", "a model folder (safetensors) to a GGUF file"));
  add_profiles(*app_.add_subcommand("profiles", "list, show and check profiles"));
  CLI::App* bench = app_.add_subcommand("bench", "how fast models read prompts and make tokens");
  add_flags(*bench, bench_flags(out_.bench));
  bench->footer(bench_footer());
  add_results(*app_.add_subcommand("results", "what has been measured so far"));
  add_debug(*app_.add_subcommand("debug", "for people who check an engine"));
  app_.add_subcommand("paths", "the folders that glim uses");
  add_flags(*app_.add_subcommand("report", "size, memory, speed and quality of quants side by side"),
            report_flags(out_.report));
  add_tools();
  for (CLI::App* command : app_.get_subcommands({})) command->allow_extras();
}

void Parser::reject_unknown(const CLI::App& command) const {
  for (const std::string& word : command.remaining()) {
    if (word == "--") continue;
    const std::string help = strf("\"glim %s --help\" lists what it takes", out_.command.c_str());
    if (word.empty() || word.front() != '-')
      throw Error(ErrorCode::E501, "unexpected argument \"" + printable(word) + "\"", help);
    const std::string flag = word.substr(0, word.find('='));
    std::vector<std::string> names;
    for (const CLI::Option* option : command.get_options())
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const ShortName& name : kShortNames) names.emplace_back(name.written);
    const std::string_view near = nearest(flag, names);
    throw Error(ErrorCode::E501, "unknown flag " + printable(flag),
                near.empty() ? help : "did you mean " + std::string(near) + "?");
  }
}

Arguments Parser::parse(std::vector<std::string> words) {
  set_from_environment();
  std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
  try {
    app_.parse(words);
  } catch (const CLI::CallForVersion& version) {
    out_.answer = std::string(version.what()) + "\n";
    return out_;
  } catch (const CLI::CallForHelp&) {
    const CLI::App* command = &app_;
    while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
    out_.answer = command->help();
    return out_;
  } catch (const CLI::ParseError& error) {
    throw Error(ErrorCode::E501, error.what(), "\"glim --help\" shows the commands");
  }
  const CLI::App* command = &app_;
  out_.command.clear();
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().front();
    out_.command += (out_.command.empty() ? "" : " ") + command->get_name();
  }
  reject_unknown(*command);
  const char* no_color = std::getenv("NO_COLOR");
  if (out_.color == "auto" && no_color != nullptr && *no_color != '\0') out_.color = "never";
  return out_;
}

bool takes_no(const std::string& long_flag) {
  if (long_flag == "think" || long_flag == "mouse") return true;
  for (const KeyFlag& flag : kKeyFlags) {
    if (long_name(flag.names) != long_flag) continue;
    const ProfileField& field = field_named(flag.key);
    return field.type == FieldType::boolean || field.choices.find("off") != std::string_view::npos;
  }
  return false;
}

}  // namespace

std::vector<std::string> normalise_arguments(std::vector<std::string> words) {
  const bool named =
      !words.empty() && (words[0] == "--help" || words[0] == "-h" || words[0] == "--version" ||
                         std::find(kSubcommands.begin(), kSubcommands.end(), words[0]) != kSubcommands.end());
  if (!named) {
    if (!words.empty() && !words[0].empty() && words[0].front() != '-') {
      const std::string_view near = nearest(words[0], kSubcommands);
      throw Error(ErrorCode::E501, "unknown command \"" + printable(words[0]) + "\"",
                  near.empty() ? "to ask one question write: glim run \"...\""
                               : "did you mean " + std::string(near) + "?");
    }
    words.insert(words.begin(), "chat");
  }
  for (std::string& word : words) {
    if (word == "--") break;
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    for (const ShortName& known : kShortNames)
      if (name == known.written)
        word = std::string(known.meant) + (equals == word.npos ? "" : word.substr(equals));
    if (word.substr(0, 5) == "--no-" && takes_no(word.substr(5))) word = "--" + word.substr(5) + "=off";
  }
  return words;
}

Arguments parse_arguments(const std::vector<std::string>& words) {
  return Parser().parse(normalise_arguments(words));
}

}  // namespace glim::app
