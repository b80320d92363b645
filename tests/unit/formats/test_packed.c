/* Packed files are told by their first bytes, and only by as many as it takes. */
#include "client/formats/text/packed.h"

#include "tests/unit/check.h"

#include <string.h>

#define CSV  ", expected text: save it as CSV UTF-8"
#define PIPE " FILE | backbone ... -"
#define ODF  "PK\3\4                          mimetypeapplication/vnd.oasis.opendocument."

static const struct {
    const char *what;
    const char *head;
    size_t len;
    const char *expected; /* NULL: text */
} cases[] = {
#define HEAD(text) (text), sizeof(text) - 1
    {"nothing", HEAD(""), NULL},
    {"text", HEAD("indicator,place,period"), NULL},
    {"gzip", HEAD("\x1F\x8B"), "found a compressed file (gzip), expected text: zcat" PIPE},
    {"half of gzip", HEAD("\x1F"), NULL},
    {"xz", HEAD("\xFD\x37zXZ\0"), "found a compressed file (xz), expected text: xzcat" PIPE},
    {"half of xz", HEAD("\xFD\x37zXZ"), NULL},
    {"bzip2", HEAD("BZh91AY&SY"), "found a compressed file (bzip2), expected text: bzcat" PIPE},
    {"bzip2 of small blocks", HEAD("BZh11AY&SY"),
     "found a compressed file (bzip2), expected text: bzcat" PIPE},
    {"a word", HEAD("BZh9,place,period"), NULL},
    {"another", HEAD("BZh01AY&SY"), NULL},
    {"zstd", HEAD("\x28\xB5\x2F\xFD"), "found a compressed file (zstd), expected text: zstdcat" PIPE},
    {"7z", HEAD("7z\xBC\xAF\x27\x1C"), "found a packed file (7z), expected text: 7z x -so" PIPE},
    {"7 z", HEAD("7z,place"), NULL},
    {"zip", HEAD("PK\3\4\x14\0\0\0\x08\0readings.csv"), "found a zip archive, expected text: unzip -p" PIPE},
    {"an empty zip", HEAD("PK\5\6\0\0"), "found an empty zip archive, expected text"},
    {"a column PK", HEAD("PK,name"), NULL},
    {"Excel", HEAD("PK\3\4                          [Content_Types].xml"),
     "found an Excel workbook (.xlsx)" CSV},
    {"Excel as others write it", HEAD("PK\3\4            docProps/app.xml    PK\3\4    xl/theme"),
     "found an Excel workbook (.xlsx)" CSV},
    {"Word", HEAD("PK\3\4            [Content_Types].xml     PK\3\4 word/document.xml"),
     "found a Word document (.docx), expected text: ask for the table in it as CSV UTF-8"},
    {"LibreOffice", HEAD(ODF "spreadsheetPK\3\4"), "found an OpenDocument spreadsheet (.ods)" CSV},
    {"LibreOffice Writer", HEAD(ODF "textPK\3\4"),
     "found an OpenDocument file, expected text: ask for the table in it as CSV UTF-8"},
    {"old Excel", HEAD("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), "found an Excel workbook (.xls)" CSV},
    {"PDF", HEAD("%PDF-1.7"), "found a PDF document, expected text: ask for the table it was made from"},
    {"a comment", HEAD("%PDF files"), NULL},
#undef HEAD
};

static void
test_kinds(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *found = bb_packed_refusal(bb_bytes(cases[i].head, cases[i].len));
        if (cases[i].expected)
            check_text(found ? found : "text", cases[i].expected, cases[i].what);
        else
            check(!found, cases[i].what);
    }
}

/* BB_PACKED_LEAST bytes tell every kind; an archive's kind takes more. */
static void
test_least(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bb_bytes head = bb_bytes(cases[i].head, cases[i].len);
        head.len = head.len < BB_PACKED_LEAST ? head.len : BB_PACKED_LEAST;
        check((bb_packed_refusal(head) != NULL) == (cases[i].expected != NULL), cases[i].what);
        check(bb_packed_is_archive(head) == (strncmp(cases[i].head, "PK\3\4", 4) == 0), cases[i].what);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kinds), cmocka_unit_test(test_least)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
