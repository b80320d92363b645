#include "note.h"

#include "runtime/text.h"

#include <stdarg.h>
#include <stdio.h>

enum bb_row_code
bb_note_found(struct bb_note *note, enum bb_row_code code, enum bb_field field, struct bb_bytes found,
              const char *expected_format, ...)
{
    char quoted[80], expected[160];
    va_list arguments;

    va_start(arguments, expected_format);
    vsnprintf(expected, sizeof expected, expected_format, arguments);
    va_end(arguments);
    bb_text_quote(found, quoted, sizeof quoted, 60);
    return bb_note_set(note, code, field, "found '%s', expected %s", quoted, expected);
}

enum bb_row_code
bb_note_set(struct bb_note *note, enum bb_row_code code, enum bb_field field, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(note->text, sizeof note->text, format, arguments);
    va_end(arguments);
    note->code = code;
    note->field = field;
    return code;
}
