/* What the readers give of the values in dhis2/: records, those that are deleted, and the sum of their
 * values, which are those of its README where it says any. Skipped where BB_TEST_DATA does not name the
 * folder that has it. */
#include "client/formats/read/dhis2_csv.h"
#include "client/formats/read/dhis2_json.h"
#include "client/formats/read/xml.h"

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
    {"format-samples/dataValueSetA.xml", 3, 0, 30006},
    {"format-samples/dataValueSetACatCombo.xml", 3, 0, 30006},
    {"format-samples/dataValueSetACode.xml", 3, 0, 30006},
    {"format-samples/dataValueSetADeleted.xml", 3, 3, 30006},
    {"format-samples/dataValueSetANull.xml", 3, 0, 10003},
    {"format-samples/dataValueSetAUpdate.xml", 3, 0, 30066},
    {"format-samples/dataValueSetB.xml", 12, 0, 120078},
    {"format-samples/dataValueSetBAttribute.xml", 12, 0, 120078},
    {"format-samples/dataValueSetBAttributeIdScheme.xml", 12, 0, 120078},
    {"format-samples/dataValueSetBCode.xml", 12, 0, 120078},
    {"format-samples/dataValueSetBDeleted.xml", 12, 4, 120078},
    {"format-samples/dataValueSetBNew.xml", 12, 0, 120078},
    {"format-samples/dataValueSetBNewDeleted.xml", 12, 4, 120078},
    {"format-samples/dataValueSetBUpdate.xml", 6, 0, 120069},
    {"format-samples/dataValueSetC.xml", 3, 0, 30006},
    {"format-samples/dataValueSetCCode.xml", 3, 0, 30006},
    {"format-samples/dataValueSetD.xml", 3, 0, 30006},
    {"format-samples/dataValueSetD2.xml", 3, 0, 30006},
    {"format-samples/dataValueSetE.xml", 3, 0, 30007},
    {"format-samples/dataValueSetF.xml", 4, 0, 40010},
    {"format-samples/dataValueSetG.xml", 4, 0, 40010},
    {"format-samples/dataValueSetH.xml", 3, 0, 30006},
    {"format-samples/dataValueSetIllegalCoc.xml", 1, 0, 10001},
    {"format-samples/dataValueSetIllegalOrgUnit.xml", 1, 0, 10003},
    {"format-samples/dataValueSetInvalid.xml", 3, 0, 10},
    {"format-samples/dataValueSetNonStrict.xml", 3, 0, 30006},
    {"format-samples/adx/adx_data_sample1.xml", 13, 0, 184},
    {"format-samples/adx/adx_data_sample2.xml", 13, 0, 184},
    {"format-samples/adx/exportA.adx.xml", 2, 0, 1},
    {"format-samples/adx/exportB.adx.xml", 4, 0, 6},
    {"format-samples/adx/exportC.adx.xml", 4, 0, 6},
    {"format-samples/adx/exportD.adx.xml", 1, 0, 2},
    {"format-samples/adx/importA.adx.xml", 9, 0, 76},
    {"format-samples/adx/importB.adx.xml", 9, 0, 76},
    {"format-samples/adx/importC.adx.xml", 9, 0, 76},
    {"format-samples/adx/importDates.adx.xml", 1, 0, 33},
    {"format-samples/adx/importDatesUpdate.adx.xml", 1, 0, 55},
    {"format-samples/dataValueSetB.csv", 12, 0, 120078},
    {"format-samples/dataValueSetBNoHeader.csv", 12, 0, 120078},
    {"format-samples/dataValueSetBooleanTest.csv", 18, 0, 2},
    {"format-samples/dataValueSetBooleanDuplicatesTest.csv", 18, 0, 2},
    {"format-samples/dataValueSetWithDataSetHeader.csv", 3, 0, 30006},
    {"format-samples/dataValueSetCreateDate.json", 1, 0, 20},
    {"format-samples/dataValueSetCreateDateUpdated.json", 1, 0, 22},
    {"format-samples/dataValueSetJ.json", 1, 0, 10},
    {"format-samples/dataValueSetJDeleteNewValue.json", 1, 0, 9},
    {"format-samples/dataValueSetJDeleteNoValue.json", 1, 0, 0},
    {"format-samples/dataValueSetJDeleteZeroValue.json", 1, 0, 0},
    {"malaria-foci/dataValues_bulk.json", 231, 0, 52895 + 2548032},
    {"malaria-foci/dataValues_single_dataset.json", 2, 0, 3000},
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

static int
open_sample(const char *path, int *fd, struct bb_reader *ret_reader)
{
    const char *end = strrchr(path, '.');
    const struct bb_table_head *head;

    if (strcmp(end, ".json") == 0)
        return bb_dhis2_json_reader(bb_feed_fd(fd), NULL, ret_reader);
    if (strcmp(end, ".csv") == 0)
        return bb_dhis2_csv_reader(bb_feed_fd(fd), ',', NULL, ret_reader, &head);
    return bb_xml_reader(bb_feed_fd(fd), false, NULL, ret_reader);
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

    snprintf(path, sizeof path, "%s/dhis2/%s", folder, samples[i].file);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    check(fd >= 0, path);
    assert_int_equal(open_sample(path, &fd, &reader), 0);
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
        print_message("skipped: they read dhis2/, and BB_TEST_DATA is not set\n");
    *state = NULL;
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup(test_samples, setup)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
