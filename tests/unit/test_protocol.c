/* test_protocol.c - lines of the control socket: what is read from them, and what is written. */
#include "protocol.h"

#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_MAX ((size_t)32 << 10)

static struct protocol_request *parse(const char *line)
{
    struct protocol_request *request = protocol_parse(line);
    cr_assert_not_null(request);
    cr_assert_not_null(request->id);
    return request;
}

/* The line is refused, with this id and this in its text. */
static void expect_refused(const char *line, const char *id, const char *why)
{
    struct protocol_request *request = parse(line);
    cr_assert_not_null(request->error, "accepted: %s", line);
    cr_assert_str_eq(request->id, id, "id %s: %s", request->id, line);
    cr_assert_not_null(strstr(request->error, why), "'%s': %s", request->error, line);
    protocol_request_free(request);
}

static void expect_id(const char *given, const char *repeated)
{
    char line[256];
    snprintf(line, sizeof line, "{\"id\":%s,\"command\":\"pid\"}", given);
    struct protocol_request *request = parse(line);
    cr_assert_null(request->error, "%s: %s", line, request->error);
    cr_assert_str_eq(request->id, repeated);
    protocol_request_free(request);
}

/* What put_output() writes, as a string to free(). */
static char *output_of(const char *bytes, size_t count, bool json)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    cr_assert_eq(protocol_put_output(out, "1", bytes, count, json), 0);
    fclose(out);
    return text;
}

static void expect_output(const char *bytes, bool json, const char *expected)
{
    char *text = output_of(bytes, strlen(bytes), json);
    cr_assert_str_eq(text, expected);
    free(text);
}

/* Puts together again what came in pieces, each of which must be whole and short enough. */
static char *joined(char *lines)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    for (char *line = strtok_r(lines, "\n", &lines); line; line = strtok_r(NULL, "\n", &lines)) {
        cJSON *object = cJSON_Parse(line);
        const char *piece = cJSON_GetStringValue(cJSON_GetObjectItem(object, "output"));
        cr_assert_not_null(piece);
        cr_assert_leq(strlen(piece), PIECE_MAX);
        cr_assert_null(strstr(piece, "\xef\xbf\xbd"), "a character was cut");
        fputs(piece, out);
        cJSON_Delete(object);
    }
    fclose(out);
    return text;
}

Test(protocol, a_request_has_its_words_and_its_wishes)
{
    struct protocol_request *request = parse(
        "{\"id\":7,\"command\":\"logs\",\"args\":[\"web\",50],\"json\":true,\"colour\":true,"
        "\"width\":80,\"progress\":true,\"protocol\":1,\"unknown\":[{}]}");
    cr_assert_null(request->error);
    cr_assert_str_eq(request->id, "7");
    cr_assert_eq(request->word_count, 3);
    cr_assert_str_eq(request->words[0], "logs");
    cr_assert_str_eq(request->words[1], "web");
    cr_assert_str_eq(request->words[2], "50");
    cr_assert_null(request->words[3]);
    cr_assert(request->json && request->colour && request->progress);
    cr_assert_eq(request->width, 80);
    protocol_request_free(request);
}

Test(protocol, a_request_needs_only_a_command)
{
    struct protocol_request *request = parse("{\"command\":\"status\"}");
    cr_assert_null(request->error);
    cr_assert_str_eq(request->id, "null");
    cr_assert_eq(request->word_count, 1);
    cr_assert(!request->json && !request->colour && !request->progress);
    cr_assert_eq(request->width, 0);
    protocol_request_free(request);
}

Test(protocol, an_id_comes_back_as_it_was)
{
    expect_id("1", "1");
    expect_id("-3.5", "-3.5");
    expect_id("0.1", "0.1");
    expect_id("9007199254740991", "9007199254740991");
    expect_id("null", "null");
    expect_id("\"a \\\"b\\\" \\n\"", "\"a \\\"b\\\" \\n\"");
    expect_id("\"\xff\"", "\"\xef\xbf\xbd\"");
}

