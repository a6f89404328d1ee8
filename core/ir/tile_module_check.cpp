//===- tile_module_check.cpp - What a tile module may hold ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/ir/tile_module_check.h"
#include "core/ir/simt_dialect.h"
#include "core/ir/tile_dialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Attributes.h"
#include "mlir/IR/Operation.h"
#include "mlir/IR/Types.h"

#include "llvm/ADT/DenseMap.h"

using namespace mlir;

namespace tilesdk::tile {
namespace {

/// Depth and expanded size of attributes and types, each visited once. An
/// explicit stack, because the depth is what is in question.
class SizeCounter {
public:
  struct Size {
    uint64_t nodes = 0; ///< Saturating; 0 while still on the stack.
    unsigned depth = 0;
  };

  Size measure(Attribute attr) {
    return attr ? measureNode({attr, {}}) : Size();
  }
  Size measure(Type type) { return type ? measureNode({{}, type}) : Size(); }

private:
  struct Node {
    Attribute attr;
    Type type;
    const void *key() const {
      return attr ? attr.getAsOpaquePointer() : type.getAsOpaquePointer();
    }
    void forEach(llvm::function_ref<void(Node)> visit) const {
      auto onAttr = [&](Attribute a) {
        if (a)
          visit({a, {}});
      };
      auto onType = [&](Type t) {
        if (t)
          visit({{}, t});
      };
      if (attr)
        attr.walkImmediateSubElements(onAttr, onType);
      else
        type.walkImmediateSubElements(onAttr, onType);
    }
  };

  Size measureNode(Node root) {
    auto found = sizes.find(root.key());
    if (found != sizes.end())
      return found->second;
    SmallVector<std::pair<Node, bool>> stack{{root, false}};
    while (!stack.empty()) {
      auto [node, childrenDone] = stack.pop_back_val();
      if (!childrenDone) {
        if (!sizes.try_emplace(node.key()).second)
          continue;
        stack.push_back({node, true});
        node.forEach([&](Node child) {
          if (!sizes.contains(child.key()))
            stack.push_back({child, false});
        });
        continue;
      }
      Size size{1, 1};
      node.forEach([&](Node child) {
        Size inner = sizes.lookup(child.key());
        size.nodes = llvm::SaturatingAdd(size.nodes, inner.nodes);
        size.depth = std::max(size.depth, inner.depth + 1);
      });
      sizes[node.key()] = size;
    }
    return sizes.lookup(root.key());
  }

