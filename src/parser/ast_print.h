/* SPDX-License-Identifier: MIT */
/*
 * What the two files of the printer share (private to the module).
 */
#ifndef RZ_PARSER_AST_PRINT_H
#define RZ_PARSER_AST_PRINT_H

#include "parser/parser.h"

/* A name in back quotes unless it is an identifier that is no keyword at all: safe in every position. */
void rz_ast_print_name(const char *name, rz_str *out);
void rz_ast_print_labels(const rz_ast_label *label, rz_str *out);
void rz_ast_print_paths(rz_ast_path *const *paths, uint32_t count, rz_str *out);
void rz_ast_print_query(const rz_ast_query *query, rz_str *out);
/* An expression where a `|` outside brackets would end it. */
void rz_ast_print_expr_no_pipe(const rz_ast_expr *expr, rz_str *out);
/* An expression that postfix operators or an assignment follow. */
void rz_ast_print_operand(const rz_ast_expr *expr, rz_str *out);
/* " WHERE e", or nothing. */
void rz_ast_print_where(const rz_ast_expr *where, rz_str *out);
void rz_ast_print_names(const char *const *names, uint32_t count, rz_str *out);

#endif
