foreach(module csv_reader data map source sparkline tally)
  bb_unit_test(cli/${module} bb_cli)
endforeach()
