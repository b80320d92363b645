/* The table of a worker's open requests: each is found as long as it is open, whichever of them go before. */
#include "runtime/worker_tags.h"

#include "tests/unit/folder.h"

#define MOST 40u

/* What is open, by number. */
struct model {
    uint64_t tag[MOST];
    bool open[MOST];
};

static void
check_model(const struct bb_tags *tags, const struct model *model)
{
    for (uint32_t i = 0; i < MOST; i++) {
        const struct bb_tagged *found = bb_tags_find(tags, model->tag[i]);

        assert_int_equal(found->used, model->open[i]);
        if (model->open[i]) {
            assert_int_equal(found->tag, model->tag[i]);
            assert_int_equal(found->bytes, i);
        }
    }
}

static void
open_or_end(struct bb_tags *tags, struct model *model, uint32_t i)
{
    struct bb_tagged *at = bb_tags_find(tags, model->tag[i]);

    model->open[i] = !model->open[i];
    if (model->open[i])
        *at = (struct bb_tagged){.tag = model->tag[i], .bytes = i, .used = true};
    else
        bb_tags_remove(tags, at);
}

/* Tags in a row, as the broker gives them; tags that all belong into one slot; and into the last ones, so
 * that they go round the end. */
static void
test_any_order(void **state)
{
    static const struct {
        uint64_t first, step;
    } table[] = {{1, 1}, {7, 128}, {126, 64}, {UINT64_MAX - 20, 1}, {0, UINT64_C(1) << 40}};
    uint64_t random = 9;

    (void)state;
    for (size_t t = 0; t < COUNT(table); t++) {
        struct model model = {0};
        struct bb_tags tags;

        assert_int_equal(bb_tags_init(&tags, MOST), 0);
        for (uint32_t i = 0; i < MOST; i++)
            model.tag[i] = table[t].first + i * table[t].step;
        check_model(&tags, &model);
        for (unsigned turn = 0; turn < 2000; turn++) {
            open_or_end(&tags, &model, (uint32_t)(draw(&random) % MOST));
            check_model(&tags, &model);
        }
        bb_tags_clear(&tags);
        memset(model.open, 0, sizeof model.open);
        check_model(&tags, &model);
        bb_tags_release(&tags);
    }
}

/* As many as there may be. */
static void
test_full(void **state)
{
    (void)state;
    for (uint32_t most = 0; most < 70; most++) {
        struct bb_tags tags;

        assert_int_equal(bb_tags_init(&tags, most), 0);
        for (uint32_t i = 0; i < most; i++)
            *bb_tags_find(&tags, i * 16) = (struct bb_tagged){.tag = i * 16, .bytes = i, .used = true};
        for (uint32_t i = 0; i < most; i++)
            assert_int_equal(bb_tags_find(&tags, i * 16)->bytes, i);
        assert_false(bb_tags_find(&tags, 1)->used);
        bb_tags_release(&tags);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_order),
        cmocka_unit_test(test_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
