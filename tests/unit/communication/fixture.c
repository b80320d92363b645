#include "fixture.h"

#include "tests/unit/folder.h"

#include "runtime/calendar.h"

/* The sink */

static void
on_reply(void *self, uint64_t tag, uint32_t part, bool final, struct bb_bytes body)
{
    struct fixture *f = self;

    assert_int_equal(tag, f->tag);
    assert_int_equal(part, f->parts);
    assert_false(f->final);
    f->parts++;
    f->final = final;
    bb_buffer_append(&f->body, body.data, body.len);
    assert_true(body.len <= BB_LIMIT_FRAME_BYTES - 128);
}

static void
on_fail(void *self, uint64_t tag, uint32_t code, const char *message, uint32_t retry_after_ms)
{
    struct fixture *f = self;

    (void)retry_after_ms;
    assert_int_equal(tag, f->tag);
    assert_false(f->final);
    f->final = true;
    f->code = code;
    snprintf(f->message, sizeof f->message, "%s", message);
}

/* Opening */

static void
open_core(struct fixture *f)
{
    struct bb_sink sink = {.reply = on_reply, .fail = on_fail, .self = f};

    assert_int_equal(bb_communication_open(&f->core, &f->config, &sink), 0);
}

static void
make_group(struct fixture *f, char *code, char *name)
{
    Bb__GroupPut put = BB__GROUP_PUT__INIT;

    put.code = code;
    put.name = name;
    put.has_create = put.create = true;
    put.has_kind = true;
    put.kind = BB__GROUP_KIND__WORKING;
    assert_int_equal(fixture_call(f, "backbone", "main", BB_METHOD_GROUP_PUT, &put.base), 0);
}

void
fixture_open(struct fixture *f)
{
    static const char *const organizations[] = {
        "backbone staff Backbone",  "a partner Organization A", "b partner Organization B",
        "c partner Organization C", "o observer Observer O",
    };

    *f = (struct fixture){.window = 1 << 20};
    folder_make_in_memory(f->dir);
    f->config = (struct bb_communication_config){.state = f->dir, .map_bytes = 1 << 20};
    f->now = (bb_day_of(2026, 9, 7) - BB_DAY_EPOCH) * 86400000000 + 43200000000;
    bb_buffer_init(&f->body, SIZE_MAX);
    bb_arena_init(&f->arena, 64u << 20);
    open_core(f);
    fixture_directory(f, organizations, COUNT(organizations), true);
    make_group(f, (char[]){"g"}, (char[]){"Group G"});
    make_group(f, (char[]){"h"}, (char[]){"Group H"});
    assert_int_equal(fixture_member(f, "g", "a", true), 0);
    assert_int_equal(fixture_member(f, "g", "b", true), 0);
    assert_int_equal(fixture_member(f, "h", "Bee", true), 0);
}

void
fixture_close(struct fixture *f)
{
    bb_communication_close(&f->core);
    bb_buffer_release(&f->body);
    bb_arena_release(&f->arena);
    folder_remove(f->dir);
}

int
fixture_setup(void **state)
{
    *state = malloc(sizeof(struct fixture));
    fixture_open(*state);
    return 0;
}

int
fixture_teardown(void **state)
{
    fixture_close(*state);
    free(*state);
    return 0;
}

void
fixture_reopen(struct fixture *f)
{
    bb_communication_close(&f->core);
    open_core(f);
}

void
fixture_pass(struct fixture *f, int64_t seconds)
{
    f->now += seconds * 1000000;
}

void
fixture_begin(struct fixture *f)
{
    bb_communication_begin(&f->core, f->now, f->now / 1000);
}

int
fixture_flush(struct fixture *f)
{
    bool more;
    int r;

    do {
        fixture_begin(f);
        r = bb_communication_flush(&f->core, &more);
    } while (r == 0 && more);
    return r;
}

/* The directory */

static Bb__Role
role_of(const char *word)
{
    return strcmp(word, "staff") == 0     ? BB__ROLE__ROLE_STAFF
           : strcmp(word, "partner") == 0 ? BB__ROLE__ROLE_PARTNER
                                          : BB__ROLE__ROLE_OBSERVER;
}