Test(protocol, what_is_no_request_is_refused_with_its_id)
{
    expect_refused("frob", "null", "bad JSON");
    expect_refused("{\"id\":1,\"command\":\"pid\"} {}", "null", "bad JSON");
    expect_refused("{\"id\":1", "null", "bad JSON");
    expect_refused("[1]", "null", "an object");
    expect_refused("\"status\"", "null", "an object");
    expect_refused("{\"id\":{},\"command\":\"pid\"}", "null", "'id'");
    expect_refused("{\"id\":12345678901234567890,\"command\":\"pid\"}", "null", "a string");
    expect_refused("{\"id\":1e999,\"command\":\"pid\"}", "null", "a string");
    expect_refused("{\"id\":1}", "1", "'command'");
    expect_refused("{\"id\":1,\"command\":[\"pid\"]}", "1", "'command'");
    expect_refused("{\"id\":1,\"command\":\"pid\",\"args\":\"web\"}", "1", "'args'");
    expect_refused("{\"id\":1,\"command\":\"pid\",\"args\":[true]}", "1", "'args'");
    expect_refused("{\"id\":1,\"command\":\"pid\",\"json\":1}", "1", "'json'");
    expect_refused("{\"id\":1,\"command\":\"pid\",\"width\":-1}", "1", "'width'");
    expect_refused("{\"id\":1,\"command\":\"pid\",\"protocol\":2}", "1", "protocol 1");
}

Test(protocol, no_word_ends_at_a_nul_that_was_escaped)
{
    expect_refused("{\"id\":1,\"command\":\"stop\",\"args\":[\"web\\u0000x\"]}", "1", "NUL");
    struct protocol_request *request = parse("{\"command\":\"pid\",\"args\":[\"\\\\u0000\"]}");
    cr_assert_null(request->error);
    cr_assert_str_eq(request->words[1], "\\u0000");
    protocol_request_free(request);
}

Test(protocol, nesting_without_end_is_bad_json)
{
    char line[60000];
    memset(line, '[', sizeof line);
    line[sizeof line - 1] = '\0';
    expect_refused(line, "null", "bad JSON");
}

Test(protocol, output_is_one_line_of_json)
{
    expect_output("", false, "");
    expect_output("one\ntwo\n", false, "{\"id\":1,\"output\":\"one\\ntwo\\n\"}\n");
    expect_output("\xff\x1b[0m", false, "{\"id\":1,\"output\":\"\xef\xbf\xbd\\u001b[0m\"}\n");
    char *text = output_of("a\0b", 3, false);
    cr_assert_str_eq(text, "{\"id\":1,\"output\":\"a\xef\xbf\xbd"
                           "b\"}\n");
    free(text);
}

Test(protocol, long_output_comes_in_pieces_that_end_with_a_line_or_a_character)
{
    static const char *const samples[] = { "a line of text\n", "\xe2\x82\xac", "x" };
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        size_t length = strlen(samples[i]), count = 200001 / length * length;
        char *bytes = malloc(count + 1);
        for (size_t at = 0; at < count; at += length)
            memcpy(bytes + at, samples[i], length + 1);
        char *lines = output_of(bytes, count, false);
        if (samples[i][length - 1] == '\n')
            cr_assert_null(strstr(lines, "line\"}"), "a line was cut");
        char *text = joined(lines);
        cr_assert_str_eq(text, bytes);
        free(text);
        free(lines);
        free(bytes);
    }
}

Test(protocol, lines_that_are_objects_are_results)
{
    expect_output("{\"a\":1}\n{\"b\":2}\n", true,
                  "{\"id\":1,\"result\":{\"a\":1}}\n{\"id\":1,\"result\":{\"b\":2}}\n");
    expect_output("usage\nof it\n{\"a\":1}\n{unfinished\n", true,
                  "{\"id\":1,\"output\":\"usage\\nof it\\n\"}\n{\"id\":1,\"result\":{\"a\":1}}\n"
                  "{\"id\":1,\"output\":\"{unfinished\\n\"}\n");
    expect_output("{\"a\":1}\n", false, "{\"id\":1,\"output\":\"{\\\"a\\\":1}\\n\"}\n");
}

Test(protocol, an_answer_ends_with_its_exit_status)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    cr_assert_eq(protocol_put_waiting(out, "\"x\"", "waiting for web to stop"), 0);
    protocol_put_exit(out, "\"x\"", 3);
    cr_assert_eq(protocol_put_error(out, "null", "no \"such\" \xfe", 2), 0);
    fclose(out);
    cr_assert_str_eq(text, "{\"id\":\"x\",\"waiting\":\"waiting for web to stop\"}\n"
                           "{\"id\":\"x\",\"exit\":3}\n"
                           "{\"id\":null,\"error\":\"no \\\"such\\\" \xef\xbf\xbd\",\"exit\":2}\n");
    free(text);
}
