// A residual network of PyTorch at batch 2, seed 3, exactly as torch-mlir writes it:
// convolution 3 -> 2, batch norm, relu, max pooling 3 / 2; a block of a strided
// convolution 2 -> 4 and batch norm beside every second pixel with padded channels;
// depthwise convolution, relu, average pooling, grouped convolution, global
// average, linear 4 -> 3.
//
//   fx.export_and_import(model.eval(), torch.randn(2, 3, 16, 16),
//                        output_type="linalg-on-tensors").operation.get_asm()
//
// Its parameters are dense_resource constants without names.

#map = affine_map<(d0) -> (d0)>
#map1 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map2 = affine_map<(d0, d1, d2, d3) -> (d1, 0, 0)>
#map3 = affine_map<(d0, d1, d2, d3) -> (d0, d1, 0, 0)>
#map4 = affine_map<(d0, d1) -> (d0, d1)>
#map5 = affine_map<(d0, d1) -> (d1)>
module {
  func.func @main(%arg0: tensor<2x3x16x16xf32>) -> tensor<2x3xf32> {
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 1.000000e+00 : f32
    %cst_1 = arith.constant 0xFF800000 : f32
    %cst_2 = arith.constant dense_resource<torch_tensor_3_torch.float32> : tensor<3xf32>
    %cst_3 = arith.constant dense_resource<torch_tensor_3_4_torch.float32> : tensor<3x4xf32>
    %cst_4 = arith.constant dense_resource<torch_tensor_4_torch.float32_5> : tensor<4xf32>
    %cst_5 = arith.constant dense_resource<torch_tensor_4_2_1_1_torch.float32> : tensor<4x2x1x1xf32>
    %cst_6 = arith.constant dense_resource<torch_tensor_4_torch.float32_4> : tensor<4xf32>
    %cst_7 = arith.constant dense_resource<torch_tensor_4_1_3_3_torch.float32> : tensor<4x1x3x3xf32>
    %cst_8 = arith.constant dense_resource<torch_tensor_4_torch.float32_3> : tensor<4xf32>
    %cst_9 = arith.constant dense_resource<torch_tensor_4_torch.float32_2> : tensor<4xf32>
    %cst_10 = arith.constant dense_resource<torch_tensor_4_torch.float32_1> : tensor<4xf32>
    %cst_11 = arith.constant dense_resource<torch_tensor_4_torch.float32> : tensor<4xf32>
    %cst_12 = arith.constant dense_resource<torch_tensor_4_2_3_3_torch.float32> : tensor<4x2x3x3xf32>
    %cst_13 = arith.constant dense_resource<torch_tensor_2_torch.float32_4> : tensor<2xf32>
    %cst_14 = arith.constant dense_resource<torch_tensor_2_torch.float32_3> : tensor<2xf32>
    %cst_15 = arith.constant 1.000000e-05 : f64
    %cst_16 = arith.constant dense_resource<torch_tensor_2_torch.float32_2> : tensor<2xf32>
    %cst_17 = arith.constant dense_resource<torch_tensor_2_torch.float32_1> : tensor<2xf32>
    %cst_18 = arith.constant dense_resource<torch_tensor_2_3_3_3_torch.float32> : tensor<2x3x3x3xf32>
    %cst_19 = arith.constant dense_resource<torch_tensor_2_torch.float32> : tensor<2xf32>
    %cst_20 = arith.constant 4.000000e+00 : f32
    %padded = tensor.pad %arg0 low[0, 0, 1, 1] high[0, 0, 1, 1] {
    ^bb0(%arg1: index, %arg2: index, %arg3: index, %arg4: index):
      tensor.yield %cst : f32
    } : tensor<2x3x16x16xf32> to tensor<2x3x18x18xf32>
    %0 = tensor.empty() : tensor<2x2x16x16xf32>
    %broadcasted = linalg.broadcast ins(%cst_19 : tensor<2xf32>) outs(%0 : tensor<2x2x16x16xf32>) dimensions = [0, 2, 3] 
    %1 = linalg.conv_2d_nchw_fchw {dilations = dense<1> : vector<2xi64>, strides = dense<1> : vector<2xi64>} ins(%padded, %cst_18 : tensor<2x3x18x18xf32>, tensor<2x3x3x3xf32>) outs(%broadcasted : tensor<2x2x16x16xf32>) -> tensor<2x2x16x16xf32>
    %2 = tensor.empty() : tensor<2xf32>
    %3 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%cst_16 : tensor<2xf32>) outs(%2 : tensor<2xf32>) {
    ^bb0(%in: f32, %out: f32):
      %45 = arith.truncf %cst_15 : f64 to f32
      %46 = arith.addf %in, %45 : f32
      linalg.yield %46 : f32
    } -> tensor<2xf32>
    %4 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%3 : tensor<2xf32>) outs(%2 : tensor<2xf32>) {
    ^bb0(%in: f32, %out: f32):
      %45 = math.sqrt %in : f32
      linalg.yield %45 : f32
    } -> tensor<2xf32>
    %5 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%4 : tensor<2xf32>) outs(%2 : tensor<2xf32>) {
    ^bb0(%in: f32, %out: f32):
      %45 = arith.cmpf one, %in, %cst : f32
      cf.assert %45, "unimplemented: tensor with zero element"
      %46 = arith.divf %cst_0, %in : f32
      linalg.yield %46 : f32
    } -> tensor<2xf32>
    %expanded = tensor.expand_shape %cst_17 [[0, 1, 2]] output_shape [2, 1, 1] : tensor<2xf32> into tensor<2x1x1xf32>
    %expanded_21 = tensor.expand_shape %5 [[0, 1, 2]] output_shape [2, 1, 1] : tensor<2xf32> into tensor<2x1x1xf32>
    %6 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%1, %expanded : tensor<2x2x16x16xf32>, tensor<2x1x1xf32>) outs(%0 : tensor<2x2x16x16xf32>) {
    ^bb0(%in: f32, %in_40: f32, %out: f32):
      %45 = arith.subf %in, %in_40 : f32
      linalg.yield %45 : f32
    } -> tensor<2x2x16x16xf32>
    %7 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%6, %expanded_21 : tensor<2x2x16x16xf32>, tensor<2x1x1xf32>) outs(%0 : tensor<2x2x16x16xf32>) {
    ^bb0(%in: f32, %in_40: f32, %out: f32):
      %45 = arith.mulf %in, %in_40 : f32
      linalg.yield %45 : f32
    } -> tensor<2x2x16x16xf32>
    %expanded_22 = tensor.expand_shape %cst_14 [[0, 1, 2]] output_shape [2, 1, 1] : tensor<2xf32> into tensor<2x1x1xf32>
    %8 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%7, %expanded_22 : tensor<2x2x16x16xf32>, tensor<2x1x1xf32>) outs(%0 : tensor<2x2x16x16xf32>) {
    ^bb0(%in: f32, %in_40: f32, %out: f32):
      %45 = arith.mulf %in, %in_40 : f32
      linalg.yield %45 : f32
    } -> tensor<2x2x16x16xf32>
    %expanded_23 = tensor.expand_shape %cst_13 [[0, 1, 2]] output_shape [2, 1, 1] : tensor<2xf32> into tensor<2x1x1xf32>
    %9 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%8, %expanded_23 : tensor<2x2x16x16xf32>, tensor<2x1x1xf32>) outs(%0 : tensor<2x2x16x16xf32>) {
    ^bb0(%in: f32, %in_40: f32, %out: f32):
      %45 = arith.addf %in, %in_40 : f32
      linalg.yield %45 : f32
    } -> tensor<2x2x16x16xf32>
    %10 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%9 : tensor<2x2x16x16xf32>) outs(%0 : tensor<2x2x16x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      %45 = arith.cmpf ugt, %in, %cst : f32
      %46 = arith.select %45, %in, %cst : f32
      linalg.yield %46 : f32
    } -> tensor<2x2x16x16xf32>
    %padded_24 = tensor.pad %10 low[0, 0, 1, 1] high[0, 0, 1, 1] {
    ^bb0(%arg1: index, %arg2: index, %arg3: index, %arg4: index):
      tensor.yield %cst_1 : f32
    } : tensor<2x2x16x16xf32> to tensor<2x2x18x18xf32>
    %11 = tensor.empty() : tensor<2x2x8x8xf32>
    %12 = linalg.fill ins(%cst_1 : f32) outs(%11 : tensor<2x2x8x8xf32>) -> tensor<2x2x8x8xf32>
    %13 = tensor.empty() : tensor<3x3xf32>
    %14 = linalg.pooling_nchw_max {dilations = dense<1> : vector<2xi64>, strides = dense<2> : vector<2xi64>} ins(%padded_24, %13 : tensor<2x2x18x18xf32>, tensor<3x3xf32>) outs(%12 : tensor<2x2x8x8xf32>) -> tensor<2x2x8x8xf32>
    %extracted_slice = tensor.extract_slice %14[0, 0, 0, 0] [2, 2, 4, 8] [1, 1, 2, 1] : tensor<2x2x8x8xf32> to tensor<2x2x4x8xf32>
    %extracted_slice_25 = tensor.extract_slice %extracted_slice[0, 0, 0, 0] [2, 2, 4, 4] [1, 1, 1, 2] : tensor<2x2x4x8xf32> to tensor<2x2x4x4xf32>
    %padded_26 = tensor.pad %extracted_slice_25 low[0, 1, 0, 0] high[0, 1, 0, 0] {
    ^bb0(%arg1: index, %arg2: index, %arg3: index, %arg4: index):
      tensor.yield %cst : f32
    } : tensor<2x2x4x4xf32> to tensor<2x4x4x4xf32>
    %padded_27 = tensor.pad %14 low[0, 0, 1, 1] high[0, 0, 1, 1] {
    ^bb0(%arg1: index, %arg2: index, %arg3: index, %arg4: index):
      tensor.yield %cst : f32
    } : tensor<2x2x8x8xf32> to tensor<2x2x10x10xf32>
    %15 = tensor.empty() : tensor<2x4x4x4xf32>
    %16 = linalg.fill ins(%cst : f32) outs(%15 : tensor<2x4x4x4xf32>) -> tensor<2x4x4x4xf32>
    %17 = linalg.conv_2d_nchw_fchw {dilations = dense<1> : vector<2xi64>, strides = dense<2> : vector<2xi64>} ins(%padded_27, %cst_12 : tensor<2x2x10x10xf32>, tensor<4x2x3x3xf32>) outs(%16 : tensor<2x4x4x4xf32>) -> tensor<2x4x4x4xf32>
    %18 = tensor.empty() : tensor<4xf32>
    %19 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%cst_10 : tensor<4xf32>) outs(%18 : tensor<4xf32>) {
    ^bb0(%in: f32, %out: f32):
      %45 = arith.truncf %cst_15 : f64 to f32
      %46 = arith.addf %in, %45 : f32
      linalg.yield %46 : f32
    } -> tensor<4xf32>
    %20 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%19 : tensor<4xf32>) outs(%18 : tensor<4xf32>) {
    ^bb0(%in: f32, %out: f32):
      %45 = math.sqrt %in : f32
      linalg.yield %45 : f32
    } -> tensor<4xf32>
    %21 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%20 : tensor<4xf32>) outs(%18 : tensor<4xf32>) {
    ^bb0(%in: f32, %out: f32):
      %45 = arith.cmpf one, %in, %cst : f32
      cf.assert %45, "unimplemented: tensor with zero element"
      %46 = arith.divf %cst_0, %in : f32
      linalg.yield %46 : f32
    } -> tensor<4xf32>
    %expanded_28 = tensor.expand_shape %cst_11 [[0, 1, 2]] output_shape [4, 1, 1] : tensor<4xf32> into tensor<4x1x1xf32>
    %expanded_29 = tensor.expand_shape %21 [[0, 1, 2]] output_shape [4, 1, 1] : tensor<4xf32> into tensor<4x1x1xf32>
    %22 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%17, %expanded_28 : tensor<2x4x4x4xf32>, tensor<4x1x1xf32>) outs(%15 : tensor<2x4x4x4xf32>) {
    ^bb0(%in: f32, %in_40: f32, %out: f32):
      %45 = arith.subf %in, %in_40 : f32
      linalg.yield %45 : f32
    } -> tensor<2x4x4x4xf32>
    %23 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%22, %expanded_29 : tensor<2x4x4x4xf32>, tensor<4x1x1xf32>) outs(%15 : tensor<2x4x4x4xf32>) {
    ^bb0(%in: f32, %in_40: f32, %out: f32):
      %45 = arith.mulf %in, %in_40 : f32
      linalg.yield %45 : f32
    } -> tensor<2x4x4x4xf32>
    %expanded_30 = tensor.expand_shape %cst_9 [[0, 1, 2]] output_shape [4, 1, 1] : tensor<4xf32> into tensor<4x1x1xf32>
    %24 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%23, %expanded_30 : tensor<2x4x4x4xf32>, tensor<4x1x1xf32>) outs(%15 : tensor<2x4x4x4xf32>) {
    ^bb0(%in: f32, %in_40: f32, %out: f32):
      %45 = arith.mulf %in, %in_40 : f32
      linalg.yield %45 : f32
    } -> tensor<2x4x4x4xf32>
    %expanded_31 = tensor.expand_shape %cst_8 [[0, 1, 2]] output_shape [4, 1, 1] : tensor<4xf32> into tensor<4x1x1xf32>
    %25 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%24, %expanded_31 : tensor<2x4x4x4xf32>, tensor<4x1x1xf32>) outs(%15 : tensor<2x4x4x4xf32>) {
    ^bb0(%in: f32, %in_40: f32, %out: f32):
      %45 = arith.addf %in, %in_40 : f32
      linalg.yield %45 : f32
    } -> tensor<2x4x4x4xf32>
    %26 = linalg.generic {indexing_maps = [#map1, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%25, %padded_26 : tensor<2x4x4x4xf32>, tensor<2x4x4x4xf32>) outs(%15 : tensor<2x4x4x4xf32>) {
    ^bb0(%in: f32, %in_40: f32, %out: f32):
      %45 = arith.addf %in, %in_40 : f32
      linalg.yield %45 : f32
    } -> tensor<2x4x4x4xf32>
    %27 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%26 : tensor<2x4x4x4xf32>) outs(%15 : tensor<2x4x4x4xf32>) {
    ^bb0(%in: f32, %out: f32):
      %45 = arith.cmpf ugt, %in, %cst : f32
      %46 = arith.select %45, %in, %cst : f32
      linalg.yield %46 : f32
    } -> tensor<2x4x4x4xf32>
    %padded_32 = tensor.pad %27 low[0, 0, 1, 1] high[0, 0, 1, 1] {
    ^bb0(%arg1: index, %arg2: index, %arg3: index, %arg4: index):
      tensor.yield %cst : f32
    } : tensor<2x4x4x4xf32> to tensor<2x4x6x6xf32>
    %broadcasted_33 = linalg.broadcast ins(%cst_6 : tensor<4xf32>) outs(%15 : tensor<2x4x4x4xf32>) dimensions = [0, 2, 3] 
    %collapsed = tensor.collapse_shape %cst_7 [[0, 1], [2], [3]] : tensor<4x1x3x3xf32> into tensor<4x3x3xf32>
    %28 = linalg.depthwise_conv_2d_nchw_chw {dilations = dense<1> : vector<2xi64>, strides = dense<1> : vector<2xi64>} ins(%padded_32, %collapsed : tensor<2x4x6x6xf32>, tensor<4x3x3xf32>) outs(%broadcasted_33 : tensor<2x4x4x4xf32>) -> tensor<2x4x4x4xf32>
    %29 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%28 : tensor<2x4x4x4xf32>) outs(%15 : tensor<2x4x4x4xf32>) {
    ^bb0(%in: f32, %out: f32):
      %45 = arith.cmpf ugt, %in, %cst : f32
      %46 = arith.select %45, %in, %cst : f32
      linalg.yield %46 : f32
    } -> tensor<2x4x4x4xf32>
    %30 = tensor.empty() : tensor<2x4x2x2xf32>
    %31 = linalg.fill ins(%cst : f32) outs(%30 : tensor<2x4x2x2xf32>) -> tensor<2x4x2x2xf32>
    %32 = tensor.empty() : tensor<2x2xf32>
    %33 = linalg.pooling_nchw_sum {dilations = dense<1> : vector<2xi64>, strides = dense<2> : vector<2xi64>} ins(%29, %32 : tensor<2x4x4x4xf32>, tensor<2x2xf32>) outs(%31 : tensor<2x4x2x2xf32>) -> tensor<2x4x2x2xf32>
    %34 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%33 : tensor<2x4x2x2xf32>) outs(%30 : tensor<2x4x2x2xf32>) {
    ^bb0(%in: f32, %out: f32):
      %45 = arith.divf %in, %cst_20 : f32
      linalg.yield %45 : f32
    } -> tensor<2x4x2x2xf32>
    %broadcasted_34 = linalg.broadcast ins(%cst_4 : tensor<4xf32>) outs(%30 : tensor<2x4x2x2xf32>) dimensions = [0, 2, 3] 
    %expanded_35 = tensor.expand_shape %34 [[0], [1, 2], [3], [4]] output_shape [2, 2, 2, 2, 2] : tensor<2x4x2x2xf32> into tensor<2x2x2x2x2xf32>
    %expanded_36 = tensor.expand_shape %cst_5 [[0, 1], [2], [3], [4]] output_shape [2, 2, 2, 1, 1] : tensor<4x2x1x1xf32> into tensor<2x2x2x1x1xf32>
    %expanded_37 = tensor.expand_shape %broadcasted_34 [[0], [1, 2], [3], [4]] output_shape [2, 2, 2, 2, 2] : tensor<2x4x2x2xf32> into tensor<2x2x2x2x2xf32>
    %35 = linalg.conv_2d_ngchw_gfchw {dilations = dense<1> : vector<2xi64>, strides = dense<1> : vector<2xi64>} ins(%expanded_35, %expanded_36 : tensor<2x2x2x2x2xf32>, tensor<2x2x2x1x1xf32>) outs(%expanded_37 : tensor<2x2x2x2x2xf32>) -> tensor<2x2x2x2x2xf32>
    %collapsed_38 = tensor.collapse_shape %35 [[0], [1, 2], [3], [4]] : tensor<2x2x2x2x2xf32> into tensor<2x4x2x2xf32>
    %36 = tensor.empty() : tensor<2x4x1x1xf32>
    %37 = linalg.fill ins(%cst : f32) outs(%36 : tensor<2x4x1x1xf32>) -> tensor<2x4x1x1xf32>
    %38 = linalg.generic {indexing_maps = [#map1, #map3], iterator_types = ["parallel", "parallel", "reduction", "reduction"]} ins(%collapsed_38 : tensor<2x4x2x2xf32>) outs(%37 : tensor<2x4x1x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %45 = arith.addf %in, %out : f32
      linalg.yield %45 : f32
    } -> tensor<2x4x1x1xf32>
    %39 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%38 : tensor<2x4x1x1xf32>) outs(%36 : tensor<2x4x1x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %45 = arith.divf %in, %cst_20 : f32
      linalg.yield %45 : f32
    } -> tensor<2x4x1x1xf32>
    %collapsed_39 = tensor.collapse_shape %39 [[0], [1, 2, 3]] : tensor<2x4x1x1xf32> into tensor<2x4xf32>
    %40 = tensor.empty() : tensor<4x3xf32>
    %transposed = linalg.transpose ins(%cst_3 : tensor<3x4xf32>) outs(%40 : tensor<4x3xf32>) permutation = [1, 0] 
    %41 = tensor.empty() : tensor<2x3xf32>
    %42 = linalg.fill ins(%cst : f32) outs(%41 : tensor<2x3xf32>) -> tensor<2x3xf32>
    %43 = linalg.matmul ins(%collapsed_39, %transposed : tensor<2x4xf32>, tensor<4x3xf32>) outs(%42 : tensor<2x3xf32>) -> tensor<2x3xf32>
    %44 = linalg.generic {indexing_maps = [#map4, #map5, #map4], iterator_types = ["parallel", "parallel"]} ins(%43, %cst_2 : tensor<2x3xf32>, tensor<3xf32>) outs(%41 : tensor<2x3xf32>) {
    ^bb0(%in: f32, %in_40: f32, %out: f32):
      %45 = arith.addf %in, %in_40 : f32
      linalg.yield %45 : f32
    } -> tensor<2x3xf32>
    return %44 : tensor<2x3xf32>
  }
}

