#include "formats_files.h"

#include "workload.h"

#include <err.h>
#include <string.h>

static void
csv_row(FILE *file, const struct formats_row *row)
{
    fprintf(file, "%s,%s,%s-%s,%s\n", row->indicator, row->place, row->year, row->month, row->value);
}

static void
jsonl_row(FILE *file, const struct formats_row *row)
{
    fprintf(file, "{\"indicator\": \"%s\", \"place\": \"%s\", \"period\": \"%s-%s\", \"value\": %s}\n",
            row->indicator, row->place, row->year, row->month, row->value);
}

const struct formats_kind formats_kinds[] = {
    {"csv", "CSV", "readings.csv", "indicator,place,period,value\n", csv_row, "", ""},
    {"jsonl", "JSONL", "readings.jsonl", "", jsonl_row, "", ""},
};
const unsigned n_formats_kinds = sizeof formats_kinds / sizeof *formats_kinds;

static FILE *
create(const char *path)
{
    FILE *file = fopen(path, "w");
    if (!file)
        err(73, "%s", path);
    return file;
}

static void
end(FILE *file, const char *path)
{
    if (ferror(file) || fclose(file) != 0)
        err(74, "%s", path);
}

static void
write_row(FILE *file, const struct formats_kind *kind, struct bench_reading *reading)
{
    char year[5] = "", month[3] = "";

    memcpy(year, reading->period_text.data, 4); /* of "2011-07" */
    memcpy(month, reading->period_text.data + 5, 2);
    reading->value_text.data[reading->value_text.len] = '\0';
    kind->row(file, &(struct formats_row){reading->indicator_text->data, reading->organization_text->data,
                                          reading->value_text.data, year, month});
}

void
formats_write(const char *path, const struct formats_kind *kind, uint64_t first, uint64_t count)
{
    FILE *file = create(path);
    struct bench_reading reading = {0};

    fputs(kind->begin, file);
    for (uint64_t i = 0; i < count; i++) {
        if (i)
            fputs(kind->between, file);
        bench_reading(first + i, &reading);
        write_row(file, kind, &reading);
    }
    fputs(kind->end, file);
    end(file, path);
}

void
formats_write_indicators(const char *path)
{
    FILE *file = create(path);

    fputs("code,name,unit\n", file);
    for (uint32_t i = 0; i < BENCH_INDICATORS; i++)
        fprintf(file, "%s,%s,count\n", bench_indicator(i)->data, bench_indicator(i)->data);
    end(file, path);
}

void
formats_write_places(const char *path)
{
    FILE *file = create(path);

    fputs("name\n", file);
    for (uint32_t i = 0; i < BENCH_ORGANIZATIONS; i++)
        fprintf(file, "%s\n", bench_organization(i)->data);
    end(file, path);
}
