bb_unit_test(store/varint bb_store)
bb_unit_test(store/store bb_store)
