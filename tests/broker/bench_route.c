/* How many requests a second go through the broker: a client with many outstanding, a worker that answers at
 * once.
 *
 * Both are processes of their own and speak the protocol as client and worker do: everything for one peer in
 * a round as one message. Prints requests a second and the broker's CPU time a request. Not a test:
 * bench_route [connections] [outstanding of each] [seconds]. */
#include "bench_worker.h"

#include "proto/limits.h"
#include "runtime/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static uint8_t body[92]; /* a single reading is about as large */

/* The worker. */

struct echo {
    struct bb_worker *worker;
};

static void
on_work(void *self, const struct bb_work *work)
{
    bb_worker_reply(((struct echo *)self)->worker, work->tag, 0, true, bb_bytes(body, 16));
}

static pid_t
start_worker(const struct broker *broker)
{
    struct bb_worker_ops ops = bench_idle_ops;
    struct echo echo;

    ops.work = on_work;
    return bench_worker_start(broker, "measurement", 65536, &ops, &echo, &echo.worker);
}

/* The clients: one loop over all of them. */

struct load {
    struct raw raw;
    struct bb_bundle out;
    uint64_t next_id;
};

static void
add_requests(struct load *load, unsigned n)
{
    Bb__Request request = BB__REQUEST__INIT;
    zmq_msg_t message;

    request.method = BB_METHOD_SUBMIT;
    request.has_body = true;
    request.body = (ProtobufCBinaryData){.len = sizeof body, .data = body};
    while (n-- > 0) {
        request.id = ++load->next_id;
        assert_int_equal(bb_bundle_add(&load->out, BB_KIND_REQUEST, &request.base), 0);
    }
    if (bb_bundle_take(&load->out, &message) == 0)
        assert_true(zmq_msg_send(&message, load->raw.socket, 0) >= 0);
}

static uint64_t
read_replies(struct load *load)
{
    uint64_t replies = 0;
    zmq_msg_t message;
    unsigned again = 0;

    zmq_msg_init(&message);
    while (zmq_msg_recv(&message, load->raw.socket, ZMQ_DONTWAIT) >= 0) {
        struct bb_unbundle walk;
        struct bb_frame frame;

        assert_int_equal(bb_unbundle_init(&walk, bb_bytes(zmq_msg_data(&message), zmq_msg_size(&message))),
                         0);
        while (bb_unbundle_next(&walk, &frame) == 0) {
            if (frame.kind == BB_KIND_PING) {
                raw_pong(&load->raw, &frame);
                continue;
            }
            assert_int_equal(frame.kind, BB_KIND_REPLY);
            replies++;
            again++;
        }
    }
    zmq_msg_close(&message);
    if (again)
        add_requests(load, again);
    return replies;
}

static void
measure(struct broker *broker, unsigned connections, unsigned outstanding, unsigned seconds)
{
    struct load *loads = calloc(connections, sizeof *loads);
    zmq_pollitem_t *items = calloc(connections, sizeof *items);
    uint64_t replies = 0, cpu;
    int64_t start, end;

    for (unsigned i = 0; i < connections; i++) {
        raw_greeted(broker, &loads[i].raw, &broker->partner);
        bb_bundle_init(&loads[i].out, BB_LIMIT_FRAME_BYTES);
        items[i] = (zmq_pollitem_t){.socket = loads[i].raw.socket, .events = ZMQ_POLLIN};
        add_requests(&loads[i], outstanding);
    }
    cpu = broker_cpu_us(broker);
    start = bb_clock_ns();
    end = start + (int64_t)seconds * 1000000000;
    while (bb_clock_ns() < end) {
        zmq_poll(items, (int)connections, 100);
        for (unsigned i = 0; i < connections; i++)
            if (items[i].revents)
                replies += read_replies(&loads[i]);
    }
    printf("%u connections, %u outstanding: %.0f requests a second, broker %.2f us CPU a request, RssAnon "
           "%ld kB\n",
           connections, outstanding, (double)replies * 1e9 / (double)(bb_clock_ns() - start),
           (double)(broker_cpu_us(broker) - cpu) / (double)replies, broker_rss_anon_kb(broker));
    for (unsigned i = 0; i < connections; i++) {
        bb_bundle_release(&loads[i].out);
        raw_close(&loads[i].raw);
    }
    free(loads);
    free(items);
}

int
main(int argc, char **argv)
{
    struct broker broker;
    pid_t worker;

    broker_start(&broker, BROKER_UNLIMITED);
    worker = start_worker(&broker);
    measure(&broker, argc > 1 ? (unsigned)atoi(argv[1]) : 1, argc > 2 ? (unsigned)atoi(argv[2]) : 256,
            argc > 3 ? (unsigned)atoi(argv[3]) : 3);
    bench_worker_stop(worker);
    broker_stop(&broker);
    return 0;
}
