# RUN: tilesdk-translate %s --describe | FileCheck %s
# CHECK: "doc":"Says what it does.","filename":"metadata.py","line":{{[0-9]+}},"name":"kernel"
# CHECK-SAME: "const":true,"constexpr":false,"default":null,"do_not_specialize":false,{{.*}}"name":"source","type":""
# CHECK-SAME: "do_not_specialize":true,{{.*}}"name":"n","type":"i64"
# CHECK-SAME: "name":"half","type":"*f16"
# CHECK-SAME: "constexpr":true,"default":"10",{{.*}}"name":"BLOCK"
# CHECK-SAME: "default":"tl.float16",{{.*}}"name":"DTYPE"
# CHECK-SAME: "default":"'relu'",{{.*}}"name":"act"
# CHECK-SAME: "default":"-inf",{{.*}}"name":"low"
# CHECK-SAME: "name":"twice","params":[{{.*}}"name":"b"
# CHECK-NOT: host
# CHECK-NOT: "twice"
# CHECK-SAME: "schema":1
import os
import triton
import triton.language as tl

FIVE = tl.constexpr(5)


def host(n):
    return n


@triton.autotune(configs=[], key=["n"])
@triton.jit(do_not_specialize=["n"])
def kernel(source: tl.const, n: tl.int64, half: "*fp16", BLOCK: tl.constexpr = FIVE * 2,
           DTYPE: tl.constexpr = tl.float16, act: "tl.constexpr" = "relu", low=float("-inf")):
    """Says what it does.

    And more.
    """
    pass


if os.environ.get("FAST", "0") == "1":
    @triton.jit
    def twice(a):
        pass
else:
    @triton.jit
    def twice(b):
        pass