{-#
  dialect_resources: {
    builtin: {
      torch_tensor_3_torch.float32: "0x04000000CC2F90BE202B563DF020393E",
      torch_tensor_3_4_torch.float32: "0x040000003626E03EA8C9833DD602E23E10B4E83EA098A03D4098A53D605A203E9C67A43E68C3E9BE00134E3BC890F43EEEC0B4BE",
      torch_tensor_4_torch.float32_5: "0x0400000084F9BABED8BB033F9F6CF13ED5D1B5BE",
      torch_tensor_4_2_1_1_torch.float32: "0x04000000E6162BBC5FDF3BBEDD19C03A211DEF3D532D27BF0788853ED9429F3D752AA73E",
      torch_tensor_4_torch.float32_4: "0x0400000027288FBE9024A5BE506B223EA6AB88BD",
      torch_tensor_4_1_3_3_torch.float32: "0x0400000020F47EBD00B8A73CEB089C3E565B6D3B58A02B3E068BA4BD0C0880BE4089853D40321D3E9378463EF293A0BE80CC34BD9E70A4BE00D0853BAB22713C402CDE3DEB43EABD807347BDEB80A73D0750A5BEDEE2273E16FAA43E6BE972BE836EA63EF6464F3D98DBA83E0275953ED21F92BE927B803E00D33A3C1601AD3DA6BAF7BDE8CB88BEF6A7023DB6EABD3D93A72B3E",
      torch_tensor_4_torch.float32_3: "0x040000004E8829BF33948F3F26FB04BF488119BF",
      torch_tensor_4_torch.float32_2: "0x0400000010E5B73F46CEB83FFE85553F16B8AD3F",
      torch_tensor_4_torch.float32_1: "0x0400000098F91F3F4A9E863F3E64643F56AC903F",
      torch_tensor_4_torch.float32: "0x04000000D79018BFFAAABB3FF68C1E3FBF011FBF",
      torch_tensor_4_2_3_3_torch.float32: "0x04000000B028ADBD50D4483EA6CFCE3D99FDD6BD5F482B3E5C9E893CAC7F32BE6FF5D5BD6DC334BED8E747BE68D0BC3B1DF72CBEF5A1003E20E2D73DC4AC4F3D28DF463E7FF8DABD6859663BE64E143E96DBA63D2DF1E93CC5D2493E37075C3DD964223EFE0050BE52FB4FBE70D959BEAC9A5A3C4CD24C3E57A152BED612C03DB1FE54BE0B6620BECF9BA4BD8B4AC4BD61948E3D11624ABE77AD6E3EECBE0C3DF047A83DB20A23BE5732053E6E6C61BD282CF0BD0F37243DADE6C83D967BCC3C70E2A8BD4285333DBDC6BABD516EA3BD1757B3BDD2CC0F3E2FB428BE729BD13D3533FA3DE65E20BE535337BEB1BA20BE0A2C4CBEADA34A3ECCBF543EFECC06BD6251623E34BC883D69C66CBEB6D65CBEF617E9BD7BC070BE2B74DDBD3A8E823D8C34ADBB",
      torch_tensor_2_torch.float32_4: "0x04000000EA7C0B3F2503A2BE",
      torch_tensor_2_torch.float32_3: "0x040000004260A23F6A9C833F",
      torch_tensor_2_torch.float32_2: "0x04000000A89EA93F04BEA23F",
      torch_tensor_2_torch.float32_1: "0x040000006392B73FF7DF12BF",
      torch_tensor_2_3_3_3_torch.float32: "0x04000000736343BEC4751BBEADD0A8BDEA713ABE720133BCF25F2DBE224ED63D2E1AC03D20DC143D75DE183E3A679ABCC614EC3DCD020ABEE7561BBD39B72FBEB4FF7FBC64B6FFBD3A0A313E33E4083EB9BE133EA8D1693D79D9E0BD8C16313EE14B40BE848EFBBDA02AF6BDD25FA3BD172E1D3D114715BED3D217BE247EBCBD3F8FF03D1A240EBE17C030BE20CD2ABE0AF3C1BD301E4FBD4E5D43BEC987B8BD09A2723B50F1013D4103E2BCF0C1B2BC3D3500BE4DEBC93D44E63DBD43BD06BE01D63DBDC040DCBC0636363E7968CD3DE0259FBD0DABDFBCCD242E3E",
      torch_tensor_2_torch.float32: "0x040000006735FD3D558B443D"
    }
  }
#-}
