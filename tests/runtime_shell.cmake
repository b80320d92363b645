bb_unit_test(runtime/bundle bb_runtime)
bb_unit_test(runtime/config bb_runtime)
bb_unit_test(runtime/keyfile bb_runtime)
bb_unit_test(runtime/worker_session bb_runtime)
