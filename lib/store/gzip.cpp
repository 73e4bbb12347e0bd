// SPDX-License-Identifier: BSD-3-Clause
#include "store/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace blastune {
namespace {

constexpr int gzip_window = MAX_WBITS + 16;  // zlib's way to ask for a gzip header and nothing else
constexpr std::size_t piece_size = 256U << 10U;

Error damaged(const char* how) {
  return Error{ErrorKind::invalid_data, std::string("the compressed data ") + how, "get the file again"};
}

// zlib reads through a pointer to bytes it does not change, and counts in unsigned int.
uInt feed(z_stream& stream, std::string_view& rest) {
  const auto size = std::min<std::size_t>(rest.size(), std::numeric_limits<uInt>::max());
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(rest.data()));
  stream.avail_in = static_cast<uInt>(size);
  return stream.avail_in;
}

struct Inflater {
  z_stream stream{};
  bool ready = inflateInit2(&stream, gzip_window) == Z_OK;
  Inflater() = default;
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() {
    if (ready) inflateEnd(&stream);
  }
};

struct Deflater {
  z_stream stream{};
  bool ready =
      deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) == Z_OK;
  Deflater() = default;
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;
  ~Deflater() {
    if (ready) deflateEnd(&stream);
  }
};

}  // namespace

bool is_gzip(std::string_view bytes) {
  return bytes.starts_with("\x1f\x8b");
}

Result<void> unpack_gzip(std::string_view bytes, std::size_t max_bytes,
                         const std::function<Result<void>(std::string_view)>& take) {
  Inflater inflater;
  if (!inflater.ready) return Error{ErrorKind::unavailable, "no memory to unpack with", {}};
  std::vector<char> piece(piece_size);
  std::size_t total = 0;
  for (;;) {
    const auto offered = feed(inflater.stream, bytes);
    inflater.stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    inflater.stream.avail_out = static_cast<uInt>(piece.size());
    const int state = inflate(&inflater.stream, Z_NO_FLUSH);
    bytes.remove_prefix(offered - inflater.stream.avail_in);
    const std::size_t produced = piece.size() - inflater.stream.avail_out;
    total += produced;
    if (total > max_bytes) return damaged("unpacks into more than is allowed");
    if (auto taken = take({piece.data(), produced}); !taken) return taken;
    if (state == Z_STREAM_END) {
      if (bytes.empty()) return {};
      if (inflateReset(&inflater.stream) != Z_OK) return damaged("cannot be unpacked");
    } else if (state == Z_BUF_ERROR || (state == Z_OK && bytes.empty() && produced == 0)) {
      return damaged("is cut short");
    } else if (state != Z_OK) {
      return damaged("is no valid gzip");
    }
  }
}

Result<std::string> pack_gzip(std::string_view bytes) {
  Deflater deflater;
  if (!deflater.ready) return Error{ErrorKind::unavailable, "no memory to compress with", {}};
  std::string packed;
  std::vector<char> piece(piece_size);
  for (int state = Z_OK; state != Z_STREAM_END;) {
    const auto offered = feed(deflater.stream, bytes);
    const bool last = offered == bytes.size();
    deflater.stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    deflater.stream.avail_out = static_cast<uInt>(piece.size());
    state = deflate(&deflater.stream, last ? Z_FINISH : Z_NO_FLUSH);
    if (state == Z_STREAM_ERROR) return Error{ErrorKind::unavailable, "cannot compress", {}};
    bytes.remove_prefix(offered - deflater.stream.avail_in);
    packed.append(piece.data(), piece.size() - deflater.stream.avail_out);
  }
  return packed;
}

}  // namespace blastune
