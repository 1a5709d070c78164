#include "engine/gguf/foreign_file.h"

#include <algorithm>
#include <string_view>

#include "engine/base/text.h"

namespace glim {
namespace {

using namespace std::string_view_literals;

struct Signature {
  std::size_t offset;
  std::string_view bytes;
  const char* sentence;
};

/// The first row that matches wins.
constexpr Signature kSignatures[] = {
    {0, "version https://git-lfs"sv,
     "this is a Git LFS pointer, a short text that stands for the model; run 'git lfs pull' in that folder "
     "or download "
     "the file itself"},
    {0, "<!DOCTYPE"sv,
     "this is a web page, not a model; use the download link instead of the page's address"},
    {0, "<!doctype"sv,
     "this is a web page, not a model; use the download link instead of the page's address"},
    {0, "<html"sv, "this is a web page, not a model; use the download link instead of the page's address"},
    {0, "tjgg"sv, "this is a GGJT file from before GGUF existed; download a GGUF version of the model"},
    {0, "fmgg"sv, "this is a GGMF file from before GGUF existed; download a GGUF version of the model"},
    {0, "lmgg"sv, "this is a GGML file from before GGUF existed; download a GGUF version of the model"},
    {8, "{"sv, "this looks like safetensors; download or convert to a GGUF version of the model"},
    {0, "PK\x03\x04"sv,
     "this is a ZIP archive or a PyTorch checkpoint; download a GGUF version of the model"},
    {0, "\x1f\x8b"sv, "this is compressed with gzip; unpack it first"},
    {0, "\x28\xb5\x2f\xfd"sv, "this is compressed with zstd; unpack it first"},
    {0, "\xfd\x37zXZ"sv, "this is compressed with xz; unpack it first"},
    {0, "{"sv, "this is a JSON text, not a model; name the .gguf file"},
};

}  // namespace

std::string describe_foreign(std::span<const std::byte> bytes) {
  const std::string_view head(reinterpret_cast<const char*>(bytes.data()),
                              std::min<std::size_t>(bytes.size(), 64));
  for (const Signature& row : kSignatures) {
    if (head.size() >= row.offset && head.substr(row.offset).starts_with(row.bytes)) return row.sentence;
  }
  return strf("this is no GGUF file (it begins with '%s' instead of 'GGUF'); name a .gguf file",
              printable(head.substr(0, 4)).c_str());
}

}  // namespace glim
