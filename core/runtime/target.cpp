//===- target.cpp - Reading and describing targets --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/runtime/hash.h"
#include "core/runtime/json.h"
#include "core/runtime/plugin.h"
#include "core/runtime/text.h"

using namespace tilesdk::runtime;

namespace {

Error refused(llvm::StringRef name, const llvm::Twine &why) {
  return makeError(TSDK_E_PLUGIN, "target `" + name + "` is refused: " + why);
}

const char *executionName(uint32_t execution) {
  switch (execution) {
  case TSDK_EXECUTION_TILE_LOOPS:
    return "tile-loops";
  case TSDK_EXECUTION_PLUGIN_COMPILER:
    return "plugin-compiler";
  case TSDK_EXECUTION_SIMT:
    return "simt";
  default:
    return nullptr;
  }
}

const char *artifactName(uint32_t artifact) {
  return artifact == TSDK_ARTIFACT_ELF        ? "elf"
         : artifact == TSDK_ARTIFACT_ASSEMBLY ? "assembly"
                                              : "opaque";
}

const char *optionTypeName(uint32_t type) {
  switch (type) {
  case TSDK_OPTION_INT:
    return "int";
  case TSDK_OPTION_BOOL:
    return "bool";
  case TSDK_OPTION_CHOICE:
    return "choice";
  default:
    return "text";
  }
}

/// The numbers of a machine in the order of the struct.
#define TILESDK_MACHINE_NUMBERS(X)                                             \
  X(features)                                                                  \
  X(vector_bytes)                                                              \
  X(vector_registers)                                                          \
  X(mask_registers)                                                            \
  X(cache_line_bytes)                                                          \
  X(l1_bytes)                                                                  \
  X(l2_bytes)                                                                  \
  X(last_level_bytes)                                                          \
  X(fma_per_cycle)                                                             \
  X(fma_latency)                                                               \
  X(load_per_cycle)                                                            \
  X(store_per_cycle)                                                           \
  X(matmul_rows)                                                               \
  X(matmul_columns)                                                            \
  X(max_threads)                                                               \
  X(page_bytes)

void add(Hasher &hasher, uint32_t number) {
  hasher.add(static_cast<uint64_t>(number));
}
void add(Hasher &hasher, tsdk_str text) { hasher.add(toRef(text)); }

/// All rows of a table, whatever the size of the plugin's struct.
template <typename Row, typename... Fields>
void addRows(Hasher &hasher, const Row *rows, size_t count, size_t stride,
             Fields... fields) {
  hasher.add(count);
  std::vector<Row> copies;
  if (rows && stride)
    copyRows(rows, count, stride, copies);
  for (const Row &row : copies)
    (add(hasher, row.*fields), ...);
}

void addThreads(Hasher &hasher, const tsdk_simt &machine) {
  using M = tsdk_matrix_row;
  using S = tsdk_shared_row;
  using F = tsdk_shared_format;
  using A = tsdk_async_row;
  // The numbers stand side by side in front of the tables.
  const char *begin = reinterpret_cast<const char *>(&machine.features);
  const char *end = reinterpret_cast<const char *>(&machine.matrix);
  hasher.add(llvm::StringRef(begin, end - begin));
  addRows(hasher, machine.matrix, machine.num_matrix, machine.matrix_stride,
          &M::name, &M::left_type, &M::right_type, &M::result_type, &M::left,
          &M::right, &M::result, &M::m, &M::n, &M::k, &M::n_step, &M::n_max,
          &M::warps, &M::left_places, &M::right_places, &M::flags,
          &M::issue_cycles, &M::latency_cycles);
  addRows(hasher, machine.shared, machine.num_shared, machine.shared_stride,
          &S::name, &S::phases, &S::layout, &S::kind, &S::direction, &S::bytes,
          &S::element_bytes, &S::rows, &S::transposed, &S::issue_cycles,
          &S::latency_cycles);
  addRows(hasher, machine.formats, machine.num_formats, machine.format_stride,
          &F::name, &F::row_bytes, &F::atom_rows, &F::chunk_count,
          &F::row_shift, &F::alignment);
  addRows(hasher, machine.async, machine.num_async, machine.async_stride,
          &A::name, &A::issuer, &A::completion, &A::bytes, &A::max_pending,
          &A::zero_fill, &A::max_rank, &A::max_box, &A::needs_fence,
          &A::issue_cycles, &A::latency_cycles);
}

std::string digestOf(const Target &target) {
  Hasher hasher;
  hasher.add(target.plugin->name())
      .add(target.plugin->buildId())
      .add(target.data.execution)
      .add(toRef(target.data.name))
      .add(toRef(target.data.fingerprint));
#define ADD(NAME) hasher.add(static_cast<uint64_t>(target.machine.NAME));
  TILESDK_MACHINE_NUMBERS(ADD)
#undef ADD
  hasher.add(target.functions.size());
  for (const tsdk_language_function &row : target.functions)
    hasher.add(toRef(row.name))
        .add(toRef(row.arguments))
        .add(toRef(row.result))
        .add(toRef(row.symbol))
        .add(row.effects);
  hasher.add(target.options.size());
  for (const tsdk_option_row &row : target.options)
    hasher.add(toRef(row.name)).add(toRef(row.initial));
  hasher.add(target.machine.num_facts);
  for (size_t i = 0; i < target.machine.num_facts; ++i)
    hasher.add(toRef(target.machine.facts[i].name))
        .add(toRef(target.machine.facts[i].value));
  hasher.add(target.codegen.artifact)
      .add(toRef(target.codegen.triple))
      .add(toRef(target.codegen.cpu))
      .add(toRef(target.codegen.features))
      .add(toRef(target.codegen.data_layout));
  if (target.machine.simt) {
    addThreads(hasher, copyStruct(target.machine.simt));
    const tsdk_codegen &code = target.codegen;
    for (uint32_t number :
         {code.parameters, code.flags, code.calling_convention})
      add(hasher, number);
    for (tsdk_str text : {code.kernel_attributes, code.module_flags,
                          code.scopes, code.constraints})
      add(hasher, text);
  }
  return hasher.hex();
}

} // namespace

