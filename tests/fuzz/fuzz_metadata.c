/* A file of DHIS2's metadata, JSON or CSV: whatever it is, it is read or refused with a reason, and what is
 * made of it are texts in UTF-8, each with its column, or a reason. */
#include "fuzz.h"

#include "client/formats/metadata/metadata_csv.h"
#include "client/formats/metadata/metadata_indicators.h"
#include "client/formats/metadata/metadata_places.h"
#include "proto/utf8.h"
#include "runtime/text.h"

static ssize_t
read_some(void *self, uint8_t *to, size_t size)
{
    struct bb_bytes *left = self;
    size_t n = left->len < size ? left->len : size;

    if (n)
        memcpy(to, left->data, n);
    left->data += n;
    left->len -= n;
    return (ssize_t)n;
}

static void
check_definitions(struct bb_definitions *list)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct bb_definition *d = list->item[i];
        const char *code = bb_definition_get(d, "code");
        require(d->n <= BB_DEFINITION_COLUMNS);
        require(!d->reason || (d->field && d->code && strstr(d->reason, "expected")));
        require(!code || bb_text_is_code(bb_bytes_str(code)));
        for (size_t c = 0; c < d->n; c++)
            require(*d->text[c] && bb_utf8_is_text(bb_bytes_str(d->text[c])));
    }
    bb_definitions_release(list);
}

static void
take(struct bb_metadata *metadata)
{
    struct bb_definitions list;
    char error[300];

    for (int scheme = BB_ID_UID; scheme <= BB_ID_NAME; scheme++) {
        const struct bb_metadata_names names = {metadata, (enum bb_id_scheme)scheme, "x", NULL};
        bb_definitions_init(&list);
        require(bb_metadata_indicators(&names, &list, error, sizeof error) >= 0);
        check_definitions(&list);
    }
    bb_definitions_init(&list);
    require(bb_metadata_places(metadata, true, &list, error, sizeof error) >= 0);
    check_definitions(&list);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bb_bytes json = bb_bytes(data, size), csv = json;
    struct bb_metadata *metadata = NULL;
    char error[400];

    if (bb_metadata_read((struct bb_feed){read_some, &json}, &metadata, error, sizeof error) == 0)
        take(metadata);
    bb_metadata_destroy(&metadata);
    if (bb_metadata_is_csv(csv) && bb_metadata_read_csv((struct bb_feed){read_some, &csv}, "dataElements",
                                                        &metadata, error, sizeof error) == 0)
        take(metadata);
    bb_metadata_destroy(&metadata);
    return 0;
}
