#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "engine/model/model.h"

namespace glim {

/// A model file loaded on a backend, with a cache and sequences to run tokens through.
class ModelFixture {
 public:
  ModelFixture(const std::filesystem::path& path, std::unique_ptr<Backend> made, QuantType kv_type,
               std::int32_t blocks = 16)
      : file(path),
        backend(std::move(made)),
        model(load_model(file, *backend, 64, {})),
        cache(model->config(), *backend, kv_type, blocks) {}

  /// Tokens for one sequence in one step.
  struct Part {
    Timeline* timeline;
    std::vector<TokenId> tokens;
  };

  /// Runs the parts in one step; returns the logits of all rows, part after part.
  std::vector<float> step(const std::vector<Part>& parts) {
    std::vector<Row> rows;
    std::vector<std::span<const std::int32_t>> blocks;
    for (const Part& part : parts) {
      std::int32_t position = part.timeline->length();
      if (!part.timeline->extend(part.tokens))
        throw std::runtime_error("the cache is too small for this test");
      for (const TokenId token : part.tokens) {
        rows.push_back({token, position++, static_cast<std::int32_t>(blocks.size())});
      }
      blocks.push_back(part.timeline->blocks());
    }
    std::vector<std::int32_t> wanted(rows.size());
    std::iota(wanted.begin(), wanted.end(), 0);
    const std::span<const float> logits = model->forward({rows, blocks}, wanted, cache);
    return {logits.begin(), logits.end()};
  }

  /// Appends `tokens` in steps of at most `chunk` rows; returns the logits of all of them.
  std::vector<float> run(Timeline& timeline, std::span<const TokenId> tokens, std::size_t chunk) {
    std::vector<float> logits;
    for (std::size_t at = 0; at < tokens.size(); at += chunk) {
      const auto part = tokens.subspan(at, std::min(chunk, tokens.size() - at));
      const std::vector<float> rows = step({{&timeline, {part.begin(), part.end()}}});
      logits.insert(logits.end(), rows.begin(), rows.end());
    }
    return logits;
  }

  std::vector<float> run(std::span<const TokenId> tokens, std::size_t chunk) {
    Timeline timeline(cache);
    return run(timeline, tokens, chunk);
  }

  GgufFile file;
  std::unique_ptr<Backend> backend;
  std::unique_ptr<Model> model;
  KvCache cache;
};

inline std::vector<float> read_floats(const std::filesystem::path& path) {
  std::vector<float> values(std::filesystem::file_size(path) / sizeof(float));
  std::ifstream(path, std::ios::binary)
      .read(reinterpret_cast<char*>(values.data()),
            static_cast<std::streamsize>(values.size() * sizeof(float)));
  return values;
}

inline std::vector<TokenId> read_tokens(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<TokenId> tokens;
  for (TokenId token; file >> token;) tokens.push_back(token);
  return tokens;
}

/// NaN where a value is.
inline double largest_magnitude(std::span<const float> values) {
  double out = 0;
  for (const float value : values) {
    if (!(std::fabs(static_cast<double>(value)) <= out)) out = std::fabs(static_cast<double>(value));
  }
  return out;
}

/// |found - exact| / |exact| in the Euclidean norm.
inline double relative_l2(std::span<const float> found, std::span<const float> exact) {
  double error = 0, size = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const double difference = static_cast<double>(found[i]) - static_cast<double>(exact[i]);
    error += difference * difference;
    size += static_cast<double>(exact[i]) * static_cast<double>(exact[i]);
  }
  return std::sqrt(error / size);
}

}  // namespace glim
