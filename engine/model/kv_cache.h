#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/model/config.h"
#include "engine/tensor/backend.h"

namespace glim {

/// Blocks that hold `tokens`. Throws E603 for more than a cache may have.
std::int32_t kv_blocks(std::int64_t tokens);

/// Keys and values of all sequences: per layer a pool of 64-token blocks of latent rows [R+P]. Memory is
/// taken at construction; append never allocates. The backend outlives it. Not thread-safe.
class KvCache {
 public:
  /// Throws E201; E603 when `type` cannot hold rows of this width.
  KvCache(const ModelConfig& config, Backend& backend, QuantType type, std::int32_t blocks);

  QuantType type() const { return type_; }
  std::uint64_t bytes() const;
  std::int32_t blocks() const { return static_cast<std::int32_t>(references_.size()); }
  std::int32_t free_blocks() const { return static_cast<std::int32_t>(free_.size()); }
  Tensor layer(std::int32_t index) const {
    return layers_[static_cast<std::size_t>(index)];
  }  ///< [blocks*64, R+P]

  std::int32_t acquire();            ///< a block with one reference, or -1 when none is free
  void share(std::int32_t block);    ///< one more reference
  void release(std::int32_t block);  ///< back to the pool with the last reference
  bool shared(std::int32_t block) const { return references_[static_cast<std::size_t>(block)] > 1; }
  void copy(std::int32_t from, std::int32_t to);  ///< all layers; for writing behind a shared prefix

 private:
  Backend& backend_;
  QuantType type_;
  std::vector<std::unique_ptr<Buffer>> buffers_;
  std::vector<Tensor> layers_;
  std::vector<std::int32_t> references_;
  std::vector<std::int32_t> free_;
};

/// Block table of one sequence: which tokens it holds and where. Positions are absolute; truncate() forgets
/// the tail and costs nothing. Lives no longer than its cache.
class Timeline {
 public:
  explicit Timeline(KvCache& cache) : cache_(&cache) {}
  ~Timeline() { truncate(0); }
  Timeline(const Timeline&) = delete;
  Timeline& operator=(const Timeline&) = delete;

  std::int32_t length() const { return static_cast<std::int32_t>(tokens_.size()); }
  const std::vector<TokenId>& tokens() const { return tokens_; }
  std::span<const std::int32_t> blocks() const { return blocks_; }

  /// Longest common prefix of what is held and `tokens`.
  std::int32_t common_prefix(std::span<const TokenId> tokens) const;
  void truncate(std::int32_t length);
  /// Appends `tokens`, whose rows are written by the next steps; false, with nothing changed, when the pool
  /// has too few free blocks.
  bool extend(std::span<const TokenId> tokens);
  /// Becomes a copy of `other` by sharing its blocks (the last, partly filled one is copied on the next
  /// write).
  void fork_from(const Timeline& other);

 private:
  /// Whether the next token goes into a block that another timeline reads too.
  bool writes_shared_block() const;

  KvCache* cache_;
  std::vector<TokenId> tokens_;
  std::vector<std::int32_t> blocks_;
};

}  // namespace glim
