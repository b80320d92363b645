/* Maps proposed for files: which members they have, and what is said of why. A map is written down as JSON
 * without "seen", keys sorted, or as "error: ..." */
#include "client/formats/suggest/suggest.h"

#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct script {
    const char *data;
    size_t len, at;
};

static ssize_t
read_script(void *self, uint8_t *to, size_t size)
{
    struct script *script = self;
    size_t n = script->len - script->at;

    n = n > size ? size : n;
    n = n > 7 ? 7 : n; /* as a pipe may give it */
    if (n)
        memcpy(to, script->data + script->at, n);
    script->at += n;
    return (ssize_t)n;
}

static int
suggest(const char *text, size_t len, const char *file, const struct bb_known *known, json_t **ret_map,
        char *error, size_t size)
{
    struct script script = {text, len, 0};
    struct bb_sample sample;
    int r = bb_sample_read(&sample, (struct bb_feed){read_script, &script}, error, size);

    if (r < 0)
        return r;
    r = bb_suggest(&sample, file, known, ret_map, error, size);
    bb_sample_release(&sample);
    return r;
}

/* seen: gets the lines of it. */
static char *
map_of(const char *text, size_t len, const char *file, const struct bb_known *known, char seen[4000])
{
    char error[1000] = "", *out;
    json_t *map, *line;
    size_t i;

    *seen = '\0';
    if (suggest(text, len, file, known, &map, error, sizeof error) < 0) {
        assert_true(asprintf(&out, "error: %s", error) >= 0);
        return out;
    }
    json_array_foreach(json_object_get(map, "seen"), i, line)
    {
        strncat(seen, json_string_value(line), 3990 - strlen(seen));
        strncat(seen, "\n", 3998 - strlen(seen));
    }
    json_object_del(map, "seen");
    out = json_dumps(map, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(map);
    return out;
}

/* Of a capture: a period with no letter or digit beside it. */
#define NAMES        "\"names\":[\"before\",\"period\"],"
#define AROUND(text) "\"(^|[^0-9A-Za-z])(" text ")([^0-9A-Za-z]|$)\""

static const struct {
    const char *what, *file, *text, *expected, *seen; /* seen: a line of it */
} cases[] = {
    {"nothing", "a.csv", " \n\n", "error: the file is empty", ""},
    {"no table", "a.csv", "dear all,\nhere are\nour figures\n",
     "error: found no table: expected rows of cells with numbers in some of them", ""},
    {"our own names", "a.csv", "indicator,place,period,value\na,P,2018,5\nb,Q,2018,6\n",
     "{\"format\":\"csv\",\"reading\":{\"indicator\":\"{indicator}\",\"period\":\"{period}\",\"place\":"
     "\"{place}\",\"value\":\"{value}\"}}",
     "\"place\": the place, by its name; the first is 'P'"},
    {"semicolons and decimal commas", "a.csv", "place;period;value\nP;2018;5,5\nQ;2018;6,25\n",
     "{\"dialect\":{\"delimiter\":\";\"},\"fields\":[{\"decimalChar\":\",\",\"name\":\"value\"}],\"format\":"
     "\"csv\",\"reading\":{\"indicator\":\"a\",\"period\":\"{period}\",\"place\":\"{place}\",\"value\":"
     "\"{value}\"}}",
     "\"value\": a comma is the decimal mark"},
    {"titles, codes of spreadsheets, words for nothing", "a.csv",
     "\"Chronic Absenteeism, 2011-12\"\n\", Grade\"\n\n"
     "\"District\",\"District Code\",\"Grade\",\"% Chronically Absent\"\n"
     "\"Ansonia\",\"=\"\"0020011\"\"\",\"Grade   1\",\"*\"\n\"Ansonia\",\"=\"\"0020011\"\"\",\"Grade   "
     "2\",7.9\n"
     "\"Avon\",\"=\"\"0040011\"\"\",\"Grade   1\",1.9\n",
     "{\"capture\":[{\"from\":\"title\",\"line\":1," NAMES "\"pattern\":" AROUND(
         "[0-9]{4}-[0-9]{2}") "}],"
                              "\"dialect\":{\"headerRows\":[4]},\"fields\":[{\"name\":\"District "
                              "Code\",\"strip\":{\"prefix\":[\"=\\\"\"],"
                              "\"suffix\":[\"\\\"\"]}},{\"name\":\"Grade\",\"squeeze\":true}],\"format\":"
                              "\"csv\",\"ignore\":["
                              "\"District\"],"
                              "\"missingValues\":[{\"label\":\"suppressed\",\"value\":\"*\"}],\"reading\":{"
                              "\"disaggregation\":{"
                              "\"grade\":"
                              "\"{Grade}\"},\"organization\":\"{District "
                              "Code}\",\"period\":\"{period}\"},\"readings\":[{\"indicator\":"
                              "\"chronically-absent\",\"value\":\"{% Chronically Absent}\"}]}",
     "the period stands in the title of row 1: '2011-12'"},
    {"periods as names, below a group", "a.csv",
     ",,% Absent,\nDistrict,Grade,2011-12,2012-13\nAnsonia,1,10.1,*\nAvon,2,7.5,8\n",
     "{\"dialect\":{\"headerFill\":true,\"headerRows\":[1,2]},\"format\":\"csv\",\"missingValues\":[{"
     "\"label\":"
     "\"suppressed\",\"value\":\"*\"}],\"reading\":{\"disaggregation\":{\"grade\":\"{Grade}\"},"
     "\"organization\":"
     "\"{District}\"},\"readings\":[{\"each\":{\"columns\":\"^% Absent ([0-9]{4}-[0-9]{2})$\",\"names\":"
     "[\"period\"]},\"indicator\":\"absent\",\"period\":\"{period}\",\"value\":\"{cell}\"}]}",
     "2 columns have periods as names: each is a reading of its own"},
    {"years as names", "births.csv", "Country,2015,2016\nPeru,10,11\nChile,20,21\n",
     "{\"format\":\"csv\",\"reading\":{\"place\":\"{Country}\"},\"readings\":[{\"each\":{\"columns\":"
     "\"^([0-9]{4})$\",\"names\":[\"period\"]},\"indicator\":\"births\",\"period\":\"{period}\",\"value\":"
     "\"{cell}\"}]}",
     "the names of columns stand in row 1, data from row 2 on"},
    {"a rate with its counts", "rates-2015.csv",
     "County,Force,Jobless,Rate\nA,1000,89,8.9\nB,2000,200,10.0\nC,300,10,3.3\nD,400,4,1.0\nE,50,5,10.0\n",
     "{\"capture\":[{\"from\":\"fileName\"," NAMES "\"pattern\":" AROUND(
         "[0-9]{4}") "}],\"format\":"
                     "\"csv\","
                     "\"reading\":{\"period\":\"{period}\",\"place\":\"{County}\"},\"readings\":[{"
                     "\"denominator\":\"{Force}"
                     "\","
                     "\"indicator\":\"rates-rate\",\"numerator\":\"{Jobless}\",\"value\":\"{Rate}\"}]}",
     "\"Rate\" is 100 x \"Jobless\" / \"Force\", in all 5 rows that tell"},
    {"a date in three columns", "a.csv",
     "year,month,day_endofweek,statefips,claims_count\n2020,1,4,1,4578\n2020,1,11,2,.\n",
     "{\"format\":\"csv\",\"missingValues\":[{\"label\":\"missing\",\"value\":\".\"}],\"reading\":{"
     "\"period\":"
     "\"{year}-{month:2}-{day_endofweek:2}\",\"place\":\"{statefips}\"},\"readings\":[{\"indicator\":"
     "\"claims_count\",\"value\":\"{claims_count}\"}]}",
     "the period stands in several columns: {year}-{month:2}-{day_endofweek:2}"},
    {"numbers that stand apart", "a.csv",
     "Town,Year,Variable,Value\nX,2015,births,10\nY,2015,births,-9999\nZ,2015,deaths,-9999\n",
     "{\"format\":\"csv\",\"missingValues\":[{\"label\":\"missing\",\"value\":\"-9999\"}],\"reading\":{"
     "\"indicator\":"
     "\"{Variable}\",\"period\":\"{Year}\",\"place\":\"{Town}\",\"value\":\"{Value}\"}}",
     "'-9999' stands for no value: missing, as a number that stands apart"},
    {"names that several columns have", "x_2015.csv", "District,Count,%,%\nA,5,1.5,2.5\nB,6,1.75,3\n",
     "{\"capture\":[{\"from\":\"fileName\"," NAMES
     "\"pattern\":" AROUND("[0-9]{4}") "}],\"fields\":["
                                       "{\"column\":3,\"name\":\"% (column 3)\"},{\"column\":4,\"name\":\"% "
                                       "(column 4)\"}],\"format\":\"csv\","
                                       "\"reading\":{\"organization\":\"{District}\",\"period\":\"{period}\"}"
                                       ",\"readings\":[{\"indicator\":"
                                       "\"x-count\",\"value\":\"{Count}\"},{\"indicator\":\"x-percent\","
                                       "\"value\":\"{% (column 3)}\"},"
                                       "{\"indicator\":\"x-percent-3\",\"value\":\"{% (column 4)}\"}]}",
     ""},
    {"no header", "a_2015.csv", "Peru,10\nChile,20\n",
     "{\"capture\":[{\"from\":\"fileName\"," NAMES "\"pattern\":" AROUND(
         "[0-9]{4}") "}],\"dialect\":"
                     "{\"header\":false},\"fields\":[{\"column\":1,\"name\":\"Column "
                     "1\"},{\"column\":2,\"name\":\"Column "
                     "2\"}],"
                     "\"format\":\"csv\",\"reading\":{\"disaggregation\":{\"column-1\":\"{Column "
                     "1}\"},\"period\":\"{period}\"},"
                     "\"readings\":[{\"indicator\":\"column-2\",\"value\":\"{Column 2}\"}]}",
     "data begin in row 1, and no row above has names of columns"},
    {"days", "a.csv", "Town,Date,Cases\nX,15/09/2019,5\nY,1/9/2019,6\n",
     "{\"capture\":[{\"from\":\"{Date}\",\"names\":[\"DD\",\"MM\",\"YYYY\"],\"pattern\":\"^([0-9]{1,2})[/"
     "-]([0-9]{1,2})"
     "[/"
     "-]([0-9]{4})$\"}],\"format\":\"csv\",\"reading\":{\"period\":\"{YYYY}-{MM:2}-{DD:2}\",\"place\":\"{"
     "Town}\"},"
     "\"readings\":[{\"indicator\":\"cases\",\"value\":\"{Cases}\"}]}",
     "\"Date\": the period, written as day/month/year\n"},
    {"days that may be months", "a.csv", "Town,Date,Cases\nX,05/09/2019,5\nY,01/10/2019,6\n",
     "{\"capture\":[{\"from\":\"{Date}\",\"names\":[\"DD\",\"MM\",\"YYYY\"],\"pattern\":\"^([0-9]{1,2})[/"
     "-]([0-9]{1,2})"
     "[/"
     "-]([0-9]{4})$\"}],\"format\":\"csv\",\"reading\":{\"period\":\"{YYYY}-{MM:2}-{DD:2}\",\"place\":\"{"
     "Town}\"},"
     "\"readings\":[{\"indicator\":\"cases\",\"value\":\"{Cases}\"}]}",
     "written as day/month/year; nothing tells that it is not month/day/year: look at it\n"},
    {"months in front", "a.csv", "Town,Date,Cases\nX,05/09/2019,5\nY,09/15/2019,6\n",
     "{\"capture\":[{\"from\":\"{Date}\",\"names\":[\"MM\",\"DD\",\"YYYY\"],\"pattern\":\"^([0-9]{1,2})[/"
     "-]([0-9]{1,2})"
     "[/"
     "-]([0-9]{4})$\"}],\"format\":\"csv\",\"reading\":{\"period\":\"{YYYY}-{MM:2}-{DD:2}\",\"place\":\"{"
     "Town}\"},"
     "\"readings\":[{\"indicator\":\"cases\",\"value\":\"{Cases}\"}]}",
     "\"Date\": the period, written as month/day/year\n"},
    {"quarters as names", "births.csv", "Country,Q1 2020,Q2 2020\nPeru,10,11\nChile,20,21\n",
     "{\"format\":\"csv\",\"reading\":{\"place\":\"{Country}\"},\"readings\":[{\"each\":{\"columns\":\"^Q([1-"
     "4])[ /-]?"
     "([0-9]{4})$\",\"names\":[\"Q\",\"YYYY\"]},\"indicator\":\"births\",\"period\":\"{YYYY}-Q{Q}\","
     "\"value\":"
     "\"{cell}\"}]}",
     "2 columns have periods as names, written as quarter and year: each is a reading of its own"},
    {"percent signs", "a.csv", "place,period,value\nP,2018,5%\nQ,2018,6 %\n",
     "{\"fields\":[{\"bareNumber\":false,\"name\":\"value\"}],\"format\":\"csv\",\"reading\":{\"indicator\":"
     "\"a\","
     "\"period\":\"{period}\",\"place\":\"{place}\",\"value\":\"{value}\"}}",
     "\"value\": a sign stands beside its numbers"},
    {"yes and no", "a.csv", "place,period,value\nP,2018,Yes\nQ,2018,no\n",
     "{\"fields\":[{\"falseValues\":[\"no\"],\"name\":\"value\",\"trueValues\":[\"Yes\"]}],\"format\":"
     "\"csv\","
     "\"reading\":{\"indicator\":\"a\",\"period\":\"{period}\",\"place\":\"{place}\",\"value\":\"{value}\"}}",
     ""},
    {"JSON lines", "a.jsonl",
     "{\"indicator\": \"a\", \"town\": \"P\", \"year\": 2018, \"value\": 1.5}\n{\"indicator\": \"b\", "
     "\"town\": \"Q\","
     " \"year\": 2018, \"value\": 2}\n",
     "{\"format\":\"jsonl\",\"reading\":{\"indicator\":\"{indicator}\",\"period\":\"{year}\",\"place\":\"{"
     "town}\","
     "\"value\":\"{value}\"}}",
     "an object in each line, with 4 keys"},
    {"a list of JSON", "a.json", "[{\"a\": 1},\n{\"a\": 2}]\n",
     "error: found JSON, expected an object in each line, or values of DHIS2", ""},
    {"metadata of DHIS2", "a.json", "{\"dataElements\": []}",
     "error: found metadata of DHIS2, which needs no map: backbone indicator define, backbone place import",
     ""},
    {"a web page", "a.xls", "<html><body><table>",
     "error: found a web page (HTML), expected a table: open it in "
     "a spreadsheet and save it as CSV UTF-8",
     ""},
    {"other XML", "a.xml", "<?xml version=\"1.0\"?><feed/>",
     "error: found XML that is neither a dataValueSet of DHIS2 nor ADX", ""},
    {"a workbook", "a.xlsx", "PK\3\4                          [Content_Types].xml",
     "error: found an Excel workbook (.xlsx), expected text: save it as CSV UTF-8", ""},
    {"Windows-1252", "a.csv", "place,period,value\nZ\xFCrich,2018,5\nBern,2018,6\n",
     "{\"encoding\":\"windows-1252\",\"format\":\"csv\",\"reading\":{\"indicator\":\"a\",\"period\":\"{"
     "period}\","
     "\"place\":\"{place}\",\"value\":\"{value}\"}}",
     "\"place\": the place, by its name; the first is 'Z\xC3\xBCrich'"},
};

static void
test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char seen[4000];
        char *found = map_of(cases[i].text, strlen(cases[i].text), cases[i].file, NULL, seen);
        check_text(found, cases[i].expected, cases[i].what);
        if (!strstr(seen, cases[i].seen))
            fail_msg("%s: \"%s\" is not among\n%s", cases[i].what, cases[i].seen, seen);
        free(found);
    }
}

