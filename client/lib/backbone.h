/* libbackbone: send readings to a backbone, ask what it knows, and hear what partners tell each other.
 *
 * NAME
 *     backbone.h - the client library of backbone
 *
 * SYNOPSIS
 *     #include <backbone.h>
 *     cc program.c -lbackbone
 *
 *     That is all a program includes; each subject has a header of its own in the folder backbone/.
 *
 * DESCRIPTION
 *     A client is one encrypted connection to one broker, under one key. It connects in the background, and
 *     connects again whenever the connection breaks, after a jittered pause of 0.2 to 30 seconds. A request
 *     that is open then, or that the broker asks to repeat, is sent again with the same content until it is
 *     answered or its deadline passes. Repeating is safe: a submission is known by its batch and index, and
 *     the second time its first answer comes back, marked as a duplicate.
 *
 *     Each request function has two forms in one. With a `done` function it returns at once, and done() is
 *     called later, exactly once, from bb_client_process() (or from any blocking call on a client of the same
 *     context). Without one (NULL) it blocks until the request ends and returns how it ended. What the
 *     request brings is given piece by piece to its `each` function, always before the end; one that returns
 *     an int stops the request with anything but 0: it gets no further pieces, and the end is BB_STOPPED.
 *     Any number of requests may be open; the broker's limit is 1,024 a connection, and the library queues
 *     what is beyond.
 *
 *     Requests that are made in one round (between two calls of bb_client_process(), or within it, from
 *     callbacks) leave as one encrypted frame. Make many requests, then process: that is what is fast.
 *
 * THREADS
 *     A context and all its clients belong to one thread at a time; the library locks nothing. Callbacks run
 *     on the thread that called. Within a callback new requests may be made, but not blocking ones (they
 *     return -EDEADLK), and no client may be destroyed.
 *
 * RETURN VALUES
 *     0 (BB_OK); a positive enum bb_result, which bb_client_problem() explains; or a negative errno for a
 *     mistake in the call or exhausted memory. Texts that a callback is given are valid until it returns.
 *
 * TEXT
 *     Texts are UTF-8 without NUL. Values are decimal texts ("12.50"), exact both ways; the library never
 *     makes a floating-point number of them. Times are microseconds since 1970-01-01 UTC. Keys are Z85, 40
 *     characters.
 *
 * EXAMPLE
 *     struct bb_client *client;
 *     struct bb_client_options options = {
 *         .endpoint = "tcp://backbone.example.org:7600",
 *         .server_key = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7",
 *         .key_file = "/etc/backbone/hartford.key",
 *     };
 *     if (bb_client_new(&options, &client) != 0)
 *         errx(78, "%s", bb_new_problem()->message);
 *     struct bb_submission *s;
 *     struct bb_row_text row = {.field = {
 *         [BB_COLUMN_INDICATOR] = bb_text("grade3-reading"),
 *         [BB_COLUMN_PERIOD] = bb_text("2018-19"),
 *         [BB_COLUMN_VALUE] = bb_text("32.7"),
 *     }};
 *     bb_submission_new(&s);
 *     bb_submission_add(s, &row, NULL);
 *     if (bb_client_submit(client, s, print_outcomes, NULL, NULL) != BB_OK)
 *         warnx("%s", bb_client_problem(client)->message);
 *     bb_submission_destroy(&s);
 *     bb_client_destroy(&client);
 */
#ifndef BACKBONE_H
#define BACKBONE_H

/* In the order in which to read them. */
/* clang-format off */
#include "backbone/client.h"       /* a connection, how requests end, and what all parts of the library share */
#include "backbone/submission.h"   /* submitting readings */
#include "backbone/readings.h"     /* asking for readings, and for the history of one */
#include "backbone/batches.h"      /* who sent what, and taking it back */
#include "backbone/chain.h"        /* receipts of what was accepted, and the chain that they belong to */
#include "backbone/signing.h"      /* keys by which an organization signs what it reports */
#include "backbone/catalogue.h"    /* indicators and places, and who has agreed to report what */
#include "backbone/trend.h"        /* how an indicator moves over its periods */
#include "backbone/progress.h"     /* where indicators stand */
#include "backbone/reporting.h"    /* expected reports: what came of what was agreed */
#include "backbone/review.h"       /* what was reported is submitted, returned, approved, locked */
#include "backbone/rules.h"        /* what is to hold between indicators, and where it does not */
#include "backbone/partner.h"      /* the organizations */
#include "backbone/onboarding.h"   /* who is let in: invitations, members, keys */
#include "backbone/join.h"         /* using an invitation */
#include "backbone/audit.h"        /* who did what administrative thing when, and who may do what, and why */
#include "backbone/diagnose.h"     /* why there is no connection */
#include "backbone/status.h"       /* how the broker and its services are doing */
#include "backbone/messages.h"     /* what partners tell each other: publishing, listing, receipts */
#include "backbone/subscription.h" /* messages as they come */
#include "backbone/cursors.h"      /* subscriptions as the service keeps them */
#include "backbone/groups.h"       /* working groups and the steering committee, and who is in them */
/* clang-format on */

#endif
