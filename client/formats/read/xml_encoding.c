/* windows-1252 is ISO-8859-1 but for 0x80 to 0x9F: the table of the WHATWG's Encoding Standard, where five
 * bytes are controls that XML lets stand, but no text of a spreadsheet has. These are refused. */
#include "xml_encoding.h"

#include <stddef.h>
#include <stdint.h>
#include <strings.h>

static const uint16_t upper[32] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178,
};

int
bb_xml_encoding(void *self, const XML_Char *name, XML_Encoding *ret_encoding)
{
    (void)self;
    if (strcasecmp(name, "windows-1252") != 0 && strcasecmp(name, "cp1252") != 0)
        return XML_STATUS_ERROR;
    for (int i = 0; i < 256; i++)
        ret_encoding->map[i] = i;
    for (size_t i = 0; i < 32; i++)
        ret_encoding->map[0x80 + i] = upper[i] ? upper[i] : -1;
    ret_encoding->data = NULL;
    ret_encoding->convert = NULL;
    ret_encoding->release = NULL;
    return XML_STATUS_OK;
}
