// A perceptron of PyTorch, nn.Linear(8, 6), ReLU, nn.Linear(6, 5), ReLU,
// nn.Linear(5, 3), at batch 4, seed 3, exactly as torch-mlir writes it:
//
//   fx.export_and_import(model.eval(), torch.randn(4, 8),
//                        output_type="linalg-on-tensors").operation.get_asm()
//
// Its parameters are dense_resource constants without names.

#map = affine_map<(d0, d1) -> (d0, d1)>
#map1 = affine_map<(d0, d1) -> (d1)>
module {
  func.func @main(%arg0: tensor<4x8xf32>) -> tensor<4x3xf32> {
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant dense_resource<torch_tensor_3_torch.float32> : tensor<3xf32>
    %cst_1 = arith.constant dense_resource<torch_tensor_3_5_torch.float32> : tensor<3x5xf32>
    %cst_2 = arith.constant dense_resource<torch_tensor_5_torch.float32> : tensor<5xf32>
    %cst_3 = arith.constant dense_resource<torch_tensor_5_6_torch.float32> : tensor<5x6xf32>
    %cst_4 = arith.constant dense_resource<torch_tensor_6_torch.float32> : tensor<6xf32>
    %cst_5 = arith.constant dense_resource<torch_tensor_6_8_torch.float32> : tensor<6x8xf32>
    %0 = tensor.empty() : tensor<8x6xf32>
    %transposed = linalg.transpose ins(%cst_5 : tensor<6x8xf32>) outs(%0 : tensor<8x6xf32>) permutation = [1, 0] 
    %1 = tensor.empty() : tensor<4x6xf32>
    %2 = linalg.fill ins(%cst : f32) outs(%1 : tensor<4x6xf32>) -> tensor<4x6xf32>
    %3 = linalg.matmul ins(%arg0, %transposed : tensor<4x8xf32>, tensor<8x6xf32>) outs(%2 : tensor<4x6xf32>) -> tensor<4x6xf32>
    %4 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel"]} ins(%3, %cst_4 : tensor<4x6xf32>, tensor<6xf32>) outs(%1 : tensor<4x6xf32>) {
    ^bb0(%in: f32, %in_8: f32, %out: f32):
      %17 = arith.addf %in, %in_8 : f32
      linalg.yield %17 : f32
    } -> tensor<4x6xf32>
    %5 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]} ins(%4 : tensor<4x6xf32>) outs(%1 : tensor<4x6xf32>) {
    ^bb0(%in: f32, %out: f32):
      %17 = arith.cmpf ugt, %in, %cst : f32
      %18 = arith.select %17, %in, %cst : f32
      linalg.yield %18 : f32
    } -> tensor<4x6xf32>
    %6 = tensor.empty() : tensor<6x5xf32>
    %transposed_6 = linalg.transpose ins(%cst_3 : tensor<5x6xf32>) outs(%6 : tensor<6x5xf32>) permutation = [1, 0] 
    %7 = tensor.empty() : tensor<4x5xf32>
    %8 = linalg.fill ins(%cst : f32) outs(%7 : tensor<4x5xf32>) -> tensor<4x5xf32>
    %9 = linalg.matmul ins(%5, %transposed_6 : tensor<4x6xf32>, tensor<6x5xf32>) outs(%8 : tensor<4x5xf32>) -> tensor<4x5xf32>
    %10 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel"]} ins(%9, %cst_2 : tensor<4x5xf32>, tensor<5xf32>) outs(%7 : tensor<4x5xf32>) {
    ^bb0(%in: f32, %in_8: f32, %out: f32):
      %17 = arith.addf %in, %in_8 : f32
      linalg.yield %17 : f32
    } -> tensor<4x5xf32>
    %11 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]} ins(%10 : tensor<4x5xf32>) outs(%7 : tensor<4x5xf32>) {
    ^bb0(%in: f32, %out: f32):
      %17 = arith.cmpf ugt, %in, %cst : f32
      %18 = arith.select %17, %in, %cst : f32
      linalg.yield %18 : f32
    } -> tensor<4x5xf32>
    %12 = tensor.empty() : tensor<5x3xf32>
    %transposed_7 = linalg.transpose ins(%cst_1 : tensor<3x5xf32>) outs(%12 : tensor<5x3xf32>) permutation = [1, 0] 
    %13 = tensor.empty() : tensor<4x3xf32>
    %14 = linalg.fill ins(%cst : f32) outs(%13 : tensor<4x3xf32>) -> tensor<4x3xf32>
    %15 = linalg.matmul ins(%11, %transposed_7 : tensor<4x5xf32>, tensor<5x3xf32>) outs(%14 : tensor<4x3xf32>) -> tensor<4x3xf32>
    %16 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel"]} ins(%15, %cst_0 : tensor<4x3xf32>, tensor<3xf32>) outs(%13 : tensor<4x3xf32>) {
    ^bb0(%in: f32, %in_8: f32, %out: f32):
      %17 = arith.addf %in, %in_8 : f32
      linalg.yield %17 : f32
    } -> tensor<4x3xf32>
    return %16 : tensor<4x3xf32>
  }
}

{-#
  dialect_resources: {
    builtin: {
      torch_tensor_3_torch.float32: "0x04000000E14EAA3D0B3131BE4F0B1BBE",
      torch_tensor_3_5_torch.float32: "0x0400000055291CBEDA373ABE4D43073E58FFBFBEF06DE23EEF85853D37A51F3ECDAC9ABE0CB97C3E05DBD5BDFED863BEC1C99B3D6C973E3E48FD413DCA3720BE",
      torch_tensor_5_torch.float32: "0x040000006F61B13E4169B6BE3257263E8075B8BEC6E88ABE",
      torch_tensor_5_6_torch.float32: "0x04000000BD48863E7877D03DC5F515BE5FECAD3E8C1A333EF62F3ABECE55943EC65CEE3C9D959ABE304B39BEB28B9CBE951FADBE8E84233CD7CA95BE5CCC5E3EDFF53A3E0ADAB33D5C3AAC3E5AA23DBE017DC73B4D70803EC880103E8C994A3DBCC8AE3ECD8CBE3D25A38C3EFB22B4BE121EB4BEC1A9BCBE1851BD3C",
      torch_tensor_6_torch.float32: "0x04000000B3504ABD1B5FA73EECAD3C3ECD2F12BECB734DBD14F69F3E",
      torch_tensor_6_8_torch.float32: "0x04000000CC79B3BE95CC8EBE0D111BBEB942ABBE5C6DA4BC42419FBE16DA443E0A75303E8CBC883D4B6B8C3E14D40DBDB8DA583ED28A7DBE3BB08EBDBB67A1BE6326EBBC0BE36ABE1F9FA23E4E7C7B3E63B6873EC4C6D63D97894EBE71AAA23EB2A2B0BED01167BE4D1E62BEA11116BE0C61903DC81E89BE75758BBE42242DBED3F75C3E9B9082BE065BA2BE17E49CBE642732BEFD3FBEBD2774B3BE838029BE62DFDE3B47B86E3D1E9B4FBD063324BD77886BBE7E79393E0D6FAEBD2B8877BE1D60AEBD"
    }
  }
#-}
