/* SPDX-License-Identifier: MIT */
/*
 * The keywords of the dialect (§1.1), sorted by spelling: KW(word, reserved). A reserved word is a name only in back
 * quotes. The others are names that mean something in one grammatical position; words that no position asks for
 * (`DECIMAL`) need no entry.
 */
#ifndef RZ_PARSER_KEYWORDS_H
#define RZ_PARSER_KEYWORDS_H

/* clang-format off */
#define RZ_KEYWORD_LIST(KW) \
    KW(ACYCLIC, true) KW(ADD, false) KW(ALL, true) KW(ALTER, false) KW(ANALYZE, false) KW(AND, true) KW(ANY, true) \
    KW(AS, false) KW(ASC, true) KW(ASCENDING, true) KW(ATTACH, false) KW(BACKUP, false) KW(BEGIN, false) KW(BY, false) \
    KW(CALL, false) KW(CASE, true) KW(CAST, true) KW(CHECKPOINT, false) KW(COLLECT, false) KW(COLUMN, true) \
    KW(COMMENT, false) KW(COMMIT, false) KW(CONSTRAINT, false) KW(CONTAINS, false) KW(COPY, false) KW(COUNT, false) \
    KW(CREATE, true) KW(CYCLE, false) KW(DATABASE, false) KW(DBTYPE, true) KW(DEFAULT, true) KW(DELETE, false) \
    KW(DESC, true) KW(DESCENDING, true) KW(DETACH, false) KW(DISTINCT, true) KW(DROP, false) KW(ELSE, true) \
    KW(END, true) KW(ENDS, true) KW(EXISTS, true) KW(EXPLAIN, false) KW(EXPORT, false) KW(EXTENSION, false) \
    KW(FALSE, true) KW(FINISH, false) KW(FIRST, false) KW(FOR, false) KW(FORCE, false) KW(FOREACH, false) \
    KW(FROM, false) KW(GLOB, true) KW(GROUP, true) KW(HEADERS, true) KW(HINT, true) KW(IF, false) KW(IMPORT, false) \
    KW(IN, true) KW(INCREMENT, false) KW(INDEX, false) KW(INSTALL, true) KW(IS, false) KW(JOIN, true) KW(KEY, false) \
    KW(LAST, false) KW(LIMIT, false) KW(LOAD, false) KW(LOGICAL, false) KW(MACRO, true) KW(MATCH, false) \
    KW(MAXVALUE, false) KW(MERGE, false) KW(MINVALUE, false) KW(MULTI_JOIN, true) KW(NO, false) KW(NODE, false) \
    KW(NONE, true) KW(NOT, true) KW(NULL, true) KW(NULLS, false) KW(OFFSET, false) KW(ON, true) KW(ONLY, true) \
    KW(OPTIONAL, true) KW(OR, true) KW(ORDER, true) KW(PASSWORD, false) KW(PRIMARY, true) KW(PROFILE, true) \
    KW(READ, false) KW(REL, false) KW(REMOVE, false) KW(RENAME, false) KW(REQUIRE, false) KW(RETURN, false) \
    KW(ROLE, false) KW(ROLLBACK, false) KW(SEQUENCE, false) KW(SET, false) KW(SHORTEST, true) KW(SINGLE, true) \
    KW(SKIP, false) KW(START, false) KW(STARTS, true) KW(TABLE, true) KW(THEN, true) KW(TO, false) KW(TRAIL, true) \
    KW(TRANSACTION, false) KW(TRUE, true) KW(TYPE, false) KW(TYPED, false) KW(UNINSTALL, false) KW(UNION, true) \
    KW(UNIQUE, false) KW(UNWIND, true) KW(UPDATE, false) KW(USE, false) KW(USER, false) KW(VACUUM, false) \
    KW(WHEN, true) KW(WHERE, true) KW(WITH, true) KW(WRITE, false) KW(WSHORTEST, true) KW(XOR, true) KW(YIELD, false)
/* clang-format on */

#define RZ_KEYWORD_ENUM(word, reserved) RZ_KW_##word,
typedef enum rz_keyword {
    RZ_KW_NO_KEYWORD, /* not a keyword */
    RZ_KEYWORD_LIST(RZ_KEYWORD_ENUM) RZ_KW_END_OF_LIST
} rz_keyword;
#undef RZ_KEYWORD_ENUM

#endif
