#include "engine/model/kv_cache.h"

#include <algorithm>
#include <limits>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim {
namespace {

std::int32_t blocks_for(std::size_t tokens) {
  return static_cast<std::int32_t>((tokens + kBlockTokens - 1) / kBlockTokens);
}

}  // namespace

std::int32_t kv_blocks(std::int64_t tokens) {
  if (tokens > std::numeric_limits<std::int32_t>::max()) {
    throw Error(ErrorCode::E603,
                strf("a KV cache of %lld tokens is too large; use a smaller context or fewer conversations",
                     static_cast<long long>(tokens)));
  }
  return blocks_for(static_cast<std::size_t>(tokens));
}

KvCache::KvCache(const ModelConfig& config, Backend& backend, QuantType type, std::int32_t blocks)
    : backend_(backend), type_(type) {
  GLIM_ASSERT(blocks >= 1);
  static_cast<void>(kv_bytes_per_token(config, type));  // refuses a type that does not fit
  const std::int64_t rows = std::int64_t{blocks} * kBlockTokens;
  for (std::int32_t i = 0; i < config.layers; ++i) {
    Tensor layer{.type = type, .cols = config.cache_width(), .rows = rows};
    buffers_.push_back(backend.cache_holder(i).take(layer.bytes(), MemoryUse::cache));
    layer.buffer = buffers_.back().get();
    layers_.push_back(layer);
  }
  references_.assign(static_cast<std::size_t>(blocks), 0);
  for (std::int32_t block = blocks; block-- > 0;) free_.push_back(block);
}

std::uint64_t KvCache::bytes() const {
  std::uint64_t sum = 0;
  for (const auto& buffer : buffers_) sum += buffer->size();
  return sum;
}

std::int32_t KvCache::acquire() {
  if (free_.empty()) return -1;
  const std::int32_t block = free_.back();
  free_.pop_back();
  references_[static_cast<std::size_t>(block)] = 1;
  return block;
}

void KvCache::share(std::int32_t block) {
  GLIM_ASSERT(references_[static_cast<std::size_t>(block)] > 0);
  ++references_[static_cast<std::size_t>(block)];
}

void KvCache::release(std::int32_t block) {
  std::int32_t& references = references_[static_cast<std::size_t>(block)];
  GLIM_ASSERT(references > 0);
  // The free list never outgrows the capacity it had at construction.
  if (--references == 0) free_.push_back(block);
}

void KvCache::copy(std::int32_t from, std::int32_t to) {
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const std::uint64_t bytes = layers_[i].stride() * kBlockTokens;
    backend_.cache_holder(static_cast<std::int32_t>(i))
        .copy(*layers_[i].buffer, static_cast<std::uint64_t>(from) * bytes,
              static_cast<std::uint64_t>(to) * bytes, bytes);
  }
}

std::int32_t Timeline::common_prefix(std::span<const TokenId> tokens) const {
  const auto end = std::mismatch(tokens_.begin(), tokens_.end(), tokens.begin(), tokens.end());
  return static_cast<std::int32_t>(end.first - tokens_.begin());
}

void Timeline::truncate(std::int32_t length) {
  GLIM_ASSERT(length >= 0 && length <= this->length());
  tokens_.resize(static_cast<std::size_t>(length));
  while (std::ssize(blocks_) > blocks_for(tokens_.size())) {
    cache_->release(blocks_.back());
    blocks_.pop_back();
  }
}

bool Timeline::writes_shared_block() const {
  return length() % kBlockTokens != 0 && cache_->shared(blocks_.back());
}

bool Timeline::extend(std::span<const TokenId> tokens) {
  if (tokens.empty()) return true;
  const bool copy = writes_shared_block();
  const auto added = blocks_for(tokens_.size() + tokens.size()) - static_cast<std::int32_t>(blocks_.size());
  if (added + (copy ? 1 : 0) > cache_->free_blocks()) return false;
  if (copy) {
    const std::int32_t own = cache_->acquire();
    cache_->copy(blocks_.back(), own);
    cache_->release(blocks_.back());
    blocks_.back() = own;
  }
  for (std::int32_t i = 0; i < added; ++i) blocks_.push_back(cache_->acquire());
  tokens_.insert(tokens_.end(), tokens.begin(), tokens.end());
  return true;
}

void Timeline::fork_from(const Timeline& other) {
  if (this == &other) return;
  GLIM_ASSERT(cache_ == other.cache_);
  truncate(0);
  for (const std::int32_t block : other.blocks_) cache_->share(block);
  blocks_ = other.blocks_;
  tokens_ = other.tokens_;
}

}  // namespace glim
