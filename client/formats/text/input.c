#include "input.h"

#include <errno.h>
#include <stdlib.h>

int
bb_input_init(struct bb_input *input, struct bb_feed feed)
{
    *input = (struct bb_input){.feed = feed, .block = malloc(BB_INPUT_BLOCK)};
    return input->block ? 0 : -ENOMEM;
}

void
bb_input_release(struct bb_input *input)
{
    free(input->block);
    *input = (struct bb_input){0};
}

/* Read once behind what is there. 0, also at the end, or -errno. */
static int
read_some(struct bb_input *input)
{
    ssize_t n = input->feed.read(input->feed.self, input->block + input->end, BB_INPUT_BLOCK - input->end);
    if (n < 0)
        return (int)n;
    input->eof = n == 0;
    input->end += (size_t)n;
    return 0;
}

int
bb_input_fill(struct bb_input *input)
{
    while (input->at == input->end) {
        if (input->eof)
            return BB_INPUT_END;
        input->before += input->end;
        input->at = input->end = 0;
        int r = read_some(input);
        if (r < 0)
            return r;
    }
    return 0;
}

uint64_t
bb_input_position(const struct bb_input *input)
{
    return input->before + input->at;
}
