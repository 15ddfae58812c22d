#include "models/zip_bytes.h"

namespace tournant {
namespace {

void Put(std::string& out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

std::string Deflate(const std::string& content) {
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, content.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

// What the local header and the central directory have in common.
void PutCommon(std::string& out, const ZipEntry& entry, const std::string& packed) {
  Put(out, 20, 2);                     // version needed
  Put(out, 0, 2);                      // flags
  Put(out, entry.deflate ? 8 : 0, 2);  // method
  Put(out, 0, 2);                      // time
  Put(out, 0x21, 2);                   // date: 1980-01-01
  Put(out,
      crc32(0, reinterpret_cast<const Bytef*>(entry.content.data()),
            static_cast<uInt>(entry.content.size())),
      4);
  Put(out, packed.size(), 4);
  Put(out, entry.content.size(), 4);
  Put(out, entry.name.size(), 2);
  Put(out, 0, 2);  // extra field
}

}  // namespace

std::string ZipBytes(const std::vector<ZipEntry>& entries) {
  std::string out;
  std::string directory;
  for (const ZipEntry& entry : entries) {
    const std::string packed = entry.deflate ? Deflate(entry.content) : entry.content;
    const size_t offset = out.size();
    Put(out, 0x04034b50, 4);
    PutCommon(out, entry, packed);
    out += entry.name + packed;

    Put(directory, 0x02014b50, 4);
    Put(directory, 20, 2);  // version made by
    PutCommon(directory, entry, packed);
    Put(directory, 0, 2);  // comment
    Put(directory, 0, 2);  // disk
    Put(directory, 0, 2);  // internal attributes
    Put(directory, 0, 4);  // external attributes
    Put(directory, offset, 4);
    directory += entry.name;
  }
  const size_t start = out.size();
  out += directory;
  Put(out, 0x06054b50, 4);
  Put(out, 0, 4);  // disks
  Put(out, entries.size(), 2);
  Put(out, entries.size(), 2);
  Put(out, directory.size(), 4);
  Put(out, start, 4);
  Put(out, 0, 2);  // comment
  return out;
}

std::string TorchScriptLikeBytes(const std::string& content) {
  return ZipBytes({{"model/data.pkl", content}, {"model/constants.pkl", ""}});
}

}  // namespace tournant
