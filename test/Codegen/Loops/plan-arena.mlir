// RUN: prune-opt %s --allow-unregistered-dialect --split-input-file --pass-pipeline="builtin.module(func.func(prune-plan-arena))" | FileCheck %s --enable-var-scope
// RUN: prune-opt %s --allow-unregistered-dialect --split-input-file --pass-pipeline="builtin.module(func.func(prune-plan-arena,prune-plan-arena))" | FileCheck %s --enable-var-scope
// RUN: %if statistics %{ prune-opt %s --allow-unregistered-dialect --split-input-file --pass-pipeline="builtin.module(func.func(prune-plan-arena))" --prune-pass-statistics -o /dev/null 2>&1 | FileCheck %s --check-prefix=STAT %}
// RUN: prune-opt %s --allow-unregistered-dialect --split-input-file --remarks-filter="prune-plan-arena" --pass-pipeline="builtin.module(func.func(prune-plan-arena))" 2>&1 | FileCheck %s --check-prefix=REMARK

// RUN: prune-opt %s --allow-unregistered-dialect --split-input-file --pass-pipeline="builtin.module(func.func(prune-plan-arena{fill}))" | FileCheck %s --check-prefix=FILL

// FILL-LABEL: func @chain
// FILL: %[[A:.*]] = memref.view {{.*}} to memref<16xf32>
// FILL: %[[NAN:.*]] = arith.constant 0x7FC00000 : f32
// FILL: linalg.fill ins(%[[NAN]] : f32) outs(%[[A]] : memref<16xf32>)
// FILL-LABEL: func @loop
// FILL: scf.for
// FILL: %[[BITS:.*]] = memref.view {{.*}} to memref<7xi1>
// FILL: linalg.fill ins(%true{{.*}}) outs(%[[BITS]] : memref<7xi1>)

// STAT: (S) 3 num-buffers-placed
// REMARK: ArenaPlanned{{.*}} BufferBytes=256, Bytes=192, Function=chain, MostBytes=192, Remark="3 buffers in 192 bytes"

// CHECK-LABEL: func @chain
// CHECK-SAME: (%[[X:.*]]: memref<16xf32>)
// CHECK: %[[ARENA:.*]] = memref.alloc() {alignment = 64 : i64} : memref<192xi8>
// CHECK: %[[C128:.*]] = arith.constant 128 : index
// CHECK: %[[A:.*]] = memref.view %[[ARENA]][%[[C128]]][] : memref<192xi8> to memref<16xf32>
// CHECK: "use"(%[[X]], %[[A]])
// CHECK: %[[C0:.*]] = arith.constant 0 : index
// CHECK: %[[B:.*]] = memref.view %[[ARENA]][%[[C0]]][] : memref<192xi8> to memref<32xf32>
// CHECK: "use"(%[[A]], %[[B]])
// CHECK: %[[AGAIN:.*]] = arith.constant 128 : index
// CHECK: memref.view %[[ARENA]][%[[AGAIN]]][] : memref<192xi8> to memref<16xf32>
// CHECK-NOT: memref.dealloc
// CHECK: "use"
// CHECK: memref.dealloc %[[ARENA]] : memref<192xi8>
// CHECK-NEXT: return
func.func @chain(%x: memref<16xf32>) {
  %a = memref.alloc() : memref<16xf32>
  "use"(%x, %a) : (memref<16xf32>, memref<16xf32>) -> ()
  %b = memref.alloc() : memref<32xf32>
  "use"(%a, %b) : (memref<16xf32>, memref<32xf32>) -> ()
  memref.dealloc %a : memref<16xf32>
  %c = memref.alloc() : memref<16xf32>
  "use"(%b, %c) : (memref<32xf32>, memref<16xf32>) -> ()
  memref.dealloc %b : memref<32xf32>
  memref.dealloc %c : memref<16xf32>
  return
}

// -----

// The buffers of an iteration lie beside what lives across the loop, and where
// one ends another begins. A vector of bits takes a byte each.