static void
test_utf16(void **state)
{
    (void)state;
    static const char text[] = "\xFF\xFEp\0l\0a\0c\0e\0,\0v\0a\0l\0u\0e\0\n\0P\0,\0\x35\0\n\0";
    char seen[4000];
    char *found = map_of(text, sizeof text - 1, "births_2015.csv", NULL, seen);

    assert_non_null(strstr(found, "\"encoding\":\"utf-16\""));
    assert_non_null(strstr(found, "\"place\":\"{place}\""));
    free(found);
}

static void
test_fixed_width(void **state)
{
    (void)state;
    static const char text[] = "          Labor Force Data by County, 2010\r\n\r\n"
                               "                               Labor\r\n"
                               "Code       County       Year   Force    Rate\r\n\r\n"
                               "CN001      Autauga, AL  2010   25,713    8.9\r\n"
                               "CN003      Baldwin, AL  2010    3,459   10.0\r\n"
                               "CN005      St. John     2010      221   12.3\r\n\r\n"
                               "SOURCE\r\n";
    char seen[4000];
    char *found = map_of(text, sizeof text - 1, "lau.txt", NULL, seen);

    assert_string_equal(
        found,
        "{\"dialect\":{\"headerRows\":[4]},\"fields\":[{\"from\":1,\"name\":\"Code\",\"to\":8},{\"from\":9,"
        "\"name\":\"County\",\"to\":23},{\"from\":24,\"name\":\"Year\",\"to\":29},{\"from\":30,\"groupChar\":"
        "\",\",\"name\":\"Labor Force\",\"to\":38},{\"from\":39,\"name\":\"Rate\",\"to\":44}],\"format\":"
        "\"fixed\",\"ignore\":[\"County\"],\"reading\":{\"period\":\"{Year}\",\"place\":\"{Code}\"},"
        "\"readings\":"
        "[{\"indicator\":\"labor-force\",\"value\":\"{Labor Force}\"},{\"indicator\":\"lau-rate\",\"value\":"
        "\"{Rate}\"}],\"skip\":[{\"column\":\"Year\",\"empty\":true}]}");
    free(found);
}

