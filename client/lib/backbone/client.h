/* A connection, how requests end, and what all parts of the library share. */
#ifndef BACKBONE_CLIENT_H
#define BACKBONE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BB_API __attribute__((visibility("default")))

/* The version of the library that runs: "0.1.0". Static. */
BB_API const char *bb_version(void);

/* --- texts ---------------------------------------------------------------------------------------------- */

/* Bytes of somebody else: not necessarily ended by NUL. data NULL is an absent text, which is not an empty
 * one. */
struct bb_text {
    const char *data;
    size_t len;
};

static inline struct bb_text
bb_text(const char *text)
{
    struct bb_text t = {text, text ? strlen(text) : 0};
    return t;
}

/* What is to become of a setting. */
enum bb_switch { BB_KEEP = 0, BB_ON = 1, BB_OFF = 2 };

/* --- how a request ends --------------------------------------------------------------------------------- */

enum bb_result {
    BB_OK = 0,
    /* Nothing answers at the endpoint: the request was never sent. */
    BB_UNREACHABLE = 1,
    /* Sent, but not answered before the deadline, or the connection broke in the middle of an answer, or the
     * service was too busy all the time. It may have been done; to repeat it is safe. */
    BB_TIMED_OUT = 2,
    /* The broker refused the connection (unknown key, disabled partner, wrong server key), or the caller's
     * role may not do this. */
    BB_NOT_ALLOWED = 3,
    /* The request was answered with an error that repeating would not change: see bb_problem.code. */
    BB_FAILED = 4,
    /* The client was destroyed, or `each` asked to stop. */
    BB_STOPPED = 5,
    /* A key or an endpoint is not one; a key file cannot be used. Only from bb_client_new(). */
    BB_CONFIGURATION = 6,
};

struct bb_problem {
    int result;          /* enum bb_result */
    uint32_t code;       /* the broker's error (ERRORS below), or 0 when the library says so itself */
    const char *name;    /* "NOT_FOUND", "UNREACHABLE" ...; static */
    const char *message; /* a sentence for people */
};

/* ERRORS: what the broker and its services answer. PROTOCOL.md explains each. */
enum bb_code {
    BB_CODE_MALFORMED = 1,
    BB_CODE_VERSION = 2,
    BB_CODE_UNKNOWN_METHOD = 3,
    BB_CODE_NOT_ALLOWED = 4,
    BB_CODE_UNKNOWN_KEY = 5,
    BB_CODE_TOO_LARGE = 6,
    BB_CODE_OVERLOADED = 7,
    BB_CODE_UNAVAILABLE = 8,
    BB_CODE_TIMEOUT = 9,
    BB_CODE_CONFLICT = 10, /* the same batch and index came with other content */
    BB_CODE_NOT_FOUND = 11,
    BB_CODE_INVALID = 12,
    BB_CODE_NOSPACE = 13,
    BB_CODE_INTERNAL = 14,
    BB_CODE_CANCELLED = 15,
    BB_CODE_STATE = 16,
    BB_CODE_EXISTS = 17,
    BB_CODE_TAKEN_OVER = 18, /* another session has subscribed with the same name */
};

/* The end of a request. sequence: of the journal, as of which a query was answered; 0 where there is none. */
typedef void bb_done_fn(void *self, const struct bb_problem *end, uint64_t sequence);

/* --- contexts ------------------------------------------------------------------------------------------- */

/* What connections share: one background thread for input and output, and one descriptor to wait on. A client
 * without a context makes one of its own; a program with hundreds of connections gives them one in common. */
struct bb_context;

/* max_clients: how many clients it will have at most (each takes two descriptors, and two more while it
 * connects). 0 | -ENOMEM | -EMFILE */
BB_API int bb_context_new(unsigned max_clients, struct bb_context **ret_context);
/* Its clients must be gone. */
BB_API void bb_context_destroy(struct bb_context **context);

/* Readable (poll, epoll) when bb_context_process() has something to do. The same for the context's life. */
BB_API int bb_context_fd(const struct bb_context *context);
/* Milliseconds after which bb_context_process() wants to be called even if the descriptor stays quiet; -1:
 * no wish; 0: now (requests were made that have not left yet). */
