foreach(module numbers fanout fanout_random)
  bb_unit_test(communication/${module} bb_communication)
endforeach()
