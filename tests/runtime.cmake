foreach(module buffer clock decimal period rowset text uuid)
  bb_unit_test(runtime/${module} bb_runtime)
endforeach()
