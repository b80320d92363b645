#include "proto/arena.h"

#include "tests/unit/check.h"

#include <string.h>

static void
test_aligned_and_apart(void **state)
{
    struct bb_arena arena;
    uint8_t *memory[200];

    (void)state;
    bb_arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < COUNT(memory); i++) {
        memory[i] = bb_arena_alloc(&arena, i);
        assert_non_null(memory[i]);
        assert_int_equal((uintptr_t)memory[i] % _Alignof(max_align_t), 0);
        memset(memory[i], (int)i, i);
    }
    for (size_t i = 0; i < COUNT(memory); i++)
        for (size_t j = 0; j < i; j++)
            assert_int_equal(memory[i][j], (uint8_t)i);
    bb_arena_release(&arena);
}

static void
test_cap(void **state)
{
    struct bb_arena arena;

    (void)state;
    bb_arena_init(&arena, 1000);
    assert_null(bb_arena_alloc(&arena, 1001));
    assert_null(bb_arena_alloc(&arena, SIZE_MAX));
    assert_non_null(bb_arena_alloc(&arena, 600));
    assert_null(bb_arena_alloc(&arena, 401));
    assert_non_null(bb_arena_alloc(&arena, 300));
    assert_null(bb_arena_alloc(&arena, 100));
    bb_arena_reset(&arena);
    assert_non_null(bb_arena_alloc(&arena, 1000));
    bb_arena_release(&arena);
    bb_arena_release(&arena);
}

/* The first block stays, so that the messages that follow cost no allocation. */
static void
test_reset_keeps_the_first_block(void **state)
{
    struct bb_arena arena;
    void *first;

    (void)state;
    bb_arena_init(&arena, 1 << 20);
    first = bb_arena_alloc(&arena, 10);
    assert_non_null(bb_arena_alloc(&arena, 100000)); /* another block */
    assert_non_null(bb_arena_alloc(&arena, 500000)); /* and another */
    bb_arena_reset(&arena);
    assert_int_equal(arena.used, 0);
    assert_ptr_equal(bb_arena_alloc(&arena, 10), first);
    bb_arena_release(&arena);
    bb_arena_reset(&arena);
    assert_non_null(bb_arena_alloc(&arena, 10));
    bb_arena_release(&arena);
}

static void
test_as_allocator(void **state)
{
    struct bb_arena arena;
    void *memory;

    (void)state;
    bb_arena_init(&arena, 64);
    memory = arena.allocator.alloc(arena.allocator.allocator_data, 32);
    assert_non_null(memory);
    arena.allocator.free(arena.allocator.allocator_data, memory); /* does nothing */
    assert_null(arena.allocator.alloc(arena.allocator.allocator_data, 33));
    bb_arena_release(&arena);
}

static void
test_text(void **state)
{
    static const char long_text[64] = "x";
    struct bb_arena arena;

    (void)state;
    bb_arena_init(&arena, sizeof long_text);
    assert_string_equal(bb_arena_text(&arena, bb_bytes(NULL, 0)), "");
    assert_string_equal(bb_arena_text(&arena, bb_bytes("abcd", 3)), "abc");
    bb_arena_reset(&arena);
    assert_null(bb_arena_text(&arena, bb_bytes(long_text, sizeof long_text)));
    bb_arena_release(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aligned_and_apart),
        cmocka_unit_test(test_cap),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_reset_keeps_the_first_block),
        cmocka_unit_test(test_as_allocator),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
