/* SPDX-License-Identifier: MIT */
/*
 * Results as text for people and for other programs: drawn tables, delimited values, Markdown, HTML. (JSON: result_json.c.)
 */
#include "api/api.h"

#include <string.h>

/* ---- the box ---- */

/* Columns of a terminal that a character takes: 2 for East Asian wide ones and most pictographs, 0 for combining ones. */
static uint32_t text_char_width(uint32_t c)
{
    static const struct {
        uint32_t first, last, width;
    } ranges[] = {
        {0x0000, 0x001f, 0}, {0x007f, 0x009f, 0}, {0x0300, 0x036f, 0}, {0x0483, 0x0489, 0}, {0x0591, 0x05bd, 0}, {0x0610, 0x061a, 0},
        {0x064b, 0x065f, 0}, {0x1100, 0x115f, 2}, {0x1ab0, 0x1aff, 0}, {0x1dc0, 0x1dff, 0}, {0x200b, 0x200f, 0}, {0x20d0, 0x20ff, 0},
        {0x2e80, 0x303e, 2}, {0x3041, 0x33ff, 2}, {0x3400, 0x4dbf, 2}, {0x4e00, 0x9fff, 2}, {0xa000, 0xa4cf, 2}, {0xac00, 0xd7a3, 2},
        {0xf900, 0xfaff, 2}, {0xfe00, 0xfe0f, 0}, {0xfe20, 0xfe2f, 0}, {0xfe30, 0xfe4f, 2}, {0xff00, 0xff60, 2}, {0xffe0, 0xffe6, 2},
        {0x1f300, 0x1f64f, 2}, {0x1f680, 0x1f6ff, 2}, {0x1f900, 0x1f9ff, 2}, {0x20000, 0x3fffd, 2},
    };
    if (c >= 0x20 && c < 0x7f) {
        return 1;
    }
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (c >= ranges[i].first && c <= ranges[i].last) {
            return ranges[i].width;
        }
    }
    return 1;
}

/* The next character as the box shows it: line breaks and tabs would tear it apart. Returns its bytes in the text, gives what to print. */
static size_t text_box_char(const char *text, size_t length, const char **out, size_t *out_length, uint32_t *out_width)
{
    uint32_t code_point = 0;
    size_t bytes = rz_utf8_decode(text, length, &code_point);
    *out = text;
    *out_length = bytes;
    *out_width = text_char_width(code_point);
    if (bytes == 0) { /* not UTF-8 */
        *out = "\xef\xbf\xbd"; /* U+FFFD */
        *out_length = 3;
        *out_width = 1;
        return 1;
    }
    if (code_point == '\n' || code_point == '\r' || code_point == '\t') {
        *out = code_point == '\n' ? "\\n" : code_point == '\r' ? "\\r" : "\\t";
        *out_length = 2;
        *out_width = 2;
    } else if (code_point < 0x20 || code_point == 0x7f) {
        *out = "?";
        *out_length = 1;
        *out_width = 1;
    }
    return bytes;
}

/* Appends the text for a box (out NULL: only measures) and returns its width. */
static uint64_t text_box_text(const char *text, size_t length, rz_str *out)
{
    uint64_t width = 0;
    for (size_t at = 0; at < length;) {
        const char *shown = NULL;
        size_t shown_length = 0;
        uint32_t shown_width = 0;
        at += text_box_char(text + at, length - at, &shown, &shown_length, &shown_width);
        width += shown_width;
        if (out != NULL) {
            rz_str_append(out, shown, shown_length);
        }
    }
    return width;
}

static void text_fill(rz_str *out, const char *piece, uint64_t count)
{
    for (uint64_t i = 0; i < count && !out->failed; i++) {
        rz_str_append_text(out, piece);
    }
}

static void text_box_rule(rz_str *out, const uint64_t *widths, uint32_t count, const char *left, const char *middle, const char *right)
{
    for (uint32_t c = 0; c < count; c++) {
        rz_str_append_text(out, c == 0 ? left : middle);
        text_fill(out, "\xe2\x94\x80", widths[c] + 2); /* ─ */
    }
    rz_str_append_text(out, right);
    rz_str_append_char(out, '\n');
}

static void text_box_cell(rz_str *out, const char *text, size_t length, uint64_t width, bool right)
{
    uint64_t own = text_box_text(text, length, NULL);
    rz_str_append_text(out, "\xe2\x94\x82 "); /* │ */
    text_fill(out, " ", right && own < width ? width - own : 0);
    (void)text_box_text(text, length, out);
    text_fill(out, " ", !right && own < width ? width - own : 0);
    rz_str_append_char(out, ' ');
}

