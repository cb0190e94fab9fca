// A perceptron in ONNX, opset 17, at batch 4: MatMul and Add, Relu, Gemm with
// transB, Relu, MatMul and Add (8-6-5-3, the first bias is zero), made with
// onnx.helper and numpy's default_rng(5), exactly as torch-mlir writes it:
//
//   module = ModelInfo(infer_shapes(model)).create_module(context=context).operation
//   NodeImporter.define_function(info.main_graph, module).import_all()
//   PassManager.parse("builtin.module(torch-onnx-to-torch-backend-pipeline,"
//                     "torch-backend-to-linalg-on-tensors-backend-pipeline)").run(module)
//
// Its parameters are dense constants, weights in both orders.

#map = affine_map<(d0, d1) -> (d0, d1)>
#map1 = affine_map<(d0, d1) -> (d1)>
module {
  func.func @mlp(%arg0: tensor<4x8xf32>) -> tensor<4x3xf32> {
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant dense<[[-0.283525586, -0.468231618, -0.0878090932, 0.148649842, 0.401653111, 0.0387870707], [-0.195390329, -0.277461767, 0.264721602, 0.577983081, 0.0964383259, -0.436047524], [-0.338797927, 0.565692186, 0.0717297718, -0.612402141, -0.0295910724, -0.411262482], [-0.222486943, -0.17253612, -0.252194375, 0.195648834, -0.0223042592, -0.208395422], [0.144828841, 0.293398172, -0.580896497, -0.0907678082, -0.346746564, -0.0612196177], [-0.455878377, 0.00731515884, -0.0133946324, -0.107599646, -0.370497972, -0.140074432], [-0.385843039, -0.479138643, 0.0794737562, -0.392214417, 0.413762152, 2.533520e-01], [-0.706334888, 0.0962120816, -0.389515638, 0.011687492, 0.015426239, -0.703016102]]> : tensor<8x6xf32>
    %cst_1 = arith.constant dense<0.000000e+00> : tensor<6xf32>
    %cst_2 = arith.constant dense<[[-0.0952943488, -0.448653758, 0.992750644, -0.0285889935, 0.248711586, -0.353123635], [-0.10442584, -0.135248944, 0.262061268, 0.551293969, -0.148973376, 0.365701884], [0.392735064, -0.343121737, 0.344966829, -0.161891177, -0.0622014813, -0.53010273], [-0.482323647, 0.591442049, 0.343207359, 0.0770770833, 9.895180e-02, -0.490353376], [0.30130434, 0.231972024, -0.24764812, -0.00866444129, 0.0420590192, -0.523575068]]> : tensor<5x6xf32>
    %cst_3 = arith.constant dense<[0.966972291, -0.360608369, -0.971036374, -1.13602138, 0.421131134]> : tensor<5xf32>
    %cst_4 = arith.constant dense<[[-0.471739084, -0.568890691, 0.274586052], [-0.535183966, -0.144198731, -0.00302385283], [-0.199160025, -0.0241915546, 0.59871769], [-0.231162086, -0.563179255, -0.821417629], [-0.091574192, -0.157534122, 0.11855226]]> : tensor<5x3xf32>
    %cst_5 = arith.constant dense<[-0.464244604, -0.47863847, -0.721315742]> : tensor<3xf32>
    %0 = tensor.empty() : tensor<4x6xf32>
    %1 = linalg.fill ins(%cst : f32) outs(%0 : tensor<4x6xf32>) -> tensor<4x6xf32>
    %2 = linalg.matmul ins(%arg0, %cst_0 : tensor<4x8xf32>, tensor<8x6xf32>) outs(%1 : tensor<4x6xf32>) -> tensor<4x6xf32>
    %3 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel"]} ins(%2, %cst_1 : tensor<4x6xf32>, tensor<6xf32>) outs(%0 : tensor<4x6xf32>) {
    ^bb0(%in: f32, %in_6: f32, %out: f32):
      %15 = arith.addf %in, %in_6 : f32
      linalg.yield %15 : f32
    } -> tensor<4x6xf32>
    %4 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]} ins(%3 : tensor<4x6xf32>) outs(%0 : tensor<4x6xf32>) {
    ^bb0(%in: f32, %out: f32):
      %15 = arith.cmpf ugt, %in, %cst : f32
      %16 = arith.select %15, %in, %cst : f32
      linalg.yield %16 : f32
    } -> tensor<4x6xf32>
    %5 = tensor.empty() : tensor<6x5xf32>
    %transposed = linalg.transpose ins(%cst_2 : tensor<5x6xf32>) outs(%5 : tensor<6x5xf32>) permutation = [1, 0] 
    %6 = tensor.empty() : tensor<4x5xf32>
    %7 = linalg.fill ins(%cst : f32) outs(%6 : tensor<4x5xf32>) -> tensor<4x5xf32>
    %8 = linalg.matmul ins(%4, %transposed : tensor<4x6xf32>, tensor<6x5xf32>) outs(%7 : tensor<4x5xf32>) -> tensor<4x5xf32>
    %9 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel"]} ins(%8, %cst_3 : tensor<4x5xf32>, tensor<5xf32>) outs(%6 : tensor<4x5xf32>) {
    ^bb0(%in: f32, %in_6: f32, %out: f32):
      %15 = arith.addf %in, %in_6 : f32
      linalg.yield %15 : f32
    } -> tensor<4x5xf32>
    %10 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]} ins(%9 : tensor<4x5xf32>) outs(%6 : tensor<4x5xf32>) {
    ^bb0(%in: f32, %out: f32):
      %15 = arith.cmpf ugt, %in, %cst : f32
      %16 = arith.select %15, %in, %cst : f32
      linalg.yield %16 : f32
    } -> tensor<4x5xf32>
    %11 = tensor.empty() : tensor<4x3xf32>
    %12 = linalg.fill ins(%cst : f32) outs(%11 : tensor<4x3xf32>) -> tensor<4x3xf32>
    %13 = linalg.matmul ins(%10, %cst_4 : tensor<4x5xf32>, tensor<5x3xf32>) outs(%12 : tensor<4x3xf32>) -> tensor<4x3xf32>
    %14 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel"]} ins(%13, %cst_5 : tensor<4x3xf32>, tensor<3xf32>) outs(%11 : tensor<4x3xf32>) {
    ^bb0(%in: f32, %in_6: f32, %out: f32):
      %15 = arith.addf %in, %in_6 : f32
      linalg.yield %15 : f32
    } -> tensor<4x3xf32>
    return %14 : tensor<4x3xf32>
  }
}
