//===- math_accuracy.cpp - Writes docs/math_accuracy.md ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   tilesdk_math_accuracy [SAMPLES] > docs/math_accuracy.md
//
//===----------------------------------------------------------------------===//

#include "core/codegen/test/math_measure.h"
#include "core/codegen/test/object_loader.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

using namespace tilesdk::codegen;

int main(int argc, char **argv) {
  uint64_t samples = argc > 1 ? strtoull(argv[1], nullptr, 10) : 2000000;
  llvm::SmallVector<Target> targets = hostTargets();
  if (targets.empty()) {
    fprintf(stderr, "this machine runs none of the CPU rows\n");
    return 1;
  }
  printf("# Accuracy of device math on the CPU\n\n"
         "Largest error in units of the last place (ulp), measured by\n"
         "`tilesdk_math_accuracy` on %llu arguments per function, half of them "
         "over all\nbit patterns, half over the range in common use, at every "
         "vector width of every\nCPU row (",
         static_cast<unsigned long long>(samples));
  for (const Target &target : targets)
    printf("%s%s", &target == targets.begin() ? "" : ", ", target.cpu.c_str());
  printf(
      "). References: glibc in float64 for f32, in x87\nextended precision "
      "for f64.\n\n"
      "\"subnormal\" is the largest error where the true result is "
      "subnormal, in units\nof the smallest subnormal; \"flushed\": such "
      "results are 0. f16 and bf16 go\nthrough f32. \"wrong\" counts special "
      "results (NaN, infinity, 0) that differ.\n\n"
      "| function | f32 ulp | subnormal | wrong | f64 ulp | subnormal | "
      "wrong |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n");
  for (llvm::StringRef name : measuredFunctions()) {
    printf("| %s ", name.str().c_str());
    for (bool isDouble : {false, true}) {
      Accuracy worst;
      for (const Target &target : targets)
        for (unsigned width : {1, 2, 4, 8, 16}) {
          if (!isDouble && width == 2)
            continue;
          Accuracy one = measureMath(name, isDouble, width, target, samples);
          if (!one.error.empty()) {
            fprintf(stderr, "%s: %s\n", name.str().c_str(), one.error.c_str());
            return 1;
          }
          if (one.ulp > worst.ulp)
            worst.ulp = one.ulp, worst.at = one.at;
          worst.subnormalUlp = std::max(worst.subnormalUlp, one.subnormalUlp);
          if (one.wrongSpecial > worst.wrongSpecial)
            worst.wrongSpecial = one.wrongSpecial, worst.wrongAt = one.wrongAt;
        }
      fprintf(stderr, "%s %s: %.2f at %s, special %llu at %s\n",
              name.str().c_str(), isDouble ? "f64" : "f32", worst.ulp,
              worst.at.c_str(),
              static_cast<unsigned long long>(worst.wrongSpecial),
              worst.wrongAt.c_str());
      printf("| %.2f ", worst.ulp);
      if (worst.subnormalUlp > 1e5)
        printf("| flushed ");
      else
        printf("| %.2f ", worst.subnormalUlp);
      printf("| %llu ", static_cast<unsigned long long>(worst.wrongSpecial));
    }
    printf("|\n");
    fflush(stdout);
  }
  return 0;
}