static ruzu_status text_box_rows(ruzu_result *result, const uint64_t *widths, rz_str *out)
{
    bool more = false;
    for (;;) {
        RZ_TRY(rz_result_step(result, &more));
        if (!more || out->failed) {
            return RUZU_OK;
        }
        for (uint32_t c = 0; c < result->column_count; c++) {
            size_t length = 0;
            const char *text = rz_result_cell(result, c, &length);
            text_box_cell(out, text, length, widths[c], rz_type_is_numeric(result->columns[c].type));
        }
        rz_str_append_text(out, "\xe2\x94\x82\n");
        RZ_TRY(result->status);
    }
}

static ruzu_status text_box_measure(ruzu_result *result, uint64_t *widths)
{
    bool more = false;
    for (uint32_t c = 0; c < result->column_count; c++) {
        widths[c] = text_box_text(result->columns[c].name, strlen(result->columns[c].name), NULL);
    }
    for (;;) {
        RZ_TRY(rz_result_step(result, &more));
        if (!more) {
            return RUZU_OK;
        }
        for (uint32_t c = 0; c < result->column_count; c++) {
            size_t length = 0;
            const char *text = rz_result_cell(result, c, &length);
            uint64_t width = text_box_text(text, length, NULL);
            widths[c] = width > widths[c] ? width : widths[c];
        }
        RZ_TRY(result->status);
    }
}

ruzu_status rz_result_write_box(ruzu_result *result, rz_str *out)
{
    uint32_t count = result->column_count;
    if (count == 0) {
        return RUZU_OK;
    }
    uint64_t *widths = RZ_NEW_ARRAY(&result->arena, uint64_t, count);
    if (widths == NULL) {
        return RUZU_ERROR_NO_MEMORY;
    }
    RZ_TRY(text_box_measure(result, widths));
    ruzu_result_rewind(result);
    text_box_rule(out, widths, count, "\xe2\x94\x8c", "\xe2\x94\xac", "\xe2\x94\x90"); /* ┌ ┬ ┐ */
    for (uint32_t c = 0; c < count; c++) {
        text_box_cell(out, result->columns[c].name, strlen(result->columns[c].name), widths[c], false);
    }
    rz_str_append_text(out, "\xe2\x94\x82\n");
    text_box_rule(out, widths, count, "\xe2\x94\x9c", "\xe2\x94\xbc", "\xe2\x94\xa4"); /* ├ ┼ ┤ */
    RZ_TRY(text_box_rows(result, widths, out));
    text_box_rule(out, widths, count, "\xe2\x94\x94", "\xe2\x94\xb4", "\xe2\x94\x98"); /* └ ┴ ┘ */
    return RUZU_OK;
}

/* ---- row after row ---- */

static void text_csv_field(rz_str *out, const char *text, size_t length, bool null, bool list)
{
    bool quote = list || (!null && length == 0);
    for (size_t i = 0; i < length && !quote; i++) {
        quote = text[i] == ',' || text[i] == '"' || text[i] == '\n' || text[i] == '\r';
    }
    if (!quote) {
        rz_str_append(out, text, length);
        return;
    }
    rz_str_append_char(out, '"');
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"') {
            rz_str_append_char(out, '"');
        }
        rz_str_append_char(out, text[i]);
    }
    rz_str_append_char(out, '"');
}

static void text_tsv_field(rz_str *out, const char *text, size_t length, bool null)
{
    if (null) {
        rz_str_append_text(out, "\\N");
        return;
    }
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (c == '\t' || c == '\n' || c == '\r' || c == '\\') {
            rz_str_append_char(out, '\\');
            c = c == '\t' ? 't' : c == '\n' ? 'n' : c == '\r' ? 'r' : '\\';
        }
        rz_str_append_char(out, c);
    }
}

static void text_html_field(rz_str *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        switch (text[i]) {
        case '&': rz_str_append_text(out, "&amp;"); break;
        case '<': rz_str_append_text(out, "&lt;"); break;
        case '>': rz_str_append_text(out, "&gt;"); break;
        case '"': rz_str_append_text(out, "&quot;"); break;
        default: rz_str_append_char(out, text[i]); break;
        }
    }
}

static void text_markdown_field(rz_str *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '|' || text[i] == '\\') {
            rz_str_append_char(out, '\\');
        }
        if (text[i] == '\n') {
            rz_str_append_text(out, "<br>");
        } else if (text[i] != '\r') {
            rz_str_append_char(out, text[i]);
        }
    }
}

