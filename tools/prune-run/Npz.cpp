//===- Npz.cpp - Arrays in files of numpy ---------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// An `.npz` archive is a zip file of `.npy` files, which libzip reads and
// writes.
//
//===----------------------------------------------------------------------===//

#include "Npz.h"

#include "Npy.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"

#include <cstdlib>
#include <cstring>
#include <zip.h>

using namespace mlir;
using namespace mlir::prune;
using llvm::StringRef;

/// More than the longest header that numpy writes.
static constexpr uint64_t kMaxHeader = 1 << 16;

static char *allocate(int64_t bytes) {
  void *memory = std::aligned_alloc(64, llvm::alignTo(bytes + 1, 64));
  if (!memory)
    llvm::report_bad_alloc_error("out of memory for an array");
  return static_cast<char *>(memory);
}

NpyArray::NpyArray(std::string name, ElementKind element,
                   llvm::ArrayRef<int64_t> shape)
    : name(std::move(name)), element(element),
      shape(shape.begin(), shape.end()), data(nullptr, std::free) {
  data.reset(allocate(getNumBytes()));
}

int64_t NpyArray::getNumElements() const {
  int64_t count = 1;
  for (int64_t extent : shape)
    count *= extent;
  return count;
}

int64_t NpyArray::getNumBytes() const {
  return getNumElements() * getByteWidth(element);
}

static llvm::Error makeError(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

/// Opens an archive; the message says why not.
static llvm::Expected<zip_t *> openArchive(const std::string &path, int flags) {
  int code = 0;
  if (zip_t *archive = zip_open(path.c_str(), flags, &code))
    return archive;
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  std::string message = zip_error_strerror(&error);
  zip_error_fini(&error);
  return makeError("cannot open '" + path + "': " + message);
}

/// Fills memory from a file in the archive.
static bool readAll(zip_file_t *file, char *data, uint64_t bytes) {
  while (bytes) {
    zip_int64_t count = zip_fread(file, data, bytes);
    if (count <= 0)
      return false;
    data += count;
    bytes -= count;
  }
  return true;
}

static llvm::Expected<NpyArray> readArray(zip_t *archive, zip_uint64_t index) {
  zip_stat_t stat;
  if (zip_stat_index(archive, index, 0, &stat) ||
      !(stat.valid & ZIP_STAT_SIZE) || !(stat.valid & ZIP_STAT_NAME))
    return makeError("entry " + llvm::Twine(index) + " has no name or size");
  StringRef name = stat.name;
  auto fail = [&](const llvm::Twine &message) {
    return makeError("array '" + name + "': " + message);
  };
  if (!name.consume_back(".npy"))
    return fail("its name does not end in .npy");
  zip_file_t *file = zip_fopen_index(archive, index, 0);
  if (!file)
    return fail(zip_strerror(archive));
  llvm::scope_exit close([&] { zip_fclose(file); });

  std::string start(std::min<uint64_t>(stat.size, kMaxHeader), '\0');
  if (!readAll(file, start.data(), start.size()))
    return fail("the archive is damaged");
  llvm::Expected<NpyHeader> header = parseNpyHeader(start, stat.size);
  if (!header)
    return fail(llvm::toString(header.takeError()));
  NpyArray array(name.str(), header->element, header->shape);
  StringRef elements = StringRef(start).drop_front(header->size);
  std::memcpy(array.getData(), elements.data(), elements.size());
  if (!readAll(file, array.getData() + elements.size(),
               array.getNumBytes() - elements.size()))
    return fail("the archive is damaged");
  return array;
}

llvm::Expected<std::vector<NpyArray>> prune::readNpz(StringRef path) {
  llvm::Expected<zip_t *> archive = openArchive(path.str(), ZIP_RDONLY);
  if (!archive)
    return archive.takeError();
  llvm::scope_exit close([&] { zip_discard(*archive); });
  std::vector<NpyArray> arrays;
  zip_int64_t entries = zip_get_num_entries(*archive, 0);
  for (zip_int64_t i = 0; i < entries; ++i) {
    llvm::Expected<NpyArray> array = readArray(*archive, i);
    if (!array)
      return makeError("'" + path + "': " + llvm::toString(array.takeError()));
    arrays.push_back(std::move(*array));
  }
  return arrays;
}

/// Adds an array to an archive; `file` must live until the archive is closed.
static bool addArray(zip_t *archive, const NpyArray &array,
                     const std::string &file) {
  zip_source_t *source =
      zip_source_buffer(archive, file.data(), file.size(), /*freep=*/0);
  if (!source)
    return false;
  zip_int64_t index = zip_file_add(archive, (array.name + ".npy").c_str(),
                                   source, ZIP_FL_OVERWRITE | ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    zip_source_free(source);
    return false;
  }
  return zip_set_file_compression(archive, index, ZIP_CM_STORE, 0) == 0;
}

llvm::Error prune::writeNpz(StringRef path, llvm::ArrayRef<NpyArray> arrays) {
  std::string temporary = (path + ".tmp").str();
  llvm::Expected<zip_t *> archive =
      openArchive(temporary, ZIP_CREATE | ZIP_TRUNCATE);
  if (!archive)
    return archive.takeError();
  std::vector<std::string> files;
  files.reserve(arrays.size());
  bool written = true;
  for (const NpyArray &array : arrays) {
    files.push_back(makeNpyHeader(array) +
                    std::string(array.getData(), array.getNumBytes()));
    written = written && addArray(*archive, array, files.back());
  }
  if (!written || zip_close(*archive)) {
    std::string message = zip_strerror(*archive);
    zip_discard(*archive);
    return makeError("cannot write '" + path + "': " + message);
  }
  // libzip leaves no file for an empty archive.
  if (arrays.empty())
    return makeError("cannot write '" + path + "': there is no array");
  if (std::error_code code = llvm::sys::fs::rename(temporary, path))
    return makeError("cannot write '" + path + "': " + code.message());
  return llvm::Error::success();
}
