#include <algorithm>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/gguf/gguf_file.h"
#include "engine/gguf/model_kind.h"

// The part of the corpus that the container decides. Faults in hyper-parameters, weights, vocabularies and
// templates open here without complaint; the program's own loading finds those.

using namespace glim;

namespace {

const std::string kFolder = GLIM_SOURCE_DIR "/tests/golden/bad_gguf/";

/// The error that stands for each class of the manifest.
const std::map<std::string, ErrorCode> kCodeOf = {
    {"E_IO", ErrorCode::E101},
    {"E_MAGIC", ErrorCode::E102},
    {"E_VERSION", ErrorCode::E103},
    {"E_ENDIAN", ErrorCode::E103},
    {"E_TRUNCATED", ErrorCode::E104},
    {"E_SPLIT", ErrorCode::E104},
    {"E_LIMIT", ErrorCode::E105},
    {"E_KV_KEY", ErrorCode::E105},
    {"E_KV_TYPE", ErrorCode::E105},
    {"E_KV_DUP", ErrorCode::E105},
    {"E_ALIGN", ErrorCode::E105},
    {"E_TENSOR_NAME", ErrorCode::E105},
    {"E_TENSOR_DUP", ErrorCode::E105},
    {"E_TENSOR_DIMS", ErrorCode::E105},
    {"E_TENSOR_OVERFLOW", ErrorCode::E105},
    {"E_TENSOR_BLOCK", ErrorCode::E105},
    {"E_TENSOR_OFFSET", ErrorCode::E105},
    {"E_TENSOR_OVERLAP", ErrorCode::E105},
    {"E_TENSOR_TYPE", ErrorCode::E111},
    {"E_ARCH", ErrorCode::E110},
    {"E_MISSING_KEY", ErrorCode::E112},
    {"E_MISSING_TENSOR", ErrorCode::E112},
};

struct Outcome {
  bool opened = true;
  ErrorCode code = ErrorCode::E101;
  std::string message;
};

Outcome open(const std::string& file) {
  try {
    const GgufFile gguf(kFolder + file);
    check_is_model(gguf);
  } catch (const Error& error) {
    return {false, error.code(), error.what()};
  }
  return {};
}

nlohmann::json cases() {
  std::ifstream in(kFolder + "manifest.json");
  REQUIRE(in.good());
  return nlohmann::json::parse(in).at("cases");
}

bool starts_with_any(const std::string& name, const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const std::string& p) { return name.starts_with(p); });
}

void check_message(const nlohmann::json& entry, const Outcome& outcome) {
  CHECK_MESSAGE(outcome.message.find(entry.at("file").get<std::string>()) != std::string::npos,
                outcome.message);
  CHECK(std::none_of(outcome.message.begin(), outcome.message.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }));
  if (entry.contains("must_mention")) {
    CHECK(outcome.message.find(entry.at("must_mention").get<std::string>()) != std::string::npos);
  }
}

}  // namespace

TEST_CASE(
    "every malformed container is refused with the error of its class and a message that names the file") {
  int seen = 0;
  for (const nlohmann::json& entry : cases()) {
    const auto name = entry.at("name").get<std::string>();
    if (!starts_with_any(name, {"ok_", "hdr_", "kv_", "ti_", "sp_", "um_"})) continue;
    CAPTURE(name);
    ++seen;
    const Outcome outcome = open(entry.at("file"));
    const auto accepted = entry.at("accept").get<std::vector<std::string>>();
    const bool ok = std::any_of(accepted.begin(), accepted.end(), [&](const std::string& kind) {
      if (kind == "OK") return outcome.opened;
      const auto row = kCodeOf.find(kind);
      return row != kCodeOf.end() && !outcome.opened && row->second == outcome.code;
    });
    CHECK_MESSAGE(
        ok, (outcome.opened ? std::string("opened") : error_name(outcome.code) + (" " + outcome.message)));
    if (!outcome.opened) check_message(entry, outcome);
    if (entry.at("expect") == "E_TRUNCATED" ||
        entry.at("expect").get<std::string>().starts_with("E_TENSOR_O")) {
      CHECK_FALSE(outcome.opened);
    }
  }
  CHECK(seen == 46);
}

TEST_CASE("files whose container is sound open, whatever is wrong with the model in them") {
  int seen = 0;
  for (const nlohmann::json& entry : cases()) {
    const auto name = entry.at("name").get<std::string>();
    const bool sound =
        entry.value("parse_ok", false) || starts_with_any(name, {"hp_", "mt_", "vo_", "tp_", "ui_"});
    if (!sound) continue;
    CAPTURE(name);
    ++seen;
    CHECK_NOTHROW(GgufFile(kFolder + entry.at("file").get<std::string>()));
  }
  CHECK(seen == 36);
}

TEST_CASE("the messages name what the user can do") {
  const auto mentions = [](const char* file, const char* word) {
    const Outcome outcome = open(file);
    CHECK_FALSE(outcome.opened);
    CHECK_MESSAGE(outcome.message.find(word) != std::string::npos, outcome.message);
  };
  mentions("hdr_lfs_pointer.gguf", "Git LFS");
  mentions("hdr_empty_file.gguf", "empty");
  mentions("hdr_big_endian.gguf", "big endian");
  mentions("hdr_version1.gguf", "version field 1");
  mentions("ti_type_removed_4.gguf", "type 4 (Q4_2)");
  mentions("ti_type_negative.gguf", "type 4294967295 (unknown)");
  mentions("um_lora_as_model.gguf", "adapter");
  mentions("kv_duplicate_key.gguf", "general.name");
  mentions("ti_overlap_full.gguf", "overlap");
  mentions("sp_wrong_no-00002-of-00002.gguf", "sp_wrong_no-00001-of-00002.gguf");
}
