/* What the reader gives of the XML of dhis2/format-samples: records, those that are deleted, and the sum of
 * their values, which are those of its README where it says any. Skipped where BB_TEST_DATA does not name the
 * folder that has it. */
#include "client/formats/xml.h"

#include "tests/unit/check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct {
    const char *file;
    unsigned records, deleted;
    long sum;
} samples[] = {
    {"dataValueSetA.xml", 3, 0, 30006},
    {"dataValueSetACatCombo.xml", 3, 0, 30006},
    {"dataValueSetACode.xml", 3, 0, 30006},
    {"dataValueSetADeleted.xml", 3, 3, 30006},
    {"dataValueSetANull.xml", 3, 0, 10003},
    {"dataValueSetAUpdate.xml", 3, 0, 30066},
    {"dataValueSetB.xml", 12, 0, 120078},
    {"dataValueSetBAttribute.xml", 12, 0, 120078},
    {"dataValueSetBAttributeIdScheme.xml", 12, 0, 120078},
    {"dataValueSetBCode.xml", 12, 0, 120078},
    {"dataValueSetBDeleted.xml", 12, 4, 120078},
    {"dataValueSetBNew.xml", 12, 0, 120078},
    {"dataValueSetBNewDeleted.xml", 12, 4, 120078},
    {"dataValueSetBUpdate.xml", 6, 0, 120069},
    {"dataValueSetC.xml", 3, 0, 30006},
    {"dataValueSetCCode.xml", 3, 0, 30006},
    {"dataValueSetD.xml", 3, 0, 30006},
    {"dataValueSetD2.xml", 3, 0, 30006},
    {"dataValueSetE.xml", 3, 0, 30007},
    {"dataValueSetF.xml", 4, 0, 40010},
    {"dataValueSetG.xml", 4, 0, 40010},
    {"dataValueSetH.xml", 3, 0, 30006},
    {"dataValueSetIllegalCoc.xml", 1, 0, 10001},
    {"dataValueSetIllegalOrgUnit.xml", 1, 0, 10003},
    {"dataValueSetInvalid.xml", 3, 0, 10},
    {"dataValueSetNonStrict.xml", 3, 0, 30006},
    {"adx/adx_data_sample1.xml", 13, 0, 184},
    {"adx/adx_data_sample2.xml", 13, 0, 184},
    {"adx/exportA.adx.xml", 2, 0, 1},
    {"adx/exportB.adx.xml", 4, 0, 6},
    {"adx/exportC.adx.xml", 4, 0, 6},
    {"adx/exportD.adx.xml", 1, 0, 2},
    {"adx/importA.adx.xml", 9, 0, 76},
    {"adx/importB.adx.xml", 9, 0, 76},
    {"adx/importC.adx.xml", 9, 0, 76},
    {"adx/importDates.adx.xml", 1, 0, 33},
    {"adx/importDatesUpdate.adx.xml", 1, 0, 55},
};

static const char *folder;

/* The text of this cell, "" when it is absent or empty. */
static const char *
cell(const struct bb_reader *reader, const struct bb_cells *cells, const char *name, char text[64])
{
    const struct bb_bytes *names;
    size_t n = bb_reader_names(reader, &names);

    *text = '\0';
    for (size_t i = 0; i < n && i < cells->count; i++)
        if (bb_bytes_equal(names[i], bb_bytes_str(name)) && cells->cell[i].text.len < 64)
            snprintf(text, 64, "%.*s", (int)cells->cell[i].text.len, (const char *)cells->cell[i].text.data);
    return text;
}

static void
read_sample(size_t i)
{
    char path[400], text[64];
    unsigned records = 0, deleted = 0;
    struct bb_reader reader;
    struct bb_cells cells;
    long sum = 0;
    int fd, r;

    snprintf(path, sizeof path, "%s/dhis2/format-samples/%s", folder, samples[i].file);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    check(fd >= 0, path);
    assert_int_equal(bb_xml_reader(bb_feed_fd(&fd), NULL, &reader), 0);
    while ((r = bb_reader_next(&reader, &cells)) == 0) {
        records++;
        check(cells.code == 0, path);
        check(*cell(&reader, &cells, "dataElement", text), path);
        check(*cell(&reader, &cells, "period", text), path);
        check(*cell(&reader, &cells, "orgUnit", text), path);
        deleted += strcmp(cell(&reader, &cells, "deleted", text), "true") == 0;
        sum += strtol(cell(&reader, &cells, "value", text), NULL, 10);
    }
    check_int(r, BB_READER_END, path);
    check_int(records, samples[i].records, path);
    check_int(deleted, samples[i].deleted, path);
    check_int(sum, samples[i].sum, path);
    bb_reader_destroy(&reader);
    close(fd);
}

static void
test_samples(void **state)
{
    (void)state;
    if (!folder || !*folder)
        skip();
    for (size_t i = 0; i < COUNT(samples); i++)
        read_sample(i);
}

static int
setup(void **state)
{
    folder = getenv("BB_TEST_DATA");
    if (!folder || !*folder)
        print_message("skipped: they read dhis2/format-samples, and BB_TEST_DATA is not set\n");
    *state = NULL;
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup(test_samples, setup)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
