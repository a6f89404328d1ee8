"""Tensor descriptors that the host makes and a kernel takes as an argument."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import collections


class TensorDescriptor(collections.namedtuple(
        "TensorDescriptor", "base shape strides block_shape padding")):
    """The tensor at `base` (an array, or anything a kernel takes as a pointer):
    `shape` and `strides` in elements, the last stride 1, and the shape of the
    block that `load` and `store` move. `padding` ("zero" or "nan") is what is
    read outside of the tensor. Raises ValueError for what no descriptor can be.
    """
    __slots__ = ()
    _tilesdk_descriptor_ = True

    def __new__(cls, base, shape, strides, block_shape, padding="zero"):
        shape, strides, block_shape = (
            tuple(int(size) for size in sizes)
            for sizes in (shape, strides, block_shape))
        rank = len(block_shape)
        if not 1 <= rank <= 5 or len(shape) != rank or len(strides) != rank:
            raise ValueError(
                "shape, strides and block_shape need one length from 1 to 5, "
                f"found {len(shape)}, {len(strides)} and {rank}")
        if strides[-1] != 1:
            raise ValueError(f"the last stride must be 1, found {strides[-1]}")
        if padding not in ("zero", "nan"):
            raise ValueError(f"padding is 'zero' or 'nan', found {padding!r}")
        return super().__new__(cls, base, shape, strides, block_shape, padding)

    @classmethod
    def from_tensor(cls, tensor, block_shape, padding="zero"):
        """All of a NumPy array, or of a tensor with `stride()`."""
        if callable(getattr(tensor, "stride", None)):
            strides = tensor.stride()
        else:
            strides = [step // tensor.itemsize for step in tensor.strides]
        return cls(tensor, tensor.shape, strides, block_shape, padding)
