/* Files of readings in every format: the first byte chooses format and map, the rest is the file. It comes to
 * an end, with as many readings in whatever pieces it comes; what is refused has a reason. */
#include "reading.h"

static const char *const maps[] = {
    "{}",
    "{\"fields\": [{\"name\": \"a\"}, {\"name\": \"b\"}, {\"name\": \"c\"}], \"dialect\": {\"header\": "
    "false},"
    " \"reading\": {\"indicator\": \"{a}\", \"period\": \"{b}\", \"value\": \"{c}\"}}",
    "{\"dialect\": {\"headerRows\": [2, 3], \"headerFill\": true, \"commentChar\": \"#\"},"
    " \"skip\": [{\"empty\": true}], \"otherColumns\": \"ignore\", \"reading\": {\"indicator\": \"x\","
    " \"period\": \"{y}\", \"place\": \"{p}\"}, \"readings\": [{\"each\": {\"columns\": \"^([a-z]) n$\","
    " \"names\": [\"g\"]}, \"disaggregation\": {\"g\": \"{g}\"}, \"value\": \"{cell}\"}],"
    " \"capture\": [{\"from\": \"fileName\", \"pattern\": \"([0-9]{4}-[0-9]{2})\", \"names\": [\"y\"]}]}",
    "{\"format\": \"fixed\", \"fields\": [{\"name\": \"i\", \"from\": 1, \"to\": 3}, {\"name\": \"p\","
    " \"from\": 4, \"to\": 9}, {\"name\": \"v\", \"from\": 10, \"to\": 14, \"groupChar\": \",\"}],"
    " \"dialect\": {\"header\": false},"
    " \"reading\": {\"indicator\": \"{i}\", \"period\": \"{p}\", \"value\": \"{v}\"}}",
    "{\"missingValues\": [\"*\", {\"value\": \"\", \"label\": \"suppressed\"}], \"bareNumber\": false,"
    " \"decimalChar\": \",\", \"groupChar\": \".\", \"aliases\": {\"place\": {\"Total\": \"\"}},"
    " \"fields\": [{\"name\": \"value\", \"scale\": \"100\", \"strip\": {\"prefix\": [\"=\"],"
    " \"suffix\": [\"%\"]}}], \"otherColumns\": \"disaggregation\"}",
    "{\"extends\": \"dhis2\"}",
    "{\"extends\": \"adx\", \"known\": [\"place\"]}",
};

#define MAPS (sizeof maps / sizeof maps[0])

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bb_map map[MAPS];
    static bool ready;
    struct bb_bytes in;
    size_t which;
    char error[500];
    int n;

    for (size_t i = 0; !ready && i < MAPS; i++) {
        require(bb_map_init(&map[i]) == 0);
        if (bb_map_parse(&map[i], "map", bb_bytes_str(maps[i]), error, sizeof error) != 0) {
            fprintf(stderr, "map %zu: %s\n", i, error);
            abort();
        }
    }
    ready = true;
    if (size == 0)
        return 0;
    which = data[0] / BB_FORMATS % MAPS;
    in = bb_bytes(data + 1, size - 1);
    n = reading_all(in, size, &map[which], (enum bb_format)(data[0] % BB_FORMATS), which > 0);
    if (data[0] & 0x80) /* half of them: it takes as long again */
        require(n == reading_all(in, 3, &map[which], (enum bb_format)(data[0] % BB_FORMATS), which > 0));
    return 0;
}