BB_API int bb_context_timeout(const struct bb_context *context);
/* Send what was requested, take what has come, call callbacks, for all clients of the context. Waits at most
 * wait_ms (0: not at all; -1: until something happened). 0 | -errno */
BB_API int bb_context_process(struct bb_context *context, int wait_ms);

/* --- clients -------------------------------------------------------------------------------------------- */

struct bb_client;

struct bb_client_options {
    struct bb_context *context; /* NULL: one of its own */
    const char *endpoint;       /* "tcp://host:port", or "ipc:///path" of the operators' socket (no keys) */
    const char *server_key;     /* public key of the broker; NULL with ipc */
    const char *key_file;       /* file of `backbone keys new`: readable by its owner only; read again when it
                                   connects again, for the key may have been replaced; NULL with ipc */
    const char *public_key;     /* instead of a file: both halves of the key */
    const char *secret_key;
    const char
        *signing_key_file;   /* what is reported, and its undoing, is signed with this key; NULL: it is not */
    const char *agent;       /* names this program to the broker; NULL: "libbackbone/VERSION" */
    uint32_t timeout_ms;     /* deadline of a request, reconnecting and repeating included, and of a
                                streamed answer from part to part; 0: 30,000 */
    uint32_t unreachable_ms; /* end requests as BB_UNREACHABLE when there was no connection for so long; 0:
                                only at their deadline. */
};

/* Connects in the background, from the first processing or blocking call on: that nobody listens yet is no
 * error. 0 | BB_CONFIGURATION, explained by bb_new_problem() | -errno */
BB_API int bb_client_new(const struct bb_client_options *options, struct bb_client **ret_client);
/* Ends what is open as BB_STOPPED. NULL is fine. */
BB_API void bb_client_destroy(struct bb_client **client);

/* Why bb_client_new() failed last on this thread. */
BB_API const struct bb_problem *bb_new_problem(void);
/* A blocking request looks for its answer for up to 0.6 ms before it sleeps: most come by then, sooner than a
 * thread that sleeps is woken. */

/* How the client's last blocking request ended; valid until its next one. Never NULL. */
BB_API const struct bb_problem *bb_client_problem(const struct bb_client *client);

/* The journal's sequence as of which that request was answered; 0 where there is none. */
BB_API uint64_t bb_client_sequence(const struct bb_client *client);

/* As for the context of the client. */
BB_API int bb_client_fd(const struct bb_client *client);
BB_API int bb_client_timeout(const struct bb_client *client);
BB_API int bb_client_process(struct bb_client *client, int wait_ms);

/* Requests that are open. */
BB_API size_t bb_client_open(const struct bb_client *client);
/* Deadline of the requests made from now on; 0: the default. At most ten minutes. */
BB_API void bb_client_set_timeout(struct bb_client *client, uint32_t timeout_ms);

/* Who the broker says we are. The texts are valid until the connection changes: copy them. */
struct bb_identity {
    const char *organization; /* code */
    const char *name;
    const char *member;
    const char *role; /* of the member: "manager", "data-manager", "facilitator", "reporter", "reader",
                         "observer"; "operator" */
    const char *organization_role; /* "staff", "partner", "observer"; "operator" */
    int64_t broker_time_us;
    uint32_t submission_rows; /* most rows of a submission */
};
/* 0 | -ENOTCONN: no connection now */
BB_API int bb_client_identity(const struct bb_client *client, struct bb_identity *ret_identity);
/* Our public key, 40 characters, or "" with ipc. */
BB_API const char *bb_client_public_key(const struct bb_client *client);

/* There and back to the broker: the end tells. Also the way to wait for a connection. */
BB_API int bb_client_ping(struct bb_client *client, bb_done_fn *done, void *self);

/* --- keys ----------------------------------------------------------------------------------------------- */

#define BB_KEY_TEXT 41 /* a key in Z85 with NUL */

/* Make a key pair in a new file that only its owner can read. ret_public: its public half.
 * 0 | -EEXIST: the file is there, and stays as it is | -errno */
BB_API int bb_key_new(const char *file, char ret_public[BB_KEY_TEXT]);

#ifdef __cplusplus
}
#endif

#endif