static void
read_organization(const char *text, Bb__Organization *o)
{
    static char bee[] = "Bee", *aliases[] = {bee};
    char *code, role[16];
    int name = 0;

    bb__organization__init(o);
    o->has_enabled = true;
    o->enabled = *text != '-';
    assert_int_equal(sscanf(text + !o->enabled, "%ms %15s %n", &code, role, &name), 2);
    o->code = code;
    o->role = role_of(role);
    o->name = strdup(text + !o->enabled + name);
    if (strcmp(code, "b") == 0) {
        o->n_alias = 1;
        o->alias = aliases;
    }
}

void
fixture_directory(struct fixture *f, const char *const *organizations, size_t n, bool full)
{
    Bb__Directory directory = BB__DIRECTORY__INIT;
    Bb__Organization organization[16], *pointers[16];
    uint8_t packed[4096];

    assert_true(n <= COUNT(organization));
    for (size_t i = 0; i < n; i++) {
        read_organization(organizations[i], &organization[i]);
        pointers[i] = &organization[i];
    }
    directory.version = 7;
    directory.full = full;
    directory.n_organization = n;
    directory.organization = pointers;
    assert_true(bb__directory__get_packed_size(&directory) <= sizeof packed);
    fixture_begin(f);
    bb_communication_directory(&f->core, bb_bytes(packed, bb__directory__pack(&directory, packed)));
    assert_int_equal(fixture_flush(f), 0);
    for (size_t i = 0; i < n; i++) {
        free(organization[i].code);
        free(organization[i].name);
    }
}

/* Calls */

static uint32_t
role_by_code(const struct fixture *f, const char *organization)
{
    const struct bb_organization *found = bb_directory_by_code(f->core.directory, bb_bytes_str(organization));

    return strcmp(organization, "operator") == 0 ? BB__ROLE__ROLE_OPERATOR
           : found                               ? found->role
                                                 : BB__ROLE__ROLE_PARTNER;
}

void
fixture_stage(struct fixture *f, const char *organization, const char *member, uint32_t method,
              const ProtobufCMessage *request)
{
    size_t size = protobuf_c_message_get_packed_size(request);
    uint8_t *packed = malloc(size + 1);
    struct bb_work work = {
        .tag = ++f->tag,
        .method = method,
        .role = role_by_code(f, organization),
        .organization = bb_bytes_str(organization),
        .member = bb_bytes_str(member),
        .timeout_ms = 1000,
        .window_bytes = f->window,
        .body = bb_bytes(packed, protobuf_c_message_pack(request, packed)),
    };

    f->code = 0;
    f->message[0] = '\0';
    f->parts = 0;
    f->final = false;
    bb_buffer_reset(&f->body);
    fixture_begin(f);
    bb_communication_work(&f->core, &work);
    free(packed);
}

uint32_t
fixture_call(struct fixture *f, const char *organization, const char *member, uint32_t method,
             const ProtobufCMessage *request)
{
    fixture_stage(f, organization, member, method, request);
    assert_int_equal(fixture_flush(f), 0);
    return f->code;
}

void
fixture_pull(struct fixture *f, uint32_t bytes)
{
    fixture_begin(f);
    bb_communication_pull(&f->core, f->tag, bytes);
    assert_int_equal(fixture_flush(f), 0);
}

void
fixture_decode(struct fixture *f, const ProtobufCMessageDescriptor *type, ProtobufCMessage **ret)
{
    assert_int_equal(f->code, 0);
    assert_true(f->final);
    bb_arena_reset(&f->arena);
    assert_int_equal(bb_message_unpack(type, bb_buffer_bytes(&f->body), &f->arena, ret), 0);
}

/* Requests */

ProtobufCBinaryData
fixture_id(uint32_t number)
{
    static uint8_t ids[8][BB_MESSAGE_ID];
    static unsigned next;
    uint8_t *id = ids[next++ % COUNT(ids)];

    memset(id, 0x5A, BB_MESSAGE_ID);
    bb_put_u32(id + 12, number);
    return (ProtobufCBinaryData){.data = id, .len = BB_MESSAGE_ID};
}