llvm::StringRef Target::name() const { return toRef(data.name); }

Error Plugin::addTarget(const tsdk_target *original) {
  if (original->struct_size < offsetof(tsdk_target, fingerprint))
    return refused("?", "its description has " +
                            llvm::Twine(original->struct_size) + " bytes");
  allTargets.emplace_back();
  Target &target = allTargets.back();
  target.plugin = this;
  target.original = original;
  target.data = copyStruct(original);
  std::string name = target.name().str();
  auto refuse = [&](const llvm::Twine &why) {
    Error error = refused(name, why);
    allTargets.pop_back();
    return error;
  };
  if (name.empty())
    return refuse("it has no name");
  for (const Target &other : allTargets)
    if (&other != &target && other.name() == name)
      return refuse("its plugin has another target of that name");
  if (!executionName(target.data.execution))
    return refuse("execution " + llvm::Twine(target.data.execution) +
                  " is not known to this tilesdk");
  if (!target.data.machine || !target.data.codegen)
    return refuse("required `machine` or `codegen` is missing");
  if (target.data.execution == TSDK_EXECUTION_PLUGIN_COMPILER &&
      !plugin.compile)
    return refuse("required `compile` is missing");
  if (target.data.execution == TSDK_EXECUTION_SIMT &&
      !copyStruct(target.data.machine).simt)
    return refuse("required `machine.simt` is missing");
  target.machine = copyStruct(target.data.machine);
  target.codegen = copyStruct(target.data.codegen);
  tsdk_machine &machine = target.machine;
  if ((machine.num_functions && !machine.functions) ||
      (machine.num_options && !machine.options) ||
      (machine.num_facts && !machine.facts))
    return refuse("a table is counted but missing");
  if (machine.num_functions &&
      machine.function_stride < offsetof(tsdk_language_function, effects))
    return refuse("function_stride is too small");
  if (machine.num_options &&
      machine.option_stride < offsetof(tsdk_option_row, min))
    return refuse("option_stride is too small");
  copyRows(machine.functions, machine.num_functions, machine.function_stride,
           target.functions);
  copyRows(machine.options, machine.num_options, machine.option_stride,
           target.options);
  machine.struct_size = sizeof(machine);
  machine.functions = target.functions.data();
  machine.function_stride = sizeof(tsdk_language_function);
  machine.options = target.options.data();
  machine.option_stride = sizeof(tsdk_option_row);
  target.codegen.struct_size = sizeof(target.codegen);
  target.data.struct_size = sizeof(target.data);
  target.data.machine = &target.machine;
  target.data.codegen = &target.codegen;
  target.digest = digestOf(target);
  return success();
}

