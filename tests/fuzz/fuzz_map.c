/* Maps: whatever the text, it is read, or refused with a sentence; and with one that was read, files are read
 * to an end. The map stands before the first NUL; behind it is a file, or else some of ours are read. */
#include "reading.h"

static const char table[] =
    "indicator,place,period,value,group\nx,Hartford,2019,12.5,f\ny,,2019-20,\"1,234\",m\n";
static const char titled[] = "Title 2019\n\n a    n  p n\n x   12   7\n";
static const char objects[] = "{\"indicator\": \"x\", \"period\": \"2019\", \"value\": 1, \"other\": null}\n";
static const char values[] = "{\"dataValues\": [{\"dataElement\": \"x\", \"period\": \"201909\", "
                             "\"orgUnit\": \"o\", \"value\": \"3\"}]}";

static const char *const files[] = {table, titled, objects, values};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
    size_t len = zero ? (size_t)(zero - data) : size;
    char error[500] = "";
    struct bb_map map;
    int r;

    require(bb_map_init(&map) == 0);
    r = bb_map_parse(&map, "map", bb_bytes(data, len), error, sizeof error);
    require(r == 0 || (r == -EINVAL && *error && bb_utf8_is_text(bb_bytes_str(error))));
    if (r == 0 && zero)
        reading_all(bb_bytes(zero + 1, size - len - 1), size, &map, BB_FORMAT_ANY, true);
    for (size_t i = 0; r == 0 && !zero && i < sizeof files / sizeof files[0]; i++)
        reading_all(bb_bytes_str(files[i]), 1000, &map, BB_FORMAT_ANY, true);
    bb_map_release(&map);
    return 0;
}
