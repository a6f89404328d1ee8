//===- select_matrix.cpp - The pass simt-select-matrix --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/select_matrix.h"
#include "core/optimizer/simt/assign_layouts.h"
#include "core/optimizer/simt/passes.h"
#include "core/optimizer/simt/product_uses.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

#include "llvm/Support/MathExtras.h"

#include <tuple>

using namespace mlir;
using namespace tilesdk::simt;

namespace tilesdk::optimizer {

#define GEN_PASS_DEF_SIMTSELECTMATRIX
#include "core/optimizer/simt/passes.h.inc"

namespace {

struct ProductShape {
  uint64_t batch = 1, m = 0, n = 0, k = 0;
};

ProductShape shapeOfProduct(tile::DotOp op) {
  ArrayRef<int64_t> lhs = tile::shapeOf(op.getLhs().getType());
  ArrayRef<int64_t> result = tile::shapeOf(op.getType());
  unsigned rank = result.size();
  return {rank == 3 ? uint64_t(result[0]) : 1, uint64_t(result[rank - 2]),
          uint64_t(result[rank - 1]), uint64_t(lhs[rank - 1])};
}

/// The element type as matrix rows spell it.
std::string typeName(Type type, tile::InputPrecision precision) {
  if (type.isF32() && precision == tile::InputPrecision::Tf32)
    return "tf32";
  std::string name;
  llvm::raw_string_ostream(name) << type;
  return name;
}

/// Whether an instruction on registers that takes wider floats may have the
/// 8-bit floats of \p op, each of which these hold exactly.
bool widensTo(const target::MatrixRow &row, tile::DotOp op) {
  if (row.isAsync)
    return false;
  return llvm::all_of(ArrayRef<Value>{op.getLhs(), op.getRhs()}, [&](Value v) {
    Type element = tile::elementOf(v.getType());
    if (!isa<FloatType>(element) || element.getIntOrFloatBitWidth() != 8)
      return false;
    // Their smallest numbers are subnormal as f16.
    bool isSmall = isa<Float8E5M2Type, Float8E5M2FNUZType>(element);
    return !(isSmall && row.flushes && row.leftType == "f16");
  });
}

/// A row that might do the work, or why it does not.
struct Candidate {
  const target::MatrixRow *row = nullptr;
  bool isTransposed = false;
  WarpTiling tiling;
  uint64_t cycles = ~uint64_t(0);
  std::string refusal;
};

uint64_t powerOfTwoIn(uint64_t value) { return value & -value; }

/// Spreads \p warps (or groups of them) over a product in fragments of \p row.
WarpTiling tileWarps(const ProductShape &shape, const target::MatrixRow &row,
                     unsigned warps, bool wholeRows) {
  WarpTiling tiling;
  tiling.batch = unsigned(std::min<uint64_t>(powerOfTwoIn(shape.batch), warps));
  warps /= tiling.batch;
  uint64_t mostRows = powerOfTwoIn(shape.m) / row.m;
  uint64_t mostColumns = powerOfTwoIn(shape.n) / row.n;
  uint64_t least = ~uint64_t(0);
  for (unsigned rows = 1; rows <= warps; rows *= 2) {
    unsigned columns = warps / rows;
    unsigned usedRows = unsigned(std::min<uint64_t>(rows, mostRows));
    unsigned usedColumns = unsigned(std::min<uint64_t>(columns, mostColumns));
    // Operand elements read for one step of k: a warp keeps them in registers
    // for all its fragments, an asynchronous instruction reads its own.
    uint64_t rowsEach = shape.m / usedRows, columnsEach = shape.n / usedColumns;
    uint64_t work = rowsEach * columnsEach;
    uint64_t loads = row.isAsync ? rowsEach / row.m * (row.m + columnsEach)
                                 : rowsEach + columnsEach;
    uint64_t cost = work * 4096 + loads * 2 + (usedColumns > 1);
    if (wholeRows && usedColumns > 1)
      cost += work * 1024;
    if (cost < least) {
      least = cost;
      tiling.rows = usedRows;
      tiling.columns = usedColumns;
    }
  }
  return tiling;
}

class Selection {
public:
  Selection(func::FuncOp function, const target::Machine &machine,
            ThreadCounts threads)
      : function(function), machine(machine), threads(threads) {}