/* Months by their names: in a column, in a title. */
static void
test_months(void **state)
{
    (void)state;
    static const char column[] = "Town,Month,Cases\nX,Sep 2019,5\nY,October 2019,6\n",
                      title[] = "Report for September 2026\nTown,Cases\nX,5\nY,6\n";
    char seen[4000];
    char *found = map_of(column, sizeof column - 1, "a.csv", NULL, seen);
    assert_non_null(strstr(found, "\"aliases\":{\"MM\":{\"Apr\":\"4\","));
    assert_non_null(strstr(found, "\"from\":\"{Month}\""));
    assert_non_null(strstr(found, "\"period\":\"{YYYY}-{MM:2}\""));
    free(found);
    found = map_of(title, sizeof title - 1, "a.csv", NULL, seen);
    assert_non_null(strstr(found, "\"from\":\"title\""));
    assert_non_null(strstr(found, "\"period\":\"{YYYY}-{MM:2}\""));
    assert_non_null(
        strstr(seen, "the period stands in the title of row 1: 'September 2026', a month's name and year"));
    free(found);
}

/* What a capture takes is what was seen, whatever else looks like it. */
static void
test_captures(void **state)
{
    (void)state;
    static const struct {
        const char *file, *text, *capture, *seen;
    } files[] = {
        {"a.csv", "Form 10234,\nYear 2019,\nTown,Cases\nX,5\nY,6\n",
         "[{\"from\":\"title\",\"line\":2," NAMES "\"pattern\":" AROUND("[0-9]{4}") "}]",
         "the title of row 2: '2019'"},
        {"a.csv", "Form 1023,\n\nYear 2019,\nTown,Cases\nX,5\nY,6\n",
         "[{\"from\":\"title\",\"line\":2," NAMES "\"pattern\":" AROUND("[0-9]{4}") "}]",
         "the title of row 3: '2019'"},
        {"a.csv", "Form 1023 of 2019,\nTown,Cases\nX,5\nY,6\n",
         "[{\"from\":\"title\",\"line\":1,\"names\":[\"period\"],\"pattern\":\"^Form [0-9]{4} of "
         "([0-9]{4})\"}]",
         "the title of row 1: '2019'"},
        {"a.csv", "FAQ1 2018,\nQ1 20185,\nfor Q3 2019,\nTown,Cases\nX,5\nY,6\n",
         "[{\"from\":\"title\",\"line\":3,\"names\":[\"before\",\"Q\",\"YYYY\"],\"pattern\":"
         "\"(^|[^0-9A-Za-z])Q([1-4])[ /-]?([0-9]{4})([^0-9A-Za-z]|$)\"}]",
         "the title of row 3: 'Q3 2019', quarter and year"},
        {"export_id48213_2019.csv", "Town,Cases\nX,5\nY,6\n",
         "[{\"from\":\"fileName\"," NAMES "\"pattern\":" AROUND("[0-9]{4}") "}]",
         "the name of the file: '2019'"},
        {"form 1023_2019.csv", "Town,Cases\nX,5\nY,6\n",
         "[{\"from\":\"fileName\",\"names\":[\"period\"],\"pattern\":\"^form [0-9]{4}_([0-9]{4})\"}]",
         "the name of the file: '2019'"},
        {"id2018_2019.csv", "Town,Cases\nX,5\nY,6\n",
         "[{\"from\":\"fileName\"," NAMES "\"pattern\":" AROUND("[0-9]{4}") "}]",
         "the name of the file: '2019'"},
    };
    for (size_t i = 0; i < COUNT(files); i++) {
        char seen[4000];
        char *found = map_of(files[i].text, strlen(files[i].text), files[i].file, NULL, seen);
        json_t *map = json_loads(found, 0, NULL);
        char *capture = json_dumps(json_object_get(map, "capture"), JSON_COMPACT | JSON_SORT_KEYS);
        check_text(capture ? capture : "", files[i].capture, files[i].text);
        if (!strstr(seen, files[i].seen))
            fail_msg("%s: \"%s\" is not among\n%s", files[i].text, files[i].seen, seen);
        free(capture);
        json_decref(map);
        free(found);
    }
}

