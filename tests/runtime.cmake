foreach(module buffer clock decimal text uuid)
  bb_unit_test(runtime/${module} bb_runtime)
endforeach()
