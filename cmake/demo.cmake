# SPDX-License-Identifier: MIT
# Runs PROGRAM on an in-memory database with the statements of SCRIPT; shows both and fails when a statement fails.
file(READ "${SCRIPT}" rz_script)
message("${rz_script}")
execute_process(COMMAND "${PROGRAM}" :memory: INPUT_FILE "${SCRIPT}" RESULT_VARIABLE rz_result)
if(NOT rz_result EQUAL 0)
    message(FATAL_ERROR "${PROGRAM} ended with ${rz_result}")
endif()
