/**
 * dagsmith/plugins/process: operators that run a shell script, a program or a Python
 * script, and the runner for operators of one's own.
 */
export { exec } from "./exec.ts";
export { checkEnd, ProcessError } from "./process_error.ts";
export type { ProcessResult } from "./process_files.ts";
export { type ProcessPlaces, processEnvironment, processInput } from "./process_input.ts";
export { type LoggedOutput, type LogLevel, type LogLevels, ProcessLog } from "./process_log.ts";
export type { ProcessOptions } from "./process_options.ts";
export { checkOutput, refuseLargeOutput } from "./process_output.ts";
export { type PythonOptions, python } from "./python.ts";
export { type PythonEnvironmentOptions, pythonEnvironment } from "./python_environment.ts";
export { type ProcessEnd, type ProcessSpec, runProcess } from "./run_process.ts";
export { Sh, type ShValue, sh, shellWord } from "./sh.ts";
export { shell } from "./shell.ts";
