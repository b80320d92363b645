foreach(module csv_reader map source tally)
  bb_unit_test(cli/${module} bb_cli)
endforeach()
