//===- error.cpp - Error objects of the C API -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/runtime/error.h"

using namespace tilesdk::runtime;

tsdk_error_s::~tsdk_error_s() {
  if (diagsHandle)
    releaseHandle(diagsHandle);
}

tsdk_error tilesdk::runtime::outOfMemory() {
  // Only its address counts: an object would need a destructor at exit.
  alignas(
      tsdk_error_s) static constinit char storage[sizeof(tsdk_error_s)] = {};
  return reinterpret_cast<tsdk_error>(storage);
}

tsdk_code tilesdk::runtime::codeOf(tsdk_error error) {
  if (!error)
    return TSDK_OK;
  return error == outOfMemory() ? TSDK_E_RESOURCE_EXHAUSTED : error->code;
}

llvm::StringRef tilesdk::runtime::messageOf(tsdk_error error) {
  if (!error)
    return "";
  if (error == outOfMemory())
    return "out of host memory";
  return error->message;
}

void tilesdk::runtime::freeError(tsdk_error error) {
  if (error != outOfMemory())
    delete error;
}

Error Error::in(const llvm::Twine &where) && {
  if (error && error != outOfMemory())
    error->message = (where + ": " + error->message).str();
  return std::move(*this);
}

Error Error::copy() const {
  if (!error || error == outOfMemory())
    return Error(error);
  Error result = makeError(error->code, error->message, error->native);
  if (error->diags) {
    result.error->diagsHandle = makeHandle(Ref<Object>(error->diags.get()));
    result.error->diags = error->diags;
  }
  return result;
}

Error tilesdk::runtime::makeError(tsdk_code code, const llvm::Twine &message,
                                  int64_t native) {
  Error result(new tsdk_error_s);
  tsdk_error error = result.take();
  error->code = code;
  error->native = native;
  error->message = message.str();
  return Error(error);
}

Error tilesdk::runtime::makeError(tsdk_code code, const llvm::Twine &message,
                                  Ref<DiagList> diags) {
  Error result = makeError(code, message);
  if (diags && diags->size()) {
    tsdk_error error = result.take();
    result = Error(error);
    error->message += '\n';
    error->message += diags->problemText().rtrim('\n');
    error->diagsHandle = makeHandle(Ref<Object>(diags.get()));
    error->diags = std::move(diags);
  }
  return result;
}

const char *tilesdk::runtime::codeName(tsdk_code code) {
  switch (code) {
  case TSDK_OK:
    return "OK";
  case TSDK_E_CANCELLED:
    return "CANCELLED";
  case TSDK_E_INVALID_ARGUMENT:
    return "INVALID_ARGUMENT";
  case TSDK_E_DEADLINE_EXCEEDED:
    return "DEADLINE_EXCEEDED";
  case TSDK_E_NOT_FOUND:
    return "NOT_FOUND";
  case TSDK_E_ALREADY_EXISTS:
    return "ALREADY_EXISTS";
  case TSDK_E_PERMISSION_DENIED:
    return "PERMISSION_DENIED";
  case TSDK_E_RESOURCE_EXHAUSTED:
    return "RESOURCE_EXHAUSTED";
  case TSDK_E_FAILED_PRECONDITION:
    return "FAILED_PRECONDITION";
  case TSDK_E_ABORTED:
    return "ABORTED";
  case TSDK_E_OUT_OF_RANGE:
    return "OUT_OF_RANGE";
  case TSDK_E_UNIMPLEMENTED:
    return "UNIMPLEMENTED";
  case TSDK_E_INTERNAL:
    return "INTERNAL";
  case TSDK_E_UNAVAILABLE:
    return "UNAVAILABLE";
  case TSDK_E_DATA_LOSS:
    return "DATA_LOSS";
  case TSDK_E_UNAUTHENTICATED:
    return "UNAUTHENTICATED";
  case TSDK_E_SOURCE:
    return "SOURCE";
  case TSDK_E_UNSUPPORTED:
    return "UNSUPPORTED";
  case TSDK_E_DEVICE_ASSERT:
    return "DEVICE_ASSERT";
  case TSDK_E_DRIVER:
    return "DRIVER";
  case TSDK_E_PLUGIN:
    return "PLUGIN";
  case TSDK_E_KERNEL_FAULT:
    return "KERNEL_FAULT";
  default:
    return nullptr;
  }
}