// CHECK-LABEL: func @loop
// CHECK: %[[ARENA:.*]] = memref.alloc() {alignment = 256 : i64} : memref<832xi8>
// CHECK: memref.view %[[ARENA]][%c0{{.*}}][] : memref<832xi8> to memref<100xf32>
// CHECK: scf.for
// CHECK: %[[C448:.*]] = arith.constant 448 : index
// CHECK-NEXT: memref.view %[[ARENA]][%[[C448]]][] : memref<832xi8> to memref<7xi1>
// CHECK: arith.constant 704 : index
// CHECK-NEXT: memref.view {{.*}} to memref<20xf32>
// CHECK: %[[AGAIN:.*]] = arith.constant 448 : index
// CHECK-NEXT: memref.view %[[ARENA]][%[[AGAIN]]][] : memref<832xi8> to memref<64xi32>
// CHECK: memref.dealloc %[[ARENA]]
func.func @loop(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %across = memref.alloc() {alignment = 256 : i64} : memref<100xf32>
  scf.for %i = %c0 to %n step %c1 {
    %bits = memref.alloc() : memref<7xi1>
    "use"(%across, %bits) : (memref<100xf32>, memref<7xi1>) -> ()
    %between = memref.alloc() : memref<20xf32>
    "use"(%bits, %between) : (memref<7xi1>, memref<20xf32>) -> ()
    memref.dealloc %bits : memref<7xi1>
    %last = memref.alloc() : memref<64xi32>
    "use"(%between, %last) : (memref<20xf32>, memref<64xi32>) -> ()
    memref.dealloc %between : memref<20xf32>
    memref.dealloc %last : memref<64xi32>
  }
  "use"(%across) : (memref<100xf32>) -> ()
  memref.dealloc %across : memref<100xf32>
  return
}

// -----

// Iterations that run at the same time have buffers of their own.

// CHECK-LABEL: func @parallel
// CHECK: memref.alloc() {alignment = 64 : i64} : memref<128xi8>
// CHECK: scf.parallel
// CHECK-NEXT: memref.alloc() : memref<8xf32>
func.func @parallel(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = memref.alloc() : memref<8xf32>
  %b = memref.alloc() : memref<8xf32>
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    %own = memref.alloc() : memref<8xf32>
    "use"(%a, %b, %own) : (memref<8xf32>, memref<8xf32>, memref<8xf32>) -> ()
    memref.dealloc %own : memref<8xf32>
  }
  memref.dealloc %a : memref<8xf32>
  memref.dealloc %b : memref<8xf32>
  return
}

// -----

// What has no size, no end, another end or another layout stays.

// CHECK-LABEL: func @others
// CHECK-NOT: memref.view
// CHECK: return
func.func @others(%n: index, %condition: i1) -> memref<8xf32> {
  %dynamic = memref.alloc(%n) : memref<?xf32>
  %returned = memref.alloc() : memref<8xf32>
  %conditional = memref.alloc() : memref<8xf32>
  %strided = memref.alloc() : memref<8xf32, strided<[2]>>
  %empty = memref.alloc() : memref<0xf32>
  %one = memref.alloc() : memref<8xf32>
  "use"(%dynamic, %returned, %conditional, %strided, %empty, %one)
      : (memref<?xf32>, memref<8xf32>, memref<8xf32>, memref<8xf32, strided<[2]>>,
         memref<0xf32>, memref<8xf32>) -> ()
  scf.if %condition {
    memref.dealloc %conditional : memref<8xf32>
  }
  memref.dealloc %dynamic : memref<?xf32>
  memref.dealloc %strided : memref<8xf32, strided<[2]>>
  memref.dealloc %empty : memref<0xf32>
  memref.dealloc %one : memref<8xf32>
  return %returned : memref<8xf32>
}

// -----

// CHECK-LABEL: func private @declared
func.func private @declared(memref<8xf32>)
