/* SPDX-License-Identifier: MIT */
/*
 * Functions that are no kernels: they need tables, sequences, lambdas or types as arguments, and the binder makes
 * expressions of them. Listed here so that names exist, argument types are checked and show_functions() knows them.
 */
#include "function/fn.h"

static const rz_fn_def rewrite_defs[] = {
    RZ_FN_REWRITTEN("ALL", RZ_P2(LIST, ANY)),
    RZ_FN_REWRITTEN("ANY", RZ_P2(LIST, ANY)),
    RZ_FN_REWRITTEN("CAST", RZ_P2(ANY, STRING)),
    RZ_FN_REWRITTEN("COST", RZ_P1(RECURSIVE_REL)),
    RZ_FN_REWRITTEN("CURRVAL", RZ_P1(STRING)),
    RZ_FN_REWRITTEN("ELEMENTID", RZ_P1(NODE)),
    RZ_FN_REWRITTEN("ELEMENTID", RZ_P1(REL)),
    RZ_FN_REWRITTEN("END_NODE", RZ_P1(REL)),
    RZ_FN_REWRITTEN("ID", RZ_P1(NODE)),
    RZ_FN_REWRITTEN("ID", RZ_P1(REL)),
    RZ_FN_REWRITTEN("ID", RZ_P1(STRUCT)),
    RZ_FN_REWRITTEN("KEYS", RZ_P1(NODE)),
    RZ_FN_REWRITTEN("KEYS", RZ_P1(REL)),
    RZ_FN_REWRITTEN("LABEL", RZ_P1(NODE)),
    RZ_FN_REWRITTEN("LABEL", RZ_P1(REL)),
    RZ_FN_REWRITTEN("LABEL", RZ_P1(STRUCT)),
    RZ_FN_REWRITTEN("LIST_FILTER", RZ_P2(LIST, ANY)),
    RZ_FN_REWRITTEN("LIST_REDUCE", RZ_P2(LIST, ANY)),
    RZ_FN_REWRITTEN("LIST_TRANSFORM", RZ_P2(LIST, ANY)),
    RZ_FN_REWRITTEN("NEXTVAL", RZ_P1(STRING)),
    RZ_FN_REWRITTEN("NONE", RZ_P2(LIST, ANY)),
    RZ_FN_REWRITTEN("PROPERTIES", RZ_P2(LIST, STRING)),
    RZ_FN_REWRITTEN("PROPERTIES", RZ_P1(NODE)),
    RZ_FN_REWRITTEN("PROPERTIES", RZ_P1(REL)),
    RZ_FN_REWRITTEN("SINGLE", RZ_P2(LIST, ANY)),
    RZ_FN_REWRITTEN("START_NODE", RZ_P1(REL)),
    RZ_FN_REWRITTEN("STRUCT_EXTRACT", RZ_P2(NODE, STRING)),
    RZ_FN_REWRITTEN("STRUCT_EXTRACT", RZ_P2(REL, STRING)),
    RZ_FN_REWRITTEN("TRY_CAST", RZ_P2(ANY, STRING)),
    RZ_FN_REWRITTEN("TYPE", RZ_P1(REL)),
};

RZ_FN_GROUP(rz_fn_rewrite_group, rewrite_defs);
