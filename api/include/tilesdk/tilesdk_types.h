/*===- tilesdk_types.h - Types shared by the C API and the plugin ABI -----===*\
|*
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* C99 / C++98 clean. Rules of the ABI: fixed-width integers instead of C enums
|* and bool, 64-bit flags, sized strings, structs that say their own size and in
|* which zero always means default, no tail padding.
|*
|* Frozen for ever, because they travel by value or in arrays without a stride:
|* tsdk_str, tsdk_bytes, tsdk_option, tsdk_arg, tsdk_launch_attr. Every other
|* struct grows at its end.
|*
\*===----------------------------------------------------------------------===*/

#ifndef TILESDK_TYPES_H
#define TILESDK_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*===- Scalars, strings, options ------------------------------------------===*/

/** A result: TSDK_OK, 1..16 as below, 1000 and up the SDK's own, and
 *  0x10000 * v + n for vendor block v of docs/registry.md. */
typedef int32_t tsdk_code;
/** 0 or 1. */
typedef uint32_t tsdk_bool;
/** A set of flag bits; an unknown bit is refused, zero is the default. */
typedef uint64_t tsdk_flags;

/** UTF-8 text. `size` TSDK_NUL_TERMINATED: `data` ends at its first NUL. Null
 *  `data` with size 0 is the empty string. Text handed out by the SDK always
 *  has its real size. Frozen. */
typedef struct tsdk_str {
  const char *data;
  size_t size;
} tsdk_str;
#define TSDK_NUL_TERMINATED ((size_t)-1)

/** A range of bytes. Frozen. */
typedef struct tsdk_bytes {
  const void *data;
  size_t size;
} tsdk_bytes;

/** One named value. New knobs are new names, never new struct fields.
 *  Frozen. */
typedef struct tsdk_option {
  tsdk_str name;
  tsdk_str value;
} tsdk_option;

/** An extension chained to a struct by `next`; an unknown type is refused. */
typedef struct tsdk_ext {
  uint32_t type;
  uint32_t struct_size;
  const struct tsdk_ext *next;
} tsdk_ext;

/** The first 16 bytes of every struct that a caller fills in. Set struct_size
 *  to sizeof the struct and everything you do not use to zero. */
#define TSDK_HEADER                                                            \
  uint32_t struct_size;                                                        \
  uint32_t reserved;                                                           \
  const tsdk_ext *next

/*===- Result codes -------------------------------------------------------===*/

#define TSDK_OK 0
#define TSDK_E_CANCELLED 1 /**< The cancel flag was set. */
#define TSDK_E_UNKNOWN 2
#define TSDK_E_INVALID_ARGUMENT 3  /**< The call is wrong, see message. */
#define TSDK_E_DEADLINE_EXCEEDED 4 /**< The build's time was over. */
#define TSDK_E_NOT_FOUND 5         /**< No such kernel, target, device... */
#define TSDK_E_ALREADY_EXISTS 6
#define TSDK_E_PERMISSION_DENIED 7
#define TSDK_E_RESOURCE_EXHAUSTED 8  /**< Memory, or the target's limits. */
#define TSDK_E_FAILED_PRECONDITION 9 /**< Not now: after fork, after close. */
#define TSDK_E_ABORTED 10
#define TSDK_E_OUT_OF_RANGE 11
#define TSDK_E_UNIMPLEMENTED 12 /**< Caller or kernel needs a newer one. */
#define TSDK_E_INTERNAL 13      /**< Our bug; a reproducer is attached. */
#define TSDK_E_UNAVAILABLE 14   /**< No driver, no device, no compiler. */
#define TSDK_E_DATA_LOSS 15     /**< Corrupt artifact or IR. */
#define TSDK_E_UNAUTHENTICATED 16
#define TSDK_E_SOURCE 1000        /**< The kernel has errors: diagnostics. */
#define TSDK_E_UNSUPPORTED 1001   /**< Valid, but not for this target. */
#define TSDK_E_DEVICE_ASSERT 1002 /**< device_assert failed on the device. */
#define TSDK_E_DRIVER 1003        /**< The driver failed: tsdk_error_native. */
#define TSDK_E_PLUGIN 1004        /**< A plugin was refused or misbehaved. */
#define TSDK_E_KERNEL_FAULT                                                    \
  1005 /**< A kernel did what none may: an access out                          \
            of bounds, a race, a divergent barrier. */

/** An error object. NULL is success. Made by the SDK only. */
typedef struct tsdk_error_s *tsdk_error;

/*===- Element types ------------------------------------------------------===*/
/* The spelling in signatures is the lower-case tail: TSDK_F32 is "f32". */

#define TSDK_DTYPE_NONE                                                        \
  0u /**< Unknown; allowed where an annotation decides.                        \
      */
#define TSDK_I1 1u
#define TSDK_I8 2u
#define TSDK_I16 3u
#define TSDK_I32 4u
#define TSDK_I64 5u
#define TSDK_U8 6u
#define TSDK_U16 7u
#define TSDK_U32 8u
#define TSDK_U64 9u
#define TSDK_F16 10u
#define TSDK_BF16 11u
#define TSDK_F32 12u
#define TSDK_F64 13u
#define TSDK_F8E4M3 14u     /**< OCP e4m3fn, Triton's float8e4nv. */
#define TSDK_F8E5M2 15u     /**< OCP e5m2, Triton's float8e5. */
#define TSDK_F8E4M3FNUZ 16u /**< Triton's float8e4b8. */
#define TSDK_F8E5M2FNUZ 17u /**< Triton's float8e5b16. */
#define TSDK_F8E4M3B11 18u  /**< Triton's float8e4b15. */