llvm::json::Value Target::summary() const {
  return llvm::json::Object{{"name", jsonText(name())},
                            {"plugin", jsonText(plugin->name())},
                            {"execution", executionName(data.execution)},
                            {"artifact", artifactName(codegen.artifact)},
                            {"doc", jsonText(toRef(data.doc))}};
}

llvm::json::Value Target::toJson() const {
  llvm::json::Object machineJson;
#define ADD(NAME) machineJson[#NAME] = static_cast<uint64_t>(machine.NAME);
  TILESDK_MACHINE_NUMBERS(ADD)
#undef ADD
  llvm::json::Object facts;
  for (size_t i = 0; i < machine.num_facts; ++i)
    facts[llvm::json::fixUTF8(toRef(machine.facts[i].name))] =
        jsonText(toRef(machine.facts[i].value));
  llvm::json::Array functionRows;
  for (const tsdk_language_function &row : functions)
    functionRows.push_back(
        llvm::json::Object{{"name", jsonText(toRef(row.name))},
                           {"arguments", jsonText(toRef(row.arguments))},
                           {"result", jsonText(toRef(row.result))},
                           {"symbol", jsonText(toRef(row.symbol))},
                           {"effects", row.effects}});
  llvm::json::Array optionRows;
  for (const tsdk_option_row &row : options) {
    llvm::json::Object option{{"name", jsonText(toRef(row.name))},
                              {"type", optionTypeName(row.type)},
                              {"default", jsonText(toRef(row.initial))},
                              {"doc", jsonText(toRef(row.doc))}};
    if (row.type == TSDK_OPTION_INT) {
      option["min"] = row.min;
      option["max"] = row.max;
    }
    if (row.type == TSDK_OPTION_CHOICE)
      option["choices"] = jsonText(toRef(row.choices));
    optionRows.push_back(std::move(option));
  }
  llvm::json::Object result{
      {"schema", 1},
      {"name", jsonText(name())},
      {"plugin", jsonText(plugin->name())},
      {"execution", executionName(data.execution)},
      {"fingerprint", jsonText(toRef(data.fingerprint))},
      {"digest", digest},
      {"doc", jsonText(toRef(data.doc))},
      {"machine", std::move(machineJson)},
      {"facts", std::move(facts)},
      {"codegen",
       llvm::json::Object{
           {"artifact", artifactName(codegen.artifact)},
           {"triple", jsonText(toRef(codegen.triple))},
           {"cpu", jsonText(toRef(codegen.cpu))},
           {"features", jsonText(toRef(codegen.features))},
           {"data_layout", jsonText(toRef(codegen.data_layout))},
           {"calling_convention", codegen.calling_convention},
           {"parameters",
            codegen.parameters == TSDK_PARAMETERS_ARRAY ? "array" : "values"}}},
      {"options", std::move(optionRows)},
      {"functions", std::move(functionRows)}};
  if (machine.simt)
    result["simt"] = describeSimt(copyStruct(machine.simt));
  return result;
}