/* What has to be in a map, and what must not. */
static void
test_parts(void **state)
{
    (void)state;
    static const struct {
        const char *text, *has, *lacks, *seen;
    } files[] = {
        /* points between thousands, told by the comma of another column */
        {"Ort;Jahr;Anzahl;Quote\nA;2019;1.234;12,5\nB;2019;2.345;7,25\n",
         "[{\"decimalChar\":\",\",\"groupChar\":\".\",\"name\":\"Anzahl\"},{\"decimalChar\":\",\",\"name\":"
         "\"Quote\"}]",
         "scale",
         "\"Anzahl\": read as in the columns that have decimal commas: 1.234 is a thousand and more"},
        {"Ort;Jahr;Anteil;Quote\nA;2019;1,234;12,5\nB;2019;2,345;7,25\n",
         "{\"decimalChar\":\",\",\"name\":\"Anteil\"}", "groupChar",
         "\"Anteil\": read as in the columns that have decimal commas: 1,234 is one and a fraction"},
        {"Ort;Jahr;Anzahl;Quote\nA;2019;1.234;12.5\nB;2019;2.345;7.25\n", "\"value\":\"{Anzahl}\"", "fields",
         ""},
        {"Town;Year;Count;Rate;Odd\nA;2019;1,234;12.5;1,25\nB;2019;2,345;7.25;2,50\n",
         "{\"groupChar\":\",\",\"name\":\"Count\"}", "{\"decimalChar\":\",\",\"name\":\"Count\"}", ""},
        {"Ort;Jahr;Quote\nA;2019;1,234\nB;2019;2,125\nC;2019;0,250\n",
         "{\"decimalChar\":\",\",\"name\":\"Quote\"}", "\"place\":\"{Quote}\"",
         "\"Quote\": a comma is the decimal mark"},
        /* the first row of data is not the header, whatever stands in it */
        {"Town;Year;Rate\nA;2019;(5.0%)\nB;2019;7\nC;2019;8\n", "{Rate}", "headerRows",
         "row 1, data from row 2"},
        {"Town;Rate;Year\nA;<5%;2019\nB;7%;2019\nC;8%;2019\n", "{Rate}", "headerRows",
         "row 1, data from row 2"},
        {"Town;Rate\nA;-\nB;7\nC;8\n", "{Rate}", "headerRows", "row 1, data from row 2"},
        {"Town;Rate\nA;1.234,5\nB;x\nC;y\n", "Rate", "headerRows", "row 1, data from row 2"},
        {"Some title;\nTown;Rate\nA;(5)\nB;7\nC;8\n", "{Rate}", "[1]", "row 2, data from row 3"},
        /* a group that is called N/A is one */
        {"Town,Race,Year,Count\nA,N/A,2019,5\nA,White,2019,6\nA,Black,2019,7\n", "\"race\":\"{Race}\"",
         "missingValues", ""},
        {"Town,Race,Year,Count\nA,N/A,2019,5\nB,N/A,2019,6\nC,N/A,2019,7\n", "\"ignore\":[\"Race\"]",
         "missingValues", "\"Race\": left out, for it is the same in every row"},
        {"Town,Race,Year,Count\nA,N/A,2019,5\nB,N/A,2019,6\nC,White,2019,7\n", "\"race\":\"{Race}\"",
         "missingValues", ""},
        {"Town,Grade,Year,Count\nA,3,2019,5\nA,4,2019,6\nA,N/A,2019,7\n", "\"grade\":\"{Grade}\"",
         "missingValues", ""},
        /* bounds are words; an empty cell is one where there is one, and says what it is */
        {"Town,Year,Rate\nA,2019,<5%\nB,2019,>= 95\nC,2019,8\nD,2019,7\n",
         "\"missingValues\":[{\"label\":\"suppressed\",\"value\":\"<5%\"},{\"label\":\"suppressed\","
         "\"value\":\">= 95\"}]",
         "\"\"", ""},
        {"Town,Year,Rate\nA,2019,5\nB,2019,6\nC,2019,\nD,2019,7\n",
         "\"missingValues\":[{\"label\":\"missing\",\"value\":\"\"}]", "[\"\"]",
         "1 cells of numbers are empty: missing values, if that is what they are"},
    };
    for (size_t i = 0; i < COUNT(files); i++) {
        char seen[4000];
        char *found = map_of(files[i].text, strlen(files[i].text), "a.csv", NULL, seen);
        if (!strstr(found, files[i].has))
            fail_msg("%s: %s is not in\n%s", files[i].text, files[i].has, found);
        if (strstr(found, files[i].lacks))
            fail_msg("%s: %s is in\n%s", files[i].text, files[i].lacks, found);
        if (!strstr(seen, files[i].seen))
            fail_msg("%s: \"%s\" is not among\n%s", files[i].text, files[i].seen, seen);
        free(found);
    }
}

