/* Files of any kind: what is proposed for them is a map that is read, and the file read with it comes to an
 * end. */
#include "fuzz.h"

#include "client/formats/source.h"
#include "client/formats/suggest/suggest.h"
#include "proto/utf8.h"

#include <errno.h>

struct script {
    struct bb_bytes data;
    size_t at;
};

static ssize_t
read_script(void *self, uint8_t *to, size_t size)
{
    struct script *script = self;
    size_t n = script->data.len - script->at;

    n = n < size ? n : size;
    if (n)
        memcpy(to, script->data.data + script->at, n);
    script->at += n;
    return (ssize_t)n;
}

static void
read_with(const struct bb_map *map, struct bb_bytes in)
{
    const struct bb_source_options options = {.file = "readings 2019-20.csv", .map = map, .mapped = true};
    struct script script = {in, 0};
    struct bb_source *source;
    struct bb_source_row row;
    char error[BB_SOURCE_MESSAGE] = "";
    int r = bb_source_new((struct bb_feed){read_script, &script}, &options, &source, error, sizeof error);

    require(r == 0 || (r == -EINVAL && *error));
    if (r)
        return;
    while ((r = bb_source_next(source, &row)) == 0)
        require(!row.code || (row.reason && *row.reason));
    require(r == BB_SOURCE_END || (r == -EILSEQ && *bb_source_error(source)));
    bb_source_destroy(&source);
}

static void
use(const json_t *found, struct bb_bytes in)
{
    char error[BB_SOURCE_MESSAGE] = "", *text = json_dumps(found, JSON_COMPACT);
    struct bb_map map;

    require(text && bb_utf8_is_text(bb_bytes_str(text)));
    require(bb_map_init(&map) == 0);
    if (bb_map_parse(&map, "map", bb_bytes_str(text), error, sizeof error) != 0) {
        fprintf(stderr, "%s\n%s\n", error, text);
        abort();
    }
    read_with(&map, in);
    bb_map_release(&map);
    free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct script script = {bb_bytes(data, size), 0};
    char error[1000] = "";
    struct bb_sample sample;
    json_t *map;
    int r = bb_sample_read(&sample, (struct bb_feed){read_script, &script}, error, sizeof error);

    require(r == 0 || (r == -EINVAL && *error));
    if (r)
        return 0;
    r = bb_suggest(&sample, "readings 2019-20.csv", NULL, &map, error, sizeof error);
    require(r == 0 || (r == -EINVAL && *error));
    if (r == 0) {
        use(map, script.data);
        json_decref(map);
    }
    bb_sample_release(&sample);
    return 0;
}
