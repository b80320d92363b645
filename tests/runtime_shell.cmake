bb_unit_test(runtime/bundle bb_runtime)
