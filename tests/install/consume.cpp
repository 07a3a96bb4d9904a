/* SPDX-License-Identifier: MIT */
/*
 * An application in C++17: the header is C and must be C++ too.
 */
#include <ruzu.h>

#include <iostream>
#include <memory>
#include <string>

namespace
{

struct closer {
    void operator()(ruzu_conn *conn) const
    {
        ruzu_close(conn);
    }
    void operator()(ruzu_result *result) const
    {
        ruzu_result_free(result);
    }
};

std::unique_ptr<ruzu_result, closer> run(ruzu_conn *conn, const std::string &cypher)
{
    ruzu_result *result = nullptr;
    if (ruzu_query(conn, cypher.c_str(), &result) != RUZU_OK) {
        std::cerr << ruzu_errmsg(conn) << '\n';
    }
    return std::unique_ptr<ruzu_result, closer>(result);
}

} // namespace

int main()
{
    ruzu_config config;
    ruzu_config_init(&config);
    config.max_threads = 2;
    ruzu_conn *opened = nullptr;
    if (ruzu_open(":memory:", &config, &opened) != RUZU_OK) {
        std::cerr << ruzu_open_errmsg() << '\n';
        return 1;
    }
    std::unique_ptr<ruzu_conn, closer> conn(opened);
    run(conn.get(), "CREATE NODE TABLE P(id INT64 PRIMARY KEY)");
    run(conn.get(), "UNWIND range(1, 100) AS i CREATE (:P {id: i})");
    auto result = run(conn.get(), "MATCH (p:P) WHERE p.id % 2 = 0 RETURN count(*), sum(p.id)");
    if (!result || !ruzu_result_next(result.get()) || ruzu_get_int64(result.get(), 0) != 50 || ruzu_get_int64(result.get(), 1) != 2550) {
        std::cerr << "not what was stored\n";
        return 1;
    }
    return 0;
}
