/* A store of the measurement worker without its processes: journal, views and writer in a folder, the applier
 * called in turn. */
#ifndef BENCH_STORE_FILE_H
#define BENCH_STORE_FILE_H

#include "spawn.h"

#include "workers/measurement/write/writer.h"

struct bb_rowset;

struct bench_store {
    char journal_dir[BENCH_PATH], views_dir[BENCH_PATH], temporary[BENCH_PATH];
    struct bb_views views;
    struct bb_journal *journal;
    struct bb_writer *writer;
    struct bb_rowset *rows;
    struct bb_buffer packed;
    uint64_t batches;
};

/* Open, new or again: brings the views up to the journal. */
void bench_store_open(struct bench_store *store, const char *folder);
void bench_store_close(struct bench_store *store);

/* The organizations and indicators of the workload. */
void bench_store_define(struct bench_store *store);
/* Readings from `first` on as one submission; journalled by the next commit. */
void bench_store_submit(struct bench_store *store, uint64_t first, unsigned count);
void bench_store_commit(struct bench_store *store);
/* Bring what is journalled into the views. */
void bench_store_apply(struct bench_store *store);

#endif