void
fixture_publish_init(Bb__Publish *publish, uint32_t id, char **channels, size_t n, const char *subject)
{
    bb__publish__init(publish);
    publish->id = fixture_id(id);
    publish->channel = channels;
    publish->n_channel = n;
    publish->kind = BB__MESSAGE_KIND__POST;
    publish->subject = (char *)(uintptr_t)subject;
}

uint32_t
fixture_publish(struct fixture *f, const char *organization, const Bb__Publish *publish)
{
    return fixture_call(f, organization, "main", BB_METHOD_MESSAGE_PUBLISH, &publish->base);
}

uint64_t
fixture_post(struct fixture *f, const char *organization, uint32_t id, const char *channel,
             const char *subject)
{
    char *channels[] = {(char *)(uintptr_t)channel};
    Bb__PublishReply *reply;
    Bb__Publish publish;

    fixture_publish_init(&publish, id, channels, 1, subject);
    if (strcmp(organization, "backbone") == 0)
        publish.kind = BB__MESSAGE_KIND__ANNOUNCEMENT;
    if (fixture_publish(f, organization, &publish) != 0)
        fail_msg("%s to %s: %s", organization, channel, f->message);
    fixture_reply(f, bb__publish_reply, &reply);
    return reply->sequence;
}

uint32_t
fixture_withdraw(struct fixture *f, const char *organization, uint32_t id, uint32_t message)
{
    Bb__Withdraw withdraw = BB__WITHDRAW__INIT;

    withdraw.id = fixture_id(id);
    withdraw.message = fixture_id(message);
    return fixture_call(f, organization, "main", BB_METHOD_MESSAGE_WITHDRAW, &withdraw.base);
}

void
fixture_supersede(struct fixture *f, const char *organization, uint32_t id, uint32_t message,
                  const char *channel)
{
    char *channels[] = {(char *)(uintptr_t)channel};
    Bb__Publish publish;

    fixture_publish_init(&publish, id, channels, 1, "Newer");
    publish.has_supersedes = true;
    publish.supersedes = fixture_id(message);
    assert_int_equal(fixture_publish(f, organization, &publish), 0);
}

const Bb__MessageListReply *
fixture_messages(struct fixture *f, const char *organization, const Bb__MessageQuery *query)
{
    Bb__MessageListReply *reply;

    if (fixture_call(f, organization, "main", BB_METHOD_MESSAGE_LIST, &query->base) != 0)
        fail_msg("%s: %s", organization, f->message);
    fixture_reply(f, bb__message_list_reply, &reply);
    return reply;
}

const char *
fixture_list(struct fixture *f, const char *organization, const Bb__MessageQuery *query)
{
    static char subjects[4096];
    const Bb__MessageListReply *reply = fixture_messages(f, organization, query);

    subjects[0] = '\0';
    for (size_t i = 0; i < reply->n_message; i++)
        snprintf(subjects + strlen(subjects), sizeof subjects - strlen(subjects), "%s%s", i ? "," : "",
                 reply->message[i]->message->subject);
    return subjects;
}

uint32_t
fixture_mark(struct fixture *f, const char *organization, uint32_t id, Bb__ReceiptState state)
{
    Bb__MessageMark mark = BB__MESSAGE_MARK__INIT;

    mark.id = fixture_id(id);
    mark.state = state;
    return fixture_call(f, organization, "main", BB_METHOD_MESSAGE_MARK, &mark.base);
}

uint32_t
fixture_member(struct fixture *f, const char *group, const char *organization, bool joins)
{
    Bb__GroupMember member = BB__GROUP_MEMBER__INIT;

    member.group = (char *)(uintptr_t)group;
    member.organization = (char *)(uintptr_t)organization;
    member.join = joins;
    return fixture_call(f, "backbone", "main", BB_METHOD_GROUP_MEMBER, &member.base);
}
