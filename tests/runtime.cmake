foreach(module buffer clock text uuid)
  bb_unit_test(runtime/${module} bb_runtime)
endforeach()
