#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "engine/base/error.h"
#include "engine/base/random.h"
#include "engine/convert/convert.h"
#include "engine/convert/weight_matrix.h"
#include "tests/support/hf_model.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_model.h"

// Damaged folders of every kind: whatever the bytes are, the outcome is a file or one sentence.

using namespace glim;

namespace {

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// "opened", or the name of the error, whose message is checked to be a sentence.
template <typename Work>
std::string outcome_of(const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    const std::string message = error.what();
    CHECK(message.size() > 20);
    CHECK(message.find('\n') == std::string::npos);
    return error_name(error.code());
  }
  return "opened";
}

/// Opens the matrix of a checkpoint and reads all of it in every way.
void read_matrix(const std::filesystem::path& folder) {
  const Checkpoint checkpoint(folder);
  WeightReader reader(checkpoint);
  const auto matrix = reader.open("m");
  const auto values = static_cast<std::size_t>(matrix->rows() * matrix->cols());
  REQUIRE(values <= 1 << 20);
  std::vector<float> floats(values);
  matrix->decode(0, matrix->rows(), floats.data());
  if (const auto type = matrix->carried()) {
    std::vector<std::byte> bytes(row_bytes(*type, matrix->cols()) * static_cast<std::size_t>(matrix->rows()));
    matrix->carry(0, matrix->rows(), bytes.data());
  }
}

/// The text with some bytes replaced, or a part of it gone or doubled.
std::string damaged(const std::string& text, Random& random) {
  std::string out = text;
  const std::size_t at = random.below(out.size());
  switch (random.below(4)) {
    case 0:
      out[at] = static_cast<char>(random.below(256));
      break;
    case 1:
      out.erase(at, 1 + random.below(8));
      break;
    case 2:
      out.insert(at, out.substr(random.below(out.size()), 1 + random.below(16)));
      break;
    default:
      out[at] = "0123456789{}[]\",:-"[random.below(18)];
  }
  return out;
}

}  // namespace

TEST_CASE("damaged tensors of every layout are read or refused") {
  for (const char* name : {"ct_pack_sym_g32", "ct_pack_asym_g32", "ct_pack_asym_g128", "awq_gemm_g128",
                           "nvfp4_ct", "nvfp4_modelopt"}) {
    CAPTURE(name);
    const std::string whole =
        read_text(std::string(GLIM_SOURCE_DIR "/tests/golden/st/") + name + ".safetensors");
    const std::size_t header =
        8 + static_cast<unsigned char>(whole[0]) + 256 * static_cast<unsigned char>(whole[1]);
    const TempDir dir;
    Random random(7);
    int refused = 0;
    for (int i = 0; i < 400; ++i) {
      // The header decides what is believed, so most of the damage goes there; its length stays true.
      std::string json = damaged(whole.substr(8, header - 8), random);
      const bool keeps_size = json.size() == header - 8;
      std::string text = keeps_size ? whole.substr(0, 8) : std::string(8, '\0');
      if (!keeps_size)
        text[0] = static_cast<char>(json.size() % 256), text[1] = static_cast<char>(json.size() / 256);
      write_text_file(dir / "model.safetensors", text + json + whole.substr(header));
      if (outcome_of([&] { read_matrix(dir.path()); }) != "opened") ++refused;
    }
    CHECK(refused > 100);
    for (int i = 0; i < 100; ++i) {
      std::string text = whole;
      for (int k = 0; k < 8; ++k)
        text[header + random.below(text.size() - header)] = static_cast<char>(random.below(256));
      write_text_file(dir / "model.safetensors", text);
      outcome_of([&] { read_matrix(dir.path()); });
    }
  }
}

TEST_CASE("damaged settings and vocabularies are converted or refused") {
  const TempDir dir;
  TinyModel tiny;
  tiny.layers = 2;
  tiny.file().write(dir / "original.gguf");
  HfModel model{GgufFile(dir / "original.gguf")};
  model.generation = {{"temperature", 0.5}, {"top_k", 3}, {"eos_token_id", {1, 2}}};
  model.tokenizer["added_tokens"] = {{{"id", 49}, {"content", "<|user|>"}, {"special", true}}};
  model.tokenizer["model"]["vocab"].erase("t49");
  model.tokenizer["model"]["merges"] = {"t 1", {"t", "2"}};
  model.write(dir / "folder");
  const ConvertOptions options{.folder = dir / "folder", .out = dir / "out.gguf"};
  REQUIRE(outcome_of([&] { convert_checkpoint(options); }) == "opened");
  Random random(11);
  for (const std::string name : {"config.json", "tokenizer.json", "generation_config.json"}) {
    CAPTURE(name);
    const std::string whole = read_text(dir / "folder" / name);
    int refused = 0;
    for (int i = 0; i < 300; ++i) {
      write_text_file(dir / "folder" / name, damaged(whole, random));
      if (outcome_of([&] { convert_checkpoint(options); }) != "opened") ++refused;
    }
    CHECK(refused > 30);
    write_text_file(dir / "folder" / name, whole);
  }
}

TEST_CASE("a folder without one of its files is refused by the name of that file") {
  const TempDir dir;
  TinyModel().file().write(dir / "original.gguf");
  HfModel{GgufFile(dir / "original.gguf")}.write(dir / "folder");
  for (const std::string name : {"config.json", "tokenizer.json", "model.safetensors"}) {
    std::filesystem::rename(dir / "folder" / name, dir / "away");
    std::string message;
    try {
      convert_checkpoint({.folder = dir / "folder", .out = dir / "out.gguf"});
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::E101);
      message = error.what();
    }
    CHECK(message.find(name) != std::string::npos);
    std::filesystem::rename(dir / "away", dir / "folder" / name);
  }
  CHECK_FALSE(std::filesystem::exists(dir / "out.gguf"));
}
