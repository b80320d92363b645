bb_unit_test(store/varint bb_store)
bb_unit_test(store/store bb_store)
bb_unit_test(store/appendlog bb_store)
