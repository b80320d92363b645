#include "asks.h"

#include <errno.h>

/* 0 | an exit code, the reason said */
static int
load(struct bb_asks *asks)
{
    int code = bb_cli_connect(asks->cli, &asks->client);

    if (code == 0 && bb_units_new(asks->client, &asks->units) < 0) {
        bb_cli_error("%s", strerror(ENOMEM));
        code = EX_OSERR;
    }
    return code ? code : bb_units_load(asks->units);
}

static int
is_boolean(void *self, struct bb_bytes indicator)
{
    struct bb_asks *asks = self;

    if (asks->code == 0 && !asks->units)
        asks->code = load(asks);
    return asks->code ? -ECONNABORTED : bb_units_find(asks->units, indicator).boolean;
}

void
bb_asks_init(struct bb_asks *asks, const struct bb_cli *cli)
{
    *asks = (struct bb_asks){.asks = {is_boolean, asks}, .cli = cli};
}

void
bb_asks_release(struct bb_asks *asks)
{
    bb_units_destroy(&asks->units);
    bb_client_destroy(&asks->client);
}