  void select(tile::DotOp op);

private:
  Candidate consider(tile::DotOp op, const target::MatrixRow &row,
                     bool wholeRows);
  SharedLayoutAttr bufferFor(Value operand, uint64_t rows, uint64_t columns,
                             bool rowsFastest) const;
  bool rowsAreFastest(Value operand);
  bool wantsColumnsOfRows(tile::DotOp op);
  void considerTransposed(tile::DotOp op, bool wholeRows, Candidate &best);
  unsigned packOf(tile::DotOp op, const target::MatrixRow &row,
                  uint64_t k) const;
  void addBuffers(tile::DotOp op, DotLayouts &layouts);

  func::FuncOp function;
  const target::Machine &machine;
  ThreadCounts threads;
  AccessPattern pattern(Value pointers, Value mask) {
    if (!axes)
      axes.emplace(function);
    return accessPattern(*axes, pointers, mask, machine.maxVectorBytes);
  }
  /// Not every kernel asks.
  std::optional<AxisInfoAnalysis> axes;
};

/// Whether the buffer of \p operand runs along its rows (dimension 0): as
/// memory does, or across it where lanes would store single elements.
bool Selection::rowsAreFastest(Value operand) {
  Value whole = operand;
  bool transposed = false;
  for (Operation *op = operand.getDefiningOp(); op;
       op = op->getOperand(0).getDefiningOp()) {
    if (auto trans = dyn_cast<tile::TransOp>(op)) {
      transposed ^= trans.getPerm().size() == 2 && trans.getPerm()[0] == 1;
    } else if (auto load = dyn_cast<tile::LoadOp>(op)) {
      AccessPattern masked = pattern(load.getPtr(), load.getMask());
      bool along = (masked.dim == 0) != transposed;
      // A box needs no mask that is alike for neighbours.
      AccessPattern open = pattern(load.getPtr(), Value());
      ArrayRef<int64_t> shape = tile::shapeOf(whole.getType());
      bool across = shape.size() == 2 && bytesOf(whole) == 2 &&
                    isStoredNarrowly(machine, masked, bytesOf(whole),
                                     load.getResult() == whole) &&
                    isStoredNarrowly(machine, open, bytesOf(whole), false) &&
                    bufferFor(whole, shape[0], shape[1], !along);
      return along != across;
    } else if (layoutRuleOf(op) != LayoutRule::Elementwise) {
      break;
    }
    if (op->getNumOperands() == 0)
      break;
  }
  return transposed;
}

/// The buffer of an operand that an instruction reads from shared memory: the
/// format with the longest rows that tiles it.
SharedLayoutAttr Selection::bufferFor(Value operand, uint64_t rows,
                                      uint64_t columns,
                                      bool rowsFastest) const {
  unsigned bytes = bytesOf(operand);
  uint64_t slow = rowsFastest ? columns : rows;
  uint64_t fast = rowsFastest ? rows : columns;
  const target::SharedFormat *best = nullptr;
  for (const target::SharedFormat &format : machine.formats)
    if (fast * bytes % format.rowBytes == 0 && slow % format.atomRows == 0 &&
        (!best || format.rowBytes > best->rowBytes))
      best = &format;
  if (!best)
    return {};
  layout::Result<layout::Layout> memory = best->layoutOf(bytes, slow, fast);
  if (!memory)
    return {};
  std::vector<layout::InputBases> inputs;
  std::vector<layout::OutputDim> outputs;
  // layoutOf counts (slow, fast); the tensor's dimensions are (rows, columns).
  for (const layout::Dim &in : memory->inputs()) {
    std::vector<layout::Basis> bases = memory->bases(in.name);
    if (rowsFastest)
      for (layout::Basis &basis : bases)
        std::swap(basis.value[0], basis.value[1]);
    inputs.push_back({offsetDim, std::move(bases)});
  }
  for (unsigned dim = 0; dim < 2; ++dim) {
    const layout::Dim &out = memory->outputs()[rowsFastest ? 1 - dim : dim];
    outputs.push_back({dimName(dim), {out.radix.begin(), out.radix.end()}});
  }
  layout::Result<layout::Layout> result =
      layout::Layout::fromBases(inputs, outputs);
  if (!result)
    return {};
  return SharedLayoutAttr::get(operand.getContext(), *result, best->name,
                               best->alignment);
}

Candidate Selection::consider(tile::DotOp op, const target::MatrixRow &row,
                              bool wholeRows) {
  Candidate candidate;
  ProductShape shape = shapeOfProduct(op);
  auto refuse = [&](const llvm::Twine &why) {
    candidate.refusal = (row.name + ": " + why).str();
    return candidate;
  };
  unsigned groups = threads.warps / row.warps;
  if (threads.warps % row.warps != 0)
    return refuse("needs " + llvm::Twine(row.warps) + " warps, there are " +
                  llvm::Twine(threads.warps));
  if (shape.m % row.m || shape.k % row.k || shape.n % row.n)
    return refuse("the product is no multiple of its " + llvm::Twine(row.m) +
                  " x " + llvm::Twine(row.n) + " x " + llvm::Twine(row.k));
  WarpTiling tiling;
  if (row.isAsync) {
    if (tile::shapeOf(op.getType()).size() != 2)
      return refuse("products in batches are not for it");
    tiling = tileWarps(shape, row, groups, wholeRows);
    tiling.rows *= row.warps;
    if (row.widestFor(shape.n / tiling.columns) == 0)
      return refuse("no width divides the columns");
    // 16-bit elements lie in either order, others along k.
    bool leftRows = rowsAreFastest(op.getLhs());
    bool rightRows = rowsAreFastest(op.getRhs());
    if (bytesOf(op.getLhs()) != 2 && (leftRows || !rightRows))
      return refuse("elements of this type must be contiguous along k");
    if (!bufferFor(op.getLhs(), shape.m, shape.k, leftRows) ||
        !bufferFor(op.getRhs(), shape.k, shape.n, rightRows))
      return refuse("no format of shared memory tiles the operands");
  } else {
    tiling = tileWarps(shape, row, groups, wholeRows);
    if (!row.leftInRegisters || !row.rightInRegisters)
      return refuse("reads shared memory but is not asynchronous");
  }
  candidate.row = &row;
  candidate.tiling = tiling;
  uint64_t active = uint64_t(tiling.batch) * tiling.rows * tiling.columns;
  uint64_t instructions =
      shape.batch * (shape.m / row.m) * (shape.n / row.n) * (shape.k / row.k);
  // A warp group issues once for all its warps.
  candidate.cycles = instructions * row.issueCycles * row.warps / active;
  return candidate;
}

/// Whether whoever takes the result of \p op takes neighbours along its columns
/// together, rather than along its rows: a store in the order of memory, a
/// product that sums over them. Without any of these, as tensors lie mostly.
bool Selection::wantsColumnsOfRows(tile::DotOp op) {
  unsigned rank = tile::shapeOf(op.getType()).size();
  int votes = 0;
  auto vote = [&](OpOperand &use, bool isTransposed) {
    std::optional<bool> alongColumns;
    Operation *user = use.getOwner();
    if (isa<tile::DotOp>(user) && use.getOperandNumber() < 2)
      alongColumns = use.getOperandNumber() == 0;
    else if (auto store = dyn_cast<tile::StoreOp>(user);
             store && store.getValue() == use.get())
      alongColumns = pattern(store.getPtr(), store.getMask()).dim == rank - 1;
    else if (isa<tile::DescriptorStoreOp>(user))
      alongColumns = true;
    if (alongColumns)
      votes += *alongColumns != isTransposed ? 1 : -1;
  };
  visitUses(op.getResult(), /*behindLoops=*/true, vote);
  return votes >= 0;
}

/// The transposed product instead of \p best where a lane then holds longer
/// runs of the result, in the dimension that matters. Of runs of equal length
/// rows that are wanted whole lie in one lane as far as they can: they are
/// reduced there, and are left operands with little exchange.
void Selection::considerTransposed(tile::DotOp op, bool wholeRows,
                                   Candidate &best) {
  if (best.row->isAsync)
    return;
  const target::MatrixRow *other = nullptr;
  for (const target::MatrixRow &row : machine.matrix)
    if (!row.isAsync && row.leftType == best.row->rightType &&
        row.rightType == best.row->leftType &&
        row.resultType == best.row->resultType && row.m == best.row->n &&
        row.n == best.row->m && row.k == best.row->k)
      other = &row;
  if (!other || !other->leftInRegisters || !other->rightInRegisters)
    return;
  target::MatrixRow transposed = other->transposed();
  const char *dim = wantsColumnsOfRows(op) ? "column" : "row";
  auto runOf = [&](const layout::Layout &result) {
    uint32_t most = best.row->m * best.row->n;
    return result.widestVector(dim, most, most).elements;
  };
  uint32_t now = runOf(best.row->result), then = runOf(transposed.result);
  if (then < now || (then == now && !wholeRows))
    return;
  Candidate candidate = consider(op, transposed, wholeRows);
  if (!candidate.row || candidate.cycles > best.cycles)
    return;
  best = candidate;
  best.row = other;
  best.isTransposed = true;
}

/// How many instructions share what a lane reads at once: as many as fill its
/// widest access, where no instruction reads whole matrices as they lie.
unsigned Selection::packOf(tile::DotOp op, const target::MatrixRow &row,
                           uint64_t k) const {
  unsigned bytes = std::max(bytesOf(op.getLhs()), bytesOf(op.getRhs()));
  bool hasMatrixLoads =
      llvm::any_of(machine.shared, [&](const target::SharedRow &load) {
        return load.isMatrix && !load.isStore && !load.isTransposed &&
               load.elementBytes == bytes;
      });
  // What lies in registers already, in the order of its own instruction.
  if (row.isAsync || hasMatrixLoads || comesFromProduct(op.getLhs()) ||
      comesFromProduct(op.getRhs()))
    return 1;
  unsigned pack = 1;
  while (row.run() * bytes * pack * 2 <= machine.maxVectorBytes &&
         k % (uint64_t(row.k) * pack * 2) == 0)
    pack *= 2;
  return pack;
}

void Selection::addBuffers(tile::DotOp op, DotLayouts &layouts) {
  ProductShape shape = shapeOfProduct(op);
  if (!layouts.lhs || !comesFromProduct(op.getLhs())) {
    layouts.lhs = {};
    layouts.lhsBuffer =
        bufferFor(op.getLhs(), shape.m, shape.k, rowsAreFastest(op.getLhs()));
  }
  layouts.rhs = {};
  layouts.rhsBuffer =
      bufferFor(op.getRhs(), shape.k, shape.n, rowsAreFastest(op.getRhs()));
}

void Selection::select(tile::DotOp op) {
  ProductShape shape = shapeOfProduct(op);
  tile::InputPrecision precision = op.getInputPrecision();
  std::string left =
      typeName(tile::elementOf(op.getLhs().getType()), precision);
  std::string right =
      typeName(tile::elementOf(op.getRhs().getType()), precision);
  std::string sum =
      typeName(tile::elementOf(op.getType()), tile::InputPrecision::Ieee);
  bool wholeRows = wantsWholeRows(op) || comesFromProduct(op.getLhs());
  Candidate best;
  std::vector<std::string> refusals;
  using Rank = std::tuple<uint64_t, bool, uint64_t>;
  Rank bestRank{~uint64_t(0), true, ~uint64_t(0)};
  auto tryRow = [&](const target::MatrixRow &row) {
    Candidate candidate = consider(op, row, wholeRows);
    uint64_t density =
        uint64_t(row.m) * row.n * row.k * row.warps / row.issueCycles;
    if (!candidate.row)
      refusals.push_back(candidate.refusal);
    // Of equal speed the one that leaves rows together, where they are wanted
    // so; then the one with more work an instruction.
    Rank rank{candidate.cycles, wholeRows && candidate.tiling.columns > 1,
              ~density};
    if (candidate.row && rank < bestRank) {
      best = candidate;
      bestRank = rank;
    }
  };
  for (const target::MatrixRow &row : machine.matrix)
    if (row.leftType == left && row.rightType == right && row.resultType == sum)
      tryRow(row);
  for (const char *wide : {"f16", "bf16"})
    if (!best.row)
      for (const target::MatrixRow &row : machine.matrix)
        if (row.leftType == wide && row.rightType == wide &&
            row.resultType == sum && widensTo(row, op))
          tryRow(row);
  auto remark = op->emitRemark("simt-select-matrix: product of ");
  remark << (shape.batch > 1 ? std::to_string(shape.batch) + " times " : "")
         << shape.m << " x " << shape.n << " x " << shape.k << " of " << left
         << " and " << right << " in " << sum << ": ";
  DotLayouts layouts;
  if (best.row) {
    considerTransposed(op, wholeRows, best);
    target::MatrixRow row =
        best.isTransposed ? best.row->transposed() : *best.row;
    layouts =
        rowLayouts(op, row, best.tiling, threads, packOf(op, row, shape.k));
    layouts.row = best.row;
    layouts.isTransposed = best.isTransposed;
    if (row.isAsync)
      addBuffers(op, layouts);
    remark << row.name
           << (best.isTransposed ? " of the transposed product" : "")
           << ", warps " << best.tiling.rows << " x " << best.tiling.columns;
    if (row.leftType != left)
      remark << ", of operands made " << row.leftType
             << " on their way from registers";
  } else {
    layouts = fmaLayouts(op, threads);
    remark << "single multiply-adds, "
           << (refusals.empty() ? "no matrix instruction has these types"
                                : "no matrix instruction fits");
    if (left == "f32" && llvm::any_of(machine.matrix, [](const auto &row) {
          return row.leftType == "tf32";
        }))
      remark << "; there are some for input_precision=\"tf32\"";
  }
  for (const std::string &refusal : refusals)
    remark << "; " << refusal;
  setDotLayouts(op, layouts);
}

/// The part of f32 \p value that an instruction keeps of it, and the rest, both
/// exact: the rest's own rounding is the error that stays.
std::pair<Value, Value> splitPrecision(OpBuilder &builder, Location loc,
                                       Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  Type bits = tile::withElement(type, builder.getI32Type());
  constexpr uint32_t kept = 0xffffe000; // 10 bits of mantissa.
  Value mask = arith::ConstantOp::create(
      builder, loc,
      DenseElementsAttr::get(cast<ShapedType>(bits), APInt(32, kept)));
  Value asBits = arith::BitcastOp::create(builder, loc, bits, value);
  Value high = arith::BitcastOp::create(
      builder, loc, type, arith::AndIOp::create(builder, loc, asBits, mask));
  Value low = arith::SubFOp::create(builder, loc, value, high);
  // Of an infinity nothing is left.
  Value isNumber =
      arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::ORD, low, low);
  Value zero = arith::ConstantOp::create(
      builder, loc,
      DenseElementsAttr::get(type, builder.getF32FloatAttr(0).getValue()));
  return {high, arith::SelectOp::create(builder, loc, isNumber, low, zero)};
}

/// Three products of tf32 for one of nearly full precision.
void splitProduct(tile::DotOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  auto [leftHigh, leftLow] = splitPrecision(builder, loc, op.getLhs());
  auto [rightHigh, rightLow] = splitPrecision(builder, loc, op.getRhs());
  auto product = [&](Value left, Value right, Value sum) -> Value {
    auto made = cast<tile::DotOp>(builder.clone(*op));
    made.getLhsMutable().set(left);
    made.getRhsMutable().set(right);
    made.getAccMutable().set(sum);
    made.setInputPrecision(tile::InputPrecision::Tf32);
    return made;
  };
  // Small terms first.
  Value sum = product(leftLow, rightHigh, op.getAcc());
  sum = product(leftHigh, rightLow, sum);
  sum = product(leftHigh, rightHigh, sum);
  op.getResult().replaceAllUsesWith(sum);
  op.erase();
}

bool hasInputs(const target::Machine &machine, StringRef type) {
  return llvm::any_of(machine.matrix, [&](const target::MatrixRow &row) {
    return row.leftType == type && row.rightType == type;
  });
}

struct SimtSelectMatrix : impl::SimtSelectMatrixBase<SimtSelectMatrix> {
  SimtSelectMatrix(MachinePtr machine, const SimtOptions &options)
      : machine(std::move(machine)), options(options) {}

  void runOnOperation() override {
    if (hasInputs(*machine, "tf32"))
      getOperation().walk([](tile::DotOp op) {
        if (op.getInputPrecision() == tile::InputPrecision::Tf32x3 &&
            tile::elementOf(op.getLhs().getType()).isF32())
          splitProduct(op);
      });
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      Selection selection(function, *machine,
                          {machine->warpSize, options.numWarps});
      function.walk([&](tile::DotOp op) { selection.select(op); });
    }
  }

  MachinePtr machine;
  SimtOptions options;
};
} // namespace

std::unique_ptr<Pass> createSimtSelectMatrix(MachinePtr machine,
                                             const SimtOptions &options) {
  return std::make_unique<SimtSelectMatrix>(std::move(machine), options);
}

} // namespace tilesdk::optimizer
