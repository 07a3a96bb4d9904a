/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing JSON.
 */
#include "shell/json.h"

#include <stdlib.h>
#include <string.h>

#define JSON_MAX_DEPTH 200

typedef struct json_reader {
    const char *at;
    const char *end;
    const char *reason;
} json_reader;

static bool json_refuse(json_reader *reader, const char *reason)
{
    if (reader->reason == NULL) {
        reader->reason = reason;
    }
    return false;
}

static void json_blanks(json_reader *reader)
{
    while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\t' || *reader->at == '\n' || *reader->at == '\r')) {
        reader->at++;
    }
}

static bool json_take(json_reader *reader, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, word, length) != 0) {
        return false;
    }
    reader->at += length;
    return true;
}

/* ---- strings ---- */

static bool json_hex4(json_reader *reader, uint32_t *out)
{
    if (reader->end - reader->at < 4) {
        return json_refuse(reader, "a \\u escape is cut off");
    }
    *out = 0;
    for (int i = 0; i < 4; i++) {
        char c = *reader->at++;
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                                : 16;
        if (digit == 16) {
            return json_refuse(reader, "a \\u escape has a digit that is not hexadecimal");
        }
        *out = *out * 16 + digit;
    }
    return true;
}

static void json_append_utf8(shell_text *out, uint32_t c)
{
    if (c < 0x80) {
        shell_text_char(out, (char)c);
    } else if (c < 0x800) {
        shell_text_char(out, (char)(0xc0 | c >> 6));
        shell_text_char(out, (char)(0x80 | (c & 0x3f)));
    } else if (c < 0x10000) {
        shell_text_char(out, (char)(0xe0 | c >> 12));
        shell_text_char(out, (char)(0x80 | (c >> 6 & 0x3f)));
        shell_text_char(out, (char)(0x80 | (c & 0x3f)));
    } else {
        shell_text_char(out, (char)(0xf0 | c >> 18));
        shell_text_char(out, (char)(0x80 | (c >> 12 & 0x3f)));
        shell_text_char(out, (char)(0x80 | (c >> 6 & 0x3f)));
        shell_text_char(out, (char)(0x80 | (c & 0x3f)));
    }
}

/* Behind "\u": a character, half of a pair, or a byte that is not UTF-8. */
static bool json_unicode_escape(json_reader *reader, shell_text *out)
{
    uint32_t c = 0;
    if (!json_hex4(reader, &c)) {
        return false;
    }
    if (c >= 0xdc80 && c <= 0xdcff) {
        shell_text_char(out, (char)(c - 0xdc00));
        return true;
    }
    if (c >= 0xd800 && c < 0xdc00) {
        uint32_t low = 0;
        const char *before = reader->at;
        if (json_take(reader, "\\u") && json_hex4(reader, &low) && low >= 0xdc00 && low < 0xe000) {
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        } else {
            reader->at = before;
            return json_refuse(reader, "a surrogate stands alone");
        }
    } else if (c >= 0xdc00 && c < 0xe000) {
        return json_refuse(reader, "a surrogate stands alone");
    }
    json_append_utf8(out, c);
    return true;
}

static bool json_string(json_reader *reader, shell_text *out)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    reader->at++; /* the quote */
    shell_text_clear(out);
    while (reader->at < reader->end) {
        const char *plain = reader->at;
        while (reader->at < reader->end && *reader->at != '"' && *reader->at != '\\') {
            reader->at++;
        }
        shell_text_append(out, plain, (size_t)(reader->at - plain));
        if (reader->at == reader->end) {
            break;
        }
        if (*reader->at++ == '"') {
            return true;
        }
        if (reader->at == reader->end) {
            break;
        }
        char c = *reader->at++;
        const char *name = c == '\0' ? NULL : strchr(names, c);
        if (name != NULL) {
            shell_text_char(out, values[name - names]);
        } else if (c != 'u') {
            return json_refuse(reader, "an unknown escape");
        } else if (!json_unicode_escape(reader, out)) {
            return false;
        }
    }
    return json_refuse(reader, "a string does not end");
}

/* ---- numbers ---- */

static bool json_number(json_reader *reader, json_node *node)
{
    const char *start = reader->at;
    bool whole = true;
    bool digits = false;
    bool negative = *start == '-';
    uint64_t magnitude = 0;
    for (reader->at += negative; reader->at < reader->end && strchr("0123456789.eE+-", *reader->at) != NULL && *reader->at != '\0'; reader->at++) {
        char c = *reader->at;
        if (c < '0' || c > '9') {
            whole = false;
            continue;
        }
        digits = true;
        if (magnitude > (uint64_t)INT64_MAX / 10 || magnitude * 10 + (uint64_t)(c - '0') > (uint64_t)INT64_MAX + negative) {
            whole = false; /* too large for INT64 */
        } else if (whole) {
            magnitude = magnitude * 10 + (uint64_t)(c - '0');
        }
    }
    if (!digits) {
        return json_refuse(reader, "a value was expected");
    }
    if (whole) {
        node->kind = JSON_INT;
        node->integer = negative ? (int64_t)(~magnitude + 1) : (int64_t)magnitude;
        return true;
    }
    shell_text text = {0};
    shell_text_append(&text, start, (size_t)(reader->at - start));
    char *end = NULL;
    node->kind = JSON_DOUBLE;
    node->number = strtod(text.data, &end); /* the program never leaves the C locale */
    bool all = *end == '\0';
    shell_text_free(&text);
    return all || json_refuse(reader, "a number is malformed");
}

/* ---- values ---- */

