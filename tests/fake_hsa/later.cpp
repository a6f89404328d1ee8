//===- later.cpp - What HIP 6 and 7 ask an HSA runtime for ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Functions that the headers of Debian 12 do not declare yet. Their parameters
// are those of the later headers; enumerations are passed as integers.
//
//===----------------------------------------------------------------------===//

#include "tests/fake_hsa/fake_hsa.h"

#include <sys/mman.h>
#include <unistd.h>

using namespace tilesdk::fake_hsa;

extern "C" {

// Copies: on whichever engine is named, there is one.
hsa_status_t hsa_amd_memory_async_copy_on_engine(
    void *to, hsa_agent_t toAgent, const void *from, hsa_agent_t fromAgent,
    size_t bytes, uint32_t numBefore, const hsa_signal_t *before,
    hsa_signal_t after, int, bool) {
  return hsa_amd_memory_async_copy(to, toAgent, from, fromAgent, bytes,
                                   numBefore, before, after);
}
hsa_status_t hsa_amd_memory_copy_engine_status(hsa_agent_t, hsa_agent_t,
                                               uint32_t *mask) {
  *mask = 1;
  return HSA_STATUS_SUCCESS;
}
hsa_status_t hsa_amd_memory_get_preferred_copy_engine(hsa_agent_t, hsa_agent_t,
                                                      uint32_t *mask) {
  *mask = 1;
  return HSA_STATUS_SUCCESS;
}

// Nothing of the kind happens here.
hsa_status_t
hsa_amd_register_system_event_handler(hsa_amd_system_event_callback_t, void *) {
  return HSA_STATUS_SUCCESS;
}
hsa_status_t hsa_amd_agent_set_async_scratch_limit(hsa_agent_t, size_t) {
  return HSA_STATUS_SUCCESS;
}
hsa_status_t hsa_amd_enable_logging(uint8_t *, void *) {
  return HSA_STATUS_SUCCESS;
}

//===- Memory by pieces of addresses ----------------------------------------===
//
// HIP 7 makes the pools of streams of them. A handle is a file of memory, and
// its mappings see each other's writes.

struct AllocHandle {
  uint64_t handle;
};

hsa_status_t hsa_amd_vmem_address_reserve(void **out, size_t bytes, uint64_t,
                                          uint64_t) {
  void *memory = mmap(nullptr, bytes, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  trace("reserved %zu bytes of addresses at %p", bytes, memory);
  if (memory == MAP_FAILED)
    return HSA_STATUS_ERROR_OUT_OF_RESOURCES;
  *out = memory;
  return HSA_STATUS_SUCCESS;
}
hsa_status_t hsa_amd_vmem_address_reserve_align(void **out, size_t bytes,
                                                uint64_t, uint64_t align,
                                                uint64_t flags) {
  return align <= 4096 ? hsa_amd_vmem_address_reserve(out, bytes, 0, flags)
                       : HSA_STATUS_ERROR_INVALID_ARGUMENT;
}
hsa_status_t hsa_amd_vmem_address_free(void *memory, size_t bytes) {
  return munmap(memory, bytes) ? HSA_STATUS_ERROR_INVALID_ALLOCATION
                               : HSA_STATUS_SUCCESS;
}
hsa_status_t hsa_amd_vmem_handle_create(hsa_amd_memory_pool_t handle,
                                        size_t bytes, int, uint64_t,
                                        AllocHandle *out) {
  const Pool *pool = poolOf(handle);
  if (!pool || pool->segment != HSA_AMD_SEGMENT_GLOBAL)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  int file = bytes <= pool->bytes ? memfd_create("fake_hsa", MFD_CLOEXEC) : -1;
  if (file < 0 || ftruncate(file, off_t(bytes)) != 0)
    return HSA_STATUS_ERROR_OUT_OF_RESOURCES;
  out->handle = uint64_t(file);
  return HSA_STATUS_SUCCESS;
}
hsa_status_t hsa_amd_vmem_handle_release(AllocHandle handle) {
  return close(int(handle.handle)) ? HSA_STATUS_ERROR_INVALID_ARGUMENT
                                   : HSA_STATUS_SUCCESS;
}
hsa_status_t hsa_amd_vmem_map(void *memory, size_t bytes, size_t offset,
                              AllocHandle handle, uint64_t) {
  return mmap(memory, bytes, PROT_NONE, MAP_SHARED | MAP_FIXED,
              int(handle.handle), off_t(offset)) == MAP_FAILED
             ? HSA_STATUS_ERROR_INVALID_ARGUMENT
             : HSA_STATUS_SUCCESS;
}
hsa_status_t hsa_amd_vmem_unmap(void *memory, size_t bytes) {
  return mmap(memory, bytes, PROT_NONE,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
              0) == MAP_FAILED
             ? HSA_STATUS_ERROR_INVALID_ARGUMENT
             : HSA_STATUS_SUCCESS;
}
hsa_status_t hsa_amd_vmem_set_access(void *memory, size_t bytes, const void *,
                                     size_t) {
  return mprotect(memory, bytes, PROT_READ | PROT_WRITE)
             ? HSA_STATUS_ERROR_INVALID_ALLOCATION
             : HSA_STATUS_SUCCESS;
}
hsa_status_t hsa_amd_vmem_get_access(void *, int *out, hsa_agent_t) {
  constexpr int readAndWrite = 3;
  *out = readAndWrite;
  return HSA_STATUS_SUCCESS;
}
} // extern "C"

// Files and other processes: HIP asks, and does without.
TILESDK_REFUSE(hsa_amd_ais_file_read)
TILESDK_REFUSE(hsa_amd_ais_file_write)
TILESDK_REFUSE(hsa_amd_portable_close_dmabuf)
TILESDK_REFUSE(hsa_amd_portable_export_dmabuf)
TILESDK_REFUSE(hsa_amd_vmem_export_shareable_handle)
TILESDK_REFUSE(hsa_amd_vmem_import_shareable_handle)
TILESDK_REFUSE(hsa_amd_vmem_retain_alloc_handle)
TILESDK_REFUSE(hsa_ext_sampler_create_v2)
