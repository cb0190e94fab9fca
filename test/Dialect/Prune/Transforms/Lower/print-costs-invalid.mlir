// RUN: prune-opt %s --verify-diagnostics --pass-pipeline="builtin.module(prune-print-costs{model=%t.missing.json})"

// expected-error @+1 {{cannot use the cost model}}
module {
}
