// The product of a weight in compressed rows and a dense matrix, for MLIR's
// sparsifier. It is added to the result. ROWS and INNER are numbers.

#Csr = #sparse_tensor.encoding<{
  map = (i, j) -> (i : dense, j : compressed), posWidth = 32, crdWidth = 32
}>

func.func @spmm(%positions: tensor<?xi32>, %coordinates: tensor<?xi32>,
                %values: tensor<?xf32>, %x: tensor<INNERx?xf32>,
                %y: tensor<ROWSx?xf32> {bufferization.writable = true})
    -> tensor<ROWSx?xf32> attributes {llvm.emit_c_interface} {
  %w = sparse_tensor.assemble (%positions, %coordinates), %values
      : (tensor<?xi32>, tensor<?xi32>), tensor<?xf32> to tensor<ROWSxINNERxf32, #Csr>
  %result = linalg.matmul ins(%w, %x : tensor<ROWSxINNERxf32, #Csr>, tensor<INNERx?xf32>)
      outs(%y : tensor<ROWSx?xf32>) -> tensor<ROWSx?xf32>
  return %result : tensor<ROWSx?xf32>
}
