/* test_client.c - one command over a socket, whose other end the test plays by hand: a good
 * supervisor, a bad one, and none. */
#include "client.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"

#define PATIENCE_MS 20000

struct scene {
    char directory[64];
    char path[80];
    int listener;
    int peer; /* the supervisor's end */
    struct client *client;
    char *text; /* what was printed */
    size_t bytes;
    FILE *out;
    int status;
};

static char *words[] = { "stop", "we b", "-f", NULL };
static const struct client_request plain = { .words = words, .count = 3 };

static void listen_at(struct scene *s, int backlog)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path, "%s", s->path);
    s->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(s->listener, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(s->listener, backlog), 0);
}

static void scene_init(struct scene *s)
{
    *s = (struct scene){ .directory = "/tmp/test_client.XXXXXX", .listener = -1, .peer = -1 };
    cr_assert_not_null(mkdtemp(s->directory));
    snprintf(s->path, sizeof s->path, "%s/s", s->directory);
    s->out = open_memstream(&s->text, &s->bytes);
    s->status = -1;
}

static bool run(struct scene *s)
{
    bool done = client_run(s->client, s->out, &s->status);
    fflush(s->out);
    return done;
}

/* A client that has sent its request, which is in `line` then. */
static void connect_client(struct scene *s, const struct client_request *request, bool until_gone,
                           char line[1000])
{
    scene_init(s);
    listen_at(s, 5);
    s->client = client_new(s->path, request, until_gone);
    cr_assert_not(run(s));
    s->peer = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
    ssize_t n = recv(s->peer, line, 999, 0);
    cr_assert_gt(n, 0);
    line[n] = '\0';
}

static void scene_release(struct scene *s)
{
    client_free(s->client);
    fclose(s->out);
    free(s->text);
    if (s->listener >= 0)
        close(s->listener);
    if (s->peer >= 0)
        close(s->peer);
    unlink(s->path);
    rmdir(s->directory);
}