/* A column with a name of any length is known by its position; a key has none, and is left out. */
static void
test_long_names(void **state)
{
    (void)state;
    const size_t bytes = 200000;
    char *name = malloc(bytes + 1), *text, seen[4000];

    assert_non_null(name);
    for (size_t i = 0; i < bytes; i++)
        name[i] = "Rate a"[i % 6];
    name[bytes] = '\0';
    assert_true(asprintf(&text, "Town,Year,%s\nA,2019,5\nB,2019,6\n", name) > 0);
    char *found = map_of(text, strlen(text), "a.csv", NULL, seen);
    assert_non_null(strstr(found, "{\"column\":3,\"name\":\"Column 3\"}"));
    assert_non_null(strstr(found, "\"value\":\"{Column 3}\""));
    free(found);
    free(text);
    assert_true(asprintf(&text, "{\"Town\": \"A\", \"Year\": 2019, \"Rate\": 5, \"%s\": 6}\n", name) > 0);
    found = map_of(text, strlen(text), "a.jsonl", NULL, seen);
    assert_non_null(strstr(found, "\"otherColumns\":\"ignore\""));
    assert_non_null(strstr(found, "\"value\":\"{Rate}\""));
    if (strstr(found, "Column 4"))
        fail_msg("%s", found);
    free(found);
    free(text);
    free(name);
}

