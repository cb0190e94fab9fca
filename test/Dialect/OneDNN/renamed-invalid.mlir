// RUN: prune-opt %s --split-input-file --verify-diagnostics

// Operations that had other names before version 0.1.
func.func @spmm(%x: memref<8x4xf32>) {
  // expected-error @below {{custom op 'onednn.csr_matmul' is called 'kernel.spmm' now}}
  onednn.csr_matmul ins(%x : memref<8x4xf32>)
  return
}

// -----

func.func @sddmm(%x: memref<8x4xf32>) {
  // expected-error @below {{custom op 'onednn.sampled_matmul' is called 'kernel.sddmm' now}}
  onednn.sampled_matmul ins(%x : memref<8x4xf32>)
  return
}
