/* Covering indexes in the order of each question, statistics and visibility map fresh, plans prepared,
 * answers in binary: the best that was found for each of them. The latest readings are found by a lateral
 * seek, one for each organization. */
#include "query_side.h"

#include "postgres.h"
#include "run.h"
#include "workload.h"

#include <arpa/inet.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

struct query_postgres {
    struct query_store store;
    PGconn *pg;
};

static const char *const prepared[QUERY_QUESTIONS] = {
    [QUERY_TREND] = "SELECT period, sum(value), count(*) FROM reading WHERE indicator = $1::int"
                    " GROUP BY period ORDER BY period",
    [QUERY_ORGANIZATION] = "SELECT period, indicator, place, disaggregation, value FROM reading"
                           " WHERE organization = $1::int ORDER BY period, indicator",
    [QUERY_LATEST] = "SELECT o.id, l.period, l.value FROM generate_series(0, 199) AS o(id), LATERAL"
                     " (SELECT period, value FROM reading WHERE indicator = $1::int AND organization = o.id"
                     " ORDER BY period DESC LIMIT 1) AS l",
};

static void __attribute__((noreturn)) fail(struct query_postgres *p, const char *what)
{
    errx(76, "PostgreSQL: %s: %s", what, PQerrorMessage(p->pg));
}

static void
execute(struct query_postgres *p, const char *sql)
{
    PGresult *result = PQexec(p->pg, sql);

    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        fail(p, sql);
    PQclear(result);
}

struct query_postgres *
query_postgres_open(struct bench_peer *peer, const struct query_store *store)
{
    struct query_postgres *p = calloc(1, sizeof *p);

    if (!p)
        errx(71, "out of memory");
    p->store = *store;
    p->pg = bench_postgres_connect(peer);
    execute(p, "SET maintenance_work_mem = '1GB'");
    execute(p, "CREATE INDEX ON reading (indicator, period) INCLUDE (value)");
    execute(
        p,
        "CREATE INDEX ON reading (organization, period, indicator) INCLUDE (place, disaggregation, value)");
    execute(p, "CREATE INDEX ON reading (indicator, organization, period DESC) INCLUDE (value)");
    execute(p, "VACUUM ANALYZE reading");
    execute(p, "SET work_mem = '256MB'");
    execute(p, "SET jit = off");
    for (int i = 0; i < QUERY_QUESTIONS; i++) {
        char name[16];
        snprintf(name, sizeof name, "q%d", i);
        if (prepared[i])
            PQclear(PQprepare(p->pg, name, prepared[i], 0, NULL));
    }
    return p;
}

void
query_postgres_close(struct query_postgres **p_pointer)
{
    PQfinish((*p_pointer)->pg);
    free(*p_pointer);
    *p_pointer = NULL;
}

/* Every field is looked at, as ours are. */
static uint64_t
take(PGresult *result)
{
    uint64_t bytes = 0;

    for (int row = 0; row < PQntuples(result); row++)
        for (int field = 0; field < PQnfields(result); field++)
            bytes +=
                (unsigned char)*PQgetvalue(result, row, field) + (uint64_t)PQgetlength(result, row, field);
    return bytes;
}

double
query_postgres_ask(struct query_postgres *p, enum query_question question, unsigned number)
{
    const int expected[QUERY_QUESTIONS] = {
        [QUERY_TREND] = (int)p->store.periods,
        [QUERY_ORGANIZATION] = (int)(p->store.periods * BENCH_INDICATORS),
        [QUERY_LATEST] = (int)BENCH_ORGANIZATIONS,
    };
    uint32_t id = htonl(number % (question == QUERY_ORGANIZATION ? BENCH_ORGANIZATIONS : BENCH_INDICATORS));
    const char *value = (const char *)&id;
    const int length = sizeof id, binary = 1;
    char name[16];
    uint64_t begin = bench_now_ns();
    PGresult *result;

    snprintf(name, sizeof name, "q%d", (int)question);
    result = PQexecPrepared(p->pg, name, 1, &value, &length, &binary, 1);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail(p, name);
    if (PQntuples(result) != expected[question] || take(result) == 0)
        errx(76, "PostgreSQL: question %d: %d rows, expected %d", (int)question, PQntuples(result),
             expected[question]);
    PQclear(result);
    return (double)(bench_now_ns() - begin) / 1e6;
}
