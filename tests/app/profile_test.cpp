#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "app/profile_fields.h"
#include "app/profile_set.h"
#include "engine/base/error.h"
#include "tests/support/temp_dir.h"

namespace glim::app {
namespace {

ProfileFile parse(const std::string& text) {
  std::istringstream stream(text);
  return parse_profiles(stream, "/home/me/profiles.toml");
}

ProfileSet set_of(const std::string& text) {
  ProfileSet set;
  set.add(parse(text));
  return set;
}

std::string message_of(const std::string& text) {
  try {
    parse(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

ErrorCode code_of(const std::string& text) {
  try {
    parse(text);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::E101;
}

Json value(const Settings& settings, const std::string& key) {
  return settings.at(key).value;
}

}  // namespace

TEST_CASE("every profile key is lower case, unique, documented, and its default is in range") {
  std::set<std::string_view> seen;
  for (const ProfileField& field : profile_fields()) {
    CAPTURE(field.key);
    CHECK(std::all_of(field.key.begin(), field.key.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_';
    }));
    CHECK(seen.insert(field.key).second);
    CHECK(!field.help.empty());
    Profile profile;
    const Json standard = field_value(profile, field);
    CHECK_NOTHROW(set_field(profile, field, standard));
    CHECK(field_value(profile, field) == standard);
  }
}

TEST_CASE("every number of the sampler is a profile key") {
  for (const SamplerField& field : kSamplerFields)
    CHECK(find_field(std::string("sampling.") + field.name) != nullptr);
}

TEST_CASE("a value goes into its member and comes back") {
  Profile profile;
  const auto set = [&](const char* key, const Json& json) { set_field(profile, field_named(key), json); };
  set("context.ctx", "64k");
  CHECK(profile.ctx == 65536);
  set("context.ctx", 4096);
  CHECK(profile.ctx == 4096);
  set("context.ctx", "max");
  CHECK(profile.ctx == kTrainedContext);
  set("context.ctx", 0);
  CHECK(profile.ctx == kTrainedContext);
  set("kv.type_k", "q8_0");
  CHECK(profile.kv_type == "q8_0");
  set("chat.think", true);
  CHECK(profile.think == "on");
  set("sampling.seed", 42);
  CHECK(profile.sampling.seed == 42u);
  set("sampling.seed", "random");
  CHECK(!profile.sampling.seed);
  set("sampling.temp", 0.7);
  CHECK(field_value(profile, field_named("temp")) == Json(0.7));
  set("sampling.order", {"top_k", "temp"});
  CHECK(profile.sampling.order.size() == 2);
  set("sampling.logit_bias", {{"42", -5}});
  CHECK(profile.sampling.logit_bias.at(0).first == 42);
  CHECK(profile.sampling.logit_bias.at(0).second == doctest::Approx(-5));
}

TEST_CASE("a value out of range is refused with what is allowed, and nothing changes") {
  Profile profile;
  try {
    set_field(profile, field_named("context.ctx"), 5);
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::E603);
    CHECK(std::string(error.what()) == "context.ctx = 5 is out of range");
    CHECK(error.help() == "allowed: 16 to 16777216, \"64k\", \"max\" or \"auto\"");
  }
  CHECK(profile.ctx == kDefaultContext);
  CHECK_THROWS_AS(set_field(profile, field_named("top_p"), 1.5), Error);
  CHECK_THROWS_AS(set_field(profile, field_named("top_k"), 1.5), Error);
  CHECK_THROWS_AS(set_field(profile, field_named("top_k"), "many"), Error);
  CHECK_THROWS_AS(set_field(profile, field_named("kv.type_k"), "q4_k"), Error);
  CHECK_THROWS_AS(set_field(profile, field_named("sampling.stop"), Json::array({""})), Error);
  CHECK_THROWS_AS(set_field(profile, field_named("context.ctx"), "99999999999k"), Error);
  CHECK_THROWS_AS(set_field(profile, field_named("context.ctx"), "17000k"), Error);
  CHECK_THROWS_AS(set_field(profile, field_named("sampling.logit_bias"), Json{{"foo", 1}}), Error);
}

TEST_CASE("a key may be named by its last part when that is enough") {
  CHECK(field_named("temp").key == "sampling.temp");
  CHECK(field_named("ctx").key == "context.ctx");
  try {
    field_named("tmep");
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::E602);
    CHECK(error.help() == "did you mean \"temp\"?");
  }
}

TEST_CASE("words of the command line become values of the right type") {
  CHECK(value_from_text(field_named("temp"), "0.5") == Json(0.5));
  CHECK(value_from_text(field_named("top_k"), "40") == Json(40));
  CHECK(value_from_text(field_named("ctx"), "64k") == Json("64k"));
  CHECK(value_from_text(field_named("abstract"), "on") == Json(true));
  CHECK(value_from_text(field_named("sampling.order"), "top_k;temp") == Json({"top_k", "temp"}));
  CHECK(value_from_text(field_named("sampling.stop"), "a, b") == Json::array({"a, b"}));
  CHECK(value_from_text(field_named("logit_bias"), "42-5") == Json{{"42", -5.0}});
  CHECK(value_from_text(field_named("template_vars"), "{\"a\": true}") == Json{{"a", true}});
  CHECK_THROWS_AS(value_from_text(field_named("template_vars"), "a"), Error);
}

TEST_CASE("numbers of layers have a word for all of them") {
  Profile profile;
  const ProfileField& layers = field_named("device.gpu_layers");
  CHECK(field_value(profile, layers) == Json("all"));
  set_field(profile, layers, value_from_text(layers, "12"));
  CHECK(profile.gpu_layers == 12);
  set_field(profile, layers, value_from_text(layers, "auto"));
  CHECK(field_value(profile, layers) == Json("all"));
  const ProfileField& experts = field_named("cpu_moe_layers");
  CHECK(field_value(profile, experts) == Json(0));
  set_field(profile, experts, value_from_text(experts, "auto"));
  CHECK(profile.cpu_moe_layers == -1);
  CHECK_THROWS_AS(set_field(profile, experts, Json("all")), Error);
  CHECK_THROWS_AS(set_field(profile, experts, Json(-2)), Error);
}

TEST_CASE("an unknown key is an error with its place and a suggestion") {
  CHECK(message_of("schema = 1\n[profile.a]\ncontext.ctz = 512\n") ==
        "unknown key context.ctz\n --> /home/me/profiles.toml\n   |\n 3 | context.ctz = 512\n   |           "
        "    ~~~ did "
        "you mean \"context.ctx\"?");
  CHECK(code_of("schema = 1\n[profile.a]\ncontext.ctz = 512\n") == ErrorCode::E602);
  CHECK(code_of("schema = 1\nprofiles = 3\n") == ErrorCode::E602);
  CHECK(code_of("schema = 1\n[profile.a]\nunset = [\"sampling.sed\"]\n") == ErrorCode::E602);
  CHECK(code_of("schema = 1\n[defaults]\ninherits = \"a\"\n") == ErrorCode::E602);
}

TEST_CASE("a wrong value is an error with its place and what is allowed") {
  CHECK(message_of("schema = 1\n[profile.a]\ncontext.ctx = 5\n") ==
        "context.ctx = 5 is out of range\n --> /home/me/profiles.toml\n   |\n 3 | context.ctx = 5\n   |     "
        "          "
        "^--- allowed: 16 to 16777216, \"64k\", \"max\" or \"auto\"");
  CHECK(code_of("schema = 1\n[profile.a]\nkv.type_k = \"q8\"\n") == ErrorCode::E603);
  CHECK(code_of("schema = 1\n[profile.a]\nsampling.temp = 1979-05-27\n") == ErrorCode::E603);
  CHECK(code_of("schema = 2\n") == ErrorCode::E603);
  CHECK(code_of("schema = 1\n[profile.\"a b\"]\n") == ErrorCode::E602);
}

TEST_CASE("a file that is no profile file is refused") {
  CHECK(code_of("schema = \n") == ErrorCode::E601);
  CHECK(code_of("[profile.a]\n") == ErrorCode::E601);
  CHECK(code_of("schema = 1\nprofile = 3\n") == ErrorCode::E601);
  CHECK(code_of("schema = 1\nschema = 1\n") == ErrorCode::E601);
  CHECK(code_of("\x01") == ErrorCode::E601);
  CHECK_THROWS_AS(read_profiles("/nonexistent/profiles.toml"), Error);
}

TEST_CASE("control characters of a file do not reach the message") {
  const std::string message = message_of("schema = 1\n[profile.a]\nbackend = \"\\u001b[31m\"\n");
  CHECK(message.find('\x1b') == std::string::npos);
}

TEST_CASE("values come from defaults, then parents from left to right, then the profile") {
  const ProfileSet set = set_of(
      "schema = 1\n[defaults]\nsampling.temp = 0.1\nsampling.top_k = 1\nkv.type_k = \"q8_0\"\n"
      "[profile.x]\nsampling.temp = 0.2\nsampling.top_p = 0.2\ncontext.ctx = 256\n"
      "[profile.y]\nsampling.top_p = 0.3\nabstract = true\n"
      "[profile.z]\ninherits = [\"x\", \"y\"]\ncontext.ctx = 512\n");
  const Settings z = set.settings("z");
  CHECK(value(z, "sampling.temp") == Json(0.2));
  CHECK(value(z, "sampling.top_k") == Json(1));
  CHECK(value(z, "sampling.top_p") == Json(0.3));
  CHECK(value(z, "context.ctx") == Json(512));
  CHECK(z.at("context.ctx").origin == "profiles.toml:15");
  CHECK(z.at("sampling.temp").origin == "profiles.toml:7");
  CHECK(z.count("abstract") == 0);
}

TEST_CASE("unset takes an inherited value away") {
  const ProfileSet set = set_of(
      "schema = 1\n[defaults]\nsampling.top_k = 1\n[profile.x]\nsampling.seed = 3\n"
      "[profile.y]\ninherits = \"x\"\nunset = [\"sampling.seed\", \"sampling.top_k\"]\n");
  CHECK(set.settings("y").count("sampling.seed") == 0);
  CHECK(set.settings("y").count("sampling.top_k") == 0);
  CHECK(set.settings("x").count("sampling.seed") == 1);
}

TEST_CASE("inheritance that does not end is an error") {
  const ProfileSet cycle =
      set_of("schema = 1\n[profile.a]\ninherits = \"b\"\n[profile.b]\ninherits = \"a\"\n");
  try {
    cycle.settings("a");
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::E602);
    CHECK(std::string(error.what()) ==
          "profiles.toml:2: inheritance cycle a -> b -> a; remove one of these \"inherits\"");
  }
  std::string deep = "schema = 1\n[profile.p0]\n";
  for (int i = 1; i <= 9; ++i)
    deep += "[profile.p" + std::to_string(i) + "]\ninherits = \"p" + std::to_string(i - 1) + "\"\n";
  CHECK_NOTHROW(set_of(deep).settings("p7"));
  CHECK_THROWS_AS(set_of(deep).settings("p8"), Error);
}

TEST_CASE("a profile that does not exist is named with the nearest one") {
  const ProfileSet set = set_of("schema = 1\n[profile.glm-q8]\n[profile.y]\ninherits = \"glm-q9\"\n");
  try {
    set.settings("y");
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(std::string(error.what()) == "profiles.toml:3: profile \"glm-q9\" does not exist");
    CHECK(error.help() == "did you mean \"glm-q8\"?");
  }
}

TEST_CASE("a later file replaces profiles and overrides defaults key by key") {
  ProfileSet set = set_of(
      "schema = 1\ndefault = \"a\"\n[defaults]\nsampling.temp = 0.1\nsampling.top_k = "
      "5\n[profile.a]\ncontext.ctx = 256\n");
  set.add(
      parse("schema = 1\ndefault = \"b\"\n[defaults]\nsampling.temp = 0.2\n[profile.a]\nkv.type_k = "
            "\"q8_0\"\n[profile.b]\n"));
  CHECK(set.default_name() == "b");
  CHECK(set.entries().size() == 2);
  const Settings a = set.settings("a");
  CHECK(a.count("context.ctx") == 0);
  CHECK(value(a, "sampling.temp") == Json(0.2));
  CHECK(value(a, "sampling.top_k") == Json(5));
}

TEST_CASE("paths are relative to the file, names are not paths") {
  const ProfileSet set = set_of(
      "schema = 1\n[profile.a]\nmodel.path = \"models/x.gguf\"\nchat.system_file = "
      "\"../me.txt\"\nchat.template = \"t.jinja\"\n"
      "[profile.b]\nmodel.path = \"spark\"\nchat.template = \"glm-4.7\"\n"
      "[profile.c]\nmodel.path = \"${GLIM_MODELS}/x.gguf\"\n");
  CHECK(value(set.settings("a"), "model.path") == Json("/home/me/models/x.gguf"));
  CHECK(value(set.settings("a"), "chat.system_file") == Json("/home/me.txt"));
  CHECK(value(set.settings("a"), "chat.template") == Json("/home/me/t.jinja"));
  CHECK(value(set.settings("b"), "model.path") == Json("spark"));
  CHECK(value(set.settings("b"), "chat.template") == Json("glm-4.7"));
  CHECK(value(set.settings("c"), "model.path") == Json("${GLIM_MODELS}/x.gguf"));
}

TEST_CASE("the cost of a change is that of its most expensive key") {
  const Profile base;
  const auto changed = [&](const char* key, const Json& json) {
    Profile other = base;
    set_field(other, field_named(key), json);
    return reload_between(base, other);
  };
  CHECK(reload_between(base, base) == Reload::none);
  CHECK(changed("description", "x") == Reload::none);
  CHECK(changed("sampling.temp", 0.3) == Reload::live);
  CHECK(changed("context.ctx", 512) == Reload::cache);
  CHECK(changed("kv.type_k", "q8_0") == Reload::cache);
  CHECK(changed("model.path", "x.gguf") == Reload::weights);
}

TEST_CASE("the file's recommendations lie below what a profile says") {
  SamplerOptions recommended;
  recommended.temp = 0.3f;
  recommended.top_k = 7;
  const Settings settings = {{"sampling.temp", {0.9, "here"}}};
  const Profile profile = make_profile("p", settings, recommended);
  CHECK(profile.sampling.temp == doctest::Approx(0.9));
  CHECK(profile.sampling.top_k == 7);
}

TEST_CASE("a system prompt comes from text or from a file, not from both") {
  TempDir dir;
  std::ofstream(dir / "me.txt") << "Be brief.";
  Profile profile;
  profile.system_file = (dir / "me.txt").string();
  CHECK(system_prompt(profile) == "Be brief.");
  profile.system = "x";
  CHECK_THROWS_AS(system_prompt(profile), Error);
  profile = Profile();
  profile.system_file = (dir / "gone.txt").string();
  CHECK_THROWS_AS(system_prompt(profile), Error);
}

TEST_CASE("every profile that comes with the program can be resolved") {
  ProfileSet set;
  set.add(read_profiles(GLIM_SOURCE_DIR "/configs/profiles.toml"));
  CHECK(set.default_name() == "spark");
  CHECK(set.entries().size() >= 40);
  for (const ProfileEntry& entry : set.entries()) {
    CAPTURE(entry.name);
    const Profile profile = make_profile(entry.name, set.settings(entry.name));
    CHECK((profile.abstract || !profile.description.empty()));
    if (!profile.abstract && entry.name != "spark") CHECK(profile.model.substr(0, 15) == "${GLIM_MODELS}/");
  }
}

TEST_CASE("the user's files are read after the program's in the order of their names") {
  TempDir installed, user;
  std::ofstream(installed / "profiles.toml") << "schema = 1\ndefault = \"a\"\n[profile.a]\n";
  std::filesystem::create_directory(user / "profiles.d");
  std::ofstream(user / "profiles.toml") << "schema = 1\n[profile.b]\ncontext.ctx = 256\n";
  std::ofstream(user / "profiles.d/2.toml") << "schema = 1\n[profile.b]\ncontext.ctx = 1024\n";
  std::ofstream(user / "profiles.d/1.toml") << "schema = 1\n[profile.b]\ncontext.ctx = 512\n";
  std::ofstream(user / "profiles.d/3.txt") << "not TOML";
  const ProfileSet set = load_profiles(installed.path(), user.path());
  CHECK(set.entries().size() == 2);
  CHECK(value(set.settings("b"), "context.ctx") == Json(1024));
  CHECK(load_profiles(user / "none", user / "none").entries().empty());
}

}  // namespace glim::app
