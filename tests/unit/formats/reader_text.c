#include "reader_text.h"

#include "client/formats/text/rawtext.h"

static ssize_t
read_memory(void *self, uint8_t *to, size_t size)
{
    struct reader_text_memory *memory = self;
    size_t n = memory->piece && memory->piece < size ? memory->piece : size;

    if (n > memory->left.len)
        n = memory->left.len;
    if (n)
        memcpy(to, memory->left.data, n);
    memory->left = bb_bytes(memory->left.data + n, memory->left.len - n);
    return (ssize_t)n;
}

struct bb_feed
reader_text_feed(struct reader_text_memory *memory)
{
    return (struct bb_feed){read_memory, memory};
}

/* What a cell was written as, where it is no text. */
static const char *
mark_of(const struct bb_cell *cell)
{
    static const char *const marks[] = {
        [BB_CELL_NUMBER] = "#", [BB_CELL_BOOLEAN] = "?", [BB_CELL_NESTED] = "+"};
    bool has = cell->kind < sizeof marks / sizeof marks[0] && marks[cell->kind];

    return has ? marks[cell->kind] : "";
}

static void
put_record(FILE *to, const struct bb_cells *cells, const struct bb_bytes *names)
{
    const char *before = " ";

    fprintf(to, "%llu:", (unsigned long long)cells->line);
    for (size_t i = 0; i < cells->count; i++) {
        const struct bb_cell *cell = &cells->cell[i];
        if (cell->kind == BB_CELL_ABSENT)
            continue;
        fprintf(to, "%s%.*s=%s", before, (int)names[i].len, (const char *)names[i].data, mark_of(cell));
        if (cell->kind == BB_CELL_LONG)
            fprintf(to, "<%zu>", cell->text.len);
        else
            fwrite(cell->text.data, 1, cell->text.len, to);
        before = "|";
    }
    if (cells->code)
        fprintf(to, " !%u %s", cells->column, cells->reason);
    fputc('\n', to);
}

char *
reader_text(struct bb_reader *reader)
{
    struct bb_cells cells;
    const struct bb_bytes *names;
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    int r;

    while ((r = bb_reader_next(reader, &cells)) == 0) {
        bb_reader_names(reader, &names);
        put_record(to, &cells, names);
    }
    if (r == BB_READER_END)
        fputs("end", to);
    else if (r == BB_READER_BAD)
        fprintf(to, "bad: %s", bb_reader_error(reader));
    else
        fprintf(to, "error %d", r);
    fclose(to);
    bb_reader_destroy(reader);
    return text;
}

static int
put_piece(void *to, struct bb_bytes piece)
{
    return fwrite(piece.data, 1, piece.len, to) == piece.len ? 0 : -1;
}

char *
reader_raws(struct bb_reader *reader, struct bb_spool *spool)
{
    struct bb_cells cells;
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    int r;

    while ((r = bb_reader_next(reader, &cells)) == 0) {
        r = bb_raw_walk(&cells.raw, spool, put_piece, to);
        fputs(r == 0 ? "\n" : "lost\n", to);
    }
    fclose(to);
    bb_reader_destroy(reader);
    return text;
}