/* Values of DHIS2 and ADX are told by what stands in them. */
static void
test_values(void **state)
{
    (void)state;
    static const struct {
        const char *text, *format;
    } files[] = {
        {"{\"dataValues\": [", "\"format\":\"dhis2-json\""},
        {"\"dataElement\",\"period\",\"orgUnit\",\"value\"\n", "\"format\":\"dhis2-csv\""},
        {"\"f7n9E0hX8qk\",\"201201\",\"DiszpKrYNg8\",\"\",\"\",\"10001\"\n", "\"format\":\"dhis2-csv\""},
        {"<?xml version='1.0'?><dataValueSet/>", "\"format\":\"xml\""},
        {"<adx xmlns='urn:ihe:qrph:adx:2015'>", "\"format\":\"adx\""},
    };
    for (size_t i = 0; i < COUNT(files); i++) {
        char seen[4000];
        char *found = map_of(files[i].text, strlen(files[i].text), "a", NULL, seen);
        check(strstr(found, files[i].format) != NULL, files[i].text);
        check(strstr(found, "\"indicator\":\"{dataElement}\"") != NULL, files[i].text);
        free(found);
    }
}

static const char *
find(void *self, enum bb_column what, struct bb_bytes text)
{
    (void)self;
    if (what == BB_COLUMN_ORGANIZATION)
        return bb_bytes_equal(text, bb_bytes_str("Ansonia")) ? "ansonia" : NULL;
    if (what == BB_COLUMN_INDICATOR)
        return bb_bytes_equal(text, bb_bytes_str("% Absent")) ? "chronic-absence" : NULL;
    if (what == BB_COLUMN_PLACE)
        return bb_bytes_equal(text, bb_bytes_str("North")) ? "North" : NULL;
    return NULL;
}

