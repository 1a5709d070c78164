#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "engine/tensor/tensor.h"

namespace glim {

/// Zero-filled memory of the host; pages that are never written take no memory. Throws E201 naming `what`.
std::unique_ptr<Buffer> allocate_host(std::uint64_t bytes, std::string_view what);

/// Makes `tensor` a view of `file_bytes`, or of a copy where f32 values are not aligned.
std::unique_ptr<Buffer> prepare_host(std::span<const std::byte> file_bytes, Tensor& tensor);

}  // namespace glim
