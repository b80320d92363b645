/* Signatures are those of the formats' own descriptions: RFC 1952 (gzip), RFC 8878 (zstd), the xz file format
 * 1.1.0, the format notes of bzip2 and 7z, APPNOTE.TXT 4.3.7 (zip), [MS-CFB] 2.2 (workbooks before 2007), ISO
 * 32000 7.5.2 (PDF). A zip archive is told by the names of its first files, which stand in it as they are: a
 * workbook of Excel has a folder xl/, OpenDocument starts with a file `mimetype` that is not compressed. */
#include "packed.h"

#include <string.h>

#define OPEN_DOCUMENT "mimetypeapplication/vnd.oasis.opendocument."

#define EXPECTED_TEXT(command) ", expected text: " command " FILE | backbone ... -"
#define EXPECTED_CSV           ", expected text: save it as CSV UTF-8"

static const struct {
    struct bb_bytes magic;
    const char *refusal;
} kinds[] = {
#define MAGIC(text)                                                                                          \
    {                                                                                                        \
        (const uint8_t *)(text), sizeof(text) - 1                                                            \
    }
    {MAGIC("\x1F\x8B"), "found a compressed file (gzip)" EXPECTED_TEXT("zcat")},
    {MAGIC("\xFD"
           "7zXZ\0"),
     "found a compressed file (xz)" EXPECTED_TEXT("xzcat")},
    {MAGIC("\x28\xB5\x2F\xFD"), "found a compressed file (zstd)" EXPECTED_TEXT("zstdcat")},
    {MAGIC("7z\xBC\xAF\x27\x1C"), "found a packed file (7z)" EXPECTED_TEXT("7z x -so")},
    {MAGIC("PK\5\6"), "found an empty zip archive, expected text"},
    {MAGIC("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), "found an Excel workbook (.xls)" EXPECTED_CSV},
    {MAGIC("%PDF-"), "found a PDF document, expected text: ask for the table it was made from"},
#undef MAGIC
};

static bool
has(struct bb_bytes head, const char *text)
{
    return memmem(head.data, head.len, text, strlen(text)) != NULL;
}

bool
bb_packed_is_archive(struct bb_bytes head)
{
    return head.len >= 4 && memcmp(head.data, "PK\3\4", 4) == 0;
}

static const char *
archive_refusal(struct bb_bytes head)
{
    if (has(head, OPEN_DOCUMENT "spreadsheet"))
        return "found an OpenDocument spreadsheet (.ods)" EXPECTED_CSV;
    if (has(head, OPEN_DOCUMENT))
        return "found an OpenDocument file, expected text: ask for the table in it as CSV UTF-8";
    if (has(head, "word/"))
        return "found a Word document (.docx), expected text: ask for the table in it as CSV UTF-8";
    if (has(head, "xl/") || has(head, "[Content_Types].xml"))
        return "found an Excel workbook (.xlsx)" EXPECTED_CSV;
    return "found a zip archive" EXPECTED_TEXT("unzip -p");
}

/* "BZh", the size of its blocks as a digit, and the start of the first block. */
static bool
is_bzip2(struct bb_bytes head)
{
    return head.len >= BB_PACKED_LEAST && memcmp(head.data, "BZh", 3) == 0 && head.data[3] >= '1' &&
           head.data[3] <= '9' && memcmp(head.data + 4, "1AY&SY", 6) == 0;
}

const char *
bb_packed_refusal(struct bb_bytes head)
{
    if (bb_packed_is_archive(head))
        return archive_refusal(head);
    if (is_bzip2(head))
        return "found a compressed file (bzip2)" EXPECTED_TEXT("bzcat");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (head.len >= kinds[i].magic.len && memcmp(head.data, kinds[i].magic.data, kinds[i].magic.len) == 0)
            return kinds[i].refusal;
    return NULL;
}
