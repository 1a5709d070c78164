#include "app/store/fingerprint.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>

#include "engine/base/error.h"

namespace glim::app {
namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

/// Bytes of a part before its first weight; of a part without any, all.
std::span<const std::byte> header(const GgufFile& file, std::size_t part) {
  const std::span<const std::byte> bytes = file.part(part).bytes();
  const std::byte* end = bytes.data() + bytes.size();
  for (const GgufTensor& tensor : file.tensors())
    if (tensor.part == part) end = std::min(end, tensor.data);
  return {bytes.data(), end};
}

}  // namespace

std::string fingerprint(const GgufFile& file) {
  const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  bool fine = context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
  for (std::size_t part = 0; part < file.part_count(); ++part) {
    const std::span<const std::byte> bytes = header(file, part);
    std::array<unsigned char, 8> size;
    for (std::size_t i = 0; i < size.size(); ++i)
      size[i] = static_cast<unsigned char>(std::uint64_t{file.part(part).bytes().size()} >> 8 * i);
    fine = fine && EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1 &&
           EVP_DigestUpdate(context.get(), size.data(), size.size()) == 1;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int length = 0;
  fine = fine && EVP_DigestFinal_ex(context.get(), digest.data(), &length) == 1;
  GLIM_ASSERT(fine);
  std::string out = "sha256:";
  for (unsigned int i = 0; i < length; ++i) {
    out += "0123456789abcdef"[digest[i] >> 4];
    out += "0123456789abcdef"[digest[i] & 15];
  }
  return out;
}

}  // namespace glim::app