/*===- Kernel arguments ---------------------------------------------------===*/

/** One argument of a typed launch. Frozen: 16 bytes. */
typedef struct tsdk_arg {
  uint32_t kind; /**< TSDK_ARG_... */
  uint32_t aux;  /**< Meaning depends on kind, else 0. */
  union {
    int64_t i;
    uint64_t u;
    double f;
    void *p;
  } v;
} tsdk_arg;

#define TSDK_ARG_DEFAULT 0u   /**< The parameter's default value. */
#define TSDK_ARG_NONE 1u      /**< Python's None. */
#define TSDK_ARG_INT 2u       /**< v.i; i32 if it fits, else i64. */
#define TSDK_ARG_UINT 3u      /**< v.u; i32, i64 or u64, the first that fits. */
#define TSDK_ARG_FLOAT 4u     /**< v.f; passed as f32. */
#define TSDK_ARG_BOOL 5u      /**< v.u 0 or 1; passed as u1. */
#define TSDK_ARG_PTR 6u       /**< v.p device pointer; aux element type. */
#define TSDK_ARG_BUFFER 7u    /**< v.p a tsdk_buffer; aux element type. */
#define TSDK_ARG_SCALAR 8u    /**< aux: exact type; v.i, v.u or v.f (floats). */
#define TSDK_ARG_CONSTEXPR 9u /**< v.p text of aux bytes, signature syntax. */
#define TSDK_ARG_TUPLE 10u    /**< v.p: aux tsdk_args, nested. */
/** v.p: aux (4 or 5) tsdk_args that describe a tensor: base, then the tuples
 *  shape (elements), strides (elements; the last is 1) and block shape, then
 * the padding as a constexpr, "'zero'" or "'nan'". */
#define TSDK_ARG_DESCRIPTOR 11u

/** One attribute of a launch. Frozen: 64 bytes. */
typedef struct tsdk_launch_attr {
  uint32_t id;    /**< TSDK_LAUNCH_... */
  uint32_t flags; /**< 1: refuse the launch when the attribute is unknown. */
  uint64_t v[7];
} tsdk_launch_attr;

/** v[0] != 0: all programs of the grid must make progress together. */
#define TSDK_LAUNCH_COOPERATIVE 1u
/** v[0]: largest number of host threads a CPU launch may use. */
#define TSDK_LAUNCH_MAX_THREADS 2u
/** v[0] to v[2]: programs of a cluster in each dimension; the grid is a
 *  multiple. */
#define TSDK_LAUNCH_CLUSTER 3u
/** v[0] != 0: may start before the stream's former kernel has ended; the kernel
 *  itself waits for it where it has to. */
#define TSDK_LAUNCH_OVERLAP 4u
/** v[0], an int64_t: as the priority of a stream. */
#define TSDK_LAUNCH_PRIORITY 5u
/** v[0] and v[1]: the address and the bytes of memory that the kernel may use;
 *  simulated devices check accesses against it. May be there several times. */
#define TSDK_LAUNCH_EXTENT 6u

/*===- Device properties --------------------------------------------------===*/
/* Written as the type in brackets; text without a NUL. */

#define TSDK_DEVICE_NAME 1u           /**< [char] Marketing name. */
#define TSDK_DEVICE_COMPUTE_UNITS 2u  /**< [uint32_t] Cores or SMs usable. */
#define TSDK_DEVICE_MEMORY_TOTAL 3u   /**< [uint64_t] Bytes. */
#define TSDK_DEVICE_MEMORY_FREE 4u    /**< [uint64_t] Bytes, now. */
#define TSDK_DEVICE_DRIVER_VERSION 5u /**< [char] */
#define TSDK_DEVICE_TIMER_NS 6u       /**< [uint64_t] Event clock's step. */
/** [uint32_t] 0: kernels reach only memory that the driver knows. */
#define TSDK_DEVICE_HOST_MEMORY 7u

/*===- Pointer properties -------------------------------------------------===*/

#define TSDK_POINTER_ORDINAL                                                   \
  1u                          /**< [int32_t] Device it belongs to; -1: any.    \
                               */
#define TSDK_POINTER_BYTES 2u /**< [uint64_t] From it to its end. */

/*===- Log levels ---------------------------------------------------------===*/

#define TSDK_LOG_DEBUG 0
#define TSDK_LOG_INFO 1
#define TSDK_LOG_WARNING 2
#define TSDK_LOG_ERROR 3
#define TSDK_LOG_PRINT 4 /**< Text a kernel printed; newline included. */

/*===- Diagnostics --------------------------------------------------------===*/

#define TSDK_SEVERITY_NOTE 0u
#define TSDK_SEVERITY_REMARK 1u
#define TSDK_SEVERITY_WARNING 2u
#define TSDK_SEVERITY_ERROR 3u
#define TSDK_NO_PARENT 0xffffffffu

/** One diagnostic. Lines and columns count from 1 (columns in bytes), 0 is
 *  unknown. Notes follow the diagnostic they belong to. */
typedef struct tsdk_diag {
  uint32_t struct_size;
  uint32_t severity; /**< TSDK_SEVERITY_... */
  uint32_t code;     /**< Number in the registry, shown as T%04u; 0: none. */
  uint32_t parent;   /**< Index of the owner of a note, or TSDK_NO_PARENT. */
  uint32_t line, column, end_line, end_column;
  tsdk_str file;
  tsdk_str message;
  tsdk_str help; /**< A suggestion, or empty. */
  tsdk_str
      rendered; /**< Full text with source line and carets; not on notes. */
} tsdk_diag;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* TILESDK_TYPES_H */
