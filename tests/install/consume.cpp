/* SPDX-License-Identifier: MIT */
/*
 * An application in C++17: the header is C and must be C++ too.
 */
#include <ruzu.h>

#include <iostream>

int main()
{
    ruzu_status status = RUZU_OK;
    ruzu_type_id type = RUZU_TYPE_RECURSIVE_REL;
    ruzu_conn *conn = nullptr;
    std::cout << "ruzu " << RUZU_VERSION_MAJOR << '.' << RUZU_VERSION_MINOR << '.' << RUZU_VERSION_PATCH << '\n';
    return status == RUZU_OK && type != RUZU_TYPE_ANY && conn == nullptr ? 0 : 1;
}
