#include "put.h"

/* Readers drop blanks around a cell that stands without quotes. */
static bool
needs_quotes(struct bb_bytes text)
{
    if (text.len == 0)
        return false;
    if (memchr(" \t", text.data[0], 2) || memchr(" \t", text.data[text.len - 1], 2))
        return true;
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] == ',' || text.data[i] == '"' || text.data[i] == '\n' || text.data[i] == '\r')
            return true;
    return false;
}

void
bb_put_cell(struct bb_buffer *out, struct bb_bytes text)
{
    size_t from = 0;

    if (!needs_quotes(text)) {
        bb_buffer_append(out, text.data, text.len);
        return;
    }
    bb_buffer_byte(out, '"');
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] == '"') {
            bb_buffer_append(out, text.data + from, i + 1 - from);
            from = i;
        }
    bb_buffer_append(out, text.data + from, text.len - from);
    bb_buffer_byte(out, '"');
}

static void
put_escape(struct bb_buffer *out, uint8_t byte)
{
    static const char plain[] = "\"\\\n\r\t", letter[] = "\"\\nrt";
    const char *at = memchr(plain, byte, sizeof plain - 1);

    if (at)
        bb_buffer_append(out, (const char[]){'\\', letter[at - plain]}, 2);
    else
        bb_buffer_printf(out, "\\u%04x", byte);
}

void
bb_put_plain(struct bb_buffer *out, const char *text)
{
    bb_buffer_byte(out, ',');
    if (text)
        bb_buffer_append(out, text, strlen(text));
}

void
bb_put_text(struct bb_buffer *out, struct bb_bytes text)
{
    size_t from = 0;

    bb_buffer_byte(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        if (byte >= 0x20 && byte != '"' && byte != '\\' && byte != 0x7F)
            continue;
        bb_buffer_append(out, text.data + from, i - from);
        put_escape(out, byte);
        from = i + 1;
    }
    bb_buffer_append(out, text.data + from, text.len - from);
    bb_buffer_byte(out, '"');
}

struct bb_put_object
bb_put_object(struct bb_buffer *out)
{
    bb_buffer_byte(out, '{');
    return (struct bb_put_object){out, false};
}

void
bb_put_name(struct bb_put_object *object, const char *name)
{
    if (object->any)
        bb_buffer_byte(object->out, ',');
    bb_buffer_byte(object->out, '"');
    bb_buffer_append(object->out, name, strlen(name));
    bb_buffer_append(object->out, "\":", 2);
    object->any = true;
}

void
bb_put_member(struct bb_put_object *object, const char *name, struct bb_bytes text)
{
    bb_put_name(object, name);
    bb_put_text(object->out, text);
}

void
bb_put_filled(struct bb_put_object *object, const char *name, struct bb_bytes text)
{
    if (text.len > 0)
        bb_put_member(object, name, text);
}

void
bb_put_number(struct bb_put_object *object, const char *name, const char *number)
{
    if (!number)
        return;
    bb_put_name(object, name);
    bb_buffer_append(object->out, number, strlen(number));
}

void
bb_put_end(struct bb_put_object *object)
{
    bb_buffer_byte(object->out, '}');
}