/* What is registered is preferred: names over codes, and indicators by their names. */
static void
test_known(void **state)
{
    (void)state;
    static const char text[] = "District,District Code,Grade,% Absent\nAnsonia,7,a,10.5\nAvon,8,b,7.5\n";
    const struct bb_known known = {find, NULL};
    char seen[4000];
    char *found = map_of(text, sizeof text - 1, "x_2015.csv", &known, seen);

    assert_non_null(strstr(found, "\"organization\":\"{District}\""));
    assert_non_null(strstr(found, "\"indicator\":\"chronic-absence\""));
    assert_non_null(strstr(seen, "\"% Absent\": the indicator chronic-absence, which is defined"));
    assert_non_null(strstr(seen, "by what is registered (50 of 100 cells are)"));
    free(found);
    /* whatever its header says */
    static const char places[] = "Group,District,Year,% Absent\nNorth,x,2015,10.5\nNorth,y,2015,7.5\n";
    found = map_of(places, sizeof places - 1, "x.csv", &known, seen);
    assert_non_null(strstr(found, "\"place\":\"{Group}\""));
    assert_non_null(strstr(found, "\"organization\":\"{District}\""));
    free(found);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),       cmocka_unit_test(test_utf16),
        cmocka_unit_test(test_fixed_width), cmocka_unit_test(test_months),
        cmocka_unit_test(test_captures),    cmocka_unit_test(test_parts),
        cmocka_unit_test(test_long_names),  cmocka_unit_test(test_values),
        cmocka_unit_test(test_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