/* One field of a row with what stands before and behind it. */
static void text_field(ruzu_format format, rz_str *out, uint32_t col, bool header, const char *text, size_t length, bool null, bool list)
{
    switch (format) {
    case RUZU_FORMAT_CSV:
        rz_str_append_text(out, col == 0 ? "" : ",");
        text_csv_field(out, text, length, null, list);
        break;
    case RUZU_FORMAT_TSV:
        rz_str_append_text(out, col == 0 ? "" : "\t");
        text_tsv_field(out, text, length, null);
        break;
    case RUZU_FORMAT_MARKDOWN:
        rz_str_append_text(out, col == 0 ? "| " : " | ");
        text_markdown_field(out, text, length);
        break;
    case RUZU_FORMAT_HTML:
        rz_str_append_text(out, header ? "<th>" : "<td>");
        text_html_field(out, text, length);
        rz_str_append_text(out, header ? "</th>" : "</td>");
        break;
    case RUZU_FORMAT_LINES:
        rz_str_append_text(out, col == 0 ? "" : "|");
        rz_str_append(out, text, length);
        break;
    case RUZU_FORMAT_BOX:
    case RUZU_FORMAT_JSON:
    case RUZU_FORMAT_JSONL: break;
    }
}

static const char *text_row_begin(ruzu_format format)
{
    return format == RUZU_FORMAT_HTML ? "<tr>" : "";
}

static const char *text_row_end(ruzu_format format)
{
    return format == RUZU_FORMAT_HTML ? "</tr>\n" : format == RUZU_FORMAT_MARKDOWN ? " |\n" : "\n";
}

static void text_header(ruzu_result *result, ruzu_format format, rz_str *out)
{
    rz_str_append_text(out, format == RUZU_FORMAT_HTML ? "<table>\n" : "");
    rz_str_append_text(out, text_row_begin(format));
    for (uint32_t c = 0; c < result->column_count; c++) {
        const char *name = result->columns[c].name;
        text_field(format, out, c, true, name, strlen(name), false, false);
    }
    rz_str_append_text(out, text_row_end(format));
    if (format == RUZU_FORMAT_MARKDOWN) {
        for (uint32_t c = 0; c < result->column_count; c++) {
            rz_str_append_text(out, c == 0 ? "|" : "");
            rz_str_append_text(out, rz_type_is_numeric(result->columns[c].type) ? " ---: |" : " --- |");
        }
        rz_str_append_char(out, '\n');
    }
}

ruzu_status rz_result_write_delimited(ruzu_result *result, ruzu_format format, rz_str *out)
{
    bool more = false;
    if (result->column_count == 0) {
        return RUZU_OK;
    }
    text_header(result, format, out);
    for (;;) {
        RZ_TRY(rz_result_step(result, &more));
        if (!more || out->failed) {
            break;
        }
        rz_str_append_text(out, text_row_begin(format));
        for (uint32_t c = 0; c < result->column_count; c++) {
            size_t length = 0;
            const char *text = rz_result_cell(result, c, &length);
            bool null = ruzu_is_null(result, c);
            bool list = !null && result->columns[c].type->physical == RZ_PHYS_LIST && result->columns[c].type->id != RUZU_TYPE_MAP;
            text_field(format, out, c, false, text, length, null, list);
        }
        rz_str_append_text(out, text_row_end(format));
        RZ_TRY(result->status);
    }
    rz_str_append_text(out, format == RUZU_FORMAT_HTML ? "</table>\n" : "");
    return RUZU_OK;
}

/* ---- the public call ---- */

static ruzu_status text_write(ruzu_result *result, ruzu_format format, rz_str *out)
{
    switch (format) {
    case RUZU_FORMAT_BOX: return rz_result_write_box(result, out);
    case RUZU_FORMAT_JSON: return rz_result_write_json(result, false, out);
    case RUZU_FORMAT_JSONL: return rz_result_write_json(result, true, out);
    case RUZU_FORMAT_CSV:
    case RUZU_FORMAT_TSV:
    case RUZU_FORMAT_MARKDOWN:
    case RUZU_FORMAT_HTML:
    case RUZU_FORMAT_LINES: return rz_result_write_delimited(result, format, out);
    }
    return RUZU_ERROR_MISUSE;
}

char *ruzu_result_to_string(ruzu_result *res, ruzu_format format)
{
    if (res == NULL || res->conn == NULL || !rz_conn_usable(res->conn)) {
        return NULL;
    }
    ruzu_result_rewind(res);
    rz_str text;
    rz_str_init(&text, res->mem);
    ruzu_status status = text_write(res, format, &text);
    char *copy = status == RUZU_OK && !text.failed ? rz_public_text(rz_str_text(&text), text.length) : NULL;
    rz_str_free(&text);
    ruzu_status met = res->status;
    ruzu_result_rewind(res);
    if (copy == NULL) {
        rz_error err;
        rz_error_init(&err);
        if (met == RUZU_OK) {
            (void)(status == RUZU_ERROR_MISUSE ? rz_error_set(&err, status, "ruzu_result_to_string was called with an unknown format.")
                                               : rz_error_no_memory(&err, "writing a result as text"));
            rz_result_fail(res, &err);
        }
        res->status = met == RUZU_OK ? err.code : met; /* the connection has the text already */
    }
    return copy;
}
