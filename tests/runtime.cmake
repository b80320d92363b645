foreach(module buffer clock decimal period text uuid)
  bb_unit_test(runtime/${module} bb_runtime)
endforeach()