static void say(struct scene *s, const char *text)
{
    cr_assert_eq(send(s->peer, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static bool is_woken(const struct scene *s)
{
    struct pollfd p = { .fd = client_fd(s->client), .events = POLLIN };
    return poll(&p, 1, 0) == 1;
}

static void run_to_the_end(struct scene *s)
{
    int64_t deadline_ms = clock_ms() + PATIENCE_MS;
    while (!run(s)) {
        int64_t until_ms = client_deadline_ms(s->client);
        struct pollfd p = { .fd = client_fd(s->client), .events = POLLIN };
        cr_assert_lt(clock_ms(), deadline_ms);
        poll(&p, 1, clock_poll_timeout(until_ms < deadline_ms ? until_ms : deadline_ms));
    }
}

static void expect(const struct scene *s, int status, const char *text)
{
    cr_expect_eq(s->status, status, "status %d", s->status);
    cr_expect_str_eq(s->text ? s->text : "", text);
}

Test(client, sends_its_words_and_how_the_answer_is_to_look)
{
    struct scene s;
    char line[1000];
    const struct client_request request = {
        .words = words, .count = 3, .colour = true, .width = 80, .progress = true
    };
    connect_client(&s, &request, false, line);
    cr_assert_str_eq(line,
                     "{\"id\":1,\"protocol\":1,\"command\":\"stop\",\"args\":[\"we b\",\"-f\"],"
                     "\"colour\":true,\"width\":80,\"progress\":true}\n");
    scene_release(&s);
}

Test(client, prints_what_comes_as_it_comes)
{
    struct scene s;
    char line[1000];
    connect_client(&s, &plain, false, line);
    cr_assert_not(is_woken(&s));
    say(&s, "{\"id\":1,\"output\":\"one\\ntw\"}\n{\"id\":1,\"out");
    cr_assert(is_woken(&s));
    cr_assert_not(run(&s));
    cr_assert_str_eq(s.text, "one\ntw");
    cr_assert_null(client_waiting_for(s.client));
    say(&s, "put\":\"o\\n\"}\n{\"id\":1,\"waiting\":\"for web\"}\n");
    say(&s, "{\"id\":1,\"result\":{ \"a\": [1]}}\n");
    cr_assert_not(run(&s));
    cr_assert_str_eq(s.text, "one\ntwo\n{\"a\":[1]}\n");
    cr_assert_str_eq(client_waiting_for(s.client), "for web");
    say(&s, "{\"id\":1,\"something\":\"new\"}\n{\"id\":1,\"exit\":3}\n");
    run_to_the_end(&s);
    expect(&s, 3, "one\ntwo\n{\"a\":[1]}\n");
    cr_assert_null(client_problem(s.client));
    scene_release(&s);
}

Test(client, an_error_about_the_command_is_printed)
{
    struct scene s;
    char line[1000];
    connect_client(&s, &plain, false, line);
    say(&s, "{\"id\":1,\"error\":\"Unknown command: x.\",\"exit\":2}\n");
    run_to_the_end(&s);
    expect(&s, 2, "Unknown command: x.\n");
    cr_assert_null(client_problem(s.client));
    scene_release(&s);
}

Test(client, an_error_about_the_connection_is_its_problem)
{
    struct scene s;
    char line[1000];
    connect_client(&s, &plain, false, line);
    say(&s, "{\"id\":null,\"error\":\"too many clients (64)\",\"exit\":1}\n");
    run_to_the_end(&s);
    expect(&s, 1, "");
    cr_assert_str_eq(client_problem(s.client), "too many clients (64)");
    scene_release(&s);
}

Test(client, a_refusal_is_heard_even_if_the_request_was_not)
{
    struct scene s;
    scene_init(&s);
    listen_at(&s, 5);
    s.client = client_new(s.path, &plain, false);
    /* Connected, refused and closed before the client looks again. */
    cr_assert_not(run(&s));
    s.peer = accept4(s.listener, NULL, NULL, SOCK_CLOEXEC);
    say(&s, "{\"id\":null,\"error\":\"not allowed\",\"exit\":1}\n");
    close(s.peer);
    s.peer = -1;
    run_to_the_end(&s);
    expect(&s, 1, "");
    cr_assert_str_eq(client_problem(s.client), "not allowed");
    scene_release(&s);
}

/* More than the socket takes at once, so that it is in the middle of it. */
Test(client, a_request_that_cannot_be_sent_is_not_waited_for)
{
    const size_t bytes = 4 << 20;
    struct scene s;
    scene_init(&s);
    listen_at(&s, 5);
    char *word = malloc(bytes + 1);
    cr_assert_not_null(word);
    memset(word, 'x', bytes);
    word[bytes] = '\0';
    const struct client_request request = { .words = (char *[]){ word, NULL }, .count = 1 };
    s.client = client_new(s.path, &request, false);
    cr_assert_not(run(&s));
    s.peer = accept4(s.listener, NULL, NULL, SOCK_CLOEXEC);
    cr_assert_eq(shutdown(s.peer, SHUT_RD), 0); /* it stays there, and says nothing */
    run_to_the_end(&s);
    expect(&s, CLIENT_NO_ANSWER, "");
    cr_expect_not_null(strstr(client_problem(s.client), "Broken pipe"));
    free(word);
    scene_release(&s);
}

Test(client, an_answer_may_be_megabytes_long)
{
    struct scene s;
    char line[1000];
    size_t length = (size_t)3 << 20;
    char *text = malloc(length + 1);
    memset(text, 'x', length);
    text[length] = '\0';
    connect_client(&s, &plain, false, line);
    size_t sent = 0;
    say(&s, "{\"id\":1,\"output\":\"");
    int64_t deadline_ms = clock_ms() + PATIENCE_MS;
    while (sent < length && clock_ms() < deadline_ms) {
        ssize_t n = send(s.peer, text + sent, length - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        sent += n > 0 ? (size_t)n : 0;
        cr_assert_not(run(&s));
    }
    say(&s, "\"}\n{\"id\":1,\"exit\":0}\n");
    run_to_the_end(&s);
    cr_assert_eq(s.status, 0);
    cr_assert_eq(s.bytes, length);
    free(text);
    scene_release(&s);
}

Test(client, no_full_answer_is_status_4)
{
    static const struct {
        const char *said, *printed, *problem;
    } cases[] = {
        { "", "", "connection lost" },
        { "{\"id\":1,\"output\":\"half\"}\n", "half", "connection lost" },
        { "{\"id\":1,\"exit\":0}", "", "connection lost" },
        { "HTTP/1.1 200 OK\r\n", "", "no supervisor" },
        { "\n", "", "no supervisor" },
        { "[1]\n", "", "no supervisor" },
        { "{\"id\":1,\"exit\":\"0\"}\n", "", "no supervisor" },
        { "{\"id\":1,\"exit\":-1}\n", "", "no supervisor" },
        { "{\"id\":1,\"exit\":4711}\n", "", "no supervisor" },
        { "{\"error\":\"x\",\"exit\":2}\n", "", "no supervisor" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene s;
        char line[1000];
        connect_client(&s, &plain, false, line);
        if (cases[i].said[0])
            say(&s, cases[i].said);
        close(s.peer);
        s.peer = -1;
        run_to_the_end(&s);
        expect(&s, CLIENT_NO_ANSWER, cases[i].printed);
        cr_assert_not_null(client_problem(s.client));
        cr_assert_not_null(strstr(client_problem(s.client), cases[i].problem), "%s: %s",
                           cases[i].said, client_problem(s.client));
        cr_assert(client_was_connected(s.client));
        scene_release(&s);
    }
}

Test(client, until_gone_waits_for_the_end_of_the_connection)
{
    struct scene s;
    char line[1000];
    connect_client(&s, &plain, true, line);
    say(&s, "{\"id\":1,\"exit\":0}\n");
    cr_assert_not(run(&s));
    cr_assert_not(is_woken(&s));
    close(s.peer);
    s.peer = -1;
    run_to_the_end(&s);
    expect(&s, 0, "");
    cr_assert_null(client_problem(s.client));
    scene_release(&s);
}

Test(client, until_gone_does_not_wait_for_what_failed)
{
    struct scene s;
    char line[1000];
    connect_client(&s, &plain, true, line);
    say(&s, "{\"id\":1,\"exit\":1}\n");
    run_to_the_end(&s);
    expect(&s, 1, "");
    scene_release(&s);
}

static void expect_no_supervisor(struct scene *s, const char *path, const char *why)
{
    s->client = client_new(path, &plain, false);
    run_to_the_end(s);
    expect(s, CLIENT_NO_ANSWER, "");
    cr_assert_not(client_was_connected(s->client));
    cr_assert_not_null(strstr(client_problem(s->client), why), "%s", client_problem(s->client));
    client_free(s->client);
    s->client = NULL;
}

Test(client, says_why_no_supervisor_answers)
{
    struct scene s;
    char path[200];
    scene_init(&s);
    expect_no_supervisor(&s, s.path, "No such file or directory");
    cr_assert_eq(close(creat(s.path, 0600)), 0);
    expect_no_supervisor(&s, s.path, "Connection refused");
    unlink(s.path);
    listen_at(&s, 5);
    close(s.listener);
    s.listener = -1;
    expect_no_supervisor(&s, s.path, "Connection refused");
    memset(path, 'x', sizeof path);
    path[sizeof path - 1] = '\0';
    expect_no_supervisor(&s, path, "File name too long");
    scene_release(&s);
}

Test(client, tries_again_while_the_queue_is_full)
{
    struct scene s;
    struct client *first;
    FILE *nowhere = fopen("/dev/null", "w");
    int status;
    scene_init(&s);
    listen_at(&s, 0); /* room for one */
    first = client_new(s.path, &plain, false);
    cr_assert_not(client_run(first, nowhere, &status));
    s.client = client_new(s.path, &plain, false);
    cr_assert_not(run(&s));
    cr_assert_lt(client_deadline_ms(s.client), INT64_MAX);
    close(accept4(s.listener, NULL, NULL, SOCK_CLOEXEC));
    while (!client_was_connected(s.client))
        cr_assert_not(run(&s));
    cr_assert_eq(client_deadline_ms(s.client), INT64_MAX);
    client_free(first);
    fclose(nowhere);
    scene_release(&s);
}