static json_node *json_add_child(json_node *node)
{
    if (node->count == node->capacity) {
        node->capacity = node->capacity == 0 ? 8 : node->capacity * 2;
        node->children = (json_node *)shell_realloc(node->children, node->capacity * sizeof *node->children);
        node->keys = (shell_text *)shell_realloc(node->keys, node->capacity * sizeof *node->keys);
    }
    memset(&node->children[node->count], 0, sizeof *node->children);
    memset(&node->keys[node->count], 0, sizeof *node->keys);
    return &node->children[node->count++];
}

static bool json_value(json_reader *reader, json_node *node, int depth);

/* Elements or members up to the closing bracket; the opening one has been read. */
static bool json_items(json_reader *reader, json_node *node, char close, int depth)
{
    json_blanks(reader);
    if (reader->at < reader->end && *reader->at == close) {
        reader->at++;
        return true;
    }
    for (;;) {
        json_node *child = json_add_child(node);
        if (close == '}') {
            json_blanks(reader);
            if (reader->at == reader->end || *reader->at != '"') {
                return json_refuse(reader, "a member's name was expected");
            }
            if (!json_string(reader, &node->keys[node->count - 1])) {
                return false;
            }
            json_blanks(reader);
            if (!json_take(reader, ":")) {
                return json_refuse(reader, "a colon was expected");
            }
        }
        if (!json_value(reader, child, depth + 1)) {
            return false;
        }
        json_blanks(reader);
        if (json_take(reader, ",")) {
            continue;
        }
        if (reader->at < reader->end && *reader->at == close) {
            reader->at++;
            return true;
        }
        return json_refuse(reader, "a comma or a closing bracket was expected");
    }
}

static bool json_value(json_reader *reader, json_node *node, int depth)
{
    json_blanks(reader);
    if (depth > JSON_MAX_DEPTH) {
        return json_refuse(reader, "it is nested too deeply");
    }
    if (reader->at == reader->end) {
        return json_refuse(reader, "it is cut off");
    }
    node->source = reader->at;
    bool ok = true;
    if (*reader->at == '"') {
        node->kind = JSON_STRING;
        ok = json_string(reader, &node->text);
    } else if (*reader->at == '[' || *reader->at == '{') {
        char close = *reader->at++ == '[' ? ']' : '}';
        node->kind = close == ']' ? JSON_ARRAY : JSON_OBJECT;
        ok = json_items(reader, node, close, depth);
    } else if (json_take(reader, "true") || json_take(reader, "false")) {
        node->kind = JSON_BOOL;
        node->boolean = reader->at[-2] == 'u';
    } else if (json_take(reader, "null")) {
        node->kind = JSON_NULL;
    } else {
        ok = json_number(reader, node);
    }
    node->source_length = (size_t)(reader->at - node->source);
    return ok;
}

bool json_parse(const char *text, size_t length, json_node *out, const char **out_reason)
{
    memset(out, 0, sizeof *out);
    json_reader reader = {.at = text, .end = text + length};
    bool ok = json_value(&reader, out, 0);
    json_blanks(&reader);
    if (ok && reader.at != reader.end) {
        ok = json_refuse(&reader, "something follows the value");
    }
    *out_reason = reader.reason;
    return ok;
}

void json_free(json_node *node)
{
    for (size_t i = 0; i < node->count; i++) {
        json_free(&node->children[i]);
        shell_text_free(&node->keys[i]);
    }
    free(node->children);
    free(node->keys);
    shell_text_free(&node->text);
    memset(node, 0, sizeof *node);
}

const json_node *json_member(const json_node *object, const char *key)
{
    for (size_t i = object->kind == JSON_OBJECT ? object->count : 0; i-- > 0;) { /* the last one of a name wins */
        if (object->keys[i].length == strlen(key) && memcmp(object->keys[i].data, key, object->keys[i].length) == 0) {
            return &object->children[i];
        }
    }
    return NULL;
}

/* ---- writing ---- */

/* Bytes of the well-formed UTF-8 character at data, 0 when there is none. */
static size_t json_utf8_length(const unsigned char *data, size_t length)
{
    unsigned char c = data[0];
    size_t want = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : (c & 0xf0) == 0xe0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;
    if (want == 0 || want > length) {
        return 0;
    }
    for (size_t i = 1; i < want; i++) {
        if ((data[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    bool bad = (c == 0xe0 && data[1] < 0xa0) || (c == 0xed && data[1] > 0x9f) || (c == 0xf0 && data[1] < 0x90) || (c == 0xf4 && data[1] > 0x8f);
    return bad ? 0 : want;
}

void json_append_string(shell_text *out, const char *data, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)data;
    char escape[8];
    shell_text_char(out, '"');
    for (size_t at = 0; at < length;) {
        size_t plain = at;
        while (plain < length && bytes[plain] >= 0x20 && bytes[plain] < 0x7f && bytes[plain] != '"' && bytes[plain] != '\\') {
            plain++;
        }
        shell_text_append(out, data + at, plain - at);
        at = plain;
        if (at == length) {
            break;
        }
        size_t width = json_utf8_length(bytes + at, length - at);
        if (width > 1) {
            shell_text_append(out, data + at, width);
            at += width;
            continue;
        }
        if (bytes[at] == '"' || bytes[at] == '\\') {
            escape[0] = '\\';
            escape[1] = data[at];
            escape[2] = '\0';
        } else {
            (void)snprintf(escape, sizeof escape, "\\u%04x", bytes[at] < 0x80 ? (unsigned)bytes[at] : 0xdc00u + bytes[at]);
        }
        shell_text_add(out, escape);
        at++;
    }
    shell_text_char(out, '"');
}

void json_append_double(shell_text *out, double value)
{
    char number[64];
    (void)snprintf(number, sizeof number, "%.3f", value);
    shell_text_add(out, number);
}
