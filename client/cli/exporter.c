#include "exporter.h"

#include <errno.h>
#include <string.h>

#define FULL_BYTES ((size_t)64 << 10)

static void
write_out(struct bb_exporter *exporter)
{
    struct bb_buffer *buffer = &exporter->buffer;

    if (exporter->error == 0 && buffer->error)
        exporter->error = buffer->error;
    errno = 0;
    if (exporter->error == 0 && buffer->len > 0 &&
        fwrite(buffer->data, 1, buffer->len, exporter->to) != buffer->len)
        exporter->error = errno ? -errno : -EIO;
    if (exporter->error == 0 && exporter->hashed)
        crypto_hash_sha256_update(&exporter->hash, buffer->data, buffer->len);
    exporter->bytes += buffer->len;
    bb_buffer_reset(buffer);
}

void
bb_exporter_begin(struct bb_exporter *exporter)
{
    bb_buffer_init(&exporter->buffer, SIZE_MAX);
    crypto_hash_sha256_init(&exporter->hash);
    exporter->form->begin(&exporter->buffer);
}

int
bb_exporter_reading(struct bb_exporter *exporter, const struct bb_reading *reading)
{
    struct bb_form_indicator indicator;

    if (reading->withheld) {
        exporter->withheld++;
        return 0;
    }
    indicator = bb_units_find(exporter->units, bb_form_bytes(reading->indicator));
    exporter->form->reading(&exporter->buffer, reading, &indicator, exporter->rows == 0);
    exporter->rows++;
    exporter->withdrawn += reading->state == BB_READING_WITHDRAWN;
    exporter->booleans |= indicator.boolean && reading->value;
    if (exporter->buffer.len >= FULL_BYTES || exporter->buffer.error)
        write_out(exporter);
    return exporter->error != 0;
}

int
bb_exporter_end(struct bb_exporter *exporter)
{
    if (exporter->error == 0)
        exporter->form->end(&exporter->buffer);
    write_out(exporter);
    errno = 0;
    if (exporter->error == 0 && fflush(exporter->to) != 0)
        exporter->error = errno ? -errno : -EIO;
    return exporter->error;
}

void
bb_exporter_release(struct bb_exporter *exporter)
{
    bb_buffer_release(&exporter->buffer);
}

void
bb_exporter_describe(struct bb_exporter *exporter, struct bb_package *package)
{
    uint8_t hash[crypto_hash_sha256_BYTES];

    crypto_hash_sha256_final(&exporter->hash, hash);
    sodium_bin2hex(package->sha256, sizeof package->sha256, hash, sizeof hash);
    package->form = exporter->form;
    package->booleans = exporter->booleans;
    package->bytes = exporter->bytes;
    package->rows = exporter->rows;
    package->withdrawn = exporter->withdrawn;
    package->withheld = exporter->withheld;
}
