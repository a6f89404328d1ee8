//===- build.h - Variants and how they come into being ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/runtime/device.h"
#include "core/runtime/diagnostics.h"
#include "core/runtime/disk_cache.h"
#include "core/runtime/error.h"
#include "core/runtime/program.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace tilesdk::runtime {

class Context;

/// Everything that decides what a build produces, in canonical form, and how
/// long it may take.
struct BuildRequest {
  std::shared_ptr<ProgramText> text;
  std::string kernel, signature;
  const Target *target = nullptr;
  /// Sorted by name; without those that the target ignores.
  NamedTexts options;
  std::vector<std::string> linkBitcode;
  /// Sorted, without "object".
  std::vector<std::string> keepStages;
  std::string stopStage = "object";
  /// What the plugin would assemble with, when it was asked.
  std::string assembler;
  std::string resumeStage, resumeIr;
  /// Remarks about the request itself.
  std::vector<DiagEntry> remarks;

  uint64_t deadline = 0; ///< On the monotonic clock; 0: none.
  const int32_t *cancel = nullptr;

  /// Checks a description and brings it into canonical form. `device` is the
  /// fallback for the target and may be null.
  static Error create(Kernel &kernel, const tsdk_variant_desc &desc,
                      Device *device, BuildRequest *out);
  /// Checks and adds one option by its name.
  Error addOption(Context &context, llvm::StringRef name,
                  llvm::StringRef value);
  /// Puts options in order; fails when one is given twice.
  Error sortOptions();
  /// The cache key of what it produces.
  std::string key(llvm::StringRef compilerBuildId) const;
  bool wants(llvm::StringRef stage) const;
};

/// A runtime parameter of an artifact, from its metadata.
struct LeafInfo {
  std::string name, type;
  uint32_t bytes = 0;
};

struct MessageTexts;
class TensorMaps;

class Variant : public Object {
public:
  Variant(Context &context, const BuildRequest &request, std::string key);
  ~Variant() override;

  Context &context() const { return *owner; }
  const Target &target() const { return *request.target; }

  /// Takes over the artifact's metadata; false when it cannot be read.
  bool readMetadata(llvm::StringRef json);

  /// The function on a device, loading the module first.
  Error function(Device &device, void **out);
  /// The same kernel, built so that no tile of pointers is a box, and nothing
  /// is stored as one: for launches whose pointers are not those of a tensor.
  /// Lives as long as this one.
  Error withoutPointerBoxes(Variant **out);
  Error artifact(llvm::StringRef stage, Ref<Blob> *out);
  std::string info();
  /// Whether the kernel has more parameters than its leaves.
  bool isExtended() const { return messages || maps; }

  const BuildRequest request;
  const std::string key;
  std::string metadata;
  std::vector<LeafInfo> leaves;
  std::vector<uint32_t> leafBytes;
  /// Not null: hidden parameters follow the leaves, {buffer, launch number}.
  std::shared_ptr<const MessageTexts> messages;
  /// Not null: tensor maps are the last parameters.
  std::unique_ptr<TensorMaps> maps;
  Ref<DiagList> diags;
  /// Handle of `diags`, borrowed by callers; null when there are none.
  void *diagsHandle = nullptr;
  /// Filled before the variant is shared, then by `artifact` under its lock.
  std::map<std::string, Ref<Blob>> stages;
  std::string times;
  bool fromCache = false;
  uint64_t buildNanoseconds = 0;

protected:
  void lastReference() override;

private:
  struct Loaded;
  Error load(Device &device, void **out);
  Error loadModule(Device &device, void **module);
  Ref<Context> owner;
  std::string symbol;
  uint64_t scratchBytes = 0;
  uint32_t sharedBytes = 0, threads = 1;
  std::mutex mutex;
  std::atomic<Loaded *> modules{nullptr};
  std::mutex plainMutex;
  Ref<Variant> plain;
};

/// A build on another thread.
class Build : public Object {
public:
  Build(Context &context, BuildRequest request)
      : Object(Kind::Build), context(Ref<Context>(&context)),
        request(std::move(request)) {
    this->request.cancel = &cancelFlag;
  }
  void run();
  bool isDone();
  void cancel() { __atomic_store_n(&cancelFlag, 1, __ATOMIC_RELAXED); }
  Error wait(uint64_t timeoutNanoseconds, Ref<Variant> *out);

private:
  Ref<Context> context;
  BuildRequest request;
  int32_t cancelFlag = 0;
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  Error error;
  Ref<Variant> variant;
};

/// The variants of a context: those alive, and those being built, each once.
class BuildRegistry {
public:
  BuildRegistry();
  ~BuildRegistry();
  void init(Context *context) { owner = context; }

  Error get(const BuildRequest &request, Ref<Variant> *out);
  Error start(Ref<Build> build);
  /// No build is running and no thread was started.
  bool isIdle() const {
    return !active.load(std::memory_order_relaxed) &&
           !poolStarted.load(std::memory_order_relaxed);
  }
  void forget(Variant *variant);
  /// Builds a variant from the cache again whose object cannot be loaded.
  Error rebuild(const Variant &broken, Ref<Variant> *out);
  /// Builds done by the compiler, for tests.
  uint64_t numCompiles() const { return compiles.load(); }

private:
  struct InFlight;
  struct Pool;
  Error build(const BuildRequest &request, const std::string &key,
              Ref<Variant> *out);
  Error compile(const BuildRequest &request, Variant &variant);
  Error compileOnce(const BuildRequest &request, const NamedTexts &options,
                    const Variant &variant, CompilerOutput &output);
  void spillLess(const BuildRequest &request, const Variant &variant,
                 CompilerOutput &output);
  /// What a plugin does in a build.
  enum class Step { Compile, Assemble, Inspect };
  Error runPlugin(const BuildRequest &request, const NamedTexts &options,
                  CompilerOutput &output, Step step);
  bool fromCache(const BuildRequest &request, const std::string &key,
                 Ref<Variant> *out);
  void toCache(const Variant &variant);

  Context *owner = nullptr;
  std::mutex mutex;
  std::unordered_map<std::string, Variant *> live;
  std::unordered_map<std::string, std::shared_ptr<InFlight>> inFlight;
  std::atomic<uint32_t> active{0};
  std::atomic<uint64_t> compiles{0};
  std::atomic<bool> poolStarted{false};
  std::shared_ptr<Pool> pool;
};

} // namespace tilesdk::runtime
