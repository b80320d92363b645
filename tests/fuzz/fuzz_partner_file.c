/* The file of an organization: whatever stands there, it is read, or refused with its name. What was read is
 * written as a file that reads as the same organization. */
#include "file.h"

#include "broker/partner_file.h"
#include "runtime/buffer.h"
#include "runtime/keyfile.h"
#include "runtime/text.h"

static bool
is_key(const char *text)
{
    return !*text || bb_key_is_valid(bb_bytes_str(text));
}

static void
check(const struct bb_organization *o)
{
    require(strcmp(o->code, "alpha") == 0);
    require(bb_text_is_name(bb_bytes_str(o->name)));
    require(o->n_alias <= BB_LIMIT_ALIASES);
    for (size_t i = 0; i < o->n_alias; i++)
        require(bb_text_is_name(bb_bytes_str(o->alias[i])));
    for (size_t i = 0; i < o->n_indicator; i++)
        require(bb_text_is_code(bb_bytes_str(o->indicator[i])));
    for (size_t i = 0; i < o->n_member; i++) {
        require(bb_text_is_code(bb_bytes_str(o->member[i].name)));
        require(is_key(o->member[i].key) && is_key(o->member[i].old_key));
    }
    for (size_t i = 0; i < o->n_invitation; i++)
        require(bb_text_is_code(bb_bytes_str(o->invitation[i].member)) && is_key(o->invitation[i].key));
    for (size_t i = 0; i < o->n_revoked; i++)
        require(bb_key_is_valid(bb_bytes_str(o->revoked[i])));
}

static struct bb_organization *
read_again(int fd, const struct bb_organization *o)
{
    char message[BB_PARTNER_FILE_MESSAGE];
    struct bb_organization *again = NULL;
    struct bb_buffer text;

    bb_buffer_init(&text, BB_PARTNER_FILE_MAX);
    bb_partner_file_render(o, &text);
    require(text.error == 0);
    file_fill(fd, bb_buffer_bytes(&text));
    bb_buffer_release(&text);
    require(bb_partner_file_read(file_folder, "alpha", &again, message) == 0);
    return again;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    char message[BB_PARTNER_FILE_MESSAGE];
    struct bb_organization *o = NULL, *again;
    int r;

    if (fd < 0)
        fd = file_new("alpha" BB_PARTNER_FILE_SUFFIX);
    file_fill(fd, bb_bytes(data, size));
    r = bb_partner_file_read(file_folder, "alpha", &o, message);
    require(r == 0 || r == BB_PARTNER_FILE_E_BROKEN);
    if (r) {
        require(strncmp(message, file_folder, strlen(file_folder)) == 0);
        return 0;
    }
    check(o);
    again = read_again(fd, o);
    require(again->digest == o->digest && again->whole == o->whole);
    bb_organization_destroy(&again);
    bb_organization_destroy(&o);
    return 0;
}
