/* SPDX-License-Identifier: MIT */
/*
 * An application in C: knows nothing but the installed header.
 */
#include <ruzu.h>

#include <stdio.h>

int main(void)
{
    ruzu_status status = RUZU_OK;
    ruzu_type_id type = RUZU_TYPE_RECURSIVE_REL;
    ruzu_conn *conn = NULL;
    printf("ruzu %d.%d.%d\n", RUZU_VERSION_MAJOR, RUZU_VERSION_MINOR, RUZU_VERSION_PATCH);
    return status == RUZU_OK && type != RUZU_TYPE_ANY && conn == NULL ? 0 : 1;
}
