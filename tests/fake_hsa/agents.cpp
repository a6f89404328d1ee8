//===- agents.cpp - The system, agents and memory of a fake HSA -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tests/fake_hsa/fake_hsa.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>

namespace tilesdk::fake_hsa {

const Settings &settings() {
  static const Settings settings = [] {
    Settings made;
    if (const char *name = getenv("FAKE_HSA_ARCHITECTURE"))
      made.architecture = name;
    made.isTracing = getenv("FAKE_HSA_TRACE");
    made.isWave32 = made.architecture.starts_with("gfx1");
    if (made.architecture == "gfx950")
      made.groupBytes = 160u << 10;
    return made;
  }();
  return settings;
}

void trace(const char *format, ...) {
  if (!settings().isTracing)
    return;
  va_list arguments;
  va_start(arguments, format);
  fputs("fake_hsa: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
}

namespace {

constexpr uint32_t Kernarg = HSA_AMD_MEMORY_POOL_GLOBAL_FLAG_KERNARG_INIT,
                   Fine = HSA_AMD_MEMORY_POOL_GLOBAL_FLAG_FINE_GRAINED,
                   Coarse = HSA_AMD_MEMORY_POOL_GLOBAL_FLAG_COARSE_GRAINED;
constexpr size_t CpuBytes = size_t{8} << 30, GpuBytes = size_t{4} << 30;

const std::vector<Pool> &pools() {
  static const std::vector<Pool> pools = {
      {CpuAgent, HSA_AMD_SEGMENT_GLOBAL, Fine, CpuBytes},
      {CpuAgent, HSA_AMD_SEGMENT_GLOBAL, Fine | Kernarg, CpuBytes},
      {CpuAgent, HSA_AMD_SEGMENT_GLOBAL, Coarse, CpuBytes},
      {GpuAgent, HSA_AMD_SEGMENT_GLOBAL, Coarse, GpuBytes},
      {GpuAgent, HSA_AMD_SEGMENT_GLOBAL, Fine, GpuBytes},
      {GpuAgent, HSA_AMD_SEGMENT_GROUP, 0, settings().groupBytes}};
  return pools;
}

struct Block {
  size_t bytes, mapped;
  hsa_agent_t agent;
};
struct Blocks {
  std::mutex mutex;
  std::map<char *, Block> at;
};
Blocks &blocks() {
  static Blocks &blocks = *new Blocks();
  return blocks;
}

template <typename T> hsa_status_t put(void *out, T value) {
  std::memcpy(out, &value, sizeof value);
  return HSA_STATUS_SUCCESS;
}
hsa_status_t putText(void *out, std::string_view text, size_t room) {
  std::memset(out, 0, room);
  std::memcpy(out, text.data(), std::min(text.size(), room - 1));
  return HSA_STATUS_SUCCESS;
}

std::string isaName() {
  std::string name = "amdgcn-amd-amdhsa--" + settings().architecture;
  if (settings().architecture == "gfx90a" ||
      settings().architecture == "gfx942" ||
      settings().architecture == "gfx950")
    name += ":sramecc+:xnack-";
  return name;
}

} // namespace

const Pool *poolOf(hsa_amd_memory_pool_t pool) {
  return pool.handle >= 1 && pool.handle <= pools().size()
             ? &pools()[pool.handle - 1]
             : nullptr;
}

void *allocate(size_t bytes, hsa_agent_t agent) {
  constexpr size_t page = 4096;
  size_t rounded = (bytes + page - 1) / page * page;
  void *memory = mmap(nullptr, rounded + page, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED)
    return nullptr;
  auto *start = static_cast<char *>(memory);
  mprotect(start + rounded, page, PROT_NONE);
  std::lock_guard lock(blocks().mutex);
  blocks().at[start] = {bytes, rounded + page, agent};
  return start;
}

bool release(void *memory) {
  std::lock_guard lock(blocks().mutex);
  auto found = blocks().at.find(static_cast<char *>(memory));
  if (found == blocks().at.end())
    return false;
  munmap(memory, found->second.mapped);
  blocks().at.erase(found);
  return true;
}

} // namespace tilesdk::fake_hsa

using namespace tilesdk::fake_hsa;

extern "C" {

hsa_status_t hsa_init() { return HSA_STATUS_SUCCESS; }
hsa_status_t hsa_shut_down() { return HSA_STATUS_SUCCESS; }
hsa_status_t hsa_status_string(hsa_status_t, const char **out) {
  *out = "an error of the fake HSA runtime";
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_system_get_info(hsa_system_info_t attribute, void *out) {
  switch (int(attribute)) {
  case HSA_SYSTEM_INFO_VERSION_MAJOR:
  case HSA_SYSTEM_INFO_VERSION_MINOR:
    return put<uint16_t>(out, 1);
  case HSA_SYSTEM_INFO_TIMESTAMP:
    return put<uint64_t>(out, now());
  case HSA_SYSTEM_INFO_TIMESTAMP_FREQUENCY:
    return put<uint64_t>(out, 1000000000);
  case HSA_SYSTEM_INFO_SIGNAL_MAX_WAIT:
    return put<uint64_t>(out, UINT64_MAX);
  case HSA_SYSTEM_INFO_ENDIANNESS:
    return put(out, HSA_ENDIANNESS_LITTLE);
  case HSA_SYSTEM_INFO_MACHINE_MODEL:
    return put(out, HSA_MACHINE_MODEL_LARGE);
  case HSA_SYSTEM_INFO_EXTENSIONS:
    std::memset(out, 0, 128);
    return HSA_STATUS_SUCCESS;
  case HSA_AMD_SYSTEM_INFO_BUILD_VERSION:
    return put<const char *>(out, "fake");
  case HSA_AMD_SYSTEM_INFO_SVM_SUPPORTED:
  case HSA_AMD_SYSTEM_INFO_SVM_ACCESSIBLE_BY_DEFAULT:
    return put(out, false);
  // Of later headers.
  case 0x203: // MWAITX_ENABLED
  case 0x204: // DMABUF_SUPPORTED
  case 0x206: // XNACK_ENABLED
    return put(out, false);
  case 0x205: // VIRTUAL_MEM_API_SUPPORTED
    return put(out, true);
  default:
    trace("hsa_system_get_info: unknown %#x", attribute);
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  }
}

hsa_status_t hsa_system_extension_supported(uint16_t, uint16_t, uint16_t,
                                            bool *out) {
  *out = false;
  return HSA_STATUS_SUCCESS;
}
hsa_status_t hsa_agent_extension_supported(uint16_t, hsa_agent_t, uint16_t,
                                           uint16_t, bool *out) {
  *out = false;
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_iterate_agents(hsa_status_t (*call)(hsa_agent_t, void *),
                                void *data) {
  for (hsa_agent_t agent : {CpuAgent, GpuAgent})
    if (hsa_status_t status = call(agent, data))
      return status;
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_agent_get_info(hsa_agent_t agent, hsa_agent_info_t attribute,
                                void *out) {
  bool isGpu = agent.handle == GpuAgent.handle;
  const Settings &own = settings();
  switch (int(attribute)) {
  case HSA_AGENT_INFO_NAME:
    return putText(out, isGpu ? own.architecture : "host", 64);
  case HSA_AGENT_INFO_VENDOR_NAME:
    return putText(out, isGpu ? "AMD" : "CPU", 64);
  case HSA_AGENT_INFO_FEATURE:
    return put<uint32_t>(out, isGpu ? HSA_AGENT_FEATURE_KERNEL_DISPATCH : 0);
  case HSA_AGENT_INFO_MACHINE_MODEL:
    return put(out, HSA_MACHINE_MODEL_LARGE);
  case HSA_AGENT_INFO_PROFILE:
    return put(out, isGpu ? HSA_PROFILE_BASE : HSA_PROFILE_FULL);
  case HSA_AGENT_INFO_DEFAULT_FLOAT_ROUNDING_MODE:
    return put(out, HSA_DEFAULT_FLOAT_ROUNDING_MODE_NEAR);
  case HSA_AGENT_INFO_WAVEFRONT_SIZE:
    return put<uint32_t>(out, own.isWave32 ? 32 : 64);
  case HSA_AGENT_INFO_WORKGROUP_MAX_DIM: {
    const uint16_t sizes[3] = {1024, 1024, 1024};
    std::memcpy(out, sizes, sizeof sizes);
    return HSA_STATUS_SUCCESS;
  }
  case HSA_AGENT_INFO_WORKGROUP_MAX_SIZE:
    return put<uint32_t>(out, 1024);
  case HSA_AGENT_INFO_GRID_MAX_DIM:
    return put(out, hsa_dim3_t{UINT32_MAX, UINT32_MAX, UINT32_MAX});
  case HSA_AGENT_INFO_GRID_MAX_SIZE:
    return put<uint32_t>(out, UINT32_MAX);
  case HSA_AGENT_INFO_FBARRIER_MAX_SIZE:
    return put<uint32_t>(out, 32);
  case HSA_AGENT_INFO_QUEUES_MAX:
    return put<uint32_t>(out, isGpu ? 128 : 0);
  case HSA_AGENT_INFO_QUEUE_MIN_SIZE:
    return put<uint32_t>(out, isGpu ? 64 : 0);
  case HSA_AGENT_INFO_QUEUE_MAX_SIZE:
    return put<uint32_t>(out, isGpu ? 131072 : 0);
  case HSA_AGENT_INFO_QUEUE_TYPE:
    return put<uint32_t>(out, HSA_QUEUE_TYPE_MULTI);
  case HSA_AGENT_INFO_NODE:
  case HSA_AMD_AGENT_INFO_DRIVER_NODE_ID:
    return put<uint32_t>(out, isGpu);
  case HSA_AGENT_INFO_DEVICE:
    return put(out, isGpu ? HSA_DEVICE_TYPE_GPU : HSA_DEVICE_TYPE_CPU);
  case HSA_AGENT_INFO_CACHE_SIZE: {
    const uint32_t sizes[4] = {16u << 10, 8u << 20, 0, 0};
    std::memcpy(out, sizes, sizeof sizes);
    return HSA_STATUS_SUCCESS;
  }
  case HSA_AGENT_INFO_ISA:
    return put(out, hsa_isa_t{isGpu});
  case HSA_AGENT_INFO_EXTENSIONS:
    std::memset(out, 0, 128);
    return HSA_STATUS_SUCCESS;
  case HSA_AGENT_INFO_VERSION_MAJOR:
  case HSA_AGENT_INFO_VERSION_MINOR:
    return put<uint16_t>(out, 1);
  case HSA_AMD_AGENT_INFO_CHIP_ID:
    return put<uint32_t>(out, 0x740c);
  case HSA_AMD_AGENT_INFO_CACHELINE_SIZE:
    return put<uint32_t>(out, 64);
  case HSA_AMD_AGENT_INFO_COMPUTE_UNIT_COUNT:
  case HSA_AMD_AGENT_INFO_COOPERATIVE_COMPUTE_UNIT_COUNT:
    return put<uint32_t>(out, 8);
  case HSA_AMD_AGENT_INFO_MAX_CLOCK_FREQUENCY:
    return put<uint32_t>(out, 1700);
  case HSA_AMD_AGENT_INFO_MAX_ADDRESS_WATCH_POINTS:
    return put<uint32_t>(out, 4);
  case HSA_AMD_AGENT_INFO_BDFID:
    return put<uint32_t>(out, 0x300);
  case HSA_AMD_AGENT_INFO_MEMORY_WIDTH:
    return put<uint32_t>(out, 4096);
  case HSA_AMD_AGENT_INFO_MEMORY_MAX_FREQUENCY:
    return put<uint32_t>(out, 1600);
  case HSA_AMD_AGENT_INFO_PRODUCT_NAME:
    return putText(out, isGpu ? "Fake GPU" : "Host", 64);
  case HSA_AMD_AGENT_INFO_MAX_WAVES_PER_CU:
    return put<uint32_t>(out, 32);
  case HSA_AMD_AGENT_INFO_NUM_SIMDS_PER_CU:
    return put<uint32_t>(out, own.isWave32 ? 2 : 4);
  case HSA_AMD_AGENT_INFO_NUM_SHADER_ENGINES:
    return put<uint32_t>(out, 1);
  case HSA_AMD_AGENT_INFO_NUM_SHADER_ARRAYS_PER_SE:
    return put<uint32_t>(out, 1);
  case HSA_AMD_AGENT_INFO_HDP_FLUSH:
    return put(out, hsa_amd_hdp_flush_t{nullptr, nullptr});
  case HSA_AMD_AGENT_INFO_DOMAIN:
    return put<uint32_t>(out, 0);
  case HSA_AMD_AGENT_INFO_COOPERATIVE_QUEUES:
    return put(out, false);
  case HSA_AMD_AGENT_INFO_UUID:
    return putText(out, isGpu ? "GPU-0123456789abcdef" : "CPU-XX", 21);
  case HSA_AMD_AGENT_INFO_ASIC_REVISION:
    return put<uint32_t>(out, 1);
  case HSA_AMD_AGENT_INFO_SVM_DIRECT_HOST_ACCESS:
    return put(out, false);
  // Of later headers.
  case 0xa015: // MEMORY_AVAIL
    return put<uint64_t>(out, isGpu ? GpuBytes : 0);
  case 0xa016: // TIMESTAMP_FREQUENCY
    return put<uint64_t>(out, 1000000000);
  case 0xa10a: // NUM_SDMA_ENG
  case 0xa111: // NUM_XCC
    return put<uint32_t>(out, isGpu);
  case 0xa107: // ASIC_FAMILY_ID
  case 0xa108: // UCODE_VERSION
  case 0xa109: // SDMA_UCODE_VERSION
  case 0xa10b: // NUM_SDMA_XGMI_ENG
  case 0xa110: // IOMMU_SUPPORT
  case 0xa112: // DRIVER_UID
    return put<uint32_t>(out, 0);
  case 0xa113: // NEAREST_CPU
    return put(out, CpuAgent);
  case 0xa114: // MEMORY_PROPERTIES
  case 0xa115: // AQL_EXTENSIONS
  case 0xa116: // SCRATCH_LIMIT_MAX
  case 0xa117: // SCRATCH_LIMIT_CURRENT
    return put<uint64_t>(out, 0);
  default:
    trace("hsa_agent_get_info: unknown %#x", attribute);
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  }
}

hsa_status_t hsa_agent_iterate_isas(hsa_agent_t agent,
                                    hsa_status_t (*call)(hsa_isa_t, void *),
                                    void *data) {
  return agent.handle == GpuAgent.handle ? call(hsa_isa_t{1}, data)
                                         : HSA_STATUS_SUCCESS;
}
hsa_status_t hsa_isa_get_info_alt(hsa_isa_t, hsa_isa_info_t attribute,
                                  void *out) {
  std::string name = isaName();
  switch (int(attribute)) {
  case HSA_ISA_INFO_NAME_LENGTH:
    return put<uint32_t>(out, uint32_t(name.size() + 1));
  case HSA_ISA_INFO_NAME:
    std::memcpy(out, name.c_str(), name.size() + 1);
    return HSA_STATUS_SUCCESS;
  default:
    trace("hsa_isa_get_info_alt: unknown %#x", attribute);
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  }
}

hsa_status_t hsa_amd_agent_iterate_memory_pools(
    hsa_agent_t agent, hsa_status_t (*call)(hsa_amd_memory_pool_t, void *),
    void *data) {
  for (uint64_t i = 1; i <= pools().size(); ++i)
    if (pools()[i - 1].agent.handle == agent.handle)
      if (hsa_status_t status = call(hsa_amd_memory_pool_t{i}, data))
        return status;
  return HSA_STATUS_SUCCESS;
}
hsa_status_t hsa_amd_memory_pool_get_info(hsa_amd_memory_pool_t handle,
                                          hsa_amd_memory_pool_info_t attribute,
                                          void *out) {
  const Pool *pool = poolOf(handle);
  if (!pool)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  bool isGroup = pool->segment == HSA_AMD_SEGMENT_GROUP;
  switch (int(attribute)) {
  case HSA_AMD_MEMORY_POOL_INFO_SEGMENT:
    return put(out, pool->segment);
  case HSA_AMD_MEMORY_POOL_INFO_GLOBAL_FLAGS:
    return put(out, pool->flags);
  case HSA_AMD_MEMORY_POOL_INFO_SIZE:
  case HSA_AMD_MEMORY_POOL_INFO_ALLOC_MAX_SIZE:
    return put<size_t>(out, pool->bytes);
  case HSA_AMD_MEMORY_POOL_INFO_RUNTIME_ALLOC_ALLOWED:
    return put(out, !isGroup);
  case HSA_AMD_MEMORY_POOL_INFO_RUNTIME_ALLOC_GRANULE:
  case HSA_AMD_MEMORY_POOL_INFO_RUNTIME_ALLOC_ALIGNMENT:
    return put<size_t>(out, isGroup ? 0 : 4096);
  case HSA_AMD_MEMORY_POOL_INFO_ACCESSIBLE_BY_ALL:
    return put(out, pool->agent.handle == CpuAgent.handle);
  case 17: // LOCATION: 0 of the host, 1 of the GPU
    return put<uint32_t>(out, pool->agent.handle == GpuAgent.handle);
  case 18: // RUNTIME_ALLOC_REC_GRANULE
    return put<size_t>(out, isGroup ? 0 : 2 << 20);
  default:
    trace("hsa_amd_memory_pool_get_info: unknown %#x", attribute);
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  }
}
hsa_status_t hsa_amd_agent_memory_pool_get_info(
    hsa_agent_t agent, hsa_amd_memory_pool_t handle,
    hsa_amd_agent_memory_pool_info_t attribute, void *out) {
  const Pool *pool = poolOf(handle);
  if (!pool)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  bool isOwn = pool->agent.handle == agent.handle;
  switch (int(attribute)) {
  case HSA_AMD_AGENT_MEMORY_POOL_INFO_ACCESS:
    return put(out, isOwn ? HSA_AMD_MEMORY_POOL_ACCESS_ALLOWED_BY_DEFAULT
                          : HSA_AMD_MEMORY_POOL_ACCESS_DISALLOWED_BY_DEFAULT);
  case HSA_AMD_AGENT_MEMORY_POOL_INFO_NUM_LINK_HOPS:
    return put<uint32_t>(out, isOwn ? 0 : 1);
  case HSA_AMD_AGENT_MEMORY_POOL_INFO_LINK_INFO: {
    hsa_amd_memory_pool_link_info_t link = {};
    link.atomic_support_32bit = link.atomic_support_64bit = true;
    link.link_type = HSA_AMD_LINK_INFO_TYPE_PCIE;
    link.numa_distance = 20;
    return isOwn ? HSA_STATUS_SUCCESS : put(out, link);
  }
  default:
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  }
}

hsa_status_t hsa_amd_memory_pool_allocate(hsa_amd_memory_pool_t handle,
                                          size_t bytes, uint32_t, void **out) {
  const Pool *pool = poolOf(handle);
  if (!pool || pool->segment != HSA_AMD_SEGMENT_GLOBAL || !bytes)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  *out = bytes <= pool->bytes ? allocate(bytes, pool->agent) : nullptr;
  trace("allocated %zu bytes at %p", bytes, *out);
  return *out ? HSA_STATUS_SUCCESS : HSA_STATUS_ERROR_OUT_OF_RESOURCES;
}
hsa_status_t hsa_amd_memory_pool_free(void *memory) {
  return release(memory) ? HSA_STATUS_SUCCESS
                         : HSA_STATUS_ERROR_INVALID_ALLOCATION;
}
hsa_status_t hsa_amd_agents_allow_access(uint32_t, const hsa_agent_t *,
                                         const uint32_t *, const void *) {
  return HSA_STATUS_SUCCESS;
}
hsa_status_t hsa_amd_memory_lock_to_pool(void *memory, size_t, hsa_agent_t *,
                                         int, hsa_amd_memory_pool_t, uint32_t,
                                         void **out) {
  *out = memory;
  return HSA_STATUS_SUCCESS;
}
hsa_status_t hsa_amd_memory_unlock(void *) { return HSA_STATUS_SUCCESS; }
hsa_status_t hsa_memory_register(void *, size_t) { return HSA_STATUS_SUCCESS; }
hsa_status_t hsa_memory_deregister(void *, size_t) {
  return HSA_STATUS_SUCCESS;
}
hsa_status_t hsa_amd_pointer_info(const void *pointer,
                                  hsa_amd_pointer_info_t *out,
                                  void *(*)(size_t), uint32_t *,
                                  hsa_agent_t **) {
  hsa_amd_pointer_info_t info = {};
  info.size = std::min<uint32_t>(out->size, sizeof info);
  info.type = HSA_EXT_POINTER_TYPE_UNKNOWN;
  auto *at = static_cast<char *>(const_cast<void *>(pointer));
  {
    std::lock_guard lock(blocks().mutex);
    auto next = blocks().at.upper_bound(at);
    if (next != blocks().at.begin()) {
      const auto &[start, block] = *std::prev(next);
      if (at < start + block.bytes) {
        info.type = HSA_EXT_POINTER_TYPE_HSA;
        info.agentBaseAddress = info.hostBaseAddress = start;
        info.sizeInBytes = block.bytes;
        info.agentOwner = block.agent;
        info.global_flags =
            block.agent.handle == GpuAgent.handle ? Coarse : Fine;
      }
    }
  }
  std::memcpy(out, &info, info.size);
  return HSA_STATUS_SUCCESS;
}

// Whatever they would switch on is on.
hsa_status_t hsa_amd_coherency_set_type(hsa_agent_t, hsa_amd_coherency_type_t) {
  return HSA_STATUS_SUCCESS;
}
hsa_status_t hsa_amd_profiling_set_profiler_enabled(hsa_queue_t *, int) {
  return HSA_STATUS_SUCCESS;
}
hsa_status_t hsa_amd_profiling_async_copy_enable(bool) {
  return HSA_STATUS_SUCCESS;
}
hsa_status_t hsa_amd_queue_set_priority(hsa_queue_t *,
                                        hsa_amd_queue_priority_t) {
  return HSA_STATUS_SUCCESS;
}

// What this GPU has not: HIP asks, and does without.
#define TILESDK_FAKE_HSA_REFUSED(X)                                            \
  X(hsa_amd_image_create)                                                      \
  X(hsa_amd_interop_map_buffer)                                                \
  X(hsa_amd_interop_unmap_buffer)                                              \
  X(hsa_amd_ipc_memory_attach)                                                 \
  X(hsa_amd_ipc_memory_create)                                                 \
  X(hsa_amd_ipc_memory_detach)                                                 \
  X(hsa_amd_memory_async_copy_rect)                                            \
  X(hsa_amd_queue_cu_set_mask)                                                 \
  X(hsa_amd_svm_attributes_get)                                                \
  X(hsa_amd_svm_attributes_set)                                                \
  X(hsa_amd_svm_prefetch_async)                                                \
  X(hsa_executable_agent_global_variable_define)                               \
  X(hsa_ext_image_create)                                                      \
  X(hsa_ext_image_create_with_layout)                                          \
  X(hsa_ext_image_data_get_info)                                               \
  X(hsa_ext_image_destroy)                                                     \
  X(hsa_ext_image_export)                                                      \
  X(hsa_ext_image_import)                                                      \
  X(hsa_ext_sampler_create)                                                    \
  X(hsa_ext_sampler_destroy)
} // extern "C"

TILESDK_FAKE_HSA_REFUSED(TILESDK_REFUSE)