  llvm::DenseMap<const void *, Size> sizes;
};

/// Every op below \p root, outer ops first, and its nesting, without recursion.
void forEachOp(Operation *root,
               llvm::function_ref<void(Operation *, unsigned)> visit) {
  SmallVector<std::pair<Operation *, unsigned>> stack{{root, 0}};
  while (!stack.empty()) {
    auto [op, depth] = stack.pop_back_val();
    visit(op, depth);
    for (Region &region : op->getRegions())
      for (Block &block : region)
        for (Operation &inner : block)
          stack.push_back({&inner, depth + 1});
  }
}

bool isTileIrDialect(StringRef name) {
  return llvm::is_contained(
      {"tile", "arith", "math", "scf", "func", "builtin", "ub"}, name);
}

} // namespace

LogicalResult checkBounds(ModuleOp module, unsigned maxNesting,
                          uint64_t maxAttributeSize) {
  SizeCounter counter;
  bool tooDeep = false, tooLarge = false;
  auto check = [&](SizeCounter::Size size) {
    tooLarge |= size.nodes > maxAttributeSize || size.depth > maxNesting;
  };
  forEachOp(module, [&](Operation *op, unsigned depth) {
    tooDeep |= depth > maxNesting;
    check(counter.measure(op->getLoc()));
    for (Type type : op->getResultTypes())
      check(counter.measure(type));
    for (Region &region : op->getRegions())
      for (Block &block : region)
        for (BlockArgument arg : block.getArguments()) {
          check(counter.measure(arg.getType()));
          check(counter.measure(LocationAttr(arg.getLoc())));
        }
    check(counter.measure(op->getDiscardableAttrDictionary()));
    check(counter.measure(op->getPropertiesAsAttribute()));
  });
  Location unknown = UnknownLoc::get(module.getContext());
  if (tooDeep)
    return emitError(unknown)
           << "regions are nested deeper than " << maxNesting;
  if (tooLarge)
    return emitError(unknown)
           << "an attribute, type or location is nested deeper than "
           << maxNesting << " or has more than " << maxAttributeSize
           << " parts";
  return success();
}

LogicalResult checkDefaults(ModuleOp module) {
  LogicalResult result = success();
  forEachOp(module, [&](Operation *op, unsigned) {
    OpaqueProperties properties = op->getPropertiesStorage();
    if (!properties)
      return;
    Attribute before = op->getPropertiesAsAttribute();
    op->getName().populateDefaultProperties(properties);
    if (succeeded(result) && op->getPropertiesAsAttribute() != before)
      result = op->emitError()
               << "'" << op->getName()
               << "': an attribute is missing or has the wrong kind";
  });
  return result;
}

static bool isSimt(const Dialect &dialect) {
  return dialect.getNamespace() == simt::SimtDialect::getDialectNamespace();
}

/// A layout whose registers a thread could have.
static bool isSimtLayout(Attribute encoding) {
  auto layout = dyn_cast<simt::LayoutAttr>(encoding);
  return layout && layout.getLayout().totalInputSize() <=
                       64 * static_cast<uint64_t>(maxTileElements);
}

/// \p type is the type of a value that tile IR can hold.
static LogicalResult checkValueType(Operation *op, Type type,
                                    bool withLayouts) {
  if (withLayouts && isSimt(type.getDialect()))
    return success();
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!isTileValue(type) ||
      (tensor && tensor.getEncoding() &&
       !(withLayouts && isSimtLayout(tensor.getEncoding()))))
    return op->emitError() << "'" << op->getName() << "': values of type "
                           << type << " do not belong to tile IR";
  // A product would overflow for a type such as tensor<4294967296x...>.
  uint64_t count = 1;
  for (int64_t extent : shapeOf(type)) {
    count = llvm::SaturatingMultiply<uint64_t>(count, extent);
    if (count > static_cast<uint64_t>(maxTileElements))
      return op->emitError()
             << "'" << op->getName() << "': " << type << " has more than "
             << maxTileElements << " elements";
  }
  return success();
}

LogicalResult checkTileModule(ModuleOp module, bool withLayouts) {
  for (Operation &op : *module.getBody()) {
    auto function = dyn_cast<func::FuncOp>(op);
    if (!function)
      return op.emitError() << "'" << op.getName()
                            << "' may not stand in a tile module; it holds "
                               "functions only";
    if (function.isDeclaration())
      return function.emitError()
             << "function '" << function.getName() << "' has no body";
    if (!function.getBody().hasOneBlock())
      return function.emitError()
             << "function '" << function.getName()
             << "' has several blocks; tile IR has structured control flow";
  }
  WalkResult result = module.walk([&](Operation *op) {
    if (op == module)
      return WalkResult::advance();
    bool isSimtOp =
        withLayouts && op->getDialect() && isSimt(*op->getDialect());
    if ((!isSimtOp && !isTileIrDialect(op->getName().getDialectNamespace())) ||
        isa<ModuleOp, UnrealizedConversionCastOp>(op)) {
      op->emitError() << "'" << op->getName() << "' does not belong to tile IR";
      return WalkResult::interrupt();
    }
    for (Type type : op->getResultTypes())
      if (failed(checkValueType(op, type, withLayouts)))
        return WalkResult::interrupt();
    for (Region &region : op->getRegions())
      for (Type type : region.getArgumentTypes())
        if (failed(checkValueType(op, type, withLayouts)))
          return WalkResult::interrupt();
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

void eraseDeepModule(ModuleOp module) {
  SmallVector<Operation *> ops;
  forEachOp(module, [&](Operation *op, unsigned) { ops.push_back(op); });
  for (Operation *op : llvm::reverse(ops)) {
    op->dropAllReferences();
    op->dropAllDefinedValueUses();
    op->erase();
  }
}

} // namespace tilesdk::tile
