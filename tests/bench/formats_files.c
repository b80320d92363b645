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

/* As a spreadsheet has it: a name in quotes, a sign for thousands, year and month apart. */
static void
mapped_row(FILE *file, const struct formats_row *row)
{
    size_t whole = strcspn(row->value, "."), first = whole > 3 ? whole - 3 : 0;

    fprintf(file, "\"%s\",%s,%s,%s,\"%.*s%s%s\",note\n", row->place, row->indicator, row->year, row->month,
            (int)first, row->value, first ? "," : "", row->value + first);
}

#define DEFAULT_COMBO "HllvX50cXC0"

static void
dhis2_json_row(FILE *file, const struct formats_row *row)
{
    fprintf(file,
            "{\"dataElement\": \"%s\", \"period\": \"%s%s\", \"orgUnit\": \"%s\", \"categoryOptionCombo\": "
            "\"" DEFAULT_COMBO "\", \"attributeOptionCombo\": \"" DEFAULT_COMBO "\", \"value\": \"%s\"}",
            row->indicator, row->year, row->month, row->place, row->value);
}

static void
dhis2_csv_row(FILE *file, const struct formats_row *row)
{
    fprintf(file, "\"%s\",\"%s%s\",\"%s\",\"" DEFAULT_COMBO "\",\"" DEFAULT_COMBO "\",\"%s\"\n",
            row->indicator, row->year, row->month, row->place, row->value);
}

static void
dhis2_xml_row(FILE *file, const struct formats_row *row)
{
    fprintf(
        file,
        "<dataValue dataElement=\"%s\" period=\"%s%s\" orgUnit=\"%s\" categoryOptionCombo=\"" DEFAULT_COMBO
        "\" value=\"%s\"/>\n",
        row->indicator, row->year, row->month, row->place, row->value);
}

static const char map[] =
    "{\"fields\": [{\"name\": \"Count\", \"groupChar\": \",\"}], \"ignore\": [\"Remark\"],\n"
    " \"reading\": {\"indicator\": \"{Measure}\", \"place\": \"{Town}\", \"period\": \"{Year}-{Month:2}\",\n"
    "             \"value\": \"{Count}\"}}\n";

const struct formats_kind formats_kinds[] = {
    {"csv", "CSV", "readings.csv", "indicator,place,period,value\n", csv_row, "", "", NULL, true},
    {"csv-map", "CSV of others, with a map", "mapped.csv", "Town,Measure,Year,Month,Count,Remark\n",
     mapped_row, "", "", map, true},
    {"jsonl", "JSONL", "readings.jsonl", "", jsonl_row, "", "", NULL, true},
    {"dhis2-json", "DHIS2 JSON", "values.json", "{\"dataValues\": [\n", dhis2_json_row, ",\n", "\n]}\n", NULL,
     true},
    {"dhis2-csv", "DHIS2 CSV", "values.csv",
     "\"dataelement\",\"period\",\"orgunit\",\"categoryoptioncombo\",\"attributeoptioncombo\",\"value\"\n",
     dhis2_csv_row, "", "", NULL, false},
    {"xml", "DHIS2 XML", "values.xml", "<dataValueSet xmlns=\"http://dhis2.org/schema/dxf/2.0\">\n",
     dhis2_xml_row, "", "</dataValueSet>\n", NULL, false},
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
