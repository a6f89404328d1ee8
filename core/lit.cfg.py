# Configuration of the IR tests: core/**/test/*.mlir.
import os

import lit.formats

config.name = "tilesdk"
config.test_format = lit.formats.ShTest(True)
config.suffixes = [".mlir"]
config.excludes = ["golden", "invalid_bytecode"]
config.test_source_root = os.path.join(config.tilesdk_source_dir, "core")
config.test_exec_root = os.path.join(config.tilesdk_binary_dir, "test", "lit")
config.environment["PATH"] = os.pathsep.join(
    [
        os.path.join(config.tilesdk_binary_dir, "bin"),
        config.llvm_bin_dir,
        config.environment.get("PATH", ""),
    ]
)
